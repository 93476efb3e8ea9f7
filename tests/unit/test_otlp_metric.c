// SPDX-License-Identifier: MIT
/* Tests of the metrics that are made of bricks and of an exporter's counts. */
#include <inttypes.h>
#include <sys/param.h>

#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb-c.h"

#include "metric.h"
#include "program.h"

#define S	UINT64_C(1000000000)
#define NOW	(UINT64_C(1790035200) * S)
#define MINUTE	(60 * S)
#define CREATED (NOW - 3600 * S)

typedef Opentelemetry__Proto__Collector__Metrics__V1__ExportMetricsServiceRequest request_message;
typedef Opentelemetry__Proto__Metrics__V1__Metric metric_message;
typedef Opentelemetry__Proto__Metrics__V1__NumberDataPoint number_point;
typedef Opentelemetry__Proto__Metrics__V1__ExponentialHistogramDataPoint histogram_point;
typedef Opentelemetry__Proto__Common__V1__KeyValue key_value;
typedef Opentelemetry__Proto__Common__V1__AnyValue any_value;
typedef Opentelemetry__Proto__Resource__V1__Resource resource_message;

/* What the processes of the test are like. */
static uint64_t created_unix_ns;
static int resources_until_failure; /* 0: never */
static int resources_held;

/* The linker puts these functions in the place of those of resource.c. */
struct otlp_resources *__wrap_otlp_resources_new(const struct otlp_config *config);
struct otlp_resources *__wrap_otlp_resources_new(const struct otlp_config *config)
{
	(void)config;
	return malloc(1);
}

void __wrap_otlp_resources_free(struct otlp_resources *resources);
void __wrap_otlp_resources_free(struct otlp_resources *resources)
{
	free(resources);
}

/* The resource has one attribute, the service's name: the label of the process. */
struct otlp_resource *__wrap_otlp_resource_get(struct otlp_resources *resources,
					       const struct otlp_process *process);
struct otlp_resource *__wrap_otlp_resource_get(struct otlp_resources *resources,
					       const struct otlp_process *process)
{
	resource_message message = OPENTELEMETRY__PROTO__RESOURCE__V1__RESOURCE__INIT;
	key_value pair = OPENTELEMETRY__PROTO__COMMON__V1__KEY_VALUE__INIT, *pairs = &pair;
	any_value value = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__INIT;
	struct otlp_resource *r;

	assert_non_null(resources);
	if (resources_until_failure && !--resources_until_failure)
		return NULL;
	r = calloc(1, sizeof(*r));
	r->created_unix_ns = created_unix_ns;
	pair.key = (char *)"service.name";
	pair.value = &value;
	value.value_case = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_STRING_VALUE;
	value.string_value = (char *)process->label;
	message.n_attributes = 1;
	message.attributes = &pairs;
	assert_int_equal(otlp_bytes_reserve(&r->message, 100), 0);
	r->message.size = protobuf_c_message_pack(&message.base, r->message.data);
	resources_held++;
	return r;
}

void __wrap_otlp_resource_put(struct otlp_resource *resource);
void __wrap_otlp_resource_put(struct otlp_resource *r)
{
	if (!r)
		return;
	otlp_bytes_free(&r->message);
	free(r);
	resources_held--;
}

/* What is tested, and the last request that it made. */
static struct otlp_metrics *metrics;
static struct otlp_bytes request;
static request_message *sent;

static void forget(void)
{
	if (sent)
		opentelemetry__proto__collector__metrics__v1__export_metrics_service_request__free_unpacked(
			sent, NULL);
	sent = NULL;
}

static int reset(void **state)
{
	(void)state;
	created_unix_ns = 0;
	resources_until_failure = 0;
	metrics = otlp_metrics_new(NULL);
	return !metrics;
}

static int end(void **state)
{
	(void)state;
	forget();
	otlp_metrics_free(metrics);
	otlp_bytes_free(&request);
	return resources_held;
}

static void collect_with(const struct otlp_brick *bricks, size_t n,
			 const struct bt_otlp_counts *counts, uint64_t now)
{
	forget();
	assert_int_equal(otlp_metrics_encode(metrics, bricks, n, counts, now, &request), 0);
	sent = opentelemetry__proto__collector__metrics__v1__export_metrics_service_request__unpack(
		NULL, request.size, request.data);
	assert_non_null(sent);
}

static void collect(const struct otlp_brick *bricks, size_t n, uint64_t now)
{
	collect_with(bricks, n, NULL, now);
}

/* Whether the attributes are these, in this order; an absent one is NULL. */
static bool attributes_are(key_value *const *pairs, size_t n, const char *first,
			   const char *second)
{
	const char *const wanted[] = { first, second };
	size_t i;

	if (n != !!first + (size_t) !!second)
		return false;
	for (i = 0; i < n; i++)
		if (pairs[i]->value->value_case ==
		    OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_BOOL_VALUE) {
			if (strcmp(wanted[i], pairs[i]->key) || !pairs[i]->value->bool_value)
				return false;
		} else if (strcmp(pairs[i]->value->string_value, wanted[i])) {
			return false;
		}
	return true;
}

/* Returns the metric of a service, or NULL. No service is there twice. */
static metric_message *metric_of(const char *service, const char *name)
{
	metric_message *found = NULL;
	bool seen = false;
	size_t i, j;

	for (i = 0; i < sent->n_resource_metrics; i++) {
		const Opentelemetry__Proto__Metrics__V1__ResourceMetrics *r =
			sent->resource_metrics[i];

		assert_int_equal(r->n_scope_metrics, 1);
		assert_string_equal(r->scope_metrics[0]->scope->name, "bricktrace");
		assert_string_equal(r->scope_metrics[0]->scope->version, BT_VERSION);
		assert_true(r->scope_metrics[0]->n_metrics > 0);
		if (strcmp(r->resource->attributes[0]->value->string_value, service))
			continue;
		assert_false(seen);
		seen = true;
		for (j = 0; j < r->scope_metrics[0]->n_metrics; j++)
			if (!strcmp(r->scope_metrics[0]->metrics[j]->name, name))
				found = r->scope_metrics[0]->metrics[j];
	}
	return found;
}

static const histogram_point *histogram_of(const char *service, const char *brick)
{
	const metric_message *m = metric_of(service, "brick.duration");
	size_t i;

	if (!m)
		return NULL;
	assert_string_equal(m->unit, "s");
	assert_int_equal(
		m->data_case,
		OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_EXPONENTIAL_HISTOGRAM);
	assert_int_equal(m->exponential_histogram->aggregation_temporality, 2);
	for (i = 0; i < m->exponential_histogram->n_data_points; i++) {
		const histogram_point *p = m->exponential_histogram->data_points[i];

		if (attributes_are(p->attributes, p->n_attributes, brick, NULL))
			return p;
	}
	return NULL;
}

static const number_point *point_in(number_point *const *points, size_t n,
				    const char *first, const char *second)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (attributes_are(points[i]->attributes, points[i]->n_attributes, first,
				   second))
			return points[i];
	return NULL;
}

/* Returns a point of a cumulative sum that only grows, or NULL. */
static const number_point *sum_of(const char *service, const char *name,
				  const char *first, const char *second)
{
	const metric_message *m = metric_of(service, name);

	if (!m)
		return NULL;
	assert_int_equal(m->data_case, OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_SUM);
	assert_int_equal(m->sum->aggregation_temporality, 2);
	assert_true(m->sum->is_monotonic);
	return point_in(m->sum->data_points, m->sum->n_data_points, first, second);
}

static int64_t count_of(const char *service, const char *name, const char *first,
			const char *second)
{
	const number_point *p = sum_of(service, name, first, second);

	if (!p)
		return -1;
	assert_int_equal(p->value_case,
			 OPENTELEMETRY__PROTO__METRICS__V1__NUMBER_DATA_POINT__VALUE_AS_INT);
	return p->as_int;
}

static double seconds_of(const char *name, const char *first, const char *second)
{
	const number_point *p = sum_of("player", name, first, second);

	assert_non_null(p);
	assert_int_equal(
		p->value_case,
		OPENTELEMETRY__PROTO__METRICS__V1__NUMBER_DATA_POINT__VALUE_AS_DOUBLE);
	return p->as_double;
}

/* A brick of a session that had no run yet. */
static struct otlp_brick brick_of(uint64_t session, const char *name)
{
	return (struct otlp_brick){
		.session = session,
		.process = { .session = session,
			     .pid = 4711,
			     .comm = "gpu-decode",
			     .label = "player",
			     .machine = "x86_64",
			     .local = true },
		.name = name,
		.min_ns = BT_NONE,
		.max_ns = BT_NONE,
	};
}

/* A run as the kernel's books have it. */
static void run_brick(struct otlp_brick *b, uint64_t ns, bool over_budget)
{
	b->min_ns = b->runs ? MIN(b->min_ns, ns) : ns;
	b->max_ns = b->runs ? MAX(b->max_ns, ns) : ns;
	b->runs++;
	b->over_budget += over_budget;
	b->zero += !ns;
	b->sum_ns += ns;
	if (ns)
		b->buckets[bkt_durations_bucket(ns)]++;
}

static void trace_brick(struct otlp_brick *b, enum bt_category category)
{
	struct otlp_category_sums *c = &b->categories[category];

	b->traced++;
	c->count += 3;
	c->errors += 1;
	c->ns += 1500 * MS;
	c->offcpu_ns += 250 * MS;
}

static void a_brick_is_a_histogram(void **state)
{
	struct otlp_brick b = brick_of(1, "decode");
	const histogram_point *p;

	(void)state;
	run_brick(&b, 0, false);
	run_brick(&b, 1 * S, false);
	/* A bucket has its upper bound, so a longer run is in the next one. */
	run_brick(&b, 1 * S + 1, true);
	run_brick(&b, 2 * S, true);
	run_brick(&b, 2 * S, true);
	created_unix_ns = CREATED;
	collect(&b, 1, NOW);
	p = histogram_of("player", "decode");
	assert_non_null(p);
	assert_string_equal(p->attributes[0]->key, "brick.name");
	assert_int_equal(p->start_time_unix_nano, CREATED);
	assert_int_equal(p->time_unix_nano, NOW);
	assert_int_equal(p->count, 5);
	assert_int_equal(p->zero_count, 1);
	assert_int_equal(p->scale, 2);
	assert_double(p->sum, 6.000000001);
	assert_double(p->min, 0.0);
	assert_double(p->max, 2.0);
	assert_true(p->has_min_case);
	assert_null(p->negative);
	/* Bucket -1 of scale 2 is (2^(-1/4), 1], and bucket 3 is (2^(3/4), 2]. */
	assert_int_equal(p->positive->offset, -1);
	assert_int_equal(p->positive->n_bucket_counts, 5);
	assert_int_equal(p->positive->bucket_counts[0], 1);
	assert_int_equal(p->positive->bucket_counts[1], 1);
	assert_int_equal(p->positive->bucket_counts[2], 0);
	assert_int_equal(p->positive->bucket_counts[3], 0);
	assert_int_equal(p->positive->bucket_counts[4], 2);
	assert_int_equal(count_of("player", "brick.over_budget", "decode", NULL), 3);
	assert_int_equal(count_of("player", "brick.traced", "decode", NULL), 0);
	assert_string_equal(metric_of("player", "brick.over_budget")->unit, "{run}");
	/* No run was traced, so nothing is known of calls. */
	assert_null(metric_of("player", "brick.syscall.time"));
	assert_int_equal(sent->n_resource_metrics, 1);
}

static void the_ends_of_the_histogram_are_kept(void **state)
{
	struct otlp_brick b = brick_of(1, "decode");
	const histogram_point *p;

	(void)state;
	run_brick(&b, 1, false);
	run_brick(&b, UINT64_C(1) << 40, false);
	collect(&b, 1, NOW);
	p = histogram_of("player", "decode");
	assert_int_equal(p->positive->offset, BT_BUCKET_FIRST);
	assert_int_equal(p->positive->n_bucket_counts, BT_BUCKETS);
	assert_int_equal(p->positive->bucket_counts[0], 1);
	assert_int_equal(p->positive->bucket_counts[BT_BUCKETS - 1], 1);
	/* Of runs that took no time, there is no bucket. */
	b = brick_of(1, "nothing");
	run_brick(&b, 0, false);
	collect(&b, 1, NOW + MINUTE);
	p = histogram_of("player", "nothing");
	assert_null(p->positive);
	assert_int_equal(p->zero_count, 1);
	assert_double(p->max, 0.0);
}

static void traced_runs_have_sums_by_category(void **state)
{
	struct otlp_brick b = brick_of(1, "decode");

	(void)state;
	run_brick(&b, S, false);
	trace_brick(&b, BT_CAT_IOCTL);
	trace_brick(&b, BT_CAT_OTHER);
	trace_brick(&b, BT_CAT_OTHER);
	collect(&b, 1, NOW);
	assert_int_equal(count_of("player", "brick.traced", "decode", NULL), 3);
	assert_double(seconds_of("brick.syscall.time", "decode", "other"), 3.0);
	assert_double(seconds_of("brick.syscall.time", "decode", "ioctl"), 1.5);
	assert_double(seconds_of("brick.syscall.offcpu_time", "decode", "ioctl"), 0.25);
	assert_int_equal(count_of("player", "brick.syscall.count", "decode", "other"), 6);
	assert_int_equal(count_of("player", "brick.syscall.errors", "decode", "other"), 2);
	assert_string_equal(
		sum_of("player", "brick.syscall.count", "decode", "ioctl")->attributes[1]->key,
		"syscall.category");
	assert_string_equal(metric_of("player", "brick.syscall.count")->unit, "{call}");
	assert_string_equal(metric_of("player", "brick.syscall.time")->unit, "s");
	/* A category without a call has no point. */
	assert_int_equal(metric_of("player", "brick.syscall.time")->sum->n_data_points, 2);
}

static void what_has_no_figures_is_absent(void **state)
{
	struct otlp_brick b[] = { brick_of(1, "decode"), brick_of(2, "encode") };
	const histogram_point *p;

	(void)state;
	collect(b, 2, NOW);
	assert_int_equal(request.size, 0);
	b[1].process.label = "other";
	run_brick(&b[1], S, false);
	collect(b, 2, NOW + MINUTE);
	assert_int_equal(sent->n_resource_metrics, 1);
	assert_non_null(histogram_of("other", "encode"));
	/* A brick that was there stays there after it was reset. */
	b[1] = brick_of(2, "encode");
	b[1].process.label = "other";
	collect(b, 2, NOW + 2 * MINUTE);
	p = histogram_of("other", "encode");
	assert_int_equal(p->count, 0);
	assert_double(p->sum, 0);
	assert_true(p->has_sum_case);
	assert_false(p->has_min_case);
	assert_false(p->has_max_case);
	assert_null(p->positive);
}

static void each_process_has_its_series(void **state)
{
	struct otlp_brick b[] = { brick_of(1, "decode"), brick_of(1, "sleep"),
				  brick_of(7, "decode") };

	(void)state;
	b[2].process.label = "other";
	run_brick(&b[0], S, true);
	run_brick(&b[1], S, false);
	run_brick(&b[2], S, true);
	run_brick(&b[2], S, true);
	collect(b, 3, NOW);
	assert_int_equal(sent->n_resource_metrics, 2);
	assert_int_equal(count_of("player", "brick.over_budget", "decode", NULL), 1);
	assert_int_equal(count_of("player", "brick.over_budget", "sleep", NULL), 0);
	assert_int_equal(count_of("other", "brick.over_budget", "decode", NULL), 2);
	assert_null(histogram_of("other", "sleep"));
}

static uint64_t start_of(const char *brick)
{
	const histogram_point *p = histogram_of("player", brick);

	assert_non_null(p);
	assert_int_equal(sum_of("player", "brick.traced", brick, NULL)->start_time_unix_nano,
			 p->start_time_unix_nano);
	return p->start_time_unix_nano;
}

static void a_series_keeps_its_start(void **state)
{
	struct otlp_brick b[] = { brick_of(1, "decode"), brick_of(1, "sleep") };

	(void)state;
	run_brick(&b[0], S, false);
	run_brick(&b[1], S, false);
	collect(b, 1, NOW);
	assert_int_equal(start_of("decode"), NOW);
	/* The second brick was not there at the collection before. */
	collect(b, 2, NOW + MINUTE);
	assert_int_equal(start_of("decode"), NOW);
	assert_int_equal(start_of("sleep"), NOW);
	run_brick(&b[0], S, false);
	collect(b, 2, NOW + 2 * MINUTE);
	assert_int_equal(start_of("decode"), NOW);
	/* When the process was created is sometimes known later, and is the start then. */
	created_unix_ns = CREATED;
	collect(b, 2, NOW + 3 * MINUTE);
	assert_int_equal(start_of("decode"), CREATED);
	/* A process cannot have been created after its bricks were seen. */
	created_unix_ns = NOW + MINUTE;
	collect(b, 2, NOW + 4 * MINUTE);
	assert_int_equal(start_of("decode"), NOW);
	/* The clock was set back. */
	created_unix_ns = 0;
	collect(b, 2, NOW - MINUTE);
	assert_int_equal(start_of("decode"), NOW - MINUTE);
}

static void after_a_reset_a_series_starts_anew(void **state)
{
	struct otlp_brick b = brick_of(1, "decode");

	(void)state;
	created_unix_ns = CREATED;
	run_brick(&b, S, false);
	run_brick(&b, S, false);
	collect(&b, 1, NOW);
	assert_int_equal(start_of("decode"), CREATED);
	b = brick_of(1, "decode");
	run_brick(&b, S, false);
	collect(&b, 1, NOW + MINUTE);
	assert_int_equal(start_of("decode"), NOW);
	run_brick(&b, S, false);
	collect(&b, 1, NOW + 2 * MINUTE);
	assert_int_equal(start_of("decode"), NOW);
	/* There were more runs since the reset than before it, but they were other ones. */
	b = brick_of(1, "decode");
	run_brick(&b, 3 * S, false);
	run_brick(&b, 3 * S, false);
	run_brick(&b, 3 * S, false);
	collect(&b, 1, NOW + 3 * MINUTE);
	assert_int_equal(start_of("decode"), NOW + 2 * MINUTE);
	assert_int_equal(histogram_of("player", "decode")->count, 3);
}

#define MANY 2500
static struct otlp_brick many[MANY + 100];
static char many_names[MANY + 100][BT_NAME_LEN];

/* Makes @n bricks of 100 sessions, each with one run of so many milliseconds. */
static void make_many(size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		snprintf(many_names[i], sizeof(many_names[i]), "brick %04zu", i);
		many[i] = brick_of(1 + i / 25, many_names[i]);
		many[i].process.label = "many";
		run_brick(&many[i], (1 + i) * MS, i % 2);
	}
}

/* Returns how many bricks have series of their own, and the sum of their runs. */
static size_t count_own(uint64_t *runs)
{
	size_t i, j, n = 0;

	*runs = 0;
	for (i = 0; i < sent->n_resource_metrics; i++) {
		const metric_message *m =
			sent->resource_metrics[i]->scope_metrics[0]->metrics[0];

		if (strcmp(m->name, "brick.duration"))
			continue;
		for (j = 0; j < m->exponential_histogram->n_data_points; j++) {
			const histogram_point *p = m->exponential_histogram->data_points[j];

			if (strcmp(p->attributes[0]->key, "brick.name"))
				continue;
			n++;
			*runs += p->count;
		}
	}
	return n;
}

/* Whether a brick of any process has a series of its own. */
static bool has_own(const char *brick)
{
	size_t i, j;

	for (i = 0; i < sent->n_resource_metrics; i++) {
		const metric_message *m =
			sent->resource_metrics[i]->scope_metrics[0]->metrics[0];

		for (j = 0; j < m->exponential_histogram->n_data_points; j++)
			if (attributes_are(
				    m->exponential_histogram->data_points[j]->attributes,
				    1, brick, NULL))
				return true;
	}
	return false;
}

static void series_beyond_the_limit_are_added_up(void **state)
{
	const char *overflow = "otel.metric.overflow";
	const histogram_point *p;
	uint64_t runs;

	(void)state;
	make_many(MANY);
	collect(many, MANY, NOW);
	assert_int_equal(count_own(&runs), OTLP_MAX_SERIES);
	assert_int_equal(runs, OTLP_MAX_SERIES);
	p = histogram_of("bricktrace-export", overflow);
	assert_non_null(p);
	assert_int_equal(p->count, MANY - OTLP_MAX_SERIES);
	assert_int_equal(p->start_time_unix_nano, NOW);
	/* The milliseconds from 2001 to 2500. */
	assert_double(p->sum, 1125.25);
	assert_double(p->min, 2.001);
	assert_double(p->max, 2.5);
	assert_int_equal(p->positive->bucket_counts[0] + p->positive->bucket_counts[1],
			 500);
	assert_int_equal(
		count_of("bricktrace-export", "brick.over_budget", overflow, NULL), 250);
	/* Only what is new is added. */
	run_brick(&many[0], S, false);
	run_brick(&many[MANY - 1], 10 * S, true);
	collect(many, MANY, NOW + MINUTE);
	assert_int_equal(count_own(&runs), OTLP_MAX_SERIES);
	assert_int_equal(runs, OTLP_MAX_SERIES + 1);
	p = histogram_of("bricktrace-export", overflow);
	assert_int_equal(p->count, 501);
	assert_int_equal(p->start_time_unix_nano, NOW);
	assert_double(p->sum, 1135.25);
	assert_double(p->max, 10.0);
	assert_int_equal(
		count_of("bricktrace-export", "brick.over_budget", overflow, NULL), 251);
}

static void what_ends_does_not_make_sums_fall(void **state)
{
	const char *overflow = "otel.metric.overflow";
	uint64_t runs;
	size_t i;

	(void)state;
	make_many(MANY);
	collect(many, MANY, NOW);
	/* The last sessions end. */
	collect(many, MANY - 50, NOW + MINUTE);
	assert_int_equal(histogram_of("bricktrace-export", overflow)->count, 500);
	/* A brick beyond the limit is reset, which is no fall, either. */
	many[MANY - 51] = brick_of(many[MANY - 51].session, many_names[MANY - 51]);
	run_brick(&many[MANY - 51], S, false);
	collect(many, MANY - 50, NOW + 2 * MINUTE);
	assert_int_equal(histogram_of("bricktrace-export", overflow)->count, 501);
	assert_double(histogram_of("bricktrace-export", overflow)->min, 1.0);
	/* The first sessions end: those that come later get their room, and no older ones. */
	make_many(MANY + 10);
	for (i = 0; i < MANY + 10; i++)
		many[i].sum_ns += i == MANY - 51 ? S : 0;
	collect(many + 25, MANY + 10 - 25, NOW + 3 * MINUTE);
	assert_int_equal(count_own(&runs), OTLP_MAX_SERIES - 25 + 25);
	assert_true(has_own("brick 1999"));
	assert_false(has_own("brick 2000"));
	assert_true(has_own("brick 2450"));
	collect(many + 25, MANY + 10 - 25, NOW + 4 * MINUTE);
	assert_int_equal(count_own(&runs), OTLP_MAX_SERIES);
	/* Everything ends. */
	collect(many, 0, NOW + 5 * MINUTE);
	assert_int_equal(count_own(&runs), 0);
	assert_true(histogram_of("bricktrace-export", overflow)->count >= 501);
}

static void categories_are_series_too(void **state)
{
	const char *overflow = "otel.metric.overflow", *own = "bricktrace-export";
	uint64_t runs;
	size_t i;

	(void)state;
	make_many(1500);
	for (i = 0; i < 1500; i++)
		trace_brick(&many[i], BT_CAT_READ);
	/* 1000 bricks have two series each. */
	collect(many, 1500, NOW);
	assert_int_equal(count_own(&runs), 1000);
	assert_int_equal(histogram_of(own, overflow)->count, 500);
	assert_int_equal(count_of(own, "brick.syscall.count", overflow, NULL), 1500);
	assert_int_equal(count_of(own, "brick.traced", overflow, NULL), 500);
	/* A brick with series of its own has another category, for which there is no room. */
	trace_brick(&many[0], BT_CAT_WRITE);
	trace_brick(&many[0], BT_CAT_READ);
	collect(many, 1500, NOW + MINUTE);
	assert_int_equal(count_own(&runs), 1000);
	assert_int_equal(count_of(own, "brick.syscall.count", overflow, NULL), 1503);
	assert_int_equal(count_of(own, "brick.syscall.errors", overflow, NULL), 501);
	assert_int_equal(count_of(own, "brick.traced", overflow, NULL), 500);
	/* It has its attribute only. */
	assert_int_equal(metric_of(own, "brick.syscall.count")->sum->n_data_points, 1);
}

static void an_exporter_tells_of_itself(void **state)
{
	const struct bt_otlp_counts counts = {
		.exported = 11,
		.rejected = 2,
		.dropped = 3,
		.lost = 4,
		.queued = 5,
		.queued_bytes = 600,
	};
	const char *own = "bricktrace-export";
	const metric_message *m;

	(void)state;
	collect_with(NULL, 0, &counts, NOW);
	assert_int_equal(count_of(own, "bricktrace.exporter.spans", "exported", NULL), 11);
	assert_int_equal(count_of(own, "bricktrace.exporter.spans", "rejected", NULL), 2);
	assert_int_equal(count_of(own, "bricktrace.exporter.spans", "dropped", NULL), 3);
	assert_int_equal(count_of(own, "bricktrace.exporter.runs.lost", NULL, NULL), 4);
	assert_string_equal(metric_of(own, "bricktrace.exporter.spans")->unit, "{span}");
	m = metric_of(own, "bricktrace.exporter.queue.spans");
	assert_int_equal(m->data_case,
			 OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_GAUGE);
	assert_int_equal(m->gauge->data_points[0]->as_int, 5);
	assert_int_equal(m->gauge->data_points[0]->start_time_unix_nano, 0);
	m = metric_of(own, "bricktrace.exporter.queue.bytes");
	assert_string_equal(m->unit, "By");
	assert_int_equal(m->gauge->data_points[0]->as_int, 600);
	created_unix_ns = CREATED;
	collect_with(NULL, 0, &counts, NOW + MINUTE);
	assert_int_equal(
		sum_of(own, "bricktrace.exporter.runs.lost", NULL, NULL)->start_time_unix_nano,
		CREATED);
}

static void without_memory_nothing_changes(void **state)
{
	int failure;

	(void)state;
	make_many(MANY);
	collect(many, MANY, NOW);
	run_brick(&many[MANY - 1], S, false);
	for (failure = 1; failure < 80; failure += 39) {
		resources_until_failure = failure;
		assert_int_equal(otlp_metrics_encode(metrics, many, MANY, NULL,
						     NOW + MINUTE, &request),
				 -ENOMEM);
	}
	resources_until_failure = 0;
	collect(many, MANY, NOW + 2 * MINUTE);
	assert_int_equal(histogram_of("bricktrace-export", "otel.metric.overflow")->count,
			 501);
}

/* An implementation that is not ours reads the same. */
static void protoc_reads_it(void **state)
{
	struct otlp_brick b = brick_of(1, "b\xc3\xbcro");
	FILE *file = fopen("request", "w");

	(void)state;
	run_brick(&b, S, true);
	trace_brick(&b, BT_CAT_FUTEX);
	collect(&b, 1, NOW);
	fwrite(request.data, 1, request.size, file);
	fclose(file);
	assert_int_equal(
		run("protoc -I/usr/include --decode=opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest opentelemetry/proto/collector/metrics/v1/metrics_service.proto <request"),
		0);
	assert_says("string_value: \"player\"");
	assert_says("string_value: \"b\\303\\274ro\"");
	assert_says("aggregation_temporality: AGGREGATION_TEMPORALITY_CUMULATIVE");
	assert_says("is_monotonic: true");
	assert_says(" sum: 1\n");
	assert_says(" min: 1\n");
	assert_says(" scale: 2\n");
	assert_says(" offset: -1\n");
	assert_says(" bucket_counts: 1\n");
	assert_says("as_double: 1.5\n");
	assert_null(strstr(output, "\n1: "));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, reset, end)
	const struct CMUnitTest tests[] = {
		TEST(a_brick_is_a_histogram),
		TEST(the_ends_of_the_histogram_are_kept),
		TEST(traced_runs_have_sums_by_category),
		TEST(what_has_no_figures_is_absent),
		TEST(each_process_has_its_series),
		TEST(a_series_keeps_its_start),
		TEST(after_a_reset_a_series_starts_anew),
		TEST(series_beyond_the_limit_are_added_up),
		TEST(what_ends_does_not_make_sums_fall),
		TEST(categories_are_series_too),
		TEST(an_exporter_tells_of_itself),
		TEST(without_memory_nothing_changes),
		TEST(protoc_reads_it),
	};

	return cmocka_run_group_tests_name("otlp_metric", tests, enter, leave);
}
