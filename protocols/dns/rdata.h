/**
 * Contents whose shape a number decides: RDATA by type, EDNS options and SVCB parameters by code,
 * DSO TLVs by type. Each shape is a list of steps in a table; one small reader walks them.
 */
#pragma once

#include "core/cursor.h"
#include "protocols/field.h"

/**
 * Adds the name at the cursor as a field of row `row`, with a child for the pointer that ends it. The
 * cursor counts from the header of the message. What is odd is noted; a name that ends nowhere is
 * the cursor's error.
 */
void mdl_dns_read_name(struct mdl_cursor *c, struct mdl_fields *out, uint16_t row);
/** Adds a span of `n` bytes that hold bits: the rows behind `row` that are MDL_BITS. Gives the last bits. */
uint32_t mdl_dns_read_bits(struct mdl_cursor *c, struct mdl_fields *out, uint16_t row, size_t n);
/**
 * Adds all of `block` as RDATA. What does not fit the type becomes plain bytes with a note. With
 * `empty_fits` (UPDATE deletes this way, RFC 2136 section 2.5) no bytes at all fit every type.
 */
void mdl_dns_read_rdata(struct mdl_cursor block, struct mdl_fields *out, uint16_t type,
			uint16_t cls, bool empty_fits);
/** Adds all of `block` as the TLVs of DSO, RFC 8490 section 5.4. */
void mdl_dns_read_dso(struct mdl_cursor block, struct mdl_fields *out);
/** True if RDATA of this type has fields of its own. */
bool mdl_dns_rdata_known(uint16_t type);
