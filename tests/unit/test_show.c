// SPDX-License-Identifier: MIT
/* Tests of bricktrace show over a host that hosts.h imitates. */
#include <locale.h>
#include <time.h>

#include "decode.h"
#include "hosts.h"

#define SHOW(...) command(cmd_show, ARGUMENTS("show", ##__VA_ARGS__))

static const uint64_t durations[] = { 10 * MS, 10 * MS, 20 * MS, 40 * MS };

static void add_assertion(struct host_brick *b, const char *name,
			  enum bricktrace_assertion_kind kind, uint32_t subject,
			  uint64_t limit)
{
	uint32_t i = b->get.assertions.count++;

	b->get.assertions.cap = BT_MAX_ASSERTIONS;
	b->room.assertions[i].kind = kind;
	b->room.assertions[i].subject = subject;
	b->room.assertions[i].limit = limit;
	strcpy(b->room.assertions[i].name, name);
	b->room.counts[i] = (struct bricktrace_assertion_counts){ 3, i, 1 };
}

static int fill(void **state)
{
	struct host_brick *b;

	setlocale(LC_CTYPE, "C");
	setenv("TZ", "UTC", 1);
	decode_root = "/nonexistent";
	answers_reset(state);
	b = answers_add_brick(1, "decode", durations, 4);
	b->get.mode = BRICKTRACE_MODE_NEXT;
	b->get.escalated = 1;
	b->get.baseline = 100;
	b->get.budget_ns = 20 * MS;
	b->room.statistics[0].over_budget = 1;
	b->room.statistics[0].granted = 2;
	strcpy(b->label, "pl\x1b"
			 "er");
	strcpy(b->comm, "a\xff");
	answers_trace(b, 2);
	add_assertion(b, "p\x1b", BRICKTRACE_ASSERT_DURATION, 0, 15 * MS);
	add_assertion(b, "share", BRICKTRACE_ASSERT_CATEGORY_SHARE, BT_CAT_IOCTL, 12345);
	add_assertion(b, "calls", BRICKTRACE_ASSERT_SYSCALL_COUNT, 16, 7);
	answers_add_brick(2, "idle", durations, 0);
	answers_add_brick(3, "plain", durations, 3);
	return 0;
}

/* What many tables have. */
#define HISTOGRAM_HEAD            \
	" <= seconds      runs\n" \
	"----------- --------- ----------------\n"
#define PERCENTILES_HEAD                                                            \
	"        min         p50         p90         p99       p99.9         max\n" \
	"----------- ----------- ----------- ----------- ----------- -----------\n"
#define CATEGORIES_HEAD                                                             \
	"% time     seconds      on-CPU     off-CPU     calls    errors category\n" \
	"------ ----------- ----------- ----------- --------- --------- ----------------\n"
#define CATEGORIES_FOOT                                                                    \
	"Compute contains page faults outside calls, vDSO calls and polling a GPU. None\n" \
	"of these figures contains the work that io_uring does for a program.\n"

static const char decode_text[] =
	"program:   a\\xff[4001] of user 4000000000\n"
	"session:   1\n"
	"label:     pl\\x1ber\n"
	"mode:      next, escalated, baseline 100\n"
	"brick:     decode\n"
	"runs:      4\n"
	"wall time: 0.020000000 s +- 0.012247449 s, CV 61.24 %\n"
	"budget:    0.020000000 s, exceeded by 1 of 4 runs\n"
	"grade:     A, score 100.0, by the median of the last runs, 0.015000000 s\n"
	"breakdown: 2 of 4 runs measured, 0 of them partially: in mode next, runs are\n"
	"           traced from an anomaly on\n"
	"\n" PERCENTILES_HEAD
	"0.010000000 0.010131559 0.040000000 0.040000000 0.040000000 0.040000000\n"
	"\n" HISTOGRAM_HEAD
	"0.011048543         2 ##########################################################\n"
	"0.013139006         0\n"
	"0.015625000         0\n"
	"0.018581361         0\n"
	"0.022097087         1 #############################\n"
	"0.026278013         0\n"
	"0.031250000         0\n"
	"0.037162722         0\n"
	"0.044194174         1 #############################\n"
	"\n"
	"Means of 2 runs:\n" CATEGORIES_HEAD
	"  0.00 0.000000000 0.000000000 0.000000000         0           mmap\n"
	"  0.00 0.000000000 0.000000000 0.000000000         0           futex\n"
	" 60.00 0.030000000 0.005000000 0.025000000         2           ioctl\n"
	" 10.00 0.005000000 0.005000000 0.000000000         1         1 read\n"
	"  0.00 0.000000000 0.000000000 0.000000000         0           write\n"
	"  0.00 0.000000000 0.000000000 0.000000000         0           other\n"
	"     -           -                                             edge (unknown)\n"
	"  0.00 0.000000000                                             control\n"
	" 30.00 0.015000000 0.015000000 0.000000000                     compute\n"
	"------ ----------- ----------- ----------- --------- --------- ----------------\n"
	"100.00 0.050000000                                             thread time\n" CATEGORIES_FOOT
	"\n"
	"Calls took 70.00 % of the thread time, most of it in ioctl.\n"
	"\n"
	"The last 4 runs: median 0.015000000 s, CV 61.24 %, efficiency 100.00 %\n"
	"2248\n"
	"The oldest is at the left; the longest took 0.040000000 s.\n"
	"\n"
	"assertion limits         of           to passed failed unknown\n"
	"p\\x1b     duration_ns    -     0.0150000      3      0       1\n"
	"share     category_share ioctl  12.345 %      3      1       1\n"
	"calls     syscall_count  ioctl         7      3      2       1\n"
	"\n"
	"The longest traced run, 0.020000000 s:\n" CATEGORIES_HEAD
	" 60.00 0.012000000 0.002000000 0.010000000         2           ioctl\n"
	" 20.00 0.004000000 0.004000000 0.000000000         1         1 read\n"
	"     -           -                                             edge (unknown)\n"
	"  0.00 0.000000000                                             control\n"
	" 20.00 0.004000000 0.004000000 0.000000000                     compute\n"
	"------ ----------- ----------- ----------- --------- --------- ----------------\n"
	"100.00 0.020000000                                             thread time\n" CATEGORIES_FOOT
	"\n"
	"The slowest calls:\n"
	"time                      seconds   off-CPU  thread call\n"
	"----------------------- --------- --------- ------- ----------------\n";

static void books_are_shown(void **state)
{
	size_t length = strlen(decode_text);

	(void)state;
	assert_int_equal(SHOW("decode"), 0);
	assert_string_equal(errors, "");
	assert_true(strlen(output) > length);
	/* The moment of the slow call depends on the clocks of this machine. */
	assert_string_equal(output + length + strlen("2026-09-22 00:00:01.000"),
			    " 0.0080000 0.0070000    4003\n"
			    "          ioctl(5) nvidiactl NV_ESC_RM_CONTROL\n");
	output[length] = 0;
	assert_string_equal(output, decode_text);
}

static void untraced_brick_has_no_breakdown(void **state)
{
	(void)state;
	assert_int_equal(SHOW("plain"), 0);
	assert_string_equal(
		output,
		"program:   decoder[4003] of user 4000000000\n"
		"session:   3\n"
		"mode:      measure\n"
		"brick:     plain\n"
		"runs:      3\n"
		"wall time: 0.013333333 s +- 0.004714045 s, CV 35.36 %\n"
		"breakdown: not measured: in mode measure, a run is traced only if its program\n"
		"           asks for that\n"
		"\n" PERCENTILES_HEAD
		"0.010000000 0.010131559 0.020000000 0.020000000 0.020000000 0.020000000\n"
		"\n" HISTOGRAM_HEAD
		"0.011048543         2 ##########################################################\n"
		"0.013139006         0\n"
		"0.015625000         0\n"
		"0.018581361         0\n"
		"0.022097087         1 #############################\n"
		"\n"
		"The last 3 runs: median 0.010000000 s, CV 35.36 %\n"
		"448\n"
		"The oldest is at the left; the longest took 0.020000000 s.\n");
}

static void brick_without_runs_has_no_figures(void **state)
{
	(void)state;
	answers.brick[1].pid = 0;
	assert_int_equal(SHOW("idle"), 0);
	assert_string_equal(output, "program:   decoder[-] of user 4000000000\n"
				    "session:   2\n"
				    "mode:      measure\n"
				    "brick:     idle\n"
				    "runs:      0\n");
}

static void window_is_a_line_of_bars(void **state)
{
	static const uint64_t odd[] = { 0, 1, 5 * MS, 5 * MS + 1, 40 * MS };

	(void)state;
	answers_add_brick(1, "odd", odd, 5);
	assert_int_equal(SHOW("odd"), 0);
	assert_says("\n 1128\n");
	setlocale(LC_CTYPE, "C.UTF-8");
	assert_int_equal(SHOW("odd"), 0);
	assert_says("\n \u2581\u2581\u2582\u2588\n");
}

/* What lies how far outside the quartiles is left out is a setting of the session. */
static void outliers_are_those_of_the_session(void **state)
{
	uint64_t ns[BT_WINDOW];
	struct host_brick *b;
	size_t i;

	(void)state;
	for (i = 0; i < BT_WINDOW; i++)
		ns[i] = i ? 10 * MS : 100 * MS;
	b = answers_add_brick(1, "far", ns, BT_WINDOW);
	assert_int_equal(SHOW("far"), 0);
	assert_says("The last 64 runs: median 0.010000000 s, CV 0.00 %\n");
	b->outliers = BRICKTRACE_OUTLIERS_KEEP;
	assert_int_equal(SHOW("far"), 0);
	assert_says("The last 64 runs: median 0.010000000 s, CV 97.86 %\n");
}

static void partial_longest_run_says_so(void **state)
{
	struct bti_brick_room *room = &answers.brick[0].room;

	(void)state;
	room->longest[0].provenance = BRICKTRACE_PARTIAL;
	room->longest[0].reason = BRICKTRACE_REASON_CLOCK;
	assert_int_equal(SHOW("decode"), 0);
	assert_says("The longest traced run, 0.020000000 s:\n"
		    "breakdown: partial, these are lower bounds: the clock became unstable during the\n"
		    "           run\n");
	/* The time in which threads waited for a CPU is known of all traced runs or of none. */
	room->longest_times[0].compute_runnable_ns = 0;
	room->longest_times[0].minor_faults = 3;
	room->longest_times[0].major_faults = 1;
	room->statistics[0].minor_faults.low = 4;
	assert_int_equal(SHOW("decode"), 0);
	assert_says("   blocked   waiting ");
	assert_says("Page faults: 2 minor, 0 major.\n");
	assert_says("Page faults: 3 minor, 1 major.\n");
}

#define MEMBER(name)	     json_object_get(json, name)
#define ASSERT_NUMBER(n, of) assert_int_equal(json_integer_value(of), n)
#define ASSERT_REAL(n, of)   assert_double(json_real_value(of), n)
#define ASSERT_TEXT(t, of)   assert_string_equal(json_string_value(of), t)

static json_t *shown(const char *name)
{
	json_t *json;

	assert_int_equal(SHOW("-j", name), 0);
	assert_ptr_equal(strchr(output, '\n'), strrchr(output, '\n'));
	assert_null(strchr(output, '\x1b'));
	json = json_loads(output, 0, NULL);
	assert_true(json_is_object(json));
	return json;
}

static void books_are_json(void **state)
{
	json_t *json = shown("decode"), *part;

	(void)state;
	ASSERT_NUMBER(1, MEMBER("schema"));
	ASSERT_TEXT("decode", MEMBER("brick"));
	ASSERT_NUMBER(1, MEMBER("session"));
	ASSERT_NUMBER(2, MEMBER("number"));
	ASSERT_NUMBER(4001, MEMBER("pid"));
	ASSERT_NUMBER(4000000000, MEMBER("uid"));
	ASSERT_TEXT("4000000000", MEMBER("user"));
	ASSERT_TEXT("a\ufffd", MEMBER("comm"));
	ASSERT_TEXT("pl\x1b"
		    "er",
		    MEMBER("label"));
	ASSERT_TEXT("next", MEMBER("mode"));
	assert_true(json_is_true(MEMBER("escalated")));
	ASSERT_NUMBER(100, MEMBER("baseline"));
	ASSERT_NUMBER(2, MEMBER("granted"));
	ASSERT_NUMBER(0, MEMBER("refused"));
	ASSERT_NUMBER(1, MEMBER("runs_over_budget"));
	ASSERT_REAL(70, MEMBER("overhead_percent"));
	ASSERT_TEXT("ioctl", MEMBER("dominant"));
	part = json_object_get(MEMBER("window"), "durations_ns");
	assert_int_equal(json_array_size(part), 4);
	ASSERT_NUMBER(40 * MS, json_array_get(part, 3));
	ASSERT_REAL(15 * MS, json_object_get(MEMBER("window"), "median_ns"));
	assert_int_equal(json_array_size(MEMBER("assertions")), 3);
	part = json_array_get(MEMBER("assertions"), 1);
	ASSERT_TEXT("share", json_object_get(part, "name"));
	ASSERT_TEXT("category_share", json_object_get(part, "kind"));
	ASSERT_TEXT("ioctl", json_object_get(part, "subject"));
	ASSERT_NUMBER(12345, json_object_get(part, "limit"));
	ASSERT_NUMBER(3, json_object_get(part, "passed"));
	ASSERT_NUMBER(1, json_object_get(part, "failed"));
	ASSERT_NUMBER(1, json_object_get(part, "not_evaluated"));
	part = MEMBER("longest");
	ASSERT_NUMBER(20 * MS, json_object_get(part, "wall_ns"));
	assert_true(json_is_null(json_object_get(part, "syscalls")));
	assert_int_equal(json_array_size(json_object_get(part, "slow_calls")), 1);
	part = json_object_get(MEMBER("mean"), "compute");
	ASSERT_REAL(15 * MS, json_object_get(part, "ns"));
	assert_true(json_is_null(json_object_get(part, "runnable_ns")));
	/* Only run --repeat knows these. */
	assert_null(MEMBER("planned"));
	assert_null(MEMBER("warm_up"));
	assert_null(MEMBER("statuses"));
	assert_null(MEMBER("reason"));
	json_decref(json);
	assert_int_equal(SHOW("decode", "--pretty"), 0);
	assert_says("{\n  \"schema\":1,\n  \"brick\":\"decode\",\n");
}

static void json_without_runs_has_nulls(void **state)
{
	static const char *const unknown[] = {
		"budget_ns", "mean_ns",	   "cv_percent",
		"min_ns",    "max_ns",	   "runs_over_budget",
		"mean",	     "longest",	   "overhead_percent",
		"dominant",  "efficiency", "score",
		"grade",     "pid",	   "label",
		"comm"
	};
	json_t *json;
	size_t i;

	(void)state;
	answers.brick[1].pid = 0;
	answers.brick[1].comm[0] = 0;
	json = shown("idle");
	for (i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		if (!json_is_null(MEMBER(unknown[i])))
			fail_msg("%s is not null", unknown[i]);
	ASSERT_NUMBER(0, MEMBER("runs"));
	assert_true(json_is_integer(MEMBER("runs")));
	assert_int_equal(json_array_size(MEMBER("histogram")), 0);
	assert_int_equal(json_array_size(MEMBER("assertions")), 0);
	json_decref(json);
}

static void names_of_ioctls_may_be_given(void **state)
{
	(void)state;
	write_file("names", "device nvidiactl\n0xc020462a MY_CONTROL\n", 0600);
	assert_int_equal(SHOW("--ioctl-names", "names", "decode"), 0);
	assert_says(" nvidiactl MY_CONTROL\n");
	assert_int_equal(SHOW("--ioctl-names", "absent", "decode"), 125);
	assert_string_equal(output, "");
}

static void what_cannot_be_shown_has_a_status(void **state)
{
	(void)state;
	assert_int_equal(SHOW("absent"), 1);
	assert_string_equal(errors, "bricktrace: no brick\n");
	assert_string_equal(output, "");
	answers.error = -EEXIST;
	assert_int_equal(SHOW("decode"), 1);
	answers.error = -EIO;
	assert_int_equal(SHOW("decode"), 125);
	answers.open_status = 1;
	assert_int_equal(SHOW("decode"), 1);
	assert_string_equal(errors, "bricktrace: no host\n");
}

static void arguments_are_checked(void **state)
{
	(void)state;
	assert_int_equal(SHOW(), 125);
	assert_string_equal(
		errors,
		"bricktrace: no brick to show; bricktrace list bricks shows which there are\n");
	assert_int_equal(SHOW("decode", "x\x1b"), 125);
	assert_string_equal(
		errors,
		"bricktrace: unexpected argument 'x\\x1b': bricktrace show takes one brick\n");
	assert_int_equal(SHOW("--frob", "decode"), 125);
	assert_int_equal(SHOW("--help"), 0);
	assert_says("Usage: bricktrace show [OPTIONS] BRICK\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fill)
	const struct CMUnitTest tests[] = {
		TEST(books_are_shown),
		TEST(untraced_brick_has_no_breakdown),
		TEST(brick_without_runs_has_no_figures),
		TEST(window_is_a_line_of_bars),
		TEST(outliers_are_those_of_the_session),
		TEST(partial_longest_run_says_so),
		TEST(books_are_json),
		TEST(json_without_runs_has_nulls),
		TEST(names_of_ioctls_may_be_given),
		TEST(what_cannot_be_shown_has_a_status),
		TEST(arguments_are_checked),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
