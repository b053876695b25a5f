#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replay/store.h"
#include "support/alloc.h"
#include "support/scratch.h"

static struct store *open_new(const struct scratch *dir)
{
	struct store *s;
	struct mdl_why why;
	if (store_open(dir->path, true, &s, &why) != MDL_OK)
		fail_msg("%s", why.text);
	return s;
}

static void add_entry(struct store *s, const char *name, int64_t parent)
{
	struct store_entry e = { .name = name,
				 .source = "dig.pcap flow 1",
				 .proto = "dns",
				 .recipe = "flip msg=0\n",
				 .parent = parent,
				 .found_case = 7,
				 .found_ms = 8,
				 .depth = 2,
				 .msgs = 3,
				 .bytes = 90,
				 .features = 2,
				 .picked = 4 };
	assert_int_equal(store_add_entry(s, &e, NULL), MDL_OK);
}

static bool count_entry(void *ctx, const struct store_entry *e)
{
	size_t *n = ctx;
	assert_int_equal(e->id, (int64_t)++ * n);
	return true;
}

static size_t entries_in(struct store *s)
{
	size_t n = 0;
	assert_int_equal(store_entries(s, count_entry, &n, NULL), MDL_OK);
	return n;
}

/* ---- what is written can be read ---- */

static void test_settings(void **state)
{
	(void)state;
	struct scratch dir;
	char text[8];
	scratch_open(&dir);
	struct store *s = open_new(&dir);
	assert_false(store_get(s, "seed", text, sizeof(text)));
	assert_int_equal(store_get_number(s, "seed", -3), -3);
	assert_int_equal(store_set(s, "protocol", "dns", NULL), MDL_OK);
	assert_int_equal(store_set(s, "protocol", "longer than that", NULL), MDL_OK);
	assert_int_equal(store_set_number(s, "seed", INT64_MIN, NULL), MDL_OK);
	store_close(s);
	assert_int_equal(store_open(dir.path, false, &s, NULL), MDL_OK);
	assert_true(store_get(s, "protocol", text, sizeof(text)));
	assert_string_equal(text, "longer ");
	assert_true(store_get_number(s, "seed", 0) == INT64_MIN);
	store_close(s);
	scratch_close(&dir);
}

static bool check_entry(void *ctx, const struct store_entry *e)
{
	int *seen = ctx;
	assert_int_equal(e->id, ++*seen);
	assert_string_equal(e->name, *seen == 1 ? "a.trace" : "b.trace");
	assert_string_equal(e->source, "dig.pcap flow 1");
	assert_string_equal(e->proto, "dns");
	assert_string_equal(e->recipe, "flip msg=0\n");
	assert_int_equal(e->parent, *seen - 1);
	assert_int_equal(e->found_case, 7);
	assert_int_equal(e->found_ms, 8);
	assert_int_equal(e->depth, 2);
	assert_int_equal(e->msgs, 3);
	assert_int_equal(e->bytes, 90);
	assert_int_equal(e->features, 2);
	assert_int_equal(e->picked, *seen == 1 ? 4 : 50);
	return *seen < 2;
}

static bool check_entry_feature(void *ctx, int64_t entry, uint32_t feature)
{
	static const struct {
		int64_t entry;
		uint32_t feature;
	} expected[] = { { 1, 5 }, { 1, UINT32_MAX }, { 2, 1 } };
	int *seen = ctx;
	assert_int_equal(entry, expected[*seen].entry);
	assert_int_equal(feature, expected[*seen].feature);
	return ++*seen < 3;
}

static void test_entries(void **state)
{
	(void)state;
	static const uint32_t first[] = { UINT32_MAX, 5, 5 }, second[] = { 1, 9 };
	struct scratch dir;
	int seen = 0;
	scratch_open(&dir);
	struct store *s = open_new(&dir);
	add_entry(s, "a.trace", 0);
	add_entry(s, "b.trace", 1);
	add_entry(s, "c.trace", 1);
	assert_int_equal(store_picked(s, 2, 50, NULL), MDL_OK);
	assert_int_equal(store_entry_features(s, 1, first, 3, NULL), MDL_OK);
	assert_int_equal(store_entry_features(s, 2, second, 2, NULL), MDL_OK);
	/* a visitor that has seen enough is not called again, and the next one begins anew */
	for (int again = 0; again < 2; again++) {
		seen = 0;
		assert_int_equal(store_entries(s, check_entry, &seen, NULL), MDL_OK);
		assert_int_equal(seen, 2);
		seen = 0;
		assert_int_equal(store_each_entry_feature(s, check_entry_feature, &seen, NULL),
				 MDL_OK);
		assert_int_equal(seen, 3);
	}
	store_close(s);
	scratch_close(&dir);
}

static bool check_feature(void *ctx, uint32_t feature, int64_t count)
{
	int *seen = ctx;
	assert_int_equal(feature, *seen == 0 ? 3 : 0xfffffff0);
	assert_int_equal(count, *seen == 0 ? 12 : 1);
	++*seen;
	return true;
}

static bool check_edge(void *ctx, const struct store_edge_row *e)
{
	int *seen = ctx;
	assert_int_equal(e->from, *seen == 0 ? 0 : 4);
	assert_int_equal(e->to, *seen == 0 ? 4 : 9);
	assert_int_equal(e->count, *seen == 0 ? 20 : 3);
	assert_string_equal(e->from_text, *seen == 0 ? "start" : "NOERROR");
	assert_string_equal(e->to_text, *seen == 0 ? "NOERROR" : "silence");
	++*seen;
	return true;
}

static bool check_depth(void *ctx, unsigned depth, const char *name, int64_t count)
{
	int *seen = ctx;
	assert_int_equal(depth, *seen);
	assert_string_equal(name, *seen == 0 ? "answered" : "found");
	assert_int_equal(count, *seen == 0 ? 100 : 7);
	++*seen;
	return true;
}

static void test_features_and_states(void **state)
{
	(void)state;
	struct scratch dir;
	int seen = 0;
	scratch_open(&dir);
	struct store *s = open_new(&dir);
	assert_int_equal(store_feature(s, 0xfffffff0, 1, NULL), MDL_OK);
	assert_int_equal(store_feature(s, 3, 11, NULL), MDL_OK);
	assert_int_equal(store_feature(s, 3, 12, NULL), MDL_OK);
	assert_int_equal(store_features(s, check_feature, &seen, NULL), MDL_OK);
	assert_int_equal(seen, 2);
	assert_int_equal(store_edge(s, 0, 4, 1, "NOERROR", NULL), MDL_OK);
	assert_int_equal(store_edge(s, 4, 9, 3, "silence", NULL), MDL_OK);
	assert_int_equal(store_edge(s, 0, 4, 20, "NOERROR", NULL), MDL_OK);
	seen = 0;
	assert_int_equal(store_edges(s, check_edge, &seen, NULL), MDL_OK);
	assert_int_equal(seen, 2);
	assert_int_equal(store_depth(s, 1, "found", 7, NULL), MDL_OK);
	assert_int_equal(store_depth(s, 0, "answered", 99, NULL), MDL_OK);
	assert_int_equal(store_depth(s, 0, "answered", 100, NULL), MDL_OK);
	seen = 0;
	assert_int_equal(store_depths(s, check_depth, &seen, NULL), MDL_OK);
	assert_int_equal(seen, 2);
	store_close(s);
	scratch_close(&dir);
}

static bool check_finding(void *ctx, const struct store_finding *f)
{
	int *seen = ctx;
	assert_int_equal(f->id, 1);
	assert_true(f->signature == UINT64_MAX);
	assert_string_equal(f->kind, "asan");
	assert_string_equal(f->severity, "high");
	assert_string_equal(f->title, "a title with 'quotes' and \xff");
	assert_string_equal(f->bundle, "");
	assert_int_equal(f->found_case, 5);
	assert_int_equal(f->found_ms, 6);
	assert_int_equal(f->times, 3);
	assert_int_equal(f->confirmed, 2);
	assert_int_equal(f->tried, 4);
	++*seen;
	return true;
}

static bool check_raw(void *ctx, uint64_t raw, int64_t finding, unsigned tried)
{
	int *seen = ctx;
	/* ids are signed in the file, so that the greatest come first */
	assert_true(raw == (*seen == 0 ? UINT64_MAX : 17));
	assert_int_equal(finding, *seen == 0 ? 1 : 0);
	assert_int_equal(tried, *seen == 0 ? 0 : 3);
	++*seen;
	return true;
}

static bool check_point(void *ctx, const struct store_point *p)
{
	int *seen = ctx;
	assert_int_equal(p->ms, *seen == 0 ? 100 : 200);
	assert_int_equal(p->cases, 1);
	assert_int_equal(p->corpus, 2);
	assert_int_equal(p->features, 3);
	assert_int_equal(p->states, 4);
	assert_int_equal(p->edges, 5);
	assert_int_equal(p->findings, 6);
	assert_int_equal(p->restarts, 7);
	assert_true(p->rss_mb == 1.5);
	++*seen;
	return true;
}

static void test_findings_and_points(void **state)
{
	(void)state;
	struct scratch dir;
	int seen = 0;
	struct store_finding f = { .id = 1,
				   .signature = UINT64_MAX,
				   .kind = "asan",
				   .severity = "high",
				   .title = "a title with 'quotes' and \xff",
				   .found_case = 5,
				   .found_ms = 6,
				   .times = 1,
				   .confirmed = 2,
				   .tried = 4 };
	struct store_point p = { 200, 1, 2, 3, 4, 5, 6, 7, 1.5 };
	scratch_open(&dir);
	struct store *s = open_new(&dir);
	assert_int_equal(store_put_finding(s, &f, NULL), MDL_OK);
	f.times = 3;
	assert_int_equal(store_put_finding(s, &f, NULL), MDL_OK);
	assert_int_equal(store_findings(s, check_finding, &seen, NULL), MDL_OK);
	assert_int_equal(seen, 1);
	assert_int_equal(store_raw(s, UINT64_MAX, 1, 0, NULL), MDL_OK);
	assert_int_equal(store_raw(s, 17, 0, 2, NULL), MDL_OK);
	assert_int_equal(store_raw(s, 17, 0, 3, NULL), MDL_OK);
	seen = 0;
	assert_int_equal(store_raws(s, check_raw, &seen, NULL), MDL_OK);
	assert_int_equal(seen, 2);
	assert_int_equal(store_add_point(s, &p, NULL), MDL_OK);
	p.ms = 100;
	assert_int_equal(store_add_point(s, &p, NULL), MDL_OK);
	seen = 0;
	assert_int_equal(store_points(s, check_point, &seen, NULL), MDL_OK);
	assert_int_equal(seen, 2);
	store_close(s);
	scratch_close(&dir);
}

/* ---- beside each other ---- */

static void test_a_reader_sees_what_is_committed(void **state)
{
	(void)state;
	struct scratch dir;
	struct store *reader;
	scratch_open(&dir);
	struct store *writer = open_new(&dir);
	assert_int_equal(store_open_read(dir.path, &reader, NULL), MDL_OK);
	assert_int_equal(store_begin(writer, NULL), MDL_OK);
	add_entry(writer, "a.trace", 0);
	assert_int_equal(entries_in(reader), 0);
	assert_int_equal(store_commit(writer, NULL), MDL_OK);
	assert_int_equal(entries_in(reader), 0); /* it stays at one moment */
	store_close(reader);
	assert_int_equal(store_open_read(dir.path, &reader, NULL), MDL_OK);
	assert_int_equal(entries_in(reader), 1);
	assert_int_equal(store_begin(writer, NULL), MDL_OK);
	add_entry(writer, "b.trace", 0);
	assert_int_equal(entries_in(reader), 1);
	store_close(writer); /* without a commit */
	assert_int_equal(entries_in(reader), 1);
	store_close(reader);
	scratch_close(&dir);
}

/* ---- killed ---- */

/* Commits transactions, each of which adds an entry and says how many there are; tells each. */
static void commit_for_ever(const struct scratch *dir, int tell)
{
	struct store *s;
	if (store_open(dir->path, true, &s, NULL) != MDL_OK)
		_exit(1);
	for (int64_t i = 1;; i++) {
		struct store_entry e = {
			.name = "x.trace", .source = "", .proto = "", .recipe = ""
		};
		if (store_begin(s, NULL) != MDL_OK || store_add_entry(s, &e, NULL) != MDL_OK ||
		    store_set_number(s, "entries", i, NULL) != MDL_OK ||
		    store_commit(s, NULL) != MDL_OK || write(tell, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
}

static void kill_after(int64_t commits)
{
	struct scratch dir;
	struct store *s;
	int told[2];
	int64_t i = 0;
	scratch_open(&dir);
	assert_int_equal(pipe(told), 0);
	pid_t pid = fork();
	if (pid == 0)
		commit_for_ever(&dir, told[1]);
	close(told[1]);
	while (i < commits)
		assert_int_equal(read(told[0], &i, sizeof(i)), sizeof(i));
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(told[0]);
	assert_int_equal(store_open(dir.path, false, &s, NULL), MDL_OK);
	int64_t said = store_get_number(s, "entries", 0);
	assert_true(said >= commits);
	assert_int_equal(entries_in(s), said);
	add_entry(s, "next.trace", 0); /* and it goes on */
	store_close(s);
	scratch_close(&dir);
}

static void test_killed(void **state)
{
	(void)state;
	for (int64_t commits = 1; commits <= 200; commits = commits * 2 + 1)
		kill_after(commits);
}

static void test_killed_in_a_transaction(void **state)
{
	(void)state;
	struct scratch dir;
	int told[2];
	char byte;
	scratch_open(&dir);
	struct store *s = open_new(&dir);
	add_entry(s, "a.trace", 0);
	store_close(s);
	assert_int_equal(pipe(told), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (store_open(dir.path, false, &s, NULL) != MDL_OK ||
		    store_begin(s, NULL) != MDL_OK)
			_exit(1);
		for (int i = 0; i < 5000; i++)
			add_entry(s, "lost.trace", 0);
		if (write(told[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(told[1]);
	assert_int_equal(read(told[0], &byte, 1), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(told[0]);
	assert_int_equal(store_open(dir.path, false, &s, NULL), MDL_OK);
	assert_int_equal(entries_in(s), 1);
	store_close(s);
	scratch_close(&dir);
}

/* ---- what cannot be ---- */

static void sql(const struct scratch *dir, const char *text)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(scratch_file(dir, "meddle.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void expect_open(const struct scratch *dir, bool create, mdl_err err, const char *text)
{
	struct store *s = NULL;
	struct mdl_why why = { "" };
	assert_int_equal(store_open(dir->path, create, &s, &why), err);
	assert_non_null(strstr(why.text, text));
	assert_non_null(strstr(why.text, dir->path));
	assert_int_equal(store_open_read(dir->path, &s, &why), err);
	assert_non_null(strstr(why.text, text));
	assert_null(s);
}

static void test_other_versions(void **state)
{
	(void)state;
	struct scratch dir;
	scratch_open(&dir);
	store_close(open_new(&dir));
	sql(&dir, "PRAGMA user_version=2");
	expect_open(&dir, true, MDL_EUNSUPPORTED, "another version");
	expect_open(&dir, false, MDL_EUNSUPPORTED, "layout 2");
	scratch_close(&dir);
}

static void test_no_campaign(void **state)
{
	(void)state;
	struct scratch dir;
	struct store *s = NULL;
	struct mdl_why why;
	scratch_open(&dir);
	expect_open(&dir, false, MDL_ENOTFOUND, "no campaign");
	scratch_put(&dir, "meddle.db",
		    "this is no database, however long one looks at it ......."
		    "..........................................................");
	expect_open(&dir, false, MDL_EIO, "not a database");
	expect_open(&dir, true, MDL_EIO, "not a database");
	scratch_close(&dir);
	assert_int_equal(store_open(scratch_file(&dir, "gone"), true, &s, &why), MDL_EIO);
	assert_non_null(strstr(why.text, "gone/meddle.db: "));
}

/* A campaign that was killed before it had a book left an empty file. */
static void test_empty_file(void **state)
{
	(void)state;
	struct scratch dir;
	struct store *s = NULL;
	struct mdl_why why;
	scratch_open(&dir);
	scratch_put(&dir, "meddle.db", "");
	assert_int_equal(store_open_read(dir.path, &s, &why), MDL_ENOTFOUND);
	assert_non_null(strstr(why.text, "meddle.db: there is no campaign"));
	assert_int_equal(store_open(dir.path, true, &s, NULL), MDL_OK);
	add_entry(s, "a.trace", 0);
	store_close(s);
	scratch_close(&dir);
}

static void test_full_disk(void **state)
{
	(void)state;
	struct scratch dir;
	struct store *s;
	scratch_open(&dir);
	s = open_new(&dir);
	add_entry(s, "a.trace", 0);
	store_close(s);
	pid_t pid = fork();
	if (pid == 0) { /* no file may get longer than 256 KiB, which is told as a full disk is */
		struct rlimit most = { 256 << 10, 256 << 10 };
		struct mdl_why why = { "" };
		signal(SIGXFSZ, SIG_IGN);
		if (setrlimit(RLIMIT_FSIZE, &most) != 0 ||
		    store_open(dir.path, false, &s, NULL) != MDL_OK ||
		    store_begin(s, NULL) != MDL_OK)
			_exit(2);
		mdl_err err = MDL_OK;
		char recipe[512] = { 0 };
		memset(recipe, 'r', sizeof(recipe) - 1);
		struct store_entry e = { .name = "x", .source = "", .proto = "", .recipe = recipe };
		for (int i = 0; err == MDL_OK && i < 2000; i++)
			err = store_add_entry(s, &e, &why);
		if (err == MDL_OK)
			err = store_commit(s, &why);
		_exit(err == MDL_EIO && strstr(why.text, "meddle.db: ") != NULL ? 0 : 3);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(store_open(dir.path, false, &s, NULL), MDL_OK);
	assert_int_equal(entries_in(s), 1);
	store_close(s);
	scratch_close(&dir);
}

static void fail_somewhere(const struct scratch *dir)
{
	struct store *s = NULL;
	mdl_err err = store_open(dir->path, true, &s, NULL);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	if (err == MDL_OK)
		add_entry(s, "a.trace", 0);
	store_close(s);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	struct scratch dir;
	scratch_open(&dir);
	ALLOC_FAIL_EACH(fail_somewhere(&dir));
	scratch_close(&dir);
	store_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_features_and_states),
		cmocka_unit_test(test_findings_and_points),
		cmocka_unit_test(test_a_reader_sees_what_is_committed),
		cmocka_unit_test(test_killed),
		cmocka_unit_test(test_killed_in_a_transaction),
		cmocka_unit_test(test_other_versions),
		cmocka_unit_test(test_no_campaign),
		cmocka_unit_test(test_empty_file),
		cmocka_unit_test(test_full_disk),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
