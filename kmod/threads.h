/* SPDX-License-Identifier: GPL-2.0 */
/* The threads that an ioctl names by a number: one thread, or its whole process. */
#ifndef BKT_THREADS_H
#define BKT_THREADS_H

#include <linux/sched.h>

/* Each with a reference. */
struct bkt_threads {
	struct task_struct **p;
	u32 n;
};

/*
 * The thread with a number in the caller's pid namespace, the caller for 0, with a
 * reference. Errors: -EINVAL for a negative number, -ESRCH.
 */
struct task_struct *bkt_threads_task(s32 tid);

/* Whether a thread makes system calls: the kernel's own workers do not. */
bool bkt_threads_calls(const struct task_struct *p);

/*
 * @p itself or, @process, all threads of its process that are not ending, without
 * the kernel's workers. 0 or -ENOMEM; bkt_threads_put() in any case.
 */
int bkt_threads_get(struct bkt_threads *th, struct task_struct *p, bool process);
void bkt_threads_put(struct bkt_threads *th);

#endif /* BKT_THREADS_H */
