// SPDX-License-Identifier: MIT
/* Tests of the spans of runs: their attributes, events, status and times. */
#include "spans.h"

#include "verdict.h"

static struct sample sample;

static int begin(void **state)
{
	(void)state;
	sample_late(&sample);
	encoder = otlp_encoder_new(true);
	return !encoder;
}

/* The span of the sample. */
static const otlp_span *span_of(void)
{
	return spans_of(record_of(&sample, NULL))->spans[0];
}

static void test_span(void **state)
{
	const otlp_span *span = span_of();

	(void)state;
	assert_string_equal(span->name, "brick: attention");
	assert_int_equal(span->kind, OTLP_INTERNAL);
	assert_int_equal(span->trace_id.len, 16);
	assert_memory_equal(span->trace_id.data, sample.origin.context.trace_id, 16);
	assert_int_equal(span->span_id.len, 8);
	assert_memory_equal(span->span_id.data, sample.origin.context.span_id, 8);
	assert_int_equal(span->parent_span_id.len, 8);
	assert_memory_equal(span->parent_span_id.data, sample.origin.parent_span, 8);
	assert_int_equal(span->flags, 1);
	assert_string_equal(span->trace_state, "");
	assert_int_equal(span->start_time_unix_nano, SAMPLE_END - 1500001);
	assert_int_equal(span->end_time_unix_nano, SAMPLE_END);
	assert_int_equal(span->dropped_attributes_count, 0);
	assert_int_equal(span->n_links, 0);
	assert_string_equal(attributes_of(span),
			    "brick.name \"attention\"\n"
			    "brick.actual_us 1500.001\n"
			    "brick.budget_us 1250\n"
			    "brick.over_budget true\n"
			    "brick.efficiency 0.83333277777814818\n"
			    "brick.mode \"tail\"\n"
			    "escalation.reason \"cv_exceeded\"\n"
			    "brick.reasons \"cv_exceeded\"\n"
			    "brick.reasons \"over_budget\"\n"
			    "bricktrace.session 3\n"
			    "bricktrace.run 17\n"
			    "brick.run 5\n"
			    "brick.scope \"thread\"\n"
			    "thread.id 4713\n"
			    "thread.name \"decode\"\n"
			    "bricktrace.provenance \"measured\"\n"
			    "brick.threads 1\n"
			    "brick.thread_us 1500.001\n"
			    "brick.compute_us 1\n"
			    "brick.compute_offcpu_us 0.999\n"
			    "brick.edge_us 0.001\n"
			    "brick.control_us 0\n"
			    "syscall.overhead_percent 20.001986665342223\n"
			    "syscall.dominant \"other\"\n"
			    "syscall.mmap_us 0\n"
			    "syscall.mmap_offcpu_us 0\n"
			    "syscall.mmap_count 1\n"
			    "syscall.mmap_errors 0\n"
			    "syscall.futex_us 20.002\n"
			    "syscall.futex_offcpu_us 2\n"
			    "syscall.futex_count 3\n"
			    "syscall.futex_errors 2\n"
			    "syscall.ioctl_us 40.004\n"
			    "syscall.ioctl_offcpu_us 4\n"
			    "syscall.ioctl_count 5\n"
			    "syscall.ioctl_errors 4\n"
			    "syscall.read_us 60.006\n"
			    "syscall.read_offcpu_us 6\n"
			    "syscall.read_count 7\n"
			    "syscall.read_errors 6\n"
			    "syscall.write_us 80.008\n"
			    "syscall.write_offcpu_us 8\n"
			    "syscall.write_count 9\n"
			    "syscall.write_errors 8\n"
			    "syscall.other_us 100.01\n"
			    "syscall.other_offcpu_us 10\n"
			    "syscall.other_count 11\n"
			    "syscall.other_errors 10\n");
}

static void test_seldom(void **state)
{
	static const struct sample_shape lacking = { .missing = 3 };
	const otlp_span *span;

	(void)state;
	sample.origin.scope = BRICKTRACE_SCOPE_SESSION;
	sample.result.flags |= BRICKTRACE_RESULT_ABANDONED | BRICKTRACE_RESULT_RELEASED;
	sample.result.window_runs = sample.result.window_kept = 2;
	/* Durations of 1 and 3: the mean is 2, and the deviation is 1. */
	sample.result.window_sum = 4;
	sample.result.window_squares.low = 10;
	sample.result.why = BRICKTRACE_WHY_MANUAL;
	sample.result.provenance = BRICKTRACE_PARTIAL;
	sample.result.reason = BRICKTRACE_REASON_THREADS_LOST;
	sample.close.failed.cap = sample.close.failed.count = 2;
	sample.close.slow_calls.cap = sample.close.slow_calls.count = 3;
	span = spans_of(record_of(&sample, &lacking))->spans[0];
	check_attribute(span, "brick.scope", "\"tracer\"");
	check_attribute(span, "brick.abandoned", "true");
	check_attribute(span, "brick.released", "true");
	check_attribute(span, "bricktrace.missing", "3");
	check_attribute(span, "brick.cv_percent", "50");
	check_attribute(span, "escalation.reason", "\"manual\"");
	/* This is everything that there can be; the six categories have the same four figures. */
	check_documented(span, "### The span of a run", span->n_attributes - 5 * 4);
}

/* What makes a run interesting does not always make the kernel trace it. */
static void test_escalation(void **state)
{
	static const struct {
		uint32_t level, why;
		const char *expected;
	} all[] = {
		{ BRICKTRACE_LEVEL_TRACE, BRICKTRACE_WHY_CV_EXCEEDED, "\"cv_exceeded\"" },
		{ BRICKTRACE_LEVEL_TRACE,
		  BRICKTRACE_WHY_EFFICIENCY_LOW | BRICKTRACE_WHY_CV_EXCEEDED,
		  "\"cv_and_efficiency\"" },
		{ BRICKTRACE_LEVEL_TRACE,
		  BRICKTRACE_WHY_EFFICIENCY_LOW | BRICKTRACE_WHY_ASSERTION,
		  "\"efficiency_low\"" },
		{ BRICKTRACE_LEVEL_TRACE, BRICKTRACE_WHY_MANUAL, "\"manual\"" },
		{ BRICKTRACE_LEVEL_TRACE,
		  BRICKTRACE_WHY_OVER_BUDGET | BRICKTRACE_WHY_ASSERTION |
			  BRICKTRACE_WHY_BASELINE,
		  NULL },
		{ BRICKTRACE_LEVEL_TRACE, 0, NULL },
		{ BRICKTRACE_LEVEL_MEASURE, BRICKTRACE_WHY_CV_EXCEEDED, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		sample.origin.level = all[i].level;
		sample.result.why = all[i].why;
		check_attribute(span_of(), "escalation.reason", all[i].expected);
	}
	check_attribute(span_of(), "brick.reasons", "\"cv_exceeded\"");
	sample.result.why = 0;
	check_attribute(span_of(), "brick.reasons", NULL);
	/* A reason of a newer module, and all at once. */
	sample.result.why = UINT32_MAX;
	check_attribute(span_of(), "brick.reasons", "\"why_31\"");
	check_attribute(span_of(), "brick.reasons", "\"cv_exceeded\"");
}

static void test_no_budget(void **state)
{
	const otlp_span *span;

	(void)state;
	sample.result.budget_ns = BRICKTRACE_MAX_BUDGET;
	span = span_of();
	check_attribute(span, "brick.actual_us", "1500.001");
	check_attribute(span, "brick.budget_us", NULL);
	check_attribute(span, "brick.over_budget", NULL);
	check_attribute(span, "brick.efficiency", NULL);
	assert_int_equal(span->n_events, 0);
	assert_null(span->status);
}

static void test_in_time(void **state)
{
	const otlp_span *span;

	(void)state;
	sample.result.budget_ns = sample.result.wall_ns;
	span = span_of();
	check_attribute(span, "brick.over_budget", "false");
	check_attribute(span, "brick.efficiency", "1");
	assert_int_equal(span->n_events, 0);
	assert_null(span->status);
}

/* A figure that the module does not know, or that has no value, is not there. */
static void test_absent(void **state)
{
	static const struct sample_shape oldest = { .oldest = true };
	const otlp_span *span;

	(void)state;
	memset(sample.origin.parent_span, 0, sizeof(sample.origin.parent_span));
	memset(sample.origin.comm, 0, sizeof(sample.origin.comm));
	sample.origin.tid = 0;
	sample.times[0].edge_ns = BRICKTRACE_NONE;
	sample.categories[2].figures.errors = BRICKTRACE_NONE;
	sample.categories[2].figures.offcpu_ns = BRICKTRACE_NONE;
	span = spans_of(record_of(&sample, &oldest))->spans[0];
	assert_int_equal(span->parent_span_id.len, 0);
	check_attribute(span, "thread.id", NULL);
	check_attribute(span, "thread.name", NULL);
	check_attribute(span, "brick.edge_us", NULL);
	check_attribute(span, "brick.control_us", "0");
	check_attribute(span, "brick.run", NULL);
	check_attribute(span, "brick.cv_percent", NULL);
	check_attribute(span, "syscall.futex_us", "20.002");
	check_attribute(span, "syscall.futex_offcpu_us", NULL);
	check_attribute(span, "syscall.futex_count", "3");
	check_attribute(span, "syscall.futex_errors", NULL);
	check_attribute(span, "bricktrace.reason", NULL);
	check_attribute(span, "bricktrace.missing", NULL);
	check_attribute(span, "brick.abandoned", NULL);
	check_attribute(span, "brick.released", NULL);
	check_attribute(span, "brick.assertions_failed", NULL);
	/* A recording may lack the times. */
	sample.close.times.count = sample.close.times.cap = 0;
	span = span_of();
	check_attribute(span, "brick.thread_us", NULL);
	check_attribute(span, "syscall.overhead_percent", NULL);
	check_attribute(span, "syscall.dominant", NULL);
	check_attribute(span, "syscall.futex_us", "20.002");
}

static void test_provenance(void **state)
{
	const otlp_span *span;

	(void)state;
	sample.result.provenance = BRICKTRACE_PARTIAL;
	sample.result.reason = BRICKTRACE_REASON_THREADS_LOST;
	span = span_of();
	check_attribute(span, "bricktrace.provenance", "\"partial\"");
	check_attribute(span, "bricktrace.reason", "\"threads_lost\"");
	check_attribute(span, "syscall.futex_us", "20.002");

	/* A recording may have figures that were not measured. */
	sample.result.provenance = BRICKTRACE_NOT_INSTRUMENTED;
	sample.result.reason = BRICKTRACE_REASON_LEVEL;
	span = span_of();
	check_attribute(span, "bricktrace.provenance", "\"not_instrumented\"");
	check_attribute(span, "bricktrace.reason", "\"level_measure\"");
	check_attribute(span, "brick.actual_us", "1500.001");
	assert_null(strstr(attributes_of(span), "syscall."));
	assert_null(strstr(attributes_of(span), "brick.thread"));
	assert_null(strstr(attributes_of(span), "brick.compute"));

	/* What a newer module may say. */
	sample.result.provenance = 7;
	sample.result.reason = 99;
	sample.result.mode = 9;
	span = span_of();
	check_attribute(span, "bricktrace.provenance", "\"provenance_7\"");
	check_attribute(span, "bricktrace.reason", "\"reason_99\"");
	check_attribute(span, "brick.mode", "\"mode_9\"");
}

/* A name of an attribute must not be twice in a span, and a recording may have any category. */
static void test_categories(void **state)
{
	static const uint32_t categories[] = { 6, 31, 32, 6, UINT32_MAX, UINT32_MAX - 1 };
	const otlp_span *span;

	(void)state;
	for (int i = 0; i < 6; i++)
		sample.categories[2 * i].category = categories[i];
	span = span_of();
	check_attribute(span, "syscall.category_6_us", "0");
	check_attribute(span, "syscall.category_6_us", "0");
	check_attribute(span, "syscall.category_31_us", "20.002");
	check_attribute(span, "syscall.category_32_us", NULL);
	check_attribute(span, "syscall.none_us", NULL);
	assert_int_equal(span->dropped_attributes_count, 16);
	assert_null(strstr(strstr(attributes_of(span), "category_6_us") + 1,
			   "category_6_us"));

	/* All categories have a time of zero. */
	sample_late(&sample);
	for (int i = 0; i < 12; i++)
		sample.categories[i].figures.ns = 0;
	check_attribute(span_of(), "syscall.dominant", "\"none\"");
	check_attribute(span_of(), "syscall.overhead_percent", "0");
}

static void test_event(void **state)
{
	const otlp_event *event;
	const otlp_span *span;

	(void)state;
	span = span_of();
	assert_int_equal(span->n_events, 1);
	event = span->events[0];
	assert_string_equal(event->name, "brick.budget");
	assert_int_equal(event->time_unix_nano, SAMPLE_END - 1500001 + 1250000);
	assert_int_equal(event->n_attributes, 1);
	assert_string_equal(event->attributes[0]->key, "brick.budget_us");
	assert_double(event->attributes[0]->value->double_value, 1250.);
}

/* Sets one failed assertion. */
static void fail_assertion(uint32_t kind, uint64_t value, uint64_t limit)
{
	sample.close.failed.count = sample.close.failed.cap = 1;
	sample.result.failed = 1;
	sample.result.budget_ns = BRICKTRACE_MAX_BUDGET;
	sample.failed[0].kind = kind;
	sample.failed[0].value = value;
	sample.failed[0].limit = limit;
}

static void check_status(const char *message)
{
	const otlp_span *span = span_of();

	assert_non_null(span->status);
	assert_int_equal(span->status->code, OTLP_ERROR);
	assert_string_equal(span->status->message, message);
}

static void test_status(void **state)
{
	(void)state;
	check_status("budget of 1250 us exceeded by 250.001 us");
	sample.result.wall_ns = sample.result.budget_ns + 31200;
	check_status("budget of 1250 us exceeded by 31.2 us");
	sample.result.budget_ns = 0;
	sample.result.wall_ns = 10;
	check_status("budget of 0 us exceeded by 0.01 us");
	fail_assertion(BRICKTRACE_ASSERT_DURATION, 12000, 10001);
	check_status("assertion first failed: value 12 us, limit 10.001 us");
	check_attribute(span_of(), "brick.assertions_failed", "\"first\"");
	fail_assertion(BRICKTRACE_ASSERT_CATEGORY_NS, UINT64_MAX, 1);
	check_status(
		"assertion first failed: value 18446744073709551.615 us, limit 0.001 us");
	fail_assertion(BRICKTRACE_ASSERT_CATEGORY_OFFCPU, 100, 20);
	check_status("assertion first failed: value 0.1 us, limit 0.02 us");
	fail_assertion(BRICKTRACE_ASSERT_CATEGORY_SHARE, 12500, 10000);
	check_status("assertion first failed: value 12.5 %, limit 10 %");
	fail_assertion(BRICKTRACE_ASSERT_SYSCALL_COUNT, 11, 10);
	check_status("assertion first failed: value 11, limit 10");
	fail_assertion(77, 11, 10);
	check_status("assertion first failed: value 11, limit 10");
	/* The record had no room for the names. */
	sample.close.failed.count = sample.close.failed.cap = 0;
	sample.result.failed = 2;
	check_status("number of failed assertions: 2");
	sample.result.budget_ns = 9;
	check_status(
		"budget of 0.009 us exceeded by 0.001 us; number of failed assertions: 2");
}

static void test_statuses(void **state)
{
	struct bricktrace_failed many[OTLP_ASSERTIONS + 4];
	const otlp_span *span;

	(void)state;
	memset(many, 0, sizeof(many));
	for (size_t i = 0; i < OTLP_ASSERTIONS + 4; i++) {
		memset(many[i].name, 'a' + (int)i, BT_NAME_LEN - 1);
		many[i].value = many[i].limit = UINT64_MAX;
	}
	sample.close.failed = SAMPLE_ARRAY(many);
	sample.result.failed = OTLP_ASSERTIONS + 4;
	span = span_of();
	assert_non_null(strstr(span->status->message, "; assertion aaaaaaaa"));
	assert_non_null(strstr(span->status->message, "; assertion ppppppppp"));
	assert_null(strstr(span->status->message, "qqq"));
	assert_non_null(strstr(span->status->message,
			       " us; number of other failed assertions: 4"));
	assert_non_null(strstr(attributes_of(span), "brick.assertions_failed \"ppp"));
	assert_null(strstr(attributes_of(span), "brick.assertions_failed \"qqq"));

	/* Errors can be switched off, because they may raise alarms. */
	otlp_encoder_free(encoder);
	encoder = otlp_encoder_new(false);
	span = span_of();
	assert_null(span->status);
	assert_int_equal(span->n_events, 1);
	check_attribute(span, "brick.over_budget", "true");
}

static void test_sampled(void **state)
{
	static const struct {
		uint32_t flags;
		uint8_t trace, span;
		bool sampled;
	} all[] = {
		{ 1, 1, 1, true },  { 0xff, 1, 1, true }, { 0, 1, 1, false },
		{ 2, 1, 1, false }, { 1, 0, 1, false },	  { 1, 1, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct bt_record *record;

		memset(&sample.origin.context, 0, sizeof(sample.origin.context));
		sample.origin.context.flags = all[i].flags;
		sample.origin.context.trace_id[15] = all[i].trace;
		sample.origin.context.span_id[7] = all[i].span;
		record = record_of(&sample, NULL);
		assert_int_equal(otlp_span_sampled(record), all[i].sampled);
		assert_int_equal(spans_of(record)->spans[0]->flags, all[i].flags);
	}
}

static void test_names(void **state)
{
	static const char markup[] = "<b>\"&amp;\\'%s{{x}}$(id)</b>";
	const otlp_span *span;
	char name[128];

	(void)state;
	memset(sample.origin.brick, 'b', BT_NAME_LEN - 1);
	memcpy(sample.origin.comm, "\033[2J\xff\xf0\x9f\x92 \xc3\xa9",
	       sizeof("\033[2J\xff\xf0\x9f\x92 \xc3\xa9"));
	span = span_of();
	snprintf(name, sizeof(name), "brick: %.63s", sample.origin.brick);
	assert_string_equal(span->name, name);
	assert_int_equal(strlen(span->name), strlen("brick: ") + 63);
	/* Two sequences of bytes are not UTF-8; the rest is data like any other. */
	check_attribute(span, "thread.name",
			"\"\\033[2J\\357\\277\\275\\357\\277\\275 \\303\\251\"");
	strcpy(sample.origin.brick, markup);
	memset(sample.origin.comm, 0xff, sizeof(sample.origin.comm));
	span = span_of();
	assert_string_equal(span->name, "brick: <b>\"&amp;\\'%s{{x}}$(id)</b>");
	check_attribute(span, "brick.name", "\"<b>\\\"&amp;\\\\\\'%s{{x}}$(id)</b>\"");
	assert_non_null(strstr(attributes_of(span),
			       "thread.name \"\\357\\277\\275\\357\\277\\275"));
}

/* A recording may say anything about times. */
static void test_times(void **state)
{
	const otlp_span *span;

	(void)state;
	sample.origin.end_unix_ns = 5;
	span = span_of();
	assert_true(span->start_time_unix_nano == UINT64_MAX - 1500001 + 6);
	assert_true(span->end_time_unix_nano == span->start_time_unix_nano);
	assert_true(span->events[0]->time_unix_nano == span->start_time_unix_nano);
	sample.result.start_ns = sample.result.wall_ns = UINT64_MAX;
	span = span_of();
	assert_int_equal(span->start_time_unix_nano, 6);
	assert_int_equal(span->end_time_unix_nano, 6);
	sample.result.wall_ns = UINT64_MAX - 1;
	span = span_of();
	check_attribute(span, "brick.actual_us", "18446744073709552");
}

/* A record that is as large as the kernel makes them. */
static void test_large(void **state)
{
	static struct bricktrace_syscall syscalls[800];
	static struct bricktrace_slow_call slow_calls[500];
	const otlp_span *span;

	(void)state;
	memset(syscalls, 0, sizeof(syscalls));
	for (uint32_t i = 0; i < 800; i++)
		syscalls[i].nr = i;
	sample.close.syscalls = SAMPLE_ARRAY(syscalls);
	span = span_of();
	assert_int_equal(span->n_attributes, 47);
	check_attribute(span, "syscall.other_errors", "10");
	/* The kernel does not make as many slow calls. */
	sample_late(&sample);
	memset(slow_calls, 0xff, sizeof(slow_calls));
	for (uint32_t i = 0; i < 500; i++) {
		slow_calls[i].start_ns = i;
		slow_calls[i].ns = 1;
		slow_calls[i].category = BRICKTRACE_CAT_IOCTL;
	}
	sample.close.slow_calls = SAMPLE_ARRAY(slow_calls);
	assert_int_equal(spans_of(record_of(&sample, NULL))->n_spans, 501);
}

/* Without memory, the spans that were there remain, and nothing is remembered. */
static void test_no_memory(void **state)
{
	struct otlp_bytes bytes = { 0 }, before;
	struct bt_record *record;
	uint32_t n = 0;

	(void)state;
	sample.close.slow_calls.count = sample.close.slow_calls.cap = 3;
	record = record_of(&sample, NULL);
	assert_int_equal(otlp_bytes_reserve(&bytes, 8), 0);
	bytes.size = 8;
	before = bytes;
	no_realloc = true;
	assert_int_equal(otlp_encode(encoder, record, &bytes, &n), -ENOMEM);
	no_realloc = false;
	no_calloc = true;
	assert_null(otlp_encoder_new(true));
	no_calloc = false;
	assert_memory_equal(&bytes, &before, sizeof(bytes));
	assert_int_equal(otlp_encode(encoder, record, &bytes, &n), 0);
	assert_int_equal(n, 4);
	otlp_bytes_free(&bytes);
	bt_record_free(record);
}

static void test_size(void **state)
{
	struct bt_record *record;
	struct otlp_bytes bytes = { 0 };
	scope_spans *spans;
	size_t first;
	uint32_t n;

	(void)state;
	sample.close.slow_calls.count = sample.close.slow_calls.cap = 3;
	record = record_of(&sample, NULL);
	assert_int_equal(otlp_encode(encoder, record, &bytes, &n), 0);
	first = otlp_span_size(bytes.data, bytes.size);
	assert_in_range(first, 1000, bytes.size - 1);
	spans = opentelemetry__proto__trace__v1__scope_spans__unpack(NULL, first,
								     bytes.data);
	assert_non_null(spans);
	assert_int_equal(spans->n_spans, 1);
	opentelemetry__proto__trace__v1__scope_spans__free_unpacked(spans, NULL);
	while (first < bytes.size) {
		first += otlp_span_size(bytes.data + first, bytes.size - first);
		n--;
	}
	assert_int_equal(first, bytes.size);
	assert_int_equal(n, 1);
	otlp_bytes_free(&bytes);
	bt_record_free(record);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(span),    TEST(seldom), TEST(escalation), TEST(no_budget),
		TEST(in_time), TEST(absent), TEST(provenance), TEST(categories),
		TEST(event),   TEST(status), TEST(statuses),   TEST(sampled),
		TEST(names),   TEST(times),  TEST(large),      TEST(no_memory),
		TEST(size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
