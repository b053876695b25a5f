/* What is worth keeping: where it came from, what made it, what came of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "replay/report_parts.h"
#include "replay/ticks.h"

enum { FERTILE = 10, LINE_MAX_STEPS = 12, STRATEGIES_SHOWN = 24 };

/* ---- strategies, counted while entries are read ---- */

/* Room is made whenever the count is a power of two. */
static struct report_strategy *strategy_add(struct report *r, struct mdl_slice name)
{
	size_t n = r->n_strategies;
	if ((n & (n - 1)) == 0) {
		struct report_strategy *v =
			reallocarray(r->strategy, n == 0 ? 1 : 2 * n, sizeof(*v));
		if (v == NULL)
			return NULL;
		r->strategy = v;
	}
	struct report_strategy *s = &r->strategy[r->n_strategies++];
	*s = (struct report_strategy){ 0 };
	memcpy(s->name, name.p, name.n);
	return s;
}

static struct report_strategy *strategy_of(struct report *r, struct mdl_slice name)
{
	for (size_t i = 0; i < r->n_strategies; i++)
		if (mdl_slice_is(name, r->strategy[i].name))
			return &r->strategy[i];
	return strategy_add(r, name);
}

/* The first word of a line that is a choice; empty for the others. */
static struct mdl_slice choice_of(struct mdl_slice line)
{
	struct mdl_slice word = mdl_slice_sub(line, 0, mdl_slice_find(line, MDL_LIT(" ")));
	if (word.n == 0 || word.p[0] == '#' || word.p[word.n - 1] == ':')
		return mdl_slice_sub(word, 0, 0);
	return mdl_slice_sub(word, 0, sizeof(((struct report_strategy *)NULL)->name) - 1);
}

static bool named_before(struct mdl_slice text, size_t before, struct mdl_slice name)
{
	for (size_t at = 0; at < before;) {
		struct mdl_slice rest = mdl_slice_sub(text, at, SIZE_MAX);
		struct mdl_slice line = mdl_slice_sub(rest, 0, mdl_slice_find(rest, MDL_LIT("\n")));
		if (mdl_slice_eq(choice_of(line), name))
			return true;
		at += line.n + 1;
	}
	return false;
}

/* Names that do not fit are dots. */
static size_t name_strategy(char *by, size_t size, size_t used, const char *name)
{
	static const char dots[] = ", ...";
	size_t n = strlen(name) + 2;
	if (used >= size)
		return used;
	if (used + n + sizeof(dots) > size) {
		snprintf(by + used, size - used, "%s", used == 0 ? dots + 2 : dots);
		return size;
	}
	return used + (size_t)snprintf(by + used, size - used, "%s%s", used == 0 ? "" : ", ", name);
}

/* An entry counts once for each strategy, however often the recipe names it. */
mdl_err report_strategies(struct report *r, const char *recipe, char *by, size_t size)
{
	struct mdl_slice text = mdl_slice_str(recipe);
	size_t used = 0;
	unsigned choices = 0;
	by[0] = 0;
	for (size_t at = 0; at < text.n && choices < 64;) {
		struct mdl_slice rest = mdl_slice_sub(text, at, SIZE_MAX);
		struct mdl_slice line = mdl_slice_sub(rest, 0, mdl_slice_find(rest, MDL_LIT("\n")));
		struct mdl_slice name = choice_of(line);
		if (name.n > 0 && !named_before(text, at, name)) {
			struct report_strategy *s = strategy_of(r, name);
			if (s == NULL)
				return MDL_ENOMEM;
			s->entries++;
			choices++;
			used = name_strategy(by, size, used, s->name);
		}
		at += line.n + 1;
	}
	return MDL_OK;
}

/* ---- numbers ---- */

static void numbers(struct html *h, const struct report *r)
{
	char all[TICKS_TEXT], seeds[TICKS_TEXT], kept[TICKS_TEXT], cases[TICKS_TEXT];
	size_t made = 0;
	for (size_t i = 0; i < r->n_entries; i++)
		made += r->entries[i].parent != UINT32_MAX;
	html_leaf(h, "p", NULL,
		  "%s conversations: %s seeds from captures, and %s made of them because they "
		  "showed something that none before had. That is one in %.0f cases.",
		  ticks_count_text(r->n_entries, all), ticks_count_text(r->n_entries - made, seeds),
		  ticks_count_text(made, kept), made == 0 ? 0 : (double)r->cases / (double)made);
	if (made == 0)
		report_nothing(h, "Nothing was added to the seeds in %s cases.",
			       ticks_count_text(r->cases, cases));
}

/* ---- strategies ---- */

static void strategy_row(struct html *h, const struct report_strategy *s, unsigned most)
{
	html_begin(h, "tr", NULL);
	html_leaf(h, "th", NULL, "%s", s->name);
	html_begin(h, "td", "bar");
	html_begin(h, "i", NULL);
	html_attr(h, "style", "width:%.1f%%", 100.0 * s->entries / (most == 0 ? 1 : most));
	html_end(h);
	html_end(h);
	html_leaf(h, "td", "num", "%u", s->entries);
	html_end(h);
}

static void strategies(struct html *h, const struct report *r)
{
	if (r->n_strategies == 0)
		return;
	html_leaf(h, "h3", NULL, "What made them");
	html_leaf(h, "p", "note",
		  "Entries that each strategy took part in; a recipe may use several.");
	html_begin(h, "table", "funnel columns");
	html_begin(h, "tbody", NULL);
	for (size_t i = 0; i < r->n_strategies && i < STRATEGIES_SHOWN; i++)
		strategy_row(h, &r->strategy[i], r->strategy[0].entries);
	html_end(h);
	html_end(h);
	if (r->n_strategies > STRATEGIES_SHOWN)
		html_leaf(h, "p", "note", "And %zu strategies with fewer.",
			  r->n_strategies - STRATEGIES_SHOWN);
}

/* ---- lineage ---- */

static void step(struct html *h, const struct report_entry *e, bool last)
{
	char at[TICKS_TEXT];
	html_begin(h, "li", last ? "self" : NULL);
	if (e->parent == UINT32_MAX) {
		html_leaf(h, "b", NULL, "seed");
		html_say(h, " %s", e->source);
	} else {
		html_leaf(h, "b", NULL, "%s", e->by);
		html_say(h, " case %" PRId64 " at %s", e->found_case,
			 ticks_time_text((double)e->found_ms, at));
	}
	html_end(h);
}

/* From the seed down to the entry; of long lines the latest steps. */
static void lineage(struct html *h, const struct report *r, uint32_t at)
{
	uint32_t line[LINE_MAX_STEPS];
	unsigned n = 0, more = 0;
	for (; at != UINT32_MAX; at = r->entries[at].parent) {
		if (n < LINE_MAX_STEPS)
			line[n++] = at;
		else
			more++;
	}
	html_begin(h, "ol", "lineage");
	if (more > 0)
		html_leaf(h, "li", "more", "%u step%s before", more, more == 1 ? "" : "s");
	for (unsigned i = n; i-- > 0;)
		step(h, &r->entries[line[i]], i == 0);
	html_end(h);
}

static void fertile_row(struct html *h, const struct report *r, uint32_t at)
{
	const struct report_entry *e = &r->entries[at];
	char n[TICKS_TEXT];
	html_begin(h, "tr", NULL);
	html_leaf(h, "td", "num", "%s", ticks_count_text(e->children, n));
	html_leaf(h, "td", "num", "%s", ticks_count_text(e->offspring, n));
	html_leaf(h, "td", "num", "%s", ticks_count_text(e->picked, n));
	html_leaf(h, "td", "num", "%u", e->msgs);
	html_leaf(h, "td", "num", "%u", e->bytes);
	html_begin(h, "td", NULL);
	lineage(h, r, at);
	html_leaf(h, "code", "quiet", "corpus/%s", e->name);
	html_end(h);
	html_end(h);
}

/* The most fertile ones, by how many were made of them directly. */
static unsigned fertile(const struct report *r, uint32_t best[FERTILE])
{
	unsigned n = 0;
	for (uint32_t i = 0; i < r->n_entries; i++) {
		unsigned at = n;
		while (at > 0 && r->entries[best[at - 1]].children < r->entries[i].children)
			at--;
		if (at == FERTILE || r->entries[i].children == 0)
			continue;
		unsigned move = n < FERTILE ? n - at : FERTILE - 1 - at;
		memmove(&best[at + 1], &best[at], move * sizeof(*best));
		best[at] = i;
		n += n < FERTILE;
	}
	return n;
}

static void lines(struct html *h, const struct report *r)
{
	uint32_t best[FERTILE];
	unsigned n = fertile(r, best);
	if (n == 0)
		return;
	html_leaf(h, "h3", NULL, "The most fertile");
	html_begin(h, "div", "wide");
	html_begin(h, "table", NULL);
	html_raw(h, "<thead><tr><th class=\"num\">children</th><th class=\"num\">offspring</th>"
		    "<th class=\"num\">picked</th><th class=\"num\">messages</th>"
		    "<th class=\"num\">bytes</th><th>line, from the seed on</th></tr></thead>");
	html_begin(h, "tbody", NULL);
	for (unsigned i = 0; i < n; i++)
		fertile_row(h, r, best[i]);
	html_end(h);
	html_end(h);
	html_end(h);
}

void report_corpus(struct html *h, const struct report *r)
{
	report_section(h, "corpus", "Corpus");
	if (r->n_entries == 0)
		report_nothing(h, "The corpus is empty: the campaign ended before its seeds were "
				  "taken in.");
	else {
		numbers(h, r);
		strategies(h, r);
		lines(h, r);
	}
	html_end(h);
}
