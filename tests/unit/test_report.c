// SPDX-License-Identifier: MIT
/* Tests of what the outputs show of ioctls and slow calls, and of the filter. */
#include <time.h>
#include <unistd.h>

#include "decode.h"
#include "filter.h"
#include "unit.h"

#define SECOND UINT64_C(1000000000)

#define RM_CONTROL 0xc020462a
#define MIGRATE	   51

/*
 * A run that asked NVIDIA's drivers, a disk and others. Its ioctls have 15 ms in 20 calls, 2 of
 * which failed.
 */
#define IOCTL FIGURES(20, 1, 2, 15 * MS, 12 * MS, 5 * MS, 2 * MS)
#define READ  FIGURES(4, 0, 0, 5 * MS, 5 * MS, 5 * MS, 0)
static const struct kernel_answer asked = {
	.result = {
		.provenance = BRICKTRACE_MEASURED,
		.threads = 1,
		.wall_ns = 40 * MS,
	},
	.times = {
		{ .thread_ns = 40 * MS, .compute_ns = 20 * MS, .edge_ns = BT_NONE },
		{ .view = BRICKTRACE_VIEW_EXCLUSIVE },
	},
	.n_categories = 8,
	.categories = {
		BOTH_VIEWS(.category = 2, IOCTL),
		BOTH_VIEWS(.category = 3, READ),
		BOTH_VIEWS(.category = 4, FIGURES(.max_ns = BT_NONE)),
		BOTH_VIEWS(.category = 5, FIGURES(.max_ns = BT_NONE)),
	},
	.n_syscalls = 6,
	.syscalls = {
		BOTH_VIEWS(.nr = 16, .category = 2, IOCTL),
		BOTH_VIEWS(.nr = 17, .category = 3, READ),
		BOTH_VIEWS(.nr = 231, .category = 5, FIGURES(.in_flight = 1, .max_ns = BT_NONE)),
	},
	.n_ioctls = 12,
	.ioctls = {
		BOTH_VIEWS(.file = BRICKTRACE_FILE_MORE, .command = BT_NONE,
			   FIGURES(9, 0, 0, 6 * MS, 6 * MS, 2 * MS, 0)),
		BOTH_VIEWS(.file = BRICKTRACE_FILE_CHAR, .major = 195, .minor = 255,
			   .request = RM_CONTROL, .command = 0x20801803, .owner = "nvidia",
			   FIGURES(2, 0, 1, 1 * MS, 0, 1 * MS, 0)),
		BOTH_VIEWS(.file = BRICKTRACE_FILE_CHAR, .major = 510, .minor = 0,
			   .request = MIGRATE, .command = BT_NONE, .owner = "nvidia_uvm",
			   FIGURES(3, 1, 1, 5 * MS, 4 * MS, 5 * MS, 1 * MS)),
		BOTH_VIEWS(.file = BRICKTRACE_FILE_BLOCK, .major = 240, .minor = 7,
			   .request = 0x1260, .command = BT_NONE,
			   FIGURES(4, 0, 0, 2 * MS, 2 * MS, 1 * MS, 1 * MS)),
		BOTH_VIEWS(.file = BRICKTRACE_FILE_ANON, .request = 0x5421, .command = BT_NONE,
			   .name = "[e\x1bvil]",
			   FIGURES(1, 0, 0, MS / 2, 0, MS / 2, 0)),
		BOTH_VIEWS(.file = BRICKTRACE_FILE_CHAR, .major = 195, .minor = 0, .arch = 1,
			   .request = 0xc0204699, .command = BT_NONE, .owner = "nvidia",
			   FIGURES(1, 0, 0, MS / 2, 0, BT_NONE, 0)),
	},
	.n_slow_calls = 4,
	.slow_calls = {
		{ .tid = 4711, .nr = 16, .category = 2, .arg0 = 5, .start_ns = 1 * SECOND,
		  .ns = 5 * MS, .offcpu_ns = 4 * MS, .ret = -110,
		  .file = BRICKTRACE_FILE_CHAR, .major = 510, .request = MIGRATE,
		  .command = BT_NONE, .owner = "nvidia_uvm" },
		{ .tid = 4711, .nr = 17, .category = 3, .arg0 = 0xffffffffffffffff,
		  .start_ns = 1234 * MS, .ns = 5 * MS, .offcpu_ns = 5 * MS, .ret = 9,
		  .command = BT_NONE },
		{ .tid = 0, .nr = 202, .category = 1, .arg0 = 0x7f0012345678,
		  .start_ns = 1234 * MS, .ns = 3 * MS, .offcpu_ns = 0, .command = BT_NONE },
		{ .tid = 1234567, .nr = 34, .category = 5, .arg0 = 77, .start_ns = 2 * SECOND,
		  .ns = 2 * MS, .offcpu_ns = 1 * MS, .ret = -514, .command = BT_NONE },
	},
};

static struct report report;

static int reset(void **state)
{
	(void)state;
	report = plain_report;
	decode_root = "/nonexistent";
	setenv("TZ", "UTC", 1);
	tzset();
	return 0;
}

static int forget_filter(void **state)
{
	(void)state;
	free((char *)report.filter);
	report.filter = NULL;
	return 0;
}

static void set_filter(const char *list)
{
	forget_filter(NULL);
	optarg = (char *)list;
	assert_int_equal(filter_parse(&report.filter), -1);
}

static char *printed(const struct output *output, const struct kernel_answer *answer)
{
	struct bt_result *r = answer_result("ffn", BT_NONE, answer);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(output->print(out, r, &report), 0);
	fclose(out);
	bt_result_free(r);
	return text;
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' lacks '%s'", text, part);
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' has '%s'", text, part);
}

static void assert_table(const struct kernel_answer *answer, const char *part)
{
	char *text = printed(&output_table, answer);

	assert_has(text, part);
	free(text);
}

static void table_has_ioctls_and_slow_calls(void **state)
{
	(void)state;
	assert_table(
		&asked,
		"Under way at the end: ioctl 1, exit_group 1\n"
		"\n"
		"  seconds   blocked   longest   calls errors device     command\n"
		"--------- --------- --------- ------- ------ ---------- ----------------\n"
		"0.0050000 0.0030000 0.0050000       3      1 nvidia-uvm UVM_MIGRATE\n"
		"0.0020000 0.0010000 0.0010000       4        block 240:7 BLKGETSIZE\n"
		"0.0010000 0.0000000 0.0010000       2      1 nvidiactl\n"
		"          NV2080_CTRL_CMD_BUS_GET_PCI_BAR_INFO\n"
		"0.0005000 0.0000000         -       1        nvidia0\n"
		"          _IOWR('F', 0x99, 32) (i386)\n"
		"0.0005000 0.0000000 0.0005000       1        [e\ufffdvil]  FIONBIO\n"
		/* The rest is the last row, although it has most time. */
		"0.0060000 0.0060000 0.0020000       9        (more)\n"
		"\n"
		"The slowest calls, of those that took at least 1 ms:\n"
		"time                      seconds   off-CPU  thread call\n"
		"----------------------- --------- --------- ------- ----------------\n"
		"2026-09-22 00:00:01.000 0.0050000 0.0040000    4711\n"
		"          ioctl(5) nvidia-uvm UVM_MIGRATE\n"
		"2026-09-22 00:00:01.234 0.0050000 0.0050000    4711 pread64(-1)\n"
		"2026-09-22 00:00:01.234 0.0030000 0.0000000       - futex(0x7f0012345678)\n"
		"2026-09-22 00:00:02.000 0.0020000 0.0010000 1234567 pause()\n");
}

static void table_lacks_what_a_run_lacks(void **state)
{
	struct kernel_answer answer = asked;
	char *text;

	(void)state;
	answer.n_ioctls = answer.n_slow_calls = 0;
	text = printed(&output_table, &answer);
	assert_lacks(text, "device");
	assert_lacks(text, "slowest");
	free(text);
	/* Without the time that threads wait for a CPU, "blocked" would be wrong. */
	answer.n_ioctls = asked.n_ioctls;
	answer.times[0].compute_runnable_ns = BT_NONE;
	answer.ioctls[2].figures.runnable_ns = BT_NONE;
	assert_table(&answer, "\n  seconds   off-CPU   longest   calls errors device ");
	answer.ioctls[4].figures.runnable_ns = BT_NONE;
	assert_table(&answer, "0.0050000 0.0040000 0.0050000       3      1 nvidia-uvm ");
}

static void table_says_what_slow_is(void **state)
{
	(void)state;
	report.slow_ns = 10000;
	assert_table(&asked, "\nThe slowest calls, of those that took at least 0.01 ms:\n");
	report.slow_ns = 3 * SECOND / 2;
	assert_table(&asked, "\nThe slowest calls, of those that took at least 1500 ms:\n");
}

static void ten_calls_are_shown(void **state)
{
	struct kernel_answer answer = asked;
	char *text, *at;
	int i, lines = 0;

	(void)state;
	for (i = 0; i < 16; i++)
		answer.slow_calls[i] = asked.slow_calls[1];
	answer.n_slow_calls = 16;
	text = printed(&output_table, &answer);
	for (at = text; (at = strstr(at, "pread64(-1)")); at++)
		lines++;
	assert_int_equal(lines, 10);
	free(text);
	/* JSON has all. */
	text = printed(&output_json, &answer);
	for (at = strstr(text, "slow_calls"); (at = strstr(at, "\"pread64\"")); at++)
		lines++;
	assert_int_equal(lines, 26);
	free(text);
}

/* Sets a time zone in which it is noon, so that the day does not end during a test. */
static void make_it_noon(void)
{
	time_t now = time(NULL);
	struct tm tm;
	char zone[32];

	gmtime_r(&now, &tm);
	/* POSIX counts hours to the west. */
	snprintf(zone, sizeof(zone), "NOON%d", tm.tm_hour - 12);
	setenv("TZ", zone, 1);
	tzset();
}

/* Moves the slow calls so that the first one begins @ago seconds ago. */
static struct kernel_answer asked_before(time_t ago)
{
	uint64_t monotonic_begin = answer_unix_now() - answer_now();
	struct kernel_answer answer = asked;
	uint32_t i;

	for (i = 0; i < answer.n_slow_calls; i++)
		answer.slow_calls[i].start_ns +=
			(time(NULL) - ago) * SECOND - monotonic_begin - 1 * SECOND;
	return answer;
}

static void time_of_today_has_no_date(void **state)
{
	struct kernel_answer answer = asked_before(0);
	char wanted[300], clock[16];
	struct tm tm;
	time_t now;

	(void)state;
	make_it_noon();
	now = (answer.slow_calls[0].start_ns + answer_unix_now() - answer_now()) / SECOND;
	strftime(clock, sizeof(clock), "%T", localtime_r(&now, &tm));
	snprintf(wanted, sizeof(wanted),
		 "time           seconds   off-CPU  thread call\n"
		 "------------ --------- --------- ------- ----------------\n"
		 "%s.000 0.0050000 0.0040000    4711 ioctl(5) nvidia-uvm UVM_MIGRATE\n"
		 "%s.234 0.0050000 0.0050000    4711 pread64(-1)\n",
		 clock, clock);
	assert_table(&answer, wanted);
	/* Yesterday is another day, and so is the same day of another year. */
	answer = asked_before(24 * 3600);
	assert_table(&answer, "time                      seconds ");
	answer = asked_before(365 * 24 * 3600);
	assert_table(&answer, "time                      seconds ");
}

static void file_of_a_descriptor_is_shown(void **state)
{
	struct kernel_answer answer = asked;
	FILE *file = fopen("/tmp/bricktrace \x1b\xff,\"x", "w");
	char number[16], *text;
	json_t *json, *slow;

	(void)state;
	assert_non_null(file);
	unlink("/tmp/bricktrace \x1b\xff,\"x");
	answer.slow_calls[1].tid = gettid();
	/* The upper half of the register is not part of a descriptor. */
	answer.slow_calls[1].arg0 = UINT64_C(0xabcd00000000) | fileno(file);
	snprintf(number, sizeof(number), "%d", fileno(file));
	text = printed(&output_table, &answer);
	assert_has(text, " pread64(");
	assert_has(text, number);
	assert_has(text, "</tmp/bricktrace \\x1b\\xff,\"x (deleted)>)\n");
	free(text);
	text = printed(&output_csv, &answer);
	assert_has(text, ",9,\"/tmp/bricktrace \\x1b\\xff,\"\"x (deleted)\"\n");
	free(text);
	text = printed(&output_json, &answer);
	json = json_loads(text, 0, NULL);
	slow = json_array_get(json_object_get(json, "slow_calls"), 1);
	assert_string_equal(json_string_value(json_object_get(slow, "path")),
			    "/tmp/bricktrace \x1b\ufffd,\"x (deleted)");
	json_decref(json);
	free(text);
	/* An address is not a descriptor, even if it is small. */
	answer.slow_calls[1].nr = 202;
	answer.slow_calls[1].arg0 = fileno(file);
	text = printed(&output_table, &answer);
	assert_lacks(text, "/tmp/bricktrace");
	free(text);
	fclose(file);
}

static void assert_call(uint32_t nr, enum bricktrace_arch arch, uint64_t arg0,
			const char *wanted)
{
	struct kernel_answer answer = asked;
	char *text, *at;

	answer.n_slow_calls = 1;
	answer.slow_calls[0] = (struct bricktrace_slow_call){
		.nr = nr, .arch = arch, .category = 5, .arg0 = arg0, .command = BT_NONE
	};
	text = printed(&output_table, &answer);
	at = strstr(strstr(text, "slowest"), " - ") + 3;
	assert_string_equal(at, wanted);
	free(text);
}

static void arguments_are_readable(void **state)
{
	(void)state;
	assert_call(202, 0, 0x7f0012345678, "futex(0x7f0012345678)\n");
	assert_call(61, 0, 0xffffffff, "wait4(-1)\n");
	assert_call(61, 0, 0xffffffffffffffff, "wait4(-1)\n");
	assert_call(62, 0, 4711, "kill(4711)\n");
	assert_call(257, 0, 0xffffff9c, "openat(AT_FDCWD)\n");
	assert_call(257, 0, 7, "openat(7)\n");
	assert_call(3, 1, 7, "read(7) (i386)\n");
	assert_call(240, 1, 0xfff00000, "futex(0xfff00000) (i386)\n");
	assert_call(24, 0, 77, "sched_yield()\n");
	assert_call(59, 0, 0, "execve()\n");
	assert_call(9999, 0, 5, "syscall_9999(5)\n");
}

static json_t *json_of(const struct kernel_answer *answer)
{
	char *text = printed(&output_json, answer);
	json_t *json = json_loads(text, 0, NULL);

	assert_non_null(json);
	free(text);
	return json;
}

static void assert_dump(json_t *json, const char *expected)
{
	char *text = json_dumps(json, JSON_COMPACT);

	assert_string_equal(text, expected);
	free(text);
}

/* A result that may lack longer calls says so. */
static void slower_calls_may_be_missing(void **state)
{
	struct kernel_answer answer = asked;
	json_t *json;
	char *text;

	(void)state;
	text = printed(&output_table, &answer);
	assert_null(strstr(text, "may be missing"));
	free(text);
	answer.result.flags |= BRICKTRACE_RESULT_SLOW_INCOMPLETE;
	text = printed(&output_table, &answer);
	assert_has(
		text,
		"\nSlower calls may be missing: another traced run of a thread is older.\n");
	free(text);
	json = json_of(&answer);
	assert_true(json_is_true(json_object_get(json, "slow_calls_incomplete")));
	json_decref(json);
	text = printed(&output_csv, &answer);
	assert_has(text, "ffn,measured,,run,slow_calls_incomplete,,,,,1,,,,,,,,,,,\n");
	free(text);
}

static void json_has_names_and_numbers(void **state)
{
	json_t *json = json_of(&asked), *ioctls = json_object_get(json, "ioctls");
	json_t *slow = json_object_get(json, "slow_calls");

	(void)state;
	assert_int_equal(json_array_size(ioctls), 6);
	assert_dump(
		json_array_get(ioctls, 0),
		"{\"device\":\"nvidia-uvm\",\"file\":\"char\",\"major\":510,\"minor\":0,\"owner\":\"nvidia_uvm\",\"file_name\":null,"
		"\"request\":51,\"request_name\":\"UVM_MIGRATE\",\"command\":null,\"command_name\":null,\"arch\":\"x86_64\","
		"\"count\":3,\"in_flight\":1,\"errors\":1,\"ns\":5000000,\"offcpu_ns\":4000000,\"runnable_ns\":1000000,\"max_ns\":5000000}");
	assert_dump(
		json_array_get(ioctls, 2),
		"{\"device\":\"nvidiactl\",\"file\":\"char\",\"major\":195,\"minor\":255,\"owner\":\"nvidia\",\"file_name\":null,"
		"\"request\":3223340586,\"request_name\":\"NV_ESC_RM_CONTROL\",\"command\":545265667,\"command_name\":\"NV2080_CTRL_CMD_BUS_GET_PCI_BAR_INFO\","
		"\"arch\":\"x86_64\",\"count\":2,\"in_flight\":0,\"errors\":1,\"ns\":1000000,\"offcpu_ns\":0,\"runnable_ns\":0,\"max_ns\":1000000}");
	assert_dump(
		json_array_get(ioctls, 4),
		"{\"device\":\"[e\ufffdvil]\",\"file\":\"anon\",\"major\":null,\"minor\":null,\"owner\":null,\"file_name\":\"[e\\u001Bvil]\","
		"\"request\":21537,\"request_name\":\"FIONBIO\",\"command\":null,\"command_name\":null,\"arch\":\"x86_64\","
		"\"count\":1,\"in_flight\":0,\"errors\":0,\"ns\":500000,\"offcpu_ns\":0,\"runnable_ns\":0,\"max_ns\":500000}");
	assert_dump(
		json_array_get(ioctls, 5),
		"{\"device\":\"(more)\",\"file\":\"more\",\"major\":null,\"minor\":null,\"owner\":null,\"file_name\":null,"
		"\"request\":null,\"request_name\":null,\"command\":null,\"command_name\":null,\"arch\":\"x86_64\","
		"\"count\":9,\"in_flight\":0,\"errors\":0,\"ns\":6000000,\"offcpu_ns\":6000000,\"runnable_ns\":0,\"max_ns\":2000000}");
	assert_int_equal(json_integer_value(json_object_get(json, "slow_ns")), MS);
	assert_int_equal(json_array_size(slow), 4);
	assert_dump(
		json_array_get(slow, 0),
		"{\"name\":\"ioctl\",\"nr\":16,\"arch\":\"x86_64\",\"category\":\"ioctl\",\"tid\":4711,\"arg0\":5,\"path\":null,"
		"\"start_ns\":1000000000,\"start_unix_ns\":1790035201000000000,\"ns\":5000000,\"offcpu_ns\":4000000,\"ret\":-110,"
		"\"ioctl\":{\"device\":\"nvidia-uvm\",\"file\":\"char\",\"major\":510,\"minor\":0,\"owner\":\"nvidia_uvm\",\"file_name\":null,"
		"\"request\":51,\"request_name\":\"UVM_MIGRATE\",\"command\":null,\"command_name\":null}}");
	assert_dump(
		json_array_get(slow, 2),
		"{\"name\":\"futex\",\"nr\":202,\"arch\":\"x86_64\",\"category\":\"futex\",\"tid\":null,\"arg0\":139638282147448,\"path\":null,"
		"\"start_ns\":1234000000,\"start_unix_ns\":1790035201234000000,\"ns\":3000000,\"offcpu_ns\":0,\"ret\":0,\"ioctl\":null}");
	assert_int_equal(
		json_integer_value(json_object_get(json_array_get(slow, 1), "arg0")), -1);
	json_decref(json);
}

static void assert_null_in_json(const struct kernel_answer *answer, const char *member,
				bool null)
{
	json_t *json = json_of(answer);

	assert_int_equal(json_is_null(json_object_get(json, member)), null);
	json_decref(json);
}

static void unreported_is_null(void **state)
{
	struct kernel_answer answer = asked;

	(void)state;
	answer.n_ioctls = answer.n_slow_calls = 0;
	assert_null_in_json(&answer, "ioctls", false);
	assert_null_in_json(&answer, "slow_calls", false);
	report.slow_ns = 0;
	assert_null_in_json(&answer, "ioctls", false);
	assert_null_in_json(&answer, "slow_calls", true);
	assert_null_in_json(&answer, "slow_ns", true);
	report.slow_ns = MS;
	answer.old = true;
	assert_null_in_json(&answer, "ioctls", true);
	assert_null_in_json(&answer, "slow_calls", true);
	assert_null_in_json(&answer, "slow_ns", true);
	assert_null_in_json(&answer, "filter", true);
}

#define COLUMNS                                                                    \
	"brick,provenance,reason,table,name,arch,device,request,command,count,"    \
	"in_flight,errors,ns,offcpu_ns,runnable_ns,max_ns,tid,start_unix_ns,arg0," \
	"ret,path\n"

static void csv_has_a_line_for_each_row(void **state)
{
	char *text = printed(&output_csv, &asked);

	(void)state;
	assert_string_equal(
		text, COLUMNS
		"ffn,measured,,run,wall,,,,,,,,40000000,,,,,,,,\n"
		"ffn,measured,,run,threads,,,,,1,,,40000000,,,,,,,,\n"
		"ffn,measured,,run,compute,,,,,,,,20000000,0,0,,,,,,\n"
		"ffn,measured,,run,edge,,,,,,,,,,,,,,,,\n"
		"ffn,measured,,run,control,,,,,,,,0,,,,,,,,\n"
		"ffn,measured,,run,minor_faults,,,,,0,,,,,,,,,,,\n"
		"ffn,measured,,run,major_faults,,,,,0,,,,,,,,,,,\n"
		"ffn,measured,,run,slow_calls_incomplete,,,,,0,,,,,,,,,,,\n"
		"ffn,measured,,category,ioctl,,,,,20,1,2,15000000,12000000,2000000,5000000,,,,,\n"
		"ffn,measured,,category,read,,,,,4,0,0,5000000,5000000,0,5000000,,,,,\n"
		"ffn,measured,,category,write,,,,,0,0,0,0,0,0,,,,,,\n"
		"ffn,measured,,category,other,,,,,0,0,0,0,0,0,,,,,,\n"
		"ffn,measured,,syscall,ioctl,x86_64,,,,20,1,2,15000000,12000000,2000000,5000000,,,,,\n"
		"ffn,measured,,syscall,pread64,x86_64,,,,4,0,0,5000000,5000000,0,5000000,,,,,\n"
		"ffn,measured,,syscall,exit_group,x86_64,,,,0,1,0,0,0,0,,,,,,\n"
		"ffn,measured,,ioctl,ioctl,x86_64,nvidia-uvm,UVM_MIGRATE,,3,1,1,5000000,4000000,1000000,5000000,,,,,\n"
		"ffn,measured,,ioctl,ioctl,x86_64,block 240:7,BLKGETSIZE,,4,0,0,2000000,2000000,1000000,1000000,,,,,\n"
		"ffn,measured,,ioctl,ioctl,x86_64,nvidiactl,NV_ESC_RM_CONTROL,NV2080_CTRL_CMD_BUS_GET_PCI_BAR_INFO,2,0,1,1000000,0,0,1000000,,,,,\n"
		"ffn,measured,,ioctl,ioctl,i386,nvidia0,\"_IOWR('F', 0x99, 32)\",,1,0,0,500000,0,0,,,,,,\n"
		"ffn,measured,,ioctl,ioctl,x86_64,[e\ufffdvil],FIONBIO,,1,0,0,500000,0,0,500000,,,,,\n"
		"ffn,measured,,ioctl,ioctl,x86_64,(more),,,9,0,0,6000000,6000000,0,2000000,,,,,\n"
		"ffn,measured,,slow,ioctl,x86_64,nvidia-uvm,UVM_MIGRATE,,,,,5000000,4000000,,,4711,1790035201000000000,5,-110,\n"
		"ffn,measured,,slow,pread64,x86_64,,,,,,,5000000,5000000,,,4711,1790035201234000000,-1,9,\n"
		"ffn,measured,,slow,futex,x86_64,,,,,,,3000000,0,,,,1790035201234000000,139638282147448,0,\n"
		"ffn,measured,,slow,pause,x86_64,,,,,,,2000000,1000000,,,1234567,1790035202000000000,77,-514,\n");
	free(text);
}

static void csv_without_breakdown_has_no_zeros(void **state)
{
	static const struct kernel_answer answer = {
		.result = {
			.provenance = BRICKTRACE_NOT_INSTRUMENTED,
			.reason = BRICKTRACE_REASON_DISABLED,
			.wall_ns = 5,
		},
	};
	struct bt_result *r = answer_result("=1+1,\"\n\xff", 9, &answer);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(output_csv.print(out, r, &report), 0);
	fclose(out);
#define ROW "\"\\x3d1+1,\"\"\\x0a\\xff\",not_instrumented,disabled,run,"
	assert_string_equal(text, COLUMNS ROW "wall,,,,,,,,5,,,,,,,,\n" ROW
					      "budget,,,,,,,,9,,,,,,,,\n");
#undef ROW
	free(text);
	bt_result_free(r);
}

static void intervals_have_their_time(void **state)
{
	char *text;

	(void)state;
	report.intervals = true;
	report.elapsed_ns = 1500 * MS;
	text = printed(&output_table, &asked);
	assert_has(text, "interval:  ends 1.500000000 s after the start\nbrick:     ffn\n");
	assert_ptr_equal(strstr(text, "interval:"), text);
	free(text);
	text = printed(&output_json, &asked);
	assert_has(text, "{\"schema\":1,\"elapsed_ns\":1500000000,\"brick\":\"ffn\",");
	free(text);
	set_filter("pread64");
	text = printed(&output_csv, &asked);
	assert_has(text, "elapsed_ns," COLUMNS ",,,,filter,pread64,,,,,,,,,,,,,,,,\n"
			 "1500000000,ffn,measured,,run,wall,");
	free(text);
	/* Further reports have no header, and the one of the whole run has no time. */
	report.continued = true;
	report.elapsed_ns = BT_NONE;
	text = printed(&output_csv, &asked);
	assert_int_equal(strncmp(text, ",ffn,measured,,run,wall,", 24), 0);
	free(text);
	text = printed(&output_table, &asked);
	assert_int_equal(strncmp(text, "\nbrick:     ffn\n", 16), 0);
	free(text);
	text = printed(&output_json, &asked);
	assert_has(text, "{\"schema\":1,\"elapsed_ns\":null,\"brick\":\"ffn\",");
	free(text);
	forget_filter(NULL);
}

static void assert_shown(const char *filter, const char *wanted)
{
	static const char *const names[] = {
		"ioctl\n",   " read\n",	 " write\n",	 "pread64\n", "exit_group\n",
		"nvidiactl", "nvidia0",	 "[e\ufffdvil]", "(more)",    "ioctl(5)",
		"pread64(",  "futex(0x", "pause(",
	};
	char shown[200] = "", *text;
	size_t i;

	set_filter(filter);
	text = printed(&output_table, &asked);
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strstr(text, names[i]))
			sprintf(shown + strlen(shown), "%.*s ",
				(int)strcspn(names[i], "\n"), names[i]);
	assert_string_equal(shown, wanted);
	/* The sums stay those of the run. */
	assert_has(text, "100.00 0.020000000     800.000        24         2 total\n");
	assert_has(
		text,
		"100.00 0.0400000                                                thread time\n");
	assert_has(text, "\nshown:     ");
	free(text);
	forget_filter(NULL);
}

static void filter_selects_rows(void **state)
{
	(void)state;
	assert_shown("pread64", " read pread64 pread64( ");
	assert_shown("%read", " read pread64 pread64( ");
	/* The category's call of that name is not among the calls. */
	assert_shown("read", "");
	assert_shown("other", "exit_group pause( ");
	assert_shown("%other,%write", " write exit_group pause( ");
	assert_shown("ioctl", "ioctl nvidiactl nvidia0 [e\ufffdvil] (more) ioctl(5) ");
	assert_shown("%ioctl", "ioctl nvidiactl nvidia0 [e\ufffdvil] (more) ioctl(5) ");
	assert_shown("ioctl:nvidia0", "ioctl nvidia0 ");
	assert_shown("ioctl:nvidia*", "ioctl nvidiactl nvidia0 ioctl(5) ");
	assert_shown("ioctl:nvidia-uvm,futex", "ioctl ioctl(5) futex(0x ");
	assert_shown("ioctl:(more)", "ioctl (more) ");
	/* A name in brackets is not only a pattern. */
	assert_shown("ioctl:[e\ufffdvil]", "ioctl [e\ufffdvil] ");
	assert_shown("syscall_9999", "");
}

static void filter_is_in_each_output(void **state)
{
	json_t *json;
	char *text;

	(void)state;
	set_filter("pread64");
	optarg = (char *)"other,ioctl:nvidia0";
	assert_int_equal(filter_parse(&report.filter), -1);
	assert_string_equal(report.filter, "pread64,%other,ioctl:nvidia0");
	json = json_of(&asked);
	assert_string_equal(json_string_value(json_object_get(json, "filter")),
			    report.filter);
	assert_int_equal(json_object_size(json_object_get(json, "categories")), 3);
	assert_int_equal(json_array_size(json_object_get(json, "syscalls")), 3);
	assert_int_equal(json_array_size(json_object_get(json, "ioctls")), 1);
	assert_int_equal(json_array_size(json_object_get(json, "slow_calls")), 2);
	json_decref(json);
	text = printed(&output_csv, &asked);
	assert_has(text, COLUMNS
		   ",,,filter,\"pread64,%other,ioctl:nvidia0\",,,,,,,,,,,,,,,,\n");
	assert_has(text, ",category,read,");
	assert_has(text, ",slow,pause,");
	assert_has(text, ",ioctl,ioctl,i386,nvidia0,");
	assert_lacks(text, "nvidiactl");
	assert_lacks(text, ",slow,futex,");
	assert_lacks(text, ",category,write,");
	free(text);
	forget_filter(NULL);
}

static void tables_fit_80_columns(void **state)
{
	char *text = printed(&output_table, &asked), *line, *rest = text;

	(void)state;
	while ((line = strsep(&rest, "\n"))) {
		if (strlen(line) > 80)
			fail_msg("%zu columns: %s", strlen(line), line);
		if (*line && line[strlen(line) - 1] == ' ')
			fail_msg("a blank at the end: '%s'", line);
	}
	free(text);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, reset)
	const struct CMUnitTest tests[] = {
		TEST(table_has_ioctls_and_slow_calls),
		TEST(table_lacks_what_a_run_lacks),
		TEST(table_says_what_slow_is),
		TEST(ten_calls_are_shown),
		TEST(time_of_today_has_no_date),
		TEST(file_of_a_descriptor_is_shown),
		TEST(arguments_are_readable),
		TEST(slower_calls_may_be_missing),
		TEST(json_has_names_and_numbers),
		TEST(unreported_is_null),
		TEST(csv_has_a_line_for_each_row),
		TEST(csv_without_breakdown_has_no_zeros),
		TEST(intervals_have_their_time),
		TEST(filter_selects_rows),
		TEST(filter_is_in_each_output),
		TEST(tables_fit_80_columns),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
