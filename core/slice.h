/** Borrowed bytes, passed by value. A slice never owns what it points to. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct mdl_slice {
	const uint8_t *p; /* may be NULL when n is 0 */
	size_t n;
};

/** A string literal as a slice, without its closing NUL. */
#define MDL_LIT(s) ((struct mdl_slice){ (const uint8_t *)("" s), sizeof(s) - 1 })

/** Elements in an array. */
#define MDL_COUNT(a) (sizeof(a) / sizeof((a)[0]))

static inline struct mdl_slice mdl_slice(const void *p, size_t n)
{
	return (struct mdl_slice){ p, n };
}

/** A C string as a slice, without its closing NUL; NULL gives the empty slice. */
static inline struct mdl_slice mdl_slice_str(const char *s)
{
	return (struct mdl_slice){ (const uint8_t *)s, s == NULL ? 0 : strlen(s) };
}

static inline bool mdl_slice_eq(struct mdl_slice a, struct mdl_slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool mdl_slice_is(struct mdl_slice a, const char *s)
{
	return mdl_slice_eq(a, mdl_slice_str(s));
}

/** At most `n` bytes from `off`; what lies outside is left out. */
static inline struct mdl_slice mdl_slice_sub(struct mdl_slice s, size_t off, size_t n)
{
	if (off >= s.n)
		return (struct mdl_slice){ s.p == NULL ? NULL : s.p + s.n, 0 };
	return (struct mdl_slice){ s.p + off, n < s.n - off ? n : s.n - off };
}

/** Where `needle` first stands in `s`; `s.n` if nowhere. An empty needle stands at 0. */
size_t mdl_slice_find(struct mdl_slice s, struct mdl_slice needle);

/** Order of bytes, shorter first where one begins the other: as strcmp does for strings. */
static inline int mdl_slice_cmp(struct mdl_slice a, struct mdl_slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);
	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

/** True if every byte is printable ASCII or white space (tab, CR, LF). */
static inline bool mdl_slice_printable(struct mdl_slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < 0x20 && s.p[i] != '\t' && s.p[i] != '\r' && s.p[i] != '\n') ||
		    s.p[i] > 0x7e)
			return false;
	return true;
}
