// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include "brick.h"
#include "suites.h"

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
}

static struct kunit_case cases[] = {
	KUNIT_CASE(names),
	KUNIT_CASE(budgets),
	KUNIT_CASE(layout),
	{}
};

struct kunit_suite bkt_brick_suite = {
	.name = "bricktrace_brick",
	.test_cases = cases,
};
