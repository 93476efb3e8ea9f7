// SPDX-License-Identifier: GPL-2.0
#include <linux/bitmap.h>
#include <linux/delay.h>
#include <linux/mempool.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include "task.h"

/* Accounts for forked threads while memory is short. */
#define RESERVE 32
/* Tries to read an account before the reader sleeps in between. */
#define SPINS 64

DEFINE_SPINLOCK(bt_books);
DEFINE_PER_CPU(struct bt_account *, bt_running);
/* A bit for each bucket that is not empty: half a kilobyte to look at. */
DECLARE_BITMAP(bt_task_bits, BT_TASK_BUCKETS);

static struct hlist_head table[BT_TASK_BUCKETS];	/* bt_books; RCU */
static struct kmem_cache *cache;
static mempool_t *pool;
static u64 lost;			/* bt_books */
static struct bt_snapshot last;		/* bt_books: V of a task that ends */

/*
 * Written while arming (serialised by hooks.c), before the probes that read
 * them are registered; @armed under bt_books, too.
 */
static u32 generation;
static u64 t_armed;
static bool armed;

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

	/* bt_books, or interrupts off: a read-side section of RCU. */
	hlist_for_each_entry_rcu(t, &table[bt_task_bucket(p)], node,
				 lockdep_is_held(&bt_books) || irqs_disabled())
		if (t->task == p)
			return t;
	return NULL;
}

static bool maybe_followed(struct task_struct *p)
{
	return test_bit(bt_task_bucket(p), bt_task_bits);
}

static void list(struct bt_task *t, struct task_struct *p, bool born)
{
	u32 bucket = bt_task_bucket(p);

	lockdep_assert_held(&bt_books);
	bt_account_init(&t->account, bt_clock_now(),
			armed ? generation : 0, born);
	t->task = p;
	t->listed = true;
	hlist_add_head_rcu(&t->node, &table[bucket]);
	set_bit(bucket, bt_task_bits);
}

static void unlist(struct bt_task *t)
{
	u32 bucket = bt_task_bucket(t->task);

	lockdep_assert_held(&bt_books);
	hlist_del_rcu(&t->node);
	if (hlist_empty(&table[bucket]))
		clear_bit(bucket, bt_task_bits);
	WRITE_ONCE(t->listed, false);
}

struct bt_task *bt_task_find(struct task_struct *p)
{
	lockdep_assert_held(&bt_books);
	return lookup(p);
}

static void follow(struct bt_task *t, struct bt_follower *f)
{
	f->task = bt_task_get(t);
	list_add_tail(&f->of_task, &t->followers);
}

bool bt_task_follow(struct bt_task **spare, struct task_struct *p,
		    struct bt_follower *f)
{
	struct bt_task *t = lookup(p);

	if (t) {
		follow(t, f);
		return true;
	}
	t = *spare;
	list(t, p, false);
	/* Either the exit probe sees the bit, or we see the flag. */
	smp_mb();
	if (READ_ONCE(p->flags) & PF_EXITING) {
		unlist(t);
		return false;
	}
	*spare = NULL;
	follow(t, f);
	/* The follower's reference is the only one. */
	refcount_dec(&t->refs);
	return true;
}

bool bt_task_unfollow(struct bt_follower *f)
{
	struct bt_task *t = f->task;

	lockdep_assert_held(&bt_books);
	/* Ended tasks have let go of their followers. */
	if (list_empty(&f->of_task))
		return false;
	list_del_init(&f->of_task);
	if (!list_empty(&t->followers))
		return false;
	unlist(t);
	return true;
}

/* On the CPU of a task that may be followed and running. Interrupts are off. */
static void meet_current(void *only)
{
	struct bt_task *t;

	if (only && only != current)
		return;
	if (!READ_ONCE(armed) || !maybe_followed(current))
		return;
	t = lookup(current);
	if (!t || this_cpu_read(bt_running) == &t->account)
		return;
	bt_account_found(&t->account, current, READ_ONCE(generation),
			 READ_ONCE(t_armed));
	this_cpu_write(bt_running, &t->account);
}

void bt_task_meet(struct task_struct *p)
{
	/* bt_books orders this: arming later, it will find the task itself. */
	if (!READ_ONCE(armed))
		return;
	if (p == current) {
		local_irq_disable();
		meet_current(p);
		local_irq_enable();
	} else {
		on_each_cpu(meet_current, p, 1);
	}
}

static void forget_current(void *unused)
{
	struct bt_account *a = this_cpu_read(bt_running);

	if (a && !READ_ONCE(container_of(a, struct bt_task, account)->listed))
		this_cpu_write(bt_running, NULL);
}

void bt_task_forget(void)
{
	on_each_cpu(forget_current, NULL, 1);
}

void bt_task_in(struct task_struct *p)
{
	struct bt_task *t = lookup(p);

	if (!t)
		return;
	bt_account_in(&t->account, p, READ_ONCE(generation),
		      READ_ONCE(t_armed));
	this_cpu_write(bt_running, &t->account);
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

void bt_task_read(struct bt_task *t, u64 limit, struct bt_snapshot *snap)
{
	u64 since, since_armed = READ_ONCE(t_armed);
	u32 gen = READ_ONCE(generation);
	int tries = 0;
	int key;

	for (;;) {
		key = -1;
		if (bt_account_asleep(&t->account, gen, since_armed, &since))
			key = key_of_sleeper(t, gen, since_armed);
		if (bt_account_try_read(&t->account, gen, since_armed, key,
					limit, snap))
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
	WRITE_ONCE(t_armed, bt_clock_now());
	WRITE_ONCE(generation, generation + 1);
}

void bt_task_arm_end(void)
{
	spin_lock(&bt_books);
	WRITE_ONCE(armed, true);
	spin_unlock(&bt_books);
	on_each_cpu(meet_current, NULL, 1);
}

static void clear_current(void *unused)
{
	this_cpu_write(bt_running, NULL);
}

void bt_task_disarm(void)
{
	spin_lock(&bt_books);
	WRITE_ONCE(armed, false);
	WRITE_ONCE(generation, generation + 1);
	spin_unlock(&bt_books);
	on_each_cpu(clear_current, NULL, 1);
}

u32 bt_task_generation(void)
{
	return READ_ONCE(generation);
}

u64 bt_task_lost(void)
{
	u64 n;

	spin_lock(&bt_books);
	n = lost;
	spin_unlock(&bt_books);
	return n;
}

/* In the parent's context, before the child can run. */
void bt_task_forked(struct task_struct *child)
{
	u32 bit = child->tgid == current->tgid ? BRICKTRACE_INHERIT_THREADS :
						 BRICKTRACE_INHERIT_CHILDREN;
	struct bt_task *parent, *t;
	struct bt_follower *f;

	if (!maybe_followed(current))
		return;
	spin_lock(&bt_books);
	parent = lookup(current);
	if (!parent)
		goto out;
	/* It can be found, and may have been registered, since before. */
	t = lookup(child);
	if (t)
		bt_task_get(t);
	list_for_each_entry(f, &parent->followers, of_task) {
		if (!(f->inherit & bit))
			continue;
		if (!t) {
			t = mempool_alloc(pool, GFP_NOWAIT | __GFP_NOWARN);
			if (t) {
				init(t);
				list(t, child, true);
			} else {
				lost++;
			}
		}
		f->ops->forked(f, t);
	}
	/* No follower had memory for it. */
	if (t && list_empty(&t->followers))
		unlist(t);
	bt_task_put(t);
out:
	spin_unlock(&bt_books);
}

/* Lets a new follower follow the child that its parent was told of. */
void bt_task_adopt(struct bt_task *child, struct bt_follower *f)
{
	lockdep_assert_held(&bt_books);
	follow(child, f);
}

/* Takes current's account out of the table and off its CPU. */
static void retire(struct bt_task *t)
{
	preempt_disable();
	unlist(t);
	if (this_cpu_read(bt_running) == &t->account)
		this_cpu_write(bt_running, NULL);
	preempt_enable();
}

/* current's own V, now. bt_books protects where it is put. */
static const struct bt_snapshot *read_last(struct bt_task *t)
{
	lockdep_assert_held(&bt_books);
	/* Only being scheduled, right here, makes it fail. */
	while (!bt_account_try_read(&t->account, READ_ONCE(generation),
				    READ_ONCE(t_armed), -1, U64_MAX, &last))
		cpu_relax();
	return &last;
}

void bt_task_execed(void)
{
	struct bt_follower *f, *next;
	struct bt_task *t;

	if (!maybe_followed(current))
		return;
	spin_lock(&bt_books);
	t = lookup(current);
	if (!t)
		goto out;
	bt_task_get(t);
	list_for_each_entry_safe(f, next, &t->followers, of_task) {
		if (f->ops->may_stay(f))
			continue;
		list_del_init(&f->of_task);
		f->ops->left(f, read_last(t));
	}
	if (list_empty(&t->followers))
		retire(t);
	bt_task_put(t);
out:
	spin_unlock(&bt_books);
}

void bt_task_ended(void)
{
	struct bt_follower *f, *next;
	struct bt_task *t;

	/* Pairs with bt_task_follow(): PF_EXITING is set. */
	smp_mb();
	if (!maybe_followed(current))
		return;
	spin_lock(&bt_books);
	t = lookup(current);
	if (!t)
		goto out;
	preempt_disable();
	bt_account_end(&t->account);
	retire(t);
	preempt_enable();
	bt_task_get(t);
	list_for_each_entry_safe(f, next, &t->followers, of_task) {
		list_del_init(&f->of_task);
		f->ops->left(f, read_last(t));
	}
	bt_task_put(t);
out:
	spin_unlock(&bt_books);
}
