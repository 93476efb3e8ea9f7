// SPDX-License-Identifier: MIT
/* The request that carries spans: the message ExportTraceServiceRequest. */
#include <errno.h>
#include <stdlib.h>

#include "field.h"
#include "opentelemetry/proto/common/v1/common.pb-c.h"
#include "span.h"

/* The numbers of fields. */
enum {
	REQUEST_RESOURCE_SPANS = 1,
	RESOURCE_SPANS_RESOURCE = 1,
	RESOURCE_SPANS_SCOPE_SPANS = 2,
	SCOPE_SPANS_SCOPE = 1,
};

/*
 * There is no schema URL. It would promise receivers that all names are those of one version of
 * the semantic conventions, so that they can be translated to another version. The few names
 * that are taken from there, such as thread.id, have been the same in all versions.
 */
static Opentelemetry__Proto__Common__V1__InstrumentationScope request_scope = {
	PROTOBUF_C_MESSAGE_INIT(
		&opentelemetry__proto__common__v1__instrumentation_scope__descriptor),
	.name = "bricktrace",
	.version = BT_VERSION,
};

static int request_by_resource(const void *a, const void *b)
{
	const struct otlp_piece *x = *(const struct otlp_piece *const *)a;
	const struct otlp_piece *y = *(const struct otlp_piece *const *)b;

	if (x->resource != y->resource)
		return x->resource < y->resource ? -1 : 1;
	/* The pieces of a resource stay in their order. */
	return x < y ? -1 : 1;
}

/* Returns how many of the pieces are of the resource of the first one, and their @size in bytes. */
static size_t request_group(const struct otlp_piece *const *sorted, size_t n, size_t *size)
{
	size_t i;

	*size = 0;
	for (i = 0; i < n && sorted[i]->resource == sorted[0]->resource; i++)
		*size += sorted[i]->size;
	return i;
}

static size_t request_field_size(size_t size)
{
	return 1 + otlp_varint_size(size) + size;
}

/* Writes the spans of one resource as a field of the request. */
static int request_put(const struct otlp_piece *const *group, size_t n, size_t size,
		       struct otlp_bytes *request)
{
	const struct otlp_bytes *resource = &group[0]->resource->message;
	uint8_t scope[64];
	size_t scope_size = opentelemetry__proto__common__v1__instrumentation_scope__pack(
		&request_scope, scope);
	size_t spans = request_field_size(scope_size) + size, i;
	size_t all = request_field_size(resource->size) + request_field_size(spans);
	uint8_t *to;

	if (otlp_bytes_reserve(request, request_field_size(all)))
		return -ENOMEM;
	to = otlp_field_put(request->data + request->size, REQUEST_RESOURCE_SPANS, all);
	to = otlp_field_put(to, RESOURCE_SPANS_RESOURCE, resource->size);
	to = mempcpy(to, resource->data, resource->size);
	to = otlp_field_put(to, RESOURCE_SPANS_SCOPE_SPANS, spans);
	to = otlp_field_put(to, SCOPE_SPANS_SCOPE, scope_size);
	to = mempcpy(to, scope, scope_size);
	for (i = 0; i < n; i++)
		to = mempcpy(to, group[i]->spans, group[i]->size);
	request->size = to - request->data;
	return 0;
}

int otlp_request(const struct otlp_piece *pieces, size_t n, struct otlp_bytes *request)
{
	const struct otlp_piece **sorted = calloc(n, sizeof(*sorted));
	size_t i, some, size;
	int err = 0;

	if (!sorted)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		sorted[i] = &pieces[i];
	qsort(sorted, n, sizeof(*sorted), request_by_resource);
	request->size = 0;
	for (i = 0; i < n && !err; i += some) {
		some = request_group(sorted + i, n - i, &size);
		err = request_put(sorted + i, some, size, request);
	}
	free(sorted);
	return err;
}
