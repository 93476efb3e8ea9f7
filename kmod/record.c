// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
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

void bkt_record_add_slow(struct bkt_record *rec, const struct bkt_slow_top *top,
			 const struct bkt_ioctl_id *ids,
			 const struct bkt_clock_moment *opened)
{
	struct bkt_clock_moment now;
	u32 i;

	rec->nr_slow_calls = top->n;
	if (top->incomplete)
		rec->result.flags |= BRICKTRACE_RESULT_SLOW_INCOMPLETE;
	if (!top->n)
		return;
	bkt_clock_both(&now);
	for (i = 0; i < top->n; i++) {
		bkt_breakdown_slow(&rec->slow_calls[i], &top->call[i], ids);
		rec->slow_calls[i].start_ns =
			bkt_clock_between(opened, &now, top->call[i].start);
	}
}

void bkt_record_failed(const struct bkt_record *rec, u32 *next, struct bricktrace_failed *to)
{
	u32 i = *next + __ffs(rec->verdict.failed >> *next);

	*next = i + 1;
	to->index = i;
	to->kind = rec->assertions->a[i].kind;
	to->value = rec->verdict.value[i];
	to->limit = rec->assertions->a[i].limit;
	memcpy(to->name, rec->assertions->a[i].name, sizeof(to->name));
}

void bkt_record_drop_breakdown(struct bkt_record *rec)
{
	kvfree(rec->breakdown);
	rec->breakdown = NULL;
	kfree(rec->slow_calls);
	rec->slow_calls = NULL;
	rec->nr_slow_calls = 0;
	rec->result.flags &= ~BRICKTRACE_RESULT_SLOW_INCOMPLETE;
}

void bkt_record_free(struct bkt_record *rec)
{
	bkt_record_drop_breakdown(rec);
	bkt_assertions_put(rec->assertions);
	rec->assertions = NULL;
}
