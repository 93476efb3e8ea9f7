/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The breakdown of a finished run: from what its threads did, and what the runs
 * inside it did, to the figures that user space is given. Nothing here sleeps or
 * knows a run.
 */
#ifndef BKT_BREAKDOWN_H
#define BKT_BREAKDOWN_H

#include <linux/bricktrace.h>
#include "totals.h"

#define BKT_VIEWS	(BRICKTRACE_VIEW_EXCLUSIVE + 1)

/* What traced runs inside a run had, in nanoseconds. */
struct bkt_inner {
	struct bkt_totals *totals;	/* NULL: there were none */
	struct bricktrace_times times;	/* inclusive */
};

struct bkt_breakdown {
	struct bricktrace_times times[BKT_VIEWS];
	struct bricktrace_category_figures categories[BKT_CATEGORIES][BKT_VIEWS];
	u32 nr_syscalls;
	struct bricktrace_syscall syscalls[][BKT_VIEWS];
};

/* How large the breakdown of @totals is at most, in bytes. */
size_t bkt_breakdown_size(const struct bkt_totals *totals);

/*
 * Fills @b, whose size is as above, with what a run did, @totals, of which the
 * runs inside it did @inner. @edge_ps is the edge of a call, or BRICKTRACE_NONE.
 */
void bkt_breakdown(struct bkt_breakdown *b, const struct bkt_totals *totals,
		   const struct bkt_inner *inner, u64 edge_ps);

/* Adds what a run did, and its times, to what the run around it has inside. */
void bkt_breakdown_add_inner(struct bkt_inner *to, const struct bkt_totals *totals,
			     const struct bricktrace_times *times);

/* The edge of a number of calls, in nanoseconds, at most @limit. */
u64 bkt_breakdown_edge(u64 calls, u64 edge_ps, u64 limit);

#endif /* BKT_BREAKDOWN_H */
