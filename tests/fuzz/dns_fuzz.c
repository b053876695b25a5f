/*
 * The first byte chooses carrier and direction, the rest is a message. Fields lie inside the message
 * and inside what holds them; repair leaves a message alone in which nothing was odd; there is
 * always something to say.
 */
#include <stdlib.h>

#include "protocols/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_nesting(const struct mdl_fields *f, size_t n)
{
	uint32_t around[UINT8_MAX + 1] = { 0 }; /* the last field of each depth */
	for (uint32_t i = 0; i < f->n; i++) {
		const struct mdl_field *d = &f->v[i];
		require((size_t)d->off + d->len <= n);
		around[d->depth] = i;
		if (d->depth == 0)
			continue;
		const struct mdl_field *p = &f->v[around[d->depth - 1]];
		require(p->off <= d->off && d->off + d->len <= p->off + p->len);
	}
}

static void check_repair(struct mdl_ctx *x, struct mdl_slice msg, struct mdl_fields *f)
{
	static const struct mdl_repair how = { .what = MDL_REL_ALL & ~MDL_REL_NOW };
	bool odd = f->n_notes > 0;
	struct mdl_buf b;
	mdl_buf_init(&b, 1 << 20);
	require(mdl_buf_add(&b, msg) == MDL_OK);
	require(mdl_repair(x, &b, f, &how) == MDL_OK);
	require(b.n == msg.n);
	require(odd || mdl_slice_eq(mdl_buf_slice(&b), msg));
	mdl_buf_fini(&b);
}

static void check_words(struct mdl_ctx *x, struct mdl_slice msg, const struct mdl_fields *f)
{
	struct mdl_buf out;
	mdl_buf_init(&out, 1 << 20);
	require(mdl_dns.say(x, msg, f, &out) == MDL_OK && out.n > 0);
	require(mdl_state_text(&mdl_dns, mdl_observe(x, msg), &out) == MDL_OK);
	mdl_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mdl_ctx *x;
	struct mdl_fields f;
	size_t n;
	if (size == 0 || size > 1 << 16)
		return 0;
	enum mdl_carrier on = (data[0] & 1) != 0 ? MDL_STREAM : MDL_DGRAM;
	struct mdl_slice msg = mdl_slice(data + 1, size - 1);
	require(mdl_ctx_new(&mdl_dns, on, NULL, &x, NULL) == MDL_OK);
	x->dir = (data[0] & 2) != 0 ? MDL_S2C : MDL_C2S;
	mdl_fields_init(&f);
	mdl_err err = mdl_dissect(x, msg, &f);
	require(err == MDL_OK || err == MDL_EMALFORMED || err == MDL_ELIMIT);
	require(err != MDL_EMALFORMED || f.n_notes > 0);
	if (err != MDL_ELIMIT)
		check_nesting(&f, msg.n);
	check_words(x, msg, &f);
	if (err == MDL_OK)
		check_repair(x, msg, &f);
	mdl_frame(x, msg, &n);
	mdl_pair_key(x, msg);
	require(mdl_dns.guess(on, msg) <= 100);
	mdl_fields_fini(&f);
	mdl_ctx_free(x);
	return 0;
}
