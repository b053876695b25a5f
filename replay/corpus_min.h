/**
 * The entries worth keeping: few and short ones that together show every feature that the corpus
 * shows. What a campaign's book says of an entry counts; where it says nothing (seeds, plain
 * corpora), what the entry is built of does, see corpus_shape.h.
 */
#pragma once

#include "replay/corpus_place.h"

struct corpus_pick {
	char *name; /* owned */
	size_t bytes;
	bool keep;
};

struct corpus_min {
	struct corpus_pick *v; /* all entries that could be read */
	size_t n, cap;
	size_t kept, features;
	uint64_t bytes, kept_bytes;
};

/** `bad` as in struct corpus_visitor. Nothing is changed. MDL_EIO, MDL_ENOMEM. */
MDL_MUST mdl_err corpus_min(const struct corpus_place *p,
			    void (*bad)(void *ctx, const struct mdl_why *why), void *ctx,
			    struct corpus_min *out, struct mdl_why *why);
/** Removes the files of entries that are not kept; for a plain corpus. MDL_EIO. */
MDL_MUST mdl_err corpus_drop(const struct corpus_place *p, const struct corpus_min *m,
			     struct mdl_why *why);
void corpus_min_fini(struct corpus_min *m);
