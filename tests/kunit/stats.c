// SPDX-License-Identifier: GPL-2.0
#include <kunit/test.h>
#include "../stats/properties.h"
#include "suites.h"

static void properties(struct kunit *test)
{
	u32 i;

	for (i = 0; i < STATS_PROPERTIES; i++) {
		struct stats_test t = { .seed = STATS_SEED };

		stats_properties[i].check(&t);
		KUNIT_EXPECT_TRUE_MSG(test, !t.first.condition, "%s: " STATS_FAILURE,
				      stats_properties[i].name, STATS_SEED, t.first.series,
				      t.first.runs, t.first.line, t.first.condition);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE_SLOW(properties),
	{}
};

struct kunit_suite bkt_stats_suite = {
	.name = "bricktrace_stats",
	.test_cases = cases,
};
