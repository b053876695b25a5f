#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/alloc.h"
#include "support/rig.h"

static struct mdl_conf *parse(const char *yaml)
{
	struct mdl_conf *root = NULL;
	assert_int_equal(mdl_conf_parse(mdl_slice_str(yaml), "x.yaml", &root, NULL), MDL_OK);
	return root;
}

/* A datagram flow with impair in it, and a seed. */
static void open_impaired(struct rig *r, const char *yaml, uint64_t seed)
{
	struct mdl_conf *root = parse(yaml);
	rig_init(r, MDL_DGRAM);
	r->conf.rng = mdl_rng(seed);
	r->conf.queue_max = 1 << 30;
	assert_int_equal(stage_new("impair", root, &r->stages[0], NULL), MDL_OK);
	mdl_conf_free(root);
	r->n_stages = 1;
	rig_open(r, 0);
}

static void run_until(struct rig *r, mdl_time end)
{
	for (mdl_time due = flow_due(r->flow); due <= end; due = flow_due(r->flow))
		flow_run(r->flow, due);
}

static void number(struct rig *r, enum mdl_dir dir, unsigned n, mdl_time now)
{
	char text[16];
	snprintf(text, sizeof(text), "%08u", n);
	rig_text(r, dir, text, now);
}

static unsigned number_of(const struct mdl_msg *m)
{
	unsigned n = 0;
	assert_int_equal(m->bytes.n, 8);
	assert_int_equal(sscanf(mdl_buf_text(&m->bytes), "%u", &n), 1);
	return n;
}

static void test_defaults_change_nothing(void **state)
{
	(void)state;
	struct rig r;
	open_impaired(&r, "", 1);
	for (unsigned i = 0; i < 100; i++)
		number(&r, MDL_C2S, i, i);
	assert_int_equal(r.server->got->n, 100);
	assert_int_equal(flow_due(r.flow), MDL_NEVER);
	rig_close(&r);
}

static void test_delay(void **state)
{
	(void)state;
	struct rig r;
	open_impaired(&r, "delay: 20ms", 1);
	rig_text(&r, MDL_C2S, "a", 100 * MDL_MS);
	rig_text(&r, MDL_S2C, "b", 105 * MDL_MS);
	assert_int_equal(r.server->got->n, 0);
	assert_int_equal(flow_due(r.flow), 120 * MDL_MS);
	flow_run(r.flow, 120 * MDL_MS - 1);
	assert_int_equal(r.server->got->n, 0);
	flow_run(r.flow, 120 * MDL_MS);
	assert_int_equal(r.server->got->n, 1);
	assert_int_equal(flow_due(r.flow), 125 * MDL_MS);
	run_until(&r, MDL_SEC);
	assert_int_equal(r.client->got->v[0]->at, 125 * MDL_MS);
	rig_close(&r);
}

/* Arrival times of 1000 messages, one every ms; returns how many were overtaken. */
static unsigned overtaken(const char *yaml)
{
	struct rig r;
	unsigned n = 0;
	bool early = false, late = false;
	open_impaired(&r, yaml, 3);
	for (unsigned i = 0; i < 1000; i++) {
		run_until(&r, i * MDL_MS);
		number(&r, MDL_C2S, i, i * MDL_MS);
	}
	run_until(&r, 10 * MDL_SEC);
	const struct mdl_trace *got = r.server->got;
	assert_int_equal(got->n, 1000);
	for (size_t i = 0; i < got->n; i++) {
		mdl_time took = got->v[i]->at - number_of(got->v[i]) * MDL_MS;
		assert_true(took >= 15 * MDL_MS && took <= 25 * MDL_MS);
		early |= took < 16 * MDL_MS;
		late |= took > 24 * MDL_MS;
		n += i > 0 && number_of(got->v[i]) < number_of(got->v[i - 1]);
	}
	assert_true(late);
	assert_true(early || n == 0);
	rig_close(&r);
	return n;
}

static void test_jitter(void **state)
{
	(void)state;
	assert_int_equal(overtaken("{ delay: 20ms, jitter: 5ms }"), 0);
	assert_true(overtaken("{ delay: 20ms, jitter: 5ms, reorder: yes }") > 200);
}

/* 100 bytes at 1000 bytes a second take 100 ms each. */
static void check_rate(const char *yaml, const mdl_time *leaves, size_t n)
{
	struct rig r;
	uint8_t bytes[100] = { 0 };
	open_impaired(&r, yaml, 1);
	for (size_t i = 0; i < n; i++)
		flow_input(r.flow, MDL_C2S, mdl_slice(bytes, sizeof(bytes)), MDL_SEC);
	run_until(&r, 100 * MDL_SEC);
	assert_int_equal(r.server->got->n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(r.server->got->v[i]->at, MDL_SEC + leaves[i] * MDL_MS);
	/* a second later the bucket is empty again */
	flow_input(r.flow, MDL_C2S, mdl_slice(bytes, sizeof(bytes)), 200 * MDL_SEC);
	assert_int_equal(r.server->got->n, n + 1);
	rig_close(&r);
}

static void test_rate(void **state)
{
	(void)state;
	static const mdl_time plain[] = { 0, 100, 200, 300 };
	static const mdl_time burst[] = { 0, 0, 0, 50, 150 };
	static const mdl_time late[] = { 7, 107, 207 };
	check_rate("rate: 1000", plain, MDL_COUNT(plain));
	check_rate("{ rate: 1000, burst: 250 }", burst, MDL_COUNT(burst));
	struct rig r;
	uint8_t bytes[100] = { 0 };
	open_impaired(&r, "{ rate: 1000, delay: 7ms }", 1);
	for (size_t i = 0; i < MDL_COUNT(late); i++)
		flow_input(r.flow, MDL_C2S, mdl_slice(bytes, sizeof(bytes)), 0);
	run_until(&r, MDL_SEC);
	for (size_t i = 0; i < MDL_COUNT(late); i++)
		assert_int_equal(r.server->got->v[i]->at, late[i] * MDL_MS);
	rig_close(&r);
}

static void test_only(void **state)
{
	(void)state;
	struct rig r;
	open_impaired(&r, "{ loss: 100%, only: c2s }", 1);
	rig_text(&r, MDL_C2S, "x", 0);
	rig_text(&r, MDL_S2C, "y", 0);
	assert_int_equal(r.server->got->n, 0);
	assert_int_equal(r.client->got->n, 1);
	rig_close(&r);
	open_impaired(&r, "{ loss: 100%, only: s2c }", 1);
	rig_text(&r, MDL_C2S, "x", 0);
	rig_text(&r, MDL_S2C, "y", 0);
	assert_int_equal(r.server->got->n, 1);
	assert_int_equal(r.client->got->n, 0);
	rig_close(&r);
}

static void test_loss(void **state)
{
	(void)state;
	struct rig r;
	open_impaired(&r, "loss: 10%", 9);
	for (unsigned i = 0; i < 10000; i++)
		number(&r, MDL_C2S, i, 0);
	uint64_t lost = flow_stats(r.flow)->dropped[MDL_C2S];
	assert_int_equal(lost + r.server->got->n, 10000);
	assert_true(lost > 900 && lost < 1100);
	rig_close(&r);
}

static void test_duplicate(void **state)
{
	(void)state;
	struct rig r;
	open_impaired(&r, "duplicate: 100%", 1);
	rig_text(&r, MDL_C2S, "a", 5);
	rig_text(&r, MDL_C2S, "b", 5);
	assert_int_equal(flow_due(r.flow), 5);
	run_until(&r, 5);
	assert_true(rig_got_is(&r, MDL_C2S, "aabb"));
	assert_int_equal(r.server->got->v[0]->flags, 0);
	assert_int_equal(r.server->got->v[1]->flags, MDL_MSG_MADE);
	rig_close(&r);
	open_impaired(&r, "{ duplicate: 100%, delay: 3ns }", 1);
	rig_text(&r, MDL_C2S, "a", 5);
	rig_text(&r, MDL_C2S, "b", 5);
	run_until(&r, 8);
	assert_true(rig_got_is(&r, MDL_C2S, "aabb"));
	rig_close(&r);
}

static void test_corrupt(void **state)
{
	(void)state;
	struct rig r;
	open_impaired(&r, "corrupt: 100%", 1);
	rig_text(&r, MDL_C2S, "", 0);
	for (unsigned i = 1; i <= 200; i++) {
		rig_text(&r, MDL_C2S, "abcdefgh", 0);
		const struct mdl_msg *m = r.server->got->v[i];
		unsigned differ = 0;
		for (size_t k = 0; k < 8; k++)
			differ += m->bytes.p[k] != (uint8_t) "abcdefgh"[k];
		assert_int_equal(m->bytes.n, 8);
		assert_int_equal(differ, 1);
		assert_int_equal(m->flags, MDL_MSG_MADE);
	}
	rig_close(&r);
}

/* All that arrived in one direction, as numbers and times. */
static void fates(const char *yaml, uint64_t seed, bool other_way_too, mdl_time start,
		  struct mdl_buf *out)
{
	struct rig r;
	open_impaired(&r, yaml, seed);
	for (unsigned i = 0; i < 300; i++) {
		mdl_time now = start + i * MDL_MS;
		run_until(&r, now);
		if (other_way_too)
			number(&r, MDL_S2C, i, now);
		number(&r, MDL_C2S, i, now);
	}
	run_until(&r, start + MDL_SEC);
	mdl_buf_init(out, MDL_BUF_MAX);
	for (size_t i = 0; i < r.server->got->n; i++) {
		const struct mdl_msg *m = r.server->got->v[i];
		assert_int_equal(mdl_buf_printf(out, "%s %lld\n", mdl_buf_text(&m->bytes),
						(long long)(m->at - start)),
				 MDL_OK);
	}
	rig_close(&r);
}

/* A message's fate is its number's: the same run again, another clock, the other direction. */
static void test_chance(void **state)
{
	(void)state;
	static const char all[] = "{ loss: 5%, duplicate: 5%, corrupt: 5%, delay: 9ms, "
				  "jitter: 9ms, reorder: yes }";
	struct mdl_buf a, b;
	fates(all, 1, false, 0, &a);
	fates(all, 1, true, 7 * MDL_SEC, &b);
	assert_string_equal(mdl_buf_text(&a), mdl_buf_text(&b));
	mdl_buf_fini(&b);
	fates(all, 2, false, 0, &b);
	assert_string_not_equal(mdl_buf_text(&a), mdl_buf_text(&b));
	mdl_buf_fini(&b);
	mdl_buf_fini(&a);
}

/* One option more does not change what the others do: what is damaged stays damaged the same way. */
static void test_options_are_independent(void **state)
{
	(void)state;
	struct mdl_buf a, b;
	fates("{ corrupt: 20%, delay: 9ms, jitter: 5ms, reorder: yes }", 1, false, 0, &a);
	fates("{ corrupt: 20%, loss: 50%, delay: 9ms, jitter: 5ms, reorder: yes }", 1, false, 0,
	      &b);
	char *rest = NULL;
	for (char *line = strtok_r((char *)b.p, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest))
		assert_non_null(strstr(mdl_buf_text(&a), line));
	mdl_buf_fini(&a);
	mdl_buf_fini(&b);
}

/* In a stream the half-close waits for what is delayed, doubles included. */
static void test_stream(void **state)
{
	(void)state;
	struct rig r;
	struct mdl_conf *root = parse("{ delay: 10ms, duplicate: 100% }");
	rig_init(&r, MDL_STREAM);
	assert_int_equal(stage_new("impair", root, &r.stages[0], NULL), MDL_OK);
	mdl_conf_free(root);
	r.n_stages = 1;
	rig_open(&r, 0);
	flow_input(r.flow, MDL_C2S, MDL_LIT("\0\0\0\1a\0\0\0\1b"), 0);
	flow_input_end(r.flow, MDL_C2S, 0);
	assert_false(r.server->shut);
	run_until(&r, 10 * MDL_MS);
	assert_true(r.server->shut);
	assert_int_equal(r.server->got_at_shut, 4);
	rig_close(&r);
}

/* A message that may leave at once does not overtake those whose time has come but who are not run. */
static void test_no_overtaking_within_a_wake(void **state)
{
	(void)state;
	struct rig r;
	open_impaired(&r, "rate: 1000", 1);
	rig_text(&r, MDL_C2S, "1", 0);
	rig_text(&r, MDL_C2S, "2", 0);
	rig_text(&r, MDL_C2S, "3", MDL_SEC);
	run_until(&r, 2 * MDL_SEC);
	assert_true(rig_got_is(&r, MDL_C2S, "123"));
	rig_close(&r);
}

static void test_close_with_messages_in_line(void **state)
{
	(void)state;
	struct rig r;
	open_impaired(&r, "delay: 1s", 1);
	for (unsigned i = 0; i < 100; i++)
		number(&r, MDL_C2S, i, i);
	rig_close(&r);
	assert_int_equal(r.stats.sent[MDL_C2S], 0);
}

static void out_of_memory(const struct mdl_conf *options)
{
	struct rig r;
	bool ready = rig_init(&r, MDL_DGRAM);
	if (ready && stage_new("impair", options, &r.stages[0], NULL) == MDL_OK) {
		r.n_stages = 1;
		if (rig_try(&r, 0)) {
			rig_text(&r, MDL_C2S, "x", 0);
			flow_run(r.flow, MDL_MS);
		}
	}
	rig_close(&r);
}

static void test_no_memory(void **state)
{
	(void)state;
	struct mdl_conf *options = parse("{ delay: 1ms, duplicate: 100% }");
	ALLOC_FAIL_EACH(out_of_memory(options));
	mdl_conf_free(options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_change_nothing),
		cmocka_unit_test(test_delay),
		cmocka_unit_test(test_jitter),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_only),
		cmocka_unit_test(test_loss),
		cmocka_unit_test(test_duplicate),
		cmocka_unit_test(test_corrupt),
		cmocka_unit_test(test_chance),
		cmocka_unit_test(test_options_are_independent),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_no_overtaking_within_a_wake),
		cmocka_unit_test(test_close_with_messages_in_line),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
