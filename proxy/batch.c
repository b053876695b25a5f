#include "proxy/batch.h"

#include <errno.h>

void batch_init(struct batch *b)
{
	for (size_t i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){ b->data[i], BATCH_SLOT };
		b->v[i] = (struct mmsghdr){ 0 };
		b->v[i].msg_hdr.msg_iov = &b->iov[i];
		b->v[i].msg_hdr.msg_iovlen = 1;
	}
}

static bool no_room(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK || err == ENOBUFS;
}

int batch_recv(struct batch *b, int fd, bool names)
{
	for (size_t i = 0; i < BATCH; i++) {
		b->v[i].msg_hdr.msg_name = names ? &b->from[i] : NULL;
		b->v[i].msg_hdr.msg_namelen = names ? sizeof(b->from[i]) : 0;
	}
	int n;
	do
		n = recvmmsg(fd, b->v, BATCH, MSG_DONTWAIT, NULL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return no_room(errno) ? 0 : -errno;
	return n;
}

void outbox_put(struct outbox *o, const struct mdl_msg *m, union sock_addr *to, socklen_t len)
{
	struct mmsghdr *v = &o->v[o->n];
	struct iovec *iov = &o->iov[o->n++];
	*iov = (struct iovec){ m->bytes.p, m->bytes.n };
	v->msg_hdr = (struct msghdr){
		.msg_name = to, .msg_namelen = len, .msg_iov = iov, .msg_iovlen = 1
	};
}

int outbox_send(struct outbox *o, int fd)
{
	int n;
	do
		n = sendmmsg(fd, o->v, o->n, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return no_room(errno) ? 0 : -errno;
	return n;
}
