// SPDX-License-Identifier: MIT
/*
 * A call under way when a run is opened or closed counts for its part inside the run. A
 * thread that has slept since before the arming is in its call; a stopped or traced one
 * is in no call. The bounds are clock readings taken around the events.
 *
 * Rules: asleep, in-flight, longest, scope.
 */
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include "listener.h"
#include "test.h"

enum { SPIN, READ, POLL, NAP, QUIT };

/* The memory that the target, a thread or a process, shares with this process. */
static struct target {
	atomic_int command, state;
	atomic_int tid;
	u64 before, after; /* clock readings around its last call */
} * t;
static int fds[2];
static pid_t target_pid;

static void obey_commands(void)
{
	struct timespec nap = { .tv_sec = 1000 };
	struct pollfd pfd = { .fd = fds[0], .events = POLLIN };
	char c;

	atomic_store(&t->tid, syscall(SYS_gettid));
	for (;;) {
		int command;

		while ((command = atomic_load(&t->command)) == SPIN)
			;
		if (command == QUIT)
			return;
		atomic_store(&t->command, SPIN);
		t->before = now();
		if (command == POLL)
			syscall(SYS_ppoll, &pfd, 1, NULL, NULL);
		if (command == NAP)
			syscall(SYS_nanosleep, &nap, NULL);
		if (syscall(SYS_read, fds[0], &c, 1) != 1)
			bail("read");
		t->after = now();
		atomic_store(&t->state, 1);
	}
}

static void *obeying_thread(void *arg)
{
	obey_commands();
	return arg;
}

/* Lets the target begin a call; returns a time at which it sleeps there already. */
static u64 enter_call(int command)
{
	atomic_store(&t->state, 0);
	atomic_store(&t->command, command);
	while (atomic_load(&t->command) == command)
		sleep_ns(MS);
	wait_state(target_pid, t->tid, "S");
	return now();
}

/* Lets the target's call end; returns a time at which it still sleeps there. */
static u64 leave_call(void)
{
	u64 time = now();

	if (write(fds[1], "x", 1) != 1)
		bail("write");
	wait_value(&t->state, 1);
	return time;
}

static pthread_t start_target(void)
{
	pthread_t thread;

	atomic_store(&t->tid, 0);
	atomic_store(&t->command, SPIN);
	target_pid = getpid();
	if (pthread_create(&thread, NULL, obeying_thread, NULL))
		bail("pthread_create");
	while (!atomic_load(&t->tid))
		sleep_ns(MS);
	return thread;
}

/* The run under test, and clock readings around its two ends. */
static struct run *run;
static u64 number, open_before, open_after, close_before, close_after;

static void open_run(void)
{
	open_before = now();
	number = run_open(fd, brick, TRACE_SESSION);
	open_after = now();
}

static void close_run(const char *what)
{
	close_before = now();
	run_close(fd, number, run);
	close_after = now();
	ok(consistent(run), "%s: the figures add up", what);
	is(run->r.threads, 1, "%s: one thread", what);
	between(run->all.thread_ns, close_before - open_after, close_after - open_before,
		"%s: thread time is the run's", what);
}

static void expect_counts(const char *what, uint32_t nr, u64 completed, u64 in_flight)
{
	struct bricktrace_figures f = figures(run, nr);

	is(f.count, completed, "%s: %llu completed", what, completed);
	is(f.in_flight, in_flight, "%s: %llu in flight", what, in_flight);
	is(f.errors, 0, "%s: no error", what);
}

static void seen_from_its_entry(void)
{
	struct bricktrace_figures f;
	pthread_t thread = start_target();
	u64 asleep, wakes, longest;

	keep_armed();
	register_tid(t->tid, 0);

	enter_call(READ);
	sleep_ns(30 * MS);
	open_run();
	sleep_ns(50 * MS);
	wakes = leave_call();
	longest = t->after - t->before;
	sleep_ns(20 * MS);
	close_run("opened in a call");
	expect_counts("opened in a call", SYS_read, 1, 0);
	f = figures(run, SYS_read);
	between(f.ns, wakes - open_after, t->after - open_before,
		"opened in a call: the part inside");
	between(f.offcpu_ns, wakes - open_after, f.ns, "opened in a call: off its CPU");
	is(f.max_ns, BRICKTRACE_NONE, "opened in a call: it is not the longest call");
	between(run->all.compute_ns, close_before - t->after, close_after - wakes,
		"opened in a call: the time after the call is compute");

	open_run();
	sleep_ns(20 * MS);
	asleep = enter_call(READ);
	sleep_ns(50 * MS);
	close_run("closed in a call");
	expect_counts("closed in a call", SYS_read, 0, 1);
	f = figures(run, SYS_read);
	between(f.ns, close_before - asleep, close_after - t->before,
		"closed in a call: the part inside");
	between(f.offcpu_ns, close_before - asleep, f.ns, "closed in a call: off its CPU");
	is(f.max_ns, BRICKTRACE_NONE, "closed in a call: it is not the longest call");
	between(run->all.compute_ns, t->before - open_after, asleep - open_before,
		"closed in a call: the time before the call is compute");

	open_run();
	sleep_ns(50 * MS);
	close_run("opened and closed in a call");
	expect_counts("opened and closed in a call", SYS_read, 0, 1);
	f = figures(run, SYS_read);
	is(f.ns, run->all.thread_ns, "opened and closed in a call: all of the run");
	is(f.offcpu_ns, f.ns, "opened and closed in a call: off its CPU");
	is(run->all.compute_ns, 0, "opened and closed in a call: no compute");
	leave_call();
	if (t->after - t->before > longest)
		longest = t->after - t->before;

	open_run();
	sleep_ns(20 * MS);
	asleep = enter_call(READ);
	/* An earlier, longer call of this arming would hide the length of this one. */
	sleep_ns(longest + 20 * MS);
	wakes = leave_call();
	sleep_ns(20 * MS);
	close_run("a call inside");
	expect_counts("a call inside", SYS_read, 1, 0);
	f = figures(run, SYS_read);
	between(f.ns, wakes - asleep, t->after - t->before, "a call inside: its time");
	is(f.max_ns, f.ns, "a call inside: it is the longest");

	keep_no_longer();
	unregister_tid(t->tid);
	atomic_store(&t->command, QUIT);
	pthread_join(thread, NULL);
}

/* With linger_ms = 0 each closing disarms the hooks: what they have observed is void. */
static void across_disarming(void)
{
	struct bricktrace_figures f;
	pthread_t thread = start_target();
	u64 wakes;

	linger(0);
	wait_disarmed();
	register_tid(t->tid, 0);
	keep_armed();
	enter_call(READ);
	keep_no_longer();
	wait_disarmed();
	sleep_ns(30 * MS);
	open_run();
	sleep_ns(50 * MS);
	close_run("asleep across disarming");
	expect_counts("asleep across disarming", SYS_read, 0, 1);
	f = figures(run, SYS_read);
	is(f.ns, run->all.thread_ns, "asleep across disarming: all of the run");
	is(f.offcpu_ns, f.ns, "asleep across disarming: off its CPU");
	is(run->all.compute_ns, 0, "asleep across disarming: no compute");

	/* The target leaves that call and enters another one while the hooks are off. */
	wait_disarmed();
	leave_call();
	enter_call(POLL);
	open_run();
	sleep_ns(50 * MS);
	close_run("another call meanwhile");
	expect_counts("another call meanwhile", SYS_ppoll, 0, 1);
	expect_counts("another call meanwhile", SYS_read, 0, 0);
	is(figures(run, SYS_ppoll).ns, run->all.thread_ns,
	   "another call meanwhile: all of the run");
	is(all_counts(run) + all_in_flight(run), 1,
	   "another call meanwhile: no other call");

	/* The target is registered again, and its call ends inside the run. */
	wait_disarmed();
	unregister_tid(t->tid);
	sleep_ns(20 * MS);
	register_tid(t->tid, 0);
	open_run();
	sleep_ns(50 * MS);
	wakes = leave_call();
	sleep_ns(20 * MS);
	close_run("attached again");
	expect_counts("attached again", SYS_ppoll, 1, 0);
	expect_counts("attached again", SYS_read, 1, 0);
	f = figures(run, SYS_ppoll);
	between(f.ns, wakes - open_after, t->after - open_before,
		"attached again: from the run's opening to the call's end");
	between(f.offcpu_ns, wakes - open_after, f.ns, "attached again: off its CPU");
	between(run->all.compute_ns, close_before - t->after, close_after - wakes,
		"attached again: the time after the call is compute");

	/* The target was in a call when last observed, and computes at the arming. */
	wait_disarmed();
	keep_armed();
	enter_call(READ);
	keep_no_longer();
	wait_disarmed();
	leave_call();
	open_run();
	sleep_ns(50 * MS);
	close_run("computing at the arming");
	is(all_counts(run) + all_in_flight(run), 0, "computing at the arming: no call");
	is(run->all.compute_ns, run->all.thread_ns,
	   "computing at the arming: all time is compute");

	wait_disarmed();
	linger(1000);
	unregister_tid(t->tid);
	atomic_store(&t->command, QUIT);
	pthread_join(thread, NULL);
}

/* A thread that joins while a session-wide run is open is in the run from then on. */
static void joins_an_open_run(void)
{
	struct bricktrace_figures f;
	u64 before, after, mine;
	pthread_t thread;

	thread_register(fd, 0);
	thread = start_target();
	enter_call(READ);
	open_run();
	sleep_ns(30 * MS);
	before = now();
	register_tid(t->tid, 0);
	after = now();
	sleep_ns(50 * MS);
	close_before = now();
	run_close(fd, number, run);
	close_after = now();
	ok(consistent(run), "joins an open run: the figures add up");
	is(run->r.threads, 2, "joins an open run: two threads");
	f = figures(run, SYS_read);
	is(f.count, 0, "joins an open run: its call is not completed");
	is(f.in_flight, 1, "joins an open run: but in flight");
	between(f.ns, close_before - after, close_after - before,
		"joins an open run: from its registration on");
	is(f.offcpu_ns, f.ns, "joins an open run: off its CPU");
	mine = run->r.wall_ns;
	between(run->all.thread_ns, mine + (close_before - after),
		mine + (close_after - before), "joins an open run: both threads' time");
	is(session(fd).threads_lost, 0, "joins an open run: no thread is lost");
	leave_call();
	unregister_tid(t->tid);
	thread_unregister(fd);
	atomic_store(&t->command, QUIT);
	pthread_join(thread, NULL);
}

/*
 * A thread sleeps after its call has returned, on its way back to user mode: when dup3()
 * replaces a socket that lingers, the kernel closes the socket then. (Since 6.6, commit
 * 021a160abf62, close() itself waits.) That time is off-CPU compute.
 */
static void *close_lingering(void *arg)
{
	int *socket = arg;

	atomic_store(&t->tid, syscall(SYS_gettid));
	while (atomic_load(&t->command) == SPIN)
		;
	syscall(SYS_dup3, fds[0], *socket, O_CLOEXEC);
	atomic_store(&t->state, 1);
	while (atomic_load(&t->state) == 1)
		;
	return NULL;
}

static void on_the_way_back(bool seen, const char *what)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger l = { .l_onoff = 1, .l_linger = 2 };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;
	static char block[1 << 20];
	socklen_t n = sizeof(a);
	pthread_t thread;

	if (bind(listener, (void *)&a, n) || listen(listener, 1) ||
	    getsockname(listener, (void *)&a, &n) || connect(s, (void *)&a, n))
		bail("sockets");
	peer = accept(listener, NULL, NULL);
	setsockopt(s, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
	/* Sends more than the peer's buffers take, so that closing must wait. */
	while (send(s, block, sizeof(block), MSG_DONTWAIT) > 0)
		;
	atomic_store(&t->tid, 0);
	atomic_store(&t->state, 0);
	atomic_store(&t->command, SPIN);
	if (pthread_create(&thread, NULL, close_lingering, &s))
		bail("pthread_create");
	while (!atomic_load(&t->tid))
		sleep_ns(MS);
	register_tid(t->tid, 0);
	if (seen)
		keep_armed();
	atomic_store(&t->command, QUIT);
	wait_state(getpid(), t->tid, "S");
	open_run();
	sleep_ns(50 * MS);
	close_run(what);
	is(all_in_flight(run), 0, "%s: it is in no call", what);
	is(all_counts(run), 0, "%s: it makes no call", what);
	is(run->all.compute_offcpu_ns, run->all.thread_ns,
	   "%s: all time is off-CPU compute", what);
	if (seen)
		keep_no_longer();
	close(peer);
	close(listener);
	wait_value(&t->state, 1);
	close(s);
	unregister_tid(t->tid);
	atomic_store(&t->state, 2);
	pthread_join(thread, NULL);
	wait_disarmed();
}

#define BUFFER (2UL << 20)

/*
 * A thread runs in a call, on its CPU, when the hooks are armed: the call's time before
 * a run's opening is not in the run. The call fills the buffer again and again, two
 * gigabytes in all, and ends early once the buffer cannot be written.
 */
static void *long_call(void *buffer)
{
	struct iovec iov[1024];
	int random = open("/dev/urandom", O_RDONLY | O_CLOEXEC);

	for (int i = 0; i < 1024; i++)
		iov[i] = (struct iovec){ buffer, BUFFER };
	atomic_store(&t->tid, syscall(SYS_gettid));
	t->before = now();
	atomic_store(&t->state, 1);
	syscall(SYS_readv, random, iov, 1024);
	t->after = now();
	atomic_store(&t->state, 2);
	while (atomic_load(&t->state) == 2)
		;
	close(random);
	return NULL;
}

static void running_in_a_call(void)
{
	struct bricktrace_figures f;
	pthread_t thread;
	u64 ends;
	void *buffer = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (buffer == MAP_FAILED)
		bail("mmap");
	atomic_store(&t->state, 0);
	if (pthread_create(&thread, NULL, long_call, buffer))
		bail("pthread_create");
	wait_value(&t->state, 1);
	sleep_ns(20 * MS);
	register_tid(t->tid, 0);
	keep_armed();
	sleep_ns(100 * MS);
	open_run();
	sleep_ns(50 * MS);
	close_run("running in a call since before the arming");
	if (t->state != 1)
		bail("the call took %llu ns only", t->after - t->before);
	open_run();
	sleep_ns(100 * MS);
	ends = now();
	mprotect(buffer, BUFFER, PROT_NONE);
	wait_value(&t->state, 2);
	sleep_ns(20 * MS);
	close_run("running in a call, until it ends");
	f = figures(run, SYS_readv);
	is(f.count, 1, "running in a call, until it ends: completed");
	between(f.ns, ends - open_after, t->after - open_before,
		"running in a call, until it ends: the part inside");
	is(f.max_ns, BRICKTRACE_NONE,
	   "running in a call, until it ends: it is not the longest call");
	keep_no_longer();
	unregister_tid(t->tid);
	atomic_store(&t->state, 3);
	pthread_join(thread, NULL);
	munmap(buffer, BUFFER);
	wait_disarmed();
}

/* Closes a run in which the target must have nothing but off-CPU compute. */
static void expect_no_call(const char *what)
{
	sleep_ns(50 * MS);
	close_run(what);
	is(all_in_flight(run), 0, "%s: it is in no call", what);
	is(all_counts(run), 0, "%s: it makes no call", what);
	is(run->all.compute_ns, run->all.thread_ns, "%s: all time is compute", what);
	is(run->all.compute_offcpu_ns, run->all.thread_ns, "%s: off its CPU", what);
}

/* SIGSTOP while the target does @command; @seen: the hooks are already armed then. */
static void stopped_target(int command, bool seen, const char *what)
{
	pid_t pid;

	atomic_store(&t->tid, 0);
	atomic_store(&t->command, SPIN);
	pid = target_pid = child_of(obey_commands);
	while (!atomic_load(&t->tid))
		sleep_ns(MS);
	register_tid(pid, 0);
	if (seen)
		keep_armed();
	if (command != SPIN)
		enter_call(command);
	kill(pid, SIGSTOP);
	wait_state(pid, pid, "T");
	open_run();
	expect_no_call(what);
	if (seen)
		keep_no_longer();
	kill(pid, SIGKILL);
	wait_for(pid);
	is(threads_become(0), 0, "%s: it is gone", what);
	wait_disarmed();
}

/* A ptrace stop instead; with @at_entry the stop at the entry of a call. */
static void traced_target(int command, bool at_entry, bool seen, const char *what)
{
	int status;
	pid_t pid;

	atomic_store(&t->tid, 0);
	atomic_store(&t->command, SPIN);
	pid = target_pid = child_of(obey_commands);
	while (!atomic_load(&t->tid))
		sleep_ns(MS);
	register_tid(pid, 0);
	if (seen)
		keep_armed();
	if (command != SPIN && !at_entry)
		enter_call(command);
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) || ptrace(PTRACE_INTERRUPT, pid, 0, 0))
		bail("PTRACE_SEIZE");
	status = wait_for(pid);
	if (!WIFSTOPPED(status))
		bail("not stopped: %x", status);
	if (at_entry) {
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
		atomic_store(&t->command, command);
		status = wait_for(pid);
		if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
			bail("not stopped at its entry: %x", status);
	}
	wait_state(pid, pid, "t");
	open_run();
	expect_no_call(what);
	if (at_entry) {
		u64 number = run_open(fd, brick, TRACE_SESSION);

		sleep_ns(20 * MS);
		ptrace(PTRACE_DETACH, pid, 0, 0);
		wait_state(pid, pid, "S");
		run_close(fd, number, run);
		ok(consistent(run), "%s: continued: the figures add up", what);
		is(all_in_flight(run), 1, "%s: continued: the call is in flight", what);
		is(run->calls[0].all.offcpu_ns + 20 * MS <= run->all.thread_ns, true,
		   "%s: continued: the stop is not part of the call", what);
	}
	if (seen)
		keep_no_longer();
	kill(pid, SIGKILL);
	wait_for(pid);
	is(threads_become(0), 0, "%s: it is gone", what);
	wait_disarmed();
}

/*
 * A call that waits for its seccomp supervisor has begun, though the hooks observe its
 * entry only when the supervisor lets it continue.
 */
static int listener;

static void *supervised(void *arg)
{
	listener = listener_supervise();
	atomic_store(&t->tid, gettid());
	for (int i = 0; i < 3; i++)
		getppid_raw();
	atomic_store(&t->tid, 0);
	pause();
	return arg;
}

static void let_call_continue(void)
{
	struct seccomp_notif_resp answer = { .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE };
	struct seccomp_notif asked = { 0 };

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked))
		bail("SECCOMP_IOCTL_NOTIF_RECV");
	answer.id = asked.id;
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer))
		bail("SECCOMP_IOCTL_NOTIF_SEND");
}

static void before_its_entry(void)
{
	static const char what[] = "asleep before a call's entry";
	struct bricktrace_figures f;
	pthread_t thread;
	u64 number;
	pid_t tid;

	atomic_store(&t->tid, 0);
	keep_armed();
	pthread_create(&thread, NULL, supervised, NULL);
	while (!(tid = atomic_load(&t->tid)))
		sleep_ns(MS);
	wait_state(getpid(), tid, "S");
	register_tid(tid, 0);
	number = run_open(fd, brick, TRACE_SESSION);
	sleep_ns(20 * MS);
	let_call_continue();
	let_call_continue();
	let_call_continue();
	wait_value(&t->tid, 0);
	run_close(fd, number, run);
	ok(consistent(run), "%s: the figures add up", what);
	f = figures(run, SYS_getppid);
	is(f.count, 3, "%s: each of three calls completes once", what);
	between(f.ns, 20 * MS, run->all.thread_ns, "%s: time from the run's opening on",
		what);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	close(listener);
	keep_no_longer();
	is(threads_become(0), 0, "%s: it is gone", what);
}

/* Another process may close a run, since it has inherited the file. */
static uint64_t *parents_run;

static void close_parents_run(void)
{
	/* The parent then sleeps in wait4(), waiting for this child. */
	wait_state(getppid(), getppid(), "S");
	sleep_ns(20 * MS);
	run_close(fd, *parents_run, run);
	_exit(!(consistent(run) && count_of(run, SYS_getppid) == 77 &&
		!(run->r.flags & BRICKTRACE_RESULT_ABANDONED) &&
		figures(run, SYS_wait4).in_flight == 1 && figures(run, SYS_wait4).ns > 0));
}

static void closed_by_a_child(void)
{
	parents_run = shared_page();
	thread_register(fd, 0);
	*parents_run = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < 77; i++)
		getppid_raw();
	is(wait_for(child_of(close_parents_run)), 0,
	   "closed by a child: the run has its parent's calls");
	is(session(fd).runs, 0, "closed by a child: no run is open");
	thread_unregister(fd);
}

int main(void)
{
	begin("rule-underway");
	run = run_new();
	t = shared_page();
	if (pipe(fds))
		bail("pipe");
	seen_from_its_entry();
	across_disarming();
	linger(0);
	joins_an_open_run();
	on_the_way_back(true, "asleep on the way back");
	on_the_way_back(false, "asleep on the way back, before the arming");
	running_in_a_call();
	stopped_target(SPIN, true, "stopped while computing");
	stopped_target(SPIN, false, "stopped while computing, before the arming");
	stopped_target(NAP, true, "stopped in nanosleep");
	stopped_target(NAP, false, "stopped in nanosleep, before the arming");
	traced_target(SPIN, false, true, "traced while computing");
	traced_target(NAP, false, true, "traced in nanosleep");
	traced_target(NAP, false, false, "traced in nanosleep, before the arming");
	traced_target(READ, true, true, "traced at a call's entry");
	traced_target(READ, true, false, "traced at a call's entry, before the arming");
	before_its_entry();
	linger(1000);
	closed_by_a_child();
	return done();
}
