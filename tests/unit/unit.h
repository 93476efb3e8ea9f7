/* SPDX-License-Identifier: MIT */
/* Included by every unit test. cmocka.h needs the headers before it. */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "internal.h"

/* The comparison is exact, because the values are quotients of small integers. */
#define assert_double(a, b) assert_true((a) == (b))

#define MS UINT64_C(1000000)

/* A report as it is without options. */
static const struct report plain_report __attribute__((unused)) = {
	.slow_ns = MS,
	.elapsed_ns = BT_NONE,
	.reason_text = "",
};

/* The module's answer about a run; each array has elements of both views. */
struct kernel_answer {
	bool old; /* the module has the first version of the ABI */
	struct bricktrace_result result;
	struct bricktrace_times times[2];
	uint32_t n_categories, n_syscalls; /* numbers of elements */
	struct bricktrace_category_figures categories[16];
	struct bricktrace_syscall syscalls[16];
	uint32_t n_ioctls, n_slow_calls;
	struct bricktrace_ioctl ioctls[16];
	struct bricktrace_slow_call slow_calls[16];
};

/* Both views of a category or system call have the same figures. */
#define BOTH_VIEWS(...)                                        \
	{ __VA_ARGS__, .view = BRICKTRACE_VIEW_INCLUSIVE },    \
	{                                                      \
		__VA_ARGS__, .view = BRICKTRACE_VIEW_EXCLUSIVE \
	}
#define FIGURES(...)                           \
	.figures = (struct bricktrace_figures) \
	{                                      \
		__VA_ARGS__                    \
	}

static inline struct bricktrace_array answer_array(const void *first, uint32_t size,
						   uint32_t count, uint32_t known)
{
	return (struct bricktrace_array){ (uintptr_t)first, size, count, count, known };
}

/* CLOCK_MONOTONIC was 0 at the beginning of a day in September 2026. */
static inline uint64_t answer_now(void)
{
	return 1000 * MS;
}

static inline uint64_t answer_unix_now(void)
{
	return 1790035200000 * MS + answer_now();
}

static inline struct bt_result *answer_result(const char *name, uint64_t budget_ns,
					      const struct kernel_answer *answer)
{
	struct bricktrace_run_close close = {
		.result = answer_array(&answer->result, sizeof(answer->result), 1,
				       BRICKTRACE_RESULT_SIZE_V0),
		.times = answer_array(answer->times, sizeof(answer->times[0]),
				      answer->result.provenance ? 2 : 0,
				      answer->old ? BRICKTRACE_TIMES_SIZE_V0 :
						    BRICKTRACE_TIMES_SIZE_V1),
		.categories =
			answer_array(answer->categories, sizeof(answer->categories[0]),
				     answer->n_categories,
				     answer->old ? BRICKTRACE_CATEGORY_FIGURES_SIZE_V0 :
						   BRICKTRACE_CATEGORY_FIGURES_SIZE_V1),
		.syscalls = answer_array(answer->syscalls, sizeof(answer->syscalls[0]),
					 answer->n_syscalls,
					 answer->old ? BRICKTRACE_SYSCALL_SIZE_V0 :
						       BRICKTRACE_SYSCALL_SIZE_V1),
		.ioctls = answer_array(answer->ioctls, sizeof(answer->ioctls[0]),
				       answer->n_ioctls,
				       answer->old ? 0 : BRICKTRACE_IOCTL_SIZE_V0),
		.slow_calls =
			answer_array(answer->slow_calls, sizeof(answer->slow_calls[0]),
				     answer->n_slow_calls,
				     answer->old ? 0 : BRICKTRACE_SLOW_CALL_SIZE_V0),
	};
	const struct bti_ops clocks = { .now = answer_now, .unix_now = answer_unix_now };
	struct bt_tracer tracer = { .ops = &clocks };
	struct bt_brick brick = { .tracer = &tracer };
	struct bt_result *result;

	strcpy(brick.name, name);
	assert_int_equal(bti_result_new(&brick, budget_ns, &close, &result), 0);
	return result;
}

/* A measured result of a brick "attention". */
static inline struct bt_result *sample_of(uint64_t budget_ns, bool old)
{
#define NOTHING FIGURES(.max_ns = BT_NONE)
#define FUTEX	FIGURES(3, 1, 0, 4 * MS, 3 * MS, 2 * MS, 1 * MS)
#define READ	FIGURES(20, 0, 2, 1 * MS, 0, MS / 10, 0)
#define OTHER	FIGURES(1, 0, 0, 1 * MS, 0, 1 * MS, 0)
	const struct kernel_answer answer = {
		.old = old,
		.result = {
			.run = 7,
			.brick = 2,
			.provenance = BRICKTRACE_MEASURED,
			.threads = 2,
			.wall_ns = 8 * MS,
		},
		.times = {
			{
				.thread_ns = 12 * MS,
				.compute_ns = 5 * MS,
				.compute_offcpu_ns = 1 * MS,
				.edge_ns = MS / 2,
				.control_ns = MS / 2,
				.compute_runnable_ns = MS / 4,
				.minor_faults = 1234,
				.major_faults = 5,
			},
			{ .view = BRICKTRACE_VIEW_EXCLUSIVE },
		},
		.n_categories = 12,
		.categories = {
			BOTH_VIEWS(.category = 0, NOTHING),
			BOTH_VIEWS(.category = 1, FUTEX),
			BOTH_VIEWS(.category = 2, NOTHING),
			BOTH_VIEWS(.category = 3, READ),
			BOTH_VIEWS(.category = 4, NOTHING),
			BOTH_VIEWS(.category = 5, OTHER),
		},
		.n_syscalls = 8,
		.syscalls = {
			BOTH_VIEWS(.nr = 0, .category = 3, READ),
			BOTH_VIEWS(.nr = 202, .category = 1, FUTEX),
			BOTH_VIEWS(.nr = 20, .arch = 1, .category = 5, OTHER),
			BOTH_VIEWS(.nr = 231, .category = 5,
				   FIGURES(.in_flight = 2, .max_ns = BT_NONE)),
		},
	};
#undef NOTHING
#undef FUTEX
#undef READ
#undef OTHER

	return answer_result("attention", budget_ns, &answer);
}

static inline struct bt_result *sample_result(uint64_t budget_ns)
{
	return sample_of(budget_ns, false);
}

/* These functions let a test change a result. */
static inline struct bt_times *times_of(struct bt_result *r)
{
	return (struct bt_times *)bt_result_times(r, BT_INCLUSIVE);
}

static inline struct bt_figures *category_of(struct bt_result *r, enum bt_category c)
{
	return (struct bt_figures *)bt_result_category(r, c, BT_INCLUSIVE);
}

#endif
