/* meddle fuzz: captures in, findings out. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxy/child.h"
#include "replay/files.h"
#include "tools/meddle/command.h"
#include "tools/meddle/live.h"

static bool stop(void *ctx)
{
	return interrupted() || live_broken(ctx) != 0;
}

static void on_status(void *ctx, const struct campaign_status *s)
{
	live_status(ctx, s);
}

static void on_finding(void *ctx, const struct triaged *t)
{
	live_finding(ctx, t);
}

static void on_note(void *ctx, const char *line)
{
	live_note(ctx, line);
}

static void say_where(const struct campaign_status *s)
{
	char ran[MDL_TIME_TEXT];
	printf("%" PRIu64 " cases in %s, %zu in the corpus, %zu states, %zu findings%s\n", s->cases,
	       mdl_time_text(s->ran_before + s->ran, ran), s->corpus, s->states, s->findings,
	       s->unconfirmed > 0 ? " (and some that did not happen again)" : "");
	printf("campaign:  %s\n", s->out);
	if (s->findings > 0)
		printf("findings:  %s/findings/*/finding.yaml, played again by replay.sh beside "
		       "it\n",
		       s->out);
	printf("report:    meddle report %s\n", s->out);
	printf("go on:     meddle fuzz --resume --out %s ...\n", s->out);
}

/* The target as the configuration file has it; the words stay the file's. */
static void command_of(const struct campaign_options *o, char *out[MDL_STRINGS_MAX + 1])
{
	for (size_t i = 0; i < o->command.n; i++)
		out[i] = (char *)(uintptr_t)o->command.v[i];
	out[o->command.n] = NULL;
}

static int run(void *options, const struct mdl_args *args)
{
	struct campaign_options *o = options;
	struct campaign_status status;
	struct mdl_why why = { "" };
	const struct mdl_strings *inputs = args->words.n > 0 ? &args->words : &o->captures;
	char *command[MDL_STRINGS_MAX + 1], **argv = args->after;
	if (inputs->n == 0 && !o->resume)
		return trouble_text(
			"fuzz: give captures, traces or folders of them; see meddle fuzz --help");
	command_of(o, command);
	if (argv == NULL && o->command.n > 0 && o->to_text == NULL)
		argv = command;
	struct live *live = live_new(o->json);
	if (live == NULL)
		return trouble_text("out of memory");
	struct campaign_hooks hooks = { on_status, on_finding, on_note, stop, live };
	o->version = MEDDLE_VERSION;
	o->words = (const char *const *)args->argv;
	interruptible();
	child_adopt();
	mdl_err err = campaign_run(o, inputs, argv, &hooks, &status, &why);
	child_end_all(); /* targets of workers that were killed */
	live_end(live, &status);
	if (live_kind(live) != LIVE_JSON && (err == MDL_OK || status.cases > 0))
		say_where(&status);
	int broken = live_broken(live);
	live_free(live);
	if (err != MDL_OK)
		return trouble(&why);
	if (broken != 0 && broken != EPIPE)
		return trouble_text("standard output: %s", strerror(broken));
	return status.findings > 0 ? EXIT_FOUND : EXIT_FINE;
}

static const char about[] =
	"Takes conversations out of captures, changes them, plays them to a server and watches "
	"what\n"
	"happens: crashes, sanitizer reports, hangs, leaks, answers that the protocol forbids. "
	"What makes\n"
	"the server show something new is kept and changed further. Findings are confirmed in "
	"fresh\n"
	"processes, made as short as possible and written as folders that play themselves again.\n"
	"The server is either at an address (--to) or a command behind \"--\", which is started, "
	"watched,\n"
	"and started again; where it listens is found out, {port} in it is replaced by a free "
	"port.\n"
	"Exit code: 0 nothing found, 1 findings, 2 trouble.";

static const char examples[] =
	"  meddle fuzz pcaps/dns --for 60s -- dnsmasq -k -p {port} --no-resolv --no-hosts\n"
	"  meddle fuzz query.pcap --to udp://127.0.0.1:5353 --cases 10000\n"
	"  meddle fuzz pcaps/dns --out run1 --seed 7 --workers 2 -- knotd -c knot.conf\n"
	"  meddle fuzz --resume --out run1 --for 8h -- knotd -c knot.conf\n"
	"  meddle fuzz -c nightly.yaml --for 8h\n";

const struct command command_fuzz = {
	.name = "fuzz",
	.summary = "fuzz a server with what captures hold",
	.usage = "FILE|DIR... (--to URI | -- COMMAND ARGS...) [options]",
	.about = about,
	.examples = examples,
	.opts = { campaign_option_rows, CAMPAIGN_OPTIONS },
	.size = sizeof(struct campaign_options),
	.run = run,
};
