/* From paths to conversations (load.h), and from those to seeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/text.h"
#include "protocols/registry.h"
#include "replay/capture_write.h"
#include "replay/corpus.h"
#include "replay/files.h"
#include "replay/seeds.h"
#include "support/alloc.h"
#include "support/scratch.h"

#define EXAMPLE_A "01000001000000000000076578616d706c650000010001"

static void put_trace(const struct scratch *dir, const char *name, const char *proto,
		      const char *messages)
{
	char text[1 << 14];
	snprintf(text, sizeof(text), "meddle-trace 1\nprotocol: %s\ncarrier: dgram\n%s", proto,
		 messages);
	scratch_put(dir, name, text);
}

/* A capture of `n` queries for example. A, with ids that count up, each with an answer if asked for. */
static void put_capture(const struct scratch *dir, const char *name, unsigned n, bool answers)
{
	struct capture_writer *w;
	struct mdl_trace *t = mdl_trace_new();
	struct mdl_buf b;
	assert_int_equal(mdl_inet_parse("192.0.2.9:4000", &t->client), MDL_OK);
	assert_int_equal(mdl_inet_parse("192.0.2.1:53", &t->server), MDL_OK);
	mdl_buf_init(&b, 1024);
	for (unsigned i = 0; i < n; i++) {
		mdl_buf_cut(&b, 0);
		assert_int_equal(mdl_buf_put(&b, 0), MDL_OK);
		assert_int_equal(mdl_buf_put(&b, (uint8_t)i), MDL_OK);
		assert_int_equal(mdl_text_unhex(&b, MDL_LIT(EXAMPLE_A)), MDL_OK);
		b.p[13 + i % 7] = (uint8_t)('a' + i % 26); /* of the name */
		assert_int_equal(mdl_trace_add(t, MDL_C2S, i * MDL_SEC, mdl_buf_slice(&b)), MDL_OK);
		b.p[2] |= 0x80;
		if (answers)
			assert_int_equal(
				mdl_trace_add(t, MDL_S2C, i * MDL_SEC + MDL_MS, mdl_buf_slice(&b)),
				MDL_OK);
	}
	assert_int_equal(capture_create(scratch_file(dir, name), NULL, &w, NULL), MDL_OK);
	assert_int_equal(capture_write_trace(w, t), MDL_OK);
	assert_int_equal(capture_finish(w, NULL), MDL_OK);
	mdl_buf_fini(&b);
	mdl_trace_free(t);
}

static const struct mdl_strings *paths(const char *a, const char *b)
{
	static struct mdl_strings p;
	p.v[0] = a;
	p.v[1] = b;
	p.n = b == NULL ? 1 : 2;
	return &p;
}

/* ---- loading ---- */

static struct trace_list load(const char *path, struct load_stats *stats)
{
	struct trace_list l = { 0 };
	struct mdl_why why;
	if (load_paths(paths(path, NULL), &(struct load_conf){ 0 }, &l, stats, &why) != MDL_OK)
		fail_msg("%s", why.text);
	return l;
}

static void test_folders(void **state)
{
	(void)state;
	struct scratch dir;
	struct load_stats stats;
	scratch_open(&dir);
	assert_int_equal(folder_make(scratch_file(&dir, "b/c"), NULL), MDL_OK);
	put_trace(&dir, "z.trace", "raw", "> 0 00\n");
	put_trace(&dir, "b/c/y.trace", "dns", "> 0 11\n");
	put_trace(&dir, "notes.txt", "raw", "> 0 22\n"); /* nobody named it */
	put_capture(&dir, "a.pcapng", 1, true);
	struct trace_list l = load(dir.path, &stats);
	assert_int_equal(stats.files, 3);
	assert_int_equal(stats.packets, 2);
	assert_int_equal(l.n, 3);
	assert_non_null(strstr(l.v[0]->source, "a.pcapng flow 1"));
	assert_int_equal(l.v[1]->v[0]->bytes.p[0], 0x11);
	assert_int_equal(l.v[2]->v[0]->bytes.p[0], 0x00);
	trace_list_fini(&l);
	l = load(scratch_file(&dir, "notes.txt"), &stats); /* now somebody does */
	assert_int_equal(l.n, 1);
	trace_list_fini(&l);
	scratch_close(&dir);
}

/* A folder that holds itself ends. */
static void test_circles(void **state)
{
	(void)state;
	struct scratch dir;
	struct load_stats stats;
	scratch_open(&dir);
	put_trace(&dir, "a.trace", "raw", "> 0 00\n");
	assert_int_equal(symlink(".", scratch_file(&dir, "self")), 0);
	struct trace_list l = load(dir.path, &stats);
	assert_true(l.n > 1 && l.n < 20);
	trace_list_fini(&l);
	scratch_close(&dir);
}

static void test_is_trace(void **state)
{
	(void)state;
	struct scratch dir;
	scratch_open(&dir);
	put_trace(&dir, "a", "raw", "");
	scratch_put(&dir, "short", "meddle-trac");
	scratch_put(&dir, "empty", "");
	put_capture(&dir, "capture", 1, false);
	assert_true(load_is_trace(scratch_file(&dir, "a")));
	assert_false(load_is_trace(scratch_file(&dir, "short")));
	assert_false(load_is_trace(scratch_file(&dir, "empty")));
	assert_false(load_is_trace(scratch_file(&dir, "capture")));
	assert_false(load_is_trace(scratch_file(&dir, "gone")));
	assert_false(load_is_trace(dir.path));
	scratch_close(&dir);
}

struct told {
	unsigned bad;
	char text[512];
};

static void on_bad(void *ctx, const struct mdl_why *why)
{
	struct told *t = ctx;
	t->bad++;
	snprintf(t->text, sizeof(t->text), "%s", why->text);
}

static void test_what_cannot_be_read(void **state)
{
	(void)state;
	struct scratch dir;
	struct trace_list l = { 0 };
	struct load_stats stats = { 0 };
	struct mdl_why why;
	struct told told = { 0 };
	struct load_conf strict = { 0 }, easy = { .on_bad = on_bad, .ctx = &told };
	scratch_open(&dir);
	put_trace(&dir, "a.trace", "dns", "> 0 xyz\n");
	put_trace(&dir, "b.trace", "dns", "> 0 00\n");
	assert_int_equal(load_path(dir.path, &strict, &l, &stats, &why), MDL_EMALFORMED);
	assert_non_null(strstr(why.text, "a.trace:4:"));
	assert_int_equal(l.n, 0);
	assert_int_equal(load_path(dir.path, &easy, &l, &stats, &why), MDL_OK);
	assert_int_equal(l.n, 1);
	assert_int_equal(told.bad, 1);
	assert_non_null(strstr(told.text, "a.trace:4:"));
	trace_list_fini(&l);
	l = (struct trace_list){ 0 };
	assert_int_equal(load_path(scratch_file(&dir, "gone"), &strict, &l, &stats, &why), MDL_EIO);
	assert_int_equal(folder_make(scratch_file(&dir, "none"), NULL), MDL_OK);
	assert_int_equal(
		load_paths(paths(scratch_file(&dir, "none"), NULL), &strict, &l, &stats, &why),
		MDL_ENOTFOUND);
	assert_non_null(strstr(why.text, "no captures"));
	trace_list_fini(&l);
	scratch_close(&dir);
}

static const struct mdl_protocol *majority_of(const char *const *protos, size_t n)
{
	struct trace_list l = { 0 };
	for (size_t i = 0; i < n; i++) {
		struct mdl_trace *t = mdl_trace_new();
		snprintf(t->proto, sizeof(t->proto), "%s", protos[i]);
		assert_int_equal(trace_list_add(&l, t), MDL_OK);
	}
	const struct mdl_protocol *p = load_majority(&l);
	trace_list_fini(&l);
	return p;
}

static void test_majority(void **state)
{
	(void)state;
	const char *const some[] = { "raw", "raw", "dns", "ip", "dns", "no-such" };
	assert_null(majority_of(some, 0));
	assert_ptr_equal(majority_of(some, 2), &mdl_raw);
	assert_ptr_equal(majority_of(some, 3), &mdl_dns); /* though raw is more */
	assert_ptr_equal(majority_of(some, 5), &mdl_dns);
	assert_ptr_equal(majority_of(some + 3, 1), &mdl_ip);
	assert_ptr_equal(majority_of(some + 5, 1), &mdl_raw);
}

/* ---- seeds ---- */

static struct seeds seeds_of(const char *a, const char *b, bool whole, const char *protocol)
{
	struct seeds s;
	struct mdl_why why;
	struct seeds_conf conf = { .paths = paths(a, b), .whole = whole, .protocol = protocol };
	if (seeds_load(&conf, &s, &why) != MDL_OK)
		fail_msg("%s", why.text);
	return s;
}

/* Long conversations come in pieces of a few requests, each with its answers and its own time. */
static void test_pieces(void **state)
{
	(void)state;
	enum { N = 10 };
	struct scratch dir;
	size_t requests = 0;
	scratch_open(&dir);
	put_capture(&dir, "long.pcapng", N, true);
	struct seeds s = seeds_of(dir.path, NULL, false, NULL);
	assert_ptr_equal(s.proto, &mdl_dns);
	assert_int_equal(s.conversations, 1);
	assert_int_equal(s.n, 3);
	for (size_t i = 0; i < s.n; i++) {
		size_t n = mdl_trace_count(s.v[i], MDL_C2S);
		assert_int_equal(n, i < 2 ? SEED_REQUESTS : N % SEED_REQUESTS);
		assert_int_equal(s.v[i]->n, 2 * n);
		for (size_t k = 0; k < s.v[i]->n; k++) {
			const struct mdl_msg *m = s.v[i]->v[k];
			assert_int_equal(m->dir, k % 2 == 0 ? MDL_C2S : MDL_S2C);
			assert_int_equal(m->bytes.p[1], requests + k / 2); /* its id */
			mdl_time asked = (mdl_time)(k / 2) * MDL_SEC;
			assert_true(m->at == asked + (m->dir == MDL_S2C ? MDL_MS : 0));
		}
		requests += n;
	}
	seeds_free(&s);
	seeds_free(&s);
	s = seeds_of(dir.path, NULL, true, NULL);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.v[0]->n, 2 * N);
	seeds_free(&s);
	scratch_close(&dir);
}

/* Equal but for what differs in every run, such as the id: said once. */
static void test_repetitions(void **state)
{
	(void)state;
	struct scratch dir;
	scratch_open(&dir);
	put_trace(&dir, "a.trace", "dns", "> 0 0001" EXAMPLE_A "\n");
	put_trace(&dir, "b.trace", "dns", "> 0 0002" EXAMPLE_A "\n");
	put_trace(&dir, "c.trace", "dns", "> 0 0002" EXAMPLE_A "\n> 0 0003" EXAMPLE_A "\n");
	struct seeds s = seeds_of(dir.path, NULL, false, NULL);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.repeated, 1);
	seeds_free(&s);
	s = seeds_of(dir.path, NULL, true, NULL);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.repeated, 0);
	seeds_free(&s);
	scratch_close(&dir);
}

static void test_what_is_left_out(void **state)
{
	(void)state;
	struct scratch dir;
	struct seeds s;
	struct mdl_why why;
	scratch_open(&dir);
	struct seeds_conf conf = { .paths = paths(dir.path, NULL), .protocol = "ip" };
	put_trace(&dir, "a.trace", "dns", "> 0 0001" EXAMPLE_A "\n");
	put_trace(&dir, "b.trace", "raw", "> 0 00\n");
	put_trace(&dir, "c.trace", "dns", "< 0 0001" EXAMPLE_A "\n");
	s = seeds_of(dir.path, NULL, false, NULL);
	assert_int_equal(s.files, 3);
	assert_int_equal(s.conversations, 3);
	assert_int_equal(s.other_protocol, 1);
	assert_int_equal(s.one_sided, 1);
	assert_int_equal(s.n, 1);
	seeds_free(&s);
	s = seeds_of(dir.path, NULL, false, "raw");
	assert_int_equal(s.n, 1);
	assert_int_equal(s.other_protocol, 2);
	seeds_free(&s);
	assert_int_equal(seeds_load(&conf, &s, &why), MDL_ENOTFOUND);
	assert_non_null(strstr(why.text, "none of 3 conversations"));
	assert_int_equal(s.n, 0);
	conf.protocol = "dsn";
	assert_int_equal(seeds_load(&conf, &s, &why), MDL_EINVAL);
	assert_non_null(strstr(why.text, "\"dsn\""));
	scratch_close(&dir);
}

static void fail_somewhere(const char *path)
{
	struct seeds s;
	struct seeds_conf conf = { .paths = paths(path, NULL) };
	mdl_err err = seeds_load(&conf, &s, NULL);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	if (err == MDL_OK)
		seeds_free(&s);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	struct scratch dir;
	scratch_open(&dir);
	put_capture(&dir, "a.pcapng", 5, true);
	put_trace(&dir, "b.trace", "dns", "> 0 0001" EXAMPLE_A "\n");
	ALLOC_FAIL_EACH(fail_somewhere(dir.path));
	scratch_close(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folders),
		cmocka_unit_test(test_circles),
		cmocka_unit_test(test_is_trace),
		cmocka_unit_test(test_what_cannot_be_read),
		cmocka_unit_test(test_majority),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_repetitions),
		cmocka_unit_test(test_what_is_left_out),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
