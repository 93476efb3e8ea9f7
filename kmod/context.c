// SPDX-License-Identifier: GPL-2.0
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/string.h>
#include "context.h"

static siphash_key_t context_key;	/* constant after bkt_context_init() */

void bkt_context_init(void)
{
	get_random_bytes(&context_key, sizeof(context_key));
}

static bool context_is_zero(const u8 *id, size_t size)
{
	return !memchr_inv(id, 0, size);
}

bool bkt_context_valid(const struct bricktrace_context *c)
{
	return c->flags <= 0xff && !context_is_zero(c->trace_id, sizeof(c->trace_id)) &&
	       !context_is_zero(c->span_id, sizeof(c->span_id));
}

bool bkt_context_is_none(const struct bricktrace_context *c)
{
	return !c->flags && context_is_zero(c->trace_id, sizeof(c->trace_id)) &&
	       context_is_zero(c->span_id, sizeof(c->span_id));
}

/* An ID of which all bytes are zero is not valid. */
static void context_hash(u8 *id, u64 session, u64 run, u64 purpose)
{
	u64 hash = siphash_3u64(session, run, purpose, &context_key) ?: 1;

	memcpy(id, &hash, sizeof(hash));
}

void bkt_context_span(u8 span_id[8], u64 session, u64 run)
{
	context_hash(span_id, session, run, 0);
}

void bkt_context_trace(u8 trace_id[16], u64 session, u64 run)
{
	context_hash(trace_id, session, run, 1);
	context_hash(trace_id + 8, session, run, 2);
}
