#include "replay/cover.h"

#include <stdlib.h>

/* What an item would bring now; its cost is looked up. An upper bound once others were taken. */
struct bid {
	size_t item;
	uint64_t gain;
};

struct choice {
	const struct cover_item *v;
	size_t n;
	uint64_t *ids; /* all features, sorted, each once: a feature is its place here */
	size_t n_ids;
	uint32_t *place;   /* of the features of all items, one item after the other */
	size_t *first;	   /* where those of an item begin in `place`; n + 1 of them */
	uint32_t *covered; /* by how many of the chosen items, for each feature */
	struct bid *heap;
	size_t n_heap;
};

/* ---- features as small numbers ---- */

static int by_value(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;
	return (*a > *b) - (*a < *b);
}

static void collect(struct choice *c)
{
	size_t all = 0, n = 0;
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->v[i].n; k++)
			c->ids[all++] = c->v[i].features[k];
	qsort(c->ids, all, sizeof(*c->ids), by_value);
	for (size_t i = 0; i < all; i++)
		if (n == 0 || c->ids[n - 1] != c->ids[i])
			c->ids[n++] = c->ids[i];
	c->n_ids = n;
}

static void number(struct choice *c)
{
	size_t at = 0;
	for (size_t i = 0; i < c->n; i++) {
		c->first[i] = at;
		for (size_t k = 0; k < c->v[i].n; k++) {
			const uint64_t *id = bsearch(&c->v[i].features[k], c->ids, c->n_ids,
						     sizeof(*c->ids), by_value);
			c->place[at++] = (uint32_t)(id - c->ids);
		}
	}
	c->first[c->n] = at;
}

static mdl_err prepare(struct choice *c)
{
	size_t all = 0;
	for (size_t i = 0; i < c->n; i++)
		all += c->v[i].n;
	c->ids = calloc(all + 1, sizeof(*c->ids));
	c->place = calloc(all + 1, sizeof(*c->place));
	c->first = calloc(c->n + 1, sizeof(*c->first));
	c->covered = calloc(all + 1, sizeof(*c->covered));
	c->heap = calloc(c->n + 1, sizeof(*c->heap));
	if (c->ids == NULL || c->place == NULL || c->first == NULL || c->covered == NULL ||
	    c->heap == NULL)
		return MDL_ENOMEM;
	collect(c);
	number(c);
	return MDL_OK;
}

static void discard(struct choice *c)
{
	free(c->ids);
	free(c->place);
	free(c->first);
	free(c->covered);
	free(c->heap);
}

/* ---- bids: a heap with the best on top ---- */

/* More features a cost; then the earlier one. */
static bool better(const struct choice *c, const struct bid *a, const struct bid *b)
{
	uint64_t x = a->gain * c->v[b->item].cost, y = b->gain * c->v[a->item].cost;
	return x != y ? x > y : a->item < b->item;
}

static void swap(struct bid *a, struct bid *b)
{
	struct bid t = *a;
	*a = *b;
	*b = t;
}

static void push(struct choice *c, struct bid b)
{
	size_t i = c->n_heap++;
	c->heap[i] = b;
	for (; i > 0 && better(c, &c->heap[i], &c->heap[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&c->heap[i], &c->heap[(i - 1) / 2]);
}

static struct bid pop(struct choice *c)
{
	struct bid top = c->heap[0];
	c->heap[0] = c->heap[--c->n_heap];
	for (size_t i = 0, child; (child = 2 * i + 1) < c->n_heap; i = child) {
		if (child + 1 < c->n_heap && better(c, &c->heap[child + 1], &c->heap[child]))
			child++;
		if (!better(c, &c->heap[child], &c->heap[i]))
			break;
		swap(&c->heap[child], &c->heap[i]);
	}
	return top;
}

/* ---- choosing ---- */

static uint64_t gain_of(const struct choice *c, size_t item)
{
	uint64_t gain = 0;
	for (size_t k = c->first[item]; k < c->first[item + 1]; k++)
		gain += c->covered[c->place[k]] == 0;
	return gain;
}

static void count(struct choice *c, size_t item, bool in)
{
	for (size_t k = c->first[item]; k < c->first[item + 1]; k++) {
		if (in)
			c->covered[c->place[k]]++;
		else
			c->covered[c->place[k]]--;
	}
}

/* Gains only fall, so a bid that is still the best after it was looked at anew is the best of all. */
static void choose(struct choice *c, bool *keep)
{
	for (size_t i = 0; i < c->n; i++) {
		keep[i] = false;
		push(c, (struct bid){ i, c->v[i].n });
	}
	while (c->n_heap > 0) {
		struct bid b = pop(c);
		b.gain = gain_of(c, b.item);
		if (b.gain == 0)
			continue;
		if (c->n_heap > 0 && better(c, &c->heap[0], &b)) {
			push(c, b);
			continue;
		}
		keep[b.item] = true;
		count(c, b.item, true);
	}
}

static bool needless(const struct choice *c, size_t item)
{
	for (size_t k = c->first[item]; k < c->first[item + 1]; k++)
		if (c->covered[c->place[k]] == 1)
			return false;
	return true;
}

/* The dearest go first: the heap gives the cheapest first, into the room it leaves at its end. */
static void drop_needless(struct choice *c, bool *keep)
{
	for (size_t i = 0; i < c->n; i++)
		if (keep[i])
			push(c, (struct bid){ i, 1 });
	size_t chosen = c->n_heap;
	while (c->n_heap > 0) {
		struct bid b = pop(c);
		c->heap[c->n_heap] = b;
	}
	for (size_t k = 0; k < chosen; k++) {
		size_t item = c->heap[k].item;
		if (!needless(c, item))
			continue;
		keep[item] = false;
		count(c, item, false);
	}
}

mdl_err cover(const struct cover_item *v, size_t n, bool *keep, size_t *features)
{
	struct choice c = { .v = v, .n = n };
	mdl_err err = prepare(&c);
	if (err == MDL_OK) {
		choose(&c, keep);
		drop_needless(&c, keep);
		*features = c.n_ids;
	}
	discard(&c);
	return err;
}
