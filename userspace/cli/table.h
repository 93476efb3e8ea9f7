/* SPDX-License-Identifier: MIT */
/* The text of the output "table": what the report of one run and of several share. */
#ifndef TABLE_H
#define TABLE_H

#include "output.h"

#define TABLE_LINE "----------------"

/* A text that is broken into indented lines of at most TEXT_COLUMNS. */
struct table_note {
	FILE *out;
	int indent, column;
};

struct table_note table_note_begin(FILE *out, const char *label);
void table_note_add_words(struct table_note *n, const char *text);

/*
 * Prints the lines that say which brick it was, how long the run took and how much was
 * measured. Returns whether there is a breakdown.
 */
bool table_summary(FILE *out, const struct bt_result *result, const char *reason_text);

/* Prints the line that says how much of the breakdown was measured, and why not all. */
void table_breakdown(FILE *out, const char *how, const char *why);
const char *table_reason(enum bt_reason reason);

/* Returns a mean in whole nanoseconds, as the tables take it; BT_NONE for NAN. */
uint64_t table_ns(double ns);

/* Format into @buf, which has 32 bytes: seconds, with as many decimals as fit into @width. */
const char *table_seconds(char *buf, int width, uint64_t ns);
/* ... and a number, or a mean of numbers, in 6 columns if it is less than a million. */
const char *table_number(char *buf, double n);

/*
 * The table of categories: its heading, a row for each category, and its end. @t and the
 * other figures are those of a run, or means; those that are BT_NONE or NAN are left out.
 */
void table_head(FILE *out, const struct bt_times *t);
void table_part(FILE *out, const struct bt_times *t, const char *name, uint64_t ns,
		uint64_t offcpu_ns, uint64_t runnable_ns, double calls, double errors);
void table_foot(FILE *out, const struct bt_times *t, double minor_faults,
		double major_faults);

/*
 * Ends a row, which has @before columns so far, with the cell that begins at @column. The text
 * is escaped. If it is too long for the terminal, it stands on a line of its own.
 */
void table_last_cell(FILE *out, int before, int column, const char *text);

/* The whole table of a run; @filter may be NULL. */
void table_categories(FILE *out, const struct bt_result *result, const char *filter);

/* Prints the line that says what the filter selects, if there is one. */
void table_filter(FILE *out, const char *filter);

/* Print the tables of system calls, ... */
void table_syscalls(FILE *out, const struct bt_result *result, const struct report *report);
/* ... of ioctls by device and command, and of the slowest calls, if there are any. */
void table_ioctls(FILE *out, const struct bt_result *result, const struct report *report);
void table_slow_calls(FILE *out, const struct bt_result *result,
		      const struct report *report);

/* Prints a line for each range of durations, from the shortest run's to the longest's. */
void table_histogram(FILE *out, const struct bt_statistics *statistics);

int table_print_statistics(FILE *out, const struct repetition *r,
			   const struct report *report);

#endif
