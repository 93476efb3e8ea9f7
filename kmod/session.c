// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/slab.h>
#include "session.h"

struct bkt_session *bkt_session_alloc(struct file *opener)
{
	struct bkt_session *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!s)
		return ERR_PTR(-ENOMEM);
	s->user = bkt_user_get(opener->f_cred);
	if (IS_ERR(s->user)) {
		ret = PTR_ERR(s->user);
		goto err;
	}
	ret = -EDQUOT;
	if (!bkt_user_charge(s->user, sizeof(*s)))
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
	bkt_user_put(s->user);
err:
	kfree(s);
	return ERR_PTR(ret);
}

/* Bytes that bkt_session_prepare() allocates. */
static size_t session_room(void)
{
	return sizeof(struct bkt_snapshot) + bkt_base_size() +
	       bkt_totals_size(BKT_TOTALS_SESSION);
}

int bkt_session_prepare(struct bkt_session *s)
{
	lockdep_assert_held(&s->lock);
	if (s->base)
		return 0;
	if (!bkt_user_charge(s->user, session_room()))
		return -EDQUOT;
	s->v = kmalloc(sizeof(*s->v), GFP_KERNEL_ACCOUNT);
	if (!s->v)
		goto err;
	s->result = bkt_totals_alloc(BKT_TOTALS_SESSION);
	if (!s->result)
		goto err_v;
	s->base = bkt_base_alloc();
	if (!s->base)
		goto err_result;
	return 0;

err_result:
	bkt_totals_free(s->result);
	s->result = NULL;
err_v:
	kfree(s->v);
	s->v = NULL;
err:
	bkt_user_uncharge(s->user, session_room());
	return -ENOMEM;
}

void bkt_session_free(struct bkt_session *s)
{
	struct bkt_brick *b, *next;

	list_for_each_entry_safe(b, next, &s->bricks, session_node) {
		bkt_brick_free(b);
		bkt_user_uncharge(s->user, sizeof(*b));
	}
	if (s->base)
		bkt_user_uncharge(s->user, session_room());
	bkt_base_free(s->base);
	bkt_totals_free(s->result);
	kfree(s->v);
	bkt_user_uncharge(s->user, sizeof(*s));
	bkt_user_put(s->user);
	kfree(s);
}

struct bkt_brick *bkt_session_brick(struct bkt_session *s, u32 id)
{
	struct bkt_brick *b;

	lockdep_assert_held(&s->lock);
	list_for_each_entry(b, &s->bricks, session_node)
		if (b->id == id)
			return b;
	return NULL;
}

static struct bkt_brick *session_find(struct bkt_session *s, const char *name)
{
	struct bkt_brick *b;

	list_for_each_entry(b, &s->bricks, session_node)
		if (!strcmp(b->name, name))
			return b;
	return NULL;
}

static struct bkt_brick *session_add(struct bkt_session *s, const char *name)
{
	struct bkt_brick *b;

	if (s->nr_bricks >= BKT_MAX_BRICKS ||
	    !bkt_user_charge(s->user, sizeof(*b)))
		return ERR_PTR(-EDQUOT);
	b = bkt_brick_alloc(s->nr_bricks + 1, name);
	if (!b) {
		bkt_user_uncharge(s->user, sizeof(*b));
		return ERR_PTR(-ENOMEM);
	}
	list_add(&b->session_node, &s->bricks);
	s->nr_bricks++;
	return b;
}

int bkt_session_define(struct bkt_session *s, const char *name, u64 budget_ns)
{
	struct bkt_brick *b;
	int ret;

	ret = bkt_brick_check(name, budget_ns);
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

int bkt_session_get(struct bkt_session *s, struct bricktrace_session *to)
{
	if (mutex_lock_killable(&s->lock))
		return -EINTR;
	to->edge_ps = s->edge_ps;
	to->max_threads = BKT_MAX_THREADS;
	to->max_bricks = BKT_MAX_BRICKS;
	to->max_runs = BKT_MAX_RUNS;
	to->max_depth = BRICKTRACE_MAX_DEPTH;
	to->bricks = s->nr_bricks;
	to->runs = s->nr_runs;
	to->runs_opened = s->runs_opened;
	spin_lock(&bkt_tasks_lock);
	to->threads = s->nr_members;
	to->threads_lost = s->base ? s->base->sums->lost : 0;
	spin_unlock(&bkt_tasks_lock);
	mutex_unlock(&s->lock);
	return 0;
}

int bkt_session_set_edge(struct bkt_session *s, u64 edge_ps)
{
	if (edge_ps > BRICKTRACE_MAX_EDGE_PS && edge_ps != BRICKTRACE_NONE)
		return -ERANGE;
	if (mutex_lock_killable(&s->lock))
		return -EINTR;
	s->edge_ps = edge_ps;
	mutex_unlock(&s->lock);
	return 0;
}
