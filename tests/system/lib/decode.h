/* SPDX-License-Identifier: MIT */
/*
 * A synthetic decode loop: for each token, a language model of 28 layers executes seven
 * bricks a layer. Each brick spins for a while and waits once in futex(), both for a known
 * time, so that it needs 75 % of its budget. Times are exact under -icount only.
 */
#ifndef TEST_DECODE_H
#define TEST_DECODE_H

#include <linux/bricktrace.h>
#include <stdint.h>
#include "clock.h"

#define DECODE_BRICKS (28 * 7)

struct decode_brick {
	char name[BRICKTRACE_NAME_LEN]; /* such as layer07.attention */
	uint32_t number;
	u64 budget_ns;
	u64 call_ns; /* how long the call takes */
	u64 spins;
};

extern struct decode_brick decode_bricks[DECODE_BRICKS];

/* Measures how long spinning and waiting take here. Call it first. */
void decode_calibrate(void);
/* Defines or changes all bricks. */
void decode_define(int fd, uint32_t mode);
/* What a brick does; its call takes @times times its usual time. */
void decode_work(const struct decode_brick *b, unsigned int times);

#endif /* TEST_DECODE_H */
