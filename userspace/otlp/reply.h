/* SPDX-License-Identifier: MIT */
/* What a receiver answers, and what follows from it. */
#ifndef OTLP_REPLY_H
#define OTLP_REPLY_H

#include "transport.h"

struct otlp_reply {
	enum otlp_protocol protocol;
	const char *receiver; /* its URL, printable and short */
	const char *failure;  /* what was wrong with the exchange, or NULL */
	const char *advice;   /* what to do about @failure */
	long status;	      /* of HTTP; 0: there is no answer */
	int64_t retry_after_s;
	/* Headers or trailers, or NULL. */
	const char *content_type, *location, *grpc_status, *grpc_message, *grpc_details;
	struct otlp_bytes body;
	/* The headers are too large, or the body is, of which @body has the beginning then. */
	bool cut;
};

/*
 * Judges a reply as the OTLP specification says. Where it leaves a choice:
 *
 * No answer, of whatever cause, is OTLP_RETRY: also a certificate or a wrong port is often put right
 * while the queue still has room.
 *
 * HTTP: any 2xx is OTLP_ACCEPTED, even if the answer is too large, ends early or cannot be read,
 * because the receiver would get everything twice. 400, 413 and 422 are OTLP_BAD_DATA; 429, 502,
 * 503 and 504 are OTLP_RETRY; others, and all redirects, are OTLP_REFUSED.
 *
 * gRPC: INVALID_ARGUMENT, and RESOURCE_EXHAUSTED without RetryInfo, which says that the message is
 * too large, are OTLP_BAD_DATA. INTERNAL, UNKNOWN and FAILED_PRECONDITION are OTLP_REFUSED: a
 * Collector whose own exporter is not permitted to send says INTERNAL. Without a status of gRPC,
 * the status of HTTP decides, but 400 is OTLP_REFUSED; so is 200, if the answer is complete or too
 * large.
 */
void otlp_reply_judge(const struct otlp_reply *reply, struct otlp_answer *answer);

#endif
