#include "replay/procfs.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "replay/sockdiag.h"

/* No program has a terabyte for itself; the shadow memory of AddressSanitizer is larger. */
static const uint64_t SHADOWED = (uint64_t)1 << 40;

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

/* Sockets of a family of processes, as they are found. */
struct search {
	struct inodes in;
	struct listening *out;
	size_t n;
	enum mdl_carrier carrier;
};

/* One socket that listens; the wildcard address is reached by the loopback. */
static void found(void *ctx, unsigned long inode, const struct mdl_inet *at)
{
	static const uint8_t any[16], loop4[4] = { 127, 0, 0, 1 }, loop6[16] = { [15] = 1 };
	struct search *s = ctx;
	if (s->n == PROCFS_SOCKETS_MAX || !has_inode(&s->in, inode))
		return;
	struct listening *l = &s->out[s->n++];
	*l = (struct listening){ s->carrier, *at };
	if (memcmp(at->ip, any, at->family == 4 ? 4 : 16) == 0)
		l->at = at->family == 4 ? mdl_inet4(loop4, at->port) : mdl_inet6(loop6, at->port);
}

/* /proc/net writes addresses as 32-bit words of the machine's byte order, in hex. */
static bool parse_address(const char *hex, unsigned port, struct mdl_inet *out)
{
	uint8_t ip[16];
	size_t n = strlen(hex);
	if (n != 8 && n != 32)
		return false;
	for (size_t w = 0; w < n / 8; w++) {
		char word[9];
		memcpy(word, hex + 8 * w, 8);
		word[8] = 0;
		uint32_t v = (uint32_t)strtoul(word, NULL, 16);
		memcpy(ip + 4 * w, &v, 4);
	}
	*out = n == 8 ? mdl_inet4(ip, (uint16_t)port) : mdl_inet6(ip, (uint16_t)port);
	return true;
}

enum { TCP_STATE_LISTEN = 0x0a, UDP_STATE_OPEN = 0x07 };

static void read_table(const char *path, struct search *s)
{
	FILE *file = fopen(path, "re");
	char line[512];
	unsigned wanted = s->carrier == MDL_STREAM ? TCP_STATE_LISTEN : UDP_STATE_OPEN;
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		char local[33];
		unsigned port, state;
		unsigned long inode;
		struct mdl_inet at;
		if (sscanf(line,
			   " %*u: %32[0-9A-Fa-f]:%x %*[0-9A-Fa-f:] %x %*s %*s %*s %*u %*u %lu",
			   local, &port, &state, &inode) == 4 &&
		    state == wanted && parse_address(local, port, &at))
			found(s, inode, &at);
	}
	if (file != NULL)
		fclose(file);
}

/* For processes in another network namespace than ours, and kernels without sock_diag. */
static void read_tables(pid_t pid, struct search *s)
{
	static const char *const names[2] = { "udp", "tcp" };
	for (unsigned v6 = 0; v6 < 2; v6++) {
		char path[64];
		snprintf(path, sizeof(path), "/proc/%d/net/%s%s", (int)pid,
			 names[s->carrier == MDL_STREAM], v6 ? "6" : "");
		read_table(path, s);
	}
}

static bool in_our_network(pid_t pid)
{
	char path[64];
	struct stat ours, theirs;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	return stat("/proc/self/ns/net", &ours) == 0 && stat(path, &theirs) == 0 &&
	       ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

size_t procfs_listening(pid_t pid, struct listening out[PROCFS_SOCKETS_MAX])
{
	struct search *s = calloc(1, sizeof(*s));
	struct family family = family_of(pid);
	if (s == NULL)
		return 0;
	s->out = out;
	for (size_t i = 0; i < family.n; i++)
		read_descriptors(family.v[i], &s->in);
	bool near = in_our_network(pid);
	for (unsigned stream = 0; stream < 2 && s->in.n > 0; stream++) {
		size_t before = s->n;
		s->carrier = stream ? MDL_STREAM : MDL_DGRAM;
		if (near && sockdiag_each(s->carrier, found, s))
			continue;
		s->n = before;
		read_tables(pid, s);
	}
	size_t n = s->n;
	free(s);
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
	unsigned long user, system, space;
	long pages;
	if (behind == NULL || sscanf(behind + 1,
				     " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d "
				     "%*d %*d %*d %*d %*u "
				     "%lu %ld",
				     &state, &user, &system, &space, &pages) != 5)
		return false;
	out->tasks++;
	out->running |= state == 'R';
	out->shadowed |= space > SHADOWED;
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
