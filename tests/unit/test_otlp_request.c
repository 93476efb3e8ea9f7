// SPDX-License-Identifier: MIT
/*
 * Tests of requests: how spans are put together, and whether protoc, which has nothing to do with
 * protobuf-c, reads the same in them. It needs the packages protobuf-compiler and
 * opentelemetry-proto.
 */
#include "spans.h"

#include <unistd.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb-c.h"

typedef Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceRequest request;

static struct sample sample;
static struct otlp_bytes bytes;

static int begin(void **state)
{
	(void)state;
	sample_late(&sample);
	encoder = otlp_encoder_new(true);
	return !encoder;
}

static int end_request(void **state)
{
	otlp_bytes_free(&bytes);
	return end(state);
}

/* Packed messages Resource with one attribute, "p" with the value "1" or "2". */
#define RESOURCE(value)                                                       \
	{                                                                     \
		.message = {                                                  \
			(uint8_t *)"\x0a\x08\x0a\x01p\x12\x03\x0a\x01" value, \
			10,                                                   \
			0                                                     \
		}                                                             \
	}
static const struct otlp_resource resources[] = { RESOURCE("1"), RESOURCE("2") };

/* A piece with the span of a run, and those of its slow calls, that has this number. */
static struct otlp_piece piece(size_t resource, uint8_t number)
{
	struct otlp_bytes spans = { 0 };
	struct bt_record *record;
	uint32_t n;

	sample.origin.context.span_id[0] = number;
	sample.slow_calls[0].start_ns = number;
	record = record_of(&sample, NULL);
	assert_int_equal(otlp_encode(encoder, record, &spans, &n), 0);
	bt_record_free(record);
	return (struct otlp_piece){ &resources[resource], spans.data, spans.size };
}

static void free_pieces(struct otlp_piece *pieces, size_t n)
{
	while (n--)
		free((void *)pieces[n].spans);
}

static request *unpack(void)
{
	request *r =
		opentelemetry__proto__collector__trace__v1__export_trace_service_request__unpack(
			NULL, bytes.size, bytes.data);

	assert_non_null(r);
	return r;
}

static void free_request(request *r)
{
	opentelemetry__proto__collector__trace__v1__export_trace_service_request__free_unpacked(
		r, NULL);
}

/* Checks the spans of a resource, each with the first byte of its ID. */
static void check_spans(const request *r, size_t i, const char *resource,
			const char *numbers)
{
	const Opentelemetry__Proto__Trace__V1__ResourceSpans *all = r->resource_spans[i];
	const scope_spans *spans;

	assert_int_equal(all->resource->n_attributes, 1);
	assert_string_equal(all->resource->attributes[0]->value->string_value, resource);
	assert_string_equal(all->schema_url, "");
	assert_int_equal(all->n_scope_spans, 1);
	spans = all->scope_spans[0];
	assert_string_equal(spans->scope->name, "bricktrace");
	assert_string_equal(spans->scope->version, BT_VERSION);
	assert_string_equal(spans->schema_url, "");
	assert_int_equal(spans->n_spans, strlen(numbers));
	for (i = 0; i < spans->n_spans; i++)
		assert_int_equal(spans->spans[i]->span_id.data[0], numbers[i]);
}

static void test_one(void **state)
{
	struct otlp_piece one = piece(0, 'a');
	request *r;

	(void)state;
	assert_int_equal(otlp_request(&one, 1, &bytes), 0);
	r = unpack();
	assert_int_equal(r->n_resource_spans, 1);
	check_spans(r, 0, "1", "a");
	free_request(r);
	free_pieces(&one, 1);
}

/* The pieces of a resource come together in their order, whatever is between them. */
static void test_resources(void **state)
{
	struct otlp_piece pieces[] = { piece(1, 'a'), piece(0, 'b'), piece(1, 'c'),
				       piece(1, 'd'), piece(0, 'e') };
	request *r;

	(void)state;
	assert_int_equal(otlp_request(pieces, 5, &bytes), 0);
	r = unpack();
	assert_int_equal(r->n_resource_spans, 2);
	check_spans(r, 0, "1", "be");
	check_spans(r, 1, "2", "acd");
	free_request(r);

	/* Another request takes the place of the first one. */
	assert_int_equal(otlp_request(pieces, 1, &bytes), 0);
	r = unpack();
	assert_int_equal(r->n_resource_spans, 1);
	check_spans(r, 0, "2", "a");
	free_request(r);
	free_pieces(pieces, 5);
}

static void test_many(void **state)
{
	struct otlp_piece one[] = { piece(0, 'a'), piece(1, 'b') }, many[5000];
	request *r;

	(void)state;
	for (size_t i = 0; i < 5000; i++)
		many[i] = one[i % 3 == 0];
	assert_int_equal(otlp_request(many, 5000, &bytes), 0);
	r = unpack();
	assert_int_equal(r->n_resource_spans, 2);
	assert_int_equal(r->resource_spans[0]->scope_spans[0]->n_spans, 3333);
	assert_int_equal(r->resource_spans[1]->scope_spans[0]->n_spans, 1667);
	assert_int_equal(r->base.n_unknown_fields, 0);
	free_request(r);
	free_pieces(one, 2);
}

/* A request of any size has the room that it needs, which AddressSanitizer sees. */
static void test_sizes(void **state)
{
	/* A span that has only a name. */
	uint8_t span[0x80] = { 0x12, [2] = 0x2a };

	(void)state;
	for (uint8_t size = 4; size < 0x80; size++) {
		struct otlp_piece pieces[] = { { &resources[0], span, size },
					       { &resources[0], span, size } };

		memset(span + 4, 'n', size - 4);
		span[1] = size - 2;
		span[3] = size - 4;
		otlp_bytes_free(&bytes);
		assert_int_equal(otlp_request(pieces, 2, &bytes), 0);
		free_request(unpack());
	}
}

static void test_no_memory(void **state)
{
	struct otlp_piece one = piece(0, 'a');

	(void)state;
	no_calloc = true;
	assert_int_equal(otlp_request(&one, 1, &bytes), -ENOMEM);
	no_calloc = false;
	no_realloc = true;
	assert_int_equal(otlp_request(&one, 1, &bytes), -ENOMEM);
	no_realloc = false;
	free_pieces(&one, 1);
}

/* Returns what protoc reads in the request. */
static char *protoc(void)
{
	static char text[1 << 20];
	char path[] = "/tmp/request.XXXXXX", command[512];
	int fd = mkstemp(path);
	FILE *out;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.data, bytes.size), bytes.size);
	close(fd);
	snprintf(command, sizeof(command),
		 "protoc -I/usr/include --decode=opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest "
		 "opentelemetry/proto/collector/trace/v1/trace_service.proto <%s",
		 path);
	out = popen(command, "r");
	assert_non_null(out);
	text[fread(text, 1, sizeof(text) - 1, out)] = '\0';
	assert_int_equal(pclose(out), 0);
	unlink(path);
	return text;
}

/* Writes what protoc says of attributes as lines "KEY VALUE", as attributes_of() does. */
static const char *protoc_attributes(char *from)
{
	static char text[1 << 20];
	char key[128] = "", value[512];
	FILE *to = fmemopen(text, sizeof(text), "w");

	for (char *line = strtok(from, "\n"); line; line = strtok(NULL, "\n"))
		if (sscanf(line, " key: \"%127[^\"]", key) != 1 &&
		    (sscanf(line, " string_value: %511[^\n]", value) == 1 ||
		     sscanf(line, " int_value: %511[^\n]", value) == 1 ||
		     sscanf(line, " bool_value: %511[^\n]", value) == 1 ||
		     sscanf(line, " double_value: %511[^\n]", value) == 1))
			fprintf(to, "%s %s\n", key, value);
	assert_int_equal(fclose(to), 0);
	return text;
}

/* Writes the attributes of all messages in the request, in the order of protoc's text. */
static const char *all_attributes(const request *r)
{
	static char text[1 << 20];
	FILE *to = fmemopen(text, sizeof(text), "w");
	const scope_spans *spans = r->resource_spans[0]->scope_spans[0];

	dump_value(to, "p", r->resource_spans[0]->resource->attributes[0]->value);
	for (size_t i = 0; i < spans->n_spans; i++) {
		const otlp_span *span = spans->spans[i];

		fputs(attributes_of(span), to);
		for (size_t j = 0; j < span->n_events; j++)
			dump_value(to, span->events[j]->attributes[0]->key,
				   span->events[j]->attributes[0]->value);
		for (size_t j = 0; j < span->n_links; j++)
			dump_value(to, span->links[j]->attributes[0]->key,
				   span->links[j]->attributes[0]->value);
	}
	assert_int_equal(fclose(to), 0);
	return text;
}

static void contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("%s is not in\n%s", part, text);
}

/* A run over threads with a failed assertion, slow calls, strange names and a link. */
static void test_protoc(void **state)
{
	struct otlp_piece pieces[2];
	request *r;
	char *text;

	(void)state;
	pieces[0] = piece(0, 'a');
	sample.origin.scope = BRICKTRACE_SCOPE_SESSION;
	sample.result.start_ns++;
	sample.result.failed = sample.close.failed.count = sample.close.failed.cap = 1;
	sample.close.slow_calls.count = sample.close.slow_calls.cap = 2;
	strcpy(sample.origin.brick, "<b>\"\\'\xc3\xb6</b>");
	memcpy(sample.origin.comm, "\033[2J\xff", 6);
	pieces[1] = piece(0, 'b');
	assert_int_equal(otlp_request(pieces, 2, &bytes), 0);
	text = protoc();
	contains(text, "    name: \"bricktrace\"");
	contains(text,
		 "trace_id: \"K\\371\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\0006\"");
	contains(text, "span_id: \"b\\360\\000\\000\\000\\000\\000\\267\"");
	contains(text, "parent_span_id: \"\\000\\000\\000\\000\\000\\000\\000\\t\"");
	contains(text, "name: \"brick: <b>\\\"\\\\\\'\\303\\266</b>\"");
	contains(text, "kind: SPAN_KIND_INTERNAL");
	contains(text, "start_time_unix_nano: 1790000000121956788");
	contains(text, "end_time_unix_nano: 1790000000123456789");
	contains(text, "time_unix_nano: 1790000000123206788");
	contains(text, "name: \"brick.budget\"");
	contains(text, "code: STATUS_CODE_ERROR");
	contains(text,
		 "message: \"budget of 1250 us exceeded by 250.001 us; assertion first failed: ");
	contains(text, "flags: 1");
	contains(text, "name: \"syscall: ioctl\"");
	r = unpack();
	assert_int_equal(r->resource_spans[0]->scope_spans[0]->n_spans, 4);
	assert_int_equal(r->resource_spans[0]->scope_spans[0]->spans[1]->n_links, 1);
	assert_string_equal(protoc_attributes(text), all_attributes(r));
	free_request(r);
	free_pieces(pieces, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end_request)
	const struct CMUnitTest tests[] = {
		TEST(one),   TEST(resources), TEST(many),
		TEST(sizes), TEST(no_memory), TEST(protoc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
