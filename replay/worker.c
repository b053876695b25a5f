#include "replay/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/tracefmt.h"
#include "netns/ns.h"
#include "proxy/child.h"
#include "replay/corpus.h"
#include "replay/files.h"
#include "replay/growth.h"
#include "replay/leak.h"
#include "replay/triage.h"

enum {
	HISTORY = 256,	 /* conversations remembered for triage */
	STASHES = 16,	 /* suspicions of one epoch that can be looked into */
	LOOK_EVERY = 16, /* cases between two looks at what the target uses */
	SLOW_EVERY = 16, /* looks between two of the slow kind, for leaks that are rare */
	GROWN_RSS = 128 << 10,
	GROWN_FDS = 8,
	SLOW_MS = 64, /* an answer this late is measured again */
	SLOW_AGAIN = 2,
	PATH_SIZE = 4096
};

/* A suspicion, and what the target had been played when it came up. */
struct stash {
	uint64_t number, raw;
	struct mdl_trace *v[HISTORY];
	size_t n;
};

/* Everything the worker's process has. */
struct self {
	const struct worker_conf *conf;
	int fd;
	struct ipc_in in;
	struct loop *loop;
	struct maker *maker;
	struct target_conf target_conf;
	struct target *target;
	struct manner manner;
	struct executor *executor;
	struct mdl_trace *history[HISTORY]; /* a ring, since the target was started */
	size_t n_history;		    /* played since then */
	unsigned since_start;		    /* cases, for restart_every */
	struct stash stash[STASHES];	    /* of this epoch */
	size_t n_stash;
	uint64_t played;
	struct growth rss[2], fds[2]; /* quick and slow */
	char findings[PATH_SIZE];
	struct mdl_why why;
};

/* ---- what the target was played ---- */

static void forget_history(struct self *s)
{
	for (size_t i = 0; i < HISTORY; i++) {
		mdl_trace_free(s->history[i]);
		s->history[i] = NULL;
	}
	s->n_history = 0;
	s->since_start = 0;
	for (size_t i = 0; i < 2; i++) {
		growth_reset(&s->rss[i]);
		growth_reset(&s->fds[i]);
	}
}

/* Takes the trace. */
static void add_history(struct self *s, struct mdl_trace *t)
{
	struct mdl_trace **place = &s->history[s->n_history++ % HISTORY];
	mdl_trace_free(*place);
	*place = t;
}

static void clear_stashes(struct self *s)
{
	for (size_t i = 0; i < s->n_stash; i++)
		for (size_t k = 0; k < s->stash[i].n; k++)
			mdl_trace_free(s->stash[i].v[k]);
	s->n_stash = 0;
}

static struct stash *find_stash(struct self *s, uint64_t raw)
{
	for (size_t i = 0; i < s->n_stash; i++)
		if (s->stash[i].raw == raw)
			return &s->stash[i];
	return NULL;
}

/* Copies what was played before the last case, oldest first. */
static void copy_history(const struct self *s, struct stash *to)
{
	size_t have = s->n_history < HISTORY ? s->n_history : HISTORY;
	to->n = 0;
	for (size_t i = s->n_history - have; i + 1 < s->n_history; i++)
		if ((to->v[to->n] = mdl_trace_copy(s->history[i % HISTORY])) != NULL)
			to->n++;
}

/* Later cases will be played before anybody looks into this one: what it needs is put aside. */
static void put_aside(struct self *s, uint64_t number, const struct suspicions *all)
{
	for (unsigned i = 0; i < all->n; i++) {
		if (s->n_stash == STASHES || find_stash(s, all->v[i].raw) != NULL)
			continue;
		struct stash *st = &s->stash[s->n_stash++];
		st->number = number;
		st->raw = all->v[i].raw;
		copy_history(s, st);
	}
}

/* ---- what it uses ---- */

static bool grows(struct growth g[2], bool slow, uint64_t v, uint64_t bound)
{
	bool quick = growth_add(&g[0], v, bound);
	return (slow && growth_add(&g[1], v, bound)) || quick;
}

static void look_at_use(struct self *s, struct case_result *r, struct suspicions *all)
{
	struct procfs_use use;
	if (++s->played % LOOK_EVERY != 0 || !target_use(s->target, &use))
		return;
	bool slow = s->played % (LOOK_EVERY * SLOW_EVERY) == 0;
	r->rss = use.rss;
	r->fds = use.fds;
	if (!use.shadowed && grows(s->rss, slow, use.rss, GROWN_RSS))
		suspicion_add(all, MDL_MEDIUM, "leak", mdl_hash_str("leak", 0),
			      "memory grows with every such conversation");
	if (grows(s->fds, slow, use.fds, GROWN_FDS))
		suspicion_add(all, MDL_MEDIUM, "fdleak", mdl_hash_str("fdleak", 0),
			      "descriptors stay open after such conversations");
}

/* ---- cases ---- */

static mdl_err fail(struct self *s, mdl_err err)
{
	ipc_send_text(s->fd, IPC_FAILED, s->why.text);
	return err;
}

/* Only what is slow every time is slow: a busy machine is not the target's doing. */
static mdl_err measure_again(struct self *s, const struct mdl_trace *t, struct outcome *o)
{
	for (unsigned i = 0; i < SLOW_AGAIN && o->features.slowest_ms >= SLOW_MS; i++) {
		struct outcome again;
		mdl_err err = executor_play(s->executor, t, &again, &s->why);
		if (err != MDL_OK)
			return err;
		if (again.features.slowest_ms < o->features.slowest_ms && again.suspicions.n == 0)
			o->features = again.features;
		outcome_fini(&again);
	}
	return MDL_OK;
}

static bool send_result(struct self *s, struct case_result *r, const struct suspicions *all)
{
	r->n_suspicions = all->n;
	memcpy(r->suspicions, all->v, all->n * sizeof(all->v[0]));
	size_t n = offsetof(struct case_result, suspicions) + all->n * sizeof(all->v[0]);
	return ipc_send(s->fd, IPC_RESULT, r, n);
}

static void start_anew_if_due(struct self *s)
{
	if (s->conf->restart_every > 0 && ++s->since_start > s->conf->restart_every)
		target_stop(s->target);
}

static mdl_err play_case(struct self *s, uint64_t number)
{
	struct made made;
	struct outcome o = { 0 };
	mdl_err err = maker_make(s->maker, number, time(NULL), &made);
	if (err != MDL_OK)
		return mdl_fail(&s->why, err, "case %llu: out of memory",
				(unsigned long long)number);
	start_anew_if_due(s);
	err = executor_play(s->executor, made.trace, &o, &s->why);
	if (err ==
	    MDL_ENOTFOUND) /* nobody listens for its carrier: silence, which teaches nothing */
		err = MDL_OK;
	else if (err == MDL_OK)
		err = measure_again(s, made.trace, &o);
	if (o.restarted)
		forget_history(s);
	add_history(s, made.trace);
	if (err == MDL_OK) {
		struct case_result r = { .number = number,
					 .entry = (uint32_t)made.entry,
					 .restarted = o.restarted,
					 .ended = !target_running(s->target),
					 .features = o.features };
		look_at_use(s, &r, &o.suspicions);
		put_aside(s, number, &o.suspicions);
		if (!send_result(s, &r, &o.suspicions))
			err = MDL_ECLOSED;
	}
	outcome_fini(&o);
	return err;
}

static mdl_err play_cases(struct self *s, struct mdl_slice data)
{
	struct ipc_run run;
	mdl_err err = data.n == sizeof(run) ? MDL_OK : MDL_EINVAL;
	if (err == MDL_OK)
		memcpy(&run, data.p, sizeof(run));
	for (uint32_t i = 0; err == MDL_OK && i < run.n; i++)
		err = play_case(s, run.from + i);
	if (err != MDL_OK)
		return fail(s, err);
	return ipc_send(s->fd, IPC_DONE, NULL, 0) ? MDL_OK : MDL_ECLOSED;
}

/* ---- the other commands ---- */

static mdl_err add_entry(struct self *s, struct mdl_slice data)
{
	char path[PATH_SIZE];
	struct mdl_trace *t;
	struct mdl_buf text;
	if (data.n >= sizeof(path))
		return MDL_EINVAL;
	memcpy(path, data.p, data.n);
	path[data.n] = 0;
	mdl_buf_init(&text, MDL_BUF_MAX);
	mdl_err err = file_read(path, &text, &s->why);
	if (err == MDL_OK)
		err = mdl_trace_read(mdl_buf_slice(&text), path, &t, &s->why);
	mdl_buf_fini(&text);
	if (err == MDL_OK && (err = maker_add(s->maker, t)) != MDL_OK) {
		mdl_trace_free(t);
		mdl_fail(&s->why, err, "out of memory");
	}
	return err == MDL_OK ? MDL_OK : fail(s, err);
}

static mdl_err set_facts(struct self *s, struct mdl_slice data)
{
	struct schedule *schedule = maker_schedule(s->maker);
	clear_stashes(s); /* an epoch is over */
	for (size_t i = 0;
	     i < data.n / sizeof(struct schedule_facts) && i < schedule_count(schedule); i++) {
		struct schedule_facts f;
		memcpy(&f, data.p + i * sizeof(f), sizeof(f));
		schedule_set(schedule, i, &f);
	}
	return MDL_OK;
}

static mdl_err find_manner(struct self *s)
{
	struct calibration c;
	struct calibrate_conf conf = { s->executor, s->maker,		s->conf->proto,
				       &s->manner,  s->conf->start_max, s->conf->hang_after };
	mdl_err err = calibrate(&conf, &c, &s->why);
	if (err != MDL_OK)
		return fail(s, err);
	forget_history(s);
	return ipc_send(s->fd, IPC_CALIBRATED, &c, sizeof(c)) ? MDL_OK : MDL_ECLOSED;
}

static mdl_err set_manner(struct self *s, struct mdl_slice data)
{
	if (data.n != sizeof(s->manner))
		return MDL_EINVAL;
	memcpy(&s->manner, data.p, sizeof(s->manner));
	return MDL_OK;
}

static mdl_err look_into(struct self *s, struct mdl_slice data)
{
	struct triage_conf conf = { .executor = s->executor,
				    .target = s->target_conf,
				    .maker = s->maker,
				    .confirm = s->conf->confirm,
				    .minimise = s->conf->minimise,
				    .seed = s->conf->seed,
				    .sandbox = s->conf->sandbox,
				    .folder = s->findings };
	struct triage_job job = { 0 };
	struct ipc_triage ask;
	struct triaged out;
	if (data.n != sizeof(ask))
		return MDL_EINVAL;
	memcpy(&ask, data.p, sizeof(ask));
	job.number = ask.number;
	job.suspicion = ask.suspicion;
	job.known = ask.known;
	job.n_known = ask.n_known;
	struct stash *st = find_stash(s, ask.suspicion.raw);
	if (st != NULL && st->number == ask.number) {
		job.history = (const struct mdl_trace *const *)st->v;
		job.n_history = st->n;
	}
	mdl_err err = triage(&conf, &job, &out, &s->why);
	if (err != MDL_OK)
		return fail(s, err);
	forget_history(s);
	target_stop(s->target);
	return ipc_send(s->fd, IPC_TRIAGED, &out, sizeof(out)) ? MDL_OK : MDL_ECLOSED;
}

static mdl_err obey(struct self *s, enum ipc_type type, struct mdl_slice data)
{
	switch (type) {
	case IPC_ADD:
		return add_entry(s, data);
	case IPC_FACTS:
		return set_facts(s, data);
	case IPC_CALIBRATE:
		return find_manner(s);
	case IPC_MANNER:
		return set_manner(s, data);
	case IPC_RUN:
		return play_cases(s, data);
	case IPC_TRIAGE:
		return look_into(s, data);
	default:
		return MDL_ECLOSED;
	}
}

/* ---- life ---- */

static mdl_err open_self(struct self *s)
{
	const struct worker_conf *c = s->conf;
	struct maker_conf mc = { .proto = c->proto,
				 .settings = c->settings,
				 .strategies = c->strategies,
				 .plain = c->plain,
				 .seeds = c->seeds,
				 .seed = c->seed };
	if (!path_join(s->findings, sizeof(s->findings), c->folder, "findings"))
		return mdl_fail(&s->why, MDL_EIO, "%.80s...: the path is too long", c->folder);
	mdl_err err = c->sandbox ? ns_enter(&s->why) : MDL_OK;
	if (err == MDL_OK)
		err = loop_new(&s->loop, &s->why);
	if (err == MDL_OK)
		err = maker_new(&mc, &s->maker, &s->why);
	s->target_conf = (struct target_conf){ .loop = s->loop,
					       .proto = c->proto,
					       .settings = c->settings,
					       .argv = c->argv,
					       .to = c->to,
					       .start_max = c->start_max };
	if (err == MDL_OK)
		err = target_new(&s->target_conf, &s->target, &s->why);
	struct executor_conf ec = { .loop = s->loop,
				    .target = s->target,
				    .proto = c->proto,
				    .settings = c->settings,
				    .manner = &s->manner };
	return err == MDL_OK ? executor_new(&ec, &s->executor, &s->why) : err;
}

static void close_self(struct self *s)
{
	forget_history(s);
	clear_stashes(s);
	executor_free(s->executor);
	target_free(s->target);
	maker_free(s->maker);
	loop_free(s->loop);
	ipc_in_fini(&s->in);
}

static int work(const struct worker_conf *conf, int fd)
{
	struct self s = { .conf = conf, .fd = fd };
	enum ipc_type type;
	struct mdl_slice data;
	ipc_in_init(&s.in);
	mdl_err err = open_self(&s);
	if (err != MDL_OK)
		fail(&s, err);
	while (err == MDL_OK && ipc_wait(fd, &s.in, &type, &data))
		err = obey(&s, type, data);
	close_self(&s);
	return err == MDL_OK || err == MDL_ECLOSED ? 0 : 2;
}

/* The campaign is gone; with us go the target and what it has started. */
static void on_orphaned(int signum)
{
	(void)signum;
	child_kill_all();
	_exit(2);
}

/* Ctrl-C and SIGTERM may come to all of us: the campaign handles them, and says when we end. */
static void become_worker(pid_t parent, int fd)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGUSR1, on_orphaned);
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	if (getppid() != parent)
		_exit(2);
	/* what the campaign has open is not ours: its book, the other workers */
	close_range(3, (unsigned)fd - 1, 0);
	close_range((unsigned)fd + 1, ~0U, 0);
}

mdl_err worker_start(const struct worker_conf *conf, struct worker *out, struct mdl_why *why)
{
	int fds[2];
	pid_t parent = getpid();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
		return mdl_fail(why, MDL_EIO, "no socket pair for a worker: %s", strerror(errno));
	out->pid = fork();
	if (out->pid == 0) {
		become_worker(parent, fds[1]);
		_exit(work(conf, fds[1]));
	}
	close(fds[1]);
	if (out->pid < 0) {
		close(fds[0]);
		return mdl_fail(why, MDL_EIO, "no process for a worker: %s", strerror(errno));
	}
	out->fd = fds[0];
	ipc_in_init(&out->in);
	return MDL_OK;
}

void worker_stop(struct worker *w, mdl_time grace)
{
	if (w->pid <= 0)
		return;
	ipc_send(w->fd, IPC_QUIT, NULL, 0);
	shutdown(w->fd, SHUT_WR);
	mdl_time until = loop_clock() + grace;
	while (waitpid(w->pid, NULL, WNOHANG) == 0) {
		struct timespec nap = { 0, MDL_MS };
		if (loop_clock() >= until) {
			kill(w->pid, SIGKILL);
			until = MDL_NEVER;
		}
		nanosleep(&nap, NULL);
	}
	close(w->fd);
	ipc_in_fini(&w->in);
	w->pid = 0;
}
