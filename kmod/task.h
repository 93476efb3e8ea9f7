/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tasks that any session follows: one account each, found by the switch
 * probe, and a pointer to the running one on each CPU.
 *
 * A task is in the table from its registration until nobody follows it or it
 * exits, so a task in the table is alive: whoever holds bt_books may use its
 * stack. Its memory goes after an RCU grace period, since probes use it with
 * preemption off, and after each CPU's pointer to it is gone.
 */
#ifndef BT_TASK_H
#define BT_TASK_H

#include <linux/cache.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include "account.h"

/*
 * Protects the table, the lists of followers and what followers hang onto
 * them. Taken in process context only, never in the switch probe.
 */
extern spinlock_t bt_books;

struct bt_task {
	struct bt_account account;
	struct hlist_node node;		/* bt_books; read under RCU */
	struct task_struct *task;	/* valid while @listed */
	struct list_head followers;	/* bt_books */
	refcount_t refs;		/* followers, and runs that cover it */
	bool listed;			/* bt_books */
	struct rcu_head rcu;
};

/* Whoever follows a task: see struct bt_member of member.h. */
struct bt_follower {
	struct list_head of_task;	/* bt_books */
	struct bt_task *task;
	const struct bt_follower_ops *ops;
	u32 inherit;			/* BRICKTRACE_INHERIT_* */
};

struct bt_follower_ops {
	/*
	 * The task ends or, after may_stay() said no, is let go; @end is V
	 * then. The follower is off the task's list. Under bt_books.
	 */
	void (*left)(struct bt_follower *f, const struct bt_snapshot *end);
	/*
	 * The task has a child that is to be followed too; NULL if there was
	 * no memory for its account. Under bt_books.
	 */
	void (*forked)(struct bt_follower *f, struct bt_task *child);
	/* The task, current, has executed a program. Under bt_books. */
	bool (*may_stay)(struct bt_follower *f);
};

int bt_task_init(void);
void bt_task_exit(void);

struct bt_task *bt_task_get(struct bt_task *t);
void bt_task_put(struct bt_task *t);

/*
 * Lets @f follow @p, to which the caller holds a reference, under bt_books.
 * @spare is an account for it, taken if it has none. False if it is exiting.
 * When bt_books is dropped the CPUs must be told: bt_task_meet(), of one task
 * or, NULL, of all.
 */
struct bt_task *bt_task_alloc(void);
bool bt_task_follow(struct bt_task **spare, struct task_struct *p,
		    struct bt_follower *f);
void bt_task_meet(struct task_struct *p);

/*
 * @f no longer follows its task; under bt_books. Returns true if nobody does
 * and bt_task_forget() must be called once bt_books is dropped, before the
 * task is put.
 */
bool bt_task_unfollow(struct bt_follower *f);
void bt_task_forget(void);

/* The account of a task if it has one, else NULL. Under bt_books. */
struct bt_task *bt_task_find(struct task_struct *p);

/*
 * Reads V(min(@limit, now)) of a task, whatever it is doing. Sleeps if it must
 * try long. The caller holds a reference. Only while the hooks are armed.
 */
void bt_task_read(struct bt_task *t, u64 limit, struct bt_snapshot *snap);

/*
 * Marks the system call that current is in as bricktrace's own. Returns when
 * it was entered, or 0 if current is not traced.
 */
u64 bt_task_control(void);

/*
 * Arming, by hooks.c: begin a generation, before the probes are registered;
 * find the running tasks, after; forget them, when the probes are gone.
 */
void bt_task_arm_begin(void);
void bt_task_arm_end(void);
void bt_task_disarm(void);
u32 bt_task_generation(void);

/* For the fork, exec and exit probes, of current. */
void bt_task_forked(struct task_struct *child);
void bt_task_execed(void);
void bt_task_ended(void);

/* From a follower's forked(): @f follows the child. */
void bt_task_adopt(struct bt_task *child, struct bt_follower *f);

/* Threads that could not be followed since the module was loaded. */
u64 bt_task_lost(void);

/* Per CPU: the account of the running task if it is followed. */
DECLARE_PER_CPU(struct bt_account *, bt_running);

/* For the switch probe: whether a task may be in the table. */
void bt_task_in(struct task_struct *p);

/*
 * Tasks are some kilobytes apart and aligned to cache lines: their addresses
 * spread well enough for one shift and one mask.
 */
#define BT_TASK_BUCKETS 4096
extern unsigned long bt_task_bits[];

static inline u32 bt_task_bucket(const struct task_struct *p)
{
	return ((unsigned long)p / L1_CACHE_BYTES) % BT_TASK_BUCKETS;
}

#endif /* BT_TASK_H */
