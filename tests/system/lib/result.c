// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "check.h"
#include "result.h"

struct run *run_new(void)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		bail("no memory");
	memset(run, 0xee, sizeof(*run));
	return run;
}

struct bricktrace_run_close close_args(u64 number, struct run *run)
{
	return (struct bricktrace_run_close){
		.size = sizeof(struct bricktrace_run_close),
		.run = number,
		.result = ARRAY(&run->r, 1),
		.times = ARRAY(run->raw_times, 2),
		.categories = ARRAY(run->raw_categories, 2 * CATEGORIES),
		.syscalls = ARRAY(run->raw_calls, 2 * CALLS_CAP),
		.failed = ARRAY(run->failed, BRICKTRACE_MAX_ASSERTIONS),
	};
}

static bool is_array(const struct bricktrace_array *a, uint32_t count)
{
	return a->count == count && a->known == a->size;
}

/* An array has each call and category twice: inclusive, then exclusive. */
static void run_read(struct run *run, const struct bricktrace_run_close *c)
{
	bool measured = run->r.provenance != BRICKTRACE_NOT_INSTRUMENTED;
	uint32_t i;

	if (c->size != sizeof(*c) || !is_array(&c->result, 1) ||
	    !is_array(&c->times, measured ? 2 : 0) ||
	    !is_array(&c->categories, measured ? 2 * CATEGORIES : 0) ||
	    !is_array(&c->syscalls, c->syscalls.count) || c->syscalls.count % 2 ||
	    c->syscalls.count > 2 * CALLS_CAP || (!measured && c->syscalls.count) ||
	    !is_array(&c->failed, run->r.failed))
		bail("sizes of a result: %u, %u, %u, %u, %u, %u", c->size,
		     c->result.count, c->times.count, c->categories.count,
		     c->syscalls.count, c->failed.count);
	run->syscalls = c->syscalls.count / 2;
	memset(&run->all, 0xff, offsetof(struct run, syscalls) - offsetof(struct run, all));
	if (!measured)
		return;
	run->all = run->raw_times[0];
	run->self = run->raw_times[1];
	if (run->all.view != BRICKTRACE_VIEW_INCLUSIVE || run->all.reserved ||
	    run->self.view != BRICKTRACE_VIEW_EXCLUSIVE || run->self.reserved)
		bail("views of the times: %u, %u", run->all.view, run->self.view);
	for (i = 0; i < CATEGORIES; i++) {
		const struct bricktrace_category_figures *f = &run->raw_categories[2 * i];

		if (f[0].category != i || f[0].view != BRICKTRACE_VIEW_INCLUSIVE ||
		    f[1].category != i || f[1].view != BRICKTRACE_VIEW_EXCLUSIVE)
			bail("category %u is %u and %u", i, f[0].category, f[1].category);
		run->category[i] = f[0].figures;
		run->self_category[i] = f[1].figures;
	}
	for (i = 0; i < run->syscalls; i++) {
		const struct bricktrace_syscall *f = &run->raw_calls[2 * i];

		if (f[0].nr != f[1].nr || f[0].arch != f[1].arch ||
		    f[0].category != f[1].category ||
		    f[0].view != BRICKTRACE_VIEW_INCLUSIVE ||
		    f[1].view != BRICKTRACE_VIEW_EXCLUSIVE)
			bail("calls %u and %u", f[0].nr, f[1].nr);
		run->calls[i] = (struct call){ f[0].nr, f[0].arch, f[0].category,
					       f[0].figures, f[1].figures };
	}
}

int try_close(int fd, u64 number, struct run *run)
{
	struct bricktrace_run_close c = close_args(number, run);

	if (ioctl(fd, BRICKTRACE_RUN_CLOSE, &c))
		return errno;
	run_read(run, &c);
	return 0;
}

void run_close(int fd, u64 number, struct run *run)
{
	if (try_close(fd, number, run))
		bail("RUN_CLOSE");
}

const struct call *call_of(const struct run *run, uint32_t nr)
{
	for (uint32_t i = 0; i < run->syscalls; i++)
		if (run->calls[i].nr == nr && run->calls[i].arch == BRICKTRACE_ARCH_NATIVE)
			return &run->calls[i];
	return NULL;
}

u64 count_of(const struct run *run, uint32_t nr)
{
	return figures(run, nr).count;
}

struct bricktrace_figures figures(const struct run *run, uint32_t nr)
{
	return figures_arch(run, nr, BRICKTRACE_ARCH_NATIVE);
}

struct bricktrace_figures figures_arch(const struct run *run, uint32_t nr, uint32_t arch)
{
	for (uint32_t i = 0; i < run->syscalls; i++)
		if (run->calls[i].nr == nr && run->calls[i].arch == arch)
			return run->calls[i].all;
	return (struct bricktrace_figures){ .max_ns = BRICKTRACE_NONE };
}

u64 all_counts(const struct run *run)
{
	u64 n = 0;

	for (uint32_t i = 0; i < run->syscalls; i++)
		n += run->calls[i].all.count;
	return n;
}

u64 all_in_flight(const struct run *run)
{
	u64 n = 0;

	for (uint32_t i = 0; i < run->syscalls; i++)
		n += run->calls[i].all.in_flight;
	return n;
}

u64 offcpu_of(const struct run *run)
{
	u64 sum = run->all.compute_offcpu_ns;

	for (int c = 0; c < CATEGORIES; c++)
		sum += run->category[c].offcpu_ns;
	return sum;
}

u64 runnable_of(const struct run *run)
{
	u64 sum = run->all.compute_runnable_ns;

	for (int c = 0; c < CATEGORIES; c++)
		sum += run->category[c].runnable_ns;
	return sum;
}

static void figures_add(struct bricktrace_figures *to, const struct bricktrace_figures *f)
{
	to->count += f->count;
	to->errors += f->errors;
	to->in_flight += f->in_flight;
	to->ns += f->ns;
	to->offcpu_ns += f->offcpu_ns;
	to->runnable_ns += f->runnable_ns;
}

static bool figures_equal(const struct bricktrace_figures *a,
			  const struct bricktrace_figures *b)
{
	return a->count == b->count && a->errors == b->errors &&
	       a->in_flight == b->in_flight && a->ns == b->ns &&
	       a->offcpu_ns == b->offcpu_ns && a->runnable_ns == b->runnable_ns;
}

static bool call_consistent(const struct call *s)
{
	bool good = true;

	if (s->category >= CATEGORIES)
		no(&good, "call %u: category %u", s->nr, s->category);
	if (s->all.offcpu_ns > s->all.ns || s->all.errors > s->all.count ||
	    s->self.ns > s->all.ns || s->self.count > s->all.count ||
	    s->self.errors > s->all.errors || s->self.offcpu_ns > s->all.offcpu_ns ||
	    s->self.runnable_ns > s->all.runnable_ns)
		no(&good,
		   "call %u: a part is larger than its whole: %llu calls, %llu errors, %llu in flight, %llu ns, %llu off-CPU",
		   s->nr, s->all.count, s->all.errors, s->all.in_flight, s->all.ns,
		   s->all.offcpu_ns);
	if (s->self.in_flight || s->self.max_ns != BRICKTRACE_NONE)
		no(&good, "call %u: exclusive figures have in_flight or max_ns", s->nr);
	if (s->all.count && s->all.max_ns != BRICKTRACE_NONE &&
	    (s->all.max_ns > s->all.ns ||
	     (!s->all.in_flight && s->all.max_ns < s->all.ns / s->all.count)))
		no(&good, "call %u: longest %llu of %llu ns", s->nr, s->all.max_ns,
		   s->all.ns);
	if (!s->all.count && !s->all.in_flight)
		no(&good, "call %u is in the result, but was not made", s->nr);
	return good;
}

static bool category_consistent(const struct run *run, uint32_t c)
{
	struct bricktrace_figures all = { 0 }, self = { 0 };
	bool good = true, unknown = false;
	u64 max = 0;

	for (uint32_t i = 0; i < run->syscalls; i++) {
		const struct call *s = &run->calls[i];

		if (s->category != c)
			continue;
		figures_add(&all, &s->all);
		figures_add(&self, &s->self);
		if (s->all.count && s->all.max_ns == BRICKTRACE_NONE)
			unknown = true;
		else if (s->all.count && s->all.max_ns > max)
			max = s->all.max_ns;
	}
	if (!figures_equal(&all, &run->category[c]))
		no(&good, "category %u is not the sum of its calls", c);
	if (!figures_equal(&self, &run->self_category[c]))
		no(&good, "exclusive category %u is not the sum of its calls", c);
	if (run->category[c].max_ns != (unknown || !max ? BRICKTRACE_NONE : max))
		no(&good, "category %u: longest %lld, not %llu ns", c,
		   run->category[c].max_ns, max);
	return good;
}

/* Compute, own calls, the edge if it is known, and the categories. */
static u64 sum_of_parts(const struct bricktrace_times *t,
			const struct bricktrace_figures *category, bool edge)
{
	u64 sum = t->compute_ns + t->control_ns + (edge ? t->edge_ns : 0);

	for (int c = 0; c < CATEGORIES; c++)
		sum += category[c].ns;
	return sum;
}

bool consistent(const struct run *run)
{
	const struct bricktrace_times *all = &run->all, *self = &run->self;
	bool edge = all->edge_ns != BRICKTRACE_NONE, good = true;
	u64 sum;

	if (run->r.provenance != BRICKTRACE_MEASURED || run->r.reason)
		return no(&good, "provenance %u, reason %u", run->r.provenance,
			  run->r.reason);
	for (uint32_t i = 0; i < run->syscalls; i++)
		good &= call_consistent(&run->calls[i]);
	for (uint32_t c = 0; c < CATEGORIES; c++)
		good &= category_consistent(run, c);
	sum = sum_of_parts(all, run->category, edge);
	if (sum != all->thread_ns)
		no(&good, "the parts sum up to %llu, not %llu", sum, all->thread_ns);
	sum = sum_of_parts(self, run->self_category, edge);
	if (sum != self->thread_ns)
		no(&good, "the exclusive parts sum up to %llu, not %llu", sum,
		   self->thread_ns);
	if (all->compute_offcpu_ns > all->compute_ns ||
	    self->compute_runnable_ns > all->compute_runnable_ns ||
	    self->minor_faults > all->minor_faults ||
	    self->major_faults > all->major_faults ||
	    self->compute_offcpu_ns > self->compute_ns ||
	    self->compute_ns > all->compute_ns || offcpu_of(run) > all->thread_ns)
		no(&good,
		   "a part of compute, the time off the CPU or the exclusive faults are larger than their whole");
	return good;
}
