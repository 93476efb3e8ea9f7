// SPDX-License-Identifier: MIT
/* Tests of bricktrace monitor and record over a kernel that this file imitates. */
#include <signal.h>
#include <sys/param.h>
#include <sys/resource.h>

#include "streams.h"

static int reset(void **state)
{
	(void)state;
	streams_open();
	return system("rm -f out*");
}

static int end(void **state)
{
	(void)state;
	streams_close();
	return 0;
}

/* Runs a command of the program in a process of its own, with its output in @to. */
static pid_t start_into(const char *to, const char *const *argv)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	setenv("TZ", "UTC", 1);
	if (to)
		redirect(STDOUT_FILENO, to);
	redirect(STDERR_FILENO, "stderr");
	become(strcmp(argv[0], "record") ? cmd_monitor : cmd_record, argv);
	return -1;
}

static pid_t start(const char *const *argv)
{
	return start_into("stdout", argv);
}

#define COMMAND(...) finish(start(ARGUMENTS(__VA_ARGS__)))

static void each_run_is_a_line(void **state)
{
	struct run_record partial = sample_run(2), odd = plain_run(3, "b", 5 * MS, 5 * MS);

	(void)state;
	give_run(sample_run(1));
	partial.result.provenance = BRICKTRACE_PARTIAL;
	partial.result.reason = BRICKTRACE_REASON_THREADS_LOST;
	partial.result.flags |= BRICKTRACE_RESULT_RELEASED;
	partial.origin.tid = partial.origin.tgid = 4711;
	give_run(partial);
	strcpy(odd.origin.comm, "a\x1b[m\xff");
	odd.origin.tgid = odd.origin.tid = 0;
	odd.result.flags = BRICKTRACE_RESULT_ABANDONED;
	give_run(odd);
	odd = plain_run(4, "\xc3\xa9", 7, BT_NONE);
	odd.result.reason = BRICKTRACE_REASON_RATE_LIMIT;
	give_run(odd);
	assert_int_equal(COMMAND("monitor", "-n", "4"), 0);
	assert_string_equal(
		output,
		"00:00:01.000 gpu-decode[4711/4713] player/decode 0.012000000 s, budget exceeded by 0.002000000 s, 58.33 % in calls, most in ioctl\n"
		"00:00:01.000 gpu-decode[4711] player/decode 0.012000000 s, budget exceeded by 0.002000000 s, 58.33 % in calls, most in ioctl, partial: threads_lost, ended with its session\n"
		"00:00:01.000 a\\x1b[m\\xff[-] b 0.005000000 s, budget kept, not traced, ended with its thread\n"
		"00:00:01.000 gpu-decode[4711/4713] \xc3\xa9 0.000000007 s, not traced: rate_limit\n");
	assert_complains(
		"bricktrace: 4 runs shown, of 4 that were read; 0 were lost, 0 were not read\n");
	assert_int_equal(kernel->open.scope, BRICKTRACE_STREAM_HOST);
	assert_int_equal(kernel->open.levels,
			 BRICKTRACE_STREAM_MEASURE | BRICKTRACE_STREAM_TRACE);
	assert_int_equal(kernel->open.flags, 0);
	assert_int_equal(kernel->open.ring_bytes, 0);
}

static void losses_are_shown_in_their_place(void **state)
{
	(void)state;
	give_run(plain_run(1, "a", 1, BT_NONE));
	give_loss(2, 5);
	give_run(plain_run(7, "b", 1, BT_NONE));
	assert_int_equal(COMMAND("monitor", "-n", "2"), 0);
	assert_complains(
		"bricktrace: 5 runs were lost here: they came faster than they were read, or than max_host_grants allows\n");
	give_run(plain_run(1, "a", 1, BT_NONE));
	give_loss(2, 5);
	give_run(plain_run(7, "b", 1, BT_NONE));
	assert_int_equal(COMMAND("monitor", "-j", "-n", "2"), 0);
	assert_says("}\n{\"schema\":1,\"sequence\":2,\"lost\":5}\n{");
}

#define MEMBER(name) json_object_get(json, name)
#define ORIGIN(name) json_object_get(MEMBER("origin"), name)

static void json_has_the_origin(void **state)
{
	struct run_record odd = plain_run(2, "b", 5, BT_NONE);
	const char *second;
	json_t *json;

	(void)state;
	give_run(sample_run(1));
	strcpy(odd.origin.comm, "a\x1b\xff");
	memset(&odd.origin.context, 0, sizeof(odd.origin.context));
	odd.origin.tgid = odd.origin.tid = 0;
	odd.result.parent = 0;
	odd.origin.cgroup = 0;
	give_run(odd);
	assert_int_equal(COMMAND("monitor", "--json", "--count=2"), 0);
	json = json_loads(output, JSON_DISABLE_EOF_CHECK, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(MEMBER("brick")), "decode");
	assert_int_equal(json_integer_value(MEMBER("sequence")), 1);
	assert_int_equal(json_integer_value(MEMBER("wall_ns")), 12 * MS);
	assert_string_equal(json_string_value(json_array_get(MEMBER("why"), 0)),
			    "over_budget");
	assert_string_equal(json_string_value(json_array_get(MEMBER("why"), 1)),
			    "assertion");
	assert_true(json_is_true(MEMBER("granted")));
	assert_true(json_is_false(MEMBER("refused")));
	assert_string_equal(json_string_value(json_object_get(
				    json_array_get(MEMBER("failed"), 0), "name")),
			    "p99");
	assert_int_equal(json_array_size(MEMBER("slow_calls")), 1);
	assert_true(json_is_null(MEMBER("slow_ns")));
	assert_int_equal(json_integer_value(ORIGIN("session")), 3);
	assert_int_equal(json_integer_value(ORIGIN("run")), 7);
	assert_int_equal(json_integer_value(ORIGIN("parent")), 5);
	assert_int_equal(json_integer_value(ORIGIN("depth")), 1);
	assert_string_equal(json_string_value(ORIGIN("level")), "trace");
	assert_string_equal(json_string_value(ORIGIN("scope")), "thread");
	assert_string_equal(json_string_value(ORIGIN("label")), "player");
	assert_string_equal(json_string_value(ORIGIN("comm")), "gpu-decode");
	assert_int_equal(json_integer_value(ORIGIN("tgid")), 4711);
	assert_int_equal(json_integer_value(ORIGIN("tid")), 4713);
	assert_int_equal(json_integer_value(ORIGIN("uid")), geteuid());
	assert_int_equal(json_integer_value(ORIGIN("cgroup")), 77);
	assert_true(json_integer_value(ORIGIN("start_unix_ns")) ==
		    (json_int_t)(RECORD_END - 12 * MS));
	assert_true(json_integer_value(ORIGIN("end_unix_ns")) == (json_int_t)RECORD_END);
	assert_string_equal(json_string_value(ORIGIN("trace_id")),
			    "4bf90000000000000000000000000036");
	assert_string_equal(json_string_value(ORIGIN("span_id")), "00f00000000000b7");
	assert_int_equal(json_integer_value(ORIGIN("trace_flags")), 1);
	assert_string_equal(json_string_value(ORIGIN("parent_span_id")),
			    "0000000000000009");
	assert_true(json_is_false(ORIGIN("released")));
	assert_int_equal(json_integer_value(ORIGIN("missing")), 0);
	json_decref(json);

	second = strchr(output, '\n') + 1;
	json = json_loads(second, JSON_DISABLE_EOF_CHECK, NULL);
	assert_non_null(json);
	assert_string_equal(json_string_value(ORIGIN("comm")), "a\x1b\xef\xbf\xbd");
	assert_true(json_is_null(ORIGIN("tgid")));
	assert_true(json_is_null(ORIGIN("tid")));
	assert_true(json_is_null(ORIGIN("label")));
	assert_true(json_is_null(ORIGIN("parent")));
	assert_true(json_is_null(ORIGIN("cgroup")));
	assert_true(json_is_null(ORIGIN("trace_id")));
	assert_string_equal(json_string_value(ORIGIN("level")), "measure");
	assert_true(json_is_null(MEMBER("syscalls")));
	json_decref(json);
	assert_null(strchr(output, '\x1b'));
}

/* Gives one run that each filter lets pass and four that only some do. */
static void give_various(void)
{
	struct run_record r = plain_run(2, "decode-2", 5, 6);

	give_run(plain_run(1, "decode-1", 7, 6));
	give_run(r);
	r = plain_run(3, "decode-3", 7, 6);
	r.origin.uid = geteuid() + 1;
	give_run(r);
	give_run(plain_run(4, "decode-4", 7, BT_NONE));
	give_run(plain_run(5, "encode", 7, 6));
}

static void filters_select_runs(void **state)
{
	(void)state;
	give_various();
	assert_int_equal(COMMAND("monitor", "-a", "-n", "5"), 0);
	assert_complains("bricktrace: reading the runs of all users\n");
	assert_complains("bricktrace: 5 runs shown,");
	give_various();
	assert_int_equal(COMMAND("monitor", "-n", "4"), 0);
	assert_complains("; -a reads those of all users\n");
	assert_null(strstr(output, "decode-3"));
	assert_says("decode-4");
	give_various();
	assert_int_equal(COMMAND("monitor", "-a", "--over-budget", "-n", "3"), 0);
	assert_null(strstr(output, "decode-2"));
	assert_null(strstr(output, "decode-4"));
	give_various();
	assert_int_equal(COMMAND("monitor", "--brick", "dec*", "--traced", "--granted",
				 "--buffer-size", "128K", "-d", "0.2"),
			 0);
	assert_null(strstr(output, "encode"));
	assert_int_equal(kernel->open.levels, BRICKTRACE_STREAM_TRACE);
	assert_int_equal(kernel->open.flags, BRICKTRACE_STREAM_GRANTED);
	assert_int_equal(kernel->open.ring_bytes, 128 << 10);
	/* The runs by which bricktrace calibrates are shown if someone asks for them. */
	give_run(plain_run(6, "bricktrace-calibration", 1, BT_NONE));
	give_run(plain_run(7, "bricktrace", 1, BT_NONE));
	assert_int_equal(COMMAND("monitor", "-n", "1"), 0);
	assert_says(" bricktrace 0.");
	give_run(plain_run(6, "bricktrace-calibration", 1, BT_NONE));
	assert_int_equal(COMMAND("monitor", "-n", "1", "--brick", "*"), 0);
	assert_says(" bricktrace-calibration 0.");
}

static void assert_refused(const char *why, const char *const *argv)
{
	assert_int_equal(finish(start(argv)), 125);
	assert_string_equal(errors, why);
}

#define REFUSED(why, ...) assert_refused(why, ARGUMENTS(__VA_ARGS__))

static void wrong_usage_is_refused(void **state)
{
	(void)state;
	REFUSED("bricktrace: bad number of runs '0': --count needs a whole number from 1 to 4294967295\n",
		"monitor", "-n", "0");
	REFUSED("bricktrace: bad number of runs '4294967296': --count needs a whole number from 1 to 4294967295\n",
		"monitor", "-n", "4294967296");
	REFUSED("bricktrace: bad size '127K': --buffer-size needs a number of bytes, or a number with the unit K, M or G (1024, 1024^2 or 1024^3 bytes), from 128K to 16M\n",
		"monitor", "--buffer-size=127K");
	REFUSED("bricktrace: bad duration 'x': it must be a number, or a number with a unit (ns, us, ms or s), such as 1.5ms\n",
		"monitor", "-d", "x");
	REFUSED("bricktrace: unknown option '-Z'\n", "monitor", "-Z");
	REFUSED("bricktrace: option '-n' needs an argument\n", "monitor", "-n");
	REFUSED("bricktrace: unexpected argument 'true': monitor shows the runs of the host, whatever program has them\n",
		"monitor", "--", "true");
	REFUSED("bricktrace: no file to record to (-o FILE); see bricktrace record --help\n",
		"record");
	REFUSED("bricktrace: --rotate needs --max-size, which says how large each file may become\n",
		"record", "-o", "out", "--rotate", "2");
	REFUSED("bricktrace: --max-size needs a file, and -o - is standard output\n",
		"record", "-o", "-", "--max-size", "1G");
	REFUSED("bricktrace: bad number of files '1': --rotate needs a whole number from 2 to 1000\n",
		"record", "-o", "out", "--rotate", "1");
	REFUSED("bricktrace: bad size '1T': --max-size needs a number of bytes, or a number with the unit K, M or G (1024, 1024^2 or 1024^3 bytes), from 128K to 1048576G\n",
		"record", "-o", "out", "--max-size", "1T");
	REFUSED("bricktrace: bad size '99999999999G': --max-size needs a number of bytes, or a number with the unit K, M or G (1024, 1024^2 or 1024^3 bytes), from 128K to 1048576G\n",
		"record", "-o", "out", "--max-size", "99999999999G");
	REFUSED("bricktrace: unexpected argument 'x': record records the runs of the host, whatever program has them\n",
		"record", "-o", "out", "x");
	assert_int_equal(COMMAND("record", "--help"), 0);
	assert_says("Usage: bricktrace record -o FILE [OPTIONS]\n");
	assert_int_equal(COMMAND("monitor", "--help"), 0);
	assert_says("Usage: bricktrace monitor [OPTIONS]\n");
	assert_int_equal(access("out", F_OK), -1);
}

static void without_the_right_nothing_begins(void **state)
{
	(void)state;
	kernel->open_error = EPERM;
	assert_int_equal(COMMAND("monitor"), 1);
	assert_complains("CAP_PERFMON or CAP_SYS_ADMIN");
	assert_complains("setcap cap_perfmon+ep");
	assert_int_equal(COMMAND("record", "-o", "out"), 1);
	assert_int_equal(access("out", F_OK), -1);
	kernel->open_error = EUSERS;
	assert_int_equal(COMMAND("monitor"), 1);
	assert_complains("16 streams");
	kernel->open_error = 0;
	kernel->absent = true;
	assert_int_equal(COMMAND("monitor"), 1);
	assert_complains("modprobe bricktrace");
	assert_string_equal(output, "");
}

static void a_right_that_is_lost_ends_it(void **state)
{
	(void)state;
	kernel->read_error = EPERM;
	give_run(sample_run(1));
	assert_int_equal(COMMAND("monitor"), 125);
	assert_complains("CAP_PERFMON");
	assert_says("player/decode");
}

static void until_exists(const char *name)
{
	int i;

	for (i = 0; i < 1000 && access(name, F_OK); i++)
		usleep(10000);
	assert_int_equal(access(name, F_OK), 0);
}

static void signals_end_it_in_good_order(void **state)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	pid_t pid;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		unlink("stderr");
		unlink("stdout");
		pid = start(ARGUMENTS("monitor"));
		until_says("stderr", "reading the runs");
		/* Each line is there at once. */
		give_run(plain_run(1, "a", 1, BT_NONE));
		until_says("stdout", " a 0.000000001 s, not traced\n");
		kill(pid, ends[i]);
		assert_int_equal(finish(pid), 0);
		assert_complains("bricktrace: 1 runs shown,");
	}
}

static void what_waits_is_drained(void **state)
{
	uint64_t i;
	pid_t pid;

	(void)state;
	pid = start(ARGUMENTS("record", "-o", "out"));
	until_says("stderr", "reading the runs");
	kill(pid, SIGSTOP);
	waitpid(pid, NULL, WUNTRACED);
	for (i = 1; i <= 5; i++)
		give_run(plain_run(i, "a", 1, BT_NONE));
	/* Those that come while it is ending, here the last two, stay in the ring. */
	kernel->counts.waiting = 3;
	kill(pid, SIGINT);
	kill(pid, SIGCONT);
	assert_int_equal(finish(pid), 0);
	assert_complains("bricktrace: 3 runs recorded,");
}

static void a_duration_ends_it(void **state)
{
	(void)state;
	give_run(plain_run(1, "a", 1, BT_NONE));
	assert_int_equal(COMMAND("monitor", "-d", "0.2"), 0);
	assert_complains("bricktrace: 1 runs shown,");
	assert_int_equal(COMMAND("monitor", "-d", "0"), 0);
}

/* Runs a command with its output in a pipe, of which the reader ends before there is a run. */
static int until_reader_ends(const char *const *argv)
{
	FILE *reader = popen("exec sleep 0.5", "w");
	int old = dup(STDOUT_FILENO);
	pid_t pid;

	dup2(fileno(reader), STDOUT_FILENO);
	pid = start_into(NULL, argv);
	dup2(old, STDOUT_FILENO);
	close(old);
	pclose(reader);
	return finish(pid);
}

static void a_reader_that_ends_ends_it(void **state)
{
	(void)state;
	assert_int_equal(until_reader_ends(ARGUMENTS("monitor")), 0);
	assert_null(strstr(errors, "cannot"));
	assert_int_equal(until_reader_ends(ARGUMENTS("record", "-o", "-")), 0);
	assert_null(strstr(errors, "cannot"));
}

static void a_full_disk_ends_monitor(void **state)
{
	(void)state;
	give_run(sample_run(1));
	assert_int_equal(finish(start_into("/dev/full", ARGUMENTS("monitor"))), 125);
	assert_complains(
		"bricktrace: cannot write to standard output: No space left on device\n");
}

/* Returns how many runs a recording has, or -1 if it is not whole. */
static int runs_of(const char *name, uint64_t *first)
{
	struct bt_recording *recording;
	struct bt_record *record;
	int fd = open(name, O_RDONLY), err, n = 0;

	err = bt_recording_open(fd, &recording);
	while (!err && !(err = bt_recording_read(recording, &record)) && record) {
		if (!n++ && first)
			*first = record->sequence;
		bt_record_free(record);
	}
	bt_recording_free(recording);
	close(fd);
	return err ? -1 : n;
}

static void a_recording_is_a_new_private_file(void **state)
{
	struct stat st;

	(void)state;
	umask(0);
	give_run(sample_run(1));
	give_loss(2, 3);
	give_run(sample_run(5));
	assert_int_equal(COMMAND("record", "-o", "out", "-n", "2"), 0);
	assert_complains("bricktrace: 2 runs recorded,");
	assert_int_equal(runs_of("out", NULL), 3);
	assert_int_equal(stat("out", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* A file that exists, and a link that leads nowhere, are left alone. */
	assert_int_equal(COMMAND("record", "-o", "out", "-n", "1"), 125);
	assert_complains(
		"bricktrace: cannot create 'out': the file exists, and record never overwrites a file: remove it, or choose another name\n");
	assert_int_equal(runs_of("out", NULL), 3);
	assert_int_equal(symlink("out-elsewhere", "out-link"), 0);
	assert_int_equal(COMMAND("record", "-o", "out-link", "-n", "1"), 125);
	assert_int_equal(access("out-elsewhere", F_OK), -1);
	assert_int_equal(COMMAND("record", "-o", "no/dir/out"), 125);
	assert_complains("cannot create 'no/dir/out': No such file or directory\n");
}

static void standard_output_can_be_recorded(void **state)
{
	(void)state;
	give_run(sample_run(1));
	give_run(sample_run(2));
	assert_int_equal(COMMAND("record", "-o", "-", "-n", "2"), 0);
	assert_int_equal(runs_of("stdout", NULL), 2);
}

/* Gives runs to a command while it takes them, as the queue is short, until it ends. */
static void give_many(pid_t pid, uint64_t runs)
{
	siginfo_t ended = { 0 };
	uint64_t i;

	for (i = 1; i <= runs; i++) {
		struct run_record r = sample_run(i);

		r.origin.uid = geteuid();
		while (send(kernel->writer, &r, sizeof(r), 0) < 0) {
			assert_int_equal(errno, EAGAIN);
			waitid(P_PID, pid, &ended, WEXITED | WNOHANG | WNOWAIT);
			if (ended.si_pid)
				return;
			usleep(1000);
		}
	}
}

static int record_many(uint64_t runs, const char *const *argv)
{
	pid_t pid = start(argv);

	give_many(pid, runs);
	return finish(pid);
}

static void the_largest_size_ends_it(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(
		record_many(1000, ARGUMENTS("record", "-o", "out", "--max-size", "128K")),
		0);
	assert_complains(
		"bricktrace: 'out' has no room for another run: --max-size is reached\n");
	stat("out", &st);
	assert_in_range(st.st_size, (128 << 10) - sizeof(struct run_record) + 1, 128 << 10);
	assert_int_equal(runs_of("out", NULL),
			 (st.st_size - BRICKTRACE_FILE_HEADER_SIZE_V0) /
				 sizeof(struct run_record));
}

static void rotated_files_are_whole(void **state)
{
	int first, second, third, each;
	char count[16];
	uint64_t from;

	(void)state;
	each = ((128 << 10) - BRICKTRACE_FILE_HEADER_SIZE_V0) / sizeof(struct run_record);
	snprintf(count, sizeof(count), "%d", 4 * each + 1);
	assert_int_equal(record_many(4 * each + 1,
				     ARGUMENTS("record", "-o", "out", "-n", count,
					       "--max-size", "128K", "--rotate", "3")),
			 0);
	assert_int_equal(access("out", F_OK), -1);
	assert_int_equal(access("out.1", F_OK), -1);
	first = runs_of("out.2", &from);
	assert_int_equal(from, 2 * each + 1);
	second = runs_of("out.3", &from);
	assert_int_equal(from, 3 * each + 1);
	third = runs_of("out.4", &from);
	assert_int_equal(from, 4 * each + 1);
	assert_int_equal(first, each);
	assert_int_equal(second, each);
	assert_int_equal(third, 1);
	assert_int_equal(access("out.5", F_OK), -1);
}

static void rotation_touches_no_other_file(void **state)
{
	int each =
		((128 << 10) - BRICKTRACE_FILE_HEADER_SIZE_V0) / sizeof(struct run_record);
	char count[16];
	const char *const argv[] = { "record",	 "-o", "out", "--max-size", "128K",
				     "--rotate", "2",  "-n",  count,	    NULL };
	pid_t pid;

	(void)state;
	snprintf(count, sizeof(count), "%d", 2 * each + 1);
	/* What is in the way is known before the first run. */
	write_file("out.1", "mine", 0644);
	assert_int_equal(finish(start(argv)), 125);
	assert_complains("bricktrace: cannot create 'out.1': the file exists");
	assert_int_equal(access("out", F_OK), -1);
	unlink("out.1");
	/* A file that was put in the place of a recorded one stays. */
	pid = start(argv);
	until_exists("out");
	assert_int_equal(rename("out", "out-moved"), 0);
	write_file("out", "mine", 0644);
	give_many(pid, 2 * each + 1);
	assert_int_equal(finish(pid), 0);
	read_file("out", output, sizeof(output));
	assert_string_equal(output, "mine");
	assert_int_equal(runs_of("out-moved", NULL), each);
	assert_int_equal(runs_of("out.2", NULL), 1);
	/* One that comes into the way later ends the recording, whose files are whole. */
	system("rm out*");
	pid = start(argv);
	until_exists("out");
	write_file("out.1", "mine", 0644);
	give_many(pid, each + 1);
	assert_int_equal(finish(pid), 125);
	assert_complains("bricktrace: cannot create 'out.1': the file exists");
	assert_int_equal(runs_of("out", NULL), each);
	read_file("out.1", output, sizeof(output));
	assert_string_equal(output, "mine");
}

static void a_full_disk_leaves_a_whole_file(void **state)
{
	const struct rlimit limit = { 20000, 20000 };
	struct rlimit old;
	int status;

	(void)state;
	/* Past this limit, write() writes what fits, and then fails with EFBIG. */
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ limit.rlim_cur, old.rlim_max });
	status = record_many(100, ARGUMENTS("record", "-o", "out"));
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(status, 125);
	assert_complains(
		"bricktrace: out: cannot write the recording: File too large; the runs before are recorded\n");
	assert_int_equal(runs_of("out", NULL), (20000 - BRICKTRACE_FILE_HEADER_SIZE_V0) /
						       sizeof(struct run_record));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, end)
	const struct CMUnitTest tests[] = {
		TEST(each_run_is_a_line),
		TEST(losses_are_shown_in_their_place),
		TEST(json_has_the_origin),
		TEST(filters_select_runs),
		TEST(wrong_usage_is_refused),
		TEST(without_the_right_nothing_begins),
		TEST(a_right_that_is_lost_ends_it),
		TEST(signals_end_it_in_good_order),
		TEST(what_waits_is_drained),
		TEST(a_duration_ends_it),
		TEST(a_reader_that_ends_ends_it),
		TEST(a_full_disk_ends_monitor),
		TEST(a_recording_is_a_new_private_file),
		TEST(standard_output_can_be_recorded),
		TEST(the_largest_size_ends_it),
		TEST(rotated_files_are_whole),
		TEST(rotation_touches_no_other_file),
		TEST(a_full_disk_leaves_a_whole_file),
	};

	return cmocka_run_group_tests_name("monitor", tests, enter, leave);
}
