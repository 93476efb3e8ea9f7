// SPDX-License-Identifier: MIT
/* Parsing budgets and durations. */
#include <string.h>

#include "cli.h"

/* Returns the number of decimal digits from the unit down to the nanosecond, or -1. */
static int budget_unit_digits(const char *unit)
{
	if (!strcmp(unit, "us"))
		return 3;
	if (!strcmp(unit, "ns"))
		return 0;
	if (!strcmp(unit, "ms"))
		return 6;
	if (!strcmp(unit, "s"))
		return 9;
	return -1;
}

static bool budget_append_digit(uint64_t *value, char c)
{
	uint64_t digit = c - '0';

	if (*value > (BT_MAX_BUDGET - digit) / 10)
		return false;
	*value = *value * 10 + digit;
	return true;
}

/* The arithmetic is decimal, because 1.1us must be 1100 ns and not 1099. */
static const char *budget_parse_time(const char *text, const char *default_unit,
				     uint64_t *ns)
{
	static const char garbage[] =
		"it must be a number, or a number with a unit (ns, us, ms or s), such as 1.5ms";
	static const char too_large[] = "the limit is 2^62 ns, 146 years";
	size_t whole = strspn(text, "0123456789"), fraction = 0;
	const char *unit = text + whole, *point_end, *c;
	uint64_t value = 0;
	int digits;

	if (*text == '-')
		return "it must not be negative";
	if (*unit == '.') {
		fraction = strspn(unit + 1, "0123456789");
		unit += 1 + fraction;
	}
	if (!whole && !fraction)
		return garbage;
	point_end = unit;
	digits = budget_unit_digits(*unit ? unit : default_unit);
	if (digits < 0)
		return garbage;
	for (c = text; c < text + whole; c++)
		if (!budget_append_digit(&value, *c))
			return too_large;
	/* Append the digits after the point, padded with zeros to the unit's length. */
	for (c = text + whole + 1; digits > 0; digits--, c++)
		if (!budget_append_digit(&value, c < point_end ? *c : '0'))
			return too_large;
	for (; c < point_end; c++)
		if (*c != '0')
			return "it is finer than a nanosecond";
	*ns = value;
	return NULL;
}

const char *parse_budget(const char *text, uint64_t *ns)
{
	return budget_parse_time(text, "us", ns);
}

const char *parse_duration(const char *text, uint64_t *ns)
{
	return budget_parse_time(text, "s", ns);
}
