#include "wire.h"

#include <string.h>

const uint8_t *read_bytes(struct reader *r, size_t n)
{
	if (r->bad || n > r->n - r->off) {
		r->bad = true;
		return NULL;
	}
	r->off += n;
	return r->p + r->off - n;
}

static uint32_t read_be(struct reader *r, size_t n)
{
	const uint8_t *p = read_bytes(r, n);
	uint32_t v = 0;
	for (size_t i = 0; p != NULL && i < n; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t read_u8(struct reader *r)
{
	return (uint8_t)read_be(r, 1);
}

uint16_t read_u16(struct reader *r)
{
	return (uint16_t)read_be(r, 2);
}

uint32_t read_u32(struct reader *r)
{
	return read_be(r, 4);
}

/* Copies labels up to the root's, or to a pointer; then true, and where it leads. */
static bool read_labels(struct reader *r, struct name *out, size_t *target)
{
	for (;;) {
		uint8_t len = read_u8(r);
		if (len >= 0xc0) {
			*target = (size_t)(len & 0x3f) << 8 | read_u8(r);
			return !r->bad;
		}
		const uint8_t *label = read_bytes(r, len);
		if (r->bad || len > LABEL_SIZE || out->n + 1 + len > NAME_SIZE) {
			r->bad = true;
			return false;
		}
		out->b[out->n++] = len;
		memcpy(out->b + out->n, label, len);
		out->n += len;
		if (len == 0)
			return false;
	}
}

void read_name_clean(struct reader *r, struct name *out)
{
	struct reader part = *r;
	size_t start = r->off, target;
	out->n = 0;
	bool more = read_labels(&part, out, &target);
	r->off = part.off;
	while (more && target >= HEADER_SIZE && target < start) {
		part.off = start = target;
		more = read_labels(&part, out, &target);
	}
	r->bad = part.bad || more;
}

static uint8_t fold(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

bool name_under(const struct name *n, const struct name *apex)
{
	size_t off = 0;
	while (off < n->n && n->n - off > apex->n)
		off += 1U + n->b[off];
	if (n->n - off != apex->n)
		return false;
	for (size_t i = 0; i < apex->n; i++)
		if (fold(n->b[off + i]) != fold(apex->b[i]))
			return false;
	return true;
}

bool name_equal(const struct name *a, const struct name *b)
{
	return a->n == b->n && name_under(a, b);
}

struct name name_from_text(const char *text)
{
	struct name out = { .n = 0 };
	while (*text != 0 && *text != '.') {
		size_t len = strcspn(text, ".");
		out.b[out.n] = (uint8_t)len;
		memcpy(out.b + out.n + 1, text, len);
		out.n += 1 + len;
		text += len + 1;
	}
	out.b[out.n++] = 0;
	return out;
}

void write_bytes(struct writer *w, const uint8_t *p, size_t n)
{
	if (w->full || n > w->cap - w->n) {
		w->full = true;
		return;
	}
	memcpy(w->p + w->n, p, n);
	w->n += n;
}

void write_u8(struct writer *w, uint8_t v)
{
	write_bytes(w, &v, 1);
}

void write_u16(struct writer *w, uint16_t v)
{
	uint8_t b[] = { (uint8_t)(v >> 8), (uint8_t)v };
	write_bytes(w, b, sizeof(b));
}

void write_u32(struct writer *w, uint32_t v)
{
	write_u16(w, (uint16_t)(v >> 16));
	write_u16(w, (uint16_t)v);
}

void write_name(struct writer *w, const struct name *name)
{
	write_bytes(w, name->b, name->n);
}
