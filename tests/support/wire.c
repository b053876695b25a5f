#include "support/wire.h"

#include <setjmp.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/text.h"

void wire_open(struct wire *w, const struct mdl_protocol *p, enum mdl_carrier on,
	       const char *setting)
{
	static struct mdl_strings settings;
	struct mdl_why why;
	*w = (struct wire){ .x = NULL };
	settings.v[0] = setting;
	settings.n = setting != NULL;
	mdl_buf_init(&w->msg, 1 << 20);
	mdl_buf_init(&w->out, 1 << 20);
	mdl_fields_init(&w->f);
	if (mdl_ctx_new(p, on, &settings, &w->x, &why) != MDL_OK)
		fail_msg("%s", why.text);
}

void wire_close(struct wire *w)
{
	mdl_fields_fini(&w->f);
	mdl_buf_fini(&w->msg);
	mdl_buf_fini(&w->out);
	mdl_ctx_free(w->x);
}

void wire_again(struct wire *w)
{
	size_t n = w->msg.n;
	uint8_t *copy =
		malloc(n == 0 ? 1 : n); /* no byte more, so that a sanitizer sees overreads */
	assert_non_null(copy);
	if (n > 0)
		memcpy(copy, w->msg.p, n);
	w->err = mdl_dissect(w->x, mdl_slice(copy, n), &w->f);
	free(copy);
}

void wire_read(struct wire *w, enum mdl_dir dir, struct mdl_slice bytes)
{
	assert_int_equal(mdl_buf_set(&w->msg, bytes), MDL_OK);
	w->x->dir = dir;
	wire_again(w);
}

void wire_hex(struct wire *w, enum mdl_dir dir, const char *hex)
{
	mdl_buf_cut(&w->msg, 0);
	for (; *hex != 0; hex += *hex == ' ' ? 1 : 2)
		if (*hex != ' ')
			assert_int_equal(mdl_text_unhex(&w->msg, mdl_slice(hex, 2)), MDL_OK);
	w->x->dir = dir;
	wire_again(w);
}

static uint32_t lookup(struct wire *w, const char *pattern)
{
	for (uint32_t i = 0; i < w->f.n; i++)
		if (mdl_field_matches(&w->f, i, pattern))
			return i;
	return MDL_NO_FIELD;
}

bool wire_has(struct wire *w, const char *pattern)
{
	return lookup(w, pattern) != MDL_NO_FIELD;
}

uint32_t wire_find(struct wire *w, const char *pattern)
{
	uint32_t i = lookup(w, pattern);
	if (i == MDL_NO_FIELD)
		fail_msg("no field matches %s", pattern);
	return i;
}

uint64_t wire_uint(struct wire *w, const char *pattern)
{
	return mdl_field_uint(&w->f, mdl_buf_slice(&w->msg), wire_find(w, pattern));
}

struct mdl_slice wire_bytes(struct wire *w, const char *pattern)
{
	return mdl_field_bytes(&w->f, mdl_buf_slice(&w->msg), wire_find(w, pattern));
}

bool wire_noted(const struct wire *w, const char *text)
{
	for (unsigned i = 0; i < w->f.n_notes; i++)
		if (strcmp(w->f.notes[i].text, text) == 0)
			return true;
	return false;
}

const char *wire_say(struct wire *w)
{
	mdl_buf_cut(&w->out, 0);
	assert_int_equal(w->x->proto->say(w->x, mdl_buf_slice(&w->msg), &w->f, &w->out), MDL_OK);
	return mdl_buf_text(&w->out);
}

void wire_repair(struct wire *w)
{
	static const struct mdl_repair how = { .what = MDL_REL_ALL & ~MDL_REL_NOW };
	assert_int_equal(mdl_repair(w->x, &w->msg, &w->f, &how), MDL_OK);
}

void wire_assert_repair_changes_nothing(struct wire *w)
{
	mdl_buf_cut(&w->out, 0);
	assert_int_equal(mdl_buf_add(&w->out, mdl_buf_slice(&w->msg)), MDL_OK);
	wire_repair(w);
	assert_int_equal(w->msg.n, w->out.n);
	assert_memory_equal(w->msg.p, w->out.p, w->out.n);
}

void wire_assert_nested(const struct wire *w)
{
	for (uint32_t i = 0; i < w->f.n; i++) {
		const struct mdl_field *d = &w->f.v[i];
		uint32_t p = w->f.v[i].parent;
		assert_true((size_t)d->off + d->len <= w->msg.n);
		if (p == MDL_NO_FIELD)
			continue;
		assert_true(d->off >= w->f.v[p].off);
		assert_true(d->off + d->len <= w->f.v[p].off + w->f.v[p].len);
	}
}

void wire_assert_index_true(struct wire *w)
{
	struct mdl_fields kept;
	mdl_fields_init(&kept);
	assert_int_equal(mdl_fields_copy(&kept, &w->f), MDL_OK);
	wire_again(w);
	assert_int_equal(w->err, MDL_OK);
	if (w->f.n_notes > 0)
		fail_msg("%s at %u", w->f.notes[0].text, w->f.notes[0].off);
	assert_int_equal(kept.n, w->f.n);
	for (uint32_t i = 0; i < kept.n; i++) {
		assert_int_equal(kept.v[i].def, w->f.v[i].def);
		assert_int_equal(kept.v[i].off, w->f.v[i].off);
		assert_int_equal(kept.v[i].len, w->f.v[i].len);
		assert_int_equal(kept.v[i].ref, w->f.v[i].ref);
		assert_int_equal(kept.v[i].depth, w->f.v[i].depth);
	}
	mdl_fields_fini(&kept);
}
