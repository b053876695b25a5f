/** What the server says to each kind of request: the clean functions of `act`, and the way in. */
#pragma once

#include "reply.h"

/** Answers one message of `from`, or does not. */
void answer(const uint8_t *p, size_t n, const struct peer *from, const struct sink *sink);

void query_clean(const struct request *q, struct reply *a);
/** AXFR and IXFR of zone `z`, whose apex was asked for. */
void transfer_clean(const struct request *q, struct reply *a, const struct zone *z);
void notify_clean(const struct request *q, struct reply *a);
