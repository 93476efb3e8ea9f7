// SPDX-License-Identifier: MIT
/* The spans of slow calls. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "field.h"
#include "message.h"
#include "span.h"

static const struct otlp_key key_name = OTLP_KEY("syscall.name"),
			     key_nr = OTLP_KEY("syscall.nr"),
			     key_category = OTLP_KEY("syscall.category"),
			     key_arch = OTLP_KEY("syscall.arch"),
			     key_arg0 = OTLP_KEY("syscall.arg0"),
			     key_return = OTLP_KEY("syscall.return"),
			     key_offcpu = OTLP_KEY("syscall.offcpu_us"),
			     key_tid = OTLP_KEY("thread.id"),
			     key_file = OTLP_KEY("ioctl.file"),
			     key_device = OTLP_KEY("ioctl.device"),
			     key_request = OTLP_KEY("ioctl.request"),
			     key_owner = OTLP_KEY("ioctl.owner"),
			     key_file_name = OTLP_KEY("ioctl.name"),
			     key_command = OTLP_KEY("ioctl.command");

/* Different @n of one @hash give different numbers (the generator SplitMix64). */
static uint64_t call_mix(uint64_t hash, uint64_t n)
{
	hash = (hash ^ n) + 0x9e3779b97f4a7c15;
	hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
	hash = (hash ^ hash >> 27) * 0x94d049bb133111eb;
	return hash ^ hash >> 31;
}

/*
 * Whether both are one call. A thread makes one call at a time, so two calls of one duration that
 * overlap are the same, although the start is not the same to the nanosecond in each run's result.
 */
static bool call_is_same(const struct otlp_call *a, const struct otlp_call *b)
{
	uint64_t apart = a->start_ns < b->start_ns ? b->start_ns - a->start_ns :
						     a->start_ns - b->start_ns;

	return a->session == b->session && a->tid == b->tid && a->nr == b->nr &&
	       a->ns == b->ns && apart < a->ns;
}

/*
 * Returns whether the span of a call was written before, and remembers that it is. Runs inside
 * others end first, so a call's span is that of the innermost of them.
 */
static bool call_is_known(struct otlp_calls *calls, const struct bt_record *record,
			  const struct bt_slow_call *call)
{
	const struct otlp_call new = {
		.session = record->session,
		.start_ns = call->start_ns,
		.ns = call->ns,
		.tid = call->tid,
		.nr = call->nr,
	};
	uint64_t hash = call_mix(call_mix(record->session, call->tid), call->ns);
	struct otlp_call *set = calls->sets[hash % OTLP_CALL_SETS];
	int i;

	for (i = 0; i < OTLP_CALL_WAYS; i++)
		if (call_is_same(&set[i], &new))
			return true;
	memmove(set + 1, set, (OTLP_CALL_WAYS - 1) * sizeof(*set));
	*set = new;
	return false;
}

static uint8_t *call_put_hex(uint8_t *to, const struct otlp_key *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return otlp_attribute_text(to, key, text);
}

static uint8_t *call_put_ioctl(uint8_t *to, const struct bt_ioctl *ioctl)
{
	char device[24];

	to = otlp_attribute_text(to, &key_file, bt_file_name(ioctl->file));
	if (ioctl->file == BT_FILE_CHAR || ioctl->file == BT_FILE_BLOCK) {
		snprintf(device, sizeof(device), "%u:%u", ioctl->major, ioctl->minor);
		to = otlp_attribute_text(to, &key_device, device);
	}
	/* The ioctls that the kernel has no separate figures for have a request of 0. */
	if (ioctl->file != BT_FILE_MORE || ioctl->request)
		to = call_put_hex(to, &key_request, ioctl->request);
	to = otlp_attribute_bytes(to, &key_owner, ioctl->owner);
	to = otlp_attribute_bytes(to, &key_file_name, ioctl->name);
	return ioctl->command == BT_NONE ? to :
					   call_put_hex(to, &key_command, ioctl->command);
}

static uint8_t *call_put_attributes(uint8_t *to, const struct bt_slow_call *call)
{
	to = otlp_attribute_text(to, &key_name, call->name);
	/* All numbers outside the table of system calls share one name. */
	if (call->nr != UINT32_MAX)
		to = otlp_attribute_int(to, &key_nr, call->nr);
	to = otlp_attribute_text(to, &key_category, bt_category_name(call->category));
	to = otlp_attribute_text(to, &key_arch, call->arch_name);
	to = call_put_hex(to, &key_arg0, call->arg0);
	to = otlp_attribute_int(to, &key_return, call->ret);
	to = otlp_attribute_us(to, &key_offcpu, call->offcpu_ns);
	if (call->tid > 0)
		to = otlp_attribute_int(to, &key_tid, call->tid);
	return call->ioctl ? call_put_ioctl(to, call->ioctl) : to;
}

/*
 * Returns the ID of a call's span, which is the same each time. Only one in 2^64 pairs of other
 * spans of the trace has one ID.
 */
static uint64_t call_span_id(const struct bt_context *context,
			     const struct bt_slow_call *call)
{
	uint64_t hash = 0, part[3];
	size_t i;

	memcpy(part, context->trace_id, sizeof(context->trace_id));
	memcpy(part + 2, context->span_id, sizeof(context->span_id));
	for (i = 0; i < 3; i++)
		hash = call_mix(hash, part[i]);
	hash = call_mix(call_mix(hash, call->tid), call->start_ns);
	/* An ID of which all bytes are 0 is not valid. */
	return hash ?: 1;
}

static uint8_t *call_put(const struct bt_record *record, const struct bt_slow_call *call,
			 uint8_t *to)
{
	uint64_t id = call_span_id(&record->context, call);
	struct bt_context context = record->context;
	char name[128];
	otlp_span span;
	uint8_t *at;

	snprintf(name, sizeof(name), "syscall: %s", call->name);
	memcpy(context.span_id, &id, sizeof(id));
	/* A sum that is too large for its type is less than the start, which is then the end. */
	otlp_span_set(&span, &context, (uint8_t *)record->context.span_id, name,
		      call->start_unix_ns, call->start_unix_ns + call->ns);
	at = otlp_field_begin(to);
	at += opentelemetry__proto__trace__v1__span__pack(&span, at);
	return otlp_field_end(to, OTLP_SCOPE_SPANS, call_put_attributes(at, call));
}

uint8_t *otlp_calls_put(struct otlp_calls *calls, const struct bt_record *record,
			uint8_t *to, uint32_t *n)
{
	const struct bt_slow_call *call;
	uint32_t i;

	for (i = 0; (call = bt_result_slow_call(record->result, i)); i++)
		if (!call_is_known(calls, record, call)) {
			to = call_put(record, call, to);
			++*n;
		}
	return to;
}
