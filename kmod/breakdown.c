// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/overflow.h>
#include "breakdown.h"

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

u64 bt_breakdown_edge(u64 calls, u64 edge_ps, u64 limit)
{
	u64 ps;

	/* More than the product can hold is more than any limit. */
	if (check_mul_overflow(calls, edge_ps, &ps))
		return limit;
	return min(ps / 1000, limit);
}

static const struct bt_figures *inner_of(const struct bt_breakdown *b, u16 key)
{
	return b->inner->totals ? bt_totals_look(b->inner->totals, key) : NULL;
}

bool bt_breakdown_call(const struct bt_breakdown *b, u32 *i,
		       struct bricktrace_syscall *sc)
{
	const struct bt_total *e;
	enum bricktrace_abi abi;

	for (; *i < b->totals->cap; ++*i) {
		e = &b->totals->total[*i];
		if (e->used && e->key != BT_KEY_CONTROL)
			goto found;
	}
	return false;
found:
	++*i;
	memset(sc, 0, sizeof(*sc));
	sc->nr = bt_syscall_nr(e->key, &abi);
	sc->abi = abi;
	sc->category = bt_syscall_category(e->key);
	figures_all(&sc->all, &e->f);
	figures_self(&sc->self, &e->f, inner_of(b, e->key));
	return true;
}

/*
 * What the totals leave of a run's time, in the run and in the runs inside it, and
 * the categories.
 */
void bt_breakdown(const struct bt_breakdown *b, struct bricktrace_result *res)
{
	bool unknown[BRICKTRACE_CATEGORIES] = {};
	const struct bricktrace_times *inner = &b->inner->times;
	const struct bt_totals *sum = b->totals;
	u64 rest = sum->thread, offcpu = sum->offcpu, calls = 0, edge = 0;
	u64 self_rest, self_offcpu, self_edge = 0;
	struct bricktrace_syscall sc;
	const struct bt_figures *in;
	u32 i;

	for (i = 0; i < BRICKTRACE_CATEGORIES; i++) {
		res->category[i].max_ns = BRICKTRACE_NONE;
		res->self_category[i].max_ns = BRICKTRACE_NONE;
	}
	for (i = 0; i < sum->cap; i++) {
		const struct bt_total *e = &sum->total[i];

		if (!e->used)
			continue;
		in = inner_of(b, e->key);
		calls += sub(e->f.count, in ? in->count : 0);
		rest = sub(rest, e->f.time);
		offcpu = sub(offcpu, e->f.offcpu);
		if (e->key == BT_KEY_CONTROL)
			res->all.control_ns = e->f.time;
		else
			figures_max(&res->category[bt_syscall_category(e->key)],
				    &unknown[bt_syscall_category(e->key)], &e->f);
	}
	for (i = 0; bt_breakdown_call(b, &i, &sc); res->syscalls++) {
		figures_add(&res->category[sc.category], &sc.all);
		figures_add(&res->self_category[sc.category], &sc.self);
	}
	for (i = 0; i < BRICKTRACE_CATEGORIES; i++)
		if (unknown[i])
			res->category[i].max_ns = BRICKTRACE_NONE;

	self_rest = sub(rest, inner->compute_ns + inner->edge_ns);
	self_offcpu = min(sub(offcpu, inner->compute_offcpu_ns), self_rest);
	/* Differences of rounded figures: the children's may exceed ours by one. */
	offcpu = min(inner->compute_offcpu_ns + self_offcpu, rest);
	/* An estimate: no more than was computed, in the children or outside them. */
	if (b->edge_ps != BRICKTRACE_NONE) {
		self_edge = bt_breakdown_edge(calls, b->edge_ps,
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
	if (b->edge_ps == BRICKTRACE_NONE) {
		res->all.edge_ns = BRICKTRACE_NONE;
		res->self.edge_ns = BRICKTRACE_NONE;
	}
}

void bt_breakdown_hand(struct bt_inner *to, const struct bt_totals *totals,
		       const struct bricktrace_times *all)
{
	bt_totals_add(to->totals, totals);
	to->times.thread_ns += all->thread_ns;
	to->times.compute_ns += all->compute_ns;
	to->times.compute_offcpu_ns += all->compute_offcpu_ns;
	to->times.control_ns += all->control_ns;
	if (all->edge_ns != BRICKTRACE_NONE)
		to->times.edge_ns += all->edge_ns;
}
