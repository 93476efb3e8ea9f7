/* SPDX-License-Identifier: MIT */
/* Records of runs, and what became of them as spans; for the tests of spans. */
#ifndef SPANS_H
#define SPANS_H

#include "unit.h"

#include <inttypes.h>
#include <stdio.h>

#include "message.h"
#include "record.h"
#include "span.h"

typedef Opentelemetry__Proto__Trace__V1__ScopeSpans scope_spans;

/* A test sets these while there shall be no memory. */
static bool no_calloc, no_realloc;

void *__real_realloc(void *old, size_t size);
void *__real_calloc(size_t n, size_t size);

void *__wrap_realloc(void *old, size_t size)
{
	return no_realloc ? NULL : __real_realloc(old, size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return no_calloc ? NULL : __real_calloc(n, size);
}

/* Returns the record of a run as a recording has it. */
static inline struct bt_record *record_of(const struct sample *sample,
					  const struct sample_shape *shape)
{
	static char bytes[4 * BRICKTRACE_RECORD_MAX];
	uint32_t size = sample_header("x86_64", bytes);
	struct bt_recording *recording;
	struct bt_record *record;

	size += sample_record(sample, 1, shape, bytes + size);
	memory_set(bytes, size);
	assert_int_equal(bti_recording_open(&memory_ops, -1, &recording), 0);
	if (bt_recording_read(recording, &record))
		fail_msg("%s", bt_error_text());
	bt_recording_free(recording);
	assert_non_null(record);
	return record;
}

/*
 * A late run of 1500 us of the brick "decode", inside another run, with figures of all six
 * categories and without slow calls.
 */
static inline void sample_late(struct sample *s)
{
	memset(s, 0, sizeof(*s));
	sample_fill(s);
	s->origin.session = 3;
	s->origin.context = (struct bricktrace_context){
		.trace_id = { 0x4b, 0xf9, [15] = 0x36 },
		.span_id = { 0xff, 0xf0, [7] = 0xb7 },
		.flags = 1,
	};
	memcpy(s->origin.parent_span, "\0\0\0\0\0\0\0\x09", 8);
	s->origin.tgid = 4711;
	s->origin.tid = 4713;
	s->origin.scope = BRICKTRACE_SCOPE_THREAD;
	s->result = (struct bricktrace_result){
		.run = 17,
		.parent = 16,
		.flags = BRICKTRACE_RESULT_GRANTED,
		.provenance = BRICKTRACE_MEASURED,
		.threads = 1,
		.depth = 1,
		.budget_ns = 1250000,
		.start_ns = 7000000,
		.wall_ns = 1500001,
		.why = BRICKTRACE_WHY_OVER_BUDGET | BRICKTRACE_WHY_CV_EXCEEDED,
		.mode = BRICKTRACE_MODE_TAIL,
		.brick_run = 5,
	};
	s->times[0] = (struct bricktrace_times){
		.thread_ns = 1500001,
		.compute_ns = 1000,
		.compute_offcpu_ns = 999,
		.edge_ns = 1,
		.control_ns = 0,
	};
	for (int i = 0; i < 12; i += 2)
		s->categories[i].figures = (struct bricktrace_figures){
			.count = i + 1,
			.errors = i,
			.ns = i * 10001,
			.offcpu_ns = i * 1000,
		};
	s->close.categories.count = s->close.categories.cap = 12;
	s->close.failed.count = s->close.failed.cap = 0;
	s->close.slow_calls.count = s->close.slow_calls.cap = 0;
}

/* The encoder of a test, which begin() makes and end() frees. */
static struct otlp_encoder *encoder;

/* Encodes a record; returns the spans, which the next call frees. */
static inline scope_spans *spans_of(struct bt_record *record)
{
	static scope_spans *spans;
	struct otlp_bytes bytes = { 0 };
	uint32_t n = 0;

	if (spans)
		opentelemetry__proto__trace__v1__scope_spans__free_unpacked(spans, NULL);
	spans = NULL;
	if (!record)
		return NULL;
	assert_int_equal(otlp_encode(encoder, record, &bytes, &n), 0);
	spans = opentelemetry__proto__trace__v1__scope_spans__unpack(NULL, bytes.size,
								     bytes.data);
	assert_non_null(spans);
	assert_int_equal(spans->n_spans, n);
	assert_int_equal(spans->base.n_unknown_fields, 0);
	otlp_bytes_free(&bytes);
	bt_record_free(record);
	return spans;
}

static inline int end(void **state)
{
	(void)state;
	spans_of(NULL);
	otlp_encoder_free(encoder);
	return 0;
}

/* Writes a text as protoc does. */
static inline void dump_text(FILE *to, const char *text)
{
	fputc('"', to);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c == '"' || *c == '\'' || *c == '\\')
			fprintf(to, "\\%c", *c);
		else if (*c < 0x20 || *c >= 0x7f)
			fprintf(to, *c == '\n' ? "\\n" : "\\%03o", *c);
		else
			fputc(*c, to);
	fputc('"', to);
}

static inline void dump_double(FILE *to, double value)
{
	char text[64];

	snprintf(text, sizeof(text), "%.15g", value);
	if (strtod(text, NULL) != value)
		snprintf(text, sizeof(text), "%.17g", value);
	fputs(text, to);
}

/* Writes a line "KEY VALUE" for each value of an attribute. */
static inline void dump_value(FILE *to, const char *key, const otlp_any_value *value)
{
	if (value->value_case ==
	    OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_ARRAY_VALUE) {
		for (size_t i = 0; i < value->array_value->n_values; i++)
			dump_value(to, key, value->array_value->values[i]);
		return;
	}
	fprintf(to, "%s ", key);
	switch ((int)value->value_case) {
	case OTLP_STRING:
		dump_text(to, value->string_value);
		break;
	case OTLP_DOUBLE:
		dump_double(to, value->double_value);
		break;
	case OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_BOOL_VALUE:
		fputs(value->bool_value ? "true" : "false", to);
		break;
	case OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_INT_VALUE:
		fprintf(to, "%" PRId64, value->int_value);
		break;
	default:
		fail_msg("%s has a value of kind %d", key, value->value_case);
	}
	fputc('\n', to);
}

/* Returns the attributes of a span as lines, which the next call overwrites. */
static inline const char *attributes_of(const otlp_span *span)
{
	static char text[65536];
	FILE *to = fmemopen(text, sizeof(text), "w");

	for (size_t i = 0; i < span->n_attributes; i++)
		dump_value(to, span->attributes[i]->key, span->attributes[i]->value);
	assert_int_equal(fclose(to), 0);
	return text;
}

/* Asserts that the span has an attribute, or @value of NULL, that it has not. */
static inline void check_attribute(const otlp_span *span, const char *key, const char *value)
{
	const char *all = attributes_of(span), *at;
	char line[512];

	snprintf(line, sizeof(line), "%s %s\n", key, value ?: "");
	if (!value)
		line[strlen(line) - 1] = '\0';
	at = strstr(all, line);
	if (!value != !(at && (at == all || at[-1] == '\n')))
		fail_msg("%s is not %s among\n%s", key, value ?: "absent", all);
}

/* Returns a section of the document that has a row for each attribute. */
static inline const char *document_section(const char *heading)
{
	static char text[1 << 17];
	FILE *from = fopen(NAMES "/../../docs/otlp.md", "r");
	char *section, *end;

	assert_non_null(from);
	text[fread(text, 1, sizeof(text) - 1, from)] = '\0';
	fclose(from);
	section = strstr(text, heading);
	assert_non_null(section);
	end = strstr(section + strlen(heading), "\n##");
	if (end)
		*end = '\0';
	return section;
}

/* Writes the name of an attribute as the document has it, with one row for all categories. */
static inline void document_name(char name[128], const char *key)
{
	snprintf(name, 128, "%s", key);
	for (enum bt_category c = BT_CAT_MMAP; c <= BT_CAT_OTHER; c++) {
		char prefix[64];

		snprintf(prefix, sizeof(prefix), "syscall.%s_", bt_category_name(c));
		if (!strncmp(key, prefix, strlen(prefix)))
			snprintf(name, 128, "syscall.CATEGORY_%s", key + strlen(prefix));
	}
}

/*
 * Asserts that a section of the document has a row for each attribute of a span, with its type,
 * and as many rows as there are names.
 */
static inline void check_documented(const otlp_span *span, const char *section, size_t names)
{
	static const char *const types[] = {
		[OTLP_STRING] = "string",
		[OTLP_DOUBLE] = "double",
		[OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_BOOL_VALUE] = "bool",
		[OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_INT_VALUE] = "int",
		[OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_ARRAY_VALUE] =
			"string[]",
	};
	const char *from = document_section(section), *at;
	char name[128], row[256];

	for (size_t i = 0; i < span->n_attributes; i++) {
		document_name(name, span->attributes[i]->key);
		snprintf(row, sizeof(row), "| `%s` | %s |", name,
			 types[span->attributes[i]->value->value_case]);
		if (!strstr(from, row))
			fail_msg("docs/otlp.md has no row %s", row);
	}
	for (at = from; (at = strstr(at, "\n| `")); at++)
		names--;
	assert_int_equal(names, 0);
}

#endif
