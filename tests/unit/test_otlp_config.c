// SPDX-License-Identifier: MIT
/* Tests of what is made of the variables of OpenTelemetry. */
#include <ctype.h>
#include <stdio.h>

#include "config.h"
#include "unit.h"

#define ENDPOINT "OTEL_EXPORTER_OTLP_ENDPOINT"
#define HEADERS	 "OTEL_EXPORTER_OTLP_HEADERS"

/* The variables of a test, as "NAME", "value" and so on, and which were asked for. */
struct variables {
	const char *const *pairs;
	char asked[128];
};

static const char *get(void *context, const char *name)
{
	struct variables *v = context;
	const char *const *pair;
	int i;

	for (i = 0; otlp_variables[i].name && strcmp(otlp_variables[i].name, name); i++)
		;
	if (!otlp_variables[i].name)
		fail_msg("%s is not in the table", name);
	v->asked[i] = true;
	for (pair = v->pairs; pair && *pair; pair += 2)
		if (!strcmp(pair[0], name))
			return pair[1];
	return NULL;
}

static char problem[512];

static int read_into(struct otlp_config **config, const char *const *pairs)
{
	struct variables v = { .pairs = pairs };

	return otlp_config_read(get, &v, config, problem, sizeof(problem));
}

static struct otlp_config *read_good(const char *const *pairs)
{
	struct otlp_config *config;
	int err = read_into(&config, pairs);

	if (err)
		fail_msg("%d: %s", err, problem);
	assert_string_equal(problem, "");
	return config;
}

#define READ(...) read_good((const char *const[]){ __VA_ARGS__, NULL })

/* Reads variables that are not good, and compares what is said about them. */
static void assert_refused(const char *const *pairs, const char *text)
{
	struct otlp_config *config = (void *)pairs;

	assert_int_equal(read_into(&config, pairs), -EINVAL);
	assert_null(config);
	if (!strstr(problem, text))
		fail_msg("'%s' lacks '%s'", problem, text);
}

#define REFUSED(text, ...) \
	assert_refused((const char *const[]){ __VA_ARGS__, NULL }, text)

static void defaults_are_those_of_the_specification(void **state)
{
	struct otlp_config *c = read_good(NULL);
	int i;

	(void)state;
	assert_false(c->disabled);
	assert_string_equal(c->targets[OTLP_TRACES].url, "http://localhost:4318/v1/traces");
	assert_string_equal(c->targets[OTLP_METRICS].url,
			    "http://localhost:4318/v1/metrics");
	for (i = 0; i < OTLP_SIGNALS; i++) {
		const struct otlp_target *t = &c->targets[i];

		assert_true(t->enabled);
		assert_int_equal(t->protocol, OTLP_HTTP_PROTOBUF);
		assert_false(t->gzip);
		assert_int_equal(t->timeout_ns, 10000 * MS);
		assert_null(t->headers[0]);
		assert_null(t->certificate);
		assert_null(t->client_key);
		assert_null(t->client_certificate);
	}
	assert_int_equal(c->delay_ns, 5000 * MS);
	assert_int_equal(c->flush_ns, 30000 * MS);
	assert_int_equal(c->queue_spans, 2048);
	assert_int_equal(c->batch_spans, 512);
	assert_int_equal(c->queue_bytes, 64 << 20);
	assert_int_equal(c->metric_interval_ns, 60000 * MS);
	assert_true(c->error_status);
	assert_null(c->service_name);
	assert_int_equal(c->n_attributes, 0);
	otlp_config_free(c);
	otlp_config_free(NULL);
}

static void empty_values_are_like_none(void **state)
{
	const char *pairs[256] = { NULL };
	struct otlp_config *c;
	int i;

	(void)state;
	for (i = 0; otlp_variables[i].name; i++) {
		pairs[2 * i] = otlp_variables[i].name;
		pairs[2 * i + 1] = "";
	}
	c = read_good(pairs);
	assert_string_equal(c->targets[OTLP_TRACES].url, "http://localhost:4318/v1/traces");
	assert_int_equal(c->targets[OTLP_TRACES].timeout_ns, 10000 * MS);
	assert_true(c->error_status);
	assert_null(c->service_name);
	otlp_config_free(c);
}

static void each_variable_of_the_table_is_read(void **state)
{
	struct variables v = { 0 };
	struct otlp_config *c;
	int i;

	(void)state;
	assert_int_equal(otlp_config_read(get, &v, &c, problem, sizeof(problem)), 0);
	for (i = 0; otlp_variables[i].name; i++)
		if (!v.asked[i])
			fail_msg("%s was not read", otlp_variables[i].name);
	otlp_config_free(c);
}

static void options_follow_from_the_names_of_variables(void **state)
{
	static const char *const prefixes[] = { "OTEL_EXPORTER_OTLP_", "OTEL_BSP_",
						"OTEL_", "BRICKTRACE_OTLP_" };
	const struct otlp_variable *v;
	size_t i;

	(void)state;
	for (v = otlp_variables; v->name; v++) {
		const char *name = v->name;
		char option[64] = "";

		for (i = 0; name == v->name; i++)
			if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
				name += strlen(prefixes[i]);
		for (i = 0; name[i]; i++)
			option[i] = name[i] == '_' ? '-' : (char)tolower(name[i]);
		assert_string_equal(v->option, option);
		assert_true(*v->argument && *v->help);
		assert_int_equal(v->secret, !!strstr(v->name, "HEADERS"));
	}
}

static void the_manual_has_each_variable(void **state)
{
	FILE *file = fopen(MANUAL, "r");
	char *text = calloc(1, 1 << 20), line[256];
	const struct otlp_variable *v;

	(void)state;
	assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	fclose(file);
	for (v = otlp_variables; v->name; v++) {
		snprintf(line, sizeof(line), "\n.It Ev %s Pq Fl -%s Ar %s\n", v->name,
			 v->option, v->argument);
		if (!strstr(text, line))
			fail_msg(MANUAL " lacks '%s'", line);
	}
	free(text);
}

static void the_environment_is_asked(void **state)
{
	(void)state;
	setenv("OTEL_SERVICE_NAME", "here", 1);
	assert_string_equal(otlp_get_environment(NULL, "OTEL_SERVICE_NAME"), "here");
	unsetenv("OTEL_SERVICE_NAME");
	assert_null(otlp_get_environment(NULL, "OTEL_SERVICE_NAME"));
}

/* Each variable of all signals, and a signal's own, which wins for this signal. */
static void variables_of_a_signal_win(void **state)
{
	struct otlp_config *c =
		READ(ENDPOINT, "http://all:1", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
		     "http://own:2/x", "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc",
		     "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "HTTP/protobuf", HEADERS,
		     "a=1,b=2", "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "c=3",
		     "OTEL_EXPORTER_OTLP_COMPRESSION", "GZIP",
		     "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "none",
		     "OTEL_EXPORTER_OTLP_TIMEOUT", "7", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
		     "0", "OTEL_EXPORTER_OTLP_CERTIFICATE", "/all",
		     "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "/own",
		     "OTEL_EXPORTER_OTLP_CLIENT_KEY", "/key",
		     "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", "/own-key",
		     "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/client",
		     "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", "/own-client");
	const struct otlp_target *own = &c->targets[OTLP_TRACES],
				 *all = &c->targets[OTLP_METRICS];

	(void)state;
	assert_string_equal(own->url, "http://own:2/x");
	assert_string_equal(
		all->url,
		"http://all:1/opentelemetry.proto.collector.metrics.v1.MetricsService/Export");
	assert_int_equal(own->protocol, OTLP_HTTP_PROTOBUF);
	assert_int_equal(all->protocol, OTLP_GRPC);
	assert_string_equal(own->headers[0], "c: 3");
	assert_null(own->headers[1]);
	assert_string_equal(all->headers[0], "a: 1");
	assert_string_equal(all->headers[1], "b: 2");
	assert_false(own->gzip);
	assert_true(all->gzip);
	/* A timeout of 0 is none. */
	assert_int_equal(own->timeout_ns, INT32_MAX * MS);
	assert_int_equal(all->timeout_ns, 7 * MS);
	assert_string_equal(own->certificate, "/own");
	assert_string_equal(all->certificate, "/all");
	assert_string_equal(own->client_key, "/own-key");
	assert_string_equal(all->client_key, "/key");
	assert_string_equal(own->client_certificate, "/own-client");
	assert_string_equal(all->client_certificate, "/client");
	otlp_config_free(c);
	/* Nobody reads a value that does not count. */
	c = READ("OTEL_EXPORTER_OTLP_TIMEOUT", "bad", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
		 "1", "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "2");
	assert_int_equal(c->targets[OTLP_METRICS].timeout_ns, 2 * MS);
	otlp_config_free(c);
}

static void endpoints_become_urls(void **state)
{
	static const char grpc[] =
		"/opentelemetry.proto.collector.trace.v1.TraceService/Export";
	static const struct {
		const char *variable, *endpoint, *protocol, *insecure, *url;
	} table[] = {
		{ ENDPOINT, "http://c:4318", "", "", "http://c:4318/v1/traces" },
		{ ENDPOINT, "http://c:4318/", "", "", "http://c:4318/v1/traces" },
		{ ENDPOINT, "http://c:4318//", "", "", "http://c:4318/v1/traces" },
		{ ENDPOINT, "https://c/mine/", "", "", "https://c/mine/v1/traces" },
		{ ENDPOINT, "https://c/mine//", "", "", "https://c/mine/v1/traces" },
		{ ENDPOINT, "HTTPS://c/a/b", "", "", "https://c/a/b/v1/traces" },
		{ ENDPOINT, "https://c/a?k=v", "", "", "https://c/a/v1/traces?k=v" },
		{ ENDPOINT, "http://[::1]:4318", "", "", "http://[::1]:4318/v1/traces" },
		{ ENDPOINT, "http://127.0.0.1", "", "true", "http://127.0.0.1/v1/traces" },
		{ "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4318", "", "",
		  "http://c:4318/" },
		{ "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4318/", "", "",
		  "http://c:4318/" },
		{ "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c/v1/traces/", "", "",
		  "http://c/v1/traces/" },
		{ "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c/x?k=v", "", "",
		  "http://c/x?k=v" },
		{ ENDPOINT, "", "grpc", "", "http://localhost:4317" },
		{ ENDPOINT, "http://c:4317/", "grpc", "", "http://c:4317" },
		{ ENDPOINT, "https://c:4317", "grpc", "true", "https://c:4317" },
		{ ENDPOINT, "http://c:4317", "grpc", "false", "http://c:4317" },
		{ ENDPOINT, "c:4317", "grpc", "", "https://c:4317" },
		{ ENDPOINT, "c:4317", "GRPC", "True", "http://c:4317" },
		{ ENDPOINT, "c:4317", "grpc", "yes", "https://c:4317" },
		{ ENDPOINT, "[::1]:4317", "grpc", "true", "http://[::1]:4317" },
		{ "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "c", "grpc", "", "https://c" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct otlp_config *c =
			READ(table[i].variable, table[i].endpoint,
			     "OTEL_EXPORTER_OTLP_PROTOCOL", table[i].protocol,
			     "OTEL_EXPORTER_OTLP_INSECURE", table[i].insecure);
		char url[256];

		snprintf(url, sizeof(url), "%s%s", table[i].url,
			 c->targets[OTLP_TRACES].protocol == OTLP_GRPC ? grpc : "");
		assert_string_equal(c->targets[OTLP_TRACES].url, url);
		otlp_config_free(c);
	}
}

static void endpoints_that_are_no_urls_are_refused(void **state)
{
	static const struct {
		const char *endpoint, *protocol, *text;
	} table[] = {
		{ "localhost:4318", "",
		  ENDPOINT " is 'localhost:4318', but it does not begin with http://" },
		{ "ftp://c", "", "does not begin with http:// or https://" },
		{ "dns:///c:4317", "grpc", "does not begin with http:// or https://" },
		{ "/v1/traces", "", "does not begin with" },
		{ "http:/c", "", "does not begin with" },
		{ "http://", "", "is not a URL" },
		{ "http://c:port", "", "is not a URL" },
		{ "http://c:65536", "", "is not a URL" },
		{ "http://c:-1", "", "is not a URL" },
		{ "http://c d", "", "is not a URL" },
		{ "http://c/\r\nX: y", "", "is not a URL" },
		{ "http://[::1", "", "is not a URL" },
		{ "http://c/#top", "", "has a '#'" },
		{ "http://c:4317/x", "grpc", "has a path or a query" },
		{ "http://c:4317?x", "grpc", "has a path or a query" },
		{ "c:4317/x", "grpc", "has a path or a query" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		REFUSED(table[i].text, ENDPOINT, table[i].endpoint,
			"OTEL_EXPORTER_OTLP_PROTOCOL", table[i].protocol);
	REFUSED("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT is 'x'",
		"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "x");
	/* A terminal obeys nothing that is in a value. */
	REFUSED(ENDPOINT " is '\xef\xbf\xbd[2J\xef\xbf\xbd', but", ENDPOINT, "\033[2J\xff");
}

static void passwords_in_urls_are_refused_and_not_shown(void **state)
{
	static const char *const endpoints[] = {
		"http://me:secret@c", "http://:secret@c:1/", "http://me:secret@c:port",
		"me:secret@c:4317",   "https://secret@c",
	};
	static const char *const protocols[] = { "grpc", "http/protobuf" };
	size_t i;

	(void)state;
	for (i = 0; i < 2 * sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		REFUSED(ENDPOINT, ENDPOINT, endpoints[i / 2],
			"OTEL_EXPORTER_OTLP_PROTOCOL", protocols[i % 2]);
		assert_null(strstr(problem, "secret"));
	}
	REFUSED("set OTEL_EXPORTER_OTLP_HEADERS instead", ENDPOINT, endpoints[0]);
}

static void assert_headers(const char *list, const char *all)
{
	struct otlp_config *c = READ(HEADERS, list);
	char joined[1024] = "";
	char **header;

	for (header = c->targets[OTLP_TRACES].headers; *header; header++) {
		strcat(joined, *header);
		strcat(joined, "\n");
	}
	assert_string_equal(joined, all);
	otlp_config_free(c);
}

static void headers_are_decoded(void **state)
{
	(void)state;
	assert_headers("api-key=abc", "api-key: abc\n");
	assert_headers("Authorization=Basic%20YTpi", "authorization: Basic YTpi\n");
	assert_headers("authorization=Bearer a.b==", "authorization: Bearer a.b==\n");
	assert_headers(" a = 1 ,\tb\t=\t2\t", "a: 1\nb: 2\n");
	assert_headers(",,a=1,,b=2,", "a: 1\nb: 2\n");
	assert_headers("a=%2C%3d%25%7E", "a: ,=%~\n");
	assert_headers("a%20=1", "a%20: 1\n");
	/* The last of several with the same name, in any case, counts. */
	assert_headers("a=1,b=2,A=3", "a: 3\nb: 2\n");
	assert_headers("ab=1,a=2", "ab: 1\na: 2\n");
	assert_headers(" , ,", "");
}

static void bad_headers_are_refused_and_not_shown(void **state)
{
	static const struct {
		const char *list, *text;
	} table[] = {
		{ "secret", "header number 1 has no '='" },
		{ "a=1,b=2,secret", "header number 3 has no '='" },
		{ "=secret", "header number 1 has no name" },
		{ "a=secret%", "has a '%'" },
		{ "a=secret%2", "has a '%'" },
		{ "a=secret%2g", "has a '%'" },
		{ "a=secret%g2", "has a '%'" },
		{ "a=secret%00", "has a '%'" },
		{ "a=secret%0d%0aX: y", "header number 1 has a character in its value" },
		{ "a=secret\r\nX: y", "has a character in its value" },
		{ "a=secret%0a", "has a character in its value" },
		{ "a=secret\tx", "has a character in its value" },
		{ "a=secret\x7f", "has a character in its value" },
		{ "a=secret\xc3\xa4", "has a character in its value" },
		{ "se cret=1", "has a character in its name" },
		{ "secret:=1", "has a character in its name" },
		{ "secret\r\nx=1", "has a character in its name" },
		{ "s\xc3\xa4=secret", "has a character in its name" },
		{ "a=", "header number 1 has no value" },
		{ "a=%20%20", "header number 1 has no value" },
		{ "Content-Type=secret", "header number 1 is one that the exporter sets" },
		{ "content-length=secret", "is one that" },
		{ "TE=secret", "is one that" },
		{ "host=secret", "is one that" },
		{ "transfer-encoding=secret", "is one that" },
		{ "content-encoding=secret", "is one that" },
		{ "user-agent=secret", "is one that" },
		{ "connection=secret", "is one that" },
		{ "upgrade=secret", "is one that" },
		{ "expect=secret", "is one that" },
		{ "Grpc-Timeout=secret", "is one that" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		REFUSED(table[i].text, HEADERS, table[i].list);
		assert_null(strstr(problem, "secret"));
		assert_non_null(strstr(problem, HEADERS));
	}
}

/* Appends "," and the text until @size bytes are in @list. */
static void repeat(char *list, const char *text, size_t size)
{
	size_t length = 0;

	while (length + strlen(text) < size)
		length += sprintf(list + length, "%s", text);
}

static void numbers_and_sizes_of_headers_are_bounded(void **state)
{
	char *list = calloc(1, 200000), *at = list;
	struct otlp_config *c;
	int i;

	(void)state;
	for (i = 0; i < 64; i++)
		at += sprintf(at, "name%d=%d,", i, i);
	c = READ(HEADERS, list);
	assert_string_equal(c->targets[OTLP_TRACES].headers[63], "name63: 63");
	assert_null(c->targets[OTLP_TRACES].headers[64]);
	otlp_config_free(c);
	strcpy(at, "name1=again");
	otlp_config_free(READ(HEADERS, list));
	strcpy(at, "name64=64");
	REFUSED("header number 65 is one too many", HEADERS, list);

	sprintf(list, "a=%08189d", 1);
	otlp_config_free(READ(HEADERS, list));
	sprintf(list, "a=%08190d", 1);
	REFUSED("header number 1 is longer than 8192 bytes", HEADERS, list);

	memset(list, 0, 200000);
	repeat(list, "a=1,", 65536);
	otlp_config_free(READ(HEADERS, list));
	repeat(list, "a=1,", 131072);
	REFUSED(HEADERS " has more than 65536 bytes", HEADERS, list);
	memset(list, ',', 65536);
	list[65536] = 0;
	assert_headers(list, "");
	memset(list, '%', 65536);
	REFUSED("has no '='", HEADERS, list);
	memset(list, '=', 65536);
	REFUSED("has no name", HEADERS, list);
	free(list);
}

static void words_are_checked(void **state)
{
	struct otlp_config *c;

	(void)state;
	REFUSED("OTEL_EXPORTER_OTLP_PROTOCOL is 'http/json', but must be \"http/protobuf\" or \"grpc\"",
		"OTEL_EXPORTER_OTLP_PROTOCOL", "http/json");
	REFUSED("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION is 'zstd', but must be \"none\" or \"gzip\"",
		"OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "zstd");
	REFUSED("OTEL_TRACES_EXPORTER is 'zipkin', but must be \"otlp\" or \"none\"",
		"OTEL_TRACES_EXPORTER", "zipkin");
	REFUSED("OTEL_METRICS_EXPORTER is 'otlp,none'", "OTEL_METRICS_EXPORTER",
		"otlp,none");
	REFUSED("BRICKTRACE_OTLP_ERROR_STATUS is '1', but must be \"true\" or \"false\"",
		"BRICKTRACE_OTLP_ERROR_STATUS", "1");
	c = READ("OTEL_TRACES_EXPORTER", "None", "OTEL_METRICS_EXPORTER", "OTLP",
		 "BRICKTRACE_OTLP_ERROR_STATUS", "False",
		 "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "nobody reads it");
	assert_false(c->targets[OTLP_TRACES].enabled);
	assert_true(c->targets[OTLP_METRICS].enabled);
	assert_false(c->error_status);
	otlp_config_free(c);
}

static void only_true_disables(void **state)
{
	static const struct {
		const char *value;
		bool disabled;
	} table[] = { { "true", true },	 { "TRUE", true }, { "TrUe", true },
		      { "1", false },	 { "yes", false }, { "false", false },
		      { "true ", false } };
	struct otlp_config *c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		c = READ("OTEL_SDK_DISABLED", table[i].value);
		assert_int_equal(c->disabled, table[i].disabled);
		otlp_config_free(c);
	}
	/* Whoever switches everything off has no trouble with the rest. */
	c = READ("OTEL_SDK_DISABLED", "true", ENDPOINT, "bad", "OTEL_BSP_SCHEDULE_DELAY",
		 "bad");
	assert_true(c->disabled);
	assert_int_equal(c->delay_ns, 5000 * MS);
	otlp_config_free(c);
}

static void numbers_are_within_their_bounds(void **state)
{
	static const char *const bad[] = { "-1", "1.5",	 "1s",
					   " 1", "0x10", "1000000000000000",
					   "x",	 "1K",	 "+1",
					   "1e3" };
	const struct otlp_variable *v;
	char number[32], bounds[64];
	struct otlp_config *c;
	size_t i;

	(void)state;
	for (v = otlp_variables; v->name; v++) {
		if (!v->unit)
			continue;
		for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
			if (strcmp(v->unit, "bytes") != 0 || strcmp(bad[i], "1K") != 0)
				REFUSED(v->name, v->name, bad[i]);
		snprintf(number, sizeof(number), "%llu", (unsigned long long)v->most + 1);
		snprintf(bounds, sizeof(bounds),
			 strcmp(v->unit, "bytes") ? "%llu to %llu" : "",
			 (unsigned long long)v->least, (unsigned long long)v->most);
		REFUSED(bounds, v->name, number);
		if (v->least) {
			snprintf(number, sizeof(number), "%llu",
				 (unsigned long long)v->least - 1);
			REFUSED(bounds, v->name, number);
		}
	}
	REFUSED("OTEL_BSP_SCHEDULE_DELAY is '5s', but must be a whole number of milliseconds from 0 to 2147483647",
		"OTEL_BSP_SCHEDULE_DELAY", "5s");
	c = READ("OTEL_BSP_SCHEDULE_DELAY", "0", "OTEL_BSP_EXPORT_TIMEOUT", "0",
		 "OTEL_BSP_MAX_QUEUE_SIZE", "2147483647", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
		 "2147483647", "OTEL_METRIC_EXPORT_INTERVAL", "100");
	assert_int_equal(c->delay_ns, 0);
	assert_int_equal(c->flush_ns, INT32_MAX * MS);
	assert_int_equal(c->queue_spans, INT32_MAX);
	assert_int_equal(c->batch_spans, INT32_MAX);
	assert_int_equal(c->metric_interval_ns, 100 * MS);
	otlp_config_free(c);
}

static void the_memory_of_the_queue_has_units(void **state)
{
	static const struct {
		const char *text;
		size_t bytes;
	} good[] = { { "1048576", 1 << 20 },
		     { "1024K", 1 << 20 },
		     { "1M", 1 << 20 },
		     { "100M", 100 << 20 },
		     { "1G", 1 << 30 } };
	static const char *const bad[] = { "1048575", "1023K", "2G", "1025M",
					   "1T",      "1k",    "M",  "1MB" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct otlp_config *c = READ("BRICKTRACE_OTLP_QUEUE_BYTES", good[i].text);

		assert_int_equal(c->queue_bytes, good[i].bytes);
		otlp_config_free(c);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		REFUSED("from 1M to 1024M", "BRICKTRACE_OTLP_QUEUE_BYTES", bad[i]);
}

static void a_batch_fits_into_the_queue(void **state)
{
	struct otlp_config *c = READ("OTEL_BSP_MAX_QUEUE_SIZE", "100");

	(void)state;
	assert_int_equal(c->batch_spans, 100);
	otlp_config_free(c);
	c = READ("OTEL_BSP_MAX_QUEUE_SIZE", "100", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "100");
	assert_int_equal(c->batch_spans, 100);
	otlp_config_free(c);
	REFUSED("OTEL_BSP_MAX_EXPORT_BATCH_SIZE is 101, but the queue has room for 100 spans",
		"OTEL_BSP_MAX_QUEUE_SIZE", "100", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "101");
}

static void a_key_needs_a_certificate(void **state)
{
	(void)state;
	REFUSED("OTEL_EXPORTER_OTLP_CLIENT_KEY is set, but",
		"OTEL_EXPORTER_OTLP_CLIENT_KEY", "/k");
	otlp_config_free(READ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", "/c"));
}

static void resources_have_names_and_attributes(void **state)
{
	struct otlp_config *c = READ(
		"OTEL_RESOURCE_ATTRIBUTES",
		" service.name=attr , deployment.environment.name = pro%2Cd ,a%3Db=c=d,e=,e=2,a%3Db=3",
		"OTEL_SERVICE_NAME", "100% mine");

	(void)state;
	assert_string_equal(c->service_name, "100% mine");
	assert_int_equal(c->n_attributes, 3);
	assert_string_equal(c->attributes[0].name, "deployment.environment.name");
	assert_string_equal(c->attributes[0].value, "pro,d");
	assert_string_equal(c->attributes[1].name, "a=b");
	assert_string_equal(c->attributes[1].value, "3");
	assert_string_equal(c->attributes[2].value, "2");
	otlp_config_free(c);
	c = READ("OTEL_RESOURCE_ATTRIBUTES", "service.name=one,service.name=tw%6f");
	assert_string_equal(c->service_name, "two");
	assert_int_equal(c->n_attributes, 0);
	otlp_config_free(c);
}

static void bad_attributes_are_refused(void **state)
{
	char *list = calloc(1, 70000), *at = list;
	int i;

	(void)state;
	REFUSED("OTEL_RESOURCE_ATTRIBUTES must be NAME=VALUE,NAME=VALUE, but its attribute number 2 has no '='",
		"OTEL_RESOURCE_ATTRIBUTES", "a=b,c");
	REFUSED("number 1 has no name", "OTEL_RESOURCE_ATTRIBUTES", "=b");
	REFUSED("number 1 has a '%'", "OTEL_RESOURCE_ATTRIBUTES", "a%=b");
	REFUSED("number 1 has a '%'", "OTEL_RESOURCE_ATTRIBUTES", "a=%00");
	REFUSED("number 1 is not UTF-8", "OTEL_RESOURCE_ATTRIBUTES", "a=%ff");
	REFUSED("number 1 is not UTF-8", "OTEL_RESOURCE_ATTRIBUTES", "a\xc3=b");
	REFUSED("number 1 is not UTF-8", "OTEL_RESOURCE_ATTRIBUTES",
		"service.name=%ED%A0%80");
	REFUSED("OTEL_SERVICE_NAME is 'a\xef\xbf\xbd', but must be UTF-8",
		"OTEL_SERVICE_NAME", "a\xff");
	for (i = 0; i < 128; i++)
		at += sprintf(at, "name%d=%d,", i, i);
	otlp_config_free(READ("OTEL_RESOURCE_ATTRIBUTES", list));
	strcpy(at, "more=1");
	REFUSED("number 129 is one too many", "OTEL_RESOURCE_ATTRIBUTES", list);
	sprintf(list, "a=%04096d", 1);
	otlp_config_free(READ("OTEL_RESOURCE_ATTRIBUTES", list));
	sprintf(list, "a=%04097d", 1);
	REFUSED("more than 4096 bytes", "OTEL_RESOURCE_ATTRIBUTES", list);
	free(list);
}

static void texts_of_problems_are_cut(void **state)
{
	struct otlp_config *c;
	struct variables v = { .pairs = (const char *const[]){ ENDPOINT, "bad", NULL } };
	char text[8];

	(void)state;
	assert_int_equal(otlp_config_read(get, &v, &c, text, sizeof(text)), -EINVAL);
	assert_string_equal(text, "OTEL_EX");
	assert_int_equal(otlp_config_read(get, &v, &c, text, 1), -EINVAL);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_specification),
		cmocka_unit_test(empty_values_are_like_none),
		cmocka_unit_test(each_variable_of_the_table_is_read),
		cmocka_unit_test(options_follow_from_the_names_of_variables),
		cmocka_unit_test(the_manual_has_each_variable),
		cmocka_unit_test(the_environment_is_asked),
		cmocka_unit_test(variables_of_a_signal_win),
		cmocka_unit_test(endpoints_become_urls),
		cmocka_unit_test(endpoints_that_are_no_urls_are_refused),
		cmocka_unit_test(passwords_in_urls_are_refused_and_not_shown),
		cmocka_unit_test(headers_are_decoded),
		cmocka_unit_test(bad_headers_are_refused_and_not_shown),
		cmocka_unit_test(numbers_and_sizes_of_headers_are_bounded),
		cmocka_unit_test(words_are_checked),
		cmocka_unit_test(only_true_disables),
		cmocka_unit_test(numbers_are_within_their_bounds),
		cmocka_unit_test(the_memory_of_the_queue_has_units),
		cmocka_unit_test(a_batch_fits_into_the_queue),
		cmocka_unit_test(a_key_needs_a_certificate),
		cmocka_unit_test(resources_have_names_and_attributes),
		cmocka_unit_test(bad_attributes_are_refused),
		cmocka_unit_test(texts_of_problems_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
