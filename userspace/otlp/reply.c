// SPDX-License-Identifier: MIT
/* What a receiver answers, and what follows from it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb-c.h"

#include "../lib/utf8.h"
#include "reply.h"
#include "status.h"
#include "unpack.h"

#define CHECK_ENDPOINT "Check OTEL_EXPORTER_OTLP_ENDPOINT."
#define CHECK_HEADERS  "Check OTEL_EXPORTER_OTLP_HEADERS."
#define CHECK_PROTOCOL "Check OTEL_EXPORTER_OTLP_PROTOCOL."
#define SEND_LESS      "Lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE."

/* A gRPC message: a byte that says whether it is compressed, and its length. */
#define GRPC_PREFIX 5

static const struct reply_code {
	const char *name;
	enum otlp_outcome outcome;
	const char *advice;
} reply_codes[] = {
	{ "OK", OTLP_ACCEPTED, "" },
	{ "CANCELLED", OTLP_RETRY, "" },
	{ "UNKNOWN", OTLP_REFUSED, "" },
	{ "INVALID_ARGUMENT", OTLP_BAD_DATA, "" },
	{ "DEADLINE_EXCEEDED", OTLP_RETRY, "" },
	{ "NOT_FOUND", OTLP_REFUSED, CHECK_ENDPOINT },
	{ "ALREADY_EXISTS", OTLP_REFUSED, "" },
	{ "PERMISSION_DENIED", OTLP_REFUSED, CHECK_HEADERS },
	{ "RESOURCE_EXHAUSTED", OTLP_BAD_DATA, SEND_LESS },
	{ "FAILED_PRECONDITION", OTLP_REFUSED, "" },
	{ "ABORTED", OTLP_RETRY, "" },
	{ "OUT_OF_RANGE", OTLP_RETRY, "" },
	{ "UNIMPLEMENTED", OTLP_REFUSED, CHECK_ENDPOINT },
	{ "INTERNAL", OTLP_REFUSED, "" },
	{ "UNAVAILABLE", OTLP_RETRY, "" },
	{ "DATA_LOSS", OTLP_RETRY, "" },
	{ "UNAUTHENTICATED", OTLP_REFUSED, CHECK_HEADERS },
};
#define CODE_UNKNOWN		2
#define CODE_RESOURCE_EXHAUSTED 8

/* Copies as much as fits of what a receiver wrote. Lines become one line. */
static void reply_copy(char *to, size_t size, const void *from, size_t length)
{
	char line[sizeof(((struct otlp_answer *)0)->text)];
	size_t i;

	snprintf(line, sizeof(line), "%.*s",
		 (int)(length < sizeof(line) ? length : sizeof(line)), (const char *)from);
	for (i = 0; line[i]; i++)
		if (line[i] == '\n' || line[i] == '\r' || line[i] == '\t')
			line[i] = ' ';
	bti_utf8_copy(to, size, line, BTI_UTF8_REPLACE_CONTROLS);
}

/* Writes "RECEIVER WHAT: MESSAGE. ADVICE", in which the message is cut off to fit. */
static void reply_say(const struct otlp_reply *r, struct otlp_answer *answer,
		      const char *what, const void *message, size_t length,
		      const char *advice)
{
	size_t fixed =
		strlen(r->receiver) + strlen(what) + strlen(advice) + strlen(" : . ");
	size_t room = fixed < sizeof(answer->text) ? sizeof(answer->text) - fixed : 0;
	char text[200];

	*text = 0;
	if (message && room)
		reply_copy(text, room < sizeof(text) ? room : sizeof(text), message,
			   length);
	snprintf(answer->text, sizeof(answer->text), "%s %s%s%s%s%s", r->receiver, what,
		 *text ? ": " : "", text, *advice ? ". " : "", advice);
}

static void reply_say_text(const struct otlp_reply *r, struct otlp_answer *answer,
			   const char *what, const char *message, const char *advice)
{
	reply_say(r, answer, what, message, message ? strlen(message) : 0, advice);
}

static void reply_wait(struct otlp_answer *answer, int64_t seconds)
{
	if (seconds > OTLP_MAX_WAIT_S)
		seconds = OTLP_MAX_WAIT_S;
	if (seconds > 0)
		answer->wait_ns = seconds * 1000000000ULL;
}

/*
 * The answers about spans and about data points are the same bytes: only the names of their fields
 * differ.
 */
#define RESPONSE(name) \
	opentelemetry__proto__collector__trace__v1__export_trace_service_response__##name
typedef Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceResponse response_t;
typedef Opentelemetry__Proto__Collector__Trace__V1__ExportTracePartialSuccess partial_t;

static void reply_accept(const struct otlp_reply *r, const uint8_t *bytes, size_t size,
			 struct otlp_answer *answer)
{
	response_t *response;
	const partial_t *partial;
	char what[64];

	answer->outcome = OTLP_ACCEPTED;
	response = r->cut || r->failure || !bytes ?
			   NULL :
			   otlp_unpack(&RESPONSE(descriptor), bytes, size);
	if (!response) {
		reply_say_text(r, answer,
			       "accepts the request, but its answer cannot be read",
			       r->cut ? "it is too large" : r->failure, "");
		return;
	}
	partial = response->partial_success;
	if (partial && partial->rejected_spans > 0) {
		answer->rejected = partial->rejected_spans;
		snprintf(what, sizeof(what), "rejects %" PRIu64 " of the request's items",
			 answer->rejected);
		reply_say_text(r, answer, what, partial->error_message, "");
	} else if (partial && *partial->error_message) {
		reply_say_text(r, answer, "warns", partial->error_message, "");
	}
	protobuf_c_message_free_unpacked(&response->base, NULL);
}

static enum otlp_outcome reply_http_outcome(long status)
{
	switch (status) {
	case 400:
	case 413:
	case 422:
		return OTLP_BAD_DATA;
	case 429:
	case 502:
	case 503:
	case 504:
		return OTLP_RETRY;
	default:
		return status / 100 == 2 ? OTLP_ACCEPTED : OTLP_REFUSED;
	}
}

static const char *reply_http_advice(long status)
{
	switch (status) {
	case 401:
	case 403:
	case 407:
		return CHECK_HEADERS;
	case 404:
	case 405:
	case 415:
		return CHECK_ENDPOINT;
	case 413:
		return SEND_LESS;
	default:
		return status / 100 == 3 ? CHECK_ENDPOINT : "";
	}
}

static void reply_http_error(const struct otlp_reply *r, struct otlp_answer *answer)
{
	const void *message = r->body.data;
	size_t length = r->body.size;
	struct otlp_status status;
	char what[64];

	answer->outcome = reply_http_outcome(r->status);
	if (answer->outcome == OTLP_RETRY)
		reply_wait(answer, r->retry_after_s);
	/* Some receivers put a google.rpc.Status into the body; proxies write text of any kind. */
	if (r->content_type && !strncasecmp(r->content_type, "application/x-protobuf", 22)) {
		length = 0;
		if (otlp_status_unpack(r->body.data, r->body.size, &status)) {
			message = status.message;
			length = strlen(status.message);
		}
	}
	snprintf(what, sizeof(what), "answers with HTTP status %ld%s", r->status,
		 r->status / 100 == 3 ? ", to go to" : "");
	if (r->status / 100 == 3)
		reply_say_text(r, answer, what, r->location, CHECK_ENDPOINT);
	else
		reply_say(r, answer, what, message, length, reply_http_advice(r->status));
}

static void reply_grpc_body(const struct otlp_reply *r, struct otlp_answer *answer)
{
	const uint8_t *body = r->body.data;
	bool good = r->body.size >= GRPC_PREFIX && !body[0] &&
		    ((size_t)body[1] << 24 | body[2] << 16 | body[3] << 8 | body[4]) ==
			    r->body.size - GRPC_PREFIX;

	reply_accept(r, good ? body + GRPC_PREFIX : NULL, r->body.size - GRPC_PREFIX,
		     answer);
}

static void reply_grpc_status(const struct otlp_reply *r, struct otlp_answer *answer)
{
	char *end, *message = NULL, what[64];
	unsigned long n = strtoul(r->grpc_status, &end, 10);
	const struct reply_code *code = &reply_codes[CODE_UNKNOWN];
	struct otlp_status details;
	int length = 0;

	if (end != r->grpc_status && !*end && n < sizeof(reply_codes) / sizeof(*reply_codes))
		code = &reply_codes[n];
	answer->outcome = code->outcome;
	if (code->outcome == OTLP_ACCEPTED) {
		reply_grpc_body(r, answer);
		return;
	}
	if (r->grpc_details && otlp_status_decode(r->grpc_details, &details) &&
	    details.retry) {
		if (code == &reply_codes[CODE_RESOURCE_EXHAUSTED])
			answer->outcome = OTLP_RETRY;
		answer->wait_ns = answer->outcome == OTLP_RETRY ? details.wait_ns : 0;
	}
	if (r->grpc_message)
		message = curl_easy_unescape(NULL, r->grpc_message, 0, &length);
	snprintf(what, sizeof(what), "answers with gRPC status %s", code->name);
	reply_say(r, answer, what, message, length,
		  answer->outcome == OTLP_RETRY ? "" : code->advice);
	curl_free(message);
}

static void reply_grpc(const struct otlp_reply *r, struct otlp_answer *answer)
{
	if (r->grpc_status) {
		reply_grpc_status(r, answer);
	} else if (r->status != 200) {
		reply_http_error(r, answer);
		if (answer->outcome != OTLP_RETRY)
			answer->outcome = OTLP_REFUSED;
	} else if (r->cut) {
		answer->outcome = OTLP_REFUSED;
		reply_say_text(r, answer, "answers with too many bytes", NULL,
			       CHECK_PROTOCOL);
	} else if (r->failure) {
		answer->outcome = OTLP_RETRY;
		reply_say_text(r, answer, "gives no complete answer", r->failure,
			       r->advice);
	} else {
		answer->outcome = OTLP_REFUSED;
		reply_say_text(r, answer, "answers without a gRPC status", NULL,
			       CHECK_PROTOCOL);
	}
}

void otlp_reply_judge(const struct otlp_reply *r, struct otlp_answer *answer)
{
	*answer = (struct otlp_answer){ 0 };
	/* After a status below 200 an answer follows, if the receiver is able to. */
	if (r->status < 200) {
		answer->outcome = OTLP_RETRY;
		reply_say_text(r, answer, "gives no answer", r->failure, r->advice);
	} else if (r->protocol == OTLP_GRPC) {
		reply_grpc(r, answer);
	} else if (r->status / 100 == 2) {
		reply_accept(r, r->body.data ?: (const uint8_t *)"", r->body.size, answer);
	} else {
		reply_http_error(r, answer);
	}
}
