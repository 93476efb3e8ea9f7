/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A run: one execution of a brick. A traced run keeps what its threads were worth
 * when it began and is the difference to what they are worth when it ends; it
 * knows no threads. Of a run of scope session that is one value of S, the
 * session's sum (base.h). Of a run of scope thread it is V of that thread, whose
 * member it has a reference to; it ends where that member leaves.
 *
 * The session's mutex protects runs.
 */
#ifndef BT_RUN_H
#define BT_RUN_H

#include "session.h"

/* ioctls. @entered: when the calling ioctl was entered, in ticks. */
int bt_run_open(struct bt_session *s, struct bricktrace_open *arg,
		const struct bt_uarg *uarg);
int bt_run_close(struct bt_session *s, const struct bricktrace_close *arg,
		 u64 entered);

/* The session is released: ends all of its runs. */
void bt_run_end_all(struct bt_session *s);

#endif /* BT_RUN_H */
