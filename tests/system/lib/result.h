/* SPDX-License-Identifier: MIT */
/* A finished run: how it is read, and whether its figures agree with each other. */
#ifndef TEST_RESULT_H
#define TEST_RESULT_H

#include <linux/bricktrace.h>
#include <stdbool.h>
#include <stdint.h>
#include "clock.h"

#define CATEGORIES (BRICKTRACE_CAT_OTHER + 1)
/* An account has fewer system calls than that, so a result is always complete. */
#define CALLS_CAP 256
/* So are the ioctl commands; those without separate figures are one for each arch. */
#define IOCTLS_CAP (BRICKTRACE_SESSION_IOCTLS + 3)

/* A system call of a run: inclusive and exclusive figures. */
struct call {
	uint32_t nr;
	uint32_t arch;
	uint32_t category;
	struct bricktrace_figures all;
	struct bricktrace_figures self;
};

/* Without a breakdown each figure is BRICKTRACE_NONE. */
struct run {
	struct bricktrace_result r;
	struct bricktrace_times all;
	struct bricktrace_times self;
	struct bricktrace_figures category[CATEGORIES];
	struct bricktrace_figures self_category[CATEGORIES];
	uint32_t syscalls;
	struct call calls[CALLS_CAP];
	/* Inclusive figures at even places, exclusive figures of the same command behind them. */
	uint32_t ioctls;
	struct bricktrace_ioctl ioctl[2 * IOCTLS_CAP];
	uint32_t slow_calls;
	struct bricktrace_slow_call slow[BRICKTRACE_RUN_SLOW];
	/* The assertions that the run failed: @r.failed elements. */
	struct bricktrace_failed failed[BRICKTRACE_MAX_ASSERTIONS];
	/* The arrays that the kernel writes. */
	struct bricktrace_times raw_times[2];
	struct bricktrace_category_figures raw_categories[2 * CATEGORIES];
	struct bricktrace_syscall raw_calls[2 * CALLS_CAP];
};

/* Call it before the run, since run_new() makes system calls. */
struct run *run_new(void);

/*
 * How far the start of a slow call may be from the time that a test reads: the module reads
 * its clock and CLOCK_MONOTONIC one after the other, which takes a while in an emulator.
 */
#define CLOCKS_APART 20000

#define ARRAY(array, n)                                                            \
	{                                                                          \
		.addr = (uintptr_t)(array), .size = sizeof((array)[0]), .cap = (n) \
	}

/* The arguments of a RUN_CLOSE that asks for every array of the result. */
struct bricktrace_run_close close_args(u64 number, struct run *run);
/* Closes a run of session @fd; returns 0 or a positive error number. */
int try_close(int fd, u64 number, struct run *run);
void run_close(int fd, u64 number, struct run *run);

/*
 * Is the result measured, and is each of its sums exact: parts and thread time, categories
 * and system calls, the ioctl system call and ioctl commands? Is no part larger than its
 * whole, and no exclusive figure larger than the inclusive one? Does each slow call belong to
 * a call of the result? The output says what is wrong.
 */
bool consistent(const struct run *run);

/* A native system call of the result, or NULL. */
const struct call *call_of(const struct run *run, uint32_t nr);
/* Its completed calls, inclusive. */
u64 count_of(const struct run *run, uint32_t nr);
/* Its inclusive figures; those of a system call that is not in the result are 0. */
struct bricktrace_figures figures(const struct run *run, uint32_t nr);
struct bricktrace_figures figures_arch(const struct run *run, uint32_t nr, uint32_t arch);

/*
 * The ioctl command with the file, request, command, arch, device number and names of @like,
 * whose other members are ignored; NULL if the result does not have the command. The next
 * element has the exclusive figures.
 */
const struct bricktrace_ioctl *ioctl_of(const struct run *run,
					const struct bricktrace_ioctl *like);
/* Writes what identifies an ioctl command, as a text that the next call overwrites. */
const char *ioctl_text(const struct bricktrace_ioctl *i);

/* Sums over all system calls. */
u64 all_counts(const struct run *run);
u64 all_in_flight(const struct run *run);

/* Time off the CPU, and the part of it spent waiting for a CPU, except in own calls. */
u64 offcpu_of(const struct run *run);
u64 runnable_of(const struct run *run);

#endif /* TEST_RESULT_H */
