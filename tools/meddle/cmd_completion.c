/* meddle completion: a script for the shell, made of the same tables as the help. */
#include <stdio.h>

#include "tools/meddle/command.h"

struct options {
	bool unused;
};

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
		for (size_t k = 0; o->choices[k] != NULL; k++)
			printf("%s%s", k == 0 ? "" : " ", o->choices[k]);
		printf("\" ;;\n");
	}
}

static void bash_script(void)
{
	printf("# bash completion for meddle; put it into your completions folder, or source it\n"
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

static int run(void *options, const struct mdl_args *args)
{
	(void)options;
	if (args->words.n > 0 && strcmp(args->words.v[0], "bash") != 0)
		return trouble_text("completion: only for bash so far, not \"%.40s\"",
				    args->words.v[0]);
	bash_script();
	return EXIT_FINE;
}

const struct command command_completion = {
	.name = "completion",
	.summary = "a completion script for bash",
	.usage = "[bash]",
	.about = "Prints a script that completes commands, options and their words.",
	.examples =
		"  . <(meddle completion bash)\n"
		"  meddle completion bash > ~/.local/share/bash-completion/completions/meddle\n",
	.opts = { NULL, 0 },
	.size = sizeof(struct options),
	.run = run,
};
