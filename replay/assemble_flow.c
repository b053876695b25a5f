/* What flows of datagrams and of streams have in common. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocols/registry.h"
#include "replay/assemble_parts.h"
#include "replay/sides.h"

void flow_set_client(struct flow_entry *f, unsigned side)
{
	f->client = side;
	f->info.client = f->key.end[side];
	f->info.server = f->key.end[!side];
}

void flow_set_proto(struct flow_entry *f, const struct mdl_protocol *p)
{
	mdl_ctx_free(f->x); /* of what it was thought to be */
	f->x = NULL;
	f->info.proto = p;
	f->proto_known = true;
}

/* The first packet says who is who, best of all if it opens a connection. */
static void find_sides(struct assemble *a, struct flow_entry *f, unsigned side,
		       const struct mdl_ip_packet *p)
{
	bool syn = (p->tcp_flags & MDL_TCP_SYN) != 0, ack = (p->tcp_flags & MDL_TCP_ACK) != 0;
	bool client = sides_from_client(a->conf.proto, f->info.carrier, p->src.port, p->dst.port,
					&f->sides_known);
	if (f->info.carrier == MDL_STREAM && syn) {
		f->sides_known = true;
		client = !ack;
	}
	flow_set_client(f, client ? side : !side);
}

static void find_proto(struct assemble *a, struct flow_entry *f)
{
	enum mdl_carrier on = f->info.carrier;
	const struct mdl_protocol *p = a->conf.proto;
	f->info.proto = &mdl_raw;
	if (p == NULL)
		p = mdl_protocol_by_port(on, f->info.server.port);
	if (p == NULL)
		p = mdl_protocol_by_port(on, f->info.client.port);
	if (p != NULL)
		flow_set_proto(f, (p->carriers & on) != 0 ? p : &mdl_raw);
}

struct flow_entry *flow_begin(struct assemble *a, const struct flow_key *key, unsigned side,
			      const struct mdl_ip_packet *p)
{
	struct flow_entry *f = flow_table_add(&a->table, key);
	if (f == NULL)
		return NULL;
	f->owner = a;
	f->info.number = ++a->stats.flows;
	f->info.carrier = key->proto == MDL_IP_UDP ? MDL_DGRAM : MDL_STREAM;
	find_sides(a, f, side, p);
	find_proto(a, f);
	return f;
}

mdl_err flow_need_ctx(struct assemble *a, struct flow_entry *f)
{
	if (f->x != NULL)
		return MDL_OK;
	return mdl_ctx_new(f->info.proto, f->info.carrier, a->conf.settings, &f->x, NULL);
}

static mdl_err keep(struct flow_entry *f, const struct assemble_msg *m)
{
	enum { OVERHEAD = sizeof(struct mdl_msg) + 2 * sizeof(void *) };
	if (f->trace == NULL)
		f->trace = mdl_trace_new();
	if (f->trace == NULL)
		return MDL_ENOMEM;
	mdl_err err = mdl_trace_add(f->trace, m->dir, m->at - f->info.start, m->bytes);
	if (err != MDL_OK)
		return err;
	f->trace->v[f->trace->n - 1]->flags = m->flags;
	f->trace_bytes += m->bytes.n + OVERHEAD;
	return MDL_OK;
}

mdl_err flow_message(struct assemble *a, struct flow_entry *f, unsigned side,
		     const struct cutter_msg *m)
{
	f->said = m->at > f->said ? m->at : f->said;
	if (f->info.messages == 0)
		f->info.start = f->said;
	struct assemble_msg out = { .number = ++f->info.messages,
				    .dir = flow_dir(f, side),
				    .flags = m->flags,
				    .at = f->said,
				    .bytes = m->bytes };
	a->stats.messages++;
	a->stats.raw += (m->flags & MDL_MSG_RAW) != 0;
	a->stats.cut += (m->flags & MDL_MSG_CUT) != 0;
	mdl_err err = MDL_OK;
	if (a->conf.on_message != NULL)
		err = a->conf.on_message(a->conf.ctx, &f->info, &out);
	return err == MDL_OK && a->conf.on_trace != NULL ? keep(f, &out) : err;
}

static void write_header(const struct assemble *a, const struct flow_entry *f)
{
	struct mdl_trace *t = f->trace;
	snprintf(t->proto, sizeof(t->proto), "%s", f->info.proto->name);
	t->carrier = f->info.carrier;
	t->client = f->info.client;
	t->server = f->info.server;
	t->start = f->info.start;
	if (a->conf.source != NULL)
		snprintf(t->source, sizeof(t->source), "%.200s flow %" PRIu64, a->conf.source,
			 f->info.number);
}

mdl_err flow_finish(struct assemble *a, struct flow_entry *f)
{
	mdl_err err = f->tcp == NULL ? MDL_OK : tcp_finish(a, f);
	a->stats.quiet += f->info.messages == 0;
	if (err != MDL_OK || f->trace == NULL)
		return err;
	write_header(a, f);
	struct mdl_trace *t = f->trace;
	f->trace = NULL;
	return a->conf.on_trace(a->conf.ctx, &f->info, t);
}
