// SPDX-License-Identifier: MIT
/*
 * pace: does known numbers of things in each hundredth of a second, and prints a line for each,
 * with its own counts since it began:
 *	UNIX_NS STEADY FAILING ERRORS PACED LATE TOUCHED
 * STEADY and FAILING are the system calls of the threads of these names, and ERRORS those of the
 * latter that fail. PACED and LATE are the closed runs of the bricks of these names: the first
 * is not traced; the second is traced, exceeds its budget, and has half as many runs. TOUCHED
 * counts what a program would notice of a tracer that stops or wakes it: signals, calls that
 * ended early, and threads "reader" and "waiter" that do not sleep for ever.
 */
#include <linux/futex.h>
#include "test.h"

#define TICK (10 * MS)

static _Atomic u64 steady, failing, errors, paced, late, touched;
static u64 begun;

static void caught(int sig)
{
	(void)sig;
	atomic_fetch_add(&touched, 1);
}

/* Sleeps until a tick: one that took too long does not make the next ones late. */
static void wait_tick(u64 tick)
{
	u64 at = begun + tick * TICK;
	struct timespec ts = { .tv_sec = at / S, .tv_nsec = at % S };

	if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL))
		atomic_fetch_add(&touched, 1);
}

static void *be_steady(void *arg)
{
	prctl(PR_SET_NAME, "steady");
	for (u64 tick = 1;; tick++) {
		wait_tick(tick);
		for (int i = 0; i < 4; i++)
			getppid_raw();
		atomic_fetch_add(&steady, 5);
	}
	return arg;
}

static void *be_failing(void *arg)
{
	prctl(PR_SET_NAME, "failing");
	for (u64 tick = 1;; tick++) {
		wait_tick(tick);
		for (int i = 0; i < 2; i++)
			if (close(-1))
				atomic_fetch_add(&errors, 1);
		atomic_fetch_add(&failing, 3);
	}
	return arg;
}

static void *be_reader(void *arg)
{
	int fds[2];
	char c;

	prctl(PR_SET_NAME, "reader");
	if (pipe(fds) || read(fds[0], &c, 1))
		atomic_fetch_add(&touched, 1);
	return arg;
}

static void *be_waiter(void *arg)
{
	static atomic_int word;

	prctl(PR_SET_NAME, "waiter");
	syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
	atomic_fetch_add(&touched, 1);
	return arg;
}

static void print_counts(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	printf("%llu %llu %llu %llu %llu %llu %llu\n", ts.tv_sec * S + ts.tv_nsec, steady,
	       failing, errors, paced, late, touched);
	fflush(stdout);
}

int main(void)
{
	void *(*const threads[])(void *) = { be_steady, be_failing, be_reader, be_waiter };
	uint32_t brick_late;
	pthread_t t;

	for (int sig = 1; sig < 32; sig++)
		signal(sig, caught);
	fd = device();
	brick = brick_define(fd, "paced", S);
	brick_late = brick_define(fd, "late", 1);
	thread_register(fd, 0);
	begun = now();
	for (size_t i = 0; i < sizeof(threads) / sizeof(*threads); i++)
		if (pthread_create(&t, NULL, threads[i], NULL))
			bail("pthread_create");
	for (u64 tick = 1;; tick++) {
		wait_tick(tick);
		run_discard(fd, run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE,
					 BRICKTRACE_SCOPE_THREAD));
		atomic_fetch_add(&paced, 1);
		if (tick % 2) {
			u64 number = run_open(fd, brick_late, TRACE_THREAD);

			getppid_raw();
			run_discard(fd, number);
			atomic_fetch_add(&late, 1);
		}
		print_counts();
	}
}
