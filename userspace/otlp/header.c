// SPDX-License-Identifier: MIT
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

struct header_list {
	struct otlp_reader *reader;
	char **headers;
};

/* A header takes the place of one with the same name. */
static const char *header_add(void *context, struct otlp_attribute *pair)
{
	struct header_list *list = context;
	char **header = list->headers;
	size_t length = strlen(pair->name);
	const char *why;
	char *text;

	header_lower(pair->name);
	why = header_why(pair->name, pair->value);
	while (*header &&
	       (strncmp(*header, pair->name, length) != 0 || (*header)[length] != ':'))
		header++;
	if (!why && header == list->headers + OTLP_MAX_HEADERS)
		why = "is one too many: there may be 64";
	if (why)
		return why;
	if (asprintf(&text, "%s: %s", pair->name, pair->value) < 0) {
		otlp_reader_no_memory(list->reader);
		return NULL;
	}
	free(*header);
	*header = text;
	return NULL;
}

char **otlp_headers_read(struct otlp_reader *r, const char *variable)
{
	char **headers = calloc(OTLP_MAX_HEADERS + 1, sizeof(*headers));
	struct header_list list = { r, headers };

	if (!headers) {
		otlp_reader_no_memory(r);
		return NULL;
	}
	otlp_pair_read(r, variable, "header", OTLP_PAIR_PLAIN_NAMES, header_add, &list);
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
