#include "protocols/dns/rdata.h"

#include "protocols/dns/fields.h"
#include "protocols/dns/look.h"
#include "protocols/dns/types.h"
#include "protocols/name.h"

/* ---- what there is to say of a shape ---- */

enum op {
	END,
	NUMBER, /* `n` bytes, kept in register `reg` */
	FLAGS,	/* `n` bytes of bits, the last of which are kept in register `reg` */
	FIXED,	/* `n` bytes */
	SIZED,	/* as many bytes as register `reg` says */
	REST,	/* all that is left */
	DOMAIN, /* a name */
	STRING, /* a length byte and text, in a span */
	BLOB,	/* a length byte and bytes, in a span */
	SPAN,	/* a span with the steps of `sub` */
	CASE,	/* a span of register 0 bytes, whose steps register 1 picks from `of` */
	PICK	/* the steps that register 1 picks from `of`, without a span */
};

enum often {
	ONCE,
	MAYBE, /* this and what follows may be missing */
	EACH,  /* until nothing is left, perhaps not at all */
	SOME   /* the same, but at least once */
};

struct formats;

struct step {
	enum op op;
	enum often often;
	uint16_t row;
	uint8_t n, reg;
	const struct step *sub;
	const struct formats *of;
};

struct formats {
	const struct step *const *v;
	size_t n;
	const char *misfit; /* the note if contents do not fit */
};

/* clang-format off */
#define STEPS(...)       (const struct step[]){ __VA_ARGS__, { .op = END } }
#define NUM(r, bytes)    { .op = NUMBER, .row = r, .n = bytes }
#define U8(r)            NUM(r, 1)
#define U16(r)           NUM(r, 2)
#define U32(r)           NUM(r, 4)
#define U48(r)           NUM(r, 6)
#define U8_IN(r, g)      { .op = NUMBER, .row = r, .n = 1, .reg = g }
#define U16_IN(r, g)     { .op = NUMBER, .row = r, .n = 2, .reg = g }
#define NUMS(r, bytes, o) { .op = NUMBER, .row = r, .n = bytes, .often = o }
#define BITS(r, bytes)   { .op = FLAGS, .row = r, .n = bytes }
#define BITS_IN(r, bytes, g) { .op = FLAGS, .row = r, .n = bytes, .reg = g }
#define TAKE(r, bytes)   { .op = FIXED, .row = r, .n = bytes }
#define TAKES(r, bytes, o) { .op = FIXED, .row = r, .n = bytes, .often = o }
#define SIZE(r)          { .op = SIZED, .row = r }
#define SIZE_OF(r, g)    { .op = SIZED, .row = r, .reg = g }
#define ALL(r)           { .op = REST, .row = r }
#define SOME_OF(r)       { .op = REST, .row = r, .often = MAYBE }
#define NAME(r)          { .op = DOMAIN, .row = r }
#define NAMES(r)         { .op = DOMAIN, .row = r, .often = EACH }
#define TEXT(r)          { .op = STRING, .row = r }
#define TEXTS(r, o)      { .op = STRING, .row = r, .often = o }
#define HASH(r)          { .op = BLOB, .row = r }
#define GROUP(r, o, s)   { .op = SPAN, .row = r, .often = o, .sub = s }
#define SWITCH(r, f)     { .op = CASE, .row = r, .of = f }
#define INLINE(f)        { .op = PICK, .of = f }
#define FORMATS(a, note) { .v = a, .n = MDL_COUNT(a), .misfit = note }

/* ---- EDNS options ---- */

static const struct step *const option_steps[] = {
	[DNS_E_LLQ]    = STEPS(U16(DNS_LLQ_VERSION), U16(DNS_LLQ_OPCODE), U16(DNS_LLQ_ERROR),
			       TAKE(DNS_LLQ_ID, 8), U32(DNS_LEASE)),             /* RFC 8764, section 3.2 */
	[DNS_E_UL]     = STEPS(U32(DNS_LEASE), NUMS(DNS_KEY_LEASE, 4, MAYBE)),   /* RFC 9664 */
	[DNS_E_NSID]   = STEPS(ALL(DNS_NSID)),                                   /* RFC 5001 */
	[DNS_E_DAU]    = STEPS(NUMS(DNS_UNDERSTOOD, 1, EACH)),                   /* RFC 6975 */
	[DNS_E_DHU]    = STEPS(NUMS(DNS_UNDERSTOOD, 1, EACH)),
	[DNS_E_N3U]    = STEPS(NUMS(DNS_UNDERSTOOD, 1, EACH)),
	[DNS_E_ECS]    = STEPS(U16(DNS_ECS_FAMILY), U8(DNS_ECS_SOURCE), U8(DNS_ECS_SCOPE),
			       ALL(DNS_ECS_ADDRESS)),                            /* RFC 7871, section 6 */
	[DNS_E_EXPIRE] = STEPS(NUMS(DNS_EXPIRE_TIMER, 4, MAYBE)),                /* RFC 7314 */
	[DNS_E_COOKIE] = STEPS(TAKE(DNS_CLIENT_COOKIE, 8), SOME_OF(DNS_SERVER_COOKIE)), /* RFC 7873 */
	[DNS_E_KEEPALIVE] = STEPS(NUMS(DNS_IDLE_TIMEOUT, 2, MAYBE)),             /* RFC 7828 */
	[DNS_E_PADDING] = STEPS(ALL(DNS_PADDING)),                               /* RFC 7830 */
	[DNS_E_CHAIN]  = STEPS(NAME(DNS_CLOSEST)),                               /* RFC 7901 */
	[DNS_E_KEY_TAG] = STEPS(NUMS(DNS_TRUST_TAG, 2, EACH)),                   /* RFC 8145 */
	[DNS_E_EDE]    = STEPS(U16(DNS_EDE_CODE), ALL(DNS_EDE_TEXT)),            /* RFC 8914 */
	[DNS_E_CLIENT_TAG] = STEPS(U16(DNS_OPERATOR_TAG)),
	[DNS_E_SERVER_TAG] = STEPS(U16(DNS_OPERATOR_TAG)),
	[DNS_E_REPORT] = STEPS(NAME(DNS_AGENT)),                                 /* RFC 9567 */
	[DNS_E_ZONEVERSION] = STEPS({ .op = NUMBER, .row = DNS_ZV_LABELS, .n = 1, .often = MAYBE },
				    U8(DNS_ZV_TYPE), ALL(DNS_ZV_VERSION)),       /* RFC 9660 */
};
static const struct formats options = FORMATS(option_steps, "an EDNS option does not fit its code");

/* ---- SVCB parameters, RFC 9460 section 7 ---- */

static const struct step *const svc_steps[] = {
	[0] = STEPS(NUMS(DNS_SVC_MANDATORY, 2, SOME)),
	[1] = STEPS(TEXTS(DNS_SVC_ALPN, SOME)),
	[2] = STEPS({ .op = END }),
	[3] = STEPS(U16(DNS_PORT)),
	[4] = STEPS(TAKES(DNS_SVC_HINT4, 4, SOME)),
	[5] = STEPS(ALL(DNS_SVC_ECH)),
	[6] = STEPS(TAKES(DNS_SVC_HINT6, 16, SOME)),
	[7] = STEPS(ALL(DNS_SVC_PATH)),
};
static const struct formats svc_params = FORMATS(svc_steps, "an SVCB parameter does not fit its key");

/* ---- DSO TLVs, RFC 8490 section 7 ---- */

static const struct step *const tlv_steps[] = {
	[1] = STEPS(U32(DNS_DSO_INACTIVITY), U32(DNS_DSO_INTERVAL)),
	[2] = STEPS(U32(DNS_DSO_DELAY)),
	[3] = STEPS(ALL(DNS_PADDING)),
};
static const struct formats tlvs = FORMATS(tlv_steps, "a DSO TLV does not fit its type");
static const struct step dso[] = {
	GROUP(DNS_TLV, EACH, STEPS(U16_IN(DNS_TLV_TYPE, 1), U16(DNS_TLV_LENGTH), SWITCH(DNS_TLV_DATA, &tlvs))),
	{ .op = END }
};

/* ---- gateways of IPSECKEY (RFC 4025, section 2.5) and relays of AMTRELAY (RFC 8777, section 4.2) ---- */

static const struct step *const gateway_steps[] = {
	STEPS({ .op = END }), STEPS(TAKE(DNS_GATEWAY4, 4)), STEPS(TAKE(DNS_GATEWAY6, 16)),
	STEPS(NAME(DNS_GATEWAY_NAME))
};
static const struct formats gateways = FORMATS(gateway_steps, NULL);
static const struct step *const relay_steps[] = {
	STEPS({ .op = END }), STEPS(TAKE(DNS_RELAY4, 4)), STEPS(TAKE(DNS_RELAY6, 16)),
	STEPS(NAME(DNS_RELAY_NAME))
};
static const struct formats relays = FORMATS(relay_steps, NULL);

/* ---- RDATA ---- */

/* RFC 4034, section 4.1.2 */
#define BITMAP GROUP(DNS_TYPES, ONCE, STEPS(GROUP(DNS_WINDOW, EACH, STEPS(U8(DNS_WINDOW_NUMBER), \
	U8(DNS_WINDOW_LENGTH), SIZE(DNS_WINDOW_BITS)))))
#define STRINGS   STEPS(TEXTS(DNS_STRING, SOME))
#define KEY_SHAPE STEPS(BITS(DNS_DNSKEY_FLAGS, 2), U8(DNS_KEY_PROTOCOL), U8(DNS_ALGORITHM), ALL(DNS_PUBLIC_KEY))
#define DS_SHAPE  STEPS(U16(DNS_KEY_TAG), U8(DNS_ALGORITHM), U8(DNS_DIGEST_TYPE), ALL(DNS_DIGEST))
#define SIG_SHAPE STEPS(U16(DNS_COVERED), U8(DNS_ALGORITHM), U8(DNS_LABELS), U32(DNS_ORIGINAL_TTL), \
	U32(DNS_EXPIRATION), U32(DNS_INCEPTION), U16(DNS_KEY_TAG), NAME(DNS_SIGNER), ALL(DNS_SIGNATURE))
#define TLSA_SHAPE STEPS(U8(DNS_TLSA_USAGE), U8(DNS_TLSA_SELECTOR), U8(DNS_TLSA_MATCHING), ALL(DNS_ASSOCIATION))
#define SVCB_SHAPE STEPS(U16(DNS_PRIORITY), NAME(DNS_TARGET), GROUP(DNS_SVC_PARAM, EACH, \
	STEPS(U16_IN(DNS_SVC_KEY, 1), U16(DNS_SVC_LENGTH), SWITCH(DNS_SVC_VALUE, &svc_params))))

static const struct step chaos_a[] = { NAME(DNS_CH_DOMAIN), U16(DNS_CH_ADDRESS), { .op = END } };

static const struct step *const type_steps[] = {
	[DNS_T_A]      = STEPS(TAKE(DNS_ADDRESS4, 4)),                           /* RFC 1035, section 3 */
	[DNS_T_NS]     = STEPS(NAME(DNS_NSDNAME)),
	[DNS_T_MD]     = STEPS(NAME(DNS_MADNAME)),
	[DNS_T_MF]     = STEPS(NAME(DNS_MADNAME)),
	[DNS_T_CNAME]  = STEPS(NAME(DNS_CNAME)),
	[DNS_T_SOA]    = STEPS(NAME(DNS_MNAME), NAME(DNS_RNAME), U32(DNS_SERIAL), U32(DNS_REFRESH),
			       U32(DNS_RETRY), U32(DNS_EXPIRE), U32(DNS_MINIMUM)),
	[DNS_T_MB]     = STEPS(NAME(DNS_MADNAME)),
	[DNS_T_MG]     = STEPS(NAME(DNS_MGMNAME)),
	[DNS_T_MR]     = STEPS(NAME(DNS_NEWNAME)),
	[DNS_T_NULL]   = STEPS(ALL(DNS_DATA)),
	[DNS_T_WKS]    = STEPS(TAKE(DNS_ADDRESS4, 4), U8(DNS_WKS_PROTOCOL), ALL(DNS_WKS_PORTS)),
	[DNS_T_PTR]    = STEPS(NAME(DNS_PTRDNAME)),
	[DNS_T_HINFO]  = STEPS(TEXT(DNS_CPU), TEXT(DNS_OS)),
	[DNS_T_MINFO]  = STEPS(NAME(DNS_RMAILBX), NAME(DNS_EMAILBX)),
	[DNS_T_MX]     = STEPS(U16(DNS_PREFERENCE), NAME(DNS_EXCHANGE)),
	[DNS_T_TXT]    = STRINGS,
	[DNS_T_RP]     = STEPS(NAME(DNS_MBOX), NAME(DNS_TXTDNAME)),              /* RFC 1183 */
	[DNS_T_AFSDB]  = STEPS(U16(DNS_SUBTYPE), NAME(DNS_HOSTNAME)),
	[DNS_T_X25]    = STEPS(TEXT(DNS_PSDN)),
	[DNS_T_ISDN]   = STEPS(TEXT(DNS_ISDN), TEXTS(DNS_SUBADDRESS, MAYBE)),
	[DNS_T_RT]     = STEPS(U16(DNS_PREFERENCE), NAME(DNS_INTERMEDIATE)),
	[DNS_T_NSAP]   = STEPS(ALL(DNS_NSAP)),                                   /* RFC 1706 */
	[DNS_T_NSAP_PTR] = STEPS(NAME(DNS_PTRDNAME)),
	[DNS_T_SIG]    = SIG_SHAPE,                                              /* RFC 2535 */
	[DNS_T_KEY]    = STEPS(BITS(DNS_KEY_FLAGS, 2), U8(DNS_KEY_PROTOCOL), U8(DNS_ALGORITHM), ALL(DNS_PUBLIC_KEY)),
	[DNS_T_PX]     = STEPS(U16(DNS_PREFERENCE), NAME(DNS_MAP822), NAME(DNS_MAPX400)), /* RFC 2163 */
	[DNS_T_GPOS]   = STEPS(TEXT(DNS_GPOS_LONGITUDE), TEXT(DNS_GPOS_LATITUDE), TEXT(DNS_GPOS_ALTITUDE)),
	[DNS_T_AAAA]   = STEPS(TAKE(DNS_ADDRESS6, 16)),                          /* RFC 3596 */
	[DNS_T_LOC]    = STEPS(U8(DNS_LOC_VERSION), U8(DNS_LOC_SIZE), U8(DNS_LOC_HORIZ), U8(DNS_LOC_VERT),
			       U32(DNS_LOC_LATITUDE), U32(DNS_LOC_LONGITUDE), U32(DNS_LOC_ALTITUDE)), /* RFC 1876 */
	[DNS_T_NXT]    = STEPS(NAME(DNS_NEXT), ALL(DNS_NXT_TYPES)),              /* RFC 2535 */
	[DNS_T_SRV]    = STEPS(U16(DNS_PRIORITY), U16(DNS_WEIGHT), U16(DNS_PORT), NAME(DNS_TARGET)), /* RFC 2782 */
	[DNS_T_NAPTR]  = STEPS(U16(DNS_ORDER), U16(DNS_PREFERENCE), TEXT(DNS_NAPTR_FLAGS), TEXT(DNS_SERVICES),
			       TEXT(DNS_REGEXP), NAME(DNS_REPLACEMENT)),         /* RFC 3403 */
	[DNS_T_KX]     = STEPS(U16(DNS_PREFERENCE), NAME(DNS_EXCHANGE)),         /* RFC 2230 */
	[DNS_T_CERT]   = STEPS(U16(DNS_CERT_TYPE), U16(DNS_KEY_TAG), U8(DNS_ALGORITHM), ALL(DNS_CERTIFICATE)), /* RFC 4398 */
	[DNS_T_DNAME]  = STEPS(NAME(DNS_TARGET)),                                /* RFC 6672 */
	[DNS_T_OPT]    = STEPS(GROUP(DNS_OPTION, EACH, STEPS(U16_IN(DNS_OPT_CODE, 1), U16(DNS_OPT_LENGTH),
			       SWITCH(DNS_OPT_DATA, &options)))),                /* RFC 6891 */
	[DNS_T_APL]    = STEPS(GROUP(DNS_APL_ITEM, EACH, STEPS(U16(DNS_APL_FAMILY), U8(DNS_APL_PREFIX),
			       BITS(DNS_APL_FLAGS, 1), SIZE(DNS_APL_ADDRESS)))), /* RFC 3123 */
	[DNS_T_DS]     = DS_SHAPE,                                               /* RFC 4034 */
	[DNS_T_SSHFP]  = STEPS(U8(DNS_SSH_ALGORITHM), U8(DNS_SSH_TYPE), ALL(DNS_FINGERPRINT)), /* RFC 4255 */
	[DNS_T_IPSECKEY] = STEPS(U8(DNS_PRECEDENCE), U8_IN(DNS_GATEWAY_TYPE, 1), U8(DNS_IPSEC_ALGORITHM),
				 INLINE(&gateways), ALL(DNS_PUBLIC_KEY)),        /* RFC 4025 */
	[DNS_T_RRSIG]  = SIG_SHAPE,
	[DNS_T_NSEC]   = STEPS(NAME(DNS_NEXT), BITMAP),
	[DNS_T_DNSKEY] = KEY_SHAPE,
	[DNS_T_DHCID]  = STEPS(U16(DNS_DHCID_TYPE), U8(DNS_DHCID_DIGEST_TYPE), ALL(DNS_DIGEST)), /* RFC 4701 */
	[DNS_T_NSEC3]  = STEPS(U8(DNS_HASH_ALGORITHM), BITS(DNS_NSEC3_FLAGS, 1), U16(DNS_ITERATIONS),
			       HASH(DNS_SALT), HASH(DNS_NEXT_HASHED), BITMAP),   /* RFC 5155 */
	[DNS_T_NSEC3PARAM] = STEPS(U8(DNS_HASH_ALGORITHM), BITS(DNS_NSEC3_FLAGS, 1), U16(DNS_ITERATIONS),
				   HASH(DNS_SALT)),
	[DNS_T_TLSA]   = TLSA_SHAPE,                                             /* RFC 6698 */
	[DNS_T_SMIMEA] = TLSA_SHAPE,                                             /* RFC 8162 */
	[DNS_T_HIP]    = STEPS(U8_IN(DNS_HIT_LENGTH, 1), U8_IN(DNS_HIP_ALGORITHM, 2), U16(DNS_HIP_KEY_LENGTH),
			       SIZE_OF(DNS_HIT, 1), SIZE(DNS_HIP_KEY), NAMES(DNS_RENDEZVOUS)), /* RFC 8005 */
	[DNS_T_NINFO]  = STRINGS,
	[DNS_T_RKEY]   = KEY_SHAPE,
	[DNS_T_TALINK] = STEPS(NAME(DNS_PREVIOUS), NAME(DNS_NEXT)),
	[DNS_T_CDS]    = DS_SHAPE,                                               /* RFC 7344 */
	[DNS_T_CDNSKEY] = KEY_SHAPE,
	[DNS_T_OPENPGPKEY] = STEPS(ALL(DNS_PUBLIC_KEY)),                         /* RFC 7929 */
	[DNS_T_CSYNC]  = STEPS(U32(DNS_SERIAL), BITS(DNS_CSYNC_FLAGS, 2), BITMAP), /* RFC 7477 */
	[DNS_T_ZONEMD] = STEPS(U32(DNS_SERIAL), U8(DNS_ZONEMD_SCHEME), U8(DNS_ZONEMD_ALGORITHM), ALL(DNS_DIGEST)), /* RFC 8976 */
	[DNS_T_SVCB]   = SVCB_SHAPE,                                             /* RFC 9460 */
	[DNS_T_HTTPS]  = SVCB_SHAPE,
	[DNS_T_DSYNC]  = STEPS(U16(DNS_DSYNC_TYPE), U8(DNS_DSYNC_SCHEME), U16(DNS_PORT), NAME(DNS_TARGET)), /* RFC 9859 */
	[DNS_T_SPF]    = STRINGS,                                                /* RFC 7208 */
	[DNS_T_NID]    = STEPS(U16(DNS_PREFERENCE), TAKE(DNS_NODE_ID, 8)),       /* RFC 6742 */
	[DNS_T_L32]    = STEPS(U16(DNS_PREFERENCE), TAKE(DNS_LOCATOR32, 4)),
	[DNS_T_L64]    = STEPS(U16(DNS_PREFERENCE), TAKE(DNS_LOCATOR64, 8)),
	[DNS_T_LP]     = STEPS(U16(DNS_PREFERENCE), NAME(DNS_FQDN)),
	[DNS_T_EUI48]  = STEPS(TAKE(DNS_EUI48, 6)),                              /* RFC 7043 */
	[DNS_T_EUI64]  = STEPS(TAKE(DNS_EUI64, 8)),
	[DNS_T_TKEY]   = STEPS(NAME(DNS_ALGORITHM_NAME), U32(DNS_TKEY_INCEPTION), U32(DNS_TKEY_EXPIRATION),
			       U16(DNS_TKEY_MODE), U16(DNS_TSIG_ERROR), U16(DNS_TKEY_SIZE), SIZE(DNS_TKEY_KEY),
			       U16(DNS_OTHER_LENGTH), SIZE(DNS_OTHER)),          /* RFC 2930 */
	[DNS_T_TSIG]   = STEPS(NAME(DNS_ALGORITHM_NAME), U48(DNS_TIME_SIGNED), U16(DNS_FUDGE), U16(DNS_MAC_SIZE),
			       SIZE(DNS_MAC), U16(DNS_ORIGINAL_ID), U16(DNS_TSIG_ERROR), U16(DNS_OTHER_LENGTH),
			       SIZE(DNS_OTHER)),                                 /* RFC 8945, section 4.2 */
	[DNS_T_URI]    = STEPS(U16(DNS_PRIORITY), U16(DNS_WEIGHT), ALL(DNS_URI)), /* RFC 7553 */
	[DNS_T_CAA]    = STEPS(BITS(DNS_CAA_FLAGS, 1), U8(DNS_CAA_LENGTH), SIZE(DNS_CAA_TAG), ALL(DNS_CAA_VALUE)), /* RFC 8659 */
	[DNS_T_AVC]    = STRINGS,
	[DNS_T_DOA]    = STEPS(U32(DNS_DOA_ENTERPRISE), U32(DNS_DOA_TYPE), U8(DNS_DOA_LOCATION), TEXT(DNS_DOA_MEDIA),
			       ALL(DNS_DATA)),
	[DNS_T_AMTRELAY] = STEPS(U8(DNS_PRECEDENCE), BITS_IN(DNS_AMT_FLAGS, 1, 1), INLINE(&relays)), /* RFC 8777 */
	[DNS_T_RESINFO] = STRINGS,                                               /* RFC 9606 */
	[DNS_T_WALLET] = STRINGS,
};
static const struct formats types = FORMATS(type_steps, "RDATA does not fit its type");
/* clang-format on */

/* ---- the reader ---- */

struct reader {
	struct mdl_cursor c;
	struct mdl_fields *out;
	uint32_t reg[3];
};

/* RFC 1035, section 4.1.4: a pointer is the last thing of a name. */
void mdl_dns_read_name(struct mdl_cursor *c, struct mdl_fields *out, uint16_t row)
{
	struct mdl_slice msg = { c->base, (size_t)(c->end - c->base) };
	size_t off = mdl_cursor_off(c);
	struct mdl_name_place place = { .used = 0 };
	const char *odd = NULL;
	mdl_err err = c->err == MDL_OK ? mdl_name_scan(msg, off, &place, &odd) : MDL_OK;
	if (err != MDL_OK)
		mdl_field_note(out, odd, off);
	if (place.used == 0) {
		c->err = MDL_EMALFORMED;
		return;
	}
	c->p += place.used;
	if (place.to == SIZE_MAX) {
		mdl_field_add(out, row, off, place.used);
		return;
	}
	uint32_t name = mdl_field_open(out, row, off);
	if (err == MDL_OK)
		mdl_field_add_ref(out, DNS_POINTER, off + place.used - 2, 2, place.to);
	else
		mdl_field_add(out, DNS_POINTER, off + place.used - 2,
			      2); /* what is wrong stays so */
	mdl_field_close(out, name, off + place.used);
	if (place.to < DNS_HEADER)
		mdl_field_note(out, "a compression pointer leads into the header", off);
}

uint32_t mdl_dns_read_bits(struct mdl_cursor *c, struct mdl_fields *out, uint16_t row, size_t n)
{
	size_t off = mdl_cursor_off(c);
	uint64_t v = mdl_cursor_be(c, n), last = 0;
	if (c->err != MDL_OK)
		return 0;
	uint32_t span = mdl_field_open(out, row, off);
	for (const struct mdl_field_def *d = &mdl_dns_fields[++row]; d->kind == MDL_BITS; d++) {
		mdl_field_add(out, row++, off, n);
		last = v >> d->shift & ((1U << d->bits) - 1);
	}
	mdl_field_close(out, span, off + n);
	return (uint32_t)last;
}

static void run(struct reader *r, const struct step *s);
static void contents(struct mdl_cursor block, struct mdl_fields *out, uint16_t row,
		     const struct step *steps, const char *misfit);

static const struct step *pick(const struct formats *f, uint32_t number)
{
	return number < f->n ? f->v[number] : NULL;
}

/* A length byte and what it counts, in a span. */
static void counted(struct reader *r, uint16_t row, uint16_t length, uint16_t what)
{
	uint32_t span = mdl_field_open(r->out, row, mdl_cursor_off(&r->c));
	size_t n = (size_t)mdl_field_be(r->out, length, &r->c, 1);
	mdl_field_take(r->out, what, &r->c, n);
	mdl_field_close(r->out, span, mdl_cursor_off(&r->c));
}

static void group(struct reader *r, const struct step *s)
{
	uint32_t span = mdl_field_open(r->out, s->row, mdl_cursor_off(&r->c));
	run(r, s->sub);
	mdl_field_close(r->out, span, mdl_cursor_off(&r->c));
}

static void choose(struct reader *r, const struct step *s)
{
	struct mdl_cursor block = mdl_cursor_block(&r->c, r->reg[0]);
	if (r->c.err == MDL_OK)
		contents(block, r->out, s->row, pick(s->of, r->reg[1]), s->of->misfit);
}

static void step(struct reader *r, const struct step *s)
{
	switch (s->op) {
	case NUMBER:
		r->reg[s->reg] = (uint32_t)mdl_field_be(r->out, s->row, &r->c, s->n);
		return;
	case FLAGS:
		r->reg[s->reg] = mdl_dns_read_bits(&r->c, r->out, s->row, s->n);
		return;
	case FIXED:
		mdl_field_take(r->out, s->row, &r->c, s->n);
		return;
	case SIZED:
		mdl_field_take(r->out, s->row, &r->c, r->reg[s->reg]);
		return;
	case REST:
		mdl_field_take(r->out, s->row, &r->c, mdl_cursor_left(&r->c));
		return;
	case DOMAIN:
		mdl_dns_read_name(&r->c, r->out, s->row);
		return;
	case STRING:
		counted(r, s->row, DNS_STR_LENGTH, DNS_STR_TEXT);
		return;
	case BLOB:
		counted(r, s->row, DNS_BLOB_LENGTH, DNS_BLOB);
		return;
	case SPAN:
		group(r, s);
		return;
	case CASE:
		choose(r, s);
		return;
	case PICK: {
		const struct step *picked = pick(s->of, r->reg[1]);
		if (picked != NULL)
			run(r, picked);
		return;
	}
	case END:
		return;
	}
}

/* Calls itself through groups and cases, as deep as the tables above are nested. */
static void run(struct reader *r, const struct step *s)
{
	for (; s->op != END && r->c.err == MDL_OK; s++) {
		bool left = mdl_cursor_left(&r->c) > 0;
		if (s->often == MAYBE && !left)
			return;
		if (s->often != EACH || left)
			step(r, s);
		while (s->often >= EACH && r->c.err == MDL_OK && mdl_cursor_left(&r->c) > 0)
			step(r, s);
	}
}

/* Takes back what was added inside the open field `span`. */
static void drop_from(struct mdl_fields *out, uint32_t span, uint32_t first)
{
	out->n = first;
	out->depth = (uint8_t)(out->v[span].depth + 1);
	out->parent = span;
}

/* All of `block` in a span: by its steps, or as plain bytes where there are none or they do not fit. */
static void contents(struct mdl_cursor block, struct mdl_fields *out, uint16_t row,
		     const struct step *steps, const char *misfit)
{
	struct reader r = { .c = block, .out = out };
	size_t off = mdl_cursor_off(&block), n = mdl_cursor_left(&block);
	uint32_t span = mdl_field_open(out, row, off), first = out->n;
	if (steps != NULL)
		run(&r, steps);
	if (r.c.err != MDL_OK || mdl_cursor_left(&r.c) > 0) {
		if (out->err == MDL_OK)
			drop_from(out, span, first);
		if (steps != NULL)
			mdl_field_note(out, misfit, off);
		mdl_field_add(out, DNS_DATA, off, n);
	}
	mdl_field_close(out, span, off + n);
}

/* ---- what it is for ---- */

static const struct step *steps_of(uint16_t type)
{
	return pick(&types, type == DNS_T_TA || type == DNS_T_DLV ? DNS_T_DS : type);
}

bool mdl_dns_rdata_known(uint16_t type)
{
	return steps_of(type) != NULL;
}

void mdl_dns_read_rdata(struct mdl_cursor block, struct mdl_fields *out, uint16_t type,
			uint16_t cls, bool empty_fits)
{
	const struct step *steps = steps_of(type);
	if (type == DNS_T_A && cls == DNS_C_CH)
		steps = chaos_a;
	if (empty_fits && mdl_cursor_left(&block) == 0)
		steps = NULL;
	contents(block, out, DNS_RDATA, steps, types.misfit);
}

void mdl_dns_read_dso(struct mdl_cursor block, struct mdl_fields *out)
{
	contents(block, out, DNS_DSO, dso, "a DSO TLV runs over the end");
}
