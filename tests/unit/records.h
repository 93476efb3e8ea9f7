/* SPDX-License-Identifier: MIT */
/* Records as a kernel's stream has them; included by the tests of what reads them. */
#ifndef RECORDS_H
#define RECORDS_H

#include <sys/utsname.h>
#include <unistd.h>

#include "unit.h"

/* A Sunday in September 2026, 00:00:01 UTC. */
#define RECORD_END (UINT64_C(1790035201000) * MS)

/* The record of a run, with elements of both views where the ABI has them. */
struct run_record {
	struct bricktrace_record_run run;
	struct bricktrace_origin origin;
	struct bricktrace_result result;
	struct bricktrace_times times[2];
	struct bricktrace_category_figures categories[4];
	struct bricktrace_syscall syscalls[4];
	struct bricktrace_failed failed[1];
	struct bricktrace_ioctl ioctls[2];
	struct bricktrace_slow_call slow_calls[1];
};

/*
 * A run of "decode" of the service "player" by gpu-decode, process 4711 and thread 4713. It
 * took 12 ms, 2 ms more than its budget, 6 ms of them in ioctl and 1 ms in read.
 */
static inline struct run_record sample_run(uint64_t sequence)
{
#define IOCTL FIGURES(3, 0, 1, 6 * MS, 5 * MS, 4 * MS, 0)
#define READ  FIGURES(20, 0, 0, 1 * MS, 0, MS / 10, 0)
	struct run_record r = {
		.run = {
			.record = { sizeof(r), BRICKTRACE_RECORD_RUN, sequence },
			.head = sizeof(r.run),
		},
		.origin = {
			.session = 3,
			.cgroup = 77,
			.end_unix_ns = RECORD_END,
			.context = {
				.trace_id = { 0x4b, 0xf9, [15] = 0x36 },
				.span_id = { 0, 0xf0, [7] = 0xb7 },
				.flags = 1,
			},
			.parent_span = { [7] = 9 },
			.tgid = 4711,
			.tid = 4713,
			.uid = 1000,
			.level = BRICKTRACE_LEVEL_TRACE,
			.comm = "gpu-decode",
			.brick = "decode",
			.label = "player",
		},
		.result = {
			.run = 7,
			.parent = 5,
			.depth = 1,
			.flags = BRICKTRACE_RESULT_GRANTED,
			.provenance = BRICKTRACE_MEASURED,
			.threads = 1,
			.budget_ns = 10 * MS,
			.start_ns = 100 * MS,
			.wall_ns = 12 * MS,
			.why = BRICKTRACE_WHY_OVER_BUDGET | BRICKTRACE_WHY_ASSERTION,
			.failed = 1,
		},
		.times = {
			{
				.thread_ns = 12 * MS,
				.compute_ns = 5 * MS,
				.edge_ns = 0,
				.minor_faults = 3,
			},
			{ .view = BRICKTRACE_VIEW_EXCLUSIVE },
		},
		.categories = {
			BOTH_VIEWS(.category = BRICKTRACE_CAT_IOCTL, IOCTL),
			BOTH_VIEWS(.category = BRICKTRACE_CAT_READ, READ),
		},
		.syscalls = {
			BOTH_VIEWS(.nr = 16, .category = BRICKTRACE_CAT_IOCTL, IOCTL),
			BOTH_VIEWS(.nr = 0, .category = BRICKTRACE_CAT_READ, READ),
		},
		.failed = {
			{
				.kind = BRICKTRACE_ASSERT_DURATION,
				.value = 12 * MS,
				.limit = 11 * MS,
				.name = "p99",
			},
		},
		.ioctls = {
			BOTH_VIEWS(.file = BRICKTRACE_FILE_CHAR, .major = 195, .minor = 255,
				   .request = 0xc020462a, .command = 0x20801803,
				   .owner = "nvidia", IOCTL),
		},
		.slow_calls = {
			{
				.tid = 4713,
				.nr = 16,
				.category = BRICKTRACE_CAT_IOCTL,
				.arg0 = 5,
				.start_ns = 102 * MS,
				.ns = 4 * MS,
				.offcpu_ns = 3 * MS,
				.file = BRICKTRACE_FILE_CHAR,
				.major = 195,
				.minor = 255,
				.request = 0xc020462a,
				.command = 0x20801803,
				.owner = "nvidia",
			},
		},
	};
#undef IOCTL
#undef READ
#define PART(member, first)                                    \
	r.run.member = (struct bricktrace_part){               \
		.offset = offsetof(struct run_record, member), \
		.size = sizeof(first),                         \
		.count = sizeof(r.member) / sizeof(first),     \
		.total = sizeof(r.member) / sizeof(first),     \
	}
	PART(origin, r.origin);
	PART(result, r.result);
	PART(times, r.times[0]);
	PART(categories, r.categories[0]);
	PART(syscalls, r.syscalls[0]);
	PART(failed, r.failed[0]);
	PART(ioctls, r.ioctls[0]);
	PART(slow_calls, r.slow_calls[0]);
#undef PART
	return r;
}

/* A run of which only the duration is known. */
static inline struct run_record plain_run(uint64_t sequence, const char *brick,
					  uint64_t wall_ns, uint64_t budget_ns)
{
	struct run_record r = sample_run(sequence);

	memset(r.origin.brick, 0, sizeof(r.origin.brick));
	memset(r.origin.label, 0, sizeof(r.origin.label));
	strcpy(r.origin.brick, brick);
	r.origin.level = BRICKTRACE_LEVEL_MEASURE;
	r.result.provenance = BRICKTRACE_NOT_INSTRUMENTED;
	r.result.reason = BRICKTRACE_REASON_LEVEL;
	r.result.budget_ns = budget_ns == BT_NONE ? BRICKTRACE_MAX_BUDGET : budget_ns;
	r.result.wall_ns = wall_ns;
	r.result.flags = 0;
	r.result.why = 0;
	r.result.failed = 0;
	r.run.times.count = r.run.times.total = 0;
	r.run.categories.count = r.run.categories.total = 0;
	r.run.syscalls.count = r.run.syscalls.total = 0;
	r.run.failed.count = r.run.failed.total = 0;
	r.run.ioctls.count = r.run.ioctls.total = 0;
	r.run.slow_calls.count = r.run.slow_calls.total = 0;
	return r;
}

static inline struct bricktrace_record_loss sample_loss(uint64_t sequence, uint64_t lost)
{
	return (struct bricktrace_record_loss){
		.record = { sizeof(struct bricktrace_record_loss), BRICKTRACE_RECORD_LOSS,
			    sequence },
		.lost = lost,
	};
}

#endif
