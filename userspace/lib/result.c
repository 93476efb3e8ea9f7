// SPDX-License-Identifier: MIT
/* A finished run, in the library's terms. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* The caller sees the first part only, which may grow. */
struct result {
	struct bt_result public;
	struct bt_syscall syscalls[];
};

_Static_assert(sizeof(struct bt_figures) == sizeof(struct bricktrace_figures), "");

static struct bt_figures figures(const struct bricktrace_figures *raw)
{
	return (struct bt_figures){
		.count = raw->count,
		.in_flight = raw->in_flight,
		.errors = raw->errors,
		.ns = raw->ns,
		.offcpu_ns = raw->offcpu_ns,
		.max_ns = raw->max_ns,
	};
}

static void breakdown(struct bt_breakdown *b, const struct bricktrace_times *times,
		      const struct bricktrace_figures *category)
{
	int i;

	b->thread_ns = times->thread_ns;
	b->compute_ns = times->compute_ns;
	b->compute_offcpu_ns = times->compute_offcpu_ns;
	b->edge_ns = times->edge_ns;
	b->control_ns = times->control_ns;
	for (i = 0; i < BT_CATEGORIES; i++)
		b->category[i] = figures(&category[i]);
}

static int by_time(const void *a, const void *b)
{
	const struct bt_syscall *x = a, *y = b;

	if (x->all.ns != y->all.ns)
		return x->all.ns < y->all.ns ? 1 : -1;
	return strcmp(x->name, y->name);
}

int bti_result_new(const struct bt_brick *brick, uint64_t budget_ns,
		   const struct bricktrace_result *raw,
		   const struct bricktrace_syscall *syscalls, struct bt_result **out)
{
	uint32_t i, n = raw->syscalls < BTI_SYSCALLS ? raw->syscalls : BTI_SYSCALLS;
	struct bt_result *r;
	struct result *result;

	result = calloc(1, sizeof(*result) + n * sizeof(result->syscalls[0]));
	if (!result)
		return bti_fail(ENOMEM, "no memory for a result of brick '%s'",
				brick->name);
	r = &result->public;
	memcpy(r->brick, brick->name, sizeof(r->brick));
	r->budget_ns = budget_ns;
	r->run = raw->run;
	r->parent = raw->parent;
	r->provenance = (enum bt_provenance)raw->provenance;
	r->reason = (enum bt_reason)raw->reason;
	r->start_ns = raw->start_ns;
	r->wall_ns = raw->wall_ns;
	r->threads = raw->threads;
	r->abandoned = raw->flags & BRICKTRACE_RESULT_ABANDONED;
	breakdown(&r->all, &raw->all, raw->category);
	breakdown(&r->self, &raw->self, raw->self_category);
	r->n_syscalls = n;
	r->n_missing = raw->syscalls - n;
	for (i = 0; i < n; i++) {
		struct bt_syscall *s = &result->syscalls[i];

		s->nr = syscalls[i].nr;
		s->abi = (enum bt_abi)syscalls[i].abi;
		s->category = (enum bt_category)syscalls[i].category;
		s->all = figures(&syscalls[i].all);
		s->self = figures(&syscalls[i].self);
		bti_syscall_name(s->nr, s->abi, s->category, s->name, sizeof(s->name));
	}
	qsort(result->syscalls, n, sizeof(result->syscalls[0]), by_time);
	*out = r;
	return 0;
}

void bt_result_free(struct bt_result *r)
{
	free(r);
}

const struct bt_syscall *bt_result_syscall(const struct bt_result *r, uint32_t i)
{
	return i < r->n_syscalls ? &((const struct result *)r)->syscalls[i] : NULL;
}

bool bt_result_over_budget(const struct bt_result *r)
{
	return r->budget_ns != BT_NONE && bt_over_budget(r->budget_ns, r->wall_ns);
}
