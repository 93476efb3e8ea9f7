// SPDX-License-Identifier: MIT
/*
 * A run that is not traced takes nothing from the exclusive figures of the runs around
 * it. A run encloses later runs of its thread even if execve() has changed the number of
 * the thread.
 *
 * nesting FD: the program that a thread other than the leader executes
 *
 * Rules: nested, execve.
 */
#include "test.h"

static u64 measure_thread(void)
{
	return run_open(fd, brick, BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_SCOPE_THREAD);
}

static void self(void)
{
	struct run *outer = run_new(), *between = run_new(), *inner = run_new();
	u64 a, b, c, d;
	int i;

	thread_register(fd, 0);
	a = run_open(fd, brick, TRACE_THREAD);
	b = measure_thread();
	c = measure_thread();
	d = run_open(fd, brick, TRACE_THREAD);
	for (i = 0; i < 7; i++)
		getppid_raw();
	run_close(fd, d, inner);
	for (i = 0; i < 20; i++)
		getppid_raw();
	run_close(fd, c, between);
	run_close(fd, b, between);
	for (i = 0; i < 100; i++)
		getppid_raw();
	run_close(fd, a, outer);
	ok(consistent(outer) && consistent(inner),
	   "traced, two measured, traced: the figures add up");
	is(inner->r.depth, 3, "traced, two measured, traced: depth");
	is(call_of(outer, SYS_getppid)->all.count, 127, "the outermost run has all calls");
	is(call_of(outer, SYS_getppid)->self.count, 120,
	   "its exclusive figures lack only those of the traced inner run");
	is(outer->self.thread_ns + inner->all.thread_ns, outer->all.thread_ns,
	   "exclusive and inner thread time sum up to the inclusive one");
	thread_unregister(fd);
	free(outer);
	free(between);
	free(inner);
}

/* The thread executes as the leader now, and has the leader's number. */
static void executed(const char *to)
{
	struct run *run = run_new();
	struct bricktrace_run_open o = { .size = sizeof(o),
					 .level = BRICKTRACE_LEVEL_TRACE };

	fd = atoi(to);
	o.brick = 1;
	if (ioctl(fd, BRICKTRACE_RUN_OPEN, &o))
		bail("RUN_OPEN");
	run_close(fd, o.run, run);
	exit(o.parent == 1 && run->r.parent == 1 && run->r.depth == 1 ? 0 : 1);
}

static void *executes(void *arg)
{
	char text[16];

	thread_register(fd, 0);
	if (run_open(fd, brick, TRACE_THREAD) != 1)
		bail("the first run");
	snprintf(text, sizeof(text), "%d", fd);
	execl("/proc/self/exe", "nesting", text, NULL);
	return arg;
}

static void another_leads(void)
{
	pthread_t t;

	begin("nesting");
	fcntl(fd, F_SETFD, 0);
	pthread_create(&t, NULL, executes, NULL);
	pthread_join(t, NULL);
	_exit(2);
}

int main(int argc, char **argv)
{
	if (argc == 2)
		executed(argv[1]);
	begin("nesting");
	self();
	is(wait_for(child_of(another_leads)), 0,
	   "execve by another thread than the leader: its run encloses later runs");
	return done();
}
