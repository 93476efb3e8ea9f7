/* SPDX-License-Identifier: MIT */
/* Spans: a finished run, and its slow calls, as OpenTelemetry describes them. */
#ifndef OTLP_SPAN_H
#define OTLP_SPAN_H

#include <stdbool.h>

#include "bricktrace.h"
#include "bytes.h"
#include "config.h"
#include "resource.h"

/*
 * What an encoder remembers of earlier runs, for links and so that a slow call becomes one span
 * only. An encoder belongs to one thread.
 */
struct otlp_encoder;

/* @error_status is as in struct otlp_config. Returns NULL if there is no memory. */
struct otlp_encoder *otlp_encoder_new(bool error_status);
void otlp_encoder_free(struct otlp_encoder *encoder);

/* Whether the run's trace is sampled (W3C Trace Context). The spans of others are not exported. */
bool otlp_span_sampled(const struct bt_record *record);

/*
 * Appends the span of a run and those of its slow calls to @spans, each as a field "spans" of the
 * message ScopeSpans. The span of the run is the first one. Sets @n to their number. Returns 0,
 * or -ENOMEM, and then @spans has what it had before.
 */
int otlp_encode(struct otlp_encoder *encoder, const struct bt_record *record,
		struct otlp_bytes *spans, uint32_t *n);

/* Returns how many of the @size bytes at @spans, which otlp_encode() wrote, are the first span. */
size_t otlp_span_size(const uint8_t *spans, size_t size);

/* Spans of one process. */
struct otlp_piece {
	const struct otlp_resource *resource;
	const uint8_t *spans;
	size_t size;
};

/*
 * Packs the message ExportTraceServiceRequest of the pieces into @request, in place of what that
 * has. Pieces of one resource, also if others are between them, share a ResourceSpans. @n is at
 * least 1. Returns 0 or -ENOMEM.
 */
int otlp_request(const struct otlp_piece *pieces, size_t n, struct otlp_bytes *request);

#endif
