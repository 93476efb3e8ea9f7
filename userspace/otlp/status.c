// SPDX-License-Identifier: MIT
/* The message google.rpc.Status, by which a receiver says what was wrong. */
#include <stdlib.h>
#include <string.h>

#include "status.h"
#include "status.pb-c.h"
#include "unpack.h"

static void status_read_retry(const Otlp__Detail *detail, struct otlp_status *status)
{
	Otlp__RetryInfo *info = otlp_unpack(&otlp__retry_info__descriptor,
					    detail->value.data, detail->value.len);
	const Otlp__RetryInfo__Duration *delay = info ? info->retry_delay : NULL;

	status->retry = info;
	if (delay && delay->seconds >= OTLP_MAX_WAIT_S)
		status->wait_ns = OTLP_MAX_WAIT_S * 1000000000ULL;
	else if (delay && delay->seconds >= 0 && delay->nanos >= 0 &&
		 delay->nanos < 1000000000)
		status->wait_ns = delay->seconds * 1000000000ULL + delay->nanos;
	if (info)
		protobuf_c_message_free_unpacked(&info->base, NULL);
}

bool otlp_status_unpack(const uint8_t *bytes, size_t size, struct otlp_status *status)
{
	Otlp__Status *message = otlp_unpack(&otlp__status__descriptor, bytes, size);
	const char *type;
	size_t i;

	*status = (struct otlp_status){ 0 };
	if (!message)
		return false;
	strncpy(status->message, message->message, sizeof(status->message) - 1);
	for (i = 0; i < message->n_details && !status->retry; i++) {
		/* What stands before the slash is usually type.googleapis.com. */
		type = strrchr(message->details[i]->type_url, '/');
		if (type && !strcmp(type, "/google.rpc.RetryInfo"))
			status_read_retry(message->details[i], status);
	}
	protobuf_c_message_free_unpacked(&message->base, NULL);
	return true;
}

static int status_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *digit = c ? strchr(digits, c) : NULL;

	return digit ? digit - digits : -1;
}

/* gRPC allows to leave out the padding. */
bool otlp_status_decode(const char *base64, struct otlp_status *status)
{
	size_t i, n = strcspn(base64, "="), size = 0;
	uint8_t *bytes = malloc(n + 1);
	uint32_t bits = 0;
	bool good = bytes;

	*status = (struct otlp_status){ 0 };
	for (i = 0; i < n && good; i++) {
		good = status_digit(base64[i]) >= 0;
		bits = bits << 6 | (status_digit(base64[i]) & 0x3f);
		if (i % 4)
			bytes[size++] = bits >> (6 - 2 * (i % 4));
	}
	good = good && otlp_status_unpack(bytes, size, status);
	free(bytes);
	return good;
}
