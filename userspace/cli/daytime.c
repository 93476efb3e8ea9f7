// SPDX-License-Identifier: MIT
/* Times of day, on the user's clock. */
#include <time.h>

#include "cli.h"

void print_daytime(FILE *out, uint64_t unix_ns, bool date)
{
	time_t s = unix_ns / 1000000000;
	struct tm tm;
	char text[32];

	strftime(text, sizeof(text), date ? "%F %T" : "%T", localtime_r(&s, &tm));
	fprintf(out, "%s.%03d", text, (int)(unix_ns / 1000000 % 1000));
}
