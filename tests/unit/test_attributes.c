// SPDX-License-Identifier: MIT
/* Tests of how answers of generic netlink become structures. */
#include "unit.h"

#include <netlink/msg.h>

#include "attributes.h"
#include "host.h"

static struct nl_msg *message;

static int begin(void **state)
{
	(void)state;
	message = nlmsg_alloc_size(32768);
	nlmsg_put(message, 0, 0, 1, 0, 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	nlmsg_free(message);
	return 0;
}

static void read_as(const struct attribute *table, void *to)
{
	attributes_read(table, nlmsg_attrdata(nlmsg_hdr(message), 0),
			nlmsg_attrlen(nlmsg_hdr(message), 0), to);
}

#define PUT32(type, n) assert_int_equal(nla_put_u32(message, BRICKTRACE_A_##type, n), 0)
#define PUT64(type, n) assert_int_equal(nla_put_u64(message, BRICKTRACE_A_##type, n), 0)
#define PUT_TEXT(type, s) \
	assert_int_equal(nla_put_string(message, BRICKTRACE_A_##type, s), 0)
#define PUT_BYTES(type, b) \
	assert_int_equal(nla_put(message, BRICKTRACE_A_##type, sizeof(b), b), 0)
#define NEST(type)     struct nlattr *type = nla_nest_start(message, BRICKTRACE_A_##type)
#define NEST_END(type) nla_nest_end(message, type)

static void the_status_is_read(void **state)
{
	struct host_status s = { 0 };

	(void)state;
	PUT64(STATUS_FEATURES, UINT64_C(1) << 40);
	PUT_TEXT(STATUS_VERSION, "1.2.3");
	PUT32(STATUS_TESTED, 1);
	PUT32(STATUS_CLOCK, BRICKTRACE_CLOCK_TSC);
	PUT32(STATUS_HOOKS, BRICKTRACE_HOOKS_LOUD);
	PUT64(STATUS_SINCE_NS, 5);
	PUT64(STATUS_LOADED_NS, 6);
	PUT64(STATUS_ARMED_NS, 7);
	PUT64(STATUS_ARMS, 8);
	PUT32(STATUS_LOUD, BRICKTRACE_LOUD_BEFORE);
	PUT32(STATUS_CAUSE_PID, 9);
	PUT_BYTES(STATUS_CAUSE_COMM, "\xff\x1b");
	PUT64(STATUS_SESSIONS, 10);
	PUT64(STATUS_THREADS, 11);
	PUT64(STATUS_RUNS, 12);
	PUT64(STATUS_MEMORY, 13);
	PUT64(STATUS_THREADS_LOST, 14);
	PUT64(STATUS_HOST_GRANTED, 15);
	PUT64(STATUS_HOST_REFUSED, 16);
	PUT32(STATUS_STREAMS, 17);
	PUT64(STATUS_STREAM_LOST, 18);
	/* What a newer module tells. */
	nla_put_u64(message, 1000, 1);
	read_as(attributes_status, &s);
	assert_int_equal(s.features, UINT64_C(1) << 40);
	assert_string_equal(s.version, "1.2.3");
	assert_int_equal(s.tested, 1);
	assert_int_equal(s.clock, BRICKTRACE_CLOCK_TSC);
	assert_int_equal(s.hooks, BRICKTRACE_HOOKS_LOUD);
	assert_int_equal(s.since_ns, 5);
	assert_int_equal(s.loaded_ns, 6);
	assert_int_equal(s.armed_ns, 7);
	assert_int_equal(s.arms, 8);
	assert_int_equal(s.loud, BRICKTRACE_LOUD_BEFORE);
	assert_int_equal(s.cause_pid, 9);
	assert_string_equal(s.cause_comm, "\xff\x1b");
	assert_int_equal(s.sessions, 10);
	assert_int_equal(s.threads, 11);
	assert_int_equal(s.runs, 12);
	assert_int_equal(s.memory, 13);
	assert_int_equal(s.threads_lost, 14);
	assert_int_equal(s.host_granted, 15);
	assert_int_equal(s.host_refused, 16);
	assert_int_equal(s.streams, 17);
	assert_int_equal(s.stream_lost, 18);
}

static void a_user_is_read(void **state)
{
	struct host_user u = { 0 };

	(void)state;
	PUT32(USER_UID, 1000);
	PUT32(USER_SESSIONS, 2);
	PUT64(USER_THREADS, 3);
	PUT64(USER_RUNS, 4);
	PUT64(USER_MEMORY, UINT64_C(1) << 33);
	read_as(attributes_user, &u);
	assert_int_equal(u.uid, 1000);
	assert_int_equal(u.sessions, 2);
	assert_int_equal(u.threads, 3);
	assert_int_equal(u.runs, 4);
	assert_int_equal(u.memory, UINT64_C(1) << 33);
}

static void a_session_is_read(void **state)
{
	uint8_t trace[16] = { 1, [15] = 2 }, span[8] = { 3, [7] = 4 };
	struct host_session s = { 0 };

	(void)state;
	PUT64(SESSION_ID, 3);
	PUT32(SESSION_OWNER, BRICKTRACE_OWNER_SOCKET);
	PUT32(SESSION_UID, 1000);
	PUT32(SESSION_PID, 4711);
	PUT_TEXT(SESSION_COMM, "a name of more than fifteen");
	PUT_TEXT(SESSION_LABEL, "player");
	PUT32(SESSION_THREADS, 4);
	PUT32(SESSION_BRICKS, 5);
	PUT32(SESSION_RUNS, 6);
	PUT64(SESSION_RUNS_OPENED, 7);
	PUT64(SESSION_THREADS_LOST, 8);
	PUT32(SESSION_CV_THRESHOLD, 9);
	PUT32(SESSION_EFFICIENCY_THRESHOLD, 10);
	PUT32(SESSION_TRACE_LIMIT, 11);
	PUT32(SESSION_OUTLIERS, UINT32_MAX);
	PUT64(SESSION_SLOW_NS, 12);
	PUT32(SESSION_ENABLED, 1);
	PUT32(SESSION_ESCALATED, 13);
	PUT64(SESSION_GRANTED, 14);
	PUT64(SESSION_REFUSED, 15);
	PUT32(SESSION_DETACHED, 1);
	PUT32(SESSION_HOLDS, 16);
	PUT64(SESSION_HOLDS_NS, 17);
	PUT_BYTES(SESSION_TRACE_ID, trace);
	PUT_BYTES(SESSION_SPAN_ID, span);
	PUT32(SESSION_TRACE_FLAGS, 1);
	read_as(attributes_session, &s);
	assert_int_equal(s.s.id, 3);
	assert_int_equal(s.owner, BRICKTRACE_OWNER_SOCKET);
	assert_int_equal(s.uid, 1000);
	assert_int_equal(s.pid, 4711);
	assert_string_equal(s.comm, "a name of more ");
	assert_string_equal(s.s.label, "player");
	assert_int_equal(s.s.threads, 4);
	assert_int_equal(s.s.bricks, 5);
	assert_int_equal(s.s.runs, 6);
	assert_int_equal(s.s.runs_opened, 7);
	assert_int_equal(s.s.threads_lost, 8);
	assert_true(s.s.edge_ps == BRICKTRACE_NONE);
	assert_int_equal(s.s.cv_threshold, 9);
	assert_int_equal(s.s.efficiency_threshold, 10);
	assert_int_equal(s.s.trace_limit, 11);
	assert_int_equal(s.s.outliers, BRICKTRACE_OUTLIERS_KEEP);
	assert_int_equal(s.s.slow_ns, 12);
	assert_int_equal(s.s.enabled, 1);
	assert_int_equal(s.s.escalated, 13);
	assert_int_equal(s.s.granted, 14);
	assert_int_equal(s.s.refused, 15);
	assert_true(s.detached);
	assert_int_equal(s.holds, 16);
	assert_int_equal(s.holds_ns, 17);
	assert_memory_equal(s.s.context.trace_id, trace, sizeof(trace));
	assert_memory_equal(s.s.context.span_id, span, sizeof(span));
	assert_int_equal(s.s.context.flags, 1);
}

static void other_sizes_are_ignored(void **state)
{
	struct host_session s = { 0 };

	(void)state;
	nla_put(message, BRICKTRACE_A_SESSION_TRACE_ID, 15, "012345678901234");
	nla_put_u8(message, BRICKTRACE_A_SESSION_HOLDS, 1);
	nla_put(message, BRICKTRACE_A_SESSION_COMM, 0, NULL);
	/* A number of the other width is a number. */
	nla_put_u32(message, BRICKTRACE_A_SESSION_EDGE_PS, 7);
	nla_put_u64(message, BRICKTRACE_A_SESSION_RUNS, 8);
	read_as(attributes_session, &s);
	assert_int_equal(s.s.context.trace_id[0], 0);
	assert_int_equal(s.holds, 0);
	assert_string_equal(s.comm, "");
	assert_int_equal(s.s.edge_ps, 7);
	assert_int_equal(s.s.runs, 8);
}

static void a_text_needs_no_nul(void **state)
{
	struct host_session s = { 0 };

	(void)state;
	nla_put(message, BRICKTRACE_A_SESSION_COMM, 3, "abc");
	read_as(attributes_session, &s);
	assert_string_equal(s.comm, "abc");
}

static void put_calls(uint32_t category, uint64_t count)
{
	NEST(THREAD_CALLS);

	PUT32(CALLS_CATEGORY, category);
	PUT64(CALLS_COUNT, count);
	PUT64(CALLS_ERRORS, 1);
	PUT64(CALLS_NS, 2);
	NEST_END(THREAD_CALLS);
}

static void a_thread_is_read(void **state)
{
	struct host_thread t = { 0 };

	(void)state;
	PUT64(THREAD_SESSION, 3);
	PUT32(THREAD_PID, 4711);
	PUT32(THREAD_TID, 4712);
	PUT32(THREAD_FLAGS, BRICKTRACE_THREAD_INHERIT_THREADS);
	PUT32(THREAD_RUNS, 2);
	PUT_TEXT(THREAD_COMM, "worker");
	PUT64(THREAD_THREAD_NS, 5);
	put_calls(BRICKTRACE_CAT_OTHER, 9);
	put_calls(BRICKTRACE_CAT_FUTEX, 8);
	/* A category that only a newer module has. */
	put_calls(HOST_CATEGORIES, 7);
	read_as(attributes_thread, &t);
	assert_int_equal(t.session, 3);
	assert_int_equal(t.pid, 4711);
	assert_int_equal(t.tid, 4712);
	assert_int_equal(t.flags, BRICKTRACE_THREAD_INHERIT_THREADS);
	assert_int_equal(t.runs, 2);
	assert_string_equal(t.comm, "worker");
	assert_int_equal(t.thread_ns, 5);
	assert_true(t.offcpu_ns == BRICKTRACE_NONE);
	assert_int_equal(t.calls[BRICKTRACE_CAT_OTHER].count, 9);
	assert_int_equal(t.calls[BRICKTRACE_CAT_FUTEX].count, 8);
	assert_int_equal(t.calls[BRICKTRACE_CAT_FUTEX].errors, 1);
	assert_int_equal(t.calls[BRICKTRACE_CAT_FUTEX].ns, 2);
	assert_true(t.calls[BRICKTRACE_CAT_FUTEX].offcpu_ns == BRICKTRACE_NONE);
	assert_int_equal(t.calls[BRICKTRACE_CAT_MMAP].count, 0);
}

static const struct bricktrace_sum large = { 5, 6 };

static void put_sum(int type, uint64_t low)
{
	const struct bricktrace_sum sum = { low, 1 };

	nla_put(message, type, sizeof(sum), &sum);
}

static void put_statistics(void)
{
	int i;

	NEST(BRICK_STATISTICS);
	PUT64(STATISTICS_RUNS, 100);
	PUT64(STATISTICS_TRACED, 90);
	PUT64(STATISTICS_PARTIAL, 8);
	PUT64(STATISTICS_OVER_BUDGET, 7);
	PUT64(STATISTICS_GRANTED, 6);
	PUT64(STATISTICS_REFUSED, 5);
	PUT64(STATISTICS_MAX_NS, 3);
	PUT64(STATISTICS_ZERO, 2);
	PUT64(STATISTICS_EDGE_RUNS, 1);
	for (i = BRICKTRACE_A_STATISTICS_SUM_NS;
	     i <= BRICKTRACE_A_STATISTICS_MAJOR_FAULTS; i++)
		put_sum(i, i);
	NEST_END(BRICK_STATISTICS);
}

static void put_bucket(int32_t index, uint64_t runs)
{
	NEST(BRICK_BUCKET);

	nla_put_s32(message, BRICKTRACE_A_BUCKET_INDEX, index);
	PUT64(BUCKET_RUNS, runs);
	NEST_END(BRICK_BUCKET);
}

static void put_brick(void)
{
	PUT64(BRICK_SESSION, 3);
	PUT32(BRICK_PID, 4711);
	PUT32(BRICK_UID, 1000);
	PUT_TEXT(BRICK_COMM, "python3");
	PUT_TEXT(BRICK_LABEL, "player");
	PUT32(BRICK_BRICK, 2);
	PUT_TEXT(BRICK_NAME, "decode");
	PUT64(BRICK_BUDGET_NS, 250000);
	PUT32(BRICK_MODE, BRICKTRACE_MODE_NEXT);
	PUT32(BRICK_BASELINE, 10);
	PUT32(BRICK_ESCALATED, 1);
	PUT32(BRICK_OUTLIERS, 2500);
	put_statistics();
}

static void assert_sum(const struct bricktrace_sum *sum, uint64_t low)
{
	assert_int_equal(sum->low, low);
	assert_int_equal(sum->high, 1);
}

static void a_brick_is_read(void **state)
{
	struct host_brick *b = calloc(1, sizeof(*b));
	const struct bricktrace_statistics *s = b->room.statistics;

	(void)state;
	put_brick();
	read_as(attributes_brick, b);
	assert_int_equal(b->session, 3);
	assert_int_equal(b->pid, 4711);
	assert_int_equal(b->uid, 1000);
	assert_string_equal(b->comm, "python3");
	assert_string_equal(b->label, "player");
	assert_int_equal(b->get.brick, 2);
	assert_string_equal(b->get.name, "decode");
	assert_int_equal(b->get.budget_ns, 250000);
	assert_int_equal(b->get.mode, BRICKTRACE_MODE_NEXT);
	assert_int_equal(b->get.baseline, 10);
	assert_int_equal(b->get.escalated, 1);
	assert_int_equal(b->outliers, 2500);
	assert_int_equal(b->get.statistics.cap, 1);
	assert_int_equal(b->get.statistics.count, 1);
	assert_int_equal(b->get.statistics.known, sizeof(*s));
	assert_int_equal(s->runs, 100);
	assert_int_equal(s->traced, 90);
	assert_int_equal(s->partial, 8);
	assert_int_equal(s->over_budget, 7);
	assert_int_equal(s->granted, 6);
	assert_int_equal(s->refused, 5);
	assert_true(s->min_ns == BRICKTRACE_NONE);
	assert_int_equal(s->max_ns, 3);
	assert_int_equal(s->zero, 2);
	assert_int_equal(s->edge_runs, 1);
	assert_sum(&s->sum_ns, BRICKTRACE_A_STATISTICS_SUM_NS);
	assert_sum(&s->squares, BRICKTRACE_A_STATISTICS_SQUARES);
	assert_sum(&s->thread_ns, BRICKTRACE_A_STATISTICS_THREAD_NS);
	assert_sum(&s->compute_ns, BRICKTRACE_A_STATISTICS_COMPUTE_NS);
	assert_sum(&s->compute_offcpu_ns, BRICKTRACE_A_STATISTICS_COMPUTE_OFFCPU_NS);
	assert_sum(&s->compute_runnable_ns, BRICKTRACE_A_STATISTICS_COMPUTE_RUNNABLE_NS);
	assert_sum(&s->edge_ns, BRICKTRACE_A_STATISTICS_EDGE_NS);
	assert_sum(&s->control_ns, BRICKTRACE_A_STATISTICS_CONTROL_NS);
	assert_sum(&s->minor_faults, BRICKTRACE_A_STATISTICS_MINOR_FAULTS);
	assert_sum(&s->major_faults, BRICKTRACE_A_STATISTICS_MAJOR_FAULTS);
	/* Without the books, the other arrays are empty. */
	assert_int_equal(bti_elements(&b->get.categories), 0);
	assert_int_equal(bti_elements(&b->get.window), 0);
	assert_int_equal(bti_elements(&b->get.longest), 0);
	free(b);
}

static void put_assertion(const char *name, uint64_t passed)
{
	NEST(BRICK_ASSERTION);
	PUT32(ASSERTION_KIND, BRICKTRACE_ASSERT_SYSCALL_COUNT);
	PUT32(ASSERTION_SUBJECT, 1);
	PUT32(ASSERTION_ARCH, 2);
	PUT64(ASSERTION_LIMIT, 3);
	PUT_TEXT(ASSERTION_NAME, name);
	NEST_END(BRICK_ASSERTION);
	NEST(BRICK_COUNTS);
	PUT64(COUNTS_PASSED, passed);
	PUT64(COUNTS_FAILED, 5);
	PUT64(COUNTS_NOT_EVALUATED, 6);
	NEST_END(BRICK_COUNTS);
}

static void put_longest(void)
{
	NEST(BRICK_LONGEST);
	NEST(LONGEST_RESULT);
	PUT64(RESULT_RUN, 70);
	PUT64(RESULT_WALL_NS, 71);
	PUT32(RESULT_PROVENANCE, BRICKTRACE_MEASURED);
	PUT64(RESULT_BUDGET_NS, 72);
	put_sum(BRICKTRACE_A_RESULT_WINDOW_SQUARES, 73);
	NEST_END(LONGEST_RESULT);
	NEST(LONGEST_TIMES);
	PUT64(TIMES_THREAD_NS, 74);
	NEST_END(LONGEST_TIMES);
	NEST(LONGEST_CATEGORY);
	PUT32(CATEGORY_CATEGORY, BRICKTRACE_CAT_READ);
	NEST(CATEGORY_FIGURES);
	PUT64(FIGURES_COUNT, 75);
	PUT64(FIGURES_NS, 76);
	NEST_END(CATEGORY_FIGURES);
	NEST_END(LONGEST_CATEGORY);
	NEST(LONGEST_SLOW_CALL);
	PUT32(SLOW_CALL_NR, 77);
	PUT64(SLOW_CALL_RET, (uint64_t)-4);
	PUT_TEXT(SLOW_CALL_OWNER, "nvidia");
	NEST_END(LONGEST_SLOW_CALL);
	NEST_END(BRICK_LONGEST);
}

static void the_longest_run_is_read(void **state)
{
	struct host_brick *b = calloc(1, sizeof(*b));

	(void)state;
	put_brick();
	put_longest();
	read_as(attributes_brick, b);
	assert_int_equal(bti_elements(&b->get.longest), 1);
	assert_int_equal(b->get.longest.known, sizeof(struct bricktrace_result));
	assert_int_equal(b->room.longest->run, 70);
	assert_int_equal(b->room.longest->wall_ns, 71);
	assert_int_equal(b->room.longest->provenance, BRICKTRACE_MEASURED);
	assert_int_equal(b->room.longest->budget_ns, 72);
	assert_sum(&b->room.longest->window_squares, 73);
	assert_int_equal(bti_elements(&b->get.longest_times), 1);
	assert_int_equal(b->room.longest_times->thread_ns, 74);
	assert_true(b->room.longest_times->edge_ns == BRICKTRACE_NONE);
	assert_true(b->room.longest_times->minor_faults == BRICKTRACE_NONE);
	assert_int_equal(bti_elements(&b->get.longest_categories), 1);
	assert_int_equal(b->room.longest_categories->category, BRICKTRACE_CAT_READ);
	assert_int_equal(b->room.longest_categories->figures.count, 75);
	assert_int_equal(b->room.longest_categories->figures.ns, 76);
	assert_true(b->room.longest_categories->figures.runnable_ns == BRICKTRACE_NONE);
	assert_int_equal(bti_elements(&b->get.longest_slow), 1);
	assert_int_equal(b->room.longest_slow->nr, 77);
	assert_int_equal(b->room.longest_slow->ret, -4);
	assert_true(b->room.longest_slow->command == BRICKTRACE_NONE);
	assert_string_equal(b->room.longest_slow->owner, "nvidia");
	free(b);
}

static void the_books_are_read(void **state)
{
	uint64_t window[] = { 11, 12, 13 };
	struct host_brick *b = calloc(1, sizeof(*b));

	(void)state;
	put_brick();
	PUT_BYTES(BRICK_WINDOW, window);
	put_bucket(BRICKTRACE_BUCKET_FIRST, 1);
	put_bucket(40, 2);
	put_assertion("p99", 4);
	put_assertion("calls", 7);
	NEST(BRICK_SUMS);
	PUT32(SUMS_CATEGORY, BRICKTRACE_CAT_WRITE);
	nla_put(message, BRICKTRACE_A_SUMS_NS, sizeof(large), &large);
	NEST_END(BRICK_SUMS);
	read_as(attributes_brick, b);
	assert_int_equal(bti_elements(&b->get.window), 3);
	assert_int_equal(b->get.window.known, 8);
	assert_int_equal(b->room.window[0].ns, 11);
	assert_int_equal(b->room.window[2].ns, 13);
	assert_int_equal(bti_elements(&b->get.histogram), BRICKTRACE_BUCKETS);
	assert_int_equal(b->room.histogram[0].runs, 1);
	assert_int_equal(b->room.histogram[BRICKTRACE_BUCKETS - 1].runs, 2);
	assert_int_equal(bti_elements(&b->get.assertions), 2);
	assert_int_equal(b->room.assertions[0].kind, BRICKTRACE_ASSERT_SYSCALL_COUNT);
	assert_int_equal(b->room.assertions[0].subject, 1);
	assert_int_equal(b->room.assertions[0].arch, 2);
	assert_int_equal(b->room.assertions[0].limit, 3);
	assert_string_equal(b->room.assertions[1].name, "calls");
	assert_int_equal(bti_elements(&b->get.counts), 2);
	assert_int_equal(b->room.counts[0].passed, 4);
	assert_int_equal(b->room.counts[1].passed, 7);
	assert_int_equal(b->room.counts[1].failed, 5);
	assert_int_equal(b->room.counts[1].not_evaluated, 6);
	assert_int_equal(bti_elements(&b->get.categories), 1);
	assert_int_equal(b->room.categories[0].category, BRICKTRACE_CAT_WRITE);
	assert_int_equal(b->room.categories[0].ns.low, 5);
	assert_int_equal(b->room.categories[0].ns.high, 6);
	free(b);
}

/* What is more than there is room for is left out: the sanitizers see any write beyond. */
static void too_many_are_left_out(void **state)
{
	struct host_brick *b = calloc(1, sizeof(*b));
	uint64_t window[BRICKTRACE_WINDOW + 1] = { 0 };
	int i;

	(void)state;
	PUT_BYTES(BRICK_WINDOW, window);
	put_bucket(41, 1);
	put_bucket(BRICKTRACE_BUCKET_FIRST - 1, 1);
	put_bucket(INT32_MIN, 1);
	put_bucket(INT32_MAX, 1);
	for (i = 0; i < BT_MAX_ASSERTIONS + 1; i++)
		put_assertion("a", i);
	read_as(attributes_brick, b);
	assert_int_equal(bti_elements(&b->get.window), BRICKTRACE_WINDOW);
	assert_int_equal(b->get.assertions.count, BT_MAX_ASSERTIONS);
	assert_int_equal(b->get.counts.count, BT_MAX_ASSERTIONS);
	assert_int_equal(b->room.counts[BT_MAX_ASSERTIONS - 1].passed,
			 BT_MAX_ASSERTIONS - 1);
	for (i = 0; i < BRICKTRACE_BUCKETS; i++)
		assert_int_equal(b->room.histogram[i].runs, 0);
	free(b);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(the_status_is_read),  TEST(a_user_is_read),
		TEST(a_session_is_read),   TEST(other_sizes_are_ignored),
		TEST(a_text_needs_no_nul), TEST(a_thread_is_read),
		TEST(a_brick_is_read),	   TEST(the_longest_run_is_read),
		TEST(the_books_are_read),  TEST(too_many_are_left_out),
	};

	return cmocka_run_group_tests_name("attributes", tests, NULL, NULL);
}
