/**
 * Mutation: a case is a seed trace plus a recipe. The recipe lists choices (strategy, message,
 * field, values) and nothing else, so that it rebuilds the bytes alone, can be minimised choice by
 * choice, and can be said in words.
 */
#pragma once

#include "protocols/protocol.h"

/** A trace whose messages have been taken apart once, to be mutated many times. */
struct mdl_seed {
	const struct mdl_trace *trace; /* borrowed */
	struct mdl_fields *index;      /* one for each message */
};

/** Takes `t` apart with `x`, which must outlive the seed; NULL if out of memory. */
struct mdl_seed *mdl_seed_new(struct mdl_ctx *x, const struct mdl_trace *t);
void mdl_seed_free(struct mdl_seed *s); /* NULL is fine */

/** Field values seen in captures, to be put into other messages. */
struct mdl_dict;
struct mdl_dict *mdl_dict_new(void);	/* NULL if out of memory */
void mdl_dict_free(struct mdl_dict *d); /* NULL is fine */
/** Remembers the values of all messages of the seed; what it has already is not kept twice. */
MDL_MUST mdl_err mdl_dict_harvest(struct mdl_dict *d, const struct mdl_seed *s);
/** Remembers one token for byte-level use. */
MDL_MUST mdl_err mdl_dict_add(struct mdl_dict *d, struct mdl_slice token);
size_t mdl_dict_count(const struct mdl_dict *d);
/** One value seen in fields of that row; the empty slice if there was none. */
struct mdl_slice mdl_dict_field(const struct mdl_dict *d, const struct mdl_field_def *def,
				struct mdl_rng *r);
/** One value of any field, or token; the empty slice if there is none. */
struct mdl_slice mdl_dict_any(const struct mdl_dict *d, struct mdl_rng *r);

struct mdl_kinds;

/** What other traces offer; read only, the same for every worker. */
struct mdl_stock {
	const struct mdl_seed *const *seeds; /* of the same protocol and carrier as the case */
	size_t n_seeds;
	const struct mdl_dict *dict;   /* NULL: none */
	const struct mdl_kinds *kinds; /* of requests; NULL: none */
};

enum { MDL_CASE_MSGS_MAX = 64, MDL_CASE_MSG_MAX = 1 << 20, MDL_OPS_MAX = 32 };

/** One message of a case being made. */
struct mdl_case_msg {
	struct mdl_buf bytes;
	struct mdl_fields index;
	enum mdl_dir dir;
	mdl_time at;
	unsigned flags; /* enum mdl_msg_flag, of the seed's message */
	bool changed;
};

/** The working copy of a trace; made once, loaded for every case, so that nothing is allocated. */
struct mdl_case {
	struct mdl_ctx *x; /* borrowed */
	enum mdl_dir side; /* whose messages are mutated: the side we play */
	struct mdl_case_msg *v[MDL_CASE_MSGS_MAX]; /* the first n are the case; the rest is room */
	size_t n;
};

struct mdl_case *mdl_case_new(struct mdl_ctx *x, enum mdl_dir side); /* NULL if out of memory */
void mdl_case_free(struct mdl_case *c);				     /* NULL is fine */
/** Makes the case equal to the seed (its first MDL_CASE_MSGS_MAX messages). */
MDL_MUST mdl_err mdl_case_load(struct mdl_case *c, const struct mdl_seed *s);
/** Puts a message, taken apart anew, at place `at`. MDL_ELIMIT if the case is full. */
MDL_MUST mdl_err mdl_case_insert(struct mdl_case *c, size_t at, enum mdl_dir dir, mdl_time when,
				 struct mdl_slice bytes);
void mdl_case_remove(struct mdl_case *c, size_t at);
/**
 * Replaces `len` bytes at `off` of a message. The index follows; relation fields whose own bytes are
 * overwritten are pinned, for this is what was wanted. MDL_EINVAL if they lie outside; MDL_ELIMIT.
 */
MDL_MUST mdl_err mdl_case_edit(struct mdl_case_msg *m, size_t off, size_t len,
			       struct mdl_slice with);
/** The case as a trace with the header of `like`; NULL if out of memory. */
struct mdl_trace *mdl_case_trace(const struct mdl_case *c, const struct mdl_trace *like);

/** One choice. What `a`, `b`, `v` and the data mean is the strategy's affair. */
struct mdl_op {
	const struct mdl_strategy *strategy;
	uint32_t msg;	/* place in the case as it is when its turn comes */
	uint32_t field; /* index in that message; MDL_NO_FIELD */
	uint32_t a, b;
	uint64_t v;
	uint32_t data_off, data_len; /* in the recipe's data */
};

struct mdl_recipe {
	struct mdl_op op[MDL_OPS_MAX];
	unsigned n;
	unsigned repair;     /* enum mdl_relation: what is made right at the end */
	struct mdl_buf data; /* bytes that the choices brought with them */
};

void mdl_recipe_init(struct mdl_recipe *r);
void mdl_recipe_fini(struct mdl_recipe *r);
void mdl_recipe_clear(struct mdl_recipe *r); /* no choices, everything repaired */
MDL_MUST mdl_err mdl_recipe_copy(struct mdl_recipe *to, const struct mdl_recipe *from);
static inline struct mdl_slice mdl_op_data(const struct mdl_recipe *r, const struct mdl_op *op)
{
	return mdl_slice_sub(mdl_buf_slice(&r->data), op->data_off, op->data_len);
}

/** What a strategy works on. */
struct mdl_bench {
	struct mdl_case *c;
	struct mdl_recipe *recipe;     /* where data of choices lies */
	const struct mdl_stock *stock; /* while choosing; NULL while applying */
	struct mdl_rng *rng;	       /* while choosing; NULL while applying */
};

enum mdl_strategy_level {
	MDL_LEVEL_BYTES, /* blind to structure */
	MDL_LEVEL_FIELD, /* through the field table */
	MDL_LEVEL_TRACE, /* the order of messages */
};
const char *mdl_strategy_level_name(enum mdl_strategy_level l);

struct mdl_strategy {
	const char *name;    /* "length-lie"; unique among all strategies */
	const char *summary; /* one line for `meddle list strategies` */
	enum mdl_strategy_level level;
	unsigned weight; /* how often it is tried, beside the others */
	/**
	 * Fills `op` (whose strategy and msg are set; for MDL_LEVEL_TRACE it may choose another msg).
	 * False if there is nothing here it could act on. Must not change the case.
	 */
	bool (*choose)(struct mdl_bench *b, struct mdl_op *op);
	/**
	 * Does what `op` says. The recipe may come from a minimiser or a hand: places that are not
	 * there any more are no error, the choice then does nothing. Only MDL_ENOMEM ends the case.
	 */
	mdl_err (*apply)(struct mdl_bench *b, const struct mdl_op *op);
};

/** Keeps bytes with the recipe for `op`; for choose(). False if there is no room. */
bool mdl_op_keep(struct mdl_bench *b, struct mdl_op *op, struct mdl_slice bytes);
/** The message of `op`; NULL if it is not there. */
struct mdl_case_msg *mdl_op_msg(const struct mdl_bench *b, const struct mdl_op *op);
/** The same if the field is there too and, where `def` is not NULL, is of that row. */
struct mdl_case_msg *mdl_op_field(const struct mdl_bench *b, const struct mdl_op *op,
				  const struct mdl_field_def *def);
/**
 * One field of the message, each that `fits` with equal chance; MDL_NO_FIELD if none does. `fits`
 * NULL: any.
 */
uint32_t mdl_pick_field(const struct mdl_case_msg *m, struct mdl_rng *r,
			bool (*fits)(const struct mdl_fields *f, uint32_t i));

/** The general strategies, by level; each list ends with a NULL name. */
extern const struct mdl_strategy mdl_strategies_bytes[];
extern const struct mdl_strategy mdl_strategies_fields[];
extern const struct mdl_strategy mdl_strategies_trace[];
/** By name among the general ones and those of all protocols; NULL if there is none. */
const struct mdl_strategy *mdl_strategy_find(const char *name);

/** Chooses strategies for a protocol by weight. */
struct mdl_mutator;
/**
 * `filter` says which strategies take part: names, levels ("bytes", "field", "trace") and protocol
 * names, with commas between; a "-" before one takes it out. NULL or "": all. MDL_EINVAL with the
 * nearest name.
 */
MDL_MUST mdl_err mdl_mutator_new(const struct mdl_protocol *p, const char *filter,
				 struct mdl_mutator **out, struct mdl_why *why);
void mdl_mutator_free(struct mdl_mutator *m); /* NULL is fine */

/**
 * Makes a case: loads nothing, changes `c` as the choices drawn from `rng` say, writes them into
 * `out`. A recipe without choices means nothing could be done.
 */
MDL_MUST mdl_err mdl_mutate(const struct mdl_mutator *m, struct mdl_case *c,
			    const struct mdl_stock *stock, struct mdl_rng *rng,
			    struct mdl_recipe *out);
/** Does again what the recipe says to `c`, which holds the same seed. */
MDL_MUST mdl_err mdl_recipe_play(struct mdl_recipe *r, struct mdl_case *c);
/** Makes right what `how` names in all changed messages. */
MDL_MUST mdl_err mdl_case_repair(struct mdl_case *c, const struct mdl_repair *how);

/**
 * A line a choice and one for the repair: `length-lie msg=0 field=9 v=65535`. Read back by
 * mdl_recipe_read. With `c` (holding the seed; it is changed) each line is followed by a comment
 * that says in words what it did.
 */
MDL_MUST mdl_err mdl_recipe_write(struct mdl_recipe *r, struct mdl_case *c, struct mdl_buf *out);
/** MDL_EMALFORMED: "name:line: what was expected". */
MDL_MUST mdl_err mdl_recipe_read(struct mdl_slice text, const char *name, struct mdl_recipe *out,
				 struct mdl_why *why);
