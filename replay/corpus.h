/**
 * A corpus: a folder of traces as text, each named by the hash of what it says, so that the same
 * conversation is never kept twice, folders can be merged with cp, and people can read and diff them.
 */
#pragma once

#include "core/tracefmt.h"

enum { CORPUS_NAME = 24 };

/** "0123456789abcdef.trace" */
void corpus_name(const struct mdl_trace *t, char out[CORPUS_NAME]);
/** Does a file of that name belong to the corpus? Those that do not are passed over. */
bool corpus_is_entry(const char *name);

/**
 * Writes `t` into the folder; `*added` is false if it was there already. All of it is on disk when
 * this returns, or nothing. MDL_EIO ("...: No space left on device"), MDL_ENOMEM.
 */
MDL_MUST mdl_err corpus_add(const char *folder, const struct mdl_trace *t, bool *added,
			    struct mdl_why *why);
MDL_MUST mdl_err corpus_load(const char *folder, const char *name, struct mdl_trace **out,
			     struct mdl_why *why);

/**
 * Calls `fn` for each trace of the folder in order of names; it takes the trace. Stops at the first
 * error of `fn`. What is no trace is told to `bad` (NULL: is an error) and passed over.
 */
MDL_MUST mdl_err corpus_each(const char *folder,
			     mdl_err (*fn)(void *ctx, const char *name, struct mdl_trace *t),
			     void (*bad)(void *ctx, const struct mdl_why *why), void *ctx,
			     struct mdl_why *why);
