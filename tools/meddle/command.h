/** A subcommand: its options as a table, its help, and the function that does it. */
#pragma once

#include "core/opt.h"
#include "proxy/loop.h"

/** Exit codes of every subcommand. */
enum { EXIT_FINE = 0, EXIT_FOUND = 1, EXIT_TROUBLE = 2 };

struct command {
	const char *name;
	const char *summary;  /* one line for `meddle help` */
	const char *usage;    /* what follows the name: "FILE... --to URI [options]" */
	const char *about;    /* a paragraph or two */
	const char *examples; /* lines that work */
	struct mdl_opts opts; /* fill `size` bytes, zeroed first */
	size_t size;
	/** Does it; the exit code. */
	int (*run)(void *options, const struct mdl_args *args);
};

extern const struct command command_show, command_replay, command_fuzz, command_corpus,
	command_triage, command_report, command_list, command_completion;

/** All subcommands, NULL-terminated. */
const struct command *const *commands(void);
const struct command *command_find(const char *name);

/** "meddle: WHY" on standard error; EXIT_TROUBLE. */
int trouble(const struct mdl_why *why);
/** The same with a sentence of one's own. */
int trouble_text(const char *fmt, ...) MDL_PRINTF(1, 2);
/** Flushes standard output. False, with errno, if that ever failed; main says so at the end. */
bool print_now(void);
/** Ctrl-C and SIGTERM set a flag from now on; the second one kills as usual. */
void interruptible(void);
/** The same, and they wake the loop, which may sleep until a client comes. MDL_ENOMEM, MDL_EIO. */
MDL_MUST mdl_err interruptible_loop(struct loop *l, struct mdl_why *why);
bool interrupted(void);
