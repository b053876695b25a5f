/*
 * One query is kept while it is being answered; a message with more than one question finds the one
 * before still there, and gets its id, its question and its answer.
 */
#include "answer.h"
#include "behaviour.h"
#include "bugs.h"

static struct {
	bool set;
	uint16_t id;
	struct question ask;
} pending;

static void query(const struct request *q, struct reply *a)
{
	if (q->count[QUESTION] > 1 && pending.set) {
		static struct request other;
		other = *q;
		other.id = pending.id;
		other.first = pending.ask;
		other.ask = &other.first;
		other.count[QUESTION] = 1;
		reply_begin(a, &other);
	} else if (q->count[QUESTION] == 1) {
		pending.set = true;
		pending.id = q->id;
		pending.ask = *q->ask;
	}
	query_clean(a->q, a);
}

void plant_mixup(void)
{
	act.query = query;
}
