// SPDX-License-Identifier: MIT
/*
 * attach10k [THREADS]: what it costs to attach to a process of 10,000 sleeping
 * threads: to register it, to open and to close a run over it, and to release
 * it, in nanoseconds a thread; under -icount these are instructions. And what memory
 * each takes while it is followed, in bytes.
 */
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "../system/bt.h"

#define STACK 16384

static atomic_int *ready;

static u64 slab(void)
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

static void *sleeper(void *arg)
{
	static int never;

	atomic_fetch_add(ready, 1);
	syscall(SYS_futex, &never, FUTEX_WAIT, 0, NULL, NULL, 0);
	return arg;
}

static void target(int threads)
{
	pthread_attr_t attr;
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	while (--threads)
		if (pthread_create(&thread, &attr, sleeper, NULL))
			bail("pthread_create");
	sleeper(NULL);
}

int main(int argc, char **argv)
{
	int threads = argc > 1 ? atoi(argv[1]) : 10000;
	struct bricktrace_thread t = {
		.size = sizeof(t),
		.flags = BRICKTRACE_THREAD_WHOLE_PROCESS | BRICKTRACE_THREAD_INHERIT_THREADS,
	};
	struct run *run = run_new();
	u64 start, registered, opened, closing, closed, released;
	u64 number, armed, memory;
	uint32_t brick;
	int fd, keeper;

	ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	t.tid = fork();
	if (!t.tid)
		target(threads);
	while (atomic_load(ready) < threads) {
		if (waitpid(t.tid, NULL, WNOHANG))
			bail("no such many threads");
		sleep_ns(50 * MS);
	}
	sleep_ns(200 * MS);

	/* The hooks are put in place by somebody else. */
	keeper = device();
	thread_register(keeper, 0);
	start = now();
	run_open(keeper, brick_define(keeper, "keeper", 0), TRACE_THREAD);
	armed = now() - start;

	fd = device();
	brick = brick_define(fd, "attach", 0);
	memory = slab();
	start = now();
	if (ioctl(fd, BRICKTRACE_THREAD_REGISTER, &t))
		bail("THREAD_REGISTER");
	registered = now();
	memory = slab() - memory;
	number = run_open(fd, brick, TRACE_SESSION);
	opened = now();
	sleep_ns(100 * MS);
	closing = now();
	run_close(fd, number, run);
	closed = now();
	close(fd);
	released = now();
	if (t.threads != (uint32_t)threads || run->r.threads != (uint32_t)threads ||
	    !consistent(run) || !call_of(run, SYS_futex) ||
	    call_of(run, SYS_futex)->all.in_flight != (u64)threads)
		bail("%u threads were registered, %u in the run", t.threads,
		     run->r.threads);
	printf("attach register %.0f\nattach open %.0f\nattach close %.0f\nattach release %.0f\nattach memory %.0f\nattach all_ms %.1f\nattach arm_us %.0f\n",
	       (double)(registered - start) / threads,
	       (double)(opened - registered) / threads,
	       (double)(closed - closing) / threads,
	       (double)(released - closed) / threads, (double)memory / threads,
	       (released - start - (closing - opened)) / 1e6, armed / 1e3);
	kill(t.tid, SIGKILL);
	waitpid(t.tid, NULL, 0);
	return 0;
}
