// SPDX-License-Identifier: GPL-2.0
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/suspend.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>
#include <asm/syscall.h>
#include <trace/events/sched.h>
#include <trace/events/signal.h>
#include <trace/events/syscalls.h>
#include "compat.h"
#include "hooks.h"
#include "quiet.h"
#include "task.h"

/* Whoever opens and closes runs in a loop makes the host patch code only so often. */
#define HOLD_MS 250

static unsigned int linger_ms = 1000;
module_param(linger_ms, uint, 0644);
MODULE_PARM_DESC(linger_ms, "how long the hooks stay after the last traced run, in milliseconds (1000)");

static struct tracepoint *tp_enter, *tp_exit, *tp_switch, *tp_fork, *tp_exec,
	*tp_end, *tp_signal;

/*
 * Orders arming and disarming; protects all below that is not the holders' lock's.
 * Grace periods are waited for under it.
 */
static DEFINE_MUTEX(arming);
static bool enabled = true;
static bool suspending;
static bool following;		/* the probes of threads' lives are in place */
/* Calls that are about to make tasks followed; the first one waits for the mutex. */
static atomic_t followers_coming;
static unsigned long patched_at;	/* jiffies when code was last patched */
static void *on_enter, *on_exit;	/* those of the clock at arming */
static u64 loaded_at_ns;

/* Protects all below. Taken inside the mutex. */
static DEFINE_SPINLOCK(holders_lock);
static LIST_HEAD(holders);
static bool armed;		/* ends before the probes go, with no holder left */
static u64 arms;
static u64 changed_at_ns;	/* when @armed last changed */
static u64 armed_before_ns;	/* the sum of all times before */

/*
 * The two system call probes. A CPU's pointer is its current's account, so
 * the first read needs no protection to say "not traced": it is one
 * instruction, and moving to another CPU afterwards does not change the
 * answer. Where probes can be preempted, the second one is made where the
 * account cannot go away.
 *
 * They exist once for each clock: a call of the slow one would make the fast
 * path save registers.
 */
static __always_inline struct bt_account *probe_begin(void)
{
	struct bt_account *a = this_cpu_read(bt_running);

	if (likely(!a))
		return NULL;
	if (BT_PROBE_PREEMPTIBLE) {
		preempt_disable_notrace();
		a = this_cpu_read(bt_running);
		if (unlikely(!a))
			preempt_enable_notrace();
	} else {
		lockdep_assert_preemption_disabled();
	}
	return a;
}

static __always_inline void probe_end(void)
{
	if (BT_PROBE_PREEMPTIBLE)
		preempt_enable_notrace();
}

static __always_inline void enter(long id, bool tsc)
{
	struct bt_account *a = probe_begin();

	if (likely(!a))
		return;
	bt_account_enter(a, id, tsc);
	probe_end();
}

static __always_inline void leave(long ret, bool tsc)
{
	struct bt_account *a = probe_begin();

	if (likely(!a))
		return;
	bt_account_exit(a, ret, tsc);
	probe_end();
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

/* The arguments are in on_switch()'s order, so that a tail call moves no register. */
static noinline void switch_out(void *data, bool preempt,
				struct task_struct *prev,
				struct task_struct *next)
{
	bt_account_out(this_cpu_read(bt_running), prev);
	this_cpu_write(bt_running, NULL);
	if (bt_slow_path(next))
		bt_task_in(next);
}

/*
 * Runs under the run queue's lock with interrupts off. Each followed task has the
 * slow path's flag while the hooks are armed, and while they are quiet no other.
 */
static void on_switch(BT_SWITCH_ARGS)
{
	if (unlikely(this_cpu_read(bt_running)))
		switch_out(data, preempt, prev, next);
	else if (unlikely(bt_slow_path(next)))
		bt_task_in(next);
}

/* A signal is delivered to current, on its way back to user mode. */
static void on_signal(void *data, int sig, struct kernel_siginfo *info,
		      struct k_sigaction *ka)
{
	struct bt_account *a;

	if (likely(!this_cpu_read(bt_running)))
		return;
	if (ka->sa.sa_handler == SIG_IGN || ka->sa.sa_handler == SIG_DFL)
		return;
#ifdef CONFIG_X86_64
	/* An interrupt brought it here: no call sees this signal. */
	if (syscall_get_nr(current, task_pt_regs(current)) == -1)
		return;
#endif
	preempt_disable();
	a = this_cpu_read(bt_running);
	if (a)
		bt_account_signal(a, ka->sa.sa_flags & SA_RESTART);
	preempt_enable();
}

static void on_fork(void *data, struct task_struct *parent,
		    struct task_struct *child)
{
	bt_task_forked(child);
}

static void on_exec(void *data, struct task_struct *p, pid_t old_pid,
		    struct linux_binprm *bprm)
{
	if (bt_task_execed())
		bt_hooks_idle();
}

static void on_end(BT_PROCESS_EXIT_ARGS)
{
	if (bt_task_ended())
		bt_hooks_idle();
}

/* Puts the probes of threads' lives in place. */
static int follow_hook(void)
{
	int ret;

	lockdep_assert_held(&arming);
	if (following)
		return 0;
	ret = tracepoint_probe_register(tp_end, on_end, NULL);
	if (ret)
		return ret;
	ret = tracepoint_probe_register(tp_exec, on_exec, NULL);
	if (ret)
		goto err_end;
	ret = tracepoint_probe_register(tp_fork, on_fork, NULL);
	if (ret)
		goto err_exec;
	following = true;
	WRITE_ONCE(patched_at, jiffies);
	return 0;

err_exec:
	tracepoint_probe_unregister(tp_exec, on_exec, NULL);
err_end:
	tracepoint_probe_unregister(tp_end, on_end, NULL);
	tracepoint_synchronize_unregister();
	synchronize_rcu();
	return ret;
}

static void follow_unhook(void)
{
	lockdep_assert_held(&arming);
	tracepoint_probe_unregister(tp_fork, on_fork, NULL);
	tracepoint_probe_unregister(tp_exec, on_exec, NULL);
	tracepoint_probe_unregister(tp_end, on_end, NULL);
	tracepoint_synchronize_unregister();
	synchronize_rcu();
	following = false;
	WRITE_ONCE(patched_at, jiffies);
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
	ret = follow_hook();
	if (ret)
		return ret;
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
	ret = tracepoint_probe_register(tp_signal, on_signal, NULL);
	if (ret)
		goto err_enter;
	ret = tracepoint_probe_register(tp_switch, on_switch, NULL);
	if (ret)
		goto err_signal;
	bt_task_arm_end();
	WRITE_ONCE(patched_at, jiffies);
	spin_lock(&holders_lock);
	armed = true;
	arms++;
	changed_at_ns = ktime_get_ns();
	spin_unlock(&holders_lock);
	return 0;

err_signal:
	tracepoint_probe_unregister(tp_signal, on_signal, NULL);
err_enter:
	tracepoint_probe_unregister(tp_enter, on_enter, NULL);
err_exit:
	tracepoint_probe_unregister(tp_exit, on_exit, NULL);
err:
	bt_task_disarm();
	bt_task_disarmed();
	return ret;
}

/*
 * Removes the hooks, unless @idle asks to leave them to whoever holds them. Who
 * becomes a holder sees that they are armed, or that they are not any more.
 */
static void disarm(bool idle)
{
	bool go;

	lockdep_assert_held(&arming);
	spin_lock(&holders_lock);
	go = armed && !(idle && !list_empty(&holders));
	if (go) {
		armed = false;
		armed_before_ns += ktime_get_ns() - changed_at_ns;
		changed_at_ns = ktime_get_ns();
	}
	spin_unlock(&holders_lock);
	if (!go)
		return;
	/* The pointers die first: see bt_running. */
	bt_task_disarm();
	tracepoint_probe_unregister(tp_enter, on_enter, NULL);
	tracepoint_probe_unregister(tp_exit, on_exit, NULL);
	tracepoint_probe_unregister(tp_signal, on_signal, NULL);
	tracepoint_probe_unregister(tp_switch, on_switch, NULL);
	tracepoint_synchronize_unregister();
	synchronize_rcu();
	bt_task_disarmed();
	WRITE_ONCE(patched_at, jiffies);
}

static void release(struct work_struct *work);
static DECLARE_DELAYED_WORK(releasing, release);

static unsigned long linger(void)
{
	unsigned long delay = msecs_to_jiffies(READ_ONCE(linger_ms));
	long hold = READ_ONCE(patched_at) + msecs_to_jiffies(HOLD_MS) - jiffies;

	return max_t(long, hold, delay);
}

/* A release that is due anyway comes when it is due. */
void bt_hooks_idle(void)
{
	queue_delayed_work(system_long_wq, &releasing, linger());
}

static void release(struct work_struct *work)
{
	mutex_lock(&arming);
	disarm(true);
	/* Pairs with bt_hooks_follow_end(): what was followed is seen. */
	if (following && !armed && !atomic_read_acquire(&followers_coming) &&
	    !bt_task_any())
		follow_unhook();
	mutex_unlock(&arming);
}

/* Under the mutex: the clock is that of the epoch, or a new one begins. */
static void check_clock(void)
{
	lockdep_assert_held(&arming);
	if (!bt_clock_stale())
		return;
	disarm(false);
	bt_clock_renew();
}

static int arm_for_holder(void)
{
	int ret;

	ret = mutex_lock_killable(&arming);
	if (ret)
		return ret;
	check_clock();
	if (!enabled)
		ret = -ECANCELED;
	else if (suspending)
		ret = -ESTALE;
	else if (!armed)
		ret = arm();
	mutex_unlock(&arming);
	return ret;
}

int bt_hooks_get(struct bt_holder *h)
{
	bool ready;
	int ret;

	spin_lock(&holders_lock);
	if (!h->runs++) {
		h->pid = task_tgid_nr(current);
		get_task_comm(h->comm, current->group_leader);
		h->since_ns = ktime_get_ns();
		list_add_tail(&h->node, &holders);
	}
	ready = armed;
	spin_unlock(&holders_lock);
	if (likely(ready && !bt_clock_stale()))
		return 0;
	ret = arm_for_holder();
	if (ret)
		bt_hooks_put(h);
	return ret;
}

void bt_hooks_put(struct bt_holder *h)
{
	bool idle;

	spin_lock(&holders_lock);
	if (!--h->runs)
		list_del(&h->node);
	idle = list_empty(&holders);
	spin_unlock(&holders_lock);
	/* The time begins anew with each last run. */
	if (idle)
		mod_delayed_work(system_long_wq, &releasing, linger());
}

int bt_hooks_follow_begin(void)
{
	int ret;

	ret = mutex_lock_killable(&arming);
	if (ret)
		return ret;
	ret = follow_hook();
	if (!ret)
		atomic_inc(&followers_coming);
	mutex_unlock(&arming);
	return ret;
}

void bt_hooks_follow_end(void)
{
	/* Pairs with release(). */
	atomic_fetch_dec_release(&followers_coming);
	if (!bt_task_any())
		bt_hooks_idle();
}

void bt_hooks_state(struct bt_hooks_state *state)
{
	u64 now;

	spin_lock(&holders_lock);
	now = ktime_get_ns();
	state->hooks = armed ? bt_quiet_state() : BRICKTRACE_HOOKS_OFF;
	state->since_ns = now - changed_at_ns;
	state->arms = arms;
	state->armed_ns = armed_before_ns;
	if (armed)
		state->armed_ns += now - changed_at_ns;
	spin_unlock(&holders_lock);
	state->enabled = READ_ONCE(enabled);
	state->loaded_ns = now - loaded_at_ns;
	state->linger_ms = READ_ONCE(linger_ms);
}

/*
 * The operator's switch. Switching tracing off removes the hooks at once; runs
 * that are open find another generation when they are closed.
 */
static int enabled_set(const char *text, const struct kernel_param *kp)
{
	bool on;
	int ret;

	ret = kstrtobool(text, &on);
	if (ret)
		return ret;
	mutex_lock(&arming);
	WRITE_ONCE(enabled, on);
	if (!on)
		disarm(false);
	mutex_unlock(&arming);
	return 0;
}

static int enabled_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%d\n", READ_ONCE(enabled));
}

static const struct kernel_param_ops enabled_ops = {
	.set = enabled_set,
	.get = enabled_get,
};
module_param_cb(enabled, &enabled_ops, NULL, 0644);
MODULE_PARM_DESC(enabled, "0 refuses arming and removes the hooks at once (1)");

static int put_seconds(char *text, int n, const char *name, u64 ns)
{
	return sysfs_emit_at(text, n, " %s %llu.%03llu", name,
			     ns / NSEC_PER_SEC,
			     ns % NSEC_PER_SEC / NSEC_PER_MSEC);
}

static int put_cause(char *text, int n)
{
	struct bt_quiet_cause cause;

	if (bt_quiet_because(&cause))
		return sysfs_emit_at(text, n, " because %*pE (pid %d)",
				     (int)strlen(cause.comm), cause.comm,
				     cause.pid);
	return sysfs_emit_at(text, n, " because %s",
			     bt_quiet_watching() ?
				     "another tracer was there before" :
				     "kprobes are not available");
}

static int put_holder(char *text, int n, const struct bt_holder *h)
{
	int start = n;

	n += sysfs_emit_at(text, n, "holder pid %d uid %u comm %*pE runs %u",
			   h->pid, h->uid, (int)strlen(h->comm), h->comm, h->runs);
	n += put_seconds(text, n, "since_s", ktime_get_ns() - h->since_ns);
	n += sysfs_emit_at(text, n, "\n");
	return n - start;
}

/* Who holds the hooks, for root: docs/operator.md has the format. */
static int hooks_get(char *text, const struct kernel_param *kp)
{
	static const char *const states[] = { "off", "quiet", "loud" };
	struct bt_hooks_state state;
	struct bt_holder *h;
	u64 share;
	u32 more = 0;
	int n;

	bt_hooks_state(&state);
	share = div64_u64(state.armed_ns, max(state.loaded_ns / 100000, 1ULL));
	n = sysfs_emit(text, "state %s", states[state.hooks]);
	n += put_seconds(text, n, "since_s", state.since_ns);
	n += put_seconds(text, n, "loaded_s", state.loaded_ns);
	n += sysfs_emit_at(text, n, " armed_percent %llu.%03llu arms %llu",
			   share / 1000, share % 1000, state.arms);
	if (state.hooks == BRICKTRACE_HOOKS_LOUD)
		n += put_cause(text, n);
	n += sysfs_emit_at(text, n, "\n");
	spin_lock(&holders_lock);
	list_for_each_entry(h, &holders, node) {
		/* A page is all the room there is. */
		if (n > PAGE_SIZE - 160)
			more++;
		else
			n += put_holder(text, n, h);
	}
	spin_unlock(&holders_lock);
	if (more)
		n += sysfs_emit_at(text, n, "more %u\n", more);
	return n;
}

static const struct kernel_param_ops hooks_ops = { .get = hooks_get };
module_param_cb(hooks, &hooks_ops, NULL, 0400);
MODULE_PARM_DESC(hooks, "state of the hooks and who holds them (read only)");

/* Calls that sleep through a suspend have no time that any clock can tell. */
static int on_suspend(struct notifier_block *nb, unsigned long event, void *data)
{
	bool begins = event == PM_SUSPEND_PREPARE ||
		      event == PM_HIBERNATION_PREPARE ||
		      event == PM_RESTORE_PREPARE;

	mutex_lock(&arming);
	if (begins)
		disarm(false);
	suspending = begins;
	bt_clock_renew();
	mutex_unlock(&arming);
	return NOTIFY_DONE;
}

static struct notifier_block suspend_nb = { .notifier_call = on_suspend };

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
	else if (!strcmp(tp->name, "signal_deliver"))
		tp_signal = tp;
}

int bt_hooks_init(void)
{
	int ret;

	check_trace_callback_type_sys_enter(on_enter_tsc);
	check_trace_callback_type_sys_enter(on_enter_mono);
	check_trace_callback_type_sys_exit(on_exit_tsc);
	check_trace_callback_type_sys_exit(on_exit_mono);
	check_trace_callback_type_signal_deliver(on_signal);
	check_trace_callback_type_sched_switch(on_switch);
	check_trace_callback_type_sched_process_fork(on_fork);
	check_trace_callback_type_sched_process_exec(on_exec);
	check_trace_callback_type_sched_process_exit(on_end);

	for_each_kernel_tracepoint(find, NULL);
	if (!tp_enter || !tp_exit || !tp_switch || !tp_fork || !tp_exec ||
	    !tp_end || !tp_signal) {
		pr_err("this kernel lacks one of the tracepoints sys_enter, sys_exit, signal_deliver, sched_switch, sched_process_{fork,exec,exit}\n");
		return -ENODEV;
	}
	loaded_at_ns = ktime_get_ns();
	changed_at_ns = loaded_at_ns;
	WRITE_ONCE(patched_at, jiffies);
	ret = register_pm_notifier(&suspend_nb);
	if (ret)
		return ret;
	bt_quiet_init(tp_enter, tp_exit);
	return 0;
}

/* No session is left, hence no run and no followed task. */
void bt_hooks_exit(void)
{
	unregister_pm_notifier(&suspend_nb);
	/* The exit probe may be about to say that nobody is followed. */
	mutex_lock(&arming);
	disarm(false);
	if (following)
		follow_unhook();
	mutex_unlock(&arming);
	cancel_delayed_work_sync(&releasing);
	bt_quiet_exit();
}
