/* SPDX-License-Identifier: MIT */
/* What outputs show of a slow call besides its figures. */
#ifndef SLOW_H
#define SLOW_H

#include <limits.h>
#include <stdbool.h>

#include "output.h"

enum slow_argument {
	SLOW_NUMBER,	 /* the first argument is an address or a number */
	SLOW_DESCRIPTOR, /* the first argument is a file descriptor */
	SLOW_NOTHING,	 /* the call has no argument, or has lost it at its end */
};

enum slow_argument slow_argument(const struct bt_slow_call *call);

/*
 * Finds the file that the descriptor of the call refers to now, if the thread still exists, the
 * user may know it, and the result is not of a recording. Returns whether @path has the file.
 */
bool slow_file(const struct bt_slow_call *call, const struct report *report,
	       char path[PATH_MAX]);

#endif
