#include "proxy/drain.h"

#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

struct drain {
	uv_poll_t poll;
	struct loop *loop;
	int fd;
	void (*on_bytes)(void *ctx, struct mdl_slice bytes);
	void *ctx;
};

enum { ROUNDS = 64 }; /* a program that prints without end shall not keep us */

void drain_now(struct drain *d)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint8_t *room = loop_scratch(d->loop);
		ssize_t n = read(d->fd, room, LOOP_SCRATCH);
		if (n <= 0) {
			if (n == 0)
				uv_poll_stop(&d->poll); /* the other side is closed */
			return;
		}
		d->on_bytes(d->ctx, mdl_slice(room, (size_t)n));
	}
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	drain_now(poll->data);
}

static void on_closed(uv_handle_t *h)
{
	free(h->data);
}

mdl_err drain_open(struct loop *l, int fd, void (*on_bytes)(void *, struct mdl_slice), void *ctx,
		   struct drain **out, struct mdl_why *why)
{
	struct drain *d = calloc(1, sizeof(*d));
	if (d == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	d->loop = l;
	d->on_bytes = on_bytes;
	d->ctx = ctx;
	int code = uv_poll_init(loop_uv(l), &d->poll, fd);
	if (code != 0) {
		free(d);
		return mdl_fail(why, MDL_EIO, "a pipe can not be watched: %s", uv_strerror(code));
	}
	d->poll.data = d;
	code = uv_poll_start(&d->poll, UV_READABLE | UV_DISCONNECT, on_poll);
	if (code != 0) {
		uv_close((uv_handle_t *)&d->poll, on_closed);
		return mdl_fail(why, MDL_EIO, "a pipe can not be watched: %s", uv_strerror(code));
	}
	d->fd = fd;
	*out = d;
	return MDL_OK;
}

void drain_close(struct drain *d)
{
	if (d == NULL)
		return;
	drain_now(d);
	uv_poll_stop(&d->poll);
	close(d->fd);
	uv_close((uv_handle_t *)&d->poll, on_closed);
}
