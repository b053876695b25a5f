#include "proxy/stage_record.h"

struct record {
	struct stage stage;
	struct mdl_trace *into;
	size_t msgs_max, bytes_max;
	size_t bytes; /* of the trace */
	bool begun;
	mdl_time first; /* when the trace begins */
	uint64_t left_out;
};

static bool keep(struct record *r, const struct mdl_msg *m, mdl_time now)
{
	struct mdl_trace *t = r->into;
	if (t->n >= r->msgs_max || m->bytes.n > r->bytes_max - r->bytes)
		return false;
	struct mdl_msg *copy = mdl_msg_copy(m);
	if (copy == NULL || mdl_trace_insert(t, t->n, copy) != MDL_OK) {
		mdl_msg_free(copy);
		return false;
	}
	copy->at = now - r->first;
	r->bytes += m->bytes.n;
	return true;
}

static enum verdict on_msg(struct stage *s, struct mdl_msg *m, mdl_time now)
{
	struct record *r = (struct record *)s;
	if (!r->begun)
		r->first = now;
	r->begun = true;
	r->left_out += !keep(r, m, now);
	return STAGE_PASS;
}

const struct stage_ops stage_record = {
	.name = "record",
	.summary = "keeps a copy of each message",
	.size = sizeof(struct record),
	.on_msg = on_msg,
};

mdl_err stage_record_new(struct mdl_trace *into, size_t msgs_max, size_t bytes_max,
			 struct stage **out, struct mdl_why *why)
{
	mdl_err err = stage_make(&stage_record, out, why);
	if (err != MDL_OK)
		return err;
	struct record *r = (struct record *)*out;
	r->into = into;
	r->msgs_max = msgs_max;
	r->bytes = mdl_trace_bytes(into);
	r->bytes_max = bytes_max < r->bytes ? r->bytes : bytes_max;
	return MDL_OK;
}

uint64_t stage_record_left_out(const struct stage *s)
{
	return ((const struct record *)s)->left_out;
}
