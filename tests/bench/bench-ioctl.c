// SPDX-License-Identifier: MIT
/*
 * bench-ioctl: prints the nanoseconds of two ioctls that do nothing and those of opening
 * and closing a run that is not traced, and the bytes of kernel memory that a brick takes.
 * Under -icount a nanosecond is an instruction.
 */
#include "bench.h"

#define ROUNDS 10000
#define BRICKS 1000 /* in a session */
#define FILES  20

static u64 empty(int fd)
{
	u64 start = now();

	for (int i = 0; i < ROUNDS; i++) {
		ioctl(fd, 0);
		ioctl(fd, 0);
	}
	return now() - start;
}

static u64 runs(int fd, uint32_t brick)
{
	struct bricktrace_result result;
	struct bricktrace_run_open o = { .size = sizeof(o), .brick = brick };
	struct bricktrace_run_close c = { .size = sizeof(c), .result = ARRAY(&result, 1) };
	u64 start = now();

	for (int i = 0; i < ROUNDS; i++) {
		if (ioctl(fd, BRICKTRACE_RUN_OPEN, &o))
			bail("RUN_OPEN");
		c.run = o.run;
		if (ioctl(fd, BRICKTRACE_RUN_CLOSE, &c))
			bail("RUN_CLOSE");
	}
	return now() - start;
}

int main(void)
{
	u64 least[2] = { ~0ULL, ~0ULL }, took[2], before;
	int fd = device(), files[FILES];
	uint32_t brick = brick_define(fd, "bench", 0);
	char name[32];

	for (int i = 0; i < 3; i++) {
		took[0] = empty(fd);
		took[1] = runs(fd, brick);
		for (int k = 0; k < 2; k++)
			if (took[k] < least[k])
				least[k] = took[k];
	}
	for (int i = 0; i < FILES; i++)
		files[i] = device();
	before = slab_bytes();
	for (int i = 0; i < FILES * BRICKS; i++) {
		snprintf(name, sizeof(name), "brick %d", i);
		brick_define(files[i / BRICKS], name, 0);
	}
	printf("%.3f %.3f %.0f\n", (double)least[0] / ROUNDS, (double)least[1] / ROUNDS,
	       (double)(slab_bytes() - before) / (FILES * BRICKS));
	return 0;
}
