#include "replay/crew.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { CHUNK = 8, TICK_MS = 100 };

static const mdl_time grace = 3 * MDL_SEC;

struct crew {
	const struct worker_conf *conf;
	struct worker v[CREW_MAX];
	unsigned n;
};

mdl_err crew_new(const struct worker_conf *conf, unsigned n, struct crew **out, struct mdl_why *why)
{
	struct crew *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	c->conf = conf;
	mdl_err err = MDL_OK;
	for (; err == MDL_OK && c->n < n && c->n < CREW_MAX; c->n += err == MDL_OK)
		err = worker_start(conf, &c->v[c->n], why);
	if (err == MDL_OK)
		*out = c;
	else
		crew_free(c);
	return err;
}

void crew_free(struct crew *c)
{
	if (c == NULL)
		return;
	for (unsigned i = 0; i < c->n; i++)
		worker_stop(&c->v[i], grace);
	free(c);
}

unsigned crew_size(const struct crew *c)
{
	return c->n;
}

/* It is gone without a word: killed by somebody (or for want of memory), or by a mistake of ours. */
static mdl_err gone(struct worker *w, struct mdl_why *why)
{
	int status = 0;
	if (waitpid(w->pid, &status, 0) == w->pid && WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGKILL)
		return mdl_fail(why, MDL_ECLOSED,
				"worker %d was killed; what was learned is kept, --resume goes on "
				"with it",
				(int)w->pid);
	return mdl_fail(why, MDL_ECLOSED,
			"worker %d is gone; this is a defect of meddle, please report it",
			(int)w->pid);
}

static mdl_err failed(struct mdl_slice text, struct mdl_why *why)
{
	return mdl_fail(why, MDL_EIO, "%.*s", (int)text.n, (const char *)text.p);
}

mdl_err crew_tell(struct crew *c, enum ipc_type type, const void *data, size_t n,
		  struct mdl_why *why)
{
	for (unsigned i = 0; i < c->n; i++) {
		enum ipc_type said;
		struct mdl_slice text;
		if (ipc_send(c->v[i].fd, type, data, n))
			continue;
		/* it may have said why before it went */
		while (ipc_wait(c->v[i].fd, &c->v[i].in, &said, &text))
			if (said == IPC_FAILED)
				return failed(text, why);
		return gone(&c->v[i], why);
	}
	return MDL_OK;
}

/* Waits for one worker's next message, ticking. `stop` (may be NULL) makes it MDL_EINTERRUPTED. */
static mdl_err wait_for(struct crew *c, unsigned i, enum ipc_type *type, struct mdl_slice *data,
			void (*tick)(void *, uint32_t), bool (*stop)(void *), void *ctx,
			struct mdl_why *why)
{
	struct worker *w = &c->v[i];
	while (!ipc_next(&w->in, type, data)) {
		struct pollfd p = { w->fd, POLLIN, 0 };
		int ready = poll(&p, 1, TICK_MS);
		if (tick != NULL)
			tick(ctx, 0);
		if (stop != NULL && stop(ctx))
			return mdl_fail(why, MDL_EINTERRUPTED, "interrupted");
		if (ready > 0 && !ipc_read(w->fd, &w->in))
			return gone(w, why);
	}
	return *type == IPC_FAILED ? failed(*data, why) : MDL_OK;
}

mdl_err crew_calibrate(struct crew *c, struct calibration *out, bool (*stop)(void *), void *ctx,
		       struct mdl_why *why)
{
	enum ipc_type type;
	struct mdl_slice data;
	if (!ipc_send(c->v[0].fd, IPC_CALIBRATE, NULL, 0))
		return gone(&c->v[0], why);
	mdl_err err = wait_for(c, 0, &type, &data, NULL, stop, ctx, why);
	if (err != MDL_OK)
		return err;
	if (type != IPC_CALIBRATED || data.n != sizeof(*out))
		return gone(&c->v[0], why);
	memcpy(out, data.p, sizeof(*out));
	return crew_tell(c, IPC_MANNER, &out->manner, sizeof(out->manner), why);
}

mdl_err crew_triage(struct crew *c, unsigned by, const struct ipc_triage *ask, struct triaged *out,
		    void (*tick)(void *, uint32_t), void *ctx, struct mdl_why *why)
{
	enum ipc_type type;
	struct mdl_slice data;
	if (!ipc_send(c->v[by].fd, IPC_TRIAGE, ask, sizeof(*ask)))
		return gone(&c->v[by], why);
	mdl_err err = wait_for(c, by, &type, &data, tick, NULL, ctx, why);
	if (err == MDL_OK && (type != IPC_TRIAGED || data.n != sizeof(*out)))
		return gone(&c->v[by], why);
	if (err == MDL_OK)
		memcpy(out, data.p, sizeof(*out));
	return err;
}

/* ---- an epoch ---- */

struct running {
	struct crew *c;
	struct crew_epoch *e;
	bool busy[CREW_MAX];
	uint32_t handed, done; /* cases */
	bool stopped;
};

/* Cases are handed out in order, so that those played are the first ones of the epoch. */
static mdl_err hand_out(struct running *r, unsigned i, struct mdl_why *why)
{
	struct crew_epoch *e = r->e;
	uint32_t left = e->n - r->handed;
	if (left == 0 || r->stopped || r->busy[i])
		return MDL_OK;
	struct ipc_run run = { e->from + r->handed, left < CHUNK ? left : CHUNK };
	memset(e->by + r->handed, (int)i, run.n);
	r->handed += run.n;
	r->busy[i] = true;
	return ipc_send(r->c->v[i].fd, IPC_RUN, &run, sizeof(run)) ? MDL_OK
								   : gone(&r->c->v[i], why);
}

static void keep_result(struct running *r, struct mdl_slice data)
{
	struct crew_epoch *e = r->e;
	struct case_result *slot;
	uint64_t number;
	if (data.n < offsetof(struct case_result, suspicions) || data.n > sizeof(*slot))
		return;
	memcpy(&number, data.p, sizeof(number));
	if (number < e->from || number - e->from >= e->n)
		return;
	slot = &e->results[number - e->from];
	memset(slot, 0, sizeof(*slot));
	memcpy(slot, data.p, data.n);
	r->done++;
}

static mdl_err take_messages(struct running *r, unsigned i, struct mdl_why *why)
{
	enum ipc_type type;
	struct mdl_slice data;
	while (ipc_next(&r->c->v[i].in, &type, &data)) {
		if (type == IPC_FAILED)
			return failed(data, why);
		if (type == IPC_RESULT)
			keep_result(r, data);
		else if (type == IPC_DONE)
			r->busy[i] = false;
	}
	return hand_out(r, i, why);
}

static bool any_busy(const struct running *r)
{
	for (unsigned i = 0; i < r->c->n; i++)
		if (r->busy[i])
			return true;
	return false;
}

static mdl_err wait_for_any(struct running *r, struct mdl_why *why)
{
	struct pollfd p[CREW_MAX];
	mdl_err err = MDL_OK;
	for (unsigned i = 0; i < r->c->n; i++)
		p[i] = (struct pollfd){ r->c->v[i].fd, POLLIN, 0 };
	int ready = poll(p, r->c->n, TICK_MS);
	for (unsigned i = 0; ready > 0 && err == MDL_OK && i < r->c->n; i++) {
		if (p[i].revents == 0)
			continue;
		err = ipc_read(p[i].fd, &r->c->v[i].in) ? take_messages(r, i, why)
							: gone(&r->c->v[i], why);
	}
	return err;
}

mdl_err crew_run(struct crew *c, struct crew_epoch *e, struct mdl_why *why)
{
	struct running r = { .c = c, .e = e };
	mdl_err err = MDL_OK;
	for (unsigned i = 0; err == MDL_OK && i < c->n; i++)
		err = hand_out(&r, i, why);
	while (err == MDL_OK && any_busy(&r)) {
		err = wait_for_any(&r, why);
		e->tick(e->ctx, r.done);
		r.stopped = r.stopped || e->stop(e->ctx);
	}
	e->played = err == MDL_OK ? r.handed : 0;
	return err;
}
