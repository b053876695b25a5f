#include "core/buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void mdl_buf_init(struct mdl_buf *b, size_t max)
{
	assert(max > 0 && max < SIZE_MAX / 2);
	*b = (struct mdl_buf){ .max = max };
}

void mdl_buf_fini(struct mdl_buf *b)
{
	free(b->p);
	*b = (struct mdl_buf){ .max = b->max };
}

mdl_err mdl_buf_reserve(struct mdl_buf *b, size_t extra)
{
	if (extra > b->max - b->n)
		return MDL_ELIMIT;
	size_t need = b->n + extra;
	if (need <= b->cap && b->p != NULL)
		return MDL_OK;
	size_t cap = b->cap < 32 ? 64 : b->cap * 2;
	if (cap < need)
		cap = need;
	if (cap > b->max)
		cap = b->max;
	uint8_t *p = realloc(b->p, cap + 1);
	if (p == NULL)
		return MDL_ENOMEM;
	p[b->n] = 0;
	b->p = p;
	b->cap = cap;
	return MDL_OK;
}

mdl_err mdl_buf_add(struct mdl_buf *b, struct mdl_slice s)
{
	if (s.n == 0)
		return MDL_OK;
	bool inside = b->p != NULL && s.p >= b->p && s.p < b->p + b->n;
	size_t off = inside ? (size_t)(s.p - b->p) : 0;
	mdl_err err = mdl_buf_reserve(b, s.n);
	if (err != MDL_OK)
		return err;
	memmove(b->p + b->n, inside ? b->p + off : s.p, s.n);
	b->n += s.n;
	b->p[b->n] = 0;
	return MDL_OK;
}

mdl_err mdl_buf_put(struct mdl_buf *b, uint8_t byte)
{
	mdl_err err = mdl_buf_reserve(b, 1);
	if (err != MDL_OK)
		return err;
	b->p[b->n++] = byte;
	b->p[b->n] = 0;
	return MDL_OK;
}

mdl_err mdl_buf_set(struct mdl_buf *b, struct mdl_slice s)
{
	return mdl_buf_splice(b, 0, b->n, s);
}

mdl_err mdl_buf_splice(struct mdl_buf *b, size_t off, size_t len, struct mdl_slice with)
{
	if (off > b->n || len > b->n - off)
		return MDL_EINVAL;
	if (with.n > len) {
		mdl_err err = mdl_buf_reserve(b, with.n - len);
		if (err != MDL_OK)
			return err;
	}
	if (b->p == NULL)
		return MDL_OK;
	memmove(b->p + off + with.n, b->p + off + len, b->n - off - len);
	if (with.n > 0)
		memcpy(b->p + off, with.p, with.n);
	b->n = b->n - len + with.n;
	b->p[b->n] = 0;
	return MDL_OK;
}

/* Most texts are short and find room, so they are tried first and measured only if they do not. */
mdl_err mdl_buf_vprintf(struct mdl_buf *b, const char *fmt, va_list ap)
{
	va_list again;
	char *end = b->p == NULL ? NULL : (char *)b->p + b->n;
	size_t room = b->p == NULL ? 0 : b->cap - b->n + 1;
	va_copy(again, ap);
	int n = vsnprintf(end, room, fmt, again);
	va_end(again);
	if (n >= 0 && (size_t)n < room) {
		b->n += (size_t)n;
		return MDL_OK;
	}
	if (end != NULL)
		*end = 0;
	if (n < 0)
		return MDL_EINVAL;
	mdl_err err = mdl_buf_reserve(b, (size_t)n);
	if (err != MDL_OK)
		return err;
	vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, ap);
	b->n += (size_t)n;
	return MDL_OK;
}

mdl_err mdl_buf_printf(struct mdl_buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	mdl_err err = mdl_buf_vprintf(b, fmt, ap);
	va_end(ap);
	return err;
}

void mdl_buf_cut(struct mdl_buf *b, size_t n)
{
	if (n >= b->n)
		return;
	b->n = n;
	b->p[n] = 0;
}

void mdl_buf_shift(struct mdl_buf *b, size_t n)
{
	if (n == 0 || b->n == 0)
		return;
	if (n > b->n)
		n = b->n;
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
	b->p[b->n] = 0;
}

char *mdl_buf_steal(struct mdl_buf *b)
{
	char *p = (char *)b->p;
	*b = (struct mdl_buf){ .max = b->max };
	return p;
}
