/* meddle: one program with subcommands around one engine. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/text.h"
#include "replay/files.h"
#include "tools/meddle/command.h"

enum { CONFIG_MAX = 1 << 20 };

static const struct command *const all[] = {
	&command_show,	 &command_replay,     &command_fuzz,
	&command_triage, &command_corpus,     &command_report,
	&command_list,	 &command_completion, NULL,
};

const struct command *const *commands(void)
{
	return all;
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; all[i] != NULL; i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

int trouble(const struct mdl_why *why)
{
	fprintf(stderr, "meddle: %s\n", why->text);
	return EXIT_TROUBLE;
}

int trouble_text(const char *fmt, ...)
{
	struct mdl_why why;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(why.text, sizeof(why.text), fmt, ap);
	va_end(ap);
	return trouble(&why);
}

/* Of the first time that standard output took nothing; 0: it took all. */
static int output_lost;

bool print_now(void)
{
	if (fflush(stdout) != 0 && output_lost == 0)
		output_lost = errno;
	errno = output_lost;
	return output_lost == 0;
}

/* ---- Ctrl-C ---- */

static volatile sig_atomic_t was_interrupted;

/* timeout(1) signals its child and then its group, so one wish may come twice: not yet impatience. */
static void on_signal(int signum)
{
	static const mdl_time one_wish = 300 * MDL_MS;
	static mdl_time first;
	mdl_time now = loop_clock();
	if (was_interrupted == 0)
		first = now;
	else if (now - first > one_wish) {
		signal(signum, SIG_DFL);
		raise(signum);
	}
	was_interrupted = 1;
}

void interruptible(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

static void on_loop_signal(void *ctx, int signum)
{
	(void)ctx;
	on_signal(signum);
}

mdl_err interruptible_loop(struct loop *l, struct mdl_why *why)
{
	mdl_err err = loop_signal(l, SIGINT, on_loop_signal, NULL, why);
	return err == MDL_OK ? loop_signal(l, SIGTERM, on_loop_signal, NULL, why) : err;
}

bool interrupted(void)
{
	return was_interrupted != 0;
}

/* ---- help ---- */

static void general_help(FILE *to)
{
	fprintf(to, "meddle: network protocol fuzzer and traffic proxy\n\n"
		    "usage: meddle COMMAND [options]\n\n");
	for (size_t i = 0; all[i] != NULL; i++)
		fprintf(to, "  %-12s%s\n", all[i]->name, all[i]->summary);
	fprintf(to, "  %-12s%s\n  %-12s%s\n", "help", "this, or the help of a command", "version",
		"which meddle this is");
	fprintf(to, "\n`meddle COMMAND --help` says more, with examples; so does man "
		    "meddle-COMMAND.\n");
}

static int command_help(const struct command *c)
{
	struct mdl_buf b;
	mdl_buf_init(&b, 1 << 20);
	mdl_err err = mdl_opts_help(c->opts, &b);
	printf("usage: meddle %s %s\n\n%s\n\noptions:\n%s%-26s%s\n\nexamples:\n%s", c->name,
	       c->usage, c->about, mdl_buf_text(&b), "  -h, --help", "this", c->examples);
	mdl_buf_fini(&b);
	return err == MDL_OK ? EXIT_FINE : EXIT_TROUBLE;
}

static int version(void)
{
	printf("meddle %s\n", MEDDLE_VERSION);
	return EXIT_FINE;
}

/* ---- running one ---- */

/* A command about to run: its options with all that they borrow from. */
struct call {
	const struct command *c;
	int argc;
	char **argv;
	void *options;
	struct mdl_args args;
	struct mdl_conf *conf;
	struct mdl_buf text; /* of the file */
	struct mdl_why why;
};

/* What --config names; NULL if the command has no such option, or it was not given. */
static const char *config_file(const struct call *k)
{
	for (size_t i = 0; i < k->c->opts.n; i++)
		if (strcmp(k->c->opts.v[i].name, "config") == 0)
			return *(const char *const *)((char *)k->options + k->c->opts.v[i].at);
	return NULL;
}

static mdl_err read_arguments(struct call *k)
{
	mdl_err err = mdl_opts_argv(k->c->opts, k->argc, k->argv, k->options, &k->args, &k->why);
	if (err == MDL_OK && k->args.after != NULL && k->args.after[0] == NULL)
		err = mdl_fail(&k->why, MDL_EINVAL, "--: expected a command behind it");
	return err;
}

/* Once more from the beginning: the presets, the file, and the command line, which wins. */
static mdl_err read_config(struct call *k, const char *path)
{
	memset(k->options, 0, k->c->size);
	mdl_err err = file_read(path, &k->text, &k->why);
	if (err == MDL_OK)
		err = mdl_conf_parse(mdl_buf_slice(&k->text), path, &k->conf, &k->why);
	if (err == MDL_OK)
		err = mdl_opts_preset(k->c->opts, k->options, &k->why);
	if (err == MDL_OK)
		err = mdl_opts_conf(k->c->opts, k->conf, k->options, &k->why);
	if (err == MDL_OK && config_file(k) != NULL)
		err = mdl_fail(&k->why, MDL_EINVAL, "%s: config: a file cannot name another", path);
	return err == MDL_OK ? read_arguments(k) : err;
}

static mdl_err read_options(struct call *k)
{
	mdl_err err = mdl_opts_preset(k->c->opts, k->options, &k->why);
	if (err == MDL_OK)
		err = read_arguments(k);
	const char *path = err == MDL_OK && !k->args.help ? config_file(k) : NULL;
	return path == NULL ? err : read_config(k, path);
}

static int run(const struct command *c, int argc, char **argv)
{
	struct call *k = calloc(1, sizeof(*k));
	void *options = calloc(1, c->size + 1);
	int code = EXIT_TROUBLE;
	if (k == NULL || options == NULL) {
		free(k);
		free(options);
		return trouble_text("out of memory");
	}
	*k = (struct call){ .c = c, .argc = argc, .argv = argv, .options = options };
	mdl_buf_init(&k->text, CONFIG_MAX);
	if (read_options(k) != MDL_OK)
		fprintf(stderr, "meddle %s: %s\n", c->name, k->why.text);
	else
		code = k->args.help ? command_help(c) : c->run(options, &k->args);
	mdl_conf_free(k->conf);
	mdl_buf_fini(&k->text);
	free(options);
	free(k);
	return code;
}

static int unknown(const char *word)
{
	const char *names[MDL_COUNT(all)];
	for (size_t i = 0; i < MDL_COUNT(all); i++)
		names[i] = all[i] == NULL ? NULL : all[i]->name;
	const char *near = mdl_text_nearest(word, names);
	return trouble_text("\"%.40s\" is no command%s%s%s", word,
			    near == NULL ? "; see meddle help" : "; did you mean ",
			    near == NULL ? "" : near, near == NULL ? "" : "?");
}

static int help(const char *name)
{
	if (name == NULL) {
		general_help(stdout);
		return EXIT_FINE;
	}
	const struct command *c = command_find(name);
	return c == NULL ? unknown(name) : command_help(c);
}

static bool is(const char *word, const char *a, const char *b, const char *c)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

static int dispatch(int argc, char **argv)
{
	if (argc < 2) {
		general_help(stderr);
		return EXIT_TROUBLE;
	}
	if (is(argv[1], "help", "--help", "-h"))
		return help(argc > 2 ? argv[2] : NULL);
	if (is(argv[1], "version", "--version", "-V"))
		return version();
	const struct command *c = command_find(argv[1]);
	return c == NULL ? unknown(argv[1]) : run(c, argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	int code = dispatch(argc, argv);
	if (!print_now() && errno != EPIPE && code != EXIT_TROUBLE)
		return trouble_text("standard output: %s", strerror(errno));
	return code;
}
