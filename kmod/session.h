/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A session: the threads that one opener follows, and the opener's bricks and runs. An open
 * file owns the session, of the device or of a netlink socket; its release ends the session
 * by bkt_host_close(). The last reference frees it: the owner has one, and each reader of
 * another process has one while it looks at the session.
 *
 * There are two locks. @lock, a mutex, serializes what may take long: registrations and
 * walks over all threads, with their buffers; also definitions of bricks. @runs_lock, a
 * spin lock, protects the open runs. A run of level auto takes only spin locks, so
 * that it waits for no other call on the session. The functions of session.h, member.h
 * and run.h take the locks unless they say that the caller holds one. The interfaces to user
 * space never take one: a page fault in a copy to or from user memory may last for as long as
 * user space likes.
 *
 * Lock order: @lock, then the target's exec_update_lock or hooks_mutex, then
 * bkt_tasks_lock. @runs_lock and a brick's lock come after @lock; under @runs_lock or a
 * ring's lock (ring.h) only a limit's lock is taken, and under a brick's lock only
 * hooks_holders_lock.
 */
#ifndef BKT_SESSION_H
#define BKT_SESSION_H

#include <linux/bricktrace.h>
#include <linux/cred.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/wait.h>
#include "base.h"
#include "brick.h"
#include "hooks.h"
#include "limit.h"
#include "task.h"
#include "user.h"

struct bkt_reader;

#define BKT_MAX_THREADS	32768
#define BKT_MAX_RUNS	1024

struct bkt_session {
	refcount_t refs;
	const struct cred *opener;	/* constant: the opener's credentials, with a reference */
	u32 owner;			/* constant: enum bricktrace_owner */
	struct pid *tgid;		/* constant: the opener's process, with a reference */
	char comm[TASK_COMM_LEN];	/* constant: its name then */
	struct bkt_user *user;		/* constant: is charged for the session */
	u64 id;				/* constant: as in struct bricktrace_session */
	u32 uid;			/* constant: the opener's, initial user namespace */
	struct bkt_reader *reader;	/* of the file's stream, NULL until there is one */
	wait_queue_head_t readers;	/* threads that wait for a record of it */
	struct bkt_holder holder;	/* see hooks.h */
	struct bkt_limit limit;		/* of traced runs and of those passed on */
	struct bkt_thresholds thresholds; /* each field atomic; likewise the next */
	u64 edge_ps;			/* rule "edge"; BRICKTRACE_NONE: not calibrated */
	struct bkt_slow_want slow_want;	/* see slow.h */
	struct pid_namespace *pid_ns;	/* constant: the opener's, with a reference */
	/*
	 * From a number less one to the brick; NULL until the first one is defined. Written
	 * under @lock, and read without: a brick exists as long as its session.
	 */
	struct bkt_brick **brick;

	spinlock_t runs_lock;		/* see above */
	char label[BRICKTRACE_LABEL_LEN];	/* @runs_lock */
	u32 labels;			/* @runs_lock: how often @label was set */
	u32 own;			/* @runs_lock: BRICKTRACE_SESSION_*, what was ever set */
	bool contexts;			/* a context was ever given; written atomically */
	bool has_context;		/* @runs_lock */
	struct bricktrace_context context;	/* @runs_lock: if @has_context; else zeros */
	struct list_head runs;		/* @runs_lock: open runs, newest first */
	u32 nr_runs;			/* @runs_lock */
	struct llist_head spares;	/* runs whose memory is kept for the next ones */
	atomic_t nr_spares;		/* about as many as @spares has */
	atomic64_t runs_opened;		/* also the number of the newest run */

	struct mutex lock;		/* see above */
	u32 nr_bricks;			/* written under @lock */
	u32 batch;			/* @lock: number of the newest registration */

	/* NULL until bkt_session_prepare(). */
	struct bkt_snapshot *v;		/* @lock: buffer for one V(t) */
	struct bkt_slow_list *slow_list; /* @lock: buffer for the slow calls of one thread */
	struct bkt_slow_top *slow_top;	/* @lock: buffer for those of a session-wide run */
	struct bkt_totals *result;	/* @lock: buffer for the figures of such a run */
	struct bkt_base *base;		/* base.h says what protects its contents */

	struct list_head members;	/* bkt_tasks_lock */
	struct rb_root order;		/* bkt_tasks_lock: the same members by their numbers */
	u64 numbers;			/* bkt_tasks_lock: the newest member's */
	u32 nr_members;			/* written under bkt_tasks_lock */
	bool released;			/* bkt_tasks_lock: forked tasks no longer join */
};

/*
 * Changes whenever the host has a session or a brick more or less, so that who lists them
 * notices.
 */
extern atomic_t bkt_session_changes;

/* What sessions have that did not set their own. Each is read and written atomically. */
struct bkt_defaults {
	u32 cv;
	u32 efficiency;
	u32 limit;
	u64 slow_ns;
};

/* Returns ERR_PTR(-ENOMEM), or ERR_PTR(-EDQUOT) if a limit of the opener's user is reached. */
struct bkt_session *bkt_session_alloc(const struct cred *opener, u32 owner);

/* Drops a reference. The session must have ended before the last one is dropped. May sleep. */
void bkt_session_put(struct bkt_session *s);

/* Gives the session the defaults, but for what it has set itself. */
void bkt_session_default(struct bkt_session *s, const struct bkt_defaults *d);

/*
 * Defines the brick called @d->name, or changes it, as BRICKTRACE_BRICK_DEFINE says; @a
 * are the @n assertions. Returns the brick's number or an error.
 */
int bkt_session_define(struct bkt_session *s, const struct bricktrace_brick_define *d,
		       const struct bricktrace_assertion *a, u32 n);

/* Fills in settings, limits and counters. Waits for nobody. */
void bkt_session_get(struct bkt_session *s, struct bricktrace_session *to);

/* Copies the label, which has BRICKTRACE_LABEL_LEN bytes. */
void bkt_session_label(struct bkt_session *s, char *label);

/*
 * Sets the settings that @from->flags names. Returns 0 or an error. bkt_member_set() does
 * this and passes the settings on to the members.
 */
int bkt_session_set(struct bkt_session *s, const struct bricktrace_session *from);

/*
 * Allocates, at its first call, the buffers and the base that members and traced
 * runs need. Returns 0, -ENOMEM or -EDQUOT. The caller holds @s->lock.
 */
int bkt_session_prepare(struct bkt_session *s);

/* Returns the brick with the number @id, which exists as long as @s, or NULL. */
struct bkt_brick *bkt_session_brick(struct bkt_session *s, u32 id);

#endif /* BKT_SESSION_H */
