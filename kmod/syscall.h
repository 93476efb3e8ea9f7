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

/* Numbers of each table; the keys of the tables follow one another. */
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
	BKT_KEYS
};

/* Any number from anywhere gives a key; what is no number gives INVALID. */
u16 bkt_syscall_key(unsigned long nr, enum bricktrace_arch arch);

/* Number and table of a key, the BRICKTRACE_NR_* for one that has none. */
u32 bkt_syscall_nr(u16 key, enum bricktrace_arch *arch);

enum bricktrace_category bkt_syscall_category(u16 key);

/* restart_syscall and rt_sigreturn (or sigreturn) of any table. */
bool bkt_syscall_is_restart(u16 key);
bool bkt_syscall_is_sigreturn(u16 key);

/* Whether current entered by the 32-bit door. */
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

/* Whether a task that is off its CPU has not been on one yet. */
bool bkt_syscall_never_ran(const struct task_struct *p);

/*
 * Key of the call that a task is in, by its saved registers, or -1 for none:
 * an interrupt or a fault took it from user mode, it is on its way back there,
 * or was stopped there. The caller knows that the task is off its CPU and keeps
 * its stack from going away; or that it is current, and in an interrupt.
 */
int bkt_syscall_of_task(struct task_struct *p);

/* Key of the call that current, in sys_exit, leaves, or -1 for none. */
int bkt_syscall_at_exit(void);

#endif /* BKT_SYSCALL_H */
