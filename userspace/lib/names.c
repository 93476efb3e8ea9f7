// SPDX-License-Identifier: MIT
/* Names of numbers. */
#include <stdio.h>
#include <stdlib.h>

#include <seccomp.h>

#include "internal.h"

/* The tables of this kernel: native, compat, x32; 0 where there is none. */
#if defined(__x86_64__) || defined(__i386__)
static const uint32_t arches[] = { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32 };
static const char *const abi_names[] = { "x86_64", "i386", "x32" };
#elif defined(__aarch64__)
static const uint32_t arches[] = { SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, 0 };
static const char *const abi_names[] = { "aarch64", "arm", NULL };
#else
static const uint32_t arches[] = { SCMP_ARCH_NATIVE, 0, 0 };
static const char *const abi_names[] = { "native", "compat", NULL };
#endif

#define X32_BIT 0x40000000

void bti_syscall_name(uint32_t nr, enum bt_abi abi, enum bt_category category, char *buf,
		      size_t size)
{
	uint32_t arch = (unsigned int)abi < 3 ? arches[abi] : 0;
	const char *in = bt_category_name(category);
	char *name = NULL;

	if (nr == BRICKTRACE_NR_INVALID) {
		snprintf(buf, size, "(invalid)");
		return;
	}
	if (nr == BRICKTRACE_NR_MORE) {
		snprintf(buf, size, "(more %s)", in ? in : "?");
		return;
	}
	/* Negative numbers are the library's own pseudo calls. */
	if (arch && nr < X32_BIT)
		name = seccomp_syscall_resolve_num_arch(
			arch, abi == BT_ABI_X32 ? nr | X32_BIT : nr);
	if (name)
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "syscall_%u", nr);
	free(name);
}

const char *bt_category_name(enum bt_category category)
{
	static const char *const names[] = {
		"mmap", "futex", "ioctl", "read", "write", "other",
	};

	if (category == BT_CAT_NONE)
		return "none";
	return (unsigned int)category < BT_CATEGORIES ? names[category] : NULL;
}

const char *bt_provenance_name(enum bt_provenance provenance)
{
	switch (provenance) {
	case BT_NOT_INSTRUMENTED:
		return "not_instrumented";
	case BT_PARTIAL:
		return "partial";
	case BT_MEASURED:
		return "measured";
	}
	return NULL;
}

const char *bt_reason_name(enum bt_reason reason)
{
	switch (reason) {
	case BT_REASON_NONE:
		break;
	case BT_REASON_LEVEL:
		return "level_measure";
	case BT_REASON_DISARMED:
		return "disarmed";
	case BT_REASON_CLOCK:
		return "clock_unstable";
	case BT_REASON_THREADS_LOST:
		return "threads_lost";
	case BT_REASON_OUT_OF_REACH:
		return "out_of_reach";
	case BT_REASON_DISABLED:
		return "disabled";
	case BT_REASON_NO_MODULE:
		return "module_absent";
	case BT_REASON_NO_PERMISSION:
		return "no_permission";
	case BT_REASON_ABI:
		return "abi_mismatch";
	case BT_REASON_DEVICE:
		return "device_error";
	}
	return NULL;
}

const char *bt_abi_name(enum bt_abi abi)
{
	return (unsigned int)abi < 3 ? abi_names[abi] : NULL;
}
