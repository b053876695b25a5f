#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocols/registry.h"
#include "replay/book.h"
#include "support/alloc.h"
#include "support/scratch.h"

static struct book *open_book(const struct scratch *dir)
{
	struct book *b;
	struct mdl_why why;
	if (book_open(dir->path, true, &b, &why) != MDL_OK)
		fail_msg("%s", why.text);
	return b;
}

static void commit(struct book *b, mdl_time ran)
{
	struct mdl_why why;
	if (book_commit(b, &mdl_dns, ran, 12.5, &why) != MDL_OK)
		fail_msg("%s", why.text);
}

/* A case of that entry that showed these features and went through these states. */
static struct case_result *result(uint32_t entry, const uint32_t *features, unsigned n)
{
	static struct case_result r;
	memset(&r, 0, sizeof(r));
	r.entry = entry;
	r.features.n = n;
	memcpy(r.features.v, features, n * sizeof(*features));
	r.features.n_steps = 2;
	r.features.step[0] = 1;
	r.features.step[1] = STATE_SILENT;
	r.features.depth = 2;
	r.features.answers = 1;
	return &r;
}

static void add_entry(struct book *b, const char *name, int64_t parent, const uint32_t *features,
		      unsigned n)
{
	struct book_entry e = { .name = name,
				.source = "dig.pcap flow 1",
				.proto = "dns",
				.recipe = parent < 0 ? "" : "flip msg=0\n",
				.parent = parent,
				.found_case = parent < 0 ? -1 : 4,
				.depth = 3,
				.msgs = 2,
				.bytes = 80,
				.features = features,
				.n_features = n };
	assert_int_equal(book_add_entry(b, &e), MDL_OK);
}

static struct triaged *seen(uint64_t raw, uint64_t signature, unsigned confirmed)
{
	static struct triaged t;
	t = (struct triaged){ .number = 9,
			      .raw = raw,
			      .signature = signature,
			      .severity = MDL_HIGH,
			      .confirmed = confirmed,
			      .tried = 3 };
	snprintf(t.kind, sizeof(t.kind), "crash");
	snprintf(t.title, sizeof(t.title), "SIGSEGV in parse_name");
	snprintf(t.bundle, sizeof(t.bundle), confirmed > 0 ? "crash-%d" : "", (int)signature);
	return &t;
}

/* ---- cases ---- */

static const uint32_t both[] = { 10, 20 }, first[] = { 10 }, third[] = { 10, 30 };

static void test_what_is_news(void **state)
{
	(void)state;
	struct scratch dir;
	scratch_open(&dir);
	struct book *b = open_book(&dir);
	assert_true(book_is_news(b, result(0, both, 2)));
	assert_int_equal(book_count(b, result(0, both, 2)), MDL_OK);
	assert_false(book_is_news(b, result(0, both, 2)));
	assert_false(book_is_news(b, result(0, first, 1)));
	assert_true(book_is_news(b, result(0, third, 2)));
	assert_false(book_is_news(b, result(0, first, 0)));
	book_close(b);
	scratch_close(&dir);
}

static void assert_numbers(const struct book *b, uint64_t cases)
{
	struct book_numbers n = book_numbers(b);
	assert_int_equal(n.cases, cases);
	assert_int_equal(n.restarts, 1);
	assert_int_equal(n.silent, 1);
	assert_int_equal(n.depth[2], cases - 1);
	assert_int_equal(n.features, 2);
	assert_int_equal(n.states, 2);
	assert_int_equal(n.edges, 2);
}

static void assert_facts(const struct book *b)
{
	struct schedule_facts f[2];
	assert_int_equal(book_entries(b), 2);
	assert_string_equal(book_entry_name(b, 0), "a.trace");
	assert_string_equal(book_entry_name(b, 1), "b.trace");
	book_facts(b, f);
	assert_int_equal(f[0].picked, 3);
	assert_int_equal(f[0].rarest, 0); /* a seed has none */
	assert_int_equal(f[1].picked, 1);
	assert_int_equal(f[1].rarest, 2); /* of 10, 4 times, and 20, twice */
	assert_int_equal(f[1].depth, 3);
}

static void count_some(struct book *b)
{
	struct case_result *r;
	add_entry(b, "a.trace", -1, NULL, 0);
	add_entry(b, "b.trace", 0, both, 2);
	assert_int_equal(book_count(b, result(0, both, 2)), MDL_OK);
	assert_int_equal(book_count(b, result(0, both, 2)), MDL_OK);
	assert_int_equal(book_count(b, result(0, first, 1)), MDL_OK);
	r = result(1, first, 1);
	r->features.answers = 0;
	r->restarted = true;
	assert_int_equal(book_count(b, r), MDL_OK);
}

static void test_all_of_it_is_there_again(void **state)
{
	(void)state;
	struct scratch dir;
	scratch_open(&dir);
	struct book *b = open_book(&dir);
	count_some(b);
	assert_numbers(b, 4);
	assert_facts(b);
	commit(b, 5 * MDL_SEC);
	book_close(b);
	b = open_book(&dir);
	assert_numbers(b, 4);
	assert_facts(b);
	assert_true(book_numbers(b).ran == 5 * MDL_SEC);
	assert_false(book_is_news(b, result(0, both, 2)));
	/* counts go on where they were, and each commit writes what changed since the last */
	assert_int_equal(book_count(b, result(1, first, 1)), MDL_OK);
	commit(b, 6 * MDL_SEC);
	commit(b, 7 * MDL_SEC);
	book_close(b);
	b = open_book(&dir);
	struct schedule_facts f[2];
	assert_numbers(b, 5);
	assert_true(book_numbers(b).ran == 7 * MDL_SEC);
	assert_int_equal(book_entries(b), 2);
	book_facts(b, f);
	assert_int_equal(f[1].picked, 2);
	book_close(b);
	scratch_close(&dir);
}

static void test_what_is_not_committed_is_not_there(void **state)
{
	(void)state;
	struct scratch dir;
	scratch_open(&dir);
	struct book *b = open_book(&dir);
	commit(b, MDL_SEC);
	count_some(b);
	book_close(b);
	b = open_book(&dir);
	assert_int_equal(book_numbers(b).cases, 0);
	assert_int_equal(book_entries(b), 0);
	book_close(b);
	scratch_close(&dir);
}

static bool check_edge(void *ctx, const struct store_edge_row *e)
{
	unsigned *n = ctx;
	assert_int_equal(e->from, *n == 0 ? STATE_START : 1);
	assert_int_equal(e->to, *n == 0 ? 1 : STATE_SILENT);
	assert_int_equal(e->count, 4);
	if (*n == 1)
		assert_string_equal(e->to_text, "silence");
	++*n;
	return true;
}

static bool check_entry(void *ctx, const struct store_entry *e)
{
	unsigned *n = ctx;
	assert_int_equal(e->id, *n + 1);
	assert_int_equal(e->parent, *n); /* the second came of the first, whose id is 1 */
	assert_int_equal(e->features, *n == 0 ? 0 : 2);
	++*n;
	return true;
}

static void test_what_reports_read(void **state)
{
	(void)state;
	struct scratch dir;
	unsigned n = 0;
	scratch_open(&dir);
	struct book *b = open_book(&dir);
	count_some(b);
	commit(b, MDL_SEC);
	assert_int_equal(store_edges(book_store(b), check_edge, &n, NULL), MDL_OK);
	assert_int_equal(n, 2);
	n = 0;
	assert_int_equal(store_entries(book_store(b), check_entry, &n, NULL), MDL_OK);
	assert_int_equal(n, 2);
	book_close(b);
	scratch_close(&dir);
}

/* ---- findings ---- */

static void put(struct book *b, const struct triaged *t, bool expected)
{
	bool is_new = !expected;
	assert_int_equal(book_put(b, t, 100, &is_new), MDL_OK);
	assert_int_equal(is_new, expected);
}

static void test_findings(void **state)
{
	(void)state;
	struct scratch dir;
	uint64_t signatures[4];
	scratch_open(&dir);
	struct book *b = open_book(&dir);
	assert_int_equal(book_finding_of(b, 1), -1);
	put(b, seen(1, 500, 3), true);
	put(b, seen(2, 600, 3), true);
	put(b, seen(3, 500, 2), false); /* looks different, is the same */
	for (int again = 0; again < 2; again++) {
		assert_int_equal(book_finding_of(b, 1), 1);
		assert_int_equal(book_finding_of(b, 2), 2);
		assert_int_equal(book_finding_of(b, 3), 1);
		assert_int_equal(book_finding_of(b, 4), -1);
		assert_int_equal(book_signatures(b, signatures, 4), 2);
		assert_int_equal(signatures[0], 600);
		assert_int_equal(signatures[1], 500);
		assert_int_equal(book_signatures(b, signatures, 1), 1);
		assert_int_equal(signatures[0], 600);
		assert_int_equal(book_numbers(b).findings, 2);
		assert_int_equal(book_numbers(b).unconfirmed, 0);
		commit(b, MDL_SEC);
		book_close(b);
		b = open_book(&dir);
	}
	book_close(b);
	scratch_close(&dir);
}

static void test_what_does_not_happen_again(void **state)
{
	(void)state;
	struct scratch dir;
	scratch_open(&dir);
	struct book *b = open_book(&dir);
	for (int tries = 0; tries < 3; tries++) {
		assert_int_equal(book_finding_of(b, 1), -1); /* worth another try */
		put(b, seen(1, 500, 0), false);
		commit(b, MDL_SEC);
		book_close(b);
		b = open_book(&dir);
	}
	assert_int_equal(book_finding_of(b, 1), 0);
	assert_int_equal(book_numbers(b).findings, 0);
	assert_int_equal(book_numbers(b).unconfirmed, 1);
	put(b, seen(2, 500, 3), true); /* and what does is another finding */
	assert_int_equal(book_finding_of(b, 2), 2);
	book_close(b);
	scratch_close(&dir);
}

static bool check_finding(void *ctx, const struct store_finding *f)
{
	unsigned *n = ctx;
	++*n;
	assert_int_equal(f->times, 4);
	assert_string_equal(f->severity, "high");
	assert_string_equal(f->title, "SIGSEGV in parse_name");
	assert_string_equal(f->bundle, "crash-500");
	return true;
}

static void test_how_often(void **state)
{
	(void)state;
	struct scratch dir;
	unsigned n = 0;
	scratch_open(&dir);
	struct book *b = open_book(&dir);
	put(b, seen(1, 500, 3), true);
	commit(b, MDL_SEC);
	book_close(b);
	b = open_book(&dir);
	book_seen(b, 1);
	book_seen(b, 1);
	book_seen(b, 0); /* it did not happen again: nothing to count */
	book_seen(b, 2); /* there is none */
	book_seen(b, -1);
	put(b, seen(1, 500, 3), false);
	commit(b, MDL_SEC);
	assert_int_equal(store_findings(book_store(b), check_finding, &n, NULL), MDL_OK);
	assert_int_equal(n, 1);
	book_close(b);
	scratch_close(&dir);
}

/* ---- failure ---- */

static void fail_somewhere(void)
{
	struct scratch dir;
	struct book *b = NULL;
	struct book_entry e = {
		.name = "a", .source = "", .proto = "dns", .recipe = "", .parent = -1
	};
	bool is_new;
	e.features = both;
	e.n_features = 2;
	scratch_open(&dir);
	mdl_err err = MDL_OK;
	for (int again = 0; err == MDL_OK && again < 2; again++) {
		err = book_open(dir.path, true, &b, NULL);
		if (err == MDL_OK)
			err = book_add_entry(b, &e);
		if (err == MDL_OK)
			err = book_count(b, result(0, both, 2));
		if (err == MDL_OK)
			err = book_put(b, seen(1, 500, 3), 1, &is_new);
		if (err == MDL_OK)
			err = book_commit(b, &mdl_dns, MDL_SEC, 1, NULL);
		book_close(b);
		b = NULL;
	}
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	scratch_close(&dir);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(fail_somewhere());
	book_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_news),
		cmocka_unit_test(test_all_of_it_is_there_again),
		cmocka_unit_test(test_what_is_not_committed_is_not_there),
		cmocka_unit_test(test_what_reports_read),
		cmocka_unit_test(test_findings),
		cmocka_unit_test(test_what_does_not_happen_again),
		cmocka_unit_test(test_how_often),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
