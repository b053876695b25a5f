/**
 * Requests by what they ask for: one of each kind that captures hold comes as often as any other, however
 * rarely it was recorded. What servers do only in a certain order is found by putting kinds together.
 */
#pragma once

#include "protocols/mutate.h"

struct mdl_kinds;
struct mdl_kinds *mdl_kinds_new(void);	  /* NULL if out of memory */
void mdl_kinds_free(struct mdl_kinds *k); /* NULL is fine */
/**
 * Sorts the messages that `side` says in the trace, which must outlive this, by their code of observe.
 * Kinds beyond a bound are not told apart. MDL_ENOMEM.
 */
MDL_MUST mdl_err mdl_kinds_add(struct mdl_kinds *k, struct mdl_ctx *x, enum mdl_dir side,
			       const struct mdl_trace *t);
/** A message of any kind, each kind with equal chance; NULL if there is none. */
const struct mdl_msg *mdl_kinds_pick(const struct mdl_kinds *k, struct mdl_rng *r);
