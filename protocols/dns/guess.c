/* Is this DNS? Said only of what reads well from the header to the last byte. */
#include "core/writer.h"
#include "protocols/dns/internal.h"
#include "protocols/dns/look.h"
#include "protocols/dns/types.h"

enum { CERTAIN = 95, LIKELY = 75, CUT = 65, WEAK = 45 };

static bool good_class(const struct dns_record *rr)
{
	unsigned cls =
		rr->cls & 0x7fffU; /* RFC 6762, sections 5.4 and 10.2: the top bit means else */
	return rr->type == DNS_T_OPT || mdl_dns_value_name(mdl_dns_classes, cls) != NULL;
}

static bool good_query(const struct dns_header *h)
{
	unsigned opcode = dns_opcode_of(h->flags);
	bool update = opcode == DNS_O_UPDATE;
	bool notify = opcode == DNS_O_NOTIFY;
	return (h->flags & 15) == 0 && (h->flags & DNS_F_RA) == 0 &&
	       ((h->flags & DNS_F_AA) == 0 || notify) && (h->count[DNS_S_ANSWER] <= 1 || update) &&
	       (h->count[DNS_S_AUTHORITY] <= 1 || update) &&
	       (h->count[DNS_S_ADDITIONAL] <= 4 || update);
}

static bool good_header(const struct dns_header *h)
{
	unsigned opcode = dns_opcode_of(h->flags);
	return mdl_dns_value_name(mdl_dns_opcodes, opcode) != NULL && (h->flags & DNS_F_Z) == 0 &&
	       h->count[DNS_S_QUESTION] <= 1 && ((h->flags & DNS_F_QR) != 0 || good_query(h));
}

/* A message of a header only: an error answer; the rest is too little to go by. */
static unsigned bare(const struct dns_header *h)
{
	return (h->flags & DNS_F_QR) != 0 && (h->flags & 15) != 0 ? WEAK : 0;
}

static unsigned judge(struct mdl_slice body, bool whole)
{
	struct dns_walk w;
	struct dns_record rr;
	unsigned records = 0;
	if (!mdl_dns_walk(&w, body) || !good_header(&w.h))
		return 0;
	while (mdl_dns_walk_next(&w, &rr)) {
		if (rr.type == 0 || !good_class(&rr))
			return 0;
		records++;
	}
	if (!whole)
		return records > 0 ? CUT : 0;
	if (w.c.err != MDL_OK)
		return 0;
	if (dns_opcode_of(w.h.flags) == DNS_O_DSO && records == 0)
		return mdl_cursor_left(&w.c) >= 4 ? WEAK : 0;
	if (mdl_cursor_left(&w.c) > 0)
		return 0;
	if (records == 0)
		return bare(&w.h);
	return w.h.count[DNS_S_QUESTION] == 1 ? CERTAIN : LIKELY;
}

unsigned mdl_dns_guess(enum mdl_carrier on, struct mdl_slice first)
{
	struct mdl_slice body = dns_body(on, first);
	if (on != MDL_STREAM)
		return judge(body, true);
	if (first.n < DNS_PREFIX)
		return 0;
	size_t n = (size_t)mdl_get_be(first.p, DNS_PREFIX);
	return n < DNS_HEADER ? 0 : judge(mdl_slice_sub(body, 0, n), n <= body.n);
}
