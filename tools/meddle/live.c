#include "tools/meddle/live.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/text.h"

enum { WIDTH = 78, HEIGHT = 22, BAR = 28, LINE_EVERY_S = 5, FINDINGS_KEPT = 4 };

struct live {
	enum live_kind kind;
	mdl_time last;	     /* when something was shown, on the campaign's clock */
	unsigned height;     /* lines of the screen that stand there now */
	struct winsize size; /* of the terminal when it was last drawn on */
	bool shown;
	int broken;				/* see live_broken */
	struct triaged findings[FINDINGS_KEPT]; /* the latest */
	size_t n_findings;
};

struct live *live_new(bool json)
{
	struct live *l = calloc(1, sizeof(*l));
	const char *term = getenv("TERM");
	bool screen = isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
	if (l != NULL)
		l->kind = json ? LIVE_JSON : screen ? LIVE_SCREEN : LIVE_LINES;
	return l;
}

void live_free(struct live *l)
{
	free(l);
}

int live_broken(const struct live *l)
{
	return l->broken;
}

enum live_kind live_kind(const struct live *l)
{
	return l->kind;
}

/* ---- the screen ---- */

/* What targets print stands in titles: nothing of it may steer the terminal. */
static void harmless(char *text)
{
	for (; *text != 0; text++)
		if (*text < 0x20 || *text == 0x7f)
			*text = '?';
}

/* One line of the box, as wide as that at most; counts it and clears what stood there. */
static void row(struct live *l, const char *fmt, ...) MDL_PRINTF(2, 3);
static void row(struct live *l, const char *fmt, ...)
{
	char text[WIDTH + 1];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	harmless(text);
	fprintf(stderr, "\033[2K%s\n", text);
	l->height++;
}

static void rule(struct live *l, const char *left, const char *right)
{
	char text[WIDTH + 1];
	int n = snprintf(text, sizeof(text), "+- %s ", left);
	while (n < WIDTH / 2)
		text[n++] = '-';
	n += snprintf(text + n, sizeof(text) - (size_t)n, "+- %s ", right);
	while (n < WIDTH - 1)
		text[n++] = '-';
	text[n++] = '+';
	text[n] = 0;
	row(l, "%s", text);
}

/* "left text : value | right text : value" in two columns. */
static void pair(struct live *l, const char *a, const char *av, const char *b, const char *bv)
{
	row(l, "| %13s : %-20.20s | %13s : %-19.19s |", a, av, b, bv);
}

static const char *ago(mdl_time t, char out[MDL_TIME_TEXT + 8])
{
	char text[MDL_TIME_TEXT];
	if (t == MDL_NEVER)
		snprintf(out, MDL_TIME_TEXT + 8, "none yet");
	else
		snprintf(out, MDL_TIME_TEXT + 8, "%s ago", mdl_time_text(t, text));
	return out;
}

static const char *count(uint64_t v, char out[32])
{
	snprintf(out, 32, "%" PRIu64, v);
	return out;
}

static const char *rate(double v, char out[32])
{
	snprintf(out, 32, v < 100 ? "%.1f/s" : "%.0f/s", v);
	return out;
}

static void timing_rows(struct live *l, const struct campaign_status *s)
{
	char ran[MDL_TIME_TEXT], news[MDL_TIME_TEXT + 8], found[MDL_TIME_TEXT + 8], a[32], b[32];
	rule(l, "process timing", "overall results");
	pair(l, "run time", mdl_time_text(s->ran_before + s->ran, ran), "cases done",
	     count(s->cases, a));
	pair(l, "last new seen", ago(s->last_new, news), "corpus count", count(s->corpus, a));
	pair(l, "last finding", ago(s->last_finding, found), "findings", count(s->findings, b));
	pair(l, "exec speed", rate(s->rate, a), "unconfirmed", count(s->unconfirmed, b));
}

static void coverage_rows(struct live *l, const struct campaign_status *s)
{
	char a[32], b[32], mb[48];
	rule(l, "what was seen", "target");
	snprintf(mb, sizeof(mb), "%.1f MB, %u files", s->target_mb, s->target_fds);
	pair(l, "states", count(s->states, a), "memory", s->target_mb > 0 ? mb : "-");
	pair(l, "state edges", count(s->edges, a), "started", count(s->restarts, b));
	pair(l, "features", count(s->features, a), "workers", count(s->workers, b));
}

/* How deep cases got, a bar a layer. */
static void depth_rows(struct live *l, const struct campaign_status *s)
{
	uint64_t total = s->silent;
	for (unsigned d = 0; s->depth_names[d] != NULL && d < DEPTHS_MAX; d++)
		total += s->depth[d];
	rule(l, "depth reached", "share of cases");
	for (int d = -1; d < DEPTHS_MAX && (d < 0 || s->depth_names[d] != NULL); d++) {
		char bar[BAR + 1] = "";
		uint64_t n = d < 0 ? s->silent : s->depth[d];
		double share = total == 0 ? 0 : (double)n / (double)total;
		size_t full = (size_t)(share * BAR + 0.5);
		memset(bar, '#', full);
		bar[full] = 0;
		row(l, "| %13s : %-20" PRIu64 " | %-*s %5.1f%% |",
		    d < 0 ? "silence" : s->depth_names[d], n, BAR, bar, 100 * share);
	}
}

static void finding_rows(struct live *l)
{
	if (l->n_findings == 0)
		return;
	rule(l, "findings", "latest last");
	size_t from = l->n_findings > FINDINGS_KEPT ? l->n_findings - FINDINGS_KEPT : 0;
	for (size_t i = from; i < l->n_findings; i++) {
		const struct triaged *t = &l->findings[i % FINDINGS_KEPT];
		row(l, "| %8s %-7s %-58.58s|", mdl_severity_text(t->severity), t->kind, t->title);
	}
}

/* Where there is no room for the box: one line, as long as there is room. */
static void brief(struct live *l, const struct campaign_status *s)
{
	char ran[MDL_TIME_TEXT], text[WIDTH + 1];
	unsigned room = l->size.ws_col > 1 ? l->size.ws_col - 1U : 1;
	snprintf(text, sizeof(text), "%s  %" PRIu64 " cases  %zu found  %.0f/s  [%s]",
		 mdl_time_text(s->ran_before + s->ran, ran), s->cases, s->findings, s->rate,
		 s->phase);
	if (room < sizeof(text))
		text[room] = 0;
	fprintf(stderr, "\033[2K%s\n", text);
	l->height = 1;
}

/* Goes back over what stands there; a terminal of another size has broken its lines anew. */
static void rewind_screen(struct live *l)
{
	struct winsize now = { .ws_row = 24, .ws_col = 80 };
	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &now) != 0 || now.ws_col == 0)
		now = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	if (l->height > 0 && (now.ws_col != l->size.ws_col || now.ws_row != l->size.ws_row))
		fprintf(stderr, "\033[H\033[2J");
	else if (l->height > 0)
		fprintf(stderr, "\033[%uA\r", l->height);
	l->size = now;
	l->height = 0;
}

static void box(struct live *l, const struct campaign_status *s)
{
	char last[WIDTH + 1];
	row(l, "  meddle %s  seed %" PRIu64 "  %s  [%s]", MEDDLE_VERSION, s->seed, s->out,
	    s->phase);
	timing_rows(l, s);
	coverage_rows(l, s);
	depth_rows(l, s);
	finding_rows(l);
	memset(last, '-', WIDTH);
	last[0] = last[WIDTH - 1] = '+';
	last[WIDTH] = 0;
	row(l, "%s", last);
}

static void screen(struct live *l, const struct campaign_status *s)
{
	rewind_screen(l);
	if (l->size.ws_col <= WIDTH || l->size.ws_row <= HEIGHT)
		brief(l, s);
	else
		box(l, s);
	fflush(stderr);
}

/* ---- lines ---- */

static void line(const struct campaign_status *s)
{
	char ran[MDL_TIME_TEXT];
	fprintf(stderr,
		"%s  cases %" PRIu64 "  %.0f/s  corpus %zu  states %zu  edges %zu  features %zu  "
		"findings %zu  restarts %" PRIu64 "  [%s]\n",
		mdl_time_text(s->ran_before + s->ran, ran), s->cases, s->rate, s->corpus, s->states,
		s->edges, s->features, s->findings, s->restarts, s->phase);
}

/* ---- JSON ---- */

static void put_json(struct live *l, json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT);
	if (text != NULL && l->broken == 0 && (puts(text) < 0 || fflush(stdout) != 0))
		l->broken = errno;
	free(text);
	json_decref(j);
}

static json_t *depth_json(const struct campaign_status *s)
{
	json_t *o = json_object();
	json_object_set_new(o, "silence", json_integer((json_int_t)s->silent));
	for (unsigned d = 0; s->depth_names[d] != NULL && d < DEPTHS_MAX; d++)
		json_object_set_new(o, s->depth_names[d], json_integer((json_int_t)s->depth[d]));
	return o;
}

static void status_json(struct live *l, const struct campaign_status *s, const char *type)
{
	put_json(l, json_pack("{s:s, s:f, s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:s, "
			      "s:s, s:o}",
			      "type", type, "ran", (double)(s->ran_before + s->ran) / 1e9, "cases",
			      (json_int_t)s->cases, "rate", s->rate, "corpus",
			      (json_int_t)s->corpus, "states", (json_int_t)s->states, "edges",
			      (json_int_t)s->edges, "features", (json_int_t)s->features, "findings",
			      (json_int_t)s->findings, "unconfirmed", (json_int_t)s->unconfirmed,
			      "restarts", (json_int_t)s->restarts, "target_mb", s->target_mb,
			      "phase", s->phase, "out", s->out, "depth", depth_json(s)));
}

/* ---- all three ---- */

static mdl_time interval(const struct live *l)
{
	return l->kind == LIVE_SCREEN ? 200 * MDL_MS
	       : l->kind == LIVE_JSON ? MDL_SEC
				      : LINE_EVERY_S * MDL_SEC;
}

static void show(struct live *l, const struct campaign_status *s)
{
	if (l->kind == LIVE_SCREEN)
		screen(l, s);
	else if (l->kind == LIVE_LINES)
		line(s);
	else
		status_json(l, s, "status");
}

void live_status(struct live *l, const struct campaign_status *s)
{
	if (l->shown && s->ran - l->last < interval(l) && s->ran >= l->last)
		return;
	l->shown = true;
	l->last = s->ran;
	show(l, s);
}

void live_finding(struct live *l, const struct triaged *t)
{
	l->findings[l->n_findings++ % FINDINGS_KEPT] = *t;
	if (l->kind == LIVE_LINES)
		fprintf(stderr, "finding: %s %s: %s (case %" PRIu64 ", %u of %u)\n",
			mdl_severity_text(t->severity), t->kind, t->title, t->number, t->confirmed,
			t->tried);
	if (l->kind == LIVE_JSON)
		put_json(l,
			 json_pack("{s:s, s:s, s:s, s:s, s:I, s:i, s:i, s:s}", "type", "finding",
				   "severity", mdl_severity_text(t->severity), "kind", t->kind,
				   "title", t->title, "case", (json_int_t)t->number, "confirmed",
				   (int)t->confirmed, "tried", (int)t->tried, "bundle", t->bundle));
}

void live_note(struct live *l, const char *text)
{
	if (l->kind == LIVE_JSON) {
		put_json(l, json_pack("{s:s, s:s}", "type", "note", "text", text));
		return;
	}
	if (l->kind == LIVE_SCREEN && l->height > 0) {
		fprintf(stderr, "\033[%uA\r\033[J", l->height);
		l->height = 0;
	}
	fprintf(stderr, "%s\n", text);
}

void live_end(struct live *l, const struct campaign_status *s)
{
	if (s->depth_names == NULL) /* it never began */
		return;
	if (l->kind == LIVE_JSON)
		status_json(l, s, "end");
	else
		show(l, s);
}
