/* SPDX-License-Identifier: MIT */
/* A brick and its statistics, as BRICK_GET returns them. */
#ifndef TEST_BRICK_H
#define TEST_BRICK_H

#include <linux/bricktrace.h>
#include <stdint.h>
#include "result.h"

struct brick {
	struct bricktrace_brick_get get;
	struct bricktrace_statistics s;
	struct bricktrace_bucket histogram[BRICKTRACE_BUCKETS];
	struct bricktrace_category_statistics category[CATEGORIES];
	uint32_t runs; /* in the window */
	struct bricktrace_window_run window[BRICKTRACE_WINDOW];
	uint32_t assertions;
	struct bricktrace_assertion assertion[BRICKTRACE_MAX_ASSERTIONS];
	struct bricktrace_assertion_counts counts[BRICKTRACE_MAX_ASSERTIONS];
	/* The longest traced run; only @longest.run, which is 0, is set if there is none. */
	struct bricktrace_result longest;
	struct bricktrace_times longest_times;
	struct bricktrace_category_figures longest_category[CATEGORIES];
	uint32_t slow_calls; /* of the longest traced run */
	struct bricktrace_slow_call slow[BRICKTRACE_BRICK_SLOW];
};

/* The arguments of a BRICK_GET that asks for every array. */
struct bricktrace_brick_get brick_args(uint32_t number, struct brick *brick);
/* Reads a brick of session @fd; the functions end the test if their ioctl fails. */
void brick_get(int fd, uint32_t number, struct brick *brick);
void brick_reset(int fd, uint32_t number);

#endif /* TEST_BRICK_H */
