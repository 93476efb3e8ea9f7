// SPDX-License-Identifier: MIT
/*
 * bench-contend [-t]: prints the nanoseconds of CPU time that a null call takes while 8
 * threads make null calls on all CPUs; with -t all threads are in a traced run. The
 * figure is noisy, since it is taken in real time.
 */
#include "test.h"

#define THREADS 8
#define CALLS	200000

static pthread_barrier_t barrier;

static void *calls(void *arg)
{
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < CALLS; i++)
		getppid_raw();
	pthread_barrier_wait(&barrier);
	return arg;
}

int main(int argc, char **argv)
{
	bool traced = argc > 1 && !strcmp(argv[1], "-t");
	struct run *run = run_new();
	pthread_t thread;
	u64 number = 0, start, took;
	int fd = -1;

	if (traced) {
		fd = device();
		thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
		number = run_open(fd, brick_define(fd, "contend", 0), TRACE_SESSION);
	}
	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, calls, NULL))
			bail("pthread_create");
	pthread_barrier_wait(&barrier);
	start = now();
	pthread_barrier_wait(&barrier);
	took = now() - start;
	if (traced) {
		run_close(fd, number, run);
		if (count_of(run, SYS_getppid) != THREADS * CALLS)
			bail("%llu calls were counted", count_of(run, SYS_getppid));
	}
	printf("%.1f\n", (double)took * sysconf(_SC_NPROCESSORS_ONLN) / (THREADS * CALLS));
	return 0;
}
