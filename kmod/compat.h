/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the supported kernels, 5.10 to 7.3. Nothing else in
 * the module asks for a version.
 */
#ifndef BT_COMPAT_H
#define BT_COMPAT_H

#include <linux/version.h>

/* fa2c3254d7cf ("sched/tracing: Don't re-read p->state when emitting sched_switch event") */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
#define BT_SWITCH_ARGS void *data, bool preempt, struct task_struct *prev, \
		       struct task_struct *next, unsigned int prev_state
#else
#define BT_SWITCH_ARGS void *data, bool preempt, struct task_struct *prev, \
		       struct task_struct *next
#endif

/* "exit: add trace_sched_process_exit() group_dead argument", v6.16 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define BT_PROCESS_EXIT_ARGS void *data, struct task_struct *p, bool group_dead
#else
#define BT_PROCESS_EXIT_ARGS void *data, struct task_struct *p
#endif

/* 2f064a59a11f ("sched: Change task_struct::state") */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
#define bt_task_state(p) READ_ONCE((p)->__state)
#else
#define bt_task_state(p) READ_ONCE((p)->state)
#endif

#endif /* BT_COMPAT_H */
