/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A member: one task that one session follows.
 *
 * A member is in its session's list from the moment it joins until its task exits,
 * its task's execve() puts the task out of the opener's reach, it is unregistered,
 * its registration fails and is undone, or its session is released. In each case it
 * leaves through member_leave(), which adds the task's V to the session's base unless
 * the session is released.
 *
 * The last reference frees a member. The session's list has one reference, each run
 * of scope thread has one, and each reader without bkt_tasks_lock has one.
 */
#ifndef BKT_MEMBER_H
#define BKT_MEMBER_H

#include "session.h"

/* Why a member left its session. */
enum bkt_leave_reason {
	BKT_PRESENT,		/* it has not left */
	BKT_LEAVE_EXIT,		/* its task exited */
	BKT_LEAVE_EXEC,		/* an execve() put its task out of the opener's reach */
	BKT_LEAVE_REQUEST,	/* unregistered, registration undone, session released */
};

struct bkt_member {
	struct bkt_follower follower;
	struct bkt_session *session;
	struct list_head session_node;	/* bkt_tasks_lock */
	struct rb_node order_node;	/* bkt_tasks_lock: in @order of the session */
	u64 number;			/* constant: in the order in which members joined */
	refcount_t refs;
	u64 joined;		/* ticks; constant: what the task did before is not the session's */
	u32 epoch;		/* bkt_tasks_lock: the last walk of the base that passed it */
	u32 batch;		/* constant: the registration to which it belongs */
	u32 runs;		/* bkt_tasks_lock: open runs of scope thread */
	enum bkt_leave_reason leave_reason;	/* bkt_tasks_lock */
	/* bkt_tasks_lock: room for V at the moment of leaving; NULL until the first such run. */
	struct bkt_snapshot *end;
	/*
	 * bkt_tasks_lock: the keys of the account's slots in this session, as far as
	 * member_set_keys() has needed them. Each is set once, then constant.
	 */
	u8 own;				/* slots from 0 on */
	u8 ioctls;			/* slots from BKT_SLOTS on */
	u16 keys[BKT_ALL_SLOTS];
};

/*
 * Register or unregister the thread @tid or all threads of its process, as struct
 * bricktrace_thread says. Both return the number of threads, or an error that is
 * listed there.
 */
int bkt_member_register(struct bkt_session *s, s32 tid, u32 flags);
int bkt_member_unregister(struct bkt_session *s, s32 tid, bool process);

/*
 * Does what BRICKTRACE_SESSION_SET says, whose reserved fields and flags are checked
 * already. Returns 0, -ERANGE, or -EINTR.
 */
int bkt_member_set(struct bkt_session *s, const struct bricktrace_session *from);

/*
 * Removes all members of a session whose holder was detached, for good. Its open runs go on.
 * Returns 0 or -EINTR.
 */
int bkt_member_detach(struct bkt_session *s);

/* Changes whenever a member joins or leaves any session; read without a lock. */
extern u32 bkt_member_changes;

/* Removes all members of a session that is being released. */
void bkt_member_drop_all(struct bkt_session *s);

/* Returns the member of @s that follows @t, or NULL. The caller holds bkt_tasks_lock. */
struct bkt_member *bkt_member_of(struct bkt_session *s, struct bkt_task *t);

/*
 * Finds the first member with a number above @after, and returns it with a reference, or NULL.
 * Bound: the tree has at most BKT_MAX_THREADS members. The caller holds bkt_tasks_lock.
 */
struct bkt_member *bkt_member_after(struct bkt_session *s, u64 after);

/*
 * Prepares the keys of a present member for @v, and sets the key of the call under way to the
 * session's. The caller holds bkt_tasks_lock.
 */
void bkt_member_translate(struct bkt_member *m, struct bkt_snapshot *v);

/* Drops a reference, in any context. */
void bkt_member_put(struct bkt_member *m);

/*
 * bkt_member_hold() is for a run of scope thread that begins: it returns current's
 * member with a reference, or ERR_PTR(-ESRCH, -EDQUOT or -ENOMEM). bkt_member_release()
 * is for the end of that run. In between bkt_member_read() reads V(min(@limit, now)) of
 * the member's task, or V at the moment when the member left, and returns why it left.
 * The three functions take no lock of the session.
 */
struct bkt_member *bkt_member_hold(struct bkt_session *s);
void bkt_member_release(struct bkt_member *m);
enum bkt_leave_reason bkt_member_read(struct bkt_member *m, u64 limit,
				      struct bkt_snapshot *v);

/*
 * Adds to @top the slow calls of a run of scope thread that began at @begin, and whose
 * member was read last with the value @v. @list is a buffer. May sleep.
 */
void bkt_member_slow(struct bkt_member *m, u64 begin, const struct bkt_snapshot *v,
		     struct bkt_slow_list *list, struct bkt_slow_top *top);

/*
 * Reads the session's sum S (base.h) into the base's @walk; bkt_base_walk_begin()
 * says what @open and @begin are. current's member, if there is one, is read last
 * and only up to @limit. If @limit is 0 that member is not read but returned, to be
 * read by bkt_member_walk_last(). A walk that closes a run sets the session's @slow_top
 * to the run's slow calls. The caller holds the session's lock.
 */
struct bkt_member *bkt_member_walk(struct bkt_session *s,
				   const struct bkt_sums *open, u64 begin,
				   u64 limit);

/* Adds V of current's member, now, to a copy of @walk. Returns this moment, in ticks. */
u64 bkt_member_walk_last(struct bkt_member *self, struct bkt_sums *to);

#endif /* BKT_MEMBER_H */
