/* SPDX-License-Identifier: MIT */
/*
 * The thread that collects the statistics of all bricks of the host by netlink, again and again,
 * and sends them as metrics.
 */
#ifndef COLLECTOR_H
#define COLLECTOR_H

#include "bricktrace-otlp.h"
#include "config.h"

struct collector;

/* What a collector works with. */
struct collector_setup;

/*
 * Prepares metrics as the configuration says, which belongs to the setup from now on, also on
 * error. Returns NULL after saying what is wrong.
 */
struct collector_setup *collector_setup_new(struct otlp_config *config);
/* NULL is ignored. */
void collector_setup_free(struct collector_setup *setup);

/*
 * Starts the thread, to which the setup belongs from now on, also on error. @counts gets the
 * exporter's own counts, in the collector's thread; NULL if there are none. Returns NULL after
 * saying what is wrong.
 */
struct collector *collector_new(struct collector_setup *setup,
				void (*counts)(void *context, struct bt_otlp_counts *counts),
				void *context);

/* From the next collection on, another setup holds, which belongs to the collector. */
void collector_configure(struct collector *collector, struct collector_setup *setup);

/* Lets the thread collect and send a last time. */
void collector_finish(struct collector *collector);
/* Waits until it has done so. Returns false after @timeout_ns. */
bool collector_wait(struct collector *collector, uint64_t timeout_ns);

/* Ends the thread at once. NULL is ignored. */
void collector_free(struct collector *collector);

#endif
