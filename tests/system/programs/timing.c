// SPDX-License-Identifier: MIT
/*
 * A known time is found where it was spent: time asleep in the category "other" and off
 * the CPU, time spinning in compute and on the CPU. This test runs under -icount, where
 * an instruction takes a nanosecond.
 *
 * Rules: compute, longest.
 *
 * "timing" makes the checks; "timing sleep|spin" is one load, for bricktrace run.
 */
#include "test.h"

static void sleeps(void)
{
	for (int i = 0; i < 100; i++)
		sleep_ns(10 * MS);
}

static void spin(u64 ns)
{
	u64 end = now() + ns;

	while (now() < end)
		;
}

static struct run *traced(void (*load)(void))
{
	struct run *run = run_new();
	u64 number = run_open(fd, brick, TRACE_THREAD);

	load();
	run_close(fd, number, run);
	return run;
}

static void spins(void)
{
	spin(S);
}

/* The longest call is known if it lies inside the run and no longer one outside. */
static void longest_call(void)
{
	struct run *run = run_new();
	u64 outer = run_open(fd, brick, TRACE_THREAD), inner;

	sleep_ns(5 * MS);
	sleep_ns(50 * MS);
	inner = run_open(fd, brick, TRACE_THREAD);
	sleep_ns(10 * MS);
	run_close(fd, inner, run);
	is(call_of(run, SYS_nanosleep)->all.max_ns, BRICKTRACE_NONE,
	   "a longer call before the run hides the run's longest one");
	run_close(fd, outer, run);
	between(call_of(run, SYS_nanosleep)->all.max_ns, 50 * MS, 51 * MS,
		"the longest call has its own time");
	between(run->category[BRICKTRACE_CAT_OTHER].max_ns, 50 * MS, 51 * MS,
		"the category has the longest call's time");
	inner = run_open(fd, brick, TRACE_THREAD);
	sleep_ns(60 * MS);
	run_close(fd, inner, run);
	between(call_of(run, SYS_nanosleep)->all.max_ns, 60 * MS, 61 * MS,
		"a still longer call in a later run is known again");
	free(run);
}

/* A wait of known length: the reader waits while the writer computes. */
static int fds[2];

static void *write_later(void *arg)
{
	(void)arg;
	spin(70 * MS);
	if (write(fds[1], "x", 1) != 1)
		bail("write");
	return NULL;
}

static void wait_for_writer(void)
{
	struct run *run = run_new();
	pthread_t t;
	u64 number;
	char c;

	if (pipe(fds))
		bail("pipe");
	number = run_open(fd, brick, TRACE_THREAD);
	pthread_create(&t, NULL, write_later, NULL);
	if (read(fds[0], &c, 1) != 1)
		bail("read");
	run_close(fd, number, run);
	pthread_join(t, NULL);
	between(run->category[BRICKTRACE_CAT_READ].ns + run->all.compute_offcpu_ns,
		69 * MS, 75 * MS,
		"a read that waits for 70 ms of another thread's work takes that long");
	between(run->category[BRICKTRACE_CAT_READ].offcpu_ns, 60 * MS,
		run->category[BRICKTRACE_CAT_READ].ns, "the reader is off its CPU");
	free(run);
}

/* Two threads compute on one CPU: each is off it for half of the time. */
static atomic_bool stop;

static void *compete(void *arg)
{
	(void)arg;
	while (!atomic_load(&stop))
		;
	return NULL;
}

static void preempted(void)
{
	struct run *run = run_new();
	pthread_t t;
	u64 number;

	pthread_create(&t, NULL, compete, NULL);
	number = run_open(fd, brick, TRACE_THREAD);
	spin(400 * MS);
	run_close(fd, number, run);
	atomic_store(&stop, true);
	pthread_join(t, NULL);
	between(run->all.compute_ns, run->all.thread_ns * 0.99, run->all.thread_ns,
		"computing beside another thread: all time is compute");
	between(run->all.compute_offcpu_ns, run->all.thread_ns * 0.40,
		run->all.thread_ns * 0.60,
		"computing beside another thread: off its CPU for half of it");
	free(run);
}

int main(int argc, char **argv)
{
	const struct bricktrace_figures *other;
	struct run *run;

	/* Page faults during the measurement would disturb it. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		bail("mlockall");
	if (argc == 2) {
		if (!strcmp(argv[1], "sleep"))
			sleeps();
		else
			spins();
		return 0;
	}
	fd = device();
	brick = brick_define(fd, "times", S);
	thread_register(fd, 0);

	run = traced(sleeps);
	other = &run->category[BRICKTRACE_CAT_OTHER];
	ok(consistent(run), "sleeping: the figures add up");
	is(count_of(run, SYS_nanosleep), 100, "sleeping: 100 calls");
	between(other->ns, S, 1020 * MS, "sleeping: a second in other");
	between(other->offcpu_ns, other->ns * 0.99, other->ns, "sleeping: off the CPU");
	between(run->all.thread_ns, other->ns, other->ns * 1.01,
		"sleeping: nothing else takes time");
	between(run->all.compute_ns, 0, S / 100, "sleeping: almost no compute");
	ok(run->r.flags & BRICKTRACE_RESULT_OVER_BUDGET,
	   "sleeping: the run is over its budget");
	free(run);

	run = traced(spins);
	ok(consistent(run), "spinning: the figures add up");
	between(run->all.thread_ns, S, 1005 * MS, "spinning: a second");
	between(run->all.compute_ns, run->all.thread_ns * 0.99, run->all.thread_ns,
		"spinning: in compute");
	/* Another task of the guest may have needed this CPU for ten milliseconds. */
	between(run->all.compute_offcpu_ns, 0,
		run->all.compute_runnable_ns + run->all.thread_ns * 0.001,
		"spinning: on the CPU, or waiting for one");
	free(run);

	longest_call();
	wait_for_writer();
	preempted();
	return done();
}
