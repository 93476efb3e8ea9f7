// SPDX-License-Identifier: MIT
/*
 * send [OPTION]... URL: send requests with spans by the transport of libbricktrace-otlp, and print
 * what became of each, in a line "OUTCOME rejected=N wait_ms=N sent=BYTES ms=N TEXT", in which ms
 * is how long it took.
 *	-g	gRPC, not HTTP
 *	-z	compress by gzip
 *	-a FILE	the certificates of authorities
 *	-c FILE, -k FILE
 *		the client's certificate and its key
 *	-h HEADER
 *		a header, "name: value"; may be repeated
 *	-t MS	the timeout
 *	-n N	the number of requests
 *	-s N	the number of spans in each, of about 1,000 bytes
 *	-x MS	cancel each request after this time
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "opentelemetry/proto/collector/trace/v1/trace_service.pb-c.h"
#include "transport.h"

typedef Opentelemetry__Proto__Trace__V1__Span span_t;
typedef Opentelemetry__Proto__Trace__V1__ScopeSpans scope_t;
typedef Opentelemetry__Proto__Trace__V1__ResourceSpans resource_t;
typedef Opentelemetry__Proto__Collector__Trace__V1__ExportTraceServiceRequest request_t;
#define TRACE(name) opentelemetry__proto__trace__v1__##name
#define SERVICE(name) \
	opentelemetry__proto__collector__trace__v1__export_trace_service_##name

static const char *const outcomes[] = { "ACCEPTED", "RETRY", "BAD_DATA", "REFUSED",
					"CANCELLED" };
static char *headers[16];
static struct otlp_target target = { .timeout_ns = 5000000000, .headers = headers };
static int n_requests = 1, n_spans = 1, cancel_ms;
static atomic_bool cancel;

static bool send_option(int option, char *argument)
{
	static int n;

	switch (option) {
	case 'a':
		target.certificate = argument;
		return true;
	case 'c':
		target.client_certificate = argument;
		return true;
	case 'k':
		target.client_key = argument;
		return true;
	case 'h':
		headers[n++ % 15] = argument;
		return true;
	case 't':
		target.timeout_ns = atoi(argument) * 1000000ULL;
		return true;
	case 'n':
		n_requests = atoi(argument);
		return true;
	case 's':
		n_spans = atoi(argument);
		return true;
	case 'x':
		cancel_ms = atoi(argument);
		return true;
	default:
		target.protocol = option == 'g' ? OTLP_GRPC : target.protocol;
		target.gzip |= option == 'z';
		return option != '?';
	}
}

/* The ids of a span are its number, from 1 on. */
static void send_fill(struct otlp_bytes *bytes)
{
	static char name[1001];
	uint8_t(*ids)[16] = calloc(n_spans, sizeof(*ids));
	span_t *spans = calloc(n_spans, sizeof(*spans));
	span_t **list = calloc(n_spans, sizeof(*list));
	scope_t scope, *scopes = &scope;
	resource_t resource, *resources = &resource;
	request_t request;
	int i;

	TRACE(scope_spans__init)(&scope);
	TRACE(resource_spans__init)(&resource);
	SERVICE(request__init)(&request);
	memset(name, 'x', sizeof(name) - 1);
	for (i = 0; i < n_spans; i++) {
		list[i] = &spans[i];
		TRACE(span__init)(list[i]);
		ids[i][6] = ids[i][14] = (i + 1) >> 8;
		ids[i][7] = ids[i][15] = i + 1;
		spans[i].trace_id = (ProtobufCBinaryData){ 16, ids[i] };
		spans[i].span_id = (ProtobufCBinaryData){ 8, ids[i] };
		spans[i].name = name;
	}
	scope.n_spans = n_spans;
	scope.spans = list;
	resource.n_scope_spans = 1;
	resource.scope_spans = &scopes;
	request.n_resource_spans = 1;
	request.resource_spans = &resources;
	otlp_bytes_reserve(bytes, SERVICE(request__get_packed_size)(&request));
	bytes->size = SERVICE(request__pack)(&request, bytes->data);
	free(ids);
	free(spans);
	free(list);
}

static void *send_cancel(void *argument)
{
	usleep(cancel_ms * 1000);
	cancel = true;
	return argument;
}

static uint64_t send_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

static void send_one(struct otlp_transport *transport, const struct otlp_bytes *request)
{
	uint64_t begin = send_now_ms(), sent = otlp_transport_sent(transport);
	struct otlp_answer answer;
	pthread_t thread;

	cancel = false;
	if (cancel_ms)
		pthread_create(&thread, NULL, send_cancel, NULL);
	otlp_transport_send(transport, request, &cancel, &answer);
	printf("%s rejected=%llu wait_ms=%llu sent=%llu ms=%llu %s\n",
	       outcomes[answer.outcome], (unsigned long long)answer.rejected,
	       (unsigned long long)answer.wait_ns / 1000000,
	       (unsigned long long)(otlp_transport_sent(transport) - sent),
	       (unsigned long long)(send_now_ms() - begin), answer.text);
	fflush(stdout);
	if (cancel_ms)
		pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	struct otlp_transport *transport;
	struct otlp_bytes request = { 0 };
	char problem[256];
	int i, option;

	while ((option = getopt(argc, argv, "gza:c:k:h:t:n:s:x:")) != -1)
		if (!send_option(option, optarg))
			return 2;
	target.url = argv[optind];
	if (!target.url)
		return 2;
	if (otlp_transport_new(&target, &transport, problem, sizeof(problem))) {
		printf("EINVAL %s\n", problem);
		return 1;
	}
	send_fill(&request);
	for (i = 0; i < n_requests; i++)
		send_one(transport, &request);
	otlp_transport_free(transport);
	otlp_bytes_free(&request);
	return 0;
}
