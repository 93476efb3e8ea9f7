// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>
#include "ioctl.h"
#include "slow.h"
#include "thread.h"

u64 bkt_mock_ns;

struct bkt_counters bkt_mock_kernel;

u64 bkt_mock_run_delay(void)
{
	return bkt_mock_kernel.run_delay;
}

static void account_free(void *account)
{
	struct bkt_account *a = account;

	bkt_ioctl_free(a->ioctls);
	bkt_slow_free(a->slow_calls);
}

struct bkt_account *account_new(struct kunit *test, bool forked)
{
	struct bkt_account *a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, a);
	bkt_account_init(a, bkt_clock_now(), GENERATION, forked, &bkt_mock_kernel);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, account_free, a), 0);
	return a;
}

struct bkt_account *account_running(struct kunit *test)
{
	struct bkt_account *a = account_new(test, false);

	bkt_account_observe_running(a, current, GENERATION, 0, false);
	return a;
}

void make_call(struct bkt_account *a, unsigned long nr, long ret, u64 time)
{
	bkt_account_enter(a, nr, false);
	bkt_mock_ns += time;
	bkt_account_exit(a, ret, false);
}

void off_cpu(struct bkt_account *a, u64 time)
{
	bkt_account_out(a, current);
	bkt_mock_ns += time;
	bkt_account_in(a, current, GENERATION, 0);
}

bool try_read(struct bkt_account *a, int key, u64 limit, struct bkt_snapshot *s)
{
	return bkt_account_try_read(a, GENERATION, 0, key, limit, &bkt_mock_kernel, s);
}

struct bkt_snapshot *read_at(struct kunit *test, struct bkt_account *a, int key, u64 limit)
{
	struct bkt_snapshot *s = kunit_kzalloc(test, sizeof(*s), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, s);
	KUNIT_ASSERT_TRUE(test, try_read(a, key, limit, s));
	return s;
}

int clock_stop(struct kunit *test)
{
	bkt_mock_ns = NSEC_PER_SEC;
	return 0;
}

void clock_continue(struct kunit *test)
{
	bkt_mock_ns = 0;
}

int tables_init(struct kunit_suite *suite)
{
	return bkt_ioctl_init() ?: bkt_slow_init();
}

void tables_exit(struct kunit_suite *suite)
{
	bkt_slow_exit();
	bkt_ioctl_exit();
}
