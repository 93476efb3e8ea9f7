// SPDX-License-Identifier: GPL-2.0
/* The verdicts of assertions, at their limits and without a complete breakdown. */
#include <asm/unistd.h>
#include <linux/err.h>
#include <linux/slab.h>
#include "assertions.h"
#include "suites.h"

static struct bkt_user user;

enum { DURATION, SHARE, TIME, OFFCPU, COUNT, ABSENT, N };

/* A run of 1,000 ns: 250 ns in 3 calls of read, of which 100 ns were off the CPU. */
static struct bkt_breakdown *breakdown_new(struct kunit *test)
{
	struct bkt_breakdown *b = kunit_kzalloc(test, struct_size(b, syscalls, 2), GFP_KERNEL);
	struct bricktrace_figures *f;

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->times[0].thread_ns = 1000;
	f = &b->categories[BRICKTRACE_CAT_READ][0].figures;
	f->ns = 250;
	f->offcpu_ns = 100;
	f->count = 3;
	b->nr_syscalls = 1;
	b->syscalls[0][0].nr = __NR_read;
	b->syscalls[0][0].figures = *f;
	b->syscalls[1][0].nr = BRICKTRACE_NR_MORE;
	return b;
}

/* An assertion of each kind that passes with these limits, less @less. */
static struct bkt_assertions *set_new(struct kunit *test, u64 less)
{
	struct bricktrace_assertion a[N] = {
		[DURATION] = { BRICKTRACE_ASSERT_DURATION, 0, 0, 0, 1000 - less, "duration" },
		[SHARE] = { BRICKTRACE_ASSERT_CATEGORY_SHARE, BRICKTRACE_CAT_READ, 0, 0,
			    25000 - less, "share" },
		[TIME] = { BRICKTRACE_ASSERT_CATEGORY_NS, BRICKTRACE_CAT_READ, 0, 0, 250 - less,
			   "time" },
		[OFFCPU] = { BRICKTRACE_ASSERT_CATEGORY_OFFCPU, BRICKTRACE_CAT_READ, 0, 0,
			     100 - less, "off-CPU time" },
		[COUNT] = { BRICKTRACE_ASSERT_SYSCALL_COUNT, __NR_read, 0, 0, 3 - less,
			    "count" },
		[ABSENT] = { BRICKTRACE_ASSERT_SYSCALL_COUNT, __NR_write, 0, 0, 0, "absent" },
	};
	struct bkt_assertions *set = bkt_assertions_new(&user, a, N);

	KUNIT_ASSERT_FALSE(test, IS_ERR(set));
	return set;
}

static void check(struct kunit *test, u64 less, u32 provenance, const struct bkt_breakdown *b,
		  u32 passed, u32 failed)
{
	struct bricktrace_result r = { .wall_ns = 1000, .provenance = provenance };
	struct bkt_assertions *set = set_new(test, less);
	struct bkt_verdict v;

	bkt_assertions_check(set, &r, b, &v);
	KUNIT_EXPECT_EQ(test, v.passed, passed);
	KUNIT_EXPECT_EQ(test, v.failed, failed);
	if (failed & BIT(SHARE))
		KUNIT_EXPECT_EQ(test, v.value[SHARE], 25000ULL);
	if (failed & BIT(COUNT))
		KUNIT_EXPECT_EQ(test, v.value[COUNT], 3ULL);
	bkt_assertions_put(set);
}

#define ALL	(BIT(N) - 1)

static void at_the_limit(struct kunit *test)
{
	struct bkt_breakdown *b = breakdown_new(test);

	check(test, 0, BRICKTRACE_MEASURED, b, ALL, 0);
	check(test, 1, BRICKTRACE_MEASURED, b, BIT(ABSENT), ALL & ~BIT(ABSENT));
}

/* What was not measured is not evaluated, but the duration always is measured. */
static void not_measured(struct kunit *test)
{
	check(test, 0, BRICKTRACE_NOT_INSTRUMENTED, NULL, BIT(DURATION), 0);
	check(test, 1, BRICKTRACE_NOT_INSTRUMENTED, NULL, 0, BIT(DURATION));
}

/* A partial breakdown's figures are lower bounds, which may fail but not pass. */
static void partial(struct kunit *test)
{
	struct bkt_breakdown *b = breakdown_new(test);

	check(test, 0, BRICKTRACE_PARTIAL, b, BIT(DURATION), 0);
	check(test, 1, BRICKTRACE_PARTIAL, b, 0, ALL & ~BIT(ABSENT));
}

/* Calls without figures of their own may be the ones that are counted. */
static void more_calls(struct kunit *test)
{
	struct bkt_breakdown *b = breakdown_new(test);

	b->nr_syscalls = 2;
	check(test, 0, BRICKTRACE_MEASURED, b, ALL & ~BIT(COUNT) & ~BIT(ABSENT), 0);
	check(test, 1, BRICKTRACE_MEASURED, b, 0, ALL & ~BIT(ABSENT));
}

/* The share of times whose products overflow a word. */
static void long_times(struct kunit *test)
{
	struct bkt_breakdown *b = breakdown_new(test);

	b->times[0].thread_ns = U64_MAX - 3;
	b->categories[BRICKTRACE_CAT_READ][0].figures.ns = U64_MAX / 4;
	check(test, 0, BRICKTRACE_MEASURED, b, BIT(DURATION) | BIT(SHARE) | BIT(OFFCPU) |
	      BIT(COUNT) | BIT(ABSENT), BIT(TIME));
	b->times[0].thread_ns = 0;
	b->categories[BRICKTRACE_CAT_READ][0].figures.ns = 0;
	check(test, 0, BRICKTRACE_MEASURED, b, ALL, 0);
}

static int try_one(struct bricktrace_assertion a)
{
	struct bkt_assertions *set = bkt_assertions_new(&user, &a, 1);

	if (IS_ERR(set))
		return PTR_ERR(set);
	bkt_assertions_put(set);
	return 0;
}

static void bad_ones(struct kunit *test)
{
	struct bricktrace_assertion a = { .name = "a" };

	KUNIT_EXPECT_EQ(test, try_one(a), 0);
	a.subject = 1;
	KUNIT_EXPECT_EQ(test, try_one(a), -EINVAL);
	a.kind = BRICKTRACE_ASSERT_CATEGORY_NS;
	KUNIT_EXPECT_EQ(test, try_one(a), 0);
	a.arch = 1;
	KUNIT_EXPECT_EQ(test, try_one(a), -EINVAL);
	a.arch = 0;
	a.subject = BKT_CATEGORIES;
	KUNIT_EXPECT_EQ(test, try_one(a), -EINVAL);
	a.kind = BRICKTRACE_ASSERT_SYSCALL_COUNT;
	a.arch = BRICKTRACE_ARCH_X32;
	KUNIT_EXPECT_EQ(test, try_one(a), 0);
	a.arch++;
	KUNIT_EXPECT_EQ(test, try_one(a), -EINVAL);
	a.arch = 0;
	a.subject = BRICKTRACE_NR_MORE;
	KUNIT_EXPECT_EQ(test, try_one(a), -EINVAL);
	a.kind++;
	a.subject = 0;
	KUNIT_EXPECT_EQ(test, try_one(a), -EINVAL);
	a.kind = 0;
	a.reserved = 1;
	KUNIT_EXPECT_EQ(test, try_one(a), -EINVAL);
	a.reserved = 0;
	a.name[0] = 0;
	KUNIT_EXPECT_EQ(test, try_one(a), -EINVAL);
	memset(a.name, 'x', sizeof(a.name));
	KUNIT_EXPECT_EQ(test, try_one(a), -ENAMETOOLONG);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&user.memory), 0L);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(at_the_limit),
	KUNIT_CASE(not_measured),
	KUNIT_CASE(partial),
	KUNIT_CASE(more_calls),
	KUNIT_CASE(long_times),
	KUNIT_CASE(bad_ones),
	{}
};

struct kunit_suite bkt_assertions_suite = {
	.name = "bricktrace_assertions",
	.test_cases = cases,
};
