/* SPDX-License-Identifier: MIT */
/* The status of a run's span. */
#ifndef OTLP_VERDICT_H
#define OTLP_VERDICT_H

#include <stdbool.h>

#include "bricktrace.h"

/* The most failed assertions that a span names. */
#define OTLP_ASSERTIONS BT_MAX_ASSERTIONS

/* The size of a status message, with its terminating NUL. */
#define OTLP_VERDICT_LEN ((OTLP_ASSERTIONS + 1) * (BT_NAME_LEN + 96))

/*
 * Returns whether a run exceeded its budget or failed an assertion, and then says in @message by
 * how much.
 */
bool otlp_verdict_describe(const struct bt_result *result, char message[OTLP_VERDICT_LEN]);

#endif
