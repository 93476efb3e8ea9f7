// SPDX-License-Identifier: MIT
/* The library's copy of the statistics of a brick. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct statistics_whole {
	struct bt_statistics public;
	char name[BT_NAME_LEN];
	struct bricktrace_brick_get get;
	struct bti_brick_room room; /* the arrays of @get */
	struct bkt_durations durations;
	struct bt_mean_times times;
	struct bt_mean_figures categories[64];
	struct bt_assertion assertions[BT_MAX_ASSERTIONS];
	struct bt_result *longest;
};

static const struct statistics_whole *statistics_whole(const struct bt_statistics *s)
{
	return (const struct statistics_whole *)s;
}

static int statistics_ask(struct bt_brick *brick, struct bricktrace_brick_get *get,
			  struct bti_brick_room *room)
{
	if (brick->tracer->fd < 0) {
		bti_local_get(brick, get, room);
		return 0;
	}
	*get = (struct bricktrace_brick_get){
		.size = sizeof(*get),
		.brick = brick->number,
		.statistics = BTI_ARRAY(room->statistics),
		.histogram = BTI_ARRAY(room->histogram),
		.categories = BTI_ARRAY(room->categories),
		.window = BTI_ARRAY(room->window),
		.assertions = BTI_ARRAY(room->assertions),
		.counts = BTI_ARRAY(room->counts),
		.longest = BTI_ARRAY(room->longest),
		.longest_times = BTI_ARRAY(room->longest_times),
		.longest_categories = BTI_ARRAY(room->longest_categories),
	};
	/* An older module refuses a larger structure whose end is not zero. */
	if (brick->tracer->features & BRICKTRACE_FEATURE_SLOW_CALLS)
		get->longest_slow = BTI_ARRAY(room->longest_slow);
	return bti_ioctl(brick->tracer, BRICKTRACE_BRICK_GET, get);
}

static void statistics_read_durations(struct statistics_whole *whole)
{
	const struct bricktrace_statistics *raw = whole->room.statistics;
	struct bkt_durations *d = &whole->durations;
	struct bt_statistics *s = &whole->public;

	*d = (struct bkt_durations){
		.runs = raw->runs,
		.min = raw->min_ns,
		.max = raw->max_ns,
		.zero = raw->zero,
		.sum = raw->sum_ns,
		.squares = raw->squares,
	};
	memcpy(d->bucket, whole->room.histogram, sizeof(d->bucket));
	s->runs = raw->runs;
	s->traced = raw->traced;
	s->partial = raw->partial;
	s->over_budget = raw->over_budget;
	s->granted = raw->granted;
	s->refused = raw->refused;
	s->zero = raw->zero;
	s->min_ns = raw->min_ns;
	s->max_ns = raw->max_ns;
	s->mean_ns = bkt_mean(d->runs, &d->sum);
	s->deviation_ns = bkt_deviation(d->runs, &d->sum, &d->squares);
	s->cv_percent = bkt_cv_percent(d->runs, &d->sum, &d->squares);
}

static void statistics_read_window(struct statistics_whole *whole, uint32_t outliers)
{
	struct bt_statistics *s = &whole->public;
	struct bkt_window window = { 0 };
	struct bricktrace_sum sum = { 0 }, squares;
	struct bkt_window_figures f;
	uint32_t i;

	s->window_runs = bti_elements(&whole->get.window);
	for (i = 0; i < s->window_runs; i++)
		bkt_window_add(&window, whole->room.window[i].ns);
	bkt_window_figures(&window, outliers, &f);
	sum.low = f.sum;
	squares.low = (uint64_t)f.squares;
	squares.high = (uint64_t)(f.squares >> 64);
	s->window_cv_percent = bkt_cv_percent(f.kept, &sum, &squares);
	s->window_median_ns = s->window_runs ? f.median2 / 2.0 : NAN;
	s->efficiency = s->score = NAN;
	if (s->window_runs && s->budget_ns != BT_NONE) {
		s->efficiency = bkt_efficiency(s->budget_ns, s->window_median_ns);
		s->score = bkt_score(s->budget_ns, s->window_median_ns);
	}
	s->grade = bt_grade(s->score);
}

/* Times and counts are sums over the traced runs, of which some may lack some figures. */
static void statistics_read_traced(struct statistics_whole *whole, uint64_t runnable,
				   uint64_t faults)
{
	const struct bricktrace_statistics *raw = whole->room.statistics;
	uint64_t n = raw->traced;
	uint32_t i;

	whole->times = (struct bt_mean_times){
		.thread_ns = bkt_mean(n, &raw->thread_ns),
		.compute_ns = bkt_mean(n, &raw->compute_ns),
		.compute_offcpu_ns = bkt_mean(n, &raw->compute_offcpu_ns),
		.edge_ns = bkt_mean(raw->edge_runs, &raw->edge_ns),
		.control_ns = bkt_mean(n, &raw->control_ns),
		.compute_runnable_ns = bkt_mean(runnable, &raw->compute_runnable_ns),
		.minor_faults = bkt_mean(faults, &raw->minor_faults),
		.major_faults = bkt_mean(faults, &raw->major_faults),
	};
	whole->public.n_categories = bti_elements(&whole->get.categories);
	for (i = 0; i < whole->public.n_categories; i++) {
		const struct bricktrace_category_statistics *c = &whole->room.categories[i];

		whole->categories[i] = (struct bt_mean_figures){
			.count = bkt_mean(n, &c->count),
			.errors = bkt_mean(n, &c->errors),
			.ns = bkt_mean(n, &c->ns),
			.offcpu_ns = bkt_mean(n, &c->offcpu_ns),
			.runnable_ns = bkt_mean(runnable, &c->runnable_ns),
		};
	}
}

static void statistics_read_assertions(struct statistics_whole *whole)
{
	uint32_t i;

	whole->public.n_assertions = bti_elements(&whole->get.assertions);
	for (i = 0; i < whole->public.n_assertions; i++) {
		const struct bricktrace_assertion *raw = &whole->room.assertions[i];
		const struct bricktrace_assertion_counts *counts = &whole->room.counts[i];
		struct bt_assertion *a = &whole->assertions[i];

		*a = (struct bt_assertion){
			.name = raw->name,
			.kind = (enum bt_assertion_kind)raw->kind,
			.category = BT_CAT_NONE,
			.nr = UINT32_MAX,
			.arch = (enum bt_arch)raw->arch,
			.limit = raw->limit,
			.passed = counts->passed,
			.failed = counts->failed,
			.not_evaluated = counts->not_evaluated,
		};
		switch (a->kind) {
		case BT_ASSERT_CATEGORY_SHARE:
		case BT_ASSERT_CATEGORY_NS:
		case BT_ASSERT_CATEGORY_OFFCPU:
			a->category = (enum bt_category)raw->subject;
			break;
		case BT_ASSERT_SYSCALL_COUNT:
			a->nr = raw->subject;
			break;
		case BT_ASSERT_DURATION:
			break;
		}
	}
}

static int statistics_read_longest(struct statistics_whole *whole,
				   const struct bt_brick *brick)
{
	struct bricktrace_run_close close = {
		.result = whole->get.longest,
		.times = whole->get.longest_times,
		.categories = whole->get.longest_categories,
		.slow_calls = whole->get.longest_slow,
	};
	uint64_t budget_ns = whole->room.longest[0].budget_ns;

	if (!bti_elements(&close.result))
		return 0;
	/* The kernel has no word for a brick without a budget. */
	if (budget_ns == BT_MAX_BUDGET)
		budget_ns = BT_NONE;
	return bti_result_new(brick, budget_ns, &close, &whole->longest);
}

static void statistics_read(struct statistics_whole *whole, const char *name,
			    uint64_t budget_ns, uint32_t outliers)
{
	snprintf(whole->name, sizeof(whole->name), "%s", name);
	whole->public.name = whole->name;
	whole->public.mode = (enum bt_mode)whole->get.mode;
	whole->public.escalated = whole->get.escalated;
	whole->public.baseline = whole->get.baseline;
	whole->public.budget_ns = budget_ns;
	statistics_read_durations(whole);
	statistics_read_window(whole, outliers);
	statistics_read_assertions(whole);
}

int bt_brick_statistics(struct bt_brick *brick, struct bt_statistics **out)
{
	struct statistics_whole *whole;
	struct bt_tracer *t;
	int err;

	if (!out)
		return bti_fail_null("address for the statistics");
	*out = NULL;
	if (!brick)
		return bti_fail_null("brick");
	t = brick->tracer;
	err = bti_need_statistics(t);
	if (err)
		return err;
	whole = calloc(1, sizeof(*whole));
	if (!whole)
		return bti_fail(ENOMEM, "no memory for the statistics of brick '%s'",
				brick->name);
	err = statistics_ask(brick, &whole->get, &whole->room);
	if (err) {
		free(whole);
		return bti_fail(-err, "cannot read the statistics of brick '%s': %s",
				brick->name, strerror(-err));
	}
	statistics_read(whole, brick->name,
			__atomic_load_n(&brick->budget_ns, __ATOMIC_RELAXED),
			__atomic_load_n(&t->outliers, __ATOMIC_RELAXED));
	statistics_read_traced(
		whole, t->features & BRICKTRACE_FEATURE_RUNNABLE ? whole->public.traced : 0,
		t->features & BRICKTRACE_FEATURE_FAULTS ? whole->public.traced : 0);
	err = statistics_read_longest(whole, brick);
	if (err)
		free(whole);
	else
		*out = &whole->public;
	return err;
}

int bti_statistics_new(const char *name, uint64_t budget_ns,
		       const struct bricktrace_brick_get *get,
		       const struct bti_brick_room *room, uint32_t outliers,
		       uint64_t runnable, uint64_t faults, struct bt_statistics **out)
{
	struct statistics_whole *whole = calloc(1, sizeof(*whole));

	*out = &whole->public;
	if (!whole)
		return bti_fail(ENOMEM, "no memory for the statistics of brick '%s'", name);
	whole->get = *get;
	whole->room = *room;
	statistics_read(whole, name, budget_ns, outliers);
	statistics_read_traced(whole, runnable, faults);
	return 0;
}

void bt_statistics_free(struct bt_statistics *s)
{
	if (s)
		bt_result_free(((struct statistics_whole *)s)->longest);
	free(s);
}

double bt_statistics_percentile(const struct bt_statistics *s, double percent)
{
	if (!s || !s->runs || !(percent >= 0 && percent <= 100))
		return NAN;
	return bkt_durations_percentile(&statistics_whole(s)->durations,
					(uint32_t)(10 * percent + 0.5));
}

uint64_t bt_statistics_bucket(const struct bt_statistics *s, uint32_t i, double *above_ns,
			      double *up_to_ns)
{
	int number = (int)i + BT_BUCKET_FIRST;
	bool good = s && i < BT_BUCKETS;

	if (above_ns)
		*above_ns = good ? 1e9 * exp2(number / 4.0) : NAN;
	if (up_to_ns)
		*up_to_ns = good ? 1e9 * exp2((number + 1) / 4.0) : NAN;
	return good ? statistics_whole(s)->durations.bucket[i].runs : 0;
}

uint64_t bt_statistics_window(const struct bt_statistics *s, uint32_t i)
{
	return s && i < s->window_runs ? statistics_whole(s)->room.window[i].ns : BT_NONE;
}

const struct bt_mean_times *bt_statistics_times(const struct bt_statistics *s)
{
	return s ? &statistics_whole(s)->times : NULL;
}

enum bt_category bt_statistics_category_at(const struct bt_statistics *s, uint32_t i)
{
	return s && i < s->n_categories ?
		       (enum bt_category)statistics_whole(s)->room.categories[i].category :
		       BT_CAT_NONE;
}

const struct bt_mean_figures *bt_statistics_category(const struct bt_statistics *s,
						     enum bt_category category)
{
	uint32_t i;

	for (i = 0; s && i < s->n_categories; i++)
		if (bt_statistics_category_at(s, i) == category)
			return &statistics_whole(s)->categories[i];
	return NULL;
}

const struct bt_assertion *bt_statistics_assertion(const struct bt_statistics *s, uint32_t i)
{
	return s && i < s->n_assertions ? &statistics_whole(s)->assertions[i] : NULL;
}

const struct bt_result *bt_statistics_longest(const struct bt_statistics *s)
{
	return s ? statistics_whole(s)->longest : NULL;
}
