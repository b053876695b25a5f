/*
 * What an answer may not be, whatever the zone holds. Said only where an RFC says so and where the
 * request reads well enough to hold the answer against it.
 */
#include "protocols/dns/internal.h"
#include "protocols/dns/look.h"
#include "protocols/dns/types.h"
#include "protocols/name.h"

enum { DGRAM_MIN = 512 };

/* What one look over a message tells. */
struct sight {
	struct dns_header h;
	bool header, whole; /* it has a header; it reads well to its last byte */
	bool edns;	    /* there is an OPT, wherever */
	unsigned opts;	    /* where they belong */
	uint16_t udp_size;  /* of the first of these */
	unsigned questions; /* that are there whole */
	bool asks;	    /* the first of them reads well */
	struct mdl_name qname;
	uint16_t qtype, qclass;
};

/* A pointer in the first name leads into the header, which is not the same in the answer. */
static void see_question(struct sight *s, struct mdl_slice body, const struct dns_record *q)
{
	size_t used;
	s->asks =
		mdl_name_read(body, q->off, &used, &s->qname, NULL) == MDL_OK && used == s->qname.n;
	s->qtype = q->type;
	s->qclass = q->cls;
}

static void see(struct sight *s, struct mdl_slice body)
{
	struct dns_walk w;
	struct dns_record rr;
	*s = (struct sight){ .header = mdl_dns_walk(&w, body) };
	s->h = w.h;
	while (s->header && mdl_dns_walk_next(&w, &rr)) {
		if (rr.section == DNS_S_QUESTION && s->questions++ == 0)
			see_question(s, body, &rr);
		s->edns |= rr.section != DNS_S_QUESTION && rr.type == DNS_T_OPT;
		if (rr.section == DNS_S_ADDITIONAL && rr.type == DNS_T_OPT && s->opts++ == 0)
			s->udp_size = rr.cls;
	}
	s->whole = w.c.err == MDL_OK &&
		   (mdl_cursor_left(&w.c) == 0 || dns_opcode_of(w.h.flags) == DNS_O_DSO);
}

/* What no answer may be. */
static const char *by_itself(const struct sight *a)
{
	if (!a->header)
		return "an answer that is shorter than a header";
	if ((a->h.flags & DNS_F_QR) == 0)
		return "an answer that says it is a query";
	if (!a->whole)
		return "an answer that cannot be read to its end";
	if ((a->h.flags & DNS_F_Z) != 0)
		return "an answer with the reserved bit set";	      /* RFC 1035, section 4.1.1 */
	return a->opts > 1 ? "an answer with two OPT records" : NULL; /* RFC 6891, section 6.1.1 */
}

static bool same_question(const struct sight *a, const struct sight *b)
{
	return a->qtype == b->qtype && a->qclass == b->qclass && mdl_name_eq(&a->qname, &b->qname);
}

/* What no answer to this request may be. */
static const char *to_request(const struct sight *q, const struct sight *a)
{
	if (q->h.id != a->h.id)
		return "an answer with another id";
	if (dns_opcode_of(q->h.flags) != dns_opcode_of(a->h.flags))
		return "an answer with another opcode";
	if (q->asks && a->asks && !same_question(q, a))
		return "an answer to another question";
	if (a->questions > q->questions)
		return "an answer with a question that was not asked";
	/* RFC 6891, section 7: those who do not say EDNS are not told of it */
	return q->whole && !q->edns && a->opts > 0 ? "EDNS to one who did not ask for it" : NULL;
}

/* RFC 1035, section 4.2.1, and RFC 6891, section 6.2.3 */
static bool too_long(const struct sight *q, size_t n)
{
	return q->whole && n > (q->udp_size > DGRAM_MIN ? q->udp_size : DGRAM_MIN);
}

const char *mdl_dns_judge(struct mdl_ctx *x, struct mdl_slice request, struct mdl_slice answer)
{
	struct sight q, a;
	struct mdl_slice body = dns_body(x->carrier, answer);
	see(&a, body);
	const char *wrong = by_itself(&a);
	if (wrong != NULL || request.n == 0)
		return wrong;
	see(&q, dns_body(x->carrier, request));
	if (!q.header)
		return NULL;
	if (x->carrier == MDL_DGRAM && too_long(&q, body.n))
		return "an answer longer than the asker can take";
	return to_request(&q, &a);
}
