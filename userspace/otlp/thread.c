// SPDX-License-Identifier: MIT
/* The threads of an exporter. */
#include <errno.h>
#include <signal.h>

#include "thread.h"

/*
 * libcurl with TLS needs about a tenth of it. The default, 8 MiB, would be a burden in a program
 * that locks its memory by mlockall().
 */
#define THREAD_STACK (512 << 10)

int otlp_thread_start(pthread_t *thread, void *(*run)(void *context), void *context)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, THREAD_STACK);
	err = pthread_create(thread, &attr, run, context);
	/* A stack also has the program's thread-local variables, which may be larger. */
	if (err == EINVAL)
		err = pthread_create(thread, NULL, run, context);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err ? -EAGAIN : 0;
}

void otlp_thread_name(void)
{
	pthread_setname_np(pthread_self(), "bricktrace-otlp");
}
