// SPDX-License-Identifier: MIT
/* Tests of the links between runs that overlapped although neither is inside the other. */
#include "spans.h"

#include "link.h"

#define THREAD BRICKTRACE_SCOPE_THREAD
#define ALL    BRICKTRACE_SCOPE_SESSION

static int begin(void **state)
{
	(void)state;
	encoder = otlp_encoder_new(true);
	return !encoder;
}

/* A run that ends now; its number is in its IDs. */
static const otlp_span *run(uint64_t session, uint32_t scope, uint64_t start,
			    uint64_t end_ns, uint32_t number)
{
	struct sample sample;

	sample_late(&sample);
	sample.origin.session = session;
	sample.origin.scope = scope;
	sample.result.start_ns = start;
	sample.result.wall_ns = end_ns - start;
	sample.result.run = number;
	sample.origin.context.flags = 3;
	memcpy(sample.origin.context.span_id, &number, sizeof(number));
	memcpy(sample.origin.context.trace_id, &number, sizeof(number));
	return spans_of(record_of(&sample, NULL))->spans[0];
}

static void check_link(const otlp_span *span, size_t i, uint32_t number)
{
	const otlp_link *link;

	assert_true(i < span->n_links);
	link = span->links[i];
	assert_int_equal(link->trace_id.len, 16);
	assert_memory_equal(link->trace_id.data, &number, sizeof(number));
	assert_int_equal(link->span_id.len, 8);
	assert_memory_equal(link->span_id.data, &number, sizeof(number));
	assert_int_equal(link->flags, 3);
	assert_int_equal(link->n_attributes, 1);
	assert_string_equal(link->attributes[0]->key, "bricktrace.link");
	assert_string_equal(link->attributes[0]->value->string_value, "overlaps");
}

#define NO_LINKS(...) assert_int_equal(run(__VA_ARGS__)->n_links, 0)

/* The run of a thread ends inside a run over threads that began after it, or later. */
static void test_overlap(void **state)
{
	const otlp_span *span;

	(void)state;
	NO_LINKS(3, THREAD, 100, 300, 1);
	span = run(3, ALL, 200, 400, 2);
	assert_int_equal(span->n_links, 1);
	check_link(span, 0, 1);
	span = run(3, THREAD, 150, 500, 3);
	assert_int_equal(span->n_links, 1);
	check_link(span, 0, 2);
	assert_int_equal(span->dropped_links_count, 0);
}

static void test_inside(void **state)
{
	(void)state;
	/* These are inside the run over threads, the second one inside the third. */
	NO_LINKS(3, THREAD, 210, 220, 1);
	NO_LINKS(3, THREAD, 230, 240, 2);
	NO_LINKS(3, ALL, 225, 250, 3);
	NO_LINKS(3, ALL, 200, 400, 4);
	NO_LINKS(3, ALL, 200, 400, 5);
}

static void test_apart(void **state)
{
	(void)state;
	NO_LINKS(3, ALL, 100, 200, 1);
	NO_LINKS(3, THREAD, 200, 300, 2);
	NO_LINKS(3, ALL, 300, 400, 3);
	NO_LINKS(3, THREAD, 500, 600, 4);
	/* Runs of two threads have nothing to do with each other. */
	NO_LINKS(3, THREAD, 450, 700, 5);
	/* Nor have those of two sessions. */
	NO_LINKS(4, ALL, 460, 800, 6);
	/* A recording may have times whose sum is too large; such a run never ends. */
	NO_LINKS(5, THREAD, UINT64_MAX - 1, 5, 7);
	assert_int_equal(run(5, ALL, UINT64_MAX, 5, 8)->n_links, 0);
}

/* The latest runs come first. */
static void test_many(void **state)
{
	const otlp_span *span;
	uint32_t i;

	(void)state;
	for (i = 1; i <= OTLP_LINKS + 5; i++)
		NO_LINKS(3, THREAD, i, 1000 + i, i);
	span = run(3, ALL, 500, 2000, 1000);
	assert_int_equal(span->n_links, OTLP_LINKS);
	assert_int_equal(span->dropped_links_count, 5);
	check_link(span, 0, OTLP_LINKS + 5);
	check_link(span, OTLP_LINKS - 1, 6);
}

/* The latest runs of a session are remembered. */
static void test_runs(void **state)
{
	uint32_t i;

	(void)state;
	NO_LINKS(3, ALL, 500, 2000, 1);
	for (i = 1; i < OTLP_LINK_RUNS; i++)
		assert_int_equal(run(3, THREAD, 3000, 4000, i)->n_links, 0);
	assert_int_equal(run(3, THREAD, 100, 5000, i)->n_links, 1);
	NO_LINKS(3, THREAD, 100, 5000, i);
	/* The first run over threads was forgotten, and this one is not. */
	NO_LINKS(3, ALL, 10000, 11000, 1);
	assert_int_equal(run(3, THREAD, 100, 20000, i)->n_links, 1);
}

/* So are the sessions that ended a run last. */
static void test_sessions(void **state)
{
	uint64_t i;

	(void)state;
	for (i = 1; i <= OTLP_LINK_SESSIONS; i++)
		NO_LINKS(i, ALL, 500, 2000, 1);
	assert_int_equal(run(1, THREAD, 100, 3000, 2)->n_links, 1);
	/* A new session takes the place of the second one. */
	NO_LINKS(i, ALL, 500, 2000, 1);
	assert_int_equal(run(1, THREAD, 100, 3000, 2)->n_links, 1);
	assert_int_equal(run(3, THREAD, 100, 3000, 2)->n_links, 1);
	assert_int_equal(run(i, THREAD, 100, 3000, 2)->n_links, 1);
	NO_LINKS(2, THREAD, 100, 3000, 2);
	/* The place of the second one had another session's run over threads. */
	NO_LINKS(2, THREAD, 100, 3000, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(overlap), TEST(inside), TEST(apart),
		TEST(many),    TEST(runs),   TEST(sessions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
