// SPDX-License-Identifier: GPL-2.0
#include <linux/build_bug.h>
#include <linux/sched/task_stack.h>
#include <asm/syscall.h>
#include "compat.h"
#include "syscall.h"

#define X32_BIT 0x40000000UL

static_assert(NR_syscalls <= BKT_NR_NATIVE);

u16 bkt_syscall_key(unsigned long nr, enum bricktrace_arch arch)
{
	if (arch == BRICKTRACE_ARCH_COMPAT)
		return (u32)nr < BKT_NR_COMPAT ? BKT_KEY_COMPAT + (u32)nr :
						BKT_KEY_INVALID + arch;
	if (nr < BKT_NR_NATIVE)
		return BKT_KEY_NATIVE + nr;
	/* The kernel ignores the upper half of the register. */
	nr = (u32)nr;
	if (IS_ENABLED(CONFIG_X86_64) && nr - X32_BIT < BKT_NR_X32)
		return BKT_KEY_X32 + (nr - X32_BIT);
	if (nr < BKT_NR_NATIVE)
		return BKT_KEY_NATIVE + nr;
	return BKT_KEY_INVALID + BRICKTRACE_ARCH_NATIVE;
}

u32 bkt_syscall_nr(u16 key, enum bricktrace_arch *arch)
{
	*arch = BRICKTRACE_ARCH_NATIVE;
	if (key < BKT_KEY_COMPAT)
		return key;
	if (key < BKT_KEY_X32) {
		*arch = BRICKTRACE_ARCH_COMPAT;
		return key - BKT_KEY_COMPAT;
	}
	if (key < BKT_KEY_INVALID) {
		*arch = BRICKTRACE_ARCH_X32;
		return key - BKT_KEY_X32;
	}
	if (key < BKT_KEY_MORE) {
		*arch = key - BKT_KEY_INVALID;
		return BRICKTRACE_NR_INVALID;
	}
	return BRICKTRACE_NR_MORE;
}

static enum bricktrace_category syscall_category_native(u16 nr)
{
	switch (nr) {
	case __NR_mmap:
	case __NR_munmap:
	case __NR_mprotect:
	case __NR_brk:
		return BRICKTRACE_CAT_MMAP;
	case __NR_futex:
		return BRICKTRACE_CAT_FUTEX;
	case __NR_ioctl:
		return BRICKTRACE_CAT_IOCTL;
	case __NR_read:
	case __NR_pread64:
	case __NR_readv:
		return BRICKTRACE_CAT_READ;
	case __NR_write:
	case __NR_pwrite64:
	case __NR_writev:
		return BRICKTRACE_CAT_WRITE;
	default:
		return BRICKTRACE_CAT_OTHER;
	}
}

/*
 * The 32-bit tables of x86 and arm have these numbers in common
 * (arch/x86/entry/syscalls/syscall_32.tbl, arch/arm/tools/syscall.tbl).
 */
static enum bricktrace_category syscall_category_compat(u16 nr)
{
	switch (nr) {
	case 45:	/* brk */
	case 90:	/* mmap */
	case 91:	/* munmap */
	case 125:	/* mprotect */
	case 192:	/* mmap2 */
		return BRICKTRACE_CAT_MMAP;
	case 240:	/* futex */
	case 422:	/* futex_time64 */
		return BRICKTRACE_CAT_FUTEX;
	case 54:	/* ioctl */
		return BRICKTRACE_CAT_IOCTL;
	case 3:		/* read */
	case 145:	/* readv */
	case 180:	/* pread64 */
		return BRICKTRACE_CAT_READ;
	case 4:		/* write */
	case 146:	/* writev */
	case 181:	/* pwrite64 */
		return BRICKTRACE_CAT_WRITE;
	default:
		return BRICKTRACE_CAT_OTHER;
	}
}

/* x32 has the native numbers, except for these (syscall_64.tbl). */
static enum bricktrace_category syscall_category_x32(u16 nr)
{
	switch (nr) {
	case 514:	/* ioctl */
		return BRICKTRACE_CAT_IOCTL;
	case 515:	/* readv */
		return BRICKTRACE_CAT_READ;
	case 516:	/* writev */
		return BRICKTRACE_CAT_WRITE;
	default:
		return syscall_category_native(nr);
	}
}

enum bricktrace_category bkt_syscall_category(u16 key)
{
	if (key < BKT_KEY_COMPAT)
		return syscall_category_native(key);
	if (key < BKT_KEY_X32)
		return syscall_category_compat(key - BKT_KEY_COMPAT);
	if (key < BKT_KEY_INVALID)
		return syscall_category_x32(key - BKT_KEY_X32);
	if (key >= BKT_KEY_MORE && key < BKT_KEY_CONTROL)
		return key - BKT_KEY_MORE;
	if (key >= BKT_KEY_FOUND)
		return BRICKTRACE_CAT_IOCTL;
	return BRICKTRACE_CAT_OTHER;
}

u16 bkt_syscall_ioctl(enum bricktrace_arch arch)
{
	switch (arch) {
	case BRICKTRACE_ARCH_COMPAT:
		return BKT_KEY_IOCTL_COMPAT;
	case BRICKTRACE_ARCH_X32:
		return BKT_KEY_IOCTL_X32;
	default:
		return BKT_KEY_IOCTL_NATIVE;
	}
}

bool bkt_syscall_is_restart(u16 key)
{
	return key == BKT_KEY_NATIVE + __NR_restart_syscall ||
	       key == BKT_KEY_COMPAT + 0 ||
	       key == BKT_KEY_X32 + __NR_restart_syscall;
}

bool bkt_syscall_is_sigreturn(u16 key)
{
	return key == BKT_KEY_NATIVE + __NR_rt_sigreturn ||
	       key == BKT_KEY_COMPAT + 119 || key == BKT_KEY_COMPAT + 173 ||
	       key == BKT_KEY_X32 + 513;
}

static bool syscall_task_compat(struct task_struct *p)
{
#if defined(CONFIG_X86_64) && defined(CONFIG_IA32_EMULATION)
	return READ_ONCE(task_thread_info(p)->status) & TS_COMPAT;
#elif defined(CONFIG_ARM64) && defined(CONFIG_COMPAT)
	return test_tsk_thread_flag(p, TIF_32BIT);
#else
	return false;
#endif
}

static int syscall_key_of_regs(struct task_struct *p, struct pt_regs *regs)
{
	/* If @p runs meanwhile, the reader sees that it was observed, and tries again. */
	int nr = data_race(syscall_get_nr(p, regs));

	if (nr < 0)
		return -1;
	return bkt_syscall_key(nr, syscall_task_compat(p) ? BRICKTRACE_ARCH_COMPAT :
						   BRICKTRACE_ARCH_NATIVE);
}

bool bkt_syscall_never_ran(const struct task_struct *p)
{
	return p != current && !READ_ONCE(p->nvcsw) && !READ_ONCE(p->nivcsw);
}

/* The second argument of a call. */
static u32 syscall_request(struct task_struct *p, struct pt_regs *regs)
{
	unsigned long args[6];

	syscall_get_arguments(p, regs, args);
	return args[1];
}

int bkt_syscall_of_task(struct task_struct *p, u32 *request)
{
	struct pt_regs *regs = task_pt_regs(p);

	if (bkt_task_state(p) & (__TASK_STOPPED | __TASK_TRACED))
		return -1;
	/* A new task's saved registers are a copy of its parent's, inside clone(). */
	if (bkt_syscall_never_ran(p))
		return -1;
#ifdef CONFIG_X86_64
	/* entry_64.S stores -ENOSYS in ax, where it stays until the call returns. */
	if (READ_ONCE(regs->ax) != (unsigned long)-ENOSYS)
		return -1;
#elif defined(CONFIG_ARM64)
	/* The result replaces the first argument. Only if the two differ, @p is returning. */
	if (READ_ONCE(regs->regs[0]) != READ_ONCE(regs->orig_x0))
		return -1;
#endif
	/* As in syscall_key_of_regs(). */
	*request = data_race(syscall_request(p, regs));
	return syscall_key_of_regs(p, regs);
}

int bkt_syscall_at_exit(void)
{
	return syscall_key_of_regs(current, task_pt_regs(current));
}
