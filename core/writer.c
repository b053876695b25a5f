#include "core/writer.h"

#include <assert.h>

void mdl_writer_bytes(struct mdl_writer *w, struct mdl_slice s)
{
	if (w->err == MDL_OK)
		w->err = mdl_buf_add(w->b, s);
}

void mdl_writer_be(struct mdl_writer *w, uint64_t v, size_t n)
{
	uint8_t b[8];
	assert(n <= sizeof(b));
	mdl_put_be(b, v, n);
	mdl_writer_bytes(w, mdl_slice(b, n));
}

void mdl_writer_le(struct mdl_writer *w, uint64_t v, size_t n)
{
	uint8_t b[8];
	assert(n <= sizeof(b));
	mdl_put_le(b, v, n);
	mdl_writer_bytes(w, mdl_slice(b, n));
}

void mdl_writer_fill(struct mdl_writer *w, uint8_t byte, size_t n)
{
	if (w->err == MDL_OK)
		w->err = mdl_buf_reserve(w->b, n);
	if (w->err != MDL_OK || n == 0)
		return;
	memset(w->b->p + w->b->n, byte, n);
	w->b->n += n;
	w->b->p[w->b->n] = 0;
}

size_t mdl_writer_hole(struct mdl_writer *w, size_t n)
{
	size_t at = w->b->n;
	mdl_writer_fill(w, 0, n);
	return at;
}

void mdl_writer_close(struct mdl_writer *w, size_t at, size_t n)
{
	if (w->err != MDL_OK)
		return;
	assert(at + n <= w->b->n && n > 0 && n <= 8);
	uint64_t len = w->b->n - at - n;
	if (n < 8 && len >> (8 * n) != 0)
		w->err = MDL_ELIMIT;
	else
		mdl_put_be(w->b->p + at, len, n);
}
