/**
 * What is fuzzed or replayed to: a program that we start, watch and start again, or a server
 * somewhere that we can only ask whether it lives.
 */
#pragma once

#include "core/log.h"
#include "proxy/loop.h"
#include "replay/probe.h"
#include "replay/procfs.h"

struct target;

struct target_conf {
	struct loop *loop;
	const struct mdl_protocol *proto;
	const struct mdl_strings *settings;
	char *const
		*argv;	 /* NULL: it is somewhere else; "{port}" in it is replaced by a free one */
	const char *dir; /* its working directory; NULL: ours */
	const struct mdl_addr
		*to;	    /* where it is, or will listen; NULL: found out from its sockets */
	mdl_time start_max; /* how long it may take until it answers */
	const struct mdl_log *log;
};

enum target_end {
	TARGET_RUNS,
	TARGET_EXITED,	 /* by itself; code */
	TARGET_SIGNALLED /* by a signal; code */
};

MDL_MUST mdl_err target_new(const struct target_conf *conf, struct target **out,
			    struct mdl_why *why);
void target_free(struct target *t); /* stops it; NULL is fine */
bool target_is_local(const struct target *t);

/**
 * Starts it (if it is ours) and waits until it listens where `to` says or, with that left open, on a
 * port of the protocol or its only one. MDL_EIO with the last lines it printed: could not be started,
 * ended at once, left the foreground, does not listen.
 */
MDL_MUST mdl_err target_start(struct target *t, struct mdl_why *why);
/** Ends it at once; harmless if it does not run. */
void target_stop(struct target *t);
/** Where a carrier's traces are to be played; false if it does not listen on that. */
bool target_address(const struct target *t, enum mdl_carrier carrier, struct mdl_addr *out);

/** What has become of it; `code` (may be NULL) is its exit code or signal. */
enum target_end target_state(const struct target *t, int *code);
/** For run_conf.stop: true once it has ended. `t` is a struct target. */
bool target_ended(void *t);
/** What it printed since the last target_forget_output (the end of it, if it was much). */
struct mdl_slice target_output(const struct target *t);
void target_forget_output(struct target *t);
/** Resources it uses; false for targets that are not ours. */
bool target_use(const struct target *t, struct procfs_use *out);
/** How often it was started. */
unsigned target_starts(const struct target *t);
pid_t target_pid(const struct target *t); /* 0 if it does not run */
