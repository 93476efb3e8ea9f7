/* SPDX-License-Identifier: MIT */
/*
 * libbricktrace shows where a piece of work spends its time. libbricktrace(3) is an
 * overview and has an example.
 *
 * A brick is a named piece of work with a time budget. A run is one execution of a
 * brick. A tracer owns bricks and runs, and is one session of the kernel module
 * bricktrace. Threads are registered with a tracer. A run at level BT_TRACE shows how
 * the time of these threads divides into system calls, by category, and computing. Each
 * brick has statistics of its runs, and a mode that says which of the runs at level
 * BT_AUTO are traced.
 *
 * A stream has a record of each finished run, of the tracer or of the whole host. A
 * recording is a file of records. A run is also a span of a distributed trace: a context
 * says which span is the parent of a run's span.
 *
 * Without the module, or without the right to use it, each function still succeeds
 * unless its description says otherwise. A result then has its wall time, the
 * provenance BT_NOT_INSTRUMENTED and the reason, and each figure that was not measured
 * is BT_NONE, or NAN if it is a double, and never 0.
 *
 * Functions that return int return 0 on success, unless their description says
 * otherwise, or a negative errno value. In that case bt_error_text() says what is wrong
 * and what to do about it, and nothing has changed unless the description says so.
 * Such a function returns -EINVAL if an argument is NULL that must not be NULL.
 * All times are in nanoseconds. All threads of a process may use a tracer at the same
 * time, but a run must be used by one thread at a time.
 *
 * Only the library allocates its structures, so that a later library may append fields
 * to them. A later library may also add values to enumerations. A module that is newer
 * than the library may use categories, reasons and other values that are not in this
 * header; their names are made from their numbers, for instance "category_99".
 */
#ifndef BRICKTRACE_H
#define BRICKTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BT_VERSION "0.1.0"

/* The value of a figure or budget that was not measured, is not known or not given. */
#define BT_NONE UINT64_MAX
/* The largest budget is 2^62 ns. */
#define BT_MAX_BUDGET (UINT64_C(1) << 62)
/* The size of a brick's name in bytes, with its terminating NUL. */
#define BT_NAME_LEN 64
/* The largest number of assertions of a brick. */
#define BT_MAX_ASSERTIONS 16
/* The largest threshold of the coefficient of variation, percent. */
#define BT_MAX_CV_PERCENT 1000
/* The largest number of granted traces in any second. */
#define BT_MAX_LIMIT 1000
/* The largest distance of outliers, in interquartile ranges. */
#define BT_MAX_OUTLIERS 1000
/* The least time of a slow call. */
#define BT_MIN_SLOW 10000
/* Statistics take a run that lasted longer, 18 minutes, as one of 2^40 ns. */
#define BT_MAX_DURATION (UINT64_C(1) << 40)
/* The number of runs in a brick's window. */
#define BT_WINDOW 64
/* The size of a tracer's label in bytes, with its terminating NUL. */
#define BT_LABEL_LEN 64
/* The number of buckets of a histogram, and the number of the first bucket. */
#define BT_BUCKETS	161
#define BT_BUCKET_FIRST (-120)

/**
 * enum bt_category - a category of system calls
 * @BT_CAT_UNMEASURED: No category, because there is no breakdown.
 * @BT_CAT_NONE: No category, because all of them have a time of zero.
 * @BT_CAT_MMAP: mmap, munmap, mprotect and brk.
 * @BT_CAT_FUTEX: futex.
 * @BT_CAT_IOCTL: ioctl.
 * @BT_CAT_READ: read, pread64 and readv.
 * @BT_CAT_WRITE: write, pwrite64 and writev.
 * @BT_CAT_OTHER: All other system calls.
 *
 * bt_category_name() returns the name of a category.
 */
enum bt_category {
	BT_CAT_UNMEASURED = -2,
	BT_CAT_NONE = -1,
	BT_CAT_MMAP = 0,
	BT_CAT_FUTEX = 1,
	BT_CAT_IOCTL = 2,
	BT_CAT_READ = 3,
	BT_CAT_WRITE = 4,
	BT_CAT_OTHER = 5,
};

/**
 * enum bt_provenance - how much of a breakdown was measured
 * @BT_NOT_INSTRUMENTED: Nothing was measured, and there is no breakdown.
 * @BT_PARTIAL: A part was measured, and the figures are lower bounds.
 * @BT_MEASURED: Everything was measured.
 *
 * bt_provenance_name() returns the name of a provenance.
 */
enum bt_provenance {
	BT_NOT_INSTRUMENTED = 0,
	BT_PARTIAL = 1,
	BT_MEASURED = 2,
};

/**
 * enum bt_reason - why a breakdown is partial or missing
 * @BT_REASON_NONE: The breakdown was measured.
 * @BT_REASON_LEVEL: The run was opened at level BT_MEASURE.
 * @BT_REASON_DISARMED: The kernel's hooks were removed during the run, because tracing
 *	was switched off, on this host or in this tracer, or because the machine was
 *	suspended.
 * @BT_REASON_CLOCK: The clock became unstable during the run.
 * @BT_REASON_THREADS_LOST: A thread could not be followed, or left the run by execve().
 * @BT_REASON_OUT_OF_REACH: The thread of a run of scope BT_SCOPE_THREAD left the run by
 *	execve().
 * @BT_REASON_DISABLED: Tracing is switched off on this host or in this tracer.
 * @BT_REASON_RATE_LIMIT: The tracer's limit had no grant left for the run.
 * @BT_REASON_HOOKS_PENDING: The kernel's hooks were not installed yet, and the run did
 *	not wait for them.
 * @BT_REASON_NOT_REGISTERED: The thread is not registered or, for a run of scope
 *	BT_SCOPE_TRACER, no thread is.
 * @BT_REASON_BUSY: Another call was changing the tracer's threads, and the run did not
 *	wait for it; or there was no memory.
 * @BT_REASON_DETACHED: The host's operator has detached the tracer, for good.
 * @BT_REASON_NO_MODULE: The module is not loaded.
 * @BT_REASON_NO_PERMISSION: The user may not open /dev/bricktrace.
 * @BT_REASON_ABI: The versions of module and library do not match.
 * @BT_REASON_DEVICE: /dev/bricktrace failed in another way.
 *
 * bt_reason_name() returns the name of a reason.
 */
enum bt_reason {
	BT_REASON_NONE = 0,
	BT_REASON_LEVEL = 1,
	BT_REASON_DISARMED = 2,
	BT_REASON_CLOCK = 3,
	BT_REASON_THREADS_LOST = 4,
	BT_REASON_OUT_OF_REACH = 5,
	BT_REASON_DISABLED = 6,
	BT_REASON_RATE_LIMIT = 7,
	BT_REASON_HOOKS_PENDING = 8,
	BT_REASON_NOT_REGISTERED = 9,
	BT_REASON_BUSY = 10,
	BT_REASON_DETACHED = 11,
	BT_REASON_NO_MODULE = 64,
	BT_REASON_NO_PERMISSION = 65,
	BT_REASON_ABI = 66,
	BT_REASON_DEVICE = 67,
};

/**
 * enum bt_arch - the table that a system call's number belongs to
 * @BT_ARCH_NATIVE: The kernel's own 64-bit table.
 * @BT_ARCH_COMPAT: The kernel's 32-bit table.
 * @BT_ARCH_X32: The table of x32. Bit 30 is removed from the numbers.
 *
 * bt_arch_name() returns the name of a table.
 */
enum bt_arch {
	BT_ARCH_NATIVE = 0,
	BT_ARCH_COMPAT = 1,
	BT_ARCH_X32 = 2,
};

/**
 * enum bt_file - what the file descriptor of an ioctl was open for
 * @BT_FILE_UNKNOWN: The file is not known, because the call was under way when the module
 *	first saw it.
 * @BT_FILE_BAD: The descriptor was not open, or was opened with O_PATH.
 * @BT_FILE_CHAR: A character device.
 * @BT_FILE_BLOCK: A block device.
 * @BT_FILE_SOCKET: A socket.
 * @BT_FILE_PIPE: A pipe or FIFO.
 * @BT_FILE_ANON: An anonymous file, such as kvm-vm or [eventfd].
 * @BT_FILE_DIRECTORY: A directory.
 * @BT_FILE_REGULAR: Any other file, usually a regular one.
 * @BT_FILE_MORE: Any file. The kernel has no separate figures for these ioctls, because
 *	the thread or the session used more distinct commands than it has room for.
 *
 * bt_file_name() returns the name of a kind of file.
 */
enum bt_file {
	BT_FILE_UNKNOWN = 0,
	BT_FILE_BAD = 1,
	BT_FILE_CHAR = 2,
	BT_FILE_BLOCK = 3,
	BT_FILE_SOCKET = 4,
	BT_FILE_PIPE = 5,
	BT_FILE_ANON = 6,
	BT_FILE_DIRECTORY = 7,
	BT_FILE_REGULAR = 8,
	BT_FILE_MORE = 9,
};

/**
 * enum bt_view - the part of a run that figures are about
 * @BT_INCLUSIVE: The whole run, with the runs that it encloses.
 * @BT_EXCLUSIVE: The run without the runs that it encloses.
 */
enum bt_view {
	BT_INCLUSIVE = 0,
	BT_EXCLUSIVE = 1,
};

/**
 * enum bt_level - how much a run measures
 * @BT_MEASURE: Only the wall time, which costs least.
 * @BT_TRACE: The wall time and the breakdown.
 * @BT_AUTO: What the brick's mode says, see &enum bt_mode. A run at this level waits
 *	neither for the kernel's hooks nor for other calls on the tracer.
 */
enum bt_level {
	BT_MEASURE = 0,
	BT_TRACE = 1,
	BT_AUTO = 2,
};

/**
 * enum bt_mode - which runs of a brick at level BT_AUTO are traced
 * @BT_MODE_MEASURE: No run is traced, which is the mode of a new brick.
 * @BT_MODE_TRACE: Each run is traced.
 * @BT_MODE_NEXT: Runs are traced while the brick has an anomaly: from the first run that
 *	sees one on, until 64 runs in a row saw none. Each of these runs takes a grant of
 *	the tracer's limit when it is opened. The mode costs nothing while there is no
 *	anomaly. A late run that does not repeat is never explained, since it was not
 *	traced.
 * @BT_MODE_TAIL: Each run is traced, and a run that turns out to be interesting takes a
 *	grant when it is closed. The mode explains the late run itself.
 *
 * A run sees an anomaly if the coefficient of variation of the brick's window was above
 * its threshold, or the efficiency was below its threshold, when the run was opened
 * (bt_tracer_thresholds()). The window contains the last 64 runs, and there is no
 * anomaly until it contains ten. The efficiency is the budget divided by the median.
 *
 * BT_MODE_NEXT does not see a brick of which a quarter or fewer of the runs are late,
 * since these are outliers; a step of less than about a third of the duration; and a
 * brick that is always late, unless the threshold of the efficiency is 100. BT_MODE_TAIL
 * explains each of these runs that exceeds the budget or fails an assertion.
 *
 * bt_mode_name() returns the name of a mode.
 */
enum bt_mode {
	BT_MODE_MEASURE = 0,
	BT_MODE_TRACE = 1,
	BT_MODE_NEXT = 2,
	BT_MODE_TAIL = 3,
};

/*
 * The reasons for which a run is interesting. They are judged when the run is closed,
 * whether or not it was traced; the first two compare the brick's window, as it was when
 * the run was opened, with the tracer's thresholds. bt_why_name() returns their names.
 */
/* The coefficient of variation is above its threshold. */
#define BT_WHY_CV_EXCEEDED (1U << 0)
/* The efficiency is below its threshold. */
#define BT_WHY_EFFICIENCY_LOW (1U << 1)
/* The run took longer than its budget. */
#define BT_WHY_OVER_BUDGET (1U << 2)
/* The run failed an assertion. */
#define BT_WHY_ASSERTION (1U << 3)
/* The run's number is a multiple of what bt_brick_baseline() set. */
#define BT_WHY_BASELINE (1U << 4)
/* The program asked for the trace. */
#define BT_WHY_MANUAL (1U << 5)

/**
 * enum bt_escalation - why a run is traced
 * @BT_ESCALATION_NONE: The run is not traced.
 * @BT_ESCALATION_CV_EXCEEDED: The coefficient of variation is above its threshold.
 * @BT_ESCALATION_EFFICIENCY_LOW: The efficiency is below its threshold.
 * @BT_ESCALATION_CV_AND_EFFICIENCY: Both are true.
 * @BT_ESCALATION_MANUAL: The program asked for the trace.
 *
 * bt_escalation_name() returns the name of an escalation.
 */
enum bt_escalation {
	BT_ESCALATION_NONE = 0,
	BT_ESCALATION_CV_EXCEEDED = 1,
	BT_ESCALATION_EFFICIENCY_LOW = 2,
	BT_ESCALATION_CV_AND_EFFICIENCY = 3,
	BT_ESCALATION_MANUAL = 4,
};

/**
 * enum bt_assertion_kind - the value of a run that an assertion limits
 * @BT_ASSERT_DURATION: The wall time, in nanoseconds.
 * @BT_ASSERT_CATEGORY_SHARE: A category's part of the thread time, in thousandths of a
 *	percent.
 * @BT_ASSERT_CATEGORY_NS: A category's time, in nanoseconds.
 * @BT_ASSERT_CATEGORY_OFFCPU: A category's off-CPU time, in nanoseconds.
 * @BT_ASSERT_SYSCALL_COUNT: The number of completed calls of one system call.
 *
 * bt_assertion_kind_name() returns the name of a kind.
 */
enum bt_assertion_kind {
	BT_ASSERT_DURATION = 0,
	BT_ASSERT_CATEGORY_SHARE = 1,
	BT_ASSERT_CATEGORY_NS = 2,
	BT_ASSERT_CATEGORY_OFFCPU = 3,
	BT_ASSERT_SYSCALL_COUNT = 4,
};

/**
 * enum bt_scope - the threads that a run is about
 * @BT_SCOPE_THREAD: The thread that opens the run.
 * @BT_SCOPE_TRACER: All threads that are registered with the tracer.
 */
enum bt_scope {
	BT_SCOPE_THREAD = 0,
	BT_SCOPE_TRACER = 1,
};

/**
 * enum bt_stream_scope - whose finished runs a stream has
 * @BT_STREAM_TRACER: Those of the tracer.
 * @BT_STREAM_HOST: Those of all tracers of the host.
 */
enum bt_stream_scope {
	BT_STREAM_TRACER = 0,
	BT_STREAM_HOST = 1,
};

/**
 * enum bt_record_type - what a record is about
 * @BT_RECORD_LOSS: Runs that were lost, because the stream was not read fast enough.
 * @BT_RECORD_RUN: A finished run.
 */
enum bt_record_type {
	BT_RECORD_LOSS = 1,
	BT_RECORD_RUN = 2,
};

struct bt_tracer;
struct bt_brick;
struct bt_run;
struct bt_stream;
struct bt_recording;

/**
 * struct bt_context - a place in a distributed trace, as W3C Trace Context defines it
 * @trace_id: The trace. The bytes are not all 0.
 * @span_id: The span. The bytes are not all 0.
 * @flags: The trace flags. Bit 0 says that the trace is sampled.
 *
 * A context whose IDs are all 0 stands for no context. The program allocates this
 * structure, so a later library does not change it.
 */
struct bt_context {
	uint8_t trace_id[16];
	uint8_t span_id[8];
	uint8_t flags;
};

/**
 * struct bt_figures - the figures of a system call, an ioctl command or a category
 * @count: The number of calls that completed inside the run.
 * @in_flight: The number of calls that were under way when the run or their thread
 *	ended.
 * @errors: The number of completed calls that returned an error to the program. A call
 *	that was interrupted and that the kernel restarted is not an error. A call that
 *	the program saw fail with EINTR is an error.
 * @ns: The time in calls inside the run, completed or not.
 * @offcpu_ns: The part of @ns in which the thread did not run.
 * @max_ns: The time of the longest completed call; BT_NONE if no call completed or the
 *	time is not known.
 * @runnable_ns: The part of @offcpu_ns in which the thread was able to run and waited
 *	for a CPU. bt_blocked_ns() returns the other part. The kernel's scheduler
 *	measures this figure, which may exceed @offcpu_ns by some microseconds for each
 *	context switch. It is BT_NONE if the kernel does not count it
 *	(CONFIG_SCHEDSTATS).
 *
 * A figure is BT_NONE if it was not measured or if the module does not know it.
 * Exclusive figures have an @in_flight of 0 and a @max_ns of BT_NONE.
 */
struct bt_figures {
	uint64_t count;
	uint64_t in_flight;
	uint64_t errors;
	uint64_t ns;
	uint64_t offcpu_ns;
	uint64_t max_ns;
	uint64_t runnable_ns;
};

/**
 * struct bt_times - how the time of a run's threads divides, and their page faults
 * @thread_ns: The sum of the times for which each thread existed inside the run.
 * @compute_ns: @thread_ns less the time of all categories, @control_ns and @edge_ns.
 * @compute_offcpu_ns: The part of @compute_ns in which the thread did not run.
 * @edge_ns: The estimated cost of the calls outside the window that the kernel can
 *	measure, which is kernel entry, kernel exit and the probes; BT_NONE if that cost
 *	could not be calibrated.
 * @control_ns: The time in calls of bricktrace itself.
 * @compute_runnable_ns: The part of @compute_offcpu_ns in which the thread waited for a
 *	CPU, measured like @runnable_ns of &struct bt_figures.
 * @minor_faults: The number of page faults, inside and outside calls, that needed no
 *	input or output. Their time is in @compute_ns or in the call in which they
 *	happened.
 * @major_faults: The number of page faults that needed input or output.
 *
 * A figure is BT_NONE if it was not measured or if the module does not know it.
 */
struct bt_times {
	uint64_t thread_ns;
	uint64_t compute_ns;
	uint64_t compute_offcpu_ns;
	uint64_t edge_ns;
	uint64_t control_ns;
	uint64_t compute_runnable_ns;
	uint64_t minor_faults;
	uint64_t major_faults;
};

/**
 * struct bt_syscall - a system call of a result
 * @name: The name of the system call; "syscall_NUMBER" if the name is not known;
 *	"(invalid)" for all numbers outside the table; "(more CATEGORY)" for the calls of
 *	a thread that used more distinct system calls than the kernel has separate
 *	figures for.
 * @nr: The number of the system call; UINT32_MAX for "(invalid)" and UINT32_MAX - 1 for
 *	"(more CATEGORY)".
 * @arch: The table that the number belongs to.
 * @category: The category that contains the call.
 * @arch_name: The name of that table, such as "x86_64"; a record from another machine has
 *	the names of that machine.
 *
 * bt_syscall_figures() returns the figures of the system call.
 */
struct bt_syscall {
	const char *name;
	uint32_t nr;
	enum bt_arch arch;
	enum bt_category category;
	const char *arch_name;
};

/**
 * struct bt_ioctl - an ioctl command of a result
 * @file: What the file descriptor was open for.
 * @major: The major number of the character or block device; 0 for other files.
 * @minor: The minor number of the device, likewise.
 * @request: The request, which is the second argument of ioctl(); 0 with BT_FILE_MORE,
 *	except in a slow call.
 * @command: The number of the operation that the driver takes from the argument of the
 *	request: the command of NVIDIA's RM CONTROL and the class of its ALLOC. BT_NONE
 *	for all other requests, while the host's operator has switched off the reading
 *	of arguments, and if the argument could not be read.
 * @arch: The table of the ioctl system call.
 * @owner: The name of the module that drives the character device, cut to 15 bytes; empty
 *	if the driver is part of the kernel, and for other files.
 * @name: The name of the anonymous file, or the type of the file system of the regular
 *	file or directory, cut to 15 bytes; empty for other files.
 * @arch_name: As in &struct bt_syscall.
 *
 * bt_ioctl_figures() returns the figures of the command. The names may contain any bytes,
 * so a program escapes what it shows.
 */
struct bt_ioctl {
	enum bt_file file;
	uint32_t major;
	uint32_t minor;
	uint32_t request;
	uint64_t command;
	enum bt_arch arch;
	const char *owner;
	const char *name;
	const char *arch_name;
};

/**
 * struct bt_slow_call - a slow call of a result
 * @tid: The thread's ID in the pid namespace of the process that opened the session; 0 if
 *	the thread has none there.
 * @name: The name of the system call, as in &struct bt_syscall.
 * @nr: The number of the system call; UINT32_MAX for "(invalid)".
 * @arch: The table that the number belongs to.
 * @category: The category that contains the call.
 * @arg0: The call's first argument, for instance a file descriptor or an address.
 * @start_ns: The CLOCK_MONOTONIC time at which the call was entered.
 * @start_unix_ns: The same moment in nanoseconds since 1970 (CLOCK_REALTIME). The library
 *	computes the value from both clocks as they are when it reads the result, so
 *	the value is wrong by how far the clock was set, and how long the machine was
 *	suspended, in between.
 * @ns: The time of the call.
 * @offcpu_ns: The part of @ns in which the thread did not run.
 * @ret: What the call returned, which is a negative errno value on error; -516 to -512 if
 *	the call was interrupted, and then the kernel restarts it or makes it fail with
 *	EINTR.
 * @ioctl: The command if the call is an ioctl, otherwise NULL. bt_ioctl_figures() gives
 *	BT_NONE for each figure of this structure.
 * @arch_name: As in &struct bt_syscall.
 */
struct bt_slow_call {
	pid_t tid;
	const char *name;
	uint32_t nr;
	enum bt_arch arch;
	enum bt_category category;
	uint64_t arg0;
	uint64_t start_ns;
	uint64_t start_unix_ns;
	uint64_t ns;
	uint64_t offcpu_ns;
	int64_t ret;
	const struct bt_ioctl *ioctl;
	const char *arch_name;
};

/**
 * struct bt_result - a finished run
 * @brick: The name of the brick.
 * @budget_ns: The brick's budget when the run was opened; BT_NONE if it had none.
 * @run: The number of the run in its session.
 * @parent: The number of the run that encloses it; 0 if no run does.
 * @provenance: The provenance of @threads and of all figures that functions return for
 *	the result.
 * @reason: Why @provenance is not BT_MEASURED.
 * @start_ns: The CLOCK_MONOTONIC time at which the run started.
 * @wall_ns: The duration of the run.
 * @threads: The number of threads that were in the run at any time; 0 if the run is not
 *	instrumented.
 * @abandoned: True if the thread ended, or left the tracer by execve(), before the run
 *	was closed. The run ended at that moment.
 * @n_categories: The number of categories that bt_result_category_at() returns.
 * @n_syscalls: The number of entries that bt_result_syscall() returns.
 * @n_missing: The number of further system calls, whose figures are only in the
 *	categories.
 * @why: BT_WHY_*, the reasons for which the run is interesting; 0 if it is not.
 * @mode: The brick's mode when the run was opened.
 * @granted: True if the run took a grant of the tracer's limit.
 * @refused: True if the run would have taken a grant, but none was left.
 * @brick_run: The run's number among the runs of its brick, from 1, in the order in which
 *	they were opened.
 * @window_runs: The number of runs in the brick's window when the run was opened.
 * @cv_percent: The coefficient of variation of that window without its outliers, in
 *	percent; NAN if the window was empty.
 * @window_efficiency: The budget divided by the median of that window, at most 1; NAN if
 *	the window was empty or there is no budget.
 * @efficiency: The budget divided by @wall_ns, at most 1; NAN if there is no budget.
 * @assertions_passed: The number of assertions that the run passed.
 * @assertions_failed: The number of assertions that the run failed.
 * @assertions_not_evaluated: The number of assertions that the run did not evaluate,
 *	because it did not measure their values.
 * @n_failed: The number of failed assertions that bt_result_failed() returns.
 * @n_ioctls: The number of ioctl commands that bt_result_ioctl() returns; 0 also if
 *	bt_result_has_ioctls() is false.
 * @n_missing_ioctls: The number of further ioctl commands, whose figures are only in the
 *	ioctl system call.
 * @n_slow_calls: The number of slow calls that bt_result_slow_call() returns; 0 also if
 *	bt_result_has_slow_calls() is false.
 * @slow_incomplete: True if some of the ten longest calls of the run may be missing among the
 *	slow calls, as bt_result_slow_call() explains.
 *
 * If the module is older than statistics, @why, @window_runs, the numbers of assertions
 * and @n_failed are 0, @mode is BT_MODE_MEASURE, @granted and @refused are false,
 * @brick_run is BT_NONE, and @cv_percent and @window_efficiency are NAN.
 */
struct bt_result {
	const char *brick;
	uint64_t budget_ns;
	uint64_t run;
	uint64_t parent;
	enum bt_provenance provenance;
	enum bt_reason reason;
	uint64_t start_ns;
	uint64_t wall_ns;
	uint32_t threads;
	bool abandoned;
	uint32_t n_categories;
	uint32_t n_syscalls;
	uint32_t n_missing;
	uint32_t why;
	enum bt_mode mode;
	bool granted;
	bool refused;
	uint64_t brick_run;
	uint32_t window_runs;
	double cv_percent;
	double window_efficiency;
	double efficiency;
	uint32_t assertions_passed;
	uint32_t assertions_failed;
	uint32_t assertions_not_evaluated;
	uint32_t n_failed;
	uint32_t n_ioctls;
	uint32_t n_missing_ioctls;
	uint32_t n_slow_calls;
	bool slow_incomplete;
};

/**
 * struct bt_failed - an assertion that a run failed
 * @name: The name of the assertion.
 * @kind: The kind of the assertion.
 * @value: The value of the run, in the unit of @kind.
 * @limit: The largest value with which the run would have passed.
 */
struct bt_failed {
	const char *name;
	enum bt_assertion_kind kind;
	uint64_t value;
	uint64_t limit;
};

/**
 * struct bt_record - a record of a stream or recording
 * @type: What the record is about. A loss has only @sequence, @lost, @machine and @size;
 *	its other fields are 0, NULL or empty.
 * @sequence: The number of the run among those that matched the stream, from 1; of a loss,
 *	the number of the first run that was lost. A record has a greater number than
 *	the one before. If no loss explains a gap, another process reads the same
 *	stream, or the recording has only some of its records.
 * @lost: The number of runs that were lost; 0 if the record is about a run.
 * @size: The number of bytes that the record takes in a recording.
 * @result: The run; NULL in a loss. The result is valid as long as the record, and
 *	bt_result_free() must not free it.
 * @session: The number of the run's session, which no other session of the host has until
 *	the module is unloaded.
 * @run: The number of the run in its session.
 * @parent: The number of the run that encloses it; 0 if no run does.
 * @depth: The number of runs that enclose it.
 * @tgid: The process of the thread that opened the run, in the pid namespace of the
 *	process that opened the stream; 0 if the thread is not in that namespace or, unless
 *	that is the initial one, if the thread has exited.
 * @tid: That thread, likewise.
 * @uid: The effective user ID with which the session was opened, in the user namespace of
 *	the process that opened the stream.
 * @cgroup: The ID of the cgroup, in the version 2 hierarchy, of the thread that opened the
 *	run, when the run ended; 0 if it is not known.
 * @start_unix_ns: When the run started, in nanoseconds since 1970 (CLOCK_REALTIME). The
 *	library computes the value from @end_unix_ns and the duration.
 * @end_unix_ns: When the run ended, likewise.
 * @context: The context of the run's own span.
 * @parent_span_id: The span ID of its parent; all 0 if there is none.
 * @level: BT_TRACE if the run was traced, otherwise BT_MEASURE.
 * @scope: The scope of the run.
 * @released: True if the session ended while the run was open, which ended the run.
 * @abandoned: As in &struct bt_result.
 * @missing: The number of elements that the record lacks, such as the figures of a system
 *	call, because it would have become larger than 64 KiB.
 * @comm: The name of the thread that opened the run, when the run ended. The name may
 *	contain any bytes, so a program escapes what it shows.
 * @label: The label of the session, which is UTF-8 without control characters; empty if
 *	the session has none.
 * @machine: The machine of the kernel that made the record, as `uname -m` shows it. Names
 *	of system calls are those of this machine.
 *
 * @start_unix_ns of the slow calls of @result is computed from the clocks at the run's
 * end.
 */
struct bt_record {
	enum bt_record_type type;
	uint64_t sequence;
	uint64_t lost;
	uint32_t size;
	const struct bt_result *result;
	uint64_t session;
	uint64_t run;
	uint64_t parent;
	uint32_t depth;
	pid_t tgid;
	pid_t tid;
	uid_t uid;
	uint64_t cgroup;
	uint64_t start_unix_ns;
	uint64_t end_unix_ns;
	struct bt_context context;
	uint8_t parent_span_id[8];
	enum bt_level level;
	enum bt_scope scope;
	bool released;
	bool abandoned;
	uint32_t missing;
	const char *comm;
	const char *label;
	const char *machine;
};

/**
 * struct bt_counts - what became of the runs that matched a stream
 * @matched: The number of runs that matched since the stream was opened, which is the sum
 *	of the next three.
 * @delivered: The number of runs whose records bt_stream_read() returned, or returned to
 *	another process that reads the same stream.
 * @lost: The number of runs that were lost, also if no record says so yet.
 * @waiting: The number of runs whose records were not read yet.
 * @waiting_bytes: How many bytes these records take.
 * @ring_bytes: How many bytes of records the kernel keeps until they are read.
 *
 * The program allocates this structure, so a later library does not change it.
 */
struct bt_counts {
	uint64_t matched;
	uint64_t delivered;
	uint64_t lost;
	uint64_t waiting;
	uint64_t waiting_bytes;
	uint64_t ring_bytes;
};

/**
 * struct bt_statistics - the statistics of a brick
 * @name: The name of the brick.
 * @mode: The mode of the brick.
 * @escalated: True while runs of a brick of BT_MODE_NEXT are traced.
 * @baseline: What bt_brick_baseline() set; 0 for none.
 * @budget_ns: The budget of the brick; BT_NONE if it has none.
 * @runs: The number of closed runs.
 * @traced: The number of runs that have a breakdown.
 * @partial: The number of @traced whose breakdown is BT_PARTIAL.
 * @over_budget: The number of runs that exceeded the budget which they were opened with.
 * @granted: The number of runs that took a grant of the tracer's limit.
 * @refused: The number of runs for which no grant was left.
 * @zero: The number of runs with a duration of 0, which are in no bucket.
 * @min_ns: The shortest duration; BT_NONE without a run.
 * @max_ns: The longest duration; BT_NONE without a run.
 * @mean_ns: The mean of the durations; NAN without a run.
 * @deviation_ns: The population standard deviation of the durations; NAN without a run.
 * @cv_percent: The coefficient of variation of the durations, which is @deviation_ns
 *	divided by @mean_ns, in percent; NAN without a run.
 * @window_runs: The number of durations that bt_statistics_window() returns, at most
 *	BT_WINDOW.
 * @window_cv_percent: The coefficient of variation of the window without its outliers, in
 *	percent; NAN without a run in the window.
 * @window_median_ns: The median of the window; NAN without a run in it.
 * @efficiency: @budget_ns divided by @window_median_ns, at most 1; NAN without a budget
 *	or without a run in the window.
 * @score: bt_score() of @window_median_ns; NAN where @efficiency is NAN.
 * @grade: bt_grade() of @score; 0 where @score is NAN.
 * @n_categories: The number of categories that bt_statistics_category_at() returns.
 * @n_assertions: The number of assertions that bt_statistics_assertion() returns.
 *
 * Durations are wall times, but at most BT_MAX_DURATION.
 */
struct bt_statistics {
	const char *name;
	enum bt_mode mode;
	bool escalated;
	uint32_t baseline;
	uint64_t budget_ns;
	uint64_t runs;
	uint64_t traced;
	uint64_t partial;
	uint64_t over_budget;
	uint64_t granted;
	uint64_t refused;
	uint64_t zero;
	uint64_t min_ns;
	uint64_t max_ns;
	double mean_ns;
	double deviation_ns;
	double cv_percent;
	uint32_t window_runs;
	double window_cv_percent;
	double window_median_ns;
	double efficiency;
	double score;
	char grade;
	uint32_t n_categories;
	uint32_t n_assertions;
};

/**
 * struct bt_mean_times - the means of a brick's traced runs
 * @thread_ns: The mean of @thread_ns of &struct bt_times. This and the other means are
 *	about the inclusive figures of the same names.
 * @compute_ns: The mean of @compute_ns.
 * @compute_offcpu_ns: The mean of @compute_offcpu_ns.
 * @edge_ns: The mean of @edge_ns of the runs in which the edge is known.
 * @control_ns: The mean of @control_ns.
 * @compute_runnable_ns: The mean of @compute_runnable_ns.
 * @minor_faults: The mean of @minor_faults.
 * @major_faults: The mean of @major_faults.
 *
 * A mean is NAN if no run measured the figure.
 */
struct bt_mean_times {
	double thread_ns;
	double compute_ns;
	double compute_offcpu_ns;
	double edge_ns;
	double control_ns;
	double compute_runnable_ns;
	double minor_faults;
	double major_faults;
};

/**
 * struct bt_mean_figures - the means of a category over a brick's traced runs
 * @count: The mean of @count of &struct bt_figures. This and the other means are about
 *	the inclusive figures of the same names.
 * @errors: The mean of @errors.
 * @ns: The mean of @ns.
 * @offcpu_ns: The mean of @offcpu_ns.
 * @runnable_ns: The mean of @runnable_ns.
 *
 * A mean is NAN if no run measured the figure.
 */
struct bt_mean_figures {
	double count;
	double errors;
	double ns;
	double offcpu_ns;
	double runnable_ns;
};

/**
 * struct bt_assertion - an assertion of a brick
 * @name: The name of the assertion.
 * @kind: The kind of the assertion.
 * @category: The category that the assertion is about; BT_CAT_NONE if @kind is about
 *	none.
 * @nr: The number of the system call that the assertion is about; UINT32_MAX if @kind is
 *	about none.
 * @arch: The table that @nr belongs to.
 * @limit: The largest value with which a run passes, in the unit of @kind.
 * @passed: The number of runs that passed.
 * @failed: The number of runs that failed.
 * @not_evaluated: The number of runs that did not evaluate the assertion.
 */
struct bt_assertion {
	const char *name;
	enum bt_assertion_kind kind;
	enum bt_category category;
	uint32_t nr;
	enum bt_arch arch;
	uint64_t limit;
	uint64_t passed;
	uint64_t failed;
	uint64_t not_evaluated;
};

/**
 * bt_tracer_new() - open a session
 * @tracer: Receives the tracer, which bt_tracer_free() frees; NULL on error.
 *
 * A module that is missing or that the user may not use is not an error:
 * bt_tracer_instrumented() then returns false, and bt_tracer_reason() says why.
 *
 * The environment variable OTEL_SERVICE_NAME gives the tracer its label, as if by
 * bt_tracer_label(). Control characters and bytes that are not UTF-8 are replaced by
 * U+FFFD, and what does not fit is cut off. The variable TRACEPARENT, a traceparent of W3C
 * Trace Context, gives the tracer its context, as if by bt_run_context(); a value that is
 * not valid is ignored. An empty variable is like one that is not set. Programs with raised
 * rights, such as set-user-ID ones, ignore both.
 *
 * Return: 0 or a negative errno value:
 * -EINVAL: @tracer is NULL.
 * -ENOMEM: There is no memory for the tracer.
 */
int bt_tracer_new(struct bt_tracer **tracer);

/**
 * bt_tracer_free() - close a session
 * @tracer: The tracer, or NULL, which does nothing.
 *
 * The function ends the runs that are open, stops following all threads, and frees the
 * tracer with its bricks and runs. Results remain valid.
 */
void bt_tracer_free(struct bt_tracer *tracer);

/**
 * bt_tracer_instrumented() - check whether runs can have a breakdown
 * @tracer: The tracer. NULL gives false.
 *
 * Return: True if runs of this tracer can have a breakdown, that is, if the module can
 * be used.
 */
bool bt_tracer_instrumented(const struct bt_tracer *tracer);

/**
 * bt_tracer_reason() - get the reason why runs cannot have a breakdown
 * @tracer: The tracer. NULL gives BT_REASON_DEVICE.
 *
 * Return: The reason; BT_REASON_NONE if runs can have a breakdown.
 */
enum bt_reason bt_tracer_reason(const struct bt_tracer *tracer);

/**
 * bt_tracer_reason_text() - explain why runs cannot have a breakdown
 * @tracer: The tracer. NULL gives a text that says so.
 *
 * Return: A text that says why runs cannot have a breakdown and what to do about it,
 * and that is valid as long as the tracer; an empty text if they can.
 */
const char *bt_tracer_reason_text(const struct bt_tracer *tracer);

/**
 * bt_tracer_calibrate() - measure the edge of a system call
 * @tracer: The tracer.
 *
 * The edge is the cost of a call outside the window that the kernel can measure. The
 * calibration takes some milliseconds on the calling thread and happens once for each
 * tracer; later calls return the same result. If a program has not called this
 * function, its first run at BT_TRACE calibrates, inside the runs that are open at that
 * moment. While tracing is switched off on the host, nothing is calibrated, and a later
 * call tries again.
 *
 * If the calibration fails, the tracer works as before, and @edge_ns of
 * &struct bt_times is BT_NONE.
 *
 * Return: 0, also without the module, or a negative errno value:
 * -EINVAL: @tracer is NULL.
 * -EAGAIN: No attempt gave a usable figure, for instance because a debugger or strace
 * stops the program's calls; or tracing is switched off on the host.
 * Other values are errors of the kernel's calls.
 */
int bt_tracer_calibrate(struct bt_tracer *tracer);

/**
 * bt_tracer_threads() - count the threads of a tracer
 * @tracer: The tracer.
 *
 * Return: The number of threads that are registered with the tracer or followed by it
 * at the moment, which is 0 without the module, or a negative errno value:
 * -EINVAL: @tracer is NULL.
 */
int bt_tracer_threads(struct bt_tracer *tracer);

/**
 * bt_tracer_thresholds() - set what an anomaly is
 * @tracer: The tracer.
 * @cv_percent: A coefficient of variation above this is an anomaly. In percent, 0 to
 *	BT_MAX_CV_PERCENT; 15 by default.
 * @efficiency_percent: An efficiency below this is an anomaly. In percent, 0 to 100; 25
 *	by default.
 *
 * Values are rounded to a thousandth of a percent. Any thread may call the function at
 * any time; the thresholds hold for runs that are opened later.
 *
 * Return: 0, also without the module, or a negative errno value:
 * -EINVAL: A value is not a number; or @tracer is NULL.
 * -ERANGE: A value is out of its range.
 * -ENOTSUP: The module is older than statistics.
 */
int bt_tracer_thresholds(struct bt_tracer *tracer, double cv_percent,
			 double efficiency_percent);

/**
 * bt_tracer_outliers() - set which runs of a window are outliers
 * @tracer: The tracer.
 * @ranges: Runs that lie further below the first or above the third quartile of the
 *	window than this number of interquartile ranges are outliers. 0 to
 *	BT_MAX_OUTLIERS; 1.5 by default; INFINITY if no run is an outlier.
 *
 * The coefficient of variation leaves outliers out. A window of less than ten runs has
 * none. The value is rounded to a thousandth.
 *
 * Return: 0, also without the module, or a negative errno value:
 * -EINVAL: @ranges is not a number; or @tracer is NULL.
 * -ERANGE: @ranges is out of its range.
 * -ENOTSUP: The module is older than statistics.
 */
int bt_tracer_outliers(struct bt_tracer *tracer, double ranges);

/**
 * bt_tracer_limit() - limit how many runs are traced
 * @tracer: The tracer.
 * @traces_per_second: The largest number of grants in any second, whatever the second's
 *	start; 0 for none, at most BT_MAX_LIMIT; 100 by default.
 *
 * Grants are taken by runs of bricks of BT_MODE_NEXT, by interesting runs of bricks of
 * BT_MODE_TAIL, and by bt_trace(). Runs that the program opens at BT_TRACE, and runs of
 * bricks of BT_MODE_TRACE, take none. Any thread may call the function at any time.
 *
 * Return: 0, also without the module, or a negative errno value:
 * -ERANGE: @traces_per_second is greater than BT_MAX_LIMIT.
 * -ENOTSUP: The module is older than statistics.
 * -EINVAL: @tracer is NULL.
 */
int bt_tracer_limit(struct bt_tracer *tracer, uint32_t traces_per_second);

/**
 * bt_tracer_set_enabled() - switch tracing on or off
 * @tracer: The tracer.
 * @enabled: False stops the tracing of this tracer at once; true, the default, allows it.
 *
 * While tracing is off, no run of the tracer has a breakdown, and the tracer does not
 * keep the kernel's hooks installed. Traced runs that are open at that moment have the
 * reason BT_REASON_DISARMED, later ones BT_REASON_DISABLED. Any thread may call the
 * function at any time.
 *
 * Return: 0, also without the module, or a negative errno value:
 * -ENOTSUP: The module is older than statistics.
 * -EINVAL: @tracer is NULL.
 */
int bt_tracer_set_enabled(struct bt_tracer *tracer, bool enabled);

/**
 * bt_tracer_slow() - set how long a slow call takes at least
 * @tracer: The tracer.
 * @slow_ns: A call that takes at least this time is a slow call. BT_MIN_SLOW or more; 1 ms
 *	by default; 0 if no call is slow.
 *
 * Any thread may call the function at any time; the value holds for calls that end later.
 *
 * Return: 0, also without the module, or a negative errno value:
 * -ERANGE: @slow_ns is below BT_MIN_SLOW and not 0.
 * -ENOTSUP: The module is older than slow calls.
 * -EINVAL: @tracer is NULL.
 */
int bt_tracer_slow(struct bt_tracer *tracer, uint64_t slow_ns);

/**
 * bt_tracer_label() - name the service that a tracer belongs to
 * @tracer: The tracer.
 * @label: The label, which has up to 63 bytes of UTF-8 without control characters; empty
 *	for none.
 *
 * The label is in the records of the tracer's runs. OTEL_SERVICE_NAME is the label of a
 * new tracer, see bt_tracer_new(). Any thread may call the function at any time; a record
 * has the label of the moment at which its run ended.
 *
 * Return: 0, also without the module, or a negative errno value:
 * -EINVAL: @label is not UTF-8 or has a control character; or @tracer or @label is NULL.
 * -ENAMETOOLONG: @label has more than 63 bytes.
 * -ENOTSUP: The module is older than labels.
 */
int bt_tracer_label(struct bt_tracer *tracer, const char *label);

/**
 * bt_tracer_ids() - ask for the contexts of runs
 * @tracer: The tracer.
 * @wanted: True if bt_run_ids() shall know the contexts of runs that are opened later;
 *	false, the default, if it need not.
 *
 * A run has a context in its record in any case. The function is for programs that need
 * the context while the run is open, for instance to pass it to another service. It
 * makes opening a run slightly slower.
 *
 * Return: 0, also without the module, or a negative errno value:
 * -EINVAL: @tracer is NULL.
 * -ENOTSUP: The module is older than contexts.
 */
int bt_tracer_ids(struct bt_tracer *tracer, bool wanted);

/**
 * bt_run_context() - set the parent span of runs
 * @tracer: The tracer.
 * @parent: The context of the span that is the parent of the tracer's outermost runs;
 *	NULL for none.
 *
 * A run that another run encloses has the span of that run as its parent. A run without
 * any parent is the first span of a trace of its own. The context holds for runs that are
 * opened later, and TRACEPARENT is the context of a new tracer, see bt_tracer_new(). Any
 * thread may call the function at any time.
 *
 * If the program has an OpenTelemetry SDK that publishes the current span of each thread
 * in the thread-local variable otel_thread_ctx_v1, then that span is the parent of a run
 * that the thread opens, rather than @parent. An enclosing run remains the parent if the
 * thread's span was the same when that run was opened. The library looks for the variable
 * when the tracer is made, in the program and in the shared libraries whose symbols are
 * visible to it.
 *
 * Return: 0, also without the module, or a negative errno value:
 * -EINVAL: The trace ID or the span ID of @parent is all 0; or @tracer is NULL.
 * -ENOTSUP: The module is older than contexts.
 */
int bt_run_context(struct bt_tracer *tracer, const struct bt_context *parent);

/**
 * bt_should_trace() - compare figures with the tracer's thresholds
 * @tracer: The tracer. NULL gives BT_ESCALATION_NONE.
 * @cv_percent: A coefficient of variation, in percent.
 * @efficiency_percent: An efficiency, in percent.
 *
 * The function is for programs that have their own figures. It only compares: it makes
 * no system call and takes no grant, so a later bt_trace_with_reason() may find none. A
 * value that is not a number is never an anomaly.
 *
 * Return: Why a run should be traced; BT_ESCALATION_NONE, which is 0, if @cv_percent is
 * not above and @efficiency_percent is not below its threshold, if the limit is 0, or if
 * tracing is switched off in the tracer.
 */
enum bt_escalation bt_should_trace(const struct bt_tracer *tracer, double cv_percent,
				   double efficiency_percent);

/**
 * bt_error_text() - explain the calling thread's last error
 *
 * Return: A text that says what was wrong in the last call that failed in this thread,
 * and what to do about it. It is valid until the thread's next call into the library.
 */
const char *bt_error_text(void);

/* Each thread that the thread creates is registered too, before it runs. */
#define BT_INHERIT_THREADS (1U << 0)
/* Each process that the thread creates is registered too, before it runs. */
#define BT_INHERIT_CHILDREN (1U << 1)

/**
 * bt_thread_register() - register the calling thread with a tracer
 * @tracer: The tracer.
 * @inherit: BT_INHERIT_THREADS to register also the threads that the thread creates,
 *	BT_INHERIT_CHILDREN to register also the processes that it creates, both, or 0.
 *
 * Runs of the tracer can measure registered threads. The registration survives execve()
 * and ends with the thread or with the tracer. Without the module the function does
 * nothing.
 *
 * Return: 0 or a negative errno value:
 * -EEXIST: The thread is registered already.
 * -EDQUOT: The session's or the user's limit of threads, or the user's limit of kernel
 * memory, is reached.
 * -EUSERS: The largest allowed number of sessions follows the thread already.
 * -ESHUTDOWN: The host's operator has detached the tracer.
 * -EPERM: The program inherited the tracer from a user who may not trace the program.
 * -EINTR: A fatal signal arrived.
 * -EINVAL: @tracer is NULL, or @inherit has an unknown bit.
 * -ENOMEM: There is no memory, or the memory control group's limit is reached.
 */
int bt_thread_register(struct bt_tracer *tracer, unsigned int inherit);

/**
 * bt_thread_unregister() - unregister the calling thread
 * @tracer: The tracer with which the thread is registered.
 *
 * The tracer stops following the calling thread. Runs of scope BT_SCOPE_TRACER keep
 * what they have measured of it.
 *
 * Return: 0 or a negative errno value:
 * -ESRCH: The thread is not registered.
 * -EBUSY: A run of scope BT_SCOPE_THREAD is open on the thread.
 * -EINVAL: @tracer is NULL.
 */
int bt_thread_unregister(struct bt_tracer *tracer);

/**
 * bt_thread_follow() - follow another thread
 * @tracer: The tracer.
 * @tid: The thread's ID in the caller's pid namespace. The thread may belong to any
 *	process.
 * @inherit: The same as for bt_thread_register().
 *
 * The thread does not notice: it is not stopped, signaled or interrupted. If it is
 * blocked in a system call, that call is counted from this moment. The tracer follows
 * the thread until the thread ends, until the tracer is freed, or until the thread
 * executes a program that the user who opened the tracer may not trace. In the last
 * case a run of scope BT_SCOPE_THREAD ends with the reason BT_REASON_OUT_OF_REACH; a
 * run of scope BT_SCOPE_TRACER continues and becomes BT_PARTIAL, with the reason
 * BT_REASON_THREADS_LOST. Without the module the function does nothing.
 *
 * Return: 0 or a negative errno value:
 * -EPERM: The caller or the user who opened the tracer may not trace the thread. They
 * may if they have the same user and group IDs as the thread and it is dumpable, or if
 * they have CAP_SYS_PTRACE or CAP_PERFMON. A kernel thread cannot be followed.
 * -ESRCH: There is no such thread, or it is ending.
 * -EEXIST: The tracer follows the thread already.
 * -EDQUOT: The session's or the user's limit of threads, or the user's limit of kernel
 * memory, is reached.
 * -EUSERS: The largest allowed number of sessions follows the thread already.
 * -EBUSY: The thread is executing a program, which takes long; try again.
 * -ESHUTDOWN: The host's operator has detached the tracer.
 * -EINTR: A fatal signal arrived.
 * -EINVAL: @tracer is NULL, @tid is less than 1, or @inherit has an unknown bit.
 * -ENOMEM: There is no memory, or the memory control group's limit is reached.
 */
int bt_thread_follow(struct bt_tracer *tracer, pid_t tid, unsigned int inherit);

/**
 * bt_thread_unfollow() - stop following a thread
 * @tracer: The tracer that follows the thread.
 * @tid: The thread's ID in the caller's pid namespace.
 *
 * Runs of scope BT_SCOPE_TRACER keep what they have measured of the thread. Without the
 * module the function does nothing.
 *
 * Return: 0 or a negative errno value:
 * -ESRCH: The tracer does not follow the thread.
 * -EBUSY: A run of scope BT_SCOPE_THREAD is open on the thread.
 * -EINVAL: @tracer is NULL, or @tid is less than 1.
 * -ENOMEM: There is no memory.
 */
int bt_thread_unfollow(struct bt_tracer *tracer, pid_t tid);

/**
 * bt_process_follow() - follow all threads of a process
 * @tracer: The tracer.
 * @pid: The ID of the process, or of any of its threads, in the caller's pid namespace.
 * @inherit: The same as for bt_thread_register(). Without BT_INHERIT_THREADS, threads
 *	that are created after this call are not followed.
 * @threads: Receives the number of threads that the tracer did not follow before, which
 *	is 0 without the module and on error. May be NULL.
 *
 * The function does for each thread of the process what bt_thread_follow() does for
 * one. On error the tracer follows only the threads that it followed before.
 *
 * Return: 0 or a negative errno value:
 * -EEXIST: The tracer follows each thread of the process already.
 * Other values are those of bt_thread_follow().
 */
int bt_process_follow(struct bt_tracer *tracer, pid_t pid, unsigned int inherit,
		      uint32_t *threads);

/**
 * bt_process_unfollow() - stop following all threads of a process
 * @tracer: The tracer that follows the threads.
 * @pid: The ID of the process, or of any of its threads, in the caller's pid namespace.
 * @threads: Receives the number of threads that were followed. May be NULL.
 *
 * The function does for each thread of the process what bt_thread_unfollow() does for
 * one.
 *
 * Return: 0 or a negative errno value:
 * -ESRCH: The tracer follows no thread of the process.
 * Other values are those of bt_thread_unfollow().
 */
int bt_process_unfollow(struct bt_tracer *tracer, pid_t pid, uint32_t *threads);

/**
 * bt_brick_define() - define a brick
 * @tracer: The tracer that will own the brick.
 * @name: The brick's name, which has 1 to 63 bytes of UTF-8 without control characters
 *	(U+0000 to U+001F and U+007F to U+009F).
 * @budget_ns: The brick's budget, which is 0 to BT_MAX_BUDGET, or BT_NONE if the brick
 *	has no budget.
 * @brick: Receives the brick, which is valid as long as the tracer; NULL on error.
 *
 * If the tracer has a brick of this name already, the function returns that brick and
 * gives it the new budget, which holds for runs that are opened later. A new brick has
 * BT_MODE_MEASURE, no baseline and no assertions.
 *
 * Return: 0 or a negative errno value:
 * -EINVAL: @name is empty, is not UTF-8 or has a control character; or @tracer, @name
 * or @brick is NULL.
 * -ENAMETOOLONG: @name has more than 63 bytes.
 * -ERANGE: @budget_ns is greater than BT_MAX_BUDGET and not BT_NONE.
 * -EDQUOT: The session's limit of bricks or the user's limit of kernel memory is
 * reached.
 * -ENOMEM: There is no memory, or the memory control group's limit is reached.
 */
int bt_brick_define(struct bt_tracer *tracer, const char *name, uint64_t budget_ns,
		    struct bt_brick **brick);

/**
 * bt_brick_mode() - set the mode of a brick
 * @brick: The brick.
 * @mode: The mode, which holds for runs that are opened later.
 *
 * The tracer keeps the kernel's hooks installed while it has a brick of BT_MODE_TRACE or
 * BT_MODE_TAIL, or one of BT_MODE_NEXT whose runs are traced. The call that sets
 * BT_MODE_TRACE or BT_MODE_TAIL returns when the hooks are in place, which takes
 * milliseconds. The first call with a mode other than BT_MODE_MEASURE calibrates as
 * bt_tracer_calibrate() does, and ignores an error of the calibration.
 *
 * Return: 0, also without the module, or a negative errno value:
 * -ENOTSUP: The module is older than modes.
 * -EDQUOT: The user's limit of kernel memory is reached.
 * -EINTR: A fatal signal arrived.
 * -EINVAL: @mode is not valid; or @brick is NULL.
 * -ENOMEM: There is no memory, or the memory control group's limit is reached.
 */
int bt_brick_mode(struct bt_brick *brick, enum bt_mode mode);

/**
 * bt_brick_baseline() - make every nth run of a brick interesting
 * @brick: The brick.
 * @every: Each run whose number among the brick's runs is a multiple of this has the
 *	reason BT_WHY_BASELINE; 0, the default, for none.
 *
 * With BT_MODE_TAIL such runs show what a normal run looks like.
 *
 * Return: 0, also without the module, or a negative errno value as of bt_brick_mode().
 */
int bt_brick_baseline(struct bt_brick *brick, uint32_t every);

/**
 * bt_assert_duration() - limit the wall time of runs
 * @brick: The brick.
 * @name: The name of the assertion, which has 1 to 63 bytes of UTF-8 without control
 *	characters.
 * @limit_ns: The largest wall time with which a run passes.
 *
 * A run that fails an assertion has the reason BT_WHY_ASSERTION, and bt_result_failed()
 * returns the assertion. The assertions of a brick hold for runs that are opened later.
 * An assertion of the same name is replaced. A change of one assertion sets the counts
 * of all assertions of the brick to 0.
 *
 * Return: 0, also without the module, or a negative errno value:
 * -EINVAL: @name is empty, is not UTF-8 or has a control character; or @brick or @name is
 * NULL.
 * -ENAMETOOLONG: @name has more than 63 bytes.
 * -ENOSPC: The brick has BT_MAX_ASSERTIONS assertions already.
 * -ENOTSUP: The module is older than assertions.
 * -EDQUOT: The user's limit of kernel memory is reached.
 * -ENOMEM: There is no memory, or the memory control group's limit is reached.
 */
int bt_assert_duration(struct bt_brick *brick, const char *name, uint64_t limit_ns);

/**
 * bt_assert_category_share() - limit a category's share of the thread time
 * @brick: The brick.
 * @name: The name of the assertion, as for bt_assert_duration().
 * @category: The category.
 * @percent: The largest share with which a run passes, 0 to 100 percent of the inclusive
 *	thread time, rounded to a thousandth of a percent.
 *
 * The function is like bt_assert_duration(). A run without a breakdown does not
 * evaluate the assertion. A run whose breakdown is BT_PARTIAL may only fail it, because
 * its figures are lower bounds.
 *
 * Return: 0, also without the module, or a negative errno value:
 * -EINVAL: @percent is not a number, or @category is not a category of the module.
 * -ERANGE: @percent is out of its range.
 * Other values are those of bt_assert_duration().
 */
int bt_assert_category_share(struct bt_brick *brick, const char *name,
			     enum bt_category category, double percent);

/**
 * bt_assert_category_ns() - limit a category's time
 * @brick: The brick.
 * @name: The name of the assertion, as for bt_assert_duration().
 * @category: The category.
 * @limit_ns: The largest inclusive time with which a run passes.
 *
 * The function is like bt_assert_duration(). A run without a breakdown does not
 * evaluate the assertion. A run whose breakdown is BT_PARTIAL may only fail it, because
 * its figures are lower bounds.
 *
 * Return: 0, also without the module, or a negative errno value:
 * -EINVAL: @category is not a category of the module.
 * Other values are those of bt_assert_duration().
 */
int bt_assert_category_ns(struct bt_brick *brick, const char *name,
			  enum bt_category category, uint64_t limit_ns);

/**
 * bt_assert_category_offcpu_ns() - limit a category's off-CPU time
 * @brick: The brick.
 * @name: The name of the assertion, as for bt_assert_duration().
 * @category: The category.
 * @limit_ns: The largest inclusive off-CPU time with which a run passes.
 *
 * The function is like bt_assert_category_ns().
 *
 * Return: 0, also without the module, or a negative errno value as of
 * bt_assert_category_ns().
 */
int bt_assert_category_offcpu_ns(struct bt_brick *brick, const char *name,
				 enum bt_category category, uint64_t limit_ns);

/**
 * bt_assert_syscall_count() - limit the number of calls of a system call
 * @brick: The brick.
 * @name: The name of the assertion, as for bt_assert_duration().
 * @nr: The number of the system call.
 * @arch: The table that the number belongs to.
 * @limit: The largest number of completed calls with which a run passes.
 *
 * The function is like bt_assert_category_ns().
 *
 * Return: 0, also without the module, or a negative errno value:
 * -EINVAL: @arch is not valid, or the module has no such system call.
 * Other values are those of bt_assert_duration().
 */
int bt_assert_syscall_count(struct bt_brick *brick, const char *name, uint32_t nr,
			    enum bt_arch arch, uint64_t limit);

/**
 * bt_brick_clear_assertions() - remove all assertions of a brick
 * @brick: The brick.
 *
 * Return: 0, also without the module, or a negative errno value:
 * -ENOTSUP: The module is older than assertions.
 * -EINVAL: @brick is NULL.
 * -ENOMEM: There is no memory.
 */
int bt_brick_clear_assertions(struct bt_brick *brick);

/**
 * bt_brick_statistics() - read the statistics of a brick
 * @brick: The brick.
 * @statistics: Receives the statistics, which bt_statistics_free() frees; NULL on error.
 *
 * All figures are of one moment. Without the module the library itself keeps the
 * statistics of the durations.
 *
 * Return: 0 or a negative errno value:
 * -ENOTSUP: The module is older than statistics.
 * -EINVAL: @brick or @statistics is NULL.
 * -ENOMEM: There is no memory.
 */
int bt_brick_statistics(struct bt_brick *brick, struct bt_statistics **statistics);

/**
 * bt_brick_reset() - forget the runs of a brick
 * @brick: The brick.
 *
 * The statistics, the window and the counts of assertions become those of a new brick,
 * and a brick of BT_MODE_NEXT is no longer escalated. Runs that are open count when they
 * are closed. The numbers of the brick's runs go on.
 *
 * Return: 0, also without the module, or a negative errno value:
 * -ENOTSUP: The module is older than statistics.
 * -EINVAL: @brick is NULL.
 */
int bt_brick_reset(struct bt_brick *brick);

/**
 * bt_statistics_free() - free statistics
 * @statistics: The statistics, or NULL, which does nothing.
 *
 * Everything that other functions returned for the statistics becomes invalid.
 */
void bt_statistics_free(struct bt_statistics *statistics);

/**
 * bt_statistics_percentile() - get the duration that a share of the runs does not exceed
 * @statistics: The statistics. NULL gives NAN.
 * @percent: The share of the runs in percent, 0 to 100, rounded to a tenth; for instance
 *	99.9.
 *
 * The duration is taken from the histogram and at most 10 % off.
 *
 * Return: The duration in nanoseconds; NAN without a run or if @percent is out of its
 * range.
 */
double bt_statistics_percentile(const struct bt_statistics *statistics, double percent);

/**
 * bt_statistics_bucket() - go through the histogram of the durations
 * @statistics: The statistics. NULL gives 0.
 * @i: The index of a bucket, which is less than BT_BUCKETS.
 * @above_ns: Receives the duration above which runs are in the bucket. May be NULL.
 * @up_to_ns: Receives the longest duration that is in the bucket. May be NULL.
 *
 * Index @i stands for bucket number n = @i + BT_BUCKET_FIRST of OTLP's exponential
 * histogram of scale 2 in seconds, which contains the runs above 2^(n/4) and up to
 * 2^((n+1)/4) seconds. Runs with a duration of 0 are in no bucket, and @zero of
 * &struct bt_statistics is their number.
 *
 * Return: The number of runs in the bucket; 0 if @i is too large, and then the bounds are
 * NAN.
 */
uint64_t bt_statistics_bucket(const struct bt_statistics *statistics, uint32_t i,
			      double *above_ns, double *up_to_ns);

/**
 * bt_statistics_window() - go through a brick's last runs
 * @statistics: The statistics. NULL gives BT_NONE.
 * @i: The index of a run, which is less than @window_runs of &struct bt_statistics. The
 *	oldest run is first.
 *
 * Return: The duration of the run in nanoseconds; BT_NONE if @i is too large.
 */
uint64_t bt_statistics_window(const struct bt_statistics *statistics, uint32_t i);

/**
 * bt_statistics_times() - get how the time of a brick's traced runs divides
 * @statistics: The statistics. NULL gives NULL.
 *
 * Return: The means over the traced runs, which are valid as long as @statistics.
 */
const struct bt_mean_times *bt_statistics_times(const struct bt_statistics *statistics);

/**
 * bt_statistics_category_at() - go through the categories of statistics
 * @statistics: The statistics. NULL gives BT_CAT_NONE.
 * @i: The index of a category, which is less than @n_categories of &struct bt_statistics.
 *
 * Return: The category, in the order of bt_result_category_at(); BT_CAT_NONE if @i is too
 * large.
 */
enum bt_category bt_statistics_category_at(const struct bt_statistics *statistics,
					   uint32_t i);

/**
 * bt_statistics_category() - get the means of a category
 * @statistics: The statistics. NULL gives NULL.
 * @category: The category.
 *
 * Return: The means over the traced runs, which are valid as long as @statistics; NULL if
 * the statistics do not have the category.
 */
const struct bt_mean_figures *bt_statistics_category(const struct bt_statistics *statistics,
						     enum bt_category category);

/**
 * bt_statistics_assertion() - go through the assertions of a brick
 * @statistics: The statistics. NULL gives NULL.
 * @i: The index of an assertion, which is less than @n_assertions of
 *	&struct bt_statistics.
 *
 * Return: The assertion, which is valid as long as @statistics; NULL if @i is too large.
 */
const struct bt_assertion *bt_statistics_assertion(const struct bt_statistics *statistics,
						   uint32_t i);

/**
 * bt_statistics_longest() - get the longest traced run of a brick
 * @statistics: The statistics. NULL gives NULL.
 *
 * The result has inclusive times and categories; its exclusive figures are BT_NONE, and
 * it has no system calls.
 *
 * Return: The result, which is valid as long as @statistics, and which bt_result_free()
 * must not free; NULL if no run was traced.
 */
const struct bt_result *bt_statistics_longest(const struct bt_statistics *statistics);

/**
 * bt_run_open() - start a run
 * @tracer: The tracer.
 * @brick: A brick of @tracer.
 * @level: BT_TRACE for a run with a breakdown, BT_MEASURE for a run with only its wall
 *	time, BT_AUTO for what the brick's mode says.
 * @scope: BT_SCOPE_THREAD for a run of the calling thread, BT_SCOPE_TRACER for a run of
 *	all threads of the tracer.
 * @run: Receives the run, which bt_run_close() ends; NULL on error.
 *
 * The function makes no further system call after the kernel has opened the run. The
 * first run at BT_TRACE on a host installs the kernel's hooks before it starts, which
 * takes milliseconds. While tracing is switched off, on the host or in the tracer, a run
 * at BT_TRACE can be opened, but its result has no breakdown and the reason
 * BT_REASON_DISABLED.
 *
 * A run at BT_AUTO neither calibrates nor waits. If it cannot be traced, it is opened
 * without a breakdown, and its result has the reason. With a module that is older than
 * modes, it is like a run at BT_MEASURE.
 *
 * Return: 0 or a negative errno value:
 * -ESRCH: The level is BT_TRACE, and the calling thread is not registered or, with
 * BT_SCOPE_TRACER, no thread is.
 * -ELOOP: The run would be nested deeper than 32 runs.
 * -EDQUOT: The session's or the user's limit of open runs, or the user's limit of
 * kernel memory, is reached.
 * -EINTR: A fatal signal arrived.
 * -EINVAL: @level or @scope is not valid; or @tracer, @brick or @run is NULL.
 * -ENOMEM: There is no memory, or the memory control group's limit is reached.
 */
int bt_run_open(struct bt_tracer *tracer, struct bt_brick *brick, enum bt_level level,
		enum bt_scope scope, struct bt_run **run);

/**
 * bt_run_number() - get the number of a run
 * @run: The run. NULL gives 0.
 *
 * Return: The number of the run in its session, from 1 on; 0 without the module.
 */
uint64_t bt_run_number(const struct bt_run *run);

/**
 * bt_run_ids() - get the context of a run
 * @run: The run.
 * @ids: Receives the context of the run's span, which a program can pass on as the parent
 *	of other spans.
 *
 * Return: 0 or a negative errno value:
 * -ENODATA: The context was not asked for before the run was opened (bt_tracer_ids()), or
 * the run was adopted.
 * -ENOTSUP: The module cannot be used, so the run has no context.
 * -EINVAL: @run or @ids is NULL.
 */
int bt_run_ids(const struct bt_run *run, struct bt_context *ids);

/**
 * bt_run_adopt() - take over a run that another process opened
 * @tracer: The tracer, which must be the one that the other process inherited.
 * @brick: The brick whose name and budget the result will have.
 * @number: What bt_run_number() returned in the other process.
 * @run: Receives the run, which bt_run_close() ends; NULL on error.
 *
 * After fork() the parent and the child share the session but not the memory of the
 * tracer, so a run that the child opened is unknown to the parent's library until it
 * is adopted. The function does not check that the session has the run.
 *
 * Return: 0 or a negative errno value:
 * -EINVAL: @number is 0; or @tracer, @brick or @run is NULL.
 * -ENOTSUP: The module cannot be used.
 * -ENOMEM: There is no memory.
 */
int bt_run_adopt(struct bt_tracer *tracer, struct bt_brick *brick, uint64_t number,
		 struct bt_run **run);

/**
 * bt_run_close() - end a run
 * @run: The run, or NULL, which does nothing and gives no result.
 * @result: Receives the result, which bt_result_free() frees; NULL on error. May be
 *	NULL if the program does not need the result.
 *
 * The run no longer exists afterwards, also if the function fails, except with -EBUSY.
 *
 * Return: 0 or a negative errno value:
 * -EBUSY: The run encloses a run that is still open, which must be closed first.
 * -ENOENT: The session has no such run.
 * -ENOMEM: There is no memory for the result.
 */
int bt_run_close(struct bt_run *run, struct bt_result **result);

/**
 * bt_trace() - run a function as a traced run of the calling thread
 * @brick: The brick.
 * @fn: The function, which is called exactly once, also if this function fails, unless it
 *	is NULL.
 * @arg: The argument of @fn.
 * @result: Receives the result, which bt_result_free() frees; NULL on error. May be
 *	NULL if the program does not need the result.
 *
 * The run takes a grant of the tracer's limit. If there is none, or the run cannot be
 * traced for another reason, its result is not instrumented and has the reason, for
 * instance BT_REASON_RATE_LIMIT. A module that is older than limits traces the run
 * without a grant. The first traced run on a host installs the kernel's hooks before it
 * starts, which takes milliseconds. The function does not calibrate, so @edge_ns of
 * &struct bt_times is BT_NONE unless the program has called bt_tracer_calibrate() before.
 *
 * If the run cannot be opened, for instance because the session has as many open runs as
 * allowed, @fn runs nevertheless, the function succeeds, and the result has the wall time
 * and BT_REASON_DEVICE; bt_error_text() then says why. If @result is NULL, the function
 * returns that error.
 *
 * Return: 0 or a negative errno value:
 * -EBUSY: @fn left a run open, so the run of @brick remains open as long as the tracer.
 * -EINVAL: @brick or @fn is NULL.
 * -ENOMEM: There is no memory for the result.
 * Other values are those of bt_run_close().
 */
int bt_trace(struct bt_brick *brick, void (*fn)(void *), void *arg,
	     struct bt_result **result);

/**
 * bt_trace_with_reason() - run a function as a traced run, and say why
 * @brick: The brick.
 * @escalation: Why the run is traced, for instance what bt_should_trace() returned. The
 *	result has the matching bits of BT_WHY_*.
 * @fn: The function, as for bt_trace().
 * @arg: The argument of @fn.
 * @result: Receives the result, as for bt_trace().
 *
 * The function is like bt_trace(), which passes BT_ESCALATION_MANUAL.
 *
 * Return: 0 or a negative errno value:
 * -EINVAL: @escalation is not valid or BT_ESCALATION_NONE; @fn was called, and there is
 * no result.
 * Other values are those of bt_trace().
 */
int bt_trace_with_reason(struct bt_brick *brick, enum bt_escalation escalation,
			 void (*fn)(void *), void *arg, struct bt_result **result);

/**
 * bt_result_free() - free a result
 * @result: The result, or NULL, which does nothing.
 *
 * Everything that other functions returned for the result becomes invalid.
 */
void bt_result_free(struct bt_result *result);

/**
 * bt_result_times() - get how the time of a run divides
 * @result: The result. NULL gives NULL.
 * @view: BT_INCLUSIVE or BT_EXCLUSIVE.
 *
 * Return: The times, which are valid as long as @result and each of which is BT_NONE if
 * there is no breakdown; NULL if @view is not valid.
 */
const struct bt_times *bt_result_times(const struct bt_result *result, enum bt_view view);

/**
 * bt_result_category() - get the figures of a category
 * @result: The result. NULL gives NULL.
 * @category: The category.
 * @view: BT_INCLUSIVE or BT_EXCLUSIVE.
 *
 * A result without a breakdown has the categories of &enum bt_category, and each of
 * their figures is BT_NONE.
 *
 * Return: The figures, which are valid as long as @result; NULL if the result does not
 * have the category or if @view is not valid.
 */
const struct bt_figures *bt_result_category(const struct bt_result *result,
					    enum bt_category category, enum bt_view view);

/**
 * bt_result_category_at() - go through the categories of a result
 * @result: The result. NULL gives BT_CAT_NONE.
 * @i: The index of a category, which is less than @n_categories of &struct bt_result.
 *
 * The categories have the order of their numbers: mmap, futex, ioctl, read, write and
 * other, then the categories of a newer module.
 *
 * Return: The category; BT_CAT_NONE if @i is too large.
 */
enum bt_category bt_result_category_at(const struct bt_result *result, uint32_t i);

/**
 * bt_result_syscall() - go through the system calls of a result
 * @result: The result. NULL gives NULL.
 * @i: The index of an entry, which is less than @n_syscalls of &struct bt_result.
 *
 * The entries are sorted by their inclusive time, the longest first.
 *
 * Return: The entry, which is valid as long as @result; NULL if @i is too large.
 */
const struct bt_syscall *bt_result_syscall(const struct bt_result *result, uint32_t i);

/**
 * bt_syscall_figures() - get the figures of a system call
 * @syscall: An entry that bt_result_syscall() returned. NULL gives NULL.
 * @view: BT_INCLUSIVE or BT_EXCLUSIVE.
 *
 * Return: The figures, which are valid as long as the result; NULL if @view is not
 * valid.
 */
const struct bt_figures *bt_syscall_figures(const struct bt_syscall *syscall,
					    enum bt_view view);

/**
 * bt_result_has_ioctls() - check whether a result divides ioctl by command
 * @result: The result. NULL gives false.
 *
 * Return: True if the run's ioctls were counted by command, also if there were none; false
 * if there is no breakdown, if the module is older than ioctl commands, and for a result
 * that bt_statistics_longest() returned.
 */
bool bt_result_has_ioctls(const struct bt_result *result);

/**
 * bt_result_ioctl() - go through the ioctl commands of a result
 * @result: The result. NULL gives NULL.
 * @i: The index of an entry, which is less than @n_ioctls of &struct bt_result.
 *
 * The entries are sorted by their inclusive time, the longest first. The figures of the
 * ioctl system call are the sums of theirs, but its @max_ns is the largest of theirs.
 *
 * Return: The entry, which is valid as long as @result; NULL if @i is too large.
 */
const struct bt_ioctl *bt_result_ioctl(const struct bt_result *result, uint32_t i);

/**
 * bt_ioctl_figures() - get the figures of an ioctl command
 * @ioctl: An entry that bt_result_ioctl() returned. NULL gives NULL.
 * @view: BT_INCLUSIVE or BT_EXCLUSIVE.
 *
 * The @errors of a command that is not BT_NONE contain also the calls for which the driver
 * stored an error in the argument.
 *
 * Return: The figures, which are valid as long as the result; NULL if @view is not
 * valid.
 */
const struct bt_figures *bt_ioctl_figures(const struct bt_ioctl *ioctl, enum bt_view view);

/**
 * bt_result_has_slow_calls() - check whether a result has the run's slow calls
 * @result: The result. NULL gives false.
 *
 * Return: True if slow calls were looked for, also if there were none; false if there is no
 * breakdown or if the module is older than slow calls.
 */
bool bt_result_has_slow_calls(const struct bt_result *result);

/**
 * bt_result_slow_call() - go through the slow calls of a result
 * @result: The result. NULL gives NULL.
 * @i: The index of an entry, which is less than @n_slow_calls of &struct bt_result.
 *
 * A slow call began and completed inside the run and took at least the time that
 * bt_tracer_slow() set. The entries are sorted by that time, the longest first. The ten
 * longest calls of the run are among them; of the shorter ones, some may be missing. If the
 * run was inside an older traced run, or if a thread of it was in an older traced run of
 * another session, a run with more than 32 slow calls may lack longer ones, too; likewise if
 * there was no memory. Then @slow_incomplete of &struct bt_result is true. A
 * result that bt_statistics_longest() returned has at most the eight longest.
 *
 * Return: The entry, which is valid as long as @result; NULL if @i is too large.
 */
const struct bt_slow_call *bt_result_slow_call(const struct bt_result *result, uint32_t i);

/**
 * bt_result_failed() - go through the assertions that a run failed
 * @result: The result. NULL gives NULL.
 * @i: The index of an entry, which is less than @n_failed of &struct bt_result.
 *
 * Return: The failed assertion, which is valid as long as @result; NULL if @i is too
 * large.
 */
const struct bt_failed *bt_result_failed(const struct bt_result *result, uint32_t i);

/**
 * bt_result_over_budget() - check whether a run exceeded its budget
 * @result: The result. NULL gives false.
 *
 * Return: True if the wall time is greater than the budget; false also if there is no
 * budget.
 */
bool bt_result_over_budget(const struct bt_result *result);

/* The stream has the runs that were not traced. */
#define BT_STREAM_MEASURE (1U << 0)
/* The stream has the runs that were traced. */
#define BT_STREAM_TRACE (1U << 1)
/* The stream has only runs that took a grant, @granted of &struct bt_result. */
#define BT_STREAM_GRANTED (1U << 2)
/* bt_stream_read() returns -EAGAIN instead of waiting for a record. */
#define BT_STREAM_NONBLOCK (1U << 3)

/**
 * bt_stream_open() - begin to stream finished runs
 * @tracer: The tracer, which must not be freed before the stream is closed.
 * @scope: BT_STREAM_TRACER for the runs of @tracer, BT_STREAM_HOST for the runs of all
 *	tracers of the host.
 * @flags: BT_STREAM_MEASURE, BT_STREAM_TRACE or both, and optionally BT_STREAM_GRANTED and
 *	BT_STREAM_NONBLOCK.
 * @ring_bytes: How many bytes of records the kernel keeps until they are read: 128 KiB to
 *	16 MiB; 0 for 1 MiB.
 * @stream: Receives the stream, which bt_stream_close() closes; NULL on error.
 *
 * From now on, each run that ends and matches becomes a record, in the order in which
 * runs end. A run ends when it is closed or when its tracer is freed. A tracer can have one
 * stream in its lifetime.
 *
 * The runs by which the library calibrates (bt_tracer_calibrate()) are among them. They are
 * those of the brick "bricktrace-calibration".
 *
 * For BT_STREAM_HOST both the process that made the tracer and the process that reads need
 * the capability CAP_PERFMON or CAP_SYS_ADMIN in the initial user namespace.
 *
 * Return: 0 or a negative errno value:
 * -EINVAL: @scope or @flags is not valid; or @tracer or @stream is NULL.
 * -ERANGE: @ring_bytes is out of its range.
 * -EBUSY: The tracer has had a stream already.
 * -EPERM: @scope is BT_STREAM_HOST, and the process lacks the capabilities.
 * -EUSERS: The host has the largest allowed number of streams of BT_STREAM_HOST.
 * -EDQUOT: The user's limit of kernel memory is reached.
 * -ENOTSUP: The module cannot be used or is older than streams.
 * -ENOMEM: There is no memory, or the memory control group's limit is reached.
 */
int bt_stream_open(struct bt_tracer *tracer, enum bt_stream_scope scope,
		   unsigned int flags, size_t ring_bytes, struct bt_stream **stream);

/**
 * bt_stream_fd() - get the file descriptor of a stream
 * @stream: The stream. NULL gives -1.
 *
 * The descriptor is for poll() and the like: it becomes readable when the kernel has a
 * record. The library reads many records at once. So a program opens the stream with
 * BT_STREAM_NONBLOCK, and calls bt_stream_read() until that returns -EAGAIN before it
 * polls. The descriptor belongs to the tracer, so a program must not close it.
 *
 * Return: The file descriptor.
 */
int bt_stream_fd(const struct bt_stream *stream);

/**
 * bt_stream_read() - read the next record of a stream
 * @stream: The stream, which must be used by one thread at a time.
 * @record: Receives the record, which bt_record_free() frees; NULL on error.
 *
 * The function waits for a record unless the stream has BT_STREAM_NONBLOCK. It skips
 * records of types that the library does not know. If the stream was not read fast
 * enough, a record of BT_RECORD_LOSS stands in the place of those that were lost.
 *
 * Return: 0 or a negative errno value:
 * -EAGAIN: There is no record at the moment, and the stream has BT_STREAM_NONBLOCK.
 * -EINTR: A signal arrived before a record.
 * -EPERM: The stream is of BT_STREAM_HOST, and the process lacks the capabilities.
 * -EPROTO: The record is malformed, which is an error of the module. Each later call
 * fails in the same way.
 * -EINVAL: @stream or @record is NULL.
 * -ENOMEM: There is no memory for the record, which a later call returns.
 */
int bt_stream_read(struct bt_stream *stream, struct bt_record **record);

/**
 * bt_stream_counts() - get the counts of a stream
 * @stream: The stream.
 * @counts: Receives the counts.
 *
 * Return: 0 or a negative errno value:
 * -EINVAL: @stream or @counts is NULL.
 */
int bt_stream_counts(struct bt_stream *stream, struct bt_counts *counts);

/**
 * bt_stream_close() - close a stream
 * @stream: The stream, or NULL, which does nothing.
 *
 * Records remain valid. The kernel keeps the ring until the tracer is freed.
 */
void bt_stream_close(struct bt_stream *stream);

/**
 * bt_record_free() - free a record
 * @record: The record, or NULL, which does nothing.
 *
 * The result of the record becomes invalid, too.
 */
void bt_record_free(struct bt_record *record);

/**
 * bt_recording_create() - begin a recording
 * @fd: A file descriptor that is open for writing, which remains the caller's. The
 *	recording begins at its position.
 * @recording: Receives the recording, which bt_recording_free() frees; NULL on error.
 *
 * The function writes the header of the file, which names this machine.
 *
 * Return: 0 or a negative errno value:
 * -EINVAL: @recording is NULL.
 * -ENOMEM: There is no memory.
 * Other values are errors of write().
 */
int bt_recording_create(int fd, struct bt_recording **recording);

/**
 * bt_recording_write() - write a record to a recording
 * @recording: A recording that bt_recording_create() began.
 * @record: A record of a stream or of a recording, of the same machine.
 *
 * The function writes the record as the kernel made it, with everything that this library
 * does not know. If that fails, the function cuts off what it wrote of the record where
 * the file can be cut, so that the recording remains whole.
 *
 * Return: 0 or a negative errno value:
 * -EINVAL: @recording is open for reading; the record is of another machine; or
 * @recording or @record is NULL.
 * Other values are errors of write().
 */
int bt_recording_write(struct bt_recording *recording, const struct bt_record *record);

/**
 * bt_recording_open() - open a recording for reading
 * @fd: A file descriptor that is open for reading, at the beginning of the recording. It
 *	remains the caller's and may be a pipe.
 * @recording: Receives the recording, which bt_recording_free() frees; NULL on error.
 *
 * A recording may be from a machine of another kind, for instance of aarch64 on x86_64,
 * and from a newer or older kernel, module or library.
 *
 * Return: 0 or a negative errno value:
 * -EPROTO: The file is not a recording, or its header is damaged.
 * -ENODATA: The file ends inside the header.
 * -ENOTSUP: The file has another byte order than this machine, or is from a library that
 * this one cannot read.
 * -EINVAL: @recording is NULL.
 * -ENOMEM: There is no memory.
 * Other values are errors of read().
 */
int bt_recording_open(int fd, struct bt_recording **recording);

/**
 * bt_recording_local() - check whether a recording is of this boot of this machine
 * @recording: A recording that bt_recording_open() opened. NULL gives false.
 *
 * Process IDs and cgroups of records mean something on this machine only if this is so.
 *
 * Return: True if the kernel that runs made the records.
 */
bool bt_recording_local(const struct bt_recording *recording);

/**
 * bt_recording_read() - read the next record of a recording
 * @recording: A recording that bt_recording_open() opened, which must be used by one thread
 *	at a time.
 * @record: Receives the record, which bt_record_free() frees; NULL at the end of the
 *	recording and on error.
 *
 * The function skips records of types that the library does not know. bt_error_text()
 * says where in the file an error is.
 *
 * Return: 0, also at the end of the recording, or a negative errno value:
 * -ENODATA: The file ends inside a record, so the recording was not ended properly. The
 * records before are whole.
 * -EPROTO: The record is damaged. Each later call fails in the same way.
 * -EINVAL: @recording is being written; or @recording or @record is NULL.
 * -ENOMEM: There is no memory for the record, which a later call returns.
 * Other values are errors of read().
 */
int bt_recording_read(struct bt_recording *recording, struct bt_record **record);

/**
 * bt_recording_free() - free a recording
 * @recording: The recording, or NULL, which does nothing.
 *
 * The function does not close the file descriptor. Records remain valid.
 */
void bt_recording_free(struct bt_recording *recording);

/**
 * bt_breakdown_syscall_ns() - get the time in system calls
 * @result: The result. NULL gives BT_NONE.
 * @view: BT_INCLUSIVE or BT_EXCLUSIVE.
 *
 * Return: The sum of the times of all categories, in nanoseconds; BT_NONE if there is
 * no breakdown or if @view is not valid.
 */
uint64_t bt_breakdown_syscall_ns(const struct bt_result *result, enum bt_view view);

/**
 * bt_breakdown_dominant() - get the category with the most time
 * @result: The result. NULL gives BT_CAT_UNMEASURED.
 * @view: BT_INCLUSIVE or BT_EXCLUSIVE.
 *
 * If several categories have the most time, the function returns the first of them in
 * the order of bt_result_category_at().
 *
 * Return: The category; BT_CAT_NONE if all categories have a time of zero;
 * BT_CAT_UNMEASURED if there is no breakdown or if @view is not valid.
 */
enum bt_category bt_breakdown_dominant(const struct bt_result *result, enum bt_view view);

/**
 * bt_breakdown_overhead_percent() - get the share of system calls in the thread time
 * @result: The result. NULL gives -1.
 * @view: BT_INCLUSIVE or BT_EXCLUSIVE.
 *
 * Return: The share in percent, 0 to 100, which is 0 if there is no thread time; -1 if
 * there is no breakdown or if @view is not valid.
 */
double bt_breakdown_overhead_percent(const struct bt_result *result, enum bt_view view);

/**
 * bt_blocked_ns() - get the off-CPU time in which a thread was blocked
 * @offcpu_ns: The time in which the thread did not run.
 * @runnable_ns: The part of @offcpu_ns in which it waited for a CPU.
 *
 * Return: The difference in nanoseconds, which is never below 0; BT_NONE if one of the
 * arguments is BT_NONE.
 */
uint64_t bt_blocked_ns(uint64_t offcpu_ns, uint64_t runnable_ns);

/**
 * bt_over_budget() - compare a time with a budget
 * @budget_ns: The budget.
 * @actual_ns: The time.
 *
 * Return: True if @actual_ns is greater than @budget_ns.
 */
bool bt_over_budget(uint64_t budget_ns, uint64_t actual_ns);

/**
 * bt_efficiency() - divide a budget by a time
 * @budget_ns: The budget.
 * @actual_ns: The time.
 *
 * Return: @budget_ns / @actual_ns, but at most 1, and 1 if @actual_ns is 0.
 */
double bt_efficiency(uint64_t budget_ns, uint64_t actual_ns);

/**
 * bt_score() - rate a time by a budget
 * @budget_ns: The budget.
 * @actual_ns: The time.
 *
 * The score depends on the gap, which is @actual_ns / @budget_ns.
 *
 * Return: 100 if the gap is at most 1; 100 - 50 (gap - 1) if it is at most 1.2; otherwise
 * 100 - 100 (gap - 1), but at least 0. If @actual_ns is 0, the score is 100, and if only
 * @budget_ns is 0, the score is 0.
 */
double bt_score(uint64_t budget_ns, uint64_t actual_ns);

/**
 * bt_grade() - get the grade of a score
 * @score: The score.
 *
 * Return: 'A' from 90 on, 'B' from 80 on, 'C' from 70 on, 'D' from 60 on, otherwise
 * 'F'; 0 if @score is NAN.
 */
char bt_grade(double score);

/**
 * bt_escalation_of() - get the escalation of a run
 * @why: @why of &struct bt_result.
 *
 * Return: BT_ESCALATION_CV_EXCEEDED, BT_ESCALATION_EFFICIENCY_LOW or
 * BT_ESCALATION_CV_AND_EFFICIENCY if @why has the matching bits, whatever other bits it
 * has; otherwise BT_ESCALATION_MANUAL.
 */
enum bt_escalation bt_escalation_of(uint32_t why);

/**
 * bt_category_name() - get the name of a category
 * @category: The category.
 *
 * Return: The name as in the program's output, for instance "mmap"; "none" for
 * BT_CAT_NONE; NULL for BT_CAT_UNMEASURED. A category that the library does not know
 * has a name such as "category_99", which is valid until the thread's next call of this
 * function.
 */
const char *bt_category_name(enum bt_category category);

/**
 * bt_provenance_name() - get the name of a provenance
 * @provenance: The provenance.
 *
 * Return: The name as in the program's output, for instance "measured". A provenance
 * that the library does not know has a name such as "provenance_3", which is valid
 * until the thread's next call of this function.
 */
const char *bt_provenance_name(enum bt_provenance provenance);

/**
 * bt_reason_name() - get the name of a reason
 * @reason: The reason.
 *
 * Return: The name as in the program's output, for instance "module_absent"; NULL for
 * BT_REASON_NONE. A reason that the library does not know has a name such as
 * "reason_99", which is valid until the thread's next call of this function.
 */
const char *bt_reason_name(enum bt_reason reason);

/**
 * bt_arch_name() - get the name of a table of system calls
 * @arch: The table.
 *
 * The name is that of this machine's table. @arch_name of &struct bt_syscall is that of
 * the machine of the result.
 *
 * Return: The name as in the program's output, for instance "x86_64". A table that the
 * library does not know has a name such as "arch_3", which is valid until the thread's
 * next call of this function.
 */
const char *bt_arch_name(enum bt_arch arch);

/**
 * bt_file_name() - get the name of a kind of file
 * @file: The kind of file.
 *
 * Return: The name as in the program's output: "unknown", "bad", "char", "block", "socket",
 * "pipe", "anon", "directory", "regular" or "more". A kind that the library does not know
 * has a name such as "file_99", which is valid until the thread's next call of this
 * function.
 */
const char *bt_file_name(enum bt_file file);

/**
 * bt_mode_name() - get the name of a mode
 * @mode: The mode.
 *
 * Return: The name as in the program's output, for instance "tail". A mode that the
 * library does not know has a name such as "mode_9", which is valid until the thread's
 * next call of this function.
 */
const char *bt_mode_name(enum bt_mode mode);

/**
 * bt_why_name() - get the name of a reason for which a run is interesting
 * @why: One bit of BT_WHY_*. Of several bits, the lowest counts.
 *
 * Return: The name as in the program's output, for instance "over_budget"; NULL if @why
 * is 0. A bit that the library does not know has a name such as "why_9", which is valid
 * until the thread's next call of this function.
 */
const char *bt_why_name(uint32_t why);

/**
 * bt_escalation_name() - get the name of an escalation
 * @escalation: The escalation.
 *
 * Return: "cv_exceeded", "efficiency_low", "cv_and_efficiency" or "manual"; NULL for
 * BT_ESCALATION_NONE. An escalation that the library does not know has a name such as
 * "escalation_9", which is valid until the thread's next call of this function.
 */
const char *bt_escalation_name(enum bt_escalation escalation);

/**
 * bt_assertion_kind_name() - get the name of a kind of assertion
 * @kind: The kind.
 *
 * Return: The name as in the program's output: "duration_ns", "category_share",
 * "category_ns", "category_offcpu_ns" or "syscall_count". A kind that the library does
 * not know has a name such as "kind_9", which is valid until the thread's next call of
 * this function.
 */
const char *bt_assertion_kind_name(enum bt_assertion_kind kind);

#ifdef __cplusplus
}
#endif

#endif /* BRICKTRACE_H */
