/**
 * A reader that cannot leave its slice. The first error sticks: later reads give zeros and empty
 * slices, so a parser reads straight on and looks at `err` once.
 */
#pragma once

#include "core/err.h"
#include "core/slice.h"

struct mdl_cursor {
	const uint8_t *base; /* where offsets count from: the start of the whole message */
	const uint8_t *p, *end;
	mdl_err err; /* MDL_OK or MDL_EMALFORMED */
};

static inline struct mdl_cursor mdl_cursor(struct mdl_slice s)
{
	const uint8_t *p = s.n == 0 && s.p == NULL ? (const uint8_t *)"" : s.p;
	return (struct mdl_cursor){ p, p, p + s.n, MDL_OK };
}

static inline size_t mdl_cursor_left(const struct mdl_cursor *c)
{
	return (size_t)(c->end - c->p);
}

/** Offset of the next byte, counted from the start of the message. */
static inline size_t mdl_cursor_off(const struct mdl_cursor *c)
{
	return (size_t)(c->p - c->base);
}

/** True, and the error set if there was none, unless `n` bytes can be read. */
static inline bool mdl_cursor_short(struct mdl_cursor *c, size_t n)
{
	if (c->err == MDL_OK && n <= mdl_cursor_left(c))
		return false;
	if (c->err == MDL_OK)
		c->err = MDL_EMALFORMED;
	return true;
}

/** The next `n` bytes; the empty NULL slice if there are not so many. */
static inline struct mdl_slice mdl_cursor_take(struct mdl_cursor *c, size_t n)
{
	if (mdl_cursor_short(c, n))
		return (struct mdl_slice){ NULL, 0 };
	struct mdl_slice s = { c->p, n };
	c->p += n;
	return s;
}

static inline void mdl_cursor_skip(struct mdl_cursor *c, size_t n)
{
	if (!mdl_cursor_short(c, n))
		c->p += n;
}

/** Everything that is left. */
static inline struct mdl_slice mdl_cursor_rest(struct mdl_cursor *c)
{
	return mdl_cursor_take(c, c->err == MDL_OK ? mdl_cursor_left(c) : 0);
}

/** A number of `n` bytes, most significant first; of more than 8 bytes the lowest 8 count. */
static inline uint64_t mdl_cursor_be(struct mdl_cursor *c, size_t n)
{
	if (mdl_cursor_short(c, n))
		return 0;
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | *c->p++;
	return v;
}

/** The same, least significant first. */
static inline uint64_t mdl_cursor_le(struct mdl_cursor *c, size_t n)
{
	struct mdl_slice s = mdl_cursor_take(c, n);
	uint64_t v = 0;
	for (size_t i = s.n; i-- > 0;)
		v = v << 8 | s.p[i];
	return v;
}

static inline uint8_t mdl_cursor_u8(struct mdl_cursor *c)
{
	return mdl_cursor_short(c, 1) ? 0 : *c->p++;
}

static inline uint16_t mdl_cursor_be16(struct mdl_cursor *c)
{
	if (mdl_cursor_short(c, 2))
		return 0;
	uint16_t v = (uint16_t)(c->p[0] << 8 | c->p[1]);
	c->p += 2;
	return v;
}

static inline uint32_t mdl_cursor_be32(struct mdl_cursor *c)
{
	return (uint32_t)mdl_cursor_be(c, 4);
}

static inline uint16_t mdl_cursor_le16(struct mdl_cursor *c)
{
	return (uint16_t)mdl_cursor_le(c, 2);
}

static inline uint32_t mdl_cursor_le32(struct mdl_cursor *c)
{
	return (uint32_t)mdl_cursor_le(c, 4);
}

/**
 * A cursor over the next `n` bytes, which this one then has passed. Offsets still count from the
 * start of the whole message. If there are fewer bytes both carry the error.
 */
static inline struct mdl_cursor mdl_cursor_block(struct mdl_cursor *c, size_t n)
{
	struct mdl_slice s = mdl_cursor_take(c, n);
	if (c->err != MDL_OK)
		return (struct mdl_cursor){ c->base, c->p, c->p, c->err };
	return (struct mdl_cursor){ c->base, s.p, s.p + s.n, MDL_OK };
}

/** Moves to offset `off` of the message, which must not lie behind the end. */
static inline void mdl_cursor_seek(struct mdl_cursor *c, size_t off)
{
	if (c->err != MDL_OK)
		return;
	if (off > (size_t)(c->end - c->base))
		c->err = MDL_EMALFORMED;
	else
		c->p = c->base + off;
}
