/* SPDX-License-Identifier: MIT */
/* Times in nanoseconds. */
#ifndef TEST_CLOCK_H
#define TEST_CLOCK_H

#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The kernel's __u64, which printf() knows as %llu. */
typedef unsigned long long u64;

#define MS 1000000ULL
#define S  1000000000ULL

static inline u64 now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * S + ts.tv_nsec;
}

/* Sleeps by nanosleep(2), whatever call the C library prefers. */
static inline void sleep_ns(u64 ns)
{
	struct timespec ts = { .tv_sec = ns / S, .tv_nsec = ns % S };

	syscall(SYS_nanosleep, &ts, NULL);
}

#endif /* TEST_CLOCK_H */
