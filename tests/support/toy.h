/**
 * A toy protocol with every relation, for tests of what reads field tables: total length of the body
 * (a span around all), a count of items, each item with a length of its own, an offset that points
 * to the last item, two numbers in one pair of bytes.
 */
#pragma once

#include "protocols/protocol.h"

enum { TOTAL, BODY, COUNT_OF, ITEMS, ITEM, ITEM_LEN, ITEM_DATA, POINTER, HIGH, LOW };

extern const struct mdl_protocol toy;

/** total 11: count 3, items "a", "bc", "", pointer to the third item at 8, bits 0x5abc */
extern const uint8_t toy_sample[13];
