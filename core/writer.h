/** Mirror of the cursor: writes into a buffer, with a sticky error and lengths patched later. */
#pragma once

#include "core/buf.h"

struct mdl_writer {
	struct mdl_buf *b; /* borrowed */
	mdl_err err;
};

static inline struct mdl_writer mdl_writer(struct mdl_buf *b)
{
	return (struct mdl_writer){ b, MDL_OK };
}

void mdl_writer_bytes(struct mdl_writer *w, struct mdl_slice s);
/** The lowest `n` (1 to 8) bytes of `v`, most significant first. */
void mdl_writer_be(struct mdl_writer *w, uint64_t v, size_t n);
/** The lowest `n` (1 to 8) bytes of `v`, least significant first. */
void mdl_writer_le(struct mdl_writer *w, uint64_t v, size_t n);
void mdl_writer_fill(struct mdl_writer *w, uint8_t byte, size_t n);

static inline void mdl_writer_u8(struct mdl_writer *w, uint8_t v)
{
	mdl_writer_be(w, v, 1);
}

static inline void mdl_writer_be16(struct mdl_writer *w, uint16_t v)
{
	mdl_writer_be(w, v, 2);
}

static inline void mdl_writer_be32(struct mdl_writer *w, uint32_t v)
{
	mdl_writer_be(w, v, 4);
}

/** Leaves `n` zero bytes to be filled in later and says where they are. */
size_t mdl_writer_hole(struct mdl_writer *w, size_t n);
/** Writes into the hole of `n` bytes at `at` how many bytes were written behind it. MDL_ELIMIT if
 *  that number does not fit. */
void mdl_writer_close(struct mdl_writer *w, size_t at, size_t n);

/** Stores `v` into `n` bytes at `p`, most significant first. */
static inline void mdl_put_be(uint8_t *p, uint64_t v, size_t n)
{
	for (size_t i = n; i-- > 0; v >>= 8)
		p[i] = (uint8_t)v;
}

static inline void mdl_put_le(uint8_t *p, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++, v >>= 8)
		p[i] = (uint8_t)v;
}

static inline uint64_t mdl_get_be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static inline uint64_t mdl_get_le(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	for (size_t i = n; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}
