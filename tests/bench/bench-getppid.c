// SPDX-License-Identifier: MIT
/*
 * bench-getppid [-t | -s | -a]: nanoseconds a null call, which under -icount are
 * instructions. The best of three loops.
 *	-t	as a registered thread inside a traced run
 *	-s	no loop: say "armed 0" or "armed 1"
 *	-a	no loop: hold a traced run open, say "armed", until standard input ends
 */
#include <sys/mman.h>
#include "../system/bt.h"

#define CALLS 100000

static u64 loop(int n)
{
	u64 start = now();

	for (int i = 0; i < n; i++)
		getppid_raw();
	return now() - start;
}

static u64 empty_loop(int n)
{
	u64 start = now();

	for (int i = 0; i < n; i++)
		getppid_not();
	return now() - start;
}

int main(int argc, char **argv)
{
	bool hold = argc > 1 && !strcmp(argv[1], "-a");
	bool traced = hold || (argc > 1 && !strcmp(argv[1], "-t"));
	u64 best = ~0ULL, empty = ~0ULL, took, number = 0;
	struct run *run = run_new();
	char c;
	int fd = -1;

	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		bail("mlockall");
	if (argc > 1 && !strcmp(argv[1], "-s"))
		return !printf("armed %u\n", info(device()).armed);
	if (traced) {
		fd = device();
		thread_register(fd, 0);
		number = run_open(fd, brick_define(fd, "bench", 0), TRACE_THREAD);
	}
	if (hold) {
		puts("armed");
		fflush(stdout);
		while (read(0, &c, 1) > 0)
			;
		return 0;
	}
	for (int i = 0; i < 3; i++) {
		took = empty_loop(CALLS);
		if (took < empty)
			empty = took;
		took = loop(CALLS);
		if (took < best)
			best = took;
	}
	if (traced) {
		run_close(fd, number, run);
		if (count_of(run, SYS_getppid) != 3 * CALLS)
			bail("%llu calls were counted", count_of(run, SYS_getppid));
	}
	printf("%.3f\n", (double)(best - empty) / CALLS);
	return 0;
}
