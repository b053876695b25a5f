#include "replay/pace.h"

#include <math.h>
#include <stdlib.h>

static mdl_err unknown(const char *text, struct mdl_why *why)
{
	return mdl_fail(why, MDL_EINVAL,
			"expected a speed as original, x10, 500/s or top, not \"%.40s\"", text);
}

mdl_err pace_parse(const char *text, struct pace *out, struct mdl_why *why)
{
	char *end;
	*out = (struct pace){ PACE_ORIGINAL, 1, 0 };
	if (strcmp(text, "original") == 0)
		return MDL_OK;
	if (strcmp(text, "top") == 0) {
		out->kind = PACE_TOP;
		return MDL_OK;
	}
	double v = strtod(text[0] == 'x' ? text + 1 : text, &end);
	if (end == text || !isfinite(v) || !(v > 0) || v > 1e9)
		return unknown(text, why);
	if (text[0] == 'x' && *end == 0)
		out->factor = v;
	else if (text[0] != 'x' && strcmp(end, "/s") == 0)
		*out = (struct pace){ PACE_RATE, 1, v };
	else
		return unknown(text, why);
	return MDL_OK;
}

/* One message of all, by where it stands. */
struct place {
	mdl_time moment; /* since the first trace began */
	size_t trace, msg;
};

static int by_moment(const void *x, const void *y)
{
	const struct place *a = x, *b = y;
	if (a->moment != b->moment)
		return a->moment < b->moment ? -1 : 1;
	if (a->trace != b->trace)
		return a->trace < b->trace ? -1 : 1;
	return (a->msg > b->msg) - (a->msg < b->msg);
}

static mdl_time first_start(struct mdl_trace *const *v, size_t n)
{
	mdl_time first = MDL_NEVER;
	for (size_t i = 0; i < n; i++)
		first = mdl_time_min(first, v[i]->start);
	return first;
}

/* All messages of the side in the order they were said. */
static struct place *list_places(struct mdl_trace *const *v, size_t n, enum mdl_dir side,
				 size_t *count)
{
	size_t total = 0;
	mdl_time first = first_start(v, n);
	for (size_t i = 0; i < n; i++)
		total += v[i]->n;
	struct place *p = malloc((total + 1) * sizeof(*p));
	*count = 0;
	for (size_t i = 0; p != NULL && i < n; i++)
		for (size_t m = 0; m < v[i]->n; m++)
			if (v[i]->v[m]->dir == side)
				p[(*count)++] =
					(struct place){ v[i]->start - first + v[i]->v[m]->at, i,
							m };
	if (p != NULL)
		qsort(p, *count, sizeof(*p), by_moment);
	return p;
}

static mdl_err apply_rate(double rate, struct mdl_trace *const *v, size_t n, enum mdl_dir side)
{
	size_t count;
	struct place *p = list_places(v, n, side, &count);
	if (p == NULL)
		return MDL_ENOMEM;
	for (size_t i = 0; i < n; i++)
		v[i]->start = 0;
	for (size_t k = 0; k < count; k++)
		v[p[k].trace]->v[p[k].msg]->at = (mdl_time)((double)k * 1e9 / rate);
	free(p);
	return MDL_OK;
}

static void apply_factor(double factor, struct mdl_trace *const *v, size_t n)
{
	mdl_time first = first_start(v, n);
	for (size_t i = 0; i < n; i++) {
		v[i]->start = (mdl_time)((double)(v[i]->start - first) / factor);
		for (size_t m = 0; m < v[i]->n; m++)
			v[i]->v[m]->at = (mdl_time)((double)v[i]->v[m]->at / factor);
	}
}

mdl_err pace_apply(const struct pace *p, struct mdl_trace *const *v, size_t n, enum mdl_dir side)
{
	if (p->kind == PACE_RATE)
		return apply_rate(p->rate, v, n, side);
	apply_factor(p->factor, v, n);
	return MDL_OK;
}

/* ---- joining ---- */

/* A message on its way into a joined trace. */
struct joint {
	struct place place;
	struct mdl_msg *m;
};

static int by_place(const void *x, const void *y)
{
	return by_moment(&((const struct joint *)x)->place, &((const struct joint *)y)->place);
}

static struct mdl_trace *joined_trace(const struct mdl_trace *like)
{
	struct mdl_trace *t = mdl_trace_new();
	if (t == NULL)
		return NULL;
	memcpy(t->proto, like->proto, sizeof(t->proto));
	t->carrier = like->carrier;
	t->client = like->client;
	t->server = like->server;
	t->start = like->start;
	return t;
}

/* Moves the messages of traces v[from], v[from + step], ... into one trace. */
static mdl_err join_some(struct mdl_trace **v, size_t n, size_t from, size_t step,
			 struct mdl_trace **out)
{
	size_t total = 0, k = 0;
	mdl_time first = first_start(v, n);
	for (size_t i = from; i < n; i += step)
		total += v[i]->n;
	struct joint *j = malloc((total + 1) * sizeof(*j));
	*out = joined_trace(v[from]);
	if (j == NULL || *out == NULL) {
		free(j);
		return MDL_ENOMEM;
	}
	for (size_t i = from; i < n; i += step)
		for (size_t m = 0; m < v[i]->n; m++)
			j[k++] = (struct joint){ { v[i]->start - first + v[i]->v[m]->at, i, m },
						 v[i]->v[m] };
	qsort(j, total, sizeof(*j), by_place);
	mdl_err err = MDL_OK;
	(*out)->start = first;
	for (k = 0; err == MDL_OK && k < total; k++) {
		err = mdl_trace_insert(*out, k, j[k].m);
		if (err != MDL_OK)
			break;
		j[k].m->at = j[k].place.moment;
		v[j[k].place.trace]->v[j[k].place.msg] = NULL; /* it has moved */
	}
	free(j);
	return err;
}

/* Datagrams to the front, streams behind them; gives how many datagram traces there are. */
static size_t sort_carriers(struct mdl_trace **v, size_t n)
{
	size_t front = 0;
	for (size_t i = 0; i < n; i++) {
		if (v[i]->carrier != MDL_DGRAM)
			continue;
		struct mdl_trace *t = v[i];
		memmove(v + front + 1, v + front, (i - front) * sizeof(struct mdl_trace *));
		v[front++] = t;
	}
	return front;
}

mdl_err pace_join(struct mdl_trace **v, size_t *n, size_t clients)
{
	size_t dgrams = sort_carriers(v, *n), made = 0;
	if (clients == 0 || dgrams <= clients)
		return MDL_OK;
	struct mdl_trace **joined = calloc(clients, sizeof(struct mdl_trace *));
	mdl_err err = joined == NULL ? MDL_ENOMEM : MDL_OK;
	for (; err == MDL_OK && made < clients; made += err == MDL_OK)
		err = join_some(v, dgrams, made, clients, &joined[made]);
	if (err == MDL_OK) {
		for (size_t i = 0; i < dgrams; i++)
			mdl_trace_free(v[i]);
		memcpy(v, joined, clients * sizeof(struct mdl_trace *));
		memmove(v + clients, v + dgrams, (*n - dgrams) * sizeof(struct mdl_trace *));
		*n = *n - dgrams + clients;
	} else
		for (size_t i = 0; joined != NULL && i < clients; i++)
			mdl_trace_free(joined[i]);
	free(joined);
	return err;
}
