// SPDX-License-Identifier: MIT
/*
 * The host's operator switches tracing off and on again, and is told who holds the
 * hooks.
 */
#include <sys/stat.h>
#include "rule.h"

static struct run *run;

static void *newborn(void *arg)
{
	getppid_raw();
	return arg;
}

static void not_instrumented(uint32_t reason, const char *what)
{
	is(run->r.provenance, BRICKTRACE_NOT_INSTRUMENTED, "%s: not instrumented", what);
	is(run->r.reason, reason, "%s: and why", what);
	ok(run->r.wall_ns > 0 && run->r.wall_ns != BRICKTRACE_NONE, "%s: its wall time",
	   what);
	is(run->syscalls, 0, "%s: no call", what);
	is(run->all.thread_ns, BRICKTRACE_NONE, "%s: no time", what);
}

static void switched(void)
{
	u64 before, of_session, across, off, off_too, arms;
	pthread_t t;

	is(info(fd).enabled, 1, "tracing is on");
	before = run_open(fd, brick, TRACE_THREAD);
	of_session = run_open(fd, brick, TRACE_SESSION);
	getppid_raw();
	is(info(fd).armed, 1, "the hooks are there");
	parameter("enabled", 0);
	is(info(fd).armed, 0, "switched off: the hooks are gone at once");
	is(info(fd).hooks, BRICKTRACE_HOOKS_OFF, "switched off: it says so");
	is(info(fd).enabled, 0, "switched off: and why");
	arms = info(fd).arms;
	run_close(fd, of_session, run);
	not_instrumented(BRICKTRACE_REASON_DISARMED, "open across it, of the session");

	off = run_open(fd, brick, TRACE_THREAD);
	off_too = run_open(fd, brick, TRACE_SESSION);
	getppid_raw();
	/* Threads come and go as ever. */
	pthread_create(&t, NULL, newborn, NULL);
	pthread_join(t, NULL);
	run_close(fd, off_too, run);
	not_instrumented(BRICKTRACE_REASON_DISABLED, "opened meanwhile, of the session");
	run_close(fd, off, run);
	not_instrumented(BRICKTRACE_REASON_DISABLED, "opened meanwhile");
	across = run_open(fd, brick, TRACE_THREAD);
	is(info(fd).armed, 0, "nothing brings the hooks back");
	is(info(fd).arms, arms, "they were not there in between");

	parameter("enabled", 1);
	is(info(fd).enabled, 1, "switched on again");
	run_close(fd, across, run);
	not_instrumented(BRICKTRACE_REASON_DISABLED, "opened before that");
	run_close(fd, before, run);
	not_instrumented(BRICKTRACE_REASON_DISARMED, "open across all of it");
	before = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < 9; i++)
		getppid_raw();
	run_close(fd, before, run);
	ok(consistent(run), "a new run: the figures add up");
	is(count_of(run, SYS_getppid), 9, "a new run: its calls");
	is(threads_become(1), 1, "the threads that ended meanwhile are gone");
}

#define HOOKS "/sys/module/bricktrace/parameters/hooks"

static char text[4096];

static void read_hooks(void)
{
	int f = open(HOOKS, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(f, text, sizeof(text) - 1);

	if (n < 0)
		bail(HOOKS);
	text[n] = 0;
	close(f);
}

static void holds(void)
{
	prctl(PR_SET_NAME, "a holder");
	begin("holder");
	thread_register(fd, 0);
	run_open(fd, brick, TRACE_THREAD);
	run_open(fd, brick, TRACE_THREAD);
	for (;;)
		pause();
}

static void told(void)
{
	char state[32], line[64], *holder;
	unsigned int runs = 0;
	double since = -1, loaded = -1, percent = -1;
	u64 arms = 0;
	struct stat st;
	pid_t pid;

	wait_disarmed();
	read_hooks();
	ok(!strncmp(text, "state off ", 10) && !strstr(text, "holder"),
	   "nobody holds them");
	pid = child_of(holds);
	wait_state(pid, pid, "S");
	read_hooks();
	printf("# %s", text);
	is(sscanf(text, "state %31s", state), 1, "it begins with the state");
	ok(!strcmp(state, "quiet") || !strcmp(state, "loud"), "which is %s", state);
	holder = strstr(text, "since_s ");
	is(holder ? sscanf(holder, "since_s %lf loaded_s %lf armed_percent %lf arms %llu",
			   &since, &loaded, &percent, &arms) :
		    0,
	   4, "since when and how often they are there");
	ok(since >= 0 && since <= loaded && percent > 0 && percent < 100,
	   "%.3f of %.3f s, %.3f %%", since, loaded, percent);
	is(arms, info(fd).arms, "arms as in INFO");
	snprintf(line, sizeof(line), "\nholder pid %d uid 0 comm a holder runs ", pid);
	holder = strstr(text, line);
	ok(holder, "the holder is named");
	if (holder)
		sscanf(holder + strlen(line), "%u since_s %lf", &runs, &since);
	is(runs, 2, "with its runs");
	if (stat(HOOKS, &st))
		bail(HOOKS);
	is(st.st_mode & 0777, 0400, "only root may read it");
	kill(pid, SIGKILL);
	wait_for(pid);
	wait_disarmed();
	read_hooks();
	ok(!strstr(text, "holder"), "who is gone holds nothing");
}

int main(void)
{
	run = run_new();
	begin("operator");
	thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
	switched();
	told();
	return done(46);
}
