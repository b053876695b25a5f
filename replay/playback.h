/** Whole captures played: many conversations, each a flow, begun when it is their time. */
#pragma once

#include "core/stat.h"
#include "proxy/loop.h"
#include "replay/player.h"

struct playback_conf {
	struct loop *loop;
	struct mdl_trace *const *traces; /* paced, see pace.h; borrowed */
	size_t n;
	/** Where traces of that carrier go; false: nowhere, they are left out. */
	bool (*address)(void *ctx, enum mdl_carrier carrier, struct mdl_addr *out);
	const struct mdl_strings *settings;
	bool paced; /* else: one after the other, as fast as answers come */
	enum player_wait wait;
	mdl_time patience;
	unsigned window;  /* requests of one flow that may be open; 0: any number */
	unsigned at_once; /* flows at the same time; 0: 512 */
	void (*on_event)(void *ctx, size_t trace, const struct player_event *ev, mdl_time now);
	void (*on_done)(void *ctx, size_t trace, enum player_outcome o, const char *reason);
	bool (*stop)(void *ctx); /* asked after every wake; may be NULL */
	void *ctx;
	const struct mdl_log *log;
};

struct playback_stats {
	uint64_t flows, left_out; /* traces played; without an address */
	uint64_t sent, sent_bytes, got, got_bytes;
	mdl_time took;			       /* first message to last */
	mdl_time late_p50, late_p99, late_max; /* behind the moments they were due, when paced */
	mdl_time drift;			       /* of the last message */
};

/** Plays all of it, or until stop(). MDL_EIO, MDL_ENOMEM. */
MDL_MUST mdl_err playback_run(const struct playback_conf *conf, struct playback_stats *out,
			      struct mdl_why *why);
