/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A record: the result of a finished run. A record refers neither to the run nor to
 * its session, so its owner may copy it to user space without any lock. The set of
 * assertions, to which it has a reference, does not change.
 */
#ifndef BKT_RECORD_H
#define BKT_RECORD_H

#include <linux/bricktrace.h>
#include "assertions.h"
#include "breakdown.h"

struct bkt_record {
	/* The beginning of the record in a stream; used if a stream wants it: encode.h. */
	struct bricktrace_record_run head;
	struct bricktrace_origin origin;
	struct bricktrace_result result;

	struct bkt_breakdown *breakdown;	/* NULL if the run was not instrumented */
	struct bkt_assertions *assertions;	/* of the run, or NULL */
	struct bkt_verdict verdict;		/* on @assertions */
	struct bricktrace_slow_call *slow_calls;	/* NULL if there are none */
	u32 nr_slow_calls;
};

/*
 * Allocates room for the breakdown of @totals and for @slow_calls, whose number the caller
 * sets. Returns 0 or -ENOMEM.
 */
int bkt_record_alloc(struct bkt_record *rec, const struct bkt_totals *totals, u32 slow_calls);

/*
 * Fills in the slow calls @top, for which there is room. @ids are as in breakdown.h. The
 * run's first moment is @opened, and its last one is now.
 */
void bkt_record_add_slow(struct bkt_record *rec, const struct bkt_slow_top *top,
			 const struct bkt_ioctl_id *ids,
			 const struct bkt_clock_moment *opened);

/* Fills in the assertion after *@next that the run failed; @next is 0 for the first one. */
void bkt_record_failed(const struct bkt_record *rec, u32 *next, struct bricktrace_failed *to);

/* Drops breakdown and slow calls: the run turned out not to be instrumented. */
void bkt_record_drop_breakdown(struct bkt_record *rec);

/* Frees what @rec points to, but not @rec. */
void bkt_record_free(struct bkt_record *rec);

#endif /* BKT_RECORD_H */
