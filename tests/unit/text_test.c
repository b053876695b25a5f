#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <math.h>

#include "core/rng.h"
#include "core/text.h"
#include "support/alloc.h"

typedef mdl_err writes(struct mdl_buf *out, struct mdl_slice s);

static void assert_gives(writes *f, struct mdl_slice s, struct mdl_slice expected)
{
	struct mdl_buf b;
	mdl_buf_init(&b, 1024);
	assert_int_equal(f(&b, s), MDL_OK);
	assert_int_equal(b.n, expected.n);
	assert_true(mdl_slice_eq(mdl_buf_slice(&b), expected));
	mdl_buf_fini(&b);
}

/* Refused on a copy that ends exactly where the text ends. */
static void assert_refused(writes *f, const char *text)
{
	struct mdl_buf b;
	size_t n = strlen(text);
	char *exact = malloc(n == 0 ? 1 : n);
	assert_non_null(exact);
	memcpy(exact, text, n);
	mdl_buf_init(&b, 1024);
	assert_int_equal(f(&b, mdl_slice(exact, n)), MDL_EINVAL);
	mdl_buf_fini(&b);
	free(exact);
}

static void test_hex(void **state)
{
	(void)state;
	assert_gives(mdl_text_hex, mdl_slice(NULL, 0), MDL_LIT(""));
	assert_gives(mdl_text_hex, MDL_LIT("\x00\x7f\x80\xff"), MDL_LIT("007f80ff"));
	assert_gives(mdl_text_unhex, MDL_LIT(""), MDL_LIT(""));
	assert_gives(mdl_text_unhex, MDL_LIT("0aFf"), MDL_LIT("\x0a\xff"));
	static const char *const bad[] = { "0",	 "000", "0g", "g0", "0 ",
					   "0x", "/0",	":0", "@0", "`0" };
	for (size_t i = 0; i < MDL_COUNT(bad); i++)
		assert_refused(mdl_text_unhex, bad[i]);
}

static void test_quote(void **state)
{
	(void)state;
	assert_gives(mdl_text_quote, mdl_slice(NULL, 0), MDL_LIT("\"\""));
	assert_gives(mdl_text_quote, MDL_LIT("a\\\"\r\n\t ~\x00\x1f\x7f\xff"),
		     MDL_LIT("\"a\\\\\\\"\\r\\n\\t ~\\x00\\x1f\\x7f\\xff\""));
	assert_gives(mdl_text_unquote, MDL_LIT("\"\\x4A\\x6b\""), MDL_LIT("Jk"));
	static const char *const bad[] = { "",		 "\"",	       "a",	    "\"a",
					   "a\"",	 "\"\\\"",     "\"a\"b\"",  "\"\\q\"",
					   "\"\\x\"",	 "\"\\x4\"",   "\"\\xg0\"", "\"\\x0g\"",
					   "\"\\\\\\\"", "\"\\u0041\"" };
	for (size_t i = 0; i < MDL_COUNT(bad); i++)
		assert_refused(mdl_text_unquote, bad[i]);
}

static void test_any_bytes_come_back(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(11);
	for (int i = 0; i < 5000; i++) {
		uint8_t bytes[64];
		struct mdl_slice s = mdl_slice(bytes, mdl_rng_below(&r, sizeof(bytes)));
		struct mdl_buf text, back;
		mdl_rng_bytes(&r, bytes, s.n);
		mdl_buf_init(&text, 1024);
		mdl_buf_init(&back, 1024);
		assert_int_equal(mdl_text_quote(&text, s), MDL_OK);
		assert_true(mdl_slice_printable(mdl_buf_slice(&text)));
		assert_int_equal(mdl_text_unquote(&back, mdl_buf_slice(&text)), MDL_OK);
		mdl_buf_cut(&text, 0);
		assert_int_equal(mdl_text_hex(&text, s), MDL_OK);
		assert_int_equal(mdl_text_unhex(&back, mdl_buf_slice(&text)), MDL_OK);
		assert_true(mdl_slice_eq(mdl_slice_sub(mdl_buf_slice(&back), 0, s.n), s));
		assert_true(mdl_slice_eq(mdl_slice_sub(mdl_buf_slice(&back), s.n, s.n), s));
		assert_int_equal(back.n, 2 * s.n);
		mdl_buf_fini(&text);
		mdl_buf_fini(&back);
	}
}

static void test_json(void **state)
{
	(void)state;
	assert_gives(mdl_text_json, MDL_LIT("a\"\\\n\x01 ~\x7f\x80\xff/"),
		     MDL_LIT("\"a\\\"\\\\\\n\\u0001 ~\\u007f\\u0080\\u00ff/\""));
	assert_gives(mdl_text_json, mdl_slice(NULL, 0), MDL_LIT("\"\""));
}

static void assert_brief(const char *s, size_t most, const char *expected)
{
	struct mdl_buf b;
	mdl_buf_init(&b, 1024);
	size_t n = strlen(s);
	char *exact = malloc(n == 0 ? 1 : n);
	assert_non_null(exact);
	memcpy(exact, s, n);
	assert_int_equal(mdl_text_brief(&b, mdl_slice(exact, n), most), MDL_OK);
	assert_string_equal(mdl_buf_text(&b), expected);
	mdl_buf_fini(&b);
	free(exact);
}

static void test_brief(void **state)
{
	(void)state;
	assert_brief("abc", 3, "abc");
	assert_brief("abc", 4, "abc");
	assert_brief("abcd", 3, "abc...");
	assert_brief("a\n\x01\"d", 4, "a\\n\\x01\\\"...");
	assert_brief("a", 0, "...");
	assert_brief("", 0, "");
}

static void test_a_full_buffer(void **state)
{
	(void)state;
	struct mdl_slice s = MDL_LIT("a\n\xff");
	for (size_t max = 1; max < 6; max++) {
		struct mdl_buf b;
		mdl_buf_init(&b, max);
		assert_int_equal(mdl_text_quote(&b, s), MDL_ELIMIT);
		mdl_buf_cut(&b, 0);
		assert_int_equal(mdl_text_hex(&b, s), MDL_ELIMIT);
		assert_int_equal(b.n, 0);
		assert_int_equal(mdl_text_json(&b, s), MDL_ELIMIT);
		mdl_buf_cut(&b, 0);
		assert_int_equal(mdl_text_brief(&b, s, 3), MDL_ELIMIT);
		mdl_buf_fini(&b);
	}
}

static void test_numbers(void **state)
{
	(void)state;
	uint64_t v = 0;
	assert_int_equal(mdl_uint_parse("0", &v), MDL_OK);
	assert_true(v == 0);
	assert_int_equal(mdl_uint_parse("007", &v), MDL_OK);
	assert_true(v == 7);
	assert_int_equal(mdl_uint_parse("0xfF", &v), MDL_OK);
	assert_true(v == 255);
	assert_int_equal(mdl_uint_parse("18446744073709551615", &v), MDL_OK);
	assert_true(v == UINT64_MAX);
	assert_int_equal(mdl_uint_parse("0xffffffffffffffff", &v), MDL_OK);
	assert_true(v == UINT64_MAX);
	static const char *const bad[] = { "",
					   "-1",
					   "+1",
					   " 1",
					   "1 ",
					   "0x",
					   "x1",
					   "a",
					   "1a",
					   "0xg",
					   "1.0",
					   "18446744073709551616",
					   "0x10000000000000000" };
	for (size_t i = 0; i < MDL_COUNT(bad); i++)
		assert_int_equal(mdl_uint_parse(bad[i], &v), MDL_EINVAL);
}

static void test_sizes(void **state)
{
	(void)state;
	uint64_t v = 0;
	assert_int_equal(mdl_size_parse("512", &v), MDL_OK);
	assert_true(v == 512);
	assert_int_equal(mdl_size_parse("64k", &v), MDL_OK);
	assert_true(v == 64 << 10);
	assert_int_equal(mdl_size_parse("1M", &v), MDL_OK);
	assert_true(v == 1 << 20);
	assert_int_equal(mdl_size_parse("2G", &v), MDL_OK);
	assert_true(v == (uint64_t)2 << 30);
	assert_int_equal(mdl_size_parse("16777215T", &v), MDL_OK);
	assert_true(v == (uint64_t)16777215 << 40);
	assert_int_equal(mdl_size_parse("00000000000000000000001k", &v), MDL_OK);
	assert_true(v == 1024);
	static const char *const bad[] = { "",
					   "k",
					   "1kk",
					   "1.5k",
					   "-1k",
					   " 1k",
					   "1 k",
					   "1x",
					   "1kB",
					   "16777216T",
					   "000000000000000000000001k" };
	for (size_t i = 0; i < MDL_COUNT(bad); i++)
		assert_int_equal(mdl_size_parse(bad[i], &v), MDL_EINVAL);
}

static void test_size_texts(void **state)
{
	(void)state;
	static const struct {
		uint64_t n;
		const char *text;
	} known[] = {
		{ 0, "0" },
		{ 1023, "1023" },
		{ 1024, "1.0k" },
		{ 4096, "4.0k" },
		{ 1048524, "1023.9k" },
		{ 1048525, "1.0M" },
		{ 1258291, "1.2M" },
		{ (uint64_t)3 << 30, "3.0G" },
		{ (uint64_t)5 << 40, "5.0T" },
		{ UINT64_MAX, "16777216.0T" },
	};
	char text[MDL_SIZE_TEXT];
	for (size_t i = 0; i < MDL_COUNT(known); i++)
		assert_string_equal(mdl_size_text(known[i].n, text), known[i].text);
}

static void test_ratios(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		double v;
	} known[] = {
		{ "0", 0 },	      { "1", 1 },
		{ "0.02", 0.02 },     { "2%", 0.02 },
		{ "100%", 1 },	      { "0.5%", 0.005 },
		{ "99.19%", 0.9919 }, { "1/100", 0.01 },
		{ "1/3", 1.0 / 3 },   { "0/5", 0 },
		{ "2.5/10", 0.25 },   { "7/7", 1 },
		{ "1.", 1 },	      { "0.0000000001", 0 },
	};
	double v = 0;
	for (size_t i = 0; i < MDL_COUNT(known); i++) {
		assert_int_equal(mdl_ratio_parse(known[i].text, &v), MDL_OK);
		assert_true(fabs(v - known[i].v) < 1e-15);
	}
	static const char *const bad[] = { "",	  "%",	 "1.1",	  "101%", "-1%",   "1/0",
					   "0/0", "2/1", "1/",	  "/2",	  "1/2/3", "1%%",
					   "nan", "inf", "1/inf", "0x1",  " 1%",   "1e-3",
					   "1 %", ".5",	 "5%/2",  "1/2%" };
	v = 7;
	for (size_t i = 0; i < MDL_COUNT(bad); i++)
		assert_int_equal(mdl_ratio_parse(bad[i], &v), MDL_EINVAL);
	assert_true(v == 7);
}

static void test_nearest(void **state)
{
	(void)state;
	static const char *const words[] = { "delay", "loss", "rate", "reorder", NULL };
	static const char *const empty[] = { NULL };
	assert_string_equal(mdl_text_nearest("delai", words), "delay");
	assert_string_equal(mdl_text_nearest("los", words), "loss");
	assert_string_equal(mdl_text_nearest("reoder", words), "reorder");
	assert_string_equal(mdl_text_nearest("rate", words), "rate");
	assert_null(mdl_text_nearest("bandwidth", words));
	assert_null(mdl_text_nearest("", words));
	assert_null(mdl_text_nearest("delay", empty));
}

/* Levenshtein's distance by its definition. */
static size_t distance(const char *a, const char *b)
{
	size_t d[16][16];
	for (size_t i = 0; i <= strlen(a); i++)
		for (size_t j = 0; j <= strlen(b); j++) {
			d[i][j] = i + j;
			if (i == 0 || j == 0)
				continue;
			size_t change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			d[i][j] = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < d[i][j])
				d[i][j] = d[i][j - 1] + 1;
			if (change < d[i][j])
				d[i][j] = change;
		}
	return d[strlen(a)][strlen(b)];
}

static void draw_word(struct mdl_rng *r, char out[16])
{
	size_t n = (size_t)mdl_rng_below(r, 13);
	for (size_t i = 0; i < n; i++)
		out[i] = (char)('a' + mdl_rng_below(r, 2));
	out[n] = 0;
}

static void test_the_nearest_is_the_first_of_the_least_distance(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(12);
	for (int i = 0; i < 20000; i++) {
		char word[16], one[16], two[16];
		const char *const words[] = { one, two, NULL };
		draw_word(&r, word);
		draw_word(&r, one);
		draw_word(&r, two);
		size_t a = distance(word, one), b = distance(word, two),
		       most = strlen(word) / 3 + 1;
		const char *expected = a <= b ? (a <= most ? one : NULL) : (b <= most ? two : NULL);
		assert_ptr_equal(mdl_text_nearest(word, words), expected);
	}
}

static void test_long_words_are_near_to_none(void **state)
{
	(void)state;
	char word[42], known[42];
	const char *const words[] = { known, NULL };
	for (int n = 38; n <= 41; n++)
		for (int m = 38; m <= 41; m++) {
			snprintf(word, sizeof(word), "%0*d", n, 0);
			snprintf(known, sizeof(known), "%0*d", m, 0);
			assert_ptr_equal(mdl_text_nearest(word, words),
					 n <= 40 && m <= 40 ? known : NULL);
		}
}

static void fail_somewhere(void)
{
	struct mdl_buf b;
	mdl_buf_init(&b, 4096);
	struct mdl_slice s =
		MDL_LIT("any bytes \x01\x02\xff \"quoted\" and a line's end\r\n, and more");
	mdl_err err = mdl_text_quote(&b, s);
	if (err == MDL_OK)
		err = mdl_text_json(&b, s);
	if (err == MDL_OK)
		err = mdl_text_hex(&b, s);
	if (err == MDL_OK)
		err = mdl_text_brief(&b, s, 20);
	if (err == MDL_OK)
		err = mdl_text_unhex(&b, MDL_LIT("0011"));
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	mdl_buf_fini(&b);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(fail_somewhere());
}

static void test_utf8(void **state)
{
	(void)state;
	const struct {
		struct mdl_slice s;
		size_t n;
		uint32_t c;
	} any[] = { { MDL_LIT(""), 0, 0 },
		    { MDL_LIT("\0"), 1, 0 },
		    { MDL_LIT("ab"), 1, 'a' },
		    { MDL_LIT("\x7f"), 1, 0x7f },
		    { MDL_LIT("\x80"), 0, 0 },
		    { MDL_LIT("\xc2\x80"), 2, 0x80 },
		    { MDL_LIT("\xc1\xbf"), 0, 0 }, /* longer than needed */
		    { MDL_LIT("\xdf\xbf!"), 2, 0x7ff },
		    { MDL_LIT("\xe0\xa0\x80"), 3, 0x800 },
		    { MDL_LIT("\xe0\x9f\xbf"), 0, 0 },
		    { MDL_LIT("\xed\x9f\xbf"), 3, 0xd7ff },
		    { MDL_LIT("\xed\xa0\x80"), 0, 0 }, /* half a pair of UTF-16 */
		    { MDL_LIT("\xef\xbf\xbf"), 3, 0xffff },
		    { MDL_LIT("\xf0\x90\x80\x80"), 4, 0x10000 },
		    { MDL_LIT("\xf0\x8f\xbf\xbf"), 0, 0 },
		    { MDL_LIT("\xf4\x8f\xbf\xbf"), 4, 0x10ffff },
		    { MDL_LIT("\xf4\x90\x80\x80"), 0, 0 },
		    { MDL_LIT("\xf8\x88\x80\x80\x80"), 0, 0 },
		    { MDL_LIT("\xe2\x82"), 0, 0 },
		    { MDL_LIT("\xe2\x82("), 0, 0 },
		    { MDL_LIT("\xff"), 0, 0 } };
	for (size_t i = 0; i < MDL_COUNT(any); i++) {
		uint32_t c = 0;
		assert_int_equal(mdl_text_utf8(any[i].s, &c), any[i].n);
		if (any[i].n > 0)
			assert_int_equal(c, any[i].c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_any_bytes_come_back),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_brief),
		cmocka_unit_test(test_a_full_buffer),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_size_texts),
		cmocka_unit_test(test_ratios),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_the_nearest_is_the_first_of_the_least_distance),
		cmocka_unit_test(test_long_words_are_near_to_none),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
