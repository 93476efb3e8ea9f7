// SPDX-License-Identifier: MIT
/* Tests of the outputs of statistics, over a kernel that this file imitates. */
#include <fcntl.h>
#include <locale.h>
#include <math.h>

#include "unit.h"

/* The module's answer about a brick. */
static struct {
	uint64_t features;
	uint64_t budget_ns;
	struct bricktrace_statistics statistics;
	struct bricktrace_bucket histogram[BRICKTRACE_BUCKETS];
	struct bricktrace_category_statistics categories[6];
	struct bricktrace_window_run window[4];
} kernel;

static int fake_open(const char *path)
{
	(void)path;
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static void put(struct bricktrace_array *a, const void *elements, uint32_t size,
		uint32_t count)
{
	assert_true(a->size == size && a->cap >= count);
	a->count = count;
	a->known = size;
	memcpy((void *)(uintptr_t)a->addr, elements, (size_t)size * count);
}

#define PUT(get, member)                                            \
	put(&(get)->member, &kernel.member, sizeof(*kernel.member), \
	    sizeof(kernel.member) / sizeof(*kernel.member))

static int fake_ioctl(int fd, unsigned long request, void *arg)
{
	struct bricktrace_brick_get *get = arg;

	(void)fd;
	if (request == BRICKTRACE_INFO) {
		((struct bricktrace_info *)arg)->abi_version = BRICKTRACE_ABI_VERSION;
		((struct bricktrace_info *)arg)->features = kernel.features;
	} else if (request == BRICKTRACE_BRICK_GET) {
		put(&get->statistics, &kernel.statistics, sizeof(kernel.statistics), 1);
		PUT(get, histogram);
		PUT(get, categories);
		PUT(get, window);
	}
	return 0;
}

static const struct bti_ops fake = { .open = fake_open, .ioctl = fake_ioctl };

/* Four runs of 10, 10, 20 and 40 ms, which have breakdowns. */
static int reset(void **state)
{
#define SUM(n)             \
	{                  \
		.low = (n) \
	}
	static const uint64_t ns[] = { 10 * MS, 10 * MS, 20 * MS, 40 * MS };
	uint32_t i;

	(void)state;
	setlocale(LC_CTYPE, "C");
	memset(&kernel, 0, sizeof(kernel));
	kernel.features = BRICKTRACE_FEATURE_STATISTICS | BRICKTRACE_FEATURE_RUNNABLE |
			  BRICKTRACE_FEATURE_FAULTS;
	kernel.budget_ns = 20 * MS;
	kernel.statistics = (struct bricktrace_statistics){
		.runs = 4,
		.traced = 4,
		.over_budget = 1,
		.min_ns = 10 * MS,
		.max_ns = 40 * MS,
		.edge_runs = 4,
		.sum_ns = SUM(80 * MS),
		.squares = SUM(2200 * MS * MS),
		.thread_ns = SUM(80 * MS),
		.compute_ns = SUM(30 * MS),
		.compute_offcpu_ns = SUM(10 * MS),
		.compute_runnable_ns = SUM(4 * MS),
		.edge_ns = SUM(2 * MS),
		.control_ns = SUM(1 * MS),
		.minor_faults = SUM(402),
		.major_faults = SUM(4),
	};
	for (i = 0; i < 6; i++)
		kernel.categories[i].category = i;
	kernel.categories[1].count = (struct bricktrace_sum)SUM(4);
	kernel.categories[1].ns = (struct bricktrace_sum)SUM(40 * MS);
	kernel.categories[1].offcpu_ns = (struct bricktrace_sum)SUM(32 * MS);
	kernel.categories[1].runnable_ns = (struct bricktrace_sum)SUM(8 * MS);
	kernel.categories[3].count = (struct bricktrace_sum)SUM(50);
	kernel.categories[3].errors = (struct bricktrace_sum)SUM(3);
	kernel.categories[3].ns = (struct bricktrace_sum)SUM(7 * MS);
#undef SUM
	for (i = 0; i < 4; i++) {
		kernel.window[i].ns = ns[i];
		kernel.histogram[bkt_durations_bucket(ns[i])].runs++;
	}
	return 0;
}

static char *printed(const struct output *output, struct repetition *r,
		     const char *reason_text)
{
	struct report report = plain_report;
	struct bt_statistics *statistics;
	struct bt_tracer *tracer;
	struct bt_brick *brick;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	report.sort = SORT_CALLS;
	report.reason_text = reason_text;
	assert_int_equal(bti_tracer_new(&fake, &tracer), 0);
	assert_int_equal(bt_brick_define(tracer, "attention", kernel.budget_ns, &brick), 0);
	assert_int_equal(bt_brick_statistics(brick, &statistics), 0);
	r->statistics = statistics;
	assert_int_equal(output->print_statistics(out, r, &report), 0);
	bt_statistics_free(statistics);
	bt_tracer_free(tracer);
	fclose(out);
	return text;
}

#define HEAD                                                                                 \
	"        min         p50         p90         p99       p99.9         max\n"          \
	"----------- ----------- ----------- ----------- ----------- -----------\n"          \
	"0.010000000 0.010131559 0.040000000 0.040000000 0.040000000 0.040000000\n"          \
	"\n"                                                                                 \
	" <= seconds      runs\n"                                                            \
	"----------- --------- ----------------\n"                                           \
	"0.011048543         2 ##########################################################\n" \
	"0.013139006         0\n"                                                            \
	"0.015625000         0\n"                                                            \
	"0.018581361         0\n"                                                            \
	"0.022097087         1 #############################\n"                              \
	"0.026278013         0\n"                                                            \
	"0.031250000         0\n"                                                            \
	"0.037162722         0\n"                                                            \
	"0.044194174         1 #############################\n"

static void text_has_all_statistics(void **state)
{
	struct bt_result *longest = sample_result(BT_NONE);
	struct repetition r = { .planned = 4,
				.warm_up = 2,
				.statuses = { [0] = 3, [143] = 1 },
				.longest = longest };
	char *text = printed(&output_table, &r, "");

	(void)state;
	assert_string_equal(
		text,
		"brick:     attention\n"
		"runs:      4, after 2 for warming up\n"
		"wall time: 0.020000000 s +- 0.012247449 s, CV 61.24 %\n"
		"budget:    0.020000000 s, exceeded by 1 of 4 runs\n"
		"grade:     A, score 100.0, by the median of the last runs, 0.015000000 s\n"
		"statuses:  0: 3\n"
		"           143: 1\n"
		"breakdown: measured\n"
		"\n" HEAD "\n"
		"Means of 4 runs:\n"
		"% time   seconds    on-CPU   blocked   waiting     calls errors category\n"
		"------ --------- --------- --------- --------- --------- ------ ----------------\n"
		"  0.00 0.0000000 0.0000000 0.0000000 0.0000000         0        mmap\n"
		" 50.00 0.0100000 0.0020000 0.0060000 0.0020000         1        futex\n"
		"  0.00 0.0000000 0.0000000 0.0000000 0.0000000         0        ioctl\n"
		"  8.75 0.0017500 0.0017500 0.0000000 0.0000000    12.500  0.750 read\n"
		"  0.00 0.0000000 0.0000000 0.0000000 0.0000000         0        write\n"
		"  0.00 0.0000000 0.0000000 0.0000000 0.0000000         0        other\n"
		"  2.50 0.0005000                                                edge (estimated)\n"
		"  1.25 0.0002500                                                control\n"
		" 37.50 0.0075000 0.0050000 0.0015000 0.0010000                  compute\n"
		"------ --------- --------- --------- --------- --------- ------ ----------------\n"
		"100.00 0.0200000                                                thread time\n"
		"Page faults: 100.5 minor, 1 major.\n"
		"Compute contains page faults outside calls, vDSO calls and polling a GPU. None\n"
		"of these figures contains the work that io_uring does for a program.\n"
		"\n"
		"The longest run, 0.008000000 s:\n"
		"% time     seconds  usecs/call     calls    errors syscall\n"
		"------ ----------- ----------- --------- --------- ----------------\n"
		" 16.67 0.001000000      50.000        20         2 read\n"
		" 66.67 0.004000000    1000.000         3           futex\n"
		" 16.67 0.001000000    1000.000         1           getpid (i386)\n"
		"  0.00 0.000000000       0.000         0           exit_group\n"
		"------ ----------- ----------- --------- --------- ----------------\n"
		"100.00 0.006000000     240.000        24         2 total\n"
		"Under way at the end: futex 1, exit_group 2\n");
	free(text);
	bt_result_free(longest);
}

/* Returns the number at a path such as "mean/faults/minor", or NAN if it is null. */
static double figure(const json_t *json, const char *path)
{
	char copy[64], *rest = copy, *name;

	strcpy(copy, path);
	while ((name = strsep(&rest, "/")))
		json = json_is_array(json) ? json_array_get(json, atoi(name)) :
					     json_object_get(json, name);
	if (!json)
		fail_msg("no member %s", path);
	return json_is_null(json) ? NAN : json_number_value(json);
}

/* Returns the time that stands behind a word or a column of the text, in nanoseconds. */
static double shown(const char *text, const char *word, size_t column)
{
	return strtod(strstr(text, word) + strlen(word) + column, NULL) * 1e9;
}

static void json_has_the_figures_of_the_text(void **state)
{
	struct bt_result *longest = sample_result(BT_NONE);
	struct repetition r = { .planned = 4,
				.warm_up = 2,
				.statuses = { [0] = 3, [143] = 1 },
				.longest = longest };
	char *text = printed(&output_table, &r, "");
	char *json_text = printed(&output_json, &r, "");
	json_t *json = json_loads(json_text, 0, NULL);
	const struct {
		const char *path;
		double value;
	} figures[] = {
		{ "schema", 1 },
		{ "budget_ns", shown(text, "budget:", 0) },
		{ "planned", 4 },
		{ "warm_up", 2 },
		{ "runs", 4 },
		{ "traced", 4 },
		{ "partial", 0 },
		{ "reason", NAN },
		{ "mean_ns", shown(text, "time:", 0) },
		{ "deviation_ns", shown(text, "+-", 0) },
		{ "cv_percent", shown(text, "CV", 0) / 1e9 },
		{ "min_ns", shown(text, "-\n", 0) },
		{ "percentiles_ns/50", shown(text, "-\n", 12) },
		{ "percentiles_ns/90", shown(text, "-\n", 24) },
		{ "percentiles_ns/99", shown(text, "-\n", 36) },
		{ "percentiles_ns/99.9", shown(text, "-\n", 48) },
		{ "max_ns", shown(text, "-\n", 60) },
		{ "runs_over_budget", 1 },
		{ "window/runs", 4 },
		{ "window/median_ns", shown(text, "last runs,", 0) },
		{ "efficiency", 1 },
		{ "score", 100 },
		{ "statuses/0", 3 },
		{ "statuses/143", 1 },
		{ "zero", 0 },
		{ "histogram/0/bucket", -27 },
		{ "histogram/0/up_to_ns",
		  shown(text, "runs\n----------- --------- ----------------\n", 0) },
		{ "histogram/0/runs", 2 },
		{ "histogram/2/up_to_ns", 44194174 },
		{ "histogram/2/runs", 1 },
		{ "mean/thread_ns", 20 * MS },
		{ "mean/compute/ns", 7.5 * MS },
		{ "mean/compute/offcpu_ns", 2.5 * MS },
		{ "mean/compute/runnable_ns", 1 * MS },
		{ "mean/edge/ns", 0.5 * MS },
		{ "mean/control_ns", 0.25 * MS },
		{ "mean/faults/minor", 100.5 },
		{ "mean/faults/major", 1 },
		{ "mean/categories/futex/runnable_ns", 2 * MS },
		{ "mean/categories/read/count", 12.5 },
		{ "mean/categories/read/errors", 0.75 },
		{ "longest/wall_ns", shown(text, "longest run,", 0) },
	};
	size_t i;

	(void)state;
	assert_non_null(json);
	for (i = 0; i < sizeof(figures) / sizeof(*figures); i++) {
		double n = figure(json, figures[i].path), wanted = figures[i].value;

		if (isnan(wanted) ? !isnan(n) : !(fabs(n - wanted) <= 1))
			fail_msg("%s: %f, not %f", figures[i].path, n, wanted);
	}
	/* The figures are not rounded. */
	assert_true(fabs(figure(json, "deviation_ns") - 12247448.713915890) < 1e-6);
	assert_string_equal(json_string_value(json_object_get(json, "grade")), "A");
	assert_int_equal(json_array_size(json_object_get(json, "histogram")), 3);
	free(json_text);
	free(text);
	json_decref(json);
	bt_result_free(longest);
}

static void assert_text(struct repetition *r, const char *reason_text, const char *part)
{
	char *text = printed(&output_table, r, reason_text);

	if (!strstr(text, part))
		fail_msg("'%.500s' lacks '%s'", text, part);
	free(text);
}

static void unmeasured_is_not_zero(void **state)
{
	struct repetition r = { .planned = 4, .reason = BT_REASON_DISABLED };
	json_t *json;
	char *text;

	(void)state;
	kernel.statistics.traced = 0;
	kernel.budget_ns = BT_NONE;
	text = printed(&output_table, &r, "");
	assert_non_null(
		strstr(text, "\nbreakdown: not measured: tracing is switched off on"));
	assert_null(strstr(text, "budget:"));
	assert_null(strstr(text, "category"));
	assert_string_equal(strstr(text, "        min"), HEAD);
	free(text);
	assert_text(&r, "no module", "\nbreakdown: not measured: no module\n");
	text = printed(&output_json, &r, "");
	json = json_loads(text, 0, NULL);
	assert_true(isnan(figure(json, "mean")));
	assert_true(isnan(figure(json, "longest")));
	assert_true(isnan(figure(json, "budget_ns")));
	assert_true(isnan(figure(json, "runs_over_budget")));
	assert_true(isnan(figure(json, "score")));
	assert_true(isnan(figure(json, "grade")));
	assert_string_equal(json_string_value(json_object_get(json, "reason")), "disabled");
	json_decref(json);
	free(text);
	kernel.statistics.traced = 3;
	kernel.statistics.partial = 1;
	kernel.statistics.edge_runs = 0;
	r.reason = BT_REASON_THREADS_LOST;
	assert_text(
		&r, "",
		"\nbreakdown: 3 of 4 runs measured, 1 of them partially: a thread could not be\n");
	assert_text(&r, "", "\nMeans of 3 runs:\n");
	assert_text(&r, "", "     -         -             ");
	/* A kernel without these features does not say zero. */
	kernel.features = BRICKTRACE_FEATURE_STATISTICS;
	assert_text(&r, "", "\n% time     seconds      on-CPU     off-CPU     calls ");
	text = printed(&output_table, &r, "");
	assert_null(strstr(text, "Page faults"));
	free(text);
}

static void assert_histogram(const char *expected)
{
	struct repetition r = { .planned = 4 };
	char *text = printed(&output_table, &r, ""), *at = strstr(text, " <= seconds");

	at = strchr(strchr(at, '\n') + 1, '\n') + 1;
	if (strncmp(at, expected, strlen(expected)))
		fail_msg("'%.500s' is not '%s'", at, expected);
	free(text);
}

static void histogram_joins_what_is_too_much(void **state)
{
	struct bricktrace_bucket *bucket = kernel.histogram;
	struct repetition r = { .planned = 4 };
	char *text, *line, *rest;
	int lines = 0;

	(void)state;
	/* 20 buckets have a line each, and 21 have half as many lines. */
	memset(bucket, 0, sizeof(kernel.histogram));
	bucket[100].runs = 1;
	bucket[119].runs = 58;
	assert_histogram("0.037162722         1 #\n0.044194174         0\n");
	bucket[120].runs = 58;
	assert_histogram("0.044194174         1 #\n0.062500000         0\n");
	/* The part of a column is rounded up, and a block character may be narrower. */
	bucket[118].runs = 58;
	assert_histogram("0.044194174         1 #\n0.062500000         0\n");
	setlocale(LC_CTYPE, "C.UTF-8");
	assert_histogram("0.044194174         1 ▌\n");
	setlocale(LC_CTYPE, "C");
	/* Runs of no duration are in no bucket. */
	kernel.statistics.zero = 58;
	assert_histogram("0.000000000        58 #############################\n");
	/* All buckets have at most 20 lines of at most 80 columns. */
	bucket[0].runs = bucket[160].runs = 1000000;
	text = printed(&output_table, &r, "");
	rest = strstr(text, " <= seconds");
	*strstr(rest, "\n\n") = 0;
	while ((line = strsep(&rest, "\n"))) {
		assert_true(strlen(line) <= 80);
		lines++;
	}
	assert_int_equal(lines, 2 + 1 + 18);
	free(text);
}

static void text_fits_80_columns(void **state)
{
	struct repetition r = { .planned = 1000000,
				.warm_up = 1000000,
				.reason = BT_REASON_DISABLED };
	char *text, *line, *rest;
	uint32_t i;

	(void)state;
	for (i = 0; i < 256; i++)
		r.statuses[i] = 1000000;
	kernel.statistics.runs = kernel.statistics.over_budget = 1000000;
	kernel.statistics.traced = kernel.statistics.partial = 999999;
	kernel.statistics.thread_ns.high = kernel.statistics.compute_ns.high = 1000;
	kernel.statistics.compute_offcpu_ns.high = 999;
	kernel.statistics.minor_faults.high = kernel.statistics.major_faults.high = 1;
	kernel.categories[1].errors.low = UINT64_C(123456000000);
	kernel.categories[1].count.low = UINT64_C(123456789000000);
	text = rest = printed(&output_table, &r, "");
	while ((line = strsep(&rest, "\n")))
		if (strlen(line) > 80)
			fail_msg("%zu columns: %s", strlen(line), line);
	free(text);
}

static void longest_run_has_ioctls_and_slow_calls(void **state)
{
	static const struct kernel_answer answer = {
		.result = { .provenance = BRICKTRACE_MEASURED, .wall_ns = 8 * MS },
		.n_ioctls = 2,
		.ioctls = {
			BOTH_VIEWS(.file = BRICKTRACE_FILE_PIPE, .request = 0x541b,
				   .command = BT_NONE, FIGURES(.count = 3)),
		},
		.n_slow_calls = 1,
		.slow_calls = { { .nr = 35, .category = 5, .ns = 2 * MS, .command = BT_NONE } },
	};
	struct bt_result *longest = answer_result("attention", BT_NONE, &answer);
	struct repetition r = { .planned = 4, .longest = longest };

	(void)state;
	assert_text(&r, "", " 3        pipe       FIONREAD\n");
	assert_text(&r, "", "\nThe slowest calls, of those that took at least 1 ms:\n");
	bt_result_free(longest);
}

static void csv_has_all_statistics(void **state)
{
	struct bt_result *longest = sample_result(BT_NONE);
	struct repetition r = { .planned = 4,
				.statuses = { [0] = 3, [143] = 1 },
				.longest = longest };
	char *text = printed(&output_csv, &r, "");

	(void)state;
#define ROW(rest) "attention,measured,," rest "\n"
	assert_non_null(strstr(
		text,
		",ret,path\n" ROW("statistics,runs,,,,,4,,,,,,,,,,,") ROW(
			"statistics,traced,,,,,4,,,,,,,,,,,")
			ROW("statistics,over_budget,,,,,1,,,20000000,,,,,,,,") ROW(
				"statistics,mean,,,,,,,,20000000,,,,,,,,")
				ROW("statistics,deviation,,,,,,,,12247448.7139159,,,,,,,,")
					ROW("statistics,min,,,,,,,,10000000,,,,,,,,")));
	assert_non_null(strstr(text, ROW("statistics,p99.9,,,,,,,,40000000,,,,,,,,") ROW(
					     "statistics,max,,,,,,,,40000000,,,,,,,,")
					     ROW("status,0,,,,,3,,,,,,,,,,,")
						     ROW("status,143,,,,,1,,,,,,,,,,,")));
	assert_non_null(strstr(
		text,
		ROW("mean,threads,,,,,,,,20000000,,,,,,,,") ROW(
			"mean,compute,,,,,,,,7500000,2500000,1000000,,,,,,")
			ROW("mean,edge,,,,,,,,500000,,,,,,,,") ROW(
				"mean,control,,,,,,,,250000,,,,,,,,")
				ROW("mean,minor_faults,,,,,100.5,,,,,,,,,,,") ROW(
					"mean,major_faults,,,,,1,,,,,,,,,,,")
					ROW("mean,mmap,,,,,0,,0,0,0,0,,,,,,") ROW(
						"mean,futex,,,,,1,,0,10000000,8000000,2000000,,,,,,")));
	/* Then follow the rows of the longest run, without the names of the columns. */
	assert_non_null(strstr(text, ROW("run,wall,,,,,,,,8000000,,,,,,,,")));
	assert_null(strstr(strstr(text, "path\n") + 1, "path\n"));
	free(text);
	bt_result_free(longest);
	kernel.statistics.traced = 0;
	text = printed(&output_csv, &(struct repetition){ .reason = BT_REASON_DISABLED },
		       "");
	assert_non_null(strstr(
		text, "attention,not_instrumented,disabled,statistics,traced,,,,,0,"));
	assert_null(strstr(text, ",mean,threads"));
#undef ROW
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(text_has_all_statistics, reset),
		cmocka_unit_test_setup(json_has_the_figures_of_the_text, reset),
		cmocka_unit_test_setup(unmeasured_is_not_zero, reset),
		cmocka_unit_test_setup(histogram_joins_what_is_too_much, reset),
		cmocka_unit_test_setup(text_fits_80_columns, reset),
		cmocka_unit_test_setup(longest_run_has_ioctls_and_slow_calls, reset),
		cmocka_unit_test_setup(csv_has_all_statistics, reset),
	};

	return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
