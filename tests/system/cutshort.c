// SPDX-License-Identifier: MIT
/*
 * A thread whose execve() takes it out of the opener's reach ends its runs there:
 * whoever kept the descriptor learns nothing of what it does afterwards.
 *
 * cutshort privileged FD: the set-user-ID program; says so to FD.
 */
#include <grp.h>
#include <sys/stat.h>
#include "test.h"

/* What pause() is where the kernel has no such call. */
#ifndef SYS_pause
#define SYS_pause SYS_ppoll
#endif

#define PROGRAM "/tmp/cutshort"
#define BEFORE	30
#define AFTER	777

static struct {
	atomic_int stage; /* 1: registered, 2: may execute, 3: executed long since */
	u64 thread, session;
	struct run of_thread, of_session;
	u64 opened, closed;
	int unregister, again, open_again;
	uint32_t threads;
	u64 lost;
} * told;
static int ready[2];

static void privileged(int to)
{
	for (int i = 0; i < AFTER; i++)
		getppid_raw();
	if (write(to, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void become_1000(void)
{
	if (setgroups(0, NULL) || setresgid(1000, 1000, 1000) ||
	    setresuid(1000, 1000, 1000))
		bail("uid 1000");
	prctl(PR_SET_DUMPABLE, 1);
}

/* Has the descriptor, and is not followed itself. */
static void keeps(pid_t pid)
{
	struct bricktrace_run_open o = { .size = sizeof(o),
					 .brick = brick,
					 .level = BRICKTRACE_LEVEL_TRACE };

	wait_value(&told->stage, 3);
	run_close(fd, told->thread, &told->of_thread);
	told->closed = now();
	run_close(fd, told->session, &told->of_session);
	told->unregister = -try_unregister(fd, pid);
	told->again = -try_register(fd, pid, 0);
	told->open_again = ioctl(fd, BRICKTRACE_RUN_OPEN, &o) ? errno : 0;
	told->threads = session(fd).threads;
	told->lost = session(fd).threads_lost;
}

static void executes(void)
{
	pid_t pid = getpid();
	char text[16];

	become_1000();
	begin("cutshort");
	thread_register(fd, 0);
	if (!fork()) {
		keeps(pid);
		_exit(0);
	}
	told->stage = 1;
	wait_value(&told->stage, 2);
	snprintf(text, sizeof(text), "%d", ready[1]);
	told->session = run_open(fd, brick, TRACE_SESSION);
	told->opened = now();
	told->thread = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < BEFORE; i++)
		getppid_raw();
	execl(PROGRAM, "cutshort", "privileged", text, NULL);
	_exit(1);
}

/* With @other, another session that may do so goes on following it. */
static void cut_short(bool other)
{
	const char *what = other ? "followed by root too" : "followed by uid 1000";
	struct run *of_thread = &told->of_thread, *of_session = &told->of_session;
	struct run *of_root = run_new();
	u64 executed, root = 0;
	pid_t pid;
	char c;

	memset(told, 0, sizeof(*told));
	pid = child_of(executes);
	wait_value(&told->stage, 1);
	if (other) {
		begin("root");
		register_tid(pid, 0);
		root = run_open(fd, brick, TRACE_SESSION);
	}
	told->stage = 2;
	if (read(ready[0], &c, 1) != 1)
		bail("read");
	executed = now();
	sleep_ns(500 * MS);
	told->stage = 3;
	for (int i = 0; !told->threads && !told->lost && i < 500; i++)
		sleep_ns(10 * MS);
	sleep_ns(50 * MS);

	is(of_thread->r.provenance, BRICKTRACE_PARTIAL, "%s, its run: partial", what);
	is(of_thread->r.reason, BRICKTRACE_REASON_OUT_OF_REACH, "%s, its run: why", what);
	ok(of_thread->r.flags & BRICKTRACE_RESULT_ABANDONED, "%s, its run: abandoned",
	   what);
	is(count_of(of_thread, SYS_getppid), BEFORE,
	   "%s, its run: what it did before, and none of the calls after", what);
	between(of_thread->r.wall_ns, 1, executed - told->opened,
		"%s, its run: wall time up to the execve", what);
	is(of_thread->all.thread_ns, of_thread->r.wall_ns, "%s, its run: thread time",
	   what);
	is(figures(of_thread, SYS_execve).in_flight, 1, "%s, its run: ends in execve",
	   what);
	between(figures(of_thread, SYS_execve).ns, 1, of_thread->r.wall_ns,
		"%s, its run: execve's time", what);
	is(figures(of_thread, SYS_pause).in_flight, 0, "%s, its run: nothing of later",
	   what);
	is(of_session->r.provenance, BRICKTRACE_PARTIAL, "%s, the session's: partial",
	   what);
	is(of_session->r.reason, BRICKTRACE_REASON_THREADS_LOST, "%s, the session's: why",
	   what);
	is(count_of(of_session, SYS_getppid), BEFORE,
	   "%s, the session's: none of the calls", what);
	between(of_session->all.thread_ns, 1, executed - told->opened + S / 2,
		"%s, the session's: thread time", what);
	is(of_session->self.thread_ns + of_thread->all.thread_ns,
	   of_session->all.thread_ns, "%s, the session's: self", what);
	is(told->unregister, ESRCH, "%s: it is not registered", what);
	is(told->again, EPERM, "%s: nor can it be", what);
	is(told->open_again, ESRCH, "%s: nobody is left to trace", what);
	is(told->threads, 0, "%s: no thread", what);
	is(told->lost, 1, "%s: one was lost", what);
	if (other) {
		run_close(fd, root, of_root);
		ok(consistent(of_root), "root's run: the figures add up");
		is(count_of(of_root, SYS_getppid), BEFORE + AFTER, "root's run: all of it");
		close(fd);
	}
	kill(pid, SIGKILL);
	wait_for(pid);
}

int main(int argc, char **argv)
{
	char command[64];

	if (argc == 3)
		privileged(atoi(argv[2]));
	snprintf(command, sizeof(command), "cp /proc/%d/exe " PROGRAM, getpid());
	if (chmod("/dev/bricktrace", 0666) || pipe(ready) || system(command) ||
	    chmod(PROGRAM, 04755))
		bail("%s", command);
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED)
		bail("mmap");
	cut_short(false);
	cut_short(true);
	chmod("/dev/bricktrace", 0660);
	return done();
}
