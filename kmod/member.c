// SPDX-License-Identifier: GPL-2.0
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include "access.h"
#include "hooks.h"
#include "member.h"
#include "threads.h"

static const struct bt_follower_ops member_ops;

/* What a registration costs its user: the account, too, though others may share it. */
#define MEMBER_BYTES (sizeof(struct bt_member) + sizeof(struct bt_task))

static struct bt_member *member_alloc(struct bt_session *s, u32 inherit,
				      gfp_t gfp)
{
	struct bt_member *m;

	if (!bt_user_charge_thread(s->user, MEMBER_BYTES))
		return ERR_PTR(-EDQUOT);
	m = kzalloc(sizeof(*m), gfp | __GFP_ACCOUNT);
	if (!m) {
		bt_user_uncharge_thread(s->user, MEMBER_BYTES);
		return ERR_PTR(-ENOMEM);
	}
	m->session = s;
	m->follower.ops = &member_ops;
	m->follower.inherit = inherit;
	refcount_set(&m->refs, 1);
	return m;
}

void bt_member_put(struct bt_member *m)
{
	if (!refcount_dec_and_test(&m->refs))
		return;
	bt_user_uncharge_thread(m->session->user, MEMBER_BYTES);
	bt_task_put(m->follower.task);
	kfree(m->end);
	kfree(m);
}

static const u16 *member_keys(const struct bt_member *m)
{
	return m->follower.task->account.keys;
}

/* The member follows its task; @v is what that was worth, NULL: nothing at @t. */
static void member_join(struct bt_member *m, u64 t, const struct bt_snapshot *v)
{
	struct bt_session *s = m->session;

	lockdep_assert_held(&bt_books);
	bt_base_join(s->base, t, member_keys(m), v);
	/* A walk under way goes without it. */
	m->epoch = s->base->epoch;
	list_add_tail(&m->of_session, &s->members);
	WRITE_ONCE(s->nr_members, s->nr_members + 1);
}

/*
 * The only way out, whatever the cause; @v is what the task is worth, NULL if the
 * session is released and nobody will ask. The caller
 * has taken the member off its task's list, and puts the list's reference when no
 * CPU's pointer leads to the task any more.
 */
static void member_leave(struct bt_member *m, const struct bt_snapshot *v,
			 enum bt_left how)
{
	struct bt_session *s = m->session;

	lockdep_assert_held(&bt_books);
	if (v)
		bt_base_leave(s->base, member_keys(m), v, bt_task_generation(),
			      m->epoch != s->base->epoch);
	if (v && m->end)
		*m->end = *v;
	m->left = how;
	list_del_init(&m->of_session);
	WRITE_ONCE(s->nr_members, s->nr_members - 1);
}

static void member_left(struct bt_follower *f, const struct bt_snapshot *end,
			bool exec)
{
	struct bt_member *m = container_of(f, struct bt_member, follower);

	if (exec)
		m->session->base->sums->lost++;
	member_leave(m, end, exec ? BT_LEFT_EXEC : BT_LEFT_END);
	bt_member_put(m);
}

static void member_forked(struct bt_follower *f, struct bt_task *child,
			  bool known)
{
	struct bt_member *parent = container_of(f, struct bt_member, follower);
	struct bt_session *s = parent->session;
	struct bt_member *m;

	if (s->released || (known && bt_member_of(s, child)))
		return;
	if (!child || s->nr_members >= BT_MAX_THREADS)
		goto lost;
	m = member_alloc(s, f->inherit, GFP_NOWAIT | __GFP_NOWARN);
	if (IS_ERR(m))
		goto lost;
	/* If the parent's registration is undone, so is the child's. */
	m->batch = parent->batch;
	if (!bt_task_adopt(child, &m->follower)) {
		bt_member_put(m);
		goto lost;
	}
	/* The child has not run yet, so it is worth nothing. */
	member_join(m, child->account.t_begin, NULL);
	return;
lost:
	s->base->sums->lost++;
}

static bool member_may_stay(struct bt_follower *f)
{
	struct bt_session *s = container_of(f, struct bt_member,
					    follower)->session;

	return bt_access_after_exec(s->opener);
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

/* The account of a task and its membership, each with a reference, or NULL. */
static struct bt_task *member_find(struct bt_session *s, struct task_struct *p,
				   struct bt_member **m)
{
	struct bt_task *t;

	spin_lock(&bt_books);
	t = bt_task_find(p);
	*m = t ? bt_member_of(s, t) : NULL;
	if (*m)
		refcount_inc(&(*m)->refs);
	if (t)
		bt_task_get(t);
	spin_unlock(&bt_books);
	return t;
}

/*
 * Makes @p a member. The CPU where it may run is added to @cpus; the caller tells
 * them afterwards: bt_task_meet().
 */
static int member_add(struct bt_session *s, struct task_struct *p, u32 inherit,
		      struct cpumask *cpus)
{
	struct bt_task *spare, *t;
	struct bt_member *m;
	int ret;

	/* Before the work: each thread of a process is walked over twice. */
	t = member_find(s, p, &m);
	ret = -EEXIST;
	if (m) {
		bt_member_put(m);
		goto err_task;
	}
	/* As perf does: no execve changes the rights between check and act. */
	ret = -EINTR;
	if (down_read_killable(&p->signal->exec_update_lock))
		goto err_task;
	/* Before anything is read or allocated for who may not. */
	ret = bt_access_check(s->opener, p);
	if (ret)
		goto err_exec;
	/* It is followed by others, and has done something before. */
	if (t)
		bt_task_read(t, U64_MAX, s->v);
	m = member_alloc(s, inherit, GFP_KERNEL);
	ret = PTR_ERR_OR_ZERO(m);
	if (ret)
		goto err_exec;
	m->batch = s->batch;
	ret = -ENOMEM;
	spare = bt_task_alloc();
	if (!spare)
		goto err_member;

	spin_lock(&bt_books);
	ret = -EDQUOT;
	if (s->nr_members >= BT_MAX_THREADS)
		goto err_books;
	/* Others may have begun to follow it, or ceased to: it is read anew. */
	ret = -EAGAIN;
	if (bt_task_find(p) != t)
		goto err_books;
	ret = bt_task_follow(&spare, p, &m->follower);
	if (ret)
		goto err_books;
	member_join(m, m->follower.task->account.t_begin, t ? s->v : NULL);
	spin_unlock(&bt_books);
	up_read(&p->signal->exec_update_lock);
	/* It may run where it is now; where it goes later, a switch finds it. */
	smp_mb();
	cpumask_set_cpu(task_cpu(p), cpus);
	bt_task_put(spare);
	bt_task_put(t);
	return 0;

err_books:
	spin_unlock(&bt_books);
	/* A CPU may have found an account that was taken back. */
	if (ret == -ESRCH)
		bt_task_forget();
	bt_task_put(spare);
err_member:
	bt_member_put(m);
err_exec:
	up_read(&p->signal->exec_update_lock);
err_task:
	bt_task_put(t);
	return ret;
}

/* Whether a task is a member that can be unregistered: 0, -ESRCH or -EBUSY. */
static int member_removable(struct bt_session *s, struct task_struct *p)
{
	struct bt_member *m;
	int ret;

	bt_task_put(member_find(s, p, &m));
	if (!m)
		return -ESRCH;
	ret = m->runs ? -EBUSY : 0;
	bt_member_put(m);
	return ret;
}

/* A member that is asked to leave, with what it is worth, unless it leaves itself. */
static void member_remove(struct bt_member *m, struct list_head *gone, bool *forget)
{
	struct bt_session *s = m->session;

	bt_task_read(m->follower.task, U64_MAX, s->v);
	spin_lock(&bt_books);
	if (!m->left) {
		*forget |= bt_task_unfollow(&m->follower);
		member_leave(m, s->v, BT_LEFT_ASKED);
		/* The list's reference. */
		list_add(&m->of_session, gone);
	}
	spin_unlock(&bt_books);
}

static void members_put(struct list_head *gone, bool forget)
{
	struct bt_member *m, *next;

	if (forget)
		bt_task_forget();
	list_for_each_entry_safe(m, next, gone, of_session) {
		bt_member_put(m);
		cond_resched();
	}
}

/*
 * Undoes what this registration did, member by member, since a session may have
 * many. What those members forked meanwhile belongs to the same batch; once a
 * pass finds nobody, nobody is left who could fork another.
 */
static void batch_undo(struct bt_session *s)
{
	struct bt_member *m;
	bool forget = false;
	LIST_HEAD(gone);
	u32 i, n, undone;

	do {
		undone = 0;
		n = READ_ONCE(s->nr_members);
		for (i = 0; i < n; i++) {
			spin_lock(&bt_books);
			m = list_first_entry_or_null(&s->members,
						     struct bt_member,
						     of_session);
			if (m)
				list_move_tail(&m->of_session, &s->members);
			if (m && m->batch == s->batch)
				refcount_inc(&m->refs);
			else
				m = NULL;
			spin_unlock(&bt_books);
			cond_resched();
			if (!m)
				continue;
			member_remove(m, &gone, &forget);
			bt_member_put(m);
			undone++;
		}
	} while (undone);
	members_put(&gone, forget);
}

/* Adds all threads of a process, or one; their number, or an error. */
static int members_add(struct bt_session *s, struct task_struct *p, u32 flags,
		       struct cpumask *cpus)
{
	bool process = flags & BRICKTRACE_THREAD_WHOLE_PROCESS;
	u32 inherit = flags & ~BRICKTRACE_THREAD_WHOLE_PROCESS;
	bool known = false;
	struct bt_threads th;
	int ret, all = 0;
	u32 i, new;

	do {
		new = 0;
		ret = bt_threads_get(&th, p, process);
		for (i = 0; !ret && i < th.n; i++) {
			do {
				ret = member_add(s, th.p[i], inherit, cpus);
				cond_resched();
				if (fatal_signal_pending(current))
					ret = -EINTR;
			} while (ret == -EAGAIN);
			if (!ret)
				new++;
			known |= ret == -EEXIST;
			/* Others of a process may end, or be known. */
			if (process && (ret == -EEXIST || ret == -ESRCH))
				ret = 0;
		}
		bt_threads_put(&th);
		all += new;
		/*
		 * Threads may be created meanwhile, by threads that are not
		 * members yet: until a walk finds nobody new. Without the flag
		 * they are not meant.
		 */
	} while (!ret && process && new && inherit & BRICKTRACE_THREAD_INHERIT_THREADS);
	if (!ret && !all)
		ret = known ? -EEXIST : -ESRCH;
	return ret ?: all;
}

static int member_register(struct bt_session *s, struct task_struct *p,
			   u32 flags)
{
	cpumask_var_t cpus;
	int ret;

	lockdep_assert_held(&s->lock);
	ret = bt_session_prepare(s);
	if (ret)
		return ret;
	if (!zalloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	ret = bt_hooks_follow_begin();
	if (ret)
		goto out;
	s->batch++;
	ret = members_add(s, p, flags, cpus);
	if (ret < 0) {
		batch_undo(s);
	} else {
		bt_task_meet(cpus);
		/* This very call's entry was not seen if it registered its caller. */
		bt_task_control();
	}
	bt_hooks_follow_end();
out:
	free_cpumask_var(cpus);
	return ret;
}

int bt_member_register(struct bt_session *s, s32 tid, u32 flags)
{
	struct task_struct *p = bt_threads_task(tid);
	int ret = -EPERM;

	if (IS_ERR(p))
		return PTR_ERR(p);
	if (!bt_threads_calls(p))
		goto out;
	ret = -EINTR;
	if (mutex_lock_killable(&s->lock))
		goto out;
	ret = member_register(s, p, flags);
	mutex_unlock(&s->lock);
out:
	put_task_struct(p);
	return ret;
}

/* Lets members go, or none of them; their number, or an error. */
static int members_remove(struct bt_session *s, const struct bt_threads *th)
{
	int ret, removable = 0;
	bool forget = false;
	struct bt_member *m;
	LIST_HEAD(gone);
	u32 i;

	lockdep_assert_held(&s->lock);
	for (i = 0; i < th->n; i++) {
		ret = member_removable(s, th->p[i]);
		if (ret == -EBUSY)
			return ret;
		removable += !ret;
	}
	if (!removable)
		return -ESRCH;
	for (i = 0; i < th->n; i++) {
		bt_task_put(member_find(s, th->p[i], &m));
		if (m) {
			member_remove(m, &gone, &forget);
			bt_member_put(m);
		}
		cond_resched();
	}
	members_put(&gone, forget);
	if (!bt_task_any())
		bt_hooks_idle();
	return removable;
}

int bt_member_unregister(struct bt_session *s, s32 tid, bool process)
{
	struct task_struct *p = bt_threads_task(tid);
	struct bt_threads th;
	int ret;

	if (IS_ERR(p))
		return PTR_ERR(p);
	ret = -EINTR;
	if (mutex_lock_killable(&s->lock))
		goto out;
	ret = bt_threads_get(&th, p, process) ?: members_remove(s, &th);
	mutex_unlock(&s->lock);
	bt_threads_put(&th);
out:
	put_task_struct(p);
	return ret;
}

/* Nobody reads the base any more, so what the members are worth does not matter. */
void bt_member_drop_all(struct bt_session *s)
{
	struct bt_member *m;
	bool forget = false;
	LIST_HEAD(gone);

	mutex_lock(&s->lock);
	spin_lock(&bt_books);
	/* From here on no child joins. */
	s->released = true;
	while (!list_empty(&s->members)) {
		m = list_first_entry(&s->members, struct bt_member, of_session);
		forget |= bt_task_unfollow(&m->follower);
		member_leave(m, NULL, BT_LEFT_ASKED);
		list_add(&m->of_session, &gone);
		cond_resched_lock(&bt_books);
	}
	spin_unlock(&bt_books);
	members_put(&gone, forget);
	if (forget && !bt_task_any())
		bt_hooks_idle();
	mutex_unlock(&s->lock);
}

struct bt_member *bt_member_hold(struct bt_session *s)
{
	struct bt_snapshot *end;
	struct bt_member *m;
	struct bt_task *t;

	lockdep_assert_held(&s->lock);
	t = member_find(s, current, &m);
	bt_task_put(t);
	if (!m)
		return ERR_PTR(-ESRCH);
	if (!m->end) {
		end = kmalloc(sizeof(*end), GFP_KERNEL_ACCOUNT);
		if (!end) {
			bt_member_put(m);
			return ERR_PTR(-ENOMEM);
		}
		/* The member is current's: it cannot leave by itself now. */
		spin_lock(&bt_books);
		m->end = end;
		spin_unlock(&bt_books);
	}
	m->runs++;
	return m;
}

void bt_member_release(struct bt_member *m)
{
	struct bt_snapshot *end = NULL;

	lockdep_assert_held(&m->session->lock);
	spin_lock(&bt_books);
	if (!--m->runs)
		swap(end, m->end);
	spin_unlock(&bt_books);
	kfree(end);
	bt_member_put(m);
}

enum bt_left bt_member_read(struct bt_member *m, u64 limit,
			    struct bt_snapshot *v)
{
	enum bt_left left;

	bt_task_read(m->follower.task, limit, v);
	/* What its task does later, for other sessions, is not told. */
	spin_lock(&bt_books);
	left = m->left;
	if (left)
		*v = *m->end;
	spin_unlock(&bt_books);
	return left;
}

struct bt_member *bt_member_walk(struct bt_session *s,
				 const struct bt_sums *open, u64 begin,
				 u64 limit)
{
	struct bt_base *b = s->base;
	struct bt_member *m, *self = NULL;

	lockdep_assert_held(&s->lock);
	spin_lock(&bt_books);
	bt_base_walk(b, bt_task_generation(), open, begin);
	/* Those that have been read, or join meanwhile, are at the end of the list. */
	while (!list_empty(&s->members)) {
		m = list_first_entry(&s->members, struct bt_member, of_session);
		if (m->epoch == b->epoch)
			break;
		list_move_tail(&m->of_session, &s->members);
		if (m->follower.task->task == current) {
			/* Held by the mutex, and too busy to end. */
			self = m;
			m->epoch = b->epoch;
			bt_base_meet(b, member_keys(m), m->follower.task->account.used);
			continue;
		}
		refcount_inc(&m->refs);
		spin_unlock(&bt_books);
		bt_task_read(m->follower.task, U64_MAX, s->v);
		cond_resched();
		spin_lock(&bt_books);
		/* If it has left, it has handed in what it was worth. */
		if (!m->left) {
			bt_base_read(b, member_keys(m), s->v);
			m->epoch = b->epoch;
		}
		bt_member_put(m);
	}
	if (self && limit) {
		spin_unlock(&bt_books);
		bt_task_read(self->follower.task, limit, s->v);
		spin_lock(&bt_books);
		bt_base_read(b, member_keys(self), s->v);
		self = NULL;
	}
	bt_base_walked(b);
	spin_unlock(&bt_books);
	return self;
}

u64 bt_member_walk_last(struct bt_member *self, struct bt_sums *to)
{
	struct bt_session *s = self->session;

	bt_task_read(self->follower.task, U64_MAX, s->v);
	spin_lock(&bt_books);
	bt_sums_add(s->base, to, member_keys(self), s->v);
	spin_unlock(&bt_books);
	return s->v->t;
}
