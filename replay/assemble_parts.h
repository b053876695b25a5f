/** How assemble is made: what its files share. */
#pragma once

#include "replay/flow_table.h"

struct assemble {
	struct assemble_conf conf;
	struct assemble_stats stats;
	struct flow_table table;
	struct fragments *fragments;
	mdl_time now; /* the latest time seen */
};

/* ---- assemble_flow.c: what all flows have ---- */

/**
 * A new flow, with its sides and its protocol as far as the first packet shows them; NULL if out of
 * memory.
 */
struct flow_entry *flow_begin(struct assemble *a, const struct flow_key *key, unsigned side,
			      const struct mdl_ip_packet *p);
/** The direction of what `side` sends. */
static inline enum mdl_dir flow_dir(const struct flow_entry *f, unsigned side)
{
	return side == f->client ? MDL_C2S : MDL_S2C;
}
/** Says which end of the key is the client. */
void flow_set_client(struct flow_entry *f, unsigned side);
void flow_set_proto(struct flow_entry *f, const struct mdl_protocol *p);
/** Tells the message to whoever wants it and keeps it for the trace. */
MDL_MUST mdl_err flow_message(struct assemble *a, struct flow_entry *f, unsigned side,
			      const struct cutter_msg *m);
/** Makes f->x if it is not there. MDL_ENOMEM, MDL_EINVAL. */
MDL_MUST mdl_err flow_need_ctx(struct assemble *a, struct flow_entry *f);
/**
 * What is pending is given out, the trace handed over. The entry is then for flow_table_end or
 * flow_table_remove, also after an error.
 */
MDL_MUST mdl_err flow_finish(struct assemble *a, struct flow_entry *f);

/* ---- assemble_tcp.c ---- */

/** Makes f->tcp. MDL_ENOMEM. */
MDL_MUST mdl_err tcp_begin(struct assemble *a, struct flow_entry *f);
/** Takes in a segment; `over` is set if the connection has ended with it. */
MDL_MUST mdl_err tcp_packet(struct assemble *a, struct flow_entry *f, unsigned side,
			    const struct mdl_ip_packet *p, mdl_time at, bool *over);
/** Gives out what is pending, in both directions. */
MDL_MUST mdl_err tcp_finish(struct assemble *a, struct flow_entry *f);
