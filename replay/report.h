/**
 * A campaign as a report: the store read into plain structs, and the page that is made of them. Reads
 * beside a running campaign, too, as of one moment. Texts come from targets and captures: they are
 * cut to the room they have here, and nothing of them is trusted.
 */
#pragma once

#include "core/buf.h"
#include "core/time.h"
#include "replay/store.h"

enum {
	REPORT_TEXT = 256,
	REPORT_LONG = 4096,
	REPORT_DEPTHS = 16,
	REPORT_POINTS = 4096,	    /* kept of a long campaign: every second one, and so on */
	REPORT_PAGE_MAX = 32 << 20, /* no page is longer */
};

/** How the campaign stands. */
enum report_end { REPORT_RUNNING, REPORT_ENDED, REPORT_CUT_SHORT, REPORT_UNKNOWN };

struct report_depth {
	char name[64];
	uint64_t cases; /* that got exactly as deep */
};

struct report_state {
	uint32_t code; /* see features.h */
	char name[REPORT_TEXT / 2];
	uint64_t visits; /* steps that led here */
};

struct report_edge {
	uint32_t from, to; /* in `states` */
	uint64_t count;
};

struct report_entry {
	char name[32], source[128];
	char by[160];	 /* strategies of its recipe, with commas; "" for seeds */
	uint32_t parent; /* index; UINT32_MAX for seeds */
	int64_t found_case, found_ms;
	unsigned depth, msgs, bytes, features, picked;
	unsigned children, offspring; /* made of it, and of those too */
};

struct report_strategy {
	char name[48];
	unsigned entries; /* that it took part in */
};

struct report_finding {
	int64_t id;
	uint64_t signature;
	char kind[32], severity[16], title[REPORT_TEXT], bundle[128];
	int64_t found_case, found_ms, times;
	unsigned confirmed, tried;
};

struct report {
	char folder[REPORT_LONG];
	char target[REPORT_LONG];	/* command or URI; "" if it was not kept */
	char command_line[REPORT_LONG]; /* that began it; "" */
	char started_in[REPORT_LONG];	/* the folder it was begun in; "" */
	char version[64], protocol[32], strategies[REPORT_TEXT], seed[32];
	bool mutate;
	enum report_end end;
	int64_t started; /* seconds since 1970; 0: unknown */
	uint64_t cases, restarts, silent, seeds, workers, epoch;
	mdl_time ran;
	size_t n_features;

	struct report_depth depth[REPORT_DEPTHS];
	size_t n_depths;
	struct store_point *points;
	size_t n_points;
	struct report_edge *edges; /* the most travelled first */
	size_t n_edges;
	struct report_state *states;
	size_t n_states; /* with those nothing led to, as the start */
	size_t n_met;	 /* without them */
	struct report_entry *entries;
	size_t n_entries;
	struct report_strategy *strategy; /* the most fertile first */
	size_t n_strategies;
	struct report_finding *findings; /* the worst first */
	size_t n_findings;
};

/** Reads the folder of a campaign. Errors as store_open_read. */
MDL_MUST mdl_err report_read(const char *folder, struct report *out, struct mdl_why *why);
void report_fini(struct report *r); /* zeroed is fine */

/** 4 for critical down to 0. */
unsigned report_severity(const char *word);

/**
 * Appends the page. What findings hold is read from their folders; what is missing there is said in
 * the page. `version` is of this program. MDL_ENOMEM, MDL_ELIMIT.
 */
MDL_MUST mdl_err report_page(const struct report *r, const char *version, struct mdl_buf *out);
