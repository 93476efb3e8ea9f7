/* SPDX-License-Identifier: MIT */
/*
 * The worst runs of recordings. The worst of all is the run that exceeded its budget by the
 * longest time. After those that exceeded it come the runs without a budget, the longest
 * first. A run that kept its budget is not among them.
 */
#ifndef WORST_H
#define WORST_H

#include "bricktrace.h"

#define WORST_MAX 100

/* With zeros besides @limit, the structure is empty. */
struct worst {
	uint32_t limit; /* how many runs are kept, at most WORST_MAX */
	uint32_t n;
	struct bt_record *record[WORST_MAX]; /* the worst first */
};

/* Keeps the record of a run if it belongs to the worst, and frees it otherwise. */
void worst_add(struct worst *worst, struct bt_record *record);

void worst_free(struct worst *worst);

#endif
