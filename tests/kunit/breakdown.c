// SPDX-License-Identifier: GPL-2.0
#include "breakdown.h"
#include "suites.h"

/* A product that no word holds is more than any limit; nothing is divided that traps. */
static void an_edge_has_a_limit(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, bt_breakdown_edge(0, 150000, 1000), 0ULL);
	KUNIT_EXPECT_EQ(test, bt_breakdown_edge(4, 150000, 1000), 600ULL);
	KUNIT_EXPECT_EQ(test, bt_breakdown_edge(400, 150000, 1000), 1000ULL);
	KUNIT_EXPECT_EQ(test, bt_breakdown_edge(20000000000000, BRICKTRACE_MAX_EDGE_PS, 7), 7ULL);
	KUNIT_EXPECT_EQ(test, bt_breakdown_edge(U64_MAX, U64_MAX, U64_MAX), U64_MAX);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(an_edge_has_a_limit),
	{}
};

struct kunit_suite bt_breakdown_suite = {
	.name = "bricktrace_breakdown",
	.test_cases = cases,
};
