/**
 * Options as a table: the same rows read a command line, a configuration file and `k=v` words, give
 * the defaults, and print the help. A row says which member of a plain struct it fills.
 */
#pragma once

#include <stddef.h>

#include "core/addr.h"
#include "core/conf.h"
#include "core/time.h"

enum mdl_opt_kind {
	MDL_OPT_FLAG,	/* bool; on a command line its presence, or --no-NAME */
	MDL_OPT_UINT,	/* uint64_t, min .. max */
	MDL_OPT_SIZE,	/* uint64_t; "64k" */
	MDL_OPT_TIME,	/* mdl_time */
	MDL_OPT_RATIO,	/* double, 0 .. 1; "2%", "1/100" */
	MDL_OPT_TEXT,	/* const char *, borrowed from the command line or the tree */
	MDL_OPT_CHOICE, /* unsigned: index into `choices` */
	MDL_OPT_ADDR,	/* struct mdl_addr */
	MDL_OPT_LIST, /* struct mdl_strings: may be given several times, the first replaces the default */
};

enum { MDL_STRINGS_MAX = 256 };
struct mdl_strings {
	const char *v[MDL_STRINGS_MAX]; /* borrowed */
	size_t n;
};

struct mdl_opt {
	const char *name; /* --NAME, or the key in a file */
	char letter;	  /* -x; 0 for none */
	enum mdl_opt_kind kind;
	size_t at;		    /* offsetof the member */
	const char *arg;	    /* what to call the value in the help; NULL for flags */
	const char *help;	    /* one line */
	const char *preset;	    /* the default as text; NULL: zero */
	uint64_t min, max;	    /* UINT and SIZE; max 0 means no bound */
	const char *const *choices; /* CHOICE; NULL-terminated */
	bool file_only;		    /* a key of configuration files, not of command lines */
};

struct mdl_opts {
	const struct mdl_opt *v;
	size_t n;
};

#define MDL_OPTS(array) ((struct mdl_opts){ (array), MDL_COUNT(array) })

/** Writes every default into `into`, which begins zeroed. MDL_EINVAL: the table itself is wrong. */
MDL_MUST mdl_err mdl_opts_preset(struct mdl_opts o, void *into, struct mdl_why *why);
/** Sets one option from text; MDL_EINVAL says what was expected. */
MDL_MUST mdl_err mdl_opt_set(const struct mdl_opt *opt, const char *text, void *into,
			     struct mdl_why *why);
/**
 * Fills from a map; a list may be given as one value or as a list of them. Unknown keys and wrong
 * shapes are MDL_EINVAL with file, line and column.
 */
MDL_MUST mdl_err mdl_opts_conf(struct mdl_opts o, const struct mdl_conf *map, void *into,
			       struct mdl_why *why);

/** What a command line held besides options; all borrowed from argv. */
struct mdl_args {
	struct mdl_strings words; /* in order */
	char **after; /* what followed "--"; NULL-terminated, NULL if there was no "--" */
	bool help;    /* --help or -h was seen; reading stopped there */
	char **argv;  /* all of it, as it was handed in */
};

/**
 * Reads argv[1] .. argv[argc-1]. Options may stand anywhere before "--", as --name value,
 * --name=value, -x value, -xvalue. MDL_EINVAL with a sentence that names the nearest option.
 */
MDL_MUST mdl_err mdl_opts_argv(struct mdl_opts o, int argc, char **argv, void *into,
			       struct mdl_args *args, struct mdl_why *why);

/** Appends a line or more an option, for a terminal of 80 columns. Errors as mdl_buf_add. */
MDL_MUST mdl_err mdl_opts_help(struct mdl_opts o, struct mdl_buf *out);
