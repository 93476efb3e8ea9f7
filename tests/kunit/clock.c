// SPDX-License-Identifier: GPL-2.0
#include <linux/delay.h>
#include <linux/math64.h>
#ifdef CONFIG_X86_64
#include <asm/tsc.h>
#endif
#include "clock.h"
#include "suites.h"

/* For times from a second to a year, the conversion is exact to 1 in 10^6. */
static void conversion(struct kunit *test)
{
	static const u64 seconds[] = { 1, 3600, 86400, 365 * 86400 };
	u64 khz = 1000000;
	int i;

#ifdef CONFIG_X86_64
	if (static_key_enabled(&bkt_clock_is_tsc))
		khz = tsc_khz;
#endif
	KUNIT_EXPECT_EQ(test, bkt_clock_ns(0), 0ULL);
	for (i = 0; i < ARRAY_SIZE(seconds); i++) {
		u64 want = seconds[i] * NSEC_PER_SEC;
		u64 ns = bkt_clock_ns(seconds[i] * khz * 1000);

		KUNIT_EXPECT_LE(test, abs_diff(ns, want), want / 1000000);
	}
}

static void grows_with_the_kernels_clock(struct kunit *test)
{
	u64 before, begin, inside, end, within, around, ns;

	before = ktime_get_ns();
	begin = bkt_clock_now();
	inside = ktime_get_ns();
	/* On a busy host the sleep may take less, since the guest catches up its ticks. */
	msleep(20);
	within = ktime_get_ns() - inside;
	end = bkt_clock_now();
	around = ktime_get_ns() - before;
	ns = bkt_clock_ns(end - begin);
	KUNIT_EXPECT_GT(test, within, (u64)NSEC_PER_MSEC);
	KUNIT_EXPECT_GE(test, ns, within - within / 100);
	KUNIT_EXPECT_LE(test, ns, around + around / 100);
}

/* Between two moments, what the clocks have drifted apart is shared out evenly. */
static void drift_is_shared_out(struct kunit *test)
{
	static const u64 lengths[] = { 1000, 1000000, 1ULL << 32, 1ULL << 45 };
	static const s64 drifts[] = { 0, 100, -100 };
	struct bkt_clock_moment a = { .ticks = 12345, .ns = 777777777 }, b = a;
	int i, k;

	KUNIT_EXPECT_EQ(test, bkt_clock_between(&a, &b, a.ticks), a.ns);
	for (i = 0; i < ARRAY_SIZE(lengths); i++)
		for (k = 0; k < ARRAY_SIZE(drifts); k++) {
			u64 ns = bkt_clock_ns(lengths[i]) + drifts[k];
			u64 middle = a.ticks + lengths[i] / 2;

			b.ticks = a.ticks + lengths[i];
			b.ns = a.ns + ns;
			KUNIT_EXPECT_EQ(test, bkt_clock_between(&a, &b, a.ticks), a.ns);
			KUNIT_EXPECT_LE(test, abs_diff(bkt_clock_between(&a, &b, b.ticks), b.ns),
					1ULL);
			KUNIT_EXPECT_LE(test, abs_diff(bkt_clock_between(&a, &b, middle),
						       a.ns + ns / 2), 2ULL);
		}
}

static void both_clocks_at_once(struct kunit *test)
{
	struct bkt_clock_moment m;
	u64 ticks, ns;

	ticks = bkt_clock_now();
	ns = ktime_get_mono_fast_ns();
	bkt_clock_both(&m);
	KUNIT_EXPECT_GE(test, m.ticks, ticks);
	KUNIT_EXPECT_LE(test, m.ticks, bkt_clock_now());
	KUNIT_EXPECT_GE(test, m.ns, ns);
	KUNIT_EXPECT_LE(test, m.ns, ktime_get_mono_fast_ns());
}

static int suite_init(struct kunit_suite *suite)
{
	bkt_clock_init();
	return 0;
}

static struct kunit_case cases[] = {
	KUNIT_CASE(conversion),
	KUNIT_CASE(grows_with_the_kernels_clock),
	KUNIT_CASE(drift_is_shared_out),
	KUNIT_CASE(both_clocks_at_once),
	{}
};

struct kunit_suite bkt_clock_suite = {
	.name = "bricktrace_clock",
	.suite_init = suite_init,
	.test_cases = cases,
};
