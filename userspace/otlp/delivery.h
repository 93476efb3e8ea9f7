/* SPDX-License-Identifier: MIT */
/*
 * The sender's work: batches go to the receiver, again if need be, until each span is accepted,
 * refused or given up.
 */
#ifndef OTLP_DELIVERY_H
#define OTLP_DELIVERY_H

#include "backoff.h"
#include "spool.h"
#include "trouble.h"

/*
 * After so many single spans in a row were refused, the others of their batch count as refused
 * too: it is not a span that the receiver does not like.
 */
#define OTLP_DELIVERY_PATIENCE 16

/*
 * After a flush, a request is sent again at once. If that fails, too, further flushes have to wait
 * for the next step, of at most this time: somebody may flush in a loop.
 */
#define OTLP_DELIVERY_HURRY (5 * OTLP_SECOND)

/* Where spans are sent to. Without a transport they are dropped. */
struct otlp_way {
	struct otlp_config *config; /* which @transport uses */
	struct otlp_transport *transport;
};

struct otlp_delivery {
	struct otlp_spool *spool;
	struct otlp_way way; /* the sender's, who alone uses it; others look at it under the lock */
	struct otlp_way next; /* under the lock of the spool: what is to be used instead */
	uint64_t sent_bytes;  /* likewise: those of earlier ways */
	atomic_bool cancel;   /* what is being sent is given up */
	struct otlp_trouble trouble;
	struct otlp_batch batch;
	struct otlp_bytes request;
	struct otlp_backoff backoff;
	bool hurried;	      /* a flush has cut a wait short */
	unsigned int refused; /* single spans of the batch, in a row */
	uint64_t left;	      /* spans that were given up because of the end */
};

void otlp_delivery_init(struct otlp_delivery *delivery, struct otlp_spool *spool);
void otlp_delivery_destroy(struct otlp_delivery *delivery);

/* From the next request on, spans go another way, which the delivery owns. */
void otlp_delivery_redirect(struct otlp_delivery *delivery, struct otlp_way way);
uint64_t otlp_delivery_sent_bytes(struct otlp_delivery *delivery);

/* Delivers batches until the spool is stopped; then drops what is left. */
void otlp_delivery_run(struct otlp_delivery *delivery);

#endif
