// SPDX-License-Identifier: MIT
/*
 * runs N BRICK [BUDGET_NS]: closes N runs of a brick at level measure, as fast as it can, in a
 * session of its own.
 */
#include "test.h"

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[1]) : 0, i, fd;
	uint32_t brick;

	if (!n)
		bail("usage: runs N BRICK [BUDGET_NS]");
	fd = device();
	brick = brick_define(fd, argv[2],
			     argc > 3 ? strtoull(argv[3], NULL, 10) :
					BRICKTRACE_MAX_BUDGET);
	for (i = 0; i < n; i++)
		run_discard(fd, run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE,
					 BRICKTRACE_SCOPE_THREAD));
	return 0;
}
