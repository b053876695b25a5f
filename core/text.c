#include "core/text.h"

#include <stdio.h>

static const char digits[] = "0123456789abcdef";

mdl_err mdl_text_hex(struct mdl_buf *out, struct mdl_slice s)
{
	mdl_err err = mdl_buf_reserve(out, s.n * 2);
	if (err != MDL_OK || s.n == 0)
		return err;
	for (size_t i = 0; i < s.n; i++) {
		out->p[out->n++] = (uint8_t)digits[s.p[i] >> 4];
		out->p[out->n++] = (uint8_t)digits[s.p[i] & 15];
	}
	out->p[out->n] = 0;
	return MDL_OK;
}

static int nibble(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

mdl_err mdl_text_unhex(struct mdl_buf *out, struct mdl_slice s)
{
	if (s.n % 2 != 0)
		return MDL_EINVAL;
	mdl_err err = mdl_buf_reserve(out, s.n / 2);
	for (size_t i = 0; err == MDL_OK && i < s.n; i += 2) {
		int hi = nibble(s.p[i]), lo = nibble(s.p[i + 1]);
		if (hi < 0 || lo < 0)
			return MDL_EINVAL;
		err = mdl_buf_put(out, (uint8_t)(hi << 4 | lo));
	}
	return err;
}

/* The letter after the backslash for bytes that have one, 0 for the others. */
static char escape_letter(uint8_t c)
{
	switch (c) {
	case '\\':
	case '"':
		return (char)c;
	case '\r':
		return 'r';
	case '\n':
		return 'n';
	case '\t':
		return 't';
	default:
		return 0;
	}
}

static mdl_err put_escaped(struct mdl_buf *out, uint8_t c)
{
	char letter = escape_letter(c);
	if (letter != 0)
		return mdl_buf_printf(out, "\\%c", letter);
	if (c < 0x20 || c > 0x7e)
		return mdl_buf_printf(out, "\\x%02x", c);
	return mdl_buf_put(out, c);
}

mdl_err mdl_text_quote(struct mdl_buf *out, struct mdl_slice s)
{
	mdl_err err = mdl_buf_put(out, '"');
	for (size_t i = 0; err == MDL_OK && i < s.n; i++)
		err = put_escaped(out, s.p[i]);
	return err == MDL_OK ? mdl_buf_put(out, '"') : err;
}

/* Reads one escape at s.p[*i], which is the byte behind the backslash. */
static mdl_err read_escape(struct mdl_slice s, size_t *i, uint8_t *c)
{
	switch (s.p[*i]) {
	case '\\':
	case '"':
		*c = s.p[*i];
		return MDL_OK;
	case 'r':
		*c = '\r';
		return MDL_OK;
	case 'n':
		*c = '\n';
		return MDL_OK;
	case 't':
		*c = '\t';
		return MDL_OK;
	case 'x':
		if (*i + 2 < s.n && nibble(s.p[*i + 1]) >= 0 && nibble(s.p[*i + 2]) >= 0) {
			*c = (uint8_t)(nibble(s.p[*i + 1]) << 4 | nibble(s.p[*i + 2]));
			*i += 2;
			return MDL_OK;
		}
		return MDL_EINVAL;
	default:
		return MDL_EINVAL;
	}
}

mdl_err mdl_text_unquote(struct mdl_buf *out, struct mdl_slice s)
{
	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
		return MDL_EINVAL;
	s = mdl_slice_sub(s, 1, s.n - 2);
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c == '"' || (c == '\\' && ++i == s.n))
			return MDL_EINVAL;
		mdl_err err = c == '\\' ? read_escape(s, &i, &c) : MDL_OK;
		if (err == MDL_OK)
			err = mdl_buf_put(out, c);
		if (err != MDL_OK)
			return err;
	}
	return MDL_OK;
}

mdl_err mdl_text_json(struct mdl_buf *out, struct mdl_slice s)
{
	mdl_err err = mdl_buf_put(out, '"');
	for (size_t i = 0; err == MDL_OK && i < s.n; i++) {
		uint8_t c = s.p[i];
		char letter = escape_letter(c);
		if (letter != 0)
			err = mdl_buf_printf(out, "\\%c", letter);
		else if (c < 0x20 || c > 0x7e)
			err = mdl_buf_printf(out, "\\u%04x", c);
		else
			err = mdl_buf_put(out, c);
	}
	return err == MDL_OK ? mdl_buf_put(out, '"') : err;
}

size_t mdl_text_utf8(struct mdl_slice s, uint32_t *character)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t first = s.n == 0 ? 0xff : s.p[0];
	size_t n = first < 0x80	      ? 1
		   : first >> 5 == 6  ? 2
		   : first >> 4 == 14 ? 3
		   : first >> 3 == 30 ? 4
				      : 0;
	if (n == 0 || n > s.n)
		return 0;
	uint32_t c = n == 1 ? first : first & (0xffU >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s.p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s.p[i] & 0x3fU);
	}
	*character = c;
	return c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0 : n;
}

mdl_err mdl_text_brief(struct mdl_buf *out, struct mdl_slice s, size_t most)
{
	mdl_err err = MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < s.n && i < most; i++)
		err = put_escaped(out, s.p[i]);
	return err == MDL_OK && s.n > most ? mdl_buf_printf(out, "...") : err;
}

const char *mdl_size_text(uint64_t n, char out[MDL_SIZE_TEXT])
{
	static const char units[] = "kMGT";
	if (n < 1024) {
		snprintf(out, MDL_SIZE_TEXT, "%u", (unsigned)n);
		return out;
	}
	double v = (double)n / 1024;
	size_t u = 0;
	for (; v >= 1023.95 && units[u + 1] != 0; u++) /* which rounds up to 1024.0 */
		v /= 1024;
	snprintf(out, MDL_SIZE_TEXT, "%.1f%c", v, units[u]);
	return out;
}

mdl_err mdl_uint_parse(const char *text, uint64_t *out)
{
	bool hex = text[0] == '0' && (text[1] | 0x20) == 'x';
	const char *p = hex ? text + 2 : text;
	unsigned base = hex ? 16 : 10;
	uint64_t v = 0;
	if (*p == 0)
		return MDL_EINVAL;
	for (; *p != 0; p++) {
		int d = nibble((uint8_t)*p);
		if (d < 0 || (unsigned)d >= base || __builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, (unsigned)d, &v))
			return MDL_EINVAL;
	}
	*out = v;
	return MDL_OK;
}

mdl_err mdl_size_parse(const char *text, uint64_t *out)
{
	static const char units[] = "kmgt";
	size_t n = strlen(text);
	if (n == 0 || n > 24)
		return MDL_EINVAL;
	char number[25];
	memcpy(number, text, n + 1);
	const char *unit = strchr(units, number[n - 1] | 0x20);
	unsigned shift = unit == NULL ? 0 : 10 * (unsigned)(unit - units + 1);
	if (unit != NULL)
		number[n - 1] = 0;
	uint64_t v;
	if (mdl_uint_parse(number, &v) != MDL_OK || (v << shift) >> shift != v)
		return MDL_EINVAL;
	*out = v << shift;
	return MDL_OK;
}

const char *mdl_text_number(const char *p, uint64_t *whole, uint64_t *billionths)
{
	*whole = *billionths = 0;
	const char *start = p;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(*whole, 10U, whole) ||
		    __builtin_add_overflow(*whole, (uint64_t)(*p - '0'), whole))
			return NULL;
	if (p == start)
		return NULL;
	if (*p != '.')
		return p;
	uint64_t place = 100000000;
	for (p++; *p >= '0' && *p <= '9'; p++, place /= 10)
		*billionths += (uint64_t)(*p - '0') * place;
	return p;
}

static const char *read_real(const char *p, double *out)
{
	uint64_t whole, billionths;
	p = mdl_text_number(p, &whole, &billionths);
	*out = (double)whole + (double)billionths / 1e9;
	return p;
}

mdl_err mdl_ratio_parse(const char *text, double *out)
{
	double v, below = 1;
	const char *end = read_real(text, &v);
	if (end == NULL)
		return MDL_EINVAL;
	if (strcmp(end, "%") == 0) {
		below = 100;
		end++;
	} else if (*end == '/')
		end = read_real(end + 1, &below);
	if (end == NULL || *end != 0 || !(below > 0) || v > below)
		return MDL_EINVAL;
	*out = v / below;
	return MDL_OK;
}

enum { NEAR_MAX = 40 };

/* Levenshtein distance of two short words. */
static size_t distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), row[NEAR_MAX + 1];
	if (n > NEAR_MAX || m > NEAR_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = diagonal + (a[i - 1] != b[j - 1]);
			size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			diagonal = row[j];
			row[j] = change < other ? change : other;
		}
	}
	return row[m];
}

const char *mdl_text_nearest(const char *word, const char *const *words)
{
	const char *best = NULL;
	size_t most = strlen(word) / 3 + 2;
	for (; *words != NULL; words++) {
		size_t d = distance(word, *words);
		if (d < most) {
			most = d;
			best = *words;
		}
	}
	return best;
}
