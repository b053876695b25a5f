#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/addr.h"
#include "core/rng.h"
#include "support/alloc.h"

static void assert_inet(const char *text, const char *again)
{
	struct mdl_inet a;
	char out[MDL_INET_TEXT];
	assert_int_equal(mdl_inet_parse(text, &a), MDL_OK);
	assert_ptr_equal(mdl_inet_text(&a, out), out);
	assert_string_equal(out, again);
}

static void test_inet_text(void **state)
{
	(void)state;
	assert_inet("192.0.2.1:53", "192.0.2.1:53");
	assert_inet("192.0.2.1", "192.0.2.1:0");
	assert_inet("[2001:db8::1]:53", "[2001:db8::1]:53");
	assert_inet("[2001:DB8:0::1]", "[2001:db8::1]:0");
	assert_inet("::1", "[::1]:0");
	assert_inet("-", "-");
	assert_inet("1.2.3.4:65535", "1.2.3.4:65535");
	assert_inet("[::ffff:1.2.3.4]:1", "[::ffff:1.2.3.4]:1");
}

static void test_inet_refusals(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		":",
		"--",
		"localhost",
		"1.2.3",
		"1.2.3.4:",
		"1.2.3.4:65536",
		"1.2.3.256",
		"[::1",
		"[::1]53",
		"[::1]:",
		"[::1]:x",
		"[]:1",
		"::1:",
		"[1.2.3.4]:5",
		" 1.2.3.4",
		"1.2.3.4 ",
		"1.2.3.4:-1",
		"1.2.3.4:+1",
		"1:2:3",
		"[::1]:53 ",
		"1.2.3.4:99999999999999999999",
	};
	struct mdl_inet a;
	for (size_t i = 0; i < MDL_COUNT(bad); i++)
		assert_int_equal(mdl_inet_parse(bad[i], &a), MDL_EINVAL);
}

static void test_any_inet_comes_back(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(21);
	for (int i = 0; i < 10000; i++) {
		uint8_t ip[16];
		char text[MDL_INET_TEXT];
		mdl_rng_bytes(&r, ip, sizeof(ip));
		for (uint64_t zeros = mdl_rng_below(&r, 16), at = mdl_rng_below(&r, 16); zeros > 0;
		     zeros--)
			ip[(at + zeros) % 16] = 0;
		uint16_t port = (uint16_t)mdl_rng_u64(&r);
		struct mdl_inet back, a = i % 2 == 0 ? mdl_inet4(ip, port) : mdl_inet6(ip, port);
		assert_int_equal(mdl_inet_parse(mdl_inet_text(&a, text), &back), MDL_OK);
		assert_memory_equal(&back, &a, sizeof(a));
		assert_true(mdl_inet_eq(&back, &a));
	}
}

static void test_inet_equality_and_loopback(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool loopback;
	} known[] = {
		{ "127.0.0.1:1", true },    { "127.255.0.3", true }, { "128.0.0.1", false },
		{ "[::1]:5", true },	    { "[::2]:5", false },    { "[7f00::1]:5", false },
		{ "[::127.0.0.1]", false }, { "-", false },
	};
	for (size_t i = 0; i < MDL_COUNT(known); i++) {
		struct mdl_inet a, b;
		assert_int_equal(mdl_inet_parse(known[i].text, &a), MDL_OK);
		assert_int_equal(mdl_inet_loopback(&a), known[i].loopback);
		for (size_t j = 0; j < MDL_COUNT(known); j++) {
			assert_int_equal(mdl_inet_parse(known[j].text, &b), MDL_OK);
			assert_int_equal(mdl_inet_eq(&a, &b), i == j);
		}
	}
}

static void assert_addr(const char *text, enum mdl_scheme scheme, const char *host, uint16_t port,
			const char *path)
{
	struct mdl_addr a;
	struct mdl_why why;
	assert_int_equal(mdl_addr_parse(text, &a, &why), MDL_OK);
	assert_int_equal(a.scheme, scheme);
	assert_string_equal(a.host, host);
	assert_int_equal(a.port, port);
	assert_string_equal(a.path, path);
}

static void test_addresses(void **state)
{
	(void)state;
	assert_addr("udp://127.0.0.1:53", MDL_UDP, "127.0.0.1", 53, "");
	assert_addr("tcp://[::1]:53", MDL_TCP, "::1", 53, "");
	assert_addr("tls://dns.example:853", MDL_TLS, "dns.example", 853, "");
	assert_addr("127.0.0.1:53", MDL_ANY, "127.0.0.1", 53, "");
	assert_addr("dns-1.example_x", MDL_ANY, "dns-1.example_x", 0, "");
	assert_addr("fe80::1%eth0", MDL_ANY, "fe80::1%eth0", 0, "");
	assert_addr("unix:/run/x.sock", MDL_UNIX, "", 0, "/run/x.sock");
	assert_addr("unix:///run/x.sock", MDL_UNIX, "", 0, "/run/x.sock");
	assert_addr("unix:x.sock", MDL_UNIX, "", 0, "x.sock");
	assert_addr("exec:./server --stdio -p 1", MDL_EXEC, "", 0, "./server --stdio -p 1");
}

static void assert_refused(const char *text, const char *sentence)
{
	struct mdl_addr a;
	struct mdl_why why = { "" };
	assert_int_equal(mdl_addr_parse(text, &a, &why), MDL_EINVAL);
	assert_non_null(strstr(why.text, sentence));
	assert_int_equal(mdl_addr_parse(text, &a, NULL), MDL_EINVAL);
}

static void test_refusals_say_what_was_expected(void **state)
{
	(void)state;
	static const char shape[] = "expected HOST:PORT";
	assert_refused("", "no host");
	assert_refused("udp://", "udp://: no host");
	assert_refused("udp://:53", "no host");
	assert_refused("udp:127.0.0.1:53", "expected udp://HOST:PORT");
	assert_refused("quic://a:1", "unknown scheme; known are udp:// tcp:// tls:// unix: exec:");
	assert_refused("a:65536", shape);
	assert_refused("a:", shape);
	assert_refused("a:b", shape);
	assert_refused("[::1", shape);
	assert_refused("[::1]x", shape);
	assert_refused("[udp]:53", shape); /* would read as a scheme when written again */
	assert_refused("udp://a/path", shape);
	assert_refused("udp://a b:1", shape);
	assert_refused("a\n:1", shape);
	assert_refused("[[::1]]:1", shape);
	assert_refused("a]:b:c", shape);
	assert_refused("unix:", "unix:: nothing follows the colon");
	assert_refused("exec:", "nothing follows");
}

static void test_lengths_up_to_the_last_byte(void **state)
{
	(void)state;
	struct mdl_addr a;
	struct mdl_why why;
	char text[2000];
	for (int n = 254; n <= 257; n++) {
		snprintf(text, sizeof(text), "%0*d:1", n, 0);
		assert_int_equal(mdl_addr_parse(text, &a, &why), n <= 255 ? MDL_OK : MDL_EINVAL);
	}
	for (int n = 1022; n <= 1025; n++) {
		snprintf(text, sizeof(text), "exec:%0*d", n, 0);
		assert_int_equal(mdl_addr_parse(text, &a, &why), n <= 1023 ? MDL_OK : MDL_EINVAL);
	}
	assert_non_null(strstr(why.text, "longer than 1023 bytes"));
	snprintf(text, sizeof(text), "%01000d", 0);
	assert_refused(text, "expected HOST:PORT"); /* the end of the sentence is not cut off */
}

/* Strings put together from what addresses are made of. */
static void draw_text(struct mdl_rng *r, char *out, size_t size)
{
	static const char *const parts[] = {
		"udp", "tcp:",	    "tls://", "unix:", "exec:", "//", "/",    ":", "::1", "[",
		"]",   "127.0.0.1", "a",      "53",    "%",	" ",  "\xff", "-", "0x"
	};
	size_t n = 0;
	out[0] = 0;
	for (uint64_t k = mdl_rng_range(r, 1, 7); k > 0; k--)
		n += (size_t)snprintf(out + n, size - n, "%s",
				      parts[mdl_rng_below(r, MDL_COUNT(parts))]);
}

static void test_what_is_read_is_written_so_that_it_reads_the_same(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(22);
	unsigned good = 0;
	for (int i = 0; i < 200000; i++) {
		struct mdl_addr a, back;
		struct mdl_buf b;
		char text[128];
		draw_text(&r, text, sizeof(text));
		if (mdl_addr_parse(text, &a, NULL) != MDL_OK)
			continue;
		mdl_buf_init(&b, 2048);
		assert_int_equal(mdl_addr_text(&a, &b), MDL_OK);
		assert_int_equal(mdl_addr_parse(mdl_buf_text(&b), &back, NULL), MDL_OK);
		assert_memory_equal(&a, &back, sizeof(a));
		mdl_buf_fini(&b);
		good++;
	}
	assert_in_range(good, 10000, 200000);
}

static void test_numeric_hosts(void **state)
{
	(void)state;
	struct mdl_addr a;
	struct mdl_inet in;
	char text[MDL_INET_TEXT];
	assert_int_equal(mdl_addr_parse("tcp://localhost:80", &a, NULL), MDL_OK);
	assert_int_equal(mdl_addr_inet(&a, &in), MDL_OK);
	assert_string_equal(mdl_inet_text(&in, text), "127.0.0.1:80");
	assert_int_equal(mdl_addr_parse("[::1]:80", &a, NULL), MDL_OK);
	assert_int_equal(mdl_addr_inet(&a, &in), MDL_OK);
	assert_string_equal(mdl_inet_text(&in, text), "[::1]:80");
	assert_int_equal(mdl_addr_parse("dns.example:53", &a, NULL), MDL_OK);
	assert_int_equal(mdl_addr_inet(&a, &in), MDL_EINVAL);
	assert_int_equal(mdl_addr_parse("unix:/127.0.0.1", &a, NULL), MDL_OK);
	assert_int_equal(mdl_addr_inet(&a, &in), MDL_EINVAL);
}

static void fail_somewhere(void)
{
	struct mdl_addr a;
	struct mdl_buf b;
	mdl_buf_init(&b, 2048);
	assert_int_equal(
		mdl_addr_parse("tls://[2001:db8:1111:2222:3333:4444:5555:6666]:53", &a, NULL),
		MDL_OK);
	mdl_err err = mdl_addr_text(&a, &b);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	mdl_buf_fini(&b);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inet_text),
		cmocka_unit_test(test_inet_refusals),
		cmocka_unit_test(test_any_inet_comes_back),
		cmocka_unit_test(test_inet_equality_and_loopback),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_refusals_say_what_was_expected),
		cmocka_unit_test(test_lengths_up_to_the_last_byte),
		cmocka_unit_test(test_what_is_read_is_written_so_that_it_reads_the_same),
		cmocka_unit_test(test_numeric_hosts),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
