/* SPDX-License-Identifier: MIT */
/* The columns of bricktrace top: how they are printed, sorted and called in JSON. */
#ifndef COLUMN_H
#define COLUMN_H

#include "json.h"
#include "rates.h"

enum column_kind {
	COLUMN_PID,
	COLUMN_TID,
	COLUMN_SESSION,
	COLUMN_PROGRAM,
	COLUMN_BRICK,
	COLUMN_MODE,
	COLUMN_MOST,
	/* Columns of the others, @rate of struct rates_item. */
	COLUMN_NUMBER,
	COLUMN_PERCENT,
	COLUMN_SECONDS,
};

struct column {
	const char *key; /* the argument of --sort */
	const char *heading;
	const char *json; /* the member of an item */
	enum column_kind kind;
	int width; /* of the last column, the least */
	int rank; /* where there is no room for all, those of the lowest ranks are shown */
	int rate;
};

/* The columns of a view, from left to right, and their number. */
#define COLUMNS_MOST 11
extern const struct column columns_of[RATES_VIEWS][COLUMNS_MOST];
size_t columns_count(enum rates_view view);

/* Returns NULL if the view has no such column. */
const struct column *column_named(enum rates_view view, const char *key);

/* Prints a row of the columns that fit into @width, or the headings if @item is NULL. */
void columns_print(FILE *out, enum rates_view view, const struct rates_item *item,
		   int width);

/*
 * Sorts pointers to items: numbers from the largest to the least, and names from A to Z; with
 * @reverse the other way. Those that have no value are the last ones.
 */
void column_sort(const struct column *by, bool reverse, const struct rates_item **list,
		 size_t n);

json_t *columns_json(enum rates_view view, const struct rates_item *item);

#endif
