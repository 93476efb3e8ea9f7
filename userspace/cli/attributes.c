// SPDX-License-Identifier: MIT
/* Reading the attributes of a netlink message into a structure, as a table says. */
#include <stdbool.h>
#include <string.h>
#include <sys/param.h>

#include "attributes.h"
#include "host.h"

#define SIMPLE(name, kinds, structure, member)                          \
	{                                                               \
		.type = BRICKTRACE_A_##name, .kind = ATTRIBUTE_##kinds, \
		.offset = offsetof(structure, member),                  \
		.size = sizeof(((structure *)0)->member),               \
	}
#define NUMBER(name, structure, member) SIMPLE(name, NUMBER, structure, member)
#define FIGURE(name, structure, member) SIMPLE(name, FIGURE, structure, member)
#define TEXT(name, structure, member)	SIMPLE(name, TEXT, structure, member)
#define BYTES(name, structure, member)	SIMPLE(name, BYTES, structure, member)
#define NEST(name, at, attributes)                                                 \
	{                                                                          \
		.type = BRICKTRACE_A_##name, .kind = ATTRIBUTE_NEST, .offset = at, \
		.table = attributes,                                               \
	}
#define OTHER(name, function)                                                           \
	{                                                                               \
		.type = BRICKTRACE_A_##name, .kind = ATTRIBUTE_OTHER, .read = function, \
	}
/* The elements are in a member of the brick's room that its @get describes. */
#define ARRAY(name, member, attributes)                                                \
	{                                                                              \
		.type = BRICKTRACE_A_##name, .kind = ATTRIBUTE_ARRAY,                  \
		.offset = offsetof(struct host_brick, room.member),                    \
		.size = sizeof(((struct host_brick *)0)->room.member[0]),              \
		.table = attributes, .array = offsetof(struct host_brick, get.member), \
		.cap = sizeof(((struct host_brick *)0)->room.member) /                 \
		       sizeof(((struct host_brick *)0)->room.member[0]),               \
	}

const struct attribute attributes_status[] = {
#define STATUS(name, member) NUMBER(STATUS_##name, struct host_status, member)
	STATUS(FEATURES, features),
	TEXT(STATUS_VERSION, struct host_status, version),
	STATUS(TESTED, tested),
	STATUS(CLOCK, clock),
	STATUS(HOOKS, hooks),
	STATUS(SINCE_NS, since_ns),
	STATUS(LOADED_NS, loaded_ns),
	STATUS(ARMED_NS, armed_ns),
	STATUS(ARMS, arms),
	STATUS(LOUD, loud),
	STATUS(CAUSE_PID, cause_pid),
	TEXT(STATUS_CAUSE_COMM, struct host_status, cause_comm),
	STATUS(SESSIONS, sessions),
	STATUS(THREADS, threads),
	STATUS(RUNS, runs),
	STATUS(MEMORY, memory),
	STATUS(THREADS_LOST, threads_lost),
	STATUS(HOST_GRANTED, host_granted),
	STATUS(HOST_REFUSED, host_refused),
	STATUS(STREAMS, streams),
	STATUS(STREAM_LOST, stream_lost),
	{ 0 },
};

const struct attribute attributes_user[] = {
#define USER(name, member) NUMBER(USER_##name, struct host_user, member)
	USER(UID, uid),	  USER(SESSIONS, sessions), USER(THREADS, threads),
	USER(RUNS, runs), USER(MEMORY, memory),	    { 0 },
};

const struct attribute attributes_session[] = {
#define SESSION(name, member) NUMBER(SESSION_##name, struct host_session, member)
	SESSION(ID, s.id),
	SESSION(OWNER, owner),
	SESSION(UID, uid),
	SESSION(PID, pid),
	TEXT(SESSION_COMM, struct host_session, comm),
	TEXT(SESSION_LABEL, struct host_session, s.label),
	SESSION(THREADS, s.threads),
	SESSION(BRICKS, s.bricks),
	SESSION(RUNS, s.runs),
	SESSION(RUNS_OPENED, s.runs_opened),
	SESSION(THREADS_LOST, s.threads_lost),
	FIGURE(SESSION_EDGE_PS, struct host_session, s.edge_ps),
	SESSION(CV_THRESHOLD, s.cv_threshold),
	SESSION(EFFICIENCY_THRESHOLD, s.efficiency_threshold),
	SESSION(TRACE_LIMIT, s.trace_limit),
	SESSION(OUTLIERS, s.outliers),
	SESSION(SLOW_NS, s.slow_ns),
	SESSION(ENABLED, s.enabled),
	SESSION(ESCALATED, s.escalated),
	SESSION(GRANTED, s.granted),
	SESSION(REFUSED, s.refused),
	SESSION(DETACHED, detached),
	SESSION(HOLDS, holds),
	SESSION(HOLDS_NS, holds_ns),
	BYTES(SESSION_TRACE_ID, struct host_session, s.context.trace_id),
	BYTES(SESSION_SPAN_ID, struct host_session, s.context.span_id),
	SESSION(TRACE_FLAGS, s.context.flags),
	{ 0 },
};

struct attribute_calls {
	uint32_t category;
	struct bricktrace_figures figures;
};

static const struct attribute attributes_calls[] = {
#define CALLS(name, member) FIGURE(CALLS_##name, struct attribute_calls, figures.member)
	NUMBER(CALLS_CATEGORY, struct attribute_calls, category),
	CALLS(COUNT, count),
	CALLS(ERRORS, errors),
	CALLS(NS, ns),
	CALLS(OFFCPU_NS, offcpu_ns),
	{ 0 },
};

static void attributes_read_calls(const struct nlattr *attribute, void *to)
{
	struct attribute_calls calls = { .category = UINT32_MAX };

	attributes_read(attributes_calls, nla_data(attribute), nla_len(attribute), &calls);
	if (calls.category < HOST_CATEGORIES)
		((struct host_thread *)to)->calls[calls.category] = calls.figures;
}

const struct attribute attributes_thread[] = {
#define THREAD(name, member) NUMBER(THREAD_##name, struct host_thread, member)
	THREAD(SESSION, session),
	THREAD(PID, pid),
	THREAD(TID, tid),
	THREAD(FLAGS, flags),
	THREAD(RUNS, runs),
	TEXT(THREAD_COMM, struct host_thread, comm),
	FIGURE(THREAD_THREAD_NS, struct host_thread, thread_ns),
	FIGURE(THREAD_OFFCPU_NS, struct host_thread, offcpu_ns),
	OTHER(THREAD_CALLS, attributes_read_calls),
	{ 0 },
};

static const struct attribute attributes_statistics[] = {
#define COUNT(name, member) \
	NUMBER(STATISTICS_##name, struct bricktrace_statistics, member)
#define SUM(name, member) BYTES(STATISTICS_##name, struct bricktrace_statistics, member)
	COUNT(RUNS, runs),
	COUNT(TRACED, traced),
	COUNT(PARTIAL, partial),
	COUNT(OVER_BUDGET, over_budget),
	COUNT(GRANTED, granted),
	COUNT(REFUSED, refused),
	FIGURE(STATISTICS_MIN_NS, struct bricktrace_statistics, min_ns),
	FIGURE(STATISTICS_MAX_NS, struct bricktrace_statistics, max_ns),
	COUNT(ZERO, zero),
	COUNT(EDGE_RUNS, edge_runs),
	SUM(SUM_NS, sum_ns),
	SUM(SQUARES, squares),
	SUM(THREAD_NS, thread_ns),
	SUM(COMPUTE_NS, compute_ns),
	SUM(COMPUTE_OFFCPU_NS, compute_offcpu_ns),
	SUM(COMPUTE_RUNNABLE_NS, compute_runnable_ns),
	SUM(EDGE_NS, edge_ns),
	SUM(CONTROL_NS, control_ns),
	SUM(MINOR_FAULTS, minor_faults),
	SUM(MAJOR_FAULTS, major_faults),
	{ 0 },
};

static const struct attribute attributes_sums[] = {
#define SUMS(name, member) \
	BYTES(SUMS_##name, struct bricktrace_category_statistics, member)
	NUMBER(SUMS_CATEGORY, struct bricktrace_category_statistics, category),
	SUMS(COUNT, count),
	SUMS(ERRORS, errors),
	SUMS(NS, ns),
	SUMS(OFFCPU_NS, offcpu_ns),
	SUMS(RUNNABLE_NS, runnable_ns),
	{ 0 },
};

static const struct attribute attributes_assertion[] = {
#define ASSERTION(name, member) \
	NUMBER(ASSERTION_##name, struct bricktrace_assertion, member)
	ASSERTION(KIND, kind),
	ASSERTION(SUBJECT, subject),
	ASSERTION(ARCH, arch),
	ASSERTION(LIMIT, limit),
	TEXT(ASSERTION_NAME, struct bricktrace_assertion, name),
	{ 0 },
};

static const struct attribute attributes_counts[] = {
#define COUNTS(name, member) \
	NUMBER(COUNTS_##name, struct bricktrace_assertion_counts, member)
	COUNTS(PASSED, passed),
	COUNTS(FAILED, failed),
	COUNTS(NOT_EVALUATED, not_evaluated),
	{ 0 },
};

static const struct attribute attributes_result[] = {
#define RESULT(name, member) NUMBER(RESULT_##name, struct bricktrace_result, member)
	RESULT(RUN, run),
	RESULT(PARENT, parent),
	RESULT(BRICK, brick),
	RESULT(FLAGS, flags),
	RESULT(PROVENANCE, provenance),
	RESULT(REASON, reason),
	RESULT(THREADS, threads),
	RESULT(DEPTH, depth),
	RESULT(BUDGET_NS, budget_ns),
	RESULT(START_NS, start_ns),
	RESULT(WALL_NS, wall_ns),
	RESULT(WHY, why),
	RESULT(MODE, mode),
	RESULT(BRICK_RUN, brick_run),
	RESULT(WINDOW_RUNS, window_runs),
	RESULT(WINDOW_KEPT, window_kept),
	RESULT(WINDOW_SUM, window_sum),
	BYTES(RESULT_WINDOW_SQUARES, struct bricktrace_result, window_squares),
	RESULT(WINDOW_MEDIAN2, window_median2),
	RESULT(PASSED, passed),
	RESULT(FAILED, failed),
	RESULT(NOT_EVALUATED, not_evaluated),
	{ 0 },
};

static const struct attribute attributes_times[] = {
#define TIMES(name, member) FIGURE(TIMES_##name, struct bricktrace_times, member)
	NUMBER(TIMES_VIEW, struct bricktrace_times, view),
	TIMES(THREAD_NS, thread_ns),
	TIMES(COMPUTE_NS, compute_ns),
	TIMES(COMPUTE_OFFCPU_NS, compute_offcpu_ns),
	TIMES(EDGE_NS, edge_ns),
	TIMES(CONTROL_NS, control_ns),
	TIMES(COMPUTE_RUNNABLE_NS, compute_runnable_ns),
	TIMES(MINOR_FAULTS, minor_faults),
	TIMES(MAJOR_FAULTS, major_faults),
	{ 0 },
};

static const struct attribute attributes_figures[] = {
#define FIGURES(name, member) FIGURE(FIGURES_##name, struct bricktrace_figures, member)
	FIGURES(COUNT, count),
	FIGURES(IN_FLIGHT, in_flight),
	FIGURES(ERRORS, errors),
	FIGURES(NS, ns),
	FIGURES(OFFCPU_NS, offcpu_ns),
	FIGURES(MAX_NS, max_ns),
	FIGURES(RUNNABLE_NS, runnable_ns),
	{ 0 },
};

static const struct attribute attributes_category[] = {
#define CATEGORY(name, member) \
	NUMBER(CATEGORY_##name, struct bricktrace_category_figures, member)
	CATEGORY(CATEGORY, category),
	CATEGORY(VIEW, view),
	NEST(CATEGORY_FIGURES, offsetof(struct bricktrace_category_figures, figures),
	     attributes_figures),
	{ 0 },
};

static const struct attribute attributes_slow_call[] = {
#define SLOW_CALL(name, member) \
	NUMBER(SLOW_CALL_##name, struct bricktrace_slow_call, member)
	SLOW_CALL(TID, tid),
	SLOW_CALL(ARCH, arch),
	SLOW_CALL(NR, nr),
	SLOW_CALL(CATEGORY, category),
	SLOW_CALL(ARG0, arg0),
	SLOW_CALL(START_NS, start_ns),
	SLOW_CALL(NS, ns),
	SLOW_CALL(OFFCPU_NS, offcpu_ns),
	SLOW_CALL(RET, ret),
	SLOW_CALL(FILE, file),
	SLOW_CALL(MAJOR, major),
	SLOW_CALL(MINOR, minor),
	SLOW_CALL(REQUEST, request),
	FIGURE(SLOW_CALL_COMMAND, struct bricktrace_slow_call, command),
	TEXT(SLOW_CALL_OWNER, struct bricktrace_slow_call, owner),
	TEXT(SLOW_CALL_NAME, struct bricktrace_slow_call, name),
	{ 0 },
};

static const struct attribute attributes_longest[] = {
	ARRAY(LONGEST_RESULT, longest, attributes_result),
	ARRAY(LONGEST_TIMES, longest_times, attributes_times),
	ARRAY(LONGEST_CATEGORY, longest_categories, attributes_category),
	ARRAY(LONGEST_SLOW_CALL, longest_slow, attributes_slow_call),
	{ 0 },
};

static void attributes_read_window(const struct nlattr *attribute, void *to)
{
	struct host_brick *brick = to;
	uint32_t n = MIN(nla_len(attribute) / sizeof(uint64_t), BRICKTRACE_WINDOW);

	memcpy(brick->room.window, nla_data(attribute), n * sizeof(*brick->room.window));
	brick->get.window = (struct bricktrace_array){
		.cap = BRICKTRACE_WINDOW,
		.count = n,
		.known = sizeof(*brick->room.window),
	};
}

struct attribute_bucket {
	int32_t index;
	uint64_t runs;
};

static const struct attribute attributes_bucket[] = {
	NUMBER(BUCKET_INDEX, struct attribute_bucket, index),
	NUMBER(BUCKET_RUNS, struct attribute_bucket, runs),
	{ 0 },
};

static void attributes_read_bucket(const struct nlattr *attribute, void *to)
{
	struct attribute_bucket bucket = { .index = INT32_MAX };
	struct host_brick *brick = to;
	int64_t index;

	attributes_read(attributes_bucket, nla_data(attribute), nla_len(attribute),
			&bucket);
	index = (int64_t)bucket.index - BRICKTRACE_BUCKET_FIRST;
	if (index >= 0 && index < BRICKTRACE_BUCKETS)
		brick->room.histogram[index].runs = bucket.runs;
	brick->get.histogram = (struct bricktrace_array){
		.cap = BRICKTRACE_BUCKETS,
		.count = BRICKTRACE_BUCKETS,
		.known = sizeof(*brick->room.histogram),
	};
}

const struct attribute attributes_brick[] = {
#define BRICK(name, member) NUMBER(BRICK_##name, struct host_brick, member)
	BRICK(SESSION, session),
	BRICK(PID, pid),
	BRICK(UID, uid),
	TEXT(BRICK_COMM, struct host_brick, comm),
	TEXT(BRICK_LABEL, struct host_brick, label),
	BRICK(BRICK, get.brick),
	TEXT(BRICK_NAME, struct host_brick, get.name),
	BRICK(BUDGET_NS, get.budget_ns),
	BRICK(MODE, get.mode),
	BRICK(BASELINE, get.baseline),
	BRICK(ESCALATED, get.escalated),
	BRICK(OUTLIERS, outliers),
	ARRAY(BRICK_STATISTICS, statistics, attributes_statistics),
	ARRAY(BRICK_SUMS, categories, attributes_sums),
	ARRAY(BRICK_ASSERTION, assertions, attributes_assertion),
	ARRAY(BRICK_COUNTS, counts, attributes_counts),
	OTHER(BRICK_WINDOW, attributes_read_window),
	OTHER(BRICK_BUCKET, attributes_read_bucket),
	NEST(BRICK_LONGEST, 0, attributes_longest),
	{ 0 },
};

uint64_t attributes_number(const struct nlattr *attribute)
{
	uint32_t narrow = 0;
	uint64_t wide = 0;

	if (nla_len(attribute) == sizeof(narrow))
		memcpy(&narrow, nla_data(attribute), sizeof(narrow));
	else if (nla_len(attribute) == sizeof(wide))
		memcpy(&wide, nla_data(attribute), sizeof(wide));
	return narrow | wide;
}

/* Writes a number into a member of the structure, which is a bool, or has 32 or 64 bits. */
static void attributes_store(uint64_t number, void *to, size_t size)
{
	uint32_t narrow = (uint32_t)number;
	bool truth = number;

	memcpy(to,
	       size == sizeof(number) ? (void *)&number :
	       size == sizeof(narrow) ? (void *)&narrow :
					(void *)&truth,
	       size);
}

static void attributes_copy_text(const struct nlattr *attribute, char *to, size_t size)
{
	size_t length = strnlen(nla_data(attribute), nla_len(attribute));

	memcpy(to, nla_data(attribute), MIN(length, size - 1));
}

/* Gives what may be absent the value that says so. */
static void attributes_prepare(const struct attribute *table, char *to)
{
	const struct attribute *a;

	for (a = table; a->type; a++)
		if (a->kind == ATTRIBUTE_FIGURE)
			memset(to + a->offset, 0xff, a->size);
		else if (a->kind == ATTRIBUTE_NEST)
			attributes_prepare(a->table, to + a->offset);
		else if (a->kind == ATTRIBUTE_ARRAY)
			*(struct bricktrace_array *)(to + a->array) =
				(struct bricktrace_array){ .cap = a->cap, .known = a->size };
}

static void attributes_walk(const struct attribute *table, const struct nlattr *first,
			    int length, char *to);

static void attributes_add_element(const struct attribute *a, const struct nlattr *from,
				   char *to)
{
	struct bricktrace_array *array = (struct bricktrace_array *)(to + a->array);

	if (array->count < a->cap)
		attributes_read(a->table, nla_data(from), nla_len(from),
				to + a->offset + a->size * array->count++);
}

static void attributes_take(const struct attribute *a, const struct nlattr *from, char *to)
{
	switch (a->kind) {
	case ATTRIBUTE_NUMBER:
	case ATTRIBUTE_FIGURE:
		attributes_store(attributes_number(from), to + a->offset, a->size);
		break;
	case ATTRIBUTE_TEXT:
		attributes_copy_text(from, to + a->offset, a->size);
		break;
	case ATTRIBUTE_BYTES:
		if ((size_t)nla_len(from) == a->size)
			memcpy(to + a->offset, nla_data(from), a->size);
		break;
	case ATTRIBUTE_NEST:
		attributes_walk(a->table, nla_data(from), nla_len(from), to + a->offset);
		break;
	case ATTRIBUTE_ARRAY:
		attributes_add_element(a, from, to);
		break;
	case ATTRIBUTE_OTHER:
		a->read(from, to);
		break;
	}
}

static void attributes_walk(const struct attribute *table, const struct nlattr *first,
			    int length, char *to)
{
	const struct attribute *a;
	const struct nlattr *from;
	int left;

	nla_for_each_attr(from, first, length, left)
	{
		for (a = table; a->type && a->type != nla_type(from); a++)
			;
		if (a->type)
			attributes_take(a, from, to);
	}
}

void attributes_read(const struct attribute *table, const struct nlattr *first,
		     int length, void *to)
{
	attributes_prepare(table, to);
	attributes_walk(table, first, length, to);
}
