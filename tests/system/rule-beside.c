// SPDX-License-Identifier: MIT
/*
 * strace and perf trace run on the process that we follow: our figures stay right, and
 * theirs agree with ours.
 */
#include <dirent.h>
#include "test.h"

#define GETPPIDS 500
#define WRITES	 300
#define READS	 200
#define NAPS	 20

#ifdef SYS_poll
#define WAITS SYS_poll
#else
#define WAITS SYS_ppoll
#endif

static struct run *run;
static atomic_int *phase;

static void work(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct timespec ms = { .tv_nsec = MS };
	char c;

	for (int round = 1;; round++) {
		*phase = 2 * round - 1;
		while (*phase == 2 * round - 1)
			;
		for (int i = 0; i < GETPPIDS; i++)
			getppid_raw();
		for (int i = 0; i < WRITES; i++)
			syscall(SYS_write, null, "x", 1);
		for (int i = 0; i < READS; i++)
			syscall(SYS_read, -1, &c, 1);
		for (int i = 0; i < NAPS; i++)
			syscall(SYS_nanosleep, &ms, NULL);
	}
}

static bool has_tracer(pid_t pid)
{
	char path[64], line[256];
	bool yes = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "TracerPid:", 10))
			yes = atoi(line + 10) != 0;
	if (f)
		fclose(f);
	return yes;
}

/* Whether perf, @pid, has read all of its events and waits for more. */
static bool polls_events(pid_t pid)
{
	char path[64], link[64], call[64] = "";
	struct dirent *d;
	bool yes = false;
	FILE *f;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), d->d_name, link, sizeof(link) - 1);

		link[n > 0 ? n : 0] = 0;
		yes |= strstr(link, "perf_event") != NULL;
	}
	if (dir)
		closedir(dir);
	if (!yes || state_of(pid, pid) != 'S')
		return false;
	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	f = fopen(path, "re");
	if (f && fgets(call, sizeof(call), f))
		yes = atoi(call) == WAITS;
	if (f)
		fclose(f);
	return yes;
}

static pid_t start_tracer(char **argv)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(open("/dev/null", O_WRONLY), 2);
		execvp(argv[0], argv);
		_exit(127);
	}
	return pid;
}

static void one_round(int round, const char *what)
{
	struct bricktrace_figures f;
	u64 number, t0, t1;

	wait_value(phase, 2 * round - 1);
	t0 = now();
	number = run_open(fd, brick, TRACE_SESSION);
	*phase = 2 * round;
	for (int i = 0; *phase != 2 * round + 1; i++) {
		if (i > 60000)
			bail("the work is not done");
		sleep_ns(MS);
	}
	run_close(fd, number, run);
	t1 = now();
	ok(consistent(run), "%s: the figures add up", what);
	is(figures(run, SYS_getppid).count, GETPPIDS, "%s: getppid", what);
	is(figures(run, SYS_getppid).errors, 0, "%s: getppid's errors", what);
	is(figures(run, SYS_write).count, WRITES, "%s: write", what);
	is(figures(run, SYS_read).count, READS, "%s: read", what);
	is(figures(run, SYS_read).errors, READS, "%s: read's errors", what);
	f = figures(run, SYS_nanosleep);
	is(f.count, NAPS, "%s: nanosleep", what);
	between(f.ns, NAPS * MS, t1 - t0, "%s: nanosleep's time", what);
	between(f.offcpu_ns, NAPS * MS * 0.5, f.ns, "%s: nanosleep is off the CPU", what);
	is(all_counts(run), GETPPIDS + WRITES + READS + NAPS, "%s: no other call", what);
	is(all_in_flight(run), 0, "%s: nothing in flight", what);
}

/* The number of calls in the summary's line for @name; 0 if there is no such line. */
static u64 calls_in_summary(const char *file, const char *name)
{
	char line[512], word[2][64], call[64];
	u64 n = 0;
	FILE *f = fopen(file, "re");

	while (f && fgets(line, sizeof(line), f)) {
		double a, b, c;
		unsigned int calls;

		/* strace: % time, seconds, usecs/call, calls, [errors], name */
		if (sscanf(line, "%lf %lf %lf %u %63s %63s", &a, &b, &c, &calls, word[0],
			   word[1]) >= 5 &&
		    (!strcmp(word[0], name) || !strcmp(word[1], name)))
			n = calls;
		/* perf trace: name, calls, errors, ... */
		if (sscanf(line, " %63s %u %lf", call, &calls, &a) == 3 &&
		    !strcmp(call, name))
			n = calls;
	}
	if (f)
		fclose(f);
	return n;
}

/* Checks that the summary has @calls calls of @name, and shows the summary if not. */
static void check_summary(const char *file, const char *name, u64 calls, const char *what)
{
	char line[512];
	FILE *f = NULL;

	if (!is(calls_in_summary(file, name), calls, "%s: counts the same calls of %s",
		what, name))
		f = fopen(file, "re");
	while (f && fgets(line, sizeof(line), f))
		printf("# %s: %s", file, line);
	if (f)
		fclose(f);
}

/* Waits for @ready(@pid), then a second more: the tracer may not be quite ready yet. */
static void wait_ready(bool (*ready)(pid_t), pid_t pid, const char *what)
{
	for (int i = 0; !ready(pid); i++) {
		if (i > 12000)
			bail("%s does not attach or catch up", what);
		sleep_ns(10 * MS);
	}
	sleep_ns(1000 * MS);
}

/*
 * On a busy machine perf misses some calls, 5 to 289 of 500 were seen, without saying so.
 * Up to four more rounds are then made, until perf has missed none.
 */
static bool perf_missed_calls(const char *file)
{
	static int left = 4;

	if (!strstr(file, "perf") || !left ||
	    (calls_in_summary(file, "getppid") == GETPPIDS &&
	     calls_in_summary(file, "write") == WRITES &&
	     calls_in_summary(file, "nanosleep") == NAPS))
		return false;
	printf("# %s is not complete\n", file);
	left--;
	return true;
}

static void beside(char **argv, bool (*ready)(pid_t), bool of_target, const char *file,
		   const char *what)
{
	pid_t pid, tracer;
	char name[64];
	int round = 0;

	*phase = 0;
	pid = child_of(work);
	wait_value(phase, 1);
	register_tid(pid, 0);

	argv[5] = malloc(16);
	snprintf(argv[5], 16, "%d", pid);

	/* The tracer starts before our hooks are armed, and ends while they are. */
	snprintf(name, sizeof(name), "%s, then we", what);
	do {
		if (round)
			keep_no_longer();
		wait_disarmed();
		unlink(file);
		tracer = start_tracer(argv);
		wait_ready(ready, of_target ? pid : tracer, what);
		one_round(++round, name);
		keep_armed();
		wait_ready(ready, of_target ? pid : tracer, what);
		kill(tracer, SIGINT);
		wait_for(tracer);
	} while (perf_missed_calls(file));
	snprintf(name, sizeof(name), "%s has gone", what);
	one_round(++round, name);
	check_summary(file, "getppid", GETPPIDS, what);
	check_summary(file, "write", WRITES, what);
	check_summary(file, "nanosleep", NAPS, what);

	/* The tracer starts while our hooks are armed. */
	snprintf(name, sizeof(name), "we, then %s", what);
	do {
		unlink(file);
		tracer = start_tracer(argv);
		wait_ready(ready, of_target ? pid : tracer, what);
		one_round(++round, name);
		wait_ready(ready, of_target ? pid : tracer, what);
		kill(tracer, SIGINT);
		wait_for(tracer);
	} while (perf_missed_calls(file));
	check_summary(file, "getppid", GETPPIDS, name);
	keep_no_longer();

	kill(pid, SIGKILL);
	wait_for(pid);
	is(threads_become(0), 0, "%s: the process ends and leaves the session", what);
	free(argv[5]);
}

int main(void)
{
	char *strace[] = { "strace", "-f", "-c", "-o/tmp/rule-beside.strace",
			   "-p",     NULL, NULL };
	/* perf searches all of /lib/modules, which takes a minute over 9p. */
	char *perf[] = { "unshare",
			 "-m",
			 "sh",
			 "-c",
			 "mount -t tmpfs none /lib/modules && "
			 "exec perf trace -s -m 1024 -o/tmp/rule-beside.perf -p $0",
			 NULL,
			 NULL };

	begin("rule-beside");
	run = run_new();
	phase = shared_page();
	linger(0);
	beside(strace, has_tracer, true, "/tmp/rule-beside.strace", "strace");
	beside(perf, polls_events, false, "/tmp/rule-beside.perf", "perf trace");
	linger(1000);
	return done();
}
