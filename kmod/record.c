// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/slab.h>
#include "record.h"

/*
 * The breakdown is charged to the caller's memory control group, but to no user's
 * limit: a thread has at most one, of some 200 KiB, until its ioctl returns.
 */
int bkt_record_alloc(struct bkt_record *rec, const struct bkt_totals *totals, u32 slow_calls)
{
	rec->breakdown = kvmalloc(bkt_breakdown_size(totals), GFP_KERNEL_ACCOUNT);
	if (!rec->breakdown)
		return -ENOMEM;
	if (!slow_calls)
		return 0;
	rec->slow_calls = kmalloc_array(slow_calls, sizeof(*rec->slow_calls),
					GFP_KERNEL_ACCOUNT);
	if (rec->slow_calls)
		return 0;
	bkt_record_drop_breakdown(rec);
	return -ENOMEM;
}

void bkt_record_drop_breakdown(struct bkt_record *rec)
{
	kvfree(rec->breakdown);
	rec->breakdown = NULL;
	kfree(rec->slow_calls);
	rec->slow_calls = NULL;
	rec->nr_slow_calls = 0;
}

void bkt_record_free(struct bkt_record *rec)
{
	bkt_record_drop_breakdown(rec);
	bkt_assertions_put(rec->assertions);
	rec->assertions = NULL;
}
