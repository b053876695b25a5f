#include "protocols/dns/tsig.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include "core/writer.h"
#include "protocols/dns/fields.h"
#include "protocols/dns/internal.h"
#include "protocols/dns/look.h"
#include "protocols/dns/types.h"
#include "protocols/name.h"

enum { MAC_MAX = 64, SECRET_MAX = 512, SEEN = 32, BETWEEN_MAX = 1 << 20, INPUT_MAX = 2 << 20 };

struct mac {
	uint8_t n, v[MAC_MAX];
};

/* A signed message that went by. */
struct seen {
	uint32_t serial; /* 1 and up; 0: this place is free */
	uint32_t before; /* serial of the message whose MAC this one covers; 0 for a request */
	uint16_t id;
	bool answer;
	struct mac was, now;	/* as it came, and as we signed it last */
	struct mdl_buf between; /* unsigned messages since `before`, RFC 8945 section 5.3.1 */
};

struct dns_tsig {
	const EVP_MD *md;
	uint8_t secret[SECRET_MAX];
	size_t n_secret;
	struct seen seen[SEEN]; /* by serial */
	uint32_t last;
	struct mdl_buf
		pending; /* unsigned messages since the last signed answer, of `pending_id` */
	uint16_t pending_id;
	bool chained; /* the last signed message was an answer: unsigned ones may follow */
};

/* ---- the key ---- */

static const EVP_MD *digest_of(struct mdl_slice name)
{
	static const struct {
		const char *name;
		const EVP_MD *(*md)(void);
	} known[] = { { "hmac-md5", EVP_md5 },	     { "hmac-sha1", EVP_sha1 },
		      { "hmac-sha224", EVP_sha224 }, { "hmac-sha256", EVP_sha256 },
		      { "hmac-sha384", EVP_sha384 }, { "hmac-sha512", EVP_sha512 } };
	for (size_t i = 0; i < MDL_COUNT(known); i++)
		if (mdl_slice_is(name, known[i].name))
			return known[i].md();
	return NULL;
}

static bool read_secret(struct mdl_slice text, struct dns_tsig *t)
{
	if (text.n == 0 || text.n % 4 != 0 || text.n / 4 * 3 > SECRET_MAX)
		return false;
	int n = EVP_DecodeBlock(t->secret, text.p, (int)text.n);
	if (n < 0)
		return false;
	/* padding is decoded as zeros */
	t->n_secret = (size_t)n - (text.p[text.n - 1] == '=') - (text.p[text.n - 2] == '=');
	return true;
}

mdl_err mdl_dns_tsig_new(const char *key, struct dns_tsig **out, struct mdl_why *why)
{
	struct mdl_slice text = mdl_slice_str(key);
	size_t first = mdl_slice_find(text, MDL_LIT(":"));
	struct mdl_slice rest = mdl_slice_sub(text, first + 1, SIZE_MAX);
	size_t second = mdl_slice_find(rest, MDL_LIT(":"));
	struct mdl_name name;
	struct dns_tsig *t = calloc(1, sizeof(*t));
	if (t == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	t->md = digest_of(mdl_slice_sub(text, 0, first));
	mdl_buf_init(&t->pending, BETWEEN_MAX);
	for (size_t i = 0; i < SEEN; i++)
		mdl_buf_init(&t->seen[i].between, BETWEEN_MAX);
	if (t->md != NULL && mdl_name_parse(mdl_slice_sub(rest, 0, second), &name) == MDL_OK &&
	    read_secret(mdl_slice_sub(rest, second + 1, SIZE_MAX), t)) {
		*out = t;
		return MDL_OK;
	}
	mdl_dns_tsig_free(t);
	return mdl_fail(why, MDL_EINVAL,
			"tsig-key: expected hmac-md5, hmac-sha1, -sha224, -sha256, -sha384 or "
			"-sha512, \":\", the key's name, \":\" and base64");
}

void mdl_dns_tsig_free(struct dns_tsig *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < SEEN; i++)
		mdl_buf_fini(&t->seen[i].between);
	mdl_buf_fini(&t->pending);
	OPENSSL_cleanse(t->secret, sizeof(t->secret));
	free(t);
}

/* ---- the record in a message ---- */

struct record {
	struct mdl_slice signed_part; /* what stands before it */
	struct mdl_name name, algorithm;
	uint16_t cls;
	uint32_t ttl;
	struct mdl_slice time_fudge, mac, error_other; /* as they stand in RDATA */
	uint16_t id, error;
};

/* RFC 8945, section 4.2 */
static bool read_rdata(struct mdl_slice body, struct mdl_slice rdata, struct record *out)
{
	size_t used;
	size_t off = (size_t)(rdata.p - body.p);
	struct mdl_slice upto = mdl_slice_sub(body, 0, off + rdata.n);
	if (mdl_name_read(upto, off, &used, &out->algorithm, NULL) != MDL_OK)
		return false;
	struct mdl_cursor c = mdl_cursor(rdata);
	mdl_cursor_skip(&c, used);
	out->time_fudge = mdl_cursor_take(&c, 8);
	out->mac = mdl_cursor_take(&c, mdl_cursor_be16(&c));
	out->id = mdl_cursor_be16(&c);
	struct mdl_cursor error = c;
	out->error = mdl_cursor_be16(&error);
	mdl_cursor_skip(&error, mdl_cursor_be16(&error));
	out->error_other = mdl_cursor_rest(&c);
	return c.err == MDL_OK && error.err == MDL_OK && mdl_cursor_left(&error) == 0;
}

/* True if the message ends in a TSIG record. */
static bool find_record(struct mdl_slice body, struct record *out)
{
	struct dns_walk w;
	struct dns_record rr = { .type = 0 };
	size_t used;
	if (!mdl_dns_walk(&w, body))
		return false;
	while (mdl_dns_walk_next(&w, &rr))
		;
	if (w.c.err != MDL_OK || rr.type != DNS_T_TSIG || rr.section != DNS_S_ADDITIONAL ||
	    mdl_name_read(body, rr.off, &used, &out->name, NULL) != MDL_OK)
		return false;
	out->cls = rr.cls;
	out->ttl = rr.ttl;
	out->signed_part = mdl_slice_sub(body, 0, rr.off);
	return read_rdata(body, rr.rdata, out);
}

/* ---- what went by ---- */

static struct mac mac_of(struct mdl_slice s)
{
	struct mac m = { .n = (uint8_t)(s.n < MAC_MAX ? s.n : MAC_MAX) };
	if (m.n > 0)
		memcpy(m.v, s.p, m.n);
	return m;
}

static bool same(const struct mac *a, const struct mac *b)
{
	return a->n == b->n && memcmp(a->v, b->v, a->n) == 0;
}

static bool unsigned_yet(const struct mac *m)
{
	static const uint8_t zero[MAC_MAX];
	return memcmp(m->v, zero, m->n) == 0;
}

static struct seen *by_serial(struct dns_tsig *t, uint32_t serial)
{
	struct seen *s = &t->seen[serial % SEEN];
	return serial != 0 && s->serial == serial ? s : NULL;
}

/* The message that has, or had, this MAC. Of those that wait to be signed it is the oldest. */
static struct seen *find_seen(struct dns_tsig *t, uint16_t id, bool answer, const struct mac *m)
{
	uint32_t first = t->last >= SEEN ? t->last - SEEN + 1 : 1;
	struct seen *was = NULL;
	for (uint32_t serial = first; serial <= t->last; serial++) {
		struct seen *s = by_serial(t, serial);
		if (s == NULL || s->id != id || s->answer != answer)
			continue;
		if (same(&s->now, m))
			return s;
		if (was == NULL && same(&s->was, m))
			was = s;
	}
	return was;
}

/* The last signed message with this id, of either direction. */
static const struct seen *last_of(struct dns_tsig *t, uint16_t id)
{
	for (uint32_t serial = t->last; serial > 0 && t->last - serial < SEEN; serial--) {
		const struct seen *s = by_serial(t, serial);
		if (s != NULL && s->id == id)
			return s;
	}
	return NULL;
}

/* From here on unsigned answers belong to the chain of `id`, if it is one. */
static void restart(struct dns_tsig *t, uint16_t id, bool answer)
{
	mdl_buf_cut(&t->pending, 0);
	t->pending_id = id;
	t->chained = answer;
}

static struct seen *add_seen(struct dns_tsig *t, uint16_t id, bool answer, const struct mac *m)
{
	const struct seen *before = answer ? last_of(t, id) : NULL;
	uint32_t before_serial = before == NULL ? 0 : before->serial;
	struct seen *s = &t->seen[++t->last % SEEN];
	struct mdl_buf between = s->between;
	mdl_buf_cut(&between, 0);
	*s = (struct seen){ t->last, before_serial, id, answer, *m, *m, between };
	if (answer && t->chained && t->pending_id == id) {
		s->between = t->pending;
		t->pending = between;
	}
	return s;
}

void mdl_dns_tsig_saw(struct mdl_ctx *x, struct mdl_slice body)
{
	struct dns_tsig *t = ((struct dns_state *)x->state)->tsig;
	struct record rr;
	if (t == NULL || body.n < DNS_HEADER)
		return;
	uint16_t id = (uint16_t)mdl_get_be(body.p, 2);
	bool answer = (body.p[2] & 0x80) != 0;
	if (find_record(body, &rr)) {
		struct mac m = mac_of(rr.mac);
		if (unsigned_yet(&m) || find_seen(t, rr.id, answer, &m) == NULL)
			add_seen(t, rr.id, answer, &m);
		restart(t, rr.id, answer);
	} else if (answer && t->chained && t->pending_id == id) {
		/* what cannot be kept cannot be signed either: the chain ends here */
		if (mdl_buf_add(&t->pending, body) != MDL_OK)
			restart(t, id, false);
	}
}

/* ---- signing ---- */

static void write_canonical(struct mdl_writer *w, const struct mdl_name *n)
{
	for (size_t i = 0; i < n->n; i++) {
		uint8_t c = n->wire[i];
		mdl_writer_u8(w, c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c);
	}
}

/* The message as it was before the record was added; RFC 8945, section 4.3.2. */
static void write_message(struct mdl_writer *w, const struct record *rr)
{
	const uint8_t *p = rr->signed_part.p;
	mdl_writer_be16(w, rr->id);
	mdl_writer_bytes(w, mdl_slice(p + 2, 8));
	mdl_writer_be16(w, (uint16_t)(mdl_get_be(p + 10, 2) - 1));
	mdl_writer_bytes(w, mdl_slice_sub(rr->signed_part, DNS_HEADER, SIZE_MAX));
}

/* RFC 8945, section 4.3.3 */
static void write_variables(struct mdl_writer *w, const struct record *rr)
{
	write_canonical(w, &rr->name);
	mdl_writer_be16(w, rr->cls);
	mdl_writer_be32(w, rr->ttl);
	write_canonical(w, &rr->algorithm);
	mdl_writer_bytes(w, rr->time_fudge);
	mdl_writer_bytes(w, rr->error_other);
}

static mdl_err compute(const struct dns_tsig *t, const struct seen *before,
		       struct mdl_slice between, const struct record *rr, struct mac *out)
{
	struct mdl_buf input;
	mdl_buf_init(&input, INPUT_MAX);
	struct mdl_writer w = mdl_writer(&input);
	if (before != NULL) {
		mdl_writer_be16(&w, before->now.n);
		mdl_writer_bytes(&w, mdl_slice(before->now.v, before->now.n));
	}
	mdl_writer_bytes(&w, between);
	write_message(&w, rr);
	if (before != NULL && before->answer)
		mdl_writer_bytes(&w, rr->time_fudge); /* section 5.3.1 */
	else
		write_variables(&w, rr);
	unsigned n = 0;
	if (w.err == MDL_OK &&
	    HMAC(t->md, t->secret, (int)t->n_secret, input.p, input.n, out->v, &n) == NULL)
		w.err = MDL_ENOMEM;
	out->n = (uint8_t)n;
	mdl_buf_fini(&input);
	return w.err;
}

/* Where the layer's message ends. */
static size_t end_of_layer(const struct mdl_buf *msg, const struct mdl_fields *f, unsigned layer)
{
	for (uint32_t i = 0; layer > 0 && i < f->n; i++)
		if (f->v[i].layer == layer) {
			uint32_t payload = f->v[i].parent;
			return f->v[payload].off + f->v[payload].len;
		}
	return msg->n;
}

/* The MAC field of the layer that holds these bytes. */
static uint32_t mac_field(const struct mdl_fields *f, unsigned layer, size_t off, size_t len)
{
	for (uint32_t i = f->n; i-- > 0;)
		if (f->v[i].layer == layer && f->v[i].def == DNS_MAC)
			return f->v[i].off == off && f->v[i].len == len ? i : MDL_NO_FIELD;
	return MDL_NO_FIELD;
}

static mdl_err put_mac(struct mdl_ctx *x, struct mdl_buf *msg, struct mdl_fields *f, uint32_t i,
		       struct mac *m)
{
	static const struct mdl_repair lengths = { .what = MDL_REL_LENGTH };
	uint32_t n = f->v[i].len, least = m->n / 2 > 10 ? m->n / 2U : 10;
	if (n >= least && n < m->n)
		m->n = (uint8_t)n;
	bool grown = n != m->n;
	mdl_err err = mdl_field_splice(msg, f, i, mdl_slice(m->v, m->n));
	return err == MDL_OK && grown ? mdl_repair(x, msg, f, &lengths) : err;
}

mdl_err mdl_dns_tsig_sign(struct mdl_ctx *x, struct mdl_buf *msg, struct mdl_fields *f,
			  unsigned layer)
{
	struct dns_tsig *t = ((struct dns_state *)x->state)->tsig;
	size_t base = f->layers[layer].base, end = end_of_layer(msg, f, layer);
	struct mdl_slice body = mdl_slice_sub(mdl_buf_slice(msg), base, end - base);
	struct record rr;
	if (t == NULL || end < base || !find_record(body, &rr))
		return MDL_OK;
	uint32_t field = mac_field(f, layer, (size_t)(rr.mac.p - msg->p), rr.mac.n);
	bool refused = rr.mac.n == 0 && (rr.error == DNS_R_BADSIG || rr.error == DNS_R_BADKEY);
	if (field == MDL_NO_FIELD || f->v[field].pinned || refused)
		return MDL_OK;
	bool answer = (body.p[2] & 0x80) != 0;
	struct mac m = mac_of(rr.mac);
	struct seen *s = find_seen(t, rr.id, answer, &m);
	if (s == NULL)
		s = add_seen(t, rr.id, answer, &m);
	const struct seen *before = by_serial(t, s->before);
	if (answer && before == NULL)
		return MDL_OK;
	mdl_err err = compute(t, before, mdl_buf_slice(&s->between), &rr, &m);
	if (err == MDL_OK)
		err = put_mac(x, msg, f, field, &m);
	if (err == MDL_OK)
		s->now = m;
	return err;
}
