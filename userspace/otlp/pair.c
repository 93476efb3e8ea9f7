// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "pair.h"

static const char pair_spaces[] = " \t";

/* Copies what stands between @from and @end without the spaces around it. */
static char *pair_copy(const char *from, const char *end)
{
	while (from < end && strchr(pair_spaces, *from))
		from++;
	while (from < end && strchr(pair_spaces, end[-1]))
		end--;
	return strndup(from, end - from);
}

static int pair_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *digit = memchr(digits, c, sizeof(digits) - 1);

	return digit ? (digit - digits) % 16 : -1;
}

/* Decodes %XX in place. Returns false if digits are missing, or for a NUL. */
static bool pair_decode(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text != '%') {
			*to++ = *text;
			continue;
		}
		if (pair_digit(text[1]) < 0 || pair_digit(text[2]) < 0)
			return false;
		*to = pair_digit(text[1]) << 4 | pair_digit(text[2]);
		if (!*to++)
			return false;
		text += 2;
	}
	*to = 0;
	return true;
}

/* Decodes a pair. Returns what is wrong with it, or NULL. */
static const char *pair_parse(const char *begin, const char *end,
			      enum otlp_pair_names names, struct otlp_reader *r,
			      struct otlp_attribute *pair)
{
	const char *equals = memchr(begin, '=', end - begin);

	if (!equals)
		return "has no '='";
	pair->name = pair_copy(begin, equals);
	pair->value = pair_copy(equals + 1, end);
	if (!pair->name || !pair->value) {
		otlp_reader_no_memory(r);
		return NULL;
	}
	if (!*pair->name)
		return "has no name before the '='";
	if ((names == OTLP_PAIR_ENCODED_NAMES && !pair_decode(pair->name)) ||
	    !pair_decode(pair->value))
		return "has a '%' that does not begin a character as two hexadecimal digits, such as %2C";
	return NULL;
}

void otlp_pair_read(struct otlp_reader *r, const char *variable, const char *noun,
		    enum otlp_pair_names names, otlp_pair_add *add, void *context)
{
	const char *text = otlp_reader_value(r, variable) ?: "", *end, *why;
	struct otlp_attribute pair;
	int n;

	for (n = 1; !r->err && *(text += strspn(text, " \t,")); n++) {
		end = strchrnul(text, ',');
		pair = (struct otlp_attribute){ 0 };
		why = pair_parse(text, end, names, r, &pair);
		if (!why && !r->err)
			why = add(context, &pair);
		if (why)
			otlp_reader_fail(
				r, variable,
				"must be NAME=VALUE,NAME=VALUE, but its %s number %d %s",
				noun, n, why);
		free(pair.name);
		free(pair.value);
		text = end;
	}
}
