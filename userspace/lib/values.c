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
	same(BT_REASON_RATE_LIMIT, BRICKTRACE_REASON_RATE_LIMIT) \
	same(BT_REASON_HOOKS_PENDING, BRICKTRACE_REASON_HOOKS_PENDING) \
	same(BT_REASON_NOT_REGISTERED, BRICKTRACE_REASON_NOT_REGISTERED) \
	same(BT_REASON_BUSY, BRICKTRACE_REASON_BUSY) \
	ours(BT_REASON_NO_MODULE) \
	ours(BT_REASON_NO_PERMISSION) \
	ours(BT_REASON_ABI) \
	ours(BT_REASON_DEVICE)

#define ARCH(same, ours, kernels) \
	same(BT_ARCH_NATIVE, BRICKTRACE_ARCH_NATIVE) \
	same(BT_ARCH_COMPAT, BRICKTRACE_ARCH_COMPAT) \
	same(BT_ARCH_X32, BRICKTRACE_ARCH_X32)

#define FILE_KIND(same, ours, kernels) \
	same(BT_FILE_UNKNOWN, BRICKTRACE_FILE_UNKNOWN) \
	same(BT_FILE_BAD, BRICKTRACE_FILE_BAD) \
	same(BT_FILE_CHAR, BRICKTRACE_FILE_CHAR) \
	same(BT_FILE_BLOCK, BRICKTRACE_FILE_BLOCK) \
	same(BT_FILE_SOCKET, BRICKTRACE_FILE_SOCKET) \
	same(BT_FILE_PIPE, BRICKTRACE_FILE_PIPE) \
	same(BT_FILE_ANON, BRICKTRACE_FILE_ANON) \
	same(BT_FILE_DIRECTORY, BRICKTRACE_FILE_DIRECTORY) \
	same(BT_FILE_REGULAR, BRICKTRACE_FILE_REGULAR) \
	same(BT_FILE_MORE, BRICKTRACE_FILE_MORE)

#define VIEW(same, ours, kernels) \
	same(BT_INCLUSIVE, BRICKTRACE_VIEW_INCLUSIVE) \
	same(BT_EXCLUSIVE, BRICKTRACE_VIEW_EXCLUSIVE)

#define LEVEL(same, ours, kernels) \
	same(BT_MEASURE, BRICKTRACE_LEVEL_MEASURE) \
	same(BT_TRACE, BRICKTRACE_LEVEL_TRACE) \
	same(BT_AUTO, BRICKTRACE_LEVEL_AUTO)

#define MODE(same, ours, kernels) \
	same(BT_MODE_MEASURE, BRICKTRACE_MODE_MEASURE) \
	same(BT_MODE_TRACE, BRICKTRACE_MODE_TRACE) \
	same(BT_MODE_NEXT, BRICKTRACE_MODE_NEXT) \
	same(BT_MODE_TAIL, BRICKTRACE_MODE_TAIL)

#define ASSERTION_KIND(same, ours, kernels) \
	same(BT_ASSERT_DURATION, BRICKTRACE_ASSERT_DURATION) \
	same(BT_ASSERT_CATEGORY_SHARE, BRICKTRACE_ASSERT_CATEGORY_SHARE) \
	same(BT_ASSERT_CATEGORY_NS, BRICKTRACE_ASSERT_CATEGORY_NS) \
	same(BT_ASSERT_CATEGORY_OFFCPU, BRICKTRACE_ASSERT_CATEGORY_OFFCPU) \
	same(BT_ASSERT_SYSCALL_COUNT, BRICKTRACE_ASSERT_SYSCALL_COUNT)

#define SCOPE(same, ours, kernels) \
	same(BT_SCOPE_THREAD, BRICKTRACE_SCOPE_THREAD) \
	same(BT_SCOPE_TRACER, BRICKTRACE_SCOPE_SESSION)

#define CONSTANTS(same, ours, kernels) \
	same(BT_NONE, BRICKTRACE_NONE) \
	same(BT_MAX_BUDGET, BRICKTRACE_MAX_BUDGET) \
	same(BT_NAME_LEN, BRICKTRACE_NAME_LEN) \
	same(BT_INHERIT_THREADS, BRICKTRACE_THREAD_INHERIT_THREADS) \
	same(BT_INHERIT_CHILDREN, BRICKTRACE_THREAD_INHERIT_CHILDREN) \
	same(BT_MAX_ASSERTIONS, BRICKTRACE_MAX_ASSERTIONS) \
	same(1000 * BT_MAX_CV_PERCENT, BRICKTRACE_MAX_CV) \
	same(BT_MAX_LIMIT, BRICKTRACE_MAX_LIMIT) \
	same(1000 * BT_MAX_OUTLIERS, BRICKTRACE_MAX_OUTLIERS) \
	same(BT_MIN_SLOW, BRICKTRACE_MIN_SLOW) \
	same(BT_MAX_DURATION, BRICKTRACE_MAX_DURATION) \
	same(BT_WINDOW, BRICKTRACE_WINDOW) \
	same(BT_BUCKETS, BRICKTRACE_BUCKETS) \
	same(BT_BUCKET_FIRST, BRICKTRACE_BUCKET_FIRST) \
	same(BT_WHY_CV_EXCEEDED, BRICKTRACE_WHY_CV_EXCEEDED) \
	same(BT_WHY_EFFICIENCY_LOW, BRICKTRACE_WHY_EFFICIENCY_LOW) \
	same(BT_WHY_OVER_BUDGET, BRICKTRACE_WHY_OVER_BUDGET) \
	same(BT_WHY_ASSERTION, BRICKTRACE_WHY_ASSERTION) \
	same(BT_WHY_BASELINE, BRICKTRACE_WHY_BASELINE) \
	same(BT_WHY_MANUAL, BRICKTRACE_WHY_MANUAL) \
	same(BT_WHY_CV_EXCEEDED, BT_ESCALATION_CV_EXCEEDED) \
	same(BT_WHY_EFFICIENCY_LOW, BT_ESCALATION_EFFICIENCY_LOW) \
	same(BT_WHY_CV_EXCEEDED + BT_WHY_EFFICIENCY_LOW, BT_ESCALATION_CV_AND_EFFICIENCY) \
	kernels(BRICKTRACE_FEATURE_RUNNABLE) \
	kernels(BRICKTRACE_FEATURE_FAULTS) \
	kernels(BRICKTRACE_FEATURE_STATISTICS) \
	kernels(BRICKTRACE_FEATURE_IOCTLS) \
	kernels(BRICKTRACE_FEATURE_SLOW_CALLS) \
	kernels(BRICKTRACE_THREAD_WHOLE_PROCESS) \
	kernels(BRICKTRACE_RESULT_OVER_BUDGET) \
	kernels(BRICKTRACE_RESULT_ABANDONED) \
	kernels(BRICKTRACE_RESULT_INTERESTING) \
	kernels(BRICKTRACE_RESULT_GRANTED) \
	kernels(BRICKTRACE_RESULT_REFUSED) \
	kernels(BRICKTRACE_RESULT_HOST) \
	kernels(BRICKTRACE_RESULT_SLOW_INCOMPLETE) \
	kernels(BRICKTRACE_BRICK_MODE) \
	kernels(BRICKTRACE_BRICK_BASELINE) \
	kernels(BRICKTRACE_BRICK_ASSERTIONS) \
	kernels(BRICKTRACE_RUN_CHARGE) \
	kernels(BRICKTRACE_SESSION_EDGE) \
	kernels(BRICKTRACE_SESSION_CV) \
	kernels(BRICKTRACE_SESSION_EFFICIENCY) \
	kernels(BRICKTRACE_SESSION_LIMIT) \
	kernels(BRICKTRACE_SESSION_OUTLIERS) \
	kernels(BRICKTRACE_SESSION_ENABLED) \
	kernels(BRICKTRACE_SESSION_SLOW)

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
ENUMERATION(FILE_KIND, bt_file, bricktrace_file)
ENUMERATION(VIEW, bt_view, bricktrace_view)
ENUMERATION(LEVEL, bt_level, bricktrace_level)
ENUMERATION(MODE, bt_mode, bricktrace_mode)
ENUMERATION(ASSERTION_KIND, bt_assertion_kind, bricktrace_assertion_kind)
ENUMERATION(SCOPE, bt_scope, bricktrace_scope)
CONSTANTS(EQUAL, NOTHING, NOTHING)
