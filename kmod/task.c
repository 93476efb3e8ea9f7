// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/pid.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/smp.h>
#include "compat.h"
#include "ioctl.h"
#include "quiet.h"
#include "reserve.h"
#include "task.h"

/* How often bkt_task_read() tries before it sleeps between two tries. */
#define TASK_SPINS 64
/* Threads that a walk visits between two calls of cond_resched(). */
#define TASK_WALK 1024

DEFINE_SPINLOCK(bkt_tasks_lock);
DEFINE_PER_CPU(struct bkt_account *, bkt_running);

/* Written under bkt_tasks_lock, read under RCU. */
static struct hlist_head task_table[1 << BKT_TASK_BITS];
/*
 * The bits of the buckets that are not empty. Threads that nobody follows mostly read
 * these 4 KiB only. Written under bkt_tasks_lock.
 */
static DECLARE_BITMAP(task_bits, 1 << BKT_TASK_BITS);
static u32 task_count;		/* tasks in the table; written under bkt_tasks_lock */
static struct bkt_reserve task_reserve;	/* accounts */
static u64 task_lost;		/* bkt_tasks_lock */
static struct bkt_snapshot task_last;	/* bkt_tasks_lock; see task_read_last() */

/*
 * Written when the hooks are armed and disarmed, which hooks.c serializes; all but
 * @task_pointers_set are written under bkt_tasks_lock, too. @task_generation is even
 * from bkt_task_arm_begin() to bkt_task_disarm(). Otherwise no account has the present
 * generation and @task_armed_at lies after any reading of the clock, so that V is the
 * completed sums, without a call under way.
 */
static u32 task_generation = 1;
static u64 task_armed_at = U64_MAX;
static bool task_armed;
static bool task_pointers_set;		/* a CPU's bkt_running may be set */

static_assert(sizeof(struct bkt_task) <= 4096);

int bkt_task_init(void)
{
	int ret;

	ret = bkt_ioctl_init();
	if (ret)
		return ret;
	ret = bkt_slow_init();
	if (ret)
		goto err_ioctl;
	ret = bkt_reserve_init(&task_reserve, "bricktrace_task", sizeof(struct bkt_task));
	if (ret)
		goto err_slow;
	return 0;

err_slow:
	bkt_slow_exit();
err_ioctl:
	bkt_ioctl_exit();
	return ret;
}

void bkt_task_exit(void)
{
	/* task_free_rcu() may still be pending for some accounts. */
	rcu_barrier();
	bkt_reserve_exit(&task_reserve);
	bkt_slow_exit();
	bkt_ioctl_exit();
}

static void task_free_rcu(struct rcu_head *rcu)
{
	struct bkt_task *t = container_of(rcu, struct bkt_task, rcu);

	bkt_ioctl_free(t->account.ioctls);
	bkt_slow_free(t->account.slow_calls);
	bkt_reserve_free(&task_reserve, t);
}

struct bkt_task *bkt_task_get(struct bkt_task *t)
{
	refcount_inc(&t->refs);
	return t;
}

void bkt_task_put(struct bkt_task *t)
{
	if (!t || !refcount_dec_and_test(&t->refs))
		return;
	put_pid(t->pid);
	call_rcu(&t->rcu, task_free_rcu);
}

static void task_init(struct bkt_task *t)
{
	INIT_HLIST_NODE(&t->node);
	INIT_LIST_HEAD(&t->followers);
	t->nr_followers = 0;
	refcount_set(&t->refs, 1);
	t->listed = false;
	t->task = NULL;
	t->pid = NULL;
	/* An account that does not get into the table is freed, too. */
	t->account.ioctls = NULL;
	t->account.slow_calls = NULL;
}

struct bkt_task *bkt_task_alloc(void)
{
	struct bkt_task *t = bkt_reserve_alloc(&task_reserve);

	if (t)
		task_init(t);
	return t;
}

static struct bkt_task *task_lookup(struct task_struct *p)
{
	struct bkt_task *t;

	/* Disabled interrupts are an RCU read-side critical section, too. */
	hlist_for_each_entry_rcu(t, &task_table[bkt_task_bucket(p)], node,
				 lockdep_is_held(&bkt_tasks_lock) || irqs_disabled())
		if (t->task == p)
			return t;
	return NULL;
}

static bool task_maybe_followed(struct task_struct *p)
{
	return test_bit(bkt_task_bucket(p), task_bits);
}

/*
 * Whether current has an account. Takes no lock, so that a thread that nobody follows
 * never waits for one that is followed. The slow path's flag would not do, since
 * others may change it: an account that an exit misses would outlive its task.
 */
static bool task_current_followed(void)
{
	bool yes;

	if (!task_maybe_followed(current))
		return false;
	rcu_read_lock();
	yes = task_lookup(current);
	rcu_read_unlock();
	return yes;
}

static void task_counters(const struct task_struct *p, struct bkt_counters *c)
{
	c->run_delay = bkt_run_delay(p);
	/* The task itself increments this counter, by plain accesses. */
	c->min_flt = data_race(READ_ONCE(p->min_flt));
	/* The same holds for this one. */
	c->maj_flt = data_race(READ_ONCE(p->maj_flt));
}

static void task_list(struct bkt_task *t, struct task_struct *p, bool forked)
{
	u32 bucket = bkt_task_bucket(p);
	struct bkt_counters begin;

	lockdep_assert_held(&bkt_tasks_lock);
	task_counters(p, &begin);
	/* A generation begins before its hooks are in place: bkt_task_arm_begin(). */
	bkt_account_init(&t->account, bkt_clock_now(),
			 task_armed_at != U64_MAX ? task_generation : 0, forked, &begin);
	t->task = p;
	t->pid = get_pid(task_pid(p));
	t->listed = true;
	hlist_add_head_rcu(&t->node, &task_table[bucket]);
	set_bit(bucket, task_bits);
	WRITE_ONCE(task_count, task_count + 1);
	/* Last, since the switch probe tests the flag before it searches the table. */
	if (task_armed_at != U64_MAX)
		bkt_quiet_follow(p);
}

static void task_unlist(struct bkt_task *t)
{
	u32 bucket = bkt_task_bucket(t->task);

	lockdep_assert_held(&bkt_tasks_lock);
	hlist_del_rcu(&t->node);
	if (hlist_empty(&task_table[bucket]))
		clear_bit(bucket, task_bits);
	WRITE_ONCE(task_count, task_count - 1);
	WRITE_ONCE(t->listed, false);
	bkt_quiet_unfollow(t->task);
}

struct bkt_task *bkt_task_find(struct task_struct *p)
{
	lockdep_assert_held(&bkt_tasks_lock);
	return task_lookup(p);
}

/*
 * Lowers @floor and @ns to what the follower wants. @ns is one less than the time, so that
 * the time 0 is the greatest value.
 */
static void task_want_slow(const struct bkt_follower *f, u64 *ns, u64 *floor)
{
	*ns = min(*ns, READ_ONCE(f->want->ns) - 1);
	*floor = min(*floor, READ_ONCE(f->want->floor));
}

void bkt_task_update_slow(struct bkt_task *t)
{
	u64 ns = U64_MAX, floor = U64_MAX;
	struct bkt_follower *f;

	lockdep_assert_held(&bkt_tasks_lock);
	list_for_each_entry(f, &t->followers, task_node)
		task_want_slow(f, &ns, &floor);
	bkt_account_set_slow(&t->account, ns + 1, floor);
}

static void task_add_follower(struct bkt_task *t, struct bkt_follower *f)
{
	u64 ns = t->account.slow_ns - 1, floor = t->account.slow_floor;

	lockdep_assert_held(&bkt_tasks_lock);
	f->task = bkt_task_get(t);
	list_add_tail(&f->task_node, &t->followers);
	t->nr_followers++;
	task_want_slow(f, &ns, &floor);
	bkt_account_set_slow(&t->account, ns + 1, floor);
}

static void task_del_follower(struct bkt_task *t, struct bkt_follower *f)
{
	lockdep_assert_held(&bkt_tasks_lock);
	list_del_init(&f->task_node);
	t->nr_followers--;
}

int bkt_task_follow(struct bkt_task **spare, struct task_struct *p,
		    struct bkt_follower *f)
{
	struct bkt_task *t = task_lookup(p);

	lockdep_assert_held(&bkt_tasks_lock);
	if (t) {
		if (t->nr_followers >= BKT_MAX_FOLLOWERS)
			return -EUSERS;
		task_add_follower(t, f);
		/* The runs that other sessions had open may have been closed. */
		bkt_task_update_slow(t);
		return 0;
	}
	t = *spare;
	task_list(t, p, false);
	/* Pairs with bkt_task_ended(): it sees the bit in @task_bits, or we see PF_EXITING. */
	smp_mb();
	/* The task may change its other flags at any time. */
	if (data_race(READ_ONCE(p->flags)) & PF_EXITING) {
		task_unlist(t);
		return -ESRCH;
	}
	*spare = NULL;
	task_add_follower(t, f);
	/* Only the follower's reference remains. */
	refcount_dec(&t->refs);
	return 0;
}

bool bkt_task_unfollow(struct bkt_follower *f)
{
	struct bkt_task *t = f->task;

	lockdep_assert_held(&bkt_tasks_lock);
	/* An exit or execve() of the task has already detached @f. */
	if (list_empty(&f->task_node))
		return false;
	task_del_follower(t, f);
	if (!list_empty(&t->followers)) {
		bkt_task_update_slow(t);
		return false;
	}
	task_unlist(t);
	return true;
}

/* Points this CPU's bkt_running to the account of its current. Interrupts are off. */
static void task_set_pointer(struct bkt_task *t)
{
	this_cpu_write(bkt_running, &t->account);
	/* Pairs with bkt_task_forget(): it sees the pointer, or we see @listed cleared. */
	smp_mb();
	if (unlikely(!READ_ONCE(t->listed)))
		this_cpu_write(bkt_running, NULL);
}

/*
 * Runs with interrupts off. Observes current if it is followed and was not observed yet.
 * @caller is the task that asked for this, by a call of bricktrace's own.
 */
static void task_observe_current(void *caller)
{
	struct bkt_task *t;

	if (!READ_ONCE(task_armed) || !task_maybe_followed(current))
		return;
	t = task_lookup(current);
	if (!t || this_cpu_read(bkt_running) == &t->account)
		return;
	bkt_account_observe_running(&t->account, current, READ_ONCE(task_generation),
				    READ_ONCE(task_armed_at), current == caller);
	task_set_pointer(t);
}

void bkt_task_observe(const struct cpumask *cpus)
{
	/*
	 * If this does not see @task_armed, bkt_task_arm_end() observes the tasks: it sets
	 * @task_armed under bkt_tasks_lock after the tasks were listed under the same lock.
	 */
	if (READ_ONCE(task_armed))
		on_each_cpu_mask(cpus, task_observe_current, current, 1);
}

static bool task_must_forget(int cpu, void *unused)
{
	struct bkt_account *a = READ_ONCE(per_cpu(bkt_running, cpu));

	/* Preemption is off, so the account is not freed meanwhile. */
	return a && !READ_ONCE(container_of(a, struct bkt_task, account)->listed);
}

static void task_forget_pointer(void *unused)
{
	if (task_must_forget(smp_processor_id(), NULL))
		this_cpu_write(bkt_running, NULL);
}

void bkt_task_forget(void)
{
	/* Pairs with task_set_pointer(): it sees @listed cleared, or we see the pointer. */
	smp_mb();
	if (READ_ONCE(task_pointers_set))
		on_each_cpu_cond_mask(task_must_forget, task_forget_pointer, NULL, 1,
				      cpu_online_mask);
}

void bkt_task_in(struct task_struct *p)
{
	struct bkt_task *t;

	/* While the hooks are loud, threads that nobody follows have the flag, too. */
	if (!READ_ONCE(task_armed) || !task_maybe_followed(p))
		return;
	t = task_lookup(p);
	if (!t)
		return;
	bkt_account_in(&t->account, p, READ_ONCE(task_generation),
		       READ_ONCE(task_armed_at));
	task_set_pointer(t);
}

/*
 * Returns the key of the call in which a task sleeps that was not observed in this
 * generation yet, or -1: rule "asleep". The saved registers of the task are read, so
 * bkt_tasks_lock must keep the task alive.
 */
static int task_key_of_sleeper(struct bkt_task *t, u32 gen, u64 since_armed)
{
	u32 request = 0;
	u64 since;
	int key = -1;

	spin_lock(&bkt_tasks_lock);
	if (t->listed &&
	    bkt_account_asleep(&t->account, gen, since_armed, &since)) {
		key = bkt_syscall_of_task(t->task, &request);
		key = bkt_account_record(&t->account, gen, key, request);
	}
	spin_unlock(&bkt_tasks_lock);
	return key;
}

/*
 * After the task has left the table nobody uses the figures, since each follower was
 * given V as it left.
 */
static void task_read_counters(const struct bkt_task *t, struct bkt_counters *c)
{
	rcu_read_lock();
	/* A listed task is not freed before the end of this read-side critical section. */
	if (READ_ONCE(t->listed))
		task_counters(t->task, c);
	else
		*c = t->account.begin;
	rcu_read_unlock();
}

void bkt_task_read(struct bkt_task *t, u64 limit, struct bkt_snapshot *snap)
{
	u64 since, since_armed = READ_ONCE(task_armed_at);
	u32 gen = READ_ONCE(task_generation);
	struct bkt_counters kernel;
	int tries = 0;
	int key;

	for (;;) {
		key = -1;
		if (since_armed != U64_MAX &&
		    bkt_account_asleep(&t->account, gen, since_armed, &since))
			key = task_key_of_sleeper(t, gen, since_armed);
		task_read_counters(t, &kernel);
		if (bkt_account_try_read(&t->account, gen, since_armed, key,
					 limit, &kernel, snap))
			return;
		if (++tries < TASK_SPINS)
			cpu_relax();
		else
			usleep_range(10, 50);
	}
}

void bkt_task_read_slow(struct bkt_task *t, struct bkt_slow_list *to)
{
	u32 gen = READ_ONCE(task_generation);
	int tries = 0;

	while (!bkt_account_try_read_slow(&t->account, gen, to)) {
		if (++tries < TASK_SPINS)
			cpu_relax();
		else
			usleep_range(10, 50);
	}
}

static __always_inline u64 task_control(bool unseen)
{
	struct bkt_account *a;
	u64 entered = 0;

	preempt_disable();
	a = this_cpu_read(bkt_running);
	if (a && (unseen || a->cur)) {
		bkt_account_control(a);
		entered = a->t_enter;
	}
	preempt_enable();
	return entered;
}

u64 bkt_task_control(void)
{
	return task_control(true);
}

void bkt_task_control_seen(void)
{
	task_control(false);
}

void bkt_task_arm_begin(void)
{
	spin_lock(&bkt_tasks_lock);
	bkt_quiet_begin();
	WRITE_ONCE(task_armed_at, bkt_clock_now());
	WRITE_ONCE(task_generation, task_generation + 1);
	spin_unlock(&bkt_tasks_lock);
}

/* Clears the slow path's flag of @p if nobody follows @p and the hooks are quiet. */
static void task_clear_flag(struct task_struct *p)
{
	if (!bkt_slow_path(p))
		return;
	spin_lock(&bkt_tasks_lock);
	if (!task_lookup(p))
		bkt_quiet_unfollow(p);
	spin_unlock(&bkt_tasks_lock);
}

/*
 * Lets others run in the middle of a walk, at thread @p of process @g. Returns false if
 * the walk cannot continue from there because one of the two has exited.
 */
static bool task_walk_break(struct task_struct *g, struct task_struct *p)
{
	bool alive;

	get_task_struct(g);
	get_task_struct(p);
	rcu_read_unlock();
	cond_resched();
	rcu_read_lock();
	alive = pid_alive(g) && pid_alive(p);
	put_task_struct(p);
	put_task_struct(g);
	return alive;
}

/*
 * New threads are added at the end of their lists, so the walk reaches them. If the walk
 * cannot continue after a pause, it starts again, three times at most. A stranger that
 * it misses keeps the flag: the stranger's calls are slower, but no figure is wrong.
 */
static void task_clear_flags(void)
{
	struct task_struct *g, *p;
	int tries = 4, n;

	rcu_read_lock();
again:
	n = 0;
	for_each_process_thread(g, p) {
		if (bkt_quiet_state() != BRICKTRACE_HOOKS_QUIET)
			goto out;
		task_clear_flag(p);
		if (++n % TASK_WALK == 0 && !task_walk_break(g, p)) {
			if (--tries)
				goto again;
			goto out;
		}
	}
out:
	rcu_read_unlock();
}

void bkt_task_arm_end(void)
{
	/* First, so that each followed task has the slow path's flag when it is observed. */
	bkt_quiet_check();
	/* Before @task_armed, without which no CPU's pointer is set. */
	WRITE_ONCE(task_pointers_set, true);
	spin_lock(&bkt_tasks_lock);
	WRITE_ONCE(task_armed, true);
	spin_unlock(&bkt_tasks_lock);
	on_each_cpu(task_observe_current, current, 1);
	task_clear_flags();
}

static void task_clear_pointer(void *unused)
{
	this_cpu_write(bkt_running, NULL);
}

void bkt_task_disarm(void)
{
	spin_lock(&bkt_tasks_lock);
	WRITE_ONCE(task_armed, false);
	WRITE_ONCE(task_armed_at, U64_MAX);
	WRITE_ONCE(task_generation, task_generation + 1);
	spin_unlock(&bkt_tasks_lock);
	/*
	 * A CPU tests @task_armed and sets its pointer with interrupts off, hence before
	 * the interrupt that clears the pointer here, or not at all.
	 */
	on_each_cpu(task_clear_pointer, NULL, 1);
	WRITE_ONCE(task_pointers_set, false);
}

void bkt_task_disarmed(void)
{
	spin_lock(&bkt_tasks_lock);
	bkt_quiet_end();
	spin_unlock(&bkt_tasks_lock);
}

bool bkt_task_any(void)
{
	return READ_ONCE(task_count);
}

u32 bkt_task_generation(void)
{
	return READ_ONCE(task_generation);
}

bool bkt_task_armed_since(u32 since)
{
	return !(since & 1) && since == READ_ONCE(task_generation);
}

u64 bkt_task_lost(void)
{
	u64 n;

	spin_lock(&bkt_tasks_lock);
	n = task_lost;
	spin_unlock(&bkt_tasks_lock);
	return n;
}

/* A child begins with a copy of its parent's flag, which is corrected for a stranger. */
static void task_update_child_flag(struct task_struct *child)
{
	int state = bkt_quiet_state();

	if (state == BRICKTRACE_HOOKS_QUIET)
		task_clear_flag(child);
	else if (state == BRICKTRACE_HOOKS_LOUD && !bkt_slow_path(child))
		/* The hooks became loud after the parent's flag had been copied. */
		bkt_quiet_follow(child);
}

/* Runs in the parent's context, before the child can run. */
void bkt_task_forked(struct task_struct *child)
{
	struct bkt_task *parent, *t;
	struct bkt_follower *f;
	bool known, missed = false;
	u32 bit;

	if (!task_current_followed())
		goto flag;
	bit = child->tgid == current->tgid ? BRICKTRACE_THREAD_INHERIT_THREADS :
					     BRICKTRACE_THREAD_INHERIT_CHILDREN;
	spin_lock(&bkt_tasks_lock);
	parent = task_lookup(current);
	if (!parent)
		goto out;
	/* The child is already visible by its tid, so another thread may have registered it. */
	t = task_lookup(child);
	known = t;
	if (t)
		bkt_task_get(t);
	list_for_each_entry(f, &parent->followers, task_node) {
		if (!(f->inherit & bit))
			continue;
		if (!t) {
			t = bkt_reserve_take(&task_reserve);
			missed |= !t;
			if (t) {
				task_init(t);
				task_list(t, child, true);
			}
		}
		f->ops->forked(f, t, known);
	}
	task_lost += missed;
	/* No session follows the child after all. Since it has not run, no CPU points to it. */
	if (t && list_empty(&t->followers))
		task_unlist(t);
	bkt_task_put(t);
out:
	spin_unlock(&bkt_tasks_lock);
flag:
	task_update_child_flag(child);
}

bool bkt_task_adopt(struct bkt_task *child, struct bkt_follower *f)
{
	if (child->nr_followers >= BKT_MAX_FOLLOWERS)
		return false;
	task_add_follower(child, f);
	return true;
}

/* Takes current's account out of the table and clears this CPU's pointer to it. */
static void task_retire(struct bkt_task *t)
{
	preempt_disable();
	task_unlist(t);
	this_cpu_write(bkt_running, NULL);
	preempt_enable();
}

/* Reads V of current into @task_last. */
static struct bkt_snapshot *task_read_last(struct bkt_task *t)
{
	struct bkt_counters kernel;

	lockdep_assert_held(&bkt_tasks_lock);
	task_counters(current, &kernel);
	/* A try fails only if an interrupt writes to the account: task_observe_current(). */
	while (!bkt_account_try_read(&t->account, READ_ONCE(task_generation),
				     READ_ONCE(task_armed_at), -1, U64_MAX, &kernel,
				     &task_last))
		cpu_relax();
	return &task_last;
}

/* Detaches all followers of current or, after an execve(), those that may not stay. */
static void task_detach_followers(struct bkt_task *t, bool exec)
{
	struct bkt_snapshot *v = NULL;
	struct bkt_follower *f, *next;

	bkt_task_get(t);
	list_for_each_entry_safe(f, next, &t->followers, task_node) {
		if (exec && f->ops->may_stay(f))
			continue;
		/* All followers that are detached get the same V. */
		if (!v)
			v = task_read_last(t);
		task_del_follower(t, f);
		f->ops->detached(f, v, exec);
	}
	if (list_empty(&t->followers))
		task_retire(t);
	else
		bkt_task_update_slow(t);
	bkt_task_put(t);
}

/* The thread that executes a program becomes its process's leader, with the leader's ID. */
static void task_take_pid(struct bkt_task *t)
{
	lockdep_assert_held(&bkt_tasks_lock);
	put_pid(t->pid);
	t->pid = get_pid(task_pid(current));
}

bool bkt_task_execed(void)
{
	struct bkt_task *t;
	bool last;

	if (!task_current_followed())
		return false;
	spin_lock(&bkt_tasks_lock);
	t = task_lookup(current);
	if (t) {
		task_take_pid(t);
		task_detach_followers(t, true);
	}
	last = !task_count;
	spin_unlock(&bkt_tasks_lock);
	return last;
}

bool bkt_task_ended(void)
{
	struct bkt_task *t;
	bool last;

	/* Pairs with bkt_task_follow(): the kernel has set PF_EXITING before this. */
	smp_mb();
	if (!task_current_followed())
		return false;
	spin_lock(&bkt_tasks_lock);
	t = task_lookup(current);
	if (t) {
		/* task_observe_current() may write to the account, in an interrupt. */
		local_irq_disable();
		bkt_account_end(&t->account);
		local_irq_enable();
		task_detach_followers(t, false);
	}
	last = !task_count;
	spin_unlock(&bkt_tasks_lock);
	return last;
}
