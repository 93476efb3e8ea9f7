/* SPDX-License-Identifier: MIT */
/* The session of a test, its brick, and what a test does with them. */
#ifndef TEST_SESSION_H
#define TEST_SESSION_H

#include <stdint.h>
#include <sys/types.h>

struct run;

extern int fd;
extern uint32_t brick;

/* Opens the session and defines the brick. */
void begin(const char *name);

void register_tid(pid_t tid, uint32_t flags);
void unregister_tid(pid_t tid);

/*
 * Waits until the session has @n threads, for half a minute at most: a thread that
 * was waited for has perhaps not reached its exit probe. Returns their number.
 */
unsigned int threads_become(unsigned int n);

/*
 * Runs @body in a new thread, which has made no call that counts yet, in a run of its own,
 * whose result becomes @run.
 */
void run_apart(void (*body)(void), struct run *run);

/* Keeps the hooks armed, with a run over an idle thread in a session of its own. */
void keep_armed(void);
void keep_no_longer(void);
void wait_disarmed(void);

#endif /* TEST_SESSION_H */
