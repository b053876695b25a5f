#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replay/crashlog.h"

static const char asan[] =
	"some line before\n"
	"=================================================================\n"
	"==4242==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x6020000000f4 at pc "
	"0x55d\n"
	"READ of size 1 at 0x6020000000f4 thread T0\n"
	"    #0 0x7f1 in __interceptor_memcpy ../../sanitizer_common_interceptors.inc:827\n"
	"    #1 0x55d in parse_option /src/planted/request.c:120:7\n"
	"    #2 0x55e in parse_request /src/planted/request.c:200\n"
	"    #3 0x7f2 in __libc_start_main (/lib/x86_64-linux-gnu/libc.so.6+0x271f9)\n"
	"\n"
	"0x6020000000f4 is located 0 bytes to the right of 4-byte region\n"
	"    #0 0x7f1 in malloc (/lib/libasan.so+0xb)\n";

static void test_asan(void **state)
{
	(void)state;
	struct crashlog c;
	assert_true(crashlog_read(mdl_slice_str(asan), &c));
	assert_string_equal(c.kind, "asan");
	assert_string_equal(c.title, "heap-buffer-overflow, READ of size 1, in parse_option");
	assert_int_equal(c.n_frames, 2);
	assert_string_equal(c.frame[0], "parse_option");
	assert_string_equal(c.frame[1], "parse_request");
}

static void test_signature_is_of_the_frames(void **state)
{
	(void)state;
	struct crashlog a, b;
	assert_true(crashlog_read(mdl_slice_str(asan), &a));
	b = a;
	assert_int_equal(crashlog_signature(&a), crashlog_signature(&b));
	b.title[0] = 'X'; /* sizes and addresses in the title do not matter */
	assert_int_equal(crashlog_signature(&a), crashlog_signature(&b));
	b.frame[0][0] = 'X';
	assert_int_not_equal(crashlog_signature(&a), crashlog_signature(&b));
}

static void test_asan_without_symbols(void **state)
{
	(void)state;
	struct crashlog c;
	assert_true(
		crashlog_read(MDL_LIT("==1==ERROR: AddressSanitizer: SEGV on unknown address 0x0\n"
				      "    #0 0x55  (/usr/sbin/x+0x1234)\n"),
			      &c));
	assert_string_equal(c.title, "SEGV, in /usr/sbin/x+0x1234");
}

static void test_ubsan(void **state)
{
	(void)state;
	struct crashlog c;
	assert_true(crashlog_read(
		MDL_LIT("x.c:12:3: runtime error: shift exponent 64 is too large\n"), &c));
	assert_string_equal(c.kind, "ubsan");
	assert_string_equal(c.title, "shift exponent 64 is too large, in x.c:12:3:");
}

static void test_lines(void **state)
{
	(void)state;
	static const char *const v[][3] = {
		{ "x: a.c:3: f: Assertion `n > 0' failed.\n", "assert",
		  "x: a.c:3: f: Assertion `n > 0' failed." },
		{ "*** stack smashing detected ***: terminated\n", "abort",
		  "*** stack smashing detected ***: terminated" },
		{ "free(): invalid pointer\n", "abort", "free(): invalid pointer" },
		{ "thread 'main' panicked at src/main.rs:4:5:\n", "panic",
		  "panicked at src/main.rs:4:5:" },
	};
	struct crashlog c;
	for (size_t i = 0; i < MDL_COUNT(v); i++) {
		assert_true(crashlog_read(mdl_slice_str(v[i][0]), &c));
		assert_string_equal(c.kind, v[i][1]);
		assert_string_equal(c.title, v[i][2]);
	}
}

static void test_ordinary_output_is_no_report(void **state)
{
	(void)state;
	struct crashlog c;
	assert_false(crashlog_read(MDL_LIT(""), &c));
	assert_false(crashlog_read(MDL_LIT("dnsmasq: started, version 2.90\nerror: no such file\n"),
				   &c));
}

static void test_gdb(void **state)
{
	(void)state;
	struct crashlog c;
	assert_true(crashlog_gdb(MDL_LIT("Program received signal SIGSEGV, Segmentation fault.\n"
					 "0x000055 in answer_any (r=0x0) at answer.c:40\n"
					 "#0  0x000055 in answer_any (r=0x0) at answer.c:40\n"
					 "#1  0x000056 in serve_datagram (fd=3) at server.c:99\n"
					 "#2  main (argc=3, argv=0x7ff) at main.c:12\n"),
				 &c));
	assert_int_equal(c.n_frames, 3);
	assert_string_equal(c.frame[0], "answer_any");
	assert_string_equal(c.frame[2], "main");
	assert_string_equal(c.title, "SIGSEGV, Segmentation fault, in answer_any");
	assert_false(
		crashlog_gdb(MDL_LIT("[Inferior 1 (process 7) exited normally]\nNo stack.\n"), &c));
}

/* Every beginning of a report is read without harm. */
static void test_truncations(void **state)
{
	(void)state;
	struct crashlog c;
	for (size_t n = 0; n <= sizeof(asan) - 1; n++) {
		char *copy = test_malloc(n + 1);
		memcpy(copy, asan, n);
		crashlog_read(mdl_slice(copy, n), &c);
		crashlog_gdb(mdl_slice(copy, n), &c);
		test_free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asan),
		cmocka_unit_test(test_signature_is_of_the_frames),
		cmocka_unit_test(test_asan_without_symbols),
		cmocka_unit_test(test_ubsan),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_ordinary_output_is_no_report),
		cmocka_unit_test(test_gdb),
		cmocka_unit_test(test_truncations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
