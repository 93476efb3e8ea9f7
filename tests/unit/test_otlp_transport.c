// SPDX-License-Identifier: MIT
/*
 * Tests of the transport of OTLP against a receiver of this file: a thread that accepts connections
 * of TCP and does on each what the test says. tests/otlp/transport.bats has a complete receiver.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "unit.h"

#include "gzip.h"
#include "transport.h"

/* What the receiver does with one connection. */
struct step {
	const char *answer; /* to each request of the connection; NULL: none */
	size_t size;	    /* of @answer; 0: it is a string */
	int requests;	    /* then it closes the connection */
	bool drop;	    /* but before, it reads one more request */
	bool reset;	    /* closes it by a reset */
	int delay_ms;	    /* before the answer */
	bool unread;	    /* answers before it has read the request's body */
};

static struct step steps[8];
static int listener, n_connections, n_requests;
static char last[65536]; /* the last request, as text */
static size_t last_body;
static pthread_t receiver;
static char url[64];
static struct otlp_target target;
static struct otlp_transport *transport;
static struct otlp_answer answer;
static atomic_bool cancel;
static char payload[] = "payload";
static struct otlp_bytes request = { .data = (uint8_t *)payload, .size = 7 };

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

/* Reads a request; @last then has its headers and as much of its body as fits. */
static bool receive(int fd, bool unread)
{
	static char text[sizeof(last)], rest[sizeof(last)];
	size_t n = 0, size, left;
	ssize_t got;
	char *end;

	memset(text, 0, sizeof(text));
	while (!(end = strstr(text, "\r\n\r\n"))) {
		got = recv(fd, text + n, sizeof(text) - 1 - n, 0);
		if (got <= 0)
			return false;
		n += got;
	}
	size = atol(strcasestr(text, "\r\nContent-Length: ") +
		    strlen("\r\nContent-Length: "));
	last_body = n - (end + 4 - text);
	for (left = size - last_body; left && !unread; left -= got) {
		got = recv(fd, rest, sizeof(rest), 0);
		if (got <= 0)
			return false;
		if ((size_t)got < sizeof(text) - n)
			memcpy(text + n, rest, got);
		n += got;
		last_body += got;
	}
	memcpy(last, text, sizeof(last));
	n_requests++;
	return true;
}

static void serve(int fd, const struct step *step)
{
	struct linger now = { .l_onoff = 1 };
	int i;

	for (i = 0; i < step->requests && receive(fd, step->unread); i++) {
		usleep(step->delay_ms * 1000);
		if (step->answer)
			send(fd, step->answer, step->size ?: strlen(step->answer),
			     MSG_NOSIGNAL);
	}
	if (step->drop)
		receive(fd, step->unread);
	if (step->reset)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

static void *receive_all(void *argument)
{
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0)
		serve(fd, &steps[n_connections++]);
	return argument;
}

static int begin(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);

	(void)state;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bind(listener, (struct sockaddr *)&address, size);
	listen(listener, 8);
	getsockname(listener, (struct sockaddr *)&address, &size);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/v1/traces",
		 ntohs(address.sin_port));
	target = (struct otlp_target){ .url = url, .timeout_ns = 5000 * MS };
	memset(steps, 0, sizeof(steps));
	n_connections = n_requests = 0;
	cancel = false;
	request = (struct otlp_bytes){ .data = (uint8_t *)payload, .size = 7 };
	return pthread_create(&receiver, NULL, receive_all, NULL);
}

static int end(void **state)
{
	(void)state;
	otlp_transport_free(transport);
	transport = NULL;
	shutdown(listener, SHUT_RDWR);
	pthread_join(receiver, NULL);
	return close(listener);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void transmit(void)
{
	char problem[256] = "";

	if (!transport)
		assert_int_equal(otlp_transport_new(&target, &transport, problem,
						    sizeof(problem)),
				 0);
	otlp_transport_send(transport, &request, &cancel, &answer);
}

static void assert_has(const char *text, const char *part)
{
	if (!strcasestr(text, part))
		fail_msg("'%s' lacks '%s'", text, part);
}

static void a_request_is_plain_http(void **state)
{
	static char *headers[] = { "X-One: 1", "X-Two: 2", NULL };

	(void)state;
	target.headers = headers;
	steps[0] = (struct step){ .answer = OK, .requests = 2 };
	transmit();
	assert_int_equal(answer.outcome, OTLP_ACCEPTED);
	assert_string_equal(answer.text, "");
	assert_true(!strncmp(last, "POST /v1/traces HTTP/1.1\r\n", 26));
	assert_has(last,
		   "\r\nUser-Agent: OTel-OTLP-Exporter-bricktrace/" BT_VERSION "\r\n");
	assert_has(last, "\r\nContent-Type: application/x-protobuf\r\n");
	assert_has(last, "\r\nX-One: 1\r\nX-Two: 2\r\n");
	assert_has(last, "\r\n\r\npayload");
	assert_null(strcasestr(last, "Expect"));
	assert_null(strcasestr(last, "Encoding"));
	assert_int_equal(otlp_transport_sent(transport), 7);
	transmit();
	assert_int_equal(otlp_transport_sent(transport), 14);
	assert_int_equal(n_connections, 1);
	assert_int_equal(n_requests, 2);
}

static void a_closed_connection_is_opened_again(void **state)
{
	(void)state;
	steps[0] = (struct step){ .answer = OK, .requests = 1, .reset = true };
	/* That it is closed is found only when the request is underway. */
	steps[1] = (struct step){ .answer = OK, .requests = 1, .drop = true };
	steps[2] = (struct step){ .answer = OK, .requests = 1 };
	transmit();
	assert_int_equal(answer.outcome, OTLP_ACCEPTED);
	transmit();
	assert_int_equal(answer.outcome, OTLP_ACCEPTED);
	assert_int_equal(n_requests, 2);
	transmit();
	assert_int_equal(answer.outcome, OTLP_ACCEPTED);
	assert_has(last, "\r\n\r\npayload");
	assert_int_equal(n_requests, 4);
}

static void what_follows_a_redirect_is_not_asked(void **state)
{
	(void)state;
	steps[0] = (struct step){ .requests = 1,
				  .answer = "HTTP/1.1 308 Moved\r\nLocation: /else\r\n"
					    "Content-Length: 0\r\n\r\n" };
	transmit();
	assert_int_equal(answer.outcome, OTLP_REFUSED);
	assert_has(answer.text, " answers with HTTP status 308, to go to: /else. Check ");
	assert_int_equal(n_requests, 1);
}

static void an_answer_may_end_early(void **state)
{
	static const char *const whole[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n\n\2\b",
		"HTTP/1.1 503 No\r\nRetry-After: 3\r\n"
		"Content-Length: 9\r\n\r\nxx",
		"HTTP/1.1 20", ""
	};
	static const enum otlp_outcome outcomes[] = { OTLP_ACCEPTED, OTLP_RETRY,
						      OTLP_RETRY, OTLP_RETRY };
	int i;

	(void)state;
	for (i = 0; i < 8; i++)
		steps[i] = (struct step){ .answer = whole[i / 2],
					  .requests = 1,
					  .reset = i % 2 };
	for (i = 0; i < 8; i++) {
		transmit();
		assert_int_equal(answer.outcome, outcomes[i / 2]);
		assert_true(*answer.text);
		assert_int_equal(answer.wait_ns, i / 2 == 1 ? 3000 * MS : 0);
	}
}

static void garbage_is_no_answer(void **state)
{
	(void)state;
	steps[0] =
		(struct step){ .answer = "\0\0\22\4\0\0\0\0\0", .size = 9, .requests = 1 };
	transmit();
	assert_int_equal(answer.outcome, OTLP_RETRY);
	assert_has(answer.text, "Check OTEL_EXPORTER_OTLP_PROTOCOL.");
}

static void an_answer_may_be_too_large(void **state)
{
	static char large[OTLP_MAX_ANSWER + 1000];

	(void)state;
	snprintf(large, 100, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n",
		 OTLP_MAX_ANSWER + 1);
	steps[0] = (struct step){ .answer = large, .size = sizeof(large), .requests = 1 };
	steps[1] = (struct step){ .answer = OK, .requests = 1 };
	transmit();
	assert_int_equal(answer.outcome, OTLP_ACCEPTED);
	assert_has(answer.text, "it is too large");
	/* The rest is not taken for the next answer. */
	transmit();
	assert_string_equal(answer.text, "");
}

static void an_answer_may_have_trailers_without_end(void **state)
{
	static char large[1 << 20];
	size_t n = sprintf(large,
			   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");

	(void)state;
	while (n < sizeof(large) - 16)
		n += sprintf(large + n, "a: b\r\n");
	n += sprintf(large + n, "\r\n");
	steps[0] = (struct step){ .answer = large, .size = n, .requests = 1 };
	steps[1] = (struct step){ .answer = OK, .requests = 1 };
	transmit();
	assert_int_equal(answer.outcome, OTLP_ACCEPTED);
	assert_has(answer.text, "it is too large");
	transmit();
	assert_string_equal(answer.text, "");
}

static void an_announcement_is_no_answer(void **state)
{
	(void)state;
	steps[0] = (struct step){ .answer = "HTTP/1.1 103 Early Hints\r\n\r\n",
				  .requests = 1 };
	steps[1] = (struct step){ .answer = "HTTP/1.1 100 Continue\r\n\r\n" OK,
				  .requests = 1 };
	transmit();
	assert_int_equal(answer.outcome, OTLP_RETRY);
	assert_has(answer.text, "gives no answer");
	transmit();
	assert_int_equal(answer.outcome, OTLP_ACCEPTED);
}

static void a_large_request_may_be_refused_early(void **state)
{
	(void)state;
	request.size = 32 << 20;
	request.data = calloc(1, request.size);
	steps[0] = (struct step){ .answer = "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n",
				  .requests = 1,
				  .unread = true,
				  .delay_ms = 50 };
	transmit();
	/* If the reset overtakes the answer, nobody knows it. */
	assert_true(answer.outcome == OTLP_BAD_DATA || answer.outcome == OTLP_RETRY);
	free(request.data);
}

static void a_request_that_is_too_large_is_not_sent(void **state)
{
	(void)state;
	request.size = OTLP_MAX_REQUEST + 1;
	transmit();
	assert_int_equal(answer.outcome, OTLP_BAD_DATA);
	assert_has(answer.text, "67108865 bytes");
	assert_int_equal(n_connections, 0);
}

static void time_is_limited(void **state)
{
	uint64_t begun = now_ms();

	(void)state;
	target.timeout_ns = 200 * MS;
	steps[0] = (struct step){ .answer = OK, .requests = 1, .delay_ms = 1000 };
	transmit();
	assert_int_equal(answer.outcome, OTLP_RETRY);
	assert_in_range(now_ms() - begun, 200, 900);
}

static void *cancel_later(void *argument)
{
	usleep(200000);
	cancel = true;
	return argument;
}

static void assert_cancelled(void)
{
	uint64_t begun = now_ms();
	pthread_t thread;

	pthread_create(&thread, NULL, cancel_later, NULL);
	transmit();
	assert_int_equal(answer.outcome, OTLP_CANCELLED);
	assert_in_range(now_ms() - begun, 200, 500);
	pthread_join(thread, NULL);
}

static void waiting_is_cancelled(void **state)
{
	(void)state;
	steps[0] = (struct step){ .answer = OK, .requests = 1, .delay_ms = 1000 };
	steps[1] = (struct step){ .answer = OK, .requests = 1 };
	assert_cancelled();
	cancel = false;
	transmit();
	assert_int_equal(answer.outcome, OTLP_ACCEPTED);
}

/* A resolver that does not answer. */
static int resolving;
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
		struct addrinfo **list)
{
	(void)name;
	(void)service;
	(void)hints;
	(void)list;
	resolving++;
	sleep(2);
	resolving--;
	return EAI_AGAIN;
}

static void looking_up_a_name_is_cancelled(void **state)
{
	uint64_t begun;

	(void)state;
	target.url = "http://slow.test/";
	assert_cancelled();
	begun = now_ms();
	end(NULL);
	assert_in_range(now_ms() - begun, 0, 500);
	assert_true(resolving);
	while (resolving)
		usleep(10000);
	begin(NULL);
}

static void compressing_is_cancelled(void **state)
{
	size_t i;

	(void)state;
	target.gzip = true;
	request.size = OTLP_MAX_REQUEST;
	request.data = malloc(request.size);
	for (i = 0; i < request.size; i++)
		request.data[i] = rand();
	assert_cancelled();
	assert_int_equal(n_connections, 0);
	free(request.data);
}

static void round_trip(size_t size)
{
	struct otlp_bytes plain = { .data = malloc(size + 1), .size = size },
			  packed = { 0 };
	uint8_t *again = malloc(size + 1);
	z_stream z = { .next_out = again, .avail_out = size + 1 };
	size_t i;

	for (i = 0; i < size; i++)
		plain.data[i] = rand() % 3;
	assert_int_equal(otlp_gzip(&plain, &packed, &cancel), 0);
	z.next_in = packed.data;
	z.avail_in = packed.size;
	assert_int_equal(inflateInit2(&z, 31), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.total_out, size);
	assert_int_equal(z.avail_in, 0);
	assert_memory_equal(again, plain.data, size);
	inflateEnd(&z);
	free(plain.data);
	free(again);
	otlp_bytes_free(&packed);
}

static void gzip_is_read_by_zlib(void **state)
{
	(void)state;
	round_trip(1);
	round_trip(1000);
	round_trip(1 << 20);
	round_trip((3 << 20) + 1);
}

static void a_compressed_request_says_so(void **state)
{
	(void)state;
	target.gzip = true;
	request.size = 100000;
	request.data = calloc(1, request.size);
	steps[0] = (struct step){ .answer = OK, .requests = 1 };
	transmit();
	assert_int_equal(answer.outcome, OTLP_ACCEPTED);
	assert_has(last, "\r\nContent-Encoding: gzip\r\n");
	assert_in_range(last_body, 20, 2000);
	assert_int_equal(otlp_transport_sent(transport), last_body);
	free(request.data);
}

/* libcurl also has a pair of local sockets, which it makes without asking. */
static int count_inherited(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct sockaddr_storage address;
	socklen_t size;
	struct dirent *d;
	int fd, n = 0;

	while ((d = readdir(dir))) {
		fd = atoi(d->d_name);
		size = sizeof(address);
		if (*d->d_name != '.' &&
		    !getsockname(fd, (struct sockaddr *)&address, &size) &&
		    address.ss_family != AF_UNIX)
			n += !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	}
	closedir(dir);
	return n;
}

/* The receiver's side of the connection would be inherited. */
static void programs_do_not_inherit_connections(void **state)
{
	int before = count_inherited();

	(void)state;
	steps[0] = (struct step){ .answer = OK, .requests = 2 };
	transmit();
	assert_int_equal(answer.outcome, OTLP_ACCEPTED);
	assert_int_equal(count_inherited(), before + 1);
}

/* SIGPIPE has its default action, and ends the process. */
static void a_closed_connection_raises_no_signal(void **state)
{
	int i;

	(void)state;
	request.size = 32 << 20;
	request.data = calloc(1, request.size);
	for (i = 0; i < 4; i++)
		steps[i] = (struct step){ .requests = 1, .unread = true, .reset = i % 2 };
	for (i = 0; i < 4; i++) {
		transmit();
		assert_int_equal(answer.outcome, OTLP_RETRY);
	}
	free(request.data);
}

static void a_target_may_be_wrong(void **state)
{
	char problem[256];

	(void)state;
	target.url = "http://";
	assert_int_equal(otlp_transport_new(&target, &transport, problem, sizeof(problem)),
			 -EINVAL);
	assert_has(problem, "the URL of the receiver is not valid: ");
	assert_null(transport);
	target.url = url;
	target.certificate = "/nothing";
	assert_int_equal(otlp_transport_new(&target, &transport, problem, sizeof(problem)),
			 -EINVAL);
	assert_string_equal(problem, "cannot read the certificates of receivers /nothing: "
				     "No such file or directory");
	assert_null(transport);
	target.certificate = NULL;
	target.url = "file:///etc/passwd";
	transmit();
	assert_int_equal(answer.outcome, OTLP_RETRY);
	assert_has(answer.text, "Protocol \"file\"");
}

static bool exits;
static atomic_bool sent;

static void *transmit_in_thread(void *argument)
{
	otlp_transport_send(transport, &request, &cancel, &answer);
	sent = true;
	return argument;
}

/* What was registered first is called last. */
static void check_exit(void)
{
	if (!exits)
		return;
	usleep(100000);
	_exit(sent && answer.outcome == OTLP_CANCELLED ? 0 : 1);
}

static void a_program_may_exit_while_a_request_is_encrypted(void **state)
{
	char problem[256], tls[80];
	pthread_t thread;
	int status;
	pid_t pid;

	(void)state;
	snprintf(tls, sizeof(tls), "https%s", url + strlen("http"));
	target.url = tls;
	steps[0] = (struct step){ .requests = 1 };
	pid = fork();
	if (!pid) {
		exits = true;
		otlp_transport_new(&target, &transport, problem, sizeof(problem));
		pthread_create(&thread, NULL, transmit_in_thread, NULL);
		usleep(300000);
		exit(2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	target.url = url;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_plain_http),
		TEST(a_closed_connection_is_opened_again),
		TEST(what_follows_a_redirect_is_not_asked),
		TEST(an_answer_may_end_early),
		TEST(garbage_is_no_answer),
		TEST(an_answer_may_be_too_large),
		TEST(an_answer_may_have_trailers_without_end),
		TEST(an_announcement_is_no_answer),
		TEST(a_large_request_may_be_refused_early),
		TEST(a_request_that_is_too_large_is_not_sent),
		TEST(time_is_limited),
		TEST(waiting_is_cancelled),
		TEST(looking_up_a_name_is_cancelled),
		TEST(compressing_is_cancelled),
		TEST(gzip_is_read_by_zlib),
		TEST(a_compressed_request_says_so),
		TEST(programs_do_not_inherit_connections),
		TEST(a_closed_connection_raises_no_signal),
		TEST(a_target_may_be_wrong),
		TEST(a_program_may_exit_while_a_request_is_encrypted),
	};

	atexit(check_exit);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
