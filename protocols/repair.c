/* Relations that the field tables name, made right after edits. */
#include "core/writer.h"
#include "protocols/protocol.h"

const char *mdl_relation_text(enum mdl_relation one)
{
	switch (one) {
	case MDL_REL_LENGTH:
		return "length";
	case MDL_REL_COUNT:
		return "count";
	case MDL_REL_OFFSET:
		return "offset";
	case MDL_REL_SEAL:
		return "seal";
	case MDL_REL_NOW:
		return "now";
	case MDL_REL_NONCE:
		return "nonce";
	case MDL_REL_ALL:
		break;
	}
	return "all";
}

/* Units of the target's bytes, a begun one counted whole, less what the number leaves out. */
static uint64_t length_value(const struct mdl_fields *f, uint32_t i, uint32_t target)
{
	const struct mdl_field_def *d = mdl_field_def(f, i);
	uint32_t scale = d->scale == 0 ? 1 : d->scale;
	int64_t units = (int64_t)((f->v[target].len + scale - 1) / scale) - d->bias;
	return units < 0 ? 0 : (uint64_t)units;
}

static mdl_err repair_length(struct mdl_buf *msg, struct mdl_fields *f, uint32_t i)
{
	uint32_t target = mdl_field_target(f, i);
	uint64_t v = target == MDL_NO_FIELD ? 0 : length_value(f, i, target);
	return mdl_field_set(msg, f, i, v);
}

static mdl_err repair_count(struct mdl_buf *msg, struct mdl_fields *f, uint32_t i)
{
	uint32_t target = mdl_field_target(f, i);
	return mdl_field_set(msg, f, i, target == MDL_NO_FIELD ? 0 : mdl_field_children(f, target));
}

static mdl_err repair_offset(struct mdl_buf *msg, struct mdl_fields *f, uint32_t i)
{
	uint32_t base = f->layers[f->v[i].layer].base;
	if (f->v[i].ref == MDL_NO_REF || f->v[i].ref < base)
		return MDL_OK;
	return mdl_field_set(msg, f, i, f->v[i].ref - base);
}

static mdl_err repair_nonce(struct mdl_buf *msg, const struct mdl_fields *f, uint32_t i,
			    struct mdl_rng *rng)
{
	if (rng != NULL && (size_t)f->v[i].off + f->v[i].len <= msg->n)
		mdl_rng_bytes(rng, msg->p + f->v[i].off, f->v[i].len);
	return MDL_OK;
}

static mdl_err repair_field(struct mdl_buf *msg, struct mdl_fields *f, uint32_t i,
			    const struct mdl_repair *how)
{
	unsigned flags = f->v[i].pinned ? 0 : mdl_field_def(f, i)->flags;
	if ((flags & MDL_F_LENGTH) != 0 && (how->what & MDL_REL_LENGTH) != 0)
		return repair_length(msg, f, i);
	if ((flags & MDL_F_COUNT) != 0 && (how->what & MDL_REL_COUNT) != 0)
		return repair_count(msg, f, i);
	if ((flags & MDL_F_OFFSET) != 0 && (how->what & MDL_REL_OFFSET) != 0)
		return repair_offset(msg, f, i);
	if ((flags & MDL_F_NOW) != 0 && (how->what & MDL_REL_NOW) != 0)
		return mdl_field_set(msg, f, i, (uint64_t)how->now);
	if ((flags & MDL_F_NONCE) != 0 && (how->what & MDL_REL_NONCE) != 0)
		return repair_nonce(msg, f, i, how->rng);
	return MDL_OK;
}

/*
 * Last field first, so that a number written in decimal, which may change its own length, is right
 * before the lengths around it are. Offsets come after all lengths stand still.
 */
mdl_err mdl_repair(struct mdl_ctx *x, struct mdl_buf *msg, struct mdl_fields *f,
		   const struct mdl_repair *how)
{
	static const unsigned passes[] = { ~(unsigned)MDL_REL_OFFSET, MDL_REL_OFFSET };
	mdl_err err = MDL_OK;
	for (size_t pass = 0; pass < MDL_COUNT(passes); pass++) {
		struct mdl_repair now = *how;
		now.what &= passes[pass];
		for (uint32_t i = f->n; now.what != 0 && err == MDL_OK && i-- > 0;)
			err = repair_field(msg, f, i, &now);
	}
	for (unsigned layer = f->n_layers; err == MDL_OK && layer-- > 0;) {
		struct mdl_ctx *lx = f->layers[layer].x;
		if (lx == NULL || lx->proto->repair == NULL)
			continue;
		lx->dir = x->dir;
		err = lx->proto->repair(lx, msg, f, layer, how);
	}
	return err;
}
