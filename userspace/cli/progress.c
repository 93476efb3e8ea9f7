// SPDX-License-Identifier: MIT
/* A line on the terminal that says how many runs have ended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "progress.h"

/* Showing the line more often would only delay the runs. */
#define PROGRESS_INTERVAL_NS UINT64_C(100000000)
/* A shorter bar would not say much. */
#define PROGRESS_LEAST_BAR 10

void progress_begin(struct progress *p, uint32_t warm_up, uint32_t runs)
{
	const char *term = getenv("TERM");

	*p = (struct progress){
		.terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb"),
		.warm_up = warm_up,
		.runs = runs,
		.began_ns = monotonic_ns(),
	};
}

/*
 * Goes to the beginning of an empty line: of this line, which is overwritten, unless
 * COMMAND has left its cursor elsewhere. Then the blanks, as many as the terminal has
 * columns, reach the next line.
 */
static void progress_clear(int columns)
{
	fprintf(stderr, "%*s\r", columns, "");
}

void progress_show(struct progress *p, uint32_t done)
{
	uint32_t all = p->warm_up + p->runs;
	uint64_t now = monotonic_ns();
	bool warm_up = done < p->warm_up;
	int columns, width;

	if (!p->terminal || (p->shown && now - p->shown_ns < PROGRESS_INTERVAL_NS))
		return;
	columns = terminal_columns(stderr);
	progress_clear(columns);
	width = columns - fprintf(stderr, warm_up ? "warm-up %u of %u" : "run %u of %u",
				  done - (warm_up ? 0 : p->warm_up) + 1,
				  warm_up ? p->warm_up : p->runs);
	/* A line as wide as the terminal would leave the cursor on the next one. */
	width -= sizeof(" [] 12345 s left");
	if (width >= PROGRESS_LEAST_BAR) {
		fputs(" [", stderr);
		fprintf(stderr, "%*s]", width - print_bar(stderr, done, all, width), "");
		if (done)
			fprintf(stderr, "%6.0f s left",
				(now - p->began_ns) / 1e9 / done * (all - done));
	}
	/* What COMMAND writes begins in the first column, over the bar. */
	fputc('\r', stderr);
	p->shown = true;
	p->shown_ns = now;
}

void progress_end(struct progress *p)
{
	if (p->shown)
		progress_clear(terminal_columns(stderr));
	p->shown = false;
}
