/* One message: its line, its fields, its bytes, and what of them is not the seed's. */
#include <inttypes.h>
#include <stdlib.h>

#include "protocols/diff.h"
#include "protocols/show.h"
#include "replay/likeness.h"
#include "replay/report_talk.h"

enum {
	FIELDS_SHOWN = 160,
	BYTES_SHOWN = 1024,
	BYTES_A_LINE = 16,
	VALUE_MAX = 1 << 16,
	VALUE_SHOWN = 240,
	MISSING_SHOWN = 12,
};

/* ---- fields ---- */

/* Marks of fields, by their index. */
static void mark_fields(const struct mdl_diff *d, uint32_t n, uint8_t *mark)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].b < n && d->v[i].kind != MDL_DIFF_MISSING)
			mark[d->v[i].b] = d->v[i].aside ? 1 : 2;
}

static void put_value(struct html *h, const struct message *m, uint32_t i)
{
	struct mdl_buf value;
	mdl_buf_init(&value, VALUE_MAX);
	mdl_err err = mdl_show_value(m->now.f, m->now.msg, i, &value);
	html_text(h, mdl_slice_sub(mdl_buf_slice(&value), 0, VALUE_SHOWN));
	if (value.n > VALUE_SHOWN)
		html_say(h, "\342\200\246");
	if (err == MDL_ENOMEM && h->err == MDL_OK)
		h->err = err;
	mdl_buf_fini(&value);
}

static void field_row(struct html *h, const struct message *m, uint32_t i, uint8_t mark)
{
	static const char *const classes[] = { NULL, "aside", "changed" };
	const struct mdl_field *f = &m->now.f->v[i];
	html_begin(h, "tr", classes[mark]);
	html_begin(h, "td", NULL);
	html_attr(h, "style", "padding-left:%.1fem", 0.9 * f->depth + 0.4);
	html_say(h, "%s", mdl_field_def(m->now.f, i)->name);
	html_end(h);
	html_begin(h, "td", "value");
	put_value(h, m, i);
	html_end(h);
	html_leaf(h, "td", "num quiet", "%" PRIu32 "+%" PRIu32, f->off, f->len);
	html_end(h);
}

static mdl_err say_field(const struct mdl_view *v, uint32_t i, struct mdl_buf *out)
{
	mdl_err err = mdl_buf_printf(out, "not there any more: ");
	if (err == MDL_OK)
		err = mdl_field_path(v->f, i, out);
	if (err == MDL_OK)
		err = mdl_buf_put(out, ' ');
	return err == MDL_OK ? mdl_show_value(v->f, v->msg, i, out) : err;
}

/* What the seed had and this message has not. */
static void missing(struct html *h, const struct message *m, const struct mdl_diff *d)
{
	struct mdl_buf text;
	unsigned shown = 0;
	mdl_buf_init(&text, VALUE_MAX);
	for (size_t i = 0; i < d->n && shown < MISSING_SHOWN; i++) {
		if (d->v[i].kind != MDL_DIFF_MISSING || d->v[i].aside)
			continue;
		mdl_buf_cut(&text, 0);
		if (say_field(&m->was, d->v[i].a, &text) == MDL_ENOMEM)
			h->err = MDL_ENOMEM;
		html_begin(h, "p", "gone");
		html_text(h, mdl_slice_sub(mdl_buf_slice(&text), 0, VALUE_SHOWN));
		html_end(h);
		shown++;
	}
	mdl_buf_fini(&text);
}

static void put_fields(struct html *h, const struct message *m, const struct mdl_diff *d)
{
	uint8_t mark[FIELDS_SHOWN] = { 0 };
	uint32_t n = m->now.f->n < FIELDS_SHOWN ? m->now.f->n : FIELDS_SHOWN;
	if (d != NULL)
		mark_fields(d, n, mark);
	html_begin(h, "table", "fields");
	html_begin(h, "tbody", NULL);
	for (uint32_t i = 0; i < n; i++)
		field_row(h, m, i, mark[i]);
	html_end(h);
	html_end(h);
	if (m->now.f->n > n)
		html_leaf(h, "p", "note", "%" PRIu32 " further fields are left out.",
			  m->now.f->n - n);
	if (d != NULL)
		missing(h, m, d);
	for (unsigned i = 0; i < m->now.f->n_notes; i++)
		html_leaf(h, "p", "odd", "byte %u: %s", m->now.f->notes[i].off,
			  m->now.f->notes[i].text);
}

/* ---- bytes ---- */

static const char *const mark_classes[] = { NULL, "new", "gap", "new gap" };

/* The bytes of a line from `from` on, in runs of equal marks. */
static void runs(struct html *h, struct mdl_slice line, const uint8_t *mark, bool hex)
{
	for (size_t i = 0; i < line.n;) {
		uint8_t m = mark == NULL ? 0 : mark[i];
		unsigned outer = h->depth;
		size_t first = i;
		if (hex && i > 0)
			html_say(h, " ");
		if (m != 0)
			html_begin(h, "i", mark_classes[m & 3]);
		do {
			uint8_t c = line.p[i];
			if (hex)
				html_say(h, i > first ? " %02x" : "%02x", c);
			else
				html_say(h, "%c", c < 0x20 || c > 0x7e ? '.' : c);
			i++;
		} while (i < line.n && (mark == NULL ? 0 : mark[i]) == m && (m & LIKE_GAP) == 0);
		html_end_to(h, outer);
	}
}

static void hex_dump(struct html *h, struct mdl_slice s, const uint8_t *mark)
{
	html_begin(h, "pre", "hex");
	for (size_t at = 0; at < s.n && at < BYTES_SHOWN; at += BYTES_A_LINE) {
		struct mdl_slice line = mdl_slice_sub(s, at, BYTES_A_LINE);
		html_leaf(h, "b", NULL, "%04zx", at);
		html_say(h, "  ");
		runs(h, line, mark == NULL ? NULL : mark + at, true);
		html_say(h, "%*s", (int)(3 * (BYTES_A_LINE - line.n) + 2), "");
		runs(h, line, mark == NULL ? NULL : mark + at, false);
		html_say(h, "\n");
	}
	html_end(h);
	if (s.n > BYTES_SHOWN)
		html_leaf(h, "p", "note", "%zu further bytes are left out.", s.n - BYTES_SHOWN);
}

static void put_bytes(struct html *h, const struct message *m)
{
	uint8_t *mark = m->changed ? calloc(1, m->now.msg.n + 1) : NULL;
	if (m->changed && (mark == NULL || like_mark(m->was.msg, m->now.msg, mark) != MDL_OK))
		h->err = MDL_ENOMEM;
	else
		hex_dump(h, m->now.msg, mark);
	free(mark);
}

/* ---- the message ---- */

static void put_line(struct html *h, const struct message *m)
{
	struct mdl_buf line;
	mdl_buf_init(&line, VALUE_MAX);
	mdl_err err = mdl_show_line(m->x, m->now.msg, m->now.f, &line);
	html_begin(h, "span", "line");
	html_text(h, mdl_slice_sub(mdl_buf_slice(&line), 0, 2 * VALUE_SHOWN));
	html_end(h);
	if (err == MDL_ENOMEM && h->err == MDL_OK)
		h->err = err;
	mdl_buf_fini(&line);
}

static void tags(struct html *h, const struct message *m)
{
	if (m->changed)
		html_leaf(h, "span", "tag new", "changed");
	if (m->added)
		html_leaf(h, "span", "tag new", "added");
	if (m->now.err == MDL_EMALFORMED)
		html_leaf(h, "span", "tag", "malformed");
	if ((m->msg->flags & MDL_MSG_RAW) != 0)
		html_leaf(h, "span", "tag", "not framed");
}

static void summary(struct html *h, const struct message *m)
{
	char at[MDL_TIME_TEXT];
	html_begin(h, "summary", NULL);
	html_leaf(h, "span", "who", "%s %s \302\267 %zu bytes",
		  m->msg->dir == MDL_C2S ? "client" : "server", mdl_time_text(m->msg->at, at),
		  m->now.msg.n);
	put_line(h, m);
	tags(h, m);
	html_end(h);
}

void report_message(struct html *h, const struct message *m)
{
	struct mdl_diff *d = m->changed ? calloc(1, sizeof(*d)) : NULL;
	if (m->changed && (d == NULL || mdl_diff(&m->was, &m->now, NULL, d) != MDL_OK)) {
		h->err = MDL_ENOMEM;
		free(d);
		return;
	}
	html_begin(h, "details", m->msg->dir == MDL_C2S ? "msg client" : "msg server");
	summary(h, m);
	put_fields(h, m, d);
	put_bytes(h, m);
	html_end(h);
	free(d);
}
