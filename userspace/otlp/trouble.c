// SPDX-License-Identifier: MIT
/* What an exporter says. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <opentelemetry/proto/trace/v1/trace.pb-c.h>

#include "clock.h"
#include "trouble.h"

/* Each line is a sentence without its end, so that a program can put its name before it. */
static void __attribute__((format(printf, 2, 3)))
trouble_say(const struct otlp_trouble *t, const char *format, ...)
{
	char line[1024];
	va_list ap;

	if (!t->log)
		return;
	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	t->log(t->context, line);
}

/* Adds events. Returns how many are to be told of now, or 0. */
static uint64_t trouble_sum(struct otlp_sum *sum, uint64_t now, uint64_t n, uint64_t pause)
{
	sum->n += n;
	if (!sum->n || now < sum->next_ns)
		return 0;
	n = sum->n;
	*sum = (struct otlp_sum){ .next_ns = now + pause };
	return n;
}

static const char *trouble_reason(const char *text)
{
	return *text ? text : "the receiver did not say why";
}

static void trouble_fails(struct otlp_trouble *t, uint64_t now,
			  const struct otlp_answer *answer,
			  const struct bt_otlp_counts *counts)
{
	/* The text may change while the trouble lasts, which the next reminder shows. */
	snprintf(t->text, sizeof(t->text), "%s", trouble_reason(answer->text));
	if (t->lasts)
		return;
	t->lasts = true;
	t->since_ns = now;
	t->reminder_ns = now + OTLP_TROUBLE_REMIND;
	t->before = *counts;
	if (answer->outcome == OTLP_REFUSED)
		trouble_say(t, "the receiver refuses all spans, which are lost: %s",
			    t->text);
	else
		trouble_say(t,
			    "cannot export, and so %" PRIu64
			    " spans wait and are sent again: %s",
			    counts->queued, t->text);
}

static void trouble_ends(struct otlp_trouble *t, uint64_t now,
			 const struct bt_otlp_counts *counts)
{
	if (!t->lasts)
		return;
	t->lasts = false;
	trouble_say(t,
		    "exports again after %" PRIu64 " s, in which %" PRIu64
		    " spans were dropped and %" PRIu64 " refused",
		    (now - t->since_ns) / OTLP_SECOND, counts->dropped - t->before.dropped,
		    counts->rejected - t->before.rejected);
}

void otlp_trouble_answer(struct otlp_trouble *t, uint64_t now,
			 const struct otlp_answer *answer,
			 const struct bt_otlp_counts *counts)
{
	if (answer->outcome == OTLP_RETRY || answer->outcome == OTLP_REFUSED)
		trouble_fails(t, now, answer, counts);
	if (answer->outcome != OTLP_ACCEPTED)
		return;
	trouble_ends(t, now, counts);
	if (!answer->rejected && *answer->text &&
	    trouble_sum(&t->warnings, now, 1, OTLP_TROUBLE_REMIND))
		trouble_say(t, "the receiver warns: %s", answer->text);
}

/* Writes the ids of a span, by which it may be found elsewhere; nothing if it has none. */
static void trouble_name(const uint8_t *span, size_t size, char *name, size_t room)
{
	/* What otlp_encode() wrote is a message ScopeSpans with one span. */
	Opentelemetry__Proto__Trace__V1__ScopeSpans *scope =
		opentelemetry__proto__trace__v1__scope_spans__unpack(NULL, size, span);
	const Opentelemetry__Proto__Trace__V1__Span *s =
		scope && scope->n_spans ? scope->spans[0] : NULL;
	size_t i, at;

	*name = '\0';
	if (s && s->trace_id.len == 16 && s->span_id.len == 8) {
		at = snprintf(name, room, ", one of them the span ");
		for (i = 0; i < 8; i++)
			at += snprintf(name + at, room - at, "%02x", s->span_id.data[i]);
		at += snprintf(name + at, room - at, " of the trace ");
		for (i = 0; i < 16; i++)
			at += snprintf(name + at, room - at, "%02x", s->trace_id.data[i]);
	}
	opentelemetry__proto__trace__v1__scope_spans__free_unpacked(scope, NULL);
}

void otlp_trouble_refused(struct otlp_trouble *t, uint64_t now, uint64_t n,
			  const uint8_t *span, size_t size, const char *text)
{
	char name[128] = "";

	n = trouble_sum(&t->refusals, now, n, OTLP_TROUBLE_SUM);
	if (!n)
		return;
	if (span)
		trouble_name(span, size, name, sizeof(name));
	trouble_say(t, "the receiver has refused %" PRIu64 " spans for good%s: %s", n,
		    name, trouble_reason(text));
}

static void trouble_sum_drops(struct otlp_trouble *t, uint64_t now,
			      const struct bt_otlp_counts *counts,
			      const struct otlp_spool_drops *drops)
{
	uint64_t full =
		trouble_sum(&t->full, now, drops->full - t->seen.full, OTLP_TROUBLE_SUM);
	uint64_t no_memory =
		trouble_sum(&t->no_memory, now, drops->no_memory - t->seen.no_memory,
			    OTLP_TROUBLE_SUM);

	t->seen = *drops;
	if (full)
		trouble_say(t,
			    "dropped %" PRIu64
			    " spans, because the queue is full: it has %" PRIu64
			    " spans and %" PRIu64
			    " bytes; OTEL_BSP_MAX_QUEUE_SIZE and BRICKTRACE_OTLP_QUEUE_BYTES raise its bounds",
			    full, counts->queued, counts->queued_bytes);
	otlp_trouble_dropped(t, no_memory, "there is no memory");
}

void otlp_trouble_check(struct otlp_trouble *t, uint64_t now,
			const struct bt_otlp_counts *counts,
			const struct otlp_spool_drops *drops)
{
	trouble_sum_drops(t, now, counts, drops);
	if (!t->lasts || now < t->reminder_ns)
		return;
	t->reminder_ns = now + OTLP_TROUBLE_REMIND;
	trouble_say(t,
		    "cannot export for %" PRIu64 " s, in which %" PRIu64
		    " spans were dropped and %" PRIu64 " refused; %" PRIu64
		    " spans wait: %s",
		    (now - t->since_ns) / OTLP_SECOND, counts->dropped - t->before.dropped,
		    counts->rejected - t->before.rejected, counts->queued, t->text);
}

void otlp_trouble_dropped(const struct otlp_trouble *t, uint64_t n, const char *why)
{
	if (n)
		trouble_say(t, "dropped %" PRIu64 " spans, because %s", n, why);
}
