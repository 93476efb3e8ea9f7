// SPDX-License-Identifier: MIT
#include "unit.h"

static char *printed_as(const struct output *output, const struct bt_result *r,
			const struct report *report)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(output->print(out, r, report), 0);
	fclose(out);
	return text;
}

static char *printed(const struct output *output, const struct bt_result *r,
		     enum sort_key sort)
{
	struct report report = plain_report;

	report.sort = sort;
	return printed_as(output, r, &report);
}

static char *table(const struct bt_result *r, enum sort_key sort)
{
	return printed(&output_table, r, sort);
}

/* Returns the table with broken lines joined again. */
static char *joined_table(const struct bt_result *r)
{
	static const char broken[] = "\n           ";
	char *text = table(r, SORT_TIME), *at = text;

	while ((at = strstr(at, broken))) {
		*at = ' ';
		memmove(at + 1, at + strlen(broken), strlen(at + strlen(broken)) + 1);
	}
	return text;
}

static void table_reads_like_strace(void **state)
{
	struct bt_result *r = sample_result(5 * MS);
	char *text = table(r, SORT_TIME);

	(void)state;
	assert_string_equal(
		text,
		"brick:     attention\n"
		"wall time: 0.008000000 s\n"
		"budget:    0.005000000 s, exceeded by 0.003000000 s\n"
		"threads:   2\n"
		"breakdown: measured\n"
		"\n"
		"% time   seconds    on-CPU   blocked   waiting     calls errors category\n"
		"------ --------- --------- --------- --------- --------- ------ ----------------\n"
		"  0.00 0.0000000 0.0000000 0.0000000 0.0000000         0        mmap\n"
		" 33.33 0.0040000 0.0010000 0.0020000 0.0010000         3        futex\n"
		"  0.00 0.0000000 0.0000000 0.0000000 0.0000000         0        ioctl\n"
		"  8.33 0.0010000 0.0010000 0.0000000 0.0000000        20      2 read\n"
		"  0.00 0.0000000 0.0000000 0.0000000 0.0000000         0        write\n"
		"  8.33 0.0010000 0.0010000 0.0000000 0.0000000         1        other\n"
		"  4.17 0.0005000                                                edge (estimated)\n"
		"  4.17 0.0005000                                                control\n"
		" 41.67 0.0050000 0.0040000 0.0007500 0.0002500                  compute\n"
		"------ --------- --------- --------- --------- --------- ------ ----------------\n"
		"100.00 0.0120000                                                thread time\n"
		"Page faults: 1234 minor, 5 major.\n"
		"Compute contains page faults outside calls, vDSO calls and polling a GPU. None\n"
		"of these figures contains the work that io_uring does for a program.\n"
		"\n"
		"% time     seconds  usecs/call     calls    errors syscall\n"
		"------ ----------- ----------- --------- --------- ----------------\n"
		" 66.67 0.004000000    1000.000         3           futex\n"
		" 16.67 0.001000000    1000.000         1           getpid (i386)\n"
		" 16.67 0.001000000      50.000        20         2 read\n"
		"  0.00 0.000000000       0.000         0           exit_group\n"
		"------ ----------- ----------- --------- --------- ----------------\n"
		"100.00 0.006000000     240.000        24         2 total\n"
		"Under way at the end: futex 1, exit_group 2\n");
	free(text);
	bt_result_free(r);
}

/* A kernel without CONFIG_SCHEDSTATS gives the same table. */
static void an_older_module_does_not_divide_off_cpu(void **state)
{
	struct bt_result *r = sample_of(5 * MS, true);
	char *text = table(r, SORT_TIME);

	(void)state;
	assert_non_null(strstr(
		text,
		"breakdown: measured\n"
		"\n"
		"% time     seconds      on-CPU     off-CPU     calls    errors category\n"
		"------ ----------- ----------- ----------- --------- --------- ----------------\n"
		"  0.00 0.000000000 0.000000000 0.000000000         0           mmap\n"
		" 33.33 0.004000000 0.001000000 0.003000000         3           futex\n"
		"  0.00 0.000000000 0.000000000 0.000000000         0           ioctl\n"
		"  8.33 0.001000000 0.001000000 0.000000000        20         2 read\n"
		"  0.00 0.000000000 0.000000000 0.000000000         0           write\n"
		"  8.33 0.001000000 0.001000000 0.000000000         1           other\n"
		"  4.17 0.000500000                                             edge (estimated)\n"
		"  4.17 0.000500000                                             control\n"
		" 41.67 0.005000000 0.004000000 0.001000000                     compute\n"
		"------ ----------- ----------- ----------- --------- --------- ----------------\n"
		"100.00 0.012000000                                             thread time\n"
		"Compute contains page faults outside calls, vDSO calls and polling a GPU. None\n"
		"of these figures contains the work that io_uring does for a program.\n"));
	free(text);
	bt_result_free(r);
}

static void table_without_breakdown_has_no_zeros(void **state)
{
	struct bt_result *r = sample_result(BT_NONE);
	char *text;

	(void)state;
	r->provenance = BT_NOT_INSTRUMENTED;
	r->reason = BT_REASON_DISARMED;
	text = table(r, SORT_TIME);
	assert_string_equal(
		text,
		"brick:     attention\n"
		"wall time: 0.008000000 s\n"
		"breakdown: not measured: the hooks were removed during the run: tracing was\n"
		"           switched off on this host, or the machine was suspended\n");
	free(text);
	r->reason = BT_REASON_DISABLED;
	text = joined_table(r);
	assert_non_null(
		strstr(text, "not measured: tracing is switched off on this host; "));
	assert_non_null(strstr(text, "echo 1 >/sys/module/bricktrace/parameters/enabled\n"));
	free(text);
	bt_result_free(r);
}

static void table_says_partial_and_uncalibrated(void **state)
{
	struct bt_result *r = sample_result(9 * MS);
	char *text;

	(void)state;
	r->provenance = BT_PARTIAL;
	r->reason = BT_REASON_THREADS_LOST;
	times_of(r)->edge_ns = BT_NONE;
	r->n_missing = 3;
	text = joined_table(r);
	assert_non_null(strstr(text, "kept by 0.001000000 s"));
	assert_non_null(strstr(
		text, "partial, these are lower bounds: a thread could not be followed"));
	assert_non_null(strstr(
		text,
		"     -         -                                                edge (unknown)\n"));
	assert_non_null(strstr(text, "Only the categories contain 3 more system calls.\n"));
	free(text);
	r->reason = BT_REASON_OUT_OF_REACH;
	text = joined_table(r);
	assert_non_null(strstr(text, "lower bounds: the thread executed a program that "));
	assert_non_null(strstr(text, ", and left the run\n"));
	free(text);
	bt_result_free(r);
}

static void table_shows_a_pool_that_sleeps(void **state)
{
#define FUTEX FIGURES(0, 8, 0, 16000 * MS, 16000 * MS, BT_NONE, 0)
	static const struct kernel_answer answer = {
		.result = {
			.provenance = BRICKTRACE_MEASURED,
			.threads = 9,
			.wall_ns = 2000 * MS,
		},
		.times = {
			{ .thread_ns = 18000 * MS, .compute_ns = 2000 * MS },
			{ .view = BRICKTRACE_VIEW_EXCLUSIVE },
		},
		.n_categories = 2,
		.categories = { BOTH_VIEWS(.category = 1, FUTEX) },
		.n_syscalls = 2,
		.syscalls = { BOTH_VIEWS(.nr = 202, .category = 1, FUTEX) },
	};
#undef FUTEX
	struct bt_result *r = answer_result("pool", BT_NONE, &answer);
	char *text = table(r, SORT_TIME);

	(void)state;
	assert_non_null(strstr(
		text,
		" 88.89   16.0000 0.0000000   16.0000 0.0000000         0        futex\n"));
	assert_non_null(strstr(
		text,
		" 11.11 2.0000000 2.0000000 0.0000000 0.0000000                  compute\n"));
	assert_non_null(
		strstr(text, "100.00   16.000000 2000000.000         0           futex\n"));
	assert_non_null(strstr(text, "Under way at the end: futex 8\n"));
	free(text);
	bt_result_free(r);
}

static void large_times_keep_their_columns(void **state)
{
	struct bt_result *r = sample_result(BT_NONE);
	char *text;

	(void)state;
	category_of(r, BT_CAT_FUTEX)->ns = UINT64_C(123456789) * 1000000;
	category_of(r, BT_CAT_FUTEX)->offcpu_ns = UINT64_C(12345678901);
	category_of(r, BT_CAT_FUTEX)->runnable_ns = UINT64_C(12345678);
	text = table(r, SORT_TIME);
	assert_non_null(strstr(
		text, "  123456.8  123444.4   12.3333 0.0123457         3        futex\n"));
	free(text);
	bt_result_free(r);
}

static void assert_order(struct bt_result *r, const char *key, const char *expected)
{
	const struct bt_syscall **list = sorted_syscalls(r, parse_sort_key(key), NULL);
	char order[64] = "";
	uint32_t i;

	for (i = 0; i < r->n_syscalls; i++) {
		strcat(order, list[i]->name);
		strcat(order, " ");
	}
	free(list);
	assert_string_equal(order, expected);
}

static void sort_keys_are_straces(void **state)
{
	struct bt_result *r = sample_result(BT_NONE);

	(void)state;
	assert_order(r, "time", "futex getpid read exit_group ");
	assert_order(r, "time_total", "futex getpid read exit_group ");
	assert_order(r, "time-total", "futex getpid read exit_group ");
	assert_order(r, "avg-time", "futex getpid read exit_group ");
	assert_order(r, "max-time", "futex getpid read exit_group ");
	assert_order(r, "calls", "read futex getpid exit_group ");
	assert_order(r, "count", "read futex getpid exit_group ");
	assert_order(r, "errors", "read futex getpid exit_group ");
	assert_order(r, "name", "exit_group futex getpid read ");
	assert_order(r, "nothing", "read futex exit_group getpid ");
	assert_int_equal(parse_sort_key("speed"), SORT_INVALID);
	assert_int_equal(parse_sort_key(""), SORT_INVALID);
	bt_result_free(r);
}

static void assert_json(struct bt_result *r, const char *expected)
{
	char *text = printed(&output_json, r, SORT_TIME);
	char *end = strchr(text, '\n');

	/* The JSON must be one line. */
	assert_non_null(end);
	assert_string_equal(end, "\n");
	*end = 0;
	assert_string_equal(text, expected);
	free(text);
}

#define NULLS \
	"{\"count\":null,\"in_flight\":null,\"errors\":null,\"ns\":null,\"offcpu_ns\":null,\"runnable_ns\":null,\"max_ns\":null}"
#define ZEROS \
	"{\"count\":0,\"in_flight\":0,\"errors\":0,\"ns\":0,\"offcpu_ns\":0,\"runnable_ns\":0,\"max_ns\":null}"
#define FUTEX \
	"\"count\":3,\"in_flight\":1,\"errors\":0,\"ns\":4000000,\"offcpu_ns\":3000000,\"runnable_ns\":1000000,\"max_ns\":2000000}"
#define READ \
	"\"count\":20,\"in_flight\":0,\"errors\":2,\"ns\":1000000,\"offcpu_ns\":0,\"runnable_ns\":0,\"max_ns\":100000}"
#define OTHER \
	"\"count\":1,\"in_flight\":0,\"errors\":0,\"ns\":1000000,\"offcpu_ns\":0,\"runnable_ns\":0,\"max_ns\":1000000}"

static void json_of_a_measured_run(void **state)
{
	struct bt_result *r = sample_result(4 * MS);

	(void)state;
	assert_json(
		r,
		"{\"schema\":1,\"brick\":\"attention\",\"budget_ns\":4000000,\"provenance\":\"measured\",\"reason\":null,"
		"\"wall_ns\":8000000,\"thread_ns\":12000000,\"threads\":2,\"over_budget\":true,\"efficiency\":0.5,"
		"\"overhead_percent\":50.0,\"dominant\":\"futex\",\"compute\":{\"ns\":5000000,\"offcpu_ns\":1000000,\"runnable_ns\":250000},"
		"\"edge\":{\"ns\":500000,\"provenance\":\"estimated\"},\"control_ns\":500000,\"faults\":{\"minor\":1234,\"major\":5},"
		"\"categories\":{\"mmap\":" ZEROS ",\"futex\":{" FUTEX ",\"ioctl\":" ZEROS
		",\"read\":{" READ ",\"write\":" ZEROS ",\"other\":{" OTHER "},"
		"\"syscalls\":[{\"name\":\"futex\",\"nr\":202,\"arch\":\"x86_64\"," FUTEX
		",{\"name\":\"getpid\",\"nr\":20,\"arch\":\"i386\"," OTHER
		",{\"name\":\"read\",\"nr\":0,\"arch\":\"x86_64\"," READ
		",{\"name\":\"exit_group\",\"nr\":231,\"arch\":\"x86_64\",\"count\":0,\"in_flight\":2,\"errors\":0,\"ns\":0,\"offcpu_ns\":0,\"runnable_ns\":0,\"max_ns\":null}],"
		"\"filter\":null,\"ioctls\":[],\"slow_ns\":1000000,\"slow_calls\":[],\"slow_calls_incomplete\":false}");
	bt_result_free(r);
}

static void json_without_breakdown_is_null(void **state)
{
	static const struct kernel_answer answer = {
		.result = {
			.provenance = BRICKTRACE_NOT_INSTRUMENTED,
			.reason = BRICKTRACE_REASON_LEVEL,
			.wall_ns = 5,
		},
	};
	struct bt_result *r = answer_result("ffn", BT_NONE, &answer);

	(void)state;
	assert_json(
		r,
		"{\"schema\":1,\"brick\":\"ffn\",\"budget_ns\":null,\"provenance\":\"not_instrumented\",\"reason\":\"level_measure\","
		"\"wall_ns\":5,\"thread_ns\":null,\"threads\":null,\"over_budget\":null,\"efficiency\":null,"
		"\"overhead_percent\":null,\"dominant\":null,\"compute\":{\"ns\":null,\"offcpu_ns\":null,\"runnable_ns\":null},"
		"\"edge\":{\"ns\":null,\"provenance\":null},\"control_ns\":null,\"faults\":{\"minor\":null,\"major\":null},"
		"\"categories\":{\"mmap\":" NULLS ",\"futex\":" NULLS ",\"ioctl\":" NULLS
		",\"read\":" NULLS ",\"write\":" NULLS ",\"other\":" NULLS "},"
		"\"syscalls\":null,\"filter\":null,\"ioctls\":null,\"slow_ns\":null,\"slow_calls\":null,\"slow_calls_incomplete\":null}");
	bt_result_free(r);
}

static void json_has_null_for_what_an_older_module_lacks(void **state)
{
	struct bt_result *r = sample_of(BT_NONE, true);
	char *text = printed(&output_json, r, SORT_TIME);

	(void)state;
	assert_non_null(strstr(
		text, "{\"ns\":5000000,\"offcpu_ns\":1000000,\"runnable_ns\":null}"));
	assert_non_null(strstr(text, "\"faults\":{\"minor\":null,\"major\":null}"));
	assert_non_null(strstr(
		text, "\"futex\":{\"count\":3,\"in_flight\":1,\"errors\":0,\"ns\":4000000,"
		      "\"offcpu_ns\":3000000,\"runnable_ns\":null,\"max_ns\":2000000}"));
	free(text);
	bt_result_free(r);
}

/* The category, arch, provenance and reason are ones that only a newer module knows. */
static void outputs_name_what_is_new_by_number(void **state)
{
	static const struct kernel_answer answer = {
		.result = { .provenance = 3, .reason = 17, .wall_ns = 9 },
		.times = {
			{ .thread_ns = 10000, .compute_ns = 3000 },
			{ .view = BRICKTRACE_VIEW_EXCLUSIVE },
		},
		.n_categories = 4,
		.categories = {
			BOTH_VIEWS(.category = 5, FIGURES(.ns = 2000)),
			BOTH_VIEWS(.category = 99, FIGURES(.count = 4, .ns = 5000)),
		},
		.n_syscalls = 2,
		.syscalls = {
			BOTH_VIEWS(.nr = 99999, .arch = 3, .category = 99,
				   FIGURES(.count = 4, .ns = 5000)),
		},
	};
	struct bt_result *r = answer_result("new", BT_NONE, &answer);
	char *text = table(r, SORT_TIME);

	(void)state;
	assert_non_null(strstr(text, "breakdown: provenance_3\n"));
	assert_non_null(strstr(
		text,
		" 50.00 0.0000050 0.0000050 0.0000000 0.0000000         4        category_99\n"));
	assert_non_null(strstr(
		text,
		" 71.43 0.000005000       1.250         4           syscall_99999 (arch_3)\n"));
	assert_non_null(
		strstr(text, "100.00 0.000007000       1.750         4           total\n"));
	free(text);
	assert_json(
		r,
		"{\"schema\":1,\"brick\":\"new\",\"budget_ns\":null,\"provenance\":\"provenance_3\",\"reason\":\"reason_17\","
		"\"wall_ns\":9,\"thread_ns\":10000,\"threads\":0,\"over_budget\":null,\"efficiency\":null,"
		"\"overhead_percent\":70.0,\"dominant\":\"category_99\",\"compute\":{\"ns\":3000,\"offcpu_ns\":0,\"runnable_ns\":0},"
		"\"edge\":{\"ns\":0,\"provenance\":\"estimated\"},\"control_ns\":0,\"faults\":{\"minor\":0,\"major\":0},"
		"\"categories\":{\"other\":{\"count\":0,\"in_flight\":0,\"errors\":0,\"ns\":2000,\"offcpu_ns\":0,\"runnable_ns\":0,\"max_ns\":0},"
		"\"category_99\":{\"count\":4,\"in_flight\":0,\"errors\":0,\"ns\":5000,\"offcpu_ns\":0,\"runnable_ns\":0,\"max_ns\":0}},"
		"\"syscalls\":[{\"name\":\"syscall_99999\",\"nr\":99999,\"arch\":\"arch_3\","
		"\"count\":4,\"in_flight\":0,\"errors\":0,\"ns\":5000,\"offcpu_ns\":0,\"runnable_ns\":0,\"max_ns\":0}],"
		"\"filter\":null,\"ioctls\":[],\"slow_ns\":1000000,\"slow_calls\":[],\"slow_calls_incomplete\":false}");
	bt_result_free(r);
}

static void json_of_odd_values(void **state)
{
	struct bt_result *r = sample_result(BT_NONE);
	json_t *json;
	char *text;

	(void)state;
	times_of(r)->edge_ns = BT_NONE;
	times_of(r)->thread_ns = 0;
	r->brick = "caf\xe9 \"été\"\x1b";
	r->reason = BT_REASON_OUT_OF_REACH;
	text = printed(&output_json, r, SORT_TIME);
	json = json_loads(text, 0, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(json_object_get(json, "reason")),
			    "out_of_reach");
	assert_string_equal(json_string_value(json_object_get(json, "brick")),
			    "caf\ufffd \"été\"\x1b");
	assert_true(json_is_null(json_object_get(json_object_get(json, "edge"), "ns")));
	assert_string_equal(json_string_value(json_object_get(
				    json_object_get(json, "edge"), "provenance")),
			    "not_calibrated");
	assert_double(json_real_value(json_object_get(json, "overhead_percent")), 0);
	json_decref(json);
	free(text);
	bt_result_free(r);
}

static void table_escapes_the_name(void **state)
{
	struct bt_result *r = sample_result(BT_NONE);
	char *text;

	(void)state;
	r->brick = "a\x1b]0;b\xff";
	text = table(r, SORT_TIME);
	assert_non_null(strstr(text, "brick:     a\\x1b]0;b\\xff\n"));
	free(text);
	bt_result_free(r);
}

static void set_in_flight(struct bt_result *r, uint32_t i, uint64_t calls)
{
	const struct bt_syscall *syscall = bt_result_syscall(r, i);

	((struct bt_figures *)bt_syscall_figures(syscall, BT_INCLUSIVE))->in_flight = calls;
}

static void assert_fits(const struct bt_result *r, const char *reason_text)
{
	struct report report = plain_report;
	char *text, *line, *rest;

	report.reason_text = reason_text;
	rest = text = printed_as(&output_table, r, &report);
	while ((line = strsep(&rest, "\n")))
		if (strlen(line) > 80)
			fail_msg("%zu columns: %s", strlen(line), line);
	free(text);
}

static void table_fits_80_columns(void **state)
{
	static const char *const texts[] = { "", "no /dev/bricktrace: the module is not loaded; "
						 "try: modprobe bricktrace" };
	enum bt_provenance provenance;
	struct bt_result *r;
	uint32_t i;
	int reason, old;

	(void)state;
	for (old = 0; old < 2; old++) {
		r = sample_of(5 * MS, old);
		for (provenance = BT_NOT_INSTRUMENTED; provenance <= BT_MEASURED;
		     provenance++)
			for (reason = 0; reason <= BT_REASON_DEVICE; reason++) {
				r->provenance = provenance;
				r->reason = (enum bt_reason)reason;
				assert_fits(r, texts[reason % 2]);
			}
		times_of(r)->edge_ns = BT_NONE;
		for (i = 0; i < r->n_syscalls; i++)
			set_in_flight(r, i, 1234567890123456);
		assert_fits(r, "");
		bt_result_free(r);
	}
}

static void calls_under_way_are_broken_into_lines(void **state)
{
	struct bt_result *r = sample_result(BT_NONE);
	uint32_t i;
	char *text;

	(void)state;
	for (i = 0; i < r->n_syscalls; i++)
		set_in_flight(r, i, 100000000000 + i);
	text = table(r, SORT_TIME);
	assert_non_null(strstr(
		text, "Under way at the end: futex 100000000000, getpid 100000000001,\n"
		      "                      read 100000000002, exit_group 100000000003\n"));
	free(text);
	bt_result_free(r);
}

static void outputs_are_found_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(output_named("table"), &output_table);
	assert_ptr_equal(output_named("json"), &output_json);
	assert_ptr_equal(output_named("csv"), &output_csv);
	assert_null(output_named("xml"));
	assert_null(output_named(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_reads_like_strace),
		cmocka_unit_test(an_older_module_does_not_divide_off_cpu),
		cmocka_unit_test(table_without_breakdown_has_no_zeros),
		cmocka_unit_test(table_says_partial_and_uncalibrated),
		cmocka_unit_test(table_shows_a_pool_that_sleeps),
		cmocka_unit_test(large_times_keep_their_columns),
		cmocka_unit_test(sort_keys_are_straces),
		cmocka_unit_test(json_of_a_measured_run),
		cmocka_unit_test(json_without_breakdown_is_null),
		cmocka_unit_test(json_has_null_for_what_an_older_module_lacks),
		cmocka_unit_test(json_of_odd_values),
		cmocka_unit_test(outputs_name_what_is_new_by_number),
		cmocka_unit_test(table_escapes_the_name),
		cmocka_unit_test(table_fits_80_columns),
		cmocka_unit_test(outputs_are_found_by_name),
		cmocka_unit_test(calls_under_way_are_broken_into_lines),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
