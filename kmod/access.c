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
 * Whether all IDs of a task's credentials @t are the real IDs of @c, as
 * ptrace_may_access() asks, and @t has no capability that @c lacks, as
 * cap_ptrace_access_check() asks.
 */
static bool access_ids_equal(const struct cred *c, const struct cred *t)
{
	return c->user_ns == t->user_ns &&
	       cap_issubset(t->cap_permitted, c->cap_permitted) &&
	       uid_eq(c->uid, t->euid) && uid_eq(c->uid, t->suid) &&
	       uid_eq(c->uid, t->uid) && gid_eq(c->gid, t->egid) &&
	       gid_eq(c->gid, t->sgid) && gid_eq(c->gid, t->gid);
}

/*
 * Whether current has CAP_SYS_PTRACE in @ns, or CAP_PERFMON or CAP_SYS_ADMIN in the
 * initial user namespace. The next function asks the same about the opener.
 */
static bool access_caller_capable(struct user_namespace *ns)
{
	return ns_capable(ns, CAP_SYS_PTRACE) || perfmon_capable();
}

static bool access_opener_perfmon_capable(const struct cred *opener)
{
	const struct cred *old = override_creds(opener);
	bool ok = perfmon_capable();

	revert_creds(old);
	return ok;
}

static bool access_opener_capable(const struct cred *opener, struct user_namespace *ns)
{
	const struct cred *old = override_creds(opener);
	bool ok = access_caller_capable(ns);

	revert_creds(old);
	return ok;
}

bool bkt_access_same(const struct cred *opener, const struct cred *cred)
{
	return access_ids_equal(current_cred(), cred) && access_ids_equal(opener, cred);
}

bool bkt_access_group(const struct cred *opener, kgid_t gid)
{
	const struct cred *old;
	bool ok;

	if (!in_egroup_p(gid))
		return false;
	old = override_creds(opener);
	ok = in_egroup_p(gid);
	revert_creds(old);
	return ok;
}

bool bkt_access_host(const struct cred *opener)
{
	return perfmon_capable() && access_opener_perfmon_capable(opener);
}

int bkt_access_check(const struct cred *opener, struct task_struct *p)
{
	const struct cred *t;
	struct user_namespace *ns;
	struct mm_struct *mm;
	bool own, ok;

	own = same_thread_group(p, current);
	/* current's program opened the file itself, and follows its own thread. */
	if (own && opener == current_cred())
		return 0;
	rcu_read_lock();
	t = __task_cred(p);
	ok = (own || access_ids_equal(current_cred(), t) ||
	      access_caller_capable(t->user_ns)) &&
	     (access_ids_equal(opener, t) ||
	      access_opener_capable(opener, t->user_ns));
	rcu_read_unlock();
	if (!ok)
		return -EPERM;
	/*
	 * Pairs with smp_wmb() in commit_creds(), which makes a process not dumpable
	 * before it publishes new credentials: if the new ones were read above, the old
	 * dumpable is not read below.
	 */
	smp_rmb();
	/* As in ptrace_may_access(): putting a reference to @mm might be much work. */
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

bool bkt_access_after_exec(const struct cred *opener)
{
	const struct cred *t = current_cred();
	bool ok;

	rcu_read_lock();
	ok = (access_ids_equal(opener, t) ||
	      access_opener_capable(opener, t->user_ns)) &&
	     (bkt_dumpable(current, current->mm) ||
	      access_opener_capable(opener, bkt_exec_ns(current, current->mm)));
	rcu_read_unlock();
	return ok;
}
