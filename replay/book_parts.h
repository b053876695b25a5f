/** What the book is made of; for the files that are the book, and nobody else. */
#pragma once

#include "core/map.h"
#include "replay/book.h"

struct feature {
	uint32_t id;
	int64_t count;
	bool dirty;
	UT_hash_handle hh;
};

struct edge {
	uint64_t key; /* from << 32 | to */
	int64_t count;
	bool dirty;
	UT_hash_handle hh;
};

struct state {
	uint32_t id;
	UT_hash_handle hh;
};

struct entry {
	struct book_entry e; /* with texts and features of its own */
	uint64_t picked;
	bool dirty, stored;
};

struct finding {
	struct triaged t;
	int64_t ms, times;
	bool dirty;
};

struct raw {
	uint64_t raw;
	int64_t finding; /* 0: did not happen again */
	unsigned tried;	 /* without its happening again */
	bool dirty;
	UT_hash_handle hh;
};

struct book {
	struct store *store;
	struct feature *features;
	struct edge *edges;
	struct state *states;
	struct raw *raws;
	struct entry *entries;
	size_t n_entries, cap_entries;
	struct finding *findings; /* number 1 is the first */
	size_t n_findings, cap_findings;
	struct book_numbers numbers;
	mdl_err err; /* while reading rows */
};

/* The item of that key, made if it is not there; NULL (or false) if out of memory. */
struct feature *book_feature_of(struct book *b, uint32_t id);
struct edge *book_edge_of(struct book *b, uint32_t from, uint32_t to);
bool book_add_state(struct book *b, uint32_t id);
struct raw *book_raw_of(struct book *b, uint64_t raw);

void book_entry_fini(struct entry *e);
/** Room for one more, zeroed; NULL if out of memory. */
struct finding *book_new_finding(struct book *b);
/** Everything that the store holds. MDL_EIO, MDL_ENOMEM. */
MDL_MUST mdl_err book_read_back(struct book *b, struct mdl_why *why);
