// SPDX-License-Identifier: GPL-2.0
/*
 * The ioctls of an account by command, those found under way, and slow calls. The test's
 * thread has no file, so that each of its ioctls is one of a bad descriptor.
 *
 * Rules: asleep, ioctl, longest, slow.
 */
#include <asm/unistd.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include "ioctl.h"
#include "slow.h"
#include "suites.h"
#include "thread.h"

static struct bkt_slow_list *slow_calls(struct kunit *test, struct bkt_account *a)
{
	struct bkt_slow_list *l = kunit_kzalloc(test, sizeof(*l), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	KUNIT_ASSERT_TRUE(test, bkt_account_try_read_slow(a, GENERATION, l));
	return l;
}

/* Commands that differ in any part have slots of their own, as long as there are any. */
static void commands_are_told_apart(struct kunit *test)
{
	struct bkt_account *a = account_running(test);
	struct bkt_ioctl_id id = { .command = 1, .request = 2, .dev = 3, .file = 4 };
	struct bkt_ioctl_id other[] = { id, id, id, id, id, id, id };
	struct bkt_slot *s = bkt_ioctl_slot(&a->ioctls, &id);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_EXPECT_PTR_EQ(test, bkt_ioctl_slot(&a->ioctls, &id), s);
	other[0].command++;
	other[1].request++;
	other[2].dev++;
	other[3].file++;
	other[4].arch++;
	other[5].name[0]++;
	other[6].name[sizeof(id.name) - 1]++;
	for (i = 0; i < ARRAY_SIZE(other); i++) {
		struct bkt_slot *o = bkt_ioctl_slot(&a->ioctls, &other[i]);

		KUNIT_EXPECT_PTR_EQ(test, o, s + i + 1);
		KUNIT_EXPECT_PTR_EQ(test, bkt_ioctl_slot(&a->ioctls, &other[i]), o);
	}
	for (i++; i < BKT_IOCTLS; i++) {
		id.request = 1000 + i;
		KUNIT_EXPECT_PTR_EQ(test, bkt_ioctl_slot(&a->ioctls, &id), s + i);
	}
	id.request++;
	KUNIT_EXPECT_NULL(test, bkt_ioctl_slot(&a->ioctls, &id));
	KUNIT_EXPECT_PTR_EQ(test, bkt_ioctl_slot(&a->ioctls, &other[5]), s + 6);
}

/* An ioctl without a slot of its own is counted in that of the system call. */
static void a_full_table_counts(struct kunit *test)
{
	struct bkt_account *a = account_running(test);
	struct bkt_ioctl_id id = {};
	struct bkt_snapshot *v;

	make_call(a, __NR_ioctl, 0, 10);
	for (id.request = 1; id.request < BKT_IOCTLS; id.request++)
		bkt_ioctl_slot(&a->ioctls, &id);
	make_call(a, __NR_ioctl, 0, 20);
	v = read_at(test, a, -1, U64_MAX);
	KUNIT_EXPECT_EQ(test, (u32)v->ioctls, (u32)BKT_IOCTLS);
	KUNIT_EXPECT_EQ(test, v->slots[BKT_SLOTS].count, 2ULL);
	KUNIT_EXPECT_EQ(test, v->slots[BKT_SLOTS].time, 30ULL);
	/* Now the thread's ioctl is another command, for which there is no room. */
	a->ioctls->id[0].file = BRICKTRACE_FILE_CHAR;
	make_call(a, __NR_ioctl, -EBADF, 5);
	v = read_at(test, a, -1, U64_MAX);
	KUNIT_EXPECT_EQ(test, v->slots[BKT_SLOTS].count, 2ULL);
	KUNIT_EXPECT_EQ(test, a->keys[BKT_SLOT_FIRST], (u16)__NR_ioctl);
	KUNIT_EXPECT_EQ(test, v->slots[BKT_SLOT_FIRST].count, 1ULL);
	KUNIT_EXPECT_EQ(test, v->slots[BKT_SLOT_FIRST].errors, 1ULL);
}

/* The call under way in a slot of an ioctl, with its time off the CPU. */
static void an_ioctl_under_way(struct kunit *test)
{
	struct bkt_account *a = account_running(test);
	struct bkt_snapshot *v;

	bkt_account_enter(a, __NR_ioctl, false);
	bkt_mock_ns += 30;
	bkt_account_out(a, current);
	bkt_mock_ns += 50;
	v = read_at(test, a, -1, U64_MAX);
	KUNIT_EXPECT_EQ(test, v->call.slot, BKT_SLOTS);
	KUNIT_EXPECT_EQ(test, v->call.time, 80ULL);
	KUNIT_EXPECT_EQ(test, v->call.offcpu, 50ULL);
	bkt_account_in(a, current, GENERATION, 0);
	bkt_account_exit(a, 0, false);
	v = read_at(test, a, -1, U64_MAX);
	KUNIT_EXPECT_EQ(test, v->call.key, -1);
	KUNIT_EXPECT_EQ(test, v->slots[BKT_SLOTS].offcpu, 50ULL);
	KUNIT_EXPECT_EQ(test, v->slots[BKT_SLOTS].max, 80ULL);
}

/* Whoever finds an ioctl under way, a reader or the task itself, counts it the same way. */
static void an_ioctl_found_under_way(struct kunit *test)
{
	const int found = BKT_KEY_FOUND + BRICKTRACE_ARCH_NATIVE;
	struct bkt_account *a = account_new(test, false);
	struct bkt_snapshot *v;
	int key;

	key = bkt_account_record(a, GENERATION, __NR_ioctl, 77);
	KUNIT_EXPECT_EQ(test, key, found);
	v = read_at(test, a, key, U64_MAX);
	KUNIT_EXPECT_EQ(test, v->call.key, found);
	KUNIT_EXPECT_EQ(test, v->call.slot, -1);
	KUNIT_EXPECT_EQ(test, v->call.request, 77U);
	bkt_mock_ns += 100;
	bkt_account_in(a, current, GENERATION, 0);
	KUNIT_EXPECT_EQ(test, a->found_request, 77U);
	KUNIT_EXPECT_EQ(test, a->keys[a->found], (u16)found);
	/* The sys_enter that follows is that of the same call. */
	make_call(a, __NR_ioctl, 0, 20);
	v = read_at(test, a, -1, U64_MAX);
	KUNIT_EXPECT_EQ(test, v->slots[a->found].count, 1ULL);
	KUNIT_EXPECT_EQ(test, v->slots[a->found].time, 120ULL);
	KUNIT_EXPECT_EQ(test, (u32)v->ioctls, 0U);
	/* In another arming, the same request has the same slot, and another one has none. */
	KUNIT_EXPECT_EQ(test, bkt_account_record(a, GENERATION + 2, __NR_ioctl, 77), found);
	KUNIT_EXPECT_EQ(test, bkt_account_record(a, GENERATION + 4, __NR_ioctl, 78),
			__NR_ioctl);
	KUNIT_EXPECT_EQ(test, bkt_account_record(a, GENERATION + 6, BKT_KEY_COMPAT + 54, 77),
			BKT_KEY_COMPAT + 54);
	KUNIT_EXPECT_EQ(test, bkt_account_record(a, GENERATION + 8, __NR_read, 77), __NR_read);
}

/* A call of exactly the time that the session wants is slow, and a shorter one is not. */
static void slow_calls_are_kept(struct kunit *test)
{
	struct bkt_account *a = account_running(test);
	const struct bkt_slow_call *c;
	struct bkt_slow_list *l;
	u32 i = 0;

	make_call(a, __NR_read, 0, 5000);
	bkt_account_set_slow(a, 100, 0);
	make_call(a, __NR_read, 0, 99);
	KUNIT_EXPECT_EQ(test, slow_calls(test, a)->added, 0ULL);
	bkt_account_enter(a, __NR_read, false);
	bkt_mock_ns += 60;
	bkt_account_out(a, current);
	bkt_mock_ns += 40;
	bkt_account_in(a, current, GENERATION, 0);
	bkt_account_exit(a, 0, false);
	l = slow_calls(test, a);
	KUNIT_ASSERT_EQ(test, l->added, 1ULL);
	c = bkt_slow_next(l, &i);
	KUNIT_EXPECT_EQ(test, c->start, bkt_mock_ns - 100);
	KUNIT_EXPECT_EQ(test, c->time, 100ULL);
	KUNIT_EXPECT_EQ(test, c->offcpu, 40ULL);
	KUNIT_EXPECT_EQ(test, (int)c->slot, BKT_SLOT_FIRST);
	/* A call that fails, and an ioctl. */
	make_call(a, __NR_read, -EAGAIN, 200);
	make_call(a, __NR_ioctl, 0, 300);
	l = slow_calls(test, a);
	KUNIT_EXPECT_EQ(test, l->added, 3ULL);
	c = bkt_slow_next(l, &i);
	KUNIT_EXPECT_EQ(test, (int)c->slot, BKT_SLOT_FIRST);
	KUNIT_EXPECT_EQ(test, c->offcpu, 0ULL);
	KUNIT_EXPECT_EQ(test, (int)bkt_slow_next(l, &i)->slot, BKT_SLOTS);
	/* A higher limit, and none. */
	bkt_account_set_slow(a, 1000, 0);
	make_call(a, __NR_read, 0, 999);
	bkt_account_set_slow(a, 0, 0);
	make_call(a, __NR_read, 0, 5000);
	KUNIT_EXPECT_EQ(test, slow_calls(test, a)->added, 3ULL);
	/* A lower limit holds for a slot with longer calls. */
	bkt_account_set_slow(a, 10, 0);
	make_call(a, __NR_read, 0, 10);
	make_call(a, __NR_ioctl, 0, 10);
	KUNIT_EXPECT_EQ(test, slow_calls(test, a)->added, 5ULL);
	/* The calls of another arming are void. */
	KUNIT_ASSERT_TRUE(test, bkt_account_try_read_slow(a, GENERATION + 2, l));
	KUNIT_EXPECT_EQ(test, l->added, 0ULL);
}

/* bricktrace's own calls, and calls of which only the end was observed. */
static void calls_that_are_never_slow(struct kunit *test)
{
	struct bkt_account *a = account_new(test, false);

	bkt_account_set_slow(a, 100, 0);
	bkt_account_record(a, GENERATION, __NR_read, 0);
	bkt_account_in(a, current, GENERATION, 0);
	bkt_mock_ns += 200;
	bkt_account_exit(a, 0, false);
	bkt_account_enter(a, __NR_ioctl, false);
	bkt_account_control(a);
	bkt_mock_ns += 200;
	bkt_account_exit(a, 0, false);
	KUNIT_EXPECT_EQ(test, slow_calls(test, a)->added, 0ULL);
	make_call(a, __NR_read, 0, 200);
	KUNIT_EXPECT_EQ(test, slow_calls(test, a)->added, 1ULL);
}

/* If the slot of a call is shared, the thread's registers still have the call's number. */
static void a_slow_call_with_a_shared_slot(struct kunit *test)
{
	struct bkt_account *a = account_running(test);
	const struct bkt_slow_call *c;
	u32 nr, i = 0;

	for (nr = 0; a->used < BKT_SLOTS && nr < __NR_futex; nr++)
		if (nr != __NR_restart_syscall)
			make_call(a, nr, 0, 1);
	bkt_account_set_slow(a, 100, 0);
	make_call(a, __NR_futex, 0, 100);
	c = bkt_slow_next(slow_calls(test, a), &i);
	KUNIT_ASSERT_NOT_NULL(test, c);
	KUNIT_EXPECT_EQ(test, (int)c->slot, BKT_SLOT_MORE + BRICKTRACE_CAT_FUTEX);
	KUNIT_EXPECT_EQ(test, (int)c->key, bkt_syscall_at_exit());
}

/* Of another arming, neither the slow calls nor the longest call count. */
static void a_new_arming_begins_anew(struct kunit *test)
{
	struct bkt_account *a = account_running(test);
	struct bkt_slow_list *l;

	bkt_account_set_slow(a, 100, 0);
	make_call(a, __NR_read, 0, 500);
	make_call(a, __NR_ioctl, 0, 500);
	l = slow_calls(test, a);
	bkt_account_in(a, current, GENERATION + 2, bkt_mock_ns);
	make_call(a, __NR_read, 0, 50);
	make_call(a, __NR_ioctl, 0, 60);
	KUNIT_EXPECT_EQ(test, a->slots[BKT_SLOT_FIRST].max, 50ULL);
	KUNIT_EXPECT_EQ(test, a->ioctls->slot[0].max, 60ULL);
	make_call(a, __NR_read, 0, 100);
	KUNIT_ASSERT_TRUE(test, bkt_account_try_read_slow(a, GENERATION + 2, l));
	KUNIT_EXPECT_EQ(test, l->added, 1ULL);
}

/* The longest call is known whether or not calls are slow. */
static void the_longest_call(struct kunit *test)
{
	struct bkt_account *a = account_running(test);
	struct bkt_snapshot *v;

	make_call(a, __NR_read, 0, 50);
	bkt_account_set_slow(a, 20, 0);
	make_call(a, __NR_read, 0, 30);
	make_call(a, __NR_read, 0, 60);
	make_call(a, __NR_read, 0, 40);
	v = read_at(test, a, -1, U64_MAX);
	KUNIT_EXPECT_EQ(test, v->slots[BKT_SLOT_FIRST].max, 60ULL);
	KUNIT_EXPECT_EQ(test, v->slots[BKT_SLOT_FIRST].max_end, bkt_mock_ns - 40);
	KUNIT_EXPECT_EQ(test, slow_calls(test, a)->added, 3ULL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(commands_are_told_apart),
	KUNIT_CASE(a_full_table_counts),
	KUNIT_CASE(an_ioctl_under_way),
	KUNIT_CASE(an_ioctl_found_under_way),
	KUNIT_CASE(slow_calls_are_kept),
	KUNIT_CASE(calls_that_are_never_slow),
	KUNIT_CASE(a_slow_call_with_a_shared_slot),
	KUNIT_CASE(a_new_arming_begins_anew),
	KUNIT_CASE(the_longest_call),
	{}
};

struct kunit_suite bkt_ioctl_suite = {
	.name = "bricktrace_ioctl",
	.suite_init = tables_init,
	.suite_exit = tables_exit,
	.init = clock_stop,
	.exit = clock_continue,
	.test_cases = cases,
};
