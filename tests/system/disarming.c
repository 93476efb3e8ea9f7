// SPDX-License-Identifier: MIT
/*
 * While the hooks are released, which takes a grace period: a thread that was
 * followed moves and ends, others make calls of bricktrace where it ran, and
 * nobody waits who only asks.
 */
#include "rule.h"

#define GRACE  (300 * MS)
#define ROUNDS 5

static struct {
	atomic_int tid, go;
} * told;

static void grace(unsigned int ms)
{
	char text[16];
	int f = open("/sys/module/perturb/parameters/grace_ms", O_WRONLY | O_CLOEXEC);

	snprintf(text, sizeof(text), "%u", ms);
	if (f < 0 || write(f, text, strlen(text)) < 0)
		bail("grace_ms");
	close(f);
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		bail("CPU %d", cpu);
}

/* Runs on CPU 1; ends on CPU 0. */
static void moves_and_ends(void)
{
	stay_on(1);
	told->tid = getpid();
	while (!told->go)
		;
	stay_on(0);
}

static void elsewhere(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		u64 number, until;
		pid_t pid;

		told->tid = told->go = 0;
		pid = child_of(moves_and_ends);
		stay_on(0);
		wait_value(&told->tid, pid);
		begin("disarming");
		register_tid(pid, 0);
		number = run_open(fd, brick, TRACE_SESSION);
		sleep_ns(20 * MS);
		if (ioctl(fd, BRICKTRACE_RUN_CLOSE,
			  &(struct bricktrace_close){ .size = BRICKTRACE_CLOSE_SIZE_V0,
						      .run = number }))
			bail("RUN_CLOSE");
		sleep_ns(GRACE / 3);
		told->go = 1;
		wait_for(pid);
		stay_on(1);
		/* As long as its account may need to be freed. */
		for (until = now() + GRACE; now() < until; sleep_ns(MS))
			ioctl(fd, 0);
		close(fd);
	}
	ok(true, "%d threads end while the hooks are released", ROUNDS);
}

/* Slow calls of INFO while the hooks are put in place and released. */
static void *asks(void *arg)
{
	u64 *longest = arg;

	while (!told->go) {
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
	u64 longest = 0, arms;
	pthread_t t;

	begin("disarming");
	thread_register(fd, 0);
	arms = info(fd).arms;
	told->go = 0;
	pthread_create(&t, NULL, asks, &longest);
	for (int i = 0; i < ROUNDS; i++) {
		run_close(fd, run_open(fd, brick, TRACE_THREAD), run);
		sleep_ns(GRACE * 2);
	}
	told->go = 1;
	pthread_join(t, NULL);
	ok(info(fd).arms > arms, "the hooks come and go: %llu times", info(fd).arms - arms);
	between(longest, 0, GRACE / 2, "INFO never waits for them");
	close(fd);
}

int main(void)
{
	told = shared_page();
	linger(0);
	grace(GRACE / MS);
	waits();
	elsewhere();
	grace(0);
	linger(1000);
	return done(3);
}
