// SPDX-License-Identifier: GPL-2.0
/* Bricks: their names, and which runs of each mode are traced. */
#include <linux/errno.h>
#include <linux/slab.h>
#include "brick.h"
#include "suites.h"

/* In place of hooks.c and user.c. */
void bkt_hooks_hold(struct bkt_holder *h)
{
	h->holds++;
}

void bkt_hooks_put(struct bkt_holder *h)
{
	h->holds--;
}

bool bkt_user_charge(struct bkt_user *u, size_t bytes)
{
	atomic_long_add(bytes, &u->memory);
	return true;
}

void bkt_user_uncharge(struct bkt_user *u, size_t bytes)
{
	atomic_long_sub(bytes, &u->memory);
}

static int check(const char *name, u64 budget)
{
	char field[BRICKTRACE_NAME_LEN] = {};

	memcpy(field, name, min_t(size_t, strlen(name), sizeof(field)));
	return bkt_brick_check(field, budget);
}

static void names(struct kunit *test)
{
	char name[80];

	KUNIT_EXPECT_EQ(test, check("attention", 0), 0);
	KUNIT_EXPECT_EQ(test, check("Schicht \xc3\xbc", 0), 0);
	KUNIT_EXPECT_EQ(test, check("", 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check("a\nb", 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check("a\x7f", 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check("\x1b[31m", 0), -EINVAL);
	/* The first and last code points of each valid range, and what lies next to them. */
	KUNIT_EXPECT_EQ(test, check("~ \xc2\xa0\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf", 0), 0);
	KUNIT_EXPECT_EQ(test, check("\xee\x80\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 0), 0);
	KUNIT_EXPECT_EQ(test, check("\xc2\x80", 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check("\xc2\x9f", 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check("\xc1\xbf", 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check("\xe0\x9f\xbf", 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check("\xed\xa0\x80", 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check("\xf0\x8f\xbf\xbf", 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check("\xf4\x90\x80\x80", 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check("\xf5\x80\x80\x80", 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check("\x80", 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check("\xff", 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, check("cut \xe2\x82", 0), -EINVAL);
	memset(name, 'x', sizeof(name));
	name[63] = 0;
	KUNIT_EXPECT_EQ(test, check(name, 0), 0);
	name[63] = 'x';
	name[64] = 0;
	KUNIT_EXPECT_EQ(test, check(name, 0), -ENAMETOOLONG);
}

static void budgets(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, check("a", BRICKTRACE_MAX_BUDGET), 0);
	KUNIT_EXPECT_EQ(test, check("a", BRICKTRACE_MAX_BUDGET + 1), -ERANGE);
	KUNIT_EXPECT_EQ(test, check("a", U64_MAX), -ERANGE);
}

/* The layout is part of the ABI: a field that moves breaks programs. */
static void layout(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_syscall, figures), (size_t)16);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_category_figures, figures), (size_t)8);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_times, thread_ns), (size_t)8);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_figures, max_ns), (size_t)40);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_figures, runnable_ns), (size_t)48);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_times, minor_faults), (size_t)56);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_result, wall_ns), (size_t)56);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_run_close, syscalls), (size_t)88);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_run_open, run), (size_t)24);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_brick_define, name), (size_t)16);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_session, edge_ps), (size_t)8);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_info, features), (size_t)32);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_result, window_squares), (size_t)96);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_brick_define, assertions), (size_t)96);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_brick_get, statistics), (size_t)96);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_session, granted), (size_t)88);
}

static const struct bkt_thresholds thresholds = { 15000, 25000, 1500 };
static struct bkt_holder holder;

static struct bkt_brick *brick_new(struct kunit *test, u32 mode, u32 baseline)
{
	struct bkt_brick *b = bkt_brick_alloc(1, "a", &holder);

	KUNIT_ASSERT_NOT_NULL(test, b);
	bkt_brick_set(b, 1000, BRICKTRACE_BRICK_MODE | BRICKTRACE_BRICK_BASELINE, mode, baseline,
		      NULL);
	return b;
}

/* Runs of @ns; returns how many of them are to be traced. Adds their reasons to @why. */
static int runs(struct kunit *test, struct bkt_brick *b, int n, u64 ns, bool automatic, u32 *why)
{
	struct bkt_record *rec = kunit_kzalloc(test, sizeof(*rec), GFP_KERNEL);
	struct bkt_brick_open o;
	int traced = 0;

	KUNIT_ASSERT_NOT_NULL(test, rec);
	rec->result.wall_ns = ns;
	while (n--) {
		bkt_brick_open(b, &thresholds, automatic, &o, &rec->assertions);
		traced += o.trace;
		*why |= o.why;
		bkt_brick_close(b, rec);
	}
	return traced;
}

static void modes(struct kunit *test)
{
	static const struct { u32 mode; int traced; u32 holds; } of[] = {
		{ BRICKTRACE_MODE_MEASURE, 0, 0 }, { BRICKTRACE_MODE_TRACE, 20, 1 },
		{ BRICKTRACE_MODE_NEXT, 0, 0 }, { BRICKTRACE_MODE_TAIL, 20, 1 },
	};
	struct bkt_brick *b = brick_new(test, BRICKTRACE_MODE_MEASURE, 0);
	u32 why = 0;
	int i, k;

	/* Each mode after each other: the session holds the hooks once or not at all. */
	for (i = 0; i < ARRAY_SIZE(of); i++)
		for (k = 0; k < ARRAY_SIZE(of); k++) {
			bkt_brick_set(b, 1000, BRICKTRACE_BRICK_MODE, of[i].mode, 0, NULL);
			KUNIT_EXPECT_EQ(test, holder.holds, of[i].holds);
			bkt_brick_set(b, 1000, BRICKTRACE_BRICK_MODE, of[k].mode, 0, NULL);
			KUNIT_EXPECT_EQ(test, holder.holds, of[k].holds);
			KUNIT_EXPECT_EQ(test, runs(test, b, 20, 1000, true, &why), of[k].traced);
		}
	/* What is not named stays, even if the structure has something else. */
	bkt_brick_set(b, 7, 0, BRICKTRACE_MODE_MEASURE, 5, NULL);
	KUNIT_EXPECT_EQ(test, holder.holds, 1U);
	KUNIT_EXPECT_EQ(test, b->baseline, 0U);
	KUNIT_EXPECT_EQ(test, b->budget_ns, 7ULL);
	KUNIT_EXPECT_EQ(test, why, 0U);
	bkt_brick_free(b);
	KUNIT_EXPECT_EQ(test, holder.holds, 0U);
}

/* Mode next traces from an anomaly on, until 64 runs in a row had none. */
static void escalation(struct kunit *test)
{
	struct bkt_brick *b = brick_new(test, BRICKTRACE_MODE_NEXT, 0);
	u32 why = 0;

	/* Each run takes five budgets, but the first ten have no complete window. */
	KUNIT_EXPECT_EQ(test, runs(test, b, 10, 5000, true, &why), 0);
	KUNIT_EXPECT_EQ(test, why, 0U);
	KUNIT_EXPECT_EQ(test, runs(test, b, 3, 5000, false, &why), 0);
	KUNIT_EXPECT_EQ(test, why, BRICKTRACE_WHY_EFFICIENCY_LOW);
	KUNIT_EXPECT_EQ(test, holder.holds, 0U);
	KUNIT_EXPECT_EQ(test, runs(test, b, 3, 5000, true, &why), 3);
	KUNIT_EXPECT_EQ(test, holder.holds, 1U);
	/* Setting the mode that a brick has already changes nothing. */
	bkt_brick_set(b, 1000, BRICKTRACE_BRICK_MODE, BRICKTRACE_MODE_NEXT, 0, NULL);
	KUNIT_EXPECT_EQ(test, holder.holds, 1U);
	bkt_brick_reset(b);
	KUNIT_EXPECT_EQ(test, holder.holds, 0U);
	KUNIT_EXPECT_EQ(test, runs(test, b, 10, 5000, true, &why), 0);
	/* From a budget of 5000 on, the runs are calm. */
	KUNIT_EXPECT_EQ(test, runs(test, b, 1, 5000, true, &why), 1);
	bkt_brick_set(b, 5000, 0, 0, 0, NULL);
	KUNIT_EXPECT_EQ(test, runs(test, b, 63, 5000, true, &why), 63);
	KUNIT_EXPECT_EQ(test, holder.holds, 1U);
	bkt_brick_set(b, 1000, 0, 0, 0, NULL);
	KUNIT_EXPECT_EQ(test, runs(test, b, 1, 5000, true, &why), 1);
	bkt_brick_set(b, 5000, 0, 0, 0, NULL);
	KUNIT_EXPECT_EQ(test, runs(test, b, 80, 5000, true, &why), 64);
	KUNIT_EXPECT_EQ(test, holder.holds, 0U);
	bkt_brick_free(b);
}

/* The runs whose numbers are multiples, also if the baseline changes in between. */
static void baseline(struct kunit *test)
{
	struct bkt_brick *b = brick_new(test, BRICKTRACE_MODE_MEASURE, 3);
	u32 number, why;

	for (number = 1; number <= 20; number++) {
		why = 0;
		runs(test, b, 1, 1000, true, &why);
		KUNIT_EXPECT_EQ(test, why, number % 3 ? 0U : BRICKTRACE_WHY_BASELINE);
	}
	bkt_brick_set(b, 1000, BRICKTRACE_BRICK_BASELINE, 0, 7, NULL);
	for (; number <= 50; number++) {
		why = 0;
		runs(test, b, 1, 1000, true, &why);
		KUNIT_EXPECT_EQ(test, why, number % 7 ? 0U : BRICKTRACE_WHY_BASELINE);
	}
	bkt_brick_free(b);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(names),
	KUNIT_CASE(budgets),
	KUNIT_CASE(layout),
	KUNIT_CASE(modes),
	KUNIT_CASE(escalation),
	KUNIT_CASE(baseline),
	{}
};

struct kunit_suite bkt_brick_suite = {
	.name = "bricktrace_brick",
	.test_cases = cases,
};
