#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "replay/capture.h"
#include "replay/capture_write.h"
#include "support/alloc.h"
#include "support/packets.h"

static char path[] = "/tmp/capture_write_test.XXXXXX";
static struct mdl_why why;

static int set_up(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	if (fd >= 0)
		close(fd);
	return fd < 0;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

static struct capture_writer *create(const char *comment)
{
	struct capture_writer *w;
	assert_int_equal(capture_create(path, comment, &w, &why), MDL_OK);
	return w;
}

static void put(struct capture_writer *w, mdl_time at, struct mdl_slice ip, size_t length,
		const char *comment)
{
	struct capture_record r = { .at = at, .ip = ip, .length = length, .comment = comment };
	assert_int_equal(capture_write(w, &r), MDL_OK);
}

/* Everything in the file, to look for comments. */
static bool file_has(const char *text)
{
	static char all[1 << 16];
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	size_t n = fread(all, 1, sizeof(all), f);
	fclose(f);
	return memmem(all, n, text, strlen(text)) != NULL;
}

static void test_what_is_written_is_read(void **state)
{
	(void)state;
	struct mdl_buf b;
	struct capture *c;
	struct capture_packet p;
	mdl_buf_init(&b, 1 << 16);
	struct capture_writer *w = create("what this is");
	for (unsigned i = 0; i < 100; i++) { /* of all lengths, so that padding is right */
		packet_udp(&b, "192.0.2.1:1", "192.0.2.2:2", mdl_slice("0123456789abcdef", i % 17));
		put(w, (mdl_time)i * MDL_SEC + i, mdl_buf_slice(&b), i % 3 == 0 ? 1500 : 0,
		    i % 5 == 0	 ? "a comment"
		    : i % 5 == 1 ? ""
				 : NULL);
	}
	assert_int_equal(capture_finish(w, &why), MDL_OK);
	assert_int_equal(capture_open(path, &c, &why), MDL_OK);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(capture_next(c, &p, &why), MDL_OK);
		packet_udp(&b, "192.0.2.1:1", "192.0.2.2:2", mdl_slice("0123456789abcdef", i % 17));
		assert_true(mdl_slice_eq(p.ip, mdl_buf_slice(&b)));
		assert_true(p.at == (mdl_time)i * MDL_SEC + i);
		assert_int_equal(p.length, i % 3 == 0 ? 1500 : b.n);
	}
	assert_int_equal(capture_next(c, &p, &why), MDL_ECLOSED);
	assert_false(capture_stats(c)->truncated);
	capture_close(c);
	assert_true(file_has("what this is"));
	assert_true(file_has("a comment"));
	mdl_buf_fini(&b);
}

static void test_traces_say_what_is_not_as_it_was(void **state)
{
	(void)state;
	struct mdl_trace *t = mdl_trace_new();
	assert_non_null(t);
	static uint8_t big[70000];
	assert_int_equal(mdl_trace_add(t, MDL_C2S, 0, MDL_LIT("plain")), MDL_OK);
	struct capture_writer *w = create(NULL);
	assert_int_equal(capture_write_trace(w, t), MDL_OK);
	assert_int_equal(capture_finish(w, &why), MDL_OK);
	assert_false(file_has("bytes"));
	t->v[0]->flags = MDL_MSG_MADE | MDL_MSG_CUT | MDL_MSG_RAW;
	assert_int_equal(mdl_trace_add(t, MDL_S2C, 0, mdl_slice(big, sizeof(big))), MDL_OK);
	w = create(NULL);
	assert_int_equal(capture_write_trace(w, t), MDL_OK);
	assert_int_equal(capture_finish(w, &why), MDL_OK);
	assert_true(file_has("5 bytes, made or changed, not all of it was captured, not framed"));
	mdl_msg_free(mdl_trace_take(t, 0));
	w = create(NULL);
	assert_int_equal(capture_write_trace(w, t), MDL_OK);
	assert_int_equal(capture_finish(w, &why), MDL_OK);
	struct capture *c;
	struct capture_packet p;
	assert_int_equal(capture_open(path, &c, &why), MDL_OK);
	assert_int_equal(capture_next(c, &p, &why), MDL_OK);
	assert_true(p.cut);
	assert_int_equal(p.length, 28 + sizeof(big));
	capture_close(c);
	mdl_trace_free(t);
}

static void test_files_that_cannot_be_made(void **state)
{
	(void)state;
	struct capture_writer *w;
	assert_int_equal(capture_create("/nonexistent/x", NULL, &w, &why), MDL_EIO);
	assert_string_equal(why.text, "/nonexistent/x: No such file or directory");
	if (access("/dev/full", W_OK) != 0)
		return;
	assert_int_equal(capture_create("/dev/full", NULL, &w, &why), MDL_OK);
	put(w, 0, MDL_LIT("\x45"), 0, NULL);
	assert_int_equal(capture_finish(w, &why), MDL_EIO);
	assert_string_equal(why.text,
			    "/dev/full: No space left on device; the file is not complete");
}

static void test_a_write_that_fails_is_told_at_once(void **state)
{
	(void)state;
	struct capture_writer *w;
	static uint8_t big[60000];
	struct capture_record r = { .ip = mdl_slice(big, sizeof(big)) };
	if (access("/dev/full", W_OK) != 0)
		skip();
	assert_int_equal(capture_create("/dev/full", NULL, &w, &why), MDL_OK);
	mdl_err err = MDL_OK;
	for (unsigned i = 0; err == MDL_OK && i < 100; i++)
		err = capture_write(w, &r);
	assert_int_equal(err, MDL_EIO);
	assert_int_equal(capture_write(w, &r), MDL_EIO);
	assert_int_equal(capture_finish(w, &why), MDL_EIO);
}

static void write_somewhere(void)
{
	struct capture_writer *w;
	struct capture_record r = { .ip = MDL_LIT("\x45packet"), .comment = "why" };
	mdl_err err = capture_create(path, "what", &w, &why);
	if (err != MDL_OK) {
		assert_int_equal(err, MDL_ENOMEM);
		return;
	}
	err = capture_write(w, &r);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	assert_int_equal(capture_finish(w, &why), MDL_OK);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(write_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_traces_say_what_is_not_as_it_was),
		cmocka_unit_test(test_files_that_cannot_be_made),
		cmocka_unit_test(test_a_write_that_fails_is_told_at_once),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
