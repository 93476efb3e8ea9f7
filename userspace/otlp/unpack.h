/* SPDX-License-Identifier: MIT */
/* Unpacking of protobuf messages that came over the network. */
#ifndef OTLP_UNPACK_H
#define OTLP_UNPACK_H

#include <protobuf-c/protobuf-c.h>

/*
 * Returns the message, which protobuf_c_message_free_unpacked(message, NULL) frees, or NULL if the
 * bytes are no such message, or if it would take more memory than any message that makes sense.
 */
void *otlp_unpack(const ProtobufCMessageDescriptor *type, const uint8_t *bytes,
		  size_t size);

#endif
