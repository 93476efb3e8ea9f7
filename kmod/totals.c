// SPDX-License-Identifier: GPL-2.0
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include "totals.h"

/* Returns the place of the key in the index or, if there is none, the place to use for it. */
static u32 totals_place(const struct bkt_totals *t, u16 key)
{
	u32 i = hash_32(key, ilog2(t->cap) + 1);

	while (t->index[i] && t->total[t->index[i] - 1].key != key)
		i = (i + 1) & (2 * t->cap - 1);
	return i;
}

static struct bkt_figures *totals_find(struct bkt_totals *t, u16 key)
{
	u32 place = totals_place(t, key);

	return t->index[place] ? &t->total[t->index[place] - 1].f : NULL;
}

const struct bkt_figures *bkt_totals_look(const struct bkt_totals *t, u16 key)
{
	return totals_find((struct bkt_totals *)t, key);
}

struct bkt_figures *bkt_totals_get(struct bkt_totals *t, u16 key)
{
	u32 place = totals_place(t, key);
	struct bkt_total *e;

	/* Keep room for each "(more CATEGORY)". */
	if (!t->index[place] && t->used + BKT_CATEGORIES >= t->cap) {
		key = BKT_KEY_MORE + bkt_syscall_category(key);
		place = totals_place(t, key);
	}
	if (!t->index[place]) {
		e = &t->total[t->used++];
		*e = (struct bkt_total){ .key = key, .place = place };
		t->index[place] = t->used;
	}
	return &t->total[t->index[place] - 1].f;
}

void bkt_totals_clear(struct bkt_totals *t)
{
	u32 i;

	for (i = 0; i < t->used; i++)
		t->index[t->total[i].place] = 0;
	t->thread = 0;
	t->offcpu = 0;
	t->kernel = (struct bkt_counters){};
	t->threads = 0;
	t->used = 0;
}

size_t bkt_totals_size(u32 cap)
{
	struct bkt_totals *t = NULL;

	return struct_size(t, total, cap) + 2 * cap * sizeof(*t->index);
}

struct bkt_totals *bkt_totals_alloc(u32 cap)
{
	struct bkt_totals *t;

	t = kvmalloc(bkt_totals_size(cap), GFP_KERNEL_ACCOUNT);
	if (t) {
		*t = (struct bkt_totals){ .cap = cap, .index = (u16 *)&t->total[cap] };
		memset(t->index, 0, 2 * cap * sizeof(*t->index));
	}
	return t;
}

void bkt_totals_free(struct bkt_totals *t)
{
	kvfree(t);
}

static const struct bkt_slot totals_no_slot;

/*
 * Adds the slots from @i to @n, of which @start has those before @start_n. Differences of
 * times may be negative until the calls under way are added.
 */
static void totals_add_slots(struct bkt_totals *t, const u16 *keys, u64 begin,
			     const struct bkt_snapshot *start, const struct bkt_snapshot *end,
			     u32 i, u32 n, u32 start_n)
{
	for (; i < n; i++) {
		const struct bkt_slot *a = i < start_n ? &start->slots[i] : &totals_no_slot;
		const struct bkt_slot *b = &end->slots[i];
		u64 count = bkt_totals_sub(b->count, a->count);
		struct bkt_figures *f;

		/* The call under way has no count yet, but perhaps time off its CPU. */
		if (!count && b->time == a->time && (int)i != end->call.slot)
			continue;
		f = bkt_totals_get(t, keys[i]);
		f->count += count;
		/* An interrupted call's error is counted after the call (rule "interrupted"). */
		f->errors += min(bkt_totals_sub(b->errors, a->errors), count);
		f->time += b->time - a->time;
		f->offcpu += b->offcpu - a->offcpu;
		f->runnable += b->runnable - a->runnable;
		if (!count)
			continue;
		if (b->max && b->max_end - b->max >= begin)
			f->max = max(f->max, b->max);
		else
			f->max_unknown = true;
	}
}

/* Adds a call under way, or subtracts it (@sign is -1): rule "in-flight". */
static void totals_add_call(struct bkt_figures *f, const struct bkt_under_way *call, u64 sign)
{
	f->time += sign * call->time;
	f->offcpu += sign * call->offcpu;
	f->runnable += sign * call->runnable;
}

/* A value may go back, when a call turns out to be control. */
static u64 totals_positive(u64 difference)
{
	return max_t(s64, difference, 0);
}

void bkt_totals_add_thread(struct bkt_totals *t, const u16 *keys, u64 begin,
			   const struct bkt_snapshot *start,
			   const struct bkt_snapshot *end)
{
	static const struct bkt_counters no_counters;
	const struct bkt_counters *k = start ? &start->kernel : &no_counters;
	struct bkt_figures *f;
	u32 i;

	t->threads++;
	t->thread += bkt_totals_sub(end->t, begin);
	t->offcpu += bkt_totals_sub(end->offcpu, start ? start->offcpu : 0);
	t->kernel.run_delay += bkt_totals_sub(end->kernel.run_delay, k->run_delay);
	t->kernel.min_flt += bkt_totals_sub(end->kernel.min_flt, k->min_flt);
	t->kernel.maj_flt += bkt_totals_sub(end->kernel.maj_flt, k->maj_flt);
	totals_add_slots(t, keys, begin, start, end, 0, end->used, start ? start->used : 0);
	totals_add_slots(t, keys, begin, start, end, BKT_SLOTS, BKT_SLOTS + end->ioctls,
			 start ? BKT_SLOTS + start->ioctls : 0);
	if (end->call.key >= 0) {
		f = bkt_totals_get(t, end->call.key);
		f->in_flight++;
		totals_add_call(f, &end->call, 1);
	}
	f = start && start->call.key >= 0 ? totals_find(t, start->call.key) : NULL;
	if (f)
		totals_add_call(f, &start->call, -1);
	for (i = 0; i < t->used; i++) {
		f = &t->total[i].f;
		f->time = totals_positive(f->time);
		f->offcpu = totals_positive(f->offcpu);
		f->runnable = totals_positive(f->runnable);
	}
}

void bkt_totals_add(struct bkt_totals *t, const struct bkt_totals *other)
{
	u32 i;

	t->thread += other->thread;
	t->offcpu += other->offcpu;
	t->kernel.run_delay += other->kernel.run_delay;
	t->kernel.min_flt += other->kernel.min_flt;
	t->kernel.maj_flt += other->kernel.maj_flt;
	t->threads += other->threads;
	for (i = 0; i < other->used; i++) {
		const struct bkt_figures *o = &other->total[i].f;
		struct bkt_figures *f = bkt_totals_get(t, other->total[i].key);

		f->count += o->count;
		f->in_flight += o->in_flight;
		f->errors += o->errors;
		f->time += o->time;
		f->offcpu += o->offcpu;
		f->runnable += o->runnable;
		f->max = max(f->max, o->max);
		f->max_unknown |= o->max_unknown;
	}
}

void bkt_totals_to_ns(struct bkt_totals *t)
{
	u32 i;

	t->thread = bkt_clock_ns(t->thread);
	t->offcpu = bkt_clock_ns(t->offcpu);
	for (i = 0; i < t->used; i++) {
		struct bkt_figures *f = &t->total[i].f;

		f->time = bkt_clock_ns(f->time);
		f->offcpu = bkt_clock_ns(f->offcpu);
		f->max = bkt_clock_ns(f->max);
	}
}
