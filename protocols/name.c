#include "protocols/name.h"

#include "core/hash.h"

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static mdl_err bad(const char **odd, const char *text)
{
	if (odd != NULL)
		*odd = text;
	return MDL_EMALFORMED;
}

static size_t pointer_at(struct mdl_slice msg, size_t at)
{
	return (size_t)(msg.p[at] & 0x3f) << 8 | msg.p[at + 1];
}

/*
 * Moves `*at` over labels to the root or the pointer that ends them, and adds their bytes to `*n`, of
 * which there may be `most`.
 */
static inline mdl_err pass_labels(struct mdl_slice msg, size_t *at, size_t *n, size_t most,
				  const char **odd)
{
	for (;;) {
		if (*at >= msg.n)
			return bad(odd, "a name runs over the end");
		uint8_t len = msg.p[*at];
		if (len == 0)
			return MDL_OK;
		if (len >= 0xc0)
			return msg.n - *at >= 2 ? MDL_OK : bad(odd, "a compression pointer is cut");
		if (len > MDL_LABEL_MAX)
			return bad(odd, "a label of an unknown type");
		*n += len + 1U;
		*at += len + 1U;
		if (*n >= most)
			return bad(odd, "a name is longer than 255 bytes");
	}
}

/* Follows the pointers of a name from the first, at `at`, to the root. */
static mdl_err follow(struct mdl_slice msg, size_t at, size_t lowest, size_t *n, const char **odd)
{
	for (unsigned hops = 0; msg.p[at] != 0; hops++) {
		size_t to = pointer_at(msg, at);
		if (to >= lowest)
			return bad(odd, to == lowest ? "a compression pointer leads to itself"
						     : "a compression pointer does not lead back");
		if (hops == MDL_NAME_HOPS)
			return bad(odd, "a name of too many compression pointers");
		at = lowest = to;
		mdl_err err = pass_labels(msg, &at, n, MDL_NAME_MAX, odd);
		if (err != MDL_OK)
			return err;
	}
	return MDL_OK;
}

mdl_err mdl_name_scan(struct mdl_slice msg, size_t off, struct mdl_name_place *out,
		      const char **odd)
{
	size_t at = off;
	*out = (struct mdl_name_place){ .to = SIZE_MAX };
	mdl_err err = pass_labels(msg, &at, &out->n, SIZE_MAX, odd);
	if (err != MDL_OK)
		return err;
	bool pointer = msg.p[at] != 0;
	out->used = at + (pointer ? 2 : 1) - off;
	if (pointer) {
		out->to = pointer_at(msg, at);
		err = follow(msg, at, off, &out->n, odd);
	}
	out->n++; /* the root */
	return err == MDL_OK && out->n > MDL_NAME_MAX ? bad(odd, "a name is longer than 255 bytes")
						      : err;
}

mdl_err mdl_name_read(struct mdl_slice msg, size_t off, size_t *used, struct mdl_name *out,
		      const char **odd)
{
	struct mdl_name_place place;
	mdl_err err = mdl_name_scan(msg, off, &place, odd);
	*used = place.used;
	out->n = 0;
	out->compressed = place.to != SIZE_MAX;
	if (err != MDL_OK)
		return err;
	for (size_t at = off; msg.p[at] != 0;) {
		if (msg.p[at] >= 0xc0) {
			at = pointer_at(msg, at);
			continue;
		}
		size_t len = msg.p[at] + 1U;
		memcpy(out->wire + out->n, msg.p + at, len);
		out->n = (uint8_t)(out->n + len);
		at += len;
	}
	out->wire[out->n++] = 0;
	return MDL_OK;
}

static mdl_err label_text(struct mdl_slice label, struct mdl_buf *out)
{
	mdl_err err = MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < label.n; i++) {
		uint8_t c = label.p[i];
		if (c <= 0x20 || c > 0x7e)
			err = mdl_buf_printf(out, "\\%03u", c);
		else if (strchr(".\\\"();@$", c) != NULL)
			err = mdl_buf_printf(out, "\\%c", c);
		else
			err = mdl_buf_put(out, c);
	}
	return err;
}

mdl_err mdl_name_text(const struct mdl_name *n, struct mdl_buf *out)
{
	mdl_err err = n->n <= 1 ? mdl_buf_put(out, '.') : MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < n->n && n->wire[i] != 0;
	     i += (size_t)n->wire[i] + 1) {
		if (i > 0)
			err = mdl_buf_put(out, '.');
		if (err == MDL_OK)
			err = label_text(mdl_slice(n->wire + i + 1, n->wire[i]), out);
	}
	return err;
}

/* One character of text, perhaps escaped; false if the escape is wrong. */
static bool read_char(struct mdl_slice text, size_t *i, uint8_t *c)
{
	*c = text.p[(*i)++];
	if (*c != '\\')
		return true;
	if (*i >= text.n)
		return false;
	*c = text.p[(*i)++];
	if (*c < '0' || *c > '9')
		return true;
	unsigned v = 0;
	for (size_t k = *i - 1; k < *i + 2; k++) {
		if (k >= text.n || text.p[k] < '0' || text.p[k] > '9')
			return false;
		v = v * 10 + (unsigned)(text.p[k] - '0');
	}
	*i += 2;
	*c = (uint8_t)v;
	return v <= UINT8_MAX;
}

/* Ends the label that begins at `start`; false if it is empty or too long. */
static bool end_label(struct mdl_name *out, size_t start, size_t len)
{
	if (len == 0 || len > MDL_LABEL_MAX)
		return false;
	out->wire[start] = (uint8_t)len;
	return true;
}

mdl_err mdl_name_parse(struct mdl_slice text, struct mdl_name *out)
{
	size_t n = 1, start = 0; /* the label begins with its length at `start` */
	out->compressed = false;
	for (size_t i = 0; i < text.n && !mdl_slice_is(text, ".");) {
		bool dot = text.p[i] == '.';
		uint8_t c;
		if (!read_char(text, &i, &c) || n >= MDL_NAME_MAX)
			return MDL_EINVAL;
		if (!dot) {
			out->wire[n++] = c;
			continue;
		}
		if (!end_label(out, start, n - start - 1))
			return MDL_EINVAL;
		start = n++;
	}
	if (n - start > 1) {
		if (!end_label(out, start, n - start - 1) || n >= MDL_NAME_MAX)
			return MDL_EINVAL;
		start = n++;
	}
	out->wire[start] = 0;
	out->n = (uint8_t)n;
	return MDL_OK;
}

bool mdl_name_eq(const struct mdl_name *a, const struct mdl_name *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (lower(a->wire[i]) != lower(b->wire[i]))
			return false;
	return true;
}

uint64_t mdl_name_hash(const struct mdl_name *n, uint64_t seed)
{
	uint8_t low[MDL_NAME_MAX];
	for (size_t i = 0; i < n->n; i++)
		low[i] = lower(n->wire[i]);
	return mdl_hash(mdl_slice(low, n->n), seed);
}

/* True if the name at `at` of the message is the rest of `n` from `from` on. */
static bool suffix_at(struct mdl_slice msg, size_t at, const struct mdl_name *n, size_t from)
{
	struct mdl_name there, rest = { .n = (uint8_t)(n->n - from) };
	size_t used;
	memcpy(rest.wire, n->wire + from, rest.n);
	return mdl_name_read(msg, at, &used, &there, NULL) == MDL_OK && mdl_name_eq(&there, &rest);
}

static bool find_suffix(struct mdl_slice msg, const struct mdl_name_table *t,
			const struct mdl_name *n, size_t from, uint16_t *at)
{
	for (unsigned k = 0; k < t->n; k++)
		if (suffix_at(msg, t->at[k], n, from)) {
			*at = t->at[k];
			return true;
		}
	return false;
}

void mdl_name_write(struct mdl_writer *w, size_t base, const struct mdl_name *n,
		    struct mdl_name_table *t)
{
	struct mdl_slice before = mdl_slice_sub(mdl_buf_slice(w->b), base, SIZE_MAX);
	size_t start = before.n;
	for (size_t i = 0; i < n->n; i += (size_t)n->wire[i] + 1) {
		uint16_t at;
		if (t != NULL && n->wire[i] != 0 && find_suffix(before, t, n, i, &at)) {
			mdl_writer_be16(w, (uint16_t)(0xc000 | at));
			return;
		}
		if (t != NULL && n->wire[i] != 0 && start + i < 0x4000 && t->n < MDL_COUNT(t->at))
			t->at[t->n++] = (uint16_t)(start + i);
		mdl_writer_bytes(w, mdl_slice(n->wire + i, (size_t)n->wire[i] + 1));
		if (w->err != MDL_OK)
			return;
		before.p = w->b->p + base; /* the buffer may have moved; its old part is the same */
	}
}
