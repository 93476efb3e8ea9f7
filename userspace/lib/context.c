// SPDX-License-Identifier: MIT
/* Where a tracer's runs belong: the service, and the spans that are their parents. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "utf8.h"

/*
 * The OpenTelemetry specification's thread context: in each thread the variable of this
 * name, which an SDK may define, points to the thread's current context or is NULL. The
 * variable's address is looked up by dlsym(), once for each thread: the value of a weak
 * thread-local symbol that nobody defines is not NULL but undefined.
 */
#define PUBLISHED_NAME "otel_thread_ctx_v1"

struct context_published {
	uint8_t trace_id[16];
	uint8_t span_id[8];
	uint8_t valid; /* 1 while the other fields are whole */
	uint8_t flags;
	uint16_t attributes_size;
};

static bool context_zero(const uint8_t *id, size_t size)
{
	while (size && !id[size - 1])
		size--;
	return !size;
}

/* Returns false unless both IDs are there. */
static bool context_good(const struct bricktrace_context *context)
{
	return !context_zero(context->trace_id, sizeof(context->trace_id)) &&
	       !context_zero(context->span_id, sizeof(context->span_id));
}

/* Reads 2 * @size small hexadecimal digits and moves @text behind them. */
static bool context_hex(const char **text, uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	const char *high, *low;

	for (; size; size--, *text += 2) {
		/* strchr() would find the NUL. */
		high = memchr(digits, (*text)[0], 16);
		low = high ? memchr(digits, (*text)[1], 16) : NULL;
		if (!low)
			return false;
		*bytes++ = (high - digits) << 4 | (low - digits);
	}
	return true;
}

bool bti_context_parse(const char *text, struct bricktrace_context *context)
{
	uint8_t version, flags;

	if (!context_hex(&text, &version, 1) || version == 0xff || *text++ != '-' ||
	    !context_hex(&text, context->trace_id, sizeof(context->trace_id)) ||
	    *text++ != '-' ||
	    !context_hex(&text, context->span_id, sizeof(context->span_id)) ||
	    *text++ != '-' || !context_hex(&text, &flags, 1))
		return false;
	/* More fields, and flags that this version does not know, belong to a later version. */
	context->flags = flags & (version ? 1 : 3);
	return (!*text || (version && *text == '-')) && context_good(context);
}

void bti_context_init(struct bt_tracer *t)
{
	struct bricktrace_session to = { 0 };
	const char *text;

	if (t->fd < 0 || !(t->features & BRICKTRACE_FEATURE_STREAM))
		return;
	t->published = dlsym(RTLD_DEFAULT, PUBLISHED_NAME);
	text = secure_getenv("OTEL_SERVICE_NAME");
	if (text && *text) {
		bti_utf8_copy(to.label, sizeof(to.label), text, BTI_UTF8_REPLACE_CONTROLS);
		to.flags |= BRICKTRACE_SESSION_LABEL;
	}
	text = secure_getenv("TRACEPARENT");
	if (text && bti_context_parse(text, &to.context))
		to.flags |= BRICKTRACE_SESSION_CONTEXT;
	/* A tracer without its label and context is better than none. */
	if (to.flags)
		bti_settings_set(t, &to);
}

bool bti_context_published(const struct bt_tracer *t, struct bricktrace_context *context)
{
	static __thread const struct context_published *volatile const *variable;
	const struct context_published *now;

	*context = (struct bricktrace_context){ 0 };
	if (!t->published)
		return false;
	if (!variable)
		variable = dlsym(RTLD_DEFAULT, PUBLISHED_NAME);
	now = variable ? *variable : NULL;
	/* Only this thread changes what it has published. */
	if (!now || now->valid != 1)
		return false;
	memcpy(context->trace_id, now->trace_id, sizeof(context->trace_id));
	memcpy(context->span_id, now->span_id, sizeof(context->span_id));
	context->flags = now->flags;
	if (context_good(context))
		return true;
	*context = (struct bricktrace_context){ 0 };
	return false;
}

int bt_tracer_label(struct bt_tracer *t, const char *label)
{
	struct bricktrace_session to = { .flags = BRICKTRACE_SESSION_LABEL };
	int err;

	if (!t)
		return bti_fail_null("tracer");
	if (!label)
		return bti_fail_null("label");
	err = *label ? bti_check_name("the tracer's label", label) : 0;
	if (!err)
		err = bti_need_streams(t);
	if (err)
		return err;
	memcpy(to.label, label, strlen(label));
	return bti_settings_set(t, &to);
}

int bt_tracer_ids(struct bt_tracer *t, bool wanted)
{
	int err;

	if (!t)
		return bti_fail_null("tracer");
	err = bti_need_streams(t);
	if (!err)
		__atomic_store_n(&t->ids, wanted, __ATOMIC_RELAXED);
	return err;
}

int bt_run_context(struct bt_tracer *t, const struct bt_context *parent)
{
	struct bricktrace_session to = { .flags = BRICKTRACE_SESSION_CONTEXT };
	int err;

	if (!t)
		return bti_fail_null("tracer");
	if (parent) {
		memcpy(to.context.trace_id, parent->trace_id, sizeof(to.context.trace_id));
		memcpy(to.context.span_id, parent->span_id, sizeof(to.context.span_id));
		to.context.flags = parent->flags;
		if (!context_good(&to.context))
			return bti_fail(
				EINVAL,
				"the trace ID or the span ID of the context is all 0; pass NULL for no context");
	}
	err = bti_need_streams(t);
	return err ? err : bti_settings_set(t, &to);
}
