#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/rng.h"
#include "replay/html.h"
#include "support/alloc.h"
#include "support/wellformed.h"

static void test_escape(void **state)
{
	(void)state;
	/* clang-format off */
	const struct {
		struct mdl_slice text;
		const char *escaped;
	} texts[] = {
		{ MDL_LIT("plain, with\ttab and\nline"), "plain, with\ttab and\nline" },
		{ MDL_LIT("<script>alert('x')</script>"), "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" },
		{ MDL_LIT("\" onload=\"x"), "&quot; onload=&quot;x" },
		{ MDL_LIT("&amp;"), "&amp;amp;" },
		{ MDL_LIT("\0\x1b[31m\r\x7f"), "\xe2\x90\x80\xe2\x90\x9b[31m\xe2\x90\x8d\xe2\x90\xa1" },
		{ MDL_LIT("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x9e"), "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\x9e" },
		{ MDL_LIT("\xff" "a\xc3"), "\xef\xbf\xbd" "a\xef\xbf\xbd" },                      /* no UTF-8 */
		{ MDL_LIT("\xc0\xbc"), "\xef\xbf\xbd\xef\xbf\xbd" },                              /* "<" in two bytes */
		{ MDL_LIT("\xe0\x80\xbc"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },              /* and in three */
		{ MDL_LIT("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },              /* half a pair */
		{ MDL_LIT("\xf4\x90\x80\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* behind the last */
		{ MDL_LIT("\xe2\x80\xae" "evil"), "\xef\xbf\xbd" "evil" },                        /* right to left */
		{ MDL_LIT("\xc2\x85\xef\xbf\xbf"), "\xef\xbf\xbd\xef\xbf\xbd" },                  /* C1, none */
	};
	/* clang-format on */
	for (size_t i = 0; i < MDL_COUNT(texts); i++) {
		struct mdl_buf b;
		mdl_buf_init(&b, 1 << 10);
		assert_int_equal(html_escape(&b, texts[i].text), MDL_OK);
		assert_string_equal(mdl_buf_text(&b), texts[i].escaped);
		mdl_buf_fini(&b);
	}
}

/* Whatever the bytes, what comes out is text. */
static void test_escape_any_bytes(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(5);
	for (int round = 0; round < 3000; round++) {
		uint8_t bytes[24];
		struct mdl_buf once;
		mdl_rng_bytes(&r, bytes, sizeof(bytes));
		for (size_t i = 0; i < sizeof(bytes); i += 1 + bytes[i] % 5)
			bytes[i] = (uint8_t) "<>&\"'\xe2\x80\xaa\xc3\n\xf0"[bytes[i] % 11];
		mdl_buf_init(&once, 1 << 10);
		assert_int_equal(html_escape(&once, mdl_slice(bytes, mdl_rng_below(&r, 25))),
				 MDL_OK);
		assert_true(wellformed(mdl_buf_slice(&once)));
		for (size_t i = 0; i < once.n; i++)
			assert_null(strchr("<>\"'", once.p[i]));
		mdl_buf_fini(&once);
	}
}

static void write_some(struct html *h)
{
	html_begin(h, "div", "a");
	html_attr(h, "title", "\"%s\"", "<x>");
	html_begin(h, "br", NULL);
	html_end_empty(h);
	html_leaf(h, "b", NULL, "%d & more", 7);
	html_text(h, MDL_LIT("<i>"));
	html_raw(h, "<hr/>");
	html_begin(h, "p", NULL);
	html_begin(h, "em", NULL);
	html_say(h, "%s", "deep");
	html_end_to(h, 1);
	html_end(h);
}

static const char some[] = "<div class=\"a\" title=\"&quot;&lt;x&gt;&quot;\"><br/>"
			   "<b>7 &amp; more</b>&lt;i&gt;<hr/><p><em>deep</em></p></div>";

static void test_elements(void **state)
{
	(void)state;
	struct mdl_buf b;
	struct html h;
	mdl_buf_init(&b, 1 << 10);
	html_init(&h, &b);
	write_some(&h);
	assert_int_equal(h.err, MDL_OK);
	assert_int_equal(h.depth, 0);
	assert_string_equal(mdl_buf_text(&b), some);
	assert_true(wellformed(mdl_buf_slice(&b)));
	mdl_buf_fini(&b);
}

/* The first error stays, nothing is written behind it, and elements are still counted. */
static void test_errors_stick(void **state)
{
	(void)state;
	size_t whole = strlen(some);
	for (size_t max = 1; max < whole + 20; max++) {
		struct mdl_buf b;
		struct html h;
		mdl_buf_init(&b, max);
		html_init(&h, &b);
		write_some(&h);
		assert_int_equal(h.depth, 0);
		assert_int_equal(h.err, max < whole ? MDL_ELIMIT : MDL_OK);
		mdl_buf_fini(&b);
	}
}

static void test_no_memory(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH({
		struct mdl_buf b;
		struct html h;
		mdl_buf_init(&b, 1 << 10);
		html_init(&h, &b);
		write_some(&h);
		assert_true(h.err == (alloc_failed() ? MDL_ENOMEM : MDL_OK));
		mdl_buf_fini(&b);
	});
}

/* The check that the other tests rely on. */
static void test_wellformed_can_fail(void **state)
{
	(void)state;
	static const char *const bad[] = { "<a>",
					   "</a>",
					   "<a></b>",
					   "<a x=1></a>",
					   "<a x=\"<\"></a>",
					   "a & b",
					   "<a x=\"&\"></a>",
					   "\x01",
					   "<a><b></a></b>" };
	for (size_t i = 0; i < MDL_COUNT(bad); i++)
		assert_false(wellformed(mdl_slice_str(bad[i])));
	assert_true(wellformed(mdl_slice_str("<!DOCTYPE html>\n<a x=\"&lt;\">b<c/></a>")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),	  cmocka_unit_test(test_escape_any_bytes),
		cmocka_unit_test(test_elements),  cmocka_unit_test(test_errors_stick),
		cmocka_unit_test(test_no_memory), cmocka_unit_test(test_wellformed_can_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
