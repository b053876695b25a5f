#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/writer.h"
#include "protocols/registry.h"
#include "support/alloc.h"
#include "support/rig.h"

static const struct mdl_protocol *guessed; /* what the registry guesses; NULL: raw */
static unsigned guesses;

const struct mdl_protocol *__wrap_mdl_protocol_guess(enum mdl_carrier on, struct mdl_slice first,
						     unsigned least);

const struct mdl_protocol *__wrap_mdl_protocol_guess(enum mdl_carrier on, struct mdl_slice first,
						     unsigned least)
{
	(void)on;
	assert_true(first.n > 0);
	assert_int_equal(least, FLOW_GUESS);
	guesses++;
	return guessed == NULL ? &mdl_raw : guessed;
}

static void sample(struct mdl_buf *b)
{
	mdl_buf_init(b, 1024);
	toy_put(b, "one");
	toy_put(b, "");
	toy_put(b, "three");
}

static void test_datagrams(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_DGRAM);
	rig_open(&r, 10);
	assert_int_equal(r.n_events, 0);
	assert_int_equal(flow_due(r.flow), 10);
	assert_int_equal(flow_id(r.flow), 7);
	assert_ptr_equal(flow_ctx(r.flow)->proto, &rig_proto);
	rig_text(&r, MDL_C2S, "ask", 11);
	rig_text(&r, MDL_C2S, "", 12);
	rig_text(&r, MDL_S2C, "answer", 13);
	assert_int_equal(r.events[0], FLOW_OPENED);
	assert_int_equal(r.n_events, 1);
	assert_int_equal(flow_due(r.flow), MDL_NEVER);
	assert_int_equal(r.server->got->n, 2);
	assert_int_equal(r.server->got->v[0]->at, 11);
	assert_true(rig_got_is(&r, MDL_C2S, "ask"));
	assert_true(rig_got_is(&r, MDL_S2C, "answer"));
	const struct flow_stats *s = flow_stats(r.flow);
	assert_int_equal(s->msgs[MDL_C2S], 2);
	assert_int_equal(s->bytes[MDL_C2S], 3);
	assert_int_equal(s->sent[MDL_S2C], 1);
	assert_int_equal(s->dropped[MDL_C2S], 0);
	rig_close(&r);
}

static void test_opened_by_run(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_DGRAM);
	rig_open(&r, 10);
	flow_run(r.flow, 10);
	assert_int_equal(r.events[0], FLOW_OPENED);
	rig_close(&r);
}

static void test_refused(void **state)
{
	(void)state;
	static const struct mdl_protocol dgrams = { .name = "dgrams", .carriers = MDL_DGRAM };
	struct rig r;
	struct stage *many[FLOW_STAGES_MAX + 1];
	struct mdl_why why;
	rig_init(&r, MDL_STREAM);
	r.conf.proto = &dgrams;
	assert_int_equal(
		flow_new(&r.conf, &r.client->end, &r.server->end, NULL, 0, 0, &r.flow, &why),
		MDL_EINVAL);
	assert_string_equal(why.text, "dgrams is not carried by a stream");
	r.conf.proto = &rig_proto;
	assert_int_equal(flow_new(&r.conf, &r.client->end, &r.server->end, many,
				  FLOW_STAGES_MAX + 1, 0, &r.flow, &why),
			 MDL_EINVAL);
	assert_null(r.client->end.flow);
	rig_close(&r);
}

/* Whatever pieces the bytes come in, the same messages arrive. */
static void check_split(struct mdl_slice all, size_t first, size_t second)
{
	struct rig r;
	rig_init(&r, MDL_STREAM);
	r.conf.whole_messages = true;
	rig_open(&r, 0);
	flow_input(r.flow, MDL_C2S, mdl_slice_sub(all, 0, first), 1);
	flow_input(r.flow, MDL_C2S, mdl_slice_sub(all, first, second), 2);
	flow_input(r.flow, MDL_C2S, mdl_slice_sub(all, first + second, SIZE_MAX), 3);
	struct mdl_trace *got = r.server->got;
	assert_int_equal(got->n, 3);
	assert_int_equal(got->v[0]->bytes.n, 7);
	assert_int_equal(got->v[1]->bytes.n, 4);
	assert_int_equal(got->v[2]->bytes.n, 9);
	assert_int_equal(got->v[2]->flags, 0);
	assert_false(flow_stats(r.flow)->degraded);
	rig_close(&r);
}

static void test_framing(void **state)
{
	(void)state;
	struct mdl_buf b;
	sample(&b);
	for (size_t first = 0; first <= b.n; first++)
		for (size_t second = 0; first + second <= b.n; second++)
			check_split(mdl_buf_slice(&b), first, second);
	mdl_buf_fini(&b);
}

static void test_fast_path(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_STREAM);
	rig_open(&r, 0);
	rig_text(&r, MDL_C2S, "\xff\xff not the toy's", 1);
	assert_int_equal(r.server->got->n, 1);
	assert_int_equal(r.server->got->v[0]->flags, 0);
	assert_false(flow_stats(r.flow)->degraded);
	rig_close(&r);
}

/* Both directions wait for the rest of a message; then one turns out not to be the toy's. */
static void check_degrade(size_t split)
{
	struct rig r;
	struct mdl_slice bytes = MDL_LIT("\0\0\0\1a\xff\xff\xff\xff rest");
	rig_init(&r, MDL_STREAM);
	struct hand *h = rig_hand(&r);
	rig_open(&r, 0);
	flow_input(r.flow, MDL_S2C, MDL_LIT("\0\0\0\5par"), 1);
	flow_input(r.flow, MDL_C2S, mdl_slice_sub(bytes, 0, split), 2);
	flow_input(r.flow, MDL_C2S, mdl_slice_sub(bytes, split, SIZE_MAX), 3);
	assert_int_equal(rig_events(&r, FLOW_DEGRADED), 1);
	assert_int_equal(h->events[FLOW_DEGRADED], 1);
	assert_true(flow_stats(r.flow)->degraded);
	assert_int_equal(h->last_flags, MDL_MSG_RAW);
	flow_input(r.flow, MDL_S2C, MDL_LIT("tial"), 4);
	flow_input(r.flow, MDL_C2S, MDL_LIT(" more"), 5);
	assert_int_equal(h->last_flags, MDL_MSG_RAW);
	struct mdl_buf got;
	rig_got(&r, MDL_C2S, &got);
	assert_int_equal(got.n, bytes.n + 5);
	assert_memory_equal(got.p, bytes.p, bytes.n);
	assert_memory_equal(got.p + bytes.n, " more", 5);
	mdl_buf_fini(&got);
	rig_got(&r, MDL_S2C, &got);
	assert_true(mdl_slice_eq(mdl_buf_slice(&got), MDL_LIT("\0\0\0\5partial")));
	mdl_buf_fini(&got);
	assert_int_equal(r.server->got->v[0]->flags, 0);
	assert_int_equal(rig_events(&r, FLOW_DEGRADED), 1);
	assert_string_equal(flow_proto(r.flow)->name, "toy");
	rig_close(&r);
}

static void test_degrade(void **state)
{
	(void)state;
	for (size_t split = 0; split <= 14; split++)
		check_degrade(split);
}

/* A message over the ceiling: nothing of it is lost, and memory stays bounded. */
static void test_degrade_by_length(void **state)
{
	(void)state;
	struct rig r;
	uint8_t head[TOY_HEAD], *piece = calloc(1, 64 << 10);
	assert_non_null(piece);
	mdl_put_be(head, FLOW_PENDING_MAX, TOY_HEAD);
	rig_init(&r, MDL_STREAM);
	rig_hand(&r);
	rig_open(&r, 0);
	flow_input(r.flow, MDL_C2S, mdl_slice(head, sizeof(head)), 0);
	size_t sent = sizeof(head);
	for (; sent < FLOW_PENDING_MAX - (64 << 10); sent += 64 << 10)
		flow_input(r.flow, MDL_C2S, mdl_slice(piece, 64 << 10), 0);
	assert_int_equal(r.server->got->n, 0);
	for (unsigned i = 0; i < 2; i++, sent += 64 << 10)
		flow_input(r.flow, MDL_C2S, mdl_slice(piece, 64 << 10), 0);
	assert_int_equal(rig_events(&r, FLOW_DEGRADED), 1);
	assert_int_equal(mdl_trace_bytes(r.server->got), sent);
	rig_close(&r);
	free(piece);
}

/* One call with more than a message may have: cut like any other. */
static void test_huge_input(void **state)
{
	(void)state;
	enum { EACH = 300000, N = 9 };
	struct rig r;
	struct mdl_buf b;
	mdl_buf_init(&b, MDL_BUF_MAX);
	struct mdl_writer w = mdl_writer(&b);
	for (unsigned i = 0; i < N; i++) {
		mdl_writer_be(&w, EACH, TOY_HEAD);
		mdl_writer_fill(&w, (uint8_t)i, EACH);
	}
	assert_int_equal(w.err, MDL_OK);
	rig_init(&r, MDL_STREAM);
	r.conf.whole_messages = true;
	rig_open(&r, 0);
	flow_input(r.flow, MDL_C2S, mdl_buf_slice(&b), 0);
	assert_int_equal(r.server->got->n, N);
	assert_int_equal(mdl_trace_bytes(r.server->got), b.n);
	assert_false(flow_stats(r.flow)->degraded);
	rig_close(&r);
	mdl_buf_fini(&b);
}

static void test_guess(void **state)
{
	(void)state;
	struct rig r;
	for (unsigned known = 0; known < 2; known++) {
		guessed = known ? &rig_proto : NULL;
		guesses = 0;
		rig_init(&r, MDL_STREAM);
		r.conf.proto = NULL;
		r.conf.whole_messages = true;
		rig_open(&r, 0);
		assert_string_equal(flow_proto(r.flow)->name, "raw");
		flow_input(r.flow, MDL_S2C, MDL_LIT("\0\0\0\2"), 1);
		flow_input(r.flow, MDL_S2C, MDL_LIT("ab"), 1);
		flow_input(r.flow, MDL_C2S, MDL_LIT("\0\0\0\1a"), 1);
		assert_int_equal(guesses, 1);
		assert_string_equal(flow_proto(r.flow)->name, known ? "toy" : "raw");
		assert_int_equal(r.client->got->n, known ? 1 : 2);
		assert_false(flow_stats(r.flow)->degraded);
		rig_close(&r);
	}
}

static void test_half_close(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_STREAM);
	rig_open(&r, 0);
	rig_text(&r, MDL_C2S, "last words", 1);
	flow_input_end(r.flow, MDL_C2S, 2);
	flow_input_end(r.flow, MDL_C2S, 2);
	assert_int_equal(rig_events(&r, FLOW_HALF_CLOSED), 1);
	assert_true(r.server->shut);
	assert_int_equal(r.server->got_at_shut, 1);
	assert_false(r.client->shut);
	rig_text(&r, MDL_C2S, "from beyond", 3);
	assert_int_equal(r.server->got->n, 1);
	rig_text(&r, MDL_S2C, "answer", 4);
	flow_input_end(r.flow, MDL_S2C, 5);
	assert_null(r.flow);
	assert_true(r.client->shut);
	assert_false(r.client->was_reset);
	assert_int_equal(r.client->got_at_shut, 1);
	assert_string_equal(r.reason, "");
	assert_int_equal(rig_events(&r, FLOW_CLOSED), 1);
	assert_int_equal(rig_events(&r, FLOW_RESET), 0);
	rig_close(&r);
}

/* What never became a whole message leaves before the half-close, marked. */
static void test_end_in_mid_message(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_STREAM);
	r.conf.whole_messages = true;
	rig_open(&r, 0);
	flow_input(r.flow, MDL_C2S, MDL_LIT("\0\0\0\1a\0\0\0\5bc"), 1);
	assert_int_equal(r.server->got->n, 1);
	flow_input_end(r.flow, MDL_C2S, 2);
	assert_int_equal(r.server->got_at_shut, 2);
	assert_int_equal(r.server->got->v[1]->flags, MDL_MSG_RAW);
	assert_int_equal(mdl_trace_bytes(r.server->got), 11);
	assert_false(flow_stats(r.flow)->degraded);
	rig_close(&r);
}

static void test_reset(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_STREAM);
	rig_open(&r, 0);
	flow_input_reset(r.flow, MDL_S2C, "connection refused", 1);
	assert_null(r.flow);
	assert_true(r.client->was_reset);
	assert_true(r.server->was_reset);
	assert_string_equal(r.reason, "connection refused");
	assert_int_equal(rig_events(&r, FLOW_RESET), 1);
	assert_int_equal(r.events[r.n_events - 1], FLOW_CLOSED);
	rig_close(&r);
}

/* Ends that take their time: the flow lives until the last is gone, and can be hurried. */
static void test_slow_close(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_STREAM);
	r.client->slow_close = r.server->slow_close = true;
	rig_open(&r, 0);
	flow_close(r.flow, false, "first", 1);
	flow_close(r.flow, false, "second", 1);
	assert_true(r.client->closing);
	assert_false(r.client->gone);
	assert_non_null(r.flow);
	rig_text(&r, MDL_C2S, "too late", 2);
	flow_input_end(r.flow, MDL_C2S, 2);
	flow_input_msg(r.flow, flow_make(r.flow, MDL_C2S, 2, MDL_LIT("x")), 2);
	assert_int_equal(r.server->got->n, 0);
	end_mem_gone(r.client, 3);
	assert_non_null(r.flow);
	assert_null(flow_end(r.flow, MDL_C2S));
	flow_close(r.flow, true, "third", 4);
	assert_null(r.flow);
	assert_true(r.server->was_reset);
	assert_false(r.client->was_reset);
	assert_string_equal(r.reason, "first");
	rig_close(&r);
}

/* An end that goes by itself takes the flow with it. */
static void test_end_goes(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_STREAM);
	rig_open(&r, 0);
	end_mem_gone(r.server, 1);
	assert_null(r.flow);
	assert_true(r.client->closing);
	assert_false(r.client->was_reset);
	rig_close(&r);
}

static void test_back_pressure(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_STREAM);
	r.conf.queue_max = 3200;
	rig_open(&r, 0);
	r.server->fake_backlog = 400;
	rig_text(&r, MDL_C2S, "x", 1);
	assert_false(r.client->paused);
	r.server->fake_backlog = 401;
	rig_text(&r, MDL_C2S, "x", 2);
	assert_true(r.client->paused);
	assert_false(r.server->paused);
	r.server->fake_backlog = 101;
	flow_flush(r.flow, 3);
	assert_true(r.client->paused);
	r.server->fake_backlog = 100;
	flow_flush(r.flow, 4);
	assert_false(r.client->paused);
	assert_int_equal(r.client->pauses, 1);
	r.client->fake_backlog = 401;
	rig_text(&r, MDL_S2C, "x", 5);
	assert_true(r.server->paused);
	assert_false(r.client->paused);
	rig_close(&r);
}

static void test_ceiling_of_stream(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_STREAM);
	r.conf.queue_max = 3200;
	rig_open(&r, 0);
	r.server->fake_backlog = 3200;
	rig_text(&r, MDL_C2S, "x", 1);
	assert_non_null(r.flow);
	r.server->fake_backlog = 3201;
	rig_text(&r, MDL_C2S, "x", 2);
	assert_null(r.flow);
	assert_true(r.client->was_reset);
	assert_string_equal(r.reason, "too much is waiting to be sent");
	rig_close(&r);
}

static void test_ceiling_of_datagrams(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_DGRAM);
	r.conf.queue_max = 3200;
	rig_open(&r, 0);
	r.server->fake_backlog = 3198;
	rig_text(&r, MDL_C2S, "ab", 1);
	rig_text(&r, MDL_C2S, "abc", 2);
	assert_int_equal(r.server->got->n, 1);
	assert_int_equal(flow_stats(r.flow)->dropped[MDL_C2S], 1);
	assert_int_equal(flow_stats(r.flow)->msgs[MDL_C2S], 2);
	rig_text(&r, MDL_S2C, "abc", 2);
	assert_int_equal(r.client->got->n, 1);
	rig_close(&r);
}

/* An end that speaks when its time has come. */
static mdl_time speaks_at;

static mdl_time speaker_due(const struct end *e)
{
	(void)e;
	return speaks_at;
}

static void speaker_run(struct end *e, mdl_time now)
{
	speaks_at = MDL_NEVER;
	flow_input_msg(e->flow, flow_make(e->flow, e->dir, now, MDL_LIT("spoken")), now);
}

static void test_end_with_due(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_DGRAM);
	struct end_ops ops = *r.client->end.ops;
	ops.due = speaker_due;
	ops.run = speaker_run;
	r.client->end.ops = &ops;
	speaks_at = 50;
	rig_open(&r, 0);
	flow_run(r.flow, 0);
	assert_int_equal(flow_due(r.flow), 50);
	flow_run(r.flow, 49);
	assert_int_equal(r.server->got->n, 0);
	flow_run(r.flow, 50);
	assert_true(rig_got_is(&r, MDL_C2S, "spoken"));
	assert_int_equal(flow_stats(r.flow)->msgs[MDL_C2S], 1);
	assert_int_equal(flow_due(r.flow), MDL_NEVER);
	/* an end that closes slowly is still run, its flow's stages are not */
	r.client->slow_close = true;
	flow_close(r.flow, false, NULL, 60);
	speaks_at = 70;
	assert_int_equal(flow_due(r.flow), 70);
	flow_run(r.flow, 70);
	assert_int_equal(r.server->got->n, 1);
	end_mem_gone(r.client, 80);
	end_mem_gone(r.client, 80);
	assert_null(r.flow);
	rig_close(&r);
}

static void test_flush(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_DGRAM);
	rig_open(&r, 0);
	flow_flush(r.flow, 1);
	assert_int_equal(r.client->flushes, 1);
	assert_int_equal(r.server->flushes, 1);
	rig_close(&r);
}

struct counting_host {
	struct flow_host host;
	unsigned touched, forgotten;
};

static void count_touch(void *ctx, struct flow *f)
{
	flow_seat(f)->touched = true;
	((struct counting_host *)ctx)->touched++;
}

static void count_forget(void *ctx, struct flow *f)
{
	assert_non_null(flow_proto(f));
	((struct counting_host *)ctx)->forgotten++;
}

/* A host hears of a flow when there is something to do, once until it has looked, and no more. */
static void test_host(void **state)
{
	(void)state;
	struct rig r;
	struct pool pool = { 0 };
	struct counting_host h = { { count_touch, count_forget, &h, &pool }, 0, 0 };
	rig_init(&r, MDL_DGRAM);
	r.conf.host = &h.host;
	rig_open(&r, 0);
	assert_int_equal(h.touched, 1);
	rig_text(&r, MDL_C2S, "x", 1);
	assert_int_equal(h.touched, 1);
	flow_seat(r.flow)->touched = false;
	flow_flush(r.flow, 1);
	assert_int_equal(h.touched, 1);
	rig_text(&r, MDL_C2S, "x", 2);
	rig_text(&r, MDL_C2S, "x", 2);
	assert_int_equal(h.touched, 2);
	flow_recycle(r.flow, flow_make(r.flow, MDL_C2S, 2, MDL_LIT("x")));
	assert_int_equal(pool.n, 1);
	rig_close(&r);
	assert_int_equal(h.forgotten, 1);
	pool_fini(&pool);
}

struct log_lines {
	unsigned n;
	char last[512];
};

static void keep_line(void *ctx, enum mdl_level level, const char *line)
{
	struct log_lines *l = ctx;
	assert_int_equal(level, MDL_DEBUG);
	assert_true(strlen(line) < sizeof(l->last));
	memcpy(l->last, line, strlen(line) + 1);
	l->n++;
}

static void test_log(void **state)
{
	(void)state;
	struct rig r;
	struct log_lines lines = { 0 };
	struct mdl_log log = { MDL_DEBUG, keep_line, &lines };
	rig_init(&r, MDL_DGRAM);
	r.conf.log = &log;
	rig_open(&r, 0);
	rig_text(&r, MDL_C2S, "abc", 1);
	flow_close(r.flow, false, "enough", 2);
	assert_int_equal(lines.n, 1);
	assert_string_equal(lines.last, "flow close id=7 proto=toy msgs=1/0 bytes=3/0 dropped=0/0 "
					"reason=\"enough\"");
	rig_close(&r);
}

static void out_of_memory(enum mdl_carrier carrier)
{
	static const struct mdl_slice pieces[] = {
		{ (const uint8_t *)"\0\0\0\2", 4 },
		{ (const uint8_t *)"ab\xff", 3 },
		{ (const uint8_t *)"\xff\xff\xff and more", 12 },
	};
	struct rig r;
	guessed = &rig_proto;
	bool ready = rig_init(&r, carrier);
	r.conf.proto = NULL;
	r.conf.whole_messages = true;
	if (ready && rig_try(&r, 0)) {
		for (size_t i = 0; r.flow != NULL && i < MDL_COUNT(pieces); i++)
			flow_input(r.flow, MDL_C2S, pieces[i], 0);
		if (r.flow != NULL)
			flow_input_end(r.flow, MDL_C2S, 0);
		if (r.flow == NULL)
			assert_string_equal(r.reason, "out of memory");
		else if (carrier == MDL_STREAM && flow_stats(r.flow)->dropped[MDL_C2S] == 0)
			assert_int_equal(mdl_trace_bytes(r.server->got), 19);
	}
	rig_close(&r);
}

static void test_no_memory(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(out_of_memory(MDL_DGRAM));
	ALLOC_FAIL_EACH(out_of_memory(MDL_STREAM));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datagrams),
		cmocka_unit_test(test_opened_by_run),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_framing),
		cmocka_unit_test(test_fast_path),
		cmocka_unit_test(test_degrade),
		cmocka_unit_test(test_degrade_by_length),
		cmocka_unit_test(test_huge_input),
		cmocka_unit_test(test_guess),
		cmocka_unit_test(test_half_close),
		cmocka_unit_test(test_end_in_mid_message),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_slow_close),
		cmocka_unit_test(test_end_goes),
		cmocka_unit_test(test_back_pressure),
		cmocka_unit_test(test_ceiling_of_stream),
		cmocka_unit_test(test_ceiling_of_datagrams),
		cmocka_unit_test(test_end_with_due),
		cmocka_unit_test(test_flush),
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
