// SPDX-License-Identifier: MIT
/*
 * Signals: a handler that makes calls of its own while a call is interrupted,
 * rt_sigreturn, and calls that the kernel restarts, under their own number or, after a
 * stop, by restart_syscall.
 *
 * Rules: entry, interrupted, restart.
 */
#include <linux/futex.h>
#include <sys/epoll.h>
#include "test.h"

static struct run *run;
static u64 number;
static int fds[2], epoll;
static atomic_int *shared; /* tid, phase, futex word */
#define TID   shared[0]
#define PHASE shared[1]
#define WORD  shared[2]
static atomic_int handled;

static void handler(int sig)
{
	(void)sig;
	for (int i = 0; i < 7; i++)
		getppid_raw();
	/* Lets the interrupted read find something when it is entered again. */
	if (write(fds[1], "x", 1) != 1)
		_exit(9);
	atomic_fetch_add(&handled, 1);
}

static void install_handler(int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	if (sigaction(SIGUSR1, &sa, NULL))
		bail("sigaction");
}

/* Sends a signal to the main thread once it sleeps. */
static void *interrupt_main(void *arg)
{
	wait_state(getpid(), getpid(), "S");
	sleep_ns(20 * MS);
	syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
	return arg;
}

/* A run around one call of @body, which is interrupted once. */
static long run_interrupted(long (*body)(void), u64 *took)
{
	pthread_t thread;
	long ret;
	u64 t0;

	atomic_store(&handled, 0);
	if (pthread_create(&thread, NULL, interrupt_main, NULL))
		bail("pthread_create");
	t0 = now();
	number = run_open(fd, brick, TRACE_THREAD);
	ret = body();
	run_close(fd, number, run);
	*took = now() - t0;
	pthread_join(thread, NULL);
	is(handled, 1, "interrupted once");
	return ret;
}

static long read_pipe(void)
{
	char c;
	long ret;

	errno = 0;
	ret = syscall(SYS_read, fds[0], &c, 1);
	return ret < 0 ? -errno : ret;
}

static long wait_epoll(void)
{
	struct epoll_event e;
	long ret = syscall(SYS_epoll_pwait, epoll, &e, 1, 60000, NULL, 0);

	return ret < 0 ? -errno : ret;
}

static long nap(void)
{
	struct timespec ts = { .tv_sec = 60 };
	long ret = syscall(SYS_nanosleep, &ts, NULL);

	return ret < 0 ? -errno : ret;
}

static void expect_handler(const char *what)
{
	struct bricktrace_figures f = figures(run, SYS_rt_sigreturn);

	ok(consistent(run), "%s: the figures add up", what);
	is(f.count, 1, "%s: one rt_sigreturn", what);
	is(f.errors, 0, "%s: rt_sigreturn has no error", what);
	is(f.in_flight, 0, "%s: rt_sigreturn is not in flight", what);
	between(f.ns, 1, run->all.thread_ns, "%s: rt_sigreturn takes time", what);
	is(figures(run, SYS_getppid).count, 7, "%s: the handler's getppid calls", what);
	is(figures(run, SYS_write).count, 1, "%s: the handler's write", what);
	is(figures(run, SYS_restart_syscall).count, 0, "%s: no restart_syscall", what);
	is(figures(run, BRICKTRACE_NR_INVALID).count, 0, "%s: no invalid call", what);
	is(all_in_flight(run), 0, "%s: nothing is in flight", what);
}

static void calls_with_handlers(void)
{
	struct bricktrace_figures f;
	u64 took;
	char c;

	thread_register(fd, 0);

	install_handler(0);
	is(run_interrupted(read_pipe, &took), -EINTR, "read: EINTR");
	expect_handler("read, not restarted");
	f = figures(run, SYS_read);
	is(f.count, 1, "read, not restarted: one call");
	is(f.errors, 1, "read, not restarted: an error, as the program sees it");
	between(f.ns, 20 * MS, took, "read, not restarted: its time");
	between(f.offcpu_ns, 19 * MS, f.ns, "read, not restarted: off its CPU");
	if (read(fds[0], &c, 1) != 1)
		bail("read");

	install_handler(SA_RESTART);
	is(run_interrupted(read_pipe, &took), 1, "read: restarted");
	expect_handler("read, restarted");
	f = figures(run, SYS_read);
	is(f.count, 2, "read, restarted: it is entered twice");
	is(f.errors, 0, "read, restarted: no error");
	between(f.ns, 20 * MS, took, "read, restarted: its time");

	/* epoll_pwait is never restarted: the kernel itself returns -EINTR. */
	is(run_interrupted(wait_epoll, &took), -EINTR, "epoll_pwait: EINTR");
	expect_handler("epoll_pwait");
	f = figures(run, SYS_epoll_pwait);
	is(f.count, 1, "epoll_pwait: one call");
	is(f.errors, 1, "epoll_pwait: -EINTR is an error");
	if (read(fds[0], &c, 1) != 1)
		bail("read");

	/* -ERESTART_RESTARTBLOCK becomes -EINTR if a handler runs. */
	is(run_interrupted(nap, &took), -EINTR, "nanosleep: EINTR");
	expect_handler("nanosleep with a handler");
	f = figures(run, SYS_nanosleep);
	is(f.count, 1, "nanosleep with a handler: one call");
	is(f.errors, 1, "nanosleep with a handler: an error, as the program sees it");
	if (read(fds[0], &c, 1) != 1)
		bail("read");

	/* The handler runs when kill returns: kill has completed and is not restarted. */
	number = run_open(fd, brick, TRACE_THREAD);
	kill(getpid(), SIGUSR1);
	run_close(fd, number, run);
	expect_handler("signal on the way back from kill");
	is(figures(run, SYS_kill).count, 1, "signal on the way back from kill: one kill");
	is(figures(run, SYS_kill).errors, 0, "signal on the way back from kill: no error");
	/* getpid, kill, seven getppid, write, rt_sigreturn */
	is(all_counts(run), 11, "signal on the way back from kill: no other call");
	if (read(fds[0], &c, 1) != 1)
		bail("read");
	thread_unregister(fd);
}

/* Restarts: a child in a call is stopped and continued several times. */

#define STOPS 3
#define NAP   3

static void wait_to_go(void)
{
	TID = getpid();
	while (PHASE == 0)
		;
}

static void naps(void)
{
	struct timespec ts = { .tv_sec = NAP };

	wait_to_go();
	if (syscall(SYS_nanosleep, &ts, NULL))
		bail("nanosleep");
	PHASE = 2;
	while (PHASE == 2)
		;
}

static void clock_naps(void)
{
	struct timespec ts = { .tv_sec = NAP };

	wait_to_go();
	if (syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &ts, NULL))
		bail("clock_nanosleep");
	PHASE = 2;
	while (PHASE == 2)
		;
}

static void futex_timed(void)
{
	struct timespec ts = { .tv_sec = NAP };

	wait_to_go();
	if (syscall(SYS_futex, &WORD, FUTEX_WAIT, 0, &ts, NULL, 0) == 0 ||
	    errno != ETIMEDOUT)
		bail("futex");
	PHASE = 2;
	while (PHASE == 2)
		;
}

static void futex_woken(void)
{
	struct timespec ts = { .tv_sec = 1000 };

	wait_to_go();
	if (syscall(SYS_futex, &WORD, FUTEX_WAIT, 0, &ts, NULL, 0))
		bail("futex");
	PHASE = 2;
	while (PHASE == 2)
		;
}

static void restarted(void (*body)(void), uint32_t nr, u64 errors, const char *what)
{
	struct bricktrace_figures f;
	u64 before, after, stopped = 0, away = 0;
	pid_t pid;

	TID = PHASE = WORD = 0;
	pid = child_of(body);
	while (!TID)
		sleep_ns(MS);
	register_tid(pid, 0);
	number = run_open(fd, brick, TRACE_SESSION);
	PHASE = 1;
	before = now();
	wait_state(pid, pid, "S");
	for (int i = 0; i < STOPS; i++) {
		u64 t0, gone;

		sleep_ns(20 * MS);
		gone = now();
		kill(pid, SIGSTOP);
		wait_state(pid, pid, "T");
		t0 = now();
		sleep_ns(100 * MS);
		stopped += now() - t0;
		kill(pid, SIGCONT);
		wait_state(pid, pid, "S");
		away += now() - gone;
	}
	if (body == futex_woken)
		syscall(SYS_futex, &WORD, FUTEX_WAKE, 1);
	while (PHASE != 2)
		sleep_ns(MS);
	after = now();
	run_close(fd, number, run);
	ok(consistent(run), "%s: the figures add up", what);
	f = figures(run, nr);
	is(f.count, 1 + STOPS, "%s: once and once more for each stop", what);
	is(f.errors, errors, "%s: errors", what);
	is(f.in_flight, 0, "%s: not in flight", what);
	is(all_counts(run), 1 + STOPS, "%s: no other call, under no other number", what);
	if (body != futex_woken)
		between(f.ns, NAP * S - away, after - before - stopped,
			"%s: its time, without the stops", what);
	else
		between(f.ns, STOPS * 20 * MS, after - before - stopped,
			"%s: its time, without the stops", what);
	between(run->all.compute_offcpu_ns, stopped, run->all.compute_ns,
		"%s: the stops are off-CPU compute", what);
	kill(pid, SIGKILL);
	wait_for(pid);
	is(threads_become(0), 0, "%s: the process ends and leaves the session", what);
}

/*
 * The run begins when the call has already been interrupted. If the hooks were armed
 * then, @seen, the restart counts for the interrupted call, else for restart_syscall.
 */
static void restarted_later(bool seen, const char *what)
{
	struct bricktrace_figures f;
	pid_t pid;

	TID = PHASE = WORD = 0;
	pid = child_of(futex_woken);
	while (!TID)
		sleep_ns(MS);
	register_tid(pid, 0);
	if (seen)
		keep_armed();
	PHASE = 1;
	wait_state(pid, pid, "S");
	kill(pid, SIGSTOP);
	wait_state(pid, pid, "T");
	number = run_open(fd, brick, TRACE_SESSION);
	sleep_ns(20 * MS);
	kill(pid, SIGCONT);
	wait_state(pid, pid, "S");
	sleep_ns(50 * MS);
	syscall(SYS_futex, &WORD, FUTEX_WAKE, 1);
	while (PHASE != 2)
		sleep_ns(MS);
	run_close(fd, number, run);
	ok(consistent(run), "%s: the figures add up", what);
	f = figures(run, seen ? SYS_futex : SYS_restart_syscall);
	is(f.count, 1, "%s: one call", what);
	is(f.errors, 0, "%s: no error", what);
	between(f.ns, 50 * MS, run->all.thread_ns, "%s: its time", what);
	is(all_counts(run), 1, "%s: no other call", what);
	if (seen)
		keep_no_longer();
	kill(pid, SIGKILL);
	wait_for(pid);
	is(threads_become(0), 0, "%s: the process ends and leaves the session", what);
	wait_disarmed();
}

int main(void)
{
	struct epoll_event e = { .events = EPOLLPRI };

	begin("rule-signal");
	run = run_new();
	shared = shared_page();
	if (pipe(fds))
		bail("pipe");
	epoll = epoll_create1(0);
	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &e))
		bail("epoll");
	calls_with_handlers();
	restarted(naps, SYS_nanosleep, 0, "nanosleep, stopped");
	restarted(clock_naps, SYS_clock_nanosleep, 0, "clock_nanosleep, stopped");
	restarted(futex_timed, SYS_futex, 1, "futex, stopped, timed out");
	restarted(futex_woken, SYS_futex, 0, "futex, stopped, woken");
	linger(0);
	restarted_later(true, "futex, stopped before the run");
	restarted_later(false, "futex, stopped before the arming");
	linger(1000);
	return done();
}
