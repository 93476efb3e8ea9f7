// SPDX-License-Identifier: GPL-2.0
#include <linux/slab.h>
#include "member.h"
#include "run.h"
#include "session.h"

struct bt_session *bt_session_alloc(struct file *file)
{
	struct bt_session *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return NULL;
	s->file = file;
	mutex_init(&s->lock);
	INIT_LIST_HEAD(&s->bricks);
	INIT_LIST_HEAD(&s->runs);
	INIT_LIST_HEAD(&s->members);
	INIT_LIST_HEAD(&s->wide);
	s->edge_ps = BRICKTRACE_NONE;
	return s;
}

void bt_session_release(struct bt_session *s)
{
	struct bt_brick *b, *next;

	/* Nobody else has the file; tasks may still end and fork. */
	mutex_lock(&s->lock);
	bt_run_end_all(s);
	bt_member_drop_all(s);
	mutex_unlock(&s->lock);
	list_for_each_entry_safe(b, next, &s->bricks, of_session)
		bt_brick_free(b);
	kfree(s);
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
