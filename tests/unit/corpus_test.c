#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/corpus_place.h"
#include "support/alloc.h"
#include "support/scratch.h"
#include "support/trace_eq.h"

static struct mdl_trace *trace_of(const char *query)
{
	struct mdl_trace *t = mdl_trace_new();
	assert_non_null(t);
	snprintf(t->proto, sizeof(t->proto), "dns");
	snprintf(t->source, sizeof(t->source), "by hand");
	assert_int_equal(mdl_trace_add(t, MDL_C2S, 0, mdl_slice_str(query)), MDL_OK);
	assert_int_equal(mdl_trace_add(t, MDL_S2C, MDL_MS, MDL_LIT("answer")), MDL_OK);
	return t;
}

static void add(const char *folder, const char *query, bool expected)
{
	struct mdl_trace *t = trace_of(query);
	bool added = !expected;
	assert_int_equal(corpus_add(folder, t, &added, NULL), MDL_OK);
	assert_int_equal(added, expected);
	mdl_trace_free(t);
}

static void test_add_and_load(void **state)
{
	(void)state;
	struct scratch dir;
	struct mdl_trace *t = trace_of("one"), *back;
	char name[CORPUS_NAME];
	bool added;
	scratch_open(&dir);
	corpus_name(t, name);
	assert_int_equal(strlen(name), CORPUS_NAME - 2);
	assert_true(corpus_is_entry(name));
	assert_int_equal(corpus_add(dir.path, t, &added, NULL), MDL_OK);
	assert_true(added);
	assert_int_equal(corpus_load(dir.path, name, &back, NULL), MDL_OK);
	assert_true(trace_eq(t, back));
	mdl_trace_free(back);
	/* who said it, when, and where it was seen, makes no other conversation of it */
	t->start = 99;
	snprintf(t->source, sizeof(t->source), "elsewhere");
	assert_int_equal(corpus_add(dir.path, t, &added, NULL), MDL_OK);
	assert_false(added);
	add(dir.path, "two", true);
	mdl_trace_free(t);
	scratch_close(&dir);
}

static void test_cannot_be_written(void **state)
{
	(void)state;
	struct mdl_trace *t = trace_of("one");
	struct mdl_why why;
	bool added = true;
	assert_int_equal(corpus_add("/tmp/there/is/no/such/folder", t, &added, &why), MDL_EIO);
	assert_non_null(strstr(why.text, "/tmp/there/is/no/such/folder/"));
	assert_false(added);
	mdl_trace_free(t);
}

/* ---- places ---- */

static void expect_place(const char *path, mdl_err err, const char *text)
{
	struct corpus_place p;
	struct mdl_why why = { "" };
	assert_int_equal(corpus_find(path, &p, &why), err);
	if (strstr(why.text, text) == NULL)
		fail_msg("\"%s\" is not in: %s", text, why.text);
}

static void test_places(void **state)
{
	(void)state;
	struct scratch dir;
	struct corpus_place p;
	struct mdl_why why;
	struct store *s;
	scratch_open(&dir);
	const char *corpus = scratch_file(&dir, "new/corpus"), *run = scratch_file(&dir, "run");
	expect_place(corpus, MDL_ENOTFOUND, "new/corpus: No such file");
	assert_int_equal(corpus_make(corpus, &p, NULL), MDL_OK);
	expect_place(corpus, MDL_OK, "");
	scratch_put(&dir, "new/corpus/README", "");
	expect_place(corpus, MDL_EINVAL, "holds README and no .trace");
	expect_place(scratch_file(&dir, "new/corpus/README"), MDL_EINVAL, "a file");
	assert_int_equal(corpus_make(corpus, &p, NULL), MDL_EINVAL);
	add(corpus, "one", true);
	assert_int_equal(corpus_find(corpus, &p, NULL), MDL_OK);
	assert_false(p.campaign);
	assert_string_equal(p.folder, corpus);
	assert_int_equal(corpus_make(run, &p, NULL), MDL_OK);
	assert_int_equal(store_open(run, true, &s, NULL), MDL_OK);
	store_close(s);
	assert_int_equal(corpus_find(run, &p, NULL), MDL_OK);
	assert_true(p.campaign);
	assert_string_equal(p.root, run);
	assert_string_equal(p.folder, scratch_file(&dir, "run/corpus"));
	assert_int_equal(corpus_make(run, &p, &why), MDL_EINVAL);
	assert_non_null(strstr(why.text, "a campaign"));
	scratch_close(&dir);
}

/* ---- visiting ---- */

struct seen {
	char text[256]; /* what the requests say, one after the other */
	unsigned bad, rows;
	char problem[512];
	mdl_err answer; /* of the visitor */
};

static mdl_err see(void *ctx, const struct corpus_entry *e)
{
	struct seen *s = ctx;
	size_t n = strlen(s->text);
	assert_true(corpus_is_entry(e->name));
	snprintf(s->text + n, sizeof(s->text) - n, "%s ", mdl_buf_text(&e->trace->v[0]->bytes));
	s->rows += e->row != NULL && e->row->id > 0;
	return s->answer;
}

static void see_bad(void *ctx, const struct mdl_why *why)
{
	struct seen *s = ctx;
	s->bad++;
	memcpy(s->problem, why->text, sizeof(s->problem));
}

static struct seen visit(const char *path, bool tell, mdl_err answer, mdl_err expected)
{
	struct corpus_place p;
	struct seen s = { .answer = answer };
	struct mdl_why why = { "" };
	assert_int_equal(corpus_find(path, &p, NULL), MDL_OK);
	assert_int_equal(
		corpus_visit(&p, &(struct corpus_visitor){ see, tell ? see_bad : NULL, &s }, &why),
		expected);
	if (!tell)
		memcpy(s.problem, why.text, sizeof(s.problem));
	return s;
}

static void put_query(const struct scratch *dir, const char *name, const char *query)
{
	char text[256];
	snprintf(text, sizeof(text), "meddle-trace 1\nprotocol: dns\ncarrier: dgram\n> 0 \"%s\"\n",
		 query);
	scratch_put(dir, name, text);
}

static void test_visit_a_corpus(void **state)
{
	(void)state;
	struct scratch dir;
	scratch_open(&dir);
	put_query(&dir, "b.trace", "second");
	put_query(&dir, "a.trace", "first");
	put_query(&dir, "c.trace", "third");
	scratch_put(&dir, "notes", "are passed over");
	struct seen s = visit(dir.path, true, MDL_OK, MDL_OK);
	assert_string_equal(s.text, "first second third ");
	assert_int_equal(s.rows, 0);
	s = visit(dir.path, true, MDL_EINTERRUPTED, MDL_EINTERRUPTED);
	assert_string_equal(s.text, "first ");
	scratch_put(&dir, "b.trace", "meddle-trace 1\nprotocol: dns\ncarrier: smoke\n");
	s = visit(dir.path, true, MDL_OK, MDL_OK);
	assert_string_equal(s.text, "first third ");
	assert_int_equal(s.bad, 1);
	assert_non_null(strstr(s.problem, "b.trace:3: "));
	s = visit(dir.path, false, MDL_OK, MDL_EMALFORMED);
	assert_string_equal(s.text, "first ");
	assert_non_null(strstr(s.problem, "b.trace:3: "));
	scratch_close(&dir);
}

static void make_campaign(const struct scratch *dir)
{
	static const char *const names[] = { "z.trace", "a.trace", "gone.trace", "m.trace" };
	struct store *s;
	assert_int_equal(mkdir(scratch_file(dir, "corpus"), 0755), 0);
	put_query(dir, "corpus/z.trace", "first");
	put_query(dir, "corpus/a.trace", "second");
	put_query(dir, "corpus/m.trace", "third");
	put_query(dir, "corpus/x.trace", "unknown");
	assert_int_equal(store_open(dir->path, true, &s, NULL), MDL_OK);
	for (size_t i = 0; i < MDL_COUNT(names); i++) {
		struct store_entry e = { .name = names[i], .features = (unsigned)i };
		static const uint32_t features[] = { 1, 2, 3 };
		assert_int_equal(store_add_entry(s, &e, NULL), MDL_OK);
		assert_int_equal(store_entry_features(s, e.id, features, (unsigned)i, NULL),
				 MDL_OK);
	}
	store_close(s);
}

static void test_visit_a_campaign(void **state)
{
	(void)state;
	struct scratch dir;
	scratch_open(&dir);
	make_campaign(&dir);
	struct seen s = visit(dir.path, true, MDL_OK, MDL_OK);
	assert_string_equal(s.text, "first second third "); /* as the book has them */
	assert_int_equal(s.rows, 3);
	assert_int_equal(s.bad, 1);
	assert_non_null(strstr(s.problem, "corpus/gone.trace: No such file"));
	visit(dir.path, false, MDL_OK, MDL_EIO);
	s = visit(dir.path, true, MDL_EINTERRUPTED, MDL_EINTERRUPTED);
	assert_string_equal(s.text, "first ");
	scratch_close(&dir);
}

/* ---- failure ---- */

static mdl_err pass(void *ctx, const struct corpus_entry *e)
{
	(void)ctx;
	(void)e;
	return MDL_OK;
}

static void visit_somewhere(const char *path)
{
	struct corpus_place p;
	mdl_err err = corpus_find(path, &p, NULL);
	if (err == MDL_OK)
		err = corpus_visit(&p, &(struct corpus_visitor){ pass, NULL, NULL }, NULL);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
}

static void add_somewhere(const char *path)
{
	static int n;
	char query[16];
	bool added;
	struct mdl_trace *t = mdl_trace_new();
	snprintf(query, sizeof(query), "query %d", ++n);
	mdl_err err = t == NULL ? MDL_ENOMEM : mdl_trace_add(t, MDL_C2S, 0, mdl_slice_str(query));
	if (err == MDL_OK)
		err = corpus_add(path, t, &added, NULL);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	mdl_trace_free(t);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	struct scratch corpus, campaign;
	scratch_open(&corpus);
	scratch_open(&campaign);
	add(corpus.path, "one", true);
	make_campaign(&campaign);
	put_query(&campaign, "corpus/gone.trace", "found");
	ALLOC_FAIL_EACH(visit_somewhere(corpus.path));
	ALLOC_FAIL_EACH(visit_somewhere(campaign.path));
	ALLOC_FAIL_EACH(add_somewhere(corpus.path));
	visit(corpus.path, false, MDL_OK, MDL_OK); /* what is there is whole */
	scratch_close(&corpus);
	scratch_close(&campaign);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add_and_load),	 cmocka_unit_test(test_cannot_be_written),
		cmocka_unit_test(test_places),		 cmocka_unit_test(test_visit_a_corpus),
		cmocka_unit_test(test_visit_a_campaign), cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
