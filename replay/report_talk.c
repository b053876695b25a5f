#include "replay/report_talk.h"

#include <stdlib.h>

#include "protocols/registry.h"
#include "protocols/show.h"
#include "replay/likeness.h"

enum { MESSAGES_SHOWN = 40, LINES_SHOWN = 24, LINE_MAX_BYTES = 1 << 16, LINE_SHOWN = 300 };

/* What taking messages apart needs from one to the next. */
struct reader {
	struct html *h;
	const struct talk *t;
	struct mdl_ctx *x;
	struct mdl_fields now, was;
	uint32_t *made_of;
};

static void note_error(struct html *h, mdl_err err)
{
	if (err == MDL_ENOMEM && h->err == MDL_OK)
		h->err = err;
}

/* A protocol whose settings are no good any more still has bytes. */
static mdl_err open_reader(struct reader *rd)
{
	const struct mdl_protocol *p = mdl_protocol_find(rd->t->protocol);
	enum mdl_carrier on = rd->t->said->carrier;
	mdl_fields_init(&rd->now);
	mdl_fields_init(&rd->was);
	mdl_err err = p == NULL ? MDL_EINVAL : mdl_ctx_new(p, on, rd->t->settings, &rd->x, NULL);
	if (err != MDL_OK && err != MDL_ENOMEM)
		err = mdl_ctx_new(&mdl_raw, on, NULL, &rd->x, NULL);
	if (err != MDL_OK)
		return err;
	rd->made_of = calloc(rd->t->said->n + 1, sizeof(*rd->made_of));
	if (rd->made_of == NULL)
		return MDL_ENOMEM;
	if (rd->t->seed != NULL)
		like_match(rd->t->seed, rd->t->said, MDL_C2S, rd->made_of);
	return MDL_OK;
}

static void close_reader(struct reader *rd)
{
	free(rd->made_of);
	mdl_fields_fini(&rd->now);
	mdl_fields_fini(&rd->was);
	mdl_ctx_free(rd->x);
}

static struct mdl_view view(struct reader *rd, struct mdl_slice msg, enum mdl_dir dir,
			    struct mdl_fields *f)
{
	rd->x->dir = dir;
	struct mdl_view v = { msg, f, mdl_dissect(rd->x, msg, f) };
	note_error(rd->h, v.err);
	return v;
}

static void message(struct reader *rd, size_t i)
{
	const struct mdl_msg *msg = rd->t->said->v[i];
	struct message m = { .x = rd->x, .msg = msg };
	uint32_t from = rd->t->seed == NULL ? LIKE_NONE : rd->made_of[i];
	if (from != LIKE_NONE) {
		m.was = view(rd, mdl_buf_slice(&rd->t->seed->v[from]->bytes), msg->dir, &rd->was);
		m.changed = !mdl_slice_eq(m.was.msg, mdl_buf_slice(&msg->bytes));
	} else
		m.added = rd->t->seed != NULL && msg->dir == MDL_C2S && i < LIKE_MSGS;
	m.now = view(rd, mdl_buf_slice(&msg->bytes), msg->dir, &rd->now);
	if (rd->h->err == MDL_OK)
		report_message(rd->h, &m);
}

static void heads(struct html *h)
{
	html_leaf(h, "div", "side client", "client");
	html_leaf(h, "div", "side server", "server");
}

void report_talk(struct html *h, const struct talk *t)
{
	struct reader rd = { .h = h, .t = t };
	mdl_err err = open_reader(&rd);
	note_error(h, err);
	html_begin(h, "div", "talk");
	heads(h);
	for (size_t i = 0;
	     err == MDL_OK && h->err == MDL_OK && i < t->said->n && i < MESSAGES_SHOWN; i++)
		message(&rd, i);
	if (mdl_trace_count(t->said, MDL_S2C) == 0)
		html_leaf(h, "p", "quiet server", "The server said nothing.");
	html_end(h);
	if (t->said->n > MESSAGES_SHOWN)
		html_leaf(h, "p", "note",
			  "%zu further messages are left out; meddle show has them.",
			  t->said->n - MESSAGES_SHOWN);
	close_reader(&rd);
}

static void one_line(struct reader *rd, const struct mdl_msg *msg)
{
	struct mdl_buf line;
	mdl_buf_init(&line, LINE_MAX_BYTES);
	struct mdl_view v = view(rd, mdl_buf_slice(&msg->bytes), msg->dir, &rd->now);
	note_error(rd->h, mdl_show_line(rd->x, v.msg, v.f, &line));
	html_say(rd->h, msg->dir == MDL_C2S ? "> " : "< ");
	html_text(rd->h, mdl_slice_sub(mdl_buf_slice(&line), 0, LINE_SHOWN));
	html_say(rd->h, "\n");
	mdl_buf_fini(&line);
}

void report_talk_lines(struct html *h, const struct talk *t)
{
	struct reader rd = { .h = h, .t = t };
	mdl_err err = open_reader(&rd);
	note_error(h, err);
	html_begin(h, "pre", NULL);
	for (size_t i = 0; err == MDL_OK && h->err == MDL_OK && i < t->said->n && i < LINES_SHOWN;
	     i++)
		one_line(&rd, t->said->v[i]);
	if (t->said->n > LINES_SHOWN)
		html_say(h, "... and %zu further messages\n", t->said->n - LINES_SHOWN);
	html_end(h);
	close_reader(&rd);
}
