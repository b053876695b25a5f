#include "replay/stack.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ARGS_MAX = 256 };

static const mdl_time gdb_max = 20 * MDL_SEC;

static const char *const gdb_words[] = {
	"gdb",	  "-nx",
	"-q",	  "-batch",
	"-ex",	  "set pagination off",
	"-ex",	  "set confirm off",
	"-ex",	  "handle SIGPIPE SIGALRM SIGCHLD SIGHUP SIGUSR1 SIGUSR2 nostop noprint pass",
	"-ex",	  "run",
	"-ex",	  "backtrace 16",
	"-ex",	  "kill",
	"--args",
};

bool stack_possible(void)
{
	const char *path = getenv("PATH");
	char file[4096];
	for (const char *p = path; p != NULL && *p != 0;) {
		size_t n = strcspn(p, ":");
		if (n < sizeof(file) - 8) {
			memcpy(file, p, n);
			memcpy(file + n, "/gdb", 5);
			if (access(file, X_OK) == 0)
				return true;
		}
		p += n + (p[n] == ':');
	}
	return false;
}

/* gdb's words in front of the target's. */
static bool wrap(char *const *argv, char **out)
{
	size_t n = 0;
	for (; n < MDL_COUNT(gdb_words); n++)
		out[n] = (char *)(uintptr_t)gdb_words[n];
	for (; *argv != NULL; argv++) {
		if (n + 1 >= ARGS_MAX)
			return false;
		out[n++] = *argv;
	}
	out[n] = NULL;
	return true;
}

/* gdb prints the stack when the program has stopped, kills it, and ends. */
static void wait_for_gdb(struct loop *l, struct target *t)
{
	mdl_time until = loop_clock() + gdb_max;
	while (!target_ended(t) && loop_clock() < until) {
		struct timespec nap = { 0, 5 * MDL_MS };
		loop_once(l, false);
		nanosleep(&nap, NULL);
	}
}

static bool play_all(struct executor *e, const struct mdl_trace *const *traces, size_t n)
{
	bool ok = true;
	for (size_t i = 0; ok && i < n; i++) {
		struct outcome o;
		ok = executor_play(e, traces[i], &o, NULL) == MDL_OK;
		if (ok)
			outcome_fini(&o);
	}
	return ok;
}

bool stack_of(const struct target_conf *target, const struct executor_conf *executor,
	      const struct mdl_trace *const *traces, size_t n, struct crashlog *out,
	      struct mdl_buf *text)
{
	char *argv[ARGS_MAX];
	struct target_conf tc = *target;
	struct executor_conf ec = *executor;
	struct executor *e = NULL;
	bool found = false;
	if (target->argv == NULL || !stack_possible() || !wrap(target->argv, argv))
		return false;
	tc.argv = argv;
	tc.start_max += gdb_max;
	if (target_new(&tc, &ec.target, NULL) != MDL_OK)
		return false;
	if (executor_new(&ec, &e, NULL) == MDL_OK && play_all(e, traces, n)) {
		wait_for_gdb(ec.loop, ec.target);
		found = crashlog_gdb(target_output(ec.target), out) &&
			mdl_buf_set(text, target_output(ec.target)) == MDL_OK;
	}
	executor_free(e);
	target_free(ec.target);
	return found;
}
