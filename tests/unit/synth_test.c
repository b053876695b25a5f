#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "protocols/ip_peek.h"
#include "replay/synth.h"
#include "support/alloc.h"

/* The packets of a trace, copied. */
enum { KEPT_MAX = 64 };
static struct {
	struct mdl_buf bytes;
	struct mdl_ip_packet p;
	mdl_time at;
	size_t length;
	const struct mdl_msg *begins;
} kept[KEPT_MAX];
static size_t n_kept;
static mdl_err sink_says;

static mdl_err keep(void *ctx, const struct synth_packet *s)
{
	(void)ctx;
	struct mdl_ip_seal seals[MDL_IP_SEALS_MAX];
	assert_true(n_kept < KEPT_MAX);
	mdl_buf_init(&kept[n_kept].bytes, 1 << 20);
	assert_int_equal(mdl_buf_add(&kept[n_kept].bytes, s->ip), MDL_OK);
	struct mdl_slice ip = mdl_buf_slice(&kept[n_kept].bytes);
	assert_int_equal(mdl_ip_peek(ip, &kept[n_kept].p), MDL_OK);
	size_t n = mdl_ip_seals(ip, seals);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(seals[i].now, seals[i].right);
	kept[n_kept].at = s->at;
	kept[n_kept].length = s->length;
	kept[n_kept].begins = s->begins;
	n_kept++;
	return sink_says;
}

static struct mdl_trace *t;

static int set_up(void **state)
{
	(void)state;
	t = mdl_trace_new();
	n_kept = 0;
	sink_says = MDL_OK;
	return t == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	mdl_trace_free(t);
	for (size_t i = 0; i < n_kept; i++)
		mdl_buf_fini(&kept[i].bytes);
	return 0;
}

static void ends(const char *client, const char *server)
{
	assert_int_equal(mdl_inet_parse(client, &t->client), MDL_OK);
	assert_int_equal(mdl_inet_parse(server, &t->server), MDL_OK);
}

static void add(enum mdl_dir dir, mdl_time at, struct mdl_slice bytes)
{
	assert_int_equal(mdl_trace_add(t, dir, at, bytes), MDL_OK);
}

static void add_long(enum mdl_dir dir, mdl_time at, size_t n)
{
	uint8_t *bytes = malloc(n);
	assert_non_null(bytes);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(i * 7);
	add(dir, at, mdl_slice(bytes, n));
	free(bytes);
}

static void make(void)
{
	assert_int_equal(synth_trace(t, keep, NULL), MDL_OK);
}

static void test_datagrams(void **state)
{
	(void)state;
	ends("192.0.2.1:4242", "192.0.2.2:53");
	t->start = 1000 * MDL_SEC;
	add(MDL_C2S, 0, MDL_LIT("query"));
	add(MDL_S2C, MDL_MS, MDL_LIT("answer"));
	make();
	assert_int_equal(n_kept, 2);
	assert_true(mdl_inet_eq(&kept[0].p.src, &t->client));
	assert_true(mdl_inet_eq(&kept[0].p.dst, &t->server));
	assert_true(mdl_inet_eq(&kept[1].p.src, &t->server));
	assert_true(mdl_slice_is(kept[0].p.payload, "query"));
	assert_true(mdl_slice_is(kept[1].p.payload, "answer"));
	assert_true(kept[1].at == 1000 * MDL_SEC + MDL_MS);
	assert_ptr_equal(kept[1].begins, t->v[1]);
	assert_int_equal(kept[0].length, 28 + 5);
}

static void test_datagrams_that_are_too_long(void **state)
{
	(void)state;
	ends("192.0.2.1:4242", "192.0.2.2:53");
	add_long(MDL_C2S, 0, 65507);
	add_long(MDL_C2S, 0, 65508);
	add_long(MDL_C2S, 0, 100000);
	make();
	assert_int_equal(kept[0].p.payload.n, 65507);
	assert_int_equal(kept[0].length, kept[0].bytes.n);
	assert_int_equal(kept[1].p.payload.n, 65507);
	assert_int_equal(kept[1].length, 28 + 65508);
	assert_int_equal(kept[2].length, 28 + 100000);
	assert_false(kept[2].p.cut);
}

static void test_long_datagrams_over_v6(void **state)
{
	(void)state;
	ends("[::1]:4242", "[::2]:53");
	add_long(MDL_C2S, 0, 65527);
	add_long(MDL_C2S, 0, 65528);
	make();
	assert_int_equal(kept[0].p.payload.n, 65527);
	assert_int_equal(kept[0].length, kept[0].bytes.n);
	assert_int_equal(kept[1].p.payload.n, 65527);
	assert_int_equal(kept[1].length, 48 + 65528);
}

static void assert_tcp(size_t i, unsigned flags, size_t payload)
{
	assert_int_equal(kept[i].p.tcp_flags, flags);
	assert_int_equal(kept[i].p.payload.n, payload);
}

/* Every segment begins where the one before of the same side ended, and acknowledges all. */
static void assert_numbers_follow(void)
{
	uint32_t next[2] = { kept[0].p.tcp_seq, kept[1].p.tcp_seq };
	for (size_t i = 0; i < n_kept; i++) {
		const struct mdl_ip_packet *p = &kept[i].p;
		unsigned side = !mdl_inet_eq(&p->src, &kept[0].p.src);
		assert_int_equal(p->tcp_seq, next[side]);
		if (i > 0)
			assert_int_equal(p->tcp_ack, next[!side]);
		next[side] += (uint32_t)p->payload.n +
			      ((p->tcp_flags & (MDL_TCP_SYN | MDL_TCP_FIN)) != 0);
	}
}

static void test_a_connection(void **state)
{
	(void)state;
	ends("[2001:db8::1]:4242", "[2001:db8::2]:80");
	t->carrier = MDL_STREAM;
	add(MDL_C2S, 0, MDL_LIT("request"));
	add_long(MDL_S2C, MDL_SEC, 3000);
	make();
	assert_int_equal(n_kept, 3 + 2 + 4 + 3);
	assert_tcp(0, MDL_TCP_SYN, 0);
	assert_tcp(1, MDL_TCP_SYN | MDL_TCP_ACK, 0);
	assert_tcp(2, MDL_TCP_ACK, 0);
	assert_tcp(3, MDL_TCP_ACK | MDL_TCP_PSH, 7);
	assert_ptr_equal(kept[3].begins, t->v[0]);
	assert_tcp(4, MDL_TCP_ACK, 0);
	assert_tcp(5, MDL_TCP_ACK, 1400);
	assert_ptr_equal(kept[5].begins, t->v[1]);
	assert_tcp(6, MDL_TCP_ACK, 1400);
	assert_null(kept[6].begins);
	assert_tcp(7, MDL_TCP_ACK | MDL_TCP_PSH, 200);
	assert_tcp(9, MDL_TCP_FIN | MDL_TCP_ACK, 0);
	assert_true(mdl_inet_eq(&kept[9].p.src, &t->client));
	assert_tcp(10, MDL_TCP_FIN | MDL_TCP_ACK, 0);
	assert_tcp(11, MDL_TCP_ACK, 0);
	assert_true(kept[11].at == MDL_SEC);
	assert_numbers_follow();
}

static void test_a_connection_where_nobody_speaks(void **state)
{
	(void)state;
	t->carrier = MDL_STREAM;
	make();
	assert_int_equal(n_kept, 6);
	assert_numbers_follow();
}

static void test_missing_and_mixed_addresses(void **state)
{
	(void)state;
	char text[MDL_INET_TEXT];
	add(MDL_C2S, 0, MDL_LIT("x"));
	make();
	assert_string_equal(mdl_inet_text(&kept[0].p.src, text), "192.0.2.1:40000");
	assert_string_equal(mdl_inet_text(&kept[0].p.dst, text), "192.0.2.2:9");
	ends("[::1]:1", "127.0.0.1:2");
	make();
	assert_string_equal(mdl_inet_text(&kept[1].p.dst, text), "192.0.2.2:9");
}

static void test_packets_are_given_as_they_are(void **state)
{
	(void)state;
	ends("192.0.2.1:4242", "192.0.2.2:53");
	add(MDL_C2S, 0, MDL_LIT("query"));
	make();
	t->carrier = MDL_PACKET;
	mdl_msg_free(mdl_trace_take(t, 0));
	add(MDL_C2S, 0, mdl_buf_slice(&kept[0].bytes));
	make();
	assert_true(mdl_slice_eq(mdl_buf_slice(&kept[0].bytes), mdl_buf_slice(&kept[1].bytes)));
}

static void test_the_sink_can_stop_it(void **state)
{
	(void)state;
	sink_says = MDL_EIO;
	add(MDL_C2S, 0, MDL_LIT("x"));
	add(MDL_C2S, 0, MDL_LIT("y"));
	assert_int_equal(synth_trace(t, keep, NULL), MDL_EIO);
	assert_int_equal(n_kept, 1);
}

static mdl_err ignore(void *ctx, const struct synth_packet *s)
{
	(void)ctx;
	(void)s;
	return MDL_OK;
}

static void fail_somewhere(void)
{
	mdl_err err = synth_trace(t, ignore, NULL);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	t->carrier = MDL_STREAM;
	add_long(MDL_C2S, 0, 3000);
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
		TEST(test_datagrams),
		TEST(test_datagrams_that_are_too_long),
		TEST(test_long_datagrams_over_v6),
		TEST(test_a_connection),
		TEST(test_a_connection_where_nobody_speaks),
		TEST(test_missing_and_mixed_addresses),
		TEST(test_packets_are_given_as_they_are),
		TEST(test_the_sink_can_stop_it),
		TEST(test_allocation_failures),
#undef TEST
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
