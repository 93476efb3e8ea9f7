// SPDX-License-Identifier: GPL-2.0
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "brick.h"
#include "name.h"

int bkt_brick_check(const char name[BRICKTRACE_NAME_LEN], u64 budget_ns)
{
	if (strnlen(name, BRICKTRACE_NAME_LEN) == BRICKTRACE_NAME_LEN)
		return -ENAMETOOLONG;
	if (!*name || !bkt_name_valid(name))
		return -EINVAL;
	if (budget_ns > BRICKTRACE_MAX_BUDGET)
		return -ERANGE;
	return 0;
}

struct bkt_brick *bkt_brick_alloc(u32 id, const char *name, struct bkt_holder *holder)
{
	struct bkt_brick *b = kvzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);

	if (!b)
		return NULL;
	b->slow = kcalloc(BRICKTRACE_BRICK_SLOW, sizeof(*b->slow), GFP_KERNEL_ACCOUNT);
	if (!b->slow) {
		kvfree(b);
		return NULL;
	}
	b->id = id;
	strscpy(b->name, name, sizeof(b->name));
	b->holder = holder;
	spin_lock_init(&b->lock);
	return b;
}

static bool brick_holds(const struct bkt_brick *b)
{
	return bkt_brick_mode_holds(b->mode) || b->escalated;
}

void bkt_brick_free(struct bkt_brick *b)
{
	if (brick_holds(b))
		bkt_hooks_put(b->holder);
	bkt_assertions_put(b->assertions);
	kfree(b->slow);
	kvfree(b);
}

/* The holder counts each brick that holds the hooks once, in whatever order these change. */
static void brick_hold(struct bkt_brick *b, u32 mode, bool escalated)
{
	bool held = brick_holds(b);

	lockdep_assert_held(&b->lock);
	b->mode = mode;
	WRITE_ONCE(b->escalated, escalated);
	if (brick_holds(b) && !held)
		bkt_hooks_hold(b->holder);
	else if (!brick_holds(b) && held)
		bkt_hooks_put(b->holder);
}

static void brick_set_baseline(struct bkt_brick *b, u32 baseline)
{
	u32 rem;

	b->baseline = baseline;
	if (!baseline)
		return;
	div_u64_rem(b->opened, baseline, &rem);
	b->until_baseline = baseline - rem;
}

void bkt_brick_set(struct bkt_brick *b, u64 budget_ns, u32 flags, u32 mode, u32 baseline,
		   struct bkt_assertions *set)
{
	spin_lock(&b->lock);
	b->budget_ns = budget_ns;
	if (flags & BRICKTRACE_BRICK_MODE && mode != b->mode)
		brick_hold(b, mode, false);
	if (flags & BRICKTRACE_BRICK_BASELINE)
		brick_set_baseline(b, baseline);
	if (flags & BRICKTRACE_BRICK_ASSERTIONS)
		swap(b->assertions, set);
	spin_unlock(&b->lock);
	bkt_assertions_put(set);
}

/* Returns whether a run of mode next is to be traced. */
static bool brick_next(struct bkt_brick *b, bool anomaly)
{
	lockdep_assert_held(&b->lock);
	if (anomaly) {
		b->calm = 0;
		brick_hold(b, b->mode, true);
	} else if (b->escalated && b->calm++ == BKT_BRICK_CALM) {
		brick_hold(b, b->mode, false);
	}
	return b->escalated;
}

void bkt_brick_open(struct bkt_brick *b, const struct bkt_thresholds *th, bool automatic,
		    struct bkt_brick_open *o, struct bkt_assertions **set)
{
	spin_lock(&b->lock);
	o->budget_ns = b->budget_ns;
	o->mode = b->mode;
	bkt_window_figures(&b->st.window, READ_ONCE(th->outliers), &o->window);
	o->why = bkt_window_anomalies(&o->window, b->budget_ns, READ_ONCE(th->cv),
				      READ_ONCE(th->efficiency));
	o->trace = bkt_brick_mode_holds(b->mode) ||
		   (automatic && b->mode == BRICKTRACE_MODE_NEXT && brick_next(b, o->why));
	o->number = ++b->opened;
	if (b->baseline && !--b->until_baseline) {
		b->until_baseline = b->baseline;
		o->why |= BRICKTRACE_WHY_BASELINE;
	}
	*set = bkt_assertions_ref(b->assertions);
	spin_unlock(&b->lock);
}

static void brick_add_category(struct bricktrace_category_statistics *to,
			       const struct bricktrace_figures *f)
{
	bkt_sum_add(&to->count, f->count);
	bkt_sum_add(&to->errors, f->errors);
	bkt_sum_add(&to->ns, f->ns);
	bkt_sum_add(&to->offcpu_ns, f->offcpu_ns);
	if (f->runnable_ns != BRICKTRACE_NONE)
		bkt_sum_add(&to->runnable_ns, f->runnable_ns);
}

static void brick_add_times(struct bricktrace_statistics *to, const struct bricktrace_times *t)
{
	bkt_sum_add(&to->thread_ns, t->thread_ns);
	bkt_sum_add(&to->compute_ns, t->compute_ns);
	bkt_sum_add(&to->compute_offcpu_ns, t->compute_offcpu_ns);
	if (t->compute_runnable_ns != BRICKTRACE_NONE)
		bkt_sum_add(&to->compute_runnable_ns, t->compute_runnable_ns);
	if (t->edge_ns != BRICKTRACE_NONE) {
		bkt_sum_add(&to->edge_ns, t->edge_ns);
		to->edge_runs++;
	}
	bkt_sum_add(&to->control_ns, t->control_ns);
	bkt_sum_add(&to->minor_faults, t->minor_faults);
	bkt_sum_add(&to->major_faults, t->major_faults);
}

static void brick_add_traced(struct bkt_brick *b, const struct bkt_record *rec)
{
	struct bkt_brick_statistics *st = &b->st;
	const struct bkt_breakdown *bd = rec->breakdown;
	bool longest = !st->sums.traced ||
		       rec->result.wall_ns > st->longest.result.wall_ns;
	u32 c;

	st->sums.traced++;
	st->sums.partial += rec->result.provenance == BRICKTRACE_PARTIAL;
	brick_add_times(&st->sums, &bd->times[BRICKTRACE_VIEW_INCLUSIVE]);
	for (c = 0; c < BKT_CATEGORIES; c++)
		brick_add_category(&st->categories[c],
				   &bd->categories[c][BRICKTRACE_VIEW_INCLUSIVE].figures);
	if (!longest)
		return;
	st->longest.result = rec->result;
	st->longest.times = bd->times[BRICKTRACE_VIEW_INCLUSIVE];
	for (c = 0; c < BKT_CATEGORIES; c++)
		st->longest.categories[c] = bd->categories[c][BRICKTRACE_VIEW_INCLUSIVE];
	st->nr_slow = min_t(u32, rec->nr_slow_calls, BRICKTRACE_BRICK_SLOW);
	memcpy(b->slow, rec->slow_calls, st->nr_slow * sizeof(*b->slow));
}

static void brick_add_verdict(struct bkt_assertions *set, const struct bkt_verdict *v)
{
	u32 i;

	for (i = 0; i < set->n; i++) {
		if (v->passed & 1U << i)
			set->counts[i].passed++;
		else if (v->failed & 1U << i)
			set->counts[i].failed++;
		else
			set->counts[i].not_evaluated++;
	}
}

void bkt_brick_close(struct bkt_brick *b, const struct bkt_record *rec)
{
	struct bkt_brick_statistics *st = &b->st;
	u32 flags = rec->result.flags;

	spin_lock(&b->lock);
	bkt_durations_add(&st->durations, rec->result.wall_ns);
	bkt_window_add(&st->window, rec->result.wall_ns);
	st->sums.over_budget += !!(flags & BRICKTRACE_RESULT_OVER_BUDGET);
	st->sums.granted += !!(flags & BRICKTRACE_RESULT_GRANTED);
	st->sums.refused += !!(flags & BRICKTRACE_RESULT_REFUSED);
	if (rec->breakdown)
		brick_add_traced(b, rec);
	if (rec->assertions)
		brick_add_verdict(rec->assertions, &rec->verdict);
	spin_unlock(&b->lock);
}

void bkt_brick_get(struct bkt_brick *b, struct bkt_brick_copy *copy)
{
	struct bricktrace_statistics *sums = &copy->st.sums;
	const struct bkt_durations *d = &copy->st.durations;
	u32 c;

	spin_lock(&b->lock);
	copy->budget_ns = b->budget_ns;
	copy->mode = b->mode;
	copy->baseline = b->baseline;
	copy->escalated = b->escalated;
	copy->assertions = bkt_assertions_ref(b->assertions);
	if (b->assertions)
		memcpy(copy->counts, b->assertions->counts, sizeof(copy->counts));
	copy->st = b->st;
	memcpy(copy->slow, b->slow, b->st.nr_slow * sizeof(*b->slow));
	spin_unlock(&b->lock);
	copy->window_runs = bkt_window_copy(&copy->st.window, copy->window);
	for (c = 0; c < BKT_CATEGORIES; c++)
		copy->st.categories[c].category = c;
	sums->runs = d->runs;
	sums->min_ns = d->runs ? d->min : BRICKTRACE_NONE;
	sums->max_ns = d->runs ? d->max : BRICKTRACE_NONE;
	sums->zero = d->zero;
	sums->sum_ns = d->sum;
	sums->squares = d->squares;
}

void bkt_brick_reset(struct bkt_brick *b)
{
	spin_lock(&b->lock);
	memset(&b->st, 0, sizeof(b->st));
	if (b->assertions)
		memset(b->assertions->counts, 0, sizeof(b->assertions->counts));
	brick_hold(b, b->mode, false);
	b->calm = 0;
	spin_unlock(&b->lock);
}
