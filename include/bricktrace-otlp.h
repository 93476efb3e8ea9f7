/* SPDX-License-Identifier: MIT */
/*
 * libbricktrace-otlp sends finished runs as spans of OpenTelemetry to a receiver, such as an
 * OpenTelemetry Collector or Jaeger. bricktrace-otlp(3) is an overview and has an example.
 *
 * The library is for programs that want spans without the service bricktrace export. Threads
 * of its own read the stream of a tracer, and send. The program never waits for them, except
 * where it asks to. Without the module there are no runs to export, and the functions still
 * succeed.
 *
 * Functions that return int return 0 on success or a negative errno value. In that case
 * bt_otlp_error_text() says what is wrong and what to do about it. No function is a point at which
 * a thread can be cancelled.
 */
#ifndef BRICKTRACE_OTLP_H
#define BRICKTRACE_OTLP_H

#include <stddef.h>
#include <stdint.h>

#include <bricktrace.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bt_otlp;

/**
 * struct bt_otlp_counts - what became of runs and their spans
 * @runs: The number of runs that were read from the stream or recording.
 * @lost: The number of runs that were lost before they could be read, because the threads of the
 *	exporter did not get enough time, or because of the end.
 * @unsampled: The number of @runs that are not exported, because their trace is not sampled.
 * @spans: The number of spans of the other runs: one a run, and one for each of its slow
 *	calls. This is the sum of the next four.
 * @exported: The number of spans that the receiver has accepted.
 * @rejected: The number of spans that the receiver has refused for good.
 * @dropped: The number of spans that were given up: there was no room in the queue, no memory, or
 *	no time at the end. A receiver may have accepted those of the last request all the same.
 * @queued: The number of spans that wait or are being sent.
 * @queued_bytes: How much memory these take.
 * @requests: The number of requests that were sent, also again.
 * @failures: The number of these that failed and are sent again later.
 * @sent_bytes: The number of bytes of all requests, compressed if they are.
 *
 * All of them are 0 if nothing is exported, as bt_otlp_start() explains. The program allocates this
 * structure, so a later library does not change it.
 */
struct bt_otlp_counts {
	uint64_t runs;
	uint64_t lost;
	uint64_t unsampled;
	uint64_t spans;
	uint64_t exported;
	uint64_t rejected;
	uint64_t dropped;
	uint64_t queued;
	uint64_t queued_bytes;
	uint64_t requests;
	uint64_t failures;
	uint64_t sent_bytes;
};

/**
 * bt_otlp_start() - begin to export the granted runs of a tracer
 * @tracer: The tracer, which must not be freed before bt_otlp_stop(). The function opens the
 *	tracer's stream, of which there can be one.
 * @endpoint: The URL of the receiver, in place of the variable OTEL_EXPORTER_OTLP_ENDPOINT and of
 *	OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, for instance "http://localhost:4318"; NULL for what
 *	the environment says.
 * @otlp: Receives the exporter, which bt_otlp_stop() ends; NULL on error.
 *
 * All other settings come from the environment, as bricktrace-otlp(7) describes. If
 * OTEL_SDK_DISABLED is "true", OTEL_TRACES_EXPORTER is "none" or the module cannot be used, nothing
 * is exported, and the function succeeds.
 *
 * The exporter has two threads, one that reads the stream and one that sends, which are not
 * measured. If the caller is registered with BT_INHERIT_THREADS, the first thread leaves the tracer
 * before this function returns, and creates the second one afterwards. The few system calls up to
 * then count in runs of scope BT_SCOPE_TRACER that are open during this call. All signals are
 * blocked in both threads.
 *
 * A child that fork() creates has no exporter: there bt_otlp_flush() and bt_otlp_counts() fail
 * with -ECHILD, bt_otlp_problem() gives an empty text, and bt_otlp_stop() frees @otlp and nothing
 * that the parent's threads may have been using. A child that needs an exporter makes a tracer and
 * an exporter of its own.
 *
 * Return: 0 or a negative errno value:
 * -EINVAL: @tracer or @otlp is NULL, or @endpoint or a variable is not valid.
 * -EBUSY: The tracer has had a stream already.
 * -EAGAIN: A thread cannot be created.
 * -ENOMEM: There is no memory.
 * Other values are those of bt_stream_open(), such as -ENOTSUP if the module is older than streams.
 */
int bt_otlp_start(struct bt_tracer *tracer, const char *endpoint, struct bt_otlp **otlp);

/**
 * bt_otlp_flush() - wait until the runs that have ended are exported
 * @otlp: The exporter.
 * @timeout_ns: How long to wait at most.
 *
 * The function waits for the runs that ended before it was called, until the receiver has decided
 * about them or they are given up. A request that has failed is sent again at once, unless the
 * receiver has asked for a later time. If that is in vain, it is sent after a second, and then after
 * twice the time before, up to 5 seconds, for as long as somebody flushes.
 *
 * Return: 0 or a negative errno value:
 * -ETIMEDOUT: The time was over before; the exporter goes on.
 * -ECHILD: The exporter is that of a parent process.
 * -EINVAL: @otlp is NULL.
 */
int bt_otlp_flush(struct bt_otlp *otlp, uint64_t timeout_ns);

/**
 * bt_otlp_counts() - get what became of runs and spans
 * @otlp: The exporter.
 * @counts: Receives the counts.
 *
 * Return: 0 or a negative errno value:
 * -ECHILD: The exporter is that of a parent process.
 * -EINVAL: @otlp or @counts is NULL.
 */
int bt_otlp_counts(struct bt_otlp *otlp, struct bt_otlp_counts *counts);

/**
 * bt_otlp_problem() - get what keeps the exporter from exporting
 * @otlp: The exporter. NULL gives an empty text.
 * @text: Receives the text, which is empty if the last request succeeded and the receiver had
 *	nothing to warn of.
 * @size: The size of @text in bytes. The text is cut if it is longer; 512 bytes are enough.
 */
void bt_otlp_problem(struct bt_otlp *otlp, char *text, size_t size);

/**
 * bt_otlp_stop() - export what is left, and end
 * @otlp: The exporter, or NULL, which does nothing.
 * @counts: Receives the final counts, in which what could not be read is lost, and what could not
 *	be exported is dropped; all of them are 0 in a child, and if @otlp is NULL. May be NULL.
 *
 * The function exports the runs that ended before it was called. It waits at most as long as
 * OTEL_BSP_EXPORT_TIMEOUT says, 30 seconds by default, and a tenth of a second for a request that
 * is under way. No other function may be using @otlp. Once exit() was called, as in destructors of
 * C++, nothing is sent by TLS any more, and what is left is dropped.
 */
void bt_otlp_stop(struct bt_otlp *otlp, struct bt_otlp_counts *counts);

/**
 * bt_otlp_error_text() - explain the last error
 *
 * Return: A text that says what was wrong with the last function of this library that failed in
 * this thread, and what to do about it; valid until the thread's next call.
 */
const char *bt_otlp_error_text(void);

#ifdef __cplusplus
}
#endif

#endif /* BRICKTRACE_OTLP_H */
