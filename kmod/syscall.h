/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The identity of a system call: its number and table as one small key, and
 * the category that it belongs to.
 */
#ifndef BKT_SYSCALL_H
#define BKT_SYSCALL_H

#include <linux/bricktrace.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <asm/unistd.h>

/* The size of each table of numbers. The keys of the tables follow one another. */
#define BKT_NR_NATIVE		512
#define BKT_NR_COMPAT		512
#define BKT_NR_X32		1024

#define BKT_CATEGORIES		(BRICKTRACE_CAT_OTHER + 1)

enum bkt_key {
	BKT_KEY_NATIVE	= 0,
	BKT_KEY_COMPAT	= BKT_KEY_NATIVE + BKT_NR_NATIVE,
	BKT_KEY_X32	= BKT_KEY_COMPAT + BKT_NR_COMPAT,
	BKT_KEY_INVALID	= BKT_KEY_X32 + BKT_NR_X32,	/* + enum bricktrace_arch */
	BKT_KEY_MORE	= BKT_KEY_INVALID + 3,		/* + enum bricktrace_category */
	BKT_KEY_CONTROL	= BKT_KEY_MORE + BKT_CATEGORIES,
	/* In accounts: ioctls found under way. + enum bricktrace_arch */
	BKT_KEY_FOUND	= BKT_KEY_CONTROL + 1,
	/* In sessions: an ioctl command. + its number in base.h */
	BKT_KEY_IOCTL	= BKT_KEY_FOUND + 3,
	BKT_KEYS	= BKT_KEY_IOCTL + BRICKTRACE_SESSION_IOCTLS
};

/*
 * Returns a key for any content @nr of the number's register: rule "table". @arch is
 * COMPAT for a 32-bit call and NATIVE otherwise; the number itself says x32.
 */
u16 bkt_syscall_key(unsigned long nr, enum bricktrace_arch arch);

/*
 * Returns the number of @key, and its table in *@arch; for a key without a number
 * BRICKTRACE_NR_INVALID or BRICKTRACE_NR_MORE.
 */
u32 bkt_syscall_nr(u16 key, enum bricktrace_arch *arch);

enum bricktrace_category bkt_syscall_category(u16 key);

/* The keys of the ioctl system calls of all tables. */
#define BKT_KEY_IOCTL_NATIVE	(BKT_KEY_NATIVE + __NR_ioctl)
#define BKT_KEY_IOCTL_COMPAT	(BKT_KEY_COMPAT + 54)
#define BKT_KEY_IOCTL_X32	(BKT_KEY_X32 + 514)

/* Returns the one of a table. */
u16 bkt_syscall_ioctl(enum bricktrace_arch arch);

static inline bool bkt_syscall_is_ioctl(u16 key)
{
	return key == BKT_KEY_IOCTL_NATIVE || key == BKT_KEY_IOCTL_COMPAT ||
	       key == BKT_KEY_IOCTL_X32;
}

/* Whether @key is restart_syscall, or sigreturn or rt_sigreturn, of any table. */
bool bkt_syscall_is_restart(u16 key);
bool bkt_syscall_is_sigreturn(u16 key);

/* Whether current is in a 32-bit call: int 0x80 on x86, any of a 32-bit task on arm64. */
static __always_inline bool bkt_syscall_compat(void)
{
#if defined(CONFIG_X86_64) && defined(CONFIG_IA32_EMULATION)
	return current_thread_info()->status & TS_COMPAT;
#elif defined(CONFIG_ARM64) && defined(CONFIG_COMPAT)
	return test_thread_flag(TIF_32BIT);
#else
	return false;
#endif
}

/* Whether @p, which is off its CPU or is current, has never run. */
bool bkt_syscall_never_ran(const struct task_struct *p);

/*
 * Returns the key of the call that @p is in according to its saved registers, or -1 if
 * @p is in none: an interrupt or a fault took it from user mode, it is on its way back
 * to user mode, or it is stopped there. Rule "asleep". Either @p is off its CPU and the
 * caller prevents that its stack is freed, or @p is current, in an interrupt. Sets
 * @request to the request of an ioctl.
 */
int bkt_syscall_of_task(struct task_struct *p, u32 *request);

/* Returns the key of the call that current is leaving, in sys_exit, or -1 for none. */
int bkt_syscall_at_exit(void);

#endif /* BKT_SYSCALL_H */
