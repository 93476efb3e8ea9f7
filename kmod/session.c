// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/slab.h>
#include "session.h"

struct bt_session *bt_session_alloc(struct file *opener)
{
	struct bt_session *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!s)
		return ERR_PTR(-ENOMEM);
	s->user = bt_user_get(opener->f_cred);
	if (IS_ERR(s->user)) {
		ret = PTR_ERR(s->user);
		goto err;
	}
	ret = -EDQUOT;
	if (!bt_user_charge(s->user, sizeof(*s)))
		goto err_user;
	s->opener = opener;
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

void bt_session_free(struct bt_session *s)
{
	struct bt_brick *b, *next;

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

static struct bt_brick *session_find(struct bt_session *s, const char *name)
{
	struct bt_brick *b;

	list_for_each_entry(b, &s->bricks, of_session)
		if (!strcmp(b->name, name))
			return b;
	return NULL;
}

static struct bt_brick *session_add(struct bt_session *s, const char *name)
{
	struct bt_brick *b;

	if (s->nr_bricks >= BT_MAX_BRICKS ||
	    !bt_user_charge(s->user, sizeof(*b)))
		return ERR_PTR(-EDQUOT);
	b = bt_brick_alloc(s->nr_bricks + 1, name);
	if (!b) {
		bt_user_uncharge(s->user, sizeof(*b));
		return ERR_PTR(-ENOMEM);
	}
	list_add(&b->of_session, &s->bricks);
	s->nr_bricks++;
	return b;
}

int bt_session_define(struct bt_session *s, const char *name, u64 budget_ns)
{
	struct bt_brick *b;
	int ret;

	ret = bt_brick_check(name, budget_ns);
	if (ret)
		return ret;
	if (mutex_lock_killable(&s->lock))
		return -EINTR;
	b = session_find(s, name) ?: session_add(s, name);
	ret = PTR_ERR_OR_ZERO(b);
	if (!ret) {
		b->budget_ns = budget_ns;
		ret = b->id;
	}
	mutex_unlock(&s->lock);
	return ret;
}

int bt_session_get(struct bt_session *s, struct bricktrace_session *to)
{
	if (mutex_lock_killable(&s->lock))
		return -EINTR;
	to->edge_ps = s->edge_ps;
	to->max_threads = BT_MAX_THREADS;
	to->max_bricks = BT_MAX_BRICKS;
	to->max_runs = BT_MAX_RUNS;
	to->max_depth = BRICKTRACE_MAX_DEPTH;
	to->bricks = s->nr_bricks;
	to->runs = s->nr_runs;
	to->runs_opened = s->runs_opened;
	spin_lock(&bt_books);
	to->threads = s->nr_members;
	to->threads_lost = s->base ? s->base->sums->lost : 0;
	spin_unlock(&bt_books);
	mutex_unlock(&s->lock);
	return 0;
}

int bt_session_set_edge(struct bt_session *s, u64 edge_ps)
{
	if (edge_ps > BRICKTRACE_MAX_EDGE_PS && edge_ps != BRICKTRACE_NONE)
		return -ERANGE;
	if (mutex_lock_killable(&s->lock))
		return -EINTR;
	s->edge_ps = edge_ps;
	mutex_unlock(&s->lock);
	return 0;
}
