/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A record: the result of a finished run. A record refers neither to the run nor to
 * its session, so its owner may copy it to user space without any lock.
 */
#ifndef BKT_RECORD_H
#define BKT_RECORD_H

#include <linux/bricktrace.h>
#include "breakdown.h"

struct bkt_record {
	struct bricktrace_result result;
	struct bkt_breakdown *breakdown;	/* NULL if the run was not instrumented */
};

/* Allocates room for the breakdown of @totals. Returns 0 or -ENOMEM. */
int bkt_record_alloc(struct bkt_record *rec, const struct bkt_totals *totals);

/* Frees the breakdown, if there is one, but not @rec. */
void bkt_record_free(struct bkt_record *rec);

#endif /* BKT_RECORD_H */
