/* SPDX-License-Identifier: MIT */
/* The order of a result's system calls, with strace's names for it. */
#ifndef SORT_H
#define SORT_H

#include "bricktrace.h"

enum sort_key {
	SORT_TIME,
	SORT_AVG,
	SORT_MAX,
	SORT_CALLS,
	SORT_ERRORS,
	SORT_NAME,
	SORT_NUMBER,
	SORT_INVALID,
};

/* SORT_INVALID for a name that strace does not have. */
enum sort_key parse_sort_key(const char *text);

/* Nanoseconds a call; calls under way are calls. */
double average_ns(const struct bt_figures *f);

/* Entries in order; freed by the caller. NULL without memory or entries. */
const struct bt_syscall **sorted_syscalls(const struct bt_result *result,
					  enum sort_key sort);

#endif
