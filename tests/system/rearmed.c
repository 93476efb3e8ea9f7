// SPDX-License-Identifier: MIT
/*
 * The hooks are disarmed and armed again while RUN_OPEN sleeps in a page fault, writing
 * its answer. In the first arming ptrace() hides the call from the hooks, so that they
 * first observe it in the second one: the values read at the opening have no room for
 * it. The run must say that it was not measured.
 *
 * Rules: provenance.
 */
#include <sys/user.h>
#include "slowpage.h"
#include "test.h"

#define CALLS 5

static struct {
	atomic_int asleep, go;
	int ret;
	uint32_t scope, provenance, reason;
	u64 count;
	bool consistent;
} * shared;

static struct run *run;

/* Makes the page writable once shared->go is set. */
static void *serve_page(void *page)
{
	slow_wait();
	shared->asleep = 1;
	wait_value(&shared->go, 1);
	slow_serve(page, NULL);
	return NULL;
}

/* A write to @page now sleeps until shared->go is set. */
static void protect_page(void *page)
{
	pthread_t t;

	slow_page(page, false);
	if (pthread_create(&t, NULL, serve_page, page))
		bail("pthread_create");
}

static void opener(void)
{
	struct bricktrace_run_open *o = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
					     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u64 number;

	if (o == MAP_FAILED)
		bail("mmap");
	begin("rearmed");
	thread_register(fd, 0);
	*o = (struct bricktrace_run_open){ .size = sizeof(*o),
					   .brick = brick,
					   .level = BRICKTRACE_LEVEL_TRACE,
					   .scope = shared->scope };
	protect_page(o);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) || raise(SIGSTOP))
		bail("ptrace");
	shared->ret = ioctl(fd, BRICKTRACE_RUN_OPEN, o) ? -errno : 0;
	run_close(fd, o->run, run);
	shared->provenance = run->r.provenance;
	shared->reason = run->r.reason;
	number = run_open(fd, brick, BRICKTRACE_LEVEL_TRACE, shared->scope);
	for (int i = 0; i < CALLS; i++)
		getppid_raw();
	run_close(fd, number, run);
	shared->consistent = consistent(run);
	shared->count = count_of(run, SYS_getppid);
}

/* Stops the opener at its entry to RUN_OPEN, before the hooks' entry probe runs. */
static void wait_entry(pid_t pid)
{
	struct user_regs_struct regs;

	for (;;) {
		if (!WIFSTOPPED(wait_for(pid)) || ptrace(PTRACE_GETREGS, pid, NULL, &regs))
			bail("the opener does not stop at RUN_OPEN");
		if (regs.orig_rax == SYS_ioctl && regs.rsi == BRICKTRACE_RUN_OPEN)
			return;
		if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL))
			bail("PTRACE_SYSCALL");
	}
}

static void rearmed(uint32_t scope, const char *what)
{
	u64 first, second;
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	shared->scope = scope;
	wait_disarmed();
	pid = child_of(opener);
	wait_entry(pid);
	first = run_open(fd, brick, TRACE_THREAD);
	/* The module reads now that the thread, being stopped, is in no call. */
	register_tid(pid, 0);
	if (ptrace(PTRACE_DETACH, pid, NULL, NULL))
		bail("PTRACE_DETACH");
	wait_value(&shared->asleep, 1);
	parameter("enabled", 0);
	parameter("enabled", 1);
	second = run_open(fd, brick, TRACE_THREAD);
	shared->go = 1;
	is(wait_for(pid), 0, "%s: the opener ends", what);
	is(shared->ret, 0, "%s: the run is open", what);
	is(shared->provenance, BRICKTRACE_NOT_INSTRUMENTED, "%s: and is not traced", what);
	is(shared->reason, BRICKTRACE_REASON_DISARMED,
	   "%s: since the hooks were disarmed", what);
	ok(shared->consistent, "%s: the next run's figures add up", what);
	is(shared->count, CALLS, "%s: the next run's figures have each call", what);
	run_close(fd, second, run);
	run_close(fd, first, run);
	threads_become(1);
}

int main(void)
{
	run = run_new();
	shared = shared_page();
	begin("rearmed");
	thread_register(fd, 0);
	linger(0);
	rearmed(BRICKTRACE_SCOPE_THREAD, "a thread's run");
	rearmed(BRICKTRACE_SCOPE_SESSION, "a session's run");
	linger(1000);
	return done();
}
