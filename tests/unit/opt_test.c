#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <math.h>

#include "core/rng.h"
#include "core/text.h"
#include "support/all_options.h"
#include "support/alloc.h"

static void preset(struct all *a)
{
	memset(a, 0, sizeof(*a));
	assert_int_equal(mdl_opts_preset(table, a, NULL), MDL_OK);
}

static void test_presets(void **state)
{
	(void)state;
	struct all a;
	preset(&a);
	assert_false(a.verbose);
	assert_true(a.strict);
	assert_int_equal(a.workers, 2);
	assert_int_equal(a.limit, 0);
	assert_true(a.delay == 20 * MDL_MS);
	assert_true(fabs(a.loss - 0.02) < 1e-15);
	assert_null(a.name);
	assert_int_equal(a.mode, 1);
	assert_string_equal(a.to.host, "");
	assert_int_equal(a.also.n, 0);
	assert_int_equal(a.only.n, 1);
	assert_string_equal(a.only.v[0], "dns");
}

static void test_a_wrong_preset_is_told(void **state)
{
	(void)state;
	static const struct mdl_opt bad[] = {
		{ .name = "n", .kind = MDL_OPT_UINT, .preset = "x" }
	};
	struct mdl_why why;
	uint64_t n;
	assert_int_equal(mdl_opts_preset(MDL_OPTS(bad), &n, &why), MDL_EINVAL);
	assert_string_equal(why.text, "n: expected a number from 0, not \"x\"");
}

enum { ARGS_MAX = 300 };

/* Reads a NULL-terminated command line. */
static mdl_err read_argv(const char *const *words, struct all *a, struct mdl_args *args,
			 struct mdl_why *why)
{
	char program[] = "test";
	char *argv[ARGS_MAX + 2] = { program };
	int argc = 1;
	for (; words[argc - 1] != NULL; argc++)
		memcpy(&argv[argc], &words[argc - 1], sizeof(char *));
	preset(a);
	return mdl_opts_argv(table, argc, argv, a, args, why);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_every_way_to_write_an_option(void **state)
{
	(void)state;
	struct all a;
	struct mdl_args args;
	assert_int_equal(
		read_argv(WORDS("one", "--workers", "7", "--delay=1.5s", "-n", "x",
				"-tudp://[::1]:53", "-v", "--no-strict", "two", "-", "--limit=64k",
				"--mode", "both", "--loss", "1/4", "--name="),
			  &a, &args, NULL),
		MDL_OK);
	assert_int_equal(a.workers, 7);
	assert_true(a.delay == 1500 * MDL_MS);
	assert_string_equal(a.name, "");
	assert_string_equal(a.to.host, "::1");
	assert_true(a.verbose);
	assert_false(a.strict);
	assert_int_equal(a.limit, 65536);
	assert_int_equal(a.mode, 2);
	assert_true(fabs(a.loss - 0.25) < 1e-15);
	assert_int_equal(args.words.n, 3);
	assert_string_equal(args.words.v[0], "one");
	assert_string_equal(args.words.v[1], "two");
	assert_string_equal(args.words.v[2], "-");
	assert_null(args.after);
	assert_false(args.help);
}

static void test_flags(void **state)
{
	(void)state;
	struct all a;
	struct mdl_args args;
	assert_int_equal(read_argv(WORDS("--verbose=yes", "--strict=off"), &a, &args, NULL),
			 MDL_OK);
	assert_true(a.verbose);
	assert_false(a.strict);
	assert_int_equal(read_argv(WORDS("--verbose", "--no-verbose", "yes"), &a, &args, NULL),
			 MDL_OK);
	assert_false(a.verbose);
	assert_string_equal(args.words.v[0], "yes"); /* not its value */
}

static void test_bounds_are_inside(void **state)
{
	(void)state;
	struct all a;
	struct mdl_args args;
	assert_int_equal(read_argv(WORDS("-j1", "--limit=1024"), &a, &args, NULL), MDL_OK);
	assert_int_equal(a.workers, 1);
	assert_int_equal(a.limit, 1024);
	assert_int_equal(read_argv(WORDS("-j64", "--limit=0xffffffffffffffff"), &a, &args, NULL),
			 MDL_OK);
	assert_int_equal(a.workers, 64);
	assert_true(a.limit == UINT64_MAX);
}

static void test_more_choices_than_a_complaint_can_hold(void **state)
{
	(void)state;
	static const char *words[200];
	for (size_t i = 0; i + 1 < MDL_COUNT(words); i++)
		words[i] = "a-choice";
	const struct mdl_opt opt = { .name = "n", .kind = MDL_OPT_CHOICE, .choices = words };
	struct mdl_why why;
	unsigned at;
	assert_int_equal(mdl_opt_set(&opt, "x", &at, &why), MDL_EINVAL);
	assert_non_null(strstr(why.text, "one of a-choice a-choice"));
	assert_non_null(strstr(why.text, "not \"x\""));
}

static void test_a_table_longer_than_the_search_for_the_nearest(void **state)
{
	(void)state;
	static struct mdl_opt many[200];
	static char names[MDL_COUNT(many)][8];
	struct mdl_args args;
	struct mdl_why why;
	char program[] = "test", word[] = "--opt1000", *argv[] = { program, word, NULL };
	for (size_t i = 0; i < MDL_COUNT(many); i++) {
		snprintf(names[i], sizeof(names[i]), "opt%zu", i);
		many[i] = (struct mdl_opt){ .name = names[i], .kind = MDL_OPT_FLAG };
	}
	assert_int_equal(mdl_opts_argv(MDL_OPTS(many), 2, argv, NULL, &args, &why), MDL_EINVAL);
	assert_string_equal(why.text, "--opt1000: no such option; did you mean --opt100?");
}

static void test_what_follows_two_dashes(void **state)
{
	(void)state;
	struct all a;
	struct mdl_args args;
	assert_int_equal(read_argv(WORDS("a", "--", "--workers", "x", "--help"), &a, &args, NULL),
			 MDL_OK);
	assert_int_equal(args.words.n, 1);
	assert_string_equal(args.after[0], "--workers");
	assert_string_equal(args.after[2], "--help");
	assert_null(args.after[3]);
	assert_int_equal(a.workers, 2);
	assert_int_equal(read_argv(WORDS("--"), &a, &args, NULL), MDL_OK);
	assert_null(args.after[0]);
	assert_int_equal(read_argv(WORDS("--name", "--", "b"), &a, &args, NULL), MDL_OK);
	assert_string_equal(a.name, "--"); /* a value is a value */
	assert_null(args.after);
}

static void test_help_stops_reading(void **state)
{
	(void)state;
	struct all a;
	struct mdl_args args;
	assert_int_equal(read_argv(WORDS("-v", "--help", "--nonsense"), &a, &args, NULL), MDL_OK);
	assert_true(args.help && a.verbose);
	assert_int_equal(read_argv(WORDS("-h", "-?"), &a, &args, NULL), MDL_OK);
	assert_true(args.help);
}

static void test_a_list_given_several_times(void **state)
{
	(void)state;
	struct all a;
	struct mdl_args args;
	assert_int_equal(
		read_argv(WORDS("-a", "x", "--also=y", "--also", "z", "--only-these-protocols=stun",
				"--only-these-protocols=tls"),
			  &a, &args, NULL),
		MDL_OK);
	assert_int_equal(a.also.n, 3);
	assert_string_equal(a.also.v[0], "x");
	assert_string_equal(a.also.v[2], "z");
	assert_int_equal(a.only.n, 2); /* the default is gone */
	assert_string_equal(a.only.v[0], "stun");
	assert_string_equal(a.only.v[1], "tls");
}

static void test_lists_have_an_end(void **state)
{
	(void)state;
	struct all a;
	struct mdl_args args;
	struct mdl_why why;
	const char *words[ARGS_MAX + 1] = { NULL };
	for (size_t i = 0; i < MDL_STRINGS_MAX; i++)
		words[i] = "-ax";
	assert_int_equal(read_argv(words, &a, &args, &why), MDL_OK);
	assert_int_equal(a.also.n, MDL_STRINGS_MAX);
	words[MDL_STRINGS_MAX] = "-ax";
	assert_int_equal(read_argv(words, &a, &args, &why), MDL_EINVAL);
	assert_string_equal(why.text, "--also: expected at most 256 of them, not \"x\"");
	for (size_t i = 0; i <= MDL_STRINGS_MAX; i++)
		words[i] = "word";
	assert_int_equal(read_argv(words, &a, &args, &why), MDL_EINVAL);
	assert_string_equal(why.text, "more than 256 arguments");
}

static void test_complaints_about_a_command_line(void **state)
{
	(void)state;
	static const struct {
		const char *words[3];
		const char *sentence;
	} bad[] = {
		{ { "--workes=3" }, "--workes: no such option; did you mean --workers?" },
		{ { "--worker=a-long-value-behind-it" },
		  "--worker: no such option; did you mean --workers?" },
		{ { "--bandwidth" }, "--bandwidth: no such option; see --help" },
		{ { "--no-workers" }, "--no-workers: no such option; did you mean --workers?" },
		{ { "--no-strict=1" }, "--no-strict: no such option; did you mean --strict?" },
		{ { "--on-strict" }, "--on-strict: no such option; did you mean --strict?" },
		{ { "-x" }, "-x: no such option; see --help" },
		{ { "-5" }, "-5: no such option; see --help" },
		{ { "--=x" }, "--: no such option; see --help" },
		{ { "--name" }, "--name: expected TEXT behind it" },
		{ { "-n" }, "--name: expected TEXT behind it" },
		{ { "--workers", "0" }, "--workers: expected a number from 1 to 64, not \"0\"" },
		{ { "--workers=65" }, "--workers: expected a number from 1 to 64, not \"65\"" },
		{ { "-j", "" }, "--workers: expected a number from 1 to 64, not \"\"" },
		{ { "--limit=1000" },
		  "--limit: expected a size as 512, 64k or 1M, from 1024, not \"1000\"" },
		{ { "--delay=soon" },
		  "--delay: expected a time as 250us, 20ms, 30s, 5m, 2h, not \"soon\"" },
		{ { "--loss=2" }, "--loss: expected a share as 2%, 1/100 or 0.02, not \"2\"" },
		{ { "--mode=x" }, "--mode: expected one of blind guided both, not \"x\"" },
		{ { "--verbose=x" }, "--verbose: expected yes or no, not \"x\"" },
		{ { "-vx" }, "--verbose: expected yes or no, not \"x\"" },
		{ { "--to=quic://a" },
		  "--to: quic://a: unknown scheme; known are udp:// tcp:// tls:// unix: exec:" },
	};
	for (size_t i = 0; i < MDL_COUNT(bad); i++) {
		struct all a;
		struct mdl_args args;
		struct mdl_why why = { "" };
		assert_int_equal(read_argv(bad[i].words, &a, &args, &why), MDL_EINVAL);
		assert_string_equal(why.text, bad[i].sentence);
		assert_int_equal(read_argv(bad[i].words, &a, &args, NULL), MDL_EINVAL);
	}
}

static mdl_err read_file(const char *text, struct all *a, struct mdl_conf **c, struct mdl_why *why)
{
	preset(a);
	assert_int_equal(mdl_conf_parse(mdl_slice_str(text), "a.yaml", c, why), MDL_OK);
	return mdl_opts_conf(table, *c, a, why);
}

static void test_a_file(void **state)
{
	(void)state;
	struct all a;
	struct mdl_conf *c;
	struct mdl_why why;
	assert_int_equal(
		read_file("verbose: on\nstrict: false\nworkers: 0x10\nlimit: 1M\ndelay: 1h30m\n"
			  "loss: 1/100\nname: a b\nmode: blind\nto: 'tcp://[::1]:80'\n"
			  "also: [x, y]\nonly-these-protocols: stun\n",
			  &a, &c, &why),
		MDL_OK);
	assert_true(a.verbose);
	assert_false(a.strict);
	assert_int_equal(a.workers, 16);
	assert_int_equal(a.limit, 1 << 20);
	assert_true(a.delay == 5400 * MDL_SEC);
	assert_string_equal(a.name, "a b");
	assert_int_equal(a.mode, 0);
	assert_int_equal(a.to.port, 80);
	assert_int_equal(a.also.n, 2);
	assert_string_equal(a.also.v[1], "y");
	assert_int_equal(a.only.n, 1);
	assert_string_equal(a.only.v[0], "stun");
	mdl_conf_free(c);
}

static void test_complaints_about_a_file(void **state)
{
	(void)state;
	static const struct {
		const char *text, *sentence;
	} bad[] = {
		{ "verbose: on\nworkes: 3\n",
		  "a.yaml:2:1: unknown key \"workes\"; did you mean workers?" },
		{ "bandwidth:\n  a: 1\n", "a.yaml:1:1: unknown key \"bandwidth\"" },
		{ "workers: 65\n",
		  "a.yaml:1:10: workers: expected a number from 1 to 64, not \"65\"" },
		{ "workers:\n", "a.yaml:1:9: workers: expected a number from 1 to 64, not \"\"" },
		{ "to: {a: b}\n", "a.yaml:1:5: to: expected one value" },
		{ "to: [a, b]\n", "a.yaml:1:5: to: expected one value" },
		{ "also: [a, [b]]\n", "a.yaml:1:11: also: expected one value" },
		{ "also: {a: b}\n", "a.yaml:1:7: also: expected one value" },
		{ "to: a:b\n", "a.yaml:1:5: to: a:b: expected HOST:PORT, an IPv6 host in brackets, "
			       "a port up to 65535" },
		{ "[a]\n", "a.yaml:1:1: expected keys and values" },
		{ "a\n", "a.yaml:1:1: expected keys and values" },
	};
	for (size_t i = 0; i < MDL_COUNT(bad); i++) {
		struct all a;
		struct mdl_conf *c;
		struct mdl_why why = { "" };
		assert_int_equal(read_file(bad[i].text, &a, &c, &why), MDL_EINVAL);
		assert_string_equal(why.text, bad[i].sentence);
		assert_int_equal(mdl_opts_conf(table, c, &a, NULL), MDL_EINVAL);
		mdl_conf_free(c);
	}
}

static void test_long_names_and_values_are_cut_in_complaints(void **state)
{
	(void)state;
	struct all a;
	struct mdl_args args;
	struct mdl_why why;
	char word[2000];
	snprintf(word, sizeof(word), "--%01500d", 7);
	assert_int_equal(read_argv(WORDS(word), &a, &args, &why), MDL_EINVAL);
	assert_non_null(strstr(why.text, "no such option; see --help"));
	snprintf(word, sizeof(word), "--to=%01500d:x", 7);
	assert_int_equal(read_argv(WORDS(word), &a, &args, &why), MDL_EINVAL);
	assert_non_null(strstr(why.text, "expected HOST:PORT"));
}

static void test_help_fits_eighty_columns(void **state)
{
	(void)state;
	static const char expected[] =
		"  -v, --verbose           say more\n"
		"      --strict            stop at the first finding (yes)\n"
		"  -j, --workers N         processes (2)\n"
		"      --limit BYTES       ceiling of a message\n"
		"  -d, --delay TIME        wait so long (20ms)\n"
		"      --loss SHARE        messages to drop (2%)\n"
		"  -n, --name TEXT         what to call it\n"
		"      --mode MODE         how to choose (guided)\n"
		"  -t, --to ADDRESS        the server\n"
		"  -a, --also WORD         further words\n"
		"      --only-these-protocols PROTOCOL\n"
		"                          a name so long that the help stands below it, and a\n"
		"                          help so long that it takes two lines (dns)\n";
	struct mdl_buf b;
	mdl_buf_init(&b, MDL_BUF_MAX);
	assert_int_equal(mdl_opts_help(table, &b), MDL_OK);
	assert_string_equal(mdl_buf_text(&b), expected);
	mdl_buf_fini(&b);
}

/* Words of 1 to 12 letters behind a name of any length. */
static void draw_help(struct mdl_rng *r, char *name, char *help)
{
	size_t n = (size_t)mdl_rng_range(r, 1, 30);
	memset(name, 'n', n);
	name[n] = 0;
	for (uint64_t words = mdl_rng_range(r, 1, 30); words > 0; words--) {
		n = (size_t)mdl_rng_range(r, 1, 12);
		memset(help, 'h', n);
		help += n;
		*help++ = words == 1 ? 0 : ' ';
	}
}

static void test_help_breaks_lines_where_it_has_to(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(41);
	for (int i = 0; i < 5000; i++) {
		char name[32], help[512];
		draw_help(&r, name, help);
		const struct mdl_opt opt = { .name = name, .kind = MDL_OPT_FLAG, .help = help };
		struct mdl_buf b;
		mdl_buf_init(&b, MDL_BUF_MAX);
		assert_int_equal(mdl_opts_help((struct mdl_opts){ &opt, 1 }, &b), MDL_OK);
		assert_int_equal(b.p[26], strlen(name) < 18 ? 'h' : b.p[26]);
		for (const char *line = mdl_buf_text(&b); *line != 0;) {
			size_t n = strcspn(line, "\n");
			const char *next = line + n + 1;
			bool last = *next == 0,
			     whole_name = line[6] == '-' && memchr(line, 'h', n) == NULL;
			size_t word = last ? 0 : strcspn(next + 26, " \n");
			assert_true(n < 80 && line[n - 1] != ' ');
			assert_true(last || whole_name || n + 1 + word >= 80);
			line = next;
		}
		mdl_buf_fini(&b);
	}
}

static void fail_somewhere(void)
{
	struct mdl_buf b;
	mdl_buf_init(&b, MDL_BUF_MAX);
	mdl_err err = mdl_opts_help(table, &b);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	mdl_buf_fini(&b);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_presets),
		cmocka_unit_test(test_a_wrong_preset_is_told),
		cmocka_unit_test(test_every_way_to_write_an_option),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_bounds_are_inside),
		cmocka_unit_test(test_more_choices_than_a_complaint_can_hold),
		cmocka_unit_test(test_a_table_longer_than_the_search_for_the_nearest),
		cmocka_unit_test(test_what_follows_two_dashes),
		cmocka_unit_test(test_help_stops_reading),
		cmocka_unit_test(test_a_list_given_several_times),
		cmocka_unit_test(test_lists_have_an_end),
		cmocka_unit_test(test_complaints_about_a_command_line),
		cmocka_unit_test(test_a_file),
		cmocka_unit_test(test_complaints_about_a_file),
		cmocka_unit_test(test_long_names_and_values_are_cut_in_complaints),
		cmocka_unit_test(test_help_fits_eighty_columns),
		cmocka_unit_test(test_help_breaks_lines_where_it_has_to),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
