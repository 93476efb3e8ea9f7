/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernels, and what one must have. Nothing else in the
 * module asks for a version.
 */
#ifndef BKT_COMPAT_H
#define BKT_COMPAT_H

#include <linux/mm_types.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/coredump.h>
#include <linux/thread_info.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>
#include <linux/version.h>

/*
 * What the module does not work without. DKMS does not build it for a kernel
 * whose options are others: dkms.conf has the same list.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "bricktrace needs Linux 5.10 or newer"
#endif
#ifndef CONFIG_TRACEPOINTS
#error "bricktrace needs CONFIG_TRACEPOINTS, for its hooks"
#endif
#ifndef CONFIG_HAVE_SYSCALL_TRACEPOINTS
#error "bricktrace needs CONFIG_HAVE_SYSCALL_TRACEPOINTS, for its hooks in system calls"
#endif
#if !defined(CONFIG_X86_64) && !defined(CONFIG_ARM64)
#error "bricktrace knows the system calls of CONFIG_X86_64 and CONFIG_ARM64 only"
#endif
#ifdef CONFIG_PREEMPT_RT
#error "bricktrace and CONFIG_PREEMPT_RT: its hooks take spinlocks, which sleep there and must not"
#endif

/*
 * Whether this is a kernel that `make check` runs the tests on. Decided here
 * alone; on any other from 5.10 on the module is built, and says that it is not
 * tested: `modinfo bricktrace`, BRICKTRACE_INFO. docs/kernels.md. The lists are
 * written by `make kernels-write` from the files of the tests' kernels.
 */
#define BKT_SERIES(major, minor) \
	(LINUX_VERSION_CODE >> 8 == KERNEL_VERSION(major, minor, 0) >> 8)
#ifdef CONFIG_X86_64
#define BKT_TESTED_ON "5.10, 6.1, 6.12 and 7.3 on x86-64"
#define bkt_kernel_tested (BKT_SERIES(5, 10) || \
			   BKT_SERIES(6, 1) || \
			   BKT_SERIES(6, 12) || \
			   BKT_SERIES(7, 3))
#else
#define BKT_TESTED_ON "6.1 on arm64 with pages of 4 KiB"
#define bkt_kernel_tested ((BKT_SERIES(6, 1)) && \
			   IS_ENABLED(CONFIG_ARM64_4K_PAGES))
#endif
#if bkt_kernel_tested
#define BKT_TESTED "yes"
#else
#include <generated/utsrelease.h>
#define BKT_TESTED "no: built for " UTS_RELEASE ", the tests run on " BKT_TESTED_ON
#endif

/* fa2c3254d7cf ("sched/tracing: Don't re-read p->state when emitting sched_switch event") */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
#define BKT_SWITCH_ARGS void *data, bool preempt, struct task_struct *prev, \
		       struct task_struct *next, unsigned int prev_state
#else
#define BKT_SWITCH_ARGS void *data, bool preempt, struct task_struct *prev, \
		       struct task_struct *next
#endif

/* "exit: add trace_sched_process_exit() group_dead argument", v6.16 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define BKT_PROCESS_EXIT_ARGS void *data, struct task_struct *p, bool group_dead
#else
#define BKT_PROCESS_EXIT_ARGS void *data, struct task_struct *p
#endif

/* 2f064a59a11f ("sched: Change task_struct::state") */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 14, 0)
#define bkt_task_state(p) READ_ONCE((p)->__state)
#else
#define bkt_task_state(p) READ_ONCE((p)->state)
#endif

/*
 * Whether @p, whose memory is @mm, lets its owner look into it, and the namespace
 * where a capability is needed otherwise. In an RCU read-side section.
 * 6b1c66c9cca9 ("exec_state: relocate dumpable information")
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 2, 0)
#include <linux/sched/exec_state.h>
static inline bool bkt_dumpable(struct task_struct *p, struct mm_struct *mm)
{
	return READ_ONCE(rcu_dereference(p->exec_state)->dumpable) ==
	       TASK_DUMPABLE_OWNER;
}

static inline struct user_namespace *bkt_exec_ns(struct task_struct *p,
						 struct mm_struct *mm)
{
	return rcu_dereference(p->exec_state)->user_ns;
}
#else
static inline bool bkt_dumpable(struct task_struct *p, struct mm_struct *mm)
{
	/* Other bits of the same word change at any time. */
	return data_race(get_dumpable(mm)) == SUID_DUMP_USER;
}

static inline struct user_namespace *bkt_exec_ns(struct task_struct *p,
						 struct mm_struct *mm)
{
	return mm->user_ns;
}
#endif

/* b21d442c9aeb ("timekeeping: Remove ktime_get_snapshot()") */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 2, 0)
#define bkt_clock_snapshot(s) ktime_get_snapshot_id(CLOCK_MONOTONIC, s)
#else
#define bkt_clock_snapshot(s) ktime_get_snapshot(s)
#endif

/*
 * How long a task has waited for a CPU, in nanoseconds, ever. The scheduler adds to
 * it each time that the task is given a CPU, after the switch probe. Kernels without
 * CONFIG_SCHEDSTATS count it now and then only.
 */
#define BKT_RUN_DELAY IS_ENABLED(CONFIG_SCHEDSTATS)

#ifndef bkt_run_delay
static inline u64 bkt_run_delay(const struct task_struct *p)
{
#ifdef CONFIG_SCHEDSTATS
	/* The scheduler writes it under the run queue's lock. */
	return data_race(READ_ONCE(p->sched_info.run_delay));
#else
	return 0;
#endif
}
#endif

/*
 * Whether system call probes may be preempted. __DO_TRACE() disables preemption
 * around them up to v6.12. a363d27cdbc2 ("tracing: Allow system call tracepoints
 * to handle page faults") ended that in v6.13, and brought the macro.
 */
#ifdef DECLARE_TRACE_SYSCALL
#define BKT_PROBE_PREEMPTIBLE true
#else
#define BKT_PROBE_PREEMPTIBLE false
#endif

/*
 * The flag by which a thread takes the kernel's slow way into system calls, where
 * the tracepoints are. 3136b93c3fb2 ("entry: Expose helpers to migrate TIF to
 * SYSCALL_WORK flags"), v5.11, brought the macros.
 */
#ifdef set_task_syscall_work
#define bkt_slow_path_set(p) set_task_syscall_work(p, SYSCALL_TRACEPOINT)
#define bkt_slow_path_clear(p) clear_task_syscall_work(p, SYSCALL_TRACEPOINT)
#define bkt_slow_path(p) test_task_syscall_work(p, SYSCALL_TRACEPOINT)
#else
#define bkt_slow_path_set(p) set_tsk_thread_flag(p, TIF_SYSCALL_TRACEPOINT)
#define bkt_slow_path_clear(p) clear_tsk_thread_flag(p, TIF_SYSCALL_TRACEPOINT)
#define bkt_slow_path(p) test_tsk_thread_flag(p, TIF_SYSCALL_TRACEPOINT)
#endif

#endif /* BKT_COMPAT_H */
