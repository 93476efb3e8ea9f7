/* SPDX-License-Identifier: MIT */
/*
 * libbricktrace: where does a piece of work spend its time?
 *
 * A brick is a named piece of work with a time budget. A run is one execution
 * of it. A tracer owns bricks and runs; it is one session of the kernel module
 * bricktrace. Threads are registered with a tracer; a run at level trace says
 * how their time divides into system calls, by category, and computing.
 *
 * Without the module, or without the right to use it, everything here still
 * succeeds: a result then has its wall time, the provenance
 * BT_NOT_INSTRUMENTED and the reason, and each figure that was not measured is
 * BT_NONE, never 0.
 *
 * Functions that return int return 0, or a negative errno value; then
 * bt_error_text() says what was wrong and what to do, and nothing has changed
 * unless it is said here. Times are in nanoseconds. A tracer may be used by
 * all threads of a process at once; one run by one thread at a time.
 *
 * Structures are allocated by the library only, which may append fields, and
 * enumerations get new values: a program goes on working with a later library.
 * A module newer than the library may have categories, reasons and so on that
 * are not in this header; their names are such as "category_6".
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

/* Not measured, not known, not given. */
#define BT_NONE UINT64_MAX
/* The largest budget: 2^62 ns. */
#define BT_MAX_BUDGET (UINT64_C(1) << 62)
/* Bytes of a brick's name with its terminating NUL. */
#define BT_NAME_LEN 64

enum bt_category {
	BT_CAT_UNMEASURED = -2, /* there is no breakdown */
	BT_CAT_NONE = -1,	/* no category has any time */
	BT_CAT_MMAP = 0,	/* mmap munmap mprotect brk */
	BT_CAT_FUTEX = 1,	/* futex */
	BT_CAT_IOCTL = 2,	/* ioctl */
	BT_CAT_READ = 3,	/* read pread64 readv */
	BT_CAT_WRITE = 4,	/* write pwrite64 writev */
	BT_CAT_OTHER = 5,	/* everything else */
};

/* How much of a breakdown was measured. */
enum bt_provenance {
	BT_NOT_INSTRUMENTED = 0, /* nothing: there is no breakdown */
	BT_PARTIAL = 1,		 /* its figures are lower bounds */
	BT_MEASURED = 2,	 /* all of it */
};

/* Why a breakdown is partial or missing. */
enum bt_reason {
	BT_REASON_NONE = 0,	      /* it was measured */
	BT_REASON_LEVEL = 1,	      /* the run was opened at BT_MEASURE */
	BT_REASON_DISARMED = 2,	      /* the kernel hooks were released */
	BT_REASON_CLOCK = 3,	      /* the clock became unstable */
	BT_REASON_THREADS_LOST = 4,   /* a thread could not be followed */
	BT_REASON_OUT_OF_REACH = 5,   /* its execve() took the thread out of the run */
	BT_REASON_DISABLED = 6,	      /* tracing is switched off on this host */
	BT_REASON_NO_MODULE = 64,     /* the module is not loaded */
	BT_REASON_NO_PERMISSION = 65, /* may not open /dev/bricktrace */
	BT_REASON_ABI = 66,	      /* module and library do not match */
	BT_REASON_DEVICE = 67,	      /* the device failed in another way */
};

/* Which table a system call's number belongs to. */
enum bt_arch {
	BT_ARCH_NATIVE = 0, /* the kernel's own 64-bit table */
	BT_ARCH_COMPAT = 1, /* its 32-bit table */
	BT_ARCH_X32 = 2,    /* x32, bit 30 removed from the number */
};

/* Which part of a run figures are about. */
enum bt_view {
	BT_INCLUSIVE = 0, /* the run with the runs that it encloses */
	BT_EXCLUSIVE = 1, /* without them */
};

enum bt_level {
	BT_MEASURE = 0, /* wall time only, the cheapest */
	BT_TRACE = 1,	/* with the breakdown */
};

enum bt_scope {
	BT_SCOPE_THREAD = 0, /* the calling thread */
	BT_SCOPE_TRACER = 1, /* all threads registered with the tracer */
};

struct bt_tracer;
struct bt_brick;
struct bt_run;

/**
 * struct bt_figures - what is kept of a system call or a category
 * @count: calls completed inside the run
 * @in_flight: calls under way when the run, or their thread, ended
 * @errors: completed calls that returned an error to the program; a call that
 *	was interrupted and that the kernel restarted is not an error, one that
 *	the program saw fail with EINTR is
 * @ns: time in them inside the run, completed or not
 * @offcpu_ns: the part of @ns in which the thread did not run
 * @max_ns: the longest completed call; BT_NONE if none or not known
 * @runnable_ns: the part of @offcpu_ns in which the thread could have run and waited
 *	for a CPU; bt_blocked_ns() gives the rest. It is the kernel's own figure and may
 *	exceed @offcpu_ns by some microseconds a switch. BT_NONE also if the kernel does
 *	not count it (CONFIG_SCHEDSTATS)
 *
 * Each is BT_NONE if it was not measured or the module does not know it.
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
 * @thread_ns: time that the threads existed inside the run, summed
 * @compute_ns: @thread_ns less the categories, @control_ns and @edge_ns
 * @compute_offcpu_ns: the part of @compute_ns in which the thread did not run
 * @edge_ns: estimated cost of the calls outside their own window (kernel entry
 *	and exit, probes); BT_NONE if it could not be calibrated
 * @control_ns: time in calls of bricktrace itself
 * @compute_runnable_ns: the part of @compute_offcpu_ns in which the thread waited for
 *	a CPU, as in struct bt_figures
 * @minor_faults: page faults, in calls or not, that needed no input or output; their
 *	time is in @compute_ns or in the call in which they happened
 * @major_faults: those that did
 *
 * Each is BT_NONE if it was not measured or the module does not know it.
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
 * struct bt_syscall - one system call of a result
 * @name: its name; "syscall_NUMBER" if that is not known; "(invalid)" for
 *	numbers outside the table; "(more CATEGORY)" for calls of a thread that
 *	used more distinct system calls than the kernel tells apart
 * @nr: its number; UINT32_MAX and UINT32_MAX - 1 for the last two
 * @arch: the number's table
 * @category: where it is counted
 */
struct bt_syscall {
	const char *name;
	uint32_t nr;
	enum bt_arch arch;
	enum bt_category category;
};

/**
 * struct bt_result - a finished run
 * @brick: the brick's name
 * @budget_ns: its budget when the run was opened; BT_NONE if it had none
 * @run: the run's number, @parent: that of the run around it or 0
 * @provenance: of everything below @wall_ns, and of what the functions below give
 * @reason: why it is not BT_MEASURED
 * @start_ns: CLOCK_MONOTONIC when the run started
 * @wall_ns: the run's duration
 * @threads: threads that were covered at any time; 0 if not instrumented
 * @abandoned: the thread ended, or left the tracer by an execve(), before the
 *	run was closed, and the run ended with that
 * @n_categories: number of categories for bt_result_category_at()
 * @n_syscalls: number of entries for bt_result_syscall()
 * @n_missing: further system calls that only the categories contain
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
 * @tracer: out: the tracer; free it with bt_tracer_free()
 *
 * That the module is missing or may not be used is no error: see
 * bt_tracer_instrumented().
 *
 * Errors: -ENOMEM.
 */
int bt_tracer_new(struct bt_tracer **tracer);

/**
 * bt_tracer_free() - close the session and its runs, and release its threads
 * @tracer: may be NULL
 *
 * Frees its bricks and runs too, but no results.
 */
void bt_tracer_free(struct bt_tracer *tracer);

/** bt_tracer_instrumented() - can runs of this tracer have a breakdown? */
bool bt_tracer_instrumented(const struct bt_tracer *tracer);

/** bt_tracer_reason() - why not; BT_REASON_NONE if they can */
enum bt_reason bt_tracer_reason(const struct bt_tracer *tracer);

/**
 * bt_tracer_reason_text() - the same in words, with what to do
 *
 * Returns: a text that lives as long as the tracer; empty if instrumented.
 */
const char *bt_tracer_reason_text(const struct bt_tracer *tracer);

/**
 * bt_tracer_calibrate() - measure what a call costs outside its own window
 *
 * Takes some milliseconds on the calling thread, once a tracer; later calls
 * return the same. The first run at BT_TRACE does it, inside whatever run is
 * open then, if the program has not. While tracing is switched off on the host
 * nothing is calibrated, and a later call tries again.
 *
 * Returns: 0 also where nothing is instrumented. If it fails the tracer works
 * as before and edge_ns stays BT_NONE.
 *
 * Errors: -EAGAIN no usable measurement, for instance because a tracer stops the
 * program's calls or because tracing is switched off; those of the kernel's calls.
 */
int bt_tracer_calibrate(struct bt_tracer *tracer);

/**
 * bt_tracer_threads() - how many threads are registered now
 *
 * Returns: the number, 0 without the module, or a negative errno value.
 */
int bt_tracer_threads(struct bt_tracer *tracer);

/**
 * bt_error_text() - what went wrong in the calling thread's last failed call
 *
 * Returns: a text that lives until the thread's next call into the library.
 */
const char *bt_error_text(void);

/* Threads that the thread creates are registered too, before they run. */
#define BT_INHERIT_THREADS (1U << 0)
/* Processes that the thread creates are registered too, before they run. */
#define BT_INHERIT_CHILDREN (1U << 1)

/**
 * bt_thread_register() - let runs of the tracer see the calling thread
 * @inherit: BT_INHERIT_* or 0
 *
 * Registration outlives execve() and ends with the thread or the tracer.
 *
 * Errors: -EEXIST it is registered already; -EDQUOT the session's or the user's
 * limit of threads, or the user's limit of kernel memory, is reached; -EUSERS as
 * many sessions as may do so follow the thread already; -EINTR a fatal signal
 * arrived; -EINVAL unknown bit; -ENOMEM.
 */
int bt_thread_register(struct bt_tracer *tracer, unsigned int inherit);

/**
 * bt_thread_unregister() - the contrary
 *
 * Errors: -ESRCH it is not registered; -EBUSY a run is open on it.
 */
int bt_thread_unregister(struct bt_tracer *tracer);

/**
 * bt_thread_follow() - let runs of the tracer see another thread
 * @tid: the thread, of any process, in the caller's pid namespace
 * @inherit: BT_INHERIT_* or 0
 *
 * The thread does not notice: it is not stopped, signalled or interrupted. Of a
 * call that it sleeps in, the time counts from now on. It is followed until it
 * ends, the tracer is freed, or its execve() of a program with more rights puts
 * it out of the reach of whoever opened the device. A run at BT_SCOPE_THREAD then
 * ends with BT_REASON_OUT_OF_REACH; one at BT_SCOPE_TRACER goes on and is
 * BT_PARTIAL, with BT_REASON_THREADS_LOST.
 *
 * Errors: -EPERM no right to: same user and group ids and a dumpable target, or
 * CAP_SYS_PTRACE or CAP_PERFMON, and never a kernel thread; -ESRCH no such
 * thread, or it is ending; -EEXIST it is followed already; -EDQUOT the session's or
 * the user's limit of threads, or the user's limit of kernel memory, is reached;
 * -EUSERS as many sessions as may do so follow it already; -EINTR a fatal signal
 * arrived; -EINVAL @tid below 1, or unknown bit; -ENOMEM.
 */
int bt_thread_follow(struct bt_tracer *tracer, pid_t tid, unsigned int inherit);

/**
 * bt_thread_unfollow() - the contrary
 *
 * What it did remains in the runs at BT_SCOPE_TRACER that saw it.
 *
 * Errors: -ESRCH it is not followed; -EBUSY a run at BT_SCOPE_THREAD is open on
 * it; -EINVAL @tid below 1; -ENOMEM.
 */
int bt_thread_unfollow(struct bt_tracer *tracer, pid_t tid);

/**
 * bt_process_follow() - bt_thread_follow() for all threads of a process
 * @pid: any thread of it
 * @threads: out: how many threads are new to the tracer, 0 without the module
 *	or on error; may be NULL
 *
 * Without BT_INHERIT_THREADS it is the threads that the process has now. On
 * error none of them is followed that was not before.
 *
 * Errors: those of bt_thread_follow(); -EEXIST each thread is followed already.
 */
int bt_process_follow(struct bt_tracer *tracer, pid_t pid, unsigned int inherit,
		      uint32_t *threads);

/**
 * bt_process_unfollow() - the contrary
 * @threads: out: how many threads were followed; may be NULL
 *
 * Errors: those of bt_thread_unfollow(), with -ESRCH if no thread is followed.
 */
int bt_process_unfollow(struct bt_tracer *tracer, pid_t pid, uint32_t *threads);

/**
 * bt_brick_define() - name a piece of work
 * @name: 1 to 63 bytes of UTF-8 without control characters (U+0000 to U+001F,
 *	U+007F to U+009F)
 * @budget_ns: 0 to BT_MAX_BUDGET, or BT_NONE if it has none
 * @brick: out: the brick; it lives as long as the tracer
 *
 * A name that is defined already gives the same brick with the new budget,
 * which holds for runs opened from then on.
 *
 * Errors: -EINVAL @name is empty, not UTF-8 or has a control character;
 * -ENAMETOOLONG; -ERANGE budget above
 * BT_MAX_BUDGET; -EDQUOT the session's limit of bricks or the user's limit of
 * kernel memory is reached; -ENOMEM.
 */
int bt_brick_define(struct bt_tracer *tracer, const char *name, uint64_t budget_ns,
		    struct bt_brick **brick);

/**
 * bt_run_open() - start a run
 * @brick: a brick of @tracer
 * @run: out: the run; bt_run_close() ends it. NULL on error
 *
 * After the kernel has opened the run the function makes no system call. The
 * first run at BT_TRACE on a host puts the kernel's hooks in place before it
 * starts, which takes milliseconds. While tracing is switched off on the host a
 * run at BT_TRACE opens, and its result has BT_REASON_DISABLED.
 *
 * Errors: -ESRCH the thread is not registered, or with BT_SCOPE_TRACER no
 * thread is; -ELOOP nested deeper than 32; -EDQUOT the session's or the user's
 * limit of open runs, or the user's limit of kernel memory, is reached; -EINTR a
 * fatal signal arrived; -EINVAL unknown level or scope, or @brick is NULL; -ENOMEM.
 */
int bt_run_open(struct bt_tracer *tracer, struct bt_brick *brick, enum bt_level level,
		enum bt_scope scope, struct bt_run **run);

/** bt_run_number() - the run's number in the session; 0 without the module */
uint64_t bt_run_number(const struct bt_run *run);

/**
 * bt_run_adopt() - take over a run that a child opened after fork()
 * @number: bt_run_number() of the run in the child
 * @run: out: the run; bt_run_close() ends it
 *
 * Parent and child share the session, not the memory of the tracer.
 *
 * Errors: -EINVAL @number is 0 or @brick NULL; -ENOTSUP without the module; -ENOMEM.
 */
int bt_run_adopt(struct bt_tracer *tracer, struct bt_brick *brick, uint64_t number,
		 struct bt_run **run);

/**
 * bt_run_close() - end a run
 * @run: the run; NULL does nothing and gives no result
 * @result: out: the result, to be freed with bt_result_free(), or NULL on
 *	error; may be NULL to discard it
 *
 * The run is gone afterwards, except with -EBUSY.
 *
 * Errors: -EBUSY it encloses a run that is still open: close that first;
 * -ENOENT the session knows no such run; -ENOMEM.
 */
int bt_run_close(struct bt_run *run, struct bt_result **result);

/** bt_result_free() - free a result and what was had of it; it may be NULL */
void bt_result_free(struct bt_result *result);

/**
 * bt_result_times() - how the time of a result divides
 *
 * Returns: the times, which live as long as @result, each BT_NONE if there is
 * no breakdown; NULL if there is no such view.
 */
const struct bt_times *bt_result_times(const struct bt_result *result, enum bt_view view);

/**
 * bt_result_category() - the figures of a category
 *
 * Without a breakdown a result has the categories of enum bt_category, and each
 * figure is BT_NONE.
 *
 * Returns: the figures, which live as long as @result; NULL if the result has
 * no such category, or there is no such view.
 */
const struct bt_figures *bt_result_category(const struct bt_result *result,
					    enum bt_category category, enum bt_view view);

/**
 * bt_result_category_at() - category @i of a result, to go through all of them
 *
 * They come in the order of their numbers: mmap, futex, ioctl, read, write, other,
 * then those of a newer module.
 *
 * Returns: the category; BT_CAT_NONE from n_categories on.
 */
enum bt_category bt_result_category_at(const struct bt_result *result, uint32_t i);

/**
 * bt_result_syscall() - entry @i of a result, longest inclusive time first
 *
 * Returns: an entry that lives as long as @result; NULL from n_syscalls on.
 */
const struct bt_syscall *bt_result_syscall(const struct bt_result *result, uint32_t i);

/**
 * bt_syscall_figures() - the figures of a system call
 * @syscall: an entry that bt_result_syscall() has returned
 *
 * Returns: the figures, which live as long as the result; NULL if there is no
 * such view.
 */
const struct bt_figures *bt_syscall_figures(const struct bt_syscall *syscall,
					    enum bt_view view);

/** bt_result_over_budget() - wall time above the budget; false without one */
bool bt_result_over_budget(const struct bt_result *result);

/**
 * bt_breakdown_syscall_ns() - time in system calls: the sum of the categories
 *
 * Returns: nanoseconds; BT_NONE if unmeasured, or if there is no such view.
 */
uint64_t bt_breakdown_syscall_ns(const struct bt_result *result, enum bt_view view);

/**
 * bt_breakdown_dominant() - the category with the most time
 *
 * Of equal ones the first in the order of bt_result_category_at().
 *
 * Returns: the category, BT_CAT_NONE if all are zero, or BT_CAT_UNMEASURED, also
 * if there is no such view.
 */
enum bt_category bt_breakdown_dominant(const struct bt_result *result, enum bt_view view);

/**
 * bt_breakdown_overhead_percent() - system calls' share of the thread time
 *
 * Returns: 0 to 100, 0 if there is no thread time, or -1 if unmeasured, also if
 * there is no such view.
 */
double bt_breakdown_overhead_percent(const struct bt_result *result, enum bt_view view);

/**
 * bt_blocked_ns() - off-CPU time less the part in which the thread waited for a CPU
 *
 * Returns: nanoseconds, never below 0; BT_NONE if either is.
 */
uint64_t bt_blocked_ns(uint64_t offcpu_ns, uint64_t runnable_ns);

/** bt_over_budget() - is @actual_ns above @budget_ns? */
bool bt_over_budget(uint64_t budget_ns, uint64_t actual_ns);

/**
 * bt_efficiency() - budget / actual, at most 1
 *
 * Returns: 0 to 1; 1 if @actual_ns is 0; otherwise 0 if @budget_ns is.
 */
double bt_efficiency(uint64_t budget_ns, uint64_t actual_ns);

/*
 * Names, as in the program's output: "mmap", "none", "measured",
 * "module_absent", "x86_64". BT_REASON_NONE and BT_CAT_UNMEASURED have none, and
 * give NULL. A value that the library does not know has a name such as
 * "category_6", which lives until the thread's next call of the same function.
 */
const char *bt_category_name(enum bt_category category);
const char *bt_provenance_name(enum bt_provenance provenance);
const char *bt_reason_name(enum bt_reason reason);
const char *bt_arch_name(enum bt_arch arch);

#ifdef __cplusplus
}
#endif

#endif /* BRICKTRACE_H */
