/** Is it well-formed, as XML is? For what writes HTML and SVG. */
#pragma once

#include "core/slice.h"

enum { WELLFORMED_DEPTH = 64, WELLFORMED_NAME = 32 };

struct wellformed {
	const uint8_t *p, *end;
	char open[WELLFORMED_DEPTH][WELLFORMED_NAME];
	unsigned depth;
};

static inline bool wellformed_begins(const struct wellformed *w, const char *s)
{
	size_t n = strlen(s);
	return (size_t)(w->end - w->p) >= n && memcmp(w->p, s, n) == 0;
}

static inline bool wellformed_entity(const struct wellformed *w)
{
	return wellformed_begins(w, "&amp;") || wellformed_begins(w, "&lt;") ||
	       wellformed_begins(w, "&gt;") || wellformed_begins(w, "&quot;") ||
	       wellformed_begins(w, "&#39;");
}

/* Passes text up to one of the bytes of `stop`. */
static inline bool wellformed_text(struct wellformed *w, const char *stop)
{
	for (; w->p < w->end && strchr(stop, *w->p) == NULL; w->p++)
		if (*w->p == 0 || (*w->p < 0x20 && *w->p != '\n' && *w->p != '\t') ||
		    (*w->p == '&' && !wellformed_entity(w)))
			return false;
	return true;
}

static inline void wellformed_name(struct wellformed *w, char out[WELLFORMED_NAME])
{
	size_t n = 0;
	while (w->p < w->end && strchr(" />=", *w->p) == NULL && n + 1 < WELLFORMED_NAME)
		out[n++] = (char)*w->p++;
	out[n] = 0;
}

static inline bool wellformed_attributes(struct wellformed *w)
{
	char name[WELLFORMED_NAME];
	while (wellformed_begins(w, " ")) {
		w->p++;
		wellformed_name(w, name);
		if (name[0] == 0 || !wellformed_begins(w, "=\""))
			return false;
		w->p += 2;
		if (!wellformed_text(w, "\"<") || !wellformed_begins(w, "\""))
			return false;
		w->p++;
	}
	return true;
}

static inline bool wellformed_end(struct wellformed *w)
{
	char name[WELLFORMED_NAME];
	w->p += 2;
	wellformed_name(w, name);
	if (w->depth == 0 || strcmp(w->open[--w->depth], name) != 0 || !wellformed_begins(w, ">"))
		return false;
	w->p++;
	return true;
}

static inline bool wellformed_begin(struct wellformed *w)
{
	w->p++;
	if (w->depth == WELLFORMED_DEPTH)
		return false;
	wellformed_name(w, w->open[w->depth]);
	if (w->open[w->depth][0] == 0 || !wellformed_attributes(w))
		return false;
	bool empty = wellformed_begins(w, "/>");
	if (!empty && !wellformed_begins(w, ">"))
		return false;
	w->p += empty ? 2 : 1;
	w->depth += !empty;
	return true;
}

/** Elements are ended in their order, attributes quoted, nothing is left bare. */
static inline bool wellformed(struct mdl_slice s)
{
	struct wellformed w = { .p = s.p, .end = s.p + s.n };
	static const char doctype[] = "<!DOCTYPE html>";
	if (wellformed_begins(&w, doctype))
		w.p += sizeof(doctype) - 1;
	while (w.p < w.end) {
		bool ok = *w.p != '<'			? wellformed_text(&w, "<")
			  : wellformed_begins(&w, "</") ? wellformed_end(&w)
							: wellformed_begin(&w);
		if (!ok)
			return false;
	}
	return w.depth == 0;
}
