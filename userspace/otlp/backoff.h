/* SPDX-License-Identifier: MIT */
/* How long to wait before a request is sent again. */
#ifndef OTLP_BACKOFF_H
#define OTLP_BACKOFF_H

#include <stdint.h>

#include "clock.h"

/*
 * The first step is short, because a Collector that is restarted is back after seconds. Each step
 * is twice the one before, up to the largest. A step varies by a fifth, so that the exporters of
 * many hosts do not all come back at the same moment.
 */
#define OTLP_BACKOFF_FIRST (1 * OTLP_SECOND)
#define OTLP_BACKOFF_MAX   (60 * OTLP_SECOND)

struct otlp_backoff {
	uint64_t step_ns; /* 0: the next wait is the first one */
};

void otlp_backoff_reset(struct otlp_backoff *backoff);
/* Returns the next wait. */
uint64_t otlp_backoff_next(struct otlp_backoff *backoff);

#endif
