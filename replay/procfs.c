#include "replay/procfs.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { CHILDREN_MAX = 64, INODES_MAX = 1024 };

/* The process and its children, of any generation, as far as there is room. */
struct family {
	pid_t v[CHILDREN_MAX];
	size_t n;
};

static void add_children(struct family *f, pid_t pid)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	FILE *file = fopen(path, "re");
	int child;
	while (file != NULL && f->n < CHILDREN_MAX && fscanf(file, "%d", &child) == 1)
		f->v[f->n++] = child;
	if (file != NULL)
		fclose(file);
}

static struct family family_of(pid_t pid)
{
	struct family f = { .v = { pid }, .n = 1 };
	for (size_t i = 0; i < f.n; i++)
		add_children(&f, f.v[i]);
	return f;
}

/* ---- sockets ---- */

struct inodes {
	unsigned long v[INODES_MAX];
	size_t n;
	unsigned fds;
};

static void read_descriptors(pid_t pid, struct inodes *in)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *d = opendir(path);
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		char link[320], to[64];
		if (e->d_name[0] == '.')
			continue;
		in->fds++;
		snprintf(link, sizeof(link), "%s/%s", path, e->d_name);
		ssize_t n = readlink(link, to, sizeof(to) - 1);
		to[n < 0 ? 0 : n] = 0;
		if (in->n < INODES_MAX && sscanf(to, "socket:[%lu]", &in->v[in->n]) == 1)
			in->n++;
	}
	if (d != NULL)
		closedir(d);
}

static bool has_inode(const struct inodes *in, unsigned long inode)
{
	for (size_t i = 0; i < in->n; i++)
		if (in->v[i] == inode)
			return true;
	return false;
}

/* /proc/net writes addresses as 32-bit words of the machine's byte order, in hex. */
static bool parse_address(const char *hex, unsigned port, struct mdl_inet *out)
{
	uint8_t ip[16];
	size_t n = strlen(hex);
	if (n != 8 && n != 32)
		return false;
	bool any = true;
	for (size_t w = 0; w < n / 8; w++) {
		char word[9];
		memcpy(word, hex + 8 * w, 8);
		word[8] = 0;
		uint32_t v = (uint32_t)strtoul(word, NULL, 16);
		memcpy(ip + 4 * w, &v, 4);
		any = any && v == 0;
	}
	static const uint8_t loop4[4] = { 127, 0, 0, 1 }, loop6[16] = { [15] = 1 };
	*out = n == 8 ? mdl_inet4(any ? loop4 : ip, (uint16_t)port)
		      : mdl_inet6(any ? loop6 : ip, (uint16_t)port);
	return true;
}

enum { TCP_STATE_LISTEN = 0x0a, UDP_STATE_OPEN = 0x07 };

static size_t read_table(const char *path, enum mdl_carrier carrier, const struct inodes *in,
			 struct listening *out, size_t n)
{
	FILE *file = fopen(path, "re");
	char line[512];
	unsigned wanted = carrier == MDL_STREAM ? TCP_STATE_LISTEN : UDP_STATE_OPEN;
	while (file != NULL && n < PROCFS_SOCKETS_MAX && fgets(line, sizeof(line), file) != NULL) {
		char local[33];
		unsigned port, state;
		unsigned long inode;
		struct mdl_inet at;
		if (sscanf(line,
			   " %*u: %32[0-9A-Fa-f]:%x %*[0-9A-Fa-f:] %x %*s %*s %*s %*u %*u %lu",
			   local, &port, &state, &inode) != 4 ||
		    state != wanted || !has_inode(in, inode) || !parse_address(local, port, &at))
			continue;
		out[n++] = (struct listening){ carrier, at };
	}
	if (file != NULL)
		fclose(file);
	return n;
}

size_t procfs_listening(pid_t pid, struct listening out[PROCFS_SOCKETS_MAX])
{
	static const struct {
		const char *name;
		enum mdl_carrier carrier;
	} tables[] = { { "udp", MDL_DGRAM },
		       { "udp6", MDL_DGRAM },
		       { "tcp", MDL_STREAM },
		       { "tcp6", MDL_STREAM } };
	struct inodes *in = calloc(1, sizeof(*in));
	struct family family = family_of(pid);
	size_t n = 0;
	for (size_t i = 0; in != NULL && i < family.n; i++)
		read_descriptors(family.v[i], in);
	for (size_t i = 0; in != NULL && i < MDL_COUNT(tables); i++) {
		char path[64];
		snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)pid, tables[i].name);
		n = read_table(path, tables[i].carrier, in, out, n);
	}
	free(in);
	return n;
}

/* ---- use ---- */

static bool read_stat(pid_t pid, struct procfs_use *out)
{
	char path[64], text[1024];
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	FILE *file = fopen(path, "re");
	size_t n = file == NULL ? 0 : fread(text, 1, sizeof(text) - 1, file);
	if (file != NULL)
		fclose(file);
	text[n] = 0;
	const char *behind = strrchr(text, ')'); /* the name may hold anything */
	char state;
	unsigned long user, system;
	long pages;
	if (behind == NULL || sscanf(behind + 1,
				     " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d "
				     "%*d %*d %*d %*d %*u "
				     "%*u %ld",
				     &state, &user, &system, &pages) != 4)
		return false;
	out->tasks++;
	out->running |= state == 'R';
	out->rss += (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
	out->cpu_ms += (user + system) * 1000UL / (unsigned long)sysconf(_SC_CLK_TCK);
	return true;
}

bool procfs_use(pid_t pid, struct procfs_use *out)
{
	struct family family = family_of(pid);
	*out = (struct procfs_use){ 0 };
	if (!read_stat(pid, out))
		return false;
	for (size_t i = 1; i < family.n; i++)
		read_stat(family.v[i], out);
	for (size_t i = 0; i < family.n; i++) {
		struct inodes *in = calloc(1, sizeof(*in));
		if (in == NULL)
			break;
		read_descriptors(family.v[i], in);
		out->fds += in->fds;
		free(in);
	}
	return true;
}
