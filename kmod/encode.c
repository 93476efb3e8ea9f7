// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/string.h>
#include "context.h"
#include "encode.h"

/* The trace flags of a derived context: the trace is recorded. */
#define ENCODE_SAMPLED 1

#define ENCODE_EMPTY(type) { .offset = BKT_ENCODE_END, .size = sizeof(struct type) }

/* The beginning of the record of a run without breakdown that failed no assertion. */
static const struct bricktrace_record_run encode_measured = {
	.record = { .size = BKT_ENCODE_END, .type = BRICKTRACE_RECORD_RUN },
	.head = sizeof(encode_measured),
	.origin = { BKT_ENCODE_ORIGIN, sizeof(struct bricktrace_origin), 1, 1 },
	.result = { BKT_ENCODE_RESULT, sizeof(struct bricktrace_result), 1, 1 },
	.times = ENCODE_EMPTY(bricktrace_times),
	.categories = ENCODE_EMPTY(bricktrace_category_figures),
	.syscalls = ENCODE_EMPTY(bricktrace_syscall),
	.failed = ENCODE_EMPTY(bricktrace_failed),
	.ioctls = ENCODE_EMPTY(bricktrace_ioctl),
	.slow_calls = ENCODE_EMPTY(bricktrace_slow_call),
};

void bkt_encode_ids(struct bricktrace_origin *o, u64 run, u64 parent)
{
	u64 root;

	if (o->context.flags & BKT_ENCODE_DERIVE) {
		memcpy(&root, o->context.trace_id, sizeof(root));
		bkt_context_trace(o->context.trace_id, o->session, root);
		o->context.flags = ENCODE_SAMPLED;
	}
	bkt_context_span(o->context.span_id, o->session, run);
	if (parent && !memchr_inv(o->parent_span, 0, sizeof(o->parent_span)))
		bkt_context_span(o->parent_span, o->session, parent);
}

/* Appends a part, of which elements are left out @together. */
static __always_inline void encode_part(struct bricktrace_record_run *head,
					struct bricktrace_part *part, u32 size, u32 total,
					u32 together)
{
	u32 room = BRICKTRACE_RECORD_MAX - head->record.size;

	part->offset = head->record.size;
	part->count = total * size <= room ? total : room / size / together * together;
	part->total = total;
	head->record.size += part->count * size;
}

/* The parts that may be large come last. */
void bkt_encode_head(struct bkt_record *rec)
{
	struct bricktrace_record_run *head = &rec->head;
	const struct bkt_breakdown *b = rec->breakdown;

	*head = encode_measured;
	encode_part(head, &head->times, sizeof(b->times[0]), b ? BKT_VIEWS : 0, BKT_VIEWS);
	encode_part(head, &head->categories, sizeof(b->categories[0][0]),
		    b ? BKT_CATEGORIES * BKT_VIEWS : 0, BKT_VIEWS);
	encode_part(head, &head->failed, sizeof(struct bricktrace_failed), rec->result.failed,
		    1);
	encode_part(head, &head->slow_calls, sizeof(rec->slow_calls[0]), rec->nr_slow_calls, 1);
	encode_part(head, &head->syscalls, sizeof(b->syscalls[0][0]),
		    b ? b->nr_syscalls * BKT_VIEWS : 0, BKT_VIEWS);
	encode_part(head, &head->ioctls, sizeof(b->ioctls[0][0]),
		    b ? b->nr_ioctls * BKT_VIEWS : 0, BKT_VIEWS);
}

/* With a constant @size the compiler copies by itself, which costs less than memcpy() here. */
static __always_inline void encode_copy(void *record, const struct bricktrace_part *part,
					const void *from, size_t size)
{
	u32 i, bytes = part->count * part->size;
	void *to = record + part->offset;

	for (i = 0; i < bytes; i += size)
		__builtin_memcpy(to + i, from + i, size);
}

void bkt_encode_arrays(void *to, const struct bkt_record *rec)
{
	const struct bricktrace_record_run *head = &rec->head;
	struct bricktrace_failed *f = to + head->failed.offset;
	const struct bkt_breakdown *b = rec->breakdown;
	u32 i, next = 0;

	for (i = 0; i < head->failed.count; i++)
		bkt_record_failed(rec, &next, &f[i]);
	if (!b)
		return;
	encode_copy(to, &head->times, b->times, sizeof(b->times));
	encode_copy(to, &head->categories, b->categories, sizeof(b->categories));
	encode_copy(to, &head->slow_calls, rec->slow_calls, sizeof(rec->slow_calls[0]));
	encode_copy(to, &head->syscalls, b->syscalls, sizeof(b->syscalls[0]));
	encode_copy(to, &head->ioctls, b->ioctls, sizeof(b->ioctls[0]));
}
