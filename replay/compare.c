#include "replay/compare.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/map.h"
#include "protocols/registry.h"
#include "replay/exchange.h"

enum { PATH_SIZE = 256, TEXT_MAX = 1 << 16 };

struct counted {
	char path[PATH_SIZE];
	uint64_t n;
	UT_hash_handle hh;
};

struct compare {
	struct compare_conf conf;
	struct mdl_ctx **x; /* of each trace, made when first needed */
	bool **came;	    /* of each trace: the recorded answers that came */
	struct mdl_fields a, b;
	struct mdl_diff diff;
	struct mdl_buf text;
	struct counted *fields;
	struct compare_field *list;
	struct compare_stats stats;
};

mdl_err compare_new(const struct compare_conf *conf, struct compare **out, struct mdl_why *why)
{
	struct compare *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	c->conf = *conf;
	mdl_fields_init(&c->a);
	mdl_fields_init(&c->b);
	mdl_buf_init(&c->text, TEXT_MAX);
	c->x = calloc(conf->n + 1, sizeof(struct mdl_ctx *));
	c->came = calloc(conf->n + 1, sizeof(bool *));
	if (c->x != NULL && c->came != NULL) {
		*out = c;
		return MDL_OK;
	}
	compare_free(c);
	return mdl_fail(why, MDL_ENOMEM, "out of memory");
}

void compare_free(struct compare *c)
{
	struct counted *f, *next;
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->conf.n; i++) {
		if (c->x != NULL)
			mdl_ctx_free(c->x[i]);
		if (c->came != NULL)
			free(c->came[i]);
	}
	HASH_ITER (hh, c->fields, f, next) {
		HASH_DEL(c->fields, f);
		free(f);
	}
	free(c->x);
	free(c->came);
	free(c->list);
	mdl_fields_fini(&c->a);
	mdl_fields_fini(&c->b);
	mdl_buf_fini(&c->text);
	free(c);
}

static mdl_err prepare(struct compare *c, size_t i)
{
	const struct mdl_trace *t = c->conf.traces[i];
	const struct mdl_protocol *p = mdl_protocol_find(t->proto);
	if (c->x[i] != NULL)
		return MDL_OK;
	c->came[i] = calloc(t->n + 1, sizeof(bool));
	return c->came[i] == NULL ? MDL_ENOMEM
				  : mdl_ctx_new(p == NULL ? &mdl_raw : p, t->carrier,
						c->conf.settings, &c->x[i], NULL);
}

/* ---- what differs ---- */

/* The path without places, so that the same field of any element counts as one. */
static void plain_path(const char *path, char out[PATH_SIZE])
{
	size_t n = 0;
	for (bool inside = false; *path != 0 && *path != ':' && n + 1 < PATH_SIZE; path++) {
		inside = inside || *path == '[';
		if (!inside)
			out[n++] = *path;
		inside = inside && *path != ']';
	}
	out[n] = 0;
}

static mdl_err count_field(struct compare *c, const char *path)
{
	char plain[PATH_SIZE];
	struct counted *f;
	plain_path(path, plain);
	HASH_FIND_STR(c->fields, plain, f);
	if (f == NULL) {
		if ((f = calloc(1, sizeof(*f))) == NULL)
			return MDL_ENOMEM;
		memcpy(f->path, plain, sizeof(plain));
		HASH_ADD_STR(c->fields, path, f);
		if (!mdl_map_added(f)) {
			free(f);
			return MDL_ENOMEM;
		}
	}
	f->n++;
	return MDL_OK;
}

static void tell(struct compare *c, size_t trace, uint32_t msg, const char *text)
{
	if (c->conf.on_difference != NULL)
		c->conf.on_difference(c->conf.ctx, trace, msg, text);
}

static mdl_err tell_differences(struct compare *c, size_t trace, uint32_t msg,
				const struct mdl_view *a, const struct mdl_view *b)
{
	mdl_err err = MDL_OK;
	for (size_t i = 0; err != MDL_ENOMEM && i < c->diff.n; i++) {
		if (c->diff.v[i].aside)
			continue;
		mdl_buf_cut(&c->text, 0);
		err = mdl_diff_text(&c->diff.v[i], a, b, &c->text);
		if (err == MDL_ENOMEM || count_field(c, mdl_buf_text(&c->text)) != MDL_OK)
			return MDL_ENOMEM;
		tell(c, trace, msg, mdl_buf_text(&c->text));
	}
	return MDL_OK;
}

static mdl_err compare_answer(struct compare *c, size_t trace, const struct player_event *ev)
{
	const struct mdl_msg *recorded = c->conf.traces[trace]->v[ev->recorded];
	struct mdl_view a = { mdl_buf_slice(&recorded->bytes), &c->a, MDL_OK };
	struct mdl_view b = { mdl_buf_slice(&ev->m->bytes), &c->b, MDL_OK };
	c->x[trace]->dir = MDL_S2C;
	a.err = mdl_dissect(c->x[trace], a.msg, &c->a);
	b.err = mdl_dissect(c->x[trace], b.msg, &c->b);
	if (a.err == MDL_ENOMEM || b.err == MDL_ENOMEM)
		return MDL_ENOMEM;
	mdl_err err = mdl_diff(&a, &b, c->conf.tolerate, &c->diff);
	if (err != MDL_OK)
		return err;
	c->stats.aside += c->diff.aside;
	c->stats.same += c->diff.count == 0;
	c->stats.differ += c->diff.count > 0;
	return tell_differences(c, trace, ev->recorded, &a, &b);
}

/* ---- what is said and heard ---- */

static void note_latency(struct compare *c, size_t trace, const struct player_event *ev)
{
	const struct mdl_trace *t = c->conf.traces[trace];
	if (ev->latency >= 0)
		mdl_hist_add(&c->stats.live, (uint64_t)ev->latency);
	mdl_time then = t->v[ev->recorded]->at - t->v[ev->request]->at;
	if (then >= 0)
		mdl_hist_add(&c->stats.recorded, (uint64_t)then);
}

mdl_err compare_event(struct compare *c, size_t trace, const struct player_event *ev)
{
	mdl_err err = prepare(c, trace);
	if (err != MDL_OK)
		return err;
	if (ev->m->dir == MDL_C2S) {
		c->stats.requests++;
		return MDL_OK;
	}
	c->stats.answers++;
	if (ev->recorded == EXCHANGE_NONE) {
		c->stats.extra++;
		tell(c, trace, ev->request,
		     ev->request == EXCHANGE_NONE ? "an answer that nobody asked for"
						  : "an answer where none was recorded");
		return MDL_OK;
	}
	c->came[trace][ev->recorded] = true;
	note_latency(c, trace, ev);
	return compare_answer(c, trace, ev);
}

void compare_end(struct compare *c)
{
	for (size_t i = 0; i < c->conf.n; i++) {
		const struct mdl_trace *t = c->conf.traces[i];
		for (uint32_t k = 0; c->came[i] != NULL && k < t->n; k++) {
			if (t->v[k]->dir != MDL_S2C || c->came[i][k])
				continue;
			c->stats.missing++;
			tell(c, i, k, "no answer where one was recorded");
		}
	}
}

const struct compare_stats *compare_stats(const struct compare *c)
{
	return &c->stats;
}

static int by_count(const void *x, const void *y)
{
	const struct compare_field *a = x, *b = y;
	return a->n != b->n ? (a->n < b->n) - (a->n > b->n) : strcmp(a->path, b->path);
}

const struct compare_field *compare_fields(struct compare *c, size_t *n)
{
	free(c->list);
	*n = 0;
	c->list = calloc(HASH_COUNT(c->fields) + 1, sizeof(*c->list));
	for (struct counted *f = c->fields; c->list != NULL && f != NULL; f = f->hh.next)
		c->list[(*n)++] = (struct compare_field){ f->path, f->n };
	if (*n > 0)
		qsort(c->list, *n, sizeof(*c->list), by_count);
	return c->list;
}
