// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include "record.h"

/*
 * No user is charged for it: the room is the calling thread's until its call ends,
 * some 64 KiB at most, and its memory control group's.
 */
int bt_record_alloc(struct bt_record *rec, const struct bt_totals *totals)
{
	rec->breakdown = kvmalloc(bt_breakdown_size(totals), GFP_KERNEL_ACCOUNT);
	return rec->breakdown ? 0 : -ENOMEM;
}

void bt_record_free(struct bt_record *rec)
{
	kvfree(rec->breakdown);
	rec->breakdown = NULL;
}
