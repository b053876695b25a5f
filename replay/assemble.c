#include "replay/assemble.h"

#include <inttypes.h>
#include <stdlib.h>

#include "protocols/registry.h"
#include "replay/assemble_parts.h"

enum {
	DEFAULT_SURE = 60,
	DEFAULT_FLOWS = 1 << 16,
	DEFAULT_BYTES = 256 << 20,
	LINGER = 60,	    /* seconds for which stragglers are known as such */
	DATAGRAM_TRIES = 4, /* datagrams that may show the protocol */
};

struct assemble *assemble_new(const struct assemble_conf *conf)
{
	struct assemble *a = calloc(1, sizeof(*a));
	if (a == NULL)
		return NULL;
	a->conf = *conf;
	if (a->conf.sure == 0)
		a->conf.sure = DEFAULT_SURE;
	if (a->conf.max_flows == 0)
		a->conf.max_flows = DEFAULT_FLOWS;
	if (a->conf.max_bytes == 0)
		a->conf.max_bytes = DEFAULT_BYTES;
	a->fragments = fragments_new(&conf->fragments);
	if (a->fragments == NULL) {
		free(a);
		return NULL;
	}
	return a;
}

void assemble_free(struct assemble *a)
{
	if (a == NULL)
		return;
	flow_table_fini(&a->table);
	fragments_free(a->fragments);
	free(a);
}

/* The flow has ended and is forgotten. */
static mdl_err end_flow(struct assemble *a, struct flow_entry *f)
{
	mdl_err err = f->ended ? MDL_OK : flow_finish(a, f);
	flow_table_remove(&a->table, f);
	return err;
}

/* The connection has ended, but a straggler may come. */
static mdl_err close_flow(struct assemble *a, struct flow_entry *f)
{
	mdl_err err = flow_finish(a, f);
	flow_table_end(&a->table, f);
	return err;
}

static bool quiet_for(const struct assemble *a, const struct flow_entry *f, mdl_time time)
{
	return f != NULL && a->now - f->last > time;
}

/* Ends what was quiet for too long. */
static mdl_err expire(struct assemble *a)
{
	mdl_err err = MDL_OK;
	while (quiet_for(a, a->table.ended, LINGER * MDL_SEC))
		flow_table_remove(&a->table, a->table.ended);
	while (err == MDL_OK && a->conf.idle > 0 && quiet_for(a, a->table.live, a->conf.idle))
		err = end_flow(a, a->table.live);
	return err;
}

/* Ends the quietest flows until the rest is within the limits. */
static mdl_err limit(struct assemble *a)
{
	mdl_err err = MDL_OK;
	while (err == MDL_OK && a->table.map != NULL &&
	       (HASH_COUNT(a->table.map) > a->conf.max_flows ||
		a->table.held > a->conf.max_bytes)) {
		bool live = a->table.ended == NULL;
		a->stats.evicted += live;
		err = end_flow(a, live ? a->table.live : a->table.ended);
	}
	return err;
}

/* ---- datagrams ---- */

static mdl_err datagram(struct assemble *a, const struct mdl_ip_packet *p, mdl_time at)
{
	unsigned side;
	struct flow_key key = flow_key(&p->src, &p->dst, MDL_IP_UDP, &side);
	struct flow_entry *f = flow_table_find(&a->table, &key);
	if (f == NULL)
		f = flow_begin(a, &key, side, p);
	if (f == NULL)
		return MDL_ENOMEM;
	if (!f->proto_known && f->tries++ < DATAGRAM_TRIES) {
		const struct mdl_protocol *proto =
			mdl_protocol_guess(MDL_DGRAM, p->payload, a->conf.sure);
		if (proto != &mdl_raw)
			flow_set_proto(f, proto);
	}
	struct cutter_msg m = { .bytes = p->payload, .at = at };
	if (p->payload.n < p->payload_len)
		m.flags = MDL_MSG_CUT;
	mdl_err err = flow_message(a, f, side, &m);
	flow_table_touch(&a->table, f, a->now);
	return err;
}

/* ---- connections ---- */

/* The flow of a segment. NULL with MDL_OK: it is late, and of none. */
static mdl_err find_connection(struct assemble *a, const struct flow_key *key, unsigned side,
			       const struct mdl_ip_packet *p, struct flow_entry **out)
{
	struct flow_entry *f = flow_table_find(&a->table, key);
	bool syn = (p->tcp_flags & MDL_TCP_SYN) != 0;
	mdl_err err = MDL_OK;
	*out = NULL;
	if (f != NULL && f->ended && !syn) {
		a->stats.late += p->payload_len > 0;
		return MDL_OK;
	}
	/* the ports are used again */
	if (f != NULL && syn &&
	    (f->ended || !tcp_stream_may_begin(&f->tcp->half[side].stream, p->tcp_seq))) {
		err = end_flow(a, f);
		f = NULL;
	}
	if (err == MDL_OK && f == NULL) {
		f = flow_begin(a, key, side, p);
		err = f == NULL ? MDL_ENOMEM : tcp_begin(a, f);
		if (err != MDL_OK && f != NULL)
			flow_table_remove(&a->table, f);
	}
	if (err == MDL_OK)
		*out = f;
	return err;
}

static mdl_err segment(struct assemble *a, const struct mdl_ip_packet *p, mdl_time at)
{
	unsigned side;
	struct flow_key key = flow_key(&p->src, &p->dst, MDL_IP_TCP, &side);
	struct flow_entry *f;
	bool over = false;
	mdl_err err = find_connection(a, &key, side, p, &f);
	if (err != MDL_OK || f == NULL)
		return err;
	err = tcp_packet(a, f, side, p, at, &over);
	flow_table_touch(&a->table, f, a->now);
	return err == MDL_OK && over ? close_flow(a, f) : err;
}

/* ---- packets ---- */

static mdl_err transport(struct assemble *a, const struct mdl_ip_packet *p, mdl_time at)
{
	bool udp = p->proto == MDL_IP_UDP, tcp = p->proto == MDL_IP_TCP;
	a->stats.udp += udp;
	a->stats.tcp += tcp;
	if (!udp && !tcp)
		a->stats.other++;
	else if (!p->ports)
		a->stats.malformed++;
	else
		return udp ? datagram(a, p, at) : segment(a, p, at);
	return MDL_OK;
}

mdl_err assemble_packet(struct assemble *a, mdl_time at, struct mdl_slice ip)
{
	struct mdl_ip_packet p;
	bool whole = true;
	a->stats.packets++;
	if (mdl_ip_peek(ip, &p) != MDL_OK) {
		a->stats.malformed++;
		return MDL_OK;
	}
	at = at <= 0 ? a->now : at;
	a->now = at > a->now ? at : a->now;
	mdl_err err = expire(a);
	if (err == MDL_OK && p.fragment)
		err = fragments_add(a->fragments, &p, a->now, &whole);
	if (err == MDL_OK && whole)
		err = transport(a, &p, at);
	return err == MDL_OK ? limit(a) : err;
}

mdl_err assemble_finish(struct assemble *a)
{
	mdl_err err = MDL_OK;
	fragments_finish(a->fragments);
	while (err == MDL_OK && a->table.map != NULL)
		err = end_flow(a, a->table.map);
	return err;
}

struct assemble_stats assemble_stats(const struct assemble *a)
{
	struct assemble_stats s = a->stats;
	s.fragments = *fragments_stats(a->fragments);
	return s;
}

size_t assemble_held(const struct assemble *a)
{
	return a->table.held + fragments_held(a->fragments);
}

struct mdl_ctx *assemble_ctx(struct assemble_flow *f)
{
	struct flow_entry *entry = (struct flow_entry *)f; /* whose first member it is */
	return flow_need_ctx(entry->owner, entry) == MDL_OK ? entry->x : NULL;
}
