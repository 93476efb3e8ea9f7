// SPDX-License-Identifier: MIT
/* The attributes of spans. */
#include <endian.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../lib/utf8.h"
#include "attribute.h"
#include "bricktrace.h"
#include "field.h"

/* The numbers of fields. */
enum {
	SPAN_ATTRIBUTES = 9,
	KEY_VALUE_KEY = 1,
	KEY_VALUE_VALUE = 2,
	VALUE_STRING = 1,
	VALUE_BOOL = 2,
	VALUE_INT = 3,
	VALUE_DOUBLE = 4,
	VALUE_ARRAY = 5,
	ARRAY_VALUES = 1,
};
_Static_assert(OTLP_FIELD(KEY_VALUE_KEY, OTLP_BYTES) == 0x0a, "OTLP_KEY() has this field");

void otlp_key_set(struct otlp_key *key, const char *format, ...)
{
	va_list args;

	*key = (struct otlp_key)OTLP_KEY("");
	va_start(args, format);
	vsnprintf(key->bytes.name, sizeof(key->bytes.name), format, args);
	va_end(args);
	key->bytes.length = (uint8_t)strlen(key->bytes.name);
	key->size = 2 + key->bytes.length;
}

/* Writes an attribute up to its value, the message AnyValue, which has @size bytes. */
static uint8_t *attribute_put(uint8_t *to, const struct otlp_key *key, size_t size)
{
	to = otlp_field_put(to, SPAN_ATTRIBUTES,
			    key->size + 1 + otlp_varint_size(size) + size);
	/* A copy of a constant size is a few instructions. What it has too much is overwritten. */
	memcpy(to, &key->bytes, sizeof(key->bytes));
	return otlp_field_put(to + key->size, KEY_VALUE_VALUE, size);
}

uint8_t *otlp_attribute_bool(uint8_t *to, const struct otlp_key *key, bool value)
{
	to = attribute_put(to, key, 2);
	*to++ = OTLP_FIELD(VALUE_BOOL, OTLP_VARINT);
	*to++ = value;
	return to;
}

uint8_t *otlp_attribute_int(uint8_t *to, const struct otlp_key *key, int64_t value)
{
	to = attribute_put(to, key, 1 + otlp_varint_size((uint64_t)value));
	*to++ = OTLP_FIELD(VALUE_INT, OTLP_VARINT);
	return otlp_varint_put(to, (uint64_t)value);
}

uint8_t *otlp_attribute_count(uint8_t *to, const struct otlp_key *key, uint64_t value)
{
	return value == BT_NONE ? to : otlp_attribute_int(to, key, (int64_t)value);
}

uint8_t *otlp_attribute_double(uint8_t *to, const struct otlp_key *key, double value)
{
	uint64_t bits;

	if (isnan(value))
		return to;
	memcpy(&bits, &value, sizeof(bits));
	bits = htole64(bits);
	to = attribute_put(to, key, 1 + sizeof(bits));
	*to++ = OTLP_FIELD(VALUE_DOUBLE, OTLP_FIXED64);
	memcpy(to, &bits, sizeof(bits));
	return to + sizeof(bits);
}

uint8_t *otlp_attribute_us(uint8_t *to, const struct otlp_key *key, uint64_t ns)
{
	return ns == BT_NONE ? to : otlp_attribute_double(to, key, ns / 1000.0);
}

/* The size of the field of a message AnyValue that has a text of @length bytes. */
static size_t attribute_text_size(size_t length)
{
	return 1 + otlp_varint_size(length) + length;
}

static uint8_t *attribute_text_put(uint8_t *to, const char *text, size_t length)
{
	to = otlp_field_put(to, VALUE_STRING, length);
	memcpy(to, text, length);
	return to + length;
}

uint8_t *otlp_attribute_text(uint8_t *to, const struct otlp_key *key, const char *text)
{
	size_t length;

	if (!text)
		return to;
	length = strlen(text);
	to = attribute_put(to, key, attribute_text_size(length));
	return attribute_text_put(to, text, length);
}

uint8_t *otlp_attribute_bytes(uint8_t *to, const struct otlp_key *key, const char *text)
{
	char valid[OTLP_BYTES_LEN];

	if (!*text)
		return to;
	bti_utf8_copy(valid, sizeof(valid), text, BTI_UTF8_KEEP_CONTROLS);
	return otlp_attribute_text(to, key, valid);
}

uint8_t *otlp_attribute_texts(uint8_t *to, const struct otlp_key *key,
			      const char *const *texts, size_t n)
{
	size_t size = 0, value, i;

	if (!n)
		return to;
	for (i = 0; i < n; i++) {
		value = attribute_text_size(strlen(texts[i]));
		size += 1 + otlp_varint_size(value) + value;
	}
	to = attribute_put(to, key, 1 + otlp_varint_size(size) + size);
	to = otlp_field_put(to, VALUE_ARRAY, size);
	for (i = 0; i < n; i++) {
		size_t length = strlen(texts[i]);

		to = otlp_field_put(to, ARRAY_VALUES, attribute_text_size(length));
		to = attribute_text_put(to, texts[i], length);
	}
	return to;
}
