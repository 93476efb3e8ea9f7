/* SPDX-License-Identifier: MIT */
/* Sorting the system calls of a result, which a filter selects, by the keys that strace has. */
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

/* Returns SORT_INVALID for a name that strace does not have. */
enum sort_key parse_sort_key(const char *text);

/* Returns the nanoseconds per call; calls that are under way count as calls. */
double average_ns(const struct bt_figures *f);

/* Returns the entries, which end with NULL and which the caller frees; NULL without memory. */
const struct bt_syscall **sorted_syscalls(const struct bt_result *result,
					  enum sort_key sort, const char *filter);

#endif
