/* SPDX-License-Identifier: GPL-2.0 */
#ifndef BT_KUNIT_SUITES_H
#define BT_KUNIT_SUITES_H

#include <kunit/test.h>

extern struct kunit_suite bt_syscall_suite, bt_account_suite, bt_totals_suite,
	bt_base_suite, bt_breakdown_suite, bt_clock_suite, bt_brick_suite;

#endif /* BT_KUNIT_SUITES_H */
