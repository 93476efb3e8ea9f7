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
#include "check.h"
#include "clock.h"

/* Opens a session. */
int device(void);
/* The number of sessions on the host; sessions_become() waits until it is @n. */
unsigned int sessions(void);
unsigned int sessions_become(unsigned int n);

struct bricktrace_info info(int fd);
struct bricktrace_session session(int fd);
void set_edge(int fd, u64 edge_ps);
/*
 * The settings of @s that @s.flags names; SET(fd, LIMIT, .trace_limit = 5) sets one and
 * ends the test if that fails.
 */
int try_set(int fd, struct bricktrace_session s);
#define SET(fd, flag, ...)                                                                  \
	do {                                                                                \
		if (try_set(fd, (struct bricktrace_session){                                \
					.flags = BRICKTRACE_SESSION_##flag, __VA_ARGS__ })) \
			bail("SESSION_SET " #flag);                                         \
	} while (0)

/* The calling thread. */
void thread_register(int fd, unsigned int inherit);
void thread_unregister(int fd);

/* A thread by its number, or the calling thread if @tid is 0. */
int try_register(int fd, pid_t tid, uint32_t flags);
int try_unregister(int fd, pid_t tid);

uint32_t brick_define(int fd, const char *name, u64 budget_ns);
/* Defines or changes a brick, whose number is returned, and its mode. */
uint32_t brick_mode(int fd, const char *name, u64 budget_ns, uint32_t mode);
/* The same with all that @b says except for its size and name. */
int try_brick(int fd, const char *name, struct bricktrace_brick_define b);

/* The arguments @level and @scope of run_open(). */
#define TRACE_THREAD  BRICKTRACE_LEVEL_TRACE, BRICKTRACE_SCOPE_THREAD
#define TRACE_SESSION BRICKTRACE_LEVEL_TRACE, BRICKTRACE_SCOPE_SESSION

/* The number of the new run. */
u64 run_open(int fd, uint32_t brick, uint32_t level, uint32_t scope);
/* Opens a run of scope thread at level auto, and returns the whole answer. */
struct bricktrace_run_open run_auto(int fd, uint32_t brick);
/* The same with all that @o says except for its size. */
struct bricktrace_run_open run_request(int fd, struct bricktrace_run_open o);
/* Closes a run without asking for its result; see result.h for the others. */
void run_discard(int fd, u64 number);

#endif /* TEST_DEVICE_H */
