// SPDX-License-Identifier: GPL-2.0 OR MIT
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <math.h>
#include <string.h>
#endif
#include "stats.h"

static u64 stats_clamp(u64 ns)
{
	return ns < BRICKTRACE_MAX_DURATION ? ns : BRICKTRACE_MAX_DURATION;
}

/*
 * The upper bounds of four consecutive buckets in nanoseconds, 10^9 * 2^(k/4) for k = 1 to
 * 4, and the logarithmic middles of these buckets, 10^9 * 2^((2k-1)/8). All are doubled or
 * halved until they are in [2^63, 2^64), and rounded down. In Python, where root(n) is
 * isqrt(isqrt(n)), they are root(10**36 << k + 132) and isqrt(root(10**72 << 2*k + 263)).
 */
static const u64 stats_bounds[] = {
	0x8dc3b8960164a7d9, 0xa8965f74bf065071, 0xc87c3e7d03cdbec3, 0xee6b280000000000
};

static const u64 stats_middles[] = {
	0x81ffa7a9549ca6e3, 0x9a9867054d512391, 0xb7d88a12d0dd9ea0, 0xdaa17c2cd19555db
};

u32 bkt_durations_bucket(u64 ns)
{
	u32 shift, i, k;

	ns = stats_clamp(ns);
	shift = __builtin_clzll(ns);
	i = 4 * (63 - shift);
	ns <<= shift;
	for (k = 0; k < 4; k++)
		i += ns > stats_bounds[k];
	return i;
}

void bkt_durations_add(struct bkt_durations *d, u64 ns)
{
	bkt_u128 square;

	ns = stats_clamp(ns);
	square = (bkt_u128)ns * ns;
	if (!d->runs++ || ns < d->min)
		d->min = ns;
	if (ns > d->max)
		d->max = ns;
	bkt_sum_add(&d->sum, ns);
	bkt_sum_add(&d->squares, square);
	d->squares.high += square >> 64;
	if (ns)
		d->bucket[bkt_durations_bucket(ns)].runs++;
	else
		d->zero++;
}

u64 bkt_durations_percentile(const struct bkt_durations *d, u32 per_mille)
{
	u64 rank = (d->runs * per_mille + 999) / 1000, ns;
	u32 i = 0;

	if (!d->runs)
		return BRICKTRACE_NONE;
	if (!rank)
		rank = 1;
	if (rank <= d->zero)
		return 0;
	rank -= d->zero;
	while (rank > d->bucket[i].runs && i < BRICKTRACE_BUCKETS - 1)
		rank -= d->bucket[i++].runs;
	/*
	 * Adding 5/16 before rounding down keeps whatever is in the bucket within 10 %. If
	 * 9.66 were rounded to 10, the bucket's 9 would not be.
	 */
	ns = ((stats_middles[i % 4] >> (59 - i / 4)) + 5) >> 4;
	return ns < d->min ? d->min : ns > d->max ? d->max : ns;
}

/* Returns how many durations in the ring are below @ns. */
static u32 stats_below(const struct bkt_window *w, u64 ns)
{
	const u8 *place = w->order;
	const u64 *run = w->run;
	u32 step;

	/* The loop is unrolled because it runs twice for each run, under a lock. */
#pragma GCC unroll 6
	for (step = BRICKTRACE_WINDOW / 2; step; step /= 2)
		place += run[place[step - 1]] < ns ? step : 0;
	return place - w->order + (run[*place] < ns);
}

/*
 * The ring is full of zeros before the first run, so that there always is an oldest
 * duration to replace. Equal durations are in @order from the oldest to the newest, so the
 * first of those that are equal to the oldest duration is the oldest.
 */
void bkt_window_add(struct bkt_window *w, u64 ns)
{
	u64 old = w->run[w->next];
	u8 *order = w->order;
	u32 from, to;

	if (!w->runs)
		for (to = 0; to < BRICKTRACE_WINDOW; to++)
			order[to] = to;
	ns = stats_clamp(ns);
	from = stats_below(w, old);
	to = stats_below(w, ns + 1);
	/* Only what lies between the places of the old and the new duration moves. */
	if (to > from) {
		to--;
		memmove(order + from, order + from + 1, to - from);
	} else {
		memmove(order + to + 1, order + to, from - to);
	}
	order[to] = w->next;
	w->run[w->next] = ns;
	w->sum += ns - old;
	w->squares += (bkt_u128)ns * ns - (bkt_u128)old * old;
	w->next = (w->next + 1) % BRICKTRACE_WINDOW;
	w->runs += w->runs < BRICKTRACE_WINDOW;
}

u32 bkt_window_copy(const struct bkt_window *w,
		    struct bricktrace_window_run to[BRICKTRACE_WINDOW])
{
	u32 i;

	for (i = 0; i < w->runs; i++)
		to[i].ns = w->run[(w->next - w->runs + i) % BRICKTRACE_WINDOW];
	return w->runs;
}

/* Returns four times the duration at @place / 4 of @order, linearly interpolated. */
static s64 stats_quartile4(const u64 *run, const u8 *order, u32 place)
{
	u32 part = place % 4;

	order += place / 4;
	return (4 - part) * run[order[0]] + (part ? part * run[order[1]] : 0);
}

static void stats_leave_out(struct bkt_window_figures *f, u64 ns)
{
	f->kept--;
	f->sum -= ns;
	f->squares -= (bkt_u128)ns * ns;
}

void bkt_window_figures(const struct bkt_window *w, u32 outliers,
			struct bkt_window_figures *f)
{
	/* As long as there are fewer runs, the first places in @order have no run. */
	const u8 *last = w->order + BRICKTRACE_WINDOW - 1, *first = last + 1 - w->runs;
	const u64 *run = w->run;
	u32 n = w->runs;
	s64 q1, q3, margin;

	f->runs = n;
	f->kept = n;
	f->sum = w->sum;
	f->squares = w->squares;
	f->median2 = n ? run[first[(n - 1) / 2]] + run[first[n / 2]] : 0;
	if (n < BRICKTRACE_WINDOW_LEAST || outliers == BRICKTRACE_OUTLIERS_KEEP)
		return;
	q1 = stats_quartile4(run, first, n - 1);
	q3 = stats_quartile4(run, first, 3 * (n - 1));
	/* In units of 1/4000 ns, all of these are below 2^63. */
	margin = outliers * (q3 - q1);
	for (; 4000 * (s64)run[*first] < 1000 * q1 - margin; first++)
		stats_leave_out(f, run[*first]);
	for (; 4000 * (s64)run[*last] > 1000 * q3 + margin; last--)
		stats_leave_out(f, run[*last]);
}

u32 bkt_window_anomalies(const struct bkt_window_figures *f, u64 budget_ns,
			 u32 cv_threshold, u32 efficiency_threshold)
{
	bkt_u128 variance, limit = (bkt_u128)cv_threshold * f->sum;
	u32 why = 0;

	if (f->runs < BRICKTRACE_WINDOW_LEAST)
		return 0;
	/*
	 * The coefficient in 1/1000 % is 10^5 * sqrt(@variance) / @sum. Durations of at most
	 * 2^40 have a @variance of at most 2^90, and 10^10 times that is below 2^128. A
	 * @limit from 2^64 on has a greater square, and is not exceeded.
	 */
	variance = f->kept * f->squares - (bkt_u128)f->sum * f->sum;
	if (!(limit >> 64) && variance * 10000000000 > limit * limit)
		why |= BRICKTRACE_WHY_CV_EXCEEDED;
	if ((bkt_u128)budget_ns * 200000 < (bkt_u128)efficiency_threshold * f->median2)
		why |= BRICKTRACE_WHY_EFFICIENCY_LOW;
	return why;
}

#ifndef __KERNEL__
double bkt_sum_double(const struct bricktrace_sum *sum)
{
	return (double)((bkt_u128)sum->high << 64 | sum->low);
}

double bkt_mean(u64 n, const struct bricktrace_sum *sum)
{
	return n ? bkt_sum_double(sum) / (double)n : NAN;
}

/*
 * Returns the square root of @n * @squares - @sum^2. The two terms may agree in almost all
 * digits, so their difference is computed exactly. The difference is not negative, and is
 * below 2^192 for whatever fits the arguments, so it is computed modulo 2^192: in @low, and
 * in @high, which counts 2^64.
 */
static double stats_root(u64 n, const struct bricktrace_sum *sum,
			 const struct bricktrace_sum *squares)
{
	bkt_u128 minuend = (bkt_u128)n * squares->low;
	bkt_u128 square = (bkt_u128)sum->low * sum->low;
	bkt_u128 high = (minuend >> 64) + (bkt_u128)n * squares->high - (square >> 64) -
			2 * (bkt_u128)sum->low * sum->high -
			((bkt_u128)sum->high * sum->high << 64);
	u64 low = (u64)minuend - (u64)square;

	high -= (u64)minuend < (u64)square;
	return sqrt((double)high * 0x1p64 + (double)low);
}

double bkt_deviation(u64 n, const struct bricktrace_sum *sum,
		     const struct bricktrace_sum *squares)
{
	return stats_root(n, sum, squares) / (double)n;
}

double bkt_cv_percent(u64 n, const struct bricktrace_sum *sum,
		      const struct bricktrace_sum *squares)
{
	double total = bkt_sum_double(sum);

	if (total > 0)
		return 100 * stats_root(n, sum, squares) / total;
	return n ? 0 : NAN;
}

double bkt_efficiency(double budget, double actual)
{
	return budget < actual ? budget / actual : 1;
}

/* The excess is subtracted before the division, so that whole nanoseconds are exact. */
double bkt_score(double budget, double actual)
{
	double excess = actual - budget;

	if (excess <= 0)
		return 100;
	if (5 * excess <= budget)
		return 100 - 50 * excess / budget;
	return excess < budget ? 100 - 100 * excess / budget : 0;
}

char bkt_grade(double score)
{
	return score >= 90 ? 'A' : score >= 80 ? 'B' : score >= 70 ? 'C' : score >= 60 ? 'D' : 'F';
}
#endif
