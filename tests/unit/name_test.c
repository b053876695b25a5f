#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "protocols/name.h"
#include "support/alloc.h"

/* RFC 1035, section 4.1.4: F.ISI.ARPA at 20, FOO.F.ISI.ARPA at 40, ARPA at 64, the root at 92. */
static void rfc1035_message(uint8_t m[93])
{
	memset(m, 0, 93);
	memcpy(m + 20,
	       "\x01"
	       "F"
	       "\x03"
	       "ISI"
	       "\x04"
	       "ARPA",
	       12);
	memcpy(m + 40,
	       "\x03"
	       "FOO"
	       "\xc0\x14",
	       6);
	memcpy(m + 64, "\xc0\x1a", 2);
}

static void assert_text(const struct mdl_name *n, const char *expected)
{
	struct mdl_buf b;
	mdl_buf_init(&b, 4096);
	assert_int_equal(mdl_name_text(n, &b), MDL_OK);
	assert_string_equal(mdl_buf_text(&b), expected);
	mdl_buf_fini(&b);
}

static void assert_name_at(struct mdl_slice msg, size_t off, size_t used, const char *text)
{
	struct mdl_name n;
	size_t got;
	assert_int_equal(mdl_name_read(msg, off, &got, &n, NULL), MDL_OK);
	assert_int_equal(got, used);
	assert_text(&n, text);
}

static void test_rfc1035_example(void **state)
{
	(void)state;
	uint8_t m[93];
	rfc1035_message(m);
	struct mdl_slice msg = mdl_slice(m, sizeof(m));
	assert_name_at(msg, 20, 12, "F.ISI.ARPA");
	assert_name_at(msg, 40, 6, "FOO.F.ISI.ARPA");
	assert_name_at(msg, 64, 2, "ARPA");
	assert_name_at(msg, 92, 1, ".");
}

/* Scans a copy of exactly `n` bytes, so that a sanitizer sees every read behind it. */
static mdl_err scan_copy(const uint8_t *p, size_t n, size_t off, struct mdl_name_place *out,
			 const char **odd)
{
	uint8_t *copy = malloc(n == 0 ? 1 : n);
	assert_non_null(copy);
	memcpy(copy, p, n);
	mdl_err err = mdl_name_scan(mdl_slice(copy, n), off, out, odd);
	free(copy);
	return err;
}

static void test_every_truncation(void **state)
{
	(void)state;
	uint8_t m[93];
	struct mdl_name_place place;
	rfc1035_message(m);
	for (size_t n = 0; n < 46; n++) {
		const char *odd = NULL;
		assert_int_equal(scan_copy(m, n, 40, &place, &odd), MDL_EMALFORMED);
		assert_non_null(odd);
		assert_int_equal(place.used, 0);
	}
	assert_int_equal(scan_copy(m, 46, 40, &place, NULL), MDL_OK);
	assert_int_equal(place.used, 6);
	assert_int_equal(place.to, 20);
	assert_int_equal(place.n, 16);
}

struct bad_name {
	const char *bytes;
	size_t n, off, used;
	const char *odd;
};

static void test_bad_names(void **state)
{
	(void)state;
	static const struct bad_name bad[] = {
		{ "\xc0\x00", 2, 0, 2, "a compression pointer leads to itself" },
		{ "\x01"
		  "a"
		  "\xc0\x00",
		  4, 0, 4, "a compression pointer leads to itself" },
		{ "\xc0\x02\x00", 3, 0, 2, "a compression pointer does not lead back" },
		{ "\xc0\x40", 2, 0, 2, "a compression pointer does not lead back" },
		{ "\xc0\x02\xc0\x00", 4, 2, 2, "a compression pointer does not lead back" },
		{ "\x01"
		  "a"
		  "\xc0\x01",
		  4, 0, 4, "a compression pointer does not lead back" },
		{ "\x01"
		  "a"
		  "\xc0",
		  3, 0, 0, "a compression pointer is cut" },
		{ "\x41"
		  "a",
		  2, 0, 0, "a label of an unknown type" },
		{ "\x80"
		  "a",
		  2, 0, 0, "a label of an unknown type" },
		{ "\x41\xc0\x00", 3, 1, 2, "a label of an unknown type" },
		{ "\x02"
		  "a",
		  2, 0, 0, "a name runs over the end" },
		{ "\x01"
		  "a",
		  2, 0, 0, "a name runs over the end" },
		{ "", 0, 0, 0, "a name runs over the end" },
	};
	for (size_t i = 0; i < MDL_COUNT(bad); i++) {
		const struct bad_name *b = &bad[i];
		struct mdl_name_place place;
		struct mdl_name name;
		size_t used;
		const char *odd = NULL;
		assert_int_equal(scan_copy((const uint8_t *)b->bytes, b->n, b->off, &place, &odd),
				 MDL_EMALFORMED);
		assert_string_equal(odd, b->odd);
		assert_int_equal(place.used, b->used);
		struct mdl_slice msg = mdl_slice(b->bytes, b->n);
		assert_int_equal(mdl_name_read(msg, b->off, &used, &name, NULL), MDL_EMALFORMED);
		assert_int_equal(used, b->used);
		assert_int_equal(name.n, 0);
	}
}

/* `labels` labels of `len` letters and the root. */
static size_t long_name(uint8_t *out, size_t labels, uint8_t len)
{
	size_t n = 0;
	for (size_t i = 0; i < labels; i++) {
		out[n++] = len;
		memset(out + n, 'x', len);
		n += len;
	}
	out[n++] = 0;
	return n;
}

static void test_names_of_255_and_256_bytes(void **state)
{
	(void)state;
	uint8_t m[600];
	struct mdl_name_place place;
	const char *odd = NULL;
	assert_int_equal(long_name(m, 127, 1), 255);
	assert_int_equal(scan_copy(m, 255, 0, &place, NULL), MDL_OK);
	assert_int_equal(place.n, 255);
	assert_int_equal(long_name(m, 3, 63) + 61, 254);
	m[192] = 62;
	memset(m + 193, 'y', 62);
	m[255] = 0;
	assert_int_equal(scan_copy(m, 256, 0, &place, &odd), MDL_EMALFORMED);
	assert_string_equal(odd, "a name is longer than 255 bytes");
	assert_int_equal(place.used, 256);
	/* the same length by way of a pointer */
	size_t n = long_name(m, 127, 1);
	memcpy(m + n,
	       "\x01"
	       "z"
	       "\xc0\x00",
	       4);
	assert_int_equal(scan_copy(m, n + 4, n, &place, &odd), MDL_EMALFORMED);
	assert_int_equal(place.used, 4);
	memcpy(m + n,
	       "\x01"
	       "z"
	       "\xc0\x02",
	       4);
	assert_int_equal(scan_copy(m, n + 4, n, &place, NULL), MDL_OK);
	assert_int_equal(place.n, 255);
}

static void test_many_pointers(void **state)
{
	(void)state;
	/* the root at 0, then pointers each to the one before */
	uint8_t m[2 * MDL_NAME_HOPS + 8] = { 0 };
	size_t at = 1, to = 0;
	struct mdl_name_place place;
	for (unsigned hops = 1; hops <= MDL_NAME_HOPS + 1; hops++) {
		m[at] = (uint8_t)(0xc0 | to >> 8);
		m[at + 1] = (uint8_t)to;
		mdl_err err = scan_copy(m, at + 2, at, &place, NULL);
		assert_int_equal(err, hops <= MDL_NAME_HOPS ? MDL_OK : MDL_EMALFORMED);
		to = at;
		at += 2;
	}
}

static void test_text_and_back(void **state)
{
	(void)state;
	static const char *const names[] = {
		".",   "example.org", "a\\.b.example", "\\000\\255x", "\\\\.\\\"q\\(\\)\\;\\@\\$",
		"*.x", "\\032"
	};
	for (size_t i = 0; i < MDL_COUNT(names); i++) {
		struct mdl_name n;
		assert_int_equal(mdl_name_parse(mdl_slice_str(names[i]), &n), MDL_OK);
		assert_text(&n, names[i]);
	}
	struct mdl_name a, b;
	assert_int_equal(mdl_name_parse(MDL_LIT("example.org."), &a), MDL_OK);
	assert_int_equal(mdl_name_parse(MDL_LIT("example.org"), &b), MDL_OK);
	assert_true(mdl_name_eq(&a, &b));
	assert_int_equal(mdl_name_parse(MDL_LIT(""), &a), MDL_OK);
	assert_int_equal(a.n, 1);
}

static void test_text_that_is_no_name(void **state)
{
	(void)state;
	static const char *const bad[] = { "..",    ".a",     "a..b",	"a\\",
					   "a\\25", "a\\256", "a\\1x2", "a.." };
	struct mdl_name n;
	for (size_t i = 0; i < MDL_COUNT(bad); i++)
		assert_int_equal(mdl_name_parse(mdl_slice_str(bad[i]), &n), MDL_EINVAL);
}

static void test_text_at_the_limits(void **state)
{
	(void)state;
	char text[300];
	struct mdl_name n;
	memset(text, 'a', sizeof(text));
	assert_int_equal(mdl_name_parse(mdl_slice(text, 63), &n), MDL_OK);
	assert_int_equal(mdl_name_parse(mdl_slice(text, 64), &n), MDL_EINVAL);
	for (size_t i = 63; i < sizeof(text); i += 64)
		text[i] = '.';
	assert_int_equal(mdl_name_parse(mdl_slice(text, 253), &n), MDL_OK);
	assert_int_equal(n.n, 255);
	text[253] = '.';
	assert_int_equal(mdl_name_parse(mdl_slice(text, 254), &n), MDL_OK);
	text[253] = 'a';
	assert_int_equal(mdl_name_parse(mdl_slice(text, 254), &n), MDL_EINVAL);
}

static void test_case_does_not_matter(void **state)
{
	(void)state;
	struct mdl_name a, b, c;
	assert_int_equal(mdl_name_parse(MDL_LIT("WWW.Example.ORG"), &a), MDL_OK);
	assert_int_equal(mdl_name_parse(MDL_LIT("www.example.org"), &b), MDL_OK);
	assert_int_equal(mdl_name_parse(MDL_LIT("www.example.orh"), &c), MDL_OK);
	assert_true(mdl_name_eq(&a, &b));
	assert_int_equal(mdl_name_hash(&a, 7), mdl_name_hash(&b, 7));
	assert_false(mdl_name_eq(&b, &c));
	assert_true(mdl_name_hash(&b, 7) != mdl_name_hash(&c, 7));
	/* RFC 4343: only ASCII letters; '@' and '`' differ by the same bit */
	assert_int_equal(mdl_name_parse(MDL_LIT("\\@"), &a), MDL_OK);
	assert_int_equal(mdl_name_parse(MDL_LIT("`"), &b), MDL_OK);
	assert_false(mdl_name_eq(&a, &b));
}

static void test_write_compressed(void **state)
{
	(void)state;
	static const char *const names[] = { "f.isi.arpa", "FOO.F.ISI.ARPA", "arpa", ".",
					     "f.isi.arpa" };
	static const size_t used[] = { 12, 6, 2, 1, 2 };
	struct mdl_buf b;
	mdl_buf_init(&b, 1024);
	struct mdl_writer w = mdl_writer(&b);
	struct mdl_name_table t = { .n = 0 };
	mdl_writer_fill(&w, 0xff, 3); /* not part of the message */
	mdl_writer_fill(&w, 0xee, 12);
	for (size_t i = 0; i < MDL_COUNT(names); i++) {
		struct mdl_name n, back;
		size_t got, at = b.n - 3;
		assert_int_equal(mdl_name_parse(mdl_slice_str(names[i]), &n), MDL_OK);
		mdl_name_write(&w, 3, &n, &t);
		assert_int_equal(w.err, MDL_OK);
		struct mdl_slice msg = mdl_slice_sub(mdl_buf_slice(&b), 3, SIZE_MAX);
		assert_int_equal(mdl_name_read(msg, at, &got, &back, NULL), MDL_OK);
		assert_int_equal(got, used[i]);
		assert_int_equal(msg.n - at, used[i]);
		assert_true(mdl_name_eq(&n, &back));
	}
	mdl_buf_fini(&b);
}

static void test_write_plain_and_far(void **state)
{
	(void)state;
	struct mdl_buf b;
	mdl_buf_init(&b, 1 << 17);
	struct mdl_writer w = mdl_writer(&b);
	struct mdl_name_table t = { .n = 0 };
	struct mdl_name n;
	assert_int_equal(mdl_name_parse(MDL_LIT("example.org"), &n), MDL_OK);
	mdl_name_write(&w, 0, &n, NULL);
	mdl_name_write(&w, 0, &n, NULL);
	assert_int_equal(b.n, 26);
	/* a pointer has 14 bits: what stands behind 16383 cannot be pointed to */
	mdl_writer_fill(&w, 0, 0x4000);
	mdl_name_write(&w, 0, &n, &t);
	mdl_name_write(&w, 0, &n, &t);
	assert_int_equal(w.err, MDL_OK);
	assert_int_equal(b.n, 26 + 0x4000 + 26);
	mdl_buf_fini(&b);
}

static void write_somewhere(void)
{
	struct mdl_buf b;
	struct mdl_name n;
	struct mdl_name_table t = { .n = 0 };
	mdl_buf_init(&b, 1024);
	struct mdl_writer w = mdl_writer(&b);
	assert_int_equal(mdl_name_parse(MDL_LIT("www.example.org"), &n), MDL_OK);
	mdl_name_write(&w, 0, &n, &t);
	mdl_name_write(&w, 0, &n, &t);
	mdl_err err = mdl_name_text(&n, &b);
	assert_true(w.err == MDL_OK || w.err == MDL_ENOMEM);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	mdl_buf_fini(&b);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(write_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc1035_example),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_names_of_255_and_256_bytes),
		cmocka_unit_test(test_many_pointers),
		cmocka_unit_test(test_text_and_back),
		cmocka_unit_test(test_text_that_is_no_name),
		cmocka_unit_test(test_text_at_the_limits),
		cmocka_unit_test(test_case_does_not_matter),
		cmocka_unit_test(test_write_compressed),
		cmocka_unit_test(test_write_plain_and_far),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
