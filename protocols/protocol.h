/**
 * What a protocol is to everybody else: one constant table. Proxy, replay, shadow and lab read the
 * same one. What a table of fields can say (length of, checksum over, echoes the peer) is not said
 * again in code; the functions say only the rest.
 */
#pragma once

#include "core/msg.h"
#include "core/opt.h"
#include "core/rng.h"
#include "protocols/field.h"

struct mdl_strategy;

/** What a table's functions may know: one per direction-less conversation, made by mdl_ctx_new. */
struct mdl_ctx {
	const struct mdl_protocol *proto;
	enum mdl_carrier carrier;
	enum mdl_dir dir; /* of the message at hand; the caller sets it before each call */
	void *state;	  /* proto->state_size bytes, zeroed at first; NULL if 0 */
	void *options;	  /* what proto->options filled; NULL if it has none */
	const struct mdl_strings *settings; /* borrowed: "dns.tsig-key=..." words, for inner ones */
	struct mdl_ctx *inner;		    /* contexts of payload protocols met so far */
	struct mdl_ctx *next;		    /* in the outer one's list */
};

/** What to make right after an edit; the rest is left as it is, and so becomes a lie. */
enum mdl_relation {
	MDL_REL_LENGTH = 1, /* lengths say what follows them */
	MDL_REL_COUNT = 2,  /* counts say how many follow */
	MDL_REL_OFFSET = 4, /* offsets point to what they pointed to */
	MDL_REL_SEAL = 8,   /* checksums, digests, MACs, signatures hold */
	MDL_REL_NOW = 16,   /* clocks say now */
	MDL_REL_NONCE = 32, /* nonces are new */
	MDL_REL_ALL = 63
};
const char *mdl_relation_text(enum mdl_relation one);

struct mdl_repair {
	unsigned what;	     /* enum mdl_relation, or-ed */
	int64_t now;	     /* seconds since 1970, for clocks */
	struct mdl_rng *rng; /* for nonces; NULL leaves them */
};

struct mdl_protocol {
	const char *name;      /* lower case, shorter than MDL_PROTO_NAME */
	const char *summary;   /* one line for `meddle list protocols` */
	unsigned carriers;     /* enum mdl_carrier, or-ed */
	const uint16_t *ports; /* zero-terminated, or NULL */
	const struct mdl_field_def *fields;
	size_t n_fields;
	size_t state_size;
	struct mdl_opts options; /* rows fill options_size bytes, zeroed first */
	size_t options_size;
	const struct mdl_strategy *strategies; /* its own mutations beside the general ones */
	size_t n_strategies;

	/* clang-format off */
	/** Prepares `state` from `options`. NULL: nothing to prepare. */
	mdl_err  (*open)(struct mdl_ctx *x, struct mdl_why *why);
	/** Undoes open. NULL: nothing to undo. */
	void     (*close)(struct mdl_ctx *x);
	/** How sure it is that `first` (the first bytes one side sent) is this: 0 no, 100 certain. NULL: 0. */
	unsigned (*guess)(enum mdl_carrier on, struct mdl_slice first);
	/**
	 * Length of the first message of `in` on a stream. MDL_EMORE: not whole yet; MDL_EMALFORMED:
	 * not this protocol. NULL: the protocol has no streams.
	 */
	mdl_err  (*frame)(struct mdl_ctx *x, struct mdl_slice in, size_t *n);
	/**
	 * Adds the fields of `msg` to `out`, in the order of their bytes, without allocating. On
	 * MDL_EMALFORMED what was understood so far is there. Required.
	 */
	mdl_err  (*dissect)(struct mdl_ctx *x, struct mdl_slice msg, struct mdl_fields *out);
	/** One line for people: who asks what, what came back. NULL: the first fields. */
	mdl_err  (*say)(struct mdl_ctx *x, struct mdl_slice msg, const struct mdl_fields *f, struct mdl_buf *out);
	/** Makes right what the field table cannot say, for the layer `layer` of `f`. NULL: nothing. */
	mdl_err  (*repair)(struct mdl_ctx *x, struct mdl_buf *msg, struct mdl_fields *f, unsigned layer,
			   const struct mdl_repair *how);
	/** Equal for a request and its answer; 0: pair by order. NULL: 0. */
	uint64_t (*pair_key)(struct mdl_ctx *x, struct mdl_slice msg);
	/** What the peer's message says of its state, as a small code; 0: nothing. NULL: 0. */
	uint32_t (*observe)(struct mdl_ctx *x, struct mdl_slice msg);
	/**
	 * How deep into the peer its message shows that we got: an index into `depths`. NULL: 0, with the
	 * one layer "answered".
	 */
	unsigned (*depth)(struct mdl_ctx *x, struct mdl_slice msg);
	const char *const *depths; /* names of the layers, shallow to deep, NULL-terminated */
	/**
	 * What is wrong with `answer` as an answer to `request` (empty: nobody asked): a constant text, or
	 * NULL. Says only what the protocol forbids, whatever the peer's data. NULL: never anything.
	 */
	const char *(*judge)(struct mdl_ctx *x, struct mdl_slice request, struct mdl_slice answer);
	/** The code of `observe` in words. NULL: the number. */
	mdl_err  (*state_text)(uint32_t code, struct mdl_buf *out);
	/** A valid request made from chance alone; also the probe that asks whether a peer lives. NULL: none. */
	mdl_err  (*generate)(struct mdl_ctx *x, struct mdl_rng *r, struct mdl_buf *out);
	/* clang-format on */
};

/** The row of field `i`. Inline, since mutation asks for it more often than for anything else. */
static inline const struct mdl_field_def *mdl_field_def(const struct mdl_fields *f, uint32_t i)
{
	return &f->layers[f->v[i].layer].proto->fields[f->v[i].def];
}

/**
 * A context for one flow. `settings` are words "PROTOCOL.OPTION=VALUE", borrowed, NULL for none;
 * those of other protocols are passed over. MDL_EINVAL with the reason, MDL_ENOMEM.
 */
MDL_MUST mdl_err mdl_ctx_new(const struct mdl_protocol *p, enum mdl_carrier carrier,
			     const struct mdl_strings *settings, struct mdl_ctx **out,
			     struct mdl_why *why);
void mdl_ctx_free(struct mdl_ctx *x); /* NULL is fine */

/** Takes `msg` apart: empties `out` and fills it. MDL_EMALFORMED: only in part; MDL_ELIMIT, MDL_ENOMEM. */
mdl_err mdl_dissect(struct mdl_ctx *x, struct mdl_slice msg, struct mdl_fields *out);

/**
 * Makes right what `how` names, for all layers, inside out, from the index: lengths and counts say
 * what the index says, even where the bytes said otherwise before.
 */
MDL_MUST mdl_err mdl_repair(struct mdl_ctx *x, struct mdl_buf *msg, struct mdl_fields *f,
			    const struct mdl_repair *how);

/* The optional members with their defaults. */
mdl_err mdl_frame(struct mdl_ctx *x, struct mdl_slice in, size_t *n);
uint64_t mdl_pair_key(struct mdl_ctx *x, struct mdl_slice msg);
uint32_t mdl_observe(struct mdl_ctx *x, struct mdl_slice msg);
unsigned mdl_depth(struct mdl_ctx *x, struct mdl_slice msg);
/** Names of the layers that mdl_depth speaks of; NULL-terminated. */
const char *const *mdl_depths(const struct mdl_protocol *p);
const char *mdl_judge(struct mdl_ctx *x, struct mdl_slice request, struct mdl_slice answer);
MDL_MUST mdl_err mdl_state_text(const struct mdl_protocol *p, uint32_t code, struct mdl_buf *out);
