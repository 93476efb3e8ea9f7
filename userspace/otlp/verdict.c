// SPDX-License-Identifier: MIT
/* The status of a run's span. */
#include <stdio.h>
#include <string.h>

#include "verdict.h"

/*
 * Writes the thousandth part of a number, without zeros at its end, such as 31.2. printf() would
 * take as long as everything else that the span of a late run needs.
 */
static char *verdict_put_thousandths(char *to, uint64_t number)
{
	char digits[32], *end = digits + sizeof(digits), *first = end;
	int i;

	for (i = 0; number || i < 4; i++, number /= 10) {
		if (i == 3 && first != end)
			*--first = '.';
		if (i >= 3 || number % 10 || first != end)
			*--first = (char)('0' + number % 10);
	}
	return mempcpy(to, first, end - first);
}

/* Writes a value of an assertion with its unit. */
static char *verdict_put_value(char *to, enum bt_assertion_kind kind, uint64_t value)
{
	if (kind == BT_ASSERT_CATEGORY_SHARE)
		return stpcpy(verdict_put_thousandths(to, value), " %");
	if (kind == BT_ASSERT_DURATION || kind == BT_ASSERT_CATEGORY_NS ||
	    kind == BT_ASSERT_CATEGORY_OFFCPU)
		return stpcpy(verdict_put_thousandths(to, value), " us");
	return to + sprintf(to, "%llu", (unsigned long long)value);
}

static char *verdict_put_assertion(char *to, const struct bt_failed *failed)
{
	to = stpcpy(stpcpy(stpcpy(to, "assertion "), failed->name), " failed: value ");
	to = stpcpy(verdict_put_value(to, failed->kind, failed->value), ", limit ");
	return verdict_put_value(to, failed->kind, failed->limit);
}

bool otlp_verdict_describe(const struct bt_result *r, char message[OTLP_VERDICT_LEN])
{
	const struct bt_failed *failed;
	char *to = message;
	uint32_t i;

	if (bt_result_over_budget(r)) {
		to = verdict_put_thousandths(stpcpy(to, "budget of "), r->budget_ns);
		to = verdict_put_thousandths(stpcpy(to, " us exceeded by "),
					     r->wall_ns - r->budget_ns);
		to = stpcpy(to, " us");
	}
	for (i = 0; i < OTLP_ASSERTIONS && (failed = bt_result_failed(r, i)); i++)
		to = verdict_put_assertion(to > message ? stpcpy(to, "; ") : to, failed);
	/* A record that had no room for the assertions still says how many there were. */
	if (r->assertions_failed > i)
		to += sprintf(to, "%snumber of %sfailed assertions: %u",
			      to > message ? "; " : "", i ? "other " : "",
			      r->assertions_failed - i);
	return to > message;
}
