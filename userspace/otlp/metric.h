/* SPDX-License-Identifier: MIT */
/* Metrics: the statistics of bricks over all runs, and an exporter's own counts. */
#ifndef OTLP_METRIC_H
#define OTLP_METRIC_H

#include "bricktrace-otlp.h"
#include "bricktrace.h"
#include "bytes.h"
#include "resource.h"

#define OTLP_MAX_SERIES 2000
#define OTLP_CATEGORIES (BT_CAT_OTHER + 1)

/* The sums of a category over the traced runs of a brick. */
struct otlp_category_sums {
	uint64_t count, errors, ns, offcpu_ns;
};

/* A brick of a session, as its books are now. */
struct otlp_brick {
	uint64_t session;
	struct otlp_process process;
	const char *name;
	uint64_t runs, traced, over_budget, zero, sum_ns, min_ns, max_ns;
	uint64_t buckets[BT_BUCKETS]; /* the first one has the number BT_BUCKET_FIRST */
	struct otlp_category_sums categories[OTLP_CATEGORIES];
};

/*
 * What was seen at the last collection, from which start times and the sums of series beyond
 * OTLP_MAX_SERIES follow. The state belongs to one thread.
 */
struct otlp_metrics;

struct otlp_metrics *otlp_metrics_new(const struct otlp_config *config); /* NULL: no memory */
void otlp_metrics_free(struct otlp_metrics *metrics);

/*
 * Packs the message ExportMetricsServiceRequest of @n bricks, which are sorted by session and
 * name, and of an exporter's counts, which may be NULL, as they are at @now_unix_ns. @request
 * becomes empty if there is nothing to tell. Returns 0 or -ENOMEM, and then nothing has changed.
 */
int otlp_metrics_encode(struct otlp_metrics *metrics, const struct otlp_brick *bricks,
			size_t n, const struct bt_otlp_counts *counts,
			uint64_t now_unix_ns, struct otlp_bytes *request);

#endif
