// SPDX-License-Identifier: MIT
/*
 * The hooks are armed at most five times a second, an ioctl that does not need them does
 * not wait for them, and registering a thread that sleeps interrupts no other CPU.
 */
#include "test.h"

#define GRACE (300 * MS)

static atomic_int stop;

static void rate(void)
{
	struct run *run = run_new();
	u64 begun = now(), first = info(fd).arms, n;

	linger(0);
	thread_register(fd, 0);
	for (n = 0; now() - begun < 3 * S; n++)
		run_close(fd, run_open(fd, brick, TRACE_THREAD), run);
	/* The loop may have taken longer, and an arming may fall on either end of it. */
	between(info(fd).arms - first, 0, 5 * ((now() - begun) / S + 1) + 1,
		"the hooks are armed at most 5 times a second, by %llu runs", n);
	thread_unregister(fd);
	wait_disarmed();
	linger(1000);
	free(run);
}

/* Measures the slowest INFO while the hooks are armed and released. */
static void *measure_info(void *arg)
{
	u64 *longest = arg;

	while (!stop) {
		u64 t0 = now();

		info(fd);
		if (now() - t0 > *longest)
			*longest = now() - t0;
		sleep_ns(MS);
	}
	return NULL;
}

static void waits(void)
{
	struct run *run = run_new();
	u64 longest = 0, first = info(fd).arms;
	pthread_t t;

	linger(0);
	perturb("grace_ms", GRACE / MS);
	thread_register(fd, 0);
	pthread_create(&t, NULL, measure_info, &longest);
	for (int i = 0; i < 3; i++) {
		run_close(fd, run_open(fd, brick, TRACE_THREAD), run);
		sleep_ns(GRACE);
		/* The registration waits until the hooks are released. */
		thread_unregister(fd);
		thread_register(fd, 0);
		sleep_ns(GRACE);
	}
	stop = 1;
	pthread_join(t, NULL);
	thread_unregister(fd);
	perturb("grace_ms", 0);
	wait_disarmed();
	linger(1000);
	ok(info(fd).arms > first,
	   "the hooks are armed and released although grace periods are slow");
	between(longest, 0, GRACE / 2,
		"INFO waits neither for a grace period nor for a registration");
	free(run);
}

/* The number of function call interrupts of CPU 1. */
static u64 calls_on_1(void)
{
	FILE *f = fopen("/proc/interrupts", "r");
	char line[512];
	u64 n = 0;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " CAL: %*u %llu", &n) == 1)
			break;
	fclose(f);
	return n;
}

static void sleeps_on_0(void)
{
	stay_on(0);
	for (;;)
		pause();
}

static u64 interrupts(pid_t pid, int times)
{
	u64 first = calls_on_1();

	for (int i = 0; i < times; i++) {
		register_tid(pid, 0);
		unregister_tid(pid);
	}
	return calls_on_1() - first;
}

static void interrupted(void)
{
	const int times = 1000;
	pid_t pid;

	stay_on(0);
	pid = child_of(sleeps_on_0);
	wait_state(pid, pid, "S");
	between(interrupts(pid, times), 0, times / 10,
		"not armed: %d registrations interrupt no other CPU", times);
	keep_armed();
	between(interrupts(pid, times), 0, times / 10,
		"armed: registrations of a thread that sleeps interrupt no other CPU");
	keep_no_longer();
	kill(pid, SIGKILL);
	wait_for(pid);
}

int main(void)
{
	begin("arming");
	rate();
	interrupted();
	wait_disarmed();
	waits();
	return done();
}
