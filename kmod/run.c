// SPDX-License-Identifier: GPL-2.0
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include "hooks.h"
#include "run.h"

/* Also the largest structure that a caller may pass. */
#define MAX_STRUCT 4096
#define MAX_SYSCALLS 4096

struct bt_run {
	struct list_head of_session;
	struct bt_session *session;
	u64 id;
	struct bt_brick *brick;
	struct bt_run *parent;
	u32 children;			/* open runs that it encloses */
	u32 depth;
	u32 level;
	u32 scope;
	struct pid *owner;		/* the opening thread, for nesting */
	u64 budget_ns;
	u64 start_ns;
	u64 start;			/* ticks */
	bool tsc;			/* of the epoch of @start */

	/* Level trace only. */
	u32 generation;
	struct bt_totals *sum;		/* room for the result */
	struct bt_snapshot *end;	/* and for one thread's last reading */
	struct bt_totals *inner;	/* ns: what closed children had */
	struct bricktrace_times inner_times;
	struct list_head of_wide;	/* bt_books; scope session only */
	struct list_head covers;	/* bt_books */
	struct bt_totals *departed;	/* bt_books; scope session only */
	u64 lost;			/* bt_books: the session's, at opening */
	bool pinned;			/* bt_books: covers stay */
	bool closing;			/* bt_books: nobody joins */
};

/* A task's part in a traced run. Holds the task's account. */
struct bt_cover {
	struct list_head of_run;	/* bt_books */
	struct list_head of_member;	/* bt_books; empty when it has left */
	struct bt_run *run;
	struct bt_task *task;
	u64 begin;			/* ticks */
	struct bt_snapshot *start;	/* V(begin), NULL: born inside */
};

static struct bt_cover *cover_alloc(gfp_t gfp, bool start)
{
	struct bt_cover *c = kzalloc(sizeof(*c), gfp | __GFP_ACCOUNT);

	if (!c || !start)
		return c;
	c->start = kmalloc(sizeof(*c->start), gfp | __GFP_ACCOUNT);
	if (!c->start) {
		kfree(c);
		return NULL;
	}
	return c;
}

static void cover_free(struct bt_cover *c)
{
	if (!c)
		return;
	bt_task_put(c->task);
	kfree(c->start);
	kfree(c);
}

static void cover_attach(struct bt_cover *c, struct bt_run *r,
			 struct bt_member *m)
{
	lockdep_assert_held(&bt_books);
	c->run = r;
	c->task = bt_task_get(m->follower.task);
	list_add_tail(&c->of_run, &r->covers);
	list_add_tail(&c->of_member, &m->covers);
}

static void cover_add(struct bt_cover *c, struct bt_totals *to,
		      const struct bt_snapshot *end)
{
	bt_totals_add_thread(to, c->task->account.keys, c->begin, c->start, end);
}

bool bt_run_born(struct bt_member *m)
{
	struct bt_cover *c;
	struct bt_run *r;

	lockdep_assert_held(&bt_books);
	list_for_each_entry(r, &m->session->wide, of_wide) {
		if (r->closing)
			continue;
		c = cover_alloc(GFP_NOWAIT | __GFP_NOWARN, false);
		if (!c)
			return false;
		c->begin = m->follower.task->account.t_begin;
		cover_attach(c, r, m);
	}
	return true;
}

static bool covered(const struct bt_member *m, const struct bt_run *r)
{
	struct bt_cover *c;

	list_for_each_entry(c, &m->covers, of_member)
		if (c->run == r)
			return true;
	return false;
}

bool bt_run_any_wide(struct bt_session *s)
{
	/* Runs come and go under the session's mutex only. */
	lockdep_assert_held(&s->lock);
	return !list_empty(&s->wide);
}

void bt_run_catch_up(struct bt_session *s, struct bt_task *t)
{
	struct bt_member *m;
	struct bt_cover *c;
	struct bt_run *r;

	lockdep_assert_held(&s->lock);
	list_for_each_entry(r, &s->wide, of_wide) {
		c = cover_alloc(GFP_KERNEL, true);
		if (c) {
			bt_task_read(t, U64_MAX, c->start);
			c->begin = c->start->t;
		}
		spin_lock(&bt_books);
		m = bt_member_of(s, t);
		/* Born meanwhile of one that has joined, it has its cover. */
		if (m && !covered(m, r)) {
			if (c)
				cover_attach(c, r, m);
			else
				s->lost++;
			c = NULL;
		}
		spin_unlock(&bt_books);
		cover_free(c);
	}
}

void bt_run_depart(struct bt_member *m, const struct bt_snapshot *end)
{
	struct bt_cover *c, *next;

	lockdep_assert_held(&bt_books);
	list_for_each_entry_safe(c, next, &m->covers, of_member) {
		list_del_init(&c->of_member);
		if (c->run->pinned || !c->run->departed)
			continue;
		cover_add(c, c->run->departed, end);
		list_del(&c->of_run);
		cover_free(c);
	}
}

bool bt_run_covers(const struct bt_member *m)
{
	struct bt_cover *c;

	lockdep_assert_held(&bt_books);
	list_for_each_entry(c, &m->covers, of_member)
		if (c->run->scope == BRICKTRACE_SCOPE_THREAD)
			return true;
	return false;
}

static struct bt_run *run_alloc(struct bt_session *s)
{
	struct bt_run *r = s->spare;

	if (!r)
		return kzalloc(sizeof(*r), GFP_KERNEL_ACCOUNT);
	s->spare = NULL;
	memset(r, 0, sizeof(*r));
	return r;
}

static void run_free(struct bt_run *r)
{
	struct bt_session *s = r->session;

	struct bt_cover *c, *next;

	if (r->level == BRICKTRACE_LEVEL_TRACE) {
		spin_lock(&bt_books);
		list_for_each_entry(c, &r->covers, of_run)
			list_del(&c->of_member);
		list_del(&r->of_wide);
		spin_unlock(&bt_books);
		list_for_each_entry_safe(c, next, &r->covers, of_run)
			cover_free(c);
		bt_totals_free(r->departed);
		bt_totals_free(r->inner);
		bt_totals_free(r->sum);
		kfree(r->end);
	}
	put_pid(r->owner);
	/* Most runs are opened when another one has just been closed. */
	if (s->spare)
		kfree(r);
	else
		s->spare = r;
}

static void run_unlink(struct bt_run *r)
{
	list_del(&r->of_session);
	r->session->nr_runs--;
	if (r->parent)
		r->parent->children--;
	if (r->level == BRICKTRACE_LEVEL_TRACE)
		bt_hooks_put();
}

void bt_run_end_all(struct bt_session *s)
{
	struct bt_run *r, *next;

	lockdep_assert_held(&s->lock);
	list_for_each_entry_safe(r, next, &s->runs, of_session) {
		run_unlink(r);
		run_free(r);
	}
	kfree(s->spare);
}

static struct bt_run *find_parent(struct bt_session *s, u32 scope)
{
	struct bt_run *r;

	list_for_each_entry(r, &s->runs, of_session)
		if (r->scope == BRICKTRACE_SCOPE_SESSION ||
		    (scope == BRICKTRACE_SCOPE_THREAD &&
		     r->owner == task_pid(current)))
			return r;
	return NULL;
}

/* Covers the calling thread; its value is read when all else is done. */
static int cover_thread(struct bt_run *r, struct bt_cover **self)
{
	struct bt_cover *c = cover_alloc(GFP_KERNEL, true);
	struct bt_member *m = NULL;
	struct bt_task *t;

	if (!c)
		return -ENOMEM;
	spin_lock(&bt_books);
	t = bt_task_find(current);
	if (t)
		m = bt_member_of(r->session, t);
	if (m)
		cover_attach(c, r, m);
	spin_unlock(&bt_books);
	if (!m) {
		cover_free(c);
		return -ESRCH;
	}
	*self = c;
	return 0;
}

static void covers_free(struct bt_cover **covers, u32 n)
{
	while (n)
		cover_free(covers[--n]);
	kvfree(covers);
}

static struct bt_cover **covers_alloc(u32 n)
{
	struct bt_cover **covers;
	u32 i;

	covers = kvcalloc(n, sizeof(*covers), GFP_KERNEL_ACCOUNT);
	for (i = 0; covers && i < n; i++) {
		covers[i] = cover_alloc(GFP_KERNEL, true);
		if (!covers[i]) {
			covers_free(covers, i);
			return NULL;
		}
	}
	return covers;
}

/* Covers each member, and reads the values of all but the caller's. */
static int cover_session(struct bt_run *r, struct bt_cover **self)
{
	struct bt_session *s = r->session;
	struct bt_cover **covers = NULL;
	struct bt_member *m;
	u32 room = 0, n = 0, i;

	spin_lock(&bt_books);
	while (s->nr_members > room) {
		spin_unlock(&bt_books);
		covers_free(covers, room);
		/* More, for those that are born meanwhile. */
		room = READ_ONCE(s->nr_members) + 8;
		covers = covers_alloc(room);
		if (!covers)
			return -ENOMEM;
		spin_lock(&bt_books);
	}
	list_for_each_entry(m, &s->members, of_session) {
		if (m->follower.task->task == current)
			*self = covers[n];
		cover_attach(covers[n++], r, m);
	}
	r->pinned = true;
	r->lost = s->lost;
	list_add(&r->of_wide, &s->wide);
	spin_unlock(&bt_books);

	for (i = 0; i < n; i++) {
		if (covers[i] != *self) {
			bt_task_read(covers[i]->task, U64_MAX, covers[i]->start);
			covers[i]->begin = covers[i]->start->t;
		}
		covers[i] = NULL;
	}
	spin_lock(&bt_books);
	r->pinned = false;
	spin_unlock(&bt_books);
	covers_free(covers, room);
	return n ? 0 : -ESRCH;
}

static int trace(struct bt_run *r, struct bt_cover **self)
{
	bool wide = r->scope == BRICKTRACE_SCOPE_SESSION;
	u32 cap = wide ? BT_TOTALS_SESSION : BT_TOTALS_THREAD;

	r->end = kmalloc(sizeof(*r->end), GFP_KERNEL_ACCOUNT);
	r->sum = bt_totals_alloc(cap);
	if (!r->end || !r->sum)
		return -ENOMEM;
	if (wide) {
		r->departed = bt_totals_alloc(cap);
		if (!r->departed)
			return -ENOMEM;
	}
	if (r->parent && r->parent->sum && !r->parent->inner) {
		r->parent->inner = bt_totals_alloc(r->parent->sum->cap);
		if (!r->parent->inner)
			return -ENOMEM;
	}
	r->generation = bt_task_generation();
	return wide ? cover_session(r, self) : cover_thread(r, self);
}

/* Whether there is anybody to trace: asked before the hooks are armed for it. */
static bool traceable(struct bt_session *s, u32 scope)
{
	struct bt_task *t;
	bool yes;

	spin_lock(&bt_books);
	t = bt_task_find(current);
	yes = scope == BRICKTRACE_SCOPE_SESSION ? s->nr_members :
						  t && bt_member_of(s, t);
	spin_unlock(&bt_books);
	return yes;
}

int bt_run_open(struct bt_session *s, struct bricktrace_open *arg,
		const struct bt_uarg *uarg)
{
	struct bt_cover *self = NULL;
	struct bt_run *r;
	int ret;

	lockdep_assert_held(&s->lock);
	if (arg->level > BRICKTRACE_LEVEL_TRACE ||
	    arg->scope > BRICKTRACE_SCOPE_SESSION || arg->reserved)
		return -EINVAL;
	r = run_alloc(s);
	if (!r)
		return -ENOMEM;
	r->session = s;
	r->scope = arg->scope;
	r->owner = get_pid(task_pid(current));
	r->brick = bt_session_brick(s, arg->brick);
	ret = -ENOENT;
	if (!r->brick)
		goto err;
	ret = -EDQUOT;
	if (s->nr_runs >= BT_MAX_RUNS)
		goto err;
	r->parent = find_parent(s, arg->scope);
	r->depth = r->parent ? r->parent->depth + 1 : 0;
	ret = -ELOOP;
	if (r->depth >= BRICKTRACE_MAX_DEPTH)
		goto err;
	r->id = s->runs_opened + 1;
	r->budget_ns = r->brick->budget_ns;

	if (arg->level == BRICKTRACE_LEVEL_TRACE) {
		ret = -ESRCH;
		if (!traceable(s, arg->scope))
			goto err;
		ret = bt_hooks_get();
		if (ret)
			goto err;
		r->level = BRICKTRACE_LEVEL_TRACE;
		INIT_LIST_HEAD(&r->covers);
		INIT_LIST_HEAD(&r->of_wide);
		/* If the hooks have just been armed, this call was not seen. */
		bt_task_control();
		ret = trace(r, &self);
		if (ret)
			goto err_hooks;
	}
	arg->run = r->id;
	arg->parent = r->parent ? r->parent->id : 0;
	ret = bt_uarg_put(uarg, arg, sizeof(*arg));
	if (ret)
		goto err_hooks;

	list_add(&r->of_session, &s->runs);
	s->nr_runs++;
	s->runs_opened++;
	if (r->parent)
		r->parent->children++;
	r->tsc = static_key_enabled(&bt_clock_is_tsc);
	r->start_ns = ktime_get_mono_fast_ns();
	if (self) {
		bt_task_read(self->task, U64_MAX, self->start);
		self->begin = self->start->t;
		r->start = self->begin;
	} else {
		r->start = bt_clock_now();
	}
	return 0;

err_hooks:
	if (r->level == BRICKTRACE_LEVEL_TRACE)
		bt_hooks_put();
err:
	run_free(r);
	return ret;
}

static u64 sub(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

static void figures_all(struct bricktrace_figures *to,
			const struct bt_figures *f)
{
	to->count = f->count;
	to->in_flight = f->in_flight;
	to->errors = f->errors;
	to->ns = f->time;
	to->offcpu_ns = f->offcpu;
	to->max_ns = f->max && !f->max_unknown ? f->max : BRICKTRACE_NONE;
}

static void figures_self(struct bricktrace_figures *to,
			 const struct bt_figures *f, const struct bt_figures *in)
{
	to->count = sub(f->count, in ? in->count : 0);
	to->in_flight = 0;
	to->errors = sub(f->errors, in ? in->errors : 0);
	to->ns = sub(f->time, in ? in->time : 0);
	to->offcpu_ns = sub(f->offcpu, in ? in->offcpu : 0);
	to->max_ns = BRICKTRACE_NONE;
}

static void figures_add(struct bricktrace_figures *to,
			const struct bricktrace_figures *f)
{
	to->count += f->count;
	to->in_flight += f->in_flight;
	to->errors += f->errors;
	to->ns += f->ns;
	to->offcpu_ns += f->offcpu_ns;
}

/* The longest of a category is known if those of all its calls are. */
static void figures_max(struct bricktrace_figures *to, bool *unknown,
			const struct bt_figures *f)
{
	if (!f->count)
		return;
	if (!f->max || f->max_unknown)
		*unknown = true;
	else if (to->max_ns == BRICKTRACE_NONE || f->max > to->max_ns)
		to->max_ns = f->max;
}

static int put_syscall(const struct bricktrace_close *arg, u32 i,
		       const struct bricktrace_syscall *sc)
{
	u8 __user *to = u64_to_user_ptr(arg->syscalls);

	to += (size_t)i * arg->syscall_size;
	if (copy_to_user(to, sc, sizeof(*sc)) ||
	    clear_user(to + sizeof(*sc), arg->syscall_size - sizeof(*sc)))
		return -EFAULT;
	return 0;
}

/* Makes the breakdown of r->sum, which is in nanoseconds. */
static int break_down(struct bt_run *r, const struct bricktrace_close *arg,
		      struct bricktrace_result *res)
{
	bool unknown[BRICKTRACE_CATEGORIES] = {};
	const struct bricktrace_times *inner = &r->inner_times;
	struct bt_totals *sum = r->sum;
	u64 rest = sum->thread, offcpu = sum->offcpu, calls = 0, edge = 0;
	u64 self_rest, self_offcpu, self_edge = 0;
	int i, ret;

	for (i = 0; i < BRICKTRACE_CATEGORIES; i++) {
		res->category[i].max_ns = BRICKTRACE_NONE;
		res->self_category[i].max_ns = BRICKTRACE_NONE;
	}
	for (i = 0; i < sum->cap; i++) {
		const struct bt_total *e = &sum->total[i];
		struct bricktrace_syscall sc = {};
		enum bricktrace_abi abi;
		struct bt_figures *in;

		if (!e->used)
			continue;
		in = r->inner ? bt_totals_get(r->inner, e->key) : NULL;
		calls += sub(e->f.count, in ? in->count : 0);
		rest = sub(rest, e->f.time);
		offcpu = sub(offcpu, e->f.offcpu);
		if (e->key == BT_KEY_CONTROL) {
			res->all.control_ns = e->f.time;
			continue;
		}
		sc.nr = bt_syscall_nr(e->key, &abi);
		sc.abi = abi;
		sc.category = bt_syscall_category(e->key);
		figures_all(&sc.all, &e->f);
		figures_self(&sc.self, &e->f, in);
		figures_add(&res->category[sc.category], &sc.all);
		figures_add(&res->self_category[sc.category], &sc.self);
		figures_max(&res->category[sc.category],
			    &unknown[sc.category], &e->f);
		if (res->syscalls < arg->syscalls_cap) {
			ret = put_syscall(arg, res->syscalls, &sc);
			if (ret)
				return ret;
		}
		res->syscalls++;
	}
	for (i = 0; i < BRICKTRACE_CATEGORIES; i++)
		if (unknown[i])
			res->category[i].max_ns = BRICKTRACE_NONE;

	self_rest = sub(rest, inner->compute_ns + inner->edge_ns);
	self_offcpu = min(sub(offcpu, inner->compute_offcpu_ns), self_rest);
	/* Differences of rounded figures: the children's may exceed ours by one. */
	offcpu = min(inner->compute_offcpu_ns + self_offcpu, rest);
	/* An estimate: no more than was computed, in the children or outside them. */
	if (r->session->edge_ps != BRICKTRACE_NONE) {
		self_edge = min(mul_u64_u64_div_u64(calls, r->session->edge_ps, 1000),
				self_rest - self_offcpu);
		edge = min(inner->edge_ns + self_edge, rest - offcpu);
	}
	res->threads = sum->threads;
	res->all.thread_ns = sum->thread;
	res->all.edge_ns = edge;
	res->all.compute_ns = rest - edge;
	res->all.compute_offcpu_ns = offcpu;

	res->self.thread_ns = sub(sum->thread, inner->thread_ns);
	res->self.edge_ns = self_edge;
	res->self.control_ns = sub(res->all.control_ns, inner->control_ns);
	res->self.compute_ns = self_rest - self_edge;
	res->self.compute_offcpu_ns = self_offcpu;
	if (r->session->edge_ps == BRICKTRACE_NONE) {
		res->all.edge_ns = BRICKTRACE_NONE;
		res->self.edge_ns = BRICKTRACE_NONE;
	}
	return 0;
}

/* Adds up what the run's tasks, here and departed, did until @entered. */
static void add_up(struct bt_run *r, u64 entered)
{
	struct bt_cover *c;

	bt_totals_clear(r->sum);
	spin_lock(&bt_books);
	r->pinned = true;
	r->closing = true;
	if (r->departed)
		bt_totals_add(r->sum, r->departed);
	spin_unlock(&bt_books);
	list_for_each_entry(c, &r->covers, of_run) {
		bt_task_read(c->task, c->task->task == current ? entered :
							 U64_MAX, r->end);
		cover_add(c, r->sum, r->end);
	}
	bt_totals_to_ns(r->sum);
}

/* The caller was told of an error: the run goes on. */
static void go_on(struct bt_run *r)
{
	if (!r->sum)
		return;
	spin_lock(&bt_books);
	r->pinned = false;
	r->closing = false;
	spin_unlock(&bt_books);
}

static void judge(struct bt_run *r, struct bricktrace_result *res)
{
	bool lost;

	if (r->level != BRICKTRACE_LEVEL_TRACE) {
		res->reason = BRICKTRACE_REASON_LEVEL;
		return;
	}
	if (r->tsc != static_key_enabled(&bt_clock_is_tsc)) {
		res->reason = BRICKTRACE_REASON_CLOCK;
		return;
	}
	if (r->generation != bt_task_generation()) {
		res->reason = BRICKTRACE_REASON_DISARMED;
		return;
	}
	spin_lock(&bt_books);
	lost = r->departed && r->session->lost != r->lost;
	spin_unlock(&bt_books);
	res->provenance = lost ? BRICKTRACE_PARTIAL : BRICKTRACE_MEASURED;
	res->reason = lost ? BRICKTRACE_REASON_THREADS_LOST :
			     BRICKTRACE_REASON_NONE;
}

/* When a run of scope thread ended with its thread, else 0. */
static u64 abandoned(struct bt_run *r)
{
	struct bt_cover *c;

	if (r->scope != BRICKTRACE_SCOPE_THREAD || !r->sum)
		return 0;
	c = list_first_entry(&r->covers, struct bt_cover, of_run);
	return READ_ONCE(c->task->account.t_end);
}

static int check_close(const struct bricktrace_close *arg)
{
	if (arg->syscalls_cap > MAX_SYSCALLS)
		return -EINVAL;
	if (!arg->syscalls_cap)
		return arg->syscall_size ? -EINVAL : 0;
	if (!arg->syscalls || !arg->result ||
	    arg->syscall_size < sizeof(struct bricktrace_syscall) ||
	    arg->syscall_size > MAX_STRUCT)
		return -EINVAL;
	return 0;
}

static int put_result(const struct bricktrace_close *arg,
		      struct bricktrace_result *res, u32 size)
{
	u8 __user *to = u64_to_user_ptr(arg->result);
	u32 known = min_t(u32, size, sizeof(*res));

	res->size = known;
	if (copy_to_user(to, res, known) ||
	    (size > known && clear_user(to + known, size - known)))
		return -EFAULT;
	return 0;
}

int bt_run_close(struct bt_session *s, const struct bricktrace_close *arg,
		 u64 entered)
{
	struct bricktrace_result res = {};
	struct bt_run *r;
	u64 end;
	u32 size = 0;
	int ret;

	lockdep_assert_held(&s->lock);
	ret = check_close(arg);
	if (ret)
		return ret;
	if (arg->result) {
		if (get_user(size, (u32 __user *)u64_to_user_ptr(arg->result)))
			return -EFAULT;
		if (size < BRICKTRACE_RESULT_SIZE_V0 || size > MAX_STRUCT)
			return -EINVAL;
	}
	list_for_each_entry(r, &s->runs, of_session)
		if (r->id == arg->run)
			goto found;
	return -ENOENT;
found:
	if (r->children)
		return -EBUSY;

	judge(r, &res);
	end = abandoned(r);
	if (end)
		res.flags |= BRICKTRACE_RESULT_ABANDONED;
	else
		end = entered;
	res.run = r->id;
	res.parent = r->parent ? r->parent->id : 0;
	res.brick = r->brick->id;
	res.budget_ns = r->budget_ns;
	res.start_ns = r->start_ns;
	if (r->tsc == static_key_enabled(&bt_clock_is_tsc))
		res.wall_ns = bt_clock_ns(sub(end, r->start));
	else
		res.wall_ns = sub(ktime_get_mono_fast_ns(), r->start_ns);
	if (res.wall_ns > r->budget_ns)
		res.flags |= BRICKTRACE_RESULT_OVER_BUDGET;
	res.depth = r->depth;

	if (res.provenance == BRICKTRACE_NOT_INSTRUMENTED) {
		const size_t known = offsetof(struct bricktrace_result, all);

		memset((u8 *)&res + known, 0xff, sizeof(res) - known);
	} else {
		add_up(r, entered);
		ret = break_down(r, arg, &res);
		if (ret)
			goto err;
	}
	if (arg->result) {
		ret = put_result(arg, &res, size);
		if (ret)
			goto err;
	}
	if (res.provenance != BRICKTRACE_NOT_INSTRUMENTED && r->parent &&
	    r->parent->inner) {
		struct bricktrace_times *in = &r->parent->inner_times;

		bt_totals_add(r->parent->inner, r->sum);
		in->thread_ns += res.all.thread_ns;
		in->compute_ns += res.all.compute_ns;
		in->compute_offcpu_ns += res.all.compute_offcpu_ns;
		in->control_ns += res.all.control_ns;
		if (res.all.edge_ns != BRICKTRACE_NONE)
			in->edge_ns += res.all.edge_ns;
	}
	run_unlink(r);
	run_free(r);
	return 0;
err:
	go_on(r);
	return ret;
}
