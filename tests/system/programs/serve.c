// SPDX-License-Identifier: MIT
/*
 * serve LABEL BRICK... [+ LABEL BRICK...]: opens a session with this label and these bricks, of
 * mode next, and perhaps further ones, which all follow its thread. Prints the numbers of the
 * sessions, and answers each line of standard input with a line of JSON:
 *	run BRICK N NS	closes N runs at level auto of the brick with this place on the command
 *			line, the first of which is 0. Every second run sleeps for NS and the
 *			others for four times as long. Prints what each run measured.
 *	book BRICK	prints what the session has kept of the brick's runs
 */
#include "test.h"

#define MOST 8

static struct {
	int fd;
	uint32_t number;
} bricks[MOST];
static unsigned int n;

static void open_session(const char *label)
{
	struct bricktrace_session s = { .flags = BRICKTRACE_SESSION_LABEL };

	strcpy(s.label, label);
	fd = device();
	if (try_set(fd, s))
		bail("label %s", label);
	thread_register(fd, 0);
	printf("%s%llu", n ? " " : "", session(fd).id);
}

static void add_brick(const char *name)
{
	if (n == MOST)
		bail("more than %u bricks", MOST);
	bricks[n].fd = fd;
	bricks[n++].number = brick_mode(fd, name, S, BRICKTRACE_MODE_NEXT);
}

static void print_run(const struct run *run)
{
	bool traced = run->r.provenance != BRICKTRACE_NOT_INSTRUMENTED;

	printf("{\"wall_ns\":%llu,\"traced\":%s,\"detached\":%s,\"calls\":%llu}",
	       run->r.wall_ns, traced ? "true" : "false",
	       run->r.reason == BRICKTRACE_REASON_DETACHED ? "true" : "false",
	       traced ? all_counts(run) : 0);
}

static void do_runs(unsigned int which, int runs, u64 ns)
{
	struct run *run = run_new();
	u64 number;

	putchar('[');
	for (int i = 0; i < runs; i++) {
		number = run_auto(bricks[which].fd, bricks[which].number).run;
		sleep_ns(i % 2 ? ns : 4 * ns);
		run_close(bricks[which].fd, number, run);
		if (i)
			putchar(',');
		print_run(run);
	}
	puts("]");
	free(run);
}

static void print_book(unsigned int which)
{
	static struct brick b;
	u64 calls = 0;

	brick_get(bricks[which].fd, bricks[which].number, &b);
	for (int c = 0; c < CATEGORIES; c++)
		calls += b.category[c].count.low;
	printf("{\"runs\":%llu,\"traced\":%llu,\"over_budget\":%llu,\"min_ns\":%llu,"
	       "\"max_ns\":%llu,\"sum_ns\":%llu,\"calls\":%llu,\"escalated\":%s,\"window\":[",
	       b.s.runs, b.s.traced, b.s.over_budget, b.s.min_ns, b.s.max_ns,
	       b.s.sum_ns.low, calls, b.get.escalated ? "true" : "false");
	for (uint32_t i = 0; i < b.runs; i++)
		printf("%s%llu", i ? "," : "", b.window[i].ns);
	puts("]}");
}

int main(int argc, char **argv)
{
	unsigned int which;
	char line[128];
	u64 ns;
	int i, runs;

	for (i = 1; i < argc; i++)
		if (i == 1 || !strcmp(argv[i - 1], "+"))
			open_session(argv[i]);
		else if (strcmp(argv[i], "+") != 0)
			add_brick(argv[i]);
	putchar('\n');
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "run %u %d %llu", &which, &runs, &ns) == 3 && which < n)
			do_runs(which, runs, ns);
		else if (sscanf(line, "book %u", &which) == 1 && which < n)
			print_book(which);
		else
			bail("unknown command %s", line);
		fflush(stdout);
	}
	return 0;
}
