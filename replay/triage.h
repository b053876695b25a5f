/**
 * From a suspicion to a finding: played again in fresh processes, made as short as possible, given
 * a signature by its stack, written as a bundle.
 */
#pragma once

#include "replay/executor.h"
#include "replay/maker.h"

struct triage_conf {
	struct executor *executor;
	struct target_conf target; /* to start it under gdb */
	struct maker *maker;
	unsigned confirm, minimise; /* plays */
	uint64_t seed;
	bool sandbox;
	const char *folder; /* where the bundle's folder is made */
};

struct triage_job {
	uint64_t number; /* of the case */
	struct suspicion suspicion;
	const struct mdl_trace *const
		*history; /* what the same process was played before, oldest first */
	size_t n_history;
};

/** What became of a suspicion. Plain data. */
struct triaged {
	uint64_t number, raw, signature;
	enum mdl_severity severity;
	unsigned confirmed, tried; /* confirmed 0: it did not happen again */
	unsigned before;	   /* conversations that have to come first */
	char kind[MDL_FINDING_KIND], title[MDL_FINDING_TITLE];
	char bundle[64]; /* folder name; "" if none was written */
};

/** An error is ours, or the target cannot be started any more. */
MDL_MUST mdl_err triage(const struct triage_conf *conf, const struct triage_job *job,
			struct triaged *out, struct mdl_why *why);
