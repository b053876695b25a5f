#include "protocols/dns/mutate.h"

#include "protocols/dns/fields.h"
#include "protocols/registry.h"

bool mdl_dns_is(const struct mdl_fields *f, uint32_t i, uint16_t row)
{
	return f->v[i].def == row && f->layers[f->v[i].layer].proto == &mdl_dns;
}

bool mdl_dns_draw(struct mdl_bench *b, struct mdl_op *op,
		  bool (*fits)(const struct mdl_fields *f, uint32_t i))
{
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	op->field = m == NULL ? MDL_NO_FIELD : mdl_pick_field(m, b->rng, fits);
	return op->field != MDL_NO_FIELD;
}

struct mdl_case_msg *mdl_dns_op_name(const struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_field(b, op, NULL);
	bool name = m != NULL && mdl_field_def(&m->index, op->field)->kind == MDL_NAME &&
		    m->index.layers[m->index.v[op->field].layer].proto == &mdl_dns;
	return name ? m : NULL;
}

mdl_err mdl_dns_apply_set(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_field(b, op, NULL);
	if (m == NULL || !mdl_field_is_uint(&m->index, op->field))
		return MDL_OK;
	m->changed = true;
	m->index.v[op->field].pinned = true;
	return mdl_field_set(&m->bytes, &m->index, op->field, op->v);
}

/* The message of `op` if its field is there and has its bytes for itself, as bits have not. */
static struct mdl_case_msg *op_whole(const struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_field(b, op, NULL);
	return m != NULL && mdl_field_def(&m->index, op->field)->kind == MDL_BITS ? NULL : m;
}

mdl_err mdl_dns_apply_splice(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = op_whole(b, op);
	if (m == NULL)
		return MDL_OK;
	m->changed = true;
	m->index.v[op->field].pinned = true;
	return mdl_field_splice(&m->bytes, &m->index, op->field, mdl_op_data(b->recipe, op));
}

mdl_err mdl_dns_apply_remove(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = op_whole(b, op);
	if (m == NULL)
		return MDL_OK;
	m->changed = true;
	return mdl_field_remove(&m->bytes, &m->index, op->field);
}

/* clang-format off */
#define STRATEGY(n, w, c, a, s) \
	{ .name = "dns-" n, .summary = s, .level = MDL_LEVEL_FIELD, .weight = w, .choose = mdl_dns_choose_##c, .apply = mdl_dns_apply_##a }
const struct mdl_strategy mdl_dns_strategies[DNS_STRATEGIES] = {
	STRATEGY("ttl",             4, ttl,             set,           "a TTL of 0, 1, 5, 10, a year, or around 2^31"),
	STRATEGY("type",            5, type,            set,           "another type for the same data: A as AAAA, MX as CNAME"),
	STRATEGY("owner",           6, owner,           splice,        "an owner name: empty, 63 and 64 letters, 253 and 254, *, @, emoji"),
	STRATEGY("zone",            6, zone,            splice,        "the same for the name in the question, or the zone of an update"),
	STRATEGY("address",         3, address,         splice,        "an IPv4 address: special, too short, too long, as text"),
	STRATEGY("address6",        3, address6,        splice,        "an IPv6 address: special, too short, too long, as text"),
	STRATEGY("data",            4, data,            splice,        "RDATA: empty, a root, 300 letters, null, -1, an open quote"),
	STRATEGY("priority",        3, priority,        set,           "a preference or priority of 0 or 65535"),
	STRATEGY("priority-none",   2, no_priority,     remove,        "a record without its preference or priority"),
	STRATEGY("priority-more",   2, more_priority,   more_priority, "a preference in front of RDATA that has none"),
	STRATEGY("server",          3, server,          splice,        "a name server: root, one label, inside its zone, invalid"),
	STRATEGY("server-none",     2, no_server,       remove,        "one NS record less"),
	STRATEGY("mailbox",         2, mailbox,         splice,        "the mailbox of a zone: @, no host, dots, 100 letters"),
	STRATEGY("soa-timers",      3, timers,          timers,        "timers of a zone: all 0, all most, 0 1 2 3"),
	STRATEGY("opcode",          5, opcode,          set,           "another opcode"),
	STRATEGY("rcode",           3, rcode,           set,           "another response code, also in a query"),
	STRATEGY("qtype",           6, qtype,           set,           "ask for ANY, AXFR, OPT, TSIG, 0 and other meta types"),
	STRATEGY("class",           4, class,           set,           "class ANY, NONE, CH, HS, 0, or one with the mDNS bit"),
	STRATEGY("qr",              3, qr,              set,           "a query that says it is an answer, or the other way round"),
	STRATEGY("tc",              3, tc,              set,           "say that the message was cut, or that it was not"),
	STRATEGY("flags",           3, flags,           flags,         "all sixteen header flags at once"),
	STRATEGY("counts",          6, counts,          set,           "a section count at a boundary, or one off"),
	STRATEGY("questions",       5, questions,       questions,     "no question, or up to 2000"),
	STRATEGY("pointer-self",    6, pointer_self,    pointer,       "a name that points to itself"),
	STRATEGY("pointer-forward", 5, pointer_forward, pointer,       "a name that points forward"),
	STRATEGY("pointer-header",  4, pointer_header,  pointer,       "a name that points into the header"),
	STRATEGY("pointer-past",    4, pointer_past,    pointer,       "a name that points past the end"),
	STRATEGY("pointer-loop",    5, pointer_loop,    pointer_loop,  "two names that point to each other"),
	STRATEGY("label-type",      4, label_type,      label,         "a label of the types 01 and 10, which are not in use"),
	STRATEGY("label-length",    5, label_length,    label,         "a label that says one byte more or less than it has"),
	STRATEGY("name-endless",    4, endless,         endless,       "a name without its end"),
	STRATEGY("decompress",      3, decompress,      decompress,    "a name written out"),
	STRATEGY("compress",        4, compress,        compress,      "a name that points to an earlier one, where it did not"),
	STRATEGY("case",            3, case,            case,          "letters of a name in the other case"),
	STRATEGY("opt",             5, opt,             opt,           "an OPT record, or one more"),
	STRATEGY("opt-misplaced",   4, opt_misplaced,   opt,           "an OPT record among the answers"),
	STRATEGY("opt-lies",        5, opt_lies,        opt,           "EDNS options whose lengths are not so"),
	STRATEGY("opt-many",        2, opt_many,        opt,           "up to 4096 EDNS options"),
	STRATEGY("edns-version",    3, version,         set,           "an EDNS version from 1 to 255"),
	STRATEGY("option",          5, option,          opt,           "one more EDNS option: known ones of any length, unknown ones"),
	STRATEGY("padding",         3, padding,         padding,       "EDNS padding to the sizes where buffers end"),
	STRATEGY("tsig",            4, tsig,            tsig,          "a TSIG record of garbage at the end"),
};
/* clang-format on */
