// SPDX-License-Identifier: MIT
/* Colours, which only a terminal shows. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "colour.h"

static bool colour_shown(FILE *out)
{
	/* https://no-color.org takes an empty variable as one that is not set. */
	const char *never = getenv("NO_COLOR"), *terminal = getenv("TERM");
	int fd = fileno(out);

	return fd >= 0 && isatty(fd) && !(never && *never) && terminal &&
	       strcmp(terminal, "dumb") != 0;
}

const char *colour_on(FILE *out, enum colour colour)
{
	static const char *const begin[] = {
		[COLOUR_NONE] = "",	      [COLOUR_BOLD] = "\x1b[1m",
		[COLOUR_DIM] = "\x1b[2m",     [COLOUR_GREEN] = "\x1b[32m",
		[COLOUR_YELLOW] = "\x1b[33m", [COLOUR_RED] = "\x1b[31m",
	};

	return colour_shown(out) ? begin[colour] : "";
}

const char *colour_off(FILE *out)
{
	return colour_shown(out) ? "\x1b[0m" : "";
}
