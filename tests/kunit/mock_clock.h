/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Included before all else here: CLOCK_MONOTONIC as a test sets it, if it does, and
 * for how long a task has waited for a CPU.
 */
#ifndef BKT_KUNIT_MOCK_CLOCK_H
#define BKT_KUNIT_MOCK_CLOCK_H

#include <linux/timekeeping.h>

extern u64 bkt_mock_ns;	/* 0: the real one */

static inline u64 bkt_mock_clock(void)
{
	return bkt_mock_ns ? bkt_mock_ns : ktime_get_mono_fast_ns();
}

#define ktime_get_mono_fast_ns bkt_mock_clock

u64 bkt_mock_run_delay(void);

#define bkt_run_delay(p) ((void)(p), bkt_mock_run_delay())

#endif /* BKT_KUNIT_MOCK_CLOCK_H */
