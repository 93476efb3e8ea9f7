/* SPDX-License-Identifier: MIT */
/* Bytes that grow, into which protobuf messages are packed. */
#ifndef OTLP_BYTES_H
#define OTLP_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct otlp_bytes {
	uint8_t *data; /* otlp_bytes_free() frees it */
	size_t size;
	size_t room;
};

/* Makes room for @more bytes behind @size. Returns 0 or -ENOMEM, which changes nothing. */
int otlp_bytes_reserve(struct otlp_bytes *bytes, size_t more);

/* The structure becomes empty. */
void otlp_bytes_free(struct otlp_bytes *bytes);

#endif
