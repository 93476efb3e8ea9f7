/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who may follow whom, and who may see the runs of all users. The first answer is that of
 * ptrace_may_access() with PTRACE_MODE_READ and real credentials, as far as a module can
 * find it: docs/access.md has the table and the exceptions.
 */
#ifndef BKT_ACCESS_H
#define BKT_ACCESS_H

#include <linux/cred.h>
#include <linux/sched.h>

/*
 * Returns 0 if both current and the opener with the credentials @opener may follow @p, else
 * -EPERM. The caller holds @p's exec_update_lock.
 */
int bkt_access_check(const struct cred *opener, struct task_struct *p);

/*
 * Whether the opener with the credentials @opener may still follow current, which has just
 * executed a new program (rule "execve"). Does not sleep.
 */
bool bkt_access_after_exec(const struct cred *opener);

/*
 * Whether both current and the opener with the credentials @opener could trace a process with the
 * credentials @cred, apart from any capability to trace.
 */
bool bkt_access_same(const struct cred *opener, const struct cred *cred);

/* Whether both current and the opener with the credentials @opener are in the group @gid. */
bool bkt_access_group(const struct cred *opener, kgid_t gid);

/* Whether both current and that opener may see the runs of all users. */
bool bkt_access_host(const struct cred *opener);

#endif /* BKT_ACCESS_H */
