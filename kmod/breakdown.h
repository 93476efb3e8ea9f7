/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The breakdown of a finished run: the figures that user space gets, computed from
 * the totals of the run and of the runs inside it (rules "nested", "compute", "edge"
 * and "sums"). No function sleeps or takes a lock. All times are in nanoseconds.
 */
#ifndef BKT_BREAKDOWN_H
#define BKT_BREAKDOWN_H

#include <linux/bricktrace.h>
#include "ioctl.h"
#include "slow.h"
#include "totals.h"

#define BKT_VIEWS	(BRICKTRACE_VIEW_EXCLUSIVE + 1)

/* The sums over the outermost traced runs inside a run. */
struct bkt_inner {
	struct bkt_totals *totals;	/* NULL if there was no such run */
	struct bricktrace_times times;	/* inclusive ones */
};

struct bkt_breakdown {
	struct bricktrace_times times[BKT_VIEWS];
	struct bricktrace_category_figures categories[BKT_CATEGORIES][BKT_VIEWS];
	u32 nr_syscalls;
	u32 nr_ioctls;
	struct bricktrace_ioctl (*ioctls)[BKT_VIEWS];	/* after @syscalls */
	struct bricktrace_syscall syscalls[][BKT_VIEWS];
};

/* Returns the largest size that the breakdown of @totals may have, in bytes. */
size_t bkt_breakdown_size(const struct bkt_totals *totals);

/*
 * Fills in @b, which has bkt_breakdown_size() bytes, from the run's @totals and its
 * @inner. @ids are the commands of the keys from BKT_KEY_IOCTL on. @edge_ps is the edge of
 * one call, or BRICKTRACE_NONE.
 */
void bkt_breakdown(struct bkt_breakdown *b, const struct bkt_totals *totals,
		   const struct bkt_inner *inner, const struct bkt_ioctl_id *ids, u64 edge_ps);

/* Fills in a slow call but its @start_ns. @ids are as above. */
void bkt_breakdown_slow(struct bricktrace_slow_call *to, const struct bkt_slow_call *c,
			const struct bkt_ioctl_id *ids);

/* Adds a run's totals and inclusive times to @inner of the run around it. */
void bkt_breakdown_add_inner(struct bkt_inner *to, const struct bkt_totals *totals,
			     const struct bricktrace_times *times);

/* Returns the edge of @calls calls in nanoseconds, at most @limit. */
u64 bkt_breakdown_edge(u64 calls, u64 edge_ps, u64 limit);

#endif /* BKT_BREAKDOWN_H */
