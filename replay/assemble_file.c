/* All traces of a file at once, and what to say of it. */
#include <inttypes.h>
#include <stdlib.h>

#include "replay/assemble.h"

void trace_list_fini(struct trace_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		mdl_trace_free(l->v[i]);
	free(l->v);
	*l = (struct trace_list){ 0 };
}

/* Traces come as flows end; their numbers say how flows began. */
struct numbered {
	uint64_t number;
	struct mdl_trace *trace;
};

struct collection {
	struct numbered *v;
	size_t n, cap;
};

static mdl_err collect(void *ctx, struct assemble_flow *f, struct mdl_trace *t)
{
	struct collection *c = ctx;
	if (c->n == c->cap) {
		size_t cap = c->cap == 0 ? 16 : c->cap * 2;
		struct numbered *v = reallocarray(c->v, cap, sizeof(*v));
		if (v == NULL) {
			mdl_trace_free(t);
			return MDL_ENOMEM;
		}
		c->v = v;
		c->cap = cap;
	}
	c->v[c->n++] = (struct numbered){ f->number, t };
	return MDL_OK;
}

static int by_number(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;
	return (x->number > y->number) - (x->number < y->number);
}

/* Hands the traces over in order; MDL_ENOMEM leaves none. */
static mdl_err hand_over(struct collection *c, struct trace_list *out)
{
	mdl_err err = MDL_OK;
	*out = (struct trace_list){ 0 };
	if (c->n > 0) {
		qsort(c->v, c->n, sizeof(*c->v), by_number);
		out->v = calloc(c->n, sizeof(struct mdl_trace *));
		out->cap = c->n;
		err = out->v == NULL ? MDL_ENOMEM : MDL_OK;
	}
	for (size_t i = 0; i < c->n; i++) {
		if (err == MDL_OK)
			out->v[out->n++] = c->v[i].trace;
		else
			mdl_trace_free(c->v[i].trace);
	}
	free(c->v);
	return err;
}

static mdl_err failed(struct mdl_why *why, const char *path, mdl_err err)
{
	return mdl_fail(why, err, "%s: %s", path, mdl_err_text(err));
}

/* Reads to the end, or to where it fails; what was read is finished in both cases. */
static mdl_err read_all(struct capture *c, struct assemble *a, const char *path,
			struct mdl_why *why)
{
	struct capture_packet p;
	mdl_err read = MDL_OK, err = MDL_OK;
	while (err == MDL_OK && (read = capture_next(c, &p, why)) == MDL_OK)
		err = assemble_packet(a, p.at, p.ip);
	if (err == MDL_OK)
		err = assemble_finish(a);
	if (err != MDL_OK)
		return failed(why, path, err);
	return read == MDL_ECLOSED ? MDL_OK : read;
}

mdl_err assemble_file(const char *path, const struct assemble_conf *conf, struct trace_list *out,
		      struct assemble_stats *stats, struct capture_stats *capture,
		      struct mdl_why *why)
{
	struct collection found = { 0 };
	struct assemble_conf with = *conf;
	struct capture *c;
	*out = (struct trace_list){ 0 };
	with.on_trace = collect;
	with.ctx = &found;
	if (with.source == NULL)
		with.source = path;
	mdl_err err = capture_open(path, &c, why);
	if (err != MDL_OK)
		return err;
	struct assemble *a = assemble_new(&with);
	err = a == NULL ? failed(why, path, MDL_ENOMEM) : read_all(c, a, path, why);
	if (stats != NULL && a != NULL)
		*stats = assemble_stats(a);
	if (capture != NULL)
		*capture = *capture_stats(c);
	assemble_free(a);
	capture_close(c);
	mdl_err handed = hand_over(&found, out);
	return handed == MDL_OK || err != MDL_OK ? err : failed(why, path, handed);
}

/* Counters that are said only if they are not 0. */
mdl_err assemble_say(const struct assemble_stats *s, struct mdl_buf *out)
{
	const struct {
		uint64_t n;
		const char *text;
	} parts[] = {
		{ s->malformed, "malformed packets" },
		{ s->other, "packets neither UDP nor TCP" },
		{ s->raw, "messages not framed" },
		{ s->cut, "messages cut" },
		{ s->quiet, "flows without a message" },
		{ s->evicted, "flows ended for want of room" },
		{ s->late, "segments after the end of their connection" },
		{ s->fragments.reassembled, "packets joined from fragments" },
		{ s->fragments.incomplete, "packets with fragments missing" },
		{ s->fragments.bad, "bad fragments" },
		{ s->fragments.differ, "fragments that contradict others" },
		{ s->stream.retransmits, "retransmissions" },
		{ s->stream.out_of_order, "segments out of order" },
		{ s->stream.differ, "segments that contradict others" },
		{ s->stream.strays, "segments outside of any window" },
		{ s->stream.gaps, "gaps in streams" },
		{ s->stream.lost, "bytes lost in them" },
	};
	mdl_err err = mdl_buf_printf(out, "%" PRIu64 " messages in %" PRIu64 " flows", s->messages,
				     s->flows);
	for (size_t i = 0; err == MDL_OK && i < MDL_COUNT(parts); i++)
		if (parts[i].n > 0)
			err = mdl_buf_printf(out, ", %" PRIu64 " %s", parts[i].n, parts[i].text);
	return err;
}
