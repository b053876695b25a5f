/**
 * The server's side of captures, played to live clients: an end that answers each request as the
 * recorded server answered the same one, with the values that the live client gave.
 */
#pragma once

#include "protocols/protocol.h"
#include "proxy/end.h"

struct mock; /* what was recorded, and how often it was asked for */

struct mock_conf {
	const struct mdl_protocol *proto;
	const struct mdl_strings *settings;
	struct mdl_trace *const *traces; /* borrowed */
	size_t n;
	bool paced; /* answers take as long as they did, `factor` times as fast */
	double factor;
	/** A request came, and how many messages answer it; 0: nothing like it was recorded. */
	void (*on_request)(void *ctx, struct mdl_slice request, size_t answers, mdl_time now);
	void *ctx;
};

MDL_MUST mdl_err mock_new(const struct mock_conf *conf, struct mock **out, struct mdl_why *why);
void mock_free(struct mock *m); /* after all its ends are gone; NULL is fine */
/** Requests that are known. */
size_t mock_requests(const struct mock *m);

/** An end for one client, facing it as the server; NULL if out of memory. */
struct end *mock_end(struct mock *m, enum mdl_carrier carrier);
