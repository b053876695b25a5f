#include "proxy/stage_impair.h"

#include <stdlib.h>

#include "proxy/flow.h"

enum { BOTH, C2S, S2C };

static const mdl_time delay_max = 3600 * MDL_SEC;

/* What one direction remembers. */
struct lane {
	uint64_t seen;	/* messages so far */
	mdl_time empty; /* when the bucket will have drained all that went through it */
	mdl_time last;	/* when the last one leaves */
	size_t waiting;
};

/* What chance says about one message. */
struct fate {
	bool lost, twice, damaged;
	mdl_time shake[2]; /* jitter of the message and of its double */
};

struct impair {
	struct stage stage;
	double loss, duplicate, corrupt;
	mdl_time delay, jitter;
	bool reorder;
	uint64_t rate, burst; /* bytes a second, and how many at once */
	unsigned only;
	struct lane lanes[2];
	struct timers line; /* messages on their way, by the time they leave */
};

/* A message on its way. */
struct slot {
	struct timer timer;
	struct impair *p;
	struct mdl_msg *m;
};

/* clang-format off */
static const char *const directions[] = { "both", "c2s", "s2c", NULL };

static const struct mdl_opt options[] = {
	{ .name = "loss", .kind = MDL_OPT_RATIO, .at = offsetof(struct impair, loss), .arg = "SHARE",
	  .help = "messages that are lost" },
	{ .name = "duplicate", .kind = MDL_OPT_RATIO, .at = offsetof(struct impair, duplicate), .arg = "SHARE",
	  .help = "messages that arrive twice" },
	{ .name = "corrupt", .kind = MDL_OPT_RATIO, .at = offsetof(struct impair, corrupt), .arg = "SHARE",
	  .help = "messages with one byte changed" },
	{ .name = "delay", .kind = MDL_OPT_TIME, .at = offsetof(struct impair, delay), .arg = "TIME",
	  .help = "what every message is delayed by" },
	{ .name = "jitter", .kind = MDL_OPT_TIME, .at = offsetof(struct impair, jitter), .arg = "TIME",
	  .help = "up to this much more or less than delay" },
	{ .name = "reorder", .kind = MDL_OPT_FLAG, .at = offsetof(struct impair, reorder),
	  .help = "jitter may change the order" },
	{ .name = "rate", .kind = MDL_OPT_SIZE, .at = offsetof(struct impair, rate), .arg = "BYTES",
	  .help = "bytes a second; 0: no limit" },
	{ .name = "burst", .kind = MDL_OPT_SIZE, .at = offsetof(struct impair, burst), .arg = "BYTES",
	  .help = "bytes that may be ahead of the rate" },
	{ .name = "only", .kind = MDL_OPT_CHOICE, .at = offsetof(struct impair, only), .arg = "DIRECTION",
	  .help = "both, c2s or s2c", .choices = directions },
};
/* clang-format on */

static mdl_err impair_open(struct stage *s, struct mdl_why *why)
{
	const struct impair *p = (const struct impair *)s;
	if (p->delay > delay_max)
		return mdl_fail(why, MDL_EINVAL, "delay: expected at most 1h");
	if (p->jitter > p->delay)
		return mdl_fail(why, MDL_EINVAL, "jitter: expected at most the delay");
	return MDL_OK;
}

static void damage(struct mdl_msg *m, struct mdl_rng *r)
{
	if (m->bytes.n == 0)
		return;
	m->bytes.p[mdl_rng_below(r, m->bytes.n)] ^= (uint8_t)mdl_rng_range(r, 1, 255);
	m->flags |= MDL_MSG_MADE;
}

/* How long `bytes` take at `rate`. */
static mdl_time airtime(uint64_t bytes, uint64_t rate)
{
	double ns = (double)bytes * (double)MDL_SEC / (double)rate;
	return ns < (double)MDL_NEVER ? (mdl_time)ns : MDL_NEVER;
}

/* The bucket holds what went through and was not drained yet; at most `burst` lets one more in. */
static mdl_time through_bucket(const struct impair *p, struct lane *l, size_t n, mdl_time now)
{
	if (p->rate == 0)
		return now;
	mdl_time room = l->empty - airtime(p->burst, p->rate);
	mdl_time start = l->empty > now ? l->empty : now;
	l->empty = mdl_time_add(start, airtime(n, p->rate));
	return room > now ? room : now;
}

/* When a message leaves. */
static mdl_time leaves(const struct impair *p, struct lane *l, size_t n, mdl_time shake,
		       mdl_time now)
{
	mdl_time at = mdl_time_add(through_bucket(p, l, n, now), p->delay + shake);
	if (!p->reorder && at < l->last)
		at = l->last;
	if (at > l->last)
		l->last = at;
	return at;
}

static void fire(struct timer *t, mdl_time now)
{
	struct slot *slot = (struct slot *)t;
	struct impair *p = slot->p;
	struct mdl_msg *m = slot->m;
	free(slot);
	p->lanes[m->dir].waiting--;
	flow_resume(&p->stage, m, now);
}

/* False if there is no memory to remember it. */
static bool put(struct impair *p, struct mdl_msg *m, mdl_time at)
{
	struct slot *slot = calloc(1, sizeof(*slot));
	if (slot == NULL)
		return false;
	slot->timer.fire = fire;
	slot->p = p;
	slot->m = m;
	timers_set(&p->line, &slot->timer, at);
	p->lanes[m->dir].waiting++;
	return true;
}

/* The message goes at once, or into the line, or is lost for want of memory. */
static enum verdict line_up(struct impair *p, struct mdl_msg *m, mdl_time shake, mdl_time now)
{
	struct lane *l = &p->lanes[m->dir];
	mdl_time at = leaves(p, l, m->bytes.n, shake, now);
	if (at <= now && (p->reorder || l->waiting == 0))
		return STAGE_PASS;
	return put(p, m, at) ? STAGE_TAKE : STAGE_DROP;
}

/* The double goes behind the message, so it always stands in line. */
static void line_up_twin(struct impair *p, struct mdl_msg *twin, mdl_time shake, mdl_time now)
{
	struct flow *f = p->stage.flow;
	twin->flags |= MDL_MSG_MADE;
	if (put(p, twin, leaves(p, &p->lanes[twin->dir], twin->bytes.n, shake, now)))
		flow_hold(f, twin);
	else
		flow_recycle(f, twin);
}

/* All is drawn in any case, so that one option does not change what the others do. */
static struct fate draw(const struct impair *p, struct mdl_rng *r)
{
	struct fate f;
	f.lost = mdl_rng_unit(r) < p->loss;
	f.twice = mdl_rng_unit(r) < p->duplicate;
	f.damaged = mdl_rng_unit(r) < p->corrupt;
	for (size_t i = 0; i < MDL_COUNT(f.shake); i++)
		f.shake[i] = (mdl_time)mdl_rng_below(r, (uint64_t)p->jitter * 2 + 1) - p->jitter;
	return f;
}

static enum verdict on_msg(struct stage *s, struct mdl_msg *m, mdl_time now)
{
	struct impair *p = (struct impair *)s;
	if (p->only == (m->dir == MDL_C2S ? S2C : C2S))
		return STAGE_PASS;
	struct lane *l = &p->lanes[m->dir];
	struct mdl_rng r = mdl_rng_fork(&s->rng, m->dir == MDL_C2S ? "c2s" : "s2c", l->seen++);
	struct fate fate = draw(p, &r);
	if (fate.lost)
		return STAGE_DROP;
	struct mdl_msg *twin = NULL;
	if (fate.twice)
		twin = flow_make(s->flow, m->dir, m->at, mdl_buf_slice(&m->bytes));
	if (fate.damaged)
		damage(m, &r);
	enum verdict v = line_up(p, m, fate.shake[0], now);
	if (twin != NULL)
		line_up_twin(p, twin, fate.shake[1], now);
	return v;
}

static mdl_time due(const struct stage *s)
{
	return timers_due(&((const struct impair *)s)->line);
}

static void run(struct stage *s, mdl_time now)
{
	timers_run(&((struct impair *)s)->line, now);
}

static void impair_close(struct stage *s)
{
	struct impair *p = (struct impair *)s;
	while (p->line.first != NULL) {
		struct slot *slot = (struct slot *)p->line.first;
		timers_stop(&p->line, &slot->timer);
		mdl_msg_free(slot->m);
		free(slot);
	}
}

const struct stage_ops stage_impair = {
	.name = "impair",
	.summary = "loses, delays, reorders, doubles and damages messages, and limits their rate",
	.size = sizeof(struct impair),
	.options = { options, MDL_COUNT(options) },
	.open = impair_open,
	.on_msg = on_msg,
	.due = due,
	.run = run,
	.close = impair_close,
};
