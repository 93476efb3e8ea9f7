/* SPDX-License-Identifier: MIT */
/* Where a recorded run comes from, as text and as JSON. */
#ifndef ORIGIN_H
#define ORIGIN_H

#include "json.h"

/* Prints the name of a process with its number. */
void print_process(FILE *out, const char *comm, int pid);

/* Prints the program with its process and, if that is another number, its thread. */
void print_program(FILE *out, const struct bt_record *record);

/* Returns the JSON of the record: that of its result with the origin, or that of a loss. */
json_t *record_json(const struct bt_record *record, const struct report *report);

#endif
