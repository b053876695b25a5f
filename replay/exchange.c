#include "replay/exchange.h"

#include <stdlib.h>

#include "protocols/pair.h"

struct exchange {
	struct mdl_ctx *x;
	const struct mdl_trace *t;
	enum mdl_dir asks;
	uint32_t *request;	/* of each message: the request it answers */
	uint32_t *first, *last; /* of each request: its first and last recorded answer */
	uint32_t *next;		/* of each answer: the next one of the same request */
	uint32_t *got;		/* of each request: live answers so far */
	struct mdl_pairs *open; /* live requests */
	bool one_by_one;
	struct mdl_request latest; /* of those; its token is EXCHANGE_NONE if none was sent */
};

static uint64_t key_of(struct exchange *e, enum mdl_dir dir, struct mdl_slice bytes)
{
	e->x->dir = dir;
	return mdl_pair_key(e->x, bytes);
}

static void link_answer(struct exchange *e, uint32_t request, uint32_t answer)
{
	e->request[answer] = request;
	if (e->first[request] == EXCHANGE_NONE)
		e->first[request] = answer;
	else
		e->next[e->last[request]] = answer;
	e->last[request] = answer;
}

static mdl_err pair_recorded(struct exchange *e)
{
	struct mdl_pairs *open = mdl_pairs_new(SIZE_MAX);
	mdl_err err = open == NULL ? MDL_ENOMEM : MDL_OK;
	for (uint32_t i = 0; err == MDL_OK && i < e->t->n; i++) {
		const struct mdl_msg *m = e->t->v[i];
		struct mdl_request req = { .key = key_of(e, m->dir, mdl_buf_slice(&m->bytes)),
					   .token = i };
		e->request[i] = e->first[i] = e->next[i] = EXCHANGE_NONE;
		if (m->dir == e->asks)
			err = mdl_pairs_open(open, &req, NULL);
		else if (mdl_pairs_claim(open, req.key, &req))
			link_answer(e, (uint32_t)req.token, i);
	}
	mdl_pairs_free(open);
	return err;
}

struct exchange *exchange_new(struct mdl_ctx *x, const struct mdl_trace *t, enum mdl_dir asks)
{
	struct exchange *e = calloc(1, sizeof(*e));
	if (e == NULL)
		return NULL;
	e->x = x;
	e->t = t;
	e->asks = asks;
	e->latest.token = EXCHANGE_NONE;
	/* one piece of memory for all that is kept of each message */
	e->request = calloc(t->n + 1, 5 * sizeof(*e->request));
	e->open = mdl_pairs_new(SIZE_MAX);
	if (e->request != NULL && e->open != NULL) {
		e->first = e->request + t->n;
		e->last = e->first + t->n;
		e->next = e->last + t->n;
		e->got = e->next + t->n;
		if (pair_recorded(e) == MDL_OK)
			return e;
	}
	exchange_free(e);
	return NULL;
}

void exchange_one_by_one(struct exchange *e)
{
	e->one_by_one = true;
}

void exchange_free(struct exchange *e)
{
	if (e == NULL)
		return;
	mdl_pairs_free(e->open);
	free(e->request);
	free(e);
}

uint32_t exchange_answer(const struct exchange *e, uint32_t i, uint32_t nth)
{
	uint32_t k = e->first[i];
	while (nth-- > 0 && k != EXCHANGE_NONE)
		k = e->next[k];
	return k;
}

uint32_t exchange_answers(const struct exchange *e, uint32_t i)
{
	uint32_t n = 0;
	for (uint32_t k = e->first[i]; k != EXCHANGE_NONE; k = e->next[k])
		n++;
	return n;
}

uint32_t exchange_request(const struct exchange *e, uint32_t i)
{
	return e->request[i];
}

mdl_err exchange_sent(struct exchange *e, uint32_t i, struct mdl_slice bytes, mdl_time now)
{
	struct mdl_request req = { .key = key_of(e, e->asks, bytes), .token = i, .at = now }, old;
	while (e->one_by_one && mdl_pairs_take(e->open, req.key, &old))
		;
	e->latest = req;
	return mdl_pairs_open(e->open, &req, NULL);
}

struct exchange_match exchange_got(struct exchange *e, struct mdl_slice bytes)
{
	struct mdl_request req;
	uint64_t key = key_of(e, mdl_dir_other(e->asks), bytes);
	if (!mdl_pairs_claim(e->open, key, &req)) {
		if (!e->one_by_one || e->latest.token == EXCHANGE_NONE)
			return (struct exchange_match){ EXCHANGE_NONE, EXCHANGE_NONE, 0 };
		req = e->latest;
	}
	uint32_t i = (uint32_t)req.token;
	return (struct exchange_match){ i, exchange_answer(e, i, e->got[i]++), req.at };
}
