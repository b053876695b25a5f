#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/log.h"

struct heard {
	unsigned n;
	enum mdl_level level;
	char line[2048];
};

static void hear(void *ctx, enum mdl_level level, const char *line)
{
	struct heard *h = ctx;
	h->n++;
	h->level = level;
	snprintf(h->line, sizeof(h->line), "%s", line);
}

static void test_lines_reach_the_sink(void **state)
{
	(void)state;
	struct heard h = { 0 };
	struct mdl_log log = { .level = MDL_INFO, .sink = hear, .ctx = &h };
	mdl_log(&log, MDL_WARN, "flow open id=%d", 7);
	assert_int_equal(h.n, 1);
	assert_int_equal(h.level, MDL_WARN);
	assert_string_equal(h.line, "flow open id=7");
}

static void test_what_is_quieter_is_left_out(void **state)
{
	(void)state;
	for (enum mdl_level most = MDL_ERROR; most <= MDL_DEBUG; most++) {
		struct heard h = { 0 };
		struct mdl_log log = { .level = most, .sink = hear, .ctx = &h };
		for (enum mdl_level l = MDL_ERROR; l <= MDL_DEBUG; l++)
			mdl_log(&log, l, "x");
		assert_int_equal(h.n, most + 1);
	}
}

static void test_nobody_listens(void **state)
{
	(void)state;
	struct mdl_log deaf = { .level = MDL_DEBUG };
	mdl_log(NULL, MDL_ERROR, "x");
	mdl_log(&deaf, MDL_ERROR, "x");
}

static void test_long_lines_are_cut(void **state)
{
	(void)state;
	struct heard h = { 0 };
	struct mdl_log log = { .level = MDL_INFO, .sink = hear, .ctx = &h };
	mdl_log(&log, MDL_INFO, "%*s", 1500, "x");
	assert_int_equal(strlen(h.line), 1023);
}

static void test_one_event_is_one_line_whatever_a_peer_sent(void **state)
{
	(void)state;
	struct heard h = { 0 };
	struct mdl_log log = { .level = MDL_INFO, .sink = hear, .ctx = &h };
	mdl_log(&log, MDL_INFO, "host=%s", "a\nerror: forged\x1b[2J\x7f caf\xc3\xa9");
	assert_string_equal(h.line, "host=a?error: forged?[2J? caf\xc3\xa9");
}

static void test_levels_have_names(void **state)
{
	(void)state;
	assert_string_equal(mdl_level_text(MDL_ERROR), "error");
	assert_string_equal(mdl_level_text(MDL_WARN), "warning");
	assert_string_equal(mdl_level_text(MDL_INFO), "info");
	assert_string_equal(mdl_level_text(MDL_DEBUG), "debug");
}

static void test_a_gate_counts_what_it_holds_back(void **state)
{
	(void)state;
	struct mdl_gate g = { 0 };
	uint64_t held = 99;
	for (int i = 0; i < 3; i++) {
		assert_true(mdl_gate_pass(&g, 3, 5, &held));
		assert_int_equal(held, 0);
	}
	for (int i = 0; i < 10; i++)
		assert_false(mdl_gate_pass(&g, 3, MDL_SEC - 1, &held));
	assert_true(mdl_gate_pass(&g, 3, MDL_SEC, &held));
	assert_int_equal(held, 10);
	assert_true(mdl_gate_pass(&g, 3, MDL_SEC, &held));
	assert_int_equal(held, 0);
}

static void test_a_gate_opens_a_second_after_the_window_began(void **state)
{
	(void)state;
	struct mdl_gate g = { 0 };
	uint64_t held;
	assert_true(mdl_gate_pass(&g, 1, 10 * MDL_SEC, &held));
	assert_false(mdl_gate_pass(&g, 1, 10 * MDL_SEC, &held));
	assert_false(mdl_gate_pass(&g, 1, 11 * MDL_SEC - 1, &held));
	assert_true(mdl_gate_pass(&g, 1, 11 * MDL_SEC, &held));
	assert_true(mdl_gate_pass(&g, 1, 0, &held)); /* the clock was set back */
	assert_false(mdl_gate_pass(&g, 0, 2 * MDL_SEC, &held));
	g = (struct mdl_gate){ .window = INT64_MIN };
	assert_false(mdl_gate_pass(&g, 0, MDL_NEVER, &held));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_reach_the_sink),
		cmocka_unit_test(test_what_is_quieter_is_left_out),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_long_lines_are_cut),
		cmocka_unit_test(test_one_event_is_one_line_whatever_a_peer_sent),
		cmocka_unit_test(test_levels_have_names),
		cmocka_unit_test(test_a_gate_counts_what_it_holds_back),
		cmocka_unit_test(test_a_gate_opens_a_second_after_the_window_began),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
