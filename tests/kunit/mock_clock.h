/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included before all else here: CLOCK_MONOTONIC as a test sets it, if it does, and
 * for how long a task has waited for a CPU.
 */
#ifndef BT_KUNIT_MOCK_CLOCK_H
#define BT_KUNIT_MOCK_CLOCK_H

#include <linux/timekeeping.h>

extern u64 bt_mock_ns;	/* 0: the real one */

static inline u64 bt_mock_clock(void)
{
	return bt_mock_ns ? bt_mock_ns : ktime_get_mono_fast_ns();
}

#define ktime_get_mono_fast_ns bt_mock_clock

u64 bt_mock_run_delay(void);

#define bt_run_delay(p) ((void)(p), bt_mock_run_delay())

#endif /* BT_KUNIT_MOCK_CLOCK_H */
