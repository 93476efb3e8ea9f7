// SPDX-License-Identifier: MIT
/* Tests of modes, statistics and traces where there is no module: the library keeps them. */
#include <math.h>

#include "unit.h"

static uint64_t clock_ns, duration_ns;

static int no_device(const char *path)
{
	(void)path;
	return -ENOENT;
}

static int no_ioctl(int fd, unsigned long request, void *arg)
{
	(void)arg;
	fail_msg("ioctl %lx on %d", request, fd);
	return -1;
}

/* A run reads the clock twice, so it lasts @duration_ns. */
static uint64_t now(void)
{
	return __atomic_add_fetch(&clock_ns, duration_ns, __ATOMIC_RELAXED);
}

static const struct bti_ops nothing = {
	.open = no_device,
	.ioctl = no_ioctl,
	.now = now,
};

static struct bt_tracer *tracer;
static struct bt_brick *brick;

static int begin(void **state)
{
	(void)state;
	clock_ns = 0;
	assert_int_equal(bti_tracer_new(&nothing, &tracer), 0);
	assert_int_equal(bt_brick_define(tracer, "qkv", 100, &brick), 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	bt_tracer_free(tracer);
	return 0;
}

static struct bt_result *run_of(uint64_t ns, enum bt_level level)
{
	struct bt_result *result;
	struct bt_run *run;

	duration_ns = ns;
	assert_int_equal(bt_run_open(tracer, brick, level, BT_SCOPE_THREAD, &run), 0);
	assert_int_equal(bt_run_close(run, &result), 0);
	assert_int_equal(result->wall_ns, ns);
	assert_int_equal(result->provenance, BT_NOT_INSTRUMENTED);
	assert_int_equal(result->reason, BT_REASON_NO_MODULE);
	return result;
}

/* Returns why a run was interesting. */
static uint32_t why_of(uint64_t ns)
{
	struct bt_result *r = run_of(ns, BT_AUTO);
	uint32_t why = r->why;

	assert_int_equal(r->mode, BT_MODE_TAIL);
	assert_false(r->granted || r->refused);
	bt_result_free(r);
	return why;
}

static struct bt_statistics *statistics(void)
{
	struct bt_statistics *s;

	assert_int_equal(bt_brick_statistics(brick, &s), 0);
	return s;
}

static void durations_are_kept(void **state)
{
	struct bt_statistics *s = statistics();
	struct bt_result *r;
	int i;

	(void)state;
	assert_int_equal(s->runs, 0);
	assert_true(s->min_ns == BT_NONE && s->max_ns == BT_NONE);
	assert_true(isnan(s->mean_ns) && isnan(s->window_median_ns));
	assert_int_equal(s->grade, 0);
	bt_statistics_free(s);
	for (i = 0; i < 70; i++) {
		r = run_of(i < 6 ? 0 : 80, i % 2 ? BT_MEASURE : BT_AUTO);
		assert_int_equal(r->brick_run, i + 1);
		assert_int_equal(r->window_runs, i < 64 ? i : 64);
		assert_double(r->efficiency, 1);
		if (!i)
			assert_true(isnan(r->cv_percent) && isnan(r->window_efficiency));
		bt_result_free(r);
	}
	r = run_of(200, BT_MEASURE);
	assert_int_equal(r->why, BT_WHY_OVER_BUDGET);
	assert_double(r->cv_percent, 0);
	assert_double(r->window_efficiency, 1);
	assert_double(r->efficiency, 0.5);
	bt_result_free(r);

	s = statistics();
	assert_string_equal(s->name, "qkv");
	assert_int_equal(s->mode, BT_MODE_MEASURE);
	assert_int_equal(s->budget_ns, 100);
	assert_int_equal(s->runs, 71);
	assert_int_equal(s->traced + s->partial + s->granted + s->refused, 0);
	assert_int_equal(s->over_budget, 1);
	assert_int_equal(s->zero, 6);
	assert_int_equal(s->min_ns, 0);
	assert_int_equal(s->max_ns, 200);
	assert_double(s->mean_ns, (64 * 80 + 200) / 71.0);
	assert_int_equal(s->window_runs, BT_WINDOW);
	assert_int_equal(bt_statistics_window(s, 0), 80);
	assert_int_equal(bt_statistics_window(s, 63), 200);
	/* One late run is an outlier. */
	assert_double(s->window_cv_percent, 0);
	assert_double(s->window_median_ns, 80);
	assert_double(s->efficiency, 1);
	assert_int_equal(s->grade, 'A');
	assert_double(bt_statistics_percentile(s, 5), 0);
	assert_true(fabs(bt_statistics_percentile(s, 50) - 80) <= 8);
	assert_true(fabs(bt_statistics_percentile(s, 99.9) - 200) <= 20);
	assert_int_equal(s->n_categories, 6);
	assert_int_equal(bt_statistics_category_at(s, 5), BT_CAT_OTHER);
	assert_true(isnan(bt_statistics_category(s, BT_CAT_READ)->ns));
	assert_true(isnan(bt_statistics_times(s)->compute_ns));
	assert_null(bt_statistics_longest(s));
	bt_statistics_free(s);
}

static void anomalies_are_seen(void **state)
{
	int i;

	(void)state;
	assert_int_equal(bt_brick_mode(brick, BT_MODE_TAIL), 0);
	/* The median is above four times the budget, but there are no ten runs yet. */
	for (i = 0; i < 10; i++)
		assert_int_equal(why_of(401), BT_WHY_OVER_BUDGET);
	assert_int_equal(why_of(401), BT_WHY_OVER_BUDGET | BT_WHY_EFFICIENCY_LOW);
	assert_int_equal(bt_tracer_thresholds(tracer, 15, 24), 0);
	assert_int_equal(why_of(401), BT_WHY_OVER_BUDGET);
	assert_int_equal(bt_tracer_thresholds(tracer, 15, 100), 0);
	assert_int_equal(why_of(100), BT_WHY_EFFICIENCY_LOW);
	/* The numbers of the runs go on, and the window begins anew. */
	assert_int_equal(bt_brick_reset(brick), 0);
	assert_int_equal(bt_brick_baseline(brick, 7), 0);
	assert_int_equal(why_of(50), BT_WHY_BASELINE);
	for (i = 0; i < 12; i++)
		assert_int_equal(why_of(i % 2 ? 50 : 90) & BT_WHY_CV_EXCEEDED,
				 i < 9 ? 0 : BT_WHY_CV_EXCEEDED);
	assert_int_equal(bt_brick_baseline(brick, 0), 0);
	assert_int_equal(bt_tracer_thresholds(tracer, 99, 1), 0);
	for (i = 0; i < 7; i++)
		assert_int_equal(why_of(50), 0);
	/* A late run among steady ones is an outlier, unless outliers are kept. */
	assert_int_equal(bt_tracer_thresholds(tracer, 15, 1), 0);
	assert_int_equal(bt_brick_reset(brick), 0);
	for (i = 0; i < 20; i++)
		assert_int_equal(why_of(i == 3 ? 99 : 50), 0);
	assert_int_equal(bt_tracer_outliers(tracer, INFINITY), 0);
	assert_int_equal(why_of(50), BT_WHY_CV_EXCEEDED);
}

/* Without a budget no run is late. */
static void no_budget_is_never_exceeded(void **state)
{
	struct bt_statistics *s;
	struct bt_result *r;
	int i;

	(void)state;
	assert_int_equal(bt_brick_define(tracer, "qkv", BT_NONE, &brick), 0);
	for (i = 0; i < 12; i++) {
		r = run_of(UINT64_C(1) << 50, BT_MEASURE);
		assert_int_equal(r->why, 0);
		assert_true(isnan(r->efficiency) && isnan(r->window_efficiency));
		bt_result_free(r);
	}
	s = statistics();
	assert_int_equal(s->over_budget, 0);
	assert_int_equal(s->max_ns, BT_MAX_DURATION);
	assert_true(isnan(s->score));
	bt_statistics_free(s);
	assert_int_equal(bt_brick_define(tracer, "qkv", 0, &brick), 0);
	r = run_of(1, BT_MEASURE);
	assert_int_equal(r->why, BT_WHY_OVER_BUDGET | BT_WHY_EFFICIENCY_LOW);
	assert_double(r->efficiency, 0);
	bt_result_free(r);
	r = run_of(0, BT_MEASURE);
	assert_int_equal(r->why, BT_WHY_EFFICIENCY_LOW);
	assert_double(r->efficiency, 1);
	bt_result_free(r);
}

static void only_durations_are_asserted(void **state)
{
	const struct bt_assertion *a;
	struct bt_statistics *s;
	struct bt_result *r;

	(void)state;
	assert_int_equal(bt_assert_category_ns(brick, "reads", BT_CAT_READ, 5), 0);
	assert_int_equal(bt_assert_duration(brick, "fast", 70), 0);
	assert_int_equal(bt_assert_duration(brick, "faster", 60), 0);
	r = run_of(70, BT_MEASURE);
	assert_int_equal(r->why, BT_WHY_ASSERTION);
	assert_int_equal(r->assertions_passed, 1);
	assert_int_equal(r->assertions_failed, 1);
	assert_int_equal(r->assertions_not_evaluated, 1);
	assert_int_equal(r->n_failed, 1);
	assert_string_equal(bt_result_failed(r, 0)->name, "faster");
	assert_int_equal(bt_result_failed(r, 0)->value, 70);
	assert_int_equal(bt_result_failed(r, 0)->limit, 60);
	bt_result_free(r);
	r = run_of(60, BT_MEASURE);
	assert_int_equal(r->why, 0);
	assert_null(bt_result_failed(r, 0));
	bt_result_free(r);
	s = statistics();
	assert_int_equal(s->n_assertions, 3);
	a = bt_statistics_assertion(s, 0);
	assert_string_equal(a->name, "reads");
	assert_int_equal(a->category, BT_CAT_READ);
	assert_int_equal(a->not_evaluated, 2);
	a = bt_statistics_assertion(s, 2);
	assert_string_equal(a->name, "faster");
	assert_int_equal(a->passed, 1);
	assert_int_equal(a->failed, 1);
	bt_statistics_free(s);
	/* New assertions have counted nothing. */
	assert_int_equal(bt_assert_duration(brick, "faster", 50), 0);
	s = statistics();
	assert_int_equal(bt_statistics_assertion(s, 0)->not_evaluated, 0);
	assert_int_equal(bt_statistics_assertion(s, 2)->limit, 50);
	bt_statistics_free(s);
	bt_result_free(run_of(60, BT_MEASURE));
	assert_int_equal(bt_brick_reset(brick), 0);
	s = statistics();
	assert_int_equal(s->runs, 0);
	assert_int_equal(s->window_runs, 0);
	assert_int_equal(s->n_assertions, 3);
	assert_int_equal(bt_statistics_assertion(s, 2)->failed, 0);
	bt_statistics_free(s);
	assert_int_equal(bt_brick_clear_assertions(brick), 0);
	r = run_of(60, BT_MEASURE);
	assert_int_equal(r->assertions_failed + r->assertions_not_evaluated, 0);
	bt_result_free(r);
}

static void settings_hold_without_a_module(void **state)
{
	(void)state;
	assert_int_equal(bt_tracer_thresholds(tracer, 1, 99), 0);
	assert_int_equal(bt_should_trace(tracer, 1.1, 98.9),
			 BT_ESCALATION_CV_AND_EFFICIENCY);
	assert_int_equal(bt_tracer_limit(tracer, 0), 0);
	assert_int_equal(bt_should_trace(tracer, 1.1, 98.9), BT_ESCALATION_NONE);
	assert_int_equal(bt_tracer_limit(tracer, 5), 0);
	assert_int_equal(bt_tracer_slow(tracer, 0), 0);
	assert_int_equal(bt_tracer_set_enabled(tracer, false), 0);
	assert_int_equal(bt_should_trace(tracer, 1.1, 98.9), BT_ESCALATION_NONE);
	assert_int_equal(bt_tracer_limit(tracer, 1001), -ERANGE);
	assert_int_equal(bt_tracer_slow(tracer, 9999), -ERANGE);
	assert_int_equal(bt_brick_mode(brick, (enum bt_mode)4), -EINVAL);
}

static void count(void *arg)
{
	++*(int *)arg;
}

static void a_trace_only_measures(void **state)
{
	struct bt_statistics *s;
	struct bt_result *r;
	int called = 0;

	(void)state;
	duration_ns = 30;
	assert_int_equal(bt_trace(brick, count, &called, &r), 0);
	assert_int_equal(called, 1);
	assert_int_equal(r->wall_ns, 30);
	assert_int_equal(r->reason, BT_REASON_NO_MODULE);
	assert_int_equal(r->why, BT_WHY_MANUAL);
	bt_result_free(r);
	assert_int_equal(bt_trace_with_reason(brick, BT_ESCALATION_CV_AND_EFFICIENCY,
					      count, &called, &r),
			 0);
	assert_int_equal(r->why, BT_WHY_CV_EXCEEDED | BT_WHY_EFFICIENCY_LOW);
	bt_result_free(r);
	assert_int_equal(bt_trace(brick, count, &called, NULL), 0);
	assert_int_equal(called, 3);
	r = run_of(30, BT_TRACE);
	assert_int_equal(r->why, BT_WHY_MANUAL);
	bt_result_free(r);
	s = statistics();
	assert_int_equal(s->runs, 4);
	assert_int_equal(s->traced, 0);
	bt_statistics_free(s);
}

static void *many_runs(void *arg)
{
	struct bt_statistics *s;
	struct bt_run *run;
	int i;

	for (i = 0; i < 500; i++) {
		if (bt_run_open(tracer, brick, BT_AUTO, BT_SCOPE_THREAD, &run) ||
		    bt_run_close(run, NULL) || bt_tracer_thresholds(tracer, i % 100, 25) ||
		    bt_assert_duration(brick, i % 2 ? "a" : "b", i) ||
		    bt_brick_mode(brick, (enum bt_mode)(i % 4)) ||
		    bt_brick_statistics(brick, &s))
			return arg;
		bt_statistics_free(s);
	}
	return NULL;
}

static void no_run_of_several_threads_is_lost(void **state)
{
	pthread_t thread[4];
	struct bt_statistics *s;
	struct bt_result *r;
	void *failed;
	int i;

	(void)state;
	/* Each thread would have to read a clock of its own. */
	duration_ns = 0;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, many_runs, &thread), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(thread[i], &failed);
		assert_null(failed);
	}
	s = statistics();
	assert_int_equal(s->runs, 2000);
	assert_int_equal(s->zero, 2000);
	bt_statistics_free(s);
	r = run_of(0, BT_MEASURE);
	assert_int_equal(r->brick_run, 2001);
	bt_result_free(r);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(durations_are_kept),
		TEST(anomalies_are_seen),
		TEST(no_budget_is_never_exceeded),
		TEST(only_durations_are_asserted),
		TEST(settings_hold_without_a_module),
		TEST(a_trace_only_measures),
		TEST(no_run_of_several_threads_is_lost),
	};

	return cmocka_run_group_tests_name("local", tests, NULL, NULL);
}
