// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/tracepoint.h>
#include "compat.h"
#include "quiet.h"

/* Registrations that may be under way at once. After one is missed, arming is loud. */
#define QUIET_REGISTRATIONS 64

static struct tracepoint *quiet_enter, *quiet_exit;
static bool quiet_watching;		/* the kprobes are registered */

/* enum bricktrace_hooks. It leaves OFF and returns to OFF under bkt_tasks_lock only. */
static int quiet_state;
/* The kprobes saw our own registrations in this arming, so kprobes are switched on. */
static bool quiet_kprobes_work;
/* Loud hooks: every thread has the flag. Set after the walk that sets the flags. */
static bool quiet_all_set;
/* Other tracers' calls that are inside the kernel's functions that register probes. */
static atomic_t quiet_registering;
static struct bkt_quiet_cause quiet_cause;
static bool quiet_cause_known;		/* quiet_cause is complete */

static void quiet_set_all(void)
{
	struct task_struct *g, *p;

	/*
	 * Pairs with bkt_quiet_unfollow(): it sees that the state is LOUD, or we see the
	 * flag cleared and set it.
	 */
	smp_mb();
	rcu_read_lock();
	for_each_process_thread(g, p)
		bkt_slow_path_set(p);
	rcu_read_unlock();
}

/* Runs in a kprobe where probes are registered, with preemption or even interrupts off. */
static void quiet_make_loud(void)
{
	/* Pairs with bkt_quiet_begin(): it sees @quiet_registering, or we see the state. */
	smp_mb();
	if (READ_ONCE(quiet_state) == BRICKTRACE_HOOKS_OFF)
		return;
	/* Pairs with the releases here and in bkt_quiet_check(): all flags are set. */
	if (smp_load_acquire(&quiet_all_set))
		return;
	if (cmpxchg(&quiet_state, BRICKTRACE_HOOKS_QUIET,
		    BRICKTRACE_HOOKS_LOUD) == BRICKTRACE_HOOKS_QUIET) {
		quiet_cause.pid = task_pid_nr(current);
		memcpy(quiet_cause.comm, current->comm, TASK_COMM_LEN);
		quiet_cause.comm[TASK_COMM_LEN - 1] = 0;
		/* Pairs with bkt_quiet_get_cause(): it sees the cause if it sees this. */
		smp_store_release(&quiet_cause_known, true);
	}
	quiet_set_all();
	/* Pairs with the acquire above. */
	smp_store_release(&quiet_all_set, true);
}

static int quiet_entering(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	void *tp = (void *)regs_get_kernel_argument(regs, 0);

	/* If this returns 1, quiet_returning() is not called. */
	if (tp != quiet_enter && tp != quiet_exit)
		return 1;
	if (within_module(regs_get_kernel_argument(regs, 1), THIS_MODULE)) {
		WRITE_ONCE(quiet_kprobes_work, true);
		return 1;
	}
	atomic_inc(&quiet_registering);
	quiet_make_loud();
	return 0;
}

NOKPROBE_SYMBOL(quiet_entering);

static int quiet_returning(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	atomic_dec(&quiet_registering);
	return 0;
}

NOKPROBE_SYMBOL(quiet_returning);

/* All functions that register probes. The last came with v5.14 and in stable kernels. */
#define QUIET_WATCH(name)					\
	{							\
		.kp.symbol_name = name,				\
		.entry_handler = quiet_entering,		\
		.handler = quiet_returning,			\
		.maxactive = QUIET_REGISTRATIONS,		\
	}
static struct kretprobe quiet_probes[] = {
	QUIET_WATCH("tracepoint_probe_register"),
	QUIET_WATCH("tracepoint_probe_register_prio"),
	QUIET_WATCH("tracepoint_probe_register_prio_may_exist"),
};

static bool quiet_missed(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(quiet_probes); i++)
		if (quiet_probes[i].nmissed)
			return true;
	return false;
}

void bkt_quiet_begin(void)
{
	WRITE_ONCE(quiet_all_set, false);
	WRITE_ONCE(quiet_cause_known, false);
	WRITE_ONCE(quiet_kprobes_work, false);
	WRITE_ONCE(quiet_state, BRICKTRACE_HOOKS_QUIET);
	/* Pairs with quiet_make_loud(): it sees the state, or we see @quiet_registering. */
	smp_mb();
	if (quiet_watching && !quiet_missed() &&
	    !atomic_read(&quiet_registering) &&
	    !static_key_enabled(&quiet_enter->key) &&
	    !static_key_enabled(&quiet_exit->key))
		return;
	WRITE_ONCE(quiet_state, BRICKTRACE_HOOKS_LOUD);
}

void bkt_quiet_check(void)
{
	if (!READ_ONCE(quiet_kprobes_work))
		WRITE_ONCE(quiet_state, BRICKTRACE_HOOKS_LOUD);
	if (READ_ONCE(quiet_state) == BRICKTRACE_HOOKS_QUIET)
		return;
	quiet_set_all();
	/* Pairs with the acquire in quiet_make_loud(). */
	smp_store_release(&quiet_all_set, true);
}

void bkt_quiet_end(void)
{
	WRITE_ONCE(quiet_state, BRICKTRACE_HOOKS_OFF);
}

int bkt_quiet_state(void)
{
	return READ_ONCE(quiet_state);
}

bool bkt_quiet_watching(void)
{
	return quiet_watching && READ_ONCE(quiet_kprobes_work);
}

bool bkt_quiet_get_cause(struct bkt_quiet_cause *cause)
{
	/* Pairs with the release in quiet_make_loud(). */
	if (!smp_load_acquire(&quiet_cause_known))
		return false;
	*cause = quiet_cause;
	return true;
}

void bkt_quiet_follow(struct task_struct *p)
{
	bkt_slow_path_set(p);
}

void bkt_quiet_unfollow(struct task_struct *p)
{
	if (READ_ONCE(quiet_state) != BRICKTRACE_HOOKS_QUIET)
		return;
	bkt_slow_path_clear(p);
	/*
	 * Pairs with quiet_set_all(): it sees the flag cleared and sets it, or we see that
	 * the state is LOUD and set the flag ourselves.
	 */
	smp_mb__after_atomic();
	if (READ_ONCE(quiet_state) == BRICKTRACE_HOOKS_LOUD)
		bkt_slow_path_set(p);
}

void bkt_quiet_init(struct tracepoint *enter, struct tracepoint *exit)
{
	size_t i;
	int ret;

	quiet_enter = enter;
	quiet_exit = exit;
	for (i = 0; i < ARRAY_SIZE(quiet_probes); i++) {
		ret = register_kretprobe(&quiet_probes[i]);
		/* Older kernels have the first two functions only. */
		if (ret == -ENOENT && i == ARRAY_SIZE(quiet_probes) - 1) {
			quiet_probes[i].kp.addr = NULL;
			break;
		}
		if (ret)
			goto err;
	}
	quiet_watching = true;
	return;

err:
	pr_notice("cannot watch %s (%d): while tracing, every thread of the host takes the slow path into system calls\n",
		  quiet_probes[i].kp.symbol_name, ret);
	while (i)
		unregister_kretprobe(&quiet_probes[--i]);
}

void bkt_quiet_exit(void)
{
	size_t i;

	if (!quiet_watching)
		return;
	for (i = 0; i < ARRAY_SIZE(quiet_probes); i++)
		if (quiet_probes[i].kp.addr)
			unregister_kretprobe(&quiet_probes[i]);
}
