// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>
#include <trace/events/sched.h>
#include <trace/events/syscalls.h>
#include "compat.h"
#include "hooks.h"
#include "task.h"

static unsigned int linger_ms = 1000;
module_param(linger_ms, uint, 0644);
MODULE_PARM_DESC(linger_ms, "how long the hooks stay after the last traced run, in milliseconds (1000)");

static struct tracepoint *tp_enter, *tp_exit, *tp_switch, *tp_fork, *tp_exec,
	*tp_end;

static DEFINE_MUTEX(arming);	/* protects all below and orders arming */
static unsigned int users;	/* open traced runs */
static bool armed;
static u64 arms;
static void *on_enter, *on_exit;	/* those of the clock at arming */

/*
 * The two system call probes. A CPU's pointer is its current's account, so
 * the first read needs no protection to say "not traced": it is one
 * instruction, and moving to another CPU afterwards does not change the
 * answer. The second one is made where the account cannot go away.
 *
 * They exist once for each clock: a call of the slow one would make the fast
 * path save registers.
 */
static __always_inline void enter(long id, bool tsc)
{
	struct bt_account *a;

	if (likely(!this_cpu_read(bt_running)))
		return;
	preempt_disable_notrace();
	a = this_cpu_read(bt_running);
	if (likely(a))
		bt_account_enter(a, id, tsc);
	preempt_enable_notrace();
}

static __always_inline void leave(long ret, bool tsc)
{
	struct bt_account *a;

	if (likely(!this_cpu_read(bt_running)))
		return;
	preempt_disable_notrace();
	a = this_cpu_read(bt_running);
	if (likely(a))
		bt_account_exit(a, ret, tsc);
	preempt_enable_notrace();
}

static void on_enter_tsc(void *data, struct pt_regs *regs, long id)
{
	enter(id, true);
}

static void on_exit_tsc(void *data, struct pt_regs *regs, long ret)
{
	leave(ret, true);
}

static void on_enter_mono(void *data, struct pt_regs *regs, long id)
{
	enter(id, false);
}

static void on_exit_mono(void *data, struct pt_regs *regs, long ret)
{
	leave(ret, false);
}

/* Of on_switch()'s arguments, in the same places: what most switches pass moves none. */
static noinline void switch_out(void *data, bool preempt,
				struct task_struct *prev,
				struct task_struct *next)
{
	bt_account_out(this_cpu_read(bt_running));
	this_cpu_write(bt_running, NULL);
	if (test_bit(bt_task_bucket(next), bt_task_bits))
		bt_task_in(next);
}

/* Runs under the run queue's lock with interrupts off. */
static void on_switch(BT_SWITCH_ARGS)
{
	if (unlikely(this_cpu_read(bt_running)))
		switch_out(data, preempt, prev, next);
	else if (unlikely(test_bit(bt_task_bucket(next), bt_task_bits)))
		bt_task_in(next);
}

static void on_fork(void *data, struct task_struct *parent,
		    struct task_struct *child)
{
	bt_task_forked(child);
}

static void on_exec(void *data, struct task_struct *p, pid_t old_pid,
		    struct linux_binprm *bprm)
{
	bt_task_execed();
}

static void on_end(BT_PROCESS_EXIT_ARGS)
{
	bt_task_ended();
}

static void find(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "sys_enter"))
		tp_enter = tp;
	else if (!strcmp(tp->name, "sys_exit"))
		tp_exit = tp;
	else if (!strcmp(tp->name, "sched_switch"))
		tp_switch = tp;
	else if (!strcmp(tp->name, "sched_process_fork"))
		tp_fork = tp;
	else if (!strcmp(tp->name, "sched_process_exec"))
		tp_exec = tp;
	else if (!strcmp(tp->name, "sched_process_exit"))
		tp_end = tp;
}

/*
 * sys_exit before sys_enter, so that no seen call lacks its exit; the switch
 * probe last, as it and the search for the running tasks set the pointers
 * without which the others do nothing: once a task is met, all is seen.
 */
static int arm(void)
{
	int ret;

	lockdep_assert_held(&arming);
	on_enter = static_key_enabled(&bt_clock_is_tsc) ? on_enter_tsc :
							  on_enter_mono;
	on_exit = static_key_enabled(&bt_clock_is_tsc) ? on_exit_tsc :
							 on_exit_mono;
	bt_task_arm_begin();
	ret = tracepoint_probe_register(tp_exit, on_exit, NULL);
	if (ret)
		goto err;
	ret = tracepoint_probe_register(tp_enter, on_enter, NULL);
	if (ret)
		goto err_exit;
	ret = tracepoint_probe_register(tp_switch, on_switch, NULL);
	if (ret)
		goto err_enter;
	bt_task_arm_end();
	armed = true;
	arms++;
	return 0;

err_enter:
	tracepoint_probe_unregister(tp_enter, on_enter, NULL);
err_exit:
	tracepoint_probe_unregister(tp_exit, on_exit, NULL);
err:
	return ret;
}

static void disarm(void)
{
	lockdep_assert_held(&arming);
	tracepoint_probe_unregister(tp_enter, on_enter, NULL);
	tracepoint_probe_unregister(tp_exit, on_exit, NULL);
	tracepoint_probe_unregister(tp_switch, on_switch, NULL);
	tracepoint_synchronize_unregister();
	synchronize_rcu();
	bt_task_disarm();
	armed = false;
}

static void release(struct work_struct *work)
{
	mutex_lock(&arming);
	if (armed && !users)
		disarm();
	mutex_unlock(&arming);
}

static DECLARE_DELAYED_WORK(releasing, release);

int bt_hooks_get(void)
{
	int ret = 0;

	mutex_lock(&arming);
	if (bt_clock_check() && armed)
		disarm();
	if (!armed)
		ret = arm();
	if (!ret)
		users++;
	mutex_unlock(&arming);
	return ret;
}

void bt_hooks_put(void)
{
	mutex_lock(&arming);
	if (!--users)
		mod_delayed_work(system_long_wq, &releasing,
				 msecs_to_jiffies(READ_ONCE(linger_ms)));
	mutex_unlock(&arming);
}

bool bt_hooks_armed(void)
{
	return READ_ONCE(armed);
}

u64 bt_hooks_arms(void)
{
	u64 n;

	mutex_lock(&arming);
	n = arms;
	mutex_unlock(&arming);
	return n;
}

unsigned int bt_hooks_linger_ms(void)
{
	return READ_ONCE(linger_ms);
}

int bt_hooks_init(void)
{
	int ret;

	check_trace_callback_type_sys_enter(on_enter_tsc);
	check_trace_callback_type_sys_enter(on_enter_mono);
	check_trace_callback_type_sys_exit(on_exit_tsc);
	check_trace_callback_type_sys_exit(on_exit_mono);
	check_trace_callback_type_sched_switch(on_switch);
	check_trace_callback_type_sched_process_fork(on_fork);
	check_trace_callback_type_sched_process_exec(on_exec);
	check_trace_callback_type_sched_process_exit(on_end);

	for_each_kernel_tracepoint(find, NULL);
	if (!tp_enter || !tp_exit || !tp_switch || !tp_fork || !tp_exec ||
	    !tp_end) {
		pr_err("this kernel lacks one of the tracepoints sys_enter, sys_exit, sched_switch, sched_process_{fork,exec,exit}\n");
		return -ENODEV;
	}
	ret = tracepoint_probe_register(tp_end, on_end, NULL);
	if (ret)
		return ret;
	ret = tracepoint_probe_register(tp_exec, on_exec, NULL);
	if (ret)
		goto err_end;
	ret = tracepoint_probe_register(tp_fork, on_fork, NULL);
	if (ret)
		goto err_exec;
	return 0;

err_exec:
	tracepoint_probe_unregister(tp_exec, on_exec, NULL);
err_end:
	tracepoint_probe_unregister(tp_end, on_end, NULL);
	tracepoint_synchronize_unregister();
	return ret;
}

/* No session is left, hence no run and no followed task. */
void bt_hooks_exit(void)
{
	cancel_delayed_work_sync(&releasing);
	mutex_lock(&arming);
	if (armed)
		disarm();
	mutex_unlock(&arming);
	tracepoint_probe_unregister(tp_fork, on_fork, NULL);
	tracepoint_probe_unregister(tp_exec, on_exec, NULL);
	tracepoint_probe_unregister(tp_end, on_end, NULL);
	tracepoint_synchronize_unregister();
	synchronize_rcu();
}
