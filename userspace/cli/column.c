// SPDX-License-Identifier: MIT
/* The columns of bricktrace top. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cell.h"
#include "cli.h"
#include "column.h"
#include "table.h"

/* Room for the text of a figure. */
#define COLUMN_TEXT 32

const struct column columns_of[RATES_VIEWS][COLUMNS_MOST] = {
	[RATES_BRICKS] = {
		{ "session", "SESSION", "session", COLUMN_SESSION, 7, 9, 0 },
		{ "pid", "PID", "pid", COLUMN_PID, 7, 10, 0 },
		{ "program", "PROGRAM", "comm", COLUMN_PROGRAM, 15, 4, 0 },
		{ "runs", "RUNS/S", "runs_per_s", COLUMN_NUMBER, 8, 1, RATE_RUNS },
		{ "mean", "MEAN S", "mean_ns", COLUMN_SECONDS, 11, 2, RATE_MEAN_NS },
		{ "over", "%OVER", "over_budget_percent", COLUMN_PERCENT, 5, 3, RATE_OVER_BUDGET },
		{ "traced", "TRACED/S", "traced_per_s", COLUMN_NUMBER, 8, 8, RATE_TRACED },
		{ "cv", "%CV", "cv_percent", COLUMN_PERCENT, 5, 6, RATE_CV },
		{ "mode", "MODE", "mode", COLUMN_MODE, 9, 7, 0 },
		{ "most", "MOST", "dominant", COLUMN_MOST, 5, 5, 0 },
		{ "brick", "BRICK", "brick", COLUMN_BRICK, 10, 0, 0 },
	},
	[RATES_THREADS] = {
		{ "session", "SESSION", "session", COLUMN_SESSION, 7, 7, 0 },
		{ "pid", "PID", "pid", COLUMN_PID, 7, 6, 0 },
		{ "tid", "TID", "tid", COLUMN_TID, 7, 1, 0 },
		{ "calls", "CALLS/S", "calls_per_s", COLUMN_NUMBER, 8, 2, RATE_CALLS },
		{ "time", "%CALL", "in_calls_percent", COLUMN_PERCENT, 5, 3, RATE_IN_CALLS },
		{ "offcpu", "%OFF", "offcpu_percent", COLUMN_PERCENT, 5, 5, RATE_OFFCPU },
		{ "errors", "ERRORS/S", "errors_per_s", COLUMN_NUMBER, 8, 8, RATE_ERRORS },
		{ "most", "MOST", "dominant", COLUMN_MOST, 5, 4, 0 },
		{ "program", "PROGRAM", "comm", COLUMN_PROGRAM, 10, 0, 0 },
	},
};

size_t columns_count(enum rates_view view)
{
	size_t n = 0;

	while (n < COLUMNS_MOST && columns_of[view][n].key)
		n++;
	return n;
}

const struct column *column_named(enum rates_view view, const char *key)
{
	size_t i;

	for (i = 0; i < columns_count(view); i++)
		if (!strcmp(columns_of[view][i].key, key))
			return &columns_of[view][i];
	return NULL;
}

/* Returns the number in the column, NAN for one that is not known or a column of names. */
static double column_number(const struct column *c, const struct rates_item *item)
{
	switch (c->kind) {
	case COLUMN_PID:
		return item->pid > 0 ? item->pid : NAN;
	case COLUMN_TID:
		return item->tid > 0 ? item->tid : NAN;
	case COLUMN_SESSION:
		return item->session;
	case COLUMN_NUMBER:
	case COLUMN_PERCENT:
	case COLUMN_SECONDS:
		return item->rate[c->rate];
	default:
		return NAN;
	}
}

/* Returns the name in the column, NULL for one that is not known or a column of numbers. */
static const char *column_name(const struct column *c, const struct rates_item *item)
{
	switch (c->kind) {
	case COLUMN_PROGRAM:
		return item->comm;
	case COLUMN_BRICK:
		return item->name;
	case COLUMN_MODE:
		return item->escalated ? "escalated" :
					 bt_mode_name((enum bt_mode)item->mode);
	case COLUMN_MOST:
		return bt_category_name(item->most);
	default:
		return NULL;
	}
}

static bool column_is_name(const struct column *c)
{
	return c->kind >= COLUMN_PROGRAM && c->kind <= COLUMN_MOST;
}

/* Formats a rate: in seconds, in percent, or a number. */
static void column_format(const struct column *c, double n, char *text)
{
	/* A rare event does not look like one that did not happen. */
	int decimals = c->kind == COLUMN_NUMBER && n > 0 && n < 0.05 ? 3 : 1;

	if (c->kind == COLUMN_SECONDS)
		table_seconds(text, c->width, llround(n));
	else if (snprintf(text, COLUMN_TEXT, "%.*f", decimals, n) > c->width)
		snprintf(text, COLUMN_TEXT, "%.0f", n);
	/* A number that was cut would look like a smaller one. */
	if (strlen(text) > (size_t)c->width)
		snprintf(text, COLUMN_TEXT, "%.0e", n);
}

static const char *column_text(const struct column *c, const struct rates_item *item,
			       char *text)
{
	double n = column_number(c, item);

	if (column_is_name(c))
		return column_name(c, item) ?: "-";
	if (isnan(n))
		return "-";
	if (c->kind >= COLUMN_NUMBER)
		column_format(c, n, text);
	else
		snprintf(text, COLUMN_TEXT, "%.0f", n);
	return text;
}

/* Chooses the columns that fit. Returns the width of the last one. */
static int columns_fit(enum rates_view view, int width, bool *shown)
{
	const struct column *c = columns_of[view];
	size_t n = columns_count(view), i;
	int rank, left = width - c[n - 1].width;

	for (rank = 1; rank < (int)n; rank++)
		for (i = 0; i < n - 1; i++)
			if (c[i].rank == rank) {
				shown[i] = width == CELL_WHOLE || left > c[i].width;
				left -= shown[i] ? c[i].width + 1 : 0;
			}
	return width == CELL_WHOLE ? CELL_WHOLE : left + c[n - 1].width;
}

void columns_print(FILE *out, enum rates_view view, const struct rates_item *item, int width)
{
	const struct column *c = columns_of[view];
	size_t last = columns_count(view) - 1, i;
	bool shown[COLUMNS_MOST];
	char text[COLUMN_TEXT];
	int rest = columns_fit(view, width, shown);

	for (i = 0; i < last; i++)
		if (shown[i]) {
			cell_print(out,
				   item ? column_text(&c[i], item, text) : c[i].heading,
				   c[i].width, column_is_name(&c[i]));
			fputc(' ', out);
		}
	cell_print(out, item ? column_text(&c[last], item, text) : c[last].heading, rest,
		   true);
	fputc('\n', out);
}

struct column_order {
	const struct column *by;
	int sign;
};

static int column_compare(const void *pa, const void *pb, void *arg)
{
	const struct rates_item *a = *(const struct rates_item *const *)pa;
	const struct rates_item *b = *(const struct rates_item *const *)pb;
	const struct column_order *order = arg;
	const struct column *by = order->by;
	bool names = column_is_name(by);
	const char *s = column_name(by, a), *t = column_name(by, b);
	double x = column_number(by, a), y = column_number(by, b);
	int result = names ? !s - !t : !!isnan(x) - !!isnan(y);

	if (!result && names && s)
		result = order->sign * strcmp(s, t);
	else if (!result && !names)
		result = order->sign * ((x < y) - (x > y));
	/* The module's order is that of the addresses. */
	return result ? result : (a > b) - (a < b);
}

void column_sort(const struct column *by, bool reverse, const struct rates_item **list,
		 size_t n)
{
	struct column_order order = { by, reverse ? -1 : 1 };

	qsort_r(list, n, sizeof(*list), column_compare, &order);
}

static json_t *column_json(const struct column *c, const struct rates_item *item)
{
	double n = column_number(c, item);

	if (c->kind == COLUMN_MODE)
		return text_json(bt_mode_name((enum bt_mode)item->mode));
	if (column_is_name(c))
		return text_json(column_name(c, item));
	return c->kind <= COLUMN_SESSION && !isnan(n) ? json_integer((json_int_t)n) :
							real_json(n);
}

json_t *columns_json(enum rates_view view, const struct rates_item *item)
{
	json_t *all = json_object();
	size_t i;

	for (i = 0; i < columns_count(view); i++)
		json_object_set_new(all, columns_of[view][i].json,
				    column_json(&columns_of[view][i], item));
	if (view == RATES_BRICKS)
		json_object_set_new(all, "escalated", json_boolean(item->escalated));
	return all;
}
