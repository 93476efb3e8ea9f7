// SPDX-License-Identifier: MIT
/*
 * While the hooks are being released, which takes a grace period, a thread that was
 * followed moves to another CPU and ends, and this thread makes ioctls on its first CPU.
 * The kernel's own checks fail the test if the thread's account is freed too early.
 */
#include "test.h"

#define GRACE  (300 * MS)
#define ROUNDS 5

static struct {
	atomic_int tid, go;
} * target;

/* Runs on CPU 1 and ends on CPU 0. */
static void moves_and_ends(void)
{
	stay_on(1);
	target->tid = getpid();
	while (!target->go)
		;
	stay_on(0);
}

static void elsewhere(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		u64 number, until;
		pid_t pid;

		target->tid = target->go = 0;
		pid = child_of(moves_and_ends);
		stay_on(0);
		wait_value(&target->tid, pid);
		begin("disarming");
		register_tid(pid, 0);
		number = run_open(fd, brick, TRACE_SESSION);
		sleep_ns(20 * MS);
		run_discard(fd, number);
		sleep_ns(GRACE / 3);
		target->go = 1;
		wait_for(pid);
		stay_on(1);
		/* The thread's account may be freed at any time until then. */
		for (until = now() + GRACE; now() < until; sleep_ns(MS))
			ioctl(fd, 0);
		close(fd);
	}
	ok(true, "%d threads end while the hooks are being released", ROUNDS);
}

int main(void)
{
	target = shared_page();
	linger(0);
	perturb("grace_ms", GRACE / MS);
	elsewhere();
	perturb("grace_ms", 0);
	linger(1000);
	return done();
}
