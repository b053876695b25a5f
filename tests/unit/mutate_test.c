#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocols/mutate.h"
#include "support/alloc.h"
#include "support/toy.h"

/* A conversation of the toy protocol, a stock with a second one, and a place to make cases. */
struct bench {
	struct mdl_ctx *x;
	struct mdl_trace *trace[2];
	struct mdl_seed *seed[2];
	struct mdl_dict *dict;
	struct mdl_stock stock;
	struct mdl_case *c;
	struct mdl_recipe recipe;
};

static const uint8_t second_sample[] = { 0,   13,  2,	3,   'x', 'y', 'z', 4,
					 '1', '2', '3', '4', 0,	  4,   0xff };

static struct mdl_trace *conversation(struct mdl_slice first)
{
	struct mdl_trace *t = mdl_trace_new();
	assert_non_null(t);
	assert_int_equal(mdl_trace_add(t, MDL_C2S, 0, first), MDL_OK);
	assert_int_equal(mdl_trace_add(t, MDL_S2C, 10, MDL_LIT("\0\3\0\0\2")), MDL_OK);
	assert_int_equal(mdl_trace_add(t, MDL_C2S, 20, mdl_slice(toy_sample, 13)), MDL_OK);
	return t;
}

static void setup(struct bench *b)
{
	assert_int_equal(mdl_ctx_new(&toy, MDL_DGRAM, NULL, &b->x, NULL), MDL_OK);
	b->trace[0] = conversation(mdl_slice(toy_sample, 13));
	b->trace[1] = conversation(mdl_slice(second_sample, sizeof(second_sample)));
	b->dict = mdl_dict_new();
	for (int i = 0; i < 2; i++) {
		b->seed[i] = mdl_seed_new(b->x, b->trace[i]);
		assert_int_equal(mdl_dict_harvest(b->dict, b->seed[i]), MDL_OK);
	}
	b->stock = (struct mdl_stock){ (const struct mdl_seed *const *)b->seed, 2, b->dict };
	b->c = mdl_case_new(b->x, MDL_C2S);
	mdl_recipe_init(&b->recipe);
}

static void teardown(struct bench *b)
{
	mdl_recipe_fini(&b->recipe);
	mdl_case_free(b->c);
	mdl_dict_free(b->dict);
	for (int i = 0; i < 2; i++) {
		mdl_seed_free(b->seed[i]);
		mdl_trace_free(b->trace[i]);
	}
	mdl_ctx_free(b->x);
}

static void assert_index_sound(const struct mdl_case *c)
{
	for (size_t k = 0; k < c->n; k++) {
		const struct mdl_fields *f = &c->v[k]->index;
		for (uint32_t i = 0; i < f->n; i++) {
			uint32_t p = f->v[i].parent;
			assert_true((size_t)f->v[i].off + f->v[i].len <= c->v[k]->bytes.n);
			if (p == MDL_NO_FIELD)
				continue;
			assert_true(f->v[i].off >= f->v[p].off);
			assert_true(f->v[i].off + f->v[i].len <= f->v[p].off + f->v[p].len);
		}
	}
}

static uint64_t case_hash(struct mdl_case *c, const struct mdl_trace *like)
{
	struct mdl_trace *t = mdl_case_trace(c, like);
	assert_non_null(t);
	uint64_t h = mdl_trace_hash(t);
	mdl_trace_free(t);
	return h;
}

static void repair(struct bench *b, unsigned what)
{
	struct mdl_repair how = { .what = what };
	assert_int_equal(mdl_case_repair(b->c, &how), MDL_OK);
}

/* Makes the case of that number with one mutator. */
static uint64_t make(struct bench *b, const struct mdl_mutator *m, uint64_t n)
{
	struct mdl_rng root = mdl_rng(7), r = mdl_rng_fork(&root, "case", n);
	assert_int_equal(mdl_case_load(b->c, b->seed[0]), MDL_OK);
	assert_int_equal(mdl_mutate(m, b->c, &b->stock, &r, &b->recipe), MDL_OK);
	assert_index_sound(b->c);
	repair(b, b->recipe.repair);
	assert_index_sound(b->c);
	return case_hash(b->c, b->trace[0]);
}

/* The recipe alone, played on the same seed, gives the same bytes. */
static uint64_t replay(struct bench *b, struct mdl_recipe *r)
{
	assert_int_equal(mdl_case_load(b->c, b->seed[0]), MDL_OK);
	assert_int_equal(mdl_recipe_play(r, b->c), MDL_OK);
	assert_index_sound(b->c);
	repair(b, r->repair);
	return case_hash(b->c, b->trace[0]);
}

static uint64_t replay_text(struct bench *b)
{
	struct mdl_buf text;
	struct mdl_recipe again;
	struct mdl_why why;
	mdl_buf_init(&text, 1 << 20);
	mdl_recipe_init(&again);
	assert_int_equal(mdl_case_load(b->c, b->seed[0]), MDL_OK);
	assert_int_equal(mdl_recipe_write(&b->recipe, b->c, &text), MDL_OK);
	assert_int_equal(mdl_recipe_read(mdl_buf_slice(&text), "recipe", &again, &why), MDL_OK);
	assert_int_equal(again.n, b->recipe.n);
	uint64_t h = replay(b, &again);
	mdl_recipe_fini(&again);
	mdl_buf_fini(&text);
	return h;
}

static void test_recipes_rebuild_the_case(void **state)
{
	(void)state;
	struct bench b;
	struct mdl_mutator *m;
	setup(&b);
	assert_int_equal(mdl_mutator_new(&toy, NULL, &m, NULL), MDL_OK);
	for (uint64_t n = 0; n < 3000; n++) {
		uint64_t h = make(&b, m, n);
		assert_int_equal(replay(&b, &b.recipe), h);
		assert_int_equal(replay_text(&b), h);
	}
	mdl_mutator_free(m);
	teardown(&b);
}

static void test_same_number_same_case(void **state)
{
	(void)state;
	struct bench b;
	struct mdl_mutator *m;
	setup(&b);
	assert_int_equal(mdl_mutator_new(&toy, NULL, &m, NULL), MDL_OK);
	uint64_t first[50];
	for (uint64_t n = 0; n < 50; n++)
		first[n] = make(&b, m, n);
	for (uint64_t n = 50; n-- > 0;)
		assert_int_equal(make(&b, m, n), first[n]);
	mdl_mutator_free(m);
	teardown(&b);
}

/* Every strategy on its own changes what is sent, for at least one of a few hundred cases. */
static void each_strategy(struct bench *b, const struct mdl_strategy *list)
{
	for (const struct mdl_strategy *s = list; s->name != NULL; s++) {
		/* the toy has neither seals nor echoes nor texts nor named values */
		static const char *const others[] = { "seal-break", "echo-break", "field-text",
						      "field-known" };
		bool other = false;
		for (size_t i = 0; i < MDL_COUNT(others); i++)
			other |= strcmp(s->name, others[i]) == 0;
		struct mdl_mutator *m;
		assert_int_equal(mdl_mutator_new(&toy, s->name, &m, NULL), MDL_OK);
		uint64_t plain = case_hash(b->c, b->trace[0]);
		unsigned changed = 0;
		for (uint64_t n = 0; n < 300; n++) {
			uint64_t h = make(b, m, n);
			assert_int_equal(replay(b, &b->recipe), h);
			changed += h != plain;
		}
		if (!other && changed == 0)
			fail_msg("%s never changed anything", s->name);
		mdl_mutator_free(m);
	}
}

static void test_every_strategy_acts(void **state)
{
	(void)state;
	struct bench b;
	setup(&b);
	assert_int_equal(mdl_case_load(b.c, b.seed[0]), MDL_OK);
	each_strategy(&b, mdl_strategies_bytes);
	each_strategy(&b, mdl_strategies_fields);
	each_strategy(&b, mdl_strategies_trace);
	teardown(&b);
}

/* A minimiser takes choices out; the rest must still play, whatever it now points to. */
static void test_recipes_survive_lost_choices(void **state)
{
	(void)state;
	struct bench b;
	struct mdl_mutator *m;
	setup(&b);
	assert_int_equal(mdl_mutator_new(&toy, NULL, &m, NULL), MDL_OK);
	for (uint64_t n = 0; n < 1000; n++) {
		make(&b, m, n);
		while (b.recipe.n > 0) {
			b.recipe.n--;
			memmove(b.recipe.op, b.recipe.op + 1, b.recipe.n * sizeof(b.recipe.op[0]));
			replay(&b, &b.recipe);
		}
	}
	mdl_mutator_free(m);
	teardown(&b);
}

static void test_a_lie_survives_repair(void **state)
{
	(void)state;
	struct bench b;
	struct mdl_why why;
	setup(&b);
	struct mdl_slice text = MDL_LIT("count-lie msg=0 field=2 v=200\n"
					"field-long msg=0 field=6 a=5\n"
					"repair: length count offset\n");
	assert_int_equal(mdl_recipe_read(text, "r", &b.recipe, &why), MDL_OK);
	replay(&b, &b.recipe);
	static const uint8_t expected[] = { 0, 15,  200, 5, 'a', 'a', 'a',  'a', 'a',
					    2, 'b', 'c', 0, 0,	 12,  0x5a, 0xbc };
	assert_int_equal(b.c->v[0]->bytes.n, sizeof(expected));
	assert_memory_equal(b.c->v[0]->bytes.p, expected, sizeof(expected));
	teardown(&b);
}

static void test_recipe_in_words(void **state)
{
	(void)state;
	struct bench b;
	struct mdl_why why;
	struct mdl_buf out;
	setup(&b);
	mdl_buf_init(&out, 4096);
	struct mdl_slice text = MDL_LIT("count-lie msg=0 field=2 v=200\nrepair: length\n");
	assert_int_equal(mdl_recipe_read(text, "r", &b.recipe, &why), MDL_OK);
	assert_int_equal(mdl_case_load(b.c, b.seed[0]), MDL_OK);
	assert_int_equal(mdl_recipe_write(&b.recipe, b.c, &out), MDL_OK);
	assert_string_equal(mdl_buf_text(&out),
			    "count-lie msg=0 field=2 v=200\n"
			    "# a count that is not so\n"
			    "#   toy.body.count: 3 -> 200\n"
			    "repair: length\n"
			    "# left as they were: count offset seal now nonce\n");
	mdl_buf_fini(&out);
	teardown(&b);
}

static void test_recipe_complaints(void **state)
{
	(void)state;
	static const char *const bad[][2] = {
		{ "no-such msg=0\n", "r:1: expected the name of a strategy, not \"no-such\"" },
		{ "\nbit-flip msg=x\n", "r:2: expected a number, not \"x\"" },
		{ "bit-flip q=1\n", "r:1: expected msg, field, a, b, v or data, not \"q\"" },
		{ "bit-flip data=0\n", "r:1: expected hex digits, not \"0\"" },
		{ "bit-flip a=4294967296\n",
		  "r:1: expected a number up to 4294967295, not \"4294967296\"" },
		{ "repair: all\n",
		  "r:1: expected length, count, offset, seal, now or nonce, not \"all\"" },
	};
	struct mdl_recipe r;
	struct mdl_why why;
	mdl_recipe_init(&r);
	for (size_t i = 0; i < MDL_COUNT(bad); i++) {
		assert_int_equal(mdl_recipe_read(mdl_slice_str(bad[i][0]), "r", &r, &why),
				 MDL_EMALFORMED);
		assert_string_equal(why.text, bad[i][1]);
	}
	mdl_recipe_fini(&r);
}

static void test_filters(void **state)
{
	(void)state;
	struct mdl_mutator *m;
	struct mdl_why why;
	struct bench b;
	setup(&b);
	assert_int_equal(mdl_mutator_new(&toy, "trace,-msg-drop", &m, NULL), MDL_OK);
	for (uint64_t n = 0; n < 200; n++) {
		make(&b, m, n);
		for (unsigned i = 0; i < b.recipe.n; i++) {
			assert_int_equal(b.recipe.op[i].strategy->level, MDL_LEVEL_TRACE);
			assert_string_not_equal(b.recipe.op[i].strategy->name, "msg-drop");
		}
	}
	mdl_mutator_free(m);
	assert_int_equal(mdl_mutator_new(&toy, "lenght-lie", &m, &why), MDL_EINVAL);
	assert_string_equal(why.text, "\"lenght-lie\" is no strategy, level or protocol; "
				      "did you mean length-lie?");
	teardown(&b);
}

static void test_names_are_unique(void **state)
{
	(void)state;
	const struct mdl_strategy *const lists[] = { mdl_strategies_bytes, mdl_strategies_fields,
						     mdl_strategies_trace };
	for (size_t l = 0; l < MDL_COUNT(lists); l++)
		for (const struct mdl_strategy *s = lists[l]; s->name != NULL; s++)
			assert_ptr_equal(mdl_strategy_find(s->name), s);
}

/* Whatever cannot be allocated, the case is refused, not broken. */
static void make_with_failures(void)
{
	struct mdl_ctx *x = NULL;
	struct mdl_trace *t = mdl_trace_new();
	struct mdl_mutator *m = NULL;
	struct mdl_dict *dict = mdl_dict_new();
	struct mdl_recipe recipe;
	struct mdl_seed *seed = NULL;
	struct mdl_case *c = NULL;
	mdl_recipe_init(&recipe);
	mdl_err err = t == NULL || dict == NULL ? MDL_ENOMEM
						: mdl_ctx_new(&toy, MDL_DGRAM, NULL, &x, NULL);
	if (err == MDL_OK)
		err = mdl_trace_add(t, MDL_C2S, 0, mdl_slice(toy_sample, 13));
	if (err == MDL_OK && (seed = mdl_seed_new(x, t)) == NULL)
		err = MDL_ENOMEM;
	if (err == MDL_OK && (c = mdl_case_new(x, MDL_C2S)) == NULL)
		err = MDL_ENOMEM;
	if (err == MDL_OK)
		err = mdl_dict_harvest(dict, seed);
	if (err == MDL_OK)
		err = mdl_mutator_new(&toy, NULL, &m, NULL);
	struct mdl_rng r = mdl_rng(3);
	struct mdl_stock stock = { (const struct mdl_seed *const *)&seed, 1, dict };
	for (int i = 0; i < 20 && err == MDL_OK; i++) {
		err = mdl_case_load(c, seed);
		if (err == MDL_OK)
			err = mdl_mutate(m, c, &stock, &r, &recipe);
	}
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	mdl_mutator_free(m);
	mdl_case_free(c);
	mdl_seed_free(seed);
	mdl_dict_free(dict);
	mdl_recipe_fini(&recipe);
	mdl_trace_free(t);
	mdl_ctx_free(x);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(make_with_failures());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recipes_rebuild_the_case),
		cmocka_unit_test(test_same_number_same_case),
		cmocka_unit_test(test_every_strategy_acts),
		cmocka_unit_test(test_recipes_survive_lost_choices),
		cmocka_unit_test(test_a_lie_survives_repair),
		cmocka_unit_test(test_recipe_in_words),
		cmocka_unit_test(test_recipe_complaints),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_names_are_unique),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
