// SPDX-License-Identifier: MIT
/*
 * bench-getppid [OPTION]...: prints the nanoseconds that a null call takes, the least of
 * three loops. Under -icount a nanosecond is an instruction.
 *	-r	register the thread first
 *	-t	register the thread and open a traced run
 *	-n N	register the thread and open N nested traced runs
 *	-l N	make N calls in a loop (100000)
 *	-w N	create N more threads, which sleep; -r, -t or -n registers them, too
 *	-s	instead print "armed 1" if the hooks are armed, else "armed 0"
 *	-e COMMAND...
 *		instead register the process and its future children and execute COMMAND
 *	-a	instead hold a traced run open: print "armed" and wait until standard input ends
 */
#include <getopt.h>
#include "bench.h"

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
		/* COMMAND is followed while this file is open, so an exec must not close it. */
		fd = dup(device());
		thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS |
					    BRICKTRACE_THREAD_INHERIT_CHILDREN);
		execvp(argv[optind], argv + optind);
		bail("%s", argv[optind]);
	}
	if (registered) {
		fd = device();
		/* The sleepers inherit this thread's registration. */
		thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
		brick = brick_define(fd, "bench", 0);
	}
	create_sleepers(threads, NULL);
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
