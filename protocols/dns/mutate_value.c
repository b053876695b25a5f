/* Strategies for numbers and contents that stand in their fields. */
#include "protocols/dns/fields.h"
#include "protocols/dns/mutate.h"
#include "protocols/dns/types.h"

/* One of `n` values into op->v; false if the field has it already. */
static bool draw_value(struct mdl_bench *b, struct mdl_op *op, const uint64_t *v, size_t n)
{
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	op->v = v[mdl_rng_below(b->rng, n)] & mdl_field_max(&m->index, op->field);
	return op->v != mdl_field_uint(&m->index, mdl_buf_slice(&m->bytes), op->field);
}

/* One of `n` texts kept with the recipe. */
static bool draw_text(struct mdl_bench *b, struct mdl_op *op, const struct mdl_slice *v, size_t n)
{
	return mdl_op_keep(b, op, v[mdl_rng_below(b->rng, n)]);
}

/* ---- records ---- */

static bool is_ttl(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_TTL);
}

bool mdl_dns_choose_ttl(struct mdl_bench *b, struct mdl_op *op)
{
	static const uint64_t ttls[] = { 0, 1, 5, 10, 31536000, INT32_MAX, 0x80000000, UINT32_MAX };
	return mdl_dns_draw(b, op, is_ttl) && draw_value(b, op, ttls, MDL_COUNT(ttls));
}

static bool is_type(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_TYPE);
}

/* The type that a record is taken for, by those who mix up which is which. */
static uint64_t other_type(uint64_t type, struct mdl_rng *r)
{
	static const uint16_t others[][2] = { { DNS_T_A, DNS_T_AAAA },	  { DNS_T_AAAA, DNS_T_A },
					      { DNS_T_CNAME, DNS_T_TXT }, { DNS_T_MX, DNS_T_CNAME },
					      { DNS_T_TXT, DNS_T_A },	  { DNS_T_NS, DNS_T_CNAME },
					      { DNS_T_SRV, DNS_T_MX },	  { DNS_T_PTR, DNS_T_A },
					      { DNS_T_CAA, DNS_T_TXT } };
	for (size_t i = 0; i < MDL_COUNT(others); i++)
		if (others[i][0] == type)
			return others[i][1];
	return others[mdl_rng_below(r, MDL_COUNT(others))][0];
}

bool mdl_dns_choose_type(struct mdl_bench *b, struct mdl_op *op)
{
	if (!mdl_dns_draw(b, op, is_type))
		return false;
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	op->v = other_type(mdl_field_uint(&m->index, mdl_buf_slice(&m->bytes), op->field), b->rng);
	return true;
}

static bool is_address(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_ADDRESS4);
}

bool mdl_dns_choose_address(struct mdl_bench *b, struct mdl_op *op)
{
	/* clang-format off */
	static const struct mdl_slice v[] = {
		DNS_BYTES(""),                 DNS_BYTES("\177\0\0\1"),         DNS_BYTES("\0\0\0\0"),
		DNS_BYTES("\377\377\377\377"), DNS_BYTES("\340\0\0\373"),       DNS_BYTES("\251\376\251\376"),
		DNS_BYTES("\300\0\2"),         DNS_BYTES("\300\0\2\1\5"),       DNS_BYTES("999.999.999.999"),
		DNS_BYTES("abc"),
	};
	/* clang-format on */
	return mdl_dns_draw(b, op, is_address) && draw_text(b, op, v, MDL_COUNT(v));
}

static bool is_address6(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_ADDRESS6);
}

bool mdl_dns_choose_address6(struct mdl_bench *b, struct mdl_op *op)
{
	/* clang-format off */
	static const struct mdl_slice v[] = {
		DNS_BYTES(""),
		DNS_BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
		DNS_BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
		DNS_BYTES("\0\0\0\0\0\0\0\0\0\0\377\377\177\0\0\1"),
		DNS_BYTES("\377\2\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
		DNS_BYTES("\376\200\0\0\0\0\0\0\0\0\0\0\0\0\0"),
		DNS_BYTES("\40\1\15\270\0\0\0\0\0\0\0\0\0\0\0\0\1"),
		DNS_BYTES(":::"),
		DNS_BYTES("1::2::3"),
		DNS_BYTES("\300\0\2\1"),
	};
	/* clang-format on */
	return mdl_dns_draw(b, op, is_address6) && draw_text(b, op, v, MDL_COUNT(v));
}

static bool is_rdata(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_RDATA);
}

bool mdl_dns_choose_data(struct mdl_bench *b, struct mdl_op *op)
{
	/* clang-format off */
	static const struct mdl_slice v[] = {
		DNS_BYTES(""),  DNS_BYTES("\0"), DNS_BYTES("."),    DNS_BYTES("null"),      DNS_BYTES("0"),
		DNS_BYTES("-1"), DNS_BYTES("\"ab"), DNS_BYTES("192.0.2.1"), DNS_BYTES("\377"), DNS_BYTES("\300\14"),
	};
	/* clang-format on */
	uint8_t letters[300];
	if (!mdl_dns_draw(b, op, is_rdata))
		return false;
	if (!mdl_rng_chance(b->rng, 1, MDL_COUNT(v) + 1))
		return draw_text(b, op, v, MDL_COUNT(v));
	memset(letters, 'a', sizeof(letters));
	return mdl_op_keep(b, op, mdl_slice(letters, sizeof(letters)));
}

static bool is_priority(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_PREFERENCE) || mdl_dns_is(f, i, DNS_PRIORITY) ||
	       mdl_dns_is(f, i, DNS_ORDER) || mdl_dns_is(f, i, DNS_WEIGHT);
}

bool mdl_dns_choose_priority(struct mdl_bench *b, struct mdl_op *op)
{
	static const uint64_t v[] = { 0, UINT16_MAX };
	return mdl_dns_draw(b, op, is_priority) && draw_value(b, op, v, MDL_COUNT(v));
}

bool mdl_dns_choose_no_priority(struct mdl_bench *b, struct mdl_op *op)
{
	return mdl_dns_draw(b, op, is_priority);
}

bool mdl_dns_choose_more_priority(struct mdl_bench *b, struct mdl_op *op)
{
	op->v = mdl_rng_chance(b->rng, 1, 2) ? 0 : UINT16_MAX;
	return mdl_dns_draw(b, op, is_rdata);
}

mdl_err mdl_dns_apply_more_priority(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_field(b, op, &mdl_dns_fields[DNS_RDATA]);
	uint8_t bytes[2] = { (uint8_t)(op->v >> 8), (uint8_t)op->v };
	if (m == NULL)
		return MDL_OK;
	/* all of RDATA is replaced, because an edit at its edge would be one of what stands before */
	struct mdl_buf with;
	mdl_buf_init(&with, UINT16_MAX);
	mdl_err err = mdl_buf_add(&with, mdl_slice(bytes, sizeof(bytes)));
	if (err == MDL_OK)
		err = mdl_buf_add(&with,
				  mdl_field_bytes(&m->index, mdl_buf_slice(&m->bytes), op->field));
	m->changed = true;
	if (err == MDL_OK)
		err = mdl_field_splice(&m->bytes, &m->index, op->field, mdl_buf_slice(&with));
	mdl_buf_fini(&with);
	return err;
}

/* ---- the timers of a zone, RFC 1035 section 3.3.13 ---- */

static const uint32_t timers[][4] = { { 0, 0, 0, 0 },
				      { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX },
				      { 3600, 600, 604800, 60 },
				      { 0, 1, 2, 3 },
				      { INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX } };

static bool is_refresh(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_REFRESH);
}

bool mdl_dns_choose_timers(struct mdl_bench *b, struct mdl_op *op)
{
	op->a = (uint32_t)mdl_rng_below(b->rng, MDL_COUNT(timers));
	return mdl_dns_draw(b, op, is_refresh);
}

mdl_err mdl_dns_apply_timers(struct mdl_bench *b, const struct mdl_op *op)
{
	static const uint16_t rows[] = { DNS_REFRESH, DNS_RETRY, DNS_EXPIRE, DNS_MINIMUM };
	struct mdl_case_msg *m = mdl_op_field(b, op, &mdl_dns_fields[DNS_REFRESH]);
	mdl_err err = MDL_OK;
	for (uint32_t k = 0; m != NULL && err == MDL_OK && k < MDL_COUNT(rows); k++) {
		uint32_t i = op->field + k;
		if (i >= m->index.n || !mdl_dns_is(&m->index, i, rows[k]))
			break;
		m->changed = true;
		err = mdl_field_set(&m->bytes, &m->index, i, timers[op->a % MDL_COUNT(timers)][k]);
	}
	return err;
}

/* ---- the header ---- */

static bool is_opcode(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_OPCODE);
}

/* Another one, those that have a name more often. */
bool mdl_dns_choose_opcode(struct mdl_bench *b, struct mdl_op *op)
{
	static const uint64_t v[] = { DNS_O_QUERY,
				      DNS_O_IQUERY,
				      DNS_O_STATUS,
				      DNS_O_NOTIFY,
				      DNS_O_UPDATE,
				      DNS_O_DSO,
				      3,
				      7,
				      15 };
	return mdl_dns_draw(b, op, is_opcode) && draw_value(b, op, v, MDL_COUNT(v));
}

static bool is_rcode(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_RCODE);
}

bool mdl_dns_choose_rcode(struct mdl_bench *b, struct mdl_op *op)
{
	if (!mdl_dns_draw(b, op, is_rcode))
		return false;
	op->v = mdl_rng_below(b->rng, 16);
	return true;
}

static bool is_qr(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_QR);
}

static bool is_tc(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_TC);
}

static bool choose_flip(struct mdl_bench *b, struct mdl_op *op,
			bool (*fits)(const struct mdl_fields *f, uint32_t i))
{
	if (!mdl_dns_draw(b, op, fits))
		return false;
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	op->v = mdl_field_uint(&m->index, mdl_buf_slice(&m->bytes), op->field) ^ 1;
	return true;
}

bool mdl_dns_choose_qr(struct mdl_bench *b, struct mdl_op *op)
{
	return choose_flip(b, op, is_qr);
}

bool mdl_dns_choose_tc(struct mdl_bench *b, struct mdl_op *op)
{
	return choose_flip(b, op, is_tc);
}

static bool is_flags(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_FLAGS);
}

bool mdl_dns_choose_flags(struct mdl_bench *b, struct mdl_op *op)
{
	static const uint64_t v[] = { 0, UINT16_MAX, 0x07f0, 0x0070, 0x87ff };
	op->v = mdl_rng_chance(b->rng, 1, 2) ? v[mdl_rng_below(b->rng, MDL_COUNT(v))]
					     : mdl_rng_below(b->rng, 1 << 16);
	return mdl_dns_draw(b, op, is_flags);
}

/* The same length in the same place: the fields of the bits stay. */
mdl_err mdl_dns_apply_flags(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_field(b, op, &mdl_dns_fields[DNS_FLAGS]);
	uint8_t bytes[2] = { (uint8_t)(op->v >> 8), (uint8_t)op->v };
	if (m == NULL)
		return MDL_OK;
	m->changed = true;
	return mdl_field_edit(&m->bytes, &m->index, m->index.v[op->field].off, sizeof(bytes),
			      mdl_slice(bytes, sizeof(bytes)));
}

static bool is_count(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_QDCOUNT) || mdl_dns_is(f, i, DNS_ANCOUNT) ||
	       mdl_dns_is(f, i, DNS_NSCOUNT) || mdl_dns_is(f, i, DNS_ARCOUNT);
}

bool mdl_dns_choose_counts(struct mdl_bench *b, struct mdl_op *op)
{
	if (!mdl_dns_draw(b, op, is_count))
		return false;
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	uint64_t now = mdl_field_uint(&m->index, mdl_buf_slice(&m->bytes), op->field);
	const uint64_t v[] = { 0,   1,	 2,    now + 1, now - 1, 127,	    128,
			       255, 256, 4096, 32767,	32768,	 UINT16_MAX };
	return draw_value(b, op, v, MDL_COUNT(v));
}

/* ---- questions ---- */

static bool is_qtype(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_QTYPE);
}

bool mdl_dns_choose_qtype(struct mdl_bench *b, struct mdl_op *op)
{
	static const uint64_t v[] = { DNS_T_AXFR,  DNS_T_IXFR, DNS_T_ANY, DNS_T_OPT,   DNS_T_TSIG,
				      DNS_T_TKEY,  DNS_T_SIG,  DNS_T_KEY, DNS_T_MAILB, DNS_T_MAILA,
				      DNS_T_NULL,  DNS_T_NSEC, DNS_T_DS,  DNS_T_RRSIG, DNS_T_NSEC3,
				      DNS_T_CNAME, DNS_T_SOA,  0,	  128,	       UINT16_MAX };
	return mdl_dns_draw(b, op, is_qtype) && draw_value(b, op, v, MDL_COUNT(v));
}

static bool is_class(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_QCLASS) || mdl_dns_is(f, i, DNS_CLASS);
}

bool mdl_dns_choose_class(struct mdl_bench *b, struct mdl_op *op)
{
	static const uint64_t v[] = { DNS_C_IN, DNS_C_CH, DNS_C_HS, DNS_C_NONE, DNS_C_ANY,
				      0,	2,	  0x8001,   UINT16_MAX };
	return mdl_dns_draw(b, op, is_class) && draw_value(b, op, v, MDL_COUNT(v));
}
