/* Chooses strategies and lets them act; what they chose is the recipe. */
#include "protocols/mutate.h"

#include <stdlib.h>

#include "core/text.h"
#include "protocols/registry.h"

enum { STRATEGIES_MAX = 512, TRIES = 8, DATA_MAX = 1 << 20, STACK_MAX = 8 };

/* Strategies of one level, or of the protocol itself. */
struct group {
	const struct mdl_strategy *v[STRATEGIES_MAX];
	uint32_t upto[STRATEGIES_MAX]; /* sum of the weights up to and with this one */
	size_t n;
	uint32_t share; /* how often it is its turn, beside the others */
};

enum { GENERAL = 3, GROUPS = GENERAL + 1 };

/* Each level gets its turn, however many strategies a protocol brings along. */
static const uint32_t shares[GROUPS] = { 15, 30, 20, 35 };

struct mdl_mutator {
	struct group v[GROUPS]; /* the first n, each of them with a strategy at least */
	size_t n;
};

static const struct mdl_strategy *const general[GENERAL] = { mdl_strategies_bytes,
							     mdl_strategies_fields,
							     mdl_strategies_trace };

const char *mdl_strategy_level_name(enum mdl_strategy_level l)
{
	static const char *const names[] = { "bytes", "field", "trace" };
	return names[l];
}

/* ---- recipes ---- */

void mdl_recipe_init(struct mdl_recipe *r)
{
	memset(r, 0, sizeof(*r));
	mdl_buf_init(&r->data, DATA_MAX);
	r->repair = MDL_REL_ALL;
}

void mdl_recipe_fini(struct mdl_recipe *r)
{
	mdl_buf_fini(&r->data);
}

void mdl_recipe_clear(struct mdl_recipe *r)
{
	r->n = 0;
	r->repair = MDL_REL_ALL;
	mdl_buf_cut(&r->data, 0);
}

mdl_err mdl_recipe_copy(struct mdl_recipe *to, const struct mdl_recipe *from)
{
	mdl_err err = mdl_buf_set(&to->data, mdl_buf_slice(&from->data));
	if (err != MDL_OK)
		return err;
	memcpy(to->op, from->op, from->n * sizeof(from->op[0]));
	to->n = from->n;
	to->repair = from->repair;
	return MDL_OK;
}

/* Only running out of memory ends a case: a choice that does not fit does nothing. */
static mdl_err act(struct mdl_bench *b, const struct mdl_op *op)
{
	return op->strategy->apply(b, op) == MDL_ENOMEM ? MDL_ENOMEM : MDL_OK;
}

mdl_err mdl_recipe_play(struct mdl_recipe *r, struct mdl_case *c)
{
	struct mdl_bench b = { .c = c, .recipe = r };
	for (unsigned i = 0; i < r->n; i++) {
		mdl_err err = act(&b, &r->op[i]);
		if (err != MDL_OK)
			return err;
	}
	return MDL_OK;
}

/* ---- for strategies ---- */

bool mdl_op_keep(struct mdl_bench *b, struct mdl_op *op, struct mdl_slice bytes)
{
	op->data_off = (uint32_t)b->recipe->data.n;
	op->data_len = (uint32_t)bytes.n;
	return mdl_buf_add(&b->recipe->data, bytes) == MDL_OK;
}

struct mdl_case_msg *mdl_op_msg(const struct mdl_bench *b, const struct mdl_op *op)
{
	return op->msg < b->c->n ? b->c->v[op->msg] : NULL;
}

struct mdl_case_msg *mdl_op_field(const struct mdl_bench *b, const struct mdl_op *op,
				  const struct mdl_field_def *def)
{
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	if (m == NULL || op->field >= m->index.n)
		return NULL;
	const struct mdl_field *f = &m->index.v[op->field];
	if ((size_t)f->off + f->len > m->bytes.n)
		return NULL;
	return def == NULL || mdl_field_def(&m->index, op->field) == def ? m : NULL;
}

uint32_t mdl_pick_field(const struct mdl_case_msg *m, struct mdl_rng *r,
			bool (*fits)(const struct mdl_fields *f, uint32_t i))
{
	const struct mdl_fields *f = &m->index;
	uint32_t found = 0;
	if (f->n == 0)
		return MDL_NO_FIELD;
	if (fits == NULL)
		return (uint32_t)mdl_rng_below(r, f->n);
	for (uint32_t i = 0; i < f->n; i++)
		found += fits(f, i);
	if (found == 0)
		return MDL_NO_FIELD;
	uint32_t want = (uint32_t)mdl_rng_below(r, found);
	for (uint32_t i = 0;; i++)
		if (fits(f, i) && want-- == 0)
			return i;
}

/* ---- the choice of strategies ---- */

static const struct mdl_strategy *find_in(const struct mdl_strategy *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n && v[i].name != NULL; i++)
		if (strcmp(v[i].name, name) == 0)
			return &v[i];
	return NULL;
}

const struct mdl_strategy *mdl_strategy_find(const char *name)
{
	const struct mdl_strategy *s = NULL;
	for (size_t i = 0; s == NULL && i < MDL_COUNT(general); i++)
		s = find_in(general[i], SIZE_MAX, name);
	const struct mdl_protocol *const *p = mdl_protocols();
	for (size_t i = 0; s == NULL && p[i] != NULL; i++)
		s = find_in(p[i]->strategies, p[i]->n_strategies, name);
	return s;
}

/* One word of a filter: true if it speaks of this strategy. */
static bool word_means(struct mdl_slice word, const struct mdl_strategy *s, const char *proto)
{
	return mdl_slice_is(word, s->name) ||
	       mdl_slice_is(word, mdl_strategy_level_name(s->level)) ||
	       (proto != NULL && mdl_slice_is(word, proto));
}

static struct mdl_slice next_word(struct mdl_slice *filter, bool *out)
{
	struct mdl_slice word = mdl_slice_sub(*filter, 0, mdl_slice_find(*filter, MDL_LIT(",")));
	*filter = mdl_slice_sub(*filter, word.n + 1, SIZE_MAX);
	*out = word.n > 0 && word.p[0] == '-';
	return *out ? mdl_slice_sub(word, 1, SIZE_MAX) : word;
}

/* Words that take in narrow the set if there are any; words with "-" take out. */
static bool filter_takes(const char *filter, const struct mdl_strategy *s, const char *proto)
{
	struct mdl_slice rest = mdl_slice_str(filter);
	bool any_in = false, in = false, out = false;
	while (rest.n > 0) {
		bool minus;
		struct mdl_slice word = next_word(&rest, &minus);
		bool means = word_means(word, s, proto);
		any_in |= !minus;
		in |= !minus && means;
		out |= minus && means;
	}
	return (in || !any_in) && !out;
}

/* A group of those among the strategies that take part, if there are any. */
static void add(struct mdl_mutator *m, const struct mdl_strategy *s, size_t n, const char *filter,
		const char *proto, uint32_t share)
{
	struct group *g = &m->v[m->n];
	for (size_t i = 0; i < n && s[i].name != NULL && g->n < STRATEGIES_MAX; i++) {
		if (s[i].weight == 0 || !filter_takes(filter, &s[i], proto))
			continue;
		g->upto[g->n] = (g->n == 0 ? 0 : g->upto[g->n - 1]) + s[i].weight;
		g->v[g->n++] = &s[i];
	}
	g->share = share;
	m->n += g->n > 0;
}

/* Is the word a strategy, a level or a protocol? If not, the nearest one goes into the complaint. */
static mdl_err check_word(struct mdl_slice word, struct mdl_why *why)
{
	const char *names[STRATEGIES_MAX + 1];
	size_t n = 0;
	char text[64];
	for (unsigned l = MDL_LEVEL_BYTES; l <= MDL_LEVEL_TRACE; l++)
		names[n++] = mdl_strategy_level_name((enum mdl_strategy_level)l);
	for (size_t g = 0; g < MDL_COUNT(general); g++)
		for (size_t i = 0; general[g][i].name != NULL && n < STRATEGIES_MAX; i++)
			names[n++] = general[g][i].name;
	for (const struct mdl_protocol *const *p = mdl_protocols(); *p != NULL; p++) {
		names[n++] = (*p)->name;
		for (size_t i = 0; i < (*p)->n_strategies && n < STRATEGIES_MAX; i++)
			names[n++] = (*p)->strategies[i].name;
	}
	names[n] = NULL;
	for (size_t i = 0; i < n; i++)
		if (mdl_slice_is(word, names[i]))
			return MDL_OK;
	word = mdl_slice_sub(word, 0, sizeof(text) - 1);
	memcpy(text, word.p, word.n);
	text[word.n] = 0;
	const char *near = mdl_text_nearest(text, names);
	return mdl_fail(why, MDL_EINVAL, "\"%s\" is no strategy, level or protocol%s%s%s", text,
			near == NULL ? "; see `meddle list strategies`" : "; did you mean ",
			near == NULL ? "" : near, near == NULL ? "" : "?");
}

mdl_err mdl_mutator_new(const struct mdl_protocol *p, const char *filter, struct mdl_mutator **out,
			struct mdl_why *why)
{
	struct mdl_slice rest = mdl_slice_str(filter);
	while (rest.n > 0) {
		bool minus;
		mdl_err err = check_word(next_word(&rest, &minus), why);
		if (err != MDL_OK)
			return err;
	}
	struct mdl_mutator *m = calloc(1, sizeof(*m));
	if (m == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	for (size_t i = 0; i < MDL_COUNT(general); i++)
		add(m, general[i], SIZE_MAX, filter, NULL, shares[i]);
	add(m, p->strategies, p->n_strategies, filter, p->name, shares[GENERAL]);
	*out = m;
	return MDL_OK;
}

void mdl_mutator_free(struct mdl_mutator *m)
{
	free(m);
}

static const struct group *draw_group(const struct mdl_mutator *m, struct mdl_rng *r)
{
	uint32_t all = 0;
	for (size_t i = 0; i < m->n; i++)
		all += m->v[i].share;
	uint64_t at = mdl_rng_below(r, all);
	size_t i = 0;
	while (at >= m->v[i].share)
		at -= m->v[i++].share;
	return &m->v[i];
}

static const struct mdl_strategy *draw(const struct mdl_mutator *m, struct mdl_rng *r)
{
	const struct group *g = draw_group(m, r);
	uint32_t at = (uint32_t)mdl_rng_below(r, g->upto[g->n - 1]);
	size_t lo = 0, hi = g->n - 1;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (g->upto[mid] > at)
			hi = mid;
		else
			lo = mid + 1;
	}
	return g->v[lo];
}

/* A message of the side we play; false if it has none. */
static bool draw_msg(const struct mdl_case *c, struct mdl_rng *r, uint32_t *msg)
{
	uint32_t ours = 0;
	for (size_t i = 0; i < c->n; i++)
		ours += c->v[i]->dir == c->side;
	uint32_t want = (uint32_t)mdl_rng_below(r, ours);
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i]->dir == c->side && want-- == 0) {
			*msg = (uint32_t)i;
			return true;
		}
	return false;
}

static bool choose(const struct mdl_mutator *m, struct mdl_bench *b, struct mdl_op *op)
{
	for (unsigned t = 0; t < TRIES; t++) {
		*op = (struct mdl_op){ .field = MDL_NO_FIELD };
		size_t kept = b->recipe->data.n;
		op->strategy = draw(m, b->rng);
		if (draw_msg(b->c, b->rng, &op->msg) && op->strategy->choose(b, op))
			return true;
		mdl_buf_cut(&b->recipe->data, kept);
	}
	return false;
}

/* 1 half of the time, 2 a quarter, and so on. */
static unsigned draw_stack(struct mdl_rng *r)
{
	unsigned n = 1 + (unsigned)__builtin_ctzll(mdl_rng_u64(r) | (uint64_t)1 << (STACK_MAX - 1));
	return n;
}

/* Mostly all is made right; else one relation is left, or any of them. */
static unsigned draw_repair(struct mdl_rng *r)
{
	uint64_t way = mdl_rng_below(r, 20);
	if (way < 14)
		return MDL_REL_ALL;
	unsigned any = (unsigned)mdl_rng_below(r, MDL_REL_ALL + 1);
	return way < 17 ? MDL_REL_ALL & ~(1U << mdl_rng_below(r, 6)) : any;
}

mdl_err mdl_mutate(const struct mdl_mutator *m, struct mdl_case *c, const struct mdl_stock *stock,
		   struct mdl_rng *rng, struct mdl_recipe *out)
{
	static const struct mdl_stock none;
	struct mdl_bench b = { c, out, stock == NULL ? &none : stock, rng };
	mdl_recipe_clear(out);
	if (m->n == 0 || c->n == 0)
		return MDL_OK;
	for (unsigned left = draw_stack(rng); left > 0 && out->n < MDL_OPS_MAX; left--) {
		struct mdl_op op;
		if (!choose(m, &b, &op))
			continue;
		mdl_err err = act(&b, &op);
		if (err != MDL_OK)
			return err;
		out->op[out->n++] = op;
	}
	out->repair = draw_repair(rng);
	return MDL_OK;
}
