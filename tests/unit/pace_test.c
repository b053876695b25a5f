#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replay/pace.h"

static struct mdl_trace *trace(mdl_time start, enum mdl_carrier carrier)
{
	struct mdl_trace *t = mdl_trace_new();
	t->start = start;
	t->carrier = carrier;
	return t;
}

static void say(struct mdl_trace *t, enum mdl_dir dir, mdl_time at, const char *text)
{
	assert_int_equal(mdl_trace_add(t, dir, at, mdl_slice_str(text)), MDL_OK);
}

static void test_words(void **state)
{
	(void)state;
	struct pace p;
	struct mdl_why why;
	assert_int_equal(pace_parse("original", &p, &why), MDL_OK);
	assert_true(p.kind == PACE_ORIGINAL && p.factor == 1);
	assert_int_equal(pace_parse("x10", &p, &why), MDL_OK);
	assert_true(p.kind == PACE_ORIGINAL && p.factor == 10);
	assert_int_equal(pace_parse("x0.5", &p, &why), MDL_OK);
	assert_true(p.factor == 0.5);
	assert_int_equal(pace_parse("500/s", &p, &why), MDL_OK);
	assert_true(p.kind == PACE_RATE && p.rate == 500);
	assert_int_equal(pace_parse("top", &p, &why), MDL_OK);
	assert_true(p.kind == PACE_TOP);
	static const char *const bad[] = { "",	    "x",    "x0",  "x-1",  "500",
					   "500/m", "fast", "0/s", "nan/s" };
	for (size_t i = 0; i < MDL_COUNT(bad); i++)
		assert_int_equal(pace_parse(bad[i], &p, &why), MDL_EINVAL);
	assert_string_equal(why.text,
			    "expected a speed as original, x10, 500/s or top, not \"nan/s\"");
}

static void test_factor(void **state)
{
	(void)state;
	struct mdl_trace *v[2] = { trace(7000, MDL_DGRAM), trace(5000, MDL_DGRAM) };
	struct pace p = { PACE_ORIGINAL, 10, 0 };
	say(v[0], MDL_C2S, 0, "a");
	say(v[0], MDL_S2C, 300, "b");
	assert_int_equal(pace_apply(&p, v, 2, MDL_C2S), MDL_OK);
	assert_int_equal(v[0]->start, 200);
	assert_int_equal(v[1]->start, 0);
	assert_int_equal(v[0]->v[1]->at, 30);
	mdl_trace_free(v[0]);
	mdl_trace_free(v[1]);
}

static void test_rate_counts_over_all_traces(void **state)
{
	(void)state;
	struct mdl_trace *v[2] = { trace(1000, MDL_DGRAM), trace(1500, MDL_DGRAM) };
	struct pace p = { PACE_RATE, 1, 1000 };
	say(v[0], MDL_C2S, 0, "first");
	say(v[0], MDL_S2C, 100, "answer");
	say(v[0], MDL_C2S, 2000, "third");
	say(v[1], MDL_C2S, 0, "second");
	assert_int_equal(pace_apply(&p, v, 2, MDL_C2S), MDL_OK);
	assert_int_equal(v[0]->start + v[0]->v[0]->at, 0);
	assert_int_equal(v[1]->start + v[1]->v[0]->at, 1 * MDL_MS);
	assert_int_equal(v[0]->start + v[0]->v[2]->at, 2 * MDL_MS);
	mdl_trace_free(v[0]);
	mdl_trace_free(v[1]);
}

static void test_join(void **state)
{
	(void)state;
	struct mdl_trace *v[4] = { trace(3000, MDL_DGRAM), trace(1000, MDL_DGRAM),
				   trace(9000, MDL_STREAM), trace(2000, MDL_DGRAM) };
	size_t n = 4;
	say(v[0], MDL_C2S, 0, "c");
	say(v[1], MDL_C2S, 0, "a");
	say(v[1], MDL_C2S, 5000, "d");
	say(v[3], MDL_C2S, 0, "b");
	assert_int_equal(pace_join(v, &n, 1), MDL_OK);
	assert_int_equal(n, 2);
	assert_int_equal(v[1]->carrier, MDL_STREAM);
	assert_int_equal(v[0]->n, 4);
	assert_int_equal(v[0]->start, 1000);
	static const char order[] = "abcd";
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(v[0]->v[i]->bytes.p[0], order[i]);
	assert_int_equal(v[0]->v[2]->at, 2000);
	mdl_trace_free(v[0]);
	mdl_trace_free(v[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_factor),
		cmocka_unit_test(test_rate_counts_over_all_traces),
		cmocka_unit_test(test_join),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
