/* SPDX-License-Identifier: MIT */
/* What several programs of the bench share. */
#ifndef BENCH_H
#define BENCH_H

#include <linux/futex.h>
#include "test.h"

static inline u64 slab_bytes(void)
{
	unsigned long long kib = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Slab: %llu kB", &kib) == 1)
			break;
	if (f)
		fclose(f);
	if (!kib)
		bail("/proc/meminfo has no Slab");
	return kib << 10;
}

/* A thread that adds 1 to @count, if there is one, and sleeps in futex() for ever. */
static inline void *sleeper(void *count)
{
	static int never;

	if (count)
		atomic_fetch_add((atomic_int *)count, 1);
	for (;;)
		syscall(SYS_futex, &never, FUTEX_WAIT, 0, NULL, NULL, 0);
	return count;
}

static inline void create_sleepers(int threads, atomic_int *count)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	/* Without guard pages neighboring stacks are a single mapping. */
	pthread_attr_setguardsize(&attr, 0);
	while (threads--)
		if (pthread_create(&thread, &attr, sleeper, count))
			bail("pthread_create");
}

/* Creates a process of @threads sleeping threads, which ends with its creator. */
static inline pid_t create_sleeping_process(int threads)
{
	atomic_int *count = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		create_sleepers(threads - 1, count);
		sleeper(count);
	}
	while (atomic_load(count) < threads) {
		if (waitpid(pid, NULL, WNOHANG))
			bail("the child could not create %d threads", threads);
		sleep_ns(50 * MS);
	}
	/* The thread that was counted last has yet to fall asleep. */
	sleep_ns(200 * MS);
	return pid;
}

#endif
