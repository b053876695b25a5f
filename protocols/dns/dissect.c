/* Header, questions and records as fields; what RDATA holds is left to rdata.c. */
#include "core/writer.h"
#include "protocols/dns/fields.h"
#include "protocols/dns/internal.h"
#include "protocols/dns/look.h"
#include "protocols/dns/rdata.h"
#include "protocols/dns/tsig.h"
#include "protocols/dns/types.h"

/* One message being read. */
struct reading {
	struct mdl_cursor c;
	struct mdl_fields *out;
	struct dns_header h;
	enum dns_section section;
	bool opt, tsig; /* one was seen */
};

static void note(const struct reading *r, const char *text, size_t off)
{
	mdl_field_note(r->out, text, off);
}

/* RFC 1035, section 4.1.1 */
static const struct mdl_shape header_shape[] = {
	{ DNS_ID, 0, 2, 0 },	  { DNS_FLAGS, 2, 2, 0 },   { DNS_QR, 2, 2, 2 },
	{ DNS_OPCODE, 2, 2, 2 },  { DNS_AA, 2, 2, 2 },	    { DNS_TC, 2, 2, 2 },
	{ DNS_RD, 2, 2, 2 },	  { DNS_RA, 2, 2, 2 },	    { DNS_Z, 2, 2, 2 },
	{ DNS_AD, 2, 2, 2 },	  { DNS_CD, 2, 2, 2 },	    { DNS_RCODE, 2, 2, 2 },
	{ DNS_QDCOUNT, 4, 2, 0 }, { DNS_ANCOUNT, 6, 2, 0 }, { DNS_NSCOUNT, 8, 2, 0 },
	{ DNS_ARCOUNT, 10, 2, 0 }
};
/* What follows the name of a question, of a record (section 4.1.3), and of OPT (RFC 6891, 6.1.3) */
static const struct mdl_shape question_shape[] = { { DNS_QTYPE, 0, 2, 0 },
						   { DNS_QCLASS, 2, 2, 0 } };
static const struct mdl_shape record_shape[] = { { DNS_TYPE, 0, 2, 0 },
						 { DNS_CLASS, 2, 2, 0 },
						 { DNS_TTL, 4, 4, 0 },
						 { DNS_RDLENGTH, 8, 2, 0 } };
static const struct mdl_shape opt_shape[] = {
	{ DNS_TYPE, 0, 2, 0 },	       { DNS_UDP_SIZE, 2, 2, 0 },   { DNS_EXT_RCODE, 4, 1, 0 },
	{ DNS_EDNS_VERSION, 5, 1, 0 }, { DNS_EDNS_FLAGS, 6, 2, 0 }, { DNS_DO, 6, 2, 5 },
	{ DNS_EDNS_Z, 6, 2, 5 },       { DNS_RDLENGTH, 8, 2, 0 }
};

static size_t end_of(const struct mdl_shape *s)
{
	return (size_t)s->off + s->len;
}

/* Adds the fields of a layout and gives its bytes; of one that is cut it adds what is whole, gives NULL. */
static const uint8_t *take_shape(struct reading *r, const struct mdl_shape *shape, size_t n)
{
	const uint8_t *p = r->c.p;
	size_t left = mdl_cursor_left(&r->c), whole = n;
	if (r->c.err != MDL_OK)
		return NULL;
	while (whole > 0 && end_of(&shape[whole - 1]) > left)
		whole--;
	mdl_field_add_shape(r->out, shape, whole, mdl_cursor_off(&r->c));
	mdl_cursor_skip(&r->c, whole == 0 ? 0 : end_of(&shape[whole - 1]));
	if (whole == n)
		return p;
	r->c.err = MDL_EMALFORMED;
	return NULL;
}

static void read_header(struct reading *r)
{
	const uint8_t *p = take_shape(r, header_shape, MDL_COUNT(header_shape));
	if (p == NULL)
		return;
	r->h.id = (uint16_t)mdl_get_be(p, 2);
	r->h.flags = (uint16_t)mdl_get_be(p + 2, 2);
	for (size_t i = 0; i < MDL_COUNT(r->h.count); i++)
		r->h.count[i] = (uint16_t)mdl_get_be(p + 4 + 2 * i, 2);
}

static void judge_header(const struct reading *r, enum mdl_dir dir)
{
	unsigned opcode = dns_opcode_of(r->h.flags);
	bool answer = (r->h.flags & DNS_F_QR) != 0;
	if (answer != (dir == MDL_S2C) && opcode != DNS_O_DSO)
		note(r,
		     answer ? "an answer from the side that asks"
			    : "a query from the side that answers",
		     2);
	if ((r->h.flags & DNS_F_Z) != 0)
		note(r, "the reserved bit is set", 2);
	if (opcode != DNS_O_QUERY)
		return;
	if (r->h.count[DNS_S_QUESTION] > 1)
		note(r, "more than one question", 4);
	if (!answer && r->h.count[DNS_S_ANSWER] > 0)
		note(r, "a query with answers", 6);
}

/* RFC 1035, section 4.1.2 */
static void read_question(struct reading *r)
{
	uint32_t q = mdl_field_open(r->out, DNS_Q, mdl_cursor_off(&r->c));
	mdl_dns_read_name(&r->c, r->out, DNS_QNAME);
	size_t at = mdl_cursor_off(&r->c);
	const uint8_t *p = take_shape(r, question_shape, MDL_COUNT(question_shape));
	unsigned type = p == NULL ? 0 : (unsigned)mdl_get_be(p, 2);
	if (type == DNS_T_OPT || type == DNS_T_TSIG)
		note(r, "a question for what is no data", at);
	mdl_field_close(r->out, q, mdl_cursor_off(&r->c));
}

/* What other records have as class and TTL means something else in OPT; RFC 6891, section 6.1.3. */
static void judge_edns(struct reading *r, uint8_t version, bool root, size_t start)
{
	if (r->opt)
		note(r, "a second OPT", start);
	if (!root)
		note(r, "OPT with a name", start);
	if (r->section != DNS_S_ADDITIONAL)
		note(r, "OPT outside the additional section", start);
	if (version > 0)
		note(r, "an EDNS version above 0", start);
	r->opt = true;
}

static void judge_record(struct reading *r, unsigned type, uint64_t ttl, size_t start)
{
	if (r->tsig)
		note(r, "a record behind TSIG", start);
	if (type == DNS_T_TSIG && r->section != DNS_S_ADDITIONAL)
		note(r, "TSIG outside the additional section", start);
	if (type >= DNS_T_IXFR && type <= DNS_T_ANY && dns_opcode_of(r->h.flags) != DNS_O_UPDATE)
		note(r, "a record of a type that only questions have", start);
	if (ttl > INT32_MAX)
		note(r, "a TTL with its highest bit set", start);
	r->tsig = type == DNS_T_TSIG;
}

/* The bytes of RDATA; all there are if the message ends before them. */
static struct mdl_cursor rdata_block(struct reading *r, size_t n)
{
	size_t left = mdl_cursor_left(&r->c);
	struct mdl_cursor block = mdl_cursor_block(&r->c, n < left ? n : left);
	if (n > left) {
		note(r, "rdlength runs over the end", mdl_cursor_off(&block) - 2);
		r->c.err = MDL_EMALFORMED;
	}
	return block;
}

/* The rest of a record behind its name. */
static void read_rest_of_record(struct reading *r, size_t start)
{
	bool opt = mdl_cursor_left(&r->c) >= 2 && mdl_get_be(r->c.p, 2) == DNS_T_OPT;
	bool root = mdl_cursor_off(&r->c) == start + 1;
	const uint8_t *p = opt ? take_shape(r, opt_shape, MDL_COUNT(opt_shape))
			       : take_shape(r, record_shape, MDL_COUNT(record_shape));
	if (p == NULL)
		return;
	uint16_t type = (uint16_t)mdl_get_be(p, 2), cls = (uint16_t)mdl_get_be(p + 2, 2);
	judge_record(r, type, opt ? 0 : mdl_get_be(p + 4, 4), start);
	if (opt)
		judge_edns(r, p[5], root, start);
	bool update = dns_opcode_of(r->h.flags) == DNS_O_UPDATE;
	mdl_dns_read_rdata(rdata_block(r, (size_t)mdl_get_be(p + 8, 2)), r->out, type, cls, update);
}

static void read_record(struct reading *r)
{
	size_t start = mdl_cursor_off(&r->c);
	uint32_t rr = mdl_field_open(r->out, DNS_RR, start);
	mdl_dns_read_name(&r->c, r->out, DNS_NAME);
	read_rest_of_record(r, start);
	mdl_field_close(r->out, rr, mdl_cursor_off(&r->c));
}

static void read_section(struct reading *r, enum dns_section section)
{
	static const uint16_t rows[] = { DNS_QUESTION, DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };
	uint32_t span = mdl_field_open(r->out, rows[section], mdl_cursor_off(&r->c));
	r->section = section;
	for (unsigned i = 0; i < r->h.count[section] && r->c.err == MDL_OK; i++) {
		if (mdl_cursor_left(&r->c) == 0) {
			note(r, "a count says more than there is", 4 + 2 * (size_t)section);
			r->c.err = MDL_EMALFORMED;
		} else if (section == DNS_S_QUESTION) {
			read_question(r);
		} else {
			read_record(r);
		}
	}
	mdl_field_close(r->out, span, mdl_cursor_off(&r->c));
}

/* Bytes that belong to nothing: the rest of what could not be read, or more than the counts say. */
static void read_rest(struct reading *r)
{
	size_t off = mdl_cursor_off(&r->c), n = (size_t)(r->c.end - r->c.p);
	if (n == 0 && r->c.err != MDL_OK)
		note(r, "the message is cut", off);
	if (n == 0)
		return;
	if (r->c.err == MDL_OK && dns_opcode_of(r->h.flags) == DNS_O_DSO) {
		mdl_dns_read_dso(r->c, r->out);
		return;
	}
	note(r, r->c.err == MDL_OK ? "bytes behind the last record" : "bytes that cannot be read",
	     off);
	mdl_field_add(r->out, DNS_TRAILING, off, n);
}

mdl_err mdl_dns_read_body(struct mdl_ctx *x, struct mdl_slice body, struct mdl_fields *out)
{
	struct reading r = { .c = mdl_cursor(body), .out = out };
	read_header(&r);
	if (r.c.err == MDL_OK)
		judge_header(&r, x->dir);
	else
		note(&r, "the header is cut", body.n);
	for (enum dns_section s = DNS_S_QUESTION; s <= DNS_S_ADDITIONAL; s++)
		read_section(&r, s);
	read_rest(&r);
	return r.c.err;
}

/* The same, of a message that went by. */
static mdl_err read_message(struct mdl_ctx *x, struct mdl_slice body, struct mdl_fields *out)
{
	mdl_err err = mdl_dns_read_body(x, body, out);
	if (err == MDL_OK)
		mdl_dns_tsig_saw(x, body);
	return err;
}

/*
 * On a stream the message follows its length. Offsets and pointers count from the header, so that is
 * where the layer begins.
 */
static mdl_err read_framed(struct mdl_ctx *x, struct mdl_slice msg, struct mdl_fields *out)
{
	struct mdl_cursor c = mdl_cursor(msg);
	uint64_t n = mdl_field_be(out, DNS_LENGTH, &c, DNS_PREFIX);
	if (c.err != MDL_OK) {
		mdl_field_note(out, "the length in front is cut", 0);
		mdl_field_add(out, DNS_TRAILING, 0, msg.n);
		return c.err;
	}
	struct mdl_slice body = mdl_cursor_rest(&c);
	if (n != body.n)
		mdl_field_note(out, "the length in front is not that of the message", 0);
	uint32_t span = mdl_field_open(out, DNS_MESSAGE, DNS_PREFIX);
	out->layers[out->layer].base += DNS_PREFIX;
	mdl_err err = read_message(x, body, out);
	mdl_field_close(out, span, body.n);
	return err;
}

mdl_err mdl_dns_dissect(struct mdl_ctx *x, struct mdl_slice msg, struct mdl_fields *out)
{
	return x->carrier == MDL_STREAM ? read_framed(x, msg, out) : read_message(x, msg, out);
}
