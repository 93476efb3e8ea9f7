// SPDX-License-Identifier: MIT
/* A list as a table or as JSON. */
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "../lib/utf8.h"
#include "cli.h"
#include "grid.h"
#include "json.h"
#include "table.h"

/* A name that is cut keeps so many columns, with the three dots, if they are so many. */
#define GRID_LEAST 8
#define GRID_DOTS  "..."

/* The columns that a time has, if it is less than some years. */
#define GRID_SECONDS 9

struct grid_cell {
	char *text; /* as the table has it, but not cut; NULL stands for "-" */
	double number; /* by which a column that is no text is sorted; NAN without a figure */
	json_t *json;
	enum colour colour;
	size_t row; /* before the rows were sorted */
};

struct grid {
	const struct grid_column *column;
	size_t columns, rows;
	size_t next; /* the cell to be set */
	struct grid_cell cell[];
};

struct grid *grid_new(const struct grid_column *columns, size_t rows)
{
	size_t n = 0;
	struct grid *g;

	while (columns[n].member)
		n++;
	g = calloc(1, sizeof(*g) + rows * n * sizeof(*g->cell));
	if (g) {
		g->column = columns;
		g->columns = n;
		g->rows = rows;
	}
	return g;
}

void grid_free(struct grid *g)
{
	size_t i;

	for (i = 0; g && i < g->columns * g->rows; i++) {
		free(g->cell[i].text);
		json_decref(g->cell[i].json);
	}
	free(g);
}

static void grid_set(struct grid *g, char *text, double number, json_t *json)
{
	struct grid_cell *cell = &g->cell[g->next];

	cell->text = text;
	cell->number = number;
	cell->json = json;
	cell->row = g->next++ / g->columns;
}

void grid_figure(struct grid *g, const char *text, double number, json_t *json)
{
	grid_set(g, isnan(number) ? NULL : strdup(text), number, json);
}

void grid_number(struct grid *g, uint64_t n)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, n);
	grid_figure(g, text, n == BT_NONE ? NAN : (double)n, number_json(n));
}

void grid_ns(struct grid *g, uint64_t ns)
{
	char text[32];

	grid_figure(g, table_seconds(text, GRID_SECONDS, ns),
		    ns == BT_NONE ? NAN : (double)ns, number_json(ns));
}

void grid_percent(struct grid *g, double percent)
{
	char text[32];

	snprintf(text, sizeof(text), "%.2f", percent);
	grid_figure(g, text, percent, real_json(percent));
}

void grid_text(struct grid *g, const char *text)
{
	bool empty = !text || !*text;

	grid_set(g, empty ? NULL : escape(text), NAN, text_json(empty ? NULL : text));
}

void grid_json(struct grid *g, json_t *json)
{
	grid_set(g, NULL, NAN, json);
}

void grid_colour(struct grid *g, enum colour colour)
{
	g->cell[g->next - 1].colour = colour;
}

const struct grid_column *grid_key(const struct grid_column *column, const char *key)
{
	for (; column->member; column++)
		if (column->order != GRID_AS_IT_IS &&
		    (!strcmp(key, column->member) || !strcmp(key, column->head)))
			return column;
	return NULL;
}

struct grid_sorting {
	size_t index; /* of the column */
	const struct grid_column *column;
};

static int grid_compare_cells(const struct grid_cell *a, const struct grid_cell *b,
			      const struct grid_column *column)
{
	int order;

	if (column->text) {
		if (!a->text || !b->text)
			return !a->text - !b->text;
		order = strcmp(a->text, b->text);
	} else {
		if (isnan(a->number) || isnan(b->number))
			return !!isnan(a->number) - !!isnan(b->number);
		order = (a->number > b->number) - (a->number < b->number);
	}
	return column->order == GRID_DESCENDING ? -order : order;
}

static int grid_compare(const void *pa, const void *pb, void *by)
{
	const struct grid_sorting *sorting = by;
	const struct grid_cell *a = (const struct grid_cell *)pa + sorting->index;
	const struct grid_cell *b = (const struct grid_cell *)pb + sorting->index;
	int order = grid_compare_cells(a, b, sorting->column);

	return order ? order : (a->row > b->row) - (a->row < b->row);
}

void grid_sort(struct grid *g, const struct grid_column *key)
{
	struct grid_sorting sorting = { key - g->column, key };

	qsort_r(g->cell, g->rows, g->columns * sizeof(*g->cell), grid_compare, &sorting);
}

/* Returns how many columns the terminal needs for a character. */
static int grid_character(const char *text, size_t *bytes)
{
	uint32_t c;
	int width;

	*bytes = bti_utf8(text, &c);
	width = wcwidth((wchar_t)c);
	return width < 0 ? 1 : width;
}

/* Returns how many bytes of @text fit into @columns, and how many columns those need. */
static size_t grid_fit(const char *text, int columns, int *used)
{
	size_t n = 0, bytes;
	int width;

	for (*used = 0; text[n]; *used += width, n += bytes) {
		width = grid_character(text + n, &bytes);
		if (*used + width > columns)
			break;
	}
	return n;
}

static int grid_width(const char *text)
{
	int width;

	grid_fit(text, INT_MAX, &width);
	return width;
}

static const char *grid_cell_text(const struct grid *g, size_t row, size_t column)
{
	return g->cell[row * g->columns + column].text ?: "-";
}

/* A column that is not shown has a width of 0. */
static void grid_widths(const struct grid *g, int *width)
{
	size_t row, i;
	int one;

	for (i = 0; i < g->columns; i++) {
		width[i] = 0;
		if (!g->column[i].head)
			continue;
		width[i] = grid_width(g->column[i].head);
		for (row = 0; row < g->rows; row++) {
			one = grid_width(grid_cell_text(g, row, i));
			width[i] = one > width[i] ? one : width[i];
		}
	}
}

static int grid_line(const struct grid *g, const int *width)
{
	int line = -1;
	size_t i;

	for (i = 0; i < g->columns; i++)
		line += width[i] ? 1 + width[i] : 0;
	return line;
}

/* Returns the widest text that can be cut, or NULL. */
static int *grid_widest(const struct grid *g, int *width)
{
	int *widest = NULL, least = GRID_LEAST;
	size_t i;

	for (i = 0; i < g->columns; i++)
		if (g->column[i].text && width[i] > least) {
			widest = &width[i];
			least = *widest;
		}
	return widest;
}

/* Returns the last column that can be left out, or NULL. */
static int *grid_spare(const struct grid *g, int *width)
{
	size_t i;

	for (i = g->columns; i--;)
		if (g->column[i].spare && width[i])
			return &width[i];
	return NULL;
}

/* Cuts texts, and then leaves out columns, until a line fits. */
static void grid_narrow(const struct grid *g, int *width, int columns)
{
	int *one;

	while (grid_line(g, width) > columns && (one = grid_widest(g, width)))
		--*one;
	while (grid_line(g, width) > columns && (one = grid_spare(g, width)))
		*one = 0;
}

/* Prints a cell after the blanks that are @owed, so that a line has none at its end. */
static void grid_print_cell(FILE *out, const struct grid_column *column, const char *text,
			    int width, enum colour colour, int *owed)
{
	bool cut = grid_width(text) > width;
	const char *dots = cut ? GRID_DOTS : "";
	int used, left;
	size_t bytes = grid_fit(text, width - (int)strlen(dots), &used);

	left = width - used - (int)strlen(dots);
	fprintf(out, "%*s%s%.*s%s%s", *owed + (column->text ? 0 : left), "",
		colour ? colour_on(out, colour) : "", (int)bytes, text, dots,
		colour ? colour_off(out) : "");
	*owed = 1 + (column->text ? left : 0);
}

void grid_print(FILE *out, const struct grid *g)
{
	int width[g->columns], fd = fileno(out), owed = 0;
	size_t row, i;

	grid_widths(g, width);
	if (fd >= 0 && isatty(fd))
		grid_narrow(g, width, terminal_columns(out));
	for (i = 0; i < g->columns; i++)
		if (width[i])
			grid_print_cell(out, &g->column[i], g->column[i].head, width[i],
					COLOUR_BOLD, &owed);
	fputc('\n', out);
	for (row = 0; row < g->rows; row++, fputc('\n', out))
		for (i = 0, owed = 0; i < g->columns; i++)
			if (width[i])
				grid_print_cell(out, &g->column[i],
						grid_cell_text(g, row, i), width[i],
						g->cell[row * g->columns + i].colour,
						&owed);
}

json_t *grid_as_json(const struct grid *g)
{
	json_t *all = json_array(), *one;
	size_t row, i;

	for (row = 0; row < g->rows; row++) {
		one = json_object();
		for (i = 0; i < g->columns; i++)
			json_object_set(one, g->column[i].member,
					g->cell[row * g->columns + i].json);
		json_array_append_new(all, one);
	}
	return all;
}
