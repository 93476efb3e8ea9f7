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
	struct bt_figures figures[BTI_VIEWS];
};

struct result_whole {
	struct bt_result public;
	char brick[BT_NAME_LEN];
	struct bt_times times[BTI_VIEWS];
	struct bricktrace_failed failed_raw[BT_MAX_ASSERTIONS];
	struct bt_failed failed[BT_MAX_ASSERTIONS];
	struct result_category *categories; /* in the same allocation, after @syscalls */
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

void bti_element(const struct bricktrace_array *a, uint32_t i, void *element)
{
	memcpy(element, result_element(a, i), a->known);
	memset((char *)element + a->known, 0xff, a->size - a->known);
}

/*
 * The kernel writes one element for each view of a category or system call, the
 * inclusive one first. Returns the number of categories or system calls.
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
		bti_element(a, i, &raw);
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
		bti_element(a, i, &raw);
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
				 const struct bricktrace_array *a)
{
	struct result_syscall *s = NULL, *next = all;
	struct bricktrace_syscall raw;
	uint32_t i;

	for (i = 0; i < bti_elements(a); i++) {
		bti_element(a, i, &raw);
		if (raw.view == BRICKTRACE_VIEW_INCLUSIVE) {
			s = next++;
			s->public.nr = raw.nr;
			s->public.arch = (enum bt_arch)raw.arch;
			s->public.category = (enum bt_category)raw.category;
			bti_syscall_name(raw.nr, s->public.arch, s->public.category,
					 s->name, sizeof(s->name));
		}
		if (s && raw.view < BTI_VIEWS)
			s->figures[raw.view] = result_figures(&raw.figures);
	}
	qsort(all, n, sizeof(*all), result_by_time);
	for (i = 0; i < n; i++)
		all[i].public.name = all[i].name;
}

static void result_read_failed(struct result_whole *result,
			       const struct bricktrace_array *a)
{
	uint32_t i;

	for (i = 0; i < result->public.n_failed; i++) {
		struct bricktrace_failed *raw = &result->failed_raw[i];

		bti_element(a, i, raw);
		result->failed[i] = (struct bt_failed){
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

static struct result_whole *result_alloc(uint32_t n_syscalls, uint32_t n_categories)
{
	struct result_whole *result;
	size_t size = sizeof(*result) + n_syscalls * sizeof(result->syscalls[0]) +
		      n_categories * sizeof(result->categories[0]);
	uint32_t i;

	result = malloc(size);
	if (!result)
		return NULL;
	/* Each figure is BT_NONE unless the kernel reports it. */
	memset(result, 0xff, size);
	result->categories = (struct result_category *)&result->syscalls[n_syscalls];
	for (i = 0; i < n_categories; i++)
		result->categories[i].category = (enum bt_category)i;
	return result;
}

/*
 * Returns how many system calls the array had no room for. Each of them has as many
 * elements as the @n that were copied.
 */
static uint32_t result_missing(const struct bricktrace_array *a, uint32_t n)
{
	return n ? (uint64_t)a->count * n / bti_elements(a) - n : 0;
}

int bti_result_new(const struct bt_brick *brick, uint64_t budget_ns,
		   const struct bricktrace_run_close *close, struct bt_result **out)
{
	uint32_t reported = result_count_inclusive(
		&close->categories, offsetof(struct bricktrace_category_figures, view));
	uint32_t n = result_count_inclusive(&close->syscalls,
					    offsetof(struct bricktrace_syscall, view));
	uint32_t n_categories = reported ? reported : BTI_CATEGORIES;
	struct result_whole *result = result_alloc(n, n_categories);
	struct bricktrace_result raw;

	if (!result)
		return bti_fail(ENOMEM, "no memory for a result of brick '%s'",
				brick->name);
	bti_element(&close->result, 0, &raw);
	result_read_times(result->times, &close->times);
	result_read_categories(result->categories, &close->categories);
	result_read_syscalls(result->syscalls, n, &close->syscalls);
	memcpy(result->brick, brick->name, sizeof(result->brick));
	result->public = (struct bt_result){
		.brick = result->brick,
		.budget_ns = budget_ns,
		.run = raw.run,
		.parent = raw.parent,
		.provenance = (enum bt_provenance)raw.provenance,
		.reason = (enum bt_reason)raw.reason,
		.start_ns = raw.start_ns,
		.wall_ns = raw.wall_ns,
		.threads = raw.threads,
		.abandoned = raw.flags & BRICKTRACE_RESULT_ABANDONED,
		.n_categories = n_categories,
		.n_syscalls = n,
		.n_missing = result_missing(&close->syscalls, n),
		.brick_run = BT_NONE,
		.cv_percent = NAN,
		.window_efficiency = NAN,
		.efficiency =
			budget_ns == BT_NONE ? NAN : bt_efficiency(budget_ns, raw.wall_ns),
		.n_failed = bti_elements(&close->failed),
	};
	if (close->result.known >= BRICKTRACE_RESULT_SIZE_V1)
		result_read_judgment(&result->public, &raw);
	result_read_failed(result, &close->failed);
	*out = &result->public;
	return 0;
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

const struct bt_failed *bt_result_failed(const struct bt_result *r, uint32_t i)
{
	return r && i < r->n_failed ? &((const struct result_whole *)r)->failed[i] : NULL;
}

bool bt_result_over_budget(const struct bt_result *r)
{
	return r && r->budget_ns != BT_NONE && bt_over_budget(r->budget_ns, r->wall_ns);
}
