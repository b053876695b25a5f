/*
 * IP packets: fields lie in the message and in their parents; a packet without notes is not changed
 * by repair; edits through the index keep it inside the message; the quick reader agrees.
 */
#include <assert.h>
#include <stdlib.h>

#include "protocols/ip_peek.h"
#include "protocols/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mdl_ctx *x;
static struct mdl_fields f;
static struct mdl_buf msg, said;

static void check_inside(void)
{
	uint32_t open[UINT8_MAX + 1];
	for (uint32_t i = 0; i < f.n; i++) {
		const struct mdl_field *d = &f.v[i];
		assert((size_t)d->off + d->len <= msg.n);
		open[d->depth] = i;
		if (d->depth == 0)
			continue;
		const struct mdl_field *p = &f.v[open[d->depth - 1]];
		assert(d->off >= p->off && d->off + d->len <= p->off + p->len);
	}
}

static void check_repair_of_clean(struct mdl_slice packet)
{
	struct mdl_repair how = { .what = MDL_REL_ALL };
	mdl_err err = mdl_repair(x, &msg, &f, &how);
	assert(err == MDL_OK);
	assert(mdl_slice_eq(mdl_buf_slice(&msg), packet));
}

static void check_say(void)
{
	mdl_buf_cut(&said, 0);
	mdl_err err = mdl_ip.say(x, mdl_buf_slice(&msg), &f, &said);
	assert(err == MDL_OK && said.n > 0);
}

/* Both readers find the same bytes behind the UDP header. */
static void check_peek(void)
{
	struct mdl_ip_packet p;
	if (mdl_ip_peek(mdl_buf_slice(&msg), &p) != MDL_OK)
		return;
	assert(p.transport.n <= p.transport_len && p.payload.n <= p.payload_len);
	assert(!p.ports || p.payload.p >= p.transport.p);
	for (uint32_t i = 0; i < f.n && p.ports && !p.cut; i++)
		if (f.v[i].layer == 0 && strcmp(mdl_field_def(&f, i)->name, "payload") == 0)
			assert(msg.p + f.v[i].off == p.payload.p && f.v[i].len == p.payload.n);
}

static void check_edit(uint32_t field, struct mdl_slice with)
{
	struct mdl_repair how = { .what = MDL_REL_ALL };
	uint32_t i = f.n == 0 ? 0 : field % f.n;
	if (f.n == 0 || mdl_field_def(&f, i)->kind == MDL_BITS)
		return; /* bits share their byte, so it is not theirs to cut */
	mdl_err err = with.n % 2 == 0 ? mdl_field_remove(&msg, &f, i)
				      : mdl_field_splice(&msg, &f, i, with);
	if (err == MDL_OK)
		err = mdl_repair(x, &msg, &f, &how);
	assert(err == MDL_OK || err == MDL_ELIMIT);
	check_inside();
}

static void check(struct mdl_slice packet)
{
	mdl_err err = mdl_dissect(x, mdl_buf_slice(&msg), &f);
	check_inside();
	check_say();
	if (err == MDL_OK && f.n_notes == 0) {
		check_peek();
		check_repair_of_clean(packet);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mdl_buf sealed;
	struct mdl_slice packet = mdl_slice(data, size);
	if (x == NULL) {
		mdl_buf_init(&msg, 1 << 20);
		mdl_buf_init(&said, 1 << 20);
		mdl_buf_init(&sealed, 1 << 20);
		if (mdl_ctx_new(&mdl_ip, MDL_PACKET, NULL, &x, NULL) != MDL_OK)
			abort();
	}
	if (size == 0 || mdl_buf_set(&msg, packet) != MDL_OK)
		return 0;
	check(packet);
	/* few inputs have right checksums of their own */
	mdl_ip_seal(msg.p, msg.n);
	if (mdl_buf_set(&sealed, mdl_buf_slice(&msg)) != MDL_OK)
		return 0;
	check(mdl_buf_slice(&sealed));
	check_edit((uint32_t)(data[size / 2] * 257U + data[size - 1]),
		   mdl_slice_sub(packet, size / 3, data[0] % 9));
	return 0;
}
