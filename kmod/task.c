// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/mempool.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include "compat.h"
#include "quiet.h"
#include "task.h"

/* Accounts for forked threads while memory is short. */
#define TASK_RESERVE 32
/* Tries to read an account before the reader sleeps in between. */
#define TASK_SPINS 64

/* Threads that a walk looks at before it gives way to others. */
#define TASK_WALK 1024

DEFINE_SPINLOCK(bkt_tasks_lock);
DEFINE_PER_CPU(struct bkt_account *, bkt_running);

static struct hlist_head task_table[1 << BKT_TASK_BITS];	/* bkt_tasks_lock; RCU */
/* A bit for each bucket that is not empty: two kilobytes to look at. */
static DECLARE_BITMAP(task_bits, 1 << BKT_TASK_BITS);
static u32 task_count;			/* bkt_tasks_lock: those in the table */
static struct kmem_cache *task_cache;
static mempool_t *task_pool;
static u64 task_lost;			/* bkt_tasks_lock */
static struct bkt_snapshot task_last;		/* bkt_tasks_lock: V of a task that ends */

/*
 * Written while arming and disarming, which hooks.c serialises; @task_generation,
 * @task_armed_at and @task_armed under bkt_tasks_lock, too. @task_generation is even
 * from the beginning of an arming to its end. While the hooks are not armed, no
 * account belongs to the generation, and no time has passed since an arming that is
 * yet to come: V is what is added up.
 */
static u32 task_generation = 1;
static u64 task_armed_at = U64_MAX;
static bool task_armed;
static bool task_pointers_set;			/* some CPU's pointer may be set */

static_assert(sizeof(struct bkt_task) <= 4096);

int bkt_task_init(void)
{
	task_cache = kmem_cache_create("bricktrace_task", sizeof(struct bkt_task), 0,
				       SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT, NULL);
	if (!task_cache)
		return -ENOMEM;
	task_pool = mempool_create_slab_pool(TASK_RESERVE, task_cache);
	if (!task_pool)
		goto err_cache;
	return 0;

err_cache:
	kmem_cache_destroy(task_cache);
	return -ENOMEM;
}

void bkt_task_exit(void)
{
	/* Accounts that wait for their grace period. */
	rcu_barrier();
	mempool_destroy(task_pool);
	kmem_cache_destroy(task_cache);
}

static void task_free_rcu(struct rcu_head *rcu)
{
	mempool_free(container_of(rcu, struct bkt_task, rcu), task_pool);
}

struct bkt_task *bkt_task_get(struct bkt_task *t)
{
	refcount_inc(&t->refs);
	return t;
}

void bkt_task_put(struct bkt_task *t)
{
	if (t && refcount_dec_and_test(&t->refs))
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
}

struct bkt_task *bkt_task_alloc(void)
{
	struct bkt_task *t = kmem_cache_alloc(task_cache, GFP_KERNEL_ACCOUNT);

	if (t)
		task_init(t);
	return t;
}

static struct bkt_task *task_lookup(struct task_struct *p)
{
	struct bkt_task *t;

	/* Interrupts that are off are a read-side section of RCU, too. */
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
 * Of current, without a lock: who is not followed does not wait for who is. The flag
 * of the slow path is not asked, since others may change it: an account that nobody
 * ends would outlive its task.
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
	/* The task itself counts its faults, plainly. */
	c->min_flt = data_race(READ_ONCE(p->min_flt));
	/* The task itself counts these, too. */
	c->maj_flt = data_race(READ_ONCE(p->maj_flt));
}

static void task_list(struct bkt_task *t, struct task_struct *p, bool born)
{
	u32 bucket = bkt_task_bucket(p);
	struct bkt_counters begin;

	lockdep_assert_held(&bkt_tasks_lock);
	task_counters(p, &begin);
	/* An arming under way has begun already. */
	bkt_account_init(&t->account, bkt_clock_now(),
			 task_armed_at != U64_MAX ? task_generation : 0, born, &begin);
	t->task = p;
	t->listed = true;
	hlist_add_head_rcu(&t->node, &task_table[bucket]);
	set_bit(bucket, task_bits);
	WRITE_ONCE(task_count, task_count + 1);
	/* After the task is in the table: the switch probe looks at the flag first. */
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

static void task_add_follower(struct bkt_task *t, struct bkt_follower *f)
{
	lockdep_assert_held(&bkt_tasks_lock);
	f->task = bkt_task_get(t);
	list_add_tail(&f->task_node, &t->followers);
	t->nr_followers++;
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
		return 0;
	}
	t = *spare;
	task_list(t, p, false);
	/* Either the exit probe sees the bit, or we see the flag. */
	smp_mb();
	/* Other flags change at any time. */
	if (data_race(READ_ONCE(p->flags)) & PF_EXITING) {
		task_unlist(t);
		return -ESRCH;
	}
	*spare = NULL;
	task_add_follower(t, f);
	/* The follower's reference is the only one. */
	refcount_dec(&t->refs);
	return 0;
}

bool bkt_task_unfollow(struct bkt_follower *f)
{
	struct bkt_task *t = f->task;

	lockdep_assert_held(&bkt_tasks_lock);
	/* Ended tasks have let go of their followers. */
	if (list_empty(&f->task_node))
		return false;
	task_del_follower(t, f);
	if (!list_empty(&t->followers))
		return false;
	task_unlist(t);
	return true;
}

/* The CPU's pointer leads to the account of the task that it runs. Interrupts are off. */
static void task_set_pointer(struct bkt_task *t)
{
	this_cpu_write(bkt_running, &t->account);
	/* Pairs with bkt_task_forget(): it sees the pointer, or we see what it did. */
	smp_mb();
	if (unlikely(!READ_ONCE(t->listed)))
		this_cpu_write(bkt_running, NULL);
}

/* On the CPU of a task that may be followed and running. Interrupts are off. */
static void task_observe_current(void *unused)
{
	struct bkt_task *t;

	if (!READ_ONCE(task_armed) || !task_maybe_followed(current))
		return;
	t = task_lookup(current);
	if (!t || this_cpu_read(bkt_running) == &t->account)
		return;
	bkt_account_observe_running(&t->account, current, READ_ONCE(task_generation),
				    READ_ONCE(task_armed_at));
	task_set_pointer(t);
}

void bkt_task_observe(const struct cpumask *cpus)
{
	/* bkt_tasks_lock orders this: who arms later finds the tasks. */
	if (READ_ONCE(task_armed))
		on_each_cpu_mask(cpus, task_observe_current, NULL, 1);
}

static bool task_must_forget(int cpu, void *unused)
{
	struct bkt_account *a = READ_ONCE(per_cpu(bkt_running, cpu));

	/* Preemption is off, so the account that was there is not freed yet. */
	return a && !READ_ONCE(container_of(a, struct bkt_task, account)->listed);
}

static void task_forget_pointer(void *unused)
{
	if (task_must_forget(smp_processor_id(), NULL))
		this_cpu_write(bkt_running, NULL);
}

void bkt_task_forget(void)
{
	/*
	 * Pairs with task_set_pointer(): either it sees that the account has left the
	 * table, or the CPU's pointer is seen here.
	 */
	smp_mb();
	if (READ_ONCE(task_pointers_set))
		on_each_cpu_cond_mask(task_must_forget, task_forget_pointer, NULL, 1,
				      cpu_online_mask);
}

void bkt_task_in(struct task_struct *p)
{
	struct bkt_task *t;

	/* While the hooks are loud, every thread has the flag. */
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
 * What a task does that nobody has met since its registration: its registers
 * tell. bkt_tasks_lock keeps it alive.
 */
static int task_key_of_sleeper(struct bkt_task *t, u32 gen, u64 since_armed)
{
	u64 since;
	int key = -1;

	spin_lock(&bkt_tasks_lock);
	if (t->listed &&
	    bkt_account_asleep(&t->account, gen, since_armed, &since))
		key = bkt_account_record(&t->account, gen,
					 bkt_syscall_of_task(t->task));
	spin_unlock(&bkt_tasks_lock);
	return key;
}

/* Nobody asks of a task that has ended, or that nobody follows any more. */
static void task_read_counters(const struct bkt_task *t, struct bkt_counters *c)
{
	rcu_read_lock();
	/* A task that is in the table is not freed within a grace period. */
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

u64 bkt_task_control(void)
{
	struct bkt_account *a;
	u64 entered = 0;

	preempt_disable();
	a = this_cpu_read(bkt_running);
	if (a) {
		bkt_account_control(a);
		entered = a->t_enter;
	}
	preempt_enable();
	return entered;
}

void bkt_task_arm_begin(void)
{
	spin_lock(&bkt_tasks_lock);
	bkt_quiet_begin();
	WRITE_ONCE(task_armed_at, bkt_clock_now());
	WRITE_ONCE(task_generation, task_generation + 1);
	spin_unlock(&bkt_tasks_lock);
}

/* Threads that nobody follows leave the slow path, unless the hooks are loud. */
static void task_clear_flag(struct task_struct *p)
{
	if (!bkt_slow_path(p))
		return;
	spin_lock(&bkt_tasks_lock);
	if (!task_lookup(p))
		bkt_quiet_unfollow(p);
	spin_unlock(&bkt_tasks_lock);
}

/* Gives way in the middle of a walk, at @p of process @g; whether it can go on. */
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
 * New threads are at the end of their lists, so a walk meets them. A walk whose
 * place has gone begins again, since all that it can miss costs a stranger some
 * time but no figure is wrong; what it has done before is done.
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
	/* Before any task is met: those that are followed have the flag. */
	bkt_quiet_check();
	/* Before any pointer is set, which takes @task_armed. */
	WRITE_ONCE(task_pointers_set, true);
	spin_lock(&bkt_tasks_lock);
	WRITE_ONCE(task_armed, true);
	spin_unlock(&bkt_tasks_lock);
	on_each_cpu(task_observe_current, NULL, 1);
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
	/* Whoever sets a pointer has interrupts off: before this, or not at all. */
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

/* A child that nobody follows has its parent's flag; it keeps none that it needs not. */
static void task_update_child_flag(struct task_struct *child)
{
	int state = bkt_quiet_state();

	if (state == BRICKTRACE_HOOKS_QUIET)
		task_clear_flag(child);
	else if (state == BRICKTRACE_HOOKS_LOUD && !bkt_slow_path(child))
		/* The parent had none yet when the hooks became loud. */
		bkt_quiet_follow(child);
}

/* In the parent's context, before the child can run. */
void bkt_task_forked(struct task_struct *child)
{
	struct bkt_task *parent, *t;
	struct bkt_follower *f;
	bool known, missed = false;
	u32 bit;

	if (!task_current_followed())
		goto quiet;
	bit = child->tgid == current->tgid ? BRICKTRACE_THREAD_INHERIT_THREADS :
					     BRICKTRACE_THREAD_INHERIT_CHILDREN;
	spin_lock(&bkt_tasks_lock);
	parent = task_lookup(current);
	if (!parent)
		goto out;
	/* The child is visible by its number: somebody may have registered it. */
	t = task_lookup(child);
	known = t;
	if (t)
		bkt_task_get(t);
	list_for_each_entry(f, &parent->followers, task_node) {
		if (!(f->inherit & bit))
			continue;
		if (!t) {
			t = mempool_alloc(task_pool, GFP_NOWAIT | __GFP_NOWARN);
			missed |= !t;
			if (t) {
				task_init(t);
				task_list(t, child, true);
			}
		}
		f->ops->forked(f, t, known);
	}
	task_lost += missed;
	/* No follower had memory for it, and no CPU has run the child. */
	if (t && list_empty(&t->followers))
		task_unlist(t);
	bkt_task_put(t);
out:
	spin_unlock(&bkt_tasks_lock);
quiet:
	task_update_child_flag(child);
}

/* Lets a new follower follow the child that its parent was told of. */
bool bkt_task_adopt(struct bkt_task *child, struct bkt_follower *f)
{
	if (child->nr_followers >= BKT_MAX_FOLLOWERS)
		return false;
	task_add_follower(child, f);
	return true;
}

/* Takes current's account out of the table and off its CPU. */
static void task_retire(struct bkt_task *t)
{
	preempt_disable();
	task_unlist(t);
	this_cpu_write(bkt_running, NULL);
	preempt_enable();
}

/* current's own V, now. bkt_tasks_lock protects where it is put. */
static const struct bkt_snapshot *task_read_last(struct bkt_task *t)
{
	struct bkt_counters kernel;

	lockdep_assert_held(&bkt_tasks_lock);
	task_counters(current, &kernel);
	/* Only being scheduled, right here, makes it fail. */
	while (!bkt_account_try_read(&t->account, READ_ONCE(task_generation),
				     READ_ONCE(task_armed_at), -1, U64_MAX, &kernel,
				     &task_last))
		cpu_relax();
	return &task_last;
}

/* All followers of current, or those that may not stay, leave its account. */
static void task_detach_followers(struct bkt_task *t, bool exec)
{
	const struct bkt_snapshot *v = NULL;
	struct bkt_follower *f, *next;

	bkt_task_get(t);
	list_for_each_entry_safe(f, next, &t->followers, task_node) {
		if (exec && f->ops->may_stay(f))
			continue;
		/* The same for all who leave. */
		if (!v)
			v = task_read_last(t);
		task_del_follower(t, f);
		f->ops->left(f, v, exec);
	}
	if (list_empty(&t->followers))
		task_retire(t);
	bkt_task_put(t);
}

bool bkt_task_execed(void)
{
	struct bkt_task *t;
	bool last;

	if (!task_current_followed())
		return false;
	spin_lock(&bkt_tasks_lock);
	t = task_lookup(current);
	if (t)
		task_detach_followers(t, true);
	last = !task_count;
	spin_unlock(&bkt_tasks_lock);
	return last;
}

bool bkt_task_ended(void)
{
	struct bkt_task *t;
	bool last;

	/* Pairs with bkt_task_follow(): PF_EXITING is set. */
	smp_mb();
	if (!task_current_followed())
		return false;
	spin_lock(&bkt_tasks_lock);
	t = task_lookup(current);
	if (t) {
		/* An interrupt may find the task running, and write as well. */
		local_irq_disable();
		bkt_account_end(&t->account);
		local_irq_enable();
		task_detach_followers(t, false);
	}
	last = !task_count;
	spin_unlock(&bkt_tasks_lock);
	return last;
}
