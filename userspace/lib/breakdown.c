// SPDX-License-Identifier: MIT
/* Figures that are derived from a breakdown, and comparisons with a budget. */
#include <math.h>

#include "internal.h"

static uint64_t breakdown_thread_ns(const struct bt_result *r, enum bt_view view)
{
	const struct bt_times *times = bt_result_times(r, view);

	return times ? times->thread_ns : BT_NONE;
}

static uint64_t breakdown_category_ns(const struct bt_result *r, uint32_t i,
				      enum bt_view view)
{
	return bt_result_category(r, bt_result_category_at(r, i), view)->ns;
}

uint64_t bt_breakdown_syscall_ns(const struct bt_result *r, enum bt_view view)
{
	uint64_t sum = 0;
	uint32_t i;

	if (breakdown_thread_ns(r, view) == BT_NONE)
		return BT_NONE;
	for (i = 0; i < r->n_categories; i++)
		sum += breakdown_category_ns(r, i, view);
	return sum;
}

enum bt_category bt_breakdown_dominant(const struct bt_result *r, enum bt_view view)
{
	enum bt_category best = BT_CAT_NONE;
	uint64_t most = 0;
	uint32_t i;

	if (breakdown_thread_ns(r, view) == BT_NONE)
		return BT_CAT_UNMEASURED;
	for (i = 0; i < r->n_categories; i++)
		if (breakdown_category_ns(r, i, view) > most) {
			most = breakdown_category_ns(r, i, view);
			best = bt_result_category_at(r, i);
		}
	return best;
}

double bt_breakdown_overhead_percent(const struct bt_result *r, enum bt_view view)
{
	uint64_t sum = bt_breakdown_syscall_ns(r, view);
	uint64_t total = breakdown_thread_ns(r, view);

	if (sum == BT_NONE)
		return -1;
	if (!total)
		return 0;
	return sum < total ? 100.0 * sum / total : 100;
}

uint64_t bt_blocked_ns(uint64_t offcpu_ns, uint64_t runnable_ns)
{
	if (offcpu_ns == BT_NONE || runnable_ns == BT_NONE)
		return BT_NONE;
	return offcpu_ns > runnable_ns ? offcpu_ns - runnable_ns : 0;
}

bool bt_over_budget(uint64_t budget_ns, uint64_t actual_ns)
{
	return actual_ns > budget_ns;
}

double bt_efficiency(uint64_t budget_ns, uint64_t actual_ns)
{
	return actual_ns <= budget_ns ? 1 : (double)budget_ns / actual_ns;
}

double bt_score(uint64_t budget_ns, uint64_t actual_ns)
{
	return bkt_score(budget_ns, actual_ns);
}

char bt_grade(double score)
{
	return isnan(score) ? 0 : bkt_grade(score);
}
