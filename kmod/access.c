// SPDX-License-Identifier: GPL-2.0
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/user_namespace.h>
#include "access.h"
#include "compat.h"

/*
 * All of a task's ids are those of @c, as for ptrace_may_access() with real
 * ids, and it can do no more: cap_ptrace_access_check().
 */
static bool access_ids_equal(const struct cred *c, const struct cred *t)
{
	return c->user_ns == t->user_ns &&
	       cap_issubset(t->cap_permitted, c->cap_permitted) &&
	       uid_eq(c->uid, t->euid) && uid_eq(c->uid, t->suid) &&
	       uid_eq(c->uid, t->uid) && gid_eq(c->gid, t->egid) &&
	       gid_eq(c->gid, t->sgid) && gid_eq(c->gid, t->gid);
}

/* CAP_SYS_PTRACE in @ns, or CAP_PERFMON (CAP_SYS_ADMIN) in the initial one. */
static bool access_caller_capable(struct user_namespace *ns)
{
	return ns_capable(ns, CAP_SYS_PTRACE) || perfmon_capable();
}

static bool access_opener_capable(struct file *f, struct user_namespace *ns)
{
	return file_ns_capable(f, ns, CAP_SYS_PTRACE) ||
	       file_ns_capable(f, &init_user_ns, CAP_PERFMON) ||
	       file_ns_capable(f, &init_user_ns, CAP_SYS_ADMIN);
}

int bkt_access_check(struct file *opener, struct task_struct *p)
{
	const struct cred *t;
	struct user_namespace *ns;
	struct mm_struct *mm;
	bool own, ok;

	own = same_thread_group(p, current);
	/* Opened by this very program, for itself. */
	if (own && opener->f_cred == current_cred())
		return 0;
	rcu_read_lock();
	t = __task_cred(p);
	ok = (own || access_ids_equal(current_cred(), t) ||
	      access_caller_capable(t->user_ns)) &&
	     (access_ids_equal(opener->f_cred, t) ||
	      access_opener_capable(opener, t->user_ns));
	rcu_read_unlock();
	if (!ok)
		return -EPERM;
	/*
	 * Pairs with commit_creds(): whoever sees a process's new credentials sees,
	 * too, that it is not dumpable since it has changed them.
	 */
	smp_rmb();
	/* As ptrace_may_access() does: no reference, whose end might do much work. */
	task_lock(p);
	mm = p->mm;
	if (mm) {
		rcu_read_lock();
		ns = bkt_exec_ns(p, mm);
		ok = bkt_dumpable(p, mm) || ((own || access_caller_capable(ns)) &&
					     access_opener_capable(opener, ns));
		rcu_read_unlock();
	}
	task_unlock(p);
	return ok ? 0 : -EPERM;
}

bool bkt_access_after_exec(struct file *opener)
{
	const struct cred *t = current_cred();
	bool ok;

	rcu_read_lock();
	ok = (access_ids_equal(opener->f_cred, t) ||
	      access_opener_capable(opener, t->user_ns)) &&
	     (bkt_dumpable(current, current->mm) ||
	      access_opener_capable(opener, bkt_exec_ns(current, current->mm)));
	rcu_read_unlock();
	return ok;
}
