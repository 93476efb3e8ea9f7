/* SPDX-License-Identifier: MIT */
/*
 * Statistics of results that a program has read, as the module keeps them for a brick. The
 * program bricktrace uses these functions too.
 */
#ifndef BTI_GATHER_H
#define BTI_GATHER_H

#include "bricktrace.h"

struct bti_gather;

/* Returns NULL without memory. free() frees the statistics. */
struct bti_gather *bti_gather_new(void);

/* Adds a run. Figures that are BT_NONE are in no sum and in no mean. */
void bti_gather_add(struct bti_gather *gather, const struct bt_result *result);

/*
 * Makes statistics of what was added. Their name is @name, and their budget that of the last
 * run; they have neither a longest run nor assertions. The caller frees them with
 * bt_statistics_free(). Returns 0 or -ENOMEM.
 */
int bti_gather_statistics(const struct bti_gather *gather, const char *name,
			  struct bt_statistics **statistics);

#endif
