/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A record: a finished run as one object of its own, which refers to nothing that
 * may change or go. Whoever has it delivers it, without any lock, to whom it likes.
 */
#ifndef BKT_RECORD_H
#define BKT_RECORD_H

#include <linux/bricktrace.h>
#include "breakdown.h"

struct bkt_record {
	struct bricktrace_result result;
	struct bkt_breakdown *breakdown;	/* NULL: the run was not instrumented */
};

/* Room for the breakdown of @totals; 0 or -ENOMEM. */
int bkt_record_alloc(struct bkt_record *rec, const struct bkt_totals *totals);

/* The breakdown, if there is one, is void. */
void bkt_record_free(struct bkt_record *rec);

#endif /* BKT_RECORD_H */
