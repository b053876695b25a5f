/**
 * The campaign's book: cases of interest, states, features, findings and time series in one SQLite
 * file (WAL). All that an epoch taught is committed at once, before anybody is told of it, so that a
 * campaign that is killed at any moment goes on from its last epoch and has lost nothing it said.
 */
#pragma once

#include "core/err.h"
#include "core/slice.h"
#include "core/time.h"

struct store;

/**
 * Opens FOLDER/meddle.db; with `create`, makes it. MDL_EIO, MDL_ENOTFOUND (no campaign there),
 * MDL_EUNSUPPORTED (written by another version).
 */
MDL_MUST mdl_err store_open(const char *folder, bool create, struct store **out,
			    struct mdl_why *why);
/** For readers (report, corpus): beside a running campaign too, of which they see one moment. */
MDL_MUST mdl_err store_open_read(const char *folder, struct store **out, struct mdl_why *why);
void store_close(struct store *s); /* NULL is fine */

/** Everything between begin and commit becomes true together. MDL_EIO ("disk full" and the like). */
MDL_MUST mdl_err store_begin(struct store *s, struct mdl_why *why);
MDL_MUST mdl_err store_commit(struct store *s, struct mdl_why *why);

/* ---- settings and counters ---- */

MDL_MUST mdl_err store_set(struct store *s, const char *key, const char *value,
			   struct mdl_why *why);
MDL_MUST mdl_err store_set_number(struct store *s, const char *key, int64_t v, struct mdl_why *why);
/** False if there is none; the text is cut to `size`. */
bool store_get(struct store *s, const char *key, char *out, size_t size);
int64_t store_get_number(struct store *s, const char *key, int64_t otherwise);

/* ---- corpus ---- */

struct store_entry {
	int64_t id;	    /* 1, 2, ... in the order they came */
	const char *name;   /* file in the corpus folder */
	const char *source; /* where a seed came from; "" */
	const char *proto;
	const char *recipe; /* text; "" for seeds */
	int64_t parent;	    /* id; 0 for seeds */
	int64_t found_case; /* number of the case; -1 for seeds */
	int64_t found_ms;   /* of the campaign's running time */
	unsigned depth, msgs, bytes, features;
	unsigned picked; /* cases made of it so far */
};

MDL_MUST mdl_err store_add_entry(struct store *s, struct store_entry *e, struct mdl_why *why);
/** Calls `fn` for each in order of ids; texts are valid during the call. Stops when it says false. */
MDL_MUST mdl_err store_entries(struct store *s, bool (*fn)(void *ctx, const struct store_entry *e),
			       void *ctx, struct mdl_why *why);
MDL_MUST mdl_err store_picked(struct store *s, int64_t id, unsigned times, struct mdl_why *why);
/** The features of an entry, as they were when it was added. */
MDL_MUST mdl_err store_entry_features(struct store *s, int64_t id, const uint32_t *v, unsigned n,
				      struct mdl_why *why);
MDL_MUST mdl_err store_each_entry_feature(struct store *s,
					  bool (*fn)(void *ctx, int64_t entry, uint32_t feature),
					  void *ctx, struct mdl_why *why);

/* ---- features and states ---- */

MDL_MUST mdl_err store_feature(struct store *s, uint32_t feature, int64_t count,
			       struct mdl_why *why);
MDL_MUST mdl_err store_features(struct store *s,
				bool (*fn)(void *ctx, uint32_t feature, int64_t count), void *ctx,
				struct mdl_why *why);
/** `count` is the new total of the edge; `text` says the state `to` in words. */
MDL_MUST mdl_err store_edge(struct store *s, uint32_t from, uint32_t to, int64_t count,
			    const char *text, struct mdl_why *why);
struct store_edge_row {
	uint32_t from, to;
	int64_t count;
	const char *from_text, *to_text;
};
MDL_MUST mdl_err store_edges(struct store *s, bool (*fn)(void *ctx, const struct store_edge_row *e),
			     void *ctx, struct mdl_why *why);
/** How many cases got how deep. */
MDL_MUST mdl_err store_depth(struct store *s, unsigned depth, const char *name, int64_t count,
			     struct mdl_why *why);
MDL_MUST mdl_err store_depths(struct store *s,
			      bool (*fn)(void *ctx, unsigned depth, const char *name,
					 int64_t count),
			      void *ctx, struct mdl_why *why);

/* ---- findings ---- */

struct store_finding {
	int64_t id;
	uint64_t signature;
	const char *kind, *severity, *title;
	const char *bundle; /* folder name below findings/; "" while there is none */
	int64_t found_case, found_ms;
	int64_t times;		   /* cases that showed it */
	unsigned confirmed, tried; /* n of n in a fresh process */
};

/** Adds or changes. */
MDL_MUST mdl_err store_put_finding(struct store *s, const struct store_finding *f,
				   struct mdl_why *why);
MDL_MUST mdl_err store_findings(struct store *s,
				bool (*fn)(void *ctx, const struct store_finding *f), void *ctx,
				struct mdl_why *why);
/** What a worker saw at once, and the finding that it turned out to be (0: it did not happen again in
 *  `tried` tries). */
MDL_MUST mdl_err store_raw(struct store *s, uint64_t raw, int64_t finding, unsigned tried,
			   struct mdl_why *why);
MDL_MUST mdl_err store_raws(struct store *s,
			    bool (*fn)(void *ctx, uint64_t raw, int64_t finding, unsigned tried),
			    void *ctx, struct mdl_why *why);

/* ---- progress ---- */

struct store_point {
	int64_t ms;
	int64_t cases, corpus, features, states, edges, findings, restarts;
	double rss_mb; /* of the target */
};
MDL_MUST mdl_err store_add_point(struct store *s, const struct store_point *p, struct mdl_why *why);
MDL_MUST mdl_err store_points(struct store *s, bool (*fn)(void *ctx, const struct store_point *p),
			      void *ctx, struct mdl_why *why);
