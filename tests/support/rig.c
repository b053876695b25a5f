#include "support/rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/writer.h"

static mdl_err toy_frame(struct mdl_ctx *x, struct mdl_slice in, size_t *n)
{
	(void)x;
	if (in.n < TOY_HEAD)
		return MDL_EMORE;
	size_t len = (size_t)mdl_get_be(in.p, TOY_HEAD);
	if (len > TOY_MAX)
		return MDL_EMALFORMED;
	*n = TOY_HEAD + len;
	return *n > in.n ? MDL_EMORE : MDL_OK;
}

static mdl_err toy_dissect(struct mdl_ctx *x, struct mdl_slice msg, struct mdl_fields *out)
{
	(void)x;
	mdl_field_add(out, 0, 0, msg.n);
	return MDL_OK;
}

static const struct mdl_field_def toy_fields[] = { { .name = "data", .kind = MDL_BYTES } };

const struct mdl_protocol rig_proto = {
	.name = "toy",
	.carriers = MDL_DGRAM | MDL_STREAM,
	.fields = toy_fields,
	.n_fields = MDL_COUNT(toy_fields),
	.frame = toy_frame,
	.dissect = toy_dissect,
};

void toy_put(struct mdl_buf *b, const char *text)
{
	struct mdl_writer w = mdl_writer(b);
	mdl_writer_be(&w, strlen(text), TOY_HEAD);
	mdl_writer_bytes(&w, mdl_slice_str(text));
	assert_int_equal(w.err, MDL_OK);
}

static enum verdict hand_msg(struct stage *s, struct mdl_msg *m, mdl_time now)
{
	struct hand *h = (struct hand *)s;
	h->n_seen++;
	h->last_flags = m->flags;
	switch (h->mood[m->dir]) {
	case HAND_PASS:
		return STAGE_PASS;
	case HAND_DROP:
		return STAGE_DROP;
	case HAND_TAKE:
		assert_true(h->n_held < MDL_COUNT(h->held));
		h->held[h->n_held++] = m;
		return STAGE_TAKE;
	case HAND_CLOSE:
		flow_close(s->flow, false, "the stage says so", now);
		break;
	}
	return STAGE_PASS;
}

static void hand_event(struct stage *s, enum flow_event ev, enum mdl_dir dir, mdl_time now)
{
	(void)dir;
	(void)now;
	((struct hand *)s)->events[ev]++;
}

static mdl_time hand_due(const struct stage *s)
{
	const struct hand *h = (const struct hand *)s;
	return h->release == 0 || h->n_held == 0 ? MDL_NEVER : h->release;
}

static struct mdl_msg *hand_take(struct hand *h)
{
	assert_true(h->n_held > 0);
	struct mdl_msg *m = h->held[0];
	h->n_held--;
	memmove(h->held, h->held + 1, h->n_held * sizeof(struct mdl_msg *));
	return m;
}

void hand_resume(struct hand *h, mdl_time now)
{
	flow_resume(&h->stage, hand_take(h), now);
}

void hand_drop(struct hand *h)
{
	flow_drop(h->stage.flow, hand_take(h));
}

static void hand_run(struct stage *s, mdl_time now)
{
	struct hand *h = (struct hand *)s;
	while (h->n_held > 0)
		hand_resume(h, now);
}

static void hand_close(struct stage *s)
{
	struct hand *h = (struct hand *)s;
	while (h->n_held > 0)
		mdl_msg_free(hand_take(h));
	if (h->closed != NULL)
		++*h->closed;
}

const struct stage_ops hand_ops = {
	.name = "hand",
	.summary = "does what a test says",
	.size = sizeof(struct hand),
	.on_msg = hand_msg,
	.on_event = hand_event,
	.due = hand_due,
	.run = hand_run,
	.close = hand_close,
};

struct hand *hand_new(void)
{
	struct stage *s = NULL;
	assert_int_equal(stage_make(&hand_ops, &s, NULL), MDL_OK);
	return (struct hand *)s;
}

static void on_event(void *ctx, struct flow *f, enum flow_event ev, enum mdl_dir dir, mdl_time now)
{
	(void)dir;
	struct rig *r = ctx;
	assert_true(r->n_events < RIG_LOG_MAX);
	r->events[r->n_events++] = ev;
	if (r->hook != NULL)
		r->hook(r, ev, now);
	if (ev != FLOW_CLOSED)
		return;
	assert_null(flow_end(f, MDL_C2S));
	assert_null(flow_end(f, MDL_S2C));
	r->stats = *flow_stats(f);
	memcpy(r->reason, flow_reason(f), sizeof(r->reason) - 1);
	r->flow = NULL;
}

bool rig_init(struct rig *r, enum mdl_carrier carrier)
{
	*r = (struct rig){
		.conf = { .proto = &rig_proto, .carrier = carrier, .id = 7, .on_event = on_event },
		.client = end_mem_new(),
		.server = end_mem_new(),
	};
	r->conf.rng = mdl_rng(1);
	r->conf.ctx = r;
	return r->client != NULL && r->server != NULL;
}

struct hand *rig_hand(struct rig *r)
{
	struct hand *h = hand_new();
	r->stages[r->n_stages++] = &h->stage;
	return h;
}

bool rig_try(struct rig *r, mdl_time now)
{
	mdl_err err = flow_new(&r->conf, &r->client->end, &r->server->end, r->stages, r->n_stages,
			       now, &r->flow, NULL);
	if (err == MDL_OK)
		r->n_stages = 0; /* the flow's now */
	return err == MDL_OK;
}

void rig_open(struct rig *r, mdl_time now)
{
	assert_true(rig_try(r, now));
}

void rig_close(struct rig *r)
{
	if (r->flow != NULL)
		flow_close(r->flow, true, NULL, 0);
	assert_null(r->flow);
	for (size_t i = 0; i < r->n_stages; i++)
		stage_free(r->stages[i]);
	end_mem_free(r->client);
	end_mem_free(r->server);
}

void rig_text(struct rig *r, enum mdl_dir dir, const char *text, mdl_time now)
{
	flow_input(r->flow, dir, mdl_slice_str(text), now);
}

static const struct mdl_trace *arrived(const struct rig *r, enum mdl_dir dir)
{
	return dir == MDL_C2S ? r->server->got : r->client->got;
}

void rig_got(const struct rig *r, enum mdl_dir dir, struct mdl_buf *out)
{
	const struct mdl_trace *t = arrived(r, dir);
	mdl_buf_init(out, MDL_BUF_MAX);
	for (size_t i = 0; i < t->n; i++)
		assert_int_equal(mdl_buf_add(out, mdl_buf_slice(&t->v[i]->bytes)), MDL_OK);
}

bool rig_got_is(const struct rig *r, enum mdl_dir dir, const char *text)
{
	struct mdl_buf b;
	rig_got(r, dir, &b);
	bool same = mdl_slice_is(mdl_buf_slice(&b), text);
	mdl_buf_fini(&b);
	return same;
}

size_t rig_events(const struct rig *r, enum flow_event ev)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n_events; i++)
		n += r->events[i] == ev;
	return n;
}
