/*
 * A pairing heap: Fredman, Sedgewick, Sleator and Tarjan, "The pairing heap: a new form of
 * self-adjusting heap" (1986). Setting costs nothing, taking the first one log n on average.
 */
#include "proxy/timers.h"

static bool before(const struct timer *a, const struct timer *b)
{
	return a->key != b->key ? a->key < b->key : a->order < b->order;
}

/* Two heaps as one; either may be NULL. Neither root has siblings. */
static struct timer *meld(struct timer *a, struct timer *b)
{
	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	if (before(b, a)) {
		struct timer *swap = a;
		a = b;
		b = swap;
	}
	b->prev = a;
	b->next = a->child;
	if (b->next != NULL)
		b->next->prev = b;
	a->child = b;
	return a;
}

/* Takes `t` and then its sibling out of their list and gives both as one heap. */
static struct timer *meld_pair(struct timer *t)
{
	struct timer *sibling = t->next;
	t->next = t->prev = NULL;
	if (sibling == NULL)
		return t;
	sibling->next = sibling->prev = NULL;
	return meld(t, sibling);
}

/* Siblings as one heap: pairs from left to right, then those from right to left. */
static struct timer *meld_all(struct timer *t)
{
	struct timer *pairs = NULL, *root = NULL;
	while (t != NULL) {
		struct timer *rest = t->next == NULL ? NULL : t->next->next;
		struct timer *pair = meld_pair(t);
		pair->next = pairs;
		pairs = pair;
		t = rest;
	}
	while (pairs != NULL) {
		struct timer *rest = pairs->next;
		pairs->next = NULL;
		root = meld(root, pairs);
		pairs = rest;
	}
	return root;
}

void timers_stop(struct timers *h, struct timer *t)
{
	if (!t->set)
		return;
	struct timer *below = meld_all(t->child);
	if (h->first == t) {
		h->first = below;
	} else {
		if (t->prev->child == t)
			t->prev->child = t->next;
		else
			t->prev->next = t->next;
		if (t->next != NULL)
			t->next->prev = t->prev;
		h->first = meld(h->first, below);
	}
	t->set = false;
	t->child = t->next = t->prev = NULL;
}

void timers_set(struct timers *h, struct timer *t, mdl_time due)
{
	timers_stop(h, t);
	t->due = due;
	/* One that is late sorts behind those already due, or it could be set for ever before them. */
	t->key = due < h->ran ? h->ran : due;
	t->order = h->order++;
	t->set = true;
	h->first = meld(h->first, t);
}

mdl_time timers_due(const struct timers *h)
{
	return h->first == NULL ? MDL_NEVER : h->first->key;
}

size_t timers_run(struct timers *h, mdl_time now)
{
	size_t fired = 0;
	uint64_t fresh = h->order;
	if (now > h->ran)
		h->ran = now;
	while (h->first != NULL && h->first->key <= now && h->first->order < fresh) {
		struct timer *t = h->first;
		timers_stop(h, t);
		t->fire(t, now);
		fired++;
	}
	return fired;
}
