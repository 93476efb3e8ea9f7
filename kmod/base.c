// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "base.h"

static struct bkt_sums *base_alloc_sums(u32 n)
{
	struct bkt_sums *s;

	s = kvzalloc(struct_size(s, sum, n), GFP_KERNEL_ACCOUNT);
	return s;
}

size_t bkt_sums_size(const struct bkt_sums *s)
{
	return s ? struct_size(s, sum, s->used) : 0;
}

struct bkt_sums *bkt_sums_copy(const struct bkt_sums *s)
{
	struct bkt_sums *copy = base_alloc_sums(s->used);

	if (copy)
		memcpy(copy, s, bkt_sums_size(s));
	return copy;
}

size_t bkt_base_size(void)
{
	struct bkt_sums *s = NULL;

	return sizeof(struct bkt_base) + 2 * struct_size(s, sum, BKT_BASE_KEYS);
}

static u32 base_index(struct bkt_base *b, u16 key)
{
	u32 i = b->index[key];

	if (i)
		return i - 1;
	if (b->sums->used == BKT_BASE_KEYS)
		return bkt_syscall_category(key);
	i = b->sums->used++;
	b->keys[i] = key;
	b->index[key] = i + 1;
	return i;
}

u16 bkt_base_ioctl(struct bkt_base *b, const struct bkt_ioctl_id *id)
{
	u32 i = id->hash;

	for (;; i++) {
		i &= BKT_BASE_INDEX - 1;
		if (!b->ioctl_index[i])
			break;
		if (bkt_ioctl_same(&b->ioctl[b->ioctl_index[i] - 1], id))
			return BKT_KEY_IOCTL + b->ioctl_index[i] - 1;
	}
	if (b->ioctls == BRICKTRACE_SESSION_IOCTLS)
		return bkt_syscall_ioctl(id->arch);
	b->ioctl[b->ioctls] = *id;
	b->ioctl_index[i] = ++b->ioctls;
	return BKT_KEY_IOCTL + b->ioctls - 1;
}

struct bkt_base *bkt_base_alloc(void)
{
	struct bkt_base *b = kvzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);
	int i;

	if (!b)
		return NULL;
	b->sums = base_alloc_sums(BKT_BASE_KEYS);
	b->walk = base_alloc_sums(BKT_BASE_KEYS);
	if (!b->sums || !b->walk) {
		bkt_base_free(b);
		return NULL;
	}
	seqcount_init(&b->slow.seq);
	/* base_index() returns these when the table is full (rule "more"). */
	for (i = 0; i < BKT_CATEGORIES; i++)
		base_index(b, BKT_KEY_MORE + i);
	return b;
}

void bkt_base_free(struct bkt_base *b)
{
	if (!b)
		return;
	kvfree(b->sums);
	kvfree(b->walk);
	kvfree(b);
}

/*
 * Adds V to @to if @sign is 1, and subtracts V if @sign is -1. @to has @room entries:
 * a system call of V whose index is not below @room is left out.
 */
static void base_add(struct bkt_base *b, struct bkt_sums *to, u32 room,
		     const u16 *keys, const struct bkt_snapshot *v, u64 sign)
{
	struct bkt_sum *sum;
	u32 i, index;

	to->thread += sign * v->t;
	to->offcpu += sign * v->offcpu;
	to->kernel.run_delay += sign * v->kernel.run_delay;
	to->kernel.min_flt += sign * v->kernel.min_flt;
	to->kernel.maj_flt += sign * v->kernel.maj_flt;
	for (i = 0; i < BKT_SLOTS + v->ioctls; i = bkt_next_slot(v, i)) {
		const struct bkt_slot *s = &v->slots[i];

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

void bkt_base_join(struct bkt_base *b, u64 t, const u16 *keys,
		   const struct bkt_snapshot *v)
{
	b->sums->joined++;
	b->sums->members++;
	if (v)
		base_add(b, b->sums, BKT_BASE_KEYS, keys, v, -1);
	else
		b->sums->thread -= t;
}

/* Adds V of a member that leaves, to the base or to a walk that has not read it. */
static void base_add_exit(struct bkt_base *b, struct bkt_sums *to, const u16 *keys,
			  const struct bkt_snapshot *v)
{
	base_add(b, to, BKT_BASE_KEYS, keys, v, 1);
	if (v->call.key >= 0)
		to->sum[base_index(b, v->call.key)].ended++;
}

static void base_longest(struct bkt_walked *w, u64 begin, u64 max, u64 end)
{
	/* A completed call that began in the run lies wholly inside it (rule "longest"). */
	if (end - max >= begin)
		w->inside = max(w->inside, max);
	else
		w->outside = max(w->outside, max);
}

static void base_walk_longest(struct bkt_base *b, const u16 *keys,
			      const struct bkt_snapshot *v)
{
	u32 i;

	/* This walk opens a run. The longest call matters when a run is closed. */
	if (!b->open)
		return;
	for (i = 0; i < BKT_SLOTS + v->ioctls; i = bkt_next_slot(v, i))
		if (v->slots[i].max)
			base_longest(&b->walked[base_index(b, keys[i])],
				     b->begin, v->slots[i].max,
				     v->slots[i].max_end);
}

void bkt_base_leave(struct bkt_base *b, const u16 *keys,
		    const struct bkt_snapshot *v, u32 generation, bool unread)
{
	u32 i;

	b->sums->left++;
	b->sums->members--;
	base_add_exit(b, b->sums, keys, v);
	if (b->generation != generation) {
		memset(b->longest, 0, b->sums->used * sizeof(b->longest[0]));
		bkt_slow_clear(&b->slow, generation);
		b->generation = generation;
	}
	for (i = 0; i < BKT_SLOTS + v->ioctls; i = bkt_next_slot(v, i)) {
		struct bkt_longest *l = &b->longest[base_index(b, keys[i])];

		if (v->slots[i].max > l->max) {
			l->max = v->slots[i].max;
			l->end = v->slots[i].max_end;
		}
	}
	if (!b->walking || !unread)
		return;
	base_add_exit(b, b->walk, keys, v);
	base_walk_longest(b, keys, v);
}

void bkt_base_add_slow(struct bkt_base *b, const struct bkt_slow_call *c, u64 floor,
		       bool read)
{
	struct bkt_slow_call added = *c;

	added.epoch = b->walking && !read ? b->epoch : 0;
	bkt_slow_add(&b->slow, &added, floor);
}

void bkt_base_walk_begin(struct bkt_base *b, u32 generation,
			 const struct bkt_sums *open, u64 begin)
{
	u32 i;

	b->walking = true;
	b->epoch++;
	b->open = open;
	b->begin = begin;
	memcpy(b->walk, b->sums, bkt_sums_size(b->sums));
	memset(b->walked, 0, b->sums->used * sizeof(b->walked[0]));
	if (!open || open->left == b->sums->left || b->generation != generation)
		return;
	/*
	 * A member has left since the run began. Its longest call is not known by itself,
	 * but @longest, which is over all former members, is at least as long.
	 */
	for (i = 0; i < b->sums->used; i++)
		if (b->longest[i].max)
			base_longest(&b->walked[i], begin, b->longest[i].max,
				     b->longest[i].end);
}

void bkt_base_add_keys(struct bkt_base *b, const u16 *keys, u8 n)
{
	u8 i;

	for (i = 0; i < n; i++)
		base_index(b, keys[i]);
}

void bkt_base_walk_end(struct bkt_base *b)
{
	b->walking = false;
	/* Keys may have got an index since the walk began. */
	b->walk->used = b->sums->used;
}

void bkt_base_read(struct bkt_base *b, const u16 *keys,
		   const struct bkt_snapshot *v)
{
	base_add(b, b->walk, BKT_BASE_KEYS, keys, v, 1);
	if (v->call.key >= 0)
		b->walked[base_index(b, v->call.key)].in_flight++;
	base_walk_longest(b, keys, v);
}

/* The later value @a is smaller only by the error of a clock. */
static u64 base_diff(u64 a, u64 b)
{
	return (s64)(a - b) > 0 ? a - b : 0;
}

void bkt_base_since(const struct bkt_base *b, const struct bkt_sums *open,
		    struct bkt_totals *to)
{
	static const struct bkt_sum zero;
	u32 i;

	to->thread += base_diff(b->walk->thread, open->thread);
	to->offcpu += base_diff(b->walk->offcpu, open->offcpu);
	to->kernel.run_delay += base_diff(b->walk->kernel.run_delay,
					  open->kernel.run_delay);
	to->kernel.min_flt += base_diff(b->walk->kernel.min_flt,
					open->kernel.min_flt);
	to->kernel.maj_flt += base_diff(b->walk->kernel.maj_flt,
					open->kernel.maj_flt);
	/* Threads that were members when the run was opened, or joined later. */
	to->threads += open->members + (b->walk->joined - open->joined);
	for (i = 0; i < b->walk->used; i++) {
		const struct bkt_sum *s = &b->walk->sum[i];
		const struct bkt_sum *o = i < open->used ? &open->sum[i] : &zero;
		const struct bkt_walked *w = &b->walked[i];
		u64 count = base_diff(s->count, o->count);
		u64 in_flight = base_diff(s->ended, o->ended) + w->in_flight;
		u64 time = base_diff(s->time, o->time);
		struct bkt_figures *f;

		if (!count && !in_flight && !time)
			continue;
		f = bkt_totals_get(to, b->keys[i]);
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

void bkt_sums_add(struct bkt_base *b, struct bkt_sums *to, const u16 *keys,
		  const struct bkt_snapshot *v)
{
	base_add(b, to, to->used, keys, v, 1);
}
