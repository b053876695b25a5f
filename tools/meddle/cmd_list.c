/* meddle list: everything that is registered, by topic. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "protocols/mutate.h"
#include "protocols/registry.h"
#include "proxy/stage.h"
#include "replay/oracle.h"
#include "tools/meddle/command.h"

struct options {
	bool json;
};

/* One line of a topic; `more` may be NULL. */
static void put(json_t *out, const char *name, const char *more, const char *summary)
{
	if (out == NULL)
		printf("  %-16s %-18s %s\n", name, more == NULL ? "" : more, summary);
	else
		json_array_append_new(out, json_pack("{s:s, s:s, s:s}", "name", name, "of",
						     more == NULL ? "" : more, "summary", summary));
}

static void put_option(json_t *out, const struct mdl_protocol *p, const struct mdl_opt *o)
{
	char name[64];
	snprintf(name, sizeof(name), "%s.%s", p->name, o->name);
	put(out, name, o->arg, o->help);
}

static void list_protocols(json_t *out)
{
	for (const struct mdl_protocol *const *p = mdl_protocols(); *p != NULL; p++) {
		char carriers[64];
		snprintf(carriers, sizeof(carriers), "%s%s%s",
			 ((*p)->carriers & MDL_DGRAM) != 0 ? "dgram " : "",
			 ((*p)->carriers & MDL_STREAM) != 0 ? "stream " : "",
			 ((*p)->carriers & MDL_PACKET) != 0 ? "packet" : "");
		put(out, (*p)->name, carriers, (*p)->summary);
		for (size_t i = 0; i < (*p)->options.n; i++)
			put_option(out, *p, &(*p)->options.v[i]);
	}
}

static void list_some(json_t *out, const struct mdl_strategy *s, size_t n, const char *of)
{
	for (size_t i = 0; i < n && s[i].name != NULL; i++) {
		char more[32];
		snprintf(more, sizeof(more), "%s %u",
			 of == NULL ? mdl_strategy_level_name(s[i].level) : of, s[i].weight);
		put(out, s[i].name, more, s[i].summary);
	}
}

static void list_strategies(json_t *out)
{
	list_some(out, mdl_strategies_bytes, SIZE_MAX, NULL);
	list_some(out, mdl_strategies_fields, SIZE_MAX, NULL);
	list_some(out, mdl_strategies_trace, SIZE_MAX, NULL);
	for (const struct mdl_protocol *const *p = mdl_protocols(); *p != NULL; p++)
		list_some(out, (*p)->strategies, (*p)->n_strategies, (*p)->name);
}

static void list_stages(json_t *out)
{
	for (const struct stage_ops *const *s = stage_list(); *s != NULL; s++) {
		put(out, (*s)->name, NULL, (*s)->summary);
		for (size_t i = 0; i < (*s)->options.n; i++) {
			char name[64];
			snprintf(name, sizeof(name), "  %s", (*s)->options.v[i].name);
			put(out, name, (*s)->options.v[i].arg, (*s)->options.v[i].help);
		}
	}
}

static void list_oracles(json_t *out)
{
	for (const struct oracle *o = oracles; o->name != NULL; o++)
		put(out, o->name, NULL, o->summary);
	put(out, "leak", NULL, "memory or descriptors that grow with every conversation of a kind");
}

static void list_commands(json_t *out)
{
	for (const struct command *const *c = commands(); *c != NULL; c++)
		put(out, (*c)->name, NULL, (*c)->summary);
}

static const struct topic {
	const char *name, *of;
	void (*list)(json_t *out);
} topics[] = {
	{ "commands", "what meddle does", list_commands },
	{ "protocols", "what is understood, and its options for --set", list_protocols },
	{ "strategies", "what may be done to messages: level or protocol, weight",
	  list_strategies },
	{ "stages", "what may happen to messages on their way, with options", list_stages },
	{ "oracles", "what is noticed of a target", list_oracles },
};

static int run(void *options, const struct mdl_args *args)
{
	const struct options *o = options;
	bool any = false;
	json_t *all = o->json ? json_object() : NULL;
	for (size_t i = 0; i < MDL_COUNT(topics); i++) {
		json_t *one = o->json ? json_array() : NULL;
		if (args->words.n > 0 && strcmp(args->words.v[0], topics[i].name) != 0) {
			json_decref(one);
			continue;
		}
		if (!o->json)
			printf("%s%s: %s\n", any ? "\n" : "", topics[i].name, topics[i].of);
		any = true;
		topics[i].list(one);
		if (o->json)
			json_object_set_new(all, topics[i].name, one);
	}
	if (all != NULL && any) {
		json_dumpf(all, stdout, JSON_INDENT(1));
		putchar('\n');
	}
	json_decref(all);
	if (!any)
		return trouble_text(
			"list: no topic \"%.40s\"; there are commands, protocols, strategies, "
			"stages, oracles",
			args->words.v[0]);
	return EXIT_FINE;
}

static const struct mdl_opt rows[] = {
	{ "json", 0, MDL_OPT_FLAG, offsetof(struct options, json), NULL, "for machines" },
};

const struct command command_list = {
	.name = "list",
	.summary = "what there is: protocols, strategies, stages, oracles",
	.usage = "[commands|protocols|strategies|stages|oracles] [--json]",
	.about = "Shows everything that is registered under a topic, a line each; without one, all "
		 "topics.",
	.examples = "  meddle list protocols\n"
		    "  meddle list strategies | grep dns\n"
		    "  meddle list --json stages\n",
	.opts = { rows, MDL_COUNT(rows) },
	.size = sizeof(struct options),
	.run = run,
};
