// SPDX-License-Identifier: MIT
/*
 * A call is counted under the right number: calls by the 32-bit entry (int 0x80) or of
 * x32, numbers that are in no table, calls that seccomp or a tracer refuses or changes,
 * and more distinct calls than a thread's account has slots.
 *
 * Rules: compute, edge, entry, more, own-calls, table.
 */
#include <elf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/audit.h>
#include <sys/uio.h>
#include <sys/user.h>
#include "test.h"

#define COMPAT	BRICKTRACE_ARCH_COMPAT
#define X32	BRICKTRACE_ARCH_X32
#define NATIVE	BRICKTRACE_ARCH_NATIVE
#define INVALID BRICKTRACE_NR_INVALID
#define X32_BIT 0x40000000UL

static struct run *run;
static u64 number;

static long call(unsigned long nr, long a, long b, long c)
{
#ifdef __aarch64__
	register unsigned long x8 __asm__("x8") = nr;
	register long ret __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;

	__asm__ volatile("svc 0" : "+r"(ret) : "r"(x8), "r"(x1), "r"(x2) : "memory");
#else
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
#endif
	return ret;
}

#ifdef __x86_64__
/* A call by the 32-bit entry, which truncates its arguments to 32 bits. */
static long int80(unsigned int nr, int a, int b, int c)
{
	long ret;

	__asm__ volatile("int $0x80"
			 : "=a"(ret)
			 : "0"((unsigned long)nr), "b"(a), "c"(b), "d"(c)
			 : "r8", "r9", "r10", "r11", "memory");
	return (int)ret;
}
#endif

static void open_run(void)
{
	number = run_open(fd, brick, TRACE_THREAD);
}

static void close_run(const char *what)
{
	run_close(fd, number, run);
	ok(consistent(run), "%s: the figures add up", what);
	is(all_in_flight(run), 0, "%s: nothing in flight", what);
	/* A run lasts from the end of its opening ioctl to the start of its closing one. */
	is(run->all.thread_ns, run->r.wall_ns, "%s: thread time is the run's", what);
}

static void expect(uint32_t nr, uint32_t arch, u64 count, u64 errors, const char *what)
{
	struct bricktrace_figures f = figures_arch(run, nr, arch);

	is(f.count, count, "%s: calls", what);
	is(f.errors, errors, "%s: errors", what);
	if (count)
		between(f.ns, count, run->all.thread_ns, "%s: time", what);
}

static void expect_category(int c, u64 count, const char *what)
{
	is(run->category[c].count, count, "%s: its category", what);
}

#ifdef __x86_64__
static void compat_numbers(void)
{
	int i;

	if (int80(20, 0, 0, 0) != getpid()) {
		skip("int 0x80", "this kernel has no 32-bit calls");
		return;
	}
	open_run();
	/* The native close has the number of the 32-bit read. */
	for (i = 0; i < 7; i++)
		call(SYS_close, -1, 0, 0);
	for (i = 0; i < 5; i++)
		int80(64, 0, 0, 0); /* getppid */
	for (i = 0; i < 3; i++)
		int80(3, -1, 0, 0); /* read */
	for (i = 0; i < 2; i++)
		int80(4, -1, 0, 0); /* write */
	int80(54, -1, 0, 0);	    /* ioctl */
	int80(45, 0, 0, 0);	    /* brk */
	int80(240, 0, 99, 0);	    /* futex */
	int80(422, 0, 99, 0);	    /* futex_time64 */
	for (i = 0; i < 4; i++)
		int80(1000000000, 0, 0, 0);
	int80(-1, 0, 0, 0);
	int80(600, 0, 0, 0);
	for (i = 0; i < 9; i++)
		getppid_raw();
	close_run("int 0x80");
	expect(64, COMPAT, 5, 0, "int 0x80, getppid");
	expect(64, NATIVE, 0, 0, "int 0x80, not semget");
	expect(3, COMPAT, 3, 3, "int 0x80, read");
	expect(SYS_close, NATIVE, 7, 7, "int 0x80, read: not close");
	expect(4, COMPAT, 2, 2, "int 0x80, write");
	expect(54, COMPAT, 1, 1, "int 0x80, ioctl");
	expect(45, COMPAT, 1, 0, "int 0x80, brk");
	expect(240, COMPAT, 1, 1, "int 0x80, futex");
	expect(422, COMPAT, 1, 1, "int 0x80, futex_time64");
	expect(INVALID, COMPAT, 6, 6, "int 0x80, no such number");
	expect(INVALID, NATIVE, 0, 0, "int 0x80, no such number, natively");
	expect(SYS_getppid, NATIVE, 9, 0, "int 0x80, a native call beside it");
	expect_category(BRICKTRACE_CAT_READ, 3, "int 0x80, read");
	expect_category(BRICKTRACE_CAT_WRITE, 2, "int 0x80, write");
	expect_category(BRICKTRACE_CAT_IOCTL, 1, "int 0x80, ioctl");
	expect_category(BRICKTRACE_CAT_MMAP, 1, "int 0x80, brk");
	expect_category(BRICKTRACE_CAT_FUTEX, 2, "int 0x80, futex");
	expect_category(BRICKTRACE_CAT_OTHER, 5 + 6 + 7 + 9, "int 0x80, the others");
}

static void x32_numbers(void)
{
	bool has = call(X32_BIT | SYS_getppid, 0, 0, 0) != -ENOSYS;
	int i;

	open_run();
	for (i = 0; i < 5; i++)
		call(X32_BIT | SYS_getppid, 0, 0, 0);
	for (i = 0; i < 3; i++)
		call(X32_BIT | SYS_read, -1, 0, 0);
	call(X32_BIT | 514, -1, 0, 0); /* ioctl */
	call(X32_BIT | 515, -1, 0, 0); /* readv */
	call(X32_BIT | 516, -1, 0, 0); /* writev */
	for (i = 0; i < 2; i++)
		call(X32_BIT | 5000, 0, 0, 0);
	close_run("x32");
	expect(SYS_getppid, X32, 5, has ? 0 : 5, "x32, getppid");
	expect(SYS_getppid, NATIVE, 0, 0, "x32, not the native one");
	expect(SYS_read, X32, 3, 3, "x32, read");
	expect(514, X32, 1, 1, "x32, ioctl");
	expect(515, X32, 1, 1, "x32, readv");
	expect(516, X32, 1, 1, "x32, writev");
	expect(INVALID, NATIVE, 2, 2, "x32, no such number");
	expect_category(BRICKTRACE_CAT_READ, 4, "x32, read and readv");
	expect_category(BRICKTRACE_CAT_WRITE, 1, "x32, writev");
	expect_category(BRICKTRACE_CAT_IOCTL, 1, "x32, ioctl");
}
#endif

static void invalid_numbers(void)
{
	int i;

	open_run();
	for (i = 0; i < 3; i++)
		call(-1L, 0, 0, 0);
	for (i = 0; i < 4; i++)
		call(0x80000000UL, 0, 0, 0);
	for (i = 0; i < 5; i++)
		call(1000000000, 0, 0, 0);
	call(512, 0, 0, 0);
	call(0x7fffffff, 0, 0, 0);
	call(0xffffffff, 0, 0, 0);
	call(1UL << 63, 0, 0, 0); /* its low 32 bits are 0: read, on arm64 io_setup */
	for (i = 0; i < 6; i++)
		call(1UL << 32 | SYS_getppid, 0, 0, 0);
	for (i = 0; i < 2; i++)
		call(511, 0, 0, 0); /* a hole in the table */
	close_run("invalid numbers");
	expect(INVALID, NATIVE, 15, 15, "invalid numbers");
	expect(0, NATIVE, 1, figures(run, 0).errors, "invalid numbers: 2^63 counts as 0");
	expect(SYS_getppid, NATIVE, 6, 0, "invalid numbers: 2^32 + n counts as n");
	expect(511, NATIVE, 2, 2, "invalid numbers: a hole in the table keeps its number");
	is(all_counts(run), 24, "invalid numbers: no call is lost or invented");
	expect_category(BRICKTRACE_CAT_OTHER, 23 + (SYS_read != 0),
			"invalid numbers: other");
}

/* seccomp is tested in a child, since a filter cannot be removed. */

static atomic_int *phase;

static void install_filter(uint32_t nr, uint32_t action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		bail("seccomp");
}

static void on_sigsys(int sig)
{
	(void)sig;
}

static void wait_to_go(void)
{
	*phase = 1;
	while (*phase == 1)
		;
}

static void wait_to_end(void)
{
	*phase = 3;
	while (*phase == 3)
		;
}

static void refused_errno(void)
{
	install_filter(SYS_getppid, SECCOMP_RET_ERRNO | EPERM);
	wait_to_go();
	for (int i = 0; i < 25; i++)
		if (getppid_raw() != -EPERM)
			_exit(1);
	for (int i = 0; i < 5; i++)
		call(SYS_getuid, 0, 0, 0);
	wait_to_end();
}

static void refused_trap(void)
{
	struct sigaction sa = { .sa_handler = on_sigsys };

	sigaction(SIGSYS, &sa, NULL);
	install_filter(SYS_getppid, SECCOMP_RET_TRAP);
	wait_to_go();
	for (int i = 0; i < 25; i++)
		getppid_raw();
	for (int i = 0; i < 5; i++)
		call(SYS_getuid, 0, 0, 0);
	wait_to_end();
}

static void refused_kill(void)
{
	install_filter(SYS_getppid, SECCOMP_RET_KILL_PROCESS);
	wait_to_go();
	for (int i = 0; i < 5; i++)
		call(SYS_getuid, 0, 0, 0);
	getppid_raw();
	_exit(7);
}

/* Opens a run around what a child does in @body, and kills the child unless it dies. */
static void watch_child(void (*body)(void), bool dies)
{
	int status;
	pid_t pid;

	*phase = 0;
	pid = child_of(body);
	wait_value(phase, 1);
	register_tid(pid, 0);
	number = run_open(fd, brick, TRACE_SESSION);
	*phase = 2;
	if (dies) {
		status = wait_for(pid);
		is(WIFSIGNALED(status) ? WTERMSIG(status) : 0, SIGSYS,
		   "seccomp kill: SIGSYS ends the process");
		is(threads_become(0), 0, "seccomp kill: the process leaves the session");
	} else {
		wait_value(phase, 3);
	}
	run_close(fd, number, run);
	if (!dies) {
		kill(pid, SIGKILL);
		wait_for(pid);
		threads_become(0);
	}
}

static void expect_refused(const char *what, u64 errors)
{
	struct bricktrace_figures f = figures(run, SYS_getppid);

	ok(consistent(run), "%s: the figures add up", what);
	is(f.count, 25, "%s: a refused call counts once", what);
	is(f.errors, errors, "%s: errors", what);
	is(f.ns, 0, "%s: with no time", what);
	is(f.offcpu_ns, 0, "%s: with no off-CPU time", what);
	is(f.in_flight, 0, "%s: not in flight", what);
	is(figures(run, SYS_getuid).count, 5, "%s: the calls after it", what);
	is(figures(run, INVALID).count, 0, "%s: no invalid call", what);
}

static void seccomp_refuses(void)
{
	watch_child(refused_errno, false);
	expect_refused("seccomp errno", 25);
	is(all_counts(run), 30, "seccomp errno: no other call");

	watch_child(refused_trap, false);
	/* The register of the result keeps the call's number, so there is no error. */
	expect_refused("seccomp trap", 0);
	is(figures(run, SYS_rt_sigreturn).count, 25,
	   "seccomp trap: a signal handler for each call");
	is(all_counts(run), 55, "seccomp trap: no other call");

	watch_child(refused_kill, true);
	ok(consistent(run), "seccomp kill: the figures add up");
	is(figures(run, SYS_getuid).count, 5, "seccomp kill: the calls before it");
	between(figures(run, SYS_getppid).count, 0, 1, "seccomp kill: counts once at most");
	is(figures(run, SYS_getppid).ns, 0, "seccomp kill: with no time");
	is(all_in_flight(run), 0, "seccomp kill: nothing is in flight");
}

/* A tracer changes or refuses calls. */

static void three_calls(void)
{
	wait_to_go();
	for (int i = 0; i < 3; i++)
		getppid_raw();
	wait_to_end();
}

/* The number of the call that @pid is stopped in. */
static long get_number(pid_t pid)
{
#ifdef __aarch64__
	int nr;
	struct iovec v = { &nr, sizeof(nr) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_ARM_SYSTEM_CALL, &v))
		bail("PTRACE_GETREGSET");
	return nr;
#else
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, pid, 0, &r))
		bail("PTRACE_GETREGS");
	return r.orig_rax;
#endif
}

static void set_number(pid_t pid, long number)
{
#ifdef __aarch64__
	int nr = number;
	struct iovec v = { &nr, sizeof(nr) };

	if (ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &v))
		bail("PTRACE_SETREGSET");
#else
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, pid, 0, &r))
		bail("PTRACE_GETREGS");
	r.orig_rax = number;
	if (ptrace(PTRACE_SETREGS, pid, 0, &r))
		bail("PTRACE_SETREGS");
#endif
}

/* A tracer gives each of three calls the number @nr or, @sysemu, skips the call. */
static void tracer_rewrites(long nr, bool sysemu, const char *what)
{
	struct bricktrace_figures f;
	u64 goes_on, inside = 0;
	int status, i;
	pid_t pid;

	*phase = 0;
	pid = child_of(three_calls);
	wait_value(phase, 1);
	if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD) ||
	    ptrace(PTRACE_INTERRUPT, pid, 0, 0))
		bail("PTRACE_SEIZE");
	wait_for(pid);
	register_tid(pid, 0);
	number = run_open(fd, brick, TRACE_SESSION);
	*phase = 2;
	for (i = 0; i < 3; i++) {
		/* PTRACE_SYSEMU stops at the entry only. */
		if (ptrace(sysemu ? PTRACE_SYSEMU : PTRACE_SYSCALL, pid, 0, 0))
			bail("ptrace");
		status = wait_for(pid);
		if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80))
			bail("not stopped at its entry: %x", status);
		if (get_number(pid) != SYS_getppid)
			bail("stopped in %ld", get_number(pid));
		sleep_ns(10 * MS);
		if (sysemu)
			continue;
		set_number(pid, nr);
		goes_on = now();
		if (ptrace(PTRACE_SYSCALL, pid, 0, 0))
			bail("ptrace");
		status = wait_for(pid);
		if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80))
			bail("not stopped at its exit: %x", status);
		inside += now() - goes_on;
	}
	ptrace(PTRACE_CONT, pid, 0, 0);
	wait_value(phase, 3);
	run_close(fd, number, run);
	ok(consistent(run), "%s: the figures add up", what);
	if (sysemu) {
		f = figures(run, SYS_getppid);
		is(f.count, 3, "%s: each call counts once", what);
		is(f.ns, 0, "%s: with no time", what);
	} else {
		f = figures(run, (uint32_t)nr);
		is(figures(run, SYS_getppid).count, 0,
		   "%s: not counted under the old number", what);
		is(f.count, 3, "%s: counted under the new number", what);
		/* On arm64 the tracer sets the result of a skipped call. */
#ifdef __aarch64__
		is(f.errors, 0, "%s: errors", what);
#else
		is(f.errors, nr == -1 ? 3 : 0, "%s: errors", what);
#endif
		between(f.ns, 3, inside, "%s: time, without the stops", what);
	}
	is(all_counts(run), 3, "%s: no other call", what);
	is(all_in_flight(run), 0, "%s: nothing in flight", what);
	between(run->all.compute_offcpu_ns, 30 * MS, run->all.compute_ns,
		"%s: the stops are off-CPU compute", what);
	kill(pid, SIGKILL);
	wait_for(pid);
	is(threads_become(0), 0, "%s: the process ends and leaves the session", what);
}

/* The edge takes the calls' share of the remaining on-CPU time, and no more. */
static void large_edge(void)
{
	u64 edge_ps = 7654321;
	int i;

	thread_register(fd, 0);
	set_edge(fd, edge_ps);
	open_run();
	for (i = 0; i < 100; i++)
		getppid_raw();
	/* Computes for longer than the sum of the edges. */
	for (u64 end = now() + 20 * MS; now() < end;)
		;
	close_run("edge");
	/* The opening ioctl returns inside the run and has an edge too. */
	is(run->all.edge_ns, (all_counts(run) + 1) * edge_ps / 1000,
	   "edge: the figure times the completed calls");

	/* An edge of 1 ms a call is more than all on-CPU time. */
	set_edge(fd, BRICKTRACE_MAX_EDGE_PS);
	open_run();
	for (i = 0; i < 1000; i++)
		getppid_raw();
	sleep_ns(5 * MS);
	close_run("large edge");
	is(run->all.compute_ns, run->all.compute_offcpu_ns,
	   "large edge: only off-CPU compute is left");
	between(run->all.edge_ns, 1, run->all.thread_ns - 5 * MS,
		"large edge: no larger than the run");
	set_edge(fd, BRICKTRACE_NONE);
	thread_unregister(fd);
}

/* Most of the distinct calls are holes of the table, from this number on. */

#define HOLE 340

static void *more_calls_than_slots(void *arg)
{
	static const struct {
		long nr;
		int n, category;
	} late[] = {
		{ SYS_getppid, 11, BRICKTRACE_CAT_OTHER },
		{ SYS_read, 12, BRICKTRACE_CAT_READ },
		{ SYS_pread64, 13, BRICKTRACE_CAT_READ },
		{ SYS_write, 14, BRICKTRACE_CAT_WRITE },
		{ SYS_munmap, 16, BRICKTRACE_CAT_MMAP },
	};
	unsigned int slots = info(fd).slots;
	struct run *inner = run_new();
	u64 more[CATEGORIES] = { 0 }, total = 0, number2;
	bool exact = true, once = true;
	unsigned int i, j;

	(void)arg;
	thread_register(fd, 0);
	open_run();
	for (i = 0; i < slots; i++)
		for (j = 0; j <= i % 3; j++, total++)
			call(HOLE + i, 0, 0, 0);
	for (j = 0; j < 15; j++, total++)
		call(SYS_ioctl, -1, 0, 0);
	for (i = 0; i < sizeof(late) / sizeof(late[0]); i++)
		for (j = 0; j < (unsigned int)late[i].n; j++, total++) {
			call(late[i].nr, -1, 1, 0);
			more[late[i].category]++;
		}
	for (j = 0; j < 17; j++, total++) {
#ifdef __x86_64__
		int80(3, -1, 0, 0);
#else
		call(SYS_readv, -1, 0, 0);
#endif
		more[BRICKTRACE_CAT_READ]++;
	}
	for (j = 0; j < 18; j++, total++) {
		call(-1, 0, 0, 0);
		more[BRICKTRACE_CAT_OTHER]++;
	}
	number2 = run_open(fd, brick, TRACE_THREAD);
	call(HOLE, 0, 0, 0);
	call(SYS_read, -1, 0, 0);
	total += 2;
	more[BRICKTRACE_CAT_READ]++;
	run_close(fd, number2, inner);
	close_run("more calls than slots");
	is(slots, 42, "more calls than slots: 42 slots");
	for (i = 0; i < slots; i++)
		if (count_of(run, HOLE + i) != i % 3 + 1 + !i)
			no(&exact, "call %u: %llu, not %u", HOLE + i,
			   count_of(run, HOLE + i), i % 3 + 1 + !i);
	if (count_of(run, SYS_ioctl) != 15)
		no(&exact, "ioctl: %llu, not 15", count_of(run, SYS_ioctl));
	ok(exact, "more calls than slots: the first ones have separate figures");
	for (i = 0; i < sizeof(late) / sizeof(late[0]); i++)
		if (call_of(run, late[i].nr))
			no(&once, "call %ld has an entry", late[i].nr);
	ok(once, "more calls than slots: the others have not");
	for (i = 0; i < CATEGORIES; i++) {
		u64 n = 0, own = i == BRICKTRACE_CAT_OTHER ? total - 15 : 0;

		if (i == BRICKTRACE_CAT_IOCTL)
			own = 15;

		for (j = 0; j < run->syscalls; j++)
			if (run->calls[j].nr == BRICKTRACE_NR_MORE &&
			    run->calls[j].category == i)
				n += run->calls[j].all.count;
		is(n, more[i], "more calls than slots: the rest of category %u", i);
		if (i == BRICKTRACE_CAT_OTHER)
			for (j = 0; j < CATEGORIES; j++)
				own -= j == i ? 0 : more[j];
		is(run->category[i].count, own ?: more[i],
		   "more calls than slots: all of category %u", i);
	}
	is(all_counts(run), total, "more calls than slots: every call counts");
	is(run->syscalls, slots + 1 + 4,
	   "more calls than slots: one entry each, ioctl, and one for each category's rest");
	is(count_of(inner, HOLE), 1,
	   "more calls than slots: an inner run, separate figures");
	is(inner->category[BRICKTRACE_CAT_READ].count, 1,
	   "more calls than slots: an inner run, the rest");
	is(all_counts(inner), 2, "more calls than slots: an inner run, all calls");
	thread_unregister(fd);
	free(inner);
	return NULL;
}

int main(void)
{
	pthread_t thread;

	begin("rule-number");
	run = run_new();
	phase = shared_page();
	thread_register(fd, 0);
#ifdef __x86_64__
	compat_numbers();
	x32_numbers();
#endif
	invalid_numbers();
	thread_unregister(fd);
	keep_armed();
	seccomp_refuses();
	tracer_rewrites(SYS_getuid, false, "rewritten by a tracer");
	tracer_rewrites(-1, false, "made invalid by a tracer");
	tracer_rewrites(0, true, "refused by a tracer");
	keep_no_longer();
	large_edge();
	if (pthread_create(&thread, NULL, more_calls_than_slots, NULL))
		bail("pthread_create");
	pthread_join(thread, NULL);
	return done();
}
