/*
 * What an answer has in common with its request: id, opcode and the first question, in any case of
 * letters. An answer that leaves the question out (errors, later messages of a zone transfer; RFC
 * 5936 section 2.2) gets the key of the last request with its id and opcode, and so does one with an
 * unreadable question; without such a request the key is of id and opcode alone, as it is for
 * requests without a question.
 */
#include <stdlib.h>

#include "core/hash.h"
#include "protocols/dns/internal.h"
#include "protocols/dns/look.h"
#include "protocols/name.h"

static uint64_t key_of(uint32_t who, const struct mdl_name *name, const struct dns_record *q)
{
	uint64_t key = mdl_hash_u64(who, 0);
	if (q != NULL)
		key = mdl_name_hash(name, mdl_hash_u64((uint64_t)q->type << 16 | q->cls, key));
	return key == 0 ? 1 : key; /* 0 would mean: by order */
}

/*
 * Where a question of that id and opcode is remembered; NULL if it is nowhere. Most flows are one
 * question and its answer, of which many have nobody who pairs them, so there is room only when it
 * is first wanted; without memory, answers that do not repeat their question have a key of their own.
 */
static struct dns_recent *recent(struct dns_state *s, uint16_t id, bool make)
{
	if (s->recent == NULL && make)
		s->recent = calloc(DNS_RECENT, sizeof(*s->recent));
	return s->recent == NULL ? NULL : &s->recent[(id ^ id >> 5 ^ id >> 10) % DNS_RECENT];
}

uint64_t mdl_dns_pair_key(struct mdl_ctx *x, struct mdl_slice msg)
{
	struct mdl_slice body = dns_body(x->carrier, msg);
	struct dns_walk w;
	struct dns_record q;
	struct mdl_name name;
	size_t used;
	if (!mdl_dns_walk(&w, body))
		return 0;
	uint32_t who = ((uint32_t)w.h.id << 4 | dns_opcode_of(w.h.flags)) + 1;
	bool asked = mdl_dns_walk_next(&w, &q) && q.section == DNS_S_QUESTION &&
		     mdl_name_read(body, q.off, &used, &name, NULL) == MDL_OK;
	bool answer = (w.h.flags & DNS_F_QR) != 0;
	struct dns_recent *r = recent(x->state, w.h.id, !answer);
	if (answer && !asked && r != NULL && r->who == who)
		return r->key;
	uint64_t key = key_of(who, &name, asked ? &q : NULL);
	if (!answer && r != NULL)
		*r = (struct dns_recent){ key, who };
	return key;
}
