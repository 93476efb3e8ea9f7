/* SPDX-License-Identifier: MIT */
/* A line on the terminal that says how many runs have ended. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* All functions do nothing if standard error is not a terminal that can erase a line. */
struct progress {
	bool terminal;
	bool shown;
	uint32_t warm_up, runs;
	uint64_t began_ns, shown_ns;
};

void progress_begin(struct progress *p, uint32_t warm_up, uint32_t runs);
/* Shows the line when @done runs, with those for warming up, have ended. */
void progress_show(struct progress *p, uint32_t done);
/* Erases the line. */
void progress_end(struct progress *p);

#endif
