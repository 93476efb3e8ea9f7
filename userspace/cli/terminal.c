// SPDX-License-Identifier: MIT
/*
 * The width of the terminal, and printing text that may contain names which other users
 * chose for their programs.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../lib/utf8.h"
#include "cli.h"

void print_escaped(FILE *out, const char *text)
{
	size_t length, i;
	uint32_t c;

	for (; *text; text += length) {
		length = bti_utf8(text, &c);
		if (c > BTI_UTF8_LAST)
			for (i = 0; i < length; i++)
				fprintf(out, "\\x%02x", (unsigned char)text[i]);
		else if (bti_utf8_control(c))
			fprintf(out, c < 0x80 ? "\\x%02x" : "\\u%04x", c);
		else if (c == '\\')
			fputs("\\\\", out);
		else
			fwrite(text, 1, length, out);
	}
}

char *escape(const char *text)
{
	char *escaped = NULL;
	size_t size;
	FILE *out = open_memstream(&escaped, &size);

	if (!out)
		return NULL;
	print_escaped(out, text);
	fclose(out);
	return escaped;
}

_Thread_local FILE *complaints;

void complain(const char *format, ...)
{
	FILE *out = complaints ?: stderr;
	char *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	/* Lines of several threads do not mix. */
	flockfile(out);
	fputs("bricktrace: ", out);
	print_escaped(out, text ?: "no memory");
	fputc('\n', out);
	funlockfile(out);
	free(text);
}

int terminal_columns(FILE *out)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size = { 0 };
	int fd = fileno(out), width;

	if (fd < 0 || !isatty(fd))
		return TEXT_COLUMNS;
	ioctl(fd, TIOCGWINSZ, &size);
	/* Some terminals, such as a serial line, do not know their width. */
	width = size.ws_col || !columns ? size.ws_col : atoi(columns);
	return width > 0 ? width : TEXT_COLUMNS;
}
