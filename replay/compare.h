/**
 * Live answers beside recorded ones: field by field, with what differs between equal runs put aside;
 * answers that did not come, or that nobody had given then.
 */
#pragma once

#include "core/stat.h"
#include "protocols/diff.h"
#include "replay/player.h"

struct compare;

struct compare_conf {
	struct mdl_trace *const *traces; /* as recorded; borrowed */
	size_t n;
	const struct mdl_strings *settings, *tolerate; /* borrowed; may be NULL */
	/** Each thing that differs, as it is found; `text` is borrowed. May be NULL. */
	void (*on_difference)(void *ctx, size_t trace, uint32_t msg, const char *text);
	void *ctx;
};

/** Fields that differed, by their path without places ("dns.answer.rr.ttl"). */
struct compare_field {
	const char *path;
	uint64_t n;
};

struct compare_stats {
	uint64_t requests, answers;	/* said and heard */
	uint64_t same, differ;		/* answers that had a recorded one beside them */
	uint64_t missing;		/* recorded answers that did not come */
	uint64_t extra;			/* answers where none was recorded */
	uint64_t aside;			/* differences put aside */
	struct mdl_hist live, recorded; /* latencies, ns */
};

MDL_MUST mdl_err compare_new(const struct compare_conf *conf, struct compare **out,
			     struct mdl_why *why);
void compare_free(struct compare *c); /* NULL is fine */
/** For playback_conf.on_event. MDL_ENOMEM. */
MDL_MUST mdl_err compare_event(struct compare *c, size_t trace, const struct player_event *ev);
/** Nothing more will be heard: what has not come is missing. */
void compare_end(struct compare *c);
const struct compare_stats *compare_stats(const struct compare *c);
/** The fields that differed, most often first; `n` gets how many there are. Valid until freed. */
const struct compare_field *compare_fields(struct compare *c, size_t *n);
