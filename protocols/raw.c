/* The null protocol: one field, no opinions. What a flow becomes when its own cannot frame it. */
#include "protocols/registry.h"

enum { DATA };

/* clang-format off */
static const struct mdl_field_def fields[] = {
	[DATA] = { .name = "data", .kind = MDL_BYTES },
};
/* clang-format on */

static mdl_err dissect(struct mdl_ctx *x, struct mdl_slice msg, struct mdl_fields *out)
{
	(void)x;
	mdl_field_add(out, DATA, 0, msg.n);
	return MDL_OK;
}

const struct mdl_protocol mdl_raw = {
	.name = "raw",
	.summary = "bytes without meaning",
	.carriers = MDL_DGRAM | MDL_STREAM | MDL_PACKET,
	.fields = fields,
	.n_fields = MDL_COUNT(fields),
	.dissect = dissect,
};
