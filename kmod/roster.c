// SPDX-License-Identifier: GPL-2.0
#include <linux/sched/signal.h>
#include "clock.h"
#include "roster.h"

/* The member is in its session's list, so its task has not been released. */
static void roster_identify(const struct bkt_member *m, struct bkt_roster_entry *to)
{
	struct task_struct *p = m->follower.task->task;

	lockdep_assert_held(&bkt_tasks_lock);
	to->number = m->number;
	to->pid = task_tgid_vnr(p);
	to->tid = task_pid_vnr(p);
	to->inherit = m->follower.inherit;
	to->runs = m->runs;
	/* The task may change its name meanwhile, of which the last byte is always NUL. */
	data_race(memcpy(to->comm, p->comm, sizeof(to->comm)));
	to->comm[sizeof(to->comm) - 1] = '\0';
}

/* Adds up the keys of @v, which bkt_member_translate() has prepared. */
static void roster_add_up(const struct bkt_member *m, const struct bkt_snapshot *v,
			  struct bkt_roster_entry *to)
{
	struct bkt_roster_calls *c;
	u32 i;

	memset(to->calls, 0, sizeof(to->calls));
	to->thread = v->t - m->follower.task->account.t_begin;
	to->offcpu = v->offcpu;
	for (i = 0; i < BKT_SLOTS + v->ioctls; i = bkt_next_slot(v, i)) {
		if (m->keys[i] == BKT_KEY_CONTROL)
			continue;
		c = &to->calls[bkt_syscall_category(m->keys[i])];
		c->count += v->slots[i].count;
		c->errors += v->slots[i].errors;
		c->time += v->slots[i].time;
		c->offcpu += v->slots[i].offcpu;
	}
	if (v->call.key >= 0 && v->call.key != BKT_KEY_CONTROL) {
		c = &to->calls[bkt_syscall_category(v->call.key)];
		c->time += v->call.time;
		c->offcpu += v->call.offcpu;
	}
	to->thread = bkt_clock_ns(to->thread);
	to->offcpu = bkt_clock_ns(to->offcpu);
	for (c = to->calls; c < to->calls + BKT_CATEGORIES; c++) {
		c->time = bkt_clock_ns(c->time);
		c->offcpu = bkt_clock_ns(c->offcpu);
	}
}

bool bkt_roster_next(struct bkt_session *s, u64 after, const struct pid *tgid,
		     struct bkt_snapshot *v, struct bkt_roster_entry *to)
{
	struct bkt_member *m;
	bool wanted = false;

	do {
		spin_lock(&bkt_tasks_lock);
		m = bkt_member_after(s, after);
		if (m) {
			roster_identify(m, to);
			wanted = !tgid || task_tgid(m->follower.task->task) == tgid;
		}
		spin_unlock(&bkt_tasks_lock);
		if (!m)
			return false;
		after = m->number;
		if (wanted) {
			bkt_task_read(m->follower.task, U64_MAX, v);
			spin_lock(&bkt_tasks_lock);
			/* A member that has left may be of a session that was released. */
			wanted = !m->leave_reason;
			if (wanted)
				bkt_member_translate(m, v);
			spin_unlock(&bkt_tasks_lock);
		}
		if (wanted)
			roster_add_up(m, v, to);
		bkt_member_put(m);
		cond_resched();
	} while (!wanted);
	return true;
}
