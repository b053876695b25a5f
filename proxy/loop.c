#include "proxy/loop.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>
#include <uv.h>

#include "proxy/batch.h"

enum {
	ROUNDS = 8,	   /* of flushing within one wake, before others have their turn */
	CLOSING_TURNS = 16 /* of the loop, for handles that were closed to be gone */
};

struct signal_watch {
	uv_signal_t handle;
	void (*fn)(void *ctx, int signum);
	void *ctx;
	struct signal_watch *next;
};

struct loop {
	uv_loop_t uv;
	uv_poll_t alarm; /* on the timerfd */
	uv_prepare_t prepare;
	uv_check_t check;
	uv_idle_t idle; /* keeps the loop from sleeping */
	int timerfd;
	mdl_time armed; /* what the timerfd is set to; MDL_NEVER */
	mdl_time now;	/* of this wake, if `awake` */
	bool awake;
	bool once; /* in loop_once: somebody looks at what was done after every wake */
	bool did;  /* something, since it was asked for */
	mdl_time spin;
	struct timers timers; /* also those of flows */
	struct flow_seat *touched;
	size_t n_touched;
	struct flow *flushing; /* NULL if it went away meanwhile */
	struct flow_host host;
	struct pool pool;
	struct batch *batch;
	struct signal_watch *signals;
};

mdl_time loop_clock(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (mdl_time)t.tv_sec * MDL_SEC + t.tv_nsec;
}

mdl_time loop_now(struct loop *l)
{
	if (!l->awake)
		l->now = loop_clock();
	l->awake = true;
	return l->now;
}

/* ---- flows: flushed when they were touched, run when they are due ---- */

static void fire_flow(struct timer *t, mdl_time now);

static void time_flow(struct loop *l, struct flow *f)
{
	struct timer *t = &flow_seat(f)->timer;
	mdl_time due = flow_due(f);
	t->fire = fire_flow;
	if (due == MDL_NEVER)
		timers_stop(&l->timers, t);
	else if (!t->set || t->due != due)
		timers_set(&l->timers, t, due);
}

static void fire_flow(struct timer *t, mdl_time now)
{
	struct flow_seat *s = (struct flow_seat *)t;
	flow_run(s->flow, now); /* which touches it, so that it is timed anew */
}

static void touch(void *ctx, struct flow *f)
{
	struct loop *l = ctx;
	struct flow_seat *s = flow_seat(f);
	if (s->touched)
		return;
	s->touched = true;
	DL_APPEND(l->touched, s);
	if (l->n_touched++ == 0)
		uv_ref((uv_handle_t *)&l->alarm);
}

static void untouch(struct loop *l, struct flow_seat *s)
{
	s->touched = false;
	DL_DELETE(l->touched, s);
	l->n_touched--;
}

static void forget(void *ctx, struct flow *f)
{
	struct loop *l = ctx;
	struct flow_seat *s = flow_seat(f);
	timers_stop(&l->timers, &s->timer);
	if (s->touched)
		untouch(l, s);
	if (l->flushing == f)
		l->flushing = NULL;
}

static void flush(struct loop *l, struct flow_seat *s, mdl_time now)
{
	untouch(l, s);
	l->flushing = s->flow;
	flow_flush(s->flow, now);
	if (l->flushing != NULL)
		time_flow(l, l->flushing);
	l->flushing = NULL;
}

/* What is due runs and what was touched is flushed, until nothing is left, within bounds. */
static void settle(struct loop *l)
{
	mdl_time now = loop_now(l);
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t ran = timers_run(&l->timers, now);
		if (ran == 0 && l->n_touched == 0)
			return;
		l->did = true;
		for (size_t n = l->n_touched; n > 0 && l->touched != NULL; n--)
			flush(l, l->touched, now);
	}
}

/* ---- sleeping and waking ---- */

static void on_idle(uv_idle_t *h)
{
	(void)h;
}

static void on_alarm(uv_poll_t *h, int status, int events)
{
	(void)status;
	(void)events;
	struct loop *l = h->data;
	l->armed = MDL_NEVER - 1; /* setting it anew also takes the expiry off it */
}

static void arm(struct loop *l, mdl_time at)
{
	if (at == l->armed)
		return;
	l->armed = at;
	struct itimerspec t = { 0 };
	if (at != MDL_NEVER) {
		at = at < 1 ? 1 : at; /* zero would disarm it */
		t.it_value.tv_sec = (time_t)(at / MDL_SEC);
		t.it_value.tv_nsec = (long)(at % MDL_SEC);
	}
	timerfd_settime(l->timerfd, TFD_TIMER_ABSTIME, &t, NULL);
}

/* Only what somebody waits for keeps the loop alive. */
static void keep(struct loop *l)
{
	uv_handle_t *h = (uv_handle_t *)&l->alarm;
	if (l->timers.first != NULL || l->n_touched > 0)
		uv_ref(h);
	else
		uv_unref(h);
}

/* Before sleeping: for how long, if at all. */
static void on_prepare(uv_prepare_t *h)
{
	struct loop *l = h->data;
	settle(l);
	mdl_time due = timers_due(&l->timers);
	bool spin = due != MDL_NEVER && l->spin > 0 && due - l->spin <= loop_clock();
	if (spin || l->n_touched > 0 || due <= l->now || (l->once && l->did))
		uv_idle_start(&l->idle, on_idle);
	else
		uv_idle_stop(&l->idle);
	/* No interrupt while looking at the clock: it would cost more than the clock is off. */
	arm(l, due == MDL_NEVER || spin ? MDL_NEVER : due - l->spin);
	keep(l);
	l->awake = false;
}

static void on_check(uv_check_t *h)
{
	struct loop *l = h->data;
	settle(l);
	keep(l);
}

static void begin(struct loop *l)
{
	l->awake = false;
	settle(l);
	keep(l);
}

void loop_run(struct loop *l)
{
	begin(l);
	uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l)
{
	uv_stop(&l->uv);
}

void loop_once(struct loop *l, bool wait)
{
	l->once = true;
	l->did = false; /* something to look at: then there is no waiting */
	begin(l);
	wait = wait && uv_loop_alive(&l->uv);
	uv_ref((uv_handle_t *)&l->alarm); /* or libuv would not even look, at signals say */
	uv_run(&l->uv, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
	l->once = false;
	keep(l);
}

void loop_spin(struct loop *l, mdl_time before)
{
	l->spin = before;
}

void loop_timer(struct loop *l, struct timer *t, mdl_time due)
{
	timers_set(&l->timers, t, due);
	keep(l);
}

void loop_timer_stop(struct loop *l, struct timer *t)
{
	timers_stop(&l->timers, t);
	keep(l);
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *h, int signum)
{
	struct signal_watch *w = h->data;
	w->fn(w->ctx, signum);
}

static void on_signal_closed(uv_handle_t *h)
{
	free(h->data);
}

mdl_err loop_signal(struct loop *l, int signum, void (*fn)(void *ctx, int signum), void *ctx,
		    struct mdl_why *why)
{
	struct signal_watch *w = calloc(1, sizeof(*w));
	if (w == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	w->fn = fn;
	w->ctx = ctx;
	w->handle.data = w;
	int err = uv_signal_init(&l->uv, &w->handle);
	if (err != 0) {
		free(w);
		return mdl_fail(why, MDL_EIO, "signal %d: %s", signum, uv_strerror(err));
	}
	err = uv_signal_start(&w->handle, on_signal, signum);
	if (err != 0) {
		uv_close((uv_handle_t *)&w->handle, on_signal_closed);
		return mdl_fail(why, MDL_EIO, "signal %d: %s", signum, uv_strerror(err));
	}
	uv_unref((uv_handle_t *)&w->handle);
	LL_PREPEND(l->signals, w);
	return MDL_OK;
}

/* ---- life ---- */

static void dispositions(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, preset = { .sa_handler = SIG_DFL };
	struct sigaction old;
	sigaction(SIGPIPE, &ignore, NULL);
	if (sigaction(SIGCHLD, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
		sigaction(SIGCHLD, &preset, NULL);
}

/* The handles of our own, none of which keeps the loop running by itself. These do not fail. */
static void start_handles(struct loop *l)
{
	uv_prepare_init(&l->uv, &l->prepare);
	uv_check_init(&l->uv, &l->check);
	uv_idle_init(&l->uv, &l->idle);
	l->prepare.data = l->check.data = l->idle.data = l;
	uv_prepare_start(&l->prepare, on_prepare);
	uv_check_start(&l->check, on_check);
	uv_unref((uv_handle_t *)&l->prepare);
	uv_unref((uv_handle_t *)&l->check);
	uv_unref((uv_handle_t *)&l->idle);
}

/* The timerfd and its handle; 0 or an errno, with nothing left behind. */
static int start_alarm(struct loop *l)
{
	l->armed = MDL_NEVER;
	l->timerfd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (l->timerfd < 0)
		return errno;
	int err = uv_poll_init(&l->uv, &l->alarm, l->timerfd);
	if (err != 0) {
		close(l->timerfd);
		return -err;
	}
	l->alarm.data = l;
	uv_unref((uv_handle_t *)&l->alarm);
	return 0;
}

/* Ends what start() began; false if others still have handles on the loop. */
static bool stop(struct loop *l)
{
	struct signal_watch *w, *next;
	LL_FOREACH_SAFE (l->signals, w, next)
		uv_close((uv_handle_t *)&w->handle, on_signal_closed);
	uv_close((uv_handle_t *)&l->alarm, NULL);
	uv_close((uv_handle_t *)&l->prepare, NULL);
	uv_close((uv_handle_t *)&l->check, NULL);
	uv_close((uv_handle_t *)&l->idle, NULL);
	close(l->timerfd);
	uv_run(&l->uv, UV_RUN_NOWAIT);
	return uv_loop_close(&l->uv) == 0;
}

static mdl_err start(struct loop *l, struct mdl_why *why)
{
	int err = uv_loop_init(&l->uv);
	if (err != 0)
		return mdl_fail(why, MDL_EIO, "event loop: %s", uv_strerror(err));
	err = start_alarm(l);
	if (err != 0) {
		uv_loop_close(&l->uv);
		return mdl_fail(why, MDL_EIO, "timerfd: %s", strerror(err));
	}
	start_handles(l);
	err = uv_poll_start(&l->alarm, UV_READABLE, on_alarm);
	if (err == 0)
		return MDL_OK;
	stop(l);
	return mdl_fail(why, MDL_EIO, "timerfd: %s", uv_strerror(err));
}

static void loop_delete(struct loop *l)
{
	pool_fini(&l->pool);
	free(l->batch);
	free(l);
}

mdl_err loop_new(struct loop **out, struct mdl_why *why)
{
	struct loop *l = calloc(1, sizeof(*l));
	if (l == NULL || (l->batch = malloc(sizeof(*l->batch))) == NULL) {
		free(l);
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	}
	batch_init(l->batch);
	l->host = (struct flow_host){ touch, forget, l, &l->pool };
	mdl_err err = start(l, why);
	if (err != MDL_OK) {
		loop_delete(l);
		return err;
	}
	dispositions();
	*out = l;
	return MDL_OK;
}

bool loop_free(struct loop *l)
{
	if (l == NULL)
		return true;
	/* What was closed before is gone after a turn, and may close more on its way. */
	unsigned turns = 0;
	do
		loop_once(l, false);
	while (uv_loop_alive(&l->uv) && ++turns < CLOSING_TURNS);
	bool clean = l->timers.first == NULL && l->touched == NULL;
	if (!stop(l) || !clean)
		return false;
	loop_delete(l);
	return true;
}

struct uv_loop_s *loop_uv(struct loop *l)
{
	return &l->uv;
}

uint8_t *loop_scratch(struct loop *l)
{
	return l->batch->data[0];
}

struct batch *loop_batch(struct loop *l)
{
	return l->batch;
}

const struct flow_host *loop_host(struct loop *l)
{
	return &l->host;
}
