// SPDX-License-Identifier: MIT
/*
 * Time off the CPU is split into blocked and runnable, waiting for a CPU; page faults are
 * counted. Both agree with the kernel's own figures for the same threads, those of the
 * files schedstat and stat in /proc.
 *
 * Rules: faults, waiting.
 */
#include "test.h"

static struct run *run;
static char *page;
static size_t pages;

/* The figures in /proc of one thread, or the sum of several threads'. */
struct oracle {
	u64 waited;
	u64 minor, major;
};

static void oracle_add(struct oracle *o, const char *dir)
{
	char path[96], text[1024], *c;
	unsigned long long n[13];
	FILE *f;

	snprintf(path, sizeof(path), "%s/schedstat", dir);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%*u %llu", &n[0]) != 1)
		bail("%s", path);
	o->waited += n[0];
	fclose(f);
	snprintf(path, sizeof(path), "%s/stat", dir);
	f = fopen(path, "re");
	if (!f || !fgets(text, sizeof(text), f))
		bail("%s", path);
	fclose(f);
	/* After the name: state ppid pgrp session tty tpgid flags minflt cminflt majflt. */
	c = strrchr(text, ')');
	if (!c ||
	    sscanf(c + 2, "%*c %*d %*d %*d %*d %*d %*u %llu %*u %llu", &n[0], &n[1]) != 2)
		bail("%s: %s", path, text);
	o->minor += n[0];
	o->major += n[1];
}

static struct oracle oracle_now(void)
{
	struct oracle o = { 0 };

	oracle_add(&o, "/proc/thread-self");
	return o;
}

/* A figure lies between the kernel's count inside the run and its count around it. */
static void expect_as_in_proc(u64 got, u64 inside, u64 around, const char *what,
			      const char *figure)
{
	between(got, inside, around, "%s: %s as in /proc", what, figure);
	printf("# %llu, by /proc %llu to %llu\n", got, inside, around);
}

static void run_and_compare(void (*body)(void), const char *what)
{
	struct oracle before, opened, closing, after;
	u64 number;

	before = oracle_now();
	number = run_open(fd, brick, TRACE_THREAD);
	opened = oracle_now();
	body();
	closing = oracle_now();
	run_close(fd, number, run);
	after = oracle_now();
	ok(consistent(run), "%s: the figures add up", what);
	expect_as_in_proc(runnable_of(run), closing.waited - opened.waited,
			  after.waited - before.waited, what, "waiting");
	expect_as_in_proc(run->all.minor_faults, closing.minor - opened.minor,
			  after.minor - before.minor, what, "minor faults");
	expect_as_in_proc(run->all.major_faults, closing.major - opened.major,
			  after.major - before.major, what, "major faults");
}

static void spin(u64 ns)
{
	for (u64 until = now() + ns; now() < until;)
		;
}

static void computes(void)
{
	spin(600 * MS);
}

/* Each call gives the CPU to a process that wants it, and then waits to get it back. */
static void yields(void)
{
	for (u64 until = now() + 600 * MS; now() < until;)
		sched_yield();
}

static void sleeps(void)
{
	sleep_ns(300 * MS);
}

static void touches(void)
{
	for (size_t i = 0; i < pages; i++)
		page[i * 4096] = 1;
}

static void reads_from_disk(void)
{
	for (size_t i = 0; i < pages; i++)
		*(volatile char *)(page + i * 4096);
}

static void rival_body(void)
{
	stay_on(0);
	for (;;)
		;
}

static void two_want_one_cpu(void)
{
	pid_t pid = child_of(rival_body);
	u64 off;

	stay_on(0);
	run_and_compare(computes, "two want one CPU");
	off = offcpu_of(run);
	between(runnable_of(run), off * 0.9, off * 1.1,
		"two want one CPU: off-CPU time is waiting, not blocked");
	/* Some of its time slices end in the calls that read /proc. */
	off = run->all.compute_offcpu_ns;
	between(run->all.compute_runnable_ns, off * 0.9, off * 1.1,
		"two want one CPU: off-CPU compute is waiting");
	ok(off > 50 * MS, "two want one CPU: it waits for more than 50 ms");
	run_and_compare(yields, "it yields");
	off = run->category[BRICKTRACE_CAT_OTHER].offcpu_ns;
	between(run->category[BRICKTRACE_CAT_OTHER].runnable_ns, off * 0.8, off * 1.1,
		"it yields: off-CPU time in the category is waiting");
	ok(figures(run, SYS_sched_yield).runnable_ns > 50 * MS,
	   "it yields: sched_yield has more than 50 ms of waiting");
	kill(pid, SIGKILL);
	wait_for(pid);
}

static void sleeping(void)
{
	run_and_compare(sleeps, "it sleeps");
	between(figures(run, SYS_nanosleep).runnable_ns, 0,
		figures(run, SYS_nanosleep).offcpu_ns / 3,
		"it sleeps: it is blocked, and hardly waits for a CPU");
	ok(figures(run, SYS_nanosleep).offcpu_ns > 290 * MS,
	   "it sleeps: it is off the CPU all of the time");
}

/* Opens another program in this one's directory, to be read from the host's disk. */
static int open_other_program(void)
{
	char path[512];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 16);
	char *slash;

	if (n < 0)
		bail("/proc/self/exe");
	path[n] = 0;
	slash = strrchr(path, '/');
	strcpy(slash, "/rule-number");
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void page_faults(void)
{
	int drop = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);
	int file = open_other_program();

	pages = 1000;
	page = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		bail("mmap");
	/* A kernel without huge pages rejects the advice with EINVAL. */
	if (madvise(page, pages * 4096, MADV_NOHUGEPAGE) && errno != EINVAL)
		bail("madvise");
	run_and_compare(touches, "it touches pages");
	between(run->all.minor_faults, pages, pages + 100,
		"it touches pages: one minor fault for each");
	munmap(page, pages * 4096);
	pages = 4;
	if (file < 0 || drop < 0 || write(drop, "1", 1) != 1)
		bail("drop_caches");
	page = mmap(NULL, pages * 4096, PROT_READ, MAP_PRIVATE, file, 0);
	if (page == MAP_FAILED)
		bail("mmap of a file");
	run_and_compare(reads_from_disk, "it reads a file");
	ok(run->all.major_faults > 0, "it reads a file: with major faults");
	close(file);
	close(drop);
}

/* Threads of the session are created, wait, fault and end inside the run. */
static void *waits(void *arg)
{
	stay_on(0);
	spin(100 * MS);
	return arg;
}

static struct oracle oracle_of_ended;

static void *waits_and_records(void *arg)
{
	struct oracle begun = { 0 }, o = { 0 };

	oracle_add(&begun, "/proc/thread-self");
	waits(arg);
	oracle_add(&o, "/proc/thread-self");
	__atomic_fetch_add(&oracle_of_ended.waited, o.waited, __ATOMIC_RELAXED);
	__atomic_fetch_add(&oracle_of_ended.minor, o.minor, __ATOMIC_RELAXED);
	return arg;
}

static void four_on_one_cpu(void)
{
	struct oracle before, after;
	pthread_t t[4];
	u64 number;

	before = oracle_now();
	number = run_open(fd, brick, TRACE_SESSION);
	for (int i = 0; i < 4; i++)
		if (pthread_create(&t[i], NULL, waits_and_records, NULL))
			bail("pthread_create");
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	threads_become(1);
	after = oracle_now();
	run_close(fd, number, run);
	ok(consistent(run), "four threads on one CPU: the figures add up");
	is(run->r.threads, 5, "four threads on one CPU: all are in the run");
	after.waited += oracle_of_ended.waited - before.waited;
	after.minor += oracle_of_ended.minor - before.minor;
	/* A thread may still wait and fault after it has read /proc. */
	between(runnable_of(run), after.waited, run->all.thread_ns,
		"four threads on one CPU: waiting as in /proc");
	printf("# %llu, by /proc %llu\n", runnable_of(run), after.waited);
	between(run->all.minor_faults, after.minor, after.minor + 200,
		"four threads on one CPU: minor faults as in /proc");
	printf("# %llu, by /proc %llu\n", run->all.minor_faults, after.minor);
	ok(after.waited > 100 * MS, "four threads on one CPU: they have waited");
}

int main(void)
{
	struct bricktrace_info i;

	run = run_new();
	begin("waiting");
	i = info(fd);
	is(i.features & (BRICKTRACE_FEATURE_RUNNABLE | BRICKTRACE_FEATURE_FAULTS),
	   BRICKTRACE_FEATURE_RUNNABLE | BRICKTRACE_FEATURE_FAULTS,
	   "the module says that it has both figures");
	thread_register(fd, BRICKTRACE_THREAD_INHERIT_THREADS);
	two_want_one_cpu();
	sleeping();
	page_faults();
	four_on_one_cpu();
	return done();
}
