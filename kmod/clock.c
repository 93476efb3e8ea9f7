// SPDX-License-Identifier: GPL-2.0
#include <linux/clocksource.h>
#include <linux/math64.h>
#include "clock.h"
#include "compat.h"
#ifdef CONFIG_X86_64
#include <asm/tsc.h>
#endif

DEFINE_STATIC_KEY_FALSE(bt_clock_is_tsc);

static u32 mult = 1, shift;

u64 bt_clock_ns(u64 ticks)
{
	return mul_u64_u32_shr(ticks, mult, shift);
}

#ifdef CONFIG_X86_64
/*
 * The name of the current clock source is not exported. Its raw reading is:
 * if it lies between two TSC readings, it is the TSC.
 */
static bool tsc_is_clocksource(void)
{
	struct system_time_snapshot snap;
	u64 before, after;

	if (check_tsc_unstable() || !tsc_khz)
		return false;
	before = rdtsc_ordered();
	bt_clock_snapshot(&snap);
	after = rdtsc_ordered();
	return snap.cycles >= before && snap.cycles <= after;
}

void bt_clock_init(void)
{
	if (!tsc_is_clocksource())
		return;
	clocks_calc_mult_shift(&mult, &shift, tsc_khz, NSEC_PER_MSEC, 0);
	static_branch_enable(&bt_clock_is_tsc);
}

bool bt_clock_check(void)
{
	if (!static_key_enabled(&bt_clock_is_tsc) || !check_tsc_unstable())
		return false;
	static_branch_disable(&bt_clock_is_tsc);
	mult = 1;
	shift = 0;
	return true;
}
#else
void bt_clock_init(void)
{
}

bool bt_clock_check(void)
{
	return false;
}
#endif
