// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/utf8.h"
#include "config.h"
#include "pair.h"
#include "reader.h"
#include "target.h"

#define CONFIG_MAX_ATTRIBUTES	  128
#define CONFIG_MAX_ATTRIBUTE_SIZE 4096 /* of a name or a value */

/* A name, an option, what stands for the value, a help and, perhaps, further members. */
#define CONFIG(a, b, c, d, ...)                                               \
	{                                                                     \
		.name = a, .option = b, .argument = c, .help = d, __VA_ARGS__ \
	}
/* A variable of all signals, and those of one signal, which win. */
#define CONFIG_SIGNALS(a, b, c, d, ...)                                  \
	CONFIG("OTEL_EXPORTER_OTLP_" a, b, c, d, __VA_ARGS__),           \
		CONFIG("OTEL_EXPORTER_OTLP_TRACES_" a, "traces-" b, c,   \
		       "the same for traces only", __VA_ARGS__),         \
		CONFIG("OTEL_EXPORTER_OTLP_METRICS_" a, "metrics-" b, c, \
		       "the same for metrics only", __VA_ARGS__)
#define CONFIG_NUMBER(unit_name, from, to, preset) \
	.unit = unit_name, .least = from, .most = to, .initial = preset
#define CONFIG_MS(from, preset) CONFIG_NUMBER("milliseconds", from, INT32_MAX, preset)

const struct otlp_variable otlp_variables[] = {
	CONFIG_SIGNALS("ENDPOINT", "endpoint", "URL",
		       "the receiver (http://localhost:4318, or :4317 for grpc)"),
	CONFIG_SIGNALS("PROTOCOL", "protocol", "NAME",
		       "http/protobuf or grpc (http/protobuf)"),
	CONFIG_SIGNALS("HEADERS", "headers", "LIST",
		       "headers of each request, NAME=VALUE,NAME=VALUE (none)",
		       .secret = true),
	CONFIG_SIGNALS("COMPRESSION", "compression", "NAME", "gzip or none (none)"),
	CONFIG_SIGNALS("TIMEOUT", "timeout", "MS",
		       "limit of a request, 0 for none (10000)", CONFIG_MS(0, 10000)),
	CONFIG_SIGNALS("CERTIFICATE", "certificate", "FILE",
		       "PEM file of whom to trust (the system's)"),
	CONFIG_SIGNALS("CLIENT_KEY", "client-key", "FILE",
		       "PEM file of the client's key (none)"),
	CONFIG_SIGNALS("CLIENT_CERTIFICATE", "client-certificate", "FILE",
		       "PEM file of the client's certificate (none)"),
	CONFIG_SIGNALS("INSECURE", "insecure", "BOOL",
		       "no TLS if a grpc endpoint has no scheme (false)"),
	CONFIG("OTEL_TRACES_EXPORTER", "traces-exporter", "NAME",
	       "otlp, or none for no traces (otlp)"),
	CONFIG("OTEL_METRICS_EXPORTER", "metrics-exporter", "NAME",
	       "otlp, or none for no metrics (otlp)"),
	CONFIG("OTEL_SDK_DISABLED", "sdk-disabled", "BOOL",
	       "true to export nothing (false)"),
	CONFIG("OTEL_BSP_SCHEDULE_DELAY", "schedule-delay", "MS",
	       "how long spans wait for a batch (5000)", CONFIG_MS(0, 5000)),
	CONFIG("OTEL_BSP_EXPORT_TIMEOUT", "export-timeout", "MS",
	       "limit of sending the rest at the end, 0 for none (30000)",
	       CONFIG_MS(0, 30000)),
	CONFIG("OTEL_BSP_MAX_QUEUE_SIZE", "max-queue-size", "SPANS",
	       "spans that may wait (2048)", CONFIG_NUMBER("spans", 1, INT32_MAX, 2048)),
	CONFIG("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "max-export-batch-size", "SPANS",
	       "spans of a request, at most (512)",
	       CONFIG_NUMBER("spans", 1, INT32_MAX, 512)),
	CONFIG("BRICKTRACE_OTLP_QUEUE_BYTES", "queue-bytes", "BYTES",
	       "memory of spans that wait; K, M or G may follow (64M)",
	       CONFIG_NUMBER("bytes", 1 << 20, 1 << 30, 64 << 20)),
	CONFIG("OTEL_METRIC_EXPORT_INTERVAL", "metric-export-interval", "MS",
	       "time between two exports of metrics (60000)", CONFIG_MS(100, 60000)),
	CONFIG("BRICKTRACE_OTLP_ERROR_STATUS", "error-status", "BOOL",
	       "whether late runs have the status ERROR (true)"),
	CONFIG("OTEL_SERVICE_NAME", "service-name", "NAME",
	       "service.name of programs without a label (unknown_service:PROGRAM)"),
	CONFIG("OTEL_RESOURCE_ATTRIBUTES", "resource-attributes", "LIST",
	       "further attributes of resources, NAME=VALUE,NAME=VALUE (none)"),
	{ 0 },
};

const char *otlp_get_environment(void *context, const char *variable)
{
	(void)context;
	return secure_getenv(variable);
}

/* While everything is switched off, the defaults hold. */
static const char *config_get_nothing(void *context, const char *variable)
{
	(void)context;
	(void)variable;
	return NULL;
}

static void config_read_batch(struct otlp_reader *r, struct otlp_config *c)
{
	static const char batch[] = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";
	static const char *const booleans[] = { "true", "false", NULL };

	c->delay_ns = otlp_reader_delay(r, "OTEL_BSP_SCHEDULE_DELAY");
	c->flush_ns = otlp_reader_timeout(r, "OTEL_BSP_EXPORT_TIMEOUT");
	c->queue_spans = otlp_reader_number(r, "OTEL_BSP_MAX_QUEUE_SIZE");
	c->batch_spans = otlp_reader_number(r, batch);
	if (c->batch_spans > c->queue_spans && otlp_reader_value(r, batch))
		otlp_reader_fail(
			r, batch,
			"is %u, but the queue has room for %u spans: set it to at most that, or OTEL_BSP_MAX_QUEUE_SIZE to more",
			c->batch_spans, c->queue_spans);
	/* Who wants a short queue does not have to know the default of the batch. */
	if (c->batch_spans > c->queue_spans)
		c->batch_spans = c->queue_spans;
	c->queue_bytes = otlp_reader_bytes(r, "BRICKTRACE_OTLP_QUEUE_BYTES");
	c->metric_interval_ns = otlp_reader_delay(r, "OTEL_METRIC_EXPORT_INTERVAL");
	c->error_status = !otlp_reader_word(r, "BRICKTRACE_OTLP_ERROR_STATUS", booleans);
}

static bool config_is_utf8(const char *text)
{
	size_t length;
	uint32_t c;

	for (; *text; text += length) {
		length = bti_utf8(text, &c);
		if (c > BTI_UTF8_LAST)
			return false;
	}
	return true;
}

/* An attribute takes the place of one with the same name. */
static const char *config_add_attribute(void *context, struct otlp_attribute *new)
{
	struct otlp_config *c = context;
	struct otlp_attribute *a = c->attributes;

	if (!config_is_utf8(new->name) || !config_is_utf8(new->value))
		return "is not UTF-8";
	if (strlen(new->name) > CONFIG_MAX_ATTRIBUTE_SIZE ||
	    strlen(new->value) > CONFIG_MAX_ATTRIBUTE_SIZE)
		return "has a name or value of more than 4096 bytes";
	if (!strcmp(new->name, "service.name")) {
		free(c->service_name);
		c->service_name = new->value;
		new->value = NULL;
		return NULL;
	}
	while (a < c->attributes + c->n_attributes && strcmp(a->name, new->name) != 0)
		a++;
	if (a == c->attributes + CONFIG_MAX_ATTRIBUTES)
		return "is one too many: there may be 128";
	if (a == c->attributes + c->n_attributes)
		c->n_attributes++;
	free(a->name);
	free(a->value);
	*a = *new;
	*new = (struct otlp_attribute){ 0 };
	return NULL;
}

static void config_read_resource(struct otlp_reader *r, struct otlp_config *c)
{
	static const char variable[] = "OTEL_SERVICE_NAME";
	char *name;

	c->attributes = calloc(CONFIG_MAX_ATTRIBUTES, sizeof(*c->attributes));
	if (!c->attributes) {
		otlp_reader_no_memory(r);
		return;
	}
	otlp_pair_read(r, "OTEL_RESOURCE_ATTRIBUTES", "attribute",
		       OTLP_PAIR_ENCODED_NAMES, config_add_attribute, c);
	name = otlp_reader_copy(r, variable);
	if (!name)
		return;
	free(c->service_name);
	c->service_name = name;
	if (!config_is_utf8(name))
		otlp_reader_refuse(r, variable, name, "must be UTF-8");
}

int otlp_config_read(otlp_get *get, void *context, struct otlp_config **config,
		     char *problem, size_t size)
{
	struct otlp_reader r = {
		.get = get, .context = context, .problem = problem, .size = size
	};
	struct otlp_config *c = calloc(1, sizeof(*c));
	int signal;

	*problem = 0;
	*config = NULL;
	if (!c) {
		otlp_reader_no_memory(&r);
		return r.err;
	}
	c->disabled = otlp_reader_true(&r, "OTEL_SDK_DISABLED");
	if (c->disabled)
		r.get = config_get_nothing;
	for (signal = 0; signal < OTLP_SIGNALS; signal++)
		otlp_target_read(&r, signal, &c->targets[signal]);
	config_read_batch(&r, c);
	config_read_resource(&r, c);
	if (r.err)
		otlp_config_free(c);
	else
		*config = c;
	return r.err;
}

void otlp_config_free(struct otlp_config *c)
{
	size_t i;

	if (!c)
		return;
	for (i = 0; i < OTLP_SIGNALS; i++)
		otlp_target_free(&c->targets[i]);
	for (i = 0; i < c->n_attributes; i++) {
		free(c->attributes[i].name);
		free(c->attributes[i].value);
	}
	free(c->attributes);
	free(c->service_name);
	free(c);
}
