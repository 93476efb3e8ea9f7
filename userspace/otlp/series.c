// SPDX-License-Identifier: MIT
/* The series of metrics: what is remembered of bricks from one collection to the next. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "series.h"

static const struct otlp_brick series_nothing;

static int series_compare(const struct otlp_series *a, const struct otlp_brick *b)
{
	if (a->last.session != b->session)
		return a->last.session < b->session ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* Whether the brick was reset. One that then had more runs than before shows in other figures. */
static bool series_fell(const struct otlp_brick *from, const struct otlp_brick *to)
{
	size_t i;

	if (to->runs < from->runs || to->traced < from->traced ||
	    to->over_budget < from->over_budget || to->zero < from->zero ||
	    to->sum_ns < from->sum_ns)
		return true;
	for (i = 0; i < BT_BUCKETS; i++)
		if (to->buckets[i] < from->buckets[i])
			return true;
	return false;
}

/* Returns the series that the brick has. One without a run or a call has no figures yet. */
static uint32_t series_of(const struct otlp_brick *b)
{
	uint32_t bits = b->runs ? OTLP_SERIES_RUNS : 0, i;

	for (i = 0; i < OTLP_CATEGORIES; i++)
		if (b->categories[i].count || b->categories[i].ns)
			bits |= OTLP_SERIES_CATEGORY(i);
	return bits;
}

/* @old is what was known of the brick, or NULL. */
static void series_take(struct otlp_series *s, const struct otlp_series *old,
			const struct otlp_brick *brick, uint64_t before_unix_ns)
{
	*s = (struct otlp_series){ .since_unix_ns = before_unix_ns, .old = &series_nothing };
	if (old) {
		s->within = old->within;
		s->beyond = old->beyond;
		s->reset = series_fell(&old->last, brick);
		if (!s->reset) {
			s->reset = old->reset;
			s->since_unix_ns = old->since_unix_ns;
			s->old = &old->last;
		}
	}
	s->last = *brick;
	snprintf(s->name, sizeof(s->name), "%s", brick->name);
	s->last.name = s->name;
}

static void series_add_runs(struct otlp_brick *sums, const struct otlp_brick *from,
			    const struct otlp_brick *to)
{
	size_t i;

	sums->min_ns = sums->runs ? MIN(sums->min_ns, to->min_ns) : to->min_ns;
	sums->max_ns = sums->runs ? MAX(sums->max_ns, to->max_ns) : to->max_ns;
	sums->runs += to->runs - from->runs;
	sums->traced += to->traced - from->traced;
	sums->over_budget += to->over_budget - from->over_budget;
	sums->zero += to->zero - from->zero;
	sums->sum_ns += to->sum_ns - from->sum_ns;
	for (i = 0; i < BT_BUCKETS; i++)
		sums->buckets[i] += to->buckets[i] - from->buckets[i];
}

/* The sums are those of all categories, since they have no attribute that tells them apart. */
static void series_add_calls(struct otlp_category_sums *sums,
			     const struct otlp_category_sums *from,
			     const struct otlp_category_sums *to)
{
	sums->count += to->count - from->count;
	sums->errors += to->errors - from->errors;
	sums->ns += to->ns - from->ns;
	sums->offcpu_ns += to->offcpu_ns - from->offcpu_ns;
}

/* Decides which new series of the brick are exported alone, and adds up the others. */
static void series_place(struct otlp_collection *c, struct otlp_series *s,
			 uint64_t before_unix_ns)
{
	uint32_t bits = series_of(&s->last) & ~(s->within | s->beyond), i;

	for (; bits; bits &= bits - 1) {
		if (c->used < OTLP_MAX_SERIES) {
			s->within |= bits & -bits;
			c->used++;
		} else {
			s->beyond |= bits & -bits;
		}
	}
	if (s->beyond && !c->sums_since_unix_ns)
		c->sums_since_unix_ns = before_unix_ns;
	if (s->beyond & OTLP_SERIES_RUNS && s->last.runs)
		series_add_runs(&c->sums, s->old, &s->last);
	for (i = 0; i < OTLP_CATEGORIES; i++)
		if (s->beyond & OTLP_SERIES_CATEGORY(i))
			series_add_calls(&c->sums.categories[0], &s->old->categories[i],
					 &s->last.categories[i]);
	s->old = NULL;
}

int otlp_collection_make(const struct otlp_collection *before,
			 const struct otlp_brick *bricks, size_t n, uint64_t now_unix_ns,
			 struct otlp_collection *after)
{
	/* A brick that was not there at the collection before has no older runs. */
	uint64_t before_unix_ns = before->at_unix_ns ?: now_unix_ns;
	const struct otlp_series *old = before->series, *end = old + before->n;
	size_t i;

	*after = (struct otlp_collection){
		.series = calloc(n + 1, sizeof(*after->series)),
		.n = n,
		.at_unix_ns = now_unix_ns,
		.sums = before->sums,
		.sums_since_unix_ns = before->sums_since_unix_ns,
	};
	if (!after->series)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		while (old < end && series_compare(old, &bricks[i]) < 0)
			old++;
		series_take(&after->series[i],
			    old < end && !series_compare(old, &bricks[i]) ? old : NULL,
			    &bricks[i], before_unix_ns);
		after->used += __builtin_popcount(after->series[i].within);
	}
	/* What was there before keeps its place, so new series get theirs when all are known. */
	for (i = 0; i < n; i++)
		series_place(after, &after->series[i], before_unix_ns);
	return 0;
}

void otlp_collection_free(struct otlp_collection *c)
{
	free(c->series);
	*c = (struct otlp_collection){ 0 };
}
