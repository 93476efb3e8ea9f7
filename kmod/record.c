// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include "record.h"

/*
 * The breakdown is charged to the caller's memory control group, but to no user's
 * limit: a thread has at most one, of some 64 KiB, until its ioctl returns.
 */
int bkt_record_alloc(struct bkt_record *rec, const struct bkt_totals *totals)
{
	rec->breakdown = kvmalloc(bkt_breakdown_size(totals), GFP_KERNEL_ACCOUNT);
	return rec->breakdown ? 0 : -ENOMEM;
}

void bkt_record_drop_breakdown(struct bkt_record *rec)
{
	kvfree(rec->breakdown);
	rec->breakdown = NULL;
}

void bkt_record_free(struct bkt_record *rec)
{
	bkt_record_drop_breakdown(rec);
	bkt_assertions_put(rec->assertions);
	rec->assertions = NULL;
}
