/* meddle completion: scripts for shells, made of the same tables as the help. */
#include <stdio.h>

#include "tools/meddle/command.h"

struct options {
	bool unused;
};

static void put_words(const char *const *words)
{
	for (size_t i = 0; words[i] != NULL; i++)
		printf("%s%s", i == 0 ? "" : " ", words[i]);
}

/* `text` as it may stand between single quotes, with a backslash before each of `special`. */
static void put_quoted(const char *text, const char *special)
{
	for (; *text != 0; text++) {
		if (*text == '\'')
			printf("'\\''");
		else
			printf("%s%c", strchr(special, *text) != NULL ? "\\" : "", *text);
	}
}

/* ---- bash ---- */

static void bash_options(const struct command *c)
{
	printf("\t%s) words=\"--help", c->name);
	for (size_t i = 0; i < c->opts.n; i++)
		if (!c->opts.v[i].file_only)
			printf(" --%s", c->opts.v[i].name);
	printf("\" ;;\n");
}

static void bash_choices(const struct command *c)
{
	for (size_t i = 0; i < c->opts.n; i++) {
		const struct mdl_opt *o = &c->opts.v[i];
		if (o->kind != MDL_OPT_CHOICE)
			continue;
		printf("\t%s:--%s) words=\"", c->name, o->name);
		put_words(o->choices);
		printf("\" ;;\n");
	}
}

static void bash_script(void)
{
	printf("# bash completion for meddle\n"
	       "_meddle()\n{\n"
	       "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
	       "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\twords=\"help version");
	for (const struct command *const *c = commands(); *c != NULL; c++)
		printf(" %s", (*c)->name);
	printf("\"\n\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n\t\treturn\n\tfi\n"
	       "\tcase \"${COMP_WORDS[1]}:$prev\" in\n");
	for (const struct command *const *c = commands(); *c != NULL; c++)
		bash_choices(*c);
	printf("\t*:--*) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n\tesac\n"
	       "\t[ -z \"$words\" ] && case \"$cur\" in -*) case \"${COMP_WORDS[1]}\" in\n");
	for (const struct command *const *c = commands(); *c != NULL; c++)
		bash_options(*c);
	printf("\tesac ;; esac\n"
	       "\tif [ -n \"$words\" ]; then COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	       "\telse COMPREPLY=($(compgen -f -- \"$cur\")); fi\n}\n"
	       "complete -o filenames -F _meddle meddle\n");
}

/* ---- zsh ---- */

/* '(-o --out)'{-o,--out}'[folder of the campaign]:DIR:_files' */
static void zsh_option(const struct mdl_opt *o)
{
	printf(" \\\n\t\t\t");
	bool often = o->kind == MDL_OPT_LIST;
	if (o->letter != 0 && often)
		printf("'*'{-%c,--%s}'[", o->letter, o->name);
	else if (o->letter != 0)
		printf("'(-%c --%s)'{-%c,--%s}'[", o->letter, o->name, o->letter, o->name);
	else
		printf("'%s--%s[", often ? "*" : "", o->name);
	put_quoted(o->help, "[]\\");
	printf("]");
	if (o->kind == MDL_OPT_CHOICE) {
		printf(":%s:(", o->arg);
		put_words(o->choices);
		printf(")");
	} else if (o->kind != MDL_OPT_FLAG)
		printf(":%s:_files", o->arg);
	printf("'");
}

static void zsh_script(void)
{
	printf("#compdef meddle\n"
	       "_meddle()\n{\n"
	       "\tlocal -a names=(\n");
	for (const struct command *const *c = commands(); *c != NULL; c++) {
		printf("\t\t'%s:", (*c)->name);
		put_quoted((*c)->summary, "\\");
		printf("'\n");
	}
	printf("\t\t'help:the help of a command' 'version:which meddle this is'\n\t)\n"
	       "\tif (( CURRENT == 2 )); then\n\t\t_describe command names\n\t\treturn\n\tfi\n"
	       "\tlocal name=$words[2]\n\tshift words\n\t(( CURRENT-- ))\n"
	       "\tcase $name in\n");
	for (const struct command *const *c = commands(); *c != NULL; c++) {
		printf("\t%s)\n\t\t_arguments -S", (*c)->name);
		for (size_t i = 0; i < (*c)->opts.n; i++)
			if (!(*c)->opts.v[i].file_only)
				zsh_option(&(*c)->opts.v[i]);
		printf(" \\\n\t\t\t'(-h --help)'{-h,--help}'[help]' '*:file:_files'\n\t\t;;\n");
	}
	printf("\tesac\n}\n"
	       "if [ \"$funcstack[1]\" = _meddle ]; then _meddle \"$@\"; "
	       "else compdef _meddle meddle; fi\n");
}

/* ---- fish ---- */

static void fish_option(const char *command, const struct mdl_opt *o)
{
	printf("complete -c meddle -n '__fish_seen_subcommand_from %s' -l %s", command, o->name);
	if (o->letter != 0)
		printf(" -s %c", o->letter);
	if (o->kind == MDL_OPT_CHOICE) {
		printf(" -x -a '");
		put_words(o->choices);
		printf("'");
	} else if (o->kind != MDL_OPT_FLAG)
		printf(" -r");
	printf(" -d '");
	put_quoted(o->help, "\\");
	printf("'\n");
}

static void fish_script(void)
{
	printf("# fish completion for meddle\n"
	       "complete -c meddle -n __fish_use_subcommand -f\n"
	       "complete -c meddle -n __fish_use_subcommand -a 'help version'\n"
	       "complete -c meddle -s h -l help -d help\n");
	for (const struct command *const *c = commands(); *c != NULL; c++) {
		printf("complete -c meddle -n __fish_use_subcommand -a %s -d '", (*c)->name);
		put_quoted((*c)->summary, "\\");
		printf("'\n");
		for (size_t i = 0; i < (*c)->opts.n; i++)
			if (!(*c)->opts.v[i].file_only)
				fish_option((*c)->name, &(*c)->opts.v[i]);
	}
}

static const struct shell {
	const char *name;
	void (*script)(void);
} shells[] = { { "bash", bash_script }, { "zsh", zsh_script }, { "fish", fish_script } };

static int run(void *options, const struct mdl_args *args)
{
	const char *name = args->words.n > 0 ? args->words.v[0] : "bash";
	(void)options;
	for (size_t i = 0; i < MDL_COUNT(shells); i++)
		if (strcmp(shells[i].name, name) == 0) {
			shells[i].script();
			return EXIT_FINE;
		}
	return trouble_text("completion: for bash, zsh and fish, not \"%.40s\"", name);
}

const struct command command_completion = {
	.name = "completion",
	.summary = "a completion script for bash, zsh or fish",
	.usage = "[bash|zsh|fish]",
	.about = "Prints a script that completes commands, options and their words. An installed "
		 "meddle\n"
		 "has brought these scripts along already.",
	.examples = "  . <(meddle completion bash)\n"
		    "  meddle completion bash > ~/.local/share/bash-completion/completions/meddle\n"
		    "  meddle completion fish > ~/.config/fish/completions/meddle.fish\n",
	.opts = { NULL, 0 },
	.size = sizeof(struct options),
	.run = run,
};
