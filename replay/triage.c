#include "replay/triage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/hash.h"
#include "protocols/diff.h"
#include "replay/bundle.h"
#include "replay/files.h"
#include "replay/leak.h"
#include "replay/minimise.h"
#include "replay/stack.h"

enum { PATH_SIZE = 4096, TEXT_MAX = 16 << 20, LOG_KEPT = 64 << 10, LEAK_SHARE = 40 };

/* One suspicion being looked into. */
struct work {
	const struct triage_conf *conf;
	const struct triage_job *job;
	struct made made;		 /* the case as the campaign made it */
	struct mdl_recipe recipe;	 /* its recipe, as far as it is minimised */
	struct mdl_trace *trace;	 /* the case, as far as it is minimised; owned */
	const struct mdl_trace **before; /* conversations that have to come first; borrowed */
	size_t n_before;
	struct run said;    /* of the last play that showed it */
	struct mdl_buf log; /* what the target printed then */
	bool leaks;	    /* it is growth that has to happen again */
	enum leak_kind leak;
	unsigned left; /* plays that minimising may still take */
	mdl_err err;   /* ours, ends everything */
	struct mdl_why *why;
};

/* ---- playing it again ---- */

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

static bool shows(const struct work *w, const struct outcome *o)
{
	for (unsigned i = 0; i < o->suspicions.n; i++)
		if (same(&o->suspicions.v[i], &w->job->suspicion))
			return true;
	return false;
}

/* Remembers what was said and printed. */
static void remember(struct work *w, struct outcome *o)
{
	struct mdl_slice out = target_output(executor_target(w->conf->executor));
	run_fini(&w->said);
	w->said = o->run;
	memset(&o->run, 0, sizeof(o->run));
	if (mdl_buf_set(&w->log, mdl_slice_sub(out, out.n > LOG_KEPT ? out.n - LOG_KEPT : 0,
					       SIZE_MAX)) != MDL_OK)
		mdl_buf_cut(&w->log, 0);
}

/* Plays one conversation; on a fresh target if it is the first. */
static bool play_one(struct work *w, const struct mdl_trace *t, bool fresh)
{
	struct outcome o;
	if (w->err != MDL_OK)
		return false;
	w->err = fresh ? executor_play_fresh(w->conf->executor, t, &o, w->why)
		       : executor_play(w->conf->executor, t, &o, w->why);
	if (w->err != MDL_OK)
		return false;
	bool shown = shows(w, &o);
	if (shown)
		remember(w, &o);
	outcome_fini(&o);
	return shown;
}

/* Plays all of it in a fresh process; true if it happens, at whatever point. */
static bool happens(struct work *w, const struct mdl_trace *const *before, const bool *keep,
		    size_t n, const struct mdl_trace *t)
{
	bool fresh = true, grows = false;
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

static bool happens_again(struct work *w)
{
	return happens(w, w->before, NULL, w->n_before, w->trace);
}

static unsigned count_again(struct work *w)
{
	unsigned n = 0;
	for (unsigned i = 0; i < w->conf->confirm && w->err == MDL_OK; i++)
		n += happens_again(w);
	return n;
}

/* ---- what came before ---- */

static bool try_history(void *ctx, const bool *keep, size_t n)
{
	struct work *w = ctx;
	return happens(w, w->before, keep, n, w->trace);
}

static void keep_only(struct work *w, const bool *keep)
{
	size_t k = 0;
	for (size_t i = 0; i < w->n_before; i++)
		if (keep[i])
			w->before[k++] = w->before[i];
	w->n_before = k;
}

/* It does not happen alone: perhaps with what the process had been played before. */
static bool happens_with_history(struct work *w)
{
	size_t n = w->job->n_history;
	bool *keep = malloc(n + 1);
	w->before = calloc(n + 1, sizeof(w->before[0]));
	if (keep == NULL || w->before == NULL) {
		free(keep);
		return false;
	}
	memset(keep, true, n);
	memcpy(w->before, w->job->history, n * sizeof(w->before[0]));
	w->n_before = n;
	bool again =
		n > 0 && happens_again(w) && minimise(keep, n, try_history, w, &w->left) == MDL_OK;
	if (again)
		keep_only(w, keep);
	free(keep);
	return again && w->n_before <= BUNDLE_BEFORE_MAX;
}

/* Growth is nobody's in particular: which of the conversations played makes it? */
static bool find_leak(struct work *w)
{
	const struct triage_job *j = w->job;
	size_t suspects[LEAK_SUSPECTS], n = 0;
	w->err = leak_suspects(w->conf->executor, j->history, j->n_history, w->leak, suspects, &n,
			       w->why);
	for (size_t i = 0; i < n && w->err == MDL_OK; i++) {
		if (!happens(w, NULL, NULL, 0, j->history[suspects[i]]))
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

/* ---- making it shorter ---- */

static void take_trace(struct work *w, struct mdl_trace *t)
{
	mdl_trace_free(w->trace);
	w->trace = t;
}

/* True if `t`, which is taken, shows it too; it then is the trace. */
static bool try_trace(struct work *w, struct mdl_trace *t)
{
	bool shown = t != NULL && happens(w, w->before, NULL, w->n_before, t);
	if (shown)
		take_trace(w, t);
	else
		mdl_trace_free(t);
	return shown;
}

static void keep_ops(const struct mdl_recipe *from, const bool *keep, size_t n,
		     struct mdl_recipe *to)
{
	if (mdl_recipe_copy(to, from) != MDL_OK)
		return;
	to->n = 0;
	for (size_t i = 0; i < n; i++)
		if (keep[i])
			to->op[to->n++] = from->op[i];
}

static bool try_ops(void *ctx, const bool *keep, size_t n)
{
	struct work *w = ctx;
	struct mdl_recipe less;
	mdl_recipe_init(&less);
	keep_ops(&w->recipe, keep, n, &less);
	bool shown = try_trace(w, maker_play(w->conf->maker, w->made.entry, &less, time(NULL)));
	mdl_recipe_fini(&less);
	return shown;
}

static void minimise_recipe(struct work *w)
{
	bool keep[MDL_OPS_MAX];
	struct mdl_recipe less;
	memset(keep, true, sizeof(keep));
	if (w->recipe.n == 0 || minimise(keep, w->recipe.n, try_ops, w, &w->left) != MDL_OK)
		return;
	mdl_recipe_init(&less);
	keep_ops(&w->recipe, keep, w->recipe.n, &less);
	if (mdl_recipe_copy(&w->recipe, &less) != MDL_OK)
		w->err = mdl_fail(w->why, MDL_ENOMEM, "out of memory");
	mdl_recipe_fini(&less);
}

/* What try_messages and try_bytes make smaller. */
struct part {
	struct work *w;
	const struct mdl_trace *whole;
	size_t msg;
};

static bool try_messages(void *ctx, const bool *keep, size_t n)
{
	struct part *p = ctx;
	struct mdl_trace *t = mdl_trace_copy(p->whole);
	for (size_t i = n; t != NULL && i-- > 0;)
		if (!keep[i])
			mdl_msg_free(mdl_trace_take(t, i));
	return try_trace(p->w, t);
}

static bool try_bytes(void *ctx, const bool *keep, size_t n)
{
	struct part *p = ctx;
	struct mdl_trace *t = mdl_trace_copy(p->whole);
	if (t == NULL)
		return false;
	struct mdl_buf *b = &t->v[p->msg]->bytes;
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		if (keep[i])
			b->p[k++] = b->p[i];
	mdl_buf_cut(b, k);
	return try_trace(p->w, t);
}

/* Minimises one list of things, beginning with the trace as it is. */
static void minimise_part(struct work *w, size_t n, size_t msg,
			  bool (*test)(void *ctx, const bool *keep, size_t n))
{
	struct mdl_trace *whole = mdl_trace_copy(w->trace);
	bool *keep = malloc(n + 1);
	if (whole != NULL && keep != NULL) {
		struct part p = { w, whole, msg };
		memset(keep, true, n);
		if (minimise(keep, n, test, &p, &w->left) != MDL_OK)
			w->err = mdl_fail(w->why, MDL_ENOMEM, "out of memory");
	}
	mdl_trace_free(whole);
	free(keep);
}

/* Leaves out one field after the other where it still happens, lengths and counts following. */
static void minimise_fields(struct work *w, size_t msg)
{
	struct mdl_ctx *x = maker_ctx(w->conf->maker, w->trace->carrier);
	struct mdl_fields f;
	mdl_fields_init(&f);
	for (uint32_t i = 1; w->left > 0 && w->err == MDL_OK; i++) {
		struct mdl_trace *t = mdl_trace_copy(w->trace);
		struct mdl_repair how = { .what = MDL_REL_LENGTH | MDL_REL_COUNT | MDL_REL_OFFSET };
		x->dir = MDL_C2S;
		if (t == NULL ||
		    mdl_dissect(x, mdl_buf_slice(&t->v[msg]->bytes), &f) == MDL_ENOMEM ||
		    i >= f.n) {
			mdl_trace_free(t);
			break;
		}
		bool bits = mdl_field_def(&f, i)->kind == MDL_BITS || f.v[i].len == 0;
		if (bits || mdl_field_remove(&t->v[msg]->bytes, &f, i) != MDL_OK ||
		    mdl_repair(x, &t->v[msg]->bytes, &f, &how) != MDL_OK) {
			mdl_trace_free(t);
			continue;
		}
		w->left--;
		i -= try_trace(w, t); /* the next one then stands in its place */
	}
	mdl_fields_fini(&f);
}

static void make_shorter(struct work *w)
{
	minimise_recipe(w);
	minimise_part(w, w->trace->n, 0, try_messages);
	for (size_t i = 0; i < w->trace->n && w->left > 0; i++) {
		if (w->trace->v[i]->dir != MDL_C2S)
			continue;
		minimise_fields(w, i);
		minimise_part(w, w->trace->v[i]->bytes.n, i, try_bytes);
	}
}

/* ---- writing it down ---- */

/* Of which fields the conversation's requests are built: what tells one leak from another. */
static uint64_t shape_of(struct work *w)
{
	struct mdl_ctx *x = maker_ctx(w->conf->maker, w->trace->carrier);
	struct mdl_fields f;
	uint64_t h = 0;
	mdl_fields_init(&f);
	for (size_t i = 0; i < w->trace->n; i++) {
		struct mdl_slice msg = mdl_buf_slice(&w->trace->v[i]->bytes);
		if (w->trace->v[i]->dir != MDL_C2S)
			continue;
		x->dir = MDL_C2S;
		struct mdl_view v = { msg, &f, mdl_dissect(x, msg, &f) };
		h = mdl_hash_u64(mdl_diff_hash(&v, NULL, true), h);
	}
	mdl_fields_fini(&f);
	return h;
}

static void add_signature(struct work *w, struct triaged *out, struct mdl_buf *stack)
{
	struct crashlog c;
	out->signature = mdl_hash_u64(w->leaks ? shape_of(w) : w->job->suspicion.raw,
				      mdl_hash_str(out->kind, 0));
	if (strcmp(out->kind, "crash") != 0)
		return;
	const struct mdl_trace *all[BUNDLE_BEFORE_MAX + 1];
	size_t n = 0;
	for (size_t i = 0; i < w->n_before; i++)
		all[n++] = w->before[i];
	all[n++] = w->trace;
	struct executor_conf ec = *executor_configuration(w->conf->executor);
	target_stop(executor_target(w->conf->executor));
	if (!stack_of(&w->conf->target, &ec, all, n, &c, stack))
		return;
	snprintf(c.kind, sizeof(c.kind), "crash");
	out->signature = crashlog_signature(&c);
	snprintf(out->title, sizeof(out->title), "%s", c.title);
}

static void facts_of(struct work *w, const struct triaged *r, struct bundle_facts *f,
		     char signature[17], char to[512])
{
	const struct target_conf *t = &w->conf->target;
	const struct manner *m = executor_configuration(w->conf->executor)->manner;
	struct mdl_buf text;
	snprintf(signature, 17, "%016" PRIx64, r->signature);
	*f = (struct bundle_facts){ .kind = r->kind,
				    .severity = mdl_severity_text(r->severity),
				    .title = r->title,
				    .signature = signature,
				    .protocol = t->proto->name,
				    .seed = w->conf->seed,
				    .number = w->job->number,
				    .entry = w->made.entry,
				    .repeat = w->leaks ? LEAK_PLAYS : 1,
				    .confirmed = r->confirmed,
				    .tried = r->tried,
				    .sandbox = w->conf->sandbox,
				    .hang_after = m->hang_after,
				    .patience = m->patience,
				    .start_max = t->start_max };
	for (size_t i = 0; t->argv != NULL && t->argv[i] != NULL && i < MDL_STRINGS_MAX; i++)
		f->command.v[f->command.n++] = t->argv[i];
	if (t->settings != NULL)
		f->settings = *t->settings;
	mdl_buf_init(&text, 500);
	if (t->to != NULL && mdl_addr_text(t->to, &text) == MDL_OK) {
		snprintf(to, 512, "%s", mdl_buf_text(&text));
		f->to = to;
	}
	mdl_buf_fini(&text);
}

static mdl_err write_bundle(struct work *w, struct triaged *out, struct mdl_slice stack)
{
	char signature[17], to[512], path[PATH_SIZE];
	struct mdl_buf recipe;
	struct bundle b = { .trace = w->trace,
			    .original = w->made.trace,
			    .seed = maker_entry(w->conf->maker, w->made.entry),
			    .said = w->said.said,
			    .n_before = w->n_before,
			    .log = mdl_buf_slice(&w->log),
			    .stack = stack };
	for (size_t i = 0; i < w->n_before; i++)
		b.before[i] = w->before[i];
	facts_of(w, out, &b.facts, signature, to);
	snprintf(out->bundle, sizeof(out->bundle), "%s-%s", out->kind, signature);
	mdl_buf_init(&recipe, TEXT_MAX);
	mdl_err err = maker_words(w->conf->maker, w->made.entry, &w->recipe, &recipe);
	b.recipe = mdl_buf_slice(&recipe);
	if (err != MDL_OK)
		mdl_fail(w->why, err, "out of memory");
	else if (!path_join(path, sizeof(path), w->conf->folder, out->bundle))
		err = mdl_fail(w->why, MDL_EIO, "%.80s...: the path is too long", w->conf->folder);
	else if (folder_is(path)) /* another case of the same defect was first */
		err = MDL_OK;
	else
		err = bundle_write(path, &b, w->why);
	mdl_buf_fini(&recipe);
	return err;
}

static mdl_err begin(struct work *w, struct triaged *out)
{
	const struct triage_job *j = w->job;
	*out = (struct triaged){ .number = j->number,
				 .raw = j->suspicion.raw,
				 .severity = j->suspicion.severity };
	snprintf(out->kind, sizeof(out->kind), "%s", j->suspicion.kind);
	snprintf(out->title, sizeof(out->title), "%s", j->suspicion.title);
	mdl_buf_init(&w->log, LOG_KEPT + 1);
	mdl_recipe_init(&w->recipe);
	mdl_err err = maker_make(w->conf->maker, j->number, time(NULL), &w->made);
	if (err == MDL_OK)
		err = mdl_recipe_copy(&w->recipe, w->made.recipe);
	if (err == MDL_OK && (w->trace = mdl_trace_copy(w->made.trace)) == NULL)
		err = MDL_ENOMEM;
	return err == MDL_OK ? MDL_OK : mdl_fail(w->why, err, "out of memory");
}

static void end(struct work *w)
{
	run_fini(&w->said);
	free(w->before);
	mdl_trace_free(w->trace);
	mdl_trace_free(w->made.trace);
	mdl_recipe_fini(&w->recipe);
	mdl_buf_fini(&w->log);
}

mdl_err triage(const struct triage_conf *conf, const struct triage_job *job, struct triaged *out,
	       struct mdl_why *why)
{
	struct work w = { .conf = conf, .job = job, .left = conf->minimise, .why = why };
	struct mdl_buf stack;
	mdl_buf_init(&stack, TEXT_MAX);
	w.err = begin(&w, out);
	w.leaks = leak_kind_of(job->suspicion.kind, &w.leak);
	bool again = w.err == MDL_OK &&
		     (w.leaks ? find_leak(&w) : happens_again(&w) || happens_with_history(&w));
	if (again && w.err == MDL_OK) {
		make_shorter(&w);
		out->tried = conf->confirm;
		out->confirmed = count_again(&w);
		out->before = (unsigned)w.n_before;
		add_signature(&w, out, &stack);
	} else
		out->tried = 1;
	if (w.err == MDL_OK && out->confirmed > 0)
		w.err = write_bundle(&w, out, mdl_buf_slice(&stack));
	mdl_buf_fini(&stack);
	end(&w);
	return w.err;
}
