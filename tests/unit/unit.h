/* SPDX-License-Identifier: MIT */
/* What every unit test needs, in the order that cmocka asks for. */
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

/* Exact on purpose: the values are quotients of small integers. */
#define assert_double(a, b) assert_true((a) == (b))

#define MS UINT64_C(1000000)

/* What the module tells of a run: arrays of elements, each with both views. */
struct told {
	bool old; /* it knows the ABI's first version only */
	struct bricktrace_result result;
	struct bricktrace_times times[2];
	uint32_t n_categories, n_syscalls; /* elements */
	struct bricktrace_category_figures categories[16];
	struct bricktrace_syscall syscalls[16];
};

/* Both views of a category or system call; the run encloses none that has any of it. */
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

static inline struct bricktrace_array told_array(const void *first, uint32_t size,
						 uint32_t count, uint32_t known)
{
	return (struct bricktrace_array){ (uintptr_t)first, size, count, count, known };
}

static inline struct bt_result *told_result(const char *name, uint64_t budget_ns,
					    const struct told *told)
{
	struct bricktrace_run_close close = {
		.result = told_array(&told->result, sizeof(told->result), 1,
				     BRICKTRACE_RESULT_SIZE_V0),
		.times = told_array(told->times, sizeof(told->times[0]),
				    told->result.provenance ? 2 : 0,
				    told->old ? BRICKTRACE_TIMES_SIZE_V0 :
						BRICKTRACE_TIMES_SIZE_V1),
		.categories = told_array(told->categories, sizeof(told->categories[0]),
					 told->n_categories,
					 told->old ? BRICKTRACE_CATEGORY_FIGURES_SIZE_V0 :
						     BRICKTRACE_CATEGORY_FIGURES_SIZE_V1),
		.syscalls = told_array(told->syscalls, sizeof(told->syscalls[0]),
				       told->n_syscalls,
				       told->old ? BRICKTRACE_SYSCALL_SIZE_V0 :
						   BRICKTRACE_SYSCALL_SIZE_V1),
	};
	struct bt_brick brick = { 0 };
	struct bt_result *result;

	strcpy(brick.name, name);
	assert_int_equal(bti_result_new(&brick, budget_ns, &close, &result), 0);
	return result;
}

/* A measured result of a brick "attention", as a module would write it. */
static inline struct bt_result *sample_of(uint64_t budget_ns, bool old)
{
#define NOTHING FIGURES(.max_ns = BT_NONE)
#define FUTEX	FIGURES(3, 1, 0, 4 * MS, 3 * MS, 2 * MS, 1 * MS)
#define READ	FIGURES(20, 0, 2, 1 * MS, 0, MS / 10, 0)
#define OTHER	FIGURES(1, 0, 0, 1 * MS, 0, 1 * MS, 0)
	const struct told told = {
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

	return told_result("attention", budget_ns, &told);
}

static inline struct bt_result *sample_result(uint64_t budget_ns)
{
	return sample_of(budget_ns, false);
}

/* What only a test may change. */
static inline struct bt_times *times_of(struct bt_result *r)
{
	return (struct bt_times *)bt_result_times(r, BT_INCLUSIVE);
}

static inline struct bt_figures *category_of(struct bt_result *r, enum bt_category c)
{
	return (struct bt_figures *)bt_result_category(r, c, BT_INCLUSIVE);
}

#endif
