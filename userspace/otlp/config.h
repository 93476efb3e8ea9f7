/* SPDX-License-Identifier: MIT */
/*
 * The configuration of an exporter: the variables of the OpenTelemetry specification, wherever
 * their values come from (options, environment, a file, defaults).
 */
#ifndef OTLP_CONFIG_H
#define OTLP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum otlp_signal { OTLP_TRACES, OTLP_METRICS, OTLP_SIGNALS };
enum otlp_protocol { OTLP_HTTP_PROTOBUF, OTLP_GRPC };

/* How to reach the receiver of a signal. */
struct otlp_target {
	bool enabled; /* false: OTEL_TRACES_EXPORTER or OTEL_METRICS_EXPORTER is "none" */
	enum otlp_protocol protocol;
	bool gzip;
	char *url; /* complete, for example with /v1/traces or with the gRPC method */
	char **headers; /* "name: value", decoded and checked; ends with NULL */
	uint64_t timeout_ns;
	char *certificate, *client_key,
		*client_certificate; /* paths of PEM files, or NULL */
};

struct otlp_attribute {
	char *name, *value; /* valid UTF-8 */
};

struct otlp_config {
	bool disabled; /* OTEL_SDK_DISABLED */
	struct otlp_target targets[OTLP_SIGNALS];
	/* OTEL_BSP_SCHEDULE_DELAY, _EXPORT_TIMEOUT, _MAX_QUEUE_SIZE, _MAX_EXPORT_BATCH_SIZE */
	uint64_t delay_ns, flush_ns;
	uint32_t queue_spans, batch_spans;
	size_t queue_bytes;	     /* BRICKTRACE_OTLP_QUEUE_BYTES */
	uint64_t metric_interval_ns; /* OTEL_METRIC_EXPORT_INTERVAL */
	bool error_status; /* BRICKTRACE_OTLP_ERROR_STATUS: late runs have the status ERROR */
	char *service_name;		   /* NULL: that of the run's label */
	struct otlp_attribute *attributes; /* OTEL_RESOURCE_ATTRIBUTES without service.name */
	size_t n_attributes;
};

/* A variable, and what option of bricktrace export stands for it. */
struct otlp_variable {
	const char *name;     /* such as "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" */
	const char *option;   /* such as "traces-endpoint" */
	const char *argument; /* what the help calls its value, such as "URL" */
	const char *help;     /* a few words, with the default */
	bool secret;	      /* the value must not be shown */
	const char *unit; /* of a number, such as "milliseconds"; NULL for other values */
	uint64_t least, most, initial; /* of a number, in this unit */
};
extern const struct otlp_variable otlp_variables[]; /* ends with a name of NULL */

/*
 * Returns the value of a variable, or NULL if it is not set. An empty value is like one that is
 * not set, which otlp_config_read() sees to.
 */
typedef const char *otlp_get(void *context, const char *variable);

/* An otlp_get that asks the environment, by secure_getenv(). */
const char *otlp_get_environment(void *context, const char *variable);

/*
 * Reads all variables. Returns 0, or a negative errno value, and then @problem says which variable
 * has which bad value and what to do about it. -EINVAL: a value is not valid; -ENOMEM. Values of
 * variables that carry secrets are not in the text.
 */
int otlp_config_read(otlp_get *get, void *context, struct otlp_config **config,
		     char *problem, size_t size);
/* NULL is ignored. */
void otlp_config_free(struct otlp_config *config);

#endif
