// SPDX-License-Identifier: MIT
/* Tests of the spans of slow calls. */
#include "spans.h"

#include "call.h"

static struct sample sample;

/* A run with an ioctl on a device and a read. */
static int begin(void **state)
{
	(void)state;
	sample_late(&sample);
	memset(sample.slow_calls, 0, sizeof(sample.slow_calls));
	sample.slow_calls[0] = (struct bricktrace_slow_call){
		.tid = 4713,
		.nr = 16,
		.category = BRICKTRACE_CAT_IOCTL,
		.arg0 = 0xfffffffffffffffb,
		.start_ns = 7000100,
		.ns = 1200000,
		.offcpu_ns = 1000500,
		.ret = -512,
		.file = BRICKTRACE_FILE_CHAR,
		.major = 195,
		.minor = 255,
		.request = 0xc020462a,
		.command = 0x20801803,
		.owner = "nvidia",
	};
	sample.slow_calls[1] = (struct bricktrace_slow_call){
		.tid = 4714,
		.nr = 0,
		.category = BRICKTRACE_CAT_READ,
		.arg0 = 3,
		.start_ns = 7000200,
		.ns = 1100000,
		.ret = 4096,
	};
	sample.close.slow_calls.count = sample.close.slow_calls.cap = 2;
	encoder = otlp_encoder_new(true);
	return !encoder;
}

static const scope_spans *spans(void)
{
	return spans_of(record_of(&sample, NULL));
}

/* The span of the first slow call as a new encoder makes it. */
static const otlp_span *first(void)
{
	otlp_encoder_free(encoder);
	encoder = otlp_encoder_new(true);
	return spans()->spans[1];
}

static void test_ioctl(void **state)
{
	const scope_spans *all = spans();
	const otlp_span *span = all->spans[1];

	(void)state;
	assert_int_equal(all->n_spans, 3);
	assert_string_equal(all->spans[0]->name, "brick: attention");
	assert_string_equal(span->name, "syscall: ioctl");
	assert_int_equal(span->kind, OTLP_INTERNAL);
	assert_int_equal(span->trace_id.len, 16);
	assert_memory_equal(span->trace_id.data, sample.origin.context.trace_id, 16);
	assert_int_equal(span->parent_span_id.len, 8);
	assert_memory_equal(span->parent_span_id.data, sample.origin.context.span_id, 8);
	assert_int_equal(span->span_id.len, 8);
	assert_int_equal(span->flags, 1);
	assert_null(span->status);
	/* The run began at 7000000. */
	assert_int_equal(span->start_time_unix_nano, SAMPLE_END - 1500001 + 100);
	assert_int_equal(span->end_time_unix_nano, span->start_time_unix_nano + 1200000);
	assert_string_equal(attributes_of(span), "syscall.name \"ioctl\"\n"
						 "syscall.nr 16\n"
						 "syscall.category \"ioctl\"\n"
						 "syscall.arch \"x86_64\"\n"
						 "syscall.arg0 \"0xfffffffffffffffb\"\n"
						 "syscall.return -512\n"
						 "syscall.offcpu_us 1000.5\n"
						 "thread.id 4713\n"
						 "ioctl.file \"char\"\n"
						 "ioctl.device \"195:255\"\n"
						 "ioctl.request \"0xc020462a\"\n"
						 "ioctl.owner \"nvidia\"\n"
						 "ioctl.command \"0x20801803\"\n");
	/* Only the name of the file is missing. */
	check_documented(span, "### The span of a slow call", span->n_attributes + 1);
}

static void test_plain(void **state)
{
	(void)state;
	sample.slow_calls[1].tid = 0;
	sample.slow_calls[1].offcpu_ns = BRICKTRACE_NONE;
	assert_string_equal(attributes_of(spans()->spans[2]), "syscall.name \"read\"\n"
							      "syscall.nr 0\n"
							      "syscall.category \"read\"\n"
							      "syscall.arch \"x86_64\"\n"
							      "syscall.arg0 \"0x3\"\n"
							      "syscall.return 4096\n");
}

static void test_unknown(void **state)
{
	struct bricktrace_slow_call *call = &sample.slow_calls[0];
	const otlp_span *span;

	(void)state;
	call->nr = BRICKTRACE_NR_INVALID;
	call->arch = 9;
	call->file = BRICKTRACE_FILE_ANON;
	call->command = BRICKTRACE_NONE;
	memset(call->owner, 0, sizeof(call->owner));
	memcpy(call->name, "\033]0;x\a\xff", sizeof("\033]0;x\a\xff"));
	span = first();
	assert_string_equal(span->name, "syscall: (invalid)");
	check_attribute(span, "syscall.nr", NULL);
	check_attribute(span, "syscall.arch", "\"arch_9\"");
	check_attribute(span, "ioctl.file", "\"anon\"");
	check_attribute(span, "ioctl.device", NULL);
	check_attribute(span, "ioctl.owner", NULL);
	check_attribute(span, "ioctl.command", NULL);
	check_attribute(span, "ioctl.name", "\"\\033]0;x\\007\\357\\277\\275\"");

	/* Such ioctls have no figures of their own, but a slow one has its request. */
	call->file = BRICKTRACE_FILE_MORE;
	check_attribute(first(), "ioctl.request", "\"0xc020462a\"");
	call->request = 0;
	check_attribute(first(), "ioctl.request", NULL);

	/* A recording may have any category and any time, and names without an end. */
	memset(call->owner, 0xff, sizeof(call->owner));
	memset(call->name, 0xff, sizeof(call->name));
	call->ns = UINT64_MAX;
	span = first();
	assert_int_equal(span->end_time_unix_nano, span->start_time_unix_nano);
	assert_non_null(strstr(attributes_of(span), "ioctl.owner \"\\357\\277\\275\\357"));
	call->category = UINT32_MAX - 1;
	check_attribute(first(), "syscall.category", NULL);
}

/* The ID is the same each time, and another one for another call, run or trace. */
static void test_id(void **state)
{
	uint8_t id[8];

	(void)state;
	memcpy(id, first()->span_id.data, sizeof(id));
	sample.slow_calls[0].offcpu_ns++;
	assert_memory_equal(first()->span_id.data, id, sizeof(id));
	sample.slow_calls[0].start_ns++;
	assert_memory_not_equal(first()->span_id.data, id, sizeof(id));
	sample.slow_calls[0].start_ns--;
	sample.slow_calls[0].tid++;
	assert_memory_not_equal(first()->span_id.data, id, sizeof(id));
	sample.slow_calls[0].tid--;
	sample.origin.context.span_id[7]++;
	assert_memory_not_equal(first()->span_id.data, id, sizeof(id));
	sample.origin.context.span_id[7]--;
	sample.origin.context.trace_id[0]++;
	assert_memory_not_equal(first()->span_id.data, id, sizeof(id));
	sample.origin.context.trace_id[0]--;
	assert_memory_equal(first()->span_id.data, id, sizeof(id));
}

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Many calls of threads with similar numbers at similar times have different IDs. */
static void test_ids(void **state)
{
	enum { RUNS = 400, CALLS = 40, ALL = RUNS * CALLS };
	static struct bricktrace_slow_call calls[CALLS];
	static uint64_t ids[ALL];
	int n = 0;

	(void)state;
	sample.close.slow_calls = SAMPLE_ARRAY(calls);
	for (int run = 0; run < RUNS; run++) {
		const scope_spans *all;

		for (int i = 0; i < CALLS; i++)
			calls[i] = (struct bricktrace_slow_call){
				.tid = 4700 + i % 8,
				.category = BRICKTRACE_CAT_READ,
				.start_ns = 1000 * run + i / 8,
			};
		all = spans();
		assert_int_equal(all->n_spans, CALLS + 1);
		for (int i = 1; i <= CALLS; i++)
			memcpy(&ids[n++], all->spans[i]->span_id.data, sizeof(*ids));
	}
	qsort(ids, ALL, sizeof(*ids), by_number);
	assert_int_not_equal(ids[0], 0);
	for (n = 1; n < ALL; n++)
		assert_true(ids[n] != ids[n - 1]);
}

/* The span of a call is inside that of the innermost run, which ends first. */
static void test_nested(void **state)
{
	const scope_spans *all;

	(void)state;
	sample.close.slow_calls.count = sample.close.slow_calls.cap = 1;
	assert_int_equal(spans()->n_spans, 2);
	/* The run around it has one more. */
	sample.result.run--;
	sample.origin.context.span_id[7] = 0x55;
	sample.close.slow_calls.count = sample.close.slow_calls.cap = 2;
	all = spans();
	assert_int_equal(all->n_spans, 2);
	assert_string_equal(all->spans[1]->name, "syscall: read");
	assert_memory_equal(all->spans[1]->parent_span_id.data,
			    sample.origin.context.span_id, 8);
	assert_int_equal(spans()->n_spans, 1);
	/* Each run's result has another start of the call, by some nanoseconds. */
	sample.slow_calls[0].start_ns += 300;
	sample.slow_calls[1].start_ns -= 300;
	assert_int_equal(spans()->n_spans, 1);
	/* Another session may follow the same threads. */
	sample.origin.session++;
	assert_int_equal(spans()->n_spans, 3);
	assert_int_equal(spans()->n_spans, 1);
	/* These are other calls. */
	sample.slow_calls[0].tid++;
	assert_int_equal(spans()->n_spans, 2);
	sample.slow_calls[0].start_ns += sample.slow_calls[0].ns;
	assert_int_equal(spans()->n_spans, 2);
	sample.slow_calls[0].ns++;
	assert_int_equal(spans()->n_spans, 2);
	sample.slow_calls[0].nr++;
	assert_int_equal(spans()->n_spans, 2);
	assert_int_equal(spans()->n_spans, 1);
}

/* Sets a call that is like no other. */
static void set_call(uint64_t start_ns, uint64_t ns)
{
	sample.slow_calls[0].start_ns = start_ns;
	sample.slow_calls[0].ns = ns;
}

/* Some thousand calls are remembered, the latest ones. */
static void test_bound(void **state)
{
	(void)state;
	sample.close.slow_calls.count = sample.close.slow_calls.cap = 1;
	for (int i = 0; i < OTLP_CALL_SETS * OTLP_CALL_WAYS / 4; i++) {
		set_call(1000 * i, 10000 + i);
		assert_int_equal(spans()->n_spans, 2);
		assert_int_equal(spans()->n_spans, 1);
	}
	/* Nearly all of these are still known. */
	for (int i = 0, again = 0; i < OTLP_CALL_SETS * OTLP_CALL_WAYS / 4; i++) {
		set_call(1000 * i, 10000 + i);
		again += (int)spans()->n_spans - 1;
		assert_in_range(again, 0, 40);
	}
	for (int i = 0; i < 20 * OTLP_CALL_SETS; i++) {
		set_call(7 * i + 1, 1000000 + i);
		spans();
	}
	set_call(0, 10000);
	assert_int_equal(spans()->n_spans, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(ioctl), TEST(plain),  TEST(unknown), TEST(id),
		TEST(ids),   TEST(nested), TEST(bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
