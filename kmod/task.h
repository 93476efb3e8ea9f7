/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of followed tasks. Each task that at least one session follows has one
 * account in it, which the switch probe looks up. While such a task runs, its CPU
 * has a pointer to the account, bkt_running.
 *
 * A task enters the table when it is registered and leaves it when its last
 * follower detaches or when it exits. So a task in the table is alive, and the
 * holder of bkt_tasks_lock may read its stack. Probes use accounts with preemption
 * off and without a reference: an account is freed one RCU grace period after its
 * last reference is put, and whoever takes an account out of the table keeps a
 * reference until no CPU's bkt_running points to it.
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
#include "slow.h"

/*
 * Protects the table, each task's list of followers, and what the sessions keep
 * about their followers (member.h, base.h). Taken in process context only: never in
 * the switch probe, nor in the kprobes on the registration of probes (quiet.c).
 * While it is held, at most the work for one task with BKT_MAX_FOLLOWERS
 * followers is done: docs/worst-cases.md has the figures.
 */
extern spinlock_t bkt_tasks_lock;

/* Sessions that may follow one task. Each makes the task's forks and exit slower. */
#define BKT_MAX_FOLLOWERS 64

struct bkt_task {
	struct bkt_account account;
	struct hlist_node node;		/* bkt_tasks_lock; read under RCU */
	struct task_struct *task;	/* valid while @listed */
	struct pid *pid;		/* bkt_tasks_lock: of the task, with a reference */
	struct list_head followers;	/* bkt_tasks_lock */
	u32 nr_followers;		/* bkt_tasks_lock */
	refcount_t refs;		/* one for each follower and each reader */
	bool listed;			/* in the table; written under bkt_tasks_lock */
	struct rcu_head rcu;
};

/* One session's interest in one task. struct bkt_member of member.h embeds it. */
struct bkt_follower {
	struct list_head task_node;	/* bkt_tasks_lock */
	struct bkt_task *task;		/* referenced */
	const struct bkt_follower_ops *ops;
	const struct bkt_slow_want *want;	/* what the session wants of slow calls */
	u32 inherit;			/* BRICKTRACE_THREAD_INHERIT_* */
};

/* All are called under bkt_tasks_lock. */
struct bkt_follower_ops {
	/*
	 * The task exits (@exec is false), or may_stay() has returned false after
	 * an execve() (@exec is true). @end is the value of the account at that
	 * moment, whose @call.key the function may change. @f is already off the task's
	 * list of followers.
	 */
	void (*detached)(struct bkt_follower *f, struct bkt_snapshot *end, bool exec);
	/*
	 * The task has forked a thread or process that @f->inherit includes. @child
	 * is NULL if there was no memory for the child's account. @known: another
	 * thread registered the child before, so that one of the child's followers
	 * may already be of the same session.
	 */
	void (*forked)(struct bkt_follower *f, struct bkt_task *child, bool known);
	/* The task, current, has executed a program: may @f keep following it? */
	bool (*may_stay)(struct bkt_follower *f);
};

int bkt_task_init(void);
void bkt_task_exit(void);

struct bkt_task *bkt_task_get(struct bkt_task *t);
void bkt_task_put(struct bkt_task *t);

/*
 * bkt_task_follow() makes @f follow @p. The caller holds bkt_tasks_lock and a
 * reference to @p. If @p has no account, *@spare, which bkt_task_alloc() returned,
 * becomes its account, and *@spare is set to NULL. Errors: -ESRCH if @p is exiting,
 * -EUSERS if BKT_MAX_FOLLOWERS sessions follow @p.
 *
 * The caller then drops bkt_tasks_lock. After success it calls bkt_task_observe() with
 * the CPUs of all tasks that it made followed, which observes those that are running.
 * After an error it calls bkt_task_forget() before it puts *@spare.
 */
struct bkt_task *bkt_task_alloc(void);
int bkt_task_follow(struct bkt_task **spare, struct task_struct *p,
		    struct bkt_follower *f);
void bkt_task_observe(const struct cpumask *cpus);

/*
 * bkt_task_unfollow() detaches @f from its task. The caller holds bkt_tasks_lock. If
 * true is returned, @f was the last follower, and the caller must drop bkt_tasks_lock
 * and call bkt_task_forget() before it puts the account. bkt_task_forget() clears each
 * CPU's bkt_running that points to an account outside the table.
 */
bool bkt_task_unfollow(struct bkt_follower *f);
void bkt_task_forget(void);

/* Returns the account of @p, without a reference, or NULL. Under bkt_tasks_lock. */
struct bkt_task *bkt_task_find(struct task_struct *p);

/*
 * Reads V(min(@limit, now)) of a task, whatever the task is doing. The caller holds
 * a reference to @t. May sleep. While the hooks are not armed, V is the completed
 * sums, without a call under way.
 */
void bkt_task_read(struct bkt_task *t, u64 limit, struct bkt_snapshot *snap);

/* Copies the slow calls that the task has made since the hooks were armed. May sleep. */
void bkt_task_read_slow(struct bkt_task *t, struct bkt_slow_list *to);

/* What a follower wants of slow calls has changed. Under bkt_tasks_lock. */
void bkt_task_update_slow(struct bkt_task *t);

/*
 * Both mark the system call that current is in as bricktrace's own: rule "own-calls".
 * bkt_task_control() returns the time at which current entered the call, or 0 if current is
 * not traced; perhaps the probes have not seen the entry, since they were not there. The
 * other one is for what io_uring may call outside any system call, and does nothing then.
 */
u64 bkt_task_control(void);
void bkt_task_control_seen(void);

/*
 * hooks.c calls these, with its mutex held, in order to arm and disarm.
 * bkt_task_arm_begin() begins a generation, the number of the arming, before the probes
 * are registered. bkt_task_arm_end(), after that, observes the tasks that are running
 * now and, unless the hooks are loud, clears the slow path's flag of all threads that
 * nobody follows. bkt_task_disarm() ends the generation and clears each CPU's
 * bkt_running, while all probes are still in place; bkt_task_disarmed() is called when
 * they are gone.
 */
void bkt_task_arm_begin(void);
void bkt_task_arm_end(void);
void bkt_task_disarm(void);
void bkt_task_disarmed(void);
u32 bkt_task_generation(void);

/* Whether the hooks were armed in @generation and have stayed armed since then. */
bool bkt_task_armed_since(u32 generation);

/* Whether any task is followed. The answer may be outdated when it is returned. */
bool bkt_task_any(void);

/*
 * The fork, exec and exit probes call these, for current. The latter two return true
 * if current was the last task that any session followed.
 */
void bkt_task_forked(struct task_struct *child);
bool bkt_task_execed(void);
bool bkt_task_ended(void);

/*
 * Makes @f follow @child. Only a follower's forked() calls it. Returns false if
 * BKT_MAX_FOLLOWERS sessions follow @child.
 */
bool bkt_task_adopt(struct bkt_task *child, struct bkt_follower *f);

/* How many threads got no account for lack of memory since the module was loaded. */
u64 bkt_task_lost(void);

/*
 * Per CPU: the account of the running task if the task is followed, else NULL.
 *
 * Only the CPU itself writes its pointer. It sets the pointer to current's account
 * while the hooks are armed, with interrupts off, and clears it when current changes,
 * exits, or has executed a program after which no session follows it. When an account
 * leaves the table for another reason, an interrupt clears the pointers to it
 * (bkt_task_forget()) before its last reference is put.
 *
 * Disarming first forbids CPUs to set their pointers, then clears each by an interrupt,
 * and only then removes the probes. From its interrupt on a CPU's pointer stays NULL,
 * so that no pointer is set without the switch probe that keeps it up to date.
 */
DECLARE_PER_CPU(struct bkt_account *, bkt_running);

/*
 * The switch probe calls this, with interrupts off, when this CPU switches to @p and
 * @p has the slow path's flag.
 */
void bkt_task_in(struct task_struct *p);

/* The table has 2^BKT_TASK_BITS buckets. */
#define BKT_TASK_BITS 15

static inline u32 bkt_task_bucket(const struct task_struct *p)
{
	/* All bits are hashed, since the low ones of a slab's addresses vary little. */
	return hash_ptr(p, BKT_TASK_BITS);
}

#endif /* BKT_TASK_H */
