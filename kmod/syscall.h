/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The identity of a system call: its number and table as one small key, and
 * the category that it belongs to.
 */
#ifndef BT_SYSCALL_H
#define BT_SYSCALL_H

#include <linux/bricktrace.h>
#include <linux/sched.h>
#include <linux/types.h>

/* Numbers of each table; the keys of the tables follow one another. */
#define BT_NR_NATIVE		512
#define BT_NR_COMPAT		512
#define BT_NR_X32		1024

#define BT_CATEGORIES		(BRICKTRACE_CAT_OTHER + 1)

enum bt_key {
	BT_KEY_NATIVE	= 0,
	BT_KEY_COMPAT	= BT_KEY_NATIVE + BT_NR_NATIVE,
	BT_KEY_X32	= BT_KEY_COMPAT + BT_NR_COMPAT,
	BT_KEY_INVALID	= BT_KEY_X32 + BT_NR_X32,	/* + enum bricktrace_arch */
	BT_KEY_MORE	= BT_KEY_INVALID + 3,		/* + enum bricktrace_category */
	BT_KEY_CONTROL	= BT_KEY_MORE + BT_CATEGORIES,
	BT_KEYS
};

/* Any number from anywhere gives a key; what is no number gives INVALID. */
u16 bt_syscall_key(unsigned long nr, enum bricktrace_arch arch);

/* Number and table of a key, the BRICKTRACE_NR_* for one that has none. */
u32 bt_syscall_nr(u16 key, enum bricktrace_arch *arch);

enum bricktrace_category bt_syscall_category(u16 key);

/* restart_syscall and rt_sigreturn (or sigreturn) of any table. */
bool bt_syscall_is_restart(u16 key);
bool bt_syscall_is_sigreturn(u16 key);

/* Whether current entered by the 32-bit door. */
static __always_inline bool bt_syscall_compat(void)
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
bool bt_syscall_is_newborn(const struct task_struct *p);

/*
 * Key of the call that a task is in, by its saved registers, or -1 for none:
 * an interrupt or a fault took it from user mode, it is on its way back there,
 * or was stopped there. The caller knows that the task is off its CPU and keeps
 * its stack from going away; or that it is current, and in an interrupt.
 */
int bt_syscall_of_task(struct task_struct *p);

/* Key of the call that current, in sys_exit, leaves, or -1 for none. */
int bt_syscall_at_exit(void);

#endif /* BT_SYSCALL_H */
