#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "core/rng.h"
#include "replay/plot.h"
#include "support/wellformed.h"

/* All numbers in `name="..."` lie between lo and hi. */
static void assert_within(const char *svg, const char *name, double lo, double hi)
{
	for (const char *p = svg; (p = strstr(p, name)) != NULL;) {
		char *end;
		p += strlen(name);
		for (const char *q = p; *q != '"'; q = end + (*end == ',' || *end == ' ')) {
			double v = strtod(q, &end);
			assert_ptr_not_equal(q, end);
			assert_true(v >= lo && v <= hi);
		}
	}
}

enum { N = 200 };

/* Values of all sizes, with some among them that are none. */
static void fill(struct mdl_rng *rng, int round, double *x, double *y)
{
	static const double odd[] = { NAN, INFINITY, -INFINITY, -1, 0, 1e300 };
	for (unsigned i = 0; i < N; i++) {
		x[i] = (double)(i + 1) * pow(10, round % 12);
		y[i] = mdl_rng_chance(rng, 1, 10) ? odd[mdl_rng_below(rng, 6)]
						  : mdl_rng_unit(rng) * pow(10, round % 9);
	}
}

static void assert_fits(const struct plot *p)
{
	static const char *const names[] = { " x=\"", " x1=\"", " x2=\"" };
	struct mdl_buf b;
	struct html h;
	mdl_buf_init(&b, 1 << 20);
	html_init(&h, &b);
	plot_write(&h, p);
	assert_int_equal(h.err, MDL_OK);
	assert_int_equal(h.depth, 0);
	assert_true(wellformed(mdl_buf_slice(&b)));
	assert_null(strstr(mdl_buf_text(&b), "nan"));
	assert_null(strstr(mdl_buf_text(&b), "inf"));
	for (size_t k = 0; k < MDL_COUNT(names); k++)
		assert_within(mdl_buf_text(&b), names[k], 0, PLOT_WIDTH);
	assert_within(mdl_buf_text(&b), " y=\"", 0, PLOT_HEIGHT);
	assert_within(mdl_buf_text(&b), " points=\"", 0, PLOT_WIDTH);
	mdl_buf_fini(&b);
}

static void test_fits(void **state)
{
	(void)state;
	struct mdl_rng rng = mdl_rng(8);
	for (int round = 0; round < 60; round++) {
		double x[N], y[N];
		fill(&rng, round, x, y);
		const struct plot_mark mark = { x[N / 2], "high", "a <b>", 3 };
		const struct plot p = { .title = "<title>",
					.unit = "\"MB\"",
					.x = x,
					.n = round % 3 == 0 ? (unsigned)(round / 30) : N,
					.x_end = round % 7 == 0 ? 0 : x[N - 1],
					.line = { { "a", y }, { "b", x } },
					.n_lines = 1 + (unsigned)round % 2,
					.marks = &mark,
					.n_marks = 1,
					.linked = true };
		assert_fits(&p);
	}
}

/* What is drawn, of a plot that one can check by hand. */
static void test_draws(void **state)
{
	(void)state;
	const double x[] = { 5000, 10000 }, y[] = { 0, 4 };
	const struct plot p = { .title = "Corpus",
				.unit = "",
				.x = x,
				.n = 2,
				.x_end = 10000,
				.whole = true,
				.line = { { "entries", y } },
				.n_lines = 1 };
	struct mdl_buf b;
	struct html h;
	mdl_buf_init(&b, 1 << 20);
	html_init(&h, &b);
	plot_write(&h, &p);
	assert_non_null(strstr(mdl_buf_text(&b), "<b>Corpus</b><output> 4</output>"));
	assert_non_null(strstr(mdl_buf_text(&b), "points=\"227.0,156.0 410.0,8.0\"/>"));
	assert_non_null(strstr(mdl_buf_text(&b), ">10s</text>"));
	mdl_buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_fits),
					    cmocka_unit_test(test_draws) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
