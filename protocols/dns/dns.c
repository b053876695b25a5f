/* The Domain Name System, RFC 1034 and 1035 and what came after: the table of the protocol. */
#include <stdlib.h>

#include "core/writer.h"
#include "protocols/dns/fields.h"
#include "protocols/dns/internal.h"
#include "protocols/dns/look.h"
#include "protocols/dns/mutate.h"
#include "protocols/dns/pointer.h"
#include "protocols/dns/tsig.h"
#include "protocols/dns/types.h"
#include "protocols/registry.h"

static const struct mdl_opt options[] = {
	{ .name = "tsig-key",
	  .kind = MDL_OPT_TEXT,
	  .at = offsetof(struct dns_options, tsig_key),
	  .arg = "ALGORITHM:NAME:BASE64",
	  .help = "sign again what was changed, with this key (RFC 8945)" },
};

static mdl_err open(struct mdl_ctx *x, struct mdl_why *why)
{
	const struct dns_options *o = x->options;
	struct dns_state *s = x->state;
	if (o->tsig_key == NULL || o->tsig_key[0] == 0)
		return MDL_OK;
	return mdl_dns_tsig_new(o->tsig_key, &s->tsig, why);
}

static void close(struct mdl_ctx *x)
{
	struct dns_state *s = x->state;
	mdl_dns_tsig_free(s->tsig);
	free(s->recent);
}

/*
 * RFC 1035, section 4.2.2. Text cannot be the header of a message, with thousands of records in each
 * section, but would make us wait for kilobytes that never come.
 */
static mdl_err frame(struct mdl_ctx *x, struct mdl_slice in, size_t *n)
{
	(void)x;
	if (in.n < DNS_PREFIX)
		return MDL_EMORE;
	*n = DNS_PREFIX + (size_t)mdl_get_be(in.p, DNS_PREFIX);
	if (*n <= in.n)
		return MDL_OK;
	bool header = in.n >= DNS_PREFIX + DNS_HEADER;
	return header && mdl_slice_printable(mdl_slice(in.p, DNS_PREFIX + DNS_HEADER))
		       ? MDL_EMALFORMED
		       : MDL_EMORE;
}

mdl_err mdl_dns_repair(struct mdl_ctx *x, struct mdl_buf *msg, struct mdl_fields *f, unsigned layer,
		       const struct mdl_repair *how)
{
	if ((how->what & MDL_REL_OFFSET) != 0)
		mdl_dns_settle_pointers(msg, f, layer);
	return (how->what & MDL_REL_SEAL) != 0 ? mdl_dns_tsig_sign(x, msg, f, layer) : MDL_OK;
}

/* Asks for the address of a random name under example., which is nobody's (RFC 2606, section 2). */
mdl_err mdl_dns_generate(struct mdl_ctx *x, struct mdl_rng *r, struct mdl_buf *out)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	struct mdl_writer w = mdl_writer(out);
	size_t hole = x->carrier == MDL_STREAM ? mdl_writer_hole(&w, DNS_PREFIX) : 0;
	uint8_t label[16];
	size_t n = 4 + (size_t)mdl_rng_below(r, sizeof(label) - 3);
	for (size_t i = 0; i < n; i++)
		label[i] = (uint8_t)letters[mdl_rng_below(r, sizeof(letters) - 1)];
	mdl_writer_be16(&w, (uint16_t)mdl_rng_u64(r));
	mdl_writer_be16(&w, DNS_F_RD);
	mdl_writer_be(&w, 0x0001000000000000, 8); /* one question, nothing else */
	mdl_writer_u8(&w, (uint8_t)n);
	mdl_writer_bytes(&w, mdl_slice(label, n));
	mdl_writer_bytes(&w, MDL_LIT("\x07"
				     "example"));
	mdl_writer_u8(&w, 0);
	mdl_writer_be16(&w, DNS_T_A);
	mdl_writer_be16(&w, DNS_C_IN);
	if (x->carrier == MDL_STREAM)
		mdl_writer_close(&w, hole, DNS_PREFIX);
	return w.err;
}

static const uint16_t ports[] = { 53, 5353, 5355, 0 };

const struct mdl_protocol mdl_dns = {
	.name = "dns",
	.summary = "Domain Name System: queries, updates, transfers",
	.carriers = MDL_DGRAM | MDL_STREAM,
	.ports = ports,
	.fields = mdl_dns_fields,
	.n_fields = DNS_FIELDS,
	.state_size = sizeof(struct dns_state),
	.options = { options, MDL_COUNT(options) },
	.options_size = sizeof(struct dns_options),
	.strategies = mdl_dns_strategies,
	.n_strategies = DNS_STRATEGIES,
	.open = open,
	.close = close,
	.guess = mdl_dns_guess,
	.frame = frame,
	.dissect = mdl_dns_dissect,
	.say = mdl_dns_say,
	.repair = mdl_dns_repair,
	.pair_key = mdl_dns_pair_key,
	.observe = mdl_dns_observe,
	.depth = mdl_dns_depth,
	.depths = mdl_dns_depths,
	.judge = mdl_dns_judge,
	.state_text = mdl_dns_state_text,
	.generate = mdl_dns_generate,
};
