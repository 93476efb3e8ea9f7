// SPDX-License-Identifier: MIT
/*
 * In a loop of null calls each call is as short as the tracing around it: compute must
 * be the time of the loop alone, without the cost of the tracing. This test runs under
 * -icount, where an instruction takes a nanosecond.
 *
 * Rules: compute, edge.
 *
 * "null" makes the checks; "null N" makes N calls, for bricktrace run.
 */
#include "test.h"

/* CALL_NS is what a traced null call takes on Linux 6.1, UNTRACED_NS what another takes. */
#define CALLS	    100000
#define CALL_NS	    480
#define TOLERANCE   (CALLS * CALL_NS / 10)
#define UNTRACED_NS 340

static __attribute__((noinline)) u64 loop(int n)
{
	u64 start = now();

	for (int i = 0; i < n; i++)
		getppid_raw();
	return now() - start;
}

static __attribute__((noinline)) u64 empty_loop(int n)
{
	u64 start = now();

	for (int i = 0; i < n; i++)
		getppid_not();
	return now() - start;
}

static u64 traced(struct run *run, int n)
{
	u64 number = run_open(fd, brick, TRACE_THREAD), took;

	took = loop(n);
	run_close(fd, number, run);
	return took;
}

int main(int argc, char **argv)
{
	struct run *run = run_new();
	u64 empty, bare, took, edge_ps, calls, sum = 0;
	int c;

	/* Page faults during the measurement would disturb it. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		bail("mlockall");
	if (argc == 2)
		return !loop(atoi(argv[1]));
	fd = device();
	brick = brick_define(fd, "null", 0);
	/* The test before this one may have left the hooks armed. */
	while (info(fd).armed)
		sleep_ns(100 * MS);
	empty_loop(CALLS);
	empty = empty_loop(CALLS);
	bare = loop(CALLS);
	printf("# a loop: empty %.1f, with the call %.1f ns a call\n",
	       (double)empty / CALLS, (double)bare / CALLS);
	/* The bounds below hold only where a bare call costs this much. */
	between(bare / CALLS, UNTRACED_NS * 0.9, UNTRACED_NS * 1.1,
		"an untraced call takes 340 instructions");
	thread_register(fd, 0);

	took = traced(run, CALLS);
	is(count_of(run, SYS_getppid), CALLS, "each call is counted");
	calls = call_of(run, SYS_getppid)->all.ns;
	printf("# traced %.1f, window %.1f ns a call\n", (double)took / CALLS,
	       (double)calls / CALLS);
	is(run->all.edge_ns, BRICKTRACE_NONE, "without a figure there is no edge");
	ok(consistent(run), "and the figures add up");
	/* A call's window leaves out the kernel's entry and exit code and our probes. */
	between(calls / CALLS, 100, 250, "the window of a call is shorter than the call");
	between(run->all.compute_ns, took - calls - TOLERANCE, took - calls + TOLERANCE,
		"without an edge figure, compute contains the cost around the calls");

	/* The run above calibrates the edge that the next run is measured with. */
	edge_ps = (took - calls - empty) * 1000 / CALLS;
	set_edge(fd, edge_ps);
	is(session(fd).edge_ps, edge_ps, "the session keeps its edge figure");
	took = traced(run, CALLS);
	ok(consistent(run), "with an edge, the figures add up");
	printf("# edge %.1f, compute %.1f ns a call\n", (double)run->all.edge_ns / CALLS,
	       (double)run->all.compute_ns / CALLS);
	between(run->all.compute_ns, empty > TOLERANCE ? empty - TOLERANCE : 0,
		empty + TOLERANCE,
		"compute is the loop without the call, within 10 %% of a call");
	for (c = 0; c < CATEGORIES; c++)
		sum += run->category[c].ns;
	between(sum + run->all.edge_ns, took - empty - TOLERANCE, took - empty + TOLERANCE,
		"categories and edge are the rest, within 10 %% of a call");
	/* The opening ioctl, which is control, returns inside the run: it has an edge. */
	between(run->all.edge_ns, CALLS * edge_ps / 1000, (CALLS + 4) * edge_ps / 1000,
		"the edge is the figure for each call");
	between(run->all.control_ns, 1, 100000, "opening and closing the run is control");
	/* An edge figure that is too large takes all on-CPU compute, but no more. */
	set_edge(fd, BRICKTRACE_MAX_EDGE_PS);
	traced(run, CALLS);
	ok(consistent(run), "with an edge of 1 ms, the figures add up");
	is(run->all.compute_ns, run->all.compute_offcpu_ns,
	   "and nothing is left on the CPU");
	set_edge(fd, 0);
	traced(run, CALLS);
	is(run->all.edge_ns, 0, "an edge of 0 is 0, not unknown");
	return done();
}
