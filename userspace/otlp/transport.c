// SPDX-License-Identifier: MIT
/* The way to a receiver: OTLP over HTTP or gRPC, by libcurl. */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include <curl/curl.h>

#include <bricktrace.h>

#include "../lib/utf8.h"
#include "gzip.h"
#include "reply.h"
#include "transport.h"

#define TRANSPORT_AGENT "OTel-OTLP-Exporter-bricktrace/" BT_VERSION

/* How often *@cancel is looked at, ms. */
#define TRANSPORT_POLL 50

/* How much libcurl hands to the kernel at a time, bytes: its default of 64 KiB costs twice the CPU. */
#define TRANSPORT_PIECE (512L << 10)

/* A gRPC message: a byte that says whether it is compressed, and its length. */
struct transport_prefix {
	uint8_t compressed;
	uint32_t size; /* big-endian */
} __attribute__((packed));

/*
 * The most bytes of the headers and trailers of an answer. Without a bound of ours, libcurl keeps
 * trailers for as long as a receiver sends some.
 */
#define TRANSPORT_HEADERS (64U << 10)

/*
 * When a program exits, OpenSSL frees what all of its connections use, although other threads may
 * be using it. Therefore no transport uses TLS from then on.
 */
static atomic_bool transport_exits;
static atomic_uint transport_busy;	/* transports that use TLS just now */
static _Atomic pid_t transport_process; /* whose they are; a child has none of them */

struct otlp_transport {
	const struct otlp_target *target;
	bool tls;
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	struct otlp_bytes compressed;
	/* What is sent: the prefix of a gRPC message, and a message. */
	struct transport_prefix prefix;
	const struct otlp_bytes *message;
	size_t prefix_size, offset;
	size_t headers_size; /* of the answer's headers so far */
	struct otlp_reply reply;
	_Atomic uint64_t sent;
	char receiver[80], failure[CURL_ERROR_SIZE];
};

static size_t transport_read(char *to, size_t size, size_t n, void *context)
{
	struct otlp_transport *t = context;
	const uint8_t *from = (const uint8_t *)&t->prefix + t->offset;
	size_t left = t->prefix_size - t->offset;

	if (t->offset >= t->prefix_size) {
		from = t->message->data + (t->offset - t->prefix_size);
		left = t->prefix_size + t->message->size - t->offset;
	}
	size = size * n < left ? size * n : left;
	memcpy(to, from, size);
	t->offset += size;
	t->sent += size;
	return size;
}

/* libcurl sends the request again if a kept connection turns out to be closed. */
static int transport_seek(void *context, curl_off_t offset, int origin)
{
	struct otlp_transport *t = context;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	t->offset = offset;
	return CURL_SEEKFUNC_OK;
}

static size_t transport_write(char *from, size_t size, size_t n, void *context)
{
	struct otlp_transport *t = context;
	struct otlp_bytes *body = &t->reply.body;

	size *= n;
	t->reply.cut = size > OTLP_MAX_ANSWER - body->size;
	if (t->reply.cut || otlp_bytes_reserve(body, size))
		return CURL_WRITEFUNC_ERROR;
	memcpy(body->data + body->size, from, size);
	body->size += size;
	return size;
}

static size_t transport_count_header(char *from, size_t size, size_t n, void *context)
{
	struct otlp_transport *t = context;

	(void)from;
	t->headers_size += size * n;
	t->reply.cut = t->headers_size > TRANSPORT_HEADERS;
	return t->reply.cut ? CURL_WRITEFUNC_ERROR : size * n;
}

/* Programs that the process executes must not get its connections. */
static curl_socket_t transport_socket(void *context, curlsocktype purpose,
				      struct curl_sockaddr *address)
{
	(void)context;
	(void)purpose;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static int transport_add_header(struct otlp_transport *t, const char *header)
{
	struct curl_slist *list = curl_slist_append(t->headers, header);

	if (list)
		t->headers = list;
	return list ? 0 : -ENOMEM;
}

static int transport_add_headers(struct otlp_transport *t, long timeout_ms)
{
	const struct otlp_target *target = t->target;
	/* A receiver is not asked whether it wants the request: that costs time. */
	const char *http[] = { "Content-Type: application/x-protobuf",
			       "Expect:", target->gzip ? "Content-Encoding: gzip" : NULL,
			       NULL };
	char timeout[64];
	const char *grpc[] = { "Content-Type: application/grpc",
			       "Expect:",
			       "TE: trailers",
			       timeout,
			       target->gzip ? "Grpc-Encoding: gzip" : NULL,
			       NULL };
	const char **h;
	char **own;
	int err = 0;

	/* The number has 8 digits at most. */
	snprintf(timeout, sizeof(timeout), "Grpc-Timeout: %ldm",
		 timeout_ms < 99999999 ? timeout_ms : 99999999);
	for (h = target->protocol == OTLP_GRPC ? grpc : http; *h && !err; h++)
		err = transport_add_header(t, *h);
	for (own = target->headers; own && *own && !err; own++)
		err = transport_add_header(t, *own);
	return err;
}

static int transport_set_security(struct otlp_transport *t)
{
	const struct otlp_target *target = t->target;
	CURL *c = t->easy;
	int err = 0;

	if (target->certificate) {
		err |= curl_easy_setopt(c, CURLOPT_CAINFO, target->certificate);
		err |= curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	if (target->client_certificate)
		err |= curl_easy_setopt(c, CURLOPT_SSLCERT, target->client_certificate);
	if (target->client_key)
		err |= curl_easy_setopt(c, CURLOPT_SSLKEY, target->client_key);
	/* Without a password OpenSSL would ask for that of an encrypted key on the terminal. */
	err |= curl_easy_setopt(c, CURLOPT_KEYPASSWD, "");
	/* libcurl reads variables such as http_proxy also in a privileged program. */
	if (getauxval(AT_SECURE))
		err |= curl_easy_setopt(c, CURLOPT_PROXY, "");
	return err;
}

static int transport_set_protocol(struct otlp_transport *t)
{
	CURL *c = t->easy;
	int err;

	if (t->target->protocol != OTLP_GRPC)
		return curl_easy_setopt(c, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	err = curl_easy_setopt(c, CURLOPT_HTTP_VERSION,
			       CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
	/* A proxy for HTTP need not know HTTP/2. */
	err |= curl_easy_setopt(c, CURLOPT_HTTPPROXYTUNNEL, 1L);
	/* libcurl 7.88 fails when it uses an HTTP/2 connection without TLS again. */
	if (!strncasecmp(t->target->url, "http:", 5))
		err |= curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
	return err;
}

static int transport_set_options(struct otlp_transport *t)
{
	long timeout_ms = t->target->timeout_ns / 1000000 ?: 1;
	CURL *c = t->easy;
	int err;

	err = transport_add_headers(t, timeout_ms);
	err |= curl_easy_setopt(c, CURLOPT_URL, t->target->url);
	err |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	err |= curl_easy_setopt(c, CURLOPT_USERAGENT, TRANSPORT_AGENT);
	err |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers);
	err |= curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, timeout_ms);
	err |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
	err |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	/* Nothing waits for a thread that looks up a name: it ends by itself. */
	err |= curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
	err |= curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->failure);
	err |= curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, transport_socket);
	err |= curl_easy_setopt(c, CURLOPT_POST, 1L);
	err |= curl_easy_setopt(c, CURLOPT_UPLOAD_BUFFERSIZE, TRANSPORT_PIECE);
	err |= curl_easy_setopt(c, CURLOPT_READFUNCTION, transport_read);
	err |= curl_easy_setopt(c, CURLOPT_READDATA, t);
	err |= curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, transport_seek);
	err |= curl_easy_setopt(c, CURLOPT_SEEKDATA, t);
	err |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, transport_write);
	err |= curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	err |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, transport_count_header);
	err |= curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	err |= transport_set_security(t);
	return err | transport_set_protocol(t);
}

static int transport_check_file(const char *what, const char *path, char *problem,
				size_t size)
{
	if (!path || !access(path, R_OK))
		return 0;
	snprintf(problem, size, "cannot read the %s %s: %m", what, path);
	return -EINVAL;
}

static int transport_check_files(const struct otlp_target *target, char *problem,
				 size_t size)
{
	return transport_check_file("certificates of receivers", target->certificate, problem, size) ?:
		       transport_check_file("client's certificate", target->client_certificate, problem, size) ?:
		       transport_check_file("client's key", target->client_key, problem,
					    size);
}

/* Messages name the receiver without what may be secret in its URL. */
static int transport_name_receiver(struct otlp_transport *t, char *problem, size_t size)
{
	static const CURLUPart hidden[] = { CURLUPART_USER, CURLUPART_PASSWORD,
					    CURLUPART_QUERY, CURLUPART_FRAGMENT };
	CURLU *url = curl_url();
	char *name = NULL;
	CURLUcode err;
	size_t i;

	err = url ? curl_url_set(url, CURLUPART_URL, t->target->url, 0) :
		    CURLUE_OUT_OF_MEMORY;
	for (i = 0; i < sizeof(hidden) / sizeof(*hidden) && !err; i++)
		err = curl_url_set(url, hidden[i], NULL, 0);
	/* The path is that of the method of gRPC, and long. */
	if (!err && t->target->protocol == OTLP_GRPC)
		err = curl_url_set(url, CURLUPART_PATH, NULL, 0);
	if (!err)
		err = curl_url_get(url, CURLUPART_URL, &name, 0);
	if (!err)
		bti_utf8_copy(t->receiver, sizeof(t->receiver), name,
			      BTI_UTF8_REPLACE_CONTROLS);
	else
		snprintf(problem, size, "the URL of the receiver is not valid: %s",
			 curl_url_strerror(err));
	curl_free(name);
	curl_url_cleanup(url);
	return !err ? 0 : err == CURLUE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
}

/* Waits until no other thread uses TLS, which takes TRANSPORT_POLL, but a second at most. */
static void transport_exit(void)
{
	int i;

	if (getpid() != transport_process)
		return;
	transport_exits = true;
	for (i = 0; transport_busy && i < 1000; i++)
		usleep(1000);
}

/* What is registered later than OpenSSL's function is called before it. */
static void transport_init_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	atexit(transport_exit);
}

static void transport_init_process(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, transport_init_curl);
	if (transport_process == getpid())
		return;
	transport_process = getpid();
	transport_busy = 0;
}

/* Returns whether curl may be used, until transport_leave(). */
static bool transport_enter(const struct otlp_transport *t)
{
	transport_busy += t->tls;
	if (!t->tls || !transport_exits)
		return true;
	transport_busy--;
	return false;
}

static void transport_leave(const struct otlp_transport *t)
{
	transport_busy -= t->tls;
}

static int transport_init(struct otlp_transport *t, char *problem, size_t size)
{
	int err = transport_check_files(t->target, problem, size);

	transport_init_process();
	t->tls = !strncasecmp(t->target->url, "https:", 6);
	err = err ?: transport_name_receiver(t, problem, size);
	if (err)
		return err;
	t->reply.receiver = t->receiver;
	t->reply.protocol = t->target->protocol;
	t->easy = curl_easy_init();
	t->multi = curl_multi_init();
	if (!t->easy || !t->multi) {
		snprintf(problem, size, "no memory for requests to %s", t->receiver);
		return -ENOMEM;
	}
	if (transport_set_options(t)) {
		snprintf(problem, size,
			 "%s cannot send requests to %s. Install a complete libcurl",
			 curl_version(), t->receiver);
		return -EINVAL;
	}
	return 0;
}

int otlp_transport_new(const struct otlp_target *target,
		       struct otlp_transport **transport, char *problem, size_t size)
{
	struct otlp_transport *t = calloc(1, sizeof(*t));
	int err = -ENOMEM;

	*transport = NULL;
	if (!t) {
		snprintf(problem, size, "no memory for requests");
		return err;
	}
	t->target = target;
	err = transport_init(t, problem, size);
	if (err)
		otlp_transport_free(t);
	else
		*transport = t;
	return err;
}

void otlp_transport_free(struct otlp_transport *t)
{
	if (!t)
		return;
	if (transport_enter(t)) {
		curl_easy_cleanup(t->easy);
		curl_multi_cleanup(t->multi);
		transport_leave(t);
	}
	curl_slist_free_all(t->headers);
	otlp_bytes_free(&t->compressed);
	otlp_bytes_free(&t->reply.body);
	free(t);
}

/* libcurl takes some trailers of HTTP/2 for headers. */
static const char *transport_header(struct otlp_transport *t, const char *name)
{
	struct curl_header *header;

	if (curl_easy_header(t->easy, name, 0, CURLH_HEADER | CURLH_TRAILER, -1, &header))
		return NULL;
	return header->value;
}

static const char *transport_advice(CURLcode err)
{
	switch (err) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return "Check OTEL_EXPORTER_OTLP_CERTIFICATE.";
	case CURLE_SSL_CERTPROBLEM:
		return "Check OTEL_EXPORTER_OTLP_CLIENT_KEY.";
	case CURLE_COULDNT_CONNECT:
		return "Is the receiver running?";
	case CURLE_UNSUPPORTED_PROTOCOL: /* The answer is not HTTP. */
	case CURLE_HTTP2:
	case CURLE_GOT_NOTHING:
		return "Check OTEL_EXPORTER_OTLP_PROTOCOL.";
	default:
		return "";
	}
}

static void transport_get_reply(struct otlp_transport *t, CURLcode err)
{
	struct otlp_reply *r = &t->reply;
	curl_off_t wait = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &r->status);
	curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &wait);
	r->retry_after_s = wait;
	r->failure = !err ? NULL : *t->failure ? t->failure : curl_easy_strerror(err);
	r->advice = transport_advice(err);
	r->content_type = transport_header(t, "content-type");
	r->location = transport_header(t, "location");
	r->grpc_status = transport_header(t, "grpc-status");
	r->grpc_message = transport_header(t, "grpc-message");
	r->grpc_details = transport_header(t, "grpc-status-details-bin");
}

/* Returns whether the exchange ended before *@cancel became true; sets @err to libcurl's result. */
static bool transport_perform(struct otlp_transport *t, const atomic_bool *cancel,
			      CURLcode *err)
{
	CURLMcode failed = curl_multi_add_handle(t->multi, t->easy);
	CURLMsg *message;
	int running = 1;

	while (!failed && running && !*cancel && !(t->tls && transport_exits)) {
		failed = curl_multi_perform(t->multi, &running);
		if (!failed && running)
			failed = curl_multi_poll(t->multi, NULL, 0, TRANSPORT_POLL, NULL);
	}
	message = curl_multi_info_read(t->multi, &running);
	*err = failed ? CURLE_OUT_OF_MEMORY : message ? message->data.result : CURLE_OK;
	return failed || message;
}

static void transport_exchange(struct otlp_transport *t, const atomic_bool *cancel,
			       struct otlp_answer *answer)
{
	CURLcode err;

	t->prefix.compressed = t->target->gzip;
	t->prefix.size = htonl(t->message->size);
	t->prefix_size = t->target->protocol == OTLP_GRPC ? sizeof(t->prefix) : 0;
	t->offset = 0;
	t->headers_size = 0;
	t->reply.body.size = 0;
	t->reply.cut = false;
	*t->failure = 0;
	answer->outcome = OTLP_CANCELLED;
	if (!transport_enter(t))
		return;
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE,
			 (curl_off_t)(t->prefix_size + t->message->size));
	if (transport_perform(t, cancel, &err)) {
		transport_get_reply(t, err);
		otlp_reply_judge(&t->reply, answer);
	}
	curl_multi_remove_handle(t->multi, t->easy);
	transport_leave(t);
}

void otlp_transport_send(struct otlp_transport *t, const struct otlp_bytes *request,
			 const atomic_bool *cancel, struct otlp_answer *answer)
{
	int err = 0;

	*answer = (struct otlp_answer){ .outcome = OTLP_BAD_DATA };
	if (request->size > OTLP_MAX_REQUEST) {
		snprintf(answer->text, sizeof(answer->text),
			 "a request of %zu bytes is larger than %u bytes, the limit of OTLP. "
			 "Lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE.",
			 request->size, OTLP_MAX_REQUEST);
		return;
	}
	t->message = request;
	if (t->target->gzip) {
		err = otlp_gzip(request, &t->compressed, cancel);
		t->message = &t->compressed;
	}
	if (!err) {
		transport_exchange(t, cancel, answer);
		return;
	}
	answer->outcome = err == -ECANCELED ? OTLP_CANCELLED : OTLP_RETRY;
	if (err == -ENOMEM)
		snprintf(answer->text, sizeof(answer->text),
			 "no memory to compress a request of %zu bytes", request->size);
}

uint64_t otlp_transport_sent(const struct otlp_transport *t)
{
	return t->sent;
}
