/* SPDX-License-Identifier: MIT */
/* The variables of the configuration: options, the environment, a file, the service's defaults. */
#ifndef VARIABLES_H
#define VARIABLES_H

#include <stddef.h>

#include "config.h"

/* Values in the order of otlp_variables; NULL: not given. */
struct variables {
	char **options, **file;
};

/* Both begin with nothing. Returns 0 or -1 without memory. */
int variables_init(struct variables *variables);
void variables_free(struct variables *variables);

size_t variables_count(void);

/* Notes the value of an option, which stays the caller's. */
void variables_set_option(struct variables *variables, size_t i, char *value);
void variables_set_option_named(struct variables *variables, const char *name, char *value);

/*
 * Reads lines VARIABLE=value, as systemd's EnvironmentFile= has them: values may be in quotes, and
 * lines that are empty or begin with # or ; are ignored. Returns the values, which
 * variables_free_file() frees, or NULL after saying what is wrong.
 */
char **variables_read_file(const char *path);
void variables_free_file(char **values);

/*
 * An otlp_get whose context is a struct variables. An empty value is like none, so that the next
 * source is asked.
 */
const char *variables_get(void *context, const char *name);

/* Returns the service's own default of a variable, or NULL. */
const char *variables_default(const char *name);

#endif
