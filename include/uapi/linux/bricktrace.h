/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * bricktrace: the ABI of /dev/bricktrace.
 *
 * A brick is a named piece of work with a time budget; a run is one execution
 * of it; a session is one open file of the device and owns bricks, runs and
 * the registration of threads. Releasing the file ends all of them.
 *
 * Structures.  Each begins with its own size in bytes, set by the caller. A
 * caller newer than the module may pass a larger structure: its unknown tail
 * must be zero, else the call fails with E2BIG. An older caller passes a
 * smaller one: the fields that it lacks read as zero and are not written. Less
 * than the first version's size (BRICKTRACE_*_SIZE_V0) is EINVAL, and so is
 * more than 4096. Each successful call writes back into @size how much of the
 * structure module and caller both know: a field at or behind that offset has
 * not been written, since the module does not know it. Reserved fields must be
 * zero; what stands in fields marked "out" does not matter.
 *
 * Arrays.  What may come in larger numbers is an array of struct
 * bricktrace_array, whose elements grow in the same way.
 *
 * Growth.  Structures and elements of arrays get new fields at their end only,
 * enumerations new values, flags and features new bits. A caller must expect
 * values that it does not know, and looks at the features and the sizes before it
 * asks for something that came later. BRICKTRACE_ABI_VERSION changes when the meaning
 * of something that exists does, which is not planned.
 *
 * Answers.  A call does its work first, and then its answer is copied, as wait4(2)
 * does. If that copy fails the call fails with EFAULT and its work stands: the
 * thread is registered, the brick is defined, the run is closed and its result
 * lost. Only a run whose number could not be delivered is closed again. While an
 * answer is copied nobody else has to wait. A call that fails for another reason
 * has changed nothing.
 *
 * Every ioctl may fail with
 *	EFAULT	the argument, or memory that it points to, is not accessible
 *	EINVAL	size, unknown flag, non-zero reserved field, bad value
 *	E2BIG	a non-zero tail that this module does not know
 *	ENOTTY	no such ioctl
 *	EINTR	a fatal signal arrived while another call held the session
 *	ENOMEM	no memory, or the memory control group's limit is reached
 * and with the errors that are named beside it.
 *
 * Times are in nanoseconds. They are taken from the time stamp counter where
 * it is the kernel's own clock source, and from CLOCK_MONOTONIC otherwise.
 */
#ifndef _UAPI_LINUX_BRICKTRACE_H
#define _UAPI_LINUX_BRICKTRACE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define BRICKTRACE_ABI_VERSION	1

/* Bytes of a brick's name with its terminating NUL. */
#define BRICKTRACE_NAME_LEN	64
/* Runs open inside each other on one thread, or in one session. */
#define BRICKTRACE_MAX_DEPTH	32
/* The largest budget: 2^62 ns. */
#define BRICKTRACE_MAX_BUDGET	(1ULL << 62)
/* The largest accepted edge figure: 1 ms a call, in picoseconds. */
#define BRICKTRACE_MAX_EDGE_PS	1000000000ULL
/* A time, number or figure that was not measured. Never zero. */
#define BRICKTRACE_NONE		(~0ULL)

/* Categories, by the default map of system calls (docs/accounting.md). */
enum bricktrace_category {
	BRICKTRACE_CAT_MMAP	= 0,	/* mmap munmap mprotect brk */
	BRICKTRACE_CAT_FUTEX	= 1,	/* futex */
	BRICKTRACE_CAT_IOCTL	= 2,	/* ioctl */
	BRICKTRACE_CAT_READ	= 3,	/* read pread64 readv */
	BRICKTRACE_CAT_WRITE	= 4,	/* write pwrite64 writev */
	BRICKTRACE_CAT_OTHER	= 5,	/* everything else */
};

/* Which table a system call's number belongs to. */
enum bricktrace_arch {
	BRICKTRACE_ARCH_NATIVE	= 0,	/* the kernel's own 64-bit table */
	BRICKTRACE_ARCH_COMPAT	= 1,	/* 32-bit: int 0x80, sysenter, AArch32 */
	BRICKTRACE_ARCH_X32	= 2,	/* x32, bit 30 removed from the number */
};

/*
 * Numbers that name no single system call.
 * INVALID: a number outside the table (-1, 2^31, ...).
 * MORE: calls that found no slot of their own, because their thread used more
 * distinct system calls than it has slots. They are in the right category.
 * One entry for each category that has such calls.
 */
#define BRICKTRACE_NR_INVALID	0xffffffffU
#define BRICKTRACE_NR_MORE	0xfffffffeU

/* How much of a result's breakdown was measured. */
enum bricktrace_provenance {
	BRICKTRACE_NOT_INSTRUMENTED	= 0,	/* none of it: no breakdown */
	BRICKTRACE_PARTIAL		= 1,	/* what is there is a lower bound */
	BRICKTRACE_MEASURED		= 2,	/* all of it */
};

/*
 * Why a breakdown is partial or missing. Values from 64 on are not the module's: a
 * library has them for reasons of its own.
 */
enum bricktrace_reason {
	BRICKTRACE_REASON_NONE		= 0,	/* measured */
	BRICKTRACE_REASON_LEVEL		= 1,	/* the run was opened at level measure */
	BRICKTRACE_REASON_DISARMED	= 2,	/* the hooks were released meanwhile */
	BRICKTRACE_REASON_CLOCK		= 3,	/* the clock became unstable meanwhile */
	BRICKTRACE_REASON_THREADS_LOST	= 4,	/* a thread could not be followed */
	BRICKTRACE_REASON_OUT_OF_REACH	= 5,	/* the thread left the session by an execve() */
	BRICKTRACE_REASON_DISABLED	= 6,	/* the host's operator has switched tracing off */
};

enum bricktrace_level {
	BRICKTRACE_LEVEL_MEASURE	= 0,	/* duration only, no hooks */
	BRICKTRACE_LEVEL_TRACE		= 1,	/* with the breakdown */
};

enum bricktrace_scope {
	BRICKTRACE_SCOPE_THREAD		= 0,	/* the calling thread */
	BRICKTRACE_SCOPE_SESSION	= 1,	/* all threads of the session */
};

enum bricktrace_clock {
	BRICKTRACE_CLOCK_MONOTONIC	= 0,	/* ktime_get_mono_fast_ns() */
	BRICKTRACE_CLOCK_TSC		= 1,	/* x86 time stamp counter */
};

/* Whether the hooks are in place, and who pays for them. */
enum bricktrace_hooks {
	BRICKTRACE_HOOKS_OFF	= 0,	/* they are not in place */
	BRICKTRACE_HOOKS_QUIET	= 1,	/* only followed threads take the kernel's slow path */
	BRICKTRACE_HOOKS_LOUD	= 2,	/* every thread of the host does */
};

/**
 * struct bricktrace_array - an array of the caller's that a call fills
 * @addr: in: the address of its first element; does not matter if @cap is 0
 * @size: in: bytes of an element, as the caller knows it, which is also the
 *	distance between elements; does not matter if @cap is 0
 * @cap: in: for how many elements there is room, at most 4096; 0 if the caller
 *	does not want them
 * @count: out: how many elements there are; what exceeds @cap is not copied
 * @known: out: how many bytes of an element module and caller both know; the
 *	rest of each element is zero, since the module does not know it
 */
struct bricktrace_array {
	__u64 addr;
	__u32 size;
	__u32 cap;
	__u32 count;
	__u32 known;
};

/* It tells for how long threads waited for a CPU; the kernel has CONFIG_SCHEDSTATS. */
#define BRICKTRACE_FEATURE_RUNNABLE	(1ULL << 0)
/* It tells the number of page faults. */
#define BRICKTRACE_FEATURE_FAULTS	(1ULL << 1)

/**
 * struct bricktrace_info - what this module is (BRICKTRACE_INFO)
 * @size: in: sizeof(struct bricktrace_info)
 * @flags: in: must be zero
 * @abi_version: out: BRICKTRACE_ABI_VERSION of the module
 * @clock: out: enum bricktrace_clock in use
 * @armed: out: 1 while the hooks are in place, else 0
 * @slots: out: distinct system calls that one thread's account can tell apart
 * @linger_ms: out: how long the hooks stay after the last traced run, ms
 * @features: out: BRICKTRACE_FEATURE_*, a bit for each thing that the module can do
 *	more than the first one could
 * @arms: out: how often the hooks were put in place since the module's load
 * @threads_lost: out: threads on this host that could not be followed, for
 *	want of memory, since the module's load
 * @enabled: out: 0 while the host's operator has switched tracing off, else 1
 * @hooks: out: enum bricktrace_hooks
 * @tested: out: 1 if this module's tests run on kernels of this series, else 0
 * @max_followers: out: how many sessions may follow one thread
 * @reserved: out: zero
 * @user_sessions: out: sessions that the opener's user has open
 * @max_user_sessions: out: limit of @user_sessions
 * @user_threads: out: registrations of threads in all sessions of that user
 * @max_user_threads: out: limit of @user_threads
 * @user_runs: out: runs that are open in all sessions of that user
 * @max_user_runs: out: limit of @user_runs
 * @user_memory: out: bytes of kernel memory that those sessions use
 * @max_user_memory: out: limit of @user_memory
 * @armed_ns: out: for how long the hooks were in place since the module's load
 * @loaded_ns: out: how long ago the module was loaded
 *
 * The opener's user is the effective user ID with which the file was opened.
 * Inside a user namespace, that user is the one who owns the outermost user
 * namespace below the initial one. The host's operator sets these limits as
 * parameters of the module.
 */
struct bricktrace_info {
	__u32 size;
	__u32 flags;
	__u32 abi_version;
	__u32 clock;
	__u32 armed;
	__u32 slots;
	__u32 linger_ms;
	__u32 tested;
	__u64 features;
	__u64 arms;
	__u64 threads_lost;
	__u32 enabled;
	__u32 hooks;
	__u32 max_followers;
	__u32 reserved;
	__u32 user_sessions;
	__u32 max_user_sessions;
	__u32 user_threads;
	__u32 max_user_threads;
	__u32 user_runs;
	__u32 max_user_runs;
	__u64 user_memory;
	__u64 max_user_memory;
	__u64 armed_ns;
	__u64 loaded_ns;
};

#define BRICKTRACE_INFO_SIZE_V0		128

/* Threads that the thread creates are registered too, before they run. */
#define BRICKTRACE_THREAD_INHERIT_THREADS	(1U << 0)
/* Processes that the thread creates are registered too, before they run. */
#define BRICKTRACE_THREAD_INHERIT_CHILDREN	(1U << 1)
/* All threads of the thread's process, with those that it creates meanwhile. */
#define BRICKTRACE_THREAD_WHOLE_PROCESS		(1U << 2)

/**
 * struct bricktrace_thread - threads of a session
 *	(BRICKTRACE_THREAD_REGISTER, BRICKTRACE_THREAD_UNREGISTER)
 * @size: in: sizeof(struct bricktrace_thread)
 * @flags: in: REGISTER: BRICKTRACE_THREAD_*; UNREGISTER: 0 or
 *	BRICKTRACE_THREAD_WHOLE_PROCESS
 * @tid: in: a thread, in the caller's pid namespace; 0: the calling thread
 * @threads: out: how many threads were registered or unregistered
 *
 * The thread does not notice: it is not stopped, signalled or interrupted. If
 * the thread sleeps in a system call, that call's time counts from the moment of
 * registration. Without BRICKTRACE_THREAD_INHERIT_THREADS a whole process is the threads
 * that it has at that moment.
 *
 * Both the caller and whoever opened the file need the rights that ptrace
 * would ask for (same user and group ids and a dumpable target, or
 * CAP_SYS_PTRACE in the target's user namespace), or CAP_PERFMON. A program
 * that opened the file itself may always register its own threads. A thread
 * whose execve() puts it out of the opener's reach leaves the session: a run of
 * scope thread on it ends there, as partial, and a run of scope session is
 * partial.
 *
 * REGISTER errors:
 *	EINVAL	@tid is negative
 *	EEXIST	the thread, or each of the process, is registered with this
 *		session already
 *	EDQUOT	the session's limit of threads is reached, or the opener's
 *		user's limit of threads or memory
 *	EUSERS	as many sessions as may do so follow the thread already
 *	EINTR	a fatal signal arrived
 *	EPERM	the caller or the opener may not trace it; a kernel thread
 *	ESRCH	no such thread; it is exiting
 * UNREGISTER errors:
 *	EINVAL	@tid is negative
 *	ESRCH	no such thread is registered with this session
 *	EBUSY	a run of scope thread is open on it
 */
struct bricktrace_thread {
	__u32 size;
	__u32 flags;
	__s32 tid;
	__u32 threads;
};

#define BRICKTRACE_THREAD_SIZE_V0	16

/**
 * struct bricktrace_brick_define - define a brick (BRICKTRACE_BRICK_DEFINE)
 * @size: in: sizeof(struct bricktrace_brick_define)
 * @flags: in: must be zero
 * @budget_ns: in: 0 (no time at all) to BRICKTRACE_MAX_BUDGET
 * @name: in: 1 to 63 bytes and a NUL: valid UTF-8 without control characters
 *	(U+0000 to U+001F, U+007F to U+009F)
 * @brick: out: the brick's number in this session, from 1
 * @reserved: in: must be zero
 *
 * A name that is defined already keeps its number and gets the new budget,
 * which holds for runs opened from then on.
 *
 * Errors:
 *	ENAMETOOLONG	no NUL within @name
 *	ERANGE	@budget_ns is above BRICKTRACE_MAX_BUDGET
 *	EDQUOT	the session's limit of bricks is reached, or the opener's
 *		user's limit of memory
 */
struct bricktrace_brick_define {
	__u32 size;
	__u32 flags;
	__u64 budget_ns;
	char  name[BRICKTRACE_NAME_LEN];
	__u32 brick;
	__u32 reserved;
};

#define BRICKTRACE_BRICK_DEFINE_SIZE_V0	88

/**
 * struct bricktrace_run_open - open a run (BRICKTRACE_RUN_OPEN)
 * @size: in: sizeof(struct bricktrace_run_open)
 * @flags: in: must be zero
 * @brick: in: a brick's number
 * @level: in: enum bricktrace_level
 * @scope: in: enum bricktrace_scope
 * @reserved: in: must be zero
 * @run: out: the run's number in this session, never used twice
 * @parent: out: the number of the run that encloses it, 0 if none does
 *
 * The run starts when the call has done its work; copying the answer is in
 * @control_ns of struct bricktrace_times. The run is enclosed by the open run
 * that was opened last with scope session or, if its own scope is thread, by
 * the same thread. At level trace the first run on the host puts the hooks in
 * place, which takes milliseconds, before the run starts.
 *
 * Errors:
 *	ENOENT	no such brick
 *	ESRCH	level trace, scope thread, and the caller is not registered;
 *		level trace, scope session, and no thread is registered
 *	ELOOP	the run would be nested deeper than BRICKTRACE_MAX_DEPTH
 *	EDQUOT	the session's limit of open runs is reached, or the opener's
 *		user's limit of runs or memory
 *	EINTR	a fatal signal arrived while the hooks were put in place
 *
 * While the host's operator has switched tracing off (the module's parameter
 * enabled), a run at level trace opens and is not instrumented.
 */
struct bricktrace_run_open {
	__u32 size;
	__u32 flags;
	__u32 brick;
	__u32 level;
	__u32 scope;
	__u32 reserved;
	__u64 run;
	__u64 parent;
};

#define BRICKTRACE_RUN_OPEN_SIZE_V0		40

/*
 * Which part of a run a set of figures is about. Elements of an array that are
 * about the same come one behind the other, the inclusive one first.
 */
enum bricktrace_view {
	BRICKTRACE_VIEW_INCLUSIVE	= 0,	/* the run with the runs that it encloses */
	BRICKTRACE_VIEW_EXCLUSIVE	= 1,	/* without them */
};

/**
 * struct bricktrace_figures - what is kept of a system call or a category
 * @count: calls completed inside the run
 * @in_flight: calls that were under way when the run, or their thread, ended
 * @errors: completed calls that returned an error to the program; a call that
 *	was interrupted and that the kernel restarted is not an error, one that
 *	the program saw fail with EINTR is
 * @ns: time in them, inside the run, completed or not
 * @offcpu_ns: the part of @ns in which the thread did not run
 * @max_ns: the longest completed call; BRICKTRACE_NONE if there was none or
 *	if the longest that is known of any covered thread did not lie wholly
 *	inside the run
 * @runnable_ns: the part of @offcpu_ns in which the thread could have run and
 *	waited for a CPU; in the rest it was blocked. The kernel's own figure, as
 *	in /proc/TID/schedstat: it grows when the thread is given the CPU, and as
 *	the scheduler measures it, it may exceed @offcpu_ns by some microseconds
 *	a switch. BRICKTRACE_NONE without BRICKTRACE_FEATURE_RUNNABLE
 *
 * Exclusive figures have an @in_flight of 0 and a @max_ns of BRICKTRACE_NONE.
 */
struct bricktrace_figures {
	__u64 count;
	__u64 in_flight;
	__u64 errors;
	__u64 ns;
	__u64 offcpu_ns;
	__u64 max_ns;
	__u64 runnable_ns;
};

/**
 * struct bricktrace_times - the parts of a run's thread time
 * @view: enum bricktrace_view
 * @reserved: zero
 * @thread_ns: time that the covered threads existed inside the run, summed
 * @compute_ns: @thread_ns less system calls, control and edge
 * @compute_offcpu_ns: the part of @compute_ns in which the thread did not run
 * @edge_ns: estimated cost of the completed calls outside their own window:
 *	kernel entry and exit and the probes; BRICKTRACE_NONE if the session
 *	has no edge figure (BRICKTRACE_SESSION_SET)
 * @control_ns: time in calls of bricktrace itself
 * @compute_runnable_ns: the part of @compute_offcpu_ns in which the thread waited
 *	for a CPU, as in struct bricktrace_figures
 * @minor_faults: page faults of the covered threads inside the run that needed no
 *	input or output, anywhere; their time is in @compute_ns or in the system
 *	call in which they happened
 * @major_faults: those that did
 */
struct bricktrace_times {
	__u32 view;
	__u32 reserved;
	__u64 thread_ns;
	__u64 compute_ns;
	__u64 compute_offcpu_ns;
	__u64 edge_ns;
	__u64 control_ns;
	__u64 compute_runnable_ns;
	__u64 minor_faults;
	__u64 major_faults;
};

#define BRICKTRACE_TIMES_SIZE_V0	48
#define BRICKTRACE_TIMES_SIZE_V1	72

/**
 * struct bricktrace_category_figures - one category of a result
 * @category: enum bricktrace_category
 * @view: enum bricktrace_view
 * @figures: its figures, the sums of those of its system calls
 */
struct bricktrace_category_figures {
	__u32 category;
	__u32 view;
	struct bricktrace_figures figures;
};

#define BRICKTRACE_CATEGORY_FIGURES_SIZE_V0	56
#define BRICKTRACE_CATEGORY_FIGURES_SIZE_V1	64

/**
 * struct bricktrace_syscall - one system call of a result
 * @nr: number, or BRICKTRACE_NR_*
 * @arch: enum bricktrace_arch
 * @category: enum bricktrace_category
 * @view: enum bricktrace_view
 * @figures: its figures
 */
struct bricktrace_syscall {
	__u32 nr;
	__u32 arch;
	__u32 category;
	__u32 view;
	struct bricktrace_figures figures;
};

#define BRICKTRACE_SYSCALL_SIZE_V0	64
#define BRICKTRACE_SYSCALL_SIZE_V1	72

/* The run's wall time is above its budget. */
#define BRICKTRACE_RESULT_OVER_BUDGET	(1U << 0)
/* The thread ended or left the session before the run was closed; so did the run. */
#define BRICKTRACE_RESULT_ABANDONED	(1U << 1)

/**
 * struct bricktrace_result - a finished run
 * @run: the run's number
 * @parent: number of the enclosing run, 0 if there was none
 * @brick: the brick's number
 * @flags: BRICKTRACE_RESULT_*
 * @provenance: enum bricktrace_provenance of times, categories and system calls
 * @reason: enum bricktrace_reason
 * @threads: threads that were covered at any time; 0 if not instrumented
 * @depth: runs that enclosed it
 * @budget_ns: the budget when the run was opened
 * @start_ns: CLOCK_MONOTONIC when the run started
 * @wall_ns: from the handling of the opening call to the entry of the closing
 *	call (of the handler, if the closing thread is not registered)
 */
struct bricktrace_result {
	__u64 run;
	__u64 parent;
	__u32 brick;
	__u32 flags;
	__u32 provenance;
	__u32 reason;
	__u32 threads;
	__u32 depth;
	__u64 budget_ns;
	__u64 start_ns;
	__u64 wall_ns;
};

#define BRICKTRACE_RESULT_SIZE_V0	64

/**
 * struct bricktrace_run_close - close a run (BRICKTRACE_RUN_CLOSE)
 * @size: in: sizeof(struct bricktrace_run_close)
 * @flags: in: must be zero
 * @run: in: the run's number
 * @result: one struct bricktrace_result
 * @times: struct bricktrace_times, one a view
 * @categories: struct bricktrace_category_figures, one a category and view
 * @syscalls: struct bricktrace_syscall, one a system call and view
 *
 * Any thread may close a run. The run is over when the call was entered. With
 * provenance BRICKTRACE_NOT_INSTRUMENTED all arrays but @result are empty.
 *
 * Errors:
 *	EINVAL	an array's @cap is above 4096; or @cap is not 0, and its @addr
 *		is 0, or its @size is above 4096 or less than the element's
 *		first version has (BRICKTRACE_*_SIZE_V0)
 *	ENOENT	no such run is open
 *	EBUSY	it encloses a run that is still open: close that first
 */
struct bricktrace_run_close {
	__u32 size;
	__u32 flags;
	__u64 run;
	struct bricktrace_array result;
	struct bricktrace_array times;
	struct bricktrace_array categories;
	struct bricktrace_array syscalls;
};

#define BRICKTRACE_RUN_CLOSE_SIZE_V0	112

/* @edge_ps of struct bricktrace_session is to be set. */
#define BRICKTRACE_SESSION_EDGE		(1U << 0)

/**
 * struct bricktrace_session - a session's settings, limits and counters
 *	(BRICKTRACE_SESSION_GET, BRICKTRACE_SESSION_SET)
 * @size: in: sizeof(struct bricktrace_session)
 * @flags: in: GET: must be zero; SET: BRICKTRACE_SESSION_*, what to set
 * @edge_ps: in (SET), out (GET): the cost of a call outside its window, in
 *	picoseconds, as calibrated by the caller; BRICKTRACE_NONE: not known
 * @max_threads: out: limit of registered threads
 * @max_bricks: out: limit of bricks
 * @max_runs: out: limit of open runs
 * @max_depth: out: BRICKTRACE_MAX_DEPTH
 * @threads: out: threads registered now
 * @bricks: out: bricks defined
 * @runs: out: runs open now
 * @reserved: in: must be zero
 * @runs_opened: out: runs ever opened
 * @threads_lost: out: threads that should have been inherited and could not
 *
 * SET errors:
 *	ERANGE	@edge_ps is above BRICKTRACE_MAX_EDGE_PS and not BRICKTRACE_NONE
 */
struct bricktrace_session {
	__u32 size;
	__u32 flags;
	__u64 edge_ps;
	__u32 max_threads;
	__u32 max_bricks;
	__u32 max_runs;
	__u32 max_depth;
	__u32 threads;
	__u32 bricks;
	__u32 runs;
	__u32 reserved;
	__u64 runs_opened;
	__u64 threads_lost;
};

#define BRICKTRACE_SESSION_SIZE_V0	64

/*
 * The argument of each ioctl is the address of its structure, which is read and
 * written. The numbers say so, and carry no size, so that a structure that grows
 * keeps its number.
 */
#define BRICKTRACE_IOC			0xbc
#define BRICKTRACE_IOWR(nr) \
	_IOC(_IOC_READ | _IOC_WRITE, BRICKTRACE_IOC, nr, 0)
#define BRICKTRACE_INFO			BRICKTRACE_IOWR(0)
#define BRICKTRACE_THREAD_REGISTER	BRICKTRACE_IOWR(1)
#define BRICKTRACE_THREAD_UNREGISTER	BRICKTRACE_IOWR(2)
#define BRICKTRACE_BRICK_DEFINE		BRICKTRACE_IOWR(3)
#define BRICKTRACE_RUN_OPEN		BRICKTRACE_IOWR(4)
#define BRICKTRACE_RUN_CLOSE		BRICKTRACE_IOWR(5)
#define BRICKTRACE_SESSION_GET		BRICKTRACE_IOWR(6)
#define BRICKTRACE_SESSION_SET		BRICKTRACE_IOWR(7)

#endif /* _UAPI_LINUX_BRICKTRACE_H */
