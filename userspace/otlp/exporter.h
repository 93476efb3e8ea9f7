/* SPDX-License-Identifier: MIT */
/* An exporter: a thread that sends spans of runs in batches, and again if that failed. */
#ifndef OTLP_EXPORTER_H
#define OTLP_EXPORTER_H

#include "bricktrace-otlp.h"
#include "config.h"

struct otlp_exporter;

/*
 * Called with a line, without its end, for each problem and its end; not for each of many equal
 * ones: trouble.h says how often. The exporter's thread calls it.
 */
typedef void otlp_log(void *context, const char *text);

/*
 * Starts an exporter, which owns @config from now on, also on error. @log may be NULL. If @config
 * says that no spans are exported, the exporter counts runs and takes none. Returns 0, or a
 * negative errno value with a text in @problem: those of otlp_transport_new(); -EAGAIN if there
 * cannot be another thread.
 */
int otlp_exporter_new(struct otlp_config *config, otlp_log *log, void *context,
		      struct otlp_exporter **exporter, char *problem, size_t size);

/*
 * Takes a record of a stream or recording: a run, which becomes spans, or a loss, which is
 * counted. @local says that the record is of this boot of this machine. Spans for which the
 * queue has no room are dropped and counted. The call does not wait for the receiver. Only
 * one thread calls it.
 */
void otlp_exporter_take(struct otlp_exporter *exporter, const struct bt_record *record,
			bool local);

/*
 * Waits until the queue is at most half full, so that the next run surely fits. Returns false
 * after @timeout_ns.
 */
bool otlp_exporter_wait_room(struct otlp_exporter *exporter, uint64_t timeout_ns);

/*
 * Waits until everything that was taken before is sent or given up. What failed is tried again at
 * once, unless the receiver has asked for a later time. Returns 0, or -ETIMEDOUT after
 * @timeout_ns.
 */
int otlp_exporter_flush(struct otlp_exporter *exporter, uint64_t timeout_ns);

/*
 * From the next request on, also of spans that wait, another configuration holds, which the
 * exporter owns; as above. On error the earlier configuration holds on. Only the thread that calls
 * otlp_exporter_take() calls it. If no spans are exported any more, those that wait are dropped.
 */
int otlp_exporter_configure(struct otlp_exporter *exporter, struct otlp_config *config,
			    char *problem, size_t size);

void otlp_exporter_counts(struct otlp_exporter *exporter, struct bt_otlp_counts *counts);

/* Copies the last problem that is not over; an empty text if there is none. */
void otlp_exporter_problem(struct otlp_exporter *exporter, char *problem, size_t size);

/*
 * Flushes within @timeout_ns, ends the thread, counts what is left as dropped in @counts, which
 * may be NULL, and frees the exporter.
 */
void otlp_exporter_free(struct otlp_exporter *exporter, uint64_t timeout_ns,
			struct bt_otlp_counts *counts);

#endif
