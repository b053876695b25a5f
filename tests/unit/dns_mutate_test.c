/* Every strategy of DNS on what real programs sent: it finds its place, does what it says, and no more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/hash.h"
#include "protocols/dns/fields.h"
#include "protocols/dns/mutate.h"
#include "protocols/registry.h"
#include "support/dns_messages.h"
#include "support/wire.h"

/* A case of one message, and a bench to change it on. */
struct shop {
	struct wire w; /* the message as recorded */
	struct mdl_case_msg m;
	struct mdl_case c;
	struct mdl_recipe recipe;
	struct mdl_stock stock;
	struct mdl_rng rng;
	struct mdl_bench bench;
	struct mdl_op op;
};

static void reload(struct shop *s)
{
	assert_int_equal(mdl_buf_set(&s->m.bytes, mdl_buf_slice(&s->w.msg)), MDL_OK);
	assert_int_equal(mdl_fields_copy(&s->m.index, &s->w.f), MDL_OK);
	s->m.changed = false;
	s->m.dir = s->w.x->dir;
}

static void shop_open(struct shop *s, enum mdl_carrier on, enum mdl_dir dir, const char *hex)
{
	memset(s, 0, sizeof(*s));
	wire_open(&s->w, &mdl_dns, on, NULL);
	wire_hex(&s->w, dir, hex);
	mdl_buf_init(&s->m.bytes, MDL_CASE_MSG_MAX);
	mdl_fields_init(&s->m.index);
	mdl_recipe_init(&s->recipe);
	s->c = (struct mdl_case){ .x = s->w.x, .side = dir, .v = { &s->m }, .n = 1 };
	s->bench = (struct mdl_bench){ &s->c, &s->recipe, &s->stock, &s->rng };
	reload(s);
}

static void shop_close(struct shop *s)
{
	mdl_recipe_fini(&s->recipe);
	mdl_fields_fini(&s->m.index);
	mdl_buf_fini(&s->m.bytes);
	wire_close(&s->w);
}

/* Lets a strategy choose with that seed; false if it found nothing to do. */
static bool choose(struct shop *s, const struct mdl_strategy *st, uint64_t seed)
{
	s->rng = mdl_rng(seed);
	mdl_recipe_clear(&s->recipe);
	s->op = (struct mdl_op){ .strategy = st };
	return st->choose(&s->bench, &s->op);
}

static void apply(struct shop *s)
{
	assert_int_equal(s->op.strategy->apply(&s->bench, &s->op), MDL_OK);
}

static void repair(struct shop *s)
{
	static const struct mdl_repair how = { .what = MDL_REL_ALL & ~MDL_REL_NOW };
	assert_int_equal(mdl_repair(s->w.x, &s->m.bytes, &s->m.index, &how), MDL_OK);
}

/* What the message is now, read again by itself. */
static void read_result(struct shop *s, struct wire *w)
{
	wire_open(w, &mdl_dns, s->w.x->carrier, NULL);
	wire_read(w, s->m.dir, mdl_buf_slice(&s->m.bytes));
}

static const struct mdl_strategy *by_name(const char *name)
{
	for (size_t i = 0; i < DNS_STRATEGIES; i++)
		if (strcmp(mdl_dns_strategies[i].name, name) == 0)
			return &mdl_dns_strategies[i];
	fail_msg("no strategy %s", name);
	return NULL;
}

static void assert_nested(const struct mdl_case_msg *m)
{
	for (uint32_t i = 0; i < m->index.n; i++) {
		const struct mdl_field *d = &m->index.v[i];
		uint32_t p = m->index.v[i].parent;
		assert_true((size_t)d->off + d->len <= m->bytes.n);
		if (p == MDL_NO_FIELD)
			continue;
		assert_true(d->off >= m->index.v[p].off);
		assert_true(d->off + d->len <= m->index.v[p].off + m->index.v[p].len);
	}
}

static void test_the_table_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < DNS_STRATEGIES; i++) {
		const struct mdl_strategy *s = &mdl_dns_strategies[i];
		assert_non_null(s->name);
		assert_int_equal(strncmp(s->name, "dns-", 4), 0);
		assert_non_null(s->summary);
		assert_true(s->weight > 0 && s->choose != NULL && s->apply != NULL);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(s->name, mdl_dns_strategies[k].name);
	}
}

/* On all that was recorded, with some seeds each: all find work, none breaks the index. */
static void test_every_strategy_finds_work(void **state)
{
	(void)state;
	unsigned done[DNS_STRATEGIES] = { 0 }, changed[DNS_STRATEGIES] = { 0 };
	for (size_t i = 0; i < MDL_COUNT(dns_recorded); i++) {
		struct shop s;
		shop_open(&s, dns_recorded[i].on, dns_recorded[i].dir, dns_recorded[i].hex);
		for (size_t k = 0; k < DNS_STRATEGIES; k++)
			for (uint64_t seed = 0; seed < 6; seed++) {
				struct wire w;
				if (!choose(&s, &mdl_dns_strategies[k], seed))
					continue;
				assert_int_equal(s.m.changed, false); /* choosing changes nothing */
				assert_true(mdl_slice_eq(mdl_buf_slice(&s.m.bytes),
							 mdl_buf_slice(&s.w.msg)));
				apply(&s);
				assert_nested(&s.m);
				repair(&s);
				assert_nested(&s.m);
				done[k]++;
				changed[k] += !mdl_slice_eq(mdl_buf_slice(&s.m.bytes),
							    mdl_buf_slice(&s.w.msg));
				read_result(&s, &w);
				wire_close(&w);
				reload(&s);
			}
		shop_close(&s);
	}
	for (size_t k = 0; k < DNS_STRATEGIES; k++)
		if (done[k] == 0 || changed[k] * 2 < done[k])
			fail_msg("%s: %u times, %u with effect", mdl_dns_strategies[k].name,
				 done[k], changed[k]);
}

/* The same choice gives the same bytes, from the recipe alone. */
static void test_choices_repeat(void **state)
{
	(void)state;
	struct shop s;
	shop_open(&s, dns_recorded[7].on, dns_recorded[7].dir, dns_recorded[7].hex);
	for (size_t k = 0; k < DNS_STRATEGIES; k++) {
		if (!choose(&s, &mdl_dns_strategies[k], 5))
			continue;
		s.bench.rng = NULL;
		s.bench.stock = NULL;
		apply(&s);
		uint64_t once = mdl_hash(mdl_buf_slice(&s.m.bytes), 0);
		reload(&s);
		apply(&s);
		assert_int_equal(mdl_hash(mdl_buf_slice(&s.m.bytes), 0), once);
		reload(&s);
		s.bench.rng = &s.rng;
		s.bench.stock = &s.stock;
	}
	shop_close(&s);
}

/* Recipes may come from a hand or a minimiser: nothing they say may do harm. */
static void test_choices_that_make_no_sense(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(9);
	for (size_t i = 0; i < MDL_COUNT(dns_recorded); i += 3) {
		struct shop s;
		shop_open(&s, dns_recorded[i].on, dns_recorded[i].dir, dns_recorded[i].hex);
		for (size_t k = 0; k < 40 * DNS_STRATEGIES; k++) {
			uint8_t data[24];
			const struct mdl_strategy *st = &mdl_dns_strategies[k % DNS_STRATEGIES];
			mdl_rng_bytes(&r, data, sizeof(data));
			mdl_recipe_clear(&s.recipe);
			s.op = (struct mdl_op){ .strategy = st,
						.msg = (uint32_t)mdl_rng_below(&r, 2),
						.field = (uint32_t)mdl_rng_below(&r,
										 s.m.index.n + 3U),
						.a = (uint32_t)mdl_rng_below(&r, 300),
						.b = (uint32_t)mdl_rng_below(&r, 300),
						.v = mdl_rng_u64(&r) };
			if (k % 3 == 0)
				s.op.field = MDL_NO_FIELD;
			assert_true(mdl_op_keep(&s.bench, &s.op,
						mdl_slice(data, mdl_rng_below(&r, 24))));
			mdl_err err = st->apply(&s.bench, &s.op);
			assert_true(err == MDL_OK || err == MDL_ELIMIT || err == MDL_EINVAL);
			assert_nested(&s.m);
			repair(&s);
			if (k % 8 == 0 || s.m.bytes.n > 4096)
				reload(&s);
		}
		shop_close(&s);
	}
}

/* What must be odd about the result of a strategy, whatever it chose. */
static void test_what_pointers_say(void **state)
{
	(void)state;
	static const struct {
		const char *name, *note;
	} odd[] = { { "dns-pointer-self", "a compression pointer leads to itself" },
		    { "dns-pointer-forward", "a compression pointer does not lead back" },
		    { "dns-pointer-header", "a compression pointer leads into the header" },
		    { "dns-pointer-past", "a compression pointer does not lead back" },
		    { "dns-pointer-loop", "a compression pointer does not lead back" },
		    { "dns-label-type", "a label of an unknown type" } };
	for (size_t i = 0; i < MDL_COUNT(odd); i++)
		for (size_t k = 0; k < MDL_COUNT(dns_recorded); k++) {
			struct shop s;
			struct wire w;
			shop_open(&s, dns_recorded[k].on, dns_recorded[k].dir, dns_recorded[k].hex);
			if (choose(&s, by_name(odd[i].name), k)) {
				apply(&s);
				repair(&s);
				read_result(&s, &w);
				assert_true(w.f.n_notes > 0);
				if (!wire_noted(&w, odd[i].note) && w.f.n_notes < MDL_NOTES_MAX)
					fail_msg("%s: %s", odd[i].name, wire_say(&w));
				wire_close(&w);
			}
			shop_close(&s);
		}
}

static void test_a_loop_is_one(void **state)
{
	(void)state;
	struct shop s;
	struct wire w;
	shop_open(&s, MDL_STREAM, MDL_S2C,
		  "002b 1a2b 8400 0001 0001 0000 0000 01 61 07 6578616d706c65 00 0001 0001"
		  "c00c 0005 0001 0000012c 0004 01 62 c00e");
	for (uint64_t seed = 0; !choose(&s, by_name("dns-pointer-loop"), seed); seed++)
		assert_true(seed < 100);
	s.op.field = wire_find(&s.w, "dns.qname");
	s.op.b = wire_find(&s.w, "dns.cname");
	apply(&s);
	repair(&s);
	read_result(&s, &w);
	/* the question's name is two bytes at 12, the record begins at 18 and its RDATA at 30 */
	assert_int_equal(wire_uint(&w, "dns.qname.pointer"), 30);
	assert_int_equal(wire_uint(&w, "dns.cname.pointer"), 12);
	assert_int_equal(w.f.v[wire_find(&w, "dns.cname")].off, 30 + 2);
	wire_close(&w);
	shop_close(&s);
}

/* What only changes how a message is written leaves what it says. */
static void test_what_means_the_same(void **state)
{
	(void)state;
	static const char *const same[] = { "dns-compress", "dns-decompress" };
	unsigned done = 0;
	for (size_t i = 0; i < MDL_COUNT(dns_recorded); i++)
		for (size_t k = 0; k < MDL_COUNT(same); k++)
			for (uint64_t seed = 0; seed < 6; seed++) {
				struct shop s;
				struct wire w;
				shop_open(&s, dns_recorded[i].on, dns_recorded[i].dir,
					  dns_recorded[i].hex);
				if (choose(&s, by_name(same[k]), seed)) {
					apply(&s);
					repair(&s);
					read_result(&s, &w);
					assert_string_equal(wire_say(&w), dns_recorded[i].say);
					assert_int_equal(w.f.n, s.m.index.n);
					wire_close(&w);
					done++;
				}
				shop_close(&s);
			}
	assert_true(done > 20);
}

static const char *const asked =
	"1a2b 0120 0001 0000 0000 0001 07 6578616d706c65 03 6f7267 00 001c 0001"
	"00 0029 04d0 00 00 8000 000c 000a 0008 1122334455667788";

static void test_case_keeps_the_name(void **state)
{
	(void)state;
	struct shop s;
	struct wire w;
	shop_open(&s, MDL_DGRAM, MDL_C2S, asked);
	assert_true(choose(&s, by_name("dns-case"), 1));
	s.op.v = 0x5;
	apply(&s);
	read_result(&s, &w);
	assert_memory_equal(wire_bytes(&w, "dns.qname").p, "\7ExAmple\3org", 13);
	wire_close(&w);
	shop_close(&s);
}

static void test_questions(void **state)
{
	(void)state;
	static const uint64_t copies[] = { 0, 1, 2000 };
	struct shop s;
	struct wire w;
	shop_open(&s, MDL_STREAM, MDL_C2S,
		  "002e 1a2b 0120 0001 0000 0000 0001 07 6578616d706c65 03 6f7267 00 001c 0001"
		  "00 0029 04d0 00 00 8000 0006 0003 0002 6162");
	for (size_t i = 0; i < MDL_COUNT(copies); i++) {
		assert_true(choose(&s, by_name("dns-questions"), 1));
		s.op.v = copies[i];
		apply(&s);
		repair(&s);
		read_result(&s, &w);
		assert_int_equal(w.err, MDL_OK);
		assert_int_equal(wire_uint(&w, "dns.qdcount"), copies[i] == 0 ? 0 : copies[i] + 1);
		assert_int_equal(wire_uint(&w, "dns.length") + 2, w.msg.n);
		wire_close(&w);
		reload(&s);
	}
	shop_close(&s);
}

static void test_edns(void **state)
{
	(void)state;
	struct shop s;
	struct wire w;
	shop_open(&s, MDL_DGRAM, MDL_C2S, asked);
	assert_true(choose(&s, by_name("dns-opt"), 1));
	apply(&s);
	repair(&s);
	read_result(&s, &w);
	assert_true(wire_noted(&w, "a second OPT"));
	assert_int_equal(wire_uint(&w, "dns.arcount"), 2);
	wire_close(&w);
	reload(&s);
	assert_true(choose(&s, by_name("dns-opt-misplaced"), 1));
	apply(&s);
	repair(&s);
	read_result(&s, &w);
	assert_true(wire_noted(&w, "OPT outside the additional section"));
	wire_close(&w);
	reload(&s);
	assert_true(choose(&s, by_name("dns-opt-many"), 1));
	s.op.b = 4096;
	s.op.data_len = 4;
	apply(&s);
	repair(&s);
	read_result(&s, &w);
	assert_int_equal(w.err, MDL_OK);
	assert_int_equal(wire_uint(&w, "dns.additional.rdlength"), 12 + 4 * 4096);
	assert_true(strlen(wire_say(&w)) < 200);
	wire_close(&w);
	reload(&s);
	assert_true(choose(&s, by_name("dns-padding"), 1));
	s.op.b = 468;
	apply(&s);
	repair(&s);
	read_result(&s, &w);
	assert_int_equal(w.f.n_notes, 0);
	assert_int_equal(wire_bytes(&w, "dns.padding").n, 468);
	wire_close(&w);
	shop_close(&s);
}

static void test_padding_without_edns(void **state)
{
	(void)state;
	struct shop s;
	struct wire w;
	shop_open(&s, MDL_DGRAM, MDL_C2S,
		  "1a2b 0120 0001 0000 0000 0000 07 6578616d706c65 00 0001 0001");
	assert_true(choose(&s, by_name("dns-padding"), 1));
	s.op.b = 128;
	s.op.v = (uint64_t)1232 << 32;
	apply(&s);
	repair(&s);
	read_result(&s, &w);
	assert_int_equal(w.f.n_notes, 0);
	assert_int_equal(wire_uint(&w, "dns.udp_size"), 1232);
	assert_int_equal(wire_bytes(&w, "dns.padding").n, 128);
	wire_close(&w);
	shop_close(&s);
}

static void test_tsig_is_last_and_stays_garbage(void **state)
{
	(void)state;
	unsigned read = 0;
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct shop s;
		struct wire w;
		shop_open(&s, MDL_DGRAM, MDL_C2S, asked);
		assert_true(choose(&s, by_name("dns-tsig"), seed));
		apply(&s);
		repair(&s);
		read_result(&s, &w);
		assert_int_equal(w.err, MDL_OK);
		assert_int_equal(wire_uint(&w, "dns.arcount"), 2);
		assert_int_equal(wire_uint(&w, "dns.additional.rr[1].type"), 250);
		assert_false(wire_noted(&w, "a record behind TSIG"));
		read += wire_has(&w, "dns.additional.mac");
		for (uint32_t i = 0; i < s.m.index.n; i++)
			if (mdl_dns_is(&s.m.index, i, DNS_MAC))
				assert_true(s.m.index.v[i].pinned);
		wire_close(&w);
		shop_close(&s);
	}
	assert_true(read > 10 && read < 50); /* some are whole, some lie */
}

static void test_names_reach_their_limits(void **state)
{
	(void)state;
	bool longest = false, longer = false, label = false, empty = false;
	struct shop s;
	shop_open(&s, MDL_DGRAM, MDL_C2S, asked);
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct wire w;
		assert_true(choose(&s, by_name("dns-zone"), seed));
		apply(&s);
		repair(&s);
		read_result(&s, &w);
		size_t n = wire_has(&w, "dns.qname") ? wire_bytes(&w, "dns.qname").n : 0;
		longest |= n == 255 && w.f.n_notes == 0;
		longer |= wire_noted(&w, "a name is longer than 255 bytes");
		label |= wire_noted(&w, "a label of an unknown type");
		empty |= n == 1;
		wire_close(&w);
		reload(&s);
	}
	assert_true(longest && longer && label && empty);
	shop_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table_is_whole),
		cmocka_unit_test(test_every_strategy_finds_work),
		cmocka_unit_test(test_choices_repeat),
		cmocka_unit_test(test_choices_that_make_no_sense),
		cmocka_unit_test(test_what_pointers_say),
		cmocka_unit_test(test_a_loop_is_one),
		cmocka_unit_test(test_what_means_the_same),
		cmocka_unit_test(test_case_keeps_the_name),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_edns),
		cmocka_unit_test(test_padding_without_edns),
		cmocka_unit_test(test_tsig_is_last_and_stays_garbage),
		cmocka_unit_test(test_names_reach_their_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
