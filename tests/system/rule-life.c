// SPDX-License-Identifier: MIT
/*
 * Threads are followed from their first call to their last: created by clone, vfork and
 * fork with each inherit bit, across an execve by a thread that is not the leader, and
 * to an exit_group inside a run. A tid always means the thread that has it now, in the
 * caller's pid namespace.
 *
 * Rules: entry, execve, inherit.
 */
#include <linux/sched.h>
#include "test.h"

#define STACK 65536

static atomic_int *calls_made; /* by busy(), in memory shared with its parent */
static char stack[STACK] __attribute__((aligned(16)));

static void calls(int n)
{
	while (n--)
		getppid_raw();
}

static int clone_body(void *arg)
{
	calls(*(int *)arg);
	syscall(SYS_exit, 0);
	return 0;
}

static void *thread_body(void *arg)
{
	calls(*(int *)arg);
	return NULL;
}

/* On arm64, which lacks these calls, the C library's functions call clone. */
#ifndef SYS_fork
#define SYS_fork  SYS_clone
#define SYS_vfork SYS_clone
#endif
/* Debian 12's C library has clone3() for x86 only. */
#ifdef __x86_64__
#define SYS_of_pthread SYS_clone3
#else
#define SYS_of_pthread SYS_clone
#endif

enum kind { FORK, VFORK, CLONE, CLONE_VM_ONLY, CLONE3, PTHREAD, KINDS };

static const struct kind_info {
	const char *name;
	uint32_t call;	  /* the call that creates the child */
	uint32_t inherit; /* the bit with which the child is followed */
	uint32_t leaves;  /* the call in which the child ends */
} kinds[KINDS] = {
	{ "fork", SYS_fork, BRICKTRACE_THREAD_INHERIT_CHILDREN, SYS_exit_group },
	{ "vfork", SYS_vfork, BRICKTRACE_THREAD_INHERIT_CHILDREN, SYS_exit_group },
	{ "clone", SYS_clone, BRICKTRACE_THREAD_INHERIT_CHILDREN, SYS_exit },
	{ "clone, shared memory", SYS_clone, BRICKTRACE_THREAD_INHERIT_CHILDREN, SYS_exit },
	{ "clone3", SYS_clone3, BRICKTRACE_THREAD_INHERIT_CHILDREN, SYS_exit_group },
	{ "thread", SYS_of_pthread, BRICKTRACE_THREAD_INHERIT_THREADS, SYS_exit },
};

/* The child borrows its parent's stack, so it must not return from this function. */
static __attribute__((noinline)) long raw_vfork(int n)
{
	long ret;

	ret = vfork();
	if (!ret) {
		while (n--)
			getppid_raw();
		_exit(0);
	}
	return ret;
}

/* Creates a child of the kind that makes @n calls, and waits for it. */
static void create_child(enum kind kind, int n)
{
	struct clone_args args = { .exit_signal = SIGCHLD };
	pthread_t thread;
	long pid = 0;

	switch (kind) {
	case FORK:
		pid = syscall(SYS_fork, SIGCHLD, 0, 0, 0, 0);
		break;
	case VFORK:
		pid = raw_vfork(n);
		break;
	case CLONE:
		pid = clone(clone_body, stack + STACK, SIGCHLD, &n);
		break;
	case CLONE_VM_ONLY:
		pid = clone(clone_body, stack + STACK, CLONE_VM | SIGCHLD, &n);
		break;
	case CLONE3:
		pid = syscall(SYS_clone3, &args, sizeof(args));
		break;
	default:
		if (pthread_create(&thread, NULL, thread_body, &n))
			bail("pthread_create");
		pthread_join(thread, NULL);
		return;
	}
	if (pid < 0)
		bail("%s", kinds[kind].name);
	if (!pid) {
		calls(n);
		syscall(SYS_exit_group, 0);
	}
	wait_for(pid);
}

/* A child is registered by its parent before it has run at all. */
static void registered_before_running(void)
{
	struct sched_param fifo = { .sched_priority = 1 }, normal = { 0 };
	struct run *run = run_new();
	cpu_set_t old, one;
	u64 number;
	pid_t pid;

	sched_getaffinity(0, sizeof(old), &old);
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_setaffinity(0, sizeof(one), &one) ||
	    sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &fifo))
		bail("sched");
	keep_armed();
	pid = fork();
	if (!pid) {
		calls(3);
		_exit(0);
	}
	register_tid(pid, 0);
	number = run_open(fd, brick, TRACE_SESSION);
	sched_setscheduler(0, SCHED_OTHER, &normal);
	sched_setaffinity(0, sizeof(old), &old);
	wait_for(pid);
	threads_become(0);
	run_close(fd, number, run);
	keep_no_longer();
	ok(consistent(run), "registered before it runs: the figures add up");
	is(count_of(run, SYS_getppid), 3,
	   "registered before it runs: its calls are counted");
	is(count_of(run, SYS_clone), 0,
	   "registered before it runs: the clone that created it is not");
	is(all_in_flight(run), 1, "registered before it runs: one call is in flight");
	is(figures(run, SYS_exit_group).in_flight, 1,
	   "registered before it runs: which is exit_group");
}

static void created_children(void)
{
	struct run *run = run_new();
	char name[64];
	int inherit, k;

	for (k = 0; k < KINDS; k++) {
		for (inherit = 0; inherit < 4; inherit++) {
			const struct kind_info *info = &kinds[k];
			bool followed = info->inherit & inherit;
			struct bricktrace_figures made, left;
			u64 number;

			snprintf(name, sizeof(name), "%s, inherit %s", info->name,
				 (const char *[]){ "none", "threads", "children",
						   "both" }[inherit]);
			thread_register(fd, inherit);
			number = run_open(fd, brick, TRACE_SESSION);
			calls(3);
			create_child(k, 50);
			is(threads_become(1), 1, "%s: the child has left", name);
			run_close(fd, number, run);
			thread_unregister(fd);

			ok(consistent(run), "%s: the figures add up", name);
			is(run->r.threads, 1 + followed, "%s: threads", name);
			is(count_of(run, SYS_getppid), followed ? 53 : 3,
			   "%s: calls from the first to the last", name);
			made = figures(run, info->call);
			is(made.count, 1,
			   "%s: the creating call counts once, for the parent", name);
			is(figures(run, BRICKTRACE_NR_INVALID).count, 0,
			   "%s: the child's return is not an invalid call", name);
			left = figures(run, info->leaves);
			is(left.count, 0, "%s: its last call never completes", name);
			is(left.in_flight, followed,
			   "%s: which is in flight if it is followed", name);
		}
	}

	/*
	 * vfork returns when the child no longer uses the memory. On a busy machine part
	 * of that time may pass before the parent is off its CPU.
	 */
	{
		u64 number, t0, t1;
		long pid;

		thread_register(fd, BRICKTRACE_THREAD_INHERIT_CHILDREN);
		number = run_open(fd, brick, TRACE_SESSION);
		t0 = now();
		pid = vfork();
		if (!pid) {
			sleep_ns(100 * MS);
			_exit(0);
		}
		t1 = now();
		wait_for(pid);
		threads_become(1);
		run_close(fd, number, run);
		thread_unregister(fd);
		between(figures(run, SYS_vfork).ns, 100 * MS, t1 - t0,
			"vfork: it takes as long as the child");
		between(figures(run, SYS_vfork).offcpu_ns, 50 * MS,
			figures(run, SYS_vfork).ns, "vfork: off the CPU");
		between(figures(run, SYS_nanosleep).ns, 100 * MS, t1 - t0,
			"vfork: the child's own calls are counted meanwhile");
	}
	free(run);
}

/* execve from a thread that is not the leader: the leader's tid is taken over. */

static int go[2], done_fds[2];

static void *exec_self(void *arg)
{
	char go_text[16], done_text[16];

	(void)arg;
	calls(10);
	snprintf(go_text, sizeof(go_text), "%d", go[0]);
	snprintf(done_text, sizeof(done_text), "%d", done_fds[1]);
	execl("/proc/self/exe", "rule-life", "execed", go_text, done_text, NULL);
	bail("execl");
}

static void leader_body(void)
{
	pthread_t thread;
	char c;

	if (read(go[0], &c, 1) != 1)
		bail("read");
	calls(20);
	pthread_create(&thread, NULL, exec_self, NULL);
	for (;;)
		pause();
}

static int after_exec(char **argv)
{
	char c;

	calls(100);
	if (write(atoi(argv[3]), "x", 1) != 1 || read(atoi(argv[2]), &c, 1) != 1)
		return 1;
	return 0;
}

static void exec_not_leader(void)
{
	struct run *run = run_new();
	u64 number;
	pid_t pid;
	char c;

	if (pipe(go) || pipe(done_fds))
		bail("pipe");
	pid = child_of(leader_body);
	register_tid(pid, BRICKTRACE_THREAD_INHERIT_THREADS);
	number = run_open(fd, brick, TRACE_SESSION);
	if (write(go[1], "x", 1) != 1 || read(done_fds[0], &c, 1) != 1)
		bail("pipes");
	wait_state(pid, pid, "S");
	is(threads_become(1), 1, "execve, not the leader: one thread is left");
	is(try_register(fd, pid, 0), -EEXIST,
	   "execve, not the leader: that thread is still registered");
	run_close(fd, number, run);
	ok(consistent(run), "execve, not the leader: the figures add up, measured");
	is(run->r.threads, 2, "execve, not the leader: two threads");
	is(count_of(run, SYS_getppid), 130, "execve, not the leader: no call is lost");
	is(figures(run, SYS_execve).count, 1, "execve, not the leader: one execve");
	is(figures(run, SYS_execve).errors, 0, "execve, not the leader: no error");
	is(figures(run, SYS_execve).in_flight, 0,
	   "execve, not the leader: it has returned");
	is(figures(run, SYS_read).in_flight, 1,
	   "execve, not the leader: its present call is in flight");
	is(session(fd).threads_lost, 0, "execve, not the leader: no thread is lost");

	number = run_open(fd, brick, TRACE_SESSION);
	if (write(go[1], "x", 1) != 1)
		bail("write");
	wait_for(pid);
	is(threads_become(0), 0, "execve, not the leader: it ends and leaves the session");
	run_close(fd, number, run);
	is(figures(run, SYS_exit_group).in_flight, 1,
	   "execve, not the leader: followed to its end");
	free(run);
}

/* exit_group inside a run: one thread sleeps in a call, another one makes calls. */

static void *reading(void *arg)
{
	char c;

	calls(5);
	if (read(*(int *)arg, &c, 1) != 1)
		bail("read");
	return NULL;
}

static void *busy(void *arg)
{
	for (;;) {
		atomic_fetch_add(calls_made, 1);
		getppid_raw();
	}
	return arg;
}

static void leaves_all(void)
{
	pthread_t threads[2];
	char c;

	if (read(go[0], &c, 1) != 1)
		bail("read");
	pthread_create(&threads[0], NULL, reading, &done_fds[0]);
	pthread_create(&threads[1], NULL, busy, NULL);
	while (atomic_load(calls_made) < 1000)
		sched_yield();
	sleep_ns(20 * MS);
	syscall(SYS_exit_group, 3);
}

static void exit_group_inside(void)
{
	struct run *run = run_new();
	struct bricktrace_figures f;
	u64 number, before, after, made;
	int status;
	pid_t pid;

	atomic_store(calls_made, 0);
	pid = child_of(leaves_all);
	register_tid(pid, BRICKTRACE_THREAD_INHERIT_THREADS);
	before = now();
	number = run_open(fd, brick, TRACE_SESSION);
	if (write(go[1], "x", 1) != 1)
		bail("write");
	status = wait_for(pid);
	is(WEXITSTATUS(status), 3, "exit_group: its exit status");
	is(threads_become(0), 0, "exit_group: all threads have left the session");
	after = now();
	sleep_ns(50 * MS);
	run_close(fd, number, run);
	ok(consistent(run), "exit_group: the figures add up");
	is(run->r.threads, 3, "exit_group: three threads");
	f = figures(run, SYS_exit_group);
	is(f.count, 0, "exit_group: not completed");
	is(f.in_flight, 1, "exit_group: in flight");
	is(f.errors, 0, "exit_group: no error");
	made = atomic_load(calls_made);
	f = figures(run, SYS_getppid);
	between(f.count + f.in_flight, made + 4, made + 5,
		"exit_group: the other thread's calls until then");
	f = figures(run, SYS_read);
	is(f.count + f.in_flight, 2,
	   "exit_group: two reads, one of them ended by exit_group");
	is(f.errors, 0, "exit_group: the read that it ends is not an error");
	is(all_in_flight(run) - figures(run, SYS_getppid).in_flight - f.in_flight, 1,
	   "exit_group: nothing else in flight");
	between(run->all.thread_ns, 20 * MS, 3 * (after - before),
		"exit_group: no thread time after the end of the threads");
	free(run);
}

/* When a tid is used again, it means a new thread, which nobody has registered. */

static void reuse_calls(void)
{
	char c;

	if (read(go[0], &c, 1) != 1)
		bail("read");
	calls(40);
}

static pid_t child_with_pid(pid_t wanted)
{
	char text[16];

	for (int i = 0; i < 100; i++) {
		int f = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
		int n = snprintf(text, sizeof(text), "%d", wanted - 1);
		pid_t pid;

		if (f < 0 || write(f, text, n) != n)
			bail("ns_last_pid");
		close(f);
		pid = child_of(reuse_calls);
		if (pid == wanted)
			return pid;
		kill(pid, SIGKILL);
		wait_for(pid);
	}
	bail("no process gets the id %d", wanted);
}

static void tid_reuse(void)
{
	struct run *run = run_new();
	pid_t pid, again;
	u64 number;

	pid = child_of(reuse_calls);
	register_tid(pid, 0);
	number = run_open(fd, brick, TRACE_SESSION);
	if (write(go[1], "x", 1) != 1)
		bail("write");
	wait_for(pid);
	threads_become(0);

	again = child_with_pid(pid);
	is(try_unregister(fd, pid), -ESRCH, "tid reuse: the new thread is not registered");
	is(session(fd).threads, 0, "tid reuse: the session has no threads");
	if (write(go[1], "x", 1) != 1)
		bail("write");
	wait_for(again);
	run_close(fd, number, run);
	is(count_of(run, SYS_getppid), 40,
	   "tid reuse: the new thread's calls are not counted");
	is(run->r.threads, 1, "tid reuse: one thread");

	again = child_with_pid(pid);
	is(try_register(fd, pid, 0), 0, "tid reuse: a new thread can be registered");
	number = run_open(fd, brick, TRACE_SESSION);
	if (write(go[1], "x", 1) != 1)
		bail("write");
	wait_for(again);
	threads_become(0);
	run_close(fd, number, run);
	is(count_of(run, SYS_getppid), 40, "tid reuse: it has a new account");
	ok(consistent(run), "tid reuse: the new account's figures add up");
	free(run);
}

/* A tid is looked up in the caller's pid namespace, not in that of the file's opener. */

static atomic_int *outside_tid;

static void sleeps(void)
{
	for (;;)
		pause();
}

static void in_namespace(void)
{
	struct run *run = run_new();
	pid_t pid;
	u64 number;
	bool good = true;

	/* Our first child has the pid 2, which is kthreadd in the outer namespace. */
	pid = child_of(reuse_calls);
	if (pid != 2)
		no(&good, "the child's pid is %d, not 2", pid);
	if (try_register(fd, *outside_tid, 0) != -ESRCH)
		no(&good, "a tid of the outer namespace is found");
	if (try_register(fd, 2, 0))
		no(&good, "thread 2 cannot be registered");
	number = run_open(fd, brick, TRACE_SESSION);
	if (write(go[1], "x", 1) != 1)
		bail("write");
	wait_for(pid);
	for (int i = 0; session(fd).threads && i < 500; i++)
		sleep_ns(10 * MS);
	run_close(fd, number, run);
	if (count_of(run, SYS_getppid) != 40)
		no(&good, "%llu calls, not 40", count_of(run, SYS_getppid));
	fflush(stdout);
	_exit(!good);
}

static void unshared(void)
{
	int status;

	if (unshare(CLONE_NEWPID))
		bail("unshare");
	status = wait_for(child_of(in_namespace));
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
}

static void pid_namespace(void)
{
	pid_t pid;

	outside_tid = shared_page();
	/* A process whose tid no thread of the inner namespace has. */
	pid = child_of(sleeps);
	*outside_tid = pid;
	is(wait_for(child_of(unshared)), 0, "pid namespace: 2 is the first child inside");
	is(try_register(fd, 2, 0), -EPERM, "pid namespace: 2 is a kernel thread outside");
	kill(pid, SIGKILL);
	wait_for(pid);
	is(threads_become(0), 0, "pid namespace: no thread is left in the session");
}

int main(int argc, char **argv)
{
	if (argc == 4)
		return after_exec(argv);
	begin("rule-life");
	calls_made = shared_page();
	created_children();
	registered_before_running();
	exec_not_leader();
	exit_group_inside();
	tid_reuse();
	pid_namespace();
	return done();
}
