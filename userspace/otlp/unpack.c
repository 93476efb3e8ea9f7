// SPDX-License-Identifier: MIT
/* Unpacking of protobuf messages that came over the network. */
#include <stdlib.h>

#include "transport.h"
#include "unpack.h"

/*
 * Two bytes of a message can take 80 bytes of memory, so that a hostile answer of 4 MiB would take
 * 160 MiB.
 */
#define UNPACK_MAX (2 * OTLP_MAX_ANSWER)

static void *unpack_alloc(void *context, size_t size)
{
	size_t *left = context;

	if (size > *left)
		return NULL;
	*left -= size;
	return malloc(size);
}

static void unpack_free(void *context, void *memory)
{
	(void)context;
	free(memory);
}

void *otlp_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *bytes, size_t size)
{
	size_t left = UNPACK_MAX;
	ProtobufCAllocator allocator = { unpack_alloc, unpack_free, &left };

	return protobuf_c_message_unpack(type, &allocator, size, bytes);
}
