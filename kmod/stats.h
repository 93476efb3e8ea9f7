/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The statistics of durations: sums and a histogram over all runs of a brick, and a
 * window of its last runs in which an anomaly shows. The module and the library compile
 * this file and stats.c; neither uses anything but the structures that are passed to it.
 *
 * A duration is a number of nanoseconds; one above BRICKTRACE_MAX_DURATION counts as
 * BRICKTRACE_MAX_DURATION. Structures of zeros are empty. The caller serializes access.
 *
 * What decides whether a run is traced uses integers and multiplies, but does not divide.
 * What only shows statistics uses floating point, which only the library has.
 */
#ifndef BKT_STATS_H
#define BKT_STATS_H

#include <linux/bricktrace.h>
#ifdef __KERNEL__
#include <linux/types.h>
#else
typedef __u64 u64;
typedef __s64 s64;
typedef __u32 u32;
typedef __u8 u8;
#endif

typedef unsigned __int128 bkt_u128;

/* Adds @n to @sum. */
static inline void bkt_sum_add(struct bricktrace_sum *sum, u64 n)
{
	sum->low += n;
	sum->high += sum->low < n;
}

/* The durations of all runs. */
struct bkt_durations {
	u64 runs;
	u64 min;		/* not set while @runs is 0; likewise @max */
	u64 max;
	u64 zero;		/* runs of duration 0, which are in no bucket */
	struct bricktrace_sum sum;
	struct bricktrace_sum squares;
	struct bricktrace_bucket bucket[BRICKTRACE_BUCKETS];
};

void bkt_durations_add(struct bkt_durations *d, u64 ns);

/* Returns the index in @bucket of a duration, which is not 0. */
u32 bkt_durations_bucket(u64 ns);

/*
 * Returns the duration that @per_mille thousandths of the runs do not exceed, at most
 * 10 % off: the middle of a bucket on the logarithmic scale, but within @min and @max.
 * The rank is the smallest integer that is not below @runs * @per_mille / 1000, at least
 * 1. Returns BRICKTRACE_NONE without a run.
 */
u64 bkt_durations_percentile(const struct bkt_durations *d, u32 per_mille);

/* The last BRICKTRACE_WINDOW runs. */
struct bkt_window {
	u64 run[BRICKTRACE_WINDOW];	/* a ring: the newest is before @next */
	u64 sum;
	bkt_u128 squares;
	u8 order[BRICKTRACE_WINDOW];	/* places in @run, from the shortest to the longest */
	u32 runs;
	u32 next;
};

void bkt_window_add(struct bkt_window *w, u64 ns);

/* Copies the durations to @to, the oldest first. Returns their number. */
u32 bkt_window_copy(const struct bkt_window *w,
		    struct bricktrace_window_run to[BRICKTRACE_WINDOW]);

/* What a window looked like at one moment. */
struct bkt_window_figures {
	u32 runs;
	u32 kept;	/* runs that are not outliers; @sum and @squares are about them */
	u64 sum;
	bkt_u128 squares;
	u64 median2;	/* twice the median of all @runs; 0 without a run */
};

/*
 * From BRICKTRACE_WINDOW_LEAST runs on, runs that are below Q1 - k (Q3 - Q1) or above
 * Q3 + k (Q3 - Q1) are outliers. Q1 and Q3 are the quartiles with linear interpolation
 * between the runs at (runs - 1) / 4 and 3 (runs - 1) / 4, and k is @outliers / 1000. If
 * @outliers is BRICKTRACE_OUTLIERS_KEEP, no run is an outlier.
 */
void bkt_window_figures(const struct bkt_window *w, u32 outliers,
			struct bkt_window_figures *f);

/*
 * Returns the anomalies, BRICKTRACE_WHY_CV_EXCEEDED and BRICKTRACE_WHY_EFFICIENCY_LOW, of
 * a brick with @budget_ns. The thresholds are in 1/1000 %. The coefficient of variation
 * is the population standard deviation divided by the mean; the efficiency is the budget
 * divided by the median, at most 1. Both comparisons are strict, and without
 * BRICKTRACE_WINDOW_LEAST runs there is no anomaly. Without any duration above 0 the
 * coefficient is 0 and the efficiency 1.
 */
u32 bkt_window_anomalies(const struct bkt_window_figures *f, u64 budget_ns,
			 u32 cv_threshold, u32 efficiency_threshold);

#ifndef __KERNEL__
/*
 * Of @n values with the sum @sum and the sum of squares @squares: the mean, the population
 * standard deviation, and the coefficient of variation in percent, which is 0 if the mean
 * is 0. All are NaN without a value. @n * @squares - @sum^2 is computed exactly, so that a
 * small deviation of large values is right. No sums of @n values that fit the arguments
 * are too large.
 */
double bkt_mean(u64 n, const struct bricktrace_sum *sum);
double bkt_deviation(u64 n, const struct bricktrace_sum *sum,
		     const struct bricktrace_sum *squares);
double bkt_cv_percent(u64 n, const struct bricktrace_sum *sum,
		      const struct bricktrace_sum *squares);

/* The sum as a floating-point number. */
double bkt_sum_double(const struct bricktrace_sum *sum);

/* min(budget / actual, 1); 1 if @actual is 0. */
double bkt_efficiency(double budget, double actual);

/*
 * 100 if the gap, which is actual / budget, is at most 1; 100 - 50 (gap - 1) if it is at
 * most 1.2; otherwise 100 - 100 (gap - 1), but at least 0. An @actual of 0 has 100, and
 * a @budget of 0 with another @actual has 0.
 */
double bkt_score(double budget, double actual);

/* 'A' from a score of 90, 'B' from 80, 'C' from 70, 'D' from 60, otherwise 'F'. */
char bkt_grade(double score);
#endif

#endif /* BKT_STATS_H */
