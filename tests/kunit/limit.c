// SPDX-License-Identifier: GPL-2.0
/* A limit: no second has more grants, whenever it begins. */
#include <linux/slab.h>
#include "limit.h"
#include "suites.h"

/* As many grants as are asked for at the time @at; returns how many there were. */
static int take(struct bkt_limit *l, u64 at, int asked)
{
	int taken = 0;

	bkt_mock_ns = at;
	while (asked--)
		taken += bkt_limit_take(l);
	bkt_mock_ns = 0;
	return taken;
}

static struct bkt_limit *limit_new(struct kunit *test, u32 max)
{
	struct bkt_limit *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	bkt_limit_init(l, max);
	return l;
}

static void none(struct kunit *test)
{
	struct bkt_limit *l = limit_new(test, 0);
	u64 granted, refused;
	u32 max;

	KUNIT_EXPECT_EQ(test, take(l, 1, 3), 0);
	bkt_limit_get(l, &max, &granted, &refused);
	KUNIT_EXPECT_EQ(test, max, 0U);
	KUNIT_EXPECT_EQ(test, granted, 0ULL);
	KUNIT_EXPECT_EQ(test, refused, 3ULL);
}

/* The grants of one second end, one by one, a second after they were taken. */
static void across_a_boundary(struct kunit *test)
{
	struct bkt_limit *l = limit_new(test, 5);
	u64 s = NSEC_PER_SEC;

	KUNIT_EXPECT_EQ(test, take(l, s - 2, 2), 2);
	KUNIT_EXPECT_EQ(test, take(l, s - 1, 1), 1);
	KUNIT_EXPECT_EQ(test, take(l, s, 9), 2);
	KUNIT_EXPECT_EQ(test, take(l, 2 * s - 3, 9), 0);
	KUNIT_EXPECT_EQ(test, take(l, 2 * s - 2, 9), 2);
	KUNIT_EXPECT_EQ(test, take(l, 2 * s - 1, 9), 1);
	KUNIT_EXPECT_EQ(test, take(l, 2 * s, 9), 2);
	KUNIT_EXPECT_EQ(test, take(l, 9 * s, 9), 5);
}

/* The ring of the last grants goes around, also with the largest limit. */
static void long_run(struct kunit *test)
{
	struct bkt_limit *l = limit_new(test, BRICKTRACE_MAX_LIMIT);
	u64 t, taken = 0;

	for (t = 1; t <= 5000; t++)
		taken += take(l, t * 500000, 1);
	/* 2,000 requests a second for 2.5 seconds: the second 500 of each second go. */
	KUNIT_EXPECT_EQ(test, taken, 3000ULL);
}

/* A smaller limit counts what was granted under the larger one, and the other way round. */
static void changes(struct kunit *test)
{
	struct bkt_limit *l = limit_new(test, 5);
	u64 s = NSEC_PER_SEC;

	KUNIT_EXPECT_EQ(test, take(l, s, 5), 5);
	bkt_limit_set(l, 2);
	KUNIT_EXPECT_EQ(test, take(l, s + 10, 5), 0);
	bkt_limit_set(l, 7);
	KUNIT_EXPECT_EQ(test, take(l, s + 20, 5), 2);
	bkt_limit_set(l, 2);
	KUNIT_EXPECT_EQ(test, take(l, 2 * s, 5), 0);
	KUNIT_EXPECT_EQ(test, take(l, 2 * s + 20, 5), 2);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(none),
	KUNIT_CASE(across_a_boundary),
	KUNIT_CASE(long_run),
	KUNIT_CASE(changes),
	{}
};

struct kunit_suite bkt_limit_suite = {
	.name = "bricktrace_limit",
	.test_cases = cases,
};
