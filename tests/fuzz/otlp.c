// SPDX-License-Identifier: MIT
/*
 * Fuzzes the parsers of what a receiver of OTLP sends. PARSER says which one:
 *	response	a message that says what was rejected, over HTTP or, by its first byte, gRPC
 *	status		the header grpc-status-details-bin
 *	message		the header grpc-message
 *	error		the body of an HTTP error; the first byte says whether it is protobuf
 *	answer		a whole answer of HTTP/1.1 with all its headers, by libcurl
 * Whatever comes, the answer has a printable text and figures within their limits.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../userspace/lib/utf8.h"
#include "reply.h"
#include "status.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void fuzz_expect(bool good)
{
	if (!good)
		abort();
}

static void fuzz_check(const struct otlp_answer *answer)
{
	const char *s = answer->text;
	uint32_t c;

	fuzz_expect(memchr(s, 0, sizeof(answer->text)));
	for (; *s; s += bti_utf8(s, &c),
		   fuzz_expect(c <= BTI_UTF8_LAST && !bti_utf8_control(c)))
		;
	fuzz_expect(answer->outcome <= OTLP_REFUSED);
	fuzz_expect(answer->rejected <= INT64_MAX);
	fuzz_expect(answer->outcome == OTLP_ACCEPTED || !answer->rejected);
	fuzz_expect(answer->wait_ns <= OTLP_MAX_WAIT_S * 1000000000ULL);
	fuzz_expect(answer->outcome == OTLP_RETRY || !answer->wait_ns);
	fuzz_expect(answer->outcome == OTLP_ACCEPTED || *answer->text);
}

static void fuzz_judge(struct otlp_reply reply)
{
	struct otlp_answer answer;

	reply.receiver = "http://receiver/";
	reply.advice = "";
	otlp_reply_judge(&reply, &answer);
	fuzz_check(&answer);
}

/* Returns a string of the bytes, as libcurl makes one of a header. */
static char *fuzz_string(const uint8_t *bytes, size_t size)
{
	char *string = malloc(size + 1);

	memcpy(string, bytes, size);
	string[size] = 0;
	return string;
}

__attribute__((unused)) static void fuzz_response(const uint8_t *bytes, size_t size)
{
	fuzz_judge((struct otlp_reply){
		.protocol = *bytes ? OTLP_HTTP_PROTOBUF : OTLP_GRPC,
		.status = 200,
		.grpc_status = "0",
		.body = { .data = (uint8_t *)bytes + !!*bytes, .size = size - !!*bytes },
	});
}

__attribute__((unused)) static void fuzz_status(const uint8_t *bytes, size_t size)
{
	char *details = fuzz_string(bytes, size);

	fuzz_judge((struct otlp_reply){ .protocol = OTLP_GRPC,
					.status = 200,
					.grpc_status = "8",
					.grpc_details = details });
	free(details);
}

__attribute__((unused)) static void fuzz_message(const uint8_t *bytes, size_t size)
{
	char *message = fuzz_string(bytes, size);

	fuzz_judge((struct otlp_reply){ .protocol = OTLP_GRPC,
					.status = 200,
					.grpc_status = message,
					.grpc_message = message });
	free(message);
}

__attribute__((unused)) static void fuzz_error(const uint8_t *bytes, size_t size)
{
	fuzz_judge((struct otlp_reply){
		.status = 400,
		.content_type = *bytes % 2 ? "application/x-protobuf" : "text/plain",
		.body = { .data = (uint8_t *)bytes + 1, .size = size - 1 },
	});
}

/* The transport's connection: what the receiver sends is there before it is asked. */
static int fuzz_connection = -1;

int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, int type, int protocol)
{
	int fd = fuzz_connection;

	(void)family;
	(void)type;
	(void)protocol;
	fuzz_connection = -1;
	errno = EMFILE;
	return fd;
}

/* libcurl calls this function in place of the C library's. */
int connect(int fd, const struct sockaddr *address, socklen_t size)
{
	(void)fd;
	(void)address;
	(void)size;
	return 0;
}

__attribute__((unused)) static void fuzz_answer(const uint8_t *bytes, size_t size)
{
	static const struct otlp_target target = { .url = "http://127.0.0.1:4318/",
						   .timeout_ns = 1000000000 };
	const struct otlp_bytes request = { .data = (uint8_t *)"request", .size = 7 };
	const atomic_bool cancel = false;
	struct otlp_transport *transport;
	struct otlp_answer answer;
	char problem[256];
	int pair[2];

	fuzz_expect(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	fuzz_expect(send(pair[1], bytes, size, 0) == (ssize_t)size);
	shutdown(pair[1], SHUT_WR);
	fuzz_connection = pair[0];
	fuzz_expect(!otlp_transport_new(&target, &transport, problem, sizeof(problem)));
	otlp_transport_send(transport, &request, &cancel, &answer);
	otlp_transport_free(transport);
	close(pair[1]);
	fuzz_check(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	if (size)
		PARSER(bytes, size);
	return 0;
}
