// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include "suites.h"

kunit_test_suites(&bkt_syscall_suite, &bkt_account_suite, &bkt_ioctl_suite,
		  &bkt_slow_suite, &bkt_totals_suite,
		  &bkt_base_suite, &bkt_breakdown_suite, &bkt_clock_suite, &bkt_brick_suite,
		  &bkt_stats_suite, &bkt_limit_suite, &bkt_assertions_suite,
		  &bkt_ring_suite, &bkt_encode_suite);

MODULE_DESCRIPTION("KUnit tests of bricktrace");
MODULE_LICENSE("GPL");
