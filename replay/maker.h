/**
 * Makes the cases of a campaign. A case is a pure function of the campaign's seed, its number, the
 * corpus and the weights of its entries; so any worker can make any case, and make it again.
 */
#pragma once

#include "protocols/mutate.h"
#include "replay/schedule.h"

struct maker;

struct maker_conf {
	const struct mdl_protocol *proto;
	const struct mdl_strings *settings; /* borrowed */
	const char *strategies;		    /* filter, see mdl_mutator_new; NULL: all */
	bool plain;   /* no mutation: entries are played as they are, in turn */
	size_t seeds; /* so do the first cases, one for each of the first entries */
	uint64_t seed;
};

MDL_MUST mdl_err maker_new(const struct maker_conf *conf, struct maker **out, struct mdl_why *why);
void maker_free(struct maker *m); /* NULL is fine */

/** Appends an entry, from 0; takes `t` on success. MDL_ENOMEM. */
MDL_MUST mdl_err maker_add(struct maker *m, struct mdl_trace *t);
size_t maker_count(const struct maker *m);
const struct mdl_trace *maker_entry(const struct maker *m, size_t i);
/** The weights that maker_make chooses by. */
struct schedule *maker_schedule(struct maker *m);

struct made {
	size_t entry;		   /* that it was made of */
	struct mdl_recipe *recipe; /* borrowed until the next call */
	struct mdl_trace *trace;   /* owned by the caller */
};

/** Makes case `n`; there must be an entry. `now` (seconds since 1970) is for clocks in messages. */
MDL_MUST mdl_err maker_make(struct maker *m, uint64_t n, int64_t now, struct made *out);
/** Plays a recipe on an entry; the trace is the caller's. NULL if out of memory. */
struct mdl_trace *maker_play(struct maker *m, size_t entry, struct mdl_recipe *r, int64_t now);
/** The recipe as text with words, see mdl_recipe_write. */
MDL_MUST mdl_err maker_words(struct maker *m, size_t entry, struct mdl_recipe *r,
			     struct mdl_buf *out);
/** A context of the carrier, for reading what cases got back. */
struct mdl_ctx *maker_ctx(struct maker *m, enum mdl_carrier carrier);
