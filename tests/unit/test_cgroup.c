// SPDX-License-Identifier: MIT
/* Tests of the processes of a cgroup, over a directory tree that this file makes. */
#include <fcntl.h>
#include <time.h>

#include "cgroup.h"
#include "program.h"

#define MANY 100000

/* No kernel gives such an ID to a process, so that /proc has none of them. */
#define IDS 2000000000

/* What bt_process_follow() was asked to follow, and its answer for each ID from IDS on. */
static struct {
	struct ids ids;
	unsigned int inherit;
	int answer[10];
} followed;

static char errors[4096];

/* The linker puts this function in the place of bt_process_follow(). */
int __wrap_bt_process_follow(struct bt_tracer *tracer, pid_t pid, unsigned int inherit,
			     uint32_t *threads);
int __wrap_bt_process_follow(struct bt_tracer *tracer, pid_t pid, unsigned int inherit,
			     uint32_t *threads)
{
	(void)tracer;
	(void)threads;
	assert_int_equal(ids_add(&followed.ids, pid), 0);
	followed.inherit = inherit;
	return pid >= IDS ? followed.answer[pid - IDS] : 0;
}

static int reset(void **state)
{
	(void)state;
	free(followed.ids.id);
	memset(&followed, 0, sizeof(followed));
	return system(
		"rm -rf sys && mkdir -p sys/fs/cgroup/a.slice/b/c sys/fs/cgroup/a.slice/d"
		" && for d in a.slice a.slice/b a.slice/b/c a.slice/d; do"
		" : >sys/fs/cgroup/$d/cgroup.procs; done");
}

static void write_ids(const char *directory, const char *text)
{
	char path[100];

	snprintf(path, sizeof(path), "sys/fs/cgroup/%s/cgroup.procs", directory);
	write_file(path, text, 0644);
}

static void open_slice(struct cgroup *cgroup)
{
	*cgroup = (struct cgroup){ 0 };
	assert_int_equal(cgroup_open(cgroup, ".", "/a.slice"), 0);
}

/* Follows, with what is printed in @errors. */
static int follow(struct cgroup *cgroup, bool summarize)
{
	int saved = dup(STDERR_FILENO), err;
	int fd = open("err", O_RDWR | O_CREAT | O_TRUNC, 0600);
	ssize_t n;

	dup2(fd, STDERR_FILENO);
	err = cgroup_follow(cgroup, NULL);
	if (summarize)
		cgroup_summarize(cgroup);
	dup2(saved, STDERR_FILENO);
	n = pread(fd, errors, sizeof(errors) - 1, 0);
	errors[n] = 0;
	close(saved);
	close(fd);
	return err;
}

static void assert_followed(struct cgroup *cgroup, const pid_t *ids, size_t n)
{
	free(followed.ids.id);
	followed.ids = (struct ids){ 0 };
	assert_int_equal(follow(cgroup, false), 0);
	assert_int_equal(followed.ids.n, n);
	if (n)
		assert_memory_equal(followed.ids.id, ids, n * sizeof(*ids));
}

static void cgroups_have_two_kinds_of_names(void **state)
{
	static const char *const names[] = { "/a.slice/b", "a.slice/b", "/a.slice/b/",
					     "sys/fs/cgroup/a.slice/b",
					     "./sys/fs/cgroup//a.slice/d/../b/" };
	char *path = realpath("sys/fs/cgroup/a.slice/b", NULL);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct cgroup cgroup = { 0 };

		assert_int_equal(cgroup_open(&cgroup, ".", names[i]), 0);
		assert_string_equal(cgroup.path, path);
		cgroup_close(&cgroup);
	}
	free(path);
}

static void other_directories_are_refused(void **state)
{
	static const char *const names[] = { "", "/a.slice/x", "sys/fs", "/no/such" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct cgroup cgroup = { 0 };

		assert_int_equal(cgroup_open(&cgroup, ".", names[i]), -1);
		assert_null(cgroup.path);
	}
	assert_int_equal(run("$B attach --cgroup \"$(printf 'x\\033')\" 2>&1"), 125);
	assert_says("bricktrace: there is no cgroup 'x\\x1b': it must be a directory of");
	assert_int_equal(run("$B attach --cgroup sys/fs/cgroup/a.slice -p 1 2>&1"), 125);
	assert_says("--cgroup cannot be combined with -p or -t");
	assert_int_equal(run("$B attach --cgroup sys/fs/cgroup/a.slice -t 1 2>&1"), 125);
	assert_int_equal(run("$B attach --cgroup sys/fs/cgroup/a.slice 12 2>&1"), 125);
	assert_says("unexpected argument '12'");
	assert_int_equal(run("$B attach --cgroup 2>&1"), 125);
}

static void each_process_is_followed_once(void **state)
{
	static const pid_t first[] = { 11, 12, 13, 20, 1000 };
	static const pid_t then[] = { 5, 14, 2000 };
	static const pid_t again[] = { 11 };
	struct cgroup cgroup;

	(void)state;
	open_slice(&cgroup);
	assert_followed(&cgroup, NULL, 0);
	write_ids("a.slice", "1000\n12\n12\n");
	write_ids("a.slice/b/c", "20\n11\n");
	write_ids("a.slice/d", "13\n12\n");
	assert_followed(&cgroup, first, 5);
	assert_int_equal(followed.inherit, BT_INHERIT_THREADS | BT_INHERIT_CHILDREN);
	assert_followed(&cgroup, NULL, 0);
	/* Processes join, move to another cgroup below, and leave. */
	write_ids("a.slice", "5\n14\n12\n2000\n");
	write_ids("a.slice/b/c", "20\n");
	write_ids("a.slice/d", "13\n");
	write_ids("a.slice/b", "1000\n");
	assert_followed(&cgroup, then, 3);
	write_ids("a.slice/d", "13\n11\n");
	assert_followed(&cgroup, again, 1);
	cgroup_close(&cgroup);
}

static void the_program_itself_is_left_out(void **state)
{
	struct cgroup cgroup;
	char id[20];

	(void)state;
	open_slice(&cgroup);
	snprintf(id, sizeof(id), "%d\n", getpid());
	write_ids("a.slice", id);
	assert_followed(&cgroup, NULL, 0);
	cgroup_close(&cgroup);
}

static void refusals_are_said_once_and_counted(void **state)
{
	struct cgroup cgroup;
	const char *first;

	(void)state;
	followed.answer[2] = followed.answer[3] = followed.answer[4] = -EPERM;
	followed.answer[5] = -EDQUOT;
	followed.answer[6] = -EUSERS;
	followed.answer[7] = -ENOMEM;
	followed.answer[8] = -ESRCH;
	followed.answer[9] = -EEXIST;
	open_slice(&cgroup);
	/* The text of the first refusal is that of the library's last error. */
	assert_int_equal(bt_thread_follow(NULL, 1, 0), -EINVAL);
	write_ids("a.slice", "2000000009 2000000008 2000000007 2000000006 2000000005\n"
			     "2000000004 2000000003 2000000001\n");
	assert_int_equal(follow(&cgroup, false), 0);
	assert_int_equal(followed.ids.n, 8);
	first = strstr(errors,
		       "; others in the cgroup may be left out for the same reason");
	assert_non_null(first);
	assert_non_null(strstr(errors, bt_error_text()));
	assert_null(strstr(errors, "could not be followed"));
	/* Three reasons: processes 3 and 4, 5 and 6, and 7. */
	first = strstr(first + 1, "; others in the cgroup");
	assert_non_null(first);
	first = strstr(first + 1, "; others in the cgroup");
	assert_non_null(first);
	assert_null(strstr(first + 1, "; others in the cgroup"));
	write_ids("a.slice/b", "2000000002\n");
	assert_int_equal(follow(&cgroup, true), 0);
	assert_string_equal(
		errors,
		"bricktrace: 3 processes could not be followed: not permitted; run as root or with CAP_PERFMON\n"
		"bricktrace: 1 process could not be followed: no memory; free some, or raise the limit of your memory cgroup\n"
		"bricktrace: 2 processes could not be followed: a limit was reached; see the table of limits in bricktrace(4)\n");
	cgroup_close(&cgroup);
}

static void processes_outside_the_namespace_are_counted(void **state)
{
	static const pid_t visible[] = { 77 };
	struct cgroup cgroup;

	(void)state;
	open_slice(&cgroup);
	write_ids("a.slice", "0\n77\n0\n");
	assert_followed(&cgroup, visible, 1);
	write_ids("a.slice", "0\n77\n");
	assert_int_equal(follow(&cgroup, true), 0);
	assert_string_equal(
		errors,
		"bricktrace: 2 processes could not be followed: not in this PID namespace; run bricktrace in the one of the host\n");
	cgroup_close(&cgroup);
}

static void other_errors_end_it(void **state)
{
	struct cgroup cgroup;

	(void)state;
	followed.answer[2] = -EIO;
	open_slice(&cgroup);
	write_ids("a.slice", "2000000002\n2000000003\n");
	assert_int_equal(follow(&cgroup, false), -EIO);
	assert_int_equal(followed.ids.n, 1);
	cgroup_close(&cgroup);
}

static void a_cgroup_may_be_removed(void **state)
{
	static const pid_t one[] = { 12 };
	struct cgroup cgroup;

	(void)state;
	open_slice(&cgroup);
	write_ids("a.slice", "12\n");
	write_ids("a.slice/b", "13\n");
	assert_int_equal(system("rm -r sys/fs/cgroup/a.slice/b"), 0);
	assert_followed(&cgroup, one, 1);
	assert_int_equal(system("rm -r sys/fs/cgroup/a.slice"), 0);
	assert_int_equal(follow(&cgroup, true), -ENOENT);
	assert_string_equal(errors, "");
	cgroup_close(&cgroup);
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void many_processes_take_linear_time(void **state)
{
	FILE *file = fopen("sys/fs/cgroup/a.slice/cgroup.procs", "w");
	struct cgroup cgroup;
	double begin;
	int i;

	(void)state;
	for (i = 0; i < MANY; i++)
		fprintf(file, "%d\n", 100000000 + (int)(i * 7919L % MANY));
	fclose(file);
	open_slice(&cgroup);
	begin = cpu_seconds();
	assert_int_equal(follow(&cgroup, false), 0);
	assert_int_equal(followed.ids.n, MANY);
	assert_int_equal(follow(&cgroup, false), 0);
	assert_int_equal(followed.ids.n, MANY);
	/* It takes 0.1 s with the sanitizers, and would take more than 10 s pair by pair. */
	assert_true(cpu_seconds() - begin < 3);
	cgroup_close(&cgroup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(cgroups_have_two_kinds_of_names, reset),
		cmocka_unit_test_setup(other_directories_are_refused, reset),
		cmocka_unit_test_setup(each_process_is_followed_once, reset),
		cmocka_unit_test_setup(the_program_itself_is_left_out, reset),
		cmocka_unit_test_setup(refusals_are_said_once_and_counted, reset),
		cmocka_unit_test_setup(processes_outside_the_namespace_are_counted, reset),
		cmocka_unit_test_setup(other_errors_end_it, reset),
		cmocka_unit_test_setup(a_cgroup_may_be_removed, reset),
		cmocka_unit_test_setup(many_processes_take_linear_time, reset),
	};

	return cmocka_run_group_tests_name("cgroup", tests, enter, leave);
}
