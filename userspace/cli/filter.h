/* SPDX-License-Identifier: MIT */
/*
 * The filter of --expr: a list of items such as "openat,%read,ioctl:nvidia0", or NULL, which
 * selects everything. A row of a table is shown if it is selected, or if it has figures of
 * something that is: the category of a call, and the call ioctl of a device.
 */
#ifndef FILTER_H
#define FILTER_H

#include <stdbool.h>

#include "bricktrace.h"

/*
 * Appends the items of @optarg to @filter, which the caller frees. Returns -1, or the status to
 * exit with after saying what is wrong.
 */
int filter_parse(const char **filter);

/* @result has the calls of the category; it may be NULL. */
bool filter_category(const char *filter, enum bt_category category,
		     const struct bt_result *result);
bool filter_syscall(const char *filter, const struct bt_syscall *syscall);
bool filter_ioctl(const char *filter, const struct bt_ioctl *ioctl);
bool filter_slow_call(const char *filter, const struct bt_slow_call *call);

#endif
