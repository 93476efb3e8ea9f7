// SPDX-License-Identifier: MIT
/*
 * If execve() takes a thread out of the reach of the process that opened a session, the
 * thread's runs end there. A process that has kept the descriptor learns nothing about
 * the thread's later calls.
 *
 * cutshort privileged FD: the set-user-ID program, which writes a byte to FD
 *
 * Rules: execve, provenance, in-flight.
 */
#include <sys/stat.h>
#include "test.h"

/* On arm64, which lacks this system call, pause() makes another one. */
#ifndef SYS_pause
#define SYS_pause SYS_ppoll
#endif

#define PROGRAM "/tmp/cutshort"
#define BEFORE	30
#define AFTER	777

static struct {
	atomic_int stage; /* 1: registered, 2: may execute, 3: executed */
	u64 thread, session;
	struct run of_thread, of_session;
	u64 opened, closed;
	int unregister, again, open_again;
	uint32_t threads;
	u64 lost;
} * found;
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

/* This process has the descriptor, and is not followed itself. */
static void keeps(pid_t pid)
{
	struct bricktrace_run_open o = { .size = sizeof(o),
					 .brick = brick,
					 .level = BRICKTRACE_LEVEL_TRACE };

	wait_value(&found->stage, 3);
	run_close(fd, found->thread, &found->of_thread);
	found->closed = now();
	run_close(fd, found->session, &found->of_session);
	found->unregister = -try_unregister(fd, pid);
	found->again = -try_register(fd, pid, 0);
	found->open_again = ioctl(fd, BRICKTRACE_RUN_OPEN, &o) ? errno : 0;
	found->threads = session(fd).threads;
	found->lost = session(fd).threads_lost;
}

static void executes(void)
{
	pid_t pid = getpid();
	char text[16];

	become_uid(1000);
	begin("cutshort");
	thread_register(fd, 0);
	if (!fork()) {
		keeps(pid);
		_exit(0);
	}
	found->stage = 1;
	wait_value(&found->stage, 2);
	snprintf(text, sizeof(text), "%d", ready[1]);
	found->session = run_open(fd, brick, TRACE_SESSION);
	found->opened = now();
	found->thread = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < BEFORE; i++)
		getppid_raw();
	execl(PROGRAM, "cutshort", "privileged", text, NULL);
	_exit(1);
}

/* With @other, a session of root follows the thread all the time. */
static void cut_short(bool other)
{
	const char *what = other ? "followed by root too" : "followed by uid 1000";
	struct run *of_thread = &found->of_thread, *of_session = &found->of_session;
	struct run *of_root = run_new();
	u64 executed, root = 0;
	pid_t pid;
	char c;

	memset(found, 0, sizeof(*found));
	pid = child_of(executes);
	wait_value(&found->stage, 1);
	if (other) {
		begin("root");
		register_tid(pid, 0);
		root = run_open(fd, brick, TRACE_SESSION);
	}
	found->stage = 2;
	if (read(ready[0], &c, 1) != 1)
		bail("read");
	executed = now();
	sleep_ns(500 * MS);
	found->stage = 3;
	for (int i = 0; !found->threads && !found->lost && i < 500; i++)
		sleep_ns(10 * MS);
	sleep_ns(50 * MS);

	is(of_thread->r.provenance, BRICKTRACE_PARTIAL, "%s, its run: partial", what);
	is(of_thread->r.reason, BRICKTRACE_REASON_OUT_OF_REACH, "%s, its run: the reason",
	   what);
	ok(of_thread->r.flags & BRICKTRACE_RESULT_ABANDONED, "%s, its run: abandoned",
	   what);
	is(count_of(of_thread, SYS_getppid), BEFORE,
	   "%s, its run: the calls before, none of those after", what);
	between(of_thread->r.wall_ns, 1, executed - found->opened,
		"%s, its run: wall time up to the execve", what);
	is(of_thread->all.thread_ns, of_thread->r.wall_ns, "%s, its run: thread time",
	   what);
	is(figures(of_thread, SYS_execve).in_flight, 1, "%s, its run: ends in execve",
	   what);
	between(figures(of_thread, SYS_execve).ns, 1, of_thread->r.wall_ns,
		"%s, its run: execve's time", what);
	is(figures(of_thread, SYS_pause).in_flight, 0, "%s, its run: no later call", what);
	is(of_session->r.provenance, BRICKTRACE_PARTIAL, "%s, the session's run: partial",
	   what);
	is(of_session->r.reason, BRICKTRACE_REASON_THREADS_LOST,
	   "%s, the session's run: the reason", what);
	is(count_of(of_session, SYS_getppid), BEFORE,
	   "%s, the session's run: the calls before, none of those after", what);
	between(of_session->all.thread_ns, 1, executed - found->opened + S / 2,
		"%s, the session's run: thread time", what);
	is(of_session->self.thread_ns + of_thread->all.thread_ns,
	   of_session->all.thread_ns, "%s, the session's run: exclusive thread time", what);
	is(found->unregister, ESRCH, "%s: the thread is not registered", what);
	is(found->again, EPERM, "%s: the thread cannot be registered again", what);
	is(found->open_again, ESRCH, "%s: the session has no thread to trace", what);
	is(found->threads, 0, "%s: the session has no thread", what);
	is(found->lost, 1, "%s: the session has lost one thread", what);
	if (other) {
		run_close(fd, root, of_root);
		ok(consistent(of_root), "root's run: the figures add up");
		is(count_of(of_root, SYS_getppid), BEFORE + AFTER, "root's run: all calls");
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
	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (found == MAP_FAILED)
		bail("mmap");
	cut_short(false);
	cut_short(true);
	chmod("/dev/bricktrace", 0660);
	return done();
}
