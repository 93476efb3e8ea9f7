/* SPDX-License-Identifier: MIT */
/* The formats in which a result can be printed; each has its own source file. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdio.h>

#include "bricktrace.h"
#include "sort.h"

struct output {
	const char *name; /* the argument of -F */
	const char *summary;
	/*
	 * @reason_text is bt_tracer_reason_text(). Returns 0, or -1 if there is no
	 * memory. The caller looks for write errors with ferror().
	 */
	int (*print)(FILE *out, const struct bt_result *result, enum sort_key sort,
		     const char *reason_text);
};

/* To add an output, define output_NAME in a new file and add NAME to this list. */
#define OUTPUTS(one) one(table) one(json)

#define DECLARE_OUTPUT(name) extern const struct output output_##name;
OUTPUTS(DECLARE_OUTPUT)

extern const struct output *const outputs[]; /* ends with NULL */

/* Returns NULL if no output has this name. */
const struct output *output_named(const char *name);

#endif
