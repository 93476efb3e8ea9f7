// SPDX-License-Identifier: MIT
/*
 * A program sleeps for a known time in each of several system calls. That call's time,
 * off-CPU time and longest call must be the known time within 1 %. This test runs under
 * -icount, where an instruction takes a nanosecond.
 *
 * Rules: longest, sums.
 */
#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include "test.h"

#define SLEEP (500 * MS)

static int fds[2], epoll, timer;
static atomic_int word;
static char block[65536];
static struct run *run;

static struct timespec half = { .tv_nsec = SLEEP };

static void by_nanosleep(void)
{
	syscall(SYS_nanosleep, &half, NULL);
}

static void by_clock_nanosleep(void)
{
	syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &half, NULL);
}

static void by_futex(void)
{
	syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &half, NULL, 0);
}

static void by_poll(void)
{
	struct pollfd p = { .fd = fds[0], .events = POLLIN };

	syscall(SYS_ppoll, &p, 1, &(struct timespec){ .tv_nsec = SLEEP }, NULL);
}

static void by_select(void)
{
	struct timespec ts = { .tv_nsec = SLEEP };

	syscall(SYS_pselect6, 0, NULL, NULL, NULL, &ts, NULL);
}

static void by_epoll(void)
{
	struct epoll_event e;

	syscall(SYS_epoll_pwait, epoll, &e, 1, (int)(SLEEP / MS), NULL);
}

static void by_read(void)
{
	uint64_t n;

	syscall(SYS_read, timer, &n, sizeof(n));
}

static void by_write(void)
{
	syscall(SYS_write, fds[1], block, 1);
}

/* Empties the pipe at the time @arg, so that by_write() can continue. */
static void *drain(void *arg)
{
	syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, arg, NULL);
	while (syscall(SYS_read, fds[0], block, sizeof(block)) == (long)sizeof(block))
		;
	return NULL;
}

static void sleeps(void (*body)(void), uint32_t nr, int category, const char *name)
{
	struct bricktrace_figures f;
	struct timespec until;
	pthread_t thread;
	u64 number;

	if (body == by_read) {
		struct itimerspec in = { .it_value = half };

		timerfd_settime(timer, 0, &in, NULL);
	}
	if (body == by_write) {
		/* A write to a full pipe blocks. */
		fcntl(fds[1], F_SETFL, O_NONBLOCK);
		while (write(fds[1], block, sizeof(block)) > 0)
			;
		fcntl(fds[1], F_SETFL, 0);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += 1;
		if (pthread_create(&thread, NULL, drain, &until))
			bail("pthread_create");
		/* The write begins half a second before the pipe is drained. */
		while (now() < until.tv_sec * S + until.tv_nsec - SLEEP)
			;
	}
	number = run_open(fd, brick, TRACE_THREAD);
	body();
	run_close(fd, number, run);
	if (body == by_write)
		pthread_join(thread, NULL);
	f = figures(run, nr);
	ok(consistent(run), "%s: the figures add up", name);
	is(f.count, 1, "%s: one call", name);
	between(f.ns, SLEEP * 0.99, SLEEP * 1.01, "%s: takes half a second", name);
	between(f.offcpu_ns, SLEEP * 0.99, f.ns, "%s: off the CPU", name);
	is(f.max_ns, f.ns, "%s: is the longest call", name);
	is(run->category[category].ns, f.ns, "%s: in its category", name);
	between(run->r.wall_ns, f.ns, SLEEP * 1.01, "%s: the run takes no longer", name);
	between(run->all.compute_ns, 0, SLEEP * 0.01, "%s: almost no compute", name);
}

int main(void)
{
	struct epoll_event e = { .events = EPOLLPRI };

	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		bail("mlockall");
	begin("oracle-times");
	run = run_new();
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (pipe(fds) || timer < 0 || epoll < 0 ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &e))
		bail("descriptors");
	/* With the default slack the kernel may end a sleep late. */
	prctl(PR_SET_TIMERSLACK, 1);
	keep_armed();
	thread_register(fd, 0);
	sleeps(by_nanosleep, SYS_nanosleep, BRICKTRACE_CAT_OTHER, "nanosleep");
	sleeps(by_clock_nanosleep, SYS_clock_nanosleep, BRICKTRACE_CAT_OTHER,
	       "clock_nanosleep");
	sleeps(by_futex, SYS_futex, BRICKTRACE_CAT_FUTEX, "futex");
	sleeps(by_poll, SYS_ppoll, BRICKTRACE_CAT_OTHER, "ppoll");
	sleeps(by_select, SYS_pselect6, BRICKTRACE_CAT_OTHER, "pselect6");
	sleeps(by_epoll, SYS_epoll_pwait, BRICKTRACE_CAT_OTHER, "epoll_pwait");
	sleeps(by_read, SYS_read, BRICKTRACE_CAT_READ, "read of a timer");
	sleeps(by_write, SYS_write, BRICKTRACE_CAT_WRITE, "write to a full pipe");
	keep_no_longer();
	return done();
}
