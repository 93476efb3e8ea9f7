/* SPDX-License-Identifier: MIT */
/*
 * The ioctls of /dev/bricktrace on a session's descriptor @fd. A function ends the test
 * if its ioctl fails, except for try_*(), which returns 0 or a negative error number.
 */
#ifndef TEST_DEVICE_H
#define TEST_DEVICE_H

#include <linux/bricktrace.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include "clock.h"

/* Opens a session. */
int device(void);
/* The number of sessions on the host; sessions_become() waits until it is @n. */
unsigned int sessions(void);
unsigned int sessions_become(unsigned int n);

struct bricktrace_info info(int fd);
struct bricktrace_session session(int fd);
void set_edge(int fd, u64 edge_ps);

/* The calling thread. */
void thread_register(int fd, unsigned int inherit);
void thread_unregister(int fd);

/* A thread by its number, or the calling thread if @tid is 0. */
int try_register(int fd, pid_t tid, uint32_t flags);
int try_unregister(int fd, pid_t tid);

uint32_t brick_define(int fd, const char *name, u64 budget_ns);

/* The arguments @level and @scope of run_open(). */
#define TRACE_THREAD  BRICKTRACE_LEVEL_TRACE, BRICKTRACE_SCOPE_THREAD
#define TRACE_SESSION BRICKTRACE_LEVEL_TRACE, BRICKTRACE_SCOPE_SESSION

/* The number of the new run. */
u64 run_open(int fd, uint32_t brick, uint32_t level, uint32_t scope);
/* Closes a run without asking for its result; see result.h for the others. */
void run_discard(int fd, u64 number);

#endif /* TEST_DEVICE_H */
