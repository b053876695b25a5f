#include "support/toy_stream.h"

enum { DATA };

static const struct mdl_field_def fields[] = {
	[DATA] = { .name = "data", .kind = MDL_BYTES },
};

static const uint16_t ports[] = { 7777, 0 };

static mdl_err frame(struct mdl_ctx *x, struct mdl_slice in, size_t *n)
{
	uint8_t first = x->dir == MDL_C2S ? 'Q' : 'A';
	if (in.n == 0)
		return MDL_EMORE;
	if (in.p[0] != first || (in.n > 1 && (in.p[1] < '0' || in.p[1] > '9')))
		return MDL_EMALFORMED;
	if (in.n < 2 || in.n - 2 < (size_t)(in.p[1] - '0'))
		return MDL_EMORE;
	*n = 2 + (size_t)(in.p[1] - '0');
	return MDL_OK;
}

static mdl_err dissect(struct mdl_ctx *x, struct mdl_slice msg, struct mdl_fields *out)
{
	(void)x;
	mdl_field_add(out, DATA, 0, msg.n);
	return MDL_OK;
}

static unsigned guess(enum mdl_carrier on, struct mdl_slice first)
{
	(void)on;
	return first.n >= 2 && (first.p[0] == 'Q' || first.p[0] == 'A') && first.p[1] >= '0' &&
			       first.p[1] <= '9'
		       ? 90
		       : 0;
}

const struct mdl_protocol toy_stream = {
	.name = "toy",
	.carriers = MDL_STREAM | MDL_DGRAM,
	.ports = ports,
	.fields = fields,
	.n_fields = MDL_COUNT(fields),
	.frame = frame,
	.guess = guess,
	.dissect = dissect,
};

const struct mdl_protocol toy_stream_blind = {
	.name = "blind",
	.carriers = MDL_STREAM | MDL_DGRAM,
	.ports = ports,
	.fields = fields,
	.n_fields = MDL_COUNT(fields),
	.frame = frame,
	.dissect = dissect,
};
