/**
 * Listeners: accepted connections and first datagrams become ends. UDP peers are kept by address,
 * bounded in number, and forgotten when quiet.
 */
#pragma once

#include "proxy/end.h"
#include "proxy/loop.h"

struct listener;

struct listen_conf {
	struct mdl_addr on; /* udp, tcp, unix; port 0: the kernel's choice */
	unsigned peers_max; /* UDP flows, TCP connections at once; 0: 4096 */
	mdl_time idle;	    /* a UDP peer that is quiet for this long is closed; 0: 60 s */
	/** A new end that faces a client; the callee makes a flow of it or closes it. */
	void (*on_end)(void *ctx, struct end *e, const struct mdl_inet *peer, mdl_time now);
	void *ctx;
};

/** MDL_EIO with what and where ("udp://127.0.0.1:53: address already in use"). */
MDL_MUST mdl_err listen_open(struct loop *l, const struct listen_conf *conf, struct listener **out,
			     struct mdl_why *why);
/** The address it really has. */
struct mdl_inet listen_local(const struct listener *s);
/** No new ends from now on; it frees itself when the last of its UDP ends is gone. */
void listen_close(struct listener *s);
