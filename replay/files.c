#include "replay/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 << 10, PATH_SIZE = 4096 };

static mdl_err too_long(const char *path, const struct mdl_buf *out, struct mdl_why *why)
{
	return mdl_fail(why, MDL_ELIMIT, "%s: longer than %zu bytes", path, out->max);
}

static mdl_err read_all(int fd, const char *path, struct mdl_buf *out, struct mdl_why *why)
{
	struct stat st;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    (uintmax_t)st.st_size > out->max) /* known before anything is read */
		return too_long(path, out, why);
	for (;;) {
		size_t room = out->max - out->n < CHUNK ? out->max - out->n + 1 : CHUNK;
		uint8_t chunk[CHUNK];
		ssize_t n = read(fd, chunk, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return mdl_fail(why, MDL_EIO, "%s: %s", path, strerror(errno));
		if (n == 0)
			return MDL_OK;
		mdl_err err = mdl_buf_add(out, mdl_slice(chunk, (size_t)n));
		if (err == MDL_ELIMIT)
			return too_long(path, out, why);
		if (err != MDL_OK)
			return mdl_fail(why, err, "%s: %s", path, mdl_err_text(err));
	}
}

mdl_err file_read(const char *path, struct mdl_buf *out, struct mdl_why *why)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return mdl_fail(why, MDL_EIO, "%s: %s", path, strerror(errno));
	mdl_err err = read_all(fd, path, out, why);
	if (!standard)
		close(fd);
	return err;
}

static bool write_all(int fd, struct mdl_slice s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s = mdl_slice_sub(s, (size_t)n, SIZE_MAX);
	}
	return true;
}

mdl_err file_write(const char *path, struct mdl_slice bytes, bool executable, struct mdl_why *why)
{
	char part[PATH_SIZE];
	if ((size_t)snprintf(part, sizeof(part), "%s.%d.part", path, (int)getpid()) >= sizeof(part))
		return mdl_fail(why, MDL_EIO, "%.80s...: the path is too long", path);
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, executable ? 0755 : 0644);
	if (fd < 0)
		return mdl_fail(why, MDL_EIO, "%s: %s", part, strerror(errno));
	bool ok = write_all(fd, bytes);
	int error = errno;
	if (close(fd) != 0 && ok) {
		ok = false;
		error = errno;
	}
	if (ok && rename(part, path) == 0)
		return MDL_OK;
	if (ok)
		error = errno;
	unlink(part);
	return mdl_fail(why, MDL_EIO, "%s: %s", path, strerror(error));
}

bool folder_is(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

mdl_err folder_make(const char *path, struct mdl_why *why)
{
	char part[PATH_SIZE];
	if (path[0] == 0)
		return mdl_fail(why, MDL_EIO, "a folder of no name cannot be made");
	if ((size_t)snprintf(part, sizeof(part), "%s", path) >= sizeof(part))
		return mdl_fail(why, MDL_EIO, "%.80s...: the path is too long", path);
	for (char *p = part + 1; *p != 0; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			return mdl_fail(why, MDL_EIO, "%s: %s", part, strerror(errno));
		*p = '/';
	}
	if (mkdir(part, 0755) != 0 && errno != EEXIST)
		return mdl_fail(why, MDL_EIO, "%s: %s", part, strerror(errno));
	return folder_is(path) ? MDL_OK : mdl_fail(why, MDL_EIO, "%s: not a folder", path);
}

mdl_err folder_hold(const char *path, int *fd, struct mdl_why *why)
{
	char lock[PATH_SIZE];
	if (!path_join(lock, sizeof(lock), path, ".lock"))
		return mdl_fail(why, MDL_EIO, "%.80s...: the path is too long", path);
	*fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (*fd < 0)
		return mdl_fail(why, MDL_EIO, "%s: %s", lock, strerror(errno));
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return MDL_OK;
	close(*fd);
	*fd = -1;
	return mdl_fail(why, MDL_EBUSY, "%s: another meddle works in this folder", path);
}

bool folder_held(const char *path)
{
	char lock[PATH_SIZE];
	if (!path_join(lock, sizeof(lock), path, ".lock"))
		return false;
	int fd = open(lock, O_RDONLY | O_CLOEXEC);
	bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	if (fd >= 0)
		close(fd);
	return held;
}

static bool names_add(struct names *n, const char *name)
{
	if (n->n == n->cap) {
		size_t cap = n->cap == 0 ? 16 : n->cap * 2;
		char **v = reallocarray(n->v, cap, sizeof(char *));
		if (v == NULL)
			return false;
		n->v = v;
		n->cap = cap;
	}
	n->v[n->n] = strdup(name);
	return n->v[n->n] != NULL && ++n->n > 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

mdl_err folder_list(const char *path, struct names *out, struct mdl_why *why)
{
	*out = (struct names){ 0 };
	DIR *d = opendir(path);
	if (d == NULL)
		return mdl_fail(why, MDL_EIO, "%s: %s", path, strerror(errno));
	bool ok = true;
	for (struct dirent *e; ok && (e = readdir(d)) != NULL;)
		if (e->d_name[0] != '.')
			ok = names_add(out, e->d_name);
	closedir(d);
	if (!ok) {
		names_free(out);
		return mdl_fail(why, MDL_ENOMEM, "%s: out of memory", path);
	}
	if (out->n > 0)
		qsort(out->v, out->n, sizeof(char *), by_name);
	return MDL_OK;
}

void names_free(struct names *n)
{
	for (size_t i = 0; i < n->n; i++)
		free(n->v[i]);
	free(n->v);
	*n = (struct names){ 0 };
}

bool path_join(char *out, size_t size, const char *a, const char *b)
{
	int n = snprintf(out, size, "%s%s%s", a, a[0] != 0 && a[strlen(a) - 1] == '/' ? "" : "/",
			 b);
	return n >= 0 && (size_t)n < size;
}
