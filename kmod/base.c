// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "base.h"

static struct bt_sums *sums_alloc(u32 n)
{
	struct bt_sums *s;

	s = kvzalloc(struct_size(s, sum, n), GFP_KERNEL_ACCOUNT);
	return s;
}

size_t bt_sums_size(const struct bt_sums *s)
{
	return s ? struct_size(s, sum, s->used) : 0;
}

struct bt_sums *bt_sums_copy(const struct bt_sums *s)
{
	struct bt_sums *copy = sums_alloc(s->used);

	if (copy)
		memcpy(copy, s, bt_sums_size(s));
	return copy;
}

size_t bt_base_size(void)
{
	struct bt_sums *s = NULL;

	return sizeof(struct bt_base) + 2 * struct_size(s, sum, BT_BASE_KEYS);
}

static u32 base_index(struct bt_base *b, u16 key)
{
	u32 i = b->index[key];

	if (i)
		return i - 1;
	if (b->sums->used == BT_BASE_KEYS)
		return bt_syscall_category(key);
	i = b->sums->used++;
	b->keys[i] = key;
	b->index[key] = i + 1;
	return i;
}

struct bt_base *bt_base_alloc(void)
{
	struct bt_base *b = kvzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);
	int i;

	if (!b)
		return NULL;
	b->sums = sums_alloc(BT_BASE_KEYS);
	b->walk = sums_alloc(BT_BASE_KEYS);
	if (!b->sums || !b->walk) {
		bt_base_free(b);
		return NULL;
	}
	/* When the table is full, a category's own entry has the rest of it. */
	for (i = 0; i < BT_CATEGORIES; i++)
		base_index(b, BT_KEY_MORE + i);
	return b;
}

void bt_base_free(struct bt_base *b)
{
	if (!b)
		return;
	kvfree(b->sums);
	kvfree(b->walk);
	kvfree(b);
}

/*
 * Adds V to sums whose indexes are the base's and which have room for @room of
 * them: @sign is 1, or -1 to subtract.
 */
static void base_add(struct bt_base *b, struct bt_sums *to, u32 room,
		     const u16 *keys, const struct bt_snapshot *v, u64 sign)
{
	struct bt_sum *sum;
	u32 index;
	u8 i;

	to->thread += sign * v->t;
	to->offcpu += sign * v->offcpu;
	to->kernel.run_delay += sign * v->kernel.run_delay;
	to->kernel.min_flt += sign * v->kernel.min_flt;
	to->kernel.maj_flt += sign * v->kernel.maj_flt;
	for (i = 0; i < v->used; i++) {
		const struct bt_slot *s = &v->slots[i];

		if (!s->count && !s->time && !s->offcpu && !s->runnable)
			continue;
		index = base_index(b, keys[i]);
		if (index >= room)
			continue;
		sum = &to->sum[index];
		sum->count += sign * s->count;
		sum->errors += sign * s->errors;
		sum->time += sign * s->time;
		sum->offcpu += sign * s->offcpu;
		sum->runnable += sign * s->runnable;
	}
	if (v->call.key < 0)
		return;
	index = base_index(b, v->call.key);
	if (index >= room)
		return;
	sum = &to->sum[index];
	sum->time += sign * v->call.time;
	sum->offcpu += sign * v->call.offcpu;
	sum->runnable += sign * v->call.runnable;
}

void bt_base_join(struct bt_base *b, u64 t, const u16 *keys,
		  const struct bt_snapshot *v)
{
	b->sums->joined++;
	b->sums->members++;
	if (v)
		base_add(b, b->sums, BT_BASE_KEYS, keys, v, -1);
	else
		b->sums->thread -= t;
}

/* The walked sums get what happens meanwhile to the base, where a walk must know. */
static void base_end(struct bt_base *b, struct bt_sums *to, const u16 *keys,
		     const struct bt_snapshot *v)
{
	base_add(b, to, BT_BASE_KEYS, keys, v, 1);
	if (v->call.key >= 0)
		to->sum[base_index(b, v->call.key)].ended++;
}

static void base_longest(struct bt_walked *w, u64 begin, u64 max, u64 end)
{
	/* A call that began with the run or later lies inside: it has ended. */
	if (end - max >= begin)
		w->inside = max(w->inside, max);
	else
		w->outside = max(w->outside, max);
}

static void base_walk_longest(struct bt_base *b, const u16 *keys,
			      const struct bt_snapshot *v)
{
	u8 i;

	/* Only a run that is closed has a longest call. */
	if (!b->open)
		return;
	for (i = 0; i < v->used; i++)
		if (v->slots[i].max)
			base_longest(&b->walked[base_index(b, keys[i])],
				     b->begin, v->slots[i].max,
				     v->slots[i].max_end);
}

void bt_base_leave(struct bt_base *b, const u16 *keys,
		   const struct bt_snapshot *v, u32 generation, bool unread)
{
	u8 i;

	b->sums->left++;
	b->sums->members--;
	base_end(b, b->sums, keys, v);
	if (b->generation != generation) {
		memset(b->longest, 0, sizeof(b->longest));
		b->generation = generation;
	}
	for (i = 0; i < v->used; i++) {
		struct bt_longest *l = &b->longest[base_index(b, keys[i])];

		if (v->slots[i].max > l->max) {
			l->max = v->slots[i].max;
			l->end = v->slots[i].max_end;
		}
	}
	if (!b->walking || !unread)
		return;
	base_end(b, b->walk, keys, v);
	base_walk_longest(b, keys, v);
}

void bt_base_walk(struct bt_base *b, u32 generation,
		  const struct bt_sums *open, u64 begin)
{
	u32 i;

	b->walking = true;
	b->epoch++;
	b->open = open;
	b->begin = begin;
	memcpy(b->walk, b->sums, bt_sums_size(b->sums));
	memset(b->walked, 0, sizeof(b->walked));
	if (!open || open->left == b->sums->left || b->generation != generation)
		return;
	/* Somebody has left since the run began: the longest of all who ever did. */
	for (i = 0; i < b->sums->used; i++)
		if (b->longest[i].max)
			base_longest(&b->walked[i], begin, b->longest[i].max,
				     b->longest[i].end);
}

void bt_base_meet(struct bt_base *b, const u16 *keys, u8 used)
{
	u8 i;

	for (i = 0; i < used; i++)
		base_index(b, keys[i]);
}

void bt_base_walked(struct bt_base *b)
{
	b->walking = false;
	/* Keys that were met meanwhile. */
	b->walk->used = b->sums->used;
}

void bt_base_read(struct bt_base *b, const u16 *keys,
		  const struct bt_snapshot *v)
{
	base_add(b, b->walk, BT_BASE_KEYS, keys, v, 1);
	if (v->call.key >= 0)
		b->walked[base_index(b, v->call.key)].in_flight++;
	base_walk_longest(b, keys, v);
}

/* A difference of two values that only grow, but for the error of a clock. */
static u64 base_diff(u64 a, u64 b)
{
	return (s64)(a - b) > 0 ? a - b : 0;
}

void bt_base_since(const struct bt_base *b, const struct bt_sums *open,
		   struct bt_totals *to)
{
	static const struct bt_sum zero;
	u32 i;

	to->thread += base_diff(b->walk->thread, open->thread);
	to->offcpu += base_diff(b->walk->offcpu, open->offcpu);
	to->kernel.run_delay += base_diff(b->walk->kernel.run_delay,
					  open->kernel.run_delay);
	to->kernel.min_flt += base_diff(b->walk->kernel.min_flt,
					open->kernel.min_flt);
	to->kernel.maj_flt += base_diff(b->walk->kernel.maj_flt,
					open->kernel.maj_flt);
	/* Those who were members then, and those who have joined since. */
	to->threads += open->members + (b->walk->joined - open->joined);
	for (i = 0; i < b->walk->used; i++) {
		const struct bt_sum *s = &b->walk->sum[i];
		const struct bt_sum *o = i < open->used ? &open->sum[i] : &zero;
		const struct bt_walked *w = &b->walked[i];
		u64 count = base_diff(s->count, o->count);
		u64 in_flight = base_diff(s->ended, o->ended) + w->in_flight;
		u64 time = base_diff(s->time, o->time);
		struct bt_figures *f;

		if (!count && !in_flight && !time)
			continue;
		f = bt_totals_get(to, b->keys[i]);
		f->count += count;
		f->in_flight += in_flight;
		f->errors += min(base_diff(s->errors, o->errors), count);
		f->time += time;
		f->offcpu += base_diff(s->offcpu, o->offcpu);
		f->runnable += base_diff(s->runnable, o->runnable);
		f->max = max(f->max, w->inside);
		f->max_unknown |= count && (!w->inside || w->outside > w->inside);
	}
}

void bt_sums_add(struct bt_base *b, struct bt_sums *to, const u16 *keys,
		 const struct bt_snapshot *v)
{
	base_add(b, to, to->used, keys, v, 1);
}
