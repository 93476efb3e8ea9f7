/* SPDX-License-Identifier: MIT */
/* What the module keeps of a brick's runs, as the library's statistics and result. */
#ifndef BOOKS_H
#define BOOKS_H

#include "host.h"

struct books {
	struct bt_statistics *statistics;
	struct bt_result *longest; /* the longest traced run, without its system calls; or NULL */
};

/*
 * Reads a brick that was listed with its books. Returns 0, or -1 without memory. books_free()
 * frees what is read, and takes zeros too.
 */
int books_read(struct books *books, const struct host_brick *brick);
void books_free(struct books *books);

/*
 * The category with most of the time of traced runs: BT_CAT_UNMEASURED if no run was traced,
 * BT_CAT_NONE if they had no calls.
 */
enum bt_category books_dominant(const struct bt_statistics *statistics);
/* How much of the thread time of traced runs was in calls; NAN if that is not known. */
double books_overhead_percent(const struct bt_statistics *statistics);

/* Returns how many percent of the runs exceeded their budget; NAN without budget or runs. */
double books_over_percent(const struct bt_statistics *statistics);

#endif
