/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace contexts: the IDs by which a run is a span of a distributed trace. The IDs that
 * nobody gives are hashes of a session's and a run's number with a random key. Each
 * user of them computes them anew, so that a run that nobody asks for costs nothing.
 */
#ifndef BKT_CONTEXT_H
#define BKT_CONTEXT_H

#include <linux/bricktrace.h>

/* Chooses the key. */
void bkt_context_init(void);

/* Whether both IDs of a context from user space are given, and the flags are valid. */
bool bkt_context_valid(const struct bricktrace_context *c);

/* Whether a context from user space stands for no context. */
bool bkt_context_is_none(const struct bricktrace_context *c);

/* Derive the ID of the span of a run, and that of the trace whose first span is a run's. */
void bkt_context_span(u8 span_id[8], u64 session, u64 run);
void bkt_context_trace(u8 trace_id[16], u64 session, u64 run);

#endif /* BKT_CONTEXT_H */
