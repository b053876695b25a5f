/** A suspicion being looked into: what the parts of triage share. */
#pragma once

#include "replay/leak.h"
#include "replay/triage.h"

struct triage_work {
	const struct triage_conf *conf;
	const struct triage_job *job;
	struct made made;		 /* the case as the campaign made it */
	struct mdl_recipe recipe;	 /* its recipe, as far as it is minimised */
	struct mdl_trace *trace;	 /* the case, as far as it is minimised; owned */
	const struct mdl_trace **before; /* conversations that have to come first; borrowed */
	size_t n_before;
	struct run said;    /* of the last play that showed it */
	struct mdl_buf log; /* what the target printed then */
	bool quick;	    /* while shortening: the same process serves for many plays */
	bool leaks;	    /* it is growth that has to happen again */
	enum leak_kind leak;
	unsigned left; /* plays that minimising may still take */
	mdl_err err;   /* ours, ends everything */
	struct mdl_why *why;
};

/* ---- triage_play.c ---- */

/**
 * Plays it all again: `before` (those that `keep`, if not NULL, names), then `t`. In a fresh process,
 * unless `quick` is set and nothing has to come before. True if it happens, at whatever point.
 */
bool triage_happens(struct triage_work *w, const struct mdl_trace *const *before, const bool *keep,
		    size_t n, const struct mdl_trace *t);
/** As it stands now. */
bool triage_happens_again(struct triage_work *w);
/** How often of conf->confirm times, in fresh processes. */
unsigned triage_count(struct triage_work *w);
void triage_log_init(struct triage_work *w);

/* ---- triage_shorten.c ---- */

/** Leaves out what is not needed: choices, messages, fields, bytes; w->trace and w->recipe change. */
void triage_shorten(struct triage_work *w);

/* ---- triage_write.c ---- */

/** Gives the finding its signature and title, by its stack where it has one, which goes to `stack`. */
void triage_sign(struct triage_work *w, struct triaged *out, struct mdl_buf *stack);
/** Writes the bundle; out->bundle is its folder's name. */
MDL_MUST mdl_err triage_write(struct triage_work *w, struct triaged *out, struct mdl_slice stack);
