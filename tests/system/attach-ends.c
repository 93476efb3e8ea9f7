// SPDX-License-Identifier: MIT
/*
 * Two followers of one thread, each with runs of its own; and what ends first,
 * the target, the tracer or the session, leaves nothing behind.
 */
#include "test.h"

static struct {
	atomic_int go, done, opened, tid;
	u64 run[8];
} * t;

static unsigned int refcount(void)
{
	char text[16] = "";
	int f = open("/sys/module/bricktrace/refcnt", O_RDONLY | O_CLOEXEC);

	if (f < 0 || read(f, text, sizeof(text) - 1) < 1)
		bail("refcnt");
	close(f);
	return atoi(text);
}

static unsigned int refcount_becomes(unsigned int n)
{
	for (int i = 0; refcount() != n && i < 500; i++)
		sleep_ns(10 * MS);
	return refcount();
}

/* The program has a session and a run of its own, with calls in and around. */
static void with_its_own(void)
{
	struct run *run = run_new();
	u64 number;

	fd = device();
	brick = brick_define(fd, "own", 0);
	thread_register(fd, 0);
	atomic_store(&t->opened, 1);
	wait_value(&t->go, 1);
	for (int i = 0; i < 10; i++)
		getppid_raw();
	number = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < 100; i++)
		getppid_raw();
	run_close(fd, number, run);
	for (int i = 0; i < 1000; i++)
		getppid_raw();
	t->run[0] = count_of(run, SYS_getppid);
	t->run[1] = consistent(run);
	t->run[2] = run->r.run;
	t->run[3] = session(fd).threads;
	atomic_store(&t->done, 1);
	wait_value(&t->go, 2);
	/* The operator has gone; our session has not. */
	number = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < 7; i++)
		getppid_raw();
	run_close(fd, number, run);
	t->run[4] = count_of(run, SYS_getppid);
	t->run[5] = consistent(run);
	t->run[6] = session(fd).threads;
}

static void two_followers(void)
{
	struct run *outer = run_new(), *inner = run_new();
	u64 a, b;
	pid_t pid = child_of(with_its_own);

	wait_value(&t->opened, 1);
	begin("operator");
	register_tid(pid, 0);
	is(try_register(fd, pid, 0), -EEXIST, "a session follows a thread once");
	a = run_open(fd, brick, TRACE_SESSION);
	b = run_open(fd, brick, TRACE_SESSION);
	atomic_store(&t->go, 1);
	wait_value(&t->done, 1);
	run_close(fd, b, inner);
	is(count_of(inner, SYS_getppid), 1110, "the operator sees all of its calls");
	is(t->run[0], 100, "its own session those of its run");
	is(t->run[1], 1, "whose figures add up");
	is(t->run[2], 1, "and whose number is its own");
	is(t->run[3], 1, "its session has one thread");
	is(session(fd).threads, 1, "so has the operator's");
	ok(consistent(inner), "the operator's figures add up");
	is(inner->r.threads, 1, "one thread");
	ok(inner->all.control_ns > 0, "its own session's calls are control");
	is(inner->category[BRICKTRACE_CAT_IOCTL].count, 0, "and no ioctl calls");
	/* The operator leaves while the program's session goes on. */
	unregister_tid(pid);
	is(session(fd).threads, 0, "the operator unfollows it");
	atomic_store(&t->go, 2);
	is(wait_for(pid), 0, "the program ends well");
	is(t->run[4], 7, "its session sees it all the same");
	is(t->run[5], 1, "with figures that add up");
	is(t->run[6], 1, "and its thread");
	run_close(fd, a, outer);
	is(count_of(outer, SYS_getppid), 1110, "the operator saw it until it left");
	close(fd);
}

static void sleeper(void)
{
	atomic_store(&t->tid, getpid());
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL);
}

static void tracer(void)
{
	begin("tracer");
	register_tid(t->tid, 0);
	run_open(fd, brick, TRACE_SESSION);
	atomic_store(&t->opened, 1);
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL);
}

static void ends(void)
{
	unsigned int base = refcount();
	pid_t pid, other;
	struct run *run = run_new();
	u64 number;

	/* kill -9 of the target. */
	atomic_store(&t->tid, 0);
	pid = child_of(sleeper);
	while (!t->tid)
		sleep_ns(MS);
	wait_state(pid, pid, "S");
	begin("target");
	register_tid(pid, 0);
	number = run_open(fd, brick, TRACE_SESSION);
	sleep_ns(20 * MS);
	kill(pid, SIGKILL);
	wait_for(pid);
	is(threads_become(0), 0, "target killed: nobody is followed");
	run_close(fd, number, run);
	ok(consistent(run), "target killed: the figures add up");
	/* The kernel returns from a call before it kills. */
	is(figures(run, SYS_ppoll).count, 1, "target killed: its call ended with it");
	is(figures(run, SYS_ppoll).errors, 0, "target killed: without an error");
	between(figures(run, SYS_ppoll).ns, 20 * MS, run->r.wall_ns,
		"target killed: with its time until then");
	is(try_register(fd, pid, 0), -ESRCH, "target killed: it is gone");
	close(fd);
	is(refcount_becomes(base), base, "target killed: the session is gone");

	/* kill -9 of the tracer. */
	atomic_store(&t->tid, 0);
	atomic_store(&t->opened, 0);
	pid = child_of(sleeper);
	while (!t->tid)
		sleep_ns(MS);
	other = child_of(tracer);
	wait_value(&t->opened, 1);
	is(refcount(), base + 1, "tracer: a session");
	kill(other, SIGKILL);
	wait_for(other);
	is(refcount_becomes(base), base, "tracer killed: its session is gone");
	is(state_of(pid, pid), 'S', "tracer killed: the target sleeps on");

	/* A session that another process has inherited. */
	atomic_store(&t->done, 0);
	begin("inherited");
	register_tid(pid, 0);
	run_open(fd, brick, TRACE_SESSION);
	fflush(stdout);
	other = fork();
	if (!other) {
		while (!atomic_load(&t->done))
			sleep_ns(MS);
		/* Now the only owner; it follows as before, then goes. */
		_exit(session(fd).threads == 1 && session(fd).runs == 1 ? 0 : 1);
	}
	close(fd);
	sleep_ns(200 * MS);
	is(refcount(), base + 1, "inherited: the session lives on in the other process");
	atomic_store(&t->done, 1);
	is(wait_for(other), 0, "inherited: with its thread and its run");
	is(refcount_becomes(base), base, "inherited: and ends with it");
	is(state_of(pid, pid), 'S', "inherited: the target sleeps on");
	kill(pid, SIGKILL);
	wait_for(pid);
}

/*
 * A process whose leader is known already: its other thread is the one that is
 * new, and computes on another CPU without ever being switched.
 */
static void *spin(void *arg)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(1, &set);
	sched_setaffinity(0, sizeof(set), &set);
	atomic_store(&t->tid, syscall(SYS_gettid));
	while (!atomic_load(&t->done))
		;
	return arg;
}

static void spinner_process(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, spin, NULL);
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL);
}

static void the_rest_of_a_process(bool leader_first)
{
	const char *what = leader_first ? "the rest of a process" : "all of a process";
	struct bricktrace_thread thread = { .size = sizeof(thread),
					    .flags = BRICKTRACE_THREAD_WHOLE_PROCESS };
	struct run *run = run_new();
	u64 number, before, after;
	pid_t pid;

	atomic_store(&t->tid, 0);
	atomic_store(&t->done, 0);
	pid = child_of(spinner_process);
	while (!t->tid)
		sleep_ns(MS);
	wait_state(pid, pid, "S");
	begin("rest");
	keep_armed();
	if (leader_first)
		register_tid(pid, 0);
	thread.tid = pid;
	is(ioctl(fd, BRICKTRACE_THREAD_REGISTER, &thread), 0, "%s", what);
	is(thread.threads, leader_first ? 1 : 2, "%s: its threads", what);
	before = now();
	number = run_open(fd, brick, TRACE_SESSION);
	sleep_ns(200 * MS);
	run_close(fd, number, run);
	after = now();
	ok(consistent(run), "%s: the figures add up", what);
	/* A thread is looked at while the run is being opened and closed. */
	between(run->all.compute_ns, run->r.wall_ns * 0.9, (after - before) * 1.001,
		"%s: one computes all the time", what);
	between(run->all.compute_offcpu_ns, 0, run->r.wall_ns * 0.3, "%s: on its CPU",
		what);
	keep_no_longer();
	close(fd);
	kill(pid, SIGKILL);
	wait_for(pid);
}

int main(void)
{
	t = shared_page();
	two_followers();
	ends();
	the_rest_of_a_process(false);
	the_rest_of_a_process(true);
	return done();
}
