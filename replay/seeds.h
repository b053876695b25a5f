/**
 * Seeds: conversations from captures, trace files and folders of them, of one protocol, in pieces of
 * a size that is good to mutate, each said once.
 */
#pragma once

#include "replay/load.h"

struct seeds {
	struct mdl_trace **v; /* owned */
	size_t n;
	const struct mdl_protocol *proto;	    /* of all of them */
	size_t files, conversations;		    /* that were read */
	size_t other_protocol, one_sided, repeated; /* and left out, by reason */
};

struct seeds_conf {
	const struct mdl_strings *paths;
	const char *protocol; /* NULL: the one most conversations speak, raw last */
	const struct mdl_strings *settings;
	bool whole; /* long conversations stay whole, repeated ones too */
	void (*on_note)(void *ctx, const char *line); /* about captures that lack something */
	void *ctx;
};

enum { SEED_REQUESTS = 4 }; /* of our side in one piece */

/** MDL_ENOTFOUND: nothing to play in there, with the counts; else as load_paths. */
MDL_MUST mdl_err seeds_load(const struct seeds_conf *conf, struct seeds *out, struct mdl_why *why);
void seeds_free(struct seeds *s);
