// SPDX-License-Identifier: MIT
/* Tests of the queue of spans, of batches, of the waits between requests, and of what is said. */
#include "backoff.h"
#include "batch.h"
#include "otlp_fakes.h"
#include "transport.h"
#include "trouble.h"

#define S OTLP_SECOND

static struct otlp_item *item_of(uint64_t first_id, uint32_t n)
{
	struct otlp_item *item = malloc(sizeof(*item) + n * FAKE_SPAN);
	uint32_t i;

	*item = (struct otlp_item){ .resource = &fake_resource,
				    .n = n,
				    .size = n * FAKE_SPAN };
	fake_resource.references++;
	for (i = 0; i < n; i++)
		fake_span(item->spans + i * FAKE_SPAN, first_id + i);
	return item;
}

/* Fills the queue with runs of so many spans, until there is a 0. */
static void put(struct otlp_queue *q, const uint32_t *sizes)
{
	uint64_t id = 1;

	otlp_queue_init(q, 1000, 1 << 20);
	for (; *sizes; id += *sizes++)
		assert_true(otlp_queue_put(q, item_of(id, *sizes)));
}

static void drain(struct otlp_queue *q)
{
	struct otlp_item *item;

	while ((item = otlp_queue_take(q)))
		otlp_item_free(item);
	assert_int_equal(fake_resource.references, 1);
}

static void a_queue_gives_items_in_order(void **state)
{
	struct otlp_queue q;
	struct otlp_item *item;
	int round, i;

	(void)state;
	otlp_queue_init(&q, 1000, 1 << 20);
	for (round = 0; round < 2; round++) {
		assert_null(otlp_queue_take(&q));
		for (i = 1; i <= 3; i++)
			assert_true(otlp_queue_put(&q, item_of(0, i)));
		for (i = 1; i <= 3; i++) {
			item = otlp_queue_take(&q);
			assert_int_equal(item->n, i);
			otlp_item_free(item);
		}
	}
	drain(&q);
}

static void a_queue_has_a_bound_of_spans(void **state)
{
	struct otlp_item *large = item_of(0, 4), *fits = item_of(0, 3);
	struct otlp_queue q;

	(void)state;
	otlp_queue_init(&q, 5, 1 << 20);
	assert_true(otlp_queue_put(&q, item_of(0, 2)));
	assert_false(otlp_queue_put(&q, large));
	assert_true(otlp_queue_put(&q, fits));
	assert_int_equal(q.spans, 5);
	/* What was taken counts until it is released. */
	otlp_item_free(otlp_queue_take(&q));
	assert_false(otlp_queue_put(&q, large));
	otlp_queue_release(&q, 2, 0);
	otlp_queue_release(&q, 2, 0);
	assert_true(otlp_queue_put(&q, large));
	/* A bound that is lowered below what there is holds, too. */
	q.max_spans = 1;
	fits = item_of(0, 1);
	assert_false(otlp_queue_put(&q, fits));
	otlp_item_free(fits);
	drain(&q);
}

static void a_queue_has_a_bound_of_bytes(void **state)
{
	struct otlp_item *item = item_of(0, 1);
	struct otlp_queue q;

	(void)state;
	otlp_queue_init(&q, 100, 2 * otlp_item_bytes(item));
	assert_true(otlp_item_bytes(item) > FAKE_SPAN + sizeof(void *));
	assert_true(otlp_queue_put(&q, item));
	assert_true(otlp_queue_put(&q, item_of(0, 1)));
	assert_int_equal(q.bytes, q.max_bytes);
	item = item_of(0, 1);
	assert_false(otlp_queue_put(&q, item));
	otlp_queue_release(&q, 1, otlp_item_bytes(item));
	assert_true(otlp_queue_put(&q, item));
	drain(&q);
}

/* Takes a batch, checks its spans and items, and frees it. */
static void assert_batch(struct otlp_queue *q, uint32_t max_spans, uint64_t spans,
			 size_t items)
{
	struct otlp_batch b;

	otlp_batch_init(&b);
	otlp_batch_fill(&b, q, max_spans);
	assert_int_equal(b.spans, spans);
	assert_int_equal(b.items, items);
	otlp_batch_free(&b);
}

static void a_batch_divides_no_run(void **state)
{
	static const uint32_t sizes[] = { 2, 2, 1, 9, 3, 0 };
	struct otlp_queue q;

	(void)state;
	put(&q, sizes);
	assert_batch(&q, 5, 5, 3);
	assert_batch(&q, 5, 9, 1);
	assert_batch(&q, 5, 3, 1);
	drain(&q);
}

static void a_batch_fits_into_a_request(void **state)
{
	struct otlp_item *items[3];
	struct otlp_queue q;
	int i;

	(void)state;
	otlp_queue_init(&q, 1000, SIZE_MAX);
	for (i = 0; i < 3; i++) {
		items[i] = item_of(0, 1);
		/* The bytes need not be there, since nobody reads them. */
		items[i]->size = OTLP_MAX_REQUEST / 2 - 1000;
		assert_true(otlp_queue_put(&q, items[i]));
	}
	assert_batch(&q, 100, 2, 2);
	assert_batch(&q, 100, 1, 1);
	/* The resources count, too. */
	fake_resource.message.size = 2000;
	for (i = 0; i < 2; i++) {
		items[i] = item_of(0, 1);
		items[i]->size = OTLP_MAX_REQUEST / 2 - 1000;
		assert_true(otlp_queue_put(&q, items[i]));
	}
	assert_batch(&q, 100, 1, 1);
	fake_resource.message.size = 0;
	drain(&q);
}

/* Packs the next @n spans and checks their ids. */
static void assert_packed(struct otlp_batch *b, uint64_t n, uint64_t first_id)
{
	struct otlp_bytes request = { 0 };
	uint64_t i, id;

	assert_int_equal(otlp_batch_pack(b, n, &request), 0);
	assert_int_equal(request.size, n * FAKE_SPAN);
	for (i = 0; i < n; i++) {
		memcpy(&id, request.data + i * FAKE_SPAN + FAKE_ID, 8);
		assert_int_equal(id, first_id + i);
	}
	otlp_bytes_free(&request);
}

/* Settles the next @n spans, and checks that @items items are left over. */
static void assert_settled(struct otlp_batch *b, uint64_t n, size_t items)
{
	size_t bytes, sum = 0;
	struct otlp_item *item = otlp_batch_settle(b, n, &bytes), *next;

	for (; item; item = next, items--) {
		next = item->next;
		sum += otlp_item_bytes(item);
		otlp_item_free(item);
	}
	assert_int_equal(items, 0);
	assert_int_equal(bytes, sum);
}

static void a_batch_is_settled_in_any_parts(void **state)
{
	static const uint32_t sizes[] = { 3, 1, 4, 0 };
	const uint8_t *span;
	struct otlp_queue q;
	struct otlp_batch b;
	uint64_t id;
	size_t size;

	(void)state;
	put(&q, sizes);
	otlp_batch_init(&b);
	otlp_batch_fill(&b, &q, 8);
	assert_packed(&b, 8, 1);
	assert_packed(&b, 2, 1);
	assert_settled(&b, 2, 0);
	assert_packed(&b, 1, 3);
	assert_packed(&b, 4, 3);
	assert_settled(&b, 1, 1);
	assert_settled(&b, 3, 1);
	assert_packed(&b, 2, 7);
	span = otlp_batch_span(&b, &size);
	assert_int_equal(size, FAKE_SPAN);
	memcpy(&id, span + FAKE_ID, 8);
	assert_int_equal(id, 7);
	assert_settled(&b, 2, 1);
	assert_int_equal(b.spans, 0);
	/* It can be filled again. */
	put(&q, sizes);
	otlp_batch_fill(&b, &q, 8);
	assert_packed(&b, 8, 1);
	assert_settled(&b, 8, 3);
	otlp_batch_free(&b);
}

static void waits_become_longer_and_vary(void **state)
{
	static const unsigned int steps[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
	struct otlp_backoff backoff = { 0 };
	uint64_t wait, least = UINT64_MAX, most = 0;
	size_t i, round;

	(void)state;
	for (round = 0; round < 50; round++) {
		for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
			wait = otlp_backoff_next(&backoff);
			assert_in_range(wait, steps[i] * S / 10 * 8,
					steps[i] * S / 10 * 12);
			if (!i) {
				least = wait < least ? wait : least;
				most = wait > most ? wait : most;
			}
		}
		otlp_backoff_reset(&backoff);
	}
	assert_true(most - least > S / 10);
}

static struct {
	unsigned int n;
	char last[1024];
} said;

static void hear(void *context, const char *text)
{
	(void)context;
	said.n++;
	snprintf(said.last, sizeof(said.last), "%s", text);
}

static void assert_said(unsigned int n, const char *text)
{
	assert_int_equal(said.n, n);
	if (n && !strstr(said.last, text))
		fail_msg("'%s' lacks '%s'", said.last, text);
	said.n = 0;
}

static void equal_failures_make_few_lines(void **state)
{
	const struct otlp_answer failure = { .outcome = OTLP_RETRY, .text = "no route" };
	const struct otlp_answer success = { .outcome = OTLP_ACCEPTED };
	struct bt_otlp_counts counts = { .dropped = 5, .queued = 512 };
	struct otlp_trouble t = { .log = hear };
	const struct otlp_spool_drops drops = { 0 };
	uint64_t now;

	(void)state;
	otlp_trouble_answer(&t, 1 * S, &failure, &counts);
	assert_said(1, "cannot export, and so 512 spans wait and are sent again: no route");
	counts.dropped = 9;
	for (now = 1 * S; now < 101 * S; now += S) {
		otlp_trouble_answer(&t, now, &failure, &counts);
		otlp_trouble_check(&t, now, &counts, &drops);
	}
	assert_said(
		1,
		"cannot export for 60 s, in which 4 spans were dropped and 0 refused; 512 spans wait: no route");
	otlp_trouble_answer(&t, now, &success, &counts);
	assert_said(1, "exports again after 100 s, in which 4 spans were dropped");
	otlp_trouble_answer(&t, now, &success, &counts);
	otlp_trouble_check(&t, now + 100 * S, &counts, &drops);
	assert_said(0, NULL);
}

static void drops_are_summed_up(void **state)
{
	struct bt_otlp_counts counts = { .queued = 2048, .queued_bytes = 4096 };
	struct otlp_trouble t = { .log = hear };
	struct otlp_spool_drops drops = { 0 };
	uint64_t now;

	(void)state;
	for (now = 1 * S; now < 22 * S; now += S) {
		drops.full += 10;
		otlp_trouble_check(&t, now, &counts, &drops);
	}
	assert_said(
		3,
		"dropped 100 spans, because the queue is full: it has 2048 spans and 4096");
	drops.no_memory = 3;
	otlp_trouble_check(&t, now, &counts, &drops);
	assert_said(1, "dropped 3 spans, because there is no memory");
}

static void refusals_are_summed_up_and_one_is_named(void **state)
{
	struct otlp_trouble t = { .log = hear };
	uint8_t span[FAKE_SPAN];

	(void)state;
	fake_span(span, 0x0102030405060708);
	otlp_trouble_refused(&t, 1 * S, 1, span, sizeof(span), "no name");
	assert_said(1, "refused 1 spans for good, one of them the span 0807060504030201 of the "
		       "trace aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: no name");
	otlp_trouble_refused(&t, 2 * S, 1, span, sizeof(span), "no name");
	assert_said(0, NULL);
	otlp_trouble_refused(&t, 11 * S, 7, NULL, 0, "");
	assert_said(1, "refused 8 spans for good: the receiver did not say why");
	/* What cannot be parsed has no name. */
	otlp_trouble_refused(&t, 30 * S, 1, span, 5, "bad");
	assert_said(1, "refused 1 spans for good: bad");
	assert_null(strstr(said.last, "one of"));
}

static void warnings_are_said_once_a_minute(void **state)
{
	const struct otlp_answer warning = { .outcome = OTLP_ACCEPTED, .text = "old" };
	const struct bt_otlp_counts counts = { 0 };
	struct otlp_trouble t = { .log = hear };
	uint64_t now;

	(void)state;
	for (now = 1 * S; now < 100 * S; now += S)
		otlp_trouble_answer(&t, now, &warning, &counts);
	assert_said(2, "the receiver warns: old");
	t.log = NULL;
	otlp_trouble_answer(&t, 200 * S, &warning, &counts);
	assert_said(0, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_queue_gives_items_in_order),
		cmocka_unit_test(a_queue_has_a_bound_of_spans),
		cmocka_unit_test(a_queue_has_a_bound_of_bytes),
		cmocka_unit_test(a_batch_divides_no_run),
		cmocka_unit_test(a_batch_fits_into_a_request),
		cmocka_unit_test(a_batch_is_settled_in_any_parts),
		cmocka_unit_test(waits_become_longer_and_vary),
		cmocka_unit_test(equal_failures_make_few_lines),
		cmocka_unit_test(drops_are_summed_up),
		cmocka_unit_test(refusals_are_summed_up_and_one_is_named),
		cmocka_unit_test(warnings_are_said_once_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
