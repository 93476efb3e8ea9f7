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

/* A measured result of a brick "attention", as the kernel would write it. */
static inline struct bt_result *sample_result(uint64_t budget_ns)
{
	static const struct bricktrace_figures none = { .max_ns = BT_NONE };
	struct bricktrace_figures futex = { 3, 1, 0, 4 * MS, 3 * MS, 2 * MS };
	struct bricktrace_figures read = { 20, 0, 2, 1 * MS, 0, MS / 10 };
	struct bricktrace_figures other = { 1, 0, 0, 1 * MS, 0, 1 * MS };
	struct bricktrace_result raw = {
		.size = sizeof(raw),
		.run = 7,
		.brick = 2,
		.provenance = BRICKTRACE_MEASURED,
		.threads = 2,
		.wall_ns = 8 * MS,
		.syscalls = 4,
		.all = {
			.thread_ns = 12 * MS,
			.compute_ns = 5 * MS,
			.compute_offcpu_ns = 1 * MS,
			.edge_ns = MS / 2,
			.control_ns = MS / 2,
		},
		.category = { none, futex, none, read, none, other },
	};
	struct bricktrace_syscall calls[4] = {
		{ .nr = 0, .abi = 0, .category = 3, .all = read },
		{ .nr = 202, .abi = 0, .category = 1, .all = futex },
		{ .nr = 20, .abi = 1, .category = 5, .all = other },
		{ .nr = 231,
		  .abi = 0,
		  .category = 5,
		  .all = { .in_flight = 2, .max_ns = BT_NONE } },
	};
	struct bt_brick brick = { .name = "attention" };
	struct bt_result *result;

	assert_int_equal(bti_result_new(&brick, budget_ns, &raw, calls, &result), 0);
	return result;
}

#endif
