#include "replay/triage.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "replay/bundle.h"
#include "replay/minimise.h"
#include "replay/triage_work.h"

enum { STACK_MAX = 16 << 20, LEAK_SHARE = 40 };

/* ---- what came before ---- */

static bool try_history(void *ctx, const bool *keep, size_t n)
{
	struct triage_work *w = ctx;
	return triage_happens(w, w->before, keep, n, w->trace);
}

static void keep_only(struct triage_work *w, const bool *keep)
{
	size_t k = 0;
	for (size_t i = 0; i < w->n_before; i++)
		if (keep[i])
			w->before[k++] = w->before[i];
	w->n_before = k;
}

/* It does not happen alone: perhaps with what the process had been played before. */
static bool happens_with_history(struct triage_work *w)
{
	size_t n = w->job->n_history;
	bool *keep = malloc(n + 1);
	w->before = calloc(n + 1, sizeof(w->before[0]));
	if (keep == NULL || w->before == NULL) {
		free(keep);
		return false;
	}
	memset(keep, true, n);
	for (size_t i = 0; i < n; i++)
		w->before[i] = w->job->history[i];
	w->n_before = n;
	bool again = n > 0 && triage_happens_again(w) &&
		     minimise(keep, n, try_history, w, &w->left) == MDL_OK;
	if (again)
		keep_only(w, keep);
	free(keep);
	return again && w->n_before <= BUNDLE_BEFORE_MAX;
}

/* Growth is nobody's in particular: which of the conversations played makes it? */
static bool find_leak(struct triage_work *w)
{
	const struct triage_job *j = w->job;
	size_t suspects[LEAK_SUSPECTS], n = 0;
	w->err = leak_suspects(w->conf->executor, j->history, j->n_history, w->leak, suspects, &n,
			       w->why);
	for (size_t i = 0; i < n && w->err == MDL_OK; i++) {
		if (!triage_happens(w, NULL, NULL, 0, j->history[suspects[i]]))
			continue;
		mdl_trace_free(w->trace);
		mdl_trace_free(w->made.trace);
		w->trace = mdl_trace_copy(j->history[suspects[i]]);
		w->made.trace = mdl_trace_copy(j->history[suspects[i]]);
		w->recipe.n = 0;
		w->left /= LEAK_SHARE;
		return w->trace != NULL && w->made.trace != NULL;
	}
	return false;
}

static mdl_err begin(struct triage_work *w, struct triaged *out)
{
	const struct triage_job *j = w->job;
	*out = (struct triaged){ .number = j->number,
				 .raw = j->suspicion.raw,
				 .severity = j->suspicion.severity };
	snprintf(out->kind, sizeof(out->kind), "%s", j->suspicion.kind);
	snprintf(out->title, sizeof(out->title), "%s", j->suspicion.title);
	triage_log_init(w);
	mdl_recipe_init(&w->recipe);
	mdl_err err = maker_make(w->conf->maker, j->number, time(NULL), &w->made);
	if (err == MDL_OK)
		err = mdl_recipe_copy(&w->recipe, w->made.recipe);
	if (err == MDL_OK && (w->trace = mdl_trace_copy(w->made.trace)) == NULL)
		err = MDL_ENOMEM;
	return err == MDL_OK ? MDL_OK : mdl_fail(w->why, err, "out of memory");
}

static void end(struct triage_work *w)
{
	run_fini(&w->said);
	free(w->before);
	mdl_trace_free(w->trace);
	mdl_trace_free(w->made.trace);
	mdl_recipe_fini(&w->recipe);
	mdl_buf_fini(&w->log);
}

/* The case as the campaign made it: what was left out turned out to be needed. */
static void undo_shortening(struct triage_work *w, const struct mdl_recipe *recipe)
{
	struct mdl_trace *t = mdl_trace_copy(w->made.trace);
	if (t == NULL || mdl_recipe_copy(&w->recipe, recipe) != MDL_OK) {
		mdl_trace_free(t);
		return;
	}
	mdl_trace_free(w->trace);
	w->trace = t;
}

static void shorten_and_confirm(struct triage_work *w, struct triaged *out)
{
	struct mdl_recipe whole;
	mdl_recipe_init(&whole);
	if (mdl_recipe_copy(&whole, &w->recipe) != MDL_OK)
		w->err = mdl_fail(w->why, MDL_ENOMEM, "out of memory");
	w->quick = true;
	executor_hurry(w->conf->executor, true);
	triage_shorten(w);
	executor_hurry(w->conf->executor, false);
	w->quick = false;
	out->tried = w->conf->confirm;
	out->confirmed = triage_count(w);
	if (out->confirmed < out->tried) {
		undo_shortening(w, &whole);
		out->confirmed = triage_count(w);
	}
	mdl_recipe_fini(&whole);
}

/* Crashes are told apart by their stacks: what has one that is known need not be shortened. */
static bool is_known(struct triage_work *w, struct triaged *out, struct mdl_buf *stack)
{
	if (strcmp(out->kind, "crash") != 0 || w->job->n_known == 0)
		return false;
	triage_sign(w, out, stack);
	for (size_t i = 0; i < w->job->n_known; i++)
		out->known = out->known || w->job->known[i] == out->signature;
	out->confirmed = out->known;
	return out->known;
}

mdl_err triage(const struct triage_conf *conf, const struct triage_job *job, struct triaged *out,
	       struct mdl_why *why)
{
	struct triage_work w = { .conf = conf, .job = job, .left = conf->minimise, .why = why };
	struct mdl_buf stack;
	mdl_buf_init(&stack, STACK_MAX);
	w.err = begin(&w, out);
	w.leaks = leak_kind_of(job->suspicion.kind, &w.leak);
	bool again =
		w.err == MDL_OK &&
		(w.leaks ? find_leak(&w) : triage_happens_again(&w) || happens_with_history(&w));
	out->tried = 1;
	if (again && w.err == MDL_OK && !is_known(&w, out, &stack)) {
		shorten_and_confirm(&w, out);
		out->before = (unsigned)w.n_before;
		triage_sign(&w, out, &stack);
		if (w.err == MDL_OK && out->confirmed > 0)
			w.err = triage_write(&w, out, mdl_buf_slice(&stack));
	}
	mdl_buf_fini(&stack);
	end(&w);
	return w.err;
}
