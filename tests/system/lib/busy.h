/* SPDX-License-Identifier: MIT */
/* A busy process: it creates and ends threads and processes, some of which execute. */
#ifndef TEST_BUSY_H
#define TEST_BUSY_H

#include <stdbool.h>
#include "clock.h"

/* Does not return. Once the process has three threads, it never has fewer. */
void busy(void);
/* A thread of that kind, which creates other threads one after another. */
void *busy_creator(void *arg);

/* True for ROUNDS rounds (40 by default) or, on slow kernels, for ROUNDS / 5 seconds. */
bool busy_round(unsigned int i, u64 since);

#endif /* TEST_BUSY_H */
