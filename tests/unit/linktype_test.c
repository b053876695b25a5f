#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "replay/linktype.h"

#define IP4  "\x45IPv4"
#define IP6  "\x60IPv6"
#define MACS "\1\2\3\4\5\6\7\10\11\12\13\14"

/* Exact copies on the heap, so that a sanitizer sees what is read behind them. */
static bool strip(unsigned type, struct mdl_slice frame, struct mdl_slice *ip, uint16_t *other)
{
	static uint8_t *exact;
	free(exact);
	exact = malloc(frame.n + (frame.n == 0));
	assert_non_null(exact);
	memcpy(exact, frame.p, frame.n);
	return linktype_strip(type, mdl_slice(exact, frame.n), ip, other);
}

static void assert_ip(unsigned type, struct mdl_slice frame, const char *expected)
{
	struct mdl_slice ip;
	uint16_t other;
	assert_true(strip(type, frame, &ip, &other));
	assert_true(mdl_slice_is(ip, expected));
	/* cut anywhere before the packet begins there is none */
	size_t head = frame.n - ip.n;
	for (size_t n = 0; n <= head; n++)
		assert_false(strip(type, mdl_slice_sub(frame, 0, n), &ip, &other));
}

static void assert_other(unsigned type, struct mdl_slice frame, uint16_t expected, const char *text)
{
	struct mdl_slice ip;
	uint16_t other;
	char out[LINKTYPE_TEXT];
	assert_false(strip(type, frame, &ip, &other));
	assert_int_equal(other, expected);
	assert_string_equal(linktype_other_text(type, other, out), text);
}

static void test_ethernet(void **state)
{
	(void)state;
	assert_ip(LINKTYPE_ETHERNET, MDL_LIT(MACS "\x08\x00" IP4), IP4);
	assert_ip(LINKTYPE_ETHERNET, MDL_LIT(MACS "\x86\xdd" IP6), IP6);
	assert_ip(LINKTYPE_ETHERNET, MDL_LIT(MACS "\x81\x00\0\1\x08\x00" IP4), IP4);
	assert_ip(LINKTYPE_ETHERNET, MDL_LIT(MACS "\x88\xa8\0\1\x81\x00\0\2\x86\xdd" IP6), IP6);
	assert_ip(LINKTYPE_ETHERNET,
		  MDL_LIT(MACS "\x91\x00\0\1\x81\x00\0\2\x81\x00\0\3\x08\x00" IP4), IP4);
	assert_other(LINKTYPE_ETHERNET, MDL_LIT(MACS "\x08\x06" IP4), 0x0806, "ARP");
	assert_other(LINKTYPE_ETHERNET, MDL_LIT(MACS "\x88\xb5" IP4), 0x88b5, "type 0x88b5");
	assert_other(LINKTYPE_ETHERNET, MDL_LIT(MACS "\x00\x26\x42\x42\x03"), LINK_8023, "802.3");
	assert_other(LINKTYPE_ETHERNET, MDL_LIT(MACS "\x81\x00\0\1"), LINK_SHORT,
		     "cut before IP begins");
}

static void test_pppoe(void **state)
{
	(void)state;
	assert_ip(LINKTYPE_ETHERNET, MDL_LIT(MACS "\x88\x64\x11\0\0\1\0\7\0\x21" IP4), IP4);
	assert_ip(LINKTYPE_ETHERNET, MDL_LIT(MACS "\x88\x64\x11\0\0\1\0\7\0\x57" IP6), IP6);
	assert_ip(LINKTYPE_SLL,
		  MDL_LIT("\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x88\x64\x11\0\0\1\0\7\0\x21" IP4), IP4);
	assert_other(LINKTYPE_ETHERNET, MDL_LIT(MACS "\x88\x64\x11\0\0\1\0\7\xc0\x21" IP4),
		     LINK_PPP, "PPP without IP");
	assert_other(LINKTYPE_ETHERNET, MDL_LIT(MACS "\x88\x63\x11\0\0\1\0\7"), 0x8863,
		     "PPPoE discovery");
}

static void test_linux_cooked(void **state)
{
	(void)state;
	assert_ip(LINKTYPE_SLL, MDL_LIT("\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x08\x00" IP4), IP4);
	assert_ip(LINKTYPE_SLL, MDL_LIT("\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x81\x00\0\5\x86\xdd" IP6),
		  IP6);
	assert_ip(LINKTYPE_SLL2, MDL_LIT("\x86\xdd\0\0\0\0\0\2\0\1\4\6\1\2\3\4\5\6\0\0" IP6), IP6);
	assert_ip(LINKTYPE_SLL2,
		  MDL_LIT("\x81\x00\0\0\0\0\0\2\0\1\4\6\1\2\3\4\5\6\0\0\0\5\x08\x00" IP4), IP4);
	assert_other(LINKTYPE_SLL2, MDL_LIT("\x08\x06\0\0\0\0\0\2\0\1\4\6\1\2\3\4\5\6\0\0" IP4),
		     0x0806, "ARP");
	assert_other(LINKTYPE_SLL2, MDL_LIT("\x00\x04\0\0\0\0\0\2\0\1\4\6\1\2\3\4\5\6\0\0" IP4),
		     LINK_8023, "802.3");
	assert_other(LINKTYPE_SLL, MDL_LIT("\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x08\x06"), 0x0806, "ARP");
}

static void test_raw(void **state)
{
	(void)state;
	static const unsigned types[] = { LINKTYPE_RAW, LINKTYPE_RAW_BSD, LINKTYPE_RAW_OPENBSD,
					  LINKTYPE_IPV4, LINKTYPE_IPV6 };
	for (size_t i = 0; i < MDL_COUNT(types); i++) {
		assert_ip(types[i], MDL_LIT(IP4), IP4);
		assert_ip(types[i], MDL_LIT(IP6), IP6);
		assert_other(types[i], MDL_LIT("\x12what"), LINK_FAMILY, "another address family");
	}
}

static void test_loopback_of_the_bsds(void **state)
{
	(void)state;
	static const uint8_t v6[] = { 10, 23, 24, 28, 30 };
	assert_ip(LINKTYPE_NULL, MDL_LIT("\2\0\0\0" IP4), IP4);
	assert_ip(LINKTYPE_NULL, MDL_LIT("\0\0\0\2" IP4), IP4);
	assert_ip(LINKTYPE_LOOP, MDL_LIT("\0\0\0\2" IP4), IP4);
	for (size_t i = 0; i < sizeof(v6); i++) {
		uint8_t big[] = { 0, 0, 0, v6[i], 0x60, 1 }, little[] = { v6[i], 0, 0, 0, 0x60, 1 };
		assert_ip(LINKTYPE_NULL, mdl_slice(big, sizeof(big)), "\x60\1");
		assert_ip(LINKTYPE_NULL, mdl_slice(little, sizeof(little)), "\x60\1");
	}
	assert_other(LINKTYPE_NULL, MDL_LIT("\7\0\0\0" IP4), LINK_FAMILY, "another address family");
}

static void test_unknown_types(void **state)
{
	(void)state;
	assert_other(147, MDL_LIT(IP4), LINK_UNKNOWN, "link type 147");
	assert_other(226, MDL_LIT(IP4), LINK_UNKNOWN, "link type 226");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ethernet),
		cmocka_unit_test(test_pppoe),
		cmocka_unit_test(test_linux_cooked),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_loopback_of_the_bsds),
		cmocka_unit_test(test_unknown_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
