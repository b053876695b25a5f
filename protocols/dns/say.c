/*
 * One line a message: `query 0x1a2b example.org. A +rd edns(1232,do)`,
 * `answer 0x1a2b NOERROR aa 1/0/1 example.org. 300 A 192.0.2.1`.
 */
#include <arpa/inet.h>

#include "core/text.h"
#include "core/writer.h"
#include "protocols/dns/fields.h"
#include "protocols/dns/internal.h"
#include "protocols/dns/look.h"
#include "protocols/dns/types.h"
#include "protocols/name.h"

enum {
	RECORDS_SHOWN = 4,
	BRIEF_BYTES = 16,
	BRIEF_TEXT = 64,
	VALUES_SHOWN = 24,
	TYPES_SHOWN = 32,
	CODES_SHOWN = 8
};

/* A line being written, with a sticky error. */
struct line {
	struct mdl_buf *out;
	mdl_err err;
	const struct mdl_fields *f;
	struct mdl_slice msg;
	unsigned layer;
	unsigned opcode;
	uint16_t flags;
};

static void put(struct line *l, const char *fmt, ...) MDL_PRINTF(2, 3);
static void put(struct line *l, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (l->err == MDL_OK)
		l->err = mdl_buf_vprintf(l->out, fmt, ap);
	va_end(ap);
}

/* For functions that append and give an error. */
#define PUT(l, call)                       \
	do {                               \
		if ((l)->err == MDL_OK)    \
			(l)->err = (call); \
	} while (0)

/* ---- values ---- */

static void put_name(struct line *l, uint32_t i)
{
	uint32_t base = l->f->layers[l->f->v[i].layer].base;
	struct mdl_slice body = mdl_slice_sub(l->msg, base, SIZE_MAX);
	struct mdl_name name;
	size_t used;
	if (mdl_name_read(body, l->f->v[i].off - base, &used, &name, NULL) != MDL_OK) {
		put(l, "<bad name>");
		return;
	}
	PUT(l, mdl_name_text(&name, l->out));
	if (name.n > 1)
		put(l, ".");
}

static void put_bytes(struct line *l, struct mdl_slice s)
{
	PUT(l, mdl_text_hex(l->out, mdl_slice_sub(s, 0, BRIEF_BYTES)));
	if (s.n > BRIEF_BYTES)
		put(l, "..(%zu)", s.n);
	else if (s.n == 0)
		put(l, "-");
}

static void put_text(struct line *l, struct mdl_slice s)
{
	put(l, "\"");
	PUT(l, mdl_text_brief(l->out, s, BRIEF_TEXT));
	put(l, "\"");
}

static void put_ip(struct line *l, int family, struct mdl_slice s)
{
	char text[INET6_ADDRSTRLEN];
	if (s.n == (family == AF_INET ? 4U : 16U) &&
	    inet_ntop(family, s.p, text, sizeof(text)) != NULL)
		put(l, "%s", text);
	else
		put_bytes(l, s);
}

static void put_number(struct line *l, uint32_t i, const struct mdl_field_def *d)
{
	uint64_t v = mdl_field_uint(l->f, l->msg, i);
	const char *name = d->values == NULL ? NULL : mdl_dns_value_name(d->values, v);
	if (d->values == mdl_dns_types)
		PUT(l, mdl_dns_type_text((uint16_t)v, l->out));
	else if (name != NULL)
		put(l, "%s", name);
	else
		put(l, "%llu", (unsigned long long)v);
}

/* The types of a bitmap window (RFC 4034, section 4.1.2), whose number stands two fields before. */
static void put_types(struct line *l, uint32_t i)
{
	struct mdl_slice bits = mdl_field_bytes(l->f, l->msg, i);
	uint64_t window = i < 2 ? 0 : mdl_field_uint(l->f, l->msg, i - 2);
	unsigned shown = 0;
	for (size_t k = 0; k < 8 * bits.n && k < 256 && shown < TYPES_SHOWN; k++) {
		if ((bits.p[k / 8] & 0x80 >> k % 8) == 0)
			continue;
		put(l, shown++ == 0 ? "" : " ");
		PUT(l, mdl_dns_type_text((uint16_t)(window << 8 | k), l->out));
	}
}

static void put_value(struct line *l, uint32_t i)
{
	const struct mdl_field_def *d = mdl_field_def(l->f, i);
	struct mdl_slice s = mdl_field_bytes(l->f, l->msg, i);
	if (l->f->v[i].def == DNS_WINDOW_BITS) {
		put_types(l, i);
		return;
	}
	switch (d->kind) {
	case MDL_UINT:
	case MDL_BITS:
		put_number(l, i, d);
		return;
	case MDL_NAME:
		put_name(l, i);
		return;
	case MDL_TEXT:
		put_text(l, s);
		return;
	case MDL_IPV4:
		put_ip(l, AF_INET, s);
		return;
	case MDL_IPV6:
		put_ip(l, AF_INET6, s);
		return;
	default:
		put_bytes(l, s);
	}
}

/* ---- parts of a message ---- */

/* The first field of row `def` of this layer in from .. end; MDL_NO_FIELD. */
static uint32_t find(const struct line *l, uint16_t def, uint32_t from, uint32_t end)
{
	for (uint32_t i = from; i < end; i++)
		if (l->f->v[i].def == def && l->f->v[i].layer == l->layer)
			return i;
	return MDL_NO_FIELD;
}

/* Lengths say nothing to people, window numbers are in the types, pointers in the names. */
static bool worth_saying(const struct line *l, uint32_t i)
{
	const struct mdl_field_def *d = mdl_field_def(l->f, i);
	uint16_t row = l->f->v[i].def;
	return d->kind != MDL_SPAN && (d->flags & MDL_F_LENGTH) == 0 && row != DNS_POINTER &&
	       row != DNS_WINDOW_NUMBER;
}

/* Flags are said as one number, as zone files have them. */
static bool is_flags(const struct line *l, uint32_t i)
{
	const struct mdl_field_def *d = mdl_field_def(l->f, i);
	return d->kind == MDL_SPAN && (d->flags & MDL_F_HEX) != 0;
}

static void put_rdata(struct line *l, uint32_t rdata, uint32_t end)
{
	unsigned shown = 0;
	for (uint32_t i = rdata + 1; i < end; i++) {
		bool flags = is_flags(l, i);
		if (!flags && !worth_saying(l, i))
			continue;
		if (++shown > VALUES_SHOWN) {
			put(l, " ...");
			return;
		}
		put(l, " ");
		if (!flags) {
			put_value(l, i);
			continue;
		}
		struct mdl_slice s = mdl_field_bytes(l->f, l->msg, i);
		put(l, "%u", (unsigned)mdl_get_be(s.p, s.n));
		i = mdl_field_end(l->f, i) - 1;
	}
}

static uint64_t number_in(const struct line *l, uint16_t row, uint32_t from, uint32_t end)
{
	uint32_t i = find(l, row, from, end);
	return i == MDL_NO_FIELD ? 0 : mdl_field_uint(l->f, l->msg, i);
}

/* What records of an update mean, RFC 2136 sections 2.4 and 2.5; NULL for those that are only data. */
static const char *update_word(const struct line *l, uint16_t section, uint64_t cls)
{
	if (l->opcode != DNS_O_UPDATE || (section != DNS_ANSWER && section != DNS_AUTHORITY))
		return NULL;
	if (section == DNS_AUTHORITY)
		return cls == DNS_C_ANY || cls == DNS_C_NONE ? "delete" : "add";
	return cls == DNS_C_NONE ? "no" : cls == DNS_C_ANY ? "any" : "exactly";
}

static void put_record(struct line *l, uint16_t section, uint32_t rr, uint32_t end)
{
	uint32_t name = find(l, DNS_NAME, rr, end), type = find(l, DNS_TYPE, rr, end);
	uint32_t rdata = find(l, DNS_RDATA, rr, end);
	uint64_t cls = number_in(l, DNS_CLASS, rr, end);
	const char *word = update_word(l, section, cls);
	if (name == MDL_NO_FIELD || type == MDL_NO_FIELD)
		return;
	if (word != NULL)
		put(l, "%s ", word);
	put_name(l, name);
	put(l, " ");
	if (word == NULL || strcmp(word, "add") == 0)
		put(l, "%u ", (unsigned)number_in(l, DNS_TTL, rr, end));
	if (word == NULL && cls != DNS_C_IN && cls != 0) {
		PUT(l, mdl_dns_class_text((uint16_t)cls, l->out));
		put(l, " ");
	}
	PUT(l, mdl_dns_type_text((uint16_t)mdl_field_uint(l->f, l->msg, type), l->out));
	if (rdata != MDL_NO_FIELD)
		put_rdata(l, rdata, end);
}

/* The records of a section, with " " before the first and ", " before the others. */
static void put_records(struct line *l, uint16_t section)
{
	uint32_t span = find(l, section, 0, l->f->n), shown = 0;
	if (span == MDL_NO_FIELD)
		return;
	uint32_t end = mdl_field_end(l->f, span);
	for (uint32_t i = find(l, DNS_RR, span, end); i < end;) {
		uint32_t next = mdl_field_end(l->f, i);
		if (shown == RECORDS_SHOWN) {
			put(l, ", ...");
			return;
		}
		put(l, shown++ == 0 ? " " : ", ");
		put_record(l, section, i, next);
		i = next;
	}
}

static void put_question(struct line *l)
{
	uint32_t span = find(l, DNS_QUESTION, 0, l->f->n);
	uint32_t end = span == MDL_NO_FIELD ? 0 : mdl_field_end(l->f, span);
	uint32_t name = find(l, DNS_QNAME, 0, end), type = find(l, DNS_QTYPE, 0, end);
	uint64_t cls = number_in(l, DNS_QCLASS, 0, end);
	if (name == MDL_NO_FIELD)
		return;
	put(l, l->opcode == DNS_O_UPDATE ? " zone " : " ");
	put_name(l, name);
	if (cls != DNS_C_IN) {
		put(l, " ");
		PUT(l, mdl_dns_class_text((uint16_t)cls, l->out));
	}
	uint64_t v = type == MDL_NO_FIELD ? 0 : mdl_field_uint(l->f, l->msg, type);
	if (type == MDL_NO_FIELD || (l->opcode == DNS_O_UPDATE && v == DNS_T_SOA))
		return;
	put(l, " ");
	PUT(l, mdl_dns_type_text((uint16_t)v, l->out));
}

/* ---- the header and what stands at the end ---- */

static void put_flags(struct line *l, const char *before)
{
	static const struct {
		const char *name;
		uint16_t bit;
	} names[] = { { "aa", DNS_F_AA }, { "tc", DNS_F_TC }, { "rd", DNS_F_RD },
		      { "ra", DNS_F_RA }, { "z", DNS_F_Z },   { "ad", DNS_F_AD },
		      { "cd", DNS_F_CD } };
	for (size_t i = 0; i < MDL_COUNT(names); i++)
		if ((l->flags & names[i].bit) != 0)
			put(l, " %s%s", before, names[i].name);
}

/* The first few numbers of row `row` by name, each after `before`. */
static void put_codes(struct line *l, uint16_t row, const struct mdl_value *names,
		      const char *prefix, const char *before)
{
	unsigned shown = 0;
	for (uint32_t i = find(l, row, 0, l->f->n); i != MDL_NO_FIELD;
	     i = find(l, row, i + 1, l->f->n)) {
		put(l, "%s", before);
		if (shown++ == CODES_SHOWN) {
			put(l, "...");
			return;
		}
		PUT(l, mdl_dns_value_text(names, mdl_field_uint(l->f, l->msg, i), prefix, l->out));
	}
}

static void put_edns(struct line *l)
{
	uint32_t i = find(l, DNS_UDP_SIZE, 0, l->f->n);
	if (i == MDL_NO_FIELD)
		return;
	put(l, " edns(%u", (unsigned)mdl_field_uint(l->f, l->msg, i));
	if (number_in(l, DNS_EDNS_VERSION, i, l->f->n) != 0)
		put(l, ",version %u", (unsigned)number_in(l, DNS_EDNS_VERSION, i, l->f->n));
	if (number_in(l, DNS_DO, i, l->f->n) != 0)
		put(l, ",do");
	put_codes(l, DNS_OPT_CODE, mdl_dns_options, "OPT", ",");
	put(l, ")");
}

/* The key is the name of the record that holds the MAC. */
static void put_tsig(struct line *l)
{
	uint32_t mac = find(l, DNS_MAC, 0, l->f->n), name = MDL_NO_FIELD;
	if (mac == MDL_NO_FIELD)
		return;
	for (uint32_t i = mac; i-- > 0 && name == MDL_NO_FIELD;)
		if (l->f->v[i].def == DNS_NAME)
			name = i;
	put(l, " tsig(");
	if (name != MDL_NO_FIELD)
		put_name(l, name);
	put(l, ")");
}

static void put_notes(struct line *l)
{
	for (unsigned i = 0; i < l->f->n_notes; i++)
		put(l, "%s%s", i == 0 ? "; odd: " : "; ", l->f->notes[i].text);
}

static void put_rcode(struct line *l)
{
	uint64_t more = number_in(l, DNS_EXT_RCODE, 0, l->f->n);
	put(l, " ");
	PUT(l, mdl_dns_value_text(mdl_dns_rcodes, (l->flags & 15U) | more << 4, "RCODE", l->out));
}

static void put_counts(struct line *l)
{
	static const uint16_t rows[] = { DNS_ANCOUNT, DNS_NSCOUNT, DNS_ARCOUNT };
	for (size_t i = 0; i < MDL_COUNT(rows); i++)
		put(l, "%s%u", i == 0 ? " " : "/", (unsigned)number_in(l, rows[i], 0, l->f->n));
}

/* The word for the message: "query", "answer", "notify", "update answer". */
static void put_word(struct line *l)
{
	static const char *const words[] = { "query",  "iquery", "status", NULL,
					     "notify", "update", "dso" };
	bool answer = (l->flags & DNS_F_QR) != 0;
	if (l->opcode < MDL_COUNT(words) && words[l->opcode] != NULL)
		put(l, "%s", l->opcode == DNS_O_QUERY && answer ? "answer" : words[l->opcode]);
	else
		put(l, "opcode%u", l->opcode);
	if (answer && l->opcode != DNS_O_QUERY)
		put(l, " answer");
}

static void put_update(struct line *l)
{
	if (number_in(l, DNS_ANCOUNT, 0, l->f->n) > 0) {
		put(l, " if");
		put_records(l, DNS_ANSWER);
	}
	if (number_in(l, DNS_NSCOUNT, 0, l->f->n) > 0) {
		put(l, ":");
		put_records(l, DNS_AUTHORITY);
	}
}

static void put_answer(struct line *l)
{
	put_rcode(l);
	put_flags(l, "");
	put_counts(l);
	if (number_in(l, DNS_ANCOUNT, 0, l->f->n) > 0)
		put_records(l, DNS_ANSWER);
	else
		put_question(l);
}

mdl_err mdl_dns_say(struct mdl_ctx *x, struct mdl_slice msg, const struct mdl_fields *f,
		    struct mdl_buf *out)
{
	struct line l = { .out = out, .f = f, .msg = msg };
	for (unsigned i = 0; i < f->n_layers; i++)
		if (f->layers[i].x == x)
			l.layer = i;
	uint32_t flags = find(&l, DNS_FLAGS, 0, f->n), id = find(&l, DNS_ID, 0, f->n);
	if (flags == MDL_NO_FIELD || id == MDL_NO_FIELD) {
		put(&l, "%zu bytes without a header", msg.n);
		put_notes(&l);
		return l.err;
	}
	struct mdl_slice bytes = mdl_field_bytes(f, msg, flags);
	l.flags = (uint16_t)mdl_get_be(bytes.p, bytes.n);
	l.opcode = dns_opcode_of(l.flags);
	put_word(&l);
	put(&l, " 0x%04x", (unsigned)mdl_field_uint(f, msg, id));
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
	put_tsig(&l);
	put_notes(&l);
	return l.err;
}
