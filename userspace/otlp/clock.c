// SPDX-License-Identifier: MIT
/* The clock by which threads wait. */
#include <time.h>

#include "clock.h"

uint64_t otlp_clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * OTLP_SECOND + now.tv_nsec;
}

uint64_t otlp_clock_deadline(uint64_t timeout_ns)
{
	uint64_t now = otlp_clock_now();

	return timeout_ns > UINT64_MAX - now ? UINT64_MAX : now + timeout_ns;
}

uint64_t otlp_clock_left(uint64_t deadline_ns)
{
	uint64_t now = otlp_clock_now();

	return deadline_ns > now ? deadline_ns - now : 0;
}

void otlp_clock_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attr);
	pthread_condattr_destroy(&attr);
}

bool otlp_clock_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t deadline_ns)
{
	const struct timespec at = { deadline_ns / OTLP_SECOND, deadline_ns % OTLP_SECOND };

	return !pthread_cond_timedwait(condition, lock, &at);
}
