/* NOTIFY without a question: the name that it lacks is looked up all the same. */
#include "answer.h"
#include "behaviour.h"
#include "bugs.h"

static void notify(const struct request *q, struct reply *a)
{
	if (zone_at(&q->ask->name) == NULL)
		a->rcode = NOTAUTH;
	else
		notify_clean(q, a);
}

void plant_crash_a(void)
{
	act.notify = notify;
}
