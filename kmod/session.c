// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>
#include "hooks.h"
#include "run.h"
#include "session.h"

static const struct bt_follower_ops member_ops;

struct bt_session *bt_session_alloc(void)
{
	struct bt_session *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return NULL;
	mutex_init(&s->lock);
	INIT_LIST_HEAD(&s->bricks);
	INIT_LIST_HEAD(&s->runs);
	INIT_LIST_HEAD(&s->members);
	INIT_LIST_HEAD(&s->wide);
	s->edge_ps = BRICKTRACE_NONE;
	return s;
}

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

static void member_ended(struct bt_follower *f, const struct bt_snapshot *end)
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

	if (!child || s->nr_members >= BT_MAX_THREADS)
		goto lost;
	m = member_alloc(s, f->inherit, GFP_NOWAIT | __GFP_NOWARN);
	if (!m)
		goto lost;
	bt_task_adopt(child, &m->follower);
	member_add(m);
	if (!bt_run_born(m))
		goto lost;
	return;
lost:
	s->lost++;
}

static const struct bt_follower_ops member_ops = {
	.ended = member_ended,
	.forked = member_forked,
};

struct bt_member *bt_session_member(struct bt_session *s, struct bt_task *t)
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

void bt_session_release(struct bt_session *s)
{
	struct bt_member *m, *next_m;
	struct bt_brick *b, *next_b;
	bool forget = false;
	LIST_HEAD(members);

	/* Nobody else has the file; tasks may still end and fork. */
	mutex_lock(&s->lock);
	bt_run_end_all(s);
	spin_lock(&bt_books);
	list_for_each_entry(m, &s->members, of_session)
		forget |= bt_task_unfollow(&m->follower);
	list_splice_init(&s->members, &members);
	spin_unlock(&bt_books);
	mutex_unlock(&s->lock);

	if (forget)
		bt_task_forget();
	list_for_each_entry_safe(m, next_m, &members, of_session)
		member_free(m);
	list_for_each_entry_safe(b, next_b, &s->bricks, of_session)
		bt_brick_free(b);
	kfree(s);
}

int bt_session_register(struct bt_session *s,
			const struct bricktrace_thread *arg)
{
	struct bt_task *spare, *t;
	struct bt_member *m;
	int ret;

	if (arg->tid || arg->reserved)
		return -EINVAL;
	m = member_alloc(s, arg->flags, GFP_KERNEL);
	if (!m)
		return -ENOMEM;
	ret = -ENOMEM;
	spare = bt_task_alloc();
	if (!spare)
		goto err_member;

	spin_lock(&bt_books);
	t = bt_task_current();
	ret = -EEXIST;
	if (t && bt_session_member(s, t))
		goto err_unlock;
	ret = -EDQUOT;
	if (s->nr_members >= BT_MAX_THREADS)
		goto err_unlock;
	bt_task_follow(&spare, current, &m->follower);
	member_add(m);
	spin_unlock(&bt_books);
	bt_task_put(spare);
	bt_task_meet(current);
	bt_task_control();
	bt_run_catch_up(m);
	return 0;

err_unlock:
	spin_unlock(&bt_books);
	bt_task_put(spare);
err_member:
	kfree(m);
	return ret;
}

int bt_session_unregister(struct bt_session *s,
			  const struct bricktrace_thread *arg)
{
	struct bt_member *m = NULL;
	struct bt_snapshot *end;
	bool forget = false;
	struct bt_task *t;
	int ret;

	if (arg->tid || arg->reserved)
		return -EINVAL;
	end = kmalloc(sizeof(*end), GFP_KERNEL_ACCOUNT);
	if (!end)
		return -ENOMEM;

	spin_lock(&bt_books);
	t = bt_task_current();
	if (t)
		m = bt_session_member(s, t);
	ret = m ? bt_run_covers(m) ? -EBUSY : 0 : -ESRCH;
	if (!ret)
		bt_task_get(t);
	spin_unlock(&bt_books);
	if (ret)
		goto out;

	bt_task_read(t, U64_MAX, end);
	spin_lock(&bt_books);
	/* It may have ended meanwhile, and left by itself. */
	m = bt_session_member(s, t);
	if (m) {
		bt_run_depart(m, end);
		forget = bt_task_unfollow(&m->follower);
		member_del(m);
	}
	spin_unlock(&bt_books);
	if (forget)
		bt_task_forget();
	if (m)
		member_free(m);
	bt_task_put(t);
out:
	kfree(end);
	return ret;
}

struct bt_brick *bt_session_brick(struct bt_session *s, u32 id)
{
	struct bt_brick *b;

	lockdep_assert_held(&s->lock);
	list_for_each_entry(b, &s->bricks, of_session)
		if (b->id == id)
			return b;
	return NULL;
}

int bt_session_define(struct bt_session *s, struct bricktrace_brick *arg,
		      const struct bt_uarg *uarg)
{
	struct bt_brick *b, *new = NULL;
	int ret;

	if (arg->reserved)
		return -EINVAL;
	ret = bt_brick_check(arg->name, arg->budget_ns);
	if (ret)
		return ret;
	list_for_each_entry(b, &s->bricks, of_session)
		if (!strcmp(b->name, arg->name))
			goto found;
	if (s->nr_bricks >= BT_MAX_BRICKS)
		return -EDQUOT;
	new = bt_brick_alloc(s->nr_bricks + 1, arg->name);
	if (!new)
		return -ENOMEM;
	b = new;
found:
	arg->brick = b->id;
	ret = bt_uarg_put(uarg, arg, sizeof(*arg));
	if (ret) {
		bt_brick_free(new);
		return ret;
	}
	b->budget_ns = arg->budget_ns;
	if (new) {
		list_add(&new->of_session, &s->bricks);
		s->nr_bricks++;
	}
	return 0;
}

int bt_session_get(struct bt_session *s, struct bricktrace_session *arg,
		   const struct bt_uarg *uarg)
{
	if (arg->reserved)
		return -EINVAL;
	arg->edge_ps = s->edge_ps;
	arg->max_threads = BT_MAX_THREADS;
	arg->max_bricks = BT_MAX_BRICKS;
	arg->max_runs = BT_MAX_RUNS;
	arg->max_depth = BRICKTRACE_MAX_DEPTH;
	arg->bricks = s->nr_bricks;
	arg->runs = s->nr_runs;
	arg->runs_opened = s->runs_opened;
	spin_lock(&bt_books);
	arg->threads = s->nr_members;
	arg->threads_lost = s->lost;
	spin_unlock(&bt_books);
	return bt_uarg_put(uarg, arg, sizeof(*arg));
}

int bt_session_set(struct bt_session *s, const struct bricktrace_session *arg)
{
	if (arg->reserved)
		return -EINVAL;
	if (arg->edge_ps > BRICKTRACE_MAX_EDGE_PS &&
	    arg->edge_ps != BRICKTRACE_NONE)
		return -ERANGE;
	if (arg->flags & BRICKTRACE_SET_EDGE)
		s->edge_ps = arg->edge_ps;
	return 0;
}
