// SPDX-License-Identifier: MIT
/*
 * A registration that fails when it has done some or all of its work undoes it,
 * whatever the target creates and ends meanwhile and whatever runs are open.
 */
#include <grp.h>
#include <sys/stat.h>
#include "busy.h"

static struct run *run;
static pid_t target;

static int plainly(void)
{
	return try_register(fd, target,
			    BRICKTRACE_THREAD_WHOLE_PROCESS |
				    BRICKTRACE_THREAD_INHERIT_THREADS |
				    BRICKTRACE_THREAD_INHERIT_CHILDREN);
}

/* The caller is killed at any moment; it may have been too late. */
static int by_signal(void)
{
	static unsigned int at;
	pid_t pid = fork();

	if (!pid) {
		plainly();
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

/* Of the calling thread alone, which the C library would do for all. */
static void become(uid_t uid)
{
	if (syscall(SYS_setresgid, uid, uid, uid) || syscall(SYS_setresuid, uid, uid, uid))
		_exit(1);
}

static atomic_int settled;

static void *other_rights(void *arg)
{
	become(1001);
	atomic_fetch_add(&settled, 1);
	for (;;)
		pause();
	return arg;
}

static void *creator_of_1000(void *arg)
{
	become(1000);
	atomic_fetch_add(&settled, 1);
	wait_value(&settled, -1);
	return busy_creator(arg);
}

/* Of its first threads the last may not be traced by uid 1000. */
static void with_another(void)
{
	pthread_t t;

	if (seteuid(0) || setegid(0))
		_exit(1);
	for (int i = 0; i < 3; i++)
		pthread_create(&t, NULL, creator_of_1000, NULL);
	pthread_create(&t, NULL, other_rights, NULL);
	become(1000);
	wait_value(&settled, 4);
	prctl(PR_SET_DUMPABLE, 1);
	atomic_store(&settled, -1);
	busy_creator(NULL);
}

/* The directory of its threads has a link from each. */
static void wait_threads(pid_t pid, unsigned int n)
{
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	for (int i = 0; i < 5000 && !stat(path, &st) && st.st_nlink < 2 + n; i++)
		sleep_ns(2 * MS);
}

static void undone(const char *what, void (*body)(void), int (*way)(void), int wanted)
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
		/* Those of a killed caller leave with their session. */
		if (way != by_signal)
			left += threads_become(1) != 1;
		for (int j = 0; j < 5; j++)
			getppid_raw();
		run_close(fd, number, run);
		odd += session(fd).threads_lost == lost && !consistent(run);
		wrong += count_of(run, SYS_getppid) < 5;
		if (way == by_signal) {
			close(fd);
			begin("undo");
			thread_register(fd, 0);
		}
	}
	is(other, 0, "%s: %u registrations fail so", what, i);
	is(left, 0, "%s: nobody is left", what);
	is(odd, 0, "%s: the figures of runs around it add up", what);
	is(wrong, 0, "%s: and have what the others do", what);
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
	undone("a fatal signal", busy, by_signal, -EINTR);
	if (setgroups(0, NULL) || setresgid(1000, 1000, 0) || setresuid(1000, 1000, 0))
		bail("setresuid");
	prctl(PR_SET_DUMPABLE, 1);
	undone("EPERM", with_another, plainly, -EPERM);
	if (setresuid(0, 0, 0) || setresgid(0, 0, 0))
		bail("setresuid");
	limit = parameter("max_user_threads", 3);
	undone("EDQUOT", busy, plainly, -EDQUOT);
	parameter("max_user_threads", limit);
	chmod("/dev/bricktrace", 0660);
	return done(12);
}
