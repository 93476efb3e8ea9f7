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

/*
 * How long the hooks stay at least once the kernel's code has been patched for them, so
 * that a program that opens and closes runs in a loop cannot have it patched all the time.
 */
#define HOOKS_HOLD_MS 250

static unsigned int hooks_linger_ms = 1000;
module_param_named(linger_ms, hooks_linger_ms, uint, 0644);
MODULE_PARM_DESC(linger_ms, "how long the hooks stay after the last traced run, in milliseconds (1000)");

static struct tracepoint *hooks_tp_enter, *hooks_tp_exit, *hooks_tp_switch,
	*hooks_tp_fork, *hooks_tp_exec, *hooks_tp_end, *hooks_tp_signal;

/*
 * Serializes arming and disarming, and protects the variables from here to
 * hooks_holders_lock. It is held while probes are registered and grace periods waited for.
 */
static DEFINE_MUTEX(hooks_mutex);
static bool hooks_enabled = true;
static bool hooks_suspending;
static bool hooks_following;		/* the lifecycle probes are in place */
/* Calls of bkt_hooks_follow_begin() whose bkt_hooks_follow_end() is to come. */
static atomic_t hooks_follow_calls;
static unsigned long hooks_patched_at;	/* jiffies when code was last patched */
static void *hooks_enter_probe, *hooks_exit_probe;	/* chosen for the clock at arming */
static u64 hooks_loaded_at_ns;

/* Protects the variables below. Taken with or without the mutex, which comes first. */
static DEFINE_SPINLOCK(hooks_holders_lock);
static LIST_HEAD(hooks_holders);
static bool hooks_armed;		/* cleared before the probes are removed */
static u64 hooks_arms;
static u64 hooks_changed_at_ns;		/* when @hooks_armed last changed */
static u64 hooks_armed_before_ns;	/* time armed in all before then */

/*
 * The two system call probes. A CPU's bkt_running belongs to the CPU's current, so the
 * first read of it needs no protection: if it is NULL, current is not traced on any
 * other CPU either. The read is one instruction. Where probes can be preempted, the
 * second read is made with preemption off, so that the account is not freed.
 *
 * Each probe exists once for each clock, since a function that may call the slow clock
 * saves registers even on the fast path.
 */
static __always_inline struct bkt_account *hooks_probe_begin(void)
{
	struct bkt_account *a = this_cpu_read(bkt_running);

	if (likely(!a))
		return NULL;
	if (BKT_PROBE_PREEMPTIBLE) {
		preempt_disable_notrace();
		a = this_cpu_read(bkt_running);
		if (unlikely(!a))
			preempt_enable_notrace();
	} else {
		lockdep_assert_preemption_disabled();
	}
	return a;
}

static __always_inline void hooks_probe_end(void)
{
	if (BKT_PROBE_PREEMPTIBLE)
		preempt_enable_notrace();
}

static __always_inline void hooks_sys_enter(long id, bool tsc)
{
	struct bkt_account *a = hooks_probe_begin();

	if (likely(!a))
		return;
	bkt_account_enter(a, id, tsc);
	hooks_probe_end();
}

static __always_inline void hooks_sys_exit(long ret, bool tsc)
{
	struct bkt_account *a = hooks_probe_begin();

	if (likely(!a))
		return;
	bkt_account_exit(a, ret, tsc);
	hooks_probe_end();
}

static void hooks_on_enter_tsc(void *data, struct pt_regs *regs, long id)
{
	hooks_sys_enter(id, true);
}

static void hooks_on_exit_tsc(void *data, struct pt_regs *regs, long ret)
{
	hooks_sys_exit(ret, true);
}

static void hooks_on_enter_mono(void *data, struct pt_regs *regs, long id)
{
	hooks_sys_enter(id, false);
}

static void hooks_on_exit_mono(void *data, struct pt_regs *regs, long ret)
{
	hooks_sys_exit(ret, false);
}

/* Same argument order as hooks_on_switch(), so that the tail call moves no register. */
static noinline void hooks_switch_out(void *data, bool preempt,
				      struct task_struct *prev,
				      struct task_struct *next)
{
	bkt_account_out(this_cpu_read(bkt_running), prev);
	this_cpu_write(bkt_running, NULL);
	if (bkt_slow_path(next))
		bkt_task_in(next);
}

/*
 * Runs under the run queue's lock with interrupts off. While the hooks are armed, each
 * followed task has the slow path's flag; while they are quiet, no other task has it.
 */
static void hooks_on_switch(BKT_SWITCH_ARGS)
{
	if (unlikely(this_cpu_read(bkt_running)))
		hooks_switch_out(data, preempt, prev, next);
	else if (unlikely(bkt_slow_path(next)))
		bkt_task_in(next);
}

/* A signal is delivered to current, which is on its way back to user mode. */
static void hooks_on_signal(void *data, int sig, struct kernel_siginfo *info,
			    struct k_sigaction *ka)
{
	struct bkt_account *a;

	if (likely(!this_cpu_read(bkt_running)))
		return;
	if (ka->sa.sa_handler == SIG_IGN || ka->sa.sa_handler == SIG_DFL)
		return;
#ifdef CONFIG_X86_64
	/*
	 * Current entered the kernel by an interrupt, so no call was interrupted. On
	 * arm64 that cannot be seen here: do_signal() has reset the number of any call.
	 */
	if (syscall_get_nr(current, task_pt_regs(current)) == -1)
		return;
#endif
	preempt_disable();
	a = this_cpu_read(bkt_running);
	if (a)
		bkt_account_signal(a, ka->sa.sa_flags & SA_RESTART);
	preempt_enable();
}

static void hooks_on_fork(void *data, struct task_struct *parent,
			  struct task_struct *child)
{
	bkt_task_forked(child);
}

static void hooks_on_exec(void *data, struct task_struct *p, pid_t old_pid,
			  struct linux_binprm *bprm)
{
	if (bkt_task_execed())
		bkt_hooks_idle();
}

static void hooks_on_end(BKT_PROCESS_EXIT_ARGS)
{
	if (bkt_task_ended())
		bkt_hooks_idle();
}

static int hooks_register_lifecycle(void)
{
	int ret;

	lockdep_assert_held(&hooks_mutex);
	if (hooks_following)
		return 0;
	ret = tracepoint_probe_register(hooks_tp_end, hooks_on_end, NULL);
	if (ret)
		return ret;
	ret = tracepoint_probe_register(hooks_tp_exec, hooks_on_exec, NULL);
	if (ret)
		goto err_end;
	ret = tracepoint_probe_register(hooks_tp_fork, hooks_on_fork, NULL);
	if (ret)
		goto err_exec;
	hooks_following = true;
	WRITE_ONCE(hooks_patched_at, jiffies);
	return 0;

err_exec:
	tracepoint_probe_unregister(hooks_tp_exec, hooks_on_exec, NULL);
err_end:
	tracepoint_probe_unregister(hooks_tp_end, hooks_on_end, NULL);
	tracepoint_synchronize_unregister();
	synchronize_rcu();
	return ret;
}

static void hooks_unregister_lifecycle(void)
{
	lockdep_assert_held(&hooks_mutex);
	tracepoint_probe_unregister(hooks_tp_fork, hooks_on_fork, NULL);
	tracepoint_probe_unregister(hooks_tp_exec, hooks_on_exec, NULL);
	tracepoint_probe_unregister(hooks_tp_end, hooks_on_end, NULL);
	tracepoint_synchronize_unregister();
	synchronize_rcu();
	hooks_following = false;
	WRITE_ONCE(hooks_patched_at, jiffies);
}

/*
 * sys_exit is hooked before sys_enter, so that a call whose entry was seen never lacks
 * its exit. The switch probe is last: it and then bkt_task_arm_end() set the pointers
 * bkt_running, without which the other probes do nothing. So once a task has been
 * observed, none of its events is missed.
 */
static int hooks_arm(void)
{
	int ret;

	lockdep_assert_held(&hooks_mutex);
	ret = hooks_register_lifecycle();
	if (ret)
		return ret;
	hooks_enter_probe = static_key_enabled(&bkt_clock_is_tsc) ? hooks_on_enter_tsc :
							  hooks_on_enter_mono;
	hooks_exit_probe = static_key_enabled(&bkt_clock_is_tsc) ? hooks_on_exit_tsc :
							 hooks_on_exit_mono;
	bkt_task_arm_begin();
	ret = tracepoint_probe_register(hooks_tp_exit, hooks_exit_probe, NULL);
	if (ret)
		goto err;
	ret = tracepoint_probe_register(hooks_tp_enter, hooks_enter_probe, NULL);
	if (ret)
		goto err_exit;
	ret = tracepoint_probe_register(hooks_tp_signal, hooks_on_signal, NULL);
	if (ret)
		goto err_enter;
	ret = tracepoint_probe_register(hooks_tp_switch, hooks_on_switch, NULL);
	if (ret)
		goto err_signal;
	bkt_task_arm_end();
	WRITE_ONCE(hooks_patched_at, jiffies);
	spin_lock(&hooks_holders_lock);
	hooks_armed = true;
	hooks_arms++;
	hooks_changed_at_ns = ktime_get_ns();
	spin_unlock(&hooks_holders_lock);
	return 0;

err_signal:
	tracepoint_probe_unregister(hooks_tp_signal, hooks_on_signal, NULL);
err_enter:
	tracepoint_probe_unregister(hooks_tp_enter, hooks_enter_probe, NULL);
err_exit:
	tracepoint_probe_unregister(hooks_tp_exit, hooks_exit_probe, NULL);
err:
	bkt_task_disarm();
	bkt_task_disarmed();
	return ret;
}

/*
 * Removes the hooks; with @idle only if there is no holder. bkt_hooks_get() adds a holder
 * and reads @hooks_armed under the same lock, so a new holder either prevents the idle
 * release or finds that the hooks must be armed again.
 */
static void hooks_disarm(bool idle)
{
	bool disarm;

	lockdep_assert_held(&hooks_mutex);
	spin_lock(&hooks_holders_lock);
	disarm = hooks_armed && !(idle && !list_empty(&hooks_holders));
	if (disarm) {
		hooks_armed = false;
		hooks_armed_before_ns += ktime_get_ns() - hooks_changed_at_ns;
		hooks_changed_at_ns = ktime_get_ns();
	}
	spin_unlock(&hooks_holders_lock);
	if (!disarm)
		return;
	/* Before any probe is removed: see bkt_running. */
	bkt_task_disarm();
	tracepoint_probe_unregister(hooks_tp_enter, hooks_enter_probe, NULL);
	tracepoint_probe_unregister(hooks_tp_exit, hooks_exit_probe, NULL);
	tracepoint_probe_unregister(hooks_tp_signal, hooks_on_signal, NULL);
	tracepoint_probe_unregister(hooks_tp_switch, hooks_on_switch, NULL);
	tracepoint_synchronize_unregister();
	synchronize_rcu();
	bkt_task_disarmed();
	WRITE_ONCE(hooks_patched_at, jiffies);
}

static void hooks_release(struct work_struct *work);
static DECLARE_DELAYED_WORK(hooks_release_work, hooks_release);

static long hooks_hold_left(void)
{
	return READ_ONCE(hooks_patched_at) + msecs_to_jiffies(HOOKS_HOLD_MS) - jiffies;
}

static unsigned long hooks_linger(void)
{
	unsigned long delay = msecs_to_jiffies(READ_ONCE(hooks_linger_ms));

	return max_t(long, hooks_hold_left(), delay);
}

void bkt_hooks_idle(void)
{
	/* A release that is already scheduled keeps its time. */
	queue_delayed_work(system_long_wq, &hooks_release_work, hooks_linger());
}

static void hooks_release(struct work_struct *work)
{
	mutex_lock(&hooks_mutex);
	hooks_disarm(true);
	/* Pairs with bkt_hooks_follow_end(): we see the followed tasks if we see zero. */
	if (hooks_following && !hooks_armed &&
	    !atomic_read_acquire(&hooks_follow_calls) && !bkt_task_any())
		hooks_unregister_lifecycle();
	mutex_unlock(&hooks_mutex);
}

/* Begins a new epoch if the TSC is no longer what it was when the present one began. */
static void hooks_check_clock(void)
{
	lockdep_assert_held(&hooks_mutex);
	if (!bkt_clock_stale())
		return;
	hooks_disarm(false);
	bkt_clock_renew();
}

/* Arms the hooks for a holder, unless they are armed. */
static int hooks_arm_for_holder(void)
{
	lockdep_assert_held(&hooks_mutex);
	hooks_check_clock();
	if (!hooks_enabled)
		return -ECANCELED;
	if (hooks_suspending)
		return -ESTALE;
	return hooks_armed ? 0 : hooks_arm();
}

static bool hooks_have_holders(void)
{
	bool have;

	spin_lock(&hooks_holders_lock);
	have = !list_empty(&hooks_holders);
	spin_unlock(&hooks_holders_lock);
	return have;
}

/* If this fails, the next run at level auto asks for it again. */
static void hooks_arm_later(struct work_struct *work)
{
	mutex_lock(&hooks_mutex);
	if (hooks_have_holders())
		hooks_arm_for_holder();
	mutex_unlock(&hooks_mutex);
}

static DECLARE_WORK(hooks_arm_work, hooks_arm_later);

static void hooks_list(struct bkt_holder *h)
{
	lockdep_assert_held(&hooks_holders_lock);
	h->pid = task_tgid_nr(current);
	get_task_comm(h->comm, current->group_leader);
	h->since_ns = ktime_get_ns();
	list_add_tail(&h->node, &hooks_holders);
}

static void hooks_add_hold(struct bkt_holder *h)
{
	lockdep_assert_held(&hooks_holders_lock);
	if (!h->holds++ && !h->off)
		hooks_list(h);
}

int bkt_hooks_get(struct bkt_holder *h)
{
	bool ready, off;
	int ret;

	spin_lock(&hooks_holders_lock);
	off = h->off;
	if (!off)
		hooks_add_hold(h);
	ready = hooks_armed;
	spin_unlock(&hooks_holders_lock);
	if (off)
		return -ECANCELED;
	if (likely(ready && !bkt_clock_stale()))
		return 0;
	ret = mutex_lock_killable(&hooks_mutex);
	if (!ret) {
		ret = hooks_arm_for_holder();
		mutex_unlock(&hooks_mutex);
	}
	if (ret)
		bkt_hooks_put(h);
	return ret;
}

int bkt_hooks_try(struct bkt_holder *h)
{
	int ret = 0;

	spin_lock(&hooks_holders_lock);
	if (h->off)
		ret = -ECANCELED;
	else if (unlikely(!hooks_armed || bkt_clock_stale()))
		ret = -EINPROGRESS;
	else
		hooks_add_hold(h);
	spin_unlock(&hooks_holders_lock);
	if (ret != -EINPROGRESS)
		return ret;
	if (!READ_ONCE(hooks_enabled))
		return -ECANCELED;
	if (READ_ONCE(hooks_suspending))
		return -ESTALE;
	queue_work(system_unbound_wq, &hooks_arm_work);
	return -EINPROGRESS;
}

void bkt_hooks_hold(struct bkt_holder *h)
{
	bool arm;

	spin_lock(&hooks_holders_lock);
	hooks_add_hold(h);
	arm = !hooks_armed && !h->off;
	spin_unlock(&hooks_holders_lock);
	if (arm)
		queue_work(system_unbound_wq, &hooks_arm_work);
}

void bkt_hooks_put(struct bkt_holder *h)
{
	bool idle;

	spin_lock(&hooks_holders_lock);
	if (!--h->holds && !h->off)
		list_del(&h->node);
	idle = list_empty(&hooks_holders);
	spin_unlock(&hooks_holders_lock);
	/* The linger time begins again each time that the last holder goes. */
	if (idle)
		mod_delayed_work(system_long_wq, &hooks_release_work, hooks_linger());
}

/*
 * Removes the hooks, unless there is a holder, as soon as HOOKS_HOLD_MS allows; the caller
 * waits for that. If the caller is killed meanwhile, the worker removes them.
 */
static void hooks_disarm_unheld(void)
{
	mutex_lock(&hooks_mutex);
	while (hooks_armed && hooks_hold_left() > 0 && !hooks_have_holders() &&
	       !fatal_signal_pending(current)) {
		mutex_unlock(&hooks_mutex);
		schedule_timeout_killable(max(hooks_hold_left(), 1L));
		mutex_lock(&hooks_mutex);
	}
	if (hooks_hold_left() > 0)
		bkt_hooks_idle();
	else
		hooks_disarm(true);
	mutex_unlock(&hooks_mutex);
}

void bkt_hooks_switch(struct bkt_holder *h, bool on)
{
	bool change, held;

	spin_lock(&hooks_holders_lock);
	on &= !h->detached;
	change = h->off == on;
	held = change && h->holds;
	WRITE_ONCE(h->off, !on);
	if (change && !on)
		WRITE_ONCE(h->offs, h->offs + 1);
	if (held && on)
		hooks_list(h);
	else if (held)
		list_del(&h->node);
	spin_unlock(&hooks_holders_lock);
	if (held && on)
		queue_work(system_unbound_wq, &hooks_arm_work);
	else if (held)
		hooks_disarm_unheld();
}

void bkt_hooks_detach(struct bkt_holder *h)
{
	spin_lock(&hooks_holders_lock);
	WRITE_ONCE(h->detached, true);
	spin_unlock(&hooks_holders_lock);
	bkt_hooks_switch(h, false);
}

u32 bkt_hooks_holds(const struct bkt_holder *h, u64 *since_ns)
{
	u32 holds;

	spin_lock(&hooks_holders_lock);
	holds = h->off ? 0 : h->holds;
	*since_ns = h->since_ns;
	spin_unlock(&hooks_holders_lock);
	return holds;
}

bool bkt_hooks_is_off(const struct bkt_holder *h)
{
	return READ_ONCE(h->off);
}

u32 bkt_hooks_offs(const struct bkt_holder *h)
{
	return READ_ONCE(h->offs);
}

int bkt_hooks_follow_begin(void)
{
	int ret;

	ret = mutex_lock_killable(&hooks_mutex);
	if (ret)
		return ret;
	ret = hooks_register_lifecycle();
	if (!ret)
		atomic_inc(&hooks_follow_calls);
	mutex_unlock(&hooks_mutex);
	return ret;
}

void bkt_hooks_follow_end(void)
{
	/* Pairs with hooks_release(): it sees the followed tasks if it sees the decrement. */
	atomic_fetch_dec_release(&hooks_follow_calls);
	if (!bkt_task_any())
		bkt_hooks_idle();
}

void bkt_hooks_state(struct bkt_hooks_state *state)
{
	u64 now;

	spin_lock(&hooks_holders_lock);
	now = ktime_get_ns();
	state->hooks = hooks_armed ? bkt_quiet_state() : BRICKTRACE_HOOKS_OFF;
	state->since_ns = now - hooks_changed_at_ns;
	state->arms = hooks_arms;
	state->armed_ns = hooks_armed_before_ns;
	if (hooks_armed)
		state->armed_ns += now - hooks_changed_at_ns;
	spin_unlock(&hooks_holders_lock);
	state->enabled = READ_ONCE(hooks_enabled);
	state->loaded_ns = now - hooks_loaded_at_ns;
	state->linger_ms = READ_ONCE(hooks_linger_ms);
}

/*
 * The operator's switch. Switching tracing off removes the hooks at once. Open runs are
 * not measured then, since closing them finds another generation: rule "provenance".
 */
void bkt_hooks_set_enabled(bool on)
{
	mutex_lock(&hooks_mutex);
	WRITE_ONCE(hooks_enabled, on);
	if (!on)
		hooks_disarm(false);
	mutex_unlock(&hooks_mutex);
}

void bkt_hooks_set_linger(unsigned int ms)
{
	WRITE_ONCE(hooks_linger_ms, ms);
}

static int hooks_enabled_set(const char *text, const struct kernel_param *kp)
{
	bool on;
	int ret;

	ret = kstrtobool(text, &on);
	if (!ret)
		bkt_hooks_set_enabled(on);
	return ret;
}

static int hooks_enabled_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%d\n", READ_ONCE(hooks_enabled));
}

static const struct kernel_param_ops hooks_enabled_ops = {
	.set = hooks_enabled_set,
	.get = hooks_enabled_get,
};
module_param_cb(enabled, &hooks_enabled_ops, NULL, 0644);
MODULE_PARM_DESC(enabled, "0 refuses arming and removes the hooks at once (1)");

static int hooks_put_seconds(char *text, int n, const char *name, u64 ns)
{
	return sysfs_emit_at(text, n, " %s %llu.%03llu", name,
			     ns / NSEC_PER_SEC,
			     ns % NSEC_PER_SEC / NSEC_PER_MSEC);
}

static int hooks_put_cause(char *text, int n)
{
	struct bkt_quiet_cause cause;

	if (bkt_quiet_get_cause(&cause))
		return sysfs_emit_at(text, n, " because %*pE (pid %d)",
				     (int)strlen(cause.comm), cause.comm,
				     cause.pid);
	return sysfs_emit_at(text, n, " because %s",
			     bkt_quiet_watching() ?
				     "another tracer was there before" :
				     "kprobes are not available");
}

static int hooks_put_holder(char *text, int n, const struct bkt_holder *h)
{
	int start = n;

	n += sysfs_emit_at(text, n, "holder pid %d uid %u comm %*pE holds %u",
			   h->pid, h->uid, (int)strlen(h->comm), h->comm, h->holds);
	n += hooks_put_seconds(text, n, "since_s", ktime_get_ns() - h->since_ns);
	n += sysfs_emit_at(text, n, "\n");
	return n - start;
}

/* Shows the state of the hooks and the holders. docs/operator.md describes the format. */
static int hooks_state_get(char *text, const struct kernel_param *kp)
{
	static const char *const states[] = { "off", "quiet", "loud" };
	struct bkt_hooks_state state;
	struct bkt_holder *h;
	u64 share;
	u32 more = 0;
	int n;

	bkt_hooks_state(&state);
	share = div64_u64(state.armed_ns, max(state.loaded_ns / 100000, 1ULL));
	n = sysfs_emit(text, "state %s", states[state.hooks]);
	n += hooks_put_seconds(text, n, "since_s", state.since_ns);
	n += hooks_put_seconds(text, n, "loaded_s", state.loaded_ns);
	n += sysfs_emit_at(text, n, " armed_percent %llu.%03llu arms %llu",
			   share / 1000, share % 1000, state.arms);
	if (state.hooks == BRICKTRACE_HOOKS_LOUD)
		n += hooks_put_cause(text, n);
	n += sysfs_emit_at(text, n, "\n");
	spin_lock(&hooks_holders_lock);
	list_for_each_entry(h, &hooks_holders, node) {
		/* There is one page: 160 bytes are enough for a holder and the last line. */
		if (n > PAGE_SIZE - 160)
			more++;
		else
			n += hooks_put_holder(text, n, h);
	}
	spin_unlock(&hooks_holders_lock);
	if (more)
		n += sysfs_emit_at(text, n, "more %u\n", more);
	return n;
}

static const struct kernel_param_ops hooks_state_ops = { .get = hooks_state_get };
module_param_cb(hooks, &hooks_state_ops, NULL, 0400);
MODULE_PARM_DESC(hooks, "state of the hooks and who holds them (read only)");

/* Disarms before a suspend, since no clock says how long a call lasted through it. */
static int hooks_on_suspend(struct notifier_block *nb, unsigned long event, void *data)
{
	bool begins = event == PM_SUSPEND_PREPARE ||
		      event == PM_HIBERNATION_PREPARE ||
		      event == PM_RESTORE_PREPARE;

	mutex_lock(&hooks_mutex);
	if (begins)
		hooks_disarm(false);
	WRITE_ONCE(hooks_suspending, begins);
	bkt_clock_renew();
	mutex_unlock(&hooks_mutex);
	return NOTIFY_DONE;
}

static struct notifier_block hooks_suspend_nb = { .notifier_call = hooks_on_suspend };

static void hooks_find_tracepoint(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "sys_enter"))
		hooks_tp_enter = tp;
	else if (!strcmp(tp->name, "sys_exit"))
		hooks_tp_exit = tp;
	else if (!strcmp(tp->name, "sched_switch"))
		hooks_tp_switch = tp;
	else if (!strcmp(tp->name, "sched_process_fork"))
		hooks_tp_fork = tp;
	else if (!strcmp(tp->name, "sched_process_exec"))
		hooks_tp_exec = tp;
	else if (!strcmp(tp->name, "sched_process_exit"))
		hooks_tp_end = tp;
	else if (!strcmp(tp->name, "signal_deliver"))
		hooks_tp_signal = tp;
}

int bkt_hooks_init(void)
{
	int ret;

	check_trace_callback_type_sys_enter(hooks_on_enter_tsc);
	check_trace_callback_type_sys_enter(hooks_on_enter_mono);
	check_trace_callback_type_sys_exit(hooks_on_exit_tsc);
	check_trace_callback_type_sys_exit(hooks_on_exit_mono);
	check_trace_callback_type_signal_deliver(hooks_on_signal);
	check_trace_callback_type_sched_switch(hooks_on_switch);
	check_trace_callback_type_sched_process_fork(hooks_on_fork);
	check_trace_callback_type_sched_process_exec(hooks_on_exec);
	check_trace_callback_type_sched_process_exit(hooks_on_end);

	for_each_kernel_tracepoint(hooks_find_tracepoint, NULL);
	if (!hooks_tp_enter || !hooks_tp_exit || !hooks_tp_switch ||
	    !hooks_tp_fork || !hooks_tp_exec || !hooks_tp_end ||
	    !hooks_tp_signal) {
		pr_err("this kernel lacks one of the tracepoints sys_enter, sys_exit, signal_deliver, sched_switch, sched_process_{fork,exec,exit}\n");
		return -ENODEV;
	}
	hooks_loaded_at_ns = ktime_get_ns();
	hooks_changed_at_ns = hooks_loaded_at_ns;
	WRITE_ONCE(hooks_patched_at, jiffies);
	ret = register_pm_notifier(&hooks_suspend_nb);
	if (ret)
		return ret;
	bkt_quiet_init(hooks_tp_enter, hooks_tp_exit);
	return 0;
}

/* Called when no session is left, so there is no holder and no followed task. */
void bkt_hooks_exit(void)
{
	unregister_pm_notifier(&hooks_suspend_nb);
	/* The probes go before the work, since hooks_on_end() may still queue the work. */
	mutex_lock(&hooks_mutex);
	hooks_disarm(false);
	if (hooks_following)
		hooks_unregister_lifecycle();
	mutex_unlock(&hooks_mutex);
	cancel_delayed_work_sync(&hooks_release_work);
	cancel_work_sync(&hooks_arm_work);
	bkt_quiet_exit();
}
