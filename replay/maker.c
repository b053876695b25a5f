#include "replay/maker.h"

#include <stdlib.h>

#include "protocols/kinds.h"

/* Entries of one carrier: only these can lend each other messages and values. */
struct lane {
	struct mdl_ctx *x;
	struct mdl_case *work;
	struct mdl_dict *dict;
	struct mdl_kinds *kinds; /* of what the seeds ask for */
	struct mdl_seed **seeds;
	size_t n, cap;
};

enum { LANES = 2, STREAM_COST = 4 };

struct entry {
	struct mdl_trace *trace;
	struct lane *lane;
	size_t place; /* in the lane */
};

struct maker {
	struct maker_conf conf;
	struct mdl_rng root;
	struct mdl_mutator *mutator;
	struct schedule *schedule;
	struct lane lanes[LANES];
	struct entry *v;
	size_t n, cap;
	struct mdl_recipe recipe;
};

static enum mdl_carrier carrier_of(size_t lane)
{
	return lane == 0 ? MDL_DGRAM : MDL_STREAM;
}

static struct lane *lane_for(struct maker *m, enum mdl_carrier carrier)
{
	return &m->lanes[carrier == MDL_STREAM];
}

static mdl_err open_lane(struct maker *m, size_t i, struct mdl_why *why)
{
	struct lane *l = &m->lanes[i];
	mdl_err err = mdl_ctx_new(m->conf.proto, carrier_of(i), m->conf.settings, &l->x, why);
	if (err != MDL_OK)
		return err;
	l->work = mdl_case_new(l->x, MDL_C2S);
	l->dict = mdl_dict_new();
	l->kinds = mdl_kinds_new();
	return l->work == NULL || l->dict == NULL || l->kinds == NULL
		       ? mdl_fail(why, MDL_ENOMEM, "out of memory")
		       : MDL_OK;
}

static void close_lane(struct lane *l)
{
	for (size_t i = 0; i < l->n; i++)
		mdl_seed_free(l->seeds[i]);
	free(l->seeds);
	mdl_dict_free(l->dict);
	mdl_kinds_free(l->kinds);
	mdl_case_free(l->work);
	mdl_ctx_free(l->x);
}

mdl_err maker_new(const struct maker_conf *conf, struct maker **out, struct mdl_why *why)
{
	struct maker *m = calloc(1, sizeof(*m));
	if (m == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	m->conf = *conf;
	m->root = mdl_rng(conf->seed);
	mdl_recipe_init(&m->recipe);
	m->schedule = schedule_new();
	mdl_err err = m->schedule == NULL
			      ? mdl_fail(why, MDL_ENOMEM, "out of memory")
			      : mdl_mutator_new(conf->proto, conf->strategies, &m->mutator, why);
	for (size_t i = 0; err == MDL_OK && i < LANES; i++)
		err = open_lane(m, i, why);
	if (err == MDL_OK)
		*out = m;
	else
		maker_free(m);
	return err;
}

void maker_free(struct maker *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < LANES; i++)
		close_lane(&m->lanes[i]);
	for (size_t i = 0; i < m->n; i++)
		mdl_trace_free(m->v[i].trace);
	free(m->v);
	mdl_recipe_fini(&m->recipe);
	mdl_mutator_free(m->mutator);
	schedule_free(m->schedule);
	free(m);
}

static mdl_err add_to_lane(struct lane *l, const struct mdl_trace *t)
{
	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? 64 : l->cap * 2;
		struct mdl_seed **v = reallocarray(l->seeds, cap, sizeof(struct mdl_seed *));
		if (v == NULL)
			return MDL_ENOMEM;
		l->seeds = v;
		l->cap = cap;
	}
	struct mdl_seed *s = mdl_seed_new(l->x, t);
	if (s == NULL || mdl_dict_harvest(l->dict, s) != MDL_OK) {
		mdl_seed_free(s);
		return MDL_ENOMEM;
	}
	l->seeds[l->n++] = s;
	return MDL_OK;
}

mdl_err maker_add(struct maker *m, struct mdl_trace *t)
{
	struct lane *l = lane_for(m, t->carrier);
	if (m->n == m->cap) {
		size_t cap = m->cap == 0 ? 64 : m->cap * 2;
		struct entry *v = reallocarray(m->v, cap, sizeof(*v));
		if (v == NULL)
			return MDL_ENOMEM;
		m->v = v;
		m->cap = cap;
	}
	mdl_err err = schedule_add(m->schedule, t->carrier == MDL_STREAM ? STREAM_COST : 1);
	if (err == MDL_OK && m->n < m->conf.seeds)
		err = mdl_kinds_add(l->kinds, l->x, MDL_C2S, t);
	if (err == MDL_OK)
		err = add_to_lane(l, t);
	if (err == MDL_OK)
		m->v[m->n++] = (struct entry){ t, l, l->n - 1 };
	return err;
}

size_t maker_count(const struct maker *m)
{
	return m->n;
}

const struct mdl_trace *maker_entry(const struct maker *m, size_t i)
{
	return m->v[i].trace;
}

struct schedule *maker_schedule(struct maker *m)
{
	return m->schedule;
}

struct mdl_ctx *maker_ctx(struct maker *m, enum mdl_carrier carrier)
{
	return lane_for(m, carrier)->x;
}

static mdl_err load(struct entry *e)
{
	return mdl_case_load(e->lane->work, e->lane->seeds[e->place]);
}

/* What the choices did is done; now relations, and out comes a trace. */
static struct mdl_trace *finish(struct entry *e, const struct mdl_recipe *r, int64_t now)
{
	struct mdl_repair how = { .what = r->repair, .now = now };
	if (mdl_case_repair(e->lane->work, &how) != MDL_OK)
		return NULL;
	return mdl_case_trace(e->lane->work, e->trace);
}

mdl_err maker_make(struct maker *m, uint64_t n, int64_t now, struct made *out)
{
	struct mdl_rng r = mdl_rng_fork(&m->root, "case", n);
	bool plain = m->conf.plain || n < m->conf.seeds;
	size_t i = plain ? (size_t)(n % m->n) : schedule_pick(m->schedule, &r);
	struct entry *e = &m->v[i];
	struct mdl_stock stock = { (const struct mdl_seed *const *)e->lane->seeds, e->lane->n,
				   e->lane->dict, e->lane->kinds };
	mdl_recipe_clear(&m->recipe);
	mdl_err err = load(e);
	if (err == MDL_OK && !plain)
		err = mdl_mutate(m->mutator, e->lane->work, &stock, &r, &m->recipe);
	if (err != MDL_OK)
		return err;
	*out = (struct made){ i, &m->recipe, finish(e, &m->recipe, now) };
	return out->trace == NULL ? MDL_ENOMEM : MDL_OK;
}

struct mdl_trace *maker_play(struct maker *m, size_t entry, struct mdl_recipe *r, int64_t now)
{
	struct entry *e = &m->v[entry];
	if (load(e) != MDL_OK || mdl_recipe_play(r, e->lane->work) != MDL_OK)
		return NULL;
	return finish(e, r, now);
}

mdl_err maker_words(struct maker *m, size_t entry, struct mdl_recipe *r, struct mdl_buf *out)
{
	struct entry *e = &m->v[entry];
	mdl_err err = load(e);
	return err == MDL_OK ? mdl_recipe_write(r, e->lane->work, out) : err;
}
