/* SPDX-License-Identifier: MIT */
/* The forms in which a result can be printed; each has a file of its own. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdio.h>

#include "bricktrace.h"
#include "sort.h"

struct output {
	const char *name; /* as -F has it */
	const char *summary;
	/*
	 * @reason_text: bt_tracer_reason_text(). Returns 0, or -1 without memory;
	 * whether all could be written is for ferror() to say.
	 */
	int (*print)(FILE *out, const struct bt_result *result, enum sort_key sort,
		     const char *reason_text);
};

/* A new output is a file that defines output_NAME, and its name here. */
#define OUTPUTS(one) one(table) one(json)

#define DECLARE_OUTPUT(name) extern const struct output output_##name;
OUTPUTS(DECLARE_OUTPUT)

extern const struct output *const outputs[]; /* NULL at its end */

/* NULL if there is none of that name. */
const struct output *output_named(const char *name);

#endif
