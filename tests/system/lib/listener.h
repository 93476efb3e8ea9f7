/* SPDX-License-Identifier: MIT */
/*
 * An ioctl that sleeps as long as a test likes, on each kernel and without a driver: that of a
 * seccomp supervisor who waits for a call of the thread that it supervises.
 */
#ifndef TEST_LISTENER_H
#define TEST_LISTENER_H

#include <linux/bricktrace.h>

/*
 * From now on each getppid() of the calling thread waits for a supervisor, who reads from the
 * descriptor that is returned.
 */
int listener_supervise(void);

/* How a result shows the ioctl. */
extern const struct bricktrace_ioctl listener_ioctl;

/* Opens the descriptor, the anonymous file "seccomp notify". */
int listener_new(void);
/* Makes the ioctl, which sleeps until another thread calls listener_wake(). */
void listener_sleep(int listener);
void listener_wake(int listener);

#endif /* TEST_LISTENER_H */
