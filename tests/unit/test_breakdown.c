// SPDX-License-Identifier: MIT
#include "unit.h"

static struct bt_breakdown breakdown(uint64_t thread_ns, uint64_t mmap, uint64_t futex,
				     uint64_t ioctl, uint64_t read, uint64_t write,
				     uint64_t other)
{
	struct bt_breakdown b = {
		.thread_ns = thread_ns,
		.category = { { .ns = mmap },
			      { .ns = futex },
			      { .ns = ioctl },
			      { .ns = read },
			      { .ns = write },
			      { .ns = other } },
	};

	return b;
}

static void dominant_is_the_largest(void **state)
{
	struct bt_breakdown b = breakdown(100, 1, 2, 3, 9, 5, 4);

	(void)state;
	assert_int_equal(bt_breakdown_dominant(&b), BT_CAT_READ);
}

static void dominant_ties_follow_the_order(void **state)
{
	uint64_t v[BT_CATEGORIES] = { 5, 5, 5, 5, 5, 5 };
	int i;

	(void)state;
	for (i = 0; i < BT_CATEGORIES; i++) {
		struct bt_breakdown b = breakdown(100, v[0], v[1], v[2], v[3], v[4], v[5]);

		assert_int_equal(bt_breakdown_dominant(&b), i);
		v[i] = 4;
	}
}

static void dominant_of_nothing_is_none(void **state)
{
	struct bt_breakdown b = breakdown(100, 0, 0, 0, 0, 0, 0);

	(void)state;
	assert_int_equal(bt_breakdown_dominant(&b), BT_CAT_NONE);
	assert_string_equal(bt_category_name(BT_CAT_NONE), "none");
}

static void unmeasured_is_not_zero(void **state)
{
	struct bt_breakdown b;

	(void)state;
	memset(&b, 0xff, sizeof(b));
	assert_int_equal(bt_breakdown_dominant(&b), BT_CAT_UNMEASURED);
	assert_null(bt_category_name(BT_CAT_UNMEASURED));
	assert_double(bt_breakdown_overhead_percent(&b), -1);
	assert_true(bt_breakdown_syscall_ns(&b) == BT_NONE);
}

static void overhead_is_a_share(void **state)
{
	struct bt_breakdown b = breakdown(400, 10, 20, 30, 20, 10, 10);

	(void)state;
	assert_double(bt_breakdown_overhead_percent(&b), 25);
	b.thread_ns = 0;
	assert_double(bt_breakdown_overhead_percent(&b), 0);
	b.thread_ns = 99;
	assert_double(bt_breakdown_overhead_percent(&b), 100);
	b = breakdown(0, 0, 0, 0, 0, 0, 0);
	assert_double(bt_breakdown_overhead_percent(&b), 0);
}

static void efficiency_has_no_nan(void **state)
{
	(void)state;
	assert_double(bt_efficiency(50, 100), 0.5);
	assert_double(bt_efficiency(100, 50), 1);
	assert_double(bt_efficiency(100, 100), 1);
	assert_double(bt_efficiency(100, 0), 1);
	assert_double(bt_efficiency(0, 0), 1);
	assert_double(bt_efficiency(0, 1), 0);
}

static void over_budget_is_strict(void **state)
{
	(void)state;
	assert_false(bt_over_budget(100, 99));
	assert_false(bt_over_budget(100, 100));
	assert_true(bt_over_budget(100, 101));
	assert_false(bt_over_budget(0, 0));
	assert_true(bt_over_budget(0, 1));
}

static void result_without_budget_is_never_over(void **state)
{
	struct bt_result *r = sample_result(BT_NONE);

	(void)state;
	assert_false(bt_result_over_budget(r));
	bt_result_free(r);
	r = sample_result(8 * MS - 1);
	assert_true(bt_result_over_budget(r));
	bt_result_free(r);
}

static void syscalls_have_names_in_every_abi(void **state)
{
	char name[48];

	(void)state;
	bti_syscall_name(BRICKTRACE_NR_INVALID, BT_ABI_NATIVE, BT_CAT_OTHER, name,
			 sizeof(name));
	assert_string_equal(name, "(invalid)");
	bti_syscall_name(BRICKTRACE_NR_MORE, BT_ABI_NATIVE, BT_CAT_FUTEX, name,
			 sizeof(name));
	assert_string_equal(name, "(more futex)");
	bti_syscall_name(99999, BT_ABI_NATIVE, BT_CAT_OTHER, name, sizeof(name));
	assert_string_equal(name, "syscall_99999");
	bti_syscall_name(4, (enum bt_abi)9, BT_CAT_OTHER, name, sizeof(name));
	assert_string_equal(name, "syscall_4");
#ifdef __x86_64__
	bti_syscall_name(110, BT_ABI_NATIVE, BT_CAT_OTHER, name, sizeof(name));
	assert_string_equal(name, "getppid");
	bti_syscall_name(64, BT_ABI_COMPAT, BT_CAT_OTHER, name, sizeof(name));
	assert_string_equal(name, "getppid");
	bti_syscall_name(110, BT_ABI_X32, BT_CAT_OTHER, name, sizeof(name));
	assert_string_equal(name, "getppid");
	bti_syscall_name(514, BT_ABI_X32, BT_CAT_IOCTL, name, sizeof(name));
	assert_string_equal(name, "ioctl");
#endif
}

static void names_of_values(void **state)
{
	(void)state;
	assert_string_equal(bt_provenance_name(BT_MEASURED), "measured");
	assert_string_equal(bt_provenance_name(BT_PARTIAL), "partial");
	assert_string_equal(bt_provenance_name(BT_NOT_INSTRUMENTED), "not_instrumented");
	assert_null(bt_provenance_name((enum bt_provenance)9));
	assert_null(bt_reason_name(BT_REASON_NONE));
	assert_string_equal(bt_reason_name(BT_REASON_OUT_OF_REACH), "out_of_reach");
	assert_string_equal(bt_reason_name(BT_REASON_DISABLED), "disabled");
	assert_string_equal(bt_reason_name(BT_REASON_NO_MODULE), "module_absent");
	assert_null(bt_reason_name((enum bt_reason)1000));
	assert_null(bt_category_name((enum bt_category)BT_CATEGORIES));
	assert_null(bt_abi_name((enum bt_abi)3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dominant_is_the_largest),
		cmocka_unit_test(dominant_ties_follow_the_order),
		cmocka_unit_test(dominant_of_nothing_is_none),
		cmocka_unit_test(unmeasured_is_not_zero),
		cmocka_unit_test(overhead_is_a_share),
		cmocka_unit_test(efficiency_has_no_nan),
		cmocka_unit_test(over_budget_is_strict),
		cmocka_unit_test(result_without_budget_is_never_over),
		cmocka_unit_test(syscalls_have_names_in_every_abi),
		cmocka_unit_test(names_of_values),
	};

	return cmocka_run_group_tests_name("breakdown", tests, NULL, NULL);
}
