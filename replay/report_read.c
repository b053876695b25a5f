/* The store as plain structs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/finding.h"
#include "core/map.h"
#include "replay/files.h"
#include "replay/report_parts.h"

/* Codes of states that were met, and where they stand. */
struct known {
	uint32_t code, at;
	UT_hash_handle hh;
};

struct reader {
	struct report *r;
	size_t cap_points, cap_edges, cap_states, cap_entries, cap_findings;
	uint64_t every, seen; /* of the points, each `every`th is kept */
	struct known *known;
	mdl_err err;
};

/* Room for one more in `*v`; false, and the error kept, if there is none, or was none before. */
static bool room(struct reader *rd, void **v, size_t *cap, size_t n, size_t size)
{
	if (rd->err != MDL_OK || n < *cap)
		return rd->err == MDL_OK;
	size_t more = *cap == 0 ? 64 : *cap * 2;
	void *bigger = reallocarray(*v, more, size);
	if (bigger == NULL) {
		rd->err = MDL_ENOMEM;
		return false;
	}
	*v = bigger;
	*cap = more;
	return true;
}

#define ROOM(rd, array, n, cap) \
	room(rd, (void **)&(rd)->r->array, &(rd)->cap_##cap, (rd)->r->n, sizeof(*(rd)->r->array))

/* ---- rows ---- */

/* Too many points: every second one goes, and from now on only each second one comes. */
static void thin(struct reader *rd)
{
	struct report *r = rd->r;
	for (size_t i = 0; i < r->n_points / 2; i++)
		r->points[i] = r->points[2 * i + 1];
	r->n_points /= 2;
	rd->every *= 2;
}

static bool on_point(void *ctx, const struct store_point *p)
{
	struct reader *rd = ctx;
	struct report *r = rd->r;
	if (r->n_points == REPORT_POINTS)
		thin(rd);
	if (!ROOM(rd, points, n_points, points))
		return false;
	if (rd->seen++ % rd->every == 0 || r->n_points == 0)
		r->n_points++;
	r->points[r->n_points - 1] = *p; /* so that the last one is the last there is */
	return true;
}

static bool on_depth(void *ctx, unsigned depth, const char *name, int64_t count)
{
	struct reader *rd = ctx;
	if (depth != rd->r->n_depths || depth >= REPORT_DEPTHS)
		return true;
	struct report_depth *d = &rd->r->depth[rd->r->n_depths++];
	snprintf(d->name, sizeof(d->name), "%s", name);
	d->cases = count < 0 ? 0 : (uint64_t)count;
	return true;
}

/* The place of a state, which is new if no edge before this one had it. */
static uint32_t state_of(struct reader *rd, uint32_t code, const char *name)
{
	struct report *r = rd->r;
	struct known *k;
	HASH_FIND (hh, rd->known, &code, sizeof(code), k)
		;
	if (k != NULL)
		return k->at;
	if (!ROOM(rd, states, n_states, states) || (k = calloc(1, sizeof(*k))) == NULL) {
		rd->err = MDL_ENOMEM;
		return 0;
	}
	*k = (struct known){ .code = code, .at = (uint32_t)r->n_states };
	HASH_ADD(hh, rd->known, code, sizeof(code), k);
	if (!mdl_map_added(k)) {
		free(k);
		rd->err = MDL_ENOMEM;
		return 0;
	}
	struct report_state *s = &r->states[r->n_states++];
	*s = (struct report_state){ .code = code };
	snprintf(s->name, sizeof(s->name), "%s", name);
	return k->at;
}

static void forget_states(struct reader *rd)
{
	struct known *k, *next;
	HASH_ITER (hh, rd->known, k, next) {
		HASH_DEL(rd->known, k);
		free(k);
	}
}

static bool on_edge(void *ctx, const struct store_edge_row *e)
{
	struct reader *rd = ctx;
	uint32_t from = state_of(rd, e->from, e->from_text);
	uint32_t to = rd->err == MDL_OK ? state_of(rd, e->to, e->to_text) : 0;
	if (rd->err != MDL_OK || !ROOM(rd, edges, n_edges, edges))
		return false;
	uint64_t count = e->count < 0 ? 0 : (uint64_t)e->count;
	rd->r->edges[rd->r->n_edges++] = (struct report_edge){ from, to, count };
	rd->r->states[to].visits += count;
	return true;
}

static bool on_entry(void *ctx, const struct store_entry *e)
{
	struct reader *rd = ctx;
	if (!ROOM(rd, entries, n_entries, entries))
		return false;
	size_t at = rd->r->n_entries++;
	struct report_entry *row = &rd->r->entries[at];
	*row = (struct report_entry){ .parent = UINT32_MAX,
				      .found_case = e->found_case,
				      .found_ms = e->found_ms,
				      .depth = e->depth,
				      .msgs = e->msgs,
				      .bytes = e->bytes,
				      .features = e->features,
				      .picked = e->picked };
	snprintf(row->name, sizeof(row->name), "%s", e->name);
	snprintf(row->source, sizeof(row->source), "%s", e->source);
	if (e->parent > 0 && (uint64_t)e->parent <= at)
		row->parent = (uint32_t)e->parent - 1;
	rd->err = report_strategies(rd->r, e->recipe, row->by, sizeof(row->by));
	return rd->err == MDL_OK;
}

static bool on_finding(void *ctx, const struct store_finding *f)
{
	struct reader *rd = ctx;
	if (!ROOM(rd, findings, n_findings, findings))
		return false;
	struct report_finding *row = &rd->r->findings[rd->r->n_findings++];
	*row = (struct report_finding){ .id = f->id,
					.signature = f->signature,
					.found_case = f->found_case,
					.found_ms = f->found_ms,
					.times = f->times,
					.confirmed = f->confirmed,
					.tried = f->tried };
	snprintf(row->kind, sizeof(row->kind), "%s", f->kind);
	snprintf(row->severity, sizeof(row->severity), "%s", f->severity);
	snprintf(row->title, sizeof(row->title), "%s", f->title);
	snprintf(row->bundle, sizeof(row->bundle), "%s", f->bundle);
	return true;
}

static bool on_feature(void *ctx, uint32_t feature, int64_t count)
{
	(void)feature;
	(void)count;
	((struct reader *)ctx)->r->n_features++;
	return true;
}

static mdl_err read_rows(struct reader *rd, struct store *s, struct mdl_why *why)
{
	mdl_err err = store_points(s, on_point, rd, why);
	if (err == MDL_OK)
		err = store_depths(s, on_depth, rd, why);
	if (err == MDL_OK)
		err = store_edges(s, on_edge, rd, why);
	if (err == MDL_OK)
		err = store_entries(s, on_entry, rd, why);
	if (err == MDL_OK)
		err = store_findings(s, on_finding, rd, why);
	if (err == MDL_OK)
		err = store_features(s, on_feature, rd, why);
	return err == MDL_OK && rd->err != MDL_OK ? mdl_fail(why, rd->err, "out of memory") : err;
}

/* ---- facts ---- */

static uint64_t number(struct store *s, const char *key)
{
	int64_t v = store_get_number(s, key, 0);
	return v < 0 ? 0 : (uint64_t)v;
}

static void read_facts(struct store *s, struct report *r)
{
	char mutate[8] = "";
	const struct {
		const char *key;
		char *into;
		size_t size;
	} texts[] = { { "target", r->target, sizeof(r->target) },
		      { "command_line", r->command_line, sizeof(r->command_line) },
		      { "started_in", r->started_in, sizeof(r->started_in) },
		      { "version", r->version, sizeof(r->version) },
		      { "protocol", r->protocol, sizeof(r->protocol) },
		      { "strategies", r->strategies, sizeof(r->strategies) },
		      { "seed", r->seed, sizeof(r->seed) },
		      { "mutate", mutate, sizeof(mutate) } };
	for (size_t i = 0; i < MDL_COUNT(texts); i++)
		store_get(s, texts[i].key, texts[i].into, texts[i].size);
	r->mutate = strcmp(mutate, "no") != 0;
	r->cases = number(s, "cases");
	r->restarts = number(s, "restarts");
	r->silent = number(s, "silent");
	r->seeds = number(s, "seeds");
	r->workers = number(s, "workers");
	r->epoch = number(s, "epoch");
	r->started = store_get_number(s, "started", 0);
	r->ran = store_get_number(s, "ran_ns", 0);
	int64_t ended = store_get_number(s, "ended", -1);
	r->end = ended < 0 ? REPORT_UNKNOWN : ended > 0 ? REPORT_ENDED : REPORT_CUT_SHORT;
}

/* ---- order ---- */

unsigned report_severity(const char *word)
{
	for (unsigned s = MDL_CRITICAL; s > MDL_INFO_ONLY; s--)
		if (strcmp(word, mdl_severity_text(s)) == 0)
			return s;
	return MDL_INFO_ONLY;
}

static int by_severity(const void *a, const void *b)
{
	const struct report_finding *x = a, *y = b;
	unsigned sx = report_severity(x->severity), sy = report_severity(y->severity);
	bool cx = x->confirmed > 0, cy = y->confirmed > 0;
	if (cx != cy)
		return cx ? -1 : 1;
	return sx != sy ? (sx > sy ? -1 : 1) : (x->id > y->id) - (x->id < y->id);
}

static int by_count(const void *a, const void *b)
{
	const struct report_edge *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->from != y->from ? (x->from > y->from ? 1 : -1)
				  : (x->to > y->to) - (x->to < y->to);
}

static int by_entries(const void *a, const void *b)
{
	const struct report_strategy *x = a, *y = b;
	return x->entries != y->entries ? (x->entries > y->entries ? -1 : 1)
					: strcmp(x->name, y->name);
}

/* Parents stand before their children, so one pass from the end counts all that came of each. */
static void count_offspring(struct report *r)
{
	for (size_t i = r->n_entries; i-- > 0;) {
		const struct report_entry *e = &r->entries[i];
		if (e->parent == UINT32_MAX)
			continue;
		r->entries[e->parent].children++;
		r->entries[e->parent].offspring += 1 + e->offspring;
	}
}

static void put_in_order(struct report *r)
{
	for (size_t i = 0; i < r->n_states; i++)
		r->n_met += r->states[i].visits > 0;
	count_offspring(r);
	if (r->n_findings > 0)
		qsort(r->findings, r->n_findings, sizeof(*r->findings), by_severity);
	if (r->n_edges > 0)
		qsort(r->edges, r->n_edges, sizeof(*r->edges), by_count);
	if (r->n_strategies > 0)
		qsort(r->strategy, r->n_strategies, sizeof(*r->strategy), by_entries);
}

mdl_err report_read(const char *folder, struct report *out, struct mdl_why *why)
{
	struct store *s = NULL;
	struct reader rd = { .r = out, .every = 1 };
	*out = (struct report){ 0 };
	mdl_err err = store_open_read(folder, &s, why);
	if (err != MDL_OK)
		return err;
	snprintf(out->folder, sizeof(out->folder), "%s", folder);
	read_facts(s, out);
	err = read_rows(&rd, s, why);
	forget_states(&rd);
	store_close(s);
	if (err == MDL_OK && out->end != REPORT_ENDED && folder_held(folder))
		out->end = REPORT_RUNNING;
	if (err == MDL_OK)
		put_in_order(out);
	else
		report_fini(out);
	return err;
}

void report_fini(struct report *r)
{
	free(r->points);
	free(r->edges);
	free(r->states);
	free(r->entries);
	free(r->strategy);
	free(r->findings);
	*r = (struct report){ 0 };
}
