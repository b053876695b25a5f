#include "protocols/dns/pointer.h"

#include "core/writer.h"
#include "protocols/dns/fields.h"
#include "protocols/dns/look.h"
#include "protocols/name.h"
#include "protocols/protocol.h"

/* The name that holds the byte at `off`; MDL_NO_FIELD if none does. Fields are in the order of bytes. */
static uint32_t name_at(const struct mdl_fields *f, uint32_t off, unsigned layer)
{
	uint32_t lo = 0, hi = f->n;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (f->v[mid].off <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	/* the last field that begins there or before: the name, its pointer, or something else */
	for (uint32_t i = lo; i > 0 && lo - i < 2; i--) {
		const struct mdl_field *d = &f->v[i - 1];
		if (d->layer == layer && mdl_field_def(f, i - 1)->kind == MDL_NAME)
			return off - d->off < d->len ? i - 1 : MDL_NO_FIELD;
	}
	return MDL_NO_FIELD;
}

/* Where the label begins that holds the byte at `off` of the name at `at`. */
static uint32_t label_at(struct mdl_slice msg, uint32_t at, uint32_t off)
{
	while (at < msg.n && msg.p[at] <= MDL_LABEL_MAX && at + msg.p[at] + 1U <= off)
		at += msg.p[at] + 1U;
	return at;
}

/* True if the name that ends in pointer `i` reads well. */
static bool reads_well(const struct mdl_fields *f, struct mdl_slice msg, uint32_t base, uint32_t i)
{
	struct mdl_name_place place;
	uint32_t name = f->v[i].parent;
	return name != MDL_NO_FIELD && mdl_name_scan(mdl_slice_sub(msg, base, SIZE_MAX),
						     f->v[name].off - base, &place, NULL) == MDL_OK;
}

void mdl_dns_settle_pointers(struct mdl_buf *msg, struct mdl_fields *f, unsigned layer)
{
	struct mdl_slice all = mdl_buf_slice(msg);
	uint32_t base = f->layers[layer].base;
	for (uint32_t i = 0; i < f->n; i++) {
		struct mdl_field *d = &f->v[i];
		if (d->def != DNS_POINTER || d->layer != layer || d->ref == MDL_NO_REF ||
		    d->pinned || d->len != 2 || (size_t)d->off + 2 > all.n ||
		    reads_well(f, all, base, i))
			continue;
		uint32_t name = name_at(f, d->ref, layer);
		if (name == MDL_NO_FIELD)
			continue;
		d->ref = label_at(all, f->v[name].off, d->ref);
		mdl_put_be(msg->p + d->off, 0xc000U | ((d->ref - base) & 0x3fffU), 2);
	}
}
