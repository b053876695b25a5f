#include "replay/growth.h"

enum { QUARTER = GROWTH_WINDOW / 4, FALLS_ALLOWED = 2, RISES_WANTED = 3 };

void growth_reset(struct growth *g)
{
	*g = (struct growth){ 0 };
}

/* Sample `i` of the window, 0 the oldest. */
static uint64_t at(const struct growth *g, unsigned i)
{
	return g->v[(g->n + i) % GROWTH_WINDOW];
}

static uint64_t mean_of(const struct growth *g, unsigned from)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < QUARTER; i++)
		sum += at(g, from + i);
	return sum / QUARTER;
}

bool growth_add(struct growth *g, uint64_t sample, uint64_t bound)
{
	g->v[g->n++ % GROWTH_WINDOW] = sample;
	if (g->n < GROWTH_WINDOW)
		return false;
	unsigned rises[2] = { 0, 0 }, falls = 0;
	uint64_t fallen = 0;
	for (unsigned i = 1; i < GROWTH_WINDOW; i++) {
		rises[i >= GROWTH_WINDOW / 2] += at(g, i) > at(g, i - 1);
		falls += at(g, i) < at(g, i - 1);
		fallen += at(g, i) < at(g, i - 1) ? at(g, i - 1) - at(g, i) : 0;
	}
	/* In both halves: what has warmed up stays where it is. What gives most of it back has no leak. */
	uint64_t first = mean_of(g, 0), last = mean_of(g, GROWTH_WINDOW - QUARTER);
	return falls <= FALLS_ALLOWED && rises[0] >= RISES_WANTED && rises[1] >= RISES_WANTED &&
	       last >= first + bound && last - first > fallen;
}
