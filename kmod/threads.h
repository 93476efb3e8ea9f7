/* SPDX-License-Identifier: GPL-2.0 */
/* The threads that an ioctl names by a number: one thread, or its whole process. */
#ifndef BT_THREADS_H
#define BT_THREADS_H

#include <linux/sched.h>

/* Each with a reference. */
struct bt_threads {
	struct task_struct **p;
	u32 n;
};

/*
 * The thread with a number in the caller's pid namespace, the caller for 0, with a
 * reference. Errors: -EINVAL for a negative number, -ESRCH.
 */
struct task_struct *bt_threads_task(s32 tid);

/* Whether a thread makes system calls: the kernel's own workers do not. */
bool bt_threads_calls(const struct task_struct *p);

/*
 * @p itself or, @process, all threads of its process that are not ending, without
 * the kernel's workers. 0 or -ENOMEM; bt_threads_put() in any case.
 */
int bt_threads_get(struct bt_threads *th, struct task_struct *p, bool process);
void bt_threads_put(struct bt_threads *th);

#endif /* BT_THREADS_H */
