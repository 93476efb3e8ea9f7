// SPDX-License-Identifier: MIT
/* The span of a finished run. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attribute.h"
#include "call.h"
#include "field.h"
#include "link.h"
#include "message.h"
#include "span.h"
#include "verdict.h"

/*
 * Categories with a lower number become attributes. There are six. A recording may be from a
 * module that has more, or say anything.
 */
#define SPAN_CATEGORIES 32
/* The number of bits of @why of &struct bt_result. */
#define SPAN_REASONS 32

struct span_category {
	struct otlp_key us, offcpu_us, count, errors;
};

struct otlp_encoder {
	bool error_status;
	/* The library's names of what it does not know are valid for a short time only. */
	char reasons[SPAN_REASONS][24];
	struct span_category categories[SPAN_CATEGORIES];
	struct otlp_links links;
	struct otlp_calls calls;
};

/*
 * The most bytes of the span of a run: its attributes, those of its categories, its arrays, its
 * other texts, its links, and the rest.
 */
#define SPAN_ROOM                                                                   \
	(40 * OTLP_ATTRIBUTE_ROOM + SPAN_CATEGORIES * 4 * OTLP_ATTRIBUTE_ROOM +     \
	 SPAN_REASONS * (OTLP_ATTRIBUTE_ROOM + 24) +                                \
	 OTLP_ASSERTIONS * (OTLP_ATTRIBUTE_ROOM + BT_NAME_LEN) + 16 * BT_NAME_LEN + \
	 OTLP_VERDICT_LEN + OTLP_LINKS * 128 + 1024)

#define KEY(id, name) static const struct otlp_key key_##id = OTLP_KEY(name)
KEY(brick, "brick.name");
KEY(budget, "brick.budget_us");
KEY(actual, "brick.actual_us");
KEY(over_budget, "brick.over_budget");
KEY(efficiency, "brick.efficiency");
KEY(cv, "brick.cv_percent");
KEY(reasons, "brick.reasons");
KEY(mode, "brick.mode");
KEY(brick_run, "brick.run");
KEY(scope, "brick.scope");
KEY(threads, "brick.threads");
KEY(thread_us, "brick.thread_us");
KEY(compute, "brick.compute_us");
KEY(compute_offcpu, "brick.compute_offcpu_us");
KEY(edge, "brick.edge_us");
KEY(control, "brick.control_us");
KEY(failed, "brick.assertions_failed");
KEY(abandoned, "brick.abandoned");
KEY(released, "brick.released");
KEY(session, "bricktrace.session");
KEY(run, "bricktrace.run");
KEY(provenance, "bricktrace.provenance");
KEY(reason, "bricktrace.reason");
KEY(missing, "bricktrace.missing");
KEY(escalation, "escalation.reason");
KEY(overhead, "syscall.overhead_percent");
KEY(dominant, "syscall.dominant");
KEY(tid, "thread.id");
KEY(comm, "thread.name");
#undef KEY

struct otlp_encoder *otlp_encoder_new(bool error_status)
{
	struct otlp_encoder *e = calloc(1, sizeof(*e));
	uint32_t i;

	if (!e)
		return NULL;
	e->error_status = error_status;
	for (i = 0; i < SPAN_REASONS; i++)
		snprintf(e->reasons[i], sizeof(e->reasons[i]), "%s", bt_why_name(1U << i));
	for (i = 0; i < SPAN_CATEGORIES; i++) {
		struct span_category *c = &e->categories[i];
		const char *name = bt_category_name((enum bt_category)i);

		otlp_key_set(&c->us, "syscall.%s_us", name);
		otlp_key_set(&c->offcpu_us, "syscall.%s_offcpu_us", name);
		otlp_key_set(&c->count, "syscall.%s_count", name);
		otlp_key_set(&c->errors, "syscall.%s_errors", name);
	}
	return e;
}

void otlp_encoder_free(struct otlp_encoder *e)
{
	free(e);
}

static bool span_id_is_valid(const uint8_t *id, size_t size)
{
	static const uint8_t zero[16];

	return memcmp(id, zero, size) != 0;
}

bool otlp_span_sampled(const struct bt_record *r)
{
	/* A recording may say anything, and one bad span could cost those that are sent with it. */
	return r->context.flags & 1 &&
	       span_id_is_valid(r->context.trace_id, sizeof(r->context.trace_id)) &&
	       span_id_is_valid(r->context.span_id, sizeof(r->context.span_id));
}

/* Writes a true value; its absence says that the value is false. */
static uint8_t *span_put_true(uint8_t *to, const struct otlp_key *key, bool value)
{
	return value ? otlp_attribute_bool(to, key, true) : to;
}

/* Writes where the run comes from. */
static uint8_t *span_put_origin(uint8_t *to, const struct bt_record *record)
{
	const struct bt_result *r = record->result;

	to = otlp_attribute_int(to, &key_session, (int64_t)record->session);
	to = otlp_attribute_int(to, &key_run, (int64_t)record->run);
	to = otlp_attribute_count(to, &key_brick_run, r->brick_run);
	to = otlp_attribute_text(to, &key_scope,
				 record->scope == BT_SCOPE_TRACER ? "tracer" : "thread");
	if (record->tid > 0)
		to = otlp_attribute_int(to, &key_tid, record->tid);
	to = otlp_attribute_bytes(to, &key_comm, record->comm);
	to = span_put_true(to, &key_abandoned, record->abandoned);
	to = span_put_true(to, &key_released, record->released);
	return record->missing ? otlp_attribute_int(to, &key_missing, record->missing) : to;
}

/* Writes why the run is interesting. */
static uint8_t *span_put_reasons(const struct otlp_encoder *e, uint8_t *to,
				 const struct bt_record *record)
{
	/* Other reasons do not make the kernel trace a run. */
	const uint32_t escalations =
		BT_WHY_CV_EXCEEDED | BT_WHY_EFFICIENCY_LOW | BT_WHY_MANUAL;
	const char *names[SPAN_REASONS];
	uint32_t why = record->result->why, n = 0;

	if (record->level == BT_TRACE && why & escalations)
		to = otlp_attribute_text(to, &key_escalation,
					 bt_escalation_name(bt_escalation_of(why)));
	for (; why; why &= why - 1)
		names[n++] = e->reasons[__builtin_ctz(why)];
	return otlp_attribute_texts(to, &key_reasons, names, n);
}

static uint8_t *span_put_failed(uint8_t *to, const struct bt_result *r)
{
	const char *names[OTLP_ASSERTIONS];
	const struct bt_failed *failed;
	uint32_t n = 0;

	while (n < OTLP_ASSERTIONS && (failed = bt_result_failed(r, n)))
		names[n++] = failed->name;
	return otlp_attribute_texts(to, &key_failed, names, n);
}

static uint8_t *span_put_judgment(const struct otlp_encoder *e, uint8_t *to,
				  const struct bt_record *record)
{
	const struct bt_result *r = record->result;

	to = otlp_attribute_text(to, &key_brick, r->brick);
	to = otlp_attribute_us(to, &key_actual, r->wall_ns);
	to = otlp_attribute_us(to, &key_budget, r->budget_ns);
	if (r->budget_ns != BT_NONE)
		to = otlp_attribute_bool(to, &key_over_budget, bt_result_over_budget(r));
	to = otlp_attribute_double(to, &key_efficiency, r->efficiency);
	to = otlp_attribute_double(to, &key_cv, r->cv_percent);
	to = otlp_attribute_text(to, &key_mode, bt_mode_name(r->mode));
	to = span_put_reasons(e, to, record);
	return span_put_failed(to, r);
}

/* Writes the figures of the categories, and adds the number of those that it leaves out. */
static uint8_t *span_put_categories(const struct otlp_encoder *e, uint8_t *to,
				    const struct bt_result *r, uint32_t *dropped)
{
	uint32_t seen = 0, i;

	for (i = 0; i < r->n_categories; i++) {
		enum bt_category category = bt_result_category_at(r, i);
		const struct span_category *c;
		const struct bt_figures *f;

		/* A name of an attribute must not be twice in a span. */
		if ((unsigned int)category >= SPAN_CATEGORIES || seen & 1U << category) {
			*dropped += 4;
			continue;
		}
		seen |= 1U << category;
		c = &e->categories[category];
		f = bt_result_category(r, category, BT_INCLUSIVE);
		to = otlp_attribute_us(to, &c->us, f->ns);
		to = otlp_attribute_us(to, &c->offcpu_us, f->offcpu_ns);
		to = otlp_attribute_count(to, &c->count, f->count);
		to = otlp_attribute_count(to, &c->errors, f->errors);
	}
	return to;
}

static uint8_t *span_put_breakdown(const struct otlp_encoder *e, uint8_t *to,
				   const struct bt_result *r, uint32_t *dropped)
{
	const struct bt_times *times = bt_result_times(r, BT_INCLUSIVE);
	double overhead = bt_breakdown_overhead_percent(r, BT_INCLUSIVE);

	to = otlp_attribute_text(to, &key_provenance, bt_provenance_name(r->provenance));
	to = otlp_attribute_text(to, &key_reason, bt_reason_name(r->reason));
	if (r->provenance == BT_NOT_INSTRUMENTED)
		return to;
	to = otlp_attribute_int(to, &key_threads, r->threads);
	to = otlp_attribute_us(to, &key_thread_us, times->thread_ns);
	to = otlp_attribute_us(to, &key_compute, times->compute_ns);
	to = otlp_attribute_us(to, &key_compute_offcpu, times->compute_offcpu_ns);
	to = otlp_attribute_us(to, &key_edge, times->edge_ns);
	to = otlp_attribute_us(to, &key_control, times->control_ns);
	if (overhead >= 0)
		to = otlp_attribute_double(to, &key_overhead, overhead);
	to = otlp_attribute_text(to, &key_dominant,
				 bt_category_name(bt_breakdown_dominant(r, BT_INCLUSIVE)));
	return span_put_categories(e, to, r, dropped);
}

/* An event at the moment at which the budget was used up, and everything that it points to. */
struct span_event {
	otlp_any_value value;
	otlp_key_value attribute, *attributes[1];
	otlp_event event, *events[1];
};

static void span_set_event(otlp_span *span, struct span_event *e, uint64_t budget_ns)
{
	*e = (struct span_event){
		OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__INIT,
		OPENTELEMETRY__PROTO__COMMON__V1__KEY_VALUE__INIT,
		{ &e->attribute },
		OPENTELEMETRY__PROTO__TRACE__V1__SPAN__EVENT__INIT,
		{ &e->event },
	};
	e->value.value_case = OTLP_DOUBLE;
	e->value.double_value = budget_ns / 1000.0;
	e->attribute.key = (char *)key_budget.bytes.name;
	e->attribute.value = &e->value;
	e->event.name = "brick.budget";
	/* A recording may say anything about times. */
	if (budget_ns > span->end_time_unix_nano - span->start_time_unix_nano)
		budget_ns = span->end_time_unix_nano - span->start_time_unix_nano;
	e->event.time_unix_nano = span->start_time_unix_nano + budget_ns;
	e->event.n_attributes = 1;
	e->event.attributes = e->attributes;
	span->n_events = 1;
	span->events = e->events;
}

void otlp_span_set(otlp_span *span, struct bt_context *context, uint8_t parent[8],
		   char *name, uint64_t start_unix_ns, uint64_t end_unix_ns)
{
	opentelemetry__proto__trace__v1__span__init(span);
	span->trace_id =
		(ProtobufCBinaryData){ sizeof(context->trace_id), context->trace_id };
	span->span_id = (ProtobufCBinaryData){ sizeof(context->span_id), context->span_id };
	if (span_id_is_valid(parent, sizeof(context->span_id)))
		span->parent_span_id =
			(ProtobufCBinaryData){ sizeof(context->span_id), parent };
	span->flags = context->flags;
	span->name = name;
	span->kind = OTLP_INTERNAL;
	span->start_time_unix_nano = start_unix_ns;
	/* A recording may say anything about times. */
	span->end_time_unix_nano =
		end_unix_ns < start_unix_ns ? start_unix_ns : end_unix_ns;
}

/* Writes the span of a run as a field of the message ScopeSpans. */
static uint8_t *span_put(struct otlp_encoder *e, const struct bt_record *record, uint8_t *to)
{
	const struct bt_result *r = record->result;
	otlp_status status = OPENTELEMETRY__PROTO__TRACE__V1__STATUS__INIT;
	struct bt_context context = record->context;
	char name[BT_NAME_LEN + 16], message[OTLP_VERDICT_LEN];
	uint8_t parent[sizeof(record->parent_span_id)];
	struct span_event event;
	otlp_span span;
	uint8_t *at = otlp_field_begin(to);

	stpcpy(stpcpy(name, "brick: "), r->brick);
	memcpy(parent, record->parent_span_id, sizeof(parent));
	otlp_span_set(&span, &context, parent, name, record->start_unix_ns,
		      record->end_unix_ns);
	if (bt_result_over_budget(r))
		span_set_event(&span, &event, r->budget_ns);
	if (e->error_status && otlp_verdict_describe(r, message)) {
		status.code = OTLP_ERROR;
		status.message = message;
		span.status = &status;
	}
	otlp_links_set(&e->links, record, &span);
	/* The parts of a message can be in any order, so protobuf-c packs the others later. */
	at = span_put_judgment(e, at, record);
	at = span_put_origin(at, record);
	at = span_put_breakdown(e, at, r, &span.dropped_attributes_count);
	at += opentelemetry__proto__trace__v1__span__pack(&span, at);
	otlp_links_remember(&e->links, record);
	return otlp_field_end(to, OTLP_SCOPE_SPANS, at);
}

int otlp_encode(struct otlp_encoder *e, const struct bt_record *record,
		struct otlp_bytes *spans, uint32_t *n)
{
	uint8_t *to;
	int err = otlp_bytes_reserve(
		spans, SPAN_ROOM + (size_t)record->result->n_slow_calls * OTLP_CALL_ROOM);

	if (err)
		return err;
	*n = 1;
	to = span_put(e, record, spans->data + spans->size);
	to = otlp_calls_put(&e->calls, record, to, n);
	spans->size = to - spans->data;
	return 0;
}

size_t otlp_span_size(const uint8_t *spans, size_t size)
{
	size_t at = 1, length = 0;

	while (at < size) {
		length |= (size_t)(spans[at] & 0x7f) << 7 * (at - 1);
		if (!(spans[at++] & 0x80))
			break;
	}
	return at + length;
}
