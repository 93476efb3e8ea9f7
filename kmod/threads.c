// SPDX-License-Identifier: GPL-2.0
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/rculist.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include "threads.h"

bool bkt_threads_calls(const struct task_struct *p)
{
	unsigned int kernel_work = PF_KTHREAD;

#ifdef PF_IO_WORKER
	kernel_work |= PF_IO_WORKER;
#endif
#ifdef PF_USER_WORKER
	kernel_work |= PF_USER_WORKER;
#endif
	/* These flags are constant once the thread runs; other flags of the word are not. */
	return !(data_race(p->flags) & kernel_work);
}

struct task_struct *bkt_threads_task(s32 tid)
{
	struct task_struct *p;
	struct pid *pid;

	if (tid < 0)
		return ERR_PTR(-EINVAL);
	if (!tid)
		return get_task_struct(current);
	pid = find_get_pid(tid);
	p = get_pid_task(pid, PIDTYPE_PID);
	put_pid(pid);
	return p ?: ERR_PTR(-ESRCH);
}

/* bkt_threads_get() calls cond_resched() after each so many threads. */
#define THREADS_WALK 128

void bkt_threads_put(struct bkt_threads *th)
{
	while (th->n) {
		put_task_struct(th->p[--th->n]);
		cond_resched();
	}
	kvfree(th->p);
}

/*
 * Where a walk continues after cond_resched(): the newest of the threads already found
 * that is still in the list, or else the list's head.
 */
static struct task_struct *threads_place(const struct bkt_threads *th,
					 struct list_head *list)
{
	u32 i;

	for (i = th->n; i > 0; i--)
		if (pid_alive(th->p[i - 1]))
			return th->p[i - 1];
	return list_entry(list, struct task_struct, thread_node);
}

int bkt_threads_get(struct bkt_threads *th, struct task_struct *p, bool process)
{
	/* The number changes at any time: room for some threads more. */
	u32 room = process ? data_race(get_nr_threads(p)) + 16 : 1;
	struct list_head *list = &p->signal->thread_head;
	struct task_struct *t;

	th->n = 0;
	th->p = kvmalloc_array(room, sizeof(*th->p), GFP_KERNEL_ACCOUNT);
	if (!th->p)
		return -ENOMEM;
	if (!process) {
		th->p[th->n++] = get_task_struct(p);
		return 0;
	}
	rcu_read_lock();
	t = threads_place(th, list);
	list_for_each_entry_continue_rcu(t, list, thread_node) {
		if (th->n == room)
			break;
		/* A thread that begins to exit later is noticed by bkt_task_follow(). */
		if (!bkt_threads_calls(t) || data_race(t->flags) & PF_EXITING)
			continue;
		th->p[th->n++] = get_task_struct(t);
		if (th->n % THREADS_WALK)
			continue;
		rcu_read_unlock();
		cond_resched();
		rcu_read_lock();
		t = threads_place(th, list);
	}
	rcu_read_unlock();
	return 0;
}
