/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A member: a task that a session follows.
 *
 * A member is in its session's list from joining until it leaves, by the end of
 * its task, by an execve() that puts the task out of the opener's reach, because
 * it is unregistered, because its registration is undone, or with its session.
 * Whatever the cause, it leaves through one function, member_leave(), which hands
 * what the task has done to the session's base. Its memory goes with the last
 * reference: the list has one, each run of scope thread has one, and so has
 * whoever reads the member without bkt_tasks_lock.
 */
#ifndef BKT_MEMBER_H
#define BKT_MEMBER_H

#include "session.h"

/* How a member left. */
enum bkt_leave_reason {
	BKT_PRESENT,
	BKT_LEAVE_EXIT,	/* its task ended */
	BKT_LEAVE_EXEC,	/* its task executed a program out of the opener's reach */
	BKT_LEAVE_REQUEST,	/* it was unregistered, or its registration undone */
};

struct bkt_member {
	struct bkt_follower follower;
	struct bkt_session *session;
	struct list_head session_node;	/* bkt_tasks_lock */
	refcount_t refs;
	u32 epoch;		/* bkt_tasks_lock: the last walk of the base that has it */
	u32 batch;		/* the registration that brought it */
	u32 runs;		/* the session's mutex: open runs of scope thread */
	enum bkt_leave_reason left;	/* bkt_tasks_lock */
	/* bkt_tasks_lock: V when it left, if it had a run of scope thread by then. */
	struct bkt_snapshot *end;
};

/*
 * Registers and unregisters a thread, or all threads of its process; @tid and
 * @flags are those of struct bricktrace_thread. Their number, or an error as
 * documented there. Both take the session's mutex.
 */
int bkt_member_register(struct bkt_session *s, s32 tid, u32 flags);
int bkt_member_unregister(struct bkt_session *s, s32 tid, bool process);

/* The session is released. */
void bkt_member_drop_all(struct bkt_session *s);

/* The session's membership of a task, or NULL. Under bkt_tasks_lock. */
struct bkt_member *bkt_member_of(struct bkt_session *s, struct bkt_task *t);

/* Puts a reference; any context. */
void bkt_member_put(struct bkt_member *m);

/*
 * A run of scope thread begins on the member, current's, and ends. Such a member
 * can be read after it has left, but only as it was then.
 */
struct bkt_member *bkt_member_hold(struct bkt_session *s);
void bkt_member_release(struct bkt_member *m);
enum bkt_leave_reason bkt_member_read(struct bkt_member *m, u64 limit,
				      struct bkt_snapshot *v);

/*
 * Reads S of the session, by a walk of its base; see bkt_base_walk_begin(). The member
 * that current is, if any, is read last and up to @limit; or, if that is 0, it is
 * left to bkt_member_walk_last(), and returned. Under the session's mutex.
 */
struct bkt_member *bkt_member_walk(struct bkt_session *s,
				   const struct bkt_sums *open, u64 begin,
				   u64 limit);

/* Adds what current is worth now to a copy of what was walked; returns the time. */
u64 bkt_member_walk_last(struct bkt_member *self, struct bkt_sums *to);

#endif /* BKT_MEMBER_H */
