#include <stddef.h>

#include "replay/campaign.h"

static const char *const sandbox_words[] = { "auto", "yes", "no", NULL };

#define AT(member) offsetof(struct campaign_options, member)

/* clang-format off */
const struct mdl_opt campaign_option_rows[CAMPAIGN_OPTIONS] = {
	{ "to", 0, MDL_OPT_TEXT, AT(to_text), "URI", "the target's address: udp://HOST:PORT, tcp://..., or HOST:PORT for both" },
	{ "out", 'o', MDL_OPT_TEXT, AT(out), "DIR", "folder of the campaign (meddle-out/DATE-TIME)" },
	{ "for", 'f', MDL_OPT_TIME, AT(run_for), "TIME", "end after this long: 60s, 10m, 8h" },
	{ "cases", 'n', MDL_OPT_UINT, AT(cases), "N", "end after case N" },
	{ "seed", 's', MDL_OPT_UINT, AT(seed), "N", "decides every choice", "1" },
	{ "workers", 'w', MDL_OPT_UINT, AT(workers), "N", "processes, each with its own target (one per spare processor)", NULL, 0, 64 },
	{ "resume", 0, MDL_OPT_FLAG, AT(resume), NULL, "go on with the campaign in --out" },
	{ "protocol", 'p', MDL_OPT_TEXT, AT(protocol), "NAME", "what the captures speak (found out)" },
	{ "set", 0, MDL_OPT_LIST, AT(settings), "P.O=V", "option O of protocol P, as dns.tsig-key=..." },
	{ "strategies", 0, MDL_OPT_TEXT, AT(strategies), "LIST", "mutations that take part: names, levels, protocols; -NAME takes out" },
	{ "mutate", 0, MDL_OPT_FLAG, AT(mutate), NULL, "change messages; --no-mutate plays the seeds as they are", "yes" },
	{ "sandbox", 0, MDL_OPT_CHOICE, AT(sandbox), "WORD", "a network of its own for each target: auto, yes, no", "auto", 0, 0, sandbox_words },
	{ "start", 0, MDL_OPT_TIME, AT(start_max), "TIME", "how long the target may take to get ready", "10s" },
	{ "hang", 0, MDL_OPT_TIME, AT(hang_after), "TIME", "without a sign of life this long, it hangs", "500ms" },
	{ "restart", 0, MDL_OPT_UINT, AT(restart_every), "N", "start the target anew after N cases; 0: only when it ended", "0" },
	{ "confirm", 0, MDL_OPT_UINT, AT(confirm), "N", "times a finding has to happen again in a fresh process", "3", 1, 100 },
	{ "minimise", 0, MDL_OPT_UINT, AT(minimise), "N", "plays that shortening a finding may take", "400" },
	{ "epoch", 0, MDL_OPT_UINT, AT(epoch), "N", "cases between two merges of what was learned", "256", 1, 65536 },
	{ "stop-at-finding", 0, MDL_OPT_FLAG, AT(stop_at_finding), NULL, "end with the first finding" },
	{ "config", 'c', MDL_OPT_TEXT, AT(config), "FILE", "options from a YAML file, with `captures` and `command`; those given here win" },
	{ .name = "captures", .kind = MDL_OPT_LIST, .at = AT(captures), .arg = "FILE", .help = "captures, traces or folders of them", .file_only = true },
	{ .name = "command", .kind = MDL_OPT_LIST, .at = AT(command), .arg = "WORD", .help = "the target and its arguments, one word each", .file_only = true },
	{ "json", 0, MDL_OPT_FLAG, AT(json), NULL, "status and findings as JSON lines" },
};
/* clang-format on */
