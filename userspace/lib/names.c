// SPDX-License-Identifier: MIT
/* The names of enumeration values and of system calls. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <seccomp.h>

#include "internal.h"

/* The tables of a machine by enum bt_arch; 0 and NULL where it has none. */
struct bti_machine {
	const char *name;
	uint32_t tables[BT_ARCH_X32 + 1];
	const char *arches[BT_ARCH_X32 + 1];
};

static const struct bti_machine name_machines[] = {
	{ "x86_64",
	  { SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32 },
	  { "x86_64", "i386", "x32" } },
	{ "aarch64", { SCMP_ARCH_AARCH64, SCMP_ARCH_ARM }, { "aarch64", "arm" } },
	{ "", { 0 }, { "native", "compat" } },
};

/* A process of the 32-bit ABI may get another answer from uname(). */
#if defined(__x86_64__) || defined(__i386__)
const char bti_host[] = "x86_64";
#elif defined(__aarch64__) || defined(__arm__)
const char bti_host[] = "aarch64";
#else
const char bti_host[] = "unknown";
#endif

#define X32_BIT 0x40000000

/* Names a value that only a newer module knows. Each caller passes its own buffer. */
static const char *name_numbered(char name[24], const char *what, int value)
{
	snprintf(name, 24, "%s_%d", what, value);
	return name;
}

const struct bti_machine *bti_machine(const char *name)
{
	const struct bti_machine *machine = name_machines;

	while (*machine->name && strcmp(machine->name, name))
		machine++;
	return machine;
}

/*
 * Copies the name of a system call, if libseccomp has one, to @buf. libseccomp searches its table
 * from the beginning and allocates each answer, so that a program which reads many results would
 * spend much of its time there. Therefore answers are kept, as long as the program runs.
 */
static bool name_call(const struct bti_machine *machine, uint32_t nr, enum bt_arch arch,
		      char *buf, size_t size)
{
	enum { MACHINES = sizeof(name_machines) / sizeof(name_machines[0]), KEPT = 1024 };
	static char *all[MACHINES][BT_ARCH_X32 + 1][KEPT]; /* atomic */
	char *other = NULL, *none = NULL, *name;
	char **kept = nr < KEPT ? &all[machine - name_machines][arch][nr] : &other;

	name = __atomic_load_n(kept, __ATOMIC_ACQUIRE);
	if (!name) {
		name = seccomp_syscall_resolve_num_arch(
			machine->tables[arch], arch == BT_ARCH_X32 ? nr | X32_BIT : nr);
		/* Another thread may have been faster. */
		if (name &&
		    !__atomic_compare_exchange_n(kept, &none, name, false,
						 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			free(name);
			name = none;
		}
	}
	*buf = '\0';
	if (name)
		strncat(buf, name, size - 1);
	free(other);
	return name;
}

void bti_syscall_name(const struct bti_machine *machine, uint32_t nr, enum bt_arch arch,
		      enum bt_category category, char *buf, size_t size)
{
	if (nr == BRICKTRACE_NR_INVALID)
		snprintf(buf, size, "(invalid)");
	else if (nr == BRICKTRACE_NR_MORE)
		snprintf(buf, size, "(more %s)", bt_category_name(category));
	/* libseccomp gives negative numbers to calls that this table does not have. */
	else if ((unsigned int)arch > BT_ARCH_X32 || !machine->tables[arch] ||
		 nr >= X32_BIT || !name_call(machine, nr, arch, buf, size))
		snprintf(buf, size, "syscall_%u", nr);
}

const char *bt_category_name(enum bt_category category)
{
	static const char *const names[BTI_CATEGORIES] = {
		"mmap", "futex", "ioctl", "read", "write", "other",
	};
	static __thread char name[24];

	if (category == BT_CAT_UNMEASURED)
		return NULL;
	if (category == BT_CAT_NONE)
		return "none";
	if ((unsigned int)category < BTI_CATEGORIES)
		return names[category];
	return name_numbered(name, "category", category);
}

const char *bt_provenance_name(enum bt_provenance provenance)
{
	static __thread char name[24];

	switch (provenance) {
	case BT_NOT_INSTRUMENTED:
		return "not_instrumented";
	case BT_PARTIAL:
		return "partial";
	case BT_MEASURED:
		return "measured";
	}
	return name_numbered(name, "provenance", provenance);
}

const char *bt_reason_name(enum bt_reason reason)
{
	static __thread char name[24];

	switch (reason) {
	case BT_REASON_NONE:
		return NULL;
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
	case BT_REASON_RATE_LIMIT:
		return "rate_limit";
	case BT_REASON_HOOKS_PENDING:
		return "hooks_pending";
	case BT_REASON_NOT_REGISTERED:
		return "not_registered";
	case BT_REASON_BUSY:
		return "busy";
	case BT_REASON_DETACHED:
		return "detached";
	case BT_REASON_NO_MODULE:
		return "module_absent";
	case BT_REASON_NO_PERMISSION:
		return "no_permission";
	case BT_REASON_ABI:
		return "abi_mismatch";
	case BT_REASON_DEVICE:
		return "device_error";
	}
	return name_numbered(name, "reason", reason);
}

const char *bti_arch_name(const struct bti_machine *machine, enum bt_arch arch,
			  char buf[24])
{
	if ((unsigned int)arch <= BT_ARCH_X32 && machine->arches[arch])
		return machine->arches[arch];
	return name_numbered(buf, "arch", arch);
}

const char *bt_arch_name(enum bt_arch arch)
{
	static __thread char name[24];

	return bti_arch_name(bti_machine(bti_host), arch, name);
}

const char *bt_file_name(enum bt_file file)
{
	static const char *const names[] = { "unknown", "bad",	"char", "block",
					     "socket",	"pipe", "anon", "directory",
					     "regular", "more" };
	static __thread char name[24];

	return (unsigned int)file <= BT_FILE_MORE ? names[file] :
						    name_numbered(name, "file", file);
}

const char *bt_mode_name(enum bt_mode mode)
{
	static const char *const names[] = { "measure", "trace", "next", "tail" };
	static __thread char name[24];

	return (unsigned int)mode <= BT_MODE_TAIL ? names[mode] :
						    name_numbered(name, "mode", mode);
}

const char *bt_why_name(uint32_t why)
{
	static const char *const names[] = { "cv_exceeded", "efficiency_low",
					     "over_budget", "assertion",
					     "baseline",    "manual" };
	static __thread char name[24];
	unsigned int bit = __builtin_ffs(why) - 1;

	if (!why)
		return NULL;
	return bit < sizeof(names) / sizeof(names[0]) ? names[bit] :
							name_numbered(name, "why", bit);
}

const char *bt_escalation_name(enum bt_escalation escalation)
{
	static const char *const names[] = { NULL, "cv_exceeded", "efficiency_low",
					     "cv_and_efficiency", "manual" };
	static __thread char name[24];

	return (unsigned int)escalation <= BT_ESCALATION_MANUAL ?
		       names[escalation] :
		       name_numbered(name, "escalation", escalation);
}

const char *bt_assertion_kind_name(enum bt_assertion_kind kind)
{
	static const char *const names[] = { "duration_ns", "category_share", "category_ns",
					     "category_offcpu_ns", "syscall_count" };
	static __thread char name[24];

	return (unsigned int)kind <= BT_ASSERT_SYSCALL_COUNT ?
		       names[kind] :
		       name_numbered(name, "kind", kind);
}
