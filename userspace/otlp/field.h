/* SPDX-License-Identifier: MIT */
/*
 * Writing fields of protobuf messages by hand. protobuf-c packs most messages. It needs more
 * than a microsecond for the attributes of one span, and copies a request several times, so
 * these two are written with the functions below.
 */
#ifndef OTLP_FIELD_H
#define OTLP_FIELD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The first byte of a field, which is its number and how its value is written. */
#define OTLP_FIELD(number, type) ((number) << 3 | (type))
#define OTLP_VARINT		 0
#define OTLP_FIXED64		 1
#define OTLP_BYTES		 2 /* a varint with the size, then so many bytes; also a message */

/* A size as a varint has at most so many bytes. */
#define OTLP_SIZE_ROOM 5

static inline size_t otlp_varint_size(uint64_t n)
{
	size_t size = 1;

	while (n >>= 7)
		size++;
	return size;
}

/* Returns the end of what the function wrote to @to, as all functions below do. */
static inline uint8_t *otlp_varint_put(uint8_t *to, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		*to++ = (uint8_t)n | 0x80;
	*to++ = (uint8_t)n;
	return to;
}

/* Writes how a field begins whose value has @size bytes. */
static inline uint8_t *otlp_field_put(uint8_t *to, uint32_t number, size_t size)
{
	*to++ = OTLP_FIELD(number, OTLP_BYTES);
	return otlp_varint_put(to, size);
}

/*
 * Writes a field whose size is not known yet: the value is written to what
 * otlp_field_begin(@to) returns, and then otlp_field_end() gets its end. In between, the
 * value needs up to OTLP_SIZE_ROOM bytes of room behind it.
 */
static inline uint8_t *otlp_field_begin(uint8_t *to)
{
	/* Nearly all spans have 128 to 16383 bytes, so they need not be moved. */
	return to + 3;
}

static inline uint8_t *otlp_field_end(uint8_t *to, uint32_t number, uint8_t *end)
{
	uint8_t *value = otlp_field_begin(to);
	size_t size = end - value, before = 1 + otlp_varint_size(size);

	if (to + before != value)
		memmove(to + before, value, size);
	return otlp_field_put(to, number, size) + size;
}

#endif
