// SPDX-License-Identifier: MIT
/*
 * bench-ioctl: prints the nanoseconds of two ioctls that do nothing, and those of opening
 * and closing a run at each level and in each mode, while all runs are normal. Those that
 * are traced find the hooks armed. It also prints the bytes of kernel memory that a brick
 * takes. Under -icount a nanosecond is an instruction.
 */
#include "bench.h"

#define ROUNDS 10000
#define BRICKS 1000 /* in a session */
#define FILES  20

static void print_least(const char *what, u64 (*of)(const struct bricktrace_run_open *o),
			const struct bricktrace_run_open *o)
{
	u64 least = ~0ULL, took;

	for (int i = 0; i < 3; i++) {
		took = of(o);
		if (took < least)
			least = took;
	}
	printf("%s ioctls %.3f\n", what, (double)least / ROUNDS);
}

static u64 empty(const struct bricktrace_run_open *o)
{
	u64 start = now();

	(void)o;
	for (int i = 0; i < ROUNDS; i++) {
		ioctl(fd, 0);
		ioctl(fd, 0);
	}
	return now() - start;
}

static u64 runs(const struct bricktrace_run_open *wanted)
{
	struct bricktrace_result result;
	struct bricktrace_run_open o = *wanted;
	struct bricktrace_run_close c = { .size = sizeof(c), .result = ARRAY(&result, 1) };
	u64 start = now();

	for (int i = 0; i < ROUNDS; i++) {
		if (ioctl(fd, BRICKTRACE_RUN_OPEN, &o))
			bail("RUN_OPEN");
		c.run = o.run;
		if (ioctl(fd, BRICKTRACE_RUN_CLOSE, &c))
			bail("RUN_CLOSE");
	}
	start = now() - start;
	/* The last run stands for all. */
	if (o.effective_level == BRICKTRACE_LEVEL_TRACE &&
	    result.provenance != BRICKTRACE_MEASURED)
		bail("the run is not traced");
	return start;
}

static void of_runs(const char *what, uint32_t mode, uint32_t level, uint32_t scope)
{
	/* As the library does. */
	struct bricktrace_run_open o = { .size = BRICKTRACE_RUN_OPEN_SIZE_V1,
					 .level = level,
					 .scope = scope };

	o.brick = brick_mode(fd, what, BRICKTRACE_MAX_BUDGET, mode);
	print_least(what, runs, &o);
	brick_mode(fd, what, BRICKTRACE_MAX_BUDGET, BRICKTRACE_MODE_MEASURE);
}

static void memory_of_bricks(void)
{
	int files[FILES];
	u64 before;
	char name[32];

	for (int i = 0; i < FILES; i++)
		files[i] = device();
	before = slab_bytes();
	for (int i = 0; i < FILES * BRICKS; i++) {
		snprintf(name, sizeof(name), "brick %d", i);
		brick_define(files[i / BRICKS], name, 0);
	}
	printf("brick memory %.0f\n", (double)(slab_bytes() - before) / (FILES * BRICKS));
}

int main(void)
{
	fd = device();
	print_least("empty", empty, NULL);
	of_runs("run", BRICKTRACE_MODE_MEASURE, BRICKTRACE_LEVEL_MEASURE,
		BRICKTRACE_SCOPE_THREAD);
	of_runs("auto-measure", BRICKTRACE_MODE_MEASURE, BRICKTRACE_LEVEL_AUTO,
		BRICKTRACE_SCOPE_THREAD);
	of_runs("auto-next", BRICKTRACE_MODE_NEXT, BRICKTRACE_LEVEL_AUTO,
		BRICKTRACE_SCOPE_THREAD);
	keep_armed();
	thread_register(fd, 0);
	print_least("empty-traced", empty, NULL);
	of_runs("trace-thread", BRICKTRACE_MODE_MEASURE, TRACE_THREAD);
	of_runs("trace-session", BRICKTRACE_MODE_MEASURE, TRACE_SESSION);
	of_runs("auto-trace", BRICKTRACE_MODE_TRACE, BRICKTRACE_LEVEL_AUTO,
		BRICKTRACE_SCOPE_THREAD);
	of_runs("auto-tail", BRICKTRACE_MODE_TAIL, BRICKTRACE_LEVEL_AUTO,
		BRICKTRACE_SCOPE_THREAD);
	memory_of_bricks();
	return 0;
}
