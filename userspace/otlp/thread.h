/* SPDX-License-Identifier: MIT */
/* The threads of an exporter, which must not disturb the program that they are in. */
#ifndef OTLP_THREAD_H
#define OTLP_THREAD_H

#include <pthread.h>

/*
 * Creates a thread in which all signals are blocked, so that the program's handlers never run in
 * it. Returns 0 or -EAGAIN.
 */
int otlp_thread_start(pthread_t *thread, void *(*run)(void *context), void *context);

/* The calling thread gets the name by which ps shows it. */
void otlp_thread_name(void);

#endif
