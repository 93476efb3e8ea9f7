/* SPDX-License-Identifier: MIT */
/*
 * libbricktrace shows where a piece of work spends its time. libbricktrace(3) is an
 * overview and has an example.
 *
 * A brick is a named piece of work with a time budget. A run is one execution of a
 * brick. A tracer owns bricks and runs, and is one session of the kernel module
 * bricktrace. Threads are registered with a tracer. A run at level BT_TRACE shows how
 * the time of these threads divides into system calls, by category, and computing.
 *
 * Without the module, or without the right to use it, each function still succeeds
 * unless its description says otherwise. A result then has its wall time, the
 * provenance BT_NOT_INSTRUMENTED and the reason, and each figure that was not measured
 * is BT_NONE, never 0.
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
 *	was switched off on this host or because the machine was suspended.
 * @BT_REASON_CLOCK: The clock became unstable during the run.
 * @BT_REASON_THREADS_LOST: A thread could not be followed, or left the run by execve().
 * @BT_REASON_OUT_OF_REACH: The thread of a run of scope BT_SCOPE_THREAD left the run by
 *	execve().
 * @BT_REASON_DISABLED: Tracing is switched off on this host.
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
 */
enum bt_level {
	BT_MEASURE = 0,
	BT_TRACE = 1,
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

struct bt_tracer;
struct bt_brick;
struct bt_run;

/**
 * struct bt_figures - the figures of a system call or a category
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
 *
 * bt_syscall_figures() returns the figures of the system call.
 */
struct bt_syscall {
	const char *name;
	uint32_t nr;
	enum bt_arch arch;
	enum bt_category category;
};

/**
 * struct bt_result - a finished run
 * @brick: The name of the brick.
 * @budget_ns: The brick's budget when the run was opened; BT_NONE if it had none.
 * @run: The number of the run in its session.
 * @parent: The number of the run that encloses it; 0 if no run does.
 * @provenance: The provenance of the fields after @wall_ns and of all figures that
 *	functions return for the result.
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
};

/**
 * bt_tracer_new() - open a session
 * @tracer: Receives the tracer, which bt_tracer_free() frees; NULL on error.
 *
 * A module that is missing or that the user may not use is not an error:
 * bt_tracer_instrumented() then returns false, and bt_tracer_reason() says why.
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
 * gives it the new budget, which holds for runs that are opened later.
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
 * bt_run_open() - start a run
 * @tracer: The tracer.
 * @brick: A brick of @tracer.
 * @level: BT_TRACE for a run with a breakdown, BT_MEASURE for a run with only its wall
 *	time.
 * @scope: BT_SCOPE_THREAD for a run of the calling thread, BT_SCOPE_TRACER for a run of
 *	all threads of the tracer.
 * @run: Receives the run, which bt_run_close() ends; NULL on error.
 *
 * The function makes no further system call after the kernel has opened the run. The
 * first run at BT_TRACE on a host installs the kernel's hooks before it starts, which
 * takes milliseconds. While tracing is switched off on the host, a run at BT_TRACE can
 * be opened, but its result has no breakdown and the reason BT_REASON_DISABLED.
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
 * bt_result_over_budget() - check whether a run exceeded its budget
 * @result: The result. NULL gives false.
 *
 * Return: True if the wall time is greater than the budget; false also if there is no
 * budget.
 */
bool bt_result_over_budget(const struct bt_result *result);

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
 * Return: The name as in the program's output, for instance "x86_64". A table that the
 * library does not know has a name such as "arch_3", which is valid until the thread's
 * next call of this function.
 */
const char *bt_arch_name(enum bt_arch arch);

#ifdef __cplusplus
}
#endif

#endif /* BRICKTRACE_H */
