#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/conf.h"
#include "support/alloc.h"

static const char sample[] = "# a proxy\n"
			     "listen:\n"
			     "  - on: udp://127.0.0.1:5300\n"
			     "    stages:\n"
			     "      - impair: { loss: 2%, delay: 20ms }\n"
			     "      - record: 'out/dns.trace'\n"
			     "seed: 42\n"
			     "empty:\n";

static mdl_err parse(struct mdl_slice text, struct mdl_conf **out, struct mdl_why *why)
{
	*out = NULL;
	return mdl_conf_parse(text, "a.yaml", out, why);
}

static struct mdl_conf *parse_good(const char *text)
{
	struct mdl_conf *c;
	assert_int_equal(parse(mdl_slice_str(text), &c, NULL), MDL_OK);
	return c;
}

static void test_a_tree(void **state)
{
	(void)state;
	struct mdl_conf *root = parse_good(sample);
	assert_int_equal(mdl_conf_kind(root), MDL_CONF_MAP);
	assert_int_equal(mdl_conf_count(root), 3);
	assert_string_equal(mdl_conf_key(root, 1), "seed");
	assert_string_equal(mdl_conf_scalar(mdl_conf_at(root, 1)), "42");
	assert_string_equal(mdl_conf_scalar(mdl_conf_get(root, "empty")), "");
	assert_null(mdl_conf_scalar(root));
	assert_null(mdl_conf_get(root, "Seed"));
	const struct mdl_conf *listen = mdl_conf_get(root, "listen");
	assert_int_equal(mdl_conf_kind(listen), MDL_CONF_LIST);
	assert_int_equal(mdl_conf_count(listen), 1);
	assert_null(mdl_conf_get(listen, "on")); /* that is a map's question */
	assert_null(mdl_conf_scalar(listen));
	const struct mdl_conf *stages = mdl_conf_get(mdl_conf_at(listen, 0), "stages");
	const struct mdl_conf *impair = mdl_conf_get(mdl_conf_at(stages, 0), "impair");
	assert_string_equal(mdl_conf_scalar(mdl_conf_get(impair, "delay")), "20ms");
	assert_string_equal(mdl_conf_scalar(mdl_conf_get(mdl_conf_at(stages, 1), "record")),
			    "out/dns.trace");
	assert_null(mdl_conf_get(mdl_conf_get(root, "seed"), "x"));
	mdl_conf_free(root);
	mdl_conf_free(NULL);
}

static void test_nothing_is_an_empty_map(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "\n", "# only a comment\n", "{}" };
	for (size_t i = 0; i < MDL_COUNT(texts); i++) {
		struct mdl_conf *c = parse_good(texts[i]);
		assert_int_equal(mdl_conf_kind(c), MDL_CONF_MAP);
		assert_int_equal(mdl_conf_count(c), 0);
		mdl_conf_free(c);
	}
	struct mdl_conf *c;
	assert_int_equal(parse(mdl_slice(NULL, 0), &c, NULL), MDL_OK);
	mdl_conf_free(c);
}

static void assert_refused(struct mdl_slice text, mdl_err expected, const char *sentence)
{
	struct mdl_conf *c;
	struct mdl_why why = { "" };
	assert_int_equal(parse(text, &c, &why), expected);
	assert_null(c);
	if (strncmp(why.text, sentence, strlen(sentence)) != 0)
		assert_string_equal(why.text, sentence);
	assert_int_equal(parse(text, &c, NULL), expected);
}

static void test_complaints_say_where(void **state)
{
	(void)state;
	static const struct {
		const char *text, *sentence;
	} bad[] = {
		{ "a: 1\nb: [1, 2\n",
		  "a.yaml:3:1: did not find expected ',' or ']', while parsing a flow sequence" },
		{ "a: 1\n  b: 2\n", "a.yaml:2:4: mapping values are not allowed" },
		{ "a: 1\nb: 2\na: 3\n", "a.yaml:3:1: this key stands here twice" },
		{ "a: { b: 1, b: 2 }\n", "a.yaml:1:12: this key stands here twice" },
		{ "a: &x 1\n", "a.yaml:1:4: anchors and aliases are not supported" },
		{ "a: &x [1]\n", "a.yaml:1:4: anchors and aliases are not supported" },
		{ "a: &x {b: 1}\n", "a.yaml:1:4: anchors and aliases are not supported" },
		{ "&x a: 1\n", "a.yaml:1:1: anchors and aliases are not supported" },
		{ "a: *x\n", "a.yaml:1:4: anchors and aliases are not supported" },
		{ "? [a]\n: 1\n", "a.yaml:1:3: expected a key" },
		{ "a: 1\n---\nb: 2\n", "a.yaml:2:1: a second document" },
		{ "a: \"x\\0y\"\n", "a.yaml:1:4: a NUL byte" },
		{ "\"x\\0y\": 1\n", "a.yaml:1:1: a NUL byte" },
		{ "a: 1\nb: \xff\n", "a.yaml:2:4: invalid leading UTF-8 octet" },
		{ "a: 1\n\nb: \x01\n", "a.yaml:3:4: control characters are not allowed" },
	};
	for (size_t i = 0; i < MDL_COUNT(bad); i++)
		assert_refused(mdl_slice_str(bad[i].text), MDL_EMALFORMED, bad[i].sentence);
}

static void test_depth(void **state)
{
	(void)state;
	for (size_t depth = 31; depth <= 35; depth++) {
		char text[80];
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		if (depth <= 33) { /* the root is depth 0 */
			struct mdl_conf *c;
			assert_int_equal(parse(mdl_slice(text, 2 * depth), &c, NULL), MDL_OK);
			mdl_conf_free(c);
		} else
			assert_refused(mdl_slice(text, 2 * depth), MDL_ELIMIT,
				       "a.yaml:1:34: nested too deep");
	}
}

static void test_number_of_keys(void **state)
{
	(void)state;
	struct mdl_buf b;
	struct mdl_conf *c;
	mdl_buf_init(&b, MDL_BUF_MAX);
	for (int i = 0; i < 4096; i++)
		assert_int_equal(mdl_buf_printf(&b, "k%d: 1\n", i), MDL_OK);
	assert_int_equal(parse(mdl_buf_slice(&b), &c, NULL), MDL_OK);
	assert_int_equal(mdl_conf_count(c), 4096);
	mdl_conf_free(c);
	assert_int_equal(mdl_buf_printf(&b, "one: more\n"), MDL_OK);
	assert_refused(mdl_buf_slice(&b), MDL_ELIMIT, "a.yaml:4097:1: more than 4096 keys");
	mdl_buf_fini(&b);
}

static void test_every_truncation(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(sample); n++) {
		struct mdl_conf *c;
		char *exact = malloc(n == 0 ? 1 : n);
		assert_non_null(exact);
		memcpy(exact, sample, n);
		mdl_err err = parse(mdl_slice(exact, n), &c, NULL);
		assert_true(err == MDL_OK || err == MDL_EMALFORMED);
		mdl_conf_free(c);
		free(exact);
	}
}

static void test_own_complaints_point_at_the_value_or_its_key(void **state)
{
	(void)state;
	struct mdl_conf *root = parse_good(sample);
	struct mdl_why why;
	const struct mdl_conf *listen = mdl_conf_get(root, "listen");
	assert_int_equal(mdl_conf_fail(listen, &why, "expected %d", 2), MDL_EINVAL);
	assert_string_equal(why.text, "a.yaml:3:3: expected 2");
	assert_int_equal(mdl_conf_fail_key(listen, &why, "unknown %s", "key"), MDL_EINVAL);
	assert_string_equal(why.text, "a.yaml:2:1: unknown key");
	assert_int_equal(mdl_conf_fail(listen, NULL, "nobody asks"), MDL_EINVAL);
	mdl_conf_free(root);
}

static void fail_somewhere(void)
{
	struct mdl_conf *c;
	struct mdl_why why = { "" };
	mdl_err err = parse(mdl_slice_str(sample), &c, &why);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	assert_string_equal(why.text, err == MDL_OK ? "" : "a.yaml: out of memory");
	mdl_conf_free(c);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_tree),
		cmocka_unit_test(test_nothing_is_an_empty_map),
		cmocka_unit_test(test_complaints_say_where),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_number_of_keys),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_own_complaints_point_at_the_value_or_its_key),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
