/* SPDX-License-Identifier: MIT */
/* The ioctls of a result that the filter selects. */
#ifndef IOCTLS_H
#define IOCTLS_H

#include "bricktrace.h"

/*
 * Returns them in the order in which outputs show them: by time, but those without separate
 * figures last. The list ends with NULL, and the caller frees it. Returns NULL without memory.
 */
const struct bt_ioctl **ioctls_shown(const struct bt_result *result, const char *filter);

#endif
