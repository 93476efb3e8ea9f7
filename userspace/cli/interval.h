/* SPDX-License-Identifier: MIT */
/*
 * The intervals of --interval. Each is a run inside the run of the job, which is closed and
 * printed when the next one is opened. The functions do nothing without --interval, and
 * without the module.
 */
#ifndef INTERVAL_H
#define INTERVAL_H

#include <stdint.h>

#include "bricktrace.h"

struct job;

struct interval {
	struct bt_brick *brick; /* NULL if there are no intervals */
	struct bt_run *run;	/* the interval that is open, or NULL */
	uint64_t begin_ns; /* the CLOCK_MONOTONIC time at which the first one began */
	uint64_t end_ns; /* the one at which the present one is to end; 0 if none is to */
};

/* Parses the argument of --interval. Returns -1, or the status to exit with. */
int interval_parse(uint64_t *ns);

/* Prepares the intervals. Returns 0, or EXIT_OWN after saying why that failed. */
int interval_define(struct job *job);

/* Begins to count the time. */
void interval_start(struct job *job);

/*
 * Opens the first interval inside the run that is open, unless each thread has ended. Returns
 * 0, or -1 after saying why that failed.
 */
int interval_open(struct job *job);

/*
 * Opens an interval if none is open, for instance because each thread had ended, and there are
 * threads again. Returns 0, or -1 after saying why that failed.
 */
int interval_resume(struct job *job);

/*
 * Makes run @number, which another process has opened inside the run, the first interval; 0
 * does nothing. Returns 0, or -1 after saying why that failed.
 */
int interval_adopt(struct job *job, uint64_t number);

/* Returns the time until interval_tick() has something to do, or UINT64_MAX. */
uint64_t interval_left_ns(const struct job *job);

/*
 * If it is time, closes the interval, prints it and opens the next one. If that fails, there
 * are no further intervals. Returns 0 or -1.
 */
int interval_tick(struct job *job);

/* Closes and prints the interval that is open; there are no further ones. Returns 0 or -1. */
int interval_end(struct job *job);

#endif
