#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "behaviour.h"
#include "rdata.h"

enum { OPTION_NSID = 3, OPTION_SUBNET = 8, OPTION_COOKIE = 10 };

bool receive_clean(struct request *q, const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);
	if (copy == NULL)
		return false;
	memcpy(copy, p, n);
	q->p = copy;
	q->n = q->room = n;
	return true;
}

void release_clean(struct request *q)
{
	free((void *)(uintptr_t)q->p);
}

unsigned opcode(const struct request *q)
{
	return q->flags >> 11 & 15;
}

struct reader request_reader(const struct request *q, size_t off)
{
	return (struct reader){ .p = q->p, .n = q->room, .off = off };
}

bool subnet_clean(const uint8_t *data, size_t n, struct edns *e)
{
	struct reader r = { .p = data, .n = n };
	uint16_t family = read_u16(&r);
	uint8_t prefix = read_u8(&r), scope = read_u8(&r);
	unsigned longest = family == 1 ? 32 : family == 2 ? 128 : 0;
	size_t bytes = (prefix + 7U) / 8;
	const uint8_t *address = read_bytes(&r, bytes);
	if (r.bad || r.off != n || prefix > longest || scope != 0)
		return false;
	e->subnet = true;
	e->family = family;
	e->prefix = prefix;
	e->address_n = bytes;
	memcpy(e->address, address, bytes);
	return true;
}

bool cookie_clean(const uint8_t *data, size_t n, struct edns *e)
{
	if (n != COOKIE_SIZE && (n < 16 || n > 40))
		return false;
	e->cookie = true;
	memcpy(e->client_cookie, data, COOKIE_SIZE);
	return true;
}

static bool read_option(struct reader *r, struct edns *e)
{
	uint16_t code = read_u16(r), n = read_u16(r);
	const uint8_t *data = read_bytes(r, n);
	if (r->bad)
		return false;
	if (code == OPTION_SUBNET)
		return act.subnet(data, n, e);
	if (code == OPTION_COOKIE)
		return act.cookie(data, n, e);
	if (code == OPTION_NSID)
		e->nsid = true;
	return true;
}

bool options_clean(struct reader *r, struct edns *e)
{
	while (r->off < r->n)
		if (!read_option(r, e))
			return false;
	return true;
}

/* RFC 6891, section 6.1: class and TTL of OPT mean other things than those of a record. */
static bool read_opt(const struct request *q, const struct entry *opt, struct edns *e)
{
	struct reader r = { .p = q->p + opt->rdata, .n = opt->rdlen };
	if (e->present || opt->owner.n != 1)
		return false;
	e->present = true;
	e->size = opt->class;
	e->version = (uint8_t)(opt->ttl >> 16);
	e->dnssec_ok = (opt->ttl & 0x8000) != 0;
	return act.options(&r, e);
}

void entry_read(struct reader *r, struct entry *e)
{
	act.read_name(r, &e->owner);
	e->type = read_u16(r);
	e->class = read_u16(r);
	e->ttl = read_u32(r);
	e->rdlen = read_u16(r);
	e->rdata = r->off;
	read_bytes(r, e->rdlen);
}

/* Data of the types we know must be well-formed, but for those that UPDATE leaves out. */
static bool data_fits(const struct request *q, const struct entry *e)
{
	static struct record scratch;
	struct reader r = request_reader(q, e->rdata);
	if (e->rdlen == 0 && (e->class == CLASS_ANY || e->class == CLASS_NONE))
		return true;
	if (e->rdlen > RDATA_SIZE)
		return true;
	scratch.type = e->type;
	rdata_read(&r, e->rdlen, &scratch);
	return !r.bad;
}

static bool read_section(struct request *q, struct reader *r, int section)
{
	struct entry e;
	q->section[section] = r->off;
	for (unsigned i = 0; i < q->count[section]; i++) {
		entry_read(r, &e);
		if (r->bad)
			return false;
		bool opt = e.type == TYPE_OPT && section == ADDITIONAL;
		if (opt ? !read_opt(q, &e, &q->edns) : !data_fits(q, &e))
			return false;
	}
	return true;
}

static bool read_questions(struct request *q, struct reader *r)
{
	struct question other;
	q->section[QUESTION] = r->off;
	for (unsigned i = 0; i < q->count[QUESTION]; i++) {
		struct question *at = i == 0 ? &q->first : &other;
		act.read_name(r, &at->name);
		at->type = read_u16(r);
		at->class = read_u16(r);
		if (r->bad)
			return false;
		q->ask = &q->first;
	}
	return true;
}

static bool known_opcode(const struct request *q)
{
	unsigned o = opcode(q);
	return o == OPCODE_QUERY || o == OPCODE_NOTIFY || o == OPCODE_UPDATE;
}

int request_read(struct request *q)
{
	struct reader r = request_reader(q, 0);
	if (q->n < HEADER_SIZE)
		return -1;
	q->id = read_u16(&r);
	q->flags = read_u16(&r);
	for (int i = 0; i < SECTIONS; i++)
		q->count[i] = read_u16(&r);
	if ((q->flags & FLAG_QR) != 0)
		return -1;
	if (!known_opcode(q))
		return RCODE_OK;
	bool whole = read_questions(q, &r);
	for (int i = ANSWER; whole && i < SECTIONS; i++)
		whole = read_section(q, &r, i);
	q->section[SECTIONS] = r.off;
	return whole && r.off >= q->n ? RCODE_OK : FORMERR;
}
