#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/rng.h"
#include "core/tracefmt.h"
#include "support/alloc.h"
#include "support/trace_eq.h"

/* The example of the header, with a quoted and a hex message. */
static const char sample[] = "meddle-trace 1\n"
			     "protocol: dns\n"
			     "carrier: dgram\n"
			     "client: 127.0.0.1:40000\n"
			     "server: [2001:db8::1]:53\n"
			     "start: 1700000000.250000000\n"
			     "source: dig.pcap flow 3\n"
			     "> 0.000000000 1a2b0100\n"
			     "< 0.000312000 cut \"HTTP/1.1 200 OK\\r\\n\"\n"
			     "> 1.500000000 cut raw made \"\"\n";

/* Reads a copy that ends exactly where the text ends. */
static mdl_err read_text(const char *text, struct mdl_trace **t, struct mdl_why *why)
{
	size_t n = strlen(text);
	char *exact = malloc(n == 0 ? 1 : n);
	assert_non_null(exact);
	memcpy(exact, text, n);
	mdl_err err = mdl_trace_read(mdl_slice(exact, n), "a.trace", t, why);
	free(exact);
	return err;
}

static void test_the_example(void **state)
{
	(void)state;
	struct mdl_trace *t;
	struct mdl_buf b;
	char text[MDL_INET_TEXT];
	mdl_buf_init(&b, MDL_BUF_MAX);
	assert_int_equal(read_text(sample, &t, NULL), MDL_OK);
	assert_string_equal(t->proto, "dns");
	assert_int_equal(t->carrier, MDL_DGRAM);
	assert_string_equal(mdl_inet_text(&t->client, text), "127.0.0.1:40000");
	assert_string_equal(mdl_inet_text(&t->server, text), "[2001:db8::1]:53");
	assert_true(t->start == 1700000000250 * MDL_MS);
	assert_string_equal(t->source, "dig.pcap flow 3");
	assert_int_equal(t->n, 3);
	assert_int_equal(t->v[0]->dir, MDL_C2S);
	assert_true(mdl_slice_eq(mdl_buf_slice(&t->v[0]->bytes), MDL_LIT("\x1a\x2b\x01\x00")));
	assert_int_equal(t->v[1]->dir, MDL_S2C);
	assert_int_equal(t->v[1]->at, 312000);
	assert_int_equal(t->v[1]->flags, MDL_MSG_CUT);
	assert_true(mdl_slice_is(mdl_buf_slice(&t->v[1]->bytes), "HTTP/1.1 200 OK\r\n"));
	assert_int_equal(t->v[2]->flags, MDL_MSG_CUT | MDL_MSG_RAW | MDL_MSG_MADE);
	assert_int_equal(t->v[2]->bytes.n, 0);
	assert_int_equal(mdl_trace_write(t, &b), MDL_OK);
	assert_string_equal(mdl_buf_text(&b), sample);
	mdl_buf_fini(&b);
	mdl_trace_free(t);
}

static void test_what_hands_write(void **state)
{
	(void)state;
	struct mdl_trace *t;
	assert_int_equal(
		read_text("# a comment\r\n\r\nmeddle-trace 1\r\ncarrier: stream\r\n"
			  "protocol: raw\r\nclient: -\n#\n>  20ms   made  \"a b\"\r\n<\t\n",
			  &t, NULL),
		MDL_EMALFORMED);
	assert_int_equal(
		read_text("\n# a comment\r\n\r\nmeddle-trace 1\r\ncarrier: stream\r\n"
			  "protocol: raw\r\nclient: -\n#\n>  20ms   made  \"a b\"\r\n< 1 00",
			  &t, NULL),
		MDL_OK);
	assert_int_equal(t->carrier, MDL_STREAM);
	assert_int_equal(t->client.family, 0);
	assert_int_equal(t->n, 2);
	assert_true(t->v[0]->at == 20 * MDL_MS);
	assert_int_equal(t->v[0]->flags, MDL_MSG_MADE);
	assert_true(mdl_slice_is(mdl_buf_slice(&t->v[0]->bytes), "a b"));
	mdl_trace_free(t);
	assert_int_equal(read_text("meddle-trace 1\nprotocol: dns\ncarrier: packet", &t, NULL),
			 MDL_OK);
	assert_int_equal(t->n, 0);
	assert_int_equal(t->carrier, MDL_PACKET);
	mdl_trace_free(t);
}

#define HEAD "meddle-trace 1\nprotocol: dns\ncarrier: dgram\n"

static void test_complaints(void **state)
{
	(void)state;
	static const struct {
		const char *text, *sentence;
	} bad[] = {
		{ "", "a.trace:0: expected \"meddle-trace 1\" in the first line" },
		{ "# c\nmeddle-trace 2\n",
		  "a.trace:2: expected \"meddle-trace 1\" in the first line" },
		{ "meddle-trace 1\n",
		  "a.trace:1: expected protocol and carrier before the messages" },
		{ "meddle-trace 1\nprotocol: dns\n> 0 00\n",
		  "a.trace:3: expected protocol and carrier before the messages" },
		{ "meddle-trace 1\ncarrier: dgram\n> 0 00\n",
		  "a.trace:3: expected protocol and carrier before the messages" },
		{ "meddle-trace 1\nprotocol: \n", "a.trace:2: expected a protocol name" },
		{ "meddle-trace 1\nprotocol: sixteen-letters-\n",
		  "a.trace:2: expected a protocol name" },
		{ "meddle-trace 1\nprotocol: d\tns\n", "a.trace:2: expected a protocol name" },
		{ "meddle-trace 1\nprotocol:dns\n", "a.trace:2: expected protocol, carrier, "
						    "client, server, start, source or a message" },
		{ "meddle-trace 1\ncarrier: udp\n", "a.trace:2: expected dgram, stream or packet" },
		{ HEAD "client: localhost:1\n",
		  "a.trace:4: expected an address as 192.0.2.1:53 or [2001:db8::1]:53" },
		{ HEAD "server: \n",
		  "a.trace:4: expected an address as 192.0.2.1:53 or [2001:db8::1]:53" },
		{ HEAD "start: -1\n", "a.trace:4: expected seconds since 1970" },
		{ HEAD "source: \x1b[2J\n", "a.trace:4: expected up to 255 bytes of text" },
		{ HEAD "colour: red\n", "a.trace:4: expected protocol, carrier, client, server, "
					"start, source or a message" },
		{ HEAD "> 0 00\nsource: late\n",
		  "a.trace:5: expected a message, which begins with > or <" },
		{ HEAD ">\n", "a.trace:4: expected seconds, as 0.000312000" },
		{ HEAD "> x 00\n", "a.trace:4: expected seconds, as 0.000312000" },
		{ HEAD "> 9223372036.854775807 00\n",
		  "a.trace:4: expected seconds, as 0.000312000" },
		{ HEAD "> 0\n", "a.trace:4: expected the bytes as hex digits or in double quotes" },
		{ HEAD "> 0 cut\n",
		  "a.trace:4: expected the bytes as hex digits or in double quotes" },
		{ HEAD "> 0 000\n",
		  "a.trace:4: expected the bytes as hex digits or in double quotes" },
		{ HEAD "> 0 00 00\n",
		  "a.trace:4: expected the bytes as hex digits or in double quotes" },
		{ HEAD "> 0 \"a\n",
		  "a.trace:4: expected the bytes as hex digits or in double quotes" },
		{ HEAD "> 0 \"a\" b\n",
		  "a.trace:4: expected the bytes as hex digits or in double quotes" },
		{ HEAD "> 0 lost 00\n",
		  "a.trace:4: expected the bytes as hex digits or in double quotes" },
	};
	for (size_t i = 0; i < MDL_COUNT(bad); i++) {
		struct mdl_trace *t = NULL;
		struct mdl_why why = { "" };
		assert_int_equal(read_text(bad[i].text, &t, &why), MDL_EMALFORMED);
		assert_null(t);
		assert_string_equal(why.text, bad[i].sentence);
	}
}

static void test_every_truncation(void **state)
{
	(void)state;
	char text[sizeof(sample)];
	for (size_t n = 0; n < sizeof(sample); n++) {
		struct mdl_trace *t = NULL;
		memcpy(text, sample, n);
		text[n] = 0;
		mdl_err err = read_text(text, &t, NULL);
		assert_true(err == MDL_OK || err == MDL_EMALFORMED);
		assert_true((t != NULL) == (err == MDL_OK));
		mdl_trace_free(t);
	}
}

static void test_what_is_not_known_is_not_written(void **state)
{
	(void)state;
	struct mdl_trace *t = mdl_trace_new();
	struct mdl_buf b;
	mdl_buf_init(&b, MDL_BUF_MAX);
	assert_int_equal(mdl_trace_write(t, &b), MDL_OK);
	assert_string_equal(mdl_buf_text(&b), "meddle-trace 1\nprotocol: raw\ncarrier: dgram\n");
	mdl_buf_fini(&b);
	mdl_trace_free(t);
}

static void test_one_line_stays_one_line(void **state)
{
	(void)state;
	struct mdl_trace *back, *t = mdl_trace_new();
	struct mdl_buf b;
	mdl_buf_init(&b, MDL_BUF_MAX);
	strcpy(t->source, "a\nb\r\x7f caf\xc3\xa9");
	assert_int_equal(mdl_trace_add(t, MDL_C2S, -5, MDL_LIT("x")), MDL_OK);
	assert_int_equal(mdl_trace_write(t, &b), MDL_OK);
	assert_int_equal(mdl_trace_read(mdl_buf_slice(&b), "b", &back, NULL), MDL_OK);
	assert_string_equal(back->source, "a?b?? caf\xc3\xa9");
	assert_int_equal(back->v[0]->at, 0);
	mdl_trace_free(back);
	mdl_trace_free(t);
	mdl_buf_fini(&b);
}

/* Bytes of any kind, or printable ones with all that has to be escaped. */
static void draw_bytes(struct mdl_rng *r, uint8_t *out, size_t n)
{
	static const char printable[] = "a 0\"\\\r\n\t~#<>";
	bool any = mdl_rng_chance(r, 1, 2);
	mdl_rng_bytes(r, out, n);
	for (size_t i = 0; !any && i < n; i++)
		out[i] = (uint8_t)printable[out[i] % (sizeof(printable) - 1)];
}

static struct mdl_trace *draw_trace(struct mdl_rng *r)
{
	static const enum mdl_carrier carriers[] = { MDL_DGRAM, MDL_STREAM, MDL_PACKET };
	static const char *const sources[] = { "", " ", "a.pcap flow 7",
					       "# > \" caf\xc3\xa9 \xff" };
	struct mdl_trace *t = mdl_trace_new();
	uint8_t bytes[100];
	assert_non_null(t);
	t->carrier = carriers[mdl_rng_below(r, 3)];
	strcpy(t->proto, mdl_rng_chance(r, 1, 2) ? "dns" : "fifteen letters");
	strcpy(t->source, sources[mdl_rng_below(r, MDL_COUNT(sources))]);
	mdl_rng_bytes(r, bytes, sizeof(bytes));
	t->start = (mdl_time)(mdl_rng_u64(r) >> mdl_rng_range(r, 2, 63));
	if (mdl_rng_chance(r, 2, 3))
		t->client = mdl_inet4(bytes, (uint16_t)mdl_rng_u64(r));
	if (mdl_rng_chance(r, 2, 3))
		t->server = mdl_inet6(bytes, (uint16_t)mdl_rng_u64(r));
	for (uint64_t n = mdl_rng_below(r, 8); n > 0; n--) {
		struct mdl_slice s = mdl_slice(bytes, mdl_rng_below(r, sizeof(bytes)));
		draw_bytes(r, bytes, s.n);
		mdl_time at = (mdl_time)(mdl_rng_u64(r) >> mdl_rng_range(r, 2, 63));
		assert_int_equal(mdl_trace_add(t, (enum mdl_dir)mdl_rng_below(r, 2), at, s),
				 MDL_OK);
		t->v[t->n - 1]->flags = (unsigned)mdl_rng_below(r, 8);
	}
	return t;
}

static void test_any_trace_comes_back(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(31);
	for (int i = 0; i < 5000; i++) {
		struct mdl_trace *back, *t = draw_trace(&r);
		struct mdl_buf b;
		mdl_buf_init(&b, MDL_BUF_MAX);
		assert_int_equal(mdl_trace_write(t, &b), MDL_OK);
		assert_int_equal(mdl_trace_read(mdl_buf_slice(&b), "b", &back, NULL), MDL_OK);
		assert_true(trace_eq(t, back));
		assert_true(mdl_trace_hash(t) == mdl_trace_hash(back));
		mdl_trace_free(back);
		mdl_trace_free(t);
		mdl_buf_fini(&b);
	}
}

static void test_a_full_buffer(void **state)
{
	(void)state;
	struct mdl_trace *t;
	assert_int_equal(read_text(sample, &t, NULL), MDL_OK);
	for (size_t max = 1; max < sizeof(sample); max++) {
		struct mdl_buf b;
		mdl_buf_init(&b, max);
		mdl_err err = mdl_trace_write(t, &b);
		assert_int_equal(err, max < sizeof(sample) - 1 ? MDL_ELIMIT : MDL_OK);
		assert_memory_equal(mdl_buf_text(&b), sample, b.n);
		mdl_buf_fini(&b);
	}
	mdl_trace_free(t);
}

static void fail_reading(void)
{
	struct mdl_trace *t = NULL;
	struct mdl_why why = { "" };
	mdl_err err = mdl_trace_read(mdl_slice_str(sample), "a.trace", &t, &why);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	assert_true(err == MDL_OK || strstr(why.text, "out of memory") != NULL);
	mdl_trace_free(t);
}

static void fail_writing(const struct mdl_trace *t)
{
	struct mdl_buf b;
	mdl_buf_init(&b, MDL_BUF_MAX);
	mdl_err err = mdl_trace_write(t, &b);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	mdl_buf_fini(&b);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	struct mdl_trace *t;
	assert_int_equal(read_text(sample, &t, NULL), MDL_OK);
	ALLOC_FAIL_EACH(fail_reading());
	ALLOC_FAIL_EACH(fail_writing(t));
	mdl_trace_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_example),
		cmocka_unit_test(test_what_hands_write),
		cmocka_unit_test(test_complaints),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_what_is_not_known_is_not_written),
		cmocka_unit_test(test_one_line_stays_one_line),
		cmocka_unit_test(test_any_trace_comes_back),
		cmocka_unit_test(test_a_full_buffer),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
