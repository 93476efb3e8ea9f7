// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/sort.h>
#include <linux/string.h>
#include "reserve.h"
#include "slow.h"

static struct bkt_reserve slow_reserve;

int bkt_slow_init(void)
{
	return bkt_reserve_init(&slow_reserve, "bricktrace_slow",
				sizeof(struct bkt_slow_list));
}

void bkt_slow_exit(void)
{
	bkt_reserve_exit(&slow_reserve);
}

struct bkt_slow_list *bkt_slow_alloc(u32 generation)
{
	struct bkt_slow_list *l = bkt_reserve_take(&slow_reserve);

	if (l) {
		seqcount_init(&l->seq);
		bkt_slow_clear(l, generation);
	}
	return l;
}

void bkt_slow_release(struct bkt_slow_list *l)
{
	bkt_reserve_free(&slow_reserve, l);
}

void bkt_slow_clear(struct bkt_slow_list *l, u32 generation)
{
	raw_write_seqcount_begin(&l->seq);
	l->generation = generation;
	l->added = 0;
	l->floor = 0;
	l->last_end = 0;
	l->old_end = 0;
	l->used = 0;
	raw_write_seqcount_end(&l->seq);
}

/* How much a call is worth keeping among the longest. */
static u64 slow_worth(const struct bkt_slow_list *l, const struct bkt_slow_call *c)
{
	return c->start < l->floor ? 0 : c->time;
}

static void slow_find_least(struct bkt_slow_list *l)
{
	u32 i;

	l->least = 0;
	for (i = 1; i < l->used; i++)
		if (slow_worth(l, &l->longest[i]) < slow_worth(l, &l->longest[l->least]))
			l->least = i;
}

void bkt_slow_add(struct bkt_slow_list *l, const struct bkt_slow_call *c, u64 floor)
{
	struct bkt_slow_call *to;

	raw_write_seqcount_begin(&l->seq);
	if (floor != l->floor) {
		l->floor = floor;
		l->old_end = l->last_end;
		slow_find_least(l);
	}
	l->last_end = max(l->last_end, c->start + c->time);
	to = &l->latest[l->added % BKT_SLOW_LATEST];
	*to = *c;
	to->serial = l->added++;
	if (l->used < BKT_SLOW_LONGEST)
		l->longest[l->used++] = *to;
	else if (c->time > slow_worth(l, &l->longest[l->least]))
		l->longest[l->least] = *to;
	else
		goto out;
	if (l->used == BKT_SLOW_LONGEST)
		slow_find_least(l);
out:
	raw_write_seqcount_end(&l->seq);
}

bool bkt_slow_try_copy(const struct bkt_slow_list *l, struct bkt_slow_list *to)
{
	unsigned int seq = raw_read_seqcount(&l->seq);

	if (seq & 1)
		return false;
	*to = *l;
	return !read_seqcount_retry(&l->seq, seq);
}

const struct bkt_slow_call *bkt_slow_next(const struct bkt_slow_list *l, u32 *i)
{
	u32 latest = min_t(u64, l->added, BKT_SLOW_LATEST);
	const struct bkt_slow_call *c;

	if (*i < latest)
		return &l->latest[(*i)++];
	while (*i - latest < l->used) {
		c = &l->longest[(*i)++ - latest];
		/* The other ones are among the latest, too. */
		if (l->added - c->serial > BKT_SLOW_LATEST)
			return c;
	}
	return NULL;
}

bool bkt_slow_incomplete(const struct bkt_slow_list *l, u64 begin, u64 end, bool thread)
{
	const struct bkt_slow_call *oldest = &l->latest[l->added % BKT_SLOW_LATEST];
	u32 i, outside = 0;

	/* @latest has all calls of the run. */
	if (l->added <= BKT_SLOW_LATEST || (thread && oldest->start + oldest->time <= begin))
		return false;
	/*
	 * As long as the floor stays, no call that was left out is longer than one that is
	 * kept, so that the run's calls among @longest are its longest ones.
	 */
	if (l->old_end > begin)
		return true;
	for (i = 0; i < l->used; i++)
		outside += !bkt_slow_inside(&l->longest[i], begin, end);
	return outside > BKT_SLOW_LONGEST - BRICKTRACE_RUN_SLOWEST;
}

void bkt_slow_top_add(struct bkt_slow_top *top, const struct bkt_slow_call *c)
{
	u32 i;

	if (top->n < BRICKTRACE_RUN_SLOW)
		top->call[top->n++] = *c;
	else if (c->time > top->call[top->least].time)
		top->call[top->least] = *c;
	else
		return;
	if (top->n < BRICKTRACE_RUN_SLOW)
		return;
	top->least = 0;
	for (i = 1; i < top->n; i++)
		if (top->call[i].time < top->call[top->least].time)
			top->least = i;
}

static int slow_compare(const void *a, const void *b)
{
	u64 x = ((const struct bkt_slow_call *)a)->time;
	u64 y = ((const struct bkt_slow_call *)b)->time;

	return x < y ? 1 : x > y ? -1 : 0;
}

void bkt_slow_top_sort(struct bkt_slow_top *top)
{
	sort(top->call, top->n, sizeof(top->call[0]), slow_compare, NULL);
}
