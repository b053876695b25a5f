/**
 * A worse network: loss, delay, jitter, reordering, duplicates, damage, a limited rate. What happens
 * to a message is decided by the stage's chance, the direction and the message's number in it, and
 * by nothing else: neither the clock nor the other direction changes it.
 *
 * Made for datagrams. On a stream it acts on whole messages, so that what arrives is still a stream
 * of messages, with gaps.
 */
#pragma once

#include "proxy/stage.h"

extern const struct stage_ops stage_impair;
