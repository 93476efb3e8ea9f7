/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A record: a finished run as one object of its own, which refers to nothing that
 * may change or go. Whoever has it delivers it, without any lock, to whom it likes.
 */
#ifndef BT_RECORD_H
#define BT_RECORD_H

#include <linux/bricktrace.h>
#include "breakdown.h"

struct bt_record {
	struct bricktrace_result result;
	struct bt_breakdown *breakdown;	/* NULL: the run was not instrumented */
};

/* Room for the breakdown of @totals; 0 or -ENOMEM. */
int bt_record_alloc(struct bt_record *rec, const struct bt_totals *totals);

/* The breakdown, if there is one, is void. */
void bt_record_free(struct bt_record *rec);

#endif /* BT_RECORD_H */
