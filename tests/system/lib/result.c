// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
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
		.ioctls = ARRAY(run->ioctl, 2 * IOCTLS_CAP),
		.slow_calls = ARRAY(run->slow, BRICKTRACE_RUN_SLOW),
	};
}

static bool is_array(const struct bricktrace_array *a, uint32_t count)
{
	return a->count == count && a->known == a->size;
}

/* An array of figures has each element twice: inclusive, then exclusive. */
static void run_read(struct run *run, const struct bricktrace_run_close *c)
{
	bool measured = run->r.provenance != BRICKTRACE_NOT_INSTRUMENTED;
	uint32_t i;

	if (c->size != sizeof(*c) || !is_array(&c->result, 1) ||
	    !is_array(&c->times, measured ? 2 : 0) ||
	    !is_array(&c->categories, measured ? 2 * CATEGORIES : 0) ||
	    !is_array(&c->syscalls, c->syscalls.count) || c->syscalls.count % 2 ||
	    c->syscalls.count > 2 * CALLS_CAP || (!measured && c->syscalls.count) ||
	    !is_array(&c->failed, run->r.failed) ||
	    !is_array(&c->ioctls, c->ioctls.count) || c->ioctls.count % 2 ||
	    c->ioctls.count > 2 * IOCTLS_CAP || (!measured && c->ioctls.count) ||
	    !is_array(&c->slow_calls, c->slow_calls.count) ||
	    c->slow_calls.count > BRICKTRACE_RUN_SLOW || (!measured && c->slow_calls.count))
		bail("sizes of a result: %u, %u, %u, %u, %u, %u, %u, %u", c->size,
		     c->result.count, c->times.count, c->categories.count,
		     c->syscalls.count, c->failed.count, c->ioctls.count,
		     c->slow_calls.count);
	run->syscalls = c->syscalls.count / 2;
	run->ioctls = c->ioctls.count / 2;
	run->slow_calls = c->slow_calls.count;
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

/*
 * A sum's max_ns is the longest of its parts, 0 without any, and BRICKTRACE_NONE once a part
 * with calls does not know its longest.
 */
static void figures_add(struct bricktrace_figures *to, const struct bricktrace_figures *f)
{
	if (f->count && f->max_ns > to->max_ns)
		to->max_ns = f->max_ns;
	to->count += f->count;
	to->errors += f->errors;
	to->in_flight += f->in_flight;
	to->ns += f->ns;
	to->offcpu_ns += f->offcpu_ns;
	to->runnable_ns += f->runnable_ns;
}

static bool figures_equal(const struct bricktrace_figures *sum,
			  const struct bricktrace_figures *whole)
{
	return sum->count == whole->count && sum->errors == whole->errors &&
	       sum->in_flight == whole->in_flight && sum->ns == whole->ns &&
	       sum->offcpu_ns == whole->offcpu_ns &&
	       sum->runnable_ns == whole->runnable_ns &&
	       (sum->max_ns ?: BRICKTRACE_NONE) == whole->max_ns;
}

/* The figures of one system call or ioctl command. */
static bool figures_consistent(const struct bricktrace_figures *all,
			       const struct bricktrace_figures *self, const char *what)
{
	bool good = true;

	if (all->offcpu_ns > all->ns || all->errors > all->count || self->ns > all->ns ||
	    self->count > all->count || self->errors > all->errors ||
	    self->offcpu_ns > all->offcpu_ns || self->runnable_ns > all->runnable_ns)
		no(&good,
		   "%s: a part is larger than its whole: %llu calls, %llu errors, %llu in flight, %llu ns, %llu off-CPU",
		   what, all->count, all->errors, all->in_flight, all->ns, all->offcpu_ns);
	if (self->in_flight || self->max_ns != BRICKTRACE_NONE)
		no(&good, "%s: exclusive figures have in_flight or max_ns", what);
	if (all->count && all->max_ns != BRICKTRACE_NONE &&
	    (all->max_ns > all->ns ||
	     (!all->in_flight && all->max_ns < all->ns / all->count)))
		no(&good, "%s: longest %llu of %llu ns", what, all->max_ns, all->ns);
	if (!all->count && !all->in_flight)
		no(&good, "%s is in the result, but was not made", what);
	return good;
}

static bool call_consistent(const struct call *s)
{
	bool good = true;
	char what[32];

	if (s->category >= CATEGORIES)
		no(&good, "call %u: category %u", s->nr, s->category);
	snprintf(what, sizeof(what), "call %u", s->nr);
	return figures_consistent(&s->all, &s->self, what) && good;
}

static bool ioctl_same(const struct bricktrace_ioctl *a, const struct bricktrace_ioctl *b)
{
	return a->file == b->file && a->major == b->major && a->minor == b->minor &&
	       a->request == b->request && a->command == b->command &&
	       a->arch == b->arch && !memcmp(a->owner, b->owner, sizeof(a->owner)) &&
	       !memcmp(a->name, b->name, sizeof(a->name));
}

const struct bricktrace_ioctl *ioctl_of(const struct run *run,
					const struct bricktrace_ioctl *like)
{
	for (uint32_t i = 0; i < run->ioctls; i++)
		if (ioctl_same(&run->ioctl[2 * i], like))
			return &run->ioctl[2 * i];
	return NULL;
}

const char *ioctl_text(const struct bricktrace_ioctl *i)
{
	static char text[160];

	snprintf(text, sizeof(text),
		 "ioctl of file %u, device %u:%u, owner '%.16s', name '%.16s', request 0x%x, command 0x%llx, arch %u",
		 i->file, i->major, i->minor, i->owner, i->name, i->request, i->command,
		 i->arch);
	return text;
}

/* Has a command only what its file has, and is it in the result once? */
static bool ioctl_consistent(const struct run *run, uint32_t n)
{
	const struct bricktrace_ioctl *i = &run->ioctl[2 * n];
	bool device = i->file == BRICKTRACE_FILE_CHAR || i->file == BRICKTRACE_FILE_BLOCK;
	bool named = i->file == BRICKTRACE_FILE_ANON ||
		     i->file == BRICKTRACE_FILE_REGULAR ||
		     i->file == BRICKTRACE_FILE_DIRECTORY;
	bool good = true;

	if (i->file > BRICKTRACE_FILE_MORE || (!device && (i->major || i->minor)) ||
	    (i->owner[0] && i->file != BRICKTRACE_FILE_CHAR) || !i->name[0] == named ||
	    i->owner[sizeof(i->owner) - 1] || i->name[sizeof(i->name) - 1] ||
	    (i->file == BRICKTRACE_FILE_MORE &&
	     (i->request || i->command != BRICKTRACE_NONE)))
		no(&good, "%s: not all of this belongs together", ioctl_text(i));
	if (i[0].view != BRICKTRACE_VIEW_INCLUSIVE ||
	    i[1].view != BRICKTRACE_VIEW_EXCLUSIVE || !ioctl_same(&i[0], &i[1]))
		no(&good, "%s: views %u and %u", ioctl_text(i), i[0].view, i[1].view);
	if (ioctl_of(run, i) != i)
		no(&good, "%s is twice in the result", ioctl_text(i));
	return figures_consistent(&i[0].figures, &i[1].figures, ioctl_text(i)) && good;
}

/* Are the ioctls of each arch the sum of its commands, inclusive and exclusive? */
static bool ioctl_sums(const struct run *run, uint32_t arch)
{
	struct bricktrace_figures sum[2] = { 0 }, calls[2] = { 0 };
	bool good = true;

	for (uint32_t i = 0; i < 2 * run->ioctls; i++)
		if (run->ioctl[i].arch == arch)
			figures_add(&sum[i % 2], &run->ioctl[i].figures);
	for (uint32_t i = 0; i < run->syscalls; i++)
		if (run->calls[i].category == BRICKTRACE_CAT_IOCTL &&
		    run->calls[i].arch == arch) {
			figures_add(&calls[0], &run->calls[i].all);
			figures_add(&calls[1], &run->calls[i].self);
		}
	for (int view = 0; view < 2; view++) {
		calls[view].max_ns = calls[view].max_ns ?: BRICKTRACE_NONE;
		if (!figures_equal(&sum[view], &calls[view]))
			no(&good,
			   "view %d, arch %u: %llu ioctls, %llu errors, %llu in flight, %llu ns, longest %lld; their commands: %llu, %llu, %llu, %llu, %lld",
			   view, arch, calls[view].count, calls[view].errors,
			   calls[view].in_flight, calls[view].ns, calls[view].max_ns,
			   sum[view].count, sum[view].errors, sum[view].in_flight,
			   sum[view].ns, sum[view].max_ns);
	}
	return good;
}

static bool slow_consistent(const struct run *run, uint32_t n)
{
	const struct bricktrace_slow_call *s = &run->slow[n];
	struct bricktrace_ioctl command = { .file = s->file,
					    .major = s->major,
					    .minor = s->minor,
					    .request = s->request,
					    .command = s->command,
					    .arch = s->arch };
	bool good = true, known = false;

	for (uint32_t i = 0; i < run->syscalls; i++) {
		const struct call *c = &run->calls[i];

		known |= ((c->nr == s->nr && c->arch == s->arch) ||
			  c->nr == BRICKTRACE_NR_MORE) &&
			 c->category == s->category && s->ns <= c->all.max_ns &&
			 s->ns <= c->all.ns;
	}
	if (!known)
		no(&good, "slow call %u is not in the result", s->nr);
	if (s->offcpu_ns > s->ns || (n && s->ns > s[-1].ns) ||
	    s->start_ns + CLOCKS_APART < run->r.start_ns)
		no(&good, "slow call %u: %llu ns, %llu off-CPU, %lld after the beginning",
		   s->nr, s->ns, s->offcpu_ns, s->start_ns - run->r.start_ns);
	if (s->category != BRICKTRACE_CAT_IOCTL) {
		if (s->file || s->major || s->minor || s->request || s->owner[0] ||
		    s->name[0])
			no(&good, "slow call %u is for file %u", s->nr, s->file);
		return good;
	}
	memcpy(command.owner, s->owner, sizeof(s->owner));
	memcpy(command.name, s->name, sizeof(s->name));
	/* The command has perhaps no separate figures in the session. */
	if (!ioctl_of(run, &command)) {
		command = (struct bricktrace_ioctl){ .file = BRICKTRACE_FILE_MORE,
						     .command = BRICKTRACE_NONE,
						     .arch = s->arch };
		if (!ioctl_of(run, &command))
			no(&good, "the command of a slow ioctl is not in the result: %s",
			   ioctl_text(&command));
	}
	return good;
}

static bool category_consistent(const struct run *run, uint32_t c)
{
	struct bricktrace_figures all = { 0 }, self = { 0 };
	bool good = true;

	for (uint32_t i = 0; i < run->syscalls; i++) {
		const struct call *s = &run->calls[i];

		if (s->category != c)
			continue;
		figures_add(&all, &s->all);
		figures_add(&self, &s->self);
	}
	if (!figures_equal(&all, &run->category[c]))
		no(&good, "category %u is not the sum of its calls", c);
	if (!figures_equal(&self, &run->self_category[c]))
		no(&good, "exclusive category %u is not the sum of its calls", c);
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
	for (uint32_t i = 0; i < run->ioctls; i++)
		good &= ioctl_consistent(run, i);
	for (uint32_t arch = 0; arch <= BRICKTRACE_ARCH_X32; arch++)
		good &= ioctl_sums(run, arch);
	for (uint32_t i = 0; i < run->slow_calls; i++)
		good &= slow_consistent(run, i);
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
