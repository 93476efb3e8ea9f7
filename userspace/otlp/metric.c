// SPDX-License-Identifier: MIT
/* Metrics: the statistics of bricks over all runs, and an exporter's own counts. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <unistd.h>

#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb-c.h"

#include "series.h"

#define COMMON(name)  typedef Opentelemetry__Proto__Common__V1__##name
#define METRICS(name) typedef Opentelemetry__Proto__Metrics__V1__##name
COMMON(AnyValue) any_value;
COMMON(InstrumentationScope) metric_scope;
COMMON(KeyValue) key_value;
METRICS(ExponentialHistogram) metric_histogram;
METRICS(ExponentialHistogramDataPoint) histogram_point;
METRICS(ExponentialHistogramDataPoint__Buckets) histogram_buckets;
METRICS(Gauge) metric_gauge;
METRICS(Metric) metric_message;
METRICS(NumberDataPoint) number_point;
METRICS(ResourceMetrics) resource_metrics;
METRICS(ScopeMetrics) scope_metrics;
METRICS(Sum) metric_sum;
typedef Opentelemetry__Proto__Collector__Metrics__V1__ExportMetricsServiceRequest export_request;

/* Bucket i has the upper bound 2^((i + 1) / 4), which OpenTelemetry calls the scale 2. */
#define METRIC_SCALE 2
#define METRIC_CUMULATIVE \
	OPENTELEMETRY__PROTO__METRICS__V1__AGGREGATION_TEMPORALITY__AGGREGATION_TEMPORALITY_CUMULATIVE

enum metric_kind { METRIC_HISTOGRAM, METRIC_SUM, METRIC_GAUGE };
enum metric_id {
	METRIC_DURATION,
	METRIC_OVER_BUDGET,
	METRIC_TRACED,
	METRIC_CALL_TIME,
	METRIC_CALL_OFFCPU,
	METRIC_CALLS,
	METRIC_CALL_ERRORS,
	METRIC_SPANS,
	METRIC_RUNS_LOST,
	METRIC_QUEUE_SPANS,
	METRIC_QUEUE_BYTES,
	METRIC_IDS
};

/* Times are doubles, since the convention for times is seconds, of which they are fractions. */
static const struct {
	const char *name, *unit, *description;
	enum metric_kind kind;
} metric_table[] = {
	[METRIC_DURATION] = { "brick.duration", "s", "Duration of the runs of a brick.",
			      METRIC_HISTOGRAM },
	[METRIC_OVER_BUDGET] = { "brick.over_budget", "{run}",
				 "Runs that took longer than their budget.", METRIC_SUM },
	[METRIC_TRACED] = { "brick.traced", "{run}",
			    "Runs that have a breakdown into system calls.", METRIC_SUM },
	[METRIC_CALL_TIME] = { "brick.syscall.time", "s",
			       "Time in system calls of traced runs.", METRIC_SUM },
	[METRIC_CALL_OFFCPU] = { "brick.syscall.offcpu_time", "s",
				 "Time in system calls in which the thread did not run.",
				 METRIC_SUM },
	[METRIC_CALLS] = { "brick.syscall.count", "{call}",
			   "System calls that completed in traced runs.", METRIC_SUM },
	[METRIC_CALL_ERRORS] = { "brick.syscall.errors", "{call}",
				 "System calls of traced runs that returned an error.",
				 METRIC_SUM },
	[METRIC_SPANS] = { "bricktrace.exporter.spans", "{span}",
			   "Spans that were exported, rejected by the receiver, or dropped.",
			   METRIC_SUM },
	[METRIC_RUNS_LOST] = { "bricktrace.exporter.runs.lost", "{run}",
			       "Runs that were lost before the exporter could read them.",
			       METRIC_SUM },
	[METRIC_QUEUE_SPANS] = { "bricktrace.exporter.queue.spans", "{span}",
				 "Spans that wait or are being sent.", METRIC_GAUGE },
	[METRIC_QUEUE_BYTES] = { "bricktrace.exporter.queue.bytes", "By",
				 "Memory of the spans that wait or are being sent.",
				 METRIC_GAUGE },
};

struct otlp_metrics {
	struct otlp_resources *resources;
	struct otlp_collection last;
	uint64_t own_since_unix_ns;
};

struct metric_attribute {
	key_value pair;
	any_value value;
};

/* The data points of a brick. */
struct metric_brick {
	struct metric_attribute name;
	histogram_point duration;
	histogram_buckets buckets;
	number_point over_budget, traced;
	struct {
		key_value *attributes[2];
		number_point time, offcpu, count, errors;
	} calls[OTLP_CATEGORIES];
	key_value *attributes[1];
};

/* The data points of an exporter's own counts. */
struct metric_own {
	struct metric_attribute outcomes[3];
	key_value *attributes[3];
	number_point spans[3], lost, queue_spans, queue_bytes;
};

struct metric {
	metric_message message;
	union {
		metric_histogram histogram;
		metric_sum sum;
		metric_gauge gauge;
	};
	void **points;
	size_t n;
};

/* The metrics of one resource. */
struct metric_batch {
	resource_metrics message;
	scope_metrics scopes, *scope_list[1];
	metric_scope scope;
	metric_message *list[METRIC_IDS];
	struct metric metrics[METRIC_IDS];
	struct metric_brick *bricks; /* of the session, one for each that may have a series */
	struct metric_own own;
	struct otlp_resource *resource; /* a reference */
	uint64_t now_unix_ns;
	bool failed; /* there was no memory */
};

/* A request while it is made. The last batch is that of the exporter itself. */
struct metric_request {
	struct metric_attribute categories[OTLP_CATEGORIES];
	struct metric_batch *batches;
	resource_metrics **list;
	size_t n;
};

static void metric_set_attribute(struct metric_attribute *a, const char *key)
{
	key_value pair = OPENTELEMETRY__PROTO__COMMON__V1__KEY_VALUE__INIT;
	any_value value = OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__INIT;

	pair.key = (char *)key;
	pair.value = &a->value;
	a->pair = pair;
	a->value = value;
}

static void metric_set_text(struct metric_attribute *a, const char *key, const char *text)
{
	metric_set_attribute(a, key);
	a->value.value_case =
		OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_STRING_VALUE;
	a->value.string_value = (char *)text;
}

static void metric_add(struct metric_batch *b, enum metric_id id, void *point)
{
	struct metric *m = &b->metrics[id];
	void **points = reallocarray(m->points, m->n + 1, sizeof(*points));

	if (!points) {
		b->failed = true;
		return;
	}
	points[m->n++] = point;
	m->points = points;
}

/* Adds a data point, whose value is in nanoseconds if the metric's unit is the second. */
static void metric_add_number(struct metric_batch *b, enum metric_id id,
			      number_point *point, key_value **attributes, size_t n,
			      uint64_t since_unix_ns, uint64_t value)
{
	number_point empty = OPENTELEMETRY__PROTO__METRICS__V1__NUMBER_DATA_POINT__INIT;

	*point = empty;
	point->attributes = attributes;
	point->n_attributes = n;
	point->start_time_unix_nano = since_unix_ns;
	point->time_unix_nano = b->now_unix_ns;
	if (*metric_table[id].unit == 's') {
		point->value_case =
			OPENTELEMETRY__PROTO__METRICS__V1__NUMBER_DATA_POINT__VALUE_AS_DOUBLE;
		point->as_double = (double)value / 1e9;
	} else {
		point->value_case =
			OPENTELEMETRY__PROTO__METRICS__V1__NUMBER_DATA_POINT__VALUE_AS_INT;
		point->as_int = (int64_t)MIN(value, (uint64_t)INT64_MAX);
	}
	metric_add(b, id, point);
}

/* Without a run there are neither bounds nor buckets. */
static void metric_add_duration(struct metric_batch *b, struct metric_brick *p,
				const struct otlp_brick *brick, uint64_t since_unix_ns)
{
	histogram_point empty =
		OPENTELEMETRY__PROTO__METRICS__V1__EXPONENTIAL_HISTOGRAM_DATA_POINT__INIT;
	histogram_buckets buckets =
		OPENTELEMETRY__PROTO__METRICS__V1__EXPONENTIAL_HISTOGRAM_DATA_POINT__BUCKETS__INIT;
	size_t first = 0, end = BT_BUCKETS;

	p->duration = empty;
	p->duration.attributes = p->attributes;
	p->duration.n_attributes = 1;
	p->duration.start_time_unix_nano = since_unix_ns;
	p->duration.time_unix_nano = b->now_unix_ns;
	p->duration.scale = METRIC_SCALE;
	p->duration.count = brick->runs;
	p->duration.zero_count = brick->zero;
	p->duration.has_sum_case =
		OPENTELEMETRY__PROTO__METRICS__V1__EXPONENTIAL_HISTOGRAM_DATA_POINT__HAS_SUM_SUM;
	p->duration.sum = (double)brick->sum_ns / 1e9;
	if (brick->runs) {
		p->duration.has_min_case =
			OPENTELEMETRY__PROTO__METRICS__V1__EXPONENTIAL_HISTOGRAM_DATA_POINT__HAS_MIN_MIN;
		p->duration.min = (double)brick->min_ns / 1e9;
		p->duration.has_max_case =
			OPENTELEMETRY__PROTO__METRICS__V1__EXPONENTIAL_HISTOGRAM_DATA_POINT__HAS_MAX_MAX;
		p->duration.max = (double)brick->max_ns / 1e9;
	}
	while (first < end && !brick->buckets[first])
		first++;
	while (end > first && !brick->buckets[end - 1])
		end--;
	if (first < end) {
		p->buckets = buckets;
		p->buckets.offset = BT_BUCKET_FIRST + (int32_t)first;
		p->buckets.n_bucket_counts = end - first;
		p->buckets.bucket_counts = (uint64_t *)&brick->buckets[first];
		p->duration.positive = &p->buckets;
	}
	metric_add(b, METRIC_DURATION, &p->duration);
}

static void metric_add_runs(struct metric_batch *b, struct metric_brick *p,
			    const struct otlp_brick *brick, uint64_t since_unix_ns)
{
	metric_add_duration(b, p, brick, since_unix_ns);
	metric_add_number(b, METRIC_OVER_BUDGET, &p->over_budget, p->attributes, 1,
			  since_unix_ns, brick->over_budget);
	metric_add_number(b, METRIC_TRACED, &p->traced, p->attributes, 1, since_unix_ns,
			  brick->traced);
}

/* The sums of a category, or of all of them together if @category is NULL. */
static void metric_add_calls(struct metric_batch *b, struct metric_brick *p, int i,
			     const struct otlp_brick *brick, uint64_t since_unix_ns,
			     struct metric_attribute *category)
{
	const struct otlp_category_sums *sums = &brick->categories[i];
	key_value **attributes = p->calls[i].attributes;
	size_t n = category ? 2 : 1;

	attributes[0] = p->attributes[0];
	if (category)
		attributes[1] = &category->pair;
	metric_add_number(b, METRIC_CALL_TIME, &p->calls[i].time, attributes, n,
			  since_unix_ns, sums->ns);
	metric_add_number(b, METRIC_CALL_OFFCPU, &p->calls[i].offcpu, attributes, n,
			  since_unix_ns, sums->offcpu_ns);
	metric_add_number(b, METRIC_CALLS, &p->calls[i].count, attributes, n,
			  since_unix_ns, sums->count);
	metric_add_number(b, METRIC_CALL_ERRORS, &p->calls[i].errors, attributes, n,
			  since_unix_ns, sums->errors);
}

/*
 * Returns since when figures are. With @created they began, at the earliest, with the process.
 * The clock may have been set back since a time was noted.
 */
static uint64_t metric_since(const struct metric_batch *b, uint64_t noted_unix_ns,
			     bool created)
{
	if (created && b->resource->created_unix_ns)
		noted_unix_ns = MIN(noted_unix_ns, b->resource->created_unix_ns);
	return MIN(noted_unix_ns, b->now_unix_ns);
}

static void metric_add_series(struct metric_batch *b, struct metric_brick *p,
			      const struct otlp_series *s,
			      struct metric_attribute *categories)
{
	uint64_t since = metric_since(b, s->since_unix_ns, !s->reset);
	int i;

	metric_set_text(&p->name, "brick.name", s->name);
	p->attributes[0] = &p->name.pair;
	if (s->within & OTLP_SERIES_RUNS)
		metric_add_runs(b, p, &s->last, since);
	for (i = 0; i < OTLP_CATEGORIES; i++)
		if (s->within & OTLP_SERIES_CATEGORY(i))
			metric_add_calls(b, p, i, &s->last, since, &categories[i]);
}

/* Adds what became of the series beyond the limit. */
static void metric_add_sums(struct metric_batch *b, const struct otlp_collection *c)
{
	uint64_t since = metric_since(b, c->sums_since_unix_ns, false);
	struct metric_brick *p = b->bricks;

	metric_set_attribute(&p->name, "otel.metric.overflow");
	p->name.value.value_case =
		OPENTELEMETRY__PROTO__COMMON__V1__ANY_VALUE__VALUE_BOOL_VALUE;
	p->name.value.bool_value = true;
	p->attributes[0] = &p->name.pair;
	if (c->sums.runs)
		metric_add_runs(b, p, &c->sums, since);
	if (c->sums.categories[0].count || c->sums.categories[0].ns)
		metric_add_calls(b, p, 0, &c->sums, since, NULL);
}

static void metric_add_own(struct metric_batch *b, const struct bt_otlp_counts *counts,
			   uint64_t noted_unix_ns)
{
	static const char *const names[] = { "exported", "rejected", "dropped" };
	const uint64_t values[] = { counts->exported, counts->rejected, counts->dropped };
	uint64_t since_unix_ns = metric_since(b, noted_unix_ns, true);
	struct metric_own *own = &b->own;
	int i;

	for (i = 0; i < 3; i++) {
		metric_set_text(&own->outcomes[i], "outcome", names[i]);
		own->attributes[i] = &own->outcomes[i].pair;
		metric_add_number(b, METRIC_SPANS, &own->spans[i], &own->attributes[i], 1,
				  since_unix_ns, values[i]);
	}
	metric_add_number(b, METRIC_RUNS_LOST, &own->lost, NULL, 0, since_unix_ns,
			  counts->lost);
	/* What is now has no time since when it is. */
	metric_add_number(b, METRIC_QUEUE_SPANS, &own->queue_spans, NULL, 0, 0,
			  counts->queued);
	metric_add_number(b, METRIC_QUEUE_BYTES, &own->queue_bytes, NULL, 0, 0,
			  counts->queued_bytes);
}

static void metric_finish_sum(struct metric *m)
{
	metric_sum sum = OPENTELEMETRY__PROTO__METRICS__V1__SUM__INIT;

	sum.n_data_points = m->n;
	sum.data_points = (number_point **)m->points;
	sum.aggregation_temporality = METRIC_CUMULATIVE;
	sum.is_monotonic = true;
	m->sum = sum;
	m->message.data_case = OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_SUM;
	m->message.sum = &m->sum;
}

static void metric_finish_gauge(struct metric *m)
{
	metric_gauge gauge = OPENTELEMETRY__PROTO__METRICS__V1__GAUGE__INIT;

	gauge.n_data_points = m->n;
	gauge.data_points = (number_point **)m->points;
	m->gauge = gauge;
	m->message.data_case = OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_GAUGE;
	m->message.gauge = &m->gauge;
}

static void metric_finish_histogram(struct metric *m)
{
	metric_histogram histogram =
		OPENTELEMETRY__PROTO__METRICS__V1__EXPONENTIAL_HISTOGRAM__INIT;

	histogram.n_data_points = m->n;
	histogram.data_points = (histogram_point **)m->points;
	histogram.aggregation_temporality = METRIC_CUMULATIVE;
	m->histogram = histogram;
	m->message.data_case =
		OPENTELEMETRY__PROTO__METRICS__V1__METRIC__DATA_EXPONENTIAL_HISTOGRAM;
	m->message.exponential_histogram = &m->histogram;
}

static void metric_finish(struct metric *m, enum metric_id id)
{
	static void (*const finish[])(struct metric * m) = {
		[METRIC_HISTOGRAM] = metric_finish_histogram,
		[METRIC_SUM] = metric_finish_sum,
		[METRIC_GAUGE] = metric_finish_gauge,
	};
	metric_message message = OPENTELEMETRY__PROTO__METRICS__V1__METRIC__INIT;

	message.name = (char *)metric_table[id].name;
	message.unit = (char *)metric_table[id].unit;
	message.description = (char *)metric_table[id].description;
	m->message = message;
	finish[metric_table[id].kind](m);
}

/* Begins the metrics of a process that has up to @n bricks. Returns NULL without memory. */
static struct metric_batch *metric_begin(struct otlp_metrics *m, struct metric_request *r,
					 const struct otlp_process *process, size_t n,
					 uint64_t now_unix_ns)
{
	struct metric_batch *b = &r->batches[r->n++];

	b->now_unix_ns = now_unix_ns;
	b->bricks = calloc(n, sizeof(*b->bricks));
	b->resource = otlp_resource_get(m->resources, process);
	return b->bricks && b->resource ? b : NULL;
}

static void metric_free_batch(struct metric_batch *b)
{
	int id;

	for (id = 0; id < METRIC_IDS; id++)
		free(b->metrics[id].points);
	free(b->bricks);
	otlp_resource_put(b->resource);
	if (b->message.resource)
		opentelemetry__proto__resource__v1__resource__free_unpacked(
			b->message.resource, NULL);
	*b = (struct metric_batch){ 0 };
}

/* Puts the metrics that have data points under their resource. Without any there is no batch. */
static int metric_end(struct metric_request *r, struct metric_batch *b)
{
	resource_metrics message =
		OPENTELEMETRY__PROTO__METRICS__V1__RESOURCE_METRICS__INIT;
	scope_metrics scopes = OPENTELEMETRY__PROTO__METRICS__V1__SCOPE_METRICS__INIT;
	metric_scope scope = OPENTELEMETRY__PROTO__COMMON__V1__INSTRUMENTATION_SCOPE__INIT;
	int id;

	if (b->failed)
		return -ENOMEM;
	scope.name = (char *)"bricktrace";
	scope.version = (char *)BT_VERSION;
	b->scope = scope;
	b->scopes = scopes;
	b->scopes.scope = &b->scope;
	b->scopes.metrics = b->list;
	for (id = 0; id < METRIC_IDS; id++)
		if (b->metrics[id].n) {
			metric_finish(&b->metrics[id], id);
			b->list[b->scopes.n_metrics++] = &b->metrics[id].message;
		}
	if (!b->scopes.n_metrics) {
		metric_free_batch(b);
		r->n--;
		return 0;
	}
	b->scope_list[0] = &b->scopes;
	b->message = message;
	b->message.scope_metrics = b->scope_list;
	b->message.n_scope_metrics = 1;
	b->message.resource = opentelemetry__proto__resource__v1__resource__unpack(
		NULL, b->resource->message.size, b->resource->message.data);
	return b->message.resource ? 0 : -ENOMEM;
}

static void metric_free_request(struct metric_request *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		metric_free_batch(&r->batches[i]);
	free(r->batches);
	free(r->list);
}

/* Adds the metrics of the @n bricks of one session. */
static int metric_add_session(struct otlp_metrics *m, struct metric_request *r,
			      const struct otlp_series *s, size_t n, uint64_t now_unix_ns)
{
	struct metric_batch *b = metric_begin(m, r, &s->last.process, n, now_unix_ns);
	size_t i;

	if (!b)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		metric_add_series(b, &b->bricks[i], &s[i], r->categories);
	return metric_end(r, b);
}

static int metric_add_exporter(struct otlp_metrics *m, struct metric_request *r,
			       const struct otlp_collection *c,
			       const struct bt_otlp_counts *counts)
{
	const struct otlp_process process = {
		.pid = getpid(),
		.uid = geteuid(),
		.comm = "bricktrace-export",
		.label = "bricktrace-export",
		.machine = "",
		.local = true,
	};
	struct metric_batch *b = metric_begin(m, r, &process, 1, c->at_unix_ns);

	if (!b)
		return -ENOMEM;
	if (counts)
		metric_add_own(b, counts, m->own_since_unix_ns ?: c->at_unix_ns);
	if (c->sums_since_unix_ns)
		metric_add_sums(b, c);
	return metric_end(r, b);
}

static size_t metric_sessions(const struct otlp_collection *c)
{
	size_t i, n = 0;

	for (i = 0; i < c->n; i++)
		n += !i || c->series[i].last.session != c->series[i - 1].last.session;
	return n;
}

static int metric_build(struct otlp_metrics *m, const struct otlp_collection *c,
			const struct bt_otlp_counts *counts, struct metric_request *r)
{
	size_t batches = metric_sessions(c) + 1, i, n;
	int err = 0;

	r->batches = calloc(batches, sizeof(*r->batches));
	r->list = calloc(batches, sizeof(*r->list));
	if (!r->batches || !r->list)
		return -ENOMEM;
	for (i = 0; i < OTLP_CATEGORIES; i++)
		metric_set_text(&r->categories[i], "syscall.category",
				bt_category_name((enum bt_category)i));
	for (i = 0; i < c->n && !err; i += n) {
		for (n = 1; i + n < c->n; n++)
			if (c->series[i + n].last.session != c->series[i].last.session)
				break;
		err = metric_add_session(m, r, &c->series[i], n, c->at_unix_ns);
	}
	return err ?: metric_add_exporter(m, r, c, counts);
}

static int metric_pack(struct metric_request *r, struct otlp_bytes *request)
{
	export_request message =
		OPENTELEMETRY__PROTO__COLLECTOR__METRICS__V1__EXPORT_METRICS_SERVICE_REQUEST__INIT;
	size_t i, size;

	for (i = 0; i < r->n; i++)
		r->list[i] = &r->batches[i].message;
	message.n_resource_metrics = r->n;
	message.resource_metrics = r->list;
	size = protobuf_c_message_get_packed_size(&message.base);
	request->size = 0;
	if (otlp_bytes_reserve(request, size))
		return -ENOMEM;
	request->size = protobuf_c_message_pack(&message.base, request->data);
	return 0;
}

int otlp_metrics_encode(struct otlp_metrics *m, const struct otlp_brick *bricks, size_t n,
			const struct bt_otlp_counts *counts, uint64_t now_unix_ns,
			struct otlp_bytes *request)
{
	struct metric_request r = { 0 };
	struct otlp_collection now;
	int err = otlp_collection_make(&m->last, bricks, n, now_unix_ns, &now);

	if (!err)
		err = metric_build(m, &now, counts, &r);
	if (!err)
		err = metric_pack(&r, request);
	metric_free_request(&r);
	otlp_collection_free(err ? &now : &m->last);
	if (err)
		return err;
	m->last = now;
	m->own_since_unix_ns = m->own_since_unix_ns ?: now_unix_ns;
	return 0;
}

struct otlp_metrics *otlp_metrics_new(const struct otlp_config *config)
{
	struct otlp_metrics *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->resources = otlp_resources_new(config);
	if (m->resources)
		return m;
	free(m);
	return NULL;
}

void otlp_metrics_free(struct otlp_metrics *m)
{
	if (!m)
		return;
	otlp_collection_free(&m->last);
	otlp_resources_free(m->resources);
	free(m);
}
