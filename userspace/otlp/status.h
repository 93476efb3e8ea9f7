/* SPDX-License-Identifier: MIT */
/* The message google.rpc.Status, by which a receiver says what was wrong. */
#ifndef OTLP_STATUS_H
#define OTLP_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest time that a receiver may ask for. */
#define OTLP_MAX_WAIT_S 86400

struct otlp_status {
	char message[256]; /* as the receiver wrote it, perhaps cut off */
	bool retry;	   /* the receiver allows to send again, after @wait_ns */
	uint64_t wait_ns;
};

/* Reads a packed message. Returns false, and @status is empty, if it is none. */
bool otlp_status_unpack(const uint8_t *bytes, size_t size, struct otlp_status *status);

/* The same for a message in base64, as the header grpc-status-details-bin has it. */
bool otlp_status_decode(const char *base64, struct otlp_status *status);

#endif
