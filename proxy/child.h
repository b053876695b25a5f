/**
 * A program that we start: its pipes, its exit, its end. It dies with us (PR_SET_PDEATHSIG: with the
 * thread that started it), leads a process group of its own, and is ended by pid, first politely.
 * What is left of its group when it exits is killed, and gone before anybody hears of the exit; for
 * that we become the parent of what our children leave behind (PR_SET_CHILD_SUBREAPER). Needs
 * pidfd_open (Linux 5.3).
 */
#pragma once

#include <sys/types.h>

#include "proxy/loop.h"

enum child_pipe {
	CHILD_NULL,    /* /dev/null */
	CHILD_PIPE,    /* a pipe to us */
	CHILD_INHERIT, /* ours */
	CHILD_WITH_OUT /* standard error only: where standard output goes */
};

struct child_conf {
	char *const *argv; /* argv[0] is looked up in PATH, after changing to `dir` */
	char *const *env;  /* "NAME=value", put over ours; NULL-terminated; NULL: none */
	const char *dir;   /* working directory; NULL: ours */
	enum child_pipe in, out, err;
	uint64_t memory_max; /* RLIMIT_AS in bytes; 0: none (leave 0 for sanitizers) */
	uint64_t core_max;   /* RLIMIT_CORE in bytes; 0: no core files */
	/** Runs in the child before exec (setns, say); a returned errno ends the start. May be NULL. */
	int (*prepare)(void *ctx);
	/** Its exit: `status` as waitpid gives it. Called once, in the loop; may free it. May be NULL. */
	void (*on_exit)(void *ctx, int status, mdl_time now);
	void *ctx;
};

struct child;

/**
 * Starts it; what fails before the program runs is told here ("dnsmasq: No such file or directory").
 * All signals have their default meaning for it, and it gets no descriptors but 0, 1 and 2. The
 * pipes are close-on-exec and non-blocking on our side. MDL_EIO, MDL_ENOMEM.
 */
MDL_MUST mdl_err child_start(struct loop *l, const struct child_conf *conf, struct child **out,
			     struct mdl_why *why);
pid_t child_pid(const struct child *c);
/** Our side of a pipe (0, 1, 2); -1 if there is none. child_take_fd hands it over. */
int child_fd(const struct child *c, int which);
int child_take_fd(struct child *c, int which);
/** SIGTERM to the group now, SIGKILL after `grace` (0: SIGKILL at once); on_exit still comes. */
void child_stop(struct child *c, mdl_time grace);
bool child_running(const struct child *c);
/** What our descendants leave behind becomes our child from now on; child_start does it too. */
void child_adopt(void);
/**
 * Kills every child of this thread with its group, ours or adopted; false if there is none. May be
 * called by signal handlers.
 */
bool child_kill_all(void);
/** The same, until there is none any more, nor any that they left behind. For the end of a process. */
void child_end_all(void);
/**
 * Kills and reaps the daemons that our children left behind: what has become our child and is of
 * another session, which our own children are not.
 */
void child_end_daemons(void);
/** Frees it; kills (group, SIGKILL) and reaps first if it still runs; on_exit is not called then. */
void child_free(struct child *c); /* NULL is fine */
