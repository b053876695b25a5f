#include "replay/excerpt.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files may shrink while they are read: what is not there any more is left out. */
static mdl_err read_at(int fd, uint64_t from, size_t n, struct mdl_buf *out)
{
	uint8_t chunk[4096];
	while (n > 0) {
		ssize_t got = pread(fd, chunk, n < sizeof(chunk) ? n : sizeof(chunk), (off_t)from);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? MDL_EIO : MDL_OK;
		mdl_err err = mdl_buf_add(out, mdl_slice(chunk, (size_t)got));
		if (err != MDL_OK)
			return err;
		from += (uint64_t)got;
		n -= (size_t)got;
	}
	return MDL_OK;
}

static mdl_err read_both(int fd, size_t head, size_t tail, struct excerpt *e)
{
	if (e->size <= head + tail)
		return read_at(fd, 0, (size_t)e->size, &e->head);
	mdl_err err = read_at(fd, 0, head, &e->head);
	if (err == MDL_OK)
		err = read_at(fd, e->size - tail, tail, &e->tail);
	struct mdl_slice s = mdl_buf_slice(&e->tail);
	size_t line = mdl_slice_find(s, MDL_LIT("\n"));
	if (line < s.n)
		mdl_buf_shift(&e->tail, line + 1);
	e->left_out = e->size - e->head.n - e->tail.n;
	return err;
}

mdl_err excerpt_read(const char *path, size_t head, size_t tail, struct excerpt *out)
{
	struct stat st;
	*out = (struct excerpt){ 0 };
	mdl_buf_init(&out->head, head + tail);
	mdl_buf_init(&out->tail, tail);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? MDL_ENOTFOUND : MDL_EIO;
	mdl_err err = MDL_EIO;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		out->size = (uint64_t)st.st_size;
		err = read_both(fd, head, tail, out);
	}
	close(fd);
	if (err != MDL_OK)
		excerpt_fini(out);
	return err;
}

void excerpt_fini(struct excerpt *e)
{
	mdl_buf_fini(&e->head);
	mdl_buf_fini(&e->tail);
	*e = (struct excerpt){ 0 };
}
