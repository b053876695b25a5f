/** Messages as people read them: values by name, one line a message, or every field. */
#pragma once

#include "protocols/protocol.h"

/**
 * Appends the value of a field: numbers with their names, "AAAA (28)", names and addresses as text,
 * bytes as short hex, "{3}" for what holds three others, "<secret>" for secrets.
 */
MDL_MUST mdl_err mdl_show_value(const struct mdl_fields *f, struct mdl_slice msg, uint32_t i,
				struct mdl_buf *out);
/** Appends one line without its end: what the protocol says of it, else its first fields. */
MDL_MUST mdl_err mdl_show_line(struct mdl_ctx *x, struct mdl_slice msg, const struct mdl_fields *f,
			       struct mdl_buf *out);
/**
 * Appends a line a field, indented by depth: offset, length, name, value; then what was odd. `margin`
 * spaces stand before each line.
 */
MDL_MUST mdl_err mdl_show_tree(const struct mdl_fields *f, struct mdl_slice msg, unsigned margin,
			       struct mdl_buf *out);
/** The name of a number in a value list; NULL if it has none. */
const char *mdl_value_name(const struct mdl_value *values, uint64_t v);
