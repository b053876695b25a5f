/* A section for each finding, made of its folder. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/tracefmt.h"
#include "replay/bundle.h"
#include "replay/excerpt.h"
#include "replay/files.h"
#include "replay/report_parts.h"
#include "replay/report_talk.h"
#include "replay/ticks.h"
#include "replay/words.h"

enum {
	PATH_SIZE = 4096 + 256,
	LOG_HEAD = 12 << 10,
	LOG_TAIL = 24 << 10,
	OPEN_SMALLER = 6 << 10, /* short evidence stands open */
	TRACE_MAX = 4 << 20,
	BEFORE_SHOWN = 8,
	DETAILED = 300,
	ROOM_FOR_DETAILS = 12 << 20,
};

struct detail {
	struct html *h;
	const struct report *r;
	const struct report_finding *f;
	char folder[PATH_SIZE];
	struct bundle_play b;
};

/* ---- files of the bundle ---- */

/* The trace in a file; NULL if it is not there, too long or no trace. */
static struct mdl_trace *trace_of(struct detail *d, const char *name)
{
	char path[PATH_SIZE];
	struct mdl_buf text;
	struct mdl_trace *t = NULL;
	if (!path_join(path, sizeof(path), d->folder, name))
		return NULL;
	mdl_buf_init(&text, TRACE_MAX);
	mdl_err err = file_read(path, &text, NULL);
	if (err == MDL_OK)
		err = mdl_trace_read(mdl_buf_slice(&text), name, &t, NULL);
	if (err == MDL_ENOMEM)
		d->h->err = err;
	mdl_buf_fini(&text);
	return err == MDL_OK ? t : NULL;
}

static bool text_of(struct detail *d, const char *name, struct excerpt *e)
{
	char path[PATH_SIZE];
	if (!path_join(path, sizeof(path), d->folder, name))
		return false;
	mdl_err err = excerpt_read(path, LOG_HEAD, LOG_TAIL, e);
	if (err == MDL_ENOMEM)
		d->h->err = err;
	return err == MDL_OK;
}

/* ---- evidence ---- */

static void put_excerpt(struct html *h, const struct excerpt *e)
{
	char n[TICKS_TEXT];
	html_begin(h, "pre", NULL);
	html_text(h, mdl_buf_slice(&e->head));
	html_end(h);
	if (e->left_out == 0)
		return;
	html_leaf(h, "p", "note", "%s bytes are left out here.", ticks_count_text(e->left_out, n));
	html_begin(h, "pre", NULL);
	html_text(h, mdl_buf_slice(&e->tail));
	html_end(h);
}

static bool evidence(struct detail *d, const char *name, const char *what)
{
	struct excerpt e;
	char n[TICKS_TEXT];
	if (!text_of(d, name, &e))
		return false;
	html_begin(d->h, "details", "evidence");
	if (e.size < OPEN_SMALLER)
		html_attr(d->h, "open", "%s", "");
	html_begin(d->h, "summary", NULL);
	html_say(d->h, "%s ", what);
	html_leaf(d->h, "span", "quiet", "%s, %s bytes", name, ticks_count_text(e.size, n));
	html_end(d->h);
	put_excerpt(d->h, &e);
	html_end(d->h);
	excerpt_fini(&e);
	return true;
}

static void evidences(struct detail *d)
{
	bool stack = evidence(d, "stack.txt", "Where it happened");
	bool log = evidence(d, "log.txt", "What the target printed");
	if (!stack && !log)
		html_leaf(d->h, "p", "note", "The target printed nothing.");
}

/* ---- the recipe ---- */

/* Choices as code, what they did in words below each; a line of the text at a time. */
static void recipe_lines(struct html *h, struct mdl_slice text)
{
	for (size_t at = 0; at < text.n;) {
		struct mdl_slice rest = mdl_slice_sub(text, at, SIZE_MAX);
		struct mdl_slice line = mdl_slice_sub(rest, 0, mdl_slice_find(rest, MDL_LIT("\n")));
		bool words = line.n > 0 && line.p[0] == '#';
		at += line.n + 1;
		if (line.n == 0)
			continue;
		html_begin(h, "div", words ? "words" : "choice");
		html_text(h, mdl_slice_sub(line, words ? 1 : 0, 600));
		html_end(h);
	}
}

static void recipe(struct detail *d)
{
	struct excerpt e;
	if (!text_of(d, "recipe.txt", &e))
		return;
	html_leaf(d->h, "h4", NULL, "How it was made of the seed");
	html_begin(d->h, "div", "recipe");
	recipe_lines(d->h, mdl_buf_slice(&e.head));
	html_end(d->h);
	if (e.left_out > 0)
		html_leaf(d->h, "p", "note", "The recipe goes on in its file.");
	excerpt_fini(&e);
}

/* ---- conversations ---- */

static void before(struct detail *d, struct talk *t)
{
	size_t n = d->b.n_before;
	if (n == 0)
		return;
	html_begin(d->h, "details", NULL);
	html_leaf(d->h, "summary", NULL,
		  "%zu conversation%s in the same process before it, without which it does not "
		  "happen",
		  n, n == 1 ? "" : "s");
	for (size_t i = 0; i < n && i < BEFORE_SHOWN; i++) {
		t->said = d->b.before[i];
		report_talk_lines(d->h, t);
	}
	if (n > BEFORE_SHOWN)
		html_leaf(d->h, "p", "note", "%zu more are in the folder.", n - BEFORE_SHOWN);
	html_end(d->h);
}

static void conversation(struct detail *d)
{
	struct mdl_trace *said = trace_of(d, "answers.txt"), *seed = trace_of(d, "seed.txt");
	struct talk t = { .protocol = d->b.facts.protocol == NULL ? "" : d->b.facts.protocol,
			  .settings = &d->b.facts.settings,
			  .said = said == NULL ? d->b.trace : said,
			  .seed = seed };
	html_leaf(d->h, "h4", NULL, "Conversation");
	if (d->b.facts.repeat > 1)
		html_leaf(d->h, "p", NULL, "Played %" PRIu64 " times in a row.", d->b.facts.repeat);
	if (d->h->err == MDL_OK)
		before(d, &(struct talk){ t.protocol, t.settings, NULL, NULL });
	html_leaf(d->h, "p", "note", "%s%s",
		  said == NULL ? "As it is sent; what came back was not kept."
			       : "As it was really said.",
		  seed == NULL ? " The seed is not there, so nothing is marked."
			       : " What the seed did not have is marked; messages open to their "
				 "fields and bytes.");
	if (d->h->err == MDL_OK)
		report_talk(d->h, &t);
	mdl_trace_free(said);
	mdl_trace_free(seed);
}

/* ---- the section ---- */

static void head(struct detail *d)
{
	const struct report_finding *f = d->f;
	char after[TICKS_TEXT], times[TICKS_TEXT];
	html_begin(d->h, "h3", NULL);
	report_severity_chip(d->h, f);
	html_say(d->h, " %s: ", f->kind);
	html_text(d->h, mdl_slice_str(f->title));
	html_end(d->h);
	html_begin(d->h, "p", "meta");
	html_say(d->h,
		 "confirmed %u of %u times in fresh processes \302\267 first in case %" PRId64
		 " after %s \302\267 shown by %s case%s",
		 f->confirmed, f->tried, f->found_case, ticks_time_text((double)f->found_ms, after),
		 ticks_count_text(f->times < 0 ? 0 : (uint64_t)f->times, times),
		 f->times == 1 ? "" : "s");
	if (f->signature != 0)
		html_say(d->h, " \302\267 signature %016" PRIx64, f->signature);
	html_end(d->h);
}

static void again(struct detail *d)
{
	const char *words[] = { "meddle", "triage", d->folder, NULL };
	struct mdl_buf line;
	mdl_buf_init(&line, 8 * PATH_SIZE);
	mdl_err err = words_join(words, &line);
	if (err != MDL_OK && d->h->err == MDL_OK)
		d->h->err = err;
	html_begin(d->h, "div", "command");
	html_leaf(d->h, "span", NULL, "Plays it again");
	html_begin(d->h, "pre", NULL);
	html_text(d->h, mdl_buf_slice(&line));
	html_end(d->h);
	html_end(d->h);
	mdl_buf_fini(&line);
}

static void body(struct detail *d)
{
	struct mdl_why why;
	mdl_err err = bundle_read(d->folder, &d->b, &why);
	if (err == MDL_ENOMEM)
		d->h->err = err;
	else if (err != MDL_OK)
		report_nothing(d->h, "Its folder cannot be read: %s", why.text);
	else {
		again(d);
		recipe(d);
		html_leaf(d->h, "h4", NULL, "Evidence");
		evidences(d);
		conversation(d);
		bundle_play_fini(&d->b);
	}
}

static void detail(struct html *h, const struct report *r, const struct report_finding *f)
{
	char sub[PATH_SIZE];
	struct detail d = { .h = h, .r = r, .f = f };
	html_begin(h, "article", NULL);
	html_attr(h, "id", "f%" PRId64, f->id);
	html_attr(h, "data-severity", "%s", f->confirmed == 0 ? "none" : f->severity);
	head(&d);
	if (f->bundle[0] == 0)
		report_nothing(h, "It did not happen again in a fresh process, so there is no "
				  "folder for it.");
	else if (strchr(f->bundle, '/') != NULL ||
		 !path_join(sub, sizeof(sub), r->folder, "findings") ||
		 !path_join(d.folder, sizeof(d.folder), sub, f->bundle))
		report_nothing(h, "Its folder has no name that could be followed.");
	else if (!folder_is(d.folder))
		report_nothing(h, "Its folder, %s, is not there.", d.folder);
	else
		body(&d);
	html_end(h);
}

void report_details(struct html *h, const struct report *r)
{
	size_t begun = h->out->n, i = 0;
	if (r->n_findings == 0)
		return;
	report_section(h, "details", "Findings in detail");
	for (; i < r->n_findings && i < DETAILED && h->err == MDL_OK; i++) {
		if (h->out->n - begun > ROOM_FOR_DETAILS)
			break;
		detail(h, r, &r->findings[i]);
	}
	if (h->err == MDL_OK && i < r->n_findings)
		html_leaf(h, "p", "note",
			  "%zu further findings are left out, for the page would become too long. "
			  "Their folders are below %s/findings.",
			  r->n_findings - i, r->folder);
	html_end(h);
}
