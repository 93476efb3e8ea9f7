// SPDX-License-Identifier: MIT
#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/utf8.h"
#include "reader.h"

#define READER_MAX_VALUE (64U << 10)

static void reader_set(struct otlp_reader *r, int err, const char *beginning,
		       const char *format, va_list ap)
{
	size_t length;

	if (r->err)
		return;
	r->err = err;
	snprintf(r->problem, r->size, "%s", beginning);
	length = strnlen(r->problem, r->size);
	vsnprintf(r->problem + length, r->size - length, format, ap);
}

void otlp_reader_fail(struct otlp_reader *r, const char *variable, const char *format, ...)
{
	char beginning[128];
	va_list ap;

	snprintf(beginning, sizeof(beginning), "%s ", variable);
	va_start(ap, format);
	reader_set(r, -EINVAL, beginning, format, ap);
	va_end(ap);
}

void otlp_reader_refuse(struct otlp_reader *r, const char *variable, const char *value,
			const char *format, ...)
{
	char beginning[256], shown[128];
	va_list ap;

	bti_utf8_copy(shown, sizeof(shown), value, BTI_UTF8_REPLACE_CONTROLS);
	snprintf(beginning, sizeof(beginning), "%s is '%s', but ", variable, shown);
	va_start(ap, format);
	reader_set(r, -EINVAL, beginning, format, ap);
	va_end(ap);
}

void otlp_reader_no_memory(struct otlp_reader *r)
{
	if (!r->err)
		snprintf(r->problem, r->size, "no memory");
	r->err = -ENOMEM;
}

const char *otlp_reader_value(struct otlp_reader *r, const char *variable)
{
	const char *value = r->err ? NULL : r->get(r->context, variable);

	if (!value || !*value)
		return NULL;
	if (strnlen(value, READER_MAX_VALUE + 1) <= READER_MAX_VALUE)
		return value;
	otlp_reader_fail(r, variable, "has more than %u bytes", READER_MAX_VALUE);
	return NULL;
}

char *otlp_reader_copy(struct otlp_reader *r, const char *variable)
{
	const char *value = otlp_reader_value(r, variable);
	char *copy = value ? strdup(value) : NULL;

	if (value && !copy)
		otlp_reader_no_memory(r);
	return copy;
}

/* The comparisons are curl's, because strcasecmp() depends on the locale: "GZIP" is not "gzip" in Turkish. */
bool otlp_reader_true(struct otlp_reader *r, const char *variable)
{
	const char *value = otlp_reader_value(r, variable);

	return value && curl_strequal(value, "true");
}

int otlp_reader_word(struct otlp_reader *r, const char *variable, const char *const *words)
{
	const char *value = otlp_reader_value(r, variable);
	char all[128] = "";
	int i, length = 0;

	for (i = 0; value && words[i]; i++) {
		if (curl_strequal(value, words[i]))
			return i;
		length += snprintf(all + length, sizeof(all) - length, "%s\"%s\"",
				   !i		? "" :
				   words[i + 1] ? ", " :
						  " or ",
				   words[i]);
	}
	if (value)
		otlp_reader_refuse(r, variable, value, "must be %s", all);
	return 0;
}

static const struct otlp_variable *reader_variable(const char *name)
{
	const struct otlp_variable *v = otlp_variables;

	while (strcmp(v->name, name) != 0)
		v++;
	return v;
}

/* Returns false for a value that is not a number of at most 12 digits and, perhaps, one of @units. */
static bool reader_parse(const char *value, const char *units, uint64_t *number)
{
	size_t digits = strspn(value, "0123456789");
	const char *unit = value[digits] ? strchr(units, value[digits]) : NULL;

	*number = strtoull(value, NULL, 10) << (unit ? 10 * (unit + 1 - units) : 0);
	return digits && digits <= 12 && !value[digits + (unit ? 1 : 0)];
}

uint64_t otlp_reader_number(struct otlp_reader *r, const char *name)
{
	const struct otlp_variable *v = reader_variable(name);
	const char *value = otlp_reader_value(r, name);
	uint64_t number;

	if (!value)
		return v->initial;
	if (reader_parse(value, "", &number) && number >= v->least && number <= v->most)
		return number;
	otlp_reader_refuse(r, name, value,
			   "must be a whole number of %s from %" PRIu64 " to %" PRIu64,
			   v->unit, v->least, v->most);
	return v->initial;
}

uint64_t otlp_reader_delay(struct otlp_reader *r, const char *name)
{
	return otlp_reader_number(r, name) * 1000000;
}

uint64_t otlp_reader_timeout(struct otlp_reader *r, const char *name)
{
	return otlp_reader_delay(r, name) ?: reader_variable(name)->most * 1000000;
}

uint64_t otlp_reader_bytes(struct otlp_reader *r, const char *name)
{
	const struct otlp_variable *v = reader_variable(name);
	const char *value = otlp_reader_value(r, name);
	uint64_t bytes;

	if (!value)
		return v->initial;
	if (reader_parse(value, "KMG", &bytes) && bytes >= v->least && bytes <= v->most)
		return bytes;
	otlp_reader_refuse(
		r, name, value,
		"must be a number of %s, or a number with the unit K, M or G (1024, 1024^2 or 1024^3 bytes), from %" PRIu64
		"M to %" PRIu64 "M",
		v->unit, v->least >> 20, v->most >> 20);
	return v->initial;
}
