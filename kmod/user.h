/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A user is charged for sessions, registrations of threads, open runs and kernel
 * memory, and has a limit for each of them. The limits are parameters of the module
 * that the host's operator may change at any time. A limit below what is in use
 * takes nothing away.
 *
 * The user of a session is the effective user ID with which the file was opened. If
 * the file was opened in a user namespace, the user is the owner of the outermost one
 * below the initial one, so that all IDs of a namespace share one set of limits.
 *
 * A user exists while it has a session. users_lock protects the table of users and
 * the number of sessions. The other sums are atomic: the fork probe, which holds
 * bkt_tasks_lock, changes them too.
 */
#ifndef BKT_USER_H
#define BKT_USER_H

#include <linux/atomic.h>
#include <linux/bricktrace.h>
#include <linux/cred.h>
#include <linux/hashtable.h>

struct bkt_user {
	struct hlist_node node;
	kuid_t uid;
	u32 sessions;			/* users_lock */
	atomic_long_t threads;
	atomic_long_t runs;
	atomic_long_t memory;		/* bytes */
};

/*
 * bkt_user_get() returns the user of @cred, charged with one more session, or
 * ERR_PTR(-EDQUOT or -ENOMEM). bkt_user_put() is for the end of that session.
 */
struct bkt_user *bkt_user_get(const struct cred *cred);
void bkt_user_put(struct bkt_user *u);

/*
 * Charge for a registration and its bytes, for bytes alone, or for a run. Return false,
 * and charge nothing, if a limit would be exceeded. Any context.
 */
bool bkt_user_charge_thread(struct bkt_user *u, size_t bytes);
void bkt_user_uncharge_thread(struct bkt_user *u, size_t bytes);
bool bkt_user_charge(struct bkt_user *u, size_t bytes);
void bkt_user_uncharge(struct bkt_user *u, size_t bytes);

/* The limits, which are parameters of the module; memory in MiB. Each is accessed atomically. */
extern unsigned int bkt_user_max_sessions;
extern unsigned int bkt_user_max_threads;
extern unsigned int bkt_user_max_runs;
extern unsigned int bkt_user_max_memory;

/* Inline, since programs open and close runs often. */

static inline bool bkt_user_charge_run(struct bkt_user *u)
{
	if (likely(atomic_long_inc_return(&u->runs) <=
		   READ_ONCE(bkt_user_max_runs)))
		return true;
	atomic_long_dec(&u->runs);
	return false;
}

static inline void bkt_user_uncharge_run(struct bkt_user *u)
{
	atomic_long_dec(&u->runs);
}

/* What one user, or all users, have in use. */
struct bkt_usage {
	u32 uid;	/* initial user namespace */
	u64 sessions;
	u64 threads;
	u64 runs;
	u64 memory;
};

/*
 * bkt_user_next() finds the user with the least ID that is not below @from, and returns false
 * if there is none; bkt_user_sum() adds up all users. Bound: each passes all users.
 */
bool bkt_user_next(u64 from, struct bkt_usage *to);
void bkt_user_sum(struct bkt_usage *to);

/* Fills in what the user has in use, and the limits, for BRICKTRACE_INFO. */
void bkt_user_info(struct bkt_user *u, struct bricktrace_info *info);

#endif /* BKT_USER_H */
