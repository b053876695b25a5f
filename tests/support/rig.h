/** A flow between two ends in memory, a toy protocol, a stage that a test holds in its hand. */
#pragma once

#include "proxy/end_mem.h"
#include "proxy/flow.h"

/** Messages with a length of four bytes before them; over TOY_MAX is not the toy's. */
extern const struct mdl_protocol rig_proto;
enum { TOY_HEAD = 4, TOY_MAX = 8 << 20 };

/** Appends the message `text`. */
void toy_put(struct mdl_buf *b, const char *text);

/** What the hand does with each message that comes. */
enum hand_mood { HAND_PASS, HAND_DROP, HAND_TAKE, HAND_CLOSE };

struct hand {
	struct stage stage;
	enum hand_mood mood[2];
	struct mdl_msg *held[64];
	size_t n_held, n_seen;
	unsigned last_flags; /* of the message seen last */
	mdl_time release;    /* run() resumes all that is held; 0: never */
	unsigned events[FLOW_CLOSED + 1];
	unsigned *closed; /* counts calls of close; may be NULL */
};

extern const struct stage_ops hand_ops;
struct hand *hand_new(void);
/** Resumes the first message held. */
void hand_resume(struct hand *h, mdl_time now);
/** Drops the first message held. */
void hand_drop(struct hand *h);

enum { RIG_STAGES_MAX = 4, RIG_LOG_MAX = 64 };

struct rig {
	struct flow_conf conf; /* preset by rig_init; to be changed before rig_open */
	struct end_mem *client, *server;
	struct stage *stages[RIG_STAGES_MAX];
	size_t n_stages;
	struct flow *flow; /* NULL when it has been freed */
	enum flow_event events[RIG_LOG_MAX];
	size_t n_events;
	char reason[128];	 /* at FLOW_CLOSED */
	struct flow_stats stats; /* at FLOW_CLOSED */
	/** Called for each event, in the middle of whatever causes it; may be NULL. */
	void (*hook)(struct rig *r, enum flow_event ev, mdl_time now);
};

/** False if there is no memory; only rig_close() may follow then. The flow is not made yet. */
bool rig_init(struct rig *r, enum mdl_carrier carrier);
struct hand *rig_hand(struct rig *r); /* one more stage in the chain */
/** Fails the test if there is no memory; rig_try() says so. */
void rig_open(struct rig *r, mdl_time now);
bool rig_try(struct rig *r, mdl_time now);
/** Closes the flow with a reset if it is there, and frees the ends and stages that it did not take. */
void rig_close(struct rig *r);

void rig_text(struct rig *r, enum mdl_dir dir, const char *text, mdl_time now);
/** The bytes of all messages that arrived at the end that `dir` goes to. */
void rig_got(const struct rig *r, enum mdl_dir dir, struct mdl_buf *out);
bool rig_got_is(const struct rig *r, enum mdl_dir dir, const char *text);
size_t rig_events(const struct rig *r, enum flow_event ev);
