/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A member: a task that a session follows. It lives under bt_books, until it
 * is unregistered, its task ends or its session is released.
 */
#ifndef BT_MEMBER_H
#define BT_MEMBER_H

#include "session.h"

struct bt_member {
	struct bt_follower follower;
	struct bt_session *session;
	struct list_head of_session;	/* bt_books */
	struct list_head covers;	/* bt_books: its part in traced runs */
	u32 batch;			/* the registration that brought it */
};

/* The ioctls, under the session's mutex. */
int bt_member_register(struct bt_session *s, struct bricktrace_thread *arg,
		       const struct bt_uarg *uarg);
int bt_member_unregister(struct bt_session *s, struct bricktrace_thread *arg,
			 const struct bt_uarg *uarg);

/* The session is released. */
void bt_member_drop_all(struct bt_session *s);

/* The session's membership of a task, or NULL. Under bt_books. */
struct bt_member *bt_member_of(struct bt_session *s, struct bt_task *t);

#endif /* BT_MEMBER_H */
