// SPDX-License-Identifier: GPL-2.0
/* Records of streams: all parts are inside, whole, and what does not fit is counted. */
#include <linux/mm.h>
#include <linux/sched.h>
#include "context.h"
#include "encode.h"
#include "suites.h"

#define ENCODE_SYSCALLS	1000	/* their figures take twice the largest record */

/* Allocates a record with these numbers of elements, whose bytes are not zero. */
static struct bkt_record *record_new(struct kunit *test, u32 syscalls, u32 ioctls, u32 slow)
{
	struct bkt_record *rec = kunit_kzalloc(test, sizeof(*rec), GFP_KERNEL);
	struct bkt_breakdown *b;
	size_t size;

	KUNIT_ASSERT_NOT_NULL(test, rec);
	size = struct_size(b, syscalls, syscalls) + ioctls * sizeof(b->ioctls[0]);
	b = kunit_kzalloc(test, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, b);
	memset(b, 0xb5, size);
	b->nr_syscalls = syscalls;
	b->nr_ioctls = ioctls;
	b->ioctls = (void *)&b->syscalls[syscalls];
	rec->breakdown = b;
	rec->nr_slow_calls = slow;
	rec->slow_calls = kunit_kzalloc(test, slow * sizeof(rec->slow_calls[0]) + 1,
					GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rec->slow_calls);
	memset(rec->slow_calls, 0x51, slow * sizeof(rec->slow_calls[0]));
	memset(&rec->result, 0x7e, sizeof(rec->result));
	rec->result.failed = 0;
	return rec;
}

static u8 *encode(struct kunit *test, struct bkt_record *rec)
{
	struct bricktrace_record_run *r;

	rcu_read_lock();
	bkt_encode_begin(rec, current);
	rcu_read_unlock();
	r = kunit_kzalloc(test, rec->head.record.size + 8, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, r);
	rcu_read_lock();
	bkt_encode(&r->record, rec, current, task_active_pid_ns(current), 42);
	rcu_read_unlock();
	/* Nothing was written behind the record. */
	KUNIT_EXPECT_NULL(test, memchr_inv((u8 *)r + r->record.size, 0, 8));
	return (u8 *)r;
}

static void part_is(struct kunit *test, u8 *record, const struct bricktrace_part *part,
		    const void *from, u32 size, u32 count, u32 total)
{
	struct bricktrace_record *r = (void *)record;

	KUNIT_EXPECT_EQ(test, part->size, size);
	KUNIT_EXPECT_EQ(test, part->count, count);
	KUNIT_EXPECT_EQ(test, part->total, total);
	KUNIT_EXPECT_EQ(test, part->offset % 8, 0U);
	KUNIT_ASSERT_LE(test, part->offset + count * size, r->size);
	if (from)
		KUNIT_EXPECT_EQ(test, memcmp(record + part->offset, from, count * size), 0);
}

static void whole(struct kunit *test)
{
	struct bkt_record *rec = record_new(test, 3, 2, 4);
	const struct bkt_breakdown *b = rec->breakdown;
	struct bricktrace_record_run *r;
	struct bricktrace_origin *o;
	u8 *record;

	record = encode(test, rec);
	r = (void *)record;
	KUNIT_EXPECT_EQ(test, r->record.type, (u32)BRICKTRACE_RECORD_RUN);
	KUNIT_EXPECT_EQ(test, r->head, (u32)sizeof(*r));
	part_is(test, record, &r->origin, NULL, sizeof(*o), 1, 1);
	part_is(test, record, &r->result, &rec->result, sizeof(rec->result), 1, 1);
	part_is(test, record, &r->times, b->times, sizeof(b->times[0]), 2, 2);
	part_is(test, record, &r->categories, b->categories, sizeof(b->categories[0][0]),
		BKT_CATEGORIES * BKT_VIEWS, BKT_CATEGORIES * BKT_VIEWS);
	part_is(test, record, &r->syscalls, b->syscalls, sizeof(b->syscalls[0][0]), 6, 6);
	part_is(test, record, &r->ioctls, b->ioctls, sizeof(b->ioctls[0][0]), 4, 4);
	part_is(test, record, &r->slow_calls, rec->slow_calls, sizeof(rec->slow_calls[0]), 4, 4);
	part_is(test, record, &r->failed, NULL, sizeof(struct bricktrace_failed), 0, 0);
	o = (void *)record + r->origin.offset;
	KUNIT_EXPECT_EQ(test, o->uid, 42U);
	KUNIT_EXPECT_EQ(test, o->tgid, task_tgid_vnr(current));
	KUNIT_EXPECT_EQ(test, o->tid, task_pid_vnr(current));
	KUNIT_EXPECT_STREQ(test, o->comm, current->comm);
}

/* The same memory is used for a run with a breakdown, and then for one without. */
static void reused(struct kunit *test)
{
	struct bkt_record *rec = record_new(test, 3, 2, 4);
	struct bricktrace_record_run *r;

	r = (void *)encode(test, rec);
	KUNIT_EXPECT_EQ(test, r->syscalls.count, 6U);
	rec->breakdown = NULL;
	rec->nr_slow_calls = 0;
	r = (void *)encode(test, rec);
	KUNIT_EXPECT_EQ(test, r->record.size,
			(u32)(sizeof(*r) + sizeof(struct bricktrace_origin) +
			      sizeof(struct bricktrace_result)));
	KUNIT_EXPECT_EQ(test, r->times.count + r->categories.count + r->syscalls.count +
			      r->ioctls.count + r->slow_calls.count + r->failed.count, 0U);
}

/* Of a record that would be too large, the last arrays are cut, and views stay together. */
static void too_large(struct kunit *test)
{
	struct bkt_record *rec = record_new(test, ENCODE_SYSCALLS, 5, BRICKTRACE_RUN_SLOW);
	struct bricktrace_record_run *r;
	u8 *record;

	record = encode(test, rec);
	r = (void *)record;
	KUNIT_EXPECT_LE(test, r->record.size, (u32)BRICKTRACE_RECORD_MAX);
	KUNIT_EXPECT_GT(test, r->record.size,
			(u32)(BRICKTRACE_RECORD_MAX - 2 * sizeof(struct bricktrace_syscall)));
	KUNIT_EXPECT_EQ(test, r->syscalls.count % 2, 0U);
	part_is(test, record, &r->syscalls, rec->breakdown->syscalls,
		sizeof(struct bricktrace_syscall), r->syscalls.count, 2 * ENCODE_SYSCALLS);
	part_is(test, record, &r->ioctls, NULL, sizeof(struct bricktrace_ioctl), 0, 10);
	part_is(test, record, &r->slow_calls, rec->slow_calls, sizeof(rec->slow_calls[0]),
		BRICKTRACE_RUN_SLOW, BRICKTRACE_RUN_SLOW);
}

/* A nested run has the trace of the outermost one, and its parent is the run around it. */
static void ids(struct kunit *test)
{
	static const struct bricktrace_context given = {
		.trace_id = { 1 }, .span_id = { 2 }, .flags = 3,
	};
	struct bricktrace_origin o = { .session = 7 }, outer;

	bkt_encode_trace(&o, false, 10, 10);
	bkt_encode_ids(&o, 10, 0);
	outer = o;
	KUNIT_EXPECT_TRUE(test, bkt_context_valid(&outer.context));
	KUNIT_EXPECT_NULL(test, memchr_inv(outer.parent_span, 0, 8));
	bkt_encode_trace(&o, false, 10, 11);
	bkt_encode_ids(&o, 11, 10);
	KUNIT_EXPECT_EQ(test, memcmp(o.context.trace_id, outer.context.trace_id, 16), 0);
	KUNIT_EXPECT_EQ(test, memcmp(o.parent_span, outer.context.span_id, 8), 0);
	KUNIT_EXPECT_NE(test, memcmp(o.context.span_id, outer.context.span_id, 8), 0);
	/* Another session's run of the same number has other IDs. */
	o.session = 8;
	bkt_encode_trace(&o, false, 10, 11);
	bkt_encode_ids(&o, 11, 10);
	KUNIT_EXPECT_NE(test, memcmp(o.context.trace_id, outer.context.trace_id, 16), 0);
	KUNIT_EXPECT_NE(test, memcmp(o.parent_span, outer.context.span_id, 8), 0);
	/* A context that was given is the parent of its own run, and names the trace of others. */
	o.context = given;
	bkt_encode_trace(&o, true, 11, 11);
	bkt_encode_ids(&o, 11, 10);
	KUNIT_EXPECT_EQ(test, memcmp(o.context.trace_id, given.trace_id, 16), 0);
	KUNIT_EXPECT_EQ(test, memcmp(o.parent_span, given.span_id, 8), 0);
	KUNIT_EXPECT_EQ(test, o.context.flags, 3ULL);
	o.context = given;
	bkt_encode_trace(&o, true, 11, 12);
	bkt_encode_ids(&o, 12, 11);
	KUNIT_EXPECT_EQ(test, memcmp(o.context.trace_id, given.trace_id, 16), 0);
	KUNIT_EXPECT_NE(test, memcmp(o.parent_span, given.span_id, 8), 0);
}

static void contexts(struct kunit *test)
{
	struct bricktrace_context c = {};

	KUNIT_EXPECT_TRUE(test, bkt_context_is_none(&c));
	KUNIT_EXPECT_FALSE(test, bkt_context_valid(&c));
	c.trace_id[15] = 1;
	KUNIT_EXPECT_FALSE(test, bkt_context_is_none(&c));
	KUNIT_EXPECT_FALSE(test, bkt_context_valid(&c));
	c.span_id[7] = 1;
	KUNIT_EXPECT_TRUE(test, bkt_context_valid(&c));
	c.trace_id[15] = 0;
	KUNIT_EXPECT_FALSE(test, bkt_context_valid(&c));
	KUNIT_EXPECT_FALSE(test, bkt_context_is_none(&c));
	c = (struct bricktrace_context){ .flags = 1 };
	KUNIT_EXPECT_FALSE(test, bkt_context_is_none(&c));
	c = (struct bricktrace_context){ { 1 }, { 1 }, 256 };
	KUNIT_EXPECT_FALSE(test, bkt_context_valid(&c));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(whole),
	KUNIT_CASE(reused),
	KUNIT_CASE(too_large),
	KUNIT_CASE(ids),
	KUNIT_CASE(contexts),
	{}
};

static int encode_init(struct kunit_suite *suite)
{
	bkt_context_init();
	return 0;
}

struct kunit_suite bkt_encode_suite = {
	.name = "bricktrace_encode",
	.suite_init = encode_init,
	.test_cases = cases,
};
