// SPDX-License-Identifier: MIT
/*
 * A value that both include/bricktrace.h and include/uapi/linux/bricktrace.h define
 * must be the same number in both, because the library passes the kernel's values on
 * unchanged. The tables below list all values: "same" ones are in both headers, "ours"
 * in the library's only, "kernels" in the kernel's only. A value of an enumeration
 * that is missing from its table, or is in it twice, does not compile (-Wswitch). For
 * flags and constants, the target check-values of tests/unit/Makefile looks for
 * missing ones.
 */
#include "internal.h"

/* clang-format would indent each line of a list more than the one before. */
/* clang-format off */
#define CATEGORY(same, ours, kernels) \
	same(BT_CAT_MMAP, BRICKTRACE_CAT_MMAP) \
	same(BT_CAT_FUTEX, BRICKTRACE_CAT_FUTEX) \
	same(BT_CAT_IOCTL, BRICKTRACE_CAT_IOCTL) \
	same(BT_CAT_READ, BRICKTRACE_CAT_READ) \
	same(BT_CAT_WRITE, BRICKTRACE_CAT_WRITE) \
	same(BT_CAT_OTHER, BRICKTRACE_CAT_OTHER) \
	ours(BT_CAT_NONE) \
	ours(BT_CAT_UNMEASURED)

#define PROVENANCE(same, ours, kernels) \
	same(BT_NOT_INSTRUMENTED, BRICKTRACE_NOT_INSTRUMENTED) \
	same(BT_PARTIAL, BRICKTRACE_PARTIAL) \
	same(BT_MEASURED, BRICKTRACE_MEASURED)

#define REASON(same, ours, kernels) \
	same(BT_REASON_NONE, BRICKTRACE_REASON_NONE) \
	same(BT_REASON_LEVEL, BRICKTRACE_REASON_LEVEL) \
	same(BT_REASON_DISARMED, BRICKTRACE_REASON_DISARMED) \
	same(BT_REASON_CLOCK, BRICKTRACE_REASON_CLOCK) \
	same(BT_REASON_THREADS_LOST, BRICKTRACE_REASON_THREADS_LOST) \
	same(BT_REASON_OUT_OF_REACH, BRICKTRACE_REASON_OUT_OF_REACH) \
	same(BT_REASON_DISABLED, BRICKTRACE_REASON_DISABLED) \
	ours(BT_REASON_NO_MODULE) \
	ours(BT_REASON_NO_PERMISSION) \
	ours(BT_REASON_ABI) \
	ours(BT_REASON_DEVICE)

#define ARCH(same, ours, kernels) \
	same(BT_ARCH_NATIVE, BRICKTRACE_ARCH_NATIVE) \
	same(BT_ARCH_COMPAT, BRICKTRACE_ARCH_COMPAT) \
	same(BT_ARCH_X32, BRICKTRACE_ARCH_X32)

#define VIEW(same, ours, kernels) \
	same(BT_INCLUSIVE, BRICKTRACE_VIEW_INCLUSIVE) \
	same(BT_EXCLUSIVE, BRICKTRACE_VIEW_EXCLUSIVE)

#define LEVEL(same, ours, kernels) \
	same(BT_MEASURE, BRICKTRACE_LEVEL_MEASURE) \
	same(BT_TRACE, BRICKTRACE_LEVEL_TRACE)

#define SCOPE(same, ours, kernels) \
	same(BT_SCOPE_THREAD, BRICKTRACE_SCOPE_THREAD) \
	same(BT_SCOPE_TRACER, BRICKTRACE_SCOPE_SESSION)

#define CONSTANTS(same, ours, kernels) \
	same(BT_NONE, BRICKTRACE_NONE) \
	same(BT_MAX_BUDGET, BRICKTRACE_MAX_BUDGET) \
	same(BT_NAME_LEN, BRICKTRACE_NAME_LEN) \
	same(BT_INHERIT_THREADS, BRICKTRACE_THREAD_INHERIT_THREADS) \
	same(BT_INHERIT_CHILDREN, BRICKTRACE_THREAD_INHERIT_CHILDREN) \
	kernels(BRICKTRACE_FEATURE_RUNNABLE) \
	kernels(BRICKTRACE_FEATURE_FAULTS) \
	kernels(BRICKTRACE_THREAD_WHOLE_PROCESS) \
	kernels(BRICKTRACE_RESULT_OVER_BUDGET) \
	kernels(BRICKTRACE_RESULT_ABANDONED) \
	kernels(BRICKTRACE_SESSION_EDGE)

/* Adding 0ULL makes both sides integers of the same width, not enumerations. */
#define EQUAL(our, kernels) \
	_Static_assert((our) + 0ULL == (kernels) + 0ULL, #our " is not " #kernels);
#define OUR_CASE(our, kernels) case our:
#define KERNELS_CASE(our, kernels) case kernels:
#define CASE(value) case value:
#define NOTHING(value)

#define ENUMERATION(table, our_enum, kernels_enum) \
	table(EQUAL, NOTHING, NOTHING) \
	static __attribute__((unused)) void our_enum##_values(enum our_enum value) \
	{ \
		switch (value) { \
		table(OUR_CASE, CASE, NOTHING) \
			break; \
		} \
	} \
	static __attribute__((unused)) void kernels_enum##_values(enum kernels_enum value) \
	{ \
		switch (value) { \
		table(KERNELS_CASE, NOTHING, CASE) \
			break; \
		} \
	}

ENUMERATION(CATEGORY, bt_category, bricktrace_category)
ENUMERATION(PROVENANCE, bt_provenance, bricktrace_provenance)
ENUMERATION(REASON, bt_reason, bricktrace_reason)
ENUMERATION(ARCH, bt_arch, bricktrace_arch)
ENUMERATION(VIEW, bt_view, bricktrace_view)
ENUMERATION(LEVEL, bt_level, bricktrace_level)
ENUMERATION(SCOPE, bt_scope, bricktrace_scope)
CONSTANTS(EQUAL, NOTHING, NOTHING)
