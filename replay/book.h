/**
 * What a campaign knows: features and states with their counts, corpus entries, findings. Kept in
 * memory, written to the store epoch by epoch, and read back from it when a campaign is resumed.
 */
#pragma once

#include "replay/store.h"
#include "replay/triage.h"
#include "replay/worker.h"

struct book;

/** Opens the store of the folder and reads what it holds; with `create` a new one may be made. */
MDL_MUST mdl_err book_open(const char *folder, bool create, struct book **out, struct mdl_why *why);
void book_close(struct book *b); /* NULL is fine */
struct store *book_store(struct book *b);

/* ---- cases ---- */

/** Does the case show a feature that no case before it did? */
bool book_is_news(const struct book *b, const struct case_result *r);
/** Counts the case. MDL_ENOMEM. */
MDL_MUST mdl_err book_count(struct book *b, const struct case_result *r);

/* ---- corpus ---- */

struct book_entry {
	const char *name, *source, *proto, *recipe; /* copied */
	int64_t parent;				    /* number of the entry, from 0; -1 for seeds */
	int64_t found_case, found_ms;
	unsigned depth, msgs, bytes;
	const uint32_t *features;
	unsigned n_features;
};
/** Appends an entry; numbers are given from 0. MDL_ENOMEM. */
MDL_MUST mdl_err book_add_entry(struct book *b, const struct book_entry *e);
size_t book_entries(const struct book *b);
const char *book_entry_name(const struct book *b, size_t i);
/** What decides the weight of each entry. */
void book_facts(const struct book *b, struct schedule_facts *out);

/* ---- findings ---- */

/** The finding that this raw signature turned out to be; -1 if it is not known. 0: none, it did not
 *  happen again often enough to be tried once more. */
int64_t book_finding_of(const struct book *b, uint64_t raw);
/** One more case showed it. */
void book_seen(struct book *b, int64_t finding);
/** Enters what triage found out; `*is_new` unless it is one that is known. MDL_ENOMEM. */
MDL_MUST mdl_err book_put(struct book *b, const struct triaged *t, int64_t ms, bool *is_new);

/* ---- numbers ---- */

struct book_numbers {
	uint64_t cases, restarts, silent, depth[16];
	mdl_time ran;
	size_t features, states, edges, findings, unconfirmed;
};
struct book_numbers book_numbers(const struct book *b);

/**
 * Writes all that has changed, with a point of progress, in one transaction. `ran` is the running
 * time so far. MDL_EIO.
 */
MDL_MUST mdl_err book_commit(struct book *b, const struct mdl_protocol *proto, mdl_time ran,
			     double target_mb, struct mdl_why *why);
