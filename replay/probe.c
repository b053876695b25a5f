#include "replay/probe.h"

#include <stdlib.h>
#include <string.h>

#include "core/writer.h"

struct probe {
	struct mdl_ctx *x;
	struct mdl_buf bytes;
	size_t id_off, id_len; /* id_len 0: there is none */
	uint64_t key;	       /* of the last one given */
};

/* The first echoed field that is wide enough to tell probes apart. */
static void find_id(struct probe *p, const struct mdl_fields *f)
{
	for (uint32_t i = 0; i < f->n; i++) {
		unsigned flags = mdl_field_def(f, i)->flags;
		bool id = (flags & (MDL_F_ECHO | MDL_F_VOLATILE)) == (MDL_F_ECHO | MDL_F_VOLATILE);
		if (id && f->v[i].len >= 2) {
			p->id_off = f->v[i].off;
			p->id_len = f->v[i].len;
			return;
		}
	}
}

mdl_err probe_new(const struct mdl_protocol *proto, const struct mdl_strings *settings,
		  struct mdl_slice bytes, struct probe **out)
{
	struct mdl_fields f;
	struct probe *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return MDL_ENOMEM;
	mdl_buf_init(&p->bytes, MDL_MSG_MAX);
	mdl_fields_init(&f);
	mdl_err err = mdl_ctx_new(proto, MDL_DGRAM, settings, &p->x, NULL);
	if (err == MDL_OK)
		err = mdl_buf_add(&p->bytes, bytes);
	if (err == MDL_OK && mdl_dissect(p->x, bytes, &f) == MDL_OK)
		find_id(p, &f);
	mdl_fields_fini(&f);
	if (err == MDL_OK)
		*out = p;
	else
		probe_free(p);
	return err;
}

void probe_free(struct probe *p)
{
	if (p == NULL)
		return;
	mdl_ctx_free(p->x);
	mdl_buf_fini(&p->bytes);
	free(p);
}

static bool same_id(const struct probe *p, struct mdl_slice other)
{
	return other.n >= p->id_off + p->id_len &&
	       memcmp(other.p + p->id_off, p->bytes.p + p->id_off, p->id_len) == 0;
}

struct mdl_slice probe_bytes(struct probe *p, uint64_t n, struct mdl_slice before)
{
	if (p->id_len > 0) {
		mdl_put_be(p->bytes.p + p->id_off, n, p->id_len);
		if (same_id(p, before))
			mdl_put_be(p->bytes.p + p->id_off, ~n, p->id_len);
	}
	p->x->dir = MDL_C2S;
	p->key = mdl_pair_key(p->x, mdl_buf_slice(&p->bytes));
	return mdl_buf_slice(&p->bytes);
}

bool probe_answered(struct probe *p, struct mdl_slice answer)
{
	p->x->dir = MDL_S2C;
	return mdl_pair_key(p->x, answer) == p->key;
}
