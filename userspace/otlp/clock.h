/* SPDX-License-Identifier: MIT */
/* The clock by which threads wait: CLOCK_MONOTONIC, in nanoseconds. */
#ifndef OTLP_CLOCK_H
#define OTLP_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define OTLP_SECOND UINT64_C(1000000000)

uint64_t otlp_clock_now(void);
/* Returns the moment that is @timeout_ns from now; UINT64_MAX, which is never, if that is later. */
uint64_t otlp_clock_deadline(uint64_t timeout_ns);
/* Returns how long it is until @deadline_ns; 0 if that has passed. */
uint64_t otlp_clock_left(uint64_t deadline_ns);

void otlp_clock_condition(pthread_cond_t *condition);
/* Like pthread_cond_wait(), but returns false when @deadline_ns has passed. */
bool otlp_clock_wait(pthread_cond_t *condition, pthread_mutex_t *lock,
		     uint64_t deadline_ns);

#endif
