// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include "access.h"
#include "member.h"
#include "run.h"

static const struct bt_follower_ops member_ops;

static struct bt_member *member_alloc(struct bt_session *s, u32 inherit,
				      gfp_t gfp)
{
	struct bt_member *m = kzalloc(sizeof(*m), gfp | __GFP_ACCOUNT);

	if (!m)
		return NULL;
	m->session = s;
	m->follower.ops = &member_ops;
	m->follower.inherit = inherit;
	INIT_LIST_HEAD(&m->covers);
	return m;
}

static void member_add(struct bt_member *m)
{
	lockdep_assert_held(&bt_books);
	list_add_tail(&m->of_session, &m->session->members);
	m->session->nr_members++;
}

static void member_del(struct bt_member *m)
{
	lockdep_assert_held(&bt_books);
	list_del(&m->of_session);
	m->session->nr_members--;
}

static void member_free(struct bt_member *m)
{
	bt_task_put(m->follower.task);
	kfree(m);
}

static void member_left(struct bt_follower *f, const struct bt_snapshot *end)
{
	struct bt_member *m = container_of(f, struct bt_member, follower);

	bt_run_depart(m, end);
	member_del(m);
	member_free(m);
}

static void member_forked(struct bt_follower *f, struct bt_task *child)
{
	struct bt_member *parent = container_of(f, struct bt_member, follower);
	struct bt_session *s = parent->session;
	struct bt_member *m;

	if (child && bt_member_of(s, child))
		return;
	if (!child || s->nr_members >= BT_MAX_THREADS)
		goto lost;
	m = member_alloc(s, f->inherit, GFP_NOWAIT | __GFP_NOWARN);
	if (!m)
		goto lost;
	/* If the parent's registration is undone, so is the child's. */
	m->batch = parent->batch;
	bt_task_adopt(child, &m->follower);
	member_add(m);
	if (!bt_run_born(m))
		goto lost;
	return;
lost:
	s->lost++;
}

static bool member_may_stay(struct bt_follower *f)
{
	struct bt_session *s = container_of(f, struct bt_member,
					    follower)->session;

	if (bt_access_after_exec(s->file))
		return true;
	s->lost++;
	return false;
}

static const struct bt_follower_ops member_ops = {
	.left = member_left,
	.forked = member_forked,
	.may_stay = member_may_stay,
};

struct bt_member *bt_member_of(struct bt_session *s, struct bt_task *t)
{
	struct bt_follower *f;
	struct bt_member *m;

	lockdep_assert_held(&bt_books);
	list_for_each_entry(f, &t->followers, of_task) {
		m = container_of(f, struct bt_member, follower);
		if (m->session == s)
			return m;
	}
	return NULL;
}

/* Kernel threads that act for the process make no system calls. */
static bool makes_syscalls(struct task_struct *p)
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

static bool is_member(struct bt_session *s, struct task_struct *p)
{
	struct bt_task *t;
	bool yes;

	spin_lock(&bt_books);
	t = bt_task_find(p);
	yes = t && bt_member_of(s, t);
	spin_unlock(&bt_books);
	return yes;
}

/* Makes @p a member. The caller tells the CPUs afterwards: bt_task_meet(). */
static int join(struct bt_session *s, struct task_struct *p, u32 inherit,
		u32 batch)
{
	struct bt_task *spare, *t;
	struct bt_member *m;
	int ret;

	/* Before the work: each thread of a process is walked over twice. */
	if (is_member(s, p))
		return -EEXIST;
	m = member_alloc(s, inherit, GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	m->batch = batch;
	ret = -ENOMEM;
	spare = bt_task_alloc();
	if (!spare)
		goto err_member;
	/* As perf does: no execve changes the rights between check and act. */
	ret = -EINTR;
	if (down_read_killable(&p->signal->exec_update_lock))
		goto err_spare;
	ret = bt_access_check(s->file, p);
	if (ret)
		goto err_exec;

	spin_lock(&bt_books);
	t = bt_task_find(p);
	ret = -EEXIST;
	if (t && bt_member_of(s, t))
		goto err_books;
	ret = -EDQUOT;
	if (s->nr_members >= BT_MAX_THREADS)
		goto err_books;
	ret = -ESRCH;
	if (!bt_task_follow(&spare, p, &m->follower))
		goto err_books;
	member_add(m);
	spin_unlock(&bt_books);
	up_read(&p->signal->exec_update_lock);
	bt_task_put(spare);
	return 0;

err_books:
	spin_unlock(&bt_books);
err_exec:
	up_read(&p->signal->exec_update_lock);
err_spare:
	bt_task_put(spare);
err_member:
	kfree(m);
	return ret;
}

/* Whether a task is a member that can leave: 0, -ESRCH or -EBUSY. */
static int may_leave(struct bt_session *s, struct task_struct *p)
{
	struct bt_member *m = NULL;
	struct bt_task *t;
	int ret;

	spin_lock(&bt_books);
	t = bt_task_find(p);
	if (t)
		m = bt_member_of(s, t);
	ret = m ? bt_run_covers(m) ? -EBUSY : 0 : -ESRCH;
	spin_unlock(&bt_books);
	return ret;
}

/*
 * A member leaves, unless it has ended meanwhile. @end is room for its last
 * reading. Returns whether bt_task_forget() is needed before @gone is freed.
 */
static bool leave(struct bt_session *s, struct task_struct *p,
		  struct bt_snapshot *end, struct list_head *gone)
{
	struct bt_member *m = NULL;
	struct bt_task *t;
	bool forget = false;

	spin_lock(&bt_books);
	t = bt_task_find(p);
	if (t)
		bt_task_get(t);
	spin_unlock(&bt_books);
	if (!t)
		return false;
	bt_task_read(t, U64_MAX, end);
	spin_lock(&bt_books);
	m = bt_member_of(s, t);
	if (m) {
		bt_run_depart(m, end);
		forget = bt_task_unfollow(&m->follower);
		member_del(m);
		list_add(&m->of_session, gone);
	}
	spin_unlock(&bt_books);
	bt_task_put(t);
	return forget;
}

static void free_gone(struct list_head *gone, bool forget)
{
	struct bt_member *m, *next;

	if (forget)
		bt_task_forget();
	list_for_each_entry_safe(m, next, gone, of_session)
		member_free(m);
}

/*
 * The threads that an ioctl names, each with a reference: one, or all of its
 * process. Those that have no system calls of their own are left out.
 */
struct threads {
	struct task_struct **p;
	u32 n;
};

static void threads_put(struct threads *th)
{
	while (th->n)
		put_task_struct(th->p[--th->n]);
	kvfree(th->p);
}

static int threads_get(struct threads *th, struct task_struct *p, bool process)
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
		if (makes_syscalls(t) && !(t->flags & PF_EXITING))
			th->p[th->n++] = get_task_struct(t);
	}
	rcu_read_unlock();
	return 0;
}

static struct task_struct *task_of_tid(s32 tid)
{
	struct task_struct *p;
	struct pid *pid;

	if (!tid)
		return get_task_struct(current);
	pid = find_get_pid(tid);
	p = get_pid_task(pid, PIDTYPE_PID);
	put_pid(pid);
	return p;
}

/* Undoes what this registration did. */
static void leave_batch(struct bt_session *s, u32 batch)
{
	struct bt_member *m, *next;
	bool forget = false;
	LIST_HEAD(gone);

	spin_lock(&bt_books);
	list_for_each_entry_safe(m, next, &s->members, of_session) {
		if (m->batch != batch)
			continue;
		forget |= bt_task_unfollow(&m->follower);
		member_del(m);
		list_add(&m->of_session, &gone);
	}
	spin_unlock(&bt_books);
	free_gone(&gone, forget);
}

/* New members join the open runs of scope session. */
static void catch_up(struct bt_session *s, u32 batch)
{
	struct bt_member *m;
	struct bt_task *t;

	while (bt_run_any_wide(s)) {
		t = NULL;
		spin_lock(&bt_books);
		/* New ones are at the end; those that are done go to the front. */
		list_for_each_entry_reverse(m, &s->members, of_session) {
			if (m->batch != batch)
				continue;
			m->batch = 0;
			list_move(&m->of_session, &s->members);
			t = bt_task_get(m->follower.task);
			break;
		}
		spin_unlock(&bt_books);
		if (!t)
			break;
		bt_run_catch_up(s, t);
		bt_task_put(t);
	}
}

int bt_member_register(struct bt_session *s, struct bricktrace_thread *arg,
		       const struct bt_uarg *uarg)
{
	bool process = arg->flags & BRICKTRACE_PROCESS;
	u32 inherit = arg->flags & ~BRICKTRACE_PROCESS;
	struct task_struct *p;
	struct threads th;
	u32 batch, i, new;
	bool known = false;
	int ret;

	if (arg->tid < 0)
		return -EINVAL;
	p = task_of_tid(arg->tid);
	if (!p)
		return -ESRCH;
	ret = -EPERM;
	if (!makes_syscalls(p))
		goto out;
	batch = ++s->batch;
	arg->threads = 0;
	/* Threads come meanwhile: until a walk finds nobody new. */
	do {
		new = 0;
		ret = threads_get(&th, p, process);
		for (i = 0; !ret && i < th.n; i++) {
			ret = join(s, th.p[i], inherit, batch);
			if (!ret)
				new++;
			known |= ret == -EEXIST;
			/* Others of a process may end, or be known. */
			if (process && (ret == -EEXIST || ret == -ESRCH))
				ret = 0;
		}
		threads_put(&th);
		arg->threads += new;
	} while (!ret && process && new);
	if (!ret && !arg->threads)
		ret = known ? -EEXIST : -ESRCH;
	if (!ret)
		ret = bt_uarg_put(uarg, arg, sizeof(*arg));
	if (ret) {
		leave_batch(s, batch);
		goto out;
	}
	bt_task_meet(process ? NULL : p);
	/* Registered by this very call, whose entry was not seen. */
	bt_task_control();
	catch_up(s, batch);
out:
	put_task_struct(p);
	return ret;
}

int bt_member_unregister(struct bt_session *s, struct bricktrace_thread *arg,
			 const struct bt_uarg *uarg)
{
	bool forget = false;
	struct bt_snapshot *end;
	struct task_struct *p;
	struct threads th;
	LIST_HEAD(gone);
	u32 i;
	int ret;

	if (arg->tid < 0)
		return -EINVAL;
	p = task_of_tid(arg->tid);
	if (!p)
		return -ESRCH;
	ret = -ENOMEM;
	end = kmalloc(sizeof(*end), GFP_KERNEL_ACCOUNT);
	if (!end)
		goto out;
	ret = threads_get(&th, p, arg->flags & BRICKTRACE_PROCESS);
	if (ret)
		goto out_end;
	arg->threads = 0;
	for (i = 0; i < th.n; i++) {
		ret = may_leave(s, th.p[i]);
		if (ret == -EBUSY)
			goto out_threads;
		arg->threads += !ret;
	}
	ret = arg->threads ? bt_uarg_put(uarg, arg, sizeof(*arg)) : -ESRCH;
	if (ret)
		goto out_threads;
	for (i = 0; i < th.n; i++)
		forget |= leave(s, th.p[i], end, &gone);
	free_gone(&gone, forget);
out_threads:
	threads_put(&th);
out_end:
	kfree(end);
out:
	put_task_struct(p);
	return ret;
}

void bt_member_drop_all(struct bt_session *s)
{
	struct bt_member *m;
	bool forget = false;
	LIST_HEAD(members);

	spin_lock(&bt_books);
	list_for_each_entry(m, &s->members, of_session)
		forget |= bt_task_unfollow(&m->follower);
	list_splice_init(&s->members, &members);
	s->nr_members = 0;
	spin_unlock(&bt_books);
	free_gone(&members, forget);
}
