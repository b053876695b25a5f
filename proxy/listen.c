#include "proxy/listen.h"

#include <stdlib.h>
#include <unistd.h>

#include "proxy/listen_kind.h"

static const struct listener_kind *kind_of(enum mdl_scheme scheme)
{
	switch (scheme) {
	case MDL_UDP:
		return &listen_udp_kind;
	case MDL_TCP:
		return &listen_tcp_kind;
	case MDL_UNIX:
		return &listen_unix_kind;
	case MDL_ANY:
	case MDL_TLS:
	case MDL_EXEC:
		break;
	}
	return NULL;
}

void listener_release(struct listener *s)
{
	if (--s->users == 0)
		free(s);
}

static void on_closed(uv_handle_t *h)
{
	listener_release(h->data);
}

void listener_shut(struct listener *s)
{
	if (s->shut)
		return;
	s->shut = true;
	uv_close((uv_handle_t *)&s->poll, on_closed);
	close(s->fd);
}

/* The handle on s->fd; 0 or an error of libuv, after which `s` and the descriptor are the loop's. */
static int start(struct listener *s)
{
	int err = uv_poll_init(loop_uv(s->loop), &s->poll, s->fd);
	if (err != 0) {
		close(s->fd);
		free(s);
		return err;
	}
	s->users = 1;
	s->poll.data = s;
	err = uv_poll_start(&s->poll, UV_READABLE, s->kind->on_poll);
	if (err != 0)
		listener_shut(s);
	return err;
}

static struct listener *make(struct loop *l, const struct listen_conf *conf,
			     const struct listener_kind *kind)
{
	struct listener *s = calloc(1, kind->size);
	if (s == NULL)
		return NULL;
	s->kind = kind;
	s->loop = l;
	s->conf = *conf;
	if (conf->peers_max == 0)
		s->conf.peers_max = LISTEN_PEERS;
	if (conf->idle == 0)
		s->conf.idle = LISTEN_IDLE;
	return s;
}

mdl_err listen_open(struct loop *l, const struct listen_conf *conf, struct listener **out,
		    struct mdl_why *why)
{
	mdl_err err = MDL_OK;
	const struct listener_kind *kind = kind_of(conf->on.scheme);
	if (kind == NULL)
		return mdl_fail(why, MDL_EINVAL, "listen: expected udp, tcp or unix, not \"%s\"",
				mdl_scheme_text(conf->on.scheme));
	struct listener *s = make(l, conf, kind);
	if (s == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	s->fd = kind->open(s, &err, why);
	if (s->fd < 0) {
		free(s);
		return err;
	}
	int uv_err = start(s);
	if (uv_err != 0)
		return mdl_fail(why, MDL_EIO, "listen: %s", uv_strerror(uv_err));
	*out = s;
	return MDL_OK;
}

struct mdl_inet listen_local(const struct listener *s)
{
	return s->local;
}

const struct listen_stats *listen_stats(const struct listener *s)
{
	return &s->stats;
}

void listen_close(struct listener *s)
{
	if (s == NULL || s->closing)
		return;
	s->closing = true;
	s->kind->close(s);
}
