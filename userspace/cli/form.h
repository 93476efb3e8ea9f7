/* SPDX-License-Identifier: MIT */
/* The texts by which commands name bricks. */
#ifndef FORM_H
#define FORM_H

#include "host.h"

/* The size of "session#", a number, ":" and a name. */
#define FORM_BRICK (BT_NAME_LEN + 32)

/*
 * Returns for each of the host's bricks the shortest of NAME, PID:NAME and session#ID:NAME that
 * names no other one. The caller frees it. NULL without memory.
 */
char (*form_bricks(const struct host_brick *all, size_t n))[FORM_BRICK];

#endif
