#include "replay/ipc.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

struct head {
	uint32_t type, n;
};

enum { CHUNK = 64 << 10 };

/* Sends the rest of what a first, partial write has left. */
static bool send_rest(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

bool ipc_send(int fd, enum ipc_type type, const void *data, size_t n)
{
	struct head h = { (uint32_t)type, (uint32_t)n };
	return n <= IPC_MAX && send_rest(fd, (const uint8_t *)&h, sizeof(h)) &&
	       send_rest(fd, data, n);
}

bool ipc_send_text(int fd, enum ipc_type type, const char *text)
{
	return ipc_send(fd, type, text, strlen(text));
}

void ipc_in_init(struct ipc_in *in)
{
	mdl_buf_init(&in->buf, IPC_MAX + CHUNK + sizeof(struct head));
	in->taken = 0;
}

void ipc_in_fini(struct ipc_in *in)
{
	mdl_buf_fini(&in->buf);
}

bool ipc_read(int fd, struct ipc_in *in)
{
	mdl_buf_shift(&in->buf, in->taken);
	in->taken = 0;
	if (mdl_buf_reserve(&in->buf, CHUNK) != MDL_OK)
		return false;
	ssize_t n;
	do
		n = read(fd, in->buf.p + in->buf.n, CHUNK);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	in->buf.n += (size_t)n;
	return true;
}

bool ipc_next(struct ipc_in *in, enum ipc_type *type, struct mdl_slice *data)
{
	struct mdl_slice left = mdl_slice_sub(mdl_buf_slice(&in->buf), in->taken, SIZE_MAX);
	struct head h;
	if (left.n < sizeof(h))
		return false;
	memcpy(&h, left.p, sizeof(h));
	if (left.n - sizeof(h) < h.n)
		return false;
	*type = (enum ipc_type)h.type;
	*data = mdl_slice_sub(left, sizeof(h), h.n);
	in->taken += sizeof(h) + h.n;
	return true;
}

bool ipc_wait(int fd, struct ipc_in *in, enum ipc_type *type, struct mdl_slice *data)
{
	while (!ipc_next(in, type, data))
		if (!ipc_read(fd, in))
			return false;
	return true;
}
