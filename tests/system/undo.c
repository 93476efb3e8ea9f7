// SPDX-License-Identifier: MIT
/*
 * A registration that fails after some or all of its work has been done undoes that
 * work, whatever threads the target creates and ends meanwhile, and whatever runs are
 * open.
 */
#include <grp.h>
#include <sys/stat.h>
#include "busy.h"
#include "test.h"

static struct run *run;
static pid_t target;

static int register_target(void)
{
	return try_register(fd, target,
			    BRICKTRACE_THREAD_WHOLE_PROCESS |
				    BRICKTRACE_THREAD_INHERIT_THREADS |
				    BRICKTRACE_THREAD_INHERIT_CHILDREN);
}

/* The caller is killed at a varying moment, possibly after it has succeeded. */
static int register_and_kill(void)
{
	static unsigned int at;
	pid_t pid = fork();

	if (!pid) {
		register_target();
		_exit(0);
	}
	sleep_ns(at++ * 7919 % 50 * MS / 5);
	kill(pid, SIGKILL);
	if (WIFSIGNALED(wait_for(pid)) && !(session(fd).threads > 1))
		return -EINTR;
	for (int i = 0; i < 20 && !try_unregister(fd, target); i++)
		;
	return -EINTR;
}

/* Changes the calling thread alone; the C library's functions would change all. */
static void become_user(uid_t uid)
{
	if (syscall(SYS_setresgid, uid, uid, uid) || syscall(SYS_setresuid, uid, uid, uid))
		_exit(1);
}

static atomic_int settled;

static void *foreign_thread(void *arg)
{
	become_user(1001);
	atomic_fetch_add(&settled, 1);
	for (;;)
		pause();
	return arg;
}

static void *creator_of_1000(void *arg)
{
	become_user(1000);
	atomic_fetch_add(&settled, 1);
	wait_value(&settled, -1);
	return busy_creator(arg);
}

/* A process of uid 1000, which may not trace the last of the process's first threads. */
static void with_foreign_thread(void)
{
	pthread_t t;

	if (seteuid(0) || setegid(0))
		_exit(1);
	for (int i = 0; i < 3; i++)
		pthread_create(&t, NULL, creator_of_1000, NULL);
	pthread_create(&t, NULL, foreign_thread, NULL);
	become_user(1000);
	wait_value(&settled, 4);
	prctl(PR_SET_DUMPABLE, 1);
	atomic_store(&settled, -1);
	busy_creator(NULL);
}

/* Waits until the process has @n threads: each one is a link in /proc/PID/task. */
static void wait_threads(pid_t pid, unsigned int n)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	for (int i = 0; i < 5000 && !stat(path, &st) && st.st_nlink < 2 + n; i++)
		sleep_ns(2 * MS);
}

static void expect_undone(const char *what, void (*body)(void), int (*way)(void), int wanted)
{
	unsigned int i, other = 0, odd = 0, left = 0, wrong = 0;
	u64 since = now();

	target = child_of(body);
	begin("undo");
	thread_register(fd, 0);
	wait_threads(target, 3);
	for (i = 0; busy_round(i, since); i++) {
		u64 number = run_open(fd, brick, TRACE_SESSION);
		u64 lost = session(fd).threads_lost;
		int err = way();

		other += err != wanted;
		if (err != wanted)
			printf("# round %u: %d\n", i, err);
		/* What a killed caller has registered leaves when its session closes. */
		if (way != register_and_kill)
			left += threads_become(1) != 1;
		for (int j = 0; j < 5; j++)
			getppid_raw();
		run_close(fd, number, run);
		odd += session(fd).threads_lost == lost && !consistent(run);
		wrong += count_of(run, SYS_getppid) < 5;
		if (way == register_and_kill) {
			close(fd);
			begin("undo");
			thread_register(fd, 0);
		}
	}
	is(other, 0, "%s: %u registrations fail with that error", what, i);
	is(left, 0, "%s: no thread is left in the session", what);
	is(odd, 0, "%s: the figures of runs around the registrations add up", what);
	is(wrong, 0, "%s: those runs have the other member's calls", what);
	close(fd);
	kill(target, SIGKILL);
	wait_for(target);
}

int main(void)
{
	unsigned int limit;

	run = run_new();
	if (chmod("/dev/bricktrace", 0666))
		bail("chmod");
	expect_undone("a fatal signal", busy, register_and_kill, -EINTR);
	if (setgroups(0, NULL) || setresgid(1000, 1000, 0) || setresuid(1000, 1000, 0))
		bail("setresuid");
	prctl(PR_SET_DUMPABLE, 1);
	expect_undone("EPERM", with_foreign_thread, register_target, -EPERM);
	if (setresuid(0, 0, 0) || setresgid(0, 0, 0))
		bail("setresuid");
	limit = parameter("max_user_threads", 3);
	expect_undone("EDQUOT", busy, register_target, -EDQUOT);
	parameter("max_user_threads", limit);
	chmod("/dev/bricktrace", 0660);
	return done();
}
