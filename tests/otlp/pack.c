// SPDX-License-Identifier: MIT
/*
 * pack RECORDING: prints as JSON how much CPU a span takes that protobuf-c packs, the C library
 * with which fluent/ctraces writes spans. The message is there already, in the CPU's cache. A
 * program that uses protobuf-c pays this, and for making the message, too.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#include "bricktrace.h"
#include "opentelemetry/proto/trace/v1/trace.pb-c.h"
#include "span.h"

#define SPANS  32
#define ROUNDS 2000

#define message	       Opentelemetry__Proto__Trace__V1__ScopeSpans
#define message_(name) opentelemetry__proto__trace__v1__scope_spans__##name

/* Makes the messages of the first runs of the recording. */
static void read_messages(const char *path, message *messages[SPANS])
{
	struct otlp_encoder *encoder = otlp_encoder_new(true);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct otlp_bytes bytes = { 0 };
	struct bt_recording *recording;
	struct bt_record *record;
	uint32_t n;

	if (!encoder || bt_recording_open(fd, &recording))
		errx(1, "%s: %s", path, bt_error_text());
	for (int i = 0; i < SPANS; i++) {
		bytes.size = 0;
		if (bt_recording_read(recording, &record) || !record ||
		    otlp_encode(encoder, record, &bytes, &n))
			errx(1, "%s: the recording is too short", path);
		messages[i] = message_(unpack)(NULL, bytes.size, bytes.data);
		if (!messages[i])
			errx(1, "a span is not a message of protobuf");
		bt_record_free(record);
	}
	bt_recording_free(recording);
	otlp_encoder_free(encoder);
	otlp_bytes_free(&bytes);
}

int main(int argc, char **argv)
{
	struct otlp_bytes bytes = { 0 };
	struct timespec start, end;
	message *messages[SPANS];
	size_t sum = 0;

	if (argc != 2)
		errx(2, "usage: pack RECORDING");
	read_messages(argv[1], messages);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
	for (int i = 0; i < ROUNDS * SPANS; i++) {
		bytes.size = 0;
		if (otlp_bytes_reserve(&bytes,
				       message_(get_packed_size)(messages[i % SPANS])))
			errx(1, "no memory");
		sum += message_(pack)(messages[i % SPANS], bytes.data);
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
	printf("{\"cpu_us\": %.3f, \"span_bytes\": %.1f}\n",
	       ((end.tv_sec - start.tv_sec) * 1e6 + (end.tv_nsec - start.tv_nsec) / 1e3) /
		       ROUNDS / SPANS,
	       (double)sum / ROUNDS / SPANS);
	return 0;
}
