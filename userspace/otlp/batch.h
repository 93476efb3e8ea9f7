/* SPDX-License-Identifier: MIT */
/* Spans that are sent in one request or, if the receiver does not like them, in parts. */
#ifndef OTLP_BATCH_H
#define OTLP_BATCH_H

#include "queue.h"
#include "span.h"

/* The parts of a batch are settled, that is sent or given up, in order. */
struct otlp_batch {
	struct otlp_item *first, **last; /* the items that are not settled yet */
	size_t items;
	uint64_t spans;	 /* that are not settled yet */
	uint32_t gone;	 /* spans of the first item that are settled */
	uint32_t offset; /* of the first item's other spans */
	struct otlp_piece *pieces;
	size_t room; /* of @pieces */
};

void otlp_batch_init(struct otlp_batch *batch);
/* Frees the batch and its items. */
void otlp_batch_free(struct otlp_batch *batch);

/*
 * Takes items, at most @max_spans spans and OTLP_MAX_REQUEST bytes, from a queue that is not
 * empty, into an empty batch. The spans of a run are not divided: a run with more is alone.
 */
void otlp_batch_fill(struct otlp_batch *batch, struct otlp_queue *queue,
		     uint32_t max_spans);

/* Packs the next @n spans as a request, in place of what that has. Returns 0 or -ENOMEM. */
int otlp_batch_pack(struct otlp_batch *batch, uint64_t n, struct otlp_bytes *request);

/* Returns the next span, as otlp_encode() wrote it, and its size in bytes. */
const uint8_t *otlp_batch_span(const struct otlp_batch *batch, size_t *size);

/*
 * The next @n spans are settled. Returns the items of which nothing is left, linked by @next, or
 * NULL, and in @bytes what they count as. The caller frees them.
 */
struct otlp_item *otlp_batch_settle(struct otlp_batch *batch, uint64_t n, size_t *bytes);

#endif
