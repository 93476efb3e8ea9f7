// SPDX-License-Identifier: GPL-2.0
#include <asm/unistd.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include "base.h"
#include "suites.h"

/*
 * A session-wide run, the difference of two walks, is compared with a model that counts
 * what each member has done since the run began. Threads join, leave and make calls at
 * random, also between the steps of the walks.
 *
 * Rules: ioctl, longest, more, scope, slow.
 */
#define THREADS	12
#define KEYS	5
#define ROUNDS	2000

struct model_thread {
	struct bkt_snapshot v;
	bool member;
	u32 epoch;
	/* The thread's values where its part in the run begins, if @counts. */
	struct bkt_sum since[KEYS];
	u64 since_t;
	u64 since_faults;
	bool counts;
};

struct model {
	struct bkt_base *base;
	struct model_thread thread[THREADS];
	struct bkt_sum truth[KEYS];
	u64 truth_t;
	u64 truth_faults;
	bool open;
	u64 now;
};

static const u16 model_keys[KEYS] = { __NR_read, __NR_futex, __NR_brk,
				      BKT_KEY_COMPAT + 3, BKT_KEY_CONTROL };

static void model_mark(struct model_thread *t)
{
	int k;

	for (k = 0; k < KEYS; k++) {
		t->since[k].count = t->v.slots[k].count;
		t->since[k].time = t->v.slots[k].time;
		t->since[k].runnable = t->v.slots[k].runnable;
	}
	t->since_t = t->v.t;
	t->since_faults = t->v.kernel.min_flt;
	t->counts = true;
}

/* Ends the thread's part in the run. */
static void model_take(struct model *m, struct model_thread *t)
{
	int k;

	if (!t->counts)
		return;
	for (k = 0; k < KEYS; k++) {
		m->truth[k].count += t->v.slots[k].count - t->since[k].count;
		m->truth[k].time += t->v.slots[k].time - t->since[k].time;
		m->truth[k].runnable += t->v.slots[k].runnable -
					t->since[k].runnable;
	}
	m->truth_t += t->v.t - t->since_t;
	m->truth_faults += t->v.kernel.min_flt - t->since_faults;
	t->counts = false;
}

static void model_event(struct model *m, u32 rnd)
{
	struct model_thread *t = &m->thread[rnd % THREADS];
	int k = rnd / 16 % KEYS;

	m->now += 10;
	t->v.t = m->now;
	if (t->member && rnd / 256 % 4 == 0) {
		bkt_base_leave(m->base, model_keys, &t->v, 1,
			       t->epoch != m->base->epoch);
		t->member = false;
		model_take(m, t);
	} else if (!t->member && rnd / 256 % 2 == 0) {
		bkt_base_join(m->base, m->now, model_keys, &t->v);
		t->member = true;
		t->epoch = m->base->epoch;
		/* A thread that joins during the closing walk is not in the run. */
		if (m->open && !m->base->walking)
			model_mark(t);
		/* A thread that joins during the opening walk is: the walk lacks it. */
		if (!m->open && m->base->walking)
			model_mark(t);
	} else {
		/* A thread that is not a member may be in another session. */
		t->v.slots[k].count++;
		t->v.slots[k].time += rnd % 1000;
		t->v.slots[k].runnable += rnd % 100;
		t->v.kernel.min_flt += rnd % 3;
	}
}

static void model_walk(struct model *m, const struct bkt_sums *open,
		       struct rnd_state *rnd)
{
	struct model_thread *t;
	int i;

	bkt_base_walk_begin(m->base, 1, open, 0);
	for (i = 0; i < THREADS; i++) {
		t = &m->thread[i];
		if (t->member && t->epoch != m->base->epoch) {
			t->v.t = ++m->now;
			bkt_base_read(m->base, model_keys, &t->v);
			t->epoch = m->base->epoch;
			if (open)
				model_take(m, t);
			else
				model_mark(t);
		}
		model_event(m, prandom_u32_state(rnd));
	}
	bkt_base_walk_end(m->base);
}

static void model_check(struct kunit *test, struct model *m,
			const struct bkt_sums *open)
{
	struct bkt_totals *t = bkt_totals_alloc(BKT_TOTALS_SESSION);
	const struct bkt_figures *f;
	int k;

	KUNIT_ASSERT_NOT_NULL(test, t);
	bkt_base_since(m->base, open, t);
	KUNIT_EXPECT_EQ(test, t->thread, m->truth_t);
	KUNIT_EXPECT_EQ(test, t->kernel.min_flt, m->truth_faults);
	for (k = 0; k < KEYS; k++) {
		f = bkt_totals_get(t, model_keys[k]);
		KUNIT_EXPECT_EQ(test, f->count, m->truth[k].count);
		KUNIT_EXPECT_EQ(test, f->time, m->truth[k].time);
		KUNIT_EXPECT_EQ(test, f->runnable, m->truth[k].runnable);
	}
	bkt_totals_free(t);
}

static void a_run_is_what_its_members_did(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);
	struct bkt_sums *open;
	struct rnd_state rnd;
	int round, i;

	KUNIT_ASSERT_NOT_NULL(test, m);
	m->base = bkt_base_alloc();
	KUNIT_ASSERT_NOT_NULL(test, m->base);
	prandom_seed_state(&rnd, 4711);
	for (i = 0; i < THREADS; i++) {
		m->thread[i].v.used = KEYS;
		m->thread[i].v.call.key = -1;
	}
	for (round = 0; round < ROUNDS; round++) {
		memset(m->truth, 0, sizeof(m->truth));
		m->truth_t = 0;
		m->truth_faults = 0;
		for (i = 0; i < THREADS; i++)
			m->thread[i].counts = false;
		model_walk(m, NULL, &rnd);
		open = bkt_sums_copy(m->base->walk);
		KUNIT_ASSERT_NOT_NULL(test, open);
		m->open = true;
		for (i = 0; i < 20; i++)
			model_event(m, prandom_u32_state(&rnd));
		model_walk(m, open, &rnd);
		m->open = false;
		model_check(test, m, open);
		kvfree(open);
	}
	bkt_base_free(m->base);
}

static struct bkt_snapshot *value_new(struct kunit *test, u64 count, u64 max, u64 end)
{
	struct bkt_snapshot *v = kunit_kzalloc(test, sizeof(*v), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, v);
	v->used = 1;
	v->call.key = -1;
	v->slots[0].count = count;
	v->slots[0].time = count * 100;
	v->slots[0].max = max;
	v->slots[0].max_end = end;
	return v;
}

/*
 * The longest call of a run that begins at 1000. At its end its members' values are @a
 * and @b; a third one has left with the value @gone, before the run or, @late, in it.
 */
static u64 longest_call(struct kunit *test, struct bkt_snapshot *a, struct bkt_snapshot *b,
			struct bkt_snapshot *gone, bool late)
{
	struct bkt_base *base = bkt_base_alloc();
	struct bkt_totals *t = bkt_totals_alloc(BKT_TOTALS_SESSION);
	const struct bkt_figures *f;
	struct bkt_sums *open;
	u64 max;

	KUNIT_ASSERT_NOT_NULL(test, base);
	KUNIT_ASSERT_NOT_NULL(test, t);
	bkt_base_join(base, 1, model_keys, NULL);
	bkt_base_join(base, 1, model_keys, NULL);
	bkt_base_join(base, 1, model_keys, NULL);
	if (!late)
		bkt_base_leave(base, model_keys, gone, 1, true);
	bkt_base_walk_begin(base, 1, NULL, 0);
	bkt_base_walk_end(base);
	open = bkt_sums_copy(base->walk);
	KUNIT_ASSERT_NOT_NULL(test, open);
	if (late)
		bkt_base_leave(base, model_keys, gone, 1, true);
	bkt_base_walk_begin(base, 1, open, 1000);
	bkt_base_read(base, model_keys, a);
	bkt_base_read(base, model_keys, b);
	bkt_base_walk_end(base);
	bkt_base_since(base, open, t);
	f = bkt_totals_get(t, __NR_read);
	max = f->max_unknown ? 0 : f->max;
	KUNIT_EXPECT_EQ(test, t->threads, late ? 3U : 2U);
	kvfree(open);
	bkt_totals_free(t);
	bkt_base_free(base);
	return max;
}

static void the_longest_of_all(struct kunit *test)
{
	struct bkt_snapshot *none = value_new(test, 1, 0, 0);
	struct bkt_snapshot *in50 = value_new(test, 1, 50, 2000);
	struct bkt_snapshot *in70 = value_new(test, 1, 70, 3000);
	struct bkt_snapshot *before60 = value_new(test, 1, 60, 900);
	struct bkt_snapshot *across60 = value_new(test, 1, 60, 1030);

	KUNIT_EXPECT_EQ(test, longest_call(test, in50, in70, none, false), 70ULL);
	KUNIT_EXPECT_EQ(test, longest_call(test, in50, none, in70, true), 70ULL);
	/* A thread that left before the run has no part in it. */
	KUNIT_EXPECT_EQ(test, longest_call(test, in50, none, before60, false), 50ULL);
	/* A thread's longer call outside hides those inside; a shorter one does not. */
	KUNIT_EXPECT_EQ(test, longest_call(test, in50, before60, none, false), 0ULL);
	KUNIT_EXPECT_EQ(test, longest_call(test, in70, before60, none, false), 70ULL);
	KUNIT_EXPECT_EQ(test, longest_call(test, in50, across60, none, false), 0ULL);
	KUNIT_EXPECT_EQ(test, longest_call(test, in50, none, before60, true), 0ULL);
	KUNIT_EXPECT_EQ(test, longest_call(test, in70, none, before60, true), 70ULL);
}

/* Kinds of calls for which the table has no room count in their category. */
static void a_full_base_keeps_the_category(struct kunit *test)
{
	struct bkt_base *base = bkt_base_alloc();
	struct bkt_totals *t = bkt_totals_alloc(BKT_TOTALS_SESSION);
	struct bkt_snapshot *v = value_new(test, 1, 0, 0);
	struct bkt_sums *open;
	u64 count = 0;
	u16 key;
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, base);
	KUNIT_ASSERT_NOT_NULL(test, t);
	bkt_base_walk_begin(base, 1, NULL, 0);
	bkt_base_walk_end(base);
	open = bkt_sums_copy(base->walk);
	KUNIT_ASSERT_NOT_NULL(test, open);
	for (key = 0; key < BKT_KEY_INVALID; key++) {
		bkt_base_join(base, 1, &key, NULL);
		bkt_base_leave(base, &key, v, 1, true);
	}
	bkt_base_walk_begin(base, 1, open, 0);
	bkt_base_walk_end(base);
	bkt_base_since(base, open, t);
	for (i = 0; i < t->used; i++)
		count += t->total[i].f.count;
	KUNIT_EXPECT_EQ(test, count, (u64)BKT_KEY_INVALID);
	KUNIT_EXPECT_EQ(test, base->sums->used, (u32)BKT_BASE_KEYS);
	kvfree(open);
	bkt_totals_free(t);
	bkt_base_free(base);
}

/* A copy has room only for the keys that the base had when it was made. */
static void a_copy_takes_what_it_has_room_for(struct kunit *test)
{
	struct bkt_base *base = bkt_base_alloc();
	struct bkt_snapshot *v = value_new(test, 1, 0, 0);
	struct bkt_sums *open;

	KUNIT_ASSERT_NOT_NULL(test, base);
	bkt_base_join(base, 1, model_keys, NULL);
	bkt_base_walk_begin(base, 1, NULL, 0);
	bkt_base_add_keys(base, &model_keys[0], 1);
	bkt_base_walk_end(base);
	open = bkt_sums_copy(base->walk);
	KUNIT_ASSERT_NOT_NULL(test, open);
	/* The second key is new to the base, and its call is under way. */
	v->used = 2;
	v->slots[1] = v->slots[0];
	v->call.key = model_keys[1];
	v->call.time = 5;
	bkt_sums_add(base, open, model_keys, v);
	KUNIT_EXPECT_EQ(test, open->sum[open->used - 1].count, 1ULL);
	KUNIT_EXPECT_EQ(test, base->sums->used, open->used + 1);
	kvfree(open);
	bkt_base_free(base);
}

/* A session has keys for so many commands; other ones have that of the system call. */
static void commands_have_keys(struct kunit *test)
{
	struct bkt_base *base = bkt_base_alloc();
	struct bkt_ioctl_id id = {};
	u32 i, again;

	KUNIT_ASSERT_NOT_NULL(test, base);
	for (again = 0; again < 2; again++)
		for (i = 0; i < BRICKTRACE_SESSION_IOCTLS; i++) {
			id.request = i;
			KUNIT_EXPECT_EQ(test, (u32)bkt_base_ioctl(base, &id),
					BKT_KEY_IOCTL + i);
		}
	id.request = i;
	KUNIT_EXPECT_EQ(test, (u32)bkt_base_ioctl(base, &id), (u32)__NR_ioctl);
	id.arch = BRICKTRACE_ARCH_COMPAT;
	KUNIT_EXPECT_EQ(test, (u32)bkt_base_ioctl(base, &id), BKT_KEY_COMPAT + 54U);
	id.arch = BRICKTRACE_ARCH_X32;
	KUNIT_EXPECT_EQ(test, (u32)bkt_base_ioctl(base, &id), BKT_KEY_X32 + 514U);
	bkt_base_free(base);
}

/* Slow calls of a member that leaves before a walk has read it are marked. */
static void slow_calls_are_read_once(struct kunit *test)
{
	struct bkt_base *base = bkt_base_alloc();
	struct bkt_slow_call c = {};

	KUNIT_ASSERT_NOT_NULL(test, base);
	bkt_base_add_slow(base, &c, 0, true);
	bkt_base_walk_begin(base, 1, NULL, 0);
	bkt_base_add_slow(base, &c, 0, true);
	bkt_base_add_slow(base, &c, 0, false);
	bkt_base_walk_end(base);
	KUNIT_EXPECT_EQ(test, base->slow.latest[0].epoch, 0U);
	KUNIT_EXPECT_EQ(test, base->slow.latest[1].epoch, 0U);
	KUNIT_EXPECT_EQ(test, base->slow.latest[2].epoch, base->epoch);
	bkt_base_add_slow(base, &c, 0, false);
	KUNIT_EXPECT_EQ(test, base->slow.latest[3].epoch, 0U);
	/* Slow calls of another arming are void. */
	bkt_base_leave(base, model_keys, value_new(test, 1, 0, 0), 3, true);
	KUNIT_EXPECT_EQ(test, base->slow.generation, 3U);
	KUNIT_EXPECT_EQ(test, base->slow.added, 0ULL);
	bkt_base_free(base);
}

/* The slots of ioctls follow those of the other calls, of which there are fewer here. */
static void commands_count(struct kunit *test)
{
	struct bkt_base *base = bkt_base_alloc();
	struct bkt_snapshot *v = value_new(test, 1, 0, 0);
	u16 *keys = kunit_kcalloc(test, BKT_ALL_SLOTS, sizeof(*keys), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, base);
	KUNIT_ASSERT_NOT_NULL(test, keys);
	keys[BKT_SLOTS] = BKT_KEY_IOCTL;
	v->ioctls = 1;
	v->slots[BKT_SLOTS] = (struct bkt_slot){ .count = 3, .time = 70, .max = 40 };
	bkt_base_join(base, 1, keys, NULL);
	bkt_base_leave(base, keys, v, 1, true);
	KUNIT_EXPECT_EQ(test, base->sums->used, BKT_CATEGORIES + 2U);
	KUNIT_EXPECT_EQ(test, base->sums->sum[BKT_CATEGORIES].count, 1ULL);
	KUNIT_EXPECT_EQ(test, base->sums->sum[BKT_CATEGORIES + 1].count, 3ULL);
	KUNIT_EXPECT_EQ(test, base->sums->sum[BKT_CATEGORIES + 1].time, 70ULL);
	KUNIT_EXPECT_EQ(test, base->longest[BKT_CATEGORIES + 1].max, 40ULL);
	bkt_base_free(base);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(commands_have_keys),
	KUNIT_CASE(slow_calls_are_read_once),
	KUNIT_CASE(commands_count),
	KUNIT_CASE(a_run_is_what_its_members_did),
	KUNIT_CASE(the_longest_of_all),
	KUNIT_CASE(a_full_base_keeps_the_category),
	KUNIT_CASE(a_copy_takes_what_it_has_room_for),
	{}
};

struct kunit_suite bkt_base_suite = {
	.name = "bricktrace_base",
	.test_cases = cases,
};
