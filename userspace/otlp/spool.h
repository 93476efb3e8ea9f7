/* SPDX-License-Identifier: MIT */
/*
 * What one thread, the producer, hands to another, the sender: the queue, the counts, and the
 * reasons for the sender to wake up. The functions take the lock themselves and hold it for a
 * moment only, so the producer never waits for the receiver.
 *
 * Every span that was counted in @counts is at every moment exported, rejected, dropped or in the
 * queue: whatever moves spans from one of these to another does so without releasing the lock.
 */
#ifndef OTLP_SPOOL_H
#define OTLP_SPOOL_H

#include "batch.h"
#include "bricktrace-otlp.h"
#include "clock.h"
#include "queue.h"

/* How often there was a reason for the sender not to go on waiting. */
struct otlp_spool_calls {
	unsigned int flushes, changes;
};

/* Those of the dropped spans that never came into the queue. */
struct otlp_spool_drops {
	uint64_t full; /* the queue had no room */
	uint64_t no_memory;
};

struct otlp_spool {
	pthread_mutex_t lock; /* protects everything below */
	pthread_cond_t work;  /* the sender waits for it */
	pthread_cond_t room;  /* those who wait for the sender */
	struct otlp_queue queue;
	uint32_t batch_spans; /* a batch with so many spans is sent at once */
	uint64_t delay_ns;    /* a smaller one after this time */
	uint64_t since_ns;    /* no span in the queue that is not being sent is older */
	uint64_t put;	 /* spans that were ever put into the queue, all in one order */
	uint64_t urgent; /* the first so many of these are sent without delay */
	unsigned int waiters; /* for room */
	struct otlp_spool_calls calls;
	bool idle; /* the sender waits for a batch */
	bool stop;
	struct bt_otlp_counts counts; /* without @queued, @queued_bytes and @sent_bytes */
	struct otlp_spool_drops drops;
	char problem[256];
};

void otlp_spool_init(struct otlp_spool *spool);
/* Frees what is left; no thread uses the spool any more. */
void otlp_spool_destroy(struct otlp_spool *spool);

/* Sets the bounds, also while there is something in the queue, and lets the sender know. */
void otlp_spool_configure(struct otlp_spool *spool, const struct otlp_config *config);

/* The producer's: it has read a run of which @n spans are in @item; runs without; and a loss. */
/* Takes the item, or drops it if there is no room. An item of NULL stands for no memory. */
void otlp_spool_put(struct otlp_spool *spool, struct otlp_item *item, uint32_t n);
void otlp_spool_skip(struct otlp_spool *spool, bool unsampled);
void otlp_spool_lose(struct otlp_spool *spool, uint64_t runs);

/*
 * The sender's. Waits until a batch is to be sent and fills it, and returns true. Returns false
 * when there is to be an end.
 */
bool otlp_spool_wait_batch(struct otlp_spool *spool, struct otlp_batch *batch);
struct otlp_spool_calls otlp_spool_called(struct otlp_spool *spool);
/*
 * Waits until @latest_ns; from @earliest_ns on only until there is a flush that @seen does not
 * have; and at any time only until there is another configuration or the end. Returns true if it
 * was one of these and not the time.
 */
bool otlp_spool_sleep(struct otlp_spool *spool, uint64_t earliest_ns, uint64_t latest_ns,
		      struct otlp_spool_calls seen);
bool otlp_spool_stopped(struct otlp_spool *spool);
/* A request was sent. @problem is what is wrong, or empty; @again says that it is sent again. */
void otlp_spool_sent(struct otlp_spool *spool, const char *problem, bool again);
/* What became of the batch's next spans, as many as all three together. */
void otlp_spool_settle(struct otlp_spool *spool, struct otlp_batch *batch,
		       uint64_t exported, uint64_t rejected, uint64_t dropped);
/* Whatever is in the queue is dropped. Returns how many spans that were. */
uint64_t otlp_spool_drop(struct otlp_spool *spool);

/* Others'. */
bool otlp_spool_wait_room(struct otlp_spool *spool, uint64_t timeout_ns);
int otlp_spool_flush(struct otlp_spool *spool, uint64_t timeout_ns);
void otlp_spool_stop(struct otlp_spool *spool);
struct otlp_spool_drops otlp_spool_counts(struct otlp_spool *spool,
					  struct bt_otlp_counts *counts);
void otlp_spool_problem(struct otlp_spool *spool, char *problem, size_t size);

#endif
