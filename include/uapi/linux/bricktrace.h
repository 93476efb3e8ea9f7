/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * This header is the ABI of the device /dev/bricktrace.
 *
 * A brick is a named piece of work with a time budget. A run is one execution of
 * a brick. A session is one open file of the device and owns bricks, runs and
 * registrations of threads. Releasing the file ends all of them. For each brick the
 * module keeps statistics of its runs, and a window of the last of them, in which an
 * anomaly shows.
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
/* The largest number of assertions of a brick. */
#define BRICKTRACE_MAX_ASSERTIONS	16
/* Statistics take a run that lasted longer, 18 minutes, as one of 2^40 ns. */
#define BRICKTRACE_MAX_DURATION	(1ULL << 40)
/* The number of runs in a brick's window. */
#define BRICKTRACE_WINDOW	64
/* Without that many runs in its window, a brick has no anomaly. */
#define BRICKTRACE_WINDOW_LEAST	10
/* The number of ioctl commands for which one thread has separate figures. */
#define BRICKTRACE_THREAD_IOCTLS	64
/* The number of ioctl commands for which the runs of one session have separate figures. */
#define BRICKTRACE_SESSION_IOCTLS	256
/* The size of the names of modules, files and file systems, with the terminating NUL. */
#define BRICKTRACE_FILE_NAME_LEN	16
/* The largest number of slow calls of a result, and of the longest run of a brick. */
#define BRICKTRACE_RUN_SLOW		48
/* So many slow calls of a result are its run's longest, unless the result says otherwise. */
#define BRICKTRACE_RUN_SLOWEST		10
#define BRICKTRACE_BRICK_SLOW		8
/* The size of the name of a program, with the terminating NUL. */
#define BRICKTRACE_COMM_LEN		16
/* The size of a session's label in bytes, with its terminating NUL. */
#define BRICKTRACE_LABEL_LEN		64
/* The largest record of a stream, 64 KiB. */
#define BRICKTRACE_RECORD_MAX		65536
/* The limits and the default of @ring_bytes of struct bricktrace_stream_open. */
#define BRICKTRACE_RING_MIN		(128U << 10)
#define BRICKTRACE_RING_MAX		(16U << 20)
#define BRICKTRACE_RING_DEFAULT		(1U << 20)
/* The largest number of host-wide streams. */
#define BRICKTRACE_MAX_HOST_STREAMS	16
/*
 * Bucket I of a histogram counts the runs that lasted more than 2^(I/4) and at most
 * 2^((I+1)/4) seconds. The first bucket is number -120 and the last number 40. These
 * are the buckets of OTLP's exponential histogram of scale 2.
 */
#define BRICKTRACE_BUCKET_FIRST	(-120)
#define BRICKTRACE_BUCKETS	161

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
	BRICKTRACE_REASON_DISABLED	= 6,	/* tracing is off on the host or in the session */
	BRICKTRACE_REASON_RATE_LIMIT	= 7,	/* the session's limit had no grant left */
	BRICKTRACE_REASON_HOOKS_PENDING	= 8,	/* the hooks were not installed yet */
	BRICKTRACE_REASON_NOT_REGISTERED = 9,	/* no thread of the run is registered */
	BRICKTRACE_REASON_BUSY		= 10,	/* another call held the session; no memory */
	BRICKTRACE_REASON_DETACHED	= 11,	/* the host's operator detached the session */
};

/* What the file descriptor of an ioctl was open for. */
enum bricktrace_file {
	BRICKTRACE_FILE_UNKNOWN		= 0,	/* the call was under way when it was observed */
	BRICKTRACE_FILE_BAD		= 1,	/* nothing, or it was opened with O_PATH */
	BRICKTRACE_FILE_CHAR		= 2,	/* a character device */
	BRICKTRACE_FILE_BLOCK		= 3,	/* a block device */
	BRICKTRACE_FILE_SOCKET		= 4,
	BRICKTRACE_FILE_PIPE		= 5,	/* a pipe or FIFO */
	BRICKTRACE_FILE_ANON		= 6,	/* an anonymous file, such as kvm-vm or [eventfd] */
	BRICKTRACE_FILE_DIRECTORY	= 7,
	BRICKTRACE_FILE_REGULAR		= 8,	/* any other file */
	BRICKTRACE_FILE_MORE		= 9,	/* all commands without separate figures */
};

enum bricktrace_level {
	BRICKTRACE_LEVEL_MEASURE	= 0,	/* only the duration, without hooks */
	BRICKTRACE_LEVEL_TRACE		= 1,	/* the duration and the breakdown */
	BRICKTRACE_LEVEL_AUTO		= 2,	/* what the brick's mode says */
};

/*
 * What a run at level auto measures.
 * NEXT: the breakdown is measured from an anomaly on, until 64 runs in a row had none.
 * Each run that is traced takes a grant when it is opened.
 * TAIL: the breakdown is always measured. A run that turns out to be interesting takes a
 * grant when it is closed.
 */
enum bricktrace_mode {
	BRICKTRACE_MODE_MEASURE	= 0,	/* only the duration */
	BRICKTRACE_MODE_TRACE	= 1,	/* the duration and the breakdown */
	BRICKTRACE_MODE_NEXT	= 2,	/* the duration; the breakdown after an anomaly */
	BRICKTRACE_MODE_TAIL	= 3,	/* both; what was interesting is kept */
};

/*
 * Why a run is interesting, which is decided when the run is closed, whether or not the
 * run was traced. The first two are anomalies: they compare the brick's window, as it was
 * when the run was opened, with the session's thresholds.
 */
#define BRICKTRACE_WHY_CV_EXCEEDED	(1U << 0) /* the coefficient of variation is high */
#define BRICKTRACE_WHY_EFFICIENCY_LOW	(1U << 1) /* the median is far above the budget */
#define BRICKTRACE_WHY_OVER_BUDGET	(1U << 2) /* the run took longer than its budget */
#define BRICKTRACE_WHY_ASSERTION	(1U << 3) /* an assertion failed */
#define BRICKTRACE_WHY_BASELINE		(1U << 4) /* @brick_run is a multiple of @baseline */
#define BRICKTRACE_WHY_MANUAL		(1U << 5) /* the caller asked for level trace */

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
/*
 * The module keeps statistics: modes, level auto, assertions, thresholds, limits, and
 * the ioctls BRICK_GET and BRICK_RESET.
 */
#define BRICKTRACE_FEATURE_STATISTICS	(1ULL << 2)
/* The module reports ioctls by file and command. */
#define BRICKTRACE_FEATURE_IOCTLS	(1ULL << 3)
/* The module reports slow calls. */
#define BRICKTRACE_FEATURE_SLOW_CALLS	(1ULL << 4)
/*
 * The module has streams of finished runs, with labels and trace contexts: read(2) on the
 * device and the ioctls STREAM_OPEN and STREAM_GET.
 */
#define BRICKTRACE_FEATURE_STREAM	(1ULL << 5)

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
 * @host_granted: out: the number of granted runs of all sessions that were within
 *	@max_host_grants, since the module was loaded
 * @host_refused: out: the number of granted runs that were beyond it
 * @max_host_grants: out: how many granted runs of all sessions may be passed to
 *	host-wide readers in any second
 * @decode: out: 0 while the host's operator has switched off the reading of commands
 *	in the arguments of ioctls, otherwise 1, see @command of struct bricktrace_ioctl
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
	__u64 host_granted;
	__u64 host_refused;
	__u32 max_host_grants;
	__u32 decode;
};

#define BRICKTRACE_INFO_SIZE_V0		128
#define BRICKTRACE_INFO_SIZE_V1		152

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
 *	EBUSY	the thread is executing a program, which takes long
 *	EINTR	a fatal signal arrived
 *	EPERM	the caller or the opener may not trace the thread, or it is a
 *		kernel thread
 *	ESRCH	there is no such thread, or it is exiting
 *	ESHUTDOWN	the host's operator has detached the session
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

/* What an assertion limits; its run fails the assertion if the value is greater. */
enum bricktrace_assertion_kind {
	BRICKTRACE_ASSERT_DURATION	  = 0,	/* the wall time, ns */
	BRICKTRACE_ASSERT_CATEGORY_SHARE  = 1,	/* a category's part of the thread time, 1/1000 % */
	BRICKTRACE_ASSERT_CATEGORY_NS	  = 2,	/* a category's time, ns */
	BRICKTRACE_ASSERT_CATEGORY_OFFCPU = 3,	/* a category's off-CPU time, ns */
	BRICKTRACE_ASSERT_SYSCALL_COUNT	  = 4,	/* the completed calls of one system call */
};

/**
 * struct bricktrace_assertion - a named limit that each run of a brick is compared with
 * @kind: enum bricktrace_assertion_kind
 * @subject: the category of CATEGORY_*, the number of the system call of SYSCALL_COUNT,
 *	otherwise zero
 * @arch: enum bricktrace_arch of the system call, otherwise zero
 * @reserved: must be zero
 * @limit: the largest value with which a run passes
 * @name: 1 to 63 bytes and a NUL, like a brick's name
 *
 * The values are inclusive figures. An assertion is not evaluated by a run that did not
 * measure the value. A run whose breakdown is partial cannot pass an assertion about it:
 * its figures are lower bounds, so it either fails or does not evaluate the assertion.
 */
struct bricktrace_assertion {
	__u32 kind;
	__u32 subject;
	__u32 arch;
	__u32 reserved;
	__u64 limit;
	char  name[BRICKTRACE_NAME_LEN];
};

#define BRICKTRACE_ASSERTION_SIZE_V0	88

/* Set @mode of struct bricktrace_brick_define. */
#define BRICKTRACE_BRICK_MODE		(1U << 0)
/* Set @baseline. */
#define BRICKTRACE_BRICK_BASELINE	(1U << 1)
/* Replace the brick's assertions by @assertions. */
#define BRICKTRACE_BRICK_ASSERTIONS	(1U << 2)

/**
 * struct bricktrace_brick_define - define or change a brick (BRICKTRACE_BRICK_DEFINE)
 * @size: in: sizeof(struct bricktrace_brick_define)
 * @flags: in: BRICKTRACE_BRICK_*, what to set besides the budget
 * @budget_ns: in: 0 to BRICKTRACE_MAX_BUDGET
 * @name: in: 1 to 63 bytes and a NUL: valid UTF-8 without control characters
 *	(U+0000 to U+001F, U+007F to U+009F)
 * @brick: out: the brick's number in this session, from 1
 * @reserved: in: must be zero
 * @mode: in: enum bricktrace_mode
 * @baseline: in: each run whose number among the brick's runs is a multiple of this is
 *	interesting; 0, the default, for none
 * @assertions: in: @cap elements of struct bricktrace_assertion, at most
 *	BRICKTRACE_MAX_ASSERTIONS; out: @count and @known
 *
 * If the session has a brick of this name already, that brick keeps its number and its
 * statistics and gets the new settings, which hold for runs that are opened later. A
 * flag that is not given leaves its setting unchanged; a new brick has the mode measure,
 * no baseline and no assertions. New assertions have counted nothing.
 *
 * The session holds the hooks while it has a brick of mode trace or tail. The call that
 * sets such a mode installs the hooks, which takes milliseconds, and returns when they
 * are in place or tracing is switched off.
 *
 * Errors:
 *	EINVAL	also: a mode, a kind, a subject or an arch is not valid, or the name of
 *		an assertion is empty or not valid
 *	ENAMETOOLONG	@name, or the name of an assertion, has no NUL
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
	__u32 mode;
	__u32 baseline;
	struct bricktrace_array assertions;
};

#define BRICKTRACE_BRICK_DEFINE_SIZE_V0	88
#define BRICKTRACE_BRICK_DEFINE_SIZE_V1	120

/**
 * struct bricktrace_context - a place in a distributed trace, as W3C Trace Context has it
 * @trace_id: the trace; not all bytes are zero
 * @span_id: the span; not all bytes are zero
 * @flags: the trace flags, 0 to 255
 *
 * A context whose bytes are all zero stands for no context.
 */
struct bricktrace_context {
	__u8  trace_id[16];
	__u8  span_id[8];
	__u64 flags;
};

/*
 * Take a grant, as the session's limit says, if the run is traced. If the run cannot be
 * traced, it is opened without a breakdown and says why, as at level auto.
 */
#define BRICKTRACE_RUN_CHARGE		(1U << 0)
/* Return the run's own context in @context of struct bricktrace_run_open. */
#define BRICKTRACE_RUN_IDS		(1U << 1)
/* Take @context of struct bricktrace_run_open as the parent of the run's span. */
#define BRICKTRACE_RUN_CONTEXT		(1U << 2)

/**
 * struct bricktrace_run_open - open a run (BRICKTRACE_RUN_OPEN)
 * @size: in: sizeof(struct bricktrace_run_open)
 * @flags: in: BRICKTRACE_RUN_*; BRICKTRACE_RUN_CHARGE only with level trace
 * @brick: in: the brick's number
 * @level: in: enum bricktrace_level
 * @scope: in: enum bricktrace_scope
 * @reserved: in: must be zero
 * @run: out: the run's number in this session, never used twice
 * @parent: out: the number of the run that encloses it, or 0
 * @why: in: BRICKTRACE_WHY_CV_EXCEEDED, BRICKTRACE_WHY_EFFICIENCY_LOW and
 *	BRICKTRACE_WHY_MANUAL, the reasons that the caller has; a run at level trace
 *	without one has BRICKTRACE_WHY_MANUAL. Must be zero at another level
 * @effective_level: out: BRICKTRACE_LEVEL_TRACE if the run is traced, otherwise
 *	BRICKTRACE_LEVEL_MEASURE
 * @reason: out: enum bricktrace_reason, why the run is not traced
 * @mode: out: enum bricktrace_mode of the brick
 * @context: in, with BRICKTRACE_RUN_CONTEXT: the context of the span that is the parent
 *	of the run's span; out, with BRICKTRACE_RUN_IDS: the context of the run's span,
 *	which is also in the run's record. Otherwise ignored and unchanged
 *
 * Each run is a span. Without BRICKTRACE_RUN_CONTEXT, the parent of a run's span is the
 * span of the run that encloses it or, if there is none, that of the session's context.
 * A run without any parent is the first span of a trace of its own. The module derives
 * the IDs that nobody gives from the numbers of session and run, by a hash with a random
 * key, so that nobody can foresee them.
 *
 * The run starts when the call has done its work; the time in which the answer is
 * copied is in @control_ns of struct bricktrace_times. Its parent is the most
 * recently opened run that is still open and either has scope session or, for a run
 * of scope thread, was opened by the same thread. The first run at level trace on
 * the host installs the hooks, which takes milliseconds, before it starts. A run at
 * level auto waits neither for the hooks nor for another call on the session.
 *
 * Errors:
 *	EINVAL	also: an ID of @context is all zero, or its flags are above 255
 *	ENOENT	there is no such brick
 *	ESRCH	the level is trace without BRICKTRACE_RUN_CHARGE, and with scope
 *		thread the caller is not registered, or with scope session no thread
 *		is registered
 *	ELOOP	the run would be nested deeper than BRICKTRACE_MAX_DEPTH
 *	EDQUOT	the session's limit of open runs is reached, or the limit of runs
 *		or memory of the opener's user
 *	EINTR	a fatal signal arrived while the hooks were being installed
 *
 * While tracing is switched off, on the host (the module's parameter enabled) or in the
 * session, a run at level trace can be opened, but it is not instrumented.
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
	__u32 why;
	__u32 effective_level;
	__u32 reason;
	__u32 mode;
	struct bricktrace_context context;
};

#define BRICKTRACE_RUN_OPEN_SIZE_V0		40
#define BRICKTRACE_RUN_OPEN_SIZE_V1		56
#define BRICKTRACE_RUN_OPEN_SIZE_V2		88

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

/**
 * struct bricktrace_ioctl - the figures of one ioctl command of a result
 * @file: enum bricktrace_file
 * @major: the major device number of a character or block device, otherwise zero
 * @minor: the minor device number, likewise
 * @request: the request, the second argument of ioctl(2); with BRICKTRACE_FILE_MORE zero
 * @command: the number of the operation that a driver takes from the argument of the
 *	request: the command of NVIDIA's RM CONTROL and the class of its ALLOC.
 *	BRICKTRACE_NONE for all other requests, while the host's operator has switched
 *	the reading off, and if the argument could not be read
 * @arch: enum bricktrace_arch of the system call
 * @view: enum bricktrace_view
 * @owner: of a character device: the name of the module that drives it, cut to 15 bytes;
 *	empty if the driver is part of the kernel
 * @name: the name of an anonymous file, or the type of the file system of a regular file
 *	or directory, cut to 15 bytes; otherwise empty
 * @figures: the figures of the command. Of requests with @command, also the calls for
 *	which the driver stored an error in the argument are in @errors
 *
 * A thread has separate figures for its first BRICKTRACE_THREAD_IOCTLS distinct commands,
 * and a session for its first BRICKTRACE_SESSION_IOCTLS. All other calls are in one
 * element for each arch, with BRICKTRACE_FILE_MORE; so are calls that seccomp or a tracer
 * refused. The figures of the ioctl system call
 * of an arch are the sums of the arch's elements; its @max_ns is the largest of theirs.
 */
struct bricktrace_ioctl {
	__u32 file;
	__u32 major;
	__u32 minor;
	__u32 request;
	__u64 command;
	__u32 arch;
	__u32 view;
	char  owner[BRICKTRACE_FILE_NAME_LEN];
	char  name[BRICKTRACE_FILE_NAME_LEN];
	struct bricktrace_figures figures;
};

#define BRICKTRACE_IOCTL_SIZE_V0	120

/**
 * struct bricktrace_slow_call - one call that took long
 * @tid: the thread's ID in the pid namespace of the session's opener, 0 if it has none
 * @arch: enum bricktrace_arch
 * @nr: the number of the call, or BRICKTRACE_NR_INVALID
 * @category: enum bricktrace_category
 * @arg0: the first argument, such as a file descriptor or an address, as the thread's
 *	registers had it at the end of the call
 * @start_ns: the CLOCK_MONOTONIC time at which the call was entered
 * @ns: how long the call took
 * @offcpu_ns: the part of @ns in which the thread did not run
 * @ret: what the call returned, or the kernel's own number from -516 to -512 if it was
 *	interrupted
 * @file: this and the following are as in struct bricktrace_ioctl if the call is an ioctl,
 *	otherwise zero. With BRICKTRACE_FILE_MORE, which stands for a command without
 *	separate figures, @request is set, too
 */
struct bricktrace_slow_call {
	__s32 tid;
	__u32 arch;
	__u32 nr;
	__u32 category;
	__u64 arg0;
	__u64 start_ns;
	__u64 ns;
	__u64 offcpu_ns;
	__s64 ret;
	__u32 file;
	__u32 major;
	__u32 minor;
	__u32 request;
	__u64 command;
	char  owner[BRICKTRACE_FILE_NAME_LEN];
	char  name[BRICKTRACE_FILE_NAME_LEN];
};

#define BRICKTRACE_SLOW_CALL_SIZE_V0	112

/**
 * struct bricktrace_sum - a number of 128 bits, which no sum over 2^40 runs exceeds
 * @low: the lower 64 bits
 * @high: the upper 64 bits
 */
struct bricktrace_sum {
	__u64 low;
	__u64 high;
};

/* The run's wall time is greater than its budget. */
#define BRICKTRACE_RESULT_OVER_BUDGET	(1U << 0)
/* The thread ended or left the session before the run was closed, which ended the run. */
#define BRICKTRACE_RESULT_ABANDONED	(1U << 1)
/* The run has a reason in @why. */
#define BRICKTRACE_RESULT_INTERESTING	(1U << 2)
/* The run took a grant of its session's limit. */
#define BRICKTRACE_RESULT_GRANTED	(1U << 3)
/* The run would have taken a grant, but the limit had none left. */
#define BRICKTRACE_RESULT_REFUSED	(1U << 4)
/* The run is granted and within the limit of what host-wide readers get. */
#define BRICKTRACE_RESULT_HOST		(1U << 5)
/* The slow calls of the run may lack some of its BRICKTRACE_RUN_SLOWEST longest. */
#define BRICKTRACE_RESULT_SLOW_INCOMPLETE	(1U << 6)
/* The session was released while the run was open, which ended the run. */
#define BRICKTRACE_RESULT_RELEASED	(1U << 7)

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
 * @why: BRICKTRACE_WHY_*
 * @mode: enum bricktrace_mode of the brick when the run was opened
 * @brick_run: the run's number among the runs of its brick, from 1, in the order in
 *	which they were opened
 * @window_runs: the number of runs in the brick's window when this run was opened
 * @window_kept: the number of these runs that are not outliers; the next two are about
 *	them
 * @window_sum: the sum of their durations, ns
 * @window_squares: the sum of the squares of their durations, ns^2. The coefficient of
 *	variation is sqrt(@window_kept * @window_squares - @window_sum^2) / @window_sum
 * @window_median2: twice the median of the window, ns
 * @passed: the number of assertions that the run passed
 * @failed: the number of assertions that the run failed
 * @not_evaluated: the number of assertions that the run did not evaluate
 * @reserved: zero
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
	__u32 why;
	__u32 mode;
	__u64 brick_run;
	__u32 window_runs;
	__u32 window_kept;
	__u64 window_sum;
	struct bricktrace_sum window_squares;
	__u64 window_median2;
	__u32 passed;
	__u32 failed;
	__u32 not_evaluated;
	__u32 reserved;
};

#define BRICKTRACE_RESULT_SIZE_V0	64
#define BRICKTRACE_RESULT_SIZE_V1	136

/**
 * struct bricktrace_failed - an assertion that a run failed
 * @index: the assertion's place among the brick's assertions, from 0
 * @kind: enum bricktrace_assertion_kind
 * @value: the value of the run, in the unit of the kind
 * @limit: the assertion's limit
 * @name: the assertion's name
 */
struct bricktrace_failed {
	__u32 index;
	__u32 kind;
	__u64 value;
	__u64 limit;
	char  name[BRICKTRACE_NAME_LEN];
};

#define BRICKTRACE_FAILED_SIZE_V0	88

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
 * @failed: one element for each assertion that the run failed, struct bricktrace_failed
 * @ioctls: one element for each ioctl command and view, struct bricktrace_ioctl
 * @slow_calls: completed calls that began and ended inside the run and took at least
 *	@slow_ns of struct bricktrace_session, the longest first, at most
 *	BRICKTRACE_RUN_SLOW; struct bricktrace_slow_call
 *
 * A thread's list has its 32 latest slow calls and the 16 longest since the oldest traced
 * run of the sessions that follow the thread began. Thus the BRICKTRACE_RUN_SLOWEST longest
 * of @slow_calls are those of the run, and shorter ones may be missing. If the run is inside
 * an older run, or another session has an older run of the thread, longer calls from before
 * the run may have taken the place of too many of the run's; then, and if there was no memory
 * for a list, the result has BRICKTRACE_RESULT_SLOW_INCOMPLETE.
 *
 * Any thread may close a run. The run ends when the call is entered. With provenance
 * BRICKTRACE_NOT_INSTRUMENTED, all arrays but @result and @failed are empty. A run that was
 * opened at level auto waits for no other call on the session.
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
	struct bricktrace_array failed;
	struct bricktrace_array ioctls;
	struct bricktrace_array slow_calls;
};

#define BRICKTRACE_RUN_CLOSE_SIZE_V0	112
#define BRICKTRACE_RUN_CLOSE_SIZE_V1	136
#define BRICKTRACE_RUN_CLOSE_SIZE_V2	184

/**
 * struct bricktrace_statistics - the statistics of a brick
 * @runs: the number of closed runs
 * @traced: the number of them that have a breakdown
 * @partial: the number of @traced whose breakdown is partial; the sums contain what
 *	was measured of them
 * @over_budget: the number of runs that were over their budget
 * @granted: the number of runs that took a grant
 * @refused: the number of runs for which no grant was left
 * @min_ns: the shortest duration, BRICKTRACE_NONE without a run
 * @max_ns: the longest duration, BRICKTRACE_NONE without a run
 * @zero: the number of runs with the duration 0, which are in no bucket of the histogram
 * @sum_ns: the sum of the durations
 * @squares: the sum of their squares, ns^2
 * @edge_runs: the number of @traced whose edge is known, to which @edge_ns belongs
 * @thread_ns: this and the following are sums over @traced of the inclusive times and
 *	counts of struct bricktrace_times; runnable is zero without
 *	BRICKTRACE_FEATURE_RUNNABLE
 *
 * Durations are wall times, but at most BRICKTRACE_MAX_DURATION.
 */
struct bricktrace_statistics {
	__u64 runs;
	__u64 traced;
	__u64 partial;
	__u64 over_budget;
	__u64 granted;
	__u64 refused;
	__u64 min_ns;
	__u64 max_ns;
	__u64 zero;
	__u64 edge_runs;
	struct bricktrace_sum sum_ns;
	struct bricktrace_sum squares;
	struct bricktrace_sum thread_ns;
	struct bricktrace_sum compute_ns;
	struct bricktrace_sum compute_offcpu_ns;
	struct bricktrace_sum compute_runnable_ns;
	struct bricktrace_sum edge_ns;
	struct bricktrace_sum control_ns;
	struct bricktrace_sum minor_faults;
	struct bricktrace_sum major_faults;
};

#define BRICKTRACE_STATISTICS_SIZE_V0	240

/**
 * struct bricktrace_bucket - a bucket of a histogram
 * @runs: the number of runs in it
 */
struct bricktrace_bucket {
	__u64 runs;
};

#define BRICKTRACE_BUCKET_SIZE_V0	8

/**
 * struct bricktrace_category_statistics - the sums of a category over all traced runs
 * @category: enum bricktrace_category
 * @reserved: zero
 * @count: this and the following are sums of the inclusive figures of the same names in
 *	struct bricktrace_figures; @runnable_ns is zero without
 *	BRICKTRACE_FEATURE_RUNNABLE
 */
struct bricktrace_category_statistics {
	__u32 category;
	__u32 reserved;
	struct bricktrace_sum count;
	struct bricktrace_sum errors;
	struct bricktrace_sum ns;
	struct bricktrace_sum offcpu_ns;
	struct bricktrace_sum runnable_ns;
};

#define BRICKTRACE_CATEGORY_STATISTICS_SIZE_V0	88

/**
 * struct bricktrace_window_run - a run in a brick's window
 * @ns: its duration, at most BRICKTRACE_MAX_DURATION
 */
struct bricktrace_window_run {
	__u64 ns;
};

#define BRICKTRACE_WINDOW_RUN_SIZE_V0	8

/**
 * struct bricktrace_assertion_counts - how often an assertion passed and failed
 * @passed: the number of runs that passed
 * @failed: the number of runs that failed
 * @not_evaluated: the number of runs that did not evaluate the assertion
 */
struct bricktrace_assertion_counts {
	__u64 passed;
	__u64 failed;
	__u64 not_evaluated;
};

#define BRICKTRACE_ASSERTION_COUNTS_SIZE_V0	24

/**
 * struct bricktrace_brick_get - read a brick and its statistics (BRICKTRACE_BRICK_GET)
 * @size: in: sizeof(struct bricktrace_brick_get)
 * @flags: in: must be zero
 * @brick: in: the brick's number, 1 to @bricks of struct bricktrace_session
 * @mode: out: enum bricktrace_mode
 * @budget_ns: out: the budget
 * @name: out: the name
 * @baseline: out: as in struct bricktrace_brick_define
 * @escalated: out: 1 while runs of a brick of mode next are traced, otherwise 0
 * @statistics: one element, struct bricktrace_statistics
 * @histogram: BRICKTRACE_BUCKETS elements, struct bricktrace_bucket, the first for the
 *	bucket number BRICKTRACE_BUCKET_FIRST
 * @categories: one element for each category, struct bricktrace_category_statistics
 * @window: the last runs, the oldest first, struct bricktrace_window_run
 * @assertions: the assertions, struct bricktrace_assertion
 * @counts: for each assertion, struct bricktrace_assertion_counts
 * @longest: one element if a run was traced: the result of the longest traced run,
 *	struct bricktrace_result
 * @longest_times: the inclusive times of that run, struct bricktrace_times
 * @longest_categories: the inclusive figures of that run, struct
 *	bricktrace_category_figures
 * @longest_slow: slow calls of that run, the longest first, at most
 *	BRICKTRACE_BRICK_SLOW; struct bricktrace_slow_call
 *
 * All answers are of one moment.
 *
 * Errors:
 *	EINVAL	as for the arrays of BRICKTRACE_RUN_CLOSE
 *	ENOENT	there is no such brick
 */
struct bricktrace_brick_get {
	__u32 size;
	__u32 flags;
	__u32 brick;
	__u32 mode;
	__u64 budget_ns;
	char  name[BRICKTRACE_NAME_LEN];
	__u32 baseline;
	__u32 escalated;
	struct bricktrace_array statistics;
	struct bricktrace_array histogram;
	struct bricktrace_array categories;
	struct bricktrace_array window;
	struct bricktrace_array assertions;
	struct bricktrace_array counts;
	struct bricktrace_array longest;
	struct bricktrace_array longest_times;
	struct bricktrace_array longest_categories;
	struct bricktrace_array longest_slow;
};

#define BRICKTRACE_BRICK_GET_SIZE_V0	312
#define BRICKTRACE_BRICK_GET_SIZE_V1	336

/**
 * struct bricktrace_brick_reset - forget a brick's runs (BRICKTRACE_BRICK_RESET)
 * @size: in: sizeof(struct bricktrace_brick_reset)
 * @flags: in: must be zero
 * @brick: in: the brick's number
 * @reserved: in: must be zero
 *
 * The brick's statistics, window and counts of assertions become those of a new brick. A
 * brick of mode next is no longer escalated. Runs that are open count when they are
 * closed. The numbers of the brick's runs go on.
 *
 * Errors:
 *	ENOENT	there is no such brick
 */
struct bricktrace_brick_reset {
	__u32 size;
	__u32 flags;
	__u32 brick;
	__u32 reserved;
};

#define BRICKTRACE_BRICK_RESET_SIZE_V0	16

/* Set @edge_ps of struct bricktrace_session. */
#define BRICKTRACE_SESSION_EDGE		(1U << 0)
/* Set @cv_threshold. */
#define BRICKTRACE_SESSION_CV		(1U << 1)
/* Set @efficiency_threshold. */
#define BRICKTRACE_SESSION_EFFICIENCY	(1U << 2)
/* Set @trace_limit. */
#define BRICKTRACE_SESSION_LIMIT	(1U << 3)
/* Set @outliers. */
#define BRICKTRACE_SESSION_OUTLIERS	(1U << 4)
/* Set @enabled. */
#define BRICKTRACE_SESSION_ENABLED	(1U << 5)
/* Set @slow_ns. */
#define BRICKTRACE_SESSION_SLOW		(1U << 6)
/* Set @label. */
#define BRICKTRACE_SESSION_LABEL	(1U << 7)
/* Set @context. */
#define BRICKTRACE_SESSION_CONTEXT	(1U << 8)

/* The largest @cv_threshold, 1000 %: above the greatest value that a window can have. */
#define BRICKTRACE_MAX_CV		1000000U
/* The largest @efficiency_threshold, 100 %. */
#define BRICKTRACE_MAX_EFFICIENCY	100000U
/* The largest @trace_limit. */
#define BRICKTRACE_MAX_LIMIT		1000U
/* The largest @outliers, 1000 interquartile ranges. */
#define BRICKTRACE_MAX_OUTLIERS		1000000U
/* The least @slow_ns, 10 us, other than 0. */
#define BRICKTRACE_MIN_SLOW		10000ULL
/* The value of @outliers that leaves out no run. */
#define BRICKTRACE_OUTLIERS_KEEP	(~0U)

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
 * @cv_threshold: in (SET), out (GET): a coefficient of variation above this is an
 *	anomaly; in 1/1000 %, 15000 by default
 * @efficiency_threshold: in (SET), out (GET): an efficiency below this is an anomaly; in
 *	1/1000 %, 25000 by default. The efficiency is the budget divided by the window's
 *	median, at most 100 %
 * @trace_limit: in (SET), out (GET): the number of grants in any second; 0 for none, 100
 *	by default
 * @outliers: in (SET), out (GET): runs that lie further outside the window's quartiles
 *	than this, in 1/1000 of the interquartile range, are left out of the coefficient
 *	of variation; 1500 by default; or BRICKTRACE_OUTLIERS_KEEP
 * @enabled: in (SET), out (GET): 0 stops the tracing of the session at once: the session
 *	ceases to hold the hooks, and open runs are not instrumented; 1, the default
 * @escalated: out: the number of bricks of mode next whose runs are traced
 * @granted: out: the number of grants taken
 * @refused: out: the number of runs for which no grant was left
 * @slow_ns: in (SET), out (GET): the least time of a slow call; 1 ms by default, 0 if the
 *	session does not want slow calls. A new value holds for calls that end later
 * @id: out: the number of the session, which no other session of the host has until the
 *	module is unloaded
 * @label: in (SET), out (GET): the name of the service that the session belongs to, for
 *	the records of its runs: 0 to 63 bytes and a NUL, otherwise like a brick's name;
 *	empty by default
 * @context: in (SET), out (GET): the context of the span that is the parent of the spans
 *	of outermost runs that are opened from now on; none by default
 *
 * A SET with several flags sets all of them or, if it fails, none.
 *
 * SET errors:
 *	EINVAL	also: @label is not valid, or only one ID of @context is all zero, or its
 *		flags are above 255
 *	ENAMETOOLONG	@label has no NUL
 *	ERANGE	@edge_ps is above BRICKTRACE_MAX_EDGE_PS and not BRICKTRACE_NONE; or
 *		@cv_threshold is above BRICKTRACE_MAX_CV, @efficiency_threshold above
 *		BRICKTRACE_MAX_EFFICIENCY, @trace_limit above BRICKTRACE_MAX_LIMIT,
 *		@outliers above BRICKTRACE_MAX_OUTLIERS and not BRICKTRACE_OUTLIERS_KEEP,
 *		@enabled above 1, or @slow_ns below BRICKTRACE_MIN_SLOW and not 0
 *	ESHUTDOWN	@enabled is 1, but the host's operator has detached the session
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
	__u32 cv_threshold;
	__u32 efficiency_threshold;
	__u32 trace_limit;
	__u32 outliers;
	__u32 enabled;
	__u32 escalated;
	__u64 granted;
	__u64 refused;
	__u64 slow_ns;
	__u64 id;
	char  label[BRICKTRACE_LABEL_LEN];
	struct bricktrace_context context;
};

#define BRICKTRACE_SESSION_SIZE_V0	64
#define BRICKTRACE_SESSION_SIZE_V1	104
#define BRICKTRACE_SESSION_SIZE_V2	112
#define BRICKTRACE_SESSION_SIZE_V3	216

/* Whose finished runs a stream has. */
enum bricktrace_stream_scope {
	BRICKTRACE_STREAM_SESSION	= 0,	/* the session's own */
	BRICKTRACE_STREAM_HOST		= 1,	/* those of all sessions */
};

/* The stream has the runs that were not traced. */
#define BRICKTRACE_STREAM_MEASURE	(1U << BRICKTRACE_LEVEL_MEASURE)
/* The stream has the runs that were traced. */
#define BRICKTRACE_STREAM_TRACE		(1U << BRICKTRACE_LEVEL_TRACE)

/* The stream has only runs that took a grant, BRICKTRACE_RESULT_GRANTED. */
#define BRICKTRACE_STREAM_GRANTED	(1U << 0)

/**
 * struct bricktrace_stream_open - begin to stream finished runs (BRICKTRACE_STREAM_OPEN)
 * @size: in: sizeof(struct bricktrace_stream_open)
 * @flags: in: 0 or BRICKTRACE_STREAM_GRANTED
 * @scope: in: enum bricktrace_stream_scope
 * @levels: in: BRICKTRACE_STREAM_MEASURE, BRICKTRACE_STREAM_TRACE or both
 * @ring_bytes: in: the size of the ring that keeps records until they are read,
 *	BRICKTRACE_RING_MIN to BRICKTRACE_RING_MAX, or 0 for BRICKTRACE_RING_DEFAULT; out:
 *	the size, rounded up to whole pages. The opener's user is charged for it
 *
 * From now on, each run that ends and matches becomes a record, which read(2) returns. A
 * run ends when it is closed or its session is released, whatever ended its thread before.
 * Records have the order in which runs ended: if the close of a run returned before
 * that of another was called, or if a run enclosed another, theirs is that order.
 *
 * A read returns as many whole records as fit into the buffer, at least one, and waits for
 * one unless the file has O_NONBLOCK. A record that does not fit into the buffer remains.
 * Poll reports that there is a record; a thread that sleeps in read or poll, and SIGIO, may
 * come some milliseconds after the record. If the ring has no room for a record, the
 * record is lost; a record of type BRICKTRACE_RECORD_LOSS, in its place, has the number of
 * lost ones. All threads and processes with the file read from the same ring. Both read
 * and poll are calls of bricktrace itself, as ioctls on the device are: see @control_ns.
 *
 * Host-wide.  For a stream of scope host, both the opener of the file and the caller of each
 * read need CAP_PERFMON or CAP_SYS_ADMIN in the initial user namespace. In any second such
 * a stream gets at most @max_host_grants runs: with BRICKTRACE_STREAM_GRANTED those with
 * BRICKTRACE_RESULT_HOST, otherwise the first ones. The other runs are lost.
 *
 * Errors:
 *	EINVAL	@scope is not valid, or @levels is 0 or has unknown bits
 *	ERANGE	@ring_bytes is not 0 and out of its range
 *	EBUSY	the file has a stream already
 *	EPERM	the scope is host, and the caller or the opener lacks the right
 *	EUSERS	there are BRICKTRACE_MAX_HOST_STREAMS host-wide streams
 *	EDQUOT	the limit of memory of the opener's user is reached
 * Errors of read(2):
 *	EINVAL	the file has no stream
 *	EAGAIN	there is no record, and the file has O_NONBLOCK
 *	EMSGSIZE	the buffer is smaller than the next record
 *	EPERM	as above; poll reports POLLERR then
 *	EFAULT	the buffer is not accessible; records that were being copied are lost
 *	EINTR	a signal arrived before a record
 *	ENOMEM	there is no memory, or the memory control group's limit is reached
 * Without a stream, poll reports POLLERR.
 */
struct bricktrace_stream_open {
	__u32 size;
	__u32 flags;
	__u32 scope;
	__u32 levels;
	__u64 ring_bytes;
};

#define BRICKTRACE_STREAM_OPEN_SIZE_V0	24

/**
 * struct bricktrace_stream - the settings and counters of the file's stream
 *	(BRICKTRACE_STREAM_GET)
 * @size: in: sizeof(struct bricktrace_stream)
 * @flags: in: must be zero
 * @scope: out: as in struct bricktrace_stream_open; likewise the next two
 * @levels: out
 * @ring_bytes: out
 * @granted: out: 1 if the stream has only runs that took a grant, otherwise 0
 * @reserved: in: must be zero
 * @matched: out: the number of runs that matched since the stream was opened, which is the
 *	sum of the next three
 * @delivered: out: the number of them that were read
 * @lost: out: the number of them that were lost
 * @waiting: out: the number of them that are in the ring
 * @waiting_bytes: out: how much of the ring they take
 *
 * Errors:
 *	EINVAL	also: the file has no stream
 *	EPERM	the scope is host, and the caller or the opener lacks the right
 */
struct bricktrace_stream {
	__u32 size;
	__u32 flags;
	__u32 scope;
	__u32 levels;
	__u64 ring_bytes;
	__u32 granted;
	__u32 reserved;
	__u64 matched;
	__u64 delivered;
	__u64 lost;
	__u64 waiting;
	__u64 waiting_bytes;
};

#define BRICKTRACE_STREAM_SIZE_V0	72

/* The type of a record. A reader skips types that it does not know. */
enum bricktrace_record_type {
	BRICKTRACE_RECORD_LOSS	= 1,	/* struct bricktrace_record_loss */
	BRICKTRACE_RECORD_RUN	= 2,	/* struct bricktrace_record_run */
};

/**
 * struct bricktrace_record - the beginning of each record of a stream
 * @size: the bytes of the record, at most BRICKTRACE_RECORD_MAX; a multiple of 8
 * @type: enum bricktrace_record_type
 * @sequence: the number of the run among those that matched, from 1; of a loss, the number
 *	of the first run that was lost
 */
struct bricktrace_record {
	__u32 size;
	__u32 type;
	__u64 sequence;
};

#define BRICKTRACE_RECORD_SIZE_V0	16

/**
 * struct bricktrace_record_loss - runs that were lost
 * @record: the type is BRICKTRACE_RECORD_LOSS
 * @lost: the number of runs, at least 1. The next record has the sequence of this one plus
 *	@lost, unless several threads read the stream and copying to one of them failed: what
 *	that one lost comes after what others have read, and @sequence is that of the first
 */
struct bricktrace_record_loss {
	struct bricktrace_record record;
	__u64 lost;
};

#define BRICKTRACE_RECORD_LOSS_SIZE_V0	24

/**
 * struct bricktrace_part - an array inside a record
 * @offset: where the first element begins, in bytes from the record's beginning; a multiple
 *	of 8
 * @size: the size of an element in bytes
 * @count: the number of elements in the record
 * @total: the number of elements that exist; more than @count if the record would have
 *	become larger than BRICKTRACE_RECORD_MAX
 */
struct bricktrace_part {
	__u32 offset;
	__u32 size;
	__u32 count;
	__u32 total;
};

/**
 * struct bricktrace_origin - where a run comes from
 * @session: @id of struct bricktrace_session
 * @cgroup: the ID of the cgroup, in the version 2 hierarchy, of the thread that opened the
 *	run, when the run ended; 0 if it is not known
 * @end_unix_ns: the CLOCK_REALTIME time of the run's end, @start_ns + @wall_ns of struct
 *	bricktrace_result. The difference of both converts the record's other times
 * @context: the context of the run's span
 * @parent_span: the span ID of its parent, all zero if there is none
 * @tgid: the process of the thread that opened the run, in the pid namespace of the
 *	stream's opener; 0 if it is not in that namespace or, unless that is the initial
 *	one, if the thread has exited
 * @tid: that thread, likewise
 * @uid: the effective user ID with which the session's file was opened, in the user namespace
 *	of the stream's opener
 * @level: BRICKTRACE_LEVEL_TRACE if the run was traced, otherwise
 *	BRICKTRACE_LEVEL_MEASURE
 * @scope: enum bricktrace_scope
 * @reserved: zero
 * @comm: the name of that thread when the run ended, which may be any bytes
 * @brick: the brick's name
 * @label: the session's label
 */
struct bricktrace_origin {
	__u64 session;
	__u64 cgroup;
	__u64 end_unix_ns;
	struct bricktrace_context context;
	__u8  parent_span[8];
	__s32 tgid;
	__s32 tid;
	__u32 uid;
	__u32 level;
	__u32 scope;
	__u32 reserved;
	char  comm[BRICKTRACE_COMM_LEN];
	char  brick[BRICKTRACE_NAME_LEN];
	char  label[BRICKTRACE_LABEL_LEN];
};

#define BRICKTRACE_ORIGIN_SIZE_V0	232

/**
 * struct bricktrace_record_run - a finished run
 * @record: the type is BRICKTRACE_RECORD_RUN
 * @head: the bytes of this structure; a part at or after that offset does not exist
 * @reserved: zero
 * @origin: one element, struct bricktrace_origin
 * @result: this and the following are the arrays of struct bricktrace_run_close, whole
 *	and with all elements
 */
struct bricktrace_record_run {
	struct bricktrace_record record;
	__u32 head;
	__u32 reserved;
	struct bricktrace_part origin;
	struct bricktrace_part result;
	struct bricktrace_part times;
	struct bricktrace_part categories;
	struct bricktrace_part syscalls;
	struct bricktrace_part failed;
	struct bricktrace_part ioctls;
	struct bricktrace_part slow_calls;
};

#define BRICKTRACE_RECORD_RUN_SIZE_V0	152

#define BRICKTRACE_FILE_MAGIC		"BRICKTRC"
#define BRICKTRACE_FILE_BYTE_ORDER	0x01020304
#define BRICKTRACE_FILE_VERSION		0

/**
 * struct bricktrace_file_header - the beginning of a file of records
 * @magic: BRICKTRACE_FILE_MAGIC, without the NUL
 * @byte_order: BRICKTRACE_FILE_BYTE_ORDER, in the byte order of all numbers of the file
 * @version: BRICKTRACE_FILE_VERSION, which changes if the meaning of something existing
 *	changes
 * @header_size: the bytes of this structure; the first record follows
 * @reserved: zero
 * @machine: the kernel's machine, as `uname -m` shows it, to which the numbers of the
 *	system calls belong; ends with a NUL
 * @boot_id: /proc/sys/kernel/random/boot_id of the kernel as 16 bytes
 *
 * The records of a file are those of one stream, in their order.
 */
struct bricktrace_file_header {
	char  magic[8];
	__u32 byte_order;
	__u32 version;
	__u32 header_size;
	__u32 reserved;
	char  machine[32];
	__u8  boot_id[16];
};

#define BRICKTRACE_FILE_HEADER_SIZE_V0	72

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
#define BRICKTRACE_BRICK_GET		BRICKTRACE_IOWR(8)
#define BRICKTRACE_BRICK_RESET		BRICKTRACE_IOWR(9)
#define BRICKTRACE_STREAM_OPEN		BRICKTRACE_IOWR(10)
#define BRICKTRACE_STREAM_GET		BRICKTRACE_IOWR(11)

#endif /* _UAPI_LINUX_BRICKTRACE_H */
