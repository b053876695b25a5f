/** Owned bytes that grow, up to a ceiling that every buffer has. */
#pragma once

#include <stdarg.h>

#include "core/err.h"
#include "core/slice.h"

enum { MDL_BUF_MAX = 64 << 20 }; /* a ceiling for those who have no better one */

struct mdl_buf {
	uint8_t *p; /* p[n] is always a NUL once something was allocated, so text can be printed */
	size_t n;   /* bytes in use */
	size_t cap; /* bytes allocated, without the NUL */
	size_t max; /* n never exceeds this */
};

/** Makes an empty buffer that allocates nothing yet. */
void mdl_buf_init(struct mdl_buf *b, size_t max);
/** Frees the bytes; the buffer is then as after init. A zeroed struct is fine too. */
void mdl_buf_fini(struct mdl_buf *b);

/** Room for `extra` more bytes. MDL_ELIMIT over the ceiling, MDL_ENOMEM; contents unchanged then. */
MDL_MUST mdl_err mdl_buf_reserve(struct mdl_buf *b, size_t extra);
/** Appends; `s` may lie inside `b`. Errors as reserve. */
MDL_MUST mdl_err mdl_buf_add(struct mdl_buf *b, struct mdl_slice s);
MDL_MUST mdl_err mdl_buf_put(struct mdl_buf *b, uint8_t byte);
/** Replaces all contents by `s`, which must not lie inside `b`. Errors as reserve. */
MDL_MUST mdl_err mdl_buf_set(struct mdl_buf *b, struct mdl_slice s);
/**
 * Replaces the `len` bytes at `off` by `with`, which must not lie inside `b`. MDL_EINVAL if
 * off + len lies outside.
 */
MDL_MUST mdl_err mdl_buf_splice(struct mdl_buf *b, size_t off, size_t len, struct mdl_slice with);
/** Appends formatted text; the arguments must not lie inside `b`. Errors as reserve. */
MDL_MUST mdl_err mdl_buf_printf(struct mdl_buf *b, const char *fmt, ...) MDL_PRINTF(2, 3);
MDL_MUST mdl_err mdl_buf_vprintf(struct mdl_buf *b, const char *fmt, va_list ap) MDL_PRINTF(2, 0);

/** Keeps the first `n` bytes (all if it has fewer). */
void mdl_buf_cut(struct mdl_buf *b, size_t n);
/** Drops the first `n` bytes (all if it has fewer). */
void mdl_buf_shift(struct mdl_buf *b, size_t n);
/** Hands the bytes to the caller, who frees them; NULL if it never held any. */
char *mdl_buf_steal(struct mdl_buf *b);

static inline struct mdl_slice mdl_buf_slice(const struct mdl_buf *b)
{
	return mdl_slice(b->p, b->n);
}

/** The contents as a C string; "" when empty. */
static inline const char *mdl_buf_text(const struct mdl_buf *b)
{
	return b->p == NULL ? "" : (const char *)b->p;
}
