/** Conversations in the report: who said what, side by side. */
#pragma once

#include "core/opt.h"
#include "protocols/diff.h"
#include "replay/html.h"

/** A message taken apart, with the one of the seed it was made of. */
struct message {
	struct mdl_ctx *x;
	const struct mdl_msg *msg;
	struct mdl_view now, was; /* `was` only if it is `changed` */
	bool changed, added;
};

/** A message that opens to fields and bytes; what the seed had not is marked. */
void report_message(struct html *h, const struct message *m);

/** What a conversation is read with. */
struct talk {
	const char *protocol; /* unknown ones are shown as bytes */
	const struct mdl_strings *settings;
	const struct mdl_trace *said;
	const struct mdl_trace *seed; /* NULL: nothing is marked */
};

/** Client left, server right, with the first few dozen messages. */
void report_talk(struct html *h, const struct talk *t);
/** A line a message, for what only led there. */
void report_talk_lines(struct html *h, const struct talk *t);
