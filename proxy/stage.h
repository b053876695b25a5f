/**
 * A stage is what may happen to a message on its way: delayed, changed, recorded, dropped. It knows
 * neither sockets nor clocks; time is handed in. The triple on_msg / due / run is all that a delay
 * line, a token bucket or a reorder buffer needs.
 */
#pragma once

#include "core/conf.h"
#include "core/msg.h"
#include "core/opt.h"
#include "core/rng.h"

struct flow;
struct stage;

enum verdict {
	STAGE_PASS, /* it stays the flow's and goes on to the next stage */
	STAGE_DROP, /* the flow frees it */
	STAGE_TAKE  /* the stage holds it, until it later calls flow_resume() or flow_drop() */
};

enum flow_event {
	FLOW_OPENED,	  /* before anything else happens */
	FLOW_HALF_CLOSED, /* one side will send no more */
	FLOW_RESET,	  /* one side broke off; flow_reason() says how */
	FLOW_DEGRADED,	  /* framing failed; messages are raw from now on */
	FLOW_CLOSED	  /* both ends are gone; the last */
};

struct stage_ops {
	const char *name;
	const char *summary;
	size_t size;		 /* of its struct, which begins with struct stage */
	struct mdl_opts options; /* fill its struct; texts are borrowed from the configuration */
				 /* clang-format off */
	/** Prepares it after its options are set; leaves nothing behind if it fails. NULL: nothing to do. */
	mdl_err      (*open)(struct stage *s, struct mdl_why *why);
	/** Required. `m` goes m->dir, which stays as it is. */
	enum verdict (*on_msg)(struct stage *s, struct mdl_msg *m, mdl_time now);
	void         (*on_event)(struct stage *s, enum flow_event ev, enum mdl_dir dir, mdl_time now); /* NULL: none */
	mdl_time     (*due)(const struct stage *s); /* NULL: never */
	void         (*run)(struct stage *s, mdl_time now); /* resumes what is due */
	/** Frees what it holds, messages too, with mdl_msg_free. NULL: nothing. */
	void         (*close)(struct stage *s);
				 /* clang-format on */
};

/** The first member of every stage. */
struct stage {
	const struct stage_ops *ops;
	struct flow *flow;  /* set when the flow takes it */
	struct mdl_rng rng; /* its own stream, forked from the flow's when the flow takes it */
	unsigned place;	    /* in the chain; the flow's */
};

/**
 * Makes a stage from `name` and a map of options (NULL, or an empty value: defaults). MDL_ENOTFOUND
 * with the nearest name, MDL_EINVAL, MDL_ENOMEM.
 */
MDL_MUST mdl_err stage_new(const char *name, const struct mdl_conf *options, struct stage **out,
			   struct mdl_why *why);
/** For stages made in code: `ops` and defaults; the caller then sets what it wants. */
MDL_MUST mdl_err stage_make(const struct stage_ops *ops, struct stage **out, struct mdl_why *why);
void stage_free(struct stage *s); /* for stages no flow has taken; NULL is fine */
/** All stages that have a name in configurations, NULL-terminated. */
const struct stage_ops *const *stage_list(void);
