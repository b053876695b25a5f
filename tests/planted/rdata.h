/** What the data of each type consists of, read from messages and from text. */
#pragma once

#include "zone.h"

/**
 * Reads `len` bytes of data for out->type, names of the well-known types expanded. Marks `r` bad if
 * they are not what the type demands, or longer than RDATA_SIZE.
 */
void rdata_read(struct reader *r, size_t len, struct record *out);
/** True if we know what its data look like, so that we can keep and send them. */
bool type_known(uint16_t type);
/** Sets type and data; the text is ours and correct. */
void rdata_from_text(struct record *out, const char *type, const char *text);
