/** A request taken apart: header, first question, EDNS, and where the records lie. */
#pragma once

#include <sys/socket.h>

#include "zone.h"

enum {
	RCODE_OK = 0,
	FORMERR = 1,
	SERVFAIL = 2,
	NXDOMAIN = 3,
	NOTIMP = 4,
	REFUSED = 5,
	YXDOMAIN = 6,
	YXRRSET = 7,
	NXRRSET = 8,
	NOTAUTH = 9,
	NOTZONE = 10,
	BADVERS = 16
};
enum { OPCODE_QUERY = 0, OPCODE_NOTIFY = 4, OPCODE_UPDATE = 5 };
enum { CLASS_IN = 1, CLASS_NONE = 254, CLASS_ANY = 255 };
enum { FLAG_QR = 0x8000, FLAG_AA = 0x0400, FLAG_TC = 0x0200, FLAG_RD = 0x0100 };
/** The four sections; UPDATE calls them zone, prerequisite, update, additional (RFC 2136). */
enum { QUESTION, ANSWER, AUTHORITY, ADDITIONAL, SECTIONS };

/** Who asks: one datagram peer, or one connection. */
struct peer {
	struct sockaddr_storage address;
	uint64_t connection; /* a number never used again; 0 for datagrams */
};

struct question {
	struct name name;
	uint16_t type, class;
};

enum { SUBNET_SIZE = 32, COOKIE_SIZE = 8 };

/** What the OPT record asks for (RFC 6891); zeros where it asks for nothing. */
struct edns {
	bool present, dnssec_ok, nsid, cookie, subnet;
	uint8_t version;
	uint16_t size;
	uint8_t client_cookie[COOKIE_SIZE];
	uint16_t family;
	uint8_t prefix, address[SUBNET_SIZE];
	size_t address_n;
};

struct request {
	const uint8_t *p; /* the message */
	size_t n;	  /* its length */
	size_t room;	  /* how far may be read: n */
	uint16_t id, flags, count[SECTIONS];
	struct question first;
	const struct question *ask;   /* the first question; NULL if there is none */
	size_t section[SECTIONS + 1]; /* where each begins */
	struct edns edns;
	struct peer peer;
};

/** One resource record of a request: its data are still where they were. */
struct entry {
	struct name owner;
	uint16_t type, class;
	uint32_t ttl;
	size_t rdata, rdlen;
};

/**
 * Takes q->p apart. RCODE_OK or FORMERR; -1 if it deserves no answer: too short for a header, or an
 * answer itself. With an opcode we do not know only the header is read.
 */
int request_read(struct request *q);
/** The next record from r; marks r bad if there is none that is whole. */
void entry_read(struct reader *r, struct entry *e);
/** A reader of the message that stands at `off`. */
struct reader request_reader(const struct request *q, size_t off);
unsigned opcode(const struct request *q);

/* What bugs replace. */

/** Copies `n` bytes into memory of exactly that size and sets p, n and room. False if there is none. */
bool receive_clean(struct request *q, const uint8_t *p, size_t n);
void release_clean(struct request *q);
/** The options in the data of OPT, and two of them; false if malformed (RFC 7871, RFC 7873). */
bool options_clean(struct reader *r, struct edns *e);
bool subnet_clean(const uint8_t *data, size_t n, struct edns *e);
bool cookie_clean(const uint8_t *data, size_t n, struct edns *e);
