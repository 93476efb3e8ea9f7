// SPDX-License-Identifier: MIT
/*
 * The host's operator switches tracing off and on again with the module parameter
 * "enabled", and reads from the parameter "hooks" which processes hold the hooks.
 *
 * Rules: provenance.
 */
#include <sys/stat.h>
#include "test.h"

static struct run *run;

static void *short_lived(void *arg)
{
	getppid_raw();
	return arg;
}

static void not_instrumented(uint32_t reason, const char *what)
{
	is(run->r.provenance, BRICKTRACE_NOT_INSTRUMENTED, "%s: not instrumented", what);
	is(run->r.reason, reason, "%s: the reason", what);
	ok(run->r.wall_ns > 0 && run->r.wall_ns != BRICKTRACE_NONE,
	   "%s: it has a wall time", what);
	is(run->syscalls, 0, "%s: it has no calls", what);
	is(run->all.thread_ns, BRICKTRACE_NONE, "%s: it has no thread time", what);
}

static void switch_off_and_on(void)
{
	u64 before, before_session, across, off, off_session, arms;
	pthread_t t;

	is(info(fd).enabled, 1, "tracing is on");
	before = run_open(fd, brick, TRACE_THREAD);
	before_session = run_open(fd, brick, TRACE_SESSION);
	getppid_raw();
	is(info(fd).armed, 1, "the hooks are armed");
	parameter("enabled", 0);
	is(info(fd).armed, 0, "switched off: the hooks are disarmed at once");
	is(info(fd).hooks, BRICKTRACE_HOOKS_OFF,
	   "switched off: INFO says that the hooks are off");
	is(info(fd).enabled, 0, "switched off: INFO says that tracing is disabled");
	arms = info(fd).arms;
	run_close(fd, before_session, run);
	not_instrumented(BRICKTRACE_REASON_DISARMED, "session run, open when switched off");

	off = run_open(fd, brick, TRACE_THREAD);
	off_session = run_open(fd, brick, TRACE_SESSION);
	getppid_raw();
	/* A member may still create threads, which may still end. */
	pthread_create(&t, NULL, short_lived, NULL);
	pthread_join(t, NULL);
	run_close(fd, off_session, run);
	not_instrumented(BRICKTRACE_REASON_DISABLED, "session run, opened while off");
	run_close(fd, off, run);
	not_instrumented(BRICKTRACE_REASON_DISABLED, "run opened and closed while off");
	across = run_open(fd, brick, TRACE_THREAD);
	is(info(fd).armed, 0, "a run opened while off does not arm the hooks");
	is(info(fd).arms, arms, "the hooks were not armed in between");

	parameter("enabled", 1);
	is(info(fd).enabled, 1, "switched on again");
	run_close(fd, across, run);
	not_instrumented(BRICKTRACE_REASON_DISABLED,
			 "run opened while off, closed when on");
	run_close(fd, before, run);
	not_instrumented(BRICKTRACE_REASON_DISARMED, "run open while switched off and on");
	before = run_open(fd, brick, TRACE_THREAD);
	for (int i = 0; i < 9; i++)
		getppid_raw();
	run_close(fd, before, run);
	ok(consistent(run), "a new run: the figures add up");
	is(count_of(run, SYS_getppid), 9, "a new run: its calls are counted");
	is(threads_become(1), 1, "the threads that ended while off have left the session");
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

static void hold_hooks(void)
{
	prctl(PR_SET_NAME, "a holder");
	begin("holder");
	thread_register(fd, 0);
	run_open(fd, brick, TRACE_THREAD);
	run_open(fd, brick, TRACE_THREAD);
	for (;;)
		pause();
}

static void report_of_holders(void)
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
	   "nobody holds the hooks");
	pid = child_of(hold_hooks);
	wait_state(pid, pid, "S");
	read_hooks();
	printf("# %s", text);
	is(sscanf(text, "state %31s", state), 1,
	   "the parameter hooks begins with the state");
	ok(!strcmp(state, "quiet") || !strcmp(state, "loud"), "the state is %s", state);
	holder = strstr(text, "since_s ");
	is(holder ? sscanf(holder, "since_s %lf loaded_s %lf armed_percent %lf arms %llu",
			   &since, &loaded, &percent, &arms) :
		    0,
	   4, "then since when, and how often, the hooks are armed");
	ok(since >= 0 && since <= loaded && percent > 0 && percent < 100,
	   "armed for %.3f of %.3f s, %.3f %%", since, loaded, percent);
	is(arms, info(fd).arms, "the number of armings is the one in INFO");
	snprintf(line, sizeof(line), "\nholder pid %d uid 0 comm a holder holds ", pid);
	holder = strstr(text, line);
	ok(holder, "the holder is named");
	if (holder)
		sscanf(holder + strlen(line), "%u since_s %lf", &runs, &since);
	is(runs, 2, "with the number of its holds");
	if (stat(HOOKS, &st))
		bail(HOOKS);
	is(st.st_mode & 0777, 0400, "only root may read it");
	kill(pid, SIGKILL);
	wait_for(pid);
	wait_disarmed();
	read_hooks();
	ok(!strstr(text, "holder"), "a holder that has ended is no longer named");
}

int main(void)
{
	run = run_new();
	begin("operator");
	thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
	switch_off_and_on();
	report_of_holders();
	return done();
}
