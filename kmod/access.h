/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who may follow whom, and who may see the runs of all users. The first answer is that of
 * ptrace_may_access() with PTRACE_MODE_READ and real credentials, as far as a module can
 * find it: docs/access.md has the table and the exceptions.
 */
#ifndef BKT_ACCESS_H
#define BKT_ACCESS_H

#include <linux/fs.h>
#include <linux/sched.h>

/*
 * Returns 0 if both current and the opener of the file @opener may follow @p, else
 * -EPERM. The caller holds @p's exec_update_lock.
 */
int bkt_access_check(struct file *opener, struct task_struct *p);

/*
 * Whether the opener of the file @opener may still follow current, which has just
 * executed a new program (rule "execve"). Does not sleep.
 */
bool bkt_access_after_exec(struct file *opener);

/* Whether both current and the opener of the file @opener may see the runs of all users. */
bool bkt_access_host(struct file *opener);

#endif /* BKT_ACCESS_H */
