// SPDX-License-Identifier: MIT
/*
 * encode RECORDING: reads the runs of a recording into memory, and prints as JSON how much CPU it
 * takes to make their spans, and to put the spans together as requests of 512 runs. The runs are
 * taken 16 at a time, so that they are in the CPU's cache, as those are that were just read.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bricktrace.h"
#include "span.h"

#define RUNS	 100000 /* at most */
#define BATCH	 512
#define TOGETHER 16
#define ROUNDS	 2000000

static struct bt_record *runs[RUNS];
static struct otlp_resource resource = { .message = { (uint8_t *)"\x0a\x02\x0a\x00", 4,
						      0 } };

static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static size_t read_runs(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct bt_recording *recording;
	struct bt_record *record;
	size_t n = 0;

	if (fd < 0)
		err(2, "%s", path);
	if (bt_recording_open(fd, &recording))
		errx(2, "%s", bt_error_text());
	while (n < RUNS && !bt_recording_read(recording, &record) && record)
		if (record->result)
			runs[n++] = record;
	bt_recording_free(recording);
	if (!n)
		errx(2, "%s has no runs", path);
	return n;
}

/* Makes the spans of all runs, each as often as the others, and prints what one took. */
static void measure_spans(size_t n)
{
	size_t rounds = ROUNDS / n + 1, spans = 0, bytes = 0, i, round;
	struct otlp_encoder *encoder = otlp_encoder_new(true);
	struct otlp_bytes some = { 0 };
	double start = cpu_ns();

	for (i = 0; i < n; i += TOGETHER)
		for (round = 0; round < rounds * TOGETHER; round++) {
			size_t one = i + round % TOGETHER;
			uint32_t more;

			some.size = 0;
			if (one < n && otlp_encode(encoder, runs[one], &some, &more))
				errx(1, "no memory");
			spans += one < n ? more : 0;
			bytes += some.size;
		}
	printf("{\"runs\": %zu, \"run_ns\": %.0f, \"spans_per_run\": %.2f, \"bytes_per_span\": %.0f",
	       n, (cpu_ns() - start) / n / rounds, (double)spans / n / rounds,
	       (double)bytes / spans);
	otlp_bytes_free(&some);
	otlp_encoder_free(encoder);
}

/* Puts the spans of runs together, and prints what it took for one of them. */
static void measure_requests(size_t n)
{
	struct otlp_encoder *encoder = otlp_encoder_new(true);
	struct otlp_bytes spans[BATCH] = { 0 }, request = { 0 };
	const size_t rounds = ROUNDS / BATCH;
	struct otlp_piece pieces[BATCH];
	double start;
	uint32_t more;

	for (size_t i = 0; i < BATCH; i++) {
		if (otlp_encode(encoder, runs[i % n], &spans[i], &more))
			errx(1, "no memory");
		pieces[i] = (struct otlp_piece){ &resource, spans[i].data, spans[i].size };
	}
	start = cpu_ns();
	for (size_t i = 0; i < rounds; i++)
		if (otlp_request(pieces, BATCH, &request))
			errx(1, "no memory");
	printf(", \"request_ns_per_run\": %.0f, \"request_bytes\": %zu}\n",
	       (cpu_ns() - start) / rounds / BATCH, request.size);
	for (size_t i = 0; i < BATCH; i++)
		otlp_bytes_free(&spans[i]);
	otlp_bytes_free(&request);
	otlp_encoder_free(encoder);
}

int main(int argc, char **argv)
{
	size_t n;

	if (argc != 2)
		errx(2, "usage: encode RECORDING");
	n = read_runs(argv[1]);
	measure_spans(n);
	measure_requests(n);
	while (n--)
		bt_record_free(runs[n]);
	return 0;
}
