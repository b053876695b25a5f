#include "tools/meddle/report_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/meddle/fields_json.h"

/* Texts may be anything: what is no UTF-8 is read as latin-1. */
static json_t *text(const char *s)
{
	json_t *j = json_string(s);
	return j != NULL ? j : bytes_json(mdl_slice_str(s));
}

static const char *stands(const struct report *r)
{
	static const char *const words[] = { [REPORT_RUNNING] = "running",
					     [REPORT_ENDED] = "ended",
					     [REPORT_CUT_SHORT] = "killed",
					     [REPORT_UNKNOWN] = "unknown" };
	return words[r->end];
}

static json_t *campaign(const struct report *r)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:s, s:I, s:I, s:I, s:I, "
			 "s:I, s:I, s:I, s:f, s:I, s:I}",
			 "folder", text(r->folder), "target", text(r->target), "command_line",
			 text(r->command_line), "started_in", text(r->started_in), "version",
			 text(r->version), "protocol", text(r->protocol), "strategies",
			 text(r->strategies), "seed", text(r->seed), "mutate", r->mutate, "stands",
			 stands(r), "started", (json_int_t)r->started, "cases",
			 (json_int_t)r->cases, "restarts", (json_int_t)r->restarts, "silent",
			 (json_int_t)r->silent, "seeds", (json_int_t)r->seeds, "workers",
			 (json_int_t)r->workers, "epoch", (json_int_t)r->epoch, "seconds",
			 (double)r->ran / 1e9, "features", (json_int_t)r->n_features, "states",
			 (json_int_t)r->n_met);
}

static json_t *finding(const struct report_finding *f)
{
	char signature[24];
	snprintf(signature, sizeof(signature), "%016" PRIx64, f->signature);
	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:s, s:I, s:f, s:I, s:I, s:I}", "id",
			 (json_int_t)f->id, "severity", text(f->severity), "kind", text(f->kind),
			 "title", text(f->title), "folder", text(f->bundle), "signature", signature,
			 "case", (json_int_t)f->found_case, "after_seconds",
			 (double)f->found_ms / 1e3, "times", (json_int_t)f->times, "confirmed",
			 (json_int_t)f->confirmed, "tried", (json_int_t)f->tried);
}

static json_t *point(const struct store_point *p)
{
	return json_pack("{s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f}", "seconds",
			 (double)p->ms / 1e3, "cases", (json_int_t)p->cases, "corpus",
			 (json_int_t)p->corpus, "features", (json_int_t)p->features, "states",
			 (json_int_t)p->states, "steps", (json_int_t)p->edges, "findings",
			 (json_int_t)p->findings, "restarts", (json_int_t)p->restarts, "target_mb",
			 p->rss_mb);
}

static json_t *edge(const struct report *r, const struct report_edge *e)
{
	return json_pack("{s:o, s:o, s:I}", "from", text(r->states[e->from].name), "to",
			 text(r->states[e->to].name), "times", (json_int_t)e->count);
}

static json_t *entry(const struct report *r, const struct report_entry *e)
{
	json_t *parent = e->parent == UINT32_MAX ? json_null() : text(r->entries[e->parent].name);
	return json_pack("{s:o, s:o, s:o, s:o, s:I, s:f, s:I, s:I, s:I, s:I, s:I}", "name",
			 text(e->name), "source", text(e->source), "by", text(e->by), "parent",
			 parent, "case", (json_int_t)e->found_case, "after_seconds",
			 (double)e->found_ms / 1e3, "messages", (json_int_t)e->msgs, "bytes",
			 (json_int_t)e->bytes, "children", (json_int_t)e->children, "offspring",
			 (json_int_t)e->offspring, "picked", (json_int_t)e->picked);
}

static bool put(json_t *list, json_t *item)
{
	return item != NULL && json_array_append_new(list, item) == 0;
}

static bool fill(const struct report *r, json_t *findings, json_t *points, json_t *depths,
		 json_t *edges, json_t *entries, json_t *strategies)
{
	bool ok = true;
	for (size_t i = 0; ok && i < r->n_findings; i++)
		ok = put(findings, finding(&r->findings[i]));
	for (size_t i = 0; ok && i < r->n_points; i++)
		ok = put(points, point(&r->points[i]));
	for (size_t i = 0; ok && i < r->n_depths; i++)
		ok = put(depths, json_pack("{s:o, s:I}", "name", text(r->depth[i].name), "cases",
					   (json_int_t)r->depth[i].cases));
	for (size_t i = 0; ok && i < r->n_edges; i++)
		ok = put(edges, edge(r, &r->edges[i]));
	for (size_t i = 0; ok && i < r->n_entries; i++)
		ok = put(entries, entry(r, &r->entries[i]));
	for (size_t i = 0; ok && i < r->n_strategies; i++)
		ok = put(strategies, json_pack("{s:o, s:I}", "name", text(r->strategy[i].name),
					       "entries", (json_int_t)r->strategy[i].entries));
	return ok;
}

bool report_json(const struct report *r)
{
	json_t *findings = json_array(), *points = json_array(), *depths = json_array();
	json_t *edges = json_array(), *entries = json_array(), *strategies = json_array();
	bool ok = fill(r, findings, points, depths, edges, entries, strategies);
	json_t *all = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "campaign", campaign(r),
				"findings", findings, "depths", depths, "steps", edges,
				"strategies", strategies, "corpus", entries, "progress", points);
	ok = ok && all != NULL && json_dumpf(all, stdout, JSON_INDENT(1)) == 0;
	if (ok)
		putchar('\n');
	json_decref(all);
	return ok;
}
