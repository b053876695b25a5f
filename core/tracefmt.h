/**
 * A trace as text and back: a few header lines, then one line a message, so that traces can be
 * diffed, searched and written by hand.
 *
 *     meddle-trace 1
 *     protocol: dns
 *     carrier: dgram
 *     client: 127.0.0.1:40000
 *     server: 127.0.0.1:53
 *     start: 1700000000.250000000
 *     source: dig.pcap flow 3
 *     > 0.000000000 1a2b01000001...
 *     < 0.000312000 cut "HTTP/1.1 200 OK\r\n"
 *
 * ">" goes from client to server, "<" back. The time counts from the first message, in seconds or
 * as mdl_time_parse reads it. Then come the words of the message's flags, if any, then its bytes as
 * hex or quoted. Lines that begin with "#" and empty lines are passed over. Only `protocol` and
 * `carrier` have to be there.
 */
#pragma once

#include "core/msg.h"

/**
 * Appends the text of `t`. Times before the first message become 0, control characters of the source
 * "?". MDL_ELIMIT, MDL_ENOMEM: a part of it may have been appended.
 */
MDL_MUST mdl_err mdl_trace_write(const struct mdl_trace *t, struct mdl_buf *out);
/**
 * Reads a trace; `name` stands in the reason ("name:line: what was expected"). The new trace is the
 * caller's. MDL_EMALFORMED, MDL_ENOMEM, MDL_ELIMIT.
 */
MDL_MUST mdl_err mdl_trace_read(struct mdl_slice text, const char *name, struct mdl_trace **out,
				struct mdl_why *why);
