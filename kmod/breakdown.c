// SPDX-License-Identifier: GPL-2.0
#include <linux/fs.h>
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

/* Whether @key is an ioctl command, or all ioctls of a table that have no other key. */
static bool breakdown_is_ioctl(u16 key)
{
	return key >= BKT_KEY_IOCTL || bkt_syscall_is_ioctl(key);
}

static u32 breakdown_count_ioctls(const struct bkt_totals *totals)
{
	u32 i, n = 0;

	for (i = 0; i < totals->used; i++)
		n += breakdown_is_ioctl(totals->total[i].key);
	return n;
}

size_t bkt_breakdown_size(const struct bkt_totals *totals)
{
	u32 ioctls = breakdown_count_ioctls(totals);
	struct bkt_breakdown *b = NULL;

	/* The ioctls are added to the system call of their table. */
	return struct_size(b, syscalls, totals->used) + ioctls * sizeof(b->ioctls[0]);
}

/* The name in @id is that of a device's module, or of another file. */
static void breakdown_names(const struct bkt_ioctl_id *id, char *owner, char *name)
{
	bool device = id->file == BRICKTRACE_FILE_CHAR || id->file == BRICKTRACE_FILE_BLOCK;

	memcpy(device ? owner : name, id->name, sizeof(id->name));
}

/* Returns the command of @key in @id, and its arch. */
static enum bricktrace_arch breakdown_ioctl_id(u16 key, const struct bkt_ioctl_id *ids,
					       struct bkt_ioctl_id *id)
{
	enum bricktrace_arch arch;

	if (key >= BKT_KEY_IOCTL) {
		*id = ids[key - BKT_KEY_IOCTL];
		return id->arch;
	}
	bkt_syscall_nr(key, &arch);
	bkt_ioctl_unknown(id, arch, 0);
	id->file = BRICKTRACE_FILE_MORE;
	return arch;
}

/* Adds the elements of a system call, whose figures are not set. */
static struct bricktrace_syscall *breakdown_new_call(struct bkt_breakdown *b, u16 key)
{
	struct bricktrace_syscall *sc = b->syscalls[b->nr_syscalls++];
	enum bricktrace_arch arch;
	u32 v;

	/* All bytes go to user space, those of fields that are not set below as well. */
	memset(sc, 0, sizeof(b->syscalls[0]));
	for (v = 0; v < BKT_VIEWS; v++) {
		sc[v].nr = bkt_syscall_nr(key, &arch);
		sc[v].arch = arch;
		sc[v].category = bkt_syscall_category(key);
		sc[v].view = v;
	}
	return sc;
}

/* Adds a system call. Sets @f to its figures. */
static void breakdown_call(struct bkt_breakdown *b, const struct bkt_total *e,
			   const struct bkt_figures *in, const struct bricktrace_figures **f)
{
	struct bricktrace_syscall *sc = breakdown_new_call(b, e->key);
	u32 v;

	breakdown_inclusive(&sc[BRICKTRACE_VIEW_INCLUSIVE].figures, &e->f);
	breakdown_exclusive(&sc[BRICKTRACE_VIEW_EXCLUSIVE].figures, &e->f, in);
	for (v = 0; v < BKT_VIEWS; v++)
		f[v] = &sc[v].figures;
}

/* The ioctl system calls, to which their commands are added: rule "ioctl". */
struct breakdown_ioctls {
	struct bricktrace_syscall *call[BRICKTRACE_ARCH_X32 + 1];	/* NULL until needed */
	bool unknown[BRICKTRACE_ARCH_X32 + 1];
};

/* Adds an ioctl command. Sets @f to its figures. */
static void breakdown_ioctl(struct bkt_breakdown *b, const struct bkt_total *e,
			    const struct bkt_figures *in, const struct bkt_ioctl_id *ids,
			    struct breakdown_ioctls *sums, const struct bricktrace_figures **f)
{
	struct bricktrace_ioctl *io = b->ioctls[b->nr_ioctls++];
	struct bkt_ioctl_id id;
	enum bricktrace_arch arch = breakdown_ioctl_id(e->key, ids, &id);
	struct bricktrace_syscall *sc = sums->call[arch];
	u32 v;

	memset(io, 0, sizeof(b->ioctls[0]));
	breakdown_inclusive(&io[BRICKTRACE_VIEW_INCLUSIVE].figures, &e->f);
	breakdown_exclusive(&io[BRICKTRACE_VIEW_EXCLUSIVE].figures, &e->f, in);
	if (!sc)
		sc = breakdown_new_call(b, bkt_syscall_ioctl(arch));
	for (v = 0; v < BKT_VIEWS; v++) {
		io[v].file = id.file;
		io[v].major = MAJOR(id.dev);
		io[v].minor = MINOR(id.dev);
		io[v].request = id.request;
		io[v].command = id.command;
		io[v].arch = arch;
		io[v].view = v;
		breakdown_names(&id, io[v].owner, io[v].name);
		if (!sums->call[arch]) {
			sc[v].figures.max_ns = BRICKTRACE_NONE;
			sc[v].figures.runnable_ns = breakdown_runnable(0);
		}
		breakdown_add(&sc[v].figures, &io[v].figures);
		f[v] = &io[v].figures;
	}
	sums->call[arch] = sc;
	breakdown_max(&sc[BRICKTRACE_VIEW_INCLUSIVE].figures, &sums->unknown[arch], &e->f);
}

void bkt_breakdown_slow(struct bricktrace_slow_call *to, const struct bkt_slow_call *c,
			const struct bkt_ioctl_id *ids)
{
	enum bricktrace_arch arch;
	struct bkt_ioctl_id id;

	memset(to, 0, sizeof(*to));
	to->tid = c->tid;
	to->nr = bkt_syscall_nr(c->key, &arch);
	to->arch = arch;
	to->category = bkt_syscall_category(c->key);
	to->arg0 = c->arg0;
	to->ns = bkt_clock_ns(c->time);
	to->offcpu_ns = bkt_clock_ns(c->offcpu);
	to->ret = c->ret;
	if (!breakdown_is_ioctl(c->key))
		return;
	to->arch = breakdown_ioctl_id(c->key, ids, &id);
	to->nr = bkt_syscall_nr(bkt_syscall_ioctl(to->arch), &arch);
	to->file = id.file;
	to->major = MAJOR(id.dev);
	to->minor = MINOR(id.dev);
	to->request = c->request;
	to->command = id.command;
	breakdown_names(&id, to->owner, to->name);
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
			    const struct bkt_inner *inner, const struct bkt_ioctl_id *ids,
			    struct breakdown_rest *rest)
{
	bool unknown[BKT_CATEGORIES] = {};
	struct bricktrace_category_figures *c;
	const struct bricktrace_figures *f[BKT_VIEWS];
	struct breakdown_ioctls ioctls = {};
	enum bricktrace_category category;
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
		if (breakdown_is_ioctl(e->key))
			breakdown_ioctl(b, e, in, ids, &ioctls, f);
		else
			breakdown_call(b, e, in, f);
		category = bkt_syscall_category(e->key);
		c = b->categories[category];
		for (v = 0; v < BKT_VIEWS; v++)
			breakdown_add(&c[v].figures, f[v]);
		breakdown_max(&c[BRICKTRACE_VIEW_INCLUSIVE].figures,
			      &unknown[category], &e->f);
	}
	for (i = 0; i < ARRAY_SIZE(ioctls.call); i++)
		if (ioctls.unknown[i])
			ioctls.call[i][BRICKTRACE_VIEW_INCLUSIVE].figures.max_ns =
				BRICKTRACE_NONE;
	for (i = 0; i < BKT_CATEGORIES; i++)
		if (unknown[i])
			b->categories[i][BRICKTRACE_VIEW_INCLUSIVE]
				.figures.max_ns = BRICKTRACE_NONE;
}

void bkt_breakdown(struct bkt_breakdown *b, const struct bkt_totals *totals,
		   const struct bkt_inner *inner, const struct bkt_ioctl_id *ids, u64 edge_ps)
{
	struct bricktrace_times *all = &b->times[BRICKTRACE_VIEW_INCLUSIVE];
	struct bricktrace_times *self = &b->times[BRICKTRACE_VIEW_EXCLUSIVE];
	struct breakdown_rest rest = { totals->thread, totals->offcpu,
				       totals->kernel.run_delay };
	const struct bricktrace_times *in = &inner->times;
	u64 self_rest, edge = 0, self_edge = 0;

	breakdown_clear(b);
	b->ioctls = (void *)&b->syscalls[totals->used];
	breakdown_calls(b, totals, inner, ids, &rest);
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
