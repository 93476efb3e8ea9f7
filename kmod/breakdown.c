// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include "breakdown.h"
#include "compat.h"

/* Without CONFIG_SCHEDSTATS the kernel does not measure it (rule "waiting"). */
static u64 breakdown_runnable(u64 ns)
{
	return BKT_RUN_DELAY ? ns : BRICKTRACE_NONE;
}

static void breakdown_inclusive(struct bricktrace_figures *to,
				const struct bkt_figures *f)
{
	to->count = f->count;
	to->in_flight = f->in_flight;
	to->errors = f->errors;
	to->ns = f->time;
	to->offcpu_ns = f->offcpu;
	to->max_ns = f->max && !f->max_unknown ? f->max : BRICKTRACE_NONE;
	to->runnable_ns = breakdown_runnable(f->runnable);
}

static void breakdown_exclusive(struct bricktrace_figures *to,
				const struct bkt_figures *f,
				const struct bkt_figures *in)
{
	to->count = bkt_totals_sub(f->count, in ? in->count : 0);
	to->in_flight = 0;
	to->errors = bkt_totals_sub(f->errors, in ? in->errors : 0);
	to->ns = bkt_totals_sub(f->time, in ? in->time : 0);
	to->offcpu_ns = bkt_totals_sub(f->offcpu, in ? in->offcpu : 0);
	to->max_ns = BRICKTRACE_NONE;
	to->runnable_ns = breakdown_runnable(bkt_totals_sub(f->runnable,
							    in ? in->runnable : 0));
}

static void breakdown_add(struct bricktrace_figures *to,
			  const struct bricktrace_figures *f)
{
	to->count += f->count;
	to->in_flight += f->in_flight;
	to->errors += f->errors;
	to->ns += f->ns;
	to->offcpu_ns += f->offcpu_ns;
	if (BKT_RUN_DELAY)
		to->runnable_ns += f->runnable_ns;
}

/* A category's longest call is known if each of its system calls' is (rule "longest"). */
static void breakdown_max(struct bricktrace_figures *to, bool *unknown,
			  const struct bkt_figures *f)
{
	if (!f->count)
		return;
	if (!f->max || f->max_unknown)
		*unknown = true;
	else if (to->max_ns == BRICKTRACE_NONE || f->max > to->max_ns)
		to->max_ns = f->max;
}

u64 bkt_breakdown_edge(u64 calls, u64 edge_ps, u64 limit)
{
	u64 ps;

	/* A product above 2^64 ps, 213 days, is taken as above any limit. */
	if (check_mul_overflow(calls, edge_ps, &ps))
		return limit;
	return min(ps / 1000, limit);
}

static const struct bkt_figures *breakdown_inner(const struct bkt_inner *inner, u16 key)
{
	return inner->totals ? bkt_totals_look(inner->totals, key) : NULL;
}

size_t bkt_breakdown_size(const struct bkt_totals *totals)
{
	struct bkt_breakdown *b = NULL;

	return struct_size(b, syscalls, totals->used);
}

static struct bricktrace_syscall *
breakdown_call(struct bkt_breakdown *b, const struct bkt_total *e,
	       const struct bkt_figures *in)
{
	struct bricktrace_syscall *sc = b->syscalls[b->nr_syscalls++];
	enum bricktrace_arch arch;
	u32 v;

	/* All bytes go to user space, those of fields that are not set below as well. */
	memset(sc, 0, sizeof(b->syscalls[0]));
	for (v = 0; v < BKT_VIEWS; v++) {
		sc[v].nr = bkt_syscall_nr(e->key, &arch);
		sc[v].arch = arch;
		sc[v].category = bkt_syscall_category(e->key);
		sc[v].view = v;
	}
	breakdown_inclusive(&sc[BRICKTRACE_VIEW_INCLUSIVE].figures, &e->f);
	breakdown_exclusive(&sc[BRICKTRACE_VIEW_EXCLUSIVE].figures, &e->f, in);
	return sc;
}

static void breakdown_clear(struct bkt_breakdown *b)
{
	u32 c, v;

	memset(b, 0, sizeof(*b));
	for (v = 0; v < BKT_VIEWS; v++) {
		b->times[v].view = v;
		for (c = 0; c < BKT_CATEGORIES; c++) {
			b->categories[c][v].category = c;
			b->categories[c][v].view = v;
			b->categories[c][v].figures.max_ns = BRICKTRACE_NONE;
			b->categories[c][v].figures.runnable_ns = breakdown_runnable(0);
		}
	}
}

/* A run's thread time outside all calls: compute and edge. */
struct breakdown_rest {
	u64 time;
	u64 offcpu;
	u64 runnable;
	u64 calls;	/* completed calls outside the inner runs */
};

static void breakdown_calls(struct bkt_breakdown *b,
			    const struct bkt_totals *totals,
			    const struct bkt_inner *inner, struct breakdown_rest *rest)
{
	bool unknown[BKT_CATEGORIES] = {};
	struct bricktrace_category_figures *c;
	const struct bricktrace_syscall *sc;
	const struct bkt_figures *in;
	const struct bkt_total *e;
	u32 i, v;

	for (i = 0; i < totals->used; i++) {
		e = &totals->total[i];
		in = breakdown_inner(inner, e->key);
		rest->calls += bkt_totals_sub(e->f.count, in ? in->count : 0);
		rest->time = bkt_totals_sub(rest->time, e->f.time);
		rest->offcpu = bkt_totals_sub(rest->offcpu, e->f.offcpu);
		rest->runnable = bkt_totals_sub(rest->runnable, e->f.runnable);
		if (e->key == BKT_KEY_CONTROL) {
			b->times[BRICKTRACE_VIEW_INCLUSIVE].control_ns =
				e->f.time;
			continue;
		}
		sc = breakdown_call(b, e, in);
		c = b->categories[sc->category];
		for (v = 0; v < BKT_VIEWS; v++)
			breakdown_add(&c[v].figures, &sc[v].figures);
		breakdown_max(&c[BRICKTRACE_VIEW_INCLUSIVE].figures,
			      &unknown[sc->category], &e->f);
	}
	for (i = 0; i < BKT_CATEGORIES; i++)
		if (unknown[i])
			b->categories[i][BRICKTRACE_VIEW_INCLUSIVE]
				.figures.max_ns = BRICKTRACE_NONE;
}

void bkt_breakdown(struct bkt_breakdown *b, const struct bkt_totals *totals,
		   const struct bkt_inner *inner, u64 edge_ps)
{
	struct bricktrace_times *all = &b->times[BRICKTRACE_VIEW_INCLUSIVE];
	struct bricktrace_times *self = &b->times[BRICKTRACE_VIEW_EXCLUSIVE];
	struct breakdown_rest rest = { totals->thread, totals->offcpu,
				       totals->kernel.run_delay };
	const struct bricktrace_times *in = &inner->times;
	u64 self_rest, edge = 0, self_edge = 0;

	breakdown_clear(b);
	breakdown_calls(b, totals, inner, &rest);
	self_rest = bkt_totals_sub(rest.time, in->compute_ns + in->edge_ns);
	self->compute_offcpu_ns = min(bkt_totals_sub(rest.offcpu, in->compute_offcpu_ns),
				      self_rest);
	/* Each figure is rounded by itself: the inner runs' sum may exceed this run's. */
	all->compute_offcpu_ns = min(in->compute_offcpu_ns +
				     self->compute_offcpu_ns, rest.time);
	/* The edge is an estimate: it must not exceed the on-CPU time that is left. */
	if (edge_ps != BRICKTRACE_NONE) {
		self_edge = bkt_breakdown_edge(rest.calls, edge_ps,
					       self_rest - self->compute_offcpu_ns);
		edge = min(in->edge_ns + self_edge,
			   rest.time - all->compute_offcpu_ns);
	}
	all->thread_ns = totals->thread;
	all->compute_ns = rest.time - edge;
	all->edge_ns = edge_ps == BRICKTRACE_NONE ? BRICKTRACE_NONE : edge;
	self->thread_ns = bkt_totals_sub(totals->thread, in->thread_ns);
	self->compute_ns = self_rest - self_edge;
	self->edge_ns = edge_ps == BRICKTRACE_NONE ? BRICKTRACE_NONE : self_edge;
	self->control_ns = bkt_totals_sub(all->control_ns, in->control_ns);
	all->compute_runnable_ns = breakdown_runnable(rest.runnable);
	self->compute_runnable_ns = breakdown_runnable(bkt_totals_sub(rest.runnable,
								      in->compute_runnable_ns));
	all->minor_faults = totals->kernel.min_flt;
	all->major_faults = totals->kernel.maj_flt;
	self->minor_faults = bkt_totals_sub(all->minor_faults, in->minor_faults);
	self->major_faults = bkt_totals_sub(all->major_faults, in->major_faults);
}

void bkt_breakdown_add_inner(struct bkt_inner *to, const struct bkt_totals *totals,
			     const struct bricktrace_times *times)
{
	bkt_totals_add(to->totals, totals);
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
