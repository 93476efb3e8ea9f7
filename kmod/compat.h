/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module requires of a kernel, and what differs between kernels. No other file
 * of the module tests the kernel's version.
 */
#ifndef BKT_COMPAT_H
#define BKT_COMPAT_H

#include <linux/cgroup.h>
#include <linux/mm_types.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/coredump.h>
#include <linux/thread_info.h>
#include <linux/timekeeping.h>
#include <linux/tracepoint.h>
#include <linux/version.h>
#include <net/genetlink.h>

/*
 * The module does not work without these. dkms.conf has the same list, so that DKMS
 * leaves out kernels with other options.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 10, 0)
#error "bricktrace needs Linux 5.10 or newer"
#endif
#ifndef CONFIG_NET
#error "bricktrace needs CONFIG_NET, for generic netlink"
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
#error "bricktrace does not support CONFIG_PREEMPT_RT: its hooks take spinlocks, which sleep there"
#endif

/*
 * Whether `make check` runs the tests on this kernel; nothing else decides that. For any
 * other kernel from 5.10 on the module is built, too, and says in `modinfo bricktrace`
 * and BRICKTRACE_INFO that it is not tested: docs/kernels.md. `make kernels-write` writes
 * these lists from the files in tests/kernels.
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
 * bkt_dumpable() says whether the user who owns @p, whose memory is @mm, may look into
 * it. If not, a capability is needed in the namespace that bkt_exec_ns() returns. Both
 * are called in an RCU read-side critical section.
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
	/* Other bits of the same word may change at any time. */
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
 * How long a task has waited for a CPU since it was forked, in nanoseconds. The
 * scheduler adds a wait when the task is given a CPU, after the switch probe. Kernels
 * without CONFIG_SCHEDSTATS do not count all waits, so that the sum is of no use.
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
 * Whether system call probes may be preempted. Up to v6.12 __DO_TRACE() disables
 * preemption around them. a363d27cdbc2 ("tracing: Allow system call tracepoints to
 * handle page faults") ended that in v6.13 and brought the macro that is tested here.
 */
#ifdef DECLARE_TRACE_SYSCALL
#define BKT_PROBE_PREEMPTIBLE true
#else
#define BKT_PROBE_PREEMPTIBLE false
#endif

/*
 * A thread with this flag takes the kernel's slow path into system calls, which has the
 * tracepoints. 3136b93c3fb2 ("entry: Expose helpers to migrate TIF to SYSCALL_WORK
 * flags"), v5.11, brought the macros that are used first.
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

/* 1da91ea87aef ("introduce fd_file(), convert all accessors to it."), v6.12 */
#ifndef fd_file
#define fd_file(f) ((f).file)
#endif

/*
 * The ID of a thread's cgroup in the version 2 hierarchy, 0 without cgroups. The caller
 * holds the RCU read lock.
 */
#ifdef CONFIG_CGROUPS
#define bkt_cgroup_id(p) cgroup_id(task_dfl_cgroup(p))
#else
#define bkt_cgroup_id(p) ((void)(p), 0)
#endif

/* 7288dd2fd488 ("genetlink: use attrs from struct genl_info"), v6.6 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#define bkt_dump_attrs(cb) (genl_dumpit_info(cb)->info.attrs)
#else
#define bkt_dump_attrs(cb) (genl_dumpit_info(cb)->attrs)
#endif

/*
 * Says which attribute is missing. 45dca1575997 ("netlink: add support for ext_ack missing
 * attributes"), v6.1, brought the macro that is tested here.
 */
#ifdef GENL_REQ_ATTR_CHECK
#define bkt_attr_missing(info, attr) GENL_REQ_ATTR_CHECK(info, attr)
#else
#define bkt_attr_missing(info, attr) (!(info)->attrs[attr])
#endif

/* 872f69034194 ("treewide: rename nla_strlcpy to nla_strscpy."), v5.11 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
#define nla_strscpy nla_strlcpy
#endif

/* For a variable that CONFIG_INIT_STACK_ALL_ZERO need not set to zero; gcc 12, clang 8. */
#if defined(__has_attribute) && __has_attribute(uninitialized)
#define BKT_UNINITIALIZED __attribute__((uninitialized))
#else
#define BKT_UNINITIALIZED
#endif

#endif /* BKT_COMPAT_H */
