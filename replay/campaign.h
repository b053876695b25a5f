/**
 * A campaign: seeds in, findings out. It runs in epochs: the cases of an epoch are a pure function of
 * the seed and of the corpus as it stood when the epoch began; workers take them in any order; what
 * they taught is merged in the order of the cases and committed to the book. So the same seed gives
 * the same campaign with any number of workers, and one that was killed goes on where it was.
 */
#pragma once

#include "core/opt.h"
#include "core/time.h"
#include "replay/triage.h"
#include "replay/worker.h"

/** What people set, on a command line or in a file. */
struct campaign_options {
	const char *out; /* folder; NULL: made from the date */
	uint64_t seed;
	mdl_time run_for; /* 0: no end */
	uint64_t cases;	  /* 0: no end */
	uint64_t workers; /* 0: one for each processor but one, at least one */
	bool resume;
	struct mdl_addr to;
	const char *to_text; /* NULL: not given */
	const char *protocol, *strategies;
	struct mdl_strings settings;
	bool mutate;
	unsigned sandbox; /* enum sandbox */
	mdl_time start_max, hang_after;
	uint64_t restart_every, confirm, minimise, epoch;
	bool json;
	bool stop_at_finding;
	const char *version;	  /* of the program, to be kept with the campaign; NULL */
	const char *const *words; /* the command line, for the same; NULL */
	const char *config;	  /* file that the rest may come from */
	struct mdl_strings captures, command; /* as that file gives them */
};
enum { CAMPAIGN_OPTIONS = 23 };
extern const struct mdl_opt campaign_option_rows[CAMPAIGN_OPTIONS];

enum { DEPTHS_MAX = 16 };

/** How it stands; for the live view and for machines. */
struct campaign_status {
	mdl_time ran, ran_before;  /* this time; before it was resumed */
	uint64_t cases, cases_now; /* merged and running ones; of this run */
	double rate;		   /* cases a second, of late */
	size_t seeds, corpus, features, states, edges, findings, unconfirmed;
	uint64_t restarts;
	unsigned workers;
	mdl_time last_new, last_finding; /* since then; MDL_NEVER */
	uint64_t depth[DEPTHS_MAX];
	const char *const *depth_names;
	uint64_t silent; /* cases without any answer */
	double target_mb;
	unsigned target_fds;
	const char *phase; /* "calibrating", "fuzzing", "looking into a crash", "ending" */
	struct calibration calibration;
	const char *target; /* in words */
	const char *out;
	uint64_t seed;
	bool sandbox;
};

struct campaign_hooks {
	/** Several times a second. */
	void (*on_status)(void *ctx, const struct campaign_status *s);
	/** A new finding, once it is in the book. */
	void (*on_finding)(void *ctx, const struct triaged *t);
	/** A line worth keeping. */
	void (*on_note)(void *ctx, const char *line);
	/** Asked often: true ends the campaign in an orderly way. */
	bool (*stop)(void *ctx);
	void *ctx;
};

/**
 * Runs one. `argv` NULL: the target is at options->to. The last status is left in `out`. MDL_OK at
 * its end, whatever it found; errors say what, where and what to do, and what was found before is
 * kept.
 */
MDL_MUST mdl_err campaign_run(const struct campaign_options *options,
			      const struct mdl_strings *inputs, char *const *argv,
			      const struct campaign_hooks *hooks, struct campaign_status *out,
			      struct mdl_why *why);
