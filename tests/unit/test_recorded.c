// SPDX-License-Identifier: MIT
/* Tests of bricktrace report on recordings that this file writes. */
#include <fcntl.h>

#include "program.h"
#include "records.h"

static int file;

static int begin(void **state)
{
	struct bt_recording *recording;

	(void)state;
	setenv("TZ", "UTC", 1);
	file = open("rec", O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(bt_recording_create(file, &recording), 0);
	bt_recording_free(recording);
	return 0;
}

static int end(void **state)
{
	(void)state;
	return close(file);
}

static void add(const void *record, size_t size)
{
	assert_int_equal(write(file, record, size), size);
}

static void add_run(struct run_record run)
{
	add(&run, sizeof(run));
}

static void add_loss(uint64_t sequence, uint64_t lost)
{
	struct bricktrace_record_loss loss = sample_loss(sequence, lost);

	add(&loss, sizeof(loss));
}

static void a_report_has_bricks_and_worst_runs(void **state)
{
	struct run_record odd;

	(void)state;
	add_run(sample_run(1));
	add_loss(2, 3);
	add_run(plain_run(5, "encode", 4 * MS, BT_NONE));
	odd = plain_run(6, "encode", 6 * MS, BT_NONE);
	odd.origin.end_unix_ns += 1500 * MS;
	odd.result.reason = BRICKTRACE_REASON_RATE_LIMIT;
	strcpy(odd.origin.comm, "a\x1b[m");
	add_run(odd);
	add_run(plain_run(7, "kept", 9 * MS, 10 * MS));
	assert_int_equal(run("$B report rec 2>&1"), 0);
	assert_int_equal(strncmp(output, "files:     1, of ", 17), 0);
	assert_says("\nruns:      4, 1 of them over their budget\n"
		    "lost:      3 more\n"
		    "time:      2026-09-22 00:00:00.988 to 2026-09-22 00:00:02.500\n"
		    "\n"
		    "label:     player\n"
		    "brick:     decode\n"
		    "runs:      1\n"
		    "wall time: 0.012000000 s +- 0.000000000 s, CV 0.00 %\n"
		    "budget:    0.010000000 s, exceeded by 1 of 1 runs\n");
	assert_says("breakdown: measured\n");
	assert_says("Means of 1 runs:\n");
	assert_says(
		" 50.00 0.0060000 0.0010000 0.0050000 0.0000000         3      1 ioctl\n");
	/* The brick with more time over all its runs comes first. */
	assert_true(strstr(output, "brick:     encode") < strstr(output, "brick:     kept"));
	assert_says("\nbrick:     encode\nruns:      2\nwall time: 0.005000000 s +- 0.001000000 s, CV 20.00 %\n"
		    "breakdown: not measured:");
	assert_says("\nThe worst runs:\n"
		    "\nended:     2026-09-22 00:00:01.000\n"
		    "program:   gpu-decode[4711/4713] of user 1000\n"
		    "label:     player\n"
		    "brick:     decode\n"
		    "wall time: 0.012000000 s\n"
		    "budget:    0.010000000 s, exceeded by 0.002000000 s\n"
		    "threads:   1\n"
		    "breakdown: measured\n"
		    "calls:     58.33 % of the thread time, most of it in ioctl\n"
		    "\n  seconds   blocked   longest   calls errors device     command\n");
	assert_says(
		"\n0.0060000 0.0050000 0.0040000       3      1 nvidiactl\n          NV2080_CTRL_CMD_BUS_GET_PCI_BAR_INFO\n");
	assert_says("\nThe slowest calls:\n");
	assert_says("0.0040000 0.0030000    4713\n          ioctl(5) nvidiactl ");
	/* Then the longest runs without a budget; one that kept its budget is not bad. */
	assert_says("\nended:     2026-09-22 00:00:02.500\nprogram:   a\\x1b[m[4711/4713] of user 1000\nbrick:     encode\nwall time: 0.006000000 s\n"
		    "breakdown: not measured:");
	assert_true(strstr(output, "wall time: 0.006000000 s\n") <
		    strstr(output, "wall time: 0.004000000 s\n"));
	assert_null(strstr(output, "wall time: 0.009000000 s\n"));
	assert_null(strchr(output, '\x1b'));
	assert_int_equal(run("$B report rec >named && $B report - <rec | diff named -"), 0);
}

static void worst_runs_are_limited(void **state)
{
	static const int over[] = { 3, 9, 1, 7, 5 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(over) / sizeof(*over); i++)
		add_run(plain_run(i + 1, "a", (10 + over[i]) * MS, 10 * MS));
	add_run(plain_run(6, "b", 1000 * MS, BT_NONE));
	/* This run is longer than the others, but less beyond its budget. */
	add_run(plain_run(7, "c", 101 * MS, 100 * MS));
	assert_int_equal(run("$B report -w 3 rec | grep exceeded.by.0"), 0);
	assert_string_equal(output,
			    "budget:    0.010000000 s, exceeded by 0.009000000 s\n"
			    "budget:    0.010000000 s, exceeded by 0.007000000 s\n"
			    "budget:    0.010000000 s, exceeded by 0.005000000 s\n");
	assert_int_equal(run("$B report --worst=6 rec | grep -c ^ended:"), 0);
	assert_string_equal(output, "6\n");
	assert_int_equal(run("$B report rec | tail -n 3 | head -n 2"), 0);
	assert_string_equal(output, "brick:     b\nwall time: 1.000000000 s\n");
	assert_int_equal(run("$B report -w 0 rec | grep -c ^ended:"), 1);
}

#define MEMBER(name) json_object_get(json, name)

static void json_has_the_same(void **state)
{
	struct run_record traced = sample_run(1);
	json_t *json, *brick, *worst;

	(void)state;
	traced.slow_calls[0].tid = getpid();
	traced.slow_calls[0].arg0 = file;
	add_run(traced);
	add_loss(2, 3);
	add_run(plain_run(5, "decode", 4 * MS, BT_NONE));
	assert_int_equal(run("$B report --json rec 2>&1"), 0);
	json = json_loads(output, 0, NULL);
	assert_non_null(json);
	assert_int_equal(json_integer_value(MEMBER("schema")), 1);
	assert_int_equal(json_integer_value(MEMBER("files")), 1);
	assert_true(json_is_false(MEMBER("damaged")));
	assert_int_equal(json_integer_value(MEMBER("runs")), 2);
	assert_int_equal(json_integer_value(MEMBER("runs_over_budget")), 1);
	assert_int_equal(json_integer_value(MEMBER("lost")), 3);
	assert_int_equal(json_integer_value(MEMBER("runs_left_out")), 0);
	assert_int_equal(json_array_size(MEMBER("bricks")), 2);
	brick = json_array_get(MEMBER("bricks"), 0);
	assert_string_equal(json_string_value(json_object_get(brick, "brick")), "decode");
	assert_string_equal(json_string_value(json_object_get(brick, "label")), "player");
	assert_int_equal(json_integer_value(json_object_get(brick, "runs")), 1);
	assert_true(json_is_null(
		json_object_get(json_array_get(MEMBER("bricks"), 1), "label")));
	assert_null(json_object_get(brick, "planned"));
	assert_int_equal(json_array_size(MEMBER("worst")), 2);
	worst = json_array_get(MEMBER("worst"), 0);
	assert_int_equal(json_integer_value(json_object_get(worst, "wall_ns")), 12 * MS);
	assert_int_equal(json_integer_value(
				 json_object_get(json_object_get(worst, "origin"), "tid")),
			 4713);
	/* The thread and the descriptor exist, but those of a recording may be others today. */
	assert_true(json_is_null(json_object_get(
		json_array_get(json_object_get(worst, "slow_calls"), 0), "path")));
	json_decref(json);
}

static void a_filter_selects_calls(void **state)
{
	(void)state;
	add_run(sample_run(1));
	assert_int_equal(run("$B report -e read rec 2>&1"), 0);
	assert_says("shown:     read (-e); ");
	assert_null(strstr(output, "nvidiactl"));
	assert_null(strstr(output, "slowest calls"));
	assert_int_equal(run("$B report -e opennat rec 2>&1"), 125);
}

static void several_files_are_added_up(void **state)
{
	(void)state;
	add_run(plain_run(1, "a", 2 * MS, BT_NONE));
	add_run(plain_run(2, "a", 4 * MS, BT_NONE));
	assert_int_equal(run("$B report rec - <rec 2>&1"), 0);
	assert_int_equal(strncmp(output, "files:     2, of ", 17), 0);
	assert_says("\nruns:      4, ");
	assert_says(
		"brick:     a\nruns:      4\nwall time: 0.003000000 s +- 0.001000000 s,");
}

static void what_is_whole_is_reported(void **state)
{
	size_t header = BRICKTRACE_FILE_HEADER_SIZE_V0, size = sizeof(struct run_record);
	struct run_record bad = sample_run(3);
	char wanted[300];

	(void)state;
	add_run(sample_run(1));
	add_run(sample_run(2));
	bad.run.origin.offset = 4;
	add_run(bad);
	assert_int_equal(run("$B report rec 2>err"), 1);
	assert_says("runs:      2, ");
	snprintf(wanted, sizeof(wanted),
		 "grep -c '^bricktrace: rec: malformed record at byte %zu of the recording: ' err",
		 header + 2 * size);
	assert_int_equal(run(wanted), 0);
	assert_int_equal(run("$B report -j rec 2>err"), 1);
	assert_says("\"damaged\":true");
	/* Cut in the middle of the second record. */
	assert_int_equal(ftruncate(file, header + size + 100), 0);
	assert_int_equal(run("$B report rec 2>err; s=$?; cat err; exit $s"), 1);
	assert_says("runs:      1, ");
	snprintf(wanted, sizeof(wanted),
		 "bricktrace: rec: the recording ends at byte %zu inside the record that begins at byte %zu: ",
		 header + size + 100, header + size);
	assert_says(wanted);
	/* One bad file of two. */
	assert_int_equal(run("$B report /dev/null none rec 2>&1"), 1);
	assert_says("bricktrace: cannot open 'none': No such file or directory\n");
	assert_says("bricktrace: /dev/null: the file is not a recording");
	assert_says("files:     1, of ");
	assert_int_equal(run("$B report /dev/null 2>/dev/null"), 1);
	assert_string_equal(output, "");
	assert_int_equal(run("$B report . 2>&1"), 1);
	assert_says("bricktrace: .: cannot read the recording: Is a directory\n");
}

static void an_empty_recording_is_whole(void **state)
{
	(void)state;
	assert_int_equal(run("$B report rec"), 0);
	assert_says("runs:      0, 0 of them over their budget\nlost:      0 more\n");
	assert_null(strstr(output, "time:"));
	assert_int_equal(run("$B report -j rec"), 0);
	assert_says("\"start_unix_ns\":null,\"end_unix_ns\":null,\"bricks\":[],");
}

static void the_number_of_bricks_is_limited(void **state)
{
	char name[64];
	int i;

	(void)state;
	for (i = 0; i < 1005; i++) {
		snprintf(name, sizeof(name), "brick-%d", i);
		add_run(plain_run(i + 1, name, MS, BT_NONE));
	}
	add_run(plain_run(2000, "brick-7", MS, BT_NONE));
	assert_int_equal(run("$B report -w 0 rec | grep -c ^brick:"), 0);
	assert_string_equal(output, "1000\n");
	assert_int_equal(run("$B report -w 0 rec | tail -n 1"), 0);
	assert_string_equal(output,
			    "5 runs are of further bricks: a report shows 1000 bricks.\n");
	assert_int_equal(run("$B report -w 0 rec | grep -A 1 '^brick:     brick-7$'"), 0);
	assert_says("runs:      2\n");
}

static void absurd_figures_are_no_undefined_behavior(void **state)
{
	struct run_record r = sample_run(1);
	size_t i;

	(void)state;
	/* Each figure is a number of 64 bits that no run can have. */
	for (i = offsetof(struct run_record, times); i < sizeof(r); i += 8) {
		r = sample_run(1);
		memset((char *)&r + i, 0xfe, 8);
		strcpy(r.failed[0].name, "p99");
		add_run(r);
		r.run.record.sequence++;
		lseek(file, BRICKTRACE_FILE_HEADER_SIZE_V0, SEEK_SET);
		if (run("$B report rec 2>&1 && $B report -j rec 2>&1") > 1)
			fail_msg("byte %zu: %s", i, output);
		assert_null(strstr(output, "runtime error"));
	}
	r = sample_run(1);
	memset(&r.result.budget_ns, 0xfe, 24);
	memset(&r.origin.end_unix_ns, 0xff, 8);
	add_run(r);
	assert_int_equal(run("$B report rec 2>&1 && $B report -j rec 2>&1"), 0);
}

static void wrong_usage_is_refused(void **state)
{
	(void)state;
	assert_int_equal(run("$B report 2>&1"), 125);
	assert_string_equal(
		output,
		"bricktrace: no recording to report; see bricktrace report --help\n");
	assert_int_equal(run("$B report -w 101 rec 2>&1"), 125);
	assert_string_equal(
		output,
		"bricktrace: bad number of runs '101': --worst needs a whole number from 0 to 100\n");
	assert_int_equal(run("$B report -x rec 2>&1"), 125);
	assert_string_equal(output, "bricktrace: unknown option '-x'\n");
	assert_int_equal(run("$B report --help"), 0);
	assert_says("Usage: bricktrace report [OPTIONS] FILE...\n");
	assert_int_equal(run("$B report rec 2>&1 >/dev/full"), 125);
	assert_says("cannot write to standard output: No space left on device\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_report_has_bricks_and_worst_runs),
		TEST(worst_runs_are_limited),
		TEST(json_has_the_same),
		TEST(a_filter_selects_calls),
		TEST(several_files_are_added_up),
		TEST(what_is_whole_is_reported),
		TEST(an_empty_recording_is_whole),
		TEST(the_number_of_bricks_is_limited),
		TEST(absurd_figures_are_no_undefined_behavior),
		TEST(wrong_usage_is_refused),
	};

	return cmocka_run_group_tests_name("recorded", tests, enter, leave);
}
