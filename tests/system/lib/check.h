/* SPDX-License-Identifier: MIT */
/* Checks of a test in TAP. Each takes a description in the manner of printf(). */
#ifndef TEST_CHECK_H
#define TEST_CHECK_H

#include <stdbool.h>
#include "clock.h"

/* A check fails if @good is false; the result is @good. */
bool ok(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool is(u64 got, u64 wanted, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Both bounds belong to the range. */
bool between(u64 got, u64 low, u64 high, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void skip(const char *name, const char *why);

/* Prints a reason why a check will fail; @good becomes false, and the result is false. */
bool no(bool *good, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the test at once, because the rest of the test would prove nothing. */
void bail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Prints the number of checks as the plan, and returns the status for main(). */
int done(void);

#endif /* TEST_CHECK_H */
