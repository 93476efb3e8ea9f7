/* SPDX-License-Identifier: MIT */
/* The spans that wait to be sent, within a bound of spans and of bytes. */
#ifndef OTLP_QUEUE_H
#define OTLP_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "resource.h"

/* The spans of one run, in one allocation. */
struct otlp_item {
	struct otlp_item *next;
	struct otlp_resource *resource; /* a reference */
	uint32_t n;			/* spans */
	uint32_t size;			/* of @spans, in bytes */
	uint8_t spans[];		/* as otlp_encode() writes them */
};

/* A queue has no lock: its user has one. */
struct otlp_queue {
	struct otlp_item *first, **last;
	uint64_t spans;
	size_t bytes; /* with the items' own memory, but without the resources, which they share */
	uint64_t max_spans;
	size_t max_bytes;
};

void otlp_queue_init(struct otlp_queue *queue, uint64_t max_spans, size_t max_bytes);
/* Returns false, and does not take the item, if it would exceed a bound. */
bool otlp_queue_put(struct otlp_queue *queue, struct otlp_item *item);
/* Returns the oldest item, or NULL. The item continues to count until it is released. */
struct otlp_item *otlp_queue_take(struct otlp_queue *queue);
/* Spans, and the bytes of whole items, that were taken are sent or given up: they count no longer. */
void otlp_queue_release(struct otlp_queue *queue, uint64_t spans, size_t bytes);

/* Returns how many bytes an item counts as. */
size_t otlp_item_bytes(const struct otlp_item *item);
/* Frees an item that is in no queue. NULL is ignored. */
void otlp_item_free(struct otlp_item *item);

#endif
