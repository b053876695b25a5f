/**
 * Where people keep conversations: a corpus (a folder of traces) or a campaign (the folder of
 * `meddle fuzz`, whose book knows more of each entry). Both are read in the same way.
 */
#pragma once

#include "replay/corpus.h"
#include "replay/store.h"

enum { CORPUS_PATH = 4096 };

struct corpus_place {
	char root[CORPUS_PATH];	  /* as it was named */
	char folder[CORPUS_PATH]; /* where the traces lie */
	bool campaign;
};

/** MDL_ENOTFOUND: no such folder. MDL_EINVAL: it holds other things and no trace. MDL_EIO. */
MDL_MUST mdl_err corpus_find(const char *path, struct corpus_place *out, struct mdl_why *why);
/**
 * The same for who wants to add: makes the folder if it is not there. MDL_EINVAL for a campaign too,
 * since its book has to know of every entry.
 */
MDL_MUST mdl_err corpus_make(const char *path, struct corpus_place *out, struct mdl_why *why);

/** All borrowed until the visitor returns. */
struct corpus_entry {
	const char *name;
	const struct mdl_trace *trace;
	const struct store_entry *row; /* NULL in a plain corpus */
};

struct corpus_visitor {
	/** Stops at the first error. */
	mdl_err (*entry)(void *ctx, const struct corpus_entry *e);
	/** An entry that is missing or is no trace; it is passed over. NULL: is an error. */
	void (*bad)(void *ctx, const struct mdl_why *why);
	void *ctx;
};

/** In the order they were found, of a plain corpus in order of names. */
MDL_MUST mdl_err corpus_visit(const struct corpus_place *p, const struct corpus_visitor *v,
			      struct mdl_why *why);
