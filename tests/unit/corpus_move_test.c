#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/text.h"
#include "replay/capture_write.h"
#include "replay/corpus_min.h"
#include "replay/corpus_move.h"
#include "replay/corpus_shape.h"
#include "replay/files.h"
#include "support/alloc.h"
#include "support/scratch.h"

/* Queries for example., by type; and answers to them. */
#define HEAD	 "0001000000000000076578616d706c6500"
#define QUERY_A	 "12340100" HEAD "00010001"
#define QUERY_NS "12340100" HEAD "00020001"
#define ANSWER_A "12348500" HEAD "00010001"

static struct mdl_trace *trace_of(const char *proto, const char *first, const char *second)
{
	struct mdl_trace *t = mdl_trace_new();
	struct mdl_buf b;
	const char *hex[] = { first, second };
	assert_non_null(t);
	snprintf(t->proto, sizeof(t->proto), "%s", proto);
	assert_int_equal(mdl_inet_parse("192.0.2.9:4000", &t->client), MDL_OK);
	assert_int_equal(mdl_inet_parse("192.0.2.1:53", &t->server), MDL_OK);
	mdl_buf_init(&b, 1024);
	for (unsigned i = 0; i < 2 && hex[i] != NULL; i++) {
		mdl_buf_cut(&b, 0);
		assert_int_equal(mdl_text_unhex(&b, mdl_slice_str(hex[i])), MDL_OK);
		assert_int_equal(
			mdl_trace_add(t, i == 0 ? MDL_C2S : MDL_S2C, i * MDL_MS, mdl_buf_slice(&b)),
			MDL_OK);
	}
	mdl_buf_fini(&b);
	return t;
}

static void add(const struct corpus_place *p, struct mdl_trace *t)
{
	bool added;
	assert_int_equal(corpus_add(p->folder, t, &added, NULL), MDL_OK);
	mdl_trace_free(t);
}

static void put_three(const struct corpus_place *p)
{
	add(p, trace_of("dns", QUERY_A, ANSWER_A));
	add(p, trace_of("dns", QUERY_NS, NULL));
	add(p, trace_of("raw", "00", NULL));
}

/* What hooks were told. */
struct told {
	unsigned notes, bad;
	char text[512];
};

static void on_note(void *ctx, const char *line)
{
	struct told *t = ctx;
	t->notes++;
	snprintf(t->text, sizeof(t->text), "%s", line);
}

static void on_bad(void *ctx, const struct mdl_why *why)
{
	struct told *t = ctx;
	t->bad++;
	snprintf(t->text, sizeof(t->text), "%s", why->text);
}

static struct corpus_place make(const struct scratch *dir, const char *name)
{
	struct corpus_place p;
	assert_int_equal(corpus_make(scratch_file(dir, name), &p, NULL), MDL_OK);
	return p;
}

static void assert_same(const struct corpus_place *a, const struct corpus_place *b)
{
	struct names x, y;
	assert_int_equal(folder_list(a->folder, &x, NULL), MDL_OK);
	assert_int_equal(folder_list(b->folder, &y, NULL), MDL_OK);
	assert_int_equal(x.n, y.n);
	for (size_t i = 0; i < x.n; i++)
		assert_string_equal(x.v[i], y.v[i]);
	names_free(&x);
	names_free(&y);
}

/* ---- in and out ---- */

static struct corpus_counts import(const struct corpus_place *to, const char *path,
				   struct told *told)
{
	static struct mdl_strings paths;
	struct corpus_hooks hooks = { on_note, on_bad, told };
	struct load_conf conf = { 0 };
	struct corpus_counts c;
	paths.v[0] = path;
	paths.n = 1;
	assert_int_equal(corpus_import(to, &paths, &conf, &hooks, &c, NULL), MDL_OK);
	return c;
}

static void there_and_back(const char *name)
{
	struct scratch dir;
	struct told told = { 0 };
	struct corpus_hooks hooks = { on_note, on_bad, &told };
	struct corpus_counts c = { 0 };
	scratch_open(&dir);
	struct corpus_place p = make(&dir, "p"), q = make(&dir, "q");
	put_three(&p);
	assert_int_equal(corpus_export(&p, scratch_file(&dir, name), &hooks, &c, NULL), MDL_OK);
	assert_int_equal(c.added, 3);
	c = import(&q, scratch_file(&dir, name), &told);
	assert_int_equal(c.files, 1);
	/* port 53 says that the third is DNS too, so it has another name */
	assert_int_equal(c.added, 3);
	c = import(&p, scratch_file(&dir, name), &told);
	assert_int_equal(c.known, 2);
	assert_int_equal(c.added, 1);
	assert_int_equal(told.bad + told.notes, 0);
	scratch_close(&dir);
}

static void test_export_and_import(void **state)
{
	(void)state;
	there_and_back("all.pcap");
	there_and_back("all.pcapng");
}

static void test_import_of_odd_things(void **state)
{
	(void)state;
	struct scratch dir;
	struct told told = { 0 };
	scratch_open(&dir);
	struct corpus_place p = make(&dir, "p");
	assert_int_equal(folder_make(scratch_file(&dir, "in/deep"), NULL), MDL_OK);
	scratch_put(&dir, "in/noise.pcap", "nothing of that kind");
	scratch_put(&dir, "in/deep/mute.trace",
		    "meddle-trace 1\nprotocol: dns\ncarrier: dgram\n< 0 00\n");
	scratch_put(&dir, "in/good.trace",
		    "meddle-trace 1\nprotocol: dns\ncarrier: dgram\n> 0 00\n");
	scratch_put(&dir, "in/notes.txt", "are passed over");
	struct corpus_counts c = import(&p, scratch_file(&dir, "in"), &told);
	assert_int_equal(c.files, 3);
	assert_int_equal(c.added, 1);
	assert_int_equal(c.mute, 1);
	assert_int_equal(c.bad, 1);
	assert_int_equal(told.bad, 1);
	assert_non_null(strstr(told.text, "in/noise.pcap"));
	c = import(&p, scratch_file(&dir, "gone"), &told);
	assert_int_equal(c.bad, 1);
	scratch_close(&dir);
}

static void test_merge(void **state)
{
	(void)state;
	struct scratch dir;
	struct told told = { 0 };
	struct corpus_hooks hooks = { on_note, on_bad, &told };
	struct corpus_counts c = { 0 };
	scratch_open(&dir);
	struct corpus_place p = make(&dir, "p"), q = make(&dir, "q");
	put_three(&p);
	add(&q, trace_of("dns", QUERY_NS, NULL));
	assert_int_equal(corpus_merge(&q, &p, &hooks, &c, NULL), MDL_OK);
	assert_int_equal(c.added, 2);
	assert_int_equal(c.known, 1);
	assert_same(&p, &q);
	scratch_put(&dir, "p/broken.trace", "");
	assert_int_equal(corpus_merge(&q, &p, &hooks, &c, NULL), MDL_OK);
	assert_int_equal(c.known, 4); /* counts are added up */
	assert_int_equal(c.bad, 1);
	scratch_close(&dir);
}

static void test_export_cannot_be_written(void **state)
{
	(void)state;
	static const char *const paths[] = { "/dev/full/x.pcap", "/dev/full/x.pcapng" };
	struct scratch dir;
	struct told told = { 0 };
	struct corpus_hooks hooks = { on_note, on_bad, &told };
	struct corpus_counts c = { 0 };
	struct mdl_why why;
	scratch_open(&dir);
	struct corpus_place p = make(&dir, "p");
	put_three(&p);
	for (size_t i = 0; i < MDL_COUNT(paths); i++) {
		assert_int_equal(corpus_export(&p, paths[i], &hooks, &c, &why), MDL_EIO);
		assert_non_null(strstr(why.text, paths[i]));
	}
	/* no room is noticed when the buffers are written out */
	assert_int_equal(symlink("/dev/full", scratch_file(&dir, "full.pcap")), 0);
	assert_int_equal(symlink("/dev/full", scratch_file(&dir, "full.pcapng")), 0);
	assert_int_equal(corpus_export(&p, scratch_file(&dir, "full.pcap"), &hooks, &c, &why),
			 MDL_EIO);
	assert_non_null(strstr(why.text, "full.pcap: No space left"));
	assert_int_equal(corpus_export(&p, scratch_file(&dir, "full.pcapng"), &hooks, &c, &why),
			 MDL_EIO);
	assert_non_null(strstr(why.text, "full.pcapng: No space left"));
	scratch_close(&dir);
}

/* ---- shapes ---- */

static size_t shapes_of(struct shapes *s, struct mdl_trace *t)
{
	assert_int_equal(shapes_read(t, s), MDL_OK);
	mdl_trace_free(t);
	for (size_t i = 1; i < s->n; i++)
		assert_true(s->v[i - 1] < s->v[i]);
	return s->n;
}

static size_t in_both(const struct shapes *a, const struct shapes *b)
{
	size_t n = 0;
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			n += a->v[i] == b->v[k];
	return n;
}

static void test_shapes(void **state)
{
	(void)state;
	struct shapes a = { 0 }, b = { 0 };
	size_t n = shapes_of(&a, trace_of("dns", QUERY_A, NULL));
	/* another id says nothing new, another type one thing, and an answer several */
	assert_int_equal(shapes_of(&b, trace_of("dns", "43210100" HEAD "00010001", NULL)), n);
	assert_int_equal(in_both(&a, &b), n);
	assert_int_equal(shapes_of(&b, trace_of("dns", QUERY_NS, NULL)), n);
	assert_int_equal(in_both(&a, &b), n - 1);
	assert_true(shapes_of(&b, trace_of("dns", QUERY_A, ANSWER_A)) > n + 1);
	assert_int_equal(in_both(&a, &b), n);
	/* what is cut off is odd */
	shapes_of(&b, trace_of("dns", "12340100000100000000", NULL));
	assert_true(in_both(&a, &b) < b.n);
	/* bytes of nobody stand for themselves */
	assert_int_equal(shapes_of(&a, trace_of("raw", "00", NULL)), 1);
	assert_int_equal(shapes_of(&b, trace_of("no-such", "01", NULL)), 1);
	assert_int_equal(in_both(&a, &b), 0);
	assert_int_equal(shapes_of(&b, trace_of("raw", NULL, NULL)), 0);
	shapes_fini(&a);
	shapes_fini(&b);
}

/* A message of very many fields: what they have in common is held once. */
static void test_shapes_of_much(void **state)
{
	(void)state;
	enum { RECORDS = 5000 };
	struct shapes s = { 0 };
	struct mdl_buf b;
	struct mdl_trace *t = trace_of("dns", NULL, NULL);
	mdl_buf_init(&b, 1 << 20);
	assert_int_equal(mdl_buf_add(&b, mdl_slice("\0\1\205\0\0\0\023\210\0\0\0", 12)), MDL_OK);
	for (int i = 0; i < RECORDS; i++) {
		uint8_t rr[] = { 0,	    0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, (uint8_t)(i >> 8),
				 (uint8_t)i };
		assert_int_equal(mdl_buf_add(&b, mdl_slice(rr, sizeof(rr))), MDL_OK);
	}
	assert_int_equal(mdl_trace_add(t, MDL_S2C, 0, mdl_buf_slice(&b)), MDL_OK);
	mdl_buf_fini(&b);
	assert_true(shapes_of(&s, t) < 64);
	assert_true(s.cap < RECORDS);
	shapes_fini(&s);
}

/* ---- fewest ---- */

static bool kept(const struct corpus_min *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->v[i].name, name) == 0)
			return m->v[i].keep;
	fail_msg("no entry %s", name);
	return false;
}

static void test_min_of_a_corpus(void **state)
{
	(void)state;
	struct scratch dir;
	struct told told = { 0 };
	struct corpus_min m;
	struct mdl_why why;
	scratch_open(&dir);
	struct corpus_place p = make(&dir, "p");
	put_three(&p);
	add(&p, trace_of("dns", QUERY_A, NULL)); /* the one with an answer says all of it */
	add(&p, trace_of("dns", "43210100" HEAD "00010001", NULL));
	scratch_put(&dir, "p/broken.trace", "");
	assert_int_equal(corpus_min(&p, on_bad, &told, &m, NULL), MDL_OK);
	assert_int_equal(told.bad, 1);
	assert_int_equal(m.n, 5);
	assert_int_equal(m.kept, 3);
	assert_true(m.features > 5);
	assert_true(m.kept_bytes < m.bytes);
	assert_int_equal(corpus_drop(&p, &m, NULL), MDL_OK);
	assert_int_equal(corpus_drop(&p, &m, &why), MDL_EIO); /* they are gone already */
	corpus_min_fini(&m);
	assert_int_equal(corpus_min(&p, on_bad, &told, &m, NULL), MDL_OK);
	assert_int_equal(m.n, 3);
	assert_int_equal(m.kept, 3);
	corpus_min_fini(&m);
	assert_int_equal(corpus_min(&p, NULL, NULL, &m, &why), MDL_EMALFORMED);
	assert_non_null(strstr(why.text, "broken.trace"));
	assert_int_equal(m.n, 0);
	scratch_close(&dir);
}

static void put_entry(struct store *s, struct mdl_trace *t, const char *folder,
		      const uint32_t *features, unsigned n)
{
	char name[CORPUS_NAME];
	struct corpus_place p;
	corpus_name(t, name);
	struct store_entry e = { .name = name, .features = n };
	snprintf(p.folder, sizeof(p.folder), "%s", folder);
	add(&p, t);
	assert_int_equal(store_add_entry(s, &e, NULL), MDL_OK);
	assert_int_equal(store_entry_features(s, e.id, features, n, NULL), MDL_OK);
}

static void make_campaign(const struct scratch *dir, struct corpus_place *p)
{
	static const uint32_t one[] = { 1 }, two[] = { 1, 2 }, other[] = { 3 };
	struct store *s;
	char folder[SCRATCH_PATH * 2];
	snprintf(folder, sizeof(folder), "%s", scratch_file(dir, "run/corpus"));
	assert_int_equal(folder_make(folder, NULL), MDL_OK);
	assert_int_equal(store_open(scratch_file(dir, "run"), true, &s, NULL), MDL_OK);
	put_entry(s, trace_of("dns", QUERY_A, NULL), folder, NULL, 0); /* seeds */
	put_entry(s, trace_of("dns", QUERY_A, ANSWER_A), folder, NULL, 0);
	put_entry(s, trace_of("raw", "01", NULL), folder, one, 1);
	put_entry(s, trace_of("raw", "02", NULL), folder, two, 2);
	put_entry(s, trace_of("raw", "03", NULL), folder, other, 1);
	store_close(s);
	assert_int_equal(corpus_find(scratch_file(dir, "run"), p, NULL), MDL_OK);
}

static void test_min_of_a_campaign(void **state)
{
	(void)state;
	struct scratch dir;
	struct corpus_place p;
	struct corpus_min m;
	char name[CORPUS_NAME];
	const struct {
		const char *proto, *first, *second;
		bool keep;
	} expected[] = { { "dns", QUERY_A, NULL, false },
			 { "dns", QUERY_A, ANSWER_A, true },
			 { "raw", "01", NULL, false },
			 { "raw", "02", NULL, true },
			 { "raw", "03", NULL, true } };
	scratch_open(&dir);
	make_campaign(&dir, &p);
	assert_int_equal(corpus_min(&p, NULL, NULL, &m, NULL), MDL_OK);
	for (size_t i = 0; i < MDL_COUNT(expected); i++) {
		struct mdl_trace *t =
			trace_of(expected[i].proto, expected[i].first, expected[i].second);
		corpus_name(t, name);
		mdl_trace_free(t);
		assert_int_equal(kept(&m, name), expected[i].keep);
	}
	corpus_min_fini(&m);
	scratch_close(&dir);
}

/* ---- failure ---- */

static void fail_somewhere(const struct scratch *dir, const struct corpus_place *p)
{
	struct told told = { 0 };
	struct corpus_hooks hooks = { on_note, on_bad, &told };
	struct corpus_counts c = { 0 };
	struct corpus_min m;
	struct mdl_why why;
	static struct mdl_strings paths;
	paths.v[0] = scratch_file(dir, "x.pcapng");
	paths.n = 1;
	mdl_err err = corpus_export(p, paths.v[0], &hooks, &c, &why);
	if (err == MDL_OK)
		err = corpus_import(p, &paths, &(struct load_conf){ 0 }, &hooks, &c, &why);
	if (err == MDL_OK)
		err = corpus_min(p, NULL, NULL, &m, &why);
	if (err == MDL_OK)
		corpus_min_fini(&m);
	if (err != MDL_OK && err != MDL_ENOMEM)
		fail_msg("%d: %s", err, why.text);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	struct scratch dir;
	struct corpus_place run;
	scratch_open(&dir);
	struct corpus_place p = make(&dir, "p");
	put_three(&p);
	make_campaign(&dir, &run);
	ALLOC_FAIL_EACH(fail_somewhere(&dir, &p));
	ALLOC_FAIL_EACH({
		struct corpus_min m;
		mdl_err err = corpus_min(&run, NULL, NULL, &m, NULL);
		assert_true(err == MDL_OK || err == MDL_ENOMEM);
		corpus_min_fini(&m);
	});
	scratch_close(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_export_and_import),
		cmocka_unit_test(test_import_of_odd_things),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_export_cannot_be_written),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_shapes_of_much),
		cmocka_unit_test(test_min_of_a_corpus),
		cmocka_unit_test(test_min_of_a_campaign),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
