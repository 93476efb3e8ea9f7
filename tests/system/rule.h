/* SPDX-License-Identifier: MIT */
/* What the tests of the accounting rules share beyond bt.h. */
#ifndef RULE_H
#define RULE_H

#include "bt.h"
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

/* The session and the brick of the whole program. */
static int fd;
static uint32_t brick;

static void __attribute__((unused)) begin(const char *name)
{
	fd = device();
	brick = brick_define(fd, name, 0);
}

/* Figures of a system call; those of one that is not in the result are 0. */
static struct bricktrace_figures __attribute__((unused))
figures_arch(const struct run *run, uint32_t nr, uint32_t arch)
{
	struct bricktrace_figures none = { .max_ns = BRICKTRACE_NONE };
	uint32_t i;

	for (i = 0; i < run->syscalls; i++)
		if (run->calls[i].nr == nr && run->calls[i].arch == arch)
			return run->calls[i].all;
	return none;
}

static struct bricktrace_figures __attribute__((unused))
figures(const struct run *run, uint32_t nr)
{
	return figures_arch(run, nr, BRICKTRACE_ARCH_NATIVE);
}

/* All of a result's calls, completed and not. */
static u64 __attribute__((unused)) all_counts(const struct run *run)
{
	u64 n = 0;
	uint32_t i;

	for (i = 0; i < run->syscalls; i++)
		n += run->calls[i].all.count;
	return n;
}

static u64 __attribute__((unused)) all_in_flight(const struct run *run)
{
	u64 n = 0;
	uint32_t i;

	for (i = 0; i < run->syscalls; i++)
		n += run->calls[i].all.in_flight;
	return n;
}

static int __attribute__((unused)) try_register(int session_fd, pid_t tid, uint32_t flags)
{
	struct bricktrace_thread t = { .size = sizeof(t), .flags = flags, .tid = tid };

	return ioctl(session_fd, BRICKTRACE_THREAD_REGISTER, &t) ? -errno : 0;
}

static int __attribute__((unused)) try_unregister(int session_fd, pid_t tid)
{
	struct bricktrace_thread t = { .size = sizeof(t), .tid = tid };

	return ioctl(session_fd, BRICKTRACE_THREAD_UNREGISTER, &t) ? -errno : 0;
}

static void __attribute__((unused)) register_tid(pid_t tid, uint32_t flags)
{
	int err = try_register(fd, tid, flags);

	if (err)
		bail("register %d: %s", tid, strerror(-err));
}

static void __attribute__((unused)) unregister_tid(pid_t tid)
{
	int err = try_unregister(fd, tid);

	if (err)
		bail("unregister %d: %s", tid, strerror(-err));
}

/*
 * How many threads the session has, once it has @n or after half a minute: one
 * that was waited for has yet to pass its exit probe.
 */
static unsigned int __attribute__((unused)) threads_become(unsigned int n)
{
	for (int i = 0; session(fd).threads != n && i < 3000; i++)
		sleep_ns(10 * MS);
	return session(fd).threads;
}

/* The letter of /proc/PID/task/TID/stat: R, S, t, T, Z, X; 0 if it is gone. */
static char __attribute__((unused)) state_of(pid_t pid, pid_t tid)
{
	char path[64], text[512], *c;
	int f;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	f = open(path, O_RDONLY | O_CLOEXEC);
	if (f < 0)
		return 0;
	n = read(f, text, sizeof(text) - 1);
	close(f);
	if (n <= 0)
		return 0;
	text[n] = 0;
	c = strrchr(text, ')');
	return c ? c[2] : 0;
}

/* The letter is there before the thread leaves its CPU, which this file tells. */
static bool __attribute__((unused)) off_its_cpu(pid_t pid, pid_t tid)
{
	char path[64], text[8] = "";
	int f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid, tid);
	f = open(path, O_RDONLY | O_CLOEXEC);
	if (f < 0 || read(f, text, sizeof(text) - 1) < 0)
		bail("%s", path);
	close(f);
	return strncmp(text, "running", 7);
}

static void __attribute__((unused)) wait_state(pid_t pid, pid_t tid, const char *states)
{
	char c = 0;

	for (int i = 0; i < 30000; i++) {
		c = state_of(pid, tid);
		if (c && strchr(states, c) && off_its_cpu(pid, tid))
			return;
		sleep_ns(2 * MS);
	}
	bail("thread %d is %c, not one of %s", tid, c ?: '-', states);
}

static void __attribute__((unused)) wait_value(atomic_int *word, int value)
{
	for (int i = 0; atomic_load(word) != value; i++) {
		if (i > 60000)
			bail("a word is %d, not %d", atomic_load(word), value);
		sleep_ns(MS);
	}
}

/* Sets a parameter of a module; returns what it was. */
static unsigned int __attribute__((unused))
parameter_of(const char *module, const char *name, unsigned int value)
{
	char path[96], text[16] = "";
	unsigned int was;
	int f;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module, name);
	f = open(path, O_RDWR | O_CLOEXEC);
	if (f < 0 || read(f, text, sizeof(text) - 1) < 0)
		bail("%s", path);
	was = *text == 'Y' ? 1 : atoi(text);
	snprintf(text, sizeof(text), "%u", value);
	if (pwrite(f, text, strlen(text), 0) < 0)
		bail("%s=%u", path, value);
	close(f);
	return was;
}

static unsigned int __attribute__((unused)) parameter(const char *name, unsigned int value)
{
	return parameter_of("bricktrace", name, value);
}

static unsigned int __attribute__((unused)) perturb(const char *name, unsigned int value)
{
	return parameter_of("perturb", name, value);
}

static void __attribute__((unused)) linger(unsigned int ms)
{
	parameter("linger_ms", ms);
}

static void __attribute__((unused)) stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		bail("CPU %d", cpu);
}

static void __attribute__((unused)) wait_disarmed(void)
{
	for (int i = 0; info(fd).armed; i++) {
		if (i > 6000)
			bail("the hooks stay armed");
		sleep_ns(10 * MS);
	}
}

/*
 * Something that keeps the hooks armed, in a session of its own. Its run
 * covers a thread that does nothing.
 */
static int keeper_fd;
static u64 keeper_run;

static void __attribute__((unused)) keep_armed(void)
{
	keeper_fd = device();
	thread_register(keeper_fd, 0);
	keeper_run =
		run_open(keeper_fd, brick_define(keeper_fd, "keeper", 0), TRACE_THREAD);
}

static void __attribute__((unused)) keep_no_longer(void)
{
	close(keeper_fd);
}

static void __attribute__((unused)) * shared_page(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);

	if (page == MAP_FAILED)
		bail("mmap");
	return page;
}

/* Ends the child with _exit(0) after @body. */
static pid_t __attribute__((unused)) child_of(void (*body)(void))
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		bail("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		body();
		_exit(0);
	}
	return pid;
}

static int __attribute__((unused)) wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, __WALL) != pid)
		if (errno != EINTR)
			bail("waitpid");
	return status;
}

#endif /* RULE_H */
