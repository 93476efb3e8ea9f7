// SPDX-License-Identifier: MIT
/* The bricks of recordings. */
#include <math.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/gather.h"
#include "bricks.h"

static int bricks_compare(const void *pa, const void *pb)
{
	const struct bricks_brick *a = pa, *b = pb;
	int order = strcmp(a->label, b->label);

	return order ? order : strcmp(a->name, b->name);
}

static struct bricks_brick *bricks_new(struct bricks *bricks, const struct bricks_brick *key)
{
	struct bricks_brick *brick = malloc(sizeof(*brick));

	if (!brick)
		return NULL;
	*brick = *key;
	brick->gather = bti_gather_new();
	if (brick->gather && tsearch(brick, &bricks->tree, bricks_compare)) {
		bricks->brick[bricks->n++] = brick;
		return brick;
	}
	free(brick->gather);
	free(brick);
	return NULL;
}

int bricks_add(struct bricks *bricks, const struct bt_record *record)
{
	const struct bt_result *r = record->result;
	struct bricks_brick key = { .reason = BT_REASON_NONE }, **found, *brick;

	snprintf(key.label, sizeof(key.label), "%s", record->label);
	snprintf(key.name, sizeof(key.name), "%s", r->brick);
	found = tfind(&key, &bricks->tree, bricks_compare);
	if (!found && bricks->n == BRICKS_MAX) {
		bricks->left_out++;
		return 0;
	}
	brick = found ? *found : bricks_new(bricks, &key);
	if (!brick)
		return -1;
	bti_gather_add(brick->gather, r);
	if (r->provenance != BT_MEASURED)
		brick->reason = r->reason;
	return 0;
}

static int bricks_order(const void *pa, const void *pb)
{
	const struct bt_statistics *a = (*(struct bricks_brick *const *)pa)->statistics;
	const struct bt_statistics *b = (*(struct bricks_brick *const *)pb)->statistics;
	double a_ns = a->mean_ns * a->runs, b_ns = b->mean_ns * b->runs;

	if (a->over_budget != b->over_budget)
		return a->over_budget < b->over_budget ? 1 : -1;
	return (a_ns < b_ns) - (a_ns > b_ns);
}

int bricks_sort(struct bricks *bricks)
{
	uint32_t i;

	for (i = 0; i < bricks->n; i++)
		if (bti_gather_statistics(bricks->brick[i]->gather, bricks->brick[i]->name,
					  &bricks->brick[i]->statistics))
			return -1;
	qsort(bricks->brick, bricks->n, sizeof(*bricks->brick), bricks_order);
	return 0;
}

static void bricks_keep(void *brick)
{
	(void)brick;
}

void bricks_free(struct bricks *bricks)
{
	uint32_t i;

	tdestroy(bricks->tree, bricks_keep);
	for (i = 0; i < bricks->n; i++) {
		bt_statistics_free(bricks->brick[i]->statistics);
		free(bricks->brick[i]->gather);
		free(bricks->brick[i]);
	}
}
