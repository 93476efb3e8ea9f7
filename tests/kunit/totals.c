// SPDX-License-Identifier: GPL-2.0
/*
 * The totals of a run: the difference of two values of an account.
 *
 * Rules: in-flight, ioctl, longest, more, sums.
 */
#include <asm/unistd.h>
#include <linux/slab.h>
#include "suites.h"
#include "totals.h"

static struct bkt_snapshot *snapshot_new(struct kunit *test, u64 t)
{
	struct bkt_snapshot *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	s->t = t;
	s->used = 2;
	s->call.key = -1;
	s->call.slot = -1;
	return s;
}

static struct bkt_totals *totals_new(struct kunit *test, u32 cap)
{
	struct bkt_totals *t = bkt_totals_alloc(cap);

	KUNIT_ASSERT_NOT_NULL(test, t);
	return t;
}

static const u16 keys[] = { __NR_read, __NR_futex };

static void a_run_is_a_difference(struct kunit *test)
{
	struct bkt_snapshot *a = snapshot_new(test, 1000), *b = snapshot_new(test, 5000);
	struct bkt_totals *t = totals_new(test, BKT_TOTALS_THREAD);
	struct bkt_figures *f;

	a->slots[0] = (struct bkt_slot){ .count = 3, .errors = 1, .time = 100, .offcpu = 40 };
	b->slots[0] = (struct bkt_slot){ .count = 8, .errors = 2, .time = 700, .offcpu = 90,
					.max = 300, .max_end = 2000 };
	a->offcpu = 50;
	b->offcpu = 150;
	bkt_totals_add_thread(t, keys, a->t, a, b);
	f = bkt_totals_get(t, __NR_read);
	KUNIT_EXPECT_EQ(test, f->count, 5ULL);
	KUNIT_EXPECT_EQ(test, f->errors, 1ULL);
	KUNIT_EXPECT_EQ(test, f->time, 600ULL);
	KUNIT_EXPECT_EQ(test, f->offcpu, 50ULL);
	KUNIT_EXPECT_EQ(test, f->in_flight, 0ULL);
	KUNIT_EXPECT_EQ(test, f->max, 300ULL);
	KUNIT_EXPECT_FALSE(test, f->max_unknown);
	KUNIT_EXPECT_EQ(test, t->thread, 4000ULL);
	KUNIT_EXPECT_EQ(test, t->offcpu, 100ULL);
	KUNIT_EXPECT_EQ(test, t->threads, 1U);
	bkt_totals_free(t);
}

/* The first reading has no slot for a call that the thread first made after it. */
static void a_new_call_counts_from_zero(struct kunit *test)
{
	struct bkt_snapshot *a = snapshot_new(test, 1000), *b = snapshot_new(test, 5000);
	struct bkt_totals *t = totals_new(test, BKT_TOTALS_THREAD);

	a->used = 1;
	a->slots[1] = (struct bkt_slot){ .count = 3, .time = 100 };
	b->slots[1] = (struct bkt_slot){ .count = 5, .time = 700 };
	bkt_totals_add_thread(t, keys, a->t, a, b);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, __NR_futex)->count, 5ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, __NR_futex)->time, 700ULL);
	bkt_totals_free(t);
}

/* The slots of ioctls follow those of the other calls, of which there are fewer here. */
static void ioctls_are_differences(struct kunit *test)
{
	struct bkt_snapshot *a = snapshot_new(test, 1000), *b = snapshot_new(test, 5000);
	u16 *k = kunit_kcalloc(test, BKT_ALL_SLOTS, sizeof(*k), GFP_KERNEL);
	struct bkt_totals *t = totals_new(test, BKT_TOTALS_THREAD);

	KUNIT_ASSERT_NOT_NULL(test, k);
	k[BKT_SLOTS] = BKT_KEY_IOCTL;
	k[BKT_SLOTS + 1] = BKT_KEY_IOCTL + 1;
	a->ioctls = 1;
	b->ioctls = 2;
	a->slots[BKT_SLOTS] = (struct bkt_slot){ .count = 3, .time = 100 };
	a->slots[BKT_SLOTS + 1] = (struct bkt_slot){ .count = 1, .time = 1 };
	b->slots[BKT_SLOTS] = (struct bkt_slot){ .count = 5, .time = 700 };
	b->slots[BKT_SLOTS + 1] = (struct bkt_slot){ .count = 4, .time = 40 };
	bkt_totals_add_thread(t, k, a->t, a, b);
	KUNIT_EXPECT_EQ(test, t->used, 2U);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, BKT_KEY_IOCTL)->count, 2ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, BKT_KEY_IOCTL)->time, 600ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, BKT_KEY_IOCTL + 1)->count, 4ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, BKT_KEY_IOCTL + 1)->time, 40ULL);
	bkt_totals_free(t);
}

/* A longest call that did not begin inside the run hides those inside. */
static void longest_outside_is_unknown(struct kunit *test)
{
	struct bkt_snapshot *a = snapshot_new(test, 1000), *b = snapshot_new(test, 5000);
	struct bkt_totals *t = totals_new(test, BKT_TOTALS_THREAD);

	b->slots[0] = (struct bkt_slot){ .count = 1, .time = 700, .max = 700, .max_end = 1600 };
	b->slots[1] = (struct bkt_slot){ .count = 1, .time = 700, .max = 700, .max_end = 1700 };
	bkt_totals_add_thread(t, keys, a->t, a, b);
	KUNIT_EXPECT_TRUE(test, bkt_totals_get(t, __NR_read)->max_unknown);
	KUNIT_EXPECT_FALSE(test, bkt_totals_get(t, __NR_futex)->max_unknown);
	bkt_totals_free(t);
}

/* A call under way at one end of the run counts only for its part inside. */
static void calls_are_clipped(struct kunit *test)
{
	struct bkt_snapshot *a = snapshot_new(test, 1000), *b = snapshot_new(test, 5000);
	struct bkt_totals *t = totals_new(test, BKT_TOTALS_THREAD);

	/* This call began 400 before the opening, and took 1,500 in all. */
	a->call = (struct bkt_under_way){
		.key = __NR_read, .begin = 600, .time = 400, .offcpu = 300
	};
	b->slots[0] = (struct bkt_slot){ .count = 1, .time = 1500, .offcpu = 1100 };
	/* This call is under way at the closing. */
	b->call = (struct bkt_under_way){
		.key = __NR_futex, .begin = 4000, .time = 1000, .offcpu = 900
	};
	bkt_totals_add_thread(t, keys, a->t, a, b);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, __NR_read)->count, 1ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, __NR_read)->time, 1100ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, __NR_read)->offcpu, 800ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, __NR_read)->in_flight, 0ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, __NR_futex)->count, 0ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, __NR_futex)->in_flight, 1ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, __NR_futex)->time, 1000ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, __NR_futex)->offcpu, 900ULL);
	bkt_totals_free(t);
}

/* One call is under way at both ends, with a slot or, never observed, without. */
static void one_call_all_the_time(struct kunit *test)
{
	static const u16 nrs[] = { __NR_futex, __NR_epoll_wait };
	int i;

	for (i = 0; i < ARRAY_SIZE(nrs); i++) {
		struct bkt_snapshot *a = snapshot_new(test, 1000), *b = snapshot_new(test, 5000);
		struct bkt_totals *t = totals_new(test, BKT_TOTALS_THREAD);
		struct bkt_figures *f = bkt_totals_get(t, nrs[i]);

		a->call = (struct bkt_under_way){
			.key = nrs[i], .time = 1000, .offcpu = 1000
		};
		b->call = (struct bkt_under_way){
			.key = nrs[i], .time = 5000, .offcpu = 5000
		};
		bkt_totals_add_thread(t, keys, a->t, a, b);
		KUNIT_EXPECT_EQ(test, f->time, 4000ULL);
		KUNIT_EXPECT_EQ(test, f->offcpu, 4000ULL);
		KUNIT_EXPECT_EQ(test, f->in_flight, 1ULL);
		KUNIT_EXPECT_EQ(test, f->count, 0ULL);
		bkt_totals_free(t);
	}
}

/* Several slots of a thread may have one key: the call under way counts once. */
static void slots_share_a_key(struct kunit *test)
{
	static const u16 same[] = { __NR_ioctl, __NR_ioctl };
	struct bkt_snapshot *a = snapshot_new(test, 1000), *b = snapshot_new(test, 5000);
	struct bkt_totals *t = totals_new(test, BKT_TOTALS_THREAD);
	struct bkt_figures *f;

	a->slots[0] = (struct bkt_slot){ .count = 1, .time = 100 };
	a->slots[1] = (struct bkt_slot){ .count = 2, .time = 200, .offcpu = 10 };
	b->slots[0] = (struct bkt_slot){ .count = 3, .time = 150 };
	b->slots[1] = (struct bkt_slot){ .count = 4, .time = 900, .offcpu = 60 };
	/* The call that was under way at the start, in the second slot, has ended. */
	a->call = (struct bkt_under_way){ .key = __NR_ioctl, .slot = 1, .time = 400, .offcpu = 20 };
	b->call = (struct bkt_under_way){ .key = __NR_ioctl, .slot = 0, .time = 70, .offcpu = 7 };
	bkt_totals_add_thread(t, same, a->t, a, b);
	f = bkt_totals_get(t, __NR_ioctl);
	KUNIT_EXPECT_EQ(test, f->count, 4ULL);
	KUNIT_EXPECT_EQ(test, f->in_flight, 1ULL);
	KUNIT_EXPECT_EQ(test, f->time, 50ULL + 700 - 400 + 70);
	KUNIT_EXPECT_EQ(test, f->offcpu, 50ULL - 20 + 7);
	bkt_totals_free(t);
}

/* A value may go back, when a call turns out to be control: the difference is 0. */
static void never_below_zero(struct kunit *test)
{
	struct bkt_snapshot *a = snapshot_new(test, 1000), *b = snapshot_new(test, 900);
	struct bkt_totals *t = totals_new(test, BKT_TOTALS_THREAD);

	a->slots[0] = (struct bkt_slot){ .count = 3, .time = 100 };
	a->call = (struct bkt_under_way){ .key = __NR_read, .time = 50 };
	b->slots[0] = (struct bkt_slot){ .count = 4, .time = 120 };
	bkt_totals_add_thread(t, keys, a->t, a, b);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, __NR_read)->time, 0ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, __NR_read)->count, 1ULL);
	KUNIT_EXPECT_EQ(test, t->thread, 0ULL);
	bkt_totals_free(t);
}

static void created_inside(struct kunit *test)
{
	struct bkt_snapshot *b = snapshot_new(test, 5000);
	struct bkt_totals *t = totals_new(test, BKT_TOTALS_THREAD);

	b->slots[0] = (struct bkt_slot){ .count = 4, .time = 120, .max = 50, .max_end = 4900 };
	bkt_totals_add_thread(t, keys, 3000, NULL, b);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(t, __NR_read)->time, 120ULL);
	KUNIT_EXPECT_EQ(test, t->thread, 2000ULL);
	bkt_totals_free(t);
}

static void a_full_table_keeps_the_category(struct kunit *test)
{
	struct bkt_totals *t = totals_new(test, BKT_TOTALS_THREAD);
	u64 count = 0;
	u32 i;
	int key;

	for (key = 0; key < BKT_KEY_INVALID; key++)
		bkt_totals_get(t, key)->count++;
	for (i = 0; i < t->used; i++)
		count += t->total[i].f.count;
	KUNIT_EXPECT_EQ(test, count, (u64)BKT_KEY_INVALID);
	KUNIT_EXPECT_LE(test, t->used, t->cap);
	KUNIT_EXPECT_GT(test, bkt_totals_get(t, BKT_KEY_MORE + BRICKTRACE_CAT_FUTEX)->count, 0ULL);
	bkt_totals_free(t);
}

static void totals_add_up(struct kunit *test)
{
	struct bkt_totals *a = totals_new(test, BKT_TOTALS_THREAD);
	struct bkt_totals *b = totals_new(test, BKT_TOTALS_SESSION);

	*bkt_totals_get(a, __NR_read) = (struct bkt_figures){ 1, 2, 3, 4, 5, 6, 7, false };
	*bkt_totals_get(b, __NR_read) = (struct bkt_figures){ 10, 20, 30, 40, 50, 60, 70, true };
	a->thread = 7;
	b->thread = 70;
	a->kernel = (struct bkt_counters){ 1, 2, 3 };
	b->kernel = (struct bkt_counters){ 10, 20, 30 };
	bkt_totals_add(b, a);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(b, __NR_read)->count, 11ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(b, __NR_read)->in_flight, 22ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(b, __NR_read)->errors, 33ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(b, __NR_read)->time, 44ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(b, __NR_read)->offcpu, 55ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(b, __NR_read)->runnable, 66ULL);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(b, __NR_read)->max, 70ULL);
	KUNIT_EXPECT_TRUE(test, bkt_totals_get(b, __NR_read)->max_unknown);
	KUNIT_EXPECT_EQ(test, b->thread, 77ULL);
	KUNIT_EXPECT_EQ(test, b->kernel.run_delay, 11ULL);
	KUNIT_EXPECT_EQ(test, b->kernel.min_flt, 22ULL);
	KUNIT_EXPECT_EQ(test, b->kernel.maj_flt, 33ULL);
	bkt_totals_clear(b);
	KUNIT_EXPECT_EQ(test, bkt_totals_get(b, __NR_read)->count, 0ULL);
	KUNIT_EXPECT_EQ(test, b->cap, (u32)BKT_TOTALS_SESSION);
	bkt_totals_free(a);
	bkt_totals_free(b);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(a_run_is_a_difference),
	KUNIT_CASE(a_new_call_counts_from_zero),
	KUNIT_CASE(ioctls_are_differences),
	KUNIT_CASE(longest_outside_is_unknown),
	KUNIT_CASE(calls_are_clipped),
	KUNIT_CASE(one_call_all_the_time),
	KUNIT_CASE(never_below_zero),
	KUNIT_CASE(slots_share_a_key),
	KUNIT_CASE(created_inside),
	KUNIT_CASE(a_full_table_keeps_the_category),
	KUNIT_CASE(totals_add_up),
	{}
};

struct kunit_suite bkt_totals_suite = {
	.name = "bricktrace_totals",
	.test_cases = cases,
};
