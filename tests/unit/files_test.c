#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replay/files.h"
#include "support/alloc.h"
#include "support/scratch.h"

static void test_write_and_read(void **state)
{
	(void)state;
	struct scratch dir;
	struct mdl_buf b;
	struct stat st;
	static uint8_t big[300000];
	scratch_open(&dir);
	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 7);
	const char *path = scratch_file(&dir, "f");
	assert_int_equal(file_write(path, MDL_LIT("short"), true, NULL), MDL_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0111, 0111 & ~022);
	assert_int_equal(file_write(path, mdl_slice(big, sizeof(big)), false, NULL), MDL_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0111, 0);
	mdl_buf_init(&b, sizeof(big) + 2); /* appends behind what is there */
	assert_int_equal(mdl_buf_add(&b, MDL_LIT("xy")), MDL_OK);
	assert_int_equal(file_read(path, &b, NULL), MDL_OK);
	assert_int_equal(b.n, sizeof(big) + 2);
	assert_memory_equal(b.p + 2, big, sizeof(big));
	mdl_buf_fini(&b);
	scratch_close(&dir);
}

static void test_ceiling(void **state)
{
	(void)state;
	struct scratch dir;
	struct mdl_why why;
	scratch_open(&dir);
	scratch_put(&dir, "f", "12345");
	for (size_t max = 1; max < 8; max++) {
		struct mdl_buf b;
		mdl_buf_init(&b, max);
		mdl_err err = file_read(scratch_file(&dir, "f"), &b, &why);
		assert_int_equal(err, max < 5 ? MDL_ELIMIT : MDL_OK);
		if (err != MDL_OK)
			assert_non_null(strstr(why.text, "/f: longer than"));
		mdl_buf_fini(&b);
	}
	scratch_close(&dir);
}

static void expect_failure(mdl_err err, const struct mdl_why *why, const char *text)
{
	assert_int_equal(err, MDL_EIO);
	if (strstr(why->text, text) == NULL)
		fail_msg("\"%s\" is not in: %s", text, why->text);
}

static void test_what_cannot_be(void **state)
{
	(void)state;
	struct scratch dir;
	struct mdl_why why;
	struct mdl_buf b;
	struct names names;
	char long_path[5000];
	memset(long_path, 'a', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = 0;
	mdl_buf_init(&b, 100);
	scratch_open(&dir);
	scratch_put(&dir, "f", "text");
	expect_failure(file_read(scratch_file(&dir, "gone"), &b, &why), &why, "gone: No such");
	expect_failure(file_read(dir.path, &b, &why), &why, "directory");
	expect_failure(file_write(scratch_file(&dir, "no/f"), MDL_LIT("x"), false, &why), &why,
		       "no/f");
	assert_int_equal(folder_make(scratch_file(&dir, "sub"), NULL), MDL_OK);
	expect_failure(file_write(scratch_file(&dir, "sub"), MDL_LIT("x"), false, &why), &why,
		       "/sub: ");
	expect_failure(file_write(long_path, MDL_LIT("x"), false, &why), &why, "too long");
	expect_failure(file_write("/dev/full/x", MDL_LIT("x"), false, &why), &why, "/dev/full");
	expect_failure(folder_make(scratch_file(&dir, "f"), &why), &why, "not a folder");
	expect_failure(folder_make(scratch_file(&dir, "f/sub"), &why), &why, "f");
	expect_failure(folder_make(long_path, &why), &why, "too long");
	expect_failure(folder_make("", &why), &why, "no name");
	expect_failure(folder_list(scratch_file(&dir, "gone"), &names, &why), &why, "gone: No");
	/* nothing is left of what could not be written */
	assert_int_equal(folder_list(dir.path, &names, &why), MDL_OK);
	assert_int_equal(names.n, 2); /* f and sub */
	names_free(&names);
	mdl_buf_fini(&b);
	scratch_close(&dir);
}

static void test_folders(void **state)
{
	(void)state;
	struct scratch dir;
	struct names names;
	scratch_open(&dir);
	assert_int_equal(folder_make(scratch_file(&dir, "a/b/c"), NULL), MDL_OK);
	assert_int_equal(folder_make(scratch_file(&dir, "a/b/c/"), NULL), MDL_OK);
	assert_true(folder_is(scratch_file(&dir, "a/b/c")));
	scratch_put(&dir, "a/file", "");
	scratch_put(&dir, "a/.hidden", "");
	scratch_put(&dir, "a/Z", "");
	assert_false(folder_is(scratch_file(&dir, "a/file")));
	assert_false(folder_is(scratch_file(&dir, "a/gone")));
	assert_int_equal(folder_list(scratch_file(&dir, "a"), &names, NULL), MDL_OK);
	assert_int_equal(names.n, 3);
	assert_string_equal(names.v[0], "Z");
	assert_string_equal(names.v[1], "b");
	assert_string_equal(names.v[2], "file");
	names_free(&names);
	assert_int_equal(folder_list(scratch_file(&dir, "a/b/c"), &names, NULL), MDL_OK);
	assert_int_equal(names.n, 0);
	names_free(&names);
	scratch_close(&dir);
}

static void test_one_holds_a_folder(void **state)
{
	(void)state;
	struct scratch dir;
	struct mdl_why why;
	int first, second, held[2];
	char byte;
	scratch_open(&dir);
	assert_int_equal(folder_hold(dir.path, &first, NULL), MDL_OK);
	assert_int_equal(folder_hold(dir.path, &second, &why), MDL_EBUSY);
	assert_non_null(strstr(why.text, "another meddle"));
	close(first);
	assert_int_equal(folder_hold(dir.path, &second, NULL), MDL_OK);
	close(second);
	/* who is killed holds nothing any more */
	assert_int_equal(pipe(held), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (folder_hold(dir.path, &first, NULL) == MDL_OK && write(held[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(held[0], &byte, 1), 1);
	assert_int_equal(folder_hold(dir.path, &second, NULL), MDL_EBUSY);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(folder_hold(dir.path, &second, NULL), MDL_OK);
	close(second);
	close(held[0]);
	close(held[1]);
	scratch_close(&dir);
}

static void test_join(void **state)
{
	(void)state;
	char out[8];
	assert_true(path_join(out, sizeof(out), "a", "b"));
	assert_string_equal(out, "a/b");
	assert_true(path_join(out, sizeof(out), "a/", "b"));
	assert_string_equal(out, "a/b");
	assert_true(path_join(out, sizeof(out), "/", "b"));
	assert_string_equal(out, "/b");
	assert_true(path_join(out, sizeof(out), "abc", "def"));
	assert_false(path_join(out, sizeof(out), "abcd", "def"));
}

static void fail_somewhere(const struct scratch *dir)
{
	struct names names;
	struct mdl_buf b;
	mdl_buf_init(&b, 100);
	mdl_err err = file_write(scratch_file(dir, "f"), MDL_LIT("text"), false, NULL);
	if (err == MDL_OK)
		err = file_read(scratch_file(dir, "f"), &b, NULL);
	if (err == MDL_OK)
		err = folder_list(dir->path, &names, NULL);
	if (err == MDL_OK)
		names_free(&names);
	mdl_buf_fini(&b);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	struct scratch dir;
	scratch_open(&dir);
	for (char name[2] = "a"; name[0] <= 'z'; name[0]++)
		scratch_put(&dir, name, "");
	ALLOC_FAIL_EACH(fail_somewhere(&dir));
	scratch_close(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_and_read),	    cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_what_cannot_be),	    cmocka_unit_test(test_folders),
		cmocka_unit_test(test_one_holds_a_folder),  cmocka_unit_test(test_join),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
