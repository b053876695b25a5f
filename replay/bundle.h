/**
 * A finding as a folder that stands for itself: what it is, what was sent, in what order, to what,
 * what came back, and one command that does it again.
 *
 *     finding.yaml   what it is, how it was confirmed, the target's command
 *     trace.txt      the conversation, as short as it could be made
 *     trace.pcapng   what was really said with it, for Wireshark
 *     answers.txt    the same as text
 *     before/N.txt   conversations that have to come before it in the same process, if any
 *     original.txt   the case as the campaign made it
 *     recipe.txt     how it was made of the seed, in words;  seed.txt
 *     log.txt        what the target printed;  stack.txt, from gdb, if there is one
 *     replay.sh      plays it again and says whether it still happens
 */
#pragma once

#include "core/finding.h"
#include "core/msg.h"
#include "core/opt.h"

enum { BUNDLE_BEFORE_MAX = 64, BUNDLE_ARGS_MAX = 128 };

/** What finding.yaml says. Texts are borrowed while writing, owned (in `pool`) after reading. */
struct bundle_facts {
	const char *kind, *severity, *title, *signature;
	const char *protocol;
	const char *to;		    /* address of a target that is not ours; NULL */
	struct mdl_strings command; /* of one that is */
	struct mdl_strings settings;
	uint64_t seed, number, entry;
	uint64_t repeat; /* how often trace.txt is played in a row; 1 but for leaks */
	uint64_t confirmed, tried;
	bool sandbox;
	const char *dir;	   /* where the command was started; NULL */
	const char *probe;	   /* hex: a datagram that shows whether it is alive; NULL */
	bool in_order, half_close; /* struct manner: fenced, eager_end */
	mdl_time hang_after, patience, start_max;
	struct mdl_conf *pool; /* freed by bundle_facts_fini */
};
void bundle_facts_fini(struct bundle_facts *f);

struct bundle {
	struct bundle_facts facts;
	const struct mdl_trace *trace, *original, *seed, *said;
	const struct mdl_trace *before[BUNDLE_BEFORE_MAX];
	size_t n_before;
	struct mdl_slice recipe, log, stack;
};

/** Is there a whole bundle? What somebody was killed over, while it was written, is none. */
bool bundle_is(const char *folder);
/** Writes the folder, over what may be left of one that is not whole. MDL_EIO. */
MDL_MUST mdl_err bundle_write(const char *folder, const struct bundle *b, struct mdl_why *why);

/** What a bundle needs to be played again. */
struct bundle_play {
	struct bundle_facts facts;
	struct mdl_trace *trace;
	struct mdl_trace *before[BUNDLE_BEFORE_MAX];
	size_t n_before;
};
/** MDL_ENOTFOUND: no bundle there; MDL_EINVAL, MDL_EMALFORMED with file and line. */
MDL_MUST mdl_err bundle_read(const char *folder, struct bundle_play *out, struct mdl_why *why);
void bundle_play_fini(struct bundle_play *p);
