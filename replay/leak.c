#include "replay/leak.h"

#include <stdlib.h>

/* Growth that is no accident: 160 bytes a play over LEAK_PLAYS plays, or a descriptor every other one. */
enum { GROWN_BYTES = 128 << 10 };

unsigned leak_plays(enum leak_kind kind)
{
	return kind == LEAK_MEMORY ? LEAK_PLAYS : LEAK_FD_PLAYS;
}

bool leak_kind_of(const char *finding_kind, enum leak_kind *out)
{
	*out = strcmp(finding_kind, "fdleak") == 0 ? LEAK_DESCRIPTORS : LEAK_MEMORY;
	return *out == LEAK_DESCRIPTORS || strcmp(finding_kind, "leak") == 0;
}

static uint64_t used(struct executor *e, enum leak_kind kind)
{
	struct procfs_use use;
	if (!target_use(executor_target(e), &use))
		return 0;
	return kind == LEAK_MEMORY ? use.rss : use.fds;
}

static mdl_err play_times(struct executor *e, const struct mdl_trace *t, unsigned times, bool fresh,
			  bool *restarted, struct mdl_why *why)
{
	mdl_err err = MDL_OK;
	for (unsigned i = 0; err == MDL_OK && i < times; i++) {
		struct outcome o;
		err = i == 0 && fresh ? executor_play_fresh(e, t, &o, why)
				      : executor_play(e, t, &o, why);
		if (err != MDL_OK)
			break;
		*restarted = *restarted || (o.restarted && !(i == 0 && fresh));
		outcome_fini(&o);
	}
	return err;
}

mdl_err leak_grows(struct executor *e, const struct mdl_trace *t, enum leak_kind kind, bool *grows,
		   struct mdl_why *why)
{
	bool restarted = false;
	*grows = false;
	mdl_err err = play_times(e, t, kind == LEAK_MEMORY ? LEAK_WARM_UP : LEAK_FD_PLAYS / 4, true,
				 &restarted, why);
	uint64_t before = used(e, kind);
	if (err == MDL_OK && !restarted)
		err = play_times(e, t, leak_plays(kind), false, &restarted, why);
	uint64_t after = used(e, kind);
	uint64_t bound = kind == LEAK_MEMORY ? GROWN_BYTES : leak_plays(kind) / 2;
	*grows = err == MDL_OK && !restarted && before > 0 && after >= before + bound;
	return err;
}

struct rise {
	size_t place;
	uint64_t by;
};

static int by_rise(const void *x, const void *y)
{
	const struct rise *a = x, *b = y;
	if (a->by != b->by)
		return a->by > b->by ? -1 : 1;
	return (a->place > b->place) - (a->place < b->place);
}

/* How much one conversation leaves behind in a process that has been played others. */
static mdl_err measure(struct executor *e, const struct mdl_trace *t, size_t place, bool fresh,
		       enum leak_kind kind, struct rise *out, struct mdl_why *why)
{
	bool restarted = false;
	mdl_err err = fresh ? play_times(e, t, 1, true, &restarted, why) : MDL_OK;
	uint64_t before = used(e, kind);
	if (err == MDL_OK)
		err = play_times(e, t, LEAK_LOOKS, false, &restarted, why);
	uint64_t after = used(e, kind);
	*out = (struct rise){ place, before > 0 && after > before ? after - before : 0 };
	return err;
}

/* Memory that is taken the first time may be used again later: all are played once before. */
static mdl_err measure_memory(struct executor *e, const struct mdl_trace *const *v, size_t n,
			      struct rise *rises, struct mdl_why *why)
{
	bool restarted = false;
	mdl_err err = MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < n; i++)
		err = play_times(e, v[i], 1, i == 0, &restarted, why);
	for (size_t i = 0; err == MDL_OK && i < n; i++)
		err = measure(e, v[i], i, false, LEAK_MEMORY, &rises[i], why);
	return err;
}

/*
 * Descriptors are few: with too many of them lost a target may stop to answer, and every look then takes
 * as long as a hang. So it starts anew now and then, and the first ones that leave some behind are enough.
 */
static mdl_err measure_descriptors(struct executor *e, const struct mdl_trace *const *v, size_t n,
				   struct rise *rises, struct mdl_why *why)
{
	mdl_err err = MDL_OK;
	unsigned found = 0;
	for (size_t i = 0; err == MDL_OK && i < n && found < LEAK_SUSPECTS; i++) {
		err = measure(e, v[i], i, i % LEAK_LOOKS == 0, LEAK_DESCRIPTORS, &rises[i], why);
		found += rises[i].by >= LEAK_LOOKS;
	}
	return err;
}

mdl_err leak_suspects(struct executor *e, const struct mdl_trace *const *v, size_t n,
		      enum leak_kind kind, size_t out[LEAK_SUSPECTS], size_t *n_out,
		      struct mdl_why *why)
{
	struct rise *rises = calloc(n + 1, sizeof(*rises));
	*n_out = 0;
	if (rises == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	mdl_err err = kind == LEAK_MEMORY ? measure_memory(e, v, n, rises, why)
					  : measure_descriptors(e, v, n, rises, why);
	if (n > 0)
		qsort(rises, n, sizeof(*rises), by_rise);
	for (size_t i = 0; err == MDL_OK && i < n && i < LEAK_SUSPECTS && rises[i].by > 0; i++)
		out[(*n_out)++] = rises[i].place;
	free(rises);
	return err;
}
