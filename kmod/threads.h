/* SPDX-License-Identifier: GPL-2.0 */
/* The threads that an ioctl names by a number: one thread, or its whole process. */
#ifndef BKT_THREADS_H
#define BKT_THREADS_H

#include <linux/sched.h>

struct bkt_threads {
	struct task_struct **p;	/* @n tasks, each with a reference */
	u32 n;
};

/*
 * Returns, with a reference, the thread whose ID in the caller's pid namespace is
 * @tid, or current if @tid is 0. Errors: ERR_PTR(-EINVAL) if @tid is negative, and
 * ERR_PTR(-ESRCH).
 */
struct task_struct *bkt_threads_task(s32 tid);

/*
 * Whether a thread makes system calls. Threads that work for the kernel, such as
 * io_uring's workers, make none (rule "not-a-call").
 */
bool bkt_threads_calls(const struct task_struct *p);

/*
 * Fills in @th with @p or, if @process, with all threads of its process that make
 * system calls and are not exiting. Returns 0 or -ENOMEM. In either case the caller
 * calls bkt_threads_put() afterwards.
 */
int bkt_threads_get(struct bkt_threads *th, struct task_struct *p, bool process);
void bkt_threads_put(struct bkt_threads *th);

#endif /* BKT_THREADS_H */
