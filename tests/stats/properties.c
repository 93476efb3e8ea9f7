// SPDX-License-Identifier: MIT
#include "properties.h"

#define LONGEST BRICKTRACE_MAX_DURATION
#define CV BRICKTRACE_WHY_CV_EXCEEDED
#define EFFICIENCY BRICKTRACE_WHY_EFFICIENCY_LOW

static const u32 outliers[] = { 0, 1500, BRICKTRACE_MAX_OUTLIERS, BRICKTRACE_OUTLIERS_KEEP };

/* Properties are checked one at a time, and these are too large for the kernel's stack. */
static struct bkt_durations d;
static struct bkt_window w;
static struct model m;
static u64 run[1000];

static void check(struct stats_test *t, bool ok, int line, const char *condition)
{
	if (!ok && !t->first.condition)
		t->first = (struct stats_failure){ condition, line, t->series, t->runs };
}

#define CHECK(condition) check(t, condition, __LINE__, #condition)

/* splitmix64 */
static u64 next(struct stats_test *t)
{
	u64 z = t->seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

u64 stats_duration(struct stats_test *t, u32 series, u32 i)
{
	u64 r = next(t);

	switch (series) {
	case 0:		/* constant */
		return 1000;
	case 1:
		return 0;
	case 2:		/* ascending */
		return 1000 + i;
	case 3:		/* descending */
		return 100000 - i;
	case 4:		/* ties */
		return 1000 + r % 3;
	case 5:
		return 100000 + r % 4096;
	case 6:		/* outliers on both sides */
		return r % 16 ? 100000 + r % 4099 : r % 40 * 10000;
	case 7:		/* all magnitudes */
		return (r >> 24) >> r % 41;
	case 8:		/* the greatest deviation */
		return r % 2 ? LONGEST : 0;
	case 9:		/* too long */
		return LONGEST + r % 3 - 1;
	default:	/* rarely more than 0 */
		return r % 8 ? 0 : r % 1000;
	}
}

/* Starts the statistics anew. */
static void begin(struct stats_test *t, u64 series)
{
	t->series = series;
	t->runs = 0;
	memset(&d, 0, sizeof(d));
	memset(&w, 0, sizeof(w));
}

/* Adds a run to the statistics and to @run. */
static void add(struct stats_test *t, u64 ns)
{
	run[t->runs++] = ns;
	bkt_durations_add(&d, ns);
	bkt_window_add(&w, ns);
}

static void sums_are_exact(struct stats_test *t)
{
	struct big sum, squares, ns;
	u64 zero, in_buckets;
	u32 s, i;

	for (s = 0; s < STATS_SERIES; s++) {
		begin(t, s);
		sum = big_of(0);
		squares = sum;
		zero = 0;
		while (t->runs < 300) {
			add(t, stats_duration(t, s, t->runs));
			ns = big_of(model_clamp(run[t->runs - 1]));
			sum = big_add(sum, ns);
			squares = big_add(squares, big_mul(ns, ns));
			zero += !run[t->runs - 1];
			CHECK(d.runs == t->runs);
			CHECK(!big_cmp(big_of_sum(&d.sum), sum));
			CHECK(!big_cmp(big_of_sum(&d.squares), squares));
			CHECK(d.zero == zero);
		}
		in_buckets = 0;
		for (i = 0; i < BRICKTRACE_BUCKETS; i++)
			in_buckets += d.bucket[i].runs;
		CHECK(in_buckets + zero == d.runs);
		for (i = 0; i < t->runs; i++)
			if (run[i])
				CHECK(d.bucket[bkt_durations_bucket(run[i])].runs-- > 0);
		model_sort(run, t->runs);
		CHECK(d.min == model_clamp(run[0]));
		CHECK(d.max == model_clamp(run[t->runs - 1]));
	}
}

/* 2^40 runs of the longest duration. */
static void sums_do_not_overflow(struct stats_test *t)
{
	const u64 before = (1ULL << 40) - 10;
	struct big runs, longest = big_of(LONGEST);

	begin(t, 0);
	d = (struct bkt_durations){
		.runs = before,
		.min = LONGEST,
		.max = LONGEST,
		.sum = { before << 40, before >> 24 },
		.squares = { 0, before << 16 },
	};
	d.bucket[BRICKTRACE_BUCKETS - 1].runs = before;
	while (t->runs < 20) {
		add(t, BRICKTRACE_NONE);
		runs = big_of(before + t->runs);
		CHECK(d.runs == before + t->runs);
		CHECK(!big_cmp(big_of_sum(&d.sum), big_mul(runs, longest)));
		CHECK(!big_cmp(big_of_sum(&d.squares), big_mul(runs, big_mul(longest, longest))));
		CHECK(d.bucket[BRICKTRACE_BUCKETS - 1].runs == d.runs);
		CHECK(d.max == LONGEST);
		CHECK(bkt_durations_percentile(&d, 500) == LONGEST);
	}
}

static bool in_bucket(u64 ns, u32 bucket)
{
	int number = BRICKTRACE_BUCKET_FIRST + (int)bucket;

	return model_above(ns, number) && !model_above(ns, number + 1);
}

static void each_bucket_has_its_bounds(struct stats_test *t)
{
	u64 low, high, ns;
	u32 i;

	for (i = 0; i < BRICKTRACE_BUCKETS; i++) {
		t->series = i;
		/* The longest duration that is not above the bucket. */
		for (low = 0, high = LONGEST + 1; high - low > 1;) {
			ns = low + (high - low) / 2;
			if (model_above(ns, BRICKTRACE_BUCKET_FIRST + (int)i + 1))
				high = ns;
			else
				low = ns;
		}
		for (ns = low > 1 ? low - 1 : 1; ns <= low + 1 && ns <= LONGEST; ns++)
			CHECK(in_bucket(ns, bkt_durations_bucket(ns)));
	}
	for (i = 0; i < 1000; i++) {
		ns = 1 + stats_duration(t, 7, i);
		CHECK(in_bucket(ns, bkt_durations_bucket(ns)));
	}
	CHECK(bkt_durations_bucket(1) == 0);
	CHECK(bkt_durations_bucket(1000000000) == -1 - BRICKTRACE_BUCKET_FIRST);
	CHECK(bkt_durations_bucket(1000000001) == 0 - BRICKTRACE_BUCKET_FIRST);
	CHECK(bkt_durations_bucket(2000000000) == 3 - BRICKTRACE_BUCKET_FIRST);
	CHECK(bkt_durations_bucket(LONGEST) == BRICKTRACE_BUCKETS - 1);
	CHECK(bkt_durations_bucket(LONGEST + 1) == BRICKTRACE_BUCKETS - 1);
	CHECK(bkt_durations_bucket(BRICKTRACE_NONE) == BRICKTRACE_BUCKETS - 1);
}

static bool near(u64 a, u64 exact)
{
	return 10 * (a < exact ? exact - a : a - exact) <= exact;
}

static void percentiles_are_near(struct stats_test *t)
{
	static const u32 per_mille[] = { 0, 1, 250, 500, 900, 990, 999, 1000 };
	static const u32 runs[] = { 1, 2, 9, 10, 100, 1000 };
	u32 s, i, k, rank;
	u64 ns;

	begin(t, 0);
	CHECK(bkt_durations_percentile(&d, 500) == BRICKTRACE_NONE);
	for (s = 0; s < STATS_SERIES; s++) {
		for (i = 0; i < ARRAY_SIZE(runs); i++) {
			begin(t, s);
			while (t->runs < runs[i])
				add(t, stats_duration(t, s, t->runs));
			model_sort(run, t->runs);
			for (k = 0; k < ARRAY_SIZE(per_mille); k++) {
				for (rank = 1; rank * 1000 < t->runs * per_mille[k];)
					rank++;
				ns = bkt_durations_percentile(&d, per_mille[k]);
				CHECK(near(ns, model_clamp(run[rank - 1])));
				CHECK(ns >= d.min && ns <= d.max);
			}
			CHECK(bkt_durations_percentile(&d, 1001) == d.max);
		}
	}
	/* One run between the shortest and the longest, where neither hides an error. */
	for (ns = 1; ns < LONGEST; ns += 1 + ns / 1000) {
		begin(t, ns);
		add(t, 1);
		add(t, ns);
		add(t, LONGEST);
		CHECK(near(bkt_durations_percentile(&d, 500), ns));
	}
}

static void the_window_is_the_last_runs(struct stats_test *t)
{
	static struct bricktrace_window_run copy[BRICKTRACE_WINDOW];
	u64 used;
	u32 s, i;

	for (s = 0; s < STATS_SERIES; s++) {
		begin(t, s);
		CHECK(bkt_window_copy(&w, copy) == 0);
		while (t->runs < 200) {
			add(t, stats_duration(t, s, t->runs));
			model_window(&m, run, t->runs, BRICKTRACE_OUTLIERS_KEEP);
			CHECK(bkt_window_copy(&w, copy) == m.runs);
			used = 0;
			for (i = 0; i < BRICKTRACE_WINDOW; i++)
				used |= 1ULL << w.order[i];
			CHECK(used == ~0ULL);
			for (i = 0; i < m.runs; i++) {
				CHECK(copy[i].ns == m.last[i]);
				CHECK(w.run[w.order[BRICKTRACE_WINDOW - m.runs + i]] ==
				      m.sorted[i]);
			}
		}
	}
}

static void outliers_are_left_out(struct stats_test *t)
{
	struct bkt_window_figures f;
	struct big sum, squares, ns;
	u32 s, i, k;

	for (s = 0; s < STATS_SERIES; s++) {
		begin(t, s);
		do {
			for (k = 0; k < ARRAY_SIZE(outliers); k++) {
				model_window(&m, run, t->runs, outliers[k]);
				sum = big_of(0);
				squares = sum;
				for (i = m.first; i < m.end; i++) {
					ns = big_of(m.sorted[i]);
					sum = big_add(sum, ns);
					squares = big_add(squares, big_mul(ns, ns));
				}
				bkt_window_figures(&w, outliers[k], &f);
				CHECK(f.runs == m.runs);
				CHECK(f.kept == m.end - m.first);
				CHECK(!big_cmp(big_of(f.sum), sum));
				CHECK(!big_cmp(big_of_u128(f.squares), squares));
				CHECK(f.median2 == (m.runs ? m.sorted[(m.runs - 1) / 2] +
							     m.sorted[m.runs / 2] : 0));
			}
			add(t, stats_duration(t, s, t->runs));
		} while (t->runs <= 200);
	}
}

/* Each verdict changes where that of the model does, to a unit of what is compared. */
static void anomalies_are_exact(struct stats_test *t)
{
	struct bkt_window_figures f;
	u32 s, k, efficiency;
	u64 low, high, n;

	for (s = 0; s < 8 * STATS_SERIES; s++) {
		begin(t, s % STATS_SERIES);
		for (n = 1 + next(t) % 100; n; n--)
			add(t, stats_duration(t, t->series, t->runs));
		k = next(t) % ARRAY_SIZE(outliers);
		model_window(&m, run, t->runs, outliers[k]);
		bkt_window_figures(&w, outliers[k], &f);
		for (low = 0, high = BRICKTRACE_MAX_CV; low < high;) {
			n = low + (high - low) / 2;
			if (bkt_window_anomalies(&f, 0, n, 0))
				low = n + 1;
			else
				high = n;
		}
		for (n = low > 2 ? low - 2 : 0; n <= low + 2; n++)
			CHECK(bkt_window_anomalies(&f, 0, n, 0) == model_anomalies(&m, 0, n, 0));
		efficiency = next(t) % (BRICKTRACE_MAX_EFFICIENCY + 1);
		for (low = 0, high = BRICKTRACE_MAX_BUDGET; low < high;) {
			n = low + (high - low) / 2;
			if (bkt_window_anomalies(&f, n, BRICKTRACE_MAX_CV, efficiency))
				low = n + 1;
			else
				high = n;
		}
		for (n = low > 2 ? low - 2 : 0; n <= low + 2; n++)
			CHECK(bkt_window_anomalies(&f, n, 100 * s, efficiency) ==
			      model_anomalies(&m, n, 100 * s, efficiency));
		CHECK(!bkt_window_anomalies(&f, BRICKTRACE_MAX_BUDGET, BRICKTRACE_MAX_CV,
					    BRICKTRACE_MAX_EFFICIENCY));
	}
}

/* Makes a window of @runs, an even number, whose coefficient is exactly @deviation / @mean. */
static void make_window(struct stats_test *t, u32 runs, u64 mean, u64 deviation)
{
	begin(t, 0);
	while (t->runs < runs)
		add(t, t->runs % 2 ? mean + deviation : mean - deviation);
}

/* The anomalies with the session's usual thresholds. */
static u32 anomalies(u64 budget)
{
	struct bkt_window_figures f;

	bkt_window_figures(&w, 1500, &f);
	return bkt_window_anomalies(&f, budget, 15000, 25000);
}

static void known_coefficients(struct stats_test *t)
{
	struct bkt_window_figures f;
	u32 runs;

	for (runs = 10; runs <= 100; runs += 2) {
		make_window(t, runs, 1000, 149);
		CHECK(anomalies(1000) == 0);
		make_window(t, runs, 1000, 150);
		CHECK(anomalies(1000) == 0);
		make_window(t, runs, 1000, 151);
		CHECK(anomalies(1000) == CV);
		make_window(t, runs, 900000000000, 135000000000);
		CHECK(anomalies(900000000000) == 0);
		make_window(t, runs, 900000000000, 135000000001);
		CHECK(anomalies(900000000000) == CV);
		make_window(t, runs, 0, 0);
		CHECK(anomalies(0) == 0);
	}
	/* Here the threshold times the sum is 2^64 + 2^28, and its square is above 2^128. */
	make_window(t, BRICKTRACE_WINDOW - 1, LONGEST, 0);
	add(t, LONGEST - (1 << 28) + (1 << 11));
	bkt_window_figures(&w, BRICKTRACE_OUTLIERS_KEEP, &f);
	CHECK(bkt_window_anomalies(&f, 0, (1 << 18) + 1, 0) == 0);
}

static void known_efficiencies(struct stats_test *t)
{
	u32 runs;

	for (runs = 10; runs <= 100; runs += 2) {
		make_window(t, runs, 1000, 100);
		CHECK(anomalies(251) == 0);
		CHECK(anomalies(250) == 0);
		CHECK(anomalies(249) == EFFICIENCY);
		CHECK(anomalies(0) == EFFICIENCY);
		make_window(t, runs, 1000, 151);
		CHECK(anomalies(249) == (CV | EFFICIENCY));
		/* Without any duration above 0 the efficiency is 1, whatever the budget is. */
		make_window(t, runs, 0, 0);
		CHECK(anomalies(0) == 0);
		CHECK(anomalies(1) == 0);
		make_window(t, runs, LONGEST, 0);
		CHECK(anomalies(LONGEST / 4) == 0);
		CHECK(anomalies(LONGEST / 4 - 1) == EFFICIENCY);
		CHECK(anomalies(BRICKTRACE_MAX_BUDGET) == 0);
	}
}

static void few_runs_have_no_anomaly(struct stats_test *t)
{
	begin(t, 0);
	CHECK(anomalies(0) == 0);
	while (t->runs < 9) {
		add(t, t->runs % 2 ? 1 : 1000);
		CHECK(anomalies(0) == 0);
	}
	add(t, 1);
	CHECK(anomalies(0) == (CV | EFFICIENCY));
}

#define PROPERTY(function) { #function, function }

const struct stats_property stats_properties[STATS_PROPERTIES] = {
	PROPERTY(sums_are_exact),
	PROPERTY(sums_do_not_overflow),
	PROPERTY(each_bucket_has_its_bounds),
	PROPERTY(percentiles_are_near),
	PROPERTY(the_window_is_the_last_runs),
	PROPERTY(outliers_are_left_out),
	PROPERTY(anomalies_are_exact),
	PROPERTY(known_coefficients),
	PROPERTY(known_efficiencies),
	PROPERTY(few_runs_have_no_anomaly),
};
