// SPDX-License-Identifier: MIT
/* Sorting the system calls of a result. */
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "sort.h"

enum sort_key parse_sort_key(const char *text)
{
	static const struct {
		const char *name;
		enum sort_key key;
	} keys[] = {
		{ "time", SORT_TIME },	     { "time-percent", SORT_TIME },
		{ "time-total", SORT_TIME }, { "total-time", SORT_TIME },
		{ "time_total", SORT_TIME }, { "avg-time", SORT_AVG },
		{ "time-avg", SORT_AVG },    { "max-time", SORT_MAX },
		{ "longest", SORT_MAX },     { "time-max", SORT_MAX },
		{ "max", SORT_MAX },	     { "calls", SORT_CALLS },
		{ "count", SORT_CALLS },     { "errors", SORT_ERRORS },
		{ "error", SORT_ERRORS },    { "name", SORT_NAME },
		{ "syscall", SORT_NAME },    { "syscall-name", SORT_NAME },
		{ "nothing", SORT_NUMBER },  { "none", SORT_NUMBER },
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!strcmp(text, keys[i].name))
			return keys[i].key;
	return SORT_INVALID;
}

double average_ns(const struct bt_figures *f)
{
	uint64_t calls = f->count + f->in_flight;

	return calls ? (double)f->ns / calls : 0;
}

static int sort_descending(double a, double b)
{
	return (a < b) - (a > b);
}

static double sort_max_ns(uint64_t max_ns)
{
	return max_ns == BT_NONE ? -1 : (double)max_ns;
}

static const struct bt_figures *sort_figures(const struct bt_syscall *syscall)
{
	return bt_syscall_figures(syscall, BT_INCLUSIVE);
}

static int sort_compare(const void *pa, const void *pb, void *key)
{
	const struct bt_syscall *a = *(const struct bt_syscall *const *)pa;
	const struct bt_syscall *b = *(const struct bt_syscall *const *)pb;
	int order = 0;

	switch (*(enum sort_key *)key) {
	case SORT_AVG:
		order = sort_descending(average_ns(sort_figures(a)),
					average_ns(sort_figures(b)));
		break;
	case SORT_MAX:
		order = sort_descending(sort_max_ns(sort_figures(a)->max_ns),
					sort_max_ns(sort_figures(b)->max_ns));
		break;
	case SORT_CALLS:
		order = sort_descending(sort_figures(a)->count, sort_figures(b)->count);
		break;
	case SORT_ERRORS:
		order = sort_descending(sort_figures(a)->errors, sort_figures(b)->errors);
		break;
	case SORT_NAME:
		order = strcmp(a->name, b->name);
		break;
	case SORT_NUMBER:
		order = (a->arch > b->arch) - (a->arch < b->arch);
		if (!order)
			order = (a->nr > b->nr) - (a->nr < b->nr);
		break;
	default:
		break;
	}
	if (!order)
		order = sort_descending(sort_figures(a)->ns, sort_figures(b)->ns);
	return order ? order : strcmp(a->name, b->name);
}

const struct bt_syscall **sorted_syscalls(const struct bt_result *result,
					  enum sort_key sort, const char *filter)
{
	const struct bt_syscall **list = calloc(result->n_syscalls + 1, sizeof(*list)), *s;
	uint32_t i, n = 0;

	if (!list)
		return NULL;
	for (i = 0; (s = bt_result_syscall(result, i)); i++)
		if (filter_syscall(filter, s))
			list[n++] = s;
	qsort_r(list, n, sizeof(*list), sort_compare, &sort);
	return list;
}
