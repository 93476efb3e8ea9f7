// SPDX-License-Identifier: MIT
/* How long to wait before a request is sent again. */
#include <sys/param.h>
#include <sys/random.h>

#include "backoff.h"

void otlp_backoff_reset(struct otlp_backoff *b)
{
	b->step_ns = 0;
}

uint64_t otlp_backoff_next(struct otlp_backoff *b)
{
	uint32_t random;

	b->step_ns =
		b->step_ns ? MIN(2 * b->step_ns, OTLP_BACKOFF_MAX) : OTLP_BACKOFF_FIRST;
	/* Early during boot there is nothing random, and then nothing varies. */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != sizeof(random))
		random = UINT32_MAX / 2;
	return b->step_ns / 5 * 4 +
	       (uint64_t)(b->step_ns / 5 * 2 * (random / (double)UINT32_MAX));
}
