// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
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

int otlp_pair_next(const char **text, enum otlp_pair_names names, char **name,
		   char **value, const char **why)
{
	const char *begin = *text + strspn(*text, " \t,");
	const char *end = strchrnul(begin, ','), *equals = memchr(begin, '=', end - begin);
	int err = -EINVAL;

	*text = end;
	if (!*begin)
		return 0;
	*name = pair_copy(begin, equals ?: end);
	*value = pair_copy(equals ? equals + 1 : end, end);
	if (!*name || !*value)
		err = -ENOMEM;
	else if (!equals)
		*why = "has no '='";
	else if (!**name)
		*why = "has no name before the '='";
	else if ((names == OTLP_PAIR_ENCODED_NAMES && !pair_decode(*name)) ||
		 !pair_decode(*value))
		*why = "has a '%' that does not begin a character as two hexadecimal digits, such as %2C";
	else
		return 1;
	free(*name);
	free(*value);
	return err;
}
