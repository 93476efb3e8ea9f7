// SPDX-License-Identifier: MIT
/* Checking a record, and the library's copy of it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct record_whole {
	struct bt_record public;
	struct bt_result *result;
	char comm[BRICKTRACE_COMM_LEN + 1];
	char label[BT_LABEL_LEN];
	char machine[BT_NAME_LEN];
	/*
	 * What the record was made of. The parser reads this copy rather than the source's
	 * buffer, so that a checker of memory sees each read beyond the record.
	 */
	char bytes[] __attribute__((aligned(8)));
};

/* @offset is how far the bad field is behind the beginning of the record. */
static int record_bad(const struct bti_source *s, size_t offset, const char *structure,
		      const char *field, uint64_t value, const char *why)
{
	return bti_fail(EPROTO,
			"malformed record at byte %" PRIu64
			" of the %s: %s.%s, at byte %" PRIu64 ", is %" PRIu64 ", %s",
			s->at, s->name, structure, field, s->at + offset, value, why);
}

static int record_bad_name(const struct bti_source *s, const char *what)
{
	return bti_fail(
		EPROTO,
		"malformed record at byte %" PRIu64
		" of the %s: %s is not a name: UTF-8 without control characters that ends with a NUL",
		s->at, s->name, what);
}

/* Whether the kernel would have accepted a name. */
static bool record_name_good(const char name[BT_NAME_LEN])
{
	return memchr(name, '\0', BT_NAME_LEN) && !bti_check_name("the name", name);
}

/* An array in the record of a run. */
struct record_part {
	const char *name;
	size_t at;	     /* where it is described */
	uint32_t least, own; /* the sizes of an element: of the first version, and of ours */
};

/*
 * Describes the elements of a part, as if the kernel had copied them to an array of ours.
 * Adds the number of those that did not fit into the record to @missing.
 */
static int record_array(const struct bti_source *s, const struct bricktrace_record_run *run,
			const struct record_part *p, struct bricktrace_array *a,
			uint64_t *missing)
{
	const struct bricktrace_part *part = (const void *)((const char *)run + p->at);

#define BAD(field, why)                                                                 \
	record_bad(s, p->at + offsetof(struct bricktrace_part, field), p->name, #field, \
		   part->field, why)
	if (part->total < part->count)
		return BAD(total, "less than its count");
	*missing += part->total - part->count;
	/* The module that made the record had the array, also if this one is empty. */
	*a = (struct bricktrace_array){
		.size = p->own,
		.count = part->total,
		.known = p->own,
	};
	if (!part->count)
		return 0;
	if (part->size < p->least)
		return BAD(size,
			   "less than an element has in the first version of the ABI");
	if (part->offset % 8)
		return BAD(offset, "not a multiple of 8");
	if (part->offset < run->head || part->offset > run->record.size)
		return BAD(offset, "not between the record's head and its end");
	if ((uint64_t)part->count * part->size > run->record.size - part->offset)
		return BAD(count, "more elements than the record has room for");
#undef BAD
	a->addr = (uintptr_t)run + part->offset;
	a->size = part->size;
	a->cap = part->count;
	if (part->size < a->known)
		a->known = part->size;
	return 0;
}

/* Describes all parts: the arrays of a closed run, and where the run comes from. */
static int record_arrays(const struct bti_source *s,
			 const struct bricktrace_record_run *run,
			 struct bricktrace_run_close *close,
			 struct bricktrace_array *origin, uint32_t *missing)
{
#define PART(member, type, TYPE)                                 \
#member, offsetof(struct bricktrace_record_run, member), \
		BRICKTRACE_##TYPE##_SIZE_V0, sizeof(struct bricktrace_##type)
	const struct {
		struct record_part part;
		struct bricktrace_array *array;
		bool one; /* there is exactly one element */
	} all[] = {
		{ { PART(origin, origin, ORIGIN) }, origin, true },
		{ { PART(result, result, RESULT) }, &close->result, true },
		{ { PART(times, times, TIMES) }, &close->times, false },
		{ { PART(categories, category_figures, CATEGORY_FIGURES) },
		  &close->categories,
		  false },
		{ { PART(syscalls, syscall, SYSCALL) }, &close->syscalls, false },
		{ { PART(failed, failed, FAILED) }, &close->failed, false },
		{ { PART(ioctls, ioctl, IOCTL) }, &close->ioctls, false },
		{ { PART(slow_calls, slow_call, SLOW_CALL) }, &close->slow_calls, false },
	};
#undef PART
	uint64_t sum = 0;
	size_t i;
	int err;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		err = record_array(s, run, &all[i].part, all[i].array, &sum);
		if (err)
			return err;
		if (all[i].one && all[i].array->cap != 1)
			return record_bad(
				s, all[i].part.at + offsetof(struct bricktrace_part, count),
				all[i].part.name, "count", all[i].array->cap, "not 1");
	}
	*missing = sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
	return 0;
}

static int record_check_failed(const struct bti_source *s, const struct bricktrace_array *a)
{
	struct bricktrace_failed failed;
	uint32_t i;

	for (i = 0; i < bti_elements(a); i++) {
		bti_element(a, i, &failed, sizeof(failed));
		if (!record_name_good(failed.name))
			return record_bad_name(s, "the name of a failed assertion");
	}
	return 0;
}

static int record_read_run(struct record_whole *whole, const struct bti_source *s,
			   uint32_t size)
{
	struct bt_record *r = &whole->public;
	struct bti_about about = { .machine = bti_machine(s->machine) };
	struct bricktrace_run_close close = { 0 };
	const struct bricktrace_record_run *run = (const void *)whole->bytes;
	struct bricktrace_array origins;
	struct bricktrace_origin origin;
	struct bricktrace_result raw;
	int err;

	if (size < BRICKTRACE_RECORD_RUN_SIZE_V0)
		return record_bad(s, offsetof(struct bricktrace_record, size), "record",
				  "size", size, "less than the record of a run has");
	if (run->head < BRICKTRACE_RECORD_RUN_SIZE_V0 || run->head > size)
		return record_bad(
			s, offsetof(struct bricktrace_record_run, head), "record", "head",
			run->head,
			"less than the head of a run has, or more than the record");
	err = record_arrays(s, run, &close, &origins, &r->missing);
	if (!err)
		err = record_check_failed(s, &close.failed);
	if (err)
		return err;
	bti_element(&origins, 0, &origin, sizeof(origin));
	bti_element(&close.result, 0, &raw, sizeof(raw));
	if (!record_name_good(origin.brick))
		return record_bad_name(s, "the name of the brick");
	if (*origin.label && !record_name_good(origin.label))
		return record_bad_name(s, "the label");
	about.brick = origin.brick;
	/* The kernel has no word for a brick without a budget. */
	about.budget_ns = raw.budget_ns == BT_MAX_BUDGET ? BT_NONE : raw.budget_ns;
	about.to_unix = origin.end_unix_ns - (raw.start_ns + raw.wall_ns);
	err = bti_result_make(&about, &close, &whole->result);
	if (err)
		return err;
	memcpy(whole->comm, origin.comm, sizeof(origin.comm));
	memcpy(whole->label, origin.label, sizeof(whole->label));
	r->result = whole->result;
	r->session = origin.session;
	r->run = raw.run;
	r->parent = raw.parent;
	r->depth = raw.depth;
	r->tgid = origin.tgid;
	r->tid = origin.tid;
	r->uid = origin.uid;
	r->cgroup = origin.cgroup;
	r->start_unix_ns = raw.start_ns + about.to_unix;
	r->end_unix_ns = origin.end_unix_ns;
	memcpy(r->context.trace_id, origin.context.trace_id, sizeof(r->context.trace_id));
	memcpy(r->context.span_id, origin.context.span_id, sizeof(r->context.span_id));
	r->context.flags = (uint8_t)origin.context.flags;
	memcpy(r->parent_span_id, origin.parent_span, sizeof(r->parent_span_id));
	r->level = (enum bt_level)origin.level;
	r->scope = (enum bt_scope)origin.scope;
	r->released = raw.flags & BRICKTRACE_RESULT_RELEASED;
	r->abandoned = whole->result->abandoned;
	return 0;
}

static int record_read_loss(struct record_whole *whole, const struct bti_source *s,
			    uint32_t size)
{
	const struct bricktrace_record_loss *loss = (const void *)whole->bytes;

	if (size < BRICKTRACE_RECORD_LOSS_SIZE_V0)
		return record_bad(s, offsetof(struct bricktrace_record, size), "record",
				  "size", size, "less than the record of a loss has");
	if (!loss->lost || loss->lost > UINT64_MAX - loss->record.sequence)
		return record_bad(s, offsetof(struct bricktrace_record_loss, lost),
				  "record", "lost", loss->lost,
				  "not from 1 to as many as there are numbers of runs");
	whole->public.lost = loss->lost;
	return 0;
}

int bti_record_new(const struct bti_source *s, struct bt_record **out)
{
	struct bricktrace_record head;
	struct record_whole *whole;
	int err;

	*out = NULL;
	memcpy(&head, s->buffer + s->begin, sizeof(head));
	if (head.type != BRICKTRACE_RECORD_LOSS && head.type != BRICKTRACE_RECORD_RUN)
		return 0;
	/* Another reader of the same stream may have read on before a loss. */
	if (head.sequence < (head.type == BRICKTRACE_RECORD_RUN ? s->sequence : 1) ||
	    head.sequence == UINT64_MAX)
		return record_bad(s, offsetof(struct bricktrace_record, sequence),
				  "record", "sequence", head.sequence,
				  "not above that of the record before");
	whole = calloc(1, sizeof(*whole) + head.size);
	if (!whole)
		return bti_fail(ENOMEM, "no memory for a record of the %s", s->name);
	memcpy(whole->bytes, s->buffer + s->begin, head.size);
	strcpy(whole->machine, s->machine);
	whole->public = (struct bt_record){
		.type = (enum bt_record_type)head.type,
		.sequence = head.sequence,
		.size = head.size,
		.comm = whole->comm,
		.label = whole->label,
		.machine = whole->machine,
	};
	err = head.type == BRICKTRACE_RECORD_RUN ? record_read_run(whole, s, head.size) :
						   record_read_loss(whole, s, head.size);
	if (err)
		free(whole);
	else
		*out = &whole->public;
	return err;
}

const char *bti_record_bytes(const struct bt_record *r)
{
	return ((const struct record_whole *)r)->bytes;
}

void bt_record_free(struct bt_record *r)
{
	if (r)
		bt_result_free(((struct record_whole *)r)->result);
	free(r);
}
