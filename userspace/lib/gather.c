// SPDX-License-Identifier: MIT
/* The sums over results of which the library makes the statistics of a recording's bricks. */
#include <stdlib.h>
#include <string.h>

#include "gather.h"
#include "internal.h"

struct bti_gather {
	uint64_t budget_ns;
	uint64_t runnable_runs, fault_runs; /* how many traced runs have these figures */
	struct bkt_durations durations;
	struct bkt_window window;
	struct bricktrace_statistics sums; /* without what @durations has */
	uint32_t n_categories;
	struct bricktrace_category_statistics categories[64];
};

struct bti_gather *bti_gather_new(void)
{
	return calloc(1, sizeof(struct bti_gather));
}

/* Returns whether the figure was measured. */
static bool gather_sum(struct bricktrace_sum *sum, uint64_t n)
{
	if (n != BT_NONE)
		bkt_sum_add(sum, n);
	return n != BT_NONE;
}

/* Returns NULL if there are too many categories. */
static struct bricktrace_category_statistics *gather_category(struct bti_gather *g,
							      enum bt_category category)
{
	uint32_t i, number = category;

	for (i = 0; i < g->n_categories; i++)
		if (g->categories[i].category == number)
			return &g->categories[i];
	if (i == sizeof(g->categories) / sizeof(*g->categories))
		return NULL;
	g->categories[g->n_categories++].category = number;
	return &g->categories[i];
}

static void gather_categories(struct bti_gather *g, const struct bt_result *r)
{
	struct bricktrace_category_statistics *sums;
	uint32_t i;

	for (i = 0; i < r->n_categories; i++) {
		enum bt_category category = bt_result_category_at(r, i);
		const struct bt_figures *f = bt_result_category(r, category, BT_INCLUSIVE);

		sums = gather_category(g, category);
		if (!sums)
			continue;
		gather_sum(&sums->count, f->count);
		gather_sum(&sums->errors, f->errors);
		gather_sum(&sums->ns, f->ns);
		gather_sum(&sums->offcpu_ns, f->offcpu_ns);
		gather_sum(&sums->runnable_ns, f->runnable_ns);
	}
}

static void gather_traced(struct bti_gather *g, const struct bt_result *r)
{
	const struct bt_times *t = bt_result_times(r, BT_INCLUSIVE);
	struct bricktrace_statistics *s = &g->sums;

	s->traced++;
	s->partial += r->provenance == BT_PARTIAL;
	gather_sum(&s->thread_ns, t->thread_ns);
	gather_sum(&s->compute_ns, t->compute_ns);
	gather_sum(&s->compute_offcpu_ns, t->compute_offcpu_ns);
	gather_sum(&s->control_ns, t->control_ns);
	s->edge_runs += gather_sum(&s->edge_ns, t->edge_ns);
	g->runnable_runs += gather_sum(&s->compute_runnable_ns, t->compute_runnable_ns);
	g->fault_runs += gather_sum(&s->minor_faults, t->minor_faults);
	gather_sum(&s->major_faults, t->major_faults);
	gather_categories(g, r);
}

void bti_gather_add(struct bti_gather *g, const struct bt_result *r)
{
	g->budget_ns = r->budget_ns;
	g->sums.over_budget += bt_result_over_budget(r);
	g->sums.granted += r->granted;
	g->sums.refused += r->refused;
	bkt_durations_add(&g->durations, r->wall_ns);
	bkt_window_add(&g->window, r->wall_ns);
	if (r->provenance != BT_NOT_INSTRUMENTED)
		gather_traced(g, r);
}

int bti_gather_statistics(const struct bti_gather *g, const char *name,
			  struct bt_statistics **statistics)
{
	const struct bkt_durations *d = &g->durations;
	struct bti_brick_room room = { .statistics = { g->sums } };
	const struct bricktrace_brick_get get = {
		.categories = { .cap = g->n_categories, .count = g->n_categories },
		.window = { .cap = BT_WINDOW,
			    .count = bkt_window_copy(&g->window, room.window) },
	};

	room.statistics[0].runs = d->runs;
	room.statistics[0].min_ns = d->runs ? d->min : BRICKTRACE_NONE;
	room.statistics[0].max_ns = d->runs ? d->max : BRICKTRACE_NONE;
	room.statistics[0].zero = d->zero;
	room.statistics[0].sum_ns = d->sum;
	room.statistics[0].squares = d->squares;
	memcpy(room.histogram, d->bucket, sizeof(room.histogram));
	memcpy(room.categories, g->categories, sizeof(room.categories));
	return bti_statistics_new(name, g->budget_ns, &get, &room, BTI_OUTLIERS,
				  g->runnable_runs, g->fault_runs, statistics);
}
