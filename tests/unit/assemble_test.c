#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/rng.h"
#include "core/writer.h"
#include "protocols/registry.h"
#include "replay/assemble.h"
#include "replay/capture_write.h"
#include "replay/synth.h"
#include "support/alloc.h"
#include "support/packets.h"
#include "support/toy_stream.h"

/* The registry as these tests see it: it also has the toy protocol. */
const struct mdl_protocol *__wrap_mdl_protocol_by_port(enum mdl_carrier on, uint16_t port);
const struct mdl_protocol *__wrap_mdl_protocol_guess(enum mdl_carrier on, struct mdl_slice first,
						     unsigned least);

const struct mdl_protocol *__wrap_mdl_protocol_by_port(enum mdl_carrier on, uint16_t port)
{
	(void)on;
	return port == 7777 ? &toy_stream : NULL;
}

const struct mdl_protocol *__wrap_mdl_protocol_guess(enum mdl_carrier on, struct mdl_slice first,
						     unsigned least)
{
	return toy_stream.guess(on, first) >= least ? &toy_stream : &mdl_raw;
}

/*
 * What comes out is written down: messages as "1>hello", "2<cut:world" (flow, direction, flags,
 * bytes), the end of a flow with messages as "1.", one behind the other with spaces between.
 */
static struct assemble_conf conf;
static struct assemble *a;
static struct mdl_buf out, b;
static struct mdl_trace *last; /* trace */
static mdl_time now;
static mdl_err callback_says;
static mdl_time last_at;

static mdl_err on_message(void *ctx, struct assemble_flow *f, const struct assemble_msg *m)
{
	(void)ctx;
	assert_int_equal(m->number, f->messages);
	assert_true(m->at >= last_at || f->messages == 1 || f->carrier == MDL_STREAM);
	last_at = m->at;
	mdl_err err = mdl_buf_printf(&out, "%s%llu%c%s%s", out.n > 0 ? " " : "",
				     (unsigned long long)f->number, m->dir == MDL_C2S ? '>' : '<',
				     (m->flags & MDL_MSG_CUT) != 0 ? "cut:" : "",
				     (m->flags & MDL_MSG_RAW) != 0 ? "raw:" : "");
	if (err == MDL_OK)
		err = mdl_buf_add(&out, m->bytes);
	return err == MDL_OK ? callback_says : err;
}

static mdl_err on_trace(void *ctx, struct assemble_flow *f, struct mdl_trace *t)
{
	(void)ctx;
	mdl_trace_free(last);
	last = t;
	assert_int_equal(t->n, f->messages);
	return mdl_buf_printf(&out, " %llu.", (unsigned long long)f->number);
}

static int set_up(void **state)
{
	(void)state;
	mdl_buf_init(&out, MDL_BUF_MAX);
	mdl_buf_init(&b, MDL_BUF_MAX);
	conf = (struct assemble_conf){ .on_message = on_message, .on_trace = on_trace };
	a = NULL;
	last = NULL;
	now = 1000 * MDL_SEC;
	last_at = 0;
	callback_says = MDL_OK;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	assemble_free(a);
	mdl_trace_free(last);
	mdl_buf_fini(&out);
	mdl_buf_fini(&b);
	return 0;
}

static mdl_err feed(void)
{
	if (a == NULL)
		a = assemble_new(&conf);
	assert_non_null(a);
	now += MDL_MS;
	return assemble_packet(a, now, mdl_buf_slice(&b));
}

static void finish(void)
{
	assert_int_equal(assemble_finish(a), MDL_OK);
}

static void assert_out(const char *expected)
{
	assert_string_equal(mdl_buf_text(&out), expected);
}

static struct assemble_stats stats(void)
{
	return assemble_stats(a);
}

static void udp(const char *src, const char *dst, const char *text)
{
	packet_udp(&b, src, dst, mdl_slice_str(text));
	assert_int_equal(feed(), MDL_OK);
}

/* A connection from C to S; both sides' numbers begin at 1000 and 5000 with the first byte. */
static const char *client = "192.0.2.1:40000", *server = "192.0.2.2:80";

static void tcp(const char *src, const char *dst, uint32_t seq, uint32_t ack, unsigned flags,
		const char *text)
{
	struct packet_tcp t = { .src = src,
				.dst = dst,
				.seq = seq,
				.ack = ack,
				.flags = (uint8_t)flags,
				.payload = mdl_slice_str(text) };
	packet_tcp(&b, &t);
	assert_int_equal(feed(), MDL_OK);
}

enum { S = MDL_TCP_SYN, A = MDL_TCP_ACK, F = MDL_TCP_FIN, R = MDL_TCP_RST, P = MDL_TCP_PSH };

static void from_client(uint32_t seq, uint32_t ack, unsigned flags, const char *text)
{
	tcp(client, server, seq, ack, flags, text);
}

static void from_server(uint32_t seq, uint32_t ack, unsigned flags, const char *text)
{
	tcp(server, client, seq, ack, flags, text);
}

static void handshake(void)
{
	from_client(999, 0, S, "");
	from_server(4999, 1000, S | A, "");
	from_client(1000, 5000, A, "");
}

static void assert_ends(const char *c, const char *s)
{
	char text[MDL_INET_TEXT];
	assert_string_equal(mdl_inet_text(&last->client, text), c);
	assert_string_equal(mdl_inet_text(&last->server, text), s);
}

/* ---- datagrams ---- */

static void test_datagrams_of_two_flows(void **state)
{
	(void)state;
	conf.source = "x.pcap";
	udp("192.0.2.1:40000", "192.0.2.2:53", "ask");
	mdl_time first = now;
	udp("[::1]:40000", "[::2]:53", "other");
	udp("192.0.2.2:53", "192.0.2.1:40000", "answer");
	finish();
	assert_out("1>ask 2>other 1<answer 1. 2.");
	assert_ends("[::1]:40000", "[::2]:53");
	assert_string_equal(last->source, "x.pcap flow 2");
	assert_string_equal(last->proto, "raw");
	assert_int_equal(last->carrier, MDL_DGRAM);
	assert_true(last->start == first + MDL_MS);
	assert_int_equal(stats().flows, 2);
	assert_int_equal(stats().udp, 3);
	assert_int_equal(stats().messages, 3);
}

static void test_times_count_from_the_first_message(void **state)
{
	(void)state;
	udp("192.0.2.1:40000", "192.0.2.2:53", "ask");
	mdl_time first = now;
	udp("192.0.2.2:53", "192.0.2.1:40000", "answer");
	now -= 10 * MDL_MS; /* captures are not always in order */
	udp("192.0.2.2:53", "192.0.2.1:40000", "again");
	finish();
	assert_true(last->start == first);
	assert_int_equal(last->v[0]->at, 0);
	assert_int_equal(last->v[1]->at, MDL_MS);
	assert_int_equal(last->v[2]->at, MDL_MS);
}

static void test_who_is_the_client(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to;
		bool client; /* who sends */
	} cases[] = {
		{ "192.0.2.1:40000", "192.0.2.2:53", true },
		{ "192.0.2.2:53", "192.0.2.1:40000", false }, /* begins with an answer */
		{ "192.0.2.2:53", "192.0.2.1:5353", false },
		{ "192.0.2.2:7777", "192.0.2.1:53", false }, /* a protocol speaks there */
		{ "192.0.2.2:53", "192.0.2.1:7777", true },
		{ "192.0.2.2:8080", "192.0.2.1:50000", false },
		{ "192.0.2.2:123", "192.0.2.1:123", true },
		{ "192.0.2.2:50000", "192.0.2.1:40000", true },
		{ "192.0.2.2:40000", "192.0.2.1:50000", true },
	};
	for (size_t i = 0; i < MDL_COUNT(cases); i++) {
		udp(cases[i].from, cases[i].to, "x");
		finish();
		assert_ends(cases[i].client ? cases[i].from : cases[i].to,
			    cases[i].client ? cases[i].to : cases[i].from);
	}
}

static void test_datagrams_cut_by_the_capture(void **state)
{
	(void)state;
	packet_udp(&b, "192.0.2.1:40000", "192.0.2.2:53", MDL_LIT("hello"));
	mdl_buf_cut(&b, b.n - 2);
	assert_int_equal(feed(), MDL_OK);
	finish();
	assert_out("1>cut:hel 1.");
	assert_int_equal(last->v[0]->flags, MDL_MSG_CUT);
	assert_int_equal(stats().cut, 1);
}

static void test_the_protocol_of_datagrams(void **state)
{
	(void)state;
	udp("192.0.2.1:40000", "192.0.2.2:53", "what");
	udp("192.0.2.2:53", "192.0.2.1:40000", "A1a");
	finish();
	assert_string_equal(last->proto, "toy"); /* by the second datagram */
	udp("192.0.2.1:40000", "192.0.2.2:7777", "what");
	finish();
	assert_string_equal(last->proto, "toy"); /* by port */
	assemble_free(a);
	a = NULL;
	conf.proto = &mdl_raw;
	udp("192.0.2.1:40000", "192.0.2.2:7777", "Q1a");
	finish();
	assert_string_equal(last->proto, "raw"); /* as told */
	assemble_free(a);
	a = NULL;
	conf.proto = &mdl_ip;
	udp("192.0.2.1:40000", "192.0.2.2:7777", "Q1a");
	finish();
	assert_string_equal(last->proto, "raw"); /* as told, but that is not carried in datagrams */
}

static void test_joined_fragments(void **state)
{
	(void)state;
	struct mdl_buf whole;
	mdl_buf_init(&whole, 1 << 16);
	packet_udp(&whole, "192.0.2.1:40000", "192.0.2.2:53", MDL_LIT("hello fragmented world"));
	packet_fragment(&b, mdl_buf_slice(&whole), 7, 16, 100);
	assert_int_equal(feed(), MDL_OK);
	assert_out("");
	packet_fragment(&b, mdl_buf_slice(&whole), 7, 0, 16);
	assert_int_equal(feed(), MDL_OK);
	assert_out("1>hello fragmented world");
	packet_fragment(&b, mdl_buf_slice(&whole), 8, 0, 16);
	assert_int_equal(feed(), MDL_OK);
	finish();
	assert_int_equal(stats().fragments.incomplete, 1);
	assert_int_equal(stats().fragments.reassembled, 1);
	mdl_buf_fini(&whole);
}

static void test_quiet_flows_end(void **state)
{
	(void)state;
	conf.idle = 10 * MDL_SEC;
	udp("192.0.2.1:40000", "192.0.2.2:53", "a");
	now += 11 * MDL_SEC;
	udp("192.0.2.1:40001", "192.0.2.2:53", "b");
	assert_out("1>a 1. 2>b");
	udp("192.0.2.1:40000", "192.0.2.2:53", "c");
	finish();
	assert_out("1>a 1. 2>b 3>c 2. 3.");
}

static void test_other_packets_are_counted(void **state)
{
	(void)state;
	packet_ip(&b, "192.0.2.1:0", "192.0.2.2:0", MDL_IP_ICMP, MDL_LIT("\10\0\0\0\0\1\0\1"));
	assert_int_equal(feed(), MDL_OK);
	packet_ip(&b, "192.0.2.1:0", "192.0.2.2:0", MDL_IP_UDP, MDL_LIT("\10\0\0\0\0"));
	assert_int_equal(feed(), MDL_OK);
	assert_int_equal(mdl_buf_set(&b, MDL_LIT("what")), MDL_OK);
	assert_int_equal(feed(), MDL_OK);
	finish();
	assert_int_equal(stats().packets, 3);
	assert_int_equal(stats().other, 1);
	assert_int_equal(stats().malformed, 2);
	assert_int_equal(stats().flows, 0);
	mdl_buf_cut(&b, 0);
	struct assemble_stats s = stats();
	assert_int_equal(assemble_say(&s, &b), MDL_OK);
	assert_string_equal(
		mdl_buf_text(&b),
		"0 messages in 0 flows, 2 malformed packets, 1 packets neither UDP nor TCP");
}

/* ---- connections ---- */

static void test_a_connection(void **state)
{
	(void)state;
	handshake();
	from_client(1000, 5000, A | P, "Q1a");
	from_server(5000, 1003, A | P, "A2bc");
	from_client(1003, 5004, F | A, "");
	assert_out("1>Q1a 1<A2bc");
	from_server(5004, 1004, F | A, "");
	assert_out("1>Q1a 1<A2bc 1."); /* as soon as it has ended */
	from_client(1004, 5005, A, "");
	finish();
	assert_out("1>Q1a 1<A2bc 1.");
	assert_ends(client, server);
	assert_string_equal(last->proto, "toy");
	assert_int_equal(last->carrier, MDL_STREAM);
	assert_int_equal(stats().late, 0);
	assert_int_equal(stats().stream.lost, 0);
}

static void test_half_closed(void **state)
{
	(void)state;
	handshake();
	from_client(1000, 5000, A | P | F, "Q1aQ9x");
	assert_out("1>Q1a 1>Q9x"); /* what was begun is what there is */
	from_server(5000, 1007, A, "A1b");
	from_server(5003, 1007, A | F, "A1c");
	assert_out("1>Q1a 1>Q9x 1<A1b 1<A1c 1.");
}

static void test_ports_used_again(void **state)
{
	(void)state;
	handshake();
	from_client(1000, 5000, A | P, "Q1a");
	from_client(999, 0, S, ""); /* again the same: a double, no new connection */
	from_client(1003, 5000, F | A, "");
	from_server(5000, 1004, F | A, "");
	assert_out("1>Q1a 1.");
	from_client(1003, 5001, A, "late"); /* no new flow either */
	assert_int_equal(stats().late, 1);
	from_client(77000, 0, S, "");
	from_server(88000, 77001, S | A, "");
	from_client(77001, 88001, A | P, "Q1b");
	assert_out("1>Q1a 1. 2>Q1b");
	from_client(99000, 0, S, ""); /* without a word that the one before has ended */
	from_client(99001, 0, A | P, "Q1c");
	finish();
	assert_out("1>Q1a 1. 2>Q1b 2. 3>Q1c 3.");
	assert_int_equal(stats().flows, 3);
}

static void test_resets(void **state)
{
	(void)state;
	handshake();
	from_client(1000, 5000, A | P, "Q1aQ5x");
	from_server(900000000, 0, R, ""); /* somebody else's */
	assert_out("1>Q1a");
	assert_int_equal(stats().stream.strays, 1);
	from_server(5000, 1003, R | A, "");
	assert_out("1>Q1a 1>cut:Q5x 1.");
	from_client(1007, 5000, A | P, "Q1b"); /* under way when it was reset */
	finish();
	assert_out("1>Q1a 1>cut:Q5x 1.");
	assert_int_equal(stats().late, 1);
}

static void test_late_packets_are_known_for_a_while(void **state)
{
	(void)state;
	handshake();
	from_client(1000, 5000, R, "");
	now += 61 * MDL_SEC;
	from_client(2000, 5000, A | P, "Q1a"); /* a minute later it is another connection */
	finish();
	assert_out("2>Q1a 2.");
	assert_int_equal(stats().quiet, 1);
}

static void test_refused(void **state)
{
	(void)state;
	from_client(999, 0, S, "");
	from_server(0, 1000, R | A, "");
	from_client(999, 0, S, "");
	from_server(0, 1000, R | A, "");
	finish();
	assert_out("");
	assert_int_equal(stats().flows, 2);
	assert_int_equal(stats().quiet, 2);
}

static void test_both_open_at_once(void **state)
{
	(void)state;
	client = "192.0.2.1:50000";
	server = "192.0.2.2:50001";
	from_client(999, 0, S, "");
	from_server(4999, 0, S, "");
	from_client(999, 5000, S | A, "");
	from_server(4999, 1000, S | A, "");
	from_client(1000, 5000, A, "Q1a");
	from_server(5000, 1003, A, "A1b");
	finish();
	assert_out("1>Q1a 1<A1b 1.");
	assert_int_equal(stats().flows, 1);
	client = "192.0.2.1:40000";
	server = "192.0.2.2:80";
}

static void test_a_closed_window(void **state)
{
	(void)state;
	struct packet_tcp full = {
		.src = server, .dst = client, .seq = 5000, .ack = 1003, .flags = A, .closed = true
	};
	handshake();
	from_client(1000, 5000, A, "Q1a");
	packet_tcp(&b, &full);
	assert_int_equal(feed(), MDL_OK);
	for (unsigned i = 0; i < 5; i++) {
		from_client(1003, 5000, A, "Q"); /* a probe with the next byte, refused */
		assert_int_equal(feed(), MDL_OK);
		from_client(1002, 5000, A, ""); /* and one without any */
		packet_tcp(&b, &full);
		assert_int_equal(feed(), MDL_OK);
	}
	from_server(5000, 1003, A, ""); /* open again */
	from_client(1003, 5000, A, "Q1b");
	finish();
	assert_out("1>Q1a 1>Q1b 1.");
	assert_int_equal(stats().stream.lost + stats().raw + stats().cut, 0);
}

static void test_data_in_the_syn(void **state)
{
	(void)state;
	from_client(999, 0, S, "Q1a");
	from_server(4999, 1003, S | A, "A1b");
	from_client(1003, 5003, A, "Q1c");
	finish();
	assert_out("1>Q1a 1<A1b 1>Q1c 1.");
}

static void test_disorder_doubles_and_overlaps(void **state)
{
	(void)state;
	handshake();
	from_client(1003, 5000, A, "Q1b");
	from_client(1000, 5000, A, "Q1a");
	from_client(1000, 5000, A, "Q1aQ");
	from_client(1005, 5000, A, "xQ1c"); /* the first byte was there, and another */
	finish();
	assert_out("1>Q1a 1>Q1b 1>Q1c 1.");
	assert_int_equal(stats().stream.out_of_order, 1);
	assert_int_equal(stats().stream.retransmits, 1);
	assert_int_equal(stats().stream.overlaps, 1);
	assert_int_equal(stats().stream.differ, 1);
}

static void test_loss(void **state)
{
	(void)state;
	handshake();
	from_client(1000, 5000, A, "Q1aQ5xy"); /* three bytes of the second are missing */
	from_client(1010, 5000, A, "Q1b");
	from_server(5000, 1013, A, "A1c");
	from_client(1013, 5003, A, "Q1d");
	from_server(5003, 1016, A, "A1e");
	finish();
	assert_out("1>Q1a 1<A1c 1>cut:Q5xy 1>Q1b 1>Q1d 1<A1e 1.");
	assert_int_equal(stats().stream.gaps, 1);
	assert_int_equal(stats().stream.lost, 3);
	assert_int_equal(stats().cut, 1);
}

static void test_a_lost_request(void **state)
{
	(void)state;
	handshake();
	from_server(5000, 1003, A, "A1a"); /* to what the capture has not */
	from_client(1003, 5003, A, "");
	from_server(5003, 1003, A, "");
	from_client(1003, 5003, A, "Q1b");
	from_server(5003, 1006, A, "A1b");
	finish();
	assert_out("1<A1a 1>Q1b 1<A1b 1.");
	assert_int_equal(stats().stream.lost, 3);
}

static void test_what_cannot_be_framed(void **state)
{
	(void)state;
	conf.proto = &toy_stream;
	handshake();
	from_client(1000, 5000, A | P, "Q1a");
	from_client(1003, 5000, A | P, "what is this");
	from_server(5000, 1015, A | P, "A1b");
	finish();
	assert_out("1>Q1a 1>raw:what is this 1<A1b 1.");
	assert_int_equal(stats().raw, 1);
	assert_int_equal(last->v[1]->flags, MDL_MSG_RAW);
}

static void test_unknown_protocols_are_raw(void **state)
{
	(void)state;
	handshake();
	from_client(1000, 5000, A | P, "hello ");
	from_client(1006, 5000, A | P, "there");
	assert_out(""); /* it may still show */
	from_server(5000, 1011, A | P, "hi");
	finish();
	assert_out("1>hello  1>there 1<hi 1.");
	assert_string_equal(last->proto, "raw");
	assert_int_equal(last->v[0]->flags, 0);
	assert_int_equal(stats().raw, 0);
}

static void test_the_answer_shows_the_protocol(void **state)
{
	(void)state;
	handshake();
	from_client(1000, 5000, A | P, "\n");
	from_server(5000, 1001, A | P, "A1a");
	assert_out("1>raw:\n 1<A1a");
	finish();
	assert_string_equal(last->proto, "toy");
}

static void test_a_side_that_ended_waits_for_the_protocol_too(void **state)
{
	(void)state;
	handshake();
	from_client(1000, 5000, A | P | F, "Q"); /* too little to say what it is */
	assert_out("");
	from_server(5000, 1002, A | P, "A1a");
	from_server(5003, 1002, A | F, "");
	assert_out("1<A1a 1>Q 1.");
	assert_string_equal(last->proto, "toy");
}

static void test_raw_turns(void **state)
{
	(void)state;
	conf.proto = &mdl_raw;
	handshake();
	from_client(1000, 5000, A, "ques");
	from_client(1004, 5000, A, "tion");
	from_server(5000, 1008, A, "ans");
	from_server(5003, 1008, A | P, "wer");
	from_client(1008, 5006, A, "more");
	finish();
	assert_out("1>question 1<answer 1>more 1.");
}

static mdl_err all_of_it(struct mdl_ctx *x, struct mdl_slice in, size_t *n)
{
	(void)x;
	*n = in.n;
	return MDL_OK;
}

static void test_what_is_possible_both_ways_is_the_clients(void **state)
{
	(void)state;
	static struct mdl_protocol either;
	either = toy_stream_blind;
	either.frame = all_of_it;
	conf.proto = &either;
	tcp("192.0.2.2:50000", "192.0.2.1:40000", 1000, 5000, A | P, "hello");
	finish();
	assert_out("1>hello 1.");
	assemble_free(a); /* before its protocol goes */
	a = NULL;
}

static void test_enough_was_seen(void **state)
{
	(void)state;
	char text[101] = "";
	memset(text, 'z', 100);
	handshake();
	from_client(1000, 5000, A | P, text);
	assert_out("");
	from_server(5000, 1100, A | P, text);
	assert_int_equal(out.n, 2 + 100 + 1 + 2 + 100);
	finish();
}

static void test_without_the_other_side(void **state)
{
	(void)state;
	char text[1001] = "";
	memset(text, 'z', 1000);
	for (uint32_t i = 0; i < 4; i++)
		from_client(1000 + i * 1000, 5000, A | P, text);
	assert_out("");
	from_client(5000, 5000, A | P, text);
	assert_int_not_equal(out.n, 0); /* more is not kept for a guess */
	finish();
	assert_int_equal(stats().messages, 5);
}

static void test_a_capture_that_begins_inside(void **state)
{
	(void)state;
	conf.proto = &toy_stream;
	from_client(1000, 5000, A | P, "xyz");
	from_client(1003, 5000, A | P, "Q1a");
	from_server(5000, 1006, A | P, "A1b");
	finish();
	assert_out("1>cut:raw:xyz 1>Q1a 1<A1b 1.");
	assert_ends(client, server);
}

static void test_a_capture_that_begins_with_an_answer(void **state)
{
	(void)state;
	/* ports say nothing here, but an answer is possible one way only */
	tcp("192.0.2.2:50000", "192.0.2.1:40000", 1000, 5000, A | P, "A1a");
	tcp("192.0.2.1:40000", "192.0.2.2:50000", 5000, 1003, A | P, "Q1b");
	finish();
	assert_out("1<A1a 1>Q1b 1.");
	assert_ends("192.0.2.1:40000", "192.0.2.2:50000");
}

static void test_the_answer_to_a_syn_that_was_missed(void **state)
{
	(void)state;
	tcp("192.0.2.2:50000", "192.0.2.1:40000", 4999, 1000, S | A, "");
	tcp("192.0.2.1:40000", "192.0.2.2:50000", 1003, 5000, A | P, "Q1b");
	tcp("192.0.2.1:40000", "192.0.2.2:50000", 1000, 5000, A | P, "Q1a");
	finish();
	assert_out("1>Q1a 1>Q1b 1.");
	assert_ends("192.0.2.1:40000", "192.0.2.2:50000");
}

static void test_settings_that_are_refused(void **state)
{
	(void)state;
	static const struct mdl_strings settings = { .v = { "toy.colour=blue" }, .n = 1 };
	conf.settings = &settings;
	conf.proto = &toy_stream;
	handshake();
	struct packet_tcp t = {
		.src = client, .dst = server, .seq = 1000, .flags = A, .payload = MDL_LIT("Q1a")
	};
	packet_tcp(&b, &t);
	assert_int_equal(feed(), MDL_EINVAL);
}

/* ---- limits ---- */

static void test_flows_that_were_quiet_longest_end_first(void **state)
{
	(void)state;
	conf.max_flows = 2;
	udp("192.0.2.1:40000", "192.0.2.2:53", "a");
	udp("192.0.2.1:40001", "192.0.2.2:53", "b");
	udp("192.0.2.1:40000", "192.0.2.2:53", "c");
	udp("192.0.2.1:40002", "192.0.2.2:53", "d");
	assert_out("1>a 2>b 1>c 3>d 2.");
	assert_int_equal(stats().evicted, 1);
	finish();
	assert_out("1>a 2>b 1>c 3>d 2. 1. 3.");
}

static void test_ended_connections_make_room_first(void **state)
{
	(void)state;
	conf.max_flows = 2;
	udp("192.0.2.1:40000", "192.0.2.2:53", "a");
	from_client(999, 0, S, "");
	from_server(0, 1000, R | A, "");
	udp("192.0.2.1:40001", "192.0.2.2:53", "b");
	assert_out("1>a 3>b");
	assert_int_equal(stats().evicted, 0);
}

static void test_memory_is_bounded(void **state)
{
	(void)state;
	static uint8_t big[1400];
	struct mdl_rng r = mdl_rng(3);
	struct packet_tcp t = { .dst = server, .flags = A, .payload = mdl_slice(big, sizeof(big)) };
	char src[32];
	conf.on_message = NULL;
	conf.max_bytes = 1 << 20;
	t.src = src;
	for (unsigned i = 0; i < 20000; i++) { /* with holes, so that much has to be held */
		snprintf(src, sizeof(src), "192.0.2.1:%u", 40000 + (unsigned)mdl_rng_below(&r, 50));
		t.seq = (uint32_t)mdl_rng_below(&r, 1 << 20);
		packet_tcp(&b, &t);
		assert_int_equal(feed(), MDL_OK);
		assert_true(assemble_held(a) <= 1 << 20);
	}
	assert_true(stats().evicted > 0);
	finish();
	assert_int_equal(assemble_held(a), 0);
}

static void test_a_long_capture_needs_no_more_memory(void **state)
{
	(void)state;
	conf.on_message = NULL;
	conf.on_trace = NULL;
	udp("192.0.2.1:40000", "192.0.2.2:53", "a");
	size_t held = assemble_held(a);
	for (unsigned i = 0; i < 10000; i++)
		udp("192.0.2.1:40000", "192.0.2.2:53", "a");
	assert_int_equal(assemble_held(a), held);
	assert_int_equal(stats().messages, 10001);
}

static mdl_err ask_for_ctx(void *ctx, struct assemble_flow *f, const struct assemble_msg *m)
{
	(void)ctx;
	(void)m;
	struct mdl_ctx *x = assemble_ctx(f);
	assert_non_null(x);
	assert_ptr_equal(x->proto, f->proto);
	assert_int_equal(x->carrier, f->carrier);
	assert_ptr_equal(assemble_ctx(f), x);
	return MDL_OK;
}

static void test_a_context_for_those_who_ask(void **state)
{
	(void)state;
	conf.on_message = ask_for_ctx;
	udp("192.0.2.1:40000", "192.0.2.2:53", "what");
	udp("192.0.2.1:40000", "192.0.2.2:53", "Q1a");
	handshake();
	from_client(1000, 5000, A, "Q1a");
	assert_int_equal(stats().messages, 3);
}

static void test_a_callback_can_stop_it(void **state)
{
	(void)state;
	callback_says = MDL_EINTERRUPTED;
	packet_udp(&b, "192.0.2.1:40000", "192.0.2.2:53", MDL_LIT("x"));
	assert_int_equal(feed(), MDL_EINTERRUPTED);
}

/* ---- there and back again ---- */

static mdl_err feed_synth(void *ctx, const struct synth_packet *p)
{
	return assemble_packet(ctx, p->at, p->ip);
}

static struct mdl_trace *random_trace(struct mdl_rng *r, bool stream)
{
	static uint8_t text[11];
	struct mdl_trace *t = mdl_trace_new();
	assert_non_null(t);
	bool v6 = mdl_rng_chance(r, 1, 2);
	assert_int_equal(mdl_inet_parse(v6 ? "[::1]:40000" : "127.0.0.1:40000", &t->client),
			 MDL_OK);
	assert_int_equal(mdl_inet_parse(v6 ? "[::1]:7777" : "127.0.0.1:7777", &t->server), MDL_OK);
	memcpy(t->proto, "toy", 4);
	t->carrier = stream ? MDL_STREAM : MDL_DGRAM;
	t->start = MDL_SEC;
	size_t n = 1 + (size_t)mdl_rng_below(r, 30);
	for (size_t i = 0; i < n; i++) {
		enum mdl_dir dir = mdl_rng_chance(r, 1, 2) ? MDL_C2S : MDL_S2C;
		size_t len = (size_t)mdl_rng_below(r, 10);
		text[0] = dir == MDL_C2S ? 'Q' : 'A';
		text[1] = (uint8_t)('0' + len);
		mdl_rng_bytes(r, text + 2, len);
		assert_int_equal(
			mdl_trace_add(t, dir, (mdl_time)i * MDL_MS, mdl_slice(text, len + 2)),
			MDL_OK);
	}
	return t;
}

static void test_traces_survive_the_way_through_packets(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(17);
	conf.on_message = NULL;
	a = assemble_new(&conf);
	assert_non_null(a);
	for (unsigned i = 0; i < 300; i++) {
		struct mdl_trace *t = random_trace(&r, i % 2 == 0);
		assert_int_equal(synth_trace(t, feed_synth, a), MDL_OK);
		assert_int_equal(assemble_finish(a), MDL_OK);
		assert_non_null(last);
		assert_int_equal(mdl_trace_hash(last), mdl_trace_hash(t));
		assert_true(mdl_inet_eq(&last->client, &t->client));
		assert_true(mdl_inet_eq(&last->server, &t->server));
		assert_true(last->start == t->start);
		for (size_t k = 0; k < t->n; k++)
			assert_true(last->v[k]->at == t->v[k]->at);
		mdl_trace_free(t);
	}
	assert_int_equal(stats().stream.lost + stats().raw + stats().cut, 0);
}

/* ---- files ---- */

static char path[] = "/tmp/assemble_test.XXXXXX";

static void write_file(void)
{
	struct mdl_rng r = mdl_rng(23);
	struct capture_writer *w;
	struct mdl_why why;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(capture_create(path, NULL, &w, &why), MDL_OK);
	/* the first flow begins before all others and ends last */
	packet_udp(&b, "10.0.0.1:40000", "10.0.0.2:53", MDL_LIT("first"));
	struct capture_record record = { .at = MDL_SEC, .ip = mdl_buf_slice(&b) };
	assert_int_equal(capture_write(w, &record), MDL_OK);
	for (unsigned i = 0; i < 40; i++) {
		struct mdl_trace *t = random_trace(&r, true);
		t->client.port = (uint16_t)(40000 + i);
		assert_int_equal(capture_write_trace(w, t), MDL_OK);
		mdl_trace_free(t);
	}
	assert_int_equal(capture_finish(w, &why), MDL_OK);
}

static void test_a_file(void **state)
{
	(void)state;
	struct assemble_stats s;
	struct capture_stats c;
	struct trace_list l;
	struct mdl_why why;
	conf = (struct assemble_conf){ 0 };
	write_file();
	assert_int_equal(assemble_file(path, &conf, &l, &s, &c, &why), MDL_OK);
	assert_int_equal(l.n, 41);
	assert_int_equal(l.v[0]->server.port, 53);
	for (size_t i = 1; i < l.n; i++) {
		char source[MDL_SOURCE_TEXT];
		assert_int_equal(l.v[i]->client.port, 40000 + i - 1);
		snprintf(source, sizeof(source), "%s flow %zu", path, i + 1);
		assert_string_equal(l.v[i]->source, source);
	}
	assert_int_equal(s.packets, c.packets);
	trace_list_fini(&l);
	/* with its end cut off it gives what was there before */
	assert_int_equal(truncate(path, 3000), 0);
	assert_int_equal(assemble_file(path, &conf, &l, &s, &c, &why), MDL_OK);
	assert_true(l.n > 1 && l.n < 41);
	assert_true(c.truncated);
	trace_list_fini(&l);
	assert_int_equal(truncate(path, 3), 0);
	assert_int_equal(assemble_file(path, &conf, &l, NULL, NULL, &why), MDL_EMALFORMED);
	assert_int_equal(l.n, 0);
	unlink(path);
	assert_int_equal(assemble_file(path, &conf, &l, NULL, NULL, &why), MDL_EIO);
	memcpy(path, "/tmp/assemble_test.XXXXXX", sizeof(path));
}

static void test_a_file_that_breaks_in_the_middle(void **state)
{
	(void)state;
	struct trace_list l;
	struct mdl_why why;
	conf = (struct assemble_conf){ 0 };
	write_file();
	FILE *f = fopen(path, "r+");
	assert_non_null(f);
	fseek(f, 3000, SEEK_SET);
	for (unsigned i = 0; i < 200; i++)
		fputc(0xff, f);
	fclose(f);
	assert_int_equal(assemble_file(path, &conf, &l, NULL, NULL, &why), MDL_EMALFORMED);
	assert_true(l.n > 1);
	trace_list_fini(&l);
	unlink(path);
	memcpy(path, "/tmp/assemble_test.XXXXXX", sizeof(path));
}

static mdl_err drop(void *ctx, struct assemble_flow *f, struct mdl_trace *t)
{
	(void)ctx;
	(void)f;
	mdl_trace_free(t);
	return MDL_OK;
}

static void fail_somewhere(void)
{
	static const struct {
		uint32_t seq;
		unsigned flags;
		const char *text;
	} segments[] = { { 999, S, "" }, { 1003, A, "Q1b" }, { 1000, A, "Q1a" }, { 1006, F, "Q" } };
	static uint8_t packets[MDL_COUNT(segments)][64];
	static size_t n[MDL_COUNT(segments)];
	for (size_t i = 0; i < MDL_COUNT(segments) && n[i] == 0; i++) {
		struct packet_tcp t = { .src = client,
					.dst = server,
					.seq = segments[i].seq,
					.flags = (uint8_t)segments[i].flags,
					.payload = mdl_slice_str(segments[i].text) };
		packet_tcp(&b, &t);
		memcpy(packets[i], b.p, b.n);
		n[i] = b.n;
	}
	struct assemble_conf own = { .on_trace = drop };
	struct assemble *one = assemble_new(&own);
	mdl_err err = one == NULL ? MDL_ENOMEM : MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < MDL_COUNT(segments); i++)
		err = assemble_packet(one, 1, mdl_slice(packets[i], n[i]));
	if (err == MDL_OK)
		err = assemble_finish(one);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	assemble_free(one);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	fail_somewhere(); /* the packets are made before anything may fail */
	ALLOC_FAIL_EACH(fail_somewhere());
}

static void read_file_somewhere(void)
{
	struct trace_list l;
	struct assemble_conf own = { 0 };
	mdl_err err = assemble_file(path, &own, &l, NULL, NULL, NULL);
	assert_true(err == MDL_OK || err == MDL_ENOMEM || err == MDL_EMALFORMED);
	trace_list_fini(&l);
}

static void test_allocation_failures_with_a_file(void **state)
{
	(void)state;
	write_file();
	assert_int_equal(truncate(path, 3000), 0);
	ALLOC_FAIL_EACH(read_file_somewhere());
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
		TEST(test_datagrams_of_two_flows),
		TEST(test_times_count_from_the_first_message),
		TEST(test_who_is_the_client),
		TEST(test_datagrams_cut_by_the_capture),
		TEST(test_the_protocol_of_datagrams),
		TEST(test_joined_fragments),
		TEST(test_quiet_flows_end),
		TEST(test_other_packets_are_counted),
		TEST(test_a_connection),
		TEST(test_half_closed),
		TEST(test_ports_used_again),
		TEST(test_resets),
		TEST(test_late_packets_are_known_for_a_while),
		TEST(test_refused),
		TEST(test_both_open_at_once),
		TEST(test_a_closed_window),
		TEST(test_data_in_the_syn),
		TEST(test_disorder_doubles_and_overlaps),
		TEST(test_loss),
		TEST(test_a_lost_request),
		TEST(test_what_cannot_be_framed),
		TEST(test_unknown_protocols_are_raw),
		TEST(test_the_answer_shows_the_protocol),
		TEST(test_a_side_that_ended_waits_for_the_protocol_too),
		TEST(test_raw_turns),
		TEST(test_what_is_possible_both_ways_is_the_clients),
		TEST(test_enough_was_seen),
		TEST(test_without_the_other_side),
		TEST(test_a_capture_that_begins_inside),
		TEST(test_a_capture_that_begins_with_an_answer),
		TEST(test_the_answer_to_a_syn_that_was_missed),
		TEST(test_settings_that_are_refused),
		TEST(test_flows_that_were_quiet_longest_end_first),
		TEST(test_ended_connections_make_room_first),
		TEST(test_memory_is_bounded),
		TEST(test_a_long_capture_needs_no_more_memory),
		TEST(test_a_context_for_those_who_ask),
		TEST(test_a_callback_can_stop_it),
		TEST(test_traces_survive_the_way_through_packets),
		TEST(test_a_file),
		TEST(test_a_file_that_breaks_in_the_middle),
		TEST(test_allocation_failures),
		TEST(test_allocation_failures_with_a_file),
#undef TEST
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
