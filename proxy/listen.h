/**
 * Listeners: accepted connections and first datagrams become ends. UDP peers are kept by address,
 * bounded in number, and forgotten when quiet.
 */
#pragma once

#include "proxy/end.h"
#include "proxy/loop.h"

struct listener;

enum { LISTEN_PEERS = 4096 };
#define LISTEN_IDLE (60 * MDL_SEC)

struct listen_conf {
	struct mdl_addr
		on; /* udp, tcp, unix; an address, not a name; port 0: the kernel's choice */
	/**
	 * UDP peers, or connections, at once; 0: LISTEN_PEERS. With one more the UDP peer that has been
	 * quiet for longest is closed; connections wait in the kernel's queue.
	 */
	unsigned peers_max;
	mdl_time
		idle; /* a UDP peer that is quiet both ways for so long is closed; 0: LISTEN_IDLE */
	/** A new end that faces a client; the callee makes a flow of it or closes it (end_discard). */
	void (*on_end)(void *ctx, struct end *e, const struct mdl_inet *peer, mdl_time now);
	void *ctx;
};

struct listen_stats {
	unsigned peers;	   /* now */
	uint64_t opened;   /* ends made */
	uint64_t evicted;  /* UDP peers closed for others */
	uint64_t expired;  /* UDP peers closed because they were quiet */
	uint64_t starved;  /* times a peer had to wait or was lost: no descriptor, no memory */
	uint64_t unwanted; /* datagrams for which no flow was made */
};

/**
 * The path of a unix listener is taken over if nobody listens there any more, and removed at the
 * end. MDL_EBUSY, MDL_EIO with what and where ("udp://127.0.0.1:53: Address already in use");
 * MDL_EINVAL, MDL_ENOMEM.
 */
MDL_MUST mdl_err listen_open(struct loop *l, const struct listen_conf *conf, struct listener **out,
			     struct mdl_why *why);
/** The address it really has; none for unix. */
struct mdl_inet listen_local(const struct listener *s);
const struct listen_stats *listen_stats(const struct listener *s);
/** No new ends from now on; it frees itself when the last of its ends is gone. NULL is fine. */
void listen_close(struct listener *s);
