// SPDX-License-Identifier: MIT
/*
 * A process is registered with what it creates while it creates threads: a thread
 * that the registration finds before the kernel tells of its birth joins once. Or
 * without: then it is the threads of that moment, and the registration ends.
 */
#include "test.h"

#define ROUNDS	 150
#define CREATORS 3

static void *newborn(void *arg)
{
	getppid_raw();
	return arg;
}

static void *creator(void *arg)
{
	pthread_t t;

	for (;;)
		if (!pthread_create(&t, NULL, newborn, NULL))
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

/* Who is killed while he registers ends. */
static atomic_int *others;
static pid_t of;

static void registers(void)
{
	for (;; others[0] = 1) {
		begin("births");
		register_tid(of, BRICKTRACE_THREAD_WHOLE_PROCESS);
		close(fd);
	}
}

static void without(void)
{
	u64 slowest = 0;
	pid_t pid;

	others = shared_page();
	of = child_of(creators);
	for (int i = 0; i < ROUNDS; i++) {
		u64 t0 = now();

		begin("births");
		register_tid(of, BRICKTRACE_THREAD_WHOLE_PROCESS);
		if (now() - t0 > slowest)
			slowest = now() - t0;
		close(fd);
	}
	between(slowest, 0, 5 * S, "without what it creates: each registration ends");
	pid = child_of(registers);
	wait_value(others, 1);
	kill(pid, SIGKILL);
	ok(WIFSIGNALED(wait_for(pid)), "and with a fatal signal");
	kill(of, SIGKILL);
	wait_for(of);
}

/* More threads than the module looks at before it gives way to others: 128. */
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
	others[1] = 1;
	if (sleeping < LISTED)
		creators();
	sleeper(NULL);
}

static void list_of(int n)
{
	sleeping = n;
	others[1] = 0;
	of = child_of(many);
	wait_value(&others[1], 1);
}

static void long_list(void)
{
	int few = 0;

	list_of(LISTED);
	begin("births");
	register_tid(of, BRICKTRACE_THREAD_WHOLE_PROCESS);
	is(session(fd).threads, LISTED + 1, "a process of many threads: each of them");
	close(fd);
	kill(of, SIGKILL);
	wait_for(of);
	/* With the first one they are 127: the next one is born and ends all the time. */
	list_of(126);
	for (int i = 0; i < ROUNDS; i++) {
		begin("births");
		register_tid(of, BRICKTRACE_THREAD_WHOLE_PROCESS);
		few += session(fd).threads < 127;
		close(fd);
	}
	is(few, 0, "where the listing gives way at one that ends: all that stay");
	kill(of, SIGKILL);
	wait_for(of);
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
	is(odd, 0, "and the figures add up");
	without();
	long_list();
	return done();
}
