/** The live view of a campaign: a screen that AFL++ users know their way in, or plain lines. */
#pragma once

#include "replay/campaign.h"

struct live;

enum live_kind { LIVE_SCREEN, LIVE_LINES, LIVE_JSON };

/** A screen if standard error is a terminal and `json` is not asked for. */
struct live *live_new(bool json); /* NULL if out of memory */
void live_free(struct live *l);
/** The error that JSON could not be written with; 0: none. Nobody reads it any more, or cannot. */
int live_broken(const struct live *l);
enum live_kind live_kind(const struct live *l);

void live_status(struct live *l, const struct campaign_status *s);
void live_finding(struct live *l, const struct triaged *t);
void live_note(struct live *l, const char *text);
/** The last view, and what remains to be said. */
void live_end(struct live *l, const struct campaign_status *s);
