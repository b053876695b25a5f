/*
 * Every type and option that is taken apart: as it should be, cut, with lengths that lie, and edited.
 * `dns_rdata_test dump` prints all messages made here for text2pcap instead.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/text.h"
#include "core/writer.h"
#include "protocols/dns/fields.h"
#include "protocols/dns/rdata.h"
#include "protocols/dns/types.h"
#include "protocols/registry.h"
#include "support/dns_rdata.h"
#include "support/wire.h"

struct option_vector {
	uint16_t code;
	const char *hex;
	const char *field; /* one that must be there; NULL if the option is empty */
};

/* clang-format off */
static const struct option_vector option_vectors[] = {
	{ 1, "0001 0001 0000 0000000000000000 00000e10", "value.lease" }, /* RFC 8764 */
	{ 2, "00000e10", "value.lease" },
	{ 2, "00000e10 00093a80", "value.key_lease" },
	{ 3, "", "value.nsid" },
	{ 3, "6b6e6f742d6c6162", "value.nsid" },
	{ 5, "05080d", "value.algorithm[2]" },
	{ 6, "0102", "value.algorithm[1]" },
	{ 7, "01", "value.algorithm[0]" },
	{ 8, "0001 18 00 c00002", "value.address" }, /* RFC 7871 */
	{ 8, "0002 30 30 20010db80000", "value.scope" },
	{ 8, "0000 00 00", "value.family" },
	{ 9, "", NULL },
	{ 9, "00127500", "value.expire" },
	{ 10, "1122334455667788", "value.client_cookie" },
	{ 10, "1122334455667788 0100000059dd0c7d2b2dcf2f0b7c1fd2", "value.server_cookie" },
	{ 11, "", NULL },
	{ 11, "0078", "value.timeout" },
	{ 12, "00000000000000000000", "value.padding" },
	{ 13, "03 636f6d 00", "value.closest" }, /* RFC 7901 */
	{ 14, "4a5c 4f66", "value.tag[1]" }, /* RFC 8145 */
	{ 15, "0012", "value.info_code" },
	{ 15, "0006 626f677573", "value.extra_text" },
	{ 16, "1234", "value.tag" },
	{ 17, "1234", "value.tag" },
	{ 18, "01 61 05 6167656e74 00", "value.agent" },
	{ 19, "", NULL },
	{ 19, "02 00 78a3f177", "value.version" },
	{ 65001, "aabbcc", "value.data" },
};
/* clang-format on */

static void add_hex(struct mdl_writer *w, const char *hex)
{
	for (; *hex != 0; hex += *hex == ' ' ? 1 : 2)
		if (*hex != ' ' && mdl_text_unhex(w->b, mdl_slice(hex, 2)) != MDL_OK)
			w->err = MDL_EINVAL;
}

/* An answer with one record of that type, whose RDATA keeps `keep` bytes, and an address behind it. */
static size_t build(struct wire *w, uint16_t type, uint16_t cls, const char *hex, size_t keep)
{
	struct mdl_writer out = mdl_writer(&w->msg);
	mdl_buf_cut(&w->msg, 0);
	add_hex(&out, "1234 8400 0001 0002 0000 0000 07 6578616d706c65 03 6f7267 00");
	mdl_writer_be16(&out, type);
	mdl_writer_be16(&out, cls);
	add_hex(&out, "c00c");
	mdl_writer_be16(&out, type);
	mdl_writer_be16(&out, cls);
	mdl_writer_be32(&out, 300);
	size_t hole = mdl_writer_hole(&out, 2), n = out.b->n;
	add_hex(&out, hex);
	n = out.b->n - n;
	if (keep < n)
		mdl_buf_cut(out.b, out.b->n - (n - keep));
	mdl_writer_close(&out, hole, 2);
	add_hex(&out, "c00c 0001 0001 00000007 0004 c0000263");
	assert_int_equal(out.err, MDL_OK);
	w->x->dir = MDL_S2C;
	wire_again(w);
	return n;
}

/* A query with that one option, of which `keep` bytes stay, and an empty one behind it. */
static size_t build_option(struct wire *w, uint16_t code, const char *hex, size_t keep)
{
	struct mdl_writer out = mdl_writer(&w->msg);
	mdl_buf_cut(&w->msg, 0);
	add_hex(&out, "1234 0100 0001 0000 0000 0001 07 6578616d706c65 03 6f7267 00 0001 0001 00 "
		      "0029 04d0 00000000");
	size_t rdlength = mdl_writer_hole(&out, 2);
	mdl_writer_be16(&out, code);
	size_t length = mdl_writer_hole(&out, 2), n = out.b->n;
	add_hex(&out, hex);
	n = out.b->n - n;
	if (keep < n)
		mdl_buf_cut(out.b, out.b->n - (n - keep));
	mdl_writer_close(&out, length, 2);
	add_hex(&out, "000c 0000");
	mdl_writer_close(&out, rdlength, 2);
	assert_int_equal(out.err, MDL_OK);
	w->x->dir = MDL_C2S;
	wire_again(w);
	return n;
}

/* Whatever the first record holds, the second is there. */
static void assert_next_is_read(struct wire *w)
{
	assert_int_equal(w->err, MDL_OK);
	assert_int_equal(wire_uint(w, "dns.answer.rr[1].ttl"), 7);
	wire_assert_nested(w);
	wire_say(w);
}

static void assert_plain(struct wire *w)
{
	assert_int_equal(w->err, MDL_OK);
	if (w->f.n_notes > 0)
		fail_msg("%s: %s", w->f.notes[0].text, wire_say(w));
	wire_assert_nested(w);
	wire_assert_repair_changes_nothing(w);
}

static void test_every_type(void **state)
{
	(void)state;
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	for (size_t i = 0; i < MDL_COUNT(dns_rdata_vectors); i++) {
		const struct dns_rdata_vector *v = &dns_rdata_vectors[i];
		build(&w, v->type, DNS_C_IN, v->hex, SIZE_MAX);
		assert_plain(&w);
		if (strstr(wire_say(&w), v->say) == NULL)
			fail_msg("%s in %s", v->say, wire_say(&w));
		bool generic = w.f.v[wire_find(&w, "rr[0].rdata") + 1].def == DNS_DATA;
		assert_int_equal(generic, !mdl_dns_rdata_known(v->type) || v->type == DNS_T_NULL);
	}
	wire_close(&w);
}

static void test_every_option(void **state)
{
	(void)state;
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	for (size_t i = 0; i < MDL_COUNT(option_vectors); i++) {
		const struct option_vector *v = &option_vectors[i];
		build_option(&w, v->code, v->hex, SIZE_MAX);
		assert_plain(&w);
		wire_say(&w);
		assert_int_equal(wire_uint(&w, "dns.option[0].code"), v->code);
		assert_int_equal(wire_uint(&w, "dns.option[1].code"), DNS_E_PADDING);
		if (v->field != NULL)
			wire_find(&w, v->field);
		else
			assert_int_equal(wire_bytes(&w, "dns.option[0].value").n, 0);
	}
	wire_close(&w);
}

static void test_contents(void **state)
{
	(void)state;
	static const struct {
		uint16_t type, cls;
		const char *hex, *field;
		uint64_t value;
	} contents[] = {
		{ DNS_T_A, DNS_C_CH, "02 6368 00 0bad", "rdata.address",
		  0xbad }, /* RFC 1035, section 3.3 */
		{ DNS_T_SOA, 1, "00 00 00000001 00000002 00000003 00000004 00000005",
		  "rdata.expire", 4 },
		{ DNS_T_DNSKEY, 1, "0181 03 0d 00", "rdata.flags.revoke", 1 },
		{ DNS_T_KEY, 1, "c100 03 0d", "rdata.flags.use", 3 },
		{ DNS_T_APL, 1, "0001 10 82 c000", "rdata.item.length", 2 },
		{ DNS_T_NSEC3, 1, "01 01 000c 00 02 abcd", "rdata.next_hashed.length", 2 },
		{ DNS_T_HIP, 1, "01 02 0002 aa bbcc 00", "rdata.pk_length", 2 },
		{ DNS_T_IPSECKEY, 1, "0a 04 02 0102", "rdata.gateway_type", 4 },
		{ DNS_T_SVCB, 1, "0010 00 0003 0002 01bb", "param.value.port", 443 },
		{ DNS_T_CAA, 1, "80 05 6973737565 ca", "rdata.critical", 1 },
		{ DNS_T_TKEY, 255, "00 00000001 00000002 0003 0010 0001 aa 0000", "rdata.mode", 3 },
		{ DNS_T_RRSIG, 1, "0001 0d 02 00000e10 00000002 00000001 002a 00 aa",
		  "rdata.key_tag", 42 },
		{ DNS_T_NAPTR, 1, "0001 0002 00 00 00 00", "rdata.preference", 2 },
		{ DNS_T_AMTRELAY, 1, "05 83 00", "rdata.relay.type", 3 },
	};
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	for (size_t i = 0; i < MDL_COUNT(contents); i++) {
		build(&w, contents[i].type, contents[i].cls, contents[i].hex, SIZE_MAX);
		assert_plain(&w);
		assert_int_equal(wire_uint(&w, contents[i].field), contents[i].value);
	}
	wire_close(&w);
}

static void test_every_cut(void **state)
{
	(void)state;
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	for (size_t i = 0; i < MDL_COUNT(dns_rdata_vectors); i++) {
		const struct dns_rdata_vector *v = &dns_rdata_vectors[i];
		size_t n = build(&w, v->type, DNS_C_IN, v->hex, 0);
		for (size_t keep = 0; keep < n; keep++) {
			build(&w, v->type, DNS_C_IN, v->hex, keep);
			assert_next_is_read(&w);
			if (w.f.n_notes == 0)
				wire_assert_repair_changes_nothing(&w);
		}
	}
	for (size_t i = 0; i < MDL_COUNT(option_vectors); i++) {
		const struct option_vector *v = &option_vectors[i];
		size_t n = build_option(&w, v->code, v->hex, 0);
		for (size_t keep = 0; keep < n; keep++) {
			build_option(&w, v->code, v->hex, keep);
			assert_int_equal(w.err, MDL_OK);
			wire_assert_nested(&w);
			assert_int_equal(wire_uint(&w, "dns.option[1].code"), DNS_E_PADDING);
			wire_assert_repair_changes_nothing(&w);
		}
	}
	wire_close(&w);
}

/* The whole message cut anywhere in a copy of exactly that size. */
static void test_every_cut_of_the_message(void **state)
{
	(void)state;
	struct wire w;
	uint8_t bytes[1024];
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	for (size_t i = 0; i < MDL_COUNT(dns_rdata_vectors); i++) {
		build(&w, dns_rdata_vectors[i].type, DNS_C_IN, dns_rdata_vectors[i].hex, SIZE_MAX);
		size_t n = w.msg.n;
		assert_true(n < sizeof(bytes));
		memcpy(bytes, w.msg.p, n);
		for (size_t cut = 0; cut < n; cut++) {
			wire_read(&w, MDL_S2C, mdl_slice(bytes, cut));
			assert_int_equal(w.err, MDL_EMALFORMED);
			wire_assert_nested(&w);
			wire_say(&w);
		}
	}
	wire_close(&w);
}

static void test_inner_lengths_off_by_one(void **state)
{
	(void)state;
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	for (size_t i = 0; i < MDL_COUNT(dns_rdata_vectors); i++) {
		const struct dns_rdata_vector *v = &dns_rdata_vectors[i];
		build(&w, v->type, DNS_C_IN, v->hex, SIZE_MAX);
		uint32_t n = w.f.n, first = wire_find(&w, "rr[0].rdata"),
			 last = mdl_field_end(&w.f, first);
		for (uint32_t k = first + 1; k < last && k < n; k++) {
			if ((mdl_field_def(&w.f, k)->flags & MDL_F_LENGTH) == 0)
				continue;
			for (int by = -1; by <= 1; by += 2) {
				uint64_t value = mdl_field_uint(&w.f, mdl_buf_slice(&w.msg), k);
				assert_int_equal(
					mdl_field_set(&w.msg, &w.f, k, value + (uint64_t)by),
					MDL_OK);
				wire_again(&w);
				assert_next_is_read(&w);
				build(&w, v->type, DNS_C_IN, v->hex, SIZE_MAX);
			}
		}
	}
	wire_close(&w);
}

/* ---- edits of every field, then repair ---- */

static const char *name_of(const struct wire *w, uint32_t i)
{
	return mdl_field_def(&w->f, i)->name;
}

/* Contents of a size that the type prescribes. */
static bool is_fixed(const struct wire *w, uint32_t i)
{
	static const char *const names[] = { "eui48",	"eui64",	 "node_id",
					     "locator", "client_cookie", "id" };
	for (size_t k = 0; k < MDL_COUNT(names); k++)
		if (strcmp(name_of(w, i), names[k]) == 0)
			return true;
	return false;
}

/* Numbers that decide what follows them, or that are odd if changed. */
static bool is_switch(const struct wire *w, uint32_t i)
{
	const struct mdl_field_def *d = mdl_field_def(&w->f, i);
	return d->values != NULL || strcmp(d->name, "version") == 0 || strcmp(d->name, "qr") == 0 ||
	       strcmp(d->name, "z") == 0 ||
	       (d->flags & (MDL_F_LENGTH | MDL_F_COUNT | MDL_F_OFFSET)) != 0;
}

/* Replaces field `i` by something else that is valid there; false if there is nothing to try. */
static bool edit(struct wire *w, uint32_t i)
{
	uint8_t bytes[600];
	struct mdl_slice old = mdl_field_bytes(&w->f, mdl_buf_slice(&w->msg), i);
	mdl_err err;
	if (old.n + 1 > sizeof(bytes))
		return false;
	if (old.n > 0)
		memcpy(bytes, old.p, old.n);
	switch (mdl_field_def(&w->f, i)->kind) {
	case MDL_NAME:
		if (mdl_field_matches(&w->f, i, "additional.rr.name"))
			return false; /* of OPT */
		err = mdl_field_splice(&w->msg, &w->f, i,
				       MDL_LIT("\x03"
					       "new"
					       "\x04"
					       "name\0"));
		break;
	case MDL_TEXT:
	case MDL_BYTES:
		bytes[old.n] = 'x';
		err = mdl_field_splice(&w->msg, &w->f, i,
				       mdl_slice(bytes, old.n + !is_fixed(w, i)));
		break;
	case MDL_UINT:
	case MDL_BITS:
		if (is_switch(w, i))
			return false;
		err = mdl_field_set(&w->msg, &w->f, i,
				    mdl_field_uint(&w->f, mdl_buf_slice(&w->msg), i) + 1);
		break;
	default:
		return false;
	}
	assert_int_equal(err, MDL_OK);
	return true;
}

/* Edits each field of the message that `make` builds, repairs it and hands it to `look`. */
static void each_edit(struct wire *w, void (*make)(struct wire *w, size_t i), size_t which,
		      void (*look)(struct wire *w))
{
	make(w, which);
	uint32_t n = w->f.n;
	for (uint32_t i = 0; i < n; i++) {
		make(w, which);
		if (!edit(w, i))
			continue;
		wire_repair(w);
		look(w);
	}
}

static void make_type(struct wire *w, size_t i)
{
	build(w, dns_rdata_vectors[i].type, DNS_C_IN, dns_rdata_vectors[i].hex, SIZE_MAX);
}

static void make_option(struct wire *w, size_t i)
{
	build_option(w, option_vectors[i].code, option_vectors[i].hex, SIZE_MAX);
}

static void look_again(struct wire *w)
{
	wire_again(w);
	assert_plain(w);
}

static void test_every_edit_and_repair(void **state)
{
	(void)state;
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	for (size_t i = 0; i < MDL_COUNT(dns_rdata_vectors); i++)
		each_edit(&w, make_type, i, look_again);
	for (size_t i = 0; i < MDL_COUNT(option_vectors); i++)
		each_edit(&w, make_option, i, look_again);
	wire_close(&w);
}

static void test_type_names(void **state)
{
	(void)state;
	static const struct {
		uint16_t type;
		const char *name;
	} names[] = { { 1, "A" },	{ 41, "OPT" },	  { 65, "HTTPS" },
		      { 255, "ANY" },	{ 256, "URI" },	  { 262, "WALLET" },
		      { 32769, "DLV" }, { 54, "TYPE54" }, { 65280, "TYPE65280" } };
	struct mdl_buf b;
	mdl_buf_init(&b, 64);
	for (size_t i = 0; i < MDL_COUNT(names); i++) {
		mdl_buf_cut(&b, 0);
		assert_int_equal(mdl_dns_type_text(names[i].type, &b), MDL_OK);
		assert_string_equal(mdl_buf_text(&b), names[i].name);
	}
	mdl_buf_cut(&b, 0);
	assert_int_equal(mdl_dns_class_text(32, &b), MDL_OK);
	assert_string_equal(mdl_buf_text(&b), "CLASS32");
	mdl_buf_fini(&b);
}

/* One message as text2pcap reads it. */
static void dump(struct wire *w)
{
	for (size_t i = 0; i < w->msg.n; i++) {
		if (i % 16 == 0)
			printf("%s%06zx", i == 0 ? "" : "\n", i);
		printf(" %02x", w->msg.p[i]);
	}
	printf("\n\n");
}

static void dump_all(void)
{
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	for (size_t i = 0; i < MDL_COUNT(dns_rdata_vectors); i++) {
		make_type(&w, i);
		dump(&w);
		each_edit(&w, make_type, i, dump);
	}
	for (size_t i = 0; i < MDL_COUNT(option_vectors); i++) {
		make_option(&w, i);
		dump(&w);
		each_edit(&w, make_option, i, dump);
	}
	wire_close(&w);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_type),
		cmocka_unit_test(test_every_option),
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_every_cut_of_the_message),
		cmocka_unit_test(test_inner_lengths_off_by_one),
		cmocka_unit_test(test_every_edit_and_repair),
		cmocka_unit_test(test_type_names),
	};
	if (argc == 2 && strcmp(argv[1], "dump") == 0) {
		dump_all();
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
