/** The workers of a campaign: work is handed out in order, results come back in any. */
#pragma once

#include "replay/triage.h"
#include "replay/worker.h"

struct crew;

enum { CREW_MAX = 64 };

/** Starts `n` workers. MDL_EIO. `conf` is borrowed for the crew's life. */
MDL_MUST mdl_err crew_new(const struct worker_conf *conf, unsigned n, struct crew **out,
			  struct mdl_why *why);
void crew_free(struct crew *c); /* ends them; NULL is fine */
unsigned crew_size(const struct crew *c);

/** To all of them. MDL_ECLOSED: one is gone. */
MDL_MUST mdl_err crew_tell(struct crew *c, enum ipc_type type, const void *data, size_t n,
			   struct mdl_why *why);

/** Lets the first one find out how to talk to the target, and tells the others. */
MDL_MUST mdl_err crew_calibrate(struct crew *c, struct calibration *out, bool (*stop)(void *ctx),
				void *ctx, struct mdl_why *why);

struct crew_epoch {
	uint64_t from;
	uint32_t n;		     /* cases; fewer are played if stop() says so */
	struct case_result *results; /* room for n, in order of the cases */
	uint8_t *by;		     /* room for n: which worker played it */
	uint32_t played;	     /* the first so many are there afterwards */
	/** Called whenever something came and at least every 100 ms, with how many are there. */
	void (*tick)(void *ctx, uint32_t done);
	bool (*stop)(void *ctx); /* true: hand out no more */
	void *ctx;
};
/** Has the cases played. MDL_EIO with what a worker said who cannot go on. */
MDL_MUST mdl_err crew_run(struct crew *c, struct crew_epoch *e, struct mdl_why *why);

/** Has worker `by` look into a suspicion of a case that it has just played. */
MDL_MUST mdl_err crew_triage(struct crew *c, unsigned by, const struct ipc_triage *ask,
			     struct triaged *out, void (*tick)(void *ctx, uint32_t done), void *ctx,
			     struct mdl_why *why);
