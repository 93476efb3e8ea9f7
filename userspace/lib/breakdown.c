// SPDX-License-Identifier: MIT
/* Judgements about a breakdown and a budget. */
#include "internal.h"

uint64_t bt_breakdown_syscall_ns(const struct bt_breakdown *b)
{
	uint64_t sum = 0;
	int i;

	if (b->thread_ns == BT_NONE)
		return BT_NONE;
	for (i = 0; i < BT_CATEGORIES; i++)
		sum += b->category[i].ns;
	return sum;
}

enum bt_category bt_breakdown_dominant(const struct bt_breakdown *b)
{
	int i, best = BT_CAT_NONE;
	uint64_t most = 0;

	if (b->thread_ns == BT_NONE)
		return BT_CAT_UNMEASURED;
	/* The order of the enumeration is the order of ties. */
	for (i = 0; i < BT_CATEGORIES; i++)
		if (b->category[i].ns > most) {
			most = b->category[i].ns;
			best = i;
		}
	return (enum bt_category)best;
}

double bt_breakdown_overhead_percent(const struct bt_breakdown *b)
{
	uint64_t sum = bt_breakdown_syscall_ns(b);

	if (sum == BT_NONE)
		return -1;
	if (!b->thread_ns)
		return 0;
	return sum < b->thread_ns ? 100.0 * sum / b->thread_ns : 100;
}

bool bt_over_budget(uint64_t budget_ns, uint64_t actual_ns)
{
	return actual_ns > budget_ns;
}

double bt_efficiency(uint64_t budget_ns, uint64_t actual_ns)
{
	return actual_ns <= budget_ns ? 1 : (double)budget_ns / actual_ns;
}
