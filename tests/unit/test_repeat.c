// SPDX-License-Identifier: MIT
/* Tests of bricktrace run --repeat as users run it, with the module or without. */
#include <pty.h>
#include <sys/ioctl.h>

#include "program.h"

/* A command whose run number N, from 1, is counted in the file "ran"; its status is N % 3. */
#define COUNTS "sh -c 'echo >>ran; exit $(($(wc -l <ran) % 3))'"

static int clean(void **state)
{
	(void)state;
	unlink("ran");
	return 0;
}

static void assert_lacks(const char *text)
{
	if (strstr(output, text))
		fail_msg("'%.500s' has '%s'", output, text);
}

static void assert_ran(unsigned int times)
{
	struct stat st = { 0 };

	stat("ran", &st);
	assert_int_equal(st.st_size, times);
}

/* Like run(), but on a terminal, with standard error there if the line does not redirect it. */
static int run_on_terminal(unsigned short columns, const char *line)
{
	const struct winsize size = { .ws_row = 24, .ws_col = columns };
	int fd;
	pid_t pid = forkpty(&fd, NULL, NULL, &size);

	if (!pid) {
		setenv("B", PROGRAM, 1);
		execl("/bin/sh", "sh", "-c", line, NULL);
		_exit(127);
	}
	return read_terminal(fd, pid);
}

static void bad_numbers_are_125(void **state)
{
	static const char *const bad[] = {
		"-r 0",	     "-r 1000001",	"-r ''",
		"-r 1e3",    "-r -1",		"-r ' 1'",
		"-r +1",     "--repeat=0x10",	"-r 18446744073709551617",
		"-r 3 -w x", "-r 3 -w 1000001", "-r 3 -w -1"
	};
	char line[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(line, sizeof(line), "$B run %s touch ran 2>&1", bad[i]);
		assert_int_equal(run(line), 125);
		assert_says("bricktrace: bad number of runs '");
	}
	assert_ran(0);
	assert_int_equal(run("$B run --repeat 0 true 2>&1"), 125);
	assert_string_equal(
		output,
		"bricktrace: bad number of runs '0': --repeat needs a whole number from 1 to 1000000\n");
	assert_int_equal(run("$B run -r 1 --warm-up 1.5 true 2>&1"), 125);
	assert_string_equal(
		output,
		"bricktrace: bad number of runs '1.5': --warm-up needs a whole number from 0 to 1000000\n");
	assert_int_equal(run("$B run -w 3 " COUNTS " 2>&1"), 125);
	assert_string_equal(output, "bricktrace: --warm-up needs --repeat\n");
	assert_int_equal(run("$B run -r 2>&1"), 125);
	assert_says("option '-r' needs an argument");
	assert_int_equal(run("$B attach -r 3 -p 1 2>&1"), 125);
	assert_ran(0);
}

static void statuses_are_counted(void **state)
{
	(void)state;
	assert_int_equal(run("$B run --repeat 8 -- " COUNTS " 2>&1"), 1);
	assert_ran(8);
	assert_says("brick:     sh\nruns:      8\nwall time: 0.");
	assert_says("statuses:  0: 2\n           1: 3\n           2: 3\n");
	assert_int_equal(run("$B run -r 3 true 2>&1"), 0);
	assert_says("runs:      3\n");
	assert_says("statuses:  0: 3\n");
	/* A signal is not confused with ^C, which would come to bricktrace. */
	assert_int_equal(run("$B run -r 2 -- sh -c 'kill -INT $$' 2>&1"), 130);
	assert_says("runs:      2\n");
	assert_says("statuses:  130: 2\n");
	assert_int_equal(run("$B run -r 1 -- sh -c 'kill -KILL $$' 2>&1"), 137);
	assert_says("statuses:  137: 1\n");
}

static void first_failure_is_the_status(void **state)
{
	(void)state;
	/* The statuses are 1, 2, 0. */
	assert_int_equal(run("$B run -r 3 " COUNTS " 2>&1"), 1);
	/* They are 2, 0, 1: the two runs before are in no figure. */
	unlink("ran");
	assert_int_equal(run("$B run -r 2 --warm-up 1 " COUNTS " 2>&1"), 2);
	assert_ran(3);
}

static void warm_up_is_in_no_figure(void **state)
{
	(void)state;
	/* The third run alone has status 0 and is quick. */
	assert_int_equal(
		run("$B run -w 2 -r 1 -b 1s -- sh -c 'echo >>ran; [ $(wc -l <ran) = 3 ] || { sleep 1; exit 9; }' 2>&1"),
		0);
	assert_ran(3);
	assert_says("runs:      1, after 2 for warming up\nwall time: 0.");
	assert_says("exceeded by 0 of 1 runs\n");
	assert_says("statuses:  0: 1\n");
	assert_int_equal(run("$B run -w 0 -r 2 true 2>&1"), 0);
	assert_says("runs:      2\n");
}

static void one_run_has_statistics(void **state)
{
	(void)state;
	assert_int_equal(run("$B run -r 1 -b 0 -n 'one é' true 2>&1"), 0);
	assert_says("brick:     one é\nruns:      1\n");
	assert_says("+- 0.000000000 s, CV 0.00 %\n");
	assert_says("budget:    0.000000000 s, exceeded by 1 of 1 runs\n");
	assert_says("grade:     F, score 0.0, by the median of the last runs, 0.");
}

static void output_of_the_command_appears(void **state)
{
	(void)state;
	assert_int_equal(run("$B run -r 3 echo hello 2>err"), 0);
	assert_string_equal(output, "hello\nhello\nhello\n");
	assert_int_equal(run("$B run -r 2 -o - echo hello 2>err; ! grep brick: err"), 0);
	assert_int_equal(strncmp(output, "hello\nhello\nbrick:     echo\n", 28), 0);
	assert_int_equal(run("$B run -r 2 -o out echo hello 2>err; grep runs: out"), 0);
	assert_says("hello\nhello\nruns:      2\n");
	assert_int_equal(run("$B run -r 2 -o /dev/full true 2>&1"), 125);
	assert_says("/dev/full");
	assert_int_equal(run("$B run -r 2 -o /dev/full false 2>&1"), 1);
	assert_int_equal(run("$B run -r 2 -o /no/such/dir touch ran 2>&1"), 125);
	assert_ran(0);
}

static void commands_that_cannot_run_are_tried_once(void **state)
{
	(void)state;
	assert_int_equal(run("$B run -r 5 no-such-command 2>&1"), 127);
	assert_string_equal(output, "bricktrace: no-such-command: command not found\n");
	write_file("bad", "#!/no/such/interpreter\n", 0755);
	assert_int_equal(run("$B run -r 5 ./bad 2>&1 | grep -c interpreter"), 0);
	assert_string_equal(output, "1\n");
	assert_int_equal(run("$B run -r 5 ./bad 2>&1"), 126);
	assert_lacks("runs:");
	/* If the command vanishes, the runs before are reported. */
	write_file("once", "#!/bin/sh\nrm once\n", 0755);
	assert_int_equal(run("$B run -r 5 ./once 2>&1"), 126);
	assert_says("runs:      1 of 5\n");
}

static void children_are_waited_for_in_each_run(void **state)
{
	(void)state;
	assert_int_equal(
		run("$B run -f -r 2 -- sh -c '(sleep 0.3; echo >>ran) >/dev/null 2>&1 &' 2>&1; wc -l <ran"),
		0);
	assert_says("2\n");
}

static void interrupt_ends_with_the_statistics(void **state)
{
	(void)state;
	/* The run during which ^C comes ends, but does not count. */
	assert_int_equal(
		run("$B run -r 5 -- sh -c 'echo >>ran; [ $(wc -l <ran) != 3 ] || kill -INT $PPID' 2>&1"),
		130);
	assert_ran(3);
	assert_says("runs:      2 of 5\n");
	assert_says("statuses:  0: 2\n");
	/* A command that ignores ^C does not delay the report. */
	unlink("ran");
	assert_int_equal(
		run("$B run -r 5 -- sh -c 'echo >>ran; [ $(wc -l <ran) != 2 ] || { kill -INT $PPID; sleep 1; echo late; }' 2>&1"),
		130);
	assert_says("runs:      1 of 5\n");
	assert_says("late\n");
	assert_true(strstr(output, "late") > strstr(output, "runs:"));
	assert_null(strstr(strstr(output, "runs:") + 1, "runs:"));
	/* Without a run there are no figures. */
	unlink("ran");
	assert_int_equal(
		run("$B run -w 3 -r 5 -- sh -c 'echo >>ran; [ $(wc -l <ran) != 2 ] || kill -INT $PPID' 2>&1"),
		130);
	assert_ran(2);
	assert_says("runs:      0 of 5, after 3 for warming up\n");
	assert_lacks("wall time:");
	assert_int_equal(run("$B run -j -r 5 -- sh -c 'kill -INT $PPID' 2>&1"), 130);
	assert_says("\"runs\":0,\"traced\":0,\"partial\":0,");
	assert_says("\"mean_ns\":null,");
	assert_says("\"statuses\":{},");
}

static void termination_is_passed_on(void **state)
{
	(void)state;
	assert_int_equal(
		run("$B run -r 5 -- sh -c 'trap \"echo passed on; exit 0\" TERM; kill $PPID; while :; do sleep 0.05; done' 2>&1"),
		143);
	assert_says("passed on\n");
	assert_says("runs:      0 of 5\n");
}

static void json_has_the_runs(void **state)
{
	json_t *json, *bucket;
	json_int_t runs = 0;
	size_t i;

	(void)state;
	assert_int_equal(run("$B run -j -r 4 -w 1 -b 1s -o out " COUNTS " 2>err"), 2);
	json = json_load_file("out", 0, NULL);
	assert_non_null(json);
#define MEMBER(name) json_object_get(json, name)
	assert_int_equal(json_integer_value(MEMBER("schema")), 1);
	assert_string_equal(json_string_value(MEMBER("brick")), "sh");
	assert_int_equal(json_integer_value(MEMBER("planned")), 4);
	assert_int_equal(json_integer_value(MEMBER("warm_up")), 1);
	assert_int_equal(json_integer_value(MEMBER("runs")), 4);
	assert_int_equal(json_integer_value(MEMBER("runs_over_budget")), 0);
	assert_string_equal(json_string_value(MEMBER("grade")), "A");
	/* The statuses are those of the runs 2 to 5. */
	assert_int_equal(json_object_size(MEMBER("statuses")), 3);
	assert_int_equal(json_integer_value(json_object_get(MEMBER("statuses"), "2")), 2);
	assert_true(json_number_value(MEMBER("mean_ns")) >=
		    json_integer_value(MEMBER("min_ns")));
	json_array_foreach(MEMBER("histogram"), i, bucket) runs +=
		json_integer_value(json_object_get(bucket, "runs"));
	assert_int_equal(runs, 4);
#undef MEMBER
	json_decref(json);
}

static void progress_is_shown_on_a_terminal(void **state)
{
	(void)state;
	assert_int_equal(
		run_on_terminal(60, "LC_ALL=C TERM=xterm $B run -w 1 -r 2 sleep 0.15"), 0);
	assert_says("\rwarm-up 1 of 1 [                             ]\r");
	assert_says("\rrun 1 of 2 [###########                      ]");
	assert_says("\rrun 2 of 2 [######################           ]");
	/* The report takes the place of the bar. */
	assert_says("                    \rbrick:     sleep\r\n");
	assert_int_equal(
		run_on_terminal(60, "LC_ALL=C.UTF-8 TERM=xterm $B run -r 2 sleep 0.15"), 0);
	assert_says("\rrun 2 of 2 [████████████████▌");
	assert_int_equal(run_on_terminal(20, "TERM=xterm $B run -r 2 sleep 0.15"), 0);
	assert_says("\rrun 2 of 2\r");
	assert_int_equal(run_on_terminal(60, "TERM=dumb $B run -r 2 true"), 0);
	assert_lacks("run 1 of 2");
	assert_int_equal(run_on_terminal(60, "unset TERM; $B run -r 2 true"), 0);
	assert_lacks("run 1 of 2");
	assert_int_equal(run_on_terminal(60, "TERM=xterm $B run -r 2 true 2>err; cat err"),
			 0);
	assert_says("runs:      2");
	assert_lacks("run 1 of 2");
}

static void histogram_is_as_wide_as_the_terminal(void **state)
{
	static const char rule[] = "----------- --------- ----------------";

	(void)state;
	assert_int_equal(run("LC_ALL=C $B run -r 1 true 2>&1"), 0);
	assert_says(rule);
	assert_says(" 1 ##########################################################\n");
	assert_int_equal(run_on_terminal(40, "LC_ALL=C $B run -r 1 true"), 0);
	assert_says(" 1 ##################\r\n");
	assert_int_equal(run_on_terminal(0, "LC_ALL=C COLUMNS=30 $B run -r 1 true"), 0);
	assert_says(" 1 ########\r\n");
	assert_int_equal(run_on_terminal(0, "LC_ALL=C COLUMNS=x $B run -r 1 true"), 0);
	assert_says(" 1 ##########################################################\r\n");
	assert_int_equal(run_on_terminal(30, "LC_ALL=C.UTF-8 $B run -r 1 true"), 0);
	assert_says(" 1 ████████\r\n");
	/* The width of the terminal has no effect on a file. */
	assert_int_equal(
		run_on_terminal(40, "LC_ALL=C $B run -r 1 -o out true 2>&1; cat out"), 0);
	assert_says(" 1 ##########################################################\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(bad_numbers_are_125, clean),
		cmocka_unit_test_setup(statuses_are_counted, clean),
		cmocka_unit_test_setup(first_failure_is_the_status, clean),
		cmocka_unit_test_setup(warm_up_is_in_no_figure, clean),
		cmocka_unit_test_setup(one_run_has_statistics, clean),
		cmocka_unit_test_setup(output_of_the_command_appears, clean),
		cmocka_unit_test_setup(commands_that_cannot_run_are_tried_once, clean),
		cmocka_unit_test_setup(children_are_waited_for_in_each_run, clean),
		cmocka_unit_test_setup(interrupt_ends_with_the_statistics, clean),
		cmocka_unit_test_setup(termination_is_passed_on, clean),
		cmocka_unit_test_setup(json_has_the_runs, clean),
		cmocka_unit_test_setup(progress_is_shown_on_a_terminal, clean),
		cmocka_unit_test_setup(histogram_is_as_wide_as_the_terminal, clean),
	};

	return cmocka_run_group_tests_name("repeat", tests, enter, leave);
}
