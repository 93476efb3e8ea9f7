// SPDX-License-Identifier: MIT
#include <linux/futex.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include "check.h"
#include "decode.h"
#include "device.h"

#define ROUNDS 32

struct decode_brick decode_bricks[DECODE_BRICKS];

/* Budgets in nanoseconds, a hundred times those of a real model of that size. */
static const struct {
	const char *name;
	u64 budget_ns;
} parts[] = {
	{ "norm1", 150000 },	  { "qkv", 600000 },	{ "rope", 100000 },
	{ "attention", 1000000 }, { "o_proj", 350000 }, { "norm2", 150000 },
	{ "ffn", 1220000 },
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static u64 late_ns; /* by how much longer a call takes than it waits */

static void spin(u64 n)
{
	while (n--)
		__asm__ volatile("" : "+r"(n));
}

static void wait(u64 ns)
{
	static int never;
	struct timespec ts = { .tv_sec = ns / S, .tv_nsec = ns % S };

	syscall(SYS_futex, &never, FUTEX_WAIT_PRIVATE, 0, &ts, NULL, 0);
}

/* The least of several times, each less @ns. */
static u64 took(void (*act)(u64), u64 n, u64 ns)
{
	u64 least = ~0ULL;

	for (int i = 0; i < ROUNDS; i++) {
		u64 start = now();

		act(n);
		start = now() - start - ns;
		if (start < least)
			least = start;
	}
	return least;
}

void decode_calibrate(void)
{
	struct decode_brick *b = decode_bricks;
	u64 spins;

	if (mlockall(MCL_CURRENT | MCL_FUTURE) || prctl(PR_SET_TIMERSLACK, 1))
		bail("mlockall");
	spins = 100000 * MS / took(spin, 100000, 0);
	late_ns = took(wait, MS, MS);
	for (size_t i = 0; i < DECODE_BRICKS; i++, b++) {
		snprintf(b->name, sizeof(b->name), "layer%02zu.%s", i / PARTS,
			 parts[i % PARTS].name);
		b->budget_ns = parts[i % PARTS].budget_ns;
		b->call_ns = b->budget_ns * 6 / 10;
		b->spins = b->budget_ns * 15 / 100 * spins / MS;
	}
}

void decode_define(int fd, uint32_t mode)
{
	for (struct decode_brick *b = decode_bricks; b < decode_bricks + DECODE_BRICKS; b++)
		b->number = brick_mode(fd, b->name, b->budget_ns, mode);
}

void decode_work(const struct decode_brick *b, unsigned int times)
{
	spin(b->spins);
	wait(b->call_ns * times - late_ns);
}
