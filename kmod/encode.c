// SPDX-License-Identifier: GPL-2.0
#include <linux/minmax.h>
#include <linux/string.h>
#include "compat.h"
#include "context.h"
#include "encode.h"

/*
 * A flag in @context of a record whose trace ID is yet to be derived, from the number of a
 * run that is in its place.
 */
#define ENCODE_DERIVE (1ULL << 63)

/* The trace flags of a derived context: the trace is recorded. */
#define ENCODE_SAMPLED 1

/* Appends a part; elements that are not @together are left out one by one. */
static __always_inline void encode_part(struct bricktrace_record_run *head,
					struct bricktrace_part *part, u32 size, u32 total,
					u32 together)
{
	u32 room;

	part->offset = head->record.size;
	part->size = size;
	part->count = total;
	part->total = total;
	if (!total)
		return;
	room = (BRICKTRACE_RECORD_MAX - head->record.size) / size;
	part->count = min(total, room - room % together);
	head->record.size += part->count * size;
}

/* The parts that may be large come last. */
void bkt_encode_head(struct bricktrace_record_run *head, const struct bkt_record *rec)
{
	const struct bkt_breakdown *b = rec->breakdown;

	head->record = (struct bricktrace_record){
		.size = sizeof(*head),
		.type = BRICKTRACE_RECORD_RUN,
	};
	head->head = sizeof(*head);
	head->reserved = 0;
	encode_part(head, &head->origin, sizeof(struct bricktrace_origin), 1, 1);
	encode_part(head, &head->result, sizeof(rec->result), 1, 1);
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

/*
 * With a constant @size the compiler emits a few moves, where memcpy() of a whole array
 * would cost more than most arrays are long.
 */
static __always_inline void encode_copy(void *record, const struct bricktrace_part *part,
					const void *from, size_t size)
{
	void *to = record + part->offset;
	u32 i;

	for (i = 0; i < part->count; i++)
		__builtin_memcpy(to + i * size, from + i * size, size);
}

static void encode_failed(void *record, const struct bricktrace_part *part,
			  const struct bkt_record *rec)
{
	struct bricktrace_failed *f = record + part->offset;
	u32 i, next = 0;

	for (i = 0; i < part->count; i++)
		bkt_record_failed(rec, &next, &f[i]);
}

static void encode_origin(struct bricktrace_origin *to, const struct bkt_origin *o,
			  struct pid_namespace *ns, u32 uid)
{
	to->session = o->session;
	to->cgroup = o->cgroup;
	to->end_unix_ns = o->end_unix_ns;
	memset(to->parent_span, 0, sizeof(to->parent_span));
	if (o->has_context) {
		to->context = o->context;
		if (o->root == o->run)
			memcpy(to->parent_span, o->context.span_id, sizeof(to->parent_span));
	} else {
		to->context.flags = ENCODE_DERIVE;
		memcpy(to->context.trace_id, &o->root, sizeof(o->root));
	}
	to->tgid = task_tgid_nr_ns(o->owner, ns);
	to->tid = task_pid_nr_ns(o->owner, ns);
	to->uid = uid;
	to->level = o->level;
	to->scope = o->scope;
	to->reserved = 0;
	/* The name may change meanwhile. As elsewhere in the kernel, its last byte stays NUL. */
	data_race(__builtin_memcpy(to->comm, o->owner->comm, sizeof(to->comm)));
	to->comm[sizeof(to->comm) - 1] = '\0';
	__builtin_memcpy(to->brick, o->brick, sizeof(to->brick));
	__builtin_memcpy(to->label, o->label, sizeof(to->label));
}

void bkt_encode(struct bricktrace_record *to, const struct bricktrace_record_run *head,
		const struct bkt_record *rec, const struct bkt_origin *o,
		struct pid_namespace *ns, u32 uid)
{
	const struct bkt_breakdown *b = rec->breakdown;
	struct bricktrace_record_run *run =
		container_of(to, struct bricktrace_record_run, record);
	void *at = to;

	*run = *head;
	encode_origin(at + head->origin.offset, o, ns, uid);
	__builtin_memcpy(at + head->result.offset, &rec->result, sizeof(rec->result));
	if (head->failed.count)
		encode_failed(at, &head->failed, rec);
	if (!b)
		return;
	encode_copy(at, &head->times, b->times, sizeof(b->times[0]));
	encode_copy(at, &head->categories, b->categories, sizeof(b->categories[0][0]));
	encode_copy(at, &head->slow_calls, rec->slow_calls, sizeof(rec->slow_calls[0]));
	encode_copy(at, &head->syscalls, b->syscalls, sizeof(b->syscalls[0][0]));
	encode_copy(at, &head->ioctls, b->ioctls, sizeof(b->ioctls[0][0]));
}

void bkt_encode_context(struct bricktrace_context *to, const struct bkt_origin *o)
{
	if (o->has_context) {
		*to = o->context;
	} else {
		bkt_context_trace(to->trace_id, o->session, o->root);
		to->flags = ENCODE_SAMPLED;
	}
	bkt_context_span(to->span_id, o->session, o->run);
}

void bkt_encode_ids(struct bricktrace_record *record)
{
	const struct bricktrace_record_run *run =
		container_of(record, struct bricktrace_record_run, record);
	void *at = record;
	const struct bricktrace_result *result = at + run->result.offset;
	struct bricktrace_origin *o = at + run->origin.offset;
	u64 root;

	if (record->type != BRICKTRACE_RECORD_RUN)
		return;
	if (o->context.flags & ENCODE_DERIVE) {
		memcpy(&root, o->context.trace_id, sizeof(root));
		bkt_context_trace(o->context.trace_id, o->session, root);
		o->context.flags = ENCODE_SAMPLED;
	}
	bkt_context_span(o->context.span_id, o->session, result->run);
	if (result->parent && !memchr_inv(o->parent_span, 0, sizeof(o->parent_span)))
		bkt_context_span(o->parent_span, o->session, result->parent);
}
