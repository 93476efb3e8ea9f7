/* SPDX-License-Identifier: MIT */
/*
 * The attributes of spans, written as fields of the message Span. Each function returns the end
 * of what it wrote, and writes nothing for a value that was not measured or is not known.
 */
#ifndef OTLP_ATTRIBUTE_H
#define OTLP_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest name of an attribute, with its terminating NUL. */
#define OTLP_KEY_LEN 46

/* The name of an attribute, as the field "key" of the message KeyValue. */
struct otlp_key {
	size_t size; /* of the field */
	struct {
		uint8_t field, length;
		char name[OTLP_KEY_LEN];
	} bytes;
};
#define OTLP_KEY(text)                               \
	{                                            \
		sizeof(text) + 1,                    \
		{                                    \
			0x0a, sizeof(text) - 1, text \
		}                                    \
	}

/* Sets @key to a name of less than OTLP_KEY_LEN bytes; a longer one is cut. */
void otlp_key_set(struct otlp_key *key, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The longest text for otlp_attribute_bytes(), with its terminating NUL; what is longer is cut. */
#define OTLP_BYTES_LEN 64

/* How many bytes of room an attribute needs, beyond the text that it has or for each text. */
#define OTLP_ATTRIBUTE_ROOM (sizeof(struct otlp_key) + 24)

uint8_t *otlp_attribute_bool(uint8_t *to, const struct otlp_key *key, bool value);
uint8_t *otlp_attribute_int(uint8_t *to, const struct otlp_key *key, int64_t value);
/* Not for BT_NONE. */
uint8_t *otlp_attribute_count(uint8_t *to, const struct otlp_key *key, uint64_t value);
/* Not for NAN. */
uint8_t *otlp_attribute_double(uint8_t *to, const struct otlp_key *key, double value);
/* A time in microseconds. Not for BT_NONE. */
uint8_t *otlp_attribute_us(uint8_t *to, const struct otlp_key *key, uint64_t ns);
/* Not for NULL. The text must be valid UTF-8. */
uint8_t *otlp_attribute_text(uint8_t *to, const struct otlp_key *key, const char *text);
/* Not if it is empty. The text may be any bytes; those that are not UTF-8 become U+FFFD. */
uint8_t *otlp_attribute_bytes(uint8_t *to, const struct otlp_key *key, const char *text);
/* An array. Not if it is empty. */
uint8_t *otlp_attribute_texts(uint8_t *to, const struct otlp_key *key,
			      const char *const *texts, size_t n);

#endif
