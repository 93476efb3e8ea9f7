// SPDX-License-Identifier: MIT
#include "unit.h"

static void assert_budget(const char *text, uint64_t expected)
{
	uint64_t ns = 1;

	assert_null(parse_budget(text, &ns));
	assert_true(ns == expected);
}

static void assert_refused(const char *text, const char *why)
{
	uint64_t ns = 42;
	const char *wrong = parse_budget(text, &ns);

	assert_non_null(wrong);
	if (!strstr(wrong, why))
		fail_msg("'%s': '%s' lacks '%s'", text, wrong, why);
	assert_true(ns == 42);
}

static void units(void **state)
{
	(void)state;
	assert_budget("250", 250000);
	assert_budget("250us", 250000);
	assert_budget("250ns", 250);
	assert_budget("3ms", 3 * MS);
	assert_budget("2s", 2000 * MS);
	assert_budget("0", 0);
	assert_budget("007", 7000);
}

static void fractions_are_exact(void **state)
{
	(void)state;
	assert_budget("1.5", 1500);
	assert_budget("1.1us", 1100);
	assert_budget("12.2us", 12200);
	assert_budget("0.000000001s", 1);
	assert_budget(".5ms", MS / 2);
	assert_budget("5.ms", 5 * MS);
	assert_budget("1.5000us", 1500);
	assert_budget("1.0ns", 1);
	assert_refused("1.0001us", "finer");
	assert_refused("0.5ns", "finer");
}

static void garbage(void **state)
{
	static const char *const bad[] = {
		"",   "us",  ".",    ".us",   "x",   "1x",  "1 us", " 1", "1us ", "1us2",
		"+1", "1e3", "0x10", "1.2.3", "1,5", "nan", "inf",  "1m", "1S",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(bad[i], "number");
	assert_refused("-1", "negative");
	assert_refused("-0us", "negative");
}

static void limits(void **state)
{
	(void)state;
	assert_budget("4611686018427387904ns", BT_MAX_BUDGET);
	assert_budget("4611686018.427387904s", BT_MAX_BUDGET);
	assert_refused("4611686018427387905ns", "limit");
	assert_refused("4611686018.427387905s", "limit");
	assert_refused("4611686019s", "limit");
	assert_refused("18446744073709551616ns", "limit");
	assert_refused("99999999999999999999999999", "limit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(units),
		cmocka_unit_test(fractions_are_exact),
		cmocka_unit_test(garbage),
		cmocka_unit_test(limits),
	};

	return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
