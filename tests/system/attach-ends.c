// SPDX-License-Identifier: MIT
/*
 * Two sessions follow one thread, and each has the right figures in runs of its own.
 * Whichever of the target, the tracer and the session ends first leaves nothing behind.
 *
 * Rules: scope, own-calls.
 */
#include "test.h"

static struct {
	atomic_int go, done, opened, tid;
	u64 run[8];
} * t;

/* A program with a session of its own makes calls before, in and after a run. */
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
	/* The operator has unregistered this thread; its own session follows it still. */
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
	is(t->run[0], 100, "the thread's own session sees those of its run");
	is(t->run[1], 1, "its figures add up");
	is(t->run[2], 1, "its number is the first of its own session");
	is(t->run[3], 1, "the thread's own session has one thread");
	is(session(fd).threads, 1, "the operator's session has one thread");
	ok(consistent(inner), "the operator's figures add up");
	is(inner->r.threads, 1, "the operator's run has one thread");
	ok(inner->all.control_ns > 0, "the ioctls of the thread's own session are control");
	is(inner->category[BRICKTRACE_CAT_IOCTL].count, 0, "they are not ioctl calls");
	unregister_tid(pid);
	is(session(fd).threads, 0, "the operator's session no longer follows the thread");
	atomic_store(&t->go, 2);
	is(wait_for(pid), 0, "the program ends well");
	is(t->run[4], 7, "its own session still counts its calls");
	is(t->run[5], 1, "its figures add up");
	is(t->run[6], 1, "its own session still follows it");
	run_close(fd, a, outer);
	is(count_of(outer, SYS_getppid), 1110,
	   "the operator's run has its calls up to that moment");
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
	unsigned int base = sessions();
	pid_t pid, other;
	struct run *run = run_new();
	u64 number, elapsed;

	atomic_store(&t->tid, 0);
	pid = child_of(sleeper);
	while (!t->tid)
		sleep_ns(MS);
	wait_state(pid, pid, "S");
	begin("target");
	register_tid(pid, 0);
	elapsed = now();
	number = run_open(fd, brick, TRACE_SESSION);
	sleep_ns(20 * MS);
	kill(pid, SIGKILL);
	wait_for(pid);
	is(threads_become(0), 0, "target killed: no thread is followed");
	run_close(fd, number, run);
	elapsed = now() - elapsed;
	ok(consistent(run), "target killed: the figures add up");
	/* A thread that is killed returns from its call before it dies. */
	is(figures(run, SYS_ppoll).count, 1, "target killed: its call has completed");
	is(figures(run, SYS_ppoll).errors, 0, "target killed: without an error");
	/* The thread was read before the run began, on a busy host by milliseconds. */
	between(figures(run, SYS_ppoll).ns, 20 * MS, elapsed,
		"target killed: the call has its time until then");
	is(try_register(fd, pid, 0), -ESRCH,
	   "target killed: it cannot be registered any more");
	close(fd);
	is(sessions_become(base), base, "target killed: the session is gone");

	atomic_store(&t->tid, 0);
	atomic_store(&t->opened, 0);
	pid = child_of(sleeper);
	while (!t->tid)
		sleep_ns(MS);
	other = child_of(tracer);
	wait_value(&t->opened, 1);
	is(sessions(), base + 1, "tracer: there is one more session");
	kill(other, SIGKILL);
	wait_for(other);
	is(sessions_become(base), base, "tracer killed: its session is gone");
	is(state_of(pid, pid), 'S', "tracer killed: the target sleeps on");

	/* A second process inherits the session. */
	atomic_store(&t->done, 0);
	begin("inherited");
	register_tid(pid, 0);
	run_open(fd, brick, TRACE_SESSION);
	fflush(stdout);
	other = fork();
	if (!other) {
		while (!atomic_load(&t->done))
			sleep_ns(MS);
		/* This process has the last descriptor; the session still follows. */
		_exit(session(fd).threads == 1 && session(fd).runs == 1 ? 0 : 1);
	}
	close(fd);
	sleep_ns(200 * MS);
	is(sessions(), base + 1, "inherited: the session lives on in the other process");
	atomic_store(&t->done, 1);
	is(wait_for(other), 0, "inherited: it has its thread and its run");
	is(sessions_become(base), base, "inherited: it ends with the other process");
	is(state_of(pid, pid), 'S', "inherited: the target sleeps on");
	kill(pid, SIGKILL);
	wait_for(pid);
}

/*
 * A process whose leader may be registered already has a second thread, which computes
 * on another CPU and is never switched.
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
	is(thread.threads, leader_first ? 1 : 2, "%s: the number of new threads", what);
	before = now();
	number = run_open(fd, brick, TRACE_SESSION);
	sleep_ns(200 * MS);
	run_close(fd, number, run);
	after = now();
	ok(consistent(run), "%s: the figures add up", what);
	/* A thread is read at some moment of the ioctls that open and close the run. */
	between(run->all.compute_ns, run->r.wall_ns * 0.9, (after - before) * 1.001,
		"%s: one thread computes all the time", what);
	between(run->all.compute_offcpu_ns, 0, run->r.wall_ns * 0.3,
		"%s: it is on its CPU", what);
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
