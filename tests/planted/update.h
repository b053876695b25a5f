/** UPDATE (RFC 2136), for whoever asks, in the zone that is dynamic. */
#pragma once

#include "reply.h"

void update_clean(const struct request *q, struct reply *a);
