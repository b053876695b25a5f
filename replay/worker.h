/**
 * A worker: a process of its own, with its own target, that makes the cases it is told to and
 * reports what came of them. It decides nothing; the campaign does, in the order of the cases.
 */
#pragma once

#include <sys/types.h>

#include "replay/calibrate.h"
#include "replay/ipc.h"
#include "replay/triage.h"

enum sandbox { SANDBOX_AUTO, SANDBOX_YES, SANDBOX_NO };

struct worker_conf {
	const struct mdl_protocol *proto;
	const struct mdl_strings *settings;
	const char *strategies;
	bool plain;
	uint64_t seed;
	size_t seeds;		   /* entries that are played untouched first */
	char *const *argv;	   /* of the target; NULL: it is at `to` */
	const struct mdl_addr *to; /* NULL: found out */
	bool sandbox;		   /* in a network namespace of its own */
	mdl_time start_max, hang_after;
	unsigned restart_every; /* cases after which the target is started anew; 0: never */
	unsigned confirm;	/* times a finding is tried again */
	unsigned minimise;	/* plays that minimising may take */
	const char *folder;	/* of the campaign */
};

struct worker {
	pid_t pid;
	int fd; /* for ipc.h */
	struct ipc_in in;
};

/** What came of a case; sent with as many suspicions as there are. */
struct case_result {
	uint64_t number;
	uint32_t entry;
	bool restarted;	   /* the target was started for it */
	bool ended;	   /* the target did not survive it */
	uint64_t rss, fds; /* of the target, every now and then; 0: not looked */
	struct features features;
	unsigned n_suspicions;
	struct suspicion suspicions[SUSPICIONS_MAX];
};

/** IPC_TRIAGE: look into this. The worker has to be the one that played the case. */
struct ipc_triage {
	uint64_t number;
	struct suspicion suspicion;
	uint64_t known[TRIAGE_KNOWN]; /* signatures of findings that there are */
	unsigned n_known;
};

/** Forks it; `conf` and all it points to have to be there as long as it runs. MDL_EIO. */
MDL_MUST mdl_err worker_start(const struct worker_conf *conf, struct worker *out,
			      struct mdl_why *why);
/** Ends it: asked first, killed if it does not go within `grace`; its target goes with it. */
void worker_stop(struct worker *w, mdl_time grace);
