// SPDX-License-Identifier: MIT
/* The spans that wait to be sent. */
#include <stdlib.h>

#include "queue.h"

void otlp_queue_init(struct otlp_queue *q, uint64_t max_spans, size_t max_bytes)
{
	*q = (struct otlp_queue){ .max_spans = max_spans, .max_bytes = max_bytes };
	q->last = &q->first;
}

bool otlp_queue_put(struct otlp_queue *q, struct otlp_item *item)
{
	size_t bytes = otlp_item_bytes(item);

	/* The bounds may have been lowered below what the queue has. */
	if (q->spans > q->max_spans || item->n > q->max_spans - q->spans ||
	    q->bytes > q->max_bytes || bytes > q->max_bytes - q->bytes)
		return false;
	q->spans += item->n;
	q->bytes += bytes;
	item->next = NULL;
	*q->last = item;
	q->last = &item->next;
	return true;
}

struct otlp_item *otlp_queue_take(struct otlp_queue *q)
{
	struct otlp_item *item = q->first;

	if (item)
		q->first = item->next;
	if (!q->first)
		q->last = &q->first;
	return item;
}

void otlp_queue_release(struct otlp_queue *q, uint64_t spans, size_t bytes)
{
	q->spans -= spans;
	q->bytes -= bytes;
}

size_t otlp_item_bytes(const struct otlp_item *item)
{
	return sizeof(*item) + item->size;
}

void otlp_item_free(struct otlp_item *item)
{
	if (!item)
		return;
	otlp_resource_put(item->resource);
	free(item);
}
