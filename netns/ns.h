/**
 * A network of our own: a namespace with nothing but a loopback in it, so that what runs there can
 * use any port and reach nobody else. Works as root, or by a user namespace where the kernel allows.
 */
#pragma once

#include <stdbool.h>

#include "core/err.h"

/**
 * Moves the calling process (which must have one thread) into a new network namespace and brings
 * its loopback up. Children inherit it; it is gone with the last of them. MDL_EUNSUPPORTED: not
 * allowed here, with the reason; nothing has changed then.
 */
MDL_MUST mdl_err ns_enter(struct mdl_why *why);
/** Would ns_enter work? Tries it in a child. */
bool ns_possible(void);
