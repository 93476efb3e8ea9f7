/* SPDX-License-Identifier: MIT */
/* What the files of the program ask of each other. */
#ifndef CLI_H
#define CLI_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "bricktrace.h"

/* The exit status when bricktrace itself fails, as with env and timeout. */
#define EXIT_OWN 125

enum sort_key {
	SORT_TIME,
	SORT_AVG,
	SORT_MAX,
	SORT_CALLS,
	SORT_ERRORS,
	SORT_NAME,
	SORT_NUMBER,
	SORT_INVALID,
};

int cmd_run(int argc, char **argv);

/* Print "bricktrace: ..." to stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Parse "12", "1.5us", "3ms", "2s". Returns NULL, or what is wrong with it. */
const char *parse_budget(const char *text, uint64_t *ns);

/*
 * Find the program as execvp() would. Returns 0 and a path to be freed, or
 * ENOENT or another errno value.
 */
int find_program(const char *name, char **path);

/* What to try beside modprobe; NULL if nothing. @root: "" or a test's. */
const char *module_advice(const char *root);

/* By strace's names for -S; SORT_INVALID for others. */
enum sort_key parse_sort_key(const char *text);

/* @reason_text: bt_tracer_reason_text() */
void print_table(FILE *out, const struct bt_result *result, enum sort_key sort,
		 const char *reason_text);

/* The result as the object of docs/bricktrace-run.1; NULL without memory. */
json_t *result_json(const struct bt_result *result, enum sort_key sort);

/* Entries in order; freed by the caller. NULL without memory or entries. */
const struct bt_syscall **sorted_syscalls(const struct bt_result *result,
					  enum sort_key sort);

#endif
