// SPDX-License-Identifier: MIT
/* Tests of what the library makes of records, good and bad ones. */
#include "unit.h"

#include "record.h"

static struct sample sample;
static char bytes[4 * BRICKTRACE_RECORD_MAX];
static uint32_t size; /* of what is in @bytes */

/* A recording of this machine begins in @bytes; records follow. */
static int begin(void **state)
{
	(void)state;
	memset(bytes, 0, sizeof(bytes));
	size = sample_header(bti_host, bytes);
	sample_fill(&sample);
	return 0;
}

static void add(uint64_t sequence, const struct sample_shape *shape)
{
	size += sample_record(&sample, sequence, shape, bytes + size);
}

static struct bt_recording *recording(void)
{
	struct bt_recording *recording;

	memory_set(bytes, size);
	assert_int_equal(bti_recording_open(&memory_ops, -1, &recording), 0);
	return recording;
}

/* Reads the only record. */
static struct bt_record *only(void)
{
	struct bt_recording *from = recording();
	struct bt_record *record, *end;

	if (bt_recording_read(from, &record))
		fail_msg("%s", bt_error_text());
	assert_non_null(record);
	assert_int_equal(bt_recording_read(from, &end), 0);
	assert_null(end);
	bt_recording_free(from);
	return record;
}

/* The result of the same run, as RUN_CLOSE gives it. */
static struct bt_result *closed(void)
{
	struct bti_about about = {
		.brick = sample.origin.brick,
		.budget_ns = sample.result.budget_ns,
		.to_unix = SAMPLE_END - sample.result.start_ns - sample.result.wall_ns,
		.machine = bti_machine(bti_host),
	};
	struct bt_result *result;

	assert_int_equal(bti_result_make(&about, &sample.close, &result), 0);
	return result;
}

#define SAME(member)	   assert_memory_equal(&a->member, &b->member, sizeof(a->member))
#define SAME_TEXT(member)  assert_string_equal(a->member, b->member)
#define SAME_FIGURES(a, b) assert_memory_equal(a, b, sizeof(struct bt_figures))

static void same_ioctl(const struct bt_ioctl *a, const struct bt_ioctl *b)
{
	SAME(file);
	SAME(major);
	SAME(minor);
	SAME(request);
	SAME(command);
	SAME(arch);
	SAME_TEXT(owner);
	SAME_TEXT(name);
	SAME_TEXT(arch_name);
	SAME_FIGURES(bt_ioctl_figures(a, BT_INCLUSIVE), bt_ioctl_figures(b, BT_INCLUSIVE));
	SAME_FIGURES(bt_ioctl_figures(a, BT_EXCLUSIVE), bt_ioctl_figures(b, BT_EXCLUSIVE));
}

static void same_syscall(const struct bt_syscall *a, const struct bt_syscall *b)
{
	SAME(nr);
	SAME(arch);
	SAME(category);
	SAME_TEXT(name);
	SAME_TEXT(arch_name);
	SAME_FIGURES(bt_syscall_figures(a, BT_INCLUSIVE),
		     bt_syscall_figures(b, BT_INCLUSIVE));
	SAME_FIGURES(bt_syscall_figures(a, BT_EXCLUSIVE),
		     bt_syscall_figures(b, BT_EXCLUSIVE));
}

static void same_slow_call(const struct bt_slow_call *a, const struct bt_slow_call *b)
{
	SAME(tid);
	SAME(nr);
	SAME(arch);
	SAME(category);
	SAME(arg0);
	SAME(start_ns);
	SAME(start_unix_ns);
	SAME(ns);
	SAME(offcpu_ns);
	SAME(ret);
	SAME_TEXT(name);
	SAME_TEXT(arch_name);
	assert_int_equal(!a->ioctl, !b->ioctl);
	if (a->ioctl)
		same_ioctl(a->ioctl, b->ioctl);
}

static void same_failed(const struct bt_failed *a, const struct bt_failed *b)
{
	SAME_TEXT(name);
	SAME(kind);
	SAME(value);
	SAME(limit);
}

static void same_result(const struct bt_result *a, const struct bt_result *b)
{
	enum bt_view view;
	uint32_t i;

	SAME_TEXT(brick);
	/* The other members of the structure, which are adjacent. */
	assert_memory_equal((const char *)a + sizeof(a->brick),
			    (const char *)b + sizeof(b->brick),
			    sizeof(*a) - sizeof(a->brick));
	for (view = BT_INCLUSIVE; view < BTI_VIEWS; view++) {
		assert_memory_equal(bt_result_times(a, view), bt_result_times(b, view),
				    sizeof(struct bt_times));
		for (i = 0; i < a->n_categories; i++) {
			enum bt_category c = bt_result_category_at(a, i);

			assert_int_equal(bt_result_category_at(b, i), c);
			SAME_FIGURES(bt_result_category(a, c, view),
				     bt_result_category(b, c, view));
		}
	}
	for (i = 0; i < a->n_syscalls; i++)
		same_syscall(bt_result_syscall(a, i), bt_result_syscall(b, i));
	for (i = 0; i < a->n_failed; i++)
		same_failed(bt_result_failed(a, i), bt_result_failed(b, i));
	for (i = 0; i < a->n_ioctls; i++)
		same_ioctl(bt_result_ioctl(a, i), bt_result_ioctl(b, i));
	for (i = 0; i < a->n_slow_calls; i++)
		same_slow_call(bt_result_slow_call(a, i), bt_result_slow_call(b, i));
	assert_int_equal(bt_result_has_ioctls(a), bt_result_has_ioctls(b));
	assert_int_equal(bt_result_has_slow_calls(a), bt_result_has_slow_calls(b));
}

static void a_record_has_the_result_of_the_close(void **state)
{
	struct bt_result *result = closed();
	struct bt_record *record;

	(void)state;
	add(7, NULL);
	record = only();
	assert_int_equal(result->n_categories, 7);
	assert_int_equal(result->n_syscalls, 4);
	assert_int_equal(result->n_ioctls, 3);
	assert_int_equal(result->n_failed, 2);
	assert_int_equal(result->n_slow_calls, 3);
	same_result(record->result, result);
	bt_result_free(result);
	bt_record_free(record);
}

static void a_record_says_where_its_run_comes_from(void **state)
{
	const struct bricktrace_origin *o = &sample.origin;
	struct bt_record *r;

	(void)state;
	/* The kernel fills the name of a thread with any bytes. */
	memset(sample.origin.comm, 'c', sizeof(sample.origin.comm));
	add(7, NULL);
	r = only();
	assert_int_equal(r->type, BT_RECORD_RUN);
	assert_int_equal(r->sequence, 7);
	assert_int_equal(r->lost, 0);
	assert_int_equal(r->size, size - BRICKTRACE_FILE_HEADER_SIZE_V0);
	assert_int_equal(r->session, o->session);
	assert_int_equal(r->run, sample.result.run);
	assert_int_equal(r->parent, sample.result.parent);
	assert_int_equal(r->depth, sample.result.depth);
	assert_int_equal(r->tgid, o->tgid);
	assert_int_equal(r->tid, o->tid);
	assert_int_equal(r->uid, o->uid);
	assert_int_equal(r->cgroup, o->cgroup);
	assert_int_equal(r->end_unix_ns, SAMPLE_END);
	assert_int_equal(r->start_unix_ns, SAMPLE_END - sample.result.wall_ns);
	assert_memory_equal(r->context.trace_id, o->context.trace_id, 16);
	assert_memory_equal(r->context.span_id, o->context.span_id, 8);
	assert_int_equal(r->context.flags, 1);
	assert_memory_equal(r->parent_span_id, o->parent_span, 8);
	assert_int_equal(r->level, BT_TRACE);
	assert_int_equal(r->scope, BT_SCOPE_TRACER);
	assert_true(r->released);
	assert_false(r->abandoned);
	assert_int_equal(r->missing, 0);
	assert_string_equal(r->comm, "cccccccccccccccc");
	assert_string_equal(r->label, "gr\xc3\xb6\xc3\x9f"
				      "er");
	assert_string_equal(r->machine, bti_host);
	bt_record_free(r);
	begin(NULL);
	sample.result.flags = BRICKTRACE_RESULT_ABANDONED;
	sample.result.budget_ns = BRICKTRACE_MAX_BUDGET;
	sample.origin.label[0] = '\0';
	add(7, NULL);
	r = only();
	assert_false(r->released);
	assert_true(r->abandoned);
	assert_true(r->result->budget_ns == BT_NONE);
	assert_string_equal(r->label, "");
	bt_record_free(r);
}

/* The clocks of this host, which memory_ops does not even have, do not count. */
static void slow_calls_have_the_clock_of_the_record(void **state)
{
	struct bt_record *r;

	(void)state;
	sample.slow_calls[1].start_ns = sample.result.start_ns + 5;
	add(7, NULL);
	r = only();
	assert_int_equal(bt_result_slow_call(r->result, 1)->start_unix_ns,
			 r->start_unix_ns + 5);
	bt_record_free(r);
}

static void a_newer_module_says_more(void **state)
{
	const struct sample_shape newer = { .head_more = 24, .more = 16 };
	struct bt_result *result = closed();
	struct bt_record *r;

	(void)state;
	add(1, &newer);
	r = only();
	same_result(r->result, result);
	assert_int_equal(r->end_unix_ns, SAMPLE_END);
	bt_result_free(result);
	bt_record_free(r);
}

static void an_older_module_says_less(void **state)
{
	const struct sample_shape older = { .oldest = true };
	const struct bt_figures *figures;
	struct bt_record *r;

	(void)state;
	add(1, &older);
	r = only();
	assert_int_equal(r->result->run, sample.result.run);
	assert_int_equal(r->result->why, 0);
	assert_true(r->result->brick_run == BT_NONE);
	assert_true(bt_result_times(r->result, BT_EXCLUSIVE)->minor_faults == BT_NONE);
	assert_int_equal(bt_result_times(r->result, BT_EXCLUSIVE)->thread_ns,
			 sample.times[1].thread_ns);
	figures = bt_result_category(r->result, BT_CAT_FUTEX, BT_INCLUSIVE);
	assert_true(figures->runnable_ns == BT_NONE);
	assert_int_equal(figures->max_ns, sample.categories[2].figures.max_ns);
	bt_record_free(r);
}

static void what_did_not_fit_is_counted(void **state)
{
	const struct sample_shape full = { .missing = 2 };
	struct bricktrace_part *part =
		(void *)(bytes + size + offsetof(struct bricktrace_record_run, syscalls));
	struct bt_record *r;

	(void)state;
	add(1, &full);
	part->total += 10; /* five calls */
	r = only();
	assert_int_equal(r->missing, 12);
	assert_int_equal(r->result->n_missing, 5);
	assert_int_equal(r->result->n_slow_calls, 1);
	bt_record_free(r);
	/* The next part is that of assertions. */
	part[0].total = part[1].total = UINT32_MAX;
	r = only();
	assert_int_equal(r->missing, UINT32_MAX);
	bt_record_free(r);
}

static void a_run_without_a_breakdown_has_no_figures(void **state)
{
	struct bt_record *r;

	(void)state;
	sample.result.provenance = BRICKTRACE_NOT_INSTRUMENTED;
	sample.close.times.count = sample.close.categories.count = 0;
	sample.close.syscalls.count = sample.close.ioctls.count = 0;
	sample.close.slow_calls.count = sample.close.failed.count = 0;
	add(1, NULL);
	r = only();
	assert_int_equal(r->result->n_categories, BTI_CATEGORIES);
	assert_int_equal(r->result->n_syscalls, 0);
	assert_false(bt_result_has_ioctls(r->result));
	assert_true(bt_result_times(r->result, BT_INCLUSIVE)->compute_ns == BT_NONE);
	bt_record_free(r);
	/* A traced run without calls has no elements either. */
	((struct bricktrace_result *)(bytes + size - sizeof(sample.result)))->provenance =
		BRICKTRACE_MEASURED;
	r = only();
	assert_true(bt_result_has_ioctls(r->result));
	assert_true(bt_result_has_slow_calls(r->result));
	bt_record_free(r);
}

static void calls_are_named_for_the_machine(void **state)
{
	static const struct {
		const char *machine, *first, *first_arch;
	} cases[] = {
		{ "x86_64", "mprotect", "x86_64" },
		{ "aarch64", "fgetxattr", "aarch64" },
		{ "riscv64", "syscall_10", "native" },
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct bt_syscall *call;
		struct bt_record *r;

		begin(NULL);
		sample_header(cases[i].machine, bytes);
		sample.slow_calls[0].nr = 10;
		add(1, NULL);
		r = only();
		assert_string_equal(r->machine, cases[i].machine);
		for (j = 0; j < 4; j++) {
			call = bt_result_syscall(r->result, j);
			if (call->nr == 10)
				break;
		}
		assert_string_equal(call->name, cases[i].first);
		assert_string_equal(call->arch_name, cases[i].first_arch);
		assert_string_equal(bt_result_slow_call(r->result, 0)->name,
				    cases[i].first);
		assert_string_equal(bt_result_slow_call(r->result, 0)->arch_name,
				    cases[i].first_arch);
		assert_string_equal(bt_result_ioctl(r->result, 0)->arch_name,
				    cases[i].first_arch);
		bt_record_free(r);
	}
}

/* A number in a record that is wrong. */
struct bad {
	size_t offset, size; /* where it is, and its own size */
	uint64_t value;
	const char *text; /* what the error says */
};

#define BAD(structure, member, value, text)                                  \
	{                                                                    \
		offsetof(struct structure, member),                          \
			sizeof(((struct structure *)0)->member), value, text \
	}
#define BAD_RUN(member, value, text)  BAD(bricktrace_record_run, member, value, text)
#define BAD_LOSS(member, value, text) BAD(bricktrace_record_loss, member, value, text)

/* The next record, at @at, is refused with both texts, and again if it is read again. */
static void assert_refused(struct bt_recording *from, uint32_t at, const char *text,
			   const char *more)
{
	struct bt_record *r;
	char where[60];
	int i;

	snprintf(where, sizeof(where), "malformed record at byte %u of the recording", at);
	for (i = 0; i < 2; i++) {
		r = (void *)1;
		assert_int_equal(bt_recording_read(from, &r), -EPROTO);
		assert_null(r);
		if (!strstr(bt_error_text(), text) || !strstr(bt_error_text(), more) ||
		    !strstr(bt_error_text(), where))
			fail_msg("'%s' lacks '%s', '%s' or '%s'", bt_error_text(), text,
				 more, where);
	}
}

/* A whole record is before the bad one, at @at. */
static void assert_bad(const struct bad *all, size_t n, uint32_t at)
{
	struct bt_recording *from;
	struct bt_record *r;
	char saved[8], value[80];
	size_t i;

	for (i = 0; i < n; i++) {
		char *number = bytes + at + all[i].offset;

		memcpy(saved, number, sizeof(saved));
		memcpy(number, &all[i].value, all[i].size);
		from = recording();
		assert_int_equal(bt_recording_read(from, &r), 0);
		bt_record_free(r);
		if (all[i].offset)
			snprintf(value, sizeof(value), ", at byte %zu, is %llu, ",
				 at + all[i].offset, (unsigned long long)all[i].value);
		else
			snprintf(value, sizeof(value), "its size, %llu, ",
				 (unsigned long long)all[i].value);
		assert_refused(from, at, all[i].text, value);
		bt_recording_free(from);
		memcpy(number, saved, sizeof(saved));
	}
}

static void each_wrong_number_of_a_run_is_refused(void **state)
{
	const uint32_t record = sample_record(&sample, 1, NULL, bytes + size);
	const uint32_t head = sizeof(struct bricktrace_record_run);
#define PARTS(member, least)                                               \
	BAD_RUN(member.size, (least)-1, #member ".size"),                  \
		BAD_RUN(member.size, 0, #member ".size"),                  \
		BAD_RUN(member.offset, head + 4, #member ".offset"),       \
		BAD_RUN(member.offset, head - 8, #member ".offset"),       \
		BAD_RUN(member.offset, record + 8, #member ".offset"),     \
		BAD_RUN(member.offset, UINT32_MAX - 7, #member ".offset"), \
		BAD_RUN(member.total, 0, #member ".total")
	const struct bad all[] = {
		BAD_RUN(record.size, 0, "is not a multiple of 8 from 16 to 65536"),
		BAD_RUN(record.size, 8, "is not a multiple of 8 from 16 to 65536"),
		BAD_RUN(record.size, record - 4, "is not a multiple of 8"),
		BAD_RUN(record.size, BRICKTRACE_RECORD_MAX + 8, "to 65536"),
		BAD_RUN(record.size, UINT32_MAX - 7, "to 65536"),
		BAD_RUN(record.sequence, 0, "record.sequence"),
		BAD_RUN(record.sequence, 1, "record.sequence"),
		BAD_RUN(record.sequence, UINT64_MAX, "record.sequence"),
		BAD_RUN(head, 0, "record.head"),
		BAD_RUN(head, head - 8, "record.head"),
		BAD_RUN(head, record + 8, "record.head"),
		BAD_RUN(origin.count, 0, "origin.count"),
		BAD_RUN(result.count, 0, "result.count"),
		PARTS(origin, BRICKTRACE_ORIGIN_SIZE_V0),
		PARTS(result, BRICKTRACE_RESULT_SIZE_V0),
		PARTS(times, BRICKTRACE_TIMES_SIZE_V0),
		PARTS(categories, BRICKTRACE_CATEGORY_FIGURES_SIZE_V0),
		PARTS(syscalls, BRICKTRACE_SYSCALL_SIZE_V0),
		PARTS(failed, BRICKTRACE_FAILED_SIZE_V0),
		PARTS(ioctls, BRICKTRACE_IOCTL_SIZE_V0),
		PARTS(slow_calls, BRICKTRACE_SLOW_CALL_SIZE_V0),
	};

	(void)state;
	size += record;
	add(2, NULL);
	assert_bad(all, sizeof(all) / sizeof(all[0]), size - record);
}

/* One more element of each part than there is room for, and so many that a product overflows. */
static void too_many_elements_are_refused(void **state)
{
	static const size_t parts[] = {
		offsetof(struct bricktrace_record_run, times),
		offsetof(struct bricktrace_record_run, categories),
		offsetof(struct bricktrace_record_run, syscalls),
		offsetof(struct bricktrace_record_run, failed),
		offsetof(struct bricktrace_record_run, ioctls),
		offsetof(struct bricktrace_record_run, slow_calls),
	};
	const uint32_t at = size;
	struct bt_recording *from;
	size_t i;
	int j;

	(void)state;
	add(1, NULL);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct bricktrace_part *part = (void *)(bytes + at + parts[i]),
				       saved = *part;

		for (j = 0; j < 3; j++) {
			part->count = part->total = (size - at - part->offset) / part->size;
			assert_int_equal(
				part->count * part->size > size - at - part->offset, 0);
			if (!j)
				part->count = ++part->total;
			else if (j == 1)
				part->size = part->count = part->total = 1U << 31;
			else
				part->size = UINT32_MAX;
			from = recording();
			assert_refused(from, at, ".count",
				       "more elements than the record has room for");
			bt_recording_free(from);
			*part = saved;
		}
	}
}

static void a_run_has_one_origin_and_one_result(void **state)
{
	static const size_t parts[] = { offsetof(struct bricktrace_record_run, origin),
					offsetof(struct bricktrace_record_run, result) };
	const uint32_t at = size;
	struct bt_recording *from;
	size_t i;

	(void)state;
	add(1, NULL);
	for (i = 0; i < 2; i++) {
		struct bricktrace_part *part = (void *)(bytes + at + parts[i]),
				       saved = *part;

		part->count = part->total = 2;
		from = recording();
		assert_refused(from, at, i ? "result.count" : "origin.count",
			       "is 2, not 1");
		bt_recording_free(from);
		*part = saved;
	}
}

static void a_short_record_of_a_run_is_refused(void **state)
{
	const uint32_t at = size;
	struct bt_recording *from;

	(void)state;
	add(1, NULL);
	((struct bricktrace_record *)(bytes + at))->size =
		BRICKTRACE_RECORD_RUN_SIZE_V0 - 8;
	from = recording();
	assert_refused(from, at, "record.size",
		       "is 144, less than the record of a run has");
	bt_recording_free(from);
}

static void each_wrong_number_of_a_loss_is_refused(void **state)
{
	static const struct bad all[] = {
		BAD_LOSS(record.size, 20, "is not a multiple of 8"),
		BAD_LOSS(record.sequence, 0, "record.sequence"),
		BAD_LOSS(record.sequence, UINT64_MAX, "record.sequence"),
		BAD_LOSS(lost, 0, "record.lost"),
		BAD_LOSS(lost, UINT64_MAX, "record.lost"),
		BAD_LOSS(lost, UINT64_MAX - 1, "record.lost"),
	};
	const uint32_t first = size;
	struct bt_recording *from;
	struct bt_record *r;

	(void)state;
	add(1, NULL);
	size += sample_loss(2, 1, bytes + size);
	assert_bad(all, sizeof(all) / sizeof(all[0]),
		   size - sizeof(struct bricktrace_record_loss));
	/* The greatest loss there can be is good. */
	size = first + sample_loss(1, UINT64_MAX - 1, bytes + first);
	r = only();
	assert_int_equal(r->lost, UINT64_MAX - 1);
	bt_record_free(r);
	((struct bricktrace_record *)(bytes + first))->size = 16;
	from = recording();
	assert_refused(from, first, "record.size",
		       "is 16, less than the record of a loss has");
	bt_recording_free(from);
}

static void names_are_checked(void **state)
{
	static const struct {
		char *name;
		const char *what, *value;
	} cases[] = {
		{ sample.origin.brick, "the name of the brick", "" },
		{ sample.origin.brick, "the name of the brick", "a\033[2J" },
		{ sample.origin.brick, "the name of the brick", "\xff" },
		{ sample.origin.brick, "the name of the brick", NULL },
		{ sample.origin.label, "the label", "a\nb" },
		{ sample.origin.label, "the label", "\xc3" },
		{ sample.origin.label, "the label", NULL },
		{ sample.failed[1].name, "the name of a failed assertion", "" },
		{ sample.failed[1].name, "the name of a failed assertion", "\xc2\x9b" },
		{ sample.failed[1].name, "the name of a failed assertion", NULL },
	};
	const uint32_t at = size;
	struct bt_recording *from;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(NULL);
		if (cases[i].value)
			strcpy(cases[i].name, cases[i].value);
		else
			memset(cases[i].name, 'x', BT_NAME_LEN);
		add(1, NULL);
		from = recording();
		assert_refused(from, at, cases[i].what, "is not a name");
		bt_recording_free(from);
	}
}

static void losses_stand_in_their_places(void **state)
{
	struct bt_recording *from;
	struct bt_record *r;

	(void)state;
	add(3, NULL);
	size += sample_loss(4, 6, bytes + size);
	add(10, NULL);
	from = recording();
	assert_int_equal(bt_recording_read(from, &r), 0);
	assert_int_equal(r->sequence, 3);
	bt_record_free(r);
	assert_int_equal(bt_recording_read(from, &r), 0);
	assert_int_equal(r->type, BT_RECORD_LOSS);
	assert_int_equal(r->sequence, 4);
	assert_int_equal(r->lost, 6);
	assert_int_equal(r->size, 24);
	assert_null(r->result);
	assert_string_equal(r->comm, "");
	assert_string_equal(r->label, "");
	assert_string_equal(r->machine, bti_host);
	assert_int_equal(r->run, 0);
	bt_record_free(r);
	assert_int_equal(bt_recording_read(from, &r), 0);
	assert_int_equal(r->sequence, 10);
	bt_record_free(r);
	bt_recording_free(from);
	/* A record that repeats one of the lost numbers is not good. */
	begin(NULL);
	size += sample_loss(4, 6, bytes + size);
	add(9, NULL);
	from = recording();
	assert_int_equal(bt_recording_read(from, &r), 0);
	bt_record_free(r);
	assert_refused(from, BRICKTRACE_FILE_HEADER_SIZE_V0 + 24, "record.sequence",
		       "is 9, not above that of the record before");
	bt_recording_free(from);
}

/* What one of several readers of a stream lost may come after what the others have read. */
static void a_loss_may_come_late(void **state)
{
	struct bt_recording *from;
	struct bt_record *r;

	(void)state;
	add(4, NULL);
	size += sample_loss(1, 2, bytes + size);
	add(4, NULL);
	from = recording();
	assert_int_equal(bt_recording_read(from, &r), 0);
	bt_record_free(r);
	assert_int_equal(bt_recording_read(from, &r), 0);
	assert_int_equal(r->sequence, 1);
	assert_int_equal(r->lost, 2);
	bt_record_free(r);
	assert_int_equal(bt_recording_read(from, &r), -EPROTO);
	bt_recording_free(from);
}

static void unknown_types_are_skipped(void **state)
{
	struct bricktrace_record unknown = { .size = 32, .type = 3, .sequence = 0 };
	struct bt_record *r;
	int i;

	(void)state;
	for (i = 0; i < 5; i++, size += unknown.size) {
		memset(bytes + size, 0xff, unknown.size);
		memcpy(bytes + size, &unknown, sizeof(unknown));
	}
	add(1, NULL);
	memcpy(bytes + size, &unknown, sizeof(unknown));
	size += unknown.size;
	r = only();
	assert_int_equal(r->sequence, 1);
	bt_record_free(r);
}

/* The bytes arrive in pieces of any size, as from a pipe. */
static void records_may_come_in_pieces(void **state)
{
	static const size_t chunks[] = { 1, 7, 24, 1000, BRICKTRACE_RECORD_MAX + 1 };
	struct bt_recording *from;
	struct bt_record *r;
	size_t i;
	int n;

	(void)state;
	for (n = 1; n <= 40; n++)
		add(n, NULL);
	for (i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		memory_set(bytes, size);
		memory.chunk = chunks[i];
		assert_int_equal(bti_recording_open(&memory_ops, -1, &from), 0);
		for (n = 1; n <= 40; n++) {
			assert_int_equal(bt_recording_read(from, &r), 0);
			assert_int_equal(r->sequence, n);
			bt_record_free(r);
		}
		assert_int_equal(bt_recording_read(from, &r), 0);
		assert_null(r);
		bt_recording_free(from);
	}
}

/* Whatever bit is wrong: the record is refused, or all that it says can be read. */
static void any_bit_may_be_wrong(void **state)
{
	const uint32_t at = size;
	struct bt_recording *from;
	volatile uint64_t sum = 0;
	uint32_t bit, refused = 0;
	struct bt_record *r;
	int err;

	(void)state;
	add(1, NULL);
	for (bit = 8 * at; bit < 8 * size; bit++) {
		bytes[bit / 8] ^= 1 << bit % 8;
		from = recording();
		err = bt_recording_read(from, &r);
		assert_true(!err || err == -EPROTO || err == -ENODATA);
		refused += err != 0;
		if (r)
			sum += touch_record(r);
		bt_record_free(r);
		bt_recording_free(from);
		bytes[bit / 8] ^= 1 << bit % 8;
	}
	/* Of each part: the offset, the size and the count. */
	assert_true(refused > 8 * 3 * 20);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, begin)
	const struct CMUnitTest tests[] = {
		TEST(a_record_has_the_result_of_the_close),
		TEST(a_record_says_where_its_run_comes_from),
		TEST(slow_calls_have_the_clock_of_the_record),
		TEST(a_newer_module_says_more),
		TEST(an_older_module_says_less),
		TEST(what_did_not_fit_is_counted),
		TEST(a_run_without_a_breakdown_has_no_figures),
		TEST(calls_are_named_for_the_machine),
		TEST(each_wrong_number_of_a_run_is_refused),
		TEST(too_many_elements_are_refused),
		TEST(a_run_has_one_origin_and_one_result),
		TEST(a_short_record_of_a_run_is_refused),
		TEST(each_wrong_number_of_a_loss_is_refused),
		TEST(names_are_checked),
		TEST(losses_stand_in_their_places),
		TEST(a_loss_may_come_late),
		TEST(unknown_types_are_skipped),
		TEST(records_may_come_in_pieces),
		TEST(any_bit_may_be_wrong),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
