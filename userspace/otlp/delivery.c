// SPDX-License-Identifier: MIT
/* The sender's work. */
#include <stdio.h>
#include <sys/param.h>

#include "delivery.h"

void otlp_delivery_init(struct otlp_delivery *d, struct otlp_spool *spool)
{
	*d = (struct otlp_delivery){ .spool = spool };
	otlp_batch_init(&d->batch);
}

static void delivery_close(struct otlp_way *way)
{
	otlp_transport_free(way->transport);
	otlp_config_free(way->config);
	*way = (struct otlp_way){ 0 };
}

void otlp_delivery_destroy(struct otlp_delivery *d)
{
	delivery_close(&d->way);
	delivery_close(&d->next);
	otlp_batch_free(&d->batch);
	otlp_bytes_free(&d->request);
}

void otlp_delivery_redirect(struct otlp_delivery *d, struct otlp_way way)
{
	struct otlp_way unused;

	pthread_mutex_lock(&d->spool->lock);
	unused = d->next;
	d->next = way;
	pthread_mutex_unlock(&d->spool->lock);
	delivery_close(&unused);
}

uint64_t otlp_delivery_sent_bytes(struct otlp_delivery *d)
{
	uint64_t bytes;

	pthread_mutex_lock(&d->spool->lock);
	bytes = d->sent_bytes;
	if (d->way.transport)
		bytes += otlp_transport_sent(d->way.transport);
	pthread_mutex_unlock(&d->spool->lock);
	return bytes;
}

/* Goes another way from now on if there is one. */
static void delivery_turn(struct otlp_delivery *d)
{
	struct otlp_way old = { 0 };

	pthread_mutex_lock(&d->spool->lock);
	if (d->next.config) {
		old = d->way;
		if (old.transport)
			d->sent_bytes += otlp_transport_sent(old.transport);
		d->way = d->next;
		d->next = (struct otlp_way){ 0 };
	}
	pthread_mutex_unlock(&d->spool->lock);
	delivery_close(&old);
}

static void delivery_check(struct otlp_delivery *d)
{
	struct bt_otlp_counts counts;
	struct otlp_spool_drops drops = otlp_spool_counts(d->spool, &counts);

	otlp_trouble_check(&d->trouble, otlp_clock_now(), &counts, &drops);
}

/* Waits before the request is sent again. */
static void delivery_wait(struct otlp_delivery *d, uint64_t asked_ns,
			  struct otlp_spool_calls seen)
{
	uint64_t step_ns = otlp_backoff_next(&d->backoff), latest, earliest, now;
	bool called = false;

	latest = otlp_clock_deadline(MAX(step_ns, asked_ns));
	if (d->hurried)
		asked_ns = MAX(asked_ns, MIN(step_ns, OTLP_DELIVERY_HURRY));
	earliest = otlp_clock_deadline(asked_ns);
	while (!called && (now = otlp_clock_now()) < latest) {
		called = otlp_spool_sleep(d->spool, earliest,
					  MIN(latest, now + OTLP_TROUBLE_SUM), seen);
		delivery_check(d);
	}
	/* Whoever calls does not want to wait for long. */
	if (called && !d->hurried)
		otlp_backoff_reset(&d->backoff);
	d->hurried = called || (d->hurried && step_ns <= OTLP_DELIVERY_HURRY);
}

static void delivery_tell(struct otlp_delivery *d, const struct otlp_answer *answer)
{
	struct bt_otlp_counts counts;

	otlp_spool_counts(d->spool, &counts);
	otlp_trouble_answer(&d->trouble, otlp_clock_now(), answer, &counts);
	delivery_check(d);
}

/* Sends the request once. */
static void delivery_try(struct otlp_delivery *d, struct otlp_answer *answer)
{
	*answer = (struct otlp_answer){ .outcome = OTLP_CANCELLED };
	delivery_turn(d);
	if (!d->way.transport)
		return;
	otlp_transport_send(d->way.transport, &d->request, &d->cancel, answer);
	otlp_spool_sent(d->spool, answer->text, answer->outcome == OTLP_RETRY);
	delivery_tell(d, answer);
}

/*
 * Sends the next @n spans of the batch until the receiver has decided about them, or until they
 * are given up, which is OTLP_CANCELLED.
 */
static void delivery_send(struct otlp_delivery *d, uint64_t n, struct otlp_answer *answer)
{
	static const struct otlp_answer no_memory = { OTLP_RETRY, 0, 0,
						      "there is no memory for a request" };
	struct otlp_spool_calls seen;
	bool packed = false;

	while (!otlp_spool_stopped(d->spool)) {
		seen = otlp_spool_called(d->spool);
		packed = packed || !otlp_batch_pack(&d->batch, n, &d->request);
		if (packed) {
			delivery_try(d, answer);
		} else {
			*answer = no_memory;
			delivery_tell(d, answer);
		}
		if (answer->outcome != OTLP_RETRY) {
			otlp_backoff_reset(&d->backoff);
			d->hurried = false;
			return;
		}
		delivery_wait(d, answer->wait_ns, seen);
	}
	*answer = (struct otlp_answer){ .outcome = OTLP_CANCELLED };
}

/* The receiver has refused the next @n spans, and @span is one of them, or NULL. */
static void delivery_refuse(struct otlp_delivery *d, uint64_t n, const char *text)
{
	const uint8_t *span = NULL;
	size_t size = 0;

	if (n == 1)
		span = otlp_batch_span(&d->batch, &size);
	otlp_trouble_refused(&d->trouble, otlp_clock_now(), n, span, size, text);
	otlp_spool_settle(d->spool, &d->batch, 0, n, 0);
}

static void delivery_accept(struct otlp_delivery *d, uint64_t n,
			    const struct otlp_answer *answer)
{
	uint64_t rejected = MIN(answer->rejected, n);

	d->refused = 0;
	if (rejected)
		otlp_trouble_refused(&d->trouble, otlp_clock_now(), rejected, NULL, 0,
				     answer->text);
	otlp_spool_settle(d->spool, &d->batch, n - rejected, rejected, 0);
}

static void delivery_give_up(struct otlp_delivery *d, uint64_t n)
{
	otlp_spool_settle(d->spool, &d->batch, 0, 0, n);
	if (otlp_spool_stopped(d->spool))
		d->left += n;
	else
		otlp_trouble_dropped(&d->trouble, n + otlp_spool_drop(d->spool),
				     "nothing is to be exported any more");
}

/*
 * Delivers the next @n spans of the batch. If the receiver cannot take them because of what they
 * are, it gets both halves one after the other, so that the spans that it cannot take are found
 * with at most 2 @n - 1 requests.
 */
static void delivery_part(struct otlp_delivery *d, uint64_t n)
{
	struct otlp_answer answer;

	if (d->refused >= OTLP_DELIVERY_PATIENCE) {
		delivery_refuse(d, n, "it has refused those before, too");
		return;
	}
	delivery_send(d, n, &answer);
	switch (answer.outcome) {
	case OTLP_ACCEPTED:
		delivery_accept(d, n, &answer);
		break;
	case OTLP_BAD_DATA:
		if (n > 1) {
			delivery_part(d, n / 2);
			delivery_part(d, n - n / 2);
			break;
		}
		d->refused++;
		delivery_refuse(d, 1, answer.text);
		break;
	case OTLP_REFUSED:
		otlp_spool_settle(d->spool, &d->batch, 0, n, 0);
		break;
	default:
		delivery_give_up(d, n);
	}
}

void otlp_delivery_run(struct otlp_delivery *d)
{
	while (otlp_spool_wait_batch(d->spool, &d->batch)) {
		d->refused = 0;
		delivery_part(d, d->batch.spans);
		delivery_check(d);
	}
	otlp_trouble_dropped(&d->trouble, d->left + otlp_spool_drop(d->spool),
			     "they could not be exported before the end");
}
