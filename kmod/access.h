/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who may follow whom: what ptrace would decide, as far as a module can ask
 * (DESIGN.md 3.7; the exceptions are in docs/access.md).
 */
#ifndef BKT_ACCESS_H
#define BKT_ACCESS_H

#include <linux/fs.h>
#include <linux/sched.h>

/*
 * Whether both the caller and whoever opened @opener may follow @p. The caller
 * holds @p's exec_update_lock. 0 or -EPERM.
 */
int bkt_access_check(struct file *opener, struct task_struct *p);

/*
 * Whether whoever opened @opener could still follow current, which has just
 * executed a new program. Does not sleep.
 */
bool bkt_access_after_exec(struct file *opener);

#endif /* BKT_ACCESS_H */
