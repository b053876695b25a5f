#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "replay/bundle.h"
#include "replay/files.h"
#include "support/alloc.h"
#include "support/scratch.h"
#include "support/trace_eq.h"

static struct mdl_trace *trace_of(const char *query)
{
	struct mdl_trace *t = mdl_trace_new();
	assert_non_null(t);
	assert_int_equal(mdl_trace_add(t, MDL_C2S, 0, mdl_slice_str(query)), MDL_OK);
	return t;
}

static struct bundle_facts facts(void)
{
	struct bundle_facts f = { .kind = "asan",
				  .severity = "high",
				  .title = "heap-buffer-overflow in parse_name",
				  .signature = "00c0ffee",
				  .protocol = "dns",
				  .seed = UINT64_MAX,
				  .number = 12,
				  .entry = 3,
				  .repeat = 1,
				  .confirmed = 3,
				  .tried = 4,
				  .sandbox = true,
				  .hang_after = 2 * MDL_SEC + 1,
				  .patience = 20 * MDL_MS,
				  .start_max = 9 * MDL_SEC };
	static const char *const words[] = {
		"./server",  "-k",	 "-p",		"{port}",    "",
		"two words", "quo\"te",	 "back\\slash", "new\nline", "# no: comment",
		"- x",	     "\xc3\xa9", "~",		"yes",	     "12"
	};
	for (size_t i = 0; i < MDL_COUNT(words); i++)
		f.command.v[f.command.n++] = words[i];
	f.settings.v[f.settings.n++] = "dns.tsig-key=hmac-sha256:k.:c2VjcmV0";
	return f;
}

static void write_bundle(const char *folder, const struct bundle *b)
{
	struct mdl_why why;
	if (bundle_write(folder, b, &why) != MDL_OK)
		fail_msg("%s", why.text);
}

static void assert_facts(const struct bundle_facts *a, const struct bundle_facts *b)
{
	assert_string_equal(a->kind, b->kind);
	assert_string_equal(a->severity, b->severity);
	assert_string_equal(a->title, b->title);
	assert_string_equal(a->signature, b->signature);
	assert_string_equal(a->protocol, b->protocol);
	assert_int_equal(a->command.n, b->command.n);
	for (size_t i = 0; i < a->command.n; i++)
		assert_string_equal(a->command.v[i], b->command.v[i]);
	assert_int_equal(a->settings.n, b->settings.n);
	for (size_t i = 0; i < a->settings.n; i++)
		assert_string_equal(a->settings.v[i], b->settings.v[i]);
	assert_true(a->seed == b->seed);
	assert_int_equal(a->number, b->number);
	assert_int_equal(a->entry, b->entry);
	assert_int_equal(a->repeat, b->repeat);
	assert_int_equal(a->confirmed, b->confirmed);
	assert_int_equal(a->tried, b->tried);
	assert_int_equal(a->sandbox, b->sandbox);
	assert_true(a->hang_after == b->hang_after);
	assert_true(a->patience == b->patience);
	assert_true(a->start_max == b->start_max);
}

static void test_there_and_back(void **state)
{
	(void)state;
	struct scratch dir;
	struct bundle_play p;
	struct bundle b = { .facts = facts(), .n_before = 12 };
	scratch_open(&dir);
	struct mdl_trace *t = trace_of("the case");
	b.trace = t;
	for (size_t i = 0; i < b.n_before; i++) {
		char query[16];
		snprintf(query, sizeof(query), "before %zu", i);
		b.before[i] = trace_of(query);
	}
	write_bundle(scratch_file(&dir, "findings/x"), &b);
	assert_int_equal(bundle_read(scratch_file(&dir, "findings/x"), &p, NULL), MDL_OK);
	assert_facts(&p.facts, &b.facts);
	assert_null(p.facts.to);
	assert_true(trace_eq(p.trace, t));
	assert_int_equal(p.n_before, b.n_before);
	for (size_t i = 0; i < b.n_before; i++) {
		assert_true(trace_eq(p.before[i], b.before[i]));
		mdl_trace_free((struct mdl_trace *)(uintptr_t)b.before[i]);
	}
	bundle_play_fini(&p);
	bundle_play_fini(&p);
	mdl_trace_free(t);
	scratch_close(&dir);
}

static void test_what_lies_there(void **state)
{
	(void)state;
	static const char *const names[] = { "answers.txt",  "finding.yaml", "log.txt",
					     "original.txt", "recipe.txt",   "replay.sh",
					     "seed.txt",     "stack.txt",    "trace.pcapng",
					     "trace.txt" };
	struct scratch dir;
	struct names found;
	struct mdl_trace *t = trace_of("the case");
	struct bundle b = { .facts = facts(),
			    .trace = t,
			    .original = t,
			    .seed = t,
			    .said = t,
			    .recipe = MDL_LIT("flip msg=0\n"),
			    .log = MDL_LIT("it broke\n"),
			    .stack = MDL_LIT("#0 main\n") };
	scratch_open(&dir);
	write_bundle(dir.path, &b);
	assert_int_equal(folder_list(dir.path, &found, NULL), MDL_OK);
	assert_int_equal(found.n, MDL_COUNT(names));
	for (size_t i = 0; i < found.n; i++)
		assert_string_equal(found.v[i], names[i]);
	assert_int_equal(access(scratch_file(&dir, "replay.sh"), X_OK), 0);
	names_free(&found);
	mdl_trace_free(t);
	scratch_close(&dir);
}

/* What a target prints may stand in a title, whatever it is. */
static void test_titles_of_any_bytes(void **state)
{
	(void)state;
	static const struct {
		const char *title, *read;
	} any[] = { { "a \xff byte", "a \xc3\xbf byte" },
		    { "cut \xc3", "cut \xc3\x83" },
		    { "\x80\xc3\xa9", "\xc2\x80\xc3\xa9" },
		    { "overlong \xc0\xaf", "overlong \xc3\x80\xc2\xaf" },
		    { "half a pair \xed\xa0\x80", "half a pair \xc3\xad\xc2\xa0\xc2\x80" },
		    { "control \xc2\x85\xc2\x9f\x7f\x1b", "control \xc2\x85\xc2\x9f\x7f\x1b" },
		    { "no character \xef\xbf\xbf", "no character \xef\xbf\xbf" },
		    { "\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80" },
		    { "lines \xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf",
		      "lines \xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf" },
		    { "beyond \xf4\x90\x80\x80", "beyond \xc3\xb4\xc2\x90\xc2\x80\xc2\x80" } };
	for (size_t i = 0; i < MDL_COUNT(any); i++) {
		struct scratch dir;
		struct bundle_play p;
		struct mdl_why why;
		struct mdl_trace *t = trace_of("the case");
		struct bundle b = { .facts = facts(), .trace = t };
		b.facts.title = any[i].title;
		scratch_open(&dir);
		write_bundle(dir.path, &b);
		if (bundle_read(dir.path, &p, &why) != MDL_OK)
			fail_msg("title %zu: %s", i, why.text);
		assert_string_equal(p.facts.title, any[i].read);
		bundle_play_fini(&p);
		mdl_trace_free(t);
		scratch_close(&dir);
	}
}

static void expect_read(const struct scratch *dir, mdl_err err, const char *text)
{
	struct bundle_play p;
	struct mdl_why why = { "" };
	assert_int_equal(bundle_read(dir->path, &p, &why), err);
	if (strstr(why.text, text) == NULL)
		fail_msg("\"%s\" is not in: %s", text, why.text);
	assert_null(p.trace);
}

static void test_what_is_no_bundle(void **state)
{
	(void)state;
	struct scratch dir;
	struct mdl_trace *t = trace_of("the case");
	struct bundle b = { .facts = facts(), .trace = t };
	scratch_open(&dir);
	expect_read(&dir, MDL_ENOTFOUND, "no finding.yaml in ");
	write_bundle(dir.path, &b);
	assert_int_equal(unlink(scratch_file(&dir, "trace.txt")), 0);
	expect_read(&dir, MDL_EIO, "trace.txt: No such file");
	scratch_put(&dir, "trace.txt", "meddle-trace 1\nprotocol: dns\ncarrier: smoke\n");
	expect_read(&dir, MDL_EMALFORMED, "trace.txt:3:");
	scratch_put(&dir, "finding.yaml", "kind: crash\ncolour: red\n");
	expect_read(&dir, MDL_EINVAL, "finding.yaml:2:1:");
	scratch_put(&dir, "finding.yaml", "kind: [crash\n");
	expect_read(&dir, MDL_EMALFORMED, "finding.yaml:");
	scratch_put(&dir, "finding.yaml", "seed: many\n");
	expect_read(&dir, MDL_EINVAL, "finding.yaml:1:");
	mdl_trace_free(t);
	scratch_close(&dir);
}

static void test_cannot_be_written(void **state)
{
	(void)state;
	struct scratch dir;
	struct mdl_why why;
	struct mdl_trace *t = trace_of("the case");
	struct bundle b = { .facts = facts(), .trace = t };
	scratch_open(&dir);
	scratch_put(&dir, "file", "");
	assert_int_equal(bundle_write(scratch_file(&dir, "file"), &b, &why), MDL_EIO);
	assert_non_null(strstr(why.text, "/file"));
	mdl_trace_free(t);
	scratch_close(&dir);
}

static void fail_somewhere(const struct scratch *dir, const struct mdl_trace *t)
{
	struct bundle b = { .facts = facts(), .trace = t, .said = t, .n_before = 1 };
	struct bundle_play p;
	struct mdl_why why;
	b.before[0] = t;
	mdl_err err = bundle_write(dir->path, &b, &why);
	if (err == MDL_OK)
		err = bundle_read(dir->path, &p, &why);
	if (err == MDL_OK)
		bundle_play_fini(&p);
	if (err != MDL_OK && err != MDL_ENOMEM)
		fail_msg("%s", why.text);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	struct scratch dir;
	struct mdl_trace *t = trace_of("the case");
	scratch_open(&dir);
	ALLOC_FAIL_EACH(fail_somewhere(&dir, t));
	scratch_close(&dir);
	mdl_trace_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_what_lies_there),
		cmocka_unit_test(test_titles_of_any_bytes),
		cmocka_unit_test(test_what_is_no_bundle),
		cmocka_unit_test(test_cannot_be_written),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
