// SPDX-License-Identifier: MIT
/* Tests of the statistics that the library makes of results. */
#include <math.h>

#include "gather.h"
#include "unit.h"

/* Adds a run of this duration, whose figures @change may change, and frees the run. */
static void add(struct bti_gather *g, uint64_t wall_ns, void (*change)(struct bt_result *r))
{
	struct bt_result *r = sample_result(10 * MS);

	r->wall_ns = wall_ns;
	if (change)
		change(r);
	bti_gather_add(g, r);
	bt_result_free(r);
}

static struct bt_statistics *statistics_of(struct bti_gather *g)
{
	struct bt_statistics *s;

	assert_int_equal(bti_gather_statistics(g, "attention", &s), 0);
	free(g);
	return s;
}

static void runs_are_counted(void **state)
{
	struct bti_gather *g = bti_gather_new();
	struct bt_statistics *s;

	(void)state;
	add(g, 8 * MS, NULL);
	add(g, 12 * MS, NULL);
	add(g, 16 * MS, NULL);
	add(g, 0, NULL);
	s = statistics_of(g);
	assert_string_equal(s->name, "attention");
	assert_int_equal(s->budget_ns, 10 * MS);
	assert_int_equal(s->runs, 4);
	assert_int_equal(s->traced, 4);
	assert_int_equal(s->partial, 0);
	assert_int_equal(s->over_budget, 2);
	assert_int_equal(s->zero, 1);
	assert_int_equal(s->min_ns, 0);
	assert_int_equal(s->max_ns, 16 * MS);
	assert_double(s->mean_ns, 9 * MS);
	/* The squares of the distances, 1, 3, 7 and 9 ms, have the mean 35. */
	assert_true(fabs(s->deviation_ns - sqrt(35) * MS) < 1);
	assert_int_equal(s->window_runs, 4);
	assert_double(s->window_median_ns, 10 * MS);
	assert_int_equal(s->grade, 'A');
	assert_true(fabs(bt_statistics_percentile(s, 99) - 16 * MS) < 1.6 * MS);
	assert_null(bt_statistics_longest(s));
	assert_int_equal(s->n_assertions, 0);
	bt_statistics_free(s);
}

static void is_partial(struct bt_result *r)
{
	r->provenance = BT_PARTIAL;
	category_of(r, BT_CAT_READ)->ns = 3 * MS;
	times_of(r)->edge_ns = BT_NONE;
	times_of(r)->compute_runnable_ns = BT_NONE;
	times_of(r)->minor_faults = BT_NONE;
	times_of(r)->major_faults = BT_NONE;
}

static void was_refused(struct bt_result *r)
{
	r->provenance = BT_NOT_INSTRUMENTED;
	r->refused = true;
}

static void means_are_those_of_runs_with_the_figure(void **state)
{
	struct bti_gather *g = bti_gather_new();
	const struct bt_mean_times *mean;
	struct bt_statistics *s;

	(void)state;
	add(g, 8 * MS, NULL);
	add(g, 8 * MS, is_partial);
	add(g, 8 * MS, was_refused);
	s = statistics_of(g);
	mean = bt_statistics_times(s);
	assert_int_equal(s->runs, 3);
	assert_int_equal(s->traced, 2);
	assert_int_equal(s->partial, 1);
	assert_int_equal(s->refused, 1);
	assert_double(mean->thread_ns, 12 * MS);
	assert_double(mean->edge_ns, MS / 2);
	assert_double(mean->compute_runnable_ns, MS / 4);
	assert_double(mean->minor_faults, 1234);
	assert_double(mean->major_faults, 5);
	assert_int_equal(s->n_categories, 6);
	assert_double(bt_statistics_category(s, BT_CAT_READ)->ns, 2 * MS);
	assert_double(bt_statistics_category(s, BT_CAT_READ)->count, 20);
	assert_double(bt_statistics_category(s, BT_CAT_MMAP)->ns, 0);
	bt_statistics_free(s);
}

static void without_runs_there_are_no_means(void **state)
{
	struct bt_statistics *s = statistics_of(bti_gather_new());

	(void)state;
	assert_int_equal(s->runs, 0);
	assert_int_equal(s->min_ns, BT_NONE);
	assert_true(isnan(s->mean_ns));
	assert_true(isnan(bt_statistics_times(s)->thread_ns));
	bt_statistics_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_are_counted),
		cmocka_unit_test(means_are_those_of_runs_with_the_figure),
		cmocka_unit_test(without_runs_there_are_no_means),
	};

	return cmocka_run_group_tests_name("gather", tests, NULL, NULL);
}
