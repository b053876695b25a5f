/** One message taken apart, for tests: from hex, looked at by path, edited, repaired. */
#pragma once

#include "protocols/protocol.h"

struct wire {
	struct mdl_ctx *x;
	struct mdl_buf msg;
	struct mdl_fields f;
	mdl_err err;	    /* of the last dissection */
	struct mdl_buf out; /* what was asked for as text */
};

/** `setting` is one word "dns.tsig-key=...", borrowed until close; NULL for none. */
void wire_open(struct wire *w, const struct mdl_protocol *p, enum mdl_carrier on,
	       const char *setting);
void wire_close(struct wire *w);

/** Takes apart a copy of exactly these bytes; `w->msg` holds another. */
void wire_read(struct wire *w, enum mdl_dir dir, struct mdl_slice bytes);
/** The same from hex; blanks between are passed over. */
void wire_hex(struct wire *w, enum mdl_dir dir, const char *hex);
/** Takes apart again what edits made of the message. */
void wire_again(struct wire *w);

/** The first field that matches; fails the test if there is none. */
uint32_t wire_find(struct wire *w, const char *pattern);
bool wire_has(struct wire *w, const char *pattern);
uint64_t wire_uint(struct wire *w, const char *pattern);
struct mdl_slice wire_bytes(struct wire *w, const char *pattern);
/** True if that was noted. */
bool wire_noted(const struct wire *w, const char *text);
/** What the protocol says of the message, with notes; good until the next call. */
const char *wire_say(struct wire *w);

/** Repairs all relations but clocks. */
void wire_repair(struct wire *w);
/** Fails unless the repair of an untouched message leaves every byte as it was. */
void wire_assert_repair_changes_nothing(struct wire *w);
/** Fails unless fields lie inside the message and inside the fields that hold them. */
void wire_assert_nested(const struct wire *w);
/** Fails unless the index is what a fresh dissection gives, which must find nothing odd. */
void wire_assert_index_true(struct wire *w);
