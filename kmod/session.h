/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A session: the threads that one opener follows, and the opener's bricks and runs. The open
 * file owns the session, and its release frees it.
 *
 * @lock protects all fields without a note. The functions of session.h, member.h and
 * run.h take it unless they say that the caller holds it. chardev.c, the interface to
 * user space, never takes it: a page fault in a copy to or from user memory may last
 * for as long as user space likes.
 *
 * Lock order: @lock, then the target's exec_update_lock or hooks_mutex, then
 * bkt_tasks_lock.
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
	struct file *opener;		/* constant, no reference: the file owns the session */
	struct bkt_user *user;		/* constant: is charged for the session */
	struct mutex lock;
	struct list_head bricks;	/* newest first */
	u32 nr_bricks;
	struct list_head runs;		/* open runs, newest first */
	u32 nr_runs;
	struct bkt_run *spare;		/* memory of a closed run, for the next; or NULL */
	u64 runs_opened;		/* also the number of the newest run */
	u64 edge_ps;			/* rule "edge"; BRICKTRACE_NONE: not calibrated */
	u32 batch;			/* number of the newest registration */
	struct bkt_holder holder;	/* see hooks.h: the open traced runs keep the hooks */

	/* NULL until bkt_session_prepare(). */
	struct bkt_snapshot *v;		/* buffer for one V(t) */
	struct bkt_totals *result;	/* buffer for the figures of one run */
	struct bkt_base *base;		/* base.h says what protects its contents */

	struct list_head members;	/* bkt_tasks_lock */
	u32 nr_members;			/* written under bkt_tasks_lock */
	bool released;			/* bkt_tasks_lock: forked tasks no longer join */
};

/* Returns ERR_PTR(-ENOMEM), or ERR_PTR(-EDQUOT) if a limit of the opener's user is reached. */
struct bkt_session *bkt_session_alloc(struct file *opener);

/* The caller has ended all runs and dropped all members. */
void bkt_session_free(struct bkt_session *s);

/*
 * Sets the budget of the brick called @name, which is created if need be. Returns
 * the brick's number, or an error of BRICKTRACE_BRICK_DEFINE.
 */
int bkt_session_define(struct bkt_session *s, const char *name, u64 budget_ns);

/* Fills in settings, limits and counters. Returns 0 or -EINTR. */
int bkt_session_get(struct bkt_session *s, struct bricktrace_session *to);

/* @edge_ps: picoseconds a call, or BRICKTRACE_NONE. Returns 0, -ERANGE or -EINTR. */
int bkt_session_set_edge(struct bkt_session *s, u64 edge_ps);

/*
 * Allocates, at its first call, the buffers and the base that members and traced
 * runs need. Returns 0, -ENOMEM or -EDQUOT. The caller holds @s->lock.
 */
int bkt_session_prepare(struct bkt_session *s);

/* Returns the brick with the number @id, or NULL. The caller holds @s->lock. */
struct bkt_brick *bkt_session_brick(struct bkt_session *s, u32 id);

#endif /* BKT_SESSION_H */
