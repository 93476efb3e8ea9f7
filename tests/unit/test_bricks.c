// SPDX-License-Identifier: MIT
/*
 * Tests of what a module with statistics makes of modes, settings, assertions and traces.
 * This file imitates the kernel.
 */
#include <fcntl.h>
#include <math.h>

#include "unit.h"

static struct {
	bool old; /* the module has the first version of the ABI */
	uint64_t features;
	int error[16]; /* by ioctl number */
	int calls[16];
	uint64_t clock, step;
	int grants;
	struct bricktrace_brick_define define;
	struct bricktrace_assertion list[BT_MAX_ASSERTIONS];
	struct bricktrace_run_open open;
	struct bricktrace_session session;
	struct bricktrace_brick_reset reset;
	struct bricktrace_result result;
	uint32_t n_failed, n_categories, n_window, n_assertions, n_longest;
	uint32_t n_ioctls, n_slow_calls;
	struct bricktrace_ioctl ioctls[BTI_VIEWS * (BTI_IOCTLS + 5)];
	struct bricktrace_slow_call slow_calls[BRICKTRACE_RUN_SLOW + 5];
	struct bricktrace_failed failed[20];
	struct bricktrace_brick_get get;
	struct bti_brick_room room;
	struct bricktrace_category_statistics categories[70];
	struct bricktrace_assertion assertions[20];
	struct bricktrace_assertion_counts counts[20];
} kernel;

static int fake_open(const char *path)
{
	(void)path;
	/* The descriptor must be a real one, because the tracer closes it. */
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static uint64_t fake_now(void)
{
	return kernel.clock += kernel.step;
}

/* Returns whether an old module, which knows @known bytes of a structure, takes the rest. */
static bool fits(const void *arg, size_t size, size_t known)
{
	const char *tail = arg;

	while (kernel.old && known < size)
		if (tail[known++])
			return false;
	return true;
}

static void put(struct bricktrace_array *a, const void *elements, uint32_t size,
		uint32_t known, uint32_t count)
{
	uint32_t i;

	a->count = count;
	if (!a->cap)
		return;
	assert_int_equal(a->size, size);
	a->known = known;
	for (i = 0; i < count && i < a->cap; i++)
		memcpy((char *)(uintptr_t)a->addr + i * size,
		       (const char *)elements + i * size, known);
}

#define PUT(array, from, count) \
	put(&(array), from, sizeof((from)[0]), sizeof((from)[0]), count)

static int fake_define(struct bricktrace_brick_define *d)
{
	if (!fits(d, sizeof(*d), BRICKTRACE_BRICK_DEFINE_SIZE_V0))
		return -E2BIG;
	if (kernel.old && d->flags)
		return -EINVAL;
	assert_int_equal(d->size, sizeof(*d));
	assert_true(d->assertions.cap <= BT_MAX_ASSERTIONS);
	if (d->assertions.cap) {
		assert_int_equal(d->assertions.size, sizeof(kernel.list[0]));
		memcpy(kernel.list, (void *)(uintptr_t)d->assertions.addr,
		       d->assertions.cap * sizeof(kernel.list[0]));
	}
	kernel.define = *d;
	d->brick = 3;
	return 0;
}

static int fake_run_open(struct bricktrace_run_open *o)
{
	struct bricktrace_result *r = &kernel.result;

	if (!fits(o, sizeof(*o), BRICKTRACE_RUN_OPEN_SIZE_V0))
		return -E2BIG;
	if (kernel.old && (o->flags || o->level > BRICKTRACE_LEVEL_TRACE))
		return -EINVAL;
	kernel.open = *o;
	o->run = 7;
	if (!(o->flags & BRICKTRACE_RUN_CHARGE))
		return 0;
	r->why = o->why;
	r->flags = kernel.grants ? BRICKTRACE_RESULT_GRANTED : BRICKTRACE_RESULT_REFUSED;
	r->provenance = kernel.grants ? BRICKTRACE_MEASURED : BRICKTRACE_NOT_INSTRUMENTED;
	r->reason = kernel.grants ? BRICKTRACE_REASON_NONE : BRICKTRACE_REASON_RATE_LIMIT;
	kernel.grants -= kernel.grants > 0;
	return 0;
}

static int fake_run_close(struct bricktrace_run_close *c)
{
	if (!fits(c, sizeof(*c), BRICKTRACE_RUN_CLOSE_SIZE_V0))
		return -E2BIG;
	/* A module of the second version knows neither of these arrays. */
	if (!(kernel.features & BRICKTRACE_FEATURE_IOCTLS) && c->ioctls.cap)
		return -E2BIG;
	if (!(kernel.features & BRICKTRACE_FEATURE_SLOW_CALLS) && c->slow_calls.cap)
		return -E2BIG;
	put(&c->result, &kernel.result, sizeof(kernel.result),
	    kernel.old ? BRICKTRACE_RESULT_SIZE_V0 : BRICKTRACE_RESULT_SIZE_V1, 1);
	PUT(c->failed, kernel.failed, kernel.n_failed);
	PUT(c->ioctls, kernel.ioctls, kernel.n_ioctls);
	PUT(c->slow_calls, kernel.slow_calls, kernel.n_slow_calls);
	return 0;
}

static int fake_get(struct bricktrace_brick_get *g)
{
	const struct bti_brick_room *room = &kernel.room;

	assert_int_equal(g->size, sizeof(*g));
	assert_int_equal(g->brick, 3);
	if (!(kernel.features & BRICKTRACE_FEATURE_SLOW_CALLS) && g->longest_slow.cap)
		return -E2BIG;
	g->mode = kernel.get.mode;
	g->baseline = kernel.get.baseline;
	g->escalated = kernel.get.escalated;
	PUT(g->statistics, room->statistics, 1);
	PUT(g->histogram, room->histogram, BT_BUCKETS);
	PUT(g->categories, kernel.categories, kernel.n_categories);
	PUT(g->window, room->window, kernel.n_window);
	PUT(g->assertions, kernel.assertions, kernel.n_assertions);
	PUT(g->counts, kernel.counts, kernel.n_assertions);
	PUT(g->longest, room->longest, kernel.n_longest);
	PUT(g->longest_times, room->longest_times, kernel.n_longest);
	PUT(g->longest_categories, room->longest_categories, 6 * kernel.n_longest);
	PUT(g->longest_slow, kernel.slow_calls, kernel.n_slow_calls);
	return 0;
}

static int fake_ioctl(int fd, unsigned long request, void *arg)
{
	unsigned int nr = _IOC_NR(request);

	assert_true(fd >= 0);
	kernel.calls[nr]++;
	if (kernel.error[nr])
		return -kernel.error[nr];
	switch (request) {
	case BRICKTRACE_INFO:
		*(struct bricktrace_info *)arg = (struct bricktrace_info){
			.abi_version = BRICKTRACE_ABI_VERSION,
			.features = kernel.features,
			.enabled = 1,
		};
		break;
	case BRICKTRACE_BRICK_DEFINE:
		return fake_define(arg);
	case BRICKTRACE_RUN_OPEN:
		return fake_run_open(arg);
	case BRICKTRACE_RUN_CLOSE:
		return fake_run_close(arg);
	case BRICKTRACE_SESSION_SET:
		if (!fits(arg, sizeof(kernel.session), BRICKTRACE_SESSION_SIZE_V0))
			return -E2BIG;
		kernel.session = *(struct bricktrace_session *)arg;
		break;
	case BRICKTRACE_BRICK_GET:
		return fake_get(arg);
	case BRICKTRACE_BRICK_RESET:
		kernel.reset = *(struct bricktrace_brick_reset *)arg;
		break;
	}
	return 0;
}

static const struct bti_ops fake = {
	.open = fake_open,
	.ioctl = fake_ioctl,
	.now = fake_now,
	.unix_now = fake_now,
};

static struct bt_tracer *tracer;
static struct bt_brick *brick;

/* Connects anew, as the module that @kernel describes. */
static void connect(void)
{
	bt_tracer_free(tracer);
	assert_int_equal(bti_tracer_new(&fake, &tracer), 0);
	tracer->calibrated = true;
	assert_int_equal(bt_brick_define(tracer, "qkv", 100, &brick), 0);
	memset(kernel.calls, 0, sizeof(kernel.calls));
}

static int reset(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	kernel.step = 10;
	kernel.features = BRICKTRACE_FEATURE_RUNNABLE | BRICKTRACE_FEATURE_FAULTS |
			  BRICKTRACE_FEATURE_STATISTICS | BRICKTRACE_FEATURE_IOCTLS |
			  BRICKTRACE_FEATURE_SLOW_CALLS;
	connect();
	return 0;
}

static void be_old(void)
{
	kernel.old = true;
	kernel.features = BRICKTRACE_FEATURE_RUNNABLE | BRICKTRACE_FEATURE_FAULTS;
	connect();
}

static int end(void **state)
{
	(void)state;
	bt_tracer_free(tracer);
	tracer = NULL;
	return 0;
}

static void assert_error(int err, int expected, const char *words)
{
	assert_int_equal(err, -expected);
	if (!strstr(bt_error_text(), words))
		fail_msg("'%s' lacks '%s'", bt_error_text(), words);
}

static void null_is_refused(void **state)
{
	struct bt_statistics *s = (void *)1;

	(void)state;
	assert_error(bt_tracer_thresholds(NULL, 1, 1), EINVAL, "no tracer");
	assert_error(bt_tracer_outliers(NULL, 1), EINVAL, "no tracer");
	assert_error(bt_tracer_limit(NULL, 1), EINVAL, "no tracer");
	assert_error(bt_tracer_slow(NULL, 0), EINVAL, "no tracer");
	assert_error(bt_tracer_set_enabled(NULL, true), EINVAL, "no tracer");
	assert_error(bt_brick_mode(NULL, BT_MODE_TAIL), EINVAL, "no brick");
	assert_error(bt_brick_baseline(NULL, 1), EINVAL, "no brick");
	assert_error(bt_brick_reset(NULL), EINVAL, "no brick");
	assert_error(bt_brick_clear_assertions(NULL), EINVAL, "no brick");
	assert_error(bt_assert_duration(NULL, "a", 1), EINVAL, "no brick");
	assert_error(bt_assert_duration(brick, NULL, 1), EINVAL, "no name");
	assert_error(bt_assert_category_share(NULL, "a", BT_CAT_READ, 1), EINVAL,
		     "no brick");
	assert_error(bt_assert_category_ns(brick, NULL, BT_CAT_READ, 1), EINVAL, "no name");
	assert_error(bt_assert_category_offcpu_ns(NULL, "a", BT_CAT_READ, 1), EINVAL,
		     "no brick");
	assert_error(bt_assert_syscall_count(NULL, "a", 0, BT_ARCH_NATIVE, 1), EINVAL,
		     "no brick");
	assert_error(bt_brick_statistics(brick, NULL), EINVAL, "no address");
	assert_error(bt_brick_statistics(NULL, &s), EINVAL, "no brick");
	assert_null(s);
	assert_int_equal(kernel.calls[3] + kernel.calls[7], 0);

	assert_int_equal(bt_should_trace(NULL, 99, 0), BT_ESCALATION_NONE);
	assert_null(bt_result_failed(NULL, 0));
	bt_statistics_free(NULL);
	assert_true(isnan(bt_statistics_percentile(NULL, 50)));
	assert_int_equal(bt_statistics_bucket(NULL, 0, NULL, NULL), 0);
	assert_true(bt_statistics_window(NULL, 0) == BT_NONE);
	assert_null(bt_statistics_times(NULL));
	assert_int_equal(bt_statistics_category_at(NULL, 0), BT_CAT_NONE);
	assert_null(bt_statistics_category(NULL, BT_CAT_READ));
	assert_null(bt_statistics_assertion(NULL, 0));
	assert_null(bt_statistics_longest(NULL));
}

static void assert_bit(unsigned int bit, const char *name)
{
	assert_string_equal(bt_why_name(1U << bit), name);
}

static void values_have_names(void **state)
{
	(void)state;
	assert_string_equal(bt_reason_name(BT_REASON_RATE_LIMIT), "rate_limit");
	assert_string_equal(bt_reason_name(BT_REASON_HOOKS_PENDING), "hooks_pending");
	assert_string_equal(bt_reason_name(BT_REASON_NOT_REGISTERED), "not_registered");
	assert_string_equal(bt_reason_name(BT_REASON_BUSY), "busy");
	assert_string_equal(bt_reason_name(BT_REASON_DETACHED), "detached");
	assert_string_equal(bt_mode_name(BT_MODE_MEASURE), "measure");
	assert_string_equal(bt_mode_name(BT_MODE_TRACE), "trace");
	assert_string_equal(bt_mode_name(BT_MODE_NEXT), "next");
	assert_string_equal(bt_mode_name(BT_MODE_TAIL), "tail");
	assert_string_equal(bt_mode_name((enum bt_mode)9), "mode_9");
	assert_null(bt_escalation_name(BT_ESCALATION_NONE));
	assert_string_equal(bt_escalation_name(BT_ESCALATION_CV_EXCEEDED), "cv_exceeded");
	assert_string_equal(bt_escalation_name(BT_ESCALATION_EFFICIENCY_LOW),
			    "efficiency_low");
	assert_string_equal(bt_escalation_name(BT_ESCALATION_CV_AND_EFFICIENCY),
			    "cv_and_efficiency");
	assert_string_equal(bt_escalation_name(BT_ESCALATION_MANUAL), "manual");
	assert_string_equal(bt_escalation_name((enum bt_escalation)9), "escalation_9");
	assert_null(bt_why_name(0));
	assert_bit(0, "cv_exceeded");
	assert_bit(1, "efficiency_low");
	assert_bit(2, "over_budget");
	assert_bit(3, "assertion");
	assert_bit(4, "baseline");
	assert_bit(5, "manual");
	assert_bit(6, "why_6");
	assert_bit(31, "why_31");
	assert_string_equal(bt_why_name(BT_WHY_ASSERTION | BT_WHY_MANUAL), "assertion");
	assert_string_equal(bt_assertion_kind_name(BT_ASSERT_DURATION), "duration_ns");
	assert_string_equal(bt_assertion_kind_name(BT_ASSERT_CATEGORY_SHARE),
			    "category_share");
	assert_string_equal(bt_assertion_kind_name(BT_ASSERT_CATEGORY_NS), "category_ns");
	assert_string_equal(bt_assertion_kind_name(BT_ASSERT_CATEGORY_OFFCPU),
			    "category_offcpu_ns");
	assert_string_equal(bt_assertion_kind_name(BT_ASSERT_SYSCALL_COUNT),
			    "syscall_count");
	assert_string_equal(bt_assertion_kind_name((enum bt_assertion_kind)9), "kind_9");
}

static void a_mask_has_one_escalation(void **state)
{
	uint32_t rest = ~(BT_WHY_CV_EXCEEDED | BT_WHY_EFFICIENCY_LOW);

	(void)state;
	assert_int_equal(bt_escalation_of(0), BT_ESCALATION_MANUAL);
	assert_int_equal(bt_escalation_of(rest), BT_ESCALATION_MANUAL);
	assert_int_equal(bt_escalation_of(BT_WHY_CV_EXCEEDED | rest),
			 BT_ESCALATION_CV_EXCEEDED);
	assert_int_equal(bt_escalation_of(BT_WHY_EFFICIENCY_LOW | rest),
			 BT_ESCALATION_EFFICIENCY_LOW);
	assert_int_equal(bt_escalation_of(~0U), BT_ESCALATION_CV_AND_EFFICIENCY);
}

/* The rows are the original's, whose comparisons are strict. */
static void figures_are_compared_with_thresholds(void **state)
{
	static const struct {
		double cv, efficiency;
		enum bt_escalation expected;
	} rows[] = {
		{ 14.9, 100, BT_ESCALATION_NONE },
		{ 15.0, 100, BT_ESCALATION_NONE },
		{ 15.1, 100, BT_ESCALATION_CV_EXCEEDED },
		{ 0, 25.1, BT_ESCALATION_NONE },
		{ 0, 25.0, BT_ESCALATION_NONE },
		{ 0, 24.9, BT_ESCALATION_EFFICIENCY_LOW },
		{ 15.1, 24.9, BT_ESCALATION_CV_AND_EFFICIENCY },
		{ 15.0, 25.0, BT_ESCALATION_NONE },
		{ INFINITY, -INFINITY, BT_ESCALATION_CV_AND_EFFICIENCY },
		{ NAN, NAN, BT_ESCALATION_NONE },
		{ NAN, 24.9, BT_ESCALATION_EFFICIENCY_LOW },
		{ 15.1, NAN, BT_ESCALATION_CV_EXCEEDED },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(bt_should_trace(tracer, rows[i].cv, rows[i].efficiency),
				 rows[i].expected);
	assert_int_equal(bt_tracer_thresholds(tracer, 0.0004, 33.333), 0);
	assert_int_equal(bt_should_trace(tracer, 0, 33.333), BT_ESCALATION_NONE);
	assert_int_equal(bt_should_trace(tracer, 0.0001, 33.332),
			 BT_ESCALATION_CV_AND_EFFICIENCY);
	assert_int_equal(bt_tracer_limit(tracer, 0), 0);
	assert_int_equal(bt_should_trace(tracer, 99, 0), BT_ESCALATION_NONE);
	assert_int_equal(bt_tracer_limit(tracer, 1), 0);
	assert_int_equal(bt_should_trace(tracer, 99, 0), BT_ESCALATION_CV_AND_EFFICIENCY);
	assert_int_equal(bt_tracer_set_enabled(tracer, false), 0);
	assert_int_equal(bt_should_trace(tracer, 99, 0), BT_ESCALATION_NONE);
	assert_int_equal(bt_tracer_set_enabled(tracer, true), 0);
	assert_int_equal(bt_should_trace(tracer, 99, 0), BT_ESCALATION_CV_AND_EFFICIENCY);
	/* Asking takes no grant and makes no system call. */
	assert_int_equal(kernel.calls[7], 5);
	assert_int_equal(kernel.calls[4], 0);
}

static void settings_reach_the_kernel(void **state)
{
	(void)state;
	assert_int_equal(bt_tracer_thresholds(tracer, 12.3456, 99.9996), 0);
	assert_int_equal(kernel.session.size, sizeof(kernel.session));
	assert_int_equal(kernel.session.flags,
			 BRICKTRACE_SESSION_CV | BRICKTRACE_SESSION_EFFICIENCY);
	assert_int_equal(kernel.session.cv_threshold, 12346);
	assert_int_equal(kernel.session.efficiency_threshold, 100000);
	assert_int_equal(bt_tracer_thresholds(tracer, BT_MAX_CV_PERCENT, 0), 0);
	assert_int_equal(kernel.session.cv_threshold, BRICKTRACE_MAX_CV);
	assert_int_equal(bt_tracer_limit(tracer, BT_MAX_LIMIT), 0);
	assert_int_equal(kernel.session.flags, BRICKTRACE_SESSION_LIMIT);
	assert_int_equal(kernel.session.trace_limit, 1000);
	assert_int_equal(bt_tracer_outliers(tracer, 2.5), 0);
	assert_int_equal(kernel.session.flags, BRICKTRACE_SESSION_OUTLIERS);
	assert_int_equal(kernel.session.outliers, 2500);
	assert_int_equal(bt_tracer_outliers(tracer, INFINITY), 0);
	assert_true(kernel.session.outliers == BRICKTRACE_OUTLIERS_KEEP);
	assert_int_equal(bt_tracer_set_enabled(tracer, false), 0);
	assert_int_equal(kernel.session.flags, BRICKTRACE_SESSION_ENABLED);
	assert_int_equal(kernel.session.enabled, 0);
	assert_int_equal(bt_tracer_set_enabled(tracer, true), 0);
	assert_int_equal(kernel.session.enabled, 1);
	assert_int_equal(bt_tracer_slow(tracer, BT_MIN_SLOW), 0);
	assert_int_equal(kernel.session.flags, BRICKTRACE_SESSION_SLOW);
	assert_int_equal(kernel.session.slow_ns, 10000);
	assert_int_equal(bt_tracer_slow(tracer, UINT64_MAX), 0);
	assert_true(kernel.session.slow_ns == UINT64_MAX);
	assert_int_equal(bt_tracer_slow(tracer, 0), 0);
	assert_int_equal(kernel.session.slow_ns, 0);
}

static void wrong_settings_change_nothing(void **state)
{
	(void)state;
	assert_error(bt_tracer_thresholds(tracer, -0.1, 25), ERANGE,
		     "coefficient of variation, -0.1 %, is not from 0 to 1000 %");
	assert_error(bt_tracer_thresholds(tracer, 1000.1, 25), ERANGE, "1000.1 %");
	assert_error(bt_tracer_thresholds(tracer, INFINITY, 25), ERANGE, "inf");
	assert_error(bt_tracer_thresholds(tracer, NAN, 25), EINVAL, "not a number");
	assert_error(bt_tracer_thresholds(tracer, 90, -1), ERANGE, "efficiency, -1 %");
	assert_error(bt_tracer_thresholds(tracer, 90, 100.1), ERANGE, "0 to 100 %");
	assert_error(bt_tracer_thresholds(tracer, 90, NAN), EINVAL, "efficiency");
	assert_error(bt_tracer_limit(tracer, 1001), ERANGE, "1001 traces a second");
	assert_error(bt_tracer_outliers(tracer, -1), ERANGE, "outliers, -1, is not");
	assert_error(bt_tracer_outliers(tracer, 1000.1), ERANGE, "1000.1");
	assert_error(bt_tracer_outliers(tracer, NAN), EINVAL, "not a number");
	assert_error(bt_tracer_slow(tracer, 1), ERANGE, "slow call, 1 ns, is below 10000");
	assert_error(bt_tracer_slow(tracer, BT_MIN_SLOW - 1), ERANGE, "9999 ns");
	assert_int_equal(kernel.calls[7], 0);
	kernel.error[7] = EINTR;
	assert_error(bt_tracer_thresholds(tracer, 90, 1), EINTR, "Interrupted");
	assert_error(bt_tracer_limit(tracer, 0), EINTR, "settings");
	assert_error(bt_tracer_set_enabled(tracer, false), EINTR, "settings");
	assert_error(bt_tracer_slow(tracer, 0), EINTR, "settings");
	assert_error(bt_tracer_outliers(tracer, 9), EINTR, "settings");
	assert_int_equal(tracer->outliers, 1500);
	assert_int_equal(bt_should_trace(tracer, 15.1, 24.9),
			 BT_ESCALATION_CV_AND_EFFICIENCY);
}

static void a_mode_is_set_and_calibrates(void **state)
{
	struct bt_run *run;

	(void)state;
	tracer->calibrated = false;
	assert_int_equal(bt_brick_mode(brick, BT_MODE_MEASURE), 0);
	assert_int_equal(kernel.define.flags, BRICKTRACE_BRICK_MODE);
	assert_int_equal(kernel.define.mode, BRICKTRACE_MODE_MEASURE);
	assert_int_equal(kernel.define.budget_ns, 100);
	assert_string_equal(kernel.define.name, "qkv");
	/* A run at BT_AUTO must not wait, so it does not calibrate either. */
	assert_int_equal(bt_run_open(tracer, brick, BT_AUTO, BT_SCOPE_THREAD, &run), 0);
	assert_int_equal(kernel.calls[4], 1);
	assert_int_equal(kernel.open.level, BRICKTRACE_LEVEL_AUTO);
	assert_int_equal(kernel.open.flags, 0);
	assert_int_equal(bt_run_close(run, NULL), 0);
	assert_false(tracer->calibrated);
	/* The calibration fails here, which is no error of the mode. */
	assert_int_equal(bt_brick_mode(brick, BT_MODE_TAIL), 0);
	assert_true(tracer->calibrated);
	assert_int_equal(kernel.define.mode, BRICKTRACE_MODE_TAIL);
	assert_string_equal(kernel.define.name, "qkv");

	assert_int_equal(bt_brick_define(tracer, "qkv", BT_NONE, &brick), 0);
	assert_int_equal(kernel.define.flags, 0);
	assert_int_equal(bt_brick_baseline(brick, 50), 0);
	assert_int_equal(kernel.define.flags, BRICKTRACE_BRICK_BASELINE);
	assert_int_equal(kernel.define.baseline, 50);
	assert_true(kernel.define.budget_ns == BT_MAX_BUDGET);
	assert_int_equal(bt_brick_reset(brick), 0);
	assert_int_equal(kernel.reset.size, sizeof(kernel.reset));
	assert_int_equal(kernel.reset.brick, 3);
}

static void a_mode_that_fails_says_why(void **state)
{
	(void)state;
	assert_error(bt_brick_mode(brick, (enum bt_mode)4), EINVAL,
		     "mode 4 of brick 'qkv'");
	assert_error(bt_brick_mode(brick, (enum bt_mode) - 1), EINVAL, "mode -1");
	assert_int_equal(kernel.calls[3], 0);
	kernel.error[3] = EINTR;
	assert_error(bt_brick_mode(brick, BT_MODE_TAIL), EINTR, "brick 'qkv'");
	assert_error(bt_brick_baseline(brick, 1), EINTR, "brick 'qkv'");
	kernel.error[3] = EDQUOT;
	assert_error(bt_brick_mode(brick, BT_MODE_TAIL), EDQUOT, "brick 'qkv'");
	kernel.error[9] = EINTR;
	assert_error(bt_brick_reset(brick), EINTR, "reset the brick 'qkv'");
}

/* Otherwise the failure would be remembered, and there would never be an edge. */
static void calibration_waits_for_the_tracers_switch(void **state)
{
	(void)state;
	tracer->calibrated = false;
	assert_int_equal(bt_tracer_set_enabled(tracer, false), 0);
	assert_error(bt_tracer_calibrate(tracer), EAGAIN, "in this tracer");
	assert_false(tracer->calibrated);
	assert_int_equal(kernel.calls[4], 0);
}

static void assertions_are_sent_as_a_list(void **state)
{
	char name[BT_NAME_LEN];
	int i;

	(void)state;
	assert_int_equal(bt_assert_duration(brick, "fast", 5000), 0);
	assert_int_equal(kernel.define.flags, BRICKTRACE_BRICK_ASSERTIONS);
	assert_int_equal(kernel.define.budget_ns, 100);
	assert_int_equal(kernel.define.assertions.cap, 1);
	assert_int_equal(kernel.list[0].kind, BRICKTRACE_ASSERT_DURATION);
	assert_int_equal(kernel.list[0].limit, 5000);
	assert_string_equal(kernel.list[0].name, "fast");
	assert_int_equal(bt_assert_category_share(brick, "share", BT_CAT_FUTEX, 12.5), 0);
	assert_int_equal(bt_assert_category_ns(brick, "time", BT_CAT_READ, 6), 0);
	assert_int_equal(bt_assert_category_offcpu_ns(brick, "off", BT_CAT_WRITE, 7), 0);
	assert_int_equal(bt_assert_syscall_count(brick, "calls", 202, BT_ARCH_COMPAT, 8),
			 0);
	assert_int_equal(kernel.define.assertions.cap, 5);
	assert_string_equal(kernel.list[0].name, "fast");
	assert_int_equal(kernel.list[1].kind, BRICKTRACE_ASSERT_CATEGORY_SHARE);
	assert_int_equal(kernel.list[1].subject, BRICKTRACE_CAT_FUTEX);
	assert_int_equal(kernel.list[1].limit, 12500);
	assert_int_equal(kernel.list[2].kind, BRICKTRACE_ASSERT_CATEGORY_NS);
	assert_int_equal(kernel.list[2].subject, BRICKTRACE_CAT_READ);
	assert_int_equal(kernel.list[2].limit, 6);
	assert_int_equal(kernel.list[3].kind, BRICKTRACE_ASSERT_CATEGORY_OFFCPU);
	assert_int_equal(kernel.list[3].subject, BRICKTRACE_CAT_WRITE);
	assert_int_equal(kernel.list[3].limit, 7);
	assert_int_equal(kernel.list[4].kind, BRICKTRACE_ASSERT_SYSCALL_COUNT);
	assert_int_equal(kernel.list[4].subject, 202);
	assert_int_equal(kernel.list[4].arch, BRICKTRACE_ARCH_COMPAT);
	assert_int_equal(kernel.list[4].limit, 8);
	/* The same name replaces, in its place. */
	assert_int_equal(bt_assert_duration(brick, "share", 9), 0);
	assert_int_equal(kernel.define.assertions.cap, 5);
	assert_int_equal(kernel.list[1].kind, BRICKTRACE_ASSERT_DURATION);
	assert_int_equal(kernel.list[1].subject, 0);
	assert_int_equal(kernel.list[1].limit, 9);
	assert_string_equal(kernel.list[2].name, "time");
	for (i = 5; i < 16; i++) {
		snprintf(name, sizeof(name), "a%d", i);
		assert_int_equal(bt_assert_duration(brick, name, i), 0);
	}
	assert_int_equal(kernel.define.assertions.cap, 16);
	assert_error(bt_assert_duration(brick, "more", 1), ENOSPC, "16 assertions already");
	assert_int_equal(bt_assert_duration(brick, "a15", 77), 0);
	assert_int_equal(kernel.list[15].limit, 77);
	/* A new budget or mode leaves the assertions alone. */
	assert_int_equal(bt_brick_mode(brick, BT_MODE_NEXT), 0);
	assert_int_equal(kernel.define.flags, BRICKTRACE_BRICK_MODE);
	assert_int_equal(bt_brick_clear_assertions(brick), 0);
	assert_int_equal(kernel.define.flags, BRICKTRACE_BRICK_ASSERTIONS);
	assert_int_equal(kernel.define.assertions.cap, 0);
	assert_int_equal(bt_assert_duration(brick, "more", 1), 0);
	assert_int_equal(kernel.define.assertions.cap, 1);
}

static void wrong_assertions_change_nothing(void **state)
{
	char longest[BT_NAME_LEN + 1];

	(void)state;
	memset(longest, 'x', BT_NAME_LEN);
	longest[BT_NAME_LEN] = 0;
	assert_int_equal(bt_assert_duration(brick, "fast", 5), 0);
	assert_error(bt_assert_duration(brick, "", 1), EINVAL, "assertion's name must not");
	assert_error(bt_assert_duration(brick, "a\n", 1), EINVAL, "U+000A");
	assert_error(bt_assert_duration(brick, "caf\xe9", 1), EINVAL, "not UTF-8");
	assert_error(bt_assert_duration(brick, longest, 1), ENAMETOOLONG, "64 bytes");
	assert_error(bt_assert_category_ns(brick, "a", BT_CAT_NONE, 1), EINVAL,
		     "category -1");
	assert_error(bt_assert_category_share(brick, "a", BT_CAT_READ, NAN), EINVAL,
		     "not a number");
	assert_error(bt_assert_category_share(brick, "a", BT_CAT_READ, -1), ERANGE, "-1 %");
	assert_error(bt_assert_category_share(brick, "a", BT_CAT_READ, 100.1), ERANGE,
		     "100.1 %");
	assert_int_equal(kernel.calls[3], 1);
	kernel.error[3] = EINVAL;
	assert_error(bt_assert_category_ns(brick, "a", (enum bt_category)99, 1), EINVAL,
		     "category, system call or table of the assertion 'a'");
	kernel.error[3] = ENOMEM;
	assert_error(bt_assert_duration(brick, "fast", 6), ENOMEM, "brick 'qkv'");
	assert_error(bt_brick_clear_assertions(brick), ENOMEM, "brick 'qkv'");
	kernel.error[3] = 0;
	assert_int_equal(bt_assert_duration(brick, "b", 7), 0);
	assert_int_equal(kernel.define.assertions.cap, 2);
	assert_int_equal(kernel.list[0].limit, 5);
	assert_string_equal(kernel.list[1].name, "b");
}

static struct bt_result *one_run(enum bt_level level)
{
	struct bt_result *result;
	struct bt_run *run;

	assert_int_equal(bt_run_open(tracer, brick, level, BT_SCOPE_THREAD, &run), 0);
	assert_int_equal(bt_run_close(run, &result), 0);
	return result;
}

static void results_are_judged(void **state)
{
	struct bt_result *r;

	(void)state;
	kernel.result = (struct bricktrace_result){
		.flags = BRICKTRACE_RESULT_GRANTED | BRICKTRACE_RESULT_INTERESTING,
		.wall_ns = 400,
		.why = BRICKTRACE_WHY_OVER_BUDGET | BRICKTRACE_WHY_ASSERTION,
		.mode = BRICKTRACE_MODE_TAIL,
		.brick_run = 12,
		.window_runs = 11,
		/* The durations are 100 and 300, so the deviation is 100. */
		.window_kept = 2,
		.window_sum = 400,
		.window_squares = { .low = 100000 },
		.window_median2 = 401,
		.passed = 3,
		.failed = 2,
		.not_evaluated = 1,
	};
	kernel.n_failed = 2;
	kernel.failed[0] = (struct bricktrace_failed){ 1, BRICKTRACE_ASSERT_DURATION, 400,
						       300, "fast" };
	kernel.failed[1] = (struct bricktrace_failed){ 4, BRICKTRACE_ASSERT_CATEGORY_SHARE,
						       50001, 50000, "share" };
	r = one_run(BT_AUTO);
	assert_int_equal(r->why, BT_WHY_OVER_BUDGET | BT_WHY_ASSERTION);
	assert_int_equal(r->mode, BT_MODE_TAIL);
	assert_true(r->granted);
	assert_false(r->refused);
	assert_int_equal(r->brick_run, 12);
	assert_int_equal(r->window_runs, 11);
	assert_double(r->cv_percent, 50);
	assert_double(r->window_efficiency, 100 / 200.5);
	assert_double(r->efficiency, 0.25);
	assert_int_equal(r->assertions_passed, 3);
	assert_int_equal(r->assertions_failed, 2);
	assert_int_equal(r->assertions_not_evaluated, 1);
	assert_int_equal(r->n_failed, 2);
	assert_string_equal(bt_result_failed(r, 0)->name, "fast");
	assert_int_equal(bt_result_failed(r, 0)->kind, BT_ASSERT_DURATION);
	assert_int_equal(bt_result_failed(r, 0)->value, 400);
	assert_int_equal(bt_result_failed(r, 0)->limit, 300);
	assert_string_equal(bt_result_failed(r, 1)->name, "share");
	assert_int_equal(bt_result_failed(r, 1)->kind, BT_ASSERT_CATEGORY_SHARE);
	assert_null(bt_result_failed(r, 2));
	bt_result_free(r);

	/* An empty window, no budget, and a refused grant. */
	kernel.result = (struct bricktrace_result){ .flags = BRICKTRACE_RESULT_REFUSED };
	kernel.n_failed = 0;
	assert_int_equal(bt_brick_define(tracer, "qkv", BT_NONE, &brick), 0);
	r = one_run(BT_AUTO);
	assert_true(r->refused && !r->granted);
	assert_true(isnan(r->cv_percent));
	assert_true(isnan(r->window_efficiency));
	assert_true(isnan(r->efficiency));
	assert_null(bt_result_failed(r, 0));
	bt_result_free(r);
}

/* An older module must not see what it does not know, and its answers are shorter. */
static void an_older_module_still_makes_runs(void **state)
{
	struct bt_statistics *s = (void *)1;
	struct bt_result *r;

	(void)state;
	be_old();
	kernel.result =
		(struct bricktrace_result){ .wall_ns = 50, .why = 99, .brick_run = 9 };
	assert_int_equal(bt_brick_define(tracer, "qkv", 200, &brick), 0);
	r = one_run(BT_AUTO);
	assert_int_equal(kernel.open.level, BRICKTRACE_LEVEL_MEASURE);
	assert_int_equal(r->wall_ns, 50);
	assert_int_equal(r->why, 0);
	assert_int_equal(r->mode, BT_MODE_MEASURE);
	assert_false(r->granted || r->refused);
	assert_true(r->brick_run == BT_NONE);
	assert_int_equal(r->window_runs, 0);
	assert_true(isnan(r->cv_percent) && isnan(r->window_efficiency));
	assert_double(r->efficiency, 1);
	assert_int_equal(r->assertions_passed + r->assertions_failed +
				 r->assertions_not_evaluated + r->n_failed,
			 0);
	bt_result_free(r);
	bt_result_free(one_run(BT_TRACE));
	assert_int_equal(kernel.open.level, BRICKTRACE_LEVEL_TRACE);

	memset(kernel.calls, 0, sizeof(kernel.calls));
	assert_error(bt_brick_mode(brick, BT_MODE_TAIL), ENOTSUP, "newer module");
	assert_error(bt_brick_baseline(brick, 1), ENOTSUP, "newer module");
	assert_error(bt_brick_reset(brick), ENOTSUP, "newer module");
	assert_error(bt_assert_duration(brick, "a", 1), ENOTSUP, "newer module");
	assert_error(bt_brick_clear_assertions(brick), ENOTSUP, "newer module");
	assert_error(bt_brick_statistics(brick, &s), ENOTSUP, "newer module");
	assert_null(s);
	assert_error(bt_tracer_thresholds(tracer, 1, 1), ENOTSUP, "newer module");
	assert_error(bt_tracer_outliers(tracer, 1), ENOTSUP, "newer module");
	assert_error(bt_tracer_limit(tracer, 0), ENOTSUP, "newer module");
	assert_error(bt_tracer_set_enabled(tracer, false), ENOTSUP, "newer module");
	assert_error(bt_tracer_slow(tracer, 0), ENOTSUP, "newer module");
	assert_int_equal(
		kernel.calls[3] + kernel.calls[7] + kernel.calls[8] + kernel.calls[9], 0);
	assert_int_equal(bt_should_trace(tracer, 15.1, 25), BT_ESCALATION_CV_EXCEEDED);
}

static int worked;

static void work(void *arg)
{
	assert_ptr_equal(arg, &worked);
	worked++;
}

static void fail_inside(void *arg)
{
	work(arg);
	assert_int_equal(bt_brick_mode(NULL, BT_MODE_TAIL), -EINVAL);
}

static struct bt_result *traced(enum bt_escalation escalation, uint32_t why)
{
	struct bt_result *r;

	worked = 0;
	assert_int_equal(bt_trace_with_reason(brick, escalation, work, &worked, &r), 0);
	assert_int_equal(worked, 1);
	assert_int_equal(kernel.open.level, BRICKTRACE_LEVEL_TRACE);
	assert_int_equal(kernel.open.scope, BRICKTRACE_SCOPE_THREAD);
	assert_int_equal(kernel.open.flags, BRICKTRACE_RUN_CHARGE);
	assert_int_equal(kernel.open.why, why);
	assert_int_equal(r->why, why);
	return r;
}

static void a_trace_takes_a_grant(void **state)
{
	struct bt_result *r;

	(void)state;
	kernel.grants = 4;
	tracer->calibrated = false;
	r = traced(BT_ESCALATION_CV_EXCEEDED, BT_WHY_CV_EXCEEDED);
	assert_true(r->granted && !r->refused);
	assert_int_equal(r->provenance, BT_MEASURED);
	bt_result_free(r);
	bt_result_free(traced(BT_ESCALATION_EFFICIENCY_LOW, BT_WHY_EFFICIENCY_LOW));
	bt_result_free(traced(BT_ESCALATION_CV_AND_EFFICIENCY,
			      BT_WHY_CV_EXCEEDED | BT_WHY_EFFICIENCY_LOW));
	assert_int_equal(bt_trace(brick, work, &worked, NULL), 0);
	assert_int_equal(worked, 2);
	assert_int_equal(kernel.open.why, BT_WHY_MANUAL);
	r = traced(BT_ESCALATION_MANUAL, BT_WHY_MANUAL);
	assert_true(!r->granted && r->refused);
	assert_int_equal(r->provenance, BT_NOT_INSTRUMENTED);
	assert_int_equal(r->reason, BT_REASON_RATE_LIMIT);
	bt_result_free(r);
	/* A calibration would install the hooks, whatever the limit says. */
	assert_false(tracer->calibrated);
	assert_int_equal(kernel.calls[4], 5);
}

static void a_trace_that_fails_still_calls(void **state)
{
	struct bt_result *r;

	(void)state;
	worked = 0;
	kernel.error[4] = EDQUOT;
	assert_int_equal(bt_trace(brick, fail_inside, &worked, &r), 0);
	assert_int_equal(worked, 1);
	assert_non_null(strstr(bt_error_text(), "cannot open a run of brick 'qkv'"));
	assert_int_equal(r->provenance, BT_NOT_INSTRUMENTED);
	assert_int_equal(r->reason, BT_REASON_DEVICE);
	assert_int_equal(r->wall_ns, 10);
	assert_int_equal(r->budget_ns, 100);
	assert_int_equal(r->why, BT_WHY_MANUAL);
	assert_true(isnan(r->cv_percent));
	assert_true(bt_result_times(r, BT_INCLUSIVE)->thread_ns == BT_NONE);
	bt_result_free(r);
	assert_int_equal(kernel.calls[5], 0);
	kernel.step = 101;
	assert_int_equal(bt_trace_with_reason(brick, BT_ESCALATION_CV_EXCEEDED, work,
					      &worked, &r),
			 0);
	assert_int_equal(r->why, BT_WHY_CV_EXCEEDED | BT_WHY_OVER_BUDGET);
	bt_result_free(r);
	assert_error(bt_trace(brick, fail_inside, &worked, NULL), EDQUOT, "open a run");
	assert_int_equal(worked, 3);
	kernel.error[4] = 0;
	kernel.error[5] = EBUSY;
	r = (void *)1;
	assert_error(bt_trace(brick, work, &worked, &r), EBUSY, "still open");
	assert_null(r);
	kernel.error[5] = 0;

	r = (void *)1;
	assert_error(bt_trace(NULL, work, &worked, &r), EINVAL, "no brick");
	assert_null(r);
	assert_int_equal(worked, 5);
	assert_error(bt_trace_with_reason(brick, BT_ESCALATION_NONE, work, &worked, &r),
		     EINVAL, "escalation 0");
	assert_error(bt_trace_with_reason(brick, (enum bt_escalation)5, work, &worked, &r),
		     EINVAL, "escalation 5");
	assert_int_equal(worked, 7);
	r = (void *)1;
	assert_error(bt_trace(brick, NULL, &worked, &r), EINVAL, "no function");
	assert_null(r);
}

static void an_older_module_traces_without_grants(void **state)
{
	struct bt_result *r;

	(void)state;
	be_old();
	worked = 0;
	kernel.result.provenance = BRICKTRACE_MEASURED;
	assert_int_equal(bt_trace(brick, work, &worked, &r), 0);
	assert_int_equal(worked, 1);
	assert_int_equal(kernel.open.level, BRICKTRACE_LEVEL_TRACE);
	assert_int_equal(r->provenance, BT_MEASURED);
	assert_int_equal(r->why, 0);
	bt_result_free(r);
}

/* Runs of 100, 100, 100 and 300 ns, of which two were traced, and a window of the last two. */
static void play_statistics(void)
{
	struct bti_brick_room *room = &kernel.room;
	uint32_t i;

	kernel.get.mode = BRICKTRACE_MODE_NEXT;
	kernel.get.baseline = 11;
	kernel.get.escalated = 1;
	room->statistics[0] = (struct bricktrace_statistics){
		.runs = 4,
		.traced = 2,
		.partial = 1,
		.over_budget = 1,
		.granted = 5,
		.refused = 6,
		.min_ns = 100,
		.max_ns = 300,
		.edge_runs = 1,
		.sum_ns = { .low = 600 },
		.squares = { .low = 120000 },
		.thread_ns = { .low = 2, .high = 2 },
		.compute_ns = { .low = 40 },
		.compute_offcpu_ns = { .low = 20 },
		.compute_runnable_ns = { .low = 10 },
		.edge_ns = { .low = 7 },
		.control_ns = { .low = 5 },
		.minor_faults = { .low = 3 },
		.major_faults = { .low = 1 },
	};
	room->histogram[bkt_durations_bucket(100)].runs = 3;
	room->histogram[bkt_durations_bucket(300)].runs = 1;
	kernel.n_categories = 6;
	for (i = 0; i < 70; i++)
		kernel.categories[i].category = i;
	kernel.categories[BRICKTRACE_CAT_READ] = (struct bricktrace_category_statistics){
		.category = BRICKTRACE_CAT_READ,
		.count = { .low = 9 },
		.errors = { .low = 1 },
		.ns = { .low = 8 },
		.offcpu_ns = { .low = 6 },
		.runnable_ns = { .low = 4 },
	};
	kernel.n_window = 2;
	room->window[0].ns = 100;
	room->window[1].ns = 300;
	kernel.n_assertions = 3;
	kernel.assertions[0] =
		(struct bricktrace_assertion){ .limit = 150, .name = "fast" };
	kernel.assertions[1] = (struct bricktrace_assertion){
		.kind = BRICKTRACE_ASSERT_CATEGORY_OFFCPU, .subject = 3, .name = "read"
	};
	kernel.assertions[2] =
		(struct bricktrace_assertion){ .kind = BRICKTRACE_ASSERT_SYSCALL_COUNT,
					       .subject = 3,
					       .arch = 1,
					       .name = "calls" };
	kernel.counts[1] = (struct bricktrace_assertion_counts){ 21, 22, 23 };
	kernel.n_longest = 1;
	room->longest[0] = (struct bricktrace_result){
		.run = 77,
		.provenance = BRICKTRACE_MEASURED,
		.budget_ns = 90,
		.wall_ns = 300,
		.mode = BRICKTRACE_MODE_NEXT,
	};
	room->longest_times[0].thread_ns = 290;
	for (i = 0; i < 6; i++)
		room->longest_categories[i].category = i;
	room->longest_categories[1].figures.ns = 44;
	kernel.n_slow_calls = 2;
	kernel.slow_calls[0] = (struct bricktrace_slow_call){
		.nr = 16, .category = BRICKTRACE_CAT_IOCTL, .ns = 250, .owner = "nvidia"
	};
	kernel.slow_calls[1] = (struct bricktrace_slow_call){ .ns = 40 };
}

/* The module has statistics, but neither ioctls by command nor slow calls. */
static void an_older_module_reports_no_ioctls(void **state)
{
	struct bt_statistics *s;
	struct bt_result *r;

	(void)state;
	kernel.features = BRICKTRACE_FEATURE_STATISTICS;
	connect();
	kernel.result.provenance = BRICKTRACE_MEASURED;
	kernel.n_ioctls = kernel.n_slow_calls = 2;
	r = one_run(BT_TRACE);
	assert_false(bt_result_has_ioctls(r) || bt_result_has_slow_calls(r));
	assert_int_equal(r->n_ioctls + r->n_missing_ioctls + r->n_slow_calls, 0);
	bt_result_free(r);
	play_statistics();
	assert_int_equal(bt_brick_statistics(brick, &s), 0);
	assert_false(bt_result_has_slow_calls(bt_statistics_longest(s)));
	assert_int_equal(bt_statistics_longest(s)->n_slow_calls, 0);
	bt_statistics_free(s);
	assert_error(bt_tracer_slow(tracer, 0), ENOTSUP, "newer module");
	/* Wrong values are wrong with each module. */
	assert_error(bt_tracer_slow(tracer, 1), ERANGE, "1 ns");
	assert_int_equal(kernel.calls[7], 0);
}

static void assert_about(double a, double b)
{
	assert_true(fabs(a - b) <= 1e-12 * fabs(b));
}

static void statistics_are_read(void **state)
{
	const struct bt_mean_figures *read;
	const struct bt_assertion *a;
	const struct bt_mean_times *t;
	const struct bt_result *r;
	struct bt_statistics *s;
	double above, up_to;
	uint64_t sum = 0;
	uint32_t i;

	(void)state;
	play_statistics();
	assert_int_equal(bt_brick_statistics(brick, &s), 0);
	assert_string_equal(s->name, "qkv");
	assert_int_equal(s->mode, BT_MODE_NEXT);
	assert_true(s->escalated);
	assert_int_equal(s->baseline, 11);
	assert_int_equal(s->budget_ns, 100);
	assert_int_equal(s->runs, 4);
	assert_int_equal(s->traced, 2);
	assert_int_equal(s->partial, 1);
	assert_int_equal(s->over_budget, 1);
	assert_int_equal(s->granted, 5);
	assert_int_equal(s->refused, 6);
	assert_int_equal(s->zero, 0);
	assert_int_equal(s->min_ns, 100);
	assert_int_equal(s->max_ns, 300);
	assert_double(s->mean_ns, 150);
	assert_about(s->deviation_ns, sqrt(7500));
	assert_about(s->cv_percent, 100 * sqrt(7500) / 150);
	assert_int_equal(s->window_runs, 2);
	assert_double(s->window_cv_percent, 50);
	assert_double(s->window_median_ns, 200);
	assert_double(s->efficiency, 0.5);
	assert_double(s->score, 0);
	assert_int_equal(s->grade, 'F');
	assert_int_equal(bt_statistics_window(s, 0), 100);
	assert_int_equal(bt_statistics_window(s, 1), 300);
	assert_true(bt_statistics_window(s, 2) == BT_NONE);

	assert_about(bt_statistics_percentile(s, 75), 100);
	assert_true(bt_statistics_percentile(s, 75.1) > 270);
	assert_double(bt_statistics_percentile(s, 0), 100);
	assert_true(bt_statistics_percentile(s, 100) > 270);
	assert_true(isnan(bt_statistics_percentile(s, -0.1)));
	assert_true(isnan(bt_statistics_percentile(s, 100.1)));
	assert_true(isnan(bt_statistics_percentile(s, NAN)));
	for (i = 0; i < BT_BUCKETS; i++) {
		uint64_t runs = bt_statistics_bucket(s, i, &above, &up_to);

		assert_about(above, 1e9 * pow(2, ((int)i - 120) / 4.0));
		assert_about(up_to, 1e9 * pow(2, ((int)i - 119) / 4.0));
		if (above < 100 && up_to >= 100)
			assert_int_equal(runs, 3);
		sum += runs;
	}
	assert_int_equal(sum, 4);
	assert_int_equal(bt_statistics_bucket(s, BT_BUCKETS, &above, &up_to), 0);
	assert_true(isnan(above) && isnan(up_to));
	assert_int_equal(bt_statistics_bucket(s, 0, NULL, NULL), 0);

	t = bt_statistics_times(s);
	assert_double(t->thread_ns, 1 + 0x1p64);
	assert_double(t->compute_ns, 20);
	assert_double(t->compute_offcpu_ns, 10);
	assert_double(t->compute_runnable_ns, 5);
	assert_double(t->edge_ns, 7);
	assert_double(t->control_ns, 2.5);
	assert_double(t->minor_faults, 1.5);
	assert_double(t->major_faults, 0.5);
	assert_int_equal(s->n_categories, 6);
	assert_int_equal(bt_statistics_category_at(s, 5), BT_CAT_OTHER);
	assert_int_equal(bt_statistics_category_at(s, 6), BT_CAT_NONE);
	read = bt_statistics_category(s, BT_CAT_READ);
	assert_double(read->count, 4.5);
	assert_double(read->errors, 0.5);
	assert_double(read->ns, 4);
	assert_double(read->offcpu_ns, 3);
	assert_double(read->runnable_ns, 2);
	assert_double(bt_statistics_category(s, BT_CAT_MMAP)->count, 0);
	assert_null(bt_statistics_category(s, (enum bt_category)6));

	assert_int_equal(s->n_assertions, 3);
	a = bt_statistics_assertion(s, 0);
	assert_string_equal(a->name, "fast");
	assert_int_equal(a->kind, BT_ASSERT_DURATION);
	assert_int_equal(a->category, BT_CAT_NONE);
	assert_true(a->nr == UINT32_MAX);
	assert_int_equal(a->limit, 150);
	a = bt_statistics_assertion(s, 1);
	assert_int_equal(a->category, BT_CAT_READ);
	assert_true(a->nr == UINT32_MAX);
	assert_int_equal(a->passed, 21);
	assert_int_equal(a->failed, 22);
	assert_int_equal(a->not_evaluated, 23);
	a = bt_statistics_assertion(s, 2);
	assert_int_equal(a->category, BT_CAT_NONE);
	assert_int_equal(a->nr, 3);
	assert_int_equal(a->arch, BT_ARCH_COMPAT);
	assert_null(bt_statistics_assertion(s, 3));

	r = bt_statistics_longest(s);
	assert_string_equal(r->brick, "qkv");
	assert_int_equal(r->run, 77);
	assert_int_equal(r->budget_ns, 90);
	assert_int_equal(r->wall_ns, 300);
	assert_int_equal(bt_result_times(r, BT_INCLUSIVE)->thread_ns, 290);
	assert_true(bt_result_times(r, BT_EXCLUSIVE)->thread_ns == BT_NONE);
	assert_int_equal(bt_breakdown_dominant(r, BT_INCLUSIVE), BT_CAT_FUTEX);
	assert_null(bt_result_syscall(r, 0));
	assert_false(bt_result_has_ioctls(r));
	assert_true(bt_result_has_slow_calls(r));
	assert_int_equal(r->n_slow_calls, 2);
	assert_int_equal(bt_result_slow_call(r, 0)->ns, 250);
	assert_string_equal(bt_result_slow_call(r, 0)->ioctl->owner, "nvidia");
	assert_int_equal(bt_result_slow_call(r, 1)->ns, 40);
	bt_statistics_free(s);
}

static void what_was_not_measured_is_not_zero(void **state)
{
	struct bt_statistics *s;

	(void)state;
	play_statistics();
	kernel.features &= ~(BRICKTRACE_FEATURE_RUNNABLE | BRICKTRACE_FEATURE_FAULTS);
	connect();
	kernel.room.statistics[0].edge_runs = 0;
	kernel.room.statistics[0].edge_ns.low = 0;
	kernel.room.statistics[0].compute_runnable_ns.low = 0;
	kernel.room.statistics[0].minor_faults.low = 0;
	kernel.room.statistics[0].major_faults.low = 0;
	kernel.categories[BRICKTRACE_CAT_READ].runnable_ns.low = 0;
	kernel.room.longest[0].budget_ns = BT_MAX_BUDGET;
	assert_int_equal(bt_brick_define(tracer, "qkv", BT_NONE, &brick), 0);
	assert_int_equal(bt_brick_statistics(brick, &s), 0);
	assert_true(isnan(bt_statistics_times(s)->edge_ns));
	assert_true(isnan(bt_statistics_times(s)->compute_runnable_ns));
	assert_true(isnan(bt_statistics_times(s)->minor_faults));
	assert_true(isnan(bt_statistics_times(s)->major_faults));
	assert_true(isnan(bt_statistics_category(s, BT_CAT_READ)->runnable_ns));
	assert_double(bt_statistics_category(s, BT_CAT_READ)->ns, 4);
	assert_true(s->budget_ns == BT_NONE);
	assert_true(isnan(s->efficiency) && isnan(s->score));
	assert_int_equal(s->grade, 0);
	assert_double(s->window_median_ns, 200);
	assert_true(bt_statistics_longest(s)->budget_ns == BT_NONE);
	bt_statistics_free(s);

	/* No run at all. */
	kernel.room.statistics[0] =
		(struct bricktrace_statistics){ .min_ns = BRICKTRACE_NONE,
						.max_ns = BRICKTRACE_NONE };
	kernel.n_window = kernel.n_longest = 0;
	kernel.categories[3] = (struct bricktrace_category_statistics){ .category = 3 };
	assert_int_equal(bt_brick_statistics(brick, &s), 0);
	assert_true(s->min_ns == BT_NONE && s->max_ns == BT_NONE);
	assert_true(isnan(s->mean_ns) && isnan(s->deviation_ns) && isnan(s->cv_percent));
	assert_true(isnan(s->window_cv_percent) && isnan(s->window_median_ns));
	assert_true(isnan(bt_statistics_percentile(s, 50)));
	assert_true(isnan(bt_statistics_times(s)->thread_ns));
	assert_true(isnan(bt_statistics_category(s, BT_CAT_READ)->count));
	assert_null(bt_statistics_longest(s));
	bt_statistics_free(s);
	kernel.error[8] = EINTR;
	assert_error(bt_brick_statistics(brick, &s), EINTR, "statistics of brick 'qkv'");
	assert_null(s);
}

/* The window's coefficient leaves out what the tracer's setting says. */
static void outliers_are_left_out(void **state)
{
	struct bt_statistics *s;
	int i;

	(void)state;
	play_statistics();
	kernel.n_window = 20;
	for (i = 0; i < 20; i++)
		kernel.room.window[i].ns = i == 7 ? 1000 : 100;
	assert_int_equal(bt_brick_statistics(brick, &s), 0);
	assert_double(s->window_cv_percent, 0);
	assert_double(s->window_median_ns, 100);
	assert_double(s->score, 100);
	assert_int_equal(s->grade, 'A');
	bt_statistics_free(s);
	assert_int_equal(bt_tracer_outliers(tracer, INFINITY), 0);
	assert_int_equal(bt_brick_statistics(brick, &s), 0);
	assert_true(s->window_cv_percent > 100);
	bt_statistics_free(s);
}

/* Unknown values, and more elements than there is room for. */
static void a_newer_module_reports_more(void **state)
{
	struct bt_statistics *s;
	struct bt_result *r;
	uint32_t i;

	(void)state;
	kernel.features = ~UINT64_C(0);
	connect();
	play_statistics();
	kernel.get.mode = 9;
	kernel.n_categories = 70;
	kernel.n_assertions = 20;
	for (i = 3; i < 20; i++)
		kernel.assertions[i] =
			(struct bricktrace_assertion){ .kind = 9, .subject = 5 };
	kernel.result.why = ~0U;
	kernel.result.mode = 9;
	kernel.n_failed = 20;
	strcpy(kernel.failed[15].name, "last");
	kernel.n_ioctls = sizeof(kernel.ioctls) / sizeof(kernel.ioctls[0]);
	for (i = 1; i < kernel.n_ioctls; i += 2)
		kernel.ioctls[i].view = BRICKTRACE_VIEW_EXCLUSIVE;
	kernel.n_slow_calls = sizeof(kernel.slow_calls) / sizeof(kernel.slow_calls[0]);
	assert_int_equal(bt_brick_statistics(brick, &s), 0);
	assert_int_equal(s->mode, 9);
	assert_int_equal(s->n_categories, 64);
	assert_non_null(bt_statistics_category(s, (enum bt_category)63));
	assert_null(bt_statistics_category(s, (enum bt_category)64));
	assert_int_equal(s->n_assertions, 16);
	assert_int_equal(bt_statistics_assertion(s, 15)->kind, 9);
	assert_int_equal(bt_statistics_assertion(s, 15)->category, BT_CAT_NONE);
	assert_int_equal(bt_statistics_longest(s)->n_slow_calls, BRICKTRACE_BRICK_SLOW);
	bt_statistics_free(s);
	r = one_run(BT_AUTO);
	assert_true(r->why == ~0U);
	assert_int_equal(r->mode, 9);
	assert_int_equal(r->n_failed, 16);
	assert_string_equal(bt_result_failed(r, 15)->name, "last");
	assert_int_equal(r->n_ioctls, 256 + 3);
	assert_int_equal(r->n_missing_ioctls, 5);
	assert_non_null(bt_result_ioctl(r, r->n_ioctls - 1));
	assert_int_equal(r->n_slow_calls, 48);
	assert_non_null(bt_result_slow_call(r, 47));
	bt_result_free(r);
}

static void a_brick_of_another_tracer_is_refused(void **state)
{
	struct bt_tracer *other;
	struct bt_run *run = (void *)1;

	(void)state;
	assert_int_equal(bti_tracer_new(&fake, &other), 0);
	assert_error(bt_run_open(other, brick, BT_MEASURE, BT_SCOPE_THREAD, &run), EINVAL,
		     "'qkv' belongs to another");
	assert_null(run);
	bt_tracer_free(other);
}

static void scores_and_grades(void **state)
{
	(void)state;
	assert_double(bt_score(100, 0), 100);
	assert_double(bt_score(0, 0), 100);
	assert_double(bt_score(0, 1), 0);
	assert_double(bt_score(100, 100), 100);
	assert_double(bt_score(100, 110), 95);
	assert_double(bt_score(100, 120), 90);
	assert_double(bt_score(100, 121), 79);
	assert_double(bt_score(100, 200), 0);
	assert_double(bt_score(100, UINT64_MAX), 0);
	assert_int_equal(bt_grade(100), 'A');
	assert_int_equal(bt_grade(90), 'A');
	assert_int_equal(bt_grade(89.9), 'B');
	assert_int_equal(bt_grade(80), 'B');
	assert_int_equal(bt_grade(79), 'C');
	assert_int_equal(bt_grade(70), 'C');
	assert_int_equal(bt_grade(69.9), 'D');
	assert_int_equal(bt_grade(60), 'D');
	assert_int_equal(bt_grade(59.9), 'F');
	assert_int_equal(bt_grade(0), 'F');
	assert_int_equal(bt_grade(NAN), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, reset, end)
	const struct CMUnitTest tests[] = {
		TEST(null_is_refused),
		TEST(values_have_names),
		TEST(a_mask_has_one_escalation),
		TEST(figures_are_compared_with_thresholds),
		TEST(settings_reach_the_kernel),
		TEST(wrong_settings_change_nothing),
		TEST(a_mode_is_set_and_calibrates),
		TEST(a_mode_that_fails_says_why),
		TEST(calibration_waits_for_the_tracers_switch),
		TEST(assertions_are_sent_as_a_list),
		TEST(wrong_assertions_change_nothing),
		TEST(results_are_judged),
		TEST(an_older_module_still_makes_runs),
		TEST(an_older_module_reports_no_ioctls),
		TEST(a_trace_takes_a_grant),
		TEST(a_trace_that_fails_still_calls),
		TEST(an_older_module_traces_without_grants),
		TEST(statistics_are_read),
		TEST(what_was_not_measured_is_not_zero),
		TEST(outliers_are_left_out),
		TEST(a_newer_module_reports_more),
		TEST(a_brick_of_another_tracer_is_refused),
		TEST(scores_and_grades),
	};

	return cmocka_run_group_tests_name("bricks", tests, NULL, NULL);
}
