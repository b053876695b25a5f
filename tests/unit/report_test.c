/* Reports over stores made by hand, with texts that want to be more than text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/text.h"
#include "replay/bundle.h"
#include "replay/files.h"
#include "replay/report.h"
#include "support/alloc.h"
#include "support/wellformed.h"

#define HOSTILE "</td></script><script>alert(\"1\")</script>'&\xff\x01\xe2\x80\xae]]>"

static char root[] = "/tmp/report-test-XXXXXX";

/* A folder of its own for each test. */
static const char *folder(const char *name, char out[256])
{
	snprintf(out, 256, "%s/%s", root, name);
	assert_int_equal(folder_make(out, NULL), MDL_OK);
	return out;
}

static struct store *fresh(const char *path)
{
	struct store *s = NULL;
	struct mdl_why why = { "" };
	if (store_open(path, true, &s, &why) != MDL_OK)
		fail_msg("%s", why.text);
	return s;
}

#define OK(call) assert_int_equal((call), MDL_OK)

static void put_meta(struct store *s)
{
	OK(store_set(s, "target", "./a/server " HOSTILE, NULL));
	OK(store_set(s, "command_line", "meddle fuzz " HOSTILE, NULL));
	OK(store_set(s, "started_in", "/home/" HOSTILE, NULL));
	OK(store_set(s, "protocol", "dns", NULL));
	OK(store_set(s, "seed", "7", NULL));
	OK(store_set_number(s, "cases", 1000, NULL));
	OK(store_set_number(s, "silent", 10, NULL));
	OK(store_set_number(s, "ran_ns", 2 * MDL_SEC, NULL));
	OK(store_set_number(s, "ended", 1, NULL));
}

static void put_progress(struct store *s, int64_t points)
{
	for (int64_t i = 0; i < points; i++) {
		const struct store_point p = { i * 100, i * 50, 3 + i, 2 * i, i,
					       2 * i,	i / 4,	1,     1.5 };
		OK(store_add_point(s, &p, NULL));
	}
	OK(store_depth(s, 0, "parse", 490, NULL));
	OK(store_depth(s, 1, HOSTILE, 500, NULL));
	OK(store_depth(s, 2, "answered", 0, NULL));
	OK(store_edge(s, 0, 5, 900, HOSTILE, NULL));
	OK(store_edge(s, 5, 6, 90, "six", NULL));
	OK(store_edge(s, 6, 5, 9, HOSTILE, NULL));
}

static void put_corpus(struct store *s)
{
	struct store_entry seed = { .name = "a.trace", .source = HOSTILE, .found_case = -1 };
	struct store_entry child = { .name = HOSTILE,
				     .source = "",
				     .recipe =
					     "dns-flags msg=0 v=1\n" HOSTILE "\nfield-drop msg=0\n"
					     "dns-flags msg=0 v=2\nrepair: length\n",
				     .parent = 1,
				     .found_case = 300,
				     .found_ms = 50 };
	OK(store_add_entry(s, &seed, NULL));
	OK(store_add_entry(s, &child, NULL));
	child.parent = 2;
	child.recipe = "field-drop msg=0\n";
	OK(store_add_entry(s, &child, NULL));
}

static void put_finding(struct store *s, int64_t id, const char *severity, const char *bundle,
			unsigned confirmed)
{
	const struct store_finding f = { .id = id,
					 .signature = 0xabcdef,
					 .kind = "crash",
					 .severity = severity,
					 .title = HOSTILE,
					 .bundle = bundle,
					 .found_case = 17 * id,
					 .found_ms = 100 * id,
					 .times = 3,
					 .confirmed = confirmed,
					 .tried = 3 };
	OK(store_put_finding(s, &f, NULL));
}

static struct mdl_trace *talk(const char *request_hex)
{
	struct mdl_trace *t = mdl_trace_new();
	struct mdl_buf b;
	assert_non_null(t);
	mdl_buf_init(&b, 1 << 10);
	snprintf(t->proto, sizeof(t->proto), "dns");
	OK(mdl_text_unhex(&b, mdl_slice_str(request_hex)));
	OK(mdl_trace_add(t, MDL_C2S, 0, mdl_buf_slice(&b)));
	OK(mdl_trace_add(t, MDL_S2C, MDL_MS, MDL_LIT(HOSTILE)));
	mdl_buf_fini(&b);
	return t;
}

/* A finding with everything, the log of `log_size` bytes. */
static void put_bundle(const char *campaign, size_t log_size)
{
	char path[512];
	struct mdl_trace *seed = talk("0001010000010000000000000161076578616d706c650000010001");
	struct mdl_trace *said = talk("0001010000010000000000000162076578616d706c650000ff0001");
	char *log = calloc(1, log_size + 1);
	assert_non_null(log);
	for (size_t i = 0; i + sizeof(HOSTILE) < log_size; i += sizeof(HOSTILE))
		memcpy(log + i, HOSTILE "\n", sizeof(HOSTILE));
	struct bundle b = { .facts = { .kind = "crash",
				       .severity = "high",
				       .title = "<b>",
				       .signature = "00",
				       .protocol = "dns",
				       .repeat = 2 },
			    .trace = said,
			    .original = said,
			    .seed = seed,
			    .said = said,
			    .before = { seed, said },
			    .n_before = 2,
			    .recipe = MDL_LIT("dns-qtype msg=0 field=1\n# " HOSTILE "\n"),
			    .log = mdl_slice(log, log_size),
			    .stack = MDL_LIT("#0 " HOSTILE "\n") };
	snprintf(path, sizeof(path), "%s/findings", campaign);
	OK(folder_make(path, NULL));
	snprintf(path, sizeof(path), "%s/findings/crash-1", campaign);
	OK(bundle_write(path, &b, NULL));
	mdl_trace_free(seed);
	mdl_trace_free(said);
	free(log);
}

static void make_campaign(const char *path, int64_t points, size_t log_size)
{
	struct store *s = fresh(path);
	put_meta(s);
	put_progress(s, points);
	put_corpus(s);
	put_finding(s, 1, "low", "", 0);
	put_finding(s, 2, "medium", "is-not-there", 3);
	put_finding(s, 3, "critical", "../../etc", 3);
	put_finding(s, 4, "high", "crash-1", 3);
	put_bundle(path, log_size);
	store_close(s);
}

static void page_of(const char *path, struct mdl_buf *page)
{
	struct report r;
	struct mdl_why why = { "" };
	if (report_read(path, &r, &why) != MDL_OK)
		fail_msg("%s", why.text);
	mdl_buf_init(page, REPORT_PAGE_MAX);
	OK(report_page(&r, "1.2.3", page));
	report_fini(&r);
}

static void assert_says(const struct mdl_buf *page, const char *text)
{
	if (strstr(mdl_buf_text(page), text) == NULL)
		fail_msg("the page does not say: %s", text);
}

/* ---- reading ---- */

static void test_reads(void **state)
{
	(void)state;
	char path[256];
	struct report r;
	make_campaign(folder("reads", path), 40, 100);
	OK(report_read(path, &r, NULL));
	assert_int_equal(r.cases, 1000);
	assert_int_equal(r.end, REPORT_ENDED);
	assert_int_equal(r.n_points, 40);
	assert_int_equal(r.n_depths, 3);
	assert_int_equal(r.n_edges, 3);
	assert_int_equal(r.edges[0].count, 900);
	assert_int_equal(r.n_states, 3);
	assert_int_equal(r.n_met, 2);
	assert_int_equal(r.n_entries, 3);
	assert_int_equal(r.entries[0].children, 1);
	assert_int_equal(r.entries[0].offspring, 2);
	assert_int_equal(r.entries[2].parent, 1);
	assert_string_equal(r.strategy[0].name, "field-drop");
	assert_int_equal(r.strategy[0].entries, 2);
	assert_int_equal(r.n_strategies, 3);
	const int64_t order[] = { 3, 4, 2, 1 }; /* the worst first, the unconfirmed last */
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(r.findings[i].id, order[i]);
	report_fini(&r);
}

static void test_thins_points(void **state)
{
	(void)state;
	char path[256];
	struct report r;
	struct store *s = fresh(folder("thins", path));
	OK(store_begin(s, NULL));
	put_progress(s, REPORT_POINTS * 3 + 7);
	OK(store_commit(s, NULL));
	store_close(s);
	OK(report_read(path, &r, NULL));
	assert_in_range(r.n_points, REPORT_POINTS / 2, REPORT_POINTS);
	for (size_t i = 2; i + 1 < r.n_points; i++)
		assert_int_equal(r.points[i].ms - r.points[i - 1].ms,
				 r.points[1].ms - r.points[0].ms);
	assert_int_equal(r.points[r.n_points - 1].ms, (REPORT_POINTS * 3 + 6) * 100);
	report_fini(&r);
}

static void test_no_campaign(void **state)
{
	(void)state;
	char path[256];
	struct report r;
	struct mdl_why why = { "" };
	assert_int_equal(report_read(folder("nothing", path), &r, &why), MDL_ENOTFOUND);
	assert_non_null(strstr(why.text, "no campaign in this folder"));
	report_fini(&r);
}

static bool count_point(void *ctx, const struct store_point *p)
{
	(void)p;
	return ++*(size_t *)ctx > 0;
}

/* Beside a running campaign all that a reader sees is of one moment. */
static void test_reader_sees_one_moment(void **state)
{
	(void)state;
	char path[256];
	size_t before = 0, beside = 0, after = 0;
	struct store *writer = fresh(folder("moment", path)), *reader = NULL;
	const struct store_point one = { .ms = 1 }, two = { .ms = 2 };
	OK(store_add_point(writer, &one, NULL));
	OK(store_open_read(path, &reader, NULL));
	OK(store_points(reader, count_point, &before, NULL));
	OK(store_add_point(writer, &two, NULL));
	OK(store_points(reader, count_point, &beside, NULL));
	store_close(reader);
	OK(store_open_read(path, &reader, NULL));
	OK(store_points(reader, count_point, &after, NULL));
	store_close(reader);
	store_close(writer);
	assert_int_equal(before, 1);
	assert_int_equal(beside, 1);
	assert_int_equal(after, 2);
}

/* ---- the page ---- */

static void test_hostile_texts(void **state)
{
	(void)state;
	char path[256];
	struct mdl_buf page;
	make_campaign(folder("hostile", path), 40, 5000);
	page_of(path, &page);
	const char *script = strstr(mdl_buf_text(&page), "<script>");
	assert_non_null(script); /* ours is the last and the only one */
	assert_null(strstr(script + 1, "<script>"));
	assert_null(strstr(mdl_buf_text(&page), "<script>alert"));
	assert_null(strchr(mdl_buf_text(&page), 1));
	assert_null(strstr(mdl_buf_text(&page), "\xe2\x80\xae"));
	assert_says(&page, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;");
	mdl_buf_cut(&page, (size_t)(script - mdl_buf_text(&page)));
	OK(mdl_buf_printf(&page, "</body></html>"));
	assert_true(wellformed(mdl_buf_slice(&page)));
	mdl_buf_fini(&page);
}

static void test_says_all(void **state)
{
	(void)state;
	static const char *const said[] = {
		"id=\"f1\"",
		"id=\"f2\"",
		"id=\"f3\"",
		"id=\"f4\"",
		"did not happen again in a fresh process, so there is no folder",
		"is-not-there, is not there",
		"no name that could be followed",
		"Where it happened",
		"What the target printed",
		"Played 2 times in a row",
		"2 conversations in the same process before it",
		"<tr class=\"changed\">",
		"<i class=\"new\">62</i>",
		"No case got as deep as &quot;answered&quot;",
		"3 conversations: 1 seeds",
	};
	char path[256];
	struct mdl_buf page;
	make_campaign(folder("all", path), 40, 5000);
	page_of(path, &page);
	for (size_t i = 0; i < MDL_COUNT(said); i++)
		assert_says(&page, said[i]);
	assert_null(strstr(mdl_buf_text(&page), "http")); /* nothing is fetched from anywhere */
	mdl_buf_fini(&page);
}

static void test_long_log(void **state)
{
	(void)state;
	char path[256];
	struct mdl_buf page;
	make_campaign(folder("long", path), 5, 10 << 20);
	page_of(path, &page);
	assert_true(page.n < 600 << 10);
	assert_says(&page, " bytes are left out here.");
	mdl_buf_fini(&page);
}

static void test_empty_campaign(void **state)
{
	(void)state;
	static const char *const said[] = {
		"Not one case was played", "too little for plots",
		"No answers were seen",	   "Nothing was recorded of how deep",
		"The corpus is empty",	   "How it was begun was not kept"
	};
	char path[256];
	struct mdl_buf page;
	store_close(fresh(folder("empty", path)));
	page_of(path, &page);
	for (size_t i = 0; i < MDL_COUNT(said); i++)
		assert_says(&page, said[i]);
	mdl_buf_fini(&page);
}

static void test_killed_and_running(void **state)
{
	(void)state;
	char path[256];
	struct mdl_buf page;
	int fd;
	struct store *s = fresh(folder("killed", path));
	put_meta(s);
	OK(store_set_number(s, "ended", 0, NULL));
	store_close(s);
	page_of(path, &page);
	assert_says(&page, "It was killed in the middle");
	assert_says(&page, "None in 1,000 cases");
	mdl_buf_fini(&page);
	OK(folder_hold(path, &fd, NULL));
	page_of(path, &page);
	assert_says(&page, "It is still running");
	mdl_buf_fini(&page);
	close(fd);
}

/* ---- limits ---- */

static void test_page_too_long(void **state)
{
	(void)state;
	char path[256];
	struct report r;
	struct mdl_buf page;
	make_campaign(folder("limit", path), 10, 100);
	OK(report_read(path, &r, NULL));
	for (size_t max = 1; max < 40000; max = max * 3 / 2 + 1) {
		mdl_buf_init(&page, max);
		assert_int_equal(report_page(&r, "1", &page), MDL_ELIMIT);
		mdl_buf_fini(&page);
	}
	report_fini(&r);
}

static void test_no_memory(void **state)
{
	(void)state;
	char path[256];
	struct report r;
	struct mdl_buf page;
	make_campaign(folder("memory", path), 5, 100);
	ALLOC_FAIL_EACH({
		mdl_err err = report_read(path, &r, NULL);
		assert_int_equal(err, alloc_failed() ? MDL_ENOMEM : MDL_OK);
		report_fini(&r);
	});
	OK(report_read(path, &r, NULL));
	ALLOC_FAIL_EACH({
		mdl_buf_init(&page, REPORT_PAGE_MAX);
		mdl_err err = report_page(&r, "1", &page);
		assert_int_equal(err, alloc_failed() ? MDL_ENOMEM : MDL_OK);
		mdl_buf_fini(&page);
	});
	report_fini(&r);
}

static int leave(void **state)
{
	char command[64];
	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_thins_points),
		cmocka_unit_test(test_no_campaign),
		cmocka_unit_test(test_reader_sees_one_moment),
		cmocka_unit_test(test_hostile_texts),
		cmocka_unit_test(test_says_all),
		cmocka_unit_test(test_long_log),
		cmocka_unit_test(test_empty_campaign),
		cmocka_unit_test(test_killed_and_running),
		cmocka_unit_test(test_page_too_long),
		cmocka_unit_test(test_no_memory),
	};
	return mkdtemp(root) == NULL ? 1 : cmocka_run_group_tests(tests, NULL, leave);
}
