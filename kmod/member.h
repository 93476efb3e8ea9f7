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
 * whoever reads the member without bt_books.
 */
#ifndef BT_MEMBER_H
#define BT_MEMBER_H

#include "session.h"

/* How a member left. */
enum bt_left {
	BT_PRESENT,
	BT_LEFT_END,	/* its task ended */
	BT_LEFT_EXEC,	/* its task executed a program out of the opener's reach */
	BT_LEFT_ASKED,	/* it was unregistered, or its registration undone */
};

struct bt_member {
	struct bt_follower follower;
	struct bt_session *session;
	struct list_head of_session;	/* bt_books */
	refcount_t refs;
	u32 epoch;		/* bt_books: the last walk of the base that has it */
	u32 batch;		/* the registration that brought it */
	u32 runs;		/* the session's mutex: open runs of scope thread */
	enum bt_left left;	/* bt_books */
	/* bt_books: V when it left, if it had a run of scope thread by then. */
	struct bt_snapshot *end;
};

/*
 * Registers and unregisters a thread, or all threads of its process; @tid and
 * @flags are those of struct bricktrace_thread. Their number, or an error as
 * documented there. Both take the session's mutex.
 */
int bt_member_register(struct bt_session *s, s32 tid, u32 flags);
int bt_member_unregister(struct bt_session *s, s32 tid, bool process);

/* The session is released. */
void bt_member_drop_all(struct bt_session *s);

/* The session's membership of a task, or NULL. Under bt_books. */
struct bt_member *bt_member_of(struct bt_session *s, struct bt_task *t);

/* Puts a reference; any context. */
void bt_member_put(struct bt_member *m);

/*
 * A run of scope thread begins on the member, current's, and ends. Such a member
 * can be read after it has left, but only as it was then.
 */
struct bt_member *bt_member_hold(struct bt_session *s);
void bt_member_release(struct bt_member *m);
enum bt_left bt_member_read(struct bt_member *m, u64 limit,
			    struct bt_snapshot *v);

/*
 * Reads S of the session, by a walk of its base; see bt_base_walk(). The member
 * that current is, if any, is read last and up to @limit; or, if that is 0, it is
 * left to bt_member_walk_last(), and returned. Under the session's mutex.
 */
struct bt_member *bt_member_walk(struct bt_session *s,
				 const struct bt_sums *open, u64 begin,
				 u64 limit);

/* Adds what current is worth now to a copy of what was walked; returns the time. */
u64 bt_member_walk_last(struct bt_member *self, struct bt_sums *to);

#endif /* BT_MEMBER_H */
