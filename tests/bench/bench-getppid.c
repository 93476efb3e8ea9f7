// SPDX-License-Identifier: MIT
/*
 * bench-getppid [OPTION]...: nanoseconds a null call, which under -icount are
 * instructions. The best of three loops.
 *	-r	as a registered thread
 *	-t	and inside a traced run
 *	-n N	inside N of them
 *	-l N	N calls a loop (100000)
 *	-w N	with N more registered threads, which sleep
 *	-s	no loop: say "armed 0" or "armed 1"
 *	-e COMMAND...
 *		no loop: COMMAND as a registered process, with those that it creates
 *	-a	no loop: hold a traced run open, say "armed", until standard input ends
 */
#include <getopt.h>
#include <sys/mman.h>
#include "../system/bt.h"

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

static void *sleeper(void *arg)
{
	pause();
	return arg;
}

static void sleepers(int n)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	while (n--)
		if (pthread_create(&thread, &attr, sleeper, NULL))
			bail("pthread_create");
}

int main(int argc, char **argv)
{
	bool registered = false, hold = false, state = false, execute = false;
	u64 best = ~0ULL, empty = ~0ULL, took, number[BRICKTRACE_MAX_DEPTH];
	int fd = -1, depth = 0, threads = 0, calls = 100000, option;
	struct run *run = run_new();
	uint32_t brick = 0;
	char c;

	while ((option = getopt(argc, argv, "+rtl:n:w:sae")) != -1) {
		registered |=
			option == 'r' || option == 't' || option == 'n' || option == 'a';
		if (option == 't' || option == 'a')
			depth = 1;
		if (option == 'n')
			depth = atoi(optarg);
		if (option == 'l')
			calls = atoi(optarg);
		if (option == 'w')
			threads = atoi(optarg);
		hold |= option == 'a';
		execute |= option == 'e';
		state |= option == 's';
		if (option == '?' || calls < 1 || depth > BRICKTRACE_MAX_DEPTH)
			bail("usage");
	}
	if (mlockall(MCL_CURRENT | (threads ? 0 : MCL_FUTURE)))
		bail("mlockall");
	if (state)
		return !printf("armed %u\n", info(device()).armed);
	if (execute) {
		/* Followed for as long as the file is open. */
		fd = dup(device());
		thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS |
					    BRICKTRACE_THREAD_INHERIT_CHILDREN);
		execvp(argv[optind], argv + optind);
		bail("%s", argv[optind]);
	}
	if (registered) {
		fd = device();
		/* What they are born of has them followed. */
		thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
		brick = brick_define(fd, "bench", 0);
	}
	sleepers(threads);
	for (int i = 0; i < depth; i++)
		number[i] = run_open(fd, brick, TRACE_THREAD);
	if (hold) {
		puts("armed");
		fflush(stdout);
		while (read(0, &c, 1) > 0)
			;
		return 0;
	}
	for (int i = 0; i < 3; i++) {
		took = empty_loop(calls);
		if (took < empty)
			empty = took;
		took = loop(calls);
		if (took < best)
			best = took;
	}
	while (depth--) {
		run_close(fd, number[depth], run);
		if (count_of(run, SYS_getppid) != 3ULL * calls)
			bail("%llu calls were counted", count_of(run, SYS_getppid));
	}
	if (registered && session(fd).threads != 1 + (unsigned int)threads)
		bail("%u threads are registered", session(fd).threads);
	printf("%.3f\n", (double)(best - empty) / calls);
	return 0;
}
