/*
 * Three steps within one conversation: NOTIFY for a zone announces a new version, a transfer of the
 * zone begins to fetch it, and an UPDATE that then deletes the zone's SOA finds a zone that is
 * replaced under its hands. Each step shows in the answers of the next.
 */
#include "answer.h"
#include "behaviour.h"
#include "bugs.h"
#include "update.h"

#include <stdlib.h>
#include <string.h>

enum step { QUIET, ANNOUNCED, FETCHING };
enum {
	CONVERSATIONS = 16,
	PATIENCE = 64 /* requests of others, after which a conversation is over */
};

static struct conversation {
	struct peer peer;
	enum step step;
	uint64_t last; /* request it was heard of last */
} conversations[CONVERSATIONS];
static uint64_t requests;

static bool same_peer(const struct peer *a, const struct peer *b)
{
	return a->connection == b->connection &&
	       memcmp(&a->address, &b->address, sizeof(a->address)) == 0;
}

static struct conversation *conversation_of(const struct peer *peer)
{
	struct conversation *oldest = &conversations[0];
	requests++;
	for (size_t i = 0; i < CONVERSATIONS; i++) {
		struct conversation *c = &conversations[i];
		if (same_peer(&c->peer, peer)) {
			if (requests - c->last > PATIENCE)
				c->step = QUIET;
			c->last = requests;
			return c;
		}
		if (c->last < oldest->last)
			oldest = c;
	}
	*oldest = (struct conversation){ .peer = *peer, .last = requests };
	return oldest;
}

static void notify(const struct request *q, struct reply *a)
{
	struct conversation *c = conversation_of(&q->peer);
	notify_clean(q, a);
	if (a->rcode != RCODE_OK)
		return;
	if (c->step == FETCHING)
		a->rcode = REFUSED;
	else
		c->step = ANNOUNCED;
}

static void transfer(const struct request *q, struct reply *a, const struct zone *z)
{
	struct conversation *c = conversation_of(&q->peer);
	if (c->step != QUIET) {
		c->step = FETCHING;
		reply_add(a, AUTHORITY, &z->v[0]);
		return;
	}
	transfer_clean(q, a, z);
}

static bool deletes_soa(const struct request *q)
{
	struct reader r = request_reader(q, q->section[AUTHORITY]);
	for (unsigned i = 0; i < q->count[AUTHORITY]; i++) {
		struct entry e;
		entry_read(&r, &e);
		if (!r.bad && e.class == CLASS_ANY && e.type == TYPE_SOA &&
		    zone_at(&e.owner) != NULL)
			return true;
	}
	return false;
}

static void update(const struct request *q, struct reply *a)
{
	struct conversation *c = conversation_of(&q->peer);
	if (c->step == QUIET) {
		update_clean(q, a);
		return;
	}
	if (c->step == FETCHING && deletes_soa(q))
		abort();
	a->rcode = c->step == FETCHING ? YXRRSET : SERVFAIL;
}

void plant_state(void)
{
	act.notify = notify;
	act.transfer = transfer;
	act.update = update;
}
