/**
 * What a campaign and its workers say to each other, over a socket pair: framed plain data between
 * processes of one binary, forked from one another, so that structs go as they are.
 */
#pragma once

#include "core/buf.h"

enum ipc_type {
	/* to a worker */
	IPC_ADD = 1,   /* text: the file of a corpus entry; entries are added in order */
	IPC_FACTS,     /* struct schedule_facts for each entry */
	IPC_CALIBRATE, /* nothing */
	IPC_MANNER,    /* struct manner */
	IPC_RUN,       /* struct ipc_run */
	IPC_TRIAGE,    /* struct ipc_triage, of worker.h */
	IPC_QUIT,      /* nothing */
	/* from a worker */
	IPC_FAILED,	/* text: why it cannot go on */
	IPC_CALIBRATED, /* struct calibration */
	IPC_RESULT,	/* struct case_result, as much as is filled */
	IPC_DONE,	/* nothing: the cases asked for are done */
	IPC_TRIAGED,	/* struct ipc_triaged */
	IPC_LOG		/* text: a line */
};

enum { IPC_MAX = 4 << 20 };

struct ipc_run {
	uint64_t from;
	uint32_t n;
};

/** Sends one message; blocks. False: the other side is gone. */
bool ipc_send(int fd, enum ipc_type type, const void *data, size_t n);
bool ipc_send_text(int fd, enum ipc_type type, const char *text);

/** What has come in and is not yet taken; begin with zeros and mdl_buf_init(IPC_MAX + room). */
struct ipc_in {
	struct mdl_buf buf;
	size_t taken;
};
void ipc_in_init(struct ipc_in *in);
void ipc_in_fini(struct ipc_in *in);
/** Reads what there is (at least something, if it has to wait for it). False: the other side is gone. */
bool ipc_read(int fd, struct ipc_in *in);
/** The next whole message, valid until the next call of either; false if there is none yet. */
bool ipc_next(struct ipc_in *in, enum ipc_type *type, struct mdl_slice *data);
/** Waits for the next message. False: the other side is gone. */
bool ipc_wait(int fd, struct ipc_in *in, enum ipc_type *type, struct mdl_slice *data);
