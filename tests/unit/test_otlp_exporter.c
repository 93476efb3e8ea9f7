// SPDX-License-Identifier: MIT
/* Tests of the exporter with a receiver that this file imitates. */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "backoff.h"
#include "clock.h"
#include "delivery.h"
#include "exporter.h"
#include "otlp_fakes.h"

#define IDS   (1 << 20)
#define NEVER UINT64_MAX

/* What the receiver says about the spans of a request. */
typedef void receive(const uint64_t *ids, size_t n, struct otlp_answer *answer);

/* The receiver. The lock protects what both threads use. */
static struct {
	pthread_mutex_t lock;
	receive *receive;
	unsigned int requests;
	size_t sizes[4096];    /* how many spans each request had */
	uint8_t accepted[IDS]; /* how often each span was */
	uint64_t last_id;
	bool disorder;		   /* a span was accepted after a later one */
	bool beside;		   /* two requests were sent at the same time */
	bool signals;		   /* the thread takes signals */
	char name[16];		   /* of the thread */
	const char *url;	   /* of the last request */
	uint64_t at_ns, times[64]; /* when requests were sent */
	atomic_bool sending;
	unsigned int transports;
} receiver = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool no_memory;	 /* for spans */
static uint64_t step_ns; /* the wait after a failure */

struct otlp_transport {
	const struct otlp_target *target;
	atomic_ulong sent;
};

int __wrap_otlp_transport_new(const struct otlp_target *target, struct otlp_transport **t,
			      char *problem, size_t size);
int __wrap_otlp_transport_new(const struct otlp_target *target, struct otlp_transport **t,
			      char *problem, size_t size)
{
	*t = NULL;
	if (!strcmp(target->url, "bad")) {
		snprintf(problem, size, "bad file");
		return -EINVAL;
	}
	*t = calloc(1, sizeof(**t));
	(*t)->target = target;
	__atomic_fetch_add(&receiver.transports, 1, __ATOMIC_RELAXED);
	return 0;
}

void __wrap_otlp_transport_free(struct otlp_transport *t);
void __wrap_otlp_transport_free(struct otlp_transport *t)
{
	if (t)
		__atomic_fetch_sub(&receiver.transports, 1, __ATOMIC_RELAXED);
	free(t);
}

uint64_t __wrap_otlp_transport_sent(const struct otlp_transport *t);
uint64_t __wrap_otlp_transport_sent(const struct otlp_transport *t)
{
	return t->sent;
}

static void note_request(const struct otlp_transport *t, size_t n)
{
	sigset_t mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	receiver.signals |= !sigismember(&mask, SIGTERM) || !sigismember(&mask, SIGUSR1);
	pthread_getname_np(pthread_self(), receiver.name, sizeof(receiver.name));
	receiver.url = t->target->url;
	if (receiver.requests < 64)
		receiver.times[receiver.requests] = otlp_clock_now();
	receiver.sizes[receiver.requests++ % 4096] = n;
}

static void note_answer(const uint64_t *ids, size_t n, const struct otlp_answer *answer)
{
	size_t i;

	if (answer->outcome != OTLP_ACCEPTED)
		return;
	for (i = 0; i < n; i++) {
		receiver.accepted[ids[i]]++;
		receiver.disorder |= ids[i] < receiver.last_id;
		receiver.last_id = ids[i];
	}
}

void __wrap_otlp_transport_send(struct otlp_transport *t, const struct otlp_bytes *request,
				const atomic_bool *cancel, struct otlp_answer *answer);
void __wrap_otlp_transport_send(struct otlp_transport *t, const struct otlp_bytes *request,
				const atomic_bool *cancel, struct otlp_answer *answer)
{
	size_t n = request->size / FAKE_SPAN, i;
	uint64_t *ids = malloc((n + 1) * sizeof(*ids));
	receive *receive;

	if (atomic_exchange(&receiver.sending, true))
		receiver.beside = true;
	for (i = 0; i < n; i++)
		memcpy(&ids[i], request->data + i * FAKE_SPAN + FAKE_ID, 8);
	*answer = (struct otlp_answer){ .outcome = OTLP_ACCEPTED };
	t->sent += request->size;
	pthread_mutex_lock(&receiver.lock);
	note_request(t, n);
	receive = receiver.receive;
	if (receive)
		receive(ids, n, answer);
	note_answer(ids, n, answer);
	pthread_mutex_unlock(&receiver.lock);
	/* A receiver that says nothing. */
	while (answer->wait_ns == NEVER && !*cancel)
		usleep(1000);
	if (answer->wait_ns == NEVER)
		*answer = (struct otlp_answer){ .outcome = OTLP_CANCELLED };
	receiver.sending = false;
	free(ids);
}

static struct otlp_encoder {
	int unused;
} encoder;

static struct otlp_resources {
	int unused;
} resources;

struct otlp_encoder *__wrap_otlp_encoder_new(bool error_status);
struct otlp_encoder *__wrap_otlp_encoder_new(bool error_status)
{
	(void)error_status;
	return &encoder;
}

void __wrap_otlp_encoder_free(struct otlp_encoder *e);
void __wrap_otlp_encoder_free(struct otlp_encoder *e)
{
	(void)e;
}

struct otlp_resources *__wrap_otlp_resources_new(const struct otlp_config *config);
struct otlp_resources *__wrap_otlp_resources_new(const struct otlp_config *config)
{
	(void)config;
	return no_memory ? NULL : &resources;
}

void __wrap_otlp_resources_free(struct otlp_resources *r);
void __wrap_otlp_resources_free(struct otlp_resources *r)
{
	(void)r;
}

struct otlp_resource *__wrap_otlp_resource_get(struct otlp_resources *r,
					       const struct otlp_process *process);
struct otlp_resource *__wrap_otlp_resource_get(struct otlp_resources *r,
					       const struct otlp_process *process)
{
	(void)r;
	assert_int_equal(process->pid, 42);
	assert_true(process->local);
	__atomic_fetch_add(&fake_resource.references, 1, __ATOMIC_RELAXED);
	return &fake_resource;
}

void __wrap_otlp_config_free(struct otlp_config *config);
void __wrap_otlp_config_free(struct otlp_config *config)
{
	free(config);
}

bool __wrap_otlp_span_sampled(const struct bt_record *record);
bool __wrap_otlp_span_sampled(const struct bt_record *record)
{
	return record->context.flags & 1;
}

/* A run has the span @sequence and one for each slow call, whose number is @missing. */
int __wrap_otlp_encode(struct otlp_encoder *e, const struct bt_record *record,
		       struct otlp_bytes *spans, uint32_t *n);
int __wrap_otlp_encode(struct otlp_encoder *e, const struct bt_record *record,
		       struct otlp_bytes *spans, uint32_t *n)
{
	uint32_t i;

	(void)e;
	if (no_memory)
		return -ENOMEM;
	*n = 1 + record->missing;
	assert_int_equal(otlp_bytes_reserve(spans, *n * FAKE_SPAN), 0);
	for (i = 0; i < *n; i++, spans->size += FAKE_SPAN)
		fake_span(spans->data + spans->size, record->sequence + i);
	return 0;
}

uint64_t __wrap_otlp_backoff_next(struct otlp_backoff *b);
uint64_t __wrap_otlp_backoff_next(struct otlp_backoff *b)
{
	b->step_ns = step_ns;
	return step_ns;
}

/* Receivers. */
static bool has(const uint64_t *ids, size_t n, uint64_t id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static void refuse_if(bool bad, struct otlp_answer *answer)
{
	if (bad)
		*answer = (struct otlp_answer){ .outcome = OTLP_BAD_DATA,
						.text = "bad span" };
}

static void dislikes_one(const uint64_t *ids, size_t n, struct otlp_answer *answer)
{
	refuse_if(has(ids, n, 300), answer);
}

static void dislikes_two(const uint64_t *ids, size_t n, struct otlp_answer *answer)
{
	refuse_if(has(ids, n, 1) || has(ids, n, 512), answer);
}

static void dislikes_all(const uint64_t *ids, size_t n, struct otlp_answer *answer)
{
	(void)ids, (void)n;
	refuse_if(true, answer);
}

static void is_away(const uint64_t *ids, size_t n, struct otlp_answer *answer)
{
	(void)ids, (void)n;
	*answer = (struct otlp_answer){ .outcome = OTLP_RETRY, .text = "no route" };
}

static void asks_for_time(const uint64_t *ids, size_t n, struct otlp_answer *answer)
{
	if (receiver.requests > 1)
		return;
	is_away(ids, n, answer);
	answer->wait_ns = 300 * MS;
}

static void flaps(const uint64_t *ids, size_t n, struct otlp_answer *answer)
{
	if (receiver.requests % 3)
		is_away(ids, n, answer);
	else
		refuse_if(n > 1 && receiver.requests % 7 == 0, answer);
}

static void is_silent(const uint64_t *ids, size_t n, struct otlp_answer *answer)
{
	(void)ids, (void)n;
	*answer = (struct otlp_answer){ .outcome = OTLP_RETRY, .wait_ns = NEVER };
}

static void takes_a_part(const uint64_t *ids, size_t n, struct otlp_answer *answer)
{
	(void)ids, (void)n;
	answer->rejected = 3;
	snprintf(answer->text, sizeof(answer->text), "three are too old");
}

static void takes_less_than_nothing(const uint64_t *ids, size_t n,
				    struct otlp_answer *answer)
{
	(void)ids, (void)n;
	answer->rejected = UINT64_MAX;
}

static void forbids(const uint64_t *ids, size_t n, struct otlp_answer *answer)
{
	(void)ids, (void)n;
	*answer = (struct otlp_answer){ .outcome = OTLP_REFUSED,
					.text = "401 Unauthorized" };
}

/* The tests' side. */
static struct {
	pthread_mutex_t lock;
	unsigned int n;
	char lines[16][512];
} heard = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void hear(void *context, const char *text)
{
	assert_ptr_equal(context, &heard);
	pthread_mutex_lock(&heard.lock);
	snprintf(heard.lines[heard.n++ % 16], sizeof(heard.lines[0]), "%s", text);
	pthread_mutex_unlock(&heard.lock);
}

static bool was_heard(const char *text)
{
	bool found = false;
	unsigned int i;

	pthread_mutex_lock(&heard.lock);
	for (i = 0; i < heard.n && i < 16; i++)
		found |= !!strstr(heard.lines[i], text);
	pthread_mutex_unlock(&heard.lock);
	return found;
}

static int reset(void **state)
{
	(void)state;
	receiver.receive = NULL;
	receiver.requests = 0;
	receiver.last_id = 0;
	receiver.disorder = receiver.beside = receiver.signals = false;
	memset(receiver.accepted, 0, sizeof(receiver.accepted));
	memset(receiver.sizes, 0, sizeof(receiver.sizes));
	heard.n = 0;
	no_memory = false;
	step_ns = 5 * MS;
	return 0;
}

/* Holds after each test. */
static int check(void **state)
{
	(void)state;
	assert_false(receiver.beside);
	assert_false(receiver.disorder);
	assert_false(receiver.signals);
	assert_int_equal(receiver.transports, 0);
	assert_int_equal(fake_resource.references, 1);
	return 0;
}

static void receive_by(receive *receive)
{
	pthread_mutex_lock(&receiver.lock);
	receiver.receive = receive;
	pthread_mutex_unlock(&receiver.lock);
}

static unsigned int requests(void)
{
	unsigned int n;

	pthread_mutex_lock(&receiver.lock);
	n = receiver.requests;
	pthread_mutex_unlock(&receiver.lock);
	return n;
}

static struct otlp_config *config_of(const char *url, uint32_t batch_spans,
				     uint64_t delay_ns)
{
	struct otlp_config *config = calloc(1, sizeof(*config));

	config->targets[OTLP_TRACES] =
		(struct otlp_target){ .enabled = true, .url = (char *)url };
	config->batch_spans = batch_spans;
	config->delay_ns = delay_ns;
	config->queue_spans = 2048;
	config->queue_bytes = 1 << 20;
	return config;
}

static struct otlp_exporter *started(struct otlp_config *config)
{
	struct otlp_exporter *e;
	char problem[256];

	assert_int_equal(
		otlp_exporter_new(config, hear, &heard, &e, problem, sizeof(problem)), 0);
	return e;
}

/* An exporter that sends batches of @batch_spans only, unless it is asked. */
static struct otlp_exporter *lazy(uint32_t batch_spans)
{
	return started(config_of("first", batch_spans, NEVER));
}

static void give_run(struct otlp_exporter *e, uint64_t id, uint32_t slow_calls)
{
	const struct bt_record record = {
		.type = BT_RECORD_RUN,
		.sequence = id,
		.missing = slow_calls,
		.tgid = 42,
		.context.flags = 1,
	};

	otlp_exporter_take(e, &record, true);
}

static void give(struct otlp_exporter *e, uint64_t first, uint64_t last)
{
	for (; first <= last; first++)
		give_run(e, first, 0);
}

static struct bt_otlp_counts counts_of(struct otlp_exporter *e)
{
	struct bt_otlp_counts c;

	otlp_exporter_counts(e, &c);
	assert_int_equal(c.spans, c.exported + c.rejected + c.dropped + c.queued);
	return c;
}

static struct bt_otlp_counts ended(struct otlp_exporter *e, uint64_t timeout_ns)
{
	struct bt_otlp_counts c;

	otlp_exporter_free(e, timeout_ns, &c);
	assert_int_equal(c.spans, c.exported + c.rejected + c.dropped);
	assert_int_equal(c.queued + c.queued_bytes, 0);
	return c;
}

/* Waits until the receiver has had so many requests; the test fails after seconds. */
static void await_requests(unsigned int n)
{
	uint64_t deadline = otlp_clock_deadline(10 * OTLP_SECOND);

	while (requests() < n && otlp_clock_left(deadline))
		usleep(500);
	assert_true(requests() >= n);
}

static void await_heard(const char *text)
{
	uint64_t deadline = otlp_clock_deadline(10 * OTLP_SECOND);

	while (!was_heard(text) && otlp_clock_left(deadline))
		usleep(500);
	assert_true(was_heard(text));
}

static void assert_accepted(uint64_t first, uint64_t last)
{
	for (; first <= last; first++)
		if (receiver.accepted[first] != 1)
			fail_msg("span %lu was accepted %u times", first,
				 receiver.accepted[first]);
}

static void a_full_batch_is_sent_at_once(void **state)
{
	struct otlp_exporter *e = lazy(10);
	struct bt_otlp_counts c;

	(void)state;
	give(e, 1, 9);
	usleep(20000);
	assert_int_equal(requests(), 0);
	give(e, 10, 10);
	await_requests(1);
	give(e, 11, 35);
	assert_int_equal(otlp_exporter_flush(e, 10 * OTLP_SECOND), 0);
	assert_int_equal(receiver.sizes[0], 10);
	assert_int_equal(receiver.sizes[1], 10);
	c = counts_of(e);
	assert_int_equal(c.exported, 35);
	assert_int_equal(c.runs, 35);
	assert_int_equal(c.queued, 0);
	assert_int_equal(c.requests, requests());
	assert_int_equal(c.failures, 0);
	assert_int_equal(c.sent_bytes, 35 * FAKE_SPAN);
	assert_accepted(1, 35);
	assert_string_equal(receiver.name, "bricktrace-otlp");
	ended(e, 0);
	assert_int_equal(heard.n, 0);
}

static void a_smaller_batch_is_sent_after_the_delay(void **state)
{
	struct otlp_exporter *e = started(config_of("first", 10, 100 * MS));
	uint64_t begin = otlp_clock_now();

	(void)state;
	give(e, 1, 1);
	usleep(50000);
	/* A later span does not make the first one wait longer. */
	give(e, 2, 3);
	await_requests(1);
	assert_in_range(receiver.times[0] - begin, 100 * MS, 1000 * MS);
	assert_int_equal(receiver.sizes[0], 3);
	/* The next one waits anew. */
	begin = otlp_clock_now();
	give(e, 4, 4);
	await_requests(2);
	assert_in_range(receiver.times[1] - begin, 100 * MS, 1000 * MS);
	assert_int_equal(ended(e, 0).exported, 4);
}

static void a_run_with_its_slow_calls_is_one_batch(void **state)
{
	struct otlp_exporter *e = lazy(10);
	struct bt_otlp_counts c;

	(void)state;
	give(e, 1, 3);
	give_run(e, 4, 19);
	await_requests(1);
	assert_int_equal(otlp_exporter_flush(e, 10 * OTLP_SECOND), 0);
	assert_int_equal(receiver.sizes[0], 3);
	assert_int_equal(receiver.sizes[1], 20);
	c = ended(e, 0);
	assert_int_equal(c.runs, 4);
	assert_int_equal(c.spans, 23);
	assert_int_equal(c.exported, 23);
	assert_accepted(1, 23);
}

static void what_the_queue_cannot_hold_is_dropped(void **state)
{
	struct otlp_config *config = config_of("first", 100, NEVER);
	struct otlp_exporter *e;
	struct bt_otlp_counts c;

	(void)state;
	receive_by(is_silent);
	config->queue_spans = 250;
	e = started(config);
	give(e, 1, 300);
	await_requests(1);
	c = counts_of(e);
	assert_int_equal(c.queued, 250);
	assert_int_equal(c.dropped, 50);
	assert_true(c.queued_bytes > 250 * FAKE_SPAN);
	assert_int_equal(ended(e, 0).dropped, 300);
	assert_true(was_heard("dropped 250 spans, because they could not be exported"));
}

static void the_oldest_are_kept_and_drops_are_told(void **state)
{
	struct otlp_config *config = config_of("first", 100, NEVER);
	struct otlp_exporter *e;
	size_t item = sizeof(struct otlp_item) + FAKE_SPAN;

	(void)state;
	receive_by(is_away);
	config->queue_bytes = 200 * item;
	e = started(config);
	give(e, 1, 300);
	await_heard("spans, because the queue is full: it has 200 spans");
	assert_int_equal(counts_of(e).queued_bytes, 200 * item);
	assert_int_equal(counts_of(e).dropped, 100);
	receive_by(NULL);
	assert_int_equal(otlp_exporter_flush(e, 10 * OTLP_SECOND), 0);
	assert_accepted(1, 200);
	give(e, 301, 301);
	assert_int_equal(ended(e, 10 * OTLP_SECOND).exported, 201);
	assert_int_equal(receiver.accepted[201] + receiver.accepted[300], 0);
}

static void what_there_is_no_memory_for_is_dropped(void **state)
{
	struct otlp_exporter *e = lazy(100);

	(void)state;
	no_memory = true;
	give(e, 1, 3);
	no_memory = false;
	give(e, 4, 4);
	assert_int_equal(otlp_exporter_flush(e, 10 * OTLP_SECOND), 0);
	assert_int_equal(counts_of(e).dropped, 3);
	ended(e, 0);
	assert_true(was_heard("dropped 3 spans, because there is no memory"));
}

static void a_failed_batch_is_sent_again_until_it_succeeds(void **state)
{
	struct otlp_exporter *e = lazy(10);
	struct bt_otlp_counts c;
	char problem[64];

	(void)state;
	receive_by(is_away);
	give(e, 1, 25);
	await_requests(100);
	otlp_exporter_problem(e, problem, sizeof(problem));
	assert_string_equal(problem, "no route");
	c = counts_of(e);
	assert_int_equal(c.exported + c.dropped, 0);
	assert_true(c.failures >= 99);
	receive_by(NULL);
	assert_int_equal(otlp_exporter_flush(e, 10 * OTLP_SECOND), 0);
	otlp_exporter_problem(e, problem, sizeof(problem));
	assert_string_equal(problem, "");
	assert_accepted(1, 25);
	assert_int_equal(ended(e, 0).exported, 25);
	/* A hundred equal failures make one line, and their end another one. */
	assert_int_equal(heard.n, 2);
	assert_true(was_heard("spans wait and are sent again: no route"));
	assert_true(was_heard("exports again after"));
}

static void nothing_is_lost_or_doubled_when_the_receiver_flaps(void **state)
{
	struct otlp_exporter *e = lazy(64);

	(void)state;
	step_ns = MS / 10;
	receive_by(flaps);
	give(e, 1, 2000);
	assert_int_equal(ended(e, 10 * OTLP_SECOND).exported, 2000);
	assert_accepted(1, 2000);
	assert_true(requests() > 3 * 2000 / 64);
}

static void the_receiver_is_left_alone_as_long_as_it_asks(void **state)
{
	struct otlp_exporter *e = lazy(1);

	(void)state;
	receive_by(asks_for_time);
	give(e, 1, 1);
	await_requests(1);
	/* A flush does not change that. */
	assert_int_equal(otlp_exporter_flush(e, 50 * MS), -ETIMEDOUT);
	await_requests(2);
	assert_in_range(receiver.times[1] - receiver.times[0], 300 * MS, 2000 * MS);
	assert_int_equal(ended(e, 10 * OTLP_SECOND).exported, 1);
}

static void a_flush_does_not_wait_for_the_next_step(void **state)
{
	struct otlp_exporter *e = lazy(1);

	(void)state;
	step_ns = 100 * OTLP_SECOND;
	receive_by(is_away);
	give(e, 1, 1);
	await_requests(1);
	assert_int_equal(otlp_exporter_flush(e, 50 * MS), -ETIMEDOUT);
	assert_int_equal(requests(), 2);
	receive_by(NULL);
	assert_int_equal(otlp_exporter_flush(e, 10 * OTLP_SECOND), 0);
	assert_int_equal(requests(), 3);
	assert_int_equal(ended(e, 0).exported, 1);
}

static void flushes_in_a_loop_are_no_storm_of_requests(void **state)
{
	struct otlp_exporter *e = lazy(1);
	int i;

	(void)state;
	step_ns = 300 * MS;
	receive_by(is_away);
	give(e, 1, 1);
	await_requests(1);
	for (i = 0; i < 50; i++)
		assert_int_equal(otlp_exporter_flush(e, 10 * MS), -ETIMEDOUT);
	assert_in_range(requests(), 3, 4);
	receive_by(NULL);
	assert_int_equal(otlp_exporter_flush(e, 10 * OTLP_SECOND), 0);
	assert_in_range(receiver.times[2] - receiver.times[1], 299 * MS, 3000 * MS);
	assert_in_range(receiver.times[3] - receiver.times[2], 299 * MS, 3000 * MS);
	assert_int_equal(ended(e, 0).exported, 1);
}

static void a_flush_waits_only_for_what_was_before(void **state)
{
	struct otlp_exporter *e = lazy(100);

	(void)state;
	assert_int_equal(otlp_exporter_flush(e, 0), 0);
	give(e, 1, 3);
	assert_int_equal(otlp_exporter_flush(e, 10 * OTLP_SECOND), 0);
	assert_int_equal(requests(), 1);
	/* What comes later is not in a hurry. */
	give(e, 4, 4);
	usleep(20000);
	assert_int_equal(requests(), 1);
	assert_int_equal(ended(e, 10 * OTLP_SECOND).exported, 4);
}

static void room_is_waited_for(void **state)
{
	struct otlp_config *config = config_of("first", 1000, NEVER);
	struct otlp_exporter *e;

	(void)state;
	config->queue_spans = 100;
	e = started(config);
	receive_by(is_away);
	give(e, 1, 50);
	assert_true(otlp_exporter_wait_room(e, 0));
	give(e, 51, 51);
	/* Nothing would be sent otherwise, since the batch is not full. */
	assert_false(otlp_exporter_wait_room(e, 50 * MS));
	assert_true(requests() > 0);
	receive_by(NULL);
	assert_true(otlp_exporter_wait_room(e, 10 * OTLP_SECOND));
	assert_int_equal(counts_of(e).queued, 0);
	ended(e, 0);
}

/* Sends 512 spans of which some are bad, and counts the requests. */
static void assert_found(receive *receive, unsigned int bad, unsigned int requests)
{
	struct otlp_exporter *e = lazy(512);
	struct bt_otlp_counts c;

	receive_by(receive);
	give(e, 1, 512);
	c = ended(e, 10 * OTLP_SECOND);
	assert_int_equal(c.exported, 512 - bad);
	assert_int_equal(c.rejected, bad);
	assert_int_equal(c.requests, requests);
	assert_int_equal(c.failures, 0);
	assert_int_equal(heard.n, 1);
}

static void one_bad_span_is_found(void **state)
{
	(void)state;
	/* The whole, and two halves on each of nine levels. */
	assert_found(dislikes_one, 1, 1 + 2 * 9);
	assert_accepted(1, 299);
	assert_accepted(301, 512);
	assert_true(was_heard("refused 1 spans for good, one of them the span "
			      "2c01000000000000 of the trace aaaa"));
	assert_true(was_heard("aaaa: bad span"));
}

static void two_bad_spans_are_found(void **state)
{
	(void)state;
	/* One in each half. */
	assert_found(dislikes_two, 2, 1 + 2 * (1 + 2 * 8));
	assert_accepted(2, 511);
}

static void a_bad_slow_call_does_not_cost_its_run(void **state)
{
	struct otlp_exporter *e = lazy(8);
	struct bt_otlp_counts c;

	(void)state;
	receive_by(dislikes_one);
	give_run(e, 295, 10);
	c = ended(e, 10 * OTLP_SECOND);
	assert_int_equal(c.exported, 10);
	assert_int_equal(c.rejected, 1);
	assert_accepted(295, 299);
	assert_accepted(301, 305);
}

static void who_refuses_everything_is_not_asked_about_each_span(void **state)
{
	struct otlp_exporter *e = lazy(512);
	struct bt_otlp_counts c;

	(void)state;
	receive_by(dislikes_all);
	give(e, 1, 512);
	assert_int_equal(otlp_exporter_flush(e, 10 * OTLP_SECOND), 0);
	c = counts_of(e);
	assert_int_equal(c.rejected, 512);
	/* Down to the first span, and the other spans of the part that has 16. */
	assert_int_equal(c.requests, 5 + 2 * OTLP_DELIVERY_PATIENCE - 1);
	/* The next batch has its own chance, and few lines are written. */
	receive_by(NULL);
	give(e, 513, 1024);
	c = ended(e, 10 * OTLP_SECOND);
	assert_int_equal(c.exported, 512);
	assert_int_equal(heard.n, 1);
}

static void what_is_rejected_of_a_success_is_not_sent_again(void **state)
{
	struct otlp_exporter *e = lazy(10);
	struct bt_otlp_counts c;

	(void)state;
	receive_by(takes_a_part);
	give(e, 1, 10);
	assert_int_equal(otlp_exporter_flush(e, 10 * OTLP_SECOND), 0);
	c = counts_of(e);
	assert_int_equal(c.requests, 1);
	assert_int_equal(c.exported, 7);
	assert_int_equal(c.rejected, 3);
	assert_true(was_heard("refused 3 spans for good: three are too old"));
	/* More than were sent cannot be rejected. */
	receive_by(takes_less_than_nothing);
	give(e, 11, 20);
	c = ended(e, 10 * OTLP_SECOND);
	assert_int_equal(c.requests, 2);
	assert_int_equal(c.exported, 7);
	assert_int_equal(c.rejected, 13);
}

static void a_refused_batch_is_lost_at_once(void **state)
{
	struct otlp_exporter *e = lazy(10);
	struct bt_otlp_counts c;
	char problem[64];

	(void)state;
	receive_by(forbids);
	give(e, 1, 100);
	assert_int_equal(otlp_exporter_flush(e, 10 * OTLP_SECOND), 0);
	c = counts_of(e);
	assert_int_equal(c.requests, 10);
	assert_int_equal(c.rejected, 100);
	assert_int_equal(heard.n, 1);
	assert_true(was_heard("refuses all spans, which are lost: 401 Unauthorized"));
	otlp_exporter_problem(e, problem, sizeof(problem));
	assert_string_equal(problem, "401 Unauthorized");
	receive_by(NULL);
	give(e, 101, 110);
	assert_int_equal(ended(e, 10 * OTLP_SECOND).exported, 10);
	assert_true(was_heard(
		"exports again after 0 s, in which 0 spans were dropped and 100"));
}

static void the_end_is_not_delayed(void **state)
{
	struct otlp_exporter *e = lazy(10);
	struct bt_otlp_counts c;
	uint64_t begin;

	(void)state;
	receive_by(is_silent);
	give(e, 1, 25);
	await_requests(1);
	begin = otlp_clock_now();
	c = ended(e, 0);
	assert_true(otlp_clock_now() - begin < 500 * MS);
	assert_int_equal(c.dropped, 25);
	/* So it is while a failed request waits, and after a flush that is in vain. */
	step_ns = 100 * OTLP_SECOND;
	receive_by(is_away);
	e = lazy(10);
	give(e, 26, 50);
	await_requests(2);
	begin = otlp_clock_now();
	c = ended(e, 100 * MS);
	assert_in_range(otlp_clock_now() - begin, 100 * MS, 2000 * MS);
	assert_int_equal(c.dropped, 25);
}

static void unsampled_and_lost_runs_are_counted(void **state)
{
	struct bt_record record = { .type = BT_RECORD_RUN, .sequence = 1, .tgid = 42 };
	struct otlp_exporter *e = lazy(10);
	struct bt_otlp_counts c;

	(void)state;
	otlp_exporter_take(e, &record, true);
	record = (struct bt_record){ .type = BT_RECORD_LOSS, .lost = 7 };
	otlp_exporter_take(e, &record, true);
	give(e, 1, 2);
	c = ended(e, 10 * OTLP_SECOND);
	assert_int_equal(c.runs, 3);
	assert_int_equal(c.lost, 7);
	assert_int_equal(c.unsampled, 1);
	assert_int_equal(c.spans, 2);
	assert_int_equal(c.exported, 2);
}

static void another_configuration_holds_from_the_next_request_on(void **state)
{
	struct otlp_exporter *e = lazy(10);
	struct bt_otlp_counts c;
	char problem[256];

	(void)state;
	step_ns = 100 * OTLP_SECOND;
	receive_by(is_away);
	give(e, 1, 15);
	await_requests(1);
	receive_by(NULL);
	/* A configuration that cannot be used changes nothing. */
	assert_int_equal(otlp_exporter_configure(e, config_of("bad", 1, 0), problem,
						 sizeof(problem)),
			 -EINVAL);
	assert_string_equal(problem, "bad file");
	no_memory = true;
	assert_int_equal(otlp_exporter_configure(e, config_of("first", 1, 0), problem,
						 sizeof(problem)),
			 -ENOMEM);
	no_memory = false;
	assert_int_equal(requests(), 1);
	/* What failed goes the new way at once, and the rest in batches of the new size. */
	assert_int_equal(otlp_exporter_configure(e, config_of("second", 4, NEVER),
						 problem, sizeof(problem)),
			 0);
	await_requests(3);
	assert_string_equal(receiver.url, "second");
	assert_int_equal(receiver.sizes[1], 10);
	assert_int_equal(receiver.sizes[2], 4);
	/* Of several ways that nothing has gone the last one counts. */
	assert_int_equal(otlp_exporter_configure(e, config_of("third", 10, NEVER),
						 problem, sizeof(problem)),
			 0);
	assert_int_equal(otlp_exporter_configure(e, config_of("fourth", 10, NEVER),
						 problem, sizeof(problem)),
			 0);
	assert_int_equal(otlp_exporter_flush(e, 10 * OTLP_SECOND), 0);
	assert_string_equal(receiver.url, "fourth");
	c = ended(e, 0);
	assert_int_equal(c.exported, 15);
	/* What went the first way counts, too. */
	assert_int_equal(c.sent_bytes, (10 + 15) * FAKE_SPAN);
	assert_accepted(1, 15);
}

static void bounds_can_be_lowered(void **state)
{
	struct otlp_exporter *e = lazy(100);
	struct otlp_config *config = config_of("second", 100, NEVER);
	char problem[256];

	(void)state;
	receive_by(is_away);
	give(e, 1, 50);
	config->queue_spans = 20;
	assert_int_equal(otlp_exporter_configure(e, config, problem, sizeof(problem)), 0);
	give(e, 51, 51);
	assert_int_equal(counts_of(e).dropped, 1);
	assert_int_equal(counts_of(e).queued, 50);
	receive_by(NULL);
	assert_int_equal(ended(e, 10 * OTLP_SECOND).exported, 50);
}

static void an_exporter_may_have_nothing_to_do(void **state)
{
	struct otlp_config *config = config_of("first", 10, NEVER);
	struct otlp_exporter *e;
	struct bt_otlp_counts c;
	char problem[256];

	(void)state;
	config->disabled = true;
	e = started(config);
	give(e, 1, 20);
	c = counts_of(e);
	assert_int_equal(c.runs, 20);
	assert_int_equal(c.spans + c.unsampled, 0);
	/* It can be told to begin, and to end. */
	config = config_of("second", 10, NEVER);
	assert_int_equal(otlp_exporter_configure(e, config, problem, sizeof(problem)), 0);
	give(e, 21, 30);
	await_requests(1);
	receive_by(is_away);
	give(e, 31, 55);
	await_requests(2);
	config = config_of("third", 10, NEVER);
	config->targets[OTLP_TRACES].enabled = false;
	assert_int_equal(otlp_exporter_configure(e, config, problem, sizeof(problem)), 0);
	assert_int_equal(otlp_exporter_flush(e, 10 * OTLP_SECOND), 0);
	c = ended(e, 0);
	assert_int_equal(c.exported, 10);
	assert_int_equal(c.dropped, 25);
	assert_true(
		was_heard("dropped 25 spans, because nothing is to be exported any more"));
}

static void a_bad_configuration_starts_nothing(void **state)
{
	struct otlp_exporter *e = (void *)&e;
	char problem[256];

	(void)state;
	assert_int_equal(otlp_exporter_new(config_of("bad", 1, 0), NULL, NULL, &e,
					   problem, sizeof(problem)),
			 -EINVAL);
	assert_string_equal(problem, "bad file");
	assert_null(e);
}

/* Somebody looks at the counts all the time. */
static atomic_bool looking;

static void *look(void *context)
{
	struct bt_otlp_counts c;
	uint64_t wrong = 0;

	while (looking) {
		otlp_exporter_counts(context, &c);
		wrong += c.spans != c.exported + c.rejected + c.dropped + c.queued;
		otlp_exporter_flush(context, MS);
		usleep(100);
	}
	return (void *)wrong;
}

static void counts_always_add_up(void **state)
{
	struct otlp_config *config = config_of("first", 64, MS);
	struct otlp_exporter *e;
	struct bt_otlp_counts c;
	uint64_t sum = 0, id;
	char problem[64];
	pthread_t looker;
	void *wrong;

	(void)state;
	step_ns = MS / 10;
	receive_by(flaps);
	e = started(config);
	looking = true;
	pthread_create(&looker, NULL, look, e);
	for (id = 1; id < 200000; id += 1 + id % 3) {
		give_run(e, id, id % 3);
		sum += 1 + id % 3;
		if (id % 20000 < 3)
			assert_int_equal(
				otlp_exporter_configure(e, config_of("again", 64, MS),
							problem, sizeof(problem)),
				0);
		if (id % 500 < 3)
			usleep(100);
	}
	looking = false;
	pthread_join(looker, &wrong);
	assert_null(wrong);
	c = ended(e, 10 * OTLP_SECOND);
	assert_int_equal(c.spans, sum);
	assert_int_equal(c.rejected, 0);
	for (id = 1; id < 200010; id++)
		sum -= receiver.accepted[id];
	assert_int_equal(sum, c.dropped);
	assert_true(c.exported > 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, check)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_full_batch_is_sent_at_once),
		TEST(a_smaller_batch_is_sent_after_the_delay),
		TEST(a_run_with_its_slow_calls_is_one_batch),
		TEST(what_the_queue_cannot_hold_is_dropped),
		TEST(the_oldest_are_kept_and_drops_are_told),
		TEST(what_there_is_no_memory_for_is_dropped),
		TEST(a_failed_batch_is_sent_again_until_it_succeeds),
		TEST(nothing_is_lost_or_doubled_when_the_receiver_flaps),
		TEST(the_receiver_is_left_alone_as_long_as_it_asks),
		TEST(a_flush_does_not_wait_for_the_next_step),
		TEST(flushes_in_a_loop_are_no_storm_of_requests),
		TEST(a_flush_waits_only_for_what_was_before),
		TEST(room_is_waited_for),
		TEST(one_bad_span_is_found),
		TEST(two_bad_spans_are_found),
		TEST(a_bad_slow_call_does_not_cost_its_run),
		TEST(who_refuses_everything_is_not_asked_about_each_span),
		TEST(what_is_rejected_of_a_success_is_not_sent_again),
		TEST(a_refused_batch_is_lost_at_once),
		TEST(the_end_is_not_delayed),
		TEST(unsampled_and_lost_runs_are_counted),
		TEST(another_configuration_holds_from_the_next_request_on),
		TEST(bounds_can_be_lowered),
		TEST(an_exporter_may_have_nothing_to_do),
		TEST(a_bad_configuration_starts_nothing),
		TEST(counts_always_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
