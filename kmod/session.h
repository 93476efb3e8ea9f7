/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A session: what one opener follows and runs. It lives as long as the open file
 * or socket through which a door reaches it. Its mutex protects all fields but those
 * that are marked bt_books. The core takes the mutex and a door never does, since a
 * door touches user memory, which may make it wait for as long as user space likes.
 * Lock order: the mutex, the target's exec_update_lock or the arming mutex, bt_books.
 */
#ifndef BT_SESSION_H
#define BT_SESSION_H

#include <linux/bricktrace.h>
#include <linux/fs.h>
#include <linux/mutex.h>
#include "base.h"
#include "brick.h"
#include "hooks.h"
#include "task.h"
#include "user.h"

#define BT_MAX_THREADS	32768
#define BT_MAX_RUNS	1024

struct bt_session {
	struct file *opener;		/* with the opener's rights */
	struct bt_user *user;		/* who pays; constant */
	struct mutex lock;
	struct list_head bricks;	/* newest first */
	u32 nr_bricks;
	struct list_head runs;		/* open ones, newest first */
	u32 nr_runs;
	struct bt_run *spare;		/* of a closed one, or NULL */
	u64 runs_opened;		/* also the last number given */
	u64 edge_ps;			/* BRICKTRACE_NONE: not calibrated */
	u32 batch;			/* registrations, numbered */
	struct bt_holder holder;	/* its traced runs hold the hooks */

	/* From the first registration on, see bt_session_prepare(). */
	struct bt_snapshot *v;		/* room for one reading */
	struct bt_totals *result;	/* room for what a run did */
	struct bt_base *base;		/* bt_books, see there */

	struct list_head members;	/* bt_books */
	u32 nr_members;			/* written under bt_books */
	bool released;			/* bt_books: nobody joins any more */
};

/* Errors: -ENOMEM; -EDQUOT, the user has as many sessions as he may. */
struct bt_session *bt_session_alloc(struct file *opener);

/* Its runs have been ended and its members dropped. */
void bt_session_free(struct bt_session *s);

/* Number of the brick with a name, which gets a budget, or an error of BRICK_DEFINE. */
int bt_session_define(struct bt_session *s, const char *name, u64 budget_ns);

/* Settings, limits and counters; 0 or -EINTR. */
int bt_session_get(struct bt_session *s, struct bricktrace_session *to);

/* The edge of a call in picoseconds, or BRICKTRACE_NONE; 0, -ERANGE or -EINTR. */
int bt_session_set_edge(struct bt_session *s, u64 edge_ps);

/*
 * Makes the room that members and traced runs need; 0, -ENOMEM or -EDQUOT. The
 * caller of this and of the next holds the mutex.
 */
int bt_session_prepare(struct bt_session *s);

struct bt_brick *bt_session_brick(struct bt_session *s, u32 id);

#endif /* BT_SESSION_H */
