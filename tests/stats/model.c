// SPDX-License-Identifier: MIT
#include "model.h"

#define DIGITS 16

struct big big_of_u128(bkt_u128 n)
{
	return (struct big){ { n, n >> 32, n >> 64, n >> 96 } };
}

struct big big_of(u64 n)
{
	return big_of_u128(n);
}

struct big big_of_sum(const struct bricktrace_sum *sum)
{
	return big_of_u128((bkt_u128)sum->high << 64 | sum->low);
}

struct big big_add(struct big a, struct big b)
{
	u64 carry = 0;
	u32 i;

	for (i = 0; i < DIGITS; i++) {
		carry += (u64)a.digit[i] + b.digit[i];
		a.digit[i] = carry;
		carry >>= 32;
	}
	return a;
}

struct big big_sub(struct big a, struct big b)
{
	struct big one = big_of(1);
	u32 i;

	/* The complement of @b is -@b - 1. */
	for (i = 0; i < DIGITS; i++)
		b.digit[i] = ~b.digit[i];
	return big_add(big_add(a, b), one);
}

struct big big_mul(struct big a, struct big b)
{
	struct big product = {};
	u32 i, k;
	u64 carry;

	for (i = 0; i < DIGITS; i++) {
		carry = 0;
		for (k = 0; a.digit[i] && i + k < DIGITS; k++) {
			carry += (u64)a.digit[i] * b.digit[k] + product.digit[i + k];
			product.digit[i + k] = carry;
			carry >>= 32;
		}
	}
	return product;
}

int big_cmp(struct big a, struct big b)
{
	u32 i;

	for (i = DIGITS; i--;)
		if (a.digit[i] != b.digit[i])
			return a.digit[i] < b.digit[i] ? -1 : 1;
	return 0;
}

u64 model_clamp(u64 ns)
{
	return ns > BRICKTRACE_MAX_DURATION ? BRICKTRACE_MAX_DURATION : ns;
}

static struct big model_square(struct big a)
{
	return big_mul(a, a);
}

static struct big model_power2(u32 exponent)
{
	struct big power = {};

	power.digit[exponent / 32] = 1U << exponent % 32;
	return power;
}

/* To be free of fractions, both sides are raised to the fourth power and multiplied by 2^120. */
bool model_above(u64 ns, int number)
{
	struct big giga4 = model_square(model_square(big_of(1000000000)));
	struct big ns4 = model_square(model_square(big_of(ns)));

	return big_cmp(big_mul(model_power2(120), ns4),
		       big_mul(model_power2(120 + number), giga4)) > 0;
}

void model_sort(u64 *run, u32 n)
{
	u32 i, k;
	u64 ns;

	for (i = 1; i < n; i++) {
		ns = run[i];
		for (k = i; k && run[k - 1] > ns; k--)
			run[k] = run[k - 1];
		run[k] = ns;
	}
}

/* Returns four times the value at @place / 4, linearly interpolated. */
static struct big model_quartile4(const struct model *m, u32 place)
{
	struct big value = big_mul(big_of(4), big_of(m->sorted[place / 4]));

	if (place % 4)
		value = big_add(value, big_mul(big_of(place % 4),
					       big_of(m->sorted[place / 4 + 1] -
						      m->sorted[place / 4])));
	return value;
}

void model_window(struct model *m, const u64 *run, u32 n, u32 outliers)
{
	struct big q1, q3, margin, ns;
	u32 i;

	m->runs = n < BRICKTRACE_WINDOW ? n : BRICKTRACE_WINDOW;
	for (i = 0; i < m->runs; i++)
		m->last[i] = model_clamp(run[n - m->runs + i]);
	memcpy(m->sorted, m->last, sizeof(m->last));
	model_sort(m->sorted, m->runs);
	m->first = 0;
	m->end = m->runs;
	if (m->runs < 10 || outliers == BRICKTRACE_OUTLIERS_KEEP)
		return;
	/* A quarter of a thousandth is the unit in which all terms are integers. */
	q1 = model_quartile4(m, m->runs - 1);
	q3 = model_quartile4(m, 3 * (m->runs - 1));
	margin = big_mul(big_of(outliers), big_sub(q3, q1));
	q1 = big_mul(big_of(1000), q1);
	q3 = big_mul(big_of(1000), q3);
	for (i = 0; i < m->runs; i++) {
		ns = big_mul(big_of(4000), big_of(m->sorted[i]));
		if (big_cmp(big_add(ns, margin), q1) < 0)
			m->first = i + 1;
		if (big_cmp(ns, big_add(q3, margin)) > 0 && m->end > i)
			m->end = i;
	}
}

/*
 * With N kept runs of sum S, the square of the coefficient of variation is the sum of
 * (N * run - S)^2, divided by N * S^2.
 */
static bool model_cv_above(const struct model *m, u32 threshold)
{
	struct big n = big_of(m->end - m->first), sum = {}, deviations = {}, scaled, limit;
	u32 i;

	for (i = m->first; i < m->end; i++)
		sum = big_add(sum, big_of(m->sorted[i]));
	for (i = m->first; i < m->end; i++) {
		scaled = big_mul(n, big_of(m->sorted[i]));
		scaled = big_cmp(scaled, sum) < 0 ? big_sub(sum, scaled) : big_sub(scaled, sum);
		deviations = big_add(deviations, model_square(scaled));
	}
	limit = model_square(big_mul(big_of(threshold), sum));
	return big_cmp(big_mul(deviations, big_of(10000000000)), big_mul(n, limit)) > 0;
}

u32 model_anomalies(const struct model *m, u64 budget, u32 cv, u32 efficiency)
{
	struct big median2;
	u32 why = 0;

	if (m->runs < 10)
		return 0;
	if (model_cv_above(m, cv))
		why |= BRICKTRACE_WHY_CV_EXCEEDED;
	/* The median of no more than 0 makes the efficiency 1. */
	median2 = big_add(big_of(m->sorted[(m->runs - 1) / 2]), big_of(m->sorted[m->runs / 2]));
	if (big_cmp(median2, big_of(0)) &&
	    big_cmp(big_mul(big_of(200000), big_of(budget)),
		    big_mul(big_of(efficiency), median2)) < 0)
		why |= BRICKTRACE_WHY_EFFICIENCY_LOW;
	return why;
}
