// SPDX-License-Identifier: GPL-2.0
/*
 * The lists of slow calls: which calls are kept, and each call once.
 *
 * Rules: slow.
 */
#include <linux/slab.h>
#include "slow.h"
#include "suites.h"

static struct bkt_slow_list *list_new(struct kunit *test)
{
	struct bkt_slow_list *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	seqcount_init(&l->seq);
	bkt_slow_clear(l, 1);
	return l;
}

static void add(struct bkt_slow_list *l, u64 start, u64 time, u64 floor)
{
	struct bkt_slow_call c = { .start = start, .time = time };

	bkt_slow_add(l, &c, floor);
}

/* Returns how often the list has a call of that time. */
static u32 times_of(const struct bkt_slow_list *l, u64 time)
{
	const struct bkt_slow_call *c;
	u32 i = 0, n = 0;

	while ((c = bkt_slow_next(l, &i)))
		n += c->time == time;
	return n;
}

static u32 count(const struct bkt_slow_list *l)
{
	u32 i = 0, n = 0;

	while (bkt_slow_next(l, &i))
		n++;
	return n;
}

/* Call number N takes a time that grows and falls, so that the longest are in the middle. */
static void the_latest_and_the_longest(struct kunit *test)
{
	struct bkt_slow_list *l = list_new(test);
	u64 i;

	KUNIT_EXPECT_EQ(test, count(l), 0U);
	for (i = 0; i < 100; i++)
		add(l, 1000 * i, i < 40 ? 100 + i : 90 - i % 50, 0);
	KUNIT_EXPECT_EQ(test, count(l), (u32)BKT_SLOW_LATEST + BKT_SLOW_LONGEST);
	for (i = 24; i < 40; i++)
		KUNIT_EXPECT_EQ(test, times_of(l, 100 + i), 1U);
	KUNIT_EXPECT_EQ(test, times_of(l, 123), 0U);
	for (i = 68; i < 100; i++)
		KUNIT_EXPECT_EQ(test, times_of(l, 90 - i % 50), 1U);
	bkt_slow_clear(l, 2);
	KUNIT_EXPECT_EQ(test, count(l), 0U);
}

/* Calls from before the oldest open run make room for shorter ones of the run. */
static void old_calls_go_first(struct kunit *test)
{
	struct bkt_slow_list *l = list_new(test);
	u64 i;

	for (i = 0; i < 50; i++)
		add(l, i, 1000 + i, 0);
	add(l, 100, 30, 100);
	for (i = 0; i < 40; i++)
		add(l, 200 + i, 10, 100);
	KUNIT_EXPECT_EQ(test, times_of(l, 30), 1U);
	KUNIT_EXPECT_EQ(test, times_of(l, 1049), 0U);
	/* Without a floor, they would stay. */
	l = list_new(test);
	for (i = 0; i < 50; i++)
		add(l, i, 1000 + i, 0);
	add(l, 100, 30, 0);
	for (i = 0; i < 40; i++)
		add(l, 200 + i, 10, 0);
	KUNIT_EXPECT_EQ(test, times_of(l, 30), 0U);
	KUNIT_EXPECT_EQ(test, times_of(l, 1049), 1U);
}

/* A list says if calls of a run may have been lost to calls from before the run. */
static void a_list_knows_what_it_may_lack(struct kunit *test)
{
	struct bkt_slow_list *l = list_new(test);
	u64 i;

	/* The run is the oldest: nothing is lost, however many calls there are. */
	for (i = 0; i < 100; i++)
		add(l, 1000 + 10 * i, 5, 1000);
	KUNIT_EXPECT_FALSE(test, bkt_slow_incomplete(l, 1000, 9000, true));
	KUNIT_EXPECT_FALSE(test, bkt_slow_incomplete(l, 1000, 9000, false));
	/* The first 16 calls are kept, since all took as long. Six may be from before a run. */
	KUNIT_EXPECT_FALSE(test, bkt_slow_incomplete(l, 1060, 9000, true));
	KUNIT_EXPECT_FALSE(test, bkt_slow_incomplete(l, 1060, 9000, false));
	KUNIT_EXPECT_TRUE(test, bkt_slow_incomplete(l, 1061, 9000, true));
	KUNIT_EXPECT_TRUE(test, bkt_slow_incomplete(l, 1061, 9000, false));
	/* So may those from after it. */
	KUNIT_EXPECT_FALSE(test, bkt_slow_incomplete(l, 1000, 1095, true));
	KUNIT_EXPECT_TRUE(test, bkt_slow_incomplete(l, 1000, 1094, true));
	/* A run from the call number 68 on has its calls among the latest. */
	KUNIT_EXPECT_FALSE(test, bkt_slow_incomplete(l, 1685, 9000, true));
	KUNIT_EXPECT_TRUE(test, bkt_slow_incomplete(l, 1684, 9000, true));
	KUNIT_EXPECT_TRUE(test, bkt_slow_incomplete(l, 1685, 9000, false));
	/* The older run ends when the inner one has had calls. */
	for (i = 0; i < 100; i++)
		add(l, 2000 + 10 * i, 5, 1685);
	KUNIT_EXPECT_TRUE(test, bkt_slow_incomplete(l, 1685, 9000, true));
	KUNIT_EXPECT_TRUE(test, bkt_slow_incomplete(l, 1994, 9000, false));
	/* A run that begins after that is the oldest, then. */
	KUNIT_EXPECT_FALSE(test, bkt_slow_incomplete(l, 1995, 9000, false));
	/* Few calls are all there. */
	l = list_new(test);
	for (i = 0; i < BKT_SLOW_LATEST; i++)
		add(l, 1000 + 10 * i, 5, 0);
	KUNIT_EXPECT_FALSE(test, bkt_slow_incomplete(l, 1000, 9000, false));
}

static void a_call_lies_inside(struct kunit *test)
{
	struct bkt_slow_call c = { .start = 100, .time = 50 };

	KUNIT_EXPECT_TRUE(test, bkt_slow_inside(&c, 100, 150));
	KUNIT_EXPECT_FALSE(test, bkt_slow_inside(&c, 101, 150));
	KUNIT_EXPECT_FALSE(test, bkt_slow_inside(&c, 100, 149));
}

static void the_top_is_sorted(struct kunit *test)
{
	struct bkt_slow_top *top = kunit_kzalloc(test, sizeof(*top), GFP_KERNEL);
	u64 i;

	KUNIT_ASSERT_NOT_NULL(test, top);
	/* The times 0 to 100 in a mixed order. */
	for (i = 0; i < 101; i++)
		bkt_slow_top_add(top, &(struct bkt_slow_call){ .time = i * 37 % 101 });
	bkt_slow_top_sort(top);
	KUNIT_ASSERT_EQ(test, top->n, (u32)BRICKTRACE_RUN_SLOW);
	for (i = 0; i < top->n; i++)
		KUNIT_EXPECT_EQ(test, top->call[i].time, 100 - i);
}

static void torn_copies_fail(struct kunit *test)
{
	struct bkt_slow_list *l = list_new(test), *copy = list_new(test);

	add(l, 1, 2, 0);
	KUNIT_EXPECT_TRUE(test, bkt_slow_try_copy(l, copy));
	KUNIT_EXPECT_EQ(test, times_of(copy, 2), 1U);
	raw_write_seqcount_begin(&l->seq);
	KUNIT_EXPECT_FALSE(test, bkt_slow_try_copy(l, copy));
	raw_write_seqcount_end(&l->seq);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(the_latest_and_the_longest),
	KUNIT_CASE(old_calls_go_first),
	KUNIT_CASE(a_list_knows_what_it_may_lack),
	KUNIT_CASE(a_call_lies_inside),
	KUNIT_CASE(the_top_is_sorted),
	KUNIT_CASE(torn_copies_fail),
	{}
};

struct kunit_suite bkt_slow_suite = {
	.name = "bricktrace_slow",
	.test_cases = cases,
};
