// SPDX-License-Identifier: MIT
/* Tests of what follows from the answers of a receiver, and of the parsers behind it. */
#include "unit.h"

#include "reply.h"
#include "status.h"

#define DAY_NS (86400 * UINT64_C(1000000000))

static struct otlp_answer answer;

static void judge(struct otlp_reply reply)
{
	reply.receiver = "http://r/";
	reply.advice = "";
	otlp_reply_judge(&reply, &answer);
}

#define BODY(bytes)                                                   \
	{                                                             \
		.data = (uint8_t *)(bytes), .size = sizeof(bytes) - 1 \
	}
#define HTTP(...) ((struct otlp_reply){ .protocol = OTLP_HTTP_PROTOBUF, __VA_ARGS__ })
#define GRPC(...) \
	((struct otlp_reply){ .protocol = OTLP_GRPC, .status = 200, __VA_ARGS__ })

static void assert_answer(enum otlp_outcome outcome, const char *text)
{
	assert_int_equal(answer.outcome, outcome);
	assert_string_equal(answer.text, text);
}

static void a_failure_is_tried_again(void **state)
{
	(void)state;
	judge(HTTP(.failure = "reset"));
	assert_answer(OTLP_RETRY, "http://r/ gives no answer: reset");
	judge((struct otlp_reply){ .protocol = OTLP_GRPC, .failure = "reset" });
	assert_answer(OTLP_RETRY, "http://r/ gives no answer: reset");
	judge(GRPC(.failure = "reset"));
	assert_answer(OTLP_RETRY, "http://r/ gives no complete answer: reset");
}

/* The receiver would get everything twice. */
static void what_was_accepted_is_not_sent_again(void **state)
{
	(void)state;
	judge(HTTP(.status = 200, .failure = "reset"));
	assert_answer(OTLP_ACCEPTED,
		      "http://r/ accepts the request, but its answer cannot be read: reset");
	judge(GRPC(.grpc_status = "0", .failure = "reset"));
	assert_answer(OTLP_ACCEPTED,
		      "http://r/ accepts the request, but its answer cannot be read: reset");
	judge(HTTP(.status = 200, .cut = true, .failure = "writing"));
	assert_answer(OTLP_ACCEPTED,
		      "http://r/ accepts the request, but its answer cannot be "
		      "read: it is too large");
}

static void a_message_of_grpc_has_a_prefix(void **state)
{
	static const char unread[] =
		"http://r/ accepts the request, but its answer cannot be "
		"read";

	(void)state;
	judge(GRPC(.grpc_status = "0", .body = BODY("\0\0\0\0\4\n\2\b\7")));
	assert_answer(OTLP_ACCEPTED, "http://r/ rejects 7 of the request's items");
	assert_int_equal(answer.rejected, 7);
	judge(GRPC(.grpc_status = "0", .body = BODY("\0\0\0\0\0")));
	assert_answer(OTLP_ACCEPTED, "");
	/* Compressed, too long, too short, without a message. */
	judge(GRPC(.grpc_status = "0", .body = BODY("\1\0\0\0\4\n\2\b\7")));
	assert_answer(OTLP_ACCEPTED, unread);
	judge(GRPC(.grpc_status = "0", .body = BODY("\0\0\0\0\5\n\2\b\7")));
	assert_answer(OTLP_ACCEPTED, unread);
	judge(GRPC(.grpc_status = "0", .body = BODY("\0\xff\xff\xff\xff\n\2\b\7")));
	assert_answer(OTLP_ACCEPTED, unread);
	judge(GRPC(.grpc_status = "0", .body = BODY("\0\0\0\0")));
	assert_answer(OTLP_ACCEPTED, unread);
	judge(GRPC(.grpc_status = "0"));
	assert_answer(OTLP_ACCEPTED, unread);
}

static void numbers_of_rejected_spans_may_be_absurd(void **state)
{
	(void)state;
	judge(HTTP(.status = 200,
		   .body = BODY("\n\13\b\xff\xff\xff\xff\xff\xff\xff\xff\xff\1")));
	assert_answer(OTLP_ACCEPTED, "");
	assert_int_equal(answer.rejected, 0);
	judge(HTTP(.status = 200,
		   .body = BODY("\n\12\b\xff\xff\xff\xff\xff\xff\xff\xff\x7f")));
	assert_answer(OTLP_ACCEPTED,
		      "http://r/ rejects 9223372036854775807 of the request's items");
	assert_int_equal(answer.rejected, INT64_MAX);
}

static void a_status_of_grpc_is_a_number(void **state)
{
	static const char *const bad[] = { "", "x", "17", "-1", "4294967296", "1x", " " };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		judge(GRPC(.grpc_status = bad[i]));
		assert_answer(OTLP_REFUSED, "http://r/ answers with gRPC status UNKNOWN");
	}
	judge(GRPC(.grpc_status = "16"));
	assert_answer(OTLP_REFUSED, "http://r/ answers with gRPC status UNAUTHENTICATED. "
				    "Check OTEL_EXPORTER_OTLP_HEADERS.");
}

static void texts_are_decoded_and_printable(void **state)
{
	char is[] =
		"http://r/ answers with HTTP status 500: a \xef\xbf\xbd[1m  \xef\xbf\xbd"
		"\xc3\xa9 \xef\xbf\xbd";

	(void)state;
	judge(HTTP(.status = 500, .body = BODY("a \033[1m\r\n\xff\xc3\xa9\t\xc2\x85\0b")));
	assert_answer(OTLP_REFUSED, is);
	judge(GRPC(.grpc_status = "13", .grpc_message = "%25 %C3%A9 %1b %0A%zz%"));
	assert_answer(OTLP_REFUSED, "http://r/ answers with gRPC status INTERNAL: % \xc3\xa9 "
				    "\xef\xbf\xbd  %zz%");
}

/* Whatever is too long, the advice is complete. */
static void long_texts_are_cut(void **state)
{
	char text[1000], *message = text;
	const char *end;

	(void)state;
	memset(message, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	judge(GRPC(.grpc_status = "7", .grpc_message = message));
	assert_in_range(strlen(answer.text), sizeof(answer.text) - 4,
			sizeof(answer.text) - 1);
	end = answer.text + strlen(answer.text) -
	      strlen("xxx. Check OTEL_EXPORTER_OTLP_HEADERS.");
	assert_string_equal(end, "xxx. Check OTEL_EXPORTER_OTLP_HEADERS.");
	judge(HTTP(.status = 301, .location = message));
	end = answer.text + strlen(answer.text) -
	      strlen("xxx. Check OTEL_EXPORTER_OTLP_ENDPOINT.");
	assert_string_equal(end, "xxx. Check OTEL_EXPORTER_OTLP_ENDPOINT.");
}

static void the_body_of_an_error_may_be_a_status(void **state)
{
	const char *type = "Application/X-Protobuf; charset=x";

	(void)state;
	judge(HTTP(.status = 400, .content_type = type, .body = BODY("\b\3\22\4text")));
	assert_answer(OTLP_BAD_DATA, "http://r/ answers with HTTP status 400: text");
	judge(HTTP(.status = 400, .content_type = type, .body = BODY("\b\3\22\xff")));
	assert_answer(OTLP_BAD_DATA, "http://r/ answers with HTTP status 400");
	judge(HTTP(.status = 400, .content_type = "application/json",
		   .body = BODY("{\"code\": 3}")));
	assert_answer(OTLP_BAD_DATA,
		      "http://r/ answers with HTTP status 400: {\"code\": 3}");
	judge(HTTP(.status = 400, .body = BODY("")));
	assert_answer(OTLP_BAD_DATA, "http://r/ answers with HTTP status 400");
}

static void waiting_is_limited(void **state)
{
	static const struct {
		int64_t seconds;
		uint64_t ns;
	} cases[] = { { 0, 0 },		 { 1, 1000 * MS },  { -1, 0 },
		      { 86400, DAY_NS }, { 86401, DAY_NS }, { INT64_MAX, DAY_NS },
		      { INT64_MIN, 0 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		judge(HTTP(.status = 429, .retry_after_s = cases[i].seconds));
		assert_int_equal(answer.outcome, OTLP_RETRY);
		assert_int_equal(answer.wait_ns, cases[i].ns);
	}
	judge(HTTP(.status = 400, .retry_after_s = 5));
	assert_int_equal(answer.wait_ns, 0);
	judge((struct otlp_reply){
		.protocol = OTLP_GRPC, .status = 503, .retry_after_s = 5 });
	assert_int_equal(answer.wait_ns, 5000 * MS);
}

#define RETRY_INFO "type.googleapis.com/google.rpc.RetryInfo"

/* A packed google.rpc.Status with one detail. */
static bool parse(const char *type, const char *value, size_t size,
		  struct otlp_status *status)
{
	uint8_t bytes[200] = { 0x08, 14, 0x1a, 4 + strlen(type) + size, 0x0a, strlen(type) };
	size_t n = 6 + strlen(type);

	memcpy(bytes + 6, type, strlen(type));
	bytes[n++] = 0x12;
	bytes[n++] = size;
	memcpy(bytes + n, value, size);
	return otlp_status_unpack(bytes, n + size, status);
}
#define PARSE(type, value, status) parse(type, value, sizeof(value) - 1, status)

static void a_detail_may_allow_to_retry(void **state)
{
	struct otlp_status s;

	(void)state;
	assert_true(PARSE(RETRY_INFO, "\n\10\b\2\20\x80\xca\xb5\xee\1", &s));
	assert_true(s.retry && s.wait_ns == 2500 * MS);
	assert_true(PARSE(RETRY_INFO, "\n\2\b\2", &s));
	assert_true(s.retry && s.wait_ns == 2000 * MS);
	assert_true(PARSE(RETRY_INFO, "\n\3\20\xc0\x3e", &s));
	assert_true(s.retry && s.wait_ns == 8000);
	assert_true(PARSE("x/google.rpc.RetryInfo", "", &s));
	assert_true(s.retry && !s.wait_ns);
	/* Negative, with too many nanoseconds, longer than a day. */
	assert_true(PARSE(RETRY_INFO, "\n\13\b\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", &s));
	assert_true(s.retry && !s.wait_ns);
	assert_true(PARSE(RETRY_INFO, "\n\6\20\x80\x94\xeb\xdc\3", &s));
	assert_true(s.retry && !s.wait_ns);
	assert_true(PARSE(RETRY_INFO, "\n\12\b\xff\xff\xff\xff\xff\xff\xff\xff\x7f", &s));
	assert_true(s.retry && s.wait_ns == DAY_NS);
	/* Other details, and one that is damaged. */
	assert_true(PARSE("type.googleapis.com/google.rpc.ErrorInfo", "\n\2\b\2", &s));
	assert_false(s.retry || s.wait_ns);
	assert_true(PARSE("google.rpc.RetryInfo", "\n\2\b\2", &s));
	assert_false(s.retry || s.wait_ns);
	assert_true(PARSE(RETRY_INFO, "\n\5\b", &s));
	assert_false(s.retry || s.wait_ns);
}

static void too_large_is_not_too_busy(void **state)
{
	/* A google.rpc.Status with RetryInfo of 2 s, and one without details. */
	const char *busy =
		"CAgaMAoodHlwZS5nb29nbGVhcGlzLmNvbS9nb29nbGUucnBjLlJldHJ5SW5mbxIECgIIAg==";
	const char *advice = " Lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE.";

	(void)state;
	judge(GRPC(.grpc_status = "8", .grpc_details = busy));
	assert_answer(OTLP_RETRY, "http://r/ answers with gRPC status RESOURCE_EXHAUSTED");
	assert_int_equal(answer.wait_ns, 2000 * MS);
	judge(GRPC(.grpc_status = "8", .grpc_details = "CAgSAWE="));
	assert_int_equal(answer.outcome, OTLP_BAD_DATA);
	assert_non_null(strstr(answer.text, advice));
	judge(GRPC(.grpc_status = "8"));
	assert_int_equal(answer.outcome, OTLP_BAD_DATA);
	/* Others are not sent again even so. */
	judge(GRPC(.grpc_status = "13", .grpc_details = busy));
	assert_int_equal(answer.outcome, OTLP_REFUSED);
	assert_int_equal(answer.wait_ns, 0);
}

static void details_are_in_base64(void **state)
{
	struct otlp_status s;

	(void)state;
	/* Code 8 and the messages "a", "ab" and "abc", with padding and without. */
	assert_true(otlp_status_decode("CAgSAWE=", &s));
	assert_string_equal(s.message, "a");
	assert_true(otlp_status_decode("CAgSAWE", &s));
	assert_string_equal(s.message, "a");
	assert_true(otlp_status_decode("CAgSAmFi", &s));
	assert_string_equal(s.message, "ab");
	assert_true(otlp_status_decode("CAgSA2FiYw==", &s));
	assert_string_equal(s.message, "abc");
	assert_true(otlp_status_decode("EgIrLw", &s));
	assert_string_equal(s.message, "+/");
	assert_true(otlp_status_decode("Igb7+///+/8", &s));
	assert_string_equal(s.message, "");
	assert_true(otlp_status_decode("", &s));
	assert_false(otlp_status_decode("CAgSA2FiY*", &s));
	assert_false(otlp_status_decode("CAgS A2FiYw", &s));
	assert_false(otlp_status_decode("/////w", &s));
	assert_false(s.retry || s.wait_ns || *s.message);
}

/* Each of two million details takes 80 bytes. */
static void memory_is_limited(void **state)
{
	static uint8_t bytes[OTLP_MAX_ANSWER];
	struct otlp_status s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bytes); i += 2)
		bytes[i] = 0x1a;
	assert_false(otlp_status_unpack(bytes, sizeof(bytes), &s));
	assert_true(otlp_status_unpack(bytes, 4096, &s));
	/* Fields that nobody knows. */
	for (i = 0; i < sizeof(bytes); i += 2)
		bytes[i] = 0x78;
	assert_false(otlp_status_unpack(bytes, sizeof(bytes), &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_is_tried_again),
		cmocka_unit_test(what_was_accepted_is_not_sent_again),
		cmocka_unit_test(a_message_of_grpc_has_a_prefix),
		cmocka_unit_test(numbers_of_rejected_spans_may_be_absurd),
		cmocka_unit_test(a_status_of_grpc_is_a_number),
		cmocka_unit_test(texts_are_decoded_and_printable),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(the_body_of_an_error_may_be_a_status),
		cmocka_unit_test(waiting_is_limited),
		cmocka_unit_test(a_detail_may_allow_to_retry),
		cmocka_unit_test(too_large_is_not_too_busy),
		cmocka_unit_test(details_are_in_base64),
		cmocka_unit_test(memory_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
