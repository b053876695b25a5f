#include "replay/target.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "proxy/child.h"
#include "proxy/drain.h"

enum {
	OUTPUT_MAX = 256 << 10,
	OUTPUT_KEPT = 64 << 10,
	ARGS_MAX = 256,
	LAST_LINES = 300,
	SANITIZERS = 4,
	/* times half a millisecond, for a server that binds one socket after the other; and if it had more */
	SEEN_OFTEN = 20,
	SEEN_AGAIN = 1000
};

static const mdl_time poll_every = MDL_MS / 2;

struct target {
	struct target_conf conf;
	struct child *child;
	struct drain *drain; /* of what it prints */
	int status;	     /* of the child, once it has exited */
	bool exited;
	unsigned starts;
	uint16_t port;		   /* that stands for "{port}"; 0: none was asked for */
	char **argv;		   /* with the port put in; owned */
	char *env[SANITIZERS + 1]; /* what is added to its environment; owned */
	struct mdl_buf output;
	struct mdl_addr at[2]; /* by carrier: datagrams, streams */
	bool has[2];
};

static size_t slot(enum mdl_carrier carrier)
{
	return carrier == MDL_STREAM;
}

/* ---- arguments ---- */

static bool wants_port(char *const *argv)
{
	for (; *argv != NULL; argv++)
		if (strstr(*argv, "{port}") != NULL)
			return true;
	return false;
}

/* A port that is free for datagrams and streams on the loopback; 0 if none could be had. */
static uint16_t free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	uint16_t port = 0;
	int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (tcp >= 0 && udp >= 0 && bind(tcp, (struct sockaddr *)&a, sizeof(a)) == 0 &&
	    getsockname(tcp, (struct sockaddr *)&a, &n) == 0 &&
	    bind(udp, (struct sockaddr *)&a, sizeof(a)) == 0)
		port = ntohs(a.sin_port);
	if (tcp >= 0)
		close(tcp);
	if (udp >= 0)
		close(udp);
	return port;
}

/* One argument with every "{port}" in it replaced. */
static char *put_port(const char *arg, uint16_t port)
{
	static const char mark[] = "{port}";
	struct mdl_buf out;
	mdl_buf_init(&out, 64 << 10);
	mdl_err err = mdl_buf_reserve(&out, 1);
	for (const char *hit; err == MDL_OK && (hit = strstr(arg, mark)) != NULL;) {
		err = mdl_buf_printf(&out, "%.*s%u", (int)(hit - arg), arg, port);
		arg = hit + sizeof(mark) - 1;
	}
	if (err == MDL_OK)
		err = mdl_buf_printf(&out, "%s", arg);
	if (err == MDL_OK)
		return mdl_buf_steal(&out);
	mdl_buf_fini(&out);
	return NULL;
}

static void free_args(struct target *t)
{
	for (size_t i = 0; t->argv != NULL && t->argv[i] != NULL; i++)
		free(t->argv[i]);
	free(t->argv);
	t->argv = NULL;
}

static mdl_err make_args(struct target *t, struct mdl_why *why)
{
	size_t n = 0;
	while (t->conf.argv[n] != NULL)
		n++;
	if (wants_port(t->conf.argv) && (t->port = free_port()) == 0)
		return mdl_fail(why, MDL_EIO, "no free port on the loopback");
	free_args(t);
	t->argv = calloc(n + 1, sizeof(char *));
	for (size_t i = 0; t->argv != NULL && i < n; i++)
		if ((t->argv[i] = put_port(t->conf.argv[i], t->port)) == NULL)
			return mdl_fail(why, MDL_ENOMEM, "out of memory");
	return t->argv == NULL ? mdl_fail(why, MDL_ENOMEM, "out of memory") : MDL_OK;
}

/* ---- life ---- */

mdl_err target_new(const struct target_conf *conf, struct target **out, struct mdl_why *why)
{
	struct target *t = calloc(1, sizeof(*t));
	if (t == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	t->conf = *conf;
	mdl_buf_init(&t->output, OUTPUT_MAX);
	*out = t;
	return MDL_OK;
}

void target_stop(struct target *t)
{
	child_free(t->child);
	if (t->child != NULL)
		child_end_daemons();
	drain_close(t->drain);
	t->child = NULL;
	t->drain = NULL;
	t->exited = false; /* what we ended has not ended by itself */
}

void target_free(struct target *t)
{
	if (t == NULL)
		return;
	target_stop(t);
	free_args(t);
	for (size_t i = 0; i < SANITIZERS; i++)
		free(t->env[i]);
	mdl_buf_fini(&t->output);
	free(t);
}

bool target_is_local(const struct target *t)
{
	return t->conf.argv != NULL;
}

static void on_output(void *ctx, struct mdl_slice bytes)
{
	struct target *t = ctx;
	if (t->output.n + bytes.n > OUTPUT_MAX)
		mdl_buf_shift(&t->output, t->output.n - OUTPUT_KEPT);
	if (mdl_buf_add(&t->output, bytes) != MDL_OK)
		mdl_buf_cut(&t->output, 0);
}

static void on_exit_of_child(void *ctx, int status, mdl_time now)
{
	struct target *t = ctx;
	(void)now;
	t->exited = true;
	t->status = status;
	if (t->drain != NULL)
		drain_now(t->drain); /* its last words */
}

/* Sanitizers shall say what they saw, at once, and with an exit code that is theirs alone; what the
 * user wants of them stands behind and so wins. */
static mdl_err make_env(struct target *t, struct mdl_why *why)
{
	static const char *const ours[SANITIZERS][2] = {
		{ "ASAN_OPTIONS", "detect_leaks=0:exitcode=77:allocator_may_return_null=1" },
		{ "UBSAN_OPTIONS", "print_stacktrace=1:halt_on_error=1:exitcode=77" },
		{ "MSAN_OPTIONS", "exitcode=77" },
		{ "TSAN_OPTIONS", "exitcode=77" },
	};
	for (size_t i = 0; i < SANITIZERS && t->env[i] == NULL; i++) {
		const char *theirs = getenv(ours[i][0]);
		if (asprintf(&t->env[i], "%s=%s%s%s", ours[i][0], ours[i][1],
			     theirs == NULL ? "" : ":", theirs == NULL ? "" : theirs) < 0) {
			t->env[i] = NULL;
			return mdl_fail(why, MDL_ENOMEM, "out of memory");
		}
	}
	return MDL_OK;
}

static mdl_err start_child(struct target *t, struct mdl_why *why)
{
	struct child_conf c = {
		.argv = t->argv,
		.env = t->env,
		.dir = t->conf.dir,
		.in = CHILD_NULL,
		.out = CHILD_PIPE,
		.err = CHILD_WITH_OUT,
		.on_exit = on_exit_of_child,
		.ctx = t,
	};
	t->exited = false;
	t->starts++;
	mdl_err err = child_start(t->conf.loop, &c, &t->child, why);
	if (err == MDL_OK)
		err = drain_open(t->conf.loop, child_fd(t->child, 1), on_output, t, &t->drain, why);
	if (err == MDL_OK)
		child_take_fd(t->child, 1);
	return err;
}

/* ---- where it listens ---- */

static void use_given(struct target *t)
{
	enum mdl_scheme s = t->conf.to->scheme;
	struct mdl_addr a = *t->conf.to;
	if (a.port == 0 && t->port != 0)
		a.port = t->port;
	if (a.port == 0 && t->conf.proto->ports != NULL)
		a.port = t->conf.proto->ports[0];
	t->has[0] = s == MDL_UDP || s == MDL_ANY;
	t->has[1] = s != MDL_UDP;
	t->at[0] = t->at[1] = a;
	if (s == MDL_ANY) {
		t->at[0].scheme = MDL_UDP;
		t->at[1].scheme = MDL_TCP;
	}
}

static bool port_of_protocol(const struct mdl_protocol *p, uint16_t port)
{
	for (const uint16_t *v = p->ports; v != NULL && *v != 0; v++)
		if (*v == port)
			return true;
	return false;
}

/* How well a socket fits: our {port}, one of the protocol's, any; IPv4 before IPv6. */
static unsigned fitness(const struct target *t, const struct listening *s)
{
	unsigned fit = 1;
	if (t->port != 0 && s->at.port == t->port)
		fit += 8;
	if (port_of_protocol(t->conf.proto, s->at.port))
		fit += 4;
	return 2 * fit + (s->at.family == 4);
}

static void address_of(const struct listening *s, struct mdl_addr *out)
{
	char text[MDL_INET_TEXT];
	memset(out, 0, sizeof(*out));
	mdl_inet_text(&s->at, text);
	if (mdl_addr_parse(text, out, NULL) != MDL_OK)
		return;
	out->scheme = s->carrier == MDL_STREAM ? MDL_TCP : MDL_UDP;
}

/* Finds the best socket of each carrier; false if it listens on none that will do. */
static bool find_sockets(struct target *t)
{
	struct listening v[PROCFS_SOCKETS_MAX];
	size_t n = procfs_listening(child_pid(t->child), v);
	unsigned best[2] = { 0, 0 };
	for (size_t i = 0; i < n; i++) {
		size_t k = slot(v[i].carrier);
		unsigned fit = fitness(t, &v[i]);
		if ((t->conf.proto->carriers & v[i].carrier) == 0 || fit <= best[k])
			continue;
		best[k] = fit;
		t->has[k] = true;
		address_of(&v[i], &t->at[k]);
	}
	/* a datagram socket without a known port may be anything: an upstream's, a resolver's */
	bool sure0 = best[0] >= 8, sure1 = best[1] >= 8;
	if (sure1 && !sure0)
		t->has[0] = false;
	if (sure0 && !sure1)
		t->has[1] = false;
	return t->has[0] || t->has[1];
}

/* Is somebody at the address that was given? Only streams can tell. */
static bool given_listens(const struct target *t)
{
	struct listening v[PROCFS_SOCKETS_MAX];
	size_t n = procfs_listening(child_pid(t->child), v);
	for (size_t i = 0; i < n; i++)
		if (v[i].at.port == t->at[slot(v[i].carrier)].port && t->has[slot(v[i].carrier)])
			return true;
	return t->at[1].scheme == MDL_UNIX && access(t->at[1].path, F_OK) == 0;
}

/* ---- starting ---- */

/* The end of what it printed, on one line. */
static void last_words(const struct target *t, char out[LAST_LINES])
{
	struct mdl_slice s = mdl_buf_slice(&t->output);
	while (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	if (s.n >= LAST_LINES - 1)
		s = mdl_slice_sub(s, s.n - (LAST_LINES - 1), SIZE_MAX);
	for (size_t i = 0; i < s.n; i++)
		out[i] = s.p[i] == '\n'			   ? '|'
			 : s.p[i] < 0x20 || s.p[i] == 0x7f ? '?'
							   : (char)s.p[i];
	out[s.n] = 0;
}

static mdl_err ended_at_start(const struct target *t, struct mdl_why *why)
{
	char words[LAST_LINES];
	last_words(t, words);
	if (WIFSIGNALED(t->status))
		return mdl_fail(why, MDL_EIO, "%s: ended at start by signal %d (%s)%s%s",
				t->argv[0], WTERMSIG(t->status), strsignal(WTERMSIG(t->status)),
				words[0] == 0 ? "" : ", saying: ", words);
	if (WEXITSTATUS(t->status) == 0)
		return mdl_fail(
			why, MDL_EIO,
			"%s: ended at start with code 0; if it went into the background, start "
			"it with its option to stay in the foreground%s%s",
			t->argv[0], words[0] == 0 ? "" : "; it said: ", words);
	return mdl_fail(why, MDL_EIO, "%s: ended at start with code %d%s%s", t->argv[0],
			WEXITSTATUS(t->status), words[0] == 0 ? "" : ", saying: ", words);
}

static mdl_err not_listening(const struct target *t, struct mdl_why *why)
{
	char words[LAST_LINES], time_text[MDL_TIME_TEXT];
	last_words(t, words);
	return mdl_fail(why, MDL_EIO, "%s: does not listen after %s%s%s", t->argv[0],
			mdl_time_text(t->conf.start_max, time_text),
			words[0] == 0 ? "" : "; it said: ", words);
}

/* Does it listen on all that it listened on before? */
static bool as_before(const struct target *t, const bool had[2])
{
	return t->starts > 1 && t->has[0] == had[0] && t->has[1] == had[1];
}

static mdl_err wait_until_it_listens(struct target *t, const bool had[2], struct mdl_why *why)
{
	mdl_time until = loop_clock() + t->conf.start_max;
	/* The first time seen twice, for a server may bind one socket after the other. */
	for (unsigned seen = 0; loop_clock() < until;) {
		struct timespec nap = { 0, poll_every };
		loop_once(t->conf.loop, false);
		if (t->exited)
			return ended_at_start(t, why);
		bool listens = t->conf.to != NULL ? given_listens(t) : find_sockets(t);
		if (listens &&
		    (as_before(t, had) || ++seen == (t->starts > 1 ? SEEN_AGAIN : SEEN_OFTEN)))
			return MDL_OK;
		nanosleep(&nap, NULL);
	}
	return not_listening(t, why);
}

mdl_err target_start(struct target *t, struct mdl_why *why)
{
	if (!target_is_local(t)) {
		t->starts++;
		use_given(t);
		return MDL_OK;
	}
	target_stop(t);
	mdl_buf_cut(&t->output, 0);
	mdl_err err = make_args(t, why);
	if (err == MDL_OK)
		err = make_env(t, why);
	if (err == MDL_OK)
		err = start_child(t, why);
	if (err != MDL_OK)
		return err;
	bool had[2] = { t->has[0], t->has[1] };
	t->has[0] = t->has[1] = false;
	if (t->conf.to != NULL)
		use_given(t);
	err = wait_until_it_listens(t, had, why);
	if (err != MDL_OK)
		target_stop(t);
	return err;
}

/* ---- questions ---- */

bool target_address(const struct target *t, enum mdl_carrier carrier, struct mdl_addr *out)
{
	*out = t->at[slot(carrier)];
	return t->has[slot(carrier)];
}

bool target_running(const struct target *t)
{
	return target_is_local(t) ? t->child != NULL && !t->exited : t->starts > 0;
}

enum target_end target_state(const struct target *t, int *code)
{
	if (!target_is_local(t) || !t->exited)
		return TARGET_RUNS;
	if (code != NULL)
		*code = WIFSIGNALED(t->status) ? WTERMSIG(t->status) : WEXITSTATUS(t->status);
	return WIFSIGNALED(t->status) ? TARGET_SIGNALLED : TARGET_EXITED;
}

bool target_ended(void *t)
{
	return target_state(t, NULL) != TARGET_RUNS;
}

struct mdl_slice target_output(const struct target *t)
{
	return mdl_buf_slice(&t->output);
}

void target_forget_output(struct target *t)
{
	mdl_buf_cut(&t->output, 0);
}

bool target_use(const struct target *t, struct procfs_use *out)
{
	return t->child != NULL && !t->exited && procfs_use(child_pid(t->child), out);
}

unsigned target_starts(const struct target *t)
{
	return t->starts;
}

pid_t target_pid(const struct target *t)
{
	return t->child != NULL && !t->exited ? child_pid(t->child) : 0;
}
