#include "reply.h"

#include <string.h>

enum {
	ROOM = 16384,	     /* a message of ours is never longer */
	DATAGRAM = 512,	     /* without EDNS (RFC 1035, section 4.2.1) */
	DATAGRAM_MAX = 4096, /* with it, whatever it offers */
	OPT_ROOM = 128	     /* kept free for the OPT record */
};

static const char nsid[] = "planted";
static const uint8_t server_cookie[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

static size_t limit(const struct reply *a)
{
	const struct edns *e = &a->q->edns;
	if (a->sink->stream)
		return ROOM;
	if (!e->present || e->size < DATAGRAM)
		return DATAGRAM;
	return e->size < DATAGRAM_MAX ? e->size : DATAGRAM_MAX;
}

static void write_question(struct writer *w, const struct question *ask)
{
	write_name(w, &ask->name);
	write_u16(w, ask->type);
	write_u16(w, ask->class);
}

void reply_begin(struct reply *a, const struct request *q)
{
	static uint8_t bytes[ROOM];
	static const uint8_t header[HEADER_SIZE];
	a->q = q;
	a->rcode = RCODE_OK;
	a->flags = 0;
	memset(a->count, 0, sizeof(a->count));
	a->w = (struct writer){ .p = bytes, .cap = limit(a) };
	write_bytes(&a->w, header, sizeof(header));
	if (q->ask != NULL) {
		write_question(&a->w, q->ask);
		a->count[QUESTION] = 1;
	}
	a->body = a->w.n;
}

static void write_record(struct writer *w, const struct reply *a, const struct record *r)
{
	bool asked = a->q->ask != NULL && name_equal(&r->owner, &a->q->ask->name);
	if (asked)
		write_u16(w, 0xc00c);
	else
		write_name(w, &r->owner);
	write_u16(w, r->type);
	write_u16(w, CLASS_IN);
	write_u32(w, r->ttl);
	write_u16(w, (uint16_t)r->rdlen);
	write_bytes(w, r->rdata, r->rdlen);
}

/* True if the record went in whole, with room left for OPT. */
static bool try_record(struct reply *a, const struct record *r)
{
	struct writer w = a->w;
	w.cap -= OPT_ROOM;
	write_record(&w, a, r);
	if (w.full)
		return false;
	a->w.n = w.n;
	return true;
}

static void truncate_answer(struct reply *a)
{
	a->w.n = a->body;
	a->flags |= FLAG_TC;
	a->count[ANSWER] = a->count[AUTHORITY] = 0;
}

void reply_add(struct reply *a, int section, const struct record *r)
{
	if ((a->flags & FLAG_TC) != 0)
		return;
	if (!try_record(a, r)) {
		if (!a->sink->stream) {
			truncate_answer(a);
			return;
		}
		uint16_t flags = a->flags;
		reply_send(a);
		reply_begin(a, a->q);
		a->flags = flags;
		if (!try_record(a, r))
			return;
	}
	a->count[section]++;
}

static void write_option(struct writer *w, uint16_t code, const void *data, size_t n)
{
	write_u16(w, code);
	write_u16(w, (uint16_t)n);
	write_bytes(w, data, n);
}

static void write_subnet(struct writer *w, const struct edns *e)
{
	write_u16(w, 8);
	write_u16(w, (uint16_t)(4 + e->address_n));
	write_u16(w, e->family);
	write_u8(w, e->prefix);
	write_u8(w, 0);
	write_bytes(w, e->address, e->address_n);
}

static void write_cookie(struct writer *w, const struct edns *e)
{
	write_u16(w, 10);
	write_u16(w, COOKIE_SIZE + sizeof(server_cookie));
	write_bytes(w, e->client_cookie, COOKIE_SIZE);
	write_bytes(w, server_cookie, sizeof(server_cookie));
}

static void write_opt(struct reply *a)
{
	const struct edns *e = &a->q->edns;
	struct writer *w = &a->w;
	write_u8(w, 0);
	write_u16(w, TYPE_OPT);
	write_u16(w, DATAGRAM_MAX);
	write_u32(w, (uint32_t)(a->rcode >> 4) << 24 | (e->dnssec_ok ? 0x8000 : 0));
	write_u16(w, 0);
	size_t start = w->n;
	if (e->nsid)
		write_option(w, 3, nsid, strlen(nsid));
	if (e->subnet)
		write_subnet(w, e);
	if (e->cookie)
		write_cookie(w, e);
	struct writer length = { .p = w->p + start - 2, .cap = 2 };
	write_u16(&length, (uint16_t)(w->n - start));
	a->count[ADDITIONAL]++;
}

void reply_send(struct reply *a)
{
	if (a->q->edns.present)
		write_opt(a);
	struct writer head = { .p = a->w.p, .cap = HEADER_SIZE };
	write_u16(&head, a->q->id);
	write_u16(&head, (uint16_t)(FLAG_QR | (a->q->flags & (0x7800 | FLAG_RD)) | a->flags |
				    (a->rcode & 15)));
	for (int i = 0; i < SECTIONS; i++)
		write_u16(&head, a->count[i]);
	a->sink->send(a->sink->to, a->w.p, a->w.n);
}
