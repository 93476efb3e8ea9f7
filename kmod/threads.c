// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include "threads.h"

bool bt_threads_calls(const struct task_struct *p)
{
	unsigned int kernel_work = PF_KTHREAD;

#ifdef PF_IO_WORKER
	kernel_work |= PF_IO_WORKER;
#endif
#ifdef PF_USER_WORKER
	kernel_work |= PF_USER_WORKER;
#endif
	return !(p->flags & kernel_work);
}

struct task_struct *bt_threads_task(s32 tid)
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

void bt_threads_put(struct bt_threads *th)
{
	while (th->n)
		put_task_struct(th->p[--th->n]);
	kvfree(th->p);
}

int bt_threads_get(struct bt_threads *th, struct task_struct *p, bool process)
{
	struct task_struct *t;
	u32 room = process ? get_nr_threads(p) + 16 : 1;

	th->n = 0;
	th->p = kvmalloc_array(room, sizeof(*th->p), GFP_KERNEL_ACCOUNT);
	if (!th->p)
		return -ENOMEM;
	if (!process) {
		th->p[th->n++] = get_task_struct(p);
		return 0;
	}
	rcu_read_lock();
	for_each_thread(p, t) {
		if (th->n == room)
			break;
		if (bt_threads_calls(t) && !(t->flags & PF_EXITING))
			th->p[th->n++] = get_task_struct(t);
	}
	rcu_read_unlock();
	return 0;
}
