/* SPDX-License-Identifier: MIT */
/*
 * The signals of the service. They are blocked, also in threads that are created later, and only
 * come where the service lets them.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* From now on, signals that are not ignored are noted: those that end, and SIGHUP. */
void signals_catch(void);

/* The mask of a thread that lets them come, for ppoll() and pthread_sigmask(). */
const sigset_t *signals_open(void);

/* How many signals to end have come, and whether a SIGHUP has come since the last call. */
unsigned int signals_ends(void);
bool signals_reload(void);

/*
 * Lets signals come until signals_keep(). If one to end comes, a read() of the descriptor finds the
 * end of the file, as one that was about to wait would otherwise not notice the signal. Each
 * @interrupt_ns, a read() that waits is interrupted.
 */
void signals_let(int fd, uint64_t interrupt_ns);
void signals_keep(void);

#endif
