/** Remembers open requests so that answers find them, by key or by order. Pure: no I/O, no clock. */
#pragma once

#include "core/err.h"
#include "core/time.h"

struct mdl_pairs;

/** What is remembered of a request; `token` is the caller's. */
struct mdl_request {
	uint64_t key, token;
	mdl_time at;
};

/** Room for `max` open requests; NULL if out of memory. */
struct mdl_pairs *mdl_pairs_new(size_t max);
void mdl_pairs_free(struct mdl_pairs *p); /* NULL is fine */

/**
 * Remembers a request. With room for no more, the oldest is forgotten and given in `*lost` (if that
 * is not NULL), whose token is then 0 if none was. MDL_ENOMEM.
 */
MDL_MUST mdl_err mdl_pairs_open(struct mdl_pairs *p, const struct mdl_request *req,
				struct mdl_request *lost);
/** The oldest open request with that key (key 0: the oldest with key 0), which is then closed. */
bool mdl_pairs_take(struct mdl_pairs *p, uint64_t key, struct mdl_request *out);
/** The same, but it stays open. */
bool mdl_pairs_peek(const struct mdl_pairs *p, uint64_t key, struct mdl_request *out);
/**
 * The request that an answer with that key belongs to. It stays open, for an answer may come in
 * several messages, until another with that key is opened or answered.
 */
bool mdl_pairs_claim(struct mdl_pairs *p, uint64_t key, struct mdl_request *out);
/** Takes the oldest request if it is older than `before`. */
bool mdl_pairs_expire(struct mdl_pairs *p, mdl_time before, struct mdl_request *out);
size_t mdl_pairs_count(const struct mdl_pairs *p);
