/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A run: one execution of a brick. A traced run covers tasks; each cover
 * holds what the task's account was worth when the run began.
 *
 * The session's mutex protects runs. bt_books protects lists of covers and
 * what departed tasks left, since tasks come and go while runs are open. A
 * run that is @pinned keeps its covers, so that they can be read without
 * bt_books.
 */
#ifndef BT_RUN_H
#define BT_RUN_H

#include "member.h"
#include "session.h"
#include "totals.h"

/* ioctls. @entered: when the calling ioctl was entered, in ticks. */
int bt_run_open(struct bt_session *s, struct bricktrace_open *arg,
		const struct bt_uarg *uarg);
int bt_run_close(struct bt_session *s, const struct bricktrace_close *arg,
		 u64 entered);

/* The session is released: ends all of its runs. */
void bt_run_end_all(struct bt_session *s);

/*
 * A member joins its session's traced runs of scope session: at birth, under
 * bt_books, returning false if there was no memory; or by registration, under
 * the session's mutex, where the session's @lost says so.
 */
bool bt_run_born(struct bt_member *m);
bool bt_run_any_wide(struct bt_session *s);
void bt_run_catch_up(struct bt_session *s, struct bt_task *t);

/* A member leaves; @end is V then. Under bt_books. */
void bt_run_depart(struct bt_member *m, const struct bt_snapshot *end);

/* Whether a run of scope thread is open on the member. Under bt_books. */
bool bt_run_covers(const struct bt_member *m);

#endif /* BT_RUN_H */
