/* Leaks, in a target that is only played: it uses as much as the test says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "replay/leak.h"
#include "support/alloc.h"

static struct {
	uint64_t rss, fds;     /* now */
	unsigned plays, fresh; /* so far; of them in a new process */
	unsigned dies_at;      /* play at which it ends and is started again; 0: never */
	bool gone;	       /* nothing can be told of it */
	mdl_err err;	       /* of a play */
} target;

/* What a trace does to it: bytes each time, bytes the first time, descriptors each time. */
struct habit {
	struct mdl_trace trace;
	uint64_t bytes, once, fds;
	unsigned played;
};

mdl_err __wrap_executor_play(struct executor *e, const struct mdl_trace *t, struct outcome *out,
			     struct mdl_why *why);
mdl_err __wrap_executor_play_fresh(struct executor *e, const struct mdl_trace *t,
				   struct outcome *out, struct mdl_why *why);
struct target *__wrap_executor_target(struct executor *e);
bool __wrap_target_use(const struct target *t, struct procfs_use *out);

mdl_err __wrap_executor_play(struct executor *e, const struct mdl_trace *t, struct outcome *out,
			     struct mdl_why *why)
{
	(void)e;
	struct habit *h = (struct habit *)(uintptr_t)t;
	if (target.err != MDL_OK)
		return mdl_fail(why, target.err, "it cannot be started");
	memset(out, 0, sizeof(*out));
	target.plays++;
	target.rss += h->bytes + (h->played++ == 0 ? h->once : 0);
	target.fds += h->fds;
	out->restarted = target.plays == target.dies_at;
	return MDL_OK;
}

mdl_err __wrap_executor_play_fresh(struct executor *e, const struct mdl_trace *t,
				   struct outcome *out, struct mdl_why *why)
{
	target.rss = 5 << 20;
	target.fds = 10;
	target.fresh++;
	mdl_err err = __wrap_executor_play(e, t, out, why);
	out->restarted = true;
	return err;
}

struct target *__wrap_executor_target(struct executor *e)
{
	(void)e;
	return NULL;
}

bool __wrap_target_use(const struct target *t, struct procfs_use *out)
{
	(void)t;
	*out = (struct procfs_use){ .rss = target.rss, .fds = (unsigned)target.fds };
	return !target.gone;
}

static void test_kinds(void **state)
{
	(void)state;
	enum leak_kind kind;
	assert_true(leak_kind_of("leak", &kind));
	assert_int_equal(kind, LEAK_MEMORY);
	assert_true(leak_kind_of("fdleak", &kind));
	assert_int_equal(kind, LEAK_DESCRIPTORS);
	assert_false(leak_kind_of("crash", &kind));
	assert_false(leak_kind_of("", &kind));
}

static bool grows(struct habit h, enum leak_kind kind)
{
	bool yes;
	target.plays = 0;
	assert_int_equal(leak_grows(NULL, &h.trace, kind, &yes, NULL), MDL_OK);
	return yes;
}

static void test_grows(void **state)
{
	(void)state;
	memset(&target, 0, sizeof(target));
	assert_true(grows((struct habit){ .bytes = 200 }, LEAK_MEMORY));
	assert_false(grows((struct habit){ .bytes = 100 }, LEAK_MEMORY));
	assert_false(grows((struct habit){ .once = 64 << 20 }, LEAK_MEMORY)); /* it warms up */
	assert_false(grows((struct habit){ .bytes = 200 }, LEAK_DESCRIPTORS));
	assert_true(grows((struct habit){ .fds = 1 }, LEAK_DESCRIPTORS));
	assert_false(grows((struct habit){ .fds = 1 }, LEAK_MEMORY));
	assert_int_equal(target.plays, LEAK_WARM_UP + LEAK_PLAYS);
	assert_int_equal(target.fresh, 6);
}

static void test_what_says_nothing(void **state)
{
	(void)state;
	bool yes = true;
	struct habit h = { .bytes = 1000 };
	memset(&target, 0, sizeof(target));
	target.dies_at = LEAK_WARM_UP / 2; /* what it used before says nothing then */
	assert_false(grows(h, LEAK_MEMORY));
	target.dies_at = LEAK_WARM_UP + LEAK_PLAYS;
	assert_false(grows(h, LEAK_MEMORY));
	target.dies_at = 0;
	target.gone = true;
	assert_false(grows(h, LEAK_MEMORY));
	target.err = MDL_EIO;
	assert_int_equal(leak_grows(NULL, &h.trace, LEAK_MEMORY, &yes, NULL), MDL_EIO);
	assert_false(yes);
}

enum { SUSPECTED = 7 };

static size_t suspects(struct habit *v, enum leak_kind kind, size_t out[LEAK_SUSPECTS])
{
	const struct mdl_trace *traces[SUSPECTED];
	size_t n = 99;
	for (size_t i = 0; i < SUSPECTED; i++)
		traces[i] = &v[i].trace;
	assert_int_equal(leak_suspects(NULL, traces, SUSPECTED, kind, out, &n, NULL), MDL_OK);
	return n;
}

static void test_suspects(void **state)
{
	(void)state;
	size_t out[LEAK_SUSPECTS];
	struct habit v[SUSPECTED] = { { .once = 1 << 20 }, { .bytes = 10 }, { .bytes = 30 },
				      { .fds = 2 },	   { .bytes = 20 }, { .bytes = 30 },
				      { .bytes = 5 } };
	memset(&target, 0, sizeof(target));
	assert_int_equal(suspects(v, LEAK_MEMORY, out), LEAK_SUSPECTS);
	assert_int_equal(out[0], 2); /* of equals the first */
	assert_int_equal(out[1], 5);
	assert_int_equal(out[2], 4);
	assert_int_equal(out[3], 1);
	assert_int_equal(target.fresh, 1);
	assert_int_equal(target.plays, SUSPECTED * (1 + LEAK_LOOKS));
	assert_int_equal(suspects(v, LEAK_DESCRIPTORS, out), 1);
	assert_int_equal(out[0], 3);
	target.gone = true;
	assert_int_equal(suspects(v, LEAK_MEMORY, out), 0);
}

static void fail_somewhere(void)
{
	size_t out[LEAK_SUSPECTS], n;
	struct habit h = { .bytes = 10 };
	const struct mdl_trace *t = &h.trace;
	mdl_err err = leak_suspects(NULL, &t, 1, LEAK_MEMORY, out, &n, NULL);
	assert_int_equal(n, err == MDL_OK ? 1 : 0);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
}

static void test_failure(void **state)
{
	(void)state;
	size_t out[LEAK_SUSPECTS], n;
	struct habit h = { .bytes = 10 };
	const struct mdl_trace *t = &h.trace;
	memset(&target, 0, sizeof(target));
	ALLOC_FAIL_EACH(fail_somewhere());
	assert_int_equal(leak_suspects(NULL, &t, 0, LEAK_MEMORY, out, &n, NULL), MDL_OK);
	assert_int_equal(n, 0);
	target.err = MDL_EIO;
	assert_int_equal(leak_suspects(NULL, &t, 1, LEAK_MEMORY, out, &n, NULL), MDL_EIO);
	assert_int_equal(n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_what_says_nothing),
		cmocka_unit_test(test_suspects),
		cmocka_unit_test(test_failure),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
