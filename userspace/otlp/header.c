// SPDX-License-Identifier: MIT
#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "header.h"
#include "pair.h"

/* The exporter sets these headers itself, or HTTP/2 does not allow them. */
static const char *const header_own[] = {
	"accept-encoding",
	"connection",
	"content-encoding",
	"content-length",
	"content-type",
	"expect",
	"host",
	"http2-settings",
	"keep-alive",
	"proxy-connection",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
	"user-agent",
	NULL,
};

static bool header_is_own(const char *name)
{
	const char *const *own = header_own;

	while (*own && strcmp(name, *own) != 0)
		own++;
	return *own || !strncmp(name, "grpc-", 5);
}

/* HTTP/2 has only small letters, and HTTP/1.1 does not care. */
static void header_lower(char *name)
{
	for (; *name; name++)
		if (*name >= 'A' && *name <= 'Z')
			*name += 'a' - 'A';
}

/* Returns what is wrong with a header, or NULL. The text has nothing of the header in it. */
static const char *header_why(const char *name, const char *value)
{
	const char *c;

	if (name[strspn(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")])
		return "has a character in its name that names of headers do not have";
	if (header_is_own(name))
		return "is one that the exporter sets itself, or that begins with grpc-: remove it";
	/* A line break would begin another header. gRPC has only these characters. */
	for (c = value; *c; c++)
		if (*c < ' ' || *c > '~')
			return "has a character in its value that is not printable ASCII";
	/* To curl, a header without a value is one to leave out. */
	if (!value[strspn(value, " ")])
		return "has no value";
	return strlen(name) + strlen(value) + 2 > OTLP_MAX_HEADER_SIZE ?
		       "is longer than 8192 bytes" :
		       NULL;
}

/* Adds a header in the place of one with the same name. Returns what is wrong with it, or NULL. */
static const char *header_add(struct otlp_reader *r, char **headers, const char *name,
			      const char *value)
{
	size_t length = strlen(name);
	char *header;
	int i;

	for (i = 0; headers[i]; i++)
		if (!strncmp(headers[i], name, length) && headers[i][length] == ':')
			break;
	if (i == OTLP_MAX_HEADERS)
		return "is one too many: there may be 64";
	if (asprintf(&header, "%s: %s", name, value) < 0) {
		otlp_reader_no_memory(r);
		return NULL;
	}
	free(headers[i]);
	headers[i] = header;
	return NULL;
}

/* What is said about the list does not show it, because it may have secrets. */
static void header_read_all(struct otlp_reader *r, const char *variable, char **headers)
{
	const char *text = otlp_reader_value(r, variable) ?: "", *why = NULL;
	char *name, *value;
	int n, err = 0;

	for (n = 1; !r->err; n++) {
		err = otlp_pair_next(&text, OTLP_PAIR_PLAIN_NAMES, &name, &value, &why);
		if (err == -ENOMEM)
			otlp_reader_no_memory(r);
		if (err > 0) {
			header_lower(name);
			why = header_why(name, value) ?:
							header_add(r, headers, name, value);
			free(name);
			free(value);
		}
		if (why)
			otlp_reader_fail(
				r, variable,
				"must be NAME=VALUE,NAME=VALUE, but its header number %d %s",
				n, why);
		if (err <= 0)
			return;
	}
}

char **otlp_headers_read(struct otlp_reader *r, const char *variable)
{
	char **headers = calloc(OTLP_MAX_HEADERS + 1, sizeof(*headers));

	if (!headers) {
		otlp_reader_no_memory(r);
		return NULL;
	}
	header_read_all(r, variable, headers);
	if (!r->err)
		return headers;
	otlp_headers_free(headers);
	return NULL;
}

void otlp_headers_free(char **headers)
{
	int i;

	for (i = 0; headers && headers[i]; i++)
		free(headers[i]);
	free(headers);
}
