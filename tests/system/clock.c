// SPDX-License-Identifier: MIT
/*
 * A run that is open while the clock changes has no figure that mixes two clocks, and
 * says why it was not measured. Its wall time stays right, and new runs are measured.
 *
 * clock khz: the kernel corrects the frequency of the TSC
 * clock suspend: the host is suspended
 * clock unstable: the kernel stops trusting the TSC, until the next boot
 *
 * Rules: provenance, asleep.
 */
#include "test.h"

static struct run *run;

/* Sleeps in one call from before the change until after it. */
static void *sleeps(void *arg)
{
	char c;

	thread_register(fd, 0);
	if (read(*(int *)arg, &c, 1) != 1)
		bail("read");
	return NULL;
}

static bool sane(u64 ns)
{
	return ns == BRICKTRACE_NONE || ns < 3600 * S;
}

static bool all_sane(void)
{
	bool good = sane(run->r.wall_ns) && sane(run->all.thread_ns) &&
		    sane(run->all.compute_ns);

	for (int i = 0; i < CATEGORIES; i++)
		good &= sane(run->category[i].ns) && sane(run->category[i].max_ns) &&
			sane(run->category[i].offcpu_ns);
	return good;
}

/* With @disarms, the change may also release the hooks, and the reason may say so. */
static void across(const char *what, void (*happens)(void), void (*repair)(void),
		   bool disarms)
{
	const uint32_t measure = BRICKTRACE_LEVEL_MEASURE;
	u64 measured, traced, session_wide, after, t0, t1, inside;
	uint32_t reason;
	pthread_t t;
	int fds[2];

	begin("clock");
	thread_register(fd, 0);
	if (pipe(fds) || pthread_create(&t, NULL, sleeps, &fds[0]))
		bail("pipe, pthread_create");
	threads_become(2);
	session_wide = run_open(fd, brick, TRACE_SESSION);
	t0 = now();
	measured = run_open(fd, brick, measure, BRICKTRACE_SCOPE_THREAD);
	inside = now();
	traced = run_open(fd, brick, TRACE_THREAD);
	sleep_ns(100 * MS);
	happens();
	sleep_ns(100 * MS);
	run_close(fd, traced, run);
	reason = run->r.reason;
	is(run->r.provenance, BRICKTRACE_NOT_INSTRUMENTED, "%s: traced: not instrumented",
	   what);
	ok(reason == BRICKTRACE_REASON_CLOCK ||
		   (disarms && reason == BRICKTRACE_REASON_DISARMED),
	   "%s: traced: the reason is the clock: %u", what, reason);
	ok(all_sane(), "%s: traced: no figure is absurd", what);
	inside = now() - inside;
	run_close(fd, measured, run);
	t1 = now();
	between(run->r.wall_ns, inside * 0.98, (t1 - t0) * 1.001 + MS,
		"%s: measured: the wall time is right", what);
	run_close(fd, session_wide, run);
	is(run->r.provenance, BRICKTRACE_NOT_INSTRUMENTED,
	   "%s: the session's run: not instrumented", what);
	ok(all_sane(), "%s: the session's run: no figure is absurd", what);
	if (repair)
		repair();

	t0 = now();
	after = run_open(fd, brick, TRACE_SESSION);
	for (int i = 0; i < 11; i++)
		getppid_raw();
	sleep_ns(50 * MS);
	if (write(fds[1], "x", 1) != 1)
		bail("write");
	pthread_join(t, NULL);
	threads_become(1);
	run_close(fd, after, run);
	t1 = now();
	ok(consistent(run), "%s: a new run: the figures add up", what);
	is(count_of(run, SYS_getppid), 11, "%s: a new run: it has its calls", what);
	is(count_of(run, SYS_read), 1,
	   "%s: a new run: it has the call from before the change", what);
	between(figures(run, SYS_read).ns, 45 * MS, t1 - t0,
		"%s: a new run: that call has its time inside the run", what);
	between(run->r.wall_ns, 50 * MS, (t1 - t0) * 1.001 + MS,
		"%s: a new run: the wall time is right", what);
	ok(all_sane(), "%s: a new run: no figure is absurd", what);
	thread_unregister(fd);
	close(fds[0]);
	close(fds[1]);
	close(fd);
}

static unsigned int khz;

static void learn_khz(void)
{
	khz = perturb("tsc_khz", 1000000);
	perturb("tsc_khz", khz / 10 * 11);
}

static void forget_khz(void)
{
	perturb("tsc_khz", khz);
}

static void lose_trust(void)
{
	write_text("/sys/module/perturb/parameters/tsc_unstable", "1");
}

/* Goes as far as freezing all processes, which then continue. */
static void suspend(void)
{
	write_text("/sys/module/suspend/parameters/pm_test_delay", "1");
	write_text("/sys/power/pm_test", "freezer");
	write_text("/sys/power/state", "mem");
	write_text("/sys/power/pm_test", "none");
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	run = run_new();
	if (!strcmp(what, "khz"))
		across("another frequency", learn_khz, forget_khz, false);
	else if (!strcmp(what, "suspend"))
		across("suspend", suspend, NULL, true);
	else if (!strcmp(what, "unstable"))
		across("unstable", lose_trust, NULL, false);
	else
		bail("usage");
	return done();
}
