/* SPDX-License-Identifier: MIT */
/* The formats in which a result can be printed; each has its own source file. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdint.h>
#include <stdio.h>

#include "bricktrace.h"
#include "sort.h"

/* The largest status of a command, 128 + a signal's number included, is 255. */
#define STATUSES 256

/* The runs of bricktrace run --repeat. */
struct repetition {
	uint32_t planned;	     /* how many runs --repeat asked for */
	uint32_t warm_up;	     /* how many were before them */
	uint32_t done;		     /* how many of @planned have ended */
	uint32_t statuses[STATUSES]; /* how many of @done had each status */
	int status;		     /* the first of @done that was not 0, or 0 */
	enum bt_reason reason;	     /* why the last one that was not measured was not */
	struct bt_result *longest;   /* of those with a breakdown; may be NULL */
	const struct bt_statistics *statistics; /* while they are being printed */
	bool reported;
};

/* What an output has to know besides the figures. */
struct report {
	enum sort_key sort;
	const char *filter; /* the items to show, as filter_parse() checks them; NULL for all */
	/* A call that took at least this long is slow; 0 if none is, BT_NONE if that is not known. */
	uint64_t slow_ns;
	bool recorded; /* the result is of a recording: its threads may be others today */
	bool intervals; /* there is a report for each interval and one for the whole run */
	uint64_t elapsed_ns; /* the time from the run's start to the interval's end, or BT_NONE */
	bool continued;		 /* another report was printed before this one */
	const char *reason_text; /* bt_tracer_reason_text() */
};

struct output {
	const char *name; /* the argument of -F */
	const char *summary;
	/*
	 * Returns 0, or -1 if there is no memory. The caller looks for write errors with
	 * ferror().
	 */
	int (*print)(FILE *out, const struct bt_result *result,
		     const struct report *report);
	/* Prints the statistics of several runs; otherwise like @print. */
	int (*print_statistics)(FILE *out, const struct repetition *r,
				const struct report *report);
};

/* To add an output, define output_NAME in a new file and add NAME to this list. */
#define OUTPUTS(one) one(table) one(json) one(csv)

#define DECLARE_OUTPUT(name) extern const struct output output_##name;
OUTPUTS(DECLARE_OUTPUT)

extern const struct output *const outputs[]; /* ends with NULL */

/* Returns NULL if no output has this name. */
const struct output *output_named(const char *name);

#endif
