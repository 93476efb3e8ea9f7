// SPDX-License-Identifier: MIT
/*
 * The on-CPU time of a run agrees with the kernel's own figure, sum_exec_runtime: the
 * first number in /proc/PID/schedstat.
 *
 * Rules: compute.
 *
 * "oncpu COMMAND..." measures work of its own, then COMMAND.
 */
#include "test.h"

/* The scheduler updates the figure only when it is called, hence the yield. */
static u64 runtime(int stat)
{
	char buf[64] = "";

	sched_yield();
	if (pread(stat, buf, sizeof(buf) - 1, 0) <= 0)
		bail("schedstat");
	return strtoull(buf, NULL, 10);
}

static int schedstat(pid_t pid)
{
	char path[64];
	int stat;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	stat = open(path, O_RDONLY | O_CLOEXEC);
	if (stat < 0)
		bail("%s", path);
	return stat;
}

static void agree(const struct run *run, u64 kernel, const char *what)
{
	u64 on = run->all.thread_ns - offcpu_of(run);

	printf("# %s: %llu ns, the kernel's %llu, off %+.3f %%\n", what, on, kernel,
	       100.0 * ((double)on - (double)kernel) / (double)kernel);
	between(on, kernel * 0.98, kernel * 1.02, "%s: on-CPU time within 2 %%", what);
}

/* Takes some seconds on the CPU, in calls and computing, and sleeps in between. */
static void work(void)
{
	int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);
	volatile unsigned int x = 0;
	char byte;

	for (int round = 0; round < 100; round++) {
		for (int i = 0; i < 1000; i++)
			if (read(zero, &byte, 1) != 1 || write(null, &byte, 1) != 1)
				bail("read, write");
		for (int i = 0; i < 500000; i++)
			x += i;
		sleep_ns(MS);
	}
	close(zero);
	close(null);
}

static void measure_self(void)
{
	int stat = schedstat(getpid());
	struct run *run = run_new(), *rest = run_new();
	u64 keep, number, before, after;

	thread_register(fd, 0);
	/* This run keeps the hooks armed: the compared times must not contain arming. */
	keep = run_open(fd, brick, TRACE_THREAD);
	before = runtime(stat);
	number = run_open(fd, brick, TRACE_THREAD);
	work();
	run_close(fd, number, run);
	after = runtime(stat);
	run_close(fd, keep, rest);
	ok(run->r.provenance == BRICKTRACE_MEASURED && run->all.control_ns < MS,
	   "itself: measured");
	between(offcpu_of(run), 100 * MS, run->all.thread_ns - 100 * MS,
		"itself: it has slept and worked");
	agree(run, after - before, "itself");
	thread_unregister(fd);
	close(stat);
	free(rest);
	free(run);
}

static struct shared {
	u64 run;
	u64 runtime;
} * shared;

static void measure_command(char **argv)
{
	struct run *run = run_new();
	siginfo_t si;
	pid_t pid;
	int stat;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		stat = schedstat(getpid());
		thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
		shared->run = run_open(fd, brick, TRACE_SESSION);
		shared->runtime = runtime(stat);
		execvp(argv[0], argv);
		_exit(127);
	}
	/* A zombie still has its statistics. */
	if (pid < 0 || waitid(P_PID, pid, &si, WEXITED | WNOWAIT))
		bail("fork, waitid");
	ok(si.si_code == CLD_EXITED && si.si_status == 0, "%s: exits with status 0",
	   argv[0]);
	stat = schedstat(pid);
	shared->runtime = runtime(stat) - shared->runtime;
	close(stat);
	waitpid(pid, NULL, 0);
	run_close(fd, shared->run, run);
	ok(consistent(run), "%s: the figures add up", argv[0]);
	agree(run, shared->runtime, argv[0]);
	free(run);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	fd = device();
	brick = brick_define(fd, "oncpu", 0);
	measure_self();
	measure_command(argv + 1);
	return done();
}
