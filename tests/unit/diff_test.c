#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/text.h"
#include "protocols/diff.h"
#include "protocols/registry.h"
#include "support/alloc.h"

/* DNS has names, sets whose order means nothing, and ids that differ in every run. */
#define QUESTION     "076578616d706c6500 0001 0001"
#define A(ttl, last) "c00c 0001 0001 000000" ttl "0004 c00002" last

static const char one[] = "1111 8400 0001 0001 0000 0000" QUESTION A("3c", "01");
static const char other_id[] = "2222 8400 0001 0001 0000 0000" QUESTION A("3c", "01");
static const char other_ttl[] = "1111 8400 0001 0001 0000 0000" QUESTION A("3d", "01");
static const char other_address[] = "1111 8400 0001 0001 0000 0000" QUESTION A("3c", "09");
static const char two[] = "1111 8400 0001 0002 0000 0000" QUESTION A("3c", "01") A("3c", "02");
static const char two_turned[] =
	"1111 8400 0001 0002 0000 0000" QUESTION A("3c", "02") A("3c", "01");
static const char uncompressed[] = "1111 8400 0001 0001 0000 0000" QUESTION
				   "07 4558414d504c45 00 0001 0001 0000003c 0004 c0000201";
static const char cut[] = "1111 8400 0001 0001 0000 0000" QUESTION "c00c 0001";

struct side {
	struct mdl_ctx *x;
	struct mdl_buf msg;
	struct mdl_fields f;
	struct mdl_view v;
};

static mdl_err open_side(struct side *s, const char *hex)
{
	char digits[512];
	size_t n = 0;
	for (; *hex != 0; hex++)
		if (*hex != ' ')
			digits[n++] = *hex;
	s->x = NULL;
	mdl_buf_init(&s->msg, 4096);
	mdl_fields_init(&s->f);
	mdl_err err = mdl_text_unhex(&s->msg, mdl_slice(digits, n));
	if (err == MDL_OK)
		err = mdl_ctx_new(&mdl_dns, MDL_DGRAM, NULL, &s->x, NULL);
	if (err != MDL_OK)
		return err;
	s->x->dir = MDL_S2C;
	mdl_err odd = mdl_dissect(s->x, mdl_buf_slice(&s->msg), &s->f);
	s->v = (struct mdl_view){ mdl_buf_slice(&s->msg), &s->f, odd };
	return odd == MDL_ENOMEM ? odd : MDL_OK;
}

static void close_side(struct side *s)
{
	mdl_fields_fini(&s->f);
	mdl_buf_fini(&s->msg);
	mdl_ctx_free(s->x);
}

/* The differences that count, a line each. */
static void expect(const char *a, const char *b, const char *tolerated, const char *text,
		   size_t aside)
{
	struct side x, y;
	struct mdl_diff d;
	struct mdl_buf out;
	static struct mdl_strings tolerate;
	tolerate.v[0] = tolerated;
	tolerate.n = tolerated == NULL ? 0 : 1;
	mdl_buf_init(&out, 4096);
	assert_int_equal(open_side(&x, a), MDL_OK);
	assert_int_equal(open_side(&y, b), MDL_OK);
	assert_int_equal(mdl_diff(&x.v, &y.v, &tolerate, &d), MDL_OK);
	size_t lines = 0;
	for (size_t i = 0; i < d.n; i++) {
		if (d.v[i].aside)
			continue;
		lines++;
		assert_int_equal(mdl_diff_text(&d.v[i], &x.v, &y.v, &out), MDL_OK);
		assert_int_equal(mdl_buf_put(&out, '\n'), MDL_OK);
	}
	assert_string_equal(mdl_buf_text(&out), text);
	assert_int_equal(d.count, lines);
	assert_int_equal(d.aside, aside);
	/* equal for messages without a difference, and else not */
	bool same = mdl_diff_hash(&x.v, &tolerate, false) == mdl_diff_hash(&y.v, &tolerate, false);
	assert_int_equal(same, lines == 0);
	mdl_buf_fini(&out);
	close_side(&x);
	close_side(&y);
}

static void test_equal(void **state)
{
	(void)state;
	expect(one, one, NULL, "", 0);
	expect(one, other_id, NULL, "", 1);	/* it differs in every run */
	expect(one, uncompressed, NULL, "", 0); /* the same name, however it is written */
	expect(two, two_turned, NULL, "", 0);	/* of a set */
	expect(cut, cut, NULL, "", 0);
}

static void test_different(void **state)
{
	(void)state;
	static const char said[] = "dns.answer.rr[0].rdata.address: 192.0.2.1 -> 192.0.2.9\n";
	expect(one, other_ttl, NULL, "", 0); /* caches count it down: equal members of a set */
	expect(one, other_address, NULL, said, 0);
	expect(one, other_address, "dns.answer.address", "", 0);
	expect(one, other_address, "dns.authority.address", said, 0);
}

static size_t count(const char *a, const char *b, enum mdl_diff_kind kind)
{
	struct side x, y;
	struct mdl_diff d;
	size_t n = 0;
	assert_int_equal(open_side(&x, a), MDL_OK);
	assert_int_equal(open_side(&y, b), MDL_OK);
	assert_int_equal(mdl_diff(&x.v, &y.v, NULL, &d), MDL_OK);
	for (size_t i = 0; i < d.n; i++)
		n += d.v[i].kind == kind;
	close_side(&x);
	close_side(&y);
	return n;
}

static void test_more_and_less(void **state)
{
	(void)state;
	assert_int_equal(count(one, two, MDL_DIFF_EXTRA), 1);
	assert_int_equal(count(one, two, MDL_DIFF_MISSING), 0);
	assert_int_equal(count(two, one, MDL_DIFF_MISSING), 1);
	assert_int_equal(count(two_turned, one, MDL_DIFF_MISSING), 1);
	assert_int_equal(count(two_turned, one, MDL_DIFF_CHANGED), 0);
	assert_int_equal(count(one, cut, MDL_DIFF_MALFORMED), 1);
	assert_int_equal(count(cut, one, MDL_DIFF_MALFORMED), 1);
	assert_int_equal(count(cut, cut, MDL_DIFF_MALFORMED), 0);
}

static uint64_t shape_of(const char *hex)
{
	struct side s;
	assert_int_equal(open_side(&s, hex), MDL_OK);
	uint64_t h = mdl_diff_hash(&s.v, NULL, true);
	close_side(&s);
	return h;
}

static void test_shapes(void **state)
{
	(void)state;
	assert_true(shape_of(one) == shape_of(other_ttl));
	assert_true(shape_of(one) == shape_of(other_id));
	assert_true(shape_of(one) != shape_of(two));
	assert_true(shape_of(one) != shape_of(cut));
	assert_true(shape_of(two) == shape_of(two_turned));
}

/* More differences than there is room for are counted. */
static void test_very_different(void **state)
{
	(void)state;
	enum { RECORDS = 300 };
	struct side x, y;
	struct mdl_diff d;
	assert_int_equal(open_side(&x, one), MDL_OK);
	assert_int_equal(open_side(&y, one), MDL_OK);
	for (int i = 0; i < RECORDS - 1; i++) {
		uint8_t rr[] = { 0xc0,	    12, 0,  1, 0,
				 1,	    0,	0,  0, 60,
				 0,	    4,	10, 0, (uint8_t)(i >> 8),
				 (uint8_t)i };
		mdl_buf_fini(&x.msg);
		mdl_buf_init(&x.msg, 1 << 16);
		assert_int_equal(mdl_buf_add(&x.msg, mdl_buf_slice(&y.msg)), MDL_OK);
		y.msg.max = 1 << 16;
		assert_int_equal(mdl_buf_add(&y.msg, mdl_slice(rr, sizeof(rr))), MDL_OK);
	}
	y.msg.p[6] = RECORDS >> 8;
	y.msg.p[7] = RECORDS & 0xff;
	mdl_buf_cut(&x.msg, 41);
	assert_int_equal(mdl_dissect(x.x, mdl_buf_slice(&x.msg), &x.f), MDL_OK);
	assert_int_equal(mdl_dissect(y.x, mdl_buf_slice(&y.msg), &y.f), MDL_OK);
	x.v.msg = mdl_buf_slice(&x.msg);
	y.v.msg = mdl_buf_slice(&y.msg);
	assert_int_equal(mdl_diff(&x.v, &y.v, NULL, &d), MDL_OK);
	assert_int_equal(d.n, MDL_DIFF_MAX);
	assert_int_equal(d.count, RECORDS - 1);
	close_side(&x);
	close_side(&y);
}

static void fail_somewhere(void)
{
	struct side x, y;
	struct mdl_diff d;
	struct mdl_buf out;
	mdl_buf_init(&out, 4096);
	mdl_err err = open_side(&x, two), err2 = open_side(&y, two_turned);
	if (err == MDL_OK && err2 == MDL_OK)
		err = mdl_diff(&x.v, &y.v, NULL, &d);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	mdl_buf_fini(&out);
	close_side(&x);
	close_side(&y);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal),	       cmocka_unit_test(test_different),
		cmocka_unit_test(test_more_and_less),  cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_very_different), cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
