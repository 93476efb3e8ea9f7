/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * This header is the ABI of the device /dev/bricktrace.
 *
 * A brick is a named piece of work with a time budget. A run is one execution of
 * a brick. A session is one open file of the device and owns bricks, runs and
 * registrations of threads. Releasing the file ends all of them.
 *
 * Structures.  Each structure begins with its own size in bytes, which the caller
 * sets. A caller that is newer than the module may pass a larger structure. The
 * tail that the module does not know must be zero, otherwise the call fails with
 * E2BIG. An older caller passes a smaller structure; the module takes the missing
 * fields as zero and does not write them. A size below that of the first version
 * (BRICKTRACE_*_SIZE_V0) or above 4096 is an EINVAL. Each successful call writes
 * into @size how many bytes of the structure the module and the caller both know.
 * A field at or after that offset was not written, because the module does not
 * know it. Reserved fields must be zero. The module ignores the contents of fields
 * that are marked "out".
 *
 * Arrays.  Data that may have many elements is passed in arrays, which struct
 * bricktrace_array describes. Their elements grow in the same way as structures.
 *
 * Growth.  New fields are added only at the end of structures and array elements.
 * Enumerations get new values, and flags and features get new bits. A caller must
 * expect values that it does not know, and must look at features and sizes before
 * it asks for something that a later version added. BRICKTRACE_ABI_VERSION changes
 * if the meaning of something existing changes, which is not planned.
 *
 * Answers.  A call does its work first and copies its answer afterwards, like
 * wait4(2). If that copy fails, the call fails with EFAULT, but its work remains
 * done: the thread is registered, the brick is defined, or the run is closed and
 * its result is lost. The exception is a run whose number could not be copied:
 * that run is closed again. Other callers do not wait while an answer is copied. A
 * call that fails for another reason has changed nothing.
 *
 * Every ioctl may fail with these errors, and with the errors that its structure
 * lists:
 *	EFAULT	the argument, or memory that it points to, is not accessible
 *	EINVAL	a size or value is not valid, a flag is not known, or a reserved
 *		field is not zero
 *	E2BIG	the tail that this module does not know is not zero
 *	ENOTTY	there is no such ioctl
 *	EINTR	a fatal signal arrived while another call held the session
 *	ENOMEM	there is no memory, or the memory control group's limit is reached
 *
 * Times are in nanoseconds. They are read from the time stamp counter if that is
 * the kernel's own clock source, and from CLOCK_MONOTONIC otherwise.
 */
#ifndef _UAPI_LINUX_BRICKTRACE_H
#define _UAPI_LINUX_BRICKTRACE_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define BRICKTRACE_ABI_VERSION	1

/* The size of a brick's name in bytes, with its terminating NUL. */
#define BRICKTRACE_NAME_LEN	64
/* The largest number of runs that may be open inside each other. */
#define BRICKTRACE_MAX_DEPTH	32
/* The largest budget is 2^62 ns. */
#define BRICKTRACE_MAX_BUDGET	(1ULL << 62)
/* The largest accepted edge is 1 ms per call; the unit is the picosecond. */
#define BRICKTRACE_MAX_EDGE_PS	1000000000ULL
/* The value of a time, number or figure that was not measured, which is never zero. */
#define BRICKTRACE_NONE		(~0ULL)

/* The categories of system calls. */
enum bricktrace_category {
	BRICKTRACE_CAT_MMAP	= 0,	/* mmap munmap mprotect brk */
	BRICKTRACE_CAT_FUTEX	= 1,	/* futex */
	BRICKTRACE_CAT_IOCTL	= 2,	/* ioctl */
	BRICKTRACE_CAT_READ	= 3,	/* read pread64 readv */
	BRICKTRACE_CAT_WRITE	= 4,	/* write pwrite64 writev */
	BRICKTRACE_CAT_OTHER	= 5,	/* everything else */
};

/* The table that a system call's number belongs to. */
enum bricktrace_arch {
	BRICKTRACE_ARCH_NATIVE	= 0,	/* the kernel's own 64-bit table */
	BRICKTRACE_ARCH_COMPAT	= 1,	/* 32-bit: int 0x80, sysenter, AArch32 */
	BRICKTRACE_ARCH_X32	= 2,	/* x32, bit 30 removed from the number */
};

/*
 * Numbers that stand for more than one system call.
 * INVALID: all numbers outside the table, such as -1 or 2^31.
 * MORE: the calls of a thread that used more distinct system calls than its account
 * has slots. There is one entry for each category that has such calls.
 */
#define BRICKTRACE_NR_INVALID	0xffffffffU
#define BRICKTRACE_NR_MORE	0xfffffffeU

/* How much of a result's breakdown was measured. */
enum bricktrace_provenance {
	BRICKTRACE_NOT_INSTRUMENTED	= 0,	/* nothing: there is no breakdown */
	BRICKTRACE_PARTIAL		= 1,	/* a part: figures are lower bounds */
	BRICKTRACE_MEASURED		= 2,	/* everything */
};

/*
 * Why a breakdown is partial or missing. The module does not use values from 64 on,
 * which a library may use for its own reasons.
 */
enum bricktrace_reason {
	BRICKTRACE_REASON_NONE		= 0,	/* the breakdown was measured */
	BRICKTRACE_REASON_LEVEL		= 1,	/* the run was opened at level measure */
	BRICKTRACE_REASON_DISARMED	= 2,	/* the hooks were removed during the run */
	BRICKTRACE_REASON_CLOCK		= 3,	/* the clock became unstable during the run */
	BRICKTRACE_REASON_THREADS_LOST	= 4,	/* a thread could not be followed */
	BRICKTRACE_REASON_OUT_OF_REACH	= 5,	/* the thread left the session by an execve() */
	BRICKTRACE_REASON_DISABLED	= 6,	/* the host's operator has switched tracing off */
};

enum bricktrace_level {
	BRICKTRACE_LEVEL_MEASURE	= 0,	/* only the duration, without hooks */
	BRICKTRACE_LEVEL_TRACE		= 1,	/* the duration and the breakdown */
};

enum bricktrace_scope {
	BRICKTRACE_SCOPE_THREAD		= 0,	/* the calling thread */
	BRICKTRACE_SCOPE_SESSION	= 1,	/* all threads of the session */
};

enum bricktrace_clock {
	BRICKTRACE_CLOCK_MONOTONIC	= 0,	/* ktime_get_mono_fast_ns() */
	BRICKTRACE_CLOCK_TSC		= 1,	/* x86 time stamp counter */
};

/* Whether the hooks are installed, and which threads they cost something. */
enum bricktrace_hooks {
	BRICKTRACE_HOOKS_OFF	= 0,	/* the hooks are not installed */
	BRICKTRACE_HOOKS_QUIET	= 1,	/* only followed threads take the kernel's slow path */
	BRICKTRACE_HOOKS_LOUD	= 2,	/* every thread of the host takes the slow path */
};

/**
 * struct bricktrace_array - an array in the caller's memory that a call fills
 * @addr: in: the address of the first element; ignored if @cap is 0
 * @size: in: the size of an element in bytes, as the caller knows it, which is
 *	also the distance between elements; ignored if @cap is 0
 * @cap: in: the number of elements that there is room for, at most 4096; 0 if
 *	the caller does not want the elements
 * @count: out: the number of elements that exist; only the first @cap are copied
 * @known: out: the number of bytes of an element that the module and the caller
 *	both know; the rest of each element is zero
 */
struct bricktrace_array {
	__u64 addr;
	__u32 size;
	__u32 cap;
	__u32 count;
	__u32 known;
};

/* The module reports how long threads waited for a CPU (the kernel has CONFIG_SCHEDSTATS). */
#define BRICKTRACE_FEATURE_RUNNABLE	(1ULL << 0)
/* The module reports the number of page faults. */
#define BRICKTRACE_FEATURE_FAULTS	(1ULL << 1)

/**
 * struct bricktrace_info - information about the module (BRICKTRACE_INFO)
 * @size: in: sizeof(struct bricktrace_info)
 * @flags: in: must be zero
 * @abi_version: out: BRICKTRACE_ABI_VERSION of the module
 * @clock: out: enum bricktrace_clock in use
 * @armed: out: 1 while the hooks are installed, otherwise 0
 * @slots: out: the number of distinct system calls for which one thread's account
 *	has separate figures
 * @linger_ms: out: how long the hooks stay after the last traced run, ms
 * @features: out: BRICKTRACE_FEATURE_*, a bit for each ability that a later version
 *	of the module added
 * @arms: out: how often the hooks were installed since the module was loaded
 * @threads_lost: out: the number of threads on this host that could not be followed
 *	because there was no memory, since the module was loaded
 * @enabled: out: 0 while the host's operator has switched tracing off, otherwise 1
 * @hooks: out: enum bricktrace_hooks
 * @tested: out: 1 if the module's tests run on kernels of this series, otherwise 0
 * @max_followers: out: the number of sessions that may follow one thread
 * @reserved: out: zero
 * @user_sessions: out: the number of open sessions of the opener's user
 * @max_user_sessions: out: limit of @user_sessions
 * @user_threads: out: registrations of threads in all sessions of that user
 * @max_user_threads: out: limit of @user_threads
 * @user_runs: out: the number of open runs in all sessions of that user
 * @max_user_runs: out: limit of @user_runs
 * @user_memory: out: bytes of kernel memory that those sessions use
 * @max_user_memory: out: limit of @user_memory
 * @armed_ns: out: how long the hooks were installed since the module was loaded
 * @loaded_ns: out: how long ago the module was loaded
 *
 * The opener's user is the effective user ID with which the file was opened.
 * Inside a user namespace, it is the owner of the outermost user namespace below
 * the initial one. The host's operator sets these limits as parameters of the
 * module.
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

/* Each thread that the thread creates is registered too, before it runs. */
#define BRICKTRACE_THREAD_INHERIT_THREADS	(1U << 0)
/* Each process that the thread creates is registered too, before it runs. */
#define BRICKTRACE_THREAD_INHERIT_CHILDREN	(1U << 1)
/* All threads of the process, also those that it creates during the call. */
#define BRICKTRACE_THREAD_WHOLE_PROCESS		(1U << 2)

/**
 * struct bricktrace_thread - register or unregister threads
 *	(BRICKTRACE_THREAD_REGISTER, BRICKTRACE_THREAD_UNREGISTER)
 * @size: in: sizeof(struct bricktrace_thread)
 * @flags: in: REGISTER: BRICKTRACE_THREAD_*; UNREGISTER: 0 or
 *	BRICKTRACE_THREAD_WHOLE_PROCESS
 * @tid: in: the ID of a thread in the caller's pid namespace; 0 means the calling
 *	thread
 * @threads: out: the number of threads that were registered or unregistered
 *
 * The thread does not notice: it is not stopped, signaled or interrupted. If the
 * thread is blocked in a system call, that call is counted from the moment of
 * registration. Without BRICKTRACE_THREAD_INHERIT_THREADS, threads created after
 * this call are not followed.
 *
 * Both the caller and the user who opened the file need the rights that ptrace(2)
 * requires (the same user and group IDs and a dumpable target, or CAP_SYS_PTRACE in
 * the target's user namespace), or CAP_PERFMON. A program that opened the file
 * itself may always register its own threads. If a thread executes a program that
 * the opener may not trace, the thread leaves the session. A run of scope thread on
 * it ends at that moment and is partial; a run of scope session continues and is
 * partial.
 *
 * REGISTER errors:
 *	EINVAL	@tid is negative
 *	EEXIST	the thread, or each thread of the process, is registered with this
 *		session already
 *	EDQUOT	the session's limit of threads is reached, or the limit of threads
 *		or memory of the opener's user
 *	EUSERS	@max_followers of struct bricktrace_info follow the thread already
 *	EINTR	a fatal signal arrived
 *	EPERM	the caller or the opener may not trace the thread, or it is a
 *		kernel thread
 *	ESRCH	there is no such thread, or it is exiting
 * UNREGISTER errors:
 *	EINVAL	@tid is negative
 *	ESRCH	no such thread is registered with this session
 *	EBUSY	a run of scope thread is open on the thread
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
 * @budget_ns: in: 0 to BRICKTRACE_MAX_BUDGET
 * @name: in: 1 to 63 bytes and a NUL: valid UTF-8 without control characters
 *	(U+0000 to U+001F, U+007F to U+009F)
 * @brick: out: the brick's number in this session, from 1
 * @reserved: in: must be zero
 *
 * If the session has a brick of this name already, that brick keeps its number and
 * gets the new budget, which holds for runs that are opened later.
 *
 * Errors:
 *	ENAMETOOLONG	@name has no NUL
 *	ERANGE	@budget_ns is above BRICKTRACE_MAX_BUDGET
 *	EDQUOT	the session's limit of bricks is reached, or the limit of memory of
 *		the opener's user
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
 * @brick: in: the brick's number
 * @level: in: enum bricktrace_level
 * @scope: in: enum bricktrace_scope
 * @reserved: in: must be zero
 * @run: out: the run's number in this session, never used twice
 * @parent: out: the number of the run that encloses it, or 0
 *
 * The run starts when the call has done its work; the time in which the answer is
 * copied is in @control_ns of struct bricktrace_times. Its parent is the most
 * recently opened run that is still open and either has scope session or, for a run
 * of scope thread, was opened by the same thread. The first run at level trace on
 * the host installs the hooks, which takes milliseconds, before it starts.
 *
 * Errors:
 *	ENOENT	there is no such brick
 *	ESRCH	the level is trace, and with scope thread the caller is not
 *		registered, or with scope session no thread is registered
 *	ELOOP	the run would be nested deeper than BRICKTRACE_MAX_DEPTH
 *	EDQUOT	the session's limit of open runs is reached, or the limit of runs
 *		or memory of the opener's user
 *	EINTR	a fatal signal arrived while the hooks were being installed
 *
 * While the host's operator has switched tracing off (the module's parameter
 * enabled), a run at level trace can be opened, but it is not instrumented.
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
 * The part of a run that a set of figures is about. The elements of an array that
 * are about the same category or system call are adjacent, the inclusive one first.
 */
enum bricktrace_view {
	BRICKTRACE_VIEW_INCLUSIVE	= 0,	/* the run with the runs that it encloses */
	BRICKTRACE_VIEW_EXCLUSIVE	= 1,	/* without them */
};

/**
 * struct bricktrace_figures - the figures of a system call or a category
 * @count: the number of calls that completed inside the run
 * @in_flight: the number of calls that were under way when the run or their thread
 *	ended
 * @errors: the number of completed calls that returned an error to the program; a
 *	call that was interrupted and that the kernel restarted is not an error; a
 *	call that the program saw fail with EINTR is an error
 * @ns: the time in calls inside the run, completed or not
 * @offcpu_ns: the part of @ns in which the thread did not run
 * @max_ns: the time of the longest completed call; BRICKTRACE_NONE if no call
 *	completed, or if the longest known call of a thread in the run did not lie
 *	wholly inside the run
 * @runnable_ns: the part of @offcpu_ns in which the thread was able to run and
 *	waited for a CPU; in the other part it was blocked. The kernel's scheduler
 *	measures this figure, which /proc/TID/schedstat shows too. It grows when the
 *	thread is given the CPU, and it may exceed @offcpu_ns by some microseconds
 *	for each context switch. It is BRICKTRACE_NONE without
 *	BRICKTRACE_FEATURE_RUNNABLE
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
 * @thread_ns: the sum of the times for which each thread existed inside the run
 * @compute_ns: @thread_ns less the time of all categories, @control_ns and @edge_ns
 * @compute_offcpu_ns: the part of @compute_ns in which the thread did not run
 * @edge_ns: the estimated cost of the completed calls outside the window that the
 *	module can measure, which is kernel entry, kernel exit and the probes;
 *	BRICKTRACE_NONE if the session has no edge (BRICKTRACE_SESSION_SET)
 * @control_ns: the time in calls of bricktrace itself
 * @compute_runnable_ns: the part of @compute_offcpu_ns in which the thread waited
 *	for a CPU, measured like @runnable_ns of struct bricktrace_figures
 * @minor_faults: the number of page faults inside the run, inside and outside calls,
 *	that needed no input or output; their time is in @compute_ns or in the call
 *	in which they happened
 * @major_faults: the number of page faults that needed input or output
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
 * struct bricktrace_category_figures - the figures of one category of a result
 * @category: enum bricktrace_category
 * @view: enum bricktrace_view
 * @figures: the sums of the figures of the category's system calls
 */
struct bricktrace_category_figures {
	__u32 category;
	__u32 view;
	struct bricktrace_figures figures;
};

#define BRICKTRACE_CATEGORY_FIGURES_SIZE_V0	56
#define BRICKTRACE_CATEGORY_FIGURES_SIZE_V1	64

/**
 * struct bricktrace_syscall - the figures of one system call of a result
 * @nr: the number of the call, or BRICKTRACE_NR_*
 * @arch: enum bricktrace_arch
 * @category: enum bricktrace_category
 * @view: enum bricktrace_view
 * @figures: the figures of the call
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

/* The run's wall time is greater than its budget. */
#define BRICKTRACE_RESULT_OVER_BUDGET	(1U << 0)
/* The thread ended or left the session before the run was closed, which ended the run. */
#define BRICKTRACE_RESULT_ABANDONED	(1U << 1)

/**
 * struct bricktrace_result - a finished run
 * @run: the run's number
 * @parent: the number of the run that encloses it, or 0
 * @brick: the brick's number
 * @flags: BRICKTRACE_RESULT_*
 * @provenance: enum bricktrace_provenance of times, categories and system calls
 * @reason: enum bricktrace_reason
 * @threads: the number of threads that were in the run at any time; 0 if the run is
 *	not instrumented
 * @depth: the number of runs that enclose it
 * @budget_ns: the brick's budget when the run was opened
 * @start_ns: the CLOCK_MONOTONIC time at which the run started
 * @wall_ns: the time from the end of the opening call's work to the entry of the
 *	closing call, or to its handler if the closing thread is not registered
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
 * @result: one element, struct bricktrace_result
 * @times: one element for each view, struct bricktrace_times
 * @categories: one element for each category and view, struct
 *	bricktrace_category_figures
 * @syscalls: one element for each system call and view, struct bricktrace_syscall
 *
 * Any thread may close a run. The run ends when the call is entered. With provenance
 * BRICKTRACE_NOT_INSTRUMENTED, all arrays but @result are empty.
 *
 * Errors:
 *	EINVAL	an array's @cap is above 4096; or @cap is not 0, and @addr is 0, or
 *		@size is above 4096 or below the size of the element's first version
 *		(BRICKTRACE_*_SIZE_V0)
 *	ENOENT	no such run is open
 *	EBUSY	the run encloses a run that is still open and must be closed first
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

/* Set @edge_ps of struct bricktrace_session. */
#define BRICKTRACE_SESSION_EDGE		(1U << 0)

/**
 * struct bricktrace_session - the settings, limits and counters of a session
 *	(BRICKTRACE_SESSION_GET, BRICKTRACE_SESSION_SET)
 * @size: in: sizeof(struct bricktrace_session)
 * @flags: in: GET: must be zero; SET: BRICKTRACE_SESSION_*, the settings to change
 * @edge_ps: in (SET), out (GET): the edge of a call in picoseconds, as calibrated
 *	by the caller; BRICKTRACE_NONE if it is not known
 * @max_threads: out: limit of registered threads
 * @max_bricks: out: limit of bricks
 * @max_runs: out: limit of open runs
 * @max_depth: out: BRICKTRACE_MAX_DEPTH
 * @threads: out: the number of registered threads
 * @bricks: out: the number of defined bricks
 * @runs: out: the number of open runs
 * @reserved: in: must be zero
 * @runs_opened: out: the number of runs opened since the session began
 * @threads_lost: out: the number of threads that should have been inherited but
 *	could not be followed
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
 * The argument of each ioctl is the address of its structure, which the module reads
 * and writes. The number of an ioctl has both directions but no size, so that the
 * number stays the same when the structure grows.
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
