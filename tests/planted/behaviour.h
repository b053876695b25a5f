/**
 * The joint between the server and its bugs: every function that a bug replaces is called through
 * `act`. At first all of them are the clean ones, which is what `--bug none` stays with.
 */
#pragma once

#include "request.h"

struct reply;
struct connection;

struct behaviour {
	void (*read_name)(struct reader *r, struct name *out);
	bool (*receive)(struct request *q, const uint8_t *p, size_t n);
	void (*release)(struct request *q);
	bool (*options)(struct reader *r, struct edns *e);
	bool (*subnet)(const uint8_t *data, size_t n, struct edns *e);
	bool (*cookie)(const uint8_t *data, size_t n, struct edns *e);
	void (*query)(const struct request *q, struct reply *a);
	void (*transfer)(const struct request *q, struct reply *a, const struct zone *z);
	void (*notify)(const struct request *q, struct reply *a);
	void (*update)(const struct request *q, struct reply *a);
	/** The peer of the connection will send no more, and has got all its answers. */
	void (*hang_up)(struct connection *c);
};

extern struct behaviour act;

struct bug {
	const char *name;
	const char *summary; /* one line for --help */
	void (*plant)(void); /* puts its functions into `act` */
};

/** All of them; ends with a NULL name. */
extern const struct bug bugs[];
