/** The flows of assemble: found by their ends, ordered by when they were last heard of. */
#pragma once

#include "core/map.h"
#include "replay/assemble.h"
#include "replay/cutter.h"
#include "replay/tcp_stream.h"

/** Both ends of a flow, the lesser first, so that packets of both directions find it. */
struct flow_key {
	struct mdl_inet end[2];
	uint32_t proto; /* MDL_IP_UDP or MDL_IP_TCP */
};

/** One direction of a TCP flow. */
struct tcp_half {
	struct tcp_stream stream;
	struct cutter cutter;
	struct flow_entry *flow;
	unsigned side; /* who sends: index into the key's ends */
	bool flushed;  /* its end was reached and told */
};

/** Both; only while the flow lives. */
struct tcp_pair {
	struct tcp_half half[2]; /* by who sends: index into the key's ends */
	unsigned first;		 /* the side that sent data first */
	bool spoke[2];
};

struct flow_entry {
	struct assemble_flow info; /* what callbacks see; first, so that they lead back here */
	struct assemble *owner;
	struct flow_key key;
	UT_hash_handle hh; /* in the order of first packets */
	struct flow_entry *prev, *next;
	mdl_time last;	  /* packet */
	mdl_time said;	  /* time of the last message */
	unsigned client;  /* index into the key's ends */
	unsigned tries;	  /* to guess the protocol of datagrams */
	bool sides_known; /* not just by who was seen first */
	bool proto_known;
	bool ended; /* TCP: kept for a while so that late packets are not taken for a new flow */
	struct mdl_ctx *x;	 /* NULL until somebody needs it */
	struct mdl_trace *trace; /* NULL if none is kept, or nothing was said */
	size_t trace_bytes;	 /* memory of it */
	size_t held;		 /* memory of all, as last counted */
	struct tcp_pair *tcp;	 /* NULL for UDP, and when ended */
};

struct flow_table {
	struct flow_entry *map;
	struct flow_entry *live, *ended; /* lists, quietest first */
	size_t held;			 /* memory of all */
};

/** The key of a packet; `side` is then who sent it. */
struct flow_key flow_key(const struct mdl_inet *src, const struct mdl_inet *dst, uint8_t proto,
			 unsigned *side);

/** NULL if there is none. */
struct flow_entry *flow_table_find(const struct flow_table *t, const struct flow_key *key);
/** A new entry with only key, list and map set; NULL if out of memory. */
struct flow_entry *flow_table_add(struct flow_table *t, const struct flow_key *key);
/** Heard of at `now`: it is the least quiet one. Counts its memory anew. */
void flow_table_touch(struct flow_table *t, struct flow_entry *f, mdl_time now);
/** Frees what the entry holds but for itself, and puts it among those that ended. */
void flow_table_end(struct flow_table *t, struct flow_entry *f);
/** Takes it out and frees it. */
void flow_table_remove(struct flow_table *t, struct flow_entry *f);
void flow_table_fini(struct flow_table *t);
