// SPDX-License-Identifier: MIT
/*
 * A call that a signal interrupts is an error exactly if the program sees it fail; a call
 * that the kernel restarts is not.
 *
 * Rules: interrupted, restart.
 */
#include <linux/futex.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/time.h>
#include "test.h"

#define STORM 400

static struct run *run;
static int fds[2], idle[2];
static atomic_int word;
static volatile sig_atomic_t handled;

static void handler(int sig)
{
	(void)sig;
	handled++;
	/* A call that is restarted finds a byte, or another value. */
	if (write(fds[1], "x", 1) != 1)
		_exit(9);
	word = 1;
	syscall(SYS_futex, &word, FUTEX_WAKE, 1);
}

/* None of these calls ends without a signal. */
static long read_it(void)
{
	char c;

	return syscall(SYS_read, fds[0], &c, 1);
}

static long nap(void)
{
	struct timespec ts = { .tv_sec = 1000 };

	return syscall(SYS_nanosleep, &ts, NULL);
}

static long clock_nap(void)
{
	struct timespec ts = { .tv_sec = 1000 };
	int ret = syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &ts, NULL);

	return ret;
}

static long ppoll_it(void)
{
	struct pollfd p = { .fd = idle[0], .events = POLLIN };

	return syscall(SYS_ppoll, &p, 1, NULL, NULL, 0);
}

static long pselect_it(void)
{
	fd_set set;

	FD_ZERO(&set);
	FD_SET(idle[0], &set);
	return syscall(SYS_pselect6, idle[0] + 1, &set, NULL, NULL, NULL, NULL);
}

static long suspend(void)
{
	u64 set = 0;

	return syscall(SYS_rt_sigsuspend, &set, sizeof(set));
}

static long wait_word(void)
{
	return syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

static long wait_word_timed(void)
{
	struct timespec ts = { .tv_sec = 1000 };

	return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &ts, NULL, 0);
}

#ifdef SYS_poll
static long poll_it(void)
{
	struct pollfd p = { .fd = idle[0], .events = POLLIN };

	return syscall(SYS_poll, &p, 1, -1);
}

static long pause_it(void)
{
	return syscall(SYS_pause);
}
#endif

static const struct {
	const char *name;
	long (*call)(void);
	uint32_t nr;
	bool restarts; /* with SA_RESTART */
} calls[] = {
	{ "read", read_it, SYS_read, true },
	{ "nanosleep", nap, SYS_nanosleep, false },
	{ "clock_nanosleep", clock_nap, SYS_clock_nanosleep, false },
	{ "ppoll", ppoll_it, SYS_ppoll, false },
	{ "pselect6", pselect_it, SYS_pselect6, false },
	{ "rt_sigsuspend", suspend, SYS_rt_sigsuspend, false },
	{ "futex", wait_word, SYS_futex, true },
	{ "futex, timed", wait_word_timed, SYS_futex, false },
#ifdef SYS_poll
	{ "poll", poll_it, SYS_poll, false },
	{ "pause", pause_it, SYS_pause, false },
#endif
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

static void handle(int sig, int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	if (sigaction(sig, &sa, NULL))
		bail("sigaction");
}

/* Sends SIGALRM periodically, so that a signal before the call does no harm. */
static void timer(unsigned int us)
{
	struct itimerval t = { { 0, us }, { 0, us } };

	if (setitimer(ITIMER_REAL, &t, NULL))
		bail("setitimer");
}

static void drain(void)
{
	char c[64];

	while (read(fds[0], c, sizeof(c)) > 0)
		;
	word = 0;
}

static void blocking(bool yes)
{
	fcntl(fds[0], F_SETFL, yes ? 0 : O_NONBLOCK);
}

static void each(int flags, const char *how)
{
	handle(SIGALRM, flags);
	for (size_t i = 0; i < CALLS; i++) {
		bool failed, eintr;
		u64 number;

		blocking(false);
		drain();
		blocking(true);
		handled = 0;
		timer(20000);
		number = run_open(fd, brick, TRACE_THREAD);
		failed = calls[i].call() < 0;
		eintr = failed && errno == EINTR;
		run_close(fd, number, run);
		timer(0);
		if (!flags || !calls[i].restarts)
			ok(eintr, "%s, %s: EINTR", calls[i].name, how);
		else
			ok(!eintr && handled, "%s, %s: restarted", calls[i].name, how);
		/* A futex call that is restarted finds another value, and fails. */
		is(figures(run, calls[i].nr).errors, failed,
		   "%s, %s: an error if the program saw one", calls[i].name, how);
		ok(consistent(run), "%s, %s: the figures add up", calls[i].name, how);
	}
}

/* Two signals at once interrupt one call. */
static void two(void)
{
	struct pollfd p = { .fd = idle[0], .events = POLLIN };
	sigset_t both, none;
	u64 number;
	long ret;

	handle(SIGUSR1, 0);
	handle(SIGUSR2, SA_RESTART);
	sigemptyset(&none);
	sigemptyset(&both);
	sigaddset(&both, SIGUSR1);
	sigaddset(&both, SIGUSR2);
	sigprocmask(SIG_BLOCK, &both, NULL);
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR2);
	handled = 0;
	number = run_open(fd, brick, TRACE_THREAD);
	ret = syscall(SYS_ppoll, &p, 1, NULL, &none, 8);
	run_close(fd, number, run);
	ok(ret < 0 && errno == EINTR && handled == 2, "two signals, one call: EINTR");
	is(figures(run, SYS_ppoll).errors, 1, "two signals, one call: one error");
	is(all_counts(run), 1 + 2 * 3, "two signals, one call: the number of all calls");
	is(run->category[BRICKTRACE_CAT_OTHER].errors, 1,
	   "two signals, one call: no other error");
	sigprocmask(SIG_UNBLOCK, &both, NULL);
}

static void storm(int flags, const char *how)
{
	static const uint32_t nr[] = { SYS_read, SYS_nanosleep, SYS_ppoll, SYS_futex };
	u64 seen[4] = { 0 }, number, until = now() + 20 * S;
	struct timespec three = { .tv_nsec = 3 * MS }, rest;
	struct pollfd p = { .fd = idle[0], .events = POLLIN };
	char c;
	int n;

	blocking(false);
	drain();
	blocking(true);
	handle(SIGALRM, flags);
	number = run_open(fd, brick, TRACE_THREAD);
	timer(1000);
	for (n = 0; n < STORM && now() < until; n++) {
		seen[0] += syscall(SYS_read, fds[0], &c, 1) < 0;
		seen[1] += syscall(SYS_nanosleep, &three, NULL) < 0;
		rest = three;
		seen[2] += syscall(SYS_ppoll, &p, 1, &rest, NULL, 0) < 0;
		word = 0;
		seen[3] += syscall(SYS_futex, &word, FUTEX_WAIT, 0, &three, NULL, 0) < 0;
	}
	timer(0);
	run_close(fd, number, run);
	ok(consistent(run), "storm, %s: the figures add up", how);
	for (int i = 0; i < 4; i++)
		is(figures(run, nr[i]).errors, seen[i],
		   "storm, %s: call %u failed %llu times, and has as many errors", how,
		   nr[i], seen[i]);
	ok(seen[1] + seen[2] > (u64)n, "storm, %s: most of %d rounds were interrupted",
	   how, n);
}

int main(void)
{
	run = run_new();
	if (pipe(fds) || pipe(idle))
		bail("pipe");
	begin("interrupted");
	thread_register(fd, 0);
	each(0, "not restarted");
	each(SA_RESTART, "SA_RESTART");
	two();
	storm(0, "not restarted");
	storm(SA_RESTART, "SA_RESTART");
	return done();
}
