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

const struct bkt_figures *bkt_totals_look(const struct bkt_totals *t, u16 key)
{
	u32 place = totals_place(t, key);

	return t->index[place] ? &t->total[t->index[place] - 1].f : NULL;
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

static const struct bkt_under_way totals_no_call = { .key = -1 };
static const struct bkt_slot totals_no_slot;

/*
 * @before and @after are the calls of this key that were under way when @a and @b
 * were read, or totals_no_call (rule "in-flight").
 */
static void totals_add_call(struct bkt_figures *f, const struct bkt_slot *a,
			    const struct bkt_slot *b, const struct bkt_under_way *before,
			    const struct bkt_under_way *after, u64 begin)
{
	u64 count = bkt_totals_sub(b->count, a->count);

	f->count += count;
	f->in_flight += after->key >= 0;
	/* An interrupted call's error is counted after the call (rule "interrupted"). */
	f->errors += min(bkt_totals_sub(b->errors, a->errors), count);
	f->time += bkt_totals_sub(b->time + after->time, a->time + before->time);
	f->offcpu += bkt_totals_sub(b->offcpu + after->offcpu, a->offcpu + before->offcpu);
	f->runnable += bkt_totals_sub(b->runnable + after->runnable,
				      a->runnable + before->runnable);
	if (!count)
		return;
	if (b->max && b->max_end - b->max >= begin)
		f->max = max(f->max, b->max);
	else
		f->max_unknown = true;
}

static const struct bkt_under_way *totals_call(const struct bkt_snapshot *s, u16 key)
{
	return s && s->call.key == key ? &s->call : &totals_no_call;
}

/*
 * Adds the slots from @i to @n, of which @start has those before @start_n. Sets *@after, the
 * key of the call under way, to -1 if that call has a slot here.
 */
static void totals_add_slots(struct bkt_totals *t, const u16 *keys, u64 begin,
			     const struct bkt_snapshot *start, const struct bkt_snapshot *end,
			     u32 i, u32 n, u32 start_n, int *after)
{
	for (; i < n; i++) {
		const struct bkt_slot *a = &totals_no_slot, *b = &end->slots[i];

		if (i < start_n)
			a = &start->slots[i];
		if (*after == keys[i])
			*after = -1;
		else if (b->count == a->count && b->time == a->time)
			continue;
		totals_add_call(bkt_totals_get(t, keys[i]), a, b, totals_call(start, keys[i]),
				totals_call(end, keys[i]), begin);
	}
}

void bkt_totals_add_thread(struct bkt_totals *t, const u16 *keys, u64 begin,
			   const struct bkt_snapshot *start,
			   const struct bkt_snapshot *end)
{
	static const struct bkt_counters no_counters;
	const struct bkt_counters *k = start ? &start->kernel : &no_counters;
	int after = end->call.key;

	t->threads++;
	t->thread += bkt_totals_sub(end->t, begin);
	t->offcpu += bkt_totals_sub(end->offcpu, start ? start->offcpu : 0);
	t->kernel.run_delay += bkt_totals_sub(end->kernel.run_delay, k->run_delay);
	t->kernel.min_flt += bkt_totals_sub(end->kernel.min_flt, k->min_flt);
	t->kernel.maj_flt += bkt_totals_sub(end->kernel.maj_flt, k->maj_flt);
	totals_add_slots(t, keys, begin, start, end, 0, end->used, start ? start->used : 0,
			 &after);
	totals_add_slots(t, keys, begin, start, end, BKT_SLOTS, BKT_SLOTS + end->ioctls,
			 start ? BKT_SLOTS + start->ioctls : 0, &after);
	/* The call of a thread found asleep may have no slot yet (rule "asleep"). */
	if (after >= 0)
		totals_add_call(bkt_totals_get(t, after), &totals_no_slot, &totals_no_slot,
				totals_call(start, after), &end->call, begin);
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
