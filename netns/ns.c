#include "netns/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bool ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok;
}

/* We stay who we are: in the new user namespace our ids are the same. */
static bool map_ids(uid_t uid, gid_t gid)
{
	char uid_map[64], gid_map[64];
	snprintf(uid_map, sizeof(uid_map), "%u %u 1", uid, uid);
	snprintf(gid_map, sizeof(gid_map), "%u %u 1", gid, gid);
	return write_file("/proc/self/setgroups", "deny") &&
	       write_file("/proc/self/uid_map", uid_map) &&
	       write_file("/proc/self/gid_map", gid_map);
}

static bool loopback_up(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	struct ifreq ifr = { .ifr_name = "lo" };
	bool ok = ioctl(fd, SIOCGIFFLAGS, &ifr) == 0;
	ifr.ifr_flags |= IFF_UP;
	ok = ok && ioctl(fd, SIOCSIFFLAGS, &ifr) == 0;
	close(fd);
	return ok;
}

mdl_err ns_enter(struct mdl_why *why)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	if (unshare(CLONE_NEWNET) != 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
			return mdl_fail(
				why, MDL_EUNSUPPORTED,
				"no network namespace of our own: %s (root, or unprivileged "
				"user namespaces, would allow it)",
				strerror(errno));
		if (!map_ids(uid, gid))
			return mdl_fail(why, MDL_EUNSUPPORTED, "no ids in our user namespace: %s",
					strerror(errno));
	}
	if (!loopback_up())
		return mdl_fail(why, MDL_EUNSUPPORTED, "the new loopback stays down: %s",
				strerror(errno));
	return MDL_OK;
}

bool ns_possible(void)
{
	int status = 1;
	pid_t pid = fork();
	if (pid == 0)
		_exit(ns_enter(NULL) == MDL_OK ? 0 : 1);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
