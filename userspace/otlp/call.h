/* SPDX-License-Identifier: MIT */
/* The spans of slow calls. */
#ifndef OTLP_CALL_H
#define OTLP_CALL_H

#include "attribute.h"
#include "bricktrace.h"

/*
 * So many slow calls are remembered, since a call is in the results of all runs around it. They
 * are in sets, of which a call's numbers choose one.
 */
#define OTLP_CALL_SETS 1024
#define OTLP_CALL_WAYS 4

struct otlp_call {
	uint64_t session, start_ns, ns;
	pid_t tid;
	uint32_t nr;
};

/* All bytes are 0 at first. */
struct otlp_calls {
	struct otlp_call sets[OTLP_CALL_SETS][OTLP_CALL_WAYS]; /* the latest first */
};

/* The span of a slow call has at most so many bytes. */
#define OTLP_CALL_ROOM (15 * OTLP_ATTRIBUTE_ROOM + 8 * OTLP_BYTES_LEN + 256)

/*
 * Writes the spans of a run's slow calls of which no earlier run had one, as fields "spans" of the
 * message ScopeSpans. Returns the end of what it wrote, and adds the number of spans to @n.
 */
uint8_t *otlp_calls_put(struct otlp_calls *calls, const struct bt_record *record,
			uint8_t *to, uint32_t *n);

#endif
