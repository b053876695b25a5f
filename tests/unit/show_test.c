/* Values, lines and trees of a protocol with a field of every kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocols/show.h"
#include "support/alloc.h"

enum { NUMBER, HEX, LITTLE, CODE, TEXT, BYTES, NAME, V4, V6, SECRET, HOLDER, PART, BAD4, FIELDS };

static const struct mdl_value codes[] = { { 28, "AAAA" }, { 0, NULL } };
static const struct mdl_field_def defs[] = {
	[NUMBER] = { .name = "number", .kind = MDL_UINT },
	[HEX] = { .name = "hex", .kind = MDL_UINT, .flags = MDL_F_HEX },
	[LITTLE] = { .name = "little", .kind = MDL_UINT_LE },
	[CODE] = { .name = "code", .kind = MDL_UINT, .values = codes },
	[TEXT] = { .name = "text", .kind = MDL_TEXT },
	[BYTES] = { .name = "bytes", .kind = MDL_BYTES },
	[NAME] = { .name = "name", .kind = MDL_NAME },
	[V4] = { .name = "v4", .kind = MDL_IPV4 },
	[V6] = { .name = "v6", .kind = MDL_IPV6 },
	[SECRET] = { .name = "secret", .kind = MDL_BYTES, .flags = MDL_F_SECRET },
	[HOLDER] = { .name = "holder", .kind = MDL_SPAN },
	[PART] = { .name = "part", .kind = MDL_UINT, .flags = MDL_F_REPEAT },
	[BAD4] = { .name = "bad4", .kind = MDL_IPV4 },
};

static const uint8_t message[] = {
	1,    2,   0xca, 0xfe, 0x34, 0x12, 0, 28,     /* numbers */
	'h',  '"', '\n', 0xff, 0xde, 0xad, 1, 'a', 0, /* text, bytes, name */
	10,   0,   0,	 1,			      /* addresses */
	0x20, 1,   0,	 0,    0,    0,	   0, 0,   0, 0, 0, 0, 0, 0, 0, 1, 9, 9, 7, 8, 127, 0, 0,
};

static mdl_err dissect(struct mdl_ctx *x, struct mdl_slice msg, struct mdl_fields *out)
{
	static const uint8_t sizes[FIELDS] = {
		[NUMBER] = 2, [HEX] = 2,  [LITTLE] = 2, [CODE] = 2, [TEXT] = 4,
		[BYTES] = 2,  [NAME] = 3, [V4] = 4,	[V6] = 16,  [SECRET] = 2
	};
	struct mdl_cursor c = mdl_cursor(msg);
	(void)x;
	for (uint16_t i = NUMBER; i <= SECRET; i++)
		mdl_field_take(out, i, &c, sizes[i]);
	uint32_t holder = mdl_field_open(out, HOLDER, mdl_cursor_off(&c));
	mdl_field_take(out, PART, &c, 1);
	mdl_field_take(out, PART, &c, 1);
	mdl_field_close(out, holder, mdl_cursor_off(&c));
	mdl_field_take(out, BAD4, &c, 3);
	mdl_field_note(out, "an address of three bytes", 42);
	return c.err;
}

static const struct mdl_protocol zoo = {
	.name = "zoo", .carriers = MDL_DGRAM, .fields = defs, .n_fields = FIELDS, .dissect = dissect
};

struct shown {
	struct mdl_ctx *x;
	struct mdl_fields f;
	struct mdl_buf out;
};

static mdl_err open_shown(struct shown *s)
{
	mdl_fields_init(&s->f);
	mdl_buf_init(&s->out, 1 << 16);
	s->x = NULL;
	mdl_err err = mdl_ctx_new(&zoo, MDL_DGRAM, NULL, &s->x, NULL);
	return err == MDL_OK ? mdl_dissect(s->x, mdl_slice(message, sizeof(message)), &s->f) : err;
}

static void close_shown(struct shown *s)
{
	mdl_fields_fini(&s->f);
	mdl_buf_fini(&s->out);
	mdl_ctx_free(s->x);
}

static void test_values(void **state)
{
	(void)state;
	static const char *const expected[] = {
		"258",	"0xcafe", "4660",     "AAAA (28)", "\"h\\\"\\n\\xff\"",
		"dead", "a",	  "10.0.0.1", "2001::1",   "<secret>",
		"{2}",	"7",	  "8",	      "7f0000"
	};
	struct shown s;
	assert_int_equal(open_shown(&s), MDL_OK);
	assert_int_equal(s.f.n, MDL_COUNT(expected));
	for (uint32_t i = 0; i < s.f.n; i++) {
		mdl_buf_cut(&s.out, 0);
		assert_int_equal(
			mdl_show_value(&s.f, mdl_slice(message, sizeof(message)), i, &s.out),
			MDL_OK);
		assert_string_equal(mdl_buf_text(&s.out), expected[i]);
	}
	close_shown(&s);
}

static void test_line(void **state)
{
	(void)state;
	struct shown s;
	assert_int_equal(open_shown(&s), MDL_OK);
	assert_int_equal(mdl_show_line(s.x, mdl_slice(message, sizeof(message)), &s.f, &s.out),
			 MDL_OK);
	assert_string_equal(mdl_buf_text(&s.out),
			    "44 bytes number=258 hex=0xcafe little=4660 code=AAAA (28) "
			    "text=\"h\\\"\\n\\xff\" bytes=dead");
	close_shown(&s);
}

static void test_tree(void **state)
{
	(void)state;
	struct shown s;
	assert_int_equal(open_shown(&s), MDL_OK);
	assert_int_equal(mdl_show_tree(&s.f, mdl_slice(message, sizeof(message)), 2, &s.out),
			 MDL_OK);
	assert_string_equal(mdl_buf_text(&s.out), "  number: 258  [0+2]\n"
						  "  hex: 0xcafe  [2+2]\n"
						  "  little: 4660  [4+2]\n"
						  "  code: AAAA (28)  [6+2]\n"
						  "  text: \"h\\\"\\n\\xff\"  [8+4]\n"
						  "  bytes: dead  [12+2]\n"
						  "  name: a  [14+3]\n"
						  "  v4: 10.0.0.1  [17+4]\n"
						  "  v6: 2001::1  [21+16]\n"
						  "  secret: <secret>  [37+2]\n"
						  "  holder: {2}  [39+2]\n"
						  "    part: 7  [39+1]\n"
						  "    part: 8  [40+1]\n"
						  "  bad4: 7f0000  [41+3]\n"
						  "  ! byte 42: an address of three bytes\n");
	close_shown(&s);
}

static void test_value_names(void **state)
{
	(void)state;
	assert_string_equal(mdl_value_name(codes, 28), "AAAA");
	assert_null(mdl_value_name(codes, 0));
	assert_null(mdl_value_name(NULL, 28));
}

/* A ceiling reached is an error, wherever it lies. */
static void test_no_room(void **state)
{
	(void)state;
	struct shown s;
	assert_int_equal(open_shown(&s), MDL_OK);
	for (size_t max = 1;; max++) {
		mdl_buf_fini(&s.out);
		mdl_buf_init(&s.out, max);
		mdl_err err = mdl_show_tree(&s.f, mdl_slice(message, sizeof(message)), 0, &s.out);
		assert_true(s.out.n <= max);
		if (err == MDL_OK)
			break;
		assert_int_equal(err, MDL_ELIMIT);
	}
	close_shown(&s);
}

static void fail_somewhere(void)
{
	struct shown s;
	mdl_err err = open_shown(&s);
	if (err == MDL_OK)
		err = mdl_show_tree(&s.f, mdl_slice(message, sizeof(message)), 0, &s.out);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	close_shown(&s);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),	cmocka_unit_test(test_line),
		cmocka_unit_test(test_tree),	cmocka_unit_test(test_value_names),
		cmocka_unit_test(test_no_room), cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
