// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include "breakdown.h"
#include "compat.h"

static u64 sub(u64 a, u64 b)
{
	return a > b ? a - b : 0;
}

/* Not every kernel tells. */
static u64 runnable(u64 ns)
{
	return BT_RUN_DELAY ? ns : BRICKTRACE_NONE;
}

static void figures_inclusive(struct bricktrace_figures *to,
			      const struct bt_figures *f)
{
	to->count = f->count;
	to->in_flight = f->in_flight;
	to->errors = f->errors;
	to->ns = f->time;
	to->offcpu_ns = f->offcpu;
	to->max_ns = f->max && !f->max_unknown ? f->max : BRICKTRACE_NONE;
	to->runnable_ns = runnable(f->runnable);
}

static void figures_exclusive(struct bricktrace_figures *to,
			      const struct bt_figures *f,
			      const struct bt_figures *in)
{
	to->count = sub(f->count, in ? in->count : 0);
	to->in_flight = 0;
	to->errors = sub(f->errors, in ? in->errors : 0);
	to->ns = sub(f->time, in ? in->time : 0);
	to->offcpu_ns = sub(f->offcpu, in ? in->offcpu : 0);
	to->max_ns = BRICKTRACE_NONE;
	to->runnable_ns = runnable(sub(f->runnable, in ? in->runnable : 0));
}

static void figures_add(struct bricktrace_figures *to,
			const struct bricktrace_figures *f)
{
	to->count += f->count;
	to->in_flight += f->in_flight;
	to->errors += f->errors;
	to->ns += f->ns;
	to->offcpu_ns += f->offcpu_ns;
	if (BT_RUN_DELAY)
		to->runnable_ns += f->runnable_ns;
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

u64 bt_breakdown_edge(u64 calls, u64 edge_ps, u64 limit)
{
	u64 ps;

	/* More than the product can hold is more than any limit. */
	if (check_mul_overflow(calls, edge_ps, &ps))
		return limit;
	return min(ps / 1000, limit);
}

static const struct bt_figures *inner_of(const struct bt_inner *inner, u16 key)
{
	return inner->totals ? bt_totals_look(inner->totals, key) : NULL;
}

size_t bt_breakdown_size(const struct bt_totals *totals)
{
	struct bt_breakdown *b = NULL;

	return struct_size(b, syscalls, totals->used);
}

/* One system call of the run. */
static struct bricktrace_syscall *
breakdown_call(struct bt_breakdown *b, const struct bt_total *e,
	       const struct bt_figures *in)
{
	struct bricktrace_syscall *sc = b->syscalls[b->nr_syscalls++];
	enum bricktrace_arch arch;
	u32 v;

	/* User space gets all of it, fields that are forgotten here, too. */
	memset(sc, 0, sizeof(b->syscalls[0]));
	for (v = 0; v < BT_VIEWS; v++) {
		sc[v].nr = bt_syscall_nr(e->key, &arch);
		sc[v].arch = arch;
		sc[v].category = bt_syscall_category(e->key);
		sc[v].view = v;
	}
	figures_inclusive(&sc[BRICKTRACE_VIEW_INCLUSIVE].figures, &e->f);
	figures_exclusive(&sc[BRICKTRACE_VIEW_EXCLUSIVE].figures, &e->f, in);
	return sc;
}

static void breakdown_clear(struct bt_breakdown *b)
{
	u32 c, v;

	memset(b, 0, sizeof(*b));
	for (v = 0; v < BT_VIEWS; v++) {
		b->times[v].view = v;
		for (c = 0; c < BT_CATEGORIES; c++) {
			b->categories[c][v].category = c;
			b->categories[c][v].view = v;
			b->categories[c][v].figures.max_ns = BRICKTRACE_NONE;
			b->categories[c][v].figures.runnable_ns = runnable(0);
		}
	}
}

/* What the system calls leave of a run's time, and of the runs inside it. */
struct bt_rest {
	u64 time;
	u64 offcpu;
	u64 runnable;
	u64 calls;	/* completed ones, outside the inner runs */
};

static void breakdown_calls(struct bt_breakdown *b,
			    const struct bt_totals *totals,
			    const struct bt_inner *inner, struct bt_rest *rest)
{
	bool unknown[BT_CATEGORIES] = {};
	struct bricktrace_category_figures *c;
	const struct bricktrace_syscall *sc;
	const struct bt_figures *in;
	const struct bt_total *e;
	u32 i, v;

	for (i = 0; i < totals->cap; i++) {
		e = &totals->total[i];
		if (!e->used)
			continue;
		in = inner_of(inner, e->key);
		rest->calls += sub(e->f.count, in ? in->count : 0);
		rest->time = sub(rest->time, e->f.time);
		rest->offcpu = sub(rest->offcpu, e->f.offcpu);
		rest->runnable = sub(rest->runnable, e->f.runnable);
		if (e->key == BT_KEY_CONTROL) {
			b->times[BRICKTRACE_VIEW_INCLUSIVE].control_ns =
				e->f.time;
			continue;
		}
		sc = breakdown_call(b, e, in);
		c = b->categories[sc->category];
		for (v = 0; v < BT_VIEWS; v++)
			figures_add(&c[v].figures, &sc[v].figures);
		figures_max(&c[BRICKTRACE_VIEW_INCLUSIVE].figures,
			    &unknown[sc->category], &e->f);
	}
	for (i = 0; i < BT_CATEGORIES; i++)
		if (unknown[i])
			b->categories[i][BRICKTRACE_VIEW_INCLUSIVE]
				.figures.max_ns = BRICKTRACE_NONE;
}

void bt_breakdown(struct bt_breakdown *b, const struct bt_totals *totals,
		  const struct bt_inner *inner, u64 edge_ps)
{
	struct bricktrace_times *all = &b->times[BRICKTRACE_VIEW_INCLUSIVE];
	struct bricktrace_times *self = &b->times[BRICKTRACE_VIEW_EXCLUSIVE];
	struct bt_rest rest = { totals->thread, totals->offcpu,
				totals->kernel.run_delay };
	const struct bricktrace_times *in = &inner->times;
	u64 self_rest, edge = 0, self_edge = 0;

	breakdown_clear(b);
	breakdown_calls(b, totals, inner, &rest);
	self_rest = sub(rest.time, in->compute_ns + in->edge_ns);
	self->compute_offcpu_ns = min(sub(rest.offcpu, in->compute_offcpu_ns),
				      self_rest);
	/* Differences of rounded figures: the children's may exceed ours by one. */
	all->compute_offcpu_ns = min(in->compute_offcpu_ns +
				     self->compute_offcpu_ns, rest.time);
	/* An estimate: no more than was computed, in the children or outside them. */
	if (edge_ps != BRICKTRACE_NONE) {
		self_edge = bt_breakdown_edge(rest.calls, edge_ps,
					      self_rest - self->compute_offcpu_ns);
		edge = min(in->edge_ns + self_edge,
			   rest.time - all->compute_offcpu_ns);
	}
	all->thread_ns = totals->thread;
	all->compute_ns = rest.time - edge;
	all->edge_ns = edge_ps == BRICKTRACE_NONE ? BRICKTRACE_NONE : edge;
	self->thread_ns = sub(totals->thread, in->thread_ns);
	self->compute_ns = self_rest - self_edge;
	self->edge_ns = edge_ps == BRICKTRACE_NONE ? BRICKTRACE_NONE : self_edge;
	self->control_ns = sub(all->control_ns, in->control_ns);
	all->compute_runnable_ns = runnable(rest.runnable);
	self->compute_runnable_ns = runnable(sub(rest.runnable,
						 in->compute_runnable_ns));
	all->minor_faults = totals->kernel.min_flt;
	all->major_faults = totals->kernel.maj_flt;
	self->minor_faults = sub(all->minor_faults, in->minor_faults);
	self->major_faults = sub(all->major_faults, in->major_faults);
}

void bt_breakdown_hand(struct bt_inner *to, const struct bt_totals *totals,
		       const struct bricktrace_times *times)
{
	bt_totals_add(to->totals, totals);
	to->times.thread_ns += times->thread_ns;
	to->times.compute_ns += times->compute_ns;
	to->times.compute_offcpu_ns += times->compute_offcpu_ns;
	to->times.control_ns += times->control_ns;
	to->times.compute_runnable_ns += times->compute_runnable_ns;
	to->times.minor_faults += times->minor_faults;
	to->times.major_faults += times->major_faults;
	if (times->edge_ns != BRICKTRACE_NONE)
		to->times.edge_ns += times->edge_ns;
}
