// SPDX-License-Identifier: MIT
/* Tests of labels, contexts and IDs. This file imitates the kernel. */
#include <fcntl.h>

#include "unit.h"

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SPAN  "b7ad6b7169203331"

/* As the OpenTelemetry specification defines it. */
struct published {
	uint8_t trace_id[16], span_id[8], valid, flags;
	uint16_t attributes_size;
};

extern __thread const struct published *otel_thread_ctx_v1;

static struct {
	uint64_t features;
	int sets;
	struct bricktrace_session session;
	struct bricktrace_run_open open;
	uint64_t runs;
} kernel;

static int fake_open(const char *path)
{
	(void)path;
	return kernel.features ? open("/dev/null", O_RDWR | O_CLOEXEC) : -ENOENT;
}

static int fake_ioctl(int fd, unsigned long request, void *arg)
{
	struct bricktrace_session *session = arg;
	struct bricktrace_run_open *run = arg;
	struct bricktrace_info *info = arg;

	(void)fd;
	switch (request) {
	case BRICKTRACE_INFO:
		info->abi_version = BRICKTRACE_ABI_VERSION;
		info->features = kernel.features;
		break;
	case BRICKTRACE_SESSION_SET:
		assert_int_equal(session->size, sizeof(*session));
		kernel.session = *session;
		kernel.sets++;
		break;
	case BRICKTRACE_RUN_OPEN:
		run->run = ++kernel.runs;
		kernel.open = *run;
		/* A structure of the older size must not be written beyond it. */
		if (run->flags & BRICKTRACE_RUN_IDS) {
			memset(run->context.trace_id, 0x11, 16);
			memset(run->context.span_id, (int)kernel.runs, 8);
			run->context.flags = 1;
		}
		break;
	}
	return 0;
}

static uint64_t fake_now(void)
{
	return 1;
}

static const struct bti_ops fake = {
	.open = fake_open,
	.ioctl = fake_ioctl,
	.now = fake_now,
};

static int reset(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	kernel.features = BRICKTRACE_FEATURE_STATISTICS | BRICKTRACE_FEATURE_STREAM;
	unsetenv("OTEL_SERVICE_NAME");
	unsetenv("TRACEPARENT");
	otel_thread_ctx_v1 = NULL;
	return 0;
}

static struct bt_tracer *tracer(void)
{
	struct bt_tracer *t;

	assert_int_equal(bti_tracer_new(&fake, &t), 0);
	return t;
}

static struct bt_brick *brick_of(struct bt_tracer *t)
{
	struct bt_brick *brick;

	assert_int_equal(bt_brick_define(t, "ffn", BT_NONE, &brick), 0);
	return brick;
}

static struct bt_run *opened(struct bt_brick *brick, enum bt_scope scope)
{
	struct bt_run *run;

	assert_int_equal(bt_run_open(brick->tracer, brick, BT_MEASURE, scope, &run), 0);
	return run;
}

static void assert_error(int err, int expected, const char *text)
{
	assert_int_equal(err, -expected);
	if (!strstr(bt_error_text(), text))
		fail_msg("'%s' lacks '%s'", bt_error_text(), text);
}

/* The vectors of the W3C's test suite for traceparent, as far as they are about one value. */
static void traceparent_is_parsed_as_the_w3c_says(void **state)
{
	static const struct {
		const char *text;
		int flags; /* -1 if the value is not valid */
	} cases[] = {
		{ "00-" TRACE "-" SPAN "-01", 1 },
		{ "00-" TRACE "-" SPAN "-00", 0 },
		/* Flags that version 00 does not know are not passed on. */
		{ "00-" TRACE "-" SPAN "-ff", 3 },
		{ "00-" TRACE "-" SPAN "-02", 2 },
		/* A later version may have more. */
		{ "cc-" TRACE "-" SPAN "-01", 1 },
		{ "cc-" TRACE "-" SPAN "-fe", 0 },
		{ "cc-" TRACE "-" SPAN "-01-what-the-future-will-be-like", 1 },
		{ "fe-" TRACE "-" SPAN "-01-", 1 },
		{ "cc-" TRACE "-" SPAN "-01.what-the-future-will-not-be-like", -1 },
		{ "cc-" TRACE "-" SPAN "-011", -1 },
		{ "00-" TRACE "-" SPAN "-01.", -1 },
		{ "00-" TRACE "-" SPAN "-01-what-the-future-will-be-like", -1 },
		{ "00-" TRACE "-" SPAN "-01 ", -1 },
		{ " 00-" TRACE "-" SPAN "-01", -1 },
		{ "ff-" TRACE "-" SPAN "-01", -1 },
		{ ".0-" TRACE "-" SPAN "-01", -1 },
		{ "0.-" TRACE "-" SPAN "-01", -1 },
		{ "000-" TRACE "-" SPAN "-01", -1 },
		{ "0000-" TRACE "-" SPAN "-01", -1 },
		{ "0-" TRACE "-" SPAN "-01", -1 },
		{ "CC-" TRACE "-" SPAN "-01", -1 },
		{ "00-00000000000000000000000000000000-" SPAN "-01", -1 },
		{ "00-.0000000000000000000000000000001-" SPAN "-01", -1 },
		{ "00-0000000000000000000000000000000.-" SPAN "-01", -1 },
		{ "00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01", -1 },
		{ "00-" TRACE "0-" SPAN "-01", -1 },
		{ "00-0af7651916cd43dd8448eb211c80319-" SPAN "-01", -1 },
		{ "00-" TRACE "-0000000000000000-01", -1 },
		{ "00-" TRACE "-.000000000000001-01", -1 },
		{ "00-" TRACE "-000000000000000.-01", -1 },
		{ "00-" TRACE "-B7AD6B7169203331-01", -1 },
		{ "00-" TRACE "-" SPAN "0-01", -1 },
		{ "00-" TRACE "-b7ad6b716920333-01", -1 },
		{ "00-" TRACE "-" SPAN "-.0", -1 },
		{ "00-" TRACE "-" SPAN "-0.", -1 },
		{ "00-" TRACE "-" SPAN "-001", -1 },
		{ "00-" TRACE "-" SPAN "-1", -1 },
		{ "00-" TRACE "-" SPAN "-", -1 },
		{ "00-" TRACE "-" SPAN, -1 },
		{ "00-" TRACE "_" SPAN "-01", -1 },
		{ "00_" TRACE "-" SPAN "-01", -1 },
		{ "00-" TRACE "-" SPAN "_01", -1 },
		{ "00", -1 },
		{ "0", -1 },
		{ "", -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* Its own memory shows a read beyond the end. */
		char *text = strdup(cases[i].text);
		struct bricktrace_context context;
		bool good = bti_context_parse(text, &context);

		if (good != (cases[i].flags >= 0))
			fail_msg("'%s' is%s valid", text, good ? "" : " not");
		if (good) {
			assert_int_equal(context.flags, cases[i].flags);
			assert_memory_equal(context.trace_id,
					    "\x0a\xf7\x65\x19\x16\xcd\x43\xdd"
					    "\x84\x48\xeb\x21\x1c\x80\x31\x9c",
					    16);
			assert_memory_equal(context.span_id,
					    "\xb7\xad\x6b\x71\x69\x20\x33\x31", 8);
		}
		free(text);
	}
}

static void the_environment_gives_label_and_context(void **state)
{
	struct bt_tracer *t;

	(void)state;
	t = tracer();
	assert_int_equal(kernel.sets, 0);
	bt_tracer_free(t);
	setenv("OTEL_SERVICE_NAME", "checkout", 1);
	setenv("TRACEPARENT", "00-" TRACE "-" SPAN "-01", 1);
	t = tracer();
	assert_int_equal(kernel.sets, 1);
	assert_int_equal(kernel.session.flags,
			 BRICKTRACE_SESSION_LABEL | BRICKTRACE_SESSION_CONTEXT);
	assert_string_equal(kernel.session.label, "checkout");
	assert_int_equal(kernel.session.context.trace_id[0], 0x0a);
	assert_int_equal(kernel.session.context.span_id[7], 0x31);
	assert_int_equal(kernel.session.context.flags, 1);
	bt_tracer_free(t);
	/* Without the module, and with an older one, they are not looked at. */
	kernel.sets = 0;
	kernel.features = 0;
	bt_tracer_free(tracer());
	kernel.features = BRICKTRACE_FEATURE_STATISTICS;
	bt_tracer_free(tracer());
	assert_int_equal(kernel.sets, 0);
}

static void a_bad_environment_is_no_error(void **state)
{
	static const struct {
		const char *name, *label; /* NULL: the variable is ignored */
	} cases[] = {
		{ "", NULL },
		{ "a\xff\nb", "a\xef\xbf\xbd\xef\xbf\xbd"
			      "b" },
		{ "123456789012345678901234567890123456789012345678901234567890123456789",
		  "123456789012345678901234567890123456789012345678901234567890123" },
		/* Half of a character does not remain. */
		{ "12345678901234567890123456789012345678901234567890123456789012\xc3\xb6",
		  "12345678901234567890123456789012345678901234567890123456789012" },
	};
	size_t i;

	(void)state;
	setenv("TRACEPARENT", "00-" TRACE "-" SPAN "-1", 1);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kernel.sets = 0;
		setenv("OTEL_SERVICE_NAME", cases[i].name, 1);
		bt_tracer_free(tracer());
		assert_int_equal(kernel.sets, cases[i].label != NULL);
		if (!cases[i].label)
			continue;
		assert_int_equal(kernel.session.flags, BRICKTRACE_SESSION_LABEL);
		assert_string_equal(kernel.session.label, cases[i].label);
	}
}

static void labels_are_set(void **state)
{
	struct bt_tracer *t = tracer();
	char label[BT_LABEL_LEN + 1];

	(void)state;
	assert_int_equal(bt_tracer_label(t, "w\xc3\xb6rker"), 0);
	assert_int_equal(kernel.session.flags, BRICKTRACE_SESSION_LABEL);
	assert_string_equal(kernel.session.label, "w\xc3\xb6rker");
	assert_int_equal(bt_tracer_label(t, ""), 0);
	assert_string_equal(kernel.session.label, "");
	memset(label, 'x', sizeof(label));
	label[BT_LABEL_LEN - 1] = '\0';
	assert_int_equal(bt_tracer_label(t, label), 0);
	assert_string_equal(kernel.session.label, label);
	kernel.sets = 0;
	label[BT_LABEL_LEN - 1] = 'x';
	label[BT_LABEL_LEN] = '\0';
	assert_error(bt_tracer_label(t, label), ENAMETOOLONG, "label has 64 bytes");
	assert_error(bt_tracer_label(t, "\xff"), EINVAL, "label is not UTF-8");
	assert_error(bt_tracer_label(t, "a\tb"), EINVAL, "control character U+0009");
	assert_error(bt_tracer_label(t, NULL), EINVAL, "no label");
	assert_error(bt_tracer_label(NULL, "a"), EINVAL, "no tracer");
	assert_int_equal(kernel.sets, 0);
	bt_tracer_free(t);
}

static const struct bt_context parent = { { 1 }, { 2 }, 255 };

static void contexts_are_set(void **state)
{
	static const struct bt_context no_trace = { .span_id = { 1 } };
	static const struct bt_context no_span = { .trace_id = { 1 }, .flags = 1 };
	static const struct bricktrace_context none;
	struct bt_tracer *t = tracer();

	(void)state;
	assert_int_equal(bt_run_context(t, &parent), 0);
	assert_int_equal(kernel.session.flags, BRICKTRACE_SESSION_CONTEXT);
	assert_memory_equal(kernel.session.context.trace_id, parent.trace_id, 16);
	assert_memory_equal(kernel.session.context.span_id, parent.span_id, 8);
	assert_int_equal(kernel.session.context.flags, 255);
	assert_error(bt_run_context(t, &no_trace), EINVAL, "is all 0");
	assert_error(bt_run_context(t, &no_span), EINVAL, "is all 0");
	assert_error(bt_run_context(NULL, &parent), EINVAL, "no tracer");
	assert_int_equal(kernel.sets, 1);
	assert_int_equal(bt_run_context(t, NULL), 0);
	assert_int_equal(kernel.session.flags, BRICKTRACE_SESSION_CONTEXT);
	assert_memory_equal(&kernel.session.context, &none, sizeof(none));
	bt_tracer_free(t);
}

static void an_older_module_has_none_of_them(void **state)
{
	struct bt_tracer *t;

	(void)state;
	kernel.features = BRICKTRACE_FEATURE_STATISTICS;
	t = tracer();
	assert_error(bt_tracer_label(t, "a"), ENOTSUP, "install a newer module");
	assert_error(bt_run_context(t, &parent), ENOTSUP, "install a newer module");
	assert_error(bt_run_context(t, NULL), ENOTSUP, "install a newer module");
	assert_error(bt_tracer_ids(t, true), ENOTSUP, "install a newer module");
	assert_int_equal(kernel.sets, 0);
	bt_tracer_free(t);
}

static void without_module_they_succeed(void **state)
{
	struct bt_context ids = parent;
	struct bt_tracer *t;
	struct bt_run *run;

	(void)state;
	kernel.features = 0;
	t = tracer();
	assert_int_equal(bt_tracer_label(t, "a"), 0);
	assert_int_equal(bt_run_context(t, &parent), 0);
	assert_int_equal(bt_tracer_ids(t, true), 0);
	run = opened(brick_of(t), BT_SCOPE_THREAD);
	assert_error(bt_run_ids(run, &ids), ENOTSUP, "modprobe");
	assert_int_equal(ids.span_id[0], 0);
	bt_run_close(run, NULL);
	bt_tracer_free(t);
}

static void ids_are_there_if_they_were_asked_for(void **state)
{
	struct bt_tracer *t = tracer();
	struct bt_brick *brick = brick_of(t);
	struct bt_run *before, *run, *adopted;
	struct bt_context ids;
	int i;

	(void)state;
	before = opened(brick, BT_SCOPE_THREAD);
	assert_int_equal(kernel.open.flags, 0);
	assert_int_equal(kernel.open.size, BRICKTRACE_RUN_OPEN_SIZE_V1);
	assert_int_equal(bt_tracer_ids(t, true), 0);
	assert_error(bt_run_ids(before, &ids), ENODATA, "bt_tracer_ids()");
	run = opened(brick, BT_SCOPE_THREAD);
	assert_int_equal(kernel.open.flags, BRICKTRACE_RUN_IDS);
	assert_int_equal(kernel.open.size, BRICKTRACE_RUN_OPEN_SIZE_V2);
	assert_int_equal(bt_run_ids(run, &ids), 0);
	assert_int_equal(ids.flags, 1);
	for (i = 0; i < 16; i++)
		assert_int_equal(ids.trace_id[i], 0x11);
	for (i = 0; i < 8; i++)
		assert_int_equal(ids.span_id[i], 2);
	assert_error(bt_run_ids(NULL, &ids), EINVAL, "no run");
	assert_error(bt_run_ids(run, NULL), EINVAL, "no address");
	assert_error(bt_tracer_ids(NULL, true), EINVAL, "no tracer");
	/* The run's memory is used again. */
	assert_int_equal(bt_run_close(run, NULL), 0);
	assert_int_equal(bt_run_adopt(t, brick, 2, &adopted), 0);
	assert_error(bt_run_ids(adopted, &ids), ENODATA, "not known");
	assert_int_equal(bt_run_close(adopted, NULL), 0);
	assert_int_equal(bt_tracer_ids(t, false), 0);
	run = opened(brick, BT_SCOPE_THREAD);
	assert_int_equal(kernel.open.flags, 0);
	assert_error(bt_run_ids(run, &ids), ENODATA, "not known");
	bt_tracer_free(t);
}

static const struct published outer = { { 1, 2 }, { 3 }, 1, 1, 0 };
static const struct published inner = { { 1, 2 }, { 4 }, 1, 1, 0 };

/* The kernel was told that the run's parent is the span @p, or that it has no such parent. */
static void assert_parent(const struct published *p)
{
	assert_int_equal(kernel.open.flags, p ? BRICKTRACE_RUN_CONTEXT : 0);
	assert_int_equal(kernel.open.size,
			 p ? BRICKTRACE_RUN_OPEN_SIZE_V2 : BRICKTRACE_RUN_OPEN_SIZE_V1);
	if (!p)
		return;
	assert_memory_equal(kernel.open.context.trace_id, p->trace_id, 16);
	assert_memory_equal(kernel.open.context.span_id, p->span_id, 8);
	assert_int_equal(kernel.open.context.flags, p->flags);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void a_published_span_is_the_parent(void **state)
{
	static const struct published bad[] = {
		{ { 1 }, { 1 }, 0, 1, 0 },
		{ { 1 }, { 1 }, 2, 1, 0 },
		{ { 0 }, { 1 }, 1, 1, 0 },
		{ { 1 }, { 0 }, 1, 1, 0 },
	};
	struct bt_tracer *t = tracer();
	struct bt_brick *brick = brick_of(t);
	size_t i;

	(void)state;
	bt_run_close(opened(brick, BT_SCOPE_THREAD), NULL);
	assert_parent(NULL);
	otel_thread_ctx_v1 = &outer;
	bt_run_close(opened(brick, BT_SCOPE_THREAD), NULL);
	assert_parent(&outer);
	bt_run_close(opened(brick, BT_SCOPE_TRACER), NULL);
	assert_parent(&outer);
	assert_int_equal(bt_tracer_ids(t, true), 0);
	bt_run_close(opened(brick, BT_SCOPE_THREAD), NULL);
	assert_int_equal(kernel.open.flags, BRICKTRACE_RUN_CONTEXT | BRICKTRACE_RUN_IDS);
	assert_int_equal(bt_tracer_ids(t, false), 0);
	assert_int_equal(bt_trace(brick, nothing, NULL, NULL), 0);
	assert_int_equal(kernel.open.flags, BRICKTRACE_RUN_CONTEXT | BRICKTRACE_RUN_CHARGE);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		otel_thread_ctx_v1 = &bad[i];
		bt_run_close(opened(brick, BT_SCOPE_THREAD), NULL);
		assert_parent(NULL);
	}
	bt_tracer_free(t);
	/* An older module refuses the flag. */
	kernel.features = BRICKTRACE_FEATURE_STATISTICS;
	otel_thread_ctx_v1 = &outer;
	t = tracer();
	bt_run_close(opened(brick_of(t), BT_SCOPE_THREAD), NULL);
	assert_parent(NULL);
	bt_tracer_free(t);
}

/* Otherwise a run inside another would be that one's sibling. */
static void an_enclosing_run_is_the_nearer_parent(void **state)
{
	struct bt_tracer *t = tracer();
	struct bt_brick *brick = brick_of(t);
	struct bt_run *first, *second, *third;

	(void)state;
	otel_thread_ctx_v1 = &outer;
	first = opened(brick, BT_SCOPE_THREAD);
	assert_parent(&outer);
	second = opened(brick, BT_SCOPE_THREAD);
	assert_parent(NULL);
	otel_thread_ctx_v1 = &inner;
	third = opened(brick, BT_SCOPE_THREAD);
	assert_parent(&inner);
	bt_run_close(opened(brick, BT_SCOPE_THREAD), NULL);
	assert_parent(NULL);
	bt_run_close(third, NULL);
	otel_thread_ctx_v1 = &outer;
	bt_run_close(opened(brick, BT_SCOPE_THREAD), NULL);
	assert_parent(NULL);
	/* A run of this thread does not enclose one of all threads. */
	third = opened(brick, BT_SCOPE_TRACER);
	assert_parent(&outer);
	bt_run_close(opened(brick, BT_SCOPE_TRACER), NULL);
	assert_parent(NULL);
	bt_run_close(third, NULL);
	bt_run_close(second, NULL);
	bt_run_close(first, NULL);
	/* What another process opened is in no span of this thread. */
	assert_int_equal(bt_run_adopt(t, brick, 99, &first), 0);
	bt_run_close(opened(brick, BT_SCOPE_THREAD), NULL);
	assert_parent(&outer);
	bt_tracer_free(t);
}

static void *another_thread(void *brick)
{
	/* This thread has published nothing yet. */
	bt_run_close(opened(brick, BT_SCOPE_THREAD), NULL);
	assert_parent(NULL);
	otel_thread_ctx_v1 = &outer;
	bt_run_close(opened(brick, BT_SCOPE_THREAD), NULL);
	assert_parent(&outer);
	return NULL;
}

static void each_thread_has_its_own_span(void **state)
{
	struct bt_tracer *t = tracer();
	struct bt_brick *brick = brick_of(t);
	pthread_t thread;

	(void)state;
	otel_thread_ctx_v1 = &outer;
	/* This run does not enclose those of the other thread. */
	opened(brick, BT_SCOPE_THREAD);
	assert_parent(&outer);
	assert_int_equal(pthread_create(&thread, NULL, another_thread, brick), 0);
	pthread_join(thread, NULL);
	bt_tracer_free(t);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, reset)
	const struct CMUnitTest tests[] = {
		TEST(traceparent_is_parsed_as_the_w3c_says),
		TEST(the_environment_gives_label_and_context),
		TEST(a_bad_environment_is_no_error),
		TEST(labels_are_set),
		TEST(contexts_are_set),
		TEST(an_older_module_has_none_of_them),
		TEST(without_module_they_succeed),
		TEST(ids_are_there_if_they_were_asked_for),
		TEST(a_published_span_is_the_parent),
		TEST(an_enclosing_run_is_the_nearer_parent),
		TEST(each_thread_has_its_own_span),
	};

	return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
