/* meddle replay: a capture played to a live server, or to live clients, and what differs. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "protocols/registry.h"
#include "proxy/listen.h"
#include "replay/compare.h"
#include "replay/exchange.h"
#include "replay/load.h"
#include "replay/mock.h"
#include "replay/pace.h"
#include "replay/playback.h"
#include "replay/target.h"
#include "tools/meddle/command.h"

enum { SHOWN = 20, FIELDS_SHOWN = 12 };

struct options {
	const char *to_text, *listen_text, *speed, *protocol;
	bool json, verbose, quiet, open_loop;
	mdl_time patience, start_max;
	uint64_t window, clients, flow, at_once;
	struct mdl_strings settings, tolerate;
};

/* A replay under way. */
struct replay {
	const struct options *o;
	struct trace_list l;
	struct pace pace;
	struct loop *loop;
	struct target *target;
	struct mdl_addr to;
	struct compare *compare;
	struct playback_stats stats;
	uint64_t outcomes[PLAYER_STUCK + 1], shown;
	uint64_t cut_short; /* conversations with answers that ended before all was said */
	mdl_err err;
};

/* ---- what is printed while it runs ---- */

static void on_difference(void *ctx, size_t trace, uint32_t msg, const char *text)
{
	struct replay *r = ctx;
	const struct mdl_trace *t = r->l.v[trace];
	if (r->o->json) {
		json_t *j = json_pack("{s:s, s:s, s:I, s:I, s:s}", "type", "difference", "source",
				      t->source, "conversation", (json_int_t)trace + 1, "message",
				      (json_int_t)msg + 1, "text", text);
		char *line = j == NULL ? NULL : json_dumps(j, JSON_COMPACT);
		if (line != NULL)
			puts(line);
		free(line);
		json_decref(j);
		return;
	}
	if (r->o->quiet || (!r->o->verbose && r->shown++ >= SHOWN))
		return;
	printf("%s, message %u: %s\n", t->source[0] == 0 ? "conversation" : t->source,
	       msg == EXCHANGE_NONE ? 0 : msg + 1, text);
}

static void on_event(void *ctx, size_t trace, const struct player_event *ev, mdl_time now)
{
	struct replay *r = ctx;
	(void)now;
	if (r->err == MDL_OK)
		r->err = compare_event(r->compare, trace, ev);
}

static void on_done(void *ctx, size_t trace, enum player_outcome o, const char *reason)
{
	struct replay *r = ctx;
	r->outcomes[o]++;
	r->cut_short += o != PLAYER_DONE && mdl_trace_count(r->l.v[trace], MDL_S2C) > 0;
	if (o != PLAYER_DONE && r->o->verbose && !r->o->json)
		printf("%s: %s%s%s\n", r->l.v[trace]->source, player_outcome_text(o),
		       reason[0] == 0 ? "" : ", ", reason);
}

static bool stop(void *ctx)
{
	struct replay *r = ctx;
	return interrupted() || r->err != MDL_OK || (r->target != NULL && target_ended(r->target));
}

static bool address(void *ctx, enum mdl_carrier carrier, struct mdl_addr *out)
{
	struct replay *r = ctx;
	return target_address(r->target, carrier, out);
}

/* ---- the summary ---- */

static void say_latency(const char *what, const struct mdl_hist *h)
{
	if (h->n > 0)
		printf("  %-10s p50 %8.3f ms   p99 %8.3f ms   max %8.3f ms\n", what,
		       (double)mdl_hist_quantile(h, 0.5) / 1e6,
		       (double)mdl_hist_quantile(h, 0.99) / 1e6, (double)h->max / 1e6);
}

static void say_speed(const struct replay *r)
{
	const struct playback_stats *p = &r->stats;
	double s = (double)p->took / 1e9;
	char p50[MDL_TIME_TEXT], p99[MDL_TIME_TEXT], max[MDL_TIME_TEXT], drift[MDL_TIME_TEXT];
	printf("sent %" PRIu64 " messages, %" PRIu64 " bytes in %.3f s", p->sent, p->sent_bytes, s);
	if (s > 0)
		printf(": %.0f messages/s, %.2f Mbit/s", (double)(p->sent - 1) / s,
		       (double)p->sent_bytes * 8e-6 / s);
	printf("\n");
	if (r->pace.kind != PACE_TOP)
		printf("pacing error p50 %s, p99 %s, max %s; drift at the end %s\n",
		       mdl_time_text(p->late_p50, p50), mdl_time_text(p->late_p99, p99),
		       mdl_time_text(p->late_max, max), mdl_time_text(p->drift, drift));
}

static void say_fields(const struct replay *r)
{
	size_t n;
	const struct compare_field *f = compare_fields(r->compare, &n);
	if (n > 0)
		printf("fields that differ:\n");
	for (size_t i = 0; i < n && i < FIELDS_SHOWN; i++)
		printf("  %6" PRIu64 "  %s\n", f[i].n, f[i].path);
	if (n > FIELDS_SHOWN)
		printf("  and %zu others\n", n - FIELDS_SHOWN);
}

static void say_summary(const struct replay *r)
{
	const struct compare_stats *s = compare_stats(r->compare);
	if (!r->o->verbose && r->shown > SHOWN)
		printf("... and %" PRIu64 " more; -v shows all\n", r->shown - SHOWN);
	say_speed(r);
	printf("%" PRIu64 " conversations: %" PRIu64 " requests, %" PRIu64 " answers; %" PRIu64
	       " as recorded, %" PRIu64 " differ, %" PRIu64 " missing, %" PRIu64 " extra\n",
	       r->stats.flows, s->requests, s->answers, s->same, s->differ, s->missing, s->extra);
	if (r->stats.left_out > 0)
		printf("%" PRIu64
		       " conversations left out: the target does not listen for their carrier\n",
		       r->stats.left_out);
	for (int o = PLAYER_CLOSED; o <= PLAYER_RESET; o++)
		if (r->outcomes[o] > 0)
			printf("%" PRIu64 " conversations were %s\n", r->outcomes[o],
			       player_outcome_text((enum player_outcome)o));
	say_fields(r);
	printf("latency:\n");
	say_latency("recorded", &s->recorded);
	say_latency("live", &s->live);
}

static json_t *hist_json(const struct mdl_hist *h)
{
	return json_pack("{s:f, s:f, s:f}", "p50_ms", (double)mdl_hist_quantile(h, 0.5) / 1e6,
			 "p99_ms", (double)mdl_hist_quantile(h, 0.99) / 1e6, "max_ms",
			 (double)h->max / 1e6);
}

static void summary_json(const struct replay *r)
{
	const struct compare_stats *s = compare_stats(r->compare);
	const struct playback_stats *p = &r->stats;
	size_t n;
	const struct compare_field *f = compare_fields(r->compare, &n);
	json_t *fields = json_object();
	for (size_t i = 0; i < n; i++)
		json_object_set_new(fields, f[i].path, json_integer((json_int_t)f[i].n));
	json_t *j = json_pack(
		"{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:o, s:o, "
		"s:o}",
		"type", "summary", "conversations", (json_int_t)p->flows, "left_out",
		(json_int_t)p->left_out, "requests", (json_int_t)s->requests, "answers",
		(json_int_t)s->answers, "same", (json_int_t)s->same, "differ",
		(json_int_t)s->differ, "missing", (json_int_t)s->missing, "extra",
		(json_int_t)s->extra, "reset", (json_int_t)r->outcomes[PLAYER_RESET], "seconds",
		(double)p->took / 1e9, "late_p50_ns", (json_int_t)p->late_p50, "late_p99_ns",
		(json_int_t)p->late_p99, "drift_ns", (json_int_t)p->drift, "fields", fields,
		"recorded", hist_json(&s->recorded), "live", hist_json(&s->live));
	char *line = j == NULL ? NULL : json_dumps(j, JSON_COMPACT);
	if (line != NULL)
		puts(line);
	free(line);
	json_decref(j);
}

/* ---- client against a server ---- */

static mdl_err open_target(struct replay *r, char *const *argv, struct mdl_why *why)
{
	const struct mdl_protocol *p = load_majority(&r->l);
	mdl_err err = MDL_OK;
	if (r->o->to_text != NULL)
		err = mdl_addr_parse(r->o->to_text, &r->to, why);
	struct target_conf tc = { .loop = r->loop,
				  .proto = p,
				  .settings = &r->o->settings,
				  .argv = argv,
				  .to = r->o->to_text == NULL ? NULL : &r->to,
				  .start_max = r->o->start_max };
	if (err == MDL_OK)
		err = target_new(&tc, &r->target, why);
	return err == MDL_OK ? target_start(r->target, why) : err;
}

static mdl_err prepare_traces(struct replay *r, struct mdl_why *why)
{
	mdl_err err = pace_apply(&r->pace, r->l.v, r->l.n, MDL_C2S);
	if (err == MDL_OK && r->pace.kind == PACE_TOP)
		err = pace_join(r->l.v, &r->l.n, (size_t)r->o->clients);
	return err == MDL_OK ? MDL_OK : mdl_fail(why, err, "out of memory");
}

static mdl_err play(struct replay *r, char *const *argv, struct mdl_why *why)
{
	struct compare_conf cc = { .settings = &r->o->settings,
				   .tolerate = &r->o->tolerate,
				   .on_difference = on_difference,
				   .ctx = r };
	mdl_err err = prepare_traces(r, why);
	cc.traces = r->l.v;
	cc.n = r->l.n;
	if (err == MDL_OK)
		err = compare_new(&cc, &r->compare, why);
	if (err == MDL_OK)
		err = loop_new(&r->loop, why);
	if (err == MDL_OK)
		err = interruptible_loop(r->loop, why);
	if (err == MDL_OK)
		err = open_target(r, argv, why);
	struct playback_conf pc = { .loop = r->loop,
				    .traces = r->l.v,
				    .n = r->l.n,
				    .address = address,
				    .settings = &r->o->settings,
				    .paced = r->pace.kind != PACE_TOP,
				    .wait = r->o->open_loop ? PLAYER_CLOCK : PLAYER_ANSWERS,
				    .patience = r->o->patience,
				    .window = (unsigned)r->o->window,
				    .at_once = (unsigned)r->o->at_once,
				    .on_event = on_event,
				    .on_done = on_done,
				    .stop = stop,
				    .ctx = r };
	if (err == MDL_OK && r->pace.kind == PACE_TOP)
		pc.wait = PLAYER_CLOCK;
	if (err == MDL_OK)
		err = playback_run(&pc, &r->stats, why);
	if (err == MDL_OK && r->err != MDL_OK)
		err = mdl_fail(why, r->err, "%s", mdl_err_text(r->err));
	if (err == MDL_OK && r->stats.flows == 0 && r->stats.left_out > 0)
		err = mdl_fail(
			why, MDL_ENOTFOUND,
			"none of the %" PRIu64
			" conversations could be played: the target takes %s, and they are %s",
			r->stats.left_out,
			r->l.v[0]->carrier == MDL_STREAM ? "datagrams" : "streams",
			r->l.v[0]->carrier == MDL_STREAM ? "streams" : "datagrams");
	if (err == MDL_OK)
		compare_end(r->compare);
	return err;
}

/* Did the target that we started end meanwhile? */
static bool target_died(const struct replay *r)
{
	int code = 0;
	enum target_end end = target_state(r->target, &code);
	if (end == TARGET_RUNS)
		return false;
	fprintf(stderr, "meddle: the target ended %s %d while it was played to%s\n",
		end == TARGET_SIGNALLED ? "by signal" : "with code", code,
		end == TARGET_EXITED && code == 0 ? "; did it go into the background?" : "");
	struct mdl_slice out = target_output(r->target);
	if (out.n > 0)
		fwrite(out.p, 1, out.n, stderr);
	return true;
}

static int replay_to_server(struct replay *r, char *const *argv)
{
	struct mdl_why why = { "" };
	mdl_err err = play(r, argv, &why);
	int code = EXIT_TROUBLE;
	if (err != MDL_OK)
		trouble(&why);
	else {
		const struct compare_stats *s = compare_stats(r->compare);
		if (r->o->json)
			summary_json(r);
		else
			say_summary(r);
		bool died = target_died(r);
		code = died || s->differ + s->missing + s->extra + r->cut_short > 0 ? EXIT_FOUND
										    : EXIT_FINE;
	}
	compare_free(r->compare);
	target_free(r->target);
	loop_free(r->loop);
	return code;
}

/* ---- server for clients ---- */

struct serving;

/* A client that is there now. */
struct guest {
	struct serving *s;
	struct flow *flow;
	struct guest *prev, *next;
};

/* The server's side, and how often it was asked. */
struct serving {
	struct replay *r;
	struct guest **guests; /* of all carriers */
	struct mock *mock;
	enum mdl_carrier carrier;
	const struct mdl_protocol *proto;
	uint64_t clients, requests, known, answers;
};

static void on_request(void *ctx, struct mdl_slice request, size_t answers, mdl_time now)
{
	struct serving *s = ctx;
	(void)request;
	(void)now;
	s->requests++;
	s->known += answers > 0;
	s->answers += answers;
}

static void on_guest(void *ctx, struct flow *f, enum flow_event ev, enum mdl_dir dir, mdl_time now)
{
	struct guest *g = ctx;
	(void)f;
	(void)dir;
	(void)now;
	if (ev != FLOW_CLOSED)
		return;
	DL_DELETE(*g->s->guests, g);
	free(g);
}

static void on_client(void *ctx, struct end *e, const struct mdl_inet *peer, mdl_time now)
{
	struct serving *s = ctx;
	struct guest *g = calloc(1, sizeof(*g));
	struct flow_conf fc = { .proto = s->proto,
				.carrier = s->carrier,
				.whole_messages = true,
				.settings = &s->r->o->settings,
				.id = ++s->clients,
				.host = loop_host(s->r->loop),
				.on_event = on_guest,
				.ctx = g };
	struct end *server = mock_end(s->mock, s->carrier);
	(void)peer;
	if (g != NULL && server != NULL &&
	    flow_new(&fc, e, server, NULL, 0, now, &g->flow, NULL) == MDL_OK) {
		g->s = s;
		DL_APPEND(*s->guests, g);
		return;
	}
	free(g);
	end_discard(server, now);
	end_discard(e, now);
}

static void see_guests_off(struct serving *s)
{
	struct guest *g, *next;
	DL_FOREACH_SAFE (*s->guests, g, next)
		flow_close(g->flow, true, NULL, loop_now(s->r->loop));
	while (*s->guests != NULL)
		loop_once(s->r->loop, true);
}

static mdl_err serve_until_stopped(struct serving *s, const struct mdl_addr *on,
				   struct mdl_why *why)
{
	struct listener *listeners[2] = { NULL, NULL };
	struct mdl_addr both[2] = { *on, *on };
	struct serving carriers[2] = { *s, *s };
	mdl_err err = MDL_OK;
	both[0].scheme = on->scheme == MDL_ANY ? MDL_UDP : on->scheme;
	both[1].scheme = MDL_TCP;
	for (size_t i = 0; err == MDL_OK && i < (on->scheme == MDL_ANY ? 2 : 1); i++) {
		carriers[i].carrier = both[i].scheme == MDL_UDP ? MDL_DGRAM : MDL_STREAM;
		struct listen_conf lc = { .on = both[i], .on_end = on_client, .ctx = &carriers[i] };
		err = listen_open(s->r->loop, &lc, &listeners[i], why);
		if (err != MDL_OK)
			continue;
		char text[MDL_INET_TEXT];
		struct mdl_inet local = listen_local(listeners[i]);
		printf("answering on %s %s\n", mdl_scheme_text(both[i].scheme),
		       mdl_inet_text(&local, text));
		both[1].port = local.port;
	}
	print_now();
	while (err == MDL_OK && !interrupted())
		loop_once(s->r->loop, true);
	see_guests_off(s);
	for (size_t i = 0; i < 2; i++) {
		s->clients += carriers[i].clients;
		if (listeners[i] != NULL)
			listen_close(listeners[i]);
	}
	return err;
}

static void say_served(const struct serving *s)
{
	printf("%" PRIu64 " clients, %" PRIu64 " requests, %" PRIu64
	       " of them as recorded, %" PRIu64 " answers\n",
	       s->clients, s->requests, s->known, s->answers);
}

static int replay_to_clients(struct replay *r)
{
	struct mdl_why why = { "" };
	struct mdl_addr on;
	struct guest *guests = NULL;
	struct serving s = { .r = r, .guests = &guests, .proto = load_majority(&r->l) };
	struct mock_conf mc = { .proto = s.proto,
				.settings = &r->o->settings,
				.traces = r->l.v,
				.n = r->l.n,
				.paced = r->pace.kind == PACE_ORIGINAL,
				.factor = r->pace.factor,
				.on_request = on_request,
				.ctx = &s };
	mdl_err err = mdl_addr_parse(r->o->listen_text, &on, &why);
	if (err == MDL_OK)
		err = mock_new(&mc, &s.mock, &why);
	if (err == MDL_OK)
		err = loop_new(&r->loop, &why);
	if (err == MDL_OK)
		err = interruptible_loop(r->loop, &why);
	if (err == MDL_OK) {
		printf("%zu recorded requests are known\n", mock_requests(s.mock));
		err = serve_until_stopped(&s, &on, &why);
	}
	if (err == MDL_OK)
		say_served(&s);
	mock_free(s.mock);
	loop_free(r->loop);
	return err == MDL_OK ? EXIT_FINE : trouble(&why);
}

/* ---- from the command line ---- */

static void on_note(void *ctx, const char *line)
{
	(void)ctx;
	fprintf(stderr, "%s\n", line);
}

static mdl_err load(struct replay *r, const struct mdl_args *args, struct mdl_why *why)
{
	struct load_stats stats;
	struct load_conf lc = { .settings = &r->o->settings, .on_note = on_note };
	if (r->o->protocol != NULL && (lc.proto = mdl_protocol_find(r->o->protocol)) == NULL)
		return mdl_fail(why, MDL_EINVAL,
				"--protocol: \"%.40s\" is not known; see meddle list "
				"protocols",
				r->o->protocol);
	mdl_err err = pace_parse(r->o->speed, &r->pace, why);
	if (err == MDL_OK)
		err = load_paths(&args->words, &lc, &r->l, &stats, why);
	if (err == MDL_OK && r->o->flow > 0) {
		if (r->o->flow > r->l.n)
			return mdl_fail(why, MDL_EINVAL, "--flow: there are only %zu conversations",
					r->l.n);
		struct mdl_trace *one = r->l.v[r->o->flow - 1];
		r->l.v[r->o->flow - 1] = r->l.v[0];
		r->l.v[0] = one;
		for (size_t i = 1; i < r->l.n; i++)
			mdl_trace_free(r->l.v[i]);
		r->l.n = 1;
	}
	return err;
}

static int run(void *options, const struct mdl_args *args)
{
	struct replay r = { .o = options };
	struct mdl_why why = { "" };
	int code = EXIT_TROUBLE;
	bool server = r.o->to_text != NULL || args->after != NULL;
	if (args->words.n == 0)
		return trouble_text("replay: give a capture or a trace; see meddle replay --help");
	if (server == (r.o->listen_text != NULL))
		return trouble_text(
			"replay: give either a server (--to, or a command behind --) or "
			"--listen for clients");
	interruptible();
	if (load(&r, args, &why) != MDL_OK)
		trouble(&why);
	else
		code = server ? replay_to_server(&r, args->after) : replay_to_clients(&r);
	trace_list_fini(&r.l);
	return code;
}

#define AT(m) offsetof(struct options, m)
static const struct mdl_opt rows[] = {
	{ "to", 0, MDL_OPT_TEXT, AT(to_text), "URI",
	  "the server: udp://HOST:PORT, tcp://..., HOST:PORT for both" },
	{ "listen", 'l', MDL_OPT_TEXT, AT(listen_text), "URI",
	  "be the server that was recorded, for live clients" },
	{ "speed", 's', MDL_OPT_TEXT, AT(speed), "SPEED", "original, x10, 500/s, top", "original" },
	{ "tolerate", 't', MDL_OPT_LIST, AT(tolerate), "FIELD",
	  "put differences of this field aside, as dns.answer.ttl" },
	{ "patience", 0, MDL_OPT_TIME, AT(patience), "TIME", "how long to wait for an answer",
	  "2s" },
	{ "open-loop", 0, MDL_OPT_FLAG, AT(open_loop), NULL,
	  "do not wait for answers before going on" },
	{ "window", 0, MDL_OPT_UINT, AT(window), "N",
	  "at top speed: requests that may be open in one flow; 0: any number", "100" },
	{ "clients", 0, MDL_OPT_UINT, AT(clients), "N",
	  "at top speed: sockets that datagrams are dealt to", "1", 1, 1000 },
	{ "at-once", 0, MDL_OPT_UINT, AT(at_once), "N", "conversations at the same time", "512", 1,
	  20000 },
	{ "flow", 'f', MDL_OPT_UINT, AT(flow), "N", "only this conversation" },
	{ "protocol", 'p', MDL_OPT_TEXT, AT(protocol), "NAME", "what is spoken (found out)" },
	{ "set", 0, MDL_OPT_LIST, AT(settings), "P.O=V", "option O of protocol P" },
	{ "start", 0, MDL_OPT_TIME, AT(start_max), "TIME",
	  "how long a started server may take to listen", "10s" },
	{ "verbose", 'v', MDL_OPT_FLAG, AT(verbose), NULL, "every difference" },
	{ "quiet", 'q', MDL_OPT_FLAG, AT(quiet), NULL, "the summary only" },
	{ "json", 'j', MDL_OPT_FLAG, AT(json), NULL, "differences and summary as JSON lines" },
};

const struct command command_replay = {
	.name = "replay",
	.summary = "play a capture to a live server, or to live clients",
	.usage = "FILE... (--to URI | --listen URI | -- COMMAND ARGS...) [options]",
	.about = "Plays the client's side of captures to a server and compares its answers with "
		 "the recorded\n"
		 "ones, field by field; values that the live peer chose are put into later "
		 "messages. Or plays\n"
		 "the server's side to live clients (--listen), answering each request as it was "
		 "answered\n"
		 "then. Exit code: 0 all as recorded, 1 differences, 2 trouble.",
	.examples = "  meddle replay query.pcap --to 127.0.0.1:5353\n"
		    "  meddle replay query.pcap --to udp://127.0.0.1:5353 --speed 500/s -t "
		    "dns.answer.ttl\n"
		    "  meddle replay pcaps/dns --speed top --to udp://127.0.0.1:5353\n"
		    "  meddle replay query.pcap --listen 127.0.0.1:5300\n",
	.opts = { rows, MDL_COUNT(rows) },
	.size = sizeof(struct options),
	.run = run,
};
