#include "replay/html.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

enum { SAY_MAX = 2048, REPLACEMENT = 0xfffd, PICTURES = 0x2400, PICTURE_OF_DEL = 0x2421 };

/* ---- escaping ---- */

/* One code point of well-formed UTF-8 (RFC 3629, section 4); 0 if there is none. */
static size_t decode(struct mdl_slice s, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t first = s.p[0];
	size_t n = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (n == 0 || n > s.n || first > 0xf4)
		return 0;
	uint32_t c = n == 1 ? first : first & (0xffU >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s.p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s.p[i] & 0x3f);
	}
	*code = c;
	return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : n;
}

/* Characters that turn the direction of what stands around them (Unicode TR 9), or are none. */
static bool misleads(uint32_t c)
{
	return (c >= 0x80 && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff ||
	       (c & 0xfffe) == 0xfffe;
}

static mdl_err put_code(struct mdl_buf *out, uint32_t c)
{
	uint8_t utf8[3] = { (uint8_t)(0xe0 | c >> 12), (uint8_t)(0x80 | (c >> 6 & 0x3f)),
			    (uint8_t)(0x80 | (c & 0x3f)) };
	return mdl_buf_add(out, mdl_slice(utf8, sizeof(utf8)));
}

static const char *entity_of(uint32_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static mdl_err put_escaped(struct mdl_buf *out, uint32_t c, struct mdl_slice as)
{
	const char *entity = entity_of(c);
	if (entity != NULL)
		return mdl_buf_add(out, mdl_slice_str(entity));
	if (c == 0x7f)
		return put_code(out, PICTURE_OF_DEL);
	if (c < 0x20 && c != '\n' && c != '\t')
		return put_code(out, PICTURES + c);
	return misleads(c) ? put_code(out, REPLACEMENT) : mdl_buf_add(out, as);
}

mdl_err html_escape(struct mdl_buf *out, struct mdl_slice s)
{
	mdl_err err = MDL_OK;
	for (size_t at = 0; err == MDL_OK && at < s.n;) {
		struct mdl_slice rest = mdl_slice_sub(s, at, SIZE_MAX);
		uint32_t c = 0;
		size_t n = decode(rest, &c);
		err = n == 0 ? put_code(out, REPLACEMENT)
			     : put_escaped(out, c, mdl_slice_sub(rest, 0, n));
		at += n == 0 ? 1 : n;
	}
	return err;
}

/* ---- elements ---- */

void html_init(struct html *h, struct mdl_buf *out)
{
	*h = (struct html){ .out = out };
}

static void put(struct html *h, const char *s)
{
	if (h->err == MDL_OK)
		h->err = mdl_buf_add(h->out, mdl_slice_str(s));
}

static void close_tag(struct html *h)
{
	if (h->in_tag)
		put(h, ">");
	h->in_tag = false;
}

void html_begin(struct html *h, const char *name, const char *class)
{
	close_tag(h);
	assert(h->depth < HTML_DEPTH);
	h->open[h->depth++] = name;
	put(h, "<");
	put(h, name);
	h->in_tag = true;
	if (class != NULL)
		html_attr(h, "class", "%s", class);
}

/* Formatted into room of its own, then escaped. */
static void escaped(struct html *h, const char *fmt, va_list ap)
{
	char text[SAY_MAX];
	vsnprintf(text, sizeof(text), fmt, ap);
	if (h->err == MDL_OK)
		h->err = html_escape(h->out, mdl_slice_str(text));
}

void html_attr(struct html *h, const char *name, const char *fmt, ...)
{
	va_list ap;
	assert(h->in_tag);
	put(h, " ");
	put(h, name);
	put(h, "=\"");
	va_start(ap, fmt);
	escaped(h, fmt, ap);
	va_end(ap);
	put(h, "\"");
}

void html_end(struct html *h)
{
	assert(h->depth > 0);
	close_tag(h);
	put(h, "</");
	put(h, h->open[--h->depth]);
	put(h, ">");
}

void html_end_to(struct html *h, unsigned depth)
{
	while (h->depth > depth)
		html_end(h);
}

void html_end_empty(struct html *h)
{
	assert(h->in_tag && h->depth > 0);
	h->depth--;
	h->in_tag = false;
	put(h, "/>");
}

void html_leaf(struct html *h, const char *name, const char *class, const char *fmt, ...)
{
	va_list ap;
	html_begin(h, name, class);
	close_tag(h);
	va_start(ap, fmt);
	escaped(h, fmt, ap);
	va_end(ap);
	html_end(h);
}

void html_text(struct html *h, struct mdl_slice s)
{
	close_tag(h);
	if (h->err == MDL_OK)
		h->err = html_escape(h->out, s);
}

void html_say(struct html *h, const char *fmt, ...)
{
	va_list ap;
	close_tag(h);
	va_start(ap, fmt);
	escaped(h, fmt, ap);
	va_end(ap);
}

void html_raw(struct html *h, const char *trusted)
{
	close_tag(h);
	put(h, trusted);
}
