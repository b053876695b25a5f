/** A quick look at a message: header and records one after the other, without an index of fields. */
#pragma once

#include "core/cursor.h"
#include "core/msg.h"

enum { DNS_HEADER = 12, DNS_PREFIX = 2 };
enum dns_section { DNS_S_QUESTION, DNS_S_ANSWER, DNS_S_AUTHORITY, DNS_S_ADDITIONAL };

/* Bits of the second word of the header; RFC 1035 section 4.1.1, RFC 4035 sections 3.1.6 and 3.2.2. */
enum {
	DNS_F_QR = 0x8000,
	DNS_F_AA = 0x0400,
	DNS_F_TC = 0x0200,
	DNS_F_RD = 0x0100,
	DNS_F_RA = 0x0080,
	DNS_F_Z = 0x0040,
	DNS_F_AD = 0x0020,
	DNS_F_CD = 0x0010
};

struct dns_header {
	uint16_t id, flags;
	uint16_t count[4]; /* by enum dns_section */
};

static inline unsigned dns_opcode_of(uint16_t flags)
{
	return flags >> 11 & 15;
}

/** The message itself: on a stream a length of two bytes stands before it (RFC 1035 section 4.2.2). */
static inline struct mdl_slice dns_body(enum mdl_carrier on, struct mdl_slice msg)
{
	return mdl_slice_sub(msg, on == MDL_STREAM ? DNS_PREFIX : 0, SIZE_MAX);
}

/** A question or record; offsets count from the header. */
struct dns_record {
	enum dns_section section;
	size_t off; /* of its name */
	uint16_t type, cls;
	uint32_t ttl;		/* 0 for a question */
	struct mdl_slice rdata; /* empty for a question */
};

struct dns_walk {
	struct mdl_cursor c; /* its error says that the message ended early or a name was bad */
	struct dns_header h;
	unsigned section, seen; /* where it is: `seen` records of that section are behind it */
};

/** Reads the header of `body`; false if it is too short for one. */
bool mdl_dns_walk(struct dns_walk *w, struct mdl_slice body);
/** The next question or record; false at the end, and when one cannot be read. */
bool mdl_dns_walk_next(struct dns_walk *w, struct dns_record *out);
