/** A table with options of every kind. */
#pragma once

#include "core/opt.h"

struct all {
	bool verbose, strict;
	uint64_t workers, limit;
	mdl_time delay;
	double loss;
	const char *name;
	unsigned mode;
	struct mdl_addr to;
	struct mdl_strings also, only;
};

static const char *const modes[] = { "blind", "guided", "both", NULL };

/* clang-format off */
static const struct mdl_opt rows[] = {
	{ .name = "verbose", .letter = 'v', .kind = MDL_OPT_FLAG, .at = offsetof(struct all, verbose), .help = "say more" },
	{ .name = "strict", .kind = MDL_OPT_FLAG, .at = offsetof(struct all, strict), .help = "stop at the first finding", .preset = "yes" },
	{ .name = "workers", .letter = 'j', .kind = MDL_OPT_UINT, .at = offsetof(struct all, workers), .arg = "N", .help = "processes", .preset = "2", .min = 1, .max = 64 },
	{ .name = "limit", .kind = MDL_OPT_SIZE, .at = offsetof(struct all, limit), .arg = "BYTES", .help = "ceiling of a message", .min = 1024 },
	{ .name = "delay", .letter = 'd', .kind = MDL_OPT_TIME, .at = offsetof(struct all, delay), .arg = "TIME", .help = "wait so long", .preset = "20ms" },
	{ .name = "loss", .kind = MDL_OPT_RATIO, .at = offsetof(struct all, loss), .arg = "SHARE", .help = "messages to drop", .preset = "2%" },
	{ .name = "name", .letter = 'n', .kind = MDL_OPT_TEXT, .at = offsetof(struct all, name), .arg = "TEXT", .help = "what to call it" },
	{ .name = "mode", .kind = MDL_OPT_CHOICE, .at = offsetof(struct all, mode), .arg = "MODE", .help = "how to choose", .preset = "guided", .choices = modes },
	{ .name = "to", .letter = 't', .kind = MDL_OPT_ADDR, .at = offsetof(struct all, to), .arg = "ADDRESS", .help = "the server" },
	{ .name = "also", .letter = 'a', .kind = MDL_OPT_LIST, .at = offsetof(struct all, also), .arg = "WORD", .help = "further words" },
	{ .name = "only-these-protocols", .kind = MDL_OPT_LIST, .at = offsetof(struct all, only), .arg = "PROTOCOL", .help = "a name so long that the help stands below it, and a help so long that it takes two lines", .preset = "dns" },
};
/* clang-format on */

static const struct mdl_opts table = { rows, MDL_COUNT(rows) };
