// SPDX-License-Identifier: MIT
/*
 * The statistics of durations that the library keeps itself where there is no module. The
 * functions make the same structures as the kernel, so that one decoder reads both.
 */
#include <string.h>

#include "internal.h"

static uint32_t local_load(const uint32_t *setting)
{
	return __atomic_load_n(setting, __ATOMIC_RELAXED);
}

void bti_local_open(struct bt_run *run, uint32_t why)
{
	struct bt_tracer *t = run->tracer;
	struct bti_local *local = run->brick->local;
	struct bkt_window_figures f;
	/* Without a budget no run is late, as the greatest budget says. */
	uint64_t number, budget_ns = run->budget_ns < BT_MAX_BUDGET ? run->budget_ns :
								      BT_MAX_BUDGET;
	enum bt_mode mode;

	pthread_mutex_lock(&t->lock);
	number = ++local->opened;
	if (local->baseline && number % local->baseline == 0)
		why |= BRICKTRACE_WHY_BASELINE;
	bkt_window_figures(&local->window, local_load(&t->outliers), &f);
	mode = local->mode;
	pthread_mutex_unlock(&t->lock);
	why |= bkt_window_anomalies(&f, budget_ns, local_load(&t->cv_threshold),
				    local_load(&t->efficiency_threshold));
	run->local = (struct bricktrace_result){
		.provenance = BRICKTRACE_NOT_INSTRUMENTED,
		.reason = t->reason,
		.why = why,
		.mode = mode,
		.brick_run = number,
		.window_runs = f.runs,
		.window_kept = f.kept,
		.window_sum = f.sum,
		.window_squares = { .low = (uint64_t)f.squares,
				    .high = (uint64_t)(f.squares >> 64) },
		.window_median2 = f.median2,
	};
	run->local.start_ns = t->ops->now();
}

/* Fills an array with elements that exist already. */
static struct bricktrace_array local_array(void *first, size_t size, uint32_t count)
{
	return (struct bricktrace_array){
		.addr = (uintptr_t)first,
		.size = size,
		.cap = count,
		.count = count,
		.known = size,
	};
}

/* Only the duration was measured. Returns the number of entries in @failed. */
static uint32_t local_assertions(struct bt_brick *brick, struct bricktrace_result *r,
				 struct bricktrace_failed *failed)
{
	uint32_t i;

	for (i = 0; i < brick->n_assertions; i++) {
		const struct bricktrace_assertion *a = &brick->assertions[i];
		struct bricktrace_assertion_counts *counts = &brick->local->counts[i];

		if (a->kind != BRICKTRACE_ASSERT_DURATION) {
			counts->not_evaluated++;
			r->not_evaluated++;
		} else if (r->wall_ns <= a->limit) {
			counts->passed++;
			r->passed++;
		} else {
			counts->failed++;
			failed[r->failed] = (struct bricktrace_failed){
				.index = i,
				.kind = a->kind,
				.value = r->wall_ns,
				.limit = a->limit,
			};
			memcpy(failed[r->failed++].name, a->name, sizeof(a->name));
		}
	}
	return r->failed;
}

void bti_local_close(struct bt_run *run, struct bricktrace_failed *failed,
		     struct bricktrace_run_close *close)
{
	struct bricktrace_result *r = &run->local;
	struct bti_local *local = run->brick->local;
	struct bt_tracer *t = run->tracer;
	bool over_budget;

	r->wall_ns = t->ops->now() - r->start_ns;
	over_budget = run->budget_ns != BT_NONE && r->wall_ns > run->budget_ns;
	if (over_budget)
		r->why |= BRICKTRACE_WHY_OVER_BUDGET;
	pthread_mutex_lock(&t->lock);
	if (local_assertions(run->brick, r, failed))
		r->why |= BRICKTRACE_WHY_ASSERTION;
	local->over_budget += over_budget;
	bkt_durations_add(&local->durations, r->wall_ns);
	bkt_window_add(&local->window, r->wall_ns);
	pthread_mutex_unlock(&t->lock);
	*close = (struct bricktrace_run_close){
		.result = local_array(r, sizeof(*r), 1),
		.failed = local_array(failed, sizeof(*failed), r->failed),
	};
}

void bti_local_reset(struct bt_brick *brick)
{
	struct bti_local *local = brick->local;

	pthread_mutex_lock(&brick->tracer->lock);
	local->over_budget = 0;
	memset(&local->durations, 0, sizeof(local->durations));
	memset(&local->window, 0, sizeof(local->window));
	memset(local->counts, 0, sizeof(local->counts));
	pthread_mutex_unlock(&brick->tracer->lock);
}

void bti_local_get(struct bt_brick *brick, struct bricktrace_brick_get *get,
		   struct bti_brick_room *room)
{
	struct bti_local *local = brick->local;
	const struct bkt_durations *d = &local->durations;
	uint32_t i;

	memset(room, 0, sizeof(*room));
	for (i = 0; i < BTI_CATEGORIES; i++)
		room->categories[i].category = i;
	pthread_mutex_lock(&brick->tracer->lock);
	*get = (struct bricktrace_brick_get){
		.mode = local->mode,
		.baseline = local->baseline,
		.statistics = local_array(room->statistics, sizeof(room->statistics[0]), 1),
		.histogram = local_array(room->histogram, sizeof(room->histogram[0]),
					 BT_BUCKETS),
		.categories = local_array(room->categories, sizeof(room->categories[0]),
					  BTI_CATEGORIES),
		.window = local_array(room->window, sizeof(room->window[0]),
				      bkt_window_copy(&local->window, room->window)),
		.assertions = local_array(room->assertions, sizeof(room->assertions[0]),
					  brick->n_assertions),
		.counts = local_array(room->counts, sizeof(room->counts[0]),
				      brick->n_assertions),
	};
	memcpy(room->histogram, d->bucket, sizeof(room->histogram));
	memcpy(room->assertions, brick->assertions, sizeof(room->assertions));
	memcpy(room->counts, local->counts, sizeof(room->counts));
	room->statistics[0] = (struct bricktrace_statistics){
		.runs = d->runs,
		.over_budget = local->over_budget,
		.min_ns = d->runs ? d->min : BRICKTRACE_NONE,
		.max_ns = d->runs ? d->max : BRICKTRACE_NONE,
		.zero = d->zero,
		.sum_ns = d->sum,
		.squares = d->squares,
	};
	pthread_mutex_unlock(&brick->tracer->lock);
}
