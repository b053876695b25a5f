/** What /proc tells of a process and its children: where it listens, what it uses. */
#pragma once

#include <sys/types.h>

#include "core/addr.h"
#include "core/msg.h"

enum { PROCFS_SOCKETS_MAX = 64 };

/** A socket that waits for clients. */
struct listening {
	enum mdl_carrier carrier; /* MDL_DGRAM or MDL_STREAM */
	struct mdl_inet at;	  /* wildcard addresses are given as loopback */
};

/** Sockets on which `pid` or a child of it listens (UDP: is bound and not connected). */
size_t procfs_listening(pid_t pid, struct listening out[PROCFS_SOCKETS_MAX]);

struct procfs_use {
	uint64_t rss;	 /* bytes resident, of all processes */
	unsigned fds;	 /* open descriptors, of all processes */
	unsigned tasks;	 /* processes */
	uint64_t cpu_ms; /* user and system time so far */
	bool running;	 /* one of them is on a processor or wants to be */
	bool shadowed;	 /* one has the address space of a sanitizer, which frees memory late */
};

/** Of `pid` and its children. False if `pid` is gone. */
bool procfs_use(pid_t pid, struct procfs_use *out);
