/* SPDX-License-Identifier: MIT */
/*
 * Parts of libbricktrace-otlp that tests imitate: spans of a fixed size that have nothing but
 * their ids, and one resource. The linker puts these functions in the place of those of
 * userspace/otlp (see WRAP in the Makefile).
 */
#ifndef OTLP_FAKES_H
#define OTLP_FAKES_H

#include <stdatomic.h>

#include "span.h"
#include "unit.h"

/* A message ScopeSpans with a span: 2 bytes, the trace id and the span id with 2 bytes each. */
#define FAKE_SPAN 30
#define FAKE_ID	  (FAKE_SPAN - 8)

static struct otlp_resource fake_resource = { .references = 1 };

static void fake_span(uint8_t *span, uint64_t id)
{
	static const uint8_t head[] = { 0x12, 28, 0x0a, 16 };

	memset(span, 0xaa, FAKE_SPAN);
	memcpy(span, head, sizeof(head));
	memcpy(span + FAKE_ID - 2, "\x12\x08", 2);
	memcpy(span + FAKE_ID, &id, 8);
}

size_t __wrap_otlp_span_size(const uint8_t *spans, size_t size);
size_t __wrap_otlp_span_size(const uint8_t *spans, size_t size)
{
	(void)spans;
	return size < FAKE_SPAN ? size : FAKE_SPAN;
}

int __wrap_otlp_request(const struct otlp_piece *pieces, size_t n,
			struct otlp_bytes *request);
int __wrap_otlp_request(const struct otlp_piece *pieces, size_t n,
			struct otlp_bytes *request)
{
	size_t i;

	request->size = 0;
	for (i = 0; i < n; i++) {
		if (otlp_bytes_reserve(request, pieces[i].size))
			return -ENOMEM;
		memcpy(request->data + request->size, pieces[i].spans, pieces[i].size);
		request->size += pieces[i].size;
	}
	return 0;
}

void __wrap_otlp_resource_put(struct otlp_resource *resource);
void __wrap_otlp_resource_put(struct otlp_resource *resource)
{
	if (resource)
		__atomic_fetch_sub(&resource->references, 1, __ATOMIC_RELAXED);
}

#endif
