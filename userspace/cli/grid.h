/* SPDX-License-Identifier: MIT */
/*
 * A list of things with the same figures, as a table for people with a line for each thing,
 * or as a JSON array with an object for each.
 */
#ifndef GRID_H
#define GRID_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "colour.h"

enum grid_order {
	GRID_AS_IT_IS,	 /* things are not sorted by this column */
	GRID_ASCENDING,	 /* names, and numbers that only identify something */
	GRID_DESCENDING, /* amounts */
};

struct grid_column {
	const char *member; /* of the JSON object */
	const char *head;   /* NULL if only the JSON has the column */
	enum grid_order order;
	bool text;  /* stands at the left, and is cut if the terminal is too narrow */
	bool spare; /* left out if the terminal is still too narrow */
};

/* Columns of a member, a head and perhaps ".spare = true"; a hidden one has only the member. */
#define GRID_COLUMN(way, left, name, ...)                                       \
	{                                                                       \
		.member = name, .order = way, .text = left, .head = __VA_ARGS__ \
	}
#define GRID_ID(...)	 GRID_COLUMN(GRID_ASCENDING, false, __VA_ARGS__)
#define GRID_NAME(...)	 GRID_COLUMN(GRID_ASCENDING, true, __VA_ARGS__)
#define GRID_AMOUNT(...) GRID_COLUMN(GRID_DESCENDING, false, __VA_ARGS__)
#define GRID_HIDDEN(...) GRID_COLUMN(GRID_AS_IT_IS, false, __VA_ARGS__, NULL)

struct grid;

/* Makes a grid of so many rows. @columns ends with a @member of NULL. NULL without memory. */
struct grid *grid_new(const struct grid_column *columns, size_t rows);
void grid_free(struct grid *grid);

/*
 * Set the next cell, from left to right and then in the next row. In the table, BT_NONE, NAN,
 * NULL and an empty text are "-".
 */
void grid_number(struct grid *grid, uint64_t n);
void grid_ns(struct grid *grid, uint64_t ns); /* seconds in the table */
void grid_percent(struct grid *grid, double percent);
void grid_text(struct grid *grid, const char *text);
/* Only for columns that the table does not have; takes @json. */
void grid_json(struct grid *grid, json_t *json);
/* A figure that the table and the JSON have in different units; takes @json. */
void grid_figure(struct grid *grid, const char *text, double number, json_t *json);
/* Colours the cell that was set last. */
void grid_colour(struct grid *grid, enum colour colour);

/* Returns the column by which --sort @key sorts: that with this member or head; or NULL. */
const struct grid_column *grid_key(const struct grid_column *columns, const char *key);
/* Sorts the rows. Those without a figure come last, and equal ones keep their order. */
void grid_sort(struct grid *grid, const struct grid_column *key);

void grid_print(FILE *out, const struct grid *grid);
json_t *grid_as_json(const struct grid *grid);

#endif
