// SPDX-License-Identifier: MIT
#include "unit.h"

/* The result's categories have these times; their exclusive times are half of them. */
static struct bt_result *result_of(uint64_t thread_ns, const uint64_t *ns, uint32_t n)
{
	struct kernel_answer answer = {
		.result.provenance = BRICKTRACE_MEASURED,
		.times = {
			{ .thread_ns = thread_ns },
			{ .view = BRICKTRACE_VIEW_EXCLUSIVE, .thread_ns = thread_ns / 2 },
		},
		.n_categories = 2 * n,
	};
	uint32_t i;

	for (i = 0; i < 2 * n; i++) {
		answer.categories[i].category = i / 2;
		answer.categories[i].view = i % 2;
		answer.categories[i].figures.ns = ns[i / 2] / (1 + i % 2);
	}
	return answer_result("sums", BT_NONE, &answer);
}

static void dominant_is_the_largest(void **state)
{
	static const uint64_t ns[] = { 1, 2, 3, 9, 5, 4 };
	struct bt_result *r = result_of(100, ns, 6);

	(void)state;
	assert_int_equal(bt_breakdown_dominant(r, BT_INCLUSIVE), BT_CAT_READ);
	bt_result_free(r);
}

static void dominant_ties_follow_the_order(void **state)
{
	uint64_t ns[] = { 5, 5, 5, 5, 5, 5 };
	int i;

	(void)state;
	for (i = 0; i < 6; i++) {
		struct bt_result *r = result_of(100, ns, 6);

		assert_int_equal(bt_breakdown_dominant(r, BT_INCLUSIVE), i);
		bt_result_free(r);
		ns[i] = 4;
	}
}

static void dominant_of_nothing_is_none(void **state)
{
	static const uint64_t ns[6];
	struct bt_result *r = result_of(100, ns, 6);

	(void)state;
	assert_int_equal(bt_breakdown_dominant(r, BT_INCLUSIVE), BT_CAT_NONE);
	assert_string_equal(bt_category_name(BT_CAT_NONE), "none");
	bt_result_free(r);
}

static void unmeasured_is_not_zero(void **state)
{
	struct kernel_answer answer = { .result.provenance = BRICKTRACE_NOT_INSTRUMENTED };
	struct bt_result *r = answer_result("unmeasured", BT_NONE, &answer);

	(void)state;
	assert_int_equal(bt_breakdown_dominant(r, BT_INCLUSIVE), BT_CAT_UNMEASURED);
	assert_null(bt_category_name(BT_CAT_UNMEASURED));
	assert_double(bt_breakdown_overhead_percent(r, BT_EXCLUSIVE), -1);
	assert_true(bt_breakdown_syscall_ns(r, BT_INCLUSIVE) == BT_NONE);
	assert_int_equal(r->n_categories, BTI_CATEGORIES);
	assert_int_equal(bt_result_category_at(r, BT_CAT_OTHER), BT_CAT_OTHER);
	assert_int_equal(bt_result_category_at(r, BTI_CATEGORIES), BT_CAT_NONE);
	assert_true(bt_result_category(r, BT_CAT_OTHER, BT_EXCLUSIVE)->max_ns == BT_NONE);
	bt_result_free(r);
}

static void overhead_is_a_share(void **state)
{
	static const uint64_t ns[] = { 10, 20, 30, 20, 10, 10 };
	struct bt_result *r = result_of(400, ns, 6);

	(void)state;
	assert_double(bt_breakdown_overhead_percent(r, BT_INCLUSIVE), 25);
	times_of(r)->thread_ns = 0;
	assert_double(bt_breakdown_overhead_percent(r, BT_INCLUSIVE), 0);
	times_of(r)->thread_ns = 99;
	assert_double(bt_breakdown_overhead_percent(r, BT_INCLUSIVE), 100);
	bt_result_free(r);
}

static void views_differ(void **state)
{
	static const uint64_t ns[] = { 2, 4, 1, 0, 0, 20 };
	struct bt_result *r = result_of(100, ns, 6);
	enum bt_view none = (enum bt_view)2;

	(void)state;
	assert_int_equal(bt_breakdown_syscall_ns(r, BT_INCLUSIVE), 27);
	assert_int_equal(bt_breakdown_syscall_ns(r, BT_EXCLUSIVE), 13);
	assert_int_equal(bt_result_times(r, BT_EXCLUSIVE)->thread_ns, 50);
	assert_double(bt_breakdown_overhead_percent(r, BT_EXCLUSIVE), 26);
	assert_null(bt_result_times(r, none));
	assert_null(bt_result_category(r, BT_CAT_MMAP, none));
	assert_int_equal(bt_breakdown_dominant(r, none), BT_CAT_UNMEASURED);
	bt_result_free(r);
}

static void a_newer_category_counts(void **state)
{
	static const uint64_t ns[] = { 1, 2, 3, 4, 5, 6, 0, 79 };
	struct bt_result *r = result_of(100, ns, 8);

	(void)state;
	assert_int_equal(r->n_categories, 8);
	assert_int_equal(bt_result_category_at(r, 7), 7);
	assert_int_equal(bt_result_category(r, (enum bt_category)7, BT_EXCLUSIVE)->ns, 39);
	assert_null(bt_result_category(r, (enum bt_category)8, BT_INCLUSIVE));
	assert_int_equal(bt_breakdown_syscall_ns(r, BT_INCLUSIVE), 100);
	assert_int_equal(bt_breakdown_dominant(r, BT_INCLUSIVE), 7);
	assert_string_equal(bt_category_name(bt_breakdown_dominant(r, BT_INCLUSIVE)),
			    "category_7");
	bt_result_free(r);
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

static void blocked_is_what_is_not_waiting(void **state)
{
	(void)state;
	assert_int_equal(bt_blocked_ns(10, 3), 7);
	assert_int_equal(bt_blocked_ns(10, 10), 0);
	assert_int_equal(bt_blocked_ns(10, 11), 0);
	assert_true(bt_blocked_ns(BT_NONE, 3) == BT_NONE);
	assert_true(bt_blocked_ns(10, BT_NONE) == BT_NONE);
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

static void syscalls_have_names_in_every_arch(void **state)
{
	static const struct {
		const char *machine;
		uint32_t nr;
		enum bt_arch arch;
		enum bt_category category;
		const char *name, *arch_name;
	} cases[] = {
		{ "x86_64", BRICKTRACE_NR_INVALID, BT_ARCH_NATIVE, BT_CAT_OTHER,
		  "(invalid)", "x86_64" },
		{ "aarch64", BRICKTRACE_NR_MORE, BT_ARCH_NATIVE, BT_CAT_FUTEX,
		  "(more futex)", "aarch64" },
		{ "x86_64", BRICKTRACE_NR_MORE, BT_ARCH_NATIVE, (enum bt_category)99,
		  "(more category_99)", "x86_64" },
		{ "x86_64", 99999, BT_ARCH_NATIVE, BT_CAT_OTHER, "syscall_99999", "x86_64" },
		{ "x86_64", 4, (enum bt_arch)9, BT_CAT_OTHER, "syscall_4", "arch_9" },
		{ "x86_64", 110, BT_ARCH_NATIVE, BT_CAT_OTHER, "getppid", "x86_64" },
		{ "x86_64", 64, BT_ARCH_NATIVE, BT_CAT_OTHER, "semget", "x86_64" },
		{ "x86_64", 64, BT_ARCH_COMPAT, BT_CAT_OTHER, "getppid", "i386" },
		{ "x86_64", 110, BT_ARCH_X32, BT_CAT_OTHER, "getppid", "x32" },
		{ "x86_64", 514, BT_ARCH_X32, BT_CAT_IOCTL, "ioctl", "x32" },
		{ "aarch64", 173, BT_ARCH_NATIVE, BT_CAT_OTHER, "getppid", "aarch64" },
		{ "aarch64", 64, BT_ARCH_NATIVE, BT_CAT_WRITE, "write", "aarch64" },
		{ "aarch64", 64, BT_ARCH_COMPAT, BT_CAT_OTHER, "getppid", "arm" },
		{ "aarch64", 0xf0002, BT_ARCH_COMPAT, BT_CAT_OTHER, "cacheflush", "arm" },
		{ "aarch64", 64, BT_ARCH_X32, BT_CAT_OTHER, "syscall_64", "arch_2" },
		{ "riscv64", 173, BT_ARCH_NATIVE, BT_CAT_OTHER, "syscall_173", "native" },
		{ "", 173, BT_ARCH_COMPAT, BT_CAT_OTHER, "syscall_173", "compat" },
	};
	char name[48], arch[24];
	const size_t n = sizeof(cases) / sizeof(cases[0]);
	size_t i;

	(void)state;
	/* The second time, the library knows the names already. */
	for (i = 0; i < 2 * n; i++) {
		const struct bti_machine *machine = bti_machine(cases[i % n].machine);

		bti_syscall_name(machine, cases[i % n].nr, cases[i % n].arch,
				 cases[i % n].category, name, sizeof(name));
		assert_string_equal(name, cases[i % n].name);
		assert_string_equal(bti_arch_name(machine, cases[i % n].arch, arch),
				    cases[i % n].arch_name);
	}
	assert_string_equal(bt_arch_name(BT_ARCH_NATIVE), bti_host);
}

static void names_of_values(void **state)
{
	(void)state;
	assert_string_equal(bt_provenance_name(BT_MEASURED), "measured");
	assert_string_equal(bt_provenance_name(BT_PARTIAL), "partial");
	assert_string_equal(bt_provenance_name(BT_NOT_INSTRUMENTED), "not_instrumented");
	assert_string_equal(bt_provenance_name((enum bt_provenance)9), "provenance_9");
	assert_null(bt_reason_name(BT_REASON_NONE));
	assert_string_equal(bt_reason_name(BT_REASON_OUT_OF_REACH), "out_of_reach");
	assert_string_equal(bt_reason_name(BT_REASON_DISABLED), "disabled");
	assert_string_equal(bt_reason_name(BT_REASON_NO_MODULE), "module_absent");
	assert_string_equal(bt_reason_name((enum bt_reason)1000), "reason_1000");
	assert_string_equal(bt_category_name((enum bt_category)99), "category_99");
	assert_string_equal(bt_arch_name((enum bt_arch)3), "arch_3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dominant_is_the_largest),
		cmocka_unit_test(dominant_ties_follow_the_order),
		cmocka_unit_test(dominant_of_nothing_is_none),
		cmocka_unit_test(unmeasured_is_not_zero),
		cmocka_unit_test(overhead_is_a_share),
		cmocka_unit_test(views_differ),
		cmocka_unit_test(a_newer_category_counts),
		cmocka_unit_test(efficiency_has_no_nan),
		cmocka_unit_test(blocked_is_what_is_not_waiting),
		cmocka_unit_test(over_budget_is_strict),
		cmocka_unit_test(result_without_budget_is_never_over),
		cmocka_unit_test(syscalls_have_names_in_every_arch),
		cmocka_unit_test(names_of_values),
	};

	return cmocka_run_group_tests_name("breakdown", tests, NULL, NULL);
}
