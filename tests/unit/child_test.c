#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/child.h"
#include "proxy/end_mem.h"
#include "proxy/end_stream.h"
#include "support/alloc.h"
#include "support/net.h"

struct watched {
	struct net n;
	struct child *c;
	unsigned exits;
	int status;
};

static void on_exit_of(void *ctx, int status, mdl_time now)
{
	struct watched *w = ctx;
	(void)now;
	w->exits++;
	w->status = status;
}

static void watched_init(struct watched *w)
{
	*w = (struct watched){ 0 };
	net_init(&w->n);
}

static void watched_fini(struct watched *w)
{
	child_free(w->c);
	net_fini(&w->n);
}

static struct child_conf shell(struct watched *w, char *argv[4], const char *script)
{
	static char sh[] = "sh", c[] = "-c";
	static char text[512];
	snprintf(text, sizeof(text), "%s", script);
	argv[0] = sh;
	argv[1] = c;
	argv[2] = text;
	argv[3] = NULL;
	return (struct child_conf){ .argv = argv, .on_exit = on_exit_of, .ctx = w };
}

static void run(struct watched *w, const char *script, struct child_conf more)
{
	char *argv[4];
	struct child_conf conf = shell(w, argv, script);
	conf.in = more.in;
	conf.out = more.out;
	conf.err = more.err;
	conf.env = more.env;
	conf.dir = more.dir;
	conf.memory_max = more.memory_max;
	conf.core_max = more.core_max;
	assert_int_equal(child_start(w->n.l, &conf, &w->c, NULL), MDL_OK);
	assert_true(child_running(w->c));
}

/* Everything the script says, up to its exit. */
static void output(const char *script, struct child_conf conf, char *out, size_t size)
{
	struct watched w;
	struct mdl_buf b;
	watched_init(&w);
	conf.out = CHILD_PIPE;
	run(&w, script, conf);
	mdl_buf_init(&b, 4096);
	while (net_read(child_fd(w.c, 1), &b))
		loop_once(w.n.l, false);
	NET_UNTIL(&w.n, w.exits == 1);
	snprintf(out, size, "%s", mdl_buf_text(&b));
	mdl_buf_fini(&b);
	watched_fini(&w);
}

static void test_exit_status(void **state)
{
	(void)state;
	struct watched w;
	watched_init(&w);
	run(&w, "exit 7", (struct child_conf){ 0 });
	assert_int_equal(child_fd(w.c, 0), -1);
	NET_UNTIL(&w.n, w.exits == 1);
	assert_true(WIFEXITED(w.status));
	assert_int_equal(WEXITSTATUS(w.status), 7);
	assert_false(child_running(w.c));
	child_stop(w.c, MDL_SEC); /* too late, harmless */
	watched_fini(&w);
	watched_init(&w);
	run(&w, "kill -SEGV $$", (struct child_conf){ 0 });
	NET_UNTIL(&w.n, w.exits == 1);
	assert_true(WIFSIGNALED(w.status));
	assert_int_equal(WTERMSIG(w.status), SIGSEGV);
	watched_fini(&w);
}

static void free_in_exit(void *ctx, int status, mdl_time now)
{
	struct watched *w = ctx;
	on_exit_of(ctx, status, now);
	child_free(w->c);
	w->c = NULL;
}

static void test_free_in_exit(void **state)
{
	(void)state;
	struct watched w;
	char *argv[4];
	watched_init(&w);
	struct child_conf conf = shell(&w, argv, "exit 0");
	conf.on_exit = free_in_exit;
	assert_int_equal(child_start(w.n.l, &conf, &w.c, NULL), MDL_OK);
	NET_UNTIL(&w.n, w.exits == 1);
	watched_fini(&w);
}

/* A flow through `cat`: what goes in comes out, and the half-close ends it. */
static void test_cat(void **state)
{
	(void)state;
	enum { MUCH = 1 << 20 };
	struct watched w;
	char cat[] = "cat", *argv[] = { cat, NULL };
	struct end *e = NULL;
	struct end_mem *mem = end_mem_new();
	uint8_t *bytes = malloc(MUCH);
	assert_non_null(bytes);
	for (size_t i = 0; i < MUCH; i++)
		bytes[i] = (uint8_t)(i >> 8);
	watched_init(&w);
	w.n.conf.carrier = MDL_STREAM;
	struct child_conf conf = {
		.argv = argv, .in = CHILD_PIPE, .out = CHILD_PIPE, .on_exit = on_exit_of, .ctx = &w
	};
	assert_int_equal(child_start(w.n.l, &conf, &w.c, NULL), MDL_OK);
	int in = child_take_fd(w.c, 0), out = child_take_fd(w.c, 1);
	assert_int_equal(child_fd(w.c, 0), -1);
	assert_int_equal(end_fds(w.n.l, "cat", out, in, &e, NULL), MDL_OK);
	net_flow(&w.n, &mem->end, e);
	flow_input(w.n.flow, MDL_C2S, mdl_slice(bytes, MUCH), loop_now(w.n.l));
	flow_input_end(w.n.flow, MDL_C2S, loop_now(w.n.l));
	NET_UNTIL(&w.n, w.n.flow == NULL && w.exits == 1);
	assert_int_equal(w.status, 0);
	size_t n = 0;
	for (size_t i = 0; i < mem->got->n; n += mem->got->v[i++]->bytes.n)
		assert_memory_equal(mem->got->v[i]->bytes.p, bytes + n, mem->got->v[i]->bytes.n);
	assert_int_equal(n, MUCH);
	end_mem_free(mem);
	watched_fini(&w);
	free(bytes);
}

static void test_exec_failures(void **state)
{
	(void)state;
	struct watched w;
	struct mdl_why why;
	char *argv[4], missing[] = "no-such-program-anywhere";
	watched_init(&w);
	unsigned before = net_descriptors();
	struct child_conf conf = shell(&w, argv, "exit 0");
	argv[0] = missing;
	conf.in = conf.out = conf.err = CHILD_PIPE;
	assert_int_equal(child_start(w.n.l, &conf, &w.c, &why), MDL_EIO);
	assert_string_equal(why.text, "no-such-program-anywhere: No such file or directory");
	conf = shell(&w, argv, "exit 0");
	conf.dir = "/no/such/place";
	assert_int_equal(child_start(w.n.l, &conf, &w.c, &why), MDL_EIO);
	assert_string_equal(why.text,
			    "sh: working directory: /no/such/place: No such file or directory");
	conf = shell(&w, argv, "exit 0");
	conf.in = CHILD_WITH_OUT;
	assert_int_equal(child_start(w.n.l, &conf, &w.c, &why), MDL_EIO);
	assert_string_equal(why.text, "sh: pipes: Invalid argument");
	loop_once(w.n.l, false);
	assert_int_equal(net_descriptors(), before);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
	assert_int_equal(errno, ECHILD);
	watched_fini(&w);
}

static int fail_with_edom(void *ctx)
{
	(void)ctx;
	return EDOM;
}

static int change_variable(void *ctx)
{
	(void)ctx;
	return chdir("/") == 0 ? 0 : errno;
}

static void test_prepare(void **state)
{
	(void)state;
	struct watched w;
	struct mdl_why why;
	char *argv[4];
	watched_init(&w);
	struct child_conf conf = shell(&w, argv, "test \"$PWD\" = /");
	conf.prepare = fail_with_edom;
	assert_int_equal(child_start(w.n.l, &conf, &w.c, &why), MDL_EIO);
	assert_string_equal(why.text, "sh: preparation: Numerical argument out of domain");
	conf.prepare = change_variable;
	assert_int_equal(child_start(w.n.l, &conf, &w.c, &why), MDL_OK);
	NET_UNTIL(&w.n, w.exits == 1);
	assert_int_equal(w.status, 0);
	watched_fini(&w);
}

static void test_environment(void **state)
{
	(void)state;
	char out[128], one[] = "ONE=new", two[] = "TWO=2";
	char *env[] = { one, two, NULL };
	setenv("ONE", "old", 1);
	setenv("ONE_MORE", "kept", 1);
	output("echo $ONE $TWO $ONE_MORE; env | grep -c '^ONE='", (struct child_conf){ .env = env },
	       out, sizeof(out));
	assert_string_equal(out, "new 2 kept\n1\n");
	output("echo $ONE; pwd", (struct child_conf){ .dir = "/" }, out, sizeof(out));
	assert_string_equal(out, "old\n/\n");
}

static void test_streams(void **state)
{
	(void)state;
	char out[128];
	output("echo a; echo b >&2", (struct child_conf){ .err = CHILD_WITH_OUT }, out,
	       sizeof(out));
	assert_string_equal(out, "a\nb\n");
	output("cat; echo done", (struct child_conf){ .in = CHILD_NULL }, out, sizeof(out));
	assert_string_equal(out, "done\n");
	/* not one descriptor but the three, whatever is open here */
	int open_here = open("/dev/null", O_RDONLY); /* without close-on-exec */
	output("ls /proc/self/fd | tr '\\n' ' '", (struct child_conf){ .err = CHILD_INHERIT }, out,
	       sizeof(out));
	assert_string_equal(out, "0 1 2 3 "); /* 3: the folder that ls reads */
	close(open_here);
}

static void test_limits(void **state)
{
	(void)state;
	char out[128];
	output("ulimit -c; ulimit -v", (struct child_conf){ .memory_max = 1 << 30, .core_max = 0 },
	       out, sizeof(out));
	assert_string_equal(out, "0\n1048576\n");
}

static void nothing(int signum)
{
	(void)signum;
}

/* Neither what we ignore, nor what we catch, nor what we block is the child's. */
static void test_signals_are_reset(void **state)
{
	(void)state;
	char out[256];
	sigset_t some, old;
	sigemptyset(&some);
	sigaddset(&some, SIGUSR2);
	sigprocmask(SIG_BLOCK, &some, &old);
	signal(SIGUSR1, nothing);
	output("cat /proc/self/status | grep -E '^Sig(Blk|Ign|Cgt)' | tr -d '\\t0\\n'",
	       (struct child_conf){ 0 }, out, sizeof(out));
	assert_string_equal(out, "SigBlk:SigIgn:SigCgt:");
	signal(SIGUSR1, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void wait_for(struct watched *w, const char *word)
{
	struct mdl_buf b;
	mdl_buf_init(&b, 4096);
	while (strstr(mdl_buf_text(&b), word) == NULL && net_read(child_fd(w->c, 1), &b))
		loop_once(w->n.l, false);
	mdl_buf_fini(&b);
}

static void test_stop(void **state)
{
	(void)state;
	struct watched w;
	watched_init(&w);
	run(&w, "trap 'exit 3' TERM; echo ready; while :; do sleep 1 & wait $!; done",
	    (struct child_conf){ .out = CHILD_PIPE });
	wait_for(&w, "ready");
	child_stop(w.c, 60 * MDL_SEC);
	NET_UNTIL(&w.n, w.exits == 1);
	assert_true(WIFEXITED(w.status) && WEXITSTATUS(w.status) == 3);
	watched_fini(&w);
}

static void test_stop_the_stubborn(void **state)
{
	(void)state;
	for (unsigned grace = 0; grace < 2; grace++) {
		struct watched w;
		watched_init(&w);
		run(&w, "trap '' TERM; echo ready; while :; do sleep 60; done",
		    (struct child_conf){ .out = CHILD_PIPE });
		wait_for(&w, "ready");
		child_stop(w.c, grace * MDL_MS);
		NET_UNTIL(&w.n, w.exits == 1);
		assert_true(WIFSIGNALED(w.status) && WTERMSIG(w.status) == SIGKILL);
		watched_fini(&w);
	}
}

static bool exists(pid_t pid)
{
	char path[64], name;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "r");
	if (f == NULL)
		return false;
	char was = 0;
	int n = fscanf(f, "%*d (%*[^)]) %c", &was);
	fclose(f);
	name = was;
	return n == 1 && name != 'Z' && name != 'X';
}

/* Freed while it runs: it and what it started are dead, and it is reaped; on_exit is not called. */
static void test_free_kills(void **state)
{
	(void)state;
	struct watched w;
	struct mdl_buf b;
	watched_init(&w);
	run(&w, "sleep 600 & echo $!; wait", (struct child_conf){ .out = CHILD_PIPE });
	mdl_buf_init(&b, 100);
	while (strchr(mdl_buf_text(&b), '\n') == NULL && net_read(child_fd(w.c, 1), &b))
		loop_once(w.n.l, false);
	pid_t grandchild = (pid_t)atoi(mdl_buf_text(&b)), child = child_pid(w.c);
	mdl_buf_fini(&b);
	assert_true(grandchild > 0 && exists(grandchild) && exists(child));
	watched_fini(&w);
	assert_int_equal(w.exits, 0);
	assert_int_equal(waitpid(child, NULL, WNOHANG), -1);
	while (exists(grandchild)) /* killed; the kernel takes its moment */
		;
}

/* The leader exits and leaves somebody behind, who goes with it. */
static void test_leftovers(void **state)
{
	(void)state;
	struct watched w;
	struct mdl_buf b;
	watched_init(&w);
	run(&w, "sleep 600 & echo $!; exit 0", (struct child_conf){ .out = CHILD_PIPE });
	mdl_buf_init(&b, 100);
	NET_UNTIL(&w.n, w.exits == 1);
	assert_true(net_read(child_fd(w.c, 1), &b));
	pid_t grandchild = (pid_t)atoi(mdl_buf_text(&b));
	mdl_buf_fini(&b);
	assert_true(grandchild > 0);
	assert_false(exists(grandchild)); /* its ports are free when we hear of the exit */
	watched_fini(&w);
}

/* A daemon leaves its group and its session, but not us. */
static void test_daemons(void **state)
{
	(void)state;
	struct watched w;
	struct mdl_buf b;
	watched_init(&w);
	run(&w, "setsid sh -c 'sleep 600 & echo $! $$; wait' & read x",
	    (struct child_conf){ .in = CHILD_PIPE, .out = CHILD_PIPE });
	mdl_buf_init(&b, 100);
	while (strchr(mdl_buf_text(&b), '\n') == NULL && net_read(child_fd(w.c, 1), &b))
		loop_once(w.n.l, false);
	int of_daemon = 0, daemon = 0;
	assert_int_equal(sscanf(mdl_buf_text(&b), "%d %d", &of_daemon, &daemon), 2);
	mdl_buf_fini(&b);
	child_end_daemons(); /* not ours yet: its parent is there */
	assert_true(exists(daemon) && exists(of_daemon));
	net_write(child_fd(w.c, 0), MDL_LIT("end\n"));
	NET_UNTIL(&w.n, w.exits == 1);
	assert_true(exists(daemon) && exists(of_daemon));
	child_end_daemons();
	assert_false(exists(daemon) || exists(of_daemon));
	watched_fini(&w);
}

/* Pipes work also where our own 0, 1 and 2 are closed, as in daemons. */
static void test_without_stdio(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		struct watched w;
		char out[64];
		for (int i = 0; i < 3; i++)
			close(i);
		watched_init(&w);
		run(&w, "read x; echo got $x; echo err >&2",
		    (struct child_conf){
			    .in = CHILD_PIPE, .out = CHILD_PIPE, .err = CHILD_WITH_OUT });
		net_write(child_fd(w.c, 0), MDL_LIT("word\n"));
		struct mdl_buf b;
		mdl_buf_init(&b, 100);
		while (net_read(child_fd(w.c, 1), &b))
			loop_once(w.n.l, false);
		snprintf(out, sizeof(out), "%s", mdl_buf_text(&b));
		_exit(strcmp(out, "got word\nerr\n") == 0 ? 0 : 1);
	}
	int status = 0;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* We die and it dies, without anybody doing anything. */
static void test_dies_with_us(void **state)
{
	(void)state;
	int told[2];
	pid_t pid = 0;
	assert_int_equal(pipe(told), 0);
	pid_t us = fork();
	if (us == 0) {
		struct watched w;
		watched_init(&w);
		run(&w, "sleep 600", (struct child_conf){ 0 });
		pid = child_pid(w.c);
		(void)!write(told[1], &pid, sizeof(pid));
		raise(SIGKILL);
	}
	assert_int_equal(read(told[0], &pid, sizeof(pid)), sizeof(pid));
	assert_int_equal(waitpid(us, NULL, 0), us);
	while (exists(pid))
		;
	close(told[0]);
	close(told[1]);
}

static void out_of_memory(struct watched *w)
{
	char *argv[4];
	struct child_conf conf = shell(w, argv, "exit 0");
	conf.in = conf.out = CHILD_PIPE;
	w->c = NULL;
	mdl_err err = child_start(w->n.l, &conf, &w->c, NULL);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	child_free(w->c);
	w->c = NULL;
	loop_once(w->n.l, false);
}

static void test_no_memory(void **state)
{
	(void)state;
	struct watched w;
	watched_init(&w);
	unsigned before = net_descriptors();
	ALLOC_FAIL_EACH(out_of_memory(&w));
	assert_int_equal(net_descriptors(), before);
	watched_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_status),
		cmocka_unit_test(test_free_in_exit),
		cmocka_unit_test(test_cat),
		cmocka_unit_test(test_exec_failures),
		cmocka_unit_test(test_prepare),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_signals_are_reset),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_stop_the_stubborn),
		cmocka_unit_test(test_free_kills),
		cmocka_unit_test(test_leftovers),
		cmocka_unit_test(test_daemons),
		cmocka_unit_test(test_without_stdio),
		cmocka_unit_test(test_dies_with_us),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
