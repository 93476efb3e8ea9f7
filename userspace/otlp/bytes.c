// SPDX-License-Identifier: MIT
/* Bytes that grow. */
#include <errno.h>
#include <stdlib.h>

#include "bytes.h"

int otlp_bytes_reserve(struct otlp_bytes *b, size_t more)
{
	size_t room = b->room ?: 256;
	uint8_t *data;

	if (more > SIZE_MAX / 2 - b->size)
		return -ENOMEM;
	if (b->room - b->size >= more)
		return 0;
	while (room < b->size + more)
		room *= 2;
	data = realloc(b->data, room);
	if (!data)
		return -ENOMEM;
	b->data = data;
	b->room = room;
	return 0;
}

void otlp_bytes_free(struct otlp_bytes *b)
{
	free(b->data);
	*b = (struct otlp_bytes){ 0 };
}
