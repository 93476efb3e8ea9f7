// SPDX-License-Identifier: MIT
/* Tests of the program as users run it, with the module or without. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program.h"

static void status_is_passed_through(void **state)
{
	(void)state;
	assert_int_equal(run("$B run true 2>&1"), 0);
	assert_says("brick:     true\n");
	assert_says("wall time: 0.");
	assert_int_equal(run("$B run -- sh -c 'exit 42' 2>&1"), 42);
	assert_int_equal(run("$B run -- sh -c 'kill -TERM $$' 2>&1"), 143);
	assert_int_equal(run("$B run -- sh -c 'kill -KILL $$' 2>&1"), 137);
	assert_int_equal(run("$B run -f -- sh -c 'exit 3' 2>&1"), 3);
}

static void commands_that_cannot_run(void **state)
{
	(void)state;
	write_file("data", "x", 0644);
	write_file("bad", "#!/no/such/interpreter\n", 0755);
	assert_int_equal(run("$B run no-such-command 2>&1"), 127);
	assert_says("bricktrace: no-such-command: command not found\n");
	assert_int_equal(run("$B run ./no-such-command 2>&1"), 127);
	assert_int_equal(run("$B run ./data/x 2>&1"), 127);
	assert_int_equal(run("$B run '' 2>&1"), 127);
	assert_int_equal(run("$B run ./data 2>&1"), 126);
	assert_says("Permission denied");
	assert_int_equal(run("PATH=. $B run data 2>&1"), 126);
	assert_int_equal(run("$B run / 2>&1"), 126);
	assert_int_equal(run("$B run ./bad 2>&1"), 126);
	assert_says("./bad: cannot be executed: its interpreter does not exist");
	assert_null(strstr(output, "wall time:"));
}

static void path_is_searched_as_execvp_does(void **state)
{
	(void)state;
	mkdir("first", 0755);
	mkdir("first/prog", 0755);
	mkdir("second", 0755);
	write_file("second/prog", "echo script \"$1\" \"$2\"\n", 0755);
	assert_int_equal(run("PATH=/nowhere:first:second $B run prog 'a b' c 2>/dev/null"),
			 0);
	/* The shell runs a script without an interpreter line. */
	assert_string_equal(output, "script a b c\n");
	assert_int_equal(run("cd second && PATH=:/nowhere $B run prog 2>/dev/null"), 0);
	assert_int_equal(run("cd second && unset PATH && $B run true 2>/dev/null"), 0);
}

static void wrong_usage_is_125(void **state)
{
	(void)state;
	assert_int_equal(run("$B 2>&1"), 125);
	assert_int_equal(run("$B walk 2>&1"), 125);
	assert_says("unknown command 'walk'");
	assert_int_equal(run("$B run 2>&1"), 125);
	assert_int_equal(run("$B run -b 12parsecs true 2>&1"), 125);
	assert_says("bad budget '12parsecs'");
	assert_int_equal(run("$B run -S speed true 2>&1"), 125);
	assert_says("unknown sort key 'speed'");
	assert_int_equal(run("$B run --colour true 2>&1"), 125);
	assert_string_equal(
		output,
		"bricktrace: unknown option '--colour', or more than one option begins with it\n");
	assert_int_equal(run("$B run --f true 2>&1"), 125);
	assert_says("unknown option '--f', or more than one option begins with it");
	assert_int_equal(run("$B run --budget=5 -fZj true 2>&1"), 125);
	assert_string_equal(output, "bricktrace: unknown option '-Z'\n");
	assert_int_equal(run("$B run --json=x true 2>&1"), 125);
	assert_string_equal(output, "bricktrace: option '--json' takes no argument\n");
	assert_int_equal(run("$B run -fb 2>&1"), 125);
	assert_string_equal(output, "bricktrace: option '-b' needs an argument\n");
	assert_int_equal(run("$B run --budget 2>&1"), 125);
	assert_string_equal(output, "bricktrace: option '--budget' needs an argument\n");
	assert_int_equal(run("$B run -F xml true 2>&1"), 125);
	assert_string_equal(
		output,
		"bricktrace: unknown format 'xml'; the formats are: table json csv\n");
	assert_int_equal(run("$B run -n '' true 2>&1"), 125);
	assert_int_equal(run("$B run -n $(printf %064d 0) true 2>&1"), 125);
	assert_says("63");
	assert_int_equal(run("$B run -o /no/such/dir true 2>&1"), 125);
	assert_int_equal(run("$B --help"), 0);
	assert_says("Usage:");
	assert_int_equal(run("$B run --help"), 0);
	assert_says("--budget");
	assert_says("table  tables, as strace -c has them (default)\n");
	assert_int_equal(run("$B run --help >plain; $B help run | diff plain -"), 0);
	assert_int_equal(run("$B help walk 2>&1"), 125);
	assert_int_equal(run("$B --help 2>&1 >/dev/full"), 125);
	assert_says("cannot write to standard output: No space left on device\n");
	assert_int_equal(run("$B --version 2>&1 >/dev/full"), 125);
	assert_int_equal(run("$B help run 2>&1 >/dev/full"), 125);
	assert_int_equal(run("$B run --help 2>&1 >/dev/full"), 125);
	assert_int_equal(run("$B run true 2>&1 >&-"), 0);
	assert_int_equal(run("$B --version"), 0);
	assert_string_equal(output, "bricktrace " BT_VERSION "\n");
}

static void assert_refused(const char *options, const char *why)
{
	char line[300];

	snprintf(line, sizeof(line),
		 "$B run %s touch ran 2>&1; s=$?; test -e ran && echo ran; exit $s",
		 options);
	assert_int_equal(run(line), 125);
	assert_string_equal(output, why);
}

static void assert_filter_refused(const char *options, const char *item, const char *list)
{
	char line[300], wanted[300];

	snprintf(line, sizeof(line),
		 "$B run %s touch ran 2>&1; s=$?; test -e ran && echo ran; exit $s",
		 options);
	assert_int_equal(run(line), 125);
	snprintf(wanted, sizeof(wanted),
		 "bricktrace: bad expression '%s' in '%s': it must be the name of a system call,"
		 " such as openat; a category, which is one of %%mmap %%futex ",
		 item, list);
	assert_int_equal(strncmp(output, wanted, strlen(wanted)), 0);
	assert_says(" %other");
	assert_says("; or a device with ioctl: before it, such as ioctl:nvidia0\n");
	assert_null(strstr(output, "ran\n"));
}

static void wrong_filters_are_refused(void **state)
{
	(void)state;
	assert_filter_refused("-e opennat", "opennat", "opennat");
	assert_filter_refused("-e openat,", "", "openat,");
	assert_filter_refused("-e ''", "", "");
	assert_filter_refused("--expr read,%memory,write", "%memory", "read,%memory,write");
	assert_filter_refused("-e read -e ioctl:", "ioctl:", "ioctl:");
	assert_filter_refused("-e %", "%", "%");
	assert_filter_refused("-e syscall_", "syscall_", "syscall_");
	assert_filter_refused("-e syscall_1x", "syscall_1x", "syscall_1x");
	assert_filter_refused("-e %category_99", "%category_99", "%category_99");
	assert_filter_refused("-e \"$(printf '\\033')\"", "\\x1b", "\\x1b");
}

static void filters_may_name_any_call(void **state)
{
	(void)state;
	/* socketcall() is a call of the 32-bit table. */
	assert_int_equal(
		run("$B run -e openat,%read,other -e ioctl:/x,socketcall,syscall_9999 true 2>&1"),
		0);
	assert_int_equal(run("$B run -j -e openat,other -e ioctl:tty true 2>&1"), 0);
	assert_says("\"filter\":\"openat,%other,ioctl:tty\"");
}

static void wrong_times_are_refused(void **state)
{
	(void)state;
	assert_refused("-I 0.05",
		       "bricktrace: bad interval '0.05': it must be at least 100ms\n");
	assert_refused("-I 0", "bricktrace: bad interval '0': it must be at least 100ms\n");
	assert_refused("--interval -1",
		       "bricktrace: bad interval '-1': it must not be negative\n");
	assert_refused(
		"-I 1 -r 2",
		"bricktrace: --interval divides one run, so it cannot be combined with --repeat\n");
	assert_refused(
		"--slow 9us",
		"bricktrace: bad time of a slow call '9us': it must be at least 10us, or 0 if no call is to be kept\n");
	assert_refused(
		"--slow 1h",
		"bricktrace: bad time of a slow call '1h': it must be a number, or a number with a unit (ns, us, ms or s), such as 1.5ms\n");
	assert_int_equal(run("$B run --slow 2>&1"), 125);
	assert_string_equal(output, "bricktrace: option '--slow' needs an argument\n");
	assert_int_equal(run("$B run -I 100ms --slow 0 true 2>&1"), 0);
	assert_int_equal(run("$B run --slow 10us true 2>&1"), 0);
	assert_int_equal(run("$B attach -I 99ms -p 1 2>&1"), 125);
}

static void files_of_names_are_read(void **state)
{
	(void)state;
	assert_int_equal(run("$B run --ioctl-names none true 2>&1"), 125);
	assert_says("bricktrace: none: No such file or directory\n");
	write_file("bad-list", "not a \x1b line\n", 0644);
	assert_int_equal(run("$B run --ioctl-names bad-list true 2>&1"), 125);
	assert_says("bricktrace: bad-list:1: ");
	assert_null(strchr(output, '\x1b'));
}

static void csv_is_an_output(void **state)
{
	(void)state;
	assert_int_equal(run("$B run -x -n 'a,b' -o - true 2>err"), 0);
	assert_int_equal(strncmp(output, "brick,provenance,reason,table,name,", 35), 0);
	assert_says("\n\"a,b\",");
	assert_says(",run,wall,,,,,,,,");
	assert_int_equal(run("$B run -F csv -I 1 -o out true 2>err; cat out"), 0);
	assert_int_equal(strncmp(output, "elapsed_ns,brick,provenance,", 28), 0);
	assert_int_equal(run("$B run --csv -r 2 -o - true 2>err"), 0);
	assert_says(",statistics,runs,,,,,2,,,,,,,,,,,\n");
	assert_int_equal(run("$B run -x -o /dev/full true 2>&1"), 125);
	assert_says("cannot write to '/dev/full': No space left on device\n");
}

static void attach_needs_a_target(void **state)
{
	(void)state;
	assert_int_equal(run("$B attach 2>&1"), 125);
	assert_says("no process (-p), thread (-t) or cgroup (--cgroup)");
	assert_int_equal(run("$B attach -j 2>&1"), 125);
	assert_int_equal(run("$B attach 1 2>&1"), 125);
	assert_says("unexpected argument '1': use -p PID, -t TID or --cgroup PATH");
	assert_int_equal(run("$B attach -p 1 sleep 2>&1"), 125);
	assert_int_equal(run("$B attach -p init 2>&1"), 125);
	assert_says(
		"bad list of processes 'init': it must consist of numbers, separated by commas or blanks\n");
	assert_int_equal(run("$B attach -t 0 2>&1"), 125);
	assert_says("bad list of threads '0'");
	assert_says("a process or thread ID is a number from 1 to 2147483647\n");
	assert_int_equal(run("$B attach -p 1 --duration 1h 2>&1"), 125);
	assert_says(
		"bad duration '1h': it must be a number, or a number with a unit (ns, us, ms or s), such as 1.5ms\n");
	assert_int_equal(run("$B attach -p 1 -b 12parsecs 2>&1"), 125);
	assert_says("bad budget '12parsecs'");
	assert_int_equal(run("$B attach -p 1 -S speed 2>&1"), 125);
	assert_int_equal(run("$B attach -p 1 -n '' 2>&1"), 125);
	assert_int_equal(run("$B attach -p 1 -o /no/such/dir/x 2>&1"), 125);
	assert_int_equal(run("$B attach -x 2>&1"), 125);
	assert_int_equal(run("$B attach --help"), 0);
	assert_says("--duration");
	assert_says("--sort");
}

static void attach_to_nobody_is_1(void **state)
{
	(void)state;
	/* With the module the process does not exist; without it nothing can be followed. */
	assert_int_equal(run("sh -c 'exit 0' & wait $!; $B attach -p $! -d 5 2>&1"), 1);
	assert_says("bricktrace: ");
	assert_null(strstr(output, "wall time:"));
}

static void output_goes_to_the_file(void **state)
{
	json_error_t error;
	json_t *json;

	(void)state;
	assert_int_equal(run("$B run -j -b 0 -n layer.0 -o out echo hello 2>err"), 0);
	assert_string_equal(output, "hello\n");
	json = json_load_file("out", 0, &error);
	assert_non_null(json);
	assert_int_equal(json_integer_value(json_object_get(json, "schema")), 1);
	assert_string_equal(json_string_value(json_object_get(json, "brick")), "layer.0");
	assert_true(json_is_true(json_object_get(json, "over_budget")));
	assert_int_equal(json_integer_value(json_object_get(json, "budget_ns")), 0);
	assert_true(json_integer_value(json_object_get(json, "wall_ns")) > 0);
	json_decref(json);
	assert_int_equal(run("$B run -F json true 2>&1"), 0);
	assert_says("{\"schema\":1,");
	assert_int_equal(run("$B run -jF table true 2>&1"), 0);
	assert_says("brick:     true\n");
	/* The command's failure takes precedence over bricktrace's. */
	assert_int_equal(run("$B run -o /dev/full true 2>&1"), 125);
	assert_says("/dev/full");
	assert_int_equal(run("$B run -o /dev/full -- sh -c 'exit 9' 2>&1"), 9);
}

static void output_is_kept_until_there_is_a_report(void **state)
{
	(void)state;
	write_file("bad", "#!/no/such/interpreter\n", 0755);
	write_file("kept", "keep\n", 0644);
	assert_int_equal(run("$B run -o kept ./bad 2>&1; cat kept"), 0);
	assert_says("keep\n");
	assert_int_equal(
		run("sh -c 'exit 0' & wait $!; $B attach -p $! -o kept 2>&1; cat kept"), 0);
	assert_says("keep\n");
	assert_int_equal(run("$B run -n '' -o kept true 2>&1; cat kept"), 0);
	assert_says("keep\n");
	/* A report replaces the whole file, even a longer one. */
	write_file("kept", "keep\n", 0644);
	assert_int_equal(
		run("yes keep | head -n 9999 >kept; $B run -o kept true 2>err && cat kept"),
		0);
	assert_string_equal(strstr(output, "keep") ? "keep" : "", "");
	assert_says("brick:     true\n");
	assert_int_equal(run("mkfifo fifo; cat fifo & $B run -o fifo true 2>err; wait"), 0);
	assert_says("brick:     true\n");
}

static void output_dash_is_standard_output(void **state)
{
	(void)state;
	assert_int_equal(
		run("$B run -o - echo hello 2>err; ! grep brick: err && ! test -e -"), 0);
	assert_says("hello\nbrick:     echo\n");
	/* The output of the command in the same file is kept. */
	assert_int_equal(run("$B run -j -o - echo hello >both 2>err; cat both"), 0);
	assert_says("hello\n{\"schema\":1,");
	assert_int_equal(run("$B run -o - true 2>&1 >/dev/full"), 125);
	assert_says("cannot write to standard output: No space left on device\n");
	assert_int_equal(run("$B run -o - true 2>&1 >&-"), 125);
	assert_says("cannot write to standard output: Bad file descriptor\n");
}

static void follow_waits_without_the_module_too(void **state)
{
	(void)state;
	/* A grandchild that outlives its parent becomes a child of bricktrace. */
	assert_int_equal(
		run("$B run -f -- sh -c '(sleep 0.5; echo last >late) >/dev/null 2>&1 & exit 3' 2>err; s=$?; cat late; exit $s"),
		3);
	assert_says("last\n");
	/* A child that ended before the command does not end the run. */
	assert_int_equal(run("$B run -f -- sh -c 'true & sleep 0.3; exit 4' 2>&1"), 4);
	assert_says("wall time: 0.");
	/* ^C ends the waiting. */
	assert_int_equal(
		run("timeout 20 $B run -f -- sh -c 'sleep 30 >/dev/null 2>&1 & kill -INT $PPID; exit 5' 2>&1"),
		5);
}

static void name_is_the_commands(void **state)
{
	char line[300];

	(void)state;
	assert_int_equal(run("$B run /bin/true 2>&1"), 0);
	assert_says("brick:     true\n");
	snprintf(line, sizeof(line), "ln -s /bin/true %080d && $B run ./%080d 2>&1", 0, 0);
	assert_int_equal(run(line), 0);
	/* Invalid UTF-8 and control characters are replaced, and a long name is cut. */
	assert_int_equal(
		run("ln -s /bin/true \"$(printf 'n\\351\\033')\" && $B run ./n* 2>&1"), 0);
	assert_says("brick:     n\ufffd\ufffd\n");
	assert_int_equal(
		run("n=$(printf %040d 0 | sed s/0/é/g); ln -s /bin/true $n && $B run ./$n 2>&1 | grep ^brick: | grep -o é | wc -l"),
		0);
	assert_string_equal(output, "31\n");
}

static void no_name_reaches_the_terminal_raw(void **state)
{
	(void)state;
	assert_int_equal(run("$B run -- \"$(printf 'a\\nb\\033[31m')\" 2>&1"), 127);
	assert_says("bricktrace: a\\x0ab\\x1b[31m: command not found\n");
	assert_int_equal(run("$B \"$(printf '\\033[31m')\" 2>&1"), 125);
	assert_says("unknown command '\\x1b[31m'");
	assert_int_equal(run("$B run \"--$(printf '\\033[31m')\" 2>&1"), 125);
	assert_says("unknown option '--\\x1b[31m'");
	assert_int_equal(run("$B run \"-$(printf '\\033')\" 2>&1"), 125);
	assert_says("unknown option '-\\x1b'");
	assert_int_equal(run("$B run \"-$(printf '\\233')\" 2>&1"), 125);
	assert_says("unknown option '-\\x9b'");
	assert_int_equal(run("$B run -b \"$(printf '\\302\\233')\" true 2>&1"), 125);
	assert_says("bad budget '\\u009b'");
	assert_int_equal(run("$B run -n \"$(printf '\\302\\233')\" true 2>&1"), 125);
	assert_says("the brick's name has the control character U+009B\n");
	assert_int_equal(run("$B run -n \"$(printf 'x\\351')\" true 2>&1"), 125);
	assert_says("the brick's name is not UTF-8: its byte 2 is 0xe9\n");
	assert_int_equal(run("$B run -n été true 2>&1"), 0);
	assert_says("brick:     été\n");
}

static void signals_reach_the_command(void **state)
{
	(void)state;
	/* bricktrace passes SIGTERM on to the command and still reports. */
	assert_int_equal(
		run("$B run -- sh -c 'trap \"exit 7\" TERM; kill $PPID; while :; do sleep 0.05; done' 2>&1"),
		7);
	assert_says("wall time:");
	/* If the command survives ^C, the report is printed at once, and bricktrace waits. */
	assert_int_equal(run("$B run -- sh -c 'kill -INT $PPID; sleep 3; exit 5' 2>&1"), 5);
	assert_says("wall time: 0.");
}

static void command_gets_its_signals_as_they_were(void **state)
{
	(void)state;
	assert_int_equal(
		run("grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status > plain; $B run -o /dev/null grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status > traced 2>/dev/null; diff plain traced"),
		0);
	assert_int_equal(
		run("trap '' INT HUP CHLD; grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status > plain; $B run -o /dev/null grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status > traced 2>/dev/null; diff plain traced"),
		0);
}

static void command_gets_no_descriptor(void **state)
{
	(void)state;
	assert_int_equal(
		run("$B run -o x -- ls /proc/self/fd 2>/dev/null | wc -l > traced; ls /proc/self/fd 2>/dev/null | wc -l > plain; diff plain traced"),
		0);
}

static void secure_boot_is_recognised(void **state)
{
	static const char var[] =
		"s/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
	char dir[256];
	int fd;

	(void)state;
	getcwd(dir, sizeof(dir));
	strcat(dir, "/s");
	assert_int_equal(
		system("mkdir -p s/sys/firmware/efi/efivars s/sys/kernel/security"), 0);
	assert_null(module_advice(dir));
	fd = open(var, O_CREAT | O_WRONLY, 0644);
	assert_int_equal(write(fd, "\6\0\0\0\0", 5), 5);
	assert_null(module_advice(dir));
	assert_int_equal(pwrite(fd, "\1", 1, 4), 1);
	close(fd);
	assert_non_null(strstr(module_advice(dir), "Secure Boot is on"));
	assert_non_null(strstr(module_advice(dir), "mokutil --import"));
	unlink(var);
	write_file("s/sys/kernel/security/lockdown", "[none] integrity confidentiality\n",
		   0644);
	assert_null(module_advice(dir));
	write_file("s/sys/kernel/security/lockdown", "none [integrity] confidentiality\n",
		   0644);
	assert_non_null(strstr(module_advice(dir), "locked down"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_is_passed_through),
		cmocka_unit_test(commands_that_cannot_run),
		cmocka_unit_test(path_is_searched_as_execvp_does),
		cmocka_unit_test(wrong_usage_is_125),
		cmocka_unit_test(wrong_filters_are_refused),
		cmocka_unit_test(filters_may_name_any_call),
		cmocka_unit_test(wrong_times_are_refused),
		cmocka_unit_test(files_of_names_are_read),
		cmocka_unit_test(csv_is_an_output),
		cmocka_unit_test(attach_needs_a_target),
		cmocka_unit_test(attach_to_nobody_is_1),
		cmocka_unit_test(output_goes_to_the_file),
		cmocka_unit_test(name_is_the_commands),
		cmocka_unit_test(no_name_reaches_the_terminal_raw),
		cmocka_unit_test(signals_reach_the_command),
		cmocka_unit_test(command_gets_its_signals_as_they_were),
		cmocka_unit_test(command_gets_no_descriptor),
		cmocka_unit_test(secure_boot_is_recognised),
		cmocka_unit_test(output_is_kept_until_there_is_a_report),
		cmocka_unit_test(output_dash_is_standard_output),
		cmocka_unit_test(follow_waits_without_the_module_too),
	};

	return cmocka_run_group_tests_name("run", tests, enter, leave);
}
