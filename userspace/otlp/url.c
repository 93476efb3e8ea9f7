// SPDX-License-Identifier: MIT
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "url.h"

static const char *const url_paths[OTLP_SIGNALS] = { "v1/traces", "v1/metrics" };
static const char *const url_methods[OTLP_SIGNALS] = {
	"opentelemetry.proto.collector.trace.v1.TraceService/Export",
	"opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
};
static const char *const url_defaults[] = {
	[OTLP_HTTP_PROTOBUF] = "http://localhost:4318",
	[OTLP_GRPC] = "http://localhost:4317",
};

static bool url_has_scheme(const char *endpoint)
{
	return curl_strnequal(endpoint, "http://", 7) ||
	       curl_strnequal(endpoint, "https://", 8);
}

/* Why an endpoint is not used: there is no memory, which is not the endpoint's fault. */
static const char url_no_memory[] = "";

/* What stands before an '@' may be a password, which does not belong into a message. */
static void url_refuse(struct otlp_reader *r, const char *variable, const char *endpoint,
		       const char *why)
{
	if (why == url_no_memory)
		otlp_reader_no_memory(r);
	else if (strchr(endpoint, '@'))
		otlp_reader_fail(r, variable, "%s", why);
	else
		otlp_reader_refuse(r, variable, endpoint, "it %s", why);
}

/* Returns why @url cannot be made of the endpoint, or NULL. */
static const char *url_parse(CURLU *url, const char *endpoint, bool insecure)
{
	const char *scheme = insecure ? "http://" : "https://";
	char *whole = NULL, *fragment = NULL;
	CURLUcode code;

	if (!url ||
	    asprintf(&whole, "%s%s", url_has_scheme(endpoint) ? "" : scheme, endpoint) < 0)
		return url_no_memory;
	code = curl_url_set(url, CURLUPART_URL, whole, CURLU_DISALLOW_USER);
	free(whole);
	if (code == CURLUE_OUT_OF_MEMORY)
		return url_no_memory;
	if (code == CURLUE_USER_NOT_ALLOWED)
		return "has the name of a user, and perhaps a password: set OTEL_EXPORTER_OTLP_HEADERS instead, for example to authorization=Basic%20...";
	if (code)
		return "is not a URL of a host and, perhaps, a port and a path";
	if (curl_url_get(url, CURLUPART_FRAGMENT, &fragment, 0))
		return NULL;
	curl_free(fragment);
	return "has a '#', and receivers never see what follows one: remove it";
}

static const char *url_append(CURLU *url, const char *path, int length, const char *end)
{
	char *whole;

	if (asprintf(&whole, "%.*s/%s", length, path, end) < 0)
		return url_no_memory;
	curl_url_set(url, CURLUPART_PATH, whole, 0);
	free(whole);
	return NULL;
}

/* Gives @url the path of the signal. Returns why that is not possible, or NULL. */
static const char *url_set_path(CURLU *url, enum otlp_url_kind kind,
				enum otlp_protocol protocol, enum otlp_signal signal)
{
	char *path = NULL, *query = NULL;
	const char *why = NULL;
	int length;

	curl_url_get(url, CURLUPART_PATH, &path, 0);
	curl_url_get(url, CURLUPART_QUERY, &query, 0);
	length = path ? strlen(path) : 0;
	while (length && path[length - 1] == '/')
		length--;
	if (!path)
		why = url_no_memory;
	else if (protocol == OTLP_GRPC && (length || query))
		why = "has a path or a query, and gRPC has none: remove it, or set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf";
	else if (protocol == OTLP_GRPC)
		why = url_append(url, path, 0, url_methods[signal]);
	else if (kind == OTLP_URL_BASE)
		why = url_append(url, path, length, url_paths[signal]);
	curl_free(path);
	curl_free(query);
	return why;
}

static char *url_complete(struct otlp_reader *r, const char *variable, const char *endpoint,
			  enum otlp_url_kind kind, enum otlp_protocol protocol,
			  enum otlp_signal signal, bool insecure)
{
	CURLU *url = curl_url();
	const char *why = url_parse(url, endpoint, insecure);
	char *text = NULL, *copy;

	if (!why)
		why = url_set_path(url, kind, protocol, signal);
	if (!why)
		curl_url_get(url, CURLUPART_URL, &text, 0);
	/* A program frees the configuration with free(), which curl's memory need not be for. */
	copy = text ? strdup(text) : NULL;
	if (!copy)
		url_refuse(r, variable, endpoint, why ?: url_no_memory);
	curl_free(text);
	curl_url_cleanup(url);
	return copy;
}

char *otlp_url_read(struct otlp_reader *r, const char *variable, enum otlp_url_kind kind,
		    enum otlp_protocol protocol, enum otlp_signal signal, bool insecure)
{
	const char *endpoint = otlp_reader_value(r, variable);

	if (r->err)
		return NULL;
	if (!endpoint)
		return url_complete(r, variable, url_defaults[protocol], OTLP_URL_BASE,
				    protocol, signal, insecure);
	if (url_has_scheme(endpoint) || (protocol == OTLP_GRPC && !strstr(endpoint, "://")))
		return url_complete(r, variable, endpoint, kind, protocol, signal,
				    insecure);
	url_refuse(r, variable, endpoint,
		   "does not begin with http:// or https://, as http://localhost:4318 does");
	return NULL;
}
