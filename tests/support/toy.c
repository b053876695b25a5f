#include "support/toy.h"

static const struct mdl_field_def defs[] = {
	[TOTAL] = { .name = "total", .kind = MDL_UINT, .flags = MDL_F_LENGTH, .of = BODY },
	[BODY] = { .name = "body", .kind = MDL_SPAN },
	[COUNT_OF] = { .name = "count", .kind = MDL_UINT, .flags = MDL_F_COUNT, .of = ITEMS },
	[ITEMS] = { .name = "items", .kind = MDL_SPAN },
	[ITEM] = { .name = "item", .kind = MDL_SPAN, .flags = MDL_F_REPEAT },
	[ITEM_LEN] = { .name = "len", .kind = MDL_UINT, .flags = MDL_F_LENGTH, .of = ITEM_DATA },
	[ITEM_DATA] = { .name = "data", .kind = MDL_BYTES },
	[POINTER] = { .name = "pointer", .kind = MDL_UINT, .flags = MDL_F_OFFSET },
	[HIGH] = { .name = "high", .kind = MDL_BITS, .shift = 12, .bits = 4 },
	[LOW] = { .name = "low", .kind = MDL_BITS, .shift = 0, .bits = 12 },
};

static void read_items(struct mdl_cursor *c, unsigned count, struct mdl_fields *out)
{
	uint32_t items = mdl_field_open(out, ITEMS, mdl_cursor_off(c));
	for (unsigned i = 0; i < count && c->err == MDL_OK; i++) {
		uint32_t item = mdl_field_open(out, ITEM, mdl_cursor_off(c));
		size_t n = (size_t)mdl_field_be(out, ITEM_LEN, c, 1);
		mdl_field_take(out, ITEM_DATA, c, n);
		mdl_field_close(out, item, mdl_cursor_off(c));
	}
	mdl_field_close(out, items, mdl_cursor_off(c));
}

static mdl_err toy_dissect(struct mdl_ctx *x, struct mdl_slice msg, struct mdl_fields *out)
{
	(void)x;
	struct mdl_cursor c = mdl_cursor(msg);
	mdl_field_be(out, TOTAL, &c, 2);
	uint32_t body = mdl_field_open(out, BODY, mdl_cursor_off(&c));
	read_items(&c, (unsigned)mdl_field_be(out, COUNT_OF, &c, 1), out);
	size_t at = mdl_cursor_off(&c);
	uint16_t to = mdl_cursor_be16(&c);
	if (c.err == MDL_OK)
		mdl_field_add_ref(out, POINTER, at, 2, to);
	if (mdl_cursor_left(&c) >= 2) {
		mdl_field_add(out, HIGH, mdl_cursor_off(&c), 2);
		mdl_field_add(out, LOW, mdl_cursor_off(&c), 2);
		mdl_cursor_skip(&c, 2);
	}
	mdl_field_close(out, body, mdl_cursor_off(&c));
	return c.err;
}

const struct mdl_protocol toy = {
	.name = "toy",
	.carriers = MDL_DGRAM,
	.fields = defs,
	.n_fields = MDL_COUNT(defs),
	.dissect = toy_dissect,
};

const uint8_t toy_sample[13] = { 0, 11, 3, 1, 'a', 2, 'b', 'c', 0, 0, 8, 0x5a, 0xbc };
