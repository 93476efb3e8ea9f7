// SPDX-License-Identifier: MIT
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "check.h"

static pthread_mutex_t check_lock = PTHREAD_MUTEX_INITIALIZER;
static int checks, failures; /* protected by check_lock */

static bool check(bool good, const char *format, va_list ap)
{
	pthread_mutex_lock(&check_lock);
	printf("%sok %d - ", good ? "" : "not ", ++checks);
	vprintf(format, ap);
	putchar('\n');
	fflush(stdout);
	failures += !good;
	pthread_mutex_unlock(&check_lock);
	return good;
}

bool ok(bool good, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	check(good, format, ap);
	va_end(ap);
	return good;
}

bool is(u64 got, u64 wanted, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	if (!check(got == wanted, format, ap))
		printf("# got %lld, wanted %lld\n", got, wanted);
	va_end(ap);
	return got == wanted;
}

bool between(u64 got, u64 low, u64 high, const char *format, ...)
{
	bool good = got >= low && got <= high;
	va_list ap;

	va_start(ap, format);
	if (!check(good, format, ap))
		printf("# got %lld, wanted %lld to %lld\n", got, low, high);
	va_end(ap);
	return good;
}

void skip(const char *name, const char *why)
{
	ok(true, "%s # SKIP %s", name, why);
}

bool no(bool *good, const char *format, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	*good = false;
	return false;
}

void bail(const char *format, ...)
{
	int err = errno;
	va_list ap;

	printf("Bail out! ");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf(" (errno: %s)\n", strerror(err));
	fflush(stdout);
	_exit(1);
}

int done(void)
{
	printf("1..%d\n", checks);
	return failures > 0;
}
