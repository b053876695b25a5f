/** Flows over real sockets on loopback, for tests: a loop, plain sockets to talk to it, a relay. */
#pragma once

#include "proxy/listen.h"
#include "proxy/loop.h"
#include "proxy/stage.h"

enum { NET_FLOWS_MAX = 256 };

struct net {
	struct loop *l;
	struct flow_conf conf; /* preset for raw datagrams; of the flows to come */
	struct mdl_inet target;
	struct stage *(*stage)(void);	   /* makes the one stage of each flow; NULL: none */
	struct flow *flow;		   /* the one made last; NULL when it has been freed */
	struct flow *flows[NET_FLOWS_MAX]; /* all that there are */
	unsigned open, closed, resets;
	char reason[128];	 /* of the flow closed last */
	struct flow_stats stats; /* of it */
	struct mdl_inet peer;	 /* of the flow made last */
	/** Called in the middle of each event, once it has been noted; may be NULL. */
	void (*hook)(struct net *n, struct flow *f, enum flow_event ev, mdl_time now);
};

void net_init(struct net *n);
/** Fails the test if something is left on the loop, or a flow was not closed. */
void net_fini(struct net *n);

/** A flow between the two ends, which it takes. */
void net_flow(struct net *n, struct end *client, struct end *server);
/** For listen_conf: a flow to the target, of the carrier in `conf`. */
void net_on_end(void *net, struct end *e, const struct mdl_inet *peer, mdl_time now);
/** A listener on `uri` whose flows go to the target. */
struct listener *net_listen(struct net *n, const char *uri, unsigned peers_max, mdl_time idle);
/** Closes all flows with a reset and waits until they are gone. */
void net_reset(struct net *n);

/** Runs the loop until `cond` holds. */
#define NET_UNTIL(n, cond)                       \
	do {                                     \
		while (!(cond))                  \
			loop_once((n)->l, true); \
	} while (0)

/* ---- plain sockets of the test, non-blocking ---- */

/** Bound to 127.0.0.1, or ::1; -1 if there is no IPv6. `at` says where. */
int net_socket(int family, int type, struct mdl_inet *at);
/** The same, connected to `to`. */
int net_connect(int type, const struct mdl_inet *to);
void net_write(int fd, struct mdl_slice bytes); /* all of it at once, or the test fails */
bool net_read(int fd, struct mdl_buf *into);	/* what is there; false at the end */
struct mdl_inet net_nowhere(int type);		/* an address where nobody listens */
unsigned net_descriptors(void);			/* how many are open */
