/** Sockets: one for datagrams, one that listens, and the connections it took, in one poll() loop. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct connection;

/** Opens both on 127.0.0.1; the port they have, 0 if that failed. `port` 0: any. */
uint16_t server_open(uint16_t port);
/** Answers until SIGTERM or SIGINT. */
void server_run(void);
void server_close(void);

/** Closes a connection whose peer is done and has got all its answers. */
void hang_up_clean(struct connection *c);
/** True if the peer left in the middle of a message. */
bool connection_interrupted(const struct connection *c);
/** Forgets a connection without closing it. */
void connection_forget(struct connection *c);
