/**
 * Finds out how to talk to a target, before the first case: which datagram it answers fast and
 * always (the probe), whether it works in order, whether it minds a half-closed stream, how long
 * its answers take, and what it does with the seeds as they are.
 */
#pragma once

#include "replay/executor.h"
#include "replay/maker.h"

/** What the seeds showed. */
struct calibration {
	struct manner manner;
	unsigned seeds, answered;    /* played; got at least one answer */
	unsigned left_out;	     /* the target does not listen for their carrier */
	mdl_time slowest;	     /* answer */
	char odd[MDL_FINDING_TITLE]; /* the first suspicion that the seeds raised; "" */
};

struct calibrate_conf {
	struct executor *executor;
	struct maker *maker; /* whose entries are the seeds */
	const struct mdl_protocol *proto;
	struct manner *manner; /* the executor's, filled in */
	mdl_time start_max;    /* how long the first answer may take */
	mdl_time hang_after;
};

/**
 * MDL_ETIMEOUT: the target answers nothing, with what to look at. Other errors as executor_play.
 */
MDL_MUST mdl_err calibrate(const struct calibrate_conf *c, struct calibration *out,
			   struct mdl_why *why);
