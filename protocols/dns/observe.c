/* What an answer says of the server, in 32 bits: a node of a state machine drawn from outside. */
#include "protocols/dns/internal.h"
#include "protocols/dns/look.h"
#include "protocols/dns/types.h"

/* Where each part stands in the code. The highest bit tells an answer from nothing. */
enum {
	AT_OPCODE = 27, /* 4 bits */
	AT_RCODE = 15,	/* 12, with what EDNS adds */
	AT_AA = 14,
	AT_TC = 13,
	AT_RA = 12,
	AT_AD = 11,
	AT_ANSWER = 9, /* 2 each: none, one, many */
	AT_AUTHORITY = 7,
	AT_ADDITIONAL = 5,
	AT_KIND = 1, /* 4 */
	AT_ECHO = 0
};
#define AN_ANSWER 0x80000000U
/* Of requests: opcode and what kind of thing is asked for, so few that each can be tried with each. */
#define A_REQUEST 0x40000000U
enum { AT_REQUEST_OPCODE = 8 };

enum kind {
	NOTHING,
	ADDRESS,
	ALIAS,
	DELEGATION,
	ZONE,
	TEXT,
	SERVICE,
	POINTER,
	SECURITY,
	OTHER,
	TRANSFER,
	ANYTHING
};
static const char *const kind_names[] = { "nothing",  "address", "alias",    "delegation",
					  "zone",     "text",	 "service",  "pointer",
					  "security", "other",	 "transfer", "anything" };

static enum kind kind_of(uint16_t type)
{
	switch (type) {
	case DNS_T_A:
	case DNS_T_AAAA:
		return ADDRESS;
	case DNS_T_CNAME:
	case DNS_T_DNAME:
		return ALIAS;
	case DNS_T_NS:
		return DELEGATION;
	case DNS_T_SOA:
		return ZONE;
	case DNS_T_TXT:
	case DNS_T_SPF:
	case DNS_T_HINFO:
		return TEXT;
	case DNS_T_MX:
	case DNS_T_SRV:
	case DNS_T_NAPTR:
	case DNS_T_SVCB:
	case DNS_T_HTTPS:
		return SERVICE;
	case DNS_T_PTR:
		return POINTER;
	case DNS_T_DS:
	case DNS_T_RRSIG:
	case DNS_T_NSEC:
	case DNS_T_DNSKEY:
	case DNS_T_NSEC3:
	case DNS_T_NSEC3PARAM:
		return SECURITY;
	case DNS_T_AXFR:
	case DNS_T_IXFR:
		return TRANSFER;
	case DNS_T_ANY:
		return ANYTHING;
	default:
		return OTHER;
	}
}

static uint32_t class_of(uint16_t count)
{
	return count < 2 ? count : 2;
}

static uint32_t code_of_request(struct dns_walk *w)
{
	struct dns_record q;
	bool asks = mdl_dns_walk_next(w, &q) && q.section == DNS_S_QUESTION;
	return A_REQUEST | (uint32_t)dns_opcode_of(w->h.flags) << AT_REQUEST_OPCODE |
	       (uint32_t)(asks ? kind_of(q.type) : NOTHING);
}

uint32_t mdl_dns_observe(struct mdl_ctx *x, struct mdl_slice msg)
{
	struct dns_walk w;
	struct dns_record rr;
	enum kind kind = NOTHING;
	if (!mdl_dns_walk(&w, dns_body(x->carrier, msg)))
		return 0;
	if ((w.h.flags & DNS_F_QR) == 0)
		return x->dir == MDL_C2S ? code_of_request(&w) : 0;
	uint32_t rcode = w.h.flags & 15;
	while (mdl_dns_walk_next(&w, &rr)) {
		if (rr.section == DNS_S_ANSWER && kind == NOTHING)
			kind = kind_of(rr.type);
		if (rr.section == DNS_S_ADDITIONAL && rr.type == DNS_T_OPT)
			rcode = (w.h.flags & 15) | rr.ttl >> 24 << 4; /* RFC 6891, section 6.1.3 */
	}
	return AN_ANSWER | (uint32_t)dns_opcode_of(w.h.flags) << AT_OPCODE | rcode << AT_RCODE |
	       (uint32_t)((w.h.flags & DNS_F_AA) != 0) << AT_AA |
	       (uint32_t)((w.h.flags & DNS_F_TC) != 0) << AT_TC |
	       (uint32_t)((w.h.flags & DNS_F_RA) != 0) << AT_RA |
	       (uint32_t)((w.h.flags & DNS_F_AD) != 0) << AT_AD |
	       class_of(w.h.count[DNS_S_ANSWER]) << AT_ANSWER |
	       class_of(w.h.count[DNS_S_AUTHORITY]) << AT_AUTHORITY |
	       class_of(w.h.count[DNS_S_ADDITIONAL]) << AT_ADDITIONAL | (uint32_t)kind << AT_KIND |
	       (uint32_t)(w.h.count[DNS_S_QUESTION] > 0) << AT_ECHO;
}

const char *const mdl_dns_depths[] = { "parse", "access", "lookup", "answered", NULL };
enum depth { AT_PARSE, AT_ACCESS, AT_LOOKUP, ANSWERED };

/* Where the server stopped, by what it says: it reads, it allows, it looks, it has something. */
unsigned mdl_dns_depth(struct mdl_ctx *x, struct mdl_slice msg)
{
	uint32_t code = mdl_dns_observe(x, msg);
	if ((code & AN_ANSWER) == 0)
		return AT_PARSE;
	switch (code >> AT_RCODE & 0xfff) {
	case DNS_R_NOERROR:
		return ANSWERED;
	case DNS_R_FORMERR:
	case DNS_R_NOTIMP:
	case DNS_R_BADVERS:
		return AT_PARSE;
	case DNS_R_REFUSED:
	case DNS_R_NOTAUTH:
	case DNS_R_NOTZONE:
	case DNS_R_BADCOOKIE:
		return AT_ACCESS;
	default:
		return AT_LOOKUP;
	}
}

/* " aa ra, answer (address), many authority": what there is, in the order of the message. */
static mdl_err parts_text(uint32_t code, struct mdl_buf *out)
{
	static const struct {
		const char *word;
		unsigned at;
	} flags[] = { { "aa", AT_AA }, { "tc", AT_TC }, { "ra", AT_RA }, { "ad", AT_AD } },
	  sections[] = { { "answer", AT_ANSWER },
			 { "authority", AT_AUTHORITY },
			 { "additional", AT_ADDITIONAL } };
	mdl_err err = MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < MDL_COUNT(flags); i++)
		if ((code >> flags[i].at & 1) != 0)
			err = mdl_buf_printf(out, " %s", flags[i].word);
	for (size_t i = 0; err == MDL_OK && i < MDL_COUNT(sections); i++) {
		unsigned many = code >> sections[i].at & 3;
		unsigned kind = code >> AT_KIND & 15;
		if (many > 0)
			err = mdl_buf_printf(out, ", %s%s", many > 1 ? "many " : "",
					     sections[i].word);
		if (many > 0 && i == 0 && kind != NOTHING && kind < MDL_COUNT(kind_names) &&
		    err == MDL_OK)
			err = mdl_buf_printf(out, " (%s)", kind_names[kind]);
	}
	return err;
}

static mdl_err request_text(uint32_t code, struct mdl_buf *out)
{
	mdl_err err =
		mdl_dns_value_text(mdl_dns_opcodes, code >> AT_REQUEST_OPCODE & 15, "OPCODE", out);
	unsigned kind = code & 0xff;
	return err == MDL_OK && kind < MDL_COUNT(kind_names)
		       ? mdl_buf_printf(out, " for %s", kind_names[kind])
		       : err;
}

mdl_err mdl_dns_state_text(uint32_t code, struct mdl_buf *out)
{
	if ((code & A_REQUEST) != 0 && (code & AN_ANSWER) == 0)
		return request_text(code, out);
	if ((code & AN_ANSWER) == 0)
		return mdl_buf_printf(out, "no answer");
	mdl_err err = mdl_dns_value_text(mdl_dns_opcodes, code >> AT_OPCODE & 15, "OPCODE", out);
	if (err == MDL_OK)
		err = mdl_buf_put(out, ' ');
	if (err == MDL_OK)
		err = mdl_dns_value_text(mdl_dns_rcodes, code >> AT_RCODE & 0xfff, "RCODE", out);
	if (err == MDL_OK)
		err = parts_text(code, out);
	if (err == MDL_OK && (code >> AT_ECHO & 1) == 0)
		err = mdl_buf_printf(out, ", no question");
	return err;
}
