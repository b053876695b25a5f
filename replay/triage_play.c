/* Does it happen again? */
#include "replay/triage_work.h"

enum { LOG_KEPT = 64 << 10 };

void triage_log_init(struct triage_work *w)
{
	mdl_buf_init(&w->log, LOG_KEPT + 1);
}

/* Is it the same thing? Ends and silence are told by what they are, the rest by its signature. */
static bool same(const struct suspicion *a, const struct suspicion *b)
{
	if (strcmp(a->kind, b->kind) != 0)
		return false;
	if (strcmp(a->kind, "hang") == 0)
		return true;
	if (strcmp(a->kind, "crash") == 0 || strcmp(a->kind, "exit") == 0)
		return strcmp(a->title, b->title) == 0;
	return a->raw == b->raw;
}

static bool shows(const struct triage_work *w, const struct outcome *o)
{
	for (unsigned i = 0; i < o->suspicions.n; i++)
		if (same(&o->suspicions.v[i], &w->job->suspicion))
			return true;
	return false;
}

/* Remembers what was said and printed. */
static void remember(struct triage_work *w, struct outcome *o)
{
	struct mdl_slice out = target_output(executor_target(w->conf->executor));
	run_fini(&w->said);
	w->said = o->run;
	memset(&o->run, 0, sizeof(o->run));
	if (mdl_buf_set(&w->log, mdl_slice_sub(out, out.n > LOG_KEPT ? out.n - LOG_KEPT : 0,
					       SIZE_MAX)) != MDL_OK)
		mdl_buf_cut(&w->log, 0);
}

/* Plays one conversation; on a fresh target if asked for. */
static bool play_one(struct triage_work *w, const struct mdl_trace *t, bool fresh)
{
	struct outcome o;
	if (w->err != MDL_OK)
		return false;
	w->err = fresh ? executor_play_fresh(w->conf->executor, t, &o, w->why)
		       : executor_play(w->conf->executor, t, &o, w->why);
	if (w->err != MDL_OK)
		return false;
	bool shown = shows(w, &o);
	bool alone = fresh || o.restarted || !target_is_local(executor_target(w->conf->executor));
	if (shown)
		remember(w, &o);
	outcome_fini(&o);
	/* What the process was played before may have helped; then it is not this conversation alone. */
	return shown && w->quick && !alone ? play_one(w, t, true) : shown;
}

bool triage_happens(struct triage_work *w, const struct mdl_trace *const *before, const bool *keep,
		    size_t n, const struct mdl_trace *t)
{
	bool fresh = !w->quick || w->n_before > 0, grows = false;
	if (w->leaks) {
		if (w->err == MDL_OK)
			w->err = leak_grows(w->conf->executor, t, w->leak, &grows, w->why);
		return grows;
	}
	for (size_t i = 0; i < n; i++) {
		if (keep != NULL && !keep[i])
			continue;
		if (play_one(w, before[i], fresh))
			return true;
		fresh = false;
	}
	return play_one(w, t, fresh);
}

bool triage_happens_again(struct triage_work *w)
{
	return triage_happens(w, w->before, NULL, w->n_before, w->trace);
}

unsigned triage_count(struct triage_work *w)
{
	unsigned n = 0;
	for (unsigned i = 0; i < w->conf->confirm && w->err == MDL_OK; i++)
		n += triage_happens_again(w);
	return n;
}
