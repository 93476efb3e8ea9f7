/* SPDX-License-Identifier: MIT */
/* What the service tells systemd, if that has started it. */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdint.h>

void notify_ready(void);
void notify_reloading(void);
/* Ending may take that long from now on. */
void notify_stopping(uint64_t timeout_ns);
/* Tells of success before an end at once, of which systemd would otherwise not hear. */
void notify_ready_and_wait(void);
/* A line that 'systemctl status' shows. */
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Returns how often notify_watchdog() must be called, or UINT64_MAX. */
uint64_t notify_watchdog_ns(void);
void notify_watchdog(void);

#endif
