/* SPDX-License-Identifier: MIT */
/* The bricks of recordings, with statistics of their runs. */
#ifndef BRICKS_H
#define BRICKS_H

#include "bricktrace.h"

/* A recording may have any number of names; the runs of further bricks are only counted. */
#define BRICKS_MAX 1000

struct bricks_brick {
	char label[BT_LABEL_LEN]; /* of the brick's sessions; may be empty */
	char name[BT_NAME_LEN];
	enum bt_reason reason; /* why the last run that was not measured was not */
	struct bti_gather *gather;
	struct bt_statistics *statistics; /* NULL until bricks_sort() */
};

/* A structure of zeros is empty. */
struct bricks {
	struct bricks_brick *brick[BRICKS_MAX];
	uint32_t n;
	uint64_t left_out; /* the number of runs of further bricks */
	void *tree;	   /* of tsearch(), by label and name */
};

/* Adds the run of a record. Returns 0, or -1 without memory. */
int bricks_add(struct bricks *bricks, const struct bt_record *record);

/*
 * Makes the statistics, and sorts the bricks: first the one with the most runs over their
 * budget, then the one with the most time. Returns 0, or -1 without memory.
 */
int bricks_sort(struct bricks *bricks);

void bricks_free(struct bricks *bricks);

#endif
