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
#define RESERVE 32
/* Tries to read an account before the reader sleeps in between. */
#define SPINS 64

/* Threads that a walk looks at before it gives way to others. */
#define WALK 1024

DEFINE_SPINLOCK(bt_books);
DEFINE_PER_CPU(struct bt_account *, bt_running);

static struct hlist_head table[1 << BT_TASK_BITS];	/* bt_books; RCU */
/* A bit for each bucket that is not empty: two kilobytes to look at. */
static DECLARE_BITMAP(bits, 1 << BT_TASK_BITS);
static u32 nr_tasks;			/* bt_books: those in the table */
static struct kmem_cache *cache;
static mempool_t *pool;
static u64 lost;			/* bt_books */
static struct bt_snapshot last;		/* bt_books: V of a task that ends */

/*
 * Written while arming and disarming, which hooks.c serialises; @generation,
 * @t_armed and @armed under bt_books, too. @generation is even from the beginning
 * of an arming to its end. While the hooks are not armed no account belongs to the
 * generation, and no time has passed since an arming that is yet to come: V is what
 * is added up.
 */
static u32 generation = 1;
static u64 t_armed = U64_MAX;
static bool armed;
static bool pointing;			/* some CPU's pointer may be set */

static_assert(sizeof(struct bt_task) <= 4096);

int bt_task_init(void)
{
	cache = kmem_cache_create("bricktrace_task", sizeof(struct bt_task), 0,
				  SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT, NULL);
	if (!cache)
		return -ENOMEM;
	pool = mempool_create_slab_pool(RESERVE, cache);
	if (!pool)
		goto err_cache;
	return 0;

err_cache:
	kmem_cache_destroy(cache);
	return -ENOMEM;
}

void bt_task_exit(void)
{
	/* Accounts that wait for their grace period. */
	rcu_barrier();
	mempool_destroy(pool);
	kmem_cache_destroy(cache);
}

static void free_rcu(struct rcu_head *rcu)
{
	mempool_free(container_of(rcu, struct bt_task, rcu), pool);
}

struct bt_task *bt_task_get(struct bt_task *t)
{
	refcount_inc(&t->refs);
	return t;
}

void bt_task_put(struct bt_task *t)
{
	if (t && refcount_dec_and_test(&t->refs))
		call_rcu(&t->rcu, free_rcu);
}

static void init(struct bt_task *t)
{
	INIT_HLIST_NODE(&t->node);
	INIT_LIST_HEAD(&t->followers);
	t->nr_followers = 0;
	refcount_set(&t->refs, 1);
	t->listed = false;
	t->task = NULL;
}

struct bt_task *bt_task_alloc(void)
{
	struct bt_task *t = kmem_cache_alloc(cache, GFP_KERNEL_ACCOUNT);

	if (t)
		init(t);
	return t;
}

static struct bt_task *lookup(struct task_struct *p)
{
	struct bt_task *t;

	/* Interrupts that are off are a read-side section of RCU, too. */
	hlist_for_each_entry_rcu(t, &table[bt_task_bucket(p)], node,
				 lockdep_is_held(&bt_books) || irqs_disabled())
		if (t->task == p)
			return t;
	return NULL;
}

static bool maybe_followed(struct task_struct *p)
{
	return test_bit(bt_task_bucket(p), bits);
}

/*
 * Of current, without a lock: who is not followed does not wait for who is. The flag
 * of the slow path is not asked, since others may change it: an account that nobody
 * ends would outlive its task.
 */
static bool current_followed(void)
{
	bool yes;

	if (!maybe_followed(current))
		return false;
	rcu_read_lock();
	yes = lookup(current);
	rcu_read_unlock();
	return yes;
}

static void task_counters(const struct task_struct *p, struct bt_counters *c)
{
	c->run_delay = bt_run_delay(p);
	/* The task itself counts its faults, plainly. */
	c->min_flt = data_race(READ_ONCE(p->min_flt));
	/* The task itself counts these, too. */
	c->maj_flt = data_race(READ_ONCE(p->maj_flt));
}

static void list(struct bt_task *t, struct task_struct *p, bool born)
{
	u32 bucket = bt_task_bucket(p);
	struct bt_counters begin;

	lockdep_assert_held(&bt_books);
	task_counters(p, &begin);
	/* An arming under way has begun already. */
	bt_account_init(&t->account, bt_clock_now(),
			t_armed != U64_MAX ? generation : 0, born, &begin);
	t->task = p;
	t->listed = true;
	hlist_add_head_rcu(&t->node, &table[bucket]);
	set_bit(bucket, bits);
	WRITE_ONCE(nr_tasks, nr_tasks + 1);
	/* After the task is in the table: the switch probe looks at the flag first. */
	if (t_armed != U64_MAX)
		bt_quiet_follow(p);
}

static void unlist(struct bt_task *t)
{
	u32 bucket = bt_task_bucket(t->task);

	lockdep_assert_held(&bt_books);
	hlist_del_rcu(&t->node);
	if (hlist_empty(&table[bucket]))
		clear_bit(bucket, bits);
	WRITE_ONCE(nr_tasks, nr_tasks - 1);
	WRITE_ONCE(t->listed, false);
	bt_quiet_unfollow(t->task);
}

struct bt_task *bt_task_find(struct task_struct *p)
{
	lockdep_assert_held(&bt_books);
	return lookup(p);
}

static void follow(struct bt_task *t, struct bt_follower *f)
{
	lockdep_assert_held(&bt_books);
	f->task = bt_task_get(t);
	list_add_tail(&f->of_task, &t->followers);
	t->nr_followers++;
}

static void unfollow(struct bt_task *t, struct bt_follower *f)
{
	lockdep_assert_held(&bt_books);
	list_del_init(&f->of_task);
	t->nr_followers--;
}

int bt_task_follow(struct bt_task **spare, struct task_struct *p,
		   struct bt_follower *f)
{
	struct bt_task *t = lookup(p);

	lockdep_assert_held(&bt_books);
	if (t) {
		if (t->nr_followers >= BT_MAX_FOLLOWERS)
			return -EUSERS;
		follow(t, f);
		return 0;
	}
	t = *spare;
	list(t, p, false);
	/* Either the exit probe sees the bit, or we see the flag. */
	smp_mb();
	/* Other flags change at any time. */
	if (data_race(READ_ONCE(p->flags)) & PF_EXITING) {
		unlist(t);
		return -ESRCH;
	}
	*spare = NULL;
	follow(t, f);
	/* The follower's reference is the only one. */
	refcount_dec(&t->refs);
	return 0;
}

bool bt_task_unfollow(struct bt_follower *f)
{
	struct bt_task *t = f->task;

	lockdep_assert_held(&bt_books);
	/* Ended tasks have let go of their followers. */
	if (list_empty(&f->of_task))
		return false;
	unfollow(t, f);
	if (!list_empty(&t->followers))
		return false;
	unlist(t);
	return true;
}

/* The CPU's pointer leads to the account of the task that it runs. Interrupts are off. */
static void point_to(struct bt_task *t)
{
	this_cpu_write(bt_running, &t->account);
	/* Pairs with bt_task_forget(): it sees the pointer, or we see what it did. */
	smp_mb();
	if (unlikely(!READ_ONCE(t->listed)))
		this_cpu_write(bt_running, NULL);
}

/* On the CPU of a task that may be followed and running. Interrupts are off. */
static void meet_current(void *unused)
{
	struct bt_task *t;

	if (!READ_ONCE(armed) || !maybe_followed(current))
		return;
	t = lookup(current);
	if (!t || this_cpu_read(bt_running) == &t->account)
		return;
	bt_account_found(&t->account, current, READ_ONCE(generation),
			 READ_ONCE(t_armed));
	point_to(t);
}

void bt_task_meet(const struct cpumask *cpus)
{
	/* bt_books orders this: who arms later finds the tasks. */
	if (READ_ONCE(armed))
		on_each_cpu_mask(cpus, meet_current, NULL, 1);
}

static bool must_forget(int cpu, void *unused)
{
	struct bt_account *a = READ_ONCE(per_cpu(bt_running, cpu));

	/* Preemption is off, so the account that was there is not freed yet. */
	return a && !READ_ONCE(container_of(a, struct bt_task, account)->listed);
}

static void forget_current(void *unused)
{
	if (must_forget(smp_processor_id(), NULL))
		this_cpu_write(bt_running, NULL);
}

void bt_task_forget(void)
{
	/* Pairs with point_to(): it sees that the account has left the table, or we the pointer. */
	smp_mb();
	if (READ_ONCE(pointing))
		on_each_cpu_cond_mask(must_forget, forget_current, NULL, 1,
				      cpu_online_mask);
}

void bt_task_in(struct task_struct *p)
{
	struct bt_task *t;

	/* While the hooks are loud, every thread has the flag. */
	if (!READ_ONCE(armed) || !maybe_followed(p))
		return;
	t = lookup(p);
	if (!t)
		return;
	bt_account_in(&t->account, p, READ_ONCE(generation),
		      READ_ONCE(t_armed));
	point_to(t);
}

/*
 * What a task does that nobody has met since its registration: its registers
 * tell. bt_books keeps it alive.
 */
static int key_of_sleeper(struct bt_task *t, u32 gen, u64 since_armed)
{
	u64 since;
	int key = -1;

	spin_lock(&bt_books);
	if (t->listed &&
	    bt_account_asleep(&t->account, gen, since_armed, &since))
		key = bt_account_tell(&t->account, gen,
				      bt_syscall_of_task(t->task));
	spin_unlock(&bt_books);
	return key;
}

/* Nobody asks of a task that has ended, or that nobody follows any more. */
static void read_counters(const struct bt_task *t, struct bt_counters *c)
{
	rcu_read_lock();
	/* A task that is in the table is not freed within a grace period. */
	if (READ_ONCE(t->listed))
		task_counters(t->task, c);
	else
		*c = t->account.begin;
	rcu_read_unlock();
}

void bt_task_read(struct bt_task *t, u64 limit, struct bt_snapshot *snap)
{
	u64 since, since_armed = READ_ONCE(t_armed);
	u32 gen = READ_ONCE(generation);
	struct bt_counters kernel;
	int tries = 0;
	int key;

	for (;;) {
		key = -1;
		if (since_armed != U64_MAX &&
		    bt_account_asleep(&t->account, gen, since_armed, &since))
			key = key_of_sleeper(t, gen, since_armed);
		read_counters(t, &kernel);
		if (bt_account_try_read(&t->account, gen, since_armed, key,
					limit, &kernel, snap))
			return;
		if (++tries < SPINS)
			cpu_relax();
		else
			usleep_range(10, 50);
	}
}

u64 bt_task_control(void)
{
	struct bt_account *a;
	u64 entered = 0;

	preempt_disable();
	a = this_cpu_read(bt_running);
	if (a) {
		bt_account_control(a);
		entered = a->t_enter;
	}
	preempt_enable();
	return entered;
}

void bt_task_arm_begin(void)
{
	spin_lock(&bt_books);
	bt_quiet_begin();
	WRITE_ONCE(t_armed, bt_clock_now());
	WRITE_ONCE(generation, generation + 1);
	spin_unlock(&bt_books);
}

/* Threads that nobody follows leave the slow path, unless the hooks are loud. */
static void hush(struct task_struct *p)
{
	if (!bt_slow_path(p))
		return;
	spin_lock(&bt_books);
	if (!lookup(p))
		bt_quiet_unfollow(p);
	spin_unlock(&bt_books);
}

/* Gives way in the middle of a walk, at @p of process @g; whether it can go on. */
static bool walk_break(struct task_struct *g, struct task_struct *p)
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
static void hush_all(void)
{
	struct task_struct *g, *p;
	int tries = 4, n;

	rcu_read_lock();
again:
	n = 0;
	for_each_process_thread(g, p) {
		if (bt_quiet_state() != BRICKTRACE_HOOKS_QUIET)
			goto out;
		hush(p);
		if (++n % WALK == 0 && !walk_break(g, p)) {
			if (--tries)
				goto again;
			goto out;
		}
	}
out:
	rcu_read_unlock();
}

void bt_task_arm_end(void)
{
	/* Before any task is met: those that are followed have the flag. */
	bt_quiet_check();
	/* Before any pointer is set, which takes @armed. */
	WRITE_ONCE(pointing, true);
	spin_lock(&bt_books);
	WRITE_ONCE(armed, true);
	spin_unlock(&bt_books);
	on_each_cpu(meet_current, NULL, 1);
	hush_all();
}

static void clear_current(void *unused)
{
	this_cpu_write(bt_running, NULL);
}

void bt_task_disarm(void)
{
	spin_lock(&bt_books);
	WRITE_ONCE(armed, false);
	WRITE_ONCE(t_armed, U64_MAX);
	WRITE_ONCE(generation, generation + 1);
	spin_unlock(&bt_books);
	/* Whoever sets a pointer has interrupts off: before this, or not at all. */
	on_each_cpu(clear_current, NULL, 1);
	WRITE_ONCE(pointing, false);
}

void bt_task_disarmed(void)
{
	spin_lock(&bt_books);
	bt_quiet_end();
	spin_unlock(&bt_books);
}

bool bt_task_any(void)
{
	return READ_ONCE(nr_tasks);
}

u32 bt_task_generation(void)
{
	return READ_ONCE(generation);
}

bool bt_task_armed_since(u32 since)
{
	return !(since & 1) && since == READ_ONCE(generation);
}

u64 bt_task_lost(void)
{
	u64 n;

	spin_lock(&bt_books);
	n = lost;
	spin_unlock(&bt_books);
	return n;
}

/* A child that nobody follows has its parent's flag; it keeps none that it needs not. */
static void hush_child(struct task_struct *child)
{
	int state = bt_quiet_state();

	if (state == BRICKTRACE_HOOKS_QUIET)
		hush(child);
	else if (state == BRICKTRACE_HOOKS_LOUD && !bt_slow_path(child))
		/* The parent had none yet when the hooks became loud. */
		bt_quiet_follow(child);
}

/* In the parent's context, before the child can run. */
void bt_task_forked(struct task_struct *child)
{
	struct bt_task *parent, *t;
	struct bt_follower *f;
	bool known, missed = false;
	u32 bit;

	if (!current_followed())
		goto quiet;
	bit = child->tgid == current->tgid ? BRICKTRACE_THREAD_INHERIT_THREADS :
					     BRICKTRACE_THREAD_INHERIT_CHILDREN;
	spin_lock(&bt_books);
	parent = lookup(current);
	if (!parent)
		goto out;
	/* The child is visible by its number: somebody may have registered it. */
	t = lookup(child);
	known = t;
	if (t)
		bt_task_get(t);
	list_for_each_entry(f, &parent->followers, of_task) {
		if (!(f->inherit & bit))
			continue;
		if (!t) {
			t = mempool_alloc(pool, GFP_NOWAIT | __GFP_NOWARN);
			missed |= !t;
			if (t) {
				init(t);
				list(t, child, true);
			}
		}
		f->ops->forked(f, t, known);
	}
	lost += missed;
	/* No follower had memory for it, and no CPU has run the child. */
	if (t && list_empty(&t->followers))
		unlist(t);
	bt_task_put(t);
out:
	spin_unlock(&bt_books);
quiet:
	hush_child(child);
}

/* Lets a new follower follow the child that its parent was told of. */
bool bt_task_adopt(struct bt_task *child, struct bt_follower *f)
{
	if (child->nr_followers >= BT_MAX_FOLLOWERS)
		return false;
	follow(child, f);
	return true;
}

/* Takes current's account out of the table and off its CPU. */
static void retire(struct bt_task *t)
{
	preempt_disable();
	unlist(t);
	this_cpu_write(bt_running, NULL);
	preempt_enable();
}

/* current's own V, now. bt_books protects where it is put. */
static const struct bt_snapshot *read_last(struct bt_task *t)
{
	struct bt_counters kernel;

	lockdep_assert_held(&bt_books);
	task_counters(current, &kernel);
	/* Only being scheduled, right here, makes it fail. */
	while (!bt_account_try_read(&t->account, READ_ONCE(generation),
				    READ_ONCE(t_armed), -1, U64_MAX, &kernel,
				    &last))
		cpu_relax();
	return &last;
}

/* All followers of current, or those that may not stay, leave its account. */
static void let_go(struct bt_task *t, bool exec)
{
	const struct bt_snapshot *v = NULL;
	struct bt_follower *f, *next;

	bt_task_get(t);
	list_for_each_entry_safe(f, next, &t->followers, of_task) {
		if (exec && f->ops->may_stay(f))
			continue;
		/* The same for all who leave. */
		if (!v)
			v = read_last(t);
		unfollow(t, f);
		f->ops->left(f, v, exec);
	}
	if (list_empty(&t->followers))
		retire(t);
	bt_task_put(t);
}

bool bt_task_execed(void)
{
	struct bt_task *t;
	bool last;

	if (!current_followed())
		return false;
	spin_lock(&bt_books);
	t = lookup(current);
	if (t)
		let_go(t, true);
	last = !nr_tasks;
	spin_unlock(&bt_books);
	return last;
}

bool bt_task_ended(void)
{
	struct bt_task *t;
	bool last;

	/* Pairs with bt_task_follow(): PF_EXITING is set. */
	smp_mb();
	if (!current_followed())
		return false;
	spin_lock(&bt_books);
	t = lookup(current);
	if (t) {
		/* An interrupt may find the task running, and write as well. */
		local_irq_disable();
		bt_account_end(&t->account);
		local_irq_enable();
		let_go(t, false);
	}
	last = !nr_tasks;
	spin_unlock(&bt_books);
	return last;
}
