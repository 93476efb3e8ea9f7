// SPDX-License-Identifier: MIT
/* The books of a brick, of which the module has one copy and this program makes another. */
#include <math.h>

#include "books.h"

static struct bricktrace_array books_array(const struct bricktrace_array *from,
					   const void *first, size_t size)
{
	struct bricktrace_array array = *from;

	array.addr = (uintptr_t)first;
	array.size = size;
	return array;
}

/* The kernel has no word for a brick without a budget. */
static uint64_t books_budget(uint64_t ns)
{
	return ns == BT_MAX_BUDGET ? BT_NONE : ns;
}

static int books_read_longest(struct books *books, const struct host_brick *brick)
{
	const struct bti_brick_room *room = &brick->room;
	const struct bricktrace_brick_get *get = &brick->get;
#define BOOKS_ARRAY(member) \
	books_array(&get->member, room->member, sizeof(room->member[0]))
	const struct bricktrace_run_close close = {
		.result = BOOKS_ARRAY(longest),
		.times = BOOKS_ARRAY(longest_times),
		.categories = BOOKS_ARRAY(longest_categories),
		.slow_calls = BOOKS_ARRAY(longest_slow),
	};
#undef BOOKS_ARRAY
	const struct bti_about about = {
		.brick = get->name,
		.budget_ns = books_budget(room->longest[0].budget_ns),
		.to_unix = bti_system.unix_now() - bti_system.now(),
		.machine = bti_machine(bti_host),
	};

	if (!bti_elements(&close.result))
		return 0;
	return bti_result_make(&about, &close, &books->longest);
}

int books_read(struct books *books, const struct host_brick *brick)
{
	uint64_t traced = brick->room.statistics[0].traced;
	const struct bt_times *t;

	*books = (struct books){ 0 };
	if (!books_read_longest(books, brick)) {
		/* What the module measures of one traced run, it measures of all. */
		t = bt_result_times(books->longest, BT_INCLUSIVE);
		if (!bti_statistics_new(brick->get.name, books_budget(brick->get.budget_ns),
					&brick->get, &brick->room, brick->outliers,
					t && t->compute_runnable_ns != BT_NONE ? traced : 0,
					t && t->minor_faults != BT_NONE ? traced : 0,
					&books->statistics))
			return 0;
	}
	books_free(books);
	return -1;
}

void books_free(struct books *books)
{
	bt_statistics_free(books->statistics);
	bt_result_free(books->longest);
	*books = (struct books){ 0 };
}

static double books_category_ns(const struct bt_statistics *s, uint32_t i)
{
	return bt_statistics_category(s, bt_statistics_category_at(s, i))->ns;
}

enum bt_category books_dominant(const struct bt_statistics *s)
{
	enum bt_category best = s->traced ? BT_CAT_NONE : BT_CAT_UNMEASURED;
	double most = 0;
	uint32_t i;

	for (i = 0; i < s->n_categories; i++)
		if (books_category_ns(s, i) > most) {
			most = books_category_ns(s, i);
			best = bt_statistics_category_at(s, i);
		}
	return best;
}

double books_overhead_percent(const struct bt_statistics *s)
{
	double ns = 0;
	uint32_t i;

	for (i = 0; i < s->n_categories; i++)
		ns += books_category_ns(s, i);
	/* The mean of no runs is NAN, and a thread time of 0 says nothing. */
	return bt_statistics_times(s)->thread_ns > 0 ?
		       100 * ns / bt_statistics_times(s)->thread_ns :
		       NAN;
}

double books_over_percent(const struct bt_statistics *s)
{
	return s->runs && s->budget_ns != BT_NONE ? 100.0 * s->over_budget / s->runs : NAN;
}
