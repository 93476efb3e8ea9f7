/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A session: what one opener follows and runs. It lives as long as the open file
 * or socket through which a door reaches it. Its mutex protects all fields but those
 * that are marked bkt_tasks_lock. The core takes the mutex and a door never does, since a
 * door touches user memory, which may make it wait for as long as user space likes.
 * Lock order: the mutex, the target's exec_update_lock or the arming mutex, bkt_tasks_lock.
 */
#ifndef BKT_SESSION_H
#define BKT_SESSION_H

#include <linux/bricktrace.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include "base.h"
#include "brick.h"
#include "hooks.h"
#include "task.h"
#include "user.h"

#define BKT_MAX_THREADS	32768
#define BKT_MAX_RUNS	1024

struct bkt_session {
	struct file *opener;		/* with the opener's rights */
	struct bkt_user *user;		/* who pays; constant */
	struct mutex lock;
	struct list_head bricks;	/* newest first */
	u32 nr_bricks;
	struct list_head runs;		/* open ones, newest first */
	u32 nr_runs;
	struct bkt_run *spare;		/* of a closed one, or NULL */
	u64 runs_opened;		/* also the last number given */
	u64 edge_ps;			/* BRICKTRACE_NONE: not calibrated */
	u32 batch;			/* registrations, numbered */
	struct bkt_holder holder;	/* its traced runs hold the hooks */

	/* From the first registration on, see bkt_session_prepare(). */
	struct bkt_snapshot *v;		/* room for one reading */
	struct bkt_totals *result;	/* room for what a run did */
	struct bkt_base *base;		/* bkt_tasks_lock, see there */

	struct list_head members;	/* bkt_tasks_lock */
	u32 nr_members;			/* written under bkt_tasks_lock */
	bool released;			/* bkt_tasks_lock: nobody joins any more */
};

/* Errors: -ENOMEM; -EDQUOT, the user has as many sessions as he may. */
struct bkt_session *bkt_session_alloc(struct file *opener);

/* Its runs have been ended and its members dropped. */
void bkt_session_free(struct bkt_session *s);

/* Number of the brick with a name, which gets a budget, or an error of BRICK_DEFINE. */
int bkt_session_define(struct bkt_session *s, const char *name, u64 budget_ns);

/* Settings, limits and counters; 0 or -EINTR. */
int bkt_session_get(struct bkt_session *s, struct bricktrace_session *to);

/* The edge of a call in picoseconds, or BRICKTRACE_NONE; 0, -ERANGE or -EINTR. */
int bkt_session_set_edge(struct bkt_session *s, u64 edge_ps);

/*
 * Makes the room that members and traced runs need; 0, -ENOMEM or -EDQUOT. The
 * caller of this and of the next holds the mutex.
 */
int bkt_session_prepare(struct bkt_session *s);

struct bkt_brick *bkt_session_brick(struct bkt_session *s, u32 id);

#endif /* BKT_SESSION_H */
