/* meddle show: a capture as a conversation, or as JSON lines. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/tracefmt.h"
#include "protocols/pair.h"
#include "protocols/registry.h"
#include "protocols/show.h"
#include "replay/assemble.h"
#include "replay/files.h"
#include "replay/load.h"
#include "tools/meddle/command.h"
#include "tools/meddle/fields_json.h"
#include "tools/meddle/summary.h"

enum { REQUESTS_OPEN = 65536, LINE_MAX_BYTES = 1 << 20 };

struct options {
	bool json, tree, quiet, summary;
	const char *protocol;
	uint64_t flow;
	struct mdl_strings settings;
};

/* What showing needs from message to message. */
struct show {
	const struct options *o;
	struct mdl_fields f;
	struct mdl_buf line;
	struct mdl_pairs *open;	 /* requests without an answer, of all flows */
	struct summary *summary; /* NULL: none is wanted */
	mdl_time first;		 /* of the file: moments are shown since then */
	uint64_t messages, odd;
};

/* ---- latency ---- */

static mdl_time latency_of(struct show *s, const struct item *m)
{
	struct mdl_request req = { .token = m->flow, .at = m->at };
	m->x->dir = m->dir;
	req.key = mdl_pair_key(m->x, m->bytes) ^ (m->flow * 0x9e3779b97f4a7c15U);
	if (m->dir == MDL_C2S) {
		if (mdl_pairs_open(s->open, &req, NULL) != MDL_OK)
			return MDL_NEVER;
		return MDL_NEVER;
	}
	mdl_time at = m->at;
	return mdl_pairs_claim(s->open, req.key, &req) && req.token == m->flow ? at - req.at
									       : MDL_NEVER;
}

/* ---- text ---- */

static void flow_header(const struct item *m)
{
	char client[MDL_INET_TEXT], server[MDL_INET_TEXT];
	printf("flow %" PRIu64 ": %s %s > %s, %s\n", m->flow, carrier_name(m->carrier),
	       mdl_inet_text(m->client, client), mdl_inet_text(m->server, server),
	       m->x->proto->name);
}

static mdl_err say_notes(const struct show *s, struct mdl_buf *out)
{
	mdl_err err = MDL_OK;
	for (unsigned i = 0; err == MDL_OK && i < s->f.n_notes; i++)
		err = mdl_buf_printf(out, "\n%24s! byte %u: %s", "", s->f.notes[i].off,
				     s->f.notes[i].text);
	return err;
}

static mdl_err say_flags(const struct item *m, struct mdl_buf *out)
{
	mdl_err err = MDL_OK;
	if ((m->flags & MDL_MSG_CUT) != 0)
		err = mdl_buf_printf(out, "  [cut]");
	if (err == MDL_OK && (m->flags & MDL_MSG_RAW) != 0)
		err = mdl_buf_printf(out, "  [not framed]");
	if (err == MDL_OK && m->err == MDL_EMALFORMED)
		err = mdl_buf_printf(out, "  [malformed]");
	if (err == MDL_OK && m->latency != MDL_NEVER)
		err = mdl_buf_printf(out, "  (%.3f ms)", (double)m->latency / 1e6);
	return err;
}

static mdl_err show_text(struct show *s, const struct item *m)
{
	mdl_buf_cut(&s->line, 0);
	if (m->number == 1)
		flow_header(m);
	mdl_err err = mdl_show_line(m->x, m->bytes, &s->f, &s->line);
	if (err == MDL_OK)
		err = say_flags(m, &s->line);
	if (err == MDL_OK && !s->o->tree) /* they stand behind the tree */
		err = say_notes(s, &s->line);
	if (err == MDL_OK && s->o->tree) {
		err = mdl_buf_put(&s->line, '\n');
		if (err == MDL_OK)
			err = mdl_show_tree(&s->f, m->bytes, 16, &s->line);
		if (err == MDL_OK)
			mdl_buf_cut(&s->line, s->line.n - 1);
	}
	if (err == MDL_OK || err == MDL_ELIMIT)
		printf("%4" PRIu64 ".%-3" PRIu64 " %11.6f %c %s\n", m->flow, m->number,
		       (double)(m->at - s->first) / 1e9, m->dir == MDL_C2S ? '>' : '<',
		       mdl_buf_text(&s->line));
	return err == MDL_ELIMIT ? MDL_OK : err;
}

/* ---- JSON ---- */

static json_t *notes_json(const struct mdl_fields *f)
{
	json_t *a = json_array();
	for (unsigned i = 0; i < f->n_notes; i++)
		json_array_append_new(a, json_pack("{s:i, s:s}", "byte", (int)f->notes[i].off,
						   "text", f->notes[i].text));
	return a;
}

static mdl_err show_json(struct show *s, const struct item *m)
{
	char client[MDL_INET_TEXT], server[MDL_INET_TEXT];
	mdl_buf_cut(&s->line, 0);
	mdl_err err = mdl_show_line(m->x, m->bytes, &s->f, &s->line);
	if (err == MDL_ENOMEM)
		return err;
	json_t *j = json_pack(
		"{s:I, s:I, s:f, s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:b, s:o, s:o, s:o}", "flow",
		(json_int_t)m->flow, "number", (json_int_t)m->number, "time",
		(double)(m->at - s->first) / 1e9, "dir", m->dir == MDL_C2S ? "c2s" : "s2c",
		"carrier", carrier_name(m->carrier), "client", mdl_inet_text(m->client, client),
		"server", mdl_inet_text(m->server, server), "protocol", m->x->proto->name, "length",
		(int)m->bytes.n, "malformed", m->err == MDL_EMALFORMED, "cut",
		(m->flags & MDL_MSG_CUT) != 0, "notes", notes_json(&s->f), "text",
		bytes_json(mdl_buf_slice(&s->line)), m->x->proto->name,
		fields_json(&s->f, m->bytes));
	if (j != NULL && m->latency != MDL_NEVER)
		json_object_set_new(j, "latency_ms", json_real((double)m->latency / 1e6));
	char *text = j == NULL ? NULL : json_dumps(j, JSON_COMPACT);
	if (text != NULL)
		puts(text);
	free(text);
	json_decref(j);
	return text == NULL ? MDL_ENOMEM : MDL_OK;
}

/* ---- messages ---- */

static mdl_err show_item(struct show *s, struct item *m)
{
	if (s->messages++ == 0)
		s->first = m->at;
	m->x->dir = m->dir;
	m->err = mdl_dissect(m->x, m->bytes, &s->f);
	if (m->err == MDL_ENOMEM)
		return m->err;
	s->odd += m->err != MDL_OK || s->f.n_notes > 0;
	if (s->o->quiet || (s->o->flow != 0 && s->o->flow != m->flow))
		return MDL_OK;
	if (s->summary != NULL)
		return summary_add(s->summary, m, &s->f);
	m->latency = latency_of(s, m);
	return s->o->json ? show_json(s, m) : show_text(s, m);
}

static mdl_err on_message(void *ctx, struct assemble_flow *f, const struct assemble_msg *a)
{
	struct item m = { .x = assemble_ctx(f),
			  .flow = f->number,
			  .number = a->number,
			  .carrier = f->carrier,
			  .client = &f->client,
			  .server = &f->server,
			  .dir = a->dir,
			  .flags = a->flags,
			  .at = a->at,
			  .bytes = a->bytes };
	if (interrupted())
		return MDL_EINTERRUPTED;
	return m.x == NULL ? MDL_ENOMEM : show_item(ctx, &m);
}

static mdl_err show_trace(struct show *s, const struct mdl_trace *t, uint64_t flow,
			  struct mdl_why *why)
{
	const struct mdl_protocol *p = mdl_protocol_find(t->proto);
	struct mdl_ctx *x;
	mdl_err err = mdl_ctx_new(p == NULL ? &mdl_raw : p, t->carrier, &s->o->settings, &x, why);
	if (err != MDL_OK)
		return err;
	for (size_t i = 0; err == MDL_OK && i < t->n; i++) {
		struct item m = { .x = x,
				  .flow = flow,
				  .number = i + 1,
				  .carrier = t->carrier,
				  .client = &t->client,
				  .server = &t->server,
				  .dir = t->v[i]->dir,
				  .flags = t->v[i]->flags,
				  .at = t->v[i]->at,
				  .bytes = mdl_buf_slice(&t->v[i]->bytes) };
		err = show_item(s, &m);
	}
	mdl_ctx_free(x);
	return err;
}

/* ---- files ---- */

/* What was in the file and what was not, for who reads along. */
static void say_counts(const struct capture *c, const struct assemble *a)
{
	struct mdl_buf line;
	struct assemble_stats as = assemble_stats(a);
	mdl_buf_init(&line, 8192);
	mdl_err err = capture_say(capture_stats(c), &line);
	if (err == MDL_OK)
		err = mdl_buf_printf(&line, "; ");
	if (err == MDL_OK)
		err = assemble_say(&as, &line);
	print_now(); /* both may go to one place */
	if (err == MDL_OK)
		fprintf(stderr, "%s\n", mdl_buf_text(&line));
	mdl_buf_fini(&line);
}

static mdl_err read_packets(struct capture *c, struct assemble *a, struct mdl_why *why)
{
	struct capture_packet p;
	mdl_err err;
	while ((err = capture_next(c, &p, why)) == MDL_OK)
		if ((err = assemble_packet(a, p.at, p.ip)) != MDL_OK)
			return mdl_fail(why, err, "packet %" PRIu64 ": %s", p.number,
					mdl_err_text(err));
	mdl_err end = assemble_finish(a);
	if (err == MDL_ECLOSED)
		err = end == MDL_OK ? MDL_OK : mdl_fail(why, end, "%s", mdl_err_text(end));
	return err;
}

static mdl_err show_capture(struct show *s, const char *path, const struct mdl_protocol *proto,
			    struct mdl_why *why)
{
	struct capture *c;
	struct assemble_conf ac = {
		.proto = proto, .settings = &s->o->settings, .on_message = on_message, .ctx = s
	};
	mdl_err err = capture_open(path, &c, why);
	if (err != MDL_OK)
		return err;
	struct assemble *a = assemble_new(&ac);
	err = a == NULL ? mdl_fail(why, MDL_ENOMEM, "out of memory") : read_packets(c, a, why);
	if (a != NULL && !s->o->json)
		say_counts(c, a);
	assemble_free(a);
	capture_close(c);
	return err == MDL_EINTERRUPTED ? MDL_OK : err;
}

static mdl_err show_traces(struct show *s, const char *path, struct mdl_why *why)
{
	struct trace_list l = { 0 };
	struct load_stats stats = { 0 };
	struct load_conf lc = { .settings = &s->o->settings };
	mdl_err err = load_path(path, &lc, &l, &stats, why);
	if (err == MDL_OK && stats.files == 0)
		err = mdl_fail(why, MDL_ENOTFOUND,
			       "%s: no captures (.pcap, .pcapng, .cap) and no traces (.trace) in "
			       "this folder",
			       path);
	for (size_t i = 0; err == MDL_OK && i < l.n; i++)
		err = show_trace(s, l.v[i], i + 1, why);
	trace_list_fini(&l);
	return err;
}

static mdl_err show_path(struct show *s, const char *path, const struct mdl_protocol *proto,
			 struct mdl_why *why)
{
	s->messages = 0;
	if (folder_is(path) || load_is_trace(path))
		return show_traces(s, path, why);
	return show_capture(s, path, proto, why);
}

/* A summary is of each file; the pairs of requests and answers begin anew with it. */
static mdl_err summarise_path(struct show *s, const char *path, const struct mdl_protocol *proto,
			      struct mdl_why *why)
{
	s->summary = summary_new();
	mdl_err err = s->summary == NULL ? mdl_fail(why, MDL_ENOMEM, "out of memory")
					 : show_path(s, path, proto, why);
	if (err == MDL_OK && summary_print(s->summary, path, s->o->json) != MDL_OK)
		err = mdl_fail(why, MDL_ENOMEM, "out of memory");
	summary_free(s->summary);
	s->summary = NULL;
	return err;
}

static mdl_err show_or_summarise(struct show *s, const char *path, const struct mdl_protocol *proto,
				 struct mdl_why *why)
{
	return s->o->summary ? summarise_path(s, path, proto, why) : show_path(s, path, proto, why);
}

static int run(void *options, const struct mdl_args *args)
{
	struct show s = { .o = options };
	struct mdl_why why = { "" };
	const struct mdl_protocol *proto = NULL;
	mdl_err err = MDL_OK;
	if (args->words.n == 0)
		return trouble_text("show: give a capture, a trace or \"-\"");
	if (s.o->protocol != NULL && (proto = mdl_protocol_find(s.o->protocol)) == NULL)
		return trouble_text("show: no protocol \"%.40s\"; see meddle list protocols",
				    s.o->protocol);
	interruptible();
	mdl_fields_init(&s.f);
	mdl_buf_init(&s.line, LINE_MAX_BYTES);
	s.open = mdl_pairs_new(REQUESTS_OPEN);
	for (size_t i = 0; err == MDL_OK && i < args->words.n && !interrupted(); i++) {
		if (args->words.n > 1 && !s.o->json)
			printf("%s%s:\n", i == 0 ? "" : "\n", args->words.v[i]);
		err = s.open == NULL ? mdl_fail(&why, MDL_ENOMEM, "out of memory")
				     : show_or_summarise(&s, args->words.v[i], proto, &why);
	}
	mdl_pairs_free(s.open);
	mdl_buf_fini(&s.line);
	mdl_fields_fini(&s.f);
	return err == MDL_OK ? EXIT_FINE : trouble(&why);
}

static const struct mdl_opt rows[] = {
	{ "json", 'j', MDL_OPT_FLAG, offsetof(struct options, json), NULL,
	  "a line of JSON a message" },
	{ "fields", 'v', MDL_OPT_FLAG, offsetof(struct options, tree), NULL,
	  "every field, with its place" },
	{ "quiet", 'q', MDL_OPT_FLAG, offsetof(struct options, quiet), NULL,
	  "take apart, but print counts only" },
	{ "summary", 'S', MDL_OPT_FLAG, offsetof(struct options, summary), NULL,
	  "statistics of each file instead of its messages" },
	{ "flow", 'f', MDL_OPT_UINT, offsetof(struct options, flow), "N", "only this flow" },
	{ "protocol", 'p', MDL_OPT_TEXT, offsetof(struct options, protocol), "NAME",
	  "what all flows speak (found out)" },
	{ "set", 0, MDL_OPT_LIST, offsetof(struct options, settings), "P.O=V",
	  "option O of protocol P" },
};

const struct command command_show = {
	.name = "show",
	.summary = "a capture as a conversation, or as JSON lines",
	.usage = "FILE|DIR|-... [options]",
	.about = "Reads captures (pcap, pcapng) and traces, puts fragments and streams together, "
		 "tells the\n"
		 "protocol, and prints a line a message: who asks, what, what came back, how long "
		 "it took,\n"
		 "what is odd (\"!\"). Counts of what was read, and of what was missing, go to "
		 "standard error.",
	.examples =
		"  meddle show query.pcap\n"
		"  meddle show -v query.pcap --flow 3\n"
		"  meddle show --summary query.pcap\n"
		"  tcpdump -i lo -w - port 53 | meddle show -\n"
		"  meddle show --json query.pcap | jq 'select(.latency_ms > 10).dns.question'\n",
	.opts = { rows, MDL_COUNT(rows) },
	.size = sizeof(struct options),
	.run = run,
};
