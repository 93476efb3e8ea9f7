// SPDX-License-Identifier: MIT
/* Messages to whoever sits at the terminal. */
#include <stdarg.h>

#include "cli.h"

void complain(const char *format, ...)
{
	va_list ap;

	fputs("bricktrace: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fputc('\n', stderr);
}
