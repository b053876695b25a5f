#include "replay/features.h"

#include <stdlib.h>

#include "core/hash.h"
#include "protocols/diff.h"

/* What an answer says; the same as the answer to that kind of request; and so on. */
enum kind { STATE = 1, PAIR, SHAPE, COUNT, OUTCOME, LATENCY };

enum { SLOW_MS = 64 };

static void add(struct features *f, enum kind kind, uint64_t a, uint64_t b)
{
	uint32_t v = (uint32_t)mdl_hash_u64(b, mdl_hash_u64(a, (uint64_t)kind));
	for (unsigned i = 0; i < f->n; i++)
		if (f->v[i] == v)
			return;
	if (f->n < FEATURES_MAX)
		f->v[f->n++] = v;
}

/*
 * Where an order of messages matters, the same kind of request gets another answer than before; so it is
 * pairs that count as new. Which state follows which is counted, for the graph, but makes nothing new: most
 * servers answer each request for itself, and every order of answers can be had from them.
 */
static void step_to(struct features *f, uint32_t state)
{
	add(f, STATE, state, 0);
	if (f->n_steps < STEPS_MAX)
		f->step[f->n_steps++] = state;
}

/* 0, 1, 2, 3 to 7, 8 and more. */
static unsigned count_class(unsigned n)
{
	return n <= 2 ? n : n < 8 ? 3 : 4;
}

static unsigned latency_class(uint32_t ms)
{
	unsigned c = 0;
	for (; ms >= SLOW_MS; ms /= 2)
		c++;
	return c;
}

/* What kind of request message `i` answers; 0 if that is not known. */
static uint32_t kind_asked(struct mdl_ctx *x, const struct run *r, size_t i)
{
	x->dir = MDL_C2S;
	for (size_t k = 0; k < i && r->info[i].request != EXCHANGE_NONE; k++)
		if (r->said->v[k]->dir == MDL_C2S && r->info[k].request == r->info[i].request)
			return mdl_observe(x, mdl_buf_slice(&r->said->v[k]->bytes));
	return 0;
}

static mdl_err read_answer(struct mdl_ctx *x, const struct run *r, size_t i,
			   struct mdl_fields *index, struct features *out)
{
	struct mdl_slice msg = mdl_buf_slice(&r->said->v[i]->bytes);
	uint32_t asked = kind_asked(x, r, i);
	x->dir = MDL_S2C;
	mdl_err err = mdl_dissect(x, msg, index);
	if (err == MDL_ENOMEM)
		return err;
	struct mdl_view view = { msg, index, err };
	uint32_t state = mdl_observe(x, msg);
	step_to(out, state);
	add(out, PAIR, asked, state);
	add(out, SHAPE, mdl_diff_hash(&view, NULL, true), 0);
	unsigned depth = mdl_depth(x, msg);
	if (depth > out->depth)
		out->depth = depth;
	mdl_time latency = r->info[i].request == EXCHANGE_NONE ? 0 : r->info[i].latency;
	uint32_t ms = (uint32_t)(latency / MDL_MS);
	if (ms > out->slowest_ms)
		out->slowest_ms = ms;
	return MDL_OK;
}

/* Answers to the request that was said as message `i`. */
static unsigned answers_to(const struct run *r, size_t i)
{
	unsigned n = 0;
	for (size_t k = i + 1; k < r->said->n; k++)
		n += r->said->v[k]->dir == MDL_S2C && r->info[k].request == r->info[i].request;
	return n;
}

/* Is the next thing that was said ours again? Then this request was met with silence. */
static bool met_with_silence(const struct run *r, size_t i)
{
	return answers_to(r, i) == 0 && (i + 1 == r->said->n || r->said->v[i + 1]->dir == MDL_C2S);
}

static void read_request(const struct run *r, size_t i, struct features *out)
{
	unsigned n = answers_to(r, i);
	add(out, COUNT, count_class(n), 0);
	if (n > 0)
		out->answers++;
	else
		out->silent++;
	if (met_with_silence(r, i))
		step_to(out, STATE_SILENT);
}

mdl_err features_read(struct mdl_ctx *x, const struct run *r, struct features *out)
{
	struct mdl_fields index;
	mdl_err err = MDL_OK;
	memset(out, 0, sizeof(*out));
	mdl_fields_init(&index);
	for (size_t i = 0; err == MDL_OK && i < r->said->n; i++) {
		if (r->said->v[i]->dir == MDL_S2C)
			err = read_answer(x, r, i, &index, out);
		else
			read_request(r, i, out);
	}
	mdl_fields_fini(&index);
	add(out, OUTCOME, (uint64_t)r->outcome, 0);
	if (r->outcome != PLAYER_DONE)
		step_to(out, STATE_ENDED);
	if (latency_class(out->slowest_ms) > 0)
		add(out, LATENCY, latency_class(out->slowest_ms), 0);
	return err;
}
