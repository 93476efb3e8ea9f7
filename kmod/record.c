// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include "record.h"

/*
 * No user is charged for it: the room is the calling thread's until its call ends,
 * some 64 KiB at most, and its memory control group's.
 */
int bkt_record_alloc(struct bkt_record *rec, const struct bkt_totals *totals)
{
	rec->breakdown = kvmalloc(bkt_breakdown_size(totals), GFP_KERNEL_ACCOUNT);
	return rec->breakdown ? 0 : -ENOMEM;
}

void bkt_record_free(struct bkt_record *rec)
{
	kvfree(rec->breakdown);
	rec->breakdown = NULL;
}
