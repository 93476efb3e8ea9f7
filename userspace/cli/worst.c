// SPDX-License-Identifier: MIT
/* The worst runs of recordings. */
#include "worst.h"

static bool worst_is_worse(const struct bt_result *a, const struct bt_result *b)
{
	bool a_over = bt_result_over_budget(a), b_over = bt_result_over_budget(b);

	if (a_over != b_over)
		return a_over;
	/* Neither side has a budget if the runs are not over it. */
	return a_over ? a->wall_ns - a->budget_ns > b->wall_ns - b->budget_ns :
			a->wall_ns > b->wall_ns;
}

void worst_add(struct worst *w, struct bt_record *record)
{
	const struct bt_result *r = record->result;
	uint32_t at = w->n;

	if (r->budget_ns != BT_NONE && !bt_result_over_budget(r)) {
		bt_record_free(record);
		return;
	}
	while (at && worst_is_worse(r, w->record[at - 1]->result))
		at--;
	if (at == w->limit) {
		bt_record_free(record);
		return;
	}
	if (w->n == w->limit)
		bt_record_free(w->record[--w->n]);
	for (uint32_t i = w->n++; i > at; i--)
		w->record[i] = w->record[i - 1];
	w->record[at] = record;
}

void worst_free(struct worst *w)
{
	while (w->n)
		bt_record_free(w->record[--w->n]);
}
