// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include "suites.h"

kunit_test_suites(&bt_syscall_suite, &bt_account_suite, &bt_totals_suite,
		  &bt_base_suite, &bt_breakdown_suite, &bt_clock_suite, &bt_brick_suite);

MODULE_DESCRIPTION("KUnit tests of bricktrace");
MODULE_LICENSE("GPL");
