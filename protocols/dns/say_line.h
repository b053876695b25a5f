/** A line about a message being written: its values and records as people read them. */
#pragma once

#include "core/buf.h"
#include "protocols/dns/fields.h"
#include "protocols/protocol.h"

struct dns_line {
	struct mdl_buf *out;
	mdl_err err; /* sticky */
	const struct mdl_fields *f;
	struct mdl_slice msg;
	unsigned layer;
	unsigned opcode;
	uint16_t flags;
};

void mdl_dns_put(struct dns_line *l, const char *fmt, ...) MDL_PRINTF(2, 3);

/** For functions that append and give an error. */
#define PUT(l, call)                       \
	do {                               \
		if ((l)->err == MDL_OK)    \
			(l)->err = (call); \
	} while (0)

/** The first field of row `def` of this layer in from .. end; MDL_NO_FIELD. */
uint32_t mdl_dns_find(const struct dns_line *l, uint16_t def, uint32_t from, uint32_t end);
/** The number in that field; 0 if there is none. */
uint64_t mdl_dns_number_in(const struct dns_line *l, uint16_t row, uint32_t from, uint32_t end);

/** A name with its dot at the end. */
void mdl_dns_put_name(struct dns_line *l, uint32_t i);
/** What stands below field `rdata`, up to `end`, each value after a blank. */
void mdl_dns_put_rdata(struct dns_line *l, uint32_t rdata, uint32_t end);
