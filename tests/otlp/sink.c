// SPDX-License-Identifier: MIT
/*
 * sink: a receiver of OTLP over HTTP that only reads, so that the measured program is the one
 * that sends. It prints the port on which it listens, answers each POST with 200 and an empty
 * body, and at the end of its standard input prints what it got as JSON. It counts the spans of
 * a request by stepping from field to field, without looking into a span.
 */
#include <arpa/inet.h>
#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEADERS	 65536
#define LARGEST	 (64U << 20)
#define CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"
#define OK \
	"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n"

static atomic_ullong connections, requests, spans, bytes;

struct message {
	const uint8_t *at, *end;
};

static uint64_t varint(struct message *m)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; m->at < m->end && shift < 64; shift += 7) {
		value |= (uint64_t)(*m->at & 0x7f) << shift;
		if (!(*m->at++ & 0x80))
			return value;
	}
	errx(1, "a request is cut or not a message of protobuf");
}

/* Takes the next field, which in these messages is a string or a message. Returns its number. */
static uint64_t field(struct message *m, struct message *content)
{
	uint64_t tag = varint(m), size = varint(m);

	if (tag % 8 != 2 || size > (size_t)(m->end - m->at))
		errx(1, "a request has a field that the sink does not expect");
	*content = (struct message){ m->at, m->at + size };
	m->at += size;
	return tag / 8;
}

/* The spans of ExportTraceServiceRequest are resource_spans (1), scope_spans (2), spans (2). */
static unsigned long long count_spans(struct message m, unsigned int depth)
{
	static const unsigned int path[] = { 1, 2, 2 };
	unsigned long long n = 0;
	struct message content;

	while (m.at < m.end)
		if (field(&m, &content) == path[depth])
			n += depth == 2 ? 1 : count_spans(content, depth + 1);
	return n;
}

static const char *header(const char *headers, const char *name)
{
	const char *at = strcasestr(headers, name);

	return at ? at + strlen(name) : NULL;
}

static void answer(int fd, const char *text)
{
	if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		warn("cannot answer");
}

/* Reads until there are @size bytes. Returns false if the client has closed the connection. */
static bool fill(int fd, char *buffer, size_t *have, size_t size)
{
	while (*have < size) {
		ssize_t n = recv(fd, buffer + *have, size - *have, 0);

		if (n <= 0)
			return false;
		*have += n;
	}
	return true;
}

/* Reads the headers of a request. Returns how long they are, or 0 at the connection's end. */
static size_t read_headers(int fd, char *buffer, size_t *have)
{
	ssize_t n;
	char *end;

	for (;;) {
		buffer[*have] = '\0';
		end = strstr(buffer, "\r\n\r\n");
		if (end)
			return end + 4 - buffer;
		n = recv(fd, buffer + *have, HEADERS - 1 - *have, 0);
		if (n <= 0)
			return 0;
		*have += n;
	}
}

static void *serve(void *arg)
{
	char *buffer = malloc(HEADERS + LARGEST);
	int fd = (int)(intptr_t)arg;
	size_t have = 0, head, size;
	const char *length;

	while (buffer && (head = read_headers(fd, buffer, &have))) {
		buffer[head - 2] = '\0';
		length = header(buffer, "\r\ncontent-length:");
		size = length ? strtoul(length, NULL, 10) : LARGEST + 1;
		if (size > LARGEST)
			errx(1, "a request without a length, or too long");
		if (header(buffer, "\r\nexpect:"))
			answer(fd, CONTINUE);
		if (!fill(fd, buffer, &have, head + size) || have > head + size)
			errx(1, "a request is cut, or more follows it before its answer");
		spans += count_spans((struct message){ (uint8_t *)buffer + head,
						       (uint8_t *)buffer + have },
				     0);
		requests++;
		bytes += size;
		have = 0;
		answer(fd, OK);
	}
	free(buffer);
	close(fd);
	return NULL;
}

static void *accept_all(void *arg)
{
	int listener = (int)(intptr_t)arg, fd;
	pthread_t thread;

	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		connections++;
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd))
			errx(1, "cannot create a thread");
		pthread_detach(thread);
	}
	err(1, "accept");
}

int main(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timespec cpu;
	pthread_t thread;

	if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) ||
	    listen(listener, 16) ||
	    getsockname(listener, (struct sockaddr *)&address, &size))
		err(1, "cannot listen");
	if (pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)listener))
		errx(1, "cannot create a thread");
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	while (getchar() != EOF)
		;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
	printf("{\"connections\": %llu, \"requests\": %llu, \"spans\": %llu, \"bytes\": %llu, "
	       "\"cpu_s\": %.3f}\n",
	       connections, requests, spans, bytes, cpu.tv_sec + cpu.tv_nsec / 1e9);
	return 0;
}
