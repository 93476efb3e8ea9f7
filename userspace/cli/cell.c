// SPDX-License-Identifier: MIT
/* Fitting texts into cells, by the columns that their characters have on a terminal. */
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "../lib/utf8.h"
#include "cell.h"
#include "cli.h"

/* Returns the number of bytes of a character, and sets its columns to -1 if it is not shown. */
static size_t cell_character(const char *text, int *columns)
{
	uint32_t c;
	size_t length = bti_utf8(text, &c);
	bool shown = c < 0x80 || !strcmp(nl_langinfo(CODESET), "UTF-8");

	*columns = shown ? wcwidth((wchar_t)c) : -1;
	return length;
}

/* Prints as much of the text as fits, without cutting a character. Returns the columns. */
static int cell_print_part(FILE *out, const char *text, int width)
{
	int columns, used = 0;
	size_t length;

	for (; *text; text += length) {
		length = cell_character(text, &columns);
		if (used + abs(columns) > width)
			break;
		if (columns > 0)
			fwrite(text, 1, length, out);
		else if (columns < 0)
			fputc('?', out);
		used += abs(columns);
	}
	return used;
}

static int cell_columns(const char *text)
{
	int columns, all = 0;

	for (; *text; all += abs(columns))
		text += cell_character(text, &columns);
	return all;
}

void cell_print(FILE *out, const char *text, int width, bool left)
{
	char *escaped = escape(text);
	int columns = escaped ? cell_columns(escaped) : 0;

	if (escaped && width == CELL_WHOLE) {
		fputs(escaped, out);
	} else if (columns > width) {
		int used = cell_print_part(out, escaped, width - 1);

		fprintf(out, "+%*s", width - 1 - used, "");
	} else {
		if (!left)
			fprintf(out, "%*s", width - columns, "");
		if (escaped)
			cell_print_part(out, escaped, width);
		if (left)
			fprintf(out, "%*s", width - columns, "");
	}
	free(escaped);
}
