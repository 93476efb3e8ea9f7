// SPDX-License-Identifier: MIT
/* Bars that consist of characters. */
#include <langinfo.h>
#include <stdbool.h>
#include <string.h>

#include "cli.h"

/* U+2588 is a full block, and U+2589 to U+258F are seven eighths of one to one eighth. */
static void bar_print_block(FILE *out, int eighths)
{
	fprintf(out, "\xe2\x96%c", 0x90 - eighths);
}

static bool bar_is_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

int print_bar(FILE *out, uint64_t n, uint64_t all, int width)
{
	bool utf8 = bar_is_utf8();
	int parts = utf8 ? 8 : 1, left, columns = 0;

	left = all ? (int)((double)n / all * width * parts + 0.999999) : 0;
	for (; left > 0; left -= parts, columns++)
		if (utf8)
			bar_print_block(out, left < 8 ? left : 8);
		else
			fputc('#', out);
	return columns;
}

void print_level(FILE *out, uint64_t n, uint64_t all)
{
	int eighths = all ? (int)((8 * n + all - 1) / all) : 0;

	/* U+2581 to U+2588 are the lower one to eight eighths of a block. */
	if (bar_is_utf8() && eighths)
		fprintf(out, "\xe2\x96%c", 0x80 + eighths);
	else
		fputc(eighths ? '0' + eighths : ' ', out);
}
