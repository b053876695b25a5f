#include "replay/pcapng.h"

#include <stdlib.h>

#include "core/cursor.h"

enum {
	BLOCK_MAX = 4 << 20, /* of those that are looked at; others may be as long as they like */
	BLOCK_MIN = 12,	     /* type, and the length in front and behind */
	INTERFACES_MAX = 1 << 16,
};

/** What an interface description says of its packets. */
struct interface {
	unsigned linktype;
	uint32_t snaplen;
	uint8_t resolution; /* of its clock: a power of ten below a second, of two with bit 7 */
	int64_t offset;	    /* seconds to be added */
};

struct pcapng {
	FILE *f;
	bool little;	   /* byte order of this section */
	uint64_t at, next; /* offsets of this block and the one behind it */
	struct mdl_buf body;
	struct interface *interfaces; /* of this section */
	size_t n, cap;
	mdl_time last; /* simple packets carry no time: they take that of the one before */
};

struct pcapng *pcapng_new(FILE *f)
{
	struct pcapng *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	p->f = f;
	mdl_buf_init(&p->body, BLOCK_MAX);
	return p;
}

void pcapng_free(struct pcapng *p)
{
	if (p == NULL)
		return;
	mdl_buf_fini(&p->body);
	free(p->interfaces);
	free(p);
}

uint64_t pcapng_offset(const struct pcapng *p)
{
	return p->at;
}

static uint64_t num(const struct pcapng *p, struct mdl_cursor *c, size_t n)
{
	return p->little ? mdl_cursor_le(c, n) : mdl_cursor_be(c, n);
}

static uint32_t num32(const struct pcapng *p, struct mdl_cursor *c)
{
	return (uint32_t)num(p, c, 4);
}

/* MDL_EMORE if the file ends first. */
static mdl_err read_all(struct pcapng *p, uint8_t *to, size_t n)
{
	size_t got = fread(to, 1, n, p->f);
	p->next += got;
	if (got == n)
		return MDL_OK;
	return ferror(p->f) ? MDL_EIO : MDL_EMORE;
}

static mdl_err skip(struct pcapng *p, uint64_t n)
{
	uint8_t waste[4096];
	mdl_err err = MDL_OK;
	while (err == MDL_OK && n > 0) {
		size_t k = n < sizeof(waste) ? (size_t)n : sizeof(waste);
		err = read_all(p, waste, k);
		n -= k;
	}
	return err;
}

/* ---- time ---- */

/* Seconds; sums and differences of such times fit as well. */
static const int64_t time_max = INT64_MAX / 2 / MDL_SEC;

static mdl_time seconds(uint64_t sec, uint64_t part)
{
	if (sec >= (uint64_t)time_max)
		return time_max * MDL_SEC;
	return (mdl_time)sec * MDL_SEC + (mdl_time)part;
}

/* A count of 10^-power seconds in nanoseconds. */
static mdl_time decimal_time(uint64_t v, unsigned power)
{
	uint64_t per = 1;
	for (unsigned i = 0; i < power && i < 19; i++)
		per *= 10;
	uint64_t sec = power > 19 ? 0 : v / per, part = power > 19 ? v : v % per;
	for (; power > 9; power--)
		part /= 10;
	for (; power < 9; power++)
		part *= 10;
	return seconds(sec, part);
}

/* A count of 2^-power seconds; of a finer fraction than 32 bits the rest is left out. */
static mdl_time binary_time(uint64_t v, unsigned power)
{
	uint64_t sec = power >= 64 ? 0 : v >> power;
	uint64_t part = power == 0 ? 0 : power >= 64 ? v : v & ((UINT64_C(1) << power) - 1);
	for (; power > 32; power--)
		part >>= 1;
	part = part * (uint64_t)MDL_SEC >> power;
	return seconds(sec, part);
}

static mdl_time time_of(const struct interface *i, uint64_t v)
{
	unsigned power = i->resolution & 0x7f;
	mdl_time t = (i->resolution & 0x80) != 0 ? binary_time(v, power) : decimal_time(v, power);
	if (i->offset > time_max || i->offset < -time_max)
		return 0;
	t += i->offset * MDL_SEC;
	return t < 0 || t > time_max * MDL_SEC ? 0 : t;
}

/* ---- blocks ---- */

static mdl_err malformed(struct mdl_why *why, const char *what)
{
	return mdl_fail(why, MDL_EMALFORMED, "%s", what);
}

static void interface_option(const struct pcapng *p, struct interface *i, uint16_t code,
			     struct mdl_cursor value)
{
	if (code == PCAPNG_OPT_TSRESOL && mdl_cursor_left(&value) == 1)
		i->resolution = mdl_cursor_u8(&value);
	else if (code == PCAPNG_OPT_TSOFFSET && mdl_cursor_left(&value) == 8)
		i->offset = (int64_t)num(p, &value, 8);
}

static void interface_options(const struct pcapng *p, struct interface *i, struct mdl_cursor *c)
{
	while (c->err == MDL_OK && mdl_cursor_left(c) >= 4) {
		uint16_t code = (uint16_t)num(p, c, 2), len = (uint16_t)num(p, c, 2);
		if (code == PCAPNG_OPT_END)
			break;
		struct mdl_cursor value = mdl_cursor_block(c, len);
		mdl_cursor_skip(c, -(size_t)len & 3);
		interface_option(p, i, code, value);
	}
}

static mdl_err add_interface(struct pcapng *p, struct mdl_cursor *c, struct mdl_why *why)
{
	struct interface i = { .resolution = 6 };
	i.linktype = (unsigned)num(p, c, 2);
	mdl_cursor_skip(c, 2);
	i.snaplen = num32(p, c);
	if (c->err != MDL_OK)
		return malformed(why, "an interface block is too short");
	interface_options(p, &i, c);
	if (p->n == INTERFACES_MAX)
		return mdl_fail(why, MDL_ELIMIT, "more than %d interfaces", INTERFACES_MAX);
	if (p->n == p->cap) {
		size_t cap = p->cap == 0 ? 8 : p->cap * 2;
		struct interface *v = reallocarray(p->interfaces, cap, sizeof(*v));
		if (v == NULL)
			return mdl_fail(why, MDL_ENOMEM, "out of memory");
		p->interfaces = v;
		p->cap = cap;
	}
	p->interfaces[p->n++] = i;
	return MDL_OK;
}

/* Takes what is there of the packet's bytes; `captured` is what the block says there should be. */
static mdl_err packet_bytes(struct pcapng *p, struct mdl_cursor *c, size_t captured, size_t length,
			    struct capture_frame *out, struct mdl_why *why)
{
	if (c->err != MDL_OK || captured > mdl_cursor_left(c))
		return malformed(why, "a packet is longer than its block");
	if (out->interface >= p->n)
		return malformed(why, "a packet is of an interface that was not described");
	out->linktype = p->interfaces[out->interface].linktype;
	out->bytes = mdl_cursor_take(c, captured);
	out->length = (uint32_t)length;
	return MDL_OK;
}

static mdl_err timed_packet(struct pcapng *p, struct mdl_cursor *c, size_t interface_bytes,
			    struct capture_frame *out, struct mdl_why *why)
{
	out->interface = (uint32_t)num(p, c, interface_bytes);
	mdl_cursor_skip(c, 4 - interface_bytes); /* the old block counts drops there */
	uint64_t ticks = (uint64_t)num32(p, c) << 32;
	ticks |= num32(p, c);
	uint32_t captured = num32(p, c), length = num32(p, c);
	mdl_err err = packet_bytes(p, c, captured, length, out, why);
	if (err == MDL_OK)
		p->last = out->at = time_of(&p->interfaces[out->interface], ticks);
	return err;
}

static mdl_err simple_packet(struct pcapng *p, struct mdl_cursor *c, struct capture_frame *out,
			     struct mdl_why *why)
{
	size_t length = num32(p, c), captured = length;
	out->interface = 0;
	out->at = p->last;
	if (p->n > 0 && p->interfaces[0].snaplen != 0 && captured > p->interfaces[0].snaplen)
		captured = p->interfaces[0].snaplen;
	return packet_bytes(p, c, captured, length, out, why);
}

/* Type and length, in the section's byte order, which a section header says first. */
static mdl_err read_head(struct pcapng *p, uint32_t *type, uint32_t *len, struct mdl_why *why)
{
	uint8_t head[12];
	p->at = p->next;
	mdl_err err = read_all(p, head, 8);
	if (err != MDL_OK)
		return err == MDL_EMORE && p->next == p->at ? MDL_ECLOSED : err;
	struct mdl_cursor c = mdl_cursor(mdl_slice(head, 8));
	if (mdl_cursor_be32(&c) == PCAPNG_SECTION) { /* the same number in both orders */
		err = read_all(p, head + 8, 4);
		if (err != MDL_OK)
			return err;
		struct mdl_cursor magic = mdl_cursor(mdl_slice(head + 8, 4));
		uint32_t order = mdl_cursor_be32(&magic);
		if (order != PCAPNG_BYTE_ORDER && __builtin_bswap32(order) != PCAPNG_BYTE_ORDER)
			return malformed(why, "a section of an unknown byte order");
		p->little = order != PCAPNG_BYTE_ORDER;
		p->n = 0;
	}
	c = mdl_cursor(mdl_slice(head, 8));
	*type = num32(p, &c);
	*len = num32(p, &c);
	return MDL_OK;
}

static bool wanted(uint32_t type)
{
	return type == PCAPNG_INTERFACE || type == PCAPNG_PACKET || type == PCAPNG_PACKET_OLD ||
	       type == PCAPNG_PACKET_SIMPLE;
}

/* The body of the block, empty if nobody wants it, and the length behind it, which has to agree. */
static mdl_err read_body(struct pcapng *p, uint32_t type, uint32_t len, struct mdl_why *why)
{
	uint64_t body = len - (p->next - p->at) - 4;
	uint8_t tail[4];
	mdl_buf_cut(&p->body, 0);
	mdl_err err;
	if (wanted(type)) {
		if (body > BLOCK_MAX)
			return malformed(why, "a block of an impossible length");
		err = mdl_buf_reserve(&p->body, (size_t)body);
		if (err == MDL_OK && body > 0)
			err = read_all(p, p->body.p, (size_t)body);
		if (err == MDL_OK)
			p->body.n = (size_t)body;
	} else
		err = skip(p, body);
	if (err == MDL_OK)
		err = read_all(p, tail, sizeof(tail));
	struct mdl_cursor c = mdl_cursor(mdl_slice(tail, sizeof(tail)));
	if (err == MDL_OK && num32(p, &c) != len)
		return malformed(why, "the two lengths of a block do not agree");
	return err;
}

static mdl_err read_block(struct pcapng *p, uint32_t *type, struct mdl_why *why)
{
	uint32_t len = 0;
	mdl_err err = read_head(p, type, &len, why);
	if (err != MDL_OK)
		return err;
	if (len < BLOCK_MIN || len % 4 != 0 || len - 4 < p->next - p->at)
		return malformed(why, "a block of an impossible length");
	if (p->n == 0 && p->at == 0 && *type != PCAPNG_SECTION)
		return malformed(why, "the file does not begin with a section header");
	return read_body(p, *type, len, why);
}

mdl_err pcapng_next(struct pcapng *p, struct capture_frame *out, struct mdl_why *why)
{
	for (;;) {
		uint32_t type = 0;
		mdl_err err = read_block(p, &type, why);
		if (err != MDL_OK)
			return err;
		struct mdl_cursor c = mdl_cursor(mdl_buf_slice(&p->body));
		switch (type) {
		case PCAPNG_INTERFACE:
			err = add_interface(p, &c, why);
			break;
		case PCAPNG_PACKET:
			return timed_packet(p, &c, 4, out, why);
		case PCAPNG_PACKET_OLD:
			return timed_packet(p, &c, 2, out, why);
		case PCAPNG_PACKET_SIMPLE:
			return simple_packet(p, &c, out, why);
		default: /* names, statistics, secrets, others' own: not packets */
			break;
		}
		if (err != MDL_OK)
			return err;
	}
}
