/**
 * Where bytes go to and come from, as text and back: URIs for people and files, plain addresses
 * for captures and traces. Nothing is resolved or opened here.
 */
#pragma once

#include "core/buf.h"

/** An IPv4 or IPv6 address with a port; family 0 means none. Comparable with memcmp. */
struct mdl_inet {
	uint8_t family; /* 0, 4 or 6 */
	uint8_t pad;
	uint16_t port;
	uint8_t ip[16]; /* network order; IPv4 uses the first four, the rest is zero */
};

struct mdl_inet mdl_inet4(const uint8_t ip[4], uint16_t port);
struct mdl_inet mdl_inet6(const uint8_t ip[16], uint16_t port);
bool mdl_inet_eq(const struct mdl_inet *a, const struct mdl_inet *b);
/** True for 127.0.0.0/8 and ::1. */
bool mdl_inet_loopback(const struct mdl_inet *a);

enum { MDL_INET_TEXT = 64 };
/** "192.0.2.1:53", "[2001:db8::1]:53", "-" for none. Returns `out`. */
const char *mdl_inet_text(const struct mdl_inet *a, char out[MDL_INET_TEXT]);
/** Reads what mdl_inet_text writes; the port may be missing (0). MDL_EINVAL. */
MDL_MUST mdl_err mdl_inet_parse(const char *text, struct mdl_inet *out);

/* clang-format off */
#define MDL_SCHEME_MAP(X)                                            \
	X(ANY,  "")      /* no scheme: the carrier of the trace */   \
	X(UDP,  "udp")                                               \
	X(TCP,  "tcp")                                               \
	X(TLS,  "tls")                                               \
	X(UNIX, "unix")  /* unix:/path, a stream socket */           \
	X(EXEC, "exec")  /* exec:COMMAND ARGS, a child's stdin and stdout */
/* clang-format on */

enum mdl_scheme {
#define X(name, text) MDL_##name,
	MDL_SCHEME_MAP(X)
#undef X
};

struct mdl_addr {
	enum mdl_scheme scheme;
	uint16_t port;	 /* 0: not given */
	char host[256];	 /* name or address, without brackets; "" for unix and exec */
	char path[1024]; /* unix: the path; exec: the command line */
};

/**
 * Reads `udp://127.0.0.1:53`, `tcp://[::1]:53`, `tls://dns.example:853`, `127.0.0.1:53`,
 * `unix:/run/x.sock` (or `unix:///run/x.sock`), `exec:./server --stdio`. Hosts are ASCII letters,
 * digits and `-._%`; an IPv6 host with a port stands in brackets. MDL_EINVAL with the reason.
 */
MDL_MUST mdl_err mdl_addr_parse(const char *text, struct mdl_addr *out, struct mdl_why *why);
/** The URI again, which reads as the same address; MDL_ENOMEM or MDL_ELIMIT only. */
MDL_MUST mdl_err mdl_addr_text(const struct mdl_addr *a, struct mdl_buf *out);
/** The address if `host` is numeric (or "localhost"). MDL_EINVAL: it is a name, resolve it. */
MDL_MUST mdl_err mdl_addr_inet(const struct mdl_addr *a, struct mdl_inet *out);
const char *mdl_scheme_text(enum mdl_scheme s);
