/** The entries of a corpus or campaign, a line each, for people or for machines. */
#pragma once

#include "replay/corpus_place.h"

struct corpus_list {
	bool json;
	size_t entries, bad;
	uint64_t bytes;
};

/** Prints to standard output; what cannot be read is told on standard error and counted. */
MDL_MUST mdl_err corpus_list(const struct corpus_place *p, struct corpus_list *l,
			     struct mdl_why *why);
