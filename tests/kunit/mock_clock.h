/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The compiler includes this file first: it replaces the module's clock and a task's
 * time of waiting for a CPU by what a test sets.
 */
#ifndef BKT_KUNIT_MOCK_CLOCK_H
#define BKT_KUNIT_MOCK_CLOCK_H

#include <linux/timekeeping.h>

extern u64 bkt_mock_ns;	/* 0: the real clock is read */

static inline u64 bkt_mock_clock(void)
{
	return bkt_mock_ns ? bkt_mock_ns : ktime_get_mono_fast_ns();
}

#define ktime_get_mono_fast_ns bkt_mock_clock
#define ktime_get_ns bkt_mock_clock

u64 bkt_mock_run_delay(void);

#define bkt_run_delay(p) ((void)(p), bkt_mock_run_delay())

#endif /* BKT_KUNIT_MOCK_CLOCK_H */
