/** Datagrams in batches: one system call for many of them. */
#pragma once

#include <sys/socket.h>

#include "core/msg.h"
#include "proxy/sock.h"

enum {
	BATCH = 32,
	BATCH_READS = 4, /* batches read in a row, before others have their turn */
	/* Any datagram fits. The odd lines keep the beginnings of slots in different cache sets. */
	BATCH_SLOT = (64 << 10) + 3 * 64
};

/** What was read; 2 MiB, of which only the pages that datagrams need are ever touched. */
struct batch {
	struct mmsghdr v[BATCH];
	struct iovec iov[BATCH];
	union sock_addr from[BATCH];
	uint8_t data[BATCH][BATCH_SLOT];
};

void batch_init(struct batch *b);
/**
 * Reads what is there without waiting. Returns how many datagrams, 0 for none yet, or -errno. With
 * `names`, `from` says who sent them.
 */
int batch_recv(struct batch *b, int fd, bool names);
static inline struct mdl_slice batch_at(const struct batch *b, int i)
{
	return mdl_slice(b->data[i], b->v[i].msg_len);
}

/** What is to be written at once; lives on the stack. Begin with n = 0. */
struct outbox {
	unsigned n;
	struct mmsghdr v[BATCH];
	struct iovec iov[BATCH];
};

/** Adds a message; `to` (borrowed, NULL for connected sockets) is `len` bytes long. */
void outbox_put(struct outbox *o, const struct mdl_msg *m, union sock_addr *to, socklen_t len);
/** Returns how many of the first were sent (at least 1), 0 if there is no room now, or -errno. */
int outbox_send(struct outbox *o, int fd);
