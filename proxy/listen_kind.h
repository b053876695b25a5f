/** What the listeners of all kinds have in common; for listen.c and the kinds. */
#pragma once

#include <uv.h>

#include "proxy/listen.h"

struct listener;

struct listener_kind {
	size_t size;
	/** The socket, as a descriptor, or -1 with the reason in `err` and `why`. */
	int (*open)(struct listener *s, mdl_err *err, struct mdl_why *why);
	void (*on_poll)(uv_poll_t *h, int status, int events);
	/** No new ends; calls listener_shut() when the socket is of no more use. */
	void (*close)(struct listener *s);
};

/** The first member of every listener. */
struct listener {
	const struct listener_kind *kind;
	struct loop *loop;
	struct listen_conf conf; /* without zeros that mean a default */
	struct listen_stats stats;
	struct mdl_inet local;
	uv_poll_t poll;
	int fd;
	unsigned users; /* the handle, and each end; freed when there is none */
	bool closing, shut;
};

extern const struct listener_kind listen_udp_kind, listen_tcp_kind, listen_unix_kind;

/** Closes the socket and its handle; twice is harmless. */
void listener_shut(struct listener *s);
/** One user less. */
void listener_release(struct listener *s);
