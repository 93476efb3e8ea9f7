// SPDX-License-Identifier: MIT
/* Tests of kmod/stats.c as the library compiles it. */
#include <math.h>
#include <stdio.h>
#include "../stats/properties.h"
#include "unit.h"

static void property_holds(void **state)
{
	const struct stats_property *property = *state;
	struct stats_test t = { .seed = STATS_SEED };

	property->check(&t);
	if (t.first.condition)
		fail_msg(STATS_FAILURE, STATS_SEED, t.first.series, t.first.runs,
			 t.first.line, t.first.condition);
}

static struct bricktrace_sum sum_of(struct big n)
{
	return (struct bricktrace_sum){ n.digit[0] | (u64)n.digit[1] << 32,
					n.digit[2] | (u64)n.digit[3] << 32 };
}

static long double real(struct big n)
{
	long double value = 0;
	int i;

	for (i = 16; i--;)
		value = value * 0x1p32L + n.digit[i];
	return value;
}

static void assert_near(double a, long double exact)
{
	if (!(fabsl(a - exact) <= 1e-9L * exact))
		fail_msg("%.17g is not near %.17Lg", a, exact);
}

/* The mean, deviation and coefficient of @n values, whose sums are given exactly. */
static void check_figures(u64 n, struct big sum, struct big squares)
{
	const struct bricktrace_sum s = sum_of(sum), q = sum_of(squares);
	struct big difference = big_sub(big_mul(big_of(n), squares), big_mul(sum, sum));
	long double total = real(sum), deviation = sqrtl(real(difference));

	assert_near(bkt_sum_double(&s), total);
	assert_near(bkt_mean(n, &s), total / n);
	assert_near(bkt_deviation(n, &s, &q), deviation / n);
	assert_near(bkt_cv_percent(n, &s, &q), total > 0 ? 100 * deviation / total : 0);
}

/* Checks @n values of @a and @m values of @b. */
static void check_two(u64 n, u64 a, u64 m, u64 b)
{
	struct big sum_a = big_mul(big_of(n), big_of(a)),
		   sum_b = big_mul(big_of(m), big_of(b));

	check_figures(n + m, big_add(sum_a, sum_b),
		      big_add(big_mul(sum_a, big_of(a)), big_mul(sum_b, big_of(b))));
}

static void shown_figures_are_near(void **state)
{
	static const u64 counts[] = { 1, 7, 1000, 1ULL << 39, (1ULL << 46) - 1 };
	struct stats_test t = { .seed = STATS_SEED };
	const struct bricktrace_sum nothing = { 0, 0 };
	struct big sum, squares, ns;
	u32 s, i, k;

	(void)state;
	for (s = 0; s < STATS_SERIES; s++) {
		sum = squares = big_of(0);
		for (i = 1; i <= 500; i++) {
			ns = big_of(stats_duration(&t, s, i));
			sum = big_add(sum, ns);
			squares = big_add(squares, big_mul(ns, ns));
			check_figures(i, sum, squares);
		}
	}
	/* The deviation is at most a nanosecond, and the mean is long. */
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		for (k = 0; k < ARRAY_SIZE(counts); k++) {
			check_two(counts[i], BRICKTRACE_MAX_DURATION, counts[k],
				  BRICKTRACE_MAX_DURATION - 1);
			check_two(counts[i], BRICKTRACE_MAX_DURATION, counts[k], 0);
			check_two(counts[i], 1, counts[k], 0);
		}
	}
	assert_true(isnan(bkt_mean(0, &nothing)));
	assert_true(isnan(bkt_deviation(0, &nothing, &nothing)));
	assert_true(isnan(bkt_cv_percent(0, &nothing, &nothing)));
	assert_double(bkt_cv_percent(2, &nothing, &nothing), 0);
}

static void efficiencies(void **state)
{
	(void)state;
	assert_double(bkt_efficiency(500, 1000), 0.5);
	assert_double(bkt_efficiency(1000, 1000), 1);
	assert_double(bkt_efficiency(1001, 1000), 1);
	assert_double(bkt_efficiency(0, 1000), 0);
	assert_double(bkt_efficiency(1000, 0), 1);
	assert_double(bkt_efficiency(0, 0), 1);
}

static void scores_and_grades(void **state)
{
	static const u64 budgets[] = { 10, 1000, 1500, 12200, 1234567890, 10ULL << 40 };
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(budgets); i++) {
		const double budget = budgets[i], part = budget / 10;

		assert_double(bkt_score(budget, 0), 100);
		assert_double(bkt_score(budget, budget - 1), 100);
		assert_double(bkt_score(budget, budget), 100);
		assert_double(bkt_score(budget, budget + part), 95);
		/* The gap is 1.2, and above that the score is another line. */
		assert_double(bkt_score(budget, 12 * part), 90);
		assert_int_equal(bkt_grade(bkt_score(budget, 12 * part)), 'A');
		assert_true(bkt_score(budget, 12 * part + 1) < 80);
		assert_true(bkt_score(budget, 12 * part + 1) >= 80 - 100 / budget - 1e-9);
		assert_int_equal(bkt_grade(bkt_score(budget, 12 * part + 1)), 'C');
		assert_double(bkt_score(budget, 13 * part), 70);
		assert_int_equal(bkt_grade(bkt_score(budget, 13 * part)), 'C');
		assert_int_equal(bkt_grade(bkt_score(budget, 13 * part + 1)), 'D');
		assert_double(bkt_score(budget, 14 * part), 60);
		assert_int_equal(bkt_grade(bkt_score(budget, 14 * part)), 'D');
		assert_int_equal(bkt_grade(bkt_score(budget, 14 * part + 1)), 'F');
		assert_true(bkt_score(budget, 20 * part - 1) > 0);
		assert_double(bkt_score(budget, 20 * part), 0);
		assert_double(bkt_score(budget, 30 * part), 0);
	}
	assert_double(bkt_score(0, 0), 100);
	assert_double(bkt_score(0, 1), 0);
	assert_int_equal(bkt_grade(100), 'A');
	assert_int_equal(bkt_grade(90), 'A');
	assert_int_equal(bkt_grade(89.999), 'B');
	assert_int_equal(bkt_grade(80), 'B');
	assert_int_equal(bkt_grade(79.999), 'C');
	assert_int_equal(bkt_grade(70), 'C');
	assert_int_equal(bkt_grade(69.999), 'D');
	assert_int_equal(bkt_grade(60), 'D');
	assert_int_equal(bkt_grade(59.999), 'F');
	assert_int_equal(bkt_grade(0), 'F');
	assert_int_equal(bkt_grade(NAN), 'F');
}

int main(void)
{
	struct CMUnitTest tests[STATS_PROPERTIES + 3] = {
		cmocka_unit_test(shown_figures_are_near),
		cmocka_unit_test(efficiencies),
		cmocka_unit_test(scores_and_grades),
	};
	int i;

	for (i = 0; i < STATS_PROPERTIES; i++)
		tests[i + 3] = (struct CMUnitTest){
			.name = stats_properties[i].name,
			.test_func = property_holds,
			.initial_state = (void *)&stats_properties[i],
		};
	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
