/** Compression pointers after edits. */
#pragma once

#include "protocols/field.h"

/**
 * A name that other names end in may have been replaced by one with labels of other lengths. Pointers
 * of `layer` that lead into the middle of a label, and nowhere good from there, are moved to its
 * beginning; pinned ones stay.
 */
void mdl_dns_settle_pointers(struct mdl_buf *msg, struct mdl_fields *f, unsigned layer);
