/* Recipes as text: one line a choice, with what it did in words behind it. */
#include <inttypes.h>

#include "core/text.h"
#include "protocols/mutate.h"
#include "protocols/show.h"

enum { WORDS_BYTES = 24 };

static const enum mdl_relation relations[] = { MDL_REL_LENGTH, MDL_REL_COUNT, MDL_REL_OFFSET,
					       MDL_REL_SEAL,   MDL_REL_NOW,   MDL_REL_NONCE };

/* ---- writing ---- */

static mdl_err write_op(const struct mdl_recipe *r, const struct mdl_op *op, struct mdl_buf *out)
{
	mdl_err err = mdl_buf_printf(out, "%s msg=%u", op->strategy->name, op->msg);
	if (err == MDL_OK && op->field != MDL_NO_FIELD)
		err = mdl_buf_printf(out, " field=%u", op->field);
	if (err == MDL_OK && op->a != 0)
		err = mdl_buf_printf(out, " a=%u", op->a);
	if (err == MDL_OK && op->b != 0)
		err = mdl_buf_printf(out, " b=%u", op->b);
	if (err == MDL_OK && op->v != 0)
		err = mdl_buf_printf(out, " v=%" PRIu64, op->v);
	if (err == MDL_OK && op->data_len > 0) {
		err = mdl_buf_printf(out, " data=");
		if (err == MDL_OK)
			err = mdl_text_hex(out, mdl_op_data(r, op));
	}
	return err == MDL_OK ? mdl_buf_put(out, '\n') : err;
}

/* "repair: length count ...", and what was left wrong behind it. */
static mdl_err write_repair(unsigned repair, struct mdl_buf *out)
{
	mdl_err err = mdl_buf_printf(out, "repair:");
	for (size_t i = 0; err == MDL_OK && i < MDL_COUNT(relations); i++)
		if ((repair & relations[i]) != 0)
			err = mdl_buf_printf(out, " %s", mdl_relation_text(relations[i]));
	if (err == MDL_OK && repair != MDL_REL_ALL)
		err = mdl_buf_printf(out, "\n# left as they were:");
	for (size_t i = 0; err == MDL_OK && i < MDL_COUNT(relations); i++)
		if ((repair & relations[i]) == 0)
			err = mdl_buf_printf(out, " %s", mdl_relation_text(relations[i]));
	return err == MDL_OK ? mdl_buf_put(out, '\n') : err;
}

/* "# dns.question.q[0].qtype: A (1)": the field and its value before the choice. */
static mdl_err words_before(const struct mdl_case_msg *m, const struct mdl_op *op,
			    struct mdl_buf *out)
{
	struct mdl_slice msg = mdl_buf_slice(&m->bytes);
	mdl_err err = mdl_field_path(&m->index, op->field, out);
	if (err == MDL_OK)
		err = mdl_buf_printf(out, ": ");
	return err == MDL_OK ? mdl_show_value(&m->index, msg, op->field, out) : err;
}

static mdl_err words_field(struct mdl_bench *b, const struct mdl_op *op, struct mdl_buf *out)
{
	struct mdl_case_msg *m = mdl_op_field(b, op, NULL);
	mdl_err err = words_before(m, op, out);
	const struct mdl_field_def *def = mdl_field_def(&m->index, op->field);
	if (err == MDL_OK)
		err = op->strategy->apply(b, op);
	m = mdl_op_field(b, op, def);
	if (err != MDL_OK || m == NULL || def->kind == MDL_SPAN)
		return err;
	err = mdl_buf_printf(out, " -> ");
	return err == MDL_OK ? mdl_show_value(&m->index, mdl_buf_slice(&m->bytes), op->field, out)
			     : err;
}

/* Where two byte strings begin to differ. */
static size_t common(struct mdl_slice a, struct mdl_slice b)
{
	size_t n = 0;
	while (n < a.n && n < b.n && a.p[n] == b.p[n])
		n++;
	return n;
}

static mdl_err words_bytes(struct mdl_bench *b, const struct mdl_op *op, struct mdl_buf *out)
{
	struct mdl_buf old;
	mdl_buf_init(&old, MDL_CASE_MSG_MAX);
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	mdl_err err = mdl_buf_set(&old, mdl_buf_slice(&m->bytes));
	if (err == MDL_OK)
		err = op->strategy->apply(b, op);
	struct mdl_slice now = mdl_buf_slice(&m->bytes), was = mdl_buf_slice(&old);
	size_t at = common(was, now);
	if (err == MDL_OK)
		err = mdl_buf_printf(out, "message %u of %zu bytes, from byte %zu: ", op->msg,
				     was.n, at);
	if (err == MDL_OK)
		err = mdl_text_hex(out, mdl_slice_sub(was, at, WORDS_BYTES));
	if (err == MDL_OK)
		err = mdl_buf_printf(out, " -> ");
	if (err == MDL_OK)
		err = mdl_text_hex(out, mdl_slice_sub(now, at, WORDS_BYTES));
	if (err == MDL_OK)
		err = mdl_buf_printf(out, "; now %zu bytes", now.n);
	mdl_buf_fini(&old);
	return err;
}

/* Does the choice and says what it did. */
static mdl_err write_words(struct mdl_bench *b, const struct mdl_op *op, struct mdl_buf *out)
{
	mdl_err err = mdl_buf_printf(out, "# %s", op->strategy->summary);
	if (err == MDL_OK && mdl_op_msg(b, op) != NULL && op->strategy->level != MDL_LEVEL_TRACE) {
		err = mdl_buf_printf(out, "\n#   ");
		if (err == MDL_OK)
			err = mdl_op_field(b, op, NULL) != NULL ? words_field(b, op, out)
								: words_bytes(b, op, out);
	} else if (err == MDL_OK)
		err = op->strategy->apply(b, op);
	return err == MDL_ENOMEM ? err : mdl_buf_put(out, '\n');
}

mdl_err mdl_recipe_write(struct mdl_recipe *r, struct mdl_case *c, struct mdl_buf *out)
{
	struct mdl_bench b = { .c = c, .recipe = r };
	mdl_err err = MDL_OK;
	for (unsigned i = 0; err == MDL_OK && i < r->n; i++) {
		err = write_op(r, &r->op[i], out);
		if (err == MDL_OK && c != NULL)
			err = write_words(&b, &r->op[i], out);
	}
	return err == MDL_OK ? write_repair(r->repair, out) : err;
}

/* ---- reading ---- */

struct reader {
	const char *name;
	unsigned line;
	struct mdl_recipe *r;
	struct mdl_why *why;
};

static mdl_err expected(const struct reader *rd, const char *what, struct mdl_slice word)
{
	return mdl_fail(rd->why, MDL_EMALFORMED, "%s:%u: expected %s, not \"%.*s\"", rd->name,
			rd->line, what, (int)(word.n < 60 ? word.n : 60), (const char *)word.p);
}

static struct mdl_slice next_word(struct mdl_slice *line)
{
	while (line->n > 0 && line->p[0] == ' ')
		*line = mdl_slice_sub(*line, 1, SIZE_MAX);
	struct mdl_slice word = mdl_slice_sub(*line, 0, mdl_slice_find(*line, MDL_LIT(" ")));
	*line = mdl_slice_sub(*line, word.n, SIZE_MAX);
	return word;
}

static bool copy_word(struct mdl_slice word, char *out, size_t size)
{
	if (word.n >= size || memchr(word.p, 0, word.n) != NULL)
		return false;
	memcpy(out, word.p, word.n);
	out[word.n] = 0;
	return true;
}

/* "key=number" */
static mdl_err read_number(const struct reader *rd, struct mdl_slice key, struct mdl_slice value,
			   struct mdl_op *op)
{
	char text[24];
	uint64_t v;
	if (!copy_word(value, text, sizeof(text)) || mdl_uint_parse(text, &v) != MDL_OK)
		return expected(rd, "a number", value);
	if (mdl_slice_is(key, "v"))
		op->v = v;
	else if (v > UINT32_MAX)
		return expected(rd, "a number up to 4294967295", value);
	else if (mdl_slice_is(key, "msg"))
		op->msg = (uint32_t)v;
	else if (mdl_slice_is(key, "field"))
		op->field = (uint32_t)v;
	else if (mdl_slice_is(key, "a"))
		op->a = (uint32_t)v;
	else if (mdl_slice_is(key, "b"))
		op->b = (uint32_t)v;
	else
		return expected(rd, "msg, field, a, b, v or data", key);
	return MDL_OK;
}

static mdl_err read_pair(const struct reader *rd, struct mdl_slice word, struct mdl_op *op)
{
	size_t equals = mdl_slice_find(word, MDL_LIT("="));
	struct mdl_slice key = mdl_slice_sub(word, 0, equals);
	struct mdl_slice value = mdl_slice_sub(word, equals + 1, SIZE_MAX);
	if (!mdl_slice_is(key, "data"))
		return read_number(rd, key, value, op);
	op->data_off = (uint32_t)rd->r->data.n;
	mdl_err err = mdl_text_unhex(&rd->r->data, value);
	op->data_len = (uint32_t)rd->r->data.n - op->data_off;
	return err == MDL_EINVAL ? expected(rd, "hex digits", value) : err;
}

static mdl_err read_op(const struct reader *rd, struct mdl_slice line)
{
	char name[64];
	struct mdl_slice word = next_word(&line);
	struct mdl_op op = { .field = MDL_NO_FIELD };
	if (copy_word(word, name, sizeof(name)))
		op.strategy = mdl_strategy_find(name);
	if (op.strategy == NULL)
		return expected(rd, "the name of a strategy", word);
	if (rd->r->n == MDL_OPS_MAX)
		return expected(rd, "no more than 32 choices", word);
	while (word = next_word(&line), word.n > 0) {
		mdl_err err = read_pair(rd, word, &op);
		if (err != MDL_OK)
			return err;
	}
	rd->r->op[rd->r->n++] = op;
	return MDL_OK;
}

static mdl_err read_repair(const struct reader *rd, struct mdl_slice line)
{
	rd->r->repair = 0;
	next_word(&line);
	for (struct mdl_slice word; word = next_word(&line), word.n > 0;) {
		unsigned one = 0;
		for (size_t i = 0; i < MDL_COUNT(relations); i++)
			if (mdl_slice_is(word, mdl_relation_text(relations[i])))
				one = relations[i];
		if (one == 0)
			return expected(rd, "length, count, offset, seal, now or nonce", word);
		rd->r->repair |= one;
	}
	return MDL_OK;
}

mdl_err mdl_recipe_read(struct mdl_slice text, const char *name, struct mdl_recipe *out,
			struct mdl_why *why)
{
	struct reader rd = { .name = name, .r = out, .why = why };
	mdl_err err = MDL_OK;
	mdl_recipe_clear(out);
	while (err == MDL_OK && text.n > 0) {
		struct mdl_slice line = mdl_slice_sub(text, 0, mdl_slice_find(text, MDL_LIT("\n")));
		text = mdl_slice_sub(text, line.n + 1, SIZE_MAX);
		rd.line++;
		struct mdl_slice look = line, word = next_word(&look);
		if (word.n == 0 || word.p[0] == '#')
			continue;
		err = mdl_slice_is(word, "repair:") ? read_repair(&rd, line) : read_op(&rd, line);
	}
	return err;
}
