// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "header.h"
#include "target.h"
#include "url.h"

struct target_name {
	char text[64];
	bool of_signal; /* not of all signals */
};

/* Returns the variable of the signal if that is set, otherwise that of all signals. */
static const char *target_variable(struct otlp_reader *r, enum otlp_signal signal,
				   const char *setting, struct target_name *name)
{
	static const char *const signals[OTLP_SIGNALS] = { "TRACES", "METRICS" };

	snprintf(name->text, sizeof(name->text), "OTEL_EXPORTER_OTLP_%s_%s",
		 signals[signal], setting);
	name->of_signal = otlp_reader_value(r, name->text);
	if (!name->of_signal)
		snprintf(name->text, sizeof(name->text), "OTEL_EXPORTER_OTLP_%s", setting);
	return name->text;
}

static void target_read_url(struct otlp_reader *r, enum otlp_signal signal,
			    struct otlp_target *t)
{
	struct target_name name;
	bool insecure = otlp_reader_true(r, target_variable(r, signal, "INSECURE", &name));

	target_variable(r, signal, "ENDPOINT", &name);
	t->url = otlp_url_read(r, name.text,
			       name.of_signal ? OTLP_URL_SIGNAL : OTLP_URL_BASE,
			       t->protocol, signal, insecure);
}

static void target_read_files(struct otlp_reader *r, enum otlp_signal signal,
			      struct otlp_target *t)
{
	struct target_name name;

	t->certificate =
		otlp_reader_copy(r, target_variable(r, signal, "CERTIFICATE", &name));
	t->client_certificate = otlp_reader_copy(
		r, target_variable(r, signal, "CLIENT_CERTIFICATE", &name));
	t->client_key =
		otlp_reader_copy(r, target_variable(r, signal, "CLIENT_KEY", &name));
	if (t->client_key && !t->client_certificate)
		otlp_reader_fail(
			r, name.text,
			"is set, but OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is not: a key is for a certificate, so set both or none");
}

void otlp_target_read(struct otlp_reader *r, enum otlp_signal signal, struct otlp_target *t)
{
	static const char *const exporters[] = { "otlp", "none", NULL };
	static const char *const protocols[] = { "http/protobuf", "grpc", NULL };
	static const char *const compressions[] = { "none", "gzip", NULL };
	static const char *const variables[OTLP_SIGNALS] = { "OTEL_TRACES_EXPORTER",
							     "OTEL_METRICS_EXPORTER" };
	struct target_name name;

	t->enabled = !otlp_reader_word(r, variables[signal], exporters);
	if (!t->enabled)
		return;
	t->protocol = otlp_reader_word(r, target_variable(r, signal, "PROTOCOL", &name),
				       protocols);
	t->gzip = otlp_reader_word(r, target_variable(r, signal, "COMPRESSION", &name),
				   compressions);
	t->timeout_ns =
		otlp_reader_timeout(r, target_variable(r, signal, "TIMEOUT", &name));
	target_read_url(r, signal, t);
	target_read_files(r, signal, t);
	t->headers = otlp_headers_read(r, target_variable(r, signal, "HEADERS", &name));
}

void otlp_target_free(struct otlp_target *t)
{
	otlp_headers_free(t->headers);
	free(t->url);
	free(t->certificate);
	free(t->client_key);
	free(t->client_certificate);
}
