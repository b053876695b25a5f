/**
 * Configuration: YAML text as a tree of nodes that know where they stand, so that every complaint
 * reads `file:line:column: what was expected`. Anchors and aliases are refused.
 */
#pragma once

#include "core/err.h"
#include "core/slice.h"

struct mdl_conf; /* a node: scalar, list or map */

enum mdl_conf_kind { MDL_CONF_SCALAR, MDL_CONF_LIST, MDL_CONF_MAP };

/**
 * Reads one YAML document. `name` stands in complaints and is borrowed for the life of the tree.
 * Empty text is an empty map, a key without a value has the empty scalar. MDL_EMALFORMED,
 * MDL_ELIMIT (nested deeper than 32, more than 4096 keys in a map), MDL_ENOMEM.
 */
MDL_MUST mdl_err mdl_conf_parse(struct mdl_slice text, const char *name, struct mdl_conf **out,
				struct mdl_why *why);
void mdl_conf_free(struct mdl_conf *c); /* NULL is fine */

enum mdl_conf_kind mdl_conf_kind(const struct mdl_conf *c);
/** The text of a scalar; NULL for lists and maps. Lives as long as the tree. */
const char *mdl_conf_scalar(const struct mdl_conf *c);
/** Children of a list or map. */
size_t mdl_conf_count(const struct mdl_conf *c);
const struct mdl_conf *mdl_conf_at(const struct mdl_conf *c, size_t i);
/** The key of a map's child `i`. */
const char *mdl_conf_key(const struct mdl_conf *c, size_t i);
/** The child of that name; NULL if there is none. */
const struct mdl_conf *mdl_conf_get(const struct mdl_conf *c, const char *key);

/** Writes "file:line:column: " and the sentence; returns MDL_EINVAL. */
mdl_err mdl_conf_fail(const struct mdl_conf *c, struct mdl_why *why, const char *fmt, ...)
	MDL_PRINTF(3, 4);
/** The same, at the key of the map's child `c`. */
mdl_err mdl_conf_fail_key(const struct mdl_conf *c, struct mdl_why *why, const char *fmt, ...)
	MDL_PRINTF(3, 4);
