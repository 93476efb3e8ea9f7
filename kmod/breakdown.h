/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The breakdown of a finished run: from what its threads did, and what the runs
 * inside it did, to the figures that user space is given. Nothing here sleeps or
 * knows a run.
 */
#ifndef BT_BREAKDOWN_H
#define BT_BREAKDOWN_H

#include <linux/bricktrace.h>
#include "totals.h"

/* What traced runs inside a run had, in nanoseconds. */
struct bt_inner {
	struct bt_totals *totals;	/* NULL: there were none */
	struct bricktrace_times times;
};

/* A finished run with what it did, in nanoseconds. */
struct bt_breakdown {
	struct bt_totals *totals;
	const struct bt_inner *inner;
	u64 edge_ps;			/* BRICKTRACE_NONE: not calibrated */
};

/* The times and categories of @res, and @res->syscalls. */
void bt_breakdown(const struct bt_breakdown *b, struct bricktrace_result *res);

/*
 * One system call of it: from entry *@i of the totals on, which is moved on.
 * False if there are no more.
 */
bool bt_breakdown_call(const struct bt_breakdown *b, u32 *i,
		       struct bricktrace_syscall *sc);

/* Hands what a finished run did to the one around it. */
void bt_breakdown_hand(struct bt_inner *to, const struct bt_totals *totals,
		       const struct bricktrace_times *all);

/* The edge of a number of calls, in nanoseconds, at most @limit. */
u64 bt_breakdown_edge(u64 calls, u64 edge_ps, u64 limit);

#endif /* BT_BREAKDOWN_H */
