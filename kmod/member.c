// SPDX-License-Identifier: GPL-2.0
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include "access.h"
#include "hooks.h"
#include "ioctl.h"
#include "member.h"
#include "threads.h"

static const struct bkt_follower_ops member_ops;

u32 bkt_member_changes;

/*
 * Bytes charged for a member. Each member pays for the account that it may share, and for
 * the tables that the account may get.
 */
#define MEMBER_BYTES (sizeof(struct bkt_member) + sizeof(struct bkt_task) + \
		      sizeof(struct bkt_ioctls) + sizeof(struct bkt_slow_list))

static struct bkt_member *member_alloc(struct bkt_session *s, u32 inherit,
				       gfp_t gfp)
{
	struct bkt_member *m;

	if (!bkt_user_charge_thread(s->user, MEMBER_BYTES))
		return ERR_PTR(-EDQUOT);
	m = kzalloc(sizeof(*m), gfp | __GFP_ACCOUNT);
	if (!m) {
		bkt_user_uncharge_thread(s->user, MEMBER_BYTES);
		return ERR_PTR(-ENOMEM);
	}
	m->session = s;
	m->follower.ops = &member_ops;
	m->follower.want = &s->slow_want;
	m->follower.inherit = inherit;
	refcount_set(&m->refs, 1);
	return m;
}

void bkt_member_put(struct bkt_member *m)
{
	if (!refcount_dec_and_test(&m->refs))
		return;
	if (m->end)
		bkt_user_uncharge(m->session->user, sizeof(*m->end));
	bkt_user_uncharge_thread(m->session->user, MEMBER_BYTES);
	bkt_task_put(m->follower.task);
	kfree(m->end);
	kfree(m);
}

/* Returns the session's key of an ioctl of the member that was found under way. */
static u16 member_found_key(struct bkt_member *m, u16 key, u32 request)
{
	struct bkt_ioctl_id id;

	bkt_ioctl_unknown(&id, key - BKT_KEY_FOUND, request);
	return bkt_base_ioctl(m->session->base, &id);
}

/* Sets the keys of the first @own slots and the first @ioctls slots of ioctls. */
static void member_set_keys(struct bkt_member *m, u8 own, u8 ioctls)
{
	const struct bkt_account *a = &m->follower.task->account;

	lockdep_assert_held(&bkt_tasks_lock);
	for (; m->own < own; m->own++) {
		u16 key = a->keys[m->own];

		if (key >= BKT_KEY_FOUND)
			key = member_found_key(m, key, a->found_request);
		m->keys[m->own] = key;
	}
	for (; m->ioctls < ioctls; m->ioctls++)
		m->keys[BKT_SLOTS + m->ioctls] =
			bkt_base_ioctl(m->session->base, &a->ioctls->id[m->ioctls]);
}

void bkt_member_translate(struct bkt_member *m, struct bkt_snapshot *v)
{
	if (m->own < v->used || m->ioctls < v->ioctls)
		member_set_keys(m, v->used, v->ioctls);
	if (v->call.slot >= 0)
		v->call.key = m->keys[v->call.slot];
	else if (v->call.key >= BKT_KEY_FOUND && v->call.key < BKT_KEY_IOCTL)
		v->call.key = member_found_key(m, v->call.key, v->call.request);
}

/* Sets the key and the thread's ID of a slow call, of which the member has the keys. */
static void member_translate_slow(const struct bkt_member *m, s32 tid,
				  const struct bkt_slow_call *c, struct bkt_slow_call *to)
{
	*to = *c;
	to->tid = tid;
	/* Calls without a slot of their own still have their number. */
	if (c->slot >= BKT_SLOT_FIRST)
		to->key = m->keys[c->slot];
}

static s32 member_tid(const struct bkt_member *m)
{
	lockdep_assert_held(&bkt_tasks_lock);
	return pid_nr_ns(m->follower.task->pid, m->session->pid_ns);
}

/* Gives the member the next number. Bound: the tree has at most BKT_MAX_THREADS members. */
static void member_order(struct bkt_member *m)
{
	struct rb_root *root = &m->session->order;
	struct rb_node **link = &root->rb_node, *parent = NULL;

	m->number = ++m->session->numbers;
	/* Its number is the greatest. */
	while (*link) {
		parent = *link;
		link = &parent->rb_right;
	}
	rb_link_node(&m->order_node, parent, link);
	rb_insert_color(&m->order_node, root);
}

/* @v is the task's V, or NULL if its account was opened at @t and has counted nothing. */
static void member_join(struct bkt_member *m, u64 t, struct bkt_snapshot *v)
{
	struct bkt_session *s = m->session;

	lockdep_assert_held(&bkt_tasks_lock);
	if (v)
		bkt_member_translate(m, v);
	m->joined = v ? v->t : t;
	bkt_base_join(s->base, t, m->keys, v);
	/* A walk under way began with a copy of the base, so it skips the new member. */
	m->epoch = s->base->epoch;
	list_add_tail(&m->session_node, &s->members);
	member_order(m);
	WRITE_ONCE(s->nr_members, s->nr_members + 1);
	WRITE_ONCE(bkt_member_changes, bkt_member_changes + 1);
}

/*
 * Passes the slow calls of a member that leaves on to the base, if they may lie inside a
 * run. Bound: the list has BKT_SLOW_LATEST + BKT_SLOW_LONGEST calls.
 */
static void member_leave_slow(struct bkt_member *m, const struct bkt_snapshot *v,
			      const struct bkt_slow_list *list)
{
	u64 floor = READ_ONCE(m->session->slow_want.floor);
	struct bkt_base *b = m->session->base;
	const struct bkt_slow_call *c;
	struct bkt_slow_call call;
	s32 tid;
	u32 i = 0;

	if (!list || list->generation != bkt_task_generation() || floor == U64_MAX)
		return;
	tid = member_tid(m);
	while ((c = bkt_slow_next(list, &i))) {
		if (!bkt_slow_inside(c, max(floor, m->joined), v->t))
			continue;
		member_translate_slow(m, tid, c, &call);
		bkt_base_add_slow(b, &call, floor, m->epoch == b->epoch);
	}
}

/*
 * @v is the task's V, or NULL if the session is released and its base is not read
 * again. @list has the task's slow calls, or is NULL. The caller has taken the follower
 * off its task's list. It also drops the reference of the session's list, which may free
 * the account: no CPU's bkt_running may point to the account by then.
 */
static void member_leave(struct bkt_member *m, struct bkt_snapshot *v,
			 const struct bkt_slow_list *list, enum bkt_leave_reason reason)
{
	struct bkt_session *s = m->session;

	lockdep_assert_held(&bkt_tasks_lock);
	if (v) {
		bkt_member_translate(m, v);
		bkt_base_leave(s->base, m->keys, v, bkt_task_generation(),
			       m->epoch != s->base->epoch);
		member_leave_slow(m, v, list);
	}
	if (v && m->end)
		*m->end = *v;
	m->leave_reason = reason;
	list_del_init(&m->session_node);
	rb_erase(&m->order_node, &s->order);
	WRITE_ONCE(s->nr_members, s->nr_members - 1);
	WRITE_ONCE(bkt_member_changes, bkt_member_changes + 1);
}

static void member_detached(struct bkt_follower *f, struct bkt_snapshot *end, bool exec)
{
	struct bkt_member *m = container_of(f, struct bkt_member, follower);

	if (exec)
		m->session->base->sums->lost++;
	/* Only the task itself, which is current, writes to this list. */
	member_leave(m, end, f->task->account.slow_calls,
		     exec ? BKT_LEAVE_EXEC : BKT_LEAVE_EXIT);
	bkt_member_put(m);
}

/* Rule "inherit". */
static void member_forked(struct bkt_follower *f, struct bkt_task *child,
			  bool known)
{
	struct bkt_member *parent = container_of(f, struct bkt_member, follower);
	struct bkt_session *s = parent->session;
	struct bkt_member *m;

	if (s->released || (known && bkt_member_of(s, child)))
		return;
	if (!child || s->nr_members >= BKT_MAX_THREADS)
		goto lost;
	m = member_alloc(s, f->inherit, GFP_NOWAIT | __GFP_NOWARN);
	if (IS_ERR(m))
		goto lost;
	/* An undone registration removes what its members have forked, too. */
	m->batch = parent->batch;
	if (!bkt_task_adopt(child, &m->follower)) {
		bkt_member_put(m);
		goto lost;
	}
	/* The child has not run yet, so its account has counted nothing. */
	member_join(m, child->account.t_begin, NULL);
	return;
lost:
	s->base->sums->lost++;
}

/* Rule "execve". */
static bool member_may_stay(struct bkt_follower *f)
{
	struct bkt_session *s = container_of(f, struct bkt_member,
					     follower)->session;

	return bkt_access_after_exec(s->opener);
}

static const struct bkt_follower_ops member_ops = {
	.detached = member_detached,
	.forked = member_forked,
	.may_stay = member_may_stay,
};

struct bkt_member *bkt_member_of(struct bkt_session *s, struct bkt_task *t)
{
	struct bkt_follower *f;
	struct bkt_member *m;

	lockdep_assert_held(&bkt_tasks_lock);
	list_for_each_entry(f, &t->followers, task_node) {
		m = container_of(f, struct bkt_member, follower);
		if (m->session == s)
			return m;
	}
	return NULL;
}

/* Returns @p's account and sets @m to its member of @s, each with a reference, or NULL. */
static struct bkt_task *member_find(struct bkt_session *s, struct task_struct *p,
				    struct bkt_member **m)
{
	struct bkt_task *t;

	spin_lock(&bkt_tasks_lock);
	t = bkt_task_find(p);
	*m = t ? bkt_member_of(s, t) : NULL;
	if (*m)
		refcount_inc(&(*m)->refs);
	if (t)
		bkt_task_get(t);
	spin_unlock(&bkt_tasks_lock);
	return t;
}

/* How long a registration waits for an execve() of the thread; a few milliseconds are usual. */
#define MEMBER_EXEC_WAIT_MS 250

/*
 * Keeps @p from executing a program. A file that is closed by an execve() may delay it for as
 * long as user space likes, so nobody waits for that.
 */
static int member_lock_exec(struct task_struct *p)
{
	unsigned long end = jiffies + msecs_to_jiffies(MEMBER_EXEC_WAIT_MS);

	while (!down_read_trylock(&p->signal->exec_update_lock)) {
		if (time_after(jiffies, end))
			return -EBUSY;
		schedule_timeout_killable(1);
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

/*
 * Makes @p a member and adds to @cpus the CPU on which @p may be running. The caller
 * passes @cpus to bkt_task_observe() afterwards. Returns -EAGAIN if another session
 * began or ceased to follow @p meanwhile.
 */
static int member_add(struct bkt_session *s, struct task_struct *p, u32 inherit,
		      struct cpumask *cpus)
{
	struct bkt_task *spare, *t;
	struct bkt_member *m;
	int ret;

	/* members_add() may pass a thread of a process several times: check this first. */
	t = member_find(s, p, &m);
	ret = -EEXIST;
	if (m) {
		bkt_member_put(m);
		goto err_task;
	}
	/* As in perf_event_open(): no execve() comes between the check and the registration. */
	ret = member_lock_exec(p);
	if (ret)
		goto err_task;
	/* Nothing is read or allocated for a caller who may not follow @p. */
	ret = bkt_access_check(s->opener, p);
	if (ret)
		goto err_exec;
	/* Other sessions follow the task already, so its account has counted something. */
	if (t)
		bkt_task_read(t, U64_MAX, s->v);
	m = member_alloc(s, inherit, GFP_KERNEL);
	ret = PTR_ERR_OR_ZERO(m);
	if (ret)
		goto err_exec;
	m->batch = s->batch;
	ret = -ENOMEM;
	spare = bkt_task_alloc();
	if (!spare)
		goto err_member;

	spin_lock(&bkt_tasks_lock);
	ret = -EDQUOT;
	if (s->nr_members >= BKT_MAX_THREADS)
		goto err_unlock;
	/* @s->v is V of @t. */
	ret = -EAGAIN;
	if (bkt_task_find(p) != t)
		goto err_unlock;
	ret = bkt_task_follow(&spare, p, &m->follower);
	if (ret)
		goto err_unlock;
	member_join(m, m->follower.task->account.t_begin, t ? s->v : NULL);
	spin_unlock(&bkt_tasks_lock);
	up_read(&p->signal->exec_update_lock);
	/*
	 * Orders the table before task_cpu(): if @p is given another CPU than the one
	 * that is read here, the switch probe there finds @p in the table.
	 */
	smp_mb();
	cpumask_set_cpu(task_cpu(p), cpus);
	bkt_task_put(spare);
	bkt_task_put(t);
	return 0;

err_unlock:
	spin_unlock(&bkt_tasks_lock);
	/* @p is exiting. @spare was in the table, so a CPU's bkt_running may point to it. */
	if (ret == -ESRCH)
		bkt_task_forget();
	bkt_task_put(spare);
err_member:
	bkt_member_put(m);
err_exec:
	up_read(&p->signal->exec_update_lock);
err_task:
	bkt_task_put(t);
	return ret;
}

/* Returns 0, -ESRCH if @p is not a member, or -EBUSY if @p has a run of scope thread. */
static int member_removable(struct bkt_session *s, struct task_struct *p)
{
	struct bkt_member *m;
	int ret;

	bkt_task_put(member_find(s, p, &m));
	if (!m)
		return -ESRCH;
	/* A run that begins after this is abandoned when the member leaves. */
	ret = READ_ONCE(m->runs) ? -EBUSY : 0;
	bkt_member_put(m);
	return ret;
}

/*
 * Makes a member leave, unless it leaves by itself meanwhile, and moves it to @gone
 * with the reference of the session's list. Sets @forget if bkt_task_forget() must be
 * called before that reference is dropped.
 */
static void member_remove(struct bkt_member *m, struct list_head *gone, bool *forget)
{
	struct bkt_session *s = m->session;

	bkt_task_read(m->follower.task, U64_MAX, s->v);
	bkt_task_read_slow(m->follower.task, s->slow_list);
	spin_lock(&bkt_tasks_lock);
	if (!m->leave_reason) {
		*forget |= bkt_task_unfollow(&m->follower);
		member_leave(m, s->v, s->slow_list, BKT_LEAVE_REQUEST);
		list_add(&m->session_node, gone);
	}
	spin_unlock(&bkt_tasks_lock);
}

static void members_put(struct list_head *gone, bool forget)
{
	struct bkt_member *m, *next;

	if (forget)
		bkt_task_forget();
	list_for_each_entry_safe(m, next, gone, session_node) {
		bkt_member_put(m);
		cond_resched();
	}
}

/*
 * Removes the members of a registration that failed, or all members if @batch is 0.
 * bkt_tasks_lock is dropped for each member, since a session may have many. A child that a
 * member of the batch forks meanwhile is of the same batch, so the work is done when a pass
 * over all members removes no member.
 */
static void member_remove_batch(struct bkt_session *s, u32 batch)
{
	struct bkt_member *m;
	bool forget = false;
	LIST_HEAD(gone);
	u32 i, n, undone;

	do {
		undone = 0;
		n = READ_ONCE(s->nr_members);
		for (i = 0; i < n; i++) {
			spin_lock(&bkt_tasks_lock);
			m = list_first_entry_or_null(&s->members,
						     struct bkt_member,
						     session_node);
			if (m)
				list_move_tail(&m->session_node, &s->members);
			if (m && (!batch || m->batch == batch))
				refcount_inc(&m->refs);
			else
				m = NULL;
			spin_unlock(&bkt_tasks_lock);
			cond_resched();
			if (!m)
				continue;
			member_remove(m, &gone, &forget);
			bkt_member_put(m);
			undone++;
		}
	} while (undone);
	members_put(&gone, forget);
}

/* Adds one thread, or all threads of a process. Returns their number or an error. */
static int members_add(struct bkt_session *s, struct task_struct *p, u32 flags,
		       struct cpumask *cpus)
{
	bool process = flags & BRICKTRACE_THREAD_WHOLE_PROCESS;
	u32 inherit = flags & ~BRICKTRACE_THREAD_WHOLE_PROCESS;
	bool known = false;
	struct bkt_threads th;
	int ret, all = 0;
	u32 i, new;

	do {
		new = 0;
		ret = bkt_threads_get(&th, p, process);
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
			/* Single threads of a process may be exiting, or members already. */
			if (process && (ret == -EEXIST || ret == -ESRCH))
				ret = 0;
		}
		bkt_threads_put(&th);
		all += new;
		/*
		 * A thread that was not a member yet may have created another one during
		 * this walk. With the flag the new thread must become a member, so
		 * walk again until all threads are members (rule "inherit").
		 */
	} while (!ret && process && new && inherit & BRICKTRACE_THREAD_INHERIT_THREADS);
	if (!ret && !all)
		ret = known ? -EEXIST : -ESRCH;
	return ret ?: all;
}

static int member_register(struct bkt_session *s, struct task_struct *p,
			   u32 flags)
{
	cpumask_var_t cpus;
	int ret;

	lockdep_assert_held(&s->lock);
	if (bkt_hooks_is_detached(&s->holder))
		return -ESHUTDOWN;
	ret = bkt_session_prepare(s);
	if (ret)
		return ret;
	if (!zalloc_cpumask_var(&cpus, GFP_KERNEL))
		return -ENOMEM;
	ret = bkt_hooks_follow_begin();
	if (ret)
		goto out;
	s->batch++;
	ret = members_add(s, p, flags, cpus);
	if (ret < 0) {
		member_remove_batch(s, s->batch);
	} else {
		bkt_task_observe(cpus);
		/* The probes did not see the entry of this call if it registered current. */
		bkt_task_control();
	}
	bkt_hooks_follow_end();
out:
	free_cpumask_var(cpus);
	return ret;
}

int bkt_member_register(struct bkt_session *s, s32 tid, u32 flags)
{
	struct task_struct *p = bkt_threads_task(tid);
	int ret = -EPERM;

	if (IS_ERR(p))
		return PTR_ERR(p);
	if (!bkt_threads_calls(p))
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

/* Removes all members among the threads, or no member. Returns their number or an error. */
static int members_remove(struct bkt_session *s, const struct bkt_threads *th)
{
	int ret, removable = 0;
	bool forget = false;
	struct bkt_member *m;
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
		bkt_task_put(member_find(s, th->p[i], &m));
		if (m) {
			member_remove(m, &gone, &forget);
			bkt_member_put(m);
		}
		cond_resched();
	}
	members_put(&gone, forget);
	if (!bkt_task_any())
		bkt_hooks_idle();
	return removable;
}

int bkt_member_unregister(struct bkt_session *s, s32 tid, bool process)
{
	struct task_struct *p = bkt_threads_task(tid);
	struct bkt_threads th;
	int ret;

	if (IS_ERR(p))
		return PTR_ERR(p);
	ret = -EINTR;
	if (mutex_lock_killable(&s->lock))
		goto out;
	ret = bkt_threads_get(&th, p, process) ?: members_remove(s, &th);
	mutex_unlock(&s->lock);
	bkt_threads_put(&th);
out:
	put_task_struct(p);
	return ret;
}

int bkt_member_set(struct bkt_session *s, const struct bricktrace_session *from)
{
	struct bkt_member *m;
	int ret;
	u32 i;

	if (!(from->flags & BRICKTRACE_SESSION_SLOW))
		return bkt_session_set(s, from);
	if (mutex_lock_killable(&s->lock))
		return -EINTR;
	ret = bkt_session_set(s, from);
	/* New members ask for the new value by themselves, so they need not be counted. */
	for (i = ret ? 0 : READ_ONCE(s->nr_members); i; i--) {
		spin_lock(&bkt_tasks_lock);
		m = list_first_entry_or_null(&s->members, struct bkt_member, session_node);
		if (m) {
			list_move_tail(&m->session_node, &s->members);
			bkt_task_update_slow(m->follower.task);
		}
		spin_unlock(&bkt_tasks_lock);
		cond_resched();
	}
	mutex_unlock(&s->lock);
	return ret;
}

int bkt_member_detach(struct bkt_session *s)
{
	/* No thread is registered once the mutex is free, since the holder is detached. */
	if (mutex_lock_killable(&s->lock))
		return -EINTR;
	spin_lock(&bkt_tasks_lock);
	s->released = true;
	spin_unlock(&bkt_tasks_lock);
	if (s->base)
		member_remove_batch(s, 0);
	mutex_unlock(&s->lock);
	if (!bkt_task_any())
		bkt_hooks_idle();
	return 0;
}

struct bkt_member *bkt_member_after(struct bkt_session *s, u64 after)
{
	struct bkt_member *m, *found = NULL;
	struct rb_node *node;

	lockdep_assert_held(&bkt_tasks_lock);
	node = s->order.rb_node;
	while (node) {
		m = rb_entry(node, struct bkt_member, order_node);
		if (m->number > after) {
			found = m;
			node = node->rb_left;
		} else {
			node = node->rb_right;
		}
	}
	if (found)
		refcount_inc(&found->refs);
	return found;
}

/* The base is not read again, so no member's V is read. */
void bkt_member_drop_all(struct bkt_session *s)
{
	struct bkt_member *m;
	bool forget = false;
	LIST_HEAD(gone);

	mutex_lock(&s->lock);
	spin_lock(&bkt_tasks_lock);
	s->released = true;
	while (!list_empty(&s->members)) {
		m = list_first_entry(&s->members, struct bkt_member, session_node);
		forget |= bkt_task_unfollow(&m->follower);
		member_leave(m, NULL, NULL, BKT_LEAVE_REQUEST);
		list_add(&m->session_node, &gone);
		cond_resched_lock(&bkt_tasks_lock);
	}
	spin_unlock(&bkt_tasks_lock);
	members_put(&gone, forget);
	if (forget && !bkt_task_any())
		bkt_hooks_idle();
	mutex_unlock(&s->lock);
}

/*
 * Begins a run of current's member, which gets @end unless it has room already, and
 * returns it with a reference. Returns ERR_PTR(-EAGAIN) if there is no room.
 */
static struct bkt_member *member_begin_run(struct bkt_session *s,
					   struct bkt_snapshot **end)
{
	struct bkt_member *m = NULL;
	struct bkt_task *t;

	spin_lock(&bkt_tasks_lock);
	t = bkt_task_find(current);
	if (t)
		m = bkt_member_of(s, t);
	if (!m) {
		m = ERR_PTR(-ESRCH);
	} else if (!m->end && !*end) {
		m = ERR_PTR(-EAGAIN);
	} else {
		if (!m->end)
			swap(m->end, *end);
		bkt_task_update_slow(t);
		refcount_inc(&m->refs);
		WRITE_ONCE(m->runs, m->runs + 1);
	}
	spin_unlock(&bkt_tasks_lock);
	return m;
}

struct bkt_member *bkt_member_hold(struct bkt_session *s)
{
	struct bkt_snapshot *end = NULL;
	struct bkt_member *m = member_begin_run(s, &end);

	if (likely(m != ERR_PTR(-EAGAIN)))
		return m;
	if (!bkt_user_charge(s->user, sizeof(*end)))
		return ERR_PTR(-EDQUOT);
	end = kmalloc(sizeof(*end), GFP_KERNEL_ACCOUNT);
	m = end ? member_begin_run(s, &end) : ERR_PTR(-ENOMEM);
	/* The member has left, was given room meanwhile, or there is no memory. */
	if (end || IS_ERR(m)) {
		bkt_user_uncharge(s->user, sizeof(*end));
		kfree(end);
	}
	return m;
}

void bkt_member_release(struct bkt_member *m)
{
	spin_lock(&bkt_tasks_lock);
	WRITE_ONCE(m->runs, m->runs - 1);
	spin_unlock(&bkt_tasks_lock);
	bkt_member_put(m);
}

enum bkt_leave_reason bkt_member_read(struct bkt_member *m, u64 limit,
				      struct bkt_snapshot *v)
{
	enum bkt_leave_reason reason;

	bkt_task_read(m->follower.task, limit, v);
	/* Other sessions may still follow the task, but this one left it at @end. */
	spin_lock(&bkt_tasks_lock);
	reason = m->leave_reason;
	if (reason)
		*v = *m->end;
	else
		bkt_member_translate(m, v);
	spin_unlock(&bkt_tasks_lock);
	return reason;
}

static void member_collect(const struct bkt_member *m, s32 tid, u64 begin, u64 end,
			   const struct bkt_slow_list *list, struct bkt_slow_top *top)
{
	u64 least = READ_ONCE(m->session->slow_want.ns);
	const struct bkt_slow_call *c;
	struct bkt_slow_call call;
	u32 i = 0;

	begin = max(begin, m->joined);
	while (least && (c = bkt_slow_next(list, &i))) {
		if (!bkt_slow_inside(c, begin, end) || bkt_clock_ns(c->time) < least)
			continue;
		member_translate_slow(m, tid, c, &call);
		bkt_slow_top_add(top, &call);
	}
	top->incomplete |= bkt_slow_incomplete(list, begin, end, true);
}

void bkt_member_slow(struct bkt_member *m, u64 begin, const struct bkt_snapshot *v,
		     struct bkt_slow_list *list, struct bkt_slow_top *top)
{
	s32 tid;

	bkt_slow_top_clear(top);
	top->incomplete = READ_ONCE(m->follower.task->account.slow_lost);
	/* Pairs with account_add_slow(). */
	if (!smp_load_acquire(&m->follower.task->account.slow_calls))
		return;
	bkt_task_read_slow(m->follower.task, list);
	spin_lock(&bkt_tasks_lock);
	tid = member_tid(m);
	spin_unlock(&bkt_tasks_lock);
	member_collect(m, tid, begin, v->t, list, top);
	bkt_slow_top_sort(top);
}

/*
 * Adds the slow calls of a member that the walk has just read. @begin and @end are the
 * run's. What the member did after @s->v was read belongs to no figure of the run.
 */
static void member_walk_slow(struct bkt_member *m, u64 begin, u64 end)
{
	struct bkt_session *s = m->session;
	s32 tid;

	lockdep_assert_held(&bkt_tasks_lock);
	s->slow_top->incomplete |= READ_ONCE(m->follower.task->account.slow_lost);
	/* Pairs with account_add_slow(). */
	if (!smp_load_acquire(&m->follower.task->account.slow_calls))
		return;
	tid = member_tid(m);
	spin_unlock(&bkt_tasks_lock);
	bkt_task_read_slow(m->follower.task, s->slow_list);
	member_collect(m, tid, begin, min(end, s->v->t), s->slow_list, s->slow_top);
	spin_lock(&bkt_tasks_lock);
}

/*
 * Adds the slow calls of former members: when a walk begins (@epoch is 0) those of all, and
 * when it has ended those of members that left during the walk @epoch unread.
 */
static void member_walk_former(struct bkt_session *s, u64 begin, u64 end, u32 epoch)
	__must_hold(&bkt_tasks_lock)
{
	u64 least = READ_ONCE(s->slow_want.ns);
	const struct bkt_slow_call *c;
	u32 i = 0;

	lockdep_assert_held(&bkt_tasks_lock);
	/* Most runs find no such call. */
	if (!s->base->slow.added || s->base->slow.generation != bkt_task_generation())
		return;
	*s->slow_list = s->base->slow;
	spin_unlock(&bkt_tasks_lock);
	while (least && (c = bkt_slow_next(s->slow_list, &i)))
		if (bkt_slow_inside(c, begin, end) && bkt_clock_ns(c->time) >= least &&
		    (!epoch || c->epoch == epoch))
			bkt_slow_top_add(s->slow_top, c);
	s->slow_top->incomplete |= bkt_slow_incomplete(s->slow_list, begin, end, false);
	spin_lock(&bkt_tasks_lock);
}

/* Reads the member @m, which is the caller's own thread or has a reference. */
static void member_walk_read(struct bkt_member *m, u64 limit, u64 begin, u64 end)
{
	struct bkt_session *s = m->session;
	struct bkt_base *b = s->base;

	lockdep_assert_held(&bkt_tasks_lock);
	spin_unlock(&bkt_tasks_lock);
	bkt_task_read(m->follower.task, limit, s->v);
	cond_resched();
	spin_lock(&bkt_tasks_lock);
	/* If the member has left meanwhile, bkt_base_leave() has added its V. */
	if (m->leave_reason)
		return;
	bkt_member_translate(m, s->v);
	bkt_base_read(b, m->keys, s->v);
	m->epoch = b->epoch;
	if (b->open)
		member_walk_slow(m, begin, end);
	else
		bkt_task_update_slow(m->follower.task);
}

/* Prepares the base for bkt_member_walk_last(): the thread gets no other slots until then. */
static void member_prepare_last(struct bkt_member *self)
{
	const struct bkt_account *a = &self->follower.task->account;
	struct bkt_base *b = self->session->base;

	bkt_task_update_slow(self->follower.task);
	member_set_keys(self, a->used, a->ioctls ? a->ioctls->used : 0);
	bkt_base_add_keys(b, self->keys, self->own);
	bkt_base_add_keys(b, self->keys + BKT_SLOTS, self->ioctls);
}

struct bkt_member *bkt_member_walk(struct bkt_session *s,
				   const struct bkt_sums *open, u64 begin,
				   u64 limit)
{
	struct bkt_base *b = s->base;
	struct bkt_member *m, *self = NULL;

	lockdep_assert_held(&s->lock);
	bkt_slow_top_clear(s->slow_top);
	spin_lock(&bkt_tasks_lock);
	bkt_base_walk_begin(b, bkt_task_generation(), open, begin);
	if (open)
		member_walk_former(s, begin, limit, 0);
	/* Members that this walk has passed, or that joined since, end the list. */
	while (!list_empty(&s->members)) {
		m = list_first_entry(&s->members, struct bkt_member, session_node);
		if (m->epoch == b->epoch)
			break;
		list_move_tail(&m->session_node, &s->members);
		if (m->follower.task->task == current) {
			/* No reference: @s->lock is held and current is here, so @m stays. */
			self = m;
			m->epoch = b->epoch;
			continue;
		}
		refcount_inc(&m->refs);
		member_walk_read(m, U64_MAX, begin, limit);
		bkt_member_put(m);
	}
	if (self && limit) {
		member_walk_read(self, limit, begin, limit);
		self = NULL;
	} else if (self) {
		member_prepare_last(self);
	}
	bkt_base_walk_end(b);
	if (open)
		member_walk_former(s, begin, limit, b->epoch);
	spin_unlock(&bkt_tasks_lock);
	bkt_slow_top_sort(s->slow_top);
	return self;
}

u64 bkt_member_walk_last(struct bkt_member *self, struct bkt_sums *to)
{
	struct bkt_session *s = self->session;

	bkt_task_read(self->follower.task, U64_MAX, s->v);
	spin_lock(&bkt_tasks_lock);
	bkt_member_translate(self, s->v);
	bkt_sums_add(s->base, to, self->keys, s->v);
	spin_unlock(&bkt_tasks_lock);
	return s->v->t;
}
