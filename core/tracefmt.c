#include "core/tracefmt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"

static const char magic[] = "meddle-trace 1";

static const struct {
	enum mdl_msg_flag flag;
	const char *word;
} flag_words[] = { { MDL_MSG_CUT, "cut" }, { MDL_MSG_RAW, "raw" }, { MDL_MSG_MADE, "made" } };

static bool control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

/* A file's name may hold anything; the line has to stay one. */
static mdl_err write_source(const char *source, struct mdl_buf *out)
{
	mdl_err err = mdl_buf_printf(out, "source: ");
	for (; err == MDL_OK && *source != 0; source++)
		err = mdl_buf_put(out, control((uint8_t)*source) ? '?' : (uint8_t)*source);
	return err == MDL_OK ? mdl_buf_put(out, '\n') : err;
}

static mdl_err write_header(const struct mdl_trace *t, struct mdl_buf *out)
{
	char client[MDL_INET_TEXT], server[MDL_INET_TEXT];
	mdl_err err = mdl_buf_printf(out, "%s\nprotocol: %s\ncarrier: %s\n", magic, t->proto,
				     mdl_carrier_text(t->carrier));
	if (err == MDL_OK && t->client.family != 0)
		err = mdl_buf_printf(out, "client: %s\n", mdl_inet_text(&t->client, client));
	if (err == MDL_OK && t->server.family != 0)
		err = mdl_buf_printf(out, "server: %s\n", mdl_inet_text(&t->server, server));
	if (err == MDL_OK && t->start > 0)
		err = mdl_buf_printf(out, "start: %" PRId64 ".%09" PRId64 "\n", t->start / MDL_SEC,
				     t->start % MDL_SEC);
	if (err == MDL_OK && t->source[0] != 0)
		err = write_source(t->source, out);
	return err;
}

static mdl_err write_msg(const struct mdl_msg *m, struct mdl_buf *out)
{
	struct mdl_slice bytes = mdl_buf_slice(&m->bytes);
	mdl_time at = m->at < 0 ? 0 : m->at;
	mdl_err err = mdl_buf_printf(out, "%c %" PRId64 ".%09" PRId64,
				     m->dir == MDL_C2S ? '>' : '<', at / MDL_SEC, at % MDL_SEC);
	for (size_t i = 0; err == MDL_OK && i < MDL_COUNT(flag_words); i++)
		if ((m->flags & flag_words[i].flag) != 0)
			err = mdl_buf_printf(out, " %s", flag_words[i].word);
	if (err == MDL_OK)
		err = mdl_buf_put(out, ' ');
	if (err != MDL_OK)
		return err;
	err = bytes.n == 0 || mdl_slice_printable(bytes) ? mdl_text_quote(out, bytes)
							 : mdl_text_hex(out, bytes);
	return err == MDL_OK ? mdl_buf_put(out, '\n') : err;
}

mdl_err mdl_trace_write(const struct mdl_trace *t, struct mdl_buf *out)
{
	mdl_err err = write_header(t, out);
	for (size_t i = 0; err == MDL_OK && i < t->n; i++)
		err = write_msg(t->v[i], out);
	return err;
}

/* What a line reader knows about where it is. */
struct reader {
	struct mdl_slice left;
	const char *name;
	unsigned line;
	bool protocol, carrier; /* were seen */
	struct mdl_trace *t;
	struct mdl_buf bytes;
	struct mdl_why *why;
};

static mdl_err expected(const struct reader *r, const char *what)
{
	return mdl_fail(r->why, MDL_EMALFORMED, "%s:%u: expected %s", r->name, r->line, what);
}

static bool next_line(struct reader *r, struct mdl_slice *line)
{
	while (r->left.n > 0) {
		size_t n = mdl_slice_find(r->left, MDL_LIT("\n"));
		*line = mdl_slice_sub(r->left, 0, n);
		r->left = mdl_slice_sub(r->left, n + 1, SIZE_MAX);
		r->line++;
		if (line->n > 0 && line->p[line->n - 1] == '\r')
			line->n--;
		if (line->n > 0 && line->p[0] != '#')
			return true;
	}
	return false;
}

/* The next word of `s`, which then begins behind it. */
static struct mdl_slice word(struct mdl_slice *s)
{
	while (s->n > 0 && s->p[0] == ' ')
		*s = mdl_slice_sub(*s, 1, SIZE_MAX);
	struct mdl_slice w = mdl_slice_sub(*s, 0, mdl_slice_find(*s, MDL_LIT(" ")));
	*s = mdl_slice_sub(*s, w.n, SIZE_MAX);
	return w;
}

static mdl_err copy_text(struct mdl_slice s, char *out, size_t size)
{
	if (s.n >= size)
		return MDL_EINVAL;
	for (size_t i = 0; i < s.n; i++)
		if (control(s.p[i]))
			return MDL_EINVAL;
	memcpy(out, s.p, s.n);
	out[s.n] = 0;
	return MDL_OK;
}

static mdl_err parse_time(struct mdl_slice s, mdl_time *out)
{
	char text[40];
	mdl_err err = copy_text(s, text, sizeof(text));
	return err == MDL_OK ? mdl_time_parse(text, out) : err;
}

static mdl_err parse_inet(struct mdl_slice s, struct mdl_inet *out)
{
	char text[MDL_INET_TEXT];
	mdl_err err = s.n == 0 ? MDL_EINVAL : copy_text(s, text, sizeof(text));
	return err == MDL_OK ? mdl_inet_parse(text, out) : err;
}

static mdl_err parse_carrier(struct mdl_slice s, enum mdl_carrier *out)
{
	static const enum mdl_carrier all[] = { MDL_DGRAM, MDL_STREAM, MDL_PACKET };
	for (size_t i = 0; i < MDL_COUNT(all); i++)
		if (mdl_slice_is(s, mdl_carrier_text(all[i]))) {
			*out = all[i];
			return MDL_OK;
		}
	return MDL_EINVAL;
}

static mdl_err parse_header(struct reader *r, struct mdl_slice line)
{
	struct mdl_trace *t = r->t;
	size_t colon = mdl_slice_find(line, MDL_LIT(": "));
	struct mdl_slice key = mdl_slice_sub(line, 0, colon);
	struct mdl_slice value = mdl_slice_sub(line, colon + 2, SIZE_MAX);
	if (mdl_slice_is(key, "protocol")) {
		if (value.n == 0 || copy_text(value, t->proto, sizeof(t->proto)) != MDL_OK)
			return expected(r, "a protocol name");
		r->protocol = true;
	} else if (mdl_slice_is(key, "carrier")) {
		if (parse_carrier(value, &t->carrier) != MDL_OK)
			return expected(r, "dgram, stream or packet");
		r->carrier = true;
	} else if (mdl_slice_is(key, "client") || mdl_slice_is(key, "server")) {
		if (parse_inet(value, key.p[0] == 'c' ? &t->client : &t->server) != MDL_OK)
			return expected(r, "an address as 192.0.2.1:53 or [2001:db8::1]:53");
	} else if (mdl_slice_is(key, "start")) {
		if (parse_time(value, &t->start) != MDL_OK)
			return expected(r, "seconds since 1970");
	} else if (mdl_slice_is(key, "source")) {
		if (copy_text(value, t->source, sizeof(t->source)) != MDL_OK)
			return expected(r, "up to 255 bytes of text");
	} else
		return expected(r, "protocol, carrier, client, server, start, source or a message");
	return MDL_OK;
}

static bool parse_flag(struct mdl_slice w, unsigned *flags)
{
	for (size_t i = 0; i < MDL_COUNT(flag_words); i++)
		if (mdl_slice_is(w, flag_words[i].word)) {
			*flags |= flag_words[i].flag;
			return true;
		}
	return false;
}

static mdl_err parse_bytes(struct reader *r, struct mdl_slice s)
{
	mdl_buf_cut(&r->bytes, 0);
	mdl_err err = s.n > 0 && s.p[0] == '"' ? mdl_text_unquote(&r->bytes, s)
					       : mdl_text_unhex(&r->bytes, s);
	if (err == MDL_EINVAL || s.n == 0)
		return expected(r, "the bytes as hex digits or in double quotes");
	return err;
}

static mdl_err parse_msg(struct reader *r, struct mdl_slice line)
{
	enum mdl_dir dir = line.p[0] == '>' ? MDL_C2S : MDL_S2C;
	line = mdl_slice_sub(line, 1, SIZE_MAX);
	mdl_time at;
	if (parse_time(word(&line), &at) != MDL_OK)
		return expected(r, "seconds, as 0.000312000");
	unsigned flags = 0;
	struct mdl_slice rest = line, w;
	while (w = word(&rest), parse_flag(w, &flags))
		line = rest;
	while (line.n > 0 && line.p[0] == ' ')
		line = mdl_slice_sub(line, 1, SIZE_MAX);
	mdl_err err = parse_bytes(r, line);
	if (err == MDL_OK)
		err = mdl_trace_add(r->t, dir, at, mdl_buf_slice(&r->bytes));
	if (err == MDL_OK)
		r->t->v[r->t->n - 1]->flags = flags;
	return err;
}

static mdl_err end_of_header(const struct reader *r)
{
	return r->protocol && r->carrier ? MDL_OK
					 : expected(r, "protocol and carrier before the messages");
}

static mdl_err parse_trace(struct reader *r)
{
	struct mdl_slice line;
	if (!next_line(r, &line) || !mdl_slice_is(line, magic))
		return expected(r, "\"meddle-trace 1\" in the first line");
	mdl_err err = MDL_OK;
	while (err == MDL_OK && next_line(r, &line)) {
		if (line.p[0] == '>' || line.p[0] == '<') {
			err = end_of_header(r);
			if (err == MDL_OK)
				err = parse_msg(r, line);
		} else if (r->t->n == 0)
			err = parse_header(r, line);
		else
			err = expected(r, "a message, which begins with > or <");
	}
	return err == MDL_OK ? end_of_header(r) : err;
}

mdl_err mdl_trace_read(struct mdl_slice text, const char *name, struct mdl_trace **out,
		       struct mdl_why *why)
{
	struct reader r = { .left = text, .name = name, .t = mdl_trace_new(), .why = why };
	if (r.t == NULL)
		return mdl_fail(why, MDL_ENOMEM, "%s: out of memory", name);
	mdl_buf_init(&r.bytes, MDL_MSG_MAX);
	mdl_err err = parse_trace(&r);
	mdl_buf_fini(&r.bytes);
	if (err == MDL_OK)
		*out = r.t;
	else {
		if (err != MDL_EMALFORMED)
			mdl_fail(why, err, "%s:%u: %s", name, r.line, mdl_err_text(err));
		mdl_trace_free(r.t);
	}
	return err;
}
