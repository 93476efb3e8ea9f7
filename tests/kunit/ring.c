// SPDX-License-Identifier: GPL-2.0
/* A ring: every run once, in order, losses counted and in their place. */
#include <linux/mm.h>
#include <linux/slab.h>
#include "ring.h"
#include "suites.h"

#define RING_BYTES	BRICKTRACE_RING_MIN
#define RECORD		1000U	/* a multiple of 8 that does not divide the ring's size */

static struct bkt_ring *ring_new(struct kunit *test)
{
	struct bkt_ring *g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, g);
	KUNIT_ASSERT_EQ(test, bkt_ring_init(g, RING_BYTES), 0);
	return g;
}

/* Ends a run, whose record has @size bytes that depend on its sequence. */
static bool ring_add(struct bkt_ring *g, u32 size)
{
	struct bricktrace_record *r;

	spin_lock(&g->lock);
	r = bkt_ring_begin(g, size);
	if (r) {
		memset(r, g->matched, size);
		*r = (struct bricktrace_record){ .size = size, .type = BRICKTRACE_RECORD_RUN };
		bkt_ring_end(g, size);
	}
	spin_unlock(&g->lock);
	return r;
}

/* What a reader knows who checks all that it gets. */
struct ring_reader {
	u64 next;	/* the sequence that must come next */
	u64 runs;
	u64 lost;
};

static void ring_check(struct kunit *test, struct ring_reader *reader, const void *from,
		       int size)
{
	const struct bricktrace_record *r;
	int i;

	for (i = 0; i < size; i += r->size) {
		r = from + i;
		KUNIT_ASSERT_EQ(test, r->sequence, reader->next);
		if (r->type == BRICKTRACE_RECORD_LOSS) {
			reader->lost += ((const struct bricktrace_record_loss *)r)->lost;
			reader->next += ((const struct bricktrace_record_loss *)r)->lost;
			continue;
		}
		reader->runs++;
		reader->next++;
		/* The record is whole, wherever it lay in the ring. */
		KUNIT_ASSERT_EQ(test, ((const u8 *)r)[r->size - 1], (u8)r->sequence);
		KUNIT_ASSERT_NULL(test, memchr_inv(r + 1, (u8)r->sequence,
						   r->size - sizeof(*r)));
	}
	KUNIT_ASSERT_EQ(test, i, size);
}

static void ring_check_counters(struct kunit *test, const struct bkt_ring *g,
				const struct ring_reader *reader)
{
	KUNIT_ASSERT_EQ(test, g->matched, g->delivered + g->lost + g->waiting);
	KUNIT_ASSERT_EQ(test, g->delivered, reader->runs);
}

static void order(struct kunit *test)
{
	struct bkt_ring *g = ring_new(test);
	struct ring_reader reader = { .next = 1 };
	void *to = kunit_kzalloc(test, RING_BYTES, GFP_KERNEL);
	u32 i;
	int n;

	KUNIT_ASSERT_NOT_NULL(test, to);
	KUNIT_EXPECT_EQ(test, bkt_ring_take(g, to, RING_BYTES), 0);
	KUNIT_EXPECT_FALSE(test, bkt_ring_ready(g));
	/* The ring goes around many times. */
	for (i = 0; i < 1000; i++) {
		KUNIT_ASSERT_TRUE(test, ring_add(g, RECORD));
		KUNIT_ASSERT_TRUE(test, bkt_ring_ready(g));
		if (i % 3)
			continue;
		n = bkt_ring_take(g, to, RING_BYTES);
		KUNIT_ASSERT_GT(test, n, 0);
		ring_check(test, &reader, to, n);
		ring_check_counters(test, g, &reader);
	}
	KUNIT_EXPECT_EQ(test, reader.runs, 1000ULL);
	KUNIT_EXPECT_EQ(test, reader.lost, 0ULL);
	bkt_ring_destroy(g);
}

/* Runs are lost at the end, in the middle and, since their size is 0, with room. */
static void losses(struct kunit *test)
{
	struct bkt_ring *g = ring_new(test);
	struct ring_reader reader = { .next = 1 };
	void *to = kunit_kzalloc(test, RING_BYTES, GFP_KERNEL);
	u32 i;
	int n;

	KUNIT_ASSERT_NOT_NULL(test, to);
	for (i = 0; i < RING_BYTES / RECORD; i++)
		KUNIT_ASSERT_TRUE(test, ring_add(g, RECORD));
	KUNIT_EXPECT_FALSE(test, ring_add(g, RECORD));
	/* A smaller record still has room, after the loss. */
	KUNIT_EXPECT_TRUE(test, ring_add(g, RING_BYTES % RECORD / 8 * 8));
	KUNIT_EXPECT_FALSE(test, ring_add(g, 0));
	KUNIT_EXPECT_FALSE(test, ring_add(g, RECORD));
	KUNIT_EXPECT_EQ(test, g->lost, 3ULL);
	while ((n = bkt_ring_take(g, to, RING_BYTES)) > 0)
		ring_check(test, &reader, to, n);
	KUNIT_EXPECT_EQ(test, n, 0);
	ring_check_counters(test, g, &reader);
	KUNIT_EXPECT_EQ(test, reader.lost, 3ULL);
	KUNIT_EXPECT_EQ(test, reader.next, g->matched + 1);
	KUNIT_EXPECT_EQ(test, g->used, 0U);
	bkt_ring_destroy(g);
}

/* A record, or the word of a loss, that does not fit remains; nothing is cut. */
static void small_buffer(struct kunit *test)
{
	struct bkt_ring *g = ring_new(test);
	struct ring_reader reader = { .next = 1 };
	u8 to[64];

	KUNIT_ASSERT_TRUE(test, ring_add(g, 64));
	KUNIT_ASSERT_FALSE(test, ring_add(g, 0));
	KUNIT_EXPECT_EQ(test, bkt_ring_take(g, to, 63), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, bkt_ring_take(g, to, 8), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, bkt_ring_take(g, to, 64), 64);
	ring_check(test, &reader, to, 64);
	KUNIT_EXPECT_EQ(test, bkt_ring_take(g, to, 23), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, bkt_ring_take(g, to, 24), 24);
	ring_check(test, &reader, to, 24);
	KUNIT_EXPECT_EQ(test, bkt_ring_take(g, to, 64), 0);
	KUNIT_EXPECT_EQ(test, reader.lost, 1ULL);
	ring_check_counters(test, g, &reader);
	bkt_ring_destroy(g);
}

/* At most a batch, or one record that is larger, is copied under the lock. */
static void batch(struct kunit *test)
{
	struct bkt_ring *g = ring_new(test);
	void *to = kunit_kzalloc(test, RING_BYTES, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, to);
	KUNIT_ASSERT_TRUE(test, ring_add(g, 8000));
	KUNIT_ASSERT_TRUE(test, ring_add(g, 8000));
	KUNIT_ASSERT_TRUE(test, ring_add(g, 8000));
	KUNIT_ASSERT_TRUE(test, ring_add(g, BRICKTRACE_RECORD_MAX));
	KUNIT_EXPECT_EQ(test, bkt_ring_take(g, to, RING_BYTES), 16000);
	KUNIT_EXPECT_EQ(test, bkt_ring_take(g, to, RING_BYTES), 8000);
	KUNIT_EXPECT_EQ(test, bkt_ring_take(g, to, RING_BYTES), BRICKTRACE_RECORD_MAX);
	bkt_ring_destroy(g);
}

/* What could not be copied to user space is lost, and the next read says so. */
static void undelivered(struct kunit *test)
{
	struct bkt_ring *g = ring_new(test);
	struct ring_reader reader = { .next = 1 };
	void *to = kunit_kzalloc(test, RING_BYTES, GFP_KERNEL);
	int n;

	KUNIT_ASSERT_NOT_NULL(test, to);
	ring_add(g, 64);
	ring_add(g, 0);
	ring_add(g, 64);
	ring_add(g, 64);
	n = bkt_ring_take(g, to, RING_BYTES);
	KUNIT_ASSERT_EQ(test, n, 3 * 64 + 24);
	/* The first record arrived, and neither the loss nor two more did. */
	ring_check(test, &reader, to, 64);
	bkt_ring_untake(g, to + 64, n - 64);
	ring_check_counters(test, g, &reader);
	KUNIT_EXPECT_EQ(test, g->lost, 3ULL);
	KUNIT_EXPECT_TRUE(test, bkt_ring_ready(g));
	ring_add(g, 64);
	/* Neither does the word of that. */
	n = bkt_ring_take(g, to, 24);
	KUNIT_ASSERT_EQ(test, n, 24);
	bkt_ring_untake(g, to, n);
	n = bkt_ring_take(g, to, RING_BYTES);
	KUNIT_ASSERT_EQ(test, n, 24 + 64);
	ring_check(test, &reader, to, n);
	KUNIT_EXPECT_EQ(test, reader.lost, 3ULL);
	ring_check_counters(test, g, &reader);
	KUNIT_EXPECT_FALSE(test, bkt_ring_ready(g));
	bkt_ring_destroy(g);
}

/* Two readers of the stream fail, the one with later records first. */
static void two_undelivered(struct kunit *test)
{
	struct bkt_ring *g = ring_new(test);
	struct bricktrace_record_loss *loss;
	u8 first[64], second[64];

	ring_add(g, 64);
	ring_add(g, 64);
	KUNIT_ASSERT_EQ(test, bkt_ring_take(g, first, 64), 64);
	KUNIT_ASSERT_EQ(test, bkt_ring_take(g, second, 64), 64);
	bkt_ring_untake(g, second, 64);
	bkt_ring_untake(g, first, 64);
	KUNIT_ASSERT_EQ(test, bkt_ring_take(g, first, 64), (int)sizeof(*loss));
	loss = (void *)first;
	KUNIT_EXPECT_EQ(test, loss->record.sequence, 1ULL);
	KUNIT_EXPECT_EQ(test, loss->lost, 2ULL);
	KUNIT_EXPECT_EQ(test, g->lost, 2ULL);
	KUNIT_EXPECT_FALSE(test, bkt_ring_ready(g));
	bkt_ring_destroy(g);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(order),
	KUNIT_CASE(losses),
	KUNIT_CASE(small_buffer),
	KUNIT_CASE(batch),
	KUNIT_CASE(undelivered),
	KUNIT_CASE(two_undelivered),
	{}
};

struct kunit_suite bkt_ring_suite = {
	.name = "bricktrace_ring",
	.test_cases = cases,
};
