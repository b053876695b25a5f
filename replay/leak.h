/** Which conversation makes a target's memory or descriptors grow, and whether it does so every time. */
#pragma once

#include "replay/executor.h"

enum leak_kind { LEAK_MEMORY, LEAK_DESCRIPTORS };

/** "leak", "fdleak": kinds of findings. False if it is neither. */
bool leak_kind_of(const char *finding_kind, enum leak_kind *out);

/**
 * Plays `t` over and over to a fresh target, after some plays to warm up: true if what it uses grows
 * with the plays. MDL errors as executor_play.
 */
MDL_MUST mdl_err leak_grows(struct executor *e, const struct mdl_trace *t, enum leak_kind kind,
			    bool *grows, struct mdl_why *why);
enum { LEAK_SUSPECTS = 4 };
/**
 * Plays each of the conversations a few times to a fresh target and gives the places of those after
 * which it used most more than before, worst first.
 */
MDL_MUST mdl_err leak_suspects(struct executor *e, const struct mdl_trace *const *v, size_t n,
			       enum leak_kind kind, size_t out[LEAK_SUSPECTS], size_t *n_out,
			       struct mdl_why *why);
/** Descriptors are few: it must be seen before there are none left. */
enum { LEAK_WARM_UP = 32, LEAK_PLAYS = 800, LEAK_FD_PLAYS = 40, LEAK_LOOKS = 12 };
/** How often leak_grows plays it, for the words of a finding. */
unsigned leak_plays(enum leak_kind kind);
