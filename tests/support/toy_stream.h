/**
 * A protocol for tests of streams, readable in strings: "Q3abc" is a request of three bytes, "A0"
 * an empty answer. Everything else is malformed. Port 7777.
 */
#pragma once

#include "protocols/protocol.h"

extern const struct mdl_protocol toy_stream;
/** The same without a guess: it cannot tell the begin of a message from anything else. */
extern const struct mdl_protocol toy_stream_blind;
