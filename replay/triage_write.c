/* Gives a finding its name and writes it down. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "core/hash.h"
#include "protocols/diff.h"
#include "replay/bundle.h"
#include "replay/files.h"
#include "replay/stack.h"
#include "replay/triage_work.h"

enum { PATH_SIZE = 4096, TEXT_MAX = 16 << 20 };

/* Of which fields the conversation's requests are built: what tells one leak from another. */
static uint64_t shape_of(struct triage_work *w)
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

void triage_sign(struct triage_work *w, struct triaged *out, struct mdl_buf *stack)
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

/* Texts that the facts borrow. */
struct texts {
	char signature[17], to[512], dir[PATH_SIZE];
	char probe[2 * sizeof(((struct manner *)NULL)->probe) + 1];
};

static void probe_text(const struct manner *m, char *out)
{
	for (unsigned i = 0; i < m->probe_len; i++)
		snprintf(out + (size_t)2 * i, 3, "%02x", m->probe[i]);
}

static void facts_of(struct triage_work *w, const struct triaged *r, struct bundle_facts *f,
		     struct texts *texts)
{
	const struct target_conf *t = &w->conf->target;
	const struct manner *m = executor_configuration(w->conf->executor)->manner;
	struct mdl_buf text;
	snprintf(texts->signature, sizeof(texts->signature), "%016" PRIx64, r->signature);
	*f = (struct bundle_facts){ .kind = r->kind,
				    .severity = mdl_severity_text(r->severity),
				    .title = r->title,
				    .signature = texts->signature,
				    .protocol = t->proto->name,
				    .seed = w->conf->seed,
				    .number = w->job->number,
				    .entry = w->made.entry,
				    .repeat = w->leaks ? leak_plays(w->leak) : 1,
				    .confirmed = r->confirmed,
				    .tried = r->tried,
				    .sandbox = w->conf->sandbox,
				    .in_order = m->fenced,
				    .half_close = m->eager_end,
				    .hang_after = m->hang_after,
				    .patience = m->patience,
				    .start_max = t->start_max };
	for (size_t i = 0; t->argv != NULL && t->argv[i] != NULL && i < MDL_STRINGS_MAX; i++)
		f->command.v[f->command.n++] = t->argv[i];
	if (t->settings != NULL)
		f->settings = *t->settings;
	mdl_buf_init(&text, 500);
	if (t->to != NULL && mdl_addr_text(t->to, &text) == MDL_OK) {
		snprintf(texts->to, sizeof(texts->to), "%s", mdl_buf_text(&text));
		f->to = texts->to;
	}
	mdl_buf_fini(&text);
	if (m->fence_on) {
		probe_text(m, texts->probe);
		f->probe = texts->probe;
	}
	if (t->argv != NULL && getcwd(texts->dir, sizeof(texts->dir)) != NULL)
		f->dir = texts->dir;
}

mdl_err triage_write(struct triage_work *w, struct triaged *out, struct mdl_slice stack)
{
	char path[PATH_SIZE];
	struct texts texts;
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
	facts_of(w, out, &b.facts, &texts);
	snprintf(out->bundle, sizeof(out->bundle), "%s-%s", out->kind, texts.signature);
	mdl_buf_init(&recipe, TEXT_MAX);
	mdl_err err = maker_words(w->conf->maker, w->made.entry, &w->recipe, &recipe);
	b.recipe = mdl_buf_slice(&recipe);
	if (err != MDL_OK)
		mdl_fail(w->why, err, "out of memory");
	else if (!path_join(path, sizeof(path), w->conf->folder, out->bundle))
		err = mdl_fail(w->why, MDL_EIO, "%.80s...: the path is too long", w->conf->folder);
	else if (bundle_is(path)) /* another case of the same defect was first */
		err = MDL_OK;
	else
		err = bundle_write(path, &b, w->why);
	mdl_buf_fini(&recipe);
	return err;
}
