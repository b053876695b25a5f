#include "replay/oracle.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/hash.h"
#include "replay/crashlog.h"

void suspicion_add(struct suspicions *out, enum mdl_severity severity, const char *kind,
		   uint64_t raw, const char *fmt, ...)
{
	for (unsigned i = 0; i < out->n; i++)
		if (out->v[i].raw == raw)
			return;
	if (out->n == SUSPICIONS_MAX)
		return;
	struct suspicion *v = &out->v[out->n++];
	v->severity = severity;
	v->raw = raw;
	snprintf(v->kind, sizeof(v->kind), "%s", kind);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(v->title, sizeof(v->title), fmt, ap);
	va_end(ap);
}

/* Where the conversation had got to: the states in order. */
static uint64_t path_hash(const struct features *f)
{
	return mdl_hash(mdl_slice(f->step, f->n_steps * sizeof(f->step[0])), f->n_steps);
}

/* ---- what the program says of itself ---- */

static enum mdl_severity report_severity(const char *kind, const char *title)
{
	if (strcmp(kind, "asan") == 0)
		return strstr(title, "WRITE") != NULL || strstr(title, "use-after-free") != NULL ||
				       strstr(title, "double-free") != NULL
			       ? MDL_CRITICAL
			       : MDL_HIGH;
	return strcmp(kind, "abort") == 0 || strcmp(kind, "msan") == 0 ? MDL_HIGH : MDL_MEDIUM;
}

static void look_at_reports(const struct evidence *e, struct suspicions *out)
{
	struct crashlog c;
	if (!target_is_local(e->target) || !crashlog_read(target_output(e->target), &c))
		return;
	suspicion_add(out, report_severity(c.kind, c.title), c.kind, crashlog_signature(&c), "%s",
		      c.title);
}

/* ---- how it ended ---- */

/* Signals that are the program's own doing. */
static bool is_crash(int signal)
{
	static const int crashes[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS };
	for (size_t i = 0; i < MDL_COUNT(crashes); i++)
		if (crashes[i] == signal)
			return true;
	return false;
}

static void look_at_end(const struct evidence *e, struct suspicions *out)
{
	int code = 0;
	enum target_end end = target_state(e->target, &code);
	if (end == TARGET_RUNS || out->n > 0) /* a report says more than the end it leads to */
		return;
	uint64_t raw = mdl_hash_u64((uint64_t)code, mdl_hash_u64(path_hash(e->features), end));
	if (end == TARGET_SIGNALLED)
		suspicion_add(out, is_crash(code) ? MDL_HIGH : MDL_MEDIUM, "crash", raw,
			      "ended by signal %d (%s)", code, strsignal(code));
	else
		suspicion_add(out, MDL_MEDIUM, "exit", raw, "ended by itself with code %d", code);
}

/* ---- whether it still answers ---- */

static void look_for_hang(const struct evidence *e, struct suspicions *out)
{
	struct procfs_use use;
	bool stuck = e->run->outcome == PLAYER_STUCK || !e->alive;
	if (!stuck || target_state(e->target, NULL) != TARGET_RUNS)
		return;
	bool busy = target_use(e->target, &use) && use.running;
	uint64_t raw = mdl_hash_u64(busy, mdl_hash_str("hang", 0));
	suspicion_add(out, MDL_HIGH, "hang", raw, "does not answer any more%s",
		      !target_is_local(e->target) ? ""
		      : busy			  ? ", and burns a processor"
						  : ", and waits");
}

/* ---- what it answers ---- */

/* The request that message `i` of the conversation answers; empty if nobody asked. */
static struct mdl_slice request_of(const struct run *r, size_t i)
{
	if (r->info[i].request == EXCHANGE_NONE)
		return MDL_LIT("");
	for (size_t k = 0; k < i; k++)
		if (r->said->v[k]->dir == MDL_C2S && r->info[k].request == r->info[i].request)
			return mdl_buf_slice(&r->said->v[k]->bytes);
	return MDL_LIT("");
}

/*
 * Did the target see the messages that we said? On a stream, one whose length is a lie may have been read as
 * others than these, and then nobody knows which request an answer belongs to.
 */
static bool read_as_said(const struct evidence *e)
{
	const struct mdl_trace *t = e->run->said;
	bool as_said = true;
	e->x->dir = MDL_C2S;
	for (size_t i = 0; as_said && t->carrier == MDL_STREAM && i < t->n; i++) {
		struct mdl_slice msg = mdl_buf_slice(&t->v[i]->bytes);
		size_t n = 0;
		if (t->v[i]->dir == MDL_C2S)
			as_said = mdl_frame(e->x, msg, &n) == MDL_OK && n == msg.n;
	}
	return as_said;
}

/* Is there any request, said before it, to which the answer would be right? */
static bool right_for_any(const struct evidence *e, size_t i)
{
	const struct mdl_trace *t = e->run->said;
	for (size_t k = 0; k < i; k++)
		if (t->v[k]->dir == MDL_C2S && mdl_judge(e->x, mdl_buf_slice(&t->v[k]->bytes),
							 mdl_buf_slice(&t->v[i]->bytes)) == NULL)
			return true;
	return false;
}

static const char *wrong_with(const struct evidence *e, size_t i, bool as_said)
{
	struct mdl_slice answer = mdl_buf_slice(&e->run->said->v[i]->bytes);
	if (!as_said)
		return mdl_judge(e->x, MDL_LIT(""), answer);
	const char *wrong = mdl_judge(e->x, request_of(e->run, i), answer);
	e->x->dir = MDL_S2C;
	bool stray = e->run->info[i].request == EXCHANGE_NONE && mdl_pair_key(e->x, answer) != 0;
	if (wrong == NULL && stray)
		wrong = "an answer that nobody asked for";
	/* Requests with one id that are open together: the answer may be any one's. */
	return wrong != NULL && !e->fenced && right_for_any(e, i) ? NULL : wrong;
}

static void look_at_answers(const struct evidence *e, struct suspicions *out)
{
	const struct mdl_trace *t = e->run->said;
	bool as_said = t != NULL && read_as_said(e);
	for (size_t i = 0; t != NULL && i < t->n; i++) {
		if (t->v[i]->dir != MDL_S2C)
			continue;
		const char *wrong = wrong_with(e, i, as_said);
		if (wrong != NULL)
			suspicion_add(out, MDL_MEDIUM, "answer", mdl_hash_str(wrong, 1), "%s",
				      wrong);
	}
}

const struct oracle oracles[] = {
	{ "report", "what sanitizers, the C library and runtimes print when something is wrong",
	  look_at_reports },
	{ "end", "a target that crashes or ends by itself", look_at_end },
	{ "hang", "a target that is there and does not answer any more", look_for_hang },
	{ "answer", "answers that the protocol forbids, or that nobody asked for",
	  look_at_answers },
	{ NULL, NULL, NULL },
};

void oracle_ask(const struct evidence *e, struct suspicions *out)
{
	for (const struct oracle *o = oracles; o->name != NULL; o++)
		o->look(e, out);
}
