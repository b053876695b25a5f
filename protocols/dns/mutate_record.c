/* Strategies that bring questions, EDNS and TSIG. */
#include "core/writer.h"
#include "protocols/dns/fields.h"
#include "protocols/dns/internal.h"
#include "protocols/dns/look.h"
#include "protocols/dns/mutate.h"
#include "protocols/dns/types.h"
#include "protocols/registry.h"

enum { BYTES_MAX = 65507, COPIES_MAX = 4096 };

static uint32_t find(const struct mdl_fields *f, uint16_t row)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (mdl_dns_is(f, i, row))
			return i;
	return MDL_NO_FIELD;
}

/* ---- questions ---- */

static bool is_question(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_Q);
}

bool mdl_dns_choose_questions(struct mdl_bench *b, struct mdl_op *op)
{
	static const uint16_t copies[] = { 0, 1, 2, 15, 255, 256, 2000 };
	op->v = copies[mdl_rng_below(b->rng, MDL_COUNT(copies))];
	return mdl_dns_draw(b, op, is_question);
}

/* op->v copies more of the question, or none at all if that is 0. */
mdl_err mdl_dns_apply_questions(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_field(b, op, &mdl_dns_fields[DNS_Q]);
	if (m == NULL)
		return MDL_OK;
	uint32_t parent = m->index.v[op->field].parent;
	if (parent == MDL_NO_FIELD)
		return MDL_OK;
	m->changed = true;
	if (op->v == 0)
		return mdl_field_splice(&m->bytes, &m->index, parent, MDL_LIT(""));
	uint32_t len = m->index.v[op->field].len, most = len == 0 ? 0 : BYTES_MAX / len;
	struct mdl_buf before;
	mdl_buf_init(&before, MDL_CASE_MSG_MAX);
	mdl_err err = mdl_buf_add(&before, mdl_buf_slice(&m->bytes));
	if (err == MDL_OK)
		err = mdl_field_graft(&m->bytes, &m->index, parent, op->field, &m->index,
				      mdl_buf_slice(&before), op->field,
				      op->v < most ? (uint32_t)op->v : most);
	mdl_buf_fini(&before);
	return err;
}

/* ---- records ---- */

/* A message of one record in its additional section, taken apart into `f`. */
static mdl_err dissect_record(struct mdl_case_msg *m, unsigned layer, struct mdl_slice record,
			      struct mdl_buf *bytes, struct mdl_fields *f)
{
	static const uint8_t header[DNS_HEADER] = { [11] = 1 };
	struct mdl_ctx *x = m->index.layers[layer].x;
	mdl_err err = mdl_buf_add(bytes, mdl_slice(header, sizeof(header)));
	if (err == MDL_OK)
		err = mdl_buf_add(bytes, record);
	if (err != MDL_OK)
		return err;
	mdl_fields_clear(f);
	f->n_layers = 1;
	f->layers[0] = (struct mdl_layer){ &mdl_dns, x, 0 };
	err = mdl_dns_read_body(x, mdl_buf_slice(bytes), f);
	return f->err != MDL_OK ? f->err : err;
}

/*
 * Puts a record into the section, at its end or its beginning (TSIG has to stay the last), and gives
 * its index in `*at` (if not NULL). What is no record does nothing: MDL_NO_FIELD.
 */
static mdl_err add_record(struct mdl_case_msg *m, uint16_t section, struct mdl_slice record,
			  bool last, uint32_t *at)
{
	struct mdl_buf bytes;
	struct mdl_fields f;
	bool section_row = section >= DNS_ANSWER && section <= DNS_ADDITIONAL;
	uint32_t to = section_row ? find(&m->index, section) : MDL_NO_FIELD, place = MDL_NO_FIELD;
	if (at != NULL)
		*at = MDL_NO_FIELD;
	if (to == MDL_NO_FIELD)
		return MDL_OK;
	mdl_buf_init(&bytes, MDL_CASE_MSG_MAX);
	mdl_fields_init(&f);
	mdl_err err = dissect_record(m, m->index.v[to].layer, record, &bytes, &f);
	uint32_t rr = err == MDL_OK ? find(&f, DNS_RR) : MDL_NO_FIELD;
	if (rr != MDL_NO_FIELD) {
		place = last ? mdl_field_end(&m->index, to) : to + 1;
		err = mdl_field_graft(&m->bytes, &m->index, to, place, &f, mdl_buf_slice(&bytes),
				      rr, 1);
		m->changed = true;
	}
	if (at != NULL && err == MDL_OK)
		*at = place;
	mdl_fields_fini(&f);
	mdl_buf_fini(&bytes);
	return err == MDL_EMALFORMED ? MDL_OK : err;
}

/* ---- EDNS, RFC 6891 ---- */

static bool is_opt_rdata(const struct mdl_fields *f, uint32_t i)
{
	return i >= 2 && mdl_dns_is(f, i, DNS_RDATA) && mdl_dns_is(f, i - 2, DNS_EDNS_Z);
}

/* More bytes at the end of the RDATA in field `i`. */
static mdl_err append(struct mdl_case_msg *m, uint32_t i, struct mdl_slice options)
{
	struct mdl_buf with;
	mdl_buf_init(&with, MDL_CASE_MSG_MAX);
	mdl_err err = mdl_buf_add(&with, mdl_field_bytes(&m->index, mdl_buf_slice(&m->bytes), i));
	if (err == MDL_OK)
		err = mdl_buf_add(&with, options);
	m->changed = true;
	if (err == MDL_OK)
		err = mdl_field_splice(&m->bytes, &m->index, i, mdl_buf_slice(&with));
	mdl_buf_fini(&with);
	return err;
}

/* A whole OPT record: size in the upper half of `v`, what other records have as TTL in the lower. */
static mdl_err add_opt(struct mdl_case_msg *m, uint16_t section, uint64_t v,
		       struct mdl_slice options)
{
	struct mdl_buf record;
	mdl_buf_init(&record, MDL_CASE_MSG_MAX);
	struct mdl_writer w = mdl_writer(&record);
	mdl_writer_u8(&w, 0);
	mdl_writer_be16(&w, DNS_T_OPT);
	mdl_writer_be16(&w, (uint16_t)(v >> 32));
	mdl_writer_be32(&w, (uint32_t)v);
	mdl_writer_be16(&w, (uint16_t)options.n);
	mdl_writer_bytes(&w, options);
	mdl_err err = w.err;
	if (err == MDL_OK)
		err = add_record(m, section, mdl_buf_slice(&record), false, NULL);
	mdl_buf_fini(&record);
	return err;
}

/* Into the OPT record whose RDATA is `field`, or in one of their own. */
static mdl_err put_options(struct mdl_case_msg *m, const struct mdl_op *op,
			   struct mdl_slice options)
{
	if (options.n > UINT16_MAX)
		return MDL_OK;
	if (op->field < m->index.n)
		return is_opt_rdata(&m->index, op->field) ? append(m, op->field, options) : MDL_OK;
	return add_opt(m, (uint16_t)op->a, op->v, options);
}

/*
 * The kept options op->b times; into the section op->a with the head op->v where there is no field.
 */
mdl_err mdl_dns_apply_opt(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	struct mdl_buf options;
	if (m == NULL)
		return MDL_OK;
	mdl_buf_init(&options, UINT16_MAX);
	mdl_err err = MDL_OK;
	for (uint32_t i = 0; err == MDL_OK && i < op->b && i < COPIES_MAX; i++)
		err = mdl_buf_add(&options, mdl_op_data(b->recipe, op));
	if (err == MDL_OK)
		err = put_options(m, op, mdl_buf_slice(&options));
	mdl_buf_fini(&options);
	return err;
}

/* clang-format off */
static const struct mdl_slice known_options[] = {
	DNS_BYTES("\0\3\0\0"),                                /* NSID */
	DNS_BYTES("\0\12\0\10abcdefgh"),                      /* COOKIE of a client */
	DNS_BYTES("\0\12\0\20abcdefgh\1\0\0\0\0\0\0\0"),      /* with one of a server */
	DNS_BYTES("\0\12\0\7abcdefg"),                        /* shorter than there are */
	DNS_BYTES("\0\12\0\51abcdefgh01234567890123456789012345678901x"), /* longer */
	DNS_BYTES("\0\10\0\7\0\1\30\0\300\0\2"),              /* ECS 192.0.2.0/24 */
	DNS_BYTES("\0\10\0\10\0\1\41\0\300\0\2\1"),           /* /33 */
	DNS_BYTES("\0\10\0\4\0\1\40\0"),                      /* /32 without its address */
	DNS_BYTES("\0\10\0\5\0\7\10\0\12"),                   /* of no family */
	DNS_BYTES("\0\10\0\6\0\2\201\201\0\0"),               /* /129 for IPv6 */
	DNS_BYTES("\0\11\0\0"),                               /* EXPIRE */
	DNS_BYTES("\0\13\0\0"),                               /* KEEPALIVE */
	DNS_BYTES("\0\13\0\2\377\377"),
	DNS_BYTES("\0\15\0\2\300\14"),                        /* CHAIN with a pointer */
	DNS_BYTES("\0\16\0\3abc"),                            /* KEY-TAG of an odd length */
	DNS_BYTES("\0\17\0\2\377\377"),                       /* EDE */
	DNS_BYTES("\0\5\0\1\10"),                             /* DAU */
	DNS_BYTES("\0\1\0\22\0\1\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), /* LLQ */
	DNS_BYTES("\0\2\0\4\377\377\377\377"),                /* UL */
	DNS_BYTES("\0\0\0\0"),                                /* reserved */
	DNS_BYTES("\377\377\0\1x"),
};

static const struct mdl_slice lying_options[] = {
	DNS_BYTES("\0\12\0\40abcdefgh"),  DNS_BYTES("\0\3\377\377"),   DNS_BYTES("\0\14\0\1"),
	DNS_BYTES("\0\10\0\10\0\1\30\0"), DNS_BYTES("\0\12\0"),        DNS_BYTES("\0"),
	DNS_BYTES("\0\3\0\4abcd\0"),      DNS_BYTES("\0\14\200\0ab"),  DNS_BYTES("\0\12\0\4abcdefgh"),
};

static const struct mdl_slice small_options[] = {
	DNS_BYTES("\0\3\0\0"), DNS_BYTES("\0\12\0\10abcdefgh"), DNS_BYTES("\0\14\0\0"), DNS_BYTES("\377\376\0\0"),
};
/* clang-format on */

static bool keep_one(struct mdl_bench *b, struct mdl_op *op, const struct mdl_slice *v, size_t n)
{
	op->b = 1;
	return mdl_op_keep(b, op, v[mdl_rng_below(b->rng, n)]);
}

/* A record of its own in that section: size and flags into op->v. */
static bool draw_new(struct mdl_bench *b, struct mdl_op *op, uint16_t section)
{
	static const uint16_t sizes[] = { 0, 1, 511, 512, 1232, 4096, 65535 };
	static const uint32_t heads[] = { 0,	  0x8000,     0x010000,	 0xff0000,
					  0x7fff, 0xff000000, 0xffffffff };
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	op->field = MDL_NO_FIELD;
	op->a = section;
	op->v = (uint64_t)sizes[mdl_rng_below(b->rng, MDL_COUNT(sizes))] << 32 |
		heads[mdl_rng_below(b->rng, MDL_COUNT(heads))];
	return m != NULL && find(&m->index, section) != MDL_NO_FIELD;
}

/* Into the OPT record that is there, else a new one. */
static bool draw_place(struct mdl_bench *b, struct mdl_op *op)
{
	return mdl_dns_draw(b, op, is_opt_rdata) || draw_new(b, op, DNS_ADDITIONAL);
}

bool mdl_dns_choose_opt(struct mdl_bench *b, struct mdl_op *op)
{
	return draw_new(b, op, DNS_ADDITIONAL) &&
	       keep_one(b, op, known_options, MDL_COUNT(known_options));
}

bool mdl_dns_choose_opt_misplaced(struct mdl_bench *b, struct mdl_op *op)
{
	return draw_new(b, op, mdl_rng_chance(b->rng, 1, 2) ? DNS_ANSWER : DNS_AUTHORITY) &&
	       keep_one(b, op, known_options, MDL_COUNT(known_options));
}

bool mdl_dns_choose_opt_lies(struct mdl_bench *b, struct mdl_op *op)
{
	return draw_place(b, op) && keep_one(b, op, lying_options, MDL_COUNT(lying_options));
}

bool mdl_dns_choose_opt_many(struct mdl_bench *b, struct mdl_op *op)
{
	static const uint32_t copies[] = { 2, 16, 255, 256, 1024, 4096 };
	if (!draw_place(b, op) || !keep_one(b, op, small_options, MDL_COUNT(small_options)))
		return false;
	op->b = copies[mdl_rng_below(b->rng, MDL_COUNT(copies))];
	return true;
}

bool mdl_dns_choose_option(struct mdl_bench *b, struct mdl_op *op)
{
	return mdl_dns_draw(b, op, is_opt_rdata) &&
	       keep_one(b, op, known_options, MDL_COUNT(known_options));
}

static bool is_version(const struct mdl_fields *f, uint32_t i)
{
	return mdl_dns_is(f, i, DNS_EDNS_VERSION);
}

bool mdl_dns_choose_version(struct mdl_bench *b, struct mdl_op *op)
{
	op->v = mdl_rng_chance(b->rng, 1, 2) ? 1 : mdl_rng_range(b->rng, 2, UINT8_MAX);
	return mdl_dns_draw(b, op, is_version);
}

bool mdl_dns_choose_padding(struct mdl_bench *b, struct mdl_op *op)
{
	static const uint32_t sizes[] = { 0, 1, 127, 128, 468, 512, 1232, 4096, 16384, 65000 };
	op->b = sizes[mdl_rng_below(b->rng, MDL_COUNT(sizes))];
	return draw_place(b, op);
}

/* op->b zeros, RFC 7830. */
mdl_err mdl_dns_apply_padding(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	struct mdl_buf option;
	if (m == NULL || op->b > UINT16_MAX)
		return MDL_OK;
	mdl_buf_init(&option, 2 * UINT16_MAX);
	struct mdl_writer w = mdl_writer(&option);
	mdl_writer_be16(&w, DNS_E_PADDING);
	mdl_writer_be16(&w, (uint16_t)op->b);
	mdl_writer_fill(&w, 0, op->b);
	mdl_err err = w.err == MDL_OK ? put_options(m, op, mdl_buf_slice(&option)) : w.err;
	mdl_buf_fini(&option);
	return err;
}

/* ---- TSIG, RFC 8945 ---- */

static void write_tsig(struct mdl_writer *w, struct mdl_rng *r)
{
	/* clang-format off */
	static const struct mdl_slice names[] = {
		DNS_BYTES("\1k\0"), DNS_BYTES("\0"), DNS_BYTES("\300\14"), DNS_BYTES("\3key\7example\0")
	};
	static const struct mdl_slice algorithms[] = {
		DNS_BYTES("\13hmac-sha256\0"), DNS_BYTES("\10hmac-md5\7sig-alg\3reg\3int\0"),
		DNS_BYTES("\10gss-tsig\0"), DNS_BYTES("\0"), DNS_BYTES("\7unknown\0"), DNS_BYTES("\300\14")
	};
	/* clang-format on */
	static const uint16_t sizes[] = { 0, 1, 16, 32, 64, 255 };
	static const uint16_t errors[] = { 0, 16, 17, 18, 22, UINT16_MAX };
	uint8_t mac[255];
	uint16_t n = sizes[mdl_rng_below(r, MDL_COUNT(sizes))];
	mdl_rng_bytes(r, mac, n);
	mdl_writer_bytes(w, names[mdl_rng_below(r, MDL_COUNT(names))]);
	mdl_writer_be16(w, DNS_T_TSIG);
	mdl_writer_be16(w, mdl_rng_chance(r, 7, 8) ? DNS_C_ANY : DNS_C_IN);
	mdl_writer_be32(w, mdl_rng_chance(r, 7, 8) ? 0 : 300);
	size_t hole = mdl_writer_hole(w, 2);
	mdl_writer_bytes(w, algorithms[mdl_rng_below(r, MDL_COUNT(algorithms))]);
	mdl_writer_be(w, mdl_rng_u64(r), 6);
	mdl_writer_be16(w, 300);
	mdl_writer_be16(w, mdl_rng_chance(r, 3, 4) ? n : (uint16_t)(n + 1));
	mdl_writer_bytes(w, mdl_slice(mac, n));
	mdl_writer_be16(w, (uint16_t)mdl_rng_u64(r));
	mdl_writer_be16(w, errors[mdl_rng_below(r, MDL_COUNT(errors))]);
	mdl_writer_be16(w, mdl_rng_chance(r, 3, 4) ? 0 : UINT16_MAX);
	mdl_writer_close(w, hole, 2);
}

bool mdl_dns_choose_tsig(struct mdl_bench *b, struct mdl_op *op)
{
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	if (m == NULL || find(&m->index, DNS_ADDITIONAL) == MDL_NO_FIELD)
		return false;
	struct mdl_buf record;
	mdl_buf_init(&record, UINT16_MAX);
	struct mdl_writer w = mdl_writer(&record);
	write_tsig(&w, b->rng);
	bool kept = w.err == MDL_OK && mdl_op_keep(b, op, mdl_buf_slice(&record));
	mdl_buf_fini(&record);
	op->field = MDL_NO_FIELD;
	return kept;
}

/* The kept record, last of all; nobody shall sign it. */
mdl_err mdl_dns_apply_tsig(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	uint32_t at;
	if (m == NULL)
		return MDL_OK;
	mdl_err err = add_record(m, DNS_ADDITIONAL, mdl_op_data(b->recipe, op), true, &at);
	uint32_t end = err == MDL_OK && at != MDL_NO_FIELD ? mdl_field_end(&m->index, at) : 0;
	for (uint32_t i = at; i < end; i++)
		if (mdl_dns_is(&m->index, i, DNS_MAC) || mdl_dns_is(&m->index, i, DNS_TIME_SIGNED))
			m->index.v[i].pinned = true;
	return err;
}
