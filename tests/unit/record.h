/* SPDX-License-Identifier: MIT */
/*
 * A run that never was, its record, and reading records from memory; for the tests of
 * records and for the fuzzer.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stddef.h>
#include <string.h>

#include "internal.h"

#define SAMPLE_END UINT64_C(1790000000123456789)

struct sample {
	struct bricktrace_origin origin;
	struct bricktrace_result result;
	struct bricktrace_times times[2];
	struct bricktrace_category_figures categories[14];
	struct bricktrace_syscall syscalls[8];
	struct bricktrace_failed failed[2];
	struct bricktrace_ioctl ioctls[6];
	struct bricktrace_slow_call slow_calls[3];
	struct bricktrace_run_close close; /* describes these arrays */
};

/* How a record differs from one of this version of the ABI. */
struct sample_shape {
	uint32_t head_more; /* bytes that the head has at its end, a multiple of 8 */
	uint32_t more;	    /* bytes that each element has at its end, a multiple of 8 */
	bool oldest;	    /* each element has the size of its first version */
	uint32_t missing;   /* how many of the slow calls, the last part, did not fit */
};

/* Gives each number of a structure another value. */
static inline void sample_number(void *structure, size_t size)
{
	static uint64_t last;
	uint64_t *number = structure, *end = number + size / sizeof(*number);

	while (number < end)
		*number++ = last += 1001;
}

static inline struct bricktrace_array sample_array(const void *first, uint32_t size,
						   uint32_t count)
{
	return (struct bricktrace_array){ (uintptr_t)first, size, count, count, size };
}

#define SAMPLE_ARRAY(a) sample_array(a, sizeof((a)[0]), sizeof(a) / sizeof((a)[0]))

static inline void sample_fill(struct sample *s)
{
	uint32_t i;

	sample_number(s, offsetof(struct sample, close));
	s->origin.end_unix_ns = SAMPLE_END;
	s->origin.context.flags = 1;
	s->origin.level = BRICKTRACE_LEVEL_TRACE;
	s->origin.scope = BRICKTRACE_SCOPE_SESSION;
	strcpy(s->origin.comm, "decode");
	strcpy(s->origin.brick, "attention");
	strcpy(s->origin.label, "gr\xc3\xb6\xc3\x9f"
				"er");
	s->result.flags = BRICKTRACE_RESULT_GRANTED | BRICKTRACE_RESULT_RELEASED;
	s->result.provenance = BRICKTRACE_PARTIAL;
	s->result.reason = BRICKTRACE_REASON_THREADS_LOST;
	s->result.why = BRICKTRACE_WHY_OVER_BUDGET;
	s->result.mode = BRICKTRACE_MODE_TAIL;
	s->result.window_runs = s->result.window_kept = 10;
	s->result.window_squares.high = 0;
	s->result.failed = 2;
	for (i = 0; i < 2; i++)
		s->times[i].view = i;
	for (i = 0; i < 14; i++) {
		/* The last one is of a newer module. */
		s->categories[i].category = i / 2;
		s->categories[i].view = i % 2;
	}
	for (i = 0; i < 8; i++) {
		s->syscalls[i].nr = 10 + i / 2;
		s->syscalls[i].arch = i / 2;
		s->syscalls[i].category = BRICKTRACE_CAT_OTHER;
		s->syscalls[i].view = i % 2;
	}
	for (i = 0; i < 2; i++) {
		s->failed[i].index = i;
		s->failed[i].kind = BRICKTRACE_ASSERT_DURATION;
		strcpy(s->failed[i].name, i ? "second" : "first");
	}
	for (i = 0; i < 6; i++) {
		s->ioctls[i].file = BRICKTRACE_FILE_CHAR;
		s->ioctls[i].arch = BRICKTRACE_ARCH_NATIVE;
		s->ioctls[i].view = i % 2;
		strcpy(s->ioctls[i].owner, "nvidia");
		memset(s->ioctls[i].name, 'x', sizeof(s->ioctls[i].name));
	}
	for (i = 0; i < 3; i++) {
		s->slow_calls[i].arch = i;
		s->slow_calls[i].nr = 16;
		s->slow_calls[i].category =
			i % 2 ? BRICKTRACE_CAT_IOCTL : BRICKTRACE_CAT_READ;
	}
	s->close = (struct bricktrace_run_close){
		.result = sample_array(&s->result, sizeof(s->result), 1),
		.times = SAMPLE_ARRAY(s->times),
		.categories = SAMPLE_ARRAY(s->categories),
		.syscalls = SAMPLE_ARRAY(s->syscalls),
		.failed = SAMPLE_ARRAY(s->failed),
		.ioctls = SAMPLE_ARRAY(s->ioctls),
		.slow_calls = SAMPLE_ARRAY(s->slow_calls),
	};
}

static inline uint32_t sample_part(char *record, uint32_t at, struct bricktrace_part *part,
				   const struct bricktrace_array *a, uint32_t oldest,
				   const struct sample_shape *shape, uint32_t missing)
{
	uint32_t size = shape->oldest ? oldest : a->size, i;

	*part = (struct bricktrace_part){ .offset = at,
					  .size = size + shape->more,
					  .count = a->count - missing,
					  .total = a->count };
	for (i = 0; i < part->count; i++, at += part->size) {
		memcpy(record + at, (const char *)(uintptr_t)a->addr + i * a->size, size);
		memset(record + at + size, 0xaa, shape->more);
	}
	/* The next part begins at a multiple of 8. */
	return at;
}

/* Writes the record of the sample to @to, and returns its size. */
static inline uint32_t sample_record(const struct sample *s, uint64_t sequence,
				     const struct sample_shape *shape, char *to)
{
	static const struct sample_shape now;
	struct bricktrace_array origin = sample_array(&s->origin, sizeof(s->origin), 1);
	struct bricktrace_record_run run = {
		.record = { .type = BRICKTRACE_RECORD_RUN, .sequence = sequence },
		.head = sizeof(run),
	};
	uint32_t at;

	if (!shape)
		shape = &now;
	at = run.head += shape->head_more;
	memset(to, 0xaa, at);
#define SAMPLE_PART(member, array, TYPE, missing)                                    \
	at = sample_part(to, at, &run.member, &(array), BRICKTRACE_##TYPE##_SIZE_V0, \
			 shape, missing)
	SAMPLE_PART(origin, origin, ORIGIN, 0);
	SAMPLE_PART(result, s->close.result, RESULT, 0);
	SAMPLE_PART(times, s->close.times, TIMES, 0);
	SAMPLE_PART(categories, s->close.categories, CATEGORY_FIGURES, 0);
	SAMPLE_PART(syscalls, s->close.syscalls, SYSCALL, 0);
	SAMPLE_PART(failed, s->close.failed, FAILED, 0);
	SAMPLE_PART(ioctls, s->close.ioctls, IOCTL, 0);
	SAMPLE_PART(slow_calls, s->close.slow_calls, SLOW_CALL, shape->missing);
#undef SAMPLE_PART
	run.record.size = at;
	memcpy(to, &run, sizeof(run));
	return at;
}

static inline uint32_t sample_loss(uint64_t sequence, uint64_t lost, char *to)
{
	const struct bricktrace_record_loss loss = {
		.record = { .size = sizeof(loss),
			    .type = BRICKTRACE_RECORD_LOSS,
			    .sequence = sequence },
		.lost = lost,
	};

	memcpy(to, &loss, sizeof(loss));
	return sizeof(loss);
}

/* Writes the header of a recording of @machine to @to, and returns its size. */
static inline uint32_t sample_header(const char *machine, char *to)
{
	struct bricktrace_file_header header = {
		.byte_order = BRICKTRACE_FILE_BYTE_ORDER,
		.version = BRICKTRACE_FILE_VERSION,
		.header_size = sizeof(header),
	};

	memcpy(header.magic, BRICKTRACE_FILE_MAGIC, sizeof(header.magic));
	strcpy(header.machine, machine);
	memcpy(to, &header, sizeof(header));
	return sizeof(header);
}

/* The bytes that memory_read() returns, at most @chunk at a time. */
static struct {
	const char *bytes;
	size_t size, at, chunk;
} memory;

static inline ssize_t memory_read(int fd, void *buf, size_t size)
{
	size_t n = memory.size - memory.at;

	(void)fd;
	n = n < size ? n : size;
	n = n < memory.chunk ? n : memory.chunk;
	memcpy(buf, memory.bytes + memory.at, n);
	memory.at += n;
	return n;
}

static const struct bti_ops memory_ops = { .read = memory_read };

static inline void memory_set(const void *bytes, size_t size)
{
	memory.bytes = bytes;
	memory.size = size;
	memory.at = 0;
	memory.chunk = size + 1;
}

/* Reads everything that a record and its result say. */
static inline uint64_t touch_bytes(const void *bytes, size_t size)
{
	const unsigned char *b = bytes;
	uint64_t sum = 0;

	while (size--)
		sum = sum * 31 + *b++;
	return sum;
}

#define TOUCH(thing)  touch_bytes(&(thing), sizeof(thing))
#define TOUCH_S(text) touch_bytes(text, strlen(text))

static inline uint64_t touch_ioctl(const struct bt_ioctl *io)
{
	return TOUCH(io->request) + TOUCH_S(io->owner) + TOUCH_S(io->name) +
	       TOUCH_S(io->arch_name) + TOUCH(*bt_ioctl_figures(io, BT_INCLUSIVE)) +
	       TOUCH(*bt_ioctl_figures(io, BT_EXCLUSIVE));
}

static inline uint64_t touch_result(const struct bt_result *r)
{
	uint64_t sum = TOUCH(*r) + TOUCH_S(r->brick);
	enum bt_view view;
	uint32_t i;

	for (view = BT_INCLUSIVE; view < BTI_VIEWS; view++) {
		sum += TOUCH(*bt_result_times(r, view));
		for (i = 0; i < r->n_categories; i++)
			sum += TOUCH(*bt_result_category(r, bt_result_category_at(r, i),
							 view));
		sum += bt_breakdown_syscall_ns(r, view) + bt_breakdown_dominant(r, view);
		sum += bt_breakdown_overhead_percent(r, view) > 50;
	}
	for (i = 0; i < r->n_syscalls; i++) {
		const struct bt_syscall *s = bt_result_syscall(r, i);

		sum += TOUCH(s->nr) + TOUCH_S(s->name) + TOUCH_S(s->arch_name) +
		       TOUCH(*bt_syscall_figures(s, BT_INCLUSIVE)) +
		       TOUCH(*bt_syscall_figures(s, BT_EXCLUSIVE));
	}
	for (i = 0; i < r->n_failed; i++)
		sum += TOUCH(*bt_result_failed(r, i)) +
		       TOUCH_S(bt_result_failed(r, i)->name);
	for (i = 0; i < r->n_ioctls; i++)
		sum += touch_ioctl(bt_result_ioctl(r, i));
	for (i = 0; i < r->n_slow_calls; i++) {
		const struct bt_slow_call *call = bt_result_slow_call(r, i);

		sum += TOUCH(*call) + TOUCH_S(call->name) + TOUCH_S(call->arch_name);
		if (call->ioctl)
			sum += touch_ioctl(call->ioctl);
	}
	return sum + bt_result_has_ioctls(r) + bt_result_has_slow_calls(r) +
	       bt_result_over_budget(r);
}

static inline uint64_t touch_record(const struct bt_record *r)
{
	return TOUCH(*r) + TOUCH_S(r->comm) + TOUCH_S(r->label) + TOUCH_S(r->machine) +
	       (r->result ? touch_result(r->result) : 0);
}

#endif
