// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/user_namespace.h>
#include "user.h"

unsigned int bkt_user_max_sessions = 1024;
module_param_named(max_user_sessions, bkt_user_max_sessions, uint, 0644);
MODULE_PARM_DESC(max_user_sessions, "sessions that one user may have open (1024)");

unsigned int bkt_user_max_threads = 65536;
module_param_named(max_user_threads, bkt_user_max_threads, uint, 0644);
MODULE_PARM_DESC(max_user_threads, "registrations of threads in all sessions of one user (65536)");

unsigned int bkt_user_max_runs = 16384;
module_param_named(max_user_runs, bkt_user_max_runs, uint, 0644);
MODULE_PARM_DESC(max_user_runs, "runs that may be open in all sessions of one user (16384)");

unsigned int bkt_user_max_memory = 1024;
module_param_named(max_user_memory, bkt_user_max_memory, uint, 0644);
MODULE_PARM_DESC(max_user_memory, "kernel memory of all sessions of one user, in MiB (1024)");

static DEFINE_SPINLOCK(users_lock);
static DEFINE_HASHTABLE(users, 8);	/* users_lock */

static kuid_t user_of(const struct cred *cred)
{
	const struct user_namespace *ns = cred->user_ns;
	kuid_t uid = cred->euid;

	for (; ns != &init_user_ns; ns = ns->parent)
		uid = ns->owner;
	return uid;
}

struct bkt_user *bkt_user_get(const struct cred *cred)
{
	struct bkt_user *u, *new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
	kuid_t uid = user_of(cred);

	if (!new)
		return ERR_PTR(-ENOMEM);
	spin_lock(&users_lock);
	hash_for_each_possible(users, u, node, __kuid_val(uid))
		if (uid_eq(u->uid, uid))
			goto found;
	u = new;
	new = NULL;
	u->uid = uid;
	hash_add(users, &u->node, __kuid_val(uid));
found:
	if (u->sessions >= READ_ONCE(bkt_user_max_sessions)) {
		if (!u->sessions)
			hash_del(&u->node);
		else
			u = NULL;
		spin_unlock(&users_lock);
		kfree(new);
		kfree(u);
		return ERR_PTR(-EDQUOT);
	}
	WRITE_ONCE(u->sessions, u->sessions + 1);
	spin_unlock(&users_lock);
	kfree(new);
	return u;
}

void bkt_user_put(struct bkt_user *u)
{
	bool last;

	spin_lock(&users_lock);
	WRITE_ONCE(u->sessions, u->sessions - 1);
	last = !u->sessions;
	if (last)
		hash_del(&u->node);
	spin_unlock(&users_lock);
	if (last)
		kfree(u);
}

static bool user_add(atomic_long_t *sum, long n, long limit)
{
	if (likely(atomic_long_add_return(n, sum) <= limit))
		return true;
	atomic_long_sub(n, sum);
	return false;
}

bool bkt_user_charge(struct bkt_user *u, size_t bytes)
{
	return user_add(&u->memory, bytes,
			(long)READ_ONCE(bkt_user_max_memory) << 20);
}

void bkt_user_uncharge(struct bkt_user *u, size_t bytes)
{
	atomic_long_sub(bytes, &u->memory);
}

bool bkt_user_charge_thread(struct bkt_user *u, size_t bytes)
{
	if (!user_add(&u->threads, 1, READ_ONCE(bkt_user_max_threads)))
		return false;
	if (bkt_user_charge(u, bytes))
		return true;
	atomic_long_dec(&u->threads);
	return false;
}

void bkt_user_uncharge_thread(struct bkt_user *u, size_t bytes)
{
	atomic_long_dec(&u->threads);
	bkt_user_uncharge(u, bytes);
}

static void user_copy(const struct bkt_user *u, struct bkt_usage *to)
{
	to->uid = from_kuid(&init_user_ns, u->uid);
	to->sessions += u->sessions;
	to->threads += atomic_long_read(&u->threads);
	to->runs += atomic_long_read(&u->runs);
	to->memory += atomic_long_read(&u->memory);
}

bool bkt_user_next(u64 from, struct bkt_usage *to)
{
	const struct bkt_user *u, *next = NULL;
	u32 i;

	spin_lock(&users_lock);
	hash_for_each(users, i, u, node)
		if (__kuid_val(u->uid) >= from &&
		    (!next || __kuid_val(u->uid) < __kuid_val(next->uid)))
			next = u;
	if (next) {
		memset(to, 0, sizeof(*to));
		user_copy(next, to);
	}
	spin_unlock(&users_lock);
	return next;
}

void bkt_user_sum(struct bkt_usage *to)
{
	const struct bkt_user *u;
	u32 i;

	memset(to, 0, sizeof(*to));
	spin_lock(&users_lock);
	hash_for_each(users, i, u, node)
		user_copy(u, to);
	spin_unlock(&users_lock);
}

void bkt_user_info(struct bkt_user *u, struct bricktrace_info *info)
{
	info->user_sessions = READ_ONCE(u->sessions);
	info->max_user_sessions = READ_ONCE(bkt_user_max_sessions);
	info->user_threads = atomic_long_read(&u->threads);
	info->max_user_threads = READ_ONCE(bkt_user_max_threads);
	info->user_runs = atomic_long_read(&u->runs);
	info->max_user_runs = READ_ONCE(bkt_user_max_runs);
	info->user_memory = atomic_long_read(&u->memory);
	info->max_user_memory = (u64)READ_ONCE(bkt_user_max_memory) << 20;
}
