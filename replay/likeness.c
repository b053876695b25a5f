#include "replay/likeness.h"

#include <stdlib.h>

enum { COMPARED = 2048, TABLE_SIDE = 1024 };

/* ---- bytes ---- */

static size_t common_head(struct mdl_slice a, struct mdl_slice b)
{
	size_t n = 0;
	while (n < a.n && n < b.n && a.p[n] == b.p[n])
		n++;
	return n;
}

static size_t common_tail(struct mdl_slice a, struct mdl_slice b)
{
	size_t n = 0;
	while (n < a.n && n < b.n && a.p[a.n - 1 - n] == b.p[b.n - 1 - n])
		n++;
	return n;
}

/* One by one for equal lengths; else all of the stretch is new. */
static void mark_coarsely(struct mdl_slice was, struct mdl_slice now, uint8_t *mark)
{
	for (size_t i = 0; i < now.n; i++)
		mark[i] = was.n == now.n && was.p[i] == now.p[i] ? LIKE_SAME : LIKE_CHANGED;
}

/* The longest common subsequence: best[i][j] of the ends from i and j on. */
static void fill_table(struct mdl_slice was, struct mdl_slice now, uint16_t *best)
{
	size_t row = now.n + 1;
	for (size_t i = was.n; i-- > 0;)
		for (size_t j = now.n; j-- > 0;) {
			uint16_t down = best[(i + 1) * row + j], right = best[i * row + j + 1];
			best[i * row + j] = was.p[i] == now.p[j]
						    ? (uint16_t)(best[(i + 1) * row + j + 1] + 1)
					    : down > right ? down
							   : right;
		}
}

/* `behind` is the mark of the byte behind them, where the end of `was` may be missing. */
static mdl_err mark_finely(struct mdl_slice was, struct mdl_slice now, uint8_t *mark,
			   uint8_t *behind)
{
	size_t row = now.n + 1, i = 0, j = 0;
	uint16_t *best = calloc((was.n + 1) * row, sizeof(*best));
	if (best == NULL)
		return MDL_ENOMEM;
	fill_table(was, now, best);
	while (j < now.n) {
		if (i < was.n && was.p[i] == now.p[j]) {
			i++;
			mark[j++] |= LIKE_SAME;
		} else if (i < was.n && best[(i + 1) * row + j] >= best[i * row + j + 1]) {
			i++;
			mark[j] |= LIKE_GAP;
		} else {
			mark[j] |= LIKE_CHANGED;
			mark[j++] &= (uint8_t)~LIKE_GAP;
		}
	}
	if (i < was.n)
		*behind |= LIKE_GAP;
	free(best);
	return MDL_OK;
}

mdl_err like_mark(struct mdl_slice was, struct mdl_slice now, uint8_t *mark)
{
	memset(mark, LIKE_SAME, now.n);
	size_t head = common_head(was, now);
	struct mdl_slice a = mdl_slice_sub(was, head, SIZE_MAX);
	struct mdl_slice b = mdl_slice_sub(now, head, SIZE_MAX);
	size_t tail = common_tail(a, b);
	a.n -= tail;
	b.n -= tail;
	uint8_t nowhere = 0, *behind = tail > 0 ? &mark[head + b.n] : &nowhere;
	if (a.n != b.n && a.n <= TABLE_SIDE && b.n <= TABLE_SIDE)
		return mark_finely(a, b, mark + head, behind);
	if (b.n == 0)
		*behind |= LIKE_GAP;
	mark_coarsely(a, b, mark + head);
	return MDL_OK;
}

/* ---- messages ---- */

/* Share of bytes that are the same, in place or at the ends: 0 to 1. */
static double likeness(struct mdl_slice a, struct mdl_slice b)
{
	size_t longer = a.n > b.n ? a.n : b.n, in_place = 0;
	if (longer == 0)
		return 1;
	size_t ends = common_head(a, b);
	ends += common_tail(mdl_slice_sub(a, ends, SIZE_MAX), mdl_slice_sub(b, ends, SIZE_MAX));
	for (size_t i = 0; i < a.n && i < b.n; i++)
		in_place += a.p[i] == b.p[i];
	return (double)(ends > in_place ? ends : in_place) / (double)longer;
}

struct side {
	uint32_t at[LIKE_MSGS];
	size_t n;
};

static void gather(const struct mdl_trace *t, enum mdl_dir dir, struct side *s)
{
	s->n = 0;
	for (size_t i = 0; i < t->n && s->n < LIKE_MSGS; i++)
		if (t->v[i]->dir == dir)
			s->at[s->n++] = (uint32_t)i;
}

static struct mdl_slice bytes_of(const struct mdl_trace *t, uint32_t at)
{
	return mdl_slice_sub(mdl_buf_slice(&t->v[at]->bytes), 0, COMPARED);
}

struct pairing {
	float like[LIKE_MSGS][LIKE_MSGS];
	float best[LIKE_MSGS + 1][LIKE_MSGS + 1]; /* of the ends from i and j on */
};

static void weigh(const struct mdl_trace *was, const struct mdl_trace *now, const struct side *a,
		  const struct side *b, struct pairing *p)
{
	for (size_t i = a->n; i-- > 0;)
		for (size_t j = b->n; j-- > 0;) {
			p->like[i][j] =
				(float)likeness(bytes_of(was, a->at[i]), bytes_of(now, b->at[j]));
			float both = p->best[i + 1][j + 1] + p->like[i][j];
			float skip = p->best[i + 1][j] > p->best[i][j + 1] ? p->best[i + 1][j]
									   : p->best[i][j + 1];
			p->best[i][j] = both > skip ? both : skip;
		}
}

void like_match(const struct mdl_trace *was, const struct mdl_trace *now, enum mdl_dir dir,
		uint32_t *out)
{
	struct side a, b;
	struct pairing p = { 0 };
	for (size_t i = 0; i < now->n; i++)
		out[i] = LIKE_NONE;
	gather(was, dir, &a);
	gather(now, dir, &b);
	weigh(was, now, &a, &b, &p);
	for (size_t i = 0, j = 0; i < a.n && j < b.n;) {
		if (p.best[i][j] == p.best[i + 1][j])
			i++;
		else if (p.best[i][j] == p.best[i][j + 1])
			j++;
		else
			out[b.at[j++]] = a.at[i++];
	}
}
