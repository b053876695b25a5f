#include "tools/meddle/corpus_list.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/meddle/command.h"
#include "tools/meddle/fields_json.h"

enum { RECIPE_TEXT = 256 };

/* ---- for people ---- */

static bool is_choice(const char *line)
{
	return *line != '#' && strncmp(line, "repair:", 7) != 0 && *line != '\n';
}

/* The strategies of a recipe, which is a line a choice: "field-drop, arith, dns-type". */
static const char *strategies(const char *recipe, char out[RECIPE_TEXT])
{
	size_t n = 0;
	out[0] = 0;
	for (const char *p = recipe; *p != 0; p += strcspn(p, "\n"), p += *p == '\n') {
		if (!is_choice(p))
			continue;
		int w = snprintf(out + n, RECIPE_TEXT - n, "%s%.*s", n == 0 ? "" : ", ",
				 (int)strcspn(p, " \n"), p);
		if (w < 0 || (size_t)w >= RECIPE_TEXT - n) {
			memcpy(out + RECIPE_TEXT - 4, "...", 4);
			break;
		}
		n += (size_t)w;
	}
	return out;
}

static const char *carrier(const struct mdl_trace *t)
{
	return t->carrier == MDL_STREAM ? "tcp" : t->carrier == MDL_DGRAM ? "udp" : "ip";
}

static void print_line(const struct corpus_entry *e)
{
	char how[RECIPE_TEXT];
	const struct mdl_trace *t = e->trace;
	const struct store_entry *row = e->row;
	if (row != NULL)
		printf("%6" PRId64 "  ", row->id);
	printf("%s  %s %s  %4zu %s %7zu bytes  ", e->name, t->proto, carrier(t), t->n,
	       t->n == 1 ? "message " : "messages", mdl_trace_bytes(t));
	if (row == NULL)
		printf("%s\n", t->source);
	else if (row->parent == 0)
		printf("seed: %s\n", row->source);
	else
		printf("depth %u, of %" PRId64 ": %s\n", row->depth, row->parent,
		       strategies(row->recipe, how));
}

/* ---- for machines ---- */

static void add_row(json_t *j, const struct store_entry *row)
{
	json_t *more =
		json_pack("{s:I, s:I, s:I, s:I, s:i, s:i, s:i}", "id", (json_int_t)row->id,
			  "parent", (json_int_t)row->parent, "case", (json_int_t)row->found_case,
			  "found_ms", (json_int_t)row->found_ms, "depth", (int)row->depth,
			  "features", (int)row->features, "picked", (int)row->picked);
	json_object_update_new(j, more);
	json_object_set_new(j, "recipe", bytes_json(mdl_slice_str(row->recipe)));
}

static mdl_err print_json(const struct corpus_entry *e)
{
	const struct mdl_trace *t = e->trace;
	const char *source = e->row == NULL ? t->source : e->row->source;
	json_t *j = json_pack(
		"{s:o, s:s, s:s, s:I, s:I, s:o}", "name", bytes_json(mdl_slice_str(e->name)),
		"protocol", t->proto, "carrier", carrier(t), "messages", (json_int_t)t->n, "bytes",
		(json_int_t)mdl_trace_bytes(t), "source", bytes_json(mdl_slice_str(source)));
	if (j != NULL && e->row != NULL)
		add_row(j, e->row);
	char *text = j == NULL ? NULL : json_dumps(j, JSON_COMPACT);
	if (text != NULL)
		puts(text);
	free(text);
	json_decref(j);
	return text == NULL ? MDL_ENOMEM : MDL_OK;
}

/* ---- all ---- */

static mdl_err list_entry(void *ctx, const struct corpus_entry *e)
{
	struct corpus_list *l = ctx;
	l->entries++;
	l->bytes += mdl_trace_bytes(e->trace);
	if (interrupted())
		return MDL_EINTERRUPTED;
	if (l->json)
		return print_json(e);
	print_line(e);
	return MDL_OK;
}

static void say_bad(void *ctx, const struct mdl_why *why)
{
	struct corpus_list *l = ctx;
	l->bad++;
	fprintf(stderr, "meddle: %s\n", why->text);
}

mdl_err corpus_list(const struct corpus_place *p, struct corpus_list *l, struct mdl_why *why)
{
	return corpus_visit(p, &(struct corpus_visitor){ list_entry, say_bad, l }, why);
}
