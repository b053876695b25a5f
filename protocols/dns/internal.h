/** What the files of this protocol share: its state, and the functions that its table names. */
#pragma once

#include "protocols/protocol.h"

struct dns_tsig;

enum { DNS_RECENT = 32 };

/** A question asked lately, for answers that do not repeat it. */
struct dns_recent {
	uint64_t key;
	uint32_t who; /* id and opcode, plus one; 0: none */
};

/** What is remembered of a flow. */
struct dns_state {
	struct dns_recent *recent; /* owned, DNS_RECENT of them; NULL until a key is asked for */
	struct dns_tsig *tsig;	   /* owned; NULL without a key */
};

struct dns_options {
	const char *tsig_key; /* "hmac-sha256:name:base64"; NULL for none */
};

/** Adds the fields of a message without the length before it; nothing is remembered of it. */
mdl_err mdl_dns_read_body(struct mdl_ctx *x, struct mdl_slice body, struct mdl_fields *out);

/* clang-format off */
mdl_err  mdl_dns_dissect(struct mdl_ctx *x, struct mdl_slice msg, struct mdl_fields *out);
mdl_err  mdl_dns_say(struct mdl_ctx *x, struct mdl_slice msg, const struct mdl_fields *f, struct mdl_buf *out);
mdl_err  mdl_dns_repair(struct mdl_ctx *x, struct mdl_buf *msg, struct mdl_fields *f, unsigned layer,
		    const struct mdl_repair *how);
unsigned mdl_dns_guess(enum mdl_carrier on, struct mdl_slice first);
uint64_t mdl_dns_pair_key(struct mdl_ctx *x, struct mdl_slice msg);
uint32_t mdl_dns_observe(struct mdl_ctx *x, struct mdl_slice msg);
unsigned mdl_dns_depth(struct mdl_ctx *x, struct mdl_slice msg);
extern const char *const mdl_dns_depths[];
const char *mdl_dns_judge(struct mdl_ctx *x, struct mdl_slice request, struct mdl_slice answer);
mdl_err  mdl_dns_state_text(uint32_t code, struct mdl_buf *out);
mdl_err  mdl_dns_generate(struct mdl_ctx *x, struct mdl_rng *r, struct mdl_buf *out);
/* clang-format on */
