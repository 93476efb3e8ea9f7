// SPDX-License-Identifier: MIT
/* The library's copy of a finished run. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/*
 * Programs see the public structures only, and only by address, so that a later
 * library can append fields to them.
 */
struct result_category {
	enum bt_category category;
	struct bt_figures figures[BTI_VIEWS];
};

struct result_syscall {
	struct bt_syscall public;
	char name[48];
	char arch_name[24]; /* used if the library does not know the table */
	struct bt_figures figures[BTI_VIEWS];
};

struct result_ioctl {
	struct bt_ioctl public;
	char owner[BRICKTRACE_FILE_NAME_LEN];
	char name[BRICKTRACE_FILE_NAME_LEN];
	char arch_name[24];
	struct bt_figures figures[BTI_VIEWS];
};

struct result_slow_call {
	struct bt_slow_call public;
	char name[48];
	char arch_name[24];
	struct result_ioctl ioctl; /* used if the call is an ioctl */
};

struct result_failed {
	struct bt_failed public;
	struct bricktrace_failed raw;
};

struct result_whole {
	struct bt_result public;
	char brick[BT_NAME_LEN];
	struct bt_times times[BTI_VIEWS];
	bool has_ioctls;
	bool has_slow_calls;
	/* These arrays are in the same allocation, after @syscalls. */
	struct result_category *categories;
	struct result_ioctl *ioctls;
	struct result_slow_call *slow_calls;
	struct result_failed *failed;
	struct result_syscall syscalls[];
};

uint32_t bti_elements(const struct bricktrace_array *a)
{
	return a->count < a->cap ? a->count : a->cap;
}

static const char *result_element(const struct bricktrace_array *a, uint32_t i)
{
	return (const char *)(uintptr_t)a->addr + (size_t)i * a->size;
}

void bti_element(const struct bricktrace_array *a, uint32_t i, void *element, size_t size)
{
	memcpy(element, result_element(a, i), a->known);
	memset((char *)element + a->known, 0xff, size - a->known);
}

/*
 * The kernel writes one element for each view of a category, system call or ioctl, the
 * inclusive one first. Returns the number of categories, system calls or ioctls.
 */
static uint32_t result_count_inclusive(const struct bricktrace_array *a, size_t view_offset)
{
	uint32_t i, view, n = 0;

	for (i = 0; i < bti_elements(a); i++) {
		memcpy(&view, result_element(a, i) + view_offset, sizeof(view));
		n += view == BRICKTRACE_VIEW_INCLUSIVE;
	}
	return n;
}

static struct bt_figures result_figures(const struct bricktrace_figures *raw)
{
	return (struct bt_figures){
		.count = raw->count,
		.in_flight = raw->in_flight,
		.errors = raw->errors,
		.ns = raw->ns,
		.offcpu_ns = raw->offcpu_ns,
		.max_ns = raw->max_ns,
		.runnable_ns = raw->runnable_ns,
	};
}

static void result_read_times(struct bt_times *times, const struct bricktrace_array *a)
{
	struct bricktrace_times raw;
	uint32_t i;

	for (i = 0; i < bti_elements(a); i++) {
		bti_element(a, i, &raw, sizeof(raw));
		if (raw.view >= BTI_VIEWS)
			continue;
		times[raw.view] = (struct bt_times){
			.thread_ns = raw.thread_ns,
			.compute_ns = raw.compute_ns,
			.compute_offcpu_ns = raw.compute_offcpu_ns,
			.edge_ns = raw.edge_ns,
			.control_ns = raw.control_ns,
			.compute_runnable_ns = raw.compute_runnable_ns,
			.minor_faults = raw.minor_faults,
			.major_faults = raw.major_faults,
		};
	}
}

static void result_read_categories(struct result_category *next,
				   const struct bricktrace_array *a)
{
	struct bricktrace_category_figures raw;
	struct result_category *c = NULL;
	uint32_t i;

	for (i = 0; i < bti_elements(a); i++) {
		bti_element(a, i, &raw, sizeof(raw));
		if (raw.view == BRICKTRACE_VIEW_INCLUSIVE) {
			c = next++;
			c->category = (enum bt_category)raw.category;
		}
		if (c && raw.view < BTI_VIEWS)
			c->figures[raw.view] = result_figures(&raw.figures);
	}
}

static int result_by_time(const void *a, const void *b)
{
	const struct result_syscall *x = a, *y = b;
	uint64_t x_ns = x->figures[BT_INCLUSIVE].ns, y_ns = y->figures[BT_INCLUSIVE].ns;

	if (x_ns != y_ns)
		return x_ns < y_ns ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void result_read_syscalls(struct result_syscall *all, uint32_t n,
				 const struct bricktrace_array *a,
				 const struct bti_machine *machine)
{
	struct result_syscall *s = NULL, *next = all;
	struct bricktrace_syscall raw;
	uint32_t i;

	for (i = 0; i < bti_elements(a); i++) {
		bti_element(a, i, &raw, sizeof(raw));
		if (raw.view == BRICKTRACE_VIEW_INCLUSIVE) {
			s = next++;
			s->public.nr = raw.nr;
			s->public.arch = (enum bt_arch)raw.arch;
			s->public.category = (enum bt_category)raw.category;
			bti_syscall_name(machine, raw.nr, s->public.arch,
					 s->public.category, s->name, sizeof(s->name));
		}
		if (s && raw.view < BTI_VIEWS)
			s->figures[raw.view] = result_figures(&raw.figures);
	}
	qsort(all, n, sizeof(*all), result_by_time);
	for (i = 0; i < n; i++) {
		all[i].public.name = all[i].name;
		all[i].public.arch_name =
			bti_arch_name(machine, all[i].public.arch, all[i].arch_name);
	}
}

/* Sets the names of an ioctl, which must not move afterwards. The kernel's may be anything. */
static void result_name_ioctl(struct result_ioctl *io, const struct bti_machine *machine)
{
	io->owner[sizeof(io->owner) - 1] = '\0';
	io->name[sizeof(io->name) - 1] = '\0';
	io->public.owner = io->owner;
	io->public.name = io->name;
	io->public.arch_name = bti_arch_name(machine, io->public.arch, io->arch_name);
}

static int result_by_ioctl_time(const void *a, const void *b)
{
	const struct result_ioctl *x = a, *y = b;
	uint64_t x_ns = x->figures[BT_INCLUSIVE].ns, y_ns = y->figures[BT_INCLUSIVE].ns;

	if (x_ns != y_ns)
		return x_ns < y_ns ? 1 : -1;
	/* Any order will do that is the same each time. */
	return memcmp(x, y, offsetof(struct bt_ioctl, arch) + sizeof(x->public.arch));
}

static void result_read_ioctls(struct result_ioctl *all, uint32_t n,
			       const struct bricktrace_array *a,
			       const struct bti_machine *machine)
{
	struct result_ioctl *io = NULL, *next = all;
	struct bricktrace_ioctl raw;
	uint32_t i;

	for (i = 0; i < bti_elements(a); i++) {
		bti_element(a, i, &raw, sizeof(raw));
		if (raw.view == BRICKTRACE_VIEW_INCLUSIVE) {
			io = next++;
			io->public = (struct bt_ioctl){
				.file = (enum bt_file)raw.file,
				.major = raw.major,
				.minor = raw.minor,
				.request = raw.request,
				.command = raw.command,
				.arch = (enum bt_arch)raw.arch,
			};
			memcpy(io->owner, raw.owner, sizeof(io->owner));
			memcpy(io->name, raw.name, sizeof(io->name));
		}
		if (io && raw.view < BTI_VIEWS)
			io->figures[raw.view] = result_figures(&raw.figures);
	}
	qsort(all, n, sizeof(*all), result_by_ioctl_time);
	for (i = 0; i < n; i++)
		result_name_ioctl(&all[i], machine);
}

static void result_read_slow_call(struct result_slow_call *call,
				  const struct bricktrace_slow_call *raw,
				  const struct bti_about *about)
{
	call->public = (struct bt_slow_call){
		.tid = raw->tid,
		.name = call->name,
		.nr = raw->nr,
		.arch = (enum bt_arch)raw->arch,
		.category = (enum bt_category)raw->category,
		.arg0 = raw->arg0,
		.start_ns = raw->start_ns,
		.start_unix_ns = raw->start_ns + about->to_unix,
		.ns = raw->ns,
		.offcpu_ns = raw->offcpu_ns,
		.ret = raw->ret,
		.arch_name = bti_arch_name(about->machine, (enum bt_arch)raw->arch,
					   call->arch_name),
	};
	bti_syscall_name(about->machine, raw->nr, call->public.arch,
			 call->public.category, call->name, sizeof(call->name));
	if (raw->category != BRICKTRACE_CAT_IOCTL)
		return;
	call->ioctl.public = (struct bt_ioctl){
		.file = (enum bt_file)raw->file,
		.major = raw->major,
		.minor = raw->minor,
		.request = raw->request,
		.command = raw->command,
		.arch = call->public.arch,
	};
	memcpy(call->ioctl.owner, raw->owner, sizeof(raw->owner));
	memcpy(call->ioctl.name, raw->name, sizeof(raw->name));
	result_name_ioctl(&call->ioctl, about->machine);
	call->public.ioctl = &call->ioctl.public;
}

static void result_read_slow_calls(struct result_slow_call *all,
				   const struct bricktrace_array *a,
				   const struct bti_about *about)
{
	struct bricktrace_slow_call raw;
	uint32_t i;

	for (i = 0; i < bti_elements(a); i++) {
		bti_element(a, i, &raw, sizeof(raw));
		result_read_slow_call(&all[i], &raw, about);
	}
}

static void result_read_failed(struct result_failed *all, const struct bricktrace_array *a)
{
	uint32_t i;

	for (i = 0; i < bti_elements(a); i++) {
		struct bricktrace_failed *raw = &all[i].raw;

		bti_element(a, i, raw, sizeof(*raw));
		all[i].public = (struct bt_failed){
			.name = raw->name,
			.kind = (enum bt_assertion_kind)raw->kind,
			.value = raw->value,
			.limit = raw->limit,
		};
	}
}

/* Reads what a module that is older than statistics does not know. */
static void result_read_judgment(struct bt_result *r, const struct bricktrace_result *raw)
{
	const struct bricktrace_sum sum = { .low = raw->window_sum };

	r->why = raw->why;
	r->mode = (enum bt_mode)raw->mode;
	r->granted = raw->flags & BRICKTRACE_RESULT_GRANTED;
	r->refused = raw->flags & BRICKTRACE_RESULT_REFUSED;
	r->brick_run = raw->brick_run;
	r->window_runs = raw->window_runs;
	r->cv_percent = bkt_cv_percent(raw->window_kept, &sum, &raw->window_squares);
	if (r->budget_ns != BT_NONE && r->window_runs)
		r->window_efficiency =
			bkt_efficiency(r->budget_ns, raw->window_median2 / 2.0);
	r->assertions_passed = raw->passed;
	r->assertions_failed = raw->failed;
	r->assertions_not_evaluated = raw->not_evaluated;
}

/* Makes a result of @public, with room for as many elements as @public says. */
static struct result_whole *result_alloc(const struct bt_result *public)
{
	struct result_whole *result;
	size_t size = sizeof(*result) + public->n_syscalls * sizeof(result->syscalls[0]) +
		      public->n_categories * sizeof(result->categories[0]) +
		      public->n_ioctls * sizeof(result->ioctls[0]) +
		      public->n_slow_calls * sizeof(result->slow_calls[0]) +
		      public->n_failed * sizeof(result->failed[0]);
	uint32_t i;

	result = malloc(size);
	if (!result)
		return NULL;
	/* Each figure is BT_NONE unless the kernel reports it. */
	memset(result, 0xff, size);
	result->public = *public;
	result->categories =
		(struct result_category *)&result->syscalls[public->n_syscalls];
	result->ioctls = (struct result_ioctl *)&result->categories[public->n_categories];
	result->slow_calls = (struct result_slow_call *)&result->ioctls[public->n_ioctls];
	result->failed = (struct result_failed *)&result->slow_calls[public->n_slow_calls];
	for (i = 0; i < public->n_categories; i++)
		result->categories[i].category = (enum bt_category)i;
	return result;
}

/*
 * Returns how many system calls or ioctls the array had no room for. Each of them has as many
 * elements as the @n that were copied.
 */
static uint32_t result_missing(const struct bricktrace_array *a, uint32_t n)
{
	return n ? (uint64_t)a->count * n / bti_elements(a) - n : 0;
}

int bti_result_make(const struct bti_about *about,
		    const struct bricktrace_run_close *close, struct bt_result **out)
{
	uint32_t categories = result_count_inclusive(
		&close->categories, offsetof(struct bricktrace_category_figures, view));
	uint32_t syscalls = result_count_inclusive(
		&close->syscalls, offsetof(struct bricktrace_syscall, view));
	uint32_t ioctls = result_count_inclusive(&close->ioctls,
						 offsetof(struct bricktrace_ioctl, view));
	struct result_whole *result;
	struct bricktrace_result raw;
	struct bt_result public;

	bti_element(&close->result, 0, &raw, sizeof(raw));
	public = (struct bt_result){
		.budget_ns = about->budget_ns,
		.run = raw.run,
		.parent = raw.parent,
		.provenance = (enum bt_provenance)raw.provenance,
		.reason = (enum bt_reason)raw.reason,
		.start_ns = raw.start_ns,
		.wall_ns = raw.wall_ns,
		.threads = raw.threads,
		.abandoned = raw.flags & BRICKTRACE_RESULT_ABANDONED,
		.n_categories = categories ? categories : BTI_CATEGORIES,
		.n_syscalls = syscalls,
		.n_missing = result_missing(&close->syscalls, syscalls),
		.brick_run = BT_NONE,
		.cv_percent = NAN,
		.window_efficiency = NAN,
		.efficiency = about->budget_ns == BT_NONE ?
				      NAN :
				      bt_efficiency(about->budget_ns, raw.wall_ns),
		.n_failed = bti_elements(&close->failed),
		.n_ioctls = ioctls,
		.n_missing_ioctls = result_missing(&close->ioctls, ioctls),
		.n_slow_calls = bti_elements(&close->slow_calls),
		.slow_incomplete = raw.flags & BRICKTRACE_RESULT_SLOW_INCOMPLETE,
	};
	if (close->result.known >= BRICKTRACE_RESULT_SIZE_V1)
		result_read_judgment(&public, &raw);
	result = result_alloc(&public);
	if (!result)
		return bti_fail(ENOMEM, "no memory for a result of brick '%s'",
				about->brick);
	result->public.brick = strcpy(result->brick, about->brick);
	result->has_ioctls = raw.provenance && close->ioctls.known;
	result->has_slow_calls = raw.provenance && close->slow_calls.known;
	result_read_times(result->times, &close->times);
	result_read_categories(result->categories, &close->categories);
	result_read_syscalls(result->syscalls, syscalls, &close->syscalls, about->machine);
	result_read_failed(result->failed, &close->failed);
	result_read_ioctls(result->ioctls, ioctls, &close->ioctls, about->machine);
	result_read_slow_calls(result->slow_calls, &close->slow_calls, about);
	*out = &result->public;
	return 0;
}

int bti_result_new(const struct bt_brick *brick, uint64_t budget_ns,
		   const struct bricktrace_run_close *close, struct bt_result **out)
{
	const struct bti_ops *ops = brick->tracer->ops;
	struct bti_about about = {
		.brick = brick->name,
		.budget_ns = budget_ns,
		.machine = bti_machine(bti_host),
	};

	if (bti_elements(&close->slow_calls))
		about.to_unix = ops->unix_now() - ops->now();
	return bti_result_make(&about, close, out);
}

void bt_result_free(struct bt_result *r)
{
	free(r);
}

const struct bt_times *bt_result_times(const struct bt_result *r, enum bt_view view)
{
	return r && (unsigned int)view < BTI_VIEWS ?
		       &((const struct result_whole *)r)->times[view] :
		       NULL;
}

enum bt_category bt_result_category_at(const struct bt_result *r, uint32_t i)
{
	return r && i < r->n_categories ?
		       ((const struct result_whole *)r)->categories[i].category :
		       BT_CAT_NONE;
}

const struct bt_figures *bt_result_category(const struct bt_result *r,
					    enum bt_category category, enum bt_view view)
{
	const struct result_category *c, *end;

	if (!r)
		return NULL;
	c = ((const struct result_whole *)r)->categories;
	end = c + r->n_categories;
	while (c < end && c->category != category)
		c++;
	return c < end && (unsigned int)view < BTI_VIEWS ? &c->figures[view] : NULL;
}

const struct bt_syscall *bt_result_syscall(const struct bt_result *r, uint32_t i)
{
	return r && i < r->n_syscalls ?
		       &((const struct result_whole *)r)->syscalls[i].public :
		       NULL;
}

const struct bt_figures *bt_syscall_figures(const struct bt_syscall *syscall,
					    enum bt_view view)
{
	return syscall && (unsigned int)view < BTI_VIEWS ?
		       &((const struct result_syscall *)syscall)->figures[view] :
		       NULL;
}

bool bt_result_has_ioctls(const struct bt_result *r)
{
	return r && ((const struct result_whole *)r)->has_ioctls;
}

const struct bt_ioctl *bt_result_ioctl(const struct bt_result *r, uint32_t i)
{
	return r && i < r->n_ioctls ? &((const struct result_whole *)r)->ioctls[i].public :
				      NULL;
}

const struct bt_figures *bt_ioctl_figures(const struct bt_ioctl *ioctl, enum bt_view view)
{
	return ioctl && (unsigned int)view < BTI_VIEWS ?
		       &((const struct result_ioctl *)ioctl)->figures[view] :
		       NULL;
}

bool bt_result_has_slow_calls(const struct bt_result *r)
{
	return r && ((const struct result_whole *)r)->has_slow_calls;
}

const struct bt_slow_call *bt_result_slow_call(const struct bt_result *r, uint32_t i)
{
	return r && i < r->n_slow_calls ?
		       &((const struct result_whole *)r)->slow_calls[i].public :
		       NULL;
}

const struct bt_failed *bt_result_failed(const struct bt_result *r, uint32_t i)
{
	return r && i < r->n_failed ? &((const struct result_whole *)r)->failed[i].public :
				      NULL;
}

bool bt_result_over_budget(const struct bt_result *r)
{
	return r && r->budget_ns != BT_NONE && bt_over_budget(r->budget_ns, r->wall_ns);
}
