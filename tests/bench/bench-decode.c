// SPDX-License-Identifier: MIT
/*
 * bench-decode: prints the nanoseconds that a token of the decode loop takes (decode.h):
 * without runs, and with a run for each brick, which is not traced in mode measure and is
 * traced in mode tail. Under -icount a nanosecond is an instruction.
 */
#include "bench.h"
#include "decode.h"

#define TOKENS 5

static void token(bool runs)
{
	struct bricktrace_result result;
	struct bricktrace_run_open o = { .size = sizeof(o), .level = BRICKTRACE_LEVEL_AUTO };
	struct bricktrace_run_close c = { .size = sizeof(c), .result = ARRAY(&result, 1) };

	for (int i = 0; i < DECODE_BRICKS; i++) {
		o.brick = decode_bricks[i].number;
		if (runs && ioctl(fd, BRICKTRACE_RUN_OPEN, &o))
			bail("RUN_OPEN");
		decode_work(&decode_bricks[i], 1);
		c.run = o.run;
		if (runs && ioctl(fd, BRICKTRACE_RUN_CLOSE, &c))
			bail("RUN_CLOSE");
	}
}

static void tokens(const char *what, bool runs)
{
	u64 least = ~0ULL;

	for (int i = 0; i < TOKENS; i++) {
		u64 start = now();

		token(runs);
		start = now() - start;
		if (start < least)
			least = start;
	}
	printf("%s decode %llu\n", what, least);
}

int main(void)
{
	decode_calibrate();
	fd = device();
	thread_register(fd, 0);
	tokens("none", false);
	decode_define(fd, BRICKTRACE_MODE_MEASURE);
	tokens("auto-measure", true);
	decode_define(fd, BRICKTRACE_MODE_TAIL);
	tokens("auto-tail", true);
	return 0;
}
