#include "replay/calibrate.h"

#include <inttypes.h>
#include <stdio.h>

/* With thousands of seeds nobody wants to wait until each has not been answered. */
enum { CANDIDATES = 24, TRIES = 8, LOOK_AT = 16, SILENT_CANDIDATES = 8, SILENT_SEEDS = 16 };

static const mdl_time patience_max = 500 * MDL_MS, patience_min = 20 * MDL_MS;

/* ---- the probe ---- */

/* One datagram and whether it was answered, as a conversation of its own. */
static mdl_err ask_once(const struct calibrate_conf *c, struct mdl_slice bytes, mdl_time patience,
			mdl_time *latency, struct mdl_why *why)
{
	struct manner m = { .patience = patience, .hang_after = patience };
	struct mdl_trace *t = mdl_trace_new();
	struct run r = { 0 };
	*latency = MDL_NEVER;
	mdl_err err = t == NULL ? MDL_ENOMEM : mdl_trace_add(t, MDL_C2S, 0, bytes);
	if (err == MDL_OK) /* stands for an answer, so that one is waited for */
		err = mdl_trace_add(t, MDL_S2C, 1, bytes);
	if (err == MDL_OK)
		err = executor_try(c->executor, &m, t, &r, why);
	for (size_t i = 0; err == MDL_OK && i < r.said->n && *latency == MDL_NEVER; i++)
		if (r.said->v[i]->dir == MDL_S2C && r.info[i].request == 0)
			*latency = r.info[i].latency;
	run_fini(&r);
	mdl_trace_free(t);
	return err;
}

/*
 * The slowest of some tries; MDL_NEVER if any was not answered. Some, because servers limit how often
 * they answer certain questions: named says its version three times a second.
 */
static mdl_err ask(const struct calibrate_conf *c, struct mdl_slice bytes, mdl_time patience,
		   mdl_time *slowest, struct mdl_why *why)
{
	*slowest = 0;
	for (unsigned i = 0; i < TRIES && *slowest != MDL_NEVER; i++) {
		mdl_time latency;
		mdl_err err = ask_once(c, bytes, patience, &latency, why);
		if (err != MDL_OK)
			return err;
		if (latency > *slowest)
			*slowest = latency;
	}
	return MDL_OK;
}

static void keep_probe(struct manner *m, struct mdl_slice bytes)
{
	memcpy(m->probe, bytes.p, bytes.n);
	m->probe_len = (unsigned)bytes.n;
	m->fence_on = true;
}

/* Tries one candidate; it becomes the probe if it is answered faster than the best so far. */
static mdl_err try_candidate(const struct calibrate_conf *c, struct mdl_slice bytes, mdl_time *best,
			     struct mdl_why *why)
{
	mdl_time slowest, patience = *best == MDL_NEVER ? c->start_max : patience_max;
	if (bytes.n == 0 || bytes.n > sizeof(c->manner->probe))
		return MDL_OK;
	/* a target that has just started may take long; one that has answered once will not */
	if (patience > patience_max && c->start_max > 2 * patience_max)
		patience = 2 * patience_max;
	mdl_err err = ask(c, bytes, patience, &slowest, why);
	if (err == MDL_OK && slowest < *best) {
		*best = slowest;
		keep_probe(c->manner, bytes);
	}
	return err;
}

static mdl_err try_generated(const struct calibrate_conf *c, mdl_time *best, struct mdl_why *why)
{
	struct mdl_buf b;
	struct mdl_rng r = mdl_rng(1);
	if (c->proto->generate == NULL)
		return MDL_OK;
	mdl_buf_init(&b, MDL_MSG_MAX);
	struct mdl_ctx *x = maker_ctx(c->maker, MDL_DGRAM);
	x->dir = MDL_C2S;
	mdl_err err = c->proto->generate(x, &r, &b);
	if (err == MDL_OK)
		err = try_candidate(c, mdl_buf_slice(&b), best, why);
	mdl_buf_fini(&b);
	return err;
}

static mdl_err find_probe(const struct calibrate_conf *c, struct mdl_why *why)
{
	mdl_time best = MDL_NEVER;
	struct mdl_addr at;
	unsigned tried = 0;
	mdl_err err = executor_ready(c->executor, why);
	if (err != MDL_OK || !target_address(executor_target(c->executor), MDL_DGRAM, &at))
		return err;
	for (size_t i = 0; err == MDL_OK && i < maker_count(c->maker) && tried < CANDIDATES; i++) {
		const struct mdl_trace *t = maker_entry(c->maker, i);
		if (t->carrier != MDL_DGRAM || t->n == 0 || t->v[0]->dir != MDL_C2S)
			continue;
		if (++tried > SILENT_CANDIDATES && best == MDL_NEVER)
			break;
		err = try_candidate(c, mdl_buf_slice(&t->v[0]->bytes), &best, why);
	}
	return err == MDL_OK ? try_generated(c, &best, why) : err;
}

/* ---- order and ends ---- */

/* Answers that a seed gets with that manner, and the slowest of them. */
static mdl_err count_answers(const struct calibrate_conf *c, const struct manner *m,
			     const struct mdl_trace *t, size_t *answers, mdl_time *slowest,
			     struct mdl_why *why)
{
	struct run r;
	mdl_err err = executor_try(c->executor, m, t, &r, why);
	if (err != MDL_OK)
		return err;
	*answers = mdl_trace_count(r.said, MDL_S2C);
	for (size_t i = 0; i < r.said->n; i++)
		if (r.said->v[i]->dir == MDL_S2C && r.info[i].latency > *slowest)
			*slowest = r.info[i].latency;
	run_fini(&r);
	return MDL_OK;
}

/* Do the first seeds of a carrier get as many answers in the quick manner as in the patient one? */
static mdl_err compare_manners(const struct calibrate_conf *c, enum mdl_carrier carrier,
			       const struct manner *patient, const struct manner *quick, bool *same,
			       mdl_time *slowest, struct mdl_why *why)
{
	unsigned looked = 0;
	mdl_err err = MDL_OK;
	*same = true;
	for (size_t i = 0; err == MDL_OK && i < maker_count(c->maker) && looked < LOOK_AT; i++) {
		const struct mdl_trace *t = maker_entry(c->maker, i);
		size_t slow = 0, fast = 0;
		if (t->carrier != carrier)
			continue;
		looked++;
		err = count_answers(c, patient, t, &slow, slowest, why);
		if (err == MDL_OK && *same)
			err = count_answers(c, quick, t, &fast, slowest, why);
		*same = *same && fast >= slow;
	}
	return err;
}

static mdl_time clamp(mdl_time t, mdl_time lo, mdl_time hi)
{
	return t < lo ? lo : t > hi ? hi : t;
}

static bool listens(const struct calibrate_conf *c, enum mdl_carrier carrier)
{
	struct mdl_addr at;
	return target_address(executor_target(c->executor), carrier, &at);
}

static mdl_err find_manner(const struct calibrate_conf *c, struct calibration *out,
			   struct mdl_why *why)
{
	struct manner *m = c->manner;
	struct manner patient = *m, fenced = *m, eager = *m;
	patient.patience = eager.patience = patience_max;
	fenced.fenced = eager.eager_end = true;
	mdl_err err = MDL_OK;
	if (m->fence_on && listens(c, MDL_DGRAM))
		err = compare_manners(c, MDL_DGRAM, &patient, &fenced, &m->fenced, &out->slowest,
				      why);
	if (err == MDL_OK && listens(c, MDL_STREAM))
		err = compare_manners(c, MDL_STREAM, &patient, &eager, &m->eager_end, &out->slowest,
				      why);
	m->patience = clamp(8 * out->slowest, patience_min, patience_max);
	return err;
}

/* ---- the seeds as they are ---- */

static mdl_err play_seeds(const struct calibrate_conf *c, struct calibration *out,
			  struct mdl_why *why)
{
	mdl_err err = MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < maker_count(c->maker); i++) {
		const struct mdl_trace *t = maker_entry(c->maker, i);
		struct outcome o;
		if (out->answered == 0 && out->seeds == SILENT_SEEDS)
			break;
		if (!listens(c, t->carrier)) {
			out->left_out++;
			continue;
		}
		err = executor_play(c->executor, t, &o, why);
		if (err != MDL_OK)
			break;
		out->seeds++;
		out->answered += o.features.answers > 0;
		if (out->odd[0] == 0 && o.suspicions.n > 0)
			snprintf(out->odd, sizeof(out->odd), "%s", o.suspicions.v[0].title);
		outcome_fini(&o);
	}
	return err;
}

static mdl_err nothing_answered(const struct calibrate_conf *c, const struct calibration *seen,
				struct mdl_why *why)
{
	struct mdl_addr at;
	struct mdl_buf text;
	char patience[MDL_TIME_TEXT];
	mdl_buf_init(&text, 4096);
	if (!target_address(executor_target(c->executor), MDL_DGRAM, &at))
		(void)target_address(executor_target(c->executor), MDL_STREAM, &at);
	(void)!mdl_addr_text(&at, &text);
	mdl_err err =
		mdl_fail(why, MDL_ETIMEOUT,
			 "%s: answers none of the seeds within %s%s%s; is it a %s server, and "
			 "is that its address?",
			 mdl_buf_text(&text), mdl_time_text(patience_max, patience),
			 seen->odd[0] == 0 ? "" : "; seen: ", seen->odd, c->proto->name);
	mdl_buf_fini(&text);
	return err;
}

mdl_err calibrate(const struct calibrate_conf *c, struct calibration *out, struct mdl_why *why)
{
	memset(out, 0, sizeof(*out));
	memset(c->manner, 0, sizeof(*c->manner));
	c->manner->hang_after = c->hang_after;
	c->manner->patience = patience_max;
	mdl_err err = find_probe(c, why);
	if (err == MDL_OK)
		err = find_manner(c, out, why);
	if (err == MDL_OK)
		err = play_seeds(c, out, why);
	if (err == MDL_OK && out->answered == 0)
		err = nothing_answered(c, out, why);
	out->manner = *c->manner;
	return err;
}
