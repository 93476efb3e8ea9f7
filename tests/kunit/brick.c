// SPDX-License-Identifier: GPL-2.0
#include <linux/errno.h>
#include "brick.h"
#include "suites.h"

static int check(const char *name, u64 budget)
{
	char field[BRICKTRACE_NAME_LEN] = {};

	memcpy(field, name, min_t(size_t, strlen(name), sizeof(field)));
	return bt_brick_check(field, budget);
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

/* The layout is the ABI: a field that moves breaks programs. */
static void layout(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, sizeof(struct bricktrace_syscall), (size_t)112);
	KUNIT_EXPECT_EQ(test, sizeof(struct bricktrace_result),
			(size_t)BRICKTRACE_RESULT_SIZE_V0);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_result, wall_ns), (size_t)56);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_result, all), (size_t)72);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_result, category), (size_t)152);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_open, run), (size_t)24);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_brick, name), (size_t)16);
	KUNIT_EXPECT_EQ(test, offsetof(struct bricktrace_session, edge_ps), (size_t)8);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(names),
	KUNIT_CASE(budgets),
	KUNIT_CASE(layout),
	{}
};

struct kunit_suite bt_brick_suite = {
	.name = "bricktrace_brick",
	.test_cases = cases,
};
