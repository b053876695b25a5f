/*
 * One line a message: `query 0x1a2b example.org. A +rd edns(1232,do)`,
 * `answer 0x1a2b NOERROR aa 1/0/1 example.org. 300 A 192.0.2.1`.
 */
#include "core/text.h"
#include "core/writer.h"
#include "protocols/dns/internal.h"
#include "protocols/dns/look.h"
#include "protocols/dns/say_line.h"
#include "protocols/dns/types.h"

enum { RECORDS_SHOWN = 4, CODES_SHOWN = 8, EDE_TEXT = 64 };

/* ---- parts of a message ---- */

/* In the words of nsupdate; RFC 2136 sections 2.4 and 2.5. NULL: only data. */
static const char *update_word(const struct dns_line *l, uint16_t section, uint64_t cls,
			       uint64_t type)
{
	if (l->opcode != DNS_O_UPDATE || (section != DNS_ANSWER && section != DNS_AUTHORITY))
		return NULL;
	if (section == DNS_AUTHORITY)
		return cls == DNS_C_ANY || cls == DNS_C_NONE ? "delete" : "add";
	if (type == DNS_T_ANY)
		return cls == DNS_C_NONE ? "nxdomain" : "yxdomain";
	return cls == DNS_C_NONE ? "nxrrset" : "yxrrset";
}

/* Whole names are meant where the type is ANY. */
static void put_type(struct dns_line *l, const char *word, uint64_t type)
{
	if (word != NULL && type == DNS_T_ANY)
		return;
	mdl_dns_put(l, " ");
	PUT(l, mdl_dns_type_text((uint16_t)type, l->out));
}

static void put_record(struct dns_line *l, uint16_t section, uint32_t rr, uint32_t end)
{
	uint32_t name = mdl_dns_find(l, DNS_NAME, rr, end),
		 type = mdl_dns_find(l, DNS_TYPE, rr, end);
	uint32_t rdata = mdl_dns_find(l, DNS_RDATA, rr, end);
	if (name == MDL_NO_FIELD || type == MDL_NO_FIELD)
		return;
	uint64_t cls = mdl_dns_number_in(l, DNS_CLASS, rr, end),
		 t = mdl_dns_number_in(l, DNS_TYPE, rr, end);
	const char *word = update_word(l, section, cls, t);
	if (word != NULL)
		mdl_dns_put(l, "%s ", word);
	mdl_dns_put_name(l, name);
	if (word == NULL || strcmp(word, "add") == 0)
		mdl_dns_put(l, " %u", (unsigned)mdl_dns_number_in(l, DNS_TTL, rr, end));
	if (word == NULL && cls != DNS_C_IN && cls != 0) {
		mdl_dns_put(l, " ");
		PUT(l, mdl_dns_class_text((uint16_t)cls, l->out));
	}
	put_type(l, word, t);
	if (rdata != MDL_NO_FIELD)
		mdl_dns_put_rdata(l, rdata, end);
}

/* The records of a section, with " " before the first and ", " before the others. */
static void put_records(struct dns_line *l, uint16_t section)
{
	uint32_t span = mdl_dns_find(l, section, 0, l->f->n), shown = 0;
	if (span == MDL_NO_FIELD)
		return;
	uint32_t end = mdl_field_end(l->f, span);
	for (uint32_t i = mdl_dns_find(l, DNS_RR, span, end); i < end;) {
		uint32_t next = mdl_field_end(l->f, i);
		if (shown == RECORDS_SHOWN) {
			mdl_dns_put(l, ", ...");
			return;
		}
		mdl_dns_put(l, shown++ == 0 ? " " : ", ");
		put_record(l, section, i, next);
		i = next;
	}
}

/* What a secondary has already, RFC 1995 section 3. */
static void put_since(struct dns_line *l)
{
	uint32_t span = mdl_dns_find(l, DNS_AUTHORITY, 0, l->f->n);
	uint32_t end = span == MDL_NO_FIELD ? 0 : mdl_field_end(l->f, span);
	uint32_t serial = span == MDL_NO_FIELD ? span : mdl_dns_find(l, DNS_SERIAL, span, end);
	if (serial != MDL_NO_FIELD)
		mdl_dns_put(l, " since %u", (unsigned)mdl_field_uint(l->f, l->msg, serial));
}

static void put_question(struct dns_line *l)
{
	uint32_t span = mdl_dns_find(l, DNS_QUESTION, 0, l->f->n);
	uint32_t end = span == MDL_NO_FIELD ? 0 : mdl_field_end(l->f, span);
	uint32_t name = mdl_dns_find(l, DNS_QNAME, 0, end),
		 type = mdl_dns_find(l, DNS_QTYPE, 0, end);
	uint64_t cls = mdl_dns_number_in(l, DNS_QCLASS, 0, end);
	if (name == MDL_NO_FIELD) {
		mdl_dns_put(l, l->opcode == DNS_O_QUERY ? " without a question" : "");
		return;
	}
	mdl_dns_put(l, l->opcode == DNS_O_UPDATE ? " zone " : " ");
	mdl_dns_put_name(l, name);
	if (cls != DNS_C_IN) {
		mdl_dns_put(l, " ");
		PUT(l, mdl_dns_class_text((uint16_t)cls, l->out));
	}
	uint64_t v = type == MDL_NO_FIELD ? 0 : mdl_field_uint(l->f, l->msg, type);
	if (type == MDL_NO_FIELD || (l->opcode == DNS_O_UPDATE && v == DNS_T_SOA))
		return;
	mdl_dns_put(l, " ");
	PUT(l, mdl_dns_type_text((uint16_t)v, l->out));
	if (v == DNS_T_IXFR && (l->flags & DNS_F_QR) == 0)
		put_since(l);
}

/* ---- the header and what stands at the end ---- */

static void put_flags(struct dns_line *l, const char *before)
{
	static const struct {
		const char *name;
		uint16_t bit;
	} names[] = { { "aa", DNS_F_AA }, { "tc", DNS_F_TC }, { "rd", DNS_F_RD },
		      { "ra", DNS_F_RA }, { "z", DNS_F_Z },   { "ad", DNS_F_AD },
		      { "cd", DNS_F_CD } };
	for (size_t i = 0; i < MDL_COUNT(names); i++)
		if ((l->flags & names[i].bit) != 0)
			mdl_dns_put(l, " %s%s", before, names[i].name);
}

/* The first few numbers of row `row` by name, each after `before`. */
static void put_codes(struct dns_line *l, uint16_t row, const struct mdl_value *names,
		      const char *prefix, const char *before)
{
	unsigned shown = 0;
	for (uint32_t i = mdl_dns_find(l, row, 0, l->f->n); i != MDL_NO_FIELD;
	     i = mdl_dns_find(l, row, i + 1, l->f->n)) {
		mdl_dns_put(l, "%s", before);
		if (shown++ == CODES_SHOWN) {
			mdl_dns_put(l, "...");
			return;
		}
		PUT(l, mdl_dns_value_text(names, mdl_field_uint(l->f, l->msg, i), prefix, l->out));
	}
}

static void put_edns(struct dns_line *l)
{
	uint32_t i = mdl_dns_find(l, DNS_UDP_SIZE, 0, l->f->n);
	if (i == MDL_NO_FIELD)
		return;
	mdl_dns_put(l, " edns(%u", (unsigned)mdl_field_uint(l->f, l->msg, i));
	if (mdl_dns_number_in(l, DNS_EDNS_VERSION, i, l->f->n) != 0)
		mdl_dns_put(l, ",version %u",
			    (unsigned)mdl_dns_number_in(l, DNS_EDNS_VERSION, i, l->f->n));
	if (mdl_dns_number_in(l, DNS_DO, i, l->f->n) != 0)
		mdl_dns_put(l, ",do");
	put_codes(l, DNS_OPT_CODE, mdl_dns_options, "OPT", ",");
	mdl_dns_put(l, ")");
}

/* Why it went wrong, RFC 8914: what the number says, and what the server adds. */
static void put_ede(struct dns_line *l)
{
	unsigned shown = 0;
	for (uint32_t i = mdl_dns_find(l, DNS_EDE_CODE, 0, l->f->n); i != MDL_NO_FIELD;
	     i = mdl_dns_find(l, DNS_EDE_CODE, i + 1, l->f->n)) {
		if (shown++ == CODES_SHOWN)
			return;
		mdl_dns_put(l, " ede(");
		PUT(l, mdl_dns_value_text(mdl_dns_ede_codes, mdl_field_uint(l->f, l->msg, i), "",
					  l->out));
		if (i + 1 < l->f->n && l->f->v[i + 1].def == DNS_EDE_TEXT &&
		    l->f->v[i + 1].len > 0) {
			mdl_dns_put(l, ": ");
			PUT(l,
			    mdl_text_brief(l->out, mdl_field_bytes(l->f, l->msg, i + 1), EDE_TEXT));
		}
		mdl_dns_put(l, ")");
	}
}

/* The key is the name of the record that holds the MAC. */
static void put_tsig(struct dns_line *l)
{
	uint32_t mac = mdl_dns_find(l, DNS_MAC, 0, l->f->n), name = MDL_NO_FIELD;
	if (mac == MDL_NO_FIELD)
		return;
	for (uint32_t i = mac; i-- > 0 && name == MDL_NO_FIELD;)
		if (l->f->v[i].def == DNS_NAME)
			name = i;
	mdl_dns_put(l, " tsig(");
	if (name != MDL_NO_FIELD)
		mdl_dns_put_name(l, name);
	uint64_t error = mdl_dns_number_in(l, DNS_TSIG_ERROR, mac, l->f->n);
	if (error != 0) {
		mdl_dns_put(l, ",");
		PUT(l, mdl_dns_value_text(mdl_dns_tsig_errors, error, "ERROR", l->out));
	}
	mdl_dns_put(l, ")");
}

static void put_rcode(struct dns_line *l)
{
	uint64_t more = mdl_dns_number_in(l, DNS_EXT_RCODE, 0, l->f->n);
	mdl_dns_put(l, " ");
	PUT(l, mdl_dns_value_text(mdl_dns_rcodes, (l->flags & 15U) | more << 4, "RCODE", l->out));
}

static void put_counts(struct dns_line *l)
{
	static const uint16_t rows[] = { DNS_ANCOUNT, DNS_NSCOUNT, DNS_ARCOUNT };
	for (size_t i = 0; i < MDL_COUNT(rows); i++)
		mdl_dns_put(l, "%s%u", i == 0 ? " " : "/",
			    (unsigned)mdl_dns_number_in(l, rows[i], 0, l->f->n));
}

/* The word for the message: "query", "answer", "notify", "update answer". */
static void put_word(struct dns_line *l)
{
	static const char *const words[] = { "query",  "iquery", "status", NULL,
					     "notify", "update", "dso" };
	bool answer = (l->flags & DNS_F_QR) != 0;
	if (l->opcode < MDL_COUNT(words) && words[l->opcode] != NULL)
		mdl_dns_put(l, "%s",
			    l->opcode == DNS_O_QUERY && answer ? "answer" : words[l->opcode]);
	else
		mdl_dns_put(l, "opcode%u", l->opcode);
	if (answer && l->opcode != DNS_O_QUERY)
		mdl_dns_put(l, " answer");
}

static void put_update(struct dns_line *l)
{
	if (mdl_dns_number_in(l, DNS_ANCOUNT, 0, l->f->n) > 0) {
		mdl_dns_put(l, " if");
		put_records(l, DNS_ANSWER);
	}
	if (mdl_dns_number_in(l, DNS_NSCOUNT, 0, l->f->n) > 0) {
		mdl_dns_put(l, ":");
		put_records(l, DNS_AUTHORITY);
	}
}

/* The first record of `type` in the authority section; its name, or MDL_NO_FIELD. */
static uint32_t authority_of(const struct dns_line *l, uint16_t type)
{
	uint32_t span = mdl_dns_find(l, DNS_AUTHORITY, 0, l->f->n);
	uint32_t end = span == MDL_NO_FIELD ? 0 : mdl_field_end(l->f, span);
	for (uint32_t i = span == MDL_NO_FIELD ? end : mdl_dns_find(l, DNS_RR, span, end); i < end;
	     i = mdl_field_end(l->f, i))
		if (mdl_dns_number_in(l, DNS_TYPE, i, mdl_field_end(l->f, i)) == type)
			return mdl_dns_find(l, DNS_NAME, i, mdl_field_end(l->f, i));
	return MDL_NO_FIELD;
}

/* What an answer without records means, RFC 2308 section 2.2. */
static void put_nothing(struct dns_line *l)
{
	bool fine = (l->flags & (15U | DNS_F_TC)) == DNS_R_NOERROR && l->opcode == DNS_O_QUERY;
	uint32_t soa = authority_of(l, DNS_T_SOA), ns = authority_of(l, DNS_T_NS);
	if (!fine || (soa == MDL_NO_FIELD && ns == MDL_NO_FIELD))
		return;
	mdl_dns_put(l, soa != MDL_NO_FIELD ? ", no data" : ", referral to ");
	if (soa == MDL_NO_FIELD)
		mdl_dns_put_name(l, ns);
}

static void put_answer(struct dns_line *l)
{
	put_rcode(l);
	put_flags(l, "");
	put_counts(l);
	if (mdl_dns_number_in(l, DNS_ANCOUNT, 0, l->f->n) > 0)
		put_records(l, DNS_ANSWER);
	else {
		put_question(l);
		put_nothing(l);
	}
}

mdl_err mdl_dns_say(struct mdl_ctx *x, struct mdl_slice msg, const struct mdl_fields *f,
		    struct mdl_buf *out)
{
	struct dns_line l = { .out = out, .f = f, .msg = msg };
	for (unsigned i = 0; i < f->n_layers; i++)
		if (f->layers[i].x == x)
			l.layer = i;
	uint32_t flags = mdl_dns_find(&l, DNS_FLAGS, 0, f->n),
		 id = mdl_dns_find(&l, DNS_ID, 0, f->n);
	if (flags == MDL_NO_FIELD || id == MDL_NO_FIELD) {
		mdl_dns_put(&l, "%zu bytes without a header", msg.n);
		return l.err;
	}
	struct mdl_slice bytes = mdl_field_bytes(f, msg, flags);
	l.flags = (uint16_t)mdl_get_be(bytes.p, bytes.n);
	l.opcode = dns_opcode_of(l.flags);
	put_word(&l);
	mdl_dns_put(&l, " 0x%04x", (unsigned)mdl_field_uint(f, msg, id));
	if ((l.flags & DNS_F_QR) != 0)
		put_answer(&l);
	else
		put_question(&l);
	if ((l.flags & DNS_F_QR) == 0)
		put_flags(&l, "+");
	if (l.opcode == DNS_O_UPDATE && (l.flags & DNS_F_QR) == 0)
		put_update(&l);
	put_codes(&l, DNS_TLV_TYPE, mdl_dns_tlv_types, "TLV", " "); /* RFC 8490, section 5.4 */
	put_edns(&l);
	put_ede(&l);
	put_tsig(&l);
	return l.err;
}
