#include "answer.h"

#include "behaviour.h"

enum { CNAME_CHAIN = 8 };

/* Adds the records of that name and type; how many there were. */
static size_t add_all(struct reply *a, int section, const struct zone *z, const struct name *owner,
		      uint16_t type)
{
	size_t n = 0;
	const struct record *r = zone_find(z, owner, type, 0);
	for (; r != NULL; r = zone_find(z, owner, type, (size_t)(r - z->v) + 1)) {
		reply_add(a, section, r);
		n++;
	}
	return n;
}

static struct name cname_target(const struct record *r)
{
	struct reader in = { .p = r->rdata, .n = r->rdlen };
	struct name out;
	read_name_clean(&in, &out);
	return out;
}

static void add_negative(struct reply *a, const struct zone *z, const struct name *owner)
{
	if (!zone_has(z, owner))
		a->rcode = NXDOMAIN;
	reply_add(a, AUTHORITY, &z->v[0]);
}

static void add_answer(struct reply *a, const struct zone *z, const struct question *ask)
{
	struct name owner = ask->name;
	for (int i = 0; i < CNAME_CHAIN; i++) {
		const struct record *alias = zone_find(z, &owner, TYPE_CNAME, 0);
		if (alias == NULL || ask->type == TYPE_CNAME || ask->type == TYPE_ANY) {
			if (add_all(a, ANSWER, z, &owner, ask->type) == 0)
				add_negative(a, z, &owner);
			return;
		}
		reply_add(a, ANSWER, alias);
		owner = cname_target(alias);
		if (zone_of(&owner) != z)
			return;
	}
}

static bool is_transfer(const struct question *ask)
{
	return ask->type == TYPE_AXFR || ask->type == TYPE_IXFR;
}

void query_clean(const struct request *q, struct reply *a)
{
	if (q->count[QUESTION] != 1) {
		a->rcode = FORMERR;
		return;
	}
	const struct zone *z = zone_of(&q->ask->name);
	if (z == NULL || (q->ask->class != CLASS_IN && q->ask->class != CLASS_ANY)) {
		a->rcode = REFUSED;
		return;
	}
	a->flags |= FLAG_AA;
	if (!is_transfer(q->ask))
		add_answer(a, z, q->ask);
	else if (name_equal(&q->ask->name, &z->apex))
		act.transfer(q, a, z);
	else
		a->rcode = NOTAUTH;
}

/* RFC 5936 knows no AXFR over datagrams; RFC 1995 answers IXFR there with the SOA alone. */
void transfer_clean(const struct request *q, struct reply *a, const struct zone *z)
{
	if (!a->sink->stream && q->ask->type == TYPE_AXFR) {
		a->rcode = FORMERR;
		return;
	}
	reply_add(a, ANSWER, &z->v[0]);
	if (!a->sink->stream)
		return;
	for (size_t i = 1; i < z->n; i++)
		reply_add(a, ANSWER, &z->v[i]);
	reply_add(a, ANSWER, &z->v[0]);
}

/* RFC 1996; whoever may say so, we are the primary and fetch nothing. */
void notify_clean(const struct request *q, struct reply *a)
{
	if (q->count[QUESTION] != 1 || q->ask->type != TYPE_SOA)
		a->rcode = FORMERR;
	else if (q->ask->class != CLASS_IN || zone_at(&q->ask->name) == NULL)
		a->rcode = NOTAUTH;
	else
		a->flags |= FLAG_AA;
}

static void dispatch(const struct request *q, struct reply *a)
{
	switch (opcode(q)) {
	case OPCODE_QUERY:
		act.query(q, a);
		break;
	case OPCODE_NOTIFY:
		act.notify(q, a);
		break;
	case OPCODE_UPDATE:
		act.update(q, a);
		break;
	default:
		a->rcode = NOTIMP;
	}
}

void answer(const uint8_t *p, size_t n, const struct peer *from, const struct sink *sink)
{
	static struct request q;
	struct reply a = { .sink = sink };
	q = (struct request){ .peer = *from };
	if (!act.receive(&q, p, n))
		return;
	int rcode = request_read(&q);
	if (rcode >= 0) {
		reply_begin(&a, &q);
		if (rcode != RCODE_OK)
			a.rcode = (unsigned)rcode;
		else if (q.edns.version > 0)
			a.rcode = BADVERS;
		else
			dispatch(&q, &a);
		reply_send(&a);
	}
	act.release(&q);
}
