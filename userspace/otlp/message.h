/* SPDX-License-Identifier: MIT */
/* Short names of the generated messages that spans are made of. */
#ifndef OTLP_MESSAGE_H
#define OTLP_MESSAGE_H

#include "bricktrace.h"
#include "opentelemetry/proto/trace/v1/trace.pb-c.h"

/* The number of the field "spans" of the message ScopeSpans. */
#define OTLP_SCOPE_SPANS 2

#define OTLP_INTERNAL OPENTELEMETRY__PROTO__TRACE__V1__SPAN__SPAN_KIND__SPAN_KIND_INTERNAL
#define OTLP_ERROR    OPENTELEMETRY__PROTO__TRACE__V1__STATUS__STATUS_CODE__STATUS_CODE_ERROR
#define OTLP_DOUBLE   OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_DOUBLE_VALUE
#define OTLP_STRING   OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_STRING_VALUE

typedef Opentelemetry__Proto__Common__V1__AnyValue otlp_any_value;
typedef Opentelemetry__Proto__Common__V1__KeyValue otlp_key_value;
typedef Opentelemetry__Proto__Trace__V1__Span otlp_span;
typedef Opentelemetry__Proto__Trace__V1__Span__Event otlp_event;
typedef Opentelemetry__Proto__Trace__V1__Span__Link otlp_link;
typedef Opentelemetry__Proto__Trace__V1__Status otlp_status;

/*
 * Sets what all spans have: IDs, of which a @parent of zeros is none, flags, name and times. The
 * message points to the arguments. Only the trace ID, span ID and flags of @context are used.
 */
void otlp_span_set(otlp_span *span, struct bt_context *context, uint8_t parent[8],
		   char *name, uint64_t start_unix_ns, uint64_t end_unix_ns);

#endif
