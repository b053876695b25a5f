#include "replay/schedule.h"

#include <assert.h>
#include <stdlib.h>

struct entry {
	unsigned cost;
	uint32_t weight;
	uint64_t upto; /* sum of the weights up to and with this one */
};

struct schedule {
	struct entry *v;
	size_t n, cap;
	size_t stale; /* sums are right before this one */
};

struct schedule *schedule_new(void)
{
	return calloc(1, sizeof(struct schedule));
}

void schedule_free(struct schedule *s)
{
	if (s == NULL)
		return;
	free(s->v);
	free(s);
}

mdl_err schedule_add(struct schedule *s, unsigned cost)
{
	if (s->n == s->cap) {
		size_t cap = s->cap == 0 ? 64 : s->cap * 2;
		struct entry *v = reallocarray(s->v, cap, sizeof(*v));
		if (v == NULL)
			return MDL_ENOMEM;
		s->v = v;
		s->cap = cap;
	}
	static const struct schedule_facts fresh;
	unsigned c = cost == 0 ? 1 : cost;
	s->v[s->n++] = (struct entry){ .cost = c, .weight = schedule_weight(&fresh, c) };
	return MDL_OK;
}

size_t schedule_count(const struct schedule *s)
{
	return s->n;
}

/* Position of the highest bit, counted from 1; 0 for 0. */
static unsigned bits(uint64_t v)
{
	return v == 0 ? 0 : 64 - (unsigned)__builtin_clzll(v);
}

/*
 * An entry with a feature seen once weighs sixteen times one whose every feature is common, one that
 * was never picked eight times one that was picked often; each layer of depth adds a half. In
 * integers, so that it is the same everywhere.
 */
uint32_t schedule_weight(const struct schedule_facts *f, unsigned cost)
{
	unsigned common = bits(f->rarest), tried = bits(f->picked / 8);
	uint32_t rare = f->rarest == 0 ? 1 : common >= 16 ? 1 : 17 - common;
	uint32_t new = tried >= 8 ? 1 : 9 - tried;
	uint32_t deep = 2 + f->depth;
	uint32_t w = 16 * rare * new *deep / 2 / cost;
	return w == 0 ? 1 : w;
}

void schedule_set(struct schedule *s, size_t i, const struct schedule_facts *f)
{
	assert(i < s->n);
	s->v[i].weight = schedule_weight(f, s->v[i].cost);
	if (i < s->stale)
		s->stale = i;
}

static void sum_up(struct schedule *s)
{
	uint64_t sum = s->stale == 0 ? 0 : s->v[s->stale - 1].upto;
	for (size_t i = s->stale; i < s->n; i++)
		s->v[i].upto = sum += s->v[i].weight;
	s->stale = s->n;
}

size_t schedule_pick(struct schedule *s, struct mdl_rng *r)
{
	assert(s->n > 0);
	sum_up(s);
	uint64_t at = mdl_rng_below(r, s->v[s->n - 1].upto);
	size_t lo = 0, hi = s->n - 1;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (s->v[mid].upto > at)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}
