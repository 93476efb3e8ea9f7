// SPDX-License-Identifier: MIT
/* Spans that are sent in one request, or in parts. */
#include <errno.h>
#include <stdlib.h>
#include <sys/param.h>

#include "batch.h"
#include "transport.h"

/* What a request has around the spans of an item: tags and lengths, and names of the scope. */
#define BATCH_AROUND 128

void otlp_batch_init(struct otlp_batch *b)
{
	*b = (struct otlp_batch){ 0 };
	b->last = &b->first;
}

void otlp_batch_free(struct otlp_batch *b)
{
	struct otlp_item *item;

	while ((item = b->first)) {
		b->first = item->next;
		otlp_item_free(item);
	}
	free(b->pieces);
	otlp_batch_init(b);
}

/* Items of one process share the resource in a request, so this is an upper bound. */
static size_t batch_cost(const struct otlp_item *item)
{
	return BATCH_AROUND + item->size + item->resource->message.size;
}

void otlp_batch_fill(struct otlp_batch *b, struct otlp_queue *queue, uint32_t max_spans)
{
	size_t size = 0;

	do {
		struct otlp_item *item = otlp_queue_take(queue);

		size += batch_cost(item);
		b->spans += item->n;
		b->items++;
		item->next = NULL;
		*b->last = item;
		b->last = &item->next;
	} while (queue->first && b->spans + queue->first->n <= max_spans &&
		 size + batch_cost(queue->first) <= OTLP_MAX_REQUEST);
}

/* Returns how many bytes at @offset of an item are its next @n spans. */
static size_t batch_measure(const struct otlp_item *item, size_t offset, uint64_t n)
{
	size_t end = offset;

	while (n--)
		end += otlp_span_size(item->spans + end, item->size - end);
	return end - offset;
}

int otlp_batch_pack(struct otlp_batch *b, uint64_t n, struct otlp_bytes *request)
{
	const struct otlp_item *item = b->first;
	size_t offset = b->offset, pieces = 0;
	uint32_t gone = b->gone;

	if (b->room < b->items) {
		struct otlp_piece *more = reallocarray(b->pieces, b->items, sizeof(*more));

		if (!more)
			return -ENOMEM;
		b->pieces = more;
		b->room = b->items;
	}
	for (; n; item = item->next, offset = gone = 0) {
		uint32_t some = MIN(n, item->n - gone);

		b->pieces[pieces++] = (struct otlp_piece){
			.resource = item->resource,
			.spans = item->spans + offset,
			.size = some == item->n - gone ? item->size - offset :
							 batch_measure(item, offset, some),
		};
		n -= some;
	}
	return otlp_request(b->pieces, pieces, request);
}

const uint8_t *otlp_batch_span(const struct otlp_batch *b, size_t *size)
{
	*size = batch_measure(b->first, b->offset, 1);
	return b->first->spans + b->offset;
}

struct otlp_item *otlp_batch_settle(struct otlp_batch *b, uint64_t n, size_t *bytes)
{
	struct otlp_item *settled = b->first, **end = &settled;

	*bytes = 0;
	b->spans -= n;
	for (; b->first && n >= b->first->n - b->gone; b->first = b->first->next) {
		n -= b->first->n - b->gone;
		b->gone = b->offset = 0;
		b->items--;
		*bytes += otlp_item_bytes(b->first);
		end = &b->first->next;
	}
	if (n) {
		b->offset += batch_measure(b->first, b->offset, n);
		b->gone += n;
	}
	if (!b->first)
		b->last = &b->first;
	if (end == &settled)
		return NULL;
	*end = NULL;
	return settled;
}
