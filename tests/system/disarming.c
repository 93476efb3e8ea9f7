// SPDX-License-Identifier: MIT
/*
 * While the hooks are released, which takes a grace period: a thread that was
 * followed moves and ends, and others make calls of bricktrace where it ran.
 */
#include "test.h"

#define GRACE  (300 * MS)
#define ROUNDS 5

static struct {
	atomic_int tid, go;
} * told;

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
		run_discard(fd, number);
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

int main(void)
{
	told = shared_page();
	linger(0);
	perturb("grace_ms", GRACE / MS);
	elsewhere();
	perturb("grace_ms", 0);
	linger(1000);
	return done();
}
