// SPDX-License-Identifier: MIT
/* The clock of commands. */
#include <time.h>

#include "cli.h"

uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * UINT64_C(1000000000) + t.tv_nsec;
}
