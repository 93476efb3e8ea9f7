// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/slab.h>
#include "member.h"
#include "run.h"
#include "session.h"

struct bt_session *bt_session_alloc(struct file *file)
{
	struct bt_session *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!s)
		return ERR_PTR(-ENOMEM);
	s->user = bt_user_get(file->f_cred);
	if (IS_ERR(s->user)) {
		ret = PTR_ERR(s->user);
		goto err;
	}
	ret = -EDQUOT;
	if (!bt_user_charge(s->user, sizeof(*s)))
		goto err_user;
	s->file = file;
	s->holder.uid = from_kuid(&init_user_ns, s->user->uid);
	mutex_init(&s->lock);
	INIT_LIST_HEAD(&s->bricks);
	INIT_LIST_HEAD(&s->runs);
	INIT_LIST_HEAD(&s->members);
	s->edge_ps = BRICKTRACE_NONE;
	return s;

err_user:
	bt_user_put(s->user);
err:
	kfree(s);
	return ERR_PTR(ret);
}

/* What bt_session_prepare() costs. */
static size_t session_room(void)
{
	return sizeof(struct bt_snapshot) + bt_base_size() +
	       bt_totals_size(BT_TOTALS_SESSION);
}

int bt_session_prepare(struct bt_session *s)
{
	lockdep_assert_held(&s->lock);
	if (s->base)
		return 0;
	if (!bt_user_charge(s->user, session_room()))
		return -EDQUOT;
	s->v = kmalloc(sizeof(*s->v), GFP_KERNEL_ACCOUNT);
	if (!s->v)
		goto err;
	s->result = bt_totals_alloc(BT_TOTALS_SESSION);
	if (!s->result)
		goto err_v;
	s->base = bt_base_alloc();
	if (!s->base)
		goto err_result;
	return 0;

err_result:
	bt_totals_free(s->result);
	s->result = NULL;
err_v:
	kfree(s->v);
	s->v = NULL;
err:
	bt_user_uncharge(s->user, session_room());
	return -ENOMEM;
}

void bt_session_release(struct bt_session *s)
{
	struct bt_brick *b, *next;

	/* Nobody else has the file; tasks may still end and fork. */
	mutex_lock(&s->lock);
	bt_run_end_all(s);
	bt_member_drop_all(s);
	mutex_unlock(&s->lock);
	list_for_each_entry_safe(b, next, &s->bricks, of_session) {
		bt_brick_free(b);
		bt_user_uncharge(s->user, sizeof(*b));
	}
	if (s->base)
		bt_user_uncharge(s->user, session_room());
	bt_base_free(s->base);
	bt_totals_free(s->result);
	kfree(s->v);
	bt_user_uncharge(s->user, sizeof(*s));
	bt_user_put(s->user);
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
	if (!bt_user_charge(s->user, sizeof(*new)))
		return -EDQUOT;
	ret = -ENOMEM;
	new = bt_brick_alloc(s->nr_bricks + 1, arg->name);
	if (!new)
		goto err_charge;
	b = new;
found:
	arg->brick = b->id;
	ret = bt_uarg_put(uarg, arg, sizeof(*arg));
	if (ret && new)
		goto err_brick;
	if (ret)
		return ret;
	b->budget_ns = arg->budget_ns;
	if (new) {
		list_add(&new->of_session, &s->bricks);
		s->nr_bricks++;
	}
	return 0;

err_brick:
	bt_brick_free(new);
err_charge:
	bt_user_uncharge(s->user, sizeof(*new));
	return ret;
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
	arg->threads_lost = s->base ? s->base->sums->lost : 0;
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
