/* SPDX-License-Identifier: MIT */
/* The way to a receiver: OTLP over HTTP or gRPC, by libcurl. */
#ifndef OTLP_TRANSPORT_H
#define OTLP_TRANSPORT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "bytes.h"
#include "config.h"

/* The largest request and the largest answer, bytes. */
#define OTLP_MAX_REQUEST (64U << 20)
#define OTLP_MAX_ANSWER	 (4U << 20)

/* What became of a request. */
enum otlp_outcome {
	OTLP_ACCEPTED,
	OTLP_RETRY,    /* the receiver or the way to it is not able now */
	OTLP_BAD_DATA, /* refused for good, perhaps because of one span in it */
	OTLP_REFUSED, /* refused for good, whatever was in it: a wrong path, no permission */
	OTLP_CANCELLED, /* @cancel became true; nobody knows whether the request arrived */
};

struct otlp_answer {
	enum otlp_outcome outcome;
	uint64_t rejected; /* OTLP_ACCEPTED: spans or data points that were rejected all the same */
	uint64_t wait_ns; /* OTLP_RETRY: how long the receiver wants to be left alone, or 0 */
	char text[256]; /* what was wrong, printable; empty if nothing was */
};

struct otlp_transport;

/*
 * Prepares requests to a target, which must outlive the transport. Returns 0, or a negative errno
 * value with a text in @problem: -EINVAL if a file of the target cannot be used, -ENOMEM.
 */
int otlp_transport_new(const struct otlp_target *target,
		       struct otlp_transport **transport, char *problem, size_t size);
void otlp_transport_free(struct otlp_transport *transport);

/*
 * Sends one request and waits for its answer, at most for the target's timeout. Within 100 ms
 * after *@cancel has become true it returns. A transport belongs to one thread.
 */
void otlp_transport_send(struct otlp_transport *transport, const struct otlp_bytes *request,
			 const atomic_bool *cancel, struct otlp_answer *answer);

/* An atomic count of bytes that were sent, of requests, as they went over the wire. */
uint64_t otlp_transport_sent(const struct otlp_transport *transport);

#endif
