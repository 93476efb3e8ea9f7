/* SPDX-License-Identifier: MIT */
/* The JSON that the outputs of the program's commands have in common. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <jansson.h>

#include "output.h"

/* BT_NONE is null. */
json_t *number_json(uint64_t n);
/* 0 is null, as for a process outside the pid namespace. */
json_t *some_json(uint64_t n);
/* NAN is null. */
json_t *real_json(double n);
/* What is not UTF-8 is replaced; NULL is null. */
json_t *text_json(const char *text);
/* An empty text is null, too. */
json_t *nonempty_json(const char *text);

json_t *result_json(const struct bt_result *result, const struct report *report);
json_t *repetition_json(const struct repetition *r, const struct report *report);

/* Prints the value on one line, with more @flags of json_dumpf(), and frees it. Returns 0 or -1. */
int json_print(FILE *out, json_t *json, size_t flags);

#endif
