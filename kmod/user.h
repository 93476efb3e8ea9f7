/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A user: who pays for sessions, registrations of threads, open runs and kernel
 * memory, with a limit for each. The limits are parameters of the module, which
 * the host's administrator may change at any time; a smaller one takes nothing
 * away that is there.
 *
 * The user of a session is the effective user ID with which the file was opened.
 * In a user namespace it is the owner of the outermost one below the initial one,
 * so that the many IDs of a namespace make no more room.
 *
 * A user exists while a session refers to it. A spin lock protects the table of
 * users; what is charged is atomic, since the fork probe charges as well.
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
	u32 sessions;			/* the table's lock */
	atomic_long_t threads;
	atomic_long_t runs;
	atomic_long_t memory;		/* bytes */
};

/* The user of whoever has @cred, with one more session; -EDQUOT or -ENOMEM. */
struct bkt_user *bkt_user_get(const struct cred *cred);
void bkt_user_put(struct bkt_user *u);

/*
 * Charges for a registration or a run, and for bytes: true, or false if a limit
 * would be exceeded and nothing was charged. Any context.
 */
bool bkt_user_charge_thread(struct bkt_user *u, size_t bytes);
void bkt_user_uncharge_thread(struct bkt_user *u, size_t bytes);
bool bkt_user_charge(struct bkt_user *u, size_t bytes);
void bkt_user_uncharge(struct bkt_user *u, size_t bytes);

/* A run is opened and closed often: these are inline. */
extern unsigned int bkt_user_max_runs;

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

/* Use and limits, for BRICKTRACE_INFO. */
void bkt_user_info(struct bkt_user *u, struct bricktrace_info *info);

#endif /* BKT_USER_H */
