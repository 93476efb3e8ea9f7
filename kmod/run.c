// SPDX-License-Identifier: GPL-2.0
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include "context.h"
#include "hooks.h"
#include "member.h"
#include "reader.h"
#include "run.h"

/* How many closed runs a session keeps for the next ones, which then allocate nothing. */
#define RUN_SPARES 16

/* Who finds a run in the list of open runs must leave it alone unless it is open. */
enum run_state {
	RUN_OPENING,
	RUN_OPEN,
	RUN_CLOSING,	/* its result is being computed or published, without @runs_lock */
};

/* The buffers of a run of scope thread. */
struct run_room {
	struct bkt_snapshot begin;	/* V at @start of the run */
	struct bkt_snapshot end;	/* V when the run is closed */
	struct bkt_slow_list slow_list;	/* the thread's slow calls then */
	struct bkt_slow_top slow_top;	/* the run's slow calls */
	struct bkt_totals *totals;	/* the run's figures */
};

/* The order of the members leaves no holes: a run just fits into 1 KiB of slab memory. */
struct bkt_run {
	union {
		struct list_head session_node;	/* runs_lock: in the list of open runs */
		struct llist_node spare_node;	/* in the list of spares */
	};
	struct bkt_session *session;
	u64 id;
	struct bkt_brick *brick;
	struct bkt_run *parent;		/* runs_lock */
	u32 children;			/* runs_lock: open runs whose parent is this one */
	u8 depth;			/* runs_lock */
	u8 scope;
	bool automatic;			/* level auto: waits for nobody */
	bool has_context;		/* @context in @record has what was given to @root */
	enum run_state state;		/* run_is_open() */
	u32 labels;			/* @labels of the session when its label came to @record */
	u64 root;			/* as in bkt_encode_trace(); 0: the run itself */
	struct task_struct *owner;	/* the thread that opened it, with a reference */
	struct bkt_brick_open settings;	/* what the brick said */
	struct bkt_clock_moment opened;	/* shortly before @start; @ticks only if it is traced */
	u64 start;			/* ticks */
	u64 since;			/* runs_lock: ticks before @start; U64_MAX: not traced */
	u32 epoch;			/* of the clock, at @start */
	u32 reason;			/* enum bricktrace_reason, if it is not traced */
	u32 flags;			/* BRICKTRACE_RESULT_GRANTED, _REFUSED, _RELEASED */
	u32 generation;			/* if traced: of the arming under way at the beginning */
	struct bkt_record record;	/* filled in when the run is closed */
	const struct bkt_brick *named;	/* the brick whose name is in @record */

	bool traced;			/* if not, the fields below are not used */
	u32 offs;			/* bkt_hooks_offs() at the beginning */
	struct bkt_sums *open;		/* scope session: S at @start */
	struct bkt_member *member;	/* scope thread: from bkt_member_hold() */
	struct bkt_inner inner;		/* runs_lock: what the traced runs inside it did */
	size_t bytes;			/* charged for @open and @inner */

	struct run_room *room;		/* NULL until needed; a spare run keeps it */
};

static void run_room_free(struct bkt_session *s, struct run_room *room)
{
	if (!room)
		return;
	bkt_totals_free(room->totals);
	kvfree(room);
	bkt_user_uncharge(s->user, sizeof(*room) + bkt_totals_size(BKT_TOTALS_THREAD));
}

static int run_room_alloc(struct bkt_run *r)
{
	struct bkt_user *u = r->session->user;
	struct run_room *room = r->room;

	if (room)
		return 0;
	if (!bkt_user_charge(u, sizeof(*room) + bkt_totals_size(BKT_TOTALS_THREAD)))
		return -EDQUOT;
	room = kvmalloc(sizeof(*room), GFP_KERNEL_ACCOUNT);
	if (!room)
		goto err;
	room->totals = bkt_totals_alloc(BKT_TOTALS_THREAD);
	if (!room->totals)
		goto err_room;
	r->room = room;
	return 0;

err_room:
	kvfree(room);
err:
	bkt_user_uncharge(u, sizeof(*room) + bkt_totals_size(BKT_TOTALS_THREAD));
	return -ENOMEM;
}

/* run_untrace() uncharges these bytes. */
static bool run_charge(struct bkt_run *r, size_t bytes)
{
	if (!bkt_user_charge(r->session->user, bytes))
		return false;
	r->bytes += bytes;
	return true;
}

static void run_untrace(struct bkt_run *r)
{
	if (!r->traced)
		return;
	if (r->member)
		bkt_member_release(r->member);
	r->member = NULL;
	kvfree(r->open);
	r->open = NULL;
	bkt_totals_free(r->inner.totals);
	r->inner.totals = NULL;
	memset(&r->inner.times, 0, sizeof(r->inner.times));
	bkt_user_uncharge(r->session->user, r->bytes);
	r->bytes = 0;
	bkt_hooks_put(&r->session->holder);
	r->traced = false;
}

/* Keeps the run for another one, or frees it. No lock is held. */
static void run_free(struct bkt_run *r)
{
	struct bkt_session *s = r->session;

	bkt_record_free(&r->record);
	put_task_struct(r->owner);
	bkt_user_uncharge_run(s->user);
	if (atomic_read(&s->nr_spares) < RUN_SPARES) {
		atomic_inc(&s->nr_spares);
		llist_add(&r->spare_node, &s->spares);
		return;
	}
	run_room_free(s, r->room);
	kfree(r);
}

/*
 * Sets the session's floor, from which on slow calls may lie inside a traced run of this
 * arming. Bound: BKT_MAX_RUNS runs are passed.
 */
static void run_set_floor(struct bkt_session *s)
{
	u32 generation = bkt_task_generation();
	u64 floor = U64_MAX;
	struct bkt_run *r;

	lockdep_assert_held(&s->runs_lock);
	list_for_each_entry(r, &s->runs, session_node)
		if (r->since < floor && r->generation == generation)
			floor = r->since;
	WRITE_ONCE(s->slow_want.floor, floor);
}

/* Counts a run as traced from @since on, or if that is U64_MAX as not traced. */
static void run_count(struct bkt_run *r, u64 since)
{
	spin_lock(&r->session->runs_lock);
	r->since = since;
	run_set_floor(r->session);
	spin_unlock(&r->session->runs_lock);
}

static void run_unlink(struct bkt_run *r)
{
	lockdep_assert_held(&r->session->runs_lock);
	list_del(&r->session_node);
	if (r->since != U64_MAX)
		run_set_floor(r->session);
	r->session->nr_runs--;
	if (r->parent)
		r->parent->children--;
}

/* Only if a run is open, other fields of it may be read. */
static bool run_is_open(const struct bkt_run *r)
{
	/* Pairs with run_start() and bkt_run_close(). */
	return smp_load_acquire(&r->state) == RUN_OPEN;
}

/* Returns the run that would enclose a new run of current, or NULL (rule "nested"). */
static struct bkt_run *run_parent(struct bkt_session *s, u32 scope)
{
	struct bkt_run *r;

	list_for_each_entry(r, &s->runs, session_node)
		if (run_is_open(r) &&
		    (r->scope == BRICKTRACE_SCOPE_SESSION ||
		     (scope == BRICKTRACE_SCOPE_THREAD && r->owner == current)))
			return r;
	return NULL;
}

/* Returns a spare run, or NULL. */
static struct bkt_run *run_take_spare(struct bkt_session *s)
{
	struct llist_node *node;

	/* The lock makes this the only one to remove a node, as llist_del_first() wants. */
	lockdep_assert_held(&s->runs_lock);
	node = llist_del_first(&s->spares);
	if (!node)
		return NULL;
	atomic_dec(&s->nr_spares);
	return llist_entry(node, struct bkt_run, spare_node);
}

/* Gives a run its own context, that of the run around it, or that of its session. */
static noinline void run_link_context(struct bkt_session *s, struct bkt_run *r,
				      const struct bricktrace_run_open *a)
{
	const struct bricktrace_context *from = &s->context;

	lockdep_assert_held(&s->runs_lock);
	r->has_context = s->has_context;
	if (r->parent) {
		r->has_context = r->parent->has_context;
		from = &r->parent->record.origin.context;
	}
	if (a->flags & BRICKTRACE_RUN_CONTEXT) {
		r->root = 0;
		r->has_context = true;
		from = &a->context;
	}
	if (r->has_context)
		r->record.origin.context = *from;
}

/*
 * Makes a run known to others as one that is being opened, and gives it a parent, which
 * cannot be closed from now on. run_untrace() and bkt_record_free() have left the fields
 * of a spare run that are not set here as those of a new one. Bound: BKT_MAX_RUNS runs are
 * passed.
 */
static int run_link(struct bkt_session *s, struct bkt_run *r, struct bricktrace_run_open *a)
{
	lockdep_assert_held(&s->runs_lock);
	r->parent = run_parent(s, a->scope);
	r->depth = r->parent ? r->parent->depth + 1 : 0;
	if (s->nr_runs >= BKT_MAX_RUNS)
		return -EDQUOT;
	if (r->depth >= BRICKTRACE_MAX_DEPTH)
		return -ELOOP;
	a->parent = 0;
	r->root = 0;
	if (r->parent) {
		r->parent->children++;
		a->parent = r->parent->id;
		r->root = r->parent->root ?: r->parent->id;
	}
	if (unlikely(READ_ONCE(s->contexts)))
		run_link_context(s, r, a);
	r->state = RUN_OPENING;
	r->since = U64_MAX;
	r->scope = a->scope;
	r->children = 0;
	list_add(&r->session_node, &s->runs);
	s->nr_runs++;
	return 0;
}

/* Returns a linked run that belongs to current. */
static struct bkt_run *run_alloc(struct bkt_session *s, struct bricktrace_run_open *a)
{
	struct bkt_run *r, *new = NULL;
	int ret = -EDQUOT;

	/* The limit of open runs also bounds this memory, which is not charged in bytes. */
	if (!bkt_user_charge_run(s->user))
		return ERR_PTR(ret);
	for (;;) {
		spin_lock(&s->runs_lock);
		r = new ?: run_take_spare(s);
		if (r)
			ret = run_link(s, r, a);
		spin_unlock(&s->runs_lock);
		if (r)
			break;
		new = kzalloc(sizeof(*new), GFP_KERNEL_ACCOUNT);
		if (!new) {
			bkt_user_uncharge_run(s->user);
			return ERR_PTR(-ENOMEM);
		}
		new->record.origin.session = s->id;
		new->record.origin.uid = s->uid;
	}
	r->session = s;
	r->owner = get_task_struct(current);
	r->flags = 0;
	if (!ret)
		return r;
	run_free(r);
	return ERR_PTR(ret);
}

/* Returns the nearest traced run that encloses @r, to whose @inner @r is added, or NULL. */
static struct bkt_run *run_outer(struct bkt_run *r)
{
	lockdep_assert_held(&r->session->runs_lock);
	do
		r = r->parent;
	while (r && !r->traced);
	return r;
}

/*
 * Returns what bkt_totals_alloc() needs for @inner->totals of the traced run around @r, or
 * 0 if that run has them. If @totals have this size, the run takes them over.
 */
static u32 run_give_outer(struct bkt_run *r, struct bkt_totals **totals)
{
	struct bkt_run *outer;
	u32 cap = 0;

	spin_lock(&r->session->runs_lock);
	outer = run_outer(r);
	if (outer && !outer->inner.totals)
		cap = outer->scope == BRICKTRACE_SCOPE_THREAD ? BKT_TOTALS_THREAD :
								 BKT_TOTALS_SESSION;
	if (cap && *totals && (*totals)->cap == cap) {
		outer->bytes += bkt_totals_size(cap);
		swap(outer->inner.totals, *totals);
		cap = 0;
	}
	spin_unlock(&r->session->runs_lock);
	return cap;
}

/*
 * Allocates @inner->totals of the traced run around @r, to which closing @r will add. That
 * run may change meanwhile, if a run in between is cancelled.
 */
static int run_prepare_outer(struct bkt_run *r)
{
	struct bkt_user *u = r->session->user;
	struct bkt_totals *t = NULL;
	int ret = 0;
	u32 cap;

	while (!ret && (cap = run_give_outer(r, &t))) {
		if (t)
			bkt_user_uncharge(u, bkt_totals_size(t->cap));
		bkt_totals_free(t);
		t = NULL;
		if (!bkt_user_charge(u, bkt_totals_size(cap)))
			return -EDQUOT;
		t = bkt_totals_alloc(cap);
		if (!t) {
			bkt_user_uncharge(u, bkt_totals_size(cap));
			ret = -ENOMEM;
		}
	}
	if (t)
		bkt_user_uncharge(u, bkt_totals_size(t->cap));
	bkt_totals_free(t);
	return ret;
}

/* Takes the session's lock; a run at level auto does not wait for it. */
static int run_lock_session(const struct bkt_run *r)
{
	if (!r->automatic)
		return mutex_lock_killable(&r->session->lock) ? -EINTR : 0;
	return mutex_trylock(&r->session->lock) ? 0 : -EBUSY;
}

/* Reads all threads but current, which run_start() reads when all other work is done. */
static int run_trace_session(struct bkt_run *r, struct bkt_member **self)
{
	struct bkt_session *s = r->session;

	lockdep_assert_held(&s->lock);
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
	struct bkt_member *m;
	int ret = run_room_alloc(r);

	if (ret)
		return ret;
	m = bkt_member_hold(r->session);
	if (IS_ERR(m))
		return PTR_ERR(m);
	r->member = m;
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
 * Makes a run traced. @charge: if the session's limit has a grant, which is taken last, so
 * that only a run that is traced takes one; otherwise the error is -ENOSPC. If a run of
 * scope session is traced, the session's lock is held afterwards.
 */
static int run_trace(struct bkt_run *r, bool charge, struct bkt_member **self)
{
	bool wide = r->scope == BRICKTRACE_SCOPE_SESSION;
	struct bkt_session *s = r->session;
	int ret;

	if (!run_traceable(s, r->scope))
		return bkt_hooks_is_detached(&s->holder) ? -ESHUTDOWN : -ESRCH;
	/* The hooks are not armed for a run that will not be traced. */
	if (charge && !bkt_limit_ask(&s->limit))
		return -ENOSPC;
	r->offs = bkt_hooks_offs(&s->holder);
	ret = r->automatic ? bkt_hooks_try(&s->holder) : bkt_hooks_get(&s->holder);
	if (ret == -ECANCELED && bkt_hooks_is_detached(&s->holder))
		return -ESHUTDOWN;
	if (ret)
		return ret;
	r->traced = true;
	r->generation = bkt_task_generation();
	run_count(r, bkt_clock_now());
	/* The probes did not see the entry of this call if the hooks have just been armed. */
	bkt_task_control();
	ret = run_prepare_outer(r);
	if (ret)
		goto err;
	if (wide) {
		ret = run_lock_session(r);
		if (ret)
			goto err;
		ret = run_trace_session(r, self);
	} else {
		ret = run_trace_thread(r);
	}
	if (!ret && charge) {
		if (bkt_limit_take(&s->limit))
			r->flags |= BRICKTRACE_RESULT_GRANTED;
		else
			ret = -ENOSPC;
	}
	if (!ret)
		return 0;
	if (wide)
		mutex_unlock(&s->lock);
err:
	run_count(r, U64_MAX);
	run_untrace(r);
	/* The threads may just have left because of that. */
	return ret == -ESRCH && bkt_hooks_is_detached(&s->holder) ? -ESHUTDOWN : ret;
}

/* Returns why a run is not traced after run_trace() failed with @error. */
static enum bricktrace_reason run_reason(int error)
{
	switch (error) {
	case -ECANCELED:
		return BRICKTRACE_REASON_DISABLED;
	case -ESTALE:
		return BRICKTRACE_REASON_CLOCK;
	case -ENOSPC:
		return BRICKTRACE_REASON_RATE_LIMIT;
	case -EINPROGRESS:
		return BRICKTRACE_REASON_HOOKS_PENDING;
	case -ESRCH:
		return BRICKTRACE_REASON_NOT_REGISTERED;
	case -ESHUTDOWN:
		return BRICKTRACE_REASON_DETACHED;
	default:
		return BRICKTRACE_REASON_BUSY;
	}
}

/*
 * Traces an automatic or charged run, or says why it is not traced. The caller of another
 * run gets an error, unless tracing is off (rule "provenance").
 */
static int run_try(struct bkt_run *r, bool charge, struct bkt_member **self)
{
	int ret = run_trace(r, charge, self);

	r->reason = ret ? run_reason(ret) : BRICKTRACE_REASON_NONE;
	if (ret == -ENOSPC)
		r->flags |= BRICKTRACE_RESULT_REFUSED;
	if (r->automatic || charge || ret == -ECANCELED || ret == -ESTALE || ret == -ESHUTDOWN)
		return 0;
	return ret;
}

/*
 * Asks the brick for its settings, and traces the run if the caller or the brick wants it.
 * An open that fails does not count as a run of the brick.
 */
static int run_choose(struct bkt_run *r, const struct bricktrace_run_open *a,
		      struct bkt_member **self)
{
	struct bkt_thresholds *th = &r->session->thresholds;
	struct bkt_brick_open *set = &r->settings;
	int ret = 0;

	r->reason = BRICKTRACE_REASON_LEVEL;
	if (a->level == BRICKTRACE_LEVEL_TRACE)
		ret = run_try(r, a->flags & BRICKTRACE_RUN_CHARGE, self);
	if (ret)
		return ret;
	bkt_brick_open(r->brick, th, r->automatic, set, &r->record.assertions);
	if (a->level == BRICKTRACE_LEVEL_TRACE)
		set->why |= a->why ?: BRICKTRACE_WHY_MANUAL;
	else if (r->automatic && set->trace)
		ret = run_try(r, set->mode == BRICKTRACE_MODE_NEXT, self);
	return ret;
}

/*
 * Fills in what is known of the origin of a run that is closing. The session, and a brick or
 * label that has not changed, are still there from the last run that had this memory. Returns
 * whether the run remains linked until its record is published, so that nobody can close
 * the run around it before, which thus has a later place in all streams.
 */
static bool run_set_origin(struct bkt_run *r)
{
	struct bricktrace_origin *o = &r->record.origin;
	const struct bkt_session *s = r->session;

	lockdep_assert_held(&s->runs_lock);
	bkt_encode_trace(o, r->has_context, r->root ?: r->id, r->id);
	o->level = r->traced ? BRICKTRACE_LEVEL_TRACE : BRICKTRACE_LEVEL_MEASURE;
	o->scope = r->scope;
	if (r->named != r->brick) {
		memcpy(o->brick, r->brick->name, sizeof(o->brick));
		r->named = r->brick;
	}
	if (r->labels != s->labels) {
		memcpy(o->label, s->label, sizeof(o->label));
		r->labels = s->labels;
	}
	return r->parent;
}

/* The record gets the same IDs, whatever becomes of the runs around this one meanwhile. */
static noinline void run_get_context(const struct bkt_run *r, struct bricktrace_context *to)
{
	struct bricktrace_origin o = r->record.origin;

	bkt_encode_trace(&o, r->has_context, r->root ?: r->id, r->id);
	bkt_encode_ids(&o, r->id, 0);
	*to = o.context;
}

/*
 * The last work of an opening call: the run begins here (rule "own-calls"). Other threads
 * may close the run from now on.
 */
static void run_start(struct bkt_run *r, struct bkt_member *self)
{
	r->epoch = bkt_clock_epoch();
	if (r->traced)
		bkt_clock_both(&r->opened);
	else
		r->opened.ns = ktime_get_mono_fast_ns();
	if (self) {
		r->start = bkt_member_walk_last(self, r->open);
	} else if (r->member) {
		bkt_member_read(r->member, U64_MAX, &r->room->begin);
		r->start = r->room->begin.t;
	} else {
		r->start = bkt_clock_now();
	}
	/* Pairs with run_is_open(). */
	smp_store_release(&r->state, RUN_OPEN);
}

/* Checks the flags of a run that has any. */
static noinline bool run_flags_valid(struct bkt_session *s, const struct bricktrace_run_open *a)
{
	if (a->flags & BRICKTRACE_RUN_CHARGE && a->level != BRICKTRACE_LEVEL_TRACE)
		return false;
	if (!(a->flags & BRICKTRACE_RUN_CONTEXT))
		return true;
	/* From now on, opening a run asks for contexts. */
	WRITE_ONCE(s->contexts, true);
	return bkt_context_valid(&a->context);
}

int bkt_run_open(struct bkt_session *s, struct bricktrace_run_open *a)
{
	struct bkt_member *self = NULL;
	struct bkt_brick *brick;
	struct bkt_run *r;
	int ret;

	if (a->level > BRICKTRACE_LEVEL_AUTO || a->scope > BRICKTRACE_SCOPE_SESSION ||
	    a->why & ~BKT_RUN_CALLERS_WHY || (a->level != BRICKTRACE_LEVEL_TRACE && a->why) ||
	    (a->flags && !run_flags_valid(s, a)))
		return -EINVAL;
	brick = bkt_session_brick(s, a->brick);
	if (!brick)
		return -ENOENT;
	r = run_alloc(s, a);
	if (IS_ERR(r))
		return PTR_ERR(r);
	r->brick = brick;
	r->automatic = a->level == BRICKTRACE_LEVEL_AUTO;
	ret = run_choose(r, a, &self);
	if (ret) {
		spin_lock(&s->runs_lock);
		run_unlink(r);
		spin_unlock(&s->runs_lock);
		run_free(r);
		return ret;
	}
	a->effective_level = r->traced ? BRICKTRACE_LEVEL_TRACE : BRICKTRACE_LEVEL_MEASURE;
	a->reason = r->reason;
	a->mode = r->settings.mode;
	r->id = atomic64_inc_return(&s->runs_opened);
	a->run = r->id;
	if (unlikely(a->flags & BRICKTRACE_RUN_IDS))
		run_get_context(r, &a->context);
	run_start(r, self);
	if (a->effective_level && a->scope == BRICKTRACE_SCOPE_SESSION)
		mutex_unlock(&s->lock);
	return 0;
}

/*
 * Fills in @totals, in nanoseconds, with what the run's threads did until @entered (rule
 * "own-calls"). If the member of a run of scope thread has left, returns the reason and
 * sets @end to the moment.
 */
static enum bkt_leave_reason run_add_up(struct bkt_run *r, u64 entered,
					struct bkt_totals *totals, u64 *end)
{
	enum bkt_leave_reason reason = BKT_PRESENT;
	struct bkt_session *s = r->session;
	u64 limit;

	bkt_totals_clear(totals);
	if (r->member) {
		limit = r->owner == current ? entered : U64_MAX;
		reason = bkt_member_read(r->member, limit, &r->room->end);
		if (reason)
			*end = r->room->end.t;
		bkt_totals_add_thread(totals, r->member->keys, r->start, &r->room->begin,
				      &r->room->end);
		bkt_member_slow(r->member, r->start, &r->room->end, &r->room->slow_list,
				&r->room->slow_top);
	} else {
		bkt_member_walk(s, r->open, r->start, entered);
		bkt_base_since(s->base, r->open, totals);
	}
	bkt_totals_to_ns(totals);
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
	if (!bkt_task_armed_since(r->generation) ||
	    r->offs != bkt_hooks_offs(&r->session->holder)) {
		res->reason = bkt_hooks_is_detached(&r->session->holder) ?
			      BRICKTRACE_REASON_DETACHED : BRICKTRACE_REASON_DISARMED;
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
	return ktime_get_mono_fast_ns() - r->opened.ns;
}

/* Fills in the parts of a result that do not depend on the run's end. */
static void run_describe(const struct bkt_run *r, struct bricktrace_result *res)
{
	const struct bkt_window_figures *w = &r->settings.window;

	lockdep_assert_held(&r->session->runs_lock);
	memset(res, 0, sizeof(*res));
	res->run = r->id;
	res->parent = r->parent ? r->parent->id : 0;
	res->brick = r->brick->id;
	res->depth = r->depth;
	res->budget_ns = r->settings.budget_ns;
	res->start_ns = r->opened.ns;
	res->reason = r->reason;
	res->flags = r->flags;
	res->why = r->settings.why;
	res->mode = r->settings.mode;
	res->brick_run = r->settings.number;
	res->window_runs = w->runs;
	res->window_kept = w->kept;
	res->window_sum = w->sum;
	res->window_squares.low = w->squares;
	res->window_squares.high = w->squares >> 64;
	res->window_median2 = w->median2;
}

/*
 * The clock is read before a run starts. What came in between, an interrupt or a hypervisor, is
 * added if it took longer than this: 20 to 65 us.
 */
#define RUN_LATE_TICKS	BIT(16)

/*
 * Fills in the figures of a traced run. @totals is a buffer, or NULL if the run cannot be
 * measured. A failure leaves the run as it was.
 */
static int run_measure(struct bkt_run *r, u64 entered, struct bkt_totals *totals)
{
	enum bkt_leave_reason reason = BKT_PRESENT;
	struct bkt_record *rec = &r->record;
	struct bricktrace_result *res = &rec->result;
	struct bkt_session *s = r->session;
	const struct bkt_slow_top *top;
	u64 end = entered;
	int ret;

	if (totals) {
		reason = run_add_up(r, entered, totals, &end);
		top = r->member ? &r->room->slow_top : s->slow_top;
		ret = bkt_record_alloc(rec, totals, top->n);
		if (ret)
			return ret;
		bkt_breakdown(rec->breakdown, totals, &r->inner, s->base->ioctl,
			      READ_ONCE(s->edge_ps));
		bkt_record_add_slow(rec, top, s->base->ioctl, &r->opened);
	}
	/* A run of a detached session goes on, although its threads have left. */
	if (unlikely(reason) && bkt_hooks_is_detached(&s->holder))
		end = entered;
	else if (unlikely(reason))
		res->flags |= BRICKTRACE_RESULT_ABANDONED;
	res->wall_ns = run_wall_ns(r, end);
	if (totals)
		run_set_provenance(r, reason, res);
	if (res->provenance == BRICKTRACE_NOT_INSTRUMENTED) {
		bkt_record_drop_breakdown(rec);
		return 0;
	}
	res->threads = totals->threads;
	if (unlikely((s64)(r->start - r->opened.ticks) > (s64)RUN_LATE_TICKS))
		res->start_ns += bkt_clock_ns(r->start - r->opened.ticks);
	return 0;
}

/* Decides whether a run is interesting and whether it takes a grant. */
static void run_judge(struct bkt_run *r, struct bkt_record *rec)
{
	struct bricktrace_result *res = &rec->result;
	struct bkt_session *s = r->session;

	if (res->wall_ns > res->budget_ns) {
		res->flags |= BRICKTRACE_RESULT_OVER_BUDGET;
		res->why |= BRICKTRACE_WHY_OVER_BUDGET;
	}
	if (rec->assertions) {
		bkt_assertions_check(rec->assertions, res, rec->breakdown, &rec->verdict);
		res->passed = hweight32(rec->verdict.passed);
		res->failed = hweight32(rec->verdict.failed);
		res->not_evaluated = rec->assertions->n - res->passed - res->failed;
		if (res->failed)
			res->why |= BRICKTRACE_WHY_ASSERTION;
	}
	if (res->why)
		res->flags |= BRICKTRACE_RESULT_INTERESTING;
	if (res->why && r->automatic && res->mode == BRICKTRACE_MODE_TAIL &&
	    res->reason != BRICKTRACE_REASON_DISABLED && !bkt_hooks_is_off(&s->holder))
		res->flags |= bkt_limit_take(&s->limit) ? BRICKTRACE_RESULT_GRANTED :
							  BRICKTRACE_RESULT_REFUSED;
	if (res->flags & BRICKTRACE_RESULT_GRANTED && bkt_limit_take(&bkt_limit_host))
		res->flags |= BRICKTRACE_RESULT_HOST;
}

static struct bkt_run *run_find(struct bkt_session *s, u64 id)
{
	struct bkt_run *r;

	lockdep_assert_held(&s->runs_lock);
	list_for_each_entry(r, &s->runs, session_node)
		if (run_is_open(r) && r->id == id)
			return r;
	return NULL;
}

/*
 * Ends a traced run that is closing: adds it to the run around it, and unlinks it unless it
 * remains @linked. Bound: the totals of a session-wide run have BKT_TOTALS_SESSION entries.
 */
static void run_end(struct bkt_run *r, const struct bkt_totals *totals, bool linked)
{
	const struct bkt_breakdown *b = r->record.breakdown;
	struct bkt_run *outer;

	spin_lock(&r->session->runs_lock);
	outer = b ? run_outer(r) : NULL;
	if (outer)
		bkt_breakdown_add_inner(&outer->inner, totals,
					&b->times[BRICKTRACE_VIEW_INCLUSIVE]);
	if (!linked)
		run_unlink(r);
	spin_unlock(&r->session->runs_lock);
}

/* Closes a traced run, whose state is RUN_CLOSING. A failure leaves it as it was. */
static int run_close(struct bkt_run *r, u64 entered, bool linked)
{
	struct bkt_session *s = r->session;
	struct bkt_totals *totals = NULL;
	int ret;

	if (r->member) {
		totals = r->room->totals;
	} else {
		ret = run_lock_session(r);
		if (ret == -EINTR)
			return ret;
		if (!ret)
			totals = s->result;
		else
			r->record.result.reason = BRICKTRACE_REASON_BUSY;
	}
	ret = run_measure(r, entered, totals);
	if (!ret)
		run_end(r, totals, linked);
	if (totals && totals == s->result)
		mutex_unlock(&s->lock);
	if (!ret)
		run_untrace(r);
	return ret;
}

/* Passes on the record of a run, and then unlinks a run that is @linked. */
static inline void run_publish(struct bkt_run *r, bool linked)
{
	const struct bricktrace_result *res = &r->record.result;
	struct bkt_session *s = r->session;

	r->record.origin.end_unix_ns =
		ktime_to_ns(ktime_mono_to_real(ns_to_ktime(res->start_ns + res->wall_ns)));
	bkt_reader_publish(READ_ONCE(s->reader), &r->record, r->owner);
	if (!linked)
		return;
	spin_lock(&s->runs_lock);
	run_unlink(r);
	spin_unlock(&s->runs_lock);
}

struct bkt_record *bkt_run_close(struct bkt_session *s, u64 id, u64 entered)
{
	bool wanted = bkt_reader_wants(READ_ONCE(s->reader)), linked = false;
	struct bkt_run *r;
	int ret = 0;

	spin_lock(&s->runs_lock);
	r = run_find(s, id);
	if (!r || r->children) {
		ret = r ? -EBUSY : -ENOENT;
	} else {
		run_describe(r, &r->record.result);
		if (unlikely(wanted))
			linked = run_set_origin(r);
		if (unlikely(linked) || r->traced)
			r->state = RUN_CLOSING;
		else
			run_unlink(r);
	}
	spin_unlock(&s->runs_lock);
	if (ret)
		return ERR_PTR(ret);
	if (!r->traced) {
		r->record.result.wall_ns = run_wall_ns(r, entered);
	} else {
		ret = run_close(r, entered, linked);
		if (ret) {
			/* Pairs with run_is_open(). */
			smp_store_release(&r->state, RUN_OPEN);
			return ERR_PTR(ret);
		}
	}
	run_judge(r, &r->record);
	bkt_brick_close(r->brick, &r->record);
	if (unlikely(wanted))
		run_publish(r, linked);
	return &r->record;
}

void bkt_run_done(struct bkt_record *rec)
{
	run_free(container_of(rec, struct bkt_run, record));
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

	spin_lock(&s->runs_lock);
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
out:
	spin_unlock(&s->runs_lock);
	if (!r)
		return;
	run_untrace(r);
	run_free(r);
}

/* Ends an open run of a session that is being released. */
static void run_release(struct bkt_run *r)
{
	struct bkt_session *s = r->session;
	struct bkt_record *rec;

	if (!bkt_reader_wants(NULL)) {
		spin_lock(&s->runs_lock);
		run_unlink(r);
		spin_unlock(&s->runs_lock);
		run_untrace(r);
		run_free(r);
		return;
	}
	r->flags |= BRICKTRACE_RESULT_RELEASED;
	rec = bkt_run_close(s, r->id, bkt_clock_now());
	if (IS_ERR(rec)) {
		/* There is no memory for the breakdown. */
		run_untrace(r);
		r->reason = BRICKTRACE_REASON_BUSY;
		rec = bkt_run_close(s, r->id, bkt_clock_now());
	}
	bkt_run_done(rec);
}

void bkt_run_end_all(struct bkt_session *s)
{
	struct bkt_run *r, *next;

	/*
	 * Nobody else uses the session, so that all runs are open, and the list does not change
	 * between two runs. A run precedes those around it.
	 */
	list_for_each_entry_safe(r, next, &s->runs, session_node)
		run_release(r);
	llist_for_each_entry_safe(r, next, llist_del_all(&s->spares), spare_node) {
		run_room_free(s, r->room);
		kfree(r);
	}
}
