// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/nospec.h>
#include <linux/pid_namespace.h>
#include <linux/slab.h>
#include "context.h"
#include "name.h"
#include "session.h"

/* Tukey's fences. */
#define SESSION_OUTLIERS	1500

/* Bytes of the table of bricks. */
#define SESSION_TABLE		(BKT_MAX_BRICKS * sizeof(struct bkt_brick *))

/* The number of sessions that there have been. */
static atomic64_t session_ids;

atomic_t bkt_session_changes = ATOMIC_INIT(1);

struct bkt_session *bkt_session_alloc(const struct cred *opener, u32 owner)
{
	struct bkt_session *s = kvzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!s)
		return ERR_PTR(-ENOMEM);
	s->user = bkt_user_get(opener);
	if (IS_ERR(s->user)) {
		ret = PTR_ERR(s->user);
		goto err;
	}
	ret = -EDQUOT;
	if (!bkt_user_charge(s->user, sizeof(*s)))
		goto err_user;
	refcount_set(&s->refs, 1);
	s->opener = get_cred(opener);
	s->owner = owner;
	s->tgid = get_pid(task_tgid(current));
	get_task_comm(s->comm, current->group_leader);
	s->id = atomic64_inc_return(&session_ids);
	s->uid = from_kuid_munged(&init_user_ns, opener->euid);
	s->holder.uid = from_kuid(&init_user_ns, s->user->uid);
	init_waitqueue_head(&s->readers);
	mutex_init(&s->lock);
	spin_lock_init(&s->runs_lock);
	bkt_limit_init(&s->limit, 0);
	s->thresholds.outliers = SESSION_OUTLIERS;
	INIT_LIST_HEAD(&s->runs);
	init_llist_head(&s->spares);
	INIT_LIST_HEAD(&s->members);
	s->order = RB_ROOT;
	s->edge_ps = BRICKTRACE_NONE;
	s->slow_want.floor = U64_MAX;
	s->pid_ns = get_pid_ns(task_active_pid_ns(current));
	return s;

err_user:
	bkt_user_put(s->user);
err:
	kvfree(s);
	return ERR_PTR(ret);
}

/* Bytes that bkt_session_prepare() allocates. */
static size_t session_room(void)
{
	return sizeof(struct bkt_snapshot) + sizeof(struct bkt_slow_list) +
	       sizeof(struct bkt_slow_top) + bkt_base_size() +
	       bkt_totals_size(BKT_TOTALS_SESSION);
}

static void session_free_room(struct bkt_session *s)
{
	bkt_base_free(s->base);
	bkt_totals_free(s->result);
	kfree(s->slow_top);
	kfree(s->slow_list);
	kfree(s->v);
}

int bkt_session_prepare(struct bkt_session *s)
{
	struct bkt_base *base;

	lockdep_assert_held(&s->lock);
	if (s->base)
		return 0;
	if (!bkt_user_charge(s->user, session_room()))
		return -EDQUOT;
	s->v = kmalloc(sizeof(*s->v), GFP_KERNEL_ACCOUNT);
	s->slow_list = kmalloc(sizeof(*s->slow_list), GFP_KERNEL_ACCOUNT);
	s->slow_top = kmalloc(sizeof(*s->slow_top), GFP_KERNEL_ACCOUNT);
	s->result = bkt_totals_alloc(BKT_TOTALS_SESSION);
	base = bkt_base_alloc();
	if (!s->v || !s->slow_list || !s->slow_top || !s->result || !base)
		goto err;
	/* bkt_session_get() reads the base without the lock. */
	smp_store_release(&s->base, base);
	return 0;

err:
	bkt_base_free(base);
	session_free_room(s);
	s->v = NULL;
	s->slow_list = NULL;
	s->slow_top = NULL;
	s->result = NULL;
	bkt_user_uncharge(s->user, session_room());
	return -ENOMEM;
}

static void session_free(struct bkt_session *s)
{
	u32 i;

	for (i = 0; i < s->nr_bricks; i++) {
		bkt_brick_free(s->brick[i]);
		bkt_user_uncharge(s->user, BKT_BRICK_SIZE);
	}
	if (s->brick)
		bkt_user_uncharge(s->user, SESSION_TABLE);
	kvfree(s->brick);
	if (s->base)
		bkt_user_uncharge(s->user, session_room());
	session_free_room(s);
	put_pid_ns(s->pid_ns);
	put_pid(s->tgid);
	put_cred(s->opener);
	bkt_user_uncharge(s->user, sizeof(*s));
	bkt_user_put(s->user);
	kvfree(s);
}

void bkt_session_put(struct bkt_session *s)
{
	if (refcount_dec_and_test(&s->refs))
		session_free(s);
}

void bkt_session_default(struct bkt_session *s, const struct bkt_defaults *d)
{
	/* bkt_session_set() marks what it sets as the session's own before it does so. */
	spin_lock(&s->runs_lock);
	if (!(s->own & BRICKTRACE_SESSION_CV))
		WRITE_ONCE(s->thresholds.cv, READ_ONCE(d->cv));
	if (!(s->own & BRICKTRACE_SESSION_EFFICIENCY))
		WRITE_ONCE(s->thresholds.efficiency, READ_ONCE(d->efficiency));
	if (!(s->own & BRICKTRACE_SESSION_LIMIT))
		bkt_limit_set(&s->limit, READ_ONCE(d->limit));
	if (!(s->own & BRICKTRACE_SESSION_SLOW))
		WRITE_ONCE(s->slow_want.ns, READ_ONCE(d->slow_ns));
	spin_unlock(&s->runs_lock);
}

struct bkt_brick *bkt_session_brick(struct bkt_session *s, u32 id)
{
	/* Pairs with session_add(). */
	if (!id || id > smp_load_acquire(&s->nr_bricks))
		return NULL;
	return s->brick[array_index_nospec(id - 1, BKT_MAX_BRICKS)];
}

static struct bkt_brick *session_find(struct bkt_session *s, const char *name)
{
	u32 i;

	for (i = 0; i < s->nr_bricks; i++)
		if (!strcmp(s->brick[i]->name, name))
			return s->brick[i];
	return NULL;
}

static int session_prepare_table(struct bkt_session *s)
{
	if (s->brick)
		return 0;
	if (!bkt_user_charge(s->user, SESSION_TABLE))
		return -EDQUOT;
	s->brick = kvzalloc(SESSION_TABLE, GFP_KERNEL_ACCOUNT);
	if (s->brick)
		return 0;
	bkt_user_uncharge(s->user, SESSION_TABLE);
	return -ENOMEM;
}

static struct bkt_brick *session_add(struct bkt_session *s, const char *name)
{
	struct bkt_brick *b;
	int ret;

	ret = session_prepare_table(s);
	if (ret)
		return ERR_PTR(ret);
	if (s->nr_bricks >= BKT_MAX_BRICKS ||
	    !bkt_user_charge(s->user, BKT_BRICK_SIZE))
		return ERR_PTR(-EDQUOT);
	b = bkt_brick_alloc(s->nr_bricks + 1, name, &s->holder);
	if (!b) {
		bkt_user_uncharge(s->user, BKT_BRICK_SIZE);
		return ERR_PTR(-ENOMEM);
	}
	s->brick[s->nr_bricks] = b;
	/* Pairs with bkt_session_brick(): a brick that is counted is in the table. */
	smp_store_release(&s->nr_bricks, s->nr_bricks + 1);
	atomic_inc(&bkt_session_changes);
	return b;
}

static int session_define(struct bkt_session *s, const struct bricktrace_brick_define *d,
			  struct bkt_assertions *set)
{
	struct bkt_brick *b;

	if (mutex_lock_killable(&s->lock)) {
		bkt_assertions_put(set);
		return -EINTR;
	}
	b = session_find(s, d->name) ?: session_add(s, d->name);
	if (IS_ERR(b))
		bkt_assertions_put(set);
	else
		bkt_brick_set(b, d->budget_ns, d->flags, d->mode, d->baseline, set);
	mutex_unlock(&s->lock);
	return IS_ERR(b) ? PTR_ERR(b) : b->id;
}

/*
 * Arms the hooks for a brick whose mode holds them, before the brick has that mode: so
 * that the mode's first run finds them armed, and no lock of the session is held
 * meanwhile. If tracing is switched off, the worker arms them when it is on again.
 */
static int session_arm(struct bkt_session *s, const struct bricktrace_brick_define *d,
		       bool *held)
{
	int ret;

	*held = false;
	if (!(d->flags & BRICKTRACE_BRICK_MODE) || !bkt_brick_mode_holds(d->mode))
		return 0;
	ret = bkt_hooks_get(&s->holder);
	*held = !ret;
	return ret == -ECANCELED || ret == -ESTALE ? 0 : ret;
}

int bkt_session_define(struct bkt_session *s, const struct bricktrace_brick_define *d,
		       const struct bricktrace_assertion *a, u32 n)
{
	struct bkt_assertions *set = NULL;
	bool held;
	int ret;

	ret = bkt_brick_check(d->name, d->budget_ns);
	if (ret)
		return ret;
	if (d->flags & BRICKTRACE_BRICK_MODE && d->mode > BRICKTRACE_MODE_TAIL)
		return -EINVAL;
	if (d->flags & BRICKTRACE_BRICK_ASSERTIONS && n) {
		set = bkt_assertions_new(s->user, a, n);
		if (IS_ERR(set))
			return PTR_ERR(set);
	}
	ret = session_arm(s, d, &held);
	if (ret)
		bkt_assertions_put(set);
	else
		ret = session_define(s, d, set);
	/* The brick holds the hooks by itself now. */
	if (held)
		bkt_hooks_put(&s->holder);
	return ret;
}

void bkt_session_get(struct bkt_session *s, struct bricktrace_session *to)
{
	const struct bkt_base *base;
	u32 i;

	/* Pairs with bkt_session_prepare(). */
	base = smp_load_acquire(&s->base);
	to->edge_ps = READ_ONCE(s->edge_ps);
	to->max_threads = BKT_MAX_THREADS;
	to->max_bricks = BKT_MAX_BRICKS;
	to->max_runs = BKT_MAX_RUNS;
	to->max_depth = BRICKTRACE_MAX_DEPTH;
	/* Pairs with session_add(). */
	to->bricks = smp_load_acquire(&s->nr_bricks);
	to->id = s->id;
	spin_lock(&s->runs_lock);
	to->runs = s->nr_runs;
	memcpy(to->label, s->label, sizeof(to->label));
	to->context = s->context;
	spin_unlock(&s->runs_lock);
	to->runs_opened = atomic64_read(&s->runs_opened);
	spin_lock(&bkt_tasks_lock);
	to->threads = s->nr_members;
	to->threads_lost = base ? base->sums->lost : 0;
	spin_unlock(&bkt_tasks_lock);
	to->cv_threshold = READ_ONCE(s->thresholds.cv);
	to->efficiency_threshold = READ_ONCE(s->thresholds.efficiency);
	to->outliers = READ_ONCE(s->thresholds.outliers);
	bkt_limit_get(&s->limit, &to->trace_limit, &to->granted, &to->refused);
	to->enabled = !bkt_hooks_is_off(&s->holder);
	to->slow_ns = READ_ONCE(s->slow_want.ns);
	to->escalated = 0;
	for (i = 0; i < to->bricks; i++)
		to->escalated += READ_ONCE(s->brick[i]->escalated);
}

void bkt_session_label(struct bkt_session *s, char *label)
{
	spin_lock(&s->runs_lock);
	memcpy(label, s->label, sizeof(s->label));
	spin_unlock(&s->runs_lock);
}

static bool session_in_range(u64 value, u64 max, u64 extra)
{
	return value <= max || value == extra;
}

/* Checks the settings that are not numbers. */
static int session_check(const struct bricktrace_session *from)
{
	if (from->flags & BRICKTRACE_SESSION_LABEL) {
		if (!memchr(from->label, '\0', sizeof(from->label)))
			return -ENAMETOOLONG;
		if (!bkt_name_valid(from->label))
			return -EINVAL;
	}
	if (from->flags & BRICKTRACE_SESSION_CONTEXT &&
	    !bkt_context_valid(&from->context) && !bkt_context_is_none(&from->context))
		return -EINVAL;
	return 0;
}

static void session_set_origin(struct bkt_session *s, const struct bricktrace_session *from)
{
	spin_lock(&s->runs_lock);
	s->own |= from->flags;
	if (from->flags & BRICKTRACE_SESSION_LABEL) {
		strscpy_pad(s->label, from->label, sizeof(s->label));
		s->labels++;
	}
	if (from->flags & BRICKTRACE_SESSION_CONTEXT) {
		WRITE_ONCE(s->contexts, true);
		s->context = from->context;
		s->has_context = !bkt_context_is_none(&from->context);
	}
	spin_unlock(&s->runs_lock);
}

int bkt_session_set(struct bkt_session *s, const struct bricktrace_session *from)
{
	u32 flags = from->flags;
	int ret = session_check(from);

	if (ret)
		return ret;
	if ((flags & BRICKTRACE_SESSION_EDGE &&
	     !session_in_range(from->edge_ps, BRICKTRACE_MAX_EDGE_PS, BRICKTRACE_NONE)) ||
	    (flags & BRICKTRACE_SESSION_CV && from->cv_threshold > BRICKTRACE_MAX_CV) ||
	    (flags & BRICKTRACE_SESSION_EFFICIENCY &&
	     from->efficiency_threshold > BRICKTRACE_MAX_EFFICIENCY) ||
	    (flags & BRICKTRACE_SESSION_LIMIT && from->trace_limit > BRICKTRACE_MAX_LIMIT) ||
	    (flags & BRICKTRACE_SESSION_OUTLIERS &&
	     !session_in_range(from->outliers, BRICKTRACE_MAX_OUTLIERS,
			       BRICKTRACE_OUTLIERS_KEEP)) ||
	    (flags & BRICKTRACE_SESSION_ENABLED && from->enabled > 1) ||
	    (flags & BRICKTRACE_SESSION_SLOW && from->slow_ns &&
	     from->slow_ns < BRICKTRACE_MIN_SLOW))
		return -ERANGE;
	if (flags & BRICKTRACE_SESSION_ENABLED && from->enabled &&
	    bkt_hooks_is_detached(&s->holder))
		return -ESHUTDOWN;
	session_set_origin(s, from);
	if (flags & BRICKTRACE_SESSION_EDGE)
		WRITE_ONCE(s->edge_ps, from->edge_ps);
	if (flags & BRICKTRACE_SESSION_CV)
		WRITE_ONCE(s->thresholds.cv, from->cv_threshold);
	if (flags & BRICKTRACE_SESSION_EFFICIENCY)
		WRITE_ONCE(s->thresholds.efficiency, from->efficiency_threshold);
	if (flags & BRICKTRACE_SESSION_LIMIT)
		bkt_limit_set(&s->limit, from->trace_limit);
	if (flags & BRICKTRACE_SESSION_OUTLIERS)
		WRITE_ONCE(s->thresholds.outliers, from->outliers);
	if (flags & BRICKTRACE_SESSION_SLOW)
		WRITE_ONCE(s->slow_want.ns, from->slow_ns);
	if (flags & BRICKTRACE_SESSION_ENABLED)
		bkt_hooks_switch(&s->holder, from->enabled);
	return 0;
}
