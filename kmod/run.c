// SPDX-License-Identifier: GPL-2.0
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include "hooks.h"
#include "member.h"
#include "run.h"

struct bkt_run {
	struct list_head session_node;
	struct bkt_session *session;
	u64 id;
	struct bkt_brick *brick;
	struct bkt_run *parent;
	u32 children;			/* open runs whose parent is this one */
	u32 depth;
	u32 scope;
	struct task_struct *owner;	/* the thread that opened it, with a reference */
	u64 budget_ns;
	u64 start_ns;			/* CLOCK_MONOTONIC */
	u64 start;			/* ticks */
	u32 epoch;			/* of the clock, at @start */
	u32 reason;			/* enum bricktrace_reason, if it is not traced */

	bool traced;			/* if not, the fields below are not used */
	u32 generation;			/* of the arming under way at the beginning */
	struct bkt_sums *open;		/* scope session: S at @start */
	struct bkt_member *member;	/* scope thread: from bkt_member_hold() */
	struct bkt_snapshot *v;		/* scope thread: V at @start */
	struct bkt_inner inner;		/* what the traced runs inside it did */
	size_t bytes;			/* charged for @open, @v and so on */
};

static struct bkt_run *run_alloc(struct bkt_session *s)
{
	struct bkt_run *r = s->spare;

	/* The limit of open runs also bounds this memory, which is not charged in bytes. */
	if (!bkt_user_charge_run(s->user))
		return ERR_PTR(-EDQUOT);
	s->spare = NULL;
	if (r)
		memset(r, 0, sizeof(*r));
	else
		r = kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	if (!r) {
		bkt_user_uncharge_run(s->user);
		return ERR_PTR(-ENOMEM);
	}
	r->session = s;
	r->owner = get_task_struct(current);
	return r;
}

/* run_untrace() uncharges these bytes. */
static bool run_charge(struct bkt_run *r, size_t bytes)
{
	if (!bkt_user_charge(r->session->user, bytes))
		return false;
	r->bytes += bytes;
	return true;
}

static void run_uncharge(struct bkt_run *r, size_t bytes)
{
	r->bytes -= bytes;
	bkt_user_uncharge(r->session->user, bytes);
}

static void run_untrace(struct bkt_run *r)
{
	if (!r->traced)
		return;
	if (r->member)
		bkt_member_release(r->member);
	kvfree(r->open);
	kfree(r->v);
	bkt_totals_free(r->inner.totals);
	run_uncharge(r, r->bytes);
	bkt_hooks_put(&r->session->holder);
}

static void run_free(struct bkt_run *r)
{
	struct bkt_session *s = r->session;

	run_untrace(r);
	put_task_struct(r->owner);
	bkt_user_uncharge_run(s->user);
	/* Programs mostly open a run just after they closed another one. */
	if (s->spare)
		kfree(r);
	else
		s->spare = r;
}

static void run_unlink(struct bkt_run *r)
{
	list_del(&r->session_node);
	r->session->nr_runs--;
	if (r->parent)
		r->parent->children--;
}

void bkt_run_end_all(struct bkt_session *s)
{
	struct bkt_run *r, *next;

	mutex_lock(&s->lock);
	list_for_each_entry_safe(r, next, &s->runs, session_node) {
		run_unlink(r);
		run_free(r);
	}
	kfree(s->spare);
	s->spare = NULL;
	mutex_unlock(&s->lock);
}

/* Returns the run that would enclose a new run of current, or NULL (rule "nested"). */
static struct bkt_run *run_parent(struct bkt_session *s, u32 scope)
{
	struct bkt_run *r;

	list_for_each_entry(r, &s->runs, session_node)
		if (r->scope == BRICKTRACE_SCOPE_SESSION ||
		    (scope == BRICKTRACE_SCOPE_THREAD && r->owner == current))
			return r;
	return NULL;
}

/* Returns the nearest traced run that encloses @r, to whose @inner @r is added, or NULL. */
static struct bkt_run *run_outer(struct bkt_run *r)
{
	do
		r = r->parent;
	while (r && !r->traced);
	return r;
}

/* Allocates @inner->totals of the traced run around @r, to which closing @r will add. */
static int run_prepare_outer(struct bkt_run *r)
{
	struct bkt_run *outer = run_outer(r);
	u32 cap = BKT_TOTALS_SESSION;

	if (!outer || outer->inner.totals)
		return 0;
	if (outer->scope == BRICKTRACE_SCOPE_THREAD)
		cap = BKT_TOTALS_THREAD;
	if (!run_charge(outer, bkt_totals_size(cap)))
		return -EDQUOT;
	outer->inner.totals = bkt_totals_alloc(cap);
	if (outer->inner.totals)
		return 0;
	run_uncharge(outer, bkt_totals_size(cap));
	return -ENOMEM;
}

/* Reads all threads but current, which run_start() reads when all other work is done. */
static int run_trace_session(struct bkt_run *r, struct bkt_member **self)
{
	struct bkt_session *s = r->session;

	*self = bkt_member_walk(s, NULL, 0, 0);
	/* All threads may have exited since run_traceable(). */
	if (!s->base->walk->members)
		return -ESRCH;
	if (!run_charge(r, bkt_sums_size(s->base->walk)))
		return -EDQUOT;
	r->open = bkt_sums_copy(s->base->walk);
	return r->open ? 0 : -ENOMEM;
}

static int run_trace_thread(struct bkt_run *r)
{
	struct bkt_member *m = bkt_member_hold(r->session);
	size_t size;
	u8 used;

	if (IS_ERR(m))
		return PTR_ERR(m);
	r->member = m;
	used = m->follower.task->account.used;
	size = offsetof(struct bkt_snapshot, slots[used]);
	if (!run_charge(r, size + sizeof(*m->end)))
		return -EDQUOT;
	r->v = kmalloc(size, GFP_KERNEL_ACCOUNT);
	if (!r->v)
		return -ENOMEM;
	r->v->used = used;
	return 0;
}

/* Whether a run has a thread to trace. If it has none, the hooks need not be armed. */
static bool run_traceable(struct bkt_session *s, u32 scope)
{
	struct bkt_task *t;
	bool yes;

	spin_lock(&bkt_tasks_lock);
	t = bkt_task_find(current);
	yes = scope == BRICKTRACE_SCOPE_SESSION ? s->nr_members :
						  t && bkt_member_of(s, t);
	spin_unlock(&bkt_tasks_lock);
	return yes;
}

/*
 * If the operator has switched tracing off, or the host is being suspended, the run
 * opens untraced and says why (rule "provenance").
 */
static int run_trace(struct bkt_run *r, struct bkt_member **self)
{
	struct bkt_session *s = r->session;
	int ret;

	if (!run_traceable(s, r->scope))
		return -ESRCH;
	ret = bkt_hooks_get(&s->holder);
	if (ret == -ECANCELED || ret == -ESTALE) {
		r->reason = ret == -ECANCELED ? BRICKTRACE_REASON_DISABLED :
						BRICKTRACE_REASON_CLOCK;
		return 0;
	}
	if (ret)
		return ret;
	r->traced = true;
	r->reason = BRICKTRACE_REASON_NONE;
	r->generation = bkt_task_generation();
	/* The probes did not see the entry of this call if the hooks have just been armed. */
	bkt_task_control();
	ret = run_prepare_outer(r);
	if (ret)
		return ret;
	return r->scope == BRICKTRACE_SCOPE_SESSION ?
		       run_trace_session(r, self) :
		       run_trace_thread(r);
}

/*
 * Reads V of the run's thread, current. Its account gets no new slot after
 * run_trace_thread() has allocated @r->v, since this call has had its slot since its
 * entry or since current was first observed in it. There is one exception: the hooks
 * were disarmed and armed again while current slept, in an allocation for instance.
 * Then slots may be cut off here, and run_set_provenance() discards the figures.
 */
static void run_start_thread(struct bkt_run *r)
{
	struct bkt_snapshot *v = r->session->v;
	u8 room = r->v->used;

	bkt_member_read(r->member, U64_MAX, v);
	v->used = min(v->used, room);
	memcpy(r->v, v, offsetof(struct bkt_snapshot, slots[v->used]));
	r->start = v->t;
}

/* The last work of an opening call: the run begins here (rule "own-calls"). */
static void run_start(struct bkt_run *r, struct bkt_member *self)
{
	r->epoch = bkt_clock_epoch();
	r->start_ns = ktime_get_mono_fast_ns();
	if (self)
		r->start = bkt_member_walk_last(self, r->open);
	else if (r->member)
		run_start_thread(r);
	else
		r->start = bkt_clock_now();
}

static int run_open(struct bkt_session *s, u32 brick, u32 level, u32 scope,
		    struct bkt_run **opened)
{
	struct bkt_member *self = NULL;
	struct bkt_run *r;
	int ret;

	lockdep_assert_held(&s->lock);
	r = run_alloc(s);
	if (IS_ERR(r))
		return PTR_ERR(r);
	r->scope = scope;
	r->reason = BRICKTRACE_REASON_LEVEL;
	r->brick = bkt_session_brick(s, brick);
	ret = -ENOENT;
	if (!r->brick)
		goto err;
	ret = -EDQUOT;
	if (s->nr_runs >= BKT_MAX_RUNS)
		goto err;
	r->parent = run_parent(s, scope);
	r->depth = r->parent ? r->parent->depth + 1 : 0;
	ret = -ELOOP;
	if (r->depth >= BRICKTRACE_MAX_DEPTH)
		goto err;
	r->budget_ns = r->brick->budget_ns;
	if (level == BRICKTRACE_LEVEL_TRACE) {
		ret = run_trace(r, &self);
		if (ret)
			goto err;
	}
	r->id = ++s->runs_opened;
	list_add(&r->session_node, &s->runs);
	s->nr_runs++;
	if (r->parent)
		r->parent->children++;
	*opened = r;
	run_start(r, self);
	return 0;

err:
	run_free(r);
	return ret;
}

int bkt_run_open(struct bkt_session *s, u32 brick, u32 level, u32 scope,
		 u64 *run, u64 *parent)
{
	struct bkt_run *r;
	int ret;

	if (level > BRICKTRACE_LEVEL_TRACE || scope > BRICKTRACE_SCOPE_SESSION)
		return -EINVAL;
	if (mutex_lock_killable(&s->lock))
		return -EINTR;
	ret = run_open(s, brick, level, scope, &r);
	if (!ret) {
		*run = r->id;
		*parent = r->parent ? r->parent->id : 0;
	}
	mutex_unlock(&s->lock);
	return ret;
}

/*
 * Fills in the session's @result, in nanoseconds, with what the run's threads did
 * until @entered (rule "own-calls"). If the member of a run of scope thread has left,
 * returns the reason and sets @end to the moment.
 */
static enum bkt_leave_reason run_add_up(struct bkt_run *r, u64 entered, u64 *end)
{
	struct bkt_session *s = r->session;
	enum bkt_leave_reason reason = BKT_PRESENT;
	u64 limit;

	bkt_totals_clear(s->result);
	if (r->member) {
		limit = r->owner == current ? entered : U64_MAX;
		reason = bkt_member_read(r->member, limit, s->v);
		if (reason)
			*end = s->v->t;
		bkt_totals_add_thread(s->result,
				      r->member->follower.task->account.keys,
				      r->start, r->v, s->v);
	} else {
		bkt_member_walk(s, r->open, r->start, entered);
		bkt_base_since(s->base, r->open, s->result);
	}
	bkt_totals_to_ns(s->result);
	return reason;
}

/* Whether a run of scope session misses a thread, or part of what a thread did. */
static bool run_lost(struct bkt_run *r)
{
	bool lost;

	if (!r->open)
		return false;
	spin_lock(&bkt_tasks_lock);
	lost = r->session->base->sums->lost != r->open->lost;
	spin_unlock(&bkt_tasks_lock);
	return lost;
}

/*
 * Rule "provenance". The hooks may be disarmed and the clock may become unstable at
 * any time, so this follows all readings and their conversion to nanoseconds.
 */
static void run_set_provenance(struct bkt_run *r, enum bkt_leave_reason reason,
			       struct bricktrace_result *res)
{
	if (r->epoch != bkt_clock_epoch() || bkt_clock_stale()) {
		res->reason = BRICKTRACE_REASON_CLOCK;
		return;
	}
	if (!bkt_task_armed_since(r->generation)) {
		res->reason = BRICKTRACE_REASON_DISARMED;
		return;
	}
	res->provenance = BRICKTRACE_PARTIAL;
	if (reason == BKT_LEAVE_EXEC)
		res->reason = BRICKTRACE_REASON_OUT_OF_REACH;
	else if (run_lost(r))
		res->reason = BRICKTRACE_REASON_THREADS_LOST;
	else
		res->provenance = BRICKTRACE_MEASURED;
}

/* The time from the run's start to @end; to now if the clock became unstable. */
static u64 run_wall_ns(struct bkt_run *r, u64 end)
{
	u64 ns = end > r->start ? bkt_clock_ns(end - r->start) : 0;

	if (likely(r->epoch == bkt_clock_epoch() && !bkt_clock_stale()))
		return ns;
	return ktime_get_mono_fast_ns() - r->start_ns;
}

/* Fills in the record of a run. A failure leaves the run open and unchanged. */
static int run_finish(struct bkt_run *r, u64 entered, struct bkt_record *rec)
{
	struct bricktrace_result *res = &rec->result;
	enum bkt_leave_reason reason = BKT_PRESENT;
	u64 end = entered;
	int ret;

	if (r->traced) {
		reason = run_add_up(r, entered, &end);
		ret = bkt_record_alloc(rec, r->session->result);
		if (ret)
			return ret;
		bkt_breakdown(rec->breakdown, r->session->result, &r->inner,
			      r->session->edge_ps);
	}
	res->run = r->id;
	res->parent = r->parent ? r->parent->id : 0;
	res->brick = r->brick->id;
	res->depth = r->depth;
	res->budget_ns = r->budget_ns;
	res->start_ns = r->start_ns;
	res->wall_ns = run_wall_ns(r, end);
	if (res->wall_ns > r->budget_ns)
		res->flags |= BRICKTRACE_RESULT_OVER_BUDGET;
	if (reason)
		res->flags |= BRICKTRACE_RESULT_ABANDONED;
	res->reason = r->reason;
	if (r->traced)
		run_set_provenance(r, reason, res);
	if (res->provenance == BRICKTRACE_NOT_INSTRUMENTED)
		bkt_record_free(rec);
	else
		res->threads = r->session->result->threads;
	return 0;
}

static struct bkt_run *run_find(struct bkt_session *s, u64 id)
{
	struct bkt_run *r;

	list_for_each_entry(r, &s->runs, session_node)
		if (r->id == id)
			return r;
	return NULL;
}

static int run_close(struct bkt_session *s, u64 id, u64 entered,
		     struct bkt_record *rec)
{
	struct bkt_run *r = run_find(s, id), *outer;
	int ret;

	lockdep_assert_held(&s->lock);
	if (!r)
		return -ENOENT;
	if (r->children)
		return -EBUSY;
	ret = run_finish(r, entered, rec);
	if (ret)
		return ret;
	outer = rec->breakdown ? run_outer(r) : NULL;
	if (outer)
		bkt_breakdown_add_inner(&outer->inner, s->result,
					&rec->breakdown->times[BRICKTRACE_VIEW_INCLUSIVE]);
	run_unlink(r);
	run_free(r);
	return 0;
}

int bkt_run_close(struct bkt_session *s, u64 id, u64 entered,
		  struct bkt_record *rec)
{
	int ret;

	*rec = (struct bkt_record){};
	if (mutex_lock_killable(&s->lock))
		return -EINTR;
	ret = run_close(s, id, entered, rec);
	mutex_unlock(&s->lock);
	return ret;
}

static bool run_is_inside(const struct bkt_run *r, const struct bkt_run *outer)
{
	do
		r = r->parent;
	while (r && r != outer);
	return r;
}

void bkt_run_cancel(struct bkt_session *s, u64 id)
{
	struct bkt_run *r, *outer, *inner;

	mutex_lock(&s->lock);
	r = run_find(s, id);
	if (!r)
		goto out;
	/*
	 * Other threads may have opened runs inside this one: those move to its parent.
	 * A run precedes its parents in the list, so run_is_inside() still finds @r.
	 */
	list_for_each_entry(inner, &s->runs, session_node) {
		if (run_is_inside(inner, r))
			inner->depth--;
		if (inner->parent != r)
			continue;
		inner->parent = r->parent;
		if (r->parent)
			r->parent->children++;
	}
	/* Runs that were closed inside @r count as closed inside the run around @r. */
	outer = r->inner.totals ? run_outer(r) : NULL;
	if (outer)
		bkt_breakdown_add_inner(&outer->inner, r->inner.totals,
					&r->inner.times);
	run_unlink(r);
	run_free(r);
out:
	mutex_unlock(&s->lock);
}
