/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tasks that any session follows: one account each, found by the switch
 * probe, and a pointer to the running one on each CPU.
 *
 * A task is in the table from its registration until nobody follows it or it
 * exits, so a task in the table is alive: whoever holds bkt_tasks_lock may use its
 * stack. The memory of an account is freed an RCU grace period after the last
 * reference to it is put, since probes use it with preemption off; and a
 * reference that the table had is put only when no CPU's pointer, bkt_running,
 * leads to the account any more.
 */
#ifndef BKT_TASK_H
#define BKT_TASK_H

#include <linux/cpumask.h>
#include <linux/hash.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include "account.h"

/*
 * Protects the table, the lists of followers and what followers hang onto
 * them. Taken in process context only, never in the switch probe, nor where
 * probes are registered. Whoever holds it does no more work than that for one
 * task with BKT_MAX_FOLLOWERS followers: docs/worst-cases.md.
 */
extern spinlock_t bkt_tasks_lock;

/* Sessions that may follow one task: each costs the task's forks and its exit. */
#define BKT_MAX_FOLLOWERS 64

struct bkt_task {
	struct bkt_account account;
	struct hlist_node node;		/* bkt_tasks_lock; read under RCU */
	struct task_struct *task;	/* valid while @listed */
	struct list_head followers;	/* bkt_tasks_lock */
	u32 nr_followers;		/* bkt_tasks_lock */
	refcount_t refs;		/* followers, and whoever reads it */
	bool listed;			/* bkt_tasks_lock */
	struct rcu_head rcu;
};

/* Whoever follows a task: see struct bkt_member of member.h. */
struct bkt_follower {
	struct list_head task_node;	/* bkt_tasks_lock */
	struct bkt_task *task;
	const struct bkt_follower_ops *ops;
	u32 inherit;			/* BRICKTRACE_INHERIT_* */
};

struct bkt_follower_ops {
	/*
	 * The task ends (@exec is false) or, after may_stay() said no, is let go
	 * (@exec is true); @end is V then. The follower is off the task's list.
	 * Under bkt_tasks_lock.
	 */
	void (*left)(struct bkt_follower *f, const struct bkt_snapshot *end,
		     bool exec);
	/*
	 * The task has a child that is to be followed too; NULL if there was
	 * no memory for its account. @known: the child had an account before, so
	 * that its followers must be searched for this one. Under bkt_tasks_lock.
	 */
	void (*forked)(struct bkt_follower *f, struct bkt_task *child, bool known);
	/* The task, current, has executed a program. Under bkt_tasks_lock. */
	bool (*may_stay)(struct bkt_follower *f);
};

int bkt_task_init(void);
void bkt_task_exit(void);

struct bkt_task *bkt_task_get(struct bkt_task *t);
void bkt_task_put(struct bkt_task *t);

/*
 * Lets @f follow @p, to which the caller holds a reference, under bkt_tasks_lock.
 * @spare is an account for it, taken if it has none. Errors: -ESRCH if the task
 * is exiting, -EUSERS if BKT_MAX_FOLLOWERS follow it. Without bkt_tasks_lock, the caller
 * then calls bkt_task_forget() before it puts @spare; or, if the task is followed,
 * bkt_task_observe() with the CPUs of all such tasks.
 */
struct bkt_task *bkt_task_alloc(void);
int bkt_task_follow(struct bkt_task **spare, struct task_struct *p,
		    struct bkt_follower *f);
void bkt_task_observe(const struct cpumask *cpus);

/*
 * @f no longer follows its task; under bkt_tasks_lock. Returns true if nobody does
 * and bkt_task_forget() must be called once bkt_tasks_lock is dropped, before the
 * task is put.
 */
bool bkt_task_unfollow(struct bkt_follower *f);
void bkt_task_forget(void);

/* The account of a task if it has one, else NULL. Under bkt_tasks_lock. */
struct bkt_task *bkt_task_find(struct task_struct *p);

/*
 * Reads V(min(@limit, now)) of a task, whatever it is doing. Sleeps if it must
 * try long. The caller holds a reference. While the hooks are not armed, V is what
 * is added up, and no call is under way.
 */
void bkt_task_read(struct bkt_task *t, u64 limit, struct bkt_snapshot *snap);

/*
 * Marks the system call that current is in as bricktrace's own. Returns when
 * it was entered, or 0 if current is not traced.
 */
u64 bkt_task_control(void);

/*
 * Arming, by hooks.c: begin a generation, before the probes are registered;
 * find the running tasks and free all other threads of the slow path, after. To
 * disarm: end the generation and forget the running tasks, while all the probes
 * are still there, and say so when they are gone.
 */
void bkt_task_arm_begin(void);
void bkt_task_arm_end(void);
void bkt_task_disarm(void);
void bkt_task_disarmed(void);
u32 bkt_task_generation(void);

/* Whether the hooks were armed in @generation and have been ever since. */
bool bkt_task_armed_since(u32 generation);

/* Whether any task is followed. May be outdated as soon as it is read. */
bool bkt_task_any(void);

/*
 * For the fork, exec and exit probes, of current. The latter two return true if
 * current was the last task that anybody followed.
 */
void bkt_task_forked(struct task_struct *child);
bool bkt_task_execed(void);
bool bkt_task_ended(void);

/* From a follower's forked(): @f follows the child, if it has room for one more. */
bool bkt_task_adopt(struct bkt_task *child, struct bkt_follower *f);

/* Threads that could not be followed since the module was loaded. */
u64 bkt_task_lost(void);

/*
 * Per CPU: the account of the running task if it is followed, else NULL.
 *
 * Only its own CPU sets it, with interrupts off: to current's account while the
 * hooks are armed, to NULL when current changes, ends or executes a program that
 * nobody follows. An account that leaves the table for another reason is
 * forgotten by an interrupt (bkt_task_forget()) before it is put. Disarming ends
 * the arming first, then clears all pointers by an interrupt, and only then
 * removes the probes: from that interrupt on each pointer is and stays NULL, so
 * that no pointer is ever believed without the switch probe that maintains it.
 */
DECLARE_PER_CPU(struct bkt_account *, bkt_running);

/*
 * For the switch probe: @p, which has the slow path's flag, is given this CPU.
 * Interrupts are off.
 */
void bkt_task_in(struct task_struct *p);

/* Tells whether a task may be in the table: a bit for each bucket in use. */
#define BKT_TASK_BITS 15

static inline u32 bkt_task_bucket(const struct task_struct *p)
{
	/* Slabs leave the low bits of a task's address few values: hash them all. */
	return hash_ptr(p, BKT_TASK_BITS);
}

#endif /* BKT_TASK_H */
