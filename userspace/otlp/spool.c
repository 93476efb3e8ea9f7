// SPDX-License-Identifier: MIT
/* What the producer hands to the sender. */
#include <errno.h>
#include <stdio.h>

#include "spool.h"

void otlp_spool_init(struct otlp_spool *s)
{
	*s = (struct otlp_spool){ .lock = PTHREAD_MUTEX_INITIALIZER };
	otlp_clock_condition(&s->work);
	otlp_clock_condition(&s->room);
	otlp_queue_init(&s->queue, 0, 0);
}

void otlp_spool_destroy(struct otlp_spool *s)
{
	otlp_spool_drop(s);
	pthread_cond_destroy(&s->work);
	pthread_cond_destroy(&s->room);
	pthread_mutex_destroy(&s->lock);
}

void otlp_spool_configure(struct otlp_spool *s, const struct otlp_config *config)
{
	pthread_mutex_lock(&s->lock);
	s->queue.max_spans = config->queue_spans;
	s->queue.max_bytes = config->queue_bytes;
	s->batch_spans = config->batch_spans;
	s->delay_ns = config->delay_ns;
	s->calls.changes++;
	pthread_cond_signal(&s->work);
	/* There may be more room now. */
	pthread_cond_broadcast(&s->room);
	pthread_mutex_unlock(&s->lock);
}

/* Returns whether the sender has to know of the @n spans that were put into the queue. */
static bool spool_is_news(const struct otlp_spool *s, bool first, uint32_t n)
{
	/* While the sender is idle nothing is being sent, so all spans of the queue wait. */
	return s->idle && (first || (s->queue.spans >= s->batch_spans &&
				     s->queue.spans - n < s->batch_spans));
}

void otlp_spool_put(struct otlp_spool *s, struct otlp_item *item, uint32_t n)
{
	bool first, taken, wake = false;

	pthread_mutex_lock(&s->lock);
	first = !s->queue.first;
	taken = item && otlp_queue_put(&s->queue, item);
	s->counts.runs++;
	s->counts.spans += n;
	if (taken) {
		s->put += n;
		if (first)
			s->since_ns = otlp_clock_now();
		wake = spool_is_news(s, first, n);
	} else {
		s->counts.dropped += n;
		*(item ? &s->drops.full : &s->drops.no_memory) += n;
	}
	pthread_mutex_unlock(&s->lock);
	if (!taken)
		otlp_item_free(item);
	if (wake)
		pthread_cond_signal(&s->work);
}

void otlp_spool_skip(struct otlp_spool *s, bool unsampled)
{
	pthread_mutex_lock(&s->lock);
	s->counts.runs++;
	s->counts.unsampled += unsampled;
	pthread_mutex_unlock(&s->lock);
}

void otlp_spool_lose(struct otlp_spool *s, uint64_t runs)
{
	pthread_mutex_lock(&s->lock);
	s->counts.lost += runs;
	pthread_mutex_unlock(&s->lock);
}

/* Returns when the spans that wait are to be sent, which may be long ago. */
static uint64_t spool_due(const struct otlp_spool *s)
{
	if (s->queue.spans >= s->batch_spans || s->put - s->queue.spans < s->urgent ||
	    s->waiters)
		return 0;
	return s->delay_ns > UINT64_MAX - s->since_ns ? UINT64_MAX :
							s->since_ns + s->delay_ns;
}

bool otlp_spool_wait_batch(struct otlp_spool *s, struct otlp_batch *batch)
{
	bool due = false;

	pthread_mutex_lock(&s->lock);
	s->idle = true;
	while (!s->stop && !due) {
		if (!s->queue.first)
			pthread_cond_wait(&s->work, &s->lock);
		else if (spool_due(s) <= otlp_clock_now())
			due = true;
		else
			otlp_clock_wait(&s->work, &s->lock, spool_due(s));
	}
	s->idle = false;
	if (due) {
		otlp_batch_fill(batch, &s->queue, s->batch_spans);
		s->since_ns = otlp_clock_now();
	}
	pthread_mutex_unlock(&s->lock);
	return due;
}

struct otlp_spool_calls otlp_spool_called(struct otlp_spool *s)
{
	struct otlp_spool_calls calls;

	pthread_mutex_lock(&s->lock);
	calls = s->calls;
	pthread_mutex_unlock(&s->lock);
	return calls;
}

bool otlp_spool_sleep(struct otlp_spool *s, uint64_t earliest_ns, uint64_t latest_ns,
		      struct otlp_spool_calls seen)
{
	uint64_t now, until;
	bool called = false;

	pthread_mutex_lock(&s->lock);
	while ((now = otlp_clock_now()) < latest_ns && !called) {
		bool flush = s->calls.flushes != seen.flushes;

		called = s->stop || s->calls.changes != seen.changes ||
			 (flush && now >= earliest_ns);
		until = flush && earliest_ns < latest_ns ? earliest_ns : latest_ns;
		if (!called)
			otlp_clock_wait(&s->work, &s->lock, until);
	}
	pthread_mutex_unlock(&s->lock);
	return called;
}

bool otlp_spool_stopped(struct otlp_spool *s)
{
	bool stop;

	pthread_mutex_lock(&s->lock);
	stop = s->stop;
	pthread_mutex_unlock(&s->lock);
	return stop;
}

void otlp_spool_sent(struct otlp_spool *s, const char *problem, bool again)
{
	pthread_mutex_lock(&s->lock);
	s->counts.requests++;
	s->counts.failures += again;
	snprintf(s->problem, sizeof(s->problem), "%s", problem);
	pthread_mutex_unlock(&s->lock);
}

void otlp_spool_settle(struct otlp_spool *s, struct otlp_batch *batch, uint64_t exported,
		       uint64_t rejected, uint64_t dropped)
{
	uint64_t n = exported + rejected + dropped;
	struct otlp_item *item, *next;
	size_t bytes;

	item = otlp_batch_settle(batch, n, &bytes);
	pthread_mutex_lock(&s->lock);
	otlp_queue_release(&s->queue, n, bytes);
	s->counts.exported += exported;
	s->counts.rejected += rejected;
	s->counts.dropped += dropped;
	pthread_cond_broadcast(&s->room);
	pthread_mutex_unlock(&s->lock);
	for (; item; item = next) {
		next = item->next;
		otlp_item_free(item);
	}
}

uint64_t otlp_spool_drop(struct otlp_spool *s)
{
	struct otlp_batch batch;
	uint64_t n = 0, spans;
	bool more;

	otlp_batch_init(&batch);
	do {
		pthread_mutex_lock(&s->lock);
		more = s->queue.first;
		if (more)
			otlp_batch_fill(&batch, &s->queue, UINT32_MAX);
		pthread_mutex_unlock(&s->lock);
		spans = batch.spans;
		otlp_spool_settle(s, &batch, 0, 0, spans);
		n += spans;
	} while (more);
	otlp_batch_free(&batch);
	return n;
}

static bool spool_has_room(const struct otlp_spool *s)
{
	return s->queue.spans <= s->queue.max_spans / 2 &&
	       s->queue.bytes <= s->queue.max_bytes / 2;
}

bool otlp_spool_wait_room(struct otlp_spool *s, uint64_t timeout_ns)
{
	uint64_t deadline = otlp_clock_deadline(timeout_ns);
	bool room;

	pthread_mutex_lock(&s->lock);
	s->waiters++;
	pthread_cond_signal(&s->work);
	while (!(room = spool_has_room(s)) && otlp_clock_wait(&s->room, &s->lock, deadline))
		;
	s->waiters--;
	pthread_mutex_unlock(&s->lock);
	return room;
}

int otlp_spool_flush(struct otlp_spool *s, uint64_t timeout_ns)
{
	uint64_t deadline = otlp_clock_deadline(timeout_ns), put;
	bool done;

	pthread_mutex_lock(&s->lock);
	put = s->put;
	s->urgent = put;
	s->calls.flushes++;
	pthread_cond_signal(&s->work);
	/* The queue is settled in the order in which it was filled. */
	while (!(done = s->put - s->queue.spans >= put) &&
	       otlp_clock_wait(&s->room, &s->lock, deadline))
		;
	pthread_mutex_unlock(&s->lock);
	return done ? 0 : -ETIMEDOUT;
}

void otlp_spool_stop(struct otlp_spool *s)
{
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
}

struct otlp_spool_drops otlp_spool_counts(struct otlp_spool *s,
					  struct bt_otlp_counts *counts)
{
	struct otlp_spool_drops drops;

	pthread_mutex_lock(&s->lock);
	*counts = s->counts;
	counts->queued = s->queue.spans;
	counts->queued_bytes = s->queue.bytes;
	drops = s->drops;
	pthread_mutex_unlock(&s->lock);
	return drops;
}

void otlp_spool_problem(struct otlp_spool *s, char *problem, size_t size)
{
	pthread_mutex_lock(&s->lock);
	snprintf(problem, size, "%s", s->problem);
	pthread_mutex_unlock(&s->lock);
}
