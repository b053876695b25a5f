/* meddle triage: are findings still there? */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/text.h"
#include "netns/ns.h"
#include "protocols/registry.h"
#include "replay/bundle.h"
#include "replay/executor.h"
#include "replay/files.h"
#include "replay/leak.h"
#include "tools/meddle/command.h"

enum { PATH_SIZE = 4096 };

struct options {
	uint64_t times;
	bool json;
	const char *to;
	bool sandbox;
};

/* A bundle that is being played again. */
struct again {
	const struct options *o;
	struct bundle_play b;
	struct loop *loop;
	struct target *target;
	struct executor *executor;
	struct manner manner;
	struct mdl_addr to;
	char *argv[BUNDLE_ARGS_MAX + 1];
};

/* How the campaign talked to the target. */
static mdl_err manner_of(const struct bundle_facts *f, struct manner *out, struct mdl_why *why)
{
	struct mdl_buf probe;
	*out = (struct manner){ .fenced = f->in_order,
				.eager_end = f->half_close,
				.patience = f->patience,
				.hang_after = f->hang_after };
	mdl_buf_init(&probe, sizeof(out->probe));
	bool good = f->probe == NULL || mdl_text_unhex(&probe, mdl_slice_str(f->probe)) == MDL_OK;
	if (probe.n > 0)
		memcpy(out->probe, probe.p, probe.n);
	out->probe_len = (unsigned)probe.n;
	out->fence_on = probe.n > 0;
	mdl_buf_fini(&probe);
	return good ? MDL_OK : mdl_fail(why, MDL_EINVAL, "finding.yaml: probe: expected hex");
}

static mdl_err open_again(struct again *a, char *const *after, struct mdl_why *why)
{
	const struct bundle_facts *f = &a->b.facts;
	const struct mdl_protocol *p = mdl_protocol_find(f->protocol == NULL ? "" : f->protocol);
	const char *to = a->o->to != NULL ? a->o->to : f->to;
	if (p == NULL)
		return mdl_fail(why, MDL_EINVAL, "the finding speaks an unknown protocol");
	for (size_t i = 0; i < f->command.n && i < BUNDLE_ARGS_MAX; i++)
		a->argv[i] = (char *)(uintptr_t)f->command.v[i];
	bool local = after != NULL || (f->command.n > 0 && a->o->to == NULL);
	if (!local && to == NULL)
		return mdl_fail(why, MDL_EINVAL,
				"the finding names no target; give --to or a command");
	mdl_err err = to == NULL ? MDL_OK : mdl_addr_parse(to, &a->to, why);
	if (err == MDL_OK && local && f->sandbox && a->o->sandbox && ns_possible())
		err = ns_enter(why);
	if (err == MDL_OK)
		err = loop_new(&a->loop, why);
	if (err == MDL_OK)
		err = manner_of(f, &a->manner, why);
	struct target_conf tc = { .loop = a->loop,
				  .proto = p,
				  .settings = &f->settings,
				  .argv = after != NULL ? after
					  : local	? a->argv
							: NULL,
				  .to = to == NULL ? NULL : &a->to,
				  .dir = f->dir != NULL && folder_is(f->dir) ? f->dir : NULL,
				  .start_max = f->start_max };
	if (err == MDL_OK)
		err = target_new(&tc, &a->target, why);
	struct executor_conf ec = { .loop = a->loop,
				    .target = a->target,
				    .proto = p,
				    .settings = &f->settings,
				    .manner = &a->manner };
	return err == MDL_OK ? executor_new(&ec, &a->executor, why) : err;
}

static void close_again(struct again *a)
{
	executor_free(a->executor);
	target_free(a->target);
	loop_free(a->loop);
	bundle_play_fini(&a->b);
}

/* Crashes got their title from a stack, and silence has none; the others say the same again. */
static bool is_it(const struct again *a, const struct suspicion *s)
{
	static const char *const by_kind[] = { "crash", "exit", "hang" };
	if (strcmp(s->kind, a->b.facts.kind) != 0)
		return false;
	for (size_t i = 0; i < MDL_COUNT(by_kind); i++)
		if (strcmp(s->kind, by_kind[i]) == 0)
			return true;
	return strcmp(s->title, a->b.facts.title) == 0;
}

static mdl_err play_trace(struct again *a, const struct mdl_trace *t, bool fresh, bool *shown,
			  struct mdl_why *why)
{
	struct outcome o;
	mdl_err err = fresh ? executor_play_fresh(a->executor, t, &o, why)
			    : executor_play(a->executor, t, &o, why);
	if (err != MDL_OK)
		return err;
	for (unsigned i = 0; i < o.suspicions.n; i++)
		*shown = *shown || is_it(a, &o.suspicions.v[i]);
	outcome_fini(&o);
	return MDL_OK;
}

/* Once, in a fresh process. */
static mdl_err play_again(struct again *a, bool *shown, struct mdl_why *why)
{
	enum leak_kind kind;
	mdl_err err = MDL_OK;
	*shown = false;
	if (leak_kind_of(a->b.facts.kind, &kind))
		return leak_grows(a->executor, a->b.trace, kind, shown, why);
	for (size_t i = 0; err == MDL_OK && !*shown && i < a->b.n_before; i++)
		err = play_trace(a, a->b.before[i], i == 0, shown, why);
	return err == MDL_OK && !*shown ? play_trace(a, a->b.trace, a->b.n_before == 0, shown, why)
					: err;
}

static mdl_err play_times(struct again *a, uint64_t *shown, struct mdl_why *why)
{
	mdl_err err = MDL_OK;
	for (uint64_t i = 0; err == MDL_OK && i < a->o->times && !interrupted(); i++) {
		bool once;
		err = play_again(a, &once, why);
		*shown += err == MDL_OK && once;
	}
	return err;
}

static void say_result(const struct options *o, const char *folder, const struct bundle_facts *f,
		       uint64_t shown)
{
	const char *verdict = shown == o->times ? "still there" : shown > 0 ? "sometimes" : "gone";
	if (!o->json) {
		printf("%-14s %3u of %u  %-8s %-7s %s\n", verdict, (unsigned)shown,
		       (unsigned)o->times, f->severity, f->kind, f->title);
		return;
	}
	json_t *j = json_pack("{s:s, s:s, s:I, s:I, s:s, s:s, s:s}", "bundle", folder, "verdict",
			      verdict, "shown", (json_int_t)shown, "times", (json_int_t)o->times,
			      "severity", f->severity, "kind", f->kind, "title", f->title);
	char *line = j == NULL ? NULL : json_dumps(j, JSON_COMPACT);
	if (line != NULL)
		puts(line);
	free(line);
	json_decref(j);
}

/* One bundle, in a process of its own, for it may move to a network of its own. */
static int triage_one(const struct options *o, const char *folder, char *const *after)
{
	struct again a = { .o = o };
	struct mdl_why why = { "" };
	uint64_t shown = 0;
	mdl_err err = bundle_read(folder, &a.b, &why);
	if (err == MDL_OK)
		err = open_again(&a, after, &why);
	if (err == MDL_OK)
		err = play_times(&a, &shown, &why);
	if (err != MDL_OK)
		fprintf(stderr, "meddle: %s: %s\n", folder, why.text);
	else
		say_result(o, folder, &a.b.facts, shown);
	if (err == MDL_OK || a.executor != NULL)
		close_again(&a);
	return err != MDL_OK ? EXIT_TROUBLE : shown > 0 ? EXIT_FOUND : EXIT_FINE;
}

static int in_child(const struct options *o, const char *folder, char *const *after)
{
	int status = 0;
	print_now();
	pid_t pid = fork();
	if (pid == 0) {
		int code = triage_one(o, folder, after);
		print_now();
		_exit(code);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return EXIT_TROUBLE;
	return WEXITSTATUS(status);
}

/* A campaign's folder holds bundles below findings/; else the folder is one itself. */
static int triage_folder(const struct options *o, const char *folder, char *const *after)
{
	char sub[PATH_SIZE], path[PATH_SIZE];
	struct names names;
	struct mdl_why why;
	int worst = EXIT_FINE;
	if (!path_join(sub, sizeof(sub), folder, "findings") || !folder_is(sub))
		return in_child(o, folder, after);
	if (folder_list(sub, &names, &why) != MDL_OK)
		return trouble(&why);
	if (names.n == 0)
		printf("no findings in %s\n", folder);
	for (size_t i = 0; i < names.n && !interrupted(); i++) {
		int code = path_join(path, sizeof(path), sub, names.v[i]) ? in_child(o, path, after)
									  : EXIT_TROUBLE;
		worst = code > worst ? code : worst;
	}
	names_free(&names);
	return worst;
}

static int run(void *options, const struct mdl_args *args)
{
	int worst = EXIT_FINE;
	if (args->words.n == 0)
		return trouble_text("triage: give the folder of a campaign or of a finding");
	interruptible();
	for (size_t i = 0; i < args->words.n; i++) {
		int code = triage_folder(options, args->words.v[i], args->after);
		worst = code > worst ? code : worst;
	}
	return worst;
}

static const struct mdl_opt rows[] = {
	{ "times", 'n', MDL_OPT_UINT, offsetof(struct options, times), "N",
	  "how often each is played, in a fresh process", "3", 1, 1000 },
	{ "to", 0, MDL_OPT_TEXT, offsetof(struct options, to), "URI",
	  "play to this address instead of starting the target" },
	{ "sandbox", 0, MDL_OPT_FLAG, offsetof(struct options, sandbox), NULL,
	  "in a network of its own, if it was found in one", "yes" },
	{ "json", 'j', MDL_OPT_FLAG, offsetof(struct options, json), NULL,
	  "a line of JSON a finding" },
};

const struct command command_triage = {
	.name = "triage",
	.summary = "play findings again: are they still there?",
	.usage = "DIR... [options] [-- COMMAND ARGS...]",
	.about = "Plays the findings of a campaign, or single ones, to a fresh target and says "
		 "which\n"
		 "still happen. The target is the one they were found in, or the command behind "
		 "\"--\",\n"
		 "such as a newer build. Exit code: 0 all are gone, 1 some happen, 2 trouble.",
	.examples = "  meddle triage meddle-out/20261123-101500\n"
		    "  meddle triage run1/findings/asan-* -n 10\n"
		    "  meddle triage run1 -- ./build/dnsmasq -k -p {port}\n",
	.opts = { rows, MDL_COUNT(rows) },
	.size = sizeof(struct options),
	.run = run,
};
