/**
 * Plays cases to a target and says what came of each: features, suspicions, resources. Starts the
 * target again when a case has ended it.
 */
#pragma once

#include "replay/oracle.h"

/** How to talk to this target; found out once, before the first case. Plain data. */
struct manner {
	bool fenced;	     /* it handles datagrams in order, so a fence says when one is done */
	bool eager_end;	     /* it answers all of a stream though we have half-closed it already */
	bool fence_on;	     /* probe, probe_len are set */
	mdl_time patience;   /* for an answer, where there is no fence */
	mdl_time hang_after; /* without a sign of life this long, it hangs */
	unsigned probe_len;
	uint8_t probe[512]; /* a datagram that it answers, for fences and signs of life */
};

struct executor_conf {
	struct loop *loop;
	struct target *target; /* borrowed */
	const struct mdl_protocol *proto;
	const struct mdl_strings *settings;
	const struct manner *manner; /* borrowed; may change between cases */
	const struct mdl_log *log;
};

struct executor;

MDL_MUST mdl_err executor_new(const struct executor_conf *conf, struct executor **out,
			      struct mdl_why *why);
void executor_free(struct executor *e); /* NULL is fine */

struct outcome {
	struct run run;
	struct features features;
	struct suspicions suspicions;
	bool restarted; /* the target was started for this case */
};
void outcome_fini(struct outcome *o);

/**
 * Plays one case; starts the target first if it does not run. An error is ours, or the target cannot
 * be started any more.
 */
MDL_MUST mdl_err executor_play(struct executor *e, const struct mdl_trace *t, struct outcome *out,
			       struct mdl_why *why);
/** The same on a target that was started for it. */
MDL_MUST mdl_err executor_play_fresh(struct executor *e, const struct mdl_trace *t,
				     struct outcome *out, struct mdl_why *why);
/** While on, a hang is one after a fifth of the time: for plays whose verdict is confirmed later. */
void executor_hurry(struct executor *e, bool on);
/** One conversation, its manner given, without judging; for finding the manner out. */
MDL_MUST mdl_err executor_try(struct executor *e, const struct manner *manner,
			      const struct mdl_trace *t, struct run *out, struct mdl_why *why);
/** Does the target answer its probe within `patience`? True if there is no probe. */
bool executor_alive(struct executor *e, mdl_time patience);
/** Starts the target if it does not run. */
MDL_MUST mdl_err executor_ready(struct executor *e, struct mdl_why *why);
struct target *executor_target(struct executor *e);
const struct executor_conf *executor_configuration(const struct executor *e);
