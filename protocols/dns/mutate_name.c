/* Strategies for what names hold: owners, zones, servers, mailboxes. */
#include "protocols/dns/fields.h"
#include "protocols/dns/mutate.h"
#include "protocols/name.h"

enum { LONG_NAME = 600 };

/* Labels of `len` letters that say they are as long, and one of `last`; then the root. */
static size_t letters(uint8_t *out, unsigned labels, uint8_t len, uint8_t last)
{
	size_t n = 0;
	for (unsigned i = 0; i <= labels; i++) {
		uint8_t here = i < labels ? len : last;
		if (here == 0)
			break;
		out[n++] = here;
		memset(out + n, 'a', here);
		n += here;
	}
	out[n++] = 0;
	return n;
}

/* A label of 63 and of 64, names of 253 and 254 characters, 127 labels and 128. */
static size_t long_name(struct mdl_rng *r, uint8_t out[LONG_NAME])
{
	static const struct {
		uint8_t labels, len, last;
	} v[] = { { 1, 63, 0 },	 { 1, 64, 0 },	{ 3, 63, 61 }, { 3, 63, 62 },
		  { 127, 1, 0 }, { 128, 1, 0 }, { 4, 63, 63 } };
	size_t k = mdl_rng_below(r, MDL_COUNT(v));
	return letters(out, v[k].labels, v[k].len, v[k].last);
}

/* clang-format off */
static const struct mdl_slice tricks[] = {
	DNS_BYTES(""),                    /* not even the root */
	DNS_BYTES("\0"),                  /* the root */
	DNS_BYTES("\10.example\0"),       /* a dot in front */
	DNS_BYTES("\10example.\0"),       /* and behind */
	DNS_BYTES("\1a\0\1b\0"),          /* two dots, that is an empty label */
	DNS_BYTES("\3a.b\0"),             /* a dot in a label */
	DNS_BYTES("\3a\0b\0"),            /* a NUL in a label */
	DNS_BYTES("\4\360\237\230\200\7example\0"), /* an emoji */
	DNS_BYTES("\14xn--nxasmq6b\7example\0"),
	DNS_BYTES("\4xn--\7example\0"),
	DNS_BYTES("\1@\7example\0"),
	DNS_BYTES("\1*\7example\0"),
	DNS_BYTES("\1a\1*\7example\0"),
	DNS_BYTES("\11localhost\0"),
	DNS_BYTES("\2\\0\7example\0"),
	DNS_BYTES("\1\377\1\200\0"),
};
/* clang-format on */

static bool choose_trick(struct mdl_bench *b, struct mdl_op *op,
			 bool (*fits)(const struct mdl_fields *f, uint32_t i))
{
	uint8_t bytes[LONG_NAME];
	if (!mdl_dns_draw(b, op, fits))
		return false;
	if (mdl_rng_chance(b->rng, 1, 3))
		return mdl_op_keep(b, op, mdl_slice(bytes, long_name(b->rng, bytes)));
	return mdl_op_keep(b, op, tricks[mdl_rng_below(b->rng, MDL_COUNT(tricks))]);
}

static bool is_owner(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_NAME);
}

bool mdl_dns_choose_owner(struct mdl_bench *b, struct mdl_op *op)
{
	return choose_trick(b, op, is_owner);
}

static bool is_qname(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_QNAME);
}

bool mdl_dns_choose_zone(struct mdl_bench *b, struct mdl_op *op)
{
	return choose_trick(b, op, is_qname);
}

static bool is_server(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_NSDNAME);
}

/* "ns1" inside the zone whose server it is: the name in front of the record. */
static bool keep_in_zone(struct mdl_bench *b, struct mdl_op *op)
{
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	uint8_t bytes[4 + MDL_NAME_MAX] = "\3ns1";
	struct mdl_name owner;
	uint32_t i = op->field;
	while (i > 0 && !mdl_dns_is(&m->index, i, DNS_NAME))
		i--;
	if (!mdl_dns_is(&m->index, i, DNS_NAME) || !mdl_dns_read_op_name(m, i, &owner))
		return false;
	memcpy(bytes + 4, owner.wire, owner.n);
	return mdl_op_keep(b, op, mdl_slice(bytes, 4U + owner.n));
}

bool mdl_dns_choose_server(struct mdl_bench *b, struct mdl_op *op)
{
	uint64_t way = mdl_rng_below(b->rng, 4);
	if (way > 1)
		return choose_trick(b, op, is_server);
	if (!mdl_dns_draw(b, op, is_server))
		return false;
	return way == 0 ? keep_in_zone(b, op) : mdl_op_keep(b, op, MDL_LIT("\3ns1\0"));
}

static bool is_server_record(const struct mdl_fields *f, uint32_t i)
{
	uint32_t end = mdl_dns_is(f, i, DNS_RR) ? mdl_field_end(f, i) : i;
	for (uint32_t k = i + 1; k < end; k++)
		if (mdl_dns_is(f, k, DNS_NSDNAME))
			return true;
	return false;
}

bool mdl_dns_choose_no_server(struct mdl_bench *b, struct mdl_op *op)
{
	return mdl_dns_draw(b, op, is_server_record);
}

static bool is_mailbox(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_RNAME) || mdl_dns_is(f, i, DNS_MBOX);
}

bool mdl_dns_choose_mailbox(struct mdl_bench *b, struct mdl_op *op)
{
	/* clang-format off */
	static const struct mdl_slice v[] = {
		DNS_BYTES("\0"),                      DNS_BYTES("\1@\0"),
		DNS_BYTES("\4user\0"),                DNS_BYTES("\14user@example\3org\0"),
		DNS_BYTES("\5@host\7example\0"),      DNS_BYTES("\5user@\7example\0"),
		DNS_BYTES("\12first.last\7example\0"), DNS_BYTES("\1.\7example\0"),
	};
	/* clang-format on */
	uint8_t bytes[LONG_NAME];
	if (!mdl_dns_draw(b, op, is_mailbox))
		return false;
	size_t k = mdl_rng_below(b->rng, MDL_COUNT(v) + 1);
	return mdl_op_keep(b, op,
			   k < MDL_COUNT(v) ? v[k] : mdl_slice(bytes, letters(bytes, 1, 100, 0)));
}
