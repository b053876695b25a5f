/**
 * Seeds: conversations from captures, trace files and folders of them, of one protocol, in pieces of
 * a size that is good to mutate, each said once.
 */
#pragma once

#include "core/log.h"
#include "core/opt.h"
#include "protocols/protocol.h"

struct seeds {
	struct mdl_trace **v; /* owned */
	size_t n, cap;
	const struct mdl_protocol *proto;	    /* of all of them */
	size_t files, conversations;		    /* that were read */
	size_t other_protocol, one_sided, repeated; /* and left out, by reason */
	size_t lost;				    /* bytes that captures lacked */
};

struct seeds_conf {
	const struct mdl_strings *paths;
	const char *protocol; /* NULL: the one most conversations speak, raw last */
	const struct mdl_strings *settings;
	bool whole; /* long conversations stay whole, repeated ones too */
	const struct mdl_log *log;
};

enum { SEED_REQUESTS = 8 }; /* of our side in one piece */

/** MDL_ENOTFOUND: nothing to play in there, with the counts; else as reading files. */
MDL_MUST mdl_err seeds_load(const struct seeds_conf *conf, struct seeds *out, struct mdl_why *why);
void seeds_free(struct seeds *s);
