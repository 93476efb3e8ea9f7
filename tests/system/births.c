// SPDX-License-Identifier: MIT
/*
 * A process is registered while it creates threads. With inheritance each new thread
 * joins once, whether the registration or the hook for new threads sees it first. Without
 * inheritance the registration ends although new threads keep appearing.
 *
 * Rules: inherit.
 */
#include "test.h"

#define ROUNDS	 150
#define CREATORS 3

static void *short_lived(void *arg)
{
	getppid_raw();
	return arg;
}

static void *creator(void *arg)
{
	pthread_t t;

	for (;;)
		if (!pthread_create(&t, NULL, short_lived, NULL))
			pthread_join(t, NULL);
	return arg;
}

static void creators(void)
{
	pthread_t t;

	for (int i = 1; i < CREATORS; i++)
		pthread_create(&t, NULL, creator, NULL);
	creator(NULL);
}

static atomic_int *shared;
static pid_t target;

static void registers(void)
{
	for (;; shared[0] = 1) {
		begin("births");
		register_tid(target, BRICKTRACE_THREAD_WHOLE_PROCESS);
		close(fd);
	}
}

static void without_inheritance(void)
{
	u64 slowest = 0;
	pid_t pid;

	shared = shared_page();
	target = child_of(creators);
	for (int i = 0; i < ROUNDS; i++) {
		u64 t0 = now();

		begin("births");
		register_tid(target, BRICKTRACE_THREAD_WHOLE_PROCESS);
		if (now() - t0 > slowest)
			slowest = now() - t0;
		close(fd);
	}
	between(slowest, 0, 5 * S, "without inheritance: each registration ends");
	pid = child_of(registers);
	wait_value(shared, 1);
	kill(pid, SIGKILL);
	ok(WIFSIGNALED(wait_for(pid)), "a fatal signal ends a process that registers");
	kill(target, SIGKILL);
	wait_for(target);
}

/* The module lists 128 threads before it lets other work run; these are more. */
#define LISTED 600

static int sleeping;

static void *sleeper(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void many(void)
{
	pthread_t t;

	for (int i = 0; i < sleeping; i++)
		if (pthread_create(&t, NULL, sleeper, NULL))
			bail("pthread_create");
	shared[1] = 1;
	if (sleeping < LISTED)
		creators();
	sleeper(NULL);
}

static void start_many(int n)
{
	sleeping = n;
	shared[1] = 0;
	target = child_of(many);
	wait_value(&shared[1], 1);
}

static void long_list(void)
{
	int few = 0;

	start_many(LISTED);
	begin("births");
	register_tid(target, BRICKTRACE_THREAD_WHOLE_PROCESS);
	is(session(fd).threads, LISTED + 1,
	   "a process of many threads: each is registered");
	close(fd);
	kill(target, SIGKILL);
	wait_for(target);
	/* With 127 lasting threads, the listing pauses at a thread that soon ends. */
	start_many(126);
	for (int i = 0; i < ROUNDS; i++) {
		begin("births");
		register_tid(target, BRICKTRACE_THREAD_WHOLE_PROCESS);
		few += session(fd).threads < 127;
		close(fd);
	}
	is(few, 0,
	   "the listing pauses at a thread that ends: each lasting thread is registered");
	kill(target, SIGKILL);
	wait_for(target);
}

int main(void)
{
	struct run *run = run_new();
	int left = 0, odd = 0;

	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid = child_of(creators);
		u64 number;

		begin("births");
		sleep_ns(2 * MS);
		register_tid(pid, BRICKTRACE_THREAD_WHOLE_PROCESS |
					  BRICKTRACE_THREAD_INHERIT_THREADS);
		number = run_open(fd, brick, TRACE_SESSION);
		kill(pid, SIGKILL);
		wait_for(pid);
		left += threads_become(0);
		run_close(fd, number, run);
		odd += !consistent(run);
		close(fd);
	}
	is(left, 0, "%d rounds: no thread is left", ROUNDS);
	is(odd, 0, "%d rounds: the figures add up", ROUNDS);
	without_inheritance();
	long_list();
	return done();
}
