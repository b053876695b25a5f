#include "proxy/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

struct child {
	struct loop *loop;
	uv_poll_t poll; /* on the pidfd */
	int pidfd;
	pid_t pid;
	bool running, polled;
	int fd[3]; /* our sides; -1 */
	struct timer grace;
	void (*on_exit)(void *ctx, int status, mdl_time now);
	void *ctx;
};

enum { CHILDREN = 256 };

enum step { EXEC, ATTACH, DIRECTORY, PREPARE, LIMITS, PIPES, FORK, FOLLOW };

static const char *const step_text[] = {
	[EXEC] = "",
	[ATTACH] = "process group: ",
	[DIRECTORY] = "working directory: ",
	[PREPARE] = "preparation: ",
	[LIMITS] = "limits: ",
	[PIPES] = "pipes: ",
	[FORK] = "fork: ",
	[FOLLOW] = "pidfd_open (Linux 5.3 or later): ",
};

/* What went wrong; the child says it through a pipe that closes at exec. */
struct trouble {
	enum step step;
	int err; /* 0: nothing did */
};

/* What the child needs, made before the fork so that nothing can fail there for want of memory. */
struct plan {
	const struct child_conf *conf;
	char **env;   /* the array is ours, the texts are not */
	int stdio[3]; /* what becomes 0, 1, 2; never below 3, or the same as what it becomes */
	int report;   /* the write side of the pipe for trouble */
	int listen;   /* the read side */
	pid_t parent;
	int null;      /* /dev/null; -1: not needed */
	int theirs[3]; /* their sides of pipes; -1 */
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- in the child ---- */

/* A Ctrl-C that came while we were still in our parent's group was not for us: it is forgotten. */
static void default_signals(void)
{
	sigset_t none;
	struct sigaction forget = { .sa_handler = SIG_IGN }, preset = { .sa_handler = SIG_DFL };
	for (int i = 1; i < NSIG; i++) {
		sigaction(i, &forget, NULL); /* some cannot be changed, and need not be */
		sigaction(i, &preset, NULL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int limit(int what, uint64_t max)
{
	struct rlimit r = { .rlim_cur = max, .rlim_max = max };
	return setrlimit((__rlimit_resource_t)what, &r) == 0 ? 0 : errno;
}

static int limits(const struct child_conf *conf)
{
	int err = limit(RLIMIT_CORE, conf->core_max);
	if (err == 0 && conf->memory_max > 0)
		err = limit(RLIMIT_AS, conf->memory_max);
	return err;
}

/* It dies with its parent, which may have died before this was said. */
static int attach(const struct plan *p)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		return errno;
	if (getppid() != p->parent)
		raise(SIGKILL);
	return setpgid(0, 0) == 0 ? 0 : errno;
}

static int plumb(const struct plan *p)
{
	for (int i = 0; i < 3; i++)
		if (p->stdio[i] != i && dup2(p->stdio[i], i) < 0)
			return errno;
	/* Close-on-exec rather than closed: the report still has to be written. */
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	return 0;
}

/* Everything up to exec; what stopped it. */
static struct trouble become(const struct plan *p)
{
	const struct child_conf *c = p->conf;
	struct trouble t = { ATTACH, attach(p) };
	if (t.err == 0 && c->dir != NULL)
		t = (struct trouble){ DIRECTORY, chdir(c->dir) == 0 ? 0 : errno };
	if (t.err == 0 && c->prepare != NULL)
		t = (struct trouble){ PREPARE, c->prepare(c->ctx) };
	if (t.err == 0)
		t = (struct trouble){ LIMITS, limits(c) };
	if (t.err == 0)
		t = (struct trouble){ PIPES, plumb(p) };
	if (t.err != 0)
		return t;
	default_signals();
	execvpe(c->argv[0], c->argv, p->env);
	return (struct trouble){ EXEC, errno };
}

static void run(const struct plan *p)
{
	struct trouble t = become(p);
	(void)!write(p->report, &t, sizeof(t));
	_exit(127);
}

/* ---- before the fork ---- */

static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");
	return strncmp(a, b, n) == 0 && b[n] == '=';
}

static bool overridden(const char *word, char *const *by)
{
	for (; by != NULL && *by != NULL; by++)
		if (same_name(*by, word))
			return true;
	return false;
}

/* Our environment with `extra` put over it; NULL if out of memory. */
static char **environment(char *const *extra)
{
	size_t n = 1, k = 0;
	for (char *const *e = environ; e != NULL && *e != NULL; e++)
		n++;
	for (char *const *e = extra; e != NULL && *e != NULL; e++)
		n++;
	char **env = calloc(n, sizeof(char *));
	if (env == NULL)
		return NULL;
	for (char *const *e = environ; e != NULL && *e != NULL; e++)
		if (!overridden(*e, extra))
			env[k++] = *e;
	for (char *const *e = extra; e != NULL && *e != NULL; e++)
		env[k++] = *e;
	return env;
}

/* The descriptor, moved out of the way of 0, 1 and 2 if it is one of them; -1 with errno. */
static int above_stdio(int fd)
{
	if (fd < 0 || fd > 2)
		return fd;
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	int err = errno;
	close(fd);
	errno = err;
	return high;
}

/* A pipe with both sides above 2; 0 or an errno. */
static int make_pipe(int *read_side, int *write_side)
{
	int fd[2];
	if (pipe2(fd, O_CLOEXEC) != 0)
		return errno;
	*read_side = above_stdio(fd[0]);
	int err = *read_side < 0 ? errno : 0;
	*write_side = above_stdio(fd[1]);
	if (err == 0 && *write_side < 0)
		err = errno;
	if (err != 0) {
		close_fd(read_side);
		close_fd(write_side);
	}
	return err;
}

static int open_null(struct plan *p)
{
	if (p->null < 0)
		p->null = above_stdio(open("/dev/null", O_RDWR | O_CLOEXEC));
	return p->null < 0 ? errno : 0;
}

/* What becomes descriptor `i` of the child; 0 or an errno. */
static int connect_stdio(struct plan *p, struct child *c, int i, enum child_pipe how)
{
	int err = 0;
	switch (how) {
	case CHILD_NULL:
		err = open_null(p);
		p->stdio[i] = p->null;
		break;
	case CHILD_PIPE:
		err = i == 0 ? make_pipe(&p->theirs[i], &c->fd[i])
			     : make_pipe(&c->fd[i], &p->theirs[i]);
		p->stdio[i] = p->theirs[i];
		if (err == 0 && fcntl(c->fd[i], F_SETFL, O_NONBLOCK) != 0)
			err = errno;
		break;
	case CHILD_INHERIT:
		p->stdio[i] = i;
		break;
	case CHILD_WITH_OUT:
		err = i == 2 ? 0 : EINVAL;
		p->stdio[i] = p->stdio[1];
		break;
	}
	return err;
}

static int prepare(struct plan *p, struct child *c)
{
	p->env = environment(p->conf->env);
	if (p->env == NULL)
		return ENOMEM;
	int err = make_pipe(&p->listen, &p->report);
	if (err == 0)
		err = connect_stdio(p, c, 0, p->conf->in);
	if (err == 0)
		err = connect_stdio(p, c, 1, p->conf->out);
	if (err == 0)
		err = connect_stdio(p, c, 2, p->conf->err);
	return err;
}

static void plan_fini(struct plan *p)
{
	free(p->env);
	close_fd(&p->report);
	close_fd(&p->listen);
	close_fd(&p->null);
	for (int i = 0; i < 3; i++)
		close_fd(&p->theirs[i]);
}

/* ---- its life as we see it ---- */

static void on_closed(uv_handle_t *h)
{
	free(h->data);
}

/*
 * While it is a zombie the number of its group cannot be another's. The others of the group become our
 * children as it goes, and only when they are gone too are their ports free again.
 */
static int reap(struct child *c)
{
	int status = 0;
	c->running = false;
	loop_timer_stop(c->loop, &c->grace);
	kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	while (waitpid(-c->pid, NULL, 0) > 0 || errno == EINTR)
		;
	return status;
}

static void on_readable(uv_poll_t *h, int status, int events)
{
	(void)status;
	(void)events;
	struct child *c = h->data;
	uv_poll_stop(h);
	int how = reap(c);
	if (c->on_exit != NULL)
		c->on_exit(c->ctx, how, loop_now(c->loop));
}

static void on_grace(struct timer *t, mdl_time now)
{
	(void)now;
	const struct child *c = (struct child *)((char *)t - offsetof(struct child, grace));
	kill(-c->pid, SIGKILL);
}

/* Waits until the program runs or says why it does not. */
static struct trouble outcome(struct plan *p)
{
	struct trouble t = { EXEC, 0 };
	ssize_t n;
	close_fd(&p->report);
	do
		n = read(p->listen, &t, sizeof(t));
	while (n < 0 && errno == EINTR);
	if (n == 0 || n == sizeof(t))
		return t;
	return (struct trouble){ EXEC, n < 0 ? errno : EIO };
}

/* Watches for its exit; 0 or an errno. */
static int follow(struct child *c)
{
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	if (c->pidfd < 0)
		return errno;
	int err = uv_poll_init(loop_uv(c->loop), &c->poll, c->pidfd);
	if (err != 0)
		return -err;
	c->polled = true;
	return -uv_poll_start(&c->poll, UV_READABLE, on_readable);
}

/* No signal may come to the child while our handlers are still set in it. */
static pid_t fork_quietly(const struct plan *p)
{
	sigset_t all, old;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid_t pid = fork();
	if (pid == 0)
		run(p);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return pid;
}

static struct trouble launch(struct plan *p, struct child *c)
{
	struct trouble t = { PIPES, prepare(p, c) };
	if (t.err != 0)
		return t;
	child_adopt();
	c->pid = fork_quietly(p);
	if (c->pid < 0)
		return (struct trouble){ FORK, errno };
	c->running = true;
	t = outcome(p);
	return t.err != 0 ? t : (struct trouble){ FOLLOW, follow(c) };
}

static mdl_err complain(const struct child_conf *conf, struct trouble t, struct mdl_why *why)
{
	bool dir = t.step == DIRECTORY;
	return mdl_fail(why, t.err == ENOMEM ? MDL_ENOMEM : MDL_EIO, "%s: %s%s%s%s", conf->argv[0],
			step_text[t.step], dir ? conf->dir : "", dir ? ": " : "", strerror(t.err));
}

mdl_err child_start(struct loop *l, const struct child_conf *conf, struct child **out,
		    struct mdl_why *why)
{
	struct plan p = { .conf = conf,
			  .report = -1,
			  .listen = -1,
			  .null = -1,
			  .theirs = { -1, -1, -1 },
			  .parent = getpid() };
	struct child *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	c->loop = l;
	c->pidfd = c->fd[0] = c->fd[1] = c->fd[2] = -1;
	c->grace.fire = on_grace;
	c->poll.data = c;
	c->on_exit = conf->on_exit;
	c->ctx = conf->ctx;
	struct trouble t = launch(&p, c);
	plan_fini(&p);
	if (t.err == 0) {
		*out = c;
		return MDL_OK;
	}
	child_free(c);
	return complain(conf, t, why);
}

pid_t child_pid(const struct child *c)
{
	return c->pid;
}

int child_fd(const struct child *c, int which)
{
	return c->fd[which];
}

int child_take_fd(struct child *c, int which)
{
	int fd = c->fd[which];
	c->fd[which] = -1;
	return fd;
}

bool child_running(const struct child *c)
{
	return c->running;
}

void child_stop(struct child *c, mdl_time grace)
{
	if (!c->running)
		return;
	kill(-c->pid, grace > 0 ? SIGTERM : SIGKILL);
	if (grace > 0)
		loop_timer(c->loop, &c->grace, mdl_time_add(loop_now(c->loop), grace));
}

void child_free(struct child *c)
{
	if (c == NULL)
		return;
	if (c->running) {
		kill(c->pid, SIGKILL);
		reap(c);
	}
	for (int i = 0; i < 3; i++)
		close_fd(&c->fd[i]);
	if (c->polled)
		uv_close((uv_handle_t *)&c->poll, on_closed);
	close_fd(&c->pidfd);
	if (!c->polled)
		free(c);
}

/* ---- what they leave behind ---- */

/* The children of this thread, as far as there is room. */
static size_t list_children(pid_t *out, size_t room)
{
	char text[4096];
	size_t count = 0;
	int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text));
	pid_t pid = 0;
	for (ssize_t i = 0; i < n && count < room; i++) {
		if (text[i] >= '0' && text[i] <= '9')
			pid = pid * 10 + (text[i] - '0');
		else if (pid > 0) {
			out[count++] = pid;
			pid = 0;
		}
	}
	if (fd >= 0)
		close(fd);
	return count;
}

void child_adopt(void)
{
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
}

bool child_kill_all(void)
{
	pid_t v[CHILDREN];
	size_t n = list_children(v, CHILDREN);
	for (size_t i = 0; i < n; i++) {
		kill(-v[i], SIGKILL);
		kill(v[i], SIGKILL);
	}
	return n > 0;
}

void child_end_all(void)
{
	while (child_kill_all())
		while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
			;
}

void child_end_daemons(void)
{
	pid_t v[CHILDREN];
	for (bool found = true; found;) { /* what they started comes to us when they have gone */
		size_t n = list_children(v, CHILDREN);
		found = false;
		for (size_t i = 0; i < n; i++) {
			if (getsid(v[i]) == getsid(0))
				continue;
			kill(v[i], SIGKILL);
			while (waitpid(v[i], NULL, 0) < 0 && errno == EINTR)
				;
			found = true;
		}
	}
}
