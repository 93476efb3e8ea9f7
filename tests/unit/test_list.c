// SPDX-License-Identifier: MIT
/* Tests of bricktrace list over a host that hosts.h imitates. */
#include <locale.h>

#include "form.h"
#include "hosts.h"

#define LIST(...)	command(cmd_list, ARGUMENTS("list", ##__VA_ARGS__))
#define LIST_ON(n, ...) command_on(n, cmd_list, ARGUMENTS("list", __VA_ARGS__))

static const uint64_t durations[] = { 10 * MS, 10 * MS, 20 * MS, 40 * MS };

static int fill(void **state)
{
	struct host_brick *b;

	setlocale(LC_CTYPE, "C.UTF-8");
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	answers_reset(state);
	answers.sessions = 3;
	answers.session[0] = (struct host_session){
		.s = { .id = 1,
		       .threads = 12,
		       .bricks = 2,
		       .runs = 1,
		       .runs_opened = 1234,
		       .escalated = 1,
		       .enabled = 1,
		       .cv_threshold = 15000,
		       .efficiency_threshold = 25000,
		       .trace_limit = 100,
		       .slow_ns = MS,
		       .edge_ps = 81000,
		       .granted = 3,
		       .label = "player" },
		.pid = 4001,
		.holds = 2,
		.holds_ns = 12345 * MS,
		.comm = "gpu-decode",
	};
	answers.session[1] = (struct host_session){
		.s = { .id = 3, .edge_ps = BT_NONE },
		.owner = BRICKTRACE_OWNER_SOCKET,
		.uid = 4000000000,
		.comm = "a\x1b[m\xff\xc3\xa9",
	};
	answers.session[2] = (struct host_session){
		.s = { .id = 20, .threads = 2, .enabled = 1, .edge_ps = BT_NONE },
		.pid = 4020,
		.detached = true,
		.comm = "b",
	};
	answers.threads = 2;
	answers.thread[0] = (struct host_thread){
		.session = 1,
		.pid = 4001,
		.tid = 4002,
		.flags = BRICKTRACE_THREAD_INHERIT_CHILDREN,
		.runs = 1,
		.comm = "worker",
		.thread_ns = 1000 * MS,
		.offcpu_ns = 250 * MS,
		.calls = { [BT_CAT_FUTEX] = { .count = 5, .errors = 1, .ns = 300 * MS },
			   [BT_CAT_OTHER] = { .count = 2, .errors = 1, .ns = 50 * MS } },
	};
	answers.thread[1] = (struct host_thread){
		.session = 3,
		.pid = 1,
		.comm = "\x01",
		.offcpu_ns = BT_NONE,
	};
	b = answers_add_brick(1, "decode", durations, 4);
	b->get.mode = BRICKTRACE_MODE_NEXT;
	b->get.escalated = 1;
	b->get.budget_ns = 20 * MS;
	b->room.statistics[0].over_budget = 1;
	strcpy(b->label, "player");
	answers_trace(b, 2);
	answers_add_brick(3, "encode", durations, 0)->comm[0] = 0;
	return 0;
}

static void sessions_are_a_table(void **state)
{
	static const char table[] =
		"id owner   pid user       program      label  threads bricks runs opened escalated holding state\n"
		" 1 device 4001 root       gpu-decode   player      12      2    1   1234         1 12.3450 on\n"
		" 3 socket    - 4000000000 a\\x1b[m\\xff\u00e9 -            0      0    0      0         0       - off\n"
		"20 device 4020 root       b            -            2      0    0      0         0       - detached\n";

	(void)state;
	assert_int_equal(LIST(), 0);
	assert_string_equal(output, table);
	assert_string_equal(errors, "");
	assert_int_equal(LIST("sessions"), 0);
	assert_string_equal(output, table);
}

static void threads_are_a_table(void **state)
{
	(void)state;
	assert_int_equal(LIST("threads"), 0);
	assert_string_equal(
		output,
		"session  pid  tid thread  followed call%  off% calls errors dominant\n"
		"      1 4001 4002 worker 1.0000000 35.00 25.00     7      2 futex\n"
		"      3    1    - \\x01   0.0000000     -     -     0      0 none\n");
}

static void bricks_are_a_table(void **state)
{
	(void)state;
	assert_int_equal(LIST("bricks"), 0);
	assert_string_equal(
		output,
		"brick  session  pid program mode    runs traced over%      mean   cv%       p95       max    budget dominant\n"
		"decode       1 4001 decoder next*      4      2 25.00 0.0200000 61.24 0.0400000 0.0400000 0.0200000 ioctl\n"
		"encode       3 4003 -       measure    0      0     -         -     -         -         -         - -\n");
}

static void nothing_is_a_head_or_an_empty_array(void **state)
{
	(void)state;
	answers.sessions = answers.threads = answers.bricks = 0;
	assert_int_equal(LIST("threads"), 0);
	assert_string_equal(
		output,
		"session pid tid thread followed call% off% calls errors dominant\n");
	assert_int_equal(LIST("--json"), 0);
	assert_string_equal(output, "[]\n");
	assert_int_equal(LIST("bricks", "-p"), 0);
	assert_string_equal(output, "[]\n");
}

static void terminal_cuts_and_leaves_out(void **state)
{
	(void)state;
	setenv("NO_COLOR", "1", 1);
	/* What fits is not cut. */
	strcpy(answers.session[0].s.label, "a-label-of-many-letters");
	assert_int_equal(LIST_ON(116, NULL), 0);
	assert_says(" gpu-decode   a-label-of-many-letters      12 ");
	assert_int_equal(LIST_ON(115, NULL), 0);
	assert_says(" gpu-decode   a-label-of-many-let...      12 ");
	assert_int_equal(LIST_ON(60, NULL), 0);
	assert_string_equal(output,
			    "id  pid user     program  label    threads runs state\r\n"
			    " 1 4001 root     gpu-d... a-lab...      12    1 on\r\n"
			    " 3    - 40000... a\\x1b... -              0    0 off\r\n"
			    "20 4020 root     b        -              2    0 detached\r\n");
	/* A line that cannot become shorter stays as it is. */
	assert_int_equal(LIST_ON(10, NULL), 0);
	assert_says(" 1 4001 root     gpu-d... a-lab...      12    1 on\r\n");
}

/* Two columns wide and no columns wide, respectively. */
#define WIDE	  "\u6f22"
#define COMBINING "\u0301"

static void width_is_in_columns(void **state)
{
	(void)state;
	strcpy(answers.session[0].comm, WIDE WIDE);
	strcpy(answers.session[1].comm, "e" COMBINING);
	strcpy(answers.session[2].comm, "12345678");
	assert_int_equal(LIST("-p", "threads"), 0);
	assert_int_equal(LIST(), 0);
	assert_says(" root       " WIDE WIDE "     player ");
	assert_says(" 4000000000 e" COMBINING "        -      ");
	assert_says(" root       12345678 -      ");
}

static void terminal_has_colours(void **state)
{
	(void)state;
	assert_int_equal(LIST_ON(200, "bricks"), 0);
	assert_says("\x1b[1mbrick\x1b[0m  \x1b[1msession\x1b[0m  ");
	assert_says(" decoder \x1b[33mnext*\x1b[0m  ");
	assert_says(" \x1b[31m25.00\x1b[0m ");
	assert_int_equal(LIST_ON(200, "sessions"), 0);
	assert_says(" \x1b[33moff\x1b[0m\r\n");
	assert_says(" on\r\n");
	assert_says(" \x1b[33mdetached\x1b[0m\r\n");
	setenv("NO_COLOR", "1", 1);
	assert_int_equal(LIST_ON(200, "sessions"), 0);
	assert_null(strchr(output, '\x1b'));
}

/* Lists, and compares the first words of the lines. */
static void assert_order(const char *const *argv, const char *words)
{
	char found[200] = "", *line, *rest = output;

	assert_int_equal(command(cmd_list, argv), 0);
	strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) && *line) {
		line += strspn(line, " ");
		strncat(found, line, strcspn(line, " "));
		strcat(found, " ");
	}
	assert_string_equal(found, words);
}

#define ASSERT_ORDER(words, ...) assert_order(ARGUMENTS("list", __VA_ARGS__), words)

static void rows_are_sorted(void **state)
{
	(void)state;
	/* Amounts begin with the largest, and names and numbers of things with the least. */
	ASSERT_ORDER("1 20 3 ", "--sort", "threads");
	ASSERT_ORDER("3 20 1 ", "--sort", "program");
	ASSERT_ORDER("3 20 1 ", "--sort=comm");
	ASSERT_ORDER("1 3 20 ", "--sort=id");
	/* Those without a figure or name come last, and equal ones keep their order. */
	ASSERT_ORDER("1 20 3 ", "--sort", "pid");
	ASSERT_ORDER("1 3 20 ", "--sort", "holds_ns");
	ASSERT_ORDER("1 3 20 ", "--sort", "label");
	answers.session[0].s.threads = 2;
	ASSERT_ORDER("1 20 3 ", "--sort", "threads");
	answers.session[2].s.threads = 3;
	ASSERT_ORDER("20 1 3 ", "--sort", "threads");
	ASSERT_ORDER("decode encode ", "--sort", "budget", "bricks");
	answers.thread[1].thread_ns = 2000 * MS;
	answers.thread[1].session = 7;
	ASSERT_ORDER("7 1 ", "threads", "--sort", "followed");
}

static void bad_keys_are_125(void **state)
{
	(void)state;
	assert_int_equal(LIST("--sort", "granted"), 125);
	assert_string_equal(
		errors,
		"bricktrace: 'granted' is no column of the sessions; the columns are: id owner pid user program label threads bricks runs opened escalated holding state\n");
	assert_int_equal(LIST("threads", "--sort", ""), 125);
	assert_complains("'' is no column of the threads; the columns are: session pid ");
}

static void filters_are_asked_for(void **state)
{
	(void)state;
	assert_int_equal(LIST("--session", "3", "--pid=4711"), 0);
	assert_string_equal(errors, "asked: 3 4711 -\n");
	assert_int_equal(LIST("threads", "--session", "session#18446744073709551615"), 0);
	assert_string_equal(errors, "asked: 18446744073709551615 0 -\n");
	assert_int_equal(LIST("bricks", "--brick", "decode"), 0);
	assert_string_equal(errors, "asked: 0 0 decode\n");
	/* All bricks are asked for, because their names decide about each other's form. */
	ASSERT_ORDER("encode ", "bricks", "--session", "3");
	assert_string_equal(errors, "");
	ASSERT_ORDER("decode ", "bricks", "--pid", "4001");
	ASSERT_ORDER("", "bricks", "--pid", "4001", "--session=3");
}

static void forms_name_one_brick(void **state)
{
	(void)state;
	answers.bricks = 0;
	answers_add_brick(1, "a", durations, 4);
	answers_add_brick(2, "a", durations, 4)->pid = 4001;
	answers_add_brick(3, "a", durations, 4);
	answers_add_brick(1, "b", durations, 4);
	answers_add_brick(1, "12:b", durations, 4);
	answers_add_brick(5, "session#3:b", durations, 4)->pid = 0;
	ASSERT_ORDER("session#1:a session#2:a 4003:a b 4001:12:b session#5:session#3:b ",
		     "bricks");
	/* Also if only one of them is listed. */
	ASSERT_ORDER("session#1:a b 4001:12:b ", "bricks", "--session", "1");
	/* Without a process, there is no number to name it by. */
	answers.brick[2].pid = 0;
	ASSERT_ORDER("session#3:a ", "bricks", "--session=3");
}

#define MEMBER(i, name)		  json_object_get(json_array_get(json, i), name)
#define ASSERT_NUMBER(n, i, name) assert_int_equal(json_integer_value(MEMBER(i, name)), n)
#define ASSERT_NULL(i, name)	  assert_true(json_is_null(MEMBER(i, name)))
#define ASSERT_TEXT(t, i, name)	  assert_string_equal(json_string_value(MEMBER(i, name)), t)

static json_t *listed(const char *what)
{
	json_t *json;

	assert_int_equal(LIST(what, "-j"), 0);
	/* One line, of which a terminal obeys nothing. */
	assert_ptr_equal(strchr(output, '\n'), strrchr(output, '\n'));
	assert_null(strchr(output, '\x1b'));
	json = json_loads(output, 0, NULL);
	assert_true(json_is_array(json));
	return json;
}

static void sessions_are_json(void **state)
{
	json_t *json = listed("sessions");

	(void)state;
	ASSERT_NUMBER(1, 0, "id");
	ASSERT_TEXT("device", 0, "owner");
	ASSERT_NUMBER(4001, 0, "pid");
	assert_true(json_is_integer(MEMBER(0, "uid")));
	ASSERT_NUMBER(0, 0, "uid");
	ASSERT_TEXT("root", 0, "user");
	ASSERT_TEXT("gpu-decode", 0, "comm");
	ASSERT_TEXT("player", 0, "label");
	ASSERT_NUMBER(12, 0, "threads");
	ASSERT_NUMBER(1234, 0, "runs_opened");
	ASSERT_NUMBER(12345 * MS, 0, "holds_ns");
	ASSERT_NUMBER(2, 0, "holds");
	ASSERT_TEXT("on", 0, "state");
	ASSERT_NUMBER(3, 0, "granted");
	assert_double(json_real_value(MEMBER(0, "cv_threshold_percent")), 15);
	assert_double(json_real_value(MEMBER(0, "efficiency_threshold_percent")), 25);
	ASSERT_NUMBER(MS, 0, "slow_ns");
	ASSERT_NUMBER(81000, 0, "edge_ps");
	ASSERT_TEXT("socket", 1, "owner");
	ASSERT_NULL(1, "pid");
	ASSERT_NULL(1, "label");
	ASSERT_NULL(1, "holds_ns");
	ASSERT_NULL(1, "edge_ps");
	ASSERT_NUMBER(0, 1, "holds");
	ASSERT_TEXT("a\x1b[m\ufffd\u00e9", 1, "comm");
	ASSERT_TEXT("off", 1, "state");
	ASSERT_TEXT("detached", 2, "state");
	json_decref(json);
}

static void threads_are_json(void **state)
{
	json_t *json = listed("threads"), *futex;

	(void)state;
	ASSERT_NUMBER(4002, 0, "tid");
	ASSERT_NUMBER(1000 * MS, 0, "thread_ns");
	ASSERT_NUMBER(250 * MS, 0, "offcpu_ns");
	assert_double(json_real_value(MEMBER(0, "calls_percent")), 35);
	assert_double(json_real_value(MEMBER(0, "offcpu_percent")), 25);
	ASSERT_TEXT("futex", 0, "dominant");
	assert_true(json_is_false(MEMBER(0, "inherit_threads")));
	assert_true(json_is_true(MEMBER(0, "inherit_children")));
	futex = json_object_get(MEMBER(0, "categories"), "futex");
	assert_int_equal(json_integer_value(json_object_get(futex, "ns")), 300 * MS);
	assert_int_equal(json_integer_value(json_object_get(futex, "errors")), 1);
	assert_int_equal(json_object_size(MEMBER(0, "categories")), 6);
	ASSERT_NULL(1, "tid");
	ASSERT_NULL(1, "calls_percent");
	ASSERT_NULL(1, "offcpu_ns");
	ASSERT_NULL(1, "offcpu_percent");
	ASSERT_TEXT("none", 1, "dominant");
	json_decref(json);
	/* Neither the time nor the errors of a category were told. */
	answers.thread[0].calls[BT_CAT_OTHER].ns = BT_NONE;
	answers.thread[0].calls[BT_CAT_OTHER].errors = BT_NONE;
	json = listed("threads");
	ASSERT_NULL(0, "calls_percent");
	ASSERT_NULL(0, "errors");
	ASSERT_NUMBER(7, 0, "calls");
	ASSERT_TEXT("futex", 0, "dominant");
	json_decref(json);
}

static void bricks_are_json(void **state)
{
	json_t *json = listed("bricks");

	(void)state;
	ASSERT_TEXT("decode", 0, "brick");
	ASSERT_TEXT("decode", 0, "name");
	ASSERT_NUMBER(2, 0, "number");
	ASSERT_TEXT("player", 0, "label");
	ASSERT_TEXT("next", 0, "mode");
	assert_true(json_is_true(MEMBER(0, "escalated")));
	ASSERT_NUMBER(4, 0, "runs");
	ASSERT_NUMBER(1, 0, "runs_over_budget");
	ASSERT_NUMBER(20 * MS, 0, "mean_ns");
	ASSERT_NUMBER(10 * MS, 0, "min_ns");
	ASSERT_NUMBER(40 * MS, 0, "p95_ns");
	ASSERT_NUMBER(40 * MS, 0, "max_ns");
	ASSERT_NUMBER(20 * MS, 0, "budget_ns");
	assert_double(json_real_value(MEMBER(0, "calls_percent")), 70);
	ASSERT_TEXT("ioctl", 0, "dominant");
	ASSERT_NUMBER(4000000000, 0, "uid");
	ASSERT_TEXT("4000000000", 0, "user");
	ASSERT_NULL(1, "comm");
	ASSERT_NULL(1, "label");
	ASSERT_NUMBER(0, 1, "runs");
	ASSERT_NULL(1, "runs_over_budget");
	ASSERT_NULL(1, "over_percent");
	ASSERT_NULL(1, "mean_ns");
	ASSERT_NULL(1, "cv_percent");
	ASSERT_NULL(1, "min_ns");
	ASSERT_NULL(1, "p95_ns");
	ASSERT_NULL(1, "max_ns");
	ASSERT_NULL(1, "budget_ns");
	ASSERT_NULL(1, "calls_percent");
	ASSERT_NULL(1, "dominant");
	json_decref(json);
	assert_int_equal(LIST("-p", "bricks"), 0);
	assert_says("[\n  {\n    \"brick\":\"decode\",\n    \"session\":1,\n");
}

static void device_knows_less(void **state)
{
	(void)state;
	answers.device = true;
	assert_int_equal(LIST(), 0);
	assert_says(" 1234         1       - -\n");
	assert_says(" off\n");
	assert_int_equal(LIST("-j"), 0);
	assert_says("\"holds_ns\":null,\"state\":null,\"holds\":null");
	assert_int_equal(LIST("bricks"), 0);
	answers.error = -EOPNOTSUPP;
	assert_int_equal(LIST("threads"), 1);
	assert_string_equal(errors, "bricktrace: no list\n");
	assert_string_equal(output, "");
}

static void errors_of_the_host_are_statuses(void **state)
{
	static const char *const kinds[] = { "sessions", "threads", "bricks" };
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		answers.error = -EPERM;
		assert_int_equal(LIST(kinds[i], "-j"), 1);
		assert_string_equal(errors, "bricktrace: no list\n");
		assert_string_equal(output, "");
		answers.error = -EIO;
		assert_int_equal(LIST(kinds[i]), 125);
		answers.error = 0;
		answers.open_status = 125;
		assert_int_equal(LIST(kinds[i]), 125);
		answers.open_status = 0;
	}
}

static void arguments_are_checked(void **state)
{
	static const char *const bad[][2] = {
		{ "--pid=0",
		  "bad process '0': --pid needs a whole number from 1 to 2147483647" },
		{ "--pid=2147483648", "bad process '2147483648'" },
		{ "--pid=-1", "bad process '-1'" },
		{ "--session=", "bad session ''" },
		{ "--session=1x", "bad session '1x'" },
		{ "--session=18446744073709551616", "bad session '18446744073709551616'" },
		{ "--brick=a",
		  "--brick selects bricks, not sessions: use bricktrace list bricks" },
		{ "run\x1b",
		  "cannot list 'run\\x1b': bricktrace list takes sessions, threads or bricks" },
		{ "--frob", "unknown option '--frob'" },
		{ "--session", "option '--session' needs an argument" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(LIST(bad[i][0]), 125);
		assert_complains(bad[i][1]);
		assert_string_equal(output, "");
	}
	assert_int_equal(LIST("threads", "bricks"), 125);
	assert_complains("unexpected argument 'bricks'");
	assert_int_equal(LIST("--help"), 0);
	assert_says("Usage: bricktrace list [OPTIONS] [sessions|threads|bricks]\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fill)
	const struct CMUnitTest tests[] = {
		TEST(sessions_are_a_table),
		TEST(threads_are_a_table),
		TEST(bricks_are_a_table),
		TEST(nothing_is_a_head_or_an_empty_array),
		TEST(terminal_cuts_and_leaves_out),
		TEST(width_is_in_columns),
		TEST(terminal_has_colours),
		TEST(rows_are_sorted),
		TEST(bad_keys_are_125),
		TEST(filters_are_asked_for),
		TEST(forms_name_one_brick),
		TEST(sessions_are_json),
		TEST(threads_are_json),
		TEST(bricks_are_json),
		TEST(device_knows_less),
		TEST(errors_of_the_host_are_statuses),
		TEST(arguments_are_checked),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
