// SPDX-License-Identifier: MIT
/* What the service tells systemd, if that has started it. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <systemd/sd-daemon.h>

#include "cli.h"
#include "notify.h"

/* How long systemd has to take in what it was told. */
#define NOTIFY_BARRIER_US 5000000
/* How much longer than its timeout ending may take: a request that is cancelled, and freeing. */
#define NOTIFY_SLACK_US 5000000

void notify_ready(void)
{
	sd_notify(0, "READY=1");
}

void notify_ready_and_wait(void)
{
	if (sd_notify(0, "READY=1") > 0)
		sd_notify_barrier(0, NOTIFY_BARRIER_US);
}

void notify_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, monotonic_ns() / 1000);
}

void notify_stopping(uint64_t timeout_ns)
{
	sd_notifyf(0, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64,
		   timeout_ns / 1000 + NOTIFY_SLACK_US);
}

/* Text of others must not become lines of its own, which would be further messages. */
void notify_status(const char *format, ...)
{
	char *text, *escaped;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	escaped = text ? escape(text) : NULL;
	if (escaped)
		sd_notifyf(0, "STATUS=%s", escaped);
	free(escaped);
	free(text);
}

uint64_t notify_watchdog_ns(void)
{
	uint64_t us;

	/* Half of the time leaves room for a delay. */
	return sd_watchdog_enabled(0, &us) > 0 ? us * 1000 / 2 : UINT64_MAX;
}

void notify_watchdog(void)
{
	sd_notify(0, "WATCHDOG=1");
}
