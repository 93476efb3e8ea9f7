// SPDX-License-Identifier: MIT
#include "unit.h"

static void assert_ids(struct ids *ids, const char *text, const pid_t *expected, size_t n)
{
	assert_null(parse_ids(text, ids));
	assert_int_equal(ids->n, n);
	assert_memory_equal(ids->id, expected, n * sizeof(*expected));
}

static void lists_grow_without_repeats(void **state)
{
	static const pid_t expected[] = { 12, 7, 2147483647, 1 };
	struct ids ids = { 0 };

	(void)state;
	assert_ids(&ids, "12", expected, 1);
	assert_ids(&ids, "12,7", expected, 2);
	/* pidof and ps write lists with blanks and newlines. */
	assert_ids(&ids, " 7 2147483647\n", expected, 3);
	assert_ids(&ids, "1,\t12,,007", expected, 4);
	free(ids.id);
}

static void assert_refused(const char *text, const char *why)
{
	struct ids ids = { 0 };
	const char *wrong = parse_ids(text, &ids);

	assert_non_null(wrong);
	if (!strstr(wrong, why))
		fail_msg("'%s': '%s' lacks '%s'", text, wrong, why);
	free(ids.id);
}

static void garbage(void **state)
{
	(void)state;
	assert_refused("", "empty");
	assert_refused(" ,", "empty");
	assert_refused("1x", "numbers");
	assert_refused("-1", "numbers");
	assert_refused("+1", "numbers");
	assert_refused("1,init", "numbers");
	assert_refused("1;2", "numbers");
	assert_refused("0", "from 1 to 2147483647");
	assert_refused("5,0", "from 1 to 2147483647");
	assert_refused("2147483648", "from 1 to 2147483647");
	assert_refused("99999999999999999999999", "from 1 to 2147483647");
}

static void durations_are_seconds(void **state)
{
	uint64_t ns;

	(void)state;
	assert_null(parse_duration("2", &ns));
	assert_true(ns == 2000 * MS);
	assert_null(parse_duration("0.25", &ns));
	assert_true(ns == 250 * MS);
	assert_null(parse_duration("250us", &ns));
	assert_true(ns == MS / 4);
	assert_null(parse_duration("10s", &ns));
	assert_true(ns == 10000 * MS);
	assert_non_null(parse_duration("4611686019", &ns));
	assert_non_null(parse_duration("-1", &ns));
	assert_non_null(parse_duration("1h", &ns));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_grow_without_repeats),
		cmocka_unit_test(garbage),
		cmocka_unit_test(durations_are_seconds),
	};

	return cmocka_run_group_tests_name("ids", tests, NULL, NULL);
}
